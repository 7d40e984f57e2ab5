"""A small valid annotated chart as decoded JSON, and the steps to change it."""

from __future__ import annotations

import copy
from typing import Any

# "𝔐" and the emoji are one code point each, but two UTF-16 units and four bytes.
_TEXT_1 = (
    "🩺 Rheum 𝔐 clinic\r\nImp: dermatomyositis, Mi-2 alpha 92 (<11). MDA5 neg.\r\n"
    "CK 2,140 (30-200) on prednisone. Deltoids 4-/5."
)
_TEXT_2 = "NKDA. No prior CAR T. Fit for apheresis. Brother: kidney transplant. DM stable?"

_CHART: dict[str, Any] = {
    "patient_id": "T-1",
    "as_of": "2025-03-10",
    "birth_date": "1980-01-05",
    "sex": "F",
    "notes": [
        {"note_id": "n1", "date": "2025-03-01", "type": "Clinic", "text": _TEXT_1},
        {"note_id": "n2", "date": "2025-03-09", "type": "Phone", "text": _TEXT_2},
    ],
    "gold": {
        "cohort": "adult",
        "cohort_status": "eligible",
        "criteria": {
            "age": {"status": "met", "basis": "documented", "evidence": []},
            "iim_diagnosis": {
                "status": "met",
                "basis": "documented",
                "evidence": [{"note_id": "n1", "quote": "Imp: dermatomyositis"}],
            },
            "msa_subtype": {
                "status": "met",
                "basis": "documented",
                "evidence": [{"note_id": "n1", "quote": "Mi-2 alpha 92"}],
            },
            "active_disease": {
                "status": "met",
                "basis": "documented",
                "evidence": [{"note_id": "n1", "quote": "CK 2,140 (30-200) on prednisone"}],
            },
            "muscle_weakness": {
                "status": "met",
                "basis": "documented",
                "evidence": [{"note_id": "n1", "quote": "Deltoids 4-/5"}],
            },
            "leukapheresis_contraindication": {
                "status": "not_met",
                "basis": "documented",
                "evidence": [{"note_id": "n2", "quote": "Fit for apheresis"}],
            },
            "flu_cy_reaction": {
                "status": "not_met",
                "basis": "documented",
                "evidence": [{"note_id": "n2", "quote": "NKDA"}],
            },
            "active_infection": {"status": "not_met", "basis": "no_mention", "evidence": []},
            "uncontrolled_organ_disease": {"status": "not_met", "basis": "no_mention", "evidence": []},
            "investigator_concern": {"status": "unknown", "basis": "judgement", "evidence": []},
            "lung_cardiac_impairment": {"status": "not_met", "basis": "no_mention", "evidence": []},
            "prior_car_t": {
                "status": "not_met",
                "basis": "documented",
                "evidence": [{"note_id": "n2", "quote": "No prior CAR T"}],
            },
            "prior_transplant": {
                "status": "not_met",
                "basis": "documented",
                "evidence": [{"note_id": "n2", "quote": "Brother: kidney transplant"}],
            },
        },
        "findings": [
            {
                "note_id": "n1",
                "quote": "dermatomyositis",
                "kind": "diagnosis",
                "concept": "DM",
                "assertion": "present",
            },
            {
                "note_id": "n1",
                "quote": "Mi-2 alpha",
                "kind": "antibody",
                "concept": "Mi-2",
                "assertion": "present",
            },
            {
                "note_id": "n1",
                "quote": "MDA5",
                "kind": "antibody",
                "concept": "MDA5",
                "assertion": "absent",
            },
            {
                "note_id": "n2",
                "quote": "CAR T",
                "kind": "car_t",
                "concept": "CAR-T",
                "assertion": "absent",
            },
            {
                "note_id": "n2",
                "quote": "kidney transplant",
                "kind": "transplant",
                "concept": "kidney",
                "assertion": "family",
            },
            {
                "note_id": "n2",
                "quote": "Fit for apheresis",
                "kind": "contraindication",
                "concept": "leukapheresis",
                "assertion": "absent",
            },
        ],
    },
}


def annotated_chart() -> dict[str, Any]:
    """Return a fresh copy of the chart: no problem in it, cohort status eligible."""
    return copy.deepcopy(_CHART)


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """Return the chart with the value at *path* replaced."""
    chart = annotated_chart()
    place: Any = chart
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return chart


def without(*path: str | int) -> dict[str, Any]:
    """Return the chart with the key or item at *path* taken away."""
    chart = annotated_chart()
    place: Any = chart
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return chart
