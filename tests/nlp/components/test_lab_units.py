"""Units of laboratory values: written in many ways, missing, or of another analyte."""

from __future__ import annotations

import pytest
from support.reading import read, value_words

from chartsift.nlp.pipeline import Pipeline

WRITTEN = [
    ("CK 10.2 µkat/L", ["CK 612 U/L"]),
    ("CK 10,2 µkat/l (<2,9)", ["CK 612 U/L H (to 174)"]),
    ("S-CK 10.2 mikrokat/L", ["CK 612 U/L"]),
    ("ALT 1.1 ukat/L", ["ALT 66 U/L"]),
    ("CK 612 U/l", ["CK 612 U/L"]),
    ("CK 612 units per liter", ["CK 612 U/L"]),
    ("CK 612 u/L", ["CK 612 U/L"]),
    ("CK 612 IU / L", ["CK 612 U/L"]),
    ("Hgb 12.4 g/dL", ["Hgb 12.4 g/dL"]),
    ("Hb 124 g/L", ["Hgb 12.4 g/dL"]),
    ("Hb 7.7 mmol/L", ["Hgb 12.4078 g/dL"]),
    ("Hb 12,4 g/dl (12,0-16,0)", ["Hgb 12.4 g/dL N (12-16)"]),
    ("Hgb 124", ["Hgb 12.4 g/dL"]),
    ("Hgb 9.1 gm%", ["Hgb 9.1 g/dL"]),
    ("Plt 215 K/uL", ["platelets 215 10^9/L"]),
    ("Plt 215 K/µL (150-400)", ["platelets 215 10^9/L N (150-400)"]),
    ("Plt 215 x10^9/L", ["platelets 215 10^9/L"]),
    ("Plt 215 ×10⁹/L", ["platelets 215 10^9/L"]),
    ("Plt 215 10*9/L", ["platelets 215 10^9/L"]),
    ("Plt 215 x10(9)/L", ["platelets 215 10^9/L"]),
    ("Plt 215 10E9/L", ["platelets 215 10^9/L"]),
    ("Plt 215 x 10e3/uL", ["platelets 215 10^9/L"]),
    ("Plt 215 x10(3)/mcL", ["platelets 215 10^9/L"]),
    ("Plt 215 thou/mcL", ["platelets 215 10^9/L"]),
    ("Plt 215 k/cumm", ["platelets 215 10^9/L"]),
    ("Plt 215 Gpt/l", ["platelets 215 10^9/L"]),
    ("Plt 215 G/l", ["platelets 215 10^9/L"]),
    ("Plt 215 /nl", ["platelets 215 10^9/L"]),
    ("Thrombozyten 215 Tsd./µl (150-400)", ["platelets 215 10^9/L N (150-400)"]),
    ("Thrombozyten 215.000 /µl", ["platelets 215 10^9/L"]),
    ("Plt 215,000", ["platelets 215 10^9/L"]),
    ("Plt 215,000/uL", ["platelets 215 10^9/L"]),
    ("Platelets 215k", ["platelets 215 10^9/L"]),
    ("Plt 2.1 lakhs", ["platelets 210 10^9/L"]),
    ("Plt 2,15,000/cumm", ["platelets 215 10^9/L"]),
    ("WBC 6,200/mm3", ["WBC 6.2 10^9/L"]),
    ("WBC 6.2 x10^3/mm^3", ["WBC 6.2 10^9/L"]),
    ("Leukozyten 6,2 G/l", ["WBC 6.2 10^9/L"]),
    ("ALC 900", ["ALC 0.9 10^9/L"]),
    ("ALC 0.9", ["ALC 0.9 10^9/L"]),
    ("ALC 900 cells/uL", ["ALC 0.9 10^9/L"]),
    ("ALC 0.90 K/uL (1.0-4.8) L", ["ALC 0.9 10^9/L L (1-4.8)"]),
    ("Absolute lymphocytes 912 cells/mcL (850-3900)", ["ALC 0.912 10^9/L N (0.85-3.9)"]),
    ("Lymphs (absolute) 0.9 x10E3/uL 0.7-3.1", ["ALC 0.9 10^9/L N (0.7-3.1)"]),
    ("ANC 1.2", ["ANC 1.2 10^9/L"]),
    ("ANC 1200/uL", ["ANC 1.2 10^9/L"]),
    ("Neut # 1.2", ["ANC 1.2 10^9/L"]),
    ("Creatinine 0.7 mg/dL", ["creatinine 0.7 mg/dL"]),
    ("Creat 62 umol/L", ["creatinine 0.7012 mg/dL"]),
    ("Kreatinin 0,7 mg/dl", ["creatinine 0.7 mg/dL"]),
    ("Cr 62", ["creatinine 0.7012 mg/dL"]),
    ("Cr 1.1", ["creatinine 1.1 mg/dL"]),
    ("eGFR 88 mL/min/1.73m2", ["eGFR 88 mL/min"]),
    ("eGFR >60 mL/min/1.73 m²", ["eGFR >60 mL/min"]),
    ("eGFR (CKD-EPI 2021) 54", ["eGFR 54 mL/min"]),
    ("GFR est. 54 ml/min/1.73 m^2", ["eGFR 54 mL/min"]),
    ("CrCl 45 mL/min", ["eGFR 45 mL/min"]),
    ("T bili 0.6 mg/dL", ["bilirubin 0.6 mg/dL"]),
    ("Bilirubin total 10 µmol/L (<21)", ["bilirubin 0.5848 mg/dL N (to 1.22808)"]),
    ("INR 1.1", ["INR 1.1"]),
    ("CRP 12 mg/L", ["CRP 12 mg/L"]),
    ("CRP 1.2 mg/dL", ["CRP 12 mg/L"]),
    ("Albumin 38 g/L", ["albumin 3.8 g/dL"]),
]

MISSING = [
    # one reading is certain
    ("CK 612", ["CK 612 U/L"]),
    ("AST 88", ["AST 88 U/L"]),
    ("Hgb 11.2", ["Hgb 11.2 g/dL"]),
    ("Bili 0.6", ["bilirubin 0.6 mg/dL"]),
    # two readings are possible, so the unit stays unknown
    ("CK 12", ["CK 12"]),
    ("CK 12 (0.6-2.5)", ["CK 12 H (0.6-2.5)"]),
    ("LDH 6.1", ["LDH 6.1"]),
    ("Bilirubin 12", ["bilirubin 12"]),
    ("Creatinine 18", ["creatinine 18"]),
    ("CRP 4", ["CRP 4"]),
    ("Plt 2.1", ["platelets 2.1"]),
    ("ALC 12", ["ALC 12"]),
    # a percentage of the differential is no count
    ("Lymphs 25%, neutrophils 62%", []),
    ("Lymphocytes 25", []),
    ("Lymphs 25, neuts 62", []),
    ("Lymphocytes 25.1 % 20-40", []),
    ("Lymphocytes 1.4", ["ALC 1.4 10^9/L"]),
    ("Neutrophils 4.1 (2.0-7.5)", ["ANC 4.1 10^9/L N (2-7.5)"]),
    # a unit that the analyte is never measured in stays as written
    ("CK 6.1 ng/mL", ["CK 6.1 ng/mL"]),
]


@pytest.mark.parametrize(("text", "expected"), [*WRITTEN, *MISSING])
def test_unit(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [value_words(f) for f in read(pipeline, text, "lab")] == expected
