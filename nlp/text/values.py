"""
Numbers as laboratories and clinicians print them: value, comparator, unit, flag and reference range together.

A reference range is never a value, and a comparator belongs to the number that it stands before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.units import match_unit
from chartsift.nlp.types import Comparator

# "4 210" groups thousands by a blank, which only a unit, a range or a flag behind it makes certain; a narrow or
# hard blank is used for nothing else.
_BLANK_GROUPS = (
    r"\d{1,3}(?:[\xa0\u202f\u2009]\d{3})+(?!\d)"
    r"|\d{1,3}(?: \d{3})+(?=\s?(?:[UI]{1,2}/|[uμµ](?:kat|/|l)|[(\[]|/|cells|HH?\b|$))"
)
NUMBER = (
    rf"(?:{_BLANK_GROUPS}|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,2}}(?:,\d\d)+,\d{{3}}|\d{{1,3}}(?:['’]\d{{3}})+"
    # "10 . 1" as scanned pages and dictation space it
    r"|\d{1,3}(?:\.\d{3}){2,}|\d{1,3} \. \d{1,2}(?!\d)|\d+(?:[.,]\d+)?|\.\d+)"
)
_BELOW = r"(?:less|lower|fewer) than|below|under|not above|at most"
_ABOVE = r"(?:greater|higher|more) than|above|over|exceeding|at least|in excess of"
_ABOUT = r"about|approx(?:imately)?\.?|around|roughly|ca\.|circa|near(?:ly)?|almost"
_ULN = r"(?:ULN|upper limit(?: of (?:the )?normal)?|normal|nl)(?![\w-])"
# "3 times" alone counts something; "3x" and "10-fold" are multiples of the limit.
_TIMES = rf"(?:\s?-?(?:(?:x|×|times|fold)\s?(?:the\s)?{_ULN}|(?:x|×|fold)(?![\w/-]|\s?\d)))"
_VALUE = re.compile(
    rf"(?P<mark>[(\[]?(?:HH?|LL?|↑+|↓+)[)\]]?[ \t]{{0,3}})?"
    rf"(?P<comparator>[<>≤≥~≈][=~]?|< or =|> or =|=|(?:{_BELOW}|{_ABOVE}|{_ABOUT})\b)?\s{{0,2}}"
    rf"(?P<number>{NUMBER})(?:\s?(?:-|–|to)\s?(?P<upper>{NUMBER})(?={_TIMES}))?"
    rf"(?P<thousands>\s?[kK](?![A-Za-z/]|\s*[:=]?\s*\d))?(?P<about>'?s\b)?(?P<times>{_TIMES})?(?P<percent>\s?%(?!\s?ULN))?",
    re.IGNORECASE,
)
# "(H)", "HH", "↑", "High" - as a word only where nothing follows that it could describe.
_END = r"(?=[ \t]*(?:$|[\r\n,;.)\]|(\[<]|\d|ref\b|normal\b|for\b|on\b|->|→))"
_FLAG = re.compile(
    rf"\s{{0,12}}(?:[(\[]\s*)?(?:(?P<high>(?:HH?|HI)(?![A-Za-z0-9'])|[Hh]igh{_END}|HIGH{_END}|elevated{_END}|↑+)"
    rf"|(?P<low>(?:LL?|LO)(?![A-Za-z0-9'])|[Ll]ow{_END}|LOW{_END}|↓+)|"
    r"(?P<normal>(?:N|WNL|wnl|nl|normal)(?![A-Za-z0-9'])"
    r"(?!\s*(?:(?:up )?to\b|below|under|less|range|limit|is\b|[<≤>≥:=]|\d))))"
    r"(?:\s*[)\]])?\*?"
)
_LABEL = (
    r"reference(?: range| interval| value)?|ref(?:\.|s)?(?: ?rng| range| interval)?|normal(?: range| value)?"
    r"|nl(?: range)?|norm|normbereich|referenz(?:bereich)?|NV|NR|NW|range|n"
)
_RANGE = re.compile(
    rf"[\s,;]{{0,30}}(?P<open>[(\[{{])?\s*(?P<label>(?:{_LABEL})\s*(?:is|of)?\s*[:=]?\s*)?"
    rf"(?P<low>{NUMBER})\s?(?:-|–|—|to|bis)\s?(?P<high>{NUMBER})",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    rf"[\s,;]{{0,30}}(?P<open>[(\[{{])?\s*(?P<label>(?:(?:normal|nl|N) (?:is )?(?:up )?to|up to|upto|bis"
    r"|(?:normal |nl )?(?:is )?(?:below|under|less than)|normal is"
    r"|(?:the |our |with the )?(?:ULN|upper limit(?: of normal)?)(?: here| there)?(?: being)?"
    rf"|(?:with )?(?:our|the) lab'?s? (?:top normal|upper limit)(?: of)?|cut[- ]?off|neg(?:ative)?|pos(?:itive)?"
    rf"|{_LABEL})\s*(?:is|of)?\s*[:=]?\s*)?"
    rf"(?P<sign>[<≤>≥]\s?(?:=|or =)?)?\s?(?P<number>{NUMBER})",
    re.IGNORECASE,
)
_RANGE_AHEAD = re.compile(
    rf"[\s,;]{{0,3}}(?:[(\[]|(?:{_LABEL}|normal|nl|upper limit|ULN|bis|below|under)\b)", re.IGNORECASE
)
# The signs of ASCII with which a unit, a range and a flag can begin: by the first one most are told to be none. A run
# of separators that is longer than this ends in one, which is no unit or flag and may stand before a range.
_SEPARATORS = re.compile(r"[\s,;]{0,30}")
_UNIT_BEGINS = frozenset("*/1" + "bcegiklmnoptux" + "BCEGIKLMNOPTUX")
_RANGE_BEGINS = frozenset("([{.<>0123456789 \t\r\n\f\v\x1c\x1d\x1e\x1f,;" + "bcilnoprtuw" + "BCILNOPRTUW")
_FLAG_BEGINS = frozenset("([" + "ehlnw" + "HLNW")
# What may fill a cell behind a value: its flag, its unit or its range.
_FIELD = re.compile(
    r"[ \t]*(?P<sign>\||\t|,(?=\S)|;(?=\S))[ \t]*(?P<words>[^|\t\r\n]*?)[ \t]*(?=[|\t\r\n]|$)"
)
_CSV_FIELD = re.compile(r"(?P<sign>,|;)(?P<words>[^,;\r\n]*)(?=[,;\r\n]|$)")


# How a number is written; most are digits and perhaps a dot.
_BLANKS = re.compile(r"(?<=\d)[ \xa0\u202f\u2009'’](?=\d{3})")
_COMMA_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d\d)+,\d{3}")
_DOT_GROUPS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_DOTTED = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_COMMA_DECIMALS = gate(r"(?<![\d,.])\d{1,3},\d{1,2}(?![\d,])")
_DOT_DECIMALS = gate(r"(?<![\d,.])\d{1,3}\.\d{1,2}(?![\d.])")
# A cell that is a range without a bracket, whole.
_BARE_RANGE = re.compile(rf"({NUMBER})\s?[-–—]\s?({NUMBER})|[<≤]=?\s?{NUMBER}")
_BOLD = re.compile(r"\*{1,2}")
_COMMA = re.compile(r"\s?[,;:]?\s?")
_CLOSING = re.compile(r"[^()\[\]\r\n]{1,30}[)\]]")
_RANGE_CLOSING = re.compile(r"[^()\[\]{}\r\n]{0,20}[)\]}]")
_PERCENT = re.compile(r"\s?%")
_SPAN_OF_TIME = re.compile(
    r"\s?(?:days?|d\b|weeks?|wks?|months?|mo\b|years?|yrs?|hours?|h\b|doses|times|mg|%|x\b)"
)


class Reading(NamedTuple):
    """
    A number with what is printed beside it.

    A tuple, for each step of reading a line changes one of its fields.

    Attributes:
        start: First code point of the number (its comparator included).
        end: One past the last code point of all that was read.
        value: The number as written, in ``unit``; the lower bound of a range.
        comparator: Relation of the true value to the number.
        unit: The unit as written; "" where there is none.
        times_uln: The number counts multiples of the upper limit of normal.
        flag: "H", "L", "N" or "".
        ref_low: Lower reference limit as written; None where there is none.
        ref_high: Upper reference limit as written; None where there is none.
        dotted: The number is written as "1.386": three decimals in English, 1386 on the continent of Europe.
        upper: Upper bound of a range of values ("3-4x ULN"), else None.
        percent: A percent sign follows the number.
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
    upper: float | None = None
    percent: bool = False


def number(words: str, *, decimal_comma: bool = False) -> float:
    """
    Return the value of a printed number.

    A comma before exactly three digits groups thousands ("5,430"), any other is decimal ("0,53"); a dot before
    three digits groups them only with *decimal_comma* (``has_decimal_commas``), or where it stands twice.
    """
    if words.isdecimal():
        return float(words)
    plain = _BLANKS.sub("", words).replace(" . ", ".")
    if "," in plain and _COMMA_GROUPS.fullmatch(plain):
        return float(plain.replace(",", ""))
    if (decimal_comma or plain.count(".") > 1) and _DOT_GROUPS.fullmatch(plain) is not None:
        return float(plain.replace(".", ""))
    return float(plain.replace(",", "."))


@lru_cache(maxsize=16)
def has_decimal_commas(text: str) -> bool:
    """Say whether *text*, a whole note, writes decimals with a comma ("12,4 g/dl"), by the decimals that it holds."""
    commas = len(list(_COMMA_DECIMALS.finditer(text)))
    return commas > 0 and commas > len(list(_DOT_DECIMALS.finditer(text)))


def read_value(text: str, start: int, end: int) -> Reading | None:
    """Return the number that begins at *start*, with unit, flag and range up to *end*; None if none does."""
    match = _VALUE.match(text, start, end)
    if match is None:
        return None
    mark, comparator, written, up_to, thousands, about, times, percent = match.group(
        "mark", "comparator", "number", "upper", "thousands", "about", "times", "percent"
    )
    # Digits alone are read the same either way.
    decimal_comma = (not written.isdecimal() or up_to is not None) and has_decimal_commas(text)
    value = number(written, decimal_comma=decimal_comma)
    if thousands:
        value *= 1000
    company = _Company(text, end, flag=_mark(mark))
    at = company.read(match.end())
    return Reading(
        match.start("comparator" if comparator else "number"),
        at,
        value,
        "~" if about else _comparator((comparator or "").lower().strip()),
        company.unit,
        bool(times),
        company.flag,
        company.low,
        company.high,
        dotted=not decimal_comma and "." in written and _DOTTED.fullmatch(written) is not None,
        upper=number(up_to, decimal_comma=decimal_comma) if up_to else None,
        percent=bool(percent),
    )


def read_company(text: str, at: int, end: int) -> tuple[str, str, float | None, float | None, int]:
    """Return (unit, flag, low, high, end) of what stands at *at* without a value: the cells of a table's row."""
    company = _Company(text, end)
    stop = company.read(at)
    return company.unit, company.flag, company.low, company.high, stop


def read_range(text: str, at: int, end: int) -> tuple[float | None, float | None, int] | None:
    """Return the bracketed or labelled range at *at* as low, high and where it ends; None where there is none."""
    if _RANGE_AHEAD.match(text, at, end) is None:
        return None
    found = _range(text, at, end)
    return None if found is None else found[:3]


@dataclass(slots=True)
class _Company:
    """Unit, flag and range beside a value, each once, in any order."""

    text: str
    end: int
    unit: str = ""
    flag: str = ""
    low: float | None = None
    high: float | None = None

    def read(self, at: int) -> int:
        """Read from *at* on; return where reading ended."""
        bold = _BOLD.match(self.text, at, self.end)
        at = bold.end() if bold is not None else at
        for _ in range(6):
            after = self._one(at)
            if after is None:
                after = self._field(at)
            if after is None:
                break
            at = after
        return at

    def _one(self, at: int) -> int | None:
        gap = _SEPARATORS.match(self.text, at, self.end)
        after = at if gap is None else gap.end()
        if after >= self.end:
            return None
        first = self.text[after]
        # A unit and a flag follow blanks alone, a range a comma as well.
        by_blanks = after == at or self.text[at:after].isspace()
        if by_blanks and not self.unit and (first in _UNIT_BEGINS or not first.isascii()):
            found = match_unit(self.text, at, self.end)
            if found is not None:
                self.unit = found.group("unit")
                return found.end()
        if self.low is None and self.high is None and (first in _RANGE_BEGINS or not first.isascii()):
            limits = _range(self.text, at, self.end)
            if limits is not None:
                self.low, self.high, at, inner = limits
                self.unit = self.unit or inner
                return at
        if not by_blanks or self.flag or (first not in _FLAG_BEGINS and first.isascii()):
            return None
        flagged = _FLAG.match(self.text, at, self.end)
        if flagged is not None:
            self.flag = "H" if flagged.group("high") else "L" if flagged.group("low") else "N"
            return self._shared_bracket(flagged)
        return None

    def _shared_bracket(self, flagged: re.Match[str]) -> int:
        """Read the range of "8.9 (H, <8.1)", in one bracket with the flag; return where reading goes on."""
        words = flagged.group()
        if (
            not re.search(r"[(\[]", words)
            or re.search(r"[)\]]", words)
            or self.low is not None
            or self.high is not None
        ):
            return flagged.end()
        comma = _COMMA.match(self.text, flagged.end(), self.end)
        at = comma.end() if comma is not None else flagged.end()
        closing = _CLOSING.match(self.text, at, self.end)
        if closing is None:
            return flagged.end()
        framed = f"  ({closing.group()}"
        limits = _range(framed, 0, len(framed))
        if limits is None:
            return flagged.end()
        self.low, self.high, _, unit = limits
        self.unit = self.unit or unit
        return closing.end()

    def _field(self, at: int) -> int | None:
        """Step over the separator of the next cell when that cell holds nothing but a unit, a flag or a range."""
        if at >= self.end or self.text[at] not in " \t|,;":
            return None
        for pattern in (_CSV_FIELD, _FIELD):
            match = pattern.match(self.text, at, self.end)
            if match is None:
                continue
            words = match.group("words").strip()
            if not words and match.group("sign") == "|" and self.text[match.end() : match.end() + 1] == "|":
                return match.end()  # an empty cell: no flag
            if not words:
                continue
            probe = _Company(words, len(words), low=self.low, high=self.high)
            if probe._whole():
                return match.start("words")
        return None

    def _whole(self) -> bool:
        at = 0
        if _BARE_RANGE.fullmatch(self.text) is not None:
            return self.low is None and self.high is None
        for _ in range(4):
            after = self._one(at)
            if after is None or after == at:
                break
            at = after
        return at >= len(self.text.rstrip()) > 0


def _mark(words: str | None) -> str:
    return "" if not words else "H" if words.strip("([ \t")[0] in "Hh↑" else "L"


def _comparator(sign: str) -> Comparator:
    if not sign:
        return "="
    if sign[0].isalpha():
        if re.fullmatch(_BELOW, sign):
            return "<"
        return ">" if re.fullmatch(_ABOVE, sign) else "~"
    plain = {"≤": "<=", "≥": ">=", "≈": "~", "< or =": "<=", "> or =": ">=", "<~": "<", ">~": ">", "~=": "~"}
    return cast(Comparator, plain.get(sign, sign))


def _range(text: str, at: int, end: int) -> tuple[float | None, float | None, int, str] | None:
    match = _RANGE.match(text, at, end)
    if match is not None and (match.group("open") or match.group("label") or _is_gap(text, at)):
        if (
            not match.group("open")
            and not match.group("label")
            and re.search(r"[,;]", text[at : match.start("low")])
        ):
            return None  # "612, 5-7 days": no range without a label behind a comma
        stop, unit = _after(text, match.end(), end, match.group("open"))
        decimal_comma = has_decimal_commas(text)
        low = number(match.group("low"), decimal_comma=decimal_comma)
        high = number(match.group("high"), decimal_comma=decimal_comma)
        if low < high and not _is_date_like(text, match.start("low"), match.end(), end):
            return low, high, stop, unit
    match = _LIMIT.match(text, at, end)
    if match is not None and (match.group("label") or (match.group("sign") and _stands_off(text, at, match))):
        label = (match.group("label") or "").strip().lower()
        sign = match.group("sign") or ""
        if _PERCENT.match(text, match.end("number"), end) is not None:
            return None  # "(N 65%, L 25%)": shares of the white cells
        limit = number(match.group("number"), decimal_comma=has_decimal_commas(text))
        stop, unit = _after(text, match.end(), end, match.group("open"))
        if sign.startswith((">", "≥")) and not label.startswith("pos"):
            return limit, None, stop, unit
        return None, limit, stop, unit
    return None


def _is_gap(text: str, at: int) -> bool:
    before = text[max(0, at - 1) : at]
    return text[at : at + 1].isspace() or before in ("|", ",", ";") or before.isspace()


def _stands_off(text: str, at: int, match: re.Match[str]) -> bool:
    """Say whether a limit without a label is one: bracketed, in a cell of its own, or with a sign of a limit."""
    if match.group("open"):
        return True
    lead = text[at : match.start("sign")]
    if re.search(r"[,;]", lead):
        return False
    sign = match.group("sign")
    if len(lead) >= 2 or text[max(0, at - 1) : at] in ("|", "\t", ","):
        return True
    # "612 <= 190" and "612 <190" are limits; "9562 > 2198" is a course.
    return bool(lead) and (
        sign[0] == "≤" or "=" in sign or (sign == "<" and text[match.end("sign")].isdigit())
    )


def _after(text: str, at: int, end: int, opened: str | None) -> tuple[int, str]:
    """Step over a unit and the closing bracket of a range."""
    unit = ""
    found = match_unit(text, at, end)
    if found is not None:
        unit, at = found.group("unit"), found.end()
    if opened:
        closing = _RANGE_CLOSING.match(text, at, end)
        if closing is not None:
            at = closing.end()
    return at, unit


def _is_date_like(text: str, start: int, stop: int, end: int) -> bool:
    """Say whether what reads as a range is part of a date ("10/1-10/9") or of a span of time ("2-3 weeks")."""
    if match_unit(text, stop, end) is not None:
        return False
    if "/" in text[max(0, start - 1) : stop + 1]:
        return True
    return _SPAN_OF_TIME.match(text[stop : min(end, stop + 10)]) is not None
