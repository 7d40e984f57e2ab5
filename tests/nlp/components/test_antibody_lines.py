"""Antibody results in the formats of laboratories and in shorthand, with result and strength (domain: §3.2 and §3.3)."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding

KINDS = ("antibody", "antibody_other", "antibody_panel")

# The twenty lines of the domain reference.
TWENTY = [
    ("Jo-1 Ab  68 AU/mL  H  (0-40)", ["Jo-1 positive moderate"]),
    ("JO-1 ANTIBODY <0.2 AI  Ref <1.0", ["Jo-1 negative"]),
    ("MDA-5 Ab .......... <11 SI      Reference Range: <11", ["MDA5 negative"]),
    ("Anti-MDA-5 Ab (CADM-140)  134  Units  H  <20", ["MDA5 positive strong"]),
    ("TIF1-γ (p155/140): 27 units – Weak Pos", ["TIF1 weak"]),
    ("Mi-2 alpha 8 / Mi-2 beta 54 (SI)", ["Mi-2 negative", "Mi-2 positive strong"]),
    (
        "Myositis panel: PL-7 neg, PL-12 ++, EJ neg, OJ neg, SRP (+), Ro-52 +++",
        [
            "PL-7 negative",
            "PL-12 positive moderate",
            "EJ negative",
            "OJ negative",
            "SRP borderline",
            "Ro-52 positive strong",
        ],
    ),
    ("HMGCR IgG >200.0 CU  (normal <20.0)", ["HMGCR positive strong"]),
    ("HMG CoA reductase Ab, IgG   6 Units  0-19 Negative", ["HMGCR negative"]),
    ("SRP Ab  Not Detected; SRP IFA titer  <1:240", ["SRP negative", "SRP negative"]),
    ("NXP2 (p140/MJ) – POSITIVE by IP, OMRF 3/2023", ["NXP2 positive"]),
    ("SSA 52 (Ro) 112 AU/mL, SSA 60 (Ro) 3 AU/mL", ["Ro-52 positive moderate", "Ro-60 negative"]),
    ("SSA Ab >8.0 AI, SSB <0.2", ["SSA positive strong", "SSB negative"]),
    (
        "ANA 1:1280 cytoplasmic speckled, ENA neg, extended myositis panel pending",
        ["ANA positive", "other negative", "panel unmeasured"],
    ),
    ("cN-1A (NT5C1A) Ab 42 units (Positive ≥20)", ["cN-1A positive moderate"]),
    ("PM/Scl-100 Ab 61 (H); all MSA negative", ["PM-Scl positive", "MSA negative"]),
    ("Ab panel sent to Quest – QNS, recollect", ["panel unmeasured"]),
    ("anti-155/140 Ab seropositive JDM (outside records)", ["TIF1 positive"]),
    ("Seronegative DM (full OMRF IP panel neg ×2)", ["seronegative negative", "panel negative"]),
    (
        "OJ 12 SI (ref <11), remainder of panel <11; pt with isolated myalgia, CK 88",
        ["OJ weak", "rest negative"],
    ),
]

# The formats of the usual laboratories.
FORMATS = [
    (
        "JO-1 AB <11 SI, PL-7 AB <11 SI, NXP2 AB 23 SI",
        ["Jo-1 negative", "PL-7 negative", "NXP2 positive moderate"],
    ),
    ("TIF1 gamma Ab 11 SI", ["TIF1 weak"]),
    ("cN-1A Ab <15 units; cN-1A 17 units (borderline 15-19)", ["cN-1A negative", "cN-1A borderline"]),
    ("Jo-1 Ab, IgG 29 AU/mL", ["Jo-1 negative"]),
    ("Jo-1 Ab, IgG 35 AU/mL (30-40 equivocal)", ["Jo-1 borderline"]),
    ("Jo-1 Ab, IgG 41 AU/mL", ["Jo-1 positive moderate"]),
    ("SSA 52 (Ro) (ENA) Antibody, IgG 140 AU/mL [0-40]", ["Ro-52 positive moderate"]),
    ("PL-7 (threonyl-tRNA synthetase) Antibody    Negative    Negative", ["PL-7 negative"]),
    ("SRP (Signal Recognition Particle) Ab   High Positive   Negative", ["SRP positive strong"]),
    ("Mi-2 (nuclear helicase protein) Antibody  Low Positive", ["Mi-2 weak"]),
    ("Smith/RNP (ENA) Ab, IgG  15 units (0-19)", ["U1-RNP negative"]),
    ("HMGCR Antibody, IgG 19 Units (0-19)", ["HMGCR negative"]),
    ("HMGCR Antibody, IgG 20 Units (0-19)", ["HMGCR weak"]),
    ("HMGCR IgG, S  <20.0 CU", ["HMGCR negative"]),
    ("HMGCR IgG, S  450.3 CU  (<20.0)  H", ["HMGCR positive strong"]),
    ("EJ Ab by IFA: Negative; SRP IFA titer 1:960", ["EJ negative", "SRP positive"]),
    ("Anti-TIF-1gamma Ab <20 Units <20", ["TIF1 negative"]),
    ("Anti-MDA-5 Ab 31 Units (<20) weak positive", ["MDA5 weak"]),
    ("Anti-NXP-2 Ab 62 Units <20 moderate positive", ["NXP2 positive moderate"]),
    ("Anti-PM/Scl-100 Ab >150 Units <20 strong positive", ["PM-Scl positive strong"]),
    ("Anti-U1 RNP Ab <20", ["U1-RNP negative"]),
    (
        "MYOS panel: PL-12 64 units (>50 strong), Jo-1 3 units, OJ 8 units",
        ["PL-12 positive strong", "Jo-1 negative", "OJ borderline"],
    ),
    (
        "EUROLINE: Jo-1 0, PL-7 (+), PL-12 +, MDA5 ++, Ro-52 +++",
        [
            "Jo-1 negative",
            "PL-7 borderline",
            "PL-12 positive",
            "MDA5 positive moderate",
            "Ro-52 positive strong",
        ],
    ),
    ("Jo-1 >8.0 AI (<1.0)", ["Jo-1 positive strong"]),
    ("Jo-1 1.1 AI (<1.0)", ["Jo-1 weak"]),
    ("p155/140 identified by immunoprecipitation", ["TIF1 positive"]),
    (
        "Jo-1 negativ, MDA5 grenzwertig, Mi-2 schwach positiv, TIF1γ +++",
        ["Jo-1 negative", "MDA5 borderline", "Mi-2 weak", "TIF1 positive strong"],
    ),
    ("Jo-1 neg., SRP +/−, PL-7 0", ["Jo-1 negative", "SRP borderline", "PL-7 negative"]),
]

SHORTHAND = [
    ("PL-12 ++", ["PL-12 positive moderate"]),
    ("MDA5 134 H (<20)", ["MDA5 positive strong"]),
    ("Jo-1 <11 SI", ["Jo-1 negative"]),
    ("neg ×11 except SRP (+)", ["SRP positive"]),
    ("Myositis panel neg x11 except SRP (+)", ["panel negative", "SRP positive"]),
    ("Mi-2β 54, remainder of panel negative", ["Mi-2 positive", "rest negative"]),
    ("all MSA negative", ["MSA negative"]),
    ("MSA/MAA panel unrevealing", ["panel negative"]),
    ("HMGCR strongly positive", ["HMGCR positive strong"]),
    ("weakly + Ro52", ["Ro-52 weak"]),
    ("TIF1γ high positive (>80)", ["TIF1 positive strong"]),
    ("SRP low titer positive", ["SRP weak"]),
    ("NXP2 pend", ["NXP2 unmeasured"]),
    ("MDA5 QNS", ["MDA5 unmeasured"]),
    ("Jo-1 equivocal x2", ["Jo-1 borderline"]),
    ("Mi-2α neg / Mi-2β pos", ["Mi-2 negative", "Mi-2 positive"]),
    ("Mi-2 α/β: neg/pos", ["Mi-2 positive"]),
    ("TIF1-α neg, TIF1-γ 2+", ["TIF1 negative", "TIF1 positive moderate"]),
    ("PM-Scl75 neg PM-Scl100 1+", ["PM-Scl negative", "PM-Scl positive weak"]),
    ("Jo-1 |neg| PL-7 |neg| MDA5 |POS|", ["Jo-1 negative", "PL-7 negative", "MDA5 positive"]),
    ("HMGCR = 1,046 CU", ["HMGCR positive strong"]),
    ("anti-SRP titer 1:1280", ["SRP positive"]),
    ("MDA5 (118, nl <20)", ["MDA5 positive strong"]),
    ("Ro52/TRIM21 +++", ["Ro-52 positive strong"]),
    ("MDA5 antibody came back positive, Jo-1 did not.", ["MDA5 positive", "Jo-1 negative"]),
    ("PL-7 did not come back positive", ["PL-7 negative"]),
]


def shown(finding: Finding) -> str:
    strength = finding.attribute("strength")
    words = [
        finding.concept,
        finding.attribute("result"),
        strength if strength != finding.attribute("result") else "",
    ]
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("text", "expected"), [*TWENTY, *FORMATS, *SHORTHAND])
def test_result_and_strength(text: str, expected: list[str], pipeline: Pipeline) -> None:
    assert [shown(f) for f in read(pipeline, text, *KINDS)] == expected


@pytest.mark.parametrize(
    ("concept", "kind", "subtype"),
    [
        *((name, "MSA", "ASyS") for name in ("Jo-1", "PL-7", "PL-12", "EJ", "OJ", "KS", "Zo", "Ha")),
        *((name, "MSA", "DM") for name in ("Mi-2", "TIF1", "NXP2", "MDA5", "SAE")),
        *((name, "MSA", "IMNM") for name in ("SRP", "HMGCR")),
        *((name, "MAA", "") for name in ("Ro-52", "PM-Scl", "Ku", "U1-RNP", "U2-RNP", "U3-RNP")),
        ("cN-1A", "IBM", "IBM"),
    ],
)
def test_class_and_implied_disease(concept: str, kind: str, subtype: str, pipeline: Pipeline) -> None:
    (found,) = read(pipeline, f"anti-{concept} antibody positive", "antibody")

    assert (found.concept, found.attribute("class"), found.attribute("subtype")) == (concept, kind, subtype)
