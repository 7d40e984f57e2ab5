"""
Statements by kind and concept: what a trial asks that needs no rules of its own.

Whether something is said of the patient, whether an organ disease is named, and how a note classifies the disease.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.diagnosis import IIM_CONCEPTS
from chartsift.nlp.criteria.predicates.organ_state import disease_states
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 6


class FindingStands(Parameters):
    """
    Parameters of ``finding_stands``.

    Attributes:
        kind: Kind of finding.
        concepts: Which ones; empty for all of the kind.
        attributes: Values that an attribute must have one of, by its name.
        within_days: How old the finding may be; without it the latest statement decides, however old.
        historical_counts: A thing of the past counts, as for a history of something.
        for_review: What is found goes to a person and decides nothing, because the finding alone does not say
            enough (how severe, whether for good).
        next_step: What would settle what is found for a person.
    """

    kind: str
    concepts: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    within_days: int | None = Field(default=None, ge=1)
    historical_counts: bool = False
    for_review: bool = False
    next_step: str = ""

    @model_validator(mode="after")
    def _can_be_settled(self) -> FindingStands:
        if self.for_review and not self.next_step:
            raise ValueError("a finding for review needs its next_step")
        return self


@predicate("finding_stands", FindingStands)
def finding_stands(chart: Chart, given: FindingStands) -> Outcome:
    """The latest statement of a kind of finding says that it is there."""
    aside: list[Evidence] = []
    told: list[Finding] = []
    for finding in chart.of(given.kind, given.concepts or None):
        reason = _unfit(chart, finding, given)
        if reason:
            aside.append(evidence(finding, "set_aside", reason))
        else:
            told.append(finding)
    searched = tuple(f"{given.kind}/{concept}" for concept in given.concepts) or (given.kind,)
    if not told:
        return silent(*searched, evidence=aside[:_SHOWN])
    held = [f for f in told if f.assertion in ("present", "historical")]
    denied = [f for f in told if f.assertion == "absent"]
    unsure = [f for f in told if f.assertion == "possible"]
    latest = told[0]
    same = [f for f in told if f.date == latest.date]
    shown = [
        *(evidence(f, "for") for f in [*held, *unsure][:_SHOWN]),
        *(evidence(f, "against") for f in denied[:_SHOWN]),
        *aside[:_SHOWN],
    ]
    words = f"{latest.concept.replace('_', ' ')} on {latest.date}"
    step = (
        given.next_step
        or f"Ask the treating clinician whether {latest.concept.replace('_', ' ')} stands today."
    )
    today = {f.assertion for f in same}
    if {"present", "absent"} <= today and len({f.note_id for f in same}) > 1:
        return unknown(
            shown, f"two notes disagree on {words}", basis="conflicting", next_step=step, searched=searched
        )
    if today & {"present", "historical"}:
        if given.for_review:
            return unknown(shown, f"{words}: for a person to judge", next_step=step, searched=searched)
        return true(shown, words, searched=searched)
    if "possible" in today:
        return unknown(shown, f"{words} is only suspected", next_step=step, searched=searched)
    return false(shown, f"no {words}", searched=searched)


def _unfit(chart: Chart, finding: Finding, given: FindingStands) -> str:
    """Return why a finding does not speak to the question; empty where it does."""
    if finding.assertion in ("family", "hypothetical"):
        return NOT_A_FACT[finding.assertion]
    if finding.assertion == "historical" and not given.historical_counts:
        return NOT_A_FACT[finding.assertion]
    if finding.attribute("copied"):
        return "copied from an earlier note"
    for name, allowed in given.attributes.items():
        if finding.attribute(name) not in allowed:
            return f"{name} is {finding.attribute(name) or 'not stated'}"
    if given.within_days is not None and not chart.is_within(finding, given.within_days):
        return f"older than {given.within_days} days at screening"
    return ""


class OrganDiseaseNamed(Parameters):
    """
    Parameters of ``organ_disease_named``: the organ system, and which of its diseases (all without them).

    See docs/findings/organ_disease.md for the names; "pulmonary" with "ild" is interstitial lung disease.
    """

    system: str
    diseases: tuple[str, ...] = ()


@predicate("organ_disease_named", OrganDiseaseNamed)
def organ_disease_named(chart: Chart, given: OrganDiseaseNamed) -> Outcome:
    """An organ disease of the patient is there now, of any severity."""
    searched = (f"organ_disease/{given.system}",)
    states = [
        state
        for state in disease_states(chart, systems=(given.system,))
        if not given.diseases or state.disease in given.diseases
    ]
    there = [s for s in states if s.level not in ("absent", "over", "possible")]
    gone = [s for s in states if s.level in ("absent", "over")]
    doubtful = [s for s in states if s.level == "possible"]
    against = [evidence(s.finding, "against") for s in gone[:_SHOWN]]
    if there:
        lead = there[0].finding
        return true(
            [*(evidence(s.finding, "for") for s in there[:_SHOWN]), *against],
            f"{there[0].disease.replace('_', ' ')} named on {chart.note_date(lead)}",
            searched=searched,
        )
    if doubtful:
        lead = doubtful[0].finding
        return unknown(
            [*(evidence(s.finding, "for") for s in doubtful[:_SHOWN]), *against],
            f"{doubtful[0].disease.replace('_', ' ')} is only suspected on {chart.note_date(lead)}",
            next_step=f"Ask the treating clinician whether the {given.system} disease is confirmed.",
            searched=searched,
        )
    if gone:
        return false(against, f"{gone[0].disease.replace('_', ' ')} is denied or over", searched=searched)
    return silent(*searched)


Class = Literal["possible", "probable", "definite"]
# By rising certainty; each holds the ones before it.
_CLASSES: tuple[Class, ...] = ("possible", "probable", "definite")


class ClassifiedAs(Parameters):
    """
    Parameters of ``classified_as``.

    Attributes:
        at_least: Lowest class that is enough.
        percent_of: Lowest probability of each class in percent. Default: the cut-points of the 2017 EULAR/ACR
            criteria, 50 % possible, 55 % probable, 90 % definite (Lundberg et al. 2017).
        concepts: Concepts of kind ``classification`` that state a class, in the attribute ``class`` or as a
            probability in percent.
        bare_is: What "meets the criteria" without a class or number stands for; the authors ask for probable.
        score: Name of a classification score that is worked out where no note states a class. What is documented may
            be enough for a class by itself; a score that falls short leaves the question open, never rejects, for the
            notes may not tell all and the criteria have blind spots (docs/classification.md). Empty: none.
    """

    at_least: Class = "probable"
    percent_of: dict[Class, float] = Field(default={"possible": 50, "probable": 55, "definite": 90})
    concepts: tuple[str, ...] = ("criteria_met",)
    bare_is: Class = "probable"
    score: str = ""

    @model_validator(mode="after")
    def _score_is_there(self) -> ClassifiedAs:
        from chartsift.nlp.criteria.scores.load import available_scores  # noqa: PLC0415 - see _by_score

        if self.score and self.score not in available_scores():
            raise ValueError(f"unknown score {self.score!r}; known: {', '.join(available_scores())}")
        return self


@predicate("classified_as", ClassifiedAs)
def classified_as(chart: Chart, given: ClassifiedAs) -> Outcome:
    """The disease has the class that is asked for, or a higher one: by a note's word, else by what is documented."""
    told = [
        f
        for f in chart.of("classification", given.concepts)
        if f.assertion in ("present", "absent", "possible")
    ]
    step = f"Ask for the classification score, or work it out: {given.at_least} or higher is needed."
    searched = tuple(f"classification/{concept}" for concept in given.concepts)
    if not told:
        return _by_score(chart, given, step) if given.score else silent(*searched, next_step=step)
    latest = told[0]
    words = " ".join(latest.text.split())
    if latest.assertion == "possible":
        return unknown(
            [evidence(latest, "for")], f'"{words}" leaves the class open', next_step=step, searched=searched
        )
    if latest.assertion == "absent":
        return false([evidence(latest, "against")], f'"{words}": the criteria are not met', searched=searched)
    level = _class_of(latest, given)
    if level is None:
        return false(
            [evidence(latest, "against")],
            f"probability {latest.value:g} %, below every class",
            searched=searched,
        )
    reason = f'"{words}" on {latest.date}: {level}, {given.at_least} asked for'
    if _CLASSES.index(level) >= _CLASSES.index(given.at_least):
        return true([evidence(latest, "for")], reason, searched=searched)
    return false([evidence(latest, "against")], reason, searched=searched)


def _class_of(finding: Finding, given: ClassifiedAs) -> Class | None:
    """Return the class a statement gives, None for a probability below all of them."""
    if finding.value is not None and finding.unit == "%":
        reached = [name for name in _CLASSES if finding.value >= given.percent_of[name]]
        return reached[-1] if reached else None
    return next((name for name in _CLASSES if finding.attribute("class") == name), given.bare_is)


def _by_score(chart: Chart, given: ClassifiedAs, step: str) -> Outcome:
    """Return what the documented items of a score come to, where a disease of the kind is in question."""
    # The items of a score are read with other predicates of this package.
    from chartsift.nlp.criteria.scores import load_score, score_chart  # noqa: PLC0415

    searched = ("classification", "diagnosis")
    if not chart.of("diagnosis", IIM_CONCEPTS, assertions=["present", "possible"]):
        return silent(*searched, next_step=step)
    score = load_score(given.score)
    result = score_chart(chart, score)
    shown = [
        evidence(item.finding, "for" if piece.state == "present" else "against")
        for piece in result.items
        for item in piece.evidence[:1]
        if piece.state != "undocumented"
    ]
    ranks = list(score.labels.values())
    if ranks.index(result.label_low) <= ranks.index(score.labels[given.at_least]):
        return true(shown, result.summary, flags=("class_computed",), searched=searched)
    labels = {piece.item_id: piece.label for piece in result.items}
    open_items = [labels[name] for name in (result.decisive_items or result.open_items)[:_SHOWN]]
    if open_items:
        step = f"Ask about what the {result.short} score leaves open: {'; '.join(open_items)}."
    return unknown(shown, result.summary, next_step=step, searched=searched)
