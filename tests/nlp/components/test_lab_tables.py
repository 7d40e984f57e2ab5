"""Tables of laboratory values: dates in columns, dates in rows, one result column, and names as column heads."""

from __future__ import annotations

import pytest
from support.reading import read, value_words

from chartsift.nlp.pipeline import Pipeline

DATES_IN_COLUMNS = [
    (
        """
             03/12/24   06/10/24   09/30/24   11/18/24
CK           5,430 H    2,210 H    890 H      612 H
Aldolase     22.1       14.0       9.8        8.9
Hgb          11.2       11.8       --         12.1
""",
        [
            "CK 5430 U/L H @2024-03-12",
            "CK 2210 U/L H @2024-06-10",
            "CK 890 U/L H @2024-09-30",
            "CK 612 U/L H @2024-11-18",
            "aldolase 22.1 U/L @2024-03-12",
            "aldolase 14 U/L @2024-06-10",
            "aldolase 9.8 U/L @2024-09-30",
            "aldolase 8.9 U/L @2024-11-18",
            "Hgb 11.2 g/dL @2024-03-12",
            "Hgb 11.8 g/dL @2024-06-10",
            "Hgb 12.1 g/dL @2024-11-18",
        ],
    ),
    (
        """
| Test | Ref | 3/12/24 | 11/18/24 |
|------|-----|---------|----------|
| CK (U/L) | 39-308 | 5430 | 288 |
| Plt (K/uL) | 150-400 | 140 | 215 |
""",
        [
            "CK 5430 U/L H (39-308) @2024-03-12",
            "CK 288 U/L N (39-308) @2024-11-18",
            "platelets 140 10^9/L L (150-400) @2024-03-12",
            "platelets 215 10^9/L N (150-400) @2024-11-18",
        ],
    ),
    (
        """
Component\tLatest Ref Rng\t10/02/2024\t11/04/2024
CK\t26 - 192 U/L\t1,900 (H)\t612 (H)
Creatinine\t0.50 - 1.10 mg/dL\t0.71\t0.68
ALC\t0.90 - 3.20 x10(9)/L\t0.71 (L)\t1.02
""",
        [
            "CK 1900 U/L H (26-192) @2024-10-02",
            "CK 612 U/L H (26-192) @2024-11-04",
            "creatinine 0.71 mg/dL N (0.5-1.1) @2024-10-02",
            "creatinine 0.68 mg/dL N (0.5-1.1) @2024-11-04",
            "ALC 0.71 10^9/L L (0.9-3.2) @2024-10-02",
            "ALC 1.02 10^9/L N (0.9-3.2) @2024-11-04",
        ],
    ),
    (
        """
Labor            04.09.2024   18.11.2024   Norm
CK (U/l)         5.430        612          < 190
Hb (g/dl)        11,2         12,4         12,0-16,0
Leukozyten (/nl) 6,2          7,1          4,0-10,0
""",
        [
            "CK 5430 U/L H (to 190) @2024-09-04",
            "CK 612 U/L H (to 190) @2024-11-18",
            "Hgb 11.2 g/dL L (12-16) @2024-09-04",
            "Hgb 12.4 g/dL N (12-16) @2024-11-18",
            "WBC 6.2 10^9/L N (4-10) @2024-09-04",
            "WBC 7.1 10^9/L N (4-10) @2024-11-18",
        ],
    ),
    (
        # the range and the unit stand before the dates
        """
Test        Units   Range      10/02    11/04
CK          U/L     39-308     1900 H   612 H
ALT         U/L     7-56       120 H    71 H
""",
        [
            "CK 1900 U/L H (39-308) @2024-10-02",
            "CK 612 U/L H (39-308) @2024-11-04",
            "ALT 120 U/L H (7-56) @2024-10-02",
            "ALT 71 U/L H (7-56) @2024-11-04",
        ],
    ),
    (
        # a row label with the range in brackets, a result that is missing, a value above the range of the assay
        """
LAB                     9/2024     10/2024    11/2024
CK [39-308 U/L]         >22,000    n/a        4,100
AST [8-40]              310        240        --
""",
        [
            "CK >22000 U/L H (39-308) @2024-09-30",
            "CK 4100 U/L H (39-308) @2024-11-20",
            "AST 310 U/L H (8-40) @2024-09-30",
            "AST 240 U/L H (8-40) @2024-10-31",
        ],
    ),
    (
        # times under the dates
        """
               11/17/24   11/18/24   11/19/24
               0600       0545       0610
CK             9800       7400       5100
Cr             1.4        1.2        1.0
""",
        [
            "CK 9800 U/L @2024-11-17",
            "CK 7400 U/L @2024-11-18",
            "CK 5100 U/L @2024-11-19",
            "creatinine 1.4 mg/dL @2024-11-17",
            "creatinine 1.2 mg/dL @2024-11-18",
            "creatinine 1 mg/dL @2024-11-19",
        ],
    ),
    (
        # date with time in the head
        """
Component         11/18/24 06:00   11/19/24 06:10
CK                7400 (H)         5100 (H)
Platelet Count    140 (L)          151
""",
        [
            "CK 7400 U/L H @2024-11-18",
            "CK 5100 U/L H @2024-11-19",
            "platelets 140 10^9/L L @2024-11-18",
            "platelets 151 10^9/L @2024-11-19",
        ],
    ),
    (
        """
Trend: CK
03/12/24: 5430
06/10/24: 2210
11/18/24: 612 H
""",
        ["CK 5430 U/L @2024-03-12", "CK 2210 U/L @2024-06-10", "CK 612 U/L H @2024-11-18"],
    ),
]

DATES_IN_ROWS = [
    (
        """
Date        CK       Aldolase   AST   ALT
03/12/24    5430 H   22.1       210   180
06/10/24    2,210    --         88    90
11/18/24    612      8.9        61    58
""",
        [
            "CK 5430 U/L H @2024-03-12",
            "aldolase 22.1 U/L @2024-03-12",
            "AST 210 U/L @2024-03-12",
            "ALT 180 U/L @2024-03-12",
            "CK 2210 U/L @2024-06-10",
            "AST 88 U/L @2024-06-10",
            "ALT 90 U/L @2024-06-10",
            "CK 612 U/L @2024-11-18",
            "aldolase 8.9 U/L @2024-11-18",
            "AST 61 U/L @2024-11-18",
            "ALT 58 U/L @2024-11-18",
        ],
    ),
    (
        """
| Date | CK (U/L) | Hgb | Plt |
|---|---|---|---|
| 10/02/24 | 1900 | 11.2 | 215 |
| 11/04/24 | 612 | | 198 |
""",
        [
            "CK 1900 U/L @2024-10-02",
            "Hgb 11.2 g/dL @2024-10-02",
            "platelets 215 10^9/L @2024-10-02",
            "CK 612 U/L @2024-11-04",
            "platelets 198 10^9/L @2024-11-04",
        ],
    ),
    (
        """
        WBC    Hgb    Plt    Cr
        6.2    11.8   240    0.7
""",
        ["WBC 6.2 10^9/L", "Hgb 11.8 g/dL", "platelets 240 10^9/L", "creatinine 0.7 mg/dL"],
    ),
    (
        """
             CK        ALD       LDH
Ref          39-308    <7.7      120-246
10/2/24      1900      11.0      410
11/4/24      612       8.0       300
""",
        [
            "CK 1900 U/L H (39-308) @2024-10-02",
            "aldolase 11 U/L H (to 7.7) @2024-10-02",
            "LDH 410 U/L H (120-246) @2024-10-02",
            "CK 612 U/L H (39-308) @2024-11-04",
            "aldolase 8 U/L H (to 7.7) @2024-11-04",
            "LDH 300 U/L H (120-246) @2024-11-04",
        ],
    ),
    (
        """
CK trend
10/02/2024  1,900
11/04/2024  612
""",
        ["CK 1900 U/L @2024-10-02", "CK 612 U/L @2024-11-04"],
    ),
]

ONE_RESULT = [
    (
        """
Test            Result   Flag   Units    Reference
CK, Total       612      H      U/L      39-308
Aldolase        7.1             U/L      1.5-8.1
Hemoglobin      10.9     L      g/dL     11.7-15.5
""",
        ["CK 612 U/L H (39-308)", "aldolase 7.1 U/L N (1.5-8.1)", "Hgb 10.9 g/dL L (11.7-15.5)"],
    ),
    (
        # the reference comes before the result
        """
Test          Reference    Result    Units
CK            39-308       612       U/L
LDH           120-246      410       U/L
Platelets     150-400      180       K/uL
""",
        ["CK 612 U/L H (39-308)", "LDH 410 U/L H (120-246)", "platelets 180 10^9/L N (150-400)"],
    ),
    (
        """
Test        Current    Previous    Ref
CK          612 H      1,900 H     39-308
AST         61         88          8-40
""",
        [
            "CK 612 U/L H (39-308)",
            "CK 1900 U/L H (39-308) old",
            "AST 61 U/L H (8-40)",
            "AST 88 U/L H (8-40) old",
        ],
    ),
    (
        """
Component     Value      Low    High    Unit
CK            612        39     308     U/L
Creatinine    0.71       0.5    1.1     mg/dL
""",
        ["CK 612 U/L H (39-308)", "creatinine 0.71 mg/dL N (0.5-1.1)"],
    ),
    (
        """
| Analyte | Value | Unit | Range | Flag |
|---|---|---|---|---|
| CK | 612 | U/L | 39-308 | H |
| Hb | 124 | g/L | 120-160 | |
""",
        ["CK 612 U/L H (39-308)", "Hgb 12.4 g/dL N (12-16)"],
    ),
    (
        # every cell on a line of its own, as text taken out of a PDF reads
        """
CK
612
U/L
39-308
H
Aldolase
7.1
U/L
1.5-8.1
""",
        ["CK 612 U/L H (39-308)", "aldolase 7.1 U/L N (1.5-8.1)"],
    ),
    (
        """
CREATINE KINASE ................ 612 H        (ref 39-308 U/L)
ALDOLASE ....................... 7.1          (ref 1.5-8.1 U/L)
AST ............................ <5           (ref 8-40 U/L)
""",
        ["CK 612 U/L H (39-308)", "aldolase 7.1 U/L N (1.5-8.1)", "AST <5 U/L L (8-40)"],
    ),
    (
        """
Component                    Value     Date
   CK                        612 (H)   11/04/2024
   HGB                       11.9 (L)  11/04/2024
   PLT                       301       10/28/2024
""",
        ["CK 612 U/L H @2024-11-04", "Hgb 11.9 g/dL L @2024-11-04", "platelets 301 10^9/L @2024-10-28"],
    ),
    (
        """
Date        Test       Result   Units
11/04/24    CK         612      U/L
11/04/24    ALT        71       U/L
10/02/24    CK         1900     U/L
""",
        ["CK 612 U/L @2024-11-04", "ALT 71 U/L @2024-11-04", "CK 1900 U/L @2024-10-02"],
    ),
    (
        """
2024-11-04,CK,612,U/L,39-308,H
2024-10-02,CK,1900,U/L,39-308,H
""",
        ["CK 612 U/L H (39-308) @2024-11-04", "CK 1900 U/L H (39-308) @2024-10-02"],
    ),
    (
        """
Lab Results
Component Value Date/Time
 CK 612 (H) 11/04/2024 08:15 AM
 AST 61 (H) 11/04/2024 08:15 AM
""",
        ["CK 612 U/L H @2024-11-04", "AST 61 U/L H @2024-11-04"],
    ),
    (
        """
LABS (collected 11/04/2024):
  CK        612 H
  AST       61
IMAGING: MRI 10/1/24
""",
        ["CK 612 U/L H @2024-11-04", "AST 61 U/L @2024-11-04"],
    ),
]

BESIDE_A_TABLE = [
    (
        # a line of another make right under a table is no row of it
        """
Component                     Result      Ref         Flag
SRP Ab, IP                    Negative    Negative
LDH                           410         120-246     H
CK trend: 11/2 13,870 | 11/4 12,960 (ref 39-308 U/L)
""",
        [
            "LDH 410 U/L H (120-246)",
            "CK 13870 U/L H (39-308) @2024-11-02",
            "CK 12960 U/L H (39-308) @2024-11-04",
        ],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [*BESIDE_A_TABLE, *DATES_IN_COLUMNS, *DATES_IN_ROWS, *ONE_RESULT]
)
def test_table(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert sorted(value_words(f) for f in read(pipeline, text, "lab")) == sorted(expected)
