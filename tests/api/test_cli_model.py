"""``chartsift model``: figures without text, refusals with a code, promotion signed by a person."""

from __future__ import annotations

import json

import pytest

from chartsift.api.cli import main
from chartsift.models.registry import bundled_folder
from chartsift.nlp.learned import SETTING


@pytest.fixture
def confidence():
    """The name of the bundled model of confidence."""
    return next(path.name for path in bundled_folder().iterdir() if path.name.startswith("confidence-"))


def test_the_bundled_models_are_sound_and_none_is_in_use(capsys, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)

    assert main(["model", "list", "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)
    assert {row["model"].partition("-")[0] for row in rows} == {"confidence", "ranking"}
    assert all(row["state"] == "sound" and not row["in_use"] for row in rows)


def test_the_figures_of_training_are_shown_and_keep_what_is_promised(capsys):
    assert main(["model", "evaluate", "confidence", "--json"]) == 0

    figures = json.loads(capsys.readouterr().out)
    for part in ("nested", "held_out"):
        assert figures[part]["calibration_error"]["value"] <= 0.05
        assert figures[part]["bands"]["accept"]["accuracy"] >= 0.98
        assert figures[part]["bands"]["accept"]["share"] > 0.5


def test_verify_says_the_digest_and_refuses_what_was_changed(capsys, tmp_path, confidence):
    import shutil

    assert main(["model", "verify", confidence]) == 0
    assert "sound" in capsys.readouterr().out
    shutil.copytree(bundled_folder() / confidence, tmp_path / confidence)
    (tmp_path / confidence / "card.md").write_text("changed", encoding="utf-8")

    assert main(["model", "verify", str(tmp_path / confidence)]) == 10
    assert "MO512" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["verify", "confidence-000000000000"], 10, "MO511"),
        (["rollback", "confidence", "--by", "Ada Lovelace"], 10, "MO522"),
        (["train", "assertion"], 10, "MO503"),
        (["train", "relevance"], 10, "MO503"),
        (["train", "confidence", "--alone"], 10, "MO503"),
        (["train", "oracle"], 2, ""),
        (["rollback", "confidence"], 2, ""),
    ],
)
def test_refusals_have_a_code(capsys, tmp_path, monkeypatch, arguments, status, code):
    monkeypatch.setenv(SETTING, str(tmp_path))

    assert main(["model", *arguments]) == status
    assert code in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_of_models_the_command_says_what_to_give(capsys, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)

    assert main(["model", "history"]) == 10
    assert "MO520" in capsys.readouterr().err
