"""Diagnoses and what is easily taken for one, in ordinary sentences."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

# The text, and each diagnosis in it with its assertion.
READINGS = [
    # ---- ASS: the syndrome beside other drugs, aspirin in a German list
    ("ASS (Jo-1 positive) on prednisone and aspirin 81 mg.", ["ASyS present"]),
    ("Dx ASS.", ["ASyS present"]),
    ("Dx: ASS", ["ASyS present"]),
    ("Impression: 1. ASS 2. hypertension", ["ASyS present"]),
    ("Assessment:\n1. ASS\n2. hypertension", ["ASyS present"]),
    ("Diagnosed with ASS in 2021.", ["ASyS present"]),
    ("DDx: ASS, sarcoid", ["ASyS possible"]),
    ("Diagnosen: KHK. Medikation: ASS 100, Ramipril.", []),
    ("Dx: CAD. Meds: ASS 100 mg, metoprolol", []),
    ("Diagnose: ASS 100 mg pausiert", []),
    ("PAIN IN THE ASS", []),
    ("Jo-1 positive ASS with ILD, metoprolol for palpitations.", ["ASyS present"]),
    ("ASS with Jo-1, on heparin for DVT.", ["ASyS present"]),
    ("Medication: prednisone 20 mg. Diagnosis: ASS, PL-12 positive.", ["ASyS present"]),
    ("Medikation: Prednisolon 10 mg, ASS 100 1-0-0, Ramipril 5 mg.", []),
    ("Dermatomyositis, MTX, ASS, MMF stopped on 02/03 before the biopsy.", ["DM present"]),
    # ---- removed: a label, or an organ
    ("Her gallbladder was removed; the diagnosis of dermatomyositis was made later.", ["DM present"]),
    ("After the mole was removed the diagnosis of dermatomyositis was made.", ["DM present"]),
    ("Neurology removed the diagnosis of polymyositis.", ["PM historical"]),
    # ---- ordinary sentences
    ("Dermatomyositis diagnosed in 2021, on IVIG.", ["DM present"]),
    ("54-year-old woman with anti-Mi-2 dermatomyositis.", ["DM present"]),
    ("Dermatomyositis was ruled out by biopsy.", ["DM absent"]),
    ("Possible dermatomyositis, biopsy pending.", ["DM possible"]),
    ("Her aunt has dermatomyositis.", ["DM family"]),
    ("After her appendix was removed the diagnosis of dermatomyositis became clear.", ["DM present"]),
    (
        "She was first diagnosed with polymyositis; this was revised to IMNM.",
        ["PM historical", "IMNM present"],
    ),
    ("ASS with anti-PL-7, on metoprolol and ramipril.", ["ASyS present"]),
    ("Antisynthetase syndrome with ILD, on heparin in hospital.", ["ASyS present"]),
    ("Medikation: ASS 100 mg, Pantoprazol 40 mg, Ramipril 5 mg.", []),
    ("ASS 100 1-0-0 weiter.", []),
    ("Known ASS, Jo-1 positive, aspirin stopped.", ["ASyS present"]),
    ("Immune-mediated necrotizing myopathy, HMGCR positive.", ["IMNM present"]),
    ("Inclusion body myositis confirmed on biopsy.", ["IBM present"]),
    ("No features of inclusion body myositis.", ["IBM absent"]),
    ("Juvenile dermatomyositis since age 7.", ["JDM present"]),
    ("Suspected inflammatory myopathy.", ["IIM possible"]),
    ("Diabetes type 2, DM diet.", []),
    ("DM with Gottron papules and heliotrope rash.", ["DM present"]),
    ("Takes Lipitor at 8 PM.", []),
    ("Polymyositis, stable on azathioprine.", ["PM present"]),
    ("Neurology removed the label of polymyositis.", ["PM historical"]),
    ("His cyst was removed, dermatomyositis is stable.", ["DM present"]),
    ("Watch for dermatomyositis if rash appears.", ["DM hypothetical"]),
    ("Dermatomyositis flare after her port was removed.", ["DM present"]),
    ("Overlap myositis with scleroderma.", ["overlap present"]),
    ("Clinically amyopathic dermatomyositis, MDA5 positive.", ["CADM present"]),
    ("She carries a diagnosis of dermatomyositis and takes MTX.", ["DM present"]),
    ("She does not have dermatomyositis.", ["DM absent"]),
    ("The stitches were removed and dermatomyositis was confirmed on pathology.", ["DM present"]),
    ("Dermatomyositis: no change in treatment.", ["DM present"]),
    ("Statin-associated autoimmune myopathy; atorvastatin stopped.", ["IMNM present"]),
    ("Her thymus was removed and later dermatomyositis was diagnosed.", ["DM present"]),
    ("Dermatomyositis on MTX; diabetes was ruled out.", ["DM present"]),
    ("No dysphagia, dermatomyositis otherwise active.", ["DM present"]),
    ("Her mother has lupus; the patient has dermatomyositis.", ["DM present"]),
    ("ASS (anti-EJ) with arthritis, on heparin prophylaxis.", ["ASyS present"]),
    ("ASS 100 mg pausiert vor der Biopsie.", []),
    ("Prior statin use, now IMNM on IVIG.", ["IMNM present"]),
    ("If CK rises we add IVIG; dermatomyositis is active.", ["DM present"]),
    ("Thought to have eczema at first, she has dermatomyositis.", ["DM present"]),
    ("History of breast cancer. Dermatomyositis since 2022.", ["DM present"]),
    ("Dermatomyositis was confirmed after malignancy was ruled out.", ["DM present"]),
    ("PL-12 ASS, ramipril 5 mg daily, ASA 81.", ["ASyS present"]),
    ("The diagnosis of dermatomyositis was removed from her chart.", ["DM historical"]),
    ("Polymyositis versus IBM, biopsy awaited.", ["PM possible", "IBM possible"]),
    ("Dermatomyositis, previously misread as eczema.", ["DM present"]),
    ("FH: father DM2.", []),
]


@pytest.mark.parametrize(("text", "words"), READINGS)
def test_diagnoses_of_a_sentence(text: str, words: list[str], pipeline: Pipeline) -> None:
    found = read(pipeline, text, "diagnosis")

    assert [f"{f.concept} {f.assertion}" for f in found] == words
