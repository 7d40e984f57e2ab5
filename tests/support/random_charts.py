"""Findings made at random for one criterion: every sort that its predicate tells apart, at any age up to two years."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from hypothesis import strategies as st
from support.findings import AS_OF, finding

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.criteria.schema import TrialFile
from chartsift.nlp.types import CriterionResult, Finding, NoteInfo, Patient

# A criterion of a name that several trials have is that of the first one.
TRIALS = tuple(load_trial(name) for name in ("reset-myositis", "kyv-101-dm", "triton"))

# What may stand in a chart, by criterion: kind, concept, values, attributes.
_SPANS = ("acute", "long", "viral", "minor", "chronic", "latent")
_INFECTION = ("active", "stated", "suspected", "pending", "resolved", "negative", "suppressed", "viremic")
SORTS: dict[str, list[tuple[str, str, tuple[float, ...], dict[str, tuple[str, ...]]]]] = {
    "age": [("age", "age", (5, 16, 17, 18, 74, 75, 76), {})],
    "active_disease": [
        ("lab", "CK", (90, 300, 900), {"superseded": ("", "yes")}),
        ("lab", "AST", (30, 60, 200), {}),
        ("enzyme_cause", "CK", (), {}),
        ("skin", "Gottron", (), {"source": ("exam", "list"), "specific": ("yes",)}),
        ("skin", "any", (), {"source": ("exam",)}),
        ("imaging", "active", (), {"undated": ("", "yes")}),
        ("biopsy", "chronic", (), {}),
        ("emg", "active", (), {}),
        ("disease_state", "remission", (), {"activity": ("inactive",)}),
        ("disease_state", "flare", (), {"activity": ("active",)}),
        ("diagnosis", "DM", (), {}),
        ("treatment", "IVIG", (), {"class": ("ivig",)}),
    ],
    "muscle_weakness": [
        ("strength", "MMT", (118, 145, 150), {"scale": ("150",), "limited": ("", "pain")}),
        ("strength", "weakness", (), {"weight": ("", "hint"), "source": ("exam", "reported")}),
        ("strength", "full_strength", (), {"group": ("whole",)}),
        ("function", "stairs", (), {"weight": ("clear", "hint")}),
        ("function", "fatigue", (), {"weight": ("none",)}),
    ],
    "active_infection": [
        ("infection", "deep", (), {"span": _SPANS, "status": _INFECTION, "until": ("", "2024-06-30")}),
        ("infection", "hiv", (), {"span": ("chronic",), "status": _INFECTION}),
        ("infection", "infection", (), {"span": ("general",), "status": ("none", "active")}),
        (
            "antimicrobial",
            "treatment_drug",
            (),
            {
                "status": ("treatment", "finished", "listed", "empiric", "latent_treatment"),
                "until": ("", "2024-06-02", "2024-08-01"),
            },
        ),
    ],
    "uncontrolled_organ_disease": [
        (
            "organ_disease",
            "pulmonary",
            (),
            {
                "disease": ("ild", "copd"),
                "weight": ("major", "minor", "severe", "acute", "soft"),
                "level": ("severe", "progressive", "uncontrolled", "stable", "resolved", "unspecified"),
            },
        ),
        ("lab", "Hgb", (7.1, 9.0), {}),
        ("lab", "bilirubin", (1.0, 3.1), {}),
        ("pft", "FVC", (41, 55, 70, 90), {"course": ("", "worse")}),
        ("oxygen", "oxygen", (), {"use": ("continuous", "exertion")}),
        ("transplant", "kidney", (), {}),
    ],
    "lung_cardiac_impairment": [
        ("pft", "FVC", (41, 55, 70), {}),
        ("pft", "DLCO", (35, 50, 80), {}),
        ("echo", "LVEF", (30, 45, 60), {}),
        ("echo", "NYHA", (2, 3, 4), {}),
        ("echo", "PH", (), {"severity": ("", "mild", "severe")}),
        ("vital", "SpO2", (88, 93, 97), {"air": ("room", "oxygen", ""), "acute": ("", "yes")}),
        ("oxygen", "oxygen", (), {"use": ("continuous", "exertion", "unstated")}),
        ("pft", "impairment", (), {"severity": ("mild", "moderate", "severe")}),
    ],
    "leukapheresis_contraindication": [
        ("contraindication", "leukapheresis", (), {}),
        ("apheresis_risk", "bleeding", (), {}),
        ("apheresis_access", "poor", (), {}),
        ("lab", "platelets", (38, 210), {}),
    ],
}
_TREATMENT = {"source": ("", "allergies"), "indication": ("", "asthma")}
SORTS |= {
    "severity": [
        ("strength", "MMT", (118, 141, 142, 150), {"scale": ("150", "80", "")}),
        ("measure", "CDASI", (12, 19, 30), {"copied": ("", "yes")}),
        ("lab", "CK", (300, 900), {"superseded": ("", "yes")}),
        ("lab", "AST", (30, 200), {}),
        ("enzyme_cause", "CK", (), {}),
        ("imaging", "active", (), {"undated": ("", "yes")}),
        ("emg", "normal", (), {}),
    ],
    "core_set": [
        ("measure", "PtGA", (1, 2, 45), {"scale": ("10", "100", "")}),
        ("measure", "PhGA", (1, 2, 6), {"scale": ("10",)}),
        ("measure", "HAQ", (0, 0.25, 1.5), {}),
        ("lab", "CK", (300, 900), {}),
    ],
    "refractory": [
        ("treatment", "glucocorticoid", (), {"class": ("glucocorticoid",), **_TREATMENT}),
        ("treatment", "methotrexate", (), {"class": ("immunosuppressant",), **_TREATMENT}),
        ("treatment", "IVIG", (), {"class": ("ivig",), **_TREATMENT}),
        ("treatment", "none", (), {}),
        ("disease_state", "refractory", (), {"activity": ("active",)}),
        ("diagnosis", "DM", (), {}),
    ],
    "saturation": [
        ("vital", "SpO2", (88, 92, 97), {"air": ("room", "oxygen", ""), "effort": ("", "exertion")})
    ],
    "classification": [
        ("diagnosis", "DM", (), {}),
        ("skin", "heliotrope", (), {"source": ("exam",), "specific": ("yes",)}),
        ("classification", "criteria_met", (40, 55, 93), {"class": ("", "possible", "definite")}),
    ],
    "severe_damage": [
        ("disease_state", "damage_only", (), {"copied": ("", "yes")}),
        ("imaging", "chronic", (), {}),
        ("function", "walking", (), {"weight": ("clear", "hint")}),
    ],
    "isolated_ild": [
        (
            "organ_disease",
            "pulmonary",
            (),
            {"disease": ("ild", "copd"), "weight": ("major",), "level": ("stable",)},
        ),
        ("strength", "MMT", (118, 150), {"scale": ("150",)}),
        ("lab", "CK", (90, 900), {}),
    ],
}
_ASSERTIONS = ("present", "present", "present", "absent", "possible", "historical")


def findings_of(criterion_id: str) -> st.SearchStrategy[list[Finding]]:
    def one(
        spec: tuple[str, str, tuple[float, ...], dict[str, tuple[str, ...]]],
    ) -> st.SearchStrategy[Finding]:
        kind, concept, values, attributes = spec
        return st.builds(
            lambda days, value, assertion, chosen: finding(
                kind,
                concept,
                days=days,
                value=value,
                assertion=assertion,
                **{name: text for name, text in chosen.items() if text},
            ),
            st.integers(0, 800),
            st.sampled_from(values) if values else st.none(),
            st.sampled_from(_ASSERTIONS) if not values else st.just("present"),
            st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in attributes.items()}),
        )

    return st.lists(st.one_of([one(spec) for spec in SORTS[criterion_id]]), min_size=1, max_size=6)


@cache
def _trial_of(criterion_id: str, cohort_id: str) -> TrialFile:
    """Return a trial with one criterion of one cohort only, which takes a tenth of the time."""
    trial, cohort, criterion = next(
        (trial, cohort, criterion)
        for trial in TRIALS
        for cohort in trial.cohorts
        for criterion in trial.criteria_of(cohort)
        if (cohort.cohort_id, criterion.criterion_id) == (cohort_id, criterion_id)
    )
    applies = cohort.applies.model_copy(update={"default": True})
    only = cohort.model_copy(update={"criteria": (criterion,), "applies": applies})
    return trial.model_copy(update={"cohorts": (only,)})


def decide(
    criterion_id: str,
    *findings: Finding,
    on: date = AS_OF,
    born: date | None = None,
    cohort_id: str = "adult",
) -> CriterionResult:
    """Return the verdict on a chart with a whole note for each day of *findings*, and one of the screening day."""
    days = sorted({(AS_OF - f.date).days for f in findings} | {0})
    notes = [NoteInfo(f"n{d}", AS_OF - timedelta(days=d), "Rheumatology", 2_000) for d in days]
    (cohort,) = evaluate(Patient("p", born), notes, findings, _trial_of(criterion_id, cohort_id), as_of=on)
    return cohort.criteria[0]
