"""
Leukapheresis and lymphodepletion: can cells be collected, and did fludarabine or cyclophosphamide ever harm.

Thresholds of the blood counts: hemoglobin under 8 g/dL, platelets under 50 x10^9/L, lymphocytes under 0.2 x10^9/L;
EBMT/EHA recommendations on apheresis and comparable CAR T listings (docs/findings/contraindication.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding


class CountLimit(BaseModel):
    """
    A blood count below which cells are not collected.

    Attributes:
        below: The limit, in ``unit``.
        unit: "g/dL" or "10^9/L"; a count whose unit is not known decides nothing.
        review_below: A count under this one, and not under the limit, is shown to the reviewer; it decides nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    below: float
    unit: str
    review_below: float = 0.0


class LeukapheresisContraindicated(Parameters):
    """
    Parameters of ``leukapheresis_contraindicated``.

    Attributes:
        counts: Limits by laboratory concept.
        counts_within_days: How old a blood count may be and still decide.
        acute_within_days: How long instability and bleeding hold when told by the chart's last note.
    """

    counts: dict[str, CountLimit] = Field(
        default={
            "Hgb": CountLimit(below=8.0, unit="g/dL", review_below=10.0),
            "platelets": CountLimit(below=50, unit="10^9/L", review_below=100),
            "ALC": CountLimit(below=0.2, unit="10^9/L", review_below=0.5),
        }
    )
    counts_within_days: int = Field(default=30, ge=1)
    acute_within_days: int = Field(default=30, ge=1)


@predicate("leukapheresis_contraindicated", LeukapheresisContraindicated)
def leukapheresis_contraindicated(chart: Chart, given: LeukapheresisContraindicated) -> Outcome:
    """Collecting cells by leukapheresis is contraindicated now; the latest opinion counts."""
    searched = (
        "contraindication/leukapheresis",
        "apheresis_access",
        "apheresis_risk",
        *(f"lab/{name}" for name in given.counts),
    )
    opinions = _by_note(chart, chart.of("contraindication", ["leukapheresis"]))
    access = _by_note(chart, chart.of("apheresis_access", assertions=["present"]))
    risks = _by_note(chart, chart.of("apheresis_risk", assertions=["present"]))
    latest, verdict = _latest_opinion(chart, opinions)
    shown = [_stance(f, f in latest) for f in opinions]
    low, old_low, counted = _low_counts(chart, given)
    near = [f for f in counted if (f.value or 0.0) < given.counts[f.concept].review_below]
    near_flags = tuple(f"near_limit {f.concept}" for f in near)
    counts = [evidence(f, "against", _above(f, given)) for f in near]
    fit_on = max((chart.note_date(f) for f in opinions if f.assertion == "absent"), default=None)

    def still(findings: Sequence[Finding]) -> list[Finding]:
        return [f for f in findings if fit_on is None or chart.note_date(f) > fit_on]

    # An intolerance of heparin (HIT), a disease of the blood, is no reason against a collection that goes with citrate.
    hit = (
        [
            f
            for f in _by_note(chart, chart.of("organ_disease", assertions=["present", "historical"]))
            if f.attribute("disease") == "hit"
        ]
        if chart.of("organ_disease", ["hematological"])
        else []
    )
    last_day = chart.last_note.note_date if risks and chart.last_note else None
    acute = [
        f
        for f in risks
        if f.concept in ("instability", "bleeding")
        and chart.note_date(f) == last_day
        and chart.is_within(last_day, given.acute_within_days, of=f)
    ]
    lost = still([f for f in access if f.concept == "lost"])
    citrate = still([f for f in risks if f.concept == "citrate_reaction"])
    refusals = still([f for f in risks if f.concept == "blood_refusal"])
    occluded = still([f for f in access if f.concept == "occluded"])
    aside = [
        evidence(f, "set_aside", "outdated or settled by a later opinion")
        for f in risks
        if f not in (*acute, *citrate, *refusals)
    ]

    if verdict == "present":
        return true(
            [*shown, *_for(lost), *_for(low)],
            f"leukapheresis is judged contraindicated ({_said(latest[0])})",
            searched=searched,
        )
    if low:
        return true(
            [*_for(low), *shown],
            f"{low[0].concept} {low[0].value:g} is below the limit for collection",
            searched=searched,
        )
    if acute:
        return true(
            [*_for(acute), *shown], f"not stable enough for collection ({_said(acute[0])})", searched=searched
        )
    if lost:
        return true([*_for(lost), *shown], f"no usable venous access ({_said(lost[0])})", searched=searched)
    if citrate:
        return true(
            [*_for(citrate), *shown], f"severe reaction to citrate ({_said(citrate[0])})", searched=searched
        )
    if verdict == "possible":
        return unknown(
            [*shown, *_for(refusals), *counts],
            f"fitness for leukapheresis is in doubt ({_said(latest[0])})",
            flags=near_flags,
            searched=searched,
            next_step="Ask the apheresis service for a decision on collection.",
        )
    doubtful = [*refusals, *occluded, *old_low]
    if doubtful:
        what = {"blood_refusal": "blood products are refused", "occluded": "a central vein is occluded"}
        why = what.get(doubtful[0].concept, "a low blood count has not been repeated")
        return unknown(
            [*_for(doubtful), *shown, *counts],
            f"{why} ({_said(doubtful[0])}), and no later opinion says that collection is possible",
            flags=near_flags,
            searched=searched,
            next_step="Ask the apheresis service whether collection is possible under these conditions.",
        )
    flags = (*(("poor_peripheral_veins",) if any(f.concept == "poor" for f in access) else ()), *near_flags)
    against = [
        *shown,
        *(
            evidence(f, "against", "poor veins alone are no contraindication" if f.concept == "poor" else "")
            for f in access
            if f.concept in ("poor", "good")
        ),
        *(evidence(f, "against", "no contraindication alone: collection goes with citrate") for f in hit),
    ]
    if any(item.stance == "against" for item in against):
        lead = next(iter((*latest, *access, *hit)))
        return false(
            [*against, *counts, *aside],
            "; ".join([f"no contraindication to leukapheresis ({_said(lead)})", *_count_words(near, given)]),
            flags=flags,
            searched=searched,
        )
    if near:
        return false([*counts, *aside], "; ".join(_count_words(near, given)), flags=flags, searched=searched)
    return silent(
        *searched,
        evidence=[
            *against,
            *aside,
            *(evidence(f, "set_aside", f"{_above(f, given)}; says nothing of apheresis") for f in counted),
        ],
    )


def _by_note(chart: Chart, findings: Sequence[Finding]) -> list[Finding]:
    """Return *findings* latest note first, in their order within the note, without other people's and copied words."""
    kept = [f for f in findings if f.assertion != "family" and f.attribute("copied") != "yes"]
    kept = kept or [f for f in findings if f.assertion != "family"]
    return sorted(kept, key=lambda f: (chart.note_date(f), f.note_id, f.start), reverse=True)


def _latest_opinion(chart: Chart, opinions: Sequence[Finding]) -> tuple[list[Finding], str]:
    """Return the findings of the latest note with an opinion and what they come to: the last word of that note."""
    judged = [f for f in opinions if f.assertion in ("present", "absent", "possible")]
    if not judged:
        return list(opinions), "hypothetical" if opinions else ""
    day = chart.note_date(judged[0])
    group = [f for f in judged if chart.note_date(f) == day]
    notes = {f.note_id for f in group}
    if len(notes) == 1:
        # Within one note the opinion comes last; an unfitness is only undone by a later word of fitness.
        return group, group[0].assertion
    held = {f.assertion for f in group}
    return group, "present" if held == {"present"} else "absent" if held == {"absent"} else "possible"


def _low_counts(
    chart: Chart, given: LeukapheresisContraindicated
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Return the latest counts that are low now, those that are low but old, and the rest."""
    low: list[Finding] = []
    old: list[Finding] = []
    counted: list[Finding] = []
    for concept, limit in given.counts.items():
        values = [
            f
            for f in chart.of("lab", [concept], assertions=["present"])
            if f.value is not None and f.unit == limit.unit and chart.has_come(f.date)
        ]
        if not values:
            continue
        day = values[0].date
        same_day = [f for f in values if f.date == day]
        worst = [
            f for f in same_day if (f.value or 0.0) < limit.below and f.comparator in ("=", "<", "<=", "~")
        ]
        if not worst or len(worst) < len(same_day):
            # A second value of the same day contradicts (a rechecked or transfused count): it does not decide.
            counted.append(values[0])
        elif chart.is_within(worst[0], given.counts_within_days):
            low.append(worst[0])
        else:
            old.append(worst[0])
    return low, old, counted


def _above(count: Finding, given: LeukapheresisContraindicated) -> str:
    """Return how a count that does not decide lies to its limit."""
    limit = given.counts[count.concept]
    if (count.value or 0.0) < limit.below:
        return f"below the limit of {limit.below:g}, unlike another value of the day"
    return f"above the limit of {limit.below:g}"


def _count_words(counts: Sequence[Finding], given: LeukapheresisContraindicated) -> list[str]:
    return [
        f"{f.concept} {f.value:g} {f.unit} on {f.date} is {_above(f, given)} for collection" for f in counts
    ]


def _stance(finding: Finding, is_latest: bool) -> Evidence:
    if finding.assertion == "present":
        return (
            evidence(finding, "for")
            if is_latest
            else evidence(finding, "set_aside", "superseded by a later opinion")
        )
    if finding.assertion == "possible":
        return (
            evidence(finding, "for", "doubt")
            if is_latest
            else evidence(finding, "set_aside", "superseded by a later opinion")
        )
    return evidence(finding, "against", "planned" if finding.assertion == "hypothetical" else "")


class SevereDrugReaction(Parameters):
    """
    Parameters of ``severe_drug_reaction``.

    Attributes:
        drugs: Concepts of kind ``contraindication`` to look at.
        relatives: Concepts of kind ``allergy`` whose reactions leave the question open (other mustards).
    """

    drugs: tuple[str, ...] = Field(default=("cyclophosphamide", "fludarabine"))
    relatives: tuple[str, ...] = Field(default=("mustard",))


@predicate("severe_drug_reaction", SevereDrugReaction)
def severe_drug_reaction(chart: Chart, given: SevereDrugReaction) -> Outcome:
    """A past anaphylaxis or severe systemic reaction to one of the drugs."""
    searched = (*(f"contraindication/{drug}" for drug in given.drugs), "allergy")
    spoken = chart.of("contraindication", given.drugs)
    allergies = chart.of("allergy")
    mine = [f for f in spoken if f.assertion != "family"]
    aside = [evidence(f, "set_aside", "someone else's") for f in spoken if f.assertion == "family"]
    severe = [f for f in mine if f.assertion == "present"]
    unsure = [f for f in mine if f.assertion == "possible"]
    fine = [f for f in mine if f.assertion == "absent"]
    corrected = [f for f in fine if f.attribute("severity") == "corrected"]
    relatives = [f for f in allergies if f.concept in given.relatives]
    against = [evidence(f, "against", f.attribute("severity")) for f in fine]
    lists = [
        evidence(f, "against", "the list names neither drug")
        for f in allergies
        if f.concept not in given.relatives
    ]
    if severe:
        shown = _for(severe)
        opposed = [
            f
            for f in fine
            if f.concept in {s.concept for s in severe}
            and f.attribute("severity") in ("none", "never", "corrected")
            and _speaks_against(chart, f, severe)
        ]
        if opposed:
            settled = [f for f in opposed if f.attribute("severity") == "corrected"]
            if settled:
                return false(
                    [*against, *(evidence(f, "set_aside", "corrected later") for f in severe), *aside],
                    f"the entry was corrected ({_said(settled[0])})",
                    searched=searched,
                )
            return unknown(
                [*shown, *against, *aside],
                f"a severe reaction is recorded ({_said(severe[0])}), a later note differs ({_said(opposed[0])})",
                basis="conflicting",
                searched=searched,
            )
        return true(
            [*shown, *against, *aside],
            f"severe reaction to {severe[0].concept} ({_said(severe[0])})",
            searched=searched,
        )
    unsure = [
        f
        for f in unsure
        if not any(chart.note_date(c) >= chart.note_date(f) and c.concept == f.concept for c in corrected)
        # An entry without a reaction is answered by a word of today that the drug was never given.
        and not (
            f.attribute("severity") not in ("hives", "severe", "moderate")
            and any(
                n.attribute("severity") == "never"
                and n.concept == f.concept
                and chart.note_date(n) >= chart.note_date(f)
                for n in fine
            )
        )
    ]
    if unsure or relatives:
        lead = (unsure or relatives)[0]
        why = "hives only" if lead.attribute("severity") == "hives" else "the reaction is not known"
        why = "a reaction to another mustard" if lead in relatives else why
        return unknown(
            [*_for([*unsure, *relatives]), *against, *aside],
            f"{why} ({_said(lead)})",
            searched=searched,
        )
    if fine:
        return false(
            [*against, *lists, *aside],
            f"no severe reaction to {fine[0].concept} ({_said(fine[0])})",
            searched=searched,
        )
    if lists:
        none = [item for item in lists if item.finding.concept == "none_known"]
        return false(
            [*none, *(i for i in lists if i not in none), *aside],
            f"allergies are recorded without either drug ({_said((none or lists)[0].finding)})",
            searched=searched,
        )
    return silent(*searched, evidence=aside)


def _speaks_against(chart: Chart, fine: Finding, severe: Sequence[Finding]) -> bool:
    """
    Say whether a tolerance contradicts the reaction: told in another note that is not older.

    A dose that was tolerated before the reaction, or in the same note, does not.
    """
    return all(fine.note_id != s.note_id and chart.note_date(fine) >= chart.note_date(s) for s in severe)


def _for(findings: Sequence[Finding]) -> list[Evidence]:
    return [evidence(f, "for") for f in findings]


def _said(finding: Finding) -> str:
    words = " ".join(finding.text.split())
    words = words if len(words) <= 80 else words[:77] + "..."
    return f'"{words}", {finding.date}'
