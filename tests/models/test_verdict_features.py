"""What a verdict rests on is told in the same numbers for one finding as for many, and what is 0 is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import log1p

import pytest
from support.findings import AS_OF, finding

from chartsift.models.verdict_features import verdict_features
from chartsift.nlp.types import CriterionResult, Evidence, NoteInfo, Provenance

NOTES = tuple(NoteInfo(f"n{i}", AS_OF, "", 10) for i in range(3))
OF_VERDICT = {
    "verdict=prior_transplant/met": 1.0,
    "criterion=prior_transplant": 1.0,
    "kind=exclusion/met": 1.0,
    "basis=documented": 1.0,
    "basis=prior_transplant/documented": 1.0,
}


def _found(days: int, **more):
    given = {"note_id": "n0", "section": "plan", "provenance": Provenance("lexicon:graft/kidney"), **more}
    return replace(finding("transplant", "kidney", days=days), **given)


def _verdict(*evidence: Evidence, **more) -> CriterionResult:
    given = {"kind": "exclusion", "status": "met", "basis": "documented", "evidence": evidence, **more}
    return CriterionResult("prior_transplant", **given)


def _days(number: int) -> float:
    return round(log1p(number) / log1p(365), 4)


def test_silence_is_weighed_by_the_number_of_notes():
    verdict = _verdict(status="not_met", basis="no_mention", flags=("unread_notes 2",))

    assert verdict_features(verdict, as_of=AS_OF, notes=NOTES) == {
        "verdict=prior_transplant/not_met": 1.0,
        "criterion=prior_transplant": 1.0,
        "kind=exclusion/not_met": 1.0,
        "basis=no_mention": 1.0,
        "basis=prior_transplant/no_mention": 1.0,
        "silent_notes": round(log1p(3), 4),
        "flag=unread_notes": 1.0,
        "undecided_by_text": 1.0,
    }


def test_one_finding_against_one_that_was_set_aside():
    only = _found(30, score=0.75, date_source="text", assertion="possible")
    aside = _found(0, note_id="n1")
    verdict = _verdict(Evidence(only, "for"), Evidence(aside, "set_aside", "planned for spring"))

    assert verdict_features(verdict, as_of=AS_OF, notes=NOTES) == {
        **OF_VERDICT,
        "n_for": 0.6931,
        "n_set_aside": 0.6931,
        "aside=planned": 0.6931,
        "newest_days": _days(30),
        "single": 1.0,
        "deciding_notes": 0.6931,
        "best_score": 0.75,
        "least_score": 0.75,
        "open": 1.0,
        "dated_by_text": 1.0,
        "section=opinion": 1.0,
        "rule=lexicon:graft": 1.0,
        "assertion=possible": 1.0,
    }


def test_several_findings_and_an_opposite():
    found = (
        _found(30, score=0.9),
        _found(90, score=0.6, note_id="n1", section="exam", provenance=Provenance("graft", ("had",))),
        _found(-5, score=0.7, attributes=(("copied", "yes"), ("site", "left"))),
    )
    opposite = _found(1, assertion="absent")
    verdict = _verdict(
        *(Evidence(one, "for") for one in found),
        Evidence(opposite, "against"),
        Evidence(opposite, "set_aside", "two words that no family has"),
    )

    assert verdict_features(verdict, as_of=AS_OF, notes=NOTES) == {
        **OF_VERDICT,
        "n_for": round(log1p(3), 4),
        "n_against": 0.6931,
        "n_set_aside": 0.6931,
        "aside=time_or_place": 0.6931,
        "opposed": 0.25,
        "is_opposed": 1.0,
        # What is dated later counts as today's.
        "spread_days": _days(90),
        "deciding_notes": round(log1p(2), 4),
        "best_score": 0.9,
        "least_score": 0.6,
        "with_cue": 0.3333,
        "copied": 0.3333,
        "section=opinion": 0.6667,
        "section=result": 0.3333,
        "rule=graft": 0.3333,
        "rule=lexicon:graft": 0.6667,
        "assertion=present": 1.0,
    }


@pytest.mark.parametrize(
    ("status", "decided"),
    [
        pytest.param("met", 2, id="met"),
        pytest.param("not_met", 1, id="not met"),
        pytest.param("unknown", 3, id="both"),
    ],
)
def test_the_status_says_which_side_decides(status, decided):
    sides = [Evidence(_found(i, note_id=f"n{i}"), "for") for i in range(2)]
    sides.append(Evidence(_found(2, note_id="n2"), "against"))
    more = {"basis": "conflicting", "next_step": "Ask."} if status == "unknown" else {}

    features = verdict_features(_verdict(*sides, status=status, **more), as_of=AS_OF, notes=NOTES)

    assert features["deciding_notes"] == round(log1p(decided), 4)
    assert features.get("single", 0.0) == (decided == 1)
    assert features["is_opposed"] == 1.0


def test_only_the_other_side_speaks():
    verdict = _verdict(Evidence(_found(3), "against"))

    features = verdict_features(verdict, as_of=date.max, notes=NOTES)

    assert features == {
        **OF_VERDICT,
        "n_against": 0.6931,
        "opposed": 1.0,
        "is_opposed": 1.0,
        "undecided_by_text": 1.0,
    }
