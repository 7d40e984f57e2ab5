"""Significant lung or cardiac impairment, read from whole notes: days before screening, text, and the status that follows."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

CASES = [
    ("unknown", [(5, "ECG: QTc 512 ms. LVEF 60%.")]),
    ("not_met", [(90, "QTc 512 ms. LVEF 60%."), (5, "QTc 448.")]),
    ("not_met", [(900, "QTc 512 ms."), (5, "LVEF 60%.")]),
    ("not_met", [(5, "QTc 478 ms, LVEF 60%")]),
    ("not_met", [(5, "Hold azithromycin if QTc > 500. LVEF 60%.")]),
    ("met", [(5, "ILD clinic. PFT today: FVC 1.6 L (41% pred), DLCO 36%.")]),
    ("unknown", [(5, "PFTs: FVC 54%, DLCO 61%.")]),
    ("not_met", [(5, "PFTs: FVC 74%, DLCO 61%.")]),
    (
        "met",
        [
            (400, "FVC 70, DLCO 60"),
            (5, "FVC 61% -> 52% -> 44% pred over 12 mo, DLCO 38% (Hb-corr), now on 2L NC"),
        ],
    ),
    ("not_met", [(5, "PFTs: FVC 44, DLCO 38 (2019); 78 and 71 today.")]),
    ("not_met", [(5, "Echo: LVEF 30-35% in 2018 (viral), now 58%.")]),
    ("met", [(5, "TTE EF 35-40%")]),
    ("unknown", [(5, "TTE EF 40-45%")]),
    ("met", [(3, "Home O2 2 L continuous. SpO2 95% on 2 L.")]),
    ("unknown", [(3, "Uses 2 L O2 with exertion only, SpO2 95% RA at rest.")]),
    ("not_met", [(3, "No home O2. SpO2 95% RA.")]),
    ("met", [(3, "Exam: SpO2 89% on room air, crackles.")]),
    (
        "not_met",
        [
            (100, "Admitted with pneumonia, SpO2 84% RA in ED, 4 L NC, weaned to room air by discharge."),
            (5, "Doing well. SpO2 97% RA."),
        ],
    ),
    (
        "not_met",
        [(200, "Currently on 3 L NC oxygen."), (5, "Breathing back to normal, SpO2 96% on room air.")],
    ),
    ("met", [(5, "NYHA class IV heart failure.")]),
    ("unknown", [(5, "Cardiomyopathy, NYHA III, on GDMT.")]),
    ("not_met", [(5, "NYHA II. EF 55.")]),
    ("met", [(5, "Pulmonary hypertension, moderate, mPAP 38.")]),
    ("met", [(5, "PAH on macitentan and tadalafil.")]),
    ("unknown", [(5, "Mild pulmonary hypertension on echo, RVSP 42.")]),
    ("not_met", [(5, "Echo normal, no pulmonary hypertension. PFTs normal.")]),
    ("not_met", [(5, "He takes sildenafil for Raynaud. RVSP 28.")]),
    ("met", [(5, "ILD with severe restriction, FVC not repeated.")]),
    ("met", [(5, "Chronic hypoxic respiratory failure from ILD.")]),
    ("met", [(5, "Echo 5/2024: severely reduced LV systolic function.")]),
    ("met", [(5, "IMP: advanced ILD, listed for lung transplant.")]),
    ("not_met", [(5, "Mother has severe pulmonary fibrosis on oxygen. Patient: SpO2 98% RA, FVC 92%.")]),
    ("not_met", [(5, "Goal sat 88-92%. SpO2 97% RA.")]),
    (
        "not_met",
        [
            (
                5,
                "LABS\nCK 1,200\nHgb 12.0\nPFT  06/2022  01/2023  05/2024\nFVC %  44  58  72\nDLCO %  39  51  66",
            )
        ],
    ),
    ("met", [(5, "PFT        05/2024    06/2022\nFVC (%)     43         71\nDLCO (%)    38         66")]),
    ("met", [(5, "Spirometry: FVC 1.45 L (38 % predicted). DLCO unable to perform.")]),
    ("met", [(5, "She requires 3 liters of oxygen around the clock.")]),
    ("unknown", [(5, "Nocturnal oxygen 2 L; daytime sat 94% RA.")]),
    ("met", [(5, "ECHO: EF is 30 %, global hypokinesis.")]),
    ("met", [(40, "TTE: LVEF 33%"), (2, "RHEUM: weakness persists. Plan MTX.")]),
    (
        "not_met",
        [(700, "LVEF 35% at diagnosis of myocarditis"), (5, "Echo last month: EF recovered to 60%.")],
    ),
    ("not_met", [(5, "SpO2 98%. Lungs clear. Echo 2/24 nl.")]),
    ("unknown", [(5, "FVC 46 % pred")]),
    ("unknown", [(5, "Diffusing capacity is moderately reduced at 52%.")]),
    ("met", [(5, "O2: 2L NC at rest, 4L with activity")]),
    ("met", [(5, "on HFNC 40 L, FiO2 50% in MICU")]),
    ("met", [(4, "RHC: mPAP 44, PVR 7, started ambrisentan.")]),
    ("met", [(4, "PFT 5/28/24 FVC 1.2L/35%, DLCO 29%, TLC 41%")]),
    ("met", [(4, "Cardiology: ischemic CM, LVEF 28 %, ICD.")]),
    ("met", [(4, "sats 86-88% RA, improves to 94 on 3L; home O2 arranged")]),
    ("unknown", [(4, "DLCO 52 / FVC 71")]),
    ("not_met", [(4, "FVC 3.1 (82), DLCO 71, O2 sat 98")]),
    ("unknown", [(4, "TTE 3/2024 EF 42%, mild LV dilation")]),
    (
        "met",
        [
            (
                4,
                "The last pulmonary function tests, in April, showed a forced vital capacity of 43 percent and a diffusing capacity of 37 percent of predicted.",
            )
        ],
    ),
    ("met", [(4, "Forced vital capacity has fallen to 39% of predicted.")]),
    (
        "not_met",
        [(4, "Ejection fraction was normal at 62 percent and the lung function tests were normal in March.")],
    ),
    ("met", [(4, "FVC      %pred   41 (L)   [80-120]\nDLCO     %pred   36 (L)   [75-125]")]),
    ("not_met", [(4, "FVC      %pred   91   [80-120]\nDLCO     %pred   86   [75-125]")]),
    ("met", [(4, "VITALS: T 36.8 HR 104 RR 24 SpO2 88% (RA)")]),
    ("not_met", [(4, "6MWT: 420 m, SpO2 nadir 87%, resting 96% RA")]),
    ("not_met", [(4, "Pulse ox 99.")]),
    ("met", [(4, "Oxygen: 3 LPM continuous via NC; sat 93%")]),
    ("met", [(4, "Chronic O2 (2 L) since March for ILD.")]),
    ("not_met", [(4, "O2 2 L during the admission, off since 5/1. Sat 95% RA.")]),
    ("met", [(4, "Severe PH (mPAP 48).")]),
    ("not_met", [(4, "TTE: EF 55-60%, RVSP 31, no PH, trace MR")]),
    ("unknown", [(4, "SOB climbing one flight, NYHA III. EF 50.")]),
    ("met", [(4, "LVEF 15-20%. Transplant evaluation.")]),
    ("unknown", [(4, "LVEF 45 -> 48 -> 43")]),
    ("not_met", [(4, "LVEF 35 -> 48 -> 55")]),
    ("met", [(4, "Tracheostomy, ventilator-dependent.")]),
    ("met", [(4, "Advanced cardiomyopathy with EF 22.")]),
    ("not_met", [(4, "[Copied from 1/2023: SpO2 86% RA, on 4 L NC.] Today SpO2 97% RA.")]),
    ("not_met", [(4, "Mild restriction, FVC 74. Mild DLCO reduction 68.")]),
    ("not_met", [(4, "PFTs: mild restrictive defect, normal diffusion.")]),
    ("met", [(4, "Intubated 6/5, FiO2 0.8, PEEP 12 in ICU.")]),
    ("not_met", [(4, "She was intubated for 4 days in 2021 for pneumonia. RA sat 97%.")]),
    ("not_met", [(4, "Anesthesia: intubated easily with 7.0 ETT for muscle biopsy.")]),
    ("met", [(4, "VS: SpO2 85 on RA")]),
    ("met", [(4, "Cardiac MRI 5/20: LVEF 31%, LGE.")]),
    ("not_met", [(4, "Cardiac MRI 5/20: LVEF 61%, no LGE.")]),
    ("unknown", [(4, "DLCO 45% (Hb adj), FVC 70%")]),
    ("not_met", [(4, "FVC 102, FEV1 98, DLCO 88, TLC 99")]),
    ("not_met", [(4, "pft wnl, tte wnl, sat 99 ra")]),
    ("met", [(4, "IMPRESSION: Severe restrictive lung disease due to ILD.")]),
    ("met", [(4, "severe ILD w/ traction bronchiectasis")]),
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
        "not_met",
        [
            (
                4,
                "RHEUM: Treated for possible PJP in February, off oxygen since March, room air 97%. On atovaquone. FVC 58->66.",
            )
        ],
    ),
]


@pytest.mark.parametrize(("status", "notes"), CASES)
def test_lung_status(status: str, notes: list[tuple[int, str]], pipeline: Pipeline) -> None:
    assert decide(pipeline, "lung_cardiac_impairment", notes).status == status


@pytest.mark.parametrize(
    ("text", "basis", "flags"),
    [
        ("QTc 440 ms", "no_mention", ()),
        ("QTc 470 ms", "no_mention", ()),
        ("QTc 471 ms", "no_mention", ("near_limit QTc",)),
        ("QTc 500 ms", "no_mention", ("near_limit QTc",)),
        ("QTc 501 ms", "insufficient", ()),
        ("QTc > 500 ms", "insufficient", ()),
    ],
)
def test_a_long_qtc_is_shown_and_a_very_long_one_is_for_a_person(
    text: str, basis: str, flags: tuple[str, ...], pipeline: Pipeline
) -> None:
    result = decide(pipeline, "lung_cardiac_impairment", [(5, text)])

    assert (result.basis, result.flags) == (basis, flags)
    assert [item.finding.text for item in result.evidence] == [text]
