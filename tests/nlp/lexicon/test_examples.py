"""Every example sentence of every vocabulary file, read by the real pipeline; and how a misread one is told."""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.examples import EXAMPLE_DAY, Misread, misread_examples, parse_marked
from chartsift.nlp.lexicon.loader import load_concept_files
from chartsift.nlp.lexicon.schema import ConceptFile
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding, Note

EXAMPLES = [(name, example) for name, file in load_concept_files().items() for example in file.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_example_is_read_as_marked(name: str, example: str, pipeline: Pipeline) -> None:
    marked = parse_marked(example)
    kinds = {concept.kind for concept in load_concept_files()[name].concepts}

    findings = pipeline.extract(Note("p", "n", EXAMPLE_DAY, "", marked.text))

    found = sorted((f.start, f.end, f.concept, f.assertion) for f in findings if f.kind in kinds)
    assert found == sorted(marked.mentions), marked.text


def test_every_file_has_examples() -> None:
    for name, file in load_concept_files().items():
        assert file.examples, f"{name} has no example"


def file_with(*examples: str) -> dict[str, ConceptFile]:
    concepts = [{"concept": "EJ", "kind": "antibody", "terms": ["EJ"]}]
    return {"own.yaml": ConceptFile.model_validate({"concepts": concepts, "examples": list(examples)})}


def present(note: Note, *, kind: str = "antibody") -> list[Finding]:
    start = note.text.find("EJ")
    words = note.text[start : start + 2]
    return [Finding("p", "n", start, start + 2, words, kind, "EJ", "present", date(2024, 6, 1))]


def test_example_that_is_read_as_marked_is_not_told() -> None:
    assert misread_examples(file_with("[EJ]{EJ present} high"), present) == []


def test_findings_of_other_kinds_do_not_count() -> None:
    assert misread_examples(file_with("18G EJ"), lambda note: present(note, kind="vital")) == []


def test_misread_example_is_told_with_both_sides() -> None:
    misread = misread_examples(file_with("[EJ]{EJ present}", "anti-[EJ]{EJ absent} neg"), present)

    assert misread == [
        Misread("own.yaml", "examples.1", "anti-EJ neg", ("[EJ]{EJ absent}",), ("[EJ]{EJ present}",))
    ]
    assert str(misread[0]) == (
        "own.yaml: examples.1: not read: [EJ]{EJ absent}; read but not marked: [EJ]{EJ present}, "
        "in “anti-EJ neg”"
    )


@pytest.mark.parametrize("example", ["[EJ]{EJ}", "[EJ]{EJ  absent}", "[anti [EJ]]{EJ absent}"])
def test_mark_that_is_none_is_an_error(example: str) -> None:
    with pytest.raises(RuleError) as caught:
        misread_examples(file_with(example), present)

    assert caught.value.code == "RU204"
    assert "own.yaml: examples.0" in caught.value.message
