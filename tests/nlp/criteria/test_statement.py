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


SCORED = ClassifiedAs(score="eular-acr-2017")
DOCUMENTED = (
    finding("diagnosis", "DM"),
    finding("skin", "heliotrope", specific="yes", source="exam"),
    finding("skin", "Gottron", specific="yes", source="exam", form="papules"),
    replace(finding("lab", "CK", value=900), ref_high=200.0),
    finding("function", "swallowing", weight="hint"),
)


def test_a_score_of_what_is_documented_may_be_enough() -> None:
    outcome = classified_as(chart(*DOCUMENTED), SCORED)

    assert (outcome.value, outcome.flags) == (True, ("class_computed",))
    assert {"heliotrope", "Gottron", "CK"} <= {e.finding.concept for e in outcome.evidence}


def test_a_score_that_falls_short_asks_for_what_is_open_and_never_rejects() -> None:
    outcome = classified_as(chart(*DOCUMENTED[:1]), SCORED)

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert outcome.next_step.startswith("Ask about what the EULAR/ACR 2017 score leaves open: ")


def test_a_stated_class_goes_before_the_score_and_a_chart_without_the_disease_has_none() -> None:
    assert classified_as(chart(*DOCUMENTED, met(**{"class": "possible"})), SCORED).value is False
    assert classified_as(chart(*DOCUMENTED[1:]), SCORED).is_silent
    with pytest.raises(ValidationError, match="unknown score 'other'"):
        ClassifiedAs(score="other")


def test_a_higher_class_may_be_asked_for() -> None:
    assert classified_as(chart(met(80)), ClassifiedAs(at_least="definite")).value is False
    assert classified_as(chart(), ClassifiedAs()).is_silent
