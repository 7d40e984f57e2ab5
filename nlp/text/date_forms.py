"""The written forms of dates: numeric, named, partial; each read as the interval that it can mean."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

from chartsift.nlp.months import MONTHS
from chartsift.nlp.text.date_habits import DateHabit, habit_of
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.values import maker

Precision = Literal["day", "month", "season", "year"]

MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
# The months as the folded text has them.
_FOLDED = "|".join(sorted(map(fold, MONTHS), key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_PART = r"(?:early|beginning\sof|start\sof|mid|middle\sof|late|end\sof)"  # read in verbose patterns
# The clock time that follows a date belongs to it, so that "08:15" is never a value.
_CLOCK = r"(?:(?:,?\s+(?:at\s+)?|T)\d{1,2}:\d\d(?!\d)(?::\d\d(?:\.\d+)?)?Z?(?:\s?[AP]\.?M\b\.?)?|\s[AP]M\b)?"
_DATE = gate(
    rf"""(?<![\d./-])(?:
      (?P<iso>{_YEAR}(?P<iso_sign>[-/])\d\d(?P=iso_sign)\d\d){_CLOCK}
    | (?P<span>\d{{1,2}}/\d{{1,2}}(?:/(?:{_YEAR}|\d\d))?\s?[-–]\s?\d{{1,2}}/\d{{1,2}}/(?:{_YEAR}|\d\d))
    | (?P<dotted>\d{{1,2}}\.\d{{1,2}}\.(?:{_YEAR}|\d\d)){_CLOCK}
    | (?P<slashed>\d{{1,2}}(?P<sign>[/-])\d{{1,2}}(?P=sign)(?:{_YEAR}|\d\d)){_CLOCK}
    | (?:(?<=\bam\s)|(?<=\bvom\s)|(?<=\bseit\s))(?P<german>\d{{1,2}}\.\d{{1,2}}\.)
    | (?P<month_year>(?:0?[1-9]|1[0-2])[/.-]{_YEAR})
    | (?P<month_day>(?:0?[1-9]|1[0-2])/(?:[0-2]?\d|3[01]))(?!/?\d|\s*(?:mm|%|scale|mg|kg|days?|weeks?|doses?)\b){_CLOCK}
    | (?:(?<=\n)|\A)(?P<month_day_line>(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?=:\s)
    | (?P<day_month>(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2]))(?!/?\d|\s*(?:mm|%|scale|mg|kg)\b)
    | (?P<day_month_glued>(?:[0-2]\d|3[01])(?:{MONTH})(?:{_YEAR}|\d\d))
    | (?P<day_month_name>(?:[0-2]?\d|3[01])(?:st|nd|rd|th|\.)?[\s.-]+(?:of\s+)?(?:{MONTH})\b\.?
        (?:,?[\s-]+(?:{_YEAR}|'\d\d)|[-/]\d\d(?!\d))?)
    | (?P<month_name_day>\b(?:{MONTH})\b\.?\s+(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?(?!\d|[/.]\d)
        (?:,?\s+(?:{_YEAR}|'\d\d))?){_CLOCK}
    | (?P<month_name_year>\b(?:{_PART}[\s-]+)?(?:{MONTH})\b\.?,?(?:\s*(?:of\s+)?|-)(?:{_YEAR}|'\d\d|(?<=-)\d\d(?!\d)))
    | (?P<season_year>\b(?:{_PART}[\s-]+)?(?:spring|summer|autumn|fall|winter)\b(?:\s+of)?\s+{_YEAR})
    | (?P<quarter>\bQ[1-4][\s/'-]{{0,2}}{_YEAR})
    | (?P<year_span>\b{_YEAR}\s?[-–]\s?{_YEAR}\b)
    | (?P<year>\b(?:{_PART}[\s-]+)?{_YEAR}\b)
    | (?P<short_year>(?<=in\s)'\d\d\b)
    | (?P<month_name>\b(?:{_PART}[\s-]+)?(?:{MONTH})\b)
    )(?![\d-]*\d)""",
    re.IGNORECASE | re.VERBOSE,
    # As little as tells a date from the many other numbers of a note: the shape of one, not just a digit. What is
    # looked ahead for leaves the words of the pass over the note short.
    starts=rf"""(?x)(?<![0./-])(?:
      0?0[/-]0
    | 0?0\.00?\.
    | 0?0\.0000
    | 0000(?!0)
    | 0?0(?:{_FOLDED})
    | (?=00?(?:st|nd|rd|th|\.)?[ .-]+(?:of\ +)?(?:{_FOLDED})\b)
      (?:0?0(?:st|nd|rd|th)[ .-]|0?0[ .-][jfmaso]|0?0[ .-][nd .-])
    | '00
    | \bq0
    | \b(?:early|beginning\ of|start\ of|mid|middle\ of|late|end\ of)[ -]
      (?=[ -]*(?:(?:{_FOLDED}|spring|summer|autumn|fall|winter)\b|0000))
    | \b(?:spring|summer|autumn|fall|winter)\b(?=(?:\ +of)?\ +0000)
    | \b(?:{_FOLDED})\b
    )""",
)
_NUMBERS = re.compile(r"\d+")
_MONTH_IN = re.compile(MONTH, re.IGNORECASE)
_PART_AT = re.compile(_PART, re.IGNORECASE)
_DATE_LEAD = re.compile(r"\b(?:in|since|last|this|until|till|by|during)\s$", re.IGNORECASE)
# "Day 4/7", "wk 2/6", "dose #2/3": how far a course has come, no date; but "d/c'd 4/7" and "last dose 11/18" are.
_COUNT_LEAD = re.compile(r"(?<![\w'’])(?:day|d|week|wk|cycle)\.?\s?#?$|\w\s?#$", re.IGNORECASE)
# "may" and "march" are verbs; only what leads to a date makes a month of them.
_VERBS = frozenset({"may", "march", "mar", "dec", "mai"})
_SEASON_MONTHS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 12)}


@dataclass(frozen=True, slots=True)
class DateMention:
    """
    A date in a text.

    Attributes:
        start: First code point.
        end: One past the last code point, a clock time behind the date included.
        first: Earliest day that it can mean.
        last: Latest day that it can mean.
        precision: "day", "month", "season" or "year".
        relative: It was given relative to another day ("three weeks ago").
        ambiguous: Day and month could change places, and nothing in the note settles it.
    """

    start: int
    end: int
    first: date
    last: date
    precision: Precision
    relative: bool = False
    ambiguous: bool = False

    @property
    def day(self) -> date:
        """The one day that stands for it: the middle of "three weeks ago", the last day of a month or a year."""
        return self.first + (self.last - self.first) // 2 if self.relative else self.last


_made = maker(DateMention)


def may_be_absolute(text: str, start: int, end: int) -> bool:
    """Say whether a date that is written out may begin in ``text[start:end]``."""
    return _DATE.may_begin(text, start, end)


def find_absolute(
    text: str, start: int, end: int, note_date: date, habit: DateHabit | None = None
) -> Iterator[DateMention]:
    """Yield the dates in ``text[start:end]`` that are written out, numeric ones by *habit* (that of the text)."""
    for match in _DATE.finditer(text, start, end):
        # Asked for here: most of the places that are searched hold no date.
        habit = habit or habit_of(text, note_date)
        kind = cast(str, match.lastgroup)  # the one around all of it: of nested groups the outer one is last
        read = _interpret(kind, match, text, note_date, habit)
        if read is not None:
            first, last, precision = read
            yield _made(
                match.start(),
                match.end(),
                first,
                last,
                precision,
                ambiguous=kind == "slashed" and _is_ambiguous(match.group(kind), match.group("sign"), habit),
            )


def _is_ambiguous(words: str, sign: str, habit: DateHabit) -> bool:
    if habit.is_certain(sign):
        return False
    first, second, *_ = map(int, _NUMBERS.findall(words))
    return first != second and first <= 12 and second <= 12


def _interpret(
    kind: str, match: re.Match[str], text: str, note_date: date, habit: DateHabit
) -> tuple[date, date, Precision] | None:
    words = match.group(kind)
    numbers = [int(n) for n in _NUMBERS.findall(words)]
    if kind == "iso":
        return _day(numbers[0], numbers[1], numbers[2])
    if kind in ("dotted", "slashed"):
        sign = "." if kind == "dotted" else match.group("sign")
        return _numeric(numbers[0], numbers[1], _full_year(numbers[2], note_date), habit.is_day_first(sign))
    if kind == "span":
        return _span(words, note_date, habit)
    if kind == "german":
        return _recent(numbers[1], numbers[0], note_date)
    if kind == "month_year":
        return _month(numbers[1], numbers[0])
    if (
        kind == "month_day"
        and (
            words == "2/2"  # "secondary to" far more often than a day in February
            or _COUNT_LEAD.search(text[max(0, match.start() - 10) : match.start()])
        )
    ):
        return None
    if kind in ("month_day", "month_day_line", "day_month"):
        # "7/24" in a chart of 2024 is a month and a year as often as a day; as a day in July it is read first.
        if habit.day_first:
            return _recent(numbers[1], numbers[0], note_date)
        return _recent(numbers[0], numbers[1], note_date) if kind != "day_month" else None
    return _named(kind, words, numbers, text[max(0, match.start() - 8) : match.start()], note_date)


def _named(
    kind: str, words: str, numbers: list[int], lead: str, note_date: date
) -> tuple[date, date, Precision] | None:
    """Read the forms that hold a month's name, a season or a year."""
    name = _MONTH_IN.search(words)
    month = MONTHS[name.group().lower()] if name else 0
    part = _PART_AT.match(words)
    if kind in ("day_month_name", "month_name_day", "day_month_glued"):
        day, *year = numbers
        return _day(_full_year(year[0], note_date), month, day) if year else _recent(month, day, note_date)
    if kind == "month_name_year":
        return _part_of(_month(_full_year(numbers[0], note_date), month), part)
    if kind == "season_year":
        season = next(name for name in _SEASON_MONTHS if name in words.lower())
        return season_of(numbers[0], season)
    if kind == "quarter":
        return (
            date(numbers[1], numbers[0] * 3 - 2, 1),
            month_end(numbers[1], numbers[0] * 3),
            "season",
        )
    if kind == "year_span":
        return (
            (date(numbers[0], 1, 1), date(numbers[1], 12, 31), "year") if numbers[0] <= numbers[1] else None
        )
    if kind in ("year", "short_year"):
        year_of = _full_year(numbers[0], note_date)
        return _part_of((date(year_of, 1, 1), date(year_of, 12, 31), "year"), part)
    led = _DATE_LEAD.search(lead) is not None or part is not None
    if not led and (words[0].islower() or words.lower() in _VERBS):
        return None  # "may", "march": a verb
    year_guess = note_date.year if month <= note_date.month else note_date.year - 1
    return _part_of(_month(year_guess, month), part)


def _numeric(first: int, second: int, year: int, day_first: bool) -> tuple[date, date, Precision] | None:
    day, month = (first, second) if day_first else (second, first)
    if month > 12 >= day:
        day, month = month, day
    return _day(year, month, day)


def _span(words: str, note_date: date, habit: DateHabit) -> tuple[date, date, Precision] | None:
    """Read "10/1-10/9/24" as the days from one to the other."""
    left, right = re.split(r"\s?[-–]\s?", words, maxsplit=1)
    ends = [[int(n) for n in _NUMBERS.findall(side)] for side in (left, right)]
    year = _full_year(ends[1][2], note_date)
    begin_year = _full_year(ends[0][2], note_date) if len(ends[0]) > 2 else year
    first = _numeric(ends[0][0], ends[0][1], begin_year, habit.day_first)
    last = _numeric(ends[1][0], ends[1][1], year, habit.day_first)
    if first is None or last is None:
        return None
    return (first[0], last[0], "day") if first[0] <= last[0] else (last[0], last[0], "day")


def _part_of(whole: tuple[date, date, Precision], part: re.Match[str] | None) -> tuple[date, date, Precision]:
    """Return the third of a month or year that "early", "mid" or "late" names."""
    if part is None:
        return whole
    first, last, precision = whole
    third = (last - first).days // 3
    words = part.group().lower()
    if words.startswith(("early", "begin", "start")):
        return first, first + timedelta(days=third), "season" if precision == "year" else precision
    if words.startswith("mid"):
        return (
            first + timedelta(days=third),
            last - timedelta(days=third),
            "season" if precision == "year" else precision,
        )
    return last - timedelta(days=third), last, "season" if precision == "year" else precision


def season_of(year: int, season: str) -> tuple[date, date, Precision]:
    """Return the days of a season; a winter ends in the February of the next year."""
    low, high = _SEASON_MONTHS[season]
    last = month_end(year + 1, 2) if season == "winter" else month_end(year, high)
    return date(year, low, 1), last, "season"


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def _day(year: int, month: int, day: int) -> tuple[date, date, Precision] | None:
    try:
        exact = date(year, month, day)
    except ValueError:
        return None
    return exact, exact, "day"


def _month(year: int, month: int) -> tuple[date, date, Precision]:
    return date(year, month, 1), month_end(year, month), "month"


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
