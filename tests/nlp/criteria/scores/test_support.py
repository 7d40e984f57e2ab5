"""The score beside the verdict on the diagnosis: sentence and flags, never status or basis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.findings import chart, finding
from support.screened import decide

from chartsift.nlp.criteria.predicates.diagnosis import DiagnosisStands, diagnosis_stands
from chartsift.nlp.criteria.scores import support
from chartsift.nlp.types import Finding

SCORE = "eular-acr-2017"
MSA = {"class": "MSA", "result": "positive"}
HMGCR, PL_7 = finding("antibody", "HMGCR", **MSA), finding("antibody", "PL-7", **MSA)
IMNM, ASYS, DM, PM = (finding("diagnosis", name) for name in ("IMNM", "ASyS", "DM", "PM"))
CK = replace(finding("lab", "CK", value=2_000), ref_high=200)
RASH = [finding("skin", "heliotrope"), finding("skin", "Gottron", form="sign")]
NO_RASH = finding("skin", "any", assertion="absent")
FULL = finding("strength", "full_strength", group="whole", source="exam")
SWALLOWS = finding("function", "swallowing", assertion="absent")
NO_JO_1 = finding("antibody", "Jo-1", assertion="absent", result="negative")
BLIND = [ASYS, PL_7, CK, NO_RASH, FULL, SWALLOWS, NO_JO_1]
MET = finding("classification", "criteria_met")


@pytest.mark.parametrize(
    ("name", "findings", "flags", "verdict"),
    [
        ("classifies", [DM, *RASH, CK], (), "classifies"),
        ("antibody, and too little documented", [IMNM, HMGCR, CK], ("score_not_reproduced",), "undecided"),
        ("no antibody, and too little documented", [PM, CK], ("score_undecided",), "undecided"),
        ("ILD without weakness", BLIND, ("score_below_classification",), "cannot_classify"),
        ("a note says that they are met", [*BLIND, MET], (), "cannot_classify"),
    ],
)
def test_flags(name: str, findings: list[Finding], flags: tuple[str, ...], verdict: str) -> None:
    given = chart(*findings)
    plain = diagnosis_stands(given, DiagnosisStands())

    score, outcome = support(given, SCORE, plain)

    assert score is not None
    assert (outcome.flags, score.verdict) == (flags, verdict)
    assert (outcome.value, outcome.basis, outcome.evidence) == (plain.value, plain.basis, plain.evidence)
    assert outcome.reason.startswith(f"{plain.reason}. EULAR/ACR 2017")


def test_a_refuted_diagnosis_keeps_its_words() -> None:
    given = chart(
        finding("diagnosis", "IIM", assertion="absent"),
        finding("mimic", "muscular_dystrophy", role="refutes"),
    )
    plain = diagnosis_stands(given, DiagnosisStands())

    score, outcome = support(given, SCORE, plain)

    assert outcome == plain
    assert score is not None
    assert "better_explanation" in score.flags


def test_a_chart_without_a_myositis_in_question_has_no_score() -> None:
    given = chart(CK)
    plain = diagnosis_stands(given, DiagnosisStands())

    assert support(given, SCORE, plain) == (None, plain)


NOTE = """\
HPI: 54-year-old woman with three months of weakness. No dysphagia.
EXAM: Heliotrope rash, Gottron's papules over the MCPs. Deltoids 4/5, hip flexors 4-/5, distal 5/5.
LABS: CK 1,200 (26-192) H. Jo-1 negative.
ASSESSMENT: Dermatomyositis, Mi-2 positive.
"""


def test_from_notes_to_sentence_and_items(pipeline) -> None:
    result = decide(
        pipeline,
        "iim_diagnosis",
        [
            (
                5,
                NOTE,
            )
        ],
    )

    assert (result.status, result.basis, result.flags) == ("met", "documented", ())
    assert "EULAR/ACR 2017 without biopsy: 11 to 16.2, definite on what is documented." in result.rationale
    score = result.score
    assert score is not None
    assert {item.item_id: item.state for item in score.items} == {
        "onset": "present",
        "proximal_arms": "present",
        "proximal_legs": "present",
        "neck_flexors": "undocumented",
        "legs_proximal": "present",
        "heliotrope": "present",
        "gottron_papules": "present",
        "gottron_sign": "undocumented",
        "dysphagia": "absent",
        "jo_1": "absent",
        "enzymes": "present",
    }
    assert score.subgroups == ("dermatomyositis",)
    for item in score.items:
        assert item.state == "undocumented" or item.evidence
