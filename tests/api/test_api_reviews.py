"""Double reading through the HTTP interface: nothing of the first reader comes out to the second, whatever is asked."""

from __future__ import annotations

import pytest
from support.fake_screener import CRITERIA

SECRET = "Zzyzx the first reader's own words"


def read_all(client, room, *, comment="", **changes):
    """Read the chart and sign it; return the state that it goes to."""
    assert client.post(f"{room.chart}/reviews").status_code == 200
    for criterion in CRITERIA:
        body = {
            "criterion_id": criterion,
            "verdict": changes.get(criterion, "met"),
            "reason": "clinical_judgement",
            "comment": comment,
            "expected": 0,
        }
        answer = client.post(f"{room.chart}/decisions", json=body)
        assert answer.status_code == 200, answer.text
    version = client.get(f"{room.chart}/reviews").json()["items"][0]["version"]
    return client.post(f"{room.chart}/signature", json={"expected": version}).json()["state"]


def everything(client, room):
    """Return what a person gets from every address of the chart and the study that can be read."""
    parts = ["", "/reviews", "/decisions", "/notes", "/result", "/findings"]
    answers = [client.get(f"{room.chart}{part}") for part in parts]
    answers += [
        client.get(f"{room.study}/{part}")
        for part in ("patients", "patients/next", "adjudications", "agreement", "audit")
    ]
    answers += [
        client.get(f"/studies/{room.study_id}"),
        client.get(f"/studies/{room.study_id}/patients/{room.patient_id}"),
    ]
    return "\n".join(answer.text for answer in answers)


@pytest.mark.parametrize("name", ["second", "viewer", "judge", "manager", "chief"])
def test_nobody_sees_the_first_reading_before_the_end(room, name):
    first = room.client("first")
    assert read_all(first, room, comment=SECRET) == "second_review"
    reviewed = first.get(f"{room.chart}/decisions").json()
    other = room.client(name)
    if name == "second":
        other.post(f"{room.chart}/reviews")

    seen = everything(other, room)

    assert SECRET in first.get(f"{room.chart}/decisions").text
    assert SECRET not in seen
    # The form offers every reason to everybody, and none of them chosen.
    assert 'value="clinical_judgement" selected' not in seen
    assert "clinical_judgement" not in seen.replace('<option value="clinical_judgement">', "")
    assert other.get(f"{room.chart}/decisions").json()["total"] == 0
    assert reviewed["items"][0]["result_fingerprint"] not in other.get(f"{room.chart}/reviews").text


def test_after_the_end_everyone_of_the_study_sees_the_record(room):
    read_all(room.client("first"), room, comment=SECRET)
    assert read_all(room.client("second"), room) == "signed"

    found = room.client("viewer").get(f"{room.chart}/reviews").json()

    assert {one["verdict"] for one in found["record"]} == {"met"}
    assert {one["slot"] for one in found["items"]} == {"first", "second"}


def test_settling_shows_two_readers_without_names_and_makes_the_record(room):
    read_all(room.client("first"), room)
    assert read_all(room.client("second"), room, prior_car_t="not_met") == "to_adjudicate"
    judge = room.client("judge")

    queue = judge.get(f"{room.study}/adjudications").json()["items"]
    shown = judge.get(f"{room.chart}/reviews").json()["items"]
    text = judge.get(f"{room.chart}/reviews").text + judge.get(f"{room.chart}/decisions").text
    judge.post(f"{room.chart}/adjudication")
    body = {"criterion_id": "prior_car_t", "verdict": "not_met", "reason": "misread", "expected": 0}
    settled = judge.post(f"{room.chart}/adjudication/decisions", json=body)
    signed = judge.post(f"{room.chart}/adjudication/signature", json={"expected": 1})

    assert [one["criterion_id"] for one in queue[0]["disagreements"]] == ["prior_car_t"]
    assert [(one["reader"], one["slot"]) for one in shown] == [("A", None), ("B", None)]
    assert not any(name in text for name in ("First", "Second", room.users["first"], room.users["second"]))
    assert (settled.status_code, signed.json()["state"]) == (200, "signed")
    record = judge.get(f"{room.chart}/reviews").json()["record"]
    assert {one["criterion_id"]: (one["verdict"], one["settled"]) for one in record}["prior_car_t"] == (
        "not_met",
        "adjudicated",
    )


def test_a_decision_sent_twice_under_one_key_is_one_decision(room):
    client = room.client("first")
    client.post(f"{room.chart}/reviews")
    body = {"criterion_id": "iim_diagnosis", "verdict": "met", "expected": 0, "comment": "😀"}
    headers = {"Idempotency-Key": "k-1"}

    one = client.post(f"{room.chart}/decisions", json=body, headers=headers)
    again = client.post(f"{room.chart}/decisions", json=body, headers=headers)
    other = client.post(f"{room.chart}/decisions", json={**body, "verdict": "unknown"}, headers=headers)

    assert one.json() == again.json()
    assert other.json()["code"] == "CO604"
    assert client.get(f"{room.chart}/decisions").json()["total"] == 1


def test_a_note_added_is_kept_exactly_and_read_and_not_added_twice(room):
    client = room.client("first")
    text = "👩‍⚕️ e\u0301\r\n\tdermatomyositis \u00a0.\r"
    body = {"note_id": "N2", "note_date": "2024-06-01", "note_type": "Clinic", "text": text}

    added = client.post(f"{room.chart}/notes", json=body).json()
    again = client.post(f"{room.chart}/notes", json={**body, "note_id": "N3"}).json()
    clash = client.post(f"{room.chart}/notes", json={**body, "text": "other"}).json()

    assert (added["is_new"], again["is_new"], clash["code"]) == (True, False, "CO605")
    got = client.get(f"{room.chart}/notes/{added['note']['id']}").json()
    assert got["text"] == text
    findings = client.get(f"{room.chart}/findings").json()["items"]
    mine = [one for one in findings if one["note_id"] == "N2"]
    assert mine
    assert all(text[one["start"] : one["end"]] == one["text"] for one in mine)


def test_a_blind_reader_gets_no_proposal_from_any_address(room):
    from chartsift.api.db.tables import StudyPatient

    with room.store.writing() as session:
        session.get_one(StudyPatient, room.patient_id).is_blind_first = True
    client = room.client("first")
    client.post(f"{room.chart}/reviews")

    seen = everything(client, room)

    assert client.get(f"{room.chart}/result").json()["code"] == "AC508"
    assert client.get(f"{room.chart}/findings").json()["code"] == "AC508"
    # What a proposal looks like in a list, in an answer and in a note; the viewer gets all three.
    looks = ('class="state s-undetermined"', '"missing":["muscle_weakness"]', "<mark")
    assert not any(look in seen for look in looks)
    assert all(look in everything(room.client("viewer"), room) for look in looks)
