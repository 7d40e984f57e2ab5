"""Which disease a word or an abbreviation means, and how the note holds it."""

from __future__ import annotations

from datetime import date

import pytest
from support.myositis_texts import DIAGNOSES

from chartsift.nlp.lexicon.examples import parse_marked
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding, Note

STATED = [
    "[Dermatomyositis]{DM present} since 2019, on MTX.",
    "51M with anti-HMGCR [IMNM]{IMNM present}, refractory.",
    "She has [antisynthetase syndrome]{ASyS present} with ILD and [myositis]{IIM present}.",
    "A: [dermatomyosistis]{DM present} stable",
    "PMH: [JDM]{JDM present}, asthma",
    "history of [polymyositis]{PM present}, now on AZA",
    "h/o [juvenile dermatomyositis]{JDM present} dx age 7",
    "[DM]{DM present} (anti-Mi-2+) with active rash",
    "classic [DM]{DM present}, heliotrope and Gottron papules",
    "Dx: [clinically amyopathic dermatomyositis]{CADM present}",
    "hypomyopathic [DM]{CADM present}, MDA5+",
    "[juvenile-onset dermatomyositis]{JDM present}, NXP2+",
    "[IBM]{IBM present}: finger flexor weakness, rimmed vacuoles",
    "sporadic [inclusion body myositis]{IBM present} on biopsy",
    "[Overlap myositis]{overlap present} (PM-Scl) with sclerodactyly",
    "SRP [myopathy]{IMNM present} with dysphagia",
    "HMGCR [myopathy]{IMNM present} on IVIG",
    "[necrotising autoimmune myopathy]{IMNM present} after statin exposure",
    "[NAM]{IMNM present} flare, CK 4,000",
    "Biopsy consistent with [dermatomyositis]{DM present}.",
    "Findings support [immune-mediated necrotizing myopathy]{IMNM present}.",
    "[Polymyositis]{PM present} not responding to methotrexate.",
    "[JDM]{JDM present}, MDA5 negative, ANA negative",
    "[DM]{DM present}: negative malignancy screen, no ILD",
    "Statins -> [IMNM]{IMNM present}",
    "PL-7 [ASyS]{ASyS present}-ILD, NSIP pattern",
    "[ASS]{ASyS present} with anti-PL-12 and ILD",
    "Jo-1 [syndrome]{ASyS present} with mechanic's hands",
    "[PM]{PM present}, Jo-1+, CK 3,200, on pred and AZA",
    "known [PM/DM]{IIM present}, CK up",
    "[autoimmune myopathy]{IIM present} on rituximab",
    "diagnosed with [JPM]{JPM present} at 9",
    "not only [JDM]{JDM present} but also lupus features",
    "No change in her [dermatomyositis]{DM present}.",
    "CAR-T for refractory [JDM]{JDM present}, day +183",
    "Sent for an opinion on refractory [dermatomyositis]{DM present}.",
]
DENIED = [
    "This is not a [myositis]{IIM absent}.",
    "not an [inflammatory myopathy]{IIM absent}",
    "No evidence of [inflammatory myopathy]{IIM absent} on biopsy.",
    "[DM]{DM absent} rash absent.",
    "[Dermatomyositis]{DM absent} was ruled out by biopsy.",
    "[Myositis]{IIM absent} unlikely given normal CK.",
    "no [PM]{PM absent}, [IBM]{IBM absent} or muscular dystrophy on biopsy, CK normal",
    "Not felt to represent [dermatomyositis]{DM absent}.",
    "argues against [polymyositis]{PM absent}",
    'Would not carry "[myositis]{IIM absent}" forward.',
    "lupus rash rather than [dermatomyositis]{DM absent}",
    "MRI without [myositis]{IIM absent}",
]
OPEN = [
    "? [dermatomyositis]{DM possible}",
    "R/O [dermatomyositis]{DM possible}. Ref: derm.",
    "[IMNM]{IMNM possible} vs toxic myopathy",
    "possible [antisynthetase syndrome]{ASyS possible}",
    "Ddx: metabolic myopathy, [inflammatory myopathy]{IIM possible}",
    "I am most concerned about an [autoimmune myopathy]{IIM possible}, either [polymyositis]{PM possible} or the [necrotizing type]{IMNM possible} of myopathy.",
    "Cannot rule out [myositis]{IIM possible}; MRI pending.",
    "[immune mediated necrotizing myopathy]{IMNM possible} is favored",
    "Likely [antisynthetase syndrome]{ASyS possible} given PL-12",
    "suspected [JDM]{JDM possible}",
    "we should exclude an acquired [necrotizing myopathy]{IMNM possible}",
    "[inflammatory myopathy]{IIM possible} much less likely",
    "[DM]{DM possible} vs [PM]{PM possible}, awaiting MSA panel",
    "evaluation for possible [myositis]{IIM possible}",
    "not sure whether this is [polymyositis]{PM possible}",
]
FORMER = [
    "Initially thought to be [polymyositis]{PM historical}, ultimately LGMD on genetics.",
    "Carried a dx of [polymyositis]{PM historical} for 10 years.",
    "[polymyositis]{PM historical}, later revised to inclusion-body disease",
    "diagnosis revised from [PM]{PM historical} to muscular dystrophy on biopsy, CK 900",
    "misdiagnosed as [dermatomyositis]{DM historical}",
]
OTHERS = [
    "clinical trials now open for [myositis]{IIM hypothetical}",
    "asked about a cell trial for [JDM]{JDM hypothetical}",
    "If [myositis]{IIM hypothetical} develops, stop the drug.",
    "Mother with [polymyositis]{PM family}, sister s/p renal transplant.",
    "FHx: aunt [dermatomyositis]{DM family}",
]
NOTHING = [
    "DM, HTN, HLD. A1c 8.1.",
    "DM2 c/b neuropathy",
    "T2 DM on metformin",
    "type 1 DM x 9 y (pump/CGM)",
    "DM: denies. A1c 5.8.",
    "Steroid-induced DM, on glargine",
    "Robitussin DM prn",
    "tamsulosin 0.4 mg in the PM",
    "seen at 4:15 PM",
    "PM basal cut 10%",
    "PPM interrogation: PM leads fine",
    "referred to PM&R",
    "myositis panel sent",
    "Seen in myositis clinic",
    "ASS 100 mg daily",
    "retired IBM engineer; worked for IBM",
    "RESET-Myositis screening visit",
    "viral myositis as a child",
    "myositis ossificans of the thigh",
    "irritable myopathy on EMG",
    "dermatitis of the hands",
]


def read(pipeline: Pipeline, text: str, kind: str = "diagnosis") -> list[Finding]:
    found = pipeline.extract(Note("p", "n", date(2024, 6, 1), "Progress note", text))
    return [finding for finding in found if finding.kind == kind]


@pytest.mark.parametrize("marked", STATED + DENIED + OPEN + FORMER + OTHERS + DIAGNOSES)
def test_a_diagnosis_is_held_as_the_note_holds_it(marked: str, pipeline: Pipeline) -> None:
    gold = parse_marked(marked)

    found = read(pipeline, gold.text)

    read_as = [(f.concept, f.assertion) for f in found]
    assert read_as == [(concept, assertion) for _, _, concept, assertion in gold.mentions], gold.text


@pytest.mark.parametrize("text", NOTHING)
def test_look_alikes_are_no_diagnosis(text: str, pipeline: Pipeline) -> None:
    assert [(f.text, f.concept) for f in read(pipeline, text)] == []


def test_two_senses_in_one_line(pipeline: Pipeline) -> None:
    found = read(pipeline, "DM2 c/b neuropathy; DM (anti-MDA5+) c/b ILD")

    assert [(f.start, f.concept) for f in found] == [(20, "DM")]


def test_a_note_that_refutes_a_label_reads_it_as_a_former_one(pipeline: Pipeline) -> None:
    text = (
        'Sent for an opinion on refractory polymyositis. Records say: "Here for her polymyositis, on MTX." '
        "She has limb girdle muscular dystrophy type 2B and not an inflammatory myopathy."
    )

    found = [(f.concept, f.assertion) for f in read(pipeline, text)]

    assert found == [("PM", "absent"), ("PM", "historical"), ("IIM", "absent")]


@pytest.mark.parametrize(
    ("text", "concept", "assertion"),
    [
        ("Final diagnosis: LGMD R2 by genetics.", "muscular_dystrophy", "present"),
        ("rhabdomyolysis ruled out", "rhabdomyolysis", "absent"),
        ("So, this is not a dystrophy.", "muscular_dystrophy", "absent"),
        ("CPT II deficiency, myopathic form", "metabolic_myopathy", "present"),
        ("presumed statin myopathy", "statin_myopathy", "possible"),
        ("checkpoint inhibitor myositis on pembrolizumab", "checkpoint_myositis", "present"),
        ("not simple toxic myopathy", "toxic_myopathy", "absent"),
        ("brother with Duchenne muscular dystrophy", "muscular_dystrophy", "family"),
    ],
)
def test_diseases_that_look_alike(text: str, concept: str, assertion: str, pipeline: Pipeline) -> None:
    assert [(f.concept, f.assertion) for f in read(pipeline, text, "mimic")] == [(concept, assertion)]


def test_a_denial_of_activity_is_not_one_of_the_disease(pipeline: Pipeline) -> None:
    (found,) = read(pipeline, "No evidence of active myositis on MRI.")

    assert found.assertion == "absent"
    assert found.attribute("aspect") == "activity"
