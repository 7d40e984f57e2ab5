"""
Databases for tests: a file of SQLite, and a real PostgreSQL server that the test run starts and stops.

The server runs on a socket in a temporary folder, under another account when the tests run as root (PostgreSQL
refuses root). Each test gets a database of its own, copied from one that was migrated once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import psycopg

START_SECONDS = 60
ACCOUNTS = ("postgres", "nobody")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2024, 7, 15, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def binary(name: str) -> str | None:
    """Return the path of a program of PostgreSQL; Debian keeps the server's out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(found[0]) if found else None)


def is_there() -> bool:
    """Say whether a PostgreSQL server can be started here."""
    return all(binary(name) for name in ("initdb", "postgres"))


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Run a server; yield the folder of its socket. One that is *durable* waits for the disk, as a site's does."""
    # Short, and open to the other account: a socket's path has at most 107 bytes.
    folder = Path(mkdtemp(prefix="cspg", dir="/tmp"))
    data = folder / "data"
    prefix: list[str] = []
    if os.geteuid() == 0:
        account = next(name for name in ACCOUNTS if _has_account(name))
        shutil.chown(folder, account)
        prefix = ["setpriv", f"--reuid={account}", f"--regid={_group_of(account)}", "--clear-groups", "--"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    made = subprocess.run(
        [*prefix, binary("initdb"), "-D", str(data), "-U", "chartsift", "-A", "trust", "-E", "UTF8", "--no-sync"],
        capture_output=True, text=True, check=False, env=environment, cwd="/",
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    options = ["listen_addresses=", f"unix_socket_directories={folder}"]
    options += [] if durable else ["fsync=off", "full_page_writes=off"]
    process = subprocess.Popen(
        [*prefix, binary("postgres"), "-D", str(data), *(part for one in options for part in ("-c", one))],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd="/",
    )  # fmt: skip
    try:
        _wait(folder, process)
        yield str(folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=START_SECONDS)
        shutil.rmtree(folder)


def url(socket_folder: str, database: str) -> str:
    """Return the address of a database of the server."""
    return f"postgresql+psycopg://chartsift@/{database}?host={socket_folder}"


def administer(socket_folder: str, statement: str) -> None:
    """Run a statement outside of any transaction, such as CREATE DATABASE."""
    with psycopg.connect(
        f"host={socket_folder} user=chartsift dbname=postgres", autocommit=True
    ) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            administer(str(folder), "SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not start")


def _has_account(name: str) -> bool:
    return subprocess.run(["id", name], capture_output=True, check=False).returncode == 0


def _group_of(account: str) -> str:
    return subprocess.run(["id", "-gn", account], capture_output=True, text=True, check=True).stdout.strip()
