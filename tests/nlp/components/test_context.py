"""
General cues as the assertion of a finding, on a kind that no reader refines: diagnoses would hide a fault of the rules.

Each axis by itself, for any words: ``tests/nlp/test_read_context.py``.
"""

from __future__ import annotations

import pytest
from support.reading import note

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import SPAN_GROUP, Mention, sense_of
from chartsift.nlp.components.context import Context
from chartsift.nlp.components.passages import NoteFacts, Passages
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text.tokens import source_range


def assertion(pipeline: Pipeline, text: str, word: str) -> str:
    doc = pipeline.read(note(text))
    for span in doc.spans[SPAN_GROUP]:
        if text[doc._.starts[span.start] : doc._.ends[span.end - 1]].lower().startswith(word.lower()):
            return assertion_of(span)[0]
    raise AssertionError(f"{word!r} is no concept in {text!r}")


GENERAL = [
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
]
# Numbers of words and of mentions, bullets, brackets, words on both sides, and a cue that goes on in the next sentence.
FURTHER = [
    "Polymyositis, nil new today, and nil lupus.",
    "Polymyositis vs lupus vs dermatomyositis as of today with gout and asthma.",
    "Neg so far today and again on the second and third repeat of it all for polymyositis.",
    "Lupus (cultures negative), polymyositis (negative).",
    "Polymyositis? Lupus ? gout",
    "Polymyositis no\n\nevidence of lupus",
    "No history\n  of polymyositis. Lupus denied.",
    "She isnʼt known to have polymyositis; doesn’t have lupus.",
    "If she has polymyositis and has lupus, the sister remains well.",
    "  No change in vision, polymyositis or change in hearing.",
]


@pytest.mark.parametrize(("text", "expected"), GENERAL)
def test_general_reading(text: str, expected: str, pipeline: Pipeline) -> None:
    assert assertion(pipeline, text, "polymyositis") == expected


def test_a_sentence_is_a_hard_wall(pipeline: Pipeline) -> None:
    assert assertion(pipeline, "Father died. No cancer. Polymyositis active.", "polymyositis") == "present"


def test_words_in_both_directions_go_by_what_stands_beside_them(pipeline: Pipeline) -> None:
    assert assertion(pipeline, "Resolved polymyositis, gout.", "polymyositis") == "historical"
    assert assertion(pipeline, "Gout resolved, polymyositis active.", "polymyositis") == "present"


@pytest.mark.parametrize("text", [*(text for text, _ in GENERAL), *FURTHER])
def test_cues_found_without_tokens_are_those_of_the_doc(text: str, pipeline: Pipeline) -> None:
    doc = pipeline.read(note(text))
    spans = doc.spans[SPAN_GROUP]
    context = pipeline.nlp.get_pipe("chartsift_context")
    assert isinstance(context, Context)
    starts, ends = doc._.starts, doc._.ends

    held = Passages(
        NoteFacts(doc._.layout, doc._.note_date),
        [Mention(*source_range(span), len(span), sense_of(span)) for span in spans],
    )
    context.link_mentions(doc._.layout, held.spans[SPAN_GROUP])

    assert len(spans) > 0
    for span, mention in zip(spans, held.spans[SPAN_GROUP], strict=True):
        expected = [
            ((starts[one.modifier_span[0]], ends[one.modifier_span[1] - 1]), one.category)
            for one in span._.modifiers
        ]
        found = [(one.modifier_span, one.category) for one in mention._.modifiers]
        # The first cue counts; of the categories of one cue none is first.
        assert [place for place, _ in found] == [place for place, _ in expected]
        assert sorted(found) == sorted(expected)
