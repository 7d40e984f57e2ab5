from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from chartsift.nlp.text.tokens import (
    ClinicalTokenizer,
    end_of_tokens,
    plain_spelling,
    source_range,
    token_range,
)


@pytest.fixture(scope="module")
def tokenizer() -> ClinicalTokenizer:
    return ClinicalTokenizer(Vocab())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("anti-Jo-1+", ["anti", "-", "Jo", "-", "1", "+"]),
        ("TIF1γ", ["TIF", "1", "γ"]),
        ("CK 5,430", ["CK", "5", ",", "430"]),
        ("Gottron’s", ["Gottron", "'", "s"]),
        ("60–65 %", ["60", "-", "65", "%"]),
        ("a\u00a0b\r\nc", ["a", "b", "c"]),
        ("a_b `µg` it ʼs 5²", ["a", "_", "b", "'", "μg", "'", "it", "'", "s", "5", "²"]),
    ],
)
def test_words_signs_and_digits_are_apart(text: str, words: list[str], tokenizer: ClinicalTokenizer) -> None:
    assert [token.text for token in tokenizer(text)] == words


@given(st.text(max_size=200))
def test_every_token_stands_where_it_says(text: str) -> None:
    doc = ClinicalTokenizer(Vocab())(text)

    for token, start, end in zip(doc, doc._.starts, doc._.ends, strict=True):
        assert end - start == len(token.text)
        assert not text[start:end].isspace()
    assert "".join(text[s:e] for s, e in zip(doc._.starts, doc._.ends, strict=True)) == "".join(text.split())


def test_ranges_go_both_ways(tokenizer: ClinicalTokenizer) -> None:
    text = "no CAR T,\nnever"
    doc = tokenizer(text)

    first, last = token_range(doc, 3, 8)

    assert (first, last) == (1, 3)
    assert source_range(doc[first:last]) == (3, 8)
    assert token_range(doc, 9, 10) == (4, 4)


@given(st.text(alphabet=st.sampled_from("aB1 _-’–µé²\n"), max_size=40), st.integers(0, 40), st.integers(0, 9))
def test_the_end_of_some_tokens_is_that_of_the_last(text: str, start: int, count: int) -> None:
    start = min(start, len(text))
    ends = ClinicalTokenizer(Vocab())(plain_spelling(text[start:]))._.ends[:count]

    assert end_of_tokens(plain_spelling(text), start, count) == start + [0, *ends][-1]
