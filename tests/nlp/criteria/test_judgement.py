"""What is listed for the investigator, who alone decides."""

from __future__ import annotations

import pytest
from support.findings import AS_OF, chart, finding
from support.reading import read

from chartsift.nlp.criteria.predicates.judgement import Advisory, investigator
from chartsift.nlp.pipeline import Pipeline


def test_nothing_is_ever_decided() -> None:
    outcome = investigator(chart(finding("advisory", "pregnancy")), Advisory())

    assert (outcome.value, outcome.basis, outcome.flags) == (None, "judgement", ("pregnancy",))


def test_a_denial_is_set_aside() -> None:
    outcome = investigator(chart(finding("advisory", "malignancy", assertion="absent")), Advisory())

    assert outcome.flags == ()
    assert [e.stance for e in outcome.evidence] == ["set_aside"]


@pytest.mark.parametrize(
    ("concept", "days", "given_on", "stance", "reason"),
    [
        ("rituximab", 5, "2024-04-01", "for", "given 2024-04-01"),
        ("other_biologic", 5, "2024-06-01", "for", "given 2024-06-01"),
        ("rituximab", 5, "2023-03-01", "set_aside", "older than 183 days at screening"),
        ("rituximab", 5, "", "for", "date not told"),
        ("rituximab", 400, "", "set_aside", "older than 183 days at screening"),
    ],
)
def test_b_cell_depletion_is_shown_while_it_is_recent(
    concept: str, days: int, given_on: str, stance: str, reason: str
) -> None:
    told = {"given_on": given_on} if given_on else {}

    outcome = investigator(
        chart(finding("treatment", concept, days=days, depletes="B_cells", **told)), Advisory()
    )

    assert [(item.stance, item.reason) for item in outcome.evidence] == [(stance, reason)]
    assert outcome.flags == (("b_cell_depletion",) if stance == "for" else ())


def test_another_biologic_depletes_no_b_cells() -> None:
    assert investigator(chart(finding("treatment", "other_biologic")), Advisory()).evidence == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rituximab 1 g given 3/2024. Obinutuzumab 1 g on 4/20/2024.", ["2024-03-31", "2024-04-20"]),
        ("Received rituximab 2 months ago.", ["2024-04-26"]),
        ("Rituximab 1 g x2 (3/1/24 and 3/15/24).", ["2024-03-15"]),
        ("5/2/2024: rituximab 1 g.", ["2024-05-02"]),
        ("On rituximab since 2022, next dose 7/1/2024.", [""]),
        ("Ocrelizumab 5/2024, MTX 2019.", ["2024-05-31"]),
        ("Rituximab and ofatumumab 4/2024.", ["", "2024-04-30"]),
    ],
)
def test_the_days_of_b_cell_depletion_are_read(pipeline: Pipeline, text: str, told: list[str]) -> None:
    found = read(pipeline, text, "treatment", day=AS_OF)

    assert [f.attribute("given_on") for f in found if f.attribute("depletes")] == told
