"""Strength as it is measured, in the layouts that clinics use, and what only looks like it."""

from __future__ import annotations

import pytest

from chartsift.nlp.components.muscle_grades import _clause_begin, grade, measures
from chartsift.nlp.components.muscle_measures import Measure
from chartsift.nlp.components.muscle_names import SHORT_NAME, short_forms
from chartsift.nlp.text.layout import Layout, split_lines, split_sentences


def _measures(text: str) -> list[Measure]:
    layout = Layout(text)
    layout.lines = split_lines(text)
    layout.sentences = split_sentences(text, layout.lines)
    layout.index()
    return sorted(measures(text, layout), key=lambda m: m.start)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("4", 4.0),
        ("4-", 3.67),
        ("4-/5", 3.67),
        ("3+/5", 3.33),
        ("5−", 4.67),
        ("4 out of 5", 4.0),
        ("0/5", 0.0),
    ],
)
def test_a_sign_moves_a_grade_by_a_third(words: str, value: float) -> None:
    assert grade(words) == value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("MMT8 121", [("MMT", 121, 150)]),
        ("MMT-8 144/150 (biceps 10-9, quads 9-10)", [("MMT", 144, 150)]),
        ("MMT 58/80; CMAS 24.", [("MMT", 58, 80), ("CMAS", 24, 52)]),
        ("MMT-8 as scored by physical therapy came to 139 of 150", [("MMT", 139, 150)]),
        ("MMT-8 total (0-150): 133", [("MMT", 133, 150)]),
        ("Manual muscle testing 8 score 72/80", [("MMT", 72, 80)]),
        ("MMT8=131/150, CDASI-A 24, PhGA 6.", [("MMT", 131, 150)]),
        ("MMT-8 104 -> 121", [("MMT", 121, 150)]),
        ("MMT8 138 (was 131 in March)", [("MMT", 138, 150)]),
        ("CMAS   Feb '23  47/52 -> today 33/52", [("CMAS", 33, 52)]),
        ("MMT-26 score 220/260", [("MMT", 220, 260)]),
        ("MMT deferred 3/2024.", []),
        ("MMT goal: if > 140/150, stop.", [("MMT", 140, 150)]),
        ("Repeat MMT-8 when above 140/150", []),
    ],
)
def test_sum_scores(text: str, wanted: list[tuple[str, float, float]]) -> None:
    assert [(m.concept, m.value, m.scale) for m in _measures(text)] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "delts 4-, neck flex 3+, glut max 4, IP 3",
            [("proximal", 3.67), ("axial", 3.33), ("proximal", 4), ("proximal", 3)],
        ),
        (
            "MRC (R/L): deltoid 4-/4-, grip 5/5, iliopsoas 2/2",
            [("proximal", 3.67), ("distal", 5), ("proximal", 2)],
        ),
        (
            "Power - hip extension 3/5 bilat. Neck flexion 4-/5. Distal 5/5.",
            [("proximal", 3), ("axial", 3.67), ("distal", 5)],
        ),
        ("HF 3+, Delt 4, NF 4-.", [("proximal", 3.33), ("proximal", 4), ("axial", 3.67)]),
        (
            "delt 3+/4- | neck flex 3 | IP 4/4 | DF 5",
            [("proximal", 3.33), ("axial", 3), ("proximal", 4), ("distal", 5)],
        ),
        ("Deltoid     4-   4-\nIliopsoas   3+   3", [("proximal", 3.67), ("proximal", 3)]),
        ("| Deltoid | 4 | 4- |\n| Iliopsoas | 3+ | 3+ |", [("proximal", 3.67), ("proximal", 3.33)]),
        ("Hip flexor ....... 3/5     3/5", [("proximal", 3)]),
        ("Power 4/5 in hip flexors bilaterally, 5/5 distally.", [("proximal", 4), ("distal", 5)]),
        ("4+/5 hip flexion, 5/5 knee extension", [("proximal", 4.33), ("proximal", 5)]),
        ("Strength is 4+/5 proximally, 5/5 distally", [("proximal", 4.33), ("distal", 5)]),
        (
            "strength was 4 out of 5 in the deltoids and 3 out of 5 at the hips",
            [("proximal", 4), ("proximal", 3)],
        ),
        ("Neck flexors and deltoids 4/5", [("axial", 4), ("proximal", 4)]),
        ("bilateral hip flexor weakness (4/5)", [("proximal", 4)]),
        ("Strength: UE 5/5, LE 4/5.", [("limb", 5), ("limb", 4)]),
        ("Neck flexors full.", [("axial", 5)]),
        ("Motor: 5/5 strength throughout.", [("whole", 5)]),
        ("Strength 5/5.", [("whole", 5)]),
        ("Hands dry. Strength 5/5 all muscle groups.", [("whole", 5)]),
        ("Musculoskeletal: 5 out of 5 strength", [("whole", 5)]),
        ("Strength was 4/5 in March, now 5/5.", [("whole", 4), ("whole", 5)]),
    ],
)
def test_grades_by_muscle_group(text: str, wanted: list[tuple[str, float]]) -> None:
    assert [(m.group, m.value) for m in _measures(text)] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Reflexes: biceps 2+, triceps 2+, patella 2+.",
        "Upper extremities: 1+ bilateral biceps and triceps reflexes.",
        "mMRC dyspnea 2. MRC dyspnea scale 3.",
        "hip flexion 110, neck flexion 40, knee extension 0",
        "Hips 2 weeks ago were sore. left hip 2 screws",
        "Neck pain 3/10. Knee pain 5/10. Edema 1+.",
        "Hip fracture 4/5/2023. Stage 4/5 CKD.",
        "PIP and DIP 2 swollen; HF 3 in 2019.",
    ],
)
def test_what_is_no_grade(text: str) -> None:
    assert _measures(text) == []


@pytest.mark.parametrize(
    "text",
    ["Full strength.", "Strength normal, hops on each leg", "Strength has returned to normal.", "Muscle power is preserved.",
     "No proximal muscle weakness on exam.", "Motor exam: nl"],
)  # fmt: skip
def test_full_strength_in_words(text: str) -> None:
    assert [m.concept for m in _measures(text)] == ["full_strength"]


def test_not_full_strength_is_no_full_strength() -> None:
    assert _measures("He has not full strength yet.") == []


@pytest.mark.parametrize(
    ("text", "limited"),
    [
        ("Left deltoid 4/5 limited by pain, otherwise fine.", "pain"),
        ("MMT-8 145 of 150; the test was limited by shoulder pain.", "pain"),
        ("Strength 4/5 throughout with give-way.", "effort"),
        ("Hip flexors 4/5. Knee pain at night.", ""),
    ],
)
def test_what_limited_the_test(text: str, limited: str) -> None:
    assert _measures(text)[0].limited == limited


def test_another_cause_is_named() -> None:
    assert _measures("Hip flexors 3/5 since the stroke.")[0].cause == "stroke"


def test_short_forms_are_those_of_their_expression() -> None:
    """The text is looked through for how a short form begins; none of them may be passed over."""
    forms = (
        "NF NE HF HE IP GM GMax GMed HAB HAbd HS VL KE KF EF EE SA SAb Delt Glut Bi bi Tri tri Ham ham DF PF TA WE WF FF "
        "EHL FDP ADF APF UE UEs BUE LE LEs BLE RUE LUE RLE LLE"
    )
    text = f"{forms} xNF -HF NFx ability Hamlet Bill MRI\nHF/{forms.replace(' ', ',')}"

    found = [match.span() for match in short_forms(text, 0, len(text))]

    assert found == [match.span() for match in SHORT_NAME.finditer(text)]
    assert len(found) == 2 * len(forms.split()) + 1


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("No rash, 5/5.", 8),
        ("No rash.\n\n 5/5.", 8),
        ("\t5/5", 0),
        ("Exam\n  5/5", 5),
        ("Exam:\r\n5/5", 7),
        ("Strength 5/5.", None),
        ("rash;5/5.", None),
        ("Exam\n\u00a05/5", None),
    ],
)
def test_where_the_clause_of_a_bare_grade_begins(text: str, begin: int | None) -> None:
    assert _clause_begin(text, text.index("5/5")) == begin
