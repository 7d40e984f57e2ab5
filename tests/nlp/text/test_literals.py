"""The words that an expression cannot match without."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartsift.nlp.components import register_components
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text import prefilter
from chartsift.nlp.text.folding import fold, only_words
from chartsift.nlp.text.literals import required_literals
from chartsift.nlp.text.prefilter import Prefilter, needles, opened


def _texts(pattern: str, flags: int = 0) -> set[str]:
    return {one.text for one in required_literals(re.compile(pattern, flags)) or ()}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("neck flex", {"neck flex"}),
        (r"\bDOB\b", {"dob"}),
        (r"(?:mother|father)'s", {"mother's", "father's"}),
        (r"walk(?:s|ing)?", {"walk"}),
        (r"\d{1,2}/\d", {"0/0", "00/0"}),
        (r"(?:19|20)\d\d", {"0000"}),
        (r"late\s+May", {"late "}),
        (r"(?:early\s+)?autumn", {"early ", "autumn"}),
        (r"(?P<x>copied)|pasted", {"copied", "pasted"}),
    ],
)
def test_words_follow_from_the_expression(pattern: str, words: set[str]) -> None:
    assert _texts(pattern) == words


@pytest.mark.parametrize("pattern", [r"\w+", r"(?:neck)?", r"a|\w", r"[a-z]{3}", r"(?a:\w)", r"(?=neck)"])
def test_an_expression_that_needs_no_word_claims_none(pattern: str) -> None:
    assert required_literals(re.compile(pattern)) is None


def test_the_place_of_a_word_in_a_match_is_bounded_where_it_can_be() -> None:
    found = required_literals(re.compile(r"\w{2,3}\s{0,2}year-old")) or frozenset()
    assert {one.text.strip() for one in found} == {"year-old"}
    assert {(one.nearest, one.furthest) for one in found} == {(2, 3)}


@pytest.mark.parametrize(
    ("pattern", "opens"),
    [
        (r"\b(?:ten\w*|few\s+days)", True),
        (r"(?<![\w-])(?:ten\w*|few\s+days)", True),
        (r"(?P<n>\b(?:ten\w*|few\s+days))", True),
        (r"(?<![^\w-])(?:ten\w*|few\s+days)", False),
        (r"(?<![a-z])(?:ten\w*|few\s+days)", False),
        (r"(?!x)(?:ten\w*|few\s+days)", False),
        (r"\b\w?(?:ten\w*|few\s+days)", False),
    ],
)
def test_a_word_has_a_boundary_before_it_where_the_expression_says_so(pattern: str, opens: bool) -> None:
    found = required_literals(re.compile(pattern))
    assert found is not None
    assert {one.opens for one in found} == {opens}


def test_a_sign_that_begins_no_word_has_no_boundary_before_it() -> None:
    found = required_literals(re.compile(r"(?<![\w-])(?:\(ten\)\w*|few\s+days)"))
    assert {(one.text, one.opens) for one in found or ()} == {("(ten)", False), ("few ", True)}


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (r"\b(?:ten|few)\w*", "Often a TENth, łten, a_ten; 7ten, few", ["TENth", "few"]),
        (r"\bac\b|\bpeg\b", "access, back, AC 2x, ac", ["AC", "ac"]),
        (r"(?<![\w-])stem cell\w*", "stem-cell, non-stem cell, stem cells", ["stem cells"]),
    ],
)
def test_words_are_looked_for_where_words_begin(pattern: str, text: str, wanted: list[str]) -> None:
    one = prefilter.gate(pattern, re.IGNORECASE)
    with opened(Prefilter(), text):
        assert [match[0] for match in one.finditer(text)] == wanted
        assert one.may_begin(text)
    with opened(Prefilter(), "often back, a system cell") as scan:
        assert scan.places(one.number) == []


def test_a_word_stands_or_not_in_the_open_note_and_may_stand_in_any_other() -> None:
    cell, letters = prefilter.gate(r"\bcells?\b", re.IGNORECASE), needles("cyc")
    text, other = "a system cell", "IV CYC"
    with opened(Prefilter(), text):
        assert cell.stands(text)
        assert not letters.stands(text)
        assert cell.stands(other)
        assert letters.stands(other)
    with opened(Prefilter(), other):
        assert not cell.stands(other)
        assert letters.stands(other)
    assert not letters.stands(text)


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(only_words(fold(text))) == len(text) + 2


@given(st.text(alphabet=st.sampled_from("aA1 \n’–µİΣς٣\u2028"), max_size=40), st.integers(0, 400))
def test_a_sign_is_folded_alike_among_few_and_among_many_of_its_sort(text: str, plain: int) -> None:
    apart = "".join(map(fold, text))

    assert fold(text) == apart
    assert fold(text + "x" * plain) == apart + "x" * plain


def test_folding_puts_together_what_ignoring_case_does() -> None:
    for code in range(0x110000):
        letter = chr(code)
        if 0xD800 <= code < 0xE000:
            continue
        for other in {letter.lower()[:1], letter.upper()[:1], letter.swapcase()[:1]}:
            if other and re.fullmatch(re.escape(other), letter, re.IGNORECASE):
                assert fold(other) == fold(letter), (letter, other)
        assert (fold(letter) == " ") == letter.isspace(), letter
        assert (fold(letter) == "0") == (re.fullmatch(r"\d", letter) is not None), letter


def _gates() -> list[prefilter.Gate]:
    register_components()
    return [one for one in prefilter._gates if one.starts is None and one.literals]


@pytest.mark.parametrize("one", _gates(), ids=lambda one: f"{one.number}")
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_match_of_every_reader_holds_one_of_its_words(one: prefilter.Gate, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(one.plain))
    folded = fold(text)
    assert one.literals is not None
    for match in one.plain.finditer(text):
        assert any(
            folded.startswith(literal.text, place)
            for literal in one.literals
            for place in range(
                match.start() + literal.nearest,
                min(match.start() + literal.furthest, match.end()) + 1,
            )
        )


def test_gates_find_what_expressions_find(pipeline: Pipeline) -> None:
    text = "Walks with a cane. İ 5/5. DOB 1/2/1980\r\nAge: 44 Mother's kidney \U0001fa7a in May 2023."
    full = Prefilter()
    with opened(full, text):
        for one in prefilter._gates:
            expected = [match.span() for match in one.plain.finditer(text)]
            assert [match.span() for match in one.finditer(text)] == expected
            found, wanted = one.search(text, 3, 40), one.plain.search(text, 3, 40)
            assert (found and found.span()) == (wanted and wanted.span())
            assert (one.match(text, 5) is None) == (one.plain.match(text, 5) is None)


@given(st.text(alphabet="abİſK \n1", max_size=30))
def test_needles_stand_where_a_plain_search_finds_them(text: str) -> None:
    words = needles("ab", "b1", "k")
    before = words.any(text)
    with opened(Prefilter(), text):
        assert words.any(text) == before == any(word in text.lower() for word in ("ab", "b1", "k"))


@pytest.mark.parametrize(
    "one",
    [one for one in prefilter._gates if one.starts is not None],
    ids=lambda one: f"{one.number}",
)
@given(data=st.data())
def test_a_match_begins_only_where_its_gate_looks(one: prefilter.Gate, data: st.DataObject) -> None:
    words = data.draw(st.from_regex(one.plain))
    text = data.draw(st.sampled_from(["", ". ", "a  ", "\n"])) + words
    wanted = [found.span() for found in one.plain.finditer(text)]
    with prefilter.opened(prefilter.Prefilter(), text):
        assert [found.span() for found in one.finditer(text)] == wanted
