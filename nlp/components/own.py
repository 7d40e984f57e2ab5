"""
Is it the patient's, where a relative is named? A relative who speaks, helps or came along has neither the rash nor
the weakness of the sentence: "his mother noticed purple lids", "here w son, no trouble with stairs".
"""

from __future__ import annotations

import re

from spacy.tokens import Span

from chartsift.nlp.components.assertion import ORDER, SOMEONE_ELSE, assertion_of, cues_on, someone_elses
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Assertion

_COMPANY = re.compile(
    r"(?:\b(?:with|w/?|per|by|from|and|&|to|told|accompanied by|here w/?|via|through|prefers?)\s*)"
    r"(?:the |his |her |their |pt'?s |patient'?s |a |an |older |younger )*$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"(?:['’]?s)?\s*(?:\([^)]{0,30}\)\s*)?,?\s*(?:(?:both|also|still|first|has|have|had|is|was|then|now)\s+)*"
    r"(?:notic\w*|saw|sees|seen|observ\w*|says?|said|reports?|reported|states?|stated|notes?|noted|thinks?"
    r"|thought|worr\w+|describ\w+|tells?|told|mention\w*|adds?|added|confirm\w*|agrees?|asks?|asked|brought"
    r"|found|feels?|helps?|helped|helping|lifts?|carr(?:y|ies|ied)|dress\w*|wash\w*|does|drives?|interpret\w*"
    r"|present|at bedside|concerned|prefers?|wants?|hopes?|keen|understands?|taught|gives?|gave|videos?"
    r"|showed|shows|pointed|recalls?|denies|denied)\b",
    re.IGNORECASE,
)
# A relative in an earlier line, or this far off in one line, is no subject of the sentence any more.
_FAR = 120


def own_assertion(span: Span) -> tuple[Assertion, tuple[str, ...]]:
    """Return how the note holds *span*, and leave out relatives who only speak, help or keep company."""
    assertion, cues = assertion_of(span)
    layout: Layout = span.doc._.layout
    start, _ = source_range(span)
    if assertion == "hypothetical" and cues[:1] and cues[0].lower() == "plan":
        title = layout.section_at(start).title.lower()
        if "plan" in title and title != "plan":
            return "present", ()  # the word is half of the heading "Impression and plan"
    is_settled = layout.section_at(start).category == "family_history"
    if assertion != "family" or is_settled:
        return assertion, cues
    if someone_else_on(span) is not None:
        return assertion, cues
    by_category = cues_on(span)
    for category, held in ORDER:
        if category in by_category:
            return held, (by_category[category][1],)
    return "present", ()


def own_relatives(span: Span) -> tuple[str, ...] | None:
    """Return the words by which ``own_assertion`` says "family" of *span*; None where it says anything else."""
    words = someone_elses(span)
    if words is None or someone_else_on(span) is not None:
        return words
    layout: Layout = span.doc._.layout
    is_settled = layout.section_at(source_range(span)[0]).category == "family_history"
    return words if is_settled else None


def someone_else_on(span: Span) -> tuple[str, str] | None:
    """Return category and words of the first cue that makes *span* someone else's and not a bystander's; or None."""
    text, starts, ends = span.doc._.note_text, span.doc._.starts, span.doc._.ends
    start, end = source_range(span)
    for modifier in span._.modifiers:
        if modifier.category in SOMEONE_ELSE:
            first, last = modifier.modifier_span
            if not _is_bystander(text, starts[first], ends[last - 1], start, end):
                return modifier.category, text[starts[first] : ends[last - 1]]
    return None


def _is_bystander(text: str, cue_start: int, cue_end: int, start: int, end: int) -> bool:
    """Say whether the relative ``cue_start:cue_end`` is not the one who has ``start:end``."""
    if cue_start >= end:
        return False
    between = text[cue_end:start]
    return (
        "\n" in between
        or len(between) > _FAR
        or _COMPANY.search(text[max(0, cue_start - 40) : cue_start]) is not None
        or _SPEAKS.match(between) is not None
    )
