"""Numbers written as words, and units of time."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.text.counts import count_of, unit_days
from chartsift.nlp.text.dates import find_dates


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("a", 1),
        ("a couple of", 2),
        ("few", 3),
        ("several", 4),
        ("twelve", 12),
        ("7", 7),
        ("1.5", 1.5),
        ("20+", 20),
    ],
)
def test_count(words: str, number: float) -> None:
    assert count_of(words) == number


@pytest.mark.parametrize(
    ("unit", "days"), [("d", 1), ("Weeks", 7), ("mo", 30), ("yrs", 365), ("decades", 3650)]
)
def test_days_of_a_unit(unit: str, days: int) -> None:
    assert unit_days(unit) == days


def test_several_weeks_ago_lies_four_weeks_back() -> None:
    (mention,) = find_dates("Seen several weeks ago.", date(2024, 6, 29))

    assert mention.first <= date(2024, 6, 1) <= mention.last
