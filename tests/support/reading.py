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


def value_words(finding: Finding) -> str:
    """
    Return a lab or measure in a line: "CK 612 U/L H (39-308) @2024-11-04".

    Parts that are not there are left out; "@" only where the text gives the date, "old" for a value that its own
    text sets aside, and the assertion where it is not "present".
    """
    words = [finding.concept]
    if finding.value is not None:
        sign = "" if finding.comparator == "=" else finding.comparator
        high = finding.attribute("high")
        words.append(f"{sign}{finding.value:.6g}{'..' + high if high else ''}")
    words.append(finding.unit)
    if finding.attribute("scale"):
        words.append(f"of {finding.attribute('scale')}")
    words.append(finding.flag)
    if finding.ref_low is not None or finding.ref_high is not None:
        if finding.ref_low is None:
            words.append(f"(to {finding.ref_high:.6g})")
        elif finding.ref_high is None:
            words.append(f"(from {finding.ref_low:.6g})")
        else:
            words.append(f"({finding.ref_low:.6g}-{finding.ref_high:.6g})")
    if finding.date_source == "text":
        words.append(f"@{finding.date.isoformat()}")
    if finding.attribute("superseded"):
        words.append("old")
    if finding.assertion != "present":
        words.append(finding.assertion)
    return " ".join(word for word in words if word)
