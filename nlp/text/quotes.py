"""The words around a mention that a reviewer needs to see: its clause, or its row of a table."""

from __future__ import annotations

import re

from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.values import maker

_span = maker(TextSpan)
# A line of a letter has about 90 code points; a clause longer than one and a half of them is a paragraph to the eye.
_LONGEST_QUOTE = 140
_LONG_MENTION = 60
_REACH = 70
_LONGEST_ROW = 300
_ROW = re.compile(r"\S(?: {2,}|\t|\s*\.{3,}|\s*\|)\s*\S")
_BLANK = re.compile(r"\s")
_CLAUSE_END = re.compile(r"[;|]\s|[.,:]\s|\s[-–]\s|\s\(")


def clause_around(layout: Layout, start: int, end: int) -> TextSpan:
    """
    Return the shortest stretch of text around ``start:end`` that can be read by itself.

    The sentence where it is short, else the part of it between the nearest stops; a row of a table whole. The
    result covers ``start:end`` and begins and ends with a word.
    """
    text = layout.text
    if end - start >= _LONG_MENTION:
        return _span(start, end)
    sentence, line = layout.sentence_at(start), layout.line_at(start)
    first, last = sentence.start, sentence.end
    # Conditions in place of calls: this is asked for each finding.
    first = first if first < start else start
    last = last if last > end else end
    if end <= line.end and _is_row(text, line.start, line.end):
        first, last = line.start, line.end
    if last - first > _LONGEST_QUOTE:
        first = _cut_left(text, max(first, start - _REACH), start, at_edge=first >= start - _REACH)
        last = _cut_right(text, end, min(last, end + _REACH), at_edge=last <= end + _REACH)
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return _span(first, last)


def _is_row(text: str, start: int, end: int) -> bool:
    """Say whether the line ``start:end`` is a row of a table."""
    # A row of a table is short; a note on one line is not searched anew for each of its findings.
    if end - start > _LONGEST_ROW:
        return False
    line = text[start:end]
    # Lines of prose hold none of the signs that part columns, which is told faster than by the expression.
    may_be = "  " in line or "|" in line or "\t" in line or "..." in line
    return may_be and _ROW.search(line) is not None


def _cut_left(text: str, low: int, start: int, *, at_edge: bool) -> int:
    stops = [match.end() for match in _CLAUSE_END.finditer(text, low, start)]
    if stops:
        return stops[0] if at_edge else stops[-1]
    if at_edge:
        return low
    # No stop in reach: begin with a whole word.
    blank = _BLANK.search(text, low, start)
    return blank.end() if blank is not None else start


def _cut_right(text: str, end: int, high: int, *, at_edge: bool) -> int:
    if at_edge:
        return high
    stops = [match.start() for match in _CLAUSE_END.finditer(text, end, high)]
    if stops:
        return stops[-1]
    blank = text.rfind(" ", end, high)
    return blank if blank > end else end
