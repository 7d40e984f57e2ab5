"""``chartsift export`` and ``--write``: where files go, what is printed, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.fake_pipeline import FakePipeline
from support.finished_run import note

from chartsift.api import cli
from chartsift.nlp import pipeline as pipeline_module

MARKER = "MARKER-7f3a"


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setattr(pipeline_module, "build_pipeline", FakePipeline)


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def write_notes(folder: Path, *rows) -> Path:
    path = folder / "notes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def notes(tmp_path):
    return write_notes(tmp_path, note("P1", "n1", f"CAR T {MARKER}"))


@pytest.fixture
def out(tmp_path, notes, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "-q") == 0
    capsys.readouterr()
    return tmp_path / "out"


def test_export_writes_the_formats_and_names_the_files(out, capsys):
    assert run("export", out, "--format", "omop,fhir", "--format", "redcap") == 0

    printed, err = capsys.readouterr()
    assert f"{out / 'omop' / 'NOTE_NLP.csv'}  (1 rows)" in printed
    assert (out / "fhir" / "Observation.ndjson").is_file()
    assert (out / "redcap" / "screening_log.csv").is_file()
    assert MARKER not in printed + err


def test_export_as_json_and_elsewhere(out, tmp_path, capsys):
    assert run("export", out, "-f", "redcap", "--to", tmp_path / "else", "--json") == 0

    (made,) = json.loads(capsys.readouterr().out)
    assert made["folder"] == str(tmp_path / "else" / "redcap")
    assert made["rows"]["screening_log.csv"] == 1
    assert not (out / "redcap").exists()


def test_export_without_a_format_lists_them(out, capsys):
    assert run("export", out) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == [
        "omop",
        "fhir",
        "redcap",
    ]

    assert run("export", out, "--json") == 0
    assert list(json.loads(capsys.readouterr().out)) == ["omop", "fhir", "redcap"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--format", "xml"], "SC431"),
        (["--format", "omop", "--concepts", "nowhere.csv"], "SC432"),
    ],
)
def test_wrong_wishes_are_one_line(out, capsys, arguments, code):
    assert run("export", out, *arguments) == 5
    assert capsys.readouterr().err.startswith(f"error {code}: ")


def test_export_needs_a_finished_run(tmp_path, capsys):
    assert run("export", tmp_path, "--format", "omop") == 5
    assert "SC406" in capsys.readouterr().err


def test_screen_writes_formats_at_its_end_and_again_when_it_is_finished(tmp_path, notes, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "-q", "--write", "omop") == 0
    assert f"{tmp_path / 'out' / 'omop' / 'NOTE_NLP.csv'}  (1 rows)" in capsys.readouterr().out

    assert run("screen", notes, "--out", tmp_path / "out", "--json", "--write", "fhir,redcap") == 0
    document = json.loads(capsys.readouterr().out)
    assert [item["format"] for item in document["exports"]] == ["fhir", "redcap"]
    assert (tmp_path / "out" / "omop").is_dir()


def test_screen_refuses_an_unknown_format_before_it_reads_a_note(tmp_path, notes, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "--write", "omop,xml") == 5
    assert "SC431" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_exports_of_an_earlier_run_do_not_outlive_it(tmp_path, notes, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "-q", "--write", "omop,redcap") == 0
    write_notes(tmp_path, note("P1", "n1", "heliotrope"))

    assert run("screen", notes, "--out", tmp_path / "out", "-q", "--restart", "--write", "redcap") == 0

    assert "removed" in capsys.readouterr().err
    assert not (tmp_path / "out" / "omop").exists()
    log = (tmp_path / "out" / "redcap" / "screening_log.csv").read_text(encoding="utf-8")
    assert "heliotrope" in log
    assert "CAR T" not in log.splitlines()[1]
