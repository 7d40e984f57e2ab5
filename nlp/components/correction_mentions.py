"""
What the statements of ``correction_cues`` speak of: the mentions that they name, or nothing but words that point.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from chartsift.nlp.components.concepts import SPAN_GROUP, sense_of
from chartsift.nlp.components.correction_cues import Cue, correction_words
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.components.receipt_reach import is_about_mention
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range

_PLURAL = re.compile(r"\b(?:were|are|both|all|have been|entries|statements|mentions)\b", re.IGNORECASE)
_GOVERNED = re.compile(
    r"\b(?:statements?|mentions?|documentation|entr(?:y|ies)|histor(?:y|ies)|notes?)\s+(?:about|of|on|that|regarding)\b",
    re.IGNORECASE,
)
# In front of a verb of writing, the words for an error have what they speak of behind them.
_ADVERB = re.compile(r"\w+ly\b", re.IGNORECASE)
# "He was wrong" speaks of no text.
_PERSON = re.compile(r"\b(?:s?he|they|we|you|patient|pt)\b", re.IGNORECASE)
# No name of a concept is longer, in code points.
_LONGEST_NAME = 80
_NO = re.compile(r"\b(?:no|not|never)\b", re.IGNORECASE)
_GLUE = re.compile(
    r"\s*(?:(?:,|and|or|/|&|\+|as well as|\d[\d/-]*|in|the|a|an|her|his|prior)\s*)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mention:
    """What a statement names: words that stand for findings of *kinds*, and of one concept unless it is empty."""

    start: int
    end: int
    kinds: frozenset[str]
    concept: str = ""
    disease: str = ""
    place: str = ""

    def names(self, draft: Draft) -> bool:
        """Say whether *draft* is a finding of this."""
        return (
            draft.kind in self.kinds
            and self.concept in ("", draft.concept)
            and self.disease in ("", draft.attributes.get("disease", ""))
            and self.place in ("", _place(draft))
        )


class Mentions:
    """The mentions in the sentences of a note's statements."""

    def __init__(self, doc: Doc, cues: Sequence[Cue]) -> None:
        self._layout: Layout = doc._.layout
        self._text = self._layout.text
        self._words = correction_words()
        self._all = self._found(doc, sorted({(cue.sentence.start, cue.sentence.end) for cue in cues}))

    def within(self, start: int, end: int) -> list[Mention]:
        """Return the mentions that begin in ``start:end``."""
        low = bisect_left(self._all, start, key=lambda m: m.start)
        return self._all[low : bisect_left(self._all, end, key=lambda m: m.start)]

    def named(self, cue: Cue) -> list[tuple[Mention, bool]] | None:
        """
        Return what *cue* names, and whether it is certain that it is meant; None where it only points.

        An empty list: it names something that is no finding, or only a detail of one.
        """
        behind = self.within(cue.end, cue.clause.end)
        if cue.role in ("disregard", "mistake"):
            if behind:
                return [(mention, True) for mention in behind]
            is_named = cue.role == "disregard" and self.residue(self._text[cue.end : cue.clause.end])
            return [] if is_named else None
        subject = self._text[cue.clause.start : cue.start]
        inside = self.within(cue.clause.start, cue.start)
        if inside:
            return list(self._subjects(cue, inside))
        if cue.role == "wrong":
            # "Erroneously listed transplant": nothing but small words between the two.
            gap = self._text[cue.end : behind[0].start if behind else cue.clause.end]
            rest = self.residue(_NO.sub(" ", gap), pointers=False)
            if behind and not rest:
                return [(behind[0], True)]
            if rest and _ADVERB.match(cue.words):
                return []
        return [] if self.residue(subject) or _PERSON.search(subject) else None

    def residue(self, words: str, *, pointers: bool = True) -> str:
        """Return what is left of *words* without those that fill and, with *pointers*, those that point."""
        left = self._words.addition.sub(" ", words)
        if pointers:
            left = self._words.pointer.sub(" ", left)
        left = self._words.filler.sub(" ", left)
        return re.sub(r"[\W_]+|\b[a-z]\b", "", left, flags=re.IGNORECASE)

    def _subjects(self, cue: Cue, inside: Sequence[Mention]) -> Iterator[tuple[Mention, bool]]:
        """Yield the mentions in front of *cue* that it speaks of, from the nearest on."""
        lead = self._text[cue.clause.start : inside[0].start]
        detail = rf"(?:{self._words.aspect.pattern})\s+(?:of|for|on|at|in)\s+(?:\w+\s+)?\Z"
        if is_about_mention(lead) or re.search(detail, lead, re.IGNORECASE):
            return
        following: Mention | None = None
        is_certain = True
        is_plural = _PLURAL.search(self._text[inside[-1].end : cue.end]) is not None
        is_governed = _GOVERNED.search(lead) is not None
        for mention in reversed(inside):
            if following is None:
                gap = self._text[mention.end : cue.start]
                if self._words.aspect.search(gap):
                    return
                is_certain = not self.residue(gap)
            elif mention.end > following.start:
                continue
            else:
                gap = self._text[mention.end : following.start]
                if _GLUE.fullmatch(gap) is None or not (is_plural or is_governed or "," not in gap):
                    return
                is_certain = is_certain and (is_plural or is_governed)
            yield mention, is_certain
            following = mention

    def _found(self, doc: Doc, ranges: Sequence[tuple[int, int]]) -> list[Mention]:
        firsts = [first for first, _ in ranges]

        def is_inside(start: int) -> bool:
            at = bisect_right(firsts, start) - 1
            return at >= 0 and start < ranges[at][1]

        found: list[Mention] = []
        for span in doc.spans[SPAN_GROUP]:
            start, end = source_range(span)
            if is_inside(start):
                concept = sense_of(span).concept
                disease = dict(concept.attributes).get("disease", "")
                found.append(Mention(start, end, frozenset({concept.kind}), concept.concept, disease))
        drafts = drafts_of(doc)
        named = _covered(found)
        for draft in drafts:
            if is_inside(draft.start) and named.isdisjoint(range(draft.start, draft.end)):
                kinds = frozenset({draft.kind})
                found.append(Mention(draft.start, draft.end, kinds, draft.concept, place=_place(draft)))
        found.sort(key=lambda m: m.start)
        told = {(draft.kind, draft.concept) for draft in drafts}
        generic = [one for first, last in ranges for one in self._generic(first, last, found, told)]
        whole = _covered(generic)
        found = [m for m in found if whole.isdisjoint(range(m.start, m.end))]
        return sorted([*found, *generic], key=lambda m: (m.start, m.end))

    def _generic(
        self, first: int, last: int, found: Sequence[Mention], told: set[tuple[str, str]]
    ) -> Iterator[Mention]:
        """Yield the words for a whole kind, unless they belong to a closer name that the note has a finding of."""
        for pattern, kinds in self._words.generic:
            for match in pattern.finditer(self._text, first, last):
                low = bisect_left(found, match.start() - _LONGEST_NAME, key=lambda m: m.start)
                high = bisect_left(found, match.end(), key=lambda m: m.start)
                closer = [m for m in found[low:high] if match.start() < m.end and m.concept != "any"]
                if all(
                    match.end() - match.start() >= m.end - m.start
                    and m.kinds <= kinds
                    and not any((kind, m.concept) in told for kind in m.kinds)
                    for m in closer
                ):
                    yield Mention(match.start(), match.end(), kinds)


def _covered(mentions: Sequence[Mention]) -> set[int]:
    return {at for mention in mentions for at in range(mention.start, mention.end)}


def _place(draft: Draft) -> str:
    return draft.attributes.get("place") or draft.attributes.get("group", "")
