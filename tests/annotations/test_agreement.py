"""Agreement of two annotators, against numbers worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.annotated import annotated_chart, changed

from chartsift.annotations.agreement import agreement, cohen_kappa
from chartsift.annotations.charts import Chart, parse_chart
from chartsift.annotations.rates import Rate
from chartsift.nlp.errors import InputError


def second_opinion() -> dict[str, Any]:
    """Return the chart as someone who calls the infection met and marks Mi-2 shorter and not MDA5."""
    data = annotated_chart()
    infection = data["gold"]["criteria"]["active_infection"]
    infection.update(status="met", basis="documented", evidence=[{"note_id": "n1", "quote": "CK 2,140"}])
    data["gold"]["cohort_status"] = "ineligible"
    findings = data["gold"]["findings"]
    findings[1].update(quote="Mi-2", assertion="possible")
    del findings[2]
    return data


def charts(*data: dict[str, Any]) -> list[Chart]:
    return [parse_chart(chart) for chart in data]


def test_kappa_of_a_textbook_table() -> None:
    # 50 decisions, 35 alike; chance 0.5: kappa = (0.7 - 0.5) / 0.5.
    kappa = cohen_kappa({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})

    assert kappa.agreed == Rate(35, 50)
    assert kappa.kappa == pytest.approx(0.4)


def test_kappa_is_undefined_when_both_always_say_the_same() -> None:
    assert cohen_kappa({("met", "met"): 9}).kappa is None


def test_two_annotators() -> None:
    result = agreement(charts(annotated_chart()), charts(second_opinion()))

    assert result.charts == 1
    # 12 decisions: 5 met/met, 6 not_met/not_met, 1 not_met/met; chance (5*6 + 7*6) / 144.
    assert result.status.agreed == Rate(11, 12)
    assert result.status.kappa == pytest.approx((11 / 12 - 0.5) / 0.5)
    assert result.by_criterion["active_infection"].agreed == Rate(0, 1)
    assert result.cohort_status.agreed == Rate(0, 1)
    # Antibody: the first marks Mi-2 and MDA5, the second Mi-2 with other bounds.
    assert result.spans_exact["antibody"].f1 == 0.0
    assert result.spans_overlap["antibody"].f1 == pytest.approx(2 / 3)
    assert result.spans_exact["diagnosis"].f1 == 1.0
    assert result.assertion == Rate(4, 5)
    assert [str(difference) for difference in result.differences] == [
        "T-1 active_infection: not_met/no_mention / met/documented"
    ]


def test_agreement_is_symmetric() -> None:
    one, other = charts(annotated_chart()), charts(second_opinion())

    there, back = agreement(one, other).to_dict(), agreement(other, one).to_dict()

    for key in ("status", "by_criterion", "cohort_status", "span_f1_exact", "span_f1_overlap", "assertion"):
        assert there[key] == back[key]


def test_charts_of_one_side_are_named() -> None:
    result = agreement(charts(annotated_chart(), changed("patient_id", to="T-2")), charts(annotated_chart()))

    assert (result.charts, result.only_first, result.only_second) == (1, ("T-2",), ())


@pytest.mark.parametrize(
    "other",
    [
        changed("patient_id", to="T-2"),
        changed("notes", 0, "text", to=annotated_chart()["notes"][0]["text"] + "."),
    ],
)
def test_nothing_to_compare(other: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="IN165"):
        agreement(charts(annotated_chart()), charts(other))


def test_rendered_table_holds_no_note_text() -> None:
    result = agreement(charts(annotated_chart()), charts(second_opinion()))

    shown = result.render() + json.dumps(result.to_dict())

    assert "Mi-2" not in shown
    assert "0.917 [0.646, 0.985] 11/12   kappa 0.833" in shown
