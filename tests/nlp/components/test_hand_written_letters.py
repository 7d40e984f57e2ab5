"""
Letters written down by hand that are looked for before a pattern is tried: no match of the pattern may lack them.

The words of a gate follow from its expression; these do not, and a pattern that grows may leave its letters behind.
Where a pattern is tried on the words behind or before a mention, so are its letters, and a match is what holds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chartsift.nlp.components import (
    allergy_lists,
    apheresis_risks,
    courses,
    graft_events,
    persons,
    receipt_blinded,
    receipt_mended,
    receipt_sequel,
)
from chartsift.nlp.components.correction_cues import correction_words, letters_in
from chartsift.nlp.text.cues import Letters

May = Callable[[str], bool]


def _one_of(letters: Iterable[str]) -> May:
    known = Letters(tuple(letters))
    return _lowered(known)


def _lowered(letters: Letters) -> May:
    return lambda text: letters.any(text.lower())


def _guarded() -> Iterator[tuple[str, re.Pattern[str], May]]:
    """Yield patterns by name, and what is asked of the words before each is tried."""
    words = correction_words()
    for name in ("replacement", "mistake", "wrong", "beside", "taken_up", "disregard", "should_read"):
        yield f"corrections {name}", getattr(words, name), lambda text: bool(letters_in(text))
    yield "graft received", graft_events._RECEIVED, graft_events._may_tell
    yield "graft given", graft_events._DONATED, graft_events._GIVEN_LETTERS.any
    for name, pattern in receipt_sequel._OUTCOME:
        yield f"outcome {name}", pattern, receipt_sequel.may_tell
    yield "outcome then", receipt_sequel._AND_THEN_GOT, receipt_sequel.may_tell
    yield "set right", receipt_mended._SET_RIGHT, _one_of(receipt_mended._MENDING_LETTERS)
    yield "person", persons._PERSON, _lowered(persons._PERSON_LETTERS)
    for name in ("_OR_PLACEBO", "_PLACEBO_OR", "_DISCLOSED_PLACEBO"):
        yield f"blinded {name}", getattr(receipt_blinded, name), _one_of(receipt_blinded._TRIAL_LETTERS)
    yield "donor of", persons._DONOR_FOR, _lowered(persons._GIVER_LETTERS)
    yield "gave to", persons._GAVE_TO, _lowered(persons._GIVER_LETTERS)
    for name in ("_OTHER_PATIENT", "_IN_THE_NEWS", "_PEOPLE_AT_LARGE", "_A_PERSON_WHO", "_A_PERSON_WITH"):
        yield f"other {name}", getattr(persons, name), _lowered(persons._OTHER_LETTERS)
    yield "until", courses._UNTIL, _lowered(courses._UNTIL_LETTERS)
    yield "mustard", allergy_lists._MUSTARD, allergy_lists._MUSTARD_LETTERS.any
    for concept, letters, pattern in apheresis_risks._RISKS:
        yield concept, pattern, letters.any


@pytest.mark.parametrize(("pattern", "may"), [pytest.param(p, m, id=name) for name, p, m in _guarded()])
# A counterexample is plain enough as it comes, and making it smaller takes minutes with patterns of this size.
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(data=st.data())
def test_no_match_lacks_the_letters(pattern: re.Pattern[str], may: May, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern))
    assert pattern.search(text) is None or may(text), text


def test_letters_that_a_pattern_has_outgrown_are_told() -> None:
    grown = re.compile("kidney|pancreas")
    with pytest.raises(AssertionError):
        test_no_match_lacks_the_letters.hypothesis.inner_test(  # type: ignore[attr-defined]
            grown, _one_of(["kidney"]), _Drawn("a pancreas")
        )


class _Drawn:
    """Draws one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def draw(self, strategy: object) -> str:
        """Return the text."""
        del strategy
        return self._text
