"""
Expressions of time that place a mention in the past: "three years ago", "in 1998", "as a child", "for two years".

Words that are plain cues ("history of", "status post") are in ``lexicon/context.yaml``; what is here has numbers in it,
or names a time. The past begins two weeks back, where clinlp draws the line between current and historical ("Qualifier
operational definitions"); a year counts where it is not the note's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from chartsift.nlp.months import MONTH_STEM
from chartsift.nlp.text.counts import NUMBER_WORDS, count_of, unit_days
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout

_RECENT_DAYS = 14
# Words that give a time its length; "twice" does not.
_COUNTED = sorted(NUMBER_WORDS.keys() - {"twice", "double", "thrice"}, key=len, reverse=True)


def _pattern(words: str) -> re.Pattern[str]:
    """Compile *words*, in which a blank stands for any white space: sentences wrap."""
    return re.compile(words.replace(" ", r"\s+"), re.IGNORECASE)


_SPAN = (
    rf"\b(?P<n>\d{{1,3}}(?:\.\d)?\+?|{'|'.join(_COUNTED)})"
    r"(?:\s*(?:-|to|or|and a half)\s*(?:\d{1,3})?)?(?: of)?[\s-]*"
    r"(?P<unit>days?|weeks?|wks?|months?|mos?|years?|yrs?|decades?|[dwy])\b\.?"
)
# How long ago it was, or how long it has been there.
_SPANS = (
    _pattern(rf"{_SPAN} (?:ago|back|earlier|previously|prior|before)\b"),
    _pattern(
        r"\b(?:for|over|during|within|x|times) (?:(?:the|about|approximately|approx|roughly|nearly|almost|at least|more than"
        rf"|over|past|last|previous|prior|greater than|up to) )*{_SPAN}"
    ),
    _pattern(rf"{_SPAN}['’]? (?:h/o|hx|history)\b"),
)
# A time that needs no number.
_THEN = _pattern(
    r"\b(?:at (?:the )?ages?\b|as an? (?:young )?(?:child|kid|teen\w*|adolescent|infant|baby|youth|(?:young )?(?:adult|man|woman))\b"
    r"|in (?:(?:his|her|their|early|late) )*(?:childhood|youth|infancy|adolescence|teens)\b"
    r"|since (?:birth|childhood|infancy|adolescence)\b"
    r"|in the (?:(?:distant|remote|recent) )?past\b|back in\b|(?:weeks|months|years|decades) (?:ago|back|earlier|prior|before)\b"
    r"|last (?:month|year|summer|winter|spring|fall|autumn)\b|(?:the )?year before last\b|earlier (?:this|that) year\b"
    r"|the last time\b|at that time\b)"
)
# A year of its own, or with its month; a date of this visit has a day as well.
_YEAR = _pattern(
    r"\b(?:in|of|since|from|circa|around|ca\.?|until|till|through|during|by|dated|back to) "
    r"(?:(?:about|around|early|late|mid|approximately)[\s-]+)?"
    rf"(?:(?:{MONTH_STEM})[a-z]*\.?,? (?:of )?)?(?P<year>(?:19|20)\d\d)\b(?![/-]\d)"
    r"|\(\s*(?P<alone>(?:19|20)\d\d)\s*(?:[-–,;]\s*(?:19|20)\d\d\s*)?\)"
)
# What comes behind these is another event, mostly today's.
_TURN = _pattern(
    r";|\b(?:but|however|although|though|now|today|currently|presently|present(?:s|ed|ing)?|came|comes|admitted"
    r"|complain\w*|report(?:s|ed|ing)|denie[sd]|who|which|while|whereas|is|are|has)\b"
)


def past_words(text: str, layout: Layout, start: int, end: int, note_date: date | None) -> str:
    """
    Return the expression of time that places ``text[start:end]`` in the past, or an empty string.

    One before the mention holds up to words that turn to another event ("now", "but", "presents with"); one behind it
    holds for the item of the list that it closes.
    """
    sentence = layout.sentence_at(start)
    low, high = min(sentence.start, start), max(sentence.end, end)
    for first, last in _past_times(text, low, high, note_date):
        if first >= end:
            between = text[end:first]
            # "stroke, in 2003": the first comma may belong to the expression
            holds = between.count(",") <= between.startswith(",") and not _TURN.search(between)
        elif last <= start:
            holds = not _TURN.search(text, last, start)
        else:
            holds = start <= first and last <= end
        if holds:
            return text[first:last]
    return ""


def _past_times(text: str, low: int, high: int, note_date: date | None) -> Iterator[tuple[int, int]]:
    """Yield where ``text[low:high]`` names a time at least two weeks back."""
    for pattern in _SPANS:
        for match in pattern.finditer(text, low, high):
            if count_of(match.group("n")) * unit_days(match.group("unit")) >= _RECENT_DAYS:
                yield match.span()
    for match in _THEN.finditer(text, low, high):
        yield match.span()
    for match in _YEAR.finditer(text, low, high):
        year = int(match.group("year") or match.group("alone"))
        if note_date is None or year < note_date.year:
            yield match.span()
    if note_date is not None:
        for mention in find_dates(text, note_date, start=low, end=high):
            if not mention.relative and (note_date - mention.last).days >= _RECENT_DAYS:
                yield mention.start, mention.end
