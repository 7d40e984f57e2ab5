"""What only the investigator decides: the reading lists what there is to see."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence

_SHOWN = 4


class RecentTreatment(Parameters):
    """
    A treatment that an investigator wants to know of while it is recent.

    Earlier public versions of the trial excluded B-cell depletion within about six months; the registered text does
    not, so it is shown and never counted.

    Attributes:
        label: The flag.
        concepts: Concepts of kind ``treatment`` to look at.
        depletes: Of these, only medicines that deplete one of these cells; empty for all.
        within_days: How long ago it may have been given. A mention without a day counts from its note.
    """

    label: str = "b_cell_depletion"
    concepts: tuple[str, ...] = ("rituximab", "other_biologic")
    depletes: tuple[str, ...] = ("B_cells",)
    within_days: int = Field(default=183, ge=1)


class Advisory(Parameters):
    """
    Parameters of ``investigator``.

    ``kinds`` are the kinds of finding to list ("advisory"); ``within_days`` limits how old they may be;
    ``treatments`` are shown when given recently.
    """

    kinds: tuple[str, ...] = Field(default=("advisory",))
    within_days: int | None = Field(default=None, ge=1)
    treatments: tuple[RecentTreatment, ...] = (RecentTreatment(),)


@predicate("investigator", Advisory)
def investigator(chart: Chart, given: Advisory) -> Outcome:
    """List what an investigator would want to see; never decide."""
    shown: list[Evidence] = []
    flags: dict[str, None] = {}
    for kind in given.kinds:
        for finding in chart.of(kind):
            if given.within_days is not None and not chart.is_within(finding, given.within_days):
                shown.append(
                    evidence(finding, "set_aside", f"older than {given.within_days} days at screening")
                )
            elif finding.assertion == "present":
                shown.append(evidence(finding, "for"))
                flags[finding.concept] = None
            else:
                shown.append(evidence(finding, "set_aside", NOT_A_FACT[finding.assertion]))
    for treatment in given.treatments:
        recent = _recent(chart, treatment)
        shown += recent
        if any(item.stance == "for" for item in recent):
            flags[treatment.label] = None
    listed = ", ".join(flags) if flags else "nothing of the usual concerns was found"
    return unknown(
        shown,
        f"left to the investigator; to see: {listed}",
        basis="judgement",
        flags=tuple(flags),
        searched=(*given.kinds, *(f"treatment/{name}" for t in given.treatments for name in t.concepts)),
    )


def _recent(chart: Chart, treatment: RecentTreatment) -> list[Evidence]:
    """Return the mentions of a treatment: what was given lately, what may have been, and what was longer ago."""
    dated: list[Evidence] = []
    undated: list[Evidence] = []
    aside: list[Evidence] = []
    for finding in chart.of("treatment", treatment.concepts, assertions=["present", "historical"]):
        if treatment.depletes and finding.attribute("depletes") not in treatment.depletes:
            continue
        given_on = finding.attribute("given_on")
        day = date.fromisoformat(given_on) if given_on else chart.note_date(finding)
        if not chart.is_within(day, treatment.within_days, of=finding):
            aside.append(
                evidence(finding, "set_aside", f"older than {treatment.within_days} days at screening")
            )
        elif given_on:
            dated.append(evidence(finding, "for", f"given {given_on}"))
        elif finding.assertion == "present" and finding.attribute("copied") != "yes":
            undated.append(evidence(finding, "for", "date not told"))
        else:
            aside.append(evidence(finding, "set_aside", "past, date not told"))
    dated.sort(key=lambda item: item.finding.attribute("given_on"), reverse=True)
    return [*dated[:_SHOWN], *undated[:_SHOWN], *aside[:_SHOWN]]
