"""Dates of studies, the source of skin signs, and causes of raised enzymes."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import note, read

from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("text", "kind", "day", "undated"),
    [
        ("MRI thighs 10/28/24: STIR hyperintensity of the quads.", "imaging", date(2024, 10, 28), ""),
        ("10/28/24 MRI pelvis with muscle edema.", "imaging", date(2024, 10, 28), ""),
        ("MRI of the thighs in March 2023 showed muscle edema.", "imaging", date(2023, 3, 31), ""),
        ("Thigh MRI 09/2024 diffuse STIR signal.", "imaging", date(2024, 9, 30), ""),
        ("MRI thighs 10/28/24: muscle edema unchanged vs 5/24.", "imaging", date(2024, 10, 28), ""),
        ("MRI thighs had shown muscle edema.", "imaging", date(2024, 11, 20), "yes"),
        ("EMG done today: fibrillations in the deltoid.", "emg", date(2024, 11, 20), ""),
        ("EMG 2 years ago: fibrillations in the deltoid.", "emg", date(2022, 11, 21), ""),
        ("Muscle biopsy 6/2019: perifascicular atrophy.", "biopsy", date(2019, 6, 30), ""),
        ("Muscle biopsy was perifascicular atrophy.", "biopsy", date(2024, 11, 20), "yes"),
    ],
)
def test_the_date_of_a_study(text: str, kind: str, day: date, undated: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, kind)[0]

    assert (found.concept, found.attribute("undated")) == ("active", undated)
    assert abs((found.date - day).days) <= 200 if "years ago" in text else found.date == day


def test_a_report_is_of_its_own_day(pipeline: Pipeline) -> None:
    text = (
        "SURGICAL PATHOLOGY REPORT\nSpecimen: right quadriceps\nMICROSCOPIC: necrotic fibers are scattered.\n"
    )

    found = pipeline.extract(note(text, note_type="Surgical pathology"))

    assert [f.attribute("undated") for f in found if f.kind == "biopsy"] == [""]


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("AST/ALT elevation attributed to methotrexate.", {"AST", "ALT"}),
        ("Transaminases up, likely fatty liver.", {"AST", "ALT"}),
        ("LDH raised due to hemolysis.", {"LDH"}),
        ("CK 900 after a marathon.", {"CK"}),
        ("CK 900 from active myositis.", set()),
        ("LFTs are muscle; GGT normal.", set()),
        ("ALT rise unlikely due to methotrexate.", set()),
    ],
)
def test_another_cause_of_an_enzyme(text: str, concepts: set[str], pipeline: Pipeline) -> None:
    assert {f.concept for f in read(pipeline, text, "enzyme_cause")} == concepts


def test_the_rash_of_a_drug_is_no_sign(pipeline: Pipeline) -> None:
    assert read(pipeline, "Allergies: sulfa (rash)\n", "skin") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Depression in remission.", []),
        ("Gout flare last week.", []),
        ("Her dermatomyositis is in remission.", [("remission", "present")]),
        ("CR of the JDM, complete remission until 9/2023.", [("remission", "historical")]),
    ],
)
def test_the_state_of_the_myositis_only(text: str, wanted: list[tuple[str, str]], pipeline: Pipeline) -> None:
    assert [(f.concept, f.assertion) for f in read(pipeline, text, "disease_state")] == wanted


@pytest.mark.parametrize(
    ("text", "indication"),
    [
        ("Prednisone 40 mg for asthma.", "asthma"),
        ("Eczema treated with prednisone.", "eczema"),
        ("Rituximab for lymphoma in 2015.", "lymphoma"),
        ("Tacrolimus for the renal graft.", "graft"),
        ("IVIG for her dermatomyositis, 2 mg/kg.", ""),
        ("Infused 20 mg methotrexate.", ""),
    ],
)
def test_treatment_of_something_else(text: str, indication: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "treatment")
    assert found.attribute("indication") == indication


@pytest.mark.parametrize(
    ("text", "enzymes"),
    [
        ("AST 95 and ALT 120, from the liver, not muscle.", ["ALT", "AST"]),
        ("AST 95, ALT 120. The pattern is methotrexate, not muscle.", ["ALT", "AST"]),
        ("AST 95, ALT 120. Her pain is in the joints, not muscle.", []),
    ],
)
def test_enzymes_that_are_not_from_muscle(text: str, enzymes: list[str], pipeline: Pipeline) -> None:
    assert sorted(f.concept for f in read(pipeline, text, "enzyme_cause")) == enzymes
