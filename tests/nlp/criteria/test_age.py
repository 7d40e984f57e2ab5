from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.criteria.chart import Chart, age_in_years
from chartsift.nlp.criteria.predicates.age import AgeBetween, age_between
from chartsift.nlp.types import Finding, NoteInfo, Patient

ADULT = AgeBetween(min=18, max=75)


def chart(*stated: tuple[int, date], as_of: date, born: date | None = None) -> Chart:
    notes = [NoteInfo(f"n{i}", day, "", 100) for i, (_, day) in enumerate(stated)]
    findings = [
        Finding(
            "p", f"n{i}", 0, 2, str(years), "age", "age", "present", day, value=float(years), unit="years"
        )
        for i, (years, day) in enumerate(stated)
    ]
    return Chart.build(
        Patient("p", born, None, as_of), notes or [NoteInfo("n", as_of, "", 1)], findings, as_of
    )


@pytest.mark.parametrize(
    ("born", "as_of", "years"),
    [
        (date(1949, 5, 3), date(2025, 5, 2), 75),
        (date(1949, 5, 3), date(2025, 5, 3), 76),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_completed_years(born: date, as_of: date, years: int) -> None:
    assert age_in_years(born, as_of) == years


@pytest.mark.parametrize(
    ("born", "as_of", "met"),
    [
        (date(1949, 5, 3), date(2025, 5, 2), True),
        (date(1949, 5, 3), date(2025, 5, 3), False),
        (date(2008, 12, 2), date(2026, 11, 22), False),
        (date(2008, 12, 2), date(2026, 12, 2), True),
    ],
)
def test_both_ends_are_included(born: date, as_of: date, met: bool) -> None:
    assert age_between(chart(as_of=as_of, born=born), ADULT).value is met


def test_an_age_in_an_old_note_moves_on() -> None:
    outcome = age_between(chart((73, date(2023, 3, 14)), as_of=date(2024, 12, 16)), ADULT)

    assert outcome.value is True
    assert "74 to 75" in outcome.reason


def test_two_notes_narrow_the_age() -> None:
    # 72 on 10 March 2022 alone leaves 75 or 76 open; 75 in May 2025 does not.
    one = chart((72, date(2022, 3, 10)), as_of=date(2025, 6, 5))
    two = chart((72, date(2022, 3, 10)), (75, date(2025, 5, 28)), as_of=date(2025, 5, 28))

    assert age_between(one, ADULT).value is None
    assert age_between(two, ADULT).value is True


def test_no_age_is_silence() -> None:
    assert age_between(chart(as_of=date(2024, 1, 1)), ADULT).is_silent


def test_a_birthday_soon_is_flagged() -> None:
    outcome = age_between(chart(as_of=date(2026, 11, 22), born=date(2008, 12, 2)), AgeBetween(min=6, max=17))

    assert outcome.value is True
    assert outcome.flags == ("turns_18_on 2026-12-02",)
    assert outcome.valid_until == date(2026, 12, 1)
