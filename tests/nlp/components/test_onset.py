"""When a disease began: the times and ages that count, and those that date something else."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 11, 20)


@pytest.mark.parametrize(
    ("text", "concept", "first", "last"),
    [
        ("Weakness since March 2023.", "first_symptom", "2023-03-01", "2023-03-31"),
        (
            "In May 2024, three weeks into the season, a red scaly rash.",
            "first_symptom",
            "2024-05-01",
            "2024-05-31",
        ),
        ("Onset 02/21 with fever, arthritis and cough.", "first_symptom", "2021-02-01", "2021-02-28"),
        (
            "From October he noticed trouble getting off the seat.",
            "first_symptom",
            "2024-10-01",
            "2024-10-31",
        ),
        ("Noticed May that he could not get out of the boat.", "first_symptom", "2024-05-01", "2024-05-31"),
        (
            "It began in 2021 over some ten months, walking funny.",
            "first_symptom",
            "2021-01-01",
            "2021-12-31",
        ),
        ("Here for about four months of weakness.", "first_symptom", "2024-06-23", "2024-08-22"),
        ("Anti-HMGCR IMNM, dx 05/2021.", "diagnosed", "2021-05-01", "2021-05-31"),
        ("Juvenile dermatomyositis diagnosed last August.", "diagnosed", "2024-08-01", "2024-08-31"),
        ("Dx ASyS 03/21, Jo-1 positive.", "diagnosed", "2021-03-01", "2021-03-31"),
    ],
)
def test_times(text: str, concept: str, first: str, last: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "onset", day=DAY)

    assert [(f.concept, f.attribute("from"), f.attribute("to")) for f in found] == [(concept, first, last)]
    assert all(text[f.start : f.end] == f.text for f in found)


@pytest.mark.parametrize(
    ("text", "concept", "years"),
    [
        ("JDM, onset age 6.", "first_symptom", 6),
        ("Trouble with stairs noticed at age 6, JDM since.", "first_symptom", 6),
        ("JDM (diagnosed at 7, treatment resistant).", "diagnosed", 7),
        ("JDM dx'd at 9 yo.", "diagnosed", 9),
    ],
)
def test_ages(text: str, concept: str, years: float, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "onset", day=DAY)

    assert [(f.concept, f.value, f.unit) for f in found if f.value is not None] == [(concept, years, "years")]


@pytest.mark.parametrize(
    "text",
    [
        "Rash flared in March 2024.",
        "Weakness again since June 2024.",
        "No weakness since 2021.",
        "His sister began to have weakness in 2019.",
        "On prednisone for 5 years.",
        "Repeat CK in 3 months if weakness.",
        "Asthma diagnosed at 5; HIV dx 2009.",
        "Cough for two weeks with pneumonia in May 2023.",
        "FAMILY HISTORY: aunt with weakness since 2001.",
        "PLAN: if weakness by March 2025, MRI.",
        "Prednisone started 9/9/2024.",
    ],
)
def test_times_of_something_else(text: str, pipeline: Pipeline) -> None:
    assert read(pipeline, text, "onset", day=DAY) == []


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Juvenile-onset dermatomyositis, NXP2+.", ["juvenile_form"]),
        ("Adult-onset dermatomyositis.", ["adult_form"]),
        ("Adult-onset asthma. Dermatomyositis.", []),
    ],
)
def test_forms(text: str, concepts: list[str], pipeline: Pipeline) -> None:
    assert [f.concept for f in read(pipeline, text, "onset", day=DAY)] == concepts
