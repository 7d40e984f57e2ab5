"""Migrations, append-only guards, and the behaviour of the two databases that the room counts on."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError, StatementError

from chartsift.api.db import schema_state
from chartsift.api.db.append_only import TABLES
from chartsift.api.db.store import Store
from chartsift.api.db.tables import Base, Erasure, LoginAttempt, Setting, StudyPatient, User
from chartsift.api.faults import StoreError
from chartsift.api.services import audit


def test_the_migrations_make_the_tables_of_the_code(store):
    assert schema_state.drift(store) == []
    assert schema_state.schema_state(store).is_current


def test_upgrade_from_nothing_and_back_again(store):
    schema_state.downgrade(store, "base")
    assert schema_state.schema_state(store).current is None

    state = schema_state.upgrade(store)

    assert state.is_current
    assert schema_state.drift(store) == []


@pytest.mark.parametrize("old", ["0002", "0003"])
def test_an_upgrade_from_an_old_head_keeps_the_files_and_what_points_at_them(store, old):
    schema_state.downgrade(store, old)
    is_sqlite = store.engine.dialect.name == "sqlite"
    false, piece = ("0", "x'01'") if is_sqlite else ("false", "'abc'")
    now = "'2024-07-15 09:00:00'"
    rows = {
        "users (id, name, display_name, is_admin, preferences, created_at)": f"'u', 'u', 'u', {false}, '{{}}', {now}",
        "studies (id, title, trial_id, trial_version, trial_fingerprint, trial_file, blind_first_share, second_review_share, settings, version, created_at)": f"'s', 't', 't', '1', 'f', '', 0, 1, '{{}}', 1, {now}",
        "uploads (id, study_id, created_by, state, details, created_at)": f"'l', 's', 'u', 'checked', '{{}}', {now}",
        "upload_files (id, upload_id, position, name, size_bytes, digest, format, state, code, notes_added, sealed_content)": "'f', 'l', 0, 'a.zip', 1, 'd', 'zip', 'read', '', 0, NULL",
        "upload_pieces (upload_file_id, number, sealed)": f"'f', 0, {piece}",
    }
    with store.writing() as session:
        for table, values in rows.items():
            session.execute(text(f"INSERT INTO {table} VALUES ({values})"))  # noqa: S608 - the words above

    assert schema_state.upgrade(store).is_current

    assert schema_state.drift(store) == []
    with store.reading() as session:
        assert session.execute(text("SELECT name, state FROM upload_files")).all() == [("a.zip", "read")]
        assert session.scalar(text("SELECT count(*) FROM upload_pieces")) == 1
    # The reference still holds.
    with store.writing() as session:
        session.execute(text("DELETE FROM upload_files"))
    with store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM upload_pieces")) == 0


def test_an_old_schema_is_refused_with_what_to_do(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'empty.sqlite'}")

    with pytest.raises(StoreError, match=r"ST701.*chartsift db upgrade"):
        schema_state.require_current(store)
    store.close()


def test_an_upgrade_keeps_what_is_there(store):
    with store.writing() as session:
        session.add(Setting(name="kept", value={"x": 1}))
        audit.append(session, "u", "test.done")

    schema_state.upgrade(store)

    with store.reading() as session:
        assert session.get_one(Setting, "kept").value == {"x": 1}
        assert audit.verify(session).entries == 1


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_record_can_neither_be_changed_nor_deleted(store, table, change, recorded):
    column = "sequence" if table in ("audit_log", "decisions") else "patient_id"

    with pytest.raises(DatabaseError, match="append-only"), store.writing() as session:
        session.execute(text(change.format(table, column, column)))


@pytest.fixture
def recorded(store):
    """A room that has a row in each append-only table."""
    now = "2024-07-15 09:00:00"
    is_sqlite = store.engine.dialect.name == "sqlite"
    with store.writing() as session:
        study = {"id": "s" * 24, "now": now}
        rows = {
            "users (id, name, display_name, is_admin, preferences, created_at)": "'u', 'u', 'u', {no}, '{{}}', :now",
            "studies (id, title, trial_id, trial_version, trial_fingerprint, trial_file, blind_first_share, second_review_share, settings, version, created_at)": ":id, 't', 't', '1', 'f', '', 0, 1, '{{}}', 1, :now",
            "patients (id, study_id, site_id, state, version, round, is_blind_first, needs_second, created_at)": "'p', :id, 'site', 'new', 1, 1, {no}, {no}, :now",
            "reviews (id, patient_id, round, slot, reviewer_id, is_blind, version, started_at)": "'r', 'p', 1, 'first', 'u', {no}, 1, :now",
            "decisions (id, review_id, patient_id, sequence, act, cohort_id, criterion_id, verdict, reason, made_by, made_at, is_blind_to_system, result_fingerprint)": "'d', 'r', 'p', 1, 'verdict', 'adult', 'age', 'met', '', 'u', :now, {no}, ''",
            "signatures (id, patient_id, review_id, signed_by, signed_at, meaning, content, digest, trial_version, result_fingerprint)": "'g', 'p', 'r', 'u', :now, 'm', '{{}}', 'd', '1', ''",
        }
        for table, values in rows.items():
            statement = f"INSERT INTO {table} VALUES ({values})"  # noqa: S608 - the words above
            session.execute(text(statement.format(no=0 if is_sqlite else "false")), study)
        session.add(
            Erasure(
                patient_id="another",
                study_id="s",
                ordered_by="u",
                reason="request",
                counts={},
                at=datetime(2024, 7, 15, tzinfo=UTC),
            )
        )
        audit.append(session, "u", "test.done")


def test_with_an_order_to_erase_a_patient_goes_altogether(store, recorded):
    with store.writing() as session:
        session.add(
            Erasure(
                patient_id="p",
                study_id="s",
                ordered_by="u",
                reason="request",
                counts={},
                at=datetime(2024, 7, 15, tzinfo=UTC),
            )
        )

    with store.writing() as session:
        session.delete(session.get_one(StudyPatient, "p"))

    with store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM decisions")) == 0
        assert session.scalar(text("SELECT count(*) FROM signatures")) == 0


def test_without_an_order_a_patient_with_decisions_stays(store, recorded):
    with pytest.raises(DatabaseError, match="append-only"), store.writing() as session:
        session.delete(session.get_one(StudyPatient, "p"))

    with store.reading() as session:
        assert session.get(StudyPatient, "p") is not None


def test_a_reading_session_cannot_write(store):
    with pytest.raises((DatabaseError, StoreError)), store.reading() as session:  # noqa: PT012 - it may come with the flush or the commit
        session.add(Setting(name="x", value={}))
        session.flush()


def test_half_a_transaction_is_none(store):
    with pytest.raises(ZeroDivisionError), store.writing() as session:  # noqa: PT012 - it may come with the flush or the commit
        session.add(Setting(name="x", value={}))
        session.flush()
        raise ZeroDivisionError

    with store.reading() as session:
        assert session.get(Setting, "x") is None


def test_moments_are_kept_in_utc_and_come_back_with_their_zone(store):
    winter = datetime(2024, 1, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with store.writing() as session:
        session.add(LoginAttempt(key_hash="x", at=winter))

    with store.reading() as session:
        found = session.query(LoginAttempt).one().at

    assert found == winter
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(StatementError, match="time zone"), store.writing() as session:  # noqa: PT012 - it may come with the flush or the commit
        session.add(LoginAttempt(key_hash="x", at=datetime(2024, 1, 1)))  # noqa: DTZ001 - what is refused
        session.flush()


def test_errors_of_the_database_do_not_quote_values(store):
    canary = "Zzyzx-Canary"
    with pytest.raises(DatabaseError) as caught, store.writing() as session:  # noqa: PT012 - it may come with the flush or the commit
        for _ in range(2):
            session.add(User(name=canary, is_admin=False, preferences={}, created_at=datetime.now(UTC)))
            session.flush()

    if store.engine.dialect.name == "sqlite":
        assert canary not in str(caught.value)
    # PostgreSQL's own message has the value in its DETAIL line: the log keeps the type of an error only.
    assert "parameters" in str(caught.value)


def test_foreign_keys_hold(store):
    with pytest.raises(DatabaseError), store.writing() as session:  # noqa: PT012 - it may come with the flush or the commit
        session.add(
            StudyPatient(
                study_id="nothing", site_id="x", created_at=datetime.now(UTC), birth_date=date(1970, 1, 1)
            )
        )
        session.flush()


def test_sqlite_survives_a_power_cut_and_waits_for_writers(sqlite_url):
    store = Store(sqlite_url)
    with store.reading() as session:
        found = [
            session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    store.close()

    assert found == ["wal", 2, 15_000]


def test_every_table_has_a_migration(store):
    with store.reading() as session:
        names = store.engine.dialect.get_table_names(session.connection())

    assert set(names) == {*Base.metadata.tables, "alembic_version"}


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(StoreError, match="ST703"):
        Store("mysql://x/y")


def test_a_database_that_is_not_there_has_its_code(tmp_path):
    store = Store(f"postgresql://nobody@/nothing?host={tmp_path}")

    with pytest.raises(StoreError, match="ST703") as caught:
        schema_state.schema_state(store)

    assert isinstance(caught.value.__cause__, OperationalError)


def test_a_new_folder_is_for_its_owner_only(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'new' / 'room.sqlite'}")
    schema_state.upgrade(store)
    store.close()

    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    shutil.rmtree(tmp_path / "new")
