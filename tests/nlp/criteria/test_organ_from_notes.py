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
]


@pytest.mark.parametrize(("status", "notes"), CASES)
def test_organ_status(status: str, notes: list[tuple[int, str]], pipeline: Pipeline) -> None:
    assert decide(pipeline, "uncontrolled_organ_disease", notes).status == status
