"""A value of an analyte with its date and the words before it, and the manners in which numbers are to be taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chartsift.nlp.text.dates import DateMention
from chartsift.nlp.text.values import Reading


class Value(NamedTuple):
    """
    One value of an analyte.

    Attributes:
        reading: The number with what is printed beside it.
        mention: The date beside it.
        words: The words between the analyte, or the value before it, and this value.
        earlier: The text itself sets it aside, and gives it no date.
        end: Where the statement on it ends, its date and a range behind the date included.
        scale: The scale printed behind a score ("6.2/10"); "" where there is none.
    """

    reading: Reading
    mention: DateMention | None
    words: str
    earlier: bool = False
    end: int = 0
    scale: str = ""

    @property
    def day(self) -> date | None:
        """The day beside it."""
        return self.mention.day if self.mention is not None else None


@dataclass(frozen=True, slots=True)
class Manner:
    """
    How the numbers of a statement are to be taken.

    Attributes:
        paired: They are parted by slashes ("AST/ALT 88/71"): only the first is wanted, with what leads to it.
        scale: What may follow a score and names its scale, in the group "scale"; None for laboratory values.
        ranges: A bare range is a value ("ECOG 0-1"), not a reference.
        percent: A percent sign may stand behind a value.
    """

    paired: bool = False
    scale: re.Pattern[str] | None = None
    ranges: bool = False
    percent: bool = False
