"""Findings and charts built by hand, for tests of the diagnosis and antibody predicates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import Assertion, DateSource, Finding, NoteInfo, Patient, Provenance


def made(
    kind: str,
    concept: str,
    assertion: Assertion = "present",
    *,
    on: str = "2024-06-01",
    note: str = "",
    section: str = "assessment",
    dated: DateSource = "note",
    cues: tuple[str, ...] = (),
    **attributes: str,
) -> Finding:
    """Return a finding of the note *note*, by default one note a day."""
    day = date.fromisoformat(on)
    return Finding(
        patient_id="p",
        note_id=note or on,
        start=0,
        end=len(concept),
        text=concept,
        kind=kind,
        concept=concept,
        assertion=assertion,
        date=day,
        date_source=dated,
        section=section,
        provenance=Provenance("test", cues),
        attributes=tuple(sorted(attributes.items())),
    )


def chart_of(
    findings: Sequence[Finding], *, as_of: str = "2024-12-01", types: dict[str, str] | None = None
) -> Chart:
    """Return the chart of *findings*; *types* names the note types by note id."""
    days: dict[str, date] = {}
    for finding in findings:
        days.setdefault(finding.note_id, finding.date)
    notes = [NoteInfo(note, day, (types or {}).get(note, "Rheumatology"), 100) for note, day in days.items()]
    return Chart.build(Patient("p"), notes, findings, date.fromisoformat(as_of))
