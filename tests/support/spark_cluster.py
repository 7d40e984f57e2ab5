"""A standalone Spark cluster on loopback, made of the programs that come with the pyspark package."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pyspark

_SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
_LOOPBACK = "127.0.0.1"
# The JVM takes seconds to start, and on a busy machine many.
_START_SECONDS = 120


class Cluster:
    """One master and some workers with one core each; ``stop`` ends all of them."""

    def __init__(self, folder: Path, *, workers: int = 2) -> None:
        self.folder = folder
        port = _free_port()
        self.master = f"spark://{_LOOPBACK}:{port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start(
            "master", "org.apache.spark.deploy.master.Master", "--port", str(port), "--webui-port", "0"
        )
        self._wait_for("master", "I have been elected leader")
        for number in range(workers):
            place = folder / f"worker-{number}"
            self._start(
                f"worker-{number}", "org.apache.spark.deploy.worker.Worker",
                "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(place), self.master,
            )  # fmt: skip
        for number in range(workers):
            self._wait_for(f"worker-{number}", "Successfully registered with master")

    def kill_worker(self, number: int) -> int:
        """End one worker and its executor at once (kill -9); return how many processes that were."""
        worker = psutil.Process(self._processes[1 + number].pid)
        processes = [worker, *worker.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGKILL)
        self._processes[1 + number].wait()
        return len(processes)

    def stop(self) -> None:
        """End all processes that were started here."""
        for process in reversed(self._processes):
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
                process.wait()

    def logs(self) -> str:
        """Return everything that master, workers and executors have said; rows on their way are Spark's own data."""
        scratch = self.folder / "scratch"
        files = [
            path
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix in ("", ".log") and scratch not in path.parents
        ]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def _start(self, name: str, *command: str) -> None:
        env = os.environ | {
            "SPARK_LOCAL_IP": _LOOPBACK,
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            "SPARK_DAEMON_MEMORY": "256m",
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(_SPARK_CLASS), *command, "--host", _LOOPBACK], env=env, stdout=log, stderr=log
            )
        self._processes.append(process)

    def _wait_for(self, name: str, words: str) -> None:
        log = self.folder / f"{name}.log"
        end = time.monotonic() + _START_SECONDS
        while not re.search(words, log.read_text(encoding="utf-8", errors="replace")):
            if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                self.stop()
                raise RuntimeError(
                    f"Spark's {name} does not start: {log.read_text(encoding='utf-8')[-2000:]}"
                )
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
