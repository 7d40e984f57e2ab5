"""What the evidence of one criterion shows."""

from __future__ import annotations

from datetime import date

from support.fake_screener import TRIAL

from chartsift.api.chart.view import MOST_QUOTES, NoteOf, OwnPiece, Reading, evidence_notes, panel, row
from chartsift.nlp.types import CriterionResult, Evidence, Finding, Note

DAY = date(2024, 5, 1)
CRITERION = next(one for one in TRIAL.criteria_of(TRIAL.cohorts[0]) if one.criterion_id == "iim_diagnosis")


def notes(count: int) -> dict[str, NoteOf]:
    return {
        f"N{number}": NoteOf(
            f"o{number}", Note("P1", f"N{number}", DAY, "Clinic", "😀 Has dermatomyositis.\r\nNext")
        )
        for number in range(count)
    }


def evidence(note: str, stance: str = "for", reason: str = "") -> Evidence:
    found = Finding("P1", note, 6, 21, "dermatomyositis", "diagnosis", "DM", "present", DAY)
    return Evidence(found, stance, reason)


def shown(result, reading=None, count=3):
    line = row(0, CRITERION, result, reading or Reading(), href="/c")
    return panel(
        line,
        result,
        notes=notes(count),
        as_of=date(2024, 6, 1),
        link=lambda *place: "/".join(map(str, place)),
    )


def met(*items: Evidence) -> CriterionResult:
    return CriterionResult("iim_diagnosis", "inclusion", "met", "documented", items, rationale="As quoted.")


def test_a_quote_is_the_text_of_its_place_with_a_little_of_its_line():
    found = shown(met(evidence("N0"), evidence("N1", "set_aside", "copied_forward")))

    (quote,) = found.sides[0].quotes
    assert (quote.before, quote.quote, quote.after) == ("😀 Has ", "dermatomyositis", ".")
    assert quote.href == "o0/6/21"
    assert quote.distance == "31 days before screening"
    assert found.sides[2].quotes[0].why == "copied forward"


def test_a_long_list_is_cut_counted_and_asks_for_no_more_notes_than_it_shows():
    result = met(*(evidence(f"N{number}") for number in range(MOST_QUOTES * 3)))

    assert len(evidence_notes(result)) == MOST_QUOTES
    side = shown(result, count=MOST_QUOTES * 3).sides[0]
    assert (side.total, len(side.quotes)) == (MOST_QUOTES * 3, MOST_QUOTES)


def test_own_evidence_stands_first_and_rejected_words_stay_in_sight():
    pieces = (
        OwnPiece("o1", 0, 1, "for", is_rejected=False, reason="", comment="a sign"),
        OwnPiece("o0", 6, 21, "set_aside", is_rejected=True, reason="the words deny it", comment=""),
    )

    side = shown(met(evidence("N0")), Reading(pieces=pieces)).sides[0]

    assert [(quote.quote, quote.is_own, quote.rejected) for quote in side.quotes] == [
        ("😀", True, ""),
        ("dermatomyositis", False, "the words deny it"),
    ]


def test_without_a_proposal_nothing_of_it_is_shown():
    found = shown(None)

    assert found.row.proposal is None
    assert (found.basis, found.proposed, found.rationale, found.searched) == ("", "", "", "")
    assert [side.total for side in found.sides] == [0, 0, 0]


def test_a_decision_fills_the_sign():
    line = row(0, CRITERION, met(evidence("N0")), Reading(verdict="not_met"), href="/c")

    assert line.decided is not None
    assert line.decided.sign == "✗"
    assert row(0, CRITERION, None, Reading(), href="/c").decided is None
