"""What is listed for the investigator, who alone decides."""

from __future__ import annotations

from dataclasses import replace

from support.findings import chart, finding

from chartsift.nlp.criteria.predicates.judgement import Advisory, investigator


def test_nothing_is_ever_decided() -> None:
    outcome = investigator(chart(finding("advisory", "pregnancy")), Advisory())

    assert (outcome.value, outcome.basis, outcome.flags) == (None, "judgement", ("pregnancy",))


def test_a_denial_is_set_aside() -> None:
    outcome = investigator(chart(finding("advisory", "malignancy", assertion="absent")), Advisory())

    assert outcome.flags == ()
    assert [e.stance for e in outcome.evidence] == ["set_aside"]


def test_recent_b_cell_depletion_is_shown_and_older_is_not() -> None:
    recent = replace(finding("treatment", "rituximab", days=60), date_source="text")
    older = replace(finding("treatment", "rituximab", days=400), date_source="text")

    assert investigator(chart(recent), Advisory()).flags == ("b_cell_depletion",)
    assert investigator(chart(older), Advisory()).flags == ()
