"""Answers by boxes: each with its word, or in columns that a title names."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reading import read

from chartsift.nlp.components.sections import Sections
from chartsift.nlp.lexicon.loader import load_sections
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text import answers
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.layout import LazyLayout

COLUMNS = """\
C. TO BE ASKED OF THE PATIENT                   Yes      No
 Received CAR T cells or gene therapy before    [ ]      [X]
 Organ or stem cell transplant                  [X]      [ ]
 Infection needing treatment now                [ ]      [X]
   comment: none since spring
 Allergy to fludarabine                         [ ]      [X]
 Fit for leukapheresis                          [ ]      [X]
 Heart failure                                  [X]      [ ]
"""
OTHER_ORDER = """\
Question                      No     Yes    Comments
Prior CAR T therapy           ☒      ☐
Bone marrow transplant        ☐      ☒      2012
"""
WITH_UNKNOWN = """\
PMH                     Y    N    UNK
Liver transplant        ( )  (x)  ( )
HIV                     ( )  (x)  ( )
Hepatitis B             ( )  ( )  (x)
"""
TABLE = """\
| Question | Yes | No | Comment |
|---|---|---|---|
| Prior kidney transplant | | X | |
| Prior CAR T-cell therapy | x | | 2023, trial |
| Active infection | | | |
"""


def _said(text: str, asked: str) -> str | None:
    answer = ticked(LazyLayout(text, Sections(load_sections()).find), text.index(asked) + len(asked))
    return None if answer is None else answer.said


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("Kidney transplant: [ ] yes [x] no", "transplant", "no"),
        ("Kidney transplant (ever)  Yes ☒ No ☐", "transplant", "yes"),
        ("Kidney transplant: [ ] yes [ ] no", "transplant", "nothing"),
        ("Kidney transplant  y ( ) n ( ) unk (x)", "transplant", "unknown"),
        (COLUMNS, "CAR T cells", "no"),
        (COLUMNS, "stem cell transplant", "yes"),
        (COLUMNS, "Infection", "no"),
        (OTHER_ORDER, "CAR T therapy", "no"),
        (OTHER_ORDER, "marrow transplant", "yes"),
        (WITH_UNKNOWN, "Liver transplant", "no"),
        (WITH_UNKNOWN, "Hepatitis B", "unknown"),
        (TABLE, "kidney transplant", "no"),
        (TABLE, "T-cell therapy", "yes"),
        (TABLE, "infection", "nothing"),
        # Nothing that can be told: no title, one of another width, one of other words, a note in brackets.
        ("Kidney transplant   [ ]  [x]", "transplant", None),
        ("Yes  No  Unk\nKidney transplant   [ ]  [x]", "transplant", None),
        ("Left  Right\nKidney transplant   [ ]  [x]", "transplant", None),
        ("Kidney transplant (2012) [mother's]", "transplant", None),
        ("| CK | Yes |\n| Kidney transplant | 3 |", "transplant", None),
        ("Kidney transplant: yes", "transplant", None),
    ],
)
def test_what_boxes_say(text: str, asked: str, said: str | None) -> None:
    assert _said(text, asked) == said


def test_a_question_about_something_else_is_not_answered_for_its_object() -> None:

    text = "Kidney transplant, any rejection: [x] yes [ ] no"
    layout = LazyLayout(text, Sections(load_sections()).find)
    assert ticked(layout, len("Kidney transplant"), is_asked=re.compile("rejection")) is None


@pytest.mark.parametrize(
    ("text", "kind", "held"),
    [
        (COLUMNS, "car_t", "absent"),
        (COLUMNS, "transplant", "present"),
        (COLUMNS, "infection", "absent"),
        (COLUMNS, "organ_disease", "present"),
        (OTHER_ORDER, "car_t", "absent"),
        (OTHER_ORDER, "transplant", "present"),
        (WITH_UNKNOWN, "transplant", "absent"),
        (TABLE, "transplant", "absent"),
        (TABLE, "car_t", "present"),
    ],
)
def test_the_readers_hold_what_is_ticked(text: str, kind: str, held: str, pipeline: Pipeline) -> None:
    assert {f.assertion for f in read(pipeline, text, kind, day=date(2026, 5, 1))} == {held}


@pytest.mark.parametrize(
    ("text", "concept", "held"),
    [
        (COLUMNS, "fludarabine", "absent"),
        (COLUMNS, "leukapheresis", "present"),
        ("Contraindication to apheresis: [ ] yes [x] no", "leukapheresis", "absent"),
        ("Contraindication to apheresis: [x] yes [ ] no", "leukapheresis", "present"),
        ("Fit for apheresis: [x] yes [ ] no", "leukapheresis", "absent"),
        ("Allergy to cyclophosphamide  [ ] yes  [x] no", "cyclophosphamide", "absent"),
        ("Allergy to cyclophosphamide  [x] yes  [ ] no", "cyclophosphamide", "possible"),
    ],
)
def test_a_form_on_contraindications(text: str, concept: str, held: str, pipeline: Pipeline) -> None:
    found = [f for f in read(pipeline, text, "contraindication") if f.concept == concept]
    assert [f.assertion for f in found] == [held]


def test_an_empty_form_says_nothing_of_an_allergy(pipeline: Pipeline) -> None:
    assert read(pipeline, "Allergy to cyclophosphamide  [ ] yes  [ ] no", "contraindication") == []


YOU_AND_FAMILY = """\
Have you or a relative ever had:                YOU        FAMILY
                                               Y    N      Y    N    Details
Kidney, liver, heart or lung transplant ....   _    X      X    _    same brother, new organ 2015
Bone marrow transplant .....................   X    _      _    X
Hepatitis, HIV, tuberculosis ...............   _    X      _    X
"""
CHILD_AND_FAMILY = """\
CHECK ANY THAT APPLY          child     family
Heart transplant               [ ]       [ ]
Bone marrow transplant         [ ]       [X]  same cousin, 2022
Seizures                       [X]       [ ]
"""
ITEMS = """\
4. Please tick if any apply
   [ ] previous CAR-T or other gene-modified cells
   [ ] stem cell transplant
   [ ] infection on treatment    [x] CAR-T slot: earliest July
   [ ] dialysis, cirrhosis, uncontrolled epilepsy, psychosis
   [ ] cannot have leukapheresis (give reason)
5. Veins:  [x] good antecubital veins both arms   [ ] poor
"""


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        (YOU_AND_FAMILY, "lung transplant", "no"),
        (YOU_AND_FAMILY, "marrow transplant", "yes"),
        (YOU_AND_FAMILY, "tuberculosis", "no"),
        (CHILD_AND_FAMILY, "Heart transplant", "no"),
        (CHILD_AND_FAMILY, "marrow transplant", "family"),
        (CHILD_AND_FAMILY, "Seizures", "yes"),
    ],
)
def test_columns_of_persons(text: str, asked: str, said: str) -> None:
    assert _said(text, asked) == said


def test_a_form_that_nobody_filled_in_says_nothing() -> None:
    blank = CHILD_AND_FAMILY.replace("[X]", "[ ]")
    assert _said(blank, "Heart transplant") == "nothing"


@pytest.mark.parametrize(
    ("text", "kind", "held"),
    [
        (YOU_AND_FAMILY, "infection", {"absent"}),
        (CHILD_AND_FAMILY, "transplant", {"absent", "family"}),
        (ITEMS, "car_t", {"absent", "hypothetical"}),
        (ITEMS, "transplant", {"absent"}),
        (ITEMS, "infection", {"absent"}),
        (ITEMS, "organ_disease", {"absent"}),
        (
            "4. Any infection now?\n   Bladder infection in January, gone.",
            "infection",
            {"hypothetical", "historical"},
        ),
        ("Any infection now?\nNone.", "infection", {"absent"}),
        ("Psych: [-] low mood [-] SI", "organ_disease", {"absent"}),
        ("Neuro: [-] numbness [+] seizures", "organ_disease", {"present"}),
        ("Gottron [-] heliotrope [+]", "skin", {"absent", "present"}),
        ("Family: _Dad liver transplant 2016, hep C._", "transplant", {"family"}),
    ],
)
def test_items_and_questions_of_a_form(text: str, kind: str, held: set[str], pipeline: Pipeline) -> None:
    assert {f.assertion for f in read(pipeline, text, kind, day=date(2026, 5, 1))} == held


@pytest.mark.parametrize("box", ["[ ]", "( )", "☐", "[_]"])
def test_an_empty_box_denies_the_whole_of_its_item_and_no_more(box: str, pipeline: Pipeline) -> None:
    def held(text: str) -> list[str]:
        return [f.assertion for f in read(pipeline, text, "transplant", day=date(2026, 5, 1))]

    assert held(f"{box} had a kidney transplant") == ["absent"]
    assert held(f"{box} call the clinic about her kidney transplant of 2012") == ["present"]
    assert held(f"{box} smoker. Kidney transplant in 2012") == ["present"]
    assert held(f"{box} smoker     kidney transplant in 2012") == ["present"]
    assert held(f"{box} yes [x] no   smoker\nKidney transplant in 2012") == ["present"]


@settings(max_examples=200, deadline=None)
@given(st.from_regex(answers.BOX, fullmatch=True))
def test_every_box_is_a_sign_of_a_form(box: str) -> None:
    assert any(sign in f"Heart  {box}" for sign in answers.FORM_SIGNS)


def test_a_leukapheresis_that_nobody_ruled_out(pipeline: Pipeline) -> None:
    found = read(pipeline, ITEMS, "contraindication")
    assert [(f.concept, f.assertion) for f in found] == [("leukapheresis", "absent")]


NO_ROWS = [
    ("Do you need oxygen?", "oxygen"),
    ("Is your child taking an antibiotic today?", "antimicrobial"),
    ("Heart failure", "organ_disease"),
    ("Dermatomyositis", "diagnosis"),
    ("Rituximab in the past", "treatment"),
    ("Infection now", "infection"),
    ("Prior CAR T-cell therapy", "car_t"),
    ("Kidney transplant", "transplant"),
    ("Seizures", "organ_disease"),
    ("Rash", "skin"),
]


@pytest.mark.parametrize(("asked", "kind"), NO_ROWS)
@pytest.mark.parametrize("boxes", ["( ) Yes   (x) No", "Yes [ ]   No [x]", "yes      _no_"])
def test_every_reader_holds_a_no(asked: str, kind: str, boxes: str, pipeline: Pipeline) -> None:
    assert {f.assertion for f in read(pipeline, f"{asked}      {boxes}", kind)} == {"absent"}


def test_what_is_not_held_by_an_assertion(pipeline: Pipeline) -> None:
    assert read(pipeline, "Poor veins      ( ) Yes   (x) No", "apheresis_access") == []
    stairs = read(pipeline, "Difficulty climbing stairs      ( ) Yes   (x) No", "function")
    assert {f.assertion for f in stairs} == {"absent"}
    rise = read(pipeline, "Able to rise from a chair without arms?   ( ) Yes  (x) No", "function")
    assert {f.assertion for f in rise} == {"present"}
    assert [
        f.assertion for f in read(pipeline, "Allergy to cyclophosphamide  [ ] yes  [x] no", "treatment")
    ] == ["present"]


def test_a_reply_in_the_line_of_its_question(pipeline: Pipeline) -> None:
    asked = "Any temperature, cough, water infection, skin infection at the moment?   "
    assert {f.assertion for f in read(pipeline, asked + 'NO. "Fit as a fiddle"', "infection")} == {"absent"}
    assert "absent" not in {f.assertion for f in read(pipeline, asked + "No idea", "infection")}
