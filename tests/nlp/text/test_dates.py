from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.text.dates import find_dates

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


def test_the_note_shows_which_number_is_the_month() -> None:
    mentions = find_dates("seen 13/02/2024, again 04/03/2024", DAY)

    assert [m.last for m in mentions] == [date(2024, 2, 13), date(2024, 3, 4)]
