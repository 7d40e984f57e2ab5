"""The reader of strength and function: dates, sources and assertions."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline


def test_a_table_of_sums_gives_each_column_its_date(pipeline: Pipeline) -> None:
    text = (
        "Measure      03/12/24    11/05/24\nMMT-8        118/150     131/150\nCMAS         30          38\n"
    )

    found = read(pipeline, text, "strength")

    assert [(f.concept, f.value, f.date.isoformat()) for f in found] == [
        ("MMT", 118.0, "2024-03-12"),
        ("MMT", 131.0, "2024-11-05"),
        ("CMAS", 30.0, "2024-03-12"),
        ("CMAS", 38.0, "2024-11-05"),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("MMT-8 131/150 (3/5/24)", date(2024, 3, 5)),
        ("On 10/1/24 MMT-8 was 131/150.", date(2024, 10, 1)),
        ("MMT-8 131/150: delt 4/4, IP 4/4", date(2024, 11, 20)),
        ("Worse since 3/5/24, MMT-8 131/150", date(2024, 11, 20)),
    ],
)
def test_the_date_beside_a_sum(text: str, day: date, pipeline: Pipeline) -> None:
    assert next(f for f in read(pipeline, text, "strength") if f.concept == "MMT").date == day


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("At diagnosis MMT-8 was 98/150.", "historical"),
        ("At diagnosis 98, now MMT-8 of 140/150.", "present"),
        ("MMT-8 98/150 at diagnosis.", "historical"),
        ("EXAM: MMT-8 98/150", "present"),
    ],
)
def test_a_former_sum_is_history(text: str, assertion: str, pipeline: Pipeline) -> None:
    assert [f.assertion for f in read(pipeline, text, "strength")] == [assertion]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("EXAM: proximal weakness.", "exam"),
        ("HPI: proximal weakness.", "reported"),
        ("ROS: + weakness.", "ros"),
        ("ASSESSMENT: proximal weakness.", "assessment"),
    ],
)
def test_the_source_of_stated_weakness(text: str, source: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "strength")
    assert (found.concept, found.attribute("source")) == ("weakness", source)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("Reports proximal weakness.", "clear"),
        ("Reports generalized weakness.", "hint"),
        ("Reports fatigue and weakness.", "hint"),
        ("Reports weakness in his left hand.", "hint"),
    ],
)
def test_how_plain_stated_weakness_is(text: str, weight: str, pipeline: Pipeline) -> None:
    assert next(f for f in read(pipeline, text, "strength")).attribute("weight") == weight


def test_the_risks_of_an_operation_are_no_weakness(pipeline: Pipeline) -> None:
    (found,) = read(pipeline, "Risks include bleeding, stroke, numbness and weakness.", "strength")
    assert found.assertion == "hypothetical"


def test_a_template_says_so(pipeline: Pipeline) -> None:
    (found,) = read(pipeline, "ROS (template): no weakness.", "strength")
    assert (found.assertion, found.attribute("templated")) == ("absent", "yes")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Difficulty with rice since May.", True),
        ("Trouble with solids and pills.", True),
        ("Difficulty with food insecurity this year.", False),
        ("Difficulty with bread baking because of arthritis.", False),
        ("Trouble with pills because she forgets them.", False),
    ],
)
def test_trouble_with_food_is_dysphagia_only_where_it_does_not_go_down(
    text: str, found: bool, pipeline: Pipeline
) -> None:
    assert bool([f for f in read(pipeline, text, "function") if f.concept == "swallowing"]) == found


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("Exam: deltoids 3/5.\nToday: deltoids 5/5.", ["", "today"]),
        ("Motor: hip flexors 3/5 bilaterally. Now hip flexors 5/5.", ["", "today"]),
        ("Hip flexors 4/5. On today's exam, hip flexors were 5/5.", ["", "today"]),
        ("EXAM TODAY:\nDeltoids 5/5\nHip flexors 4/5", ["today", "today"]),
        ("Hip flexors 3/5, deltoids 5/5 today.", ["", "today"]),
        ("Deltoids 3/5 at diagnosis. Interval exam: deltoids 4/5.", ["", "today"]),
        ("Seen today.\nDeltoids 3/5.", [""]),
    ],
)
def test_a_grade_that_is_called_todays(text: str, moments: list[str], pipeline: Pipeline) -> None:
    assert [f.attribute("moment") for f in read(pipeline, text, "strength")] == moments
