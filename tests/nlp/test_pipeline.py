"""Promises of the pipeline as a whole: exact spans on any text, and time that grows with the text and no faster."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reading import note

from chartsift.nlp.pipeline import Pipeline, build_pipeline

CLINICAL = [
    "Jo-1 positive", "anti-Mi-2α 88 (+++)", "CK 2,651 U/L (39-308) H", "dermatomyositis", "no prior CAR T", "s/p kidney transplant 2011",
    "Gottron’s papules", "MMT-8 131/150", "FVC 66 %, DLCO 62 %", "LVEF 60–65 %", "51 y.o. male", "DOB 08/19/1972", "prednisone 20 mg",
    "TMP-SMX DS MWF", "Cytoxan: nausea", "ALLERGIES: NKDA", "FAMILY HX: none", "ASSESSMENT", "SRP ..... neg", "PL-7 | PL-12 | EJ",
    "pneumonia resolved", "not a candidate for apheresis", "SpO2 98% RA", "EMG irritable", "MRI thighs STIR edema",
]  # fmt: skip
GLUE = [
    " ",
    "\n",
    "\r\n",
    "\t",
    ". ",
    "; ",
    "\xa0",
    "  ",
    "😀 ",
    "e\u0301",
    " | ",
    "\n\n",
    "İ",
    "ß",
    "\u200b",
    "ﬁ",
]

texts = st.lists(st.tuples(st.sampled_from(CLINICAL), st.sampled_from(GLUE)), max_size=30).map(
    lambda parts: "".join(words + glue for words, glue in parts)
)


@given(text=st.one_of(texts, st.text(max_size=120)))
@settings(max_examples=150)
def test_every_span_is_the_words_of_the_note(text: str, pipeline: Pipeline) -> None:
    for finding in pipeline.extract(note(text)):
        assert 0 <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.text
        start, end, words = finding.quoted()
        assert start <= finding.start < finding.end <= end
        assert text[start:end] == words


def test_a_span_may_cross_a_line_end(pipeline: Pipeline) -> None:
    text = "Seen for immune-mediated\r\n   necrotizing myopathy today."

    found = [f.text for f in pipeline.extract(note(text)) if f.kind == "diagnosis"]

    assert found == ["immune-mediated\r\n   necrotizing myopathy"]


def test_the_same_note_gives_the_same_findings(pipeline: Pipeline) -> None:
    text = "JDM, TIF1-g+. CK 612 H. No CAR T."

    assert pipeline.extract(note(text)) == build_pipeline().extract(note(text))


VISIT = (
    "HPI\n51 y.o. man with anti-Mi-2 positive dermatomyositis. CK 612 H (30-200) on 4/2. No rash, no CAR T, no fever.\n"
    "Walks with a cane; cannot rise from a chair. Prednisone 20 mg, IVIG monthly. Allergies: NKDA.\n"
    "EXAM\nMMT-8 131/150, deltoids 4, hip flexors 4-. SpO2 97% RA. FVC 88 %, LVEF 60 %.\n"
    "A/P\n1. DM, active. 2. HTN, at goal.\n\n"
)


def test_a_note_of_a_megabyte_goes_through(pipeline: Pipeline) -> None:
    text = VISIT * (1_000_000 // len(VISIT))

    findings = pipeline.extract(note(text))

    assert findings[-1].end > 0.99 * len(text)


@pytest.mark.parametrize(
    "unit", ["CK 612 H (30-200), ", "SRP ..... neg\n", "no CAR T, ", ". ", "CK, ", "(", " ", "\t", "DM  "]
)
def test_repetition_of_anything_goes_through(unit: str, pipeline: Pipeline) -> None:
    text = unit * (50_000 // len(unit))

    findings = pipeline.extract(note(text))

    assert all(text[f.start : f.end] == f.text for f in findings)


def test_a_note_twice_as_long_has_twice_the_findings(pipeline: Pipeline) -> None:
    once, twice = (len(pipeline.extract(note(VISIT * n))) for n in (20, 40))

    assert twice == 2 * once


def test_an_empty_note_has_no_findings(pipeline: Pipeline) -> None:
    assert pipeline.extract(note("")) == []
    assert pipeline.extract(note(" \r\n\t ")) == []
