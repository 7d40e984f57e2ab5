"""
The antibody results of a chart by what they say, whether two of one draw disagree, and what a negative panel held.

A fact of history: an earlier clear positive is not undone by a later negative (titres fall under treatment), nor a
later positive by an earlier negative. Two results of one draw that disagree settle nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.types import Evidence, Finding

_SAME_DRAW = re.compile(r"\bsame (?:draw|sample|serum|specimen|tube|blood)\b", re.IGNORECASE)
# Words of a test that was not made.
_NOT_MADE = re.compile(
    r"\bnot (?:yet )?(?:been )?(?:done|run|tested|sent|drawn|performed|measured|ordered|checked|included|on)\b"
    r"|\bnever\b|untested|\bTNP\b|not performed",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Serology:
    """The antibody findings of a chart by what they say; latest first."""

    positive: tuple[Finding, ...]
    weak: tuple[Finding, ...]
    unsure: tuple[Finding, ...]
    pending: tuple[Finding, ...]
    negative: tuple[Finding, ...]
    aside: tuple[Evidence, ...]


def serology_of(chart: Chart, classes: Sequence[str]) -> Serology:
    """Return the antibody findings of *classes* by what they say."""
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
    return Serology(
        positive=tuple(by["positive"]),
        weak=tuple(by["weak"]),
        unsure=tuple(by["unsure"]),
        pending=tuple(by["pending"]),
        negative=tuple(by["negative"]),
        aside=tuple(aside[:4]),
    )


def conflict_in(chart: Chart, found: Serology, concepts: set[str], days: int) -> list[Finding]:
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


def negative_panel(
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
class Coverage:
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
            return f"tested: {', '.join(in_usual_order(self.tested))}"
        if self.named:
            return f"negative by name: {', '.join(self.named)}; what else the panel held is not said"
        return "which antibodies it held is not said"


def coverage_of(chart: Chart, panel: Sequence[Finding], found: Serology) -> Coverage:
    """Return what the negative results of *chart*, with those of its *panel*, speak for."""
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
    named = in_usual_order({f.concept for f in chart.of("antibody", assertions=["absent"])})
    return Coverage(tested, tuple(named), frozenset(not_made - measured))


def in_usual_order(names: Iterable[str]) -> list[str]:
    """Return names in the order of the usual report: synthetases, dermatomyositis, necrotizing myopathy, others."""
    usual = (
        "Jo-1 PL-7 PL-12 EJ OJ KS Zo Ha Mi-2 TIF1 NXP2 MDA5 SAE SRP HMGCR Ro-52 PM-Scl Ku U1-RNP U2-RNP U3-RNP cN-1A"
    ).split()
    return sorted(names, key=lambda name: (usual.index(name) if name in usual else len(usual), name))
