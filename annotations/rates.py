"""Proportions, precision and recall with their uncertainty, as small values shared by score and agreement."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

_Z_95: Final = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Rate:
    """
    *right* of *total*.

    Decisions on one chart are not independent, so the interval is a lower bound of the doubt.
    """

    right: int
    total: int

    @property
    def value(self) -> float:
        """The proportion, 0 to 1; 0 when nothing was counted."""
        return self.right / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """
        The 95 % Wilson score interval; (0, 1) when nothing was counted.

        Source: Wilson EB, J Am Stat Assoc 1927;22:209-212.
        """
        if not self.total:
            return 0.0, 1.0
        n, p, z2 = self.total, self.value, _Z_95**2
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        # At p = 0 and p = 1 the exact ends are 0 and 1; rounding would miss them by an ulp.
        return (0.0 if self.right == 0 else centre - half), (1.0 if self.right == n else centre + half)

    def to_dict(self) -> dict[str, float | int]:
        """Return value, ends of the interval and counts."""
        low, high = self.interval
        return {"value": self.value, "low": low, "high": high, "right": self.right, "total": self.total}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] {self.right}/{self.total}"


@dataclass(frozen=True, slots=True)
class Detection:
    """True positives, false positives and false negatives of a search for mentions."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Detection) -> Detection:
        return Detection(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> Rate:
        """Share of the found mentions that are right."""
        return Rate(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Rate:
        """Share of the true mentions that were found."""
        return Rate(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when nothing is right."""
        precision, recall = self.precision.value, self.recall.value
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def to_dict(self) -> dict[str, float | int]:
        """Return precision, recall, F1 and the counts."""
        return {
            "p": self.precision.value,
            "r": self.recall.value,
            "f1": self.f1,
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
        }

    def __str__(self) -> str:
        return (
            f"P {self.precision.value:.3f}  R {self.recall.value:.3f}  F1 {self.f1:.3f}  "
            f"({self.tp} right, {self.fp} extra, {self.fn} missed)"
        )
