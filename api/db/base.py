"""The base of all tables: naming convention, identifiers, and times that are always UTC."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, DateTime, Dialect, MetaData, String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Names follow from tables and columns, so that a migration can drop a constraint on either database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

ID_LENGTH = 24
"""Hexadecimal digits of an opaque identifier: 96 random bits, which nobody can guess or count through."""


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """
    A moment, always in UTC and always with its zone.

    SQLite keeps no zone, so that a naive value is refused on the way in rather than taken for some zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """Return a fresh opaque identifier, fit for an address: it says nothing about what it names."""
    return secrets.token_hex(ID_LENGTH // 2)


def id_column() -> String:
    """Return the column type of an opaque identifier."""
    return String(ID_LENGTH)


def one_of(column: str, values: Iterable[str], *, optional: bool = False) -> CheckConstraint:
    """Return the constraint that *column* holds one of *values* (plain words of the code, never of a request)."""
    listed = ", ".join(f"'{value}'" for value in values)
    rule = f"{column} IN ({listed})"
    return CheckConstraint(f"{column} IS NULL OR {rule}" if optional else rule, name=f"{column}_known")


def share(column: str) -> CheckConstraint:
    """Return the constraint that *column* is a share, 0 to 1."""
    return CheckConstraint(f"{column} >= 0 AND {column} <= 1", name=f"{column}_is_share")
