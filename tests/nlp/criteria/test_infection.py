"""Active infection: windows, courses, and what goes to a person."""

from __future__ import annotations

import pytest
from support.findings import chart, finding

from chartsift.nlp.criteria.predicates.infection import InfectionActive, infection_active


@pytest.mark.parametrize(
    ("concept", "span", "status", "days", "expected"),
    [
        ("pneumonia", "acute", "active", 30, True),
        ("pneumonia", "acute", "active", 31, None),
        ("pneumonia", "acute", "resolved", 3, False),
        ("deep", "long", "active", 100, None),
        ("deep", "long", "active", 400, False),
        ("tb", "long", "unfinished", 300, None),
        ("tb", "long", "unfinished", 400, False),
        ("hiv", "chronic", "suppressed", 20, None),
        ("hiv", "chronic", "viremic", 20, True),
        ("hiv", "chronic", "negative", 20, False),
        ("tb_latent", "latent", "latent", 300, None),
        ("viral_upper", "viral", "stated", 3, None),
        ("minor", "minor", "stated", 3, False),
        ("pjp", "acute", "prophylaxis", 3, False),
        ("sepsis", "acute", "suspected", 3, None),
    ],
)
def test_one_statement(concept: str, span: str, status: str, days: int, expected: bool | None) -> None:
    said = chart(finding("infection", concept, days=days, span=span, status=status))

    assert infection_active(said, InfectionActive()).value is expected


def test_a_course_past_the_screening_day_decides_whatever_its_age() -> None:
    runs = finding("infection", "deep", days=100, span="long", status="active", until="2025-03-01")

    outcome = infection_active(chart(runs, note_days=(5,)), InfectionActive())

    assert outcome.value is True


def test_a_later_denial_ends_an_acute_infection() -> None:
    told = chart(
        finding("infection", "skin", days=20, span="acute", status="active"),
        finding("infection", "infection", days=3, span="general", status="none", assertion="absent"),
    )

    assert infection_active(told, InfectionActive()).value is False


def test_a_running_course_without_a_named_infection_decides() -> None:
    drug = finding("antimicrobial", "treatment_drug", days=3, usual="treatment", status="treatment")

    assert infection_active(chart(drug), InfectionActive()).value is True


def test_a_relatives_infection_is_set_aside() -> None:
    told = chart(finding("infection", "pneumonia", assertion="family", span="acute", status="other_person"))

    assert infection_active(told, InfectionActive()).is_silent
