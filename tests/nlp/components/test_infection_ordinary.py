"""Infections in ordinary sentences: a cue decides only over the infection that it governs."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

# The text of a note a few days before screening, and the status of the infection named first.
STATUS = [
    # ---- told in the past tense, treated in the present
    ("Admitted with an episode of pneumonia, on IV ceftriaxone.", "active"),
    ("Now has an episode of shingles, on valacyclovir day 2.", "active"),
    ("He was home sick with COVID this week, on Paxlovid day 3.", "active"),
    ("He had a bout of pyelonephritis last night, on ceftriaxone.", "active"),
    ("Methotrexate was stopped when she had shingles.", "resolved"),
    ("He had one episode of cellulitis.", "resolved"),
    # ---- the answer of the next field
    ("Cellulitis on IV vancomycin; drainage: none.", "active"),
    ("UTI on ceftriaxone, CVA tenderness: no.", "active"),
    ("Sepsis on meropenem, pressors: no.", "active"),
    ("Infection now: none.", "none"),
    # ---- suppression of something else
    ("Cellulitis while on immune suppression; cephalexin started yesterday.", "stated"),
    ("Pneumonia in the setting of immune suppression, on IV ceftriaxone.", "active"),
    ("Bacteremia in the setting of bone marrow suppression, on vancomycin.", "active"),
    ("HSV suppression with valacyclovir.", "prophylaxis"),
    # ---- latent tuberculosis under treatment, and done
    ("Latent TB, has had 2 months of isoniazid so far.", "latent"),
    ("Latent TB diagnosed 2024, took 3 months of isoniazid and continues.", "latent"),
    ("Latent TB, took 4 months of rifampin.", "resolved"),
]


@pytest.mark.parametrize(("text", "status"), STATUS)
def test_status_of_an_infection(text: str, status: str, pipeline: Pipeline) -> None:
    found = read(pipeline, text, "infection")

    assert [f.attribute("status") for f in found][:1] == [status]


VERDICTS = [
    ("Admitted with an episode of pneumonia, on IV ceftriaxone.", "met"),
    ("Cellulitis while on immune suppression; cephalexin started yesterday.", "met"),
    ("Bacteremia in the setting of bone marrow suppression, on vancomycin.", "met"),
    ("Latent TB diagnosed 2024, took 3 months of isoniazid and continues.", "unknown"),
    ("Osteomyelitis of the heel in March, IV cefazolin.", "unknown"),
    ("Cellulitis of the heel in March, cefazolin.", "not_met"),
]


@pytest.mark.parametrize(("text", "status"), VERDICTS)
def test_verdict_on_active_infection(text: str, status: str, pipeline: Pipeline) -> None:
    assert decide(pipeline, "active_infection", [(3, text)]).status == status
