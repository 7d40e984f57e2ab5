"""The date that the words beside a statement give it, for things that change: strength, rash, studies, treatment."""

from __future__ import annotations

import re
from datetime import date

from spacy.tokens import Doc

from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of

_REACH_BEFORE = 60
_REACH_AFTER = 24
# A date behind these words opens or closes a period and does not date the statement itself.
_PERIOD = re.compile(
    r"\b(?:since|from|until|till|through|thru|after|before|by|starting|beginning|dx(?:'?d)?"
    r"|diagnosed(?: in)?|onset|last|next|due|started|began|compared (?:to|with)|vs\.?|versus|comparison"
    r"|prior)\W*$",
    re.IGNORECASE,
)
# "delt 4/4" is no fourth of April.
_GRADE_PAIR = re.compile(r"[0-5]/[0-5]")
_SEPARATED = re.compile(r"[;.]\s|\b(?:but|now|today|currently|still)\b", re.IGNORECASE)


def date_beside(
    doc: Doc, start: int, end: int, *, before: int = _REACH_BEFORE, after: int = _REACH_AFTER
) -> date | None:
    """
    Return the day that the sentence gives the statement ``start:end``, or None to let the note's own date hold.

    A date right after the statement wins over one before it; "since May" dates nothing. A month counts as its
    last day, never later than the note.
    """
    mention = mention_beside(doc, start, end, before=before, after=after)
    if mention is None:
        return None
    return min(mention.last, note_date_of(doc))


def mention_beside(doc: Doc, start: int, end: int, *, before: int, after: int) -> DateMention | None:
    """Return the date mention that ``date_beside`` goes by."""
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    line = layout.line_at(start)
    low = max(min(sentence.start, line.start, start), start - before)
    low = max(low, min(sentence.start, start))
    high = min(max(sentence.end, end), end + after)
    dates = [
        m
        for m in find_dates(text, note_date_of(doc), start=low, end=high)
        if not _GRADE_PAIR.fullmatch(text[m.start : m.end])
    ]
    following = [
        m
        for m in dates
        if m.start >= end
        and not _SEPARATED.search(text[end : m.start])
        and not _PERIOD.search(text[end : m.start])
    ]
    inside = [m for m in dates if start <= m.start < end]
    leading = [
        m
        for m in dates
        if m.end <= start
        and not _SEPARATED.search(text[m.end : start])
        and not _PERIOD.search(text[low : m.start])
    ]
    if following and re.fullmatch(
        r"\W{0,3}(?:on|in|of|at|dated|from)?\W{0,3}", text[end : following[0].start]
    ):
        return following[0]
    if leading:
        return leading[-1]
    if inside:
        return inside[-1]
    return following[0] if following else None
