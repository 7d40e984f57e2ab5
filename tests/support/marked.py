"""Sentences with their gold in brackets: ``[CAR T]{CAR-T absent}``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"\[(?P<words>[^\[\]]+)\]\{(?P<concept>\S+) (?P<assertion>[a-z]+)\}")


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A plain text and the mentions that its marks name: (start, end, concept, assertion)."""

    text: str
    mentions: tuple[tuple[int, int, str, str], ...]


def parse_marked(marked: str) -> MarkedText:
    """Return the text without marks, and the mentions with offsets into it."""
    parts: list[str] = []
    mentions: list[tuple[int, int, str, str]] = []
    at = length = 0
    for match in _MARK.finditer(marked):
        before = marked[at : match.start()]
        parts.append(before)
        length += len(before)
        words = match.group("words")
        mentions.append((length, length + len(words), match.group("concept"), match.group("assertion")))
        parts.append(words)
        length += len(words)
        at = match.end()
    parts.append(marked[at:])
    return MarkedText("".join(parts), tuple(mentions))
