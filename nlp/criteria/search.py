"""Proof of search: what was read when nothing was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.lexicon.loader import load_concepts, load_pattern_words
from chartsift.nlp.types import Search
from chartsift.nlp.values import maker

_search = maker(Search)
# Names of unread inputs that fit into a sentence; the result holds all of them.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Read:
    """
    What was read of a patient, which is the same for every criterion.

    Attributes:
        notes: How many notes.
        first: Date of the earliest of them; None without notes.
        last: Date of the latest.
        unread: Inputs of this patient that could not be read.
        words: How many notes of which years.
        unread_words: How many inputs could not be read, and which; "" without any.
        confidence: Rough confidence of silence in them: in a single note it says little, in many notes more.
    """

    notes: int
    first: date | None
    last: date | None
    unread: tuple[str, ...]
    words: str
    unread_words: str
    confidence: float

    def search_for(self, kinds: Iterable[str]) -> Search:
        """Return it as the proof of a search for *kinds* ("kind" or "kind/concept"), each of them once."""
        looked_for = tuple(dict.fromkeys(kinds))
        terms = len(terms_of(looked_for))
        return _search(self.notes, self.first, self.last, looked_for, terms, self.unread)


_read = maker(Read)


def read_of(chart: Chart, unread: tuple[str, ...]) -> Read:
    """Return what was read of *chart*; *unread* names inputs that could not be."""
    first = chart.notes[0].note_date if chart.notes else None
    last = chart.notes[-1].note_date if chart.notes else None
    count = len(chart.notes)
    return _read(
        count,
        first,
        last,
        unread,
        _span(count, first, last),
        _missed(unread),
        round(min(0.9, 0.5 + 0.05 * count), 3),
    )


def statement(search: Search) -> str:
    """
    Return a search in words.

    >>> from datetime import date
    >>> statement(Search(47, date(2014, 3, 2), date(2026, 1, 9), ("car_t",), 31, ("scan.pdf (IN101)",)))
    'in 47 notes, 2014 to 2026, 31 terms; 1 input could not be read: scan.pdf (IN101)'
    """
    span = _span(search.notes, search.first, search.last)
    return f"{span}{terms_words(search.terms)}{_missed(search.unread)}"


def terms_words(terms: int) -> str:
    """Return how many terms were looked for as the words of ``statement`` say it; "" for none."""
    return f", {_count(terms, 'term')}" if terms else ""


def _span(notes: int, first: date | None, last: date | None) -> str:
    words = f"in {_count(notes, 'note')}"
    if first is None or last is None:
        return words
    return f"{words}, {first.year}" if first.year == last.year else f"{words}, {first.year} to {last.year}"


def _missed(unread: Sequence[str]) -> str:
    if not unread:
        return ""
    named = ", ".join(unread[:_NAMED])
    more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
    return f"; {_count(len(unread), 'input')} could not be read: {named}{more}"


@lru_cache(maxsize=256)
def terms_of(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return the words and phrases that are looked for by *kinds*, each once, in the order of *kinds*.

    They are those of the concept files and, of readers that read by pattern, those of ``pattern_words.yaml``.
    """
    terms: dict[str, None] = {}
    for name in kinds:
        kind, _, concept = name.partition("/")
        for item in load_concepts():
            if item.kind == kind and (not concept or item.concept == concept):
                terms |= dict.fromkeys(term.text for term in item.terms)
        for known in load_pattern_words():
            if known.kind == name or (not concept and known.kind.partition("/")[0] == kind):
                terms |= dict.fromkeys(known.words)
    return tuple(terms)


def vocabulary(kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return the words and phrases by each of *kinds*, sorted by kind."""
    return {kind: list(terms_of((kind,))) for kind in sorted(set(kinds))}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
