from __future__ import annotations

import pytest

from chartsift.nlp.text.units import to_canonical
from chartsift.nlp.text.values import number, read_value


@pytest.mark.parametrize(
    ("words", "value"),
    [("13,875", 13875.0), ("1.4", 1.4), ("0,53", 0.53), (".9", 0.9), ("1,234,567", 1234567.0)],
)
def test_printed_numbers(words: str, value: float) -> None:
    assert number(words) == value


@pytest.mark.parametrize(
    ("text", "value", "comparator", "unit", "flag", "low", "high"),
    [
        ("2,651   U/L   (39-308)   H", 2651.0, "=", "U/L", "H", 39.0, 308.0),
        ("<11 SI", 11.0, "<", "", "", None, None),
        ("134 H (<20)", 134.0, "=", "", "H", None, 20.0),
        (">200.0  (normal <20.0)", 200.0, ">", "", "", None, 20.0),
        ("4,812 (H) [30-223]", 4812.0, "=", "", "H", 30.0, 223.0),
        ("412 (ref 39-308 U/L)", 412.0, "=", "U/L", "", 39.0, 308.0),
        ("21.3    U/L   (<7.7)     H", 21.3, "=", "U/L", "H", None, 7.7),
        ("6   0-19", 6.0, "=", "", "", 0.0, 19.0),
    ],
)
def test_a_value_is_read_with_what_is_printed_beside_it(
    text: str, value: float, comparator: str, unit: str, flag: str, low: float | None, high: float | None
) -> None:
    reading = read_value(text, 0, len(text))

    assert reading is not None
    assert (reading.value, reading.comparator, reading.unit, reading.flag) == (value, comparator, unit, flag)
    assert (reading.ref_low, reading.ref_high) == (low, high)


@pytest.mark.parametrize(
    ("concept", "value", "unit", "canonical"),
    [
        ("CK", 35.2, "µkat/L", 2112.0),
        ("Hgb", 102, "g/L", 10.2),
        ("Hgb", 102, "", 10.2),
        ("platelets", 45_000, "/uL", 45.0),
        ("platelets", 251, "", 251.0),
        ("ALC", 150, "cells/uL", 0.15),
        ("creatinine", 88, "µmol/L", 0.995),
    ],
)
def test_units_become_canonical(concept: str, value: float, unit: str, canonical: float) -> None:
    assert to_canonical(concept, value, unit)[0] == pytest.approx(canonical, abs=0.01)
