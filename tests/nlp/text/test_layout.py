from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.text.layout import Layout, LazyLayout, is_heading, split_lines, split_sentences


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text, split_lines(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No rash. CK is high.", ["No rash.", "CK is high."]),
        ("Seen by Dr. Smith on Oct. 21 for PM vs. IBM.", ["Seen by Dr. Smith on Oct. 21 for PM vs. IBM."]),
        ("Hgb 12.1. Plt 200.", ["Hgb 12.1.", "Plt 200."]),
        (
            "Azathioprine was\nstopped in Feb\nfor low counts.",
            ["Azathioprine was\nstopped in Feb\nfor low counts."],
        ),
        (
            "Given over 1 h. Reaction: none. Vitamin D. Seen by J. Smith.",
            ["Given over 1 h.", "Reaction: none.", "Vitamin D.", "Seen by J. Smith."],
        ),
        (
            "Took 40mg. Stopped. Plt no. 3, e.g. low, p.o. only.",
            ["Took 40mg.", "Stopped.", "Plt no. 3, e.g. low, p.o. only."],
        ),
        (
            "No. Yes at 2 yrs. Then off. Went to İ. Kaya, vs. none.",
            ["No.", "Yes at 2 yrs.", "Then off.", "Went to İ. Kaya, vs. none."],
        ),
        (
            "He said “stop.” Then (in May.) Really?! yes. 50 mg. tapered",
            ["He said “stop.”", "Then (in May.)", "Really?!", "yes.", "50 mg. tapered"],
        ),
        ("   1. MTX.\n   a. IVIG.  \n", ["1. MTX.", "a. IVIG."]),
        ("Waits ... and ... Goes on.... Ends", ["Waits ... and ... Goes on.... Ends"]),
        ("- HTN\n- Hair transplant 2016", ["- HTN", "- Hair transplant 2016"]),
        ("1. Continue MTX. 2. IVIG", ["1. Continue MTX.", "2. IVIG"]),
        ("Jo-1        neg\nSRP         POS", ["Jo-1        neg", "SRP         POS"]),
        ("SRP ..... neg\nEJ ..... pos", ["SRP ..... neg", "EJ ..... pos"]),
        ("SRP ..... Negative, repeat", ["SRP ..... Negative, repeat"]),
        ("What?! Really. Yes", ["What?!", "Really.", "Yes"]),
        ("PLAN\nstart prednisone", ["PLAN", "start prednisone"]),
        ("Father CAD.\r\nALLERGIES: NKDA", ["Father CAD.", "ALLERGIES: NKDA"]),
    ],
)
def test_sentences_end_by_punctuation_and_by_layout(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_lines_end_at_every_kind_of_line_end(end: str) -> None:
    text = f"a{end}{end}b’{end}"

    assert [text[line.start : line.end] for line in split_lines(text)] == ["a", "", "b’", ""]


@pytest.mark.parametrize("text", ["", "a", "\n"])
def test_there_is_always_a_line(text: str) -> None:
    lines = split_lines(text)

    assert (lines[0].start, lines[-1].end) == (0, len(text))


def test_a_dump_without_any_stop_is_cut() -> None:
    text = "word " * 20_000

    parts = sentences(text)

    assert max(map(len, parts)) <= 2_000
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("line", "heading"), [("ASSESSMENT", True), ("== LABS ==", True), ("IVIG.", False), ("Exam today", False)]
)
def test_headings_by_shape(line: str, heading: bool) -> None:
    assert is_heading(line) is heading


@given(st.text(alphabet=st.sampled_from("aB1 .,:;!?\r\n\t|-•é\u0301\xa0😀"), max_size=200))
def test_sentences_are_in_order_and_hold_every_word(text: str) -> None:
    spans = split_sentences(text, split_lines(text))

    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    covered = "".join(text[s.start : s.end] for s in spans)
    assert "".join(covered.split()) == "".join(text.split())


def whole_layout(text: str) -> Layout:
    layout = Layout(text, lines=split_lines(text))
    layout.sentences = split_sentences(text, layout.lines)
    layout.index()
    return layout


def lazy_layout(text: str) -> LazyLayout:
    return LazyLayout(text, lambda layout: None)


def assert_same_at(text: str, offset: int) -> None:
    """Compare a layout that splits the block at *offset* only with one of the whole text."""
    whole, lazy = whole_layout(text), lazy_layout(text)

    assert lazy.sentence_bounds(offset) == whole.sentence_bounds(offset)
    assert lazy.sentence_at(offset) == whole.sentence_at(offset)
    assert list(lazy.sentences_in(offset, offset + 9)) == whole.sentences_in(offset, offset + 9)
    assert lazy.line_at(offset) == whole.line_at(offset)
    assert lazy.sentences == whole.sentences


_WRAPPED = (
    "\n  HPI: Weak since May. Seen by Dr.\nSmith for a rash that began on both hands and then\n"
    "spread to the face over some three or four weeks of\nthe summer. Denies fever, chills and any loss of\n"
    "weight. No cough.\n\n \n- CK 5,000. IVIG given.\n- Plan\tMTX\nEXAM\nStrength 4/5 in hips!  Rest is normal\n\n"
)


@pytest.mark.parametrize("offset", range(len(_WRAPPED) + 1))
def test_one_block_is_split_as_in_the_whole_note(offset: int) -> None:
    assert_same_at(_WRAPPED, offset)


@given(
    st.text(alphabet=st.sampled_from("aB1 .,:;!?\r\n\t|-•é\u0301\xa0\x1f😀"), max_size=200),
    st.integers(0, 200),
)
def test_one_block_of_any_text_is_split_as_in_the_whole(text: str, offset: int) -> None:
    assert_same_at(text, min(offset, len(text)))
