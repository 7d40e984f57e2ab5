"""Age at screening, from the date of birth or from what older notes state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import Field, model_validator

from chartsift.nlp.criteria.chart import Chart, age_in_years, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

# A warning, not a verdict: a site needs about this long from screening to enrolment.
_SOON_DAYS = 90


@dataclass(frozen=True, slots=True)
class AgeRange:
    """
    The ages that a patient can have on the screening day, in completed years, and what says so.

    ``born`` is set when the date of birth is known.
    """

    low: int
    high: int
    born: date | None
    findings: tuple[Finding, ...]


def age_range(chart: Chart) -> AgeRange | None:
    """
    Return the patient's possible ages on the screening day; None when nothing tells.

    A recorded date of birth decides. Else a date of birth in a note, else every stated age moved from its note's
    day to the screening day: "9-year-old" on one day is nine on that day and may turn ten the next.
    """
    stated = chart.of("age", ["age"], assertions=["present"])
    births = chart.of("age", ["birth_date"], assertions=["present"])
    born = chart.patient.birth_date
    if born is None and births:
        texts = {f.attribute("birth_date") for f in births}
        if len(texts) == 1:
            born = date.fromisoformat(texts.pop())
    if born is not None and born <= chart.as_of:
        years = age_in_years(born, chart.as_of)
        return AgeRange(years, years, born, (*births, *stated[:1]))
    low, high = 0, 200
    used: list[Finding] = []
    for finding in stated:
        if finding.value is None:
            continue
        years = int(finding.value)
        at = chart.note_date(finding)
        elapsed = age_in_years(at, chart.as_of)
        # Completed years since the note, and one more birthday that may lie in between.
        least, most = years + elapsed, years + elapsed + (0 if _same_day(at, chart.as_of) else 1)
        if max(low, least) > min(high, most):
            continue  # contradicts a later statement, which was read first
        low, high = max(low, least), min(high, most)
        used.append(finding)
    return AgeRange(low, high, None, tuple(used)) if used else None


def _same_day(a: date, b: date) -> bool:
    return (a.month, a.day) == (b.month, b.day)


class AgeBetween(Parameters):
    """Parameters of ``age_between``: completed years, both ends included."""

    min: int = Field(ge=0, le=130)
    max: int = Field(ge=0, le=130)

    @model_validator(mode="after")
    def _ordered(self) -> AgeBetween:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


@predicate("age_between", AgeBetween)
def age_between(chart: Chart, given: AgeBetween) -> Outcome:
    """Completed years at screening within a range, both ends included."""
    ages = age_range(chart)
    if ages is None:
        return silent("age", next_step="Ask for the date of birth; no note states an age.")
    inside = given.min <= ages.low and ages.high <= given.max
    outside = ages.high < given.min or ages.low > given.max
    stance = "for" if inside else "against"
    shown: list[Evidence] = [evidence(f, stance) for f in ages.findings]  # type: ignore[arg-type]
    span = f"{ages.low}" if ages.low == ages.high else f"{ages.low} to {ages.high}"
    reason = f"age at screening is {span}, the range is {given.min} to {given.max}"
    flags: list[str] = []
    until: date | None = None
    if ages.born is not None:
        until = _birthday(ages.born, given.max + 1) - timedelta(days=1)
        if inside and (until - chart.as_of).days < _SOON_DAYS:
            flags.append(f"turns_{given.max + 1}_on {until + timedelta(days=1)}")
        enters = _birthday(ages.born, given.min)
        if outside and chart.as_of < enters and (enters - chart.as_of).days < _SOON_DAYS:
            flags.append(f"turns_{given.min}_on {enters}")
    if inside:
        return true(shown, reason, flags=tuple(flags), valid_until=until)
    if outside:
        return false(shown, reason, flags=tuple(flags))
    return unknown(
        shown,
        reason + ", and the notes do not tell which side",
        next_step=f"Ask for the date of birth: the notes allow {span} years.",
    )


def _birthday(born: date, years: int) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)
