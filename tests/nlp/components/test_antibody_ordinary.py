"""Antibodies and panels in ordinary sentences, beside drugs, other tests and exams."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

# The text, and each antibody or panel in it with its assertion.
READINGS = [
    # ---- a statin is no antibody
    ("Atorvastatin (HMG CoA reductase inhibitor) was stopped.", []),
    ("Takes an HMGCR inhibitor.", []),
    ("HMG-CoA-reductase inhibitor intolerance.", []),
    ("HMG-CoA reductase Ab 120 CU.", ["HMGCR present"]),
    # ---- everything else: of the panel, not of the exam
    ("Exam: mild ankle edema, everything else unremarkable.", []),
    ("Creatinine 1.1 and potassium 4, everything else normal.", []),
    ("ROS: fatigue, everything else negative.", []),
    ("MDA5-positive, on exam Gottron papules, everything else negative.", ["MDA5 present"]),
    ("NXP2 strongly positive by IP; everything else neg.", ["NXP2 present", "rest absent"]),
    ("Line blot: TIF1γ strong, all else negative.", ["TIF1 present", "rest absent"]),
    # ---- ordinary sentences
    ("Jo-1 antibody strongly positive at 140 AU/mL.", ["Jo-1 present"]),
    ("Her Jo-1 was negative last spring.", ["Jo-1 absent"]),
    (
        "MDA5 and TIF1-gamma were negative on the first panel, Ro52 also.",
        ["MDA5 absent", "TIF1 absent", "Ro-52 absent"],
    ),
    (
        "The antibody blot has gone to London, along with anti-HMGCR in view of the statin.",
        ["HMGCR possible"],
    ),
    ("Mi-2 negative, SAE as well.", ["Mi-2 absent", "SAE absent"]),
    ("Mi-2 negative. SAE as well as Jo-1 positive.", ["Mi-2 absent", "SAE present", "Jo-1 present"]),
    ("Jo-1 has been sent and is pending.", ["Jo-1 possible"]),
    ("Anti-Jo-1 and Ro-52 are both positive.", ["Jo-1 present", "Ro-52 present"]),
    ("Anti-HMGCR 180 CU after six years of atorvastatin.", ["HMGCR present"]),
    ("She took a statin but HMGCR was negative.", ["HMGCR absent"]),
    ("Rosuvastatin, an HMG-CoA reductase inhibitor, was held.", []),
    ("Intolerant of HMG CoA reductase inhibitors because of myalgia.", []),
    ("Check HMGCR antibody since she was on simvastatin.", ["HMGCR possible"]),
    ("HMGCR-positive necrotizing myopathy on IVIG.", ["HMGCR present"]),
    ("HMGCR and SRP antibodies were not detected.", ["HMGCR absent", "SRP absent"]),
    ("Neck supple, everything else normal.", []),
    ("CBC normal, CMP normal, all else negative.", []),
    ("MRI of the thighs with edema; everything else unremarkable.", []),
    ("She can dress herself but everything else is slow.", []),
    ("Myositis panel: MDA5 positive, everything else negative.", ["MDA5 present", "rest absent"]),
    ("Mi-2 high positive, all else not detected on the blot.", ["Mi-2 present", "rest absent"]),
    (
        "TIF1-gamma was positive and everything else on the panel was negative.",
        ["TIF1 present", "rest absent"],
    ),
    ("MDA5 antibody positive; CK 88, everything else in the metabolic panel normal.", ["MDA5 present"]),
    ("Jo-1 positive. Review of systems: everything else negative.", ["Jo-1 present"]),
    ("The extended myositis panel was negative.", ["panel absent"]),
    ("Myositis antibody panel came back negative in June.", ["panel absent"]),
    ("Myositis panel is pending.", ["panel possible"]),
    ("A myositis panel was discussed.", []),
    ("SRP positive by immunoprecipitation.", ["SRP present"]),
    ("There was no SRP antibody.", ["SRP absent"]),
    ("Anti-NXP2 weakly positive, fits the calcinosis.", ["NXP2 present"]),
    ("PL-12 antibody detected, with ILD.", ["PL-12 present"]),
    ("PL-7 borderline, repeat requested.", ["PL-7 possible"]),
    ("SAE1 antibody positive with rash.", ["SAE present"]),
    ("Her mother has Jo-1 positive antisynthetase syndrome.", ["Jo-1 family"]),
    ("Anti-Ku positive, overlap.", ["Ku present"]),
    ("PM-Scl and Ku negative.", ["PM-Scl absent", "Ku absent"]),
    ("Mi-2 was not found.", ["Mi-2 absent"]),
    (
        "Simvastatin was stopped, HMG-CoA reductase inhibitors are contraindicated, MDA5 positive.",
        ["MDA5 present"],
    ),
    ("Statin exposure; HMGCR antibodies ordered.", ["HMGCR possible"]),
    ("On a statin for years, anti-HMGCR <20 CU.", ["HMGCR absent"]),
    ("ASyS (Jo-1+), everything else in the chemistry is normal.", ["Jo-1 present"]),
    ("Line blot: Jo-1 +++, everything else 0.", ["Jo-1 present", "rest absent"]),
    ("Myositis panel negative; everything else on exam is unchanged.", ["panel absent"]),
    ("ANA 1:320. Everything else negative.", []),
    ("SRP antibody positive, muscle biopsy with necrosis, all else as before.", ["SRP present"]),
    ("Labs: sodium 140, potassium 4.1, all else within normal limits.", []),
    ("Mi-2 beta 64 (normal below 11), no statin use.", ["Mi-2 present"]),
    ("Atorvastatin is an HMGCR inhibitor, so we stopped it.", []),
    ("SRP, HMGCR: negative.", ["SRP absent", "HMGCR absent"]),
    ("Jo-1 positive, remaining myositis panel negative.", ["Jo-1 present", "panel absent"]),
    ("Metformin and an HMG-CoA reductase inhibitor. Everything else on her list is unchanged.", []),
    ("Statin-exposed, HMGCR antibody >200.", ["HMGCR present"]),
    ("TIF1g positive. Vitals normal, everything else negative.", ["TIF1 present"]),
    ("MDA5 negative, everything else looks fine.", ["MDA5 absent"]),
]


@pytest.mark.parametrize(("text", "words"), READINGS)
def test_antibodies_of_a_sentence(text: str, words: list[str], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "antibody", "antibody_panel")

    assert [f"{f.concept} {f.assertion}" for f in found] == words


VERDICTS = [
    ("Dermatomyositis. Atorvastatin (HMG CoA reductase inhibitor) was stopped.", "unknown"),
    (
        "Dermatomyositis. Antibodies have never been tested. ROS: fatigue, everything else negative.",
        "unknown",
    ),
]


@pytest.mark.parametrize(("text", "status"), VERDICTS)
def test_verdict_on_the_antibody(text: str, status: str, pipeline: Pipeline) -> None:
    assert decide(pipeline, "msa_subtype", [(3, text)]).status == status
