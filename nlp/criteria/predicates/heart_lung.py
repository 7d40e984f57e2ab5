"""
Significant lung or cardiac impairment, from the latest value of each measure and from what notes call it.

The limits and their sources stand in ``heart_lung_values``.
"""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.heart_lung_measures import measures
from chartsift.nlp.criteria.predicates.heart_lung_values import LungHeart, Measure, current_values
from chartsift.nlp.criteria.predicates.organ_state import DiseaseState, disease_states
from chartsift.nlp.criteria.predicates.table import predicate
from chartsift.nlp.types import Evidence, Finding


@predicate("lung_or_heart_impaired", LungHeart)
def lung_or_heart_impaired(chart: Chart, given: LungHeart) -> Outcome:
    """Significant lung or cardiac impairment: oxygen, lung function, ejection fraction, pulmonary hypertension."""
    stated = _stated(chart) if "words" in given.measures else []
    found = [*measures(chart, given), *stated]
    deciding = [m for m in found if m.level != "clear"]
    used = {id(item.finding) for m in deciding for item in _with_restatements(chart, m)}
    outdated = _set_aside(chart, used | {id(m.finding) for m in found})
    searched = ("pft", "echo", "ecg", "vital", "oxygen", "organ_disease/pulmonary", "organ_disease/cardiac")
    if all(m.level == "clear" and m.finding.kind == "ecg" for m in found):
        # A QTc that is long and below the limit is shown; nobody has looked at heart or lung with it.
        below = f"long, and not above {given.qtc_review_above:g} ms"
        shown_only = [evidence(m.finding, "set_aside", below) for m in found]
        return silent(*searched, evidence=[*shown_only, *outdated], flags=_flags(found))
    impaired = [m for m in found if m.level == "impaired"]
    review = [m for m in found if m.level == "review"]
    clear = [m for m in found if m.level == "clear"]
    flags = _flags(found)
    against = [evidence(m.finding, "against") for m in clear]
    if impaired:
        shown = [item for m in impaired for item in _with_restatements(chart, m)]
        return true(
            [*shown, *[evidence(m.finding, "for") for m in review], *against, *outdated],
            _reasons(impaired),
            flags=flags,
            searched=searched,
        )
    if review:
        shown = [item for m in review for item in _with_restatements(chart, m)]
        return unknown(
            [*shown, *against, *outdated],
            _reasons(review) + ", between clearly impaired and clearly not",
            next_step=_review_step(chart, given, review[0]),
            flags=flags,
            searched=searched,
        )
    return false([*against, *outdated], _reasons(clear[:3]), flags=flags, searched=searched)


def _with_restatements(chart: Chart, measure: Measure) -> list[Evidence]:
    """Return a deciding measure with the places where other notes report the same value."""
    own = measure.finding
    same = [
        f
        for f in chart.of(own.kind, [own.concept], assertions=["present"])
        if own.value is not None and f.value == own.value and f.note_id != own.note_id
    ]
    return [evidence(f, "for") for f in (own, *same[:3])]


def _reasons(found: Sequence[Measure]) -> str:
    return "; ".join(dict.fromkeys(m.reason for m in found))


def _flags(found: Sequence[Measure]) -> tuple[str, ...]:
    return tuple(
        f"near_limit {m.finding.concept}" for m in found if m.level == "clear" and m.finding.kind == "ecg"
    )


def _review_step(chart: Chart, given: LungHeart, measure: Measure) -> str:
    """Return what settles a measure between its limits: a person's view, and a new study where it is no current one."""
    days = {
        "pft": given.pft_days,
        "echo": given.echo_days,
        "ecg": given.ecg_days,
        "vital": given.saturation_days,
    }
    if chart.is_within(measure.finding, days.get(measure.finding.kind, 0)):
        return f"Ask for the investigator's view: {measure.reason}."
    return f"Ask for a current {_study(measure.finding)} and the investigator's view: {measure.reason}."


def _study(finding: Finding) -> str:
    return {
        "pft": "spirometry with DLCO",
        "echo": "echocardiogram",
        "ecg": "electrocardiogram",
        "vital": "resting saturation on air",
        "transplant": "lung function test and echocardiogram",
    }.get(finding.kind, "assessment of oxygen need")


def _stated(chart: Chart) -> list[Measure]:
    """Return lung and heart diseases that a note calls severe, advanced or significant now."""
    made: list[Measure] = []
    state: DiseaseState
    for state in disease_states(chart, systems=("pulmonary", "cardiac")):
        weight = state.finding.attribute("weight")
        # An episode (an infarct, a pneumothorax) is an organ disease; what it left behind is measured.
        if state.level != "severe" or weight not in ("major", "severe"):
            continue
        concepts = ("FVC", "DLCO") if state.system == "pulmonary" else ("LVEF",)
        kind = "pft" if state.system == "pulmonary" else "echo"
        newer = [
            v
            for c in concepts
            for v in current_values(chart, kind, c)
            if chart.note_date(v) > chart.note_date(state.finding)
        ]
        if weight == "severe" or not newer:
            made.append(
                Measure(
                    "impaired",
                    state.finding,
                    f"{state.finding.text} is called severe on {state.finding.date}",
                )
            )
    return made


def _set_aside(chart: Chart, used: set[int]) -> list[Evidence]:
    """Return earlier values, oldest last, as read and left out."""
    shown: list[Evidence] = []
    for kind in ("pft", "echo", "ecg", "vital", "oxygen"):
        for finding in chart.of(kind):
            if id(finding) in used or (finding.value is None and kind != "oxygen"):
                continue
            if finding.assertion != "present" and kind != "oxygen":
                reason = NOT_A_FACT[finding.assertion]
            elif finding.attribute("superseded") == "yes":
                reason = "an earlier value by its own words"
            elif finding.attribute("copied") == "yes":
                reason = "copied from an earlier note"
            elif finding.attribute("effort"):
                reason = f"during {finding.attribute('effort')}"
            elif finding.attribute("air") == "oxygen":
                reason = "on oxygen"
            elif kind == "ecg" and finding in current_values(chart, "ecg", "QTc"):
                reason = "neither long nor recent enough to ask about"
            else:
                reason = "not the latest"
            shown.append(evidence(finding, "set_aside", reason))
    return shown[:40]
