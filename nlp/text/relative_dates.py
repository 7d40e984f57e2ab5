"""
Days told from another day: from the note's own ("three weeks ago", "last Tuesday") or from an event that the note
dates ("day +28", "POD 3").

An event without a date in the note gives no day: the mention is left out rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from chartsift.nlp.text.counts import count_of, unit_days
from chartsift.nlp.text.date_forms import DateMention, find_absolute, season_of
from chartsift.nlp.text.date_habits import habit_of
from chartsift.nlp.text.prefilter import gate

_COUNT = (
    r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve"
    r"|a\scouple(?:\sof)?|a\sfew|several|few|an?(?=[\s–-]))"
)
# As the folded text has them.
_FOLDED_COUNT = _COUNT.replace(r"\d", "0").replace(r"\s", r"\ ")
_NAMED = "mon|tue|wed|thu|fri|sat|sun|spring|summer|autumn|fall|winter"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_RELATIVE = gate(
    rf"""\b(?:
      (?P<today>today|this\ (?:morning|afternoon|evening|visit|am)|tonight|now)
    | (?P<yesterday>yesterday|last\ night)
    | (?P<n>{_COUNT})(?:\s?(?:-|–|to|or)\s?(?P<upto>{_COUNT}))?\s*
      (?P<unit>days?|d|weeks?|wks?|w|months?|mos?|mths?|years?|yrs?|y)
      \s+(?:ago|prior|back|earlier|before\ (?:this|today))
    | (?:last|this\ past|past)\s+(?P<weekday>mon|tues?|wednes|wed|thurs?|fri|satur(?=day)|sun(?=day))(?:day)?
    | (?:last|this\ past|past)\s+(?P<season>spring|summer|autumn|fall|winter)
    | last\s+(?P<lastunit>week|month|year)
    | earlier\s+this\s+(?P<thisunit>week|month|year)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
    # A word of those above, or a count that is looked ahead from to its end: hardly one of a note is of days ago.
    starts=rf"""(?x)\b(?:
      to(?:day|night)\b
    | now\b
    | yesterday\b
    | this\ (?:morning|afternoon|evening|visit|am)\b
    | last\ (?=\ *(?:{_NAMED}|night|week|month|year))
    | (?:this\ )?past\ (?=\ *(?:{_NAMED}))
    | earlier\ (?=\ *this\ )
    | (?={_FOLDED_COUNT}(?:\ ?(?:-|–|to|or)\ ?{_FOLDED_COUNT})?\ *[dwmy][a-z]*\ +(?:ago|prior|back|earlier|before)\b)
      # Short sets of signs: the pass over the note looks for a count with the sign behind it, not for every digit.
      (?:0?0?0[dwmy]|0?0?0[to–-]|0?0?0\ [dwmy ]|0?0?0\ [to–-]
      |an?\ [dwmycf]|an?\ [to–\ -]|an?[–-]
      |one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|few)
    )""",
)
# "day +28", "D28 post infusion", "POD 3", "post-op day #2"
_OFFSET = gate(
    r"\b(?:(?P<pod>POD|post-?op(?:erative)? day)\s?#?\s?(?P<pod_n>\d{1,3})"
    r"|(?:day|D)\s?(?P<sign>[+−-])\s?(?P<signed>\d{1,3})|day\s(?P<plain>\d{1,3})(?!\s?(?:of|/|x\b|course)))(?![\d/]|\.\d)",
    re.IGNORECASE,
)
_NOW_BEFORE = re.compile(r"\b(?:today(?:'s| is)?|now(?: at)?|currently(?: at| on)?)\W{0,3}$", re.IGNORECASE)
_NOW_AFTER = re.compile(r"\W{0,2}(?:today|now)\b", re.IGNORECASE)
_DAY_ZERO = gate(r"\b(?:day|D)\s?\+?0(?![\d.])|\binfus(?:ed|ion)\b", re.IGNORECASE)
_OPERATION = gate(
    r"\b(?:surgery|operat(?:ion|ed)|procedure|resect(?:ion|ed)|thymectomy|\w+ectomy|\w+plasty|ORIF)\b",
    re.IGNORECASE,
)
# How far the date of an event may stand from its name.
_EVENT_REACH = 24


def may_be_relative(text: str, start: int, end: int) -> bool:
    """Say whether a day that is told from another one may begin in ``text[start:end]``."""
    return _RELATIVE.may_begin(text, start, end) or _OFFSET.may_begin(text, start, end)


def find_relative(text: str, start: int, end: int, note_date: date) -> Iterator[DateMention]:
    """Yield the days in ``text[start:end]`` that are told from another day; *text* is the whole note."""
    for match in _RELATIVE.finditer(text, start, end):
        first, last = _interval(match, note_date)
        yield DateMention(
            match.start(),
            match.end(),
            first,
            min(last, note_date),
            "day" if first == last else "month",
            relative=True,
        )
    yield from _from_events(text, start, end, note_date)


def _interval(match: re.Match[str], note_date: date) -> tuple[date, date]:
    if match.group("today"):
        return note_date, note_date
    if match.group("yesterday"):
        return note_date - timedelta(days=1), note_date - timedelta(days=1)
    if match.group("weekday"):
        wanted = next(
            i for i, day in enumerate(_WEEKDAYS) if day.startswith(match.group("weekday").lower()[:3])
        )
        day = note_date - timedelta(days=(note_date.weekday() - wanted - 1) % 7 + 1)
        return day, day
    if match.group("season"):
        season = match.group("season").lower()
        candidates = (
            season_of(year, season)[:2] for year in (note_date.year, note_date.year - 1, note_date.year - 2)
        )
        return next((first, last) for first, last in candidates if last < note_date)
    if match.group("lastunit"):
        days = unit_days(match.group("lastunit"))
        return _around(note_date, days, days // 2)
    if match.group("thisunit"):
        unit = match.group("thisunit").lower()
        if unit == "week":
            return note_date - timedelta(days=note_date.weekday()), note_date
        return note_date.replace(day=1) if unit == "month" else note_date.replace(month=1, day=1), note_date
    length = unit_days(match.group("unit"))
    low = int(count_of(match.group("n")))
    high = int(count_of(match.group("upto"))) if match.group("upto") else low
    middle = (low + high) * length // 2
    return _around(note_date, middle, max(length // 2, (high - low) * length // 2))


def _around(note_date: date, days: int, slack: int) -> tuple[date, date]:
    middle = note_date - timedelta(days=days)
    return middle - timedelta(days=slack), min(middle + timedelta(days=slack), note_date)


def _from_events(text: str, start: int, end: int, note_date: date) -> Iterator[DateMention]:
    for match in _OFFSET.finditer(text, start, end):
        event = "operation" if match.group("pod") else "infusion"
        days = int(match.group("pod_n") or match.group("signed") or match.group("plain"))
        if match.group("sign") in ("-", "−"):
            days = -days
        zero = _day_zero(text, note_date, event)
        if zero is None:
            continue
        day = zero + timedelta(days=days)
        yield DateMention(match.start(), match.end(), day, day, "day", relative=True)


@lru_cache(maxsize=8)
def _day_zero(text: str, note_date: date, event: str) -> date | None:
    """Return the day that a note counts from: it dates the event, or says which day today is."""
    for match in _OFFSET.finditer(text):
        is_operation = match.group("pod") is not None
        said_now = _NOW_BEFORE.search(text[max(0, match.start() - 16) : match.start()]) or _NOW_AFTER.match(
            text, match.end()
        )
        if said_now and is_operation == (event == "operation") and match.group("sign") not in ("-", "−"):
            days = int(match.group("pod_n") or match.group("signed") or match.group("plain"))
            return note_date - timedelta(days=days)
    habit = habit_of(text, note_date)
    for named in (_OPERATION if event == "operation" else _DAY_ZERO).finditer(text):
        low, high = max(0, named.start() - _EVENT_REACH), min(len(text), named.end() + _EVENT_REACH)
        near = [
            mention
            for mention in find_absolute(text, low, high, note_date, habit)
            if mention.precision == "day"
            and mention.last <= note_date
            and not re.search(
                r"[.;\n]\s", text[min(named.end(), mention.end) : max(named.start(), mention.start)]
            )
        ]
        if near:
            return min(near, key=lambda m: min(abs(m.start - named.end()), abs(named.start() - m.end))).last
    return None
