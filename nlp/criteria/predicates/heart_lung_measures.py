"""Each measure of lung and heart as it stands: volumes, ejection fraction, functional class, pressures, QTc, words."""

from __future__ import annotations

from operator import eq

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.heart_lung_oxygen import oxygenation
from chartsift.nlp.criteria.predicates.heart_lung_values import (
    Level,
    LungHeart,
    Measure,
    MeasureName,
    current_values,
    is_usable,
    statements_of_normal,
)
from chartsift.nlp.types import Finding


def measures(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return each measure of lung and heart that the trial asks about, as it stands on the screening day."""
    if not chart.may_have("pft", "echo", "vital", "oxygen", "ecg", "transplant"):
        return []
    # Two criteria ask for the same limits in parameters of their own.
    return chart.once(_measures, given, same=eq)


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
        *oxygenation(chart, given),
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


def _limit(
    chart: Chart, given: LungHeart, kind: str, concept: str, impaired: float, review: float, days: int
) -> Measure | None:
    latest = current_values(chart, kind, concept)
    normal = [f for f in statements_of_normal(chart, concept) if not latest or f.date >= latest[0].date]
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


def _pulmonary_hypertension(chart: Chart, given: LungHeart) -> list[Measure]:
    if not chart.may_have("echo"):
        return []
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
        answered = pressures or statements_of_normal(chart, "LVEF")
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


def _worded(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return what notes say without numbers: "severe restriction", "severely reduced DLCO", "LV function normal"."""
    if not chart.may_have("pft", "echo"):
        return []
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
            f
            for f in chart.of(kind, [concept])
            if f.value is None and is_usable(f) and f.attribute("severity")
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
