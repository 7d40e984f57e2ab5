"""One criterion decided from the texts of a few notes, each some days before the screening day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.screening.copied import mark_copied
from chartsift.nlp.types import CriterionResult, Note, NoteInfo, Patient

AS_OF = date(2024, 6, 10)
# The reader sees a sentence; the evaluator is told that it stood in a whole note.
_NOTE_LENGTH = 2_000


def decide(
    pipeline: Pipeline,
    criterion_id: str,
    notes: Sequence[tuple[int, str]],
    *,
    born: date = date(1970, 1, 1),
) -> CriterionResult:
    """Return the verdict on *criterion_id* for notes given as (days before screening, text)."""
    made = [
        Note("p", f"n{number}", AS_OF - timedelta(days=days), "", text)
        for number, (days, text) in enumerate(notes)
    ]
    findings = mark_copied(made, [finding for note in made for finding in pipeline.extract(note)])
    infos = [NoteInfo(note.note_id, note.note_date, note.note_type, _NOTE_LENGTH) for note in made]
    results = evaluate(Patient("p", born), infos, findings, load_trial("reset-myositis"), as_of=AS_OF)
    chosen = next(result for result in results if result.applicable)
    return next(item for item in chosen.criteria if item.criterion_id == criterion_id)
