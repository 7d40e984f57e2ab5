"""
From a patient's findings to verdicts: the one function that the batch run, the command line and the web all call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chartsift.nlp.criteria.birth import birth_of
from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.clock import Change, next_change
from chartsift.nlp.criteria.corrections import with_corrections
from chartsift.nlp.criteria.logic import Outcome, all_of, any_of, at_least, negate
from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import Cohort, Criterion, TrialFile
from chartsift.nlp.criteria.scores.support import support
from chartsift.nlp.criteria.search import search_of, statement, terms_of
from chartsift.nlp.criteria.silence import Silence, silence_of
from chartsift.nlp.errors import InputError
from chartsift.nlp.types import (
    Basis,
    CohortResult,
    CohortStatus,
    CriterionResult,
    Evidence,
    Finding,
    NoteInfo,
    Patient,
    ScoreResult,
    Search,
    Status,
)

STATUS_WORDS: dict[Status, str] = {"met": "met", "not_met": "not met", "unknown": "unknown"}
# A screening and its follow-up are over within two years; "turns 76 on 2056-03-02" would only be in the way.
_NEAR_DAYS = 730
# Where nothing decided, the result shows what was looked for.
_WITH_SEARCH = frozenset({"no_mention", "judgement"})
_STANCE_ORDER = {"for": 0, "against": 1, "set_aside": 2}


def evaluate(
    patient: Patient,
    notes: Sequence[NoteInfo],
    findings: Sequence[Finding],
    trial: TrialFile,
    *,
    as_of: date | None = None,
    unread: Sequence[str] = (),
) -> list[CohortResult]:
    """
    Return the verdicts of every cohort of *trial* on one patient; exactly one cohort is applicable.

    Args:
        patient: Who; ``patient.as_of`` is the screening day unless *as_of* is given.
        notes: The notes that were read. Those after the screening day are left out.
        findings: Their findings.
        trial: The trial.
        as_of: Screening day for this call; without it the patient's own, else the date of the last note.
        unread: Names of the inputs of this patient that could not be read, for the proof of search.

    Raises:
        InputError: There is neither a note nor a screening day (IN121).
    """
    day = as_of or patient.as_of or max((note.note_date for note in notes), default=None)
    if day is None:
        raise InputError("IN121", "a patient without notes has no screening day", hint="give as_of")
    chart = Chart.build(patient, notes, findings, day)
    chosen = _applicable(chart, trial)
    # Cohorts share criteria; each is decided once.
    decided: dict[int, CriterionResult] = {}
    for cohort in trial.cohorts:
        for criterion in trial.criteria_of(cohort):
            if id(criterion) not in decided:
                decided[id(criterion)] = _decide(chart, criterion, unread=unread)
    return [
        _cohort_result(
            chart,
            trial,
            cohort,
            tuple(decided[id(criterion)] for criterion in trial.criteria_of(cohort)),
            applicable=cohort is chosen,
        )
        for cohort in trial.cohorts
    ]


def _applicable(chart: Chart, trial: TrialFile) -> Cohort:
    born = birth_of(chart)
    youngest, oldest = born.ages(chart.as_of) if born else (0, 0)
    default = next(cohort for cohort in trial.cohorts if cohort.applies.default)
    for cohort in trial.cohorts:
        if cohort is default:
            continue
        applies = cohort.applies
        if born is None:
            if applies.pediatric and is_plainly_pediatric(chart):
                return cohort
        elif (applies.min_age is None or oldest >= applies.min_age) and (
            applies.max_age is None or youngest <= applies.max_age
        ):
            return cohort
    return default


def is_plainly_pediatric(chart: Chart) -> bool:
    """Say whether a chart without an age is a child's: pediatric clinics, schools and growth in most of its notes."""
    notes_with_signs = {f.note_id for f in chart.of("age", ["pediatric"])}
    notes_with_signs |= {
        n.note_id for n in chart.notes if "pediat" in n.note_type.lower() or "peds" in n.note_type.lower()
    }
    return len(notes_with_signs) * 2 > len(chart.notes)


def _cohort_result(
    chart: Chart,
    trial: TrialFile,
    cohort: Cohort,
    results: tuple[CriterionResult, ...],
    *,
    applicable: bool,
) -> CohortResult:
    missing = tuple(r.criterion_id for r in results if r.status == "unknown" and r.basis != "judgement")
    return CohortResult(
        patient_id=chart.patient.patient_id,
        trial_id=trial.trial_id,
        trial_version=trial.version,
        cohort_id=cohort.cohort_id,
        as_of=chart.as_of,
        applicable=applicable,
        status=_cohort_status(results),
        criteria=results,
        missing=missing,
        score=_score(results),
    )


def _cohort_status(results: Sequence[CriterionResult]) -> CohortStatus:
    counted = [r for r in results if r.basis != "judgement"]
    if any(r.status == ("not_met" if r.kind == "inclusion" else "met") for r in counted):
        return "ineligible"
    return "undetermined" if any(r.status == "unknown" for r in counted) else "eligible"


def _score(results: Sequence[CriterionResult]) -> float:
    """Return the share of criteria that stand as enrolment needs them; half for an unknown, none after a failure."""
    counted = [r for r in results if r.basis != "judgement"]
    points = 0.0
    for r in counted:
        wanted = "met" if r.kind == "inclusion" else "not_met"
        if r.status == "unknown":
            points += 0.5
        elif r.status == wanted:
            points += 1.0
        else:
            return 0.0
    return round(points / len(counted), 4) if counted else 0.0


@dataclass(frozen=True, slots=True)
class _Silent:
    """
    The result of a criterion on a chart that is silent to it, but for what hangs on the notes that were read.

    Attributes:
        silence: What silence makes of it, and for which charts.
        status: Its status.
        basis: Its basis.
        lead: The reason as a sentence; "" without one.
        next_step: What would settle it; "" when decided.
        kinds: What was looked for, where the result carries a search; else None.
        terms: How many words of the vocabulary that is.
    """

    silence: Silence
    status: Status
    basis: Basis
    lead: str
    next_step: str
    kinds: tuple[str, ...] | None
    terms: int


# By the identity of the criterion, which is kept, as with parameters.
_SILENT: dict[int, tuple[Criterion, _Silent | None]] = {}


def _silent(criterion: Criterion) -> _Silent | None:
    """Return the result of *criterion* on silent charts, worked out once; None where it takes more than silence."""
    known = _SILENT.get(id(criterion))
    if known is None or known[0] is not criterion:
        if len(_SILENT) >= _MOST_PARAMETERS:
            _SILENT.clear()
        known = _SILENT[id(criterion)] = (criterion, _silent_anew(criterion))
    return known[1]


def _silent_anew(criterion: Criterion) -> _Silent | None:
    silence = silence_of(criterion, lambda on: outcome_of(on, criterion.decide))
    if silence is None:
        return None
    outcome = silence.outcome
    status, basis = _close(criterion, outcome)
    kinds = tuple(dict.fromkeys(outcome.searched)) if basis in _WITH_SEARCH else None
    return _Silent(
        silence,
        status,
        basis,
        _sentence(outcome.reason) if outcome.reason else "",
        _next_step(criterion, outcome, basis) if status == "unknown" else "",
        kinds,
        len(terms_of(kinds)) if kinds is not None else 0,
    )


def _told(chart: Chart, criterion: Criterion, silent: _Silent, *, unread: Sequence[str]) -> CriterionResult:
    """Return what ``_decide_in_full`` returns for a chart that is silent to *criterion*."""
    outcome, basis = silent.silence.outcome, silent.basis
    search: Search | None = None
    rationale = silent.lead
    if silent.kinds is not None:
        notes = chart.notes
        search = Search(
            len(notes),
            notes[0].note_date if notes else None,
            notes[-1].note_date if notes else None,
            silent.kinds,
            silent.terms,
            tuple(unread),
        )
        if basis == "no_mention":
            words = f"No mention {statement(search)}."
            rationale = f"{rationale} {words}" if rationale else words
    flags = outcome.flags
    if unread and silent.status != "unknown":
        flags = (*flags, f"unread_notes {len(unread)}")
    return CriterionResult(
        criterion_id=criterion.criterion_id,
        kind=criterion.kind,
        status=silent.status,
        basis=basis,
        flags=flags,
        rationale=rationale,
        confidence=_confidence(chart, outcome, basis),
        next_step=silent.next_step,
        search=search,
    )


def _decide(chart: Chart, criterion: Criterion, *, unread: Sequence[str]) -> CriterionResult:
    silent = _silent(criterion)
    if silent is not None and silent.silence.holds_for(chart):
        return _told(chart, criterion, silent, unread=unread)
    return _decide_in_full(chart, criterion, unread=unread)


def _decide_in_full(chart: Chart, criterion: Criterion, *, unread: Sequence[str]) -> CriterionResult:
    here = chart.at(chart.as_of)
    outcome = with_corrections(here, lambda on: outcome_of(on, criterion.decide))
    score: ScoreResult | None = None
    if criterion.supported_by:
        # Shown beside the verdict and never part of it, so that it asks the clock nothing.
        score, outcome = support(chart, criterion.supported_by, outcome)
    status, basis = _close(criterion, outcome)
    change = None
    if basis != "judgement":
        change = next_change(
            here,
            lambda on: verdict_of(on, criterion)[0],
            status,
            leading=[item.finding for item in outcome.evidence if item.stance != "set_aside"],
        )
    search = search_of(chart, outcome.searched, unread=unread) if basis in _WITH_SEARCH else None
    flags = list(outcome.flags)
    if unread and status != "unknown":
        flags.append(f"unread_notes {len(unread)}")
    return CriterionResult(
        criterion_id=criterion.criterion_id,
        kind=criterion.kind,
        status=status,
        basis=basis,
        evidence=_ordered(outcome.evidence),
        flags=tuple(flags),
        rationale=_rationale(outcome, basis, search, change if _is_near(change, chart.as_of) else None),
        confidence=_confidence(chart, outcome, basis),
        next_step=_next_step(criterion, outcome, basis) if status == "unknown" else "",
        valid_until=change.last if change else None,
        changes_to=change.then if change else None,
        search=search,
        score=score,
    )


def _is_near(change: Change[Status] | None, as_of: date) -> bool:
    """Say whether a change is worth a sentence; ``valid_until`` holds it however far it lies."""
    return change is not None and (change.last - as_of).days <= _NEAR_DAYS


def _rationale(outcome: Outcome, basis: Basis, search: Search | None, change: Change[Status] | None) -> str:
    """Return why, what was read where that is the reason, and until when it holds."""
    sentences = [_sentence(outcome.reason)] if outcome.reason else []
    if basis == "no_mention" and search is not None:
        sentences.append(f"No mention {statement(search)}.")
    if change is not None:
        sentences.append(_sentence(f"{change.words}, then {STATUS_WORDS[change.then]}"))
    return " ".join(sentences)


def _next_step(criterion: Criterion, outcome: Outcome, basis: Basis) -> str:
    """Return what would settle an unknown: the predicate's own advice, the trial's, or the question itself."""
    advice: str = outcome.next_step or getattr(criterion.next_steps, basis, "")
    if advice:
        return advice
    if basis == "judgement":
        return "The investigator reviews the listed findings and decides."
    return criterion.next_steps.insufficient or f"Ask the treating clinician: {_sentence(criterion.summary)}"


def outcome_of(chart: Chart, node: Mapping[str, Any]) -> Outcome:
    """Return what an expression of a trial file comes to on *chart*."""
    name, content = next(iter(node.items()))
    if name == "all":
        return all_of([outcome_of(chart, item) for item in content])
    if name == "any":
        return any_of([outcome_of(chart, item) for item in content])
    if name == "at_least":
        return at_least(content["count"], [outcome_of(chart, item) for item in content["of"]])
    if name == "not":
        return negate(outcome_of(chart, content))
    # Within a trial the parameters tell the question: each predicate has a type of its own for them.
    return chart.once(PREDICATES[name].decide, _parameters(name, content))


# Parameters by the identity of what the trial file says, which is kept, so that its identity stays its own.
_PARAMETERS: dict[tuple[str, int], tuple[Any, Any]] = {}
# So many expressions have a hundred trials; a process that has seen more begins anew.
_MOST_PARAMETERS = 10_000


def _parameters(name: str, content: Any) -> Any:
    """Return the checked parameters of a predicate, checked once for each place of a trial file."""
    key = (name, id(content))
    known = _PARAMETERS.get(key)
    if known is None or known[0] is not content:
        if len(_PARAMETERS) >= _MOST_PARAMETERS:
            _PARAMETERS.clear()
        known = _PARAMETERS[key] = (content, PREDICATES[name].parameters.model_validate(content or {}))
    return known[1]


def verdict_of(chart: Chart, criterion: Criterion) -> tuple[Status, Basis]:
    """Return status and basis of one criterion on *chart*, without the rest of its result."""
    return _close(criterion, with_corrections(chart, lambda on: outcome_of(on, criterion.decide)))


def _close(criterion: Criterion, outcome: Outcome) -> tuple[Status, Basis]:
    """Say at the end of a criterion what its outcome means, silence included."""
    if criterion.silence == "judgement":
        return "unknown", "judgement"
    if outcome.value is True:
        return "met", "documented"
    if outcome.value is False:
        return "not_met", "documented"
    if outcome.is_silent:
        if criterion.silence == "not_met":
            spoken = any(item.stance == "against" for item in outcome.evidence)
            return "not_met", "documented" if spoken else "no_mention"
        return "unknown", "no_mention" if not any(
            i.stance != "set_aside" for i in outcome.evidence
        ) else "insufficient"
    return "unknown", outcome.basis


def _ordered(items: Sequence[Evidence]) -> tuple[Evidence, ...]:
    seen: dict[tuple[str, int, int, str], Evidence] = {}
    for item in items:
        key = (item.finding.note_id, item.finding.start, item.finding.end, item.stance)
        seen.setdefault(key, item)
    return tuple(sorted(seen.values(), key=lambda item: _STANCE_ORDER[item.stance]))


def _confidence(chart: Chart, outcome: Outcome, basis: Basis) -> float:
    """
    Return a rough, uncalibrated confidence: the best deciding mention, less for silence in few notes.

    Calibrated probabilities are the task of ``chartsift.models``.
    """
    if basis == "no_mention":
        # Silence in a single note says little, in many notes more.
        return round(min(0.9, 0.5 + 0.05 * len(chart.notes)), 3)
    wanted = "for" if outcome.value is not False else "against"
    scores = [item.finding.score for item in outcome.evidence if item.stance == wanted]
    best = max(scores, default=0.7)
    return round(best * (0.95 if outcome.value is not None else 0.6), 3)


def _sentence(words: str) -> str:
    # "eGFR" keeps its spelling.
    if words.partition(" ")[0].islower():
        words = words[0].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else words + "."
