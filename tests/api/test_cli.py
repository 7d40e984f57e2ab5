"""The command line: what it prints where, its exit status, and that nothing of a note gets to stderr."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.command import MARKER, run
from support.fake_pipeline import FAIL

from chartsift.nlp import pipeline as pipeline_module


def test_screen_writes_the_contract_and_prints_a_readable_table(fake, notes, tmp_path, capsys):
    status = run("screen", notes, "--out", tmp_path / "out", "--jsonl")

    out, err = capsys.readouterr()
    assert status == 0
    for name in ("findings", "criteria", "cohorts", "scores", "errors"):
        assert pq.read_table(tmp_path / "out" / f"{name}.parquet").num_rows == len(
            (tmp_path / "out" / f"{name}.jsonl").read_bytes().splitlines()
        )
        assert str(tmp_path / "out" / f"{name}.parquet") in out
    assert "report.html" in out
    assert "✗ rules the patient out" in out
    assert "“CAR T” (n1, 2024-05-01" in out
    assert max(len(line) for line in out.split("Results:")[0].splitlines()) <= 100
    assert "\x1b" not in out
    assert MARKER not in err


def test_screen_quiet_prints_only_the_places(fake, notes, tmp_path, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "--quiet") == 0

    out, err = capsys.readouterr()
    assert "rules the patient out" not in out
    assert "findings.parquet" in out
    assert err == ""


def test_screen_json_is_one_document(fake, notes, tmp_path, capsys):
    assert run("screen", notes, "--out", tmp_path / "out", "--json") == 0

    summary = json.loads(capsys.readouterr().out)
    assert summary["counts"]["patients_screened"] == 2
    assert Path(summary["files"]["report"]).is_file()


def test_screen_goes_on_past_a_note_on_which_the_pipeline_fails(fake, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "P1_2024-05-01_a.txt").write_text(f"{FAIL} {MARKER}")
    (tmp_path / "in" / "P1_2024-05-02_b.txt").write_text("CAR T infused.")
    (tmp_path / "in" / "P1_undated.txt").write_text(MARKER)

    assert run("-v", "screen", tmp_path / "in", "--out", tmp_path / "out") == 0

    out, err = capsys.readouterr()
    assert [row["code"] for row in pq.read_table(tmp_path / "out" / "errors.parquet").to_pylist()] == [
        "IN113",
        "SC410",
    ]
    assert MARKER not in out + err


def test_screen_as_of_limit_and_patients(fake, notes, tmp_path, capsys):
    patients = tmp_path / "patients.csv"
    patients.write_text("patient_id,birth_date,sex,as_of\nP1,2010-01-01,F,2024-05-02\n")

    assert (
        run(
            "screen",
            notes,
            "--out",
            tmp_path / "o",
            "--patients",
            patients,
            "--limit",
            1,
            "--as-of",
            "2024-05-01",
        )
        == 0
    )

    cohorts = pq.read_table(tmp_path / "o" / "cohorts.parquet").to_pylist()
    assert {str(row["as_of"]) for row in cohorts} == {"2024-05-01"}
    assert [row["cohort_id"] for row in cohorts if row["applicable"]] == ["juvenile"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["screen"], 2, "--out"),
        (["screen", "--out", "o"], 2, "INPUT"),
        (["screen", "{notes}", "--sample", "--out", "{tmp}/o"], 2, "not both"),
        (["screen", "{notes}", "--out", "{tmp}/o", "--as-of", "May"], 2, "--as-of"),
        (["screen", "{tmp}/nowhere", "--out", "{tmp}/o"], 3, "IN124"),
        (["screen", "{tmp}/scan.png", "--out", "{tmp}/o"], 3, "IN127"),
        (["screen", "{notes}", "--out", "{tmp}/o", "--trial", "no-such"], 4, "RU210"),
        (["screen", "{notes}", "--out", "{notes}"], 5, "SC403"),
        (["explain", "P7", "{notes}"], 5, "SC407"),
        (["explain", "P1", "{notes}", "--criterion", "x"], 5, "SC408"),
        (["extract", "{tmp}/nowhere"], 3, "IN124"),
        (["trial", "check", "{tmp}/scan.png"], 4, ""),
        (["no-such-command"], 2, "no-such-command"),
    ],
)
def test_exit_status_tells_the_family(fake, notes, tmp_path, capsys, *, arguments, status, says):
    (tmp_path / "scan.png").write_bytes(b"\x89PNG")

    got = run(*[a.format(notes=notes, tmp=tmp_path) for a in arguments])

    _, err = capsys.readouterr()
    assert got == status
    assert says in err


def test_another_run_in_the_folder_is_said_with_the_remedy(fake, notes, tmp_path, capsys):
    run("screen", notes, "--out", tmp_path / "o", "-q")
    capsys.readouterr()

    assert run("screen", notes, "--out", tmp_path / "o", "--limit", 1) == 5
    assert "--restart" in capsys.readouterr().err
    assert run("screen", notes, "--out", tmp_path / "o", "--limit", 1, "--restart") == 0


def test_unknown_error_is_told_without_its_message(notes, tmp_path, capsys, monkeypatch):
    def fails():
        raise ValueError(MARKER)

    monkeypatch.setenv("CHARTSIFT_WORKERS", "0")
    monkeypatch.setattr(pipeline_module, "build_pipeline", fails)

    assert run("screen", notes, "--out", tmp_path / "o") == 1
    out, err = capsys.readouterr()
    assert "ValueError at" in err
    assert MARKER not in out + err


# Help


def test_help_is_instant_and_loads_nothing_heavy():
    code = (
        "import sys; from chartsift.api import cli; status = cli.main(['--help']); "
        "heavy = {'spacy', 'medspacy', 'pyarrow', 'fastapi', 'pydantic', 'numpy'} & set(sys.modules); "
        "sys.exit(1 if heavy or status else 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "screen" in done.stdout


def commands() -> list[list[str]]:
    top = ["screen", "extract", "explain", "serve", "doctor", "trial", "lexicon", "annotations"]
    below = [
        "trial list",
        "trial check",
        "trial schema",
        "trial diff",
        "lexicon check",
        "annotations check",
        "annotations score",
        "annotations agreement",
    ]
    return [command.split() for command in top + below]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help(command, capsys):
    assert run(*command, "--help") == 0
    assert "Usage" in capsys.readouterr().out


def test_help_of_screen_names_every_format(capsys):
    from chartsift.nlp.formats import READERS

    run("screen", "--help")

    shown = capsys.readouterr().out
    for reader in READERS:
        assert all(suffix in shown for suffix in reader.suffixes)
        assert reader.summary.split(",")[0].split()[0] in shown


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("chartsift ")


# The real thing


def test_end_to_end_with_the_real_pipeline(tmp_path, capfd):
    text = (
        f"RHEUMATOLOGY \U0001f9ec {MARKER}\r\nHPI:\r\n"
        "52 y.o. woman with dermatomyositis, anti-Mi-2 antibody positive.\r\n"
        "She has never received CAR T-cell therapy. Mother had a kidney transplant.\r\n"
    )
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("P1/2024-05-01_clinic.txt", text)
        archive.writestr("P1/undated.txt", f"No date {MARKER}")

    assert run("screen", tmp_path / "notes.zip", "--out", tmp_path / "out") == 0

    out, err = capfd.readouterr()
    findings = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    assert all(text[f["start"] : f["end"]] == f["text"] for f in findings)
    criteria = {
        row["criterion_id"]: row
        for row in pq.read_table(tmp_path / "out" / "criteria.parquet").to_pylist()
        if row["cohort_id"] == "adult"
    }
    assert len(criteria) == 13
    assert criteria["prior_car_t"]["status"] == "not_met"
    assert criteria["prior_transplant"]["status"] == "not_met"
    assert criteria["investigator_concern"]["basis"] == "judgement"
    assert [row["code"] for row in pq.read_table(tmp_path / "out" / "errors.parquet").to_pylist()] == [
        "IN114"
    ]
    assert "P1" in out
    assert MARKER not in err


def test_doctor_finds_a_sound_installation(capsys):
    status = run("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["self-test"]["is_ok"], checks["self-test"]
    assert status == 0
