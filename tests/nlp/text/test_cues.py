"""A cue set finds what its expressions find."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartsift.nlp.components.diagnosis_cues import diagnosis_cues
from chartsift.nlp.text.cues import CueSet, Letters

# Pieces of the cues before a diagnosis and of what stands between.
PIECES = (
    "no not without denies never rule out ruled excluded cannot can't sure whether if possible possibly probable likely "
    "suspected suspicion of concern for question ? vs versus and or , . ; : ( known her his severe early thought to be "
    "have carried as a diagnosis label formerly previously treated removed trial study open patients with who risk "
    "approved in watch evidence doubt n't \u2019t don't know Dr Google  \n V.a. ddx - \u0130 \u017fuspected NO If rhabdo"
).split(" ")


def _every(pattern: re.Pattern[str], words: str) -> list[tuple[int, int]]:
    return [found.span() for at in range(len(words) + 1) if (found := pattern.match(words, at)) is not None]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_cues_before_a_diagnosis_are_those_of_their_expressions(words: str) -> None:
    cues = diagnosis_cues().before

    seen = cues.look(words)

    for name, pattern in cues.patterns.items():
        wanted = _every(pattern, words)
        assert [match.span() for match in seen.every(name)] == wanted
        first, last = seen.search(name), seen.last(name)
        plain = pattern.search(words)
        assert (first and first.span()) == (plain and plain.span())
        assert (last and last.span()) == (wanted[-1] if wanted else None)


def test_words_are_known_of_every_cue_before_a_diagnosis() -> None:
    assert diagnosis_cues().before.always == set()


@pytest.mark.parametrize("expression", [r"\w+x", r"[^.]{0,80}no", r"a?"])
def test_an_expression_without_words_near_its_start_is_tried_everywhere(expression: str) -> None:
    cues = CueSet({"one": re.compile(expression), "other": re.compile(r"\bno\b")})
    words = "ax nox, and no x"

    seen = cues.look(words)

    assert [match.span() for match in seen.every("one")] == _every(re.compile(expression), words)
    assert [match.span() for match in seen.every("other")] == [(12, 14)]


def test_a_cue_may_begin_before_its_word() -> None:
    cues = CueSet({"out": re.compile(r"\w{2,6} out", re.IGNORECASE)})

    assert [match.group() for match in cues.look("Ruled OUT").every("out")] == [
        "Ruled OUT",
        "uled OUT",
        "led OUT",
        "ed OUT",
    ]


def test_matches_that_do_not_overlap_are_those_of_finditer() -> None:
    pattern = re.compile(r"no \w+(?: no)?|not?\b", re.IGNORECASE)
    words = "No rash no fever, NOT no no x"

    seen = CueSet({"one": pattern}).look(words)

    assert [match.span() for match in seen.apart("one")] == [
        match.span() for match in pattern.finditer(words)
    ]
    assert seen.may("one")
    assert not CueSet({"one": pattern}).look("well").may("one")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_the_names_of_what_may_match_are_those_with_a_place(words: str) -> None:
    cues = diagnosis_cues().before
    seen = cues.look(words)

    assert cues.may_match(words) == {name for name in cues.patterns if seen.may(name)}


@pytest.mark.parametrize("words", ["her sister", "Sister", "SISTER-in-law"])
def test_letters_stand_as_they_are_written(words: str) -> None:
    assert Letters(("sister", "aunt")).any(words) is ("sister" in words)
