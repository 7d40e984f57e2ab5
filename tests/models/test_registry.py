"""Promotion and roll-back: by a named person, kept in a journal that notices changes, and followed by the pipeline."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from support.readings import made_readings

from chartsift.models import store
from chartsift.models.confidence import train_confidence
from chartsift.models.errors import ModelError
from chartsift.models.registry import find, history, models_folder, promote, roll_back
from chartsift.nlp.errors import RuleError
from chartsift.nlp.learned import JOURNAL, SETTING, in_use, models_in_use

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    """Two artefacts of confidence in a folder of their own."""
    place = tmp_path_factory.mktemp("artefacts")
    estimator = train_confidence(made_readings(30), ablate=False).estimator
    return [store.save(estimator, {"number": number}, place, kind="confidence") for number in (1, 2)]


def test_what_is_promoted_is_in_use_and_roll_back_returns_to_the_one_before(artefacts, tmp_path):
    first, second = (promote(one, tmp_path, by="Ada Lovelace", figures={}, now=_NOW) for one in artefacts)
    assert in_use(tmp_path)["confidence"].folder.endswith(second)

    assert roll_back("confidence", tmp_path, by="Ada Lovelace") == first
    assert in_use(tmp_path)["confidence"].folder.endswith(first)
    assert roll_back("confidence", tmp_path, by="Ada Lovelace") == ""
    assert in_use(tmp_path) == {}

    with pytest.raises(ModelError) as caught:
        roll_back("confidence", tmp_path, by="Ada Lovelace")
    assert caught.value.code == "MO522"


def test_the_journal_says_who_and_when_and_on_what_figures(artefacts, tmp_path):
    promote(artefacts[0], tmp_path, by=" Ada Lovelace ", figures={"charts": 3}, now=_NOW)

    (entry,) = history(tmp_path)

    assert (entry["by"], entry["when"], entry["figures"]) == (
        "Ada Lovelace",
        "2026-01-02T03:04:05+00:00",
        {"charts": 3},
    )


@pytest.mark.parametrize("by", ["", "  ", "x", "123", "--", "a" * 200])
def test_nobody_is_no_person(artefacts, tmp_path, by):
    with pytest.raises(ModelError) as caught:
        promote(artefacts[0], tmp_path, by=by, figures={})

    assert caught.value.code == "MO521"
    assert not (tmp_path / JOURNAL).exists()


def test_a_changed_past_is_noticed(artefacts, tmp_path):
    for one in artefacts:
        promote(one, tmp_path, by="Ada Lovelace", figures={}, now=_NOW)
    journal = tmp_path / JOURNAL
    journal.write_text(journal.read_text(encoding="utf-8").replace("Ada", "Eve", 1), encoding="utf-8")

    with pytest.raises(ModelError) as caught:
        history(tmp_path)
    assert caught.value.code == "MO523"
    with pytest.raises(ModelError):
        roll_back("confidence", tmp_path, by="Ada Lovelace")


@pytest.mark.parametrize("content", ["no JSON\n", "[]\n", '{"kind": "confidence"}\n'])
def test_a_journal_that_cannot_be_read_stops_the_pipeline(tmp_path, monkeypatch, content):
    (tmp_path / JOURNAL).write_text(content, encoding="utf-8")
    monkeypatch.setenv(SETTING, str(tmp_path))

    with pytest.raises(RuleError) as caught:
        models_in_use()
    assert caught.value.code == "RU230"


def test_without_the_setting_the_rules_work_alone(monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)

    assert models_in_use() == ()
    with pytest.raises(ModelError) as caught:
        models_folder(None)
    assert caught.value.code == "MO520"


def test_a_journal_cannot_name_a_folder_elsewhere(tmp_path):
    entry = {"action": "promote", "kind": "confidence", "model": "../../elsewhere", "digest": "0"}
    (tmp_path / JOURNAL).write_text(json.dumps(entry) + "\n", encoding="utf-8")

    assert in_use(tmp_path)["confidence"].folder == str(tmp_path / "elsewhere")


def test_a_changed_artefact_is_not_promoted(artefacts, tmp_path):
    copied = promote(artefacts[0], tmp_path / "a", by="Ada Lovelace", figures={}, now=_NOW)
    (tmp_path / "a" / copied / store.CARD).write_text("better than it is", encoding="utf-8")

    with pytest.raises(ModelError) as caught:
        promote(tmp_path / "a" / copied, tmp_path / "b", by="Ada Lovelace", figures={})
    assert caught.value.code == "MO512"


def test_an_unknown_name_is_a_coded_error(tmp_path):
    with pytest.raises(ModelError) as caught:
        find("confidence-000000000000", tmp_path)

    assert caught.value.code == "MO511"
