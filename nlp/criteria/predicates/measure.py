"""
One measure against the limits of a trial: a laboratory value, a score, a lung function.

The latest value decides, while it is recent enough. Limits are the trial's own, in the unit or on the scale it states,
or as multiples of the laboratory's upper limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, model_validator

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 6


class Measured(Parameters):
    """
    Parameters of ``measured``.

    Attributes:
        of: The measure, as "kind/concept" of its findings; several names of one measure count as one
            (["strength/MMT", "measure/MMT-8"]).
        label: What it is called in words; the last concept without it.
        at_least: Lowest value that is inside.
        above: Value that has to be exceeded.
        at_most: Highest value that is inside.
        below: Value that has to be undercut.
        unit: Unit of the limits; a value in another unit decides nothing. Empty: any.
        scale: Full score of the limits (150 for MMT-8 on both sides); a value on another scale decides nothing.
        rescale: Values on another scale are converted in proportion, as for a visual analogue scale in mm.
        times_upper_limit: The limits are multiples of the laboratory's upper limit of normal.
        assumed_upper_limit: That limit where the chart prints none; without it such a value decides nothing.
        within_days: How old the latest value may be.
        only: Attributes that a value must have, by name ({"air": ["room", ""]}; "" where it is not stated).
        explained_by: Kind of finding that gives the concept another cause; such a value goes to a person.
        approximate_share: How far a value given as "about" may be off, as a share of it.
    """

    of: tuple[str, ...] = Field(min_length=1)
    label: str = ""
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    unit: str = ""
    scale: float | None = Field(default=None, gt=0)
    rescale: bool = False
    times_upper_limit: bool = False
    assumed_upper_limit: float | None = Field(default=None, gt=0)
    within_days: int = Field(default=90, ge=1)
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    explained_by: str = ""
    approximate_share: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _has_limits(self) -> Measured:
        lows = [limit for limit in (self.at_least, self.above) if limit is not None]
        highs = [limit for limit in (self.at_most, self.below) if limit is not None]
        if not lows and not highs:
            raise ValueError("give a limit: at_least, above, at_most or below")
        if len(lows) > 1 or len(highs) > 1:
            raise ValueError(
                "give one lower limit (at_least or above) and one upper limit (at_most or below)"
            )
        if lows and highs and lows[0] > highs[0]:
            raise ValueError("the lower limit is above the upper one")
        if any(name.count("/") != 1 for name in self.of):
            raise ValueError('name a measure as "kind/concept"')
        if self.rescale and self.scale is None:
            raise ValueError("rescale needs the scale of the limits")
        return self


@dataclass(frozen=True, slots=True)
class _Span:
    """The values that a reading allows, with open or closed ends."""

    low: float
    high: float
    low_closed: bool = True
    high_closed: bool = True


@predicate("measured", Measured)
def measured(chart: Chart, given: Measured) -> Outcome:
    """The latest value of a measure lies within the limits."""
    aside: list[Evidence] = []
    values = _values(chart, given, aside)
    name = _name(given)
    if not values:
        if aside:
            return unknown(
                aside[:_SHOWN],
                f"no value of {name} can be used",
                next_step=f"Obtain a current {name}.",
                searched=given.of,
            )
        return silent(*given.of, next_step=f"Obtain a current {name}.")
    latest = [f for f in values if f.date == values[0].date]
    aside += [
        evidence(f, "set_aside", f"superseded by the value of {values[0].date}")
        for f in values[len(latest) :]
    ]
    readings = [(f, _inside(f, values, given)) for f in latest]
    # The words that the verdict rests on stand first.
    lead = next((f for f, answer in readings if answer is not None), latest[0])
    words = f"{_words(lead, given)} on {lead.date}, {_limits(given)}"
    if not chart.is_within(lead, given.within_days):
        return unknown(
            [*(evidence(f, "for") for f in latest), *aside[:_SHOWN]],
            f"{words}, older than {given.within_days} days",
            next_step=f"Repeat {name}: the last value is of {lead.date}.",
            searched=given.of,
        )
    answers = {answer for _, answer in readings if answer is not None}
    shown = [
        *(evidence(f, "against" if answer is False else "for") for f, answer in readings),
        *aside[:_SHOWN],
    ]
    if len(answers) > 1:
        return unknown(
            shown,
            f"two values of {name} on {lead.date} lie on both sides: {_limits(given)}",
            basis="conflicting",
            next_step=f"Repeat {name}.",
            searched=given.of,
        )
    if not answers:
        why, step = _why_open(lead, values, given)
        return unknown(shown, f"{words}: {why}", next_step=step, searched=given.of)
    if given.explained_by and _is_explained(chart, lead, given):
        return unknown(
            shown,
            f"{words}, and the notes give another cause",
            next_step=f"Ask the investigator whether the {name} is due to the disease.",
            searched=given.of,
        )
    if answers.pop():
        return true(shown, words, searched=given.of)
    return false(shown, f"{_words(lead, given)} on {lead.date}, not {_limits(given)}", searched=given.of)


def _values(chart: Chart, given: Measured, aside: list[Evidence]) -> list[Finding]:
    """Return the values that count, latest first; the others go to *aside* with the reason."""
    found: list[Finding] = []
    for kind, _, concept in (name.partition("/") for name in given.of):
        for finding in chart.of(kind, [concept]):
            if finding.value is None or not chart.has_come(finding.date):
                continue
            reason = _unusable(finding, given)
            if reason:
                aside.append(evidence(finding, "set_aside", reason))
            else:
                found.append(finding)
    return sorted(found, key=lambda f: (f.date, chart.note_date(f), f.start), reverse=True)


def _unusable(finding: Finding, given: Measured) -> str:
    # A score of nought is told as the absence of the thing, and is a value.
    if finding.assertion not in ("present", "absent"):
        return NOT_A_FACT[finding.assertion]
    if finding.attribute("superseded"):
        return "an earlier value by its own words"
    if finding.attribute("copied"):
        return "copied from an earlier note"
    for name, allowed in given.only.items():
        if finding.attribute(name) not in allowed:
            return f"{name} is {finding.attribute(name) or 'not stated'}"
    if given.unit and finding.unit not in ("", given.unit) and not given.times_upper_limit:
        return f"in another unit ({finding.unit})"
    scale = finding.attribute("scale")
    if given.scale and scale and float(scale) != given.scale and not given.rescale:
        return f"on another scale (of {float(scale):g})"
    return ""


def _inside(finding: Finding, values: Sequence[Finding], given: Measured) -> bool | None:
    """Say whether a value lies within the limits; None where that cannot be told."""
    factor = _factor(finding, values, given)
    if factor is None:
        return None
    value = (finding.value or 0.0) * factor
    span = {
        "<": _Span(-math.inf, value, high_closed=False),
        "<=": _Span(-math.inf, value),
        ">": _Span(value, math.inf, low_closed=False),
        ">=": _Span(value, math.inf),
        "~": _Span(value * (1 - given.approximate_share), value * (1 + given.approximate_share)),
        "=": _Span(value, value),
    }[finding.comparator]
    low = given.at_least if given.at_least is not None else given.above
    high = given.at_most if given.at_most is not None else given.below
    above_low = _is_above(span, low, closed=given.at_least is not None)
    below_high = _is_above(
        _Span(-span.high, -span.low, span.high_closed, span.low_closed),
        None if high is None else -high,
        closed=given.at_most is not None,
    )
    if above_low is False or below_high is False:
        return False
    return True if above_low and below_high else None


def _is_above(span: _Span, limit: float | None, *, closed: bool) -> bool | None:
    """Say whether every value of *span* keeps a lower *limit*, none does (False), or some do (None)."""
    if limit is None:
        return True
    if span.low > limit or (span.low == limit and (closed or not span.low_closed)):
        return True
    if span.high < limit or (span.high == limit and not (closed and span.high_closed)):
        return False
    return None


def _factor(finding: Finding, values: Sequence[Finding], given: Measured) -> float | None:
    """Return what turns a value into the unit of the limits; None where the chart does not tell."""
    if given.times_upper_limit:
        if finding.unit == "xULN":
            return 1.0
        limit = _upper_limit(finding, values, given)
        return None if limit is None else 1 / limit
    if given.scale and given.rescale:
        scale = finding.attribute("scale")
        return given.scale / float(scale) if scale else None
    return 1.0


def _upper_limit(finding: Finding, values: Sequence[Finding], given: Measured) -> float | None:
    """Return the laboratory's upper limit: beside the value, with another value of the chart, or the assumed one."""
    if finding.ref_high:
        return finding.ref_high
    return next(
        (f.ref_high for f in values if f.ref_high and f.unit == finding.unit), given.assumed_upper_limit
    )


def _is_explained(chart: Chart, finding: Finding, given: Measured) -> bool:
    return any(
        chart.is_within(f, given.within_days)
        for f in chart.of(given.explained_by, [finding.concept], assertions=["present"])
    )


def _why_open(finding: Finding, values: Sequence[Finding], given: Measured) -> tuple[str, str]:
    """Return why a value does not tell, and what would settle it."""
    name = _name(given)
    if _factor(finding, values, given) is not None:
        return "the value is not exact enough to tell", f"Repeat {name}."
    if given.times_upper_limit:
        step = f"Ask for the laboratory's upper limit of {name}, or repeat it."
        return "the chart prints no upper limit", step
    return "the scale is not stated", f"Ask on which scale {name} was scored."


def _name(given: Measured) -> str:
    return given.label or given.of[-1].partition("/")[2].replace("_", " ")


def _words(finding: Finding, given: Measured) -> str:
    sign = "" if finding.comparator == "=" else finding.comparator
    scale = finding.attribute("scale")
    unit = f" {finding.unit}" if finding.unit else ""
    out_of = f"/{float(scale):g}" if scale else ""
    limit = f" (upper limit {finding.ref_high:g})" if finding.ref_high and given.times_upper_limit else ""
    return f"{_name(given)} {sign}{finding.value:g}{out_of}{unit}{limit}"


def _limits(given: Measured) -> str:
    """Return the limits in words: "at least 10 g/dL", "below 142 of 150", "above 1.5 times the upper limit"."""
    after = " times the upper limit" if given.times_upper_limit else f" {given.unit}" if given.unit else ""
    after += f" of {given.scale:g}" if given.scale else ""
    said = [
        f"{words} {limit:g}{after}"
        for words, limit in (
            ("at least", given.at_least),
            ("above", given.above),
            ("at most", given.at_most),
            ("below", given.below),
        )
        if limit is not None
    ]
    return " and ".join(said)
