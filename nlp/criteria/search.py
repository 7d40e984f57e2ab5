"""Proof of search: what was read when nothing was found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.lexicon.loader import load_concepts


def search_statement(chart: Chart, searched: Sequence[str], *, unread: int = 0) -> str:
    """
    Return how much was read for *searched* ("kind" or "kind/concept"), as in
    "in 47 notes, 2014 to 2026, 31 terms; 2 notes could not be read".
    """
    notes = len(chart.notes)
    words = f"in {notes} note{'' if notes == 1 else 's'}"
    if notes:
        first, last = chart.notes[0].note_date.year, chart.notes[-1].note_date.year
        words += f", {first}" if first == last else f", {first} to {last}"
    terms = sum(_terms(name) for name in dict.fromkeys(searched))
    if terms:
        words += f", {terms} term{'' if terms == 1 else 's'}"
    if unread:
        words += f"; {unread} note{'' if unread == 1 else 's'} could not be read"
    return words


@lru_cache(maxsize=256)
def _terms(name: str) -> int:
    kind, _, concept = name.partition("/")
    return sum(
        len(item.terms)
        for item in load_concepts()
        if item.kind == kind and (not concept or item.concept == concept)
    )
