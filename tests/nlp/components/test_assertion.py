"""Answers of forms: the quick look at the sign beside a mention passes by none of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartsift.nlp.components.assertion import (
    _ANSWERS,
    _BOXES,
    _SIGNS,
    formal_answer,
)
from chartsift.nlp.text.layout import Layout, split_lines, split_sentences
from chartsift.nlp.types import Assertion


def _answer(text: str) -> tuple[Assertion, tuple[str, ...]] | None:
    lines = split_lines(text)
    layout = Layout(text, lines, split_sentences(text, lines))
    layout.index()
    start = text.index("lupus")
    return formal_answer(text, layout, start, start + len("lupus"))


@given(after=st.text(alphabet="([+±?-–−:=.|)] novep\n", max_size=12))
@settings(deadline=None)
def test_answers_behind_a_mention(after: str) -> None:
    found = _answer(f"lupus{after}")

    # An answer stands in the line of its mention.
    line = split_lines(after)[0]
    assert (found is not None) == any(one.match(after[: line.end]) for one, _ in _ANSWERS)


@given(before=st.text(alphabet="[]xX✓☐□()+-? ,", max_size=5))
@settings(deadline=None)
def test_answers_before_a_mention(before: str) -> None:
    found = _answer(f"Rash, {before}lupus")

    item = f"Rash, {before}"[-5:]
    if any(one.search(before) for one, _ in _BOXES) or any(one.search(item) for one, _ in _SIGNS):
        assert found is not None
    if not before.strip():
        assert found is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lupus.", None),
        ("lupus...: no", None),
        ("lupus ..... no", ("absent", ("..... no",))),
        ("lupus (+/-)", ("possible", ("(+/-)",))),
        ("lupus | yes", ("present", ("| yes",))),
        ("lupus -ve", ("absent", ("-ve",))),
        ("[x] lupus: no", ("present", ("[x]",))),
        ("- lupus", None),
        ("- gout - lupus", ("absent", ("-",))),
        ("+ gout, + lupus", ("present", ("+",))),
    ],
)
def test_answers(text: str, expected: tuple[Assertion, tuple[str, ...]] | None) -> None:
    assert _answer(text) == expected
