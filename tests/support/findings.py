"""Findings and charts built by hand, for tests of predicates."""

from __future__ import annotations

from datetime import date, timedelta

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import Assertion, Finding, NoteInfo, Patient

AS_OF = date(2024, 6, 10)


def finding(
    kind: str,
    concept: str,
    *,
    days: int = 5,
    value: float | None = None,
    unit: str = "",
    assertion: Assertion = "present",
    text: str = "words",
    section: str = "assessment",
    **attributes: str,
) -> Finding:
    """Return a finding of the note that stands *days* before the screening day."""
    day = AS_OF - timedelta(days=days)
    return Finding(
        patient_id="p",
        note_id=f"n{days}",
        start=0,
        end=len(text),
        text=text,
        kind=kind,
        concept=concept,
        assertion=assertion,
        date=day,
        value=value,
        unit=unit,
        section=section,
        attributes=tuple(sorted(attributes.items())),
    )


def chart(*findings: Finding, note_days: tuple[int, ...] = ()) -> Chart:
    """Return the chart of *findings* with a whole note for each of their days and for *note_days*."""
    days = sorted({(AS_OF - f.date).days for f in findings} | set(note_days))
    notes = [NoteInfo(f"n{d}", AS_OF - timedelta(days=d), "", 2_000) for d in days]
    return Chart.build(Patient("p", date(1970, 1, 1)), notes, findings, AS_OF)
