"""
A mention and its surroundings as named features: ConText's cues and distances, section, form, tense, dates, list.

Spans come from ``chartsift.nlp.pipeline`` (``context_span``, or the concepts of a read note). Features hold words
around the mention, so tables of them stay with the notes.
"""

from __future__ import annotations

import re
from typing import Final

from spacy.tokens import Span

from chartsift.nlp.components.assertion import formal_answer, ruled_out
from chartsift.nlp.text.tokens import end_of_tokens, source_range, words_of
from chartsift.nlp.types import MentionContext

# Words around the mention that are features by themselves.
_NEAR: Final = 4
# So many characters before a mention hold them nearly always.
_NEAR_CHARS: Final = 80
_LONGEST_DISTANCE: Final = 20
_TENSE: Final = {
    "past": re.compile(r"\b(?:was|were|had|did|underwent|received|developed|presented|treated)\b", re.I),
    "perfect": re.compile(r"\b(?:has|have) (?:been|had|not)\b", re.I),
    "future": re.compile(r"\b(?:will|would|should|shall|going to|plan(?:s|ned)?|scheduled|await)", re.I),
    "condition": re.compile(
        r"\b(?:if|unless|in case|return (?:to|for)|watch for|risks?|precautions?)\b", re.I
    ),
    "present": re.compile(
        r"\b(?:is|are|has|have|shows?|reveals?|remains?|continues?|today|now|current)", re.I
    ),
}
_DATE: Final = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b")
_AGO: Final = re.compile(
    r"\b(?:ago|prior|previous(?:ly)?|past|history|remote|since|childhood|former|last (?:year|month))\b", re.I
)
_BULLET: Final = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s*$")
_PLAIN: Final = re.compile(r"[a-z]{1,14}")


def mention_features(span: Span, axes: MentionContext) -> dict[str, float]:
    """
    Return the features of *span* by name (``family=value``); absent ones are 0.

    Args:
        span: The mention; its Doc holds layout and text, itself its ConText modifiers.
        axes: What the rules make of it.
    """
    layout, text = span.doc._.layout, span.doc._.note_text
    start, end = source_range(span)
    features: dict[str, float] = {}
    for axis in ("negated", "possible", "hypothetical", "historical"):
        if getattr(axes, axis):
            features[f"rules={axis}"] = 1.0
    if axes.experiencer != "patient":
        features["rules=experiencer"] = 1.0
    _add_cues(features, span)
    section = layout.section_at(start)
    features[f"section={section.category or 'none'}"] = 1.0
    sentence, line = layout.sentence_at(start), layout.line_at(start)
    before, after = text[sentence.start : start], text[end : max(sentence.end, end)]
    around = f"{before} {after}"
    for name, pattern in _TENSE.items():
        if pattern.search(before):
            features[f"tense_before={name}"] = 1.0
        if pattern.search(after):
            features[f"tense_after={name}"] = 1.0
    if _DATE.search(around):
        features["has_date"] = 1.0
    if _AGO.search(around):
        features["speaks_of_past"] = 1.0
    answer = formal_answer(text, layout, start, end) or ruled_out(text, layout, start, end)
    if answer is not None:
        features[f"form={answer[0]}"] = 1.0
    if _BULLET.fullmatch(text[line.start : start]):
        features["list_item"] = 1.0
    features["commas_before"] = min(before.count(","), 5) / 5
    features["commas_after"] = min(after.count(","), 5) / 5
    if not before.strip():
        features["opens_sentence"] = 1.0
    if "?" in after[:3]:
        features["question"] = 1.0
    _add_words(features, text, start, end)
    return features


def _add_cues(features: dict[str, float], span: Span) -> None:
    text, starts, ends = span.doc._.note_text, span.doc._.starts, span.doc._.ends
    start, end = source_range(span)
    for modifier in span._.modifiers:
        first, last = modifier.modifier_span
        cue_start, cue_end = starts[first], ends[last - 1]
        is_before = cue_end <= start
        between = text[cue_end:start] if is_before else text[end:cue_start]
        nearness = 1 - min(len(words_of(between)), _LONGEST_DISTANCE) / _LONGEST_DISTANCE
        side = "before" if is_before else "after"
        name = f"cue_{side}={modifier.category}"
        features[name] = max(features.get(name, 0.0), 0.1 + 0.9 * nearness)
        features[f"cue={modifier.category}"] = 1.0
        words = " ".join(words_of(text[cue_start:cue_end]))
        if len(words) <= 30:
            features[f"cue_words={words}"] = 1.0


def _add_words(features: dict[str, float], text: str, start: int, end: int) -> None:
    """Add the words around the mention: of the text, for the Doc of a note that is read in parts holds no others."""
    for name, words in (
        ("word_before", _words_before(text, start)),
        ("word_after", words_of(text[end : end_of_tokens(text, end, _NEAR)])),
    ):
        for word in words:
            if _PLAIN.fullmatch(word):
                features[f"{name}={word}"] = 1.0


def _words_before(text: str, start: int) -> tuple[str, ...]:
    width = _NEAR_CHARS
    # One word more than is wanted: the first one may have been cut.
    while len(words := words_of(text[max(0, start - width) : start])) <= _NEAR and width < start:
        width *= 2
    return words[-_NEAR:]
