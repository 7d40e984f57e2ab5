"""
Dates as clinicians write them, with what they leave out said honestly.

A mention is an interval: "May 2023" is 1 to 31 May. A day and month without a year take the year that puts them
last before the note's own date. Which of 03/04 is the month follows the note's own habit (``date_habits``). The
written forms are in ``date_forms``, what is told from another day ("three weeks ago", "day +28") in
``relative_dates``.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from functools import lru_cache
from operator import attrgetter

from chartsift.nlp.text.date_forms import DateMention, find_absolute, may_be_absolute
from chartsift.nlp.text.relative_dates import find_relative, may_be_relative

__all__ = ["DateMention", "dates_within", "find_dates", "may_hold_dates", "note_dates"]

# A date of the whole note that begins this close to the end of a part may end behind it, or be another one there.
_EDGE = 40
_START = attrgetter("start")


def find_dates(text: str, note_date: date, *, start: int = 0, end: int | None = None) -> list[DateMention]:
    """
    Return the dates in ``text[start:end]``, in order, with offsets into *text*, the whole note.

    A bare month name or a day and month without a year mean the last such day on or before *note_date*
    (two weeks of slack: notes announce appointments).
    """
    end = len(text) if end is None else end
    found: list[DateMention] = []
    if may_be_absolute(text, start, end):
        found.extend(find_absolute(text, start, end, note_date))
    if may_be_relative(text, start, end):
        found.extend(find_relative(text, start, end, note_date))
    if len(found) > 1:
        found.sort(key=_START)
    return found


def may_hold_dates(text: str, start: int, end: int) -> bool:
    """Say quickly that no date begins in ``text[start:end]`` of the open note; True where it is not known."""
    return may_be_absolute(text, start, end) or may_be_relative(text, start, end)


@lru_cache(maxsize=4)
def note_dates(text: str, note_date: date) -> tuple[DateMention, ...]:
    """Return ``find_dates`` of a whole note, found once: for readers that look at many places of it."""
    return tuple(find_dates(text, note_date))


def dates_within(text: str, note_date: date, start: int, end: int) -> list[DateMention]:
    """Return ``find_dates`` of a large part of a note, taken from those of the whole note where no edge cuts a date."""
    if not may_hold_dates(text, max(start, end - _EDGE), end):
        dates = note_dates(text, note_date)
        first = bisect_left(dates, start, key=_START)
        if first == 0 or dates[first - 1].end <= start:
            return list(dates[first : bisect_left(dates, end, key=_START)])
    return find_dates(text, note_date, start=start, end=end)
