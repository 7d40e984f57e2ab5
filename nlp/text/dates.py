"""
Dates as clinicians write them, with what they leave out said honestly.

A mention is an interval: "May 2023" is 1 to 31 May. A day and month without a year take the year that puts them
last before the note's own date. Which of 03/04 is the month follows the note's own habit.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Precision = Literal["day", "month", "season", "year"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar",
            "february feb februar",
            "march mar märz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"""(?<![\d./-])(?:
      (?P<iso>{_YEAR}-\d\d-\d\d)
    | (?P<dotted>\d{{1,2}}\.\d{{1,2}}\.(?:{_YEAR}|\d\d))
    | (?P<slashed>\d{{1,2}}([/-])\d{{1,2}}\4(?:{_YEAR}|\d\d))
    | (?P<month_year_slash>(?:0?[1-9]|1[0-2])/{_YEAR})
    | (?P<month_day>(?:0?[1-9]|1[0-2])/(?:[0-2]?\d|3[01]))(?!/?\d|\s*(?:mm|%|scale|mg|kg)\b)
    | (?P<day_month_name>(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?[\s-]+(?:of\s+)?(?:{_MONTH})\b\.?
        (?:,?[\s-]+(?:{_YEAR}|'\d\d))?)
    | (?P<month_name_day>\b(?:{_MONTH})\b\.?\s+(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?(?!\d|[/.]\d)
        (?:,?\s+(?:{_YEAR}|'\d\d))?)
    | (?P<month_name_year>\b(?:{_MONTH})\b\.?,?\s*(?:of\s+)?(?:{_YEAR}|'\d\d))
    | (?P<season_year>\b(?:spring|summer|autumn|fall|winter)\b(?:\s+of)?\s+{_YEAR})
    | (?P<year>\b{_YEAR}\b)
    | (?P<month_name>\b(?:{_MONTH})\b)
    )(?![\d-]*\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_RELATIVE = re.compile(
    r"\b(?:(?P<today>today|this (?:morning|afternoon|visit)|now)|(?P<yesterday>yesterday)"
    r"|(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a|an|several|few)\s*"
    r"(?P<unit>day|d|week|wk|w|month|mo|year|yr|y)s?\s+(?:ago|prior|back|earlier)"
    r"|(?P<last>last)\s+(?P<lastunit>week|month|year))\b",
    re.IGNORECASE,
)
_NUMBER = dict(zip("one two three four five six seven eight nine ten".split(), range(1, 11), strict=True))
_NUMBER.update(twelve=12, a=1, an=1, several=3, few=3)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_SEASON_MONTHS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 12)}


@dataclass(frozen=True, slots=True)
class DateMention:
    """
    A date in a text.

    Attributes:
        start: First code point.
        end: One past the last code point.
        first: Earliest day that it can mean.
        last: Latest day that it can mean.
        precision: "day", "month", "season" or "year".
        relative: It was given relative to the note ("three weeks ago").
    """

    start: int
    end: int
    first: date
    last: date
    precision: Precision
    relative: bool = False


def find_dates(text: str, note_date: date, *, start: int = 0, end: int | None = None) -> list[DateMention]:
    """
    Return the dates in ``text[start:end]``, in order, with offsets into *text*.

    A bare month name or a day and month without a year mean the last such day on or before *note_date*
    (two weeks of slack: notes announce appointments).
    """
    end = len(text) if end is None else end
    day_first = _is_day_first(text, start, end)
    found = list(_absolute(text, start, end, note_date, day_first=day_first))
    found.extend(_relative(text, start, end, note_date))
    return sorted(found, key=lambda mention: mention.start)


def _is_day_first(text: str, start: int, end: int) -> bool:
    """Say whether this text writes the day before the month in numeric dates, by the dates that leave no choice."""
    votes = 0
    for match in re.finditer(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(?:\d{4}|\d\d)(?!\d)", text[start:end]):
        first, second = int(match.group(1)), int(match.group(2))
        votes += (12 < first <= 31 and second <= 12) - (12 < second <= 31 and first <= 12)
    return votes > 0


def _absolute(text: str, start: int, end: int, note_date: date, *, day_first: bool) -> Iterator[DateMention]:
    for match in _DATE.finditer(text, start, end):
        kind = match.lastgroup or ""
        if kind.isdigit() or kind == "":
            kind = next(name for name, value in match.groupdict().items() if value)
        mention = _interpret(kind, match.group(), note_date, day_first=day_first)
        if mention is not None:
            first, last, precision = mention
            yield DateMention(match.start(), match.end(), first, last, precision)


def _interpret(
    kind: str, words: str, note_date: date, *, day_first: bool
) -> tuple[date, date, Precision] | None:
    numbers = [int(n) for n in re.findall(r"\d+", words)]
    if kind == "iso":
        return _day(numbers[0], numbers[1], numbers[2])
    if kind == "dotted":
        return _day(_full_year(numbers[2], note_date), numbers[1], numbers[0])
    if kind == "slashed":
        month, day = (numbers[1], numbers[0]) if day_first else (numbers[0], numbers[1])
        if month > 12 >= day:
            month, day = day, month
        return _day(_full_year(numbers[2], note_date), month, day)
    if kind == "month_year_slash":
        return _month(numbers[1], numbers[0])
    if kind == "month_day" and words == "2/2":
        return None  # "secondary to" far more often than a day in February
    if kind == "month_day":
        # "7/24" in a chart of 2024 is a month and a year as often as a day; as a day in July it is read first.
        return _recent(numbers[0], numbers[1], note_date)
    name = re.search(_MONTH, words, re.IGNORECASE)
    month = _MONTHS[name.group().lower()] if name else 0
    if kind in ("day_month_name", "month_name_day"):
        day, *year = numbers
        return _day(_full_year(year[0], note_date), month, day) if year else _recent(month, day, note_date)
    if kind == "month_name_year":
        return _month(_full_year(numbers[0], note_date), month)
    if kind == "season_year":
        season = words.split(maxsplit=1)[0].lower()
        low, high = _SEASON_MONTHS[season]
        year_of = numbers[0]
        first, last = date(year_of, low, 1), _month_end(year_of, high)
        if season == "winter":
            last = _month_end(year_of + 1, 2)
        return first, last, "season"
    if kind == "year":
        return date(numbers[0], 1, 1), date(numbers[0], 12, 31), "year"
    if words[0].islower():
        return None  # "may", "march": a verb
    if words.lower() in ("may", "march", "mar", "dec", "mai"):
        return None
    year_guess = note_date.year if month <= note_date.month else note_date.year - 1
    return _month(year_guess, month)


def _day(year: int, month: int, day: int) -> tuple[date, date, Precision] | None:
    try:
        exact = date(year, month, day)
    except ValueError:
        return None
    return exact, exact, "day"


def _month(year: int, month: int) -> tuple[date, date, Precision]:
    return date(year, month, 1), _month_end(year, month), "month"


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _recent(month: int, day: int, note_date: date) -> tuple[date, date, Precision] | None:
    for year in (note_date.year, note_date.year - 1):
        exact = _day(year, month, day)
        if exact is not None and exact[0] <= note_date + timedelta(days=14):
            return exact
    return None


def _full_year(year: int, note_date: date) -> int:
    if year >= 100:
        return year
    century = note_date.year - note_date.year % 100
    # Two digits ahead of the note by more than a few years belong to the last century (a birth date).
    return century + year if century + year <= note_date.year + 5 else century - 100 + year


def _relative(text: str, start: int, end: int, note_date: date) -> Iterator[DateMention]:
    for match in _RELATIVE.finditer(text, start, end):
        slack = 0
        if match.group("today"):
            days = 0
        elif match.group("yesterday"):
            days = 1
        elif match.group("last"):
            days = _DAYS[match.group("lastunit")[0].lower()]
            slack = days // 2
        else:
            words = match.group("n").lower()
            count = int(words) if words.isdigit() else _NUMBER[words]
            days = count * _DAYS[match.group("unit")[0].lower()]
            slack = _DAYS[match.group("unit")[0].lower()] // 2
        middle = note_date - timedelta(days=days)
        yield DateMention(
            match.start(),
            match.end(),
            middle - timedelta(days=slack),
            min(middle + timedelta(days=slack), note_date),
            "day" if slack == 0 else "month",
            relative=True,
        )
