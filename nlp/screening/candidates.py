"""
A first pass over the text alone: which patients show any sign of the trial's disease.

Most patients of an archive have nothing to do with a trial. Before a patient's notes are read in full, the words of the
trial's signs (``candidates`` in its file, else the diagnoses and antibodies that its inclusion criteria ask for) are
looked for in the plain text, at many thousand notes a second. Who shows none is told so, with the proof of the search;
what was not read is never presumed.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from chartsift.nlp.criteria import evaluate
from chartsift.nlp.criteria.schema import OPERATORS, Candidates
from chartsift.nlp.criteria.search import statement
from chartsift.nlp.errors import InputError, RuleError
from chartsift.nlp.screening.chart import Extractor, PatientResult, screen_patient
from chartsift.nlp.types import CohortResult, CriterionResult, Note, NoteInfo, Patient, Search

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.signs import SignSearch

# The kinds of findings that answer the predicates which name a disease: signs of it, where the trial names none.
_SIGNS_OF = {
    "diagnosis_stands": ("diagnosis", "diagnosis_code"),
    "antibody_positive": ("antibody",),
    "antibody_and_subtype": ("antibody", "diagnosis", "diagnosis_code"),
}
NOT_READ = "not_read"


def candidates_of(trial: Trial) -> Candidates:
    """
    Return what the first pass looks for: what the trial says, else what its inclusion criteria ask for by name.

    Raises:
        RuleError: The trial names no signs, and none of its inclusion criteria asks for a disease (RU213).
    """
    if trial.candidates is not None:
        return trial.candidates
    signs: dict[str, None] = {}
    for cohort in trial.cohorts:
        for criterion in trial.criteria_of(cohort):
            if criterion.kind == "inclusion":
                for name in _predicates(criterion.decide):
                    signs.update(dict.fromkeys(_SIGNS_OF.get(name, ())))
    if not signs:
        raise RuleError(
            "RU213",
            f"{trial.trial_id}: no criterion tells what candidates have",
            hint="add a candidates block to the trial file, or screen without --candidates",
        )
    return Candidates(of="the disease", signs=tuple(signs))


def _predicates(node: Mapping[str, Any]) -> Iterator[str]:
    name, content = next(iter(node.items()))
    if name not in OPERATORS:
        yield name
        return
    items = content["of"] if name == "at_least" else content
    for item in [items] if isinstance(items, Mapping) else items:
        yield from _predicates(item)


def search_for(trial: Trial) -> SignSearch:
    """
    Return the search for the signs of *trial*'s disease.

    It is imported by name, as the pipeline is: a parent of workers does without the libraries that this takes.

    Raises:
        RuleError: the trial does not tell what its candidates have (RU213).
    """
    search: SignSearch = pkgutil.resolve_name("chartsift.nlp.screening.signs:SignSearch")(trial)
    return search


def screen_candidate(
    pipeline: Extractor,
    trial: Trial,
    patient: Patient,
    notes: Sequence[Note],
    search: SignSearch,
    *,
    as_of: date | None = None,
    unread: Sequence[str] = (),
) -> PatientResult:
    """
    Do what ``screen_patient`` does for a patient with a sign of the disease, and tell the search of any other.

    The verdicts on a patient without a sign rest on what is known without reading (the birth date) and on the search:
    a criterion that asks for the signs themselves is unknown for want of a mention, every other one is unknown and
    flagged ``not_read``, with the proof of the search. A patient of whom an input could not be read is read in full.

    Raises:
        InputError: no note and no day of screening (IN121).
        RuleError: the trial is broken.
    """
    day = as_of or patient.as_of or max((note.note_date for note in notes), default=None)
    if day is None:
        raise InputError("IN121", "the patient has no note and no day of screening", hint="give --as-of")
    if unread or not _is_plain(patient, notes, day) or search.first_sign(notes) is not None:
        return screen_patient(pipeline, trial, patient, notes, as_of=as_of, unread=unread)
    read = tuple(
        NoteInfo(note.note_id, note.note_date, note.note_type, len(note.text), note.pages)
        for note in sorted(notes, key=lambda note: note.note_date)
    )
    proof = Search(
        notes=len(read),
        first=read[0].note_date if read else None,
        last=read[-1].note_date if read else None,
        kinds=search.kinds,
        terms=search.terms,
        unread=(),
    )
    cohorts = evaluate(replace(patient, as_of=day), read, (), trial, as_of=day)
    told = tuple(_searched_only(cohort, proof, search.of) for cohort in cohorts)
    return PatientResult(patient, day, (), (), told, (), first_pass=proof)


def _is_plain(patient: Patient, notes: Sequence[Note], day: date) -> bool:
    """Say whether every note counts: problems are told in full by ``screen_patient``."""
    return (
        bool(notes)
        and len({note.note_id for note in notes}) == len(notes)
        and all(note.note_date <= day for note in notes)
        and (patient.birth_date is None or patient.birth_date <= day)
    )


def _searched_only(cohort: CohortResult, proof: Search, of: str) -> CohortResult:
    """Return *cohort*, decided on no findings, with all that silence would presume taken back."""
    criteria = tuple(_taken_back(criterion, proof, of) for criterion in cohort.criteria)
    counted = [criterion for criterion in criteria if criterion.basis != "judgement"]
    ruled_out = any(c.status == ("not_met" if c.kind == "inclusion" else "met") for c in counted)
    return replace(
        cohort,
        criteria=criteria,
        status="ineligible" if ruled_out else "undetermined",
        missing=tuple(c.criterion_id for c in counted if c.status == "unknown"),
        score=0.0,
    )


def _taken_back(criterion: CriterionResult, proof: Search, of: str) -> CriterionResult:
    if criterion.basis == "documented":
        return criterion  # the birth date, which is given and not read
    asked = criterion.search.kinds if criterion.search is not None else ()
    if criterion.status == "unknown" and asked and set(asked) <= set(proof.kinds):
        return criterion
    return replace(
        criterion,
        status="unknown",
        basis="no_mention" if criterion.basis != "judgement" else "judgement",
        flags=(*criterion.flags, NOT_READ),
        rationale=f"Not read: no sign of {of} {statement(proof)}.",
        confidence=0.0,
        next_step="Screen without --candidates if the patient is to be read in full.",
        valid_until=None,
        changes_to=None,
        search=proof,
        score=None,
    )
