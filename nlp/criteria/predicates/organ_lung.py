"""
The lung disease that the trial's own indication brings: severe now excludes, progressing goes to a person.

A measurement outweighs words that are older than it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.heart_lung_measures import measures, severe_lung
from chartsift.nlp.criteria.predicates.heart_lung_values import current_values
from chartsift.nlp.criteria.predicates.organ_parameters import OrganDiseaseUncontrolled
from chartsift.nlp.criteria.predicates.organ_state import DiseaseState, name_of, words_for
from chartsift.nlp.types import Finding


def file_own_lung(
    chart: Chart,
    given: OrganDiseaseUncontrolled,
    states: Sequence[DiseaseState],
    decided: list[tuple[Finding, str]],
    doubtful: list[tuple[Finding, str]],
    calm: list[tuple[Finding, str]],
) -> None:
    """Judge the lung disease of the indication: severe now excludes, progressing goes to a person."""
    own = next((s for s in states if s.system == "pulmonary" and s.disease in given.own_disease), None)
    lung = severe_lung(chart, given.lung)
    has_lung_disease = any(
        s.system == "pulmonary"
        and s.level not in ("absent", "over")
        and s.finding.attribute("weight") != "minor"
        for s in states
    )
    # Two severe measures of different kinds (volume, transfer, oxygen need) are lung disease, named or not.
    if lung and (has_lung_disease or len({m.finding.concept for m in lung}) > 1):
        decided.extend((m.finding, m.reason) for m in lung)
        if own is not None and own.level not in ("absent", "over"):
            decided.append((own.finding, f"{name_of(own)} on {chart.note_date(own.finding)}"))
        return
    if lung:
        doubtful.extend((m.finding, m.reason + ", no lung disease named") for m in lung)
    if own is None or own.level in ("absent", "over"):
        if own is not None:
            calm.append(
                (own.finding, f"{name_of(own)} is {words_for(own)} on {chart.note_date(own.finding)}")
            )
        return
    words = f"{name_of(own)} is {words_for(own)} on {chart.note_date(own.finding)}"
    if own.level == "severe" and not is_overruled(chart, given, own):
        decided.append((own.finding, words))
        return
    course = _lung_course(chart, given, own)
    if course:
        doubtful.extend(course)
        return
    calm.append((own.finding, words))


def is_overruled(chart: Chart, given: OrganDiseaseUncontrolled, state: DiseaseState) -> bool:
    """Say whether a later measurement shows the organ to be well after words that called it bad."""
    if state.system not in ("pulmonary", "cardiac") or state.finding.attribute("weight") == "severe":
        return False
    kinds = ("pft",) if state.system == "pulmonary" else ("echo",)
    later = [
        m
        for m in measures(chart, given.lung)
        if m.finding.kind in kinds
        and m.finding.value is not None
        and chart.note_date(m.finding) > chart.note_date(state.finding)
    ]
    return bool(later) and all(m.level == "clear" for m in later)


def _lung_course(
    chart: Chart, given: OrganDiseaseUncontrolled, own: DiseaseState
) -> list[tuple[Finding, str]]:
    """Return what says that the lung disease is progressing now; empty when a later word calls it stable."""
    said: list[tuple[Finding, str]] = []
    stable_on = max(
        (
            chart.note_date(f)
            for f in (own.finding, *own.earlier)
            if f.attribute("level") in ("stable", "controlled", "mild") and f.assertion == "present"
        ),
        default=None,
    )
    if own.level in ("progressive", "uncontrolled", "old"):
        said.append((own.finding, f"{name_of(own)} is {own.level} on {chart.note_date(own.finding)}"))
    for concept in ("FVC", "DLCO", "PFT", "impairment"):
        for finding in chart.of("pft", [concept], assertions=["present"])[:6]:
            if (
                finding.attribute("course") == "worse"
                and chart.is_within(finding, given.lung.pft_days)
                and finding.attribute("copied") != "yes"
            ):
                said.append((finding, f"lung function is declining on {finding.date}"))
                break
    said.extend(_numeric_decline(chart, given))
    return [
        item
        for item in said
        if stable_on is None or chart.note_date(item[0]) > stable_on or item[0] is own.finding
    ]


def _numeric_decline(chart: Chart, given: OrganDiseaseUncontrolled) -> list[tuple[Finding, str]]:
    found: list[tuple[Finding, str]] = []
    for concept, points in (("FVC", given.fvc_decline), ("DLCO", given.dlco_decline)):
        latest = current_values(chart, "pft", concept)
        if not latest or not chart.is_within(latest[0], given.lung.pft_days):
            continue
        last = latest[0]
        before = [
            f
            for f in chart.of("pft", [concept], assertions=["present"])
            if f.value is not None
            and 30 <= (last.date - f.date).days <= 400
            and f.attribute("position") != "supine"
        ]
        if not before or last.value is None:
            continue
        highest = max(before, key=lambda f: f.value or 0.0)
        if (highest.value or 0.0) - last.value >= points and last.value < 80:
            found.append(
                (last, f"{concept} fell from {highest.value:g} % to {last.value:g} % by {last.date}")
            )
    return found
