"""When a diagnosis of inflammatory myopathy stands."""

from __future__ import annotations

import pytest
from support.hand_made import chart_of, made

from chartsift.nlp.criteria.predicates.diagnosis import DiagnosisStands, diagnosis_stands, iim_refuted
from chartsift.nlp.types import Finding

JO_1 = made("antibody", "Jo-1", **{"class": "MSA", "result": "positive"})

CASES: list[tuple[str, list[Finding], bool | None, str]] = [
    ("stated", [made("diagnosis", "DM")], True, "documented"),
    ("IBM stays a myositis", [made("diagnosis", "IBM")], True, "documented"),
    ("nothing said", [made("mimic", "fibromyalgia", role="beside")], None, "no_mention"),
    ("suspected only", [made("diagnosis", "DM", "possible")], None, "insufficient"),
    ("likely without proof", [made("diagnosis", "ASyS", "possible", degree="likely")], None, "insufficient"),
    ("likely, backed", [made("diagnosis", "ASyS", "possible", degree="likely"), JO_1], True, "documented"),
    (
        "suspected, not likely, with antibody",
        [made("diagnosis", "ASyS", "possible"), JO_1],
        None,
        "insufficient",
    ),
    ("a relative's", [made("diagnosis", "PM", "family")], None, "no_mention"),
    ("only a trial for it", [made("diagnosis", "IIM", "hypothetical")], None, "no_mention"),
    (
        "activity denied",
        [made("diagnosis", "IIM", "absent", aspect="activity"), made("diagnosis", "JDM")],
        True,
        "documented",
    ),
    ("only activity denied", [made("diagnosis", "IIM", "absent", aspect="activity")], None, "no_mention"),
    (
        "refuted later",
        [
            made("diagnosis", "PM", on="2020-01-01"),
            made("diagnosis", "IIM", "absent", on="2024-01-01"),
            made("mimic", "muscular_dystrophy", role="refutes", on="2024-01-01"),
        ],
        False,
        "documented",
    ),
    (
        "refuted, and an old problem list carries on",
        [
            made("diagnosis", "IIM", "absent", on="2024-01-01"),
            made("mimic", "muscular_dystrophy", role="refutes", on="2024-01-01"),
            made("diagnosis", "PM", on="2024-03-01", section="problem_list"),
        ],
        False,
        "documented",
    ),
    (
        "a refutation overturned",
        [
            made("diagnosis", "IIM", "absent", on="2021-01-01"),
            made("mimic", "muscular_dystrophy", role="refutes", on="2021-01-01"),
            made("diagnosis", "IMNM", on="2023-01-01"),
        ],
        True,
        "documented",
    ),
    (
        "another form denied",
        [made("diagnosis", "ASyS", on="2022-01-01"), made("diagnosis", "IBM", "absent", on="2023-01-01")],
        True,
        "documented",
    ),
    (
        "revised to a mimic",
        [made("diagnosis", "PM", "historical"), made("mimic", "muscular_dystrophy", role="refutes")],
        False,
        "documented",
    ),
    (
        "another disease, no myositis in question",
        [made("mimic", "viral_myositis", role="refutes")],
        False,
        "documented",
    ),
    ("checkpoint inhibitor", [made("mimic", "checkpoint_myositis", role="open")], None, "insufficient"),
]


@pytest.mark.parametrize(("name", "findings", "value", "basis"), CASES, ids=[case[0] for case in CASES])
def test_diagnosis_stands(name: str, findings: list[Finding], value: bool | None, basis: str) -> None:
    outcome = diagnosis_stands(chart_of(findings), DiagnosisStands())

    assert (outcome.value, outcome.basis) == (value, basis)
    if value is not None:
        assert any(item.stance == ("for" if value else "against") for item in outcome.evidence)


def test_a_report_alone_states_no_diagnosis() -> None:
    finding = made("diagnosis", "IMNM", note="path")

    outcome = diagnosis_stands(
        chart_of([finding], types={"path": "Surgical pathology report"}), DiagnosisStands()
    )

    assert (outcome.value, outcome.basis) == (None, "insufficient")


def test_iim_refuted_names_what_refutes() -> None:
    denied = made("diagnosis", "IIM", "absent")
    other = made("mimic", "metabolic_myopathy", role="refutes")

    assert iim_refuted(chart_of([denied, other])) == [denied, other]
    assert iim_refuted(chart_of([made("diagnosis", "DM")])) == []
