"""
How a text holds a mention on each axis by itself: negated, possible, hypothetical, historical, and whose it is.

``assertion`` gives the one word that decides a criterion, and there "absent" hides "historical". Here nothing hides
anything: the same cues, sections and answers of forms, and besides what ``past`` knows of time.
"""

from __future__ import annotations

import re
from functools import lru_cache

from spacy.tokens import Span

from chartsift.nlp.components.assertion import cues_on, formal_answer, ruled_out
from chartsift.nlp.components.own import someone_else_on
from chartsift.nlp.components.past import past_words
from chartsift.nlp.lexicon.loader import load_context
from chartsift.nlp.text.layout import Layout, Section
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Experiencer, MentionContext

_AXIS_OF_ANSWER = {"absent": "negated", "possible": "possible"}
# What is over was there and is not: a denial of now, as NegEx has it, and no word on how long ago it was.
_AXIS_OF_CUE = {
    "OVER": "negated",
    "NEGATED": "negated",
    "POSSIBLE": "possible",
    "HYPOTHETICAL": "hypothetical",
    "BACKGROUND": "historical",
    "HISTORICAL": "historical",
}
_HISTORY_SECTIONS = frozenset(
    ("past_history", "family_history", "social_history", "allergies", "treatment_history")
)
_UNTITLED = frozenset(("preamble", "other", "problem_list"))
# What may stand around a mention that is a list item by itself: a number, a bullet, a full stop.
_ITEM = re.compile(r"\W*(?:\d{1,2}\W+)?")


def axes_of(span: Span) -> MentionContext:
    """
    Return how the text holds *span* on each axis, and the words that say so.

    Reads: span._.modifiers, doc._.layout, doc._.note_text, doc._.note_date (None where it is not known).
    """
    start, end = source_range(span)
    layout: Layout = span.doc._.layout
    text: str = span.doc._.note_text
    section = layout.section_at(start)
    by_category = {
        category: cue
        for category, (offset, cue) in cues_on(span).items()
        # The heading of a plan plans nothing by itself: what stands below it is the patient's state as well.
        if not (category == "HYPOTHETICAL" and section.start <= offset < section.body)
    }
    words: dict[str, str] = {
        axis: by_category[category] for category, axis in _AXIS_OF_CUE.items() if category in by_category
    }
    answer = formal_answer(text, layout, start, end) or ruled_out(text, layout, start, end)
    if answer is not None:
        # The answer of a form outranks what else the line says of presence.
        words.pop("negated", None)
        words.pop("possible", None)
        if answer[0] in _AXIS_OF_ANSWER:
            words[_AXIS_OF_ANSWER[answer[0]]] = answer[1][0]
    experiencer: Experiencer = "patient"
    if section.category == "family_history":
        experiencer, words["experiencer"] = "family", section.title
    else:
        who = someone_else_on(span)
        if who is not None:
            experiencer, words["experiencer"] = ("family" if who[0] == "FAMILY" else "other"), who[1]
    if "historical" not in words:
        past = _of_history(layout, section, start, end) or past_words(
            text, layout, start, end, span.doc._.note_date
        )
        if past:
            words["historical"] = past
    taken_back = layout.retraction_of(start)
    if taken_back is not None and taken_back.is_misfiled:
        experiencer, words["experiencer"] = "other", taken_back.words
    elif taken_back is not None:
        # What was denied in error may be there; what was stated in error is not.
        words["possible" if words.pop("negated", "") else "negated"] = taken_back.words
    return MentionContext(
        negated="negated" in words,
        possible="possible" in words,
        hypothetical="hypothetical" in words,
        historical="historical" in words,
        experiencer=experiencer,
        cues=tuple(sorted(words.items())),
    )


def _of_history(layout: Layout, section: Section, start: int, end: int) -> str:
    """Return what makes ``start:end`` a part of the patient's history: its section, or what it names."""
    text = layout.text
    if section.category in _HISTORY_SECTIONS:
        return section.title
    lifelong, chronic = _patterns()
    habit = lifelong.search(text, start, end)
    if habit is not None:
        return habit.group()
    sentence = layout.sentence_at(start)
    around = text[sentence.start : start] + text[end : max(sentence.end, end)]
    is_item = _ITEM.fullmatch(around) is not None and section.category in _UNTITLED
    return text[start:end] if is_item and chronic.fullmatch(text, start, end) else ""


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what is lifelong and what is chronic; a blank in the file matches any white space."""
    rules = load_context()
    lifelong, chronic = (
        re.compile(pattern.replace("\n", "").replace(" ", r"\s+"), re.IGNORECASE)
        for pattern in (rules.lifelong, rules.chronic)
    )
    return lifelong, chronic
