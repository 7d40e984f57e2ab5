"""
Which words name a myositis or a disease that looks like one, and what their abbreviations mean: "DM" is diabetes as
often as dermatomyositis.

Part of the ``diagnoses`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import SPAN_GROUP, sense_of
from chartsift.nlp.components.diagnosis_cues import diagnosis_cues
from chartsift.nlp.components.findings import concept_spans
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.lexicon.schema import Concept, Term
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range

_NEAR = 80
# The antibodies that make ASS the antisynthetase syndrome.
_SYNTHETASE = re.compile(r"\b(?:Jo\W?1|PL\W?\s?(?:7|12)|EJ|OJ|KS)\b")
# "Dx ASS.", "Impression: 1. ASS": a label of diagnoses needs no antibody beside it.
_DIAGNOSIS_LABEL = re.compile(
    r"\b(?:(?:d/?)?dx|diagnos[ie]s|diagnosed|dx'?d|impression|assessment)\b\s*[:=-]?\s*(?:(?:of|is|was|with|as)\s+)?"
    r"(?:\d[.)]\s*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mention by its place; ``span`` is the concept span whose context holds for it."""

    start: int
    end: int
    concept: Concept
    span: Span


@dataclass(frozen=True, slots=True)
class NoteSense:
    """What the whole note says of its abbreviations: weights for "DM" as dermatomyositis, and for any myositis."""

    dermatomyositis: float
    myositis: bool


def candidates_of(doc: Doc) -> list[Candidate]:
    """Return the mentions in order, those inside a longer term of another kind ("DM rash", "ASyS-ILD") included."""
    found: list[Candidate] = []
    text: str = doc._.note_text
    for span in doc.spans[SPAN_GROUP]:
        sense = sense_of(span)
        concept = sense.concept
        if concept.kind in ("diagnosis", "mimic"):
            start, end = source_range(span)
            found.append(Candidate(start, end, concept, span))
        elif concept.kind not in ("antibody", "antibody_other", "antibody_panel") and _may_hide(
            sense.term.text
        ):
            start, end = source_range(span)
            for match in _hidden_pattern().finditer(text, start, end):
                inner = _hidden_terms().get(_plain(match.group()))
                if inner is not None and inner.holds(text, match.start(), match.end()):
                    found.append(Candidate(match.start(), match.end(), inner.concept, span))
    return found


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A spelling of a diagnosis that may stand inside a longer term of another kind, with its conditions."""

    concept: Concept
    term: Term

    def holds(self, text: str, start: int, end: int) -> bool:
        """Say whether capitals and the words around ``text[start:end]`` fit the spelling."""
        term, words = self.term, text[start:end]
        if (term.case == "upper" and not words.isupper()) or (term.case == "exact" and words != term.text):
            return False
        before, after = text[max(0, start - term.window) : start], text[end : end + term.window]
        if term.unless_before and re.search(rf"(?:{term.unless_before})\s*$", before, re.IGNORECASE):
            return False
        return not (term.unless_after and re.match(rf"\s*(?:{term.unless_after})", after, re.IGNORECASE))


def _plain(words: str) -> str:
    return re.sub(r"[-\s]+", " ", words).lower()


@lru_cache(maxsize=1)
def _hidden_terms() -> dict[str, _Hidden]:
    """Return the spellings of diagnoses that need no company to be understood."""
    terms: dict[str, _Hidden] = {}
    for concept in load_concepts():
        if concept.kind == "diagnosis":
            for term in concept.terms:
                if not (term.only_before or term.only_after or term.only_near or term.unless_near):
                    terms.setdefault(_plain(term.text), _Hidden(concept, term))
    return terms


@cache
def _may_hide(spelling: str) -> bool:
    """Say whether a spelling of the vocabulary holds one of a diagnosis; its signs and blanks may vary in a note."""
    letters = _letters(spelling)
    return any(_letters(words) in letters for words in _hidden_terms())


def _letters(words: str) -> str:
    return "".join(sign for sign in words.lower() if sign.isascii() and sign.isalnum())


@lru_cache(maxsize=1)
def _hidden_pattern() -> re.Pattern[str]:
    spellings = sorted(_hidden_terms(), key=len, reverse=True)
    listed = "|".join(re.escape(words).replace(r"\ ", r"[-\s]+") for words in spellings)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{listed})(?![A-Za-z0-9])", re.IGNORECASE)


def note_sense(doc: Doc, candidates: Sequence[Candidate]) -> NoteSense:
    """Return what the whole note says of its abbreviations."""
    text: str = doc._.note_text
    abbreviated = ("DM", "PM", "ASS", "DM/PM", "PM/DM", "IBM")
    plain = any(
        one.concept.kind == "diagnosis" and text[one.start : one.end] not in abbreviated for one in candidates
    )
    myositis = plain or any(
        sense_of(span).concept.attributes.get("class") == "MSA" for span in concept_spans(doc, ("antibody",))
    )
    if not any(text[one.start : one.end] == "DM" for one in candidates):
        return NoteSense(0.0, myositis)
    cues = diagnosis_cues()
    weight = 0.0
    if cues.dermatomyositis_note.search(text):
        weight += 1.5
    elif myositis:
        weight += 0.5
    if cues.clinic_note.search(text):
        weight += 0.5
    if cues.diabetes_note.search(text):
        weight -= 1.0
    if cues.diabetes_said.search(text):
        weight -= 3.0
    return NoteSense(weight, myositis)


def is_meant(layout: Layout, one: Candidate, sense: NoteSense) -> bool:
    """Say whether a mention means the disease that it may stand for."""
    text = layout.text
    words = text[one.start : one.end]
    if words == "DM":
        return _is_dermatomyositis(layout, one.start, one.end, sense)
    if words == "PM":
        return _is_polymyositis(text, one.start, one.end, known=sense.myositis)
    if words == "ASS":
        near = text[max(0, one.start - _NEAR) : one.end + _NEAR]
        cues = diagnosis_cues()
        shown = (
            cues.myositis_words.search(near)
            or _SYNTHETASE.search(near)
            or _DIAGNOSIS_LABEL.search(text[max(0, one.start - _NEAR) : one.start])
        )
        return bool(shown) and not re.match(r"[^\S\n]?\d(?![.)])|\s?mg", text[one.end : one.end + 6])
    return True


def _is_dermatomyositis(layout: Layout, start: int, end: int, sense: NoteSense) -> bool:
    """
    Weigh "DM": dermatomyositis or diabetes (or dextromethorphan).

    What stands right beside it settles it; else the words of its line, then what the whole note speaks of.
    """
    cues = diagnosis_cues()
    text = layout.text
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    if cues.diabetes_before.search(before) or cues.diabetes_after.match(after):
        return False
    if cues.myositis_before.search(before) or cues.myositis_after.match(after):
        return True
    sentence, line = layout.sentence_at(start), layout.line_at(start)
    first, last = min(sentence.start, line.start, start), max(sentence.end, line.end, end)
    score = sense.dermatomyositis
    for begin, stop in ((min(sentence.start, start), max(sentence.end, end)), (first, last)):
        near = text[max(begin, start - _NEAR) : start] + " § " + text[end : min(stop, end + _NEAR)]
        for_it = min(3, len(cues.myositis_words.findall(near)))
        against = min(3, len(cues.diabetes_words.findall(near)))
        if for_it or against:  # the sentence speaks before the rest of its line
            score += for_it * 1.0 - against * 1.5
            break
    close = text[max(first, start - 26) : min(last, end + 26)]
    score -= min(2, len(cues.comorbidity_words.findall(close))) * 1.5
    if layout.section_at(start).category in ("past_history", "family_history", "problem_list"):
        score -= 1.0
    if cues.relative_before.search(text[max(first, start - 60) : start]):
        score -= 2.5
    return score > 0


def _is_polymyositis(text: str, start: int, end: int, *, known: bool) -> bool:
    """Weigh "PM": polymyositis only where myositis words stand close and no clock, sig or pacemaker does."""
    cues = diagnosis_cues()
    before, after = text[max(0, start - 24) : start], text[end : end + 24]
    if cues.time_before.search(before) or cues.time_after.match(after):
        return False
    if cues.sibling_before.search(before) or cues.sibling_after.match(after):
        return True
    near = text[max(0, start - 60) : start] + " § " + text[end : end + 60]
    if cues.pacemaker_words.search(near):
        return False
    found = len(cues.myositis_words.findall(near))
    return found >= 2 or (found >= 1 and known)
