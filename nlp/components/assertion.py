"""
How a note holds a mention: present, absent, possible, hypothetical, historical or someone else's.

The general reading, for every kind: context cues (``context.yaml``), the section, and the way forms and symbol
lists answer ("Heliotrope (-)", "Blood transfusion: No", "[ ] rash"). Readers of a kind refine it.
"""

from __future__ import annotations

import re

from spacy.tokens import Span

from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Assertion

# Someone else first: a relative's negated disease is still no fact about the patient.
_ORDER: tuple[tuple[str, Assertion], ...] = (
    ("FAMILY", "family"),
    ("NEGATED", "absent"),
    ("HYPOTHETICAL", "hypothetical"),
    ("POSSIBLE", "possible"),
    ("HISTORICAL", "historical"),
)
_BOX_EMPTY = re.compile(r"(?:\[\s?\]|☐|□|\(\s\))\s*$")
_BOX_TICKED = re.compile(r"(?:\[[xX✓✔]\]|☒|☑|✓|✔|\([xX]\))\s*$")
_SIGN_AFTER_NEGATIVE = re.compile(
    r"\s{0,2}(?:\(\s*[-–−]\s*\)|\(\s*neg(?:ative)?\s*\)|\[\s*[-–−]\s*\])", re.IGNORECASE
)
_SIGN_AFTER_POSITIVE = re.compile(
    r"\s{0,2}(?:\(\s*\+{1,4}\s*\)|\(\s*pos(?:itive)?\s*\)|\+{1,4}(?![\d/]))", re.IGNORECASE
)
_SIGN_AFTER_UNSURE = re.compile(r"\s{0,2}(?:\(\s*(?:\+/-|\+\s*/\s*-|±|\?)\s*\)|\+/-|±|\?)")
_SIGN_BEFORE_NEGATIVE = re.compile(r"(?:^|[\s,;(])(?:\(\s*[-–−]\s*\)|[-–−])\s?$")
_SIGN_BEFORE_POSITIVE = re.compile(r"(?:^|[\s,;(])(?:\(\s*\+\s*\)|\+)\s?$")
_SIGN_BEFORE_UNSURE = re.compile(r"(?:^|[\s,;(])(?:\(\s*\?\s*\)|\?)\s?$")
_ANSWER_NO = re.compile(
    r"\s*(?::|=|\.{3,}|\s-\s|\s–\s|\|)\s*(?:no|none|neg(?:ative|\.)?|denie[sd]|absent|never|nil|n|"
    r"not (?:present|seen|detected|found|done)"
    r"|unremarkable|-)(?![\w/])",
    re.IGNORECASE,
)
_ANSWER_YES = re.compile(r"\s*(?::|=|\.{3,}|\|)\s*(?:yes|present|pos(?:itive)?|y)\b", re.IGNORECASE)


def assertion_of(span: Span) -> tuple[Assertion, tuple[str, ...]]:
    """
    Return how the note holds *span* and the words that say so.

    Reads: span._.modifiers, doc._.layout, doc._.note_text.
    """
    start, end = source_range(span)
    layout: Layout = span.doc._.layout
    text: str = span.doc._.note_text
    if layout.section_at(start).category == "family_history":
        return "family", (layout.section_at(start).title,)
    by_category: dict[str, str] = {}
    for modifier in span._.modifiers:
        first, last = modifier.modifier_span
        cue = text[span.doc._.starts[first] : span.doc._.ends[last - 1]]
        by_category.setdefault(modifier.category, cue)
    if "FAMILY" in by_category:
        return "family", (by_category["FAMILY"],)
    formal = formal_answer(text, layout, start, end)
    if formal is not None:
        return formal
    for category, assertion in _ORDER:
        if category in by_category:
            return assertion, (by_category[category],)
    return "present", ()


def formal_answer(
    text: str, layout: Layout, start: int, end: int
) -> tuple[Assertion, tuple[str, ...]] | None:
    """Return what a tick box, a sign or the answer of a form says of ``text[start:end]``; None where there is none."""
    line = layout.line_at(start)
    before = text[max(line.start, start - 8) : start]
    after = text[end : min(line.end, end + 24)]
    answers: tuple[tuple[re.Match[str] | None, Assertion], ...] = (
        (_BOX_TICKED.search(before), "present"),
        (_BOX_EMPTY.search(before), "absent"),
        (_SIGN_AFTER_UNSURE.match(after), "possible"),
        (_SIGN_AFTER_NEGATIVE.match(after), "absent"),
        (_ANSWER_NO.match(after), "absent"),
        (_SIGN_AFTER_POSITIVE.match(after), "present"),
        (_ANSWER_YES.match(after), "present"),
    )
    for match, assertion in answers:
        if match is not None:
            return assertion, (match.group().strip(),)
    if layout.section_at(start).category in ("ros", "exam", "hpi", "interval", "preamble"):
        # "- fever - cough + fatigue": signs before the word, as reviews of systems are typed.
        item = text[max(line.start, start - 5) : start]
        if start > line.start + 3 or line.start < start:
            signs: tuple[tuple[re.Match[str] | None, Assertion], ...] = (
                (_SIGN_BEFORE_UNSURE.search(item), "possible"),
                (_SIGN_BEFORE_POSITIVE.search(item), "present"),
            )
            for match, assertion in signs:
                if match is not None:
                    return assertion, (match.group().strip(),)
            negative = _SIGN_BEFORE_NEGATIVE.search(item)
            # A dash that opens a line is a bullet; one inside a line of signs is an answer.
            if negative is not None and text[line.start : start - len(item) + negative.start()].strip():
                return "absent", (negative.group().strip(),)
    return None
