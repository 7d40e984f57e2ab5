from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.text.dates import find_dates, may_hold_dates
from chartsift.nlp.text.prefilter import Prefilter, opened

DAY = date(2024, 11, 20)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-03-05", date(2024, 3, 5), date(2024, 3, 5)),
        ("3/5/2024", date(2024, 3, 5), date(2024, 3, 5)),
        ("3/5/24", date(2024, 3, 5), date(2024, 3, 5)),
        ("03-05-2024", date(2024, 3, 5), date(2024, 3, 5)),
        ("25/3/2024", date(2024, 3, 25), date(2024, 3, 25)),
        ("05.03.2024", date(2024, 3, 5), date(2024, 3, 5)),
        ("10/28", date(2024, 10, 28), date(2024, 10, 28)),
        ("12/28", date(2023, 12, 28), date(2023, 12, 28)),
        ("4/2021", date(2021, 4, 1), date(2021, 4, 30)),
        ("Oct. 21", date(2024, 10, 21), date(2024, 10, 21)),
        ("14 Sep 2022", date(2022, 9, 14), date(2022, 9, 14)),
        ("March 14, 2023", date(2023, 3, 14), date(2023, 3, 14)),
        ("December 2023", date(2023, 12, 1), date(2023, 12, 31)),
        ("Feb '23", date(2023, 2, 1), date(2023, 2, 28)),
        ("in 2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("summer 2022", date(2022, 6, 1), date(2022, 8, 31)),
        ("since September", date(2024, 9, 1), date(2024, 9, 30)),
        ("since December", date(2023, 12, 1), date(2023, 12, 31)),
        ("yesterday", date(2024, 11, 19), date(2024, 11, 19)),
        ("8/19/72", date(1972, 8, 19), date(1972, 8, 19)),
        ("2024/03/05", date(2024, 3, 5), date(2024, 3, 5)),
        ("2024-03-05T08:15:00Z", date(2024, 3, 5), date(2024, 3, 5)),
        ("04-Mar-24", date(2024, 3, 4), date(2024, 3, 4)),
        ("04MAR2024", date(2024, 3, 4), date(2024, 3, 4)),
        ("4. März 2024", date(2024, 3, 4), date(2024, 3, 4)),
        ("am 5.3. gemessen", date(2024, 3, 5), date(2024, 3, 5)),
        ("Oct-24", date(2024, 10, 1), date(2024, 10, 31)),
        ("03.2022", date(2022, 3, 1), date(2022, 3, 31)),
        ("in '19", date(2019, 1, 1), date(2019, 12, 31)),
        ("2019-2021", date(2019, 1, 1), date(2021, 12, 31)),
        ("Q3 2023", date(2023, 7, 1), date(2023, 9, 30)),
        ("early 2020", date(2020, 1, 1), date(2020, 5, 1)),
        ("end of 2019", date(2019, 9, 1), date(2019, 12, 31)),
        ("late March 2023", date(2023, 3, 21), date(2023, 3, 31)),
        ("winter 2021", date(2021, 12, 1), date(2022, 2, 28)),
        ("in March", date(2024, 3, 1), date(2024, 3, 31)),
        ("in may", date(2024, 5, 1), date(2024, 5, 31)),
        ("10/1-10/9/24", date(2024, 10, 1), date(2024, 10, 9)),
    ],
)
def test_a_date_is_the_interval_that_it_can_mean(text: str, first: date, last: date) -> None:
    mention = find_dates(text, DAY)[0]

    assert (mention.first, mention.last) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["4/5 strength", "MRC 4/4", "MMT-8 142/150", "he may march on", "13/40", "12/50 mg", "weak 2/2 myositis"],
)
def test_grades_and_verbs_are_no_dates(text: str) -> None:
    days = [m for m in find_dates(text, DAY) if m.precision == "month"]

    assert days == []


@pytest.mark.parametrize(
    "text",
    [
        "day 4/7",
        "Day 4/7 of Keflex",
        "D3/10",
        "wk 2/6",
        "dose #2/3",
        "cycle 1/6",
        "4/7 days",
        "took 2/3 doses",
    ],
)
def test_how_far_a_course_has_come_is_no_date(text: str) -> None:
    assert find_dates(text, DAY) == []


@pytest.mark.parametrize(
    "text", ["Monday 4/7", "seen today 4/7", "4/7 d/c'd", "d/c'd 4/7", "last dose 4/7", "Tues 4/7: well"]
)
def test_a_day_of_the_week_leads_to_a_date(text: str) -> None:
    assert date(2024, 4, 7) in [mention.last for mention in find_dates(text, DAY)]


def test_the_note_shows_which_number_is_the_month() -> None:
    mentions = find_dates("seen 13/02/2024, again 04/03/2024", DAY)

    assert [m.last for m in mentions] == [date(2024, 2, 13), date(2024, 3, 4)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3 wks ago", date(2024, 10, 30)),
        ("2-4 weeks ago", date(2024, 10, 30)),
        ("a couple of weeks ago", date(2024, 11, 6)),
        ("four days prior", date(2024, 11, 16)),
        # 20 November 2024 is a Wednesday
        ("last Tuesday", date(2024, 11, 19)),
        ("last Wednesday", date(2024, 11, 13)),
        ("this past Friday", date(2024, 11, 15)),
        ("last night", date(2024, 11, 19)),
        ("this AM", date(2024, 11, 20)),
    ],
)
def test_days_told_from_the_note(text: str, day: date) -> None:
    mention = find_dates(text, DAY)[0]

    assert (mention.day, mention.relative) == (day, True)


def test_a_season_told_from_the_note_is_the_last_one_that_is_over() -> None:
    mention = find_dates("weak since last winter", DAY)[0]

    assert (mention.first, mention.last) == (date(2023, 12, 1), date(2024, 2, 29))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Infused 01-Oct-2024 (day 0). Labs day +28", date(2024, 10, 29)),
        ("Day 0 = 10/16/24; seen on D+14", date(2024, 10, 30)),
        ("Today is day +28. Peak on day +7", date(2024, 10, 30)),
        ("Thymectomy 11/15/24. Drain out on POD 3", date(2024, 11, 18)),
        ("POD 2 today; extubated POD 1", date(2024, 11, 19)),
    ],
)
def test_days_counted_from_an_event_that_the_note_dates(text: str, day: date) -> None:
    assert find_dates(text, DAY)[-1].day == day


@pytest.mark.parametrize("text", ["CK on day +28", "POD 3", "day 3 of 7 of azithromycin", "D-dimer 3"])
def test_days_counted_from_an_unknown_event_are_not_guessed(text: str) -> None:
    assert find_dates(text, DAY) == []


@pytest.mark.parametrize(
    ("text", "day", "ambiguous"),
    [
        # dots: the day first; slashes: the month first, and marked because nothing proves it
        ("05.03.2024", date(2024, 3, 5), False),
        ("05/03/2024", date(2024, 5, 3), True),
        # another date of the note, or the note's own date, settles it for all
        ("28/10/2024; 05/03/2024", date(2024, 3, 5), False),
        ("10/28/2024; 05/03/2024", date(2024, 5, 3), False),
        ("10.28.2024; 05.03.2024", date(2024, 5, 3), False),
        ("Clinic of 20/11/24. Labs 05/03/2024", date(2024, 3, 5), False),
        ("28/10/2024; 10/28/2024; 05/03/2024", date(2024, 5, 3), True),
        # nothing to choose
        ("05/05/2024", date(2024, 5, 5), False),
        ("28/10/2024", date(2024, 10, 28), False),
        ("13/02/2024, 03/04", date(2024, 4, 3), False),
    ],
)
def test_day_and_month_by_the_habit_of_the_note(text: str, day: date, ambiguous: bool) -> None:
    mention = find_dates(text, DAY)[-1]

    assert (mention.last, mention.ambiguous) == (day, ambiguous)


def test_a_clock_time_belongs_to_its_date() -> None:
    text = "11/04/2024 08:15 AM"

    mention = find_dates(text, DAY)[0]

    assert text[mention.start : mention.end] == text


@pytest.mark.parametrize("text", ["weak and ago", "aday ago", "CK 612 (30-200) on 40 mg", "4.5 mg"])
def test_what_only_looks_like_a_day_told_from_the_note_is_none(text: str) -> None:
    assert find_dates(text, DAY) == []


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("CK 612 U/L, AST 4.5, a dose of 40 mg", False),
        ("CK 612 on 10/2", True),
        ("better 3 weeks ago", True),
        ("labs of day +28", True),
        ("since September", True),
    ],
)
def test_an_open_note_tells_where_no_date_can_begin(text: str, may: bool) -> None:
    with opened(Prefilter(), text):
        assert may_hold_dates(text, 0, len(text)) is may
    # Of a text that is not open nothing is known.
    assert may_hold_dates(text, 0, len(text))
