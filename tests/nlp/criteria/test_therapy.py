"""Prior CAR T and prior transplant from findings made by hand."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.therapy import (
    CarTReceived,
    TransplantReceived,
    car_t_received,
    transplant_received,
)
from chartsift.nlp.types import Finding, NoteInfo, Patient

SCREENED = date(2024, 6, 10)
NOTES = {"old": date(2021, 3, 1), "mid": date(2023, 3, 1), "new": date(2024, 6, 1)}


def _finding(kind: str, concept: str, assertion: str, note: str = "new", **attributes: str) -> Finding:
    return Finding(
        "p",
        note,
        0,
        1,
        "x",
        kind,
        concept,
        assertion,
        NOTES[note],
        attributes=tuple(sorted(attributes.items())),  # type: ignore[arg-type]
    )


def _chart(*findings: Finding) -> Chart:
    notes = [NoteInfo(name, day, "", 10) for name, day in NOTES.items()]
    return Chart.build(Patient("p"), notes, findings, SCREENED)


def _car_t(assertion: str, note: str = "new", **attributes: str) -> Finding:
    return _finding("car_t", "CAR-T", assertion, note, **attributes)


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([], None, "no_mention"),
        ([_car_t("present", strength="strong")], True, "documented"),
        ([_car_t("present", "old", strength="strong"), _car_t("hypothetical")], True, "documented"),
        ([_car_t("present", "old", strength="strong"), _car_t("absent")], True, "documented"),
        ([_car_t("present", "old"), _car_t("absent")], None, "conflicting"),
        ([_car_t("hypothetical")], False, "documented"),
        ([_car_t("absent")], False, "documented"),
        ([_car_t("family")], False, "documented"),
        ([_car_t("possible", "mid"), _car_t("hypothetical")], None, "insufficient"),
        ([_car_t("possible", "mid"), _car_t("absent", unblinded="yes")], False, "documented"),
        ([_car_t("possible", "mid"), _car_t("present", unblinded="yes")], True, "documented"),
        ([_finding("cell_therapy", "unnamed", "absent")], False, "documented"),
        ([_finding("cell_therapy", "unnamed", "hypothetical")], None, "no_mention"),
        ([_finding("cell_therapy", "unnamed", "present")], None, "insufficient"),
        ([_finding("cell_therapy", "CAR-NK", "present")], None, "insufficient"),
        ([_finding("cell_therapy_code", "CAR-T", "present")], None, "insufficient"),
        ([_finding("cell_therapy_code", "CAR-T", "hypothetical")], None, "insufficient"),
        ([_finding("cell_therapy_code", "CAR-T", "present"), _car_t("hypothetical")], None, "insufficient"),
        ([_finding("cell_therapy_code", "CAR-T", "family")], None, "no_mention"),
    ],
)
def test_car_t_received(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = car_t_received(_chart(*findings), CarTReceived())

    assert (outcome.value, outcome.basis) == (value, basis)
    assert basis == "no_mention" or outcome.evidence


def _graft(concept: str, assertion: str, note: str = "new", **attributes: str) -> Finding:
    return _finding("transplant", concept, assertion, note, **attributes)


@pytest.mark.parametrize(
    ("findings", "value", "basis"),
    [
        ([], None, "no_mention"),
        ([_graft("hct", "present", "old", strength="strong")], True, "documented"),
        ([_graft("kidney", "present")], True, "documented"),
        (
            [_graft("kidney", "present", "old"), _finding("transplant_history", "any", "absent")],
            None,
            "conflicting",
        ),
        (
            [_graft("kidney", "present", "old", strength="strong"), _graft("kidney", "absent")],
            True,
            "documented",
        ),
        ([_graft("lung", "hypothetical")], False, "documented"),
        ([_graft("hct", "family")], False, "documented"),
        ([_graft("hct", "absent")], False, "documented"),
        ([_graft("kidney", "possible")], None, "insufficient"),
        ([_finding("transplant_history", "any", "absent")], False, "documented"),
        ([_finding("transplant_history", "any", "present")], None, "insufficient"),
        ([_finding("graft_other", "cornea", "present")], False, "documented"),
        ([_finding("graft_other", "islet", "present")], None, "insufficient"),
        ([_finding("graft_other", "islet", "hypothetical")], False, "documented"),
        ([_finding("transplant_code", "kidney", "present")], None, "insufficient"),
    ],
)
def test_transplant_received(findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = transplant_received(_chart(*findings), TransplantReceived())

    assert (outcome.value, outcome.basis) == (value, basis)
    assert basis == "no_mention" or outcome.evidence


def test_another_trial_may_leave_a_graft_out() -> None:
    outcome: Outcome = transplant_received(
        _chart(_graft("hct", "present")), TransplantReceived(counts=("kidney",))
    )

    assert outcome.is_silent


ENTRY = _finding("transplant", "kidney", "present", "mid", strength="plain")
GIFT = _finding("transplant", "kidney", "family", donor="yes")
NO_GRAFT = _finding("transplant", "kidney", "absent", strength="strong")
CODE = _finding("transplant_code", "kidney", "present", "mid")


@pytest.mark.parametrize(
    ("findings", "value"),
    [
        ([ENTRY, CODE, GIFT, NO_GRAFT], False),
        ([ENTRY, GIFT], True),
        ([ENTRY, NO_GRAFT], None),
        ([ENTRY, _finding("transplant", "liver", "family", donor="yes"), NO_GRAFT], None),
        ([_finding("transplant", "kidney", "present", "mid", strength="strong"), GIFT, NO_GRAFT], True),
        (
            [ENTRY, _finding("transplant", "liver", "present", "mid", strength="plain"), GIFT, NO_GRAFT],
            None,
        ),
    ],
)
def test_a_bare_entry_is_the_organ_that_was_given_only_where_a_note_also_denies_a_graft(
    findings: list[Finding], value: bool | None
) -> None:
    outcome = transplant_received(_chart(*findings), TransplantReceived())

    assert outcome.value is value
