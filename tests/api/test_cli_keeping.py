"""Commands that keep the record: keys, retention, links to the identity provider, a trail that was cut off."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from support.fake_screener import TRIAL, FakeScreener
from support.rooms import PASSWORD

from chartsift.api.cli import main
from chartsift.api.db.store import Store
from chartsift.api.db.tables import Signature, StudyPatient
from chartsift.api.services import accounts, charts, evaluation, readings, reviews, signing, studies
from chartsift.api.vault import Vault
from chartsift.nlp.types import Note, Patient


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    for name in ("CHARTSIFT_DATABASE_URL", "CHARTSIFT_NOTE_KEYS", "CHARTSIFT_OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHARTSIFT_DATA_DIR", str(tmp_path))

    def run(*arguments: str, stdin: str = ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main(list(arguments))
        written = capsys.readouterr()
        return status, written.out, written.err

    run.file = tmp_path / "chartsift.sqlite"
    return run


@pytest.fixture
def with_anna(call):
    assert call("user", "add", "anna", "--admin", "--password-stdin", stdin=PASSWORD + "\n")[0] == 0
    return call


def signed_chart(file, site_id, *, days_ago, key=""):
    """Put a chart into the database of the command line that was signed so long ago."""
    then = datetime.now(UTC) - timedelta(days=days_ago)
    store = Store(f"sqlite:///{file}", vault=Vault([key] if key else []), clock=lambda: then)
    with store.writing() as session:
        anna = accounts.get_user(session, "anna").id
        study = session.query(studies.Study).first() or studies.create_study(
            session, title="A study", trial=TRIAL, second_review_share=0.0
        )
        patient = charts.add_patient(session, study, Patient(site_id))
        charts.add_note(session, patient, Note(site_id, "N1", date(2024, 5, 1), "Clinic", "Dermatomyositis."))
        study_id, patient_id = study.id, patient.id
    evaluation.evaluate_patient(store, FakeScreener(), study_id, patient_id)
    with store.writing() as session:
        reviews.open_review(session, study_id, patient_id, anna)
        for criterion in TRIAL.criteria_of(TRIAL.cohorts[0]):
            reviews.decide(
                session,
                study_id,
                patient_id,
                anna,
                criterion_id=criterion.criterion_id,
                verdict="met",
                reason="clinical_judgement",
                expected=0,
            )
        review = readings.review_by(session, session.get(StudyPatient, patient_id), anna)
        signing.sign(session, study_id, patient_id, anna, expected=review.version)
    store.close()


def patients(file):
    with sqlite3.connect(file) as connection:
        return [row[0] for row in connection.execute("SELECT site_id FROM patients ORDER BY site_id")]


def test_retention_counts_and_erases_only_when_told(with_anna):
    signed_chart(with_anna.file, "OLD", days_ago=400)
    signed_chart(with_anna.file, "NEW", days_ago=300)

    assert json.loads(with_anna("retention", "--days", "365", "--json")[1]) == {
        "days": 365,
        "due": 1,
        "erased": 0,
    }
    assert patients(with_anna.file) == ["NEW", "OLD"]
    status, out, _ = with_anna("retention", "--days", "365", "--apply")

    assert (status, out) == (0, "1 of 1 patients erased\n")
    assert patients(with_anna.file) == ["NEW"]
    assert with_anna("audit", "verify")[0] == 0
    assert with_anna("retention", "--days", "365")[1].startswith("0 patients are due")


def test_retention_wants_to_be_told_how_long(with_anna, monkeypatch):
    assert with_anna("retention")[0] == 2
    monkeypatch.setenv("CHARTSIFT_RETENTION_DAYS", "365")

    assert with_anna("retention")[0] == 0


def test_a_key_is_changed_and_the_old_one_goes(call, monkeypatch):
    old, new = (call("db", "new-key")[1].strip() for _ in range(2))
    monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", old)
    call("user", "add", "anna", "--password-stdin", stdin=PASSWORD + "\n")
    signed_chart(call.file, "P", days_ago=1, key=old)

    monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", new)
    assert call("db", "rekey")[0] == 9  # the old one is missing
    monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", f"{new},{old}")
    status, out, _ = call("db", "rekey", "--json")
    assert status == 0
    assert json.loads(out)["changed"] >= 3
    monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", new)

    assert call("user", "list")[0] == 0
    assert json.loads(call("db", "rekey", "--json")[1])["changed"] == 0
    for wrong in (old, ""):
        monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", wrong)
        status, _, err = call("user", "list")
        assert (status, "ST704" in err) == (9, True)


def test_an_account_is_linked_and_unlinked(with_anna, monkeypatch):
    assert with_anna("user", "link", "anna", "--subject", "s-1")[0] == 2  # which provider?
    monkeypatch.setenv("CHARTSIFT_OIDC_ISSUER", "https://id.example")
    assert with_anna("user", "link", "anna", "--subject", "s-1")[0] == 0
    with_anna("user", "add", "bea", "--no-password")

    status, _, err = with_anna("user", "link", "bea", "--subject", "s-1")

    assert (status, "CO605" in err) == (8, True)
    assert with_anna("user", "link", "anna")[0] == 0
    assert with_anna("user", "link", "bea", "--subject", "s-1")[0] == 0


def test_a_trail_that_was_cut_off_is_known_by_a_head_kept_elsewhere(with_anna):
    with_anna("user", "add", "bea", "--no-password")
    head = with_anna("audit", "verify", "--json")
    kept = json.loads(head[1])["head"]
    with sqlite3.connect(with_anna.file) as connection:
        connection.execute("DROP TRIGGER audit_log_no_delete")
        connection.execute("DELETE FROM audit_log WHERE sequence = (SELECT max(sequence) FROM audit_log)")

    assert with_anna("audit", "verify")[0] == 0  # what is left fits together
    status, _, err = with_anna("audit", "verify", "--expect", kept)

    assert (status, "cut off" in err) == (9, True)


def test_a_signature_names_nobody_after_an_erasure(with_anna):
    signed_chart(with_anna.file, "OLD", days_ago=400)
    with_anna("retention", "--days", "1", "--apply")

    store = Store(f"sqlite:///{with_anna.file}")
    with store.reading() as session:
        assert session.query(Signature).count() == 0
    store.close()
