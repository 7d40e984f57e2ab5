"""
Numbers of antibody assays: value, unit, flag and reference read together.

Laboratories print the same negative as "<11 SI", "3 (<20)", "0-40 AU/mL: 12" or "0"; the reference beside the
number decides, then its flag, then the usual bands of its unit (``lexicon/antibody_results.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from chartsift.nlp.components.antibody_words import Band, result_words
from chartsift.nlp.text.values import number
from chartsift.nlp.types import Comparator

Polarity = Literal["positive", "weak", "borderline", "negative", "unmeasured"]
# Tells the limit of the other antibodies of a list; few numbers want it.
Sibling = Callable[[], float | None]

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,5}(?:\.\d+|,\d{1,2}(?!\d))?)"
# A comparison in words ("below 11").
_IN_WORDS = r"(?:below|under|above|over|exceeding|(?:less|lower|greater|higher|more) than)\s"
_VALUE = re.compile(
    rf"(?P<comparator>[<>≤≥]=?|{_IN_WORDS})?\s?(?:(?P<titre>1\s?:\s?\d{{2,5}})|(?P<number>{_NUMBER}))"
    # no count, dose, percentage, time or range: "x 3", "2 years", "40 mg", "11 antibodies", "0-40", "3+" (a grade)
    r"(?!\d|\s?\+(?!\d)|[:/.]\d|\s?(?:%|mg|mcg|g\b|mL\b|kD|years?|yrs?|y/?o|months?|mos?\b|weeks?|wks?|days?"
    r"|times|doses?|th\b|st\b|nd\b|rd\b|antibod|Abs?\b|bands?|lines?|of \d|[-–]\s?(?:year|yo\b|month|week|day)))",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"\s{0,14}(?:[(\[]\s?)?(?P<flag>HH?|A|L|N|High|Low|Abn(?:ormal)?|↑|\*{1,3})(?:\s?[)\]])?(?![A-Za-z0-9'+])"
)
_LABEL = (
    r"(?P<label>reference(?: range| interval| value)?|ref\.?(?: range| interval)?|normal(?: range| value)?|nl|norm"
    r"|cut-?\s?off(?: of| is)?|"
    r"ULN|upper limit|limit|range|neg(?:ative)?|pos(?:itive)?(?: if)?|expected|threshold|n)?\s*[:=]?\s*"
)
# How a comparison in words begins when it is an upper bound.
_BELOW = ("below", "under", "less", "lower", "up to")
_SIGN = rf"(?P<sign>[<>≤≥]=?|up to\s|from\s|at least\s|{_IN_WORDS})"
_SPAN = rf"{_SIGN}?\s?(?P<low>{_NUMBER})(?:\s?(?:-|–|to)\s?(?P<high>{_NUMBER}))?"
_BRACKETED = re.compile(
    rf"\s{{0,20}}[(\[]\s*{_LABEL}{_SPAN}(?P<rest>[^()\[\]\n]{{0,30}})[)\]]", re.IGNORECASE
)
_LABELLED = re.compile(rf"[\s,;|(]{{0,20}}{_LABEL}{_SPAN}", re.IGNORECASE)
_COLUMN = re.compile(
    rf"(?:\s{{2,30}}|\s*[|\t]\s*)[(\[]?(?P<label>)(?:(?P<sign>[<≤]=?)\s?(?P<low>{_NUMBER})|(?P<from>{_NUMBER})\s?[-–]\s?(?P<high>{_NUMBER}))"
    r"(?P<rest>)(?:\s{0,3}[)\]])?"
)
_BAND = re.compile(
    rf"\s{{0,6}}[(\[]\s*[A-Za-z :]{{0,24}}(?P<sign>[>≥]=?)?\s?(?P<low>{_NUMBER})(?:\s?(?:-|–|to)\s?(?P<high>{_NUMBER}))?"
    r"[A-Za-z /:=]{0,24}[)\]]"
)
# A scale of bands with their names, two or more of them.
_SCALE_NAME = (
    r"(?:neg(?:ative)?|normal|pos(?:itive)?|equivocal|borderline|indeterminate|gr[ae]y(?: zone)?|weak(?: pos(?:itive)?)?"
    r"|low pos(?:itive)?|moderate(?: pos(?:itive)?)?|strong(?: pos(?:itive)?)?|high pos(?:itive)?)(?![A-Za-z])"
)
_SCALE_STEP = (
    rf"[<>≤≥]?=?\s?{_NUMBER}(?:\s?(?:-|–|to)\s?{_NUMBER})?\s?(?:[A-Za-z/]{{1,5}}\s)?[:=]?\s?{_SCALE_NAME}"
)
_SCALE = re.compile(
    rf"(?:\s{{1,30}}|\s*[|\t]\s*)[(\[]?\s?(?:ref\w*[.:]?\s)?{_SCALE_STEP}(?:\s?[;,/|]\s?{_SCALE_STEP})+[)\]]?",
    re.IGNORECASE,
)
_SCALE_BAND = re.compile(
    rf"(?P<sign>[<>≤≥]=?)?\s?(?P<low>{_NUMBER})(?:\s?(?:-|–|to)\s?(?P<high>{_NUMBER}))?[^;,/|]*?(?P<name>{_SCALE_NAME})",
    re.IGNORECASE,
)
# How far before a number the name of a line blot may stand, in code points.
_BLOT_REACH = 400
# The signs behind the blanks with which each of these can begin: by them most are told not to stand there.
_BLANKS = re.compile(r"\s*")
_FLAG_BEGINS = frozenset("([HALN↑*")
_SCALE_BEGINS = frozenset("|([rR<>≤≥=0123456789")
_BAND_BEGINS = frozenset("([")
_COLUMN_BEGINS = frozenset("|([<≤0123456789")
_LABEL_BEGINS = re.compile(r"[\s,;|(]{0,20}[rnculeptRNCULEPT]")
_TRAILING_LABEL = re.compile(r"\s{0,4}(?:neg(?:ative)?|normal|ref(?:erence)?)(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AssayValue:
    """A number with what is printed beside it; ``end`` is one past the last code point that was read."""

    start: int
    end: int
    value: float
    comparator: Comparator
    unit: str
    flag: str
    ref_high: float | None
    polarity: Polarity
    limit: float | None
    """The limit that the number was judged by, printed or usual; None where a flag or a sign alone decided."""
    supported: bool
    """Whether a unit, a flag or a reference stands beside it, or it is a comparison: it is a result beyond doubt."""


@dataclass(slots=True)
class _Reference:
    """A reference as read: ``limit`` with the sign before it; ``positive_from`` for "positive at 20 and above"."""

    limit: float | None = None
    open_limit: bool = False
    positive_from: float | None = None
    grade: Polarity | None = None
    """What the band that the value lies in is called: "(30-40 equivocal)"."""


def read_assay(text: str, start: int, end: int, sibling: Sibling) -> AssayValue | None:
    """
    Return the assay value that begins at *start* of *text*; None where no number or another kind of number stands.

    *sibling* tells the upper limit that another antibody of the same panel was printed with, for bare numbers.
    """
    match = _VALUE.match(text, start, end)
    if match is None:
        return None
    words = result_words()
    sign = (match.group("comparator") or "").strip().lower()
    comparator = {"": "=", "≤": "<=", "≥": ">="}.get(sign, sign)
    if sign[:1].isalpha():
        comparator = "<" if sign.startswith(_BELOW) else ">"
    at = match.end()
    if match.group("titre"):
        titre = float(match.group("titre").split(":")[1])
        polarity: Polarity = "negative" if comparator.startswith("<") else "positive"
        return AssayValue(
            start, at, titre, cast(Comparator, comparator), "titre", "", None, polarity, None, True
        )
    value = number(match.group("number"))
    unit, flag = "", ""
    reference = _Reference()
    for _ in range(4):  # unit, flag and reference in any order, each once
        blanks = _BLANKS.match(text, at, end)
        first = end if blanks is None else blanks.end()
        if first == end:
            break
        begins = text[first]
        found = words.unit.match(text, at, end) if not unit and begins in words.unit_begins else None
        if found is not None:
            unit, at = words.unit_of[re.sub(r"\s+", " ", found.group("unit")).lower()], found.end()
            continue
        flagged = _FLAG.match(text, at, end) if not flag and begins in _FLAG_BEGINS else None
        # A star on a line of its own opens a footnote.
        if flagged is not None and not (flagged.group("flag")[0] == "*" and "\n" in flagged.group()):
            letter = flagged.group("flag")[0].upper()
            flag = "L" if letter == "L" else "N" if letter == "N" else "H"
            at = flagged.end()
            continue
        if reference.grade is None:
            after = _scale(text, at, end, value, reference) if begins in _SCALE_BEGINS else None
            if after is None and begins in _BAND_BEGINS:
                after = _graded(text, at, end, value, reference)
            if after is not None:
                at = after
                continue
        if reference.limit is None and reference.positive_from is None:
            after = _reference(text, at, end, begins, reference)
            if after is not None:
                at = after
                if not unit:
                    inner = words.unit.search(text, max(at - 14, match.end()), at)
                    unit = words.unit_of[re.sub(r"\s+", " ", inner.group("unit")).lower()] if inner else ""
                continue
        break
    supported = bool(
        unit
        or flag
        or comparator != "="
        or reference.limit is not None
        or reference.positive_from is not None
    )
    band = _band(text, start, unit)
    polarity = _judge(value, comparator, unit, flag, reference, sibling, band)
    limit = reference.limit if reference.limit is not None else reference.positive_from
    if limit is None:
        limit = band.borderline if unit else sibling()
    return AssayValue(
        start,
        at,
        value,
        cast(Comparator, comparator),
        unit,
        flag,
        reference.limit,
        polarity,
        limit,
        supported,
    )


def strength_of(words: Sequence[str], value: AssayValue | None) -> str:
    """Return "strong", "moderate" or "weak" for a positive result by its words or signs, else by its number."""
    said = [_SCALE.sub("", word) for word in words]
    for name, pattern in result_words().strength.items():
        if any(pattern.search(word) for word in said):
            return name
    if value is None or not value.limit or value.polarity not in ("positive", "weak"):
        return ""
    if value.polarity == "weak":
        return "weak"
    return "strong" if value.value >= result_words().strong_from * value.limit else "moderate"


def _band(text: str, start: int, unit: str) -> Band:
    """Return the usual limits of a unit; line blots count in units of their own."""
    words = result_words()
    if unit == "U" and words.line_blot.search(text[max(0, start - _BLOT_REACH) : start]):
        return words.bands[""]
    return words.bands.get(unit, words.bands[""])


def _scale(text: str, at: int, end: int, value: float, reference: _Reference) -> int | None:
    """Read a whole scale ("<11 neg; 11-35 indeterminate; >=36 pos") into *reference*; return where it ends."""
    match = _SCALE.match(text, at, end)
    if match is None:
        return None
    words = result_words().graded
    for band in _SCALE_BAND.finditer(match.group()):
        low, high = number(band.group("low")), number(band.group("high")) if band.group("high") else None
        sign = band.group("sign") or ""
        inside = (
            low <= value <= high
            if high is not None
            else value < low or (value == low and sign in ("≤", "<="))
            if sign.startswith(("<", "≤"))
            else value > low or (value == low and sign in ("≥", ">="))
        )
        if not inside:
            continue
        named = words.search(band.group("name"))
        plain = band.group("name")[0].lower()
        grade = named.lastgroup if named is not None else "negative" if plain in "n" else "positive"
        reference.grade = cast(Polarity, grade)
        # The bound of the lowest band is the limit that the reader is shown.
        first = _SCALE_BAND.search(match.group())
        reference.limit = number(first.group("low")) if first is not None else None
        break
    return match.end()


def _graded(text: str, at: int, end: int, value: float, reference: _Reference) -> int | None:
    """Read a named band of the scale ("(30-40 equivocal)", "(>50 strong)"); return where it ends."""
    match = _BAND.match(text, at, end)
    named = None if match is None else result_words().graded.search(match.group())
    if match is None or named is None:
        return None
    low = number(match.group("low"))
    high = number(match.group("high")) if match.group("high") else None
    inside = low <= value <= high if high is not None else value > low
    if inside and (high is not None or match.group("sign")):
        reference.grade = cast(Polarity, named.lastgroup)
    return match.end()


def _reference(text: str, at: int, end: int, begins: str, reference: _Reference) -> int | None:
    """
    Read a reference range or limit at *at* into *reference*; return where it ends.

    *begins* is the first sign behind the blanks that stand there.
    """
    for pattern in (_BRACKETED, _LABELLED, _COLUMN):
        if (
            begins not in _BAND_BEGINS
            if pattern is _BRACKETED
            else begins not in _COLUMN_BEGINS
            if pattern is _COLUMN
            else _LABEL_BEGINS.match(text, at, end) is None  # without its label it is none
        ):
            continue
        match = pattern.match(text, at, end)
        if match is None:
            continue
        label = (match.group("label") or "").lower()
        sign = match.group("sign") or ""
        if pattern is _LABELLED and not label:
            continue
        high = match.group("high")
        low = match.group("low")
        if pattern is _BRACKETED and not label and not sign and high is None:
            continue  # "(3)": a grade or a footnote
        if pattern is _LABELLED and label.startswith(("neg", "pos")) and not sign and high is None:
            continue  # "Negative 12": the next value
        if high is not None:
            reference.limit = number(high)
        elif low is not None:
            limit = number(low)
            words = sign.strip().lower()
            above = sign.startswith((">", "≥")) or (words[:1].isalpha() and not words.startswith(_BELOW))
            if label.startswith("pos") or above:
                reference.positive_from = limit
            else:
                open_limit = (words.startswith("<") and "=" not in words) or words.startswith(_BELOW[:4])
                reference.limit, reference.open_limit = limit, open_limit
        else:
            continue
        stop = match.end()
        unit = result_words().unit.match(text, stop, end)
        if unit is not None:
            stop = unit.end()
        trailing = _TRAILING_LABEL.match(text, stop, end)
        return trailing.end() if trailing is not None and pattern is not _BRACKETED else stop
    return None


def _judge(
    value: float,
    comparator: str,
    unit: str,
    flag: str,
    reference: _Reference,
    sibling: Sibling,
    band: Band,
) -> Polarity:
    if reference.grade is not None:
        return reference.grade
    if reference.limit is None and reference.positive_from is None and comparator.startswith("<"):
        return "negative"  # below what the assay measures
    if flag == "H":
        limit = reference.limit
        return (
            "weak"
            if limit is not None and value < _weak_up_to(limit, unit) and not comparator.startswith(">")
            else "positive"
        )
    limit, is_open = reference.limit, reference.open_limit
    if reference.positive_from is not None:
        limit, is_open = reference.positive_from, True
    if limit is None and not unit:
        usual = sibling()
        if usual is not None:
            limit, is_open = usual, True
    if limit is None and comparator.startswith(">"):
        return "positive"
    if limit is not None:
        return _against(value, comparator, limit, unit, is_open=is_open)
    return _in_band(value, band)


def _weak_up_to(limit: float, unit: str) -> float:
    """Return up to where a result above *limit* is weak, by the usual bands of its unit."""
    band = result_words().bands.get(unit) if unit else None
    if band is not None:
        return limit * band.weak / band.borderline
    # MyoMarker calls values up to twice a limit of 20 units weak; other formats without a unit have a smaller band.
    return limit * 2 if limit >= 15 else limit * 1.5


def _against(value: float, comparator: str, limit: float, unit: str, *, is_open: bool) -> Polarity:
    if comparator.startswith("<"):
        return "negative" if value <= limit else "borderline"
    if comparator.startswith(">"):
        return "positive" if value >= limit else "borderline"
    if value < limit or (value == limit and not is_open):
        return "negative"
    return "weak" if value < _weak_up_to(limit, unit) else "positive"


def _in_band(value: float, band: Band) -> Polarity:
    if value <= band.negative:
        return "negative"
    if value <= band.borderline:
        return "borderline"
    return "weak" if value <= band.weak else "positive"
