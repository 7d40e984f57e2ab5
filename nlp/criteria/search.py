"""Proof of search: what was read when nothing was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.lexicon.loader import load_concepts, load_pattern_words
from chartsift.nlp.types import Search

# Names of unread inputs that fit into a sentence; the result holds all of them.
_NAMED = 3


def search_of(chart: Chart, kinds: Iterable[str], *, unread: Sequence[str] = ()) -> Search:
    """Return what was read for *kinds* ("kind" or "kind/concept"); *unread* names inputs that could not be."""
    looked_for = tuple(dict.fromkeys(kinds))
    first = chart.notes[0].note_date if chart.notes else None
    last = chart.notes[-1].note_date if chart.notes else None
    return Search(
        notes=len(chart.notes),
        first=first,
        last=last,
        kinds=looked_for,
        terms=len(terms_of(looked_for)),
        unread=tuple(unread),
    )


def statement(search: Search) -> str:
    """
    Return a search in words.

    >>> from datetime import date
    >>> statement(Search(47, date(2014, 3, 2), date(2026, 1, 9), ("car_t",), 31, ("scan.pdf (IN101)",)))
    'in 47 notes, 2014 to 2026, 31 terms; 1 input could not be read: scan.pdf (IN101)'
    """
    words = f"in {_count(search.notes, 'note')}"
    if search.first is not None and search.last is not None:
        first, last = search.first.year, search.last.year
        words += f", {first}" if first == last else f", {first} to {last}"
    if search.terms:
        words += f", {_count(search.terms, 'term')}"
    if search.unread:
        named = ", ".join(search.unread[:_NAMED])
        more = f" and {len(search.unread) - _NAMED} more" if len(search.unread) > _NAMED else ""
        words += f"; {_count(len(search.unread), 'input')} could not be read: {named}{more}"
    return words


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
