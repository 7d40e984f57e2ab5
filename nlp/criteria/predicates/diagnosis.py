"""
Whether a diagnosis of inflammatory myopathy stands today.

A statement counts by who makes it and when: a treating clinician's own words today outrank copied text, problem
lists and reports; a later refutation or revision outranks an earlier label; a later statement by a treating
clinician can bring a diagnosis back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import eq

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

# The concepts of the diagnosis reader that are inflammatory myopathies (docs/findings/diagnosis.md).
IIM_CONCEPTS = ("IIM", "DM", "CADM", "PM", "ASyS", "IMNM", "IBM", "JDM", "JPM", "overlap")
# Sections whose words are lists or forms rather than a clinician's reasoning.
_LISTS = frozenset({"problem_list", "past_history", "family_history", "ros"})
_LEADING = frozenset({"assessment", "plan"})
_SHOWN = 6
_SEARCHED = ("diagnosis", "diagnosis_code", "mimic")
# Diseases of muscle from birth: once one is established, an older label of myositis is over, also unsaid.
# Diseases with more than muscle to them: "no myositis" may deny the muscle's part alone.
_BEYOND_MUSCLE = frozenset({"CADM", "DM", "JDM", "ASyS", "overlap"})
_INBORN = frozenset({"muscular_dystrophy", "metabolic_myopathy", "hereditary_IBM"})


# The types of notes that report on a specimen or an image, and of those that a clinician's visit makes.
_REPORT = re.compile(
    r"patholog|radiolog|imaging|\bmri?\b|\bemg\b|electromyo|nerve conduction|neurophysiolog|histolog|laborator"
    r"|ultrasound|\becho|\bct\b"
)
_VISIT = re.compile(r"clinic|visit|consult|progress|follow|letter|admission|discharge|history|h&p")


_STUDY_FOR = re.compile(
    r"\b(?:CAR[- ]?T(?: cells?| therapy)?|stud(?:y|ies)|trials?|ads?|advert\w*|articles?|website|video|brochure"
    r"|support group|registry|research)\s+(?:\w+\s+)?(?:for|of|in|on|about)\s+(?:refractory |adult |active )?[\"“']?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where the diagnosis stands.

    Attributes:
        stated: Current statements by treating clinicians, strongest and latest first.
        weak: Current statements that only a list, copied text or a report makes.
        denied: Denials of the disease itself, latest first.
        revised: Former labels.
        suspected: Open questions, latest first.
        others: Other diseases that the chart states as the patient's own and that would explain the picture.
        open_others: Diseases that speak neither way (checkpoint inhibitor myositis).
        no_muscle_disease: Denials of any disease of muscle ("he has no muscle disease"), latest first.
        refuted: The chart refutes the disease: the latest word is a denial or a revision.
    """

    stated: tuple[Finding, ...]
    weak: tuple[Finding, ...]
    denied: tuple[Finding, ...]
    revised: tuple[Finding, ...]
    suspected: tuple[Finding, ...]
    others: tuple[Finding, ...]
    open_others: tuple[Finding, ...]
    no_muscle_disease: tuple[Finding, ...]
    refuted: bool


def standing(chart: Chart, concepts: Iterable[str] = IIM_CONCEPTS) -> Standing:
    """Return where an inflammatory myopathy stands in *chart*."""
    return chart.once(_standing, tuple(concepts), same=eq)


def _standing(chart: Chart, wanted: tuple[str, ...]) -> Standing:
    mentions = chart.of("diagnosis", wanted)
    present = [f for f in mentions if f.assertion == "present"]
    mimics = [f for f in chart.of("mimic") if f.assertion == "present"]
    others = [f for f in mimics if f.attribute("role") == "refutes"]
    explained = {f.note_id for f in others}
    # "No DM rash", "no active myositis" deny a manifestation; "MRI without myositis" is one study's word, unless
    # the same note gives another disease.
    denied = [
        f
        for f in mentions
        if f.assertion == "absent"
        and (not f.attribute("aspect") or (f.attribute("aspect") == "study" and f.note_id in explained))
    ]
    revised = [f for f in mentions if f.assertion == "historical"]
    suspected = [f for f in mentions if f.assertion == "possible"]
    open_others = [f for f in mimics if f.attribute("role") == "open"]
    open_others += [f for f in present if f.attribute("cause") == "checkpoint"]
    # Once it is one of a checkpoint inhibitor, bare "myositis" speaks of that one.
    first_open = min((chart.note_date(f) for f in open_others), default=None)
    present = [
        f
        for f in present
        if f.attribute("cause") != "checkpoint"
        and (first_open is None or not _is_bare(f) or chart.note_date(f) < first_open)
    ]
    groups = [
        f
        for f in chart.of("mimic", assertions=["absent"])
        if f.attribute("role") == "group" and not f.attribute("aspect")
    ]
    if _is_between(present, suspected):
        present, suspected = [], [*suspected, *present]
    strong = [f for f in present if not _is_weak(chart, f)]
    weak = [f for f in present if _is_weak(chart, f)]
    strong.sort(key=lambda f: (chart.note_date(f), f.section in _LEADING, f.start), reverse=True)
    refuted = _is_refuted(chart, strong, [*weak, *suspected], denied, revised, others)
    return Standing(
        tuple(strong),
        tuple(weak),
        tuple(sorted(denied, key=lambda f: (chart.note_date(f), f.start), reverse=True)),
        tuple(revised),
        tuple(suspected),
        tuple(
            sorted(others, key=lambda f: (chart.note_date(f), f.section in _LEADING, f.start), reverse=True)
        ),
        tuple(open_others),
        tuple(sorted(groups, key=lambda f: (chart.note_date(f), f.start), reverse=True)),
        refuted,
    )


def _is_between(present: Sequence[Finding], suspected: Sequence[Finding]) -> bool:
    """
    Say whether all that is stated names two forms at once ("PM/DM") beside a form still to be ruled out.

    The clinician is then between diagnoses, however firmly the pair is written.
    """
    notes = {f.note_id for f in suspected}
    return bool(present) and all(f.concept == "IIM" and "/" in f.text and f.note_id in notes for f in present)


def _is_bare(finding: Finding) -> bool:
    """Say whether a finding is the word "myositis" alone, which may mean the muscle's part of a disease."""
    return finding.concept == "IIM" and finding.text.lower() == "myositis"


def iim_refuted(chart: Chart) -> list[Finding]:
    """Return the findings that refute an inflammatory myopathy in *chart*, most telling first; empty if none do."""
    found = standing(chart)
    if not found.refuted:
        return []
    return [*found.denied, *found.others[:3], *found.revised[:2]]


def _is_weak(chart: Chart, finding: Finding) -> bool:
    # "Saw the ad for CAR-T in polymyositis": whom a study is for is no statement on the patient.
    if _STUDY_FOR.search(finding.quote[: max(0, finding.start - finding.quote_start)]):
        return True
    if finding.attribute("copied") or finding.attribute("templated") or finding.section in _LISTS:
        return True
    return _is_report(chart, finding)


def _is_report(chart: Chart, finding: Finding) -> bool:
    """Say whether a finding stands in a report on a specimen or an image rather than in a clinician's note."""
    kind = chart.note_type(finding).lower()
    return _REPORT.search(kind) is not None and _VISIT.search(kind) is None


def _is_refuted(
    chart: Chart,
    strong: Sequence[Finding],
    open_mentions: Sequence[Finding],
    denied: Sequence[Finding],
    revised: Sequence[Finding],
    others: Sequence[Finding],
) -> bool:
    """Say whether the latest word on the disease is a denial or a revision."""
    last_stated = _latest(chart, strong)
    beyond = any(f.concept in _BEYOND_MUSCLE for f in strong)
    elsewhere = {f.note_id for f in others}
    denied = [f for f in denied if not (beyond and _is_bare(f) and f.note_id not in elsewhere)]
    against = _latest(chart, [f for f in denied if not (strong and _is_report(chart, f))])
    if against is None and others:
        against = _latest(chart, revised)
    if against is None:
        inborn = _latest(chart, [f for f in others if f.concept in _INBORN and not _is_weak(chart, f)])
        open_since = [
            f for f in open_mentions if f.assertion == "possible" and inborn and chart.note_date(f) >= inborn
        ]
        if inborn is not None and (last_stated is None or last_stated < inborn) and not open_since:
            return bool(strong or open_mentions)
    # The same note both denies and states: "DM rather than IMNM", "HIV myositis unlikely; ASyS".
    if against is None or (last_stated is not None and against <= last_stated):
        return False
    explained = any(chart.note_date(f) >= against for f in others)
    # Suspected again since, or on the same day another form of it: the question is open.
    gone = {f.concept for f in denied if chart.note_date(f) == against}
    reopened = [
        f
        for f in open_mentions
        if f.assertion == "possible"
        and not _is_cited(f)
        and (
            chart.note_date(f) > against
            or (chart.note_date(f) == against and f.concept not in gone and "IIM" not in gone)
        )
    ]
    if reopened:
        return False
    # A single form denied ("not IBM") while another stood before refutes nothing by itself.
    standing_forms = {f.concept for f in (*strong, *open_mentions)} - gone
    if gone and "IIM" not in gone and standing_forms:
        return explained
    return True


def _is_cited(finding: Finding) -> bool:
    """Say whether a mention stands in quotation marks: the words of another paper ("the referral says "r/o DM"")."""
    before = finding.quote[: max(0, finding.start - finding.quote_start)]
    return (before.count('"') % 2 == 1) or before.count("“") > before.count("”")


def _latest(chart: Chart, findings: Sequence[Finding]) -> date | None:
    return max((chart.note_date(f) for f in findings), default=None)


class DiagnosisStands(Parameters):
    """
    Parameters of ``diagnosis_stands``.

    ``concepts`` are the diagnoses that count; ``backing`` the antibodies by class whose positive result backs a
    "likely" (guidelines: "likely" counts as present when the chart holds a specific objective result).
    """

    concepts: tuple[str, ...] = IIM_CONCEPTS
    backing: tuple[str, ...] = Field(default=("MSA",))


@predicate("diagnosis_stands", DiagnosisStands)
def diagnosis_stands(chart: Chart, given: DiagnosisStands) -> Outcome:
    """A treating clinician states the diagnosis, and nothing later refutes or revises it."""
    found = standing(chart, given.concepts)
    aside = _set_aside(chart, given.concepts)
    codes = chart.of("diagnosis_code", given.concepts, assertions=["present", "possible", "historical"])
    against = [evidence(f, "against") for f in (*found.denied, *found.others)[:_SHOWN]]
    if found.refuted:
        return _refuted(chart, found, against, aside)
    if found.stated:
        lead = found.stated[0]
        # A denial of one form beside the statement of another is context, not the other side.
        context = [
            evidence(f, "set_aside", "denied beside the disease that is stated") for f in found.denied[:3]
        ]
        shown = [evidence(f, "for") for f in _spread(found.stated)]
        shown += [evidence(f, "for", "a code that supports the statement") for f in codes[:2]]
        return true(
            [*shown, *context, *aside],
            f"{lead.concept} stated on {chart.note_date(lead)}",
        )
    backed = _backed(chart, found, given, aside)
    if backed is not None:
        return backed
    if found.weak:
        return _weakly_stated(chart, found, aside)
    if found.suspected:
        return _suspected(chart, found, against, aside)
    if found.open_others:
        return unknown(
            [*(evidence(f, "for") for f in found.open_others[:3]), *aside],
            "a myositis from a checkpoint inhibitor counts neither way",
            next_step="Ask the investigator whether a checkpoint inhibitor myositis may be screened.",
        )
    if found.revised:
        if found.others:
            on = _refuted_on(chart, found)
            labels = [evidence(f, "set_aside", f"revised on {on}") for f in found.revised[:3]]
            return false([*against, *labels, *aside], f"the label was revised to {found.others[0].text}")
        shown = [evidence(f, "against") for f in found.revised[:3]]
        return unknown([*shown, *aside], "the diagnosis is named as a former one only")
    if found.denied:
        return false(
            [*against, *aside], f"{found.denied[0].concept} is denied on {chart.note_date(found.denied[0])}"
        )
    return _unnamed(chart, found, codes, aside)


def _refuted(
    chart: Chart, found: Standing, against: Sequence[Evidence], aside: Sequence[Evidence]
) -> Outcome:
    """Return the outcome of a chart whose latest word is a denial, a revision or another disease."""
    on = _refuted_on(chart, found)
    labels = [
        evidence(f, "set_aside", f"revised on {on}") for f in (*found.stated, *found.weak, *found.revised)[:3]
    ]
    what = (
        found.others[0].text if found.others else found.denied[0].text if found.denied else "another disease"
    )
    return false([*against, *labels, *aside], f"the latest word refutes the diagnosis ({what})")


def _weakly_stated(chart: Chart, found: Standing, aside: Sequence[Evidence]) -> Outcome:
    """Return the outcome where only a list, copied text or a report names the disease."""
    lead = found.weak[0]
    shown = [evidence(f, "for") for f in _spread(found.weak)]
    if found.suspected and all(_is_report(chart, f) for f in found.weak):
        doubt = [evidence(f, "for") for f in found.suspected[:3]]
        return unknown(
            [*shown, *doubt, *aside],
            f"{lead.concept} is named in a report only and suspected by the clinician",
        )
    if all(_is_report(chart, f) for f in found.weak):
        return unknown([*shown, *aside], f"{lead.concept} is named in a report only; no clinician states it")
    return true(
        [*shown, *aside],
        f"{lead.concept} is carried in the history or problem list",
        flags=("list_only",),
    )


def _backed(
    chart: Chart, found: Standing, given: DiagnosisStands, aside: Sequence[Evidence]
) -> Outcome | None:
    """Return the outcome of a disease that is called likely and that an antibody or a biopsy backs; else None."""
    likely = [f for f in found.suspected if f.attribute("degree") == "likely"]
    if not likely:
        return None
    backing = [
        f
        for f in chart.of("antibody", assertions=["present"])
        if f.attribute("class") in given.backing and f.attribute("result") in ("positive", "weak")
    ]
    biopsy = [f for f in chart.of("biopsy", assertions=["present"]) if f.attribute("activity") == "active"]
    if backing or biopsy:
        proof = (backing or biopsy)[0]
        return true(
            [*(evidence(f, "for") for f in likely[:3]), evidence(proof, "for"), *aside],
            f"{likely[0].concept} likely, and backed by {proof.concept}",
            flags=("diagnosis_likely",),
        )
    return None


def _refuted_on(chart: Chart, found: Standing) -> date:
    """Return the day on which the disease was denied or revised: the first such word that no statement follows."""
    stated = max((chart.note_date(f) for f in found.stated), default=date.min)
    words = [*found.denied, *found.revised] or found.others
    days = sorted(chart.note_date(f) for f in words)
    return next((day for day in days if day >= stated), days[-1])


def _unnamed(chart: Chart, found: Standing, codes: Sequence[Finding], aside: Sequence[Evidence]) -> Outcome:
    """Return the outcome where no words name the disease: by another disease, a denial, a code, or silence."""
    own = [f for f in found.others if f.section not in _LISTS]
    if codes and not found.no_muscle_disease:
        return unknown(
            [
                *(evidence(f, "for", "a code alone decides nothing") for f in codes[:_SHOWN]),
                *(evidence(f, "against") for f in own[:3]),
                *aside,
            ],
            f'only a code names the disease ("{codes[0].text}" of {chart.note_date(codes[0])})',
            searched=_SEARCHED,
            next_step=f"Ask for the note that states the diagnosis behind the code {codes[0].text}.",
        )
    if own:
        return false(
            [*(evidence(f, "against") for f in own[:3]), *aside],
            f"the chart gives another disease: {own[0].text}",
        )
    if found.no_muscle_disease:
        return false(
            [*(evidence(f, "against") for f in found.no_muscle_disease[:3]), *aside],
            f"the chart denies any muscle disease on {chart.note_date(found.no_muscle_disease[0])}",
        )
    return silent(*_SEARCHED, evidence=aside)


def _suspected(
    chart: Chart, found: Standing, against: Sequence[Evidence], aside: Sequence[Evidence]
) -> Outcome:
    """Return the outcome of a disease that is only suspected: open, answered by another disease, or denied."""
    shown = [evidence(f, "for") for f in _spread(found.suspected)]
    last = max(found.suspected, key=lambda f: (chart.note_date(f), f.start))
    explained = [
        f
        for f in (*found.others, *found.no_muscle_disease)
        if not _is_weak(chart, f)
        and (
            chart.note_date(f) > chart.note_date(last)
            or (f.concept in _INBORN and f.note_id == last.note_id and f.start > last.start)
        )
    ]
    if explained:
        return false(
            [*(evidence(f, "against") for f in explained[:3]), *shown, *aside],
            f"the suspicion was answered by another finding ({explained[0].text})",
        )
    gone = {f.concept for f in found.denied if _after(chart, f, found.suspected[0])}
    if gone and ("IIM" in gone or {f.concept for f in found.suspected} <= gone):
        return false([*against, *shown, *aside], f"{found.denied[0].concept} was considered and denied")
    return unknown(
        [*shown, *against[:2], *aside],
        f"{found.suspected[0].concept} is only suspected "
        f"({', '.join(found.suspected[0].provenance.cues) or 'open'})",
    )


def _after(chart: Chart, one: Finding, other: Finding) -> bool:
    return (chart.note_date(one), one.start) > (chart.note_date(other), other.start)


def _spread(findings: Sequence[Finding]) -> list[Finding]:
    """Return the leading findings, one a note first, so that a reviewer sees several notes."""
    seen: set[str] = set()
    first = [f for f in findings if not (f.note_id in seen or seen.add(f.note_id))]  # type: ignore[func-returns-value]
    rest = [f for f in findings if f not in first]
    return [*first, *rest][:_SHOWN]


def _set_aside(chart: Chart, concepts: Sequence[str]) -> list[Evidence]:
    reasons = {"family": "someone else's", "hypothetical": "not a statement on the patient"}
    items = [
        evidence(f, "set_aside", reasons[f.assertion])
        for f in chart.of("diagnosis", concepts)
        if f.assertion in reasons
    ][:4]
    items += [
        evidence(f, "set_aside", "denies activity, not the disease")
        for f in chart.of("diagnosis", concepts, assertions=["absent"])
        if f.attribute("aspect")
    ][:2]
    return items
