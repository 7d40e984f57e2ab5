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

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.heart_lung_measures import severe_heart
from chartsift.nlp.criteria.predicates.organ_laboratory import file_laboratory
from chartsift.nlp.criteria.predicates.organ_lung import file_own_lung, is_overruled
from chartsift.nlp.criteria.predicates.organ_parameters import OrganDiseaseUncontrolled
from chartsift.nlp.criteria.predicates.organ_state import (
    BAD,
    DiseaseState,
    disease_states,
    name_of,
    words_for,
)
from chartsift.nlp.criteria.predicates.table import predicate
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
    file_own_lung(chart, given, states, decided, doubtful, calm)
    _heart(chart, given, decided)
    near: list[tuple[Finding, str]] = []
    old = file_laboratory(chart, given, states, decided, doubtful, near)
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
    words = f"{name_of(state)} is {words_for(state)} on {chart.note_date(finding)}"
    weight = finding.attribute("weight")
    if state.level in BAD:
        if state.system not in given.systems:
            return
        if weight == "minor" or (weight == "soft" and state.level != "severe"):
            doubtful.append((finding, words + ", a comorbidity that a person must judge"))
        elif _grafted(chart, given, state):
            calm.append((finding, f"{name_of(state)} was treated by a transplant"))
        elif not is_overruled(chart, given, state):
            decided.append((finding, words))
    elif state.level == "old":
        doubtful.append((finding, words + ", not stated again since"))
    elif state.level == "possible" and (finding.attribute("level") in BAD or weight in ("severe", "acute")):
        recent = chart.is_within(finding, given.episode_days)
        asserted = finding.section in ("assessment", "plan", "hpi")
        if recent and asserted and weight != "minor":
            doubtful.append((finding, f"{name_of(state)} is suspected on {chart.note_date(finding)}"))
    elif state.level in ("controlled", "absent", "over") or (
        # A clot that is only named is one under its anticoagulant (see ``_level``).
        state.level == "unspecified" and (weight in ("minor", "major", "soft") or state.disease == "clot")
    ):
        calm.append((finding, words))


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


def _heart(chart: Chart, given: OrganDiseaseUncontrolled, decided: list[tuple[Finding, str]]) -> None:
    if "cardiac" in given.systems:
        decided.extend((m.finding, m.reason) for m in severe_heart(chart, given.lung))


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
