"""
A transplant or CAR T that was had stays one, whatever else its sentence talks of: a missed one harms a patient.

Each table holds the neighbours that were not had. Of the first table, 37 of 46 sentences were read right before any rule
was changed for it.
"""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2026, 5, 1)

HAD = [
    "Too weak to travel, she had a kidney transplant in 2012 at her local hospital.",
    "He prefers mornings. Liver transplant 2015, on tacrolimus.",
    "She was unfit for surgery before her heart transplant in 2010 and has been well since.",
    "Met criteria for and underwent double lung transplantation in March 2019.",
    "Kidney transplant 2009, discussed at length; graft function stable.",
    "We discussed her kidney transplant from 2011, which still works.",
    "Patient prefers generic tacrolimus since renal transplant 2014.",
    "Her second kidney transplant was performed in 2016 after the first failed.",
    "Reserved about it, she finally told us of a liver transplant in 2007.",
    "She did not reject her kidney transplant of 2010.",
    "Never had problems with his liver transplant.",
    "PBSC rescue after BEAM 2016.",
    "Unfit for work since lung transplant 2018.",
    "Not a candidate for repeat transplant; first liver transplant 2009 still functioning.",
    "She would rather not speak of the kidney transplant she had in 2004.",
    "The lung transplant he got in 2017 still works.",
    "Would prefer her transplant clinic (lung tx 2018) to do the bloods.",
    "Prefers local bloods (kidney tx 04/2018).",
    "Was listed in 2018 and transplanted (bilateral lung) in 2019.",
    "Was evaluated, listed and transplanted (heart) in 2014.",
    "Mother of two, heart transplant recipient (2011).",
    "Married, mother of three. She had a kidney transplant in 2011.",
    "Father of a 4-year-old boy; liver transplant 2016.",
    "His own cells were returned on 12 December 2019.",
    "Her own stem\ncells were reinfused in 2012.",
    "Cord\nblood from an unrelated donor was infused in 2019.",
    "She was given her own collected cells back in 2019.",
    "She got her father's kidney and is well.",
    "Declined CAR T in 2021 but received it in 2023.",
    "Offered CAR T in March 2022 and received it in May 2022.",
    "She would prefer no more infusions after her CAR-T in 2022.",
    "Considered unfit for further chemo after CAR T in 2021.",
    "She had CAR T for lymphoma (2021) and then declined a second course.",
]
NOT_HAD = [
    "The kidney transplant she had hoped for never came.",
    "The kidney transplant she had planned was cancelled.",
    "Her mother of 80 years had a kidney transplant in 2010.",
    "The mother of two children who had a liver transplant in 2010 sat beside her.",
    "CAR T was discussed and she had it explained again.",
    "Offered CAR T (trial opens 2027).",
    "Considering a trial (CAR T, 2027).",
    "To be listed and transplanted (lung) in 2027.",
    "If listed and transplanted (lung) she would need a caregiver.",
    "Declined CAR T in 2021 and received rituximab instead.",
    "May accept albumin, will 'pray on' his own cells being returned.",
    "Donor search started; letermovir is to start after allo.",
    "KIDNEY TRANSPLANT ON THE PROBLEM LIST: NOT HERS.",
    "Has a new liver: lesion of 2 cm.",
]


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ('Medical alert bracelet reads "kidney transplant".', "possible"),
        ('Her bracelet says "BMT".', "possible"),
        ('The folder says "heart transplant 2012".', "present"),
    ],
)
def test_what_is_printed_on_a_thing_is_not_lost(pipeline: Pipeline, text: str, assertion: str) -> None:
    assert _assertions(pipeline, text) == {assertion}


def _assertions(pipeline: Pipeline, text: str) -> set[str]:
    return {f.assertion for f in read(pipeline, text, "transplant", "car_t", day=DAY)}


@pytest.mark.parametrize("text", HAD)
def test_what_was_had_is_told(pipeline: Pipeline, text: str) -> None:
    assert _assertions(pipeline, text) & {"present", "historical"}


@pytest.mark.parametrize("text", NOT_HAD)
def test_what_was_not_had_is_not_told(pipeline: Pipeline, text: str) -> None:
    assert not _assertions(pipeline, text) & {"present", "historical"}
