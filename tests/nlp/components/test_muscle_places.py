"""Where a grade or a word for weakness belongs."""

from __future__ import annotations

import pytest
from support.reading import read

from chartsift.nlp.components.muscle_places import places, places_of
from chartsift.nlp.pipeline import Pipeline


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("deltoids 4", ("arm_proximal",)),
        ("IP 3/3", ("leg_proximal",)),
        ("TA 5/5", ("leg_distal",)),
        ("grip 5/5", ("arm_distal",)),
        ("finger flexors 3", ("finger_flexors",)),
        ("neck flexors 4", ("neck_flexors",)),
        ("neck extensors 5", ("neck_extensors",)),
        ("prox LE 4", ("leg_proximal",)),
        ("proximal weakness of upper and lower extremities", ("arm_proximal", "leg_proximal")),
        ("proximal 4/5 in all extremities", ("arm_proximal", "leg_proximal")),
        ("Distal 5/5", ("distal",)),
        ("5/5 throughout", ("all",)),
        ("strength 5/5", ()),
    ],
)
def test_places(words: str, wanted: tuple[str, ...]) -> None:
    assert places(words) == wanted


@pytest.mark.parametrize(
    ("text", "words", "wanted"),
    [
        ("LE strength 4/5 proximal, 5/5 distal", "4/5 proximal", ("leg_proximal",)),
        ("Proximal 4/5 UE, 3/5 LE", "Proximal 4/5", ("arm_proximal",)),
        ("hip flexors 4-, distal 5", "distal 5", ("distal",)),
        (
            "4/5 in the deltoids and hip flexors, 5/5 distally",
            "4/5 in the deltoids",
            ("arm_proximal", "leg_proximal"),
        ),
        ("5/5 deltoids, hip flexors 4", "5/5 deltoids", ("arm_proximal",)),
        ("Strength 5/5 in all groups.", "Strength 5/5", ("all",)),
    ],
)
def test_places_with_their_clause(text: str, words: str, wanted: tuple[str, ...]) -> None:
    start = text.index(words)

    assert places_of(text, start, start + len(words)) == wanted


def test_grades_carry_their_place(pipeline: Pipeline) -> None:
    found = read(pipeline, "EXAM: deltoid 4-/4-, iliopsoas 3/3, neck flexors 3+, ankle DF 5.", "strength")

    assert [(f.attribute("place"), f.value) for f in found] == [
        ("arm_proximal", 3.67),
        ("leg_proximal", 3.0),
        ("neck_flexors", 3.33),
        ("leg_distal", 5.0),
    ]


@pytest.mark.parametrize(
    ("text", "assertions"),
    [
        ("Neck flexors weaker than extensors.", ["present"]),
        ("Weakness, neck flexors > extensors.", ["present"]),
        ("Neck flexion < extension.", ["present"]),
        ("Neck flexor strength > extensor strength.", []),
        ("Neck flexors > extensors.", []),
        ("Proximal strength > distal strength.", []),
        ("Neck flexion 3/5, extension 5/5.", ["present"]),
        ("Neck flexors 4, extensors full.", ["present"]),
        ("Neck flexors 5, extensors 5.", []),
        ("neck flex 3+, wrist ext 5", []),
        ("Proximal > distal weakness of the legs.", ["present"]),
        ("No proximal > distal weakness.", ["absent"]),
    ],
)
def test_comparisons(text: str, assertions: list[str], pipeline: Pipeline) -> None:
    assert [f.assertion for f in read(pipeline, text, "gradient")] == assertions
