"""
Drift: do the verdicts of a run look like those that a model was measured on, and how often do reviewers overrule them?
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from chartsift.models.errors import ModelError
from chartsift.models.metrics import stability_index
from chartsift.models.readings import PatientReading

# The usual marks of the population stability index.
_SHIFTED: Final = 0.25
_MOVING: Final = 0.10


def score_drift(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Return how far the confidences and the verdicts of *after* have moved from those of *before*.

    Args:
        before: Rows of ``criteria.parquet`` of a run that was looked at.
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
            name: {"before": pair[0], "after": pair[1]}
            for name, pair in shares.items()
            if abs(pair[0] - pair[1]) >= 0.05
        },
    }


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
