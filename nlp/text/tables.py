"""
Tables in plain text: what the columns under a header line are, and the cells of a row under it.

A header is found once for a note, line by line from the top, so that a long table costs no more than its length.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Literal, NamedTuple, cast

import yaml

from chartsift.nlp.text.dates import find_dates, may_hold_dates
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.openings import openings

Role = Literal[
    "label", "date", "when", "value", "earlier", "reference", "low", "high", "unit", "flag", "other"
]

# How far below its header, or the last line that is plainly a row, a line may still be a row.
_MAX_LOOSE_ROWS = 45
_CELL = re.compile(r"\S+(?:[ \xa0]\S+)*")
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
_RULE = re.compile(r"[-=|+:\s_*]*[-=_]{2}[-=|+:\s_*]*")
# A line without any of these holds no date and is no header of dates.
_MAY_DATE = re.compile(
    r"\d/\d|\d\.\d{1,2}\.\d|\b(?:19|20)\d\d\b|\d-[A-Za-z0-9]{1,4}-\d|[A-Za-z]{3}[A-Za-z]*\.?[\s'-]{1,2}\d|today|yesterday",
    re.IGNORECASE,
)
_BEGINS_NUMBER = re.compile(r"[<>≤≥]?\s?\.?\d")
_ROW = re.compile(r"\S(?:\s{2,}|\t|\s*\.{3,}|\s*\|)\s*\S")
_VALUE_CELL = re.compile(r"(?:\s{2}|[\t|]\s*)[<>]?\d")
# A flag in a column of its own that the header leaves without a name.
_FLAG_CELL = re.compile(r"(?:HH?|LL?|\(HH?\)|\(LL?\)|\[HH?\]|\[LL?\]|\*+|↑+|↓+)$")


class Cell(NamedTuple):
    """
    The words of one cell: half-open code points of the note, and the column of the page where it begins.

    A tuple, for a table has hundreds of them.
    """

    start: int
    end: int
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column by its header.

    ``date`` is the date it holds, None for a reference range or another label; ``offset`` is where the header
    begins on its line; ``role`` is what its cells are; ``ambiguous`` marks a date whose day and month could change
    places.
    """

    start: int
    end: int
    offset: int
    date: date | None
    label: str
    role: Role = "other"
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """
    The header line of a table.

    Attributes:
        columns: The columns, the one of the row labels left out.
        before: How many of them stand left of the row labels ("Date   Test   Result").
        delimited: Cells are parted by pipes or tabs, so that they are counted rather than measured.
        dated: The header holds a date.
    """

    columns: tuple[Column, ...]
    before: int
    delimited: bool
    dated: bool


def is_delimited(text: str, start: int, end: int) -> bool:
    """Say whether the cells of a line are parted by pipes or tabs."""
    return text.find("|", start, end) >= 0 or text.find("\t", start, end) >= 0


def split_cells(text: str, start: int, end: int, *, line_start: int | None = None) -> list[Cell]:
    """
    Return the cells of ``text[start:end]``: parts between pipes, tabs, dot leaders or two and more spaces.

    An empty cell between pipes is kept with empty text. *line_start* is where the line begins (default *start*).
    """
    origin = start if line_start is None else line_start
    body = text[start:end]
    if "..." in body or "…" in body or ". . ." in body or "___" in body:
        body = _LEADERS.sub(lambda match: " " * len(match.group()), body)
    if "|" in body:
        return _parts(body, "|", start, origin)
    shift = start - origin
    return [
        Cell(start + (at := match.start()), start + match.end(), match.group(), at + shift)
        for match in _CELL.finditer(body)
    ]


def row_cells(text: str, line: TextSpan) -> list[Cell]:
    """Return the cells of a whole line; of a delimited one every cell, the empty ones and none outside its borders."""
    body = text[line.start : line.end]
    if "|" in body:
        cells = split_cells(text, line.start, line.end)
        if cells and not cells[0].text and body.lstrip().startswith("|"):
            cells = cells[1:]
        return cells[:-1] if cells and not cells[-1].text and body.rstrip().endswith("|") else cells
    if "\t" in body:
        return _parts(body.rstrip(), "\t", line.start, line.start)
    return split_cells(text, line.start, line.end)


def _parts(body: str, sign: str, start: int, origin: int) -> list[Cell]:
    cells: list[Cell] = []
    at = 0
    for part in body.split(sign):
        stripped = part.strip()
        offset = at + (len(part) - len(part.lstrip()) if stripped else 0)
        cells.append(Cell(start + offset, start + offset + len(stripped), stripped, start + offset - origin))
        at += len(part) + 1
    return cells


def columns_above(layout: Layout, line_number: int, note_date: date) -> list[Column] | None:
    """
    Return the columns of the table with dates in its header that the line is a row of; None if it is none.

    The header is the nearest line above with a date and a second column, with nothing but rows in between.
    """
    head = head_above(layout, line_number, note_date)
    return list(head.columns) if head is not None and head.dated else None


def head_above(layout: Layout, line_number: int, note_date: date) -> Head | None:
    """Return the header of the table that the line is a row of, with dates or with named columns; None without one."""
    if _latest.text is not layout.text or _latest.note_date != note_date:
        _latest.heads = _heads(layout.text, layout.lines, note_date)
        _latest.text, _latest.note_date = layout.text, note_date
    return _latest.heads[line_number]


class _Latest(threading.local):
    """The headers of the note that was asked about last in this thread: all its rows ask for them."""

    text: str | None = None
    note_date: date | None = None
    heads: Sequence[Head | None] = ()


_latest = _Latest()


def _heads(text: str, lines: Sequence[TextSpan], note_date: date) -> list[Head | None]:
    """Return the header that holds for each line of *text*."""
    heads: list[Head | None] = []
    current: Head | None = None
    blanks = loose = 0
    for line in lines:
        content = text[line.start : line.end]
        if not content or content.isspace():
            blanks += 1
            if blanks > 1:
                current = None
            heads.append(current)
            continue
        heads.append(current)
        head = _header(text, line, note_date) if may_have_cells(content) else None
        if head is not None:
            current, blanks, loose = head, 0, 0
            continue
        if current is None or _RULE.fullmatch(content):
            continue
        strict = _is_row(content)
        loose = 0 if strict else loose + 1
        if (not strict and len(content.strip()) >= 40) or loose >= _MAX_LOOSE_ROWS:
            current = None
        blanks = 0
    return heads


def may_have_cells(content: str) -> bool:
    """Say quickly that a line is all one cell, as most lines of prose are: then it is no header of any table."""
    return (
        "  " in content.strip(" ")
        or "|" in content
        or "..." in content
        or "…" in content
        or ". . ." in content
        or "___" in content
        # A tab or a rare white space; other signs that are not printed only cost the closer look.
        or not content.isprintable()
    )


def _is_row(content: str) -> bool:
    return _ROW.search(content.strip()) is not None


def _header(text: str, line: TextSpan, note_date: date) -> Head | None:
    if line.end - line.start > 300:
        return None
    cells = row_cells(text, line)
    delimited = is_delimited(text, line.start, line.end)
    # Names first where no date can stand: two cells that name no column tell a row of values from a header.
    named = None
    if not may_hold_dates(text, line.start, line.end):
        named = _named_columns(cells, delimited=delimited)
        if named is None:
            return None
    has_date = _MAY_DATE.search(text, line.start, line.end) is not None
    if not has_date and _VALUE_CELL.search(text, line.start, line.end):
        return None  # a number in a cell of its own: a row of values
    if named is not None:
        return named
    dated = _dated_columns(text, line, cells, note_date) if has_date else None
    if dated is not None:
        return Head(tuple(dated), 0, delimited, dated=True)
    return _named_columns(cells, delimited=delimited)


def _named_columns(cells: Sequence[Cell], *, delimited: bool) -> Head | None:
    """Return the header of named columns ("Test  Result  Flag  Units  Reference"); None if the line is none."""
    roles: list[Role | None] = []
    known = unknown = 0
    for cell in cells:
        role = _role_of(cell.text) if cell.text else None
        roles.append(role)
        if role is not None:
            known += 1
        elif cell.text:
            unknown += 1
            if unknown > 1:
                return None  # told by the first two cells of most lines
    if known < 2 or ("value" not in roles and "earlier" not in roles):
        return None
    label = next((i for i, role in enumerate(roles) if role == "label"), None)
    if label is None:
        # The name of the panel may stand over the names of the tests, or nothing does.
        label = 0 if roles[0] is None and (delimited or cells[0].text) else None
    columns = [
        Column(cell.start, cell.end, cell.offset, None, cell.text, role or "other")
        for i, (cell, role) in enumerate(zip(cells, roles, strict=True))
        if i != label
    ]
    return Head(tuple(columns), label or 0, delimited, dated=False)


class _Roles(NamedTuple):
    """The heads of all roles, which are the groups of *expression*, and the signs that they begin with."""

    expression: re.Pattern[str]
    begins: frozenset[str]


@lru_cache(maxsize=1)
def _roles() -> _Roles:
    """Return one expression for the heads of all roles; the first that fits is taken."""
    text = (resources.files("chartsift.nlp.lexicon") / "table_heads.yaml").read_text(encoding="utf-8")
    roles = yaml.safe_load(text).items()
    expression = "|".join(rf"(?P<{role}>(?:{'|'.join(heads)})$)" for role, heads in roles)
    return _Roles(re.compile(expression, re.IGNORECASE), openings(expression))


def _role_of(words: str) -> Role | None:
    plain = words.strip(" :*#_").lstrip()
    roles = _roles()
    if plain[:1] not in roles.begins:
        return None  # "612", "10/2": told by the first sign
    match = roles.expression.match(" ".join(plain.split()))
    return None if match is None else cast(Role, match.lastgroup)


def _dated_columns(text: str, line: TextSpan, cells: Sequence[Cell], note_date: date) -> list[Column] | None:
    filled = [cell for cell in cells if cell.text]
    # Most lines are told to be none before a date is read: a row of values, or one date and no head of a table.
    possible = 0
    for cell in filled:
        if may_hold_dates(text, cell.start, cell.end):
            possible += 1
        elif _BEGINS_NUMBER.match(cell.text):
            return None
    if possible < 2 and (len(filled) > 6 or not _HEAD.search(text, line.start, line.end)):
        return None
    columns: list[Column] = []
    dated = 0
    for i, cell in enumerate(cells):
        if not cell.text:
            # An empty cell of a delimited header is a column of its own; the first is that of the names.
            if i > 0:
                columns.append(Column(cell.start, cell.end, cell.offset, None, ""))
            continue
        mentions = find_dates(text, note_date, start=cell.start, end=cell.end)
        if mentions and len(cell.text) - (mentions[0].end - mentions[0].start) <= 14:
            mention = mentions[0]
            # "LABS 6/3/24" is a label and a column head in one cell.
            columns.append(
                Column(
                    mention.start,
                    mention.end,
                    mention.start - line.start,
                    mention.last,
                    cell.text,
                    "date",
                    mention.ambiguous,
                )
            )
            dated += 1
        elif i > 0 or _REFERENCE.match(cell.text):
            role = _role_of(cell.text) or "other"
            columns.append(Column(cell.start, cell.end, cell.offset, None, cell.text, role))
    others = len(columns) - dated
    if not (
        dated >= 2
        or (dated == 1 and others >= 1 and len(filled) <= 6 and _HEAD.search(text, line.start, line.end))
    ):
        return None
    dates = {(c.start, c.end) for c in columns if c.date is not None}
    for cell in filled:
        is_date = any(cell.start <= first and last <= cell.end for first, last in dates)
        if not is_date and _BEGINS_NUMBER.match(cell.text):
            return None  # a row of values that happens to hold a date
    if re.search(r"\b(?:DOB|born|birth)\b", text[line.start : line.end], re.IGNORECASE):
        return None
    columns = _with_years(text, columns, note_date)
    results = [c for c in columns if c.date is None and _RESULT.match(c.label)]
    if dated == 1 and results:
        # "LAB (3/10/25)   RESULT   REF": the one date is that of the result column.
        day = next(c.date for c in columns if c.date is not None)
        columns = [
            replace(c, date=day, role="date") if c in results else c for c in columns if c.date is None
        ]
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


def assign(
    cells: Sequence[Cell], columns: Sequence[Column], *, delimited: bool = False
) -> list[tuple[Cell, Column]]:
    """
    Return each cell with its column: one to one where the counts agree, else by where it stands.

    *delimited* cells that a row leaves out at its end are simply missing.
    """
    filled = list(cells)
    if len(filled) == len(columns) or delimited:
        return [(cell, column) for cell, column in zip(filled, columns, strict=False) if cell.text]
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


def join_flags(cells: Sequence[Cell], columns: Sequence[Column], text: str) -> list[Cell]:
    """Return *cells* with a flag that stands apart joined to its value, where no column is one of flags."""
    if len(cells) <= len(columns) or any(column.role == "flag" for column in columns):
        return list(cells)
    joined: list[Cell] = []
    for cell in cells:
        if joined and joined[-1].text and _FLAG_CELL.match(cell.text):
            start = joined[-1].start
            joined[-1] = joined[-1]._replace(end=cell.end, text=text[start : cell.end])
        else:
            joined.append(cell)
    return joined


def _distance(cell: Cell, column: Column) -> int:
    left = abs(cell.offset - column.offset)
    right = abs(cell.offset + len(cell.text) - column.offset - (column.end - column.start))
    return min(left, right)
