"""
The words that belong to the mention of an organ disease: those of its own clause, up to the next disease.

Part of the ``organs`` reader.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from chartsift.nlp.components.lowered import lowered
from chartsift.nlp.text.layout import TextSpan

_LEFT, _RIGHT = 60, 95
_BOUNDARY = re.compile(r"[.;|](?=\s|$)|\n\s*\n|\n\s*(?:[-*#•]|\d{1,2}[.)])|\s{4,}")
_JOINS = re.compile(r"[,;:]|\b(?:and|with|or)\b")
_OF_THE_NEXT = re.compile(r"(?:[,;:]|\band\b|\bwith\b|\bor\b|/)[^,;:]{0,40}$")
_FOLLOWS = re.compile(
    r"\s*(?:is|was|are|remains?|has been|now|\()?\s*(?:(?:well[- ])?controlled|"
    r"stable|severe|mild|moderate|active|resolved|worsening|progress\w*|"
    r"compensated|quiescent|flar\w+|uncontrolled|at goal|in remission)\b"
)


class Clause(NamedTuple):
    """What stands before and after a mention, as written and in lower case for the patterns of the reader."""

    left: str
    right: str
    lower_left: str
    lower_right: str


def clause_around(
    text: str, sentence: TextSpan, start: int, end: int, left_limit: int, right_limit: int
) -> Clause:
    """Return the words of the clause around ``text[start:end]``, between the neighbouring diseases."""
    left = text[max(min(sentence.start, start), start - _LEFT, left_limit) : start]
    if _may_end(left):
        cut = 0
        for boundary in _BOUNDARY.finditer(left):
            cut = boundary.end()
        left = left[cut:]
    right = text[end : min(max(sentence.end, end), end + _RIGHT, max(right_limit, end))]
    stop = _BOUNDARY.search(right) if _may_end(right) else None
    right = right[: stop.start()] if stop is not None else right
    if right_limit - end < _RIGHT and stop is None:
        # What stands right before the next disease is its adjective, not this one's.
        if _JOINS.search(right):
            right = _OF_THE_NEXT.sub("", right)
        elif not _FOLLOWS.match(lowered(right)):
            right = ""
    return Clause(left, right, lowered(left), lowered(right))


def _may_end(words: str) -> bool:
    """Say whether a clause may end within *words*: told by single signs, for most words hold none of them."""
    # White space other than the blank is not printable.
    return not words.isprintable() or "." in words or ";" in words or "|" in words or "    " in words
