"""The words of readers that read by pattern: each that is told as looked for is read."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.lexicon.loader import load_pattern_words
from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(known.kind, known.probe.replace("{}", word)) for known in load_pattern_words() for word in known.words],
)
def test_a_word_that_is_told_as_looked_for_is_read(pipeline: Pipeline, kind: str, sentence: str) -> None:
    wanted, _, concept = kind.partition("/")

    found = read(pipeline, sentence, wanted)

    assert [f for f in found if not concept or f.concept == concept]
