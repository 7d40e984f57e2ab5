"""``chartsift explain`` and ``extract``: both sides of a verdict, and what is read in any text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.command import MARKER, NOTES, run
from support.fake_pipeline import FAIL


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
