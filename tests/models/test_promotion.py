"""What a model must show before it is put into use: no exclusion lost, no assertion lost, and a gain over the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chartsift.annotations.charts import sample_charts
from chartsift.models.promotion import right_assertions, summary, try_out
from chartsift.models.store import Artefact
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.learned import ModelUse

_BEHIND = {
    "historical": {
        "charts": {
            "model": {"f1": {"value": 0.6}},
            "rules alone": {"f1": {"value": 0.75}, "model_minus_this": {"value": -0.15}},
        },
        "strength": 1.0,
    }
}


class _Reads:
    """The rules, with every finding as *change* makes it."""

    def __init__(self, pipeline, change):
        self._pipeline, self._change = pipeline, change

    def extract(self, note):
        return [self._change(finding) for finding in self._pipeline.extract(note)]

    def fingerprint(self):
        return self._pipeline.fingerprint()


def _as_it_is(finding):
    return finding


def _denies_cell_therapy(finding):
    return replace(finding, assertion="absent") if finding.kind == "car_t" else finding


@pytest.fixture
def trial_of(pipeline, tmp_path):
    """Return a function that tries a model of assertion which changes findings in a known way."""

    def run(change, *, in_use=None, **manifest):
        folder = tmp_path / "assertion-0123456789ab"
        folder.mkdir()
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
        artefact = Artefact(folder, {"kind": "assertion", "beats_rules": True} | manifest, None)
        old = ModelUse("assertion", "/in/use", "0") if in_use else None

        def make_pipeline(uses):
            if not uses:
                return pipeline
            return _Reads(pipeline, in_use if uses[0].folder == "/in/use" else change)

        charts = [c for c in sample_charts() if c.gold.criteria["prior_car_t"].status == "met"]
        charts += sample_charts()[:2]
        distinct = list({chart.patient.patient_id: chart for chart in charts}.values())
        return try_out(
            artefact, distinct, old, make_pipeline=make_pipeline, trial=load_trial("reset-myositis")
        )

    return run


def test_a_model_that_beat_the_rules_and_loses_nothing_may_be_used(trial_of):
    outcome = trial_of(_as_it_is)

    assert outcome.reasons == ()
    assert outcome.figures["right_verdicts"]["candidate"] == outcome.figures["right_verdicts"]["rules"] > 20
    right, total = outcome.figures["right_assertions"]["car_t"]["candidate"]
    assert 0 < right <= total


@pytest.mark.parametrize("beats_rules", [False, None])
def test_a_draw_on_the_charts_is_not_enough(trial_of, beats_rules):
    (reason,) = trial_of(_as_it_is, beats_rules=beats_rules, figures=_BEHIND).reasons

    assert "does not surely beat the rules" in reason
    assert "historical on charts, F1 0.600 against 0.750" in reason


def test_a_lost_exclusion_is_named_with_its_numbers(trial_of):
    outcome = trial_of(_denies_cell_therapy)

    found, total = outcome.figures["exclusions"]["prior_car_t"]["rules"]
    assert f"sensitivity of prior_car_t falls from {found}/{total} to 0/{total}" in " ".join(outcome.reasons)
    assert any("right assertions of car_t fall" in reason for reason in outcome.reasons)
    assert any("right verdicts fall" in reason for reason in outcome.reasons)
    assert f"{found}/{total}" in summary(outcome)


def test_a_model_that_is_as_bad_as_the_one_in_use_still_loses_to_the_rules(trial_of):
    outcome = trial_of(_denies_cell_therapy, in_use=_denies_cell_therapy)

    assert outcome.reasons
    assert all(reason.endswith("against those of the rules alone") for reason in outcome.reasons)


def test_a_mention_that_is_missed_has_no_assertion_to_be_right(pipeline):
    chart = next(one for one in sample_charts() if one.gold.findings)
    found = [finding for note in chart.notes for finding in pipeline.extract(note)]

    right, total = map(sum, zip(*right_assertions([chart], found).values(), strict=True))

    assert 0 < right <= total <= len(chart.gold.findings)
    assert sum(total for _, total in right_assertions([chart], []).values()) == 0
