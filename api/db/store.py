"""
The database as the services see it: transactions for reading and for writing, a clock, and the vault.

SQLite: write-ahead log, foreign keys, a busy timeout, and ``BEGIN IMMEDIATE`` for writers, so that a transaction
that will write waits at its start and not half-way. It takes one writer at a time: the threads of a process stand in
line (`_Line`), and processes look every few milliseconds whether it is their turn, while a worker leaves a gap between
its transactions. Readers are kept from writing on both databases. Bound values
never reach an error message (``hide_parameters``).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from chartsift.api.faults import StoreError
from chartsift.api.vault import Vault

Clock = Callable[[], datetime]

BUSY_SECONDS = 15
"""How long a writer waits for another process; a transaction here takes milliseconds."""

LINE_SECONDS = 60
"""How long a writer stands in line behind other threads: a decision that comes late is better than one refused."""

GAP_SECONDS = 0.005
"""What a worker leaves between two transactions: longer than others take to look again."""

_LOOK_SECONDS = 0.002
_BUSY_MS = BUSY_SECONDS * 1000

_WRITES = "chartsift_writes"


class Store:
    """
    A database that holds the room.

    Args:
        url: SQLAlchemy address: ``sqlite:///…`` or ``postgresql+psycopg://…``.
        vault: Seals and opens notes.
        clock: Returns now in UTC; a test brings its own.
        pool_size: Connections kept open; the threads of the server share them.
        gap: Seconds to wait after each transaction that writes, for a process that lets people go first.

    Raises:
        StoreError: the address is of no kind that is known (ST703).
    """

    def __init__(
        self,
        url: str,
        *,
        vault: Vault | None = None,
        clock: Clock | None = None,
        pool_size: int = 20,
        gap: float = 0.0,
    ) -> None:
        self.vault = vault or Vault()
        self.clock = clock or utc_now
        self.engine = _engine(url, pool_size=pool_size)
        self._line = _Line() if self.engine.dialect.name == "sqlite" else None
        self._gap = gap
        info = {"vault": self.vault, "clock": self.clock}
        readers = self.engine
        if self.engine.dialect.name == "postgresql":
            readers = self.engine.execution_options(postgresql_readonly=True)
        self._readers = sessionmaker(readers, info=info, autoflush=False, expire_on_commit=False)
        self._writers = sessionmaker(
            self.engine.execution_options(**{_WRITES: True}), info=info, expire_on_commit=False
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Provide a session that only reads, in one consistent view of the database."""
        with _translated(), self._readers() as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Provide a session whose changes are committed at the end of the block, all or none."""
        with self._turn(), _translated(), self._writers() as session, session.begin():
            yield session
        if self._gap:
            time.sleep(self._gap)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """
        Let the threads of this process write one after the other where the database takes one writer at a time.

        SQLite makes a writer that has to wait ask again and again, with longer and longer pauses, and whoever comes
        in between is faster: of fifty readers some waited for the whole busy timeout.
        """
        if self._line is None:
            yield
            return
        if not self._line.enter(LINE_SECONDS):
            raise StoreError("ST702")
        try:
            yield
        finally:
            self._line.leave()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _Line:
    """A lock that is handed over in the order in which it was asked for; an ordinary one lets late-comers pass."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def enter(self, seconds: float) -> bool:
        """Wait for one's turn; return False when it did not come in time."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._guard:
            if mine.is_set():
                # Handed over between the end of the wait and here.
                return True
            self._waiting.remove(mine)
            return False

    def leave(self) -> None:
        """Hand the turn to whoever waits longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


def utc_now() -> datetime:
    """Return now, in UTC."""
    return datetime.now(UTC)


def now_of(session: Session) -> datetime:
    """Return now by the clock of the session's store."""
    moment: datetime = session.info["clock"]()
    return moment


def vault_of(session: Session) -> Vault:
    """Return the vault of the session's store."""
    vault: Vault = session.info["vault"]
    return vault


def is_postgresql(session: Session) -> bool:
    """Say whether the session's database is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


@contextmanager
def _translated() -> Iterator[None]:
    """Give the database's own troubles their codes; their messages may quote values and stay behind."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        # Of the one statement that does not go through SQLAlchemy: the database cannot be opened or written.
        raise StoreError("ST703") from exc
    except OperationalError as exc:
        if isinstance(exc.orig, sqlite3.OperationalError) and "locked" in str(exc.orig):
            raise StoreError("ST702") from exc
        state = getattr(exc.orig, "sqlstate", None)
        # 40001 serialization failure, 40P01 deadlock, 55P03 lock not available
        raise StoreError("ST702" if state in ("40001", "40P01", "55P03") else "ST703") from exc


def _engine(url: str, *, pool_size: int) -> Engine:
    try:
        address = make_url(url)
    except ArgumentError as exc:
        raise StoreError("ST703", "the address of the database cannot be read") from exc
    name = address.get_backend_name()
    if name == "sqlite":
        if address.database:
            _make_private_folder(Path(address.database).parent)
        engine = create_engine(
            address,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=2 * pool_size,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if name == "postgresql":
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    raise StoreError("ST703", "the database is neither SQLite nor PostgreSQL")


def _make_private_folder(folder: Path) -> None:
    try:
        # Notes of patients: for the account of the server only.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError("ST703", "the folder of the database cannot be made") from exc


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own idea of when a transaction begins is switched off; _begin_sqlite says it.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # An acknowledged decision survives a power cut, too.
    cursor.execute("PRAGMA synchronous=FULL")
    # What is erased is overwritten, not merely marked as free.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = bool(connection.get_execution_options().get(_WRITES))
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    if not writes:
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own way of waiting asks after longer and longer pauses, up to a tenth of a second, and so misses the
    # gaps that another process leaves.
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    driver.execute("PRAGMA busy_timeout=0")
    try:
        _begin_immediate(driver)
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _begin_immediate(driver: sqlite3.Connection) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc):
                raise
            if time.monotonic() >= until:
                raise StoreError("ST702") from exc
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def is_reachable(store: Store) -> bool:
    """Say whether the database answers."""
    try:
        with store.reading() as session:
            session.execute(text("SELECT 1"))
    except StoreError:
        return False
    return True
