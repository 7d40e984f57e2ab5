"""Diagnosis and antibody criteria, read from whole notes: days before screening, text, and the status that follows."""

from __future__ import annotations

import pytest
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

DIAGNOSIS = [
    (
        "not_met",
        [
            (200, "JPM, start prednisone."),
            (9, "LGMD R2 established. Rheumatology removed JPM from the problem list."),
        ],
    ),
    (
        "unknown",
        [
            (
                3,
                'MRI: diffuse edema "rhabdomyolysis or myositis". Rhabdo of unclear cause, myositis on the list.',
            )
        ],
    ),
    (
        "not_met",
        [
            (200, "Polymyositis on azathioprine."),
            (5, "He does not have an autoimmune myositis. McArdle disease."),
        ],
    ),
    ("not_met", [(5, "She does not have dermatomyositis; this is tinea.")]),
    (
        "met",
        [
            (60, "A: Dermatomyositis, Mi-2 positive, active."),
            (
                10,
                "MRI THIGHS WITHOUT CONTRAST\nFINDINGS: normal signal.\nIMPRESSION: No evidence of myositis.",
            ),
        ],
    ),
    (
        "met",
        [
            (60, "A: Dermatomyositis, Mi-2 positive, active."),
            (5, "ROS: no myositis flare. PE: no DM rash. Assessment: COPD exacerbation."),
        ],
    ),
    (
        "not_met",
        [
            (300, "Assessment: polymyositis. Start prednisone and methotrexate."),
            (
                30,
                "Genetics: two pathogenic CAPN3 variants. Assessment: LGMD R1 (calpainopathy). Stop methotrexate.",
            ),
        ],
    ),
    (
        "not_met",
        [
            (200, "PCP: CK 5,000, possible polymyositis. Refer to neurology."),
            (30, "Neuromuscular clinic. McArdle disease confirmed by enzyme assay and PYGM gene."),
        ],
    ),
    (
        "not_met",
        [(100, "Suspect myositis, CK 900."), (30, "Rheumatology: macro-CK. He has no muscle disease.")],
    ),
    ("unknown", [(20, "Weakness and CK 3,000. Concern for inflammatory myopathy; biopsy next week.")]),
    ("unknown", [(20, "Knee osteoarthritis. Injection given. Meds: metformin.")]),
    (
        "not_met",
        [
            (
                20,
                "Flagged by the registry because of DM. This is diabetes; she has no muscle disease and never had.",
            )
        ],
    ),
    (
        "unknown",
        [
            (
                20,
                "FHx: mother with neuromuscular disease; no family history of muscle disease otherwise. Here for knee pain.",
            )
        ],
    ),
    (
        "met",
        [
            (
                400,
                "Initially diagnosed as polymyositis; reclassified as immune-mediated necrotizing myopathy (anti-SRP) in 2021.",
            ),
            (20, "IMNM, on IVIG."),
        ],
    ),
    (
        "met",
        [
            (400, "Polymyositis, on MTX."),
            (40, "Repeat biopsy: rimmed vacuoles. This is inclusion body myositis, not polymyositis."),
        ],
    ),
    (
        "unknown",
        [
            (
                30,
                "Myositis after the third dose of pembrolizumab: immune checkpoint inhibitor myositis. Prednisone 1 mg/kg.",
            )
        ],
    ),
    (
        "not_met",
        [(30, "Influenza B, calf pain, CK 4,000: benign acute childhood myositis, resolved in a week.")],
    ),
    ("met", [(30, "PMH: dermatomyositis 2018, HTN. Here for URI.")]),
    ("met", [(90, "Rheum: ASyS (PL-7). Doing well."), (10, "Neuro: CIDP, on IVIG. No new weakness.")]),
    ("met", [(90, "Dermatomyositis, on MMF. Rhabdomyolysis 2015 after a marathon.")]),
    ("met", [(20, "Likely dermatomyositis: Gottron papules, CK 900. Anti-TIF1-gamma positive.")]),
    ("unknown", [(20, "Likely dermatomyositis; panel pending, biopsy scheduled.")]),
    (
        "not_met",
        [
            (200, "Treated as polymyositis elsewhere."),
            (20, "The diagnosis of polymyositis cannot be upheld. Final diagnosis: polymyalgia rheumatica."),
        ],
    ),
    ("met", [(20, "Consent visit. The study drug is for myositis. She has had dermatomyositis since 2020.")]),
    (
        "unknown",
        [
            (
                20,
                "The patient read a pamphlet about dermatomyositis. Rash is rosacea? Refer derm to rule out dermatomyositis.",
            )
        ],
    ),
    (
        "not_met",
        [(20, "Malar rash, ANA 1:640, dsDNA high: systemic lupus. No myositis: strength 5/5, CK 60.")],
    ),
    (
        "met",
        [
            (120, "DM with TIF1 positive."),
            (10, "Derm: rash today is contact dermatitis, not DM flare. DM quiet."),
        ],
    ),
    ("met", [(120, "Juvenile dermatomyositis."), (10, "School form: JDM. No activity restriction.")]),
    (
        "unknown",
        [
            (
                120,
                "Statin stopped for statin myopathy; CK still 6,000 three months later. IMNM to be excluded, HMGCR sent.",
            )
        ],
    ),
    (
        "not_met",
        [
            (120, "Statin stopped for statin myopathy."),
            (
                20,
                "CK normal 8 weeks off the statin; HMGCR negative. Statin myopathy, resolved. No evidence of IMNM.",
            ),
        ],
    ),
    (
        "met",
        [
            (120, "Consult: in-house neurology doubts myositis and thinks of LGMD."),
            (
                20,
                "Biopsy with perifascicular atrophy and Mi-2: dermatomyositis confirmed. Gene panel for LGMD negative.",
            ),
        ],
    ),
    ("unknown", [(30, "Melanoma. Myositis due to nivolumab, CK 4,000, troponin up. Prednisone 2 mg/kg.")]),
    ("unknown", [(30, "Nivolumab-associated myositis and myocarditis. Myositis improving on prednisone.")]),
    (
        "met",
        [
            (300, "Dermatomyositis since 2015."),
            (30, "Melanoma: pembrolizumab held. Myositis quiet on pembrolizumab."),
        ],
    ),
    ("met", [(90, "CADM, MDA5 positive."), (10, "Neuromuscular: strength 5/5, CK 60, no myositis.")]),
    ("met", [(90, "Antisynthetase syndrome with ILD."), (10, "Pulm: ILD stable. No myositis at present.")]),
    (
        "not_met",
        [
            (90, "Dermatomyositis? Rash of the hands."),
            (10, "Derm: biopsy shows psoriasis. Not dermatomyositis."),
        ],
    ),
    ("unknown", [(10, "CK 5,000. Polymyositis must be excluded. IBM should be ruled out too.")]),
]

SUBTYPE = [
    ("not_met", [(90, "Dermatomyositis. Myositis panel: Ro-52 positive, remainder negative.")]),
    ("not_met", [(90, "Overlap myositis. U1-RNP positive. MSA panel negative.")]),
    ("unknown", [(90, "Dermatomyositis. ANA 1:640. SSA positive. Jo-1 negative.")]),
    ("unknown", [(90, "Dermatomyositis. Myositis panel sent.")]),
    (
        "not_met",
        [
            (90, "Dermatomyositis. Myositis panel sent."),
            (30, "Myositis panel back, all negative. Seronegative DM."),
        ],
    ),
    ("unknown", [(90, "Dermatomyositis, active. On MMF.")]),
    ("met", [(900, "DM, Mi-2 beta 88 (<11)."), (30, "DM. Mi-2 now negative on repeat.")]),
    ("met", [(90, "Polymyositis with anti-SRP, IVIG.")]),
    ("met", [(90, "PM/ILD, Jo-1 76 units (<20).")]),
    ("unknown", [(90, "Dermatomyositis. PL-7 weakly positive; all other negative.")]),
    ("met", [(90, "Dermatomyositis. SAE weak positive; all other negative.")]),
    ("unknown", [(90, "Dermatomyositis. NXP2 borderline, others negative.")]),
    ("not_met", [(90, "Inclusion body myositis, cN-1A positive; Jo-1 positive at low titer.")]),
    (
        "unknown",
        [
            (
                90,
                "Polymyositis. Mi-2 positive by line blot, negative by immunoprecipitation on the same serum.",
            )
        ],
    ),
    (
        "unknown",
        [(20, "Interstitial lung disease, PL-12 positive. Myositis? CK normal, seen by pulmonary only.")],
    ),
    (
        "not_met",
        [
            (
                90,
                "Polymyositis suspected; anti-HMGCR was discussed with a risk of HMGCR myopathy under statins.",
            ),
            (10, "LGMD R2 by genetics, not polymyositis. Jo-1, SRP, HMGCR negative."),
        ],
    ),
    (
        "met",
        [
            (90, "Amyopathic dermatomyositis. MDA5 150 U (ref <15)."),
            (10, "SRP of the lower left quadrant by the dentist."),
        ],
    ),
    ("unknown", [(90, "Necrotizing myopathy on biopsy. HMGCR and SRP to be sent.")]),
    ("unknown", [(90, "Statins: risk of anti-HMGCR myopathy explained. Dermatomyositis, panel never done.")]),
]


@pytest.mark.parametrize(("status", "notes"), DIAGNOSIS)
def test_a_diagnosis_stands(status: str, notes: list[tuple[int, str]], pipeline: Pipeline) -> None:
    result = decide(pipeline, "iim_diagnosis", notes)

    assert result.status == status, result.rationale


@pytest.mark.parametrize(("status", "notes"), SUBTYPE)
def test_a_disease_rests_on_a_specific_antibody(
    status: str, notes: list[tuple[int, str]], pipeline: Pipeline
) -> None:
    result = decide(pipeline, "msa_subtype", notes)

    assert result.status == status, result.rationale


@pytest.mark.parametrize(
    "text",
    [
        "DENTAL CLINIC\nSRP #17-24 with ultrasonic. Bitewings reviewed.\nNext: SRP in two weeks.\nB. Ito-Ray, DMD",
        "Periodontal visit. Gingival bleeding. SRP today, SRP again in May.",
        "Here for SRP of the lower left quadrant.",
        "SRP UR and LR quads under local anesthesia",
        "Hygienist: SRP full mouth, 4 mm pockets around the molars",
    ],
)
def test_scaling_and_root_planing_is_no_antibody(text: str, pipeline: Pipeline) -> None:
    result = decide(pipeline, "msa_subtype", [(9, text)])

    assert (result.status, result.basis) == ("unknown", "no_mention")


def test_a_superseded_label_is_set_aside_with_the_day_of_its_revision(pipeline: Pipeline) -> None:
    result = decide(
        pipeline,
        "iim_diagnosis",
        [
            (200, "Assessment: dermatomyositis, stable on prednisone."),
            (
                9,
                (
                    "Diagnosis changed from dermatomyositis to LGMD after genetic testing. "
                    "Prior diagnosis of DM removed from the problem list."
                ),
            ),
        ],
    )

    assert result.status == "not_met"
    assert {(e.finding.text, e.stance, e.reason) for e in result.evidence} == {
        ("LGMD", "against", ""),
        ("dermatomyositis", "set_aside", "revised on 2024-06-01"),
        ("DM", "set_aside", "revised on 2024-06-01"),
    }
