"""The FHIR resources are valid R4, say what the run says, and define every code that they use."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module

import pyarrow.parquet as pq
import pytest
from support.fake_pipeline import FakePipeline
from support.finished_run import note, run_of_files, run_of_notes, run_of_samples

from chartsift.nlp.screening.writers import write_exports
from chartsift.nlp.screening.writers.fhir_terms import BASE, DERIVATION, EVIDENCE

# R4B: fhir.resources has no R4 any more, and none of these resources changed from R4 (4.0.1) to R4B (4.3.0).
MODELS = {
    "Observation": "observation",
    "CodeSystem": "codesystem",
    "StructureDefinition": "structuredefinition",
    "ResearchStudy": "researchstudy",
}


def export(results):
    folder = write_exports(results, ["fhir"])[0].folder
    return folder, {name: read(folder / f"{name}.ndjson") for name in MODELS}


def read(path):
    # Cut at line feeds alone: that is what NDJSON means.
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


def check(resources):
    """Hold every resource against its model; what the model gives back is what was written."""
    for name, items in resources.items():
        model = getattr(import_module(f"fhir.resources.R4B.{MODELS[name]}"), name)
        for item in items:
            assert json.loads(model.model_validate(item).model_dump_json()) == item


@pytest.fixture(scope="module")
def sample(tmp_path_factory, pipeline):
    results = run_of_samples(tmp_path_factory.mktemp("fhir") / "out", pipeline)
    return results, *export(results)


def verdicts(resources):
    """The observations of criteria, without those of cohorts."""
    return [item for item in resources["Observation"] if "hasMember" not in item]


def cohorts(resources):
    return [item for item in resources["Observation"] if "hasMember" in item]


def code_of(concept):
    return concept["coding"][0]["code"]


def evidence(observation):
    """The evidence of an observation as (stance, text, reference, offset, length)."""
    found = []
    for item in observation["extension"]:
        if item["url"] != EVIDENCE:
            continue
        parts = {part["url"]: part for part in item["extension"]}
        place = {part["url"]: part for part in parts[DERIVATION]["extension"]}
        found.append(
            (
                parts["stance"]["valueCode"],
                parts["text"]["valueString"],
                place["reference"]["valueReference"],
                place["offset"]["valueInteger"],
                place["length"]["valueInteger"],
            )
        )
    return found


def test_every_resource_of_the_sample_charts_is_valid_r4(sample):
    _, _, resources = sample

    assert len(resources["Observation"]) > 200
    check(resources)


def test_every_verdict_of_the_applicable_cohort_is_one_observation(sample):
    results, _, resources = sample
    applicable = {
        (row["patient_id"], row["cohort_id"])
        for row in pq.read_table(results.path("cohorts")).to_pylist()
        if row["applicable"]
    }
    expected = [
        (row["patient_id"], row["criterion_id"], row["status"], row["basis"], len(row["evidence"]))
        for row in pq.read_table(results.path("criteria")).to_pylist()
        if (row["patient_id"], row["cohort_id"]) in applicable
    ]

    found = [
        (
            item["subject"]["identifier"]["value"],
            code_of(item["code"]),
            code_of(item["valueCodeableConcept"]),
            next(
                code_of(c["valueCodeableConcept"]) for c in item["component"] if code_of(c["code"]) == "basis"
            ),
            len(evidence(item)),
        )
        for item in verdicts(resources)
    ]
    assert found == expected


def test_a_cohort_has_its_criteria_as_members_and_their_ids_are_unique(sample):
    results, _, resources = sample
    ids = [item["id"] for item in resources["Observation"]]
    members = [
        member["reference"].removeprefix("Observation/")
        for item in cohorts(resources)
        for member in item["hasMember"]
    ]

    assert len(set(ids)) == len(ids)
    assert sorted(members) == sorted(item["id"] for item in verdicts(resources))
    assert len(cohorts(resources)) == results.manifest["counts"]["patients_screened"]
    assert {item["status"] for item in resources["Observation"]} == {"preliminary"}


def test_evidence_points_at_exact_words(sample, checkout):
    _, _, resources = sample
    texts = {}
    for path in (checkout / "annotations" / "charts").glob("*.json"):
        chart = json.loads(path.read_text(encoding="utf-8"))
        for item in chart["notes"]:
            texts[chart["patient_id"], item["note_id"]] = item["text"]

    spans = 0
    for item in verdicts(resources):
        for _, words, reference, offset, length in evidence(item):
            spans += 1
            text = texts[item["subject"]["identifier"]["value"], reference["identifier"]["value"]]
            assert text[offset : offset + length] == words
    assert spans > 300


def codes_used(value, found):
    """Collect (system, code, display) of chartsift's own systems anywhere in a resource."""
    if isinstance(value, dict):
        if str(value.get("system", "")).startswith(BASE) and "code" in value:
            found.add((value["system"], value["code"], value["display"]))
        if value.get("url") == "stance":
            found.add((f"{BASE}:evidence-stance", value["valueCode"], value["valueCode"].replace("_", " ")))
        for item in value.values():
            codes_used(item, found)
    elif isinstance(value, list):
        for item in value:
            codes_used(item, found)
    return found


def test_every_code_is_defined_and_none_is_of_another_system(sample):
    _, _, resources = sample
    defined = {
        (system["url"], concept["code"], concept["display"])
        for system in resources["CodeSystem"]
        for concept in system["concept"]
    }

    used = codes_used(resources["Observation"], set())

    assert {system for system, _, _ in used} >= {
        f"{BASE}:verdict-status",
        f"{BASE}:criterion:reset-myositis:adult",
    }
    assert used <= defined
    text = json.dumps(resources["Observation"])
    for system in ("loinc", "snomed", "rxnorm"):
        assert system not in text.lower()


def test_the_manifest_counts_what_the_files_hold(sample):
    _, folder, resources = sample
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert {item["type"]: item["count"] for item in manifest["output"]} == {
        k: len(v) for k, v in resources.items()
    }
    assert all((folder / item["url"]).is_file() for item in manifest["output"])


def test_ids_are_the_same_in_the_next_run(sample, tmp_path, pipeline):
    _, _, resources = sample
    _, again = export(run_of_samples(tmp_path / "out", pipeline))

    assert [item["id"] for item in again["Observation"]] == [item["id"] for item in resources["Observation"]]


def test_references_are_those_of_fhir_input(tmp_path):
    def document(kind, name, text):
        from base64 import b64encode

        content = {"contentType": "text/plain", "data": b64encode(text.encode()).decode()}
        resource = {
            "resourceType": kind,
            "id": name,
            "status": "final",
            "subject": {"reference": "Patient/p-1"},
        }
        if kind == "DocumentReference":
            return resource | {
                "status": "current",
                "date": "2024-05-01T09:00:00Z",
                "content": [{"attachment": content}],
            }
        return resource | {
            "effectiveDateTime": "2024-05-02",
            "presentedForm": [content],
            "code": {"text": "Report"},
        }

    lines = [
        document("DocumentReference", "d7", "CAR T given"),
        document("DiagnosticReport", "r9", "lung transplant"),
    ]
    (tmp_path / "notes.ndjson").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    _, resources = export(run_of_files(tmp_path / "out", tmp_path / "notes.ndjson"))
    check(resources)

    by_code = {code_of(item["code"]): item for item in verdicts(resources)}
    assert {json.dumps(item["subject"]) for item in resources["Observation"]} == {
        '{"reference": "Patient/p-1"}'
    }
    assert by_code["prior_car_t"]["derivedFrom"] == [{"reference": "DocumentReference/d7"}]
    assert evidence(by_code["prior_car_t"])[0][2] == {"reference": "DocumentReference/d7"}
    # R4 lets no observation be derived from a report; the evidence itself names it.
    assert "derivedFrom" not in by_code["prior_transplant"]
    assert evidence(by_code["prior_transplant"])[0][2] == {"reference": "DiagnosticReport/r9"}


class Whole(FakePipeline):
    """Quotes the whole note."""

    def extract(self, note):
        return [replace(f, start=0, end=len(note.text), text=note.text) for f in super().extract(note)]


class Text(HTMLParser):
    """The tags and the text of a narrative."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


HOSTILE = 'CAR T \x0c\x01 </p><script>x</script> & "q" \u2028\u2029\x85 😀\r\n\ttail'


def test_hostile_text_stays_text_and_every_resource_one_line(tmp_path):
    name = 'P</p>" \u2028😀'
    results = run_of_notes(tmp_path, [note(name, 'n<b>"', HOSTILE)], pipeline=Whole)
    folder, resources = export(results)
    check(resources)

    found = next(item for item in verdicts(resources) if code_of(item["code"]) == "prior_car_t")
    stance, words, reference, offset, length = evidence(found)[0]
    assert (stance, offset, length) == ("for", 0, len(HOSTILE))
    # FHIR strings hold no control characters: each became one stand-in, so that lengths stay.
    assert words == HOSTILE.replace("\x0c", "\ufffd").replace("\x01", "\ufffd")
    assert len(words) == length
    assert reference["identifier"]["value"] == 'n<b>"'
    assert found["subject"]["identifier"]["value"] == name
    assert {tag for item in resources["Observation"] for tag in Text(item["text"]["div"]).tags} == {
        "div",
        "p",
    }
    lines = (folder / "Observation.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(resources["Observation"])
