"""Whether the disease is refractory: which medicines were given, for how long, and that they failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.criteria.predicates.treatment import names_myositis
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 4


class RefractoryToTreatment(Parameters):
    """
    Parameters of ``refractory_to_treatment``.

    Attributes:
        required: Medicines that must have been given, each of them (concepts of kind ``treatment``).
        agents: Medicines of which ``agents_at_least`` must have been given.
        agents_at_least: How many of them.
        within_days: Look back so far: an agent last told of before that does not count. None for no limit.
        weeks_at_least: How long each must have been given. Notes show that by telling of it on days so far apart;
            0 asks for no duration.
        failed_within_days: How old the word may be that the disease is refractory, active or flaring.
    """

    required: tuple[str, ...] = ("glucocorticoid",)
    agents: tuple[str, ...] = (
        "methotrexate",
        "azathioprine",
        "mycophenolate",
        "tacrolimus",
        "cyclosporine",
        "cyclophosphamide",
        "IVIG",
        "rituximab",
        "JAK_inhibitor",
    )
    agents_at_least: int = Field(default=2, ge=0)
    within_days: int | None = Field(default=None, ge=1)
    weeks_at_least: int = Field(default=0, ge=0)
    failed_within_days: int = Field(default=183, ge=1)


@dataclass(frozen=True, slots=True)
class _Course:
    """What the notes tell of one medicine: every time it was given, and whether it was so for long enough."""

    concept: str
    given: tuple[Finding, ...]
    is_long_enough: bool


@predicate("refractory_to_treatment", RefractoryToTreatment)
def refractory_to_treatment(chart: Chart, given: RefractoryToTreatment) -> Outcome:
    """The disease did not respond to the medicines that the trial asks to have been tried."""
    wanted = (*given.required, *given.agents)
    aside: list[Evidence] = []
    if not names_myositis(chart):
        # Prednisone for a lung or a joint is no treatment of a disease that the chart never names.
        others = chart.of("treatment", wanted)[:_SHOWN]
        aside = [evidence(f, "set_aside", "the chart names no myositis") for f in others]
        return silent("treatment", "disease_state/refractory", evidence=aside)
    courses = [course for name in wanted if (course := _course(chart, given, name, aside)) is not None]
    naive = chart.of("treatment", ["none"], assertions=["absent"])
    if not courses and naive:
        return false(
            [*(evidence(f, "against") for f in naive[:_SHOWN]), *aside[:_SHOWN]], "no treatment was given yet"
        )
    if not courses:
        return silent("treatment", "disease_state/refractory", evidence=aside[:_SHOWN])
    shown = [evidence(f, "for") for course in courses for f in course.given[:2]]
    failing, failed = _failed(chart, given, courses)
    shown += [evidence(f, "for") for f in failing[:_SHOWN]]
    missing = _missing(given, courses)
    tried = ", ".join(_plain(course.concept) for course in courses)
    if missing:
        return unknown(
            [*shown, *aside[:_SHOWN]],
            f"{tried} given, {missing} not documented",
            next_step="Ask which treatments of the myositis were given, from when to when, and with what effect.",
            searched=("treatment",),
        )
    enough = _enough(given, [course for course in courses if course.is_long_enough])
    if not enough:
        short = ", ".join(_plain(course.concept) for course in courses if not course.is_long_enough)
        return unknown(
            [*shown, *aside[:_SHOWN]],
            f"{tried} given, but {given.weeks_at_least} weeks are not shown for {short}",
            next_step=f"Ask for start and stop dates of {short}: {given.weeks_at_least} weeks are asked for.",
            searched=("treatment",),
        )
    if not failed:
        return unknown(
            [*shown, *aside[:_SHOWN]],
            f"{tried} given, no word that the disease is active in spite of them",
            next_step=f"Ask the treating clinician whether the disease is refractory to {tried}.",
            searched=("treatment", "disease_state"),
        )
    return true(
        [*shown, *aside[:_SHOWN]], f"{tried} given, and {failed}", searched=("treatment", "disease_state")
    )


def _course(
    chart: Chart, given: RefractoryToTreatment, concept: str, aside: list[Evidence]
) -> _Course | None:
    found: list[Finding] = []
    for finding in chart.of("treatment", [concept]):
        reason = _unfit(chart, finding, given)
        if reason:
            aside.append(evidence(finding, "set_aside", reason))
        else:
            found.append(finding)
    if not found:
        return None
    told = [f.date for f in found]
    long_enough = max(told) - min(told) >= timedelta(weeks=given.weeks_at_least)
    return _Course(concept, tuple(found), long_enough)


def _unfit(chart: Chart, finding: Finding, given: RefractoryToTreatment) -> str:
    """Return why a mention shows no treatment of the disease; empty where it does."""
    if finding.assertion not in ("present", "historical"):
        return NOT_A_FACT[finding.assertion]
    if finding.attribute("indication"):
        return f"given for something else: {finding.attribute('indication')}"
    if finding.attribute("source") == "allergies":
        return "from an allergy list"
    if given.within_days is not None and not chart.is_within(finding, given.within_days):
        return f"older than {given.within_days} days at screening"
    return ""


def _missing(given: RefractoryToTreatment, courses: Sequence[_Course]) -> str:
    """Return in words what was not given by what the chart says; empty when enough was."""
    tried = {course.concept for course in courses}
    missing = [_plain(name) for name in given.required if name not in tried]
    agents = len(tried & set(given.agents))
    if agents < given.agents_at_least:
        missing.append(f"{given.agents_at_least - agents} more of {given.agents_at_least} agents")
    return " and ".join(missing)


def _enough(given: RefractoryToTreatment, courses: Sequence[_Course]) -> bool:
    return not _missing(given, courses)


def _failed(
    chart: Chart, given: RefractoryToTreatment, courses: Sequence[_Course]
) -> tuple[list[Finding], str]:
    """Return what says that the treatment failed, and that in words; empty where nothing does."""
    states = [
        f
        for f in chart.of("disease_state", ["refractory", "active", "flare"], assertions=["present"])
        if not f.attribute("copied") and chart.is_within(f, given.failed_within_days)
    ]
    if states:
        return states, f"the disease is called {states[0].concept} on {states[0].date}"
    stopped = [course for course in courses if all(f.assertion == "historical" for f in course.given)]
    if stopped and not _missing(given, stopped):
        return [], "each was stopped or failed"
    return [], ""


def _plain(concept: str) -> str:
    return concept.replace("_", " ")
