"""
The words of a trial's disease in plain text: what the first pass of ``candidates`` looks for.

A module of its own, because it takes the readers' libraries to load, which a run's parent process does without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chartsift.nlp.components.concepts import mentions_in, phrases_of
from chartsift.nlp.criteria.search import terms_of
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.screening.candidates import candidates_of
from chartsift.nlp.text.layout import LazyLayout
from chartsift.nlp.text.prefilter import Prefilter
from chartsift.nlp.types import Note

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

# "5 PM" is in half of all notes, and no polymyositis.
_CLOCK = re.compile(r"\D?\d\s?PM", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sign:
    """Words of a note that are a sign: ``text[start:end]``, and the kind and concept that they stand for."""

    note_id: str
    start: int
    end: int
    kind: str
    concept: str


class SignSearch:
    """
    Finds the signs of one trial's disease in plain text.

    Attributes:
        of: What they are signs of, in words.
        kinds: What was looked for, as "kind" or "kind/concept".
        terms: How many words and phrases that is.
    """

    def __init__(self, trial: Trial) -> None:
        wanted = candidates_of(trial)
        self.of = wanted.of
        self.kinds = wanted.signs
        self.terms = len(terms_of(self.kinds))
        concepts = [
            concept
            for concept in load_concepts()
            if concept.kind in self.kinds or f"{concept.kind}/{concept.concept}" in self.kinds
        ]
        self._phrases = phrases_of(concepts)
        self._prefilter = Prefilter(self._phrases.words, with_gates=False)

    def signs(self, note_id: str, text: str) -> Iterator[Sign]:
        """Yield the signs in a note; whether they are denied, doubted or another person's is not asked here."""
        scan = self._prefilter.scan(text)
        if not scan.found:
            return
        for mention in mentions_in(scan, LazyLayout(text, lambda _: None), self._phrases):
            if _CLOCK.fullmatch(text, max(0, mention.start - 2), mention.end):
                continue
            concept = mention.sense.concept
            yield Sign(note_id, mention.start, mention.end, concept.kind, concept.concept)

    def first_sign(self, notes: Sequence[Note]) -> Sign | None:
        """Return a sign in the first of *notes* that has one; None where none has."""
        return next((sign for note in notes for sign in self.signs(note.note_id, note.text)), None)
