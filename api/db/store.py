"""
The database as the services see it: transactions for reading and for writing, a clock, and the vault.

SQLite: write-ahead log, foreign keys, a busy timeout, and ``BEGIN IMMEDIATE`` for writers, so that a transaction
that will write waits at its start and not half-way. Readers are kept from writing on both databases. Bound values
never reach an error message (``hide_parameters``).
"""

from __future__ import annotations

import sqlite3
import threading
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
"""How long a writer waits for another; a transaction here takes milliseconds."""

_WRITES = "chartsift_writes"


class Store:
    """
    A database that holds the room.

    Args:
        url: SQLAlchemy address: ``sqlite:///…`` or ``postgresql+psycopg://…``.
        vault: Seals and opens notes.
        clock: Returns now in UTC; a test brings its own.
        pool_size: Connections kept open; the threads of the server share them.

    Raises:
        StoreError: the address is of no kind that is known (ST703).
    """

    def __init__(
        self, url: str, *, vault: Vault | None = None, clock: Clock | None = None, pool_size: int = 20
    ) -> None:
        self.vault = vault or Vault()
        self.clock = clock or utc_now
        self.engine = _engine(url, pool_size=pool_size)
        self._queue = threading.Lock() if self.engine.dialect.name == "sqlite" else None
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

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """
        Let the threads of this process write one after the other where the database takes one writer at a time.

        SQLite makes a writer that has to wait ask again and again, with longer and longer pauses, and whoever comes
        in between is faster: of fifty readers some waited for the whole busy timeout.
        """
        if self._queue is None:
            yield
            return
        if not self._queue.acquire(timeout=BUSY_SECONDS):
            raise StoreError("ST702")
        try:
            yield
        finally:
            self._queue.release()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


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
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = bool(connection.get_execution_options().get(_WRITES))
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
