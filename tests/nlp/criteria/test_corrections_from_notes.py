"""What a note takes back or corrects further on, read from whole notes, and what only looks like it."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

LEAD = "52-year-old woman with dermatomyositis, anti-TIF1-gamma positive, on prednisone and IVIG. "

TAKEN_BACK = [
    ("prior_car_t", "Received CAR T cell therapy (Kymriah) 2022.\n\nADDENDUM 5/3/2024: This was entered in error. Wrong chart."),
    ("prior_car_t", "CAR T infusion 2022. Please disregard prior mention of CAR T; this was documented in error."),
    ("prior_car_t", "[Error: CAR T infusion 2022 - wrong patient, please disregard]"),
    ("prior_car_t", "Prior CAR T infusion 2022.\n\nAddendum 5/3/2024: CAR T history entered in error."),
    ("prior_car_t", "The previous note's statement that she had CAR T is incorrect."),
    ("prior_car_t", "Had CAR T cells in 2021.\nErratum: the patient has never had CAR T cells."),
    ("prior_car_t", "Had CAR T cells in 2021.\n\nCorrection: CAR T is planned, not received."),
    ("prior_car_t", "Kymriah infusion 2021.\n\nAddendum: Kymriah was listed in error."),
    ("prior_car_t", "CAR T 2022 (entered in error)."),
    ("prior_transplant", "The entry stating kidney transplant in 2012 was an error."),
    ("prior_transplant", "The note describing a kidney transplant in 2012 was an error."),
    ("prior_car_t", "Received CAR T cells in 2021. The above statement is incorrect."),
    ("prior_transplant", "s/p kidney transplant 2015.\n\nAddendum: the above was entered in error. Patient has no transplant."),
    ("prior_transplant", "s/p kidney transplant 2015.\nCorrection: no history of transplant; documented on wrong patient."),
    ("prior_transplant", "Past history: kidney transplant [struck through: entered in error]."),
    ("prior_transplant", "Kidney transplant 2015. Addendum: the kidney transplant was documented on the wrong patient."),
    ("prior_transplant", "s/p liver transplant.\n\nADDENDUM: Please disregard the statement about liver transplant."),
    ("prior_transplant", "s/p liver transplant.\n\nADDENDUM: transplant history was erroneously documented."),
    ("prior_transplant", "Kidney transplant 2015 and CAR T 2022.\nAddendum: CAR T and kidney transplant were both entered in error."),
    ("prior_transplant", "Her problem list carries a bone marrow transplant in 2021. That is an error."),
    ("prior_transplant", "Lung transplant 2019. Correction: it was his brother who had the lung transplant."),
    ("active_infection", "On exam, cellulitis of the leg. Addendum: cellulitis was charted in error, no infection."),
    ("flu_cy_reaction", "Allergies: cyclophosphamide - anaphylaxis.\n\nAddendum: cyclophosphamide allergy was entered in error."),
    ("lung_cardiac_impairment", "FVC 38% pred. Addendum: FVC value transcribed incorrectly, actual FVC 83%."),
    ("lung_cardiac_impairment", "FVC 38% pred.\nCorrection: FVC 83% pred."),
    ("lung_cardiac_impairment", "FVC 38% pred.\nAddendum: FVC of 38% should read 83%."),
    ("lung_cardiac_impairment", "Home oxygen 2L continuous. Addendum: oxygen entry is incorrect, patient is on room air 97%."),
    ("lung_cardiac_impairment", "Echo: LVEF 25%. Erratum: LVEF should read 55%."),
    ("active_disease", "CK 4,812 U/L (30-200). No rash.\nAddendum: CK reported as 4,812 should read 48."),
    ("active_disease", "CK 4,812 U/L (30-200). No rash. CORRECTED RESULT: CK 148 U/L (30-200); previously reported 4,812."),
    ("active_disease", "CK 4,812 U/L (30-200). No rash.\n\nAddendum: the CK was reported in error; corrected value is 148 U/L."),
    ("prior_transplant", "Heart transplant 2018.\n\nAddendum 6/1: Please note heart transplant was listed in error; she had a heart catheterization."),
    ("prior_car_t", "Axi-cel 2021. ERROR CORRECTION: axi-cel was never infused."),
    ("prior_car_t", "CAR T infused 2021.\n\nAddendum: I reviewed the outside records. The CAR T history documented above is not accurate."),
    ("lung_cardiac_impairment", "SpO2 84% on room air. Correction: SpO2 94% on room air."),
    ("lung_cardiac_impairment", "LVEF 30%.\nAddendum: the LVEF is 60%, the above value is wrong."),
    ("muscle_weakness", "Hip flexors 3/5. Addendum: hip flexor strength was recorded incorrectly; hip flexors are 5/5, strength 5/5 throughout."),
    ("prior_car_t", "PMH: CAR-T (2022), HTN, GERD.\n\nADDENDUM 6/2/24 0915 JS: CAR-T was erroneously listed under PMH; belongs to another patient."),
    ("prior_car_t", "She had Carvykti in 2023.\n\n*** Late entry: Disregard the Carvykti entry above - wrong patient. ***"),
    ("prior_car_t", "Oncologic history: axicabtagene ciloleucel 3/2021.\n\nAmended 4/4/24: oncologic history section above was copied from another patient's chart in error."),
    ("prior_car_t", "Got CAR T in 2022 at MDA.\nNote corrected 5/5: pt did NOT get CAR T, only leukapheresis."),
    ("prior_transplant", "Surgical history: renal transplant 2009, appendectomy 1990.\n\nAddendum: Renal transplant entered in error - pt's sister was the recipient."),
    ("prior_transplant", "Renal transplant 2009. (ERROR - see correction below)\nCorrection: patient donated a kidney in 2009, she is not a recipient."),
    ("prior_transplant", "She is s/p BMT 2016. Sorry, that's incorrect, she had a bone marrow biopsy in 2016."),
    ("prior_transplant", "Hx of heart transplant. ***DISREGARD - charted on wrong pt***"),
    ("prior_transplant", "Pt with kidney txp 2015.\nAddendum: Disregard above, wrong pt."),
    ("active_disease", "CK 3,900 U/L (30-200). No rash.\nAddendum: CK should be 39, typographical error."),
    ("active_disease", "CK 3,900 U/L (30-200). No rash.\nLab called: CK result from today was a lab error, hemolyzed/mislabeled specimen. Corrected CK 120 U/L."),
    ("active_disease", "CK 3900 (30-200). No rash. ***CK value amended from 3900 to 139 U/L***"),
    ("active_disease", "CK 2,310 U/L (30-200). No rash. Addendum: prior CK of 2,310 was erroneous; actual 131 U/L."),
    ("lung_cardiac_impairment", "LVEF 20%.\nAddendum: EF typed incorrectly. EF is 62%."),
    ("lung_cardiac_impairment", "FVC 35% predicted.\n\nCORRECTION TO ABOVE: FVC 85% predicted (typo)."),
    ("lung_cardiac_impairment", "On 4 L home O2.\nAddendum: home O2 documented in error, patient does not use oxygen."),
    ("lung_cardiac_impairment", "SpO2 79% RA. Addendum: SpO2 79% was erroneous (poor waveform), repeat 97% RA."),
    ("flu_cy_reaction", "Allergies: Cytoxan (anaphylaxis).\nAddendum: Cytoxan allergy is incorrect and has been removed from the chart."),
    ("active_infection", "Septic shock on admission today, on IV vancomycin. ADDENDUM: above HPI belongs to a different patient. Disregard."),
    ("muscle_weakness", "Deltoids 3/5 hip flexors 3/5.\nAddendum: strength was documented incorrectly. Strength is 5/5 throughout."),
    ("prior_car_t", "CAR T cells infused 2022. \n\nAddendum: On review, CAR T documentation is inaccurate. She received rituximab, never CAR T."),
    ("prior_car_t", "HPI: CAR T in 2022.\n\nAddendum by Dr. B: HPI contains incorrect information; pt has not had CAR T."),
    ("prior_car_t", "CAR T 2022 [sic - entered in error, patient had CT]."),
    ("prior_car_t", "CAR T cells infused 2022. (documented in error)"),
    ("prior_car_t", "Past treatments: CAR T 2022 (incorrect - wrong chart)."),
    ("prior_transplant", "Kidney transplant in 2012. \n\n**Addendum** Wrong patient. Please disregard this entire note."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nADDENDUM: Please disregard the above note, entered on incorrect patient."),
    ("prior_transplant", "Kidney transplant in 2012. \nAddendum: The kidney transplant listed in PMH was an error; that was her father."),
    ("prior_transplant", "PSH: heart transplant 2010 - ENTERED IN ERROR"),
    ("prior_transplant", "Kidney transplant in 2012. \nAddendum: the transplant was mistakenly documented."),
    ("active_disease", "CK 4,812 U/L (30-200). No rash. Addendum: CK value of 4,812 is incorrect, the correct value is 112 U/L."),
    ("active_disease", "CK 4,812 U/L (30-200). No rash. Correction: CK is 112 U/L, not 4,812."),
    ("lung_cardiac_impairment", "Echo LVEF 25%. Addendum: LVEF documented incorrectly. Correct LVEF 55%."),
    ("lung_cardiac_impairment", "FVC 38% pred.\nAddendum: FVC should have read 88% pred."),
]  # fmt: skip

STANDS = [
    ("prior_transplant", "Kidney transplant in 2012. Her medication list is incorrect."),
    ("prior_transplant", "Kidney transplant in 2012. Addendum: potassium was entered in error."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nAddendum: weight of 70 kg was entered in error."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nAddendum: seen with the resident, agree with the plan."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nAddendum: date of transplant was entered in error, it was 2013."),
    ("prior_transplant", "Kidney transplant in 2012.\nCorrection: kidney transplant was in 2013, not 2012."),
    ("prior_transplant", "Kidney transplant 2012 should read kidney transplant 2013."),
    ("prior_transplant", "Kidney transplant in 2012. Please disregard any typographical errors in this dictated note."),
    ("prior_transplant", "Kidney transplant in 2012. This note was dictated; errors may be present. If you received this in error, notify us."),
    ("prior_transplant", "Kidney transplant in 2012. Correction of anemia with erythropoietin."),
    ("prior_transplant", "Kidney transplant in 2012. Refractive error, wears glasses."),
    ("prior_transplant", "Kidney transplant in 2012. Addendum: the statement about CAR T was entered in error."),
    ("prior_transplant", "s/p liver transplant 2010.\nCorrection: kidney transplant 2010, not liver."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nHe takes aspirin. This was entered in error."),
    ("prior_transplant", "No transplant.\nCorrection: patient had a kidney transplant in 2012."),
    ("prior_transplant", "Kidney transplant in 2012. The transplant history is correct as documented, verified with records, no error."),
    ("prior_transplant", "Kidney transplant in 2012. A medication error occurred in March."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nAddendum: dose of tacrolimus was documented incorrectly, should read 2 mg."),
    ("prior_transplant", "Kidney transplant in 2012. Corrected calcium 9.2."),
    ("prior_car_t", "CAR T cells infused 2022. Addendum: the patient was also given bridging steroids."),
    ("prior_car_t", "CAR T cells infused 2022.\n\nADDENDUM: date of birth was entered in error."),
    ("prior_car_t", "CAR T cells infused 2022. Her insurance card on file is wrong."),
    ("prior_car_t", "CAR T cells infused 2022. She went to the wrong clinic today."),
    ("prior_transplant", "She had a stem cell transplant in 2016 (documented elsewhere in error as 2017)."),
    ("prior_transplant", "Allogeneic HCT 2016. The outside record incorrectly lists 2017 as the year."),
    ("prior_transplant", "Heart transplant 2018.\n\nAddendum 6/1: the patient's phone number was listed incorrectly."),
    ("prior_transplant", "Kidney transplant 2012.\nAddendum: the above was reviewed with the patient, no errors."),
    ("prior_car_t", "CAR T infused 2021.\n\nAddendum: her name was misspelled above, this was an error."),
    ("prior_car_t", "CAR T infused 2021. It is wrong to assume cure."),
    ("prior_car_t", "CAR T infused 2021.\n\nAddendum: the above is accurate and correct."),
    ("prior_car_t", "No CAR T. Correction: she received CAR T in 2021 at outside hospital."),
    ("lung_cardiac_impairment", "LVEF 30%.\nAddendum: LVEF value of 30% is correct."),
    ("active_disease", "CK 5,200 U/L (30-200). CK 100 U/L today. Addendum: CK today was entered in error, actual value 4,900 U/L."),
    ("active_disease", "CK 4,812 U/L (30-200). Addendum: AST was reported in error."),
    ("active_disease", "CK 48. Addendum: CK reported as 48 should read 4,812 U/L (30-200)."),
    ("lung_cardiac_impairment", "FVC 38% pred, DLCO 35% corrected for hemoglobin."),
    ("lung_cardiac_impairment", "FVC 38% pred. Addendum: height was entered incorrectly."),
    ("lung_cardiac_impairment", "FVC 83%. Correction: FVC 38% pred."),
    ("active_infection", "Pneumonia, on IV ceftriaxone. Addendum: allergy to penicillin was entered in error."),
    ("iim_diagnosis", "s/p kidney transplant 2015.\n\nAddendum: the above was entered in error. Patient has no transplant."),
    ("iim_diagnosis", "Received CAR T cell therapy 2022.\n\nADDENDUM: This was entered in error."),
    ("msa_subtype", "Anti-MDA5 strongly positive 134 units. Addendum: MDA5 result above was reported in error by lab; corrected result negative, <11 SI."),
    ("msa_subtype", "Anti-Jo-1 negative. Addendum: Jo-1 was reported in error."),
    ("prior_transplant", "Kidney transplant in 2012. The address in the chart was incorrect and has been updated."),
    ("prior_transplant", "Kidney transplant in 2012. Error in prior auth form corrected by the pharmacy."),
    ("prior_transplant", "Kidney transplant in 2012. Patient was given the wrong dose of tacrolimus last week."),
    ("prior_transplant", "Kidney transplant in 2012.\nAddendum: labs resulted after the visit, creatinine 1.1."),
    ("prior_transplant", "Kidney transplant in 2012. Hyponatremia corrected with fluids."),
    ("prior_transplant", "Kidney transplant in 2012. QTc corrected 440 ms."),
    ("prior_transplant", "Kidney transplant in 2012. The above was discussed with the patient, who voiced understanding."),
    ("prior_transplant", "Kidney transplant in 2012. Disregard prior instructions about fasting."),
    ("prior_transplant", "Kidney transplant in 2012. I mistakenly wrote that she smokes; she never smoked."),
    ("prior_transplant", "Kidney transplant in 2012. Previous note incorrectly stated that she has diabetes."),
    ("prior_transplant", "Kidney transplant in 2012 (not 2013 as previously documented in error)."),
    ("prior_transplant", "Kidney transplant in 2012. Previous note incorrectly stated no transplant."),
    ("prior_transplant", "Kidney transplant in 2012.\n\nAddendum: The allergy to penicillin listed above was entered in error."),
    ("prior_transplant", "Kidney transplant in 2012, left nephrectomy. Addendum: laterality was entered in error, right nephrectomy."),
    ("prior_transplant", "Kidney transplant in 2012. CORRECTION: transplant was at Mayo Clinic, not UCLA."),
    ("prior_transplant", "Kidney transplant in 2012. If you received this fax in error please destroy it."),
    ("prior_transplant", "Kidney transplant in 2012. This document was created with voice recognition software and may contain errors. Please disregard."),
    ("prior_car_t", "CAR T cells infused 2022. The wrong patient label was on the tube, redrawn."),
    ("prior_car_t", "CAR T cells infused 2022. Billing code was entered in error and corrected."),
    ("prior_car_t", "CAR T cells infused 2022. Insurance denial was in error and was overturned."),
    ("prior_car_t", "CAR T cells infused 2022.\n\nADDENDUM: Attending attestation: I saw and examined the patient. Note edited to correct spelling errors."),
    ("prior_car_t", "CAR T cells infused 2022.\n\nCorrection: infusion was 3/2022 rather than 4/2022."),
    ("prior_car_t", "CAR T cells infused 2022. Addendum: previously documented ICANS grade 3 was incorrect, it was grade 1."),
    ("active_disease", "CK 4,812 U/L (30-200). Addendum: LDH value was entered in error."),
    ("active_disease", "CK 4,812 U/L (30-200). The CK is not an error, repeated twice."),
    ("active_disease", "CK 4,812 U/L (30-200). Repeat to exclude lab error."),
    ("muscle_weakness", "Deltoids 3/5 bilaterally. Addendum: reflexes were documented incorrectly."),
    ("lung_cardiac_impairment", "LVEF 20%. Valsartan dose was in error."),
    ("iim_diagnosis", "The diagnosis of lupus was made in error."),
    ("msa_subtype", "The diagnosis of lupus was made in error. Mi-2 was wrongly reported as positive at first."),
    ("prior_car_t", "CAR T cells infused 2022. Patient was wrong about the date of her vaccine."),
    ("prior_transplant", "Kidney transplant in 2012. He is incorrect in thinking that his graft failed."),
    ("prior_transplant", "Kidney transplant in 2012. Creatinine 1.2 corrected from 1.4 with fluids."),
    ("prior_car_t", "CAR T cells infused 2022. Insulin given in error; patient monitored."),
    ("prior_car_t", "CAR T cells infused 2022. Medication administered in error: enoxaparin."),
    ("prior_transplant", "Kidney transplant in 2012. Coumadin was stopped by mistake."),
    ("prior_transplant", "Kidney transplant in 2012. Sodium corrected to 135."),
    ("prior_transplant", "Kidney transplant in 2012. Prior infection was mistaken for rejection."),
    ("prior_transplant", "Kidney transplant in 2012. Please disregard low O2 sat readings, probe off."),
    ("prior_car_t", "CAR T cells infused 2022. The insurance denial of CAR T was in error."),
    ("prior_car_t", "CAR T cells infused 2022. The CAR T bill was incorrect."),
    ("prior_transplant", "Kidney transplant in 2012. The dictated note had an incorrect date of service; should read 5/3/2024."),
    ("prior_transplant", "Kidney transplant in 2012. This was incorrectly coded as liver transplant."),
    ("prior_transplant", "Kidney transplant in 2012. Prior note incorrectly stated that she smokes."),
    ("prior_transplant", "Kidney transplant in 2012. Previous records incorrectly list her as male."),
    ("prior_car_t", "CAR T cells infused 2022. Refusing a second CAR T was a mistake."),
    ("prior_transplant", "Kidney transplant in 2012. Stopping tacrolimus was a mistake and caused rejection."),
    ("prior_transplant", "Kidney transplant in 2012. He went to the wrong clinic and missed his visit. This was our error."),
    ("prior_transplant", "Kidney transplant in 2012. A wrong patient was called in by mistake."),
    ("prior_transplant", "Kidney transplant in 2012. Allergy to penicillin was entered in error and has been removed."),
    ("prior_transplant", "Kidney transplant in 2012. Med rec: tacrolimus listed twice in error."),
    ("prior_transplant", "Kidney transplant in 2012. Tacrolimus level erroneous, drawn after the dose."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nAddendum: Corrected date of next visit is 6/1."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nCorrection: follow-up in 3 months rather than 6."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nAddendum: signed in error before completion. Note now complete."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nThis note was signed in error and is being reopened."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nEdited to correct the medication list."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nADDENDUM: The phrase 'no acute distress' above should read 'mild distress'."),
    ("prior_transplant", "Kidney transplant in 2012. \n\nAddendum: the BP above was entered incorrectly. Correct BP is 120/80."),
    ("prior_transplant", "Kidney transplant in 2012. Weight 80 kg.\n\nAddendum: the weight above is wrong; should be 60 kg."),
    ("prior_transplant", "Kidney transplant in 2012. He was told in error that he could stop prednisone."),
    ("prior_transplant", "Kidney transplant in 2012. Inborn errors of metabolism screen negative."),
    ("prior_transplant", "Kidney transplant in 2012. Denies wrong-side weakness. No errors in serial sevens."),
    ("prior_car_t", "CAR T cells infused 2022. No errors in orientation. Corrected QT normal."),
    ("prior_car_t", "CAR T cells infused 2022. Trial eligibility: wrong patient population."),
    ("active_disease", "CK 4,812 U/L (30-200). Potassium 6.2 was hemolyzed, an error."),
    ("active_disease", "CK 4,812 U/L (30-200). Aldolase was reported in error."),
    ("active_disease", "CK 4,812 U/L (30-200). CK reference range was printed incorrectly."),
    ("muscle_weakness", "Deltoids 3/5, hip flexors 3/5. Grip was recorded incorrectly, 5/5."),
    ("lung_cardiac_impairment", "FVC 38% pred. DLCO was reported in error."),
    ("active_infection", "Pneumonia, on IV ceftriaxone day 2. Blood culture was labeled in error."),
    ("active_infection", "Pneumonia, on IV ceftriaxone day 2. Allergy to ceftriaxone was entered in error."),
    ("iim_diagnosis", "Initially mistaken for lupus."),
    ("iim_diagnosis", "Polymyositis in the problem list is an error."),
]  # fmt: skip

FOR_REVIEW = [
    ("prior_car_t", "CAR T cells infused 2022.\n\nAddendum: the above may be in error."),
    ("active_infection", "On ceftriaxone for pneumonia. Addendum 5/2: pneumonia was entered in error."),
    ("prior_transplant", "Kidney transplant 2012. Was on the list. The transplant history card was entered in error."),
    ("prior_car_t", "CAR T cells infused 2022. Addendum: CAR T may have been entered in error."),
    ("prior_car_t", "Denies prior CAR T.\n\nAddendum: the above statement is incorrect."),
    ("prior_transplant", "No prior transplant. Correction: the statement on transplant is wrong."),
    ("prior_transplant", "Kidney transplant 2012, CAR T 2022 and home oxygen.\n\nAddendum: part of the above is incorrect."),
    ("prior_car_t", "CAR T cells infused 2022. ?entered in error"),
    ("prior_transplant", "Kidney transplant in 2012 - please verify, may be charted on wrong patient."),
    ("prior_transplant", "Kidney transplant 2012. CAR T 2021.\nAddendum: one of the above was entered in error."),
]  # fmt: skip


@pytest.mark.parametrize(("criterion_id", "text"), TAKEN_BACK)
def test_what_is_taken_back_decides_nothing(pipeline: Pipeline, criterion_id: str, text: str) -> None:
    result = decide(pipeline, criterion_id, [(5, LEAD + text)])

    assert result.status == "not_met"


@pytest.mark.parametrize(("criterion_id", "text"), STANDS)
def test_what_is_not_taken_back_stands(pipeline: Pipeline, criterion_id: str, text: str) -> None:
    result = decide(pipeline, criterion_id, [(5, LEAD + text)])

    assert result.status == "met"


@pytest.mark.parametrize(("criterion_id", "text"), FOR_REVIEW)
def test_an_unsure_correction_goes_to_a_person(pipeline: Pipeline, criterion_id: str, text: str) -> None:
    result = decide(pipeline, criterion_id, [(5, LEAD + text)])

    assert result.status == "unknown"


@pytest.mark.xfail(
    strict=True, reason="the error is told by a verb of speech or of editing, and named by its remedy"
)
@pytest.mark.parametrize(
    "text",
    [
        "S/p liver transplant in 2018.\n\nAddendum: I misspoke; she had a liver biopsy in 2018, not a transplant.",
        "Kidney transplant in 2012.\nErrata: delete kidney transplant from history; entered in error.",
    ],
)
def test_a_correction_that_is_not_understood(pipeline: Pipeline, text: str) -> None:
    assert decide(pipeline, "prior_transplant", [(5, LEAD + text)]).status == "not_met"
