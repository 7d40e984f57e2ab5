"""One measure against a trial's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.findings import chart, finding

from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.measure import Measured, measured
from chartsift.nlp.types import Comparator, Finding

HGB = {"of": ("lab/Hgb",), "at_least": 10.0, "unit": "g/dL", "within_days": 30}
MMT = {"of": ("strength/MMT", "measure/MMT-8"), "below": 142.0, "scale": 150.0}
CK = {"of": ("lab/CK",), "at_least": 2.0, "times_upper_limit": True, "explained_by": "enzyme_cause"}
VAS = {"of": ("measure/PhGA",), "at_least": 2.0, "scale": 10.0, "rescale": True}


def ask(parameters: dict[str, Any], *findings: Finding) -> Outcome:
    return measured(chart(*findings), Measured.model_validate(parameters))


def hgb(value: float, *, comparator: Comparator = "=", unit: str = "g/dL", **more: Any) -> Finding:
    return replace(finding("lab", "Hgb", value=value, **more), comparator=comparator, unit=unit)


def ck(value: float, *, upper: float | None = None, unit: str = "U/L", **more: Any) -> Finding:
    return replace(finding("lab", "CK", value=value, **more), ref_high=upper, unit=unit)


@pytest.mark.parametrize(
    ("value", "comparator", "expected"),
    [
        (10.0, "=", True),
        (9.9, "=", False),
        (10.0, "<", False),
        (10.0, "<=", None),
        (9.0, ">", None),
        (10.0, ">", True),
        (10.0, ">=", True),
        (10.5, "~", None),
        (12.0, "~", True),
        (8.0, "~", False),
    ],
)
def test_a_limit_and_what_a_reading_allows(
    value: float, comparator: Comparator, expected: bool | None
) -> None:
    assert ask(HGB, hgb(value, comparator=comparator)).value is expected


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        ({"above": 5.0}, 5.1, 5.0),
        ({"at_most": 5.0}, 5.0, 5.1),
        ({"below": 5.0}, 4.9, 5.0),
        ({"at_least": 2.0, "below": 5.0}, 2.0, 5.0),
        ({"above": 2.0, "at_most": 5.0}, 5.0, 2.0),
    ],
)
def test_open_and_closed_limits(limits: dict[str, float], inside: float, outside: float) -> None:
    parameters = {"of": ("lab/Hgb",), **limits}

    assert ask(parameters, hgb(inside)).value is True
    assert ask(parameters, hgb(outside)).value is False


@given(
    value=st.floats(0.1, 50),
    comparator=st.sampled_from(["<", "<=", ">", ">=", "~", "="]),
    limit=st.floats(0.1, 50),
    share=st.floats(0.001, 0.999),
)
def test_a_verdict_holds_for_every_true_value_that_the_reading_allows(
    value: float, comparator: Comparator, limit: float, share: float
) -> None:
    outcome = ask({"of": ("lab/Hgb",), "at_least": limit}, hgb(value, comparator=comparator))

    true_value = {
        "<": value * share,
        "<=": value * share,
        ">": value / share,
        ">=": value / share,
        "~": value * (0.9 + 0.2 * share),
        "=": value,
    }[comparator]
    if outcome.value is not None:
        assert (true_value >= limit) is outcome.value


def test_the_latest_value_decides_and_the_earlier_is_set_aside() -> None:
    outcome = ask(HGB, hgb(8.0, days=20), hgb(11.2, days=3))

    assert outcome.value is True
    assert [(e.stance, e.finding.value) for e in outcome.evidence] == [("for", 11.2), ("set_aside", 8.0)]


def test_an_old_value_goes_to_a_person_with_the_order_to_repeat_it() -> None:
    outcome = ask(HGB, hgb(11.2, days=31))

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert outcome.next_step == "Repeat Hgb: the last value is of 2024-05-10."


def test_two_values_of_one_day_on_both_sides_conflict() -> None:
    outcome = ask(HGB, hgb(9.8), hgb(10.3))

    assert (outcome.value, outcome.basis) == (None, "conflicting")


def test_another_unit_decides_nothing() -> None:
    outcome = ask(HGB, hgb(101, unit="g/L"))

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert [e.reason for e in outcome.evidence] == ["in another unit (g/L)"]


@pytest.mark.parametrize(
    ("scale", "value", "expected"), [("150", 141, True), ("150", 142, False), ("80", 70, None)]
)
def test_a_score_counts_on_its_own_scale(scale: str, value: float, expected: bool | None) -> None:
    assert ask(MMT, finding("strength", "MMT", value=value, scale=scale)).value is expected


def test_a_measure_may_have_several_names() -> None:
    older = finding("strength", "MMT", value=150, scale="150", days=20)
    newer = finding("measure", "MMT-8", value=120, scale="150", days=4)

    assert ask(MMT, older, newer).value is True


@pytest.mark.parametrize(
    ("scale", "value", "expected"), [("10", 2, True), ("100", 25, True), ("100", 15, False), ("", 25, None)]
)
def test_a_visual_scale_is_converted(scale: str, value: float, expected: bool | None) -> None:
    made = finding("measure", "PhGA", value=value, **({"scale": scale} if scale else {}))

    outcome = ask(VAS, made)

    assert outcome.value is expected
    if expected is None:
        assert outcome.next_step == "Ask on which scale PhGA was scored."


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (ck(900, upper=200), True),
        (ck(390, upper=200), False),
        (ck(2.4, unit="xULN"), True),
        (ck(900), None),
    ],
)
def test_multiples_of_the_upper_limit(made: Finding, expected: bool | None) -> None:
    assert ask(CK, made).value is expected


def test_the_upper_limit_may_stand_with_another_value_or_be_assumed() -> None:
    assert ask(CK, ck(900), ck(150, upper=200, days=50)).value is True
    assert ask({**CK, "assumed_upper_limit": 500}, ck(900)).value is False
    assert "upper limit" in ask(CK, ck(900)).next_step


def test_a_value_that_is_explained_goes_to_a_person() -> None:
    outcome = ask(CK, ck(900, upper=200), finding("enzyme_cause", "CK"))

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert "another cause" in outcome.reason


def test_a_saturation_on_oxygen_or_exertion_is_set_aside() -> None:
    parameters = {"of": ("vital/SpO2",), "at_least": 92.0, "only": {"air": ("room", ""), "effort": ("",)}}
    on_oxygen = finding("vital", "SpO2", value=97, air="oxygen")
    walking = finding("vital", "SpO2", value=86, air="room", effort="exertion")
    resting = finding("vital", "SpO2", value=95, air="room", days=9)

    assert ask(parameters, on_oxygen, walking).value is None
    assert ask(parameters, on_oxygen, walking, resting).value is True


def test_other_peoples_planned_and_superseded_values_do_not_count() -> None:
    outcome = ask(HGB, hgb(7, assertion="family"), hgb(8, assertion="hypothetical"), hgb(9, superseded="yes"))

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert {e.reason for e in outcome.evidence} == {
        "someone else's",
        "planned or conditional",
        "an earlier value by its own words",
    }


def test_no_value_is_silence_with_a_step() -> None:
    outcome = ask({**HGB, "label": "hemoglobin"})

    assert (outcome.is_silent, outcome.next_step) == (True, "Obtain a current hemoglobin.")
    assert outcome.searched == ("lab/Hgb",)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"of": ["lab/CK"]}, "give a limit"),
        ({"of": ["lab/CK"], "at_least": 1, "above": 2}, "one lower limit"),
        ({"of": ["lab/CK"], "at_least": 3, "at_most": 2}, "the lower limit is above"),
        ({"of": ["CK"], "at_least": 3}, "kind/concept"),
        ({"of": ["lab/CK"], "at_least": 3, "rescale": True}, "needs the scale"),
    ],
)
def test_limits_that_make_no_sense_are_refused(parameters: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Measured.model_validate(parameters)
