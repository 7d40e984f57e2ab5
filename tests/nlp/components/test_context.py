"""
General cues as the assertion of a finding, on a kind that no reader refines: diagnoses would hide a fault of the rules.

Each axis by itself, for any words: ``tests/nlp/test_read_context.py``.
"""

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
        ("The patient is negative for polymyositis.", "absent"),
        ("Polymyositis was ruled out.", "absent"),
        ("Polymyositis: no", "absent"),
        ("[ ] polymyositis", "absent"),
        ("[x] polymyositis", "present"),
        ("Polymyositis (-), lupus (+)", "absent"),
        ("Polymyositis (+)", "present"),
        ("Possible polymyositis.", "possible"),
        ("? polymyositis", "possible"),
        ("Cannot rule out polymyositis.", "possible"),
        ("We must rule polymyositis out.", "possible"),
        ("Biopsy ruled polymyositis out.", "absent"),
        ("Mother with polymyositis.", "family"),
        ("Her sister is 31 and has polymyositis.", "family"),
        ("FAMILY HISTORY: polymyositis, diabetes", "family"),
        ("Her roommate has polymyositis.", "family"),
        ("Denies lupus but has polymyositis.", "present"),
        ("No rash. Polymyositis stable.", "present"),
        ("No interval change in polymyositis.", "present"),
        ("Not only does he have polymyositis, he is weak.", "present"),
        ("Denies fever and has polymyositis.", "present"),
        ("Referred for polymyositis next month.", "hypothetical"),
        # a year of age is no "old" disease, and a past of the patient's list need not be over
        ("A 52-year-old man with polymyositis.", "present"),
        ("PMH: polymyositis, gout", "present"),
        ("History of polymyositis.", "historical"),
        ("Polymyositis resolved.", "historical"),
        ("Rituximab once polymyositis has resolved.", "present"),
        # a result has a subject of its own
        ("Polymyositis on MMF, cultures negative.", "present"),
        ("Polymyositis (cultures negative) on MMF.", "present"),
        ("PMH: polymyositis, gout neg.", "present"),
        ("Lupus, gout and polymyositis negative.", "absent"),
        # a cue of two categories does both
        ("No fever, s/p polymyositis.", "historical"),
    ],
)
def test_general_reading(text: str, expected: str, pipeline: Pipeline) -> None:
    assert assertion(pipeline, text, "polymyositis") == expected


def test_a_sentence_is_a_hard_wall(pipeline: Pipeline) -> None:
    assert assertion(pipeline, "Father died. No cancer. Polymyositis active.", "polymyositis") == "present"


def test_words_in_both_directions_go_by_what_stands_beside_them(pipeline: Pipeline) -> None:
    assert assertion(pipeline, "Resolved polymyositis, gout.", "polymyositis") == "historical"
    assert assertion(pipeline, "Gout resolved, polymyositis active.", "polymyositis") == "present"
