"""
Results as plain rows, with the columns of the output contract.

Parquet, JSON lines and the HTTP interface write the same rows. Days are ``date`` objects here; ``jsonable`` turns
them into ISO strings.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from chartsift.nlp.types import (
    CohortResult,
    CriterionResult,
    Evidence,
    Finding,
    Note,
    NoteInfo,
    Problem,
    Provenance,
    ScoreItem,
    Search,
)

if TYPE_CHECKING:
    from chartsift.nlp.screening.chart import PatientResult

Row = dict[str, Any]


def finding_id(finding: Finding) -> str:
    """Return the identifier of a finding: the same for the same mention in every run that reads it the same way."""
    key = "\x1f".join(
        (
            finding.patient_id,
            finding.note_id,
            str(finding.start),
            str(finding.end),
            finding.kind,
            finding.concept,
            finding.provenance.rule,
        )
    )
    return hashlib.sha256(key.encode("utf-8")).hexdigest()[:20]


def page_of(offset: int, pages: Sequence[int]) -> int | None:
    """
    Return the number, from 1, of the page that *offset* stands on; None where there are no pages.

    >>> page_of(120, (0, 100, 200))
    2
    """
    return max(1, bisect_right(pages, offset)) if pages else None


def finding_row(finding: Finding, pages: Sequence[int] = ()) -> Row:
    """Return the row of ``findings`` for one finding; *pages* says where each page of its note begins."""
    return {
        "patient_id": finding.patient_id,
        "note_id": finding.note_id,
        "start": finding.start,
        "end": finding.end,
        "text": finding.text,
        "kind": finding.kind,
        "concept": finding.concept,
        "assertion": finding.assertion,
        "value": finding.value,
        "unit": finding.unit,
        "date": finding.date,
        "section": finding.section,
        "score": finding.score,
        "finding_id": finding_id(finding),
        "comparator": finding.comparator,
        "ref_low": finding.ref_low,
        "ref_high": finding.ref_high,
        "flag": finding.flag,
        "date_source": finding.date_source,
        "attributes": [{"name": name, "value": value} for name, value in finding.attributes],
        "rule": finding.provenance.rule,
        "cues": list(finding.provenance.cues),
        "page": page_of(finding.start, pages),
    }


def finding_rows(result: PatientResult) -> list[Row]:
    """Return the rows of ``findings`` for one patient."""
    pages = {note.note_id: note.pages for note in result.notes}
    return [finding_row(finding, pages.get(finding.note_id, ())) for finding in result.findings]


def criterion_rows(result: PatientResult) -> list[Row]:
    """Return the rows of ``criteria`` for one patient: every criterion of every cohort, in the trial's order."""
    notes = {note.note_id: note for note in result.notes}
    return [row for cohort in result.cohorts for row in _criterion_rows(cohort, notes)]


def cohort_rows(result: PatientResult) -> list[Row]:
    """Return the rows of ``cohorts`` for one patient."""
    return [
        {
            "patient_id": cohort.patient_id,
            "trial_id": cohort.trial_id,
            "cohort_id": cohort.cohort_id,
            "applicable": cohort.applicable,
            "status": cohort.status,
            "as_of": cohort.as_of,
            "missing": list(cohort.missing),
            "score": cohort.score,
            "trial_version": cohort.trial_version,
            "notes_read": len(result.notes),
            "notes_unread": len(result.unread),
            "birth_date": result.patient.birth_date,
            "sex": result.patient.sex,
        }
        for cohort in result.cohorts
    ]


def note_rows(result: PatientResult) -> list[Row]:
    """Return the rows of ``notes`` for one patient: the notes that were read, without their text."""
    return [
        {
            "patient_id": result.patient.patient_id,
            "note_id": note.note_id,
            "note_date": note.note_date,
            "note_type": note.note_type,
            "length": note.length,
        }
        for note in result.notes
    ]


def finding_of(row: Row) -> Finding:
    """Return the finding of a row of ``findings``: what criteria look at, without the clause around the mention."""
    return Finding(
        patient_id=row["patient_id"],
        note_id=row["note_id"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        kind=row["kind"],
        concept=row["concept"],
        assertion=row["assertion"],
        date=row["date"],
        value=row["value"],
        unit=row["unit"],
        comparator=row["comparator"],
        ref_low=row["ref_low"],
        ref_high=row["ref_high"],
        flag=row["flag"],
        date_source=row["date_source"],
        section=row["section"],
        score=row["score"],
        provenance=Provenance(row["rule"], tuple(row["cues"])),
        attributes=tuple((item["name"], item["value"]) for item in row["attributes"]),
    )


def score_rows(result: PatientResult) -> list[Row]:
    """Return the rows of ``scores`` for one patient: those that support a criterion of the patient's own cohort."""
    notes = {note.note_id: note for note in result.notes}
    cohort = result.applicable
    rows = (_score_row(cohort, criterion, notes) for criterion in cohort.criteria)
    return [row for row in rows if row is not None]


def text_rows(notes: Sequence[Note]) -> list[Row]:
    """Return the rows of ``texts``: those notes whose text was taken out of a document."""
    return [
        {
            "patient_id": note.patient_id,
            "note_id": note.note_id,
            "text": note.text,
            "source": note.source,
            "format": note.origin,
            "pages": list(note.pages),
        }
        for note in notes
        if note.origin
    ]


def problem_row(problem: Problem) -> Row:
    """Return the row of ``errors`` for one problem."""
    return {
        "source": problem.source,
        "note_id": problem.note_id,
        "code": problem.code,
        "message": problem.message,
    }


def jsonable(value: Any) -> Any:
    """Return *value* with every day as an ISO string, for JSON."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def _criterion_rows(cohort: CohortResult, notes: dict[str, NoteInfo]) -> list[Row]:
    return [
        {
            "patient_id": cohort.patient_id,
            "trial_id": cohort.trial_id,
            "cohort_id": cohort.cohort_id,
            "criterion_id": criterion.criterion_id,
            "kind": criterion.kind,
            "status": criterion.status,
            "basis": criterion.basis,
            "confidence": criterion.confidence,
            "rationale": criterion.rationale,
            "flags": list(criterion.flags),
            "evidence": _evidence_rows(criterion.evidence, notes),
            "next_step": criterion.next_step,
            "valid_until": criterion.valid_until,
            "changes_to": criterion.changes_to,
            "searched": _search_row(criterion.search),
            "trial_version": cohort.trial_version,
        }
        for criterion in cohort.criteria
    ]


def _search_row(search: Search | None) -> Row | None:
    if search is None:
        return None
    return {
        "notes": search.notes,
        "first": search.first,
        "last": search.last,
        "kinds": list(search.kinds),
        "terms": search.terms,
        "unread": list(search.unread),
    }


def _score_row(cohort: CohortResult, criterion: CriterionResult, notes: dict[str, NoteInfo]) -> Row | None:
    score = criterion.score
    if score is None:
        return None
    return {
        "patient_id": cohort.patient_id,
        "trial_id": cohort.trial_id,
        "criterion_id": criterion.criterion_id,
        "score_id": score.score_id,
        "score_version": score.version,
        "title": score.title,
        "column": score.column,
        "score_low": score.low,
        "score_high": score.high,
        "probability_low": score.probability_low,
        "probability_high": score.probability_high,
        "label_low": score.label_low,
        "label_high": score.label_high,
        "verdict": score.verdict,
        "subgroups": list(score.subgroups),
        "open_items": list(score.open_items),
        "decisive_items": list(score.decisive_items),
        "flags": list(score.flags),
        "summary": score.summary,
        "items": [_score_item_row(item, notes) for item in score.items],
    }


def _score_item_row(item: ScoreItem, notes: dict[str, NoteInfo]) -> Row:
    return {
        "item_id": item.item_id,
        "label": item.label,
        "state": item.state,
        "points": item.points,
        "points_low": item.points_low,
        "points_high": item.points_high,
        "value": item.value,
        "reason": item.reason,
        "evidence": _evidence_rows(item.evidence, notes),
    }


def _evidence_rows(evidence: Sequence[Evidence], notes: dict[str, NoteInfo]) -> list[Row]:
    """Return the evidence as the words to show; two findings of one clause with one stance are one row."""
    rows: dict[tuple[str, int, int, str, str], Row] = {}
    for item in evidence:
        row = _evidence_row(item, notes)
        rows.setdefault((row["note_id"], row["start"], row["end"], row["stance"], row["reason"]), row)
    return list(rows.values())


def _evidence_row(evidence: Evidence, notes: dict[str, NoteInfo]) -> Row:
    finding = evidence.finding
    note = notes.get(finding.note_id)
    start, end, words = finding.quoted()
    return {
        "note_id": finding.note_id,
        "start": start,
        "end": end,
        "text": words,
        "stance": evidence.stance,
        "reason": evidence.reason,
        "note_date": note.note_date if note else None,
        "finding_id": finding_id(finding),
        "page": page_of(start, note.pages if note else ()),
    }
