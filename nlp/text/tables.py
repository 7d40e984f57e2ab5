"""Tables in plain text: the columns that a header line of dates opens, and the cells of a row under it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout

# Rows of one laboratory table; longer tables repeat their header.
_MAX_ROWS = 45
_LEADERS = re.compile(r"\.{3,}|…+|(?:\. ){3,}|_{3,}")
_RESULT = re.compile(r"(?:results?|values?|observed|today|ergebnis|wert)$", re.IGNORECASE)
# The head of a table names a test or a column; a line with a name and a date of birth does not.
_HEAD = re.compile(
    r"\b(?:labs?|laboratory|tests?|component|analyte|parameter|results?|values?|ref\w*|range|units?|flag|normal|nl)\b",
    re.I,
)
_REFERENCE = re.compile(
    r"(?:ref(?:erence)?s?(?:\.|\b).*|normal(?: range)?|nl|range|limits|units?|norm)$", re.IGNORECASE
)
_MONTH_YEAR = re.compile(r"(0?[1-9]|1[0-2])/(\d\d)$")


@dataclass(frozen=True, slots=True)
class Cell:
    """The words of one cell: half-open code points of the note, and the column of the page where it begins."""

    start: int
    end: int
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column by its header.

    ``date`` is the date it holds, None for a reference range or another label; ``offset`` is where the header
    begins on its line.
    """

    start: int
    end: int
    offset: int
    date: date | None
    label: str


def split_cells(text: str, start: int, end: int, *, line_start: int | None = None) -> list[Cell]:
    """
    Return the cells of ``text[start:end]``: parts between pipes, tabs, dot leaders or two and more spaces.

    An empty cell between pipes is kept with empty text. *line_start* is where the line begins (default *start*).
    """
    origin = start if line_start is None else line_start
    body = text[start:end]
    body = _LEADERS.sub(lambda match: " " * len(match.group()), body)
    cells: list[Cell] = []
    if "|" in body:
        at = 0
        for part in body.split("|"):
            stripped = part.strip()
            offset = at + (len(part) - len(part.lstrip()) if stripped else 0)
            cells.append(
                Cell(start + offset, start + offset + len(stripped), stripped, start + offset - origin)
            )
            at += len(part) + 1
        return cells
    for match in re.finditer(r"\S+(?:[ \xa0]\S+)*", body):
        cells.append(
            Cell(start + match.start(), start + match.end(), match.group(), start + match.start() - origin)
        )
    return cells


def columns_above(layout: Layout, line_number: int, note_date: date) -> list[Column] | None:
    """
    Return the columns of the table that the line is a row of; None if it is none.

    The header is the nearest line above with a date and a second column, with nothing but rows in between.
    """
    text = layout.text
    blanks = 0
    for number in range(line_number - 1, max(-1, line_number - _MAX_ROWS), -1):
        line = layout.lines[number]
        content = text[line.start : line.end]
        if not content.strip():
            blanks += 1
            if blanks > 1:
                return None
            continue
        columns = _header(text, line.start, line.end, note_date)
        if columns is not None:
            return columns
        if not _is_row(content):
            return None
        blanks = 0
    return None


def _is_row(content: str) -> bool:
    return (
        bool(re.search(r"\S(?:\s{2,}|\t|\s*\.{3,}|\s*\|)\s*\S", content.strip())) or len(content.strip()) < 40
    )


def _header(text: str, start: int, end: int, note_date: date) -> list[Column] | None:
    if end - start > 300:
        return None
    cells = [cell for cell in split_cells(text, start, end) if cell.text]
    columns: list[Column] = []
    dated = 0
    for i, cell in enumerate(cells):
        mentions = find_dates(text, note_date, start=cell.start, end=cell.end)
        if mentions and len(cell.text) - (mentions[0].end - mentions[0].start) <= 14:
            mention = mentions[0]
            # "LABS 6/3/24" is a label and a column head in one cell.
            columns.append(Column(mention.start, mention.end, mention.start - start, mention.last, cell.text))
            dated += 1
        elif i > 0 or _REFERENCE.match(cell.text):
            columns.append(Column(cell.start, cell.end, cell.offset, None, cell.text))
    others = len(columns) - dated
    if not (
        dated >= 2 or (dated == 1 and others >= 1 and len(cells) <= 6 and _HEAD.search(text, start, end))
    ):
        return None
    dates = {(c.start, c.end) for c in columns if c.date is not None}
    for cell in cells:
        is_date = any(cell.start <= first and last <= cell.end for first, last in dates)
        if not is_date and re.match(r"[<>≤≥]?\s?\.?\d", cell.text):
            return None  # a row of values that happens to hold a date
    if re.search(r"\b(?:DOB|born|birth)\b", text[start:end], re.IGNORECASE):
        return None
    columns = _with_years(text, columns, note_date)
    results = [c for c in columns if c.date is None and _RESULT.match(c.label)]
    if dated == 1 and results:
        # "LAB (3/10/25)   RESULT   REF": the one date is that of the result column.
        day = next(c.date for c in columns if c.date is not None)
        columns = [replace(c, date=day) if c in results else c for c in columns if c.date is None]
    return columns


def _with_years(text: str, columns: list[Column], note_date: date) -> list[Column]:
    """Read "08/24" as a month of 2024 in a header whose other dates carry a year."""
    heads = [text[c.start : c.end] for c in columns if c.date is not None]
    has_year = any(re.search(r"\d/\d{1,2}/\d{2,4}|\d/\d{4}|[A-Za-z]{3}", head) for head in heads)
    pairs = [_MONTH_YEAR.match(head) for head in heads]
    two_digit = note_date.year % 100
    ambiguous = [m for m in pairs if m is not None]
    as_years = bool(ambiguous) and all(0 <= (two_digit - int(m.group(2))) <= 15 for m in ambiguous)
    if not (as_years and (has_year or _out_of_order(columns))):
        return columns
    changed = []
    for column in columns:
        match = _MONTH_YEAR.match(text[column.start : column.end])
        if column.date is not None and match is not None:
            mention = find_dates(f"{match.group(1)}/20{match.group(2)}", note_date)
            changed.append(replace(column, date=mention[0].last) if mention else column)
        else:
            changed.append(column)
    return changed


def _out_of_order(columns: Sequence[Column]) -> bool:
    dates = [c.date for c in columns if c.date is not None]
    return dates != sorted(dates) and dates != sorted(dates, reverse=True)


def assign(cells: Sequence[Cell], columns: Sequence[Column]) -> list[tuple[Cell, Column]]:
    """Return each cell with its column: one to one where the counts agree, else by where it stands."""
    filled = list(cells)
    if len(filled) == len(columns):
        return [(cell, column) for cell, column in zip(filled, columns, strict=True) if cell.text]
    pairs: list[tuple[Cell, Column]] = []
    first = 0
    for cell in filled:
        if not cell.text:
            continue
        best = min(range(first, len(columns)), key=lambda i: _distance(cell, columns[i]), default=None)
        if best is None:
            break
        pairs.append((cell, columns[best]))
        first = best + 1
    return pairs


def _distance(cell: Cell, column: Column) -> int:
    left = abs(cell.offset - column.offset)
    right = abs(cell.offset + len(cell.text) - column.offset - (column.end - column.start))
    return min(left, right)
