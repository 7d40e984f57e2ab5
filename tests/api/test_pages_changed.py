"""The page of a chart says what changed since one looked or signed, why, and which decisions that makes stale."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.fake_screener import TRIAL, FakeScreener
from support.rooms import make_room
from support.signing import read_and_sign
from support.uploading import work

from chartsift.api.db.tables import VerdictChange
from chartsift.api.services import changes, charts, evaluation, trial_versions, watch
from chartsift.nlp.types import Note

WINDOW = date(2024, 8, 1)
BIRTHDAY = date(2024, 7, 20)


class Watched(FakeScreener):
    """A reading in which a laboratory value lapses, a limit of age passes, and a later version of the trial asks more."""

    def fingerprint(self):
        # Another one than that of the first reading of the room, which therefore is read anew.
        return "a" * 64

    def screen(self, chart, trial, *, as_of, readings=None):
        made = super().screen(chart, trial, as_of=as_of, readings=readings)
        cohorts = tuple(
            replace(cohort, criteria=tuple(_on(item, made.as_of, trial) for item in cohort.criteria))
            for cohort in made.cohorts
        )
        return replace(made, cohorts=cohorts)

    def trial(self, trial_id):
        return TRIAL.model_copy(update={"version": "2025-01"})


def _on(item, day, trial):
    if item.criterion_id == "active_disease":
        if day <= WINDOW:
            return replace(item, status="met", basis="documented", valid_until=WINDOW, changes_to="unknown")
        return replace(item, status="unknown", valid_until=None, changes_to=None)
    if item.criterion_id == "muscle_weakness":
        status = "met" if day < BIRTHDAY else "not_met"
        return replace(item, status=status, flags=() if status == "not_met" else (f"turns_76_on {BIRTHDAY}",))
    if item.criterion_id == "flu_cy_reaction" and trial.version == "2025-01":
        return replace(item, status="unknown", basis="no_mention", next_step="Ask.")
    return item


@pytest.fixture
def watched(store):
    """A room in which one reader is enough."""
    room = make_room(store, second_review_share=0.0)
    room.screener = Watched()
    evaluation.evaluate_patient(store, room.screener, room.study_id, room.patient_id)
    return room


def page_of(room, tail=""):
    return f"/studies/{room.study_id}/patients/{room.patient_id}{tail}"


def words(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def told(room, who="first"):
    """Return what the page says of changes: the heading and each line, and the marks beside the criteria."""
    answer = room.client(who).get(page_of(room))
    assert answer.status_code == 200, answer.text
    section = re.search(r'<section class="changes".*?</section>', answer.text, re.DOTALL)
    marks = re.findall(
        r'data-criterion="(\w+)"(?:(?!data-criterion).)*?<b class="flag stale">(.*?)</b>',
        answer.text,
        re.DOTALL,
    )
    if section is None:
        return "", [], dict(marks)
    heading = words(re.search(r"<h2>.*?</h2>", section[0], re.DOTALL)[0])
    return heading, [words(line) for line in re.findall(r"<li>.*?</li>", section[0], re.DOTALL)], dict(marks)


def add_note(room, text, day=date(2024, 5, 2)):
    with room.store.writing() as session:
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        charts.add_note(session, patient, Note("SITE-1", f"L{day}", day, "Letter", text))
    evaluation.evaluate_patient(room.store, room.screener, room.study_id, room.patient_id)


def follow_the_calendar(room, clock, **by):
    with room.store.writing() as session:
        watch.set_screening_day(session, room.study_id, "today", actor_id=room.users["manager"])
    clock.forward(**by)
    work(room)


def test_who_never_looked_and_where_nothing_changed_nothing_is_said(watched, clock):
    assert told(watched) == ("", [], {})
    clock.forward(hours=1)
    assert told(watched) == ("", [], {})


def test_a_new_note_is_named_once_since_the_last_look_and_stays_for_the_sitting(watched, clock):
    told(watched)
    clock.forward(hours=1)
    add_note(watched, "Kidney transplant in 2019.")
    clock.forward(hours=1)

    lines = ["Prior transplant not met → met a new note speaks to it"]
    assert told(watched) == ("Changed since you last looked 09:00 UTC", lines, {})
    page = watched.client("first").get(page_of(watched)).text
    assert page.count('<b class="new">new</b>') == 1
    clock.forward(minutes=4)
    assert told(watched)[1] == lines
    clock.forward(hours=1)

    assert told(watched)[1] == []


def test_a_decision_in_work_is_stale_until_it_is_made_anew(watched, clock):
    def decide(verdict, expected):
        sent = watched.client("first").post(
            page_of(watched, "/decide"),
            data={"criterion": "prior_transplant", "verdict": verdict, "expected": expected},
        )
        assert sent.headers["location"].startswith("/studies/"), sent.text

    decide("not_met", "0")
    told(watched)
    clock.forward(hours=1)
    add_note(watched, "Kidney transplant in 2019.")
    clock.forward(hours=1)

    heading, lines, marks = told(watched)
    assert lines == ["Prior transplant not met → met a new note speaks to it; you decided not met"]
    assert marks == {"prior_transplant": "↻ Proposal changed since: not met → met"}
    decide("met", "1")

    assert told(watched)[2] == {}
    assert heading == "Changed since you last looked 09:00 UTC"


def test_what_was_signed_is_marked_with_the_window_and_the_limit_of_age(watched, clock):
    read_and_sign(watched, watched.patient_id)
    follow_the_calendar(watched, clock, days=30)

    for who in ("first", "second", "viewer", "manager"):
        heading, lines, marks = told(watched, who)
        assert heading == "Changed since it was signed 2024-07-15 09:00 UTC"
        assert sorted(lines) == [
            "Active disease met → unknown its window ended on 2024-08-01; signed as met",
            "Weakness met → not met a limit of age was passed on 2024-07-20; signed as met",
        ]
        assert set(marks) == {"active_disease", "muscle_weakness"}


def test_a_manager_opens_a_stale_chart_for_another_reading(watched, clock):
    read_and_sign(watched, watched.patient_id)
    follow_the_calendar(watched, clock, days=30)
    assert "/reopen" not in watched.client("first").get(page_of(watched)).text
    assert "/reopen" in watched.client("manager").get(page_of(watched)).text
    assert watched.client("first").post(page_of(watched, "/reopen")).status_code == 403

    assert watched.client("manager").post(page_of(watched, "/reopen")).status_code == 303

    assert "your first decision takes it" in watched.client("first").get(page_of(watched)).text
    again = watched.client("manager").post(page_of(watched, "/reopen"))
    assert (again.status_code, "CO602" in again.text) == (409, True)


def test_another_version_of_the_trial_is_named_with_what_it_makes_of_the_record(watched, clock):
    read_and_sign(watched, watched.patient_id)
    clock.forward(hours=1)
    with watched.store.writing() as session:
        job = trial_versions.propose(
            session, watched.study_id, watched.screener.trial("reset-myositis"), actor_id="system"
        )
        job_id = job.id
    work(watched)
    with watched.store.writing() as session:
        trial_versions.switch(session, watched.study_id, job_id, version=1, actor_id="system")
    work(watched)

    _, lines, marks = told(watched)
    page = words(watched.client("first").get(page_of(watched)).text)
    assert "Signed under version 2024-11 of the trial; 2025-01 is in force." in page
    assert lines == ["Flu/Cy reaction not met → unknown another version of the trial; signed as not met"]
    assert set(marks) == {"flu_cy_reaction"}


def test_who_reads_blind_sees_no_change_and_no_mark(store, clock):
    room = make_room(store, blind_first_share=1.0)
    room.screener = Watched()
    evaluation.evaluate_patient(store, room.screener, room.study_id, room.patient_id)
    client = room.client("first")
    client.get(page_of(room))
    client.post(
        page_of(room, "/decide"), data={"criterion": "prior_transplant", "verdict": "met", "expected": "0"}
    )
    clock.forward(hours=1)
    add_note(room, "Kidney transplant in 2019.")
    clock.forward(hours=1)

    assert told(room) == ("", [], {})
    told(room, "viewer")
    assert told(room, "viewer")[0] == ""


def change(hour, before, after, *causes, reasons=("notes", "day"), **more):
    """Return a change of one verdict as it is kept; without *causes* as it was kept before there were any."""
    one = {"criterion_id": "x", "from": before, "to": after, **({"causes": list(causes)} if causes else {})}
    return VerdictChange(
        changes=[{**one, **more}], reasons=list(reasons), made_at=datetime(2024, 7, 15, hour, tzinfo=UTC)
    )


def test_several_changes_come_to_one_and_what_came_back_is_none():
    there = change(9, "met", "unknown", "window", day="2024-07-14")
    back = change(10, "unknown", "met", "notes")
    on = change(11, "met", "not_met")

    assert changes.net_changes([back, there]) == {}
    net = changes.net_changes([on, back, there])["x"]
    assert (net.before, net.after, net.made_at.hour) == ("met", "not_met", 11)
    assert net.why == (
        "its window ended on 2024-07-14; a new note speaks to it; the day of screening moved on"
    )


def test_a_signed_chart_shows_the_record_to_everyone_who_may_see_it(store):
    room = make_room(store)
    read_and_sign(room, room.patient_id, "first", {"prior_car_t": "met"})
    before = words(room.client("viewer").get(page_of(room)).text)
    read_and_sign(room, room.patient_id, "second", {"prior_car_t": "met"})

    asked = page_of(room, "?criterion=prior_car_t")
    shown = words(room.client("viewer").get(asked).text)
    assert "0 of 8 decided" in before
    assert "8 of 8 signed" in shown
    assert "decided: met First, 09:00 UTC: known from a source outside these notes; Second agreed" in shown
    # The act is the first reader's alone.
    assert "09:00 UTC First: met" in shown
    assert 'name="verdict"' not in room.client("viewer").get(asked).text
    sheet = words(room.client("viewer").get(page_of(room, "/worksheet")).text)
    assert "First 2024-07-15 09:00 UTC known from a source outside these notes Second agreed" in sheet
