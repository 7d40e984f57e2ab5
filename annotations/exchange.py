"""
What the exchange with annotation tools shares: a chart as decoded JSON again, and offsets in units of other programs.

Tools hold spans; a chart file holds quotes. A span becomes the quote with its number among equal quotes of the note,
and only where there are several, as GUIDELINES.md asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartsift.annotations.charts import Chart, QuoteSpan, occurrences
from chartsift.nlp.types import Note


def chart_to_json(chart: Chart) -> dict[str, Any]:
    """Return a chart as the decoded JSON of its file; ``parse_chart`` of it gives the same chart."""
    texts = {note.note_id: note.text for note in chart.notes}
    return {
        **facts_of(chart),
        "notes": [note_to_json(note) for note in chart.notes],
        "gold": {
            "cohort": chart.gold.cohort,
            "cohort_status": chart.gold.cohort_status,
            "criteria": {
                criterion_id: {
                    "status": one.status,
                    "basis": one.basis,
                    "evidence": [quote_of(span, texts) for span in one.evidence],
                    **({"comment": one.comment} if one.comment else {}),
                }
                for criterion_id, one in chart.gold.criteria.items()
            },
            "findings": [
                {
                    **quote_of(one.span, texts),
                    "kind": one.kind,
                    "concept": one.concept,
                    "assertion": one.assertion,
                }
                for one in chart.gold.findings
            ],
        },
    }


def facts_of(chart: Chart) -> dict[str, Any]:
    """Return the patient's part of a chart file."""
    patient = chart.patient
    return {
        "patient_id": patient.patient_id,
        "as_of": patient.as_of.isoformat() if patient.as_of else None,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "sex": patient.sex,
    }


def note_to_json(note: Note) -> dict[str, str]:
    """Return a note as in a chart file."""
    return {
        "note_id": note.note_id,
        "date": note.note_date.isoformat(),
        "type": note.note_type,
        "text": note.text,
    }


def decisions_of(chart: Chart) -> dict[str, Any]:
    """Return the annotation without its spans: cohort, and status, basis and comment of each criterion."""
    return {
        "cohort": chart.gold.cohort,
        "cohort_status": chart.gold.cohort_status,
        "criteria": {
            criterion_id: {
                "status": one.status,
                "basis": one.basis,
                **({"comment": one.comment} if one.comment else {}),
            }
            for criterion_id, one in chart.gold.criteria.items()
        },
    }


def quote_of(span: QuoteSpan, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return a span as a quote; ``nth`` only where the note holds the words more than once."""
    starts = list(occurrences(texts[span.note_id], span.text))
    quote: dict[str, Any] = {"note_id": span.note_id, "quote": span.text}
    if len(starts) > 1:
        quote["nth"] = starts.index(span.start) + 1
    return quote


def to_utf16(text: str, offset: int) -> int:
    """
    Return the UTF-16 offset of a code point offset: what JavaScript counts.

    >>> to_utf16("🩺 DM", 2)
    3
    """
    return offset + sum(1 for character in text[:offset] if ord(character) > 0xFFFF)


def from_utf16(text: str, offset: int) -> int:
    """
    Return the code point offset of a UTF-16 offset; one inside a character counts as its start.

    >>> from_utf16("🩺 DM", 3)
    2
    """
    units = 0
    for index, character in enumerate(text):
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > offset:
            return index
        units += width
    return len(text)
