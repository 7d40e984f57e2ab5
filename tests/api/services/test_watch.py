"""Fresh verdicts: what a note, the calendar, or another version of the trial changes, and what was signed before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from support.fake_screener import TRIAL, FakeScreener
from support.rooms import make_room
from support.signing import read_and_sign
from support.uploading import receive, work

from chartsift.api.services import charts, evaluation, uploads
from chartsift.nlp.screening.chart import PatientResult
from chartsift.nlp.types import CriterionResult

LAPSES = date(2024, 8, 1)
NEXT = TRIAL.model_copy(update={"version": "2025-01"})


class Ageing(FakeScreener):
    """A reading whose laboratory value holds for 90 days, and a trial whose later version asks for more."""

    software = "a" * 64

    def fingerprint(self):
        return self.software

    def screen(self, chart, trial, *, as_of, readings=None) -> PatientResult:
        result = super().screen(chart, trial, as_of=as_of, readings=readings)
        cohorts = tuple(
            replace(cohort, criteria=tuple(aged(item, result.as_of, trial) for item in cohort.criteria))
            for cohort in result.cohorts
        )
        return replace(result, cohorts=cohorts)

    def trial(self, trial_id):
        return NEXT


def aged(item, day, trial):
    """Return the verdict on a day, by a version of the trial."""
    name, kind = item.criterion_id, item.kind
    if name == "active_disease" and item.evidence:
        if day <= LAPSES:
            return CriterionResult(
                name, kind, "met", "documented", item.evidence, valid_until=LAPSES, changes_to="unknown"
            )
        return CriterionResult(
            name, kind, "unknown", "insufficient", item.evidence, next_step="Ask for a CK."
        )
    if name == "prior_transplant" and trial.version == NEXT.version:
        return CriterionResult(
            name, kind, "unknown", "no_mention", next_step="Ask the site.", search=item.search
        )
    return item


@pytest.fixture
def ageing(store):
    room = make_room(store, second_review_share=0.0)
    room.screener = Ageing()
    evaluation.evaluate_patient(store, room.screener, room.study_id, room.patient_id)
    return room


def changes(room, who="manager", patient=""):
    chart = f"{room.study}/patients/{patient}" if patient else room.chart
    return room.client(who).get(f"{chart}/changes").json()["items"]


def status_of(room, criterion="active_disease"):
    with room.store.reading() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        result = evaluation.result_value(session, evaluation.require_result(session, patient))
        return {item.criterion_id: item.status for item in result.applicable.criteria}[
            criterion
        ], result.as_of


def follow_the_calendar(room, day="today"):
    answer = room.client("manager").put(f"{room.study}/screening-day", json={"screening_day": day})
    assert answer.status_code == 200, answer.text
    work(room)


def test_a_note_that_arrives_changes_a_verdict_and_says_so(room):
    upload_id = receive(room, ("SITE-1_2024-06-01_visit.txt", b"Kidney transplant in 2019."))
    work(room)
    with room.store.writing() as session:
        uploads.confirm(session, room.study_id, upload_id, actor_id=room.users["first"])
    work(room)

    (change,) = changes(room)
    assert change["changes"] == [
        {
            "criterion_id": "prior_transplant",
            "before": "not_met",
            "after": "met",
            "basis_before": "no_mention",
            "basis_after": "documented",
            "causes": ["notes"],
            "day": None,
        }
    ]
    assert change["reasons"] == ["notes", "day"]
    row = room.client("manager").get(f"{room.study}/patients").json()["items"][0]
    assert row["changed_at"] is not None


def test_who_reads_blind_sees_no_change_before_the_own_reading(store):
    room = make_room(store, blind_first_share=1.0)

    assert room.client("first").get(f"{room.chart}/changes").json()["code"] == "AC508"


def test_charts_stay_as_of_their_last_note_unless_the_study_follows_the_calendar(ageing, clock):
    clock.forward(days=60)
    work(ageing)

    assert status_of(ageing) == ("met", date(2024, 5, 1))


def test_a_window_that_lapses_is_seen_on_the_day_after_and_only_then(ageing, clock):
    follow_the_calendar(ageing)
    clock.now = clock.now.replace(month=8, day=1)
    work(ageing)
    assert status_of(ageing) == ("met", date(2024, 5, 1))
    read_and_sign(ageing, ageing.patient_id)

    clock.forward(days=1)
    work(ageing)

    assert status_of(ageing) == ("unknown", date(2024, 8, 2))
    change = changes(ageing)[0]
    (lapsed,) = change["changes"]
    assert (change["reasons"], lapsed["criterion_id"]) == (["day"], "active_disease")
    assert (lapsed["causes"], lapsed["day"]) == (["window"], "2024-08-01")
    # The signed chart stays signed, and is counted as changed since.
    listed = ageing.client("manager").get(f"{ageing.study}/patients").json()
    assert (listed["by_state"]["signed"], listed["changed"]) == (1, 1)
    before = len(changes(ageing))
    clock.forward(days=3)
    work(ageing)
    assert len(changes(ageing)) == before


def test_a_day_that_a_person_chose_stays(ageing, clock):
    ageing.client("first").put(ageing.chart, json={"birth_date": None, "sex": "F", "as_of": "2024-06-01"})
    follow_the_calendar(ageing)
    clock.forward(days=60)
    work(ageing)

    assert status_of(ageing) == ("met", date(2024, 6, 1))


def test_a_later_note_moves_the_day_and_going_back_undoes_it(ageing, clock):
    clock.forward(days=60)
    follow_the_calendar(ageing)
    assert status_of(ageing) == ("unknown", date(2024, 9, 13))

    follow_the_calendar(ageing, "last_note")
    assert status_of(ageing) == ("met", date(2024, 5, 1))


def test_another_version_of_the_software_is_read_anew_without_a_person(ageing, clock):
    ageing.screener.software = "e" * 64
    clock.forward(days=1)
    work(ageing)

    with ageing.store.reading() as session:
        patient = charts.patient_of(session, ageing.study_id, ageing.patient_id)
        assert evaluation.require_result(session, patient).software_fingerprint == "e" * 64


def test_another_version_of_the_trial_is_seen_before_it_is_put_in_force(ageing, clock):
    manager, first = ageing.client("manager"), ageing.client("first")
    read_and_sign(ageing, ageing.patient_id)
    other = ageing.add_chart("SITE-2", "Dermatomyositis.")
    assert first.post(f"{ageing.study}/trial-versions", json={}).json()["code"] == "AC502"
    made = manager.post(f"{ageing.study}/trial-versions", json={}).json()
    here = f"{ageing.study}/trial-versions/{made['preview_id']}"
    version = manager.get(ageing.study).json()["version"]
    assert manager.post(f"{here}/switch", json={"version": version}).json()["code"] == "CO620"
    read = ageing.screener.notes_read
    work(ageing)

    seen = manager.get(here).json()
    flips = {flip["patient_id"]: flip for flip in seen["flips"]}
    assert (seen["state"], seen["trial_version"], set(flips)) == (
        "done",
        "2025-01",
        {ageing.patient_id, other},
    )
    assert flips[ageing.patient_id]["is_signed"]
    assert [(c["criterion_id"], c["before"], c["after"]) for c in flips[other]["changes"]] == [
        ("prior_transplant", "not_met", "unknown")
    ]
    # Nothing that is in force changed, and no note was read again.
    assert status_of(ageing, "prior_transplant")[0] == "not_met"
    assert ageing.screener.notes_read == read
    assert manager.get(f"{ageing.study}/stale-decisions").json()["items"] == []

    clock.forward(minutes=1)
    assert manager.post(f"{here}/switch", json={"version": version + 1}).json()["code"] == "CO601"
    assert manager.post(f"{here}/switch", json={"version": version}).json()["trial_version"] == "2025-01"
    work(ageing)

    assert status_of(ageing, "prior_transplant")[0] == "unknown"
    assert changes(ageing)[0]["reasons"] == ["trial"]
    (stale,) = manager.get(f"{ageing.study}/stale-decisions").json()["items"]
    assert stale["patient_id"] == ageing.patient_id
    assert stale["criteria"] == [
        {"criterion_id": "prior_transplant", "decided": "not_met", "proposed": "unknown"}
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [("a: [", "CO623"), ("trial_id: other\n", "CO623")],
)
def test_a_file_that_is_no_version_of_the_trial_is_refused_with_the_reason(ageing, text, says):
    answer = ageing.client("manager").post(f"{ageing.study}/trial-versions", json={"trial_file": text})

    assert (answer.status_code, answer.json()["code"]) == (422, says)
    assert len(answer.json()["detail"]) > 10
