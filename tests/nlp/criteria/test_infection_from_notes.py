"""Active infection, read from whole notes: days before screening, text, and the status that follows."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

CASES = [
    ("not_met", [(3, "Strep throat in March, amoxicillin 10 d, well.")]),
    ("not_met", [(3, "MEDS: mycophenolate 1,500 BID; TMP-SMX SS daily (PJP); magnesium oxide.")]),
    ("not_met", [(3, "Health maintenance: COVID/flu done.")]),
    ("not_met", [(3, "HBV/HCV/HIV neg; VZV IgG +; cont TMP-SMX.")]),
    ("not_met", [(3, "Biopsy: endomysial CD4+ aggregates. Capillary MAC +. MHC-I diffuse.")]),
    (
        "met",
        [
            (
                20,
                "Infection: M. abscessus BAL 2/25, AFB smear 2+. On imipenem + tigecycline via PICC, week 11 of 26.",
            )
        ],
    ),
    ("unknown", [(30, "TB infection (latent), start rifampin."), (3, "Rifampin 400 mg qAM (d 27 of ~120).")]),
    ("not_met", [(3, "He was absent because of influenza and is back at school.")]),
    ("not_met", [(3, "Lymphodepletion = Flu + Cy. Hep B sAb 46 ok.")]),
    ("not_met", [(3, "Infection / abx now ..................... no; last abx in February (UTI).")]),
    ("not_met", [(3, "A small heart attack when I was septic.")]),
    # ---- tuberculosis: latent under treatment, latent long done (for a person, by the guidelines), disease, other mycobacteria
    ("unknown", [(5, "QuantiFERON positive 2/2024, CXR clear. INH 300 daily + B6 since 3/1, month 3 of 9.")]),
    ("unknown", [(5, "Positive IGRA; started rifampin 600 mg daily x 4 months on 4/15.")]),
    ("unknown", [(5, "TB: QFT pos, asymptomatic, no disease on CT. 3HP weekly, week 5 of 12.")]),
    ("unknown", [(5, "T-SPOT positive, ID started rifapentine/isoniazid weekly.")]),
    ("unknown", [(5, "+PPD 15 mm before rituximab, now on isoniazid/pyridoxine.")]),
    ("unknown", [(5, "LTBI treated with INH 9 months in 2019.")]),
    ("unknown", [(5, "Completed 4 months of rifampin for latent TB in 2021.")]),
    ("unknown", [(5, "h/o +PPD as a child, INH x 9 months then.")]),
    ("met", [(5, "Sputum grew M. avium x2, on triple therapy since January.")]),
    ("unknown", [(5, "01/2024 TB")]),
    ("unknown", [(5, "Pulmonary tuberculosis diagnosed in January.")]),
    ("not_met", [(5, "TB 1987.")]),
    ("not_met", [(5, "Pulmonary tuberculosis diagnosed in January 2022.")]),
    ("not_met", [(5, "Grandchild with influenza, patient well.")]),
    ("not_met", [(5, "Her toddler has strep throat and is on amoxicillin; she herself is well.")]),
    ("not_met", [(5, "Pulmonary MAC in 2019, completed azithro/ethambutol/rifampin 2021.")]),
    ("met", [(5, "Smear positive pulmonary TB, isoniazid, rifampin, ethambutol, pyrazinamide month 2.")]),
    # ---- earlier episodes that later notes do not carry on
    (
        "not_met",
        [(90, "Rapid strep positive. Amoxicillin 500 BID x 10 d."), (5, "Follow-up. No fever. Weak.")],
    ),
    (
        "not_met",
        [(90, "COVID-19 PCR positive today. Paxlovid started."), (5, "Weakness unchanged, CK 2,000.")],
    ),
    (
        "not_met",
        [(120, "Admitted with PJP, TMP-SMX treatment dose 21 days."), (5, "Breathing well. CK 800.")],
    ),
    ("not_met", [(5, "Nitrofurantoin 50 qhs UTI suppression.")]),
    ("met", [(3, "On day 3 of IV vanc/pip-tazo for pneumonia.")]),
    ("not_met", [(3, "Completed 10d doxy for cellulitis yesterday; erythema resolved.")]),
    ("not_met", [(3, "CXR w/o acute process. No fever, cough. Bactrim MWF for PJP ppx.")]),
    ("unknown", [(3, "HIV on cART, VL undetectable.")]),
    ("met", [(3, "HIV, off ART, viral load 52,000.")]),
    ("unknown", [(3, "Latent TB, on isoniazid month 3 of 9.")]),
    ("unknown", [(3, "HBsAg positive, on entecavir, HBV DNA undetectable.")]),
    ("not_met", [(3, "HBV, HCV, HIV negative. QuantiFERON negative.")]),
    ("met", [(45, "Osteomyelitis, IV cefazolin via PICC through 7/15."), (5, "Weakness unchanged.")]),
    (
        "not_met",
        [(60, "Pneumonia, started levofloxacin for 7 days."), (5, "Weakness unchanged. Lungs clear.")],
    ),
    ("met", [(6, "Leg cellulitis, started cephalexin 500 QID x 10 days.")]),
    (
        "not_met",
        [(25, "Leg cellulitis, started cephalexin 500 QID x 7 days."), (3, "Cellulitis has resolved.")],
    ),
    ("met", [(4, "A/P: 1. Herpes zoster L T4, valacyclovir 1 g TID day 2/7.")]),
    ("not_met", [(4, "Shingles vaccine given today. Acyclovir 400 BID for zoster prophylaxis.")]),
    ("unknown", [(4, "Low grade fever, blood cultures pending, possible line infection.")]),
    ("unknown", [(4, "Presents with URI, supportive care.")]),
    ("met", [(4, "COVID-19 positive, on Paxlovid day 2.")]),
    ("not_met", [(4, "COVID in 2022. Exposed to influenza last week but test negative.")]),
    ("not_met", [(4, "MRSA nares positive, colonized. Asymptomatic.")]),
    ("not_met", [(4, "History of recurrent UTIs. None currently.")]),
    ("met", [(4, "C. difficile colitis on oral vancomycin, still having loose stools.")]),
    ("met", [(10, "ASSESSMENT: Pulmonary tuberculosis on RIPE month 2.")]),
    ("not_met", [(10, "Tuberculosis in childhood, fully treated.")]),
    ("met", [(8, "Infected calcinosis L elbow with purulent drainage, doxycycline started.")]),
    ("met", [(8, "CMV viremia 12,000 IU, on ganciclovir induction.")]),
    ("not_met", [(8, "CMV IgG positive, PCR not detected. EBV IgG positive.")]),
    ("met", [(8, "Dental abscess, on amoxicillin-clavulanate, extraction Friday.")]),
    ("met", [(20, "Discharged on ceftriaxone IV 2 g daily until 6/28/2024 for endocarditis.")]),
    ("not_met", [(30, "Discharged on cefpodoxime until 5/18/2024 for CAP."), (5, "Feels well, no fever.")]),
    ("not_met", [(5, "No evidence of infection. Denies fever, cough, dysuria.")]),
    ("not_met", [(5, "Her husband has pneumonia and is on levofloxacin.")]),
    ("met", [(5, "Invasive pulmonary aspergillosis, continue voriconazole.")]),
    ("not_met", [(5, "Pneumonia 1/2024 treated with 7 days of ceftriaxone and azithromycin, resolved.")]),
    ("met", [(5, "TMP-SMX DS 2 tabs TID for PJP, day 5 of 21.")]),
    ("not_met", [(5, "Allergies: amoxicillin (hives), TMP-SMX (rash).")]),
    ("met", [(5, "UTI: urine culture E. coli, started nitrofurantoin 100 mg BID x 5 d.")]),
    ("not_met", [(5, "Hepatitis B core antibody negative. Hepatitis C cured 2016 (SVR).")]),
    ("met", [(5, "Untreated chronic hepatitis C, HCV RNA 2,300,000.")]),
    ("met", [(5, "Septic arthritis right knee, 4 wks of IV nafcillin from 5/28.")]),
    ("not_met", [(5, "Immunizations: pneumococcal, influenza, COVID, zoster all current.")]),
    (
        "met",
        [(4, "ID OPAT NOTE\nMRSA bacteremia 2/2 port. Dapto 6 mg/kg q24, day 12/42. Afebrile. PICC ok.")],
    ),
    ("met", [(4, "OPHTHO: HZO R eye, IV ACV 10 mg/kg q8 -> PO valACV tomorrow.")]),
    ("met", [(4, "CMV PCR 18,400 IU/mL (was 2,100). Start valganciclovir 900 BID induction.")]),
    ("met", [(4, "A/P\n1. RLL PNA - CTX/azithro d2. On 2L.\n2. DM - hold MMF.")]),
    (
        "met",
        [
            (
                4,
                "I am writing to let you know that Mrs. Hall has been admitted to our hospital since Tuesday with a cellulitis of the left calf, for which she is receiving intravenous cefazolin.",
            )
        ],
    ),
    (
        "met",
        [
            (
                4,
                "Ulcer over the left elbow has become infected, wound culture grew MSSA, we began cephalexin today for two weeks.",
            )
        ],
    ),
    ("not_met", [(4, "Ulcer over the elbow, no sign of infection. No abx.")]),
    ("not_met", [(4, "ROS: neg fever, chills, cough. Immunocompromised, infection precautions reviewed.")]),
    ("met", [(4, "Pulmonary MAC on azithro/ethambutol/rifampin since 11/2023, 12 mo planned.")]),
    ("unknown", [(4, "QFT-Plus POS 4/2024, CXR clear. Started rifampin 4 mo for LTBI 5/1.")]),
    ("unknown", [(4, "LTBI treated 2016 w/ INH 9 mo.")]),
    ("unknown", [(4, "HBcAb POS, HBsAg neg, HBV DNA ND, on entecavir ppx w/ RTX.")]),
    ("not_met", [(4, "HBsAg NR, anti-HBc NR, HCV Ab NR, HIV 4th gen NR.")]),
    ("not_met", [(4, "No hx of TB, HIV, hepatitis. Flu shot 10/23.")]),
    ("unknown", [(4, "Fevers to 38.5 x3 d, source unclear, cultures pending, holding tofacitinib.")]),
    ("met", [(12, "D/C SUMMARY\nDX: E. coli urosepsis\nMEDS: cipro 500 BID thru 6/14, pred 20")]),
    (
        "not_met",
        [
            (25, "D/C SUMMARY\nDX: E. coli urosepsis\nMEDS: cipro 500 BID thru 5/22, pred 20"),
            (3, "No dysuria, UA clear."),
        ],
    ),
    (
        "met",
        [
            (
                20,
                "Thyroid abscess? no. Histoplasmosis, disseminated: liposomal amphotericin 2 wks then itraconazole 12 months.",
            ),
            (3, "On itraconazole, antigen falling."),
        ],
    ),
    (
        "not_met",
        [(4, "In April she had pneumonia and was in hospital for five days. She has recovered fully.")],
    ),
    (
        "not_met",
        [
            (
                4,
                "PMH: recurrent sinusitis, HSV labialis, onychomycosis. Meds: valacyclovir 500 daily suppression.",
            )
        ],
    ),
    ("met", [(4, "Acute sinusitis - Augmentin 875 BID x10d.")]),
    ("met", [(4, "Strep throat, amoxicillin day 3 of 10.")]),
    ("met", [(2, "Day 4/7 cephalexin for cellulitis")]),
    ("not_met", [(10, "Day 4/7 cephalexin for cellulitis")]),
    ("not_met", [(10, "Cellulitis: day 4/7 of cephalexin.")]),
    ("not_met", [(10, "Pneumonia, day #3/7 IV ceftriaxone")]),
    ("met", [(10, "Week 2/6 of IV ceftriaxone for osteomyelitis.")]),
    ("unknown", [(4, "Cephalexin 5/1-5/8 for cellulitis")]),
    ("not_met", [(4, "Strep throat 3 wks ago, finished amoxicillin, well.")]),
    ("not_met", [(4, "Atovaquone for PJP. Pentamidine neb monthly.")]),
    ("not_met", [(4, "Prior: PJP 2021 (TMP-SMX x21d). Now on TMP-SMX MWF.")]),
    ("met", [(4, "Candida esophagitis on EGD 6/4, fluconazole 200 mg daily x 14 d.")]),
    ("not_met", [(4, "COVID 3/2024, Paxlovid, recovered.")]),
    ("met", [(4, "Infections: active hepatitis B, DNA 2 million, entecavir to start.")]),
    ("not_met", [(4, "The wound has healed, cultures were negative and antibiotics were stopped in April.")]),
    ("met", [(4, "L5-S1 discitis/osteo, wk 3 of 6 IV ceftriaxone (end 7/1).")]),
    ("met", [(4, "Hosp day 5. Septic shock from pneumonia, on norepinephrine, meropenem and vancomycin.")]),
    ("unknown", [(4, "Possible pneumonia vs ILD flare on CT; BAL sent, results pending.")]),
    ("met", [(10, "Cryptococcal meningitis, induction done, now fluconazole 400 mg consolidation.")]),
    ("not_met", [(4, "Infectious workup negative. Blood cultures no growth. CMV PCR ND.")]),
    (
        "not_met",
        [(4, "Patient counseled to call for fever or signs of infection. Pneumonia vaccine next visit.")],
    ),
    ("not_met", [(4, "Grandmother died of tuberculosis. PPD negative.")]),
    ("met", [(4, "Lt foot abscess s/p I&D 6/3, packing, clinda 300 TID until 6/17.")]),
    ("unknown", [(4, "Viral URI, no treatment, COVID neg.")]),
    ("not_met", [(4, "Wart on R thumb, cryo. Tinea pedis, topical clotrimazole.")]),
    ("met", [(4, "ID: nocardia (lung), TMP-SMX + imipenem, plan 12 mo, mo 2.")]),
    ("met", [(100, "ID: nocardia, TMP-SMX treatment dose to continue through 3/2025."), (4, "Rheum: weak.")]),
    ("not_met", [(100, "UTI, macrobid x5d"), (4, "Rheum: weak.")]),
    ("not_met", [(4, "Hx: HIV negative. HIV test last year nonreactive.")]),
    ("met", [(4, "HIV, detectable at 12,400 copies, adherence poor.")]),
    ("not_met", [(4, "Denies fever, chills, sweats, recent antibiotics.")]),
    ("met", [(4, "Febrile neutropenia on cefepime.")]),
    ("unknown", [(4, "Hep B surface antigen positive, on tenofovir, viral load undetectable")]),
    ("met", [(4, "#ID: E coli pyelo, ceftriaxone day 2.")]),
    ("met", [(4, "Line sepsis with candidemia; micafungin since 6/1.")]),
    ("not_met", [(4, "s/p treatment for H. pylori. No active infections. Nystatin prn.")]),
    (
        "met",
        [(4, "Impetiginized Gottron ulcers, culture MRSA, doxycycline 100 mg BID x 10 days started today.")],
    ),
    ("not_met", [(4, "Gottron ulcers, clean, no signs of superinfection.")]),
    ("met", [(4, "Bronchitis, azithromycin Z-pak started yesterday.")]),
    ("not_met", [(4, "IgG low; IVIG for recurrent infections. None since 2/2024.")]),
    ("not_met", [(4, "Last UTI 2/2024. Nitrofurantoin 100 mg nightly for UTI prophylaxis.")]),
    ("unknown", [(4, "Chronic hepatitis B on entecavir.")]),
    ("unknown", [(4, "PMH: HIV (on Biktarvy).")]),
    ("met", [(50, "TB pleuritis on RIPE through 10/2024"), (4, "rheum f/u: rash")]),
    ("met", [(20, "Vertebral osteomyelitis: IV nafcillin x6 weeks from 5/15."), (4, "Rheum: rash.")]),
    ("not_met", [(90, "Pneumonia, levofloxacin x 7d"), (60, "PNA resolved"), (4, "Rheum: rash.")]),
    ("met", [(4, "Dx: zoster, day 2 valacyclovir.")]),
    ("met", [(4, "Influenza A positive, Tamiflu day 1.")]),
    ("not_met", [(4, "Influenza vaccine 10/2023; COVID x5; RSV.")]),
    (
        "not_met",
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
        "met",
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
        "not_met",
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
                "RHEUM: Finger ulcer with osteomyelitis of distal phalanx on MRI 5/20; ertapenem started 5/25 planned 6 weeks, ID following.",
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
def test_infection_status(status: str, notes: list[tuple[int, str]], pipeline: Pipeline) -> None:
    assert decide(pipeline, "active_infection", notes).status == status
