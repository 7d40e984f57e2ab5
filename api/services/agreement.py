"""
How far readers agree with each other and with the system: Cohen's kappa per criterion, and overrides per reader.

Only signed readings count. Agreement with the system is taken from verdicts given before the reader saw the
proposal, where there are any: afterwards a reader agrees with what was shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.annotations.agreement import cohen_kappa
from chartsift.api.db.tables import Decision, Review, StoredResult, StudyPatient
from chartsift.api.services.evaluation import result_value
from chartsift.api.services.readings import states_of

Table = Counter[tuple[str, str]]

# Quantile of the normal distribution for a two-sided interval of 95 %.
_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class KappaInterval:
    """
    Agreement of two sides on one criterion.

    Attributes:
        charts: How many charts both judged.
        agreed: On how many they said the same.
        kappa: Cohen's kappa; None where both said one and the same throughout.
        low: Lower end of its 95 % interval, at least -1; None where kappa is.
        high: Upper end, at most 1.
    """

    charts: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Overrides:
    """How often a reader decided otherwise than proposed on one criterion, of the verdicts given seeing it."""

    reviewer_id: str
    criterion_id: str
    overridden: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class StudyAgreement:
    """All figures of one study, by criterion."""

    readers: Mapping[str, KappaInterval]
    system: Mapping[str, KappaInterval]
    system_blind: Mapping[str, KappaInterval]
    overrides: Sequence[Overrides]


def study_agreement(session: Session, study_id: str) -> StudyAgreement:
    """Return the agreement of a study's signed readings."""
    readers: dict[str, Table] = defaultdict(Counter)
    system: dict[str, Table] = defaultdict(Counter)
    blind: dict[str, Table] = defaultdict(Counter)
    seen: Counter[tuple[str, str]] = Counter()
    overridden: Counter[tuple[str, str]] = Counter()
    proposals = _Proposals(session)
    for reviews in _signed(session, study_id).values():
        states = {slot: states_of(_acts(session, review)) for slot, review in reviews.items()}
        if "first" in states and "second" in states:
            for key in states["first"].keys() & states["second"].keys():
                one, other = states["first"][key].verdict, states["second"][key].verdict
                if one is not None and other is not None:
                    readers[key[1]][one.verdict or "", other.verdict or ""] += 1
        for slot in states.keys() & {"first", "second"}:
            acts = _acts(session, reviews[slot])
            for key, state in states[slot].items():
                act = state.verdict
                proposed = proposals.status(act) if act is not None else None
                if act is None or proposed is None:
                    continue
                system[key[1]][act.verdict or "", proposed] += 1
                unseen = _last_blind(acts, key)
                if unseen is not None:
                    blind[key[1]][unseen.verdict or "", proposed] += 1
                if not act.is_blind_to_system:
                    seen[act.made_by, key[1]] += 1
                    overridden[act.made_by, key[1]] += act.verdict != proposed
    return StudyAgreement(
        readers={name: kappa_interval(table) for name, table in sorted(readers.items())},
        system={name: kappa_interval(table) for name, table in sorted(system.items())},
        system_blind={name: kappa_interval(table) for name, table in sorted(blind.items())},
        overrides=[Overrides(*key, overridden[key], count) for key, count in sorted(seen.items())],
    )


def kappa_interval(table: Mapping[tuple[str, str], int]) -> KappaInterval:
    """
    Return Cohen's kappa of a table of counts with its large-sample 95 % interval.

    Source of the standard error: Fleiss JL, Cohen J, Everitt BS, Psychol Bull 1969;72:323-327, equation 13.
    """
    total = sum(table.values())
    found = cohen_kappa(table)
    agreed = sum(count for (one, other), count in table.items() if one == other)
    if found.kappa is None or total == 0:
        return KappaInterval(total, agreed, None, None, None)
    error = _standard_error(table, total, found.kappa)
    return KappaInterval(
        total,
        agreed,
        found.kappa,
        max(-1.0, found.kappa - _Z_95 * error),
        min(1.0, found.kappa + _Z_95 * error),
    )


def _standard_error(table: Mapping[tuple[str, str], int], total: int, kappa: float) -> float:
    rows: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for (one, other), count in table.items():
        rows[one] += count
        columns[other] += count
    p_row = {name: count / total for name, count in rows.items()}
    p_column = {name: count / total for name, count in columns.items()}
    names = p_row.keys() | p_column.keys()
    expected = sum(p_row.get(name, 0.0) * p_column.get(name, 0.0) for name in names)
    spread = 0.0
    for (one, other), count in table.items():
        # Weighted by the margins of the other side, as in the source: column margin of the row's name, and so on.
        margins = p_column.get(one, 0.0) + p_row.get(other, 0.0)
        if one == other:
            spread += count / total * (1 - margins * (1 - kappa)) ** 2
        else:
            spread += count / total * (1 - kappa) ** 2 * margins**2
    spread -= (kappa - expected * (1 - kappa)) ** 2
    return sqrt(max(spread, 0.0) / total) / (1 - expected)


class _Proposals:
    """Statuses that the system proposed, each result opened once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, dict[tuple[str, str], str]] = {}

    def status(self, act: Decision) -> str | None:
        """Return what was proposed when *act* was made; None where there was nothing, or a judgement."""
        if act.result_id is None:
            return None
        if act.result_id not in self._known:
            stored = self._session.get(StoredResult, act.result_id)
            self._known[act.result_id] = (
                {}
                if stored is None
                else {
                    (cohort.cohort_id, item.criterion_id): item.status
                    for cohort in result_value(self._session, stored).cohorts
                    for item in cohort.criteria
                    if item.basis != "judgement"
                }
            )
        return self._known[act.result_id].get((act.cohort_id, act.criterion_id))


def _signed(session: Session, study_id: str) -> dict[tuple[str, int], dict[str, Review]]:
    found = session.scalars(
        select(Review)
        .join(StudyPatient, StudyPatient.id == Review.patient_id)
        .where(StudyPatient.study_id == study_id, Review.signed_at.is_not(None))
        .order_by(Review.id)
    ).all()
    grouped: dict[tuple[str, int], dict[str, Review]] = defaultdict(dict)
    for review in found:
        grouped[review.patient_id, review.round][review.slot] = review
    return grouped


def _acts(session: Session, review: Review) -> Sequence[Decision]:
    query = select(Decision).where(Decision.review_id == review.id).order_by(Decision.sequence)
    return session.scalars(query).all()


def _last_blind(acts: Sequence[Decision], key: tuple[str, str]) -> Decision | None:
    """Return the verdict that stood on a criterion when the reader had not yet seen the proposal."""
    state = states_of([act for act in acts if act.is_blind_to_system]).get(key)
    return None if state is None else state.verdict
