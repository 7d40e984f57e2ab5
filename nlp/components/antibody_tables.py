"""
Antibody tables whose layout says more than the order of words: names as column heads, dates as column heads, and
a reference column that stands before the results.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from chartsift.nlp.components.antibody_items import Answer, Name, items_of
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tables import Cell, assign, columns_above, split_cells

# Rows of values under a header of antibody names; more would be another table.
_MAX_VALUE_ROWS = 8
_RESULT_HEAD = re.compile(
    r"\b(?:result|value|finding|outcome|your value|in range|interpretation)s?\b", re.IGNORECASE
)
_REFERENCE_HEAD = re.compile(
    r"\b(?:ref(?:erence)?|normal|range|expected|cut-?\s?off|limits?)\b", re.IGNORECASE
)
_MAX_LINES_UP = 40
# A header of dates stands at most so many lines above its rows (``text.tables``).
_HEAD_REACH = 50
_LONGEST_HEAD = 300
# No gate: its few digits stand all over a note, and it is asked of few lines.
_TWO_DATES = re.compile(
    r"(?:\d{1,2}[/.-]\d|\b(?:19|20)\d\d|[A-Za-z]{3}\W?\s?'?\d\d)[^\n]*?\s[^\n]*?(?:\d{1,2}[/.-]\d|\b(?:19|20)\d\d|[A-Za-z]{3}\W?\s?'?\d\d)"
)
# Two cells and more behind the name, else the line is no row of a table with several dates.
_CELLS = re.compile(r"(?:\s{2,}|\t|\.{3,}|\|)[^\n]*?\S(?:\s{2,}|\t|\|)\s*\S")
_RULE = re.compile(r"(?=.*[-=]{2})[-=|+:\s]+")


def name_columns(layout: Layout, names: Sequence[Name], note_date: date) -> list[tuple[int, int]]:
    """
    Answer the names that head columns from the rows below them; return the ranges of text used up.

    A header line holds two names or more and no answer; the rows below hold as many answers and no name.
    """
    used: list[tuple[int, int]] = []
    by_line: dict[int, list[Name]] = {}
    for name in names:
        by_line.setdefault(layout.line_number(name.start), []).append(name)
    text = layout.text
    for number, members in by_line.items():
        line = layout.lines[number]
        if len(members) < 2 or number + 1 >= len(layout.lines) or line.end - line.start > 400:
            continue
        cells = [cell for cell in split_cells(text, line.start, line.end) if cell.text]
        heads = [cell for cell in cells if sum(cell.start <= name.start < cell.end for name in members) == 1]
        if len(heads) != len(members) or len(cells) - len(heads) > 2:
            continue
        if any(_answer_in(layout, cell, members) is not None for cell in cells):
            continue
        rows = 0
        for below in layout.lines[number + 1 : number + 1 + _MAX_VALUE_ROWS]:
            content = text[below.start : below.end].strip()
            if _RULE.fullmatch(content):
                continue
            if not content:
                if rows:
                    break
                continue
            if layout.line_number(below.start) in by_line:
                break
            values = [cell for cell in split_cells(text, below.start, below.end) if cell.text]
            pairs = _zip(heads, cells, values)
            answers = [(members[i], _answer_in(layout, cell, ())) for i, cell in pairs]
            if not answers or sum(answer is not None for _, answer in answers) < max(1, len(answers) - 1):
                break
            for name, answer in answers:
                if answer is not None:
                    name.answers.append(answer)
            rows += 1
            used.append((below.start, below.end))
            days = find_dates(text, note_date, start=below.start, end=below.end)
            for name, answer in answers:
                if days and answer is not None and name.day is None:
                    name.day = days[0]
        if rows:
            used.append((line.start, line.end))
    return used


def _zip(heads: Sequence[Cell], cells: Sequence[Cell], values: Sequence[Cell]) -> list[tuple[int, Cell]]:
    if len(values) == len(cells):
        return [
            (heads.index(cell), value) for cell, value in zip(cells, values, strict=True) if cell in heads
        ]
    if len(values) == len(heads):
        return list(enumerate(values))
    if len(values) == len(heads) + 1:  # a row label without a head above it
        return list(enumerate(values[1:]))
    return []


def _no_sibling() -> None:
    """Return the limit of the other antibodies of a list: a cell of a table has none."""


def _answer_in(layout: Layout, cell: Cell, names: Sequence[Name]) -> Answer | None:
    """Return the answer that a cell holds, its names left out."""
    inside = [name for name in names if cell.start <= name.start < cell.end]
    for item in items_of(layout, cell.start, cell.end, inside, (), _no_sibling):
        if item.what == "answer" and item.answer is not None:
            return item.answer
    if cell.text in ("-", "–", "—"):
        return Answer(cell.start, cell.end, "negative", "-", near=True)
    return None


def dated_columns(layout: Layout, names: Sequence[Name], note_date: date) -> list[tuple[int, int]]:
    """
    Answer the names of rows whose columns are dates, oldest first; return the ranges of text used up.

    The newest answered column gives the date.
    """
    used: list[tuple[int, int]] = []
    text = layout.text
    by_line: dict[int, list[Name]] = {}
    for name in names:
        by_line.setdefault(layout.line_number(name.start), []).append(name)
    has_two_dates: dict[int, bool] = {}
    for number, members in by_line.items():
        if len(members) != 1 or members[0].answers:
            continue
        line, name = layout.lines[number], members[0]
        if text[line.start : name.start].strip(" \t|*•-").lower() not in ("", "anti", "anti-", "ab"):
            continue
        if line.end - line.start > _LONGEST_HEAD or not _CELLS.search(text, name.end, line.end):
            continue
        head = _line_of_dates(layout, number, has_two_dates)
        if head is None:
            continue
        columns = columns_above(layout, number, note_date)
        if columns is None or sum(column.date is not None for column in columns) < 2:
            continue
        if _new_table_between(layout, head + 1, number):
            continue
        cells = split_cells(text, name.end, line.end, line_start=line.start)
        if cells and not cells[0].text and "|" in text[name.end : line.end]:
            cells = cells[1:]
        while cells and _is_rest_of_name(cells[0].text):
            cells = cells[1:]
        found = []
        for cell, column in assign(cells, columns):
            answer = _answer_in(layout, cell, ())
            if column.date is not None and answer is not None:
                found.append((column.date, answer))
        if not found:
            continue
        found.sort(key=lambda pair: pair[0])
        name.answers = [answer for _, answer in found]
        newest = found[-1][0]
        name.day = DateMention(name.start, name.end, newest, newest, "day")
        used.append((name.start, line.end))
    return used


def _line_of_dates(layout: Layout, number: int, known: dict[int, bool]) -> int | None:
    """Return the nearest line with two dates close above line *number*; *known* is what earlier looks have found."""
    for above in range(number - 1, max(-1, number - _HEAD_REACH - 1), -1):
        if above not in known:
            line = layout.lines[above]
            known[above] = _TWO_DATES.search(layout.text, line.start, line.end) is not None
        if known[above]:
            return above
    return None


def _new_table_between(layout: Layout, first: int, last: int) -> bool:
    """Say whether a blank line and a title part the lines *first* to *last*: what follows is another table."""
    text = layout.text
    blank = False
    for line in layout.lines[first:last]:
        content = text[line.start : line.end]
        if not content.strip():
            blank = True
        elif blank and not re.search(r"\S(?:\s{2,}|\t|\s?\|\s?)\S", content):
            return True
        else:
            blank = False
    return False


def _is_rest_of_name(cell: str) -> bool:
    return bool(re.fullmatch(r"(?:anti|antibod(?:y|ies)|abs?|ig[gma]|,|\s|\(.*\))+", cell, re.IGNORECASE))


def reference_comes_first(layout: Layout, offset: int) -> bool:
    """Say whether the table that *offset* stands in has its reference column before its result column."""
    number = layout.line_number(offset)
    text = layout.text
    for line in reversed(layout.lines[max(0, number - _MAX_LINES_UP) : number]):
        content = text[line.start : line.end]
        if not content.strip():
            return False
        if len(content) > 200:
            return False
        result, reference = _RESULT_HEAD.search(content), _REFERENCE_HEAD.search(content)
        if result and reference and not re.search(r"\d", content):
            return reference.start() < result.start() and result.group().lower() != "interpretation"
    return False
