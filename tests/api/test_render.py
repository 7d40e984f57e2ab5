"""Segments of a note and the view of a patient."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_screener import TRIAL, FakeScreener, find

from chartsift.api.pages.chart import criterion_texts
from chartsift.api.render import (
    MAX_QUOTES,
    Span,
    days_before,
    finding_key,
    line_context,
    patient_view,
    segments,
    slot_styles,
    state_words,
)
from chartsift.api.render_score import score_view
from chartsift.api.screener import Chart
from chartsift.nlp.types import CriterionResult, Evidence, Finding, Note, Patient, ScoreItem, ScoreResult

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


def view_of(*notes: tuple[str, str], as_of: date = date(2024, 6, 1)):
    """Return the view of a patient with notes given as (date, text)."""
    made = tuple(
        Note("P1", f"N{number}", date.fromisoformat(day), "Clinic", text)
        for number, (day, text) in enumerate(notes, start=1)
    )
    chart = Chart(Patient("P1", date(1970, 6, 2), "F"), made)
    result = FakeScreener().screen(chart, TRIAL, as_of=as_of)
    return patient_view(
        key="p1",
        patient=result.patient,
        as_of=result.as_of,
        notes=made,
        read={note.note_id for note in result.notes},
        findings=result.findings,
        cohorts=result.cohorts,
        texts=criterion_texts(TRIAL),
    )


def test_quotes_point_at_the_mark_of_their_words():
    view = view_of(("2024-05-01", "😀 Anti-Jo-1 positive dermatomyositis.\r\nCK\t1,066 U/L"))

    marked: dict[str, str] = {}
    for note in view.notes:
        for piece in note.pieces:
            for key in piece.covers:
                anchor = view.marks[key].anchor
                marked[anchor] = marked.get(anchor, "") + piece.text
    quotes = [quote for criterion in view.criteria for view_ in criterion.sides for quote in view_.quotes]
    assert quotes
    assert {quote.anchor: quote.quote for quote in quotes}.items() <= marked.items()


def test_notes_stand_in_time_order_and_later_ones_are_named():
    view = view_of(("2024-07-01", "later"), ("2020-01-01", "first"), ("2024-05-01", "second"))

    assert [(note.note_id, bool(note.left_out)) for note in view.notes] == [
        ("N2", False),
        ("N3", False),
        ("N1", True),
    ]


def test_a_mark_carries_the_stance_it_has_for_each_criterion():
    view = view_of(("2024-05-01", "No prior CAR T."))

    assert [mark.classes for mark in view.marks.values()] == ["f a-absent k4-against"]


def test_a_long_list_of_quotes_is_cut_and_counted():
    view = view_of(("2024-05-01", "dermatomyositis. " * 250))

    shown = view.criteria[0].sides[0]
    assert (shown.total, len(shown.quotes)) == (250, MAX_QUOTES)
    assert len(view.marks) == 250


def test_a_criterion_has_the_words_of_its_own_cohort():
    view = view_of(("2024-05-01", "dermatomyositis"))

    assert {criterion.summary.rpartition(" for ")[2] for criterion in view.criteria} == {"the adult cohort"}


def test_what_is_presumed_is_counted_apart():
    view = view_of(("2024-05-01", "dermatomyositis, no prior CAR T"))

    assert (view.decided, view.presumed, view.decidable) == (4, 2, 7)


def test_the_age_is_told_in_completed_years():
    assert view_of(("2024-05-01", "x")).facts[0] == "53 years"


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


def test_each_slot_has_its_panel_and_three_stances():
    css = slot_styles(3)

    assert css.count(".panel.k2 ") == 1
    assert css.count("mark.k2-") == 6
    assert css.count("{") == css.count("}")


def test_find_of_the_fake_keeps_offsets():
    note = Note("P1", "N1", date(2024, 5, 1), "", "😀 CD19 CAR T\r\ncells, CK\t1,066 U/L")

    assert all(note.text[f.start : f.end] == f.text for f in find(note))
