"""A promoted model of confidence fills one field and changes nothing else; the pipeline finds it by name."""

from __future__ import annotations

import pytest
from spacy.util import registry

from chartsift.annotations.charts import sample_charts
from chartsift.api.screener import _Remembering
from chartsift.models import rater
from chartsift.models.errors import ModelError
from chartsift.models.learning import predict
from chartsift.models.linear import linear_of
from chartsift.models.promotion import _Recorder, sensitivities, try_out
from chartsift.models.rater import VerdictRater
from chartsift.models.registry import bundled_folder, promote
from chartsift.models.reviews import regression_examples, write_examples
from chartsift.models.store import load
from chartsift.models.verdict_features import verdict_features
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.learned import SETTING, ModelUse, models_in_use
from chartsift.nlp.pipeline import Pipeline, PipelineConfig, build_pipeline
from chartsift.nlp.screening.chart import screen_patient
from chartsift.nlp.screening.worker import GuardedPipeline, no_time_limit


@pytest.fixture(scope="module")
def artefact():
    """The bundled model of confidence."""
    (folder,) = [path for path in bundled_folder().iterdir() if path.name.startswith("confidence-")]
    return load(folder, kind="confidence")


@pytest.fixture(scope="module")
def use(artefact):
    """The bundled model as if it were in use."""
    return ModelUse("confidence", str(artefact.folder), artefact.digest)


@pytest.fixture(scope="module")
def with_model(pipeline, use):
    """The rules with the rater of the bundled model, without a second pipeline to build."""
    made = registry.misc.get("chartsift.verdict_rater.v1")(use.folder, use.digest)
    return Pipeline(pipeline.nlp, PipelineConfig(models=(use,)), made)


def _screened(pipeline, chart):
    return screen_patient(pipeline, load_trial("reset-myositis"), chart.patient, chart.notes)


def test_only_the_confidence_changes(pipeline, with_model):
    chart = sample_charts()[0]

    plain, rated = _screened(pipeline, chart), _screened(with_model, chart)

    changed = 0
    for one, other in zip(plain.cohorts, rated.cohorts, strict=True):
        assert (one.status, one.score, one.missing) == (other.status, other.score, other.missing)
        for before, after in zip(one.criteria, other.criteria, strict=True):
            assert (before.status, before.basis, before.evidence) == (
                after.status,
                after.basis,
                after.evidence,
            )
            assert 0 <= after.confidence <= 1
            changed += before.confidence != after.confidence
            if before.basis == "judgement":
                assert before.confidence == after.confidence
    assert changed > 10


def test_every_confidence_is_what_scikit_learn_says_of_the_verdict(artefact, pipeline, with_model):
    """Also of a second patient with the same silence, whose confidences are remembered."""
    compared = 0
    for chart in [*sample_charts(), *sample_charts()]:
        plain, rated = _screened(pipeline, chart), _screened(with_model, chart)
        for before, after in zip(plain.cohorts, rated.cohorts, strict=True):
            asked = [number for number, one in enumerate(before.criteria) if one.basis != "judgement"]
            features = [
                verdict_features(before.criteria[number], as_of=before.as_of, notes=plain.notes)
                for number in asked
            ]
            expected = predict(artefact.estimator, features).round(3).tolist()
            assert [after.criteria[number].confidence for number in asked] == expected
            compared += len(asked)
    assert compared > 500


@pytest.mark.parametrize(
    "around",
    [
        pytest.param(lambda pipeline: GuardedPipeline(pipeline, 60.0), id="worker"),
        pytest.param(lambda pipeline: _Remembering(pipeline, {}), id="room"),
        pytest.param(_Recorder, id="promotion"),
    ],
)
def test_whatever_stands_around_the_pipeline_rates_as_it_does(with_model, around):
    chart = sample_charts()[0]

    try:
        wrapped = _screened(around(with_model), chart)
    finally:
        no_time_limit()

    assert wrapped.cohorts == _screened(with_model, chart).cohorts


def test_remembered_silence_does_not_grow_without_bound(artefact, pipeline, monkeypatch):
    result = _screened(pipeline, sample_charts()[0])
    rater_of = VerdictRater(linear_of(artefact.estimator))
    expected = rater_of.rate(result.cohorts, result.notes)
    monkeypatch.setattr(rater, "_MOST_REMEMBERED", 2)

    for count in range(1, 9):
        rater_of.rate(result.cohorts, result.notes[:1] * count)

    assert len(rater_of._silent) <= 2
    assert rater_of.rate(result.cohorts, result.notes) == expected


def test_the_model_is_part_of_the_fingerprint_and_its_place_is_not(pipeline, use):
    elsewhere = ModelUse(use.kind, "/elsewhere", use.digest)
    prints = [
        Pipeline(pipeline.nlp, PipelineConfig(models=models)).fingerprint()
        for models in ((), (use,), (elsewhere,))
    ]

    assert prints[0] != prints[1]
    assert prints[1] == prints[2]


def test_the_setting_puts_what_was_promoted_to_work(artefact, use, tmp_path, monkeypatch):
    promote(artefact.folder, tmp_path, by="Ada Lovelace", figures={})
    monkeypatch.setenv(SETTING, str(tmp_path))

    assert [one.digest for one in models_in_use()] == [use.digest]
    (tmp_path / artefact.name / "card.md").write_text("changed", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        build_pipeline()
    assert caught.value.code == "MO512"


def test_a_trial_of_a_model_is_on_charts_it_has_not_seen(artefact, pipeline, checkout):
    from chartsift.annotations.charts import load_charts

    trial = load_trial("reset-myositis")
    seen = load_charts(checkout / "annotations" / "development" / "U-01.json")

    with pytest.raises(ModelError) as caught:
        try_out(artefact, seen, None, make_pipeline=lambda _: pipeline, trial=trial)
    assert caught.value.code == "MO524"

    outcome = try_out(
        artefact, [*seen, *sample_charts()[:4]], None, make_pipeline=lambda _: pipeline, trial=trial
    )
    assert outcome.figures["charts"] == 4
    assert outcome.reasons == ()


def test_sensitivity_counts_the_patients_whom_an_exclusion_excludes(pipeline):
    from chartsift.models.readings import take_readings

    readings = take_readings(sample_charts(), pipeline, load_trial("reset-myositis"))

    found = sensitivities(readings)

    assert found["prior_car_t"][1] == sum(
        chart.gold.criteria["prior_car_t"].status == "met" for chart in sample_charts()
    )
    assert all(right <= total for right, total in found.values())


def test_an_overruled_mention_becomes_an_example_without_identifiers(pipeline, tmp_path):
    from support.annotated import annotated_chart

    from chartsift.annotations.charts import parse_chart

    data = annotated_chart()
    # The reviewers call absent what the rules read as present.
    text = "Seen by Dr. Adaeze Okonkwo on 2025-03-01, MRN: 55501234. She has dermatomyositis."
    data["notes"] = [{"note_id": "n1", "date": "2025-03-01", "type": "Clinic", "text": text}]
    for criterion in data["gold"]["criteria"].values():
        criterion["evidence"] = []
    data["gold"]["findings"] = [
        {
            "note_id": "n1",
            "quote": "dermatomyositis",
            "kind": "diagnosis",
            "concept": "DM",
            "assertion": "absent",
        }
    ]

    (example,) = regression_examples([parse_chart(data)], pipeline, seed="s")
    write_examples([example], tmp_path / "examples.jsonl")

    assert (example.problem, example.want, example.got, example.reproduces) == (
        "assertion",
        "absent",
        "present",
        True,
    )
    assert example.text[example.start : example.end] == "dermatomyositis"
    written = (tmp_path / "examples.jsonl").read_text(encoding="utf-8")
    assert not [word for word in ("Okonkwo", "55501234", "2025-03-01", "T-1") if word in written]
