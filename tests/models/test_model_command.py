"""``chartsift model`` as a user goes through it: train, look, promote, screen, rank, watch for drift, roll back."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from chartsift.annotations.charts import sample_charts
from chartsift.api.cli import main
from chartsift.models.registry import bundled_folder
from chartsift.nlp.learned import SETTING


@pytest.fixture(scope="module")
def some_charts(checkout, tmp_path_factory):
    """A folder with four of the bundled charts."""
    folder = tmp_path_factory.mktemp("charts")
    for path in sorted((checkout / "annotations" / "charts").glob("*.json"))[:4]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Return a function that runs the command with a folder of models of its own and returns status, output, errors."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))

    def call(*arguments):
        status = main([str(one) for one in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def _confidences(folder):
    rows = pq.read_table(folder / "criteria.parquet").to_pylist()
    return {
        (row["patient_id"], row["cohort_id"], row["criterion_id"]): (row["status"], row["confidence"])
        for row in rows
    }


@pytest.mark.slow
def test_a_model_of_confidence_goes_into_use_and_out_again(run, some_charts, tmp_path):
    (name,) = [path.name for path in bundled_folder().iterdir() if path.name.startswith("confidence-")]
    screen = ("screen", some_charts, "--quiet", "--workers", "1", "--out")
    assert run("model", "history")[1:] == ("", "nothing has been put into use from this folder\n")
    assert run(*screen, tmp_path / "rules")[0] == 0

    status, said, _ = run("model", "promote", name, some_charts, "--by", "Ada Lovelace")

    assert status == 0
    assert "compared on 4 charts that it was not trained on (0 left out)" in said
    assert "prior_car_t" in said
    assert f"in use: {name} (set CHARTSIFT_MODELS={tmp_path / 'models'} where notes are read)" in said
    assert f"{name:<28}sound   in use" in run("model", "list")[1]
    assert run("model", "history")[1].split()[1:] == ["promote", name, "Ada", "Lovelace"]

    assert run(*screen, tmp_path / "model")[0] == 0
    rules, model = _confidences(tmp_path / "rules"), _confidences(tmp_path / "model")
    assert {key: status for key, (status, _) in rules.items()} == {
        key: status for key, (status, _) in model.items()
    }
    assert sum(rules[key] != model[key] for key in rules) > 50

    status, said, _ = run(
        "model", "drift", tmp_path / "rules", tmp_path / "model", "--adjudicated", some_charts
    )
    assert status == 0
    own = [
        row for row in pq.read_table(tmp_path / "rules" / "cohorts.parquet").to_pylist() if row["applicable"]
    ]
    decided = sum(
        cohort == row["cohort_id"] and patient == row["patient_id"] and criterion != "investigator_concern"
        for row in own
        for patient, cohort, criterion in rules
    )
    assert f"verdicts            {decided} before, {decided} after" in said
    assert "share of a status   none moved" in said
    assert "overruled" in said

    assert run("model", "rollback", "confidence", "--by", "Ada Lovelace")[1] == "in use: the rules alone\n"
    assert run(*screen, tmp_path / "after")[0] == 0
    assert _confidences(tmp_path / "after") == rules
    assert run("model", "rollback", "confidence", "--by", "Ada Lovelace")[0] == 10


@pytest.mark.slow
def test_a_model_of_ranking_is_trained_measured_and_used(run, some_charts, tmp_path):
    status, said, _ = run("model", "readings", some_charts, "--out", tmp_path / "own.jsonl")
    assert (status, said.split()[:2]) == (0, ["4", "patients,"])

    status, said, _ = run("model", "train", "ranking", "--readings", tmp_path / "own.jsonl", "--json")
    trained = json.loads(said)
    assert status == 0
    assert trained["figures"]["nested"]["patients"] == 64 + 4

    assert run("model", "verify", trained["model"])[1].split()[:2] == [trained["model"], "sound"]
    status, _, error = run("model", "evaluate", "ranking", some_charts, "--model", trained["model"])
    assert (status, "MO524" in error) == (10, True)  # it has seen them

    status, said, _ = run("model", "rank", some_charts, "--model", trained["model"])
    head, *patients = said.splitlines()
    chances = [float(line.split()[0]) for line in patients]
    assert head.split()[:2] == ["chance", "patient"]
    assert chances == sorted(chances, reverse=True)
    assert {line.split()[1] for line in patients} == {
        chart.patient.patient_id for chart in sample_charts()[:4]
    }


@pytest.mark.slow
def test_a_model_of_assertion_that_does_not_beat_the_rules_is_refused(run, checkout, some_charts, tmp_path):
    rest = sorted((checkout / "annotations" / "charts").glob("*.json"))[4:]

    status, said, _ = run("model", "train", "assertion", *rest, "--json")
    assert status == 0
    name = json.loads(said)["model"]
    status, said, error = run("model", "promote", name, some_charts, "--by", "Ada Lovelace")

    assert status == 10
    assert "MO525" in error
    assert "does not surely beat the rules in the cross-validation of its training (furthest behind:" in error
    assert "right assertions of mentions" in said
    assert not (tmp_path / "models" / "journal.jsonl").exists()
