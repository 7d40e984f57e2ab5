"""A label inside of a line of another label holds its paragraph, and no more of the note."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

LETTER = """\
Treatment: prednisolone 12.5 mg. Past: methotrexate (mouth ulcers).

Her skin has never settled: Gottron's papules over four knuckles.
"""


def test_a_label_in_line_ends_with_its_paragraph(pipeline: Pipeline) -> None:
    sections = {f.text: f.section for f in read(pipeline, LETTER)}
    assert sections["methotrexate"] == "past_history"
    assert sections["Gottron's papules"] != "past_history"


@pytest.mark.parametrize("head", ["PAST HISTORY:\n", "1. Past history:\n"])
def test_a_label_that_opens_its_line_holds_what_follows(head: str, pipeline: Pipeline) -> None:
    found = read(pipeline, f"{head}Appendectomy.\n\nKidney transplant.", "transplant")
    assert [f.section for f in found] == ["past_history"]
