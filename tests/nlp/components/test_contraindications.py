"""Reactions and fitness where one sentence is not enough or two drugs share it; the rest stands in the vocabulary."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.components.reaction_words import read_reaction
from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)
CYC, FLU = "cyclophosphamide", "fludarabine"


def _held(pipeline: Pipeline, text: str) -> set[tuple[str, str]]:
    return {(f.concept, f.assertion) for f in read(pipeline, text, "contraindication", day=DAY)}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Never received cyclophosphamide or fludarabine.", {(CYC, "absent"), (FLU, "absent")}),
        ("No cyclophosphamide or fludarabine so far.", {(CYC, "absent"), (FLU, "absent")}),
        ("Flu/Cy tolerated without reaction.", {(CYC, "absent"), (FLU, "absent")}),
        ("fludarabine and cyclophosphamide were well tolerated", {(CYC, "absent"), (FLU, "absent")}),
        ("LD: fludarabine, Cytoxan. No reaction to either drug.", {(CYC, "absent"), (FLU, "absent")}),
        (
            "Cond: Flu 30 mg/m2 x5, Cy 60 mg/kg x2 - Flu: no rxn; Cy: anaphylactoid rxn, epi x1",
            {(FLU, "absent"), (CYC, "absent"), (CYC, "present")},
        ),
        ("Anaphylaxis after the first Flu/Cy day", {(CYC, "present"), (FLU, "present")}),
        ("Flu/Cy for ten cycles.", set()),
        ("Flu/Cy, could not dress for days.", set()),
        ("Flu/Cy: TEN in 2018.", {(CYC, "present"), (FLU, "present")}),
        ("Flu/Cy: DRESS in 2018.", {(CYC, "present"), (FLU, "present")}),
        ("FLU/CY TEN CYCLES.", set()),
        ("Flu/Cy given for ten days without a reaction.", {(CYC, "absent"), (FLU, "absent")}),
    ],
)
def test_two_drugs(pipeline: Pipeline, text: str, held: set[tuple[str, str]]) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Leukapheresis: venous access is open and good bilaterally.", {("leukapheresis", "absent")}),
        ("Leukapheresis: the right IJ is open, collection fine.", {("leukapheresis", "absent")}),
        ("Fitness for leukapheresis remains open.", {("leukapheresis", "possible")}),
        ("Leukaphaeresis is contraindicated, she is unfit.", {("leukapheresis", "present")}),
    ],
)
def test_an_open_vein_is_no_open_question(pipeline: Pipeline, text: str, held: set[tuple[str, str]]) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("CYC 500 mg/m2 given. Within 10 minutes wheeze and BP 72/40, IM epinephrine.", {(CYC, "present")}),
        ("CYCLOPHOSPHAMIDE\n  Reaction: Anaphylaxis\n  Severity: High", {(CYC, "present")}),
        ("INFUSION NOTE\nOrder: CYC 750 mg\nVitals stable.\nCycle 1 was tolerated.", {(CYC, "absent")}),
        ("Received cyclophosphamide. Later she had septic shock from E. coli.", set()),
        ("Received cyclophosphamide. She tolerated PT well.", set()),
        ("Cyclophosphamide pulses 2019. Rituximab 2020. Hives during the second dose.", set()),
    ],
)
def test_sentences_that_follow(pipeline: Pipeline, text: str, held: set[tuple[str, str]]) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        (": hives, throat tightness", "severe"),
        (" (hives only)", "hives"),
        (" - facial angioedema and SBP 74", "severe"),
        (" - angioedema of the lips", "hives"),
        (" with no wheeze, no hypotension", None),
        (": epi kit at bedside", None),
        (": nausea, no anaphylaxis", "none"),
        (" caused neutropenia", "minor"),
        (": never had", "never"),
        (" - (left blank)", "unknown"),
        (": grade 4 neutropenia", "minor"),
        (": grade 3 infusion reaction", "severe"),
    ],
)
def test_severity_of_words(words: str, severity: str | None) -> None:
    reaction = read_reaction(words)

    assert (reaction.severity if reaction else None) == severity


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("NKDA", "none_known"),
        ("Allergy none.", "none_known"),
        ("no history of cancer, chemotherapy", "no_chemotherapy"),
        ("ALLERGIES: Penicillin (rash as a child).", "listed"),
        ("Ifosfamide: anaphylaxis 2015", "mustard"),
    ],
)
def test_allergy_lists(pipeline: Pipeline, text: str, concept: str) -> None:
    assert concept in {f.concept for f in read(pipeline, text, "allergy", day=DAY)}


@pytest.mark.parametrize(
    ("text", "kind", "concept"),
    [
        ("IMP: end-stage venous access.", "apheresis_access", "lost"),
        ("Peripheral veins are poor.", "apheresis_access", "poor"),
        ("R IJ patent and compressible", "apheresis_access", "good"),
        ("SVC: long segment occlusion", "apheresis_access", "occluded"),
        ("She has exhausted all venous access.", "apheresis_access", "lost"),
        ("Every line site lost.", "apheresis_access", "lost"),
        ("Nowhere left to put a line.", "apheresis_access", "lost"),
        ("There is nothing left to cannulate.", "apheresis_access", "lost"),
        ("Line access is unobtainable.", "apheresis_access", "lost"),
        ("No further usable options.", "apheresis_access", "lost"),
        ("No line can be placed.", "apheresis_access", "lost"),
        ("Not any routes remain.", "apheresis_access", "lost"),
        ("All central sites are closed off, all central veins gone.", "apheresis_access", "lost"),
        ("They failed to place the femoral catheter.", "apheresis_access", "lost"),
        ("Bilateral IJ thrombosis.", "apheresis_access", "occluded"),
        ("A tough stick.", "apheresis_access", "poor"),
        ("Known DIVA.", "apheresis_access", "poor"),
        ("IJ line in May worked", "apheresis_access", "good"),
        ("Jehovah's Witness, no blood products", "apheresis_risk", "blood_refusal"),
        ("on norepinephrine since 04:00", "apheresis_risk", "instability"),
        ("severe citrate reaction with tetany in 2022", "apheresis_risk", "citrate_reaction"),
    ],
)
def test_access_and_risks(pipeline: Pipeline, text: str, kind: str, concept: str) -> None:
    assert concept in {f.concept for f in read(pipeline, text, kind, day=DAY)}


def test_an_access_line_of_a_collection_checklist_is_an_opinion(pipeline: Pipeline) -> None:
    text = "CELL COLLECTION INTAKE\nVenous access ..... poor AC -> temp IJ catheter by IR\nVS ..... stable"

    assert _held(pipeline, text) == {("leukapheresis", "absent")}


def test_a_long_chart_is_read_in_linear_time(pipeline: Pipeline) -> None:
    text = "CYC: hives. Leukapheresis tolerated. s/p kidney transplant 2010, no CAR-T. " * 3_000

    assert len(read(pipeline, text, "contraindication", "transplant", "car_t", day=DAY)) > 9_000
