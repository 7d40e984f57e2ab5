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
_SCORE = re.compile(r"\d\s?/\s?\d")
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


# A sentence with one of these tells how the disease began or went at the date that it names.
_STORY = re.compile(
    r"\b(?:present(?:ed|ation|ing)|diagnos\w+|dx(?:'?d)?|developed|began|begun|onset|first|noticed|noted|course|flared?"
    r"|hospitali[sz]ed|hospitali[sz]ation|admi(?:tted|ssion)|initial\w*|history|had|was|were|could|found|labell?ed|seen)\b",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"\b(?:since|from|until|till|after|next|due|last|starting|beginning|on \w+ since)\W*(?:the |early |late |mid-?"
    r"|spring |summer |fall |winter )*$",
    re.IGNORECASE,
)
_BACK_TO_NOW = re.compile(
    r"[;]|\b(?:but|now|today|currently|still|since|persist\w*|ongoing|remains?|continu\w*|again|has been|have been)\b",
    re.IGNORECASE,
)
_STORY_REACH = 280
# Younger than this it may well be the same episode.
_STORY_DAYS = 90


def story_date(doc: Doc, start: int) -> date | None:
    """
    Return the day of the past episode that the sentence of *start* tells; None where it speaks of now.

    "In 2019 she developed heliotrope, Gottron's papules and weakness", "diagnosed March 2020 on the basis of a
    shawl rash": the date may stand far ahead of what it dates.
    """
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    low = max(min(sentence.start, start), start - _STORY_REACH)
    if _STORY.search(text, low, start) is None:
        return None
    note_date = note_date_of(doc)
    told = [m for m in find_dates(text, note_date, start=low, end=start) if m.end <= start]
    if not told:
        return None
    mention = told[-1]
    if (note_date - mention.last).days <= _STORY_DAYS or _SINCE.search(text[low : mention.start]):
        return None
    if _GRADE_PAIR.fullmatch(text[mention.start : mention.end]) or _BACK_TO_NOW.search(
        text[mention.end : start]
    ):
        return None
    return mention.last


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
        # "MMT-8 131/150 (118/150 in May)": the date is that of the other number
        and not _SCORE.search(text[end : m.start])
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
