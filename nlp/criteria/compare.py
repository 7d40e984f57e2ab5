"""
Two trial files on the same findings: what they say differently, whose verdicts differ, and by which clause.

A clause is blamed by trial: the criterion of the first file is decided again with that one difference taken over from
the second. Where that alone gives the second verdict, it is the cause; otherwise the differences act together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.evaluate import evaluate
from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import Criterion, TrialFile
from chartsift.nlp.criteria.verdict import status_of
from chartsift.nlp.types import Basis, CohortResult, CohortStatus, Finding, NoteInfo, Patient, Status

# What of a criterion decides; its words do not.
_DECIDING = ("kind", "silence")


@dataclass(frozen=True, slots=True)
class Change:
    """
    One difference between two trial files.

    Attributes:
        cohort_id: In which cohort; empty for a cohort that only one file has.
        criterion_id: In which criterion; empty likewise.
        path: Where in it: "weakness_present.weak_share", "all.0.measured", "silence".
        before: What the first file says; None where only the second has it.
        after: What the second file says; None where only the first has it.
    """

    cohort_id: str
    criterion_id: str
    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Side:
    """A criterion under one of the files: its verdict and why; None for a file that does not have it."""

    status: Status
    basis: Basis
    rationale: str


@dataclass(frozen=True, slots=True)
class CriterionFlip:
    """
    A criterion whose verdict differs.

    Attributes:
        criterion_id: Which.
        before: Under the first file; None where it does not ask this.
        after: Under the second file; None where it does not ask this.
        causes: The differences that each alone make the verdict the second one.
        is_joint: No difference does so alone; ``causes`` are then all of them.
    """

    criterion_id: str
    before: Side | None
    after: Side | None
    causes: tuple[Change, ...]
    is_joint: bool


@dataclass(frozen=True, slots=True)
class PatientFlips:
    """
    One patient under both files: the cohorts of the patient's age, and every criterion whose verdict differs.

    A criterion that only one file asks is listed where it bears on the cohort's verdict: where it fails or is open.
    """

    patient_id: str
    as_of: date
    cohort_before: str
    cohort_after: str
    before: CohortStatus
    after: CohortStatus
    criteria: tuple[CriterionFlip, ...]

    @property
    def is_flipped(self) -> bool:
        """Whether the verdict on the cohort differs."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class _Edit:
    """A change within one criterion, and the first file's criterion with that change alone."""

    path: str
    before: Any
    after: Any
    edited: Any


def trial_changes(first: TrialFile, second: TrialFile) -> list[Change]:
    """Return what two files say differently, as far as it can decide; words for people are left out."""
    changes: list[Change] = []
    ours = {cohort.cohort_id: cohort for cohort in first.cohorts}
    theirs = {cohort.cohort_id: cohort for cohort in second.cohorts}
    for cohort_id in dict.fromkeys([*ours, *theirs]):
        if cohort_id not in theirs or cohort_id not in ours:
            changes.append(
                Change(cohort_id, "", "cohort", _present(cohort_id in ours), _present(cohort_id in theirs))
            )
            continue
        before, after = ours[cohort_id].applies.model_dump(), theirs[cohort_id].applies.model_dump()
        changes += [
            Change(cohort_id, "", f"applies.{name}", before[name], after[name])
            for name in before
            if before[name] != after[name]
        ]
        changes += _criterion_changes(
            cohort_id, first.criteria_of(ours[cohort_id]), second.criteria_of(theirs[cohort_id])
        )
    return changes


def compare_patient(
    patient: Patient,
    notes: Sequence[NoteInfo],
    findings: Sequence[Finding],
    first: TrialFile,
    second: TrialFile,
    *,
    as_of: date,
) -> PatientFlips:
    """Decide one patient under both files, on the same findings, and return what differs."""
    before = _applicable(evaluate(patient, notes, findings, first, as_of=as_of))
    after = _applicable(evaluate(patient, notes, findings, second, as_of=as_of))
    chart = Chart.build(patient, notes, findings, as_of)
    ours = {c.criterion_id: c for c in _criteria(first, before.cohort_id)}
    theirs = {c.criterion_id: c for c in _criteria(second, after.cohort_id)}
    flips = [
        flip
        for criterion_id in dict.fromkeys([*ours, *theirs])
        if (
            flip := _flip(
                chart,
                criterion_id,
                (before, ours.get(criterion_id)),
                (after, theirs.get(criterion_id)),
            )
        )
    ]
    return PatientFlips(
        patient.patient_id,
        as_of,
        before.cohort_id,
        after.cohort_id,
        before.status,
        after.status,
        tuple(flips),
    )


def _applicable(cohorts: Sequence[CohortResult]) -> CohortResult:
    return next(cohort for cohort in cohorts if cohort.applicable)


def _criteria(trial: TrialFile, cohort_id: str) -> tuple[Criterion, ...]:
    return trial.criteria_of(next(cohort for cohort in trial.cohorts if cohort.cohort_id == cohort_id))


def _flip(
    chart: Chart,
    criterion_id: str,
    before: tuple[CohortResult, Criterion | None],
    after: tuple[CohortResult, Criterion | None],
) -> CriterionFlip | None:
    """Return how a criterion differs; None where it does not, or where one file asks it to no effect."""
    (was, old), (now, new) = _side(criterion_id, *before), _side(criterion_id, *after)
    if old is not None and new is not None and was is not None and now is not None:
        # An exclusion that is met and an inclusion that is met are opposites, so a change of kind counts.
        if (was.status, old.kind) == (now.status, new.kind):
            return None
        causes, is_joint = _causes(chart, before[0].cohort_id, old, new, now.status)
        return CriterionFlip(criterion_id, was, now, causes, is_joint)
    only, criterion, cohort = (was, old, before[0]) if was is not None else (now, new, after[0])
    if only is None or criterion is None or only.basis == "judgement":
        return None
    if only.status == ("met" if criterion.kind == "inclusion" else "not_met"):
        return None
    change = Change(
        cohort.cohort_id, criterion_id, "criterion", _present(was is not None), _present(now is not None)
    )
    return CriterionFlip(criterion_id, was, now, (change,), is_joint=False)


def _side(
    criterion_id: str, cohort: CohortResult, criterion: Criterion | None
) -> tuple[Side | None, Criterion | None]:
    result = next((r for r in cohort.criteria if r.criterion_id == criterion_id), None)
    return (Side(result.status, result.basis, result.rationale) if result else None), criterion


def _causes(
    chart: Chart, cohort_id: str, old: Criterion, new: Criterion, wanted: Status
) -> tuple[tuple[Change, ...], bool]:
    edits = list(_criterion_edits(old, new))
    alone = [edit for edit in edits if _status_of(chart, edit.edited) == wanted]
    causes = tuple(
        Change(cohort_id, old.criterion_id, edit.path, edit.before, edit.after) for edit in alone or edits
    )
    return causes, not alone


def _status_of(chart: Chart, criterion: Criterion | None) -> Status | None:
    """Return the verdict of an edited criterion; None where the one change makes no valid criterion."""
    if criterion is None:
        return None
    try:
        return status_of(chart, criterion)
    except ValidationError:
        # Two limits that move together: one alone may cross the other.
        return None


def _criterion_changes(
    cohort_id: str, ours: Sequence[Criterion], theirs: Sequence[Criterion]
) -> Iterator[Change]:
    old = {criterion.criterion_id: criterion for criterion in ours}
    new = {criterion.criterion_id: criterion for criterion in theirs}
    for criterion_id in dict.fromkeys([*old, *new]):
        if criterion_id in old and criterion_id in new:
            for edit in _criterion_edits(old[criterion_id], new[criterion_id]):
                yield Change(cohort_id, criterion_id, edit.path, edit.before, edit.after)
        else:
            yield Change(
                cohort_id,
                criterion_id,
                "criterion",
                _present(criterion_id in old),
                _present(criterion_id in new),
            )


def _present(is_there: bool) -> str | None:
    return "asked" if is_there else None


# ---- one change at a time


def _criterion_edits(old: Criterion, new: Criterion) -> Iterator[_Edit]:
    """Yield each difference of two criteria with the old criterion changed by it alone."""
    for name in _DECIDING:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _Edit(name, before, after, old.model_copy(update={name: after}))
    for edit in _edits(old.decide, new.decide):
        edited = old.model_copy(update={"decide": edit.edited}) if edit.edited is not None else None
        yield _Edit(edit.path, edit.before, edit.after, edited)


def _edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Edit]:
    name, before = next(iter(old.items()))
    other, after = next(iter(new.items()))
    if name != other:
        yield _Edit(f"{name} or {other}", dict(old), dict(new), dict(new))
    elif name in ("all", "any"):
        for edit in _list_edits(before, after):
            yield _Edit(f"{name}.{edit.path}", edit.before, edit.after, _node(name, edit.edited))
    elif name == "at_least":
        if before["count"] != after["count"]:
            edited = {**before, "count": after["count"]}
            yield _Edit("at_least.count", before["count"], after["count"], _node(name, edited))
        for edit in _list_edits(before["of"], after["of"]):
            content = None if edit.edited is None else {**before, "of": edit.edited}
            yield _Edit(f"at_least.of.{edit.path}", edit.before, edit.after, _node(name, content))
    elif name == "not":
        for edit in _edits(before, after):
            yield _Edit(f"not.{edit.path}", edit.before, edit.after, _node(name, edit.edited))
    else:
        for edit in _parameter_edits(_parameters(name, before), _parameters(name, after)):
            yield _Edit(f"{name}.{edit.path}", edit.before, edit.after, _node(name, edit.edited))


def _node(name: str, content: Any) -> dict[str, Any] | None:
    return None if content is None else {name: content}


def _parameters(name: str, content: Any) -> dict[str, Any]:
    """Return all parameters of a predicate, so that a default that is written out is no difference."""
    return PREDICATES[name].parameters.model_validate(content or {}).model_dump(mode="json")


def _list_edits(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[_Edit]:
    """Yield the differences of two lists of expressions; those of one name go together, in their order."""
    pairs, gone, added = _aligned(old, new)
    for i, j in pairs:
        for edit in _edits(old[i], new[j]):
            edited = None if edit.edited is None else [*old[:i], edit.edited, *old[i + 1 :]]
            yield _Edit(f"{i}.{edit.path}", edit.before, edit.after, edited)
    for i in gone:
        rest = [*old[:i], *old[i + 1 :]]
        yield _Edit(f"{i}.{_head(old[i])}", dict(old[i]), None, rest or None)
    for j in added:
        yield _Edit(f"{j}.{_head(new[j])}", None, dict(new[j]), [*old, new[j]])


def _aligned(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return which members of two lists go together, which are gone and which are new: equal ones first."""
    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(old))), list(range(len(new)))
    for is_pair in (
        lambda i, j: old[i] == new[j],
        lambda i, j: _head(old[i]) == _head(new[j]) and _subject(old[i]) == _subject(new[j]),
        lambda i, j: _head(old[i]) == _head(new[j]),
    ):
        for i in list(left):
            match = next((j for j in right if is_pair(i, j)), None)
            if match is not None:
                pairs.append((i, match))
                left.remove(i)
                right.remove(match)
    return sorted(pairs), left, right


def _head(node: Mapping[str, Any]) -> str:
    return next(iter(node))


def _subject(node: Mapping[str, Any]) -> Any:
    """Return what a predicate asks about (its measure, its kind), so that limits are compared of the same thing."""
    content = next(iter(node.values()))
    if not isinstance(content, Mapping):
        return None
    return content.get("of"), content.get("kind"), content.get("concepts")


def _parameter_edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Edit]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for edit in _parameter_edits(before, after):
                yield _Edit(f"{name}.{edit.path}", edit.before, edit.after, {**old, name: edit.edited})
        else:
            yield _Edit(name, before, after, {**old, name: after})
