"""General cues, on a kind that no reader refines: skin signs and diagnoses would hide a fault of the rules."""

from __future__ import annotations

import pytest
from support.reading import note

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import SPAN_GROUP
from chartsift.nlp.pipeline import Pipeline


def assertion(pipeline: Pipeline, text: str, word: str) -> str:
    doc = pipeline.read(note(text))
    for span in doc.spans[SPAN_GROUP]:
        if text[doc._.starts[span.start] : doc._.ends[span.end - 1]].lower().startswith(word.lower()):
            return assertion_of(span)[0]
    raise AssertionError(f"{word!r} is no concept in {text!r}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Polymyositis since 2019.", "present"),
        ("No evidence of polymyositis.", "absent"),
        ("She is negative for polymyositis.", "absent"),
        ("Polymyositis was ruled out.", "absent"),
        ("Polymyositis: no", "absent"),
        ("[ ] polymyositis", "absent"),
        ("[x] polymyositis", "present"),
        ("Polymyositis (-), lupus (+)", "absent"),
        ("Polymyositis (+)", "present"),
        ("Possible polymyositis.", "possible"),
        ("? polymyositis", "possible"),
        ("Cannot rule out polymyositis.", "possible"),
        ("Mother with polymyositis.", "family"),
        ("FAMILY HISTORY: polymyositis, diabetes", "family"),
        ("Denies lupus but has polymyositis.", "present"),
        ("No rash. Polymyositis stable.", "present"),
        ("No interval change in polymyositis.", "present"),
        ("Not only does he have polymyositis, he is weak.", "present"),
    ],
)
def test_general_reading(text: str, expected: str, pipeline: Pipeline) -> None:
    assert assertion(pipeline, text, "polymyositis") == expected


def test_a_sentence_is_a_hard_wall(pipeline: Pipeline) -> None:
    assert assertion(pipeline, "Father died. No cancer. Polymyositis active.", "polymyositis") == "present"
