"""
What was had, when and by whom, in sentences of many styles: transplants, CAR T cells and infections.

The halves were written before any was read: of the first 75 of 88 were right at first sight, of the second, which was
kept apart while the rules were changed, 74 of 89; ``STUDIED
wrong is listed in docs/findings/transplant.md.
"""

from __future__ import annotations

from datetime import date

import pytest

from chartsift.nlp.criteria import evaluate, load_trial
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Note, NoteInfo, Patient

DAY = date(2026, 3, 10)
# The reader sees a sentence; the evaluator is told that it stood in a whole note.
_NOTE_LENGTH = 2_000

FIRST_HALF: dict[str, list[tuple[str, str]]] = {
    "prior_transplant": [
        ("met", "PMHx: ESRD 2/2 IgAN s/p LRKT (2011, from sister), HTN, gout."),
        (
            "met",
            "Dear Dr Hale, I reviewed this pleasant 58-year-old teacher. She underwent orthotopic liver transplantation at King's in November 2009 for PBC and has had no rejection since.",
        ),
        ("met", "Living donor kidney from her brother transplanted 2015."),
        ("met", "She was given her own stem cells back after melphalan in 2018."),
        ("met", "MM, auto-SCT 06/2019, in CR."),
        ("met", "Donor: father. Recipient: patient. Graft: left kidney, implanted 14 Feb 2017."),
        ("met", "1. Dermatomyositis\n2. CKD 3b in renal allograft\n3. Hypertension"),
        ("met", "After much discussion about whether to go ahead, he had a double lung transplant in 2020."),
        ("met", "He was listed in March 2016 and transplanted (heart) in January 2017."),
        ("met", "Having initially declined, she went on to receive a deceased-donor kidney on 3 May 2014."),
        (
            "met",
            "The plan at that time was an allogeneic transplant, which took place on 12/04/2013 from an unrelated donor.",
        ),
        ("met", "Surgical history: appendicectomy 1988; OLT 2006; hernia repair 2012."),
        ("met", "Tac level 6.2, goal 5-8 for kidney graft. Continue MMF."),
        ("met", 'Pt reports he "got a new liver" in Houston about ten years ago.'),
        ("met", "He received bone marrow from his HLA-identical sister in 1999 for aplastic anaemia."),
        ("met", "Day +412 post alloHSCT (MUD, Flu/Mel) for AML. No GVHD."),
        ("met", "Kidney transplant failed 2019, back on HD, being considered for second transplant."),
        ("met", "Mother of two. Heart tx age 19 for myocarditis."),
        ("met", "Problem list: Z94.0 Kidney transplant status; M33.13 dermatomyositis"),
        ("met", "Explanted liver showed cirrhosis; the graft functions well two years on."),
        ("met", "Her husband gave her one of his kidneys in 2021."),
        (
            "met",
            "Although his brother is also a recipient, this patient's own renal transplant dates from 2008.",
        ),
        (
            "met",
            "Considered for lung transplant 2018; bilateral sequential lung transplantation performed 09/2018.",
        ),
        ("met", "Past medical history\nBMT - 2004 (ALL)\nCataract - 2015"),
        (
            "not_met",
            "Referred to transplant clinic; work-up for DDKT under way, status 7 (inactive) on the list.",
        ),
        ("not_met", "His sister had an OLT in 2012 and is doing well."),
        ("not_met", "Donated a kidney to her son in 2009 (L nephrectomy). Creatinine 1.1."),
        ("not_met", "Deemed not a candidate for lung transplantation because of BMI."),
        (
            "not_met",
            "She was called in for a kidney in 2022 but the operation was cancelled because the crossmatch was positive. Remains on HD.",
        ),
        ("not_met", "Stem cells were collected in 2021 and are still in storage; never transplanted."),
        ("not_met", "Organ transplant: No [x] Yes [ ]"),
        ("not_met", "Would accept heart transplant evaluation if EF falls further."),
        ("not_met", "FHx: father - renal transplant; mother - SLE."),
        ("not_met", "Discussed at MDT: autologous SCT to be considered if refractory to rituximab."),
        ("not_met", "PSHx: penetrating keratoplasty OD 2016 (corneal transplant)."),
        ("not_met", "He turned down a liver transplant in 2019 and was managed with TIPS."),
        ("not_met", "Registered as a marrow donor, never called."),
        (
            "not_met",
            "The literature describes HSCT in refractory scleroderma; in the ASTIS trial, transplanted patients had better survival.",
        ),
        ("not_met", "Works as a transplant coordinator in the heart and lung programme."),
        ("not_met", "Patient's wife, who received a kidney in 2018, accompanies him today."),
        ("not_met", "I explained that without treatment she may eventually need a lung transplant."),
        ("not_met", "Denies solid organ or stem cell transplant."),
        ("not_met", "Transplant history | none | verified by RN"),
        ("unknown", "Islet cell transplant 2013 for brittle T1DM."),
        ("unknown", "Possible kidney transplant in childhood per grandmother, no records available."),
    ],
    "prior_car_t": [
        ("met", "Received axi-cel 11/2022 for DLBCL, CR at d+90."),
        (
            "met",
            "She was infused with CD19-directed CAR T cells on a compassionate-use basis in Erlangen (August 2024) for refractory SLE.",
        ),
        ("met", "Oncology hx: B-ALL, relapse x2, tisagenlecleucel 2019, in remission."),
        ("met", "D+14 s/p cilta-cel. Gr 1 CRS, resolved with toci."),
        ("met", "Bridging with polatuzumab, then LD chemo and Yescarta given on 5/6/2023."),
        (
            "met",
            "The CAR-T was originally planned for May but was postponed; he finally got the cells on 2 July 2024.",
        ),
        ("met", "Relapsed 8 months after CAR T, now on bispecific."),
        ("met", "Dear colleague, as you know your patient had his CAR-T infusion with us last autumn."),
        ("met", "Prior lines: R-CHOP; R-DHAP + ASCT; liso-cel."),
        (
            "not_met",
            "Apheresis product was out of specification and was never infused; CAR T programme abandoned.",
        ),
        (
            "not_met",
            "Here to discuss enrolment in the CD19 CAR T study. Consent signed today; leukapheresis next Tuesday.",
        ),
        ("not_met", "He asks whether CAR T therapy, which his cousin received for lymphoma, might help him."),
        ("not_met", "Prior gene or cell therapy: N"),
        ("not_met", "Declined CAR T in 2023; opted for bispecific antibody."),
        (
            "not_met",
            "CAR T was intended but he died- no, correction, he progressed - before infusion and received salvage chemo instead.",
        ),
        ("not_met", "HIV well controlled on cART since 2010."),
        ("not_met", "No history of CAR-T, gene therapy or organ transplantation."),
        ("not_met", "CAR T-cell therapy has shown promise in early series of refractory myositis."),
        ("not_met", "Insurance denied CAR-T; peer-to-peer scheduled."),
        (
            "unknown",
            "Took part in a blinded trial of Descartes-08 versus placebo in 2023, allocation unknown.",
        ),
        ("unknown", "Received CAR-NK cells in a phase 1 study 2022."),
    ],
    "active_infection": [
        ("met", "Started on amoxicillin-clavulanate yesterday for community-acquired pneumonia."),
        ("met", "Day 3/7 nitrofurantoin for E. coli UTI."),
        ("met", "MSSA bacteremia, on cefazolin through 4/1/2026."),
        ("met", "Currently on RIPE for pulmonary TB, month 2."),
        ("met", "Herpes zoster left T5 - rash since Saturday, valaciclovir 1 g tds commenced today."),
        ("met", "Assessment: cellulitis of R leg. Plan: admit for IV vancomycin."),
        (
            "met",
            "Your patient attended with a chest infection for which I have prescribed doxycycline for five days.",
        ),
        ("met", "CMV viraemia 12,000 IU/mL, valganciclovir 900 mg BD begun last week."),
        ("not_met", "Pneumonia in December 2025, completed a course of levofloxacin and recovered fully."),
        ("not_met", "Her toddler has strep throat and is on amoxicillin; she herself is well."),
        ("not_met", "TMP-SMX three times weekly for PJP prophylaxis."),
        ("not_met", "No fever, no cough, no dysuria; no signs of infection."),
        ("not_met", "Hep B surface antigen negative, HIV non-reactive, QuantiFERON negative."),
        ("not_met", "COVID-19 in 2022, mild, no sequelae."),
        ("not_met", "Received influenza and pneumococcal vaccines in clinic today."),
        ("not_met", "UTI last summer treated with fosfomycin; urine since clear."),
        ("not_met", "Known MRSA nasal colonisation; no active infection."),
        ("not_met", "Discussed the risk of opportunistic infections with rituximab."),
        ("unknown", "Latent TB treated with 9 months isoniazid in 2019."),
        ("unknown", "Query pneumonia on CXR; sputum and CT pending."),
        ("unknown", "Chronic hepatitis B, DNA undetectable on entecavir."),
        ("unknown", "?UTI - MSU sent, result awaited."),
    ],
}
STUDIED: dict[str, list[tuple[str, str]]] = {
    "prior_transplant": [
        ("met", "After refusing dialysis for months, he accepted a kidney from his cousin in 2018."),
        ("met", "Patient with plan to restart MTX, kidney transplant 2015, hypertension."),
        ("met", "Wishes to avoid hospital; liver transplant 2011."),
        ("met", "Asks about driving, kidney transplant 2015, no new issues."),
        ("met", "Following evaluation at the Mayo Clinic she had her heart transplant in 2013."),
        ("met", "Awaiting MRI. Renal transplant 2009."),
        ("met", "Sent for consideration of IVIG, background of lung transplant in 2019."),
        ("met", "Scheduled for colonoscopy next week, history significant for liver transplantation 2012."),
        ("met", "Discussed results with this kidney transplant patient (2016)."),
        (
            "met",
            "Initially unsuitable because of obesity, he lost 30 kg and was transplanted (liver) in 2018.",
        ),
        ("met", "Refused at first but in the end she had the lung transplant (2017)."),
        ("met", "HSCT was recommended in 2015; it was carried out the following year without complications."),
        ("met", "We had hoped to avoid transplantation, but he required a new heart in 2016."),
        ("met", "The transplant was delayed twice. She eventually got her kidney on 4 June 2020."),
        ("met", "Listed for OLT 2011. Transplanted 2012. Stable graft function."),
        ("met", "Allo-SCT planned for 03/2019, performed 04/2019 due to donor delay."),
        (
            "met",
            "He was on the waiting list for three years before a kidney became available in 2014 and was implanted without problems.",
        ),
        ("met", "Although the surgeons considered her too high risk, a liver was transplanted in 2010."),
        ("met", "His kidney, given by his wife in 2017, has a creatinine of 1.3."),
        ("met", "She has had a new kidney since 2018."),
        ("met", "He carries a donor heart since 2011."),
        ("met", "Received a cadaver kidney in 2002."),
        ("met", "They gave me someone else's liver in 2014."),
        ("met", "A kidney from an altruistic donor was implanted on 12 May 2019."),
        ("met", "Graft: right kidney, deceased donor, transplanted 3/2015."),
        ("met", "Got donor lungs in 2020 at Papworth."),
        ("met", "High-dose melphalan with stem cell rescue 2017."),
        ("met", "Received her brother's bone marrow in 2003."),
        ("met", "Infusion of allogeneic marrow on 3/4/2015; engrafted day 18."),
        ("met", "Autologous stem cells returned 12/2019 after BEAM."),
        ("met", "Peripheral blood stem cells were re-infused in January 2016."),
        ("met", "Transplanted liver functioning well."),
        ("met", "Creatinine 1.4 (renal allograft)."),
        ("met", "Cyclosporine for his liver graft, trough goal 100."),
        ("met", "Belatacept monthly for kidney transplant, needs new PA."),
        ("met", "Chronic rejection of the lung graft, considered for photopheresis."),
        ("met", "Biopsy of the transplanted kidney is planned."),
        ("not_met", "He was offered a kidney in 2019 but it was never implanted."),
        ("not_met", "The liver transplant planned for 2018 did not take place because he improved."),
        ("not_met", "HSCT was recommended in 2015; it was never carried out."),
        ("not_met", "They will eventually give her a new kidney."),
        ("not_met", "He is hoping for a new heart this year."),
        ("not_met", "She gave her brother a kidney in 2010."),
        ("not_met", "Her brother got a kidney from their father in 2010."),
        ("not_met", "Once transplanted, she will need CMV prophylaxis."),
        ("not_met", "Kidney removed 2012 for RCC; the remaining kidney functions well."),
        ("not_met", "The plan at that time was an allogeneic transplant, which she refused."),
        ("not_met", "Having been evaluated for lung transplant in 2020, she was found too well."),
        ("not_met", "Considered for kidney transplant in 2015, declined by the committee."),
        ("not_met", "Stem cells collected in 2018 and stored; they have not been reinfused."),
        ("not_met", "Was given information on stem cell transplantation in 2021."),
        ("not_met", "Her toddler had a liver transplant at 6 months."),
        ("not_met", "Reviews describe autologous HSCT for refractory juvenile DM."),
        ("not_met", "HSCT is discussed in the guideline as rescue."),
        ("not_met", "Published series of renal transplant recipients show a higher rate of malignancy."),
        ("not_met", "Stepson: heart transplant."),
        ("not_met", "The family of the boy next door, who had a bone marrow transplant, visited."),
        ("not_met", "Heart, liver, kidney grafts: none."),
        ("not_met", "Blood group A. Kidney donor card holder."),
        ("not_met", "Liver normal. Kidneys implanted normally on US? No: both native kidneys 10 cm."),
    ],
    "prior_car_t": [
        ("met", "CAR T was delayed by infection, infusion then took place on 12 March 2024."),
        ("met", "Although she first declined, she was treated with CAR T in 2023."),
        ("met", "She enrolled in a CAR-T study in 2024. Cells were given on 5 May 2024. She did well."),
        ("met", "The plan was CAR T. He received his cells in June 2022 and has been in remission since."),
        ("met", "Discussed long-term risks of the CAR T she received in 2021."),
        ("met", "Referred for hypogammaglobulinaemia after anti-BCMA CAR T (2023)."),
        ("met", "CAR T (tisa-cel) was scheduled for 4/2 and given 4/9/2024 after fever resolved."),
        ("met", "She had been considered unfit for CAR T but did get it in 2024."),
        ("not_met", "CAR T was scheduled for 4/2/2024 but not given because of fever."),
        ("not_met", "The plan was CAR T. He received bendamustine instead and has been in remission since."),
        ("not_met", "Cells were manufactured for CAR T; she withdrew before they could be given."),
        ("not_met", "Her tween niece got CAR T for leukemia."),
        ("not_met", "Guideline: CAR T may be considered after two lines."),
        ("not_met", "CAR T infusion is expected to take place on 12 April 2026."),
        (
            "not_met",
            "CAR-T: pt progressed on bridging, died on waiting list - no: withdrawn from list, never got cells.",
        ),
        ("not_met", "We do not have CAR T data in this disease."),
        ("not_met", "She was told that patients received CAR T in Germany with success."),
        ("not_met", "Postponed CAR T again; she will get her cells in May."),
    ],
    "active_infection": [
        ("met", "The TB is being treated, month 4 of 6."),
        ("met", "Prednisone held while she is treated for cellulitis with cephalexin."),
        ("met", "Pneumonia, right lower lobe: ceftriaxone and azithromycin since Sunday."),
        ("met", "She has a UTI; cipro started."),
        ("not_met", "Baby at home has RSV. Patient has no symptoms."),
        ("not_met", "Roommate is on treatment for TB."),
        ("not_met", "Grandchild with influenza; she takes oseltamivir as prophylaxis."),
        ("not_met", "Her little one has hand-foot-mouth disease."),
        ("not_met", "Students in his class have mumps."),
        ("not_met", "Pupil of hers had tuberculosis; contact screening negative."),
        ("unknown", "LTBI s/p 4R 2021."),
        ("unknown", "Treated for latent tuberculosis in 2015 (INH 9 mo)."),
        ("unknown", "10/2025 TB"),
        ("unknown", "Pulmonary tuberculosis diagnosed October 2025."),
        ("not_met", "Pulmonary tuberculosis 2009, fully treated."),
        ("not_met", "TB 1987, treated for 9 months."),
        ("not_met", "Cholera in 1999."),
    ],
}


def _rows() -> list[tuple[str, str, str]]:
    return [
        (criterion, status, text)
        for half in (FIRST_HALF, STUDIED)
        for criterion, rows in half.items()
        for status, text in rows
    ]


@pytest.mark.parametrize(("criterion", "status", "text"), _rows())
def test_what_was_had_by_whom(pipeline: Pipeline, criterion: str, status: str, text: str) -> None:
    note = Note("p", "n", DAY, "", text)

    results = evaluate(
        Patient("p", date(1970, 1, 1)),
        [NoteInfo(note.note_id, note.note_date, note.note_type, _NOTE_LENGTH)],
        pipeline.extract(note),
        load_trial("reset-myositis"),
        as_of=DAY,
    )

    chosen = next(result for result in results if result.applicable)
    assert next(item for item in chosen.criteria if item.criterion_id == criterion).status == status
