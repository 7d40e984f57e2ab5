"""The bundled trials beside RESET-Myositis: each criterion moves with the evidence that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.findings import AS_OF, finding

from chartsift.nlp import criteria
from chartsift.nlp.criteria import available_trials, evaluate, load_trial
from chartsift.nlp.types import Assertion, CohortResult, Finding, NoteInfo, Patient

ADULT = Patient("p", date(1980, 1, 1))


def lab(concept: str, value: float, unit: str, *, upper: float | None = None, days: int = 5) -> Finding:
    return replace(finding("lab", concept, value=value, days=days), unit=unit, ref_high=upper)


def drug(concept: str, days: int) -> Finding:
    return finding("treatment", concept, days=days)


def ild(assertion: Assertion = "present") -> Finding:
    return finding(
        "organ_disease", "pulmonary", assertion=assertion, disease="ild", weight="major", level="stable"
    )


CLASS = replace(finding("classification", "criteria_met", value=92, text="EULAR/ACR"), unit="%")
REFRACTORY = (
    finding("disease_state", "refractory", activity="active"),
    *(drug(name, days) for name in ("glucocorticoid", "methotrexate", "IVIG") for days in (5, 200)),
)
MMT = finding("strength", "MMT", value=120, scale="150", group="whole")
KYV: dict[str, tuple[Finding, ...]] = {
    "dm_diagnosis": (finding("diagnosis", "DM"),),
    "classification": (CLASS,),
    "refractory": REFRACTORY,
    "severity": (MMT, lab("CK", 900, "U/L", upper=200)),
    "core_set": (
        finding("measure", "PhGA", value=5, scale="10"),
        finding("measure", "HAQ", value=1.5),
        lab("CK", 900, "U/L", upper=200),
    ),
    "ecog": (finding("measure", "ECOG", value=1),),
    "hemoglobin": (lab("Hgb", 11.4, "g/dL"),),
    "platelets": (lab("platelets", 212, "10^9/L"),),
}
TRITON: dict[str, tuple[Finding, ...]] = {
    "diagnosis": (finding("diagnosis", "DM"), CLASS),
    "muscle_or_skin": (MMT,),
    "refractory": REFRACTORY,
    "saturation": (finding("vital", "SpO2", value=96, air="room"),),
}


def screen(trial_id: str, findings: Sequence[Finding], patient: Patient = ADULT) -> CohortResult:
    days = sorted({(AS_OF - f.date).days for f in findings} | {0})
    notes = [NoteInfo(f"n{d}", date.fromordinal(AS_OF.toordinal() - d), "Rheumatology", 2_000) for d in days]
    (cohort,) = evaluate(patient, notes, findings, load_trial(trial_id), as_of=AS_OF)
    return cohort


def status(trial_id: str, criterion_id: str, *findings: Finding) -> str:
    cohort = screen(trial_id, findings)
    return next(r.status for r in cohort.criteria if r.criterion_id == criterion_id)


@pytest.mark.parametrize(("trial_id", "parts"), [("kyv-101-dm", KYV), ("triton", TRITON)])
def test_a_patient_with_everything_is_eligible(trial_id: str, parts: dict[str, tuple[Finding, ...]]) -> None:
    whole = [f for part in parts.values() for f in part]

    cohort = screen(trial_id, whole)

    assert cohort.status == "eligible", {r.criterion_id: (r.status, r.rationale) for r in cohort.criteria}
    assert cohort.trial_version == "listing-2026"


@pytest.mark.parametrize(
    ("trial_id", "missing"),
    [("kyv-101-dm", name) for name in KYV] + [("triton", name) for name in TRITON],
)
def test_without_one_part_its_criterion_is_open(trial_id: str, missing: str) -> None:
    parts = KYV if trial_id == "kyv-101-dm" else TRITON
    gone = parts[missing]
    rest = [f for part in parts.values() for f in part if f not in gone]

    cohort = screen(trial_id, rest)

    assert cohort.status == "undetermined"
    assert missing in cohort.missing


@pytest.mark.parametrize(
    ("trial_id", "criterion_id", "findings", "expected"),
    [
        # The path of muscle asks for proof of activity, that of the skin does not.
        ("kyv-101-dm", "severity", (MMT,), "unknown"),
        ("kyv-101-dm", "severity", (MMT, finding("emg", "active", days=91)), "met"),
        ("kyv-101-dm", "severity", (MMT, finding("emg", "active", days=93)), "unknown"),
        ("kyv-101-dm", "severity", (replace(MMT, value=142.0), finding("skin", "CDASI", value=18)), "not_met"),
        ("kyv-101-dm", "severity", (finding("skin", "CDASI", value=19),), "met"),
        ("kyv-101-dm", "core_set", (finding("measure", "HAQ", value=0.25),), "unknown"),
        ("kyv-101-dm", "ecog", (finding("measure", "ECOG", value=2),), "not_met"),
        ("kyv-101-dm", "hemoglobin", (lab("Hgb", 9.9, "g/dL"),), "not_met"),
        ("kyv-101-dm", "platelets", (lab("platelets", 99, "10^9/L"),), "not_met"),
        ("kyv-101-dm", "dm_diagnosis", (finding("diagnosis", "IMNM"),), "unknown"),
        ("triton", "diagnosis", (finding("diagnosis", "ASyS"),), "met"),
        ("triton", "diagnosis", (finding("diagnosis", "DM"),), "unknown"),
        ("triton", "saturation", (finding("vital", "SpO2", value=91, air="room"),), "not_met"),
        ("triton", "isolated_ild", (ild(), finding("strength", "full_strength", group="whole"), lab("CK", 80, "U/L", upper=200), finding("diagnosis", "ASyS")), "met"),
        ("triton", "isolated_ild", (ild(), MMT), "not_met"),
        ("triton", "isolated_ild", (ild(),), "unknown"),
        ("triton", "severe_damage", (finding("disease_state", "damage_only", activity="inactive"),), "unknown"),
        ("triton", "severe_damage", (), "not_met"),
        ("triton", "lung_disease", (finding("pft", "FVC", value=45),), "met"),
        ("triton", "lung_disease", (finding("pft", "FVC", value=46),), "not_met"),
        ("triton", "lung_disease", (finding("pft", "DLCO", value=40),), "met"),
        ("triton", "lung_disease", (finding("echo", "PH", severity="mild"),), "met"),
        ("triton", "lung_disease", (finding("oxygen", "oxygen", use="continuous"),), "met"),
        ("triton", "lung_disease", (finding("echo", "LVEF", value=20),), "not_met"),
    ],
)  # fmt: skip
def test_thresholds_of_the_listing(
    trial_id: str, criterion_id: str, findings: tuple[Finding, ...], expected: str
) -> None:
    assert status(trial_id, criterion_id, *findings) == expected


@pytest.mark.parametrize(
    ("trial_id", "born", "expected"),
    [
        ("kyv-101-dm", date(1999, 6, 10), "met"),
        ("kyv-101-dm", date(1999, 6, 11), "not_met"),
        ("kyv-101-dm", date(1951, 6, 11), "met"),
        ("kyv-101-dm", date(1951, 6, 10), "not_met"),
        ("triton", date(2006, 6, 10), "met"),
        ("triton", date(1930, 1, 1), "met"),
        ("triton", date(2006, 6, 11), "not_met"),
    ],
)
def test_ages(trial_id: str, born: date, expected: str) -> None:
    assert screen(trial_id, [], Patient("p", born)).criteria[0].status == expected


def test_a_trial_is_data_only() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(criteria.__file__).parent.rglob("*.py"))

    assert {"kyv-101-dm", "reset-myositis", "triton"} <= set(available_trials())
    for name in available_trials():
        assert f'"{name}"' not in code
        trial = load_trial(name)
        assert trial.trial_id == name
        assert trial.registry_id in trial.source
