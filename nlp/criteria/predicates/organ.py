"""
Severe, progressive or uncontrolled organ disease now, by what notes say of each disease and by laboratory limits.

The disease that the trial treats is judged apart: an interstitial lung disease of the myositis excludes when it is
severe now (oxygen, FVC, DLCO) and goes to a person when it only progresses; weakness and muscle-derived
transaminases are no organ disease. Default laboratory limits are those of comparable trials
(docs/findings/organ_disease.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.heart_lung import (
    LungHeart,
    Measure,
    current_values,
    measures,
    severe_heart,
    severe_lung,
)
from chartsift.nlp.criteria.predicates.organ_state import (
    BAD,
    EPISODE_DAYS,
    FULL_NOTE_CHARS,
    STATEMENT_DAYS,
    DiseaseState,
    disease_states,
)
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

_SEARCHED = (
    "organ_disease",
    *(f"lab/{name}" for name in ("Hgb", "platelets", "ANC", "eGFR", "INR", "bilirubin")),
    "pft",
    "echo",
    "vital",
    "oxygen",
)
_ON_DIALYSIS = re.compile(r"dialysis|\bHD\b|\bPD\b|fail(?:ed|ing)", re.IGNORECASE)

_GOAL = re.compile(r"\b(?:goal|target|range)\b", re.IGNORECASE)


class OrganDiseaseUncontrolled(Parameters):
    """
    Parameters of ``organ_disease_uncontrolled``.

    ``own_disease`` names the diseases that the trial's own indication brings; limits are in the canonical units of
    the laboratory findings (g/dL, 10^9/L, mL/min, mg/dL).
    """

    systems: tuple[str, ...] = (
        "renal",
        "hepatic",
        "hematological",
        "gi",
        "pulmonary",
        "psychiatric",
        "cardiac",
        "neurological",
        "cerebral",
    )
    own_disease: tuple[str, ...] = ("ild",)
    hgb_below: float = 8.0
    platelets_below: float = 50.0
    anc_below: float = 1.0
    egfr_below: float = 30.0
    bilirubin_above: float = Field(
        default=2.4, description="mg/dL, twice an upper limit of 1.2; alone only for review"
    )
    hgb_review: float = Field(
        default=10.0, description="under it and not under the limit: shown, decides nothing"
    )
    platelets_review: float = 100.0
    anc_review: float = Field(default=1.5, description="1.5 itself is for review, too")
    egfr_review: float = 60.0
    inr_review: float = Field(default=1.5, description="above it: shown, decides nothing")
    count_days: int = 30
    chemistry_days: int = 90
    old_counts_factor: int = Field(
        default=3, description="a low value up to so many windows old goes to a person if no note follows"
    )
    episode_days: int = EPISODE_DAYS
    statement_days: int = STATEMENT_DAYS
    full_note_chars: int = Field(
        default=FULL_NOTE_CHARS, description="a note longer than this had room to carry an episode on"
    )
    fvc_decline: float = Field(
        default=5.0, description="points of % predicted within a year: progression by the ATS 2022 guideline"
    )
    dlco_decline: float = Field(
        default=10.0, description="points of % predicted within a year: progression by the ATS 2022 guideline"
    )
    grafts: dict[str, str] = Field(
        default={
            "esrd": "kidney",
            "aki": "kidney",
            "liver_failure": "liver",
            "liver_acute": "liver",
            "marrow": "hct",
        },
        description="which transplant makes the failure of an organ a thing of the past",
    )
    lung: LungHeart = LungHeart()


@predicate("organ_disease_uncontrolled", OrganDiseaseUncontrolled)
def organ_disease_uncontrolled(chart: Chart, given: OrganDiseaseUncontrolled) -> Outcome:
    """Current severe, progressive or uncontrolled disease of a named organ system."""
    states = disease_states(
        chart,
        systems=(*given.systems, "any"),
        episode_days=given.episode_days,
        statement_days=given.statement_days,
        full_note_chars=given.full_note_chars,
    )
    decided: list[tuple[Finding, str]] = []
    doubtful: list[tuple[Finding, str]] = []
    calm: list[tuple[Finding, str]] = []
    for state in states:
        _sort(chart, given, state, decided, doubtful, calm)
    _own_lung(chart, given, states, decided, doubtful, calm)
    _heart(chart, given, decided)
    near: list[tuple[Finding, str]] = []
    old = _laboratory(chart, given, states, decided, doubtful, near)
    flags = tuple(f"near_limit {f.concept}" for f, _ in near)
    decided_ids = {id(f) for f, _ in decided}
    doubtful = [item for item in doubtful if id(item[0]) not in decided_ids]
    aside = [*_set_aside(chart, states, given), *old]
    against = [evidence(f, "against") for f, _ in calm]
    against += [evidence(f, "against", words.partition(" is ")[2]) for f, words in near]
    if decided:
        shown = [evidence(f, "for") for f, _ in (*decided, *doubtful)]
        return true([*shown, *against, *aside], _reason(decided), flags=flags, searched=_SEARCHED)
    if doubtful:
        shown = [evidence(f, "for") for f, _ in doubtful]
        return unknown(
            [*shown, *against, *aside],
            _reason(doubtful),
            next_step=f"Ask the treating specialist for the current severity and course: {doubtful[0][1]}.",
            flags=flags,
            searched=_SEARCHED,
        )
    if calm or near:
        return false([*against, *aside], _reason([*calm[:4], *near]), flags=flags, searched=_SEARCHED)
    return silent(*_SEARCHED, evidence=aside)


def _reason(items: Sequence[tuple[Finding, str]]) -> str:
    return "; ".join(dict.fromkeys(words for _, words in items))


def _name(state: DiseaseState) -> str:
    return f"{state.system} disease ({state.finding.text.splitlines()[0][:60]})"


def _sort(
    chart: Chart,
    given: OrganDiseaseUncontrolled,
    state: DiseaseState,
    decided: list[tuple[Finding, str]],
    doubtful: list[tuple[Finding, str]],
    calm: list[tuple[Finding, str]],
) -> None:
    """File one disease under what it means."""
    if state.disease in given.own_disease:
        return
    finding = state.finding
    words = f"{_name(state)} is {_spoken(state)} on {chart.note_date(finding)}"
    weight = finding.attribute("weight")
    if state.level in BAD:
        if state.system not in given.systems:
            return
        if weight == "minor" or (weight == "soft" and state.level != "severe"):
            doubtful.append((finding, words + ", a comorbidity that a person must judge"))
        elif _grafted(chart, given, state):
            calm.append((finding, f"{_name(state)} was treated by a transplant"))
        elif not _overruled(chart, given, state):
            decided.append((finding, words))
    elif state.level == "old":
        doubtful.append((finding, words + ", not stated again since"))
    elif state.level == "possible" and (finding.attribute("level") in BAD or weight in ("severe", "acute")):
        recent = chart.is_within(finding, given.episode_days)
        asserted = finding.section in ("assessment", "plan", "hpi")
        if recent and asserted and weight != "minor":
            doubtful.append((finding, f"{_name(state)} is suspected on {chart.note_date(finding)}"))
    elif state.level in ("controlled", "absent", "over") or (
        # A clot that is only named is one under its anticoagulant (see ``_level``).
        state.level == "unspecified" and (weight in ("minor", "major", "soft") or state.disease == "clot")
    ):
        calm.append((finding, words))


def _spoken(state: DiseaseState) -> str:
    if state.level == "unspecified":
        return "named without severity"
    return {
        "over": "past or resolved",
        "absent": "denied",
        "controlled": "mild or controlled",
        "old": "called bad",
    }.get(state.level, state.level)


def _grafted(chart: Chart, given: OrganDiseaseUncontrolled, state: DiseaseState) -> bool:
    """Say whether a graft has replaced the organ that failed: the name of the old failure is then history."""
    graft = given.grafts.get(state.disease)
    if graft is None or state.finding.attribute("level") in ("progressive", "uncontrolled"):
        return False
    current = (state.finding, *(f for f in state.earlier if f.assertion == "present"))
    if any(_ON_DIALYSIS.search(f.text) for f in current):
        return False
    return any(
        f.attribute("copied") != "yes" and chart.has_come(f.date)
        for f in chart.of("transplant", [graft], assertions=["present"])
    )


def _overruled(chart: Chart, given: OrganDiseaseUncontrolled, state: DiseaseState) -> bool:
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


def _own_lung(
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
            decided.append((own.finding, f"{_name(own)} on {chart.note_date(own.finding)}"))
        return
    if lung:
        doubtful.extend((m.finding, m.reason + ", no lung disease named") for m in lung)
    if own is None or own.level in ("absent", "over"):
        if own is not None:
            calm.append((own.finding, f"{_name(own)} is {_spoken(own)} on {chart.note_date(own.finding)}"))
        return
    words = f"{_name(own)} is {_spoken(own)} on {chart.note_date(own.finding)}"
    if own.level == "severe" and not _overruled(chart, given, own):
        decided.append((own.finding, words))
        return
    course = _lung_course(chart, given, own)
    if course:
        doubtful.extend(course)
        return
    calm.append((own.finding, words))


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
        said.append((own.finding, f"{_name(own)} is {own.level} on {chart.note_date(own.finding)}"))
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


def _heart(chart: Chart, given: OrganDiseaseUncontrolled, decided: list[tuple[Finding, str]]) -> None:
    if "cardiac" in given.systems:
        decided.extend((m.finding, m.reason) for m in severe_heart(chart, given.lung))


def _laboratory(
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


def _set_aside(
    chart: Chart, states: Sequence[DiseaseState], given: OrganDiseaseUncontrolled
) -> list[Evidence]:
    shown: list[Evidence] = []
    for finding in chart.of("organ_disease"):
        if finding.concept not in given.systems:
            continue
        if finding.assertion in ("family", "hypothetical"):
            shown.append(evidence(finding, "set_aside", NOT_A_FACT[finding.assertion]))
        elif finding.attribute("copied") == "yes":
            shown.append(evidence(finding, "set_aside", "copied from an earlier note"))
    for state in states:
        shown.extend(
            evidence(f, "set_aside", "an earlier or weaker statement")
            for f in state.earlier[:3]
            if f.attribute("level") in BAD
        )
    return shown[:40]


__all__ = ["Measure", "OrganDiseaseUncontrolled", "latest_lab", "organ_disease_uncontrolled"]
