"""Prior CAR T cells, transplants and fitness for leukapheresis, as clinicians write them in passing."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

TRANSPLANT = [
    ("not_met", "HCT 38.2, plt 210."),
    ("not_met", "Hct 31%, Hgb 10.2"),
    ("not_met", "CBC: WBC 7.2 HGB 12.1 HCT 36.5 PLT 301"),
    ("not_met", "H/H 9.8/29, HCT stable"),
    ("not_met", "hct trending down"),
    ("not_met", "HCT: 41"),
    ("not_met", "WBC 6.1 / HCT 39 / PLT 220"),
    ("not_met", "HCTZ 25 daily"),
    ("not_met", "BMT clinic referral for CAR-T evaluation."),
    ("not_met", "Seen by BMT/cellular therapy for RESET screening."),
    ("not_met", "BMT consult: fit for apheresis."),
    ("not_met", "Dr. Lee (BMT) will collect cells."),
    ("not_met", "lung txp eval at Temple, declined for weight"),
    ("not_met", "Lung txp referral placed."),
    ("not_met", "Pulm mentioned lung txp if FVC falls further."),
    ("not_met", "Discussed with lung txp team; not a candidate"),
    ("not_met", "lung tx consult pending"),
    ("not_met", "Considering autologous HCT if CAR T not available"),
    ("not_met", "HCT vs CAR T discussed."),
    ("not_met", "ASCT for scleroderma was offered, she refused"),
    ("not_met", "allo considered for her MDS; watchful waiting"),
    ("not_met", "Evaluated by heart failure and transplant cardiology; no listing"),
    ("not_met", "Transplant ID consulted for Nocardia"),
    ("not_met", "Transplant hepatology follows AIH"),
    ("not_met", "renal txp workup on hold"),
    ("not_met", "On the kidney list since 2022."),
    ("not_met", "Kidney transplant candidate? No, eGFR 34."),
    ("not_met", "Father s/p OLT"),
    ("not_met", "Donor for sibling BMT 1999"),
    ("not_met", "Offered marrow as donor to brother"),
    ("not_met", "Never had HCT, CAR-T or organ graft"),
    ("not_met", "Denies h/o transplant"),
    ("not_met", "No SOT/HCT."),
    ("not_met", "Cornea txp 2014"),
    ("not_met", "fecal transplant for C diff 2019"),
    ("not_met", "hair transplant"),
    ("not_met", "skin graft after burn"),
    ("not_met", "tendon graft L knee"),
    ("not_met", "s/p Ross procedure with homograft"),
    ("not_met", "bone graft L tibia"),
    ("not_met", "islet eval cancelled"),
    ("met", "HCT 2016 for AML (allo, MUD), GVHD off IS"),
    ("met", "s/p HCT day +400"),
    ("met", "BMT 1998 aplastic anemia"),
    ("met", "hx BMT"),
    ("met", "auto BMT 2015 lymphoma"),
    ("met", "lung txp 2012 (bilateral) at Duke"),
    ("met", "s/p bilat lung txp"),
    ("met", "kidney txp x2, second failing"),
    ("met", "DDRT 2011, baseline Cr 1.6"),
    ("met", "He received a new liver in 2009"),
    ("met", "Heart tx 2003, on tacro/MMF"),
    ("met", "her allograft kidney functions well, transplanted 2010"),
    ("met", "Post-HSCT year 6"),
    ("met", "haplo transplant from son 2020 for MDS"),
    ("met", "cord blood transplant as infant for SCID"),
    ("met", "tandem autos for myeloma 2014"),
    ("met", "Melphalan auto 11/2019, CR"),
    ("met", "OLT for PBC 2008"),
    ("met", "SPK 2006"),
    ("met", "ESRD, failed LRRT 2015, back on HD"),
    ("met", "had her brother's kidney put in 2001, still works"),
    ("met", "lung allograft dysfunction CLAD stage 1"),
    ("met", "stem cell rescue after BEAM 2017"),
    ("met", "autologous stem cells reinfused day 0 4/5/2018"),
    ("met", "heart/lung recipient 1999"),
    ("unknown", "pancreas transplant alone 2010"),
    ("unknown", "small bowel transplant 2015"),
    ("unknown", "islet cell infusion 2012"),
    ("unknown", "s/p hand transplant"),
    ("unknown", "face transplant 2016"),
]

CAR_T = [
    ("not_met", "CART vs rituximab discussed"),
    ("not_met", "cart pushed by aide"),
    ("not_met", "HIV on cART"),
    ("not_met", "car accident"),
    ("not_met", "CAR-T slot 7/1"),
    ("not_met", "Collected for CAR-T 6/1, product in manufacturing"),
    ("not_met", "apheresed for CABA-201, awaiting infusion"),
    ("not_met", "CAR T trial consent signed"),
    ("not_met", "screen failed for KYV-101 trial"),
    ("not_met", "randomized to standard arm, no cells given"),
    ("not_met", "Daughter's boyfriend got CAR-T"),
    ("not_met", "Insurance denied CAR T"),
    ("not_met", "CAR T on hold"),
    ("not_met", "wants CAR-T"),
    ("not_met", "declined CAR-T in 2023"),
    ("not_met", "No prior CAR T or gene therapy"),
    ("not_met", "never got the engineered T cells"),
    ("not_met", "CAR-T infusion scheduled 7/15"),
    ("not_met", "CAR T cell infusion cancelled for infection"),
    ("not_met", "Blinatumomab 2021"),
    ("not_met", "TIL therapy no"),
    ("not_met", "Lymphodepletion given but infusion never happened"),
    ("not_met", "Descartes-08 trial brochure"),
    ("not_met", "was told about Carvykti for his uncle"),
    ("met", "Kymriah 2019 for ALL, remission"),
    ("met", "s/p axi-cel"),
    ("met", "tisagenlecleucel infused 3/2/20"),
    ("met", "Got Carvykti last fall for myeloma"),
    ("met", "CD19 CAR T in Erlangen 2023, relapsed 2024"),
    ("met", "received KYV-101 on 2/3/2024"),
    ("met", "Descartes-08 x6 infusions completed (open label)"),
    ("met", "day +90 post cilta-cel"),
    ("met", "B-cell aplasia since CAR-T 2022"),
    ("met", "treated with anti-BCMA CAR-T cells in China"),
    ("met", "mRNA CAR-T, three weekly doses in 2023"),
    ("met", "took part in RESET-SLE and was infused with rese-cel"),
    ("met", "relapse after Yescarta"),
    ("met", "CRS grade 2 after her CAR-T"),
    ("met", "in vivo CAR-T ESO-T01 dosed 2023"),
    ("met", "Abecma '22"),
    ("met", "CAR-T done 8/23 at Penn, tolerated"),
    ("unknown", "CAR-NK infusion 2024"),
    ("unknown", "MuSK-CAART received 2022"),
    ("unknown", "double-blind Descartes-08 vs placebo, completed infusions, assignment unknown"),
]

LEUKAPHERESIS = [
    ("met", "Not a candidate for leukapheresis per apheresis team."),
    ("met", "Apheresis MD: cannot collect safely, no access"),
    ("met", "bilateral IJ and subclavian occlusion, no central access possible"),
    ("met", "Hgb 7.2"),
    ("met", "Plt 38"),
    ("met", "ALC 0.1"),
    ("met", "on norepinephrine 0.1"),
    ("met", "prior apheresis aborted twice for lack of flow; team will not retry"),
    ("met", "severe hypocalcemic tetany with citrate, no heparin alternative"),
    ("met", "apheresis contraindicated"),
    ("unknown|not_met", "Hgb 8.3"),
    ("unknown|not_met", "Jehovah's Witness, refuses transfusion"),
    ("unknown|not_met", "platelets 55, heme unsure about collection"),
    ("unknown|not_met", "Apheresis physician has reservations: access doubtful"),
    ("not_met", "poor peripheral veins, IJ catheter planned"),
    ("not_met", "port in R chest"),
    ("not_met", "on apixaban"),
    ("not_met", "19 kg, RBC prime"),
    ("not_met", "HIT history"),
    ("not_met", "access fine both arms"),
    ("not_met", "Leukapheresis tolerated 2x"),
    ("not_met", "hard stick"),
    ("not_met", "citrate tingling only"),
    ("not_met", "cleared for apheresis"),
    ("not_met", "Hgb 7.1 in 2022, now 12.4"),
    ("not_met", "no contraindication to apheresis"),
]


def _status(pipeline: Pipeline, criterion_id: str, text: str) -> str:
    return decide(pipeline, criterion_id, [(3, text)]).status


@pytest.mark.parametrize(("wanted", "text"), TRANSPLANT)
def test_prior_transplant(wanted, text, pipeline):
    assert _status(pipeline, "prior_transplant", text) in wanted.split("|")


@pytest.mark.parametrize(("wanted", "text"), CAR_T)
def test_prior_car_t(wanted, text, pipeline):
    assert _status(pipeline, "prior_car_t", text) in wanted.split("|")


@pytest.mark.parametrize(("wanted", "text"), LEUKAPHERESIS)
def test_leukapheresis_contraindication(wanted, text, pipeline):
    assert _status(pipeline, "leukapheresis_contraindication", text) in wanted.split("|")
