"""
FHIR R4: a verdict is an ``Observation`` with its evidence, as NDJSON files like those of a Bulk Data export.

One observation a criterion of the patient's own cohort, and one for the cohort that has them as members. They are
``preliminary``: proposals that a person has still to confirm, which is also why no ``ResearchSubject`` is written.
A piece of evidence is an extension of the observation; where it stands is told by HL7's ``derivation-reference``.

Codes are chartsift's own and defined in ``CodeSystem.ndjson``; nothing is mapped to a terminology that would have to
be guessed. docs/output.md says why these resources were chosen.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from chartsift.nlp.screening import words
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import Row
from chartsift.nlp.screening.writers.base import ExportOptions, PatientTables, read_patients
from chartsift.nlp.screening.writers.fhir_terms import (
    BASE,
    DERIVATION,
    EVIDENCE,
    RESEARCH_STUDY,
    code_systems,
    coded,
    criterion_system,
    evidence_definition,
)

Resource = dict[str, Any]

# A note of FHIR input is named as FHIR does, by its type and id.
_LITERAL = re.compile(r"(DocumentReference|DiagnosticReport|Composition)/[A-Za-z0-9.\-]{1,64}")
_FHIR_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
# Characters that a FHIR string may not hold; they are replaced one for one, so that lengths stay.
_NOT_ALLOWED = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\r\n"}
# Of Observation.derivedFrom in R4, the only type that a note can have.
_DERIVED_FROM = "DocumentReference"

_COLUMNS = {
    "cohorts": (
        "trial_id", "cohort_id", "applicable", "status", "as_of", "missing", "score", "trial_version",
        "notes_read", "notes_unread",
    ),
    "criteria": (
        "trial_id", "cohort_id", "criterion_id", "kind", "status", "basis", "confidence", "rationale", "flags",
        "evidence", "next_step", "valid_until", "changes_to", "searched", "trial_version",
    ),
    "notes": ("note_id",),
}  # fmt: skip


def write_fhir(results: RunResults, folder: Path, options: ExportOptions) -> dict[str, int]:
    """Write the resources of a run as NDJSON, and ``manifest.json``, into *folder*; return the rows by file."""
    del options
    trial = results.manifest["trial"]
    shared = {
        "CodeSystem": code_systems(trial),
        "StructureDefinition": [evidence_definition()],
        "ResearchStudy": [_study(trial)],
    }
    rows: dict[str, int] = {}
    for name, resources in shared.items():
        with _ndjson(folder / f"{name}.ndjson") as file:
            rows[f"{name}.ndjson"] = _write_lines(file, iter(resources))
    with _ndjson(folder / "Observation.ndjson") as file:
        rows["Observation.ndjson"] = _write_lines(file, _observations(results))
    manifest = {
        "transactionTime": _instant(results.manifest["times"]["finished_at"]),
        "request": f"{BASE}:run:{results.manifest['fingerprint']}",
        "requiresAccessToken": False,
        "output": [
            {"type": name.removesuffix(".ndjson"), "url": name, "count": count}
            for name, count in rows.items()
        ],
        "error": [],
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")
    return rows


def _ndjson(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _write_lines(file: TextIO, resources: Iterator[Resource]) -> int:
    count = 0
    for count, resource in enumerate(resources, start=1):  # noqa: B007 - the number of the last one
        # Line separators of Unicode are escaped, so that every reader cuts lines at the same places.
        line = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        file.write(
            line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085") + "\n"
        )
    return count


def _observations(results: RunResults) -> Iterator[Resource]:
    run = _Run(results)
    for patient in read_patients(results, _COLUMNS):
        yield from run.observations(patient)


class _Run:
    """What the observations of one run share."""

    def __init__(self, results: RunResults) -> None:
        manifest = results.manifest
        self._labels = results.labels()
        self._trial = manifest["trial"]
        self._cohort_labels = {cohort["cohort_id"]: cohort["label"] for cohort in self._trial["cohorts"]}
        self._issued = _instant(manifest["times"]["finished_at"])
        self._device = {
            "type": "Device",
            "identifier": {"system": f"{BASE}:run", "value": manifest["fingerprint"]},
            "display": f"chartsift {manifest['versions']['chartsift']}",
        }

    def observations(self, patient: PatientTables) -> Iterator[Resource]:
        """Yield the observation of each criterion of the patient's cohort, then that of the cohort."""
        cohort = patient.cohort
        is_fhir = any(_LITERAL.fullmatch(row["note_id"]) for row in patient.rows["notes"])
        subject = _subject(patient.patient_id, is_fhir=is_fhir)
        members = []
        for row in patient.applicable_criteria():
            observation = self._criterion(row, subject, cohort)
            members.append({"reference": f"Observation/{observation['id']}"})
            yield observation
        yield self._cohort(cohort, subject, members)

    def _common(self, key: str, subject: Resource, as_of: Any, extensions: Sequence[Resource]) -> Resource:
        study = {
            "url": RESEARCH_STUDY,
            "valueReference": {"reference": f"ResearchStudy/{study_id(self._trial)}"},
        }
        return {
            "resourceType": "Observation",
            "id": key,
            "text": {},
            "extension": [study, *extensions],
            "identifier": [{"system": f"{BASE}:verdict", "value": key}],
            # A proposal; the site makes it final when a person has confirmed it.
            "status": "preliminary",
            "code": {},
            "subject": subject,
            "effectiveDateTime": as_of.isoformat(),
            "issued": self._issued,
        }

    def _criterion(self, row: Row, subject: Resource, cohort: Row) -> Resource:
        label = self._labels[f"{row['cohort_id']}/{row['criterion_id']}"]
        verdict = words.verdict_words(row)
        evidence = row["evidence"] or []
        key = verdict_id(row["patient_id"], row["trial_id"], row["cohort_id"], row["criterion_id"])
        made = self._common(key, subject, cohort["as_of"], [_evidence(item) for item in evidence])
        notes = [
            text for text in (row["rationale"], row["next_step"] and f"Next: {row['next_step']}") if text
        ]
        made["text"] = _narrative(f"{label} ({row['kind']}): {verdict}", notes)
        made["code"] = coded(criterion_system(row["trial_id"], row["cohort_id"]), row["criterion_id"], label)
        made["valueCodeableConcept"] = coded("verdict-status", row["status"], text=verdict)
        if notes:
            made["note"] = [{"text": _string(text)} for text in notes]
        made["device"] = self._device
        if sources := _derived_from(evidence):
            made["derivedFrom"] = sources
        made["component"] = _criterion_components(row)
        return made

    def _cohort(self, row: Row, subject: Resource, members: list[Resource]) -> Resource:
        label = self._cohort_labels[row["cohort_id"]]
        status = words.COHORT_WORDS[row["status"]]
        key = verdict_id(row["patient_id"], row["trial_id"], row["cohort_id"])
        made = self._common(key, subject, row["as_of"], [])
        made["text"] = _narrative(f"{self._trial['title']}, {label}: {status}", [])
        made["code"] = coded(f"cohort:{row['trial_id']}", row["cohort_id"], label)
        made["valueCodeableConcept"] = coded("cohort-status", row["status"], status)
        made["device"] = self._device
        if members:
            made["hasMember"] = members
        made["component"] = [
            _component("score", "valueQuantity", _unity(row["score"])),
            _component("notes-read", "valueInteger", row["notes_read"]),
            _component("notes-unread", "valueInteger", row["notes_unread"]),
            _component("trial-version", "valueString", _string(row["trial_version"])),
            *(_component("missing", "valueString", name) for name in row["missing"]),
        ]
        return made


def verdict_id(*parts: str) -> str:
    """
    Return the id of the observation of a verdict, from patient, trial, cohort and criterion.

    It is the same in every run, so that a later run's verdict is an update of the earlier one's resource.
    """
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()[:40]


def study_id(trial: dict[str, Any]) -> str:
    """Return the id of the resource of the trial: its own where that is one of FHIR, else a digest."""
    name = str(trial["trial_id"])
    return name if _FHIR_ID.fullmatch(name) else verdict_id(name)


def note_reference(note_id: str) -> Resource:
    """Return a reference to a note: as FHIR input named it, else by its identifier."""
    if _LITERAL.fullmatch(note_id):
        return {"reference": note_id}
    return {"type": _DERIVED_FROM, "identifier": {"system": f"{BASE}:note", "value": _string(note_id)}}


def _subject(patient_id: str, *, is_fhir: bool) -> Resource:
    if is_fhir and _FHIR_ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"type": "Patient", "identifier": {"system": f"{BASE}:patient", "value": _string(patient_id)}}


def _study(trial: dict[str, Any]) -> Resource:
    return {
        "resourceType": "ResearchStudy",
        "id": study_id(trial),
        "text": _narrative(trial["title"], []),
        "identifier": [{"system": f"{BASE}:trial", "value": trial["trial_id"]}],
        "title": trial["title"],
        # Whether the trial recruits is not chartsift's to say; R4 allows an absent code with its reason.
        "_status": {
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
            ]
        },
        "description": f"Criteria version {trial['version']}. {trial['source']}".strip(),
    }


def _criterion_components(row: Row) -> list[Resource]:
    made = [
        _component("kind", "valueCodeableConcept", coded("criterion-kind", row["kind"])),
        _component("basis", "valueCodeableConcept", coded("verdict-basis", row["basis"])),
        _component("confidence", "valueQuantity", _unity(row["confidence"])),
    ]
    if row["valid_until"] is not None:
        made.append(_component("valid-until", "valueDateTime", row["valid_until"].isoformat()))
        made.append(
            _component("changes-to", "valueCodeableConcept", coded("verdict-status", row["changes_to"]))
        )
    if row["searched"]:
        made.append(_component("searched-notes", "valueInteger", row["searched"]["notes"]))
        made.append(_component("searched-terms", "valueInteger", row["searched"]["terms"]))
    made.extend(_component("flag", "valueString", _string(flag)) for flag in row["flags"])
    return made


def _component(code: str, kind: str, value: Any) -> Resource:
    return {"code": coded("component", code), kind: value}


def _unity(value: float) -> Resource:
    """Return a share from 0 to 1 as a quantity of the UCUM unit "1"."""
    return {"value": round(value, 6), "system": "http://unitsofmeasure.org", "code": "1"}


def _evidence(item: Row) -> Resource:
    place = [
        {"url": "reference", "valueReference": note_reference(item["note_id"])},
        {"url": "offset", "valueInteger": item["start"]},
        {"url": "length", "valueInteger": item["end"] - item["start"]},
    ]
    parts: list[Resource] = [
        {"url": "stance", "valueCode": item["stance"]},
        {"url": "text", "valueString": _string(item["text"])},
        {"url": DERIVATION, "extension": place},
        {"url": "finding", "valueString": item["finding_id"]},
    ]
    if item["reason"]:
        parts.append({"url": "reason", "valueString": _string(item["reason"])})
    if item["note_date"] is not None:
        parts.append({"url": "date", "valueDate": item["note_date"].isoformat()})
    if item["page"] is not None:
        parts.append({"url": "page", "valuePositiveInt": item["page"]})
    return {"url": EVIDENCE, "extension": parts}


def _derived_from(evidence: Sequence[Row]) -> list[Resource]:
    """Return the notes that a verdict rests on, each once; those set aside took no part."""
    names = dict.fromkeys(item["note_id"] for item in evidence if item["stance"] != "set_aside")
    references = [note_reference(name) for name in names]
    return [
        reference
        for reference in references
        if str(reference.get("reference", _DERIVED_FROM)).startswith(_DERIVED_FROM)
    ]


def _narrative(title: str, lines: Sequence[str]) -> Resource:
    shown = "".join(f"<p>{_xhtml(line)}</p>" for line in (title, *lines))
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{shown}</div>'}


def _xhtml(text: str) -> str:
    line = words.one_line(text)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _instant(text: str) -> str:
    """Return a time of ``run.json`` as FHIR writes an instant of UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _string(text: str) -> str:
    return text.translate(_NOT_ALLOWED)
