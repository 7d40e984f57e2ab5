"""Phrases found by their words are those that stand in the note token by token, however it is typed."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from chartsift.nlp.text.phrases import Phrases, PhraseSearch
from chartsift.nlp.text.prefilter import Prefilter
from chartsift.nlp.text.tokens import token_ranges, words_of

_PHRASES = {
    words_of(text): text
    for text in (
        "no",
        "no evidence of",
        "evidence of disease",
        "not",
        "isn't",
        "r/o",
        "?",
        ", test",
        "anti-jo-1",
        "jo 1",
        "and she",
        "no no",
        "μ",
        "hämoglobin",
    )
}
_SEARCH = PhraseSearch(_PHRASES, matters=lambda _: True)
_BY_WORD = Phrases(_PHRASES)
_PREFILTER = Prefilter(_BY_WORD.words, with_gates=False)

_WORDS = sorted({word for words in _PHRASES for word in words})
_PIECES = st.sampled_from(
    [*_WORDS, *map(str.upper, _WORDS), "x", "2", "’", "ʼ", "–", "İ", "ſ", "µ", "γ", "²", "١", "_", "nor"]
)
_GLUE = st.sampled_from(["", " ", "  ", "\n", "\xa0", "\r\n  ", ".", "\u2028"])
_TEXTS = st.lists(st.tuples(_PIECES, _GLUE), max_size=12).map(lambda parts: "".join(map("".join, parts)))


def _phrases_of(text: str) -> list[tuple[int, int, int, str]]:
    """Return every phrase of *text*, by comparing its tokens one by one."""
    ranges = token_ranges(text, 0, len(text))
    words = words_of(text)
    return sorted(
        (ranges[i][0], ranges[i + len(phrase) - 1][1], len(phrase), of)
        for phrase, of in _PHRASES.items()
        for i in range(len(words) - len(phrase) + 1)
        if words[i : i + len(phrase)] == phrase
    )


@given(text=_TEXTS)
@example("isnʼt isn’t ISN`T isn't")
@example("No\r\n  evidence  of disease, test")
@example("anti–Jo-1 and antiJo1x")
def test_phrases_of_a_note(text: str) -> None:
    assert sorted(_BY_WORD.find(_PREFILTER.scan(text))) == _phrases_of(text)


@given(text=_TEXTS, data=st.data())
def test_phrases_that_begin_in_a_part(text: str, data: st.DataObject) -> None:
    starts = [start for start, _ in token_ranges(text, 0, len(text))]
    bounds = [0, *starts, len(text)]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(bounds), st.sampled_from(bounds))))

    found = sorted(_SEARCH.starting_in(text, start, end))

    assert found == [one for one in _phrases_of(text) if start <= one[0] < end]
