"""
The words around a mention of an infection or an antimicrobial drug, cut to its clause.

Part of the ``infections`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.courses import DAY_BEFORE, Course, course_in
from chartsift.nlp.components.infection_cues import (
    ANSWER_LEFT,
    BOUNDARY,
    LEFT,
    RIGHT,
    SOON_OVER_DAYS,
)
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.relatives import relative_named
from chartsift.nlp.months import month_number
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of
from chartsift.nlp.types import Assertion

# No acute infection is usually treated longer. Infections of bone, valves, implants, and with mycobacteria or fungi
# are (six weeks to a year and more: IDSA on osteomyelitis 2015, AHA on endocarditis 2015, ATS/CDC/IDSA on tuberculosis
# 2016); they carry ``span: long`` in the vocabulary, and a month alone never ends them.
_MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class MentionContext:
    """A mention with its words: ``before`` is the whole sentence up to it, ``after`` a little of what follows."""

    start: int
    end: int
    before: str
    after: str
    line: str
    left: str
    right: str
    sentence: str
    section: str
    course: Course
    assertion: Assertion
    cues: tuple[str, ...]


# "Her baby was delivered while she had pneumonia": the clause of the mention is the patient's again.
_OF_THE_PATIENT = re.compile(r"\b(?:while|when|because|although) (?:s?he|the patient|pt)\b", re.IGNORECASE)


def context_of(doc: Doc, span: Span, start: int, end: int) -> MentionContext:
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - LEFT) : start]
    cuts = [m.end() for m in BOUNDARY.finditer(left)] if _may_end(left) else ()
    left = left[cuts[-1] :] if cuts else left
    right = text[end : min(max(sentence.end, end), end + RIGHT)]
    stop = BOUNDARY.search(right) if _may_end(right) else None
    right = right[: stop.start()] if stop is not None else right
    assertion, cues = assertion_of(span)
    if assertion == "family" and not relative_named(text, start, end):
        assertion = "present"
    if (
        assertion != "family"
        and not _OF_THE_PATIENT.search(left)
        and (holder := someone_else(text, layout, start, end))
    ):
        # Whose it is is read as for grafts and CAR T: the context cues know the relative, not who the sentence is about.
        assertion, cues = "family", (holder,)
    section = layout.section_at(start).category
    first, last = start - len(left), end + len(right)
    if span.label_ == "ANTIMICROBIAL" and section in ("medications", "preamble", "other"):
        # In a list of drugs each entry has its own course.
        told = DAY_BEFORE.search(left)
        first = start if told is None else start - len(left) + told.start()
        entry = re.search(r"[,;|\n]", right)
        if section == "medications" and entry is not None:
            last = end + entry.start()
    course = course_in(text, max(first, 0), last, note_date_of(doc))
    before = text[max(min(sentence.start, start), start - 400) : start]
    after = text[end : end + 150]
    return MentionContext(
        start,
        end,
        before,
        after,
        text[max(text.rfind("\n", 0, start) + 1, start - 200) : start],
        left,
        right,
        left + text[start:end] + right,
        section,
        course,
        assertion,
        cues,
    )


def _may_end(words: str) -> bool:
    """Say whether a clause may end within *words*: told by single signs, for many words hold none of them."""
    return "." in words or ";" in words or "\n" in words or "|" in words


def answers_a_question(doc: Doc, context: MentionContext) -> bool:
    """Say whether the sentence begins with the answer to the question before it: "UTI? No, pyelonephritis"."""
    if ANSWER_LEFT.match(context.before) is None:
        return False
    text: str = doc._.note_text
    return text[: context.start - len(context.before)].rstrip("\"'”’ ").endswith("?")


def near(bounds: Sequence[tuple[int, int]], context: MentionContext) -> list[tuple[int, int]]:
    low, high = context.start - len(context.left), context.end + len(context.right)
    return [(s, e) for s, e in bounds if low <= s and e <= high]


def days_since_month(name: str, note_date: date) -> int:
    """Return the days from the end of the last month of that name until the note; 0 in the month itself."""
    number = month_number(name)
    year = note_date.year if number <= note_date.month else note_date.year - 1
    following = date(year + number // 12, number % 12 + 1, 1)
    return max(0, (note_date - following).days + 1)


def usual_length(doc: Doc, context: MentionContext) -> int:
    """Return how many days the course of a mention lasts: as it says, else a month, as most courses do."""
    until = context.course.until
    return _MONTH_DAYS if until is None else max(SOON_OVER_DAYS, (until - note_date_of(doc)).days)
