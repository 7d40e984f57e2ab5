"""Second reading, settling, agreement, pictures and the worksheet as pages, without a browser."""

from __future__ import annotations

import html
import re

import pytest
from support.fake_screener import CRITERIA


def shown(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def chart(room, tail=""):
    return f"/studies/{room.study_id}/patients/{room.patient_id}{tail}"


def version(room, client) -> int:
    items = client.get(f"{room.chart}/reviews").json()["items"]
    return next(one["version"] for one in items if one["is_mine"])


def read(room, name, **verdicts):
    """Read and sign the chart as *name* through the forms of the page; *verdicts* differ from "unknown"."""
    client = room.client(name)
    for criterion in CRITERIA:
        answer = client.post(
            chart(room, "/decide"),
            data={
                "criterion": criterion,
                "verdict": verdicts.get(criterion, "unknown"),
                "reason": "not_enough",
                "comment": f"{name} on {criterion}",
                "expected": "0",
            },
        )
        assert answer.status_code == 303
    answer = client.post(chart(room, "/sign"), data={"expected": str(version(room, client))})
    assert answer.status_code == 303
    return client


@pytest.fixture
def differing(lite_room):
    read(lite_room, "first", prior_car_t="met", iim_diagnosis="met")
    read(lite_room, "second", prior_car_t="not_met", iim_diagnosis="met")
    return lite_room


def test_the_second_reader_sees_no_trace_of_the_first(lite_room):
    read(lite_room, "first", prior_car_t="met")

    page = lite_room.client("second").get(chart(lite_room, "?criterion=prior_car_t"))

    words = shown(page)
    assert "first on prior_car_t" not in words
    assert "First" not in words
    assert "decided: " not in words
    assert "0 of 8 decided" in words
    assert 'aria-pressed="true"' not in page.text
    assert "second reading: your first decision takes it" in words


def test_a_chart_that_waits_is_in_the_queue_of_who_read_it_not(differing):
    page = differing.client("judge").get(f"/studies/{differing.study_id}/adjudication")

    assert "SITE-1 Prior CAR T" in shown(page)


def test_only_differences_are_shown_with_both_readings_and_no_names(differing):
    page = differing.client("judge").get(chart(differing, "/adjudication"))

    words = shown(page)
    assert page.text.count('class="difference"') == 1
    assert "first on prior_car_t" in words
    assert "second on prior_car_t" in words
    assert {"Reader A", "Reader B"} <= set(re.findall(r"Reader [AB]", words))
    # Names of accounts, not the words of the comments.
    assert not re.search(r"\b(First|Second)\b", words)
    assert "IIM diagnosis" not in words


def test_settling_makes_the_record_and_then_shows_the_names(differing):
    client = differing.client("judge")
    settled = {"criterion": "prior_car_t", "verdict": "not_met", "reason": "misread", "expected": "0"}

    assert client.post(chart(differing, "/adjudication/decide"), data=settled).status_code == 303
    undone = client.post(chart(differing, "/adjudication/undo"), data={"expected": "1"})
    assert "0 of 1 settled" in shown(client.get(undone.headers["location"]))
    early = client.post(chart(differing, "/adjudication/sign"), data={"expected": "2"})
    assert early.status_code == 409
    assert "prior_car_t" in shown(early)
    client.post(chart(differing, "/adjudication/decide"), data={**settled, "expected": "2"})
    done = client.post(chart(differing, "/adjudication/sign"), data={"expected": "3"})

    worksheet = shown(client.get(done.headers["location"]))
    assert "Prior CAR T exclusion" in worksheet
    assert "adjudicated" in worksheet
    assert "First , first reading" in worksheet
    assert "Second , second reading" in worksheet
    assert "Judge , adjudication reading" in worksheet


def test_a_settlement_over_something_unseen_is_refused(differing):
    client = differing.client("judge")
    settled = {"criterion": "prior_car_t", "verdict": "met", "reason": "misread", "expected": "0"}
    client.post(chart(differing, "/adjudication/decide"), data=settled)

    answer = client.post(chart(differing, "/adjudication/decide"), data={**settled, "verdict": "unknown"})

    assert answer.status_code == 409
    assert "settled: met" in shown(answer)


def test_the_worksheet_holds_verdicts_words_versions_and_digests(lite_room):
    with lite_room.store.writing() as session:
        from chartsift.api.services import charts

        charts.patient_of(session, lite_room.study_id, lite_room.patient_id).needs_second = False
    client = read(lite_room, "first", iim_diagnosis="met", prior_car_t="not_met")

    page = client.get(chart(lite_room, "/worksheet"))

    words = shown(page)
    assert "undetermined, still open: MSA subtype" in words
    assert "dermatomyositis . 2024-05-01" in words
    assert "first on iim_diagnosis" in words
    assert "1 of 1 notes" in words
    assert re.search(r"SHA-256 [0-9a-f]{64}", words)
    assert "f" * 16 in words


def test_there_is_no_worksheet_before_the_record(lite_room):
    assert "There is none yet" in shown(lite_room.client("first").get(chart(lite_room, "/worksheet")))


def test_agreement_is_said_in_plain_words(differing):
    page = differing.client("manager").get(f"/studies/{differing.study_id}/agreement")

    words = shown(page)
    assert "Prior CAR T In the one chart the two readers differed." in words
    assert "IIM diagnosis In the one chart the two readers agreed." in words
    assert re.search(r"First Prior CAR T \d of 1", words)


def test_pictures_lead_to_words_and_a_blind_reader_sees_notes_only(lite_room):
    client = lite_room.client("first")
    seen = client.get(chart(lite_room, "/pictures"))
    assert "Antibodies" in shown(seen)
    assert re.search(r'<a href="[^"]*at=\d+-\d+#at"', seen.text)
    with lite_room.store.writing() as session:
        from chartsift.api.services import charts

        charts.patient_of(session, lite_room.study_id, lite_room.patient_id).is_blind_first = True

    blind = client.get(chart(lite_room, "/pictures"))

    assert "Antibodies" not in shown(blind)
    assert "CK" not in shown(blind)
    assert "2024-05-01: Clinic" in blind.text


def test_a_manager_assigns_and_comes_back_to_the_same_list(lite_room):
    client = lite_room.client("manager")
    back = f"/studies/{lite_room.study_id}?order=age"

    answer = client.post(
        chart(lite_room, "/assign"), data={"reader": lite_room.users["second"], "back": back}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, back)
    refused = lite_room.client("first").post(
        chart(lite_room, "/decide"), data={"criterion": "iim_diagnosis", "verdict": "met", "expected": "0"}
    )
    assert refused.status_code == 409
    elsewhere = client.post(chart(lite_room, "/assign"), data={"reader": "", "back": "//evil.example"})
    assert elsewhere.headers["location"] == "/"
    stranger = client.post(chart(lite_room, "/assign"), data={"reader": lite_room.users["stranger"]})
    assert stranger.status_code == 404
