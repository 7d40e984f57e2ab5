"""Answers by boxes: each with its word, or in columns that a title names."""

from __future__ import annotations

import re
from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.components.sections import Sections
from chartsift.nlp.lexicon.loader import load_sections
from chartsift.nlp.pipeline import Pipeline
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
