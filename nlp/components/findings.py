"""
Drafts of findings, and the component that makes one of every concept that no reader claims.

A reader is a component that turns what it reads into drafts; the pipeline adds patient, note and words to make
findings of them. Kinds that only need their words and their context (skin signs, advisory terms) need no reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import cast

from spacy.tokens import Doc, Span

from chartsift.nlp.components import claimed_kinds
from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import SPAN_GROUP, sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.passages import Passages
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import RESULT_KINDS, Assertion, Comparator
from chartsift.nlp.values import maker


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A finding before it knows its note. Fields mean what they mean in ``chartsift.nlp.types.Finding``.

    ``date`` is None where the text beside the mention gives no date; the note's own date then holds.
    """

    start: int
    end: int
    kind: str
    concept: str
    assertion: Assertion
    rule: str
    cues: tuple[str, ...] = ()
    value: float | None = None
    unit: str = ""
    comparator: Comparator = "="
    ref_low: float | None = None
    ref_high: float | None = None
    flag: str = ""
    date: date | None = None
    score: float = 1.0
    attributes: Mapping[str, str] = field(default_factory=dict)


_made = maker(Draft)
_LAST_MONTH = 12


def drafts_of(doc: Doc) -> list[Draft]:
    """Return the list of drafts of *doc*, to append to."""
    if doc._.drafts is None:
        doc._.drafts = []
    drafts: list[Draft] = doc._.drafts
    return drafts


def concept_spans(doc: Doc, kinds: Iterable[str]) -> list[Span]:
    """Return the concept spans of *kinds*, each named once, in order."""
    held: object = doc
    if isinstance(held, Passages):
        return cast(list[Span], held.of_kinds(kinds))
    labels = {kind.upper() for kind in kinds}
    return [span for span in doc.spans[SPAN_GROUP] if span.label_ in labels]


def draft_from_span(span: Span, **changes: object) -> Draft:
    """Return the draft that the lexicon and the context rules make of *span*, with *changes* to its fields."""
    sense = sense_of(span)
    start, end = source_range(span)
    fields: dict[str, object] = {
        "start": start,
        "end": end,
        "kind": sense.concept.kind,
        "concept": sense.concept.concept,
        "rule": f"lexicon:{sense.concept.kind}/{sense.concept.concept}",
        "attributes": dict(sense.concept.attributes),
    }
    if "assertion" not in changes:
        fields["assertion"], fields["cues"] = assertion_of(span)
    fields.update(changes)
    return _made(**fields)  # type: ignore[arg-type]


class LexiconFindings:
    """Make a draft of every concept whose kind no reader claims."""

    def __init__(self, claimed: frozenset[str]) -> None:
        self.claimed = claimed

    def __call__(self, doc: Doc) -> Doc:
        drafts = drafts_of(doc)
        for span in doc.spans[SPAN_GROUP]:
            if sense_of(span).concept.kind not in self.claimed:
                drafts.append(draft_from_span(span))
        return doc


register("lexicon_findings", lambda nlp: LexiconFindings(claimed_kinds()))


def day_of_result(kind: str, day: date, note_date: date) -> date:
    """
    Return *day*, on which a finding of *kind* is told, or the note's: no result is later than its note.

    >>> day_of_result("lab", date(2026, 5, 31), date(2026, 5, 20))
    datetime.date(2026, 5, 20)

    "CK 05/2026" and "FVC in 2026" run to the end of the month or year that they name. A full date ahead of the note,
    a slip of the pen mostly, is left for a person to see.
    """
    is_end_of_month = day.month != (day + timedelta(days=1)).month
    is_of_today = day.year == note_date.year and day.month in (note_date.month, _LAST_MONTH)
    return note_date if kind in RESULT_KINDS and is_end_of_month and is_of_today else day
