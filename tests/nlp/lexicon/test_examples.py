"""Every example sentence of every vocabulary file, read by the real pipeline."""

from __future__ import annotations

from datetime import date

import pytest
from support.marked import parse_marked

from chartsift.nlp.lexicon.loader import load_concept_files
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Note

EXAMPLES = [(name, example) for name, file in load_concept_files().items() for example in file.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_example_is_read_as_marked(name: str, example: str, pipeline: Pipeline) -> None:
    marked = parse_marked(example)
    kinds = {concept.kind for concept in load_concept_files()[name].concepts}

    findings = pipeline.extract(Note("p", "n", date(2024, 6, 1), "", marked.text))

    found = sorted((f.start, f.end, f.concept, f.assertion) for f in findings if f.kind in kinds)
    assert found == sorted(marked.mentions), marked.text


def test_every_file_has_examples_of_each_kind() -> None:
    for name, file in load_concept_files().items():
        assert file.examples, f"{name} has no example"
