"""Statements by kind and concept, organ diseases by name, and stated classes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError
from support.findings import chart, finding

from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.statement import (
    ClassifiedAs,
    FindingStands,
    OrganDiseaseNamed,
    classified_as,
    finding_stands,
    organ_disease_named,
)
from chartsift.nlp.types import Assertion, Finding

DAMAGE = {"kind": "disease_state", "concepts": ["damage_only"]}


def stands(*findings: Finding, **parameters: object) -> Outcome:
    return finding_stands(chart(*findings), FindingStands.model_validate({**DAMAGE, **parameters}))


def damage(days: int = 5, assertion: Assertion = "present", **more: str) -> Finding:
    return finding("disease_state", "damage_only", days=days, assertion=assertion, **more)


@pytest.mark.parametrize(
    ("assertion", "value"),
    [("present", True), ("absent", False), ("possible", None), ("family", None), ("historical", None)],
)
def test_how_a_statement_is_held(assertion: Assertion, value: bool | None) -> None:
    assert stands(damage(assertion=assertion)).value is value


def test_the_latest_statement_decides() -> None:
    assert stands(damage(60), damage(3, "absent")).value is False
    assert stands(damage(60, "absent"), damage(3)).value is True


def test_two_notes_of_one_day_that_disagree() -> None:
    other = replace(damage(5, "absent"), note_id="n9")

    outcome = stands(damage(5), other, finding("lab", "CK", days=9))

    assert (outcome.value, outcome.basis) == (None, "conflicting")


def test_past_things_count_where_the_trial_asks_for_a_history() -> None:
    assert stands(damage(assertion="historical"), historical_counts=True).value is True


def test_attributes_and_age_choose() -> None:
    copied = damage(copied="yes")
    old = damage(200)

    assert stands(copied, old, within_days=183).is_silent
    assert [e.reason for e in stands(copied, old, within_days=183).evidence] == [
        "copied from an earlier note",
        "older than 183 days at screening",
    ]
    assert stands(damage(weight="hint"), attributes={"weight": ["clear"]}).is_silent
    assert stands(damage(weight="clear"), attributes={"weight": ["clear"]}).value is True


def test_what_does_not_say_enough_goes_to_a_person() -> None:
    outcome = stands(damage(), for_review=True, next_step="Ask how severe it is.")

    assert (outcome.value, outcome.basis, outcome.next_step) == (
        None,
        "insufficient",
        "Ask how severe it is.",
    )
    with pytest.raises(ValidationError, match="needs its next_step"):
        FindingStands.model_validate({**DAMAGE, "for_review": True})


@pytest.mark.parametrize(
    ("assertion", "level", "value"),
    [
        ("present", "stable", True),
        ("present", "severe", True),
        ("present", "resolved", False),
        ("absent", "unspecified", False),
        ("possible", "unspecified", None),
    ],
)
def test_an_organ_disease_by_name(assertion: Assertion, level: str, value: bool | None) -> None:
    said = finding(
        "organ_disease", "pulmonary", assertion=assertion, disease="ild", weight="major", level=level
    )
    asked = OrganDiseaseNamed(system="pulmonary", diseases=("ild",))

    assert organ_disease_named(chart(said), asked).value is value
    assert organ_disease_named(chart(said), OrganDiseaseNamed(system="renal")).is_silent


def met(value: float | None = None, assertion: Assertion = "present", **more: str) -> Finding:
    made = finding(
        "classification", "criteria_met", value=value, assertion=assertion, text="criteria", **more
    )
    return replace(made, unit="%" if value is not None else "")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (met(92), True),
        (met(55), True),
        (met(54.9), False),
        (met(49), False),
        (met(**{"class": "definite"}), True),
        (met(**{"class": "possible"}), False),
        (met(), True),
        (met(assertion="absent"), False),
        (met(assertion="possible"), None),
    ],
)
def test_probable_or_definite_by_the_criteria(said: Finding, value: bool | None) -> None:
    assert classified_as(chart(said), ClassifiedAs()).value is value


def test_a_higher_class_may_be_asked_for() -> None:
    assert classified_as(chart(met(80)), ClassifiedAs(at_least="definite")).value is False
    assert classified_as(chart(), ClassifiedAs()).is_silent
