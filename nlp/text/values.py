"""
Numbers as laboratories and clinicians print them: value, comparator, unit, flag and reference range together.

A reference range is never a value, and a comparator belongs to the number that it stands before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from chartsift.nlp.text.units import unit_pattern
from chartsift.nlp.types import Comparator

# "13,875", "1.402" (kept as a decimal unless three digits follow twice), "4 210", "0,53", ".9"
# "4 210" groups thousands by a blank, which only a unit behind it makes certain.
_BLANK_GROUPS = r"\d{1,3}(?:[ \xa0\u202f]\d{3})+(?=\s?(?:[UI]{1,2}/|[uμµ]|\())"
NUMBER = rf"(?:{_BLANK_GROUPS}|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
_VALUE = re.compile(
    rf"(?P<comparator>[<>≤≥~]=?|=)?\s{{0,2}}(?P<number>{NUMBER})(?P<thousands>\s?[kK](?![A-Za-z/]))?"
    r"(?P<about>'?s\b)?(?P<times>\s?-?(?:x|×|X|times|fold)\s?(?:the\s)?(?:ULN|upper limit(?: of normal)?|"
    r"normal|nl)?(?![\w-]))?"
)
_FLAG = re.compile(
    # An asterisk is no flag: some laboratories mark either side with it, and markdown prints bold with it.
    r"\s{0,12}(?:[(\[]\s*)?(?:(?P<high>HH|H|high|elevated|↑)|(?P<low>LL|L|low|↓)|"
    r"(?P<normal>(?:N|WNL|wnl|nl|normal)(?!\s*(?:(?:up )?to\b|below|under|less|range|limit|is\b|[<≤>≥:]|\d))))"
    r"(?:\s*[)\]])?(?![A-Za-z0-9'])"
)
_RANGE = re.compile(
    rf"\s{{0,30}}(?P<open>[(\[{{])?\s*(?P<label>(?:reference(?: range| interval)?|ref(?:\.|s)?(?: range)?|"
    rf"normal(?: range)?|nl|norm|NV|range|n)\s*[:=]?\s*)?"
    rf"(?P<low>{NUMBER})\s?(?:-|–|—|to)\s?(?P<high>{NUMBER})",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    rf"\s{{0,30}}(?P<open>[(\[{{])?\s*(?P<label>(?:reference(?: range)?|ref(?:\.|s)?(?: range)?|"
    rf"(?:normal|nl|N) (?:up )?to|up to|upto|(?:normal )?(?:below|under|less than)|normal(?: range| is)?|nl|norm|"
    rf"ULN|upper limit(?: of normal)?|(?:with )?(?:our|the) lab'?s? (?:top normal|upper limit)(?: of)?|"
    rf"cut[- ]?off|neg(?:ative)?|pos(?:itive)?|n)\s*[:=]?\s*)?"
    rf"(?P<sign>[<≤>≥]=?)?\s?(?P<number>{NUMBER})",
    re.IGNORECASE,
)
_CELL = re.compile(
    rf"[ \t]*(?P<bar>\|)(?=[ \t]+(?:(?:HH?|LL?|N|high|low|normal)[ \t]*\|[ \t]*)?"
    rf"(?:[<≤]=?\s?{NUMBER}|{NUMBER}\s?[-–]\s?{NUMBER})[ \t]*(?:[A-Za-zµμ/%]{{1,8}})?[ \t]*(?:\||\r?\n|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A number with what is printed beside it.

    Attributes:
        start: First code point of the number (its comparator included).
        end: One past the last code point of all that was read.
        value: The number as written, in ``unit``.
        comparator: Relation of the true value to the number.
        unit: The unit as written; "" where there is none.
        times_uln: The number counts multiples of the upper limit of normal.
        flag: "H", "L", "N" or "".
        ref_low: Lower reference limit as written; None where there is none.
        ref_high: Upper reference limit as written; None where there is none.
        dotted: The number is written as "1.386": three decimals in English, 1386 on the continent of Europe.
    """

    start: int
    end: int
    value: float
    comparator: Comparator
    unit: str
    times_uln: bool
    flag: str
    ref_low: float | None
    ref_high: float | None
    dotted: bool = False


def number(words: str) -> float:
    """
    Return the value of a printed number.

    A comma before exactly three digits groups thousands ("5,430"); any other comma is decimal ("0,53").
    """
    words = re.sub(r"(?<=\d)[ \xa0\u202f](?=\d{3})", "", words)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", words):
        return float(words.replace(",", ""))
    return float(words.replace(",", "."))


def read_value(text: str, start: int, end: int) -> Reading | None:
    """Return the number that begins at *start*, with unit, flag and range up to *end*; None if none does."""
    match = _VALUE.match(text, start, end)
    if match is None:
        return None
    value = number(match.group("number"))
    dotted = re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", match.group("number")) is not None
    if match.group("thousands"):
        value *= 1000
    at = match.end()
    unit, flag = "", ""
    low: float | None = None
    high: float | None = None
    bold = re.compile(r"\*{1,2}").match(text, at, end)
    at = bold.end() if bold is not None else at
    for _ in range(4):  # unit, flag and range come in any order, each once
        found = unit_pattern().match(text, at, end) if not unit else None
        if found is not None:
            unit, at = found.group("unit"), found.end()
            continue
        range_match = None if high is not None or low is not None else _range(text, at, end)
        if range_match is not None:
            low, high, at, inner = range_match
            unit = unit or inner
            continue
        flagged = _FLAG.match(text, at, end) if not flag else None
        if flagged is not None:
            flag = "H" if flagged.group("high") else "L" if flagged.group("low") else "N"
            at = flagged.end()
            continue
        cell = _CELL.match(text, at, end)
        if cell is not None and high is None and low is None:
            # The next cell of a row holds the flag or the range of this one: "| CK | 544 U/L | <170 |".
            at = cell.end("bar")
            continue
        break
    if match.group("about"):
        return Reading(match.start(), at, value, "~", unit, False, flag, low, high, dotted)
    comparator = cast(
        Comparator,
        {"≤": "<=", "≥": ">=", None: "="}.get(match.group("comparator"), match.group("comparator")),
    )
    return Reading(
        match.start(), at, value, comparator, unit, bool(match.group("times")), flag, low, high, dotted
    )


def read_range(text: str, at: int, end: int) -> tuple[float | None, float | None, int] | None:
    """Return the bracketed range at *at* as low, high and where it ends; None where there is none."""
    if re.compile(r"\s{0,2}[(\[]").match(text, at, end) is None:
        return None
    found = _range(text, at, end)
    return None if found is None else found[:3]


def _range(text: str, at: int, end: int) -> tuple[float | None, float | None, int, str] | None:
    match = _RANGE.match(text, at, end)
    if match is not None and (match.group("open") or match.group("label") or text[at : at + 1].isspace()):
        stop, unit = _after(text, match.end(), end, match.group("open"))
        # "4.2 - 5.1 x" as a bare pair needs a real gap before it; "39-308" after "2,914 H" has one.
        low, high = number(match.group("low")), number(match.group("high"))
        if low < high and not _is_date_like(text, match.start("low"), match.end()):
            return low, high, stop, unit
    match = _LIMIT.match(text, at, end)
    if match is not None and (
        match.group("label")
        or (
            match.group("sign")
            and (match.group("open") or text[at : at + 2].isspace() or text[max(0, at - 1) : at] == "|")
        )
    ):
        label = (match.group("label") or "").strip().lower()
        sign = match.group("sign") or ""
        limit = number(match.group("number"))
        stop, unit = _after(text, match.end(), end, match.group("open"))
        if sign.startswith((">", "≥")) and not label.startswith("pos"):
            return limit, None, stop, unit
        return None, limit, stop, unit
    return None


def _after(text: str, at: int, end: int, opened: str | None) -> tuple[int, str]:
    """Step over a unit and the closing bracket of a range."""
    unit = ""
    found = unit_pattern().match(text, at, end)
    if found is not None:
        unit, at = found.group("unit"), found.end()
    if opened:
        closing = re.compile(r"[^()\[\]{}\r\n]{0,20}[)\]}]").match(text, at, end)
        if closing is not None:
            at = closing.end()
    return at, unit


def _is_date_like(text: str, start: int, stop: int) -> bool:
    around = text[max(0, start - 1) : stop + 1]
    return "/" in around
