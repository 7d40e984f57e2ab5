"""Each example of ``oxygen.yaml``: oxygen for minutes is told from oxygen that stays."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.lexicon.loader import load_oxygen
from chartsift.nlp.pipeline import Pipeline

_EXAMPLES = load_oxygen().examples


@pytest.mark.parametrize(
    ("sentence", "is_brief"),
    [(one, True) for one in _EXAMPLES.brief] + [(one, False) for one in _EXAMPLES.not_brief],
)
def test_oxygen_for_minutes(pipeline: Pipeline, sentence: str, is_brief: bool) -> None:
    found = read(pipeline, sentence, "oxygen")

    assert found
    assert all((f.attribute("brief") == "yes") is is_brief for f in found)
