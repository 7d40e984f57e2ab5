"""A note with its marks."""

from __future__ import annotations

from datetime import date

from chartsift.api.chart.copied import Copied
from chartsift.api.chart.notes import CopiedText, OwnEvidence, note_text
from chartsift.api.chart.view import by_note
from chartsift.nlp.types import CriterionResult, Evidence, Finding

DAY = date(2024, 5, 1)
TEXT = "😀 No prior CAR T.\r\n\tCK\t1,066 U/L"


def finding(words: str, kind: str = "car_t", assertion: str = "absent") -> Finding:
    start = TEXT.index(words)
    return Finding("P1", "N1", start, start + len(words), words, kind, "CAR-T", assertion, DAY)


def marked(found, classes: str) -> str:
    keys = [number for number, mark in enumerate(found.marks) if classes in mark.classes.split()]
    return "".join(piece.text for piece in found.pieces if set(keys) & set(piece.covers))


def test_the_pieces_are_the_text_whatever_is_marked():
    found = note_text(
        TEXT,
        findings=[finding("CAR T"), finding("CK\t1,066", "lab", "present")],
        own=[OwnEvidence(0, 8, 2, "for", is_rejected=False)],
        copied=[CopiedText(Copied(3, 22, 0, 0, 19), "copied from 2023-01-01", "/x")],
        at=(5, 14),
    )

    assert "".join(piece.text for piece in found.pieces) == TEXT
    assert marked(found, "k2-for") == TEXT[:8]
    assert marked(found, "copied") == TEXT[3:22]
    assert marked(found, "at") == TEXT[5:14]


def test_a_mark_carries_the_stance_it_has_for_each_criterion():
    one = finding("CAR T")
    result = CriterionResult(
        "prior_car_t", "exclusion", "not_met", "documented", (Evidence(one, "against", "negated"),)
    )

    known = by_note([one], {"prior_car_t": 4, "age": 0}, {"prior_car_t": result})
    found = note_text(TEXT, findings=known.findings["N1"], slots=known.classes["N1"])

    assert [mark.classes for mark in found.marks] == ["f a-absent k4-against"]
    assert found.marks[0].title == "car t CAR-T: stated as absent"


def test_a_place_outside_of_the_note_is_left_out():
    assert note_text(TEXT, at=(5, 500)).marks == ()


def test_what_was_rejected_looks_rejected():
    found = note_text(TEXT, own=[OwnEvidence(0, 4, 1, "set_aside", is_rejected=True)])

    assert found.marks[0].classes == "f rejected"
