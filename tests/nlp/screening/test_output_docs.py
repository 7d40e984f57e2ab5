"""The examples of docs/output.md are what the writers make of the sample charts, and every column of theirs is told."""

from __future__ import annotations

import re

import pytest
from support.finished_run import run_of_samples
from support.output_examples import examples, names_in, with_examples

from chartsift.nlp.screening.writers import WRITERS
from chartsift.nlp.screening.writers.fhir_terms import _TERMS
from chartsift.nlp.screening.writers.omop import CONCEPT_COLUMNS, CROSSWALK, NOTE_NLP


@pytest.fixture(scope="module")
def document(checkout) -> str:
    return (checkout / "docs" / "output.md").read_text(encoding="utf-8")


def section(document: str, title: str) -> str:
    return document.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def test_examples_are_true(document, tmp_path, pipeline):
    found = examples(run_of_samples(tmp_path / "out", pipeline))

    assert sorted(names_in(document)) == sorted(found)
    assert with_examples(document, found) == document, "run: python tests/support/output_examples.py"


def test_every_writer_is_told_of(document):
    shown = {name for line in re.findall(r"--format ([a-z,]+)", document) for name in line.split(",")}

    assert shown == set(WRITERS)


def test_every_column_of_omop_is_documented(document):
    text = section(document, "OMOP NOTE_NLP")

    names = {*NOTE_NLP.names, *CROSSWALK.names, *CONCEPT_COLUMNS}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_code_system_of_fhir_is_documented(document):
    text = section(document, "FHIR R4")

    assert {name for name in [*_TERMS, "criterion", "cohort"] if f"`{name}" not in text} == set()
