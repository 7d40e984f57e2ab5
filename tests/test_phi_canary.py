"""
No word of a note may reach standard error or a log, whatever the command, the input or the failure.

A marker that stands in no code and no vocabulary is planted in the notes, inside and outside of what is found, and
another in the patients' identifiers; every command runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MARKER = "Zqxcanary"
PATIENT = "Zqxpatient"
TEXT = (
    f"{MARKER} is a 51 y.o. man.\nHPI: {MARKER} has dermatomyositis, anti-Mi-2 {MARKER} positive, CK 2,651 U/L (39-308) H.\n"
    f"PMH: kidney transplant {MARKER} 2011. No CAR T. Cytoxan: {MARKER} anaphylaxis.\nPneumonia {MARKER} on vancomycin.\n"
    f"FVC 44 % {MARKER}, SpO2 90 % RA. MMT-8 121/150.\n"
)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    rows = [
        {
            "patient_id": f"{PATIENT}-1",
            "note_id": "a",
            "note_date": "2024-05-01",
            "note_type": "Note",
            "text": TEXT,
        },
        {
            "patient_id": f"{PATIENT}-1",
            "note_id": "b",
            "note_date": f"{MARKER}",
            "note_type": "Note",
            "text": TEXT,
        },
        {
            "patient_id": f"{PATIENT}-2",
            "note_id": "a",
            "note_date": "2024-05-01",
            "note_type": "Note",
            "text": f"{MARKER}\x00",
        },
    ]
    path = tmp_path / "notes.jsonl"
    lines = [json.dumps(row) for row in rows] + [f'{{"patient_id": "{MARKER}", broken {MARKER}']
    path.write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(f"{MARKER} \xe4\xf6".encode("latin-1"))
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chartsift.api.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("screen", "notes.jsonl", "--out", "out", "--jsonl"),
        ("screen", "note.txt", "latin.txt", "--out", "out2"),
        ("extract", "notes.jsonl"),
        ("extract", "note.txt"),
        ("extract", "latin.txt"),
        ("explain", f"{PATIENT}-1", "notes.jsonl"),
        ("explain", "nobody", "notes.jsonl"),
        ("annotations", "check", "note.txt"),
    ],
)
def test_standard_error_holds_no_note_text(arguments: tuple[str, ...], notes: Path) -> None:
    done = run(notes, *arguments)

    assert MARKER not in done.stderr, done.stderr[:500]
    assert PATIENT not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_files_about_the_run_hold_no_note_text(notes: Path) -> None:
    run(notes, "screen", "notes.jsonl", "--out", "out", "--jsonl")

    assert MARKER not in (notes / "out" / "run.json").read_text(encoding="utf-8")
    assert MARKER not in (notes / "out" / "errors.jsonl").read_text(encoding="utf-8")
    assert MARKER in (notes / "out" / "findings.jsonl").read_text(encoding="utf-8")
