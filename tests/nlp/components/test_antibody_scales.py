"""Antibody results beside the whole scale of the assay, limits given in words, footnotes, and tests that are only sent."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

# The text, and each antibody in it with its assertion.
READINGS = [
    # ---- the scale of the assay behind the value
    ("Mi-2 alpha Ab   9 SI     <11 neg; 11-35 indeterminate; >=36 pos", ["Mi-2 absent"]),
    ("Mi-2 alpha Ab   24 SI    <11 neg; 11-35 indeterminate; >=36 pos", ["Mi-2 possible"]),
    ("Mi-2 alpha Ab   104 SI   <11 neg; 11-35 indeterminate; >=36 pos", ["Mi-2 present"]),
    ("MDA5 32 AU/mL (<30 neg, 30-40 equivocal, >40 pos)", ["MDA5 possible"]),
    ("MDA5 29 AU/mL (<30 neg, 30-40 equivocal, >40 pos)", ["MDA5 absent"]),
    ("SRP   18   <20 negative / 20-39 weak positive / >=40 positive", ["SRP absent"]),
    ("NXP2 55 units  ref <20 neg; 20-39 weak pos; >40 pos", ["NXP2 present"]),
    ("cN-1A Ab    6 U     <20\n\n* Value sits on the cut-off.", ["cN-1A absent"]),
    ("cN-1A Ab    66 U    <20\n\n* Value repeated.", ["cN-1A present"]),
    # ---- a limit in words holds for the list
    (
        "(TIF1-γ 71 U, normal below 20; Mi-2 and SAE all below 20; Ro52 12)",
        ["TIF1 present", "Mi-2 absent", "SAE absent", "Ro-52 absent"],
    ),
    ("(TIF1-γ 71 U, normal below 20; Ro52 44)", ["TIF1 present", "Ro-52 present"]),
    ("Repeat Jo-1 2/2026 after rituximab: 24 weak pos.", ["Jo-1 present"]),
    ("Repeat Jo-1 after treatment: negative.", ["Jo-1 absent"]),
    ("Repeat Jo-1 after rituximab.", ["Jo-1 possible"]),
    # ---- sent, and no more
    (
        "ANA and a myositis screen were sent on 27/02, Jo-1 and Mi-2 among them I believe; awaiting the lab.",
        ["Jo-1 possible", "Mi-2 possible"],
    ),
    (
        "A myositis screen went off, Jo-1 and Mi-2 among them; the lab quotes three weeks.",
        ["Jo-1 possible", "Mi-2 possible"],
    ),
    ("NXP2 was ticked on the request.", ["NXP2 possible"]),
    ("Jo-1 positive ASyS, antibodies pending elsewhere.", ["Jo-1 present"]),
    # ---- a result that did not hold
    ("Her old records quote a positive Jo-1 that we could not reproduce.", ["Jo-1 possible"]),
    ("TIF-1 gamma 18 (cut-off 15), repeat 12: probably false positive.", ["TIF1 possible"]),
    ("Jo-1 strongly positive, confirmed twice.", ["Jo-1 present"]),
    # ---- other languages' words on an imported report
    ("Anti-Jo-1: nicht nachweisbar", ["Jo-1 absent"]),
    ("Anti-PL-12: nachgewiesen", ["PL-12 present"]),
    ("Mi-2 : négatif", ["Mi-2 absent"]),
    ("SRP : positif", ["SRP present"]),
    # ---- another person's result, a misprint
    ('An earlier version said "NXP2 pos". That was another child\'s result.', ["NXP2 absent"]),
    ("MDA5 positive was someone else's result.", ["MDA5 absent"]),
    ("Jo-1 was reported positive by a clerical error.", ["Jo-1 absent"]),
    ("Her result was positive for NXP2. The other child was negative.", ["NXP2 present"]),
    ("Her twin was another patient of ours. NXP2 pos.", ["NXP2 present"]),
    # ---- in other hands
    ("MSA: Mi-2 +++; everything else negative.", ["Mi-2 present"]),
    ("anti-SRP 84 (N<20)", ["SRP present"]),
    ("Jo1 IgG >8.0 AI H", ["Jo-1 present"]),
    ("Jo-1 <0.2 AI", ["Jo-1 absent"]),
    (
        "Antibodies: TIF1g ++, Ro52 -, Mi-2 -, NXP2 -.",
        ["TIF1 present", "Ro-52 absent", "Mi-2 absent", "NXP2 absent"],
    ),
    (
        "Negative for Jo-1, PL-7, PL-12; positive for Ro-52.",
        ["Jo-1 absent", "PL-7 absent", "PL-12 absent", "Ro-52 present"],
    ),
    ("She carries anti-PL-12.", ["PL-12 present"]),
    ("HMGCR antibody came back at 220 units.", ["HMGCR present"]),
    ("We are still waiting for the Jo-1.", ["Jo-1 possible"]),
    ("NXP2 pos on blot, IP did not confirm.", ["NXP2 possible"]),
    (
        "No anti-synthetase antibodies (Jo-1, PL-7, PL-12, EJ, OJ).",
        ["Jo-1 absent", "PL-7 absent", "PL-12 absent", "EJ absent", "OJ absent"],
    ),
    ("TIF1γ: faint band only", ["TIF1 present"]),
    ("Her brother is Jo-1 positive.", ["Jo-1 family"]),
    ("Jo-1 equivocal in 2020, positive in 2021.", ["Jo-1 present"]),
    ("Jo-1 positive in 2020, negative in 2023 after rituximab.", ["Jo-1 present"]),
    ("IP did confirm NXP2 positive.", ["NXP2 present"]),
    # ---- in yet other hands
    ("Anti-TIF1γ antibodies were identified.", ["TIF1 present"]),
    ("Mi2 strongly pos; remaining lines blank.", ["Mi-2 present"]),
    ("MDA5 titre fell from 150 to 12 (cut-off 15).", ["MDA5 present"]),
    ("Ro-52 strongly positive, no MSA.", ["Ro-52 present"]),
    ("Jo-1 not tested.", ["Jo-1 possible"]),
    ("Jo-1, SRP: no result (sample lost).", ["Jo-1 possible", "SRP possible"]),
    ("SRP-positive myopathy.", ["SRP present"]),
    ("Myositis line: PM-Scl100 ++, PM-Scl75 +, rest neg.", ["PM-Scl present", "PM-Scl present"]),
    ("Check Jo-1 if CK rises.", ["Jo-1 possible"]),
    ("NXP-2: 3 (0-10)", ["NXP2 absent"]),
    ("NXP-2: 31 (0-10)", ["NXP2 present"]),
    ("No Jo-1 and no PL-7, but PL-12 is there.", ["Jo-1 absent", "PL-7 absent", "PL-12 present"]),
    ("Extended myositis panel: only Mi-2 positive.", ["Mi-2 present"]),
    ("Jo-1 came back negative after all.", ["Jo-1 absent"]),
    ("HMGCR: 5.3 (normal < 20)", ["HMGCR absent"]),
    ("Anti-MDA5: 1:320", ["MDA5 present"]),
    ("NXP2 ++, confirmed by IP.", ["NXP2 present"]),
    ("Her PL-7 remains high.", ["PL-7 present"]),
    ("Neither SRP nor HMGCR.", ["SRP absent", "HMGCR absent"]),
    ("Jo-1: see scanned report.", ["Jo-1 possible"]),
    ("Lost her Jo-1 after rituximab.", ["Jo-1 present"]),
]


@pytest.mark.parametrize(("text", "held"), READINGS)
def test_antibodies_of_a_sentence(pipeline: Pipeline, text: str, held: list[str]) -> None:
    found = read(pipeline, text, "antibody")

    assert [f"{f.concept} {f.assertion}" for f in found] == held


def test_the_strength_is_the_values_own_and_not_a_word_of_the_scale(pipeline: Pipeline) -> None:
    (found,) = read(pipeline, "NXP2 55 units  ref <20 neg; 20-39 weak pos; >40 pos", "antibody")

    assert found.attribute("result") == "positive"
    assert found.attribute("strength") != "weak"
