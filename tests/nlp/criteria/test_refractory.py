"""Refractory disease: what was given, for how long as far as notes show, and that it failed."""

from __future__ import annotations

import pytest
from support.findings import chart, finding

from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.predicates.refractory import RefractoryToTreatment, refractory_to_treatment
from chartsift.nlp.types import Assertion, Finding

DM = finding("diagnosis", "DM")
REFRACTORY = finding("disease_state", "refractory", activity="active")
KYV = {"weeks_at_least": 12, "within_days": 730}


def drug(concept: str, days: int = 5, assertion: Assertion = "present", **more: str) -> Finding:
    return finding("treatment", concept, days=days, assertion=assertion, **more)


def long(concept: str) -> tuple[Finding, Finding]:
    """A medicine that two notes four months apart tell of."""
    return drug(concept, 5), drug(concept, 125)


def ask(*findings: Finding, **parameters: object) -> Outcome:
    return refractory_to_treatment(chart(*findings), RefractoryToTreatment.model_validate(parameters))


ENOUGH = (*long("glucocorticoid"), *long("methotrexate"), *long("IVIG"))


def test_steroid_and_two_agents_for_long_enough_and_still_refractory() -> None:
    outcome = ask(DM, REFRACTORY, *ENOUGH, **KYV)

    assert outcome.value is True
    assert "refractory on 2024-06-05" in outcome.reason
    assert {e.finding.concept for e in outcome.evidence} == {
        "glucocorticoid",
        "methotrexate",
        "IVIG",
        "refractory",
    }


@pytest.mark.parametrize(
    ("findings", "reason", "step"),
    [
        (
            (DM, REFRACTORY, *long("glucocorticoid"), *long("methotrexate")),
            "1 more of 2 agents not documented",
            "Ask which treatments",
        ),
        (
            (DM, REFRACTORY, *long("methotrexate"), *long("IVIG")),
            "glucocorticoid not documented",
            "Ask which treatments",
        ),
        (
            (DM, REFRACTORY, *long("glucocorticoid"), *long("methotrexate"), drug("IVIG")),
            "12 weeks are not shown for IVIG",
            "Ask for start and stop dates of IVIG",
        ),
        ((DM, *ENOUGH), "no word that the disease is active", "Ask the treating clinician whether"),
    ],
)
def test_what_is_missing_goes_to_a_person(findings: tuple[Finding, ...], reason: str, step: str) -> None:
    outcome = ask(*findings, **KYV)

    assert (outcome.value, outcome.basis) == (None, "insufficient")
    assert reason in outcome.reason
    assert outcome.next_step.startswith(step)


def test_agents_that_were_all_stopped_have_failed() -> None:
    stopped = [drug(name, assertion="historical") for name in ("glucocorticoid", "rituximab", "azathioprine")]

    assert ask(DM, *stopped).value is True


def test_treatment_before_the_window_does_not_count() -> None:
    old = [drug(name, days) for name in ("glucocorticoid", "methotrexate", "IVIG") for days in (800, 1000)]

    outcome = ask(DM, REFRACTORY, *old, **KYV)

    assert outcome.is_silent
    assert {e.reason for e in outcome.evidence} == {"older than 730 days at screening"}


def test_a_chart_that_denies_any_treatment_fails() -> None:
    assert ask(DM, drug("none", assertion="absent")).value is False


def test_medicines_for_something_else_do_not_count() -> None:
    outcome = ask(DM, drug("glucocorticoid", indication="asthma"), drug("rituximab", indication="lymphoma"))

    assert outcome.is_silent
    assert {e.reason for e in outcome.evidence} == {
        "given for something else: asthma",
        "given for something else: lymphoma",
    }


def test_a_chart_that_names_no_myositis_is_silent() -> None:
    assert ask(REFRACTORY, *ENOUGH).is_silent


def test_another_trial_asks_for_less() -> None:
    agents = ("glucocorticoid", "methotrexate")

    outcome = ask(DM, REFRACTORY, drug("methotrexate"), required=(), agents=agents, agents_at_least=1)

    assert outcome.value is True
