"""What was signed is told by the version of the trial and the cohort of then, whatever is in force now."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from support.fake_screener import TRIAL, FakeScreener
from support.rooms import make_room
from support.signing import read_and_sign
from support.uploading import work

from chartsift.api.services import adjudication, charts, evaluation, reviews, studies, trial_versions


def without(trial, gone, **changed):
    """Return another version of a trial: a criterion less, and another one renamed."""
    said = json.loads(trial.model_dump_json())
    said["version"] = "2025-01"
    for cohort in said["cohorts"]:
        cohort["criteria"] = [
            {**one, "label": changed.get(one["criterion_id"], one["label"])}
            for one in cohort["criteria"]
            if one["criterion_id"] != gone
        ]
    return type(trial).model_validate(said)


LATER = without(TRIAL, "flu_cy_reaction", iim_diagnosis="Myositis, newly worded")


class ByAge(FakeScreener):
    """The juvenile cohort applies to who is a minor."""

    def screen(self, chart, trial, *, as_of, readings=None):
        made = super().screen(chart, trial, as_of=as_of, readings=readings)
        born = chart.patient.birth_date
        fitting = "juvenile" if born is not None and born.year > 2006 else "adult"
        cohorts = tuple(replace(one, applicable=one.cohort_id == fitting) for one in made.cohorts)
        return replace(made, cohorts=cohorts)


@pytest.fixture
def switched(store, clock):
    """A room with a chart signed under the version before, and one under that of now."""
    room = make_room(store, second_review_share=0.0)
    read_and_sign(room, room.patient_id)
    other = room.add_chart("SITE-2", "Dermatomyositis. No cyclophosphamide reaction.")
    clock.forward(hours=1)
    with store.writing() as session:
        job_id = trial_versions.propose(session, room.study_id, LATER, actor_id="system").id
    work(room)
    with store.writing() as session:
        trial_versions.switch(session, room.study_id, job_id, version=1, actor_id="system")
    work(room)
    read_and_sign(room, other)
    return room


def sheet(room, patient_id=""):
    address = f"/studies/{room.study_id}/patients/{patient_id or room.patient_id}/worksheet"
    answer = room.client("first").get(address)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def members(room, name):
    answer = room.client("manager").get(f"{room.study}/exports/{name}")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {one: archive.read(one).decode() for one in archive.namelist()}


def test_the_worksheet_prints_every_criterion_as_it_was_signed(switched):
    shown = sheet(switched)

    assert "Flu/Cy reaction exclusion" in shown
    assert "IIM diagnosis inclusion" in shown
    assert "Version of the rules 2024-11" in shown
    assert "newly worded" not in shown
    assert "no known version" not in shown


def test_every_table_has_the_criteria_of_all_signed_versions(switched):
    observations = [json.loads(line) for line in members(switched, "fhir")["Observation.ndjson"].splitlines()]
    codes = {
        (one["subject"]["identifier"]["value"], one["code"]["coding"][0]["code"]) for one in observations
    }
    labels = {one["code"]["coding"][0]["display"] for one in observations}
    (row, other) = csv.DictReader(io.StringIO(members(switched, "redcap")["screening_log.csv"], newline=""))

    assert ("SITE-1", "flu_cy_reaction") in codes
    assert ("SITE-2", "flu_cy_reaction") not in codes
    # Told as the version tells it that was signed last.
    assert "Myositis, newly worded" in labels
    assert "IIM diagnosis" not in labels
    assert (row["patient_id"], other["patient_id"]) == ("SITE-1", "SITE-2")
    record = switched.client("manager").get(f"{switched.study}/exports/json").text.splitlines()
    assert [json.loads(line)["trial_version"] for line in record] == ["2024-11", "2025-01"]


def test_a_version_from_before_versions_were_kept_is_told_by_that_of_now(switched):
    from chartsift.api.db.tables import TrialVersion

    with switched.store.writing() as session:
        study = studies.study_of(session, switched.study_id)
        old = session.get_one(TrialVersion, (study.id, TRIAL.fingerprint()))
        session.delete(old)
        session.flush()
        assert studies.trial_at(session, study, TRIAL.fingerprint()).version == "2025-01"

    shown = sheet(switched)
    assert "flu cy reaction adult · not in the version of the trial that is known" in shown


@pytest.fixture
def grown(store):
    """A chart that was begun as that of a minor, corrected, and then read by two as that of an adult."""
    room = make_room(store)
    room.screener = ByAge()
    room.patient_id = room.add_chart("SITE-9", "Dermatomyositis.", birth_date=date(2010, 1, 1))
    begin(room, "first", "prior_transplant", "met")
    with store.writing() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        charts.change_facts(
            session, patient, birth_date=date(1970, 1, 1), sex="F", as_of=None, actor_id="system"
        )
    evaluation.evaluate_patient(store, room.screener, room.study_id, room.patient_id)
    return room


def begin(room, who, criterion, verdict):
    here = (room.study_id, room.patient_id, room.users[who])
    with room.store.writing() as session:
        reviews.open_review(session, *here)
        reviews.decide(
            session, *here, criterion_id=criterion, verdict=verdict, reason="other_source", expected=0
        )


def test_what_was_decided_for_another_cohort_and_not_signed_is_no_disagreement_and_no_record(grown):
    assert read_and_sign(grown, grown.patient_id, "first") == "second_review"
    assert read_and_sign(grown, grown.patient_id, "second") == "signed"

    with grown.store.reading() as session:
        patient = charts.patient_of(session, grown.study_id, grown.patient_id)
        record = adjudication.record_of(session, patient)
    assert {one.cohort_id for one in record} == {"adult"}
    verdicts = {one.criterion_id: one.verdict for one in record}
    assert verdicts["prior_transplant"] == "not_met"
    said = json.loads(grown.client("manager").get(f"{grown.study}/exports/json").text)
    assert {one["criterion_id"]: one["verdict"] for one in said["criteria"]} == verdicts


def test_the_worksheet_keeps_the_cohort_that_was_signed(grown):
    read_and_sign(grown, grown.patient_id, "first")
    read_and_sign(grown, grown.patient_id, "second")
    with grown.store.writing() as session:
        patient = charts.patient_of(session, grown.study_id, grown.patient_id)
        charts.change_facts(
            session, patient, birth_date=date(2010, 1, 1), sex="F", as_of=None, actor_id="system"
        )
    evaluation.evaluate_patient(grown.store, grown.screener, grown.study_id, grown.patient_id)

    assert "Cohort Adult" in sheet(grown)
