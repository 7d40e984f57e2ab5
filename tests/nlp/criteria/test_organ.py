"""Organ disease: severity, course, control, the trial's own disease and laboratory limits."""

from __future__ import annotations

import pytest
from support.findings import chart, finding

from chartsift.nlp.criteria.predicates.organ import organ_disease_uncontrolled
from chartsift.nlp.criteria.predicates.organ_parameters import OrganDiseaseUncontrolled


@pytest.mark.parametrize(
    ("system", "weight", "level", "expected"),
    [
        ("renal", "severe", "unspecified", True),
        ("gi", "major", "uncontrolled", True),
        ("gi", "major", "controlled", False),
        ("gi", "major", "unspecified", False),
        ("cardiac", "minor", "uncontrolled", None),
        ("psychiatric", "soft", "progressive", None),
        ("psychiatric", "soft", "severe", True),
        ("endocrine", "other", "uncontrolled", None),
    ],
)
def test_one_disease(system: str, weight: str, level: str, expected: bool | None) -> None:
    said = chart(finding("organ_disease", system, disease="d", weight=weight, level=level))

    outcome = organ_disease_uncontrolled(said, OrganDiseaseUncontrolled())

    assert outcome.value is expected
    assert outcome.is_silent == (system == "endocrine")


def test_the_latest_statement_of_a_disease_counts() -> None:
    told = chart(
        finding("organ_disease", "gi", days=90, disease="d", weight="major", level="severe"),
        finding("organ_disease", "gi", days=5, disease="d", weight="major", level="controlled"),
    )

    assert organ_disease_uncontrolled(told, OrganDiseaseUncontrolled()).value is False


def test_an_episode_that_later_notes_do_not_carry_is_over() -> None:
    bleed = finding("organ_disease", "gi", days=200, disease="bleed", weight="acute", level="unspecified")

    assert (
        organ_disease_uncontrolled(chart(bleed, note_days=(5,)), OrganDiseaseUncontrolled()).value is not True
    )


@pytest.mark.parametrize(
    ("fvc", "level", "expected"),
    [(41, "unspecified", True), (68, "progressive", None), (68, "stable", False)],
)
def test_the_lung_disease_of_the_indication(fvc: float, level: str, expected: bool | None) -> None:
    told = chart(
        finding("organ_disease", "pulmonary", disease="ild", weight="major", level=level),
        finding("pft", "FVC", value=fvc),
    )

    assert organ_disease_uncontrolled(told, OrganDiseaseUncontrolled()).value is expected


def test_a_falling_fvc_is_progression() -> None:
    told = chart(
        finding("organ_disease", "pulmonary", disease="ild", weight="major", level="unspecified"),
        finding("pft", "FVC", value=64, days=210),
        finding("pft", "FVC", value=57, days=5),
    )

    assert organ_disease_uncontrolled(told, OrganDiseaseUncontrolled()).value is None


@pytest.mark.parametrize(
    ("concept", "value", "unit", "days", "expected"),
    [
        ("Hgb", 7.9, "g/dL", 5, True),
        ("Hgb", 8.0, "g/dL", 5, False),
        ("Hgb", 10.0, "g/dL", 5, None),
        ("platelets", 34, "10^9/L", 5, True),
        ("platelets", 34, "10^9/L", 200, None),
        ("eGFR", 22, "mL/min", 60, True),
        # a number whose unit is not known decides nothing
        ("platelets", 3, "", 5, None),
    ],
)
def test_laboratory_limits(concept: str, value: float, unit: str, days: int, expected: bool | None) -> None:
    told = chart(finding("lab", concept, value=value, unit=unit, days=days), note_days=(3,))

    assert organ_disease_uncontrolled(told, OrganDiseaseUncontrolled()).value is expected


@pytest.mark.parametrize(
    ("concept", "value", "unit", "limit"),
    [
        ("Hgb", 8.5, "g/dL", "above the limit of 8"),
        ("platelets", 62, "10^9/L", "above the limit of 50"),
        ("ANC", 1.5, "10^9/L", "above the limit of 1"),
        ("eGFR", 38, "mL/min", "above the limit of 30"),
        ("INR", 2.1, "", "above 1.5"),
    ],
)
def test_a_value_near_its_limit_is_shown_and_decides_nothing(
    concept: str, value: float, unit: str, limit: str
) -> None:
    told = chart(finding("lab", concept, value=value, unit=unit))

    outcome = organ_disease_uncontrolled(told, OrganDiseaseUncontrolled())

    assert (outcome.value, outcome.basis) == (False, "documented")
    assert [(item.stance, item.reason) for item in outcome.evidence] == [("against", limit)]
    assert outcome.reason.endswith(f"is {limit}")
    assert outcome.flags == (f"near_limit {concept}",)


def test_a_low_value_that_is_too_old_stays_visible() -> None:
    told = chart(finding("lab", "platelets", value=34, unit="10^9/L", days=200), note_days=(3,))

    outcome = organ_disease_uncontrolled(told, OrganDiseaseUncontrolled())

    assert outcome.is_silent
    assert [(item.stance, item.reason) for item in outcome.evidence] == [
        ("set_aside", "below 50, 200 days old")
    ]
