"""
How a note writes its dates: which of 03/04 is the month.

The dates that leave no choice decide for the whole note ("28/10/2024", or the note's own date as it is printed);
without any, dots mean that the day comes first and slashes that the month does, and the choice is marked as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from chartsift.nlp.text.prefilter import gate

_NUMERIC = gate(
    r"(?<![\d/.-])(?P<first>\d{1,2})(?P<sign>[/.-])(?P<second>\d{1,2})(?P=sign)(?P<year>(?:19|20)\d\d|\d\d)(?![\d/]|[.-]\d)"
)
# A habit that holds for fewer of the certain dates than this is none: the note mixes sources.
_CLEAR_SHARE = 2 / 3


@dataclass(frozen=True, slots=True)
class DateHabit:
    """
    Which number of a numeric date is the day.

    Attributes:
        day_first: For dates with slashes or hyphens.
        dots_day_first: For dates with dots.
        certain: The note itself shows what it does with slashes and hyphens.
        dots_certain: The same for dots; the usual order (day first) needs no proof.
    """

    day_first: bool = False
    dots_day_first: bool = True
    certain: bool = False
    dots_certain: bool = True

    def is_day_first(self, sign: str) -> bool:
        """Say whether the day comes first in a date with this separator."""
        return self.dots_day_first if sign == "." else self.day_first

    def is_certain(self, sign: str) -> bool:
        """Say whether the note leaves no doubt about dates with this separator."""
        return self.dots_certain if sign == "." else self.certain


@lru_cache(maxsize=16)
def habit_of(text: str, note_date: date) -> DateHabit:
    """Return how *text*, the whole note of *note_date*, writes its dates."""
    votes = {"/": [0, 0], ".": [0, 0]}  # month first, day first
    for match in _NUMERIC.finditer(text):
        first, second = int(match.group("first")), int(match.group("second"))
        certain = _certain_order(first, second, match.group("year"), note_date)
        if certain is not None:
            votes["." if match.group("sign") == "." else "/"][certain] += 1
    slashes, dots = votes["/"], votes["."]
    return DateHabit(
        day_first=slashes[1] > slashes[0],
        dots_day_first=dots[1] >= dots[0],
        certain=_is_clear(slashes),
        dots_certain=not dots[0] or _is_clear(dots),
    )


def _certain_order(first: int, second: int, year: str, note_date: date) -> int | None:
    """Return 1 where only the day can come first, 0 where only the month can, None where either may."""
    if 12 < first <= 31 and 0 < second <= 12:
        return 1
    if 12 < second <= 31 and 0 < first <= 12:
        return 0
    own = (note_date.day, note_date.month)
    if int(year) % 100 == note_date.year % 100 and own[0] != own[1]:
        # The note's own date stands in it in one order only.
        if (first, second) == own:
            return 1
        if (second, first) == own:
            return 0
    return None


def _is_clear(votes: list[int]) -> bool:
    return sum(votes) > 0 and max(votes) >= _CLEAR_SHARE * sum(votes)
