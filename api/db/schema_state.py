"""
The schema of the database: which revision it has, whether that is the one this version needs, and the upgrade.

The server never migrates by itself; ``chartsift db upgrade`` does, once, before a new version is started.
"""

from __future__ import annotations

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from chartsift.api.db.store import _WRITES, Store
from chartsift.api.faults import StoreError


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision that the database has (None: no schema at all) and the one that this version needs."""

    current: str | None
    needed: str

    @property
    def is_current(self) -> bool:
        """Whether the server may start."""
        return self.current == self.needed


def schema_state(store: Store) -> SchemaState:
    """
    Return where the schema of *store* stands.

    Raises:
        StoreError: the database cannot be reached (ST703).
    """
    needed = ScriptDirectory.from_config(_config()).get_current_head() or ""
    try:
        with store.engine.connect() as connection:
            return SchemaState(MigrationContext.configure(connection).get_current_revision(), needed)
    except OperationalError as exc:
        raise StoreError("ST703") from exc


def require_current(store: Store) -> None:
    """
    Refuse a schema that is not the one this version needs.

    Raises:
        StoreError: it is another one (ST701), or the database cannot be reached (ST703).
    """
    state = schema_state(store)
    if not state.is_current:
        raise StoreError(
            "ST701",
            f"the database has schema {state.current or 'none'}, and this version needs {state.needed}",
        )


def upgrade(store: Store, revision: str = "head") -> SchemaState:
    """
    Bring the schema of *store* to *revision* in one transaction, and return where it stands.

    Raises:
        StoreError: the database cannot be reached or is in use (ST703).
    """
    _run(store, lambda config: command.upgrade(config, revision))
    return schema_state(store)


def downgrade(store: Store, revision: str) -> SchemaState:
    """Take the schema of *store* back to *revision*; for tests and for undoing an upgrade."""
    _run(store, lambda config: command.downgrade(config, revision))
    return schema_state(store)


def drift(store: Store) -> list[str]:
    """Return in words what the tables of the database and those of the code differ in; empty when nothing."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - a developer's question only

    from chartsift.api.db.tables import Base  # noqa: PLC0415

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(item[0]) for item in compare_metadata(context, Base.metadata)]


def _run(store: Store, action: object) -> None:
    config = _config()
    try:
        with store.engine.execution_options(**{_WRITES: True}).connect() as connection:
            _use(config, connection)
            action(config)  # type: ignore[operator]
    except OperationalError as exc:
        raise StoreError("ST703") from exc


def _use(config: Config, connection: Connection) -> None:
    config.attributes["connection"] = connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "chartsift.api:migrations")
    return config
