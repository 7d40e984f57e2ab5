"""From a number as printed to a value in the canonical unit of its analyte, with its limits and its flag."""

from __future__ import annotations

from typing import NamedTuple

from chartsift.nlp.text.units import is_whole, to_canonical
from chartsift.nlp.text.values import Reading


class Measured(NamedTuple):
    """
    A value in the canonical unit of its analyte.

    Attributes:
        value: The value; the lower bound of a range of values.
        unit: Canonical unit, the unit as written where the analyte is never measured in it, "" where it is unknown.
        low: Lower limit of the laboratory's range, in ``unit``.
        high: Upper limit of the laboratory's range, in ``unit``.
        upper: Upper bound of a range of values, else None.
        flag: "H", "L", "N" or "".
    """

    value: float
    unit: str
    low: float | None
    high: float | None
    upper: float | None
    flag: str


def measured_of(concept: str, reading: Reading) -> Measured:
    """Return what *reading* says of the analyte *concept*; a flag that is not printed comes from the printed range."""
    written = reading.value
    if reading.dotted and is_whole(concept, reading.unit):
        written *= 1000  # "CK 1.386 U/l" where a dot groups thousands
    if reading.times_uln:
        flag = "H" if written > 1 and not reading.comparator.startswith("<") else "N" if written <= 1 else ""
        return Measured(written, "xULN", None, None, reading.upper, flag)
    value, unit, factor = to_canonical(concept, written, reading.unit)
    low, high = (
        _limit(concept, reading.ref_low, reading, factor),
        _limit(concept, reading.ref_high, reading, factor),
    )
    upper = None if reading.upper is None else reading.upper * factor
    flag = reading.flag
    if not flag and (low is not None or high is not None):
        flag = _flag(value, low, high, reading.comparator)
    return Measured(round(value, 4), unit, low, high, upper, flag)


def _limit(concept: str, limit: float | None, reading: Reading, factor: float) -> float | None:
    """Return a limit in the unit of the value: "Plt 215,000 (150-400)" prints both in another one."""
    if limit is None or reading.unit or factor == 1:
        return None if limit is None else limit * factor
    value, unit, _ = to_canonical(concept, limit, "")
    return value if unit else limit * factor


def is_share(reading: Reading) -> bool:
    """Say whether a bare number beside "lymphs" or "neuts" is a share of the white cells: no absolute count is."""
    return not reading.unit and 10 <= reading.value <= 100


def _flag(value: float, low: float | None, high: float | None, comparator: str) -> str:
    """Return the flag that the laboratory's own range gives; a value below detection is not high."""
    if high is not None and value > high and not comparator.startswith("<"):
        return "H"
    if low is not None and value < low and not comparator.startswith(">"):
        return "L"
    return "N"
