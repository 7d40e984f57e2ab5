"""
The accuracy of the context reading alone, on sentences whose condition is given (``context_rows``).

Each axis is a search: of the conditions that are negated (historical, hypothetical, another person's), how many are
found, and how many of those found are right. A condition that does not stand in its sentence is read as plain, so that
every row counts. Stock medspaCy reads the same rows for comparison.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

from chartsift.annotations.context_rows import AXES, ContextRow
from chartsift.annotations.rates import Detection
from chartsift.nlp.log import quiet_imports
from chartsift.nlp.pipeline import read_context

Reading = Callable[[ContextRow], frozenset[str]]

_RESAMPLES: Final = 1000
_MEDSPACY_AXES: Final[Mapping[str, str]] = {
    "NEGATED_EXISTENCE": "negated",
    "HISTORICAL": "historical",
    "HYPOTHETICAL": "hypothetical",
    "FAMILY": "experiencer",
}


@dataclass(frozen=True, slots=True)
class AxisScore:
    """
    One system on one axis.

    Attributes:
        found: Right, extra and missed.
        f1_interval: The 95 % bootstrap interval of F1, resampled by report because the sentences of a report hang
            together (percentiles of 1,000 samples, fixed seed); (0, 1) with fewer than two reports, or where nothing
            was there and nothing was found.
        missed: Ids of the rows that hold on this axis and were not found so.
        extra: Ids of the rows that were found so and do not hold.
    """

    found: Detection
    f1_interval: tuple[float, float]
    missed: tuple[str, ...]
    extra: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return figures and ids as plain values."""
        low, high = self.f1_interval
        return {
            "precision": self.found.precision.to_dict(),
            "recall": self.found.recall.to_dict(),
            "f1": {"value": self.found.f1, "low": low, "high": high},
            "right": self.found.tp,
            "extra": self.found.fp,
            "missed": self.found.fn,
            "extra_ids": list(self.extra),
            "missed_ids": list(self.missed),
        }

    def __str__(self) -> str:
        (p_low, p_high), (r_low, r_high) = self.found.precision.interval, self.found.recall.interval
        low, high = self.f1_interval
        return (
            f"P {self.found.precision.value:.3f} [{p_low:.3f}, {p_high:.3f}]  "
            f"R {self.found.recall.value:.3f} [{r_low:.3f}, {r_high:.3f}]  "
            f"F1 {self.found.f1:.3f} [{low:.3f}, {high:.3f}]  "
            f"({self.found.tp} right, {self.found.fp} extra, {self.found.fn} missed)"
        )


@dataclass(frozen=True, slots=True)
class ContextScore:
    """
    The figures of the context reading and of the comparison.

    Attributes:
        rows: The rows that were read.
        systems: Scores by name of the system, then by axis.
    """

    rows: Sequence[ContextRow]
    systems: Mapping[str, Mapping[str, AxisScore]]

    @property
    def unlocated(self) -> list[str]:
        """The ids of the rows whose condition does not stand in their sentence."""
        return [row.row_id for row in self.rows if not row.is_located]

    @property
    def errors(self) -> list[str]:
        """Every miss of chartsift as a line that quotes the sentence."""
        by_id = {row.row_id: row for row in self.rows}
        return [
            f"{axis} {problem} {row_id}: {by_id[row_id].marked}"
            for axis, score in self.systems["chartsift"].items()
            for problem, ids in (("missed", score.missed), ("extra", score.extra))
            for row_id in ids
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures, with ids and without sentences, as plain values for JSON."""
        return {
            "rows": len(self.rows),
            "reports": len({row.report for row in self.rows}),
            "unlocated_ids": self.unlocated,
            "systems": {
                name: {axis: score.to_dict() for axis, score in axes.items()}
                for name, axes in self.systems.items()
            },
        }

    def render(self) -> str:
        """Return the figures as a plain-text table, with the ids of chartsift's misses."""
        lines = [
            f"{'rows':<14}{len(self.rows)} of {len({row.report for row in self.rows})} reports",
            f"{'unlocated':<14}{len(self.unlocated)} {' '.join(self.unlocated)}".rstrip(),
        ]
        for axis in AXES:
            lines += ["", axis]
            lines += [f"  {name:<16}{axes[axis]}" for name, axes in self.systems.items()]
            own = self.systems["chartsift"][axis]
            lines += [
                f"  {problem:<16}{' '.join(ids)}"
                for problem, ids in (("missed ids", own.missed), ("extra ids", own.extra))
                if ids
            ]
        return "\n".join(lines)


def score_context(rows: Sequence[ContextRow]) -> ContextScore:
    """
    Measure chartsift and stock medspaCy on *rows*.

    Raises:
        RuleError: A vocabulary file of chartsift is invalid.
    """
    systems: dict[str, Reading] = {
        "chartsift": read_by_chartsift,
        f"medspaCy {metadata.version('medspacy')}": stock_medspacy(),
    }
    return ContextScore(rows, {name: _axes(rows, read) for name, read in systems.items()})


def read_by_chartsift(row: ContextRow) -> frozenset[str]:
    """Return the axes that hold by chartsift; a row is a text of its own, without a date."""
    context = read_context(row.sentence, row.start, row.end)
    held = {axis for axis in AXES if axis != "experiencer" and getattr(context, axis)}
    return frozenset(held | ({"experiencer"} if context.experiencer != "patient" else set()))


def stock_medspacy() -> Reading:
    """
    Return medspaCy's reading as it comes: its tokenizer, PyRuSH sentences and default ConText rules.

    The condition is the one entity; where it begins or ends inside a token of medspaCy it takes the whole token.
    """
    with quiet_imports():
        import medspacy  # noqa: PLC0415 - slow, and only needed to compare

        nlp = medspacy.load(medspacy_enable=["medspacy_tokenizer", "medspacy_pyrush", "medspacy_context"])

    def read(row: ContextRow) -> frozenset[str]:
        doc = nlp.make_doc(row.sentence)
        span = doc.char_span(row.start, row.end, label="CONDITION", alignment_mode="expand")
        doc = nlp.get_pipe("medspacy_pyrush")(doc)
        doc.ents = [span]
        doc = nlp.get_pipe("medspacy_context")(doc)
        found = {_MEDSPACY_AXES.get(modifier.category, "") for modifier in doc.ents[0]._.modifiers}
        return frozenset(found - {""})

    return read


def _axes(rows: Sequence[ContextRow], read: Reading) -> dict[str, AxisScore]:
    readings = {row.row_id: read(row) if row.is_located else frozenset[str]() for row in rows}
    return {axis: _score_axis(axis, rows, readings) for axis in AXES}


def _score_axis(axis: str, rows: Sequence[ContextRow], readings: Mapping[str, frozenset[str]]) -> AxisScore:
    by_report: dict[str, Detection] = defaultdict(Detection)
    missed, extra = [], []
    for row in rows:
        want, got = axis in row.axes, axis in readings[row.row_id]
        by_report[row.report] += Detection(tp=want and got, fp=got and not want, fn=want and not got)
        if want and not got:
            missed.append(row.row_id)
        if got and not want:
            extra.append(row.row_id)
    return AxisScore(
        sum(by_report.values(), Detection()),
        _f1_interval(list(by_report.values())),
        tuple(missed),
        tuple(extra),
    )


def _f1_interval(reports: Sequence[Detection]) -> tuple[float, float]:
    """
    Return the 95 % percentile interval of F1 over reports drawn with replacement.

    Source: Efron B, Tibshirani R. An introduction to the bootstrap. 1993, chapter 13.
    """
    if len(reports) < 2 or sum(reports, Detection()) == Detection():
        return 0.0, 1.0
    chance = random.Random(0)  # noqa: S311 - a repeatable sample, no secret
    values = sorted(sum(chance.choices(reports, k=len(reports)), Detection()).f1 for _ in range(_RESAMPLES))
    return values[int(0.025 * _RESAMPLES)], values[int(0.975 * _RESAMPLES)]
