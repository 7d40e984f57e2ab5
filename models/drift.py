"""
Drift: do the verdicts of a run look like those that a model was measured on, and how often do reviewers overrule them?
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chartsift.models.errors import ModelError
from chartsift.models.metrics import stability_index
from chartsift.models.readings import PatientReading
from chartsift.nlp.screening.candidates import NOT_READ

if TYPE_CHECKING:
    from chartsift.annotations.score import ResultRows

# The usual marks of the population stability index.
_SHIFTED: Final = 0.25
_MOVING: Final = 0.10


def score_drift(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Return how far the confidences and the verdicts of *after* have moved from those of *before*.

    Args:
        before: Verdicts of a run that was looked at, as ``verdicts_of`` returns them.
        after: The same of a newer run.

    Raises:
        ModelError: one of them has no decided verdict (MO503).
    """
    old, new = list(_decided(before)), list(_decided(after))
    if not old or not new:
        raise ModelError("MO503", "a run without verdicts has no drift", hint="give two runs with patients")
    index = stability_index(_confidences(old), _confidences(new))
    shares = {
        name: (_shares(old)[name], _shares(new)[name]) for name in sorted({*_shares(old), *_shares(new)})
    }
    return {
        "verdicts": {"before": len(old), "after": len(new)},
        "stability_index": index,
        "reading": "shifted" if index > _SHIFTED else "moving" if index > _MOVING else "stable",
        "shares": {
            name: {"before": float(pair[0]), "after": float(pair[1])}
            for name, pair in shares.items()
            if abs(pair[0] - pair[1]) >= 0.05
        },
    }


def verdicts_of(run: ResultRows) -> list[Mapping[str, Any]]:
    """
    Return the rows of ``criteria`` that were decided by reading, of the cohort that is the patient's.

    The other cohort's rows say the same again, but for an age that is not its own. A run over candidates has rows of
    patients whose notes were only searched; what is presumed of nobody cannot drift.
    """
    own = {(row["patient_id"], row["cohort_id"]) for row in run.cohorts if row.get("applicable", True)}
    return [
        row
        for row in run.criteria
        if (row["patient_id"], row["cohort_id"]) in own and NOT_READ not in (row.get("flags") or ())
    ]


def overrides(readings: Sequence[PatientReading]) -> dict[str, Any]:
    """Return how many verdicts the adjudicated charts overrule, by criterion, as (overruled, decided)."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for reading in readings:
        for verdict in reading.verdicts:
            counts[verdict.criterion][0] += not verdict.is_right
            counts[verdict.criterion][1] += 1
    total = [sum(pair[n] for pair in counts.values()) for n in (0, 1)]
    return {
        "overruled": total[0],
        "decided": total[1],
        "share": total[0] / total[1] if total[1] else 0.0,
        "by_criterion": {name: {"overruled": a, "decided": b} for name, (a, b) in sorted(counts.items())},
    }


def _decided(rows: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (row for row in rows if row["basis"] != "judgement")


def _confidences(rows: Sequence[Mapping[str, Any]]) -> Any:
    return np.array([float(row["confidence"]) for row in rows])


def _shares(rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return the share of each status among the verdicts of its criterion."""
    counts = Counter((row["criterion_id"], row["status"]) for row in rows)
    totals = Counter(row["criterion_id"] for row in rows)
    shares: Counter[str] = Counter()
    for (criterion, status), count in counts.items():
        shares[f"{criterion}/{status}"] = count / totals[criterion]  # type: ignore[assignment]
    return shares


def render_drift(figures: Mapping[str, Any]) -> str:
    """Return drift for a person: one line a figure, and the shares that moved by 0.05 or more."""
    verdicts = figures["verdicts"]
    lines = [
        f"verdicts            {verdicts['before']:,} before, {verdicts['after']:,} after",
        (
            f"confidences         {figures['reading']} (population stability index {figures['stability_index']:.3f}; "
            f"moving above {_MOVING:g}, shifted above {_SHIFTED:g})"
        ),
    ]
    if figures["shares"]:
        lines.append(f"share of a status   {'before':>8}{'after':>8}  (moved by 0.05 or more)")
        lines += [
            f"  {name:<40}{pair['before']:>8.3f}{pair['after']:>8.3f}"
            for name, pair in figures["shares"].items()
        ]
    else:
        lines.append("share of a status   none moved by 0.05 or more")
    if "overrides" in figures:
        told = figures["overrides"]
        lines.append(
            f"overruled           {told['overruled']} of {told['decided']} verdicts ({told['share']:.1%}) of the "
            "adjudicated charts"
        )
        lines += [
            f"  {name:<40}{one['overruled']:>4} of {one['decided']}"
            for name, one in told["by_criterion"].items()
            if one["overruled"]
        ]
    return "\n".join(lines)
