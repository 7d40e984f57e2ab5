"""
The closed vocabularies of an annotated chart, as GUIDELINES.md defines them.

They describe RESET-Myositis, the trial that the gold charts are annotated for. The checker and the scorer
share them; a change here is a change of the guidelines and of every figure measured against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from chartsift.nlp.types import Assertion, Basis, CohortStatus, Status

STATUSES: Final[frozenset[str]] = frozenset(get_args(Status))
BASES: Final[frozenset[str]] = frozenset(get_args(Basis))
ASSERTIONS: Final[frozenset[str]] = frozenset(get_args(Assertion))
COHORT_STATUSES: Final[frozenset[str]] = frozenset(get_args(CohortStatus))
SEXES: Final[frozenset[str]] = frozenset({"F", "M", "X"})

# Decided by a person and never by reading: left out of the cohort status and of every accuracy figure.
JUDGEMENT_CRITERION: Final = "investigator_concern"

INCLUSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "adult": ("age", "iim_diagnosis", "msa_subtype", "active_disease", "muscle_weakness"),
    "juvenile": ("age", "iim_diagnosis", "msa_or_maa", "active_disease"),
}
EXCLUSIONS: Final[tuple[str, ...]] = (
    "leukapheresis_contraindication",
    "flu_cy_reaction",
    "active_infection",
    "uncontrolled_organ_disease",
    JUDGEMENT_CRITERION,
    "lung_cardiac_impairment",
    "prior_car_t",
    "prior_transplant",
)

# Ages in completed years at the screening date, both ends included (registered text of the trial).
AGE_RANGES: Final[Mapping[str, tuple[int, int]]] = {"adult": (18, 75), "juvenile": (6, 17)}

CONCEPTS: Final[Mapping[str, frozenset[str]]] = {
    "diagnosis": frozenset({"IIM", "DM", "CADM", "PM", "ASyS", "IMNM", "IBM", "JDM", "JPM", "overlap"}),
    "antibody": frozenset(
        {"Jo-1", "PL-7", "PL-12", "EJ", "OJ", "KS", "Zo", "Ha"}  # synthetases
        | {"Mi-2", "TIF1", "NXP2", "MDA5", "SAE"}  # dermatomyositis
        | {"SRP", "HMGCR"}  # necrotizing myopathy
        | {"cN-1A", "Ro-52", "PM-Scl", "Ku", "U1-RNP", "U2-RNP", "U3-RNP"}  # associated
    ),
    "car_t": frozenset({"CAR-T"}),
    "transplant": frozenset({"heart", "liver", "kidney", "lung", "hct"}),
    "contraindication": frozenset({"leukapheresis", "cyclophosphamide", "fludarabine"}),
}
KINDS: Final[tuple[str, ...]] = tuple(CONCEPTS)
# A contraindication is a clause, and two readers draw the bounds of a clause differently: it is shown apart.
HEADLINE_KINDS: Final[tuple[str, ...]] = tuple(kind for kind in KINDS if kind != "contraindication")


def criteria_of(cohort: str) -> tuple[str, ...]:
    """Return the criterion ids of *cohort* ("adult" or "juvenile"), inclusions first."""
    return INCLUSIONS[cohort] + EXCLUSIONS


def expected_cohort_status(cohort: str, status_of: Mapping[str, str]) -> CohortStatus:
    """
    Return the cohort status that follows from the statuses of its criteria.

    Args:
        cohort: "adult" or "juvenile".
        status_of: Status by criterion id; all criteria of the cohort are present.
    """
    inclusions = [status_of[criterion] for criterion in INCLUSIONS[cohort]]
    exclusions = [status_of[criterion] for criterion in EXCLUSIONS if criterion != JUDGEMENT_CRITERION]
    if "not_met" in inclusions or "met" in exclusions:
        return "ineligible"
    return "undetermined" if "unknown" in inclusions + exclusions else "eligible"
