"""
Readers' decisions in the format of annotated charts (annotations/GUIDELINES.md), for scoring and for training.

A verdict of the record becomes a status; its basis follows from what the readers left standing: words for it make it
documented, silence makes it no mention, words on both sides of an unknown make it conflicting. A verdict that rests
on nothing in the notes ("known from another source") cannot be told in this format; such a chart is left out and
named, rather than told wrongly. Mentions are those that the system found, without those that a reader rejected.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from chartsift.annotations.charts import occurrences
from chartsift.annotations.vocabulary import (
    CONCEPTS,
    EXCLUSIONS,
    INCLUSIONS,
    JUDGEMENT_CRITERION,
    criteria_of,
    expected_cohort_status,
)
from chartsift.api.services import charts
from chartsift.api.services.exports import SignedChart
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.screening import rows

Place = tuple[str, int, int]


def is_annotated_trial(trial: TrialFile) -> bool:
    """Say whether the criteria of a trial are those that the format knows."""
    known = {cohort: set(criteria_of(cohort)) for cohort in INCLUSIONS}
    return all(
        {one.criterion_id for one in trial.criteria_of(cohort)} == known.get(cohort.cohort_id)
        for cohort in trial.cohorts
    )


def annotated_chart(session: Session, chart: SignedChart) -> tuple[dict[str, Any] | None, str]:
    """Return the chart in the format, or None and the criterion that it cannot tell."""
    stored = charts.notes_of(session, chart.patient.id, with_text=True)
    as_of = chart.result.as_of
    texts = {note.note_id: charts.text_of(session, note) for note in stored if note.note_date <= as_of}
    names = {note.id: note.note_id for note in stored}
    cohort_id = chart.result.applicable.cohort_id
    rejected = {
        (act.criterion_id, names[act.note_id], int(act.start or 0), int(act.end or 0))
        for act in chart.evidence
        if act.act == "evidence_rejected" and act.note_id and act.start is not None and act.end is not None
    }
    proposed = {
        row["criterion_id"]: row for row in rows.criterion_rows(chart.result) if row["cohort_id"] == cohort_id
    }
    criteria: dict[str, Any] = {}
    for criterion_id in criteria_of(cohort_id):
        verdict = chart.record.get(criterion_id)
        if verdict is None:
            return None, criterion_id
        places: dict[Place, str] = {}
        for item in proposed[criterion_id]["evidence"]:
            place = (item["note_id"], item["start"], item["end"])
            if item["stance"] != "set_aside" and (criterion_id, *place) not in rejected:
                places[place] = item["stance"]
        for act in chart.evidence:
            if act.act == "evidence_added" and act.criterion_id == criterion_id and act.note_id:
                places[(names[act.note_id], int(act.start or 0), int(act.end or 0))] = act.stance or "for"
        entry = _entry(criterion_id, verdict.verdict, places, texts, chart, proposed[criterion_id]["basis"])
        if entry is None:
            return None, criterion_id
        criteria[criterion_id] = entry
    statuses = {name: entry["status"] for name, entry in criteria.items()}
    content = {
        "patient_id": chart.patient.site_id,
        "as_of": as_of.isoformat(),
        "birth_date": chart.patient.birth_date.isoformat() if chart.patient.birth_date else None,
        "sex": chart.patient.sex,
        "notes": [
            {
                "note_id": note.note_id,
                "date": note.note_date.isoformat(),
                "type": note.note_type,
                "text": texts[note.note_id],
            }
            for note in stored
            if note.note_id in texts
        ],
        "gold": {
            "cohort": cohort_id,
            "cohort_status": expected_cohort_status(cohort_id, statuses),
            "criteria": criteria,
            "findings": _findings(chart, texts, {(note, start, end) for _, note, start, end in rejected}),
        },
    }
    return content, ""


def _entry(
    criterion_id: str,
    verdict: str,
    places: dict[Place, str],
    texts: dict[str, str],
    chart: SignedChart,
    basis: str,
) -> dict[str, Any] | None:
    comment = chart.comments.get(criterion_id, "")
    said = {"comment": comment} if comment else {}
    quotes = [quote for place in sorted(places) if (quote := _quote(place, texts)) is not None]
    if criterion_id == JUDGEMENT_CRITERION:
        decided = f"decided: {verdict.replace('_', ' ')}. {comment}".strip()
        return {"status": "unknown", "basis": "judgement", "comment": decided}
    if criterion_id == "age" and chart.patient.birth_date is not None:
        return {"status": verdict, "basis": "documented", "evidence": quotes, **said}
    if quotes and verdict != "unknown":
        return {"status": verdict, "basis": "documented", "evidence": quotes, **said}
    if quotes:
        both = {"for", "against"} <= set(places.values()) or basis == "conflicting"
        return {
            "status": "unknown",
            "basis": "conflicting" if both else "insufficient",
            "evidence": quotes,
            **said,
        }
    silent = "not_met" if criterion_id in EXCLUSIONS else "unknown"
    return {"status": verdict, "basis": "no_mention", **said} if verdict == silent else None


def _quote(place: Place, texts: dict[str, str]) -> dict[str, Any] | None:
    note_id, start, end = place
    text = texts.get(note_id, "")
    words = text[start:end]
    if not words.strip():
        return None
    starts = list(occurrences(text, words))
    quote: dict[str, Any] = {"note_id": note_id, "quote": words, "start": start, "end": end}
    if len(starts) > 1:
        if start not in starts:
            return None
        quote["nth"] = starts.index(start) + 1
    return quote


def _findings(chart: SignedChart, texts: dict[str, str], rejected: set[Place]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for finding in chart.result.findings:
        place = (finding.note_id, finding.start, finding.end)
        quoted = finding.quoted()[:2]
        if (
            finding.concept not in CONCEPTS.get(finding.kind, ())
            or {place, (finding.note_id, *quoted)} & rejected
        ):
            continue
        quote = _quote(place, texts)
        if quote is not None:
            mention = {
                **quote,
                "kind": finding.kind,
                "concept": finding.concept,
                "assertion": finding.assertion,
            }
            found.setdefault((finding.kind, finding.concept, *place), mention)
    return list(found.values())
