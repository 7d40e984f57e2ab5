"""Numbers near an analyte that are none of its values, and values that look like something else."""

from __future__ import annotations

import pytest
from support.reading import read, value_words

from chartsift.nlp.pipeline import Pipeline

NO_VALUE = [
    "CK was drawn at 0800 and again at 1400",
    "CK drawn at 1400",
    "CK checked 3 times",
    "CK three times a week",
    "CK (normal 39-308)",
    "CK in 2019 was high risk",
    "platelets 1 unit given",
    "Lymphs 12 (L) 20-40",
    "Lymphocytes %   25.1   20.0-40.0   %",
    "Creatine 612",
    "CK 3/5 visits",
    "CK q4 weeks",
    "CK x 3",
    "CK by 300",
    "the CK assay (lot 4471) failed",
]

VALUES = [
    ("CK 612, weight 62 kg, prednisone 40 mg daily", ["CK 612 U/L"]),
    ("CK 612; MMT 131/150; CMAS 38/52", ["CK 612 U/L"]),
    ("CK 612 HR 88 BP 120/80", ["CK 612 U/L"]),
    ("CK of 2019 U/L", ["CK 2019 U/L"]),
    # not the cytokeratin
    ("CK 20 µkat/L (0.6-2.9)", ["CK 1200 U/L H (36-174)"]),
    ("CK 2004 (H)", ["CK 2004 U/L H"]),
    ("CK 2019: 612", ["CK 612 U/L @2019-12-31"]),
    ("CK 1000s in 2019", ["CK ~1000 U/L @2019-12-31"]),
    ("CK remains in the 200-300 range", ["CK ~200..300 U/L"]),
    ("CK result: 612; ref: 39-308", ["CK 612 U/L H (39-308)"]),
    ("CK 612 (ref 39-308), up from 410 (ref 39-308)", ["CK 612 U/L H (39-308)", "CK 410 U/L H (39-308) old"]),
    ("CK (10/2) 1900, (11/4) 612", ["CK 1900 U/L @2024-10-02", "CK 612 U/L @2024-11-04"]),
    ("Hgb 12.1 (10.9 on 10/2)", ["Hgb 12.1 g/dL", "Hgb 10.9 g/dL @2024-10-02"]),
    ("Hgb 12.1 g/dL (nadir 7.2 in June)", ["Hgb 12.1 g/dL", "Hgb 7.2 g/dL @2024-06-30"]),
    ("transfused 2 units platelets, plt 12 -> 44", ["platelets 12 10^9/L old", "platelets 44 10^9/L"]),
    ("WBC 4.1 (N 65%, L 25%)", ["WBC 4.1 10^9/L"]),
    ("WBC 4.1 with 25% lymphs and 2% eos", ["WBC 4.1 10^9/L"]),
    ("CK 612 -> repeat in 2 wks", ["CK 612 U/L"]),
    ("CK 612 -> MTX 15 -> 300", ["CK 612 U/L"]),
    ("Labs 11/4: CK 612 (10/2: 1900)", ["CK 612 U/L @2024-11-04", "CK 1900 U/L @2024-10-02"]),
    ("CK 612 as of 11/4/24, 1,900 as of 10/2/24", ["CK 612 U/L @2024-11-04", "CK 1900 U/L @2024-10-02"]),
    ("CK today pending; last week 612", ["CK 612 U/L @2024-11-13"]),
    ("His CK has come down nicely from the 9,000s to 612", ["CK ~9000 U/L old", "CK 612 U/L"]),
    (
        "CK 9,562, 4,210, 2,198 and most recently 612",
        ["CK 9562 U/L old", "CK 4210 U/L old", "CK 2198 U/L old", "CK 612 U/L"],
    ),
    ("CK ~1.5-2x ULN", ["CK ~1.5..2 xULN H"]),
    ("CK WNL at 112", ["CK 112 U/L N"]),
    ("CK borderline at 210 (<200)", ["CK 210 U/L H (to 200)"]),
    ("CK: normal. Aldolase: 9.2 (H).", ["CK N", "aldolase 9.2 U/L H"]),
    ("His father's CK 400", ["CK 400 U/L family"]),
    ("mother has CK 88; his CK 612", ["CK 88 U/L family", "CK 612 U/L"]),
    ("CK goal <300, currently 612", ["CK 612 U/L"]),
    ("if ANC <1 hold MMF. ANC today 2.1", ["ANC <1 10^9/L hypothetical", "ANC 2.1 10^9/L @2024-11-20"]),
    ("aim for plt >50 before the procedure", ["platelets >50 10^9/L hypothetical"]),
    (
        "CBC: WBC 6.2 Hgb 11.8 Hct 35 MCV 88 Plt 240",
        ["WBC 6.2 10^9/L", "Hgb 11.8 g/dL", "platelets 240 10^9/L"],
    ),
    ("WBC 6.2 / Hgb 11.8 / Plt 240", ["WBC 6.2 10^9/L", "Hgb 11.8 g/dL", "platelets 240 10^9/L"]),
    ("ESR 45 CRP 2.1 mg/dL", ["ESR 45 mm/h", "CRP 21 mg/L"]),
    ("AST 88/ALT 71", ["AST 88 U/L", "ALT 71 U/L"]),
    ("AST-88, ALT-71", ["AST 88 U/L", "ALT 71 U/L"]),
    ("creatinine 0.8, creatine kinase 612", ["creatinine 0.8 mg/dL", "CK 612 U/L"]),
]


@pytest.mark.parametrize("text", NO_VALUE)
def test_no_value(text: str, pipeline: Pipeline) -> None:
    assert [value_words(f) for f in read(pipeline, text, "lab") if f.value is not None] == []


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_value(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [value_words(f) for f in read(pipeline, text, "lab")] == expected


@pytest.mark.parametrize(
    ("text", "ambiguous"),
    [
        ("CK 05/03/2024 612", "yes"),
        ("CK 28/03/2024 612", ""),
        ("Seen 28/10/2024. CK 05/03/2024 612", ""),
        ("CK 05.03.2024 612", ""),
    ],
)
def test_a_date_that_could_be_two_days_is_marked(text: str, ambiguous: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "lab")

    assert found.attribute("date_ambiguous") == ambiguous


@pytest.mark.parametrize(
    ("text", "when"), [("on POD 3 CK 1,400", "pod 3"), ("CK 420 on day +14", "day +14"), ("CK 420", "")]
)
def test_the_day_of_an_event_without_a_date_is_kept_in_words(
    text: str, when: str, pipeline: Pipeline
) -> None:
    (found,) = read(pipeline, text, "lab")

    assert (found.attribute("when"), found.date_source) == (when, "note")
