"""
Laboratory units: from what is written to the canonical unit of an analyte (``lexicon/units.yaml``).

Writing varies without end ("×10⁹/L", "10E9/L", "K/µL", "thou/mcL", "/cumm"), so a pattern takes anything that is
shaped like a unit, ``normal_unit`` brings it to one spelling, and the table holds only those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

_POWER = r"(?:[x×*]\s?)?10\s?(?:\^|\*{1,2}|e\+?0?|\(|x)?\s?[369³⁶⁹]\)?"
_VOLUME = (
    r"(?:[uμµ]l|mcl|mm\s?\^?[3³]|cu\.?\s?mm|cmm|nl|microlit(?:er|re)s?|lit(?:er|re)s?|dl|ml|l)(?![a-z0-9/])"
)
_MANY = r"(?:k|thou(?:sand)?s?|th|tsd\.?|bil(?:lion)?|gpt|giga|x?\s?1,?000)"
_UNIT = re.compile(
    rf"""\s{{0,10}}(?P<unit>
      (?:{_POWER}|{_MANY})?\s?(?:cells?)?\s?(?:/|\bper\s)\s?{_VOLUME}
    | {_POWER}(?![\d/.])
    | ml\s?/\s?min(?:\s?/\s?1[.,]73\s?(?:m\s?\^?[2²]|qm)?)?(?![a-z0-9])
    | (?:[munpμµ]|mikro|micro|mc)?(?:g|gms?|mol|kat|u|iu|units?|eq|osm)\s?(?:/|\bper\s)\s?(?:100\s?)?{_VOLUME}
    | mm\s?/\s?(?:1\.?\s?)?h(?:r|our)?(?![a-z])
    | gm?s?\s?%
    | (?:lakhs?|lacs?)\s?(?:/|\bper\s)\s?{_VOLUME}
    | (?:u|iu|units?|lakhs?|lacs?|thousand)(?![a-z0-9/])
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SPELLING = str.maketrans({"µ": "u", "μ": "u", "³": "3", "⁶": "6", "⁹": "9", "²": "2", "×": "x"})
# In this order: one spelling for each part of a unit.
_PARTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\s+", ""),
        (r"per(?=[a-z])", "/"),
        (r"^[x*]?10(?:\^|\*{1,2}|e\+?0?|\(|x)?([369])\)?", r"10^\1"),
        (r"^(?:thou(?:sand)?s?|th|tsd\.?|x?1,?000)(?=/|cells?/)", "k"),
        (r"^(?:bil(?:lion)?|gpt|giga)(?=/)", "10^9"),
        (r"cells?(?=/)", ""),
        (r"/(?:mcl|microlit(?:er|re)s?)$", "/ul"),
        (r"/(?:cu\.?mm|cmm|mm\^?3)$", "/mm3"),
        (r"/lit(?:er|re)s?$", "/l"),
        (r"^(?:mikro|micro|mc)", "u"),
        (r"^gms?(?=[/%])", "g"),
        (r"/100ml$", "/dl"),
        (r"^(?:iu|units?)(?=/|$)", "u"),
        (r"^(?:lakhs?|lacs?)(?:/.*)?$", "lakh"),
        (r"^ml/min.*$", "ml/min"),
        (r"^mm/(?:1\.?)?h(?:r|our)?$", "mm/h"),
    )
)


@dataclass(frozen=True, slots=True)
class Analyte:
    """
    How an analyte is measured.

    Attributes:
        unit: Canonical unit; "" for a number without one (INR).
        factors: Unit in its normal spelling (``normal_unit``) to the factor into the canonical unit.
        bare: (low, high, factor) bands in which a number without a unit has one possible reading.
        whole: Nobody reports it with three decimals, so "1.386" is 1386.
    """

    unit: str
    factors: dict[str, float]
    bare: tuple[tuple[float, float, float], ...]
    whole: bool


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
            whole=bool(spec.get("whole", False)),
        )
        for name, spec in table.items()
    }


def match_unit(text: str, at: int, end: int) -> re.Match[str] | None:
    """Return the match of a unit right after a number, blanks skipped; its words are in the group "unit"."""
    return _UNIT.match(text, at, end)


def normal_unit(written: str) -> str:
    """Return *written* in the one spelling of the table: "×10⁹ / L" and "10E9/L" are "10^9/l"."""
    plain = written.lower().translate(_SPELLING)
    for pattern, part in _PARTS:
        plain = pattern.sub(part, plain)
    return plain


def to_canonical(concept: str, value: float, written: str) -> tuple[float, str, float]:
    """
    Return (value, unit, factor) of *value* in the canonical unit of *concept*.

    Without a written unit a number is taken as canonical only in the bands of the table, where it has one possible
    reading; elsewhere its unit stays unknown (""). A unit that the analyte is never measured in stays as written.
    """
    analyte = analytes().get(concept)
    if analyte is None:
        return value, written, 1.0
    if written:
        # Most units are written in the spelling of the table but for their capitals.
        factor = analyte.factors.get(written.lower())
        if factor is None:
            factor = analyte.factors.get(normal_unit(written))
        if factor is None:
            return value, written, 1.0
        return value * factor, analyte.unit, factor
    for low, high, factor in analyte.bare:
        if low <= value < high:
            return value * factor, analyte.unit, factor
    return value, "", 1.0


def is_whole(concept: str, written: str) -> bool:
    """Say whether a number of *concept* never has three decimals, by the analyte or by a unit that counts cells."""
    analyte = analytes().get(concept)
    unit = normal_unit(written)
    if unit in ("/ul", "/mm3"):
        return True
    return analyte is not None and analyte.whole and unit in ("", "u/l", "u", "ng/ml", "ug/l")
