"""Organ diseases with the level that their own clause gives them."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ILD: mild, unchanged for four years.", "stable"),
        ("RP-ILD, now severe, on oxygen day and night.", "severe"),
        ("His interstitial lung disease has progressed over six months.", "progressive"),
        ("No progression of ILD on HRCT.", "stable"),
        ("Severe persistent asthma, poorly controlled.", "severe"),
        ("Asthma, well controlled.", "controlled"),
        ("Crohn's disease flaring on budesonide.", "uncontrolled"),
        ("Uncontrolled hypertension, 190/110.", "uncontrolled"),
        ("Severe proximal weakness and ILD.", "unspecified"),
        ("MAS, resolved.", "resolved"),
        ("AKI resolved, Cr 2.3 -> 0.9.", "resolved"),
        ("She had an exacerbation of CHF earlier this spring.", "resolved"),
        ("Severe aortic stenosis awaiting TAVR.", "severe"),
    ],
)
def test_level(text: str, level: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, text, "organ_disease")

    assert found.attribute("level") == level


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("psych (-) SI, (-) psychosis", "absent"),
        ("Father with ESRD.", "family"),
        ("If ILD worsens, add rituximab.", "hypothetical"),
        ("Risks include infection, seizure, stroke, or death.", "hypothetical"),
        ("History of GI bleed 2018.", "historical"),
        ("She has no other organ disease.", "absent"),
        ("She was hospitalized for PE last week, on heparin drip.", "present"),
        ("Apixaban for PE since January.", "present"),
        ("CTA negative for PE.", "absent"),
    ],
)
def test_assertion(text: str, assertion: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "organ_disease")

    assert {f.assertion for f in found} == {assertion}


@pytest.mark.parametrize(
    "text",
    [
        "A dialysis catheter was placed for apheresis.",
        "Anti-Jo-1 68 SI (ref <11).",
        "No CVA tenderness.",
        "Excused from PE, no recess.",
        "School note for PE; tires in PE. No clots.",
    ],
)
def test_look_alikes_are_nothing(text: str, pipeline: Pipeline) -> None:
    assert read(pipeline, text, "organ_disease") == []
