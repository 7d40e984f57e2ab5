"""The score file: what a mistake in it is told as, and that every item has a reading."""

from __future__ import annotations

import copy
from importlib import resources
from typing import Any

import pytest
import yaml

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.criteria.scores import available_scores, load_score
from chartsift.nlp.criteria.scores.items import READINGS
from chartsift.nlp.criteria.scores.schema import ScoreFile
from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.loader import parse_yaml

FILE = resources.files("chartsift.nlp.criteria.scores") / "eular-acr-2017.yaml"
DATA: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_every_item_has_a_reading_and_names_its_copies():
    for name in available_scores():
        score = load_score(name)
        assert {item.item_id for item in score.items} <= READINGS.keys()
        assert all(len(item.copies) >= 2 for item in score.items if item.points)
        assert all(len(band.copies) >= 2 for band in score.onset.bands)


def test_an_unknown_score_is_a_key_error():
    with pytest.raises(KeyError):
        load_score("nothing")


def changed(path: tuple[str | int, ...], value: object) -> str:
    data = copy.deepcopy(DATA)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return yaml.safe_dump(data, sort_keys=False)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("items", 0, "points"), {"without_biopsy": 0.75}, "one decimal"),
        (("items", 1, "item_id"), "proximal_arms", "stands twice"),
        (("tree", "ask"), "no_such_item", "no such item"),
        (("tree", "ask"), {"band": "teens"}, "no such age band"),
        (("tree", "ask"), {}, "one of an item"),
        (
            ("columns", "with_biopsy", "cutpoints"),
            {"definite": 5.0, "probable": 6.7, "possible": 6.5},
            "fall",
        ),
        (("classifies_from",), "below", "cut-point"),
        (("onset", "bands", 0, "below"), 50, "bands rise"),
        (("onset", "bands", 1, "points"), {"without_biopsy": 1.3}, "no points"),
    ],
)
def test_a_mistake_is_named(path, value, told):
    with pytest.raises(RuleError, match=told) as caught:
        parse_yaml(changed(path, value), ScoreFile, name="own.yaml")

    assert caught.value.code == "RU202"


def test_a_trial_that_names_an_unknown_score_is_told(tmp_path):
    trial = resources.files("chartsift.nlp.criteria") / "trials" / "reset-myositis.yaml"
    text = trial.read_text(encoding="utf-8").replace("supported_by: eular-acr-2017", "supported_by: other")
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(RuleError, match="unknown score 'other'") as caught:
        load_trial(file)

    assert caught.value.code == "RU212"
