"""
What is asked of lung and heart, a measure as it stands, and which of several values is the current one.

The default limits are chartsift's own reading of comparable trials (docs/findings/heart_lung.md): FVC and DLCO as
in TRITON (NCT07391605, excluded at FVC <= 45 %, DLCO <= 40 %), SpO2 92 % on air as in EBMT guidance, LVEF 40 % as
in NCT00278564 and LMY-920; the bands between "impaired" and "clear" go to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.table import Parameters
from chartsift.nlp.types import Finding

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


def is_usable(finding: Finding) -> bool:
    """Say whether a value may be the current one: not an earlier, a supine or a copied one."""
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
    if not values:
        return []
    usable = [f for f in values if is_usable(f)] or [f for f in values if f.attribute("superseded") != "yes"]
    if not usable:
        return []
    usable = [f for f in usable if chart.has_come(f.date)] or usable
    newest = max(f.date for f in usable)
    # A value without a date in its text counts as the note's; within one note and day the dated one is more exact.
    latest = [f for f in usable if f.date == newest]
    return sorted(latest, key=lambda f: (f.value or 0.0, f.start))


def statements_of_normal(chart: Chart, concept: str) -> list[Finding]:
    """Return statements without a number that call *concept*, or its whole study, normal; latest first."""
    study = "echo" if concept == "LVEF" else "PFT"
    kind = "echo" if concept == "LVEF" else "pft"
    if not chart.may_have(kind):
        return []
    names = [concept, study] + (["LV_function"] if concept == "LVEF" else [])
    return [
        f
        for f in chart.of(kind, names)
        if is_usable(f) and f.value is None and f.attribute("severity") == "normal"
    ]
