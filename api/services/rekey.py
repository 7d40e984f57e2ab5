"""
Changing the key for the notes: everything sealed is opened with the key that it has and sealed with the first one.

The old key stays among ``CHARTSIFT_NOTE_KEYS``, after the new one, until this is done; then it can go. It works while
nobody writes (stop server and worker), row by row in batches, and can be broken off and begun again: what has the new
key already is left as it is.

The comments of decisions are append-only like the decisions themselves. Their guard is lifted and put back within
one transaction, and only the form changes in which the same words are stored; the audit trail has an entry of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, Table, and_, select, text, update
from sqlalchemy.orm import Session

from chartsift.api.db import append_only
from chartsift.api.db.base import Base
from chartsift.api.db.store import Store, is_postgresql, vault_of
from chartsift.api.faults import StoreError
from chartsift.api.services import audit, idempotency, keys
from chartsift.api.spool import piece_context

Context = Callable[[Mapping[str, Any]], str]

CONTEXTS: Mapping[tuple[str, str], Context] = {
    ("notes", "sealed_text"): lambda row: f"note:{row['id']}",
    ("note_readings", "sealed_findings"): lambda row: f"reading:{row['note_id']}",
    ("results", "sealed_result"): lambda row: f"result:{row['id']}",
    ("decisions", "sealed_comment"): lambda row: f"decision:{row['id']}",
    ("idempotency_keys", "sealed_answer"): lambda row: idempotency.context_of(row["user_id"], row["key"]),
    ("upload_pieces", "sealed"): lambda row: piece_context(row["upload_file_id"], row["number"]),
    ("upload_items", "sealed_text"): lambda row: f"item:{row['id']}",
}
"""Under which context each sealed column of the database stands; a test holds it against the tables."""

# A batch is one transaction; notes of 1 MB make 50 MB of memory.
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How many values got the new key, and how many had it."""

    changed: int
    kept: int


def rekey(store: Store) -> Rekeyed:
    """
    Seal everything with the first key of the store's vault.

    Raises:
        StoreError: there is no key, or one that something is sealed with is missing (ST704), or a value is damaged
            (ST708). What was changed before stays changed, and everything stays readable with all the keys.
    """
    if not store.vault.is_encrypting:
        raise StoreError("ST704", "no key is set")
    changed = kept = 0
    for (table_name, column), context in CONTEXTS.items():
        done = _rekey_column(store, Base.metadata.tables[table_name], column, context)
        changed, kept = changed + done.changed, kept + done.kept
    with store.writing() as session:
        keys.remember_key(session)
        audit.append(session, audit.SYSTEM, "notes.rekeyed", changed=changed)
    return Rekeyed(changed, kept)


def sealed_columns() -> set[tuple[str, str]]:
    """Return every column of the database that holds sealed values."""
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }


def _rekey_column(store: Store, table: Table, column: str, context: Context) -> Rekeyed:
    changed = kept = 0
    last: tuple[Any, ...] | None = None
    while True:
        with store.writing() as session:
            rows = _rows_after(session, table, column, last)
            if not rows:
                return Rekeyed(changed, kept)
            vault = vault_of(session)
            old = [row for row in rows if not vault.is_of_first_key(row[column])]
            if old:
                with _guard_lifted(session, table.name):
                    for row in old:
                        data = vault.open_bytes(row[column], context=context(row))
                        sealed = vault.seal_bytes(data, context=context(row))
                        session.execute(update(table).where(_is_row(table, row)).values({column: sealed}))
            changed, kept = changed + len(old), kept + len(rows) - len(old)
            last = tuple(rows[-1][key.name] for key in table.primary_key)


def _rows_after(
    session: Session, table: Table, column: str, last: tuple[Any, ...] | None
) -> list[Mapping[str, Any]]:
    keys_of = list(table.primary_key)
    query = select(table).where(table.c[column].is_not(None)).order_by(*keys_of).limit(_BATCH)
    if last is not None:
        # By hand rather than as a row value: SQLite and PostgreSQL both take it.
        after = keys_of[-1] > last[-1]
        for key, value in reversed(list(zip(keys_of[:-1], last[:-1], strict=True))):
            after = (key > value) | and_(key == value, after)
        query = query.where(after)
    return [dict(row) for row in session.execute(query).mappings()]


def _is_row(table: Table, row: Mapping[str, Any]) -> Any:
    return and_(*(key == row[key.name] for key in table.primary_key))


@contextmanager
def _guard_lifted(session: Session, table: str) -> Iterator[None]:
    """Let rows of an append-only table be changed; others do not see it, since it ends with the transaction."""
    if table not in append_only.TABLES:
        yield
    elif is_postgresql(session):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_update"))
        yield
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_no_update"))
    else:
        session.execute(text(f"DROP TRIGGER {table}_no_update"))
        yield
        (statement,) = (
            one for one in append_only.create_statements("sqlite") if f"TRIGGER {table}_no_update " in one
        )
        session.execute(text(statement))
