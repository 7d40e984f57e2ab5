"""The names of the months, in one place for the readers of files, of dates and of courses."""

from __future__ import annotations

from typing import Final

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar",
            "february feb februar",
            "march mar märz mär",
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
"""The number of each month by its name, English and German, in full and shortened."""

_STEM_LETTERS = 3
MONTH_STEM: Final = "|".join(
    name for name in MONTHS if len(name) == _STEM_LETTERS and name not in ("mär", "mai", "okt", "dez")
)
"""The first letters of the English names for a pattern: ``jan|feb|…|dec``; behind it ``[a-z]*`` reads the rest."""


def month_number(name: str) -> int:
    """
    Return the number of the month whose English or German name begins as *name* does; 0 for another word.

    >>> month_number("Sept"), month_number("December"), month_number("visit")
    (9, 12, 0)
    >>> month_number("März")
    3
    """
    return MONTHS.get(name[:_STEM_LETTERS].lower(), 0)
