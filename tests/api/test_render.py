"""Segments of a note, and how states, distances and quotes are said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_screener import find

from chartsift.api.render import (
    Span,
    days_before,
    finding_key,
    line_context,
    segments,
    slot_styles,
    state_words,
)
from chartsift.api.render_score import score_view
from chartsift.nlp.types import CriterionResult, Evidence, Finding, Note, ScoreItem, ScoreResult

TEXTS = st.text(alphabet=st.sampled_from("ab \r\n\t<&é\u0301\u00a0😀👩‍⚕"), min_size=1, max_size=60)


@st.composite
def texts_with_spans(draw):
    text = draw(TEXTS)
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(lambda p: p[0] < p[1])
        )
    )
    return text, [Span(start, end, key) for key, (start, end) in enumerate(pairs)]


@given(texts_with_spans())
def test_segments_together_are_the_text(given_text):
    text, spans = given_text

    assert "".join(piece.text for piece in segments(text, spans)) == text


@given(texts_with_spans())
def test_each_span_is_covered_by_exactly_its_marks(given_text):
    text, spans = given_text

    pieces = segments(text, spans)

    position = 0
    covered: dict[int, list[int]] = {span.key: [] for span in spans}
    for piece in pieces:
        for key in piece.covers:
            covered[key].extend(range(position, position + len(piece.text)))
        position += len(piece.text)
    assert covered == {span.key: list(range(span.start, span.end)) for span in spans}


@given(texts_with_spans())
def test_marks_are_balanced_and_begin_once(given_text):
    text, spans = given_text

    stack: list[int] = []
    begun: list[int] = []
    for piece in segments(text, spans):
        for opening in piece.opens:
            stack.append(opening.key)
            if opening.first:
                begun.append(opening.key)
        assert tuple(stack) == piece.covers
        if piece.closes:
            del stack[-piece.closes :]

    assert stack == []
    assert sorted(begun) == sorted(span.key for span in spans)


def test_a_span_inside_another_is_not_broken():
    pieces = segments("CD19 CAR T cells", [Span(5, 10, 1), Span(0, 16, 0)])

    assert [(piece.text, piece.covers, piece.closes) for piece in pieces] == [
        ("CD19 ", (0,), 0),
        ("CAR T", (0, 1), 1),
        (" cells", (0,), 1),
    ]


@pytest.mark.parametrize("span", [Span(2, 2, 0), Span(-1, 2, 0), Span(0, 9, 0), Span(3, 1, 0)])
def test_a_span_outside_the_text_is_refused(span):
    with pytest.raises(ValueError, match="outside the text"):
        segments("abcd", [span])


def test_a_megabyte_note_with_many_spans_is_cut_quickly():
    text = "CK 1,066 U/L\n" * 80_000

    pieces = segments(text, [Span(at, at + 8, at) for at in range(0, len(text), 13)])

    assert len(pieces) == 160_000


@pytest.mark.parametrize(
    ("status", "basis", "words", "sign"),
    [
        ("met", "documented", "met", "✓"),
        ("not_met", "documented", "not met", "✗"),
        ("not_met", "no_mention", "not met, presumed: nothing found", "·"),
        ("unknown", "no_mention", "unknown: not documented", "∅"),
        ("unknown", "insufficient", "unknown: too weak or too old", "≈"),
        ("unknown", "conflicting", "unknown: the notes disagree", "⇄"),
        ("unknown", "judgement", "left to the investigator", "◇"),
    ],
)
def test_every_state_has_its_own_words_and_sign(status, basis, words, sign):
    said = state_words(CriterionResult("x", "exclusion", status, basis, next_step="Ask."))

    assert (said.words, said.sign) == (words, sign)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2024, 6, 1), "day of screening"),
        (date(2024, 5, 31), "1 day before screening"),
        (date(2023, 6, 2), "365 days before screening"),
        (date(2020, 6, 1), "4.0 years before screening"),
        (date(2024, 6, 3), "2 days after screening"),
    ],
)
def test_distance_to_screening(day, said):
    assert days_before(day, date(2024, 6, 1)) == said


def test_context_stays_on_the_line_and_marks_a_cut():
    text = "above\r\n" + "x" * 80 + "CK 9" + " tail\r\nbelow"
    start = text.index("CK")

    before, after = line_context(text, start, start + 4)

    assert before == "…" + "x" * 60
    assert after == " tail"


def test_context_does_not_begin_or_end_within_a_word():
    text = "many words stand before the quote " * 3 + "CK 9" + " and many words stand after the quote" * 3

    before, after = line_context(text, text.index("CK"), text.index("CK") + 4)

    assert before == "…stand before the quote many words stand before the quote "
    assert after == " and many words stand after the quote and many words stand…"


def test_a_score_shows_its_items_with_the_mark_of_their_words():
    note = Note("P1", "N1", date(2024, 5, 1), "Clinic", "Heliotrope rash.")
    seen = Finding("P1", "N1", 0, 10, "Heliotrope", "skin", "heliotrope", "present", date(2024, 5, 1))
    items = (
        ScoreItem(
            "heliotrope", "Heliotrope rash", "present", 3.1, 3.1, 3.1, evidence=(Evidence(seen, "for"),)
        ),
        ScoreItem("jo_1", "Anti-Jo-1 positive", "undocumented", 3.9, 0.0, 3.9, "no result of anti-Jo-1"),
    )
    score = ScoreResult(
        "s", "A score", "S", "1", "with_biopsy", 3.1, 7.0, 0.1, 0.6, "not classified", "probable", "undecided",
        ("dermatomyositis",), items, ("jo_1",), ("jo_1",), ("onset_from_name",), "",
    )  # fmt: skip

    view = score_view(score, notes={"N1": note}, anchors={finding_key(seen): "p1-f0"})

    assert view is not None
    assert view.line == (
        "with biopsy 3.1 to 7 points, probability 10% to 60%, not classified to probable; "
        "undecided: what is not documented could change it"
    )
    assert [(i.sign, i.points, i.quote, i.anchor, i.note_date) for i in view.items] == [
        ("+", "3.1", "Heliotrope", "p1-f0", "2024-05-01"),
        ("?", "0–3.9", "", "", ""),
    ]
    assert (view.subgroup, view.flags) == (
        "dermatomyositis",
        ("the disease is called juvenile; no age at the first symptom is told",),
    )
    assert score_view(None, notes={}, anchors={}) is None


def test_each_slot_makes_its_three_stances_strong():
    css = slot_styles(3)

    assert css.count('[data-slot="2"] mark.k2-') == 6
    assert css.count("{") == css.count("}")


def test_find_of_the_fake_keeps_offsets():
    note = Note("P1", "N1", date(2024, 5, 1), "", "😀 CD19 CAR T\r\ncells, CK\t1,066 U/L")

    assert all(note.text[f.start : f.end] == f.text for f in find(note))
