"""Tables of lung function with a column for each measure and a row for each day."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

GAPS = """Pulmonary function
Date          FVC %     DLCO %
12/03/2022    48        38
07/15/2023    55        -
06/09/2024    57        46
SpO2 rest 96% RA"""
BARS = """| Date | FVC (% pred) | DLCO (% pred) |
|------|--------------|---------------|
| 03/2023 | 62 | 50 |
| 05/2024 | 44 L | 38 L |"""
LITRES = """Visit        FVC (L)   FVC %   DLCO %
03/05/2024   2.10      61      52
09/05/2024   1.80      53      44"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GAPS,
            [
                ("FVC", 48, "2022-12-03"),
                ("DLCO", 38, "2022-12-03"),
                ("FVC", 55, "2023-07-15"),
                ("FVC", 57, "2024-06-09"),
                ("DLCO", 46, "2024-06-09"),
            ],
        ),
        (
            LITRES,
            [
                ("FVC", 61, "2024-03-05"),
                ("DLCO", 52, "2024-03-05"),
                ("FVC", 53, "2024-09-05"),
                ("DLCO", 44, "2024-09-05"),
            ],
        ),
        # One row of words and another of numbers is no such table: the name stands in a sentence.
        ("We discussed FVC   and DLCO   today.\n06/09/2024    57    46", []),
        # A row without a date ends it.
        ("Date          FVC %     DLCO %\nLLN           80        75\n06/09/2024    57        46", []),
    ],
)
def test_columns(text: str, expected: list[tuple[str, float, str]], pipeline: Pipeline) -> None:
    found = [
        (f.concept, f.value, f.date.isoformat()) for f in read(pipeline, text, "pft") if f.value is not None
    ]

    assert found == expected


def test_columns_between_bars(pipeline: Pipeline) -> None:
    found = [(f.concept, f.value, f.date.year) for f in read(pipeline, BARS, "pft")]

    assert found == [("FVC", 62, 2023), ("DLCO", 50, 2023), ("FVC", 44, 2024), ("DLCO", 38, 2024)]
