"""
The worker: takes jobs from the queue and does them, one at a time.

``chartsift worker`` runs one; as many as one likes may run at once, on any machine that reaches the database.
``chartsift serve`` starts one of its own as a process beside it (`EmbeddedWorker`), so that reading charts never
makes a reader of the pages wait. A worker may be killed at any moment: see ``chartsift.api.services.jobs``.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from types import FrameType
from typing import IO

from chartsift.api.db.schema_state import require_current
from chartsift.api.db.store import GAP_SECONDS, Store
from chartsift.api.faults import CodedError, StoreError
from chartsift.api.memory import settle
from chartsift.api.room import open_store
from chartsift.api.screener import PipelineScreener, Screener
from chartsift.api.services import jobs, watch
from chartsift.api.services.evaluation import evaluate_patient
from chartsift.api.services.jobs import Hold, LostError, StoppedError
from chartsift.api.services.keys import check_key
from chartsift.api.services.trial_versions import PREVIEW_JOB, preview_trial
from chartsift.api.services.upload_adding import EVALUATE_JOB, add_upload_items
from chartsift.api.services.upload_reading import read_upload_files
from chartsift.api.services.uploads import ADD_JOB, READ_JOB
from chartsift.api.settings import Settings
from chartsift.nlp.errors import ChartsiftError
from chartsift.nlp.log import configure_logging, get_logger

IDLE_SECONDS = 1.0
"""How often an idle worker looks into the queue; a person who uploads waits no longer for the start."""

_LOG = get_logger(__name__)
_STOP_SECONDS = 20
_UNKNOWN_FAULT = "HT815"


@dataclass(slots=True)
class Worker:
    """
    One worker.

    Attributes:
        store: The database.
        screener: What reads charts.
        settings: Limits.
        stop: Set to end it after the step at hand.
        name: Who holds a job; fresh for each worker.
    """

    store: Store
    screener: Screener
    settings: Settings
    stop: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: f"{socket.gethostname()[:60]}:{os.getpid()}:{token_hex(4)}")

    def run(self) -> None:
        """Work until `stop` is set."""
        _LOG.info("worker_started")
        while not self.stop.is_set():
            try:
                is_busy = self.step()
            except StoreError as exc:
                # The database restarts, or is busy beyond measure; what was held is taken up when its lease is over.
                _LOG.error("queue_not_reached", code=exc.code)
                is_busy = False
            if not is_busy:
                self.stop.wait(IDLE_SECONDS)
        _LOG.info("worker_stopped")

    def step(self) -> bool:
        """Do one job; return False when there was none."""
        hold = jobs.take(self.store, self.name, kinds=tuple(self._handlers()), stop=self.stop)
        if hold is None:
            with self.store.reading() as session:
                is_due = watch.is_due(session)
            if is_due:
                with self.store.writing() as session:
                    watch.queue_daily(session)
                return True
            return False
        self._do(hold)
        return True

    def drain(self) -> int:
        """Do every job that is due now, and return how many; for tests and the demonstration."""
        count = 0
        while self.step():
            count += 1
        return count

    def _do(self, hold: Hold) -> None:
        handler = self._handlers()[hold.kind]
        try:
            with _Heartbeat(hold):
                handler(hold)
        except StoppedError:
            with suppress(LostError):
                jobs.release(hold)
        except LostError:
            _LOG.warning("job_lost", component=hold.kind)
        except Exception as exc:
            code = exc.code if isinstance(exc, ChartsiftError) else _UNKNOWN_FAULT
            _LOG.error("job_failed", component=hold.kind, code=code, exc_info=exc)
            if _is_for_good(exc):
                with suppress(LostError, StoppedError), hold.writing() as session:
                    jobs.finish(session, hold)
                return
            with suppress(LostError):
                jobs.fail(hold, code)

    def _handlers(self) -> Mapping[str, Callable[[Hold], None]]:
        return {
            READ_JOB: lambda hold: read_upload_files(hold, self.settings),
            ADD_JOB: add_upload_items,
            EVALUATE_JOB: self._evaluate,
            watch.DAILY_JOB: lambda hold: watch.look_for_lapses(hold, self.screener),
            PREVIEW_JOB: lambda hold: preview_trial(hold, self.screener),
        }

    def _evaluate(self, hold: Hold) -> None:
        if hold.study_id is None:
            raise LostError
        evaluate_patient(
            self.store,
            self.screener,
            hold.study_id,
            str(hold.payload["patient_id"]),
            actor_id=str(hold.payload["actor_id"]),
        )
        with hold.writing() as session:
            jobs.finish(session, hold)


class EmbeddedWorker:
    """
    A worker beside the server, as a process of its own that ends with it.

    The server holds the writing end of the worker's standard input and writes nothing: when the server is gone,
    however it went, the worker reads the end of it and stops.
    """

    def __init__(self, environment: Mapping[str, str], *, log_level: str = "INFO") -> None:
        self._environment = dict(environment)
        self._log_level = log_level
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def __enter__(self) -> EmbeddedWorker:
        self._start()
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._keeper.join()
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # It may be reading a long note; the job goes on with the next worker.
            process.kill()
            process.wait()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid if self._process else 0

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", "chartsift.api.worker_process", self._log_level]
        # This very Python and a module of this package: nothing of a request is in it.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, env=self._environment
        )

    def _keep(self) -> None:
        """Start another worker when this one died."""
        pause = IDLE_SECONDS
        while not self._stop.wait(pause):
            pause = IDLE_SECONDS
            if self._process is not None and self._process.poll() is not None:
                _LOG.error("worker_died", status=self._process.returncode)
                if self._process.stdin is not None:
                    self._process.stdin.close()
                self._start()
                # A worker that cannot start must not be started over and over.
                pause = 10 * IDLE_SECONDS


class _Heartbeat:
    """Renews the lease of a job while it is worked on."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(jobs.LEASE.total_seconds() / 3):
            try:
                jobs.renew(self._hold)
            except LostError:
                return
            except StoreError as exc:
                _LOG.warning("lease_not_renewed", code=exc.code)


def run_worker(settings: Settings, *, log_level: str = "INFO", parent: IO[bytes] | None = None) -> None:
    """
    Run a worker until it is told to stop.

    Args:
        settings: Where the database is, and limits.
        log_level: Level of the log on stderr.
        parent: A pipe whose end means that the server is gone; None works until SIGTERM or Ctrl+C.

    Raises:
        StoreError: the database cannot be used (ST703, ST704), or has another schema (ST701).
        RuleError: the lexicon or the trial is invalid.
    """
    configure_logging(level=log_level)
    settle()
    store = open_store(settings, gap=GAP_SECONDS)
    try:
        require_current(store)
        check_key(store)
        worker = Worker(store, PipelineScreener(), settings)
        _end_on_signals(worker.stop, ignore_interrupt=parent is not None)
        if parent is not None:
            threading.Thread(
                target=_end_with_parent, args=(parent, worker.stop), name="parent", daemon=True
            ).start()
        worker.run()
    finally:
        store.close()


def _end_on_signals(stop: threading.Event, *, ignore_interrupt: bool) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, end)
    # Ctrl+C reaches every process of the terminal; the embedded worker ends with its server.
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignore_interrupt else end)


def _end_with_parent(parent: IO[bytes], stop: threading.Event) -> None:
    parent.read()
    stop.set()


def _is_for_good(exc: Exception) -> bool:
    """Say whether trying again cannot help: the patient or the upload is not there any more."""
    return isinstance(exc, CodedError) and exc.code == "AC507"
