"""Active disease: raised enzymes, a current rash, or active disease on biopsy, MRI or EMG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, bare, false, silent, true, unknown
from chartsift.nlp.criteria.predicates import activity_sides as sides
from chartsift.nlp.criteria.predicates.activity_sides import Band, Side
from chartsift.nlp.criteria.predicates.diagnosis import iim_refuted
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.criteria.predicates.treatment import names_myositis
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 5


class EnzymeBand(Parameters):
    """Limits in U/L for an enzyme without a range: normal up to ``normal``, raised above ``raised``."""

    normal: float = Field(gt=0)
    raised: float = Field(gt=0)


# Without the lab's own range. CK: 200 to 500 U/L is left open (upper limits of adults run from 135 to over 500 by sex
# and descent). The others: usual upper limits, and a margin of a half.
_BANDS = {
    "CK": EnzymeBand(normal=200, raised=500),
    "aldolase": EnzymeBand(normal=7.5, raised=12),
    "LDH": EnzymeBand(normal=250, raised=375),
    "AST": EnzymeBand(normal=40, raised=80),
    "ALT": EnzymeBand(normal=40, raised=80),
}


class DiseaseActive(Parameters):
    """
    Parameters of ``disease_active``.

    Attributes:
        enzymes: Which raised enzymes show activity.
        enzyme_days: Window of enzymes (annotation guidelines: 90 days).
        bands: Limits for values without a reference range.
        rash: Which skin signs count as the rash of the disease.
        rash_days: How old the latest look at the skin may be.
        studies: Which studies count.
        study_days: Window of biopsy, MRI and EMG (annotation guidelines: 6 months).
        verdict_days: How old a statement of remission or flare may be.
        specialist_days: For so long a specialist's look at the skin stands against a general one (about one
            interval between clinic visits).

    A side that is left empty (no enzymes, no rash, no studies) is not asked: ``{enzymes: [], studies: []}`` asks for
    a current rash alone.
    """

    enzymes: tuple[str, ...] = ("CK",)
    enzyme_days: int = Field(default=90, ge=1)
    bands: dict[str, EnzymeBand] = Field(default_factory=lambda: dict(_BANDS))
    rash: tuple[str, ...] = (
        "heliotrope",
        "Gottron",
        "V_sign",
        "shawl",
        "holster",
        "periungual",
        "mechanics_hands",
        "ulcer",
        "erythema",
        "DM_rash",
        "CDASI",
    )
    rash_days: int = Field(default=90, ge=1)
    studies: tuple[str, ...] = ("biopsy", "imaging", "emg")
    study_days: int = Field(default=183, ge=1)
    verdict_days: int = Field(default=90, ge=1)
    specialist_days: int = Field(default=45, ge=0)

    @cached_property
    def limits(self) -> dict[str, Band]:
        """The bands as the sides take them."""
        return {name: Band(band.normal, band.raised) for name, band in self.bands.items()}


# What the sides of activity come to together, in the order in which they are asked.
Case = Literal[
    "refuted", "active", "skin_conflict", "said_quiet", "quiet", "no_myositis", "open", "outdated", "silent"
]
_COMES_TO = {
    "refuted": bare(False, "documented"),
    "active": bare(True, "documented"),
    "skin_conflict": bare(None, "conflicting"),
    "said_quiet": bare(False, "documented"),
    "quiet": bare(False, "documented"),
    "no_myositis": bare(None, "no_mention"),
    "open": bare(None, "insufficient"),
    "outdated": bare(None, "insufficient"),
    "silent": bare(None, "no_mention"),
}


@dataclass(frozen=True, slots=True)
class _Activity:
    """
    The sides of activity, and what they come to.

    Attributes:
        case: What they come to.
        enzymes: Muscle enzymes.
        skin: The rash.
        studies: Biopsy, MRI and EMG.
        verdicts: What the notes themselves say.
        refuted: What refutes the disease.
    """

    case: Case
    enzymes: Side
    skin: Side
    studies: Side
    verdicts: Side
    refuted: Sequence[Finding]

    @property
    def aside(self) -> list[Evidence]:
        """What was left out."""
        return [*self.enzymes.aside, *self.skin.aside, *self.studies.aside, *self.verdicts.aside]

    @property
    def active(self) -> list[Finding]:
        """What shows activity now."""
        return [*self.enzymes.active, *([] if self.skin.conflict else self.skin.active), *self.studies.active]

    @property
    def quiet(self) -> list[Finding]:
        """What shows none now."""
        return [*self.enzymes.quiet, *self.skin.quiet, *self.studies.quiet]

    @property
    def doubts(self) -> list[Finding]:
        """What cannot tell, or showed activity too long ago."""
        enzymes, skin, studies = self.enzymes, self.skin, self.studies
        return [*enzymes.unsure, *enzymes.old, *skin.unsure, *skin.old, *studies.unsure, *studies.old]


def _settle(chart: Chart, given: DiseaseActive) -> Outcome:
    """Return what ``disease_active`` comes to, without the reasons."""
    return _COMES_TO[chart.once(_activity, given).case]


@predicate("disease_active", DiseaseActive, settle=_settle)
def disease_active(chart: Chart, given: DiseaseActive) -> Outcome:
    """Active myositis by enzymes, skin, biopsy, MRI or EMG."""
    found = chart.once(_activity, given)
    case, enzymes, skin = found.case, found.enzymes, found.skin
    if case == "refuted":
        return _refuted(found.refuted, [enzymes, skin, found.studies])
    if case == "active":
        return _shows_activity(found)
    if case == "skin_conflict":
        return _in_conflict(found)
    shown = [
        *_some(found.doubts, "for"),
        *_some(found.verdicts.active, "for"),
        *_some([*found.quiet, *found.verdicts.quiet], "against", 10),
        *found.aside,
    ]
    if case == "said_quiet":
        top = found.verdicts.quiet[0]
        state = top.concept.replace("_", " ")
        return false(shown, f"the disease is {state} by the note of {chart.note_date(top)}")
    if case == "quiet":
        return false(shown, "; ".join(_words(f) for f in _one_of_each(found.quiet)))
    if case == "no_myositis":
        return silent(
            *_searched(given),
            evidence=[
                evidence(i.finding, "set_aside", i.reason or "the chart names no myositis") for i in shown
            ],
        )
    step = _next_step(given, enzymes, skin)
    if case == "open":
        return unknown(shown, _doubt(chart, given, enzymes, skin, found.studies), next_step=step)
    if case == "outdated":
        why = "only results older than the windows, or set aside, are there"
        return unknown(found.aside, why, next_step=step)
    return silent(*_searched(given), evidence=found.aside, next_step=step)


def _activity(chart: Chart, given: DiseaseActive) -> _Activity:
    enzymes = sides.enzymes(chart, given.enzymes, days=given.enzyme_days, bands=given.limits)
    skin = sides.skin(chart, given.rash, days=given.rash_days, specialist_days=given.specialist_days)
    studies = sides.studies(chart, given.studies, days=given.study_days)
    verdicts = sides.verdicts(chart, days=given.verdict_days)
    refuted = iim_refuted(chart)
    case = _case(chart, enzymes, skin, studies, verdicts, is_refuted=bool(refuted))
    return _Activity(case, enzymes, skin, studies, verdicts, refuted)


def _case(
    chart: Chart, enzymes: Side, skin: Side, studies: Side, verdicts: Side, *, is_refuted: bool
) -> Case:
    if is_refuted:
        return "refuted"
    if enzymes.active or studies.active or (skin.active and not skin.conflict):
        return "active"
    if skin.conflict:
        return "skin_conflict"
    if verdicts.quiet and not verdicts.active and not enzymes.unsure:
        return "said_quiet"
    of_studies = studies.unsure or studies.old
    of_skin = skin.unsure or skin.old
    of_enzymes = enzymes.unsure or enzymes.old
    if enzymes.quiet and not of_enzymes and not of_skin and not verdicts.active:
        return "quiet"
    if not of_enzymes and not of_studies and not names_myositis(chart):
        # A rash or a flare in a chart that never names a myositis speaks of something else.
        return "no_myositis"
    spoken = enzymes.quiet or skin.quiet or studies.quiet or verdicts.active or verdicts.quiet
    if of_enzymes or of_skin or of_studies or spoken:
        return "open"
    aside = [*enzymes.aside, *skin.aside, *studies.aside, *verdicts.aside]
    return "outdated" if _speaks(aside) else "silent"


def _shows_activity(found: _Activity) -> Outcome:
    active = found.active
    shown = [
        *_some(active, "for", 12),
        *_some(found.verdicts.active, "for"),
        *_some([*found.quiet, *found.verdicts.quiet], "against"),
        *found.aside,
    ]
    return true(shown, "; ".join(_words(f) for f in _one_of_each(active)))


def _in_conflict(found: _Activity) -> Outcome:
    skin = found.skin
    shown = [
        *_some(skin.active, "for"),
        *_some([*skin.quiet, *found.enzymes.quiet, *found.studies.quiet], "against", 8),
        *found.aside,
    ]
    return unknown(
        shown,
        f"two assessments of the skin on {skin.active[0].date} disagree, and nothing else shows activity",
        basis="conflicting",
        next_step="Ask both clinicians for a joint skin examination, or for an MRI of the muscles.",
    )


def _refuted(refuted: Sequence[Finding], found: Sequence[Side]) -> Outcome:
    """Return the outcome for another disease: its enzymes are not those of a myositis."""
    shown = [evidence(f, "against") for f in refuted[:_SHOWN]]
    for side in found:
        shown += [
            evidence(f, "set_aside", "belongs to the other disease")
            for f in [*side.active, *side.old][:_SHOWN]
        ]
        shown += _some(side.quiet, "against")
    return false(
        shown, "the chart refutes an inflammatory myopathy, so abnormal results belong to the other disease"
    )


def _searched(given: DiseaseActive) -> tuple[str, ...]:
    skin = ("skin",) if given.rash else ()
    return (*(f"lab/{name}" for name in given.enzymes), *skin, *given.studies, "disease_state")


def _speaks(aside: Sequence[Evidence]) -> bool:
    return any("older than" in item.reason for item in aside)


def _some(findings: Sequence[Finding], stance: str, most: int = _SHOWN) -> list[Evidence]:
    """Return up to *most* findings as evidence: one of each sort first, then the others."""
    kinds = list({f.kind: f for f in reversed(findings)}.values())[::-1]
    first = [*kinds, *(f for f in _one_of_each(findings) if f not in kinds)]
    ordered = [*first, *(f for f in findings if f not in first)]
    return [evidence(f, stance) for f in ordered[:most]]  # type: ignore[arg-type]


def _one_of_each(findings: Sequence[Finding]) -> list[Finding]:
    seen: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.kind, finding.concept), finding)
    return list(seen.values())[:6]


def _words(finding: Finding) -> str:
    name = finding.concept.replace("_", " ")
    if finding.kind == "lab":
        value = f" {finding.value:g} {finding.unit}".rstrip() if finding.value is not None else ""
        limit = f" (upper limit {finding.ref_high:g})" if finding.ref_high is not None else ""
        return f"{name}{value}{limit} on {finding.date}{' is raised' if finding.flag == 'H' else ''}"
    if finding.kind == "skin":
        return f"{'no rash' if finding.assertion == 'absent' else name} on {finding.date}"
    if finding.kind in ("biopsy", "imaging", "emg"):
        study = {"biopsy": "muscle biopsy", "imaging": "muscle MRI", "emg": "EMG"}[finding.kind]
        shown = "active" if finding.concept == "active" and finding.assertion == "present" else "not active"
        return f"{study} of {finding.date} {shown}"
    return f"{name} on {finding.date}"


def _doubt(chart: Chart, given: DiseaseActive, enzymes: Side, skin: Side, studies: Side) -> str:
    parts = []
    if enzymes.old:
        top = enzymes.old[0]
        parts.append(
            f"the last {top.concept} ({top.date}) is {chart.age_days(top)} days old, the window is {given.enzyme_days}"
        )
    if enzymes.unsure:
        parts.append(f"{_words(enzymes.unsure[0])} does not decide")
    if skin.unsure or skin.old:
        parts.append("the rash named is not current or not clearly that of the disease")
    if studies.old or studies.unsure:
        parts.append("studies of muscle are too old or without a date")
    return "; ".join(parts) or "nothing within the windows shows or rules out activity"


def _next_step(given: DiseaseActive, enzymes: Side, skin: Side) -> str:
    wanted = []
    # A value of today is there, and what it lacks is the limit that it is compared with.
    without_limit = [
        f
        for f in enzymes.unsure
        if f.value is not None
        and f.unit != "xULN"
        and sides.raised(f, None, given.limits.get(f.concept)) is None
    ]
    if without_limit:
        values = " and ".join(f"the {f.concept} of {f.date}" for f in without_limit)
        wanted.append(f"ask the laboratory for the upper limit of {values}")
    elif given.enzymes and not enzymes.quiet:
        wanted.append("Order " + ", ".join(given.enzymes) + " now")
    if given.rash and not skin.quiet:
        wanted.append("ask for a current skin assessment")
    if given.studies:
        wanted.append(f"ask for MRI or EMG of the last {_months(given.study_days)}")
    wanted = wanted or ["ask the treating clinician for a current assessment"]
    words = "; ".join(wanted)
    return words[0].upper() + words[1:] + "."


def _months(days: int) -> str:
    """Return a window in words: months of 30.4 days, spelled as in a letter where it is half a year."""
    months = round(days / 30.4)
    return "six months" if months == 6 else f"{months} months" if months > 1 else f"{days} days"
