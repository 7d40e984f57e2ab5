"""
Numbers that notes write as words, and the days that a unit of time stands for.

"Several" and "some" count as four, "many" as five: none of them says more than "some few"; a month is thirty days.
"""

from __future__ import annotations

import re

NUMBER_WORDS = {
    word: number
    for number, words in (
        (1, "a an one"),
        (2, "two couple twice double"),
        (3, "three few thrice"),
        (4, "four several some"),
        (5, "five many numerous"),
        (6, "six"),
        (7, "seven"),
        (8, "eight"),
        (9, "nine"),
        (10, "ten"),
        (11, "eleven"),
        (12, "twelve"),
        (14, "fourteen"),
    )
    for word in words.split()
}
# By how the unit begins: "d", "days", "wks", "mo", "yrs", "decades".
_UNIT_DAYS = {"dec": 3650, "d": 1, "w": 7, "m": 30, "y": 365}
_AROUND = re.compile(r"^a\s+(?=couple|few)|\s+of$|\+$")


def count_of(words: str) -> float:
    """
    Return the number that *words* give.

    >>> count_of("a couple of"), count_of("Several"), count_of("2.5"), count_of("10+")
    (2.0, 4.0, 2.5, 10.0)
    """
    plain = _AROUND.sub("", words.lower().strip()).strip()
    return float(NUMBER_WORDS[plain] if plain in NUMBER_WORDS else plain.rstrip("+"))


def unit_days(unit: str) -> int:
    """
    Return the days of one *unit*.

    >>> unit_days("wks"), unit_days("Decade")
    (7, 3650)
    """
    return next(days for prefix, days in _UNIT_DAYS.items() if unit.lower().startswith(prefix))
