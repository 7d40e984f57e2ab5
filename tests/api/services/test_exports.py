"""What leaves the room: signed charts alone, as they were decided, in every format."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from importlib import import_module

import pytest
from support.rooms import TEXT, make_room
from support.signing import read_and_sign

from chartsift.annotations.check import check_charts
from chartsift.api.db.tables import User
from chartsift.api.services import audit, charts, reviews, studies


@pytest.fixture
def single(store):
    """A room where one reader is enough, with a signed chart, and one that is still being read."""
    room = make_room(store, second_review_share=0.0)
    room.add_chart("aB-2", "=Dermatomyositis, kidney transplant 2019. Anti-Jo-1.", sex="M")
    other = room.add_chart("Open-3", "Jo-1 positive. OPENCANARY")
    read_and_sign(
        room, room.patient_id, verdicts={"muscle_weakness": "met"}, comment="=HYPERLINK(1); seen, on the ward"
    )
    with room.store.writing() as session:
        reviews.open_review(session, room.study_id, other, room.users["second"])
    return room


def fetch(room, name, who="manager"):
    answer = room.client(who).get(f"{room.study}/exports/{name}")
    assert answer.status_code == 200, answer.text
    return answer


def members(answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_screening_log_holds_what_was_decided_and_by_whom(single):
    files = members(fetch(single, "redcap"))
    (row,) = csv.DictReader(io.StringIO(files["screening_log.csv"].decode(), newline=""))
    fields = [
        line["Variable / Field Name"]
        for line in csv.DictReader(io.StringIO(files["data_dictionary.csv"].decode()))
    ]

    assert (row["patient_id"], row["reviewed_by"], row["review_date"]) == ("SITE-1", "First", "2024-07-15")
    # active_disease is unknown: undetermined, not the proposal of the machine alone.
    assert (row["screen_status"], row["final_status"]) == ("3", "3")
    assert row["weakness_st"] == "1"
    # A spreadsheet must not take a comment for a formula.
    assert not row["review_comment"].startswith(("=", "+", "-", "@"))
    assert {name.partition("___")[0] for name in row} <= set(fields)


def resources_of(answer) -> dict[str, list[dict]]:
    """Return the resources of a FHIR export by type, each held against its model of R4."""
    found: dict[str, list[dict]] = {}
    for name, content in members(answer).items():
        if not name.endswith(".ndjson"):
            continue
        lines = content.decode().split("\n")
        assert lines.pop() == ""
        for line in lines:
            resource = json.loads(line)
            kind = resource["resourceType"]
            model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
            assert json.loads(model.model_validate(resource).model_dump_json()) == resource
            found.setdefault(kind, []).append(resource)
    return found


def by_criterion(observations):
    return {one["code"]["coding"][0]["code"]: one for one in observations}


def performers(observation):
    return [one["display"] for one in observation["performer"]]


def test_fhir_says_final_by_whom_when_and_holds_the_words(single):
    observations = resources_of(fetch(single, "fhir"))["Observation"]
    by_code = by_criterion(observations)

    assert {one["status"] for one in observations} == {"final"}
    assert {one["issued"] for one in observations} == {"2024-07-15T09:00:00Z"}
    assert {json.dumps(one["performer"]) for one in observations} == {
        json.dumps(
            [
                {
                    "type": "Practitioner",
                    "identifier": {"system": "urn:chartsift:fhir:reader", "value": single.users["first"]},
                    "display": "First",
                }
            ]
        )
    }
    weakness = by_code["muscle_weakness"]
    assert weakness["valueCodeableConcept"]["coding"][0]["code"] == "met"
    assert weakness["note"][-1] == {
        "authorReference": weakness["performer"][0],
        "time": "2024-07-15T09:00:00Z",
        "text": "known from a source outside these notes; =HYPERLINK(1); seen, on the ward",
    }
    assert "Anti-Jo-1" in json.dumps(by_code["msa_subtype"])


def test_fhir_names_both_readers_where_they_agree_and_else_who_settled(room, clock):
    odd = "Dr. X\u2028\u0007 <b>"
    with room.store.writing() as session:
        session.get(User, room.users["second"]).display_name = odd
    read_and_sign(room, room.patient_id, "first", {"prior_car_t": "met"})
    clock.forward(hours=1)
    read_and_sign(room, room.patient_id, "second", {"prior_car_t": "not_met"})
    clock.forward(hours=1)
    settle(room, "prior_car_t", "met")

    observations = resources_of(fetch(room, "fhir"))["Observation"]
    by_code = by_criterion(observations)

    named = odd.replace("\u0007", "\ufffd")
    assert performers(by_code["prior_transplant"]) == ["First", named]
    assert performers(by_code["prior_car_t"]) == ["Judge"]
    assert by_code["prior_car_t"]["note"][-1]["text"] == "clinical judgement"
    assert performers(by_code["adult"]) == ["First", named, "Judge"]
    assert {one["issued"] for one in observations} == {"2024-07-15T11:00:00Z"}


def settle(room, criterion, verdict, who="judge"):
    """Settle the one criterion that the readers of the room's chart differ on, and sign."""
    client, here = room.client(who), f"{room.chart}/adjudication"
    assert client.post(here).status_code == 200
    body = {"criterion_id": criterion, "verdict": verdict, "reason": "clinical_judgement", "expected": 0}
    assert client.post(f"{here}/decisions", json=body).status_code == 200
    answer = client.post(f"{here}/signature", json={"expected": 1})
    assert answer.json()["state"] == "signed", answer.text


def test_note_nlp_has_offsets_that_lead_to_the_words(single):
    files = members(fetch(single, "omop"))
    (name,) = [name for name in files if name.upper().startswith("NOTE_NLP") and name.endswith(".csv")]
    found = list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))

    assert found
    for row in found:
        start = int(row["offset"])
        assert TEXT[start : start + len(row["lexical_variant"])] == row["lexical_variant"]


def test_the_whole_record_as_json(single):
    (line,) = fetch(single, "json").text.splitlines()
    record = json.loads(line)
    criteria = {one["criterion_id"]: one for one in record["criteria"]}

    assert (record["patient_id"], record["status"], record["reviewers"]) == (
        "SITE-1",
        "undetermined",
        ["First"],
    )
    assert criteria["muscle_weakness"] | {"evidence": []} == {
        "criterion_id": "muscle_weakness",
        "verdict": "met",
        "settled": "single",
        "comment": "=HYPERLINK(1); seen, on the ward",
        "proposed": "unknown",
        "basis": "no_mention",
        "evidence": [],
    }
    for item in criteria["msa_subtype"]["evidence"]:
        assert TEXT[item["start"] : item["end"]] == item["text"]
    assert len(record["acts"]) == 8
    assert record["acts"][0]["by"] == "First"


@pytest.mark.parametrize("name", ["redcap", "fhir", "omop", "json"])
def test_what_is_not_signed_does_not_leave(single, name):
    content = fetch(single, name).content
    said = b"".join(members(fetch(single, name)).values()) if name != "json" else content

    assert b"Open-3" not in said
    assert b"OPENCANARY" not in said
    assert b"aB-2" not in said


@pytest.mark.parametrize("name", ["redcap", "fhir", "omop", "json"])
def test_every_signed_chart_is_there_in_one_order_on_both_databases(single, name):
    for patient in ("Z9", "a1", "ä", "B 2", "_x"):
        read_and_sign(single, single.add_chart(patient, "Dermatomyositis."))
    answer = fetch(single, name)

    if name == "json":
        said = [json.loads(line)["patient_id"] for line in answer.text.splitlines()]
        assert said == sorted(["SITE-1", "Z9", "a1", "ä", "B 2", "_x"])
    elif name == "redcap":
        log = io.StringIO(members(answer)["screening_log.csv"].decode(), newline="")
        assert sorted(row["patient_id"] for row in csv.DictReader(log)) == sorted(
            ["SITE-1", "Z9", "a1", "ä", "B 2", "_x"]
        )


def test_an_export_is_in_the_audit_trail_and_nothing_of_it_stays(single, tmp_path, monkeypatch):
    place = tmp_path / "exports"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    fetch(single, "redcap")
    fetch(single, "json")

    assert list(place.iterdir()) == []
    with single.store.reading() as session:
        acts = [e.details for e in audit.trail(session, single.study_id).entries if e.action == "export.made"]
    assert acts == [{"format": "json", "patients": 1}, {"format": "redcap", "patients": 1}]


def test_without_a_signed_chart_and_without_the_right_there_is_nothing(room):
    assert room.client("manager").get(f"{room.study}/exports/json").json()["code"] == "CO625"
    assert room.client("first").get(f"{room.study}/exports/json").json()["code"] == "AC502"
    assert room.client("manager").get(f"{room.study}/exports/pdf").json()["code"] == "HT805"
    page = room.client("manager").get(f"/studies/{room.study_id}/exports")
    assert "0 of 1 charts are signed" in page.text


def test_a_trial_without_the_format_has_no_annotated_charts(single):
    assert single.client("manager").get(f"{single.study}/exports/annotations").json()["code"] == "CO626"


def test_decisions_become_annotated_charts_that_pass_the_check(lite_room, pipeline, tmp_path):
    """The sample charts, read by the pipeline, decided by people who overrule it now and then."""
    from chartsift.api.intake import sample_charts
    from chartsift.api.screener import PipelineScreener

    room = lite_room
    room.screener = PipelineScreener(pipeline)
    trial = room.screener.trial("reset-myositis")
    with room.store.writing() as session:
        study = studies.create_study(session, title="Real", trial=trial, second_review_share=0.0)
        for who, role in (("first", "reviewer"), ("manager", "trial_manager")):
            studies.set_member(session, study.id, room.users[who], role, actor_id="system")
        room.study_id = study.id
        added = []
        for chart in sample_charts(room.settings).charts:
            patient = charts.add_patient(session, study, chart.patient)
            for note in chart.notes:
                charts.add_note(session, patient, note)
            added.append(patient.id)
    from chartsift.api.services import evaluation

    for patient_id in added:
        evaluation.evaluate_patient(room.store, room.screener, room.study_id, patient_id)
    # One verdict rests on something outside of the notes, which the format cannot tell.
    read_and_sign(room, added[0], verdicts={"investigator_concern": "not_met"})
    read_and_sign(room, added[1], verdicts={"flu_cy_reaction": "met"})
    for patient_id in added[2:]:
        read_and_sign(room, patient_id)

    files = members(fetch(room, "annotations"))
    left_out = files.pop("left_out.csv").decode().splitlines()[1:]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    assert check_charts([tmp_path / "charts"]) == []
    assert len(files) + len(left_out) == len(added)
    assert len(files) >= len(added) - 1
    (first,) = [json.loads(c) for n, c in files.items() if n.endswith("00001.json")] or [None]
    assert first is None or first["gold"]["criteria"]["investigator_concern"]["basis"] == "judgement"
