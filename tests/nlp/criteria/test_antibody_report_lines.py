"""
Twenty kinds of line in which laboratories and clinicians report antibodies, read and decided for an adult and a child.

The kinds are the usual ones: a number with its flag, a value below detection, a limit printed behind dots, two bands of
one antigen, a graded line blot, a titre, a result told in prose, a panel that is pending or was never run.
"""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read
from support.screened import decide

from chartsift.nlp.pipeline import Pipeline

CHILD = date(2011, 3, 1)

# The line; the antibodies read; the adult with the disease named; the child with juvenile dermatomyositis.
LINES = [
    ("Anti-Jo-1 IgG   92 AU/mL   H   (0-40)", "Jo-1+", ("Antisynthetase syndrome.", "met"), "met"),
    ("ANTI JO-1    <0.2 AI    (reference <1.0)", "Jo-1-", ("Antisynthetase syndrome.", "unknown"), "unknown"),
    ("MDA5 Ab ............ <11 SI     Ref: <11", "MDA5-", ("Dermatomyositis.", "unknown"), "unknown"),
    ("MDA-5 (CADM-140) Ab   88   Units   H   <20", "MDA5+", ("Amyopathic dermatomyositis.", "met"), "met"),
    ("TIF1-gamma (p155/140): 24 units - weak positive", "TIF1 weak", ("Dermatomyositis.", "met"), "met"),
    ("Mi-2 alpha 5 / Mi-2 beta 61 (SI)", "Mi-2- Mi-2+", ("Dermatomyositis.", "met"), "met"),
    (
        "Line blot: Jo-1 neg, PL-7 ++, PL-12 neg, OJ neg, Mi-2 (+), Ro-52 +++",
        "Jo-1- PL-7+ PL-12- OJ- Mi-2? Ro-52+",
        ("Antisynthetase syndrome.", "met"),
        "met",
    ),
    ("HMGCR Ab IgG   >180.0 CU   (normal <20.0)", "HMGCR+", ("Necrotizing myopathy.", "met"), "met"),
    ("HMG-CoA reductase antibody   4 Units   0-19 Negative", "HMGCR-", ("Necrotizing myopathy.", "unknown"), "unknown"),
    ("SRP Ab  Not detected;  SRP IFA titer <1:240", "SRP- SRP-", ("Necrotizing myopathy.", "unknown"), "unknown"),
    ("NXP-2 (MJ) POSITIVE by immunoprecipitation, 5/2023", "NXP2+", ("Dermatomyositis.", "met"), "met"),
    ("SSA-52 (Ro) 96 AU/mL, SSA-60 (Ro) 4 AU/mL", "Ro-52+", ("Dermatomyositis.", "unknown"), "met"),
    ("SSA Ab >8.0 AI, SSB <0.2 AI", "", ("Dermatomyositis.", "unknown"), "unknown"),
    ("ANA 1:640 cytoplasmic, ENA neg, myositis panel pending", "", ("Dermatomyositis.", "unknown"), "unknown"),
    ("cN-1A (NT5C1A) Ab 55 units (positive >= 20)", "cN-1A+", ("Inclusion body myositis.", "not_met"), "unknown"),
    ("PM/Scl-100 Ab 48 (H); all MSA negative", "PM-Scl+", ("Overlap myositis.", "not_met"), "met"),
    ("Myositis Ab panel sent out - QNS, redraw", "", ("Dermatomyositis.", "unknown"), "unknown"),
    ("p155/140 Ab seropositive per outside records", "TIF1+", ("Dermatomyositis.", "met"), "met"),
    ("Seronegative; the full IP panel was negative twice", "", ("Dermatomyositis.", "not_met"), "not_met"),
    # Weak, and the disease does not fit: an adult goes to a person; a child needs any antibody with a disease.
    ("OJ 13 SI (ref <11), remainder of panel <11", "OJ weak", ("Isolated myalgia, CK 92.", "unknown"), "met"),
]  # fmt: skip
assert len(LINES) == 20

_SIGNS = {"present": "+", "absent": "-", "possible": "?"}


@pytest.mark.parametrize(("line", "read_as"), [row[:2] for row in LINES])
def test_what_the_line_says(line: str, read_as: str, pipeline: Pipeline) -> None:
    found = [
        f.concept + (" weak" if f.attribute("result") == "weak" else _SIGNS[f.assertion])
        for f in read(pipeline, line, "antibody")
    ]

    assert " ".join(found) == read_as


@pytest.mark.parametrize(("line", "disease", "status"), [(row[0], *row[2]) for row in LINES])
def test_what_it_decides_for_an_adult(line: str, disease: str, status: str, pipeline: Pipeline) -> None:
    result = decide(pipeline, "msa_subtype", [(20, f"{disease}\n{line}")])

    assert result.status == status
    assert result.evidence


@pytest.mark.parametrize(("line", "status"), [(row[0], row[3]) for row in LINES])
def test_what_it_decides_for_a_child(line: str, status: str, pipeline: Pipeline) -> None:
    result = decide(pipeline, "msa_or_maa", [(20, f"Juvenile dermatomyositis.\n{line}")], born=CHILD)

    assert result.status == status
    assert result.evidence


def test_a_low_specificity_antibody_alone_is_flagged(pipeline: Pipeline) -> None:
    for line in ("SSA-52 (Ro) 96 AU/mL, SSA-60 (Ro) 4 AU/mL", "PM/Scl-100 Ab 48 (H); all MSA negative"):
        result = decide(pipeline, "msa_or_maa", [(20, f"Juvenile dermatomyositis.\n{line}")], born=CHILD)
        assert result.flags == ("maa_only",)


def test_the_reason_names_the_antibody_that_is_positive_and_what_to_ask(pipeline: Pipeline) -> None:
    ssa = decide(pipeline, "msa_subtype", [(20, "Dermatomyositis.\nSSA Ab >8.0 AI, SSB <0.2 AI")])
    assert "only SSA is known" in ssa.rationale.lower().replace("ssa", "SSA")
    assert [(item.stance, item.finding.concept) for item in ssa.evidence] == [
        ("for", "SSA"),
        ("set_aside", "SSB"),
    ]

    for line, asked in (("SSA Ab >8.0 AI", True), ("cN-1A Ab 55 units (positive >= 20)", False)):
        told = decide(pipeline, "msa_or_maa", [(20, f"Juvenile dermatomyositis.\n{line}")], born=CHILD)
        assert ("Ro-52" in told.next_step) is asked
