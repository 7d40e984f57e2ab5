"""
The ``labs`` reader: laboratory values with unit, reference range, flag and date.

It reads prose ("the CK on December 4 is 1486 (30-200)"), lists ("CK 388 (36-160) H; LDH 356 H"), series
("9562 > 2198"), pairs ("AST/ALT 88/71") and tables whose columns are dates. What it cannot tie to a number it
leaves alone: a value without its analyte, or an analyte without a value, is no finding.

Reads: doc.spans["concepts"] of kind "lab", doc._.layout. Writes: drafts of kind "lab".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tables import assign, columns_above, split_cells
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.text.units import to_canonical
from chartsift.nlp.text.values import NUMBER, Reading, read_range, read_value
from chartsift.nlp.types import Assertion

# How far a value may stand behind its analyte when only small words and dates lie between.
_REACH = 90
# Analytes that share one word ("CK, aldolase, LDH, AST and ALT normal").
_LONGEST_LIST = 12
_SMALL_WORDS = re.compile(
    r"(?:was|is|were|are|of|at|level|levels|value|values|result|results|today|now|still|back|only|about|"
    r"approx(?:imately)?|around|"
    r"total|serum|has|had|been|have|come|came|coming|gone|went|down|up|to|from|rose|risen|rising|fell|"
    r"fallen|falling|dropped|"
    r"increased|decreased|elevated|high|low|peak(?:ed|ing)?|max(?:imum)?|nadir|repeat(?:ed)?|"
    r"initial(?:ly)?|latest|last|most|"
    r"recent|current(?:ly)?|then|later|again|on|in|by|with|and|a|the|an|over|under|above|below|greater|"
    r"less|more|than|"
    r"returned|returning|measured|checked|first|trend(?:ed|ing)?|stable|as|yesterday|remains|remained|"
    r"stays|this|that|"
    r"morning|week|month|visit|admission|adm|discharge|dc|d/c|outside|here|lab|labs|pre|post|H|L|ab|mildly|"
    r"markedly|very|"
    r"quite|just|same|unchanged|steady|improved|better|worse|climbed|jumped|bounced|normalized|normalised|"
    r"normal|wnl|nl|his|her|"
    r"count|abs|absolute|ran|run|running|hovering|hovers|hovered|already|drawn|dated|sitting|reported)\b",
    re.IGNORECASE,
)
_PUNCTUATION = re.compile(r"[\s:=~.()\[\]*\"'…|–-]+")
_OLD_WORDS = re.compile(
    r"\b(?:peak(?:ed)?|max(?:imum)?|nadir|initial(?:ly)?|at (?:diagnosis|onset|presentation)|from|"
    r"previous(?:ly)?|prior)\b",
    re.I,
)
_NUMBER_START = re.compile(r"(?:[<>≤≥~]=?\s?)?\.?\d")
# "(39-308 U/L)" or "[<190]" between an analyte and its value, and a bare range, which is no value.
_RANGE_FIRST = re.compile(
    rf"[(\[][^()\[\]\d<>]{{0,20}}(?:{NUMBER}\s?[-–]\s?{NUMBER}|[<>≤≥]=?\s?{NUMBER})[^()\[\]\d]{{0,14}}[)\]]"
    rf"|[(\[]\s?[A-Za-zµμ%][\w^*µμ. ]{{0,8}}/[\w. ]{{1,6}}[)\]]"  # or its unit: "CK [U/L] ..... 612"
)
_BARE_RANGE = re.compile(rf"{NUMBER}\s?[-–]\s?{NUMBER}(?![\d/])")
_STEP_WORDS = re.compile(
    r"(?:(?:was|is|now|then|today|currently|this week|peak(?:ed)?|nadir|max|a peak of|up|down|to|of|as|back)\s+){0,3}",
    re.I,
)
_NEXT = re.compile(r"\s{0,3}(?P<sign>->|→|=>|>|<-|←|\bto\b|\bthen\b|\bnow\b|\||,|;|/|\band\b)\s{0,8}", re.I)
_QUALITY_AFTER = re.compile(
    r"[\s:=-]{0,4}(?:(?:is|are|was|were|remains?|levels?|all|still|now|also|back to|been|has|have|"
    r"completely|otherwise|both|which)\s+){0,4}"
    r"(?:(?P<normal>(?:with)?in normal(?: limits| range)?|normal(?:i[sz]ed)?|wnl|nl|unremarkable|adequate|"
    r"ok(?:ay)?|fine|not elevated|not raised)"
    r"|(?P<high>(?:mildly |markedly |moderately |slightly |very |persistently |again |newly )*(?:elevated|"
    r"high|raised|up|abnormal|rising|above normal)))"
    r"(?![\w-])",
    re.IGNORECASE,
)
_QUALITY_BEFORE = re.compile(
    r"(?:(?P<high>elevated|high|raised|rising|increased|abnormal)|(?P<normal>normal|unremarkable|adequate))"
    r"(?:\s+(?:serum|total|muscle|blood|peripheral|the|a|levels? of))*\s*$",
    re.IGNORECASE,
)
_STATED = re.compile(r"\b(?:(?P<high>high|elevated|up at)|(?P<normal>normal|wnl|nl))\b", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:,|/|&|\band\b|,\s*and\b)\s*", re.IGNORECASE)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|until|unless|when|once|goal|target|should|would|threshold|hold for|keep|criteria|"
    r"requires?)\b[^.;]{0,30}$",
    re.I,
)
_CONTINUES = re.compile(r"\)?(?:[\s,;|.]|and|&){0,6}")
# Panels that have no number of their own.
_WORDS_ONLY = frozenset({"CBC", "muscle_enzymes"})
# Nobody reports these with three decimals.
_NO_DECIMALS = frozenset({"CK", "LDH", "AST", "ALT", "GGT", "ferritin"})
_STUDY = re.compile(
    r"\b(?:PFTs?|echo|TTE|MRI|CT|HRCT|EMG|EKG|ECG|biopsy|bx|spirometry|visit|RTC|IVIG|infusion|dose)\b", re.I
)


@dataclass(frozen=True, slots=True)
class _Mention:
    span: Span
    start: int
    end: int
    concept: str


@dataclass(frozen=True, slots=True)
class _Value:
    reading: Reading
    day: date | None
    superseded: bool


class Labs:
    """Turn lab concepts into drafts with values."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["lab"])
        if spans:
            drafts_of(doc).extend(_read(doc, spans))
        return doc


def _read(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    mentions = [_Mention(span, *source_range(span), sense_of(span).concept.concept) for span in spans]
    layout: Layout = doc._.layout
    i = 0
    inherited: tuple[int, date | None] = (-1, None)
    while i < len(mentions):
        group = [mentions[i]]
        while i + len(group) < len(mentions) and _is_pair(layout, group[-1], mentions[i + len(group)]):
            group.append(mentions[i + len(group)])
        following = mentions[i + len(group)].start if i + len(group) < len(mentions) else len(layout.text)
        # "CBC of 12/4: WBC 6.8, Hgb 12.9": the members of a list share the date that its first one has.
        shared = (
            inherited[1] if _CONTINUES.fullmatch(layout.text, max(0, inherited[0]), group[0].start) else None
        )
        made = list(_group(doc, group, following, shared))
        if not made:
            made = list(_qualities(doc, mentions, i, len(group)))
        if made:
            inherited = (max(draft.end for draft in made), made[-1].date)
        yield from made
        i += len(group)


def _is_pair(layout: Layout, left: _Mention, right: _Mention) -> bool:
    """Say whether two analytes share one entry ("AST/ALT 88/71")."""
    between = layout.text[left.end : right.start]
    return len(between) <= 4 and between.strip() in ("/", "and/or") and "\n" not in between


def _group(doc: Doc, group: list[_Mention], following: int, shared: date | None) -> Iterator[Draft]:
    if group[0].concept in _WORDS_ONLY:
        return
    layout: Layout = doc._.layout
    text = layout.text
    note_date = note_date_of(doc)
    last = group[-1]
    line = layout.line_at(last.start)
    row_start = text[line.start : group[0].start].strip(" \t\xa0-*•|>")
    if (
        not row_start
        and (columns := columns_above(layout, layout.line_number(last.start), note_date)) is not None
    ):
        cells = split_cells(text, last.end, min(line.end, following), line_start=line.start)
        # The rest of the label ("CK, total (U/L)") and the separator after it are no cells.
        while cells and not re.match(
            r"[<>≤≥~]?\.?\d|-{1,2}$|n/?a$|nd$|neg|pend|—|–", cells[0].text, re.IGNORECASE
        ):
            cells.pop(0)
        made = list(_row(doc, group, cells, columns))
        if made:
            yield from made
            return
    sentence = layout.sentence_at(last.start)
    end = min(
        max(sentence.end, line.end if not _ends_early(text, sentence.end, line.end) else sentence.end),
        following,
    )
    dates = find_dates(
        text, note_date, start=max(sentence.start, group[0].start - 120), end=min(end + 40, len(text))
    )
    first = _first_value(text, last.end, min(end, last.end + _REACH), dates, len(group))
    if first is None:
        return
    at, day, words = first
    if len(group) > 1:
        yield from _pair_values(doc, group, at, end, day or shared or _line_date(doc, group[0].start, dates))
        return
    values = list(_series(text, at, end, day, dates, words))
    if not values:
        return
    fallback = shared or _line_date(doc, group[0].start, dates)
    mention = group[0]
    assertion, cues = _assertion(text, layout, mention)
    if len(values) == 1 and not values[0].reading.flag and values[0].reading.ref_high is None:
        stated = _STATED.search(words)
        if stated is not None:
            flag = "H" if stated.group("high") else "N"
            values = [replace(values[0], reading=replace(values[0].reading, flag=flag))]
    before = _RANGE_FIRST.search(words)
    limits = _limits(before.group()) if before is not None and re.search(r"\d", before.group()) else None
    for number, value in enumerate(values):
        start = mention.start if number == 0 else value.reading.start
        yield _draft(
            mention,
            start,
            value.reading,
            value.day or fallback,
            assertion,
            cues,
            superseded=value.superseded,
            limits=limits,
        )


def _ends_early(text: str, sentence_end: int, line_end: int) -> bool:
    return bool(text[sentence_end:line_end].strip())


def _first_value(
    text: str, start: int, end: int, dates: Sequence[DateMention], members: int
) -> tuple[int, date | None, str] | None:
    """Return where the value of an analyte begins, the date before it and the words between; None if none follows."""
    at = start
    day: date | None = None
    date_at = {mention.start: mention for mention in dates}
    while at < end:
        mention = date_at.get(at)
        # "CK 3/5" is no date behind an analyte pair, and "1/19 13,875" is one before a value.
        if mention is not None and not (members > 1 and "/" in text[mention.start : mention.end]):
            day, at = mention.last, mention.end
            continue
        skipped = _RANGE_FIRST.match(text, _past_space(text, at, end), end)
        if skipped is not None:
            at = skipped.end()
            continue
        if _NUMBER_START.match(text, at):
            return None if _BARE_RANGE.match(text, at, end) else (at, day, text[start:at])
        small = _SMALL_WORDS.match(text, at, end) or _PUNCTUATION.match(text, at, end)
        if small is None:
            return None
        at = small.end()
    return None


def _past_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _series(
    text: str, at: int, end: int, day: date | None, dates: Sequence[DateMention], words: str
) -> Iterator[_Value]:
    """Yield the value at *at* and those that follow it in a series, each with its date, oldest marked."""
    found: list[tuple[Reading, date | None, str]] = []
    sign = ""
    while len(found) < 10:
        reading = read_value(text, at, end)
        if reading is None or _is_other_number(text, reading):
            break
        after, stop = _date_after(text, reading.end, end, dates)
        if after is not None and reading.ref_high is None and reading.ref_low is None:
            # "CK 488 on 10/9 (ref 26-192)"
            limits = read_range(text, stop, end)
            if limits is not None:
                reading, stop = replace(reading, ref_low=limits[0], ref_high=limits[1]), limits[2]
        found.append((reading, day or after, sign))
        step = _NEXT.match(text, stop, end)
        if step is None:
            break
        sign = step.group("sign").lower()
        at, day = step.end(), None
        mention = next((m for m in dates if m.start == at), None)
        words_then = _STEP_WORDS.match(text, at) if mention is None or mention.relative else None
        if mention is not None and not (words_then is not None and words_then.group()):
            day = mention.last
            gap = re.compile(r"[\s:(]*").match(text, mention.end)
            at = gap.end() if gap else mention.end
        elif words_then is not None and words_then.group():
            at = words_then.end()
        elif sign in (",", ";", "|", "/", "and") and after is None:
            break  # a list goes on with something else unless its entries are dated
        if not re.compile(r"[<>]?\d").match(text, at):
            break
    backwards = any(step in ("<-", "←") for _, _, step in found)
    for number, (reading, when, _) in enumerate(found):
        is_last = number == 0 if backwards else number == len(found) - 1
        old = (not is_last and when is None) or (
            len(found) == 1 and when is None and bool(_OLD_WORDS.search(words))
        )
        yield _Value(reading, when, superseded=old)


def _is_other_number(text: str, reading: Reading) -> bool:
    """Say whether a number belongs to something else: a dose, a count of days, a titre."""
    after = text[reading.end : reading.end + 12]
    if reading.unit or reading.flag or reading.ref_high is not None or reading.times_uln:
        return False
    return bool(
        re.match(
            r"\s?(?:mg|mcg|kg|%|days?|d\b|weeks?|wks?|months?|mo\b|yrs?|years?|/150|/52|times|doses?|"
            r"hours?|h\b|y/?o)",
            after,
            re.I,
        )
    )


def _date_after(text: str, at: int, end: int, dates: Sequence[DateMention]) -> tuple[date | None, int]:
    """Return the date that stands right behind a value, and where reading goes on."""
    i = bisect_left([m.start for m in dates], at)
    if i < len(dates):
        mention = dates[i]
        between = text[at : mention.start]
        if (
            len(between) <= 32
            and mention.end <= end + 40
            and not re.search(r"[\d;|,\r\n]|->|→|>", between)
            and not re.search(r"\.\s", between)
            and not _STUDY.search(between)
            and not re.match(r"\s*:|\s+\d", text[mention.end : mention.end + 3])
        ):
            closing = re.compile(r"(?:\s?[AP]\.?M\.?)?\)?", re.I).match(text, mention.end)
            return mention.last, closing.end() if closing else mention.end
    return None, at


def _pair_values(doc: Doc, group: list[_Mention], at: int, end: int, day: date | None) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    values: list[Reading] = []
    for _ in group:
        reading = read_value(text, at, end)
        if reading is None:
            break
        values.append(reading)
        slash = re.compile(r"\s?/\s?").match(text, reading.end)
        if slash is None:
            break
        at = slash.end()
    if len(values) < len(group):
        return
    for number, (mention, reading) in enumerate(zip(group, values, strict=True)):
        assertion, cues = _assertion(text, layout, mention)
        start = group[0].start if number == 0 else reading.start
        yield _draft(mention, start, reading, day, assertion, cues)


def _row(
    doc: Doc, group: list[_Mention], cells: Sequence[object], columns: Sequence[object]
) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    pairs = assign(cells, columns)  # type: ignore[arg-type]
    reference = next(
        (cell for cell, column in pairs if column.date is None and _reads_as_range(cell.text)), None
    )
    low, high = _limits(reference.text) if reference is not None else (None, None)
    first = True
    for cell, column in pairs:
        if column.date is None:
            continue
        at = cell.start
        for mention in group:
            reading = read_value(text, at, cell.end)
            if reading is None:
                break
            start = mention.start if first and mention is group[0] else reading.start
            assertion, cues = _assertion(text, layout, mention)
            made = _draft(
                mention,
                start,
                reading,
                column.date,
                assertion,
                cues,
                limits=(low, high) if len(group) == 1 else None,
            )
            first = False
            yield made
            slash = re.compile(r"\s?/\s?").match(text, reading.end, cell.end)
            if slash is None:
                break
            at = slash.end()


def _reads_as_range(words: str) -> bool:
    return _limits(words) != (None, None)


def _limits(words: str) -> tuple[float | None, float | None]:
    reading = read_value(f"0  ({words.strip('()[] ')})", 0, len(words) + 5)
    return (reading.ref_low, reading.ref_high) if reading is not None else (None, None)


def _line_date(doc: Doc, start: int, dates: Sequence[DateMention]) -> date | None:
    """Return the date that heads the line, the sentence or the section of an entry without a date of its own."""
    layout: Layout = doc._.layout
    text = layout.text
    line = layout.line_at(start)
    heads = [m for m in dates if line.start <= m.start and m.end <= start]
    for mention in reversed(heads):
        lead = text[line.start : mention.start]
        between = text[mention.end : start]
        if (len(lead.strip()) <= 40 and not re.search(r"[.;]\s", between[:60])) or len(between) <= 6:
            return mention.last if not _STUDY.search(lead[-25:]) else None
    section = layout.section_at(start)
    if section.category == "labs" and start - section.start < 3000:
        title_line = layout.line_at(section.start)
        titled = find_dates(
            text, note_date_of(doc), start=title_line.start, end=min(title_line.end, title_line.start + 120)
        )
        if titled and titled[0].precision == "day" and not _is_relative_today(titled[0]):
            return titled[0].last
    return None


def _is_relative_today(mention: DateMention) -> bool:
    return mention.relative


def _assertion(text: str, layout: Layout, mention: _Mention) -> tuple[Assertion, tuple[str, ...]]:
    assertion, cues = assertion_of(mention.span)
    if assertion == "family":
        return assertion, cues
    sentence = layout.sentence_at(mention.start)
    condition = _HYPOTHETICAL.search(text[max(sentence.start, mention.start - 60) : mention.start])
    if condition is not None:
        return "hypothetical", (condition.group().split()[0],)
    # A number is a result whatever "no" or "possible" stands beside it.
    return "present", ()


def _draft(
    mention: _Mention,
    start: int,
    reading: Reading,
    day: date | None,
    assertion: Assertion,
    cues: tuple[str, ...],
    *,
    superseded: bool = False,
    limits: tuple[float | None, float | None] | None = None,
) -> Draft:
    low, high = reading.ref_low, reading.ref_high
    if low is None and high is None and limits is not None:
        low, high = limits
    value, unit, factor = to_canonical(mention.concept, reading.value, reading.unit)
    if reading.dotted and mention.concept in _NO_DECIMALS and unit in ("", "U/L") and factor == 1:
        value *= 1000  # "CK 1.386 U/l" where a dot groups thousands
    flag = reading.flag
    if reading.times_uln:
        value, unit, factor, low, high = reading.value, "xULN", 1.0, None, None
        flag = "H" if value > 1 else "N"
    low, high = (None if low is None else low * factor), (None if high is None else high * factor)
    if not flag and (low is not None or high is not None):
        flag = _flag(value, low, high, reading.comparator)
    attributes = dict(sense_of(mention.span).concept.attributes)
    if superseded:
        attributes["superseded"] = "yes"
    return Draft(
        start=start,
        end=max(reading.end, start + 1),
        kind="lab",
        concept=mention.concept,
        assertion=assertion,
        rule="labs:value",
        cues=cues,
        value=round(value, 4),
        unit=unit,
        comparator=reading.comparator,
        ref_low=low,
        ref_high=high,
        flag=flag,
        date=day,
        score=0.98 if flag or high is not None else 0.9,
        attributes=attributes,
    )


def _flag(value: float, low: float | None, high: float | None, comparator: str) -> str:
    """Return the flag that the laboratory's own range gives; a value below detection is not high."""
    if high is not None and value > high and not comparator.startswith("<"):
        return "H"
    if low is not None and value < low and not comparator.startswith(">"):
        return "L"
    return "N"


def _qualities(doc: Doc, mentions: Sequence[_Mention], first: int, count: int) -> Iterator[Draft]:
    """Yield drafts for analytes that are only called normal or raised ("CBC normal", "elevated CK and aldolase")."""
    layout: Layout = doc._.layout
    text = layout.text
    for i in range(first, first + count):
        mention = mentions[i]
        sentence = layout.sentence_at(mention.start)
        # A list shares one word: before its first member or after its last.
        left = i
        while (
            i - left < _LONGEST_LIST
            and left > 0
            and _JOIN.fullmatch(text, mentions[left - 1].end, mentions[left].start)
        ):
            left -= 1
        right = i
        while (
            right - i < _LONGEST_LIST
            and right + 1 < len(mentions)
            and _JOIN.fullmatch(text, mentions[right].end, mentions[right + 1].start)
        ):
            right += 1
        after = _QUALITY_AFTER.match(text, mentions[right].end, sentence.end)
        before = _QUALITY_BEFORE.search(
            text[max(sentence.start, mentions[left].start - 40) : mentions[left].start]
        )
        match = after or before
        if match is None:
            continue
        flag = "H" if match.group("high") else "N"
        assertion, cues = _assertion(text, layout, mention)
        if (
            assertion == "present"
            and flag == "H"
            and any(m.category == "NEGATED" for m in mention.span._.modifiers)
        ):
            flag = "N"
        dates = find_dates(
            text,
            note_date_of(doc),
            start=sentence.start,
            end=min(layout.line_at(max(mention.end - 1, 0)).end, mention.end + 60),
        )
        near = [
            m
            for m in dates
            if abs(m.start - mention.end) <= 40
            and (m.precision in ("day", "month") or m.last < note_date_of(doc))
        ]
        end = after.end() if after is not None and right == i else mention.end
        start = (
            mention.start - (len(before.group()))
            if after is None and before is not None and left == i
            else mention.start
        )
        yield Draft(
            start=start,
            end=end,
            kind="lab",
            concept=mention.concept,
            assertion=assertion,
            rule="labs:quality",
            cues=(match.group().strip(), *cues),
            flag=flag,
            date=near[0].last if near else _line_date(doc, mention.start, dates),
            score=0.85,
            attributes=dict(sense_of(mention.span).concept.attributes),
        )


register("labs", lambda nlp: Labs())
