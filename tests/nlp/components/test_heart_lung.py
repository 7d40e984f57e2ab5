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
        ("FVC 1.52 L (44 %), DLCO 33 %", [("FVC", 44, False), ("DLCO", 33, False)]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ECG: sinus rhythm, QTc 478 ms.", [(478, False)]),
        ("QT/QTc 380/442 ms", [(442, False)]),
        ("QTc (Bazett) 455", [(455, False)]),
        ("QTcF interval was borderline at 468 msec", [(468, False)]),
        ("QTc prolonged at 530, now 461", [(530, True), (461, False)]),
        ("QTc 512 -> 451 today", [(512, True), (451, False)]),
        ("corrected QT interval of 505 milliseconds", [(505, False)]),
        ("Hold ondansetron if QTc > 500.", []),
        ("Goal QTc <470 before azithromycin", []),
        ("HCQ can prolong QTc; 200 mg daily", []),
        ("QTc to be checked, CK 512", []),
    ],
)
def test_the_corrected_qt_interval(text: str, expected: list[tuple[float, bool]], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "ecg")

    assert [(f.value, f.attribute("superseded") == "yes") for f in found] == expected
    assert {f.unit for f in found} <= {"ms"}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("ECG 3/4/24: NSR, QTc 440", date(2024, 3, 4)),
        ("QTc 440 ms (3/4/24)", date(2024, 3, 4)),
        ("QTc 440 on 3/4/24", date(2024, 3, 4)),
        ("QTc 440. Echo 3/4/24 normal", date(2024, 11, 20)),
    ],
)
def test_the_day_of_a_qtc(text: str, day: date, pipeline: Pipeline) -> None:
    assert [f.date for f in read(pipeline, text, "ecg")] == [day]


def test_a_table_gives_each_value_the_date_of_its_column(pipeline: Pipeline) -> None:
    text = (
        "             10/4/24  %      4/11/24  %      8/2023 %\n"
        "FVC   L       1.92    51       2.20    58        63\n"
        "DLCO          10.1    43       12.0    50        55\n"
    )

    found = read(pipeline, text, "pft")

    assert [(f.concept, f.value, f.date) for f in found] == [
        ("FVC", 51, date(2024, 10, 4)),
        ("FVC", 58, date(2024, 4, 11)),
        ("FVC", 63, date(2023, 8, 31)),
        ("DLCO", 43, date(2024, 10, 4)),
        ("DLCO", 50, date(2024, 4, 11)),
        ("DLCO", 55, date(2023, 8, 31)),
    ]


def test_a_single_percent_column_belongs_to_the_newest_date(pipeline: Pipeline) -> None:
    text = (
        "PFT ........ 05/2021 | 05/2022 | 04/15/24 | % pred\nFVC (L) .... 2.10    | 2.25    | 2.31     | 61\n"
    )

    (found,) = read(pipeline, text, "pft")

    assert (found.value, found.date) == (61, date(2024, 4, 15))


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
        ("SpO2 95 % on 3 L (85 % once the cannula was off)", [(95, "oxygen", ""), (85, "room", "")]),
        (
            "96% on ambient air at rest and 92 after the hall walk",
            [(96, "room", ""), (92, "", "exertion")],
        ),
        ("T 36.9, 88, 118/70, 96% RA.", [(96, "room", "")]),
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
        ("O2: 3 L rest, 5 L exertion", "present", "continuous"),
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
    other = read(pipeline, "tadalafil for Raynaud, not PH", "echo")

    assert [f.attribute("treated") for f in treated] == ["yes"]
    assert [f.assertion for f in other] == ["absent"]


RESCUE = """\
1022 Throat tight, wheeze, hives. RN stopped infusion. BP 76/40, SpO2 86 %.
1024 Epinephrine 0.3 mg IM, O2 10 L mask.
"""


def test_oxygen_and_saturation_of_a_rescue_are_not_those_of_other_days(pipeline: Pipeline) -> None:
    found = read(pipeline, RESCUE, *KINDS)
    assert [(f.concept, f.assertion, f.attribute("effort")) for f in found] == [
        ("SpO2", "present", "reaction"),
        ("oxygen", "historical", ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Anaphylaxis to peanuts in 2010. SpO2 86 % on room air, on 4 L O2 at rest.",
        "Lidocaine with epinephrine used for the biopsy. SpO2 86 % on room air, on 4 L O2 at rest.",
        "On norepinephrine. SpO2 86 % on room air, on 4 L O2 at rest.",
    ],
)
def test_a_low_saturation_is_kept_beside_other_words_of_that_kind(text: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, *KINDS)
    assert {(f.concept, f.assertion, f.attribute("effort")) for f in found} == {
        ("SpO2", "present", ""),
        ("oxygen", "present", ""),
    }
