"""Short ways to read a text in tests."""

from __future__ import annotations

from datetime import date

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding, Note

NOTE_DAY = date(2024, 11, 20)


def note(text: str, *, day: date = NOTE_DAY, note_id: str = "n1", note_type: str = "Clinic note") -> Note:
    """Return a note of one patient with *text*."""
    return Note("p1", note_id, day, note_type, text)


def read(pipeline: Pipeline, text: str, *kinds: str, day: date = NOTE_DAY) -> list[Finding]:
    """Return the findings of *kinds* (all without any) in *text*."""
    return [f for f in pipeline.extract(note(text, day=day)) if not kinds or f.kind in kinds]
