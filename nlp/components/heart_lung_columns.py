"""
Tables of lung and heart function whose columns are measures and whose rows are days.

::

    Date          FVC %     DLCO %
    12/03/2024    48        38
    06/09/2026    57        46

Part of the ``heart_lung`` reader; tables with a row for each measure are ``heart_lung_values.read_row``'s.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from chartsift.nlp.components.heart_lung_values import Measured
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout, TextSpan

# A longer line is a paragraph, not a row.
_LONGEST_ROW = 200
# More rows than this are no table of one patient's visits.
_MOST_ROWS = 40
_GAPS = re.compile(r"[ \t]{2,}|\t")
_RULE = re.compile(r"[\s|:+=_-]*")
_PERCENT = re.compile(r"%|\bpct\b|\bpercent\b", re.IGNORECASE)
# What else the heading of such a column says.
_LABEL = re.compile(
    r"(?:[\s%()\[\],.:/*†-]|pred(?:icted)?|pct|percent|of|norm|soll|target|ref|abs|best|pre|post|BD|L\b|Hb|Hgb|c?corr?(?:ected)?|adj(?:usted)?|SB|value"
    r"|mL|min|mmHg|mmol|kPa|upright|sitting|supine|z|score)*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"[<>~]?\s?(?P<n>\d{1,3}(?:[.,]\d{1,2})?)\s?(?P<unit>%|L\b|l\b)?(?:\s?\(?[HL*↓↑]{1,2}\)?)?"
)
_VALUE = re.compile(r"\d")


class _Cell(NamedTuple):
    start: int
    end: int


def read_column(layout: Layout, start: int, end: int, note_date: date) -> list[Measured] | None:
    """
    Return the numbers below the heading ``start:end``, each with the date of its row; None where it heads no column.

    The heading has to stand in a line of names, and the rows below to begin with a date and to have as many cells.
    """
    number = layout.line_number(start)
    line = layout.lines[number]
    text = layout.text
    if line.end - line.start > _LONGEST_ROW:
        return None
    heads = _cells(text, line)
    column = next((i for i, cell in enumerate(heads) if cell.start <= start and end <= cell.end), None)
    if column is None or column == 0 or len(heads) < 2:
        return None
    head = heads[column]
    if not (_LABEL.fullmatch(text, head.start, start) and _LABEL.fullmatch(text, end, head.end)) or any(
        _has_value(text, cell, note_date) for cell in heads[1:]
    ):
        return None
    percent = _PERCENT.search(text, head.start, head.end) is not None
    made: list[Measured] = []
    for row in layout.lines[number + 1 : number + 1 + _MOST_ROWS]:
        if row.end - row.start > _LONGEST_ROW:
            break
        if _RULE.fullmatch(text, row.start, row.end):
            if row.start == row.end and made:
                break
            continue
        cells = _cells(text, row)
        day = _day_of(text, cells[0], note_date) if cells else None
        if day is None:
            break
        if len(cells) != len(heads):
            continue
        cell = cells[column]
        found = _NUMBER.fullmatch(text, cell.start, cell.end)
        if found is None:
            continue
        value = float(found["n"].replace(",", "."))
        is_percent = percent or found["unit"] == "%"
        unit = "" if is_percent else (found["unit"] or "")
        begin, stop = found.span("n")
        made.append(Measured(begin, stop, value, None, is_percent, unit, "=", day))
    return made or None


def _cells(text: str, line: TextSpan) -> list[_Cell]:
    """Return the cells of a line, split at bars, or else at tabs and wide gaps."""
    bars = text.count("|", line.start, line.end) >= 2
    cells: list[_Cell] = []
    at = line.start
    if bars:
        parts = []
        for piece in text[line.start : line.end].split("|"):
            parts.append((at, at + len(piece)))
            at += len(piece) + 1
        # The bars at both ends of a row close it and open no cell.
        if parts and not text[parts[0][0] : parts[0][1]].strip():
            parts = parts[1:]
        if parts and not text[parts[-1][0] : parts[-1][1]].strip():
            parts = parts[:-1]
    else:
        parts = []
        for gap in _GAPS.finditer(text, line.start, line.end):
            parts.append((at, gap.start()))
            at = gap.end()
        parts.append((at, line.end))
        parts = [part for part in parts if text[part[0] : part[1]].strip()]
    for start, end in parts:
        words = text[start:end]
        first = start + len(words) - len(words.lstrip())
        cells.append(_Cell(first, max(first, start + len(words.rstrip()))))
    return cells


def _has_value(text: str, cell: _Cell, note_date: date) -> bool:
    """Say whether a cell of a heading holds a number of its own, which makes the line a row ("FVC   3.1   78")."""
    words = text[cell.start : cell.end]
    return _NUMBER.fullmatch(words) is not None or (
        _VALUE.search(words) is not None and bool(find_dates(text, note_date, start=cell.start, end=cell.end))
    )


def _day_of(text: str, cell: _Cell, note_date: date) -> date | None:
    """Return the date that is all of a row's first cell, a remark in brackets aside."""
    found = find_dates(text, note_date, start=cell.start, end=cell.end)
    if not found or found[0].start != cell.start:
        return None
    # "2024" and "05/2024" run to the end of the year or month: no measurement is later than its note.
    day = found[0].last if found[0].precision == "day" else min(found[0].last, note_date)
    return day if re.fullmatch(r"\s*(?:\([^)]{0,20}\)|\w{0,10})?", text[found[0].end : cell.end]) else None
