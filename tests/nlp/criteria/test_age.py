from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.criteria.birth import birth_of, days_of_birth
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


def birth_date_note(day: str, *, on: date, note: str = "b") -> Finding:
    return Finding(
        "p", note, 0, 2, day, "age", "birth_date", "present", on, attributes=(("birth_date", day),)
    )


def written(*findings: Finding, as_of: date, born: date | None = None) -> Chart:
    notes = [NoteInfo(note, day, "", 100) for note, day in {f.note_id: f.date for f in findings}.items()]
    return Chart.build(Patient("p", born), notes, findings, as_of)


def stated(years: int, on: date, note: str = "a") -> Finding:
    return Finding("p", note, 0, 2, str(years), "age", "age", "present", on, value=float(years))


def test_fourteen_two_years_ago_is_sixteen_now() -> None:
    exact = chart((14, date(2024, 6, 10)), as_of=date(2026, 6, 10))
    open_ = chart((14, date(2024, 6, 10)), as_of=date(2026, 6, 11))

    assert "age at screening is 16," in age_between(exact, AgeBetween(min=6, max=17)).reason
    assert "age at screening is 16 to 17," in age_between(open_, AgeBetween(min=6, max=17)).reason


@given(
    born=st.dates(date(1930, 1, 1), date(2018, 1, 1)),
    days=st.lists(st.dates(date(2018, 1, 2), date(2024, 1, 1)), min_size=1, max_size=4, unique=True),
    as_of=st.dates(date(2024, 1, 2), date(2026, 1, 1)),
)
def test_what_notes_state_over_the_years_always_allows_the_true_age(
    born: date, days: list[date], as_of: date
) -> None:
    told = chart(*((age_in_years(born, day), day) for day in days), as_of=as_of)

    found = birth_of(told)

    assert found is not None
    low, high = found.ages(as_of)
    assert low <= age_in_years(born, as_of) <= high <= low + 1
    assert (found.flags, found.aside) == ((), ())
    for bar in (18, 65):
        outcome = age_between(told, AgeBetween(min=bar))
        assert outcome.value in (None, age_in_years(born, as_of) >= bar)


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1), date(2024, 12, 31)])
@pytest.mark.parametrize("years", [1, 16, 17, 40])
def test_the_days_of_birth_of_a_stated_age_are_exactly_those_with_that_age(day: date, years: int) -> None:
    first, last = days_of_birth(years, day)

    assert age_in_years(first, day) == age_in_years(last, day) == years
    assert age_in_years(first - timedelta(days=1), day) == years + 1
    assert age_in_years(last + timedelta(days=1), day) == years - 1


def test_a_stated_age_that_contradicts_the_date_of_birth_is_flagged_and_set_aside() -> None:
    told = written(stated(61, date(2024, 5, 1)), as_of=date(2024, 6, 1), born=date(1980, 1, 1))

    outcome = age_between(told, ADULT)

    assert (outcome.value, outcome.flags) == (True, ("stated_age_differs a",))
    assert [e.reason for e in outcome.evidence] == ["states 61 years where the date of birth gives 44"]


@pytest.mark.parametrize(
    ("born", "flags"), [(date(1980, 1, 1), ()), (date(1950, 1, 1), ("stated_age_differs a",))]
)
def test_an_age_copied_from_last_year_is_flagged_only_where_it_would_decide(born: date, flags: tuple) -> None:
    # 43 for 44 changes nothing; 76 for 75 would.
    year_off = {1980: 43, 1950: 73}[born.year]
    told = written(stated(year_off, date(2024, 5, 1)), as_of=date(2024, 6, 1), born=born)

    assert age_between(told, AgeBetween(min=18, max=73)).flags == flags


def test_two_dates_of_birth_decide_only_together() -> None:
    day = date(2024, 5, 1)
    both_adult = written(
        birth_date_note("1980-01-01", on=day), birth_date_note("1981-01-01", on=day, note="c"), as_of=day
    )
    disputed = written(
        birth_date_note("1980-01-01", on=day), birth_date_note("2010-01-01", on=day, note="c"), as_of=day
    )
    settled = written(
        birth_date_note("1980-01-01", on=day),
        birth_date_note("2010-01-01", on=day, note="c"),
        stated(44, day),
        as_of=day,
    )

    assert age_between(both_adult, ADULT).value is True
    assert (age_between(disputed, ADULT).value, age_between(disputed, ADULT).basis) == (None, "conflicting")
    assert age_between(settled, ADULT).value is True
    for told in (both_adult, disputed, settled):
        assert "birth_dates_differ" in age_between(told, ADULT).flags


def test_the_recorded_date_of_birth_goes_before_that_of_a_note() -> None:
    day = date(2024, 5, 1)
    told = written(birth_date_note("2010-01-01", on=day), as_of=day, born=date(1980, 1, 1))

    outcome = age_between(told, ADULT)

    assert (outcome.value, outcome.flags) == (True, ("birth_dates_differ",))
    assert [e.stance for e in outcome.evidence] == ["set_aside"]


def test_stated_ages_far_apart_are_flagged() -> None:
    told = written(
        stated(40, date(2023, 5, 1), note="old"), stated(62, date(2024, 5, 1)), as_of=date(2024, 5, 1)
    )

    outcome = age_between(told, ADULT)

    assert (outcome.value, outcome.flags) == (True, ("stated_ages_differ",))
    assert [e.reason for e in outcome.evidence if e.stance == "set_aside"] == [
        "contradicts the age stated on 2024-05-01"
    ]


@pytest.mark.parametrize(
    ("as_of", "warn_days", "flags"),
    [
        (date(2026, 6, 5), 180, ("turns_18_on 2026-12-02",)),
        (date(2026, 6, 4), 180, ()),
        (date(2026, 11, 22), 5, ()),
        (date(2026, 11, 22), 10, ("turns_18_on 2026-12-02",)),
    ],
)
def test_a_limit_that_is_crossed_soon_is_flagged_from_both_sides(
    as_of: date, warn_days: int, flags: tuple[str, ...]
) -> None:
    told = chart(as_of=as_of, born=date(2008, 12, 2))

    for low, high in ((6, 17), (18, 75)):
        assert age_between(told, AgeBetween(min=low, max=high, warn_days=warn_days)).flags == flags


def test_without_a_birthday_the_flag_says_that_it_may_come() -> None:
    told = chart((17, date(2024, 5, 1)), as_of=date(2024, 5, 1))

    assert age_between(told, AgeBetween(min=6, max=17)).flags == ("may_turn_18_from 2024-05-02",)
