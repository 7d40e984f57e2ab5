from __future__ import annotations

import pytest
from support.reading import note

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.quotes import clause_around


def quote(pipeline: Pipeline, text: str, word: str) -> str:
    layout: Layout = pipeline.read(note(text))._.layout
    span = clause_around(layout, text.index(word), text.index(word) + len(word))
    return text[span.start : span.end]


LONG = (
    "She was seen in the clinic with her husband after a long drive from the coast; the TIF1-gamma antibody came back "
    "strongly positive at 112 units (positive above 30), and the rest of the panel, which was run twice, was negative."
)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("No rash. Jo-1 was positive in May. CK high.", "Jo-1", "Jo-1 was positive in May."),
        ("Lab   Result   Ref\nSRP Ab    POSITIVE   neg\nEJ    neg   neg", "SRP", "SRP Ab    POSITIVE   neg"),
        ("SRP ..... POS\nEJ ...... neg", "SRP", "SRP ..... POS"),
        (LONG, "TIF1-gamma", "the TIF1-gamma antibody came back strongly positive at 112 units"),
    ],
)
def test_a_quote_can_be_read_by_itself(text: str, word: str, expected: str, pipeline: Pipeline) -> None:
    assert quote(pipeline, text, word) == expected


def test_a_quote_of_a_long_text_without_stops_ends_with_words(pipeline: Pipeline) -> None:
    text = "word " * 100 + "Jo-1 " + "word " * 100

    found = quote(pipeline, text, "Jo-1")

    assert "Jo-1" in found
    assert len(found) <= 160
    assert set(found.split()) == {"word", "Jo-1"}
