"""
Courses of treatment: until when a drug is given, and whether the text says that it is finished.

"through 11/30", "last dose 11/18", "day 3 of 10", "x 14 days", "6 wk from 6/18", "thru May 2025".
Part of the ``infections`` reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from chartsift.nlp.text.counts import count_of, unit_days
from chartsift.nlp.text.cues import Letters
from chartsift.nlp.text.dates import DateMention, find_dates

# A course date without a year lies around its note: more than this far back means the next year.
_AHEAD_DAYS = 200
_COUNT = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|ten|twelve|fourteen)"
_UNIT = r"(?:days?|d|weeks?|wks?|wk|w|months?|mos?|mo|m|years?|yrs?)\b"
_UNTIL = re.compile(
    r"\b(?P<cue>thru|through|until|till|til|last dose(?: on| is)?|"
    r"ends?(?: on)?|ending|end date|stop date|to (?:stop|finish|end|"
    r"complete)(?: next \w+)?|stops?(?: on)?|finish(?:es|ing)?(?: on)?|"
    r"completing(?: on)?|due to (?:finish|end|complete)(?: on)?|"
    r"completes?(?: on)?|completed(?: \d+ ?(?:d|days?|w|weeks?|wks?))?(?: on)?|finished(?: on)?|done|"
    r"stopped(?: on)?|"
    r"last day|dc'?d|ended)\s*:?\s*(?:the\s)?(?:on\s|by\s|in\s|next\s\w+\s|"
    r"end of\s)?$",
    re.IGNORECASE,
)
# Each of those words holds some of these letters: few texts do, and only they are searched for dates.
_UNTIL_LETTERS = Letters(("thr", "til", "last d", "end", "stop", "finish", "complet", "done", "dc"))
_PAST_CUES = re.compile(r"^(?:completed|finished|done|stopped|dc'?d|ended)", re.IGNORECASE)
_FUTURE_CUES = re.compile(
    r"^(?:thru|through|until|till?|to|ends?|ending|end date|stops?|"
    r"stop date|due to \w+|last day)\b",
    re.IGNORECASE,
)
_BEGUN = re.compile(
    r"\b(?:treated|received|was|were|had|given|got|took|completed|"
    r"finished|from|between)\b|\d\s?-\s?\d",
    re.IGNORECASE,
)
_DAY_OF = re.compile(
    rf"\b(?:day|d|week|wk)\.?\s?#?(?P<now>\d{{1,3}})\s?(?:of|/|out of)\s?(?P<total>\d{{1,3}})(?!\d|"
    rf"/)\s?(?P<unit>{_UNIT})?",
    re.IGNORECASE,
)
# "Day 4/7 cephalexin", "D3/10 of IV ceftriaxone": how far the course has come stands before the drug.
DAY_BEFORE = re.compile(
    rf"{_DAY_OF.pattern}\s*(?:of|on|:)?\s*(?:(?:IV|PO|oral|intravenous)\s+)?$", re.IGNORECASE
)
_DAY_NOW = re.compile(
    r"\b(?:on\s)?(?<!hospital )(?<!post-op )(?<!infusion )(?P<unit>day|week|wk|month)\s?#?(?P<now>\d{1,3})"
    r"(?:\s(?:of\b|on\b|abx|antibio)|(?<=\w)(?=[.,;)]|$))",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    rf"(?:\bx|×|\bfor|\b(?:a|an|total of|another|plan(?:ned)?|complete (?:a|"
    rf"an)?)\s)?\s?(?:(?<![A-Za-z\d.])|(?<=\bx))(?P<n>{_COUNT})\s?(?:-|"
    rf"–)?\s?(?P<unit>{_UNIT})(?P<course>[\s-]*(?:course|"
    rf"total|of therapy|of treatment))?",
    re.IGNORECASE,
)
# What each length holds in lower case: a count, as digits or as a word, and the first letter of its unit.
_DIGIT = re.compile(r"\d")
_DIGIT_AND_UNIT = re.compile(r"\d\s?[-–]?\s?[dwmy]")
_WORD_AND_UNIT = re.compile(
    r"(?:one|two|three|four|five|six|seven|eight|ten|twelve|fourteen)\s?[-–]?\s?[dwmy]"
)
_STARTED = re.compile(
    r"\b(?:start(?:ed|ing)?|since|from|begun|began|initiated)\s*(?:on\s|the\s)?:?\s*$", re.IGNORECASE
)
_FROM = re.compile(r"\s*(?:from|starting|beginning|since|started)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Course:
    """
    What a text says of a course.

    Attributes:
        until: Its last day, None when not given.
        finished: The text says or implies by dates that it is over on the note's day.
        running: The text says or implies by dates that it runs on the note's day.
    """

    until: date | None = None
    finished: bool = False
    running: bool = False


def course_in(text: str, start: int, end: int, note_date: date) -> Course:
    """Return the course that ``text[start:end]`` describes, seen from *note_date*."""
    words = text[start:end]
    lower = words.lower()
    may_end = _UNTIL_LETTERS.any(lower)
    for mention in find_dates(text, note_date, start=start, end=end) if may_end else ():
        cue = _UNTIL.search(text[max(start, mention.start - 40) : mention.start])
        if cue is None or (mention.relative and mention.precision != "day"):
            continue
        past = _PAST_CUES.match(cue.group("cue")) is not None
        until = mention.last if past else _around(mention, note_date)
        if (
            until < note_date
            and _FUTURE_CUES.match(cue.group("cue"))
            and (mention.end - mention.start <= 5 or not re.search(r"\d", text[mention.start : mention.end]))
            and not _BEGUN.search(words[: mention.start - start])
        ):
            # "through 11/30" in June: a yearless end of a course that runs lies ahead.
            coming = until.replace(year=until.year + 1) if (until.month, until.day) != (2, 29) else until
            until = coming if (coming - note_date).days <= _AHEAD_DAYS else until
        if until >= note_date and not past:
            return Course(until, running=True)
        if until <= note_date:
            return Course(until, finished=True)
        return Course(until, running=True)
    # Most clauses count nothing, which a search for their digits and units tells in a tenth of the time.
    has_digit = _DIGIT.search(words) is not None
    day_of = _DAY_OF.search(words) if has_digit else None
    if day_of is not None:
        now, total = int(day_of.group("now")), int(day_of.group("total"))
        unit = day_of.group("unit") or day_of.group()[0]
        step = 7 if unit.lower().startswith("w") else 1
        if now <= total:
            return Course(note_date + timedelta(days=(total - now) * step), running=True)
    length = None
    if (has_digit and _DIGIT_AND_UNIT.search(lower)) or _WORD_AND_UNIT.search(lower):
        length = next((m for m in _LENGTH.finditer(words) if _is_course(m, words)), None)
    running = has_digit and _DAY_NOW.search(words) is not None
    if length is not None:
        days = int(count_of(length.group("n"))) * unit_days(length.group("unit"))
        for mention in find_dates(
            text, note_date, start=start + length.end(), end=min(len(text), start + length.end() + 24)
        ):
            if _FROM.search(text[start + length.end() : mention.start]) or _FROM.search(
                " " + text[start + length.end() : mention.start]
            ):
                until = _around(mention, note_date) + timedelta(days=days)
                return Course(until, finished=until < note_date, running=until >= note_date)
        for mention in find_dates(text, note_date, start=start, end=start + length.start()):
            if _STARTED.search(text[max(start, mention.start - 16) : mention.start]):
                until = mention.last + timedelta(days=days)
                return Course(until, finished=until < note_date, running=until >= note_date)
        return Course(note_date + timedelta(days=days), running=running)
    return Course(running=running)


def _around(mention: DateMention, note_date: date) -> date:
    """Return the last day of *mention*, moved to the coming year where a yearless date would lie far back."""
    if mention.precision == "day" and (note_date - mention.last).days > _AHEAD_DAYS and not mention.relative:
        year_given = mention.end - mention.start > 7
        if not year_given:
            try:
                return mention.last.replace(year=mention.last.year + 1)
            except ValueError:
                return mention.last
    return mention.last


def _is_course(match: re.Match[str], words: str) -> bool:
    """Say whether a length is one of a course and not an age or a time since."""
    after = words[match.end() : match.end() + 14]
    before = words[max(0, match.start() - 12) : match.start()]
    if re.match(
        r"\s*(?:ago|old|later|after|since|post|prior|before|out\b|apart|"
        r"of (?:\w+ )?(?:cough|fever|illness|symptoms|age))",
        after,
        re.IGNORECASE,
    ):
        return False
    if re.search(
        r"\b(?:hospital|admitted|ward|ICU|inpatient|fevers?|cough\w*|sick|"
        r"ill|symptoms|rash|weakness)\s(?:\w+\s)?$",
        words[max(0, match.start() - 24) : match.start() + 4],
        re.IGNORECASE,
    ):
        return False
    if re.search(r"(?:every|q|last|past|within|in|over|age|after|next)\s?$", before, re.IGNORECASE):
        return False
    return match.group("unit")[0].lower() != "m" or len(match.group("unit")) > 1
