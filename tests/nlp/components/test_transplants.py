"""Transplants: several organs in one phrase, donors, clinics, and what the note names elsewhere."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)


def _held(pipeline: Pipeline, text: str) -> set[tuple[str, str]]:
    return {(f.concept, f.assertion) for f in read(pipeline, text, "transplant", day=DAY)}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (
            "No heart, liver, kidney or lung transplant.",
            {("heart", "absent"), ("liver", "absent"), ("kidney", "absent"), ("lung", "absent")},
        ),
        ("no history of bone marrow or organ transplantation", {("hct", "absent")}),
        ("Kidney and pancreas transplant in 2014", {("kidney", "present")}),
        ("Heart-lung transplant 1999", {("heart", "present"), ("lung", "present")}),
        ("No HCT or solid organ transplant.", {("hct", "absent")}),
        ("Transplant (kidney, 2010), stable", {("kidney", "present")}),
    ],
)
def test_organs_in_one_phrase(pipeline: Pipeline, text: str, held: set[tuple[str, str]]) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("BMT UNIT DISCHARGE SUMMARY\nAutologous HSCT on 3/12/2021.", {("hct", "present")}),
        ("LUNG TRANSPLANT CLINIC\nEvaluation visit, ILD.", {("lung", "hypothetical")}),
        ("Listed for lung transplant. No CAR-T before transplantation.", {("lung", "hypothetical")}),
        ("HLH gene panel negative, no transplant was done.", {("hct", "absent")}),
    ],
)
def test_clinics_and_unnamed_transplants_follow_the_note(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Allo-HSCT 2015, donor: brother.", {("hct", "present")}),
        ("Matched sibling BMT at age 5", {("hct", "present")}),
        ("Sister was the donor for her bone marrow transplant in 2001.", {("hct", "present")}),
        ("Received a kidney from his wife in 2016.", {("kidney", "present")}),
        ("Donated a kidney to his wife in 2016.", {("kidney", "family")}),
        ("History of living kidney donation (to brother).", {("kidney", "family")}),
        ("Awaiting a suitable kidney donor.", set()),
        ("The sister is 31. She had leukemia and was given a bone marrow transplant.", {("hct", "family")}),
    ],
)
def test_donors_and_recipients(pipeline: Pipeline, text: str, held: set[tuple[str, str]]) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Evaluated as a potential kidney recipient, not yet listed.", {("kidney", "hypothetical")}),
        (
            "She was screened as a heart recipient but improved and was not listed.",
            {("heart", "hypothetical")},
        ),
        ("She hopes to be a kidney recipient one day.", {("kidney", "hypothetical")}),
        ("Hopes to become a kidney transplant recipient.", {("kidney", "hypothetical")}),
        ("Heart recipient list discussed but she is not a candidate.", {("heart", "hypothetical")}),
        ("Clearance prior to more immunosuppression in heart recipient", {("heart", "present")}),
        ("She is a kidney recipient on tacrolimus.", {("kidney", "present")}),
        ("Kidney transplant recipient (2014), evaluated for a knee replacement.", {("kidney", "present")}),
    ],
)
def test_a_recipient_has_received_unless_the_role_is_to_come(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "concept", "counts"),
    [
        ("s/p R corneal transplant 2016", "cornea", "no"),
        ("ACL reconstruction with patellar tendon graft 1988", "bone-tendon", "no"),
        ("fecal microbiota transplant 8/28", "microbiota", "no"),
        ("Hair transplant (FUE) 2016", "hair", "no"),
        ("islet transplant 2019", "islet", "unclear"),
        ("Pancreas transplant alone 2012", "pancreas", "unclear"),
    ],
)
def test_other_tissues_say_whether_they_count(
    pipeline: Pipeline, text: str, concept: str, counts: str
) -> None:
    (found,) = read(pipeline, text, "graft_other", day=DAY)

    assert (found.concept, found.attribute("counts")) == (concept, counts)
    assert not read(pipeline, text, "transplant", day=DAY)


@pytest.mark.parametrize(
    "text",
    [
        'Bovine aortic valve ("cow valve", pt calls it his transplant).',
        "She refers to the hip prosthesis as her transplant.",
        "The so-called transplant was a hernia mesh.",
    ],
)
def test_a_name_for_something_else_is_no_transplant(pipeline: Pipeline, text: str) -> None:
    assert not read(pipeline, text, "transplant", "transplant_history", day=DAY)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "She is not a transplant candidate per the lung transplant team.",
            ["transplant", "lung transplant"],
        ),
        ("Post-transplant course after kidney tx uneventful", ["transplant", "kidney tx"]),
    ],
)
def test_a_bare_transplant_before_its_organ(pipeline: Pipeline, text: str, words: list[str]) -> None:
    assert [f.text for f in read(pipeline, text, "transplant", day=DAY)] == words
