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
from typing import cast

from spacy.tokens import Doc, Span

from chartsift.nlp.components.antibody_coverage import coverage_of
from chartsift.nlp.components.antibody_items import Answer, Item, Name, items_of
from chartsift.nlp.components.antibody_scan import Scan
from chartsift.nlp.components.antibody_subunits import subunit_of
from chartsift.nlp.components.antibody_tables import dated_columns, name_columns, reference_comes_first
from chartsift.nlp.components.antibody_values import Polarity, strength_of
from chartsift.nlp.components.antibody_words import result_words
from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.diagnosis_cues import diagnosis_cues
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

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
_LIST_OF_NAMES = 3
# A note with so many different dental words is a dental note.
_DENTAL_WORDS = 2
# How far a verb of ordering reaches over a list of tests, in code points.
_ORDER_REACH = 120
# A limit that stands this close behind an antibody is an antibody's, if it lies where assays have theirs.
_LIMIT_REACH = 60
_LIMITS = (5.0, 50.0)
_PANEL_LIMIT = re.compile(
    r"[(\[]\s*(?:ref(?:erence)?|normal|cut-?\s?off|pos(?:itive)?|neg(?:ative)?)?[:\s]*[<>≤≥]\s?(\d+(?:\.\d+)?)[^()\[\]]{0,12}[)\]]"
    r"|\b(?:ref(?:erence)?|cut-?\s?off|normal|all|others|rest|each|everything else)\b[^.\n\d]{0,20}"
    r"(?:[<≤]|\b(?:below|under|less than|up to))\s?(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
# "A myositis screen was sent, Jo-1 and Mi-2 among them": members of what was ordered.
_AMONG = re.compile(
    r"(?:[\s,/&]*(?:\b(?:and|or|anti)\b[\s-]*)?[A-Z][\w-]{1,9}(?:\s?[αβγ])?){0,6}[\s,(]*\b(?:among(?:st)? (?:them|others|it|these)"
    r"|includ(?:ed|ing)|in (?:it|the list|the lot)|on (?:it|the list|the form|the request))\b"
)
_ANY_RESULT = re.compile(r"\b(?:pos|neg|detect|react)|came back|equivocal|borderline", re.IGNORECASE)
_SHARED_UNIT = re.compile(r"[(\[]\s*(?:in |all in |units?: )?(SI|AU/mL|CU|AI|U/mL|units|U)\s*[)\]]")
_ANY_POSITIVE = re.compile(
    r"(?:detected|found|identified|present|seen|positive|pos|reactive)\.?", re.IGNORECASE
)
# A name that is followed by a number on its line has a result, read or not; it is no epithet.
_VALUE_AFTER = re.compile(r"[^.;\n\w]{0,3}(?:-?Ak\b|Abs?\b|IgG\b)?[^;\n]{0,40}?\s[<>≤≥]\s?\d|\s{2,}\d")
_ASSERTION: dict[Polarity, Assertion] = {
    "positive": "present",
    "weak": "present",
    "borderline": "possible",
    "negative": "absent",
    "unmeasured": "possible",
}


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
    sizes: dict[tuple[int, int], int] = {}
    for name in names:
        sizes[name.group, name.head] = sizes.get((name.group, name.head), 0) + 1
    for name in names:
        draft = _draft(doc, spans[name.index], name, sizes[name.group, name.head], series=id(name) in dated)
        if draft is not None and draft.kind == "antibody_panel" and draft.assertion == "absent":
            draft = replace(draft, attributes={**draft.attributes, **coverage_of(layout, name, names)})
        if draft is not None:
            yield draft


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
        for day in find_dates(layout.text, note_date, start=start, end=end)
        if not _stands_in_name(day, names, starts)
    ]
    sibling = _panel_limit(layout.text, start, end, starts) or _limit_of_unit(layout.text, start, end)
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
    sibling: float | None,
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
    answers = [] if attributes.get("result") else _own_answers(layout, name, series=series)
    result, assertion, cues = _reading(text, layout, name, answers, listed)
    if name.kind == "antibody_panel":
        if attributes.pop("result", "") == "negative" and not answers:
            result, assertion = (
                ("negative", "absent") if assertion in ("present", "absent") else (result, assertion)
            )
        elif not answers and name.fallback is None and result in ("", "implied"):
            return None  # a panel that is only named
    if assertion == "present" and not answers and name.kind == "antibody_other":
        return None  # "SSA" with no result says nothing
    general, general_cues = assertion_of(span)
    if general == "family":
        assertion, cues = "family", general_cues
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
    draft = Draft(
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
    )
    if value is None:
        return draft
    return replace(
        draft,
        value=value.value,
        unit=value.unit,
        comparator=value.comparator,
        ref_high=value.ref_high,
        flag=value.flag or ("H" if value.polarity in ("positive", "weak") and value.supported else ""),
    )


def _own_answers(layout: Layout, name: Name, *, series: bool) -> list[Answer]:
    """Return the answers that count, the reference column of a table left out."""
    answers = list(name.answers)
    if series or len(answers) < 2:
        return answers
    if answers[0].start > name.end and answers[1].apart and reference_comes_first(layout, name.start):
        return answers[1:]
    kept = [answers[0]]
    for answer in answers[1:]:
        first = kept[0]
        if first.value is not None and answer.value is None:
            if answer.apart and first.polarity == "positive" and answer.polarity == "negative":
                continue  # "184   Negative": what a normal result would read
            kept.append(answer)
        elif first.value is None and answer.apart and answer.value is None:
            continue  # "Positive   Negative": result and reference
        else:
            kept.append(answer)
    return kept


def _reading(
    text: str, layout: Layout, name: Name, answers: Sequence[Answer], listed: int
) -> tuple[str, Assertion, tuple[str, ...]]:
    """Return (result, assertion, cues) of a name by its answers, or by the words around it."""
    words = result_words()
    sentence = layout.sentence_at(name.head)
    begin = min(sentence.start, name.head)
    if text[max(0, begin - 3) : begin].strip() == "?":
        begin = max(0, begin - 3)
    before = text[max(begin, name.head - 60) : name.head]
    if words.if_before.search(before):
        return "conditional", "hypothetical", (before.strip(),)
    if answers:
        polarity, contradicted = _combined(text, name, answers)
        cues = tuple(dict.fromkeys(answer.words for answer in answers))
        if (
            polarity == "positive"
            and all(_ANY_POSITIVE.fullmatch(answer.words) for answer in answers)
            and (denied := words.no_before.search(before))
        ):
            return "negative", "absent", (denied.group().strip(), *cues)
        if contradicted:
            return "contradicted", "possible", cues
        if polarity == "positive" and _is_borderline_sign(text, layout, name, answers):
            return "borderline", "possible", cues
        if polarity in ("positive", "weak") and re.search(r"\?\s?$|\bwhether\b[^.,;]{0,20}$", before):
            return "questioned", "possible", cues
        return polarity, _ASSERTION[polarity], cues
    return _without_answer(text, layout, name, begin, listed)


def _without_answer(
    text: str, layout: Layout, name: Name, begin: int, listed: int
) -> tuple[str, Assertion, tuple[str, ...]]:
    """Return the reading of a name that no answer belongs to; its sentence begins at *begin*."""
    words = result_words()
    before = text[max(begin, name.head - 60) : name.head]
    seen = words.before.look(before)
    denied = seen.search("no")
    if denied:
        return "negative", "absent", (denied.group().strip(),)
    unsure = seen.search("unsure")
    if unsure:
        return "unmeasured", "possible", (unsure.group().strip(),)
    after = text[name.end : name.end + 60]
    if re.match(r"\s?\?", after):
        return "questioned", "possible", ("?",)
    if words.epithet.match(after):
        doubt = _doubt_of_disease(before)
        if doubt is not None:
            return doubt
        return "implied", "present", (after.split("\n", maxsplit=1)[0].strip()[:20],)
    if name.fallback is not None:
        return "unmeasured", "possible", (name.fallback.words,)
    ordered = words.order_before.search(text[max(begin, name.head - _ORDER_REACH) : name.head])
    if ordered:
        return "unmeasured", "possible", (ordered.group("verb").strip(),)
    if _is_work_up(text, layout, name, begin):
        return "unmeasured", "possible", ("plan",)
    if words.before.look(text[max(0, name.head - 60) : name.head]).search("epithet"):
        return "implied", "present", ()
    told = layout.sentence_text(name.start)
    if _AMONG.match(after) and words.sent.search(told) and not _ANY_RESULT.search(told):
        return "unmeasured", "possible", ("among them",)
    if listed >= _LIST_OF_NAMES or _among_names(layout, name) or _VALUE_AFTER.match(text, name.end):
        return "unmeasured", "possible", ()
    return "implied", "present", ()


def _among_names(layout: Layout, name: Name) -> bool:
    """Say whether a name without an answer stands in a list of names that broke ("…, Mi-2 a/b, TIF1y, NXP-2)")."""
    sentence = layout.sentence_at(name.start)
    left = layout.text[max(sentence.start, name.start - 60) : name.start]
    right = layout.text[name.end : min(max(sentence.end, name.end), name.end + 60)]
    any_name = _any_name()
    return any_name.search(left) is not None and len(any_name.findall(left + " § " + right)) >= _LIST_OF_NAMES


@lru_cache(maxsize=1)
def _any_name() -> re.Pattern[str]:
    """Return the names of the antibodies as the vocabulary spells them, hyphens and blanks left open."""
    spellings = sorted(
        {term.text for concept in load_concepts() if concept.kind == "antibody" for term in concept.terms},
        key=len,
        reverse=True,
    )
    loose = "|".join(re.sub(r"(?:\\[- ]|[- ])+", r"\\W?\\s?", re.escape(spelling)) for spelling in spellings)
    return re.compile(rf"(?<!\w)(?:{loose})(?!\w)")


def _doubt_of_disease(before: str) -> tuple[str, Assertion, tuple[str, ...]] | None:
    """Return how a disease named after an antibody is held when not as the patient's: "risk of HMGCR myopathy"."""
    cues = diagnosis_cues()
    seen = cues.before.look(before)
    for name, result, assertion in (
        ("hypothetical", "conditional", "hypothetical"),
        ("unsure", "questioned", "possible"),
    ):
        match = seen.search(name)
        if match is not None and not cues.stop.search(match.group("between")):
            return result, cast(Assertion, assertion), (match.group("cue"),)
    return None


def _is_work_up(text: str, layout: Layout, name: Name, begin: int) -> bool:
    """Say whether a name without an answer stands in a list of tests to be done."""
    sentence = layout.sentence_at(name.head)
    stop = min(max(sentence.end, name.end), name.end + _ORDER_REACH)
    first = max(begin, name.head - _ORDER_REACH)
    around = text[first:stop]
    words = result_words()
    if words.work_up.search(around) is None:
        return False
    if not words.other_tests.search(text[first : name.start] + " " + text[name.end : stop]):
        return False
    return layout.section_at(name.head).category == "plan" or words.to_do.match(around) is not None


def _combined(text: str, name: Name, answers: Sequence[Answer]) -> tuple[Polarity, bool]:
    """Return what several answers come to, and whether they contradict each other."""
    measured = [answer for answer in answers if answer.polarity != "unmeasured"]
    around = text[name.start : max(answer.end for answer in answers) + 40].split("\n\n", maxsplit=1)[0]
    if not measured:
        return "unmeasured", False
    # The word that a laboratory prints beside its number is its own reading of that number.
    spoken = [answer for answer in measured if answer.value is None]
    flagged = any(answer.value is not None and answer.value.flag == "H" for answer in measured)
    decisive = spoken if spoken and not (flagged and len(spoken) < len(measured)) else measured
    polarities = [answer.polarity for answer in decisive]
    positive = [p for p in polarities if p in ("positive", "weak")]
    if positive and "negative" in polarities:
        if result_words().methods.search(around):
            return "borderline", True
        return ("positive" if "positive" in positive else "weak"), False
    if positive and result_words().conflict.search(around):
        return "borderline", True
    if not positive and polarities[0] == "borderline" and polarities[-1] == "negative":
        return "negative", False  # "equivocal in May and negative in July"
    if positive and "borderline" in polarities and not _has_digit_between(text, decisive):
        return "borderline", False  # "(+) equivocal", "positive, borderline"
    if "weak" in polarities:
        # "weakly positive" beside "+" stays weak
        return "weak", False
    if positive:
        return "positive", False
    return polarities[0], False


def _has_digit_between(text: str, answers: Sequence[Answer]) -> bool:
    """Say whether dates or numbers part the answers: then they are results of several days, not one reading."""
    between = text[min(answer.end for answer in answers) : max(answer.start for answer in answers)]
    return any(c.isdigit() for c in between)


def _is_borderline_sign(text: str, layout: Layout, name: Name, answers: Sequence[Answer]) -> bool:
    """Say whether "(+)" is the line blot's sign for a borderline band rather than a clinician's positive."""
    if not all(re.fullmatch(r"\(\s?\+\s?\)", answer.words) or answer.value is not None for answer in answers):
        return False
    if not any(answer.value is None for answer in answers):
        return False
    if any(answer.value is not None and answer.value.polarity == "borderline" for answer in answers):
        return True
    line = layout.line_at(name.start)
    near = text[max(line.start, name.start - 300) : min(line.end, name.end + 300)]
    if re.search(r"\(\s?[-–−]\s?\)", near):
        return False
    block = text[max(0, name.start - 400) : name.end + 400]
    return bool(re.search(r"(?<![+\w(])\+{2,3}(?![+\w])", near) or result_words().line_blot.search(block))


register("antibodies", lambda nlp: Antibodies())
