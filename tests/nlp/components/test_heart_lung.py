"""Measures of lung and heart: numbers with their dates and circumstances, and words without numbers."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding

KINDS = ("pft", "echo", "vital", "oxygen")


def values(found: list[Finding]) -> list[tuple[str, float | None, bool]]:
    """Return (concept, value, set aside by its own text)."""
    return [(f.concept, f.value, f.attribute("superseded") == "yes") for f in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FVC 79, DLCO 76.", [("FVC", 79, False), ("DLCO", 76, False)]),
        ("FVC/DLCO 66/62", [("FVC", 66, False), ("DLCO", 62, False)]),
        ("FVC 1.71 L (48 %), DLCO 31 %", [("FVC", 48, False), ("DLCO", 31, False)]),
        ("FVC 2.4 L/64% DLCO 14.2/58%", [("FVC", 64, False), ("DLCO", 58, False)]),
        ("FVC 61% -> 52% -> 44% pred", [("FVC", 61, True), ("FVC", 52, True), ("FVC", 44, False)]),
        ("FVC has fallen from 3.2 L (72 %) to 2.4 L (55 %)", [("FVC", 72, True), ("FVC", 55, False)]),
        ("LVEF 35-40%", [("LVEF", 35, False)]),
        ("EF 60 (was 52)", [("LVEF", 60, False), ("LVEF", 52, True)]),
        ("LVEF 34 % (ref >= 55)", [("LVEF", 34, False)]),
        ("Ejection fraction improved from 25% to 55%", [("LVEF", 25, True), ("LVEF", 55, False)]),
        ("FEV1/FVC 0.84, FVC 2.4 L", []),
        ("His FVC declined by 12% in 6 months.", [("FVC", None, False)]),
    ],
)
def test_numbers_in_prose(
    text: str, expected: list[tuple[str, float | None, bool]], pipeline: Pipeline
) -> None:
    assert values(read(pipeline, text, *KINDS)) == expected


def test_a_table_gives_each_value_the_date_of_its_column(pipeline: Pipeline) -> None:
    text = (
        "             10/2/24  %      3/12/24  %      9/2023 %\n"
        "FVC   L       2.41    57       2.71    64        68\n"
        "DLCO          11.9    47       13.2    52        56\n"
    )

    found = read(pipeline, text, "pft")

    assert [(f.concept, f.value, f.date) for f in found] == [
        ("FVC", 57, date(2024, 10, 2)),
        ("FVC", 64, date(2024, 3, 12)),
        ("FVC", 68, date(2023, 9, 30)),
        ("DLCO", 47, date(2024, 10, 2)),
        ("DLCO", 52, date(2024, 3, 12)),
        ("DLCO", 56, date(2023, 9, 30)),
    ]


def test_a_single_percent_column_belongs_to_the_newest_date(pipeline: Pipeline) -> None:
    text = (
        "PFT ........ 07/2022 | 02/2023 | 09/10/24 | % pred\nFVC (L) .... 2.88    | 3.21    | 3.19     | 66\n"
    )

    (found,) = read(pipeline, text, "pft")

    assert (found.value, found.date) == (66, date(2024, 9, 10))


def test_a_date_behind_a_pair_holds_for_both(pipeline: Pipeline) -> None:
    found = read(pipeline, "PFTs: FVC 44, DLCO 38 (2019); 78 and 71 today", "pft")

    assert [(f.concept, f.value, f.date.year) for f in found] == [
        ("FVC", 44, 2019),
        ("DLCO", 38, 2019),
        ("FVC", 78, 2024),
        ("DLCO", 71, 2024),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sat 97% on room air", [(97, "room", "")]),
        ("SpO2 94 % on 4 L (87 % when the cannula came off)", [(94, "oxygen", ""), (87, "room", "")]),
        (
            "98 % on room air at rest and 95 after six minutes of walking",
            [(98, "room", ""), (95, "", "exertion")],
        ),
        ("VS 37.0, 82, 106/62, 98% RA.", [(98, "room", "")]),
        ("Goal sat 88-92%. Keep SpO2 >92%.", []),
        ("He sat for 90 minutes. RA since 2010.", []),
    ],
)
def test_saturation(text: str, expected: list[tuple[float, str, str]], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "vital")

    assert [(f.value, f.attribute("air"), f.attribute("effort")) for f in found] == expected


@pytest.mark.parametrize(
    ("text", "assertion", "use"),
    [
        ("No home O2.", "absent", "none"),
        ("O2: 4 L rest, 6-8 L exertion", "present", "continuous"),
        ("Wears O2 with exertion.", "present", "exertion"),
        ("He uses oxygen 2 L at night only.", "present", "night"),
        ("Weaned off oxygen on 11/13.", "absent", "none"),
        ("Home oxygen evaluation ordered.", "hypothetical", "unstated"),
        ("HFNC for 19 days in January.", "historical", "continuous"),
        ("Chronic O2 (2 L) since March.", "present", "continuous"),
    ],
)
def test_oxygen_therapy(text: str, assertion: str, use: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "oxygen")

    assert (found.assertion, found.attribute("use")) == (assertion, use)


@pytest.mark.parametrize(
    ("text", "value"),
    [("NYHA I-II", 2), ("NYHA class III", 3), ("WHO FC III", 3), ("NYHA functional class IV", 4)],
)
def test_functional_class_is_the_worse_of_a_range(text: str, value: float, pipeline: Pipeline) -> None:
    assert [f.value for f in read(pipeline, text, "echo")] == [value]


def test_a_drug_for_something_else_does_not_treat_pulmonary_hypertension(pipeline: Pipeline) -> None:
    treated = read(pipeline, "PAH on macitentan.", "echo")
    other = read(pipeline, "sildenafil prn (ED, not PH)", "echo")

    assert [f.attribute("treated") for f in treated] == ["yes"]
    assert [f.assertion for f in other] == ["absent"]
