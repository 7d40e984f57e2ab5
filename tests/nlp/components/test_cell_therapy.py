"""CAR T mentions whose reading needs more than their own sentence; single sentences stand in car_t.yaml."""

from __future__ import annotations

from datetime import date

import pytest
from support.reading import read

from chartsift.nlp.lexicon.examples import parse_marked
from chartsift.nlp.pipeline import Pipeline

DAY = date(2024, 6, 1)


def _held(pipeline: Pipeline, text: str) -> list[tuple[str, str]]:
    return [(f.text, f.assertion) for f in read(pipeline, text, "car_t", day=DAY)]


@pytest.mark.parametrize(
    "marked",
    [
        # One receipt in a note makes its bare mentions past, too.
        "[Axi-cel]{CAR-T present} infused 6/17/2021. He asks if the [CAR T cells]{CAR-T present} caused this.",
        "Received [KYV-101]{CAR-T present} in 2023.\nPROBLEMS: [CAR-T]{CAR-T present}, hypogammaglobulinemia.",
        # A blinded arm is told in the sentence after.
        "Study: [Descartes-08]{CAR-T possible}, six infusions in 2023, double blind. Arm not released.",
        "The sponsor has not told us whether she had [CAR-T]{CAR-T possible} or placebo.",
        # Timelines and sections.
        "PAST MEDICAL HISTORY:\n- DLBCL\n- [CAR-T]{CAR-T present}\n- gout",
        "07/2022 | [CAR-T]{CAR-T present} infusion | Erlangen",
        "TREATMENT TO DATE:\n2019 MTX\n2021 rituximab\n2022 [CD19 CAR-T]{CAR-T present}",
        # A date that is still to come.
        "[CAR-T]{CAR-T hypothetical} 7/15/2024, line placement the day before.",
        # The person of the sentence before.
        "Her brother is 40. He had leukemia and received [CAR-T]{CAR-T family} in 2020.",
        "Her brother came along. She received [CAR-T]{CAR-T present} in 2020.",
    ],
)
def test_car_t_is_read_with_its_note(pipeline: Pipeline, marked: str) -> None:
    wanted = parse_marked(marked)

    found = _held(pipeline, wanted.text)

    assert found == [(wanted.text[start:end], assertion) for start, end, _, assertion in wanted.mentions]


@pytest.mark.parametrize(
    "text",
    [
        "On cART since 2011, viral load undetectable.",
        "Crash cart checked. Golf cart injury.",
        "Her car t-boned a truck in 2020.",
        "Cell-free ascites reinfusion (CART) discussed.",
        "CAR seat fitted. CAR of 0.4 (CRP/albumin).",
        "Carotid ultrasound normal.",
    ],
)
def test_look_alikes_are_no_car_t(pipeline: Pipeline, text: str) -> None:
    assert not read(pipeline, text, "car_t", day=DAY)


@pytest.mark.parametrize(
    ("text", "concept", "assertion"),
    [
        ("He has not had cellular treatment of any kind.", "unnamed", "absent"),
        ("Prior cell / gene tx .... none", "unnamed", "absent"),
        ("s/p cell therapy Nov 2023, relapse now", "unnamed", "present"),
        ("Asks about CAR-NK trials.", "CAR-NK", "hypothetical"),
        ("Never had CAR-NK cells.", "CAR-NK", "absent"),
        ("CELLULAR THERAPY CONSULT 3/4/24", "unnamed", "hypothetical"),
    ],
)
def test_other_cell_therapies(pipeline: Pipeline, text: str, concept: str, assertion: str) -> None:
    found = read(pipeline, text, "cell_therapy", day=DAY)

    assert [(f.concept, f.assertion) for f in found] == [(concept, assertion)]


def test_a_code_is_a_kind_of_its_own(pipeline: Pipeline) -> None:
    found = read(
        pipeline, "Z92.850  Personal history of other therapy", "car_t", "cell_therapy_code", day=DAY
    )

    assert [(f.kind, f.text, f.assertion) for f in found] == [("cell_therapy_code", "Z92.850", "present")]
