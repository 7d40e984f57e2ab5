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
from chartsift.nlp.criteria.search import read_of, search_of, statement, terms_of, terms_words
from chartsift.nlp.criteria.silence import Silence, silence_in, silence_of
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
from chartsift.nlp.values import maker

STATUS_WORDS: dict[Status, str] = {"met": "met", "not_met": "not met", "unknown": "unknown"}
# A screening and its follow-up are over within two years; "turns 76 on 2056-03-02" would only be in the way.
_NEAR_DAYS = 730
# Where nothing decided, the result shows what was looked for.
_WITH_SEARCH = frozenset({"no_mention", "judgement"})
_result = maker(CriterionResult)
_of_cohort = maker(CohortResult)
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
    missed = tuple(unread)
    # Cohorts share criteria; each is decided once.
    decided: dict[int, CriterionResult] = {}
    results: list[CohortResult] = []
    for cohort, criteria in _criteria(trial):
        for criterion in criteria:
            if id(criterion) not in decided:
                decided[id(criterion)] = _decide(chart, criterion, unread=missed)
        ours = tuple([decided[id(criterion)] for criterion in criteria])
        results.append(_cohort_result(chart, trial, cohort, ours, applicable=cohort is chosen))
    return results


# The cohorts of a trial with their criteria, by the identity of the trial, which is kept, as with parameters.
_CRITERIA: dict[int, tuple[TrialFile, tuple[tuple[Cohort, tuple[Criterion, ...]], ...]]] = {}
_MOST_TRIALS = 1_000


def _criteria(trial: TrialFile) -> tuple[tuple[Cohort, tuple[Criterion, ...]], ...]:
    """Return the cohorts of *trial*, each with its criteria, put together once."""
    known = _CRITERIA.get(id(trial))
    if known is None or known[0] is not trial:
        if len(_CRITERIA) >= _MOST_TRIALS:
            _CRITERIA.clear()
        cohorts = tuple((cohort, trial.criteria_of(cohort)) for cohort in trial.cohorts)
        known = _CRITERIA[id(trial)] = (trial, cohorts)
    return known[1]


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
    pediatric = [
        words
        for words in {n.note_type for n in chart.notes}
        if "pediat" in words.lower() or "peds" in words.lower()
    ]
    if pediatric:
        notes_with_signs |= {n.note_id for n in chart.notes if n.note_type in pediatric}
    return len(notes_with_signs) * 2 > len(chart.notes)


def _cohort_result(
    chart: Chart,
    trial: TrialFile,
    cohort: Cohort,
    results: tuple[CriterionResult, ...],
    *,
    applicable: bool,
) -> CohortResult:
    counted = [r for r in results if r.basis != "judgement"]
    return _of_cohort(
        patient_id=chart.patient.patient_id,
        trial_id=trial.trial_id,
        trial_version=trial.version,
        cohort_id=cohort.cohort_id,
        as_of=chart.as_of,
        applicable=applicable,
        status=_cohort_status(counted),
        criteria=results,
        missing=tuple([r.criterion_id for r in counted if r.status == "unknown"]),
        score=_score(counted),
    )


def _cohort_status(counted: Sequence[CriterionResult]) -> CohortStatus:
    status: CohortStatus = "eligible"
    for r in counted:
        if r.status == "unknown":
            status = "undetermined"
        elif r.status == ("not_met" if r.kind == "inclusion" else "met"):
            return "ineligible"
    return status


def _score(counted: Sequence[CriterionResult]) -> float:
    """Return the share of criteria that stand as enrolment needs them; half for an unknown, none after a failure."""
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
        terms_words: The same in words; None where the result does not tell of the search.
        confidence: Its confidence; None where that hangs on the number of notes.
    """

    silence: Silence
    status: Status
    basis: Basis
    lead: str
    next_step: str
    kinds: tuple[str, ...] | None
    terms: int
    terms_words: str | None
    confidence: float | None


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
    terms = len(terms_of(kinds)) if kinds is not None else 0
    return _Silent(
        silence,
        status,
        basis,
        _sentence(outcome.reason) if outcome.reason else "",
        _next_step(criterion, outcome, basis) if status == "unknown" else "",
        kinds,
        terms,
        terms_words(terms) if basis == "no_mention" else None,
        None if basis == "no_mention" else _confidence(outcome),
    )


def _told(chart: Chart, criterion: Criterion, silent: _Silent, *, unread: tuple[str, ...]) -> CriterionResult:
    """Return what ``_decide_in_full`` returns for a chart that is silent to *criterion*."""
    read = read_of(chart, unread)
    search: Search | None = None
    rationale = silent.lead
    if silent.kinds is not None:
        search = read.search(silent.kinds, silent.terms)
        if silent.terms_words is not None:
            words = f"No mention {read.words}{silent.terms_words}{read.unread_words}."
            rationale = f"{rationale} {words}" if rationale else words
    flags = silent.silence.outcome.flags
    if unread and silent.status != "unknown":
        flags = (*flags, f"unread_notes {len(unread)}")
    return _result(
        criterion_id=criterion.criterion_id,
        kind=criterion.kind,
        status=silent.status,
        basis=silent.basis,
        flags=flags,
        rationale=rationale,
        confidence=read.confidence if silent.confidence is None else silent.confidence,
        next_step=silent.next_step,
        search=search,
    )


def _decide(chart: Chart, criterion: Criterion, *, unread: tuple[str, ...]) -> CriterionResult:
    silent = _silent(criterion)
    if silent is not None and silent.silence.holds_for(chart):
        return _told(chart, criterion, silent, unread=unread)
    return _decide_in_full(chart, criterion, unread=unread)


def _decide_in_full(chart: Chart, criterion: Criterion, *, unread: tuple[str, ...]) -> CriterionResult:
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
            leading=(item.finding for item in outcome.evidence if item.stance != "set_aside"),
        )
    search = search_of(chart, outcome.searched, unread=unread) if basis in _WITH_SEARCH else None
    flags = list(outcome.flags)
    if unread and status != "unknown":
        flags.append(f"unread_notes {len(unread)}")
    return _result(
        criterion_id=criterion.criterion_id,
        kind=criterion.kind,
        status=status,
        basis=basis,
        evidence=_ordered(outcome.evidence),
        flags=tuple(flags),
        rationale=_rationale(outcome, basis, search, change if _is_near(change, chart.as_of) else None),
        confidence=read_of(chart, unread).confidence if basis == "no_mention" else _confidence(outcome),
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
        return all_of([_part_of(chart, item) for item in content])
    if name == "any":
        return any_of([_part_of(chart, item) for item in content])
    if name == "at_least":
        return at_least(content["count"], [_part_of(chart, item) for item in content["of"]])
    if name == "not":
        return negate(outcome_of(chart, content))
    return chart.once(PREDICATES[name].decide, _parameters(name, content))


# What silence makes of a part of an expression, by the identity of the part, which is kept, as with parameters.
_SILENT_PARTS: dict[int, tuple[Mapping[str, Any], Silence | None]] = {}


def _part_of(chart: Chart, node: Mapping[str, Any]) -> Outcome:
    """Return what one of several expressions comes to; what the chart says nothing to is not asked again."""
    known = _SILENT_PARTS.get(id(node))
    if known is None or known[0] is not node:
        if len(_SILENT_PARTS) >= _MOST_PARAMETERS:
            _SILENT_PARTS.clear()
        known = _SILENT_PARTS[id(node)] = (node, silence_in(lambda on: outcome_of(on, node)))
    silence = known[1]
    return (
        silence.outcome if silence is not None and chart.answers_nothing(silence) else outcome_of(chart, node)
    )


# Parameters by the identity of what the trial file says, which is kept, so that its identity stays its own.
_PARAMETERS: dict[tuple[str, int], tuple[Any, Any]] = {}
# The same by what they say, for two places that say the same are one question to a chart.
_SAME: dict[tuple[str, str], Any] = {}
# So many expressions have a hundred trials; a process that has seen more begins anew.
_MOST_PARAMETERS = 10_000


def _parameters(name: str, content: Any) -> Any:
    """Return the checked parameters of a predicate, checked once for each place of a trial file."""
    key = (name, id(content))
    known = _PARAMETERS.get(key)
    if known is None or known[0] is not content:
        if len(_PARAMETERS) >= _MOST_PARAMETERS:
            _PARAMETERS.clear()
            _SAME.clear()
        parameters = PREDICATES[name].parameters.model_validate(content or {})
        # The order counts as well: it is that of the evidence.
        same = _SAME.setdefault((name, parameters.model_dump_json()), parameters)
        known = _PARAMETERS[key] = (content, same)
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
    if len(items) < 2:
        return tuple(items)
    seen: dict[tuple[str, int, int, str], Evidence] = {}
    for item in items:
        finding = item.finding
        key = (finding.note_id, finding.start, finding.end, item.stance)
        seen.setdefault(key, item)
    return tuple(sorted(seen.values(), key=lambda item: _STANCE_ORDER[item.stance]))


def _confidence(outcome: Outcome) -> float:
    """
    Return a rough, uncalibrated confidence: that of the best deciding mention.

    Calibrated probabilities are the task of ``chartsift.models``.
    """
    wanted = "for" if outcome.value is not False else "against"
    scores = [item.finding.score for item in outcome.evidence if item.stance == wanted]
    best = max(scores, default=0.7)
    return round(best * (0.95 if outcome.value is not None else 0.6), 3)


def _sentence(words: str) -> str:
    # "eGFR" keeps its spelling.
    if words.partition(" ")[0].islower():
        words = words[0].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else words + "."
