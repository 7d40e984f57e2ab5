"""Searching the notes of a chart for words, with places in code points."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chartsift.api.render import line_context

MOST_HITS = 200
"""Most hits that are listed; whoever has more looks for something else."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Words of a note that were looked for, with a little of their line."""

    note_id: str
    place: str
    href: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found: the first hits, how many there are, and in how many notes."""

    shown: tuple[Hit, ...]
    total: int
    notes: int


def find_words(
    texts: Sequence[tuple[str, str]], wanted: str, *, link: Callable[[str, int, int], str]
) -> Hits:
    """
    Return where *wanted* stands in the notes, whatever its case; white space in it stands for any white space.

    Args:
        texts: Opaque identifier and text of each note, in the order of the hits.
        wanted: The words.
        link: Makes addresses of places.
    """
    pieces = wanted.split()
    if not pieces:
        return Hits((), 0, 0)
    pattern = re.compile(r"\s+".join(re.escape(piece) for piece in pieces), re.IGNORECASE)
    shown: list[Hit] = []
    total = notes = 0
    for note_id, text in texts:
        before_this = total
        for match in pattern.finditer(text):
            total += 1
            if len(shown) >= MOST_HITS:
                continue
            start, end = match.span()
            before, after = line_context(text, start, end)
            shown.append(
                Hit(note_id, f"{start}-{end}", link(note_id, start, end), before, match.group(), after)
            )
        notes += total > before_this
    return Hits(tuple(shown), total, notes)
