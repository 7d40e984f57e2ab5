"""The command line: what it prints where, its exit status, and that nothing of a note gets to stderr."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.fake_pipeline import FAIL, FakePipeline

from chartsift.api import cli
from chartsift.nlp import pipeline as pipeline_module

MARKER = "MARKER-7f3a"
NOTES = [
    ("P1", "n1", "2024-05-01", f"CAR T infused. {MARKER}\r\n\U0001f9ec"),
    ("P1", "n2", "2024-05-02", "Stable."),
    ("P2", "n1", "2024-05-01", "lung transplant 2019\x1b[31m"),
]


@pytest.fixture
def fake(monkeypatch) -> FakePipeline:
    """A pipeline without spaCy in the place of the real one; in this process, which workers would not share."""
    monkeypatch.setenv("CHARTSIFT_WORKERS", "0")
    made = FakePipeline()
    monkeypatch.setattr(pipeline_module, "build_pipeline", lambda: made)
    return made


@pytest.fixture
def notes(tmp_path) -> Path:
    path = tmp_path / "notes.jsonl"
    rows = [{"patient_id": p, "note_id": n, "note_date": d, "text": t} for p, n, d, t in NOTES]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


# screen


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


# explain, extract


@pytest.mark.parametrize("way", ["run", "notes"])
def test_explain_shows_both_sides_and_the_next_step(fake, notes, tmp_path, capsys, way):
    run("screen", notes, "--out", tmp_path / "o", "-q")
    capsys.readouterr()

    assert run("explain", "P1", tmp_path / "o" if way == "run" else notes) == 0

    out, err = capsys.readouterr()
    assert "P1: ineligible as of 2024-05-02" in out
    assert "excludes the patient" in out
    assert "for:" in out
    assert "next:" in out
    assert re.search(r"searched: 2 notes of 2024-05-01 to 2024-05-02, \d+ terms for", out)
    assert re.search(r"terms: .+, …", out, re.DOTALL)
    assert err == ""


def test_explain_one_criterion_as_json(fake, notes, capsys):
    assert run("explain", "P1", notes, "--criterion", "prior_car_t", "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["cohort"]["status"] == "ineligible"
    (row,) = shown["criteria"]
    assert (row["status"], row["evidence"][0]["text"]) == ("met", "CAR T")
    assert (row["searched"], shown["vocabulary"]) == (None, {})


def test_explain_as_json_lists_every_term_that_was_searched(fake, notes, capsys):
    assert run("explain", "P1", notes, "--criterion", "prior_transplant", "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    (row,) = shown["criteria"]
    assert (row["basis"], row["searched"]["notes"]) == ("no_mention", 2)
    assert set(shown["vocabulary"]) == set(row["searched"]["kinds"])
    terms = {term for words in shown["vocabulary"].values() for term in words}
    assert len(terms) == row["searched"]["terms"]


def test_explain_from_a_run_says_that_inputs_were_not_read(fake, notes, tmp_path, capsys):
    with notes.open("a", encoding="utf-8") as lines:
        lines.write('{"patient_id": "P1", "note_id": "n9", "note_date": "no day", "text": "x"}\n{\n')
    run("screen", notes, "--out", tmp_path / "o", "-q")
    capsys.readouterr()

    assert run("explain", "P1", tmp_path / "o") == 0

    out, err = capsys.readouterr()
    assert "2 inputs of the run could not be read" in err
    assert "not read: notes.jsonl:4 (IN107)" in " ".join(out.split())


@pytest.mark.parametrize(("bad", "listed"), [(0, 0), (2, 2), (7, 5)])
def test_screen_ends_with_the_inputs_that_were_not_read(fake, notes, tmp_path, capsys, bad, listed):
    with notes.open("a", encoding="utf-8") as lines:
        lines.write("{\n" * bad)

    assert run("screen", notes, "--out", tmp_path / "o") == 0

    out, _ = capsys.readouterr()
    told = [line for line in out.splitlines() if ": IN110: " in line]
    assert told == [
        f"  notes.jsonl:{number}: IN110: the line is not valid JSON; write one object a line"
        for number in range(4, 4 + listed)
    ]
    assert (f"Not read or left out, 5 of {bad}:" in out) is (bad > listed)
    assert out.rstrip().endswith("errors.parquet") is (bad > listed)


def test_explain_puts_the_flags_into_words(fake, notes, tmp_path, capsys):
    with notes.open("a", encoding="utf-8") as lines:
        lines.write('{"patient_id": "P1", "note_id": "n9", "note_date": "no day", "text": "x"}\n')
    run("explain", "P1", notes)

    out = capsys.readouterr().out
    assert "look at: notes that could not be read: 1" in out
    assert "unread_notes" not in out


@pytest.fixture
def myositis(tmp_path) -> Path:
    path = tmp_path / "myositis.jsonl"
    row = {
        "patient_id": "P3",
        "note_id": "n1",
        "note_date": "2024-05-01",
        "text": "dermatomyositis, heliotrope",
    }
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("way", ["run", "notes"])
def test_explain_shows_the_items_of_the_score(fake, myositis, tmp_path, capsys, way):
    run("screen", myositis, "--out", tmp_path / "o", "-q")
    capsys.readouterr()

    assert run("explain", "P3", tmp_path / "o" if way == "run" else myositis) == 0

    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if "without biopsy 3.1 to 20.8 points" in line)
    rows = {line.split("  ")[2].strip(): line.split() for line in lines[start:] if line.startswith("    ")}
    assert rows["Heliotrope rash"][2:] == ["present", "3.1", "“heliotrope”", "(n1)"]
    assert rows["Anti-Jo-1 positive"][2:5] == ["not", "documented", "0–3.9"]
    said = " ".join(" ".join(lines).split())
    assert "supports the verdict and never decides it" in said
    assert "would change the label" in said


def test_explain_as_json_holds_the_score_of_the_criterion(fake, myositis, capsys):
    assert run("explain", "P3", myositis, "--criterion", "iim_diagnosis", "--json") == 0
    (score,) = json.loads(capsys.readouterr().out)["scores"]
    assert (score["score_id"], score["score_low"], score["verdict"]) == ("eular-acr-2017", 3.1, "undecided")
    there = [item for item in score["items"] if item["state"] == "present"]
    assert [(item["item_id"], item["evidence"][0]["text"]) for item in there] == [
        ("heliotrope", "heliotrope")
    ]

    assert run("explain", "P3", myositis, "--criterion", "prior_car_t", "--json") == 0
    assert json.loads(capsys.readouterr().out)["scores"] == []


def test_extract_prints_json_lines_with_exact_offsets(fake, notes, capsys):
    assert run("extract", notes, "--json") == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    texts = {(p, n): t for p, n, _, t in NOTES}
    assert len(rows) == 2
    assert all(texts[r["patient_id"], r["note_id"]][r["start"] : r["end"]] == r["text"] for r in rows)


def test_extract_reads_any_text(fake, tmp_path, capsys):
    (tmp_path / "letter").write_bytes(b"Seen today. CAR T infused.\r\n")

    assert run("extract", tmp_path / "letter", "--date", "2024-05-01", "--kind", "car_t") == 0

    out, err = capsys.readouterr()
    assert "12-17" in out
    assert "2024-05-01" in out
    assert err == ""


def test_extract_says_why_a_note_is_not_read(fake, tmp_path, capsys):
    (tmp_path / "n.txt").write_bytes("café, ".encode() + b"\xe9 " + MARKER.encode())

    assert run("extract", tmp_path / "n.txt") == 3

    out, err = capsys.readouterr()
    assert "IN103" in err
    assert MARKER not in out + err


# trial, lexicon, annotations, doctor


def test_trial_and_lexicon_commands(capsys):
    assert run("trial", "list") == 0
    assert "reset-myositis" in capsys.readouterr().out
    assert run("trial", "list", "--predicates", "--json") == 0
    assert all(row["summary"] for row in json.loads(capsys.readouterr().out))
    assert run("trial", "check") == 0
    assert "valid" in capsys.readouterr().out
    assert run("trial", "schema") == 0
    assert json.loads(capsys.readouterr().out)["$defs"]["Expression"]["properties"]["age_between"]
    assert run("lexicon", "check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["terms"] > 0


def test_trial_check_tells_every_fault_on_a_line_of_its_own(tmp_path, capsys):
    file = tmp_path / "t.yaml"
    file.write_text(
        """
trial_id: t
titel: T
version: "1"
source: written for this test
cohorts:
  - cohort_id: all
    label: All
    applies: {default: true}
    criteria:
      - {criterion_id: a, kind: inclusion, summary: s, silence: unknown, decide: {age_betwen: {min: 18}}}
""",
        encoding="utf-8",
    )

    assert run("trial", "check", file, "reset-myositis", "no-such") == 4

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "RU202: t.yaml: title: is missing (add it)"
    assert "RU202: t.yaml: titel: is no key that is known here (did you mean 'title'?)" in lines
    assert (
        "RU212: t.yaml: all.a.decide: unknown predicate 'age_betwen' (did you mean 'age_between'?)" in lines
    )
    assert any(line.startswith("reset-myositis: valid") for line in lines)
    assert lines[-1].startswith("RU210: no trial 'no-such'")
    assert run("trial", "check", file, "--json") == 4
    (row,) = json.loads(capsys.readouterr().out)
    assert {fault["path"] for fault in row["faults"]} == {"title", "titel", "all.a.decide"}


STRICTER = """
trial_id: stricter
title: S
version: "2"
source: written for this test
cohorts:
  - cohort_id: adult
    label: Adult
    applies: {default: true}
    criteria:
      - criterion_id: prior_car_t
        kind: exclusion
        summary: none of these
        silence: not_met
        decide: {car_t_received: {}}
      - criterion_id: prior_transplant
        kind: exclusion
        summary: kidneys only
        silence: not_met
        decide: {transplant_received: {counts: [kidney]}}
"""


@pytest.fixture
def stricter(tmp_path) -> Path:
    path = tmp_path / "stricter.yaml"
    path.write_text(STRICTER, encoding="utf-8")
    return path


@pytest.mark.parametrize("way", ["input", "run"])
def test_trial_diff_names_whose_verdict_flips_and_by_which_clause(
    fake, notes, tmp_path, capsys, stricter, way
):
    run("screen", notes, "--out", tmp_path / "o", "-q")
    read_before = fake.notes
    capsys.readouterr()
    source = ["--input", notes] if way == "input" else ["--run", tmp_path / "o"]

    assert run("trial", "diff", "reset-myositis", stricter, *source) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert "adult.prior_transplant.transplant_received.counts" in out
    assert "P2 (adult, as of 2024-05-01): ineligible → eligible" in out
    assert "prior_transplant: met → not met\n    by transplant_received.counts" in out
    assert "P1 (adult, as of 2024-05-02): ineligible, as before" in out
    assert fake.notes - read_before == (3 if way == "input" else 0)


def test_trial_diff_as_json_counts(fake, notes, capsys, stricter):
    assert run("trial", "diff", "reset-myositis", stricter, "--input", notes, "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["counts"]["patients"] == 2
    assert shown["counts"]["cohort_flips"] == 1
    assert shown["counts"]["cohort"] == {"ineligible → eligible": 1}
    assert shown["counts"]["criteria"]["prior_transplant: met → not met"] == 1
    assert shown["counts"]["clauses"]["adult.prior_transplant.transplant_received.counts"] == 1
    (flipped,) = (row for row in shown["patients"] if row["is_flipped"])
    assert (flipped["patient_id"], flipped["before"], flipped["after"]) == ("P2", "ineligible", "eligible")
    assert any(change["path"] == "transplant_received.counts" for change in shown["changes"])


def test_trial_diff_without_notes_compares_the_files(capsys, stricter):
    assert run("trial", "diff", "reset-myositis", stricter) == 0
    out = capsys.readouterr().out
    assert "juvenile.cohort: asked → nothing" in out
    assert "patients" not in out

    assert run("trial", "diff", "triton", "triton") == 0
    assert "The files decide alike." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["reset-myositis", "no-such"], 4),
        (["reset-myositis", "triton", "--input", "{tmp}/missing.jsonl"], 3),
        (["reset-myositis", "triton", "--run", "{tmp}"], 5),
        (["reset-myositis", "triton", "--run", "{tmp}", "--sample"], 2),
        (["reset-myositis", "triton", "--run", "{tmp}", "--patients", "{tmp}/p.csv"], 2),
    ],
)
def test_trial_diff_exit_status_tells_the_family(fake, tmp_path, capsys, arguments, status):
    assert run("trial", "diff", *(argument.format(tmp=tmp_path) for argument in arguments)) == status
    assert capsys.readouterr().err


def test_lexicon_check_tells_an_example_that_is_read_otherwise(monkeypatch, capsys):
    from chartsift.nlp.lexicon import loader
    from chartsift.nlp.lexicon.schema import ConceptFile

    concept = {"concept": "EJ", "kind": "antibody", "terms": ["EJ"]}
    file = ConceptFile.model_validate({"concepts": [concept], "examples": ["no [CAR T]{EJ present} here"]})
    monkeypatch.setattr(loader, "load_concept_files", lambda: {"own.yaml": file})

    assert run("lexicon", "check") == 4

    out, err = capsys.readouterr()
    assert "own.yaml: examples.0: not read: [CAR T]{EJ present}" in out
    assert "RU204" in err


def test_extract_goes_on_after_a_note_that_fails(fake, tmp_path, capsys):
    path = tmp_path / "notes.jsonl"
    texts = [f"{FAIL} {MARKER}", "CAR T infused."]
    rows = [
        {"patient_id": "P", "note_id": str(number), "note_date": "2024-05-01", "text": text}
        for number, text in enumerate(texts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    assert run("extract", path) == 5

    out, err = capsys.readouterr()
    assert "CAR-T" in out
    assert "notes.jsonl:1: SC410" in err
    assert MARKER not in err


def test_explain_tells_what_of_the_patient_could_not_be_read(fake, notes, capsys):
    with notes.open("a", encoding="utf-8") as lines:
        lines.write('{"patient_id": "P1", "note_id": "n9", "note_date": "no day", "text": "x"}\n{\n')

    assert run("explain", "P1", notes) == 0

    err = capsys.readouterr().err
    assert "notes.jsonl:4: IN107" in err
    assert "1 inputs could not be read" in err


def test_annotations_commands(fake, checkout, tmp_path, capsys):
    charts = sorted((checkout / "annotations" / "charts").glob("*.json"))[:2]
    folder = tmp_path / "charts"
    folder.mkdir()
    for chart in charts:
        (folder / chart.name).write_bytes(chart.read_bytes())

    assert run("annotations", "check", folder) == 0
    assert "0 problems" in capsys.readouterr().out
    assert run("annotations", "score", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["charts"] == 2
    assert run("annotations", "agreement", folder, folder) == 0
    (folder / charts[0].name).write_text("{}")
    assert run("annotations", "check", folder) == 3


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
