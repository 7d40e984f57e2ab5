"""
Significant lung or cardiac impairment, from the latest value of each measure and from what notes call it.

The default limits are chartsift's own reading of comparable trials (docs/findings/heart_lung.md): FVC and DLCO as
in TRITON (NCT07391605, excluded at FVC <= 45 %, DLCO <= 40 %), SpO2 92 % on air as in EBMT guidance, LVEF 40 % as
in NCT00278564 and LMY-920; the bands between "impaired" and "clear" go to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import Literal

from pydantic import Field

from chartsift.nlp.criteria.chart import NOT_A_FACT, Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.organ_state import DiseaseState, disease_states
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

Level = Literal["impaired", "review", "clear"]
MeasureName = Literal[
    "FVC", "DLCO", "LVEF", "NYHA", "pulmonary_hypertension", "QTc", "SpO2", "oxygen", "words"
]


class LungHeart(Parameters):
    """
    Parameters of ``lung_or_heart_impaired``.

    A value at or below ``…_impaired`` is an impairment, one at or below ``…_review`` is for a person to judge.
    Days limit how old a value may be; an older abnormal one is reviewed, never trusted.
    """

    measures: tuple[MeasureName, ...] = Field(
        default=("FVC", "DLCO", "LVEF", "NYHA", "pulmonary_hypertension", "QTc", "SpO2", "oxygen", "words"),
        description="which measures the trial asks about; words are statements without a number",
    )
    fvc_impaired: float = Field(default=45, description="FVC, % of predicted, at or below")
    fvc_review: float = Field(
        default=59, description="FVC, % of predicted, at or below which a person judges"
    )
    dlco_impaired: float = Field(default=40, description="DLCO, % of predicted, at or below")
    dlco_review: float = Field(
        default=59, description="DLCO, % of predicted, at or below which a person judges"
    )
    lvef_impaired_below: float = Field(default=40, description="ejection fraction, %, below")
    lvef_review: float = Field(
        default=49, description="ejection fraction, %, at or below which a person judges"
    )
    spo2_impaired_below: float = Field(
        default=92, description="oxygen saturation on room air at rest, %, below"
    )
    nyha_impaired: int = Field(default=4, description="NYHA class from which the heart is impaired")
    nyha_review: int = Field(default=3, description="NYHA class from which a person judges")
    rvsp_review: float = Field(
        default=36, description="mmHg from which an estimate alone is reviewed (ESC/ERS: intermediate)"
    )
    any_pulmonary_hypertension: bool = Field(
        default=False, description="pulmonary hypertension of any grade is an impairment"
    )
    mpap_impaired: float = Field(default=35, description="mmHg from which hypertension is at least moderate")
    mpap_review: float = Field(
        default=21,
        description="mmHg from which right heart catheterisation shows hypertension (ESC/ERS 2022)",
    )
    qtc_review_above: float = Field(
        default=500, description="ms above which a person judges (AHA/ACCF 2010: risk of torsade de pointes)"
    )
    qtc_shown_above: float = Field(
        default=470, description="ms above which it is shown and flagged; decides nothing"
    )
    pft_days: int = Field(default=183, description="days for which lung function speaks")
    ecg_days: int = Field(default=183, description="days for which an ECG speaks")
    echo_days: int = Field(default=365, description="days for which an echocardiogram or catheter speaks")
    saturation_days: int = Field(default=90, description="days for which an oxygen saturation speaks")
    oxygen_days: int = Field(default=183, description="days for which oxygen therapy speaks")
    stale_factor: int = Field(
        default=2, description="abnormal values older than window times this are only reviewed"
    )


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure as it stands: its level, the finding that says so and why."""

    level: Level
    finding: Finding
    reason: str


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
        return replace(silent(*searched, evidence=[*shown_only, *outdated]), flags=_flags(found))
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


def measures(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return each measure of lung and heart that the trial asks about, as it stands on the screening day."""
    if not chart.may_have("pft", "echo", "vital", "oxygen", "ecg", "transplant"):
        return []
    # Two criteria ask for the same limits in parameters of their own.
    return chart.once(_measures, given, same=eq)


def _measures(chart: Chart, given: LungHeart) -> list[Measure]:
    found = [
        _limit(chart, given, "pft", "FVC", given.fvc_impaired, given.fvc_review, given.pft_days),
        _limit(chart, given, "pft", "DLCO", given.dlco_impaired, given.dlco_review, given.pft_days),
        # LVEF is impaired below its limit, FVC and DLCO at theirs.
        _limit(
            chart,
            given,
            "echo",
            "LVEF",
            given.lvef_impaired_below - 0.001,
            given.lvef_review,
            given.echo_days,
        ),
        _nyha(chart, given),
        *_pulmonary_hypertension(chart, given),
        *_air(chart, given),
        *_worded(chart, given),
    ]
    known = [m for m in found if m is not None] or _listed(chart, given)
    known += [m for m in (_qtc(chart, given),) if m is not None]
    return [m for m in known if _asked_as(m.finding) in given.measures]


def _listed(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return a place on the waiting list for a lung or heart: advanced disease, where nothing is measured."""
    return [
        Measure(
            "review", f, f"listed for a {f.concept} transplant on {chart.note_date(f)}, no measurement given"
        )
        for f in chart.of("transplant", ["lung", "heart"], assertions=["hypothetical"])[:1]
        if f.attribute("listed") == "yes" and chart.is_within(f, given.echo_days)
    ]


# What a measure is called in a trial file, by the concept of its finding; all else of an echocardiogram is words.
_ASKED_AS: dict[str, MeasureName] = {
    "NYHA": "NYHA",
    "PH": "pulmonary_hypertension",
    "RVSP": "pulmonary_hypertension",
    "mPAP": "pulmonary_hypertension",
}


def _asked_as(finding: Finding) -> MeasureName:
    if finding.kind == "oxygen" or finding.attribute("air") == "oxygen":
        return "oxygen"
    if finding.kind == "vital":
        return "SpO2"
    if finding.kind == "ecg":
        return "QTc"
    if finding.value is not None and finding.concept in ("FVC", "DLCO", "LVEF"):
        return finding.concept  # type: ignore[return-value]
    return _ASKED_AS.get(finding.concept, "words")


def severe_lung(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return what makes the lungs severely impaired now: oxygen, FVC, DLCO or saturation."""
    return [
        m
        for m in measures(chart, given)
        if m.level == "impaired" and m.finding.kind in ("pft", "vital", "oxygen")
    ]


def severe_heart(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return what makes the heart severely impaired now: ejection fraction or functional class."""
    return [
        m
        for m in measures(chart, given)
        if m.level == "impaired" and m.finding.concept in ("LVEF", "NYHA", "LV_function")
    ]


# ---- choosing the current value


def _usable(finding: Finding) -> bool:
    return (
        finding.assertion == "present"
        and finding.attribute("superseded") != "yes"
        and finding.attribute("position") != "supine"
        and finding.attribute("copied") != "yes"
    )


def current_values(chart: Chart, kind: str, concept: str) -> list[Finding]:
    """
    Return the values of *concept* of its latest day, worst first.

    Values that their own text calls earlier, supine ones and copied text are left out while others exist.
    """
    values = [f for f in chart.of(kind, [concept]) if f.value is not None and f.assertion == "present"]
    usable = [f for f in values if _usable(f)] or [f for f in values if f.attribute("superseded") != "yes"]
    if not usable:
        return []
    usable = [f for f in usable if chart.has_come(f.date)] or usable
    newest = max(f.date for f in usable)
    # A value without a date in its text counts as the note's; within one note and day the dated one is more exact.
    latest = [f for f in usable if f.date == newest]
    return sorted(latest, key=lambda f: (f.value or 0.0, f.start))


def _limit(
    chart: Chart, given: LungHeart, kind: str, concept: str, impaired: float, review: float, days: int
) -> Measure | None:
    latest = current_values(chart, kind, concept)
    normal = [f for f in _statements(chart, concept) if not latest or f.date >= latest[0].date]
    if not latest:
        return (
            Measure("clear", normal[0], f"{concept} is called normal on {normal[0].date}") if normal else None
        )
    worst = latest[0]
    value = worst.value or 0.0
    shown = f"{concept} {_number(worst)} % on {worst.date}"
    if worst.comparator == ">" and value > impaired:
        return Measure("clear", worst, shown)
    if normal and normal[0].date > worst.date and value <= review:
        return Measure("clear", normal[0], f"{shown}, normal again on {normal[0].date}")
    if value <= impaired:
        if not chart.is_within(worst, days * given.stale_factor):
            return Measure("review", worst, f"{shown}, older than {days * given.stale_factor} days")
        return Measure("impaired", worst, shown)
    if value <= review:
        return Measure("review", worst, shown)
    return Measure("clear", worst, shown)


def _number(finding: Finding) -> str:
    high = finding.attribute("high")
    return f"{finding.value:g}-{high}" if high else f"{finding.value:g}"


def _statements(chart: Chart, concept: str) -> list[Finding]:
    """Return statements without a number that call *concept*, or its whole study, normal; latest first."""
    study = "echo" if concept == "LVEF" else "PFT"
    kind = "echo" if concept == "LVEF" else "pft"
    names = [concept, study] + (["LV_function"] if concept == "LVEF" else [])
    return [
        f
        for f in chart.of(kind, names)
        if _usable(f) and f.value is None and f.attribute("severity") == "normal"
    ]


def _nyha(chart: Chart, given: LungHeart) -> Measure | None:
    latest = current_values(chart, "echo", "NYHA")
    if not latest:
        return None
    worst = latest[-1]
    value = int(worst.value or 0)
    reason = f"functional class {value} on {worst.date}"
    if value >= given.nyha_impaired:
        level: Level = (
            "impaired" if chart.is_within(worst, given.echo_days * given.stale_factor) else "review"
        )
    else:
        level = "review" if value >= given.nyha_review else "clear"
    return Measure(level, worst, reason)


def _qtc(chart: Chart, given: LungHeart) -> Measure | None:
    """Return a long QTc: a person's question above the limit, shown below it; a normal one says nothing."""
    latest = current_values(chart, "ecg", "QTc")
    if not latest:
        return None
    worst = latest[-1]
    value = worst.value or 0.0
    if value <= given.qtc_shown_above or worst.comparator == "<":
        return None
    if not chart.is_within(worst, given.ecg_days * given.stale_factor):
        return None
    words = f"QTc {value:g} ms on {worst.date}"
    if value > given.qtc_review_above or (worst.comparator == ">" and value == given.qtc_review_above):
        return Measure("review", worst, words)
    return Measure("clear", worst, words)


def _flags(found: Sequence[Measure]) -> tuple[str, ...]:
    return tuple(
        f"near_limit {m.finding.concept}" for m in found if m.level == "clear" and m.finding.kind == "ecg"
    )


def _pulmonary_hypertension(chart: Chart, given: LungHeart) -> list[Measure]:
    made: list[Measure] = []
    statements = [
        f
        for f in chart.of("echo", ["PH"])
        if f.assertion in ("present", "absent", "possible") and f.attribute("copied") != "yes"
    ]
    pressures = [
        m for m in (_pressure(chart, given, "mPAP"), _pressure(chart, given, "RVSP")) if m is not None
    ]
    made.extend(pressures)
    if not statements:
        return made
    firm = [f for f in statements if f.assertion != "possible"]
    if not firm:
        # "r/o PH" is a question; a measured pressure or a normal echocardiogram answers it.
        answered = pressures or _statements(chart, "LVEF")
        if not answered:
            made.append(
                Measure(
                    "review", statements[0], f"pulmonary hypertension is suspected on {statements[0].date}"
                )
            )
        return made
    latest = firm[0]
    if latest.assertion == "absent":
        made.append(Measure("clear", latest, f"no pulmonary hypertension on {latest.date}"))
        return made
    rated = next((f for f in firm if f.assertion == "present" and f.attribute("severity")), latest)
    treated = next((f for f in firm if f.assertion == "present" and f.attribute("treated") == "yes"), None)
    if treated is not None:
        made.append(Measure("impaired", treated, f"pulmonary hypertension under treatment on {treated.date}"))
    elif given.any_pulmonary_hypertension:
        made.append(Measure("impaired", rated, f"pulmonary hypertension on {rated.date}"))
    elif rated.attribute("severity") in ("moderate", "severe"):
        made.append(
            Measure(
                "impaired", rated, f"{rated.attribute('severity')} pulmonary hypertension on {rated.date}"
            )
        )
    elif not any(m.level == "clear" and m.finding.date >= latest.date for m in pressures):
        made.append(
            Measure(
                "review",
                latest,
                f"pulmonary hypertension, {rated.attribute('severity') or 'grade not stated'}, on {latest.date}",
            )
        )
    return made


def _pressure(chart: Chart, given: LungHeart, concept: str) -> Measure | None:
    latest = current_values(chart, "echo", concept)
    if not latest:
        return None
    worst = latest[-1]
    value = worst.value or 0.0
    reason = f"{concept} {value:g} mmHg on {worst.date}"
    if concept == "mPAP" and value >= given.mpap_impaired:
        return Measure("impaired", worst, reason)
    limit = given.mpap_review if concept == "mPAP" else given.rvsp_review
    return Measure("review" if value >= limit else "clear", worst, reason)


# ---- oxygen


def _air(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return the saturation on air and the oxygen therapy as they stand, the later of the two over the earlier."""
    resting = [
        f
        for f in chart.of("vital", ["SpO2"], assertions=["present"])
        if f.value is not None and _usable(f) and f.attribute("effort") == ""
    ]
    on_air = [
        f
        for f in resting
        if f.attribute("air") in ("room", "")
        and not (f.attribute("air") == "" and (f.value or 0) < given.spo2_impaired_below)
    ]
    unclear = [f for f in resting if f.attribute("air") == "" and (f.value or 0) < given.spo2_impaired_below]
    on_oxygen = [f for f in resting if f.attribute("air") == "oxygen"]
    therapy = [
        f
        for f in chart.of("oxygen")
        if f.attribute("copied") != "yes"
        and f.attribute("superseded") != "yes"
        and f.assertion in ("present", "absent", "possible")
    ]
    made: list[Measure] = []
    day = max((f.date for f in (*on_air, *on_oxygen, *therapy)), default=None)
    saturation = _latest_of_note(on_air)
    current = _therapy(chart, given, therapy, on_oxygen, saturation)
    if current is not None:
        made.append(current)
    if saturation is not None:
        low = (saturation.value or 100.0) < given.spo2_impaired_below
        reason = f"SpO2 {saturation.value:g} % on {saturation.date}"
        if not low:
            made.append(Measure("clear", saturation, reason))
        elif _overtaken(chart, saturation, therapy, on_oxygen):
            made.append(
                Measure("review", saturation, reason + ", in an acute illness")
                if day == saturation.date and not chart.of("oxygen")
                else _past(saturation, reason)
            )
        else:
            old = not chart.is_within(saturation, given.saturation_days * given.stale_factor)
            made.append(
                Measure("review" if old else "impaired", saturation, reason + (", old" if old else ""))
            )
    elif unclear and current is None:
        worst = unclear[0]
        made.append(
            Measure("review", worst, f"SpO2 {worst.value:g} % on {worst.date}, air or oxygen not stated")
        )
    return made


def _past(finding: Finding, reason: str) -> Measure:
    return Measure("clear", finding, reason + ", passed since")


def _latest_of_note(found: Sequence[Finding]) -> Finding | None:
    """Return the last-written of the latest day; a value at presentation gives way to a later one of that day."""
    if not found:
        return None
    newest = found[0].date
    same = [f for f in found if f.date == newest]
    settled = [f for f in same if f.attribute("acute") != "yes"]
    return (settled or same)[0]


def _overtaken(chart: Chart, low: Finding, therapy: Sequence[Finding], on_oxygen: Sequence[Finding]) -> bool:
    """Say whether a low saturation of an acute illness was followed by being off oxygen."""
    if low.attribute("acute") != "yes":
        return False
    return any(
        f.assertion == "absent"
        and (f.date > low.date or (f.date == low.date and f.note_id == low.note_id and f.start > low.start))
        for f in therapy
    )


def _therapy(
    chart: Chart,
    given: LungHeart,
    therapy: Sequence[Finding],
    on_oxygen: Sequence[Finding],
    saturation: Finding | None,
) -> Measure | None:
    spoken: list[Finding] = sorted(
        (*therapy, *on_oxygen), key=lambda f: (f.date, chart.note_date(f), f.start), reverse=True
    )
    if not spoken:
        return None
    newest = spoken[0].date
    same = [f for f in spoken if f.date == newest]
    using = [f for f in same if f.assertion == "present"]
    off = [f for f in same if f.assertion == "absent"]
    brief = [f for f in using if f.kind == "oxygen" and f.attribute("brief") == "yes"]
    if brief and len(brief) == len(using) and not off:
        return _brief_oxygen(chart, given, brief, spoken, saturation)
    if not using:
        if off:
            return Measure("clear", off[0], f"no oxygen on {off[0].date}")
        return Measure("review", same[0], f"oxygen is in question on {same[0].date}")
    steady = [f for f in using if f.kind == "vital" or f.attribute("use") in ("continuous", "unstated")]
    partial = [f for f in using if f not in steady]
    # Oxygen given for an illness and then stopped: the later word, in the same note or a later one, holds.
    last_off = max(((f.date, chart.note_date(f), f.start) for f in off), default=None)
    if (
        steady
        and last_off is not None
        and all((f.date, chart.note_date(f), f.start) < last_off for f in steady)
    ):
        return Measure("clear", off[0], f"oxygen stopped by {off[0].date}")
    if steady and saturation is not None and (saturation.value or 0) >= given.spo2_impaired_below:
        later = (saturation.date, chart.note_date(saturation)) > (newest, chart.note_date(steady[0]))
        # Oxygen named long ago, a good saturation since and no word of oxygen beside it.
        forgotten = later and not chart.is_within(steady[0], given.oxygen_days * given.stale_factor)
        same_note_air = (
            saturation.date == newest
            and saturation.start > max(f.start for f in steady)
            and saturation.attribute("air") == "room"
        )
        explicit = any(f.attribute("use") == "continuous" and f.concept == "oxygen" for f in steady)
        if (later and saturation.attribute("air") == "room") or (same_note_air and not explicit) or forgotten:
            return Measure(
                "clear",
                saturation,
                f"SpO2 {saturation.value:g} % on air on {saturation.date}, oxygen no longer mentioned",
            )
    if steady:
        shown = next((f for f in steady if f.kind == "oxygen"), steady[0])
        old = not chart.is_within(shown, given.oxygen_days * given.stale_factor)
        reason = f"on oxygen at rest on {shown.date}"
        return Measure("review" if old else "impaired", shown, reason + (", an old note" if old else ""))
    return Measure(
        "review",
        partial[0],
        f"oxygen on {partial[0].attribute('use') or 'occasion'} only on {partial[0].date}",
    )


def _brief_oxygen(
    chart: Chart,
    given: LungHeart,
    brief: Sequence[Finding],
    spoken: Sequence[Finding],
    saturation: Finding | None,
) -> Measure | None:
    """Return what oxygen of an emergency or a procedure means: nothing once a later note is there."""
    shown = brief[0]
    said = (shown.date, chart.note_date(shown), shown.start)
    earlier = [f for f in spoken if f.date < shown.date and f.attribute("brief") != "yes"]
    if earlier:
        # Whoever was on oxygen before an emergency is so after it, until a note says otherwise.
        air_since = saturation if saturation is not None and saturation.date >= shown.date else None
        therapy = [f for f in earlier if f.kind == "oxygen"]
        on_oxygen = [f for f in earlier if f.kind == "vital"]
        return _therapy(chart, given, therapy, on_oxygen, air_since)
    well = (
        saturation is not None
        and (saturation.value or 0.0) >= given.spo2_impaired_below
        and (saturation.date, chart.note_date(saturation), saturation.start) > said
    )
    if well or any(note.note_date > chart.note_date(shown) for note in reversed(chart.notes)):
        return Measure("clear", shown, f"oxygen in an emergency or procedure on {shown.date}")
    return Measure(
        "review", shown, f"oxygen in an emergency or procedure on {shown.date}, nothing noted since"
    )


# ---- words


def _worded(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return what notes say without numbers: "severe restriction", "severely reduced DLCO", "LV function normal"."""
    made: list[Measure] = []
    for concept, kind, days in (
        ("impairment", "pft", given.pft_days),
        ("DLCO", "pft", given.pft_days),
        ("FVC", "pft", given.pft_days),
        ("PFT", "pft", given.pft_days),
        ("LVEF", "echo", given.echo_days),
        ("LV_function", "echo", given.echo_days),
        ("echo", "echo", given.echo_days),
    ):
        said = [
            f for f in chart.of(kind, [concept]) if f.value is None and _usable(f) and f.attribute("severity")
        ]
        if not said:
            continue
        newest = said[0].date
        same = [f for f in said if f.date == newest]
        worst = max(
            same,
            key=lambda f: ("none", "normal", "mild", "unspecified", "moderate", "severe").index(
                f.attribute("severity") or "none"
            ),
        )
        severity = worst.attribute("severity")
        number = {
            "impairment": ("FVC", "DLCO"),
            "PFT": ("FVC", "DLCO"),
            "LV_function": ("LVEF",),
            "echo": ("LVEF",),
        }.get(concept, (concept,))
        measured = [v for name in number for v in current_values(chart, kind, name)]
        if (
            severity == "severe"
            and chart.is_within(worst, days * given.stale_factor)
            and not any(v.date > worst.date for v in measured)
        ):
            made.append(Measure("impaired", worst, f"called severe on {worst.date}"))
        elif severity == "moderate" and not measured and concept != "impairment":
            made.append(Measure("review", worst, f"called moderate on {worst.date}, no number"))
        elif severity in ("normal", "mild", "none", "moderate"):
            made.append(Measure("clear", worst, f"{worst.text.strip()} on {worst.date}"))
    return made


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
