"""
The ``concepts`` component: medspaCy's TargetMatcher over the lexicon, and which mentions really mean it.

An ambiguous spelling carries its own conditions in the vocabulary ("EJ" unless a line was placed), so each
mention is judged by its own surroundings, never by the note as a whole.

Reads: doc._.note_text, doc._.layout. Writes: doc.spans["concepts"]; span._.sense holds concept and term.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from chartsift.nlp.components.factory import register
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.lexicon.schema import Concept, Term
from chartsift.nlp.log import quiet_imports
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.phrases import Found, Phrases
from chartsift.nlp.text.prefilter import Scan
from chartsift.nlp.text.tokens import source_range, words_of

with quiet_imports():
    from medspacy.target_matcher import TargetMatcher, TargetRule

SPAN_GROUP = "concepts"
# Spellings with more hyphens than this are not multiplied out.
_MAX_LOOSE_HYPHENS = 3


@dataclass(frozen=True)
class Sense:
    """The concept and the term behind a matched span."""

    concept: Concept
    term: Term
    unless_before: re.Pattern[str] | None
    unless_after: re.Pattern[str] | None
    unless_near: re.Pattern[str] | None
    only_near: re.Pattern[str] | None
    only_before: re.Pattern[str] | None
    only_after: re.Pattern[str] | None

    @cached_property
    def has_conditions(self) -> bool:
        """Whether the words around a mention say if it counts."""
        return (
            self.unless_before is not None
            or self.unless_after is not None
            or self.unless_near is not None
            or self.only_near is not None
            or self.only_before is not None
            or self.only_after is not None
        )

    @cached_property
    def is_always_meant(self) -> bool:
        """Whether neither the words around a mention nor its capitals say if it counts."""
        return not self.has_conditions and self.term.case not in ("exact", "upper")

    @cached_property
    def label(self) -> str:
        """The label of its spans."""
        return self.concept.kind.upper()


def sense_of(span: Span) -> Sense:
    """Return what *span*, a member of ``doc.spans["concepts"]``, was matched as."""
    sense: Sense = span._.sense
    return sense


class Concepts:
    """Match the lexicon and drop the mentions that mean something else."""

    def __init__(self, nlp: Language, concepts: tuple[Concept, ...]) -> None:
        if not Span.has_extension("sense"):
            Span.set_extension("sense", default=None)
        self.matcher = TargetMatcher(nlp, result_type=None, prune=False)
        # The matcher tells two rules of one spelling apart badly, so a spelling is one rule with all its senses.
        by_words, literal = _by_words(concepts)
        self.matcher.add(
            [
                TargetRule(literal[words], "CONCEPT", metadata={"senses": senses})
                for words, senses in by_words.items()
            ]
        )

        self.phrases = Phrases(by_words)

    def __call__(self, doc: Doc) -> Doc:
        text, layout = doc._.note_text, doc._.layout
        found: list[Found[list[Sense]]] = []
        for match in self.matcher(doc):
            start, end = source_range(match)
            found.append((start, end, match.end - match.start, match._.target_rule.metadata["senses"]))
        mentions = _meant(text, layout, found)
        first_of = {start: i for i, start in enumerate(doc._.starts)} if mentions else {}
        doc.spans[SPAN_GROUP] = [
            concept_span(doc, first_of[start], first_of[start] + length, sense)
            for start, _, length, sense in mentions
        ]
        return doc

    def find(self, scan: Scan, layout: Layout) -> list[Mention]:
        """Return what ``__call__`` finds, by the words that the prefilter has found and without a ``Doc``."""
        return _meant(scan.text, layout, self.phrases.find(scan))


def concept_span(doc: Doc, start: int, end: int, sense: Sense) -> Span:
    """Return the tokens ``start:end`` of *doc* as a mention of *sense*."""
    span = Span(doc, start, end, label=sense.label)
    span._.sense = sense
    return span


class Mention(NamedTuple):
    """A mention by its code points, its number of tokens, and what it was matched as."""

    start: int
    end: int
    length: int
    sense: Sense


def _meant(text: str, layout: Layout, found: Iterable[Found[list[Sense]]]) -> list[Mention]:
    """Return the mentions that mean it, the longest of those that overlap."""
    meant = []
    for start, end, length, senses in found:
        for sense in senses:
            if sense.is_always_meant or _is_meant(text, layout, start, end, sense):
                meant.append(Mention(start, end, length, sense))
                break
    meant.sort(key=lambda mention: (mention.start, -mention.end))
    return list(_without_overlap(meant))


def _by_words(
    concepts: Iterable[Concept],
) -> tuple[dict[tuple[str, ...], list[Sense]], dict[tuple[str, ...], str]]:
    """Return, by the tokens of a spelling, what it may mean, and the spelling itself."""
    by_words: dict[tuple[str, ...], list[Sense]] = defaultdict(list)
    literal: dict[tuple[str, ...], str] = {}
    for spelling, sense in _senses(concepts):
        words = words_of(spelling.lower())
        literal.setdefault(words, spelling)
        by_words[words].append(sense)
    return by_words, literal


def phrases_of(concepts: Iterable[Concept]) -> Phrases[list[Sense]]:
    """Return the spellings of *concepts*, to be found by the words of a prefilter."""
    return Phrases(_by_words(concepts)[0])


def mentions_in(scan: Scan, layout: Layout, phrases: Phrases[list[Sense]]) -> Iterator[Mention]:
    """Yield the mentions of *phrases* that mean it, overlapping ones as well, in no order."""
    for start, end, length, senses in phrases.find(scan):
        for sense in senses:
            if sense.is_always_meant or _is_meant(scan.text, layout, start, end, sense):
                yield Mention(start, end, length, sense)
                break


def _senses(concepts: Iterable[Concept]) -> Iterator[tuple[str, Sense]]:
    for concept in concepts:
        for term in concept.terms:
            sense = Sense(
                concept,
                term,
                _compiled(term.unless_before, r"(?:{})\s*$"),
                _compiled(term.unless_after, r"\s*(?:{})"),
                _compiled(term.unless_near, "{}"),
                _compiled(term.only_near, "{}"),
                _compiled(term.only_before, r"(?:{})\s*$"),
                _compiled(term.only_after, r"\s*(?:{})"),
            )
            for spelling in _spellings(term.text):
                yield spelling, sense


def _compiled(pattern: str, frame: str) -> re.Pattern[str] | None:
    return re.compile(frame.replace("{}", pattern), re.IGNORECASE) if pattern else None


def _spellings(text: str) -> set[str]:
    parts = text.split("-")
    if not 1 < len(parts) <= _MAX_LOOSE_HYPHENS + 1:
        return {text}
    # "Jo1" and "Jo 1" are the same tokens; letters on both sides ("antisynthetase") are not.
    joined = set()
    for choice in product(("-", " "), repeat=len(parts) - 1):
        joined.add("".join(part + sign for part, sign in zip(parts, (*choice, ""), strict=True)))
    glued = text.replace("-", "")
    return joined | {glued}


def _is_meant(text: str, layout: Layout, start: int, end: int, sense: Sense) -> bool:
    term = sense.term
    if term.case == "exact" and not _same_capitals(text[start:end], term.text):
        return False
    if term.case == "upper" and not text[start:end].isupper():
        return False
    if not sense.has_conditions:
        return True
    # What stands right beside the mention is in its sentence, and behind it at least in its line.
    if sense.only_after or sense.unless_after:
        stop = max(layout.sentence_at(start).end, layout.line_at(start).end, end)
        right = text[end : min(stop, end + term.window)]
        if sense.only_after and not sense.only_after.match(right):
            return False
        if sense.unless_after and sense.unless_after.match(right):
            return False
    if sense.only_before or sense.unless_before:
        left = text[max(min(layout.sentence_at(start).start, start), start - term.window) : start]
        if sense.only_before and not sense.only_before.search(left):
            return False
        if sense.unless_before and sense.unless_before.search(left):
            return False
    if sense.unless_near is None and sense.only_near is None:
        return True
    near = text[max(0, start - term.window) : start] + " § " + text[end : end + term.window]
    if sense.unless_near and sense.unless_near.search(near):
        return False
    return not (sense.only_near and not sense.only_near.search(near))


def _same_capitals(surface: str, wanted: str) -> bool:
    return surface == wanted or [c for c in surface if c.isalpha()] == [c for c in wanted if c.isalpha()]


def _without_overlap(mentions: Iterable[Mention]) -> Iterator[Mention]:
    """Keep the longest, in tokens, of overlapping mentions, which are sorted by start, longest first."""
    kept: Mention | None = None
    for mention in mentions:
        if kept is None or mention.start >= kept.end:
            if kept is not None:
                yield kept
            kept = mention
        elif mention.length > kept.length:
            kept = mention
    if kept is not None:
        yield kept


register("concepts", lambda nlp: Concepts(nlp, load_concepts()))
