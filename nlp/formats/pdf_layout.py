"""Lines, columns and table rows of a page, put together from the places of its characters."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from chartsift.nlp.formats.flow import CELL

# All in heights of a line, which is what a reader's eye measures with.
_CELL_GAP = 1.3  # between cells; words of justified text stand up to about 1 apart
_WORD_GAP = 0.15
_SAME_LINE = 0.5  # of the lower of two boxes that must lie at the same height
_PARAGRAPH_GAP = 1.9  # from base line to base line; a line of running text takes 1.1 to 1.5
_RAISED = 0.15
_SMALL = 0.85
# A gap between columns of prose: so many lines run beside it, with so many characters on both sides.
_COLUMN_LINES = 8
_COLUMN_CHARS = 25
# What PDFium gives for a hyphen that ends a line, and the mark for it between two steps.
_SOFT_HYPHENS = ("\x02", "\ufffe", "\xad")
_DIVIDED = "\x00"


class Glyph(NamedTuple):
    """A character and the box that its font gives it."""

    char: str
    left: float
    bottom: float
    right: float
    top: float


class Run(NamedTuple):
    """Characters that stand together on a line."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 0.1)


def page_text(glyphs: Sequence[Glyph | None]) -> str:
    """Return the text of a page: lines from top to bottom, columns of prose one after the other."""
    runs = _runs(glyphs)
    if not runs:
        return ""
    return "\n".join(line for part in _columns(runs) for line in _lines(part)).strip("\n")


def _runs(glyphs: Sequence[Glyph | None]) -> list[Run]:
    """Cut the characters where they do not go on beside each other."""
    runs: list[Run] = []
    current: list[Glyph] = []
    for glyph in glyphs:
        if glyph is None:
            _close(current, runs)
            current = []
        elif glyph.char.isspace():
            if current:
                current.append(current[-1]._replace(char=" ", left=current[-1].right))
        elif current and _goes_on(current[-1], glyph):
            current.append(glyph)
        else:
            if current and _is_apart(current[-1], glyph):
                _close(current, runs)
                current = []
            if current and _is_raised(current[-1], glyph):
                before = current[-1]
                current.append(before._replace(char="^", left=glyph.left, right=glyph.left))
                # Set on the line, so that the next digit of the exponent is not taken for raised again.
                current.append(glyph._replace(bottom=before.bottom, top=before.top))
            else:
                current.append(glyph)
    _close(current, runs)
    return runs


def _close(glyphs: list[Glyph], runs: list[Run]) -> None:
    inked = [glyph for glyph in glyphs if not glyph.char.isspace()]
    if not inked:
        return
    text = "".join("-" if glyph.char in _SOFT_HYPHENS else glyph.char for glyph in glyphs)
    runs.append(
        Run(
            text + _DIVIDED if glyphs[-1].char in _SOFT_HYPHENS else text,
            inked[0].left,
            median(glyph.bottom for glyph in inked),
            max(glyph.right for glyph in inked),
            median(glyph.top for glyph in inked),
        )
    )


def _goes_on(before: Glyph, glyph: Glyph) -> bool:
    """Tell at a glance what nearly all characters do: stand behind the one before, on the same line."""
    height = before.top - before.bottom
    return (
        glyph.bottom == before.bottom
        and glyph.top == before.top
        and -height < glyph.left - before.right < _CELL_GAP * height
    )


def _is_apart(before: Glyph, glyph: Glyph) -> bool:
    height = max(before.top - before.bottom, glyph.top - glyph.bottom, 0.1)
    gap = glyph.left - before.right
    overlap = min(before.top, glyph.top) - max(before.bottom, glyph.bottom)
    lower = max(min(before.top - before.bottom, glyph.top - glyph.bottom), 0.1)
    return gap > _CELL_GAP * height or gap < -2 * height or (overlap < 0.3 * lower and lower > 0.1)


def _is_raised(before: Glyph, glyph: Glyph) -> bool:
    height = before.top - before.bottom
    return (
        before.char.isdigit()
        and glyph.char in "0123456789+-−"
        and glyph.top - glyph.bottom < _SMALL * height
        and glyph.bottom > before.bottom + _RAISED * height
    )


def _columns(runs: list[Run]) -> list[list[Run]]:
    """Return the runs of the page, or those of its left and then of its right column of prose."""
    left, right = min(run.left for run in runs), max(run.right for run in runs)
    width = right - left
    for step in range(30, 71, 2):
        at = left + width * step / 100
        crossing = [run for run in runs if run.left < at - 1 and run.right > at + 1]
        if len(crossing) > 0.2 * len(runs):
            continue
        # What goes across, such as a heading, stands above the columns or below them.
        top = min((run.bottom for run in crossing), default=float("inf"))
        inside = [run for run in runs if run.top <= top]
        lefts = [run for run in inside if run.right <= at + 1]
        rights = [run for run in inside if run.left >= at - 1]
        if len(lefts) + len(rights) == len(inside) and _is_prose(lefts) and _is_prose(rights):
            above = [run for run in runs if run.top > top]
            return [part for part in (above, lefts, rights) if part]
    return [runs]


def _is_prose(runs: list[Run]) -> bool:
    return len(runs) >= _COLUMN_LINES and median(len(run.text) for run in runs) >= _COLUMN_CHARS


def _lines(runs: list[Run]) -> list[str]:
    """Return the lines of runs, with an empty one where paragraphs stand apart."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (-run.bottom, run.left)):
        if rows and _is_beside(rows[-1][0], run):
            rows[-1].append(run)
        else:
            rows.append([run])
    lines: list[str] = []
    base: float | None = None
    for row in rows:
        height = median(run.height for run in row)
        if base is not None and base - row[0].bottom > _PARAGRAPH_GAP * height:
            lines.append("")
        base = row[0].bottom
        line = _joined(sorted(row, key=lambda run: run.left))
        if lines and lines[-1].endswith(_DIVIDED):
            # The hyphen of a divided word is mostly its own, as in "anti-synthetase", so it stays.
            lines[-1] = lines[-1][:-1] + line
        else:
            lines.append(line)
    return [line.replace(_DIVIDED, "") for line in lines]


def _is_beside(first: Run, run: Run) -> bool:
    overlap = min(first.top, run.top) - max(first.bottom, run.bottom)
    return overlap > _SAME_LINE * min(first.height, run.height)


def _joined(row: list[Run]) -> str:
    line = ""
    for number, run in enumerate(row):
        text = " ".join(run.text.split())
        if number:
            gap = run.left - row[number - 1].right
            height = max(run.height, row[number - 1].height)
            line += CELL if gap > _CELL_GAP * height else " " if gap > _WORD_GAP * height else ""
        line += text
    return line
