from __future__ import annotations

import itertools

import pytest
from support.reading import note

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text.layout import Layout


def layout_of(pipeline: Pipeline, text: str) -> Layout:
    layout: Layout = pipeline.read(note(text))._.layout
    return layout


def category_at(pipeline: Pipeline, text: str, word: str) -> str:
    return layout_of(pipeline, text).section_at(text.index(word)).category


@pytest.mark.parametrize(
    ("text", "word", "category"),
    [
        ("Seen today for follow-up.\nHPI\nweak legs", "Seen", "preamble"),
        ("HPI\nweak legs", "weak", "hpi"),
        ("HISTORY OF PRESENT ILLNESS:\nweak legs", "weak", "hpi"),
        ("FHx: mother lupus\nPE: clear", "lupus", "family_history"),
        ("FHx: mother lupus\nPE: clear", "clear", "exam"),
        ("Family history: mother lupus.\n\nToday he is weak.", "weak", "other"),
        ("## Assessment\nstable", "stable", "assessment"),
        ("===LABS===\nCK 5", "CK", "labs"),
        ("A/P: continue", "continue", "assessment"),
        ("S: doing ok. Allergies: NKDA. Meds: MTX", "NKDA", "allergies"),
        ("S: doing ok. Allergies: NKDA. Meds: MTX", "MTX", "medications"),
        ("S: doing ok | Current  medications: MTX | Plan: stay", "MTX", "medications"),
        ("S: doing ok | Current  medications: MTX | Plan: stay", "stay", "plan"),
        ("S: at 8:30 doing ok. allergies: NKDA", "NKDA", "hpi"),
        ("S: doing ok, Allergies: NKDA", "NKDA", "hpi"),
        ("S: doing ok. Drug Allergies:NKDA", "NKDA", "hpi"),
        ("ASSESSMENT AND PLAN\n1. DM stable", "DM", "assessment"),
        ("RESULTS (drawn 1/20)\nCK 5", "CK", "labs"),
        ("PAST MEDICAL / SURGICAL HISTORY\n- hair transplant", "hair", "past_history"),
    ],
)
def test_a_word_stands_in_its_section(text: str, word: str, category: str, pipeline: Pipeline) -> None:
    assert category_at(pipeline, text, word) == category


@pytest.mark.parametrize(
    "text", ["She is weak. S he", "skin: clear\nlungs: clear", "Plan to go home with the exam done"]
)
def test_words_that_only_look_like_headers_open_nothing(text: str, pipeline: Pipeline) -> None:
    assert [s.category for s in layout_of(pipeline, text).sections] == ["preamble"]


@pytest.mark.parametrize(
    ("text", "word", "copied", "templated"),
    [
        ("HPI from 1/22 (copied): CK 142.\nExam: weak", "142", True, False),
        ("HPI from 1/22 (copied): CK 142.\nExam: weak", "weak", False, False),
        ("[Copied from 2/24: first seen with CK 8,402.] Doing well.", "8,402", True, False),
        ("ROS (template): MSK neg for weakness.\nPE: 4/5", "weakness", False, True),
        ("ROS (auto): denies weakness [template, not edited]\nPE: 4/5", "4/5", False, False),
        ("[Copied forward from 3/11/2022] Strength 3/5. Exam today: strength 5/5", "3/5", True, False),
        ("[Copied forward from 3/11/2022] Strength 3/5. Exam today: strength 5/5", "5/5", False, False),
        ("swims 3x/wk, strong. [copied 3/13/25 - see HPI]\nNow weak.", "strong", True, False),
        ("swims 3x/wk, strong. [copied 3/13/25 - see HPI]\nNow weak.", "weak", False, False),
    ],
)
def test_copied_and_templated_text_is_known(
    text: str, word: str, copied: bool, templated: bool, pipeline: Pipeline
) -> None:
    layout = layout_of(pipeline, text)

    assert layout.is_copied(text.index(word)) is copied
    assert layout.is_templated(text.index(word)) is templated


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("HPI: weak.\nPE: clear", False),
        ("HPI (copied): weak.\nPE: clear", True),
        ("Weak. [copied 3/13/25]", True),
        ("ROS (template): no rash", True),
    ],
)
def test_a_note_says_whether_any_of_it_is_copied_or_templated(
    text: str, marked: bool, pipeline: Pipeline
) -> None:
    assert layout_of(pipeline, text).is_marked() is marked


def test_sections_cover_the_note_without_overlap(pipeline: Pipeline) -> None:
    text = "Intro\r\nHPI: weak\r\n\r\nFHx: DM\r\n\r\nmore\r\nPLAN\r\nMTX"

    sections = layout_of(pipeline, text).sections

    assert sections[0].start == 0
    assert sections[-1].end == len(text)
    assert all(a.end == b.start for a, b in itertools.pairwise(sections))
