"""``chartsift trial``, ``lexicon`` and ``annotations``: rule files checked and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import run


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
