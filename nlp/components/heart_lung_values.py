"""
The numbers behind a measure of lung or heart function: series, ranges, pairs and rows of a table.

A percentage of predicted is told from litres by its sign, its unit and the column it stands in; of a series the
last number, or the dated ones, count, and what "from", "was" or "prior" introduces is marked as old.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from chartsift.nlp.components.lowered import lowered
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout

# Lines above a row that may hold the header of its table.
_HEADER_REACH = 25
# A longer line is a paragraph, not a row.
_LONGEST_ROW = 300


@dataclass(frozen=True, slots=True)
class Measured:
    """
    One number.

    Attributes:
        start: First code point of the number (its comparator included).
        end: One past the last code point, unit included.
        value: The number; the lower bound of a range.
        high: The upper bound of a range, else None.
        percent: It carries a percent sign or stands in a percent column.
        unit: Another unit as written ("L", "mmHg"); else "".
        comparator: "<", ">", "~" or "=".
        date: The date beside it.
        old: An earlier value that the text itself sets aside.
        words: Words read between the previous number and this one.
    """

    start: int
    end: int
    value: float
    high: float | None = None
    percent: bool = False
    unit: str = ""
    comparator: str = "="
    date: date | None = None
    old: bool = False
    words: str = ""


_NUMBER = re.compile(
    r"(?:(?<![-=])(?P<cmp>[<>≤≥~≈]=?))?\s?(?P<n>\d{1,3}[.,]\d{1,2}(?!\d)|\d{1,3}(?![\d:]?\d|/\d|[.,]\d))"
    r"(?:\s?%?\s?(?:-|–|—|to)\s?(?P<hi>\d{1,3}(?:\.\d)?)(?![\d/.]\d|\d))?"
    r"(?:\s{0,2}(?P<unit>%|percent\b|per cent\b|L\b|l\b|lit(?:er|re)s?\b|"
    r"mm\s?Hg|mL/min(?:/mm\s?Hg)?|ml/min|mL\b|ml\b|cc\b|WU\b|m/s|cm/s))?"
)
# In lower case, for lowered words.
_FILLER = re.compile(
    r"(?:of|is|was|were|are|at|to|from|by|the|a|an|on|in|it|about|"
    r"approx(?:imately)?|around|roughly|only|just|still|again|then|"
    r"now|"
    r"est(?:imated)?|measured|calculated|visual(?:ly)?|biplane|simpsons?|"
    r"simpson's|quant(?:itative)?|modified|method|today|currently|"
    r"current|latest|last|repeat(?:ed)?|recent|later|predicted|pred|"
    r"percent|upright|upr|sitting|seated|supine|sup|lying|flat|pre|"
    r"post|"
    r"peripartum|post-?partum|bronchodilator|bd|hb|hgb|hemoglobin|adj(?:usted)?|corr(?:ected)?|"
    r"for|value|with|and|normal|nl|low|lower|limit|reduced|preserved|"
    r"stable|unchanged|same|improved|improving|declined|declining|"
    r"decreased|dropped|fallen|fell|down|up|increased|recovered|recovering|"
    r"remains?|remained|mildly|moderately|severely|markedly|moderate|"
    r"mild|severe|has|had|been|have|went|gone|came|come|back|returned|"
    r"which|this|that|year|month|week|visit|max|nadir|prior|previous(?:ly)?|"
    r"baseline|initial(?:ly)?|best|lowest|shows?|showed|showing|"
    r"her|his|their|resting|rest|h/o|known|depressed|hyperdynamic|"
    r"borderline|reads?|reported|reportedly|as|also|capacity|level|"
    r"fall|spring|summer|winter|autumn|systolic|echo|tte|cmr|mri|pft|pfts|spirometry|fvc|ef|lvef|dlco|"
    r"pulmonary|artery|right|ventricular|overall|global|lv|2d|3d|vol|"
    r"volume|"
    r"teichholz|contrast|gated|muga|spect|capacity|abs(?:olute)?|room|"
    r"air|actual|after|before|since|but|yet|than|less|more|over|under|"
    r"above|below)\b"
)
_SIGNS = re.compile(
    r"(?:->|=>|→|[\s:.,;()\[\]|/*…'’\"–—]|-(?!>)|=(?!>)|~(?!\s?\d))+|"
    r">(?=\s)|\(?%(?:\s?pred(?:icted)?)?\)?"
)
_BEHIND = re.compile(r"[\s(,]*(?:of\s)?(?:pred(?:icted)?)?[\s(),]*(?:on|in|from|of|at|as of)?[\s(]*")
_PAIRED = re.compile(r"\s?/\s?\d{2,3}(?!\d)")
_ASIDE = re.compile(r"\s*\([A-Za-z][^()\d]{0,40}\)")
_CLOSING = re.compile(r"[.;]\s|\n\s*\n")
_GOES_ON = re.compile(
    r"(?:now|then|today|prior|previous|was|\(?\d{1,3}(?:\.\d+)?\s?(?:%|"
    r"L\b))",
    re.IGNORECASE,
)
_STOP = re.compile(r"\.\s")
_DOTS = re.compile(r"\.{3}|\. \.")
_PERCENT_SIGN = re.compile(r"\s{0,2}(%|percent\b)")
_OF_PREDICTED = re.compile(r"\s*(?:of\s)?(?:pred(?:icted)?|pp)\b")
_ARROW = re.compile(r"->|→|=>|\s>\s")
_ARROW_END = re.compile(r"\s>\s?$")
# What ties a number to the one before it as the same measure.
_TIED = re.compile(
    r"\b(?:was|prior|previous(?:ly)?|from|to|now|then|today|supine|"
    r"sup|upr|upright|sitting|post|baseline)\b",
    re.IGNORECASE,
)
_HANDED_ON = re.compile(r"\s*[:=]\s*[~<>]?\d")
_OLD = re.compile(r"\b(?:from|prior|previous(?:ly)?|baseline|initial(?:ly)?|before|best)\b", re.IGNORECASE)
_WAS = re.compile(r"\b(?:was|were|had been)\b", re.IGNORECASE)
_NOW = re.compile(r"->|→|=>|>|\b(?:to|is|now|today|current(?:ly)?|then)\b", re.IGNORECASE)
_DATED = re.compile(
    r"\s?%?\s?\((?:in |on )?(?:[A-Z][a-z]{2,8}\.? )?(?:\d{1,2}/)?(?:\d{1,2}/)?(?:\d{2}|\d{4})\)"
)
_CHANGE = re.compile(
    r"[\s:,-]{0,3}(?:(?:has|have|had|is|was|also|further|again)\s+)*"
    r"(?:declin\w+|dropp\w+|drop|fell|fallen|decreas\w+|down|worsen\w+|"
    r"lost|improv\w+|increas\w+|up|rose|risen|gain\w*|change\w*|loss|"
    r"reduc\w+)\s+"
    r"(?:by|of|another|in|an?|further)?\s*(?:about |approximately |"
    r"~|>|≥|<)?\s?\d+(?:\.\d+)?\s?(?:%|percent|ml\b|cc\b|points?|l\b)",
    re.IGNORECASE,
)
_TO_VALUE = re.compile(r"\b(?:to|from)\s+(?:about |~)?\d", re.IGNORECASE)


def is_change(text: str, at: int, end: int) -> bool:
    """Say whether what follows is the size of a change ("declined by 12 %") and not a value."""
    match = _CHANGE.match(text, at, end)
    return match is not None and not _TO_VALUE.search(match.group())


def read_series(
    text: str,
    at: int,
    end: int,
    dates: Sequence[DateMention],
    fits: Callable[[Measured], bool],
    *,
    limit: int = 8,
) -> list[Measured]:
    """
    Return the numbers that follow ``text[at]`` as one statement and fit the measure, oldest marked, up to *end*.

    Reading stops at the first word that belongs to something else.
    """
    found: list[Measured] = []
    starts = [mention.start for mention in dates]
    pending: date | None = None
    words_from = begin = at
    lower = lowered(text[begin:end])
    while at < end and len(found) < limit:
        i = bisect_left(starts, at)
        mention = dates[i] if i < len(dates) and dates[i].start == at else None
        if mention is not None and not _is_value_like(text, mention):
            # A bracketed or trailing date belongs to the number before it, unless a colon hands it on.
            behind = _BEHIND.fullmatch(text, found[-1].end, at) if found else None
            handed_on = _HANDED_ON.match(text, mention.end)
            if behind is not None and handed_on is None and found[-1].date is None:
                found[-1] = replace(found[-1], date=mention.last)
            else:
                pending = mention.last
            at = mention.end
            continue
        # Numbers and signs begin with no letter, and fillers with hardly anything else.
        is_word = text[at].isalpha()
        number = None if is_word else _NUMBER.match(text, at, end)
        if number is not None and not text[max(0, at - 1) : at].isalnum():
            made = _measured(number, text, words_from, pending, found)
            if made is None or _is_loose(made, text, found) or (found and _PAIRED.match(text, made.end)):
                break
            found.append(made)
            at = words_from = made.end
            pending = None
            continue
        aside = None if is_word else _ASIDE.match(text, at, end)
        filler = None if aside is not None else _FILLER.match(lower, at - begin)
        if filler is not None:
            stop = begin + filler.end()
        else:
            signs = aside or _SIGNS.match(text, at, end)
            if signs is None:
                break
            stop = signs.end()
        if _ends(text, at, stop, found):
            break
        at = stop
    kept: list[Measured] = []
    carried = ""
    day: date | None = None
    for item in found:
        if fits(item):
            kept.append(replace(item, words=carried + item.words, date=item.date or day))
            carried, day = "", None
        elif item.unit or "." in text[item.start : item.end]:
            # "from 3.2 L (72 %) to 2.4 L (55 %)": what introduces the litres introduces their percentage.
            carried, day = carried + item.words + " ", item.date
    return _mark_old(kept)


def _is_value_like(text: str, mention: DateMention) -> bool:
    """Say whether what reads as a date can only be a number here ("55/60", a bare year is a date)."""
    return (
        False
        if "/" not in text[mention.start : mention.end]
        else mention.precision == "day" and text[mention.end : mention.end + 2].strip().startswith("%")
    )


def _measured(
    number: re.Match[str], text: str, words_from: int, pending: date | None, found: Sequence[Measured]
) -> Measured | None:
    value = float(number.group("n").replace(",", "."))
    high = float(number.group("hi")) if number.group("hi") else None
    end = number.end()
    unit = number.group("unit") or ""
    if high is not None and not (value < high <= value + 15):
        # "61 to 52" is two values, "100-2" none; only a narrow rise is a range.
        high, unit = None, ""
        end = number.end("n")
        sign = _PERCENT_SIGN.match(text, end)
        if sign is not None:
            unit, end = "%", sign.end()
    written = number.group("cmp") or ""
    comparator = {"≤": "<", "≥": ">", "≈": "~", "<=": "<", ">=": ">"}.get(written, written) or "="
    start = number.start("cmp") if written else number.start("n")
    words = text[words_from : number.start("n")]
    if (
        found
        and comparator == ">"
        and found[-1].end <= number.start()
        and _ARROW_END.search(text[words_from : number.start("n")])
    ):
        comparator, start = "=", number.start("n")  # "61 > 52" is an arrow
    percent = unit.lower() in ("%", "percent", "per cent")
    if _OF_PREDICTED.match(text, end):
        percent = True
    return Measured(
        start, end, value, high, percent, "" if percent else unit, comparator, pending, False, words
    )


def _is_loose(made: Measured, text: str, found: Sequence[Measured]) -> bool:
    """Say whether a number after the first is too loosely tied to be the same measure."""
    if not found:
        return False
    words = made.words
    if _DATED.match(text, made.end):
        return False  # "88 (2022), 71 (2023), 58 (5/24)"
    if made.date is not None or made.percent or _ARROW.search(words) or made.unit:
        return False
    if _TIED.search(words):
        return False
    # "52 (66)" repeats litres and percent; a bare number after a comma is something else.
    return not (
        words.strip() in ("(", "[", "/") and (found[-1].unit or "." in text[found[-1].start : found[-1].end])
    )


def _ends(text: str, start: int, end: int, found: Sequence[Measured]) -> bool:
    """Say whether the sign or word ``text[start:end]`` closes the statement."""
    if found and _CLOSING.search(text, start, end):
        return _GOES_ON.match(text, end, end + 24) is None
    return (
        _STOP.search(text, start, end) is not None
        and _DOTS.search(text, start, end) is None
        and text[end : end + 1].isupper()
    )


def _mark_old(found: list[Measured]) -> list[Measured]:
    marked: list[Measured] = []
    for i, item in enumerate(found):
        old = bool(_OLD.search(item.words)) or (
            i > 0 and bool(_WAS.search(item.words)) and not _NOW.search(item.words)
        )
        if item.date is None and not old and any(_NOW.search(later.words) for later in found[i + 1 :]):
            old = not any(p.search(found[i + 1].words) for p in (_WAS, _OLD))
        # A dated number is left to its date, except where the text itself calls it the earlier one.
        marked.append(replace(item, old=True) if old else item)
    return marked


# ---- tables

_HEAD_LABEL = re.compile(
    r"(?P<percent>%\s*-?\s*(?:of\s)?(?:pred(?:icted)?|ref|pr)?|\bpct\b|"
    r"(?:pred(?:icted)?|ref)\s?%|percent(?: predicted)?)"
    r"|\b(?P<other>actual|meas(?:ured)?|pred(?:icted)?|lln|uln|ref(?:erence)?|"
    r"range|z-?score|pre(?:-?bd)?|post(?:-?bd)?|best|chg|change|nl|"
    r"normal|value|result|units?)\b",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"(?P<n>[<>~]?\s?\d{1,3}(?:[.,]\d{1,2})?)(?:\s?[-–]\s?\d{1,3}\b)?\s?(?P<unit>%|"
    r"L\b)?|(?P<none>--+|—|–|-(?=\s|$)|n/?a\b|nd\b)",
    re.IGNORECASE,
)
_SIGN_BEHIND = re.compile(r" ?%")
_PLAIN_NUMBER = re.compile(r"(?<![\d/.-])\d{1,3}(?:\.\d+)?(?![\d/.-])")
_ROW = re.compile(r"\S(?:[ \t]{2,}|\t|\s*\.{3,}|\s*…|\s*\|)\s*\S")


@dataclass(frozen=True, slots=True)
class _Head:
    start: int
    date: date | None
    percent: bool
    other: str


def read_row(layout: Layout, at: int, note_date: date) -> list[Measured] | None:
    """
    Return the numbers of the table row whose label ends at *at*, each with its column's date; None if it is no row.

    Only values in percent columns, or without any mark of another unit, come back as ``percent``.
    """
    number = layout.line_number(at)
    line = layout.lines[number]
    text = layout.text
    if line.end - line.start > _LONGEST_ROW:
        return None
    body = text[at : line.end]
    if not _ROW.search(text[line.start : line.end]):
        return None
    heads = _heads(layout, number, note_date)
    if heads is None:
        return None
    cells = [m for m in _CELL.finditer(body) if not (m.start() > 0 and body[m.start() - 1].isalnum())]
    if not cells:
        return None
    offset = at - line.start
    if len(cells) == len(heads):
        pairs = list(zip(cells, heads, strict=True))
    else:
        pairs = []
        first = 0
        for cell in cells:
            best = min(
                range(first, len(heads)),
                key=lambda i: abs(heads[i].start - (cell.start() + offset)),
                default=None,
            )
            if best is None:
                break
            pairs.append((cell, heads[best]))
            first = best + 1
    any_percent = any(head.percent for head in heads)
    days = [head.date for head in heads if head.date is not None]
    made: list[Measured] = []
    current: date | None = None
    single = sum(head.percent for head in heads) == 1 and len(days) > 1
    for cell, head in pairs:
        if head.date is not None:
            current = head.date
        if cell.group("none") or (
            head.other
            and not head.percent
            and head.other not in ("actual", "measured", "meas", "value", "result", "best", "pre")
        ):
            continue
        value = float(re.sub(r"[<>~\s]", "", cell.group("n")).replace(",", "."))
        percent = (
            head.percent
            or cell.group("unit") == "%"
            or (not any_percent and "." not in cell.group("n") and value >= 15 and cell.group("unit") is None)
        )
        unit = "" if percent else (cell.group("unit") or "abs")
        day = max(days) if head.percent and single and head.date is None else (head.date or current)
        words = cell.group()
        begin = at + cell.start() + len(words) - len(words.lstrip())
        stop = at + cell.start() + len(words.rstrip())
        made.append(Measured(begin, stop, value, None, percent, unit, "=", day))
    return made


def _heads(layout: Layout, row: int, note_date: date) -> list[_Head] | None:
    text = layout.text
    for number in range(row - 1, max(-1, row - _HEADER_REACH), -1):
        line = layout.lines[number]
        content = text[line.start : line.end]
        if not content.strip():
            if (
                number < row - 1
                and not text[layout.lines[number - 1].start : layout.lines[number - 1].end].strip()
            ):
                return None
            continue
        if len(content) > 300:
            return None
        heads = _read_heads(text, line.start, line.end, note_date)
        if heads is not None:
            return heads
        if not _ROW.search(content) and len(content.strip()) > 60:
            return None
    return None


def _read_heads(text: str, start: int, end: int, note_date: date) -> list[_Head] | None:
    heads: list[_Head] = []
    taken: list[tuple[int, int]] = []
    for mention in find_dates(text, note_date, start=start, end=end):
        if mention.relative and text[mention.start : mention.end].lower() not in ("today", "now"):
            continue
        after = _SIGN_BEHIND.match(text, mention.end, end)
        stop = (
            after.end() if after is not None and text[mention.end : mention.end + 2] != "  " else mention.end
        )
        # "2024" runs to the end of the year: no measurement is later than its note.
        day = mention.last if mention.precision == "day" else min(mention.last, note_date)
        heads.append(_Head(mention.start - start, day, after is not None, ""))
        taken.append((mention.start, stop))
    dated = len(heads)
    for match in _HEAD_LABEL.finditer(text, start, end):
        if any(s <= match.start() < e for s, e in taken):
            continue
        other = (match.group("other") or "").lower()
        heads.append(_Head(match.start() - start, None, bool(match.group("percent")), other))
    heads.sort(key=lambda head: head.start)
    if dated >= 2 or (len(heads) >= 2 and (dated or any(h.percent for h in heads))):
        numbers = _PLAIN_NUMBER.findall(text[start:end])
        return heads if len(numbers) <= max(1, dated) else None
    return None
