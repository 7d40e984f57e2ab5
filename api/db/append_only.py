"""
Guards in the database itself: what was decided, signed or recorded can neither be changed nor deleted.

They hold for every client of the database, not only for this program. Decisions and signatures of a patient can
be deleted once the order to erase that patient stands in ``erasures``; the audit trail and the orders never.
"""

from __future__ import annotations

_ERASED_WITH_PATIENT = ("decisions", "signatures")
_NEVER_DELETED = ("audit_log", "erasures")

TABLES = (*_ERASED_WITH_PATIENT, *_NEVER_DELETED)


def create_statements(dialect: str) -> list[str]:
    """
    Return the statements that put the guards in place.

    Raises:
        ValueError: *dialect* is neither "sqlite" nor "postgresql".
    """
    if dialect == "sqlite":
        return _sqlite()
    if dialect == "postgresql":
        return _postgresql()
    raise ValueError(f"no guards for {dialect}")


def drop_statements(dialect: str) -> list[str]:
    """Return the statements that take the guards away, for the downgrade of a migration."""
    names = [(f"{table}_{what}", table) for table in TABLES for what in ("no_update", "no_delete")]
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name, _ in names]
    names += [(f"{table}_no_truncate", table) for table in TABLES]
    return [
        *(f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in names),
        "DROP FUNCTION IF EXISTS chartsift_append_only()",
        "DROP FUNCTION IF EXISTS chartsift_erased_only()",
    ]


def _sqlite() -> list[str]:
    made = []
    for table in TABLES:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        made.append(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        unless = ""
        if table in _ERASED_WITH_PATIENT:
            unless = " WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE patient_id = OLD.patient_id)"
        made.append(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}{unless} {refuse}")
    return made


_FUNCTIONS = (
    """
    CREATE FUNCTION chartsift_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514';
    END $$
    """,
    """
    CREATE FUNCTION chartsift_erased_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM erasures WHERE patient_id = OLD.patient_id) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514';
    END $$
    """,
)


def _postgresql() -> list[str]:
    made = list(_FUNCTIONS)
    for table in TABLES:
        on_delete = "chartsift_erased_only" if table in _ERASED_WITH_PATIENT else "chartsift_append_only"
        for what, each, function in (
            ("update", "ROW", "chartsift_append_only"),
            ("delete", "ROW", on_delete),
            ("truncate", "STATEMENT", "chartsift_append_only"),
        ):
            made.append(
                f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION {function}()"
            )
    return made
