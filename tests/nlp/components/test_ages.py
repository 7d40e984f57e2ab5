from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("51 y.o. right-handed man", 51),
        ("a 73-year-old retired machinist", 73),
        ("He is a ten-year-old with JDM.", 10),
        ("forty-two year old woman", 42),
        ("HPI: 37F dental hygienist", 37),
        ("Ott, W   51 M     Collected 1/2/24", 51),
        ("Date: 04/02/2024         Age 13 y 8 m", 13),
        ("Name Ott, B  | 41 y | M | 86.2 kg", 41),
        ("HPI: 13yM with JDM", 13),
        ("19y7m, DM1 2014", 19),
        ("AGE/SEX: 75 y.o. M", 75),
        ("Mrs. Philippa Stone, 70\nSeen today.", 70),
        ("Mrs Bronwen Pugh, 45 years, primary school teacher", 45),
        ("Re: Bronwen PUGH, 45\n", 45),
        ("ID CLINIC\nMateo V., age 10. wk 7", 10),
    ],
)
def test_the_patients_age(text: str, years: int, pipeline: Pipeline) -> None:
    assert {f.value for f in read(pipeline, text, "age") if f.concept == "age"} == {float(years)}


@pytest.mark.parametrize(
    "text",
    [
        "JDM diagnosed at age 9.",
        "onset at 7 years old",
        "Sister is a 31-year-old nurse.",
        "FAMILY HISTORY: father 66 y.o., MI.",
        "on statin for 5 yrs, 60 pk-yr smoker",
        "T 99 F, HR 84",
        "BP 120/70 M",
        "a 16-year history of rash",
        "PATIENT PORTAL - MESSAGE 04/15/2026 10:44 PM",
        "DOSAGE 40 mg daily",
    ],
)
def test_other_ages_are_not_the_patients(text: str, pipeline: Pipeline) -> None:
    assert [f.text for f in read(pipeline, text, "age") if f.concept == "age"] == []


@pytest.mark.parametrize(
    "text", ["DOB 08/19/1972", "DOB: 8/19/72", "born 19 August 1972", "Date of birth: 1972-08-19"]
)
def test_date_of_birth(text: str, pipeline: Pipeline) -> None:
    found = [f for f in read(pipeline, text, "age") if f.concept == "birth_date"]

    assert [date.fromisoformat(f.attribute("birth_date")) for f in found] == [date(1972, 8, 19)]
