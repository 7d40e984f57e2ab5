"""Opinions on collecting cells and reactions to chemotherapy, in ordinary sentences; what must never be lost besides."""

from __future__ import annotations

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

# The text, and each statement in it with its assertion.
COLLECTION = [
    ("There is no reason she could not be apheresed.", ["leukapheresis absent"]),
    ("I see no reason why leukapheresis should not go ahead.", ["leukapheresis absent"]),
    ("I cannot see why he should not undergo apheresis.", ["leukapheresis absent"]),
    ("Nothing would stop us from doing leukapheresis.", ["leukapheresis absent"]),
    ("Apheresis MD: no reason not to collect.", ["leukapheresis absent"]),
    (
        "Leukapheresis would be contraindicated only if platelets fell below 50; they are 210.",
        ["leukapheresis absent"],
    ),
    ("She is not unfit for leukapheresis.", ["leukapheresis absent"]),
    ("There is nothing that would prevent a leukapheresis.", ["leukapheresis absent"]),
    ("No counter-indication to cytapheresis.", ["leukapheresis absent"]),
    ("Poor veins are not a counterindication to cytapheresis.", ["leukapheresis absent"]),
    ("Cytapheresis counter-indicated: no venous way left.", ["leukapheresis present"]),
    ("Central venous access is exhausted, none usable for leukapheresis.", ["leukapheresis present"]),
    ("All access sites lost; nothing left for apheresis.", ["leukapheresis present"]),
    ("Apheresis team: we have nowhere to put a line.", ["leukapheresis present"]),
    ("No vein, central or peripheral, that would carry an apheresis.", ["leukapheresis present"]),
    ("The apheresis unit would not take her on.", ["leukapheresis present"]),
    ("Leukapheresis cannot be justified at this haemoglobin.", ["leukapheresis present"]),
    ("Leukapheresis was refused by the unit because of the access.", ["leukapheresis present"]),
    ("Apheresis clinic saw her on 4/11, veins fine, suitable.", ["leukapheresis absent"]),
    ("Apheresis access clinic visit 4/11.", []),
    ("Hold scheduling until apheresis MD and ID reply.", []),
    ("Leukapheresis slot 14 June held, pending insurance.", ["leukapheresis hypothetical"]),
    ("Apheresis: no bar to collection, one arm only.", ["leukapheresis absent"]),
    ("Lymphapheresis done 3/3, 9x10^9 CD3, no problem.", ["leukapheresis absent"]),
    ("Keine Kontraindikation gegen eine Leukapherese.", ["leukapheresis absent"]),
    ("Leukapherese nicht möglich bei fehlendem Zugang.", ["leukapheresis present"]),
    (
        "The reason he could not undergo leukapheresis in March was his platelet count of 31; now 142 and he may.",
        ["leukapheresis absent"],
    ),
    ("We would not hesitate to collect cells from her by apheresis.", ["leukapheresis absent"]),
    ("Apheresis is not ruled out by the port.", ["leukapheresis absent"]),
    ("Whether leukapheresis can be done with these veins we do not know.", ["leukapheresis possible"]),
    # ---- near neighbours: a contraindication is never lost to a denial of something else
    (
        "No contraindication from the kidneys but not a candidate for leukapheresis because of her access.",
        ["leukapheresis present"],
    ),
    (
        "Leukapheresis is contraindicated; there is no reason to hope that this will change.",
        ["leukapheresis present"],
    ),
    ("There is every reason not to perform leukapheresis.", ["leukapheresis present"]),
    ("The reason he cannot undergo leukapheresis is his access.", ["leukapheresis present"]),
    ("She cannot undergo leukapheresis for no other reason than her platelets.", ["leukapheresis present"]),
    ("I cannot see how leukapheresis could be done.", ["leukapheresis present"]),
    ("Leukapheresis is not possible, and nothing would change that.", ["leukapheresis present"]),
    ("Poor veins; leukapheresis not feasible without a line, which she refuses.", ["leukapheresis present"]),
    ("Leukapheresis contraindicated unless transfused.", ["leukapheresis present"]),
    ("Leukapherese kontraindiziert.", ["leukapheresis present"]),
    ("Peripheral access exhausted, but a femoral catheter will do for apheresis.", ["leukapheresis absent"]),
    ("Apheresis unit slot booked 14 June.", ["leukapheresis hypothetical"]),
    ("Plasmapheresis tolerated. Cytopheresis of the synovial fluid.", []),
]
REACTIONS = [
    ("Allergy: rash to fluconazole, NOT to fludarabine.", ["fludarabine absent"]),
    ("The reaction was to amoxicillin and not to cyclophosphamide.", ["cyclophosphamide absent"]),
    ("Cyclophosphamide: neutropenia grade 4, no allergic event.", ["cyclophosphamide absent"]),
    ("CYC: neutropenia gr 3, febrile once.", ["cyclophosphamide absent"]),
    ("cyclophosphamide: grade 3 nausea and vomiting", ["cyclophosphamide absent"]),
    ("Cyclophosphamide caused grade 3 lymphopenia.", ["cyclophosphamide absent"]),
    ("Cyclophosphamide, grade 3 infusion reaction.", ["cyclophosphamide present"]),
    ("cyclophosphamide - hypersensitivity gr 4", ["cyclophosphamide present"]),
    (
        "Cytoxan: hives per old chart; mother says it was the amoxicillin, Cytoxan never a problem; entry deleted.",
        ["cyclophosphamide absent"],
    ),
    ("Fludarabine intolerance on list; she has never had it, entry void.", ["fludarabine absent"]),
    ("Allergy entry for Endoxan is wrong and has been struck out.", ["cyclophosphamide absent"]),
    ("Skin test positive to cyclophosphamide.", ["cyclophosphamide possible"]),
    (
        "10:20 cyclophosphamide 750 mg started; 10:31 tight chest, generalised urticaria, BP 68/40.",
        ["cyclophosphamide present"],
    ),
    (
        "Cyclophosphamide 1 g in 500 ml NaCl. At 10 min: rigors, stridor, adrenaline 0.5 mg IM.",
        ["cyclophosphamide present"],
    ),
    ("She had six pulses of Endoxan with nothing worse than hair loss.", ["cyclophosphamide absent"]),
    ("Endoxan x6, bien toléré.", ["cyclophosphamide absent"]),
    ("Cyclophosphamid 6x, gut vertragen.", ["cyclophosphamide absent"]),
    ("Cyclophosphamid: anaphylaktischer Schock 2015", ["cyclophosphamide present"]),
    ("Had 6 cycles CHOP incl. cyclophosphamide in 2009, no reactions.", ["cyclophosphamide absent"]),
    ("Fludarabine – autoimmune haemolysis", ["fludarabine possible"]),
    ("Anaphylaxis to rituximab; cyclophosphamide uneventful.", ["cyclophosphamide absent"]),
    (
        "Anaphylaxis to mesna, cyclophosphamide itself later given without mesna, uneventful.",
        ["cyclophosphamide absent"],
    ),
    ("The flu jab gave her hives in 2020.", []),
    (
        "Cyclophosphamide: stopped after pulse 3 for haemorrhagic cystitis, bladder ok now.",
        ["cyclophosphamide absent"],
    ),
    ("Her sister collapsed on cyclophosphamide.", ["cyclophosphamide family"]),
    (
        "Wheeze and BP 70 systolic ten minutes into the second Endoxan drip; adrenaline; never again.",
        ["cyclophosphamide present"],
    ),
    ("CYC had to be stopped for angioedema of the larynx.", ["cyclophosphamide present"]),
    ("We intend fludarabine 30 mg/m2 and cyclophosphamide 300 mg/m2 on days -5 to -3.", []),
    # ---- near neighbours: a severe reaction is never lost to another drug's word or to a grade
    ("Cyclophosphamide 2018 x6\n2019 anaphylaxis to rituximab", []),
    ("Cyclophosphamide: grade 3 hypersensitivity, neutropenia grade 4", ["cyclophosphamide present"]),
    ("Neutropenia gr 3 and anaphylaxis gr 4 after cyclophosphamide.", ["cyclophosphamide present"]),
    (
        "Anaphylaxis to cyclophosphamide. It was the mesna that was first suspected.",
        ["cyclophosphamide present"],
    ),
    ("Allergies: cyclophosphamide: anaphylaxis. Penicillin: entry deleted.", ["cyclophosphamide present"]),
    ("Entry NKDA is wrong: anaphylaxis to cyclophosphamide in 2019.", ["cyclophosphamide present"]),
    ("CYCLOPHOSPHAMIDE - anaphylaxis; NKDA entry removed", ["cyclophosphamide present"]),
    ("Cyclophosphamide: anaphylaxis 2019; the rash was from amoxicillin.", ["cyclophosphamide present"]),
    (
        "Cyclophosphamide: anaphylaxis. Entry not deleted, confirmed by allergy clinic.",
        ["cyclophosphamide present"],
    ),
    ("Do NOT give cyclophosphamide: anaphylaxis 2015.", ["cyclophosphamide present"]),
    ("Not to have cyclophosphamide again.", ["cyclophosphamide possible"]),
    (
        "The reaction was to cyclophosphamide, not to mesna: stridor and hypotension.",
        ["cyclophosphamide present"],
    ),
    ("Anaphylaxis was not due to rituximab but to cyclophosphamide.", ["cyclophosphamide present"]),
    ("Cyclophosphamide: grade 4 infusion reaction.", ["cyclophosphamide present"]),
    ("Cyclophosphamide: urticaria; 10 min later BP 70/30.", ["cyclophosphamide present"]),
    ("Cyclophosphamide 750 mg/m2 given; BP 128/70 throughout.", []),
    ("Cyclophosphamide: hives. Mother thinks it was the amoxicillin?", ["cyclophosphamide possible"]),
    ("Cyclophosphamide: hives; perhaps it was the amoxicillin.", ["cyclophosphamide possible"]),
    ("Cyclophosphamide: hives. Allergist to decide if it was the contrast.", ["cyclophosphamide possible"]),
    # ---- in other hands
    ("Apheresis consult: peds, 14 kg. Feasible with RBC prime.", ["leukapheresis absent"]),
    ("Discussed with the apheresis team: they would be content to proceed.", ["leukapheresis absent"]),
    ("Apheresis assessment — outcome: SUITABLE. Access: bilateral antecubital.", ["leukapheresis absent"]),
    ("Apheresis assessment — outcome: NOT SUITABLE (venous access).", ["leukapheresis present"]),
    (
        "Leukapheresis attempted twice, abandoned both times because of line failure.",
        ["leukapheresis present"],
    ),
    ("Leukapheresis on 2/3 went without a hitch.", ["leukapheresis absent"]),
    ("We do not think that she would survive a leukapheresis session.", ["leukapheresis present"]),
    ("Leukapheresis would carry an unacceptable risk at present.", ["leukapheresis present"]),
    (
        "The cell collection team will decide next week whether she can be apheresed.",
        ["leukapheresis possible"],
    ),
    ("Leukapheresis declined by patient.", []),
    ("On warfarin, which does not stop us from collecting.", []),
    ("Fit for leukapheresis? Yes, subject to a platelet count above 50.", ["leukapheresis absent"]),
    ("Apheresis not currently possible: septic, on noradrenaline.", ["leukapheresis present"]),
    ("Pheresis nurse happy with veins.", ["leukapheresis absent"]),
    ("Contraindications to apheresis reviewed: none identified.", ["leukapheresis absent"]),
    ("Leukapheresis: patient is a suitable candidate.", ["leukapheresis absent"]),
    ("PMH: anaphylaxis (cyclophosphamide, 2016).", ["cyclophosphamide present"]),
    ("Cyclophosphamide - tolerated apart from nausea.", ["cyclophosphamide absent"]),
    ("ADR: cyclophosphamide (bronchospasm).", ["cyclophosphamide present"]),
    (
        "He collapsed five minutes into his first cyclophosphamide infusion and was given adrenaline.",
        ["cyclophosphamide present"],
    ),
    ("Cyclophosphamide caused SIADH in 2019.", ["cyclophosphamide absent"]),
    (
        "No previous exposure to fludarabine or cyclophosphamide.",
        ["cyclophosphamide absent", "fludarabine absent"],
    ),
    ("Cyclophosphamide desensitisation was needed after a grade 3 reaction.", ["cyclophosphamide present"]),
    ('Allergy to "Cytoxan" per patient, she cannot remember what happened.', ["cyclophosphamide possible"]),
    ("Cytoxan allergy? Patient says no, it made her vomit.", ["cyclophosphamide absent"]),
    ("Fludarabine-related fever only.", ["fludarabine absent"]),
    ("She was told by her oncologist never to have cyclophosphamide again.", ["cyclophosphamide possible"]),
    ("IV CYC 6 x 500 mg Euro-Lupus, complicated by zoster.", []),
    ("IV CYC 6 x 500 mg (Euro-Lupus), no adverse events.", ["cyclophosphamide absent"]),
    (
        "Stevens-Johnson syndrome on co-trimoxazole; cyclophosphamide later was fine.",
        ["cyclophosphamide absent"],
    ),
    (
        "Drug allergies: penicillin. Cyclophosphamide and rituximab previously given with no issues.",
        ["cyclophosphamide absent"],
    ),
    ("CYCLOPHOSPHAMIDE | Anaphylaxis | Severe | 2014", ["cyclophosphamide present"]),
    ("CYCLOPHOSPHAMIDE | GI upset | Mild | 2014", ["cyclophosphamide absent"]),
    (
        "Cyclophosphamide infusion paused for a blotchy rash, restarted at half rate and completed.",
        ["cyclophosphamide absent"],
    ),
    ("Developed serum sickness a week after cyclophosphamide.", ["cyclophosphamide present"]),
    (
        "Rituximab reaction (rigors, BP 80/40). Cyclophosphamide x6 beforehand had been uneventful.",
        ["cyclophosphamide absent"],
    ),
    ("Apheresis consult pending. Contraindicated: NSAIDs.", []),
    ("Apheresis consult requested. Fit for dialysis.", []),
    ("Apheresis consult: seen today. NSAIDs contraindicated because of CKD.", []),
    ("Apheresis consult 3/4. Not a candidate: no access.", ["leukapheresis present"]),
    ("Apheresis MD: reviewed. Cannot proceed, both jugulars closed.", ["leukapheresis present"]),
    ("Leukapheresis abandoned in March, second attempt successful.", ["leukapheresis absent"]),
    ("Cell therapy: concerns about apheresis access.", ["leukapheresis possible"]),
    ("DM rash (cyclophosphamide 2019 without effect).", []),
    ("Septic shock (cyclophosphamide nadir).", []),
    ("Anaphylactic shock (Endoxan).", ["cyclophosphamide present"]),
    ("Cytoxan allergy? Yes, anaphylaxis.", ["cyclophosphamide present"]),
]
VERDICTS = [
    ("flu_cy_reaction", "Allergies: penicillin (rash).", "not_met"),
    (
        "flu_cy_reaction",
        "Allergy list: cyclophosphamide, hives. Reviewed with patient: it was the contrast; six later Cytoxan infusions without any trouble.",
        "not_met",
    ),
    (
        "flu_cy_reaction",
        "Oncology: AC x4 cyclophosphamide 600 mg/m2: neutropenia gr 4, mucositis gr 3, no hypersensitivity.",
        "not_met",
    ),
    ("flu_cy_reaction", "Cyclophosphamide pulse 2: generalised urticaria, wheeze, adrenaline given.", "met"),
    ("flu_cy_reaction", "Allergic to cyclophosphamide, reaction not recorded.", "unknown"),
    (
        "leukapheresis_contraindication",
        "Central venous access is exhausted, none usable for leukapheresis. Hgb 9.6.",
        "met",
    ),
    (
        "leukapheresis_contraindication",
        "No reason he could not undergo leukapheresis once the infection is over.",
        "not_met",
    ),
    (
        "leukapheresis_contraindication",
        "All central veins thrombosed. Trial? the access team says there is nothing to draw from.",
        "met",
    ),
    ("leukapheresis_contraindication", "Hgb 6.9 g/dL today, transfused.", "met"),
    ("flu_cy_reaction", "NKDA.", "not_met"),
    ("flu_cy_reaction", "Allergies: sulfa - hives.", "not_met"),
    (
        "flu_cy_reaction",
        "Cyclophosphamide: lip swelling and hives after pulse 4, antihistamine only.",
        "unknown",
    ),
    ("flu_cy_reaction", "Fludarabine: anaphylactoid reaction, ICU.", "met"),
    ("leukapheresis_contraindication", "Poor veins, needs a line for apheresis, otherwise fine.", "not_met"),
    ("leukapheresis_contraindication", "Platelets 41 x10^9/L today.", "met"),
    ("leukapheresis_contraindication", "Refuses all blood products.", "unknown"),
    (
        "leukapheresis_contraindication",
        "SVC and both femorals occluded, IR has no option left for a line.",
        "met",
    ),
]


@pytest.mark.parametrize(("text", "held"), [*COLLECTION, *REACTIONS])
def test_statements(pipeline: Pipeline, text: str, held: list[str]) -> None:
    found = {f"{f.concept} {f.assertion}" for f in read(pipeline, text, "contraindication")}

    assert sorted(found) == held


@pytest.mark.parametrize(("criterion", "text", "status"), VERDICTS)
def test_verdicts(pipeline: Pipeline, criterion: str, text: str, status: str) -> None:
    assert decide(pipeline, criterion, [(5, text)]).status == status
