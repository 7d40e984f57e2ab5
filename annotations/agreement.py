"""
The agreement of two annotators on the same charts: Cohen's kappa per criterion, F1 of the marked spans.

Neither side is the truth, so F1 (symmetric) takes the place of precision and recall.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chartsift.annotations.charts import Chart, GoldFinding
from chartsift.annotations.rates import Detection, Rate
from chartsift.annotations.vocabulary import JUDGEMENT_CRITERION, KINDS
from chartsift.nlp.errors import InputError

# (chart, answer of the first, answer of the second)
Pairs = list[tuple[str, str, str]]

_RESAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Kappa:
    """
    Agreement on one decision.

    Attributes:
        agreed: Charts with the same answer, of all charts.
        kappa: Cohen's kappa, -1 to 1; None where both gave one and the same answer throughout.
        interval: Its 95 % interval over charts drawn with replacement; None where it was not asked for, or kappa is not
            defined.
    """

    agreed: Rate
    kappa: float | None
    interval: tuple[float, float] | None = None

    def __str__(self) -> str:
        if self.kappa is None:
            return f"{self.agreed}   kappa n/a"
        doubt = f" [{self.interval[0]:.3f}, {self.interval[1]:.3f}]" if self.interval else ""
        return f"{self.agreed}   kappa {self.kappa:.3f}{doubt}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision on which the two differ."""

    patient_id: str
    criterion_id: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.patient_id} {self.criterion_id}: {self.first} / {self.second}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    How far two annotations agree.

    Attributes:
        charts: Number of charts that both annotated.
        only_first: Patient ids annotated by the first only.
        only_second: Patient ids annotated by the second only.
        status: Status of all criteria pooled, the investigator's judgement left out.
        by_criterion: The same for each criterion.
        cohort_status: Cohort status.
        spans_exact: Marked spans by kind that have the same bounds and concept (``tp``), by the first only
            (``fn``) and by the second only (``fp``).
        spans_overlap: The same when sharing a code point is enough.
        assertion: Same assertion, of the overlapping pairs.
        differences: Every decision with two answers, as status/basis where the status differs.
    """

    charts: int
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    status: Kappa
    by_criterion: Mapping[str, Kappa]
    cohort_status: Kappa
    spans_exact: Mapping[str, Detection]
    spans_overlap: Mapping[str, Detection]
    assertion: Rate
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values for JSON."""
        return {
            "charts": self.charts,
            "only_first": list(self.only_first),
            "only_second": list(self.only_second),
            "status": _kappa_dict(self.status),
            "by_criterion": {name: _kappa_dict(kappa) for name, kappa in self.by_criterion.items()},
            "cohort_status": _kappa_dict(self.cohort_status),
            "span_f1_exact": {kind: found.f1 for kind, found in self.spans_exact.items()},
            "span_f1_overlap": {kind: found.f1 for kind, found in self.spans_overlap.items()},
            "assertion": self.assertion.to_dict(),
            "differences": [
                {
                    "patient_id": d.patient_id,
                    "criterion_id": d.criterion_id,
                    "first": d.first,
                    "second": d.second,
                }
                for d in self.differences
            ],
        }

    def render(self) -> str:
        """Return the figures as a plain-text table."""
        lines = [f"{'charts':<36}{self.charts}"]
        for label, names in (
            ("only in the first", self.only_first),
            ("only in the second", self.only_second),
        ):
            if names:
                lines.append(f"{label:<36}{', '.join(names)}")
        lines += [f"{'criterion status':<36}{self.status}", f"{'cohort status':<36}{self.cohort_status}", ""]
        lines += [f"  {name:<34}{kappa}" for name, kappa in self.by_criterion.items()]
        lines += ["", f"  {'spans':<34}F1 exact   F1 overlap"]
        lines += [
            f"  {kind:<34}{self.spans_exact[kind].f1:<11.3f}{self.spans_overlap[kind].f1:.3f}"
            for kind in self.spans_exact
        ]
        lines.append(f"  {'assertion of shared spans':<34}{self.assertion}")
        if self.differences:
            lines += [
                "",
                "Differences (first / second)",
                *(f"  {difference}" for difference in self.differences),
            ]
        return "\n".join(lines)


def agreement(first: Sequence[Chart], second: Sequence[Chart]) -> Agreement:
    """
    Compare two annotations of the same charts, matched by patient id.

    Raises:
        InputError: no chart in common, or the notes of a shared chart differ (IN165).
    """
    left = {chart.patient.patient_id: chart for chart in first}
    right = {chart.patient.patient_id: chart for chart in second}
    shared = [patient_id for patient_id in left if patient_id in right]
    if not shared:
        raise InputError("IN165", "the two annotations have no chart in common")
    answers: dict[str, Pairs] = defaultdict(list)
    cohorts: Pairs = []
    exact: Counter[tuple[str, str]] = Counter()
    overlap: Counter[tuple[str, str]] = Counter()
    assertions: Counter[bool] = Counter()
    differences: list[Difference] = []
    for patient_id in shared:
        one, other = left[patient_id], right[patient_id]
        if {note.note_id: note.text for note in one.notes} != {
            note.note_id: note.text for note in other.notes
        }:
            raise InputError(
                "IN165", f"{one.source} and {other.source}: the notes differ", hint="compare like with like"
            )
        cohorts.append((patient_id, one.gold.cohort_status, other.gold.cohort_status))
        _compare_criteria(one, other, answers, differences)
        _compare_spans(one, other, exact, overlap, assertions)
    kinds = [kind for kind in KINDS if any(exact[kind, cell] for cell in ("tp", "fp", "fn"))]
    return Agreement(
        charts=len(shared),
        only_first=tuple(patient_id for patient_id in left if patient_id not in right),
        only_second=tuple(patient_id for patient_id in right if patient_id not in left),
        status=kappa_with_interval([pair for pairs in answers.values() for pair in pairs]),
        by_criterion={name: kappa_with_interval(pairs) for name, pairs in sorted(answers.items())},
        cohort_status=kappa_with_interval(cohorts),
        spans_exact={kind: _detection(exact, kind) for kind in kinds},
        spans_overlap={kind: _detection(overlap, kind) for kind in kinds},
        assertion=Rate(assertions[True], assertions.total()),
        differences=tuple(differences),
    )


def cohen_kappa(table: Mapping[tuple[str, str], int]) -> Kappa:
    """
    Return Cohen's kappa of a table of counts by (answer of the first, answer of the second).

    Source: Cohen J, Educ Psychol Meas 1960;20:37-46.
    """
    total = sum(table.values())
    agreed = sum(count for (one, other), count in table.items() if one == other)
    firsts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for (one, other), count in table.items():
        firsts[one] += count
        seconds[other] += count
    # In whole numbers, so that "chance agrees always" is exact: expected agreement times total squared.
    expected = sum(firsts[answer] * seconds[answer] for answer in firsts)
    if expected == total * total:
        return Kappa(Rate(agreed, total), None)
    return Kappa(Rate(agreed, total), (agreed * total - expected) / (total * total - expected))


def kappa_with_interval(pairs: Pairs) -> Kappa:
    """
    Return Cohen's kappa of *pairs* (chart, answer of the first, of the second) with its 95 % interval.

    The interval is the percentile interval of charts drawn with replacement, because the decisions on one chart hang
    together; draws in which both always gave one answer have no kappa and are left out. Where every draw agrees in all,
    the interval is one point and says only that nothing was seen that could widen it.

    Source: Efron B, Tibshirani R. An introduction to the bootstrap. 1993, chapter 13.
    """
    whole = cohen_kappa(Counter((first, second) for _, first, second in pairs))
    of_chart: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for chart, first, second in pairs:
        of_chart[chart][first, second] += 1
    if whole.kappa is None or len(of_chart) < 2:
        return whole
    chance = random.Random(0)  # noqa: S311 - a repeatable sample, no secret
    tables = [of_chart[chart] for chart in sorted(of_chart)]
    values = []
    for _ in range(_RESAMPLES):
        drawn: Counter[tuple[str, str]] = Counter()
        for table in chance.choices(tables, k=len(tables)):
            drawn.update(table)
        kappa = cohen_kappa(drawn).kappa
        if kappa is not None:
            values.append(kappa)
    values.sort()
    low, high = values[int(0.025 * len(values))], values[int(0.975 * len(values))]
    return Kappa(whole.agreed, whole.kappa, (low, high))


def _compare_criteria(
    one: Chart, other: Chart, answers: Mapping[str, Pairs], differences: list[Difference]
) -> None:
    patient_id = one.patient.patient_id
    if one.gold.cohort != other.gold.cohort:
        differences.append(Difference(patient_id, "cohort", one.gold.cohort, other.gold.cohort))
    for criterion_id, mine in one.gold.criteria.items():
        # Where the cohorts differ, only the criteria that both cohorts have can be compared.
        theirs = other.gold.criteria.get(criterion_id)
        if theirs is None or criterion_id == JUDGEMENT_CRITERION:
            continue
        answers[criterion_id].append((patient_id, mine.status, theirs.status))
        if mine.status != theirs.status:
            differences.append(
                Difference(
                    patient_id, criterion_id, f"{mine.status}/{mine.basis}", f"{theirs.status}/{theirs.basis}"
                )
            )


def _compare_spans(
    one: Chart,
    other: Chart,
    exact: Counter[tuple[str, str]],
    overlap: Counter[tuple[str, str]],
    assertions: Counter[bool],
) -> None:
    mine, theirs = _by_place(one), _by_place(other)
    for place in mine.keys() | theirs.keys():
        kind = place[1]
        ours, others = mine.get(place, []), theirs.get(place, [])
        same = {(m.span.start, m.span.end) for m in ours} & {(m.span.start, m.span.end) for m in others}
        _count(exact, kind, len(same), len(ours), len(others))
        unused = list(others)
        matched = 0
        for mention in ours:
            pair = next((o for o in unused if mention.span.overlaps(o.span.start, o.span.end)), None)
            if pair is not None:
                unused.remove(pair)
                matched += 1
                assertions[pair.assertion == mention.assertion] += 1
        _count(overlap, kind, matched, len(ours), len(others))


def _by_place(chart: Chart) -> dict[tuple[str, str, str], list[GoldFinding]]:
    """Group the mentions by note, kind and concept, in the order of the text."""
    places: dict[tuple[str, str, str], list[GoldFinding]] = defaultdict(list)
    for mention in sorted(chart.gold.findings, key=lambda m: (m.span.start, m.span.end)):
        places[mention.span.note_id, mention.kind, mention.concept].append(mention)
    return places


def _count(table: Counter[tuple[str, str]], kind: str, matched: int, ours: int, others: int) -> None:
    table[kind, "tp"] += matched
    table[kind, "fn"] += ours - matched
    table[kind, "fp"] += others - matched


def _detection(table: Mapping[tuple[str, str], int], kind: str) -> Detection:
    return Detection(table[kind, "tp"], table[kind, "fp"], table[kind, "fn"])


def _kappa_dict(kappa: Kappa) -> dict[str, Any]:
    low, high = kappa.interval or (None, None)
    return {"agreement": kappa.agreed.to_dict(), "kappa": kappa.kappa, "kappa_low": low, "kappa_high": high}
