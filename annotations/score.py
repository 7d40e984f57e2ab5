"""
The accuracy of a screening run against annotated charts.

What is counted (the definitions of GUIDELINES.md, "What is measured"):

- only the cohort that the annotators read, and never the investigator's judgement;
- a criterion is right when its status is right; basis and evidence are looked at only then;
- basis and evidence are left out where an exclusion is rightly ``not_met``, except for the history of cell
  therapy and grafts: whether silence or a plain normal finding settles the others is a matter of taste;
- a mention is found when a finding of the same kind and concept overlaps it; a finding answers one mention.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from chartsift.annotations.charts import Chart, GoldCriterion, GoldFinding
from chartsift.annotations.rates import Detection, Rate
from chartsift.annotations.vocabulary import EXCLUSIONS, HEADLINE_KINDS, JUDGEMENT_CRITERION, KINDS
from chartsift.nlp.errors import InputError

Row = Mapping[str, Any]

_MISSING: Final = "missing"
# What is read of each file of the output contract; other columns may come and go.
_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "findings": frozenset(
        {"patient_id", "note_id", "start", "end", "text", "kind", "concept", "assertion"},
    ),
    "criteria": frozenset({"patient_id", "cohort_id", "criterion_id", "status", "basis", "evidence"}),
    "cohorts": frozenset({"patient_id", "cohort_id", "status"}),
}
_BASIS_ALWAYS_COUNTS: Final = frozenset({"prior_car_t", "prior_transplant"})


@dataclass(frozen=True, slots=True)
class ResultRows:
    """The rows of a run that accuracy is measured on, with the columns of the output contract."""

    findings: Sequence[Row]
    criteria: Sequence[Row]
    cohorts: Sequence[Row]

    @classmethod
    def read(cls, out_dir: Path) -> ResultRows:
        """
        Read ``findings``, ``criteria`` and ``cohorts`` of an output folder, Parquet or else JSON lines.

        Raises:
            InputError: one of the three is missing (IN163) or cannot be read (IN164).
        """
        return cls(*(_read_rows(out_dir, name) for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class CriterionMiss:
    """A criterion whose status is wrong; ``got_*`` is "missing" when the run has no such row."""

    patient_id: str
    criterion_id: str
    want_status: str
    want_basis: str
    got_status: str
    got_basis: str
    rationale: str

    def __str__(self) -> str:
        return (
            f"{self.patient_id} {self.criterion_id}: want {self.want_status}/{self.want_basis}, "
            f"got {self.got_status}/{self.got_basis}: {self.rationale}"
        )


@dataclass(frozen=True, slots=True)
class MentionMiss:
    """A mention missed, found for nothing ("extra") or held with the wrong assertion. Quotes note text."""

    patient_id: str
    note_id: str
    kind: str
    concept: str
    text: str
    problem: str  # "missed", "extra" or "assertion"
    want: str = ""
    got: str = ""

    def __str__(self) -> str:
        name = f"{self.kind}/{self.concept} {self.text!r}"
        if self.problem == "assertion":
            return f"{self.patient_id} {self.note_id} {name}: want {self.want}, got {self.got}"
        return f"{self.patient_id} {self.note_id} {self.problem} {name}"


@dataclass(frozen=True, slots=True)
class Score:
    """
    The figures of one run; :meth:`to_dict` and :meth:`render` show them all.

    Attributes:
        charts: Number of charts.
        criterion_status: Decisions with the right status.
        per_criterion: The same by criterion id.
        basis: Right basis, of the counted decisions with the right status.
        evidence: Evidence that overlaps a quote of the annotators, of the same decisions where they gave one.
        exclusion_sensitivity: Of the exclusions that are met, those found.
        exclusion_precision: Of the exclusions called met, those that are.
        cohort_status: Patients with the right cohort status.
        mentions: The four headline kinds together.
        mentions_by_kind: Each of the five kinds that occurs.
        mentions_by_concept: By (kind, concept).
        assertion: Right assertion, of the found mentions of the headline kinds.
        assertion_by_kind: The same for each of the five kinds.
        assertion_confusion: Count by (wanted, got) assertion, headline kinds.
        confusion: For each criterion the count by (wanted, got) status; "missing" when the run has no row.
        cohort_confusion: Count by (wanted, got) cohort status.
        broken_offsets: Findings whose text is not the text at their offsets.
        criterion_misses: Every wrong status, in the order of the charts.
        mention_misses: Every wrong mention, in the order of the charts.
        errors: All misses as lines, chart by chart. They quote note text: never log them.
    """

    charts: int
    criterion_status: Rate
    per_criterion: Mapping[str, Rate]
    basis: Rate
    evidence: Rate
    exclusion_sensitivity: Rate
    exclusion_precision: Rate
    cohort_status: Rate
    mentions: Detection
    mentions_by_kind: Mapping[str, Detection]
    mentions_by_concept: Mapping[tuple[str, str], Detection]
    assertion: Rate
    assertion_by_kind: Mapping[str, Rate]
    assertion_confusion: Mapping[tuple[str, str], int]
    confusion: Mapping[str, Mapping[tuple[str, str], int]]
    cohort_confusion: Mapping[tuple[str, str], int]
    broken_offsets: int
    criterion_misses: tuple[CriterionMiss, ...]
    mention_misses: tuple[MentionMiss, ...]
    errors: list[str]

    def misses_by_criterion(self) -> dict[str, list[CriterionMiss]]:
        """Return the wrong statuses by criterion id."""
        misses: dict[str, list[CriterionMiss]] = defaultdict(list)
        for miss in self.criterion_misses:
            misses[miss.criterion_id].append(miss)
        return dict(sorted(misses.items()))

    def to_dict(self) -> dict[str, Any]:
        """Return all figures, without note text, as plain values for JSON."""
        rates = self._rates()
        return {
            "charts": self.charts,
            "criterion_status_accuracy": self.criterion_status.value,
            "per_criterion": {name: [rate.right, rate.total] for name, rate in self.per_criterion.items()},
            "basis_accuracy_when_status_right": self.basis.value,
            "evidence_hit_when_status_right": self.evidence.value,
            "exclusion_sensitivity": self.exclusion_sensitivity.value,
            "exclusion_precision": self.exclusion_precision.value,
            "cohort_status_accuracy": self.cohort_status.value,
            "mentions": self.mentions.to_dict(),
            "mentions_by_kind": {kind: found.to_dict() for kind, found in self.mentions_by_kind.items()},
            "assertion_accuracy": self.assertion.value,
            "broken_offsets": self.broken_offsets,
            "intervals": {name: rate.to_dict() for name, rate in rates.items()},
            "mentions_by_concept": {
                f"{kind}/{concept}": found.to_dict()
                for (kind, concept), found in self.mentions_by_concept.items()
            },
            "assertion_by_kind": {kind: rate.to_dict() for kind, rate in self.assertion_by_kind.items()},
            "assertion_confusion": _cells(self.assertion_confusion),
            "confusion": {name: _cells(table) for name, table in self.confusion.items()},
            "cohort_confusion": _cells(self.cohort_confusion),
            "misses": {
                name: [
                    {"patient_id": miss.patient_id, "want": miss.want_status, "got": miss.got_status}
                    for miss in misses
                ]
                for name, misses in self.misses_by_criterion().items()
            },
        }

    def render(self) -> str:
        """Return the figures as a plain-text table; rates with their 95 % interval and counts."""
        lines = [f"{'charts':<36}{self.charts}"]
        lines += [f"{name.replace('_', ' '):<36}{rate}" for name, rate in self._rates().items()]
        lines += [
            f"{'mentions (four kinds)':<36}{self.mentions}",
            f"{'broken offsets':<36}{self.broken_offsets}",
        ]
        lines += ["", "By criterion"]
        lines += [f"  {name:<34}{rate}" for name, rate in self.per_criterion.items()]
        if self.criterion_misses:
            lines += ["", "Misses by criterion (want -> got)"]
        for name, misses in self.misses_by_criterion().items():
            lines.append(f"  {name}")
            lines += [f"    {miss.patient_id:<32}{miss.want_status} -> {miss.got_status}" for miss in misses]
        lines += ["", "Mentions by kind"]
        lines += [f"  {kind:<34}{found}" for kind, found in self.mentions_by_kind.items()]
        lines += ["", "Mentions by concept"]
        lines += [
            f"  {kind + '/' + concept:<34}{found}"
            for (kind, concept), found in self.mentions_by_concept.items()
        ]
        lines += ["", "Assertion by kind"]
        lines += [f"  {kind:<34}{rate}" for kind, rate in self.assertion_by_kind.items()]
        wrong_assertions = [
            f"  {want + ' -> ' + got:<34}{count}"
            for (want, got), count in sorted(self.assertion_confusion.items())
            if want != got
        ]
        if wrong_assertions:
            lines += ["", "Wrong assertions (want -> got)", *wrong_assertions]
        return "\n".join(lines)

    def _rates(self) -> dict[str, Rate]:
        return {
            "criterion_status_accuracy": self.criterion_status,
            "basis_accuracy_when_status_right": self.basis,
            "evidence_hit_when_status_right": self.evidence,
            "exclusion_sensitivity": self.exclusion_sensitivity,
            "exclusion_precision": self.exclusion_precision,
            "cohort_status_accuracy": self.cohort_status,
            "assertion_accuracy": self.assertion,
        }


def score(charts: Sequence[Chart], rows: ResultRows) -> Score:
    """
    Measure a run against the annotation of *charts*.

    Rows of other patients are ignored; a criterion, cohort or mention without a row counts as wrong.
    """
    tally = _Tally()
    criteria = {(row["patient_id"], row["cohort_id"], row["criterion_id"]): row for row in rows.criteria}
    cohorts = {(row["patient_id"], row["cohort_id"]): row for row in rows.cohorts}
    found = _findings_by_place(charts, rows.findings, tally)
    for chart in charts:
        patient_id, gold = chart.patient.patient_id, chart.gold
        got_cohort = cohorts.get((patient_id, gold.cohort), {}).get("status") or _MISSING
        tally.cohorts[gold.cohort_status, got_cohort] += 1
        for criterion_id, want in gold.criteria.items():
            if criterion_id != JUDGEMENT_CRITERION:
                _score_criterion(
                    patient_id, want, criteria.get((patient_id, gold.cohort, criterion_id), {}), tally
                )
        _score_mentions(chart, found, tally)
    return tally.result(len(charts))


class _Tally:
    """What is counted on the way through the charts; ``result`` freezes it."""

    def __init__(self) -> None:
        self.confusion: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.basis: Counter[bool] = Counter()
        self.evidence: Counter[bool] = Counter()
        self.cohorts: Counter[tuple[str, str]] = Counter()
        self.found: Counter[tuple[str, str, str]] = Counter()  # (kind, concept, "tp" | "fp" | "fn")
        self.assertions: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.broken_offsets = 0
        self.misses: list[CriterionMiss | MentionMiss] = []

    def result(self, charts: int) -> Score:
        per_criterion = {name: _diagonal(table) for name, table in sorted(self.confusion.items())}
        exclusions: Counter[tuple[bool, bool]] = Counter()
        for name in EXCLUSIONS:
            for (want, got), count in self.confusion.get(name, {}).items():
                exclusions[want == "met", got == "met"] += count
        by_concept = {
            (kind, concept): Detection(*(self.found[kind, concept, cell] for cell in ("tp", "fp", "fn")))
            for kind, concept in sorted({(kind, concept) for kind, concept, _ in self.found})
        }
        by_kind: dict[str, Detection] = {}
        for (kind, _), detection in by_concept.items():
            by_kind[kind] = by_kind.get(kind, Detection()) + detection
        headline = sum((by_kind[kind] for kind in HEADLINE_KINDS if kind in by_kind), Detection())
        assertions = sum((self.assertions[kind] for kind in HEADLINE_KINDS), Counter())
        hit, missed, false_alarm = exclusions[True, True], exclusions[True, False], exclusions[False, True]
        return Score(
            charts=charts,
            criterion_status=Rate(
                sum(rate.right for rate in per_criterion.values()),
                sum(rate.total for rate in per_criterion.values()),
            ),
            per_criterion=per_criterion,
            basis=Rate(self.basis[True], self.basis.total()),
            evidence=Rate(self.evidence[True], self.evidence.total()),
            exclusion_sensitivity=Rate(hit, hit + missed),
            exclusion_precision=Rate(hit, hit + false_alarm),
            cohort_status=_diagonal(self.cohorts),
            mentions=headline,
            mentions_by_kind=by_kind,
            mentions_by_concept=by_concept,
            assertion=_diagonal(assertions),
            assertion_by_kind={
                kind: _diagonal(table) for kind, table in sorted(self.assertions.items()) if table
            },
            assertion_confusion=dict(assertions),
            confusion={name: dict(table) for name, table in sorted(self.confusion.items())},
            cohort_confusion=dict(self.cohorts),
            broken_offsets=self.broken_offsets,
            criterion_misses=tuple(miss for miss in self.misses if isinstance(miss, CriterionMiss)),
            mention_misses=tuple(miss for miss in self.misses if isinstance(miss, MentionMiss)),
            errors=[str(miss) for miss in self.misses],
        )


def _findings_by_place(
    charts: Sequence[Chart], findings: Iterable[Row], tally: _Tally
) -> dict[tuple[str, str, str], list[Row]]:
    """Group the findings by patient, note and kind, and count those whose offsets do not hold."""
    texts = {(note.patient_id, note.note_id): note.text for chart in charts for note in chart.notes}
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in findings:
        text = texts.get((row["patient_id"], row["note_id"]))
        if text is None:
            continue
        if text[row["start"] : row["end"]] != row["text"]:
            tally.broken_offsets += 1
        if row["kind"] in KINDS:
            found[row["patient_id"], row["note_id"], row["kind"]].append(row)
    return found


def _score_criterion(patient_id: str, want: GoldCriterion, got: Row, tally: _Tally) -> None:
    status = got.get("status") or _MISSING
    tally.confusion[want.criterion_id][want.status, status] += 1
    if status != want.status:
        tally.misses.append(
            CriterionMiss(
                patient_id,
                want.criterion_id,
                want.status,
                want.basis,
                status,
                got.get("basis") or _MISSING,
                got.get("rationale") or "",
            )
        )
        return
    is_plain_exclusion = want.criterion_id in EXCLUSIONS and want.status == "not_met"
    if is_plain_exclusion and want.criterion_id not in _BASIS_ALWAYS_COUNTS:
        return
    tally.basis[got.get("basis") == want.basis] += 1
    if want.basis != "no_mention" and want.evidence:
        tally.evidence[
            any(
                quote.note_id == item["note_id"] and quote.overlaps(item["start"], item["end"])
                for item in got.get("evidence") or ()
                for quote in want.evidence
            )
        ] += 1


def _score_mentions(chart: Chart, found: Mapping[tuple[str, str, str], list[Row]], tally: _Tally) -> None:
    wanted: dict[tuple[str, str], list[GoldFinding]] = defaultdict(list)
    for mention in chart.gold.findings:
        wanted[mention.span.note_id, mention.kind].append(mention)
    for note in chart.notes:
        for kind in KINDS:
            _match(
                note.patient_id,
                kind,
                wanted[note.note_id, kind],
                found.get((note.patient_id, note.note_id, kind), []),
                tally,
            )


def _match(patient_id: str, kind: str, wanted: list[GoldFinding], got: list[Row], tally: _Tally) -> None:
    """Pair wanted mentions with found ones of one note and kind, first come first served, and count."""
    unused = list(range(len(got)))
    for mention in wanted:
        span, concept = mention.span, mention.concept
        index = next(
            (
                i
                for i in unused
                if got[i]["concept"] == concept and span.overlaps(got[i]["start"], got[i]["end"])
            ),
            None,
        )
        if index is None:
            tally.found[kind, concept, "fn"] += 1
            tally.misses.append(MentionMiss(patient_id, span.note_id, kind, concept, span.text, "missed"))
            continue
        unused.remove(index)
        tally.found[kind, concept, "tp"] += 1
        assertion = got[index]["assertion"]
        tally.assertions[kind][mention.assertion, assertion] += 1
        if assertion != mention.assertion:
            tally.misses.append(
                MentionMiss(
                    patient_id,
                    span.note_id,
                    kind,
                    concept,
                    span.text,
                    "assertion",
                    mention.assertion,
                    assertion,
                )
            )
    for row in (got[i] for i in unused):
        # A second finding on a wanted mention ("Mi-2" inside "Mi-2 alpha") is no false alarm.
        if not any(m.concept == row["concept"] and m.span.overlaps(row["start"], row["end"]) for m in wanted):
            tally.found[kind, row["concept"], "fp"] += 1
            tally.misses.append(
                MentionMiss(patient_id, row["note_id"], kind, row["concept"], row["text"], "extra")
            )


def _read_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    parquet, lines = folder / f"{name}.parquet", folder / f"{name}.jsonl"
    if not parquet.exists() and not lines.exists():
        raise InputError(
            "IN163", f"{folder}: no {name}.parquet or {name}.jsonl", hint="run 'chartsift screen' first"
        )
    try:
        if parquet.exists():
            rows: list[dict[str, Any]] = pq.read_table(parquet).to_pylist()
        else:
            with lines.open(encoding="utf-8") as file:
                rows = [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as exc:  # pyarrow's errors are subclasses of these two
        raise InputError("IN164", f"{folder}: {name} cannot be read ({type(exc).__name__})") from exc
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not _COLUMNS[name] <= row.keys():
            raise InputError(
                "IN164",
                f"{folder}: {name}: row {number} lacks a column",
                hint=f"needed: {', '.join(sorted(_COLUMNS[name]))}",
            )
    return rows


def _diagonal(table: Mapping[tuple[str, str], int]) -> Rate:
    return Rate(sum(count for (want, got), count in table.items() if want == got), sum(table.values()))


def _cells(table: Mapping[tuple[str, str], int]) -> list[dict[str, str | int]]:
    return [{"want": want, "got": got, "count": count} for (want, got), count in sorted(table.items())]
