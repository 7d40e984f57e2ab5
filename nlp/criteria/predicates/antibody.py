"""
Whether a positive myositis antibody stands, and whether the stated disease rests on it.

A fact of history: an earlier clear positive is not undone by a later negative (titres fall under treatment), nor a
later positive by an earlier negative. Two results of one draw that disagree settle nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
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
# Words of a test that was sent and is still out.
_STILL_OUT = re.compile(
    r"pend|\bsent\b|await|QNS|not sufficient|in pro[cg]|redraw|recollect|hemolyzed|outstanding|ausstehend",
    re.IGNORECASE,
)
_SAME_DRAW = re.compile(r"\bsame (?:draw|sample|serum|specimen|tube|blood)\b", re.IGNORECASE)
# Words of a test that was not made.
_NOT_MADE = re.compile(
    r"\bnot (?:yet )?(?:been )?(?:done|run|tested|sent|drawn|performed|measured|ordered|checked|included|on)\b"
    r"|\bnever\b|untested|\bTNP\b|not performed",
    re.IGNORECASE,
)
# The antibodies that a disease rests on as a rule, by its subtype. A panel that lacks half of them or more does not
# speak for the disease: HMGCR is on no line blot (domain: line blot misses), and a hospital's Jo-1 is no panel.
NEEDED: dict[str, tuple[str, ...]] = {
    "DM": ("Mi-2", "TIF1", "NXP2", "MDA5"),
    "ASyS": ("Jo-1", "PL-7", "PL-12", "EJ"),
    "IMNM": ("SRP", "HMGCR"),
}
_REPEAT_STEP = "Repeat the myositis panel; cN-1A by itself does not tell."
_UNSPECIFIED_STEP = "Ask whether the Ro/SSA was Ro-52, or repeat the myositis panel."
_ORDER_STEP = "Order a myositis antibody panel with SRP and HMGCR, or ask for the outside result."
_PENDING_STEP = "Obtain the antibody result that is pending or was never run."


@dataclass(frozen=True, slots=True)
class _Serology:
    """The antibody findings of a chart by what they say; latest first."""

    positive: tuple[Finding, ...]
    weak: tuple[Finding, ...]
    unsure: tuple[Finding, ...]
    pending: tuple[Finding, ...]
    negative: tuple[Finding, ...]
    aside: tuple[Evidence, ...]


def _serology(chart: Chart, classes: Sequence[str]) -> _Serology:
    mentions = [f for f in chart.of("antibody") if f.attribute("class") in classes]
    by: dict[str, list[Finding]] = {"positive": [], "weak": [], "unsure": [], "pending": [], "negative": []}
    aside: list[Evidence] = []
    for finding in mentions:
        result = finding.attribute("result")
        if finding.assertion == "family":
            aside.append(evidence(finding, "set_aside", "someone else's"))
        elif finding.assertion == "hypothetical":
            aside.append(evidence(finding, "set_aside", "conditional"))
        elif finding.assertion == "present":
            by["weak" if result == "weak" else "positive"].append(finding)
        elif finding.assertion == "absent":
            by["negative"].append(finding)
        elif finding.assertion == "possible":
            by["pending" if result == "unmeasured" else "unsure"].append(finding)
    # What the patient's disease is named after comes behind a result that was read.
    by["positive"].sort(key=lambda f: f.attribute("result") == "implied")
    return _Serology(
        positive=tuple(by["positive"]),
        weak=tuple(by["weak"]),
        unsure=tuple(by["unsure"]),
        pending=tuple(by["pending"]),
        negative=tuple(by["negative"]),
        aside=tuple(aside[:4]),
    )


def _conflict(chart: Chart, found: _Serology, concepts: set[str], days: int) -> list[Finding]:
    """
    Return a positive and a negative result of one antibody from one draw, if that is all there is of it.

    Results of two subunits, as of Mi-2 alpha and Mi-2 beta, are results of two tests.

    Results in one note, without different dates of their own, come from one draw; a clear positive at another
    time, or a clinician who names the disease after it since, settles the matter.
    """
    for concept in sorted(concepts):
        positive = [f for f in (*found.positive, *found.weak) if f.concept == concept]
        read = [f for f in positive if f.attribute("result") != "implied"]
        negative = [f for f in found.negative if f.concept == concept]
        if any(_SAME_DRAW.search(f.quote) for f in read):
            # "His letter about the same draw says positive": the panel's own line is the other result.
            notes = {f.note_id for f in read if _SAME_DRAW.search(f.quote)}
            negative += [
                f
                for f in chart.of("antibody_panel", assertions=["absent"])
                if f.attribute("coverage") in ("all", "MSA") and f.note_id in notes
            ]
        clash = [
            (p, n)
            for p in read
            for n in negative
            if _of_one_subunit(p, n)
            and abs((p.date - n.date).days) <= days
            and (p.note_id == n.note_id or (p.date_source == n.date_source == "text"))
        ]
        if not clash:
            continue
        pairs = {f for pair in clash for f in pair}
        others = [f for f in read if f not in pairs and abs((f.date - clash[0][0].date).days) > days]
        named = [
            f
            for f in positive
            if f.attribute("result") == "implied" and chart.note_date(f) >= chart.note_date(clash[0][0])
        ]
        unresolved = [f for f in found.unsure if f.concept == concept] + [
            f for f in found.pending if f.concept == concept
        ]
        if not others and (not named or unresolved):
            return [*clash[0], *unresolved[:2]]
    return []


def _of_one_subunit(positive: Finding, negative: Finding) -> bool:
    """Say whether two results may be of the same subunit; a result without one is of the antigen as a whole."""
    subunits = {positive.attribute("subunit"), negative.attribute("subunit")} - {""}
    return len(subunits) < 2


def _panel_negative(
    chart: Chart, negative: Sequence[Finding], coverage: Sequence[str], full: int
) -> list[Finding]:
    """Return what shows that a whole panel was negative; empty when only single antibodies were tested."""
    statements = [
        f for f in chart.of("antibody_panel", assertions=["absent"]) if f.attribute("coverage") in coverage
    ]
    if statements:
        return statements
    if len({f.concept for f in negative}) >= full:
        return list(negative)
    return []


@dataclass(frozen=True, slots=True)
class _Coverage:
    """
    What the negative results of a chart speak for.

    Attributes:
        tested: Antibodies that were tested; None where a panel counts of which it is not said what it held.
        named: Antibodies with a negative result of their own.
        not_made: Antibodies of which the chart says that they were not tested.
    """

    tested: frozenset[str] | None
    named: tuple[str, ...]
    not_made: frozenset[str]

    def lacks(self, needed: Sequence[str]) -> list[str]:
        """Return the antibodies of *needed* that are known to be untested, when they are half of them or more."""
        known = self.tested
        missing = [
            name for name in needed if (name not in known if known is not None else name in self.not_made)
        ]
        return missing if missing and 2 * len(missing) >= len(needed) else []

    def words(self) -> str:
        """Return in words which antibodies were tested."""
        if self.tested is not None:
            return f"tested: {', '.join(_ordered(self.tested))}"
        if self.named:
            return f"negative by name: {', '.join(self.named)}; what else the panel held is not said"
        return "which antibodies it held is not said"


def _coverage(chart: Chart, panel: Sequence[Finding], found: _Serology) -> _Coverage:
    results = [*found.positive, *found.weak, *found.unsure, *found.negative]
    measured = {f.concept for f in results if f.attribute("result") != "implied"}
    measured |= {f.concept for f in chart.of("antibody", assertions=["absent"])}
    statements = [f for f in panel if f.kind == "antibody_panel"]
    tested: frozenset[str] | None = frozenset(measured)
    if any(not f.attribute("tested") for f in statements):
        tested = None
    else:
        tested = frozenset(measured.union(*(f.attribute("tested").split() for f in statements)))
    not_made = {
        f.concept
        for f in chart.of("antibody", assertions=["possible"])
        if f.attribute("result") == "unmeasured" and _NOT_MADE.search(f.attribute("words"))
    }
    named = _ordered({f.concept for f in chart.of("antibody", assertions=["absent"])})
    return _Coverage(tested, tuple(named), frozenset(not_made - measured))


def _ordered(names: Iterable[str]) -> list[str]:
    """Return names in the order of the usual report: synthetases, dermatomyositis, necrotizing myopathy, others."""
    usual = (
        "Jo-1 PL-7 PL-12 EJ OJ KS Zo Ha Mi-2 TIF1 NXP2 MDA5 SAE SRP HMGCR Ro-52 PM-Scl Ku U1-RNP U2-RNP U3-RNP cN-1A"
    ).split()
    return sorted(names, key=lambda name: (usual.index(name) if name in usual else len(usual), name))


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
    found = _serology(chart, given.classes)
    aside = list(found.aside)
    against = [evidence(f, "against") for f in found.negative[:_SHOWN]]
    concepts = {f.concept for f in (*found.positive, *found.weak)}
    conflict = _conflict(chart, found, concepts, given.same_draw_days)
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
    return _without_positive(
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
    found = _serology(chart, given.classes)
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
    conflict = _conflict(chart, found, concepts, given.same_draw_days)
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
    return _without_positive(
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


def _without_positive(
    chart: Chart,
    found: _Serology,
    classes: Sequence[str],
    aside: list[Evidence],
    full: int,
    needed: Sequence[Sequence[str]],
) -> Outcome:
    """Return the outcome when no antibody of *classes* is positive: a negative panel, or no result."""
    coverage = ("all", "MSA", "rest") if "MAA" not in classes else ("all", "rest")
    panel = _panel_negative(chart, found.negative, coverage, full)
    pending_panel = chart.of("antibody_panel", assertions=["possible"])
    known = {f.concept for f in found.negative}
    # A wish to repeat what was negative takes nothing back; a test that is still out does.
    pending = [f for f in found.pending if f.concept not in known]
    pending += [f for f in pending_panel if not known or _is_out(f)]
    if panel:
        pending = [f for f in pending if _is_out(f)]
    newest_pending = max((chart.note_date(f) for f in pending), default=None)
    newest_negative = max((chart.note_date(f) for f in panel), default=None)
    if panel and (newest_pending is None or newest_negative is None or newest_negative > newest_pending):
        others = [
            *chart.of("antibody", assertions=["present"]),
            *chart.of("antibody_other", assertions=["present"]),
        ]
        shown = [evidence(f, "against") for f in panel[:_SHOWN]]
        beside = [evidence(f, "set_aside", "does not count here") for f in others[:3]]
        held = _coverage(chart, panel, found)
        missing = next((lacking for names in needed if (lacking := held.lacks(names))), [])
        if missing:
            return unknown(
                [*shown, *beside, *aside],
                f"the panel is negative, but {' and '.join(missing)} {'was' if len(missing) == 1 else 'were'} not on it"
                f" ({held.words()})",
                flags=("panel_incomplete",),
                next_step=f"Order anti-{' and anti-'.join(missing)}.",
            )
        return false([*shown, *beside, *aside], f"the antibody panel is negative ({held.words()})")
    if panel:
        shown = [evidence(f, "against") for f in panel[:3]]
        return unknown(
            [*shown, *(evidence(f, "for") for f in pending[:3]), *aside],
            "the panel was negative, and a further antibody is pending",
            next_step=_PENDING_STEP,
        )
    if pending:
        shown = [evidence(f, "for") for f in pending[:4]]
        return unknown(
            [*shown, *(evidence(f, "against") for f in found.negative[:3]), *aside],
            "antibodies are pending or were never run",
            next_step=_PENDING_STEP,
        )
    if found.negative:
        shown = [evidence(f, "against") for f in found.negative[:4]]
        return unknown(
            [*shown, *aside],
            f"only {', '.join(sorted({f.concept for f in found.negative}))} tested, negative; the panel is incomplete",
            next_step=_ORDER_STEP,
        )
    others = [*chart.of("antibody", assertions=["present", "possible"]), *chart.of("antibody_other")]
    if others:
        # A positive one of another class first: of it a reader asks why it does not count.
        others.sort(key=lambda f: f.assertion != "present")
        shown = [
            evidence(f, "for" if f.assertion == "present" else "set_aside", "does not count here")
            for f in others[:3]
        ]
        lead = others[0].text if others[0].concept == "other" else others[0].concept
        return unknown(
            [*shown, *aside],
            f"only {lead} is known, and no specific antibody",
            next_step=_ORDER_STEP,
        )
    return silent("antibody", "antibody_panel", "antibody_other", evidence=aside)


def _is_out(finding: Finding) -> bool:
    """Say whether a test is on its way, by the words that left it open."""
    return _STILL_OUT.search(" ".join(finding.provenance.cues)) is not None


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
