"""
The ``antibodies`` reader: myositis antibodies and panels with the result that belongs to each mention.

It reads tables (columns, dot leaders, pipes, several antibodies a line, names or dates as column heads), lists
that share one answer, rows of signs, prose in both directions, and statements on panels as a whole. Value,
reference and flag are read together in the formats of the usual laboratories. A mention without an answer is
present where it names the patient's disease ("MDA5 CADM", "ASyS (Jo-1)").

Reads: doc.spans["concepts"] of kinds "antibody", "antibody_other" and "antibody_panel", doc._.layout.
Writes: drafts of these kinds.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from spacy.tokens import Doc, Span

from chartsift.nlp.components.antibody_coverage import coverage_of
from chartsift.nlp.components.antibody_items import Item, Name, items_of
from chartsift.nlp.components.antibody_readings import own_answers, reading
from chartsift.nlp.components.antibody_scan import Scan
from chartsift.nlp.components.antibody_subunits import subunit_of
from chartsift.nlp.components.antibody_tables import dated_columns, name_columns
from chartsift.nlp.components.antibody_values import Sibling, strength_of
from chartsift.nlp.components.antibody_words import result_words
from chartsift.nlp.components.assertion import someone_elses
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.text.dates import DateMention, dates_within
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.values import maker

KINDS = ("antibody", "antibody_other", "antibody_panel")
# How far before a name its sentence is read, and how far behind, in code points.
_LEAD = 500
_TRAIL = 700
_SYNONYM = re.compile(
    r"\s?(?:antibod(?:y|ies)|abs?)?\s?(?:[(\[/=]|\ba\.?k\.?a\.?\b)\s?(?:anti-?|aka |formerly |or )?$",
    re.IGNORECASE,
)
# These come as two tests of one antibody ("Mi-2 alpha / Mi-2 beta", "PM-Scl75/PM-Scl100").
_PAIRED = frozenset({"Mi-2", "PM-Scl"})
# A note with so many different dental words is a dental note.
_DENTAL_WORDS = 2
# A limit that stands this close behind an antibody is an antibody's, if it lies where assays have theirs.
_LIMIT_REACH = 60
_LIMITS = (5.0, 50.0)
_PANEL_LIMIT = re.compile(
    r"[(\[]\s*(?:ref(?:erence)?|normal|cut-?\s?off|pos(?:itive)?|neg(?:ative)?)?[:\s]*[<>≤≥]\s?(\d+(?:\.\d+)?)[^()\[\]]{0,12}[)\]]"
    r"|\b(?:ref(?:erence)?|cut-?\s?off|normal|all|others|rest|each|everything else)\b[^.\n\d]{0,20}"
    r"(?:[<≤]|\b(?:below|under|less than|up to))\s?(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_SHARED_UNIT = re.compile(r"[(\[]\s*(?:in |all in |units?: )?(SI|AU/mL|CU|AI|U/mL|units|U)\s*[)\]]")

# "Mi-2 negative, SAE as well": the same as of the name before.
_ALSO = re.compile(
    r"\s*,?\s*(?:was |is |were |are )?(?:also|too|as well|likewise|ditto|similarly|equally|the same)(?=\s*(?:[.,;)]|$|\n))",
    re.IGNORECASE,
)

_made = maker(Draft)


class Antibodies:
    """Give each antibody mention its result."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, KINDS)
        if spans:
            drafts_of(doc).extend(_drafts(doc, spans))
        return doc


def _drafts(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    text: str = doc._.note_text
    layout: Layout = doc._.layout
    note_date = note_date_of(doc)
    names = [name for name in _names(text, spans) if not _is_dental_work(text, name, spans)]
    used = sorted([*name_columns(layout, names, note_date), *dated_columns(layout, names, note_date)])
    starts = [name.start for name in names]
    dated = {id(name) for name in names if name.answers}
    for start, end in _regions(layout, names):
        _scan(layout, start, end, names, starts, used, note_date)
    _share_answers(layout, names)
    sizes: dict[tuple[int, int], int] = {}
    for name in names:
        sizes[name.group, name.head] = sizes.get((name.group, name.head), 0) + 1
    for name in names:
        draft = _draft(doc, spans[name.index], name, sizes[name.group, name.head], series=id(name) in dated)
        if draft is not None and draft.kind == "antibody_panel" and draft.assertion == "absent":
            draft = replace(draft, attributes={**draft.attributes, **coverage_of(layout, name, names)})
        if draft is not None:
            yield draft


def _share_answers(layout: Layout, names: Sequence[Name]) -> None:
    """Give a name that is said to be "also" so the answer of the one before it: "MDA5 was negative, Ro52 also"."""
    text = layout.text
    for before, name in pairwise(names):
        if name.answers or not before.answers or _ALSO.match(text, name.end) is None:
            continue
        if layout.sentence_number(before.start) == layout.sentence_number(name.start):
            name.answers.append(replace(before.answers[-1], value=None))


def _names(text: str, spans: Sequence[Span]) -> Iterator[Name]:
    """Yield the names; two spellings of one antibody side by side ("TIF1-γ (p155/140)") are one mention."""
    previous: Name | None = None
    for index, span in enumerate(spans):
        concept = sense_of(span).concept
        start, end = source_range(span)
        if previous is not None:
            between = text[previous.end : start]
            same = previous.concept == concept.concept and previous.kind == concept.kind == "antibody"
            if same and len(between) < 16 and _SYNONYM.search(between):
                bracket = between.rstrip().endswith(("(", "[")) or "(" in between
                if bracket or concept.concept not in _PAIRED:
                    previous.end = end
                    continue
            yield previous
        previous = Name(start, end, concept.kind, concept.concept, index)
    if previous is not None:
        yield previous


def _is_dental_work(text: str, name: Name, spans: Sequence[Span]) -> bool:
    """Say whether "SRP" is scaling and root planing: a dental note that names no other antibody."""
    if name.concept != "SRP" or text[name.start : name.end] != "SRP":
        return False
    # What the other names are is known; only then the note is looked through, and once.
    if any(sense_of(span).concept.concept != "SRP" for span in spans):
        return False
    if _dental_words(text) < _DENTAL_WORDS:
        return False
    before, after = text[max(0, name.start - 8) : name.start], text[name.end : name.end + 60]
    return not (re.search(r"anti\W{0,2}$", before, re.IGNORECASE) or result_words().epithet.match(after))


@lru_cache(maxsize=1)
def _dental_words(text: str) -> int:
    return len({match.group().lower() for match in result_words().dental.finditer(text)})


def _regions(layout: Layout, names: Sequence[Name]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text to walk along: the lines and sentences of the names, merged."""
    begin: int | None = None
    stop = 0
    for name in names:
        number = layout.line_number(name.start)
        first = layout.lines[max(0, number - 1)]
        start = min(first.start, layout.sentence_at(name.start).start)
        start = max(start, name.start - _LEAD)
        last = layout.lines[min(len(layout.lines) - 1, layout.line_number(name.end) + 2)]
        end = max(last.end, layout.sentence_at(name.start).end, name.end)
        end = min(end, name.end + _TRAIL)
        if begin is None:
            begin, stop = start, end
        elif start <= stop:
            stop = max(stop, end)
        else:
            yield begin, stop
            begin, stop = start, end
    if begin is not None:
        yield begin, stop


def _scan(
    layout: Layout,
    start: int,
    end: int,
    names: Sequence[Name],
    starts: Sequence[int],
    used: Sequence[tuple[int, int]],
    note_date: date,
) -> None:
    inside = names[bisect_left(starts, start) : bisect_right(starts, end - 1)]
    open_names = [name for name in inside if not name.answers]
    if not open_names:
        return
    items = _items(layout, start, end, open_names, names, starts, used, note_date)
    Scan(layout.text, items, open_names[-1].start).run()


def _items(
    layout: Layout,
    start: int,
    end: int,
    open_names: Sequence[Name],
    names: Sequence[Name],
    starts: Sequence[int],
    used: Sequence[tuple[int, int]],
    note_date: date,
) -> Iterator[Item]:
    """Yield the items of ``text[start:end]``; what tables have used up parts them like a blank line."""
    dates = [
        day
        for day in dates_within(layout.text, note_date, start, end)
        if not _stands_in_name(day, names, starts)
    ]
    sibling = _LimitOfList(layout.text, start, end, starts)
    at = start
    for first, last in used[bisect_left(used, (start, 0)) : bisect_left(used, (end, 0))]:
        yield from _walkable(layout, at, first, open_names, dates, sibling)
        yield Item("blank", first, last)
        at = max(at, last)
    yield from _walkable(layout, at, end, open_names, dates, sibling)


def _stands_in_name(day: DateMention, names: Sequence[Name], starts: Sequence[int]) -> bool:
    """Say whether what looks like a date is part of a name ("155/140")."""
    i = bisect_right(starts, day.start) - 1
    return any(
        0 <= k < len(names) and names[k].start < day.end and day.start < names[k].end for k in (i, i + 1)
    )


class _LimitOfList:
    """The limit of a list, looked for only when a bare number asks, and once."""

    __slots__ = ("_asked", "_limit", "_where")

    def __init__(self, text: str, start: int, end: int, starts: Sequence[int]) -> None:
        self._where = text, start, end, starts
        self._asked = False
        self._limit: float | None = None

    def __call__(self) -> float | None:
        if not self._asked:
            text, start, end, starts = self._where
            self._limit = _panel_limit(text, start, end, starts) or _limit_of_unit(text, start, end)
            self._asked = True
        return self._limit


def _panel_limit(text: str, start: int, end: int, starts: Sequence[int]) -> float | None:
    """Return the limit that one antibody of a panel is printed with, for its neighbours without one."""
    for match in _PANEL_LIMIT.finditer(text, start, end):
        limit = float(match.group(1) or match.group(2))
        i = bisect_right(starts, match.start()) - 1
        if i >= 0 and match.start() - starts[i] <= _LIMIT_REACH and _LIMITS[0] <= limit <= _LIMITS[1]:
            return limit
    return None


def _limit_of_unit(text: str, start: int, end: int) -> float | None:
    """Return the usual limit of a unit that stands once for a whole list: "Mi-2 alpha 8 / Mi-2 beta 54 (SI)"."""
    match = _SHARED_UNIT.search(text, start, end)
    if match is None:
        return None
    words = result_words()
    unit = words.unit_of.get(match.group(1).lower(), "")
    return words.bands[unit].negative + 0.01 if unit in words.bands and unit else None


def _walkable(
    layout: Layout,
    start: int,
    end: int,
    names: Sequence[Name],
    dates: Sequence[DateMention],
    sibling: Sibling,
) -> Iterator[Item]:
    if start >= end:
        return iter(())
    return items_of(
        layout,
        start,
        end,
        [name for name in names if start <= name.start < end],
        [day for day in dates if start <= day.start < end],
        sibling,
    )


# ---- what the answers come to


def _draft(doc: Doc, span: Span, name: Name, listed: int, *, series: bool) -> Draft | None:
    text: str = doc._.note_text
    layout: Layout = doc._.layout
    concept = sense_of(span).concept
    attributes = {key: value for key, value in concept.attributes.items() if value}
    # "Seronegative" is its own answer.
    answers = [] if attributes.get("result") else own_answers(layout, name, series=series)
    result, assertion, cues = reading(text, layout, name, answers, listed)
    if name.kind == "antibody_panel":
        if attributes.pop("result", "") == "negative" and not answers:
            result, assertion = (
                ("negative", "absent") if assertion in ("present", "absent") else (result, assertion)
            )
        elif not answers and name.fallback is None and result in ("", "implied"):
            return None  # a panel that is only named
    if assertion == "present" and not answers and name.kind == "antibody_other":
        return None  # "SSA" with no result says nothing
    relatives = someone_elses(span)
    if relatives is not None:
        assertion, cues = "family", relatives
    value = next((answer.value for answer in answers if answer.value is not None), None)
    if result:
        attributes["result"] = result
    subunit = subunit_of(text, name.start, name.end, name.concept)
    if subunit:
        attributes["subunit"] = subunit
    if result in ("positive", "weak"):
        strength = "weak" if result == "weak" else strength_of([answer.words for answer in answers], value)
        if strength:
            attributes["strength"] = strength
    if result in ("unmeasured", "contradicted"):
        attributes["words"] = " ".join(answer.words for answer in answers[:2]).lower() or "open"
    day: date | None = None
    if name.day is not None:
        day = min(name.day.last, note_date_of(doc))
    measured: dict[str, Any] = {}
    if value is not None:
        measured = {
            "value": value.value,
            "unit": value.unit,
            "comparator": value.comparator,
            "ref_high": value.ref_high,
            "flag": value.flag or ("H" if value.polarity in ("positive", "weak") and value.supported else ""),
        }
    return _made(
        start=name.start,
        end=name.end,
        kind=name.kind,
        concept=name.concept,
        assertion=assertion,
        rule=f"antibodies:{'answer' if answers else 'context'}",
        cues=cues,
        date=day,
        score=0.98 if answers else 0.85,
        attributes=attributes,
        **measured,
    )


register("antibodies", lambda nlp: Antibodies())
