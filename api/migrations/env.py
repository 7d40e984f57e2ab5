"""How Alembic runs a migration: on the connection that ``chartsift.api.db.schema_state`` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from chartsift.api.db.tables import Base


def _run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # Batch mode copies tables; while it does, foreign keys would point at the copy. SQLite takes the change
        # outside a transaction only, so that it goes to the driver, where none has begun.
        _to_driver(connection, "PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=is_sqlite,
        compare_type=True,
    )
    with context.begin_transaction():
        if not is_sqlite:
            # A migration that cannot get its lock gives up rather than stop everybody else.
            connection.execute(text("SET LOCAL lock_timeout = '4s'"))
        context.run_migrations()
    if is_sqlite:
        _to_driver(connection, "PRAGMA foreign_keys=ON")


def _to_driver(connection: Connection, statement: str) -> None:
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(statement)


# Imported outside of a migration, as by a check of all modules, there is nothing to run.
if hasattr(context, "config"):
    _run(context.config.attributes["connection"])
