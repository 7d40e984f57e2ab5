"""
The verdict on one criterion: what its expression comes to, what silence means at its end, until when that holds, and
the words for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.clock import Change, next_change
from chartsift.nlp.criteria.corrections import with_corrections
from chartsift.nlp.criteria.expression import outcome_of
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.schema import Criterion
from chartsift.nlp.criteria.scores.support import support
from chartsift.nlp.criteria.search import Read, statement, terms_of, terms_words
from chartsift.nlp.criteria.silence import Silence, silence_of
from chartsift.nlp.types import Basis, CriterionResult, Evidence, ScoreResult, Search, Status
from chartsift.nlp.values import maker

STATUS_WORDS: dict[Status, str] = {"met": "met", "not_met": "not met", "unknown": "unknown"}
# A screening and its follow-up are over within two years; "turns 76 on 2056-03-02" would only be in the way.
_NEAR_DAYS = 730
# Where nothing decided, the result shows what was looked for.
_WITH_SEARCH = frozenset({"no_mention", "judgement"})
# So many criteria have a thousand trials; a process that has seen more begins anew.
_MOST_CRITERIA = 10_000
_MOST_TRIALS = 1_000
_result = maker(CriterionResult)
# Status, next step and change of a silent verdict are its criterion's and were checked when they were worked out.
_silent_result = maker(CriterionResult, checks=False)
_search = maker(Search)
_STANCE_ORDER = {"for": 0, "against": 1, "set_aside": 2}


def verdicts_on(chart: Chart, criteria: tuple[Criterion, ...], read: Read) -> list[CriterionResult]:
    """Return the verdict of each of *criteria* on *chart*, of which so much was *read*."""
    if chart.corrected or chart.doubtful:
        # What a note takes back is looked for by every criterion.
        return [verdict_in_full(chart, criterion, read) for criterion in criteria]
    present, is_born = chart.kinds, chart.patient.birth_date is not None
    verdicts: list[CriterionResult] = []
    for criterion, silent in zip(criteria, _silences_of(criteria), strict=True):
        if silent is not None and (
            # Most criteria ask for kinds of which an ordinary note has none.
            (silent.asked.isdisjoint(present) and not (is_born and silent.asks_birth))
            or silent.silence.holds_for(chart)
        ):
            verdicts.append(_told(criterion, silent, read))
        else:
            verdicts.append(verdict_in_full(chart, criterion, read))
    return verdicts


@dataclass(frozen=True, slots=True)
class _Silent:
    """
    The result of a criterion on a chart that is silent to it, but for what hangs on the notes that were read.

    Attributes:
        silence: What silence makes of it, and for which charts.
        asked: Kinds of findings that are asked for.
        asks_birth: Whether the recorded date of birth is, too.
        flags: The flags of its outcome.
        status: Its status.
        basis: Its basis.
        lead: The reason as a sentence, and a space where the search follows; "" without one.
        next_step: What would settle it; "" when decided.
        kinds: What was looked for, where the result carries a search; else None.
        terms: How many words of the vocabulary that is.
        terms_words: The same in words; None where the result does not tell of the search.
        confidence: Its confidence; None where that hangs on the number of notes.
    """

    silence: Silence
    asked: frozenset[str]
    asks_birth: bool
    flags: tuple[str, ...]
    status: Status
    basis: Basis
    lead: str
    next_step: str
    kinds: tuple[str, ...] | None
    terms: int
    terms_words: str | None
    confidence: float | None


# By the identity of the criteria of a trial, which are kept, so that their identity stays their own.
_SILENCES: dict[int, tuple[tuple[Criterion, ...], tuple[_Silent | None, ...]]] = {}


def _silences_of(criteria: tuple[Criterion, ...]) -> tuple[_Silent | None, ...]:
    """Return what ``_silent`` returns of each of *criteria*, put together once."""
    known = _SILENCES.get(id(criteria))
    if known is None or known[0] is not criteria:
        if len(_SILENCES) >= _MOST_TRIALS:
            _SILENCES.clear()
        known = _SILENCES[id(criteria)] = (criteria, tuple([_silent(criterion) for criterion in criteria]))
    return known[1]


# By the identity of the criterion, which is kept, so that its identity stays its own.
_SILENT: dict[int, tuple[Criterion, _Silent | None]] = {}


def _silent(criterion: Criterion) -> _Silent | None:
    """Return the result of *criterion* on silent charts, worked out once; None where it takes more than silence."""
    known = _SILENT.get(id(criterion))
    if known is None or known[0] is not criterion:
        if len(_SILENT) >= _MOST_CRITERIA:
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
    lead = _sentence(outcome.reason) if outcome.reason else ""
    next_step = _next_step(criterion, outcome, basis) if status == "unknown" else ""
    # Refused here, once, what would be refused of each of its verdicts.
    _result(criterion.criterion_id, criterion.kind, status, basis, next_step=next_step)
    return _Silent(
        silence,
        silence.kinds,
        silence.asks_birth,
        outcome.flags,
        status,
        basis,
        f"{lead} " if lead and basis == "no_mention" else lead,
        next_step,
        kinds,
        terms,
        terms_words(terms) if basis == "no_mention" else None,
        None if basis == "no_mention" else _confidence(outcome),
    )


def _told(criterion: Criterion, silent: _Silent, read: Read) -> CriterionResult:
    """Return what ``verdict_in_full`` returns for a chart that is silent to *criterion*."""
    kinds, flags, rationale, unread = silent.kinds, silent.flags, silent.lead, read.unread
    if silent.terms_words is not None:
        rationale = f"{rationale}No mention {read.words}{silent.terms_words}{read.unread_words}."
    if unread and silent.status != "unknown":
        flags = (*flags, f"unread_notes {len(unread)}")
    return _silent_result(
        criterion.criterion_id,
        criterion.kind,
        silent.status,
        silent.basis,
        (),
        flags,
        rationale,
        read.confidence if silent.confidence is None else silent.confidence,
        silent.next_step,
        None,
        None,
        None if kinds is None else _search(read.notes, read.first, read.last, kinds, silent.terms, unread),
    )


def verdict_in_full(chart: Chart, criterion: Criterion, read: Read) -> CriterionResult:
    """Return the verdict of *criterion* on *chart* by asking every question."""
    before = len(chart.turns)
    if chart.doubtful or chart.corrected:
        outcome = with_corrections(chart, lambda on: outcome_of(on, criterion.decide))
    else:
        outcome = outcome_of(chart, criterion.decide)
    turns = chart.turns[before:]
    score: ScoreResult | None = None
    if criterion.supported_by:
        # Shown beside the verdict and never part of it, so that it asks the clock nothing.
        score, outcome = support(chart, criterion.supported_by, outcome)
    status, basis = _close(criterion, outcome)
    change = None
    if turns and basis != "judgement":
        change = next_change(
            chart,
            lambda on: status_of(on, criterion),
            status,
            turns,
            leading=[item.finding for item in outcome.evidence if item.stance != "set_aside"],
        )
    search = read.search_for(outcome.searched) if basis in _WITH_SEARCH else None
    flags = outcome.flags
    if read.unread and status != "unknown":
        flags = (*flags, f"unread_notes {len(read.unread)}")
    return _result(
        criterion_id=criterion.criterion_id,
        kind=criterion.kind,
        status=status,
        basis=basis,
        evidence=_ordered(outcome.evidence),
        flags=flags,
        rationale=_rationale(outcome, basis, search, change if _is_near(change, chart.as_of) else None),
        confidence=read.confidence if basis == "no_mention" else _confidence(outcome),
        next_step=_next_step(criterion, outcome, basis) if status == "unknown" else "",
        valid_until=change.last if change else None,
        changes_to=change.then if change else None,
        search=search,
        score=score,
    )


def status_of(chart: Chart, criterion: Criterion) -> Status:
    """Return the status of one criterion on *chart*, without the rest of its verdict."""
    if chart.doubtful:
        # Whether a correction means what was asked for hangs on the words of the outcome.
        outcome = with_corrections(chart, lambda on: outcome_of(on, criterion.decide))
    else:
        # A correction that is certain adds to what is shown and to no value.
        outcome = outcome_of(chart, criterion.decide, is_bare=True)
    return _status(criterion, outcome)


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


def _close(criterion: Criterion, outcome: Outcome) -> tuple[Status, Basis]:
    """Say at the end of a criterion what its outcome means, silence included."""
    if criterion.silence == "judgement":
        return "unknown", "judgement"
    status = _status(criterion, outcome)
    if outcome.value is not None:
        return status, "documented"
    if not outcome.is_silent:
        return status, outcome.basis
    if status == "not_met":
        spoken = any(item.stance == "against" for item in outcome.evidence)
        return status, "documented" if spoken else "no_mention"
    is_told = any(item.stance != "set_aside" for item in outcome.evidence)
    return status, "insufficient" if is_told else "no_mention"


def _status(criterion: Criterion, outcome: Outcome) -> Status:
    """Return the status that an outcome comes to, by its value and by what silence means to the criterion."""
    if criterion.silence == "judgement":
        return "unknown"
    if outcome.value is True:
        return "met"
    if outcome.value is False or (outcome.is_silent and criterion.silence == "not_met"):
        return "not_met"
    return "unknown"


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
    best = max([item.finding.score for item in outcome.evidence if item.stance == wanted], default=0.7)
    return round(best * (0.95 if outcome.value is not None else 0.6), 3)


def _sentence(words: str) -> str:
    # "eGFR" keeps its spelling.
    if words.partition(" ")[0].islower():
        words = words[0].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else words + "."
