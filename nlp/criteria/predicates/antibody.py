"""Whether a positive myositis antibody stands, and whether the stated disease rests on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import eq

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, true, unknown
from chartsift.nlp.criteria.predicates.antibody_negative import without_positive
from chartsift.nlp.criteria.predicates.antibody_results import conflict_in, serology_of
from chartsift.nlp.criteria.predicates.diagnosis import (
    IIM_CONCEPTS,
    DiagnosisStands,
    diagnosis_stands,
    standing,
)
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Basis, Evidence, Finding

_SHOWN = 6
_DIAGNOSIS = DiagnosisStands()
# The antibodies that a disease rests on as a rule, by its subtype. A panel that lacks half of them or more does not
# speak for the disease: HMGCR is on no line blot (domain: line blot misses), and a hospital's Jo-1 is no panel.
NEEDED: dict[str, tuple[str, ...]] = {
    "DM": ("Mi-2", "TIF1", "NXP2", "MDA5"),
    "ASyS": ("Jo-1", "PL-7", "PL-12", "EJ"),
    "IMNM": ("SRP", "HMGCR"),
}
_REPEAT_STEP = "Repeat the myositis panel; cN-1A by itself does not tell."
_UNSPECIFIED_STEP = "Ask whether the Ro/SSA was Ro-52, or repeat the myositis panel."


class AntibodyPositive(Parameters):
    """
    Parameters of ``antibody_positive``.

    ``classes`` are the classes that count (MSA, MAA); ``unspecified`` are concepts of other antibodies that are
    too unspecific to decide ("SSA" without saying Ro-52 or Ro-60); ``same_draw_days`` is how close two results
    lie that may be of one draw; ``full_panel`` is how many different negative antibodies count as a panel that was
    read, where no statement covers it; ``subtypes`` maps a subtype to the diagnoses that are it, and ``needed`` to the
    antibodies of which a negative panel must hold more than half to speak for that disease.
    """

    classes: tuple[str, ...] = Field(default=("MSA", "MAA"))
    unspecified: tuple[str, ...] = Field(default=("SSA", "Ro-60"))
    diagnoses: tuple[str, ...] = IIM_CONCEPTS
    same_draw_days: int = Field(default=14, ge=0)
    full_panel: int = Field(default=5, ge=1)
    subtypes: dict[str, tuple[str, ...]] = Field(
        default={"DM": ("DM", "CADM", "JDM"), "ASyS": ("ASyS",), "IMNM": ("IMNM",)}
    )
    needed: dict[str, tuple[str, ...]] = Field(default=NEEDED)


@predicate("antibody_positive", AntibodyPositive)
def antibody_positive(chart: Chart, given: AntibodyPositive) -> Outcome:
    """A positive serum antibody of the classes asked for."""
    found = serology_of(chart, given.classes)
    aside = list(found.aside)
    against = [evidence(f, "against") for f in found.negative[:_SHOWN]]
    concepts = {f.concept for f in (*found.positive, *found.weak)}
    conflict = conflict_in(chart, found, concepts, given.same_draw_days)
    settled = [f for f in found.positive if not any(f.concept == c.concept for c in conflict)]
    if settled:
        lead = settled[0]
        shown = [evidence(f, "for") for f in _spread(settled)]
        flags = ("maa_only",) if all(f.attribute("class") == "MAA" for f in settled) else ()
        return true([*shown, *aside], f"{_named(lead)} positive", flags=flags)
    if conflict:
        return _conflicting(conflict, aside)
    if found.weak:
        shown = [evidence(f, "for") for f in found.weak[:3]]
        stands = standing(chart, given.diagnoses)
        if stands.stated and not stands.refuted:
            lead = found.weak[0]
            return true(
                [*shown, *aside],
                f"{_named(lead)} weakly positive, and the disease is stated",
                flags=("weak_positive",),
            )
        return unknown([*shown, *aside], f"{_named(found.weak[0])} only weakly positive")
    if found.unsure:
        shown = [evidence(f, "for") for f in found.unsure[:3]]
        return unknown(
            [*shown, *against[:2], *aside],
            f"{_named(found.unsure[0])} {found.unsure[0].attribute('result') or 'uncertain'}",
        )
    others = chart.of("antibody_other", given.unspecified, assertions=["present"])
    ibm = chart.of("antibody", ["cN-1A"], assertions=["present"])
    if others or ibm:
        shown = [evidence(f, "for") for f in (*others, *ibm)[:3]]
        return unknown(
            [*shown, *against[:2], *aside],
            f"only {(*others, *ibm)[0].concept} is positive, which does not tell",
            next_step=_UNSPECIFIED_STEP if others else _REPEAT_STEP,
        )
    stated = standing(chart, given.diagnoses).stated
    return without_positive(
        chart, found, given.classes, aside, given.full_panel, _needed(stated, given.subtypes, given.needed)
    )


def _needed(
    stated: Sequence[Finding],
    subtypes: Mapping[str, Sequence[str]],
    needed: Mapping[str, Sequence[str]],
) -> list[Sequence[str]]:
    """Return for each subtype of the diseases stated the antibodies that a panel has to hold."""
    concepts = {f.concept for f in stated}
    return [needed[name] for name, members in subtypes.items() if name in needed and concepts & set(members)]


class AntibodyAndSubtype(Parameters):
    """
    Parameters of ``antibody_and_subtype``.

    ``subtypes`` maps a subtype to the diagnoses that are it; ``implied`` says which subtype a polymyositis (or an
    unnamed myositis) becomes by the antibody's own subtype. Guidelines: polymyositis with a synthetase antibody
    reads as antisynthetase syndrome, with SRP or HMGCR as necrotizing myopathy. ``full_panel`` and ``needed`` mean
    what they mean for ``antibody_positive``.
    """

    classes: tuple[str, ...] = Field(default=("MSA",))
    subtypes: dict[str, tuple[str, ...]] = Field(
        default={"DM": ("DM", "CADM", "JDM"), "ASyS": ("ASyS",), "IMNM": ("IMNM",)}
    )
    implied_from: tuple[str, ...] = Field(default=("PM", "IIM", "JPM", "overlap"))
    implied: tuple[str, ...] = Field(default=("ASyS", "IMNM", "DM"))
    excluded: tuple[str, ...] = Field(default=("IBM",))
    same_draw_days: int = Field(default=14, ge=0)
    full_panel: int = Field(default=5, ge=1)
    needed: dict[str, tuple[str, ...]] = Field(default=NEEDED)


@predicate("antibody_and_subtype", AntibodyAndSubtype)
def antibody_and_subtype(chart: Chart, given: AntibodyAndSubtype) -> Outcome:
    """A disease of the subtypes asked for that rests on a positive specific antibody."""
    found = serology_of(chart, given.classes)
    aside = list(found.aside)
    stands = standing(chart)
    # As a rule the criterion on the diagnosis has asked the same.
    disease = chart.once(diagnosis_stands, _DIAGNOSIS, same=eq)
    if stands.refuted or disease.value is False:
        refuting = [item.finding for item in disease.evidence if item.stance == "against"][:4]
        negatives = [*chart.of("antibody_panel", assertions=["absent"])[:2], *found.negative[:3]]
        return false(
            [
                *(evidence(f, "against") for f in (*refuting, *negatives)),
                *(evidence(f, "for") for f in found.positive[:2]),
                *aside,
            ],
            "the chart refutes an inflammatory myopathy",
        )
    stated = [*stands.stated, *stands.weak]
    ibm = _only_excluded(chart, stated, given)
    if ibm:
        return false(
            [evidence(f, "against") for f in ibm[:3]],
            f"the disease is {ibm[0].concept}, which does not qualify",
        )
    subtype_of = {concept: name for name, concepts in given.subtypes.items() for concept in concepts}
    subtypes = [f for f in stated if f.concept in subtype_of]
    unnamed = [f for f in stated if f.concept in given.implied_from]
    concepts = {f.concept for f in (*found.positive, *found.weak)}
    conflict = conflict_in(chart, found, concepts, given.same_draw_days)
    in_conflict = {f.concept for f in conflict}
    settled = [f for f in found.positive if f.concept not in in_conflict]
    if settled:
        return _with_disease(chart, settled, subtypes, unnamed, stands.suspected, given, aside)
    if conflict:
        return _conflicting(conflict, aside)
    if found.weak:
        lead = found.weak[0]
        shown = [evidence(f, "for") for f in found.weak[:3]]
        fitting = [f for f in subtypes if subtype_of[f.concept] == lead.attribute("subtype")]
        fitting += [f for f in unnamed if f.concept == "PM" and lead.attribute("subtype") in ("ASyS", "IMNM")]
        if fitting:
            return true(
                [*shown, *(evidence(f, "for") for f in fitting[:2]), *aside],
                f"{_named(lead)} weakly positive, and {fitting[0].concept} is the disease that fits it",
                flags=("weak_positive",),
            )
        return unknown(
            [*shown, *aside], f"{_named(lead)} only weakly positive, and no stated disease fits it"
        )
    if found.unsure:
        lead = found.unsure[0]
        shown = [evidence(f, "for") for f in found.unsure[:3]]
        basis: Basis = "conflicting" if lead.attribute("result") == "contradicted" else "insufficient"
        return unknown(
            [*shown, *aside], f"{_named(lead)} {lead.attribute('result') or 'uncertain'}", basis=basis
        )
    return without_positive(
        chart, found, given.classes, aside, given.full_panel, _needed(stated, given.subtypes, given.needed)
    )


def _with_disease(
    chart: Chart,
    positive: Sequence[Finding],
    subtypes: Sequence[Finding],
    unnamed: Sequence[Finding],
    suspected: Sequence[Finding],
    given: AntibodyAndSubtype,
    aside: list[Evidence],
) -> Outcome:
    lead = positive[0]
    shown = [evidence(f, "for") for f in _spread(positive)]
    if subtypes:
        flags = (
            ("several_msa",)
            if len({f.concept for f in positive if f.attribute("result") != "implied"}) > 1
            else ()
        )
        disease = [evidence(f, "for") for f in _spread(subtypes)[:3]]
        return true(
            [*shown, *disease, *aside], f"{subtypes[0].concept} with {_named(lead)} positive", flags=flags
        )
    implied = [f for f in positive if f.attribute("subtype") in given.implied]
    if unnamed and implied:
        disease = [evidence(f, "for") for f in unnamed[:2]]
        return true(
            [*shown, *disease, *aside],
            f"{unnamed[0].concept} with {_named(implied[0])} reads as {implied[0].attribute('subtype')}",
            flags=("subtype_by_antibody",),
        )
    fitting = [f for f in suspected if f.attribute("degree") == "likely"]
    if fitting and implied:
        # "Likely" with the positive specific antibody that backs it counts as stated.
        return true(
            [*shown, *(evidence(f, "for") for f in fitting[:2]), *aside],
            f"{fitting[0].concept} likely, backed by {_named(implied[0])}",
            flags=("diagnosis_likely",),
        )
    return unknown(
        [*shown, *(evidence(f, "for") for f in suspected[:2]), *aside],
        f"{_named(lead)} is positive, but no disease that rests on it is stated",
        next_step="Ask the treating clinician for the diagnosis.",
    )


def _only_excluded(chart: Chart, stated: Sequence[Finding], given: AntibodyAndSubtype) -> list[Finding]:
    """Return the statements of a disease that does not qualify, when the latest statements are of it."""
    excluded = [f for f in stated if f.concept in given.excluded]
    if not excluded:
        return []
    qualifying = [f for f in stated if f.concept not in (*given.excluded, "IIM")]
    last = max(chart.note_date(f) for f in excluded)
    if any(chart.note_date(f) >= last for f in qualifying):
        return []
    return excluded


def _conflicting(conflict: Sequence[Finding], aside: list[Evidence]) -> Outcome:
    shown = [evidence(f, "against" if f.assertion == "absent" else "for") for f in conflict]
    return unknown(
        [*shown, *aside],
        f"two results of {conflict[0].concept} from one draw disagree",
        basis="conflicting",
        next_step=f"Repeat {conflict[0].concept} by a third method, such as immunoprecipitation.",
    )


def _named(finding: Finding) -> str:
    words = finding.concept
    if finding.value is not None:
        sign = "" if finding.comparator == "=" else finding.comparator
        words += f" {sign}{finding.value:g}{' ' + finding.unit if finding.unit else ''}"
    if finding.date_source == "text":
        words += f" ({finding.date})"
    return words


def _spread(findings: Sequence[Finding]) -> list[Finding]:
    """Return the leading findings, each antibody or note once first."""
    first: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        first.setdefault((finding.concept, finding.note_id), finding)
    lead = list(first.values())
    return [*lead, *(f for f in findings if f not in lead)][:_SHOWN]
