"""
Laboratory tables: rows under a header, analytes as the heads of columns, a list of dates under one analyte, and
every cell on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chartsift.nlp.components.lab_values import Value
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.tables import (
    Cell,
    Column,
    assign,
    head_above,
    is_delimited,
    join_flags,
    may_have_cells,
    row_cells,
)
from chartsift.nlp.text.values import NUMBER, Reading, read_company, read_value

_MISSING = re.compile(
    r"-{1,3}$|—|–|n/?a$|nd$|pend\w*$|not done$|\.$|\*$|cancel\w*$|hemolyzed$|$", re.IGNORECASE
)
_NUMERIC = re.compile(r"[(\[]?(?:HH?|LL?)?[)\]]?\s?[<>≤≥~]?=?\s?\.?\d", re.IGNORECASE)
_BARE_RANGE = re.compile(rf"[(\[]?\s*{NUMBER}\s?[-–—]\s?{NUMBER}\s*[^\d]*$")
_LABEL_REST = re.compile(
    r"[\s,:]*(?:(?:total|serum|plasma|auto|calc\w*|abs(?:olute)?|level|count|blood)\b[\s,:]*)*", re.IGNORECASE
)
_REF_ROW = re.compile(r"(?:ref\w*|normal|range|nl|norm\w*|limits|ULN|expected)\b", re.IGNORECASE)
_UNIT_ROW = re.compile(r"(?:units?|uom|einheit\w*)\b", re.IGNORECASE)
_EARLIER_ROW = re.compile(
    r"(?:prior|previous|baseline|last|initial|old|peak|admission|vorwert)\b", re.IGNORECASE
)
_RULE = re.compile(r"[-=|+:\s_*]*[-=_]{2}[-=|+:\s_*]*")
_DATE_ROW = re.compile(r"[\s>*•·–#-]*$")
_OPENING = re.compile(r"[(\[]\s*")
_CLOSING = re.compile(r"[^()\[\]]{0,30}[)\]]")
_LEAD_ON = re.compile(r"[\s:=]*(?:\.{1,2}\s)?")
_SLASH = re.compile(r"\s?/\s?")
_LONE_VALUE = re.compile(rf"[<>≤≥]?\s?{NUMBER}\s*(?:\S{{0,10}})?")
_COURSE_WORDS = re.compile(
    r"\b(?:trend(?:s|ed|ing)?|history|course|values?|levels?|over time|results?|serial|total|U/L|IU/L|previous|recent|prior|date)\b",
    re.IGNORECASE,
)
_ONLY_SIGNS = re.compile(r"[\s:()\[\]|*•#–-]*")
_DIGIT = re.compile(r"\d")
_HEAD_REST = re.compile(r"[\s:]*(?:\([^()\d]{0,14}(?:10\^?\d)?[^()\d]{0,10}\)|\[[^\[\]\d]{0,14}\])?[\s:]*$")
# Value rows under a header of analytes; a longer table repeats its header.
_MOST_ROWS = 400
# A line that holds nothing but the name of an analyte is no longer than this.
_LONGEST_LABEL = 60
# A longer line is a dump without line ends and no row.
_LONGEST_ROW = 1_000


@dataclass(frozen=True, slots=True)
class Label:
    """An analyte where it stands: half-open code points of the note, and its line."""

    start: int
    end: int
    line: int


# ---- rows under a header


def under_header(layout: Layout, labels: Sequence[Label], note_date: date) -> list[list[Value]] | None:
    """
    Return the values of a table row for each of the analytes that its label names; None where it is no row.

    *labels* share one cell ("AST/ALT"), whose values are parted by slashes.
    """
    text, number = layout.text, labels[0].line
    head = head_above(layout, number, note_date)
    if head is None:
        return None
    line = layout.lines[number]
    if line.end - line.start > _LONGEST_ROW:
        return None
    cells = row_cells(text, line)
    at = next((i for i, cell in enumerate(cells) if cell.start <= labels[0].start < cell.end), None)
    if at is None or text[cells[at].start : labels[0].start].strip(" \t*•-·>"):
        return None
    if not head.dated and head.delimited != is_delimited(text, line.start, line.end):
        return None  # "CPK trend: 1/19 13,875 | 1/21 12,960" under a table of another make
    before = cells[:at]
    if before and not head.before and any(cell.text for cell in before):
        return None
    rest, first = _rest_of_label(text, labels[-1].end, cells[at].end, line.start)
    after = [*([first] if first is not None else []), *cells[at + 1 :]]
    columns = head.columns[head.before :]
    after = join_flags(after, columns, text)
    delimited = head.delimited and is_delimited(text, line.start, line.end) and first is None
    if not delimited:
        after = [cell for cell in after if cell.text]
    pairs = [
        *assign(before, head.columns[: head.before], delimited=delimited),
        *assign(after, columns, delimited=delimited),
    ]
    rows = _row_values(text, pairs, rest, len(labels), note_date)
    return rows if any(rows) else None


def _rest_of_label(text: str, at: int, end: int, line_start: int) -> tuple[_Beside, Cell | None]:
    """Return the unit and range that the label's own cell holds, and the first value if it stands there too."""
    rest = _LABEL_REST.match(text, at, end)
    at = rest.end() if rest is not None else at
    bracket = _OPENING.match(text, at, end)
    inner = bracket.end() if bracket is not None else at
    unit, _, low, high, stop = read_company(text, inner, end)
    if not unit and low is None and high is None:
        unit, _, low, high, stop = read_company(text, at, end)
    if bracket is not None:
        closing = _CLOSING.match(text, min(stop, end), end)
        stop = closing.end() if closing is not None else stop
    following = _LEAD_ON.match(text, stop, end)
    stop = following.end() if following is not None else stop
    beside = _Beside(unit, low, high)
    if stop < end and _NUMERIC.match(text, stop, end):
        return beside, Cell(stop, end, text[stop:end], stop - line_start)
    return beside, None


class _Beside(NamedTuple):
    unit: str = ""
    low: float | None = None
    high: float | None = None
    flag: str = ""

    def fill(self, reading: Reading) -> Reading:
        """Return *reading* with what its own cell leaves open."""
        has_range = reading.ref_low is not None or reading.ref_high is not None
        return reading._replace(
            unit=reading.unit or self.unit,
            flag=reading.flag or self.flag,
            ref_low=reading.ref_low if has_range else self.low,
            ref_high=reading.ref_high if has_range else self.high,
        )


def _row_values(
    text: str, pairs: Sequence[tuple[Cell, Column]], rest: _Beside, members: int, note_date: date
) -> list[list[Value]]:
    beside = rest
    when: DateMention | None = None
    for cell, column in pairs:
        beside = _with_column(text, cell, column, beside)
        if column.role == "when":
            days = find_dates(text, note_date, start=cell.start, end=cell.end)
            when = days[0] if days else None
    has_dates = any(column.date is not None for _, column in pairs)
    rows: list[list[Value]] = [[] for _ in range(members)]
    for cell, column in pairs:
        is_value = column.date is not None or (column.role in ("value", "earlier") and not has_dates)
        if not is_value or not _NUMERIC.match(cell.text) or _BARE_RANGE.match(cell.text):
            continue
        mention = when
        if column.date is not None:
            mention = DateMention(
                column.start, column.end, column.date, column.date, "day", ambiguous=column.ambiguous
            )
        at = cell.start
        for member in range(members):
            reading = read_value(text, at, cell.end)
            if reading is None:
                break
            filled = beside.fill(reading) if members == 1 else reading
            rows[member].append(
                Value(filled, mention, "", earlier=column.role == "earlier" and mention is None)
            )
            slash = _SLASH.match(text, reading.end, cell.end)
            if slash is None:
                break
            at = slash.end()
    return rows


def _with_column(text: str, cell: Cell, column: Column, beside: _Beside) -> _Beside:
    """Return *beside* with what a cell of a unit, flag or reference column adds."""
    if column.role == "unit":
        unit = read_company(text, cell.start, cell.end)[0]
        return beside._replace(unit=unit or beside.unit)
    if column.role == "flag":
        flag = read_company(text, cell.start, cell.end)[1]
        return beside._replace(flag=flag)
    if column.role in ("low", "high"):
        reading = read_value(text, cell.start, cell.end)
        if reading is None:
            return beside
        return (
            beside._replace(low=reading.value)
            if column.role == "low"
            else beside._replace(high=reading.value)
        )
    if column.date is None and column.role in ("reference", "other"):
        unit, _, low, high = _as_range(cell.text)
        if low is not None or high is not None:
            return beside._replace(low=low, high=high, unit=beside.unit or unit)
        if column.role == "reference" and unit:
            return beside._replace(unit=beside.unit or unit)
    return beside


def _as_range(words: str) -> tuple[str, str, float | None, float | None]:
    """Return (unit, flag, low, high) of a cell that holds a reference range."""
    framed = f"  ({words.strip('()[] ')})"
    return read_company(framed, 0, len(framed))[:4]


# ---- analytes as the heads of columns, and a list of dates under one analyte


def under_analytes(layout: Layout, labels: Sequence[Label], note_date: date) -> dict[int, list[Value]]:
    """Return the values of the analytes that head columns, by their index in *labels*."""
    by_line: dict[int, list[int]] = {}
    for i, label in enumerate(labels):
        by_line.setdefault(label.line, []).append(i)
    found: dict[int, list[Value]] = {}
    for number, members in by_line.items():
        if number + 1 >= len(layout.lines):
            continue
        line = layout.lines[number]
        if line.end - line.start > 400:
            continue
        if len(members) == 1 and _is_course_head(layout.text, line, labels[members[0]]):
            values = _course(layout, number, set(by_line), note_date)
            if values:
                found[members[0]] = values
                continue
        for i, values in _columns(
            layout, number, [labels[i] for i in members], set(by_line), note_date
        ).items():
            found[members[i]] = values
    return found


def _columns(
    layout: Layout, number: int, heads: Sequence[Label], lab_lines: set[int], note_date: date
) -> dict[int, list[Value]]:
    text = layout.text
    line = layout.lines[number]
    if not may_have_cells(text[line.start : line.end]):
        return {}  # a head of one cell stands over nothing
    cells = row_cells(text, line)
    member_of: dict[int, int] = {}
    for i, head in enumerate(heads):
        at = next((k for k, cell in enumerate(cells) if cell.start <= head.start < cell.end), None)
        if at is None or at in member_of or text[cells[at].start : head.start].strip(" *"):
            return {}
        if not _HEAD_REST.match(text, head.end, cells[at].end) and _NUMERIC.search(
            text, head.end, cells[at].end
        ):
            return {}
        member_of[at] = i
    others = [cell for k, cell in enumerate(cells) if k not in member_of and cell.text]
    if any(re.match(r"[<>]?\.?\d", cell.text) for cell in others) or (len(heads) < 2 and not others):
        return {}
    columns = [
        Column(cell.start, cell.end, cell.offset, None, cell.text, "value" if k in member_of else "other")
        for k, cell in enumerate(cells)
    ]
    beside = [
        _rest_of_label(text, head.end, cells[k].end, line.start)[0]
        for k, head in ((k, heads[i]) for k, i in member_of.items())
    ]
    beside_of = dict(zip(member_of.values(), beside, strict=True))
    found: dict[int, list[Value]] = {}
    rows = 0
    for below in range(number + 1, min(len(layout.lines), number + 1 + _MOST_ROWS)):
        row = layout.lines[below]
        content = text[row.start : row.end]
        if not content.strip():
            if rows:
                break
            continue
        if _RULE.fullmatch(content):
            continue
        if below in lab_lines:
            break
        read = _value_row(text, row, cells, columns, member_of, note_date)
        if read is None:
            break
        rows += 1
        label, mention, values = read
        if _REF_ROW.match(label) or _UNIT_ROW.match(label):
            for i, cell in values.items():
                unit, _, low, high = _as_range(cell.text)
                old = beside_of.get(i, _Beside())
                beside_of[i] = old._replace(
                    unit=old.unit or unit,
                    low=low if low is not None or high is not None else old.low,
                    high=high if low is not None or high is not None else old.high,
                )
            continue
        for i, cell in values.items():
            if not _NUMERIC.match(cell.text) or _BARE_RANGE.match(cell.text):
                continue
            reading = read_value(text, cell.start, cell.end)
            if reading is None or reading.percent:
                continue
            earlier = mention is None and _EARLIER_ROW.match(label) is not None
            found.setdefault(i, []).append(
                Value(beside_of.get(i, _Beside()).fill(reading), mention, "", earlier)
            )
    return found


def _value_row(
    text: str,
    row: TextSpan,
    head_cells: Sequence[Cell],
    columns: Sequence[Column],
    member_of: dict[int, int],
    note_date: date,
) -> tuple[str, DateMention | None, dict[int, Cell]] | None:
    """Return the label, the date and the cells by analyte of a row under analytes; None where it is none."""
    cells = row_cells(text, row)
    delimited = is_delimited(text, row.start, row.end)
    if not delimited:
        cells = [cell for cell in cells if cell.text]
    first_head = min(member_of)
    if len(cells) == len(columns) + 1 and first_head == 0:
        label, cells = cells[0].text, cells[1:]  # the header leaves the column of dates without a name
    else:
        label = cells[0].text if first_head > 0 and cells else ""
    pairs = assign(cells, columns, delimited=delimited)
    values: dict[int, Cell] = {}
    for cell, column in pairs:
        k = next(i for i, other in enumerate(columns) if other is column)
        if k in member_of:
            values[member_of[k]] = cell
    numeric = sum(
        _NUMERIC.match(cell.text) is not None or _as_range(cell.text)[2:] != (None, None)
        for cell in values.values()
    )
    if _UNIT_ROW.match(label):
        return label, None, values
    if not numeric or any(
        not _NUMERIC.match(c.text) and not _MISSING.match(c.text) and not re.match(r"[<>≤]", c.text)
        for c in values.values()
    ):
        return None
    begin = min(cell.start for cell in values.values())
    days = [m for m in find_dates(text, note_date, start=row.start, end=begin) if m.end <= begin]
    return label, days[0] if days else None, values


def _is_course_head(text: str, line: TextSpan, label: Label) -> bool:
    """Say whether a line names one analyte and nothing else ("CK trend:", "Trend: CK", "CK (U/L)")."""
    words = text[line.start : label.start] + " " + text[label.end : line.end]
    if _DIGIT.search(words) is not None:
        return False  # as most lines: the analyte with its value
    return _ONLY_SIGNS.fullmatch(_COURSE_WORDS.sub("", words)) is not None


def _course(layout: Layout, number: int, lab_lines: set[int], note_date: date) -> list[Value]:
    """Return the values of the lines below that each hold a date and a value."""
    text = layout.text
    values: list[Value] = []
    for below in range(number + 1, min(len(layout.lines), number + 1 + _MOST_ROWS)):
        row = layout.lines[below]
        if below in lab_lines or not text[row.start : row.end].strip():
            break
        days = find_dates(text, note_date, start=row.start, end=min(row.end, row.start + 60))
        if not days or not _DATE_ROW.fullmatch(text, row.start, days[0].start):
            break
        gap = re.compile(r"[\s:|.=–-]*").match(text, days[0].end, row.end)
        reading = read_value(text, gap.end() if gap is not None else days[0].end, row.end)
        if reading is None or reading.percent:
            break
        values.append(Value(reading, days[0], ""))
    return values


# ---- every cell on a line of its own


def cells_below(layout: Layout, label: Label) -> int | None:
    """
    Return how far the cells of an analyte reach that stands alone on its line, one cell a line; None if they do not.

    Text taken out of a PDF reads so: the analyte, then value, unit, range and flag on lines of their own.
    """
    text = layout.text
    line = layout.lines[label.line]
    if (
        line.end - line.start > _LONGEST_LABEL
        or text[line.start : label.start].strip()
        or not _LABEL_REST.fullmatch(text, label.end, line.end)
    ):
        return None
    end: int | None = None
    for number in range(label.line + 1, min(len(layout.lines), label.line + 6)):
        below = layout.lines[number]
        content = text[below.start : below.end].strip()
        if end is None:
            if not _LONE_VALUE.fullmatch(content) or find_dates(content, date(2000, 1, 1)):
                return None
            end = below.end
            continue
        framed = f"  {content}"
        if (
            not content
            or len(content) > _LONGEST_LABEL
            or read_company(framed, 0, len(framed))[4] < len(framed)
        ):
            break
        end = below.end
    return end
