"""
The ``muscle`` reader: strength as measured and as stated, and what the patient can do.

Reads: doc._.note_text, doc._.layout, concepts of kind "strength" and "function".
Writes: drafts of kind "strength" (MRC, MMT, CMAS, full_strength, weakness, Gowers, waddling_gait, head_drop) and
"function" (rising, stairs, arms, axial, daily, walking, swallowing, fatigue); see docs/findings/muscle.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from spacy.tokens import Doc, Span

from chartsift.nlp.components.beside import date_beside, story_date
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.components.muscle_function import abilities
from chartsift.nlp.components.muscle_grades import measures
from chartsift.nlp.components.muscle_measures import Measure
from chartsift.nlp.components.muscle_places import places_of
from chartsift.nlp.components.own import own_assertion
from chartsift.nlp.components.places import is_warning, source_at
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tables import assign, columns_above, split_cells
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

_EARLIER = re.compile(
    r"\b(?:at (?:that time|the time|diagnosis|dx|onset|presentation|first|baseline|last visit"
    r"|initial \w+)|then was|was then|initial(?:ly)?|original(?:ly)?|baseline|last visit|previous(?:ly)?"
    r"|prior"
    r"|in the past|on my first|first exam\w*|at discharge then|back then|nadir|peak|worst|best)\b",
    re.IGNORECASE,
)
_EARLIER_AFTER = re.compile(
    r"\s*\(?(?:at (?:diagnosis|dx|onset|presentation|baseline|that time|first)|initially|originally"
    r"|last (?:visit|year|month|time)|previously|then\b|before (?:treatment|IVIG|therapy))"
    r"(?!\W{0,3}(?:was |it was )?\d)",
    re.IGNORECASE,
)
# MMT-8 of one side and of both sides with the neck; any other sum is of another set of muscles.
_MMT_SCALES = (80.0, 150.0)
_NAME = re.compile(r"\w+(?:\s?-?\s?8)?")
_NOW = re.compile(r"\b(?:now|today|currently|still|remains?|again)\b", re.IGNORECASE)
# Says that a grade is the day's own, where the note also holds one that says nothing of its day.
_TODAY = re.compile(r"\b(?:today|now|interval|(?:this|current) (?:visit|exam\w*)|currently)\b", re.IGNORECASE)
_TODAY_AFTER = re.compile(r"[^.;,\n]{0,20}\b(?:today|now|this visit)\b", re.IGNORECASE)
# How far in front of a grade on its line, in code points, the words may stand: the length of one list of muscles.
_TODAY_REACH = 200
_DENIED_BEFORE = re.compile(
    r"\b(?:never|not|no|denies|without|w/o)\s+(?:\w+\s+){0,2}$|(?:^|[.,;]\s*)[-–]\s?$", re.IGNORECASE
)
_GENERAL = re.compile(r"generali[sz]ed|fatigue|tired|malaise|light-?headed|dizz", re.IGNORECASE)
# Weakness of one side or one hand is a nerve's or a joint's as often as a muscle's.
_FOCAL = re.compile(
    r"\b(?:left|right|one|L|R)\b[- ]?(?:sided|lower|upper|leg|arm|hand|foot|side)?[ \w-]{0,18}$"
    r"|\b(?:facial|hand|grip|foot|ankle|wrist|finger)\s*$",
    re.IGNORECASE,
)
_FOCAL_AFTER = re.compile(
    r"\s*(?:in|of|on)\s+(?:his |her |the )?(?:left|right|one)\b|\s*(?:in|of)\s+(?:his |her "
    r"|the )?(?:hands?|foot|feet|grip|fingers?|ankles?|face)\b|[^.;\n]{0,20}\bfoot drop",
    re.IGNORECASE,
)
# "weak dry cough", "a weak Ro52": something else is weak.
_OTHER_WEAK = re.compile(
    r"(?<=[Ww]eak)\s+(?:\w+\s+){0,2}?(?:cough|pulses?|voice|stream|bands?|signal|reactiv\w*|titers?|evidence|opioids?"
    r"|expression|staining|uptake|acids?|(?:anti-?)?(?:Ro|Jo|SSA|Mi|Ku|PL|MDA)\b|(?:anti-?)?Ro-?\d|correlation|link"
    r"|spot|point|teeth|bones?|urinary|erection\w*)",
    re.IGNORECASE,
)
_ABSENT_AFTER = re.compile(
    r"\s{0,2}(?:is |are |was |sign |maneuver )?(?:neg(?:ative)?|absent|none)\b|\s{0,2}[-–](?=\s|$|,|;)",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(r"[^.;,\n]{0,12}\b(?:is |was )?(?:denied|not present|absent)\b", re.IGNORECASE)
# "swallowing fine" names no trouble but the act, and says that it goes well.
_THE_ACT = re.compile(r"swallow(?:s|ing)?", re.IGNORECASE)
_READINGS: dict[str, Assertion] = {
    "limited": "present",
    "able": "absent",
    "past": "historical",
    "family": "family",
    "hypothetical": "hypothetical",
}


class Muscle:
    """Find statements on strength and function."""

    def __call__(self, doc: Doc) -> Doc:
        drafts = drafts_of(doc)
        layout: Layout = doc._.layout
        found = list(measures(layout.text, layout))
        for measure in found:
            drafts.extend(_measure_drafts(doc, measure))
        covered = [(m.start, m.end) for m in found if m.concept == "full_strength"]
        drafts.extend(_function_drafts(doc))
        for span in concept_spans(doc, ("strength", "function")):
            start, end = source_range(span)
            if any(a < end and start < b for a, b in covered) or _OTHER_WEAK.match(layout.text, end):
                continue
            drafts.append(_stated(doc, span))
        return doc


def _measure_drafts(doc: Doc, measure: Measure) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    attributes = {"group": measure.group, "source": "exam"}
    if measure.concept in ("MRC", "full_strength") and (
        where := places_of(layout.text, measure.start, measure.end)
    ):
        attributes["place"] = " ".join(where)
    if measure.scale is not None:
        attributes["scale"] = f"{measure.scale:g}"
        if measure.concept == "MMT" and measure.scale not in _MMT_SCALES:
            attributes["scale_unusual"] = "yes"
    if measure.limited:
        attributes["limited"] = measure.limited
    if measure.cause:
        attributes["cause"] = measure.cause
    assertion: Assertion = "present"
    cues: tuple[str, ...] = ()
    sentence = layout.sentence_at(measure.start)
    begin = max(min(sentence.start, measure.start), measure.start - 60)
    earlier = _EARLIER.search(layout.text, begin, measure.end) or _EARLIER_AFTER.match(
        layout.text, measure.end
    )
    if layout.section_at(measure.start).category == "family_history":
        assertion = "family"
    elif (
        earlier is not None
        and not _is_compared(layout.text, earlier.start())
        and _NOW.search(layout.text, earlier.end(), max(earlier.end(), measure.end)) is None
    ):
        assertion, cues = "historical", (earlier.group(),)
    day = date_beside(doc, measure.start, measure.end)
    if assertion == "present" and day is None and (told := story_date(doc, measure.start)) is not None:
        assertion, cues, day = "historical", (told.isoformat(),), told
    if assertion == "present" and _is_of_today(layout, measure.start, measure.end):
        attributes["moment"] = "today"
    draft = Draft(
        start=measure.start,
        end=measure.end,
        kind="strength",
        concept=measure.concept,
        assertion=assertion,
        rule="muscle:measure",
        cues=cues,
        value=measure.value,
        date=day,
        score=0.95,
        attributes=attributes,
    )
    columns = list(_columns(doc, measure, draft)) if measure.concept in ("MMT", "CMAS") else []
    yield from columns or [draft]


def _is_of_today(layout: Layout, start: int, end: int) -> bool:
    """Say whether the line before ``start:end``, the words behind it or the heading speak of today."""
    text = layout.text
    begin = max(layout.line_at(start).start, start - _TODAY_REACH)
    section = layout.section_at(start)
    return (
        _TODAY.search(text, begin, end) is not None
        or _TODAY_AFTER.match(text, end) is not None
        or (section.category == "exam" and _TODAY.search(section.title) is not None)
    )


def _is_compared(text: str, start: int) -> bool:
    """Say whether the word for an earlier time only measures today: "better than at diagnosis"."""
    return (
        re.search(
            r"\b(?:than|compared (?:to|with)|vs\.?|versus|since|from)\s+(?:\w+\s+){0,3}$",
            text[max(0, start - 40) : start],
        )
        is not None
    )


# A cell of a table of sums: "133", "133/150", "133 (bilateral)".
_SUM_CELL = re.compile(r"(?P<value>\d{1,3}(?:\.\d)?)\s*(?:/\s*(?P<scale>\d+))?(?!\S)")


def _columns(doc: Doc, measure: Measure, draft: Draft) -> Iterator[Draft]:
    """Yield one draft a column where the sum stands in a table with a date above each value."""
    layout: Layout = doc._.layout
    text = layout.text
    line = layout.line_at(measure.start)
    if text[line.start : measure.start].strip(" \t\xa0-*•|>"):
        return
    columns = columns_above(layout, layout.line_number(measure.start), note_date_of(doc))
    if columns is None:
        return
    name = _NAME.match(text, measure.start)
    if name is None:
        return
    cells = [
        c for c in split_cells(text, name.end(), line.end, line_start=line.start) if _SUM_CELL.match(c.text)
    ]
    for cell, column in assign(cells, columns):
        score = _SUM_CELL.match(cell.text)
        if column.date is None or score is None:
            continue
        value, scale = score.group("value"), score.group("scale")
        attributes = dict(draft.attributes)
        if scale:
            attributes["scale"] = scale
        yield replace(
            draft,
            start=cell.start,
            end=cell.end,
            value=float(value),
            date=column.date,
            attributes=attributes,
        )


def _function_drafts(doc: Doc) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    for ability in abilities(layout.text, layout):
        category = layout.section_at(ability.start).category
        assertion = _READINGS[ability.reading]
        day = (
            date_beside(doc, ability.start, ability.end, before=110, after=0)
            if ability.reading == "limited"
            else None
        )
        if category == "family_history":
            assertion = "family"
        elif ability.reading == "limited" and is_warning(layout, ability.start):
            assertion = "hypothetical"
        elif ability.reading == "limited" and (told := story_date(doc, ability.start)) is not None:
            assertion, day = "historical", told
        yield Draft(
            start=ability.start,
            end=ability.end,
            kind="function",
            concept=ability.activity,
            assertion=assertion,
            rule="muscle:function",
            date=day,
            score=0.9 if ability.weight == "clear" else 0.6,
            attributes={"weight": ability.weight, "source": source_at(layout, ability.start)},
        )


def _stated(doc: Doc, span: Span) -> Draft:
    """Return the draft of a word such as "proximal weakness" or "dysphagia"."""
    layout: Layout = doc._.layout
    text = layout.text
    start, end = source_range(span)
    assertion, cues = own_assertion(span)
    sentence = layout.sentence_at(start)
    tail = text[end : min(max(sentence.end, end), end + 40)]
    if assertion in ("present", "possible"):
        for pattern in (_ABSENT_AFTER, _DENIED_AFTER):
            match = pattern.match(tail)
            if match is not None and sense_of(span).concept.kind in ("strength", "function"):
                assertion, cues = "absent", (match.group().strip(),)
                break
        # A dash that opens a line is a bullet and denies nothing.
        opening = max(min(sentence.start, start), start - 30, layout.line_at(start).start)
        denied = _DENIED_BEFORE.search(text[opening:start])
        if denied is not None and not text[layout.line_at(start).start : opening + denied.start()].strip(
            " -–*•"
        ):
            denied = denied if denied.group().strip(" -–*•") else None
        if denied is not None and not re.match(
            r"(?:not|no) (?:only|longer|change)", denied.group(), re.IGNORECASE
        ):
            assertion, cues = "absent", (denied.group().strip(),)
    if assertion in ("present", "possible") and _THE_ACT.fullmatch(text[start:end]):
        assertion, cues = "absent", (tail.strip().split(maxsplit=1)[0],) if tail.strip() else ()
    attributes = dict(sense_of(span).concept.attributes)
    attributes["source"] = source_at(layout, start)
    if sense_of(span).concept.concept == "weakness":
        around = text[max(min(sentence.start, start), start - 25) : min(max(sentence.end, end), end + 20)]
        left = text[max(min(sentence.start, start), start - 40) : start]
        vague = _GENERAL.search(around) or _FOCAL.search(left) or _FOCAL_AFTER.match(tail)
        attributes["weight"] = "hint" if vague else "clear"
        if where := places_of(text, start, end):
            attributes["place"] = " ".join(where)
    elif "weight" not in attributes:
        attributes["weight"] = "clear"
    if assertion in ("present", "possible") and is_warning(layout, start):
        assertion, cues = "hypothetical", ("warning",)
    day = date_beside(doc, start, end) if assertion in ("present", "historical") else None
    if assertion == "present" and (told := story_date(doc, start)) is not None:
        assertion, cues, day = "historical", (told.isoformat(),), told
    return draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


register("muscle", lambda nlp: Muscle())
