"""The day of a finding whose date runs ahead of its note."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("text", "kind", "day"),
    [
        ("Echo 05/2026: EF 62 %, normal.", "echo", DAY),
        ("CK 05/2026: 620 U/L.", "lab", DAY),
        ("ECG May 2026: QTc 430 ms.", "ecg", DAY),
        ("FVC 82 % in 2026.", "pft", DAY),
        # A month that is over runs to its end, and a full date stays as it is written.
        ("Echo 04/2026: EF 62 %, normal.", "echo", date(2026, 4, 30)),
        ("FVC 82 % in 2025.", "pft", date(2025, 12, 31)),
        ("CK 5/28/2026: 620 U/L.", "lab", date(2026, 5, 28)),
        ("CK 5/4/2026: 620 U/L.", "lab", date(2026, 5, 4)),
    ],
)
def test_a_result_of_this_month_or_year_is_not_later_than_its_note(
    text: str, kind: str, day: date, pipeline: Pipeline
) -> None:
    assert {f.date for f in read(pipeline, text, kind, day=DAY)} == {day}
