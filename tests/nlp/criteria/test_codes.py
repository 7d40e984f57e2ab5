"""Billing codes: what a code alone leaves open, and which note to ask for."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("criterion_id", "code", "step"),
    [
        (
            "prior_car_t",
            "Z92.850",
            "Ask for the note that states the CAR T-cell therapy behind the code Z92.850.",
        ),
        (
            "prior_car_t",
            "Q2042",
            "Ask for the note that states the CAR T-cell therapy behind the code Q2042.",
        ),
        (
            "prior_transplant",
            "T86.10",
            "Ask for the note that states the transplant behind the code T86.10, and its organ.",
        ),
        ("iim_diagnosis", "M33.13", "Ask for the note that states the diagnosis behind the code M33.13."),
        ("iim_diagnosis", "G72.41", "Ask for the note that states the diagnosis behind the code G72.41."),
    ],
)
def test_a_code_alone_is_open_and_asks_for_its_note(
    pipeline: Pipeline, criterion_id: str, code: str, step: str
) -> None:
    result = decide(pipeline, criterion_id, [(0, f"52-year-old. Problem list: {code}")])

    assert (result.status, result.basis) == ("unknown", "insufficient")
    assert [(e.stance, e.finding.text) for e in result.evidence] == [("for", code)]
    assert result.next_step == step


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Dermatomyositis (M33.13), on IVIG.", "met"),
        ("Myositis was ruled out. Billing code M33.20.", "not_met"),
        ("M33.20. Assessment: limb-girdle muscular dystrophy.", "unknown"),
        ("Family history: M33.13", "unknown"),
    ],
)
def test_words_decide_beside_a_code(pipeline: Pipeline, text: str, status: str) -> None:
    assert decide(pipeline, "iim_diagnosis", [(0, text)]).status == status


def test_a_code_beside_a_statement_supports_it(pipeline: Pipeline) -> None:
    result = decide(pipeline, "iim_diagnosis", [(0, "Dermatomyositis (M33.13), on IVIG.")])

    assert [(e.finding.text, e.reason) for e in result.evidence if e.stance == "for"] == [
        ("Dermatomyositis", ""),
        ("M33.13", "a code that supports the statement"),
    ]


def test_a_code_is_no_mention_of_a_diagnosis(pipeline: Pipeline) -> None:
    found = read(pipeline, "Problem list: M33.90, G72.49, 710.3")

    assert {f.kind for f in found} == {"diagnosis_code"}
