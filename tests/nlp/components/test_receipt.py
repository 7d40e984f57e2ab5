"""
Words that deny, correct or put off a treatment count only where they are said of it.

Each group holds sentences in which the same words are said of something else, and their true counterparts.
"""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.components.receipt_reach import is_said_of_the_mention
from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)


def _held(pipeline: Pipeline, text: str) -> list[str]:
    return [f.assertion for f in read(pipeline, text, "transplant", "car_t", day=DAY)]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Kidney transplant in 2012. Her medication list is incorrect.", "present"),
        ("Liver transplant 2010, and the tacrolimus dose in the referral was wrong.", "present"),
        ("Heart transplant 2015. The listed potassium was an error.", "present"),
        ("Kidney transplant in 2012 with a potassium of 6.5. That was an error.", "present"),
        ("Autologous transplant in 2019. It was a mistake to stop acyclovir so early.", "present"),
        ("Her problem list carries a bone marrow transplant in 2024. That is an error.", "absent"),
        ("The old chart lists a bone marrow transplant, which was entered in error.", "absent"),
        ('"Liver transplant" on the problem list is wrong, she has both.', "absent"),
        ("Kidney transplant (2012, City Hospital). This is an error.", "absent"),
        ('Listed as "s/p heart transplant" - auto-populated from the form.', "absent"),
        ("Kidney transplant in the summary: transcription error.", "absent"),
    ],
)
def test_an_error_is_of_the_entry_that_it_is_said_of(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (
            "Autologous stem cell transplant 2019 for myeloma. Rituximab was not infused today because of fever.",
            "present",
        ),
        ("Received Abecma in March 2021. A second product was manufactured but not infused.", "present"),
        ("She had CAR T in 2022 with CRS grade 1; today's IVIG was not infused because of fever.", "present"),
        ("CAR-T product could not be made, never infused.", "hypothetical"),
        ("CAR T cells were manufactured but not infused.", "hypothetical"),
        ("liso-cel: T-cell collection 3/11/21, product out of specification. Not infused.", "hypothetical"),
        ("Product for CAR T out of specification; it was not infused.", "hypothetical"),
    ],
)
def test_not_infused_is_said_of_the_product(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("CAR T completed March 2023, maintenance with rituximab was discussed.", "present"),
        ("Kidney transplant failed and peritoneal dialysis was offered.", "present"),
        ("CAR T cells given in 2023, booster dose was offered.", "present"),
        ("BMT performed as a child, late effects clinic was discussed.", "present"),
        ("ASCT relapse, salvage therapy was declined.", "present"),
        ("Stem cell transplant for AML at age 12, fertility counselling was offered.", "present"),
        ("ASCT for scleroderma was offered, she refused.", "hypothetical"),
        ("Stem cell transplant for scleroderma, she declined.", "hypothetical"),
        ("Autologous HSCT for MS was considered and not pursued.", "hypothetical"),
    ],
)
def test_what_is_refused_is_the_treatment_itself(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Liver transplant in 2013 and never required readmission.", "present"),
        ("CAR T in 2022, and has never required tocilizumab since.", "present"),
        ("Allo-SCT in 2010, never considered disabled.", "present"),
        ("Kidney transplant, never required dialysis since.", "present"),
        ("Kidney transplant 2009, dialysis never needed.", "present"),
        ("Lung transplant, never smoked.", "present"),
        ("Kidney transplant, never had a rejection.", "present"),
        ("Marrow transplant ......... never rec'd one.", "absent"),
        ("Bone marrow transplant? Nothing like that.", "absent"),
        ("Mom asks if a stem cell transplant is still to come - no, none done and none intended.", "absent"),
        ("Heart transplant, denies chest pain.", "present"),
        ("Kidney transplant (negative crossmatch), doing well.", "present"),
        ("Allo-SCT 2013 and rituximab was not given.", "present"),
        ("Liver transplant never needed.", "absent"),
        ("CAR-T was never needed for her CLL and I told her so.", "absent"),
        ("CAR-T: never.", "absent"),
        ("Kidney transplant: denies", "absent"),
        ("Bone marrow transplant was discussed with the family, never performed.", "absent"),
    ],
)
def test_a_denial_has_no_other_object(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]


def test_a_second_graft_that_was_never_needed_does_not_deny_the_first(pipeline: Pipeline) -> None:
    assert _held(pipeline, "Liver transplant 2013, never needed retransplant.") == ["present"]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("S/p liver transplant, protocol biopsy → no rejection.", "present"),
        ("Kidney transplant on tacrolimus -> no rejection.", "present"),
        ("Kidney transplant: 2012 → no episodes of rejection.", "present"),
        ("Kidney transplant -> no", "absent"),
        ('Q bone marrow transplant? "My corneas, both." -> no per PI', "absent"),
    ],
)
def test_an_arrow_and_no_is_an_answer_only_where_nothing_follows(
    pipeline: Pipeline, text: str, held: str
) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("between", "governs"),
    [
        (" in 2015 ", True),
        (" (2012, City Hospital) ", True),
        (" for scleroderma ", True),
        (" or allo-SCT were ", True),
        (" product was manufactured but ", True),
        (", and the dose ", False),
        (" 2019. Rituximab was ", False),
        (" failed and peritoneal dialysis ", False),
        (" in 2012 rituximab was ", False),
    ],
)
def test_what_may_stand_between_a_mention_and_its_verb(between: str, governs: bool) -> None:
    assert is_said_of_the_mention(between) is governs


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("We read about the patient in your letter, including her liver transplant in 2011.", "present"),
        ("I saw Mr. Doe on the ward, a man with a kidney transplant in 2012.", "present"),
        ("Today we saw a pleasant man who had a heart transplant in 2016.", "present"),
        ("She is a woman who received a kidney transplant in 2010.", "present"),
        ("Maria was her donor, and her kidney transplant works well.", "present"),
        ("He has a sister. She was his donor: marrow harvest 2019, and his BMT engrafted.", "present"),
        ("She was his donor: marrow harvest 2019, and his BMT engrafted.", "family"),
        ("The patient, whose mother has lupus, had a kidney transplant in 2016.", "present"),
        ("He met a man who had CAR-T for scleroderma.", "family"),
        ("In the waiting room a woman who had CAR-T told her about it.", "family"),
        ("She knows a woman with a kidney transplant.", "family"),
        ("I saw the video of the girl w/ lupus in Germany who got CAR-T.", "family"),
        ("She had read of the Tübingen patient with a stem cell transplant.", "family"),
        ("Her brother is anemic. Tamsin was his donor, and his bone marrow transplant engrafted.", "family"),
    ],
)
def test_whose_it_is(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Patient is convinced this stem cell transplant in 2015 cured her.", "present"),
        ("Her brother by phone is sure that she had a kidney transplant.", "present"),
        ("Her sister on the phone is equally sure that it was a liver transplant.", "possible"),
        ("The family insists it was a kidney transplant.", "possible"),
    ],
)
def test_an_opinion_on_what_the_operation_was_leaves_it_open(
    pipeline: Pipeline, text: str, held: str
) -> None:
    assert _held(pipeline, text) == [held]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Kidney transplant records were reviewed.", "present"),
        ("Double lung transplant history reviewed with the patient.", "present"),
        ("Kidney transplant biopsy is planned.", "present"),
        ("Kidney transplant, now a candidate for a new knee.", "present"),
        ("Bone marrow transplant, rituximab is planned.", "present"),
        ("Bone marrow transplant, rituximab planned.", "present"),
        ("Lung transplant - a topic only, much too early for a referral.", "hypothetical"),
        ("Kidney transplant, which was discussed again.", "hypothetical"),
        ("CAR T and its risks were reviewed.", "hypothetical"),
        ("The risks of kidney transplant were reviewed with the patient.", "hypothetical"),
    ],
)
def test_intent_is_of_the_treatment_itself(pipeline: Pipeline, text: str, held: str) -> None:
    assert _held(pipeline, text) == [held]
