"""
Text as it is set down while a document is walked: lines, paragraphs, list items, tables.

Every format with a layout uses this, so that a table row is one line with `` | `` between its cells in all of them,
a list item one line, and paragraphs and headings stand apart by an empty line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CELL = " | "
# A cell that holds more lines than this is a part of a page that a table merely puts in its place.
_MOST_CELL_LINES = 6
_MOST_SPANNED = 1_000
_WHITE = re.compile(r"[ \t\r\n\f\v\x85\xa0\u2002-\u200a\u202f\u205f\u3000]+")
# Unicode's own ends of a line and of a paragraph.
_BREAKS = re.compile("[\u2028\u2029]")
# Marks of no width: soft hyphens, joiners, byte order marks.
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]")


class Flow:
    """Lines in the making."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._is_apart = False
        self._ends_white = True
        self.is_page_part = False

    def add(self, text: str) -> None:
        """Add running text, in which white space of any kind and length is one space."""
        first, *others = _BREAKS.split(text)
        self._add_words(first)
        for line in others:
            self.line()
            self._add_words(line)

    def add_as_it_stands(self, text: str) -> None:
        """Add text whose spaces and line breaks were set by hand."""
        text = _BREAKS.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
        text = _INVISIBLE.sub("", text)
        first, *others = text.split("\n")
        for number, line in enumerate([first, *others]):
            if number:
                self._end_line(keep_empty=True)
            if line:
                self._parts.append(line.replace("\v", " ").replace("\f", " "))
                self._ends_white = line.endswith(" ")

    def raise_digits(self, text: str) -> None:
        """Add a superscript: after a digit it is an exponent or a footnote, and neither belongs to the number."""
        shown = text.strip()
        if self._parts and self._parts[-1][-1:].isdigit() and shown[:1] in tuple("0123456789+-−"):
            self._parts.append("^" + shown)
            self._ends_white = False
        else:
            self.add(text)

    def line(self) -> None:
        """End the line, if one was begun."""
        self._end_line(keep_empty=False)

    def paragraph(self) -> None:
        """End the paragraph: the next line will stand apart."""
        self.line()
        self._is_apart = True

    def text(self) -> str:
        """Return what was set down."""
        self.line()
        return "\n".join(self._lines)

    def _add_words(self, text: str) -> None:
        text = _WHITE.sub(" ", _INVISIBLE.sub("", text))
        if self._ends_white and text.startswith(" "):
            text = text[1:]
        if text:
            self._parts.append(text)
            self._ends_white = text.endswith(" ")

    def _end_line(self, *, keep_empty: bool) -> None:
        line = "".join(self._parts).rstrip()
        self._parts = []
        self._ends_white = True
        if not line:
            self._is_apart = self._is_apart or keep_empty
            return
        if self._is_apart and self._lines:
            self._lines.append("")
        self._is_apart = False
        self._lines.append(line)


@dataclass
class Table:
    """A table in the making: rows of cells, each a flow of its own."""

    rows: list[list[str]] = field(default_factory=list)
    is_page_part: bool = False
    # By column: how many rows to come have a cell there that began further up.
    _spanned: dict[int, int] = field(default_factory=dict)

    def row(self) -> None:
        """Begin a row."""
        self.rows.append([])

    def cell(self, flow: Flow, *, rows: int = 1) -> None:
        """Add a cell; *rows* is how many rows it spans, of which the later ones get an empty cell."""
        if not self.rows:
            self.row()
        self._pass_spanned()
        row = self.rows[-1]
        if rows > 1:
            self._spanned[len(row)] = min(rows, _MOST_SPANNED) - 1
        self.is_page_part = self.is_page_part or flow.is_page_part
        row.append(flow.text())

    def end_row(self) -> None:
        """End a row."""
        if self.rows:
            self._pass_spanned()

    def set_into(self, flow: Flow) -> None:
        """Set the table down in the flow that it stands in."""
        flow.paragraph()
        is_page_part = self.is_page_part or any(
            cell.count("\n") >= _MOST_CELL_LINES for row in self.rows for cell in row
        )
        for row in self.rows:
            if is_page_part:
                flow.is_page_part = True
                for cell in row:
                    flow.add_as_it_stands(cell)
                    flow.paragraph()
                continue
            cells = [one_line(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            flow.add_as_it_stands(CELL.join(cells))
            flow.line()
        flow.paragraph()

    def _pass_spanned(self) -> None:
        row = self.rows[-1]
        while self._spanned.get(len(row)):
            self._spanned[len(row)] -= 1
            row.append("")


def one_line(cell: str) -> str:
    """
    Return the lines of a cell as one: a line that goes on with a small letter or a bracket was merely wrapped.

    >>> one_line("Jo-1: negative\\nMi-2: positive")
    'Jo-1: negative; Mi-2: positive'
    >>> one_line("Anti-Jo-1\\nantibody")
    'Anti-Jo-1 antibody'
    """
    joined = ""
    for line in filter(None, (line.strip() for line in cell.split("\n"))):
        if not joined:
            joined = line
        elif line[0].islower() or line[0] in "(,;" or joined[-1] in ",;:-–(/":
            joined += " " + line
        else:
            joined += "; " + line
    return joined
