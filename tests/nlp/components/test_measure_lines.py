"""Measures of strength, skin, function, lung and heart in short lines, each with its careful reading."""

from __future__ import annotations

import pytest
from support.reading import read, value_words

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding

STRENGTH = [
    ("MMT-8 131/150", ["MMT 131 of 150"]),
    ("MMT8=131/150, CDASI-A 24, PhGA 6", ["MMT 131 of 150"]),
    ("MMT8: 78/80", ["MMT 78 of 80"]),
    ("MMT 8 total 62 (one side, max 80)", ["MMT 62 of 80"]),
    ("MMT-8 142", ["MMT 142 of 150"]),
    ("MMT-8 76", ["MMT 76 of 80"]),
    ("MMT-26 231/260", ["MMT 231 of 260"]),
    ("manual muscle testing 218/260", ["MMT 218 of 260"]),
    ("MMT 131 out of 150", ["MMT 131 of 150"]),
    ("MMT-8 (0-150): 131", ["MMT 131 of 150"]),
    ("MMT-8 score of 131/150 on 11/4/24", ["MMT 131 of 150 @2024-11-04"]),
    ("MMT-8 118 -> 131/150", ["MMT 131 of 150"]),
    ("MMT-8 131/150 (was 118)", ["MMT 131 of 150"]),
    ("MMT-8 131/150 (118/150 in May)", ["MMT 131 of 150"]),
    ("MMT-8 not done", []),
    ("goal MMT-8 >142/150", []),
    ("repeat MMT-8 in 3 months", []),
    ("CMAS 38/52", ["CMAS 38 of 52"]),
    ("CMAS 38", ["CMAS 38 of 52"]),
    ("CMAS: 52/52", ["CMAS 52 of 52"]),
    ("CMAS score today was 31 out of 52", ["CMAS 31 of 52 @2024-11-20"]),
    ("CMAS 24 -> 38", ["CMAS 38 of 52"]),
    ("CMAS 14 of 52 on 10/1", ["CMAS 14 of 52 @2024-10-01"]),
    ("CMAS/cMAS n/a", []),
    ("deltoids 4/5, hip flexors 4-/5, neck flexors 3+/5", ["MRC 4 of 5", "MRC 3.67 of 5", "MRC 3.33 of 5"]),
    ("Strength 5/5 throughout", ["MRC 5 of 5"]),
    ("MRC grade 4 proximally", ["MRC 4 of 5"]),
    ("HF 4/4, delt 4+/4+, NF 3", ["MRC 4 of 5", "MRC 4.33 of 5", "MRC 3 of 5"]),
    ("reflexes 2/4 throughout", []),
]

SCORES = [
    ("CDASI activity 24, damage 3", ["CDASI-A 24", "CDASI-D 3"]),
    ("CDASI-A 24", ["CDASI-A 24"]),
    ("CDASI A/D 24/3", ["CDASI-A 24", "CDASI-D 3"]),
    ("CDASI: 24 (activity) / 3 (damage)", ["CDASI-A 24", "CDASI-D 3"]),
    ("CDASI 24/100 activity", ["CDASI-A 24 of 100"]),
    ("CDASI-activity score was 19 on 10/2/24", ["CDASI-A 19 @2024-10-02"]),
    ("CDASI-D: 6", ["CDASI-D 6"]),
    ("CDASI 17", ["CDASI-A 17"]),
    ("CDASI 24 -> 9", ["CDASI-A 24 old", "CDASI-A 9"]),
    ("HAQ 1.25", ["HAQ 1.25 of 3"]),
    ("HAQ-DI: 1.25", ["HAQ 1.25 of 3"]),
    ("HAQ-DI 0.875 (prior 1.5)", ["HAQ 0.875 of 3", "HAQ 1.5 of 3 old"]),
    ("CHAQ 2.125", ["CHAQ 2.125 of 3"]),
    ("C-HAQ 0", ["CHAQ 0 of 3"]),
    ("CHAQ score of 1,5", ["CHAQ 1.5 of 3"]),
    ("PhGA 6", ["PhGA 6 of 10"]),
    ("PhGA 6.2/10", ["PhGA 6.2 of 10"]),
    ("PhGA 62/100", ["PhGA 62 of 100"]),
    ("MD global 4 cm", ["PhGA 4 of 10"]),
    ("physician global activity: 5", ["PhGA 5 of 10"]),
    ("physician global assessment 5/10, patient global 7/10", ["PhGA 5 of 10", "PtGA 7 of 10"]),
    ("PGA 4, PtGA 6", ["PtGA 6 of 10"]),
    ("parent global 3.5", ["PtGA 3.5 of 10"]),
    ("ECOG 1", ["ECOG 1 of 4"]),
    ("ECOG PS: 2", ["ECOG 2 of 4"]),
    ("ECOG performance status 0-1", ["ECOG 0..1 of 4"]),
    ("ECOG performance status of 3", ["ECOG 3 of 4"]),
    ("KPS 80", ["KPS 80 of 100"]),
    ("Karnofsky 70%", ["KPS 70 of 100"]),
    ("ECOG must be 0-2", ["ECOG 0..2 of 4 hypothetical"]),
    ("eligible if ECOG <2", ["ECOG <2 of 4 hypothetical"]),
    ("HAQ not completed", []),
    ("HAQ to be done at 12 weeks", []),
]

TABLES = [
    (
        """
Measure     03/12/24   11/05/24
CDASI-A     28         12
HAQ-DI      1.75       0.88
PhGA        6          3
ECOG        2          1
""",
        [
            "CDASI-A 28 @2024-03-12",
            "CDASI-A 12 @2024-11-05",
            "HAQ 1.75 of 3 @2024-03-12",
            "HAQ 0.88 of 3 @2024-11-05",
            "PhGA 6 of 10 @2024-03-12",
            "PhGA 3 of 10 @2024-11-05",
            "ECOG 2 of 4 @2024-03-12",
            "ECOG 1 of 4 @2024-11-05",
        ],
    ),
]


def lung(finding: Finding) -> str:
    extra = [finding.attribute(name) for name in ("air", "effort") if finding.attribute(name)]
    return " ".join([value_words(finding), *extra])


LUNG_AND_HEART = [
    ("FVC 44%", ["FVC 44 %"]),
    ("FVC 1.8 L (44% predicted)", ["FVC 44 %"]),
    ("FVC 44 % pred, DLCO 38 % pred", ["FVC 44 %", "DLCO 38 %"]),
    ("FVC/DLCO 66/52", ["FVC 66 %", "DLCO 52 %"]),
    ("FVC 30-35%", ["FVC 30..35 %"]),
    ("FVC 72% -> 61% -> 55%", ["FVC 72 % old", "FVC 61 % old", "FVC 55 %"]),
    ("FVC 55% (was 72%)", ["FVC 55 %", "FVC 72 % old"]),
    ("PFTs 10/2/24: FVC 68, DLCO 49", ["FVC 68 % @2024-10-02", "DLCO 49 % @2024-10-02"]),
    ("FVC declined 12%", ["FVC"]),
    ("FVC 44,5 %", ["FVC 44.5 %"]),
    ("DLCO (Hb-corrected) 41%", ["DLCO 41 %"]),
    ("DLCO 12.4 mL/min/mmHg (48%)", ["DLCO 48 %"]),
    ("LVEF 55-60%", ["LVEF 55..60 %"]),
    ("EF 35%", ["LVEF 35 %"]),
    ("LVEF >55%", ["LVEF >55 %"]),
    ("TTE 9/3/24: LVEF 38 %", ["LVEF 38 % @2024-09-03"]),
    ("SpO2 91% on RA", ["SpO2 91 % room"]),
    ("SpO2 96% on 2 L NC", ["SpO2 96 % oxygen"]),
    ("SpO2 96%", ["SpO2 96 %"]),
    ("sats 88% RA with walking, 95% at rest", ["SpO2 88 % room exertion", "SpO2 95 % unstated"]),
    ("O2 sat 97 on room air", ["SpO2 97 % room"]),
    ("SpO2 goal >92%", []),
]


@pytest.mark.parametrize(("text", "expected"), STRENGTH)
def test_strength(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [value_words(f) for f in read(pipeline, text, "strength") if f.value is not None] == expected


@pytest.mark.parametrize(("text", "expected"), [*SCORES, *TABLES])
def test_score(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [value_words(f) for f in read(pipeline, text, "measure")] == expected


@pytest.mark.parametrize(("text", "expected"), LUNG_AND_HEART)
def test_lung_and_heart(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [lung(f) for f in read(pipeline, text, "pft", "echo", "vital")] == expected


@pytest.mark.parametrize(
    ("text", "flagged"), [("MMT 218/260", "yes"), ("MMT-8 131/150", ""), ("MMT8 70/80", "")]
)
def test_an_unusual_scale_is_marked(text: str, flagged: str, pipeline: Pipeline) -> None:
    assert [f.attribute("scale_unusual") for f in read(pipeline, text, "strength")] == [flagged]
