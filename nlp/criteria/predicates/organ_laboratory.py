"""Organ disease by laboratory values: counts, filtration, bilirubin, INR."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.predicates.organ_parameters import OrganDiseaseUncontrolled
from chartsift.nlp.criteria.predicates.organ_state import DiseaseState
from chartsift.nlp.types import Evidence, Finding

_GOAL = re.compile(r"\b(?:goal|target|range)\b", re.IGNORECASE)


def file_laboratory(
    chart: Chart,
    given: OrganDiseaseUncontrolled,
    states: Sequence[DiseaseState],
    decided: list[tuple[Finding, str]],
    doubtful: list[tuple[Finding, str]],
    near: list[tuple[Finding, str]],
) -> list[Evidence]:
    """
    File values beyond a limit under what they mean, and return those that are too old to mean anything.

    *near* takes the ones that only a reviewer should see.
    """
    if not chart.may_have("lab"):
        return []
    old: list[Evidence] = []
    limits = (
        ("Hgb", given.hgb_below, given.hgb_review, given.count_days, "hematological"),
        ("platelets", given.platelets_below, given.platelets_review, given.count_days, "hematological"),
        ("ANC", given.anc_below, given.anc_review, given.count_days, "hematological"),
        ("eGFR", given.egfr_below, given.egfr_review, given.chemistry_days, "renal"),
    )
    for concept, limit, review, days, system in limits:
        latest = latest_lab(chart, concept)
        if (
            latest is None
            or latest.value is None
            or system not in given.systems
            or latest.value > review
            or (latest.value == review and concept != "ANC")
            or latest.comparator in (">", ">=")
        ):
            continue
        words = f"{concept} {latest.value:g} {latest.unit} on {latest.date}"
        if latest.value >= limit:
            near.append((latest, f"{words} is above the limit of {limit:g}"))
        elif chart.is_within(latest, days):
            decided.append((latest, f"{words}, below {limit:g}"))
        elif chart.is_within(latest, days * given.old_counts_factor) and not _later_notes(chart, latest):
            doubtful.append((latest, f"{words}, below {limit:g}, {chart.age_days(latest)} days old"))
        else:
            old.append(evidence(latest, "set_aside", f"below {limit:g}, {chart.age_days(latest)} days old"))
    near += _high_inr(chart, given)
    bilirubin = latest_lab(chart, "bilirubin")
    if (
        (
            bilirubin is not None
            and (bilirubin.value or 0) > given.bilirubin_above
            and chart.is_within(bilirubin, given.chemistry_days)
        )
        and "hepatic" in given.systems
        and not any(s.finding.text.lower().startswith("gilbert") for s in states)
    ):
        doubtful.append((bilirubin, f"bilirubin {bilirubin.value:g} {bilirubin.unit} on {bilirubin.date}"))
    return old


def _high_inr(chart: Chart, given: OrganDiseaseUncontrolled) -> list[tuple[Finding, str]]:
    """Return an INR above the limit, which an anticoagulant or a failing liver makes: the reviewer tells which."""
    values = [
        f
        for f in chart.of("lab", ["INR"], assertions=["present"])
        if f.value is not None
        and f.attribute("superseded") != "yes"
        and f.attribute("copied") != "yes"
        and not _GOAL.search(f.text)
        and chart.has_come(f.date)
    ]
    if not values or "hematological" not in given.systems or (values[0].value or 0.0) <= given.inr_review:
        return []
    return [(values[0], f"INR {values[0].value:g} on {values[0].date} is above {given.inr_review:g}")]


def _later_notes(chart: Chart, finding: Finding) -> bool:
    return any((note.note_date - finding.date).days > 14 for note in reversed(chart.notes))


def latest_lab(chart: Chart, concept: str) -> Finding | None:
    """Return the latest value of an analyte, in a known unit, that its own text does not call an earlier one."""
    values = [
        f
        for f in chart.of("lab", [concept], assertions=["present"])
        if f.value is not None
        and f.unit
        and f.attribute("superseded") != "yes"
        and f.attribute("copied") != "yes"
        and chart.has_come(f.date)
    ]
    return values[0] if values else None
