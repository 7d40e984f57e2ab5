"""
Sentences that are easily misread, with the reading of a careful coordinator.

Each case is one note of the screening day: its text, the verdicts that must follow, and mentions that must be read
as given. A status written as "met|unknown" leaves the choice to a person's caution; one of the two must come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from support.reading import note

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import CriterionResult, Finding, NoteInfo, Patient

DAY = date(2026, 11, 22)
# The reader sees a sentence; the evaluator is told that it stood in a whole note.
_NOTE_LENGTH = 2_000

Mention = tuple[str, str, str]  # kind, concept, assertion

CASES: list[tuple[str, Mapping[str, str], list[Mention]]] = [
    # ---- scope of a negation
    (
        "No Gottron's papules, heliotrope, V-sign or shawl sign. Malar erythema present. On prednisone.",
        {"active_disease": "unknown|met"},
        [("skin", "Gottron", "absent"), ("skin", "shawl", "absent"), ("skin", "erythema", "present")],
    ),
    (
        "Denies dysphagia, SOB or rash but has had worsening difficulty climbing stairs x 3 mo.",
        {"muscle_weakness": "met"},
        [("function", "swallowing", "absent"), ("skin", "rash", "absent"), ("function", "stairs", "present")],
    ),
    (
        "DM on methotrexate. Not only did her CK remain high, it rose to 4,812.",
        {"active_disease": "met"},
        [("lab", "CK", "present")],
    ),
    (
        "Cannot rule out active myositis; MRI pending.",
        {"iim_diagnosis": "unknown"},
        [("diagnosis", "IIM", "possible")],
    ),
    (
        "Dermatomyositis on IVIG. MRI thighs: No interval change in the bilateral STIR edema of the vastus lateralis.",
        {"active_disease": "met"},
        [("imaging", "active", "present")],
    ),
    (
        "PM on azathioprine. MRI: no evidence of active inflammation. Moderate fatty replacement of the gluteal muscles.",
        {"active_disease": "not_met|unknown"},
        [],
    ),
    (
        "DM on MMF. Gottron papules resolved; residual PIH over MCPs.",
        {"active_disease": "not_met|unknown"},
        [("skin", "Gottron", "historical"), ("skin_damage", "dyspigmentation", "present")],
    ),
    (
        "DM, failed MTX. Rash: heliotrope (-), Gottron (+), V-sign (+/-)",
        {"active_disease": "met"},
        [("skin", "heliotrope", "absent"), ("skin", "Gottron", "present"), ("skin", "V_sign", "possible")],
    ),
    # ---- one abbreviation, two senses
    ("DM, HTN, HLD. A1c 8.1.", {"iim_diagnosis": "unknown|not_met"}, []),
    (
        "DM2 c/b neuropathy; DM (anti-MDA5+) c/b ILD",
        {"iim_diagnosis": "met", "msa_subtype": "met"},
        [("diagnosis", "DM", "present"), ("antibody", "MDA5", "present")],
    ),
    (
        "Anti-Mi-2 alpha <11 SI, hx of MI 2 yrs ago",
        {"msa_subtype": "unknown"},
        [("antibody", "Mi-2", "absent")],
    ),
    ("HIV on cART, VL undetectable", {"prior_car_t": "not_met", "active_infection": "unknown"}, []),
    ("s/p car accident 2019 w/ ACL allograft", {"prior_car_t": "not_met", "prior_transplant": "not_met"}, []),
    ("Allergy: Flu vaccine - anaphylaxis", {"flu_cy_reaction": "not_met"}, []),
    (
        "Reaction to CTX: hives (ceftriaxone/cefotaxime per pharmacy)",
        {"flu_cy_reaction": "not_met|unknown"},
        [],
    ),
    # ---- suspicion
    (
        "? DM vs PM vs overlap, awaiting MSA panel",
        {"iim_diagnosis": "unknown", "msa_subtype": "unknown"},
        [("diagnosis", "DM", "possible"), ("diagnosis", "PM", "possible")],
    ),
    (
        "Likely antisynthetase syndrome given PL-12 ++ and NSIP",
        {"iim_diagnosis": "met", "msa_subtype": "met"},
        [("antibody", "PL-12", "present")],
    ),
    ("R/O dermatomyositis. Ref: derm.", {"iim_diagnosis": "unknown"}, [("diagnosis", "DM", "possible")]),
    (
        "IMPRESSION\n1) PM/DM -- ANA 1:640\n2) r/o IBM\n===LABS===  Jo1.....NEG   SRP....POS (wk)   HMGCR....pend",
        {"iim_diagnosis": "unknown", "msa_subtype": "unknown"},
        [
            ("diagnosis", "IBM", "possible"),
            ("antibody", "Jo-1", "absent"),
            ("antibody", "SRP", "present"),
            ("antibody", "HMGCR", "possible"),
        ],
    ),
    # ---- someone else
    (
        "Mother with polymyositis, sister s/p renal transplant.",
        {"iim_diagnosis": "unknown|not_met", "prior_transplant": "not_met"},
        [("diagnosis", "PM", "family"), ("transplant", "kidney", "family")],
    ),
    ("FHx: DM, RA, MG. Pt adopted.", {"iim_diagnosis": "unknown|not_met"}, []),
    (
        "Pt's husband received CAR-T for DLBCL last year.",
        {"prior_car_t": "not_met"},
        [("car_t", "CAR-T", "family")],
    ),
    ("mother had transplant", {"prior_transplant": "not_met"}, []),
    # ---- given, planned, collected
    (
        "Referred to cell therapy for CAR-T evaluation; pt interested, consent signed 6/2.",
        {"prior_car_t": "not_met"},
        [("car_t", "CAR-T", "hypothetical")],
    ),
    (
        "Apheresis completed 7/8 for CABA-201. Infusion held due to CMV viremia.",
        {"prior_car_t": "not_met", "active_infection": "met"},
        [("car_t", "CAR-T", "hypothetical")],
    ),
    (
        "Day +28 s/p CD19 CART (KYV-101), B-cell aplasia ongoing.",
        {"prior_car_t": "met"},
        [("car_t", "CAR-T", "present")],
    ),
    ("Never received CAR T.", {"prior_car_t": "not_met"}, [("car_t", "CAR-T", "absent")]),
    ("Declined CAR T.", {"prior_car_t": "not_met"}, [("car_t", "CAR-T", "hypothetical")]),
    ("CAR T scheduled for next month", {"prior_car_t": "not_met"}, [("car_t", "CAR-T", "hypothetical")]),
    # ---- grafts
    ("H/o auto SCT 2016 for SSc, remission", {"prior_transplant": "met"}, [("transplant", "hct", "present")]),
    ("s/p transplant 2019", {"prior_transplant": "unknown"}, []),
    (
        "Kidney: s/p transplant 2019, on tacrolimus.",
        {"prior_transplant": "met"},
        [("transplant", "kidney", "present")],
    ),
    (
        "Listed for lung tx at Penn (status active), not yet transplanted.",
        {"prior_transplant": "not_met", "lung_cardiac_impairment": "met|unknown"},
        [("transplant", "lung", "hypothetical")],
    ),
    (
        "Donated L kidney to brother 2004; Cr 1.1",
        {"prior_transplant": "not_met"},
        [("transplant", "kidney", "family"), ("advisory", "solitary_kidney", "present")],
    ),
    ("Hx of corneal transplant OD. Bone marrow bx 2021 unremarkable.", {"prior_transplant": "not_met"}, []),
    # ---- reactions
    (
        "Allergies: CYTOXAN (Nausea And Vomiting), LATEX (Hives)",
        {"flu_cy_reaction": "not_met"},
        [("contraindication", "cyclophosphamide", "absent")],
    ),
    (
        "Cyclophosphamide -> throat swelling, epi given in infusion center 3/2022",
        {"flu_cy_reaction": "met"},
        [("contraindication", "cyclophosphamide", "present")],
    ),
    (
        "Tolerated rituximab and IV CYC pulses x6, no infusion reaction.",
        {"flu_cy_reaction": "not_met"},
        [("contraindication", "cyclophosphamide", "absent"), ("treatment", "rituximab", "present")],
    ),
    # ---- copied, templated, ticked
    (
        "[Copied forward from 3/11/2022] Strength 3/5 hip flexors.\nExam today: strength 5/5 throughout.",
        {"muscle_weakness": "not_met"},
        [],
    ),
    (
        "ROS: Constitutional: neg. MSK: negative for weakness.\nHPI: unable to get off toilet without help.",
        {"muscle_weakness": "met"},
        [("strength", "weakness", "absent"), ("function", "rising", "present")],
    ),
    (
        "☐ Rash ☒ Muscle weakness ☐ Dysphagia",
        {"muscle_weakness": "met"},
        [
            ("skin", "rash", "absent"),
            ("strength", "weakness", "present"),
            ("function", "swallowing", "absent"),
        ],
    ),
    # ---- numbers and their dates
    ("MMT-8: 78/80", {"muscle_weakness": "unknown|not_met"}, []),
    (
        "DM on IVIG. MMT8=131/150, CDASI-A 24, PhGA 6",
        {"active_disease": "met", "muscle_weakness": "met"},
        [],
    ),
    (
        "DM on MTX. CK 4,812 (H) [30-223] 10/02  |  CK 198 [30-223] 11/14",
        {"active_disease": "not_met|unknown"},
        [],
    ),
    ("IMNM on IVIG. CK: 2.5x ULN", {"active_disease": "met"}, []),
    ("IMNM on IVIG. CK 25 ULN 200", {"active_disease": "not_met|unknown"}, []),
    ("DM. AST 88 ALT 91 w/ CK 5200, GGT nl, bili 0.6", {"uncontrolled_organ_disease": "not_met"}, []),
    (
        "FVC 61% -> 52% -> 44% pred over 12 mo, DLCO 38% (Hb-corr), now on 2L NC",
        {"lung_cardiac_impairment": "met", "uncontrolled_organ_disease": "met"},
        [],
    ),
    ("PFTs: FVC 44, DLCO 38 (2019); 78 and 71 today", {"lung_cardiac_impairment": "not_met"}, []),
    ("Echo: LVEF 30-35% in 2018 (viral), now 58%.", {"lung_cardiac_impairment": "not_met"}, []),
    ("TTE EF 35-40%", {"lung_cardiac_impairment": "met|unknown"}, []),
    # ---- infections
    (
        "CXR w/o acute process. No fever, cough. Bactrim MWF for PJP ppx.",
        {"active_infection": "not_met"},
        [("infection", "pjp", "hypothetical")],
    ),
    (
        "Completed 10d doxy for cellulitis yesterday; erythema resolved",
        {"active_infection": "not_met|unknown"},
        [],
    ),
    ("On day 3 of IV vanc/pip-tazo for pneumonia", {"active_infection": "met"}, []),
    ("HIV neg, hepatitis B neg", {"active_infection": "not_met"}, []),
    # ---- ages at a limit
    ("Pt is a 75-year-old man (turns 76 next week)", {"age": "met"}, []),
    (
        "Hx: dermatomyosistis (\"DM\") dx'd at 9 yo, NXP2 +; poor access, prior PICC; apheresis pt req'd fem line",
        {"iim_diagnosis": "met", "msa_subtype": "met", "leukapheresis_contraindication": "not_met|unknown"},
        [("antibody", "NXP2", "present")],
    ),
    # ---- probes that general pipelines fail
    (
        "Head CT is negative for stroke.",
        {"uncontrolled_organ_disease": "not_met"},
        [("organ_disease", "cerebral", "absent")],
    ),
    ("Anti-Jo-1: negative", {"msa_subtype": "unknown"}, [("antibody", "Jo-1", "absent")]),
    ("PM. Rituximab was discontinued.", {}, [("treatment", "rituximab", "historical")]),
    (
        "No malignancy except basal cell.",
        {},
        [("advisory", "malignancy", "absent"), ("advisory", "skin_cancer", "present")],
    ),
    ("CK 5,430", {}, [("lab", "CK", "present")]),
]


def _verdicts(pipeline: Pipeline, text: str) -> tuple[dict[str, CriterionResult], list[Finding]]:
    made = note(text, day=DAY)
    findings = pipeline.extract(made)
    infos = [NoteInfo(made.note_id, DAY, made.note_type, _NOTE_LENGTH)]
    results = evaluate(Patient("p1"), infos, findings, load_trial("reset-myositis"), as_of=DAY)
    chosen = next(result for result in results if result.applicable)
    return {item.criterion_id: item for item in chosen.criteria}, findings


@pytest.mark.parametrize(("text", "statuses", "mentions"), CASES, ids=[case[0][:60] for case in CASES])
def test_hard_sentence_is_read_as_a_careful_coordinator_would(pipeline, text, statuses, mentions):
    verdicts, findings = _verdicts(pipeline, text)

    got = {criterion: verdicts[criterion].status for criterion in statuses}
    wrong = {name: got[name] for name, wanted in statuses.items() if got[name] not in wanted.split("|")}
    read = {(f.kind, f.concept, f.assertion) for f in findings}
    assert (wrong, [m for m in mentions if m not in read]) == ({}, []), sorted(read)


def test_age_limits_cross_soon(pipeline):
    juvenile, _ = _verdicts(pipeline, "17 y.o. F (DOB 12/02/2008) seen 11/22/2026")
    assert juvenile["age"].status == "met"
    assert "turns_18_on 2026-12-02" in juvenile["age"].flags


def test_numbers_are_not_cut_at_a_comma(pipeline):
    _, findings = _verdicts(pipeline, "CK 5,430")
    assert [f.value for f in findings if f.kind == "lab"] == [5430.0]


def test_diabetes_and_family_give_no_diagnosis(pipeline):
    for text in (
        "DM, HTN, HLD. A1c 8.1.",
        "FHx: DM, RA, MG. Pt adopted.",
        "s/p car accident 2019",
        "HIV on cART",
    ):
        _, findings = _verdicts(pipeline, text)
        held = [f for f in findings if f.kind in ("diagnosis", "car_t") and f.assertion == "present"]
        assert held == [], text
