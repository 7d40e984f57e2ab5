"""
Ordinary sentences about a transplant or CAR T, with the talk that follows one: what was received, and what was not.

The first tables were written before the rules were mended and were right in 128 of 159 then and in 153 after, unseen;
the later one was right in 34 of 40.
"""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)

# By assertion and concept: the sentences that hold it, and nothing else.
ORDINARY: dict[str, dict[str, list[str]]] = {
    "present": {
        "kidney": [
            "Kidney transplant 2009; the insulin dose on her chart was an error.",
            "She had a kidney transplant in 2003; a diagnosis of diabetes was recorded by mistake.",
            "Her kidney transplant failed in 2019 and hemodialysis was offered.",
            "Renal allograft rejected in 2020, retransplantation was discussed.",
            "Kidney transplant in 2010, never had a rejection.",
            "Kidney transplant from her brother in 2011, no rejection so far.",
            "Kidney transplant 2013 - no rejection, creatinine 1.1.",
            "Kidney tx 2016 -> no episodes of rejection, no BK viremia.",
            "Her kidney transplant was reviewed in nephrology clinic last month.",
            "She is a kidney transplant recipient since 2007.",
            "Kidney transplant 2012, now a candidate for knee replacement.",
            "Kidney transplant in 2005; the second unit of blood was not given.",
            "Kidney transplant in 2009, donor was her husband.",
            "Brother drove her to clinic. Kidney transplant 2010, doing well.",
            "Accompanied by her sister; kidney transplant in 2017, no complaints.",
            "We saw the patient in clinic, a woman with a kidney transplant from 2008.",
            "Kidney transplant in 2011. It was not rejected.",
            "Kidney transplant 2001, failed 2012, back on dialysis, declined relisting.",
            "Failed kidney transplant; she refused a second one.",
            "Two prior kidney transplants, both failed.",
            "Transplanted kidney in right iliac fossa, no hydronephrosis.",
            "Renal transplant ultrasound: no hydronephrosis.",
            "No rejection of her kidney transplant to date.",
            "Immunosuppression for the kidney transplant was never stopped.",
            "Had been listed for years and finally received a kidney transplant in 2018.",
            "Kidney transplant 2014 (deceased donor), creatinine 1.3, BK virus negative.",
            "PSH: kidney transplant, appendectomy. No other surgeries.",
            "Kidney transplant is functioning well; she was never happy with the scar.",
            "Kidney transplant 2008. That is when the tremor began.",
        ],
        "liver": [
            "Liver transplant in 2014. Last week's ammonia was an error of the lab.",
            "Liver transplant done in 2012, hepatitis B vaccination was discussed.",
            "Liver transplant 2015, has never needed a biopsy.",
            "Liver transplant: 2011, no complications.",
            "Liver transplant 2010. Records reviewed with the patient.",
            "This liver transplant recipient is here for follow-up of her rash.",
            "Liver transplant 2018; colonoscopy is planned for next month.",
            "Living donor liver transplant 2016, her son gave part of his liver.",
            "I have read about the patient in your referral; liver transplant 2012 noted.",
            "Liver transplanted in 2009 for biliary atresia; no further surgery was needed.",
            "No evidence of rejection of the liver transplant.",
            "Listed in 2014 and transplanted in 2015 (liver transplant), doing well.",
            "On tacrolimus for her liver transplant; dose was wrong last week.",
            "Liver transplant 2008. This is not an issue at present.",
        ],
        "heart": [
            "Heart transplant in 2011, and the INR drawn on Monday was wrong.",
            "Heart transplant performed at age 12; a pacemaker was considered but not needed.",
            "Heart transplant in 2008 and was never readmitted.",
            "Heart transplant 2019 with no rejection on biopsy.",
            "Heart transplant biopsies were reviewed.",
            "He is a heart transplant recipient and takes tacrolimus.",
            "Heart transplant 2015, on the list for cataract surgery.",
            "Her brother says that she had a heart transplant in 2004.",
            "Today we saw a pleasant man with a heart transplant in 2016.",
            "Cardiac allograft vasculopathy after heart transplant, no new lesions.",
            "She denies chest pain since her heart transplant.",
            "The heart transplant team follows him since his transplant in 2012.",
            "Heart transplant 2010: the donor was CMV positive, recipient negative.",
        ],
        "lung": [
            "Bilateral lung transplant 2016. The spirometry date in the letter is incorrect.",
            "Double lung transplant received in 2017; photopheresis was proposed for CLAD.",
            "Lung transplant 2018, never smoked.",
            "Lung transplant 2015 → FEV1 stable, no rejection.",
            "Lung transplant recipient (2014), candidate for a third vaccine dose.",
            "Daughter is convinced the lung transplant in 2013 saved her life.",
            "Denies fever. Lung transplant 2019.",
        ],
        "hct": [
            "Autologous stem cell transplant in 2018. The weight listed at triage was a mistake.",
            "Allogeneic HSCT 2015, now off immunosuppression. Her address on file is wrong.",
            "BMT done in 1999 for aplastic anemia, fertility counselling was offered and declined.",
            "Autologous transplant for myeloma in 2017, maintenance lenalidomide was declined.",
            "BMT in 2001 for CML, never relapsed.",
            "Allogeneic stem cell transplant in 2012 and never developed GVHD.",
            "Allo-HCT 2019 -> no GVHD.",
            "She underwent auto-HCT in 2016. Platelets recovered on day 14.",
            "Prior HCT in 2014, transfusion independent since.",
            "HCT for AML in 2012, Hgb normal.",
            "History of HCT (2015, matched sibling); WBC 5.1.",
            "She had HCT in 2011 and her hemoglobin has been stable.",
            "Stem cell transplant summary from 2016 reviewed today.",
            "Bone marrow transplant in 2006, rituximab is planned.",
            "Allo-SCT 2013. Donor lymphocytes were collected but not infused.",
            "Bone marrow transplant at age 9, donor her brother.",
            "Her brother donated marrow for her bone marrow transplant in 1998.",
            "Patient is sure the stem cell transplant in 2014 made her infertile.",
            "I saw Ms. Roe with Dr. Lind. She had a bone marrow transplant in 2003.",
            "ASCT in 2019, then relapse; a second transplant was not done.",
            "s/p autologous SCT 2015 for scleroderma, cyclophosphamide maintenance was never started.",
            "GVHD resolved. No relapse since her allogeneic transplant.",
            "Not on immunosuppression since her BMT.",
            "After being turned down elsewhere she underwent autologous HSCT in 2020.",
            "PMH: AML, allo-HSCT 2010. No diabetes.",
            "Had a stem cell transplant abroad in 2017, records were requested.",
            "Autologous transplant in 2019. It was a mistake to stop acyclovir so early.",
        ],
        "CAR-T": [
            "Received CAR T cells in 2021. The allergy to penicillin was entered in error.",
            "CAR T cells were infused in May 2022 and IVIG was offered for low IgG.",
            "She completed CAR T-cell therapy in 2020; a second opinion was declined.",
            "Axi-cel given 6/2021; she declined the flu shot today.",
            "CAR-T in 2021 for DLBCL, never required ICU care.",
            "CAR-T 2/2023 -> no CRS.",
            "CAR T therapy records from 2022 were reviewed.",
            "Status post CAR T in 2021; elective hernia repair planned.",
            "She received Kymriah in 2019. IVIG was not infused because of a line problem.",
            "Tecartus in 2022 for MCL; today's iron was not infused.",
            "CAR T-cell therapy in 2023 did not help.",
            "Her CAR T therapy was complicated by ICANS, steroids were offered early.",
            "Relapsed after CAR-T; a clinical trial was discussed.",
            "Carvykti infused 4/2023, cells expanded, no neurotoxicity.",
            "He got CAR T cells for lupus in 2024, prednisone was never restarted.",
            "Insurance initially declined CAR T, but she received it in March 2023.",
        ],
    },
    "absent": {
        "kidney": [
            "She has never received a kidney transplant.",
            "The problem list shows a kidney transplant in 2015. This is an error; he has both native kidneys.",
            "Kidney transplant: never needed.",
            "Kidney transplant -> no",
        ],
        "heart": [
            "No heart transplant in the past.",
            "The referral mentions a heart transplant. That is incorrect.",
        ],
        "hct": [
            "Denies prior stem cell transplant.",
            "Bone marrow transplant was never performed because he went into remission.",
            "The old chart lists a bone marrow transplant, which was entered in error.",
            "Has not had a bone marrow transplant.",
            "CML well controlled on imatinib, bone marrow transplant never required.",
        ],
        "CAR-T": [
            "She never received CAR T-cell therapy.",
            "No previous CAR-T.",
            "The outside summary says CAR T in 2022. This is not correct.",
            "CAR T was never given.",
        ],
        "liver": [
            "History of liver transplant: no.",
            '"Liver transplant" on the problem list is wrong, she has never had one.',
            "Recovered from acute liver failure and never needed a liver transplant.",
        ],
        "lung": [
            "Lung transplant was never done.",
        ],
    },
    "hypothetical": {
        "kidney": [
            "Referred for kidney transplant evaluation.",
            "She is on the waiting list for a kidney transplant.",
            "Not a candidate for kidney transplant because of cancer.",
            "Hopes to become a kidney transplant recipient.",
            "The risks of kidney transplant were reviewed with the patient.",
        ],
        "liver": [
            "Liver transplant was discussed but she declined.",
        ],
        "lung": [
            "Listed for lung transplant in 2022, later delisted.",
            "May need a lung transplant one day.",
        ],
        "heart": [
            "Heart transplant was offered, the patient refused.",
            "Being evaluated as a heart transplant candidate.",
        ],
        "hct": [
            "Autologous stem cell transplant is planned for the fall.",
            "Stem cell transplant for scleroderma was considered and not pursued.",
            "Allogeneic HCT would be the next step if she relapses.",
        ],
        "CAR-T": [
            "CAR T was offered in 2023 and declined.",
            "CAR T cells were manufactured but not infused.",
            "Product for CAR T out of specification; it was not infused.",
            "She asked about CAR T; information was given.",
            "CAR T is planned after the trial opens.",
        ],
    },
    "family": {
        "kidney": [
            "She donated a kidney to her brother in 2012.",
            "Her brother had a kidney transplant in 2012.",
        ],
        "liver": [
            "Father: liver transplant for alcohol-related cirrhosis.",
        ],
        "hct": [
            "She was the bone marrow donor for her sister's transplant.",
        ],
        "CAR-T": [
            "His uncle received CAR T for lymphoma and did well.",
            "She read about a patient who received CAR T for myositis.",
        ],
        "heart": [
            "Family history: heart transplant in a cousin.",
        ],
        "lung": [
            "Her husband had a lung transplant and died of rejection.",
        ],
    },
    "possible": {
        "kidney": [
            "Unclear whether she had a kidney transplant abroad.",
        ],
        "hct": [
            "She may have had a stem cell transplant as a child; records are not available.",
        ],
    },
}
CASES = [
    (text, {(concept, held)})
    for held, rows in ORDINARY.items()
    for concept, texts in rows.items()
    for text in texts
]
TWO_TOLD = [
    (
        "Lung transplant 2012. Retransplant was considered and not pursued.",
        {("lung", "hypothetical"), ("lung", "present")},
    ),
    (
        "Post CAR T (Abecma 2022); second CAR T product not infused.",
        {("CAR-T", "hypothetical"), ("CAR-T", "present")},
    ),
]
# Written after, before any of them was read.
LATER = [
    (
        "Kidney transplant in 1998 from a living donor, never regretted by the patient.",
        {("kidney", "present")},
    ),
    ("Underwent liver transplant in 2007; her brother declined to be tested.", {("liver", "present")}),
    ("He has had a heart transplant and his wife declined the interview.", {("heart", "present")}),
    ("Post lung transplant 2021, bronchoscopy was declined.", {("lung", "present")}),
    ("Auto-SCT in 2016; a planned second one was cancelled.", {("hct", "present")}),
    ("CAR-T given March 2022, bridging was not needed.", {("CAR-T", "present")}),
    ("Kidney transplant patient, no rejection, considered for rituximab.", {("kidney", "present")}),
    ("History of liver transplant. Consent for the trial was discussed.", {("liver", "present")}),
    ("BMT survivor, error in the vaccination record corrected.", {("hct", "present")}),
    ("Allogeneic transplant for MDS in 2014, her sister was the donor.", {("hct", "present")}),
    ("No complaints about her transplanted kidney.", {("kidney", "present")}),
    ("Aside from a kidney transplant in 2010 she has no surgical history.", {("kidney", "present")}),
    ("No surgeries other than a heart transplant in 2013.", {("heart", "present")}),
    ("Denies alcohol since the liver transplant.", {("liver", "present")}),
    ("She is not on oxygen after her lung transplant.", {("lung", "present")}),
    ("She is in remission after CAR T and not interested in retreatment.", {("CAR-T", "present")}),
    ("Her CAR T infusion in 2021 was uneventful, no steroids were given.", {("CAR-T", "present")}),
    ("Without relapse since stem cell transplant in 2011.", {("hct", "present")}),
    ("Kidney transplant (2015), list of medications reviewed.", {("kidney", "present")}),
    ("The patient, whose mother has lupus, had a kidney transplant in 2016.", {("kidney", "present")}),
    ("Mother present. He had a bone marrow transplant at age 4.", {("hct", "present")}),
    ("Wife donated a kidney to him in 2018 and the kidney transplant works.", {("kidney", "present")}),
    ("The liver transplant was a success, not a single rejection.", {("liver", "present")}),
    ("Not eligible for the trial because of prior CAR T.", {("CAR-T", "present")}),
    ("Excluded from the study due to a kidney transplant in 2014.", {("kidney", "present")}),
    ("She did not need a port for her stem cell transplant in 2019.", {("hct", "present")}),
    ("Kidney transplant 2003: wrong dose of tacrolimus corrected.", {("kidney", "present")}),
    ("No kidney transplant, no dialysis.", {("kidney", "absent")}),
    ("Patient has not undergone stem cell transplantation.", {("hct", "absent")}),
    ("Prior CAR-T therapy: none.", {("CAR-T", "absent")}),
    ("Transplant hepatology will discuss liver transplant with her.", {("liver", "hypothetical")}),
    ("CAR T slot offered for July.", {("CAR-T", "hypothetical")}),
    ("Her brother offered a kidney; kidney transplant is planned for 2025.", {("kidney", "hypothetical")}),
    ("Collected for CAR T, infusion postponed.", {("CAR-T", "hypothetical")}),
    ("Her son had a heart transplant and she cares for him.", {("heart", "family")}),
    ("A friend of hers received CAR T in 2023.", {("CAR-T", "family")}),
    ("Sister with AML, had allogeneic transplant, the patient was the donor.", {("hct", "family")}),
    (
        "She has no history of heart, liver or lung transplant.",
        {("heart", "absent"), ("liver", "absent"), ("lung", "absent")},
    ),
]
# Wrong for now.
LEFT = [
    ("Heart transplant list date 2009, transplanted 2010.", {("heart", "present")}),
    ("Her donor kidney went to her brother; his kidney transplant failed.", {("kidney", "family")}),
]
HEMATOCRITS = [
    "HCT 38, platelets 220.",
    "Hgb 11.2, HCT 34, transfusion not needed.",
    "Hgb 9.8 HCT low, two units given.",
    "CBC: HCT stable, WBC normal.",
]


def _held(pipeline: Pipeline, text: str) -> set[tuple[str, str]]:
    return {(f.concept, f.assertion) for f in read(pipeline, text, "transplant", "car_t", day=DAY)}


@pytest.mark.parametrize(("text", "held"), [*CASES, *TWO_TOLD, *LATER])
def test_an_ordinary_sentence_is_read_as_it_is_meant(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held


@pytest.mark.parametrize("text", HEMATOCRITS)
def test_a_hematocrit_is_no_transplant(pipeline: Pipeline, text: str) -> None:
    assert _held(pipeline, text) == set()


@pytest.mark.xfail(
    reason="the graft is told by a verb, and its owner by a pronoun, later in the sentence", strict=True
)
@pytest.mark.parametrize(("text", "held"), LEFT)
def test_an_ordinary_sentence_that_is_read_wrong(
    pipeline: Pipeline, text: str, held: set[tuple[str, str]]
) -> None:
    assert _held(pipeline, text) == held
