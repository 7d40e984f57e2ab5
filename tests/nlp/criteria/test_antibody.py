"""When a myositis antibody stands, and the disease that rests on it."""

from __future__ import annotations

from datetime import date

import pytest
from support.hand_made import chart_of, made

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.antibody import (
    AntibodyAndSubtype,
    AntibodyPositive,
    antibody_and_subtype,
    antibody_positive,
)
from chartsift.nlp.criteria.predicates.diagnosis import DiagnosisStands, diagnosis_stands
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.types import Note, NoteInfo, Patient

_WORD = {True: "met", False: "not", None: "unk"}
# Verdicts on diagnosis, MSA with subtype, MSA or MAA; then the notes as (date, type, text).
CHARTS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "DM, MDA5+, on IVIG. CK 300."),
        ],
    ),
    (
        "met not not",
        [
            ("2024-06-01", "Rheum", "Seronegative dermatomyositis, full panel negative."),
        ],
    ),
    (
        "met not met",
        [
            ("2024-06-01", "Rheum", "Polymyositis. MSA panel negative. Ro-52 positive +++."),
        ],
    ),
    (
        "met not unk",
        [
            ("2024-06-01", "Rheum", "Inclusion body myositis, cN-1A 42 (pos >20). MSA negative."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "Polymyositis with anti-Jo-1 positive 88 (<11)."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "Polymyositis. SRP antibody POSITIVE."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Rheum", "Dermatomyositis. Myositis panel pending."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Rheum", "Dermatomyositis on MTX. No antibody testing on file."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Rheum", "JDM on MTX. SSA/Ro positive, ANA 1:640."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Rheum", "Dermatomyositis. SRP borderline; others negative."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "IMNM. SRP weak positive."),
        ],
    ),
    (
        "met unk met",
        [
            (
                "2024-06-01",
                "Rheum",
                "Dermatomyositis with typical rash. SRP weak positive; rest of panel negative.",
            ),
        ],
    ),
    (
        "unk unk unk",
        [
            ("2024-06-01", "Rheum", "Possible dermatomyositis vs lupus. Panel sent."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "Likely antisynthetase syndrome given PL-12 ++ and NSIP."),
        ],
    ),
    (
        "not not unk",
        [
            ("2020-06-01", "Rheum", "Polymyositis on MTX."),
            (
                "2024-06-01",
                "Neuromuscular",
                "Genetics: LGMD R2. This is not an inflammatory myopathy. Stop MTX.",
            ),
        ],
    ),
    (
        "not not unk",
        [
            ("2020-06-01", "Rheum", "Polymyositis on MTX."),
            (
                "2024-06-01",
                "Neuromuscular",
                "Genetics: LGMD R2. This is not an inflammatory myopathy. Stop MTX.",
            ),
            ("2024-08-01", "PCP", "PROBLEM LIST: polymyositis, HTN\n\nA/P: HTN at goal."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2020-06-01", "Neuro", "LGMD, not an inflammatory myopathy."),
            (
                "2024-06-01",
                "Rheum",
                "So this is not a dystrophy. Dx: anti-HMGCR pending; immune mediated necrotizing myopathy by biopsy.",
            ),
        ],
    ),
    (
        "not not unk",
        [
            ("2024-06-01", "Rheum", "Initially thought to be polymyositis, ultimately LGMD on genetics."),
        ],
    ),
    (
        "not not not",
        [
            (
                "2024-06-01",
                "Neuro",
                "CK 8,000 after viral illness; viral myositis, resolved. Myositis panel negative.",
            ),
        ],
    ),
    (
        "unk unk unk",
        [
            ("2024-06-01", "Onc", "Checkpoint inhibitor myositis on pembrolizumab, pred 60."),
        ],
    ),
    (
        "unk unk unk",
        [
            ("2024-06-01", "PCP", "Fatigue, HTN. A1c 6.0."),
        ],
    ),
    (
        "met met met",
        [
            ("2021-06-01", "Rheum", "TIF1g positive DM."),
            ("2024-06-01", "Rheum", "DM. TIF1g negative now after rituximab."),
        ],
    ),
    (
        "met met met",
        [
            ("2019-06-01", "Rheum", "DM. Mi-2 negative."),
            ("2024-06-01", "Rheum", "DM. Mi-2 positive 77 (<11)."),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Lab", "Same draw 5/20. Lab A MDA5 96 (<11) POSITIVE. Lab B MDA5 negative by IP."),
            ("2024-06-10", "Rheum", "CADM, skin active. MDA5 status unresolved."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "PMH: HTN\nA/P: ASyS (PL-7) on MMF. No active myositis on MRI."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "JDM (NXP2). No JDM rash today."),
        ],
    ),
    (
        "met not not",
        [
            (
                "2024-06-01",
                "Rheum",
                "IMNM, biopsy proven. Jo-1, PL-7, PL-12, EJ, OJ, SRP, Mi-2, MDA5, TIF1g, NXP2, SAE neg, HMGCR neg, Ro-52 neg.",
            ),
        ],
    ),
    (
        "met unk unk",
        [
            (
                "2024-06-01",
                "Rheum",
                "IMNM, biopsy proven. Jo-1, PL-7, PL-12, EJ, OJ, SRP, Mi-2 neg. HMGCR sent.",
            ),
        ],
    ),
    (
        "met unk unk",
        [
            ("2024-06-01", "Rheum", "Dermatomyositis. Jo-1 neg (only one done)."),
        ],
    ),
    (
        "not not unk",
        [
            ("2024-06-01", "Neuro", "CPT II deficiency, recurrent rhabdo. No myositis."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-03-01", "Path", "NECROTIZING MYOPATHY"),
            ("2024-06-01", "Neuro", "HMGCR+ IMNM on IVIG"),
        ],
    ),
    (
        "met not not",
        [
            ("2024-06-01", "Rheum", "IBM. Myositis panel negative"),
        ],
    ),
    (
        "met met met",
        [
            ("2023-06-01", "Rheum", "r/o IBM. Panel: Jo-1 positive."),
            ("2024-06-01", "Rheum", "antisynthetase syndrome, Jo-1, stable ILD"),
        ],
    ),
    (
        "met not met",
        [
            ("2024-06-01", "Rheum", "Overlap myositis, PM-Scl positive; all MSA negative."),
        ],
    ),
    (
        "met met met",
        [
            ("2024-06-01", "Rheum", "Diagnosis: MDA5 dermatomyositis. Mother had polymyositis."),
        ],
    ),
    (
        "unk unk unk",
        [
            ("2024-06-01", "PCP", "Mother had polymyositis. Patient well."),
        ],
    ),
]


@pytest.mark.parametrize(("verdicts", "notes"), CHARTS)
def test_charts(verdicts: str, notes: list[tuple[str, str, str]], pipeline: Pipeline) -> None:
    read = [
        Note("p", f"n{i}", date.fromisoformat(day), kind, text) for i, (day, kind, text) in enumerate(notes)
    ]
    findings = [finding for note in read for finding in pipeline.extract(note)]
    infos = [NoteInfo(n.note_id, n.note_date, n.note_type, len(n.text)) for n in read]
    chart = Chart.build(Patient("p"), infos, findings, date(2024, 12, 1))

    outcomes = (
        diagnosis_stands(chart, DiagnosisStands()),
        antibody_and_subtype(chart, AntibodyAndSubtype()),
        antibody_positive(chart, AntibodyPositive()),
    )

    assert " ".join(_WORD[outcome.value] for outcome in outcomes) == verdicts, [o.reason for o in outcomes]


def test_two_results_of_one_draw_conflict() -> None:
    cadm = made("diagnosis", "CADM")
    high = made("antibody", "MDA5", **{"class": "MSA", "subtype": "DM", "result": "positive"})
    low = made("antibody", "MDA5", "absent", **{"class": "MSA", "subtype": "DM", "result": "negative"})

    outcome = antibody_and_subtype(chart_of([cadm, high, low]), AntibodyAndSubtype())

    assert (outcome.value, outcome.basis) == (None, "conflicting")
    assert {item.stance for item in outcome.evidence} == {"for", "against"}
    assert "MDA5" in outcome.next_step


def test_a_later_negative_does_not_erase_a_clear_positive() -> None:
    dm = made("diagnosis", "DM")
    high = made(
        "antibody", "TIF1", on="2021-01-01", **{"class": "MSA", "subtype": "DM", "result": "positive"}
    )
    low = made(
        "antibody",
        "TIF1",
        "absent",
        on="2024-01-01",
        **{"class": "MSA", "subtype": "DM", "result": "negative"},
    )

    assert antibody_and_subtype(chart_of([dm, high, low]), AntibodyAndSubtype()).value is True


def test_only_an_maa_counts_for_children_and_is_flagged() -> None:
    ro52 = made("antibody", "Ro-52", **{"class": "MAA", "result": "positive"})

    outcome = antibody_positive(chart_of([made("diagnosis", "JDM"), ro52]), AntibodyPositive())

    assert outcome.value is True
    assert outcome.flags == ("maa_only",)


def test_a_test_still_out_keeps_a_negative_panel_open() -> None:
    panel = made("antibody_panel", "panel", "absent", coverage="all", result="negative")
    out = made("antibody", "HMGCR", "possible", cues=("pending",), **{"class": "MSA", "result": "unmeasured"})
    wished = made(
        "antibody", "HMGCR", "possible", cues=("repeat",), **{"class": "MSA", "result": "unmeasured"}
    )
    imnm = made("diagnosis", "IMNM")

    assert antibody_and_subtype(chart_of([imnm, panel, out]), AntibodyAndSubtype()).value is None
    assert antibody_and_subtype(chart_of([imnm, panel, wished]), AntibodyAndSubtype()).value is False


def test_another_class_can_be_asked_for() -> None:
    cn1a = made("antibody", "cN-1A", **{"class": "IBM", "result": "positive"})

    assert antibody_positive(chart_of([cn1a]), AntibodyPositive(classes=("IBM",))).value is True


# Diagnosis and antibodies of one note; whether the specific antibody is denied, and what the rationale must name.
COVERAGE = [
    # a panel of which the note does not say what it held speaks for all
    ("Dermatomyositis. Myositis panel negative.", False, "which antibodies it held is not said"),
    ("IMNM. Jo-1 neg, SRP neg; remainder of panel negative.", False, "negative by name: Jo-1, SRP"),
    # a panel that is known speaks for what is on it
    ("Dermatomyositis. MyoMarker 3 panel negative.", False, "tested: Jo-1, PL-7, PL-12, EJ, OJ, Mi-2, TIF1"),
    ("IMNM. MyoMarker 3 panel negative.", None, "HMGCR was not on it"),
    ("IMNM. MyoMarker 3 panel negative. HMGCR IgG <20 CU (<20), negative.", False, "HMGCR"),
    ("IMNM. EUROLINE myositis panel negative.", None, "HMGCR was not on it"),
    ("IMNM. Myositis panel negative. HMGCR was not on that panel.", None, "HMGCR was not on it"),
    ("Dermatomyositis. Myositis panel negative. HMGCR was not on that panel.", False, "negative"),
    # a list that the note gives is the panel
    (
        "Dermatomyositis. Myositis panel (Jo-1, PL-7, PL-12, SRP, Ku) negative.",
        None,
        "Mi-2 and TIF1 and NXP2 and MDA5",
    ),
    (
        "Dermatomyositis. Myositis panel (Jo-1, SRP, Mi-2, TIF1, NXP2, MDA5) negative.",
        False,
        "tested: Jo-1, Mi-2",
    ),
    (
        "Dermatomyositis. Myositis panel negative (including Jo-1, SRP and Ku).",
        False,
        "what else the panel held",
    ),
    # single negatives are a panel only when they hold the antibodies of the disease
    ("Dermatomyositis. Jo-1 neg, PL-7 neg, PL-12 neg, EJ neg, SRP neg, Ku neg.", None, "not on it"),
    (
        "Dermatomyositis. Jo-1, SRP, Mi-2, TIF1, NXP2, MDA5 neg.",
        False,
        "tested: Jo-1, Mi-2, TIF1, NXP2, MDA5, SRP",
    ),
    ("Antisynthetase syndrome. Jo-1, PL-7, PL-12, EJ, OJ, SRP neg.", False, "tested: Jo-1, PL-7"),
    ("IMNM. Jo-1, PL-7, PL-12, EJ, Mi-2, SRP neg.", None, "HMGCR was not on it"),
]


@pytest.mark.parametrize(("text", "value", "words"), COVERAGE)
def test_a_negative_panel_speaks_for_what_was_on_it(
    text: str, value: bool | None, words: str, pipeline: Pipeline
) -> None:
    note = Note("p", "n", date(2024, 6, 1), "Rheum", text)
    chart = Chart.build(
        Patient("p"),
        [NoteInfo("n", note.note_date, "Rheum", len(text))],
        pipeline.extract(note),
        date(2024, 6, 10),
    )

    outcome = antibody_and_subtype(chart, AntibodyAndSubtype())

    assert outcome.value is value
    assert words in outcome.reason
    assert ("panel_incomplete" in outcome.flags) == (value is None)


def test_a_negative_panel_does_not_deny_a_positive_antibody() -> None:
    imnm = made("diagnosis", "IMNM")
    hmgcr = made(
        "antibody", "HMGCR", on="2022-01-01", **{"class": "MSA", "subtype": "IMNM", "result": "positive"}
    )
    panel = made("antibody_panel", "panel", "absent", on="2024-01-01", coverage="all", result="negative")

    assert antibody_and_subtype(chart_of([imnm, hmgcr, panel]), AntibodyAndSubtype()).value is True


@pytest.mark.parametrize(
    ("text", "born", "verdict"),
    [
        ("Dermatomyositis. Mi-2 alpha 8 / Mi-2 beta 54 (SI)", 1970, "met"),
        ("Dermatomyositis.\nMi-2 alpha Ab   negative\nMi-2 beta Ab   POSITIVE", 1970, "met"),
        ("Dermatomyositis. Mi2a neg, Mi2b 3+.", 1970, "met"),
        ("Dermatomyositis. TIF1-alpha negative, TIF1-gamma positive.", 1970, "met"),
        ("Necrotizing myopathy. SRP54 positive, SRP72 negative.", 1970, "met"),
        ("Dermatomyositis. SAE1 positive, SAE2 negative.", 1970, "met"),
        ("Juvenile overlap myositis. Ku p70 negative, Ku p80 positive.", 2010, "met"),
        ("Juvenile polymyositis. PM-Scl 75 negative, PM-Scl 100 positive.", 2010, "met"),
        ("Juvenile polymyositis. Ro52 positive, Ro60 negative.", 2010, "met"),
        # One subunit, or the antigen as a whole, read both ways.
        ("Dermatomyositis. Mi-2 beta negative at the first laboratory, Mi-2 beta positive at the second.", 1970, "unknown"),
        ("Dermatomyositis. Mi-2 alpha/beta negative. Mi-2 beta positive.", 1970, "unknown"),
        ("Dermatomyositis. TIF1-gamma positive by blot, p155/140 negative by immunoprecipitation.", 1970, "unknown"),
        ("Juvenile polymyositis. PM-Scl 75/100 negative. PM-Scl 100 positive.", 2010, "unknown"),
        ("Juvenile polymyositis. Ro52 positive by blot, Ro52 negative by bead assay.", 2010, "unknown"),
    ],
)  # fmt: skip
def test_results_conflict_only_where_they_are_of_the_same_subunit(
    text: str, born: int, verdict: str, pipeline: Pipeline
) -> None:
    item = Note("p", "n", date(2024, 6, 1), "", text)
    infos = [NoteInfo("n", item.note_date, "", 2_000)]
    chart = Chart.build(Patient("p", date(born, 1, 1)), infos, pipeline.extract(item), date(2024, 6, 10))

    if born < 2000:
        outcome = antibody_and_subtype(chart, AntibodyAndSubtype())
    else:
        outcome = antibody_positive(chart, AntibodyPositive())

    assert (outcome.value, outcome.basis) == {
        "met": (True, "documented"), "unknown": (None, "conflicting")
    }[verdict]  # fmt: skip
