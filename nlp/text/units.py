"""Laboratory units: from what is written to the canonical unit of an analyte (``lexicon/units.yaml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

_MICRO = str.maketrans({"µ": "μ"})


@dataclass(frozen=True, slots=True)
class Analyte:
    """
    How an analyte is measured.

    Attributes:
        unit: Canonical unit.
        factors: Written unit (lower case, no spaces) to the factor into the canonical unit.
        bare: (low, high, factor) bands for numbers without a unit.
        assumed: Whether a number without a unit may be taken as canonical.
    """

    unit: str
    factors: dict[str, float]
    bare: tuple[tuple[float, float, float], ...]
    assumed: bool


@lru_cache(maxsize=1)
def analytes() -> dict[str, Analyte]:
    """Return the table of analytes by concept name."""
    text = (resources.files("chartsift.nlp.lexicon") / "units.yaml").read_text(encoding="utf-8")
    table = yaml.safe_load(text)["analytes"]
    return {
        name: Analyte(
            unit=spec["unit"],
            factors={str(unit): float(factor) for unit, factor in spec.get("units", {}).items()},
            bare=tuple((float(b["from"]), float(b["to"]), float(b["factor"])) for b in spec.get("bare", ())),
            assumed=bool(spec.get("assumed", True)),
        )
        for name, spec in table.items()
    }


@lru_cache(maxsize=1)
def unit_pattern() -> re.Pattern[str]:
    """Return a pattern for any unit of the table, longest first, to be matched right after a number."""
    written = {unit for analyte in analytes().values() for unit in analyte.factors}
    listed = "|".join(_spaced(unit) for unit in sorted(written, key=len, reverse=True))
    return re.compile(rf"[ \t\xa0]{{0,10}}(?:x\s?)?(?P<unit>{listed})(?![A-Za-z0-9/])", re.IGNORECASE)


def _spaced(unit: str) -> str:
    return re.escape(unit).replace("μ", "[μµu]").replace("/", r"\s?/\s?")


def normal_unit(written: str) -> str:
    """Return *written* as the table spells it."""
    return re.sub(r"\s", "", written).lower().translate(_MICRO)


def to_canonical(concept: str, value: float, written: str) -> tuple[float, str, float]:
    """
    Return (value, unit, factor) of *value* in the canonical unit of *concept*.

    Without a written unit the bands of the table decide; a unit that the analyte is never measured in leaves the
    value as it is, with the unit as written.
    """
    analyte = analytes().get(concept)
    if analyte is None:
        return value, written, 1.0
    if written:
        factor = analyte.factors.get(normal_unit(written))
        if factor is None and "μ" in normal_unit(written):
            factor = analyte.factors.get(normal_unit(written).replace("μ", "u"))
        if factor is None:
            return value, written, 1.0
        return value * factor, analyte.unit, factor
    for low, high, factor in analyte.bare:
        if low <= value < high:
            return value * factor, analyte.unit, factor
    return value, analyte.unit if analyte.assumed else "", 1.0
