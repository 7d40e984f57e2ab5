"""An infection in a list of problems, behind its day: one of late may go on, and is never taken for over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.screened import AS_OF, decide

from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("name", "days", "status"),
    [
        ("TB", 11, "unknown"),
        ("TB", 1_200, "not_met"),
        ("pneumonia", 11, "unknown"),
        ("pneumonia", 120, "not_met"),
        ("TB, on RHZE.", 11, "met"),
    ],
)
@pytest.mark.parametrize("gap", ["   ", "\t", " | "])
def test_an_entry_with_its_day(name: str, days: int, status: str, gap: str, pipeline: Pipeline) -> None:
    text = f"Problem list\n{AS_OF - timedelta(days)}{gap}{name}\n"

    assert decide(pipeline, "active_infection", [(0, text)]).status == status
