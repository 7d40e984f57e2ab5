"""What is asked of organ disease: the systems, the limits of the laboratory values, and how long statements hold."""

from __future__ import annotations

from pydantic import Field

from chartsift.nlp.criteria.predicates.heart_lung_values import LungHeart
from chartsift.nlp.criteria.predicates.organ_state import EPISODE_DAYS, FULL_NOTE_CHARS, STATEMENT_DAYS
from chartsift.nlp.criteria.predicates.table import Parameters


class OrganDiseaseUncontrolled(Parameters):
    """
    Parameters of ``organ_disease_uncontrolled``.

    ``own_disease`` names the diseases that the trial's own indication brings; limits are in the canonical units of
    the laboratory findings (g/dL, 10^9/L, mL/min, mg/dL).
    """

    systems: tuple[str, ...] = (
        "renal",
        "hepatic",
        "hematological",
        "gi",
        "pulmonary",
        "psychiatric",
        "cardiac",
        "neurological",
        "cerebral",
    )
    own_disease: tuple[str, ...] = ("ild",)
    hgb_below: float = 8.0
    platelets_below: float = 50.0
    anc_below: float = 1.0
    egfr_below: float = 30.0
    bilirubin_above: float = Field(
        default=2.4, description="mg/dL, twice an upper limit of 1.2; alone only for review"
    )
    hgb_review: float = Field(
        default=10.0, description="under it and not under the limit: shown, decides nothing"
    )
    platelets_review: float = 100.0
    anc_review: float = Field(default=1.5, description="1.5 itself is for review, too")
    egfr_review: float = 60.0
    inr_review: float = Field(default=1.5, description="above it: shown, decides nothing")
    count_days: int = 30
    chemistry_days: int = 90
    old_counts_factor: int = Field(
        default=3, description="a low value up to so many windows old goes to a person if no note follows"
    )
    episode_days: int = EPISODE_DAYS
    statement_days: int = STATEMENT_DAYS
    full_note_chars: int = Field(
        default=FULL_NOTE_CHARS, description="a note longer than this had room to carry an episode on"
    )
    fvc_decline: float = Field(
        default=5.0, description="points of % predicted within a year: progression by the ATS 2022 guideline"
    )
    dlco_decline: float = Field(
        default=10.0, description="points of % predicted within a year: progression by the ATS 2022 guideline"
    )
    grafts: dict[str, str] = Field(
        default={
            "esrd": "kidney",
            "aki": "kidney",
            "liver_failure": "liver",
            "liver_acute": "liver",
            "marrow": "hct",
        },
        description="which transplant makes the failure of an organ a thing of the past",
    )
    lung: LungHeart = LungHeart()
