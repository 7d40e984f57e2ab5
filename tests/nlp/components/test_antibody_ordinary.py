"""Antibodies and panels in ordinary sentences, beside drugs, other tests and exams."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

# The text, and each antibody or panel in it with its assertion.
READINGS = [
    # ---- a statin is no antibody
    ("Atorvastatin (HMG CoA reductase inhibitor) was stopped.", []),
    ("Takes an HMGCR inhibitor.", []),
    ("HMG-CoA-reductase inhibitor intolerance.", []),
    ("HMG-CoA reductase Ab 120 CU.", ["HMGCR present"]),
    # ---- everything else: of the panel, not of the exam
    ("Exam: mild ankle edema, everything else unremarkable.", []),
    ("Creatinine 1.1 and potassium 4, everything else normal.", []),
    ("ROS: fatigue, everything else negative.", []),
    ("MDA5-positive, on exam Gottron papules, everything else negative.", ["MDA5 present"]),
    ("NXP2 strongly positive by IP; everything else neg.", ["NXP2 present", "rest absent"]),
    ("Line blot: TIF1γ strong, all else negative.", ["TIF1 present", "rest absent"]),
]


@pytest.mark.parametrize(("text", "words"), READINGS)
def test_antibodies_of_a_sentence(text: str, words: list[str], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "antibody", "antibody_panel")

    assert [f"{f.concept} {f.assertion}" for f in found] == words


VERDICTS = [
    ("Dermatomyositis. Atorvastatin (HMG CoA reductase inhibitor) was stopped.", "unknown"),
    (
        "Dermatomyositis. Antibodies have never been tested. ROS: fatigue, everything else negative.",
        "unknown",
    ),
]


@pytest.mark.parametrize(("text", "status"), VERDICTS)
def test_verdict_on_the_antibody(text: str, status: str, pipeline: Pipeline) -> None:
    assert decide(pipeline, "msa_subtype", [(3, text)]).status == status
