"""Each antibody mention gets its own result, in every layout that laboratories and clinicians use."""

from __future__ import annotations

from datetime import date

import pytest
from support.myositis_texts import ANTIBODY_LINES, ANTIBODY_TABLES

from chartsift.nlp.lexicon.examples import parse_marked
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Finding, Note

TABLES = [
    # dot leaders, each antibody on its line
    """MYOSITIS PANEL (Quest)
[Jo-1]{Jo-1 absent} Ab ............. <11 SI     Ref <11
[PL-7]{PL-7 absent} ................ <11 SI     Ref <11
[MDA5]{MDA5 present} ............... 54 SI  H   Ref <11
[SRP]{SRP absent} .................. <11 SI     Ref <11""",
    # columns with the reference behind
    """Component          Value     Units    Reference
Anti-[Jo-1]{Jo-1 absent}          <0.2      AI       <1.0
Anti-[MDA-5]{MDA5 present} (CADM-140) 134   Units    <20      H
[HMGCR]{HMGCR present} IgG           >200.0    CU       <20.0
[SRP]{SRP absent} Ab, IP         Negative           Negative""",
    # the reference before the result
    """Test            Reference     Result
[Jo-1]{Jo-1 absent} Ab         Negative      Negative
[PL-12]{PL-12 present}           Negative      POSITIVE
[EJ]{EJ absent}              Negative      Negative""",
    # pipes
    """| Antibody | Result | Flag | Ref |
|---|---|---|---|
| [Jo-1]{Jo-1 absent} | Negative | | Negative |
| [Mi-2 alpha]{Mi-2 absent} | 4 | | <11 |
| [Mi-2 beta]{Mi-2 present} | 38 | H | <11 |
| [TIF1-gamma]{TIF1 absent} | <11 | | <11 |""",
    # several antibodies a line
    """ [Jo-1]{Jo-1 absent}   neg      [PL-7]{PL-7 absent}   neg     [PL-12]{PL-12 absent}  neg
 [EJ]{EJ absent}     neg      [OJ]{OJ absent}     neg     [SRP]{SRP present}    POS (2+)
 [Ro52]{Ro-52 absent}   neg      [Ku]{Ku absent}     neg     [PM-Scl]{PM-Scl possible} equivocal""",
    # names as column heads
    """Antibody   [Jo-1]{Jo-1 absent}   [PL-7]{PL-7 absent}   [PL-12]{PL-12 present}   [SRP]{SRP absent}   [Mi-2]{Mi-2 absent}
Result     neg    neg    pos     neg   neg""",
    """[Jo-1]{Jo-1 absent} | [MDA5]{MDA5 present} | [NXP2]{NXP2 absent} | [HMGCR]{HMGCR absent}
neg | 3+ | neg | neg""",
    # dates as column heads
    """                 03/14/2022   09/20/2023
[HMGCR]{HMGCR present} IgG        >200         164 H
[SRP]{SRP absent}              neg          neg""",
    # one answer below each name
    """[Jo-1]{Jo-1 absent} Antibody
Negative
[PL-7]{PL-7 absent} Antibody
Negative
[MDA5]{MDA5 present} Antibody
Positive""",
    # headings with the names below
    """POSITIVE
 [TIF1-g]{TIF1 present}
 [Ro-52]{Ro-52 present}
NEGATIVE
 [Jo-1]{Jo-1 absent}
 [Mi-2]{Mi-2 absent}""",
    """Negative:
 - [Jo-1]{Jo-1 absent}
 - [PL-7]{PL-7 absent}
Positive:
 - [NXP-2]{NXP2 present}""",
    # line blot grades
    """EUROLINE myositis (16 Ag):
[Mi-2α]{Mi-2 absent} 0  [Mi-2β]{Mi-2 absent} 0  [TIF1γ]{TIF1 present} +++  [MDA5]{MDA5 absent} 0  [NXP2]{NXP2 absent} 0  [SAE1]{SAE possible} (+)  [Ku]{Ku absent} 0""",
    """[Jo-1]{Jo-1 absent}   0
[PL-7]{PL-7 possible}   8   (+)
[PL-12]{PL-12 present}  22  +
[Ro-52]{Ro-52 present}  71  +++""",
    "Myositis line: [PL-7]{PL-7 absent} neg, [PL-12]{PL-12 present} ++, [EJ]{EJ absent} neg, [OJ]{OJ absent} neg, [SRP]{SRP possible} (+), [Ro-52]{Ro-52 present} +++",
    # numbers with one unit and one limit for all
    "[Mi-2 alpha]{Mi-2 absent} 8 / [Mi-2 beta]{Mi-2 present} 54 (SI)",
    "[SSA 52]{Ro-52 present} (Ro) 112 AU/mL, SSA 60 (Ro) 3 AU/mL",
    "[Jo-1]{Jo-1 present} Ab  68 AU/mL  H  (0-40)",
    "[JO-1]{Jo-1 absent} ANTIBODY <0.2 AI  Ref <1.0",
    "[MDA-5]{MDA5 absent} Ab .......... <11 SI      Reference Range: <11",
    "Anti-[MDA-5]{MDA5 present} Ab (CADM-140)  134  Units  H  <20",
    "[TIF1-γ]{TIF1 present} (p155/140): 27 units – Weak Pos",
    "[HMGCR]{HMGCR present} IgG >200.0 CU  (normal <20.0)",
    "[HMG CoA reductase]{HMGCR absent} Ab, IgG   6 Units  0-19 Negative",
    "[SRP]{SRP absent} Ab  Not Detected; [SRP]{SRP absent} IFA titer  <1:240",
    "[NXP2]{NXP2 present} (p140/MJ) – POSITIVE by IP, OMRF 3/2023",
    "[cN-1A]{cN-1A present} (NT5C1A) Ab 42 units (Positive ≥20)",
    "[PM/Scl-100]{PM-Scl present} Ab 61 (H); all MSA negative",
    "[OJ]{OJ present} 12 SI (ref <11), remainder of panel <11",
    "[Jo-1]{Jo-1 absent} 12 AU/mL (0-40), [SRP]{SRP absent} 3 SI (<11), [HMGCR]{HMGCR present} 1,046 CU (<20)",
    # lists that share an answer
    "[Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [PL-12]{PL-12 absent}, [EJ]{EJ absent}, [OJ]{OJ absent} neg",
    "[Jo-1]{Jo-1 absent}/[PL-7]{PL-7 absent}/[PL-12]{PL-12 absent} negative, [MDA5]{MDA5 present}/[Ro52]{Ro-52 present} positive",
    "[Jo-1]{Jo-1 absent} - [PL-7]{PL-7 absent} - [SRP]{SRP absent} -",
    "[Jo-1]{Jo-1 absent} -, [PL-7]{PL-7 absent} -, [MDA5]{MDA5 present} +, [Ro52]{Ro-52 present} ++",
    "[Jo-1]{Jo-1 absent} (-) [MDA5]{MDA5 present} (+) [Mi-2]{Mi-2 absent} (-)",
    "[EJ]{EJ absent} / [OJ]{OJ absent} / [KS]{KS absent} all 0; [PL-12]{PL-12 present} +++",
    "MSA block: [Jo-1]{Jo-1 absent}, [SRP]{SRP absent}, [Mi-2]{Mi-2 absent}, [SAE]{SAE absent} - not detected",
    "Neg x11 except [SRP]{SRP present} (+)",
    "Myositis panel negative except for a weakly positive [Ro-52]{Ro-52 present}.",
    "All antibodies negative apart from [PM-Scl]{PM-Scl present}.",
    "Positive: [Ro-52]{Ro-52 present}, [PL-12]{PL-12 present}. Negative: [Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [EJ]{EJ absent}.",
    "pos [MDA5]{MDA5 present}; neg [Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [SRP]{SRP absent}",
    "[Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent},\n   [EJ]{EJ absent}, [OJ]{OJ absent} not detected; [Ku]{Ku present} detected",
    "Negative for [Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent} and [SRP]{SRP absent} but positive for [Mi-2]{Mi-2 present}.",
    "Remaining lines ([Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [Mi-2]{Mi-2 absent}) all negative.",
    "Antisynthetase antibodies negative ([Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [PL-12]{PL-12 absent}).",
    "every line negative including [SRP]{SRP absent} and [HMGCR]{HMGCR absent}",
    "[HMGCR]{HMGCR present} POS only. [Jo-1]{Jo-1 absent} - [PL-7]{PL-7 absent} - [Mi-2]{Mi-2 absent} -",
    "ANA 1:640, [Jo-1]{Jo-1 absent} neg, SSA pos, [RNP]{U1-RNP present} 48 units (<20)",
    "ANA positive, [Jo-1]{Jo-1 absent} and [SRP]{SRP absent} negative",
    "Panel 4/22: [TIF1g]{TIF1 present} 88, [NXP2]{NXP2 absent} 2, [MDA5]{MDA5 absent} 1, [SAE]{SAE absent} 0",
    "Panel back: all negative ([Jo-1]{Jo-1 absent}, [SRP]{SRP absent}, [HMGCR]{HMGCR absent}, [MDA5]{MDA5 absent})",
    # nothing measured
    "[Jo-1]{Jo-1 possible}, [SRP]{SRP possible}, [HMGCR]{HMGCR possible} pending",
    "Anti-[HMGCR]{HMGCR possible} and anti-[SRP]{SRP possible} sent today.",
    "Extended panel ([Jo-1]{Jo-1 possible}, [PL-7]{PL-7 possible}, [SRP]{SRP possible}): QNS, recollect",
    "[HMGCR]{HMGCR possible} ordered but never drawn",
    "Will check [MDA5]{MDA5 possible} and [Ro-52]{Ro-52 possible}.",
    "correlation with [HMGCR]{HMGCR possible} / [SRP]{SRP possible} serology recommended",
    "[NXP2]{NXP2 possible} indeterminate, repeat in 3 mo",
    "[SRP]{SRP possible} borderline at 9 (6-10 borderline)",
    "[OJ]{OJ possible} was not on that panel; [Jo-1]{Jo-1 absent} negative",
]


PROSE = [
    "Anti-[Jo-1]{Jo-1 present} antibody syndrome with ILD.",
    "[MDA5]{MDA5 present} DM with rapidly progressive ILD",
    "[Jo-1]{Jo-1 present}+ and [Ro52]{Ro-52 present}+",
    "13yM with JDM, [TIF1-g]{TIF1 present}+, off medication",
    "+[Jo1]{Jo-1 present}, +[Ro-52]{Ro-52 present}",
    "She was found to be anti-[SRP]{SRP present} positive in 2019.",
    "[NXP2]{NXP2 present} positive on 1/2/23, [Mi-2]{Mi-2 absent} negative",
    "Her [PL-12]{PL-12 present} antibody came back strongly positive while [Jo-1]{Jo-1 absent} was negative.",
    "No anti-[Jo-1]{Jo-1 absent} or anti-[SRP]{SRP absent} antibodies were detected.",
    "Serum lacks [MDA5]{MDA5 absent}.",
    "necrotizing myopathy ([SRP]{SRP present}), cardiac involvement",
    "ASyS ([Jo-1]{Jo-1 present}/[Ro-52]{Ro-52 present}) -- on MMF",
    "[PL-7]{PL-7 present} antisynthetase syndrome with ILD",
    "[HMGCR]{HMGCR present}-IMNM, dx 05/2024",
    "the Cincinnati panel had [MDA5]{MDA5 present} positive at 118 units (cut off 20) and a weak [Ro52]{Ro-52 present}, with [NXP2]{NXP2 absent} and [TIF1]{TIF1 absent} being negative",
    "came back [MDA-5]{MDA5 present} strongly positive, [Ro52]{Ro-52 present} positive, and [Jo-1]{Jo-1 absent}, [PL-7]{PL-7 absent}, [MJ]{NXP2 absent} and [Mi-2]{Mi-2 absent} were negative, [U1RNP]{U1-RNP absent} negative.",
    "[Anti-MDA5]{MDA5 present} - STAT send 1/5, result 1/8: 168 (ref <11) POSITIVE. [Jo-1]{Jo-1 absent}/[EJ]{EJ absent} neg.",
    "[HMGCR]{HMGCR present} IgG returned at 184 U (ref <20), repeat 12/14/22 at 171.",
    "[TIF1g]{TIF1 present} + (OMRF 01/25; neg 2022).",
    "[MDA5]{MDA5 possible} status unresolved (QNS, redraw pending).",
    "[SRP]{SRP possible} positive on line blot, negative by immunoprecipitation on the same serum.",
    "[Mi-2]{Mi-2 possible} weak pos, not confirmed by IP.",
    "? [Jo-1]{Jo-1 possible}",
    "If [MDA5]{MDA5 hypothetical} positive, add calcineurin inhibitor.",
    "Her sister is [Jo-1]{Jo-1 family} positive.",
    "anti-[155/140]{TIF1 present} Ab seropositive JDM (outside records)",
    "[Jo-1]{Jo-1 absent} negative. CK elevated. EMG positive for fibrillations.",
    "[HMGCR]{HMGCR absent} negative, hepatitis C positive in 2011",
    "[Mi-2b]{Mi-2 present} 3+",
    "myositis panel +ve for [Mi2]{Mi-2 present}",
    "histidyl-tRNA synthetase ([Jo-1]{Jo-1 present}) antibody positive",
    "strongly positive [HMGCR]{HMGCR present} antibody",
    "[Ro-52]{Ro-52 present} was the only positive line",
    "tested negative for [SRP]{SRP absent}",
    "[SRP]{SRP absent}: negative; [HMGCR]{HMGCR present}: positive (>200)",
    "[Jo-1]{Jo-1 absent}=neg, [MDA5]{MDA5 present}=pos",
    "[PL-7]{PL-7 present} (threonyl-tRNA synthetase) antibody: POSITIVE, 96 (<11)",
    "[NXP2]{NXP2 present} 64, [MDA5]{MDA5 absent} <11, [SAE]{SAE absent} <11",
    "Anti-[MI-2]{Mi-2 present} ab POS",
    "[Ku]{Ku present} DETECTED (3+), [Ro-52]{Ro-52 present} detected (1+)",
    "[Jo-1]{Jo-1 absent}: Not Detected (Reference: Not Detected)",
    "Found: [SAE1]{SAE present}. Not found: [Jo-1]{Jo-1 absent}, [Mi-2]{Mi-2 absent}.",
]


NOTHING = [
    "18G EJ placed by anesthesia after failed PIV; Jo wife present",
    "Given 4 oz OJ for glucose 58.",
    "KS lesions on the shin, HHV-8 positive.",
    "Ha: frontal headache daily.",
    "CAD: MI 2 (2004, 2011), DES x3.",
    "hx of MI 2 yrs ago",
    "type 2 MI 2 days ago with troponin 0.4",
    "SRP of the lower right quadrant scheduled with dental hygiene",
    "Jane Doe, RNP",
    "seen by Dr. Ku today",
    "SAE reported to sponsor, grade 3, unrelated to study drug",
    "smokes MJ daily",
    "atorvastatin (HMG-CoA reductase inhibitor) stopped",
    "2 PM dose, then 7 PM",
    "Ro 60 kD and SSA: see outside records",
]


def read(pipeline: Pipeline, text: str, kind: str = "antibody") -> list[Finding]:
    found = pipeline.extract(Note("p", "n", date(2024, 6, 1), "Progress note", text))
    return [finding for finding in found if finding.kind == kind]


@pytest.mark.parametrize("marked", TABLES + PROSE + ANTIBODY_TABLES + ANTIBODY_LINES)
def test_each_antibody_has_its_own_result(marked: str, pipeline: Pipeline) -> None:
    gold = parse_marked(marked)

    found = read(pipeline, gold.text)

    assert len(found) == len(gold.mentions), [(f.text, f.assertion) for f in found]
    for finding, (start, end, concept, assertion) in zip(found, gold.mentions, strict=True):
        assert finding.start < end
        assert start < finding.end
        assert (finding.text, finding.concept, finding.assertion) == (finding.text, concept, assertion)


@pytest.mark.parametrize("text", NOTHING)
def test_look_alikes_are_no_antibodies(text: str, pipeline: Pipeline) -> None:
    assert [(f.text, f.concept) for f in read(pipeline, text)] == []


@pytest.mark.parametrize(
    ("text", "concept", "assertion", "result"),
    [
        ("Myositis panel negative.", "panel", "absent", "negative"),
        ("Full myositis antibody panel sent, all negative.", "panel", "absent", "negative"),
        ("MSA neg", "MSA", "absent", "negative"),
        ("All MSA negative.", "MSA", "absent", "negative"),
        ("Seronegative dermatomyositis.", "seronegative", "absent", "negative"),
        ("Extended myositis panel pending.", "panel", "possible", "unmeasured"),
        ("Myositis panel never done.", "panel", "possible", "unmeasured"),
        ("Myositis panel: QNS, recollect", "panel", "possible", "unmeasured"),
        (
            "Jo-1 neg, rest of the antibody panel never got done, lab lost the tube.",
            "rest",
            "possible",
            "unmeasured",
        ),
        ("PM/Scl pos; remainder of panel negative", "rest", "absent", "negative"),
        ("We sent the myositis panel to the reference lab.", "panel", "possible", "unmeasured"),
        ("No myositis-specific autoantibodies identified.", "MSA", "absent", "negative"),
    ],
)
def test_panels_as_a_whole(text: str, concept: str, assertion: str, result: str, pipeline: Pipeline) -> None:
    found = [(f.concept, f.assertion, f.attribute("result")) for f in read(pipeline, text, "antibody_panel")]

    assert (concept, assertion, result) in found


def test_a_panel_that_is_only_named_says_nothing(pipeline: Pipeline) -> None:
    assert read(pipeline, "LAB: Myositis panel\nComment: see scanned report", "antibody_panel") == []


def test_value_unit_reference_and_date_are_kept(pipeline: Pipeline) -> None:
    (found,) = read(pipeline, "Anti-MDA5 Ab 5/20/24: 134 Units H (ref <20)")

    assert (found.value, found.unit, found.comparator, found.ref_high, found.flag) == (
        134.0,
        "U",
        "=",
        20.0,
        "H",
    )
    assert (found.date, found.date_source) == (date(2024, 5, 20), "text")
