"""
The age at first symptom, as a range of completed years with what says so.

A stated age of onset goes first, then the time of the first symptom, then age or time of the diagnosis as an
approximation that is flagged. A time that lies behind the first note which knows the disease is a flare and not a first
symptom. Without any of these the age on that note is an upper bound, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chartsift.nlp.criteria.birth import birth_of
from chartsift.nlp.criteria.chart import Chart, age_in_years, evidence
from chartsift.nlp.criteria.predicates.diagnosis import IIM_CONCEPTS
from chartsift.nlp.types import Evidence, Finding

# Nobody is older; a missing bound.
_OLDEST = 130
_JUVENILE = ("JDM", "JPM")
# Last year of the juvenile age group, as the registries of juvenile myositis have it: first symptom before 18.
_LAST_JUVENILE_YEAR = 17
# A first symptom is told in one breath with the visit that makes the diagnosis; a little later is rounding.
_SLACK = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class OnsetAge:
    """
    Completed years at the first symptom, between ``low`` and ``high`` (both included).

    ``is_known`` is False where nothing but bounds is known; ``flags`` name approximations.
    """

    low: int
    high: int
    reason: str
    is_known: bool
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Birth:
    """The days between which the patient was born."""

    first: date
    last: date

    def age_on(self, first: date, last: date) -> tuple[int, int]:
        """Return the least and the greatest age on a day between *first* and *last*."""
        return max(0, _years(self.last, first)), max(0, _years(self.first, last))


def onset_age(chart: Chart) -> OnsetAge:
    """Return what *chart* tells of the age at first symptom."""
    told = chart.of("onset", assertions=["present"])
    birth = _birth(chart)
    known_by = _known_by(chart)
    ceiling = _ceiling(birth, known_by, chart)
    symptoms = [f for f in told if f.concept == "first_symptom"]
    diagnosed = [f for f in told if f.concept == "diagnosed"]
    limit = _earliest([known_by, *(_time(f)[1] for f in diagnosed if f.attribute("to"))])

    stated = [f for f in symptoms if f.value is not None and f.value <= ceiling]
    if stated:
        return _by_years(stated, "age stated with the first symptom")
    times = [f for f in symptoms if f.attribute("from")]
    first = [f for f in times if limit is None or _time(f)[0] <= limit + _SLACK]
    explicit = [f for f in first if f.attribute("explicit")]
    if birth is not None and first:
        chosen = min(explicit or first, key=_by_certainty)
        return _by_time(birth, chosen, "time of the first symptom")
    at_diagnosis = [f for f in diagnosed if f.value is not None and f.value <= ceiling]
    approximate = ("onset_from_diagnosis",)
    if at_diagnosis:
        return _by_years(at_diagnosis, "age at diagnosis, as an approximation", approximate)
    dated = [f for f in diagnosed if f.attribute("from")]
    if birth is not None and dated:
        return _by_time(
            birth, min(dated, key=_by_certainty), "time of the diagnosis, as an approximation", approximate
        )
    form = _form(chart, told)
    if form is not None:
        return form
    if ceiling <= _LAST_JUVENILE_YEAR:
        return OnsetAge(0, int(ceiling), f"ill at {ceiling} years or earlier", True)
    if ceiling < _OLDEST:
        return OnsetAge(
            0, int(ceiling), f"no first symptom is dated; ill at {ceiling} years or earlier", False
        )
    return OnsetAge(0, _OLDEST, "neither an age nor a first symptom is dated", False)


def _by_years(findings: Sequence[Finding], reason: str, flags: tuple[str, ...] = ()) -> OnsetAge:
    youngest = min(findings, key=lambda f: f.value or 0)
    years = int(youngest.value or 0)
    return OnsetAge(years, years, reason, True, (evidence(youngest, "for"),), flags)


def _by_time(birth: _Birth, finding: Finding, reason: str, flags: tuple[str, ...] = ()) -> OnsetAge:
    low, high = birth.age_on(*_time(finding))
    return OnsetAge(low, high, reason, True, (evidence(finding, "for"),), flags)


def _form(chart: Chart, told: Sequence[Finding]) -> OnsetAge | None:
    """Return the age group that the name of the disease gives: juvenile forms begin before 18."""
    juvenile = [f for f in told if f.concept == "juvenile_form"]
    juvenile += [f for f in chart.of("diagnosis", _JUVENILE) if f.assertion == "present"]
    if juvenile:
        return OnsetAge(
            0,
            _LAST_JUVENILE_YEAR,
            "the disease is called juvenile",
            True,
            (evidence(juvenile[0], "for"),),
            ("onset_from_name",),
        )
    adult = [f for f in told if f.concept == "adult_form"]
    if adult:
        return OnsetAge(
            _LAST_JUVENILE_YEAR + 1,
            _OLDEST,
            "the disease is called adult-onset",
            False,
            (evidence(adult[0], "for"),),
        )
    return None


def _time(finding: Finding) -> tuple[date, date]:
    first = date.fromisoformat(finding.attribute("from"))
    return first, date.fromisoformat(finding.attribute("to") or finding.attribute("from"))


def _by_certainty(finding: Finding) -> tuple[date, bool, date]:
    """Order times by when they are surely over: of two that overlap the exact one goes first, and the original."""
    first, last = _time(finding)
    return last, bool(finding.attribute("copied")), first


def _known_by(chart: Chart) -> date | None:
    """Return the date of the first note that names the disease as the patient's, or suspects it."""
    named = chart.of("diagnosis", IIM_CONCEPTS, assertions=["present", "possible"])
    return min((chart.note_date(f) for f in named), default=None)


def _ceiling(birth: _Birth | None, known_by: date | None, chart: Chart) -> int:
    """Return the greatest possible age at the first symptom: that on the first note that knows the disease."""
    if birth is None:
        return _OLDEST
    day = known_by or chart.as_of
    return birth.age_on(day, day)[1]


def _birth(chart: Chart) -> _Birth | None:
    """Return when the patient was born, by the recorded day, one in a note, or the ages that notes state."""
    known = birth_of(chart)
    return _Birth(known.first, known.last) if known else None


def _years(born: date, day: date) -> int:
    return age_in_years(born, day) if day >= born else 0


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
