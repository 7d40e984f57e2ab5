"""Uncontrolled organ disease, read from whole notes: days before screening, text, and the status that follows."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

CASES = [
    ("met", [(5, "ESRD on hemodialysis three times weekly.")]),
    ("not_met", [(5, "CKD 3a stable, Cr 1.4. HTN controlled.")]),
    ("met", [(5, "Decompensated cirrhosis, MELD 24, ascites.")]),
    ("not_met", [(5, "Fatty liver, LFTs muscle derived.")]),
    ("met", [(5, "Crohn's disease, currently flaring with bloody stools.")]),
    ("met", [(5, "Severe COPD, FEV1 28%.")]),
    ("not_met", [(5, "Mild intermittent asthma, well controlled.")]),
    ("met", [(5, "Asthma, severe persistent and poorly controlled.")]),
    ("unknown", [(5, "ILD is progressing on MMF, FVC 68%.")]),
    ("met", [(5, "ILD, FVC 41%, DLCO 35%.")]),
    ("met", [(5, "MDA5 ILD on 4 L oxygen continuously.")]),
    ("not_met", [(5, "ILD stable on MMF. FVC 72.")]),
    ("met", [(5, "Uncontrolled seizures despite levetiracetam.")]),
    ("not_met", [(5, "Seizure disorder well controlled on keppra.")]),
    ("met", [(5, "Bipolar disorder, acute mania, admitted to psychiatry.")]),
    ("not_met", [(5, "Depression stable on sertraline, no SI.")]),
    ("met", [(5, "Suicide attempt 5/30/2024, inpatient psychiatry.")]),
    ("not_met", [(5, "Remote suicide attempt in 1998, no SI now.")]),
    ("met", [(5, "Acute ischemic stroke 6/1/24 with L hemiparesis.")]),
    ("not_met", [(5, "TIA 10 y ago. Old lacune on MRI.")]),
    ("met", [(5, "Admitted with upper GI bleed, Hgb 6.8, transfused.")]),
    ("not_met", [(300, "GI bleed, transfused 2 units."), (5, "No GI complaints. Hgb 12.8")]),
    ("met", [(5, "LABS 6/3/24: Hgb 7.1 Plt 220")]),
    ("met", [(5, "Plt 22 today, ITP active.")]),
    ("not_met", [(300, "Plt 19, MAS in PICU"), (5, "MAS resolved, plt 250.")]),
    ("met", [(5, "HFrEF, decompensated, on IV furosemide.")]),
    ("not_met", [(5, "HFpEF compensated, euvolemic.")]),
    ("met", [(5, "Severe aortic stenosis, valve area 0.7.")]),
    ("not_met", [(5, "CAD s/p stent 2019, no angina. AF rate controlled.")]),
    ("unknown", [(5, "Uncontrolled hypertension 190/110.")]),
    ("not_met", [(5, "Migraine, OSA on CPAP, GERD on omeprazole, hypothyroidism.")]),
    ("met", [(5, "Autoimmune hepatitis, active, not controlled on azathioprine.")]),
    ("met", [(5, "Acute myocarditis with troponin rise, LVEF 38%.")]),
    ("not_met", [(5, "She has no other organ disease.")]),
    ("not_met", [(5, "Severe proximal weakness, AST 210 ALT 188, no liver disease.")]),
    (
        "not_met",
        [(5, "After eight months on dialysis he was given a kidney by his sister in 2012. Creatinine 1.2.")],
    ),
    ("not_met", [(5, "Mother with ESRD on dialysis, brother with severe epilepsy.")]),
    ("met", [(5, "eGFR 22 mL/min, creatinine 3.1.")]),
    ("met", [(5, "Relapsed lymphoma starting chemotherapy.")]),
    ("not_met", [(5, "Lymphoma 2009, in remission.")]),
    ("not_met", [(5, "Risk of progressive ILD discussed; HRCT no ILD.")]),
    ("met", [(5, "Multiple sclerosis with active relapse on steroids.")]),
    ("met", [(5, "Type 1 respiratory failure, intubated in ICU for RP-ILD.")]),
    ("met", [(5, "Nephrotic syndrome, worsening, Cr 2.9.")]),
    ("unknown", [(300, "FVC 72%"), (5, "CTD-ILD. FVC 62%, down from 72% last year.")]),
    (
        "not_met",
        [(500, "RP-ILD, worsening hypoxia, 6 L O2"), (5, "ILD much improved, stable. SpO2 97% RA. FVC 78%.")],
    ),
    (
        "met",
        [(4, "Schizoaffective disorder with active psychosis, hearing voices; psych admission planned.")],
    ),
    ("met", [(4, "Cirrhosis, Child-Pugh C, recurrent ascites with paracentesis weekly.")]),
    ("met", [(4, "CKD5, HD start next week.")]),
    ("met", [(4, "JDM with GI vasculopathy, jejunal perforation 5/30, TPN.")]),
    ("met", [(4, "Status epilepticus 6/3, in ICU.")]),
    ("met", [(4, "PRES on MRI with seizures on tacrolimus, BP 190.")]),
    ("met", [(4, "HFrEF EF 25 %, NYHA IV, milrinone.")]),
    ("met", [(4, "Steroid psychosis last week, haloperidol, 1:1 sitter.")]),
    ("not_met", [(4, "Steroid psychosis 2019, none since.")]),
    ("met", [(4, "Ulcerative colitis, moderate-severe flare, 10 bloody stools/day, IV steroids.")]),
    ("not_met", [(4, "Ulcerative colitis in remission on mesalamine.")]),
    ("met", [(4, "AIHA, hemolysis ongoing, Hgb 6.9.")]),
    ("met", [(4, "Epilepsy: 3-4 generalized seizures per week, refractory to 3 drugs.")]),
    (
        "met",
        [
            (
                4,
                "Her kidney disease has been getting worse, creatinine 3.9 from 2.1, and nephrology is preparing dialysis access.",
            )
        ],
    ),
    ("met", [(4, "Bipolar I, uncontrolled, two admissions this spring.")]),
    ("not_met", [(4, "Bipolar II stable on lamotrigine for 6 years.")]),
    ("met", [(4, "Parkinson disease, advanced, wheelchair.")]),
    ("met", [(4, "Unstable angina, cath tomorrow.")]),
    ("met", [(4, "VT storm, ICD shocks x3 this week.")]),
    ("met", [(4, "Acute on chronic pancreatitis, admitted.")]),
    ("not_met", [(4, "Lungs clear, abdomen soft, no focal neuro deficit. Mood good.")]),
    ("not_met", [(4, "PHQ-9 4. Anxiety, mild. GERD stable. OA knees. Severe knee pain.")]),
    ("met", [(4, "Multi-infarct dementia, severe.")]),
    ("met", [(4, "Severe major depression with active suicidal ideation and plan.")]),
    ("met", [(4, "Subdural hematoma after fall 6/1, craniotomy.")]),
    ("not_met", [(4, "Concussion 2020. Chronic microvascular changes on MRI.")]),
    ("met", [(4, "Myelodysplastic syndrome, transfusion dependent.")]),
    ("not_met", [(4, "Iron deficiency anemia, Hgb 10.9, on iron. Lymphopenia on steroids.")]),
    ("met", [(4, "TTP on PLEX and caplacizumab.")]),
    ("met", [(4, "Guillain-Barre syndrome, day 6, IVIG, vital capacity falling.")]),
    ("unknown", [(4, "Pulm: fibrotic NSIP with progressive decline, starting nintedanib.")]),
    ("met", [(4, "He is short of breath at rest with end-stage pulmonary fibrosis.")]),
    ("not_met", [(4, "ILD with mild fibrosis, PFTs normal, unchanged since 2020.")]),
    ("not_met", [(4, "AKI from rhabdo in 2022, resolved, Cr 0.8.")]),
    ("not_met", [(4, "Rule out stroke: MRI negative.")]),
    ("not_met", [(4, "Gastroenterology: IBS, constipation. Colonoscopy clean.")]),
    ("not_met", [(4, "Well-controlled T2DM, hypertension, hyperlipidemia.")]),
    ("not_met", [(4, "Diabetes poorly controlled, A1c 10.2.")]),
    ("met", [(4, "RP-ILD. Intubated 6/5, FiO2 0.8, PEEP 12 in ICU.")]),
    ("met", [(4, "severe ILD w/ traction bronchiectasis")]),
    ("not_met", [(4, "Not severe: ILD mild, no decline.")]),
    ("not_met", [(4, "Screening for malignancy, lymphoma ruled out.")]),
    ("met", [(4, "# AML, on induction.")]),
    ("not_met", [(4, "Father died of stroke; brother has uncontrolled epilepsy.")]),
    (
        "met",
        [
            (10, "Neuro: new-onset status epilepticus 5/30, on 3 AEDs."),
            (4, "Still having breakthrough seizures daily."),
        ],
    ),
    ("not_met", [(4, "Hx: febrile seizure x1 at age 2, depression (2019), Gilbert.")]),
    ("met", [(4, "Advanced heart failure, LVAD evaluation.")]),
    ("not_met", [(4, "Cr 0.9, LFTs muscle-derived, plt 240, Hgb 12.2.")]),
    ("met", [(4, "CBC: WBC 1.1, ANC 0.4, Hgb 9.0, Plt 88. Febrile neutropenia.")]),
    ("met", [(4, "Severe malabsorption with weight loss on TPN.")]),
    ("not_met", [(4, "Severe dysphagia from myositis; PEG stable.")]),
    (
        "met",
        [
            (
                4,
                "PULMONARY CLINIC\nHPI: 58F with anti-PL-12 ASyS-ILD. Dyspnea walking across a room. No fever.\nPMH: HTN, GERD, OSA on CPAP, remote DVT.\nMeds: prednisone 20, MMF 1.5 BID, TMP-SMX DS MWF, omeprazole.\nExam: BP 128/76 HR 96 RR 20 SpO2 90% RA, 95% 2L. Crackles to mid zones.\nPFT 5/30/24\n           Actual   Pred    %Pred\nFVC        1.55     3.60    43\nFEV1       1.40     2.90    48\nDLCO       7.9      22.0    36\nTTE 5/24: EF 62, RVSP 44.\nA/P: Progressive ILD despite MMF. Start home O2 2 L continuous. Listed? refer to transplant.",
            )
        ],
    ),
    (
        "not_met",
        [
            (
                4,
                "NEUROMUSCULAR\n58M with SRP IMNM. No infections since last visit. No SOB.\nProblem list: CAP 2022; UTI; CKD stage 3a; depression; h/o C. diff; PE 2019.\nVitals: BP 122/70, P 70, O2 sat 97%.\nROS: denies SI, seizures, hematuria.\nImp: weak. HTN well controlled. A1c 6.5. Echo 4/24 normal EF 60-65%. PFT 3/24 FVC 84% (MIP low).\nPlan: IVIG. Bactrim ppx. Shingrix #2.",
            )
        ],
    ),
    (
        "not_met",
        [
            (
                4,
                "HOSPITAL DISCHARGE SUMMARY\nAdm 5/28 D/C 6/6\nPrincipal: left leg cellulitis with MSSA bacteremia. TEE negative for endocarditis.\nCourse: vancomycin -> cefazolin 2 g q8h. Repeat cultures 5/31 no growth.\nD/C meds: cefazolin via PICC through 6/28, prednisone 15.\nSpO2 98% RA at discharge. ",
            )
        ],
    ),
    (
        "not_met",
        [
            (
                4,
                "Dear Dr. Wu,\nThank you for referring Mr. Park. His breathing is unchanged. He does not use oxygen. His last FVC was 68 percent and diffusing capacity 61 percent of predicted, both steady over three years. He had shingles in 2021 and influenza last winter; he takes Bactrim on Mondays, Wednesdays and Fridays. His heart tests have been fine. He has mild kidney disease with a stable creatinine of 1.4. His mood has been low since his wife died but he is not suicidal.",
            )
        ],
    ),
    (
        "not_met",
        [
            (
                4,
                "PEDS RHEUM\n12F JDM. Admitted last month with pancreatitis (resolved). Calcinosis draining chalky fluid L elbow, no erythema, no abx. \nSpO2 99 RA. Echo nl 3/24. PFT FVC 95%.\nSib with strep; pt rapid strep neg.\nALL: vancomycin (red man).",
            )
        ],
    ),
    (
        "met",
        [
            (
                4,
                "ICU PROGRESS NOTE HD#6\n34F MDA5 DM, RP-ILD. Intubated 6/5, FiO2 0.8, PEEP 12. Cefepime/vanc empiric, BAL PJP PCR pos -> TMP-SMX 15 mg/kg/d day 3, pred.\nPlt 88, Hgb 8.4, Cr 0.7. CRRT no.",
            )
        ],
    ),
    (
        "met",
        [
            (
                4,
                "CARDIOLOGY\n66M IMNM, HFrEF. NYHA III, LVEF 32% (was 28%), LE edema 2+, on torsemide, sac/val. ICD. BNP 2400. Decompensated x2 this year.",
            )
        ],
    ),
    (
        "not_met",
        [
            (
                4,
                "RHEUM\n41F CADM MDA5. ILD quiet, FVC 80, DLCO 72. Sputum AFB smear neg. QuantiFERON indeterminate, repeat sent.\nHBV core Ab neg.  No active infection. Hepatitis B vaccine series done.",
            )
        ],
    ),
    (
        "met",
        [
            (
                4,
                "PSYCHIATRY CONSULT: 29F DM on pred 60. Acute steroid-induced mania with psychotic features, on hold, olanzapine. SI denied.",
            )
        ],
    ),
]


@pytest.mark.parametrize(("status", "notes"), CASES)
def test_organ_status(status: str, notes: list[tuple[int, str]], pipeline: Pipeline) -> None:
    assert decide(pipeline, "uncontrolled_organ_disease", notes).status == status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Pulmonary embolism, on apixaban.", "not_met"),
        ("PE on anticoagulation.", "not_met"),
        ("Dx: pulmonary embolism, on rivaroxaban since 5/2024.", "not_met"),
        ("Acute pulmonary embolism, on a heparin drip.", "met"),
        ("Heparin-induced thrombocytopenia in 2021.", "not_met"),
        ("PMH: HIT (PF4 positive), no heparin.", "not_met"),
    ],
)
def test_a_clot_or_hit_is_documented_and_no_silence(text: str, status: str, pipeline: Pipeline) -> None:
    result = decide(pipeline, "uncontrolled_organ_disease", [(5, text)])

    assert (result.status, result.basis) == (status, "documented")
    assert result.evidence


def test_hit_alone_is_no_contraindication_to_leukapheresis(pipeline: Pipeline) -> None:
    for text in ("Heparin-induced thrombocytopenia in 2021.", "PMH: HIT (PF4 positive), no heparin."):
        result = decide(pipeline, "leukapheresis_contraindication", [(5, text)])
        assert (result.status, result.basis) == ("not_met", "documented")

    denied = decide(pipeline, "leukapheresis_contraindication", [(5, "HIT antibody negative.")])
    assert denied.basis == "no_mention"
