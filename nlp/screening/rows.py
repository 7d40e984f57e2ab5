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
    ScoreResult,
    Search,
)

if TYPE_CHECKING:
    from chartsift.nlp.screening.chart import PatientResult

Row = dict[str, Any]
_BEGUN = hashlib.sha256()


def finding_id(finding: Finding) -> str:
    """Return the identifier of a finding: the same for the same mention in every run that reads it the same way."""
    # Beginning a digest costs more than these few bytes: a copy of one that is begun costs a third.
    digest = _BEGUN.copy()
    digest.update(
        f"{finding.patient_id}\x1f{finding.note_id}\x1f{finding.start}\x1f{finding.end}\x1f{finding.kind}"
        f"\x1f{finding.concept}\x1f{finding.provenance.rule}".encode()
    )
    return digest.hexdigest()[:20]


class KnownIds:
    """The identifiers of the findings of one result, worked out once: most stand behind several criteria as well."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}
        # The findings are kept, so that the identity of each stays its own.
        self._kept: list[Finding] = []

    def of(self, finding: Finding) -> str:
        """Return what ``finding_id`` returns."""
        known = self._known.get(id(finding))
        if known is None:
            self._kept.append(finding)
            known = self._known[id(finding)] = finding_id(finding)
        return known


def page_of(offset: int, pages: Sequence[int]) -> int | None:
    """
    Return the number, from 1, of the page that *offset* stands on; None where there are no pages.

    >>> page_of(120, (0, 100, 200))
    2
    """
    return max(1, bisect_right(pages, offset)) if pages else None


def finding_row(finding: Finding, pages: Sequence[int] = ()) -> Row:
    """Return the row of ``findings`` for one finding; *pages* says where each page of its note begins."""
    return _finding_row(finding, finding_id(finding), page_of(finding.start, pages))


def _finding_row(finding: Finding, identifier: str, page: int | None) -> Row:
    attributes, provenance = finding.attributes, finding.provenance
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
        "finding_id": identifier,
        "comparator": finding.comparator,
        "ref_low": finding.ref_low,
        "ref_high": finding.ref_high,
        "flag": finding.flag,
        "date_source": finding.date_source,
        "attributes": [{"name": name, "value": value} for name, value in attributes] if attributes else [],
        "rule": provenance.rule,
        "cues": [*provenance.cues],
        "page": page,
    }


def result_rows(result: PatientResult) -> dict[str, list[Row]]:
    """Return the rows of one patient by table, but for the texts, which the result does not hold."""
    known = KnownIds()
    return {
        "findings": finding_rows(result, known),
        "criteria": criterion_rows(result, known),
        "cohorts": cohort_rows(result),
        "notes": note_rows(result),
        "scores": score_rows(result, known),
        "errors": [problem_row(problem) for problem in result.problems],
    }


def finding_rows(result: PatientResult, known: KnownIds | None = None) -> list[Row]:
    """Return the rows of ``findings`` for one patient."""
    if not result.findings:
        return []
    known = known or KnownIds()
    id_of = known.of
    pages = {note.note_id: note.pages for note in result.notes if note.pages}
    if not pages:
        return [_finding_row(finding, id_of(finding), None) for finding in result.findings]
    return [
        _finding_row(finding, id_of(finding), page_of(finding.start, pages.get(finding.note_id, ())))
        for finding in result.findings
    ]


def criterion_rows(result: PatientResult, known: KnownIds | None = None) -> list[Row]:
    """
    Return the rows of ``criteria`` for one patient: every criterion of every cohort, in the trial's order.

    A verdict that two cohorts share is told once: their rows hold the same lists.
    """
    shown = _Shown(result, known)
    told: dict[int, Row] = {}
    rows: list[Row] = []
    for cohort in result.cohorts:
        cohort_id = cohort.cohort_id
        for criterion in cohort.criteria:
            row = told.get(id(criterion))
            if row is None:
                row = told[id(criterion)] = _criterion_row(cohort, criterion, shown)
            else:
                row = row.copy()
                row["cohort_id"] = cohort_id
            rows.append(row)
    return rows


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
    patient_id = result.patient.patient_id
    return [
        {
            "patient_id": patient_id,
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


def score_rows(result: PatientResult, known: KnownIds | None = None) -> list[Row]:
    """Return the rows of ``scores`` for one patient: those that support a criterion of the patient's own cohort."""
    cohort = result.applicable
    shown = _Shown(result, known)
    return [
        _score_row(cohort, criterion.criterion_id, criterion.score, shown)
        for criterion in cohort.criteria
        if criterion.score is not None
    ]


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


def _criterion_row(cohort: CohortResult, criterion: CriterionResult, shown: _Shown) -> Row:
    search = criterion.search
    row = {
        "patient_id": cohort.patient_id,
        "trial_id": cohort.trial_id,
        "cohort_id": cohort.cohort_id,
        "criterion_id": criterion.criterion_id,
        "kind": criterion.kind,
        "status": criterion.status,
        "basis": criterion.basis,
        "confidence": criterion.confidence,
        "rationale": criterion.rationale,
        "flags": [*criterion.flags],
        "evidence": shown.rows(criterion.evidence) if criterion.evidence else [],
        "next_step": criterion.next_step,
        "valid_until": criterion.valid_until,
        "changes_to": criterion.changes_to,
        "searched": None if search is None else _search_row(search),
    }
    # Python makes a dictionary of more than 15 names name by name.
    row["trial_version"] = cohort.trial_version
    return row


def _search_row(search: Search) -> Row:
    return {
        "notes": search.notes,
        "first": search.first,
        "last": search.last,
        "kinds": [*search.kinds],
        "terms": search.terms,
        "unread": [*search.unread],
    }


def _score_row(cohort: CohortResult, criterion_id: str, score: ScoreResult, shown: _Shown) -> Row:
    return {
        "patient_id": cohort.patient_id,
        "trial_id": cohort.trial_id,
        "criterion_id": criterion_id,
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
        "items": [_score_item_row(item, shown) for item in score.items],
    }


def _score_item_row(item: ScoreItem, shown: _Shown) -> Row:
    return {
        "item_id": item.item_id,
        "label": item.label,
        "state": item.state,
        "points": item.points,
        "points_low": item.points_low,
        "points_high": item.points_high,
        "value": item.value,
        "reason": item.reason,
        "evidence": shown.rows(item.evidence),
    }


class _Shown:
    """Makes rows of the evidence of one result."""

    def __init__(self, result: PatientResult, known: KnownIds | None) -> None:
        self._result = result
        self._notes: dict[str, NoteInfo] = {}
        self._known = known or KnownIds()

    def rows(self, evidence: Sequence[Evidence]) -> list[Row]:
        """Return the evidence as the words to show; two findings of one clause with one stance are one row."""
        if not self._notes:
            # Most patients of an archive have notes and no evidence.
            self._notes = {note.note_id: note for note in self._result.notes}
        notes, id_of = self._notes, self._known.of
        told: set[tuple[str, int, int, str, str]] = set()
        rows: list[Row] = []
        for item in evidence:
            finding = item.finding
            note_id, stance, reason = finding.note_id, item.stance, item.reason
            start, end, words = finding.quoted()
            key = (note_id, start, end, stance, reason)
            if key in told:
                continue
            told.add(key)
            note = notes.get(note_id)
            rows.append(
                {
                    "note_id": note_id,
                    "start": start,
                    "end": end,
                    "text": words,
                    "stance": stance,
                    "reason": reason,
                    "note_date": note.note_date if note else None,
                    "finding_id": id_of(finding),
                    "page": page_of(start, note.pages) if note and note.pages else None,
                }
            )
        return rows
