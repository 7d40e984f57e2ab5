"""Active disease and treatment from findings made by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.activity import DiseaseActive, disease_active
from chartsift.nlp.criteria.predicates.treatment import TreatedBefore, treated_before
from chartsift.nlp.types import Finding, NoteInfo, Patient

SCREENED = date(2024, 6, 10)
CHILD = {"enzymes": ["CK", "aldolase", "LDH", "AST", "ALT"]}


def _finding(
    kind: str, concept: str, *, days: int = 5, note: str = "n1", assertion: str = "present", **more: object
) -> Finding:
    day = SCREENED - timedelta(days=days)
    fields = {
        name: more.pop(name) for name in ("value", "ref_high", "flag", "unit", "comparator") if name in more
    }
    return Finding(
        "p",
        note,
        0,
        1,
        "x",
        kind,
        concept,
        assertion,
        day,
        attributes=tuple(sorted(more.items())),
        **fields,  # type: ignore[arg-type]
    )


def _ck(value: float, limit: float | None = 200, **more: object) -> Finding:
    return _finding("lab", "CK", value=value, ref_high=limit, unit="U/L", **more)  # type: ignore[arg-type]


def _rash(concept: str = "Gottron", **more: object) -> Finding:
    return _finding("skin", concept, specific="yes", source="exam", **more)  # type: ignore[arg-type]


def _clear(**more: object) -> Finding:
    return _rash("any", assertion="absent", **more)


def _state(activity: str, concept: str, **more: object) -> Finding:
    return _finding("disease_state", concept, activity=activity, **more)  # type: ignore[arg-type]


DM = _finding("diagnosis", "DM")


def _chart(findings: tuple[Finding, ...]) -> Chart:
    days = {f.note_id: (SCREENED - f.date).days for f in findings}
    notes = [NoteInfo(n, SCREENED - timedelta(days=d), "", 10) for n, d in days.items()]
    return Chart.build(Patient("p"), notes, findings, SCREENED)


def _active(*findings: Finding, **parameters: object) -> Outcome:
    return disease_active(_chart((DM, *findings)), DiseaseActive.model_validate(parameters))


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([_ck(201)], True, "documented"),
        ([_ck(200)], False, "documented"),
        ([_ck(201, days=90)], True, "documented"),
        ([_ck(201, days=91)], None, "insufficient"),
        ([_ck(900, days=30), _ck(150, days=2)], False, "documented"),
        ([_ck(150, days=30), _ck(900, days=2)], True, "documented"),
        ([_ck(150, days=400), _ck(900, days=120)], None, "insufficient"),
        ([_ck(900, None, flag="H")], True, "documented"),
        ([_ck(900, None)], True, "documented"),
        ([_ck(150, None)], False, "documented"),
        ([_ck(300, None)], None, "insufficient"),
        ([_ck(300, None, days=2), _ck(900, 250, days=50)], True, "documented"),
        ([_finding("lab", "CK", value=5.0, unit="xULN")], True, "documented"),
        ([_finding("lab", "CK", value=1.5, unit="xULN", comparator="<")], None, "insufficient"),
        # a number whose unit is not known is neither low nor high
        ([_finding("lab", "CK", value=12.0)], None, "insufficient"),
        ([_ck(900, copied="yes"), _ck(90)], False, "documented"),
        ([_ck(90), _rash()], True, "documented"),
        ([_ck(90), _clear()], False, "documented"),
        ([_ck(90), _rash("mechanics_hands")], True, "documented"),
        ([_ck(90), _finding("skin_damage", "calcinosis")], False, "documented"),
        ([_ck(90), _rash(assertion="historical")], False, "documented"),
        ([_ck(90), _rash(days=30), _clear(days=3, note="n2")], False, "documented"),
        ([_ck(90), _clear(days=30), _rash(days=3, note="n2")], True, "documented"),
        ([_ck(90), _rash(note="a"), _clear(note="b")], None, "conflicting"),
        ([_ck(900), _rash(note="a"), _clear(note="b")], True, "documented"),
        ([_ck(90), _rash(days=200, note="old")], None, "insufficient"),
        ([_ck(90), _finding("imaging", "active", days=100)], True, "documented"),
        ([_ck(90), _finding("imaging", "active", days=183)], True, "documented"),
        ([_finding("imaging", "active", days=184)], None, "insufficient"),
        ([_finding("biopsy", "active", undated="yes")], None, "insufficient"),
        ([_ck(90), _finding("imaging", "active", assertion="absent")], False, "documented"),
        ([_state("inactive", "remission")], False, "documented"),
        ([_ck(90), _state("active", "flare")], None, "insufficient"),
        ([_clear()], None, "insufficient"),
        ([], None, "no_mention"),
    ],
)
def test_adult(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = _active(*findings)

    assert (outcome.value, outcome.basis) == (value, basis)


def test_only_a_childs_aldolase_counts() -> None:
    aldolase = _finding("lab", "aldolase", value=14.0, ref_high=8.1)

    assert _active(_ck(90), aldolase).value is False
    assert _active(_ck(90), aldolase, **CHILD).value is True


def test_an_enzyme_with_another_cause_does_not_count() -> None:
    alt = _finding("lab", "ALT", value=92.0, ref_high=40.0)
    cause = _finding("enzyme_cause", "ALT", cause="methotrexate")

    outcome = _active(_ck(90), alt, cause, **CHILD)

    assert (outcome.value, outcome.basis) == (None, "insufficient")


def test_the_enzymes_of_another_disease() -> None:
    denied = _finding("diagnosis", "DM", days=0, note="n9", assertion="absent")
    chart = _chart((_ck(900), denied))

    outcome = disease_active(chart, DiseaseActive())

    assert outcome.value is False
    assert [e.reason for e in outcome.evidence if e.stance == "set_aside"] == ["belongs to the other disease"]


def test_both_sides_are_shown() -> None:
    outcome = _active(_ck(900, days=10), _state("inactive", "quiescent"))

    assert {e.stance for e in outcome.evidence} == {"for", "against"}
    assert "900" in outcome.reason


@pytest.mark.parametrize(
    ("note_type", "value"), [("Infectious disease clinic", True), ("Rheumatology", False)]
)
def test_a_look_in_passing_does_not_clear_a_rash(note_type: str, value: bool) -> None:
    rash, clear = _rash(days=20, note="derm"), _clear(days=2, note="later")
    notes = [NoteInfo("derm", rash.date, "Dermatology", 10), NoteInfo("later", clear.date, note_type, 10)]
    chart = Chart.build(Patient("p"), notes, [DM, rash, clear, _ck(90, note="later")], SCREENED)

    assert disease_active(chart, DiseaseActive()).value is value


def _treated(*findings: Finding) -> Outcome:
    return treated_before(_chart(findings), TreatedBefore())


def _drug(assertion: str = "present", kind: str = "glucocorticoid", **more: object) -> Finding:
    return _finding("treatment", kind, assertion=assertion, **{"class": kind, "source": "hpi", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([DM, _drug()], True, "documented"),
        ([DM, _drug("historical")], True, "documented"),
        ([DM, _drug("hypothetical")], None, "insufficient"),
        ([DM, _drug("absent")], None, "insufficient"),
        ([DM, _finding("treatment", "none", assertion="absent", **{"class": "none"})], None, "insufficient"),  # type: ignore[arg-type]
        ([DM, _drug(indication="asthma")], None, "insufficient"),
        ([DM, _drug("family")], None, "insufficient"),
        ([DM, _drug(kind="exchange")], None, "insufficient"),
        ([_drug()], None, "no_mention"),
        ([DM], None, "no_mention"),
    ],
)
def test_treatment(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = _treated(*findings)

    assert (outcome.value, outcome.basis) == (value, basis)
