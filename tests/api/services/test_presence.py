"""Who has a chart open: shown to others on it, gone a while after the last sign, and silent about who read before."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from support.signing import read_and_sign

from chartsift.api.db.tables import LoginSession, Presence
from chartsift.api.services import charts, erasure, presence, reviews


def page_of(room, tail=""):
    return f"/studies/{room.study_id}/patients/{room.patient_id}{tail}"


def shown(client, room):
    """Return the line of presence of the chart as it is loaded."""
    answer = client.get(page_of(room))
    assert answer.status_code == 200, answer.text
    return line_of(answer)


def line_of(answer):
    line = re.search(r'<p id="presence"[^>]*>(.*?)</p>', answer.text, re.DOTALL)[1]
    return re.sub(r"<[^>]+>", "", line)


def beat(client, room, **fields):
    return client.post(page_of(room, "/presence"), data=fields)


def test_two_people_on_a_chart_see_each_other_and_not_themselves(room, clock):
    first, second = room.client("first"), room.client("second")

    assert shown(first, room) == ""
    clock.forward(minutes=2)
    assert shown(second, room) == "Also open for First since 09:00 UTC"
    assert line_of(beat(first, room)) == "Also open for Second since 09:02 UTC"
    assert "Also open" not in first.get(page_of(room, "/pictures")).text


def test_it_is_said_with_every_act_too(room, clock):
    first, second = room.client("first"), room.client("second")
    shown(second, room)

    answer = first.post(
        page_of(room, "/decide"),
        data={"criterion": "iim_diagnosis", "expected": "0", "verdict": "met"},
        headers={"X-Part": "1"},
    )

    assert line_of(answer) == "Also open for Second since 09:00 UTC"


def test_who_gives_no_sign_any_more_is_gone_and_comes_back_anew(room, clock):
    first, second = room.client("first"), room.client("second")
    shown(first, room)
    for _ in range(3):
        clock.forward(minutes=4)
        beat(first, room)
    assert shown(second, room) == "Also open for First since 09:00 UTC"
    clock.forward(minutes=5, seconds=1)
    assert shown(second, room) == ""

    beat(first, room)

    assert shown(second, room) == "Also open for First since 09:17 UTC"


def test_who_leaves_is_gone_unless_the_page_was_loaded_anew(room, clock):
    first, second = room.client("first"), room.client("second")
    shown(first, room)
    clock.forward(minutes=1)

    # A browser says that the old page was left after it has asked for the new one.
    shown(first, room)
    beat(first, room, leaving="1")
    beat(first, room)
    clock.forward(minutes=1)
    assert shown(second, room) == "Also open for First since 09:00 UTC"
    beat(first, room, leaving="1")
    clock.forward(seconds=11)

    assert shown(second, room) == ""


@pytest.mark.parametrize("who", ["second", "judge", "viewer", "manager"])
def test_who_signed_a_reading_is_not_named_before_the_chart_is_signed(room, clock, who):
    read_and_sign(room, room.patient_id, "first", {"prior_car_t": "met"})
    shown(room.client("first"), room)
    assert shown(room.client(who), room) == ""
    read_and_sign(room, room.patient_id, "second", {"prior_car_t": "not_met"})
    shown(room.client("second"), room)

    settling = room.client("judge").get(page_of(room, "/adjudication"))

    assert line_of(settling) == (
        "" if who in ("second", "judge") else f"Also open for {who.title()} since 09:00 UTC"
    )


def test_who_signed_is_named_once_the_chart_is_signed(room):
    read_and_sign(room, room.patient_id, "first")
    read_and_sign(room, room.patient_id, "second")
    shown(room.client("first"), room)

    assert shown(room.client("second"), room) == "Also open for First since 09:00 UTC"


def test_a_chart_of_another_study_and_one_that_is_gone_say_nothing(room):
    assert beat(room.client("stranger"), room).status_code == 404
    assert beat(room.client(), room).status_code == 303
    client = room.client("first")
    shown(client, room)
    with room.store.writing() as session:
        erasure.erase_patient(
            session, room.study_id, room.patient_id, reason="other", actor_id=room.users["chief"]
        )

    assert beat(client, room).status_code == 404
    with room.store.reading() as session:
        assert session.scalars(select(Presence)).all() == []


def test_the_signs_of_a_page_keep_no_idle_session_alive(room, clock):
    client = room.client("first")
    shown(client, room)
    for _ in range(3):
        clock.forward(minutes=9)
        assert beat(client, room).status_code == 200
    with room.store.reading() as session:
        assert session.scalars(select(LoginSession.last_seen_at)).one().minute == 0
    clock.forward(minutes=3)

    assert beat(client, room).headers["location"].startswith("/sign-in")


def test_two_windows_at_once_are_one_person_and_old_rows_go(room, clock):
    with room.store.writing() as session:
        presence.arrive(session, room.patient_id, room.users["first"])
        presence.arrive(session, room.patient_id, room.users["first"])
        patient = charts.patient_of(session, room.study_id, room.patient_id)
        reviews.open_review(session, room.study_id, room.patient_id, room.users["first"])
        assert [one.name for one in presence.others(session, patient, "")] == ["First"]
    clock.forward(days=1, seconds=1)
    with room.store.writing() as session:
        presence.drop_old(session)
        assert session.scalars(select(Presence)).all() == []
