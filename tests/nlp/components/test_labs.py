from __future__ import annotations

from datetime import date

import pytest
from support.reading import NOTE_DAY, read

from chartsift.nlp.pipeline import Pipeline

Row = tuple[str, float | None, str, date]


def labs(pipeline: Pipeline, text: str) -> list[Row]:
    return [(f.concept, f.value, f.flag, f.date) for f in read(pipeline, text, "lab")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CK 2,651 U/L (39-308) H", [("CK", 2651.0, "H", NOTE_DAY)]),
        ("The CK on October 4 is 1486 (30-200).", [("CK", 1486.0, "H", date(2024, 10, 4))]),
        ("CK on 8/29 already 204 (55-370).", [("CK", 204.0, "N", date(2024, 8, 29))]),
        ("CK (10/28) was 88.", [("CK", 88.0, "", date(2024, 10, 28))]),
        ("AST/ALT 88/71", [("AST", 88.0, "", NOTE_DAY), ("ALT", 71.0, "", NOTE_DAY)]),
        ("CK 25 ULN 200", [("CK", 25.0, "N", NOTE_DAY)]),
        ("CK: 2.5x ULN", [("CK", 2.5, "H", NOTE_DAY)]),
        (
            "CK wnl, aldolase and LDH normal.",
            [("CK", None, "N", NOTE_DAY), ("aldolase", None, "N", NOTE_DAY), ("LDH", None, "N", NOTE_DAY)],
        ),
        ("elevated CK and aldolase", [("CK", None, "H", NOTE_DAY), ("aldolase", None, "H", NOTE_DAY)]),
        ("Her CKs ran in the 3000s.", [("CK", 3000.0, "", NOTE_DAY)]),
        ("Recheck CK 3 mo. CK pending.", []),
        ("CK 35,2 µkat/L (<2,9)", [("CK", 2112.0, "H", NOTE_DAY)]),
        (
            "CBC of 11/4: WBC 6.8, Hgb 12.9",
            [("WBC", 6.8, "", date(2024, 11, 4)), ("Hgb", 12.9, "", date(2024, 11, 4))],
        ),
        (
            "CK 4,812 (H) [30-223] 10/02  |  CK 198 [30-223] 11/14",
            [("CK", 4812.0, "H", date(2024, 10, 2)), ("CK", 198.0, "N", date(2024, 11, 14))],
        ),
        ("CK (39-308 U/L): 2,651", [("CK", 2651.0, "H", NOTE_DAY)]),
        ("CK 3 410 U/L (normal 30-185)", [("CK", 3410.0, "H", NOTE_DAY)]),
        (
            "CPK 2,340 (N < 190) | Plt 3.4 lakh",
            [("CK", 2340.0, "H", NOTE_DAY), ("platelets", 340.0, "", NOTE_DAY)],
        ),
        (
            "ck 388 (36-160), ast 44, ck normal last year",
            [
                ("CK", 388.0, "H", NOTE_DAY),
                ("AST", 44.0, "", NOTE_DAY),
                ("CK", None, "N", date(2023, 11, 21)),
            ],
        ),
        ("CK, TOTAL      64 U/L    26-192", [("CK", 64.0, "N", NOTE_DAY)]),
        ("CK **145** (ref <190)", [("CK", 145.0, "N", NOTE_DAY)]),
        ("CK 410 U/L [H]", [("CK", 410.0, "H", NOTE_DAY)]),
        ("CK [U/L] ..... 612 H (ref 20-180)", [("CK", 612.0, "H", NOTE_DAY)]),
        (
            "creatine kinase on May 28 was 1,900 units (normal to 170)",
            [("CK", 1900.0, "H", date(2024, 5, 28))],
        ),
        (
            "CK 366 U/L (normal below 190), aldolase 12.1 (below 8.6)",
            [("CK", 366.0, "H", NOTE_DAY), ("aldolase", 12.1, "H", NOTE_DAY)],
        ),
        ("CK7 and CK20 positive, CK-MB 4", []),
    ],
)
def test_values_in_prose_and_lists(text: str, expected: list[Row], pipeline: Pipeline) -> None:
    assert labs(pipeline, text) == expected


def test_the_earlier_members_of_a_series_are_marked(pipeline: Pipeline) -> None:
    found = read(pipeline, "CK 9562 > 2198 at one month. Hgb fell from 12.1 to 9.4.", "lab")

    assert [(f.concept, f.value, f.attribute("superseded")) for f in found] == [
        ("CK", 9562.0, "yes"),
        ("CK", 2198.0, ""),
        ("Hgb", 12.1, "yes"),
        ("Hgb", 9.4, ""),
    ]


TABLES = {
    "spaces": """
LABS            11/11     11/13    11/15     ref
CK              2,204 H   --       1,988 H   39-308
""",
    "dot leaders": """
LABS            11/11     11/13    11/15     ref
CK ............ 2,204 H   --       1,988 H   39-308
""",
    "pipes": """
Lab | 11/11/24 | 11/13/24 | 11/15/24 | Ref
CK | 2,204 H | | 1,988 H | 39-308
""",
}


def test_a_table_with_one_date_and_a_result_column(pipeline: Pipeline) -> None:
    text = "LAB (11/10/24)        RESULT      REF\n CPK .............. 1,904 H      55-170\n PLT .............. 188          150-400\n"

    found = read(pipeline, text, "lab")

    assert [(f.concept, f.value, f.ref_high, f.date) for f in found] == [
        ("CK", 1904.0, 170.0, date(2024, 11, 10)),
        ("platelets", 188.0, 400.0, date(2024, 11, 10)),
    ]


def test_a_row_that_ends_in_its_own_date(pipeline: Pipeline) -> None:
    text = "Component     Value      Range            Date\nCK Total      612 (H)    26 - 192 U/L     10/01/2024\nPlatelets     301        140 - 400        10/01/2024\n"

    found = read(pipeline, text, "lab")

    assert [(f.concept, f.value, f.ref_high, f.date) for f in found] == [
        ("CK", 612.0, 192.0, date(2024, 10, 1)),
        ("platelets", 301.0, 400.0, date(2024, 10, 1)),
    ]


@pytest.mark.parametrize("layout", TABLES)
def test_the_columns_of_a_table_are_dates(layout: str, pipeline: Pipeline) -> None:
    found = read(pipeline, TABLES[layout], "lab")

    assert [(f.value, f.flag, f.ref_high, f.date) for f in found] == [
        (2204.0, "H", 308.0, date(2024, 11, 11)),
        (1988.0, "H", 308.0, date(2024, 11, 15)),
    ]


def test_a_reference_range_is_never_a_value(pipeline: Pipeline) -> None:
    found = read(pipeline, "CK (39-308 U/L): pending\nLDH ref 120-250\n", "lab")

    assert found == []


def test_a_relatives_value_is_not_the_patients(pipeline: Pipeline) -> None:
    found = read(pipeline, "The sister is 31 and has a CK of 5,600.", "lab")

    assert [f.assertion for f in found] == ["family"]
