"""Diagnoses and what is easily taken for one, in ordinary sentences."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

# The text, and each diagnosis in it with its assertion.
READINGS = [
    # ---- ASS: the syndrome beside other drugs, aspirin in a German list
    ("ASS (Jo-1 positive) on prednisone and aspirin 81 mg.", ["ASyS present"]),
    ("Jo-1 positive ASS with ILD, metoprolol for palpitations.", ["ASyS present"]),
    ("ASS with Jo-1, on heparin for DVT.", ["ASyS present"]),
    ("Medication: prednisone 20 mg. Diagnosis: ASS, PL-12 positive.", ["ASyS present"]),
    ("Medikation: Prednisolon 10 mg, ASS 100 1-0-0, Ramipril 5 mg.", []),
    ("Dermatomyositis, MTX, ASS, MMF stopped on 02/03 before the biopsy.", ["DM present"]),
    # ---- removed: a label, or an organ
    ("Her gallbladder was removed; the diagnosis of dermatomyositis was made later.", ["DM present"]),
    ("After the mole was removed the diagnosis of dermatomyositis was made.", ["DM present"]),
    ("Neurology removed the diagnosis of polymyositis.", ["PM historical"]),
]


@pytest.mark.parametrize(("text", "words"), READINGS)
def test_diagnoses_of_a_sentence(text: str, words: list[str], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "diagnosis")

    assert [f"{f.concept} {f.assertion}" for f in found] == words
