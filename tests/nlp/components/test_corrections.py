"""What a note takes back further on: the assertions and attributes of its findings."""

from __future__ import annotations

from cProfile import Profile
from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.components import corrections
from chartsift.nlp.components.correction_cues import letters_in
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding


def first(pipeline: Pipeline, text: str, kind: str) -> Finding:
    return read(pipeline, text, kind)[0]


@pytest.mark.parametrize(
    ("text", "kind", "assertion"),
    [
        ("He has polymyositis.\nAddendum: the above was entered in error.", "diagnosis", "absent"),
        ("No polymyositis.\nAddendum: the above was entered in error.", "diagnosis", "possible"),
        (
            "He has polymyositis.\n\nLate entry: above note was written on the wrong patient.",
            "diagnosis",
            "family",
        ),
        (
            "He has polymyositis.\n\nHe fell.\nAddendum: the above statement was entered in error.",
            "diagnosis",
            "present",
        ),
        (
            "Heliotrope rash.\nAddendum: the above note was written on the wrong patient.",
            "skin",
            "family",
        ),
        ("Kidney transplant in 2012. Her medication list is incorrect.", "transplant", "present"),
        ("Please disregard prior mention of CAR T.", "car_t", "absent"),
        ("Home oxygen 2 L: this is false.", "oxygen", "absent"),
        ("Pneumonia: this entry is not true.", "infection", "absent"),
    ],
)
def test_assertion(text: str, kind: str, assertion: str, pipeline: Pipeline) -> None:
    assert first(pipeline, text, kind).assertion == assertion


def test_a_corrected_value_stays_beside_the_new_one(pipeline: Pipeline) -> None:
    old, own, new = read(
        pipeline, "CK 4,812 U/L (30-200).\nAddendum: CK reported as 4,812 should read 48.", "lab"
    )

    assert old.attribute("corrected") == own.attribute("corrected") == "should read"
    assert (new.text, new.value, new.unit, new.ref_high) == ("48", 48.0, "U/L", 200.0)


def test_a_corrected_result_of_an_antibody(pipeline: Pipeline) -> None:
    text = "Anti-MDA5 positive 134 units. Addendum: MDA5 was reported in error; corrected result negative."

    readings = [(f.assertion, bool(f.attribute("corrected"))) for f in read(pipeline, text, "antibody")]

    assert readings == [("absent", True), ("absent", True), ("absent", False)]


def test_a_statement_that_leaves_open_what_it_means_marks_as_doubtful(pipeline: Pipeline) -> None:
    text = "Kidney transplant 2012, on home oxygen.\n\nAddendum: part of the above is incorrect."

    assert first(pipeline, text, "transplant").attribute("doubtful") == "is incorrect"


@pytest.mark.parametrize(
    "unit",
    [
        "CAR T 2022. CAR T was entered in error. ",
        "Kidney transplant 2012. The above was entered in error. ",
        "FVC 38% pred.\nCorrection: FVC 83% pred.\n",
    ],
)
def test_work_grows_with_the_length_of_the_note(
    unit: str, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("_REACH", "_PARAGRAPH", "_ADDENDUM"):
        monkeypatch.setattr(corrections, limit, 500)

    def calls(length: int) -> int:
        doc = pipeline.nlp.make_doc(unit * (length // len(unit)))
        doc._.note_date = date(2024, 6, 10)
        for name, component in pipeline.nlp.pipeline:
            if name == "chartsift_corrections":
                profile = Profile()
                profile.runcall(component, doc)
                return sum(entry.callcount for entry in profile.getstats())
            doc = component(doc)
        raise AssertionError("no such component")

    assert calls(8_000) < 2.5 * calls(4_000)


def test_a_note_without_words_of_correction_is_left_after_one_look(pipeline: Pipeline) -> None:
    text = "Kidney transplant 2012. CAR T 2022.\nAddendum: seen with the resident."

    assert not letters_in(text)
    assert letters_in(f"{text} Entered in ERROR.")
