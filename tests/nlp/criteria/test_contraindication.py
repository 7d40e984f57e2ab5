"""Leukapheresis and reactions to fludarabine or cyclophosphamide from findings made by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.contraindication import (
    LeukapheresisContraindicated,
    SevereDrugReaction,
    leukapheresis_contraindicated,
    severe_drug_reaction,
)
from chartsift.nlp.types import Finding, NoteInfo, Patient

SCREENED = date(2024, 6, 10)
NOTES = {"old": date(2023, 6, 1), "mid": date(2024, 5, 1), "new": date(2024, 6, 8)}


def _finding(
    kind: str, concept: str, assertion: str = "present", note: str = "new", **more: object
) -> Finding:
    value = more.pop("value", None)
    unit = str(more.pop("unit", ""))
    start = int(str(more.pop("start", 0)))
    day = NOTES[note] - timedelta(days=int(str(more.pop("days", 0))))
    return Finding(
        "p", note, start, start + 1, "x", kind, concept, assertion, day, value=value, unit=unit,  # type: ignore[arg-type]
        attributes=tuple(sorted((name, str(word)) for name, word in more.items())),
    )  # fmt: skip


def _chart(*findings: Finding) -> Chart:
    return Chart.build(Patient("p"), [NoteInfo(n, d, "", 10) for n, d in NOTES.items()], findings, SCREENED)


def _opinion(assertion: str, note: str = "new", **more: object) -> Finding:
    return _finding("contraindication", "leukapheresis", assertion, note, **more)


_UNITS = {"Hgb": "g/dL", "platelets": "10^9/L", "ALC": "10^9/L"}


def _lab(concept: str, value: float, **more: object) -> Finding:
    return _finding("lab", concept, value=value, **{"unit": _UNITS[concept], **more})


REFUSAL = _finding("apheresis_risk", "blood_refusal", note="mid")


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([], None, "no_mention"),
        ([_opinion("present")], True, "documented"),
        ([_opinion("absent")], False, "documented"),
        ([_opinion("possible")], None, "insufficient"),
        ([_opinion("hypothetical")], False, "documented"),
        # The latest opinion holds: an acute illness of last year is over, a line lost since is lost.
        ([_opinion("present", "old"), _opinion("absent")], False, "documented"),
        ([_opinion("absent", "old"), _opinion("present")], True, "documented"),
        ([_opinion("present", "old"), _opinion("hypothetical")], True, "documented"),
        ([_opinion("possible", start=1), _opinion("absent", start=50)], False, "documented"),
        # Access and risks.
        ([_finding("apheresis_access", "lost", note="mid")], True, "documented"),
        ([_finding("apheresis_access", "lost", note="mid"), _opinion("absent")], False, "documented"),
        ([_finding("apheresis_access", "poor")], False, "documented"),
        ([_finding("apheresis_access", "occluded")], None, "insufficient"),
        ([REFUSAL], None, "insufficient"),
        ([REFUSAL, _opinion("absent")], False, "documented"),
        ([_finding("apheresis_risk", "instability")], True, "documented"),
        ([_finding("apheresis_risk", "instability", note="mid")], None, "no_mention"),
        ([_finding("apheresis_risk", "citrate_reaction", note="old")], True, "documented"),
        # Counts.
        ([_lab("Hgb", 7.4)], True, "documented"),
        ([_lab("platelets", 42)], True, "documented"),
        ([_lab("ALC", 0.15)], True, "documented"),
        # a unit that is not known
        ([_lab("platelets", 2.1, unit="")], None, "no_mention"),
        ([_lab("ALC", 0.15, unit="")], None, "no_mention"),
        ([_lab("Hgb", 8.0)], False, "documented"),
        ([_lab("Hgb", 10.0)], None, "no_mention"),
        ([_lab("ALC", 0.3)], False, "documented"),
        ([_lab("platelets", 62), _opinion("possible")], None, "insufficient"),
        ([_lab("Hgb", 13.1), _lab("platelets", 240)], None, "no_mention"),
        ([_lab("Hgb", 7.2, note="old"), _lab("Hgb", 11.8)], None, "no_mention"),
        ([_lab("Hgb", 7.2, note="old")], None, "insufficient"),
    ],
)
def test_leukapheresis_contraindicated(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = leukapheresis_contraindicated(_chart(*findings), LeukapheresisContraindicated())

    assert (outcome.value, outcome.basis) == (value, basis)


def test_a_superseded_opinion_is_set_aside_with_its_reason() -> None:
    outcome = leukapheresis_contraindicated(
        _chart(_opinion("present", "old"), _opinion("absent")), LeukapheresisContraindicated()
    )

    assert [(e.finding.note_id, e.stance, e.reason) for e in outcome.evidence if e.stance == "set_aside"] == [
        ("old", "set_aside", "superseded by a later opinion")
    ]


def _reaction(assertion: str, severity: str, note: str = "new", drug: str = "cyclophosphamide") -> Finding:
    return _finding("contraindication", drug, assertion, note, severity=severity)


SEVERE = _reaction("present", "severe", "mid")


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([], None, "no_mention"),
        ([SEVERE], True, "documented"),
        ([_reaction("present", "severe", drug="fludarabine")], True, "documented"),
        # Doses tolerated before, or of the other drug, do not undo it; a later contrary word leaves it open.
        ([SEVERE, _reaction("absent", "none", "old")], True, "documented"),
        ([SEVERE, _reaction("absent", "none", "new", "fludarabine")], True, "documented"),
        ([SEVERE, _reaction("absent", "minor", "new")], True, "documented"),
        ([SEVERE, _reaction("absent", "none", "new")], None, "conflicting"),
        ([SEVERE, _reaction("absent", "corrected", "new")], False, "documented"),
        ([_reaction("possible", "hives")], None, "insufficient"),
        ([_reaction("possible", "unknown", "old"), _reaction("absent", "corrected")], False, "documented"),
        (
            [_reaction("possible", "unknown"), _finding("allergy", "none_known", "absent")],
            None,
            "insufficient",
        ),
        ([_reaction("absent", "minor")], False, "documented"),
        ([_reaction("absent", "never")], False, "documented"),
        ([_reaction("family", "severe")], None, "no_mention"),
        ([_finding("allergy", "none_known", "absent")], False, "documented"),
        ([_finding("allergy", "listed")], False, "documented"),
        ([_finding("allergy", "mustard", severity="severe")], None, "insufficient"),
    ],
)
def test_severe_drug_reaction(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = severe_drug_reaction(_chart(*findings), SevereDrugReaction())

    assert (outcome.value, outcome.basis) == (value, basis)


def test_a_count_near_its_limit_is_told_with_the_limit() -> None:
    outcome = leukapheresis_contraindicated(
        _chart(_lab("Hgb", 8.5), _lab("platelets", 240)), LeukapheresisContraindicated()
    )

    assert outcome.reason == "Hgb 8.5 g/dL on 2024-06-08 is above the limit of 8 for collection"
    assert outcome.flags == ("near_limit Hgb",)
    assert [(item.finding.concept, item.stance, item.reason) for item in outcome.evidence] == [
        ("Hgb", "against", "above the limit of 8")
    ]


def test_a_normal_count_says_nothing_of_apheresis() -> None:
    outcome = leukapheresis_contraindicated(_chart(_lab("platelets", 240)), LeukapheresisContraindicated())

    assert [item.reason for item in outcome.evidence] == ["above the limit of 50; says nothing of apheresis"]
