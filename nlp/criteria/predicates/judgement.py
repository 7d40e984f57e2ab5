"""What only the investigator decides: the reading lists what there is to see."""

from __future__ import annotations

from pydantic import Field

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence


class RecentTreatment(Parameters):
    """
    A treatment that an investigator wants to know of while it is recent.

    Earlier public versions of the trial excluded B-cell depletion within about six months; the registered text does
    not, so it is shown and never counted.
    """

    label: str = "b_cell_depletion"
    concepts: tuple[str, ...] = ("rituximab",)
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
        for finding in chart.of("treatment", treatment.concepts, assertions=["present", "historical"]):
            if finding.date_source == "text" and chart.is_within(finding, treatment.within_days):
                shown.append(evidence(finding, "for"))
                flags[treatment.label] = None
            elif finding.date_source == "text":
                shown.append(
                    evidence(finding, "set_aside", f"older than {treatment.within_days} days at screening")
                )
    listed = ", ".join(flags) if flags else "nothing of the usual concerns was found"
    return unknown(
        shown,
        f"left to the investigator; to see: {listed}",
        basis="judgement",
        flags=tuple(flags),
        searched=given.kinds,
    )
