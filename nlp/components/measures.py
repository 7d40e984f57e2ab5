"""
The ``measures`` reader: scores of disease activity and function (CDASI, HAQ, CHAQ, global assessments, ECOG, KPS).

Values are read like laboratory values (``lab_series``, ``lab_tables``, ``lab_dates``); the scale that is printed behind
one ("6.2/10") is kept, else the usual one of the score is. A number beyond its scale is something else.

Reads: doc.spans["concepts"] of kind "measure", doc._.layout. Writes: drafts of kind "measure".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.lab_dates import LabDates
from chartsift.nlp.components.lab_series import read_series
from chartsift.nlp.components.lab_tables import Label, under_header
from chartsift.nlp.components.lab_values import Manner, Value
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.dates import note_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.text.values import read_value
from chartsift.nlp.types import Assertion

# Visual analogue scales are read off in centimetres of ten.
_SCALE = r"\s?(?:(?:/|out of|of)\s?(?P<scale>{})(?![\d/]|\.\d)|cm\b)"
_PAIRED = Manner(paired=True)
# "CDASI activity 24, damage 3", "A/D 24/3", "24 (activity) / 3 (damage)": the second number is the damage.
_DAMAGE = re.compile(
    r"\s*(?:\(\s?(?:activity|A)\s?\))?\s*[,;/|&]?\s*(?:and\s+)?(?:\(?(?:damage|D)\b\)?\s*(?:score)?\s*(?:[:=]|of|is|was)?\s*"
    r"(?P<named>\d{1,2})|(?P<second>\d{1,2})\s*\(?\s?(?:damage|D)\b\)?)(?![\d/])",
    re.IGNORECASE,
)
_BOTH = re.compile(r"A\s?/\s?D$|activity\s?/\s?damage$", re.IGNORECASE)
_SECOND = re.compile(r"\s?/\s?(?P<second>\d{1,2})(?!\d)")
_CONDITION_BETWEEN = re.compile(r"\b(?:must|should|required|goal|target|need(?:s|ed)? to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Mention:
    span: Span
    start: int
    end: int
    line: int
    concept: str
    attributes: dict[str, str]


class Measures:
    """Turn scores into drafts with values."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["measure"])
        if spans:
            drafts_of(doc).extend(_read(doc, spans))
        return doc


def _read(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text, note_date = layout.text, note_date_of(doc)
    dates = note_dates(text, note_date)
    mentions = []
    for span in spans:
        start, end = source_range(span)
        concept = sense_of(span).concept
        mentions.append(
            _Mention(span, start, end, layout.line_number(start), concept.concept, dict(concept.attributes))
        )
    headings = LabDates(layout, dates, frozenset(mention.line for mention in mentions))
    for i, mention in enumerate(mentions):
        following = mentions[i + 1].start if i + 1 < len(mentions) else len(text)
        rows = under_header(layout, [Label(mention.start, mention.end, mention.line)], note_date)
        if rows is not None:
            values = rows[0]
        else:
            line, sentence = layout.line_at(mention.start), layout.sentence_at(mention.start)
            end = min(max(sentence.end, mention.end), max(line.end, sentence.end), following)
            both = _BOTH.search(text[mention.start : mention.end]) is not None
            manner = _PAIRED if both else _manner(mention.attributes["scales"])
            values = read_series(text, mention.end, end, dates, manner)
        assertion, cues = _assertion(layout, mention, values)
        for place, value in enumerate(values):
            start = mention.start if place == 0 else value.reading.start
            draft = _draft(mention, start, value, headings, assertion, cues)
            if draft is not None:
                yield draft
        if values and mention.concept == "CDASI-A":
            yield from _damage(text, mention, values[-1], headings, assertion, cues)


@lru_cache(maxsize=16)
def _manner(scales: str) -> Manner:
    """Return how the numbers of a score with these possible scales are taken; a share of 100 may be a percentage."""
    return Manner(
        scale=re.compile(_SCALE.format(scales), re.IGNORECASE), ranges=True, percent=scales == "100"
    )


def _draft(
    mention: _Mention,
    start: int,
    value: Value,
    headings: LabDates,
    assertion: Assertion,
    cues: tuple[str, ...],
) -> Draft | None:
    reading = value.reading
    scale = value.scale or mention.attributes["scale"]
    largest = float(value.scale or mention.attributes["largest"])
    if reading.value > largest or reading.unit or reading.times_uln:
        return None
    attributes: dict[str, str] = {}
    if scale:
        attributes["scale"] = scale
    if reading.upper is not None:
        attributes["high"] = f"{reading.upper:g}"
    day = value.mention
    if value.earlier:
        attributes["superseded"] = "yes"
    elif day is None:
        day = headings.for_entry(mention.start)
    if day is not None and day.ambiguous:
        attributes["date_ambiguous"] = "yes"
    return Draft(
        start=start,
        end=max(reading.end, start + 1),
        kind="measure",
        concept=mention.concept,
        assertion=assertion,
        rule="measures:value",
        cues=cues,
        value=reading.value,
        comparator="=" if reading.upper is not None else reading.comparator,
        date=day.day if day is not None else None,
        score=0.95,
        attributes=attributes,
    )


def _damage(
    text: str,
    mention: _Mention,
    activity: Value,
    headings: LabDates,
    assertion: Assertion,
    cues: tuple[str, ...],
) -> Iterator[Draft]:
    """Yield the damage score that stands behind an activity score without a name of its own."""
    at = activity.reading.end
    match = _DAMAGE.match(text, at)
    if match is None and _BOTH.search(text[mention.start : mention.end]):
        match = _SECOND.match(text, at)
    if match is None:
        return
    group = next(name for name, words in match.groupdict().items() if words)
    reading = read_value(text, match.start(group), match.end(group))
    if reading is None:
        return
    damage = replace(mention, concept="CDASI-D", attributes={"scale": "", "largest": "32", "scales": "32"})
    draft = _draft(damage, match.start(group), activity._replace(reading=reading), headings, assertion, cues)
    if draft is not None:
        yield draft


def _assertion(
    layout: Layout, mention: _Mention, values: Sequence[Value]
) -> tuple[Assertion, tuple[str, ...]]:
    assertion, cues = assertion_of(mention.span)
    if assertion == "family":
        return assertion, cues
    sentence = layout.sentence_at(mention.start)
    before = layout.text[max(sentence.start, mention.start - 60) : mention.start]
    condition = lab_words().condition.search(before) or (
        _CONDITION_BETWEEN.search(values[0].words) if values else None
    )
    if condition is not None:
        return "hypothetical", (condition.group().split()[0],)
    return "present", ()


register("measures", lambda nlp: Measures())
