"""
Text that was carried forward from an earlier note of the same chart.

A line counts as carried forward when the very same words (white space aside) stand in an earlier note; neighbouring
lines that come from one place make one block. Only blocks long enough to be more than a heading are kept: a reader
may then skip them, and see where they were first written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A line with less is a heading, a label or a signature, and says nothing about who copied from whom.
MIN_LINE_CHARS = 12
# About one clinical sentence; shorter blocks are phrases that anybody writes.
MIN_BLOCK_CHARS = 60


@dataclass(frozen=True, slots=True)
class Copied:
    """
    A block of a note that stands in an earlier note.

    ``start`` and ``end`` are code points of the note, ``origin`` is the number of the note where the block was first
    written, and ``origin_start``, ``origin_end`` are code points there.
    """

    start: int
    end: int
    origin: int
    origin_start: int
    origin_end: int


@dataclass(slots=True)
class _Block:
    start: int
    end: int
    chars: int
    origin: int
    origin_start: int
    origin_end: int
    last_line: int


def copied_blocks(texts: Sequence[str]) -> list[list[Copied]]:
    """
    Return the blocks of each note that were carried forward; *texts* are the notes in order of time.

    Time and memory are linear in the text.
    """
    first: dict[str, tuple[int, int, int, int]] = {}
    found: list[list[Copied]] = []
    for number, text in enumerate(texts):
        blocks: list[_Block] = []
        current: _Block | None = None
        lines = _lines(text)
        for _, _, start, end, words in lines:
            if not words:
                continue
            known = first.get(words)
            if known is None or known[0] == number:
                current = None
                continue
            origin, line, origin_start, origin_end = known
            if current is not None and current.origin == origin and line == current.last_line + 1:
                current.end, current.origin_end, current.last_line = end, origin_end, line
                current.chars += len(words)
            else:
                current = _Block(start, end, len(words), origin, origin_start, origin_end, line)
                blocks.append(current)
        for _, order, start, end, words in lines:
            if words:
                first.setdefault(words, (number, order, start, end))
        found.append(
            [
                Copied(block.start, block.end, block.origin, block.origin_start, block.origin_end)
                for block in blocks
                if block.chars >= MIN_BLOCK_CHARS
            ]
        )
    return found


def _lines(text: str) -> list[tuple[int, int, int, int, str]]:
    """Return the lines: number, number among those that count, start, end and words ("" where it does not count)."""
    lines = []
    at = order = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        bare = line.strip()
        words = " ".join(bare.split()) if len(bare) >= MIN_LINE_CHARS else ""
        start = at + len(line) - len(line.lstrip())
        lines.append((number, order, start, start + len(bare), words))
        order += bool(words)
        at += len(line)
    return lines
