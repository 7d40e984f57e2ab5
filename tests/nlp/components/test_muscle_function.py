"""What the patient can and cannot do, in the words of clinics."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartsift.nlp.components.muscle_function import ACTIVITY, SPOKEN_OF, Ability, abilities
from chartsift.nlp.text.layout import Layout, split_lines, split_sentences


def _abilities(text: str) -> list[Ability]:
    layout = Layout(text)
    layout.lines = split_lines(text)
    layout.sentences = split_sentences(text, layout.lines)
    layout.index()
    return list(abilities(text, layout))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("trouble climbing stairs and rising from a chair", "limited"),
        ("difficulty with stairs x 3 mo", "limited"),
        ("No difficulty climbing stairs or rising from a chair.", "able"),
        ("denies trouble with stairs, lifting arms overhead", "able"),
        ("Rises from a chair without using arms", "able"),
        ("She can climb stairs without difficulty.", "able"),
        ("able to get up from the floor unassisted", "able"),
        ("Unable to rise from squat. Unable to lift arms above head.", "limited"),
        ("HPI: unable to get off toilet without help.", "limited"),
        ("needs assistance to stand from a chair", "limited"),
        ("It is hard to wash her hair now", "limited"),
        ("Call if difficulty climbing stairs", "hypothetical"),
        ("Initially could not climb stairs.", "past"),
        ("He has worsening difficulty going up stairs", "limited"),
        ("walks 3 miles daily without difficulty", "able"),
        ("She takes 5000 steps daily and walks the dog.", "none"),
        ("Follow these steps to wash hair gently", "none"),
        ("Difficulty walking", "limited"),
        ("getting up at night twice to urinate", "none"),
        ("must use both hands to push out of a chair", "limited"),
        ("no trouble getting up from a low chair", "able"),
        ("Has to pull on the banister to go upstairs", "limited"),
        ("He is able to drive", "none"),
        ("Independent with ADLs and stairs.", "able"),
        ("hard to get off the floor", "limited"),
        ("gets out of the car with difficulty", "limited"),
        ("doing squats at the gym without problems", "able"),
        ("he never had trouble with stairs", "able"),
        ("gets out of the car with difficulty, arms overhead w/ effort", "limited"),
        ("She does not rise from the floor on her own", "limited"),
        ("does not need help getting out of bed", "able"),
        ("Diet: no rice. Exercises: sit to stand 10x", "none"),
        ("Goal: rise from chair without arms", "hypothetical"),
        (
            "Can only leave the armchair by pushing off with both hands; needs help off the commode.",
            "limited",
        ),
        ("Cannot carry the laundry upstairs.", "limited"),
        ("She can no longer lift her grandchild.", "limited"),
        ("Harder to get up from the floor at work.", "limited"),
        ("can't climb stairs w/o rail, can't get off couch w/o help", "limited"),
        ("needs a two-person assist to stand from chair", "limited"),
        ("climbs stairs on hands and knees, needs arms to rise", "limited"),
        ("rises from the sofa without hands, stairs two at a time", "able"),
        ("Back to hiking, no trouble with stairs.", "able"),
        ("S: chair w/ push-off only", "limited"),
        ("takes stairs one at a time holding the rail", "limited"),
    ],
)
def test_reading(text: str, reading: str) -> None:
    assert ({a.reading for a in _abilities(text)} or {"none"}) == {reading}


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("Cannot rise from a chair.", "clear"),
        ("Difficulty walking.", "hint"),
        ("Does stairs with the rail.", "hint"),
        ("Trouble climbing stairs because of shortness of breath.", "hint"),
    ],
)
def test_how_plainly_muscle_is_the_reason(text: str, weight: str) -> None:
    assert [a.weight for a in _abilities(text)] == [weight]


def test_spans_cover_the_statement() -> None:
    text = "Today he cannot get out of the tub alone."
    (ability,) = _abilities(text)
    assert text[ability.start : ability.end] == "cannot get out of the tub"


def test_the_next_activity_has_a_reading_of_its_own() -> None:
    found = _abilities("Able to climb stairs/ladder, walking with difficulty")

    assert {(one.activity, one.reading) for one in found} == {("stairs", "able"), ("walking", "limited")}


@settings(max_examples=1_000)
@given(st.from_regex(ACTIVITY.plain))
def test_every_activity_holds_a_word_without_which_none_is_looked_for(text: str) -> None:
    found = ACTIVITY.plain.search(text)

    assert found is not None
    assert SPOKEN_OF.plain.search(text, found.start(), found.end()) is not None
