"""Lung and heart: limits, windows, the latest value, and what sets a value aside."""

from __future__ import annotations

import pytest
from support.findings import chart, finding

from chartsift.nlp.criteria.predicates.heart_lung import lung_or_heart_impaired
from chartsift.nlp.criteria.predicates.heart_lung_values import LungHeart


@pytest.mark.parametrize(
    ("kind", "concept", "value", "expected"),
    [
        ("pft", "FVC", 45, True),
        ("pft", "FVC", 46, None),
        ("pft", "FVC", 59, None),
        ("pft", "FVC", 60, False),
        ("pft", "DLCO", 40, True),
        ("pft", "DLCO", 41, None),
        ("pft", "DLCO", 60, False),
        ("echo", "LVEF", 39, True),
        ("echo", "LVEF", 40, None),
        ("echo", "LVEF", 50, False),
        ("echo", "NYHA", 4, True),
        ("echo", "NYHA", 3, None),
        ("echo", "NYHA", 2, False),
    ],
)
def test_limits(kind: str, concept: str, value: float, expected: bool | None) -> None:
    assert lung_or_heart_impaired(chart(finding(kind, concept, value=value)), LungHeart()).value is expected


def test_limits_are_parameters() -> None:
    low = chart(finding("pft", "FVC", value=48))

    assert lung_or_heart_impaired(low, LungHeart(fvc_impaired=50)).value is True


def test_the_latest_value_counts() -> None:
    better = chart(finding("pft", "FVC", value=41, days=200), finding("pft", "FVC", value=70, days=10))

    outcome = lung_or_heart_impaired(better, LungHeart())

    assert outcome.value is False
    assert [(e.finding.value, e.stance) for e in outcome.evidence] == [(70, "against"), (41, "set_aside")]


def test_an_abnormal_value_far_outside_its_window_is_reviewed() -> None:
    old = chart(finding("pft", "FVC", value=41, days=500))

    assert lung_or_heart_impaired(old, LungHeart()).value is None


def test_copied_and_supine_values_do_not_count() -> None:
    mixed = chart(
        finding("pft", "FVC", value=44, position="supine"),
        finding("pft", "FVC", value=40, copied="yes"),
        finding("pft", "FVC", value=68),
    )

    assert lung_or_heart_impaired(mixed, LungHeart()).value is False


def test_low_saturation_of_an_old_illness_gives_way_to_a_later_one() -> None:
    over = chart(
        finding("vital", "SpO2", value=86, days=200, air="room", acute="yes"),
        finding("vital", "SpO2", value=97, days=5, air="room"),
    )

    assert lung_or_heart_impaired(over, LungHeart()).value is False


def test_exertional_oxygen_goes_to_a_person() -> None:
    assert (
        lung_or_heart_impaired(chart(finding("oxygen", "oxygen", use="exertion")), LungHeart()).value is None
    )


def test_silence_is_silence() -> None:
    assert lung_or_heart_impaired(chart(note_days=(5,)), LungHeart()).is_silent
