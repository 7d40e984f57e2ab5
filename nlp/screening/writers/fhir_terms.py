"""The codes and the extension that chartsift's FHIR resources use, as resources that define them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

#: Before every name that chartsift gives in FHIR: names, not addresses.
BASE = "urn:chartsift:fhir"
#: The extension that holds one piece of evidence.
EVIDENCE = f"{BASE}:StructureDefinition:evidence"
#: Extensions of HL7: where in a document something was read, and the study that an observation is about.
DERIVATION = "http://hl7.org/fhir/StructureDefinition/derivation-reference"
RESEARCH_STUDY = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"

# System: what it is of, and code: (display, definition).
_TERMS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "verdict-status": (
        "Verdict on a criterion",
        {
            "met": ("met", "What the criterion says is so; an exclusion that is met excludes the patient."),
            "not_met": ("not met", "What the criterion says is not so."),
            "unknown": ("unknown", "The notes do not settle it."),
        },
    ),
    "verdict-basis": (
        "What a verdict rests on",
        {
            "documented": ("documented", "Words of the notes."),
            "no_mention": ("no mention", "No note speaks to it."),
            "conflicting": ("conflicting", "Notes disagree."),
            "insufficient": ("insufficient", "What is written is too weak or too old."),
            "judgement": ("judgement", "Left to the investigator."),
        },
    ),
    "cohort-status": (
        "Verdict on a cohort",
        {
            "eligible": ("potentially eligible", "Nothing rules the patient out and nothing is unknown."),
            "ineligible": ("ineligible", "At least one criterion rules the patient out."),
            "undetermined": ("undetermined", "Nothing rules the patient out and something is unknown."),
        },
    ),
    "criterion-kind": (
        "Kind of a criterion",
        {
            "inclusion": ("inclusion", "Must be met."),
            "exclusion": ("exclusion", "Must not be met."),
        },
    ),
    "evidence-stance": (
        "How a piece of evidence bears on a criterion",
        {
            "for": ("for", "Speaks for the criterion being met."),
            "against": ("against", "Speaks against it."),
            "set_aside": ("set aside", "Was read and left out of the decision, for a reason that is given."),
        },
    ),
    "component": (
        "Parts of an observation of chartsift",
        {
            "kind": ("kind", "Whether the criterion is an inclusion or an exclusion."),
            "basis": ("basis", "What the verdict rests on."),
            "confidence": ("confidence", "Confidence of the verdict, 0 to 1; not calibrated."),
            "valid-until": ("valid until", "Last day on which the verdict holds, given no new note."),
            "changes-to": ("changes to", "The status from the day after."),
            "searched-notes": ("notes searched", "How many notes were read where none speaks to the criterion."),
            "searched-terms": ("terms searched", "How many words and phrases were looked for in them."),
            "flag": ("flag", "What a reviewer should look at."),
            "score": ("score", "Orders patients, 0 to 1: higher is nearer to eligible."),
            "notes-read": ("notes read", "Notes of the patient that were read."),
            "notes-unread": ("notes not read", "Inputs of the patient that should have been read and were not."),
            "trial-version": ("trial version", "Version of the criteria."),
            "missing": ("missing", "A criterion that is still unknown, by its identifier."),
        },
    ),
}  # fmt: skip


def coded(system: str, code: str, display: str = "", *, text: str = "") -> Resource:
    """Return a CodeableConcept of one of chartsift's systems; without *display* the one of the code itself."""
    if not display and system in _TERMS:
        display = _TERMS[system][1][code][0]
    return {
        "coding": [{"system": f"{BASE}:{system}", "code": code, "display": display or code}],
        **({"text": text} if text else {}),
    }


def criterion_system(trial_id: str, cohort_id: str) -> str:
    """Return the name of the system that the criteria of a cohort are codes of."""
    return f"criterion:{trial_id}:{cohort_id}"


def code_systems(trial: Mapping[str, Any]) -> list[Resource]:
    """Return the code systems that a run of *trial* (as in ``run.json``) uses, its criteria and cohorts among them."""
    trial_id = trial["trial_id"]
    cohorts = {cohort["cohort_id"]: (cohort["label"], "") for cohort in trial["cohorts"]}
    terms = {f"cohort:{trial_id}": (f"Cohorts of {trial['title']}", cohorts)}
    # A system a cohort, since "age" is another range in each.
    for cohort in trial["cohorts"]:
        criteria = {
            item["criterion_id"]: (item["label"] or item["criterion_id"], item["summary"])
            for item in cohort["criteria"]
        }
        title = f"Criteria of {trial['title']}, {cohort['label']}"
        terms[criterion_system(trial_id, cohort["cohort_id"])] = (title, criteria)
    terms |= _TERMS
    return [_code_system(name, title, codes) for name, (title, codes) in terms.items()]


def evidence_definition() -> Resource:
    """Return the definition of the extension that holds a piece of evidence."""
    parts = {
        "stance": ("code", 1, "for, against or set_aside"),
        "text": (
            "string",
            1,
            "The words, verbatim but for control characters, which are replaced one for one",
        ),
        "finding": ("string", 0, "finding_id of the mention in findings.parquet"),
        "reason": ("string", 0, "Why it was set aside, or what the verdict saw in it"),
        "date": ("date", 0, "The day the note speaks for"),
        "page": ("positiveInt", 0, "Page of a PDF, from 1"),
    }
    elements: list[Resource] = [
        {"id": "Extension", "path": "Extension", "min": 0, "max": "*", "short": "A piece of evidence"}
    ]
    for name, (kind, least, short) in parts.items():
        place = f"Extension.extension:{name}"
        elements += [
            {
                "id": place,
                "path": "Extension.extension",
                "sliceName": name,
                "min": least,
                "max": "1",
                "short": short,
            },
            {"id": f"{place}.url", "path": "Extension.extension.url", "fixedUri": name},
            {
                "id": f"{place}.value[x]",
                "path": "Extension.extension.value[x]",
                "min": 1,
                "type": [{"code": kind}],
            },
        ]
    place = "Extension.extension:place"
    short = "Where it stands: the note, and offset and length in code points of its text"
    elements += [
        {
            "id": place,
            "path": "Extension.extension",
            "sliceName": "place",
            "min": 1,
            "max": "1",
            "short": short,
            "type": [{"code": "Extension", "profile": [DERIVATION]}],
        },
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": EVIDENCE},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
    ]
    return {
        "resourceType": "StructureDefinition",
        "id": "chartsift-evidence",
        "url": EVIDENCE,
        "name": "ChartsiftEvidence",
        "title": "Evidence of a verdict",
        "status": "active",
        "description": "Words of a note for or against a criterion, or set aside, and where they stand.",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "Observation"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _code_system(name: str, title: str, codes: Mapping[str, tuple[str, str]]) -> Resource:
    concepts = [
        {"code": code, "display": display, **({"definition": definition} if definition else {})}
        for code, (display, definition) in codes.items()
    ]
    return {
        "resourceType": "CodeSystem",
        "id": f"chartsift-{name.replace(':', '-').replace('_', '-')}"[:64],
        "url": f"{BASE}:{name}",
        "name": "Chartsift" + "".join(part.capitalize() for part in name.replace(":", "-").split("-")),
        "title": title,
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
