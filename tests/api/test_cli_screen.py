"""``chartsift screen`` with workers: options, samples, and stopping from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
import typer
from support.fake_pipeline import FakePipeline

from chartsift.api import cli, cli_screen
from chartsift.nlp import pipeline as pipeline_module
from chartsift.nlp.screening.folder import WORK_FOLDER


def write_notes(path: Path, order: list[int], *, notes: int = 5) -> Path:
    rows = [
        {
            "patient_id": f"P{p:03}",
            "note_id": f"N{n}",
            "note_date": f"2024-05-0{n + 1}",
            "text": "CAR T infused.",
        }
        for p in order
        for n in range(notes)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def fake(monkeypatch) -> None:
    monkeypatch.setenv("CHARTSIFT_WORKERS", "0")
    monkeypatch.setattr(pipeline_module, "build_pipeline", FakePipeline)


def screen(*arguments: object) -> int:
    return cli.main(["screen", *(str(argument) for argument in arguments)])


def patients(out: Path) -> list[str]:
    return sorted(set(pq.read_table(out / "cohorts.parquet")["patient_id"].to_pylist()))


# Samples


def test_sample_is_the_same_in_any_order_and_another_for_another_seed(fake, tmp_path):
    first = write_notes(tmp_path / "a.jsonl", list(range(100)))
    turned = write_notes(tmp_path / "b.jsonl", list(range(99, -1, -1)))

    assert screen(first, "--out", tmp_path / "1", "--sample", 10, "--seed", 7, "-q") == 0
    assert screen(turned, "--out", tmp_path / "2", "--sample-size", 10, "--seed", 7, "-q") == 0
    assert screen(first, "--out", tmp_path / "3", "--sample=10", "-q") == 0

    chosen = patients(tmp_path / "1")
    assert len(chosen) == 10
    assert chosen == patients(tmp_path / "2")
    assert chosen != patients(tmp_path / "3")
    assert chosen != [f"P{p:03}" for p in range(10)]
    manifest = json.loads((tmp_path / "1" / "run.json").read_text())
    assert manifest["sample"] == {"patients": 10, "seed": 7}
    assert manifest["counts"]["patients_not_screened"] == 90
    assert manifest["counts"]["notes_not_screened"] == 450


def test_larger_sample_holds_the_smaller_one(fake, tmp_path):
    notes = write_notes(tmp_path / "a.jsonl", list(range(50)))

    screen(notes, "--out", tmp_path / "1", "--sample", 5, "-q")
    screen(notes, "--out", tmp_path / "2", "--sample", 20, "-q")
    screen(notes, "--out", tmp_path / "3", "--sample", 500, "-q")

    assert set(patients(tmp_path / "1")) < set(patients(tmp_path / "2"))
    assert len(patients(tmp_path / "3")) == 50


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--sample", "5", "--limit", "5"], "--limit"),
        (["--seed", "5"], "--seed"),
        (["--sample", "0"], "--sample-size"),
        (["--max-memory", "much"], "--max-memory"),
        (["--max-memory", "100M"], "--max-memory"),
        (["--workers", "-1"], "--workers"),
        (["--note-seconds", "0"], "--note-seconds"),
    ],
)
def test_wrong_usage_names_the_option(tmp_path, capsys, arguments, option):
    notes = write_notes(tmp_path / "a.jsonl", [1])

    assert screen(notes, "--out", tmp_path / "o", *arguments) == 2
    assert option in capsys.readouterr().err


# How many workers


@pytest.mark.parametrize(
    ("text", "size"),
    [("600", 600 << 20), ("600M", 600 << 20), ("2g", 2 << 30), ("1.5 GiB", 1536 << 20), ("700MB", 700 << 20)],
)
def test_sizes(text, size):
    assert cli_screen.parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "M", "-5G", "1T", "600 apples"])
def test_what_is_no_size(text):
    with pytest.raises(typer.BadParameter):
        cli_screen.parse_memory(text)


@pytest.mark.parametrize(
    ("cores", "cpu", "free", "memory", "expected"),
    [
        (8, None, 64, None, 8),
        (8, "max 100000", 64, "max", 8),
        (8, "250000 100000", 64, None, 2),
        (8, "50000 100000", 64, None, 1),
        (8, None, 3, None, 3),
        (8, None, 64, str(4 << 30), 4),
        (8, None, 0, None, 1),
    ],
)
def test_workers_suit_the_machine(monkeypatch, tmp_path, cores, cpu, free, memory, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(cli_screen, "_free_memory_of_machine", lambda: free << 30)
    for name, text in (("_CPU_LIMIT", cpu), ("_MEMORY_LIMIT", memory)):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        monkeypatch.setattr(cli_screen, name, path)

    assert cli_screen.default_workers(1 << 30) == expected


# Stopping

# The command line with a slow pipeline; with a fourth argument, tidying up takes an hour.
_SCREEN = """
import sys, time
from chartsift.api import cli, cli_screen
from chartsift.nlp.screening import run
cli_screen.PIPELINE = "support.poison_pipeline:make_slow"
if len(sys.argv) > 3:
    run.remove_store = lambda path: time.sleep(3600)
sys.exit(cli.main(["screen", sys.argv[1], "--out", sys.argv[2], "--workers", "2"]))
"""


def start_screen(*arguments: object) -> subprocess.Popen[str]:
    support = str(Path(__file__).parents[1])
    path = os.pathsep.join([support, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", _SCREEN, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(condition, *, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_from_outside_keeps_what_is_done_and_says_how_to_go_on(tmp_path, number):
    notes = write_notes(tmp_path / "notes.jsonl", list(range(200)))
    out = tmp_path / "out"
    process = start_screen(notes, out)
    parts = out / WORK_FOLDER
    assert until(lambda: list(parts.glob("parts-*/*/*.part")))

    # Ctrl-C goes to every process of the terminal.
    os.killpg(process.pid, number)
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert "the same command goes on" in stderr
    assert "Traceback" not in stdout + stderr
    # A worker is told whose it is.
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [""])[-1] == str(process.pid)
    ]
    # The notes are gone, the parts are there, and the run goes on with them.
    assert not list(parts.glob("notes.*"))
    kept = len(list(parts.glob("parts-*/*/*.part")))
    assert 0 < kept < 10
    process = start_screen(notes, out)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert json.loads((out / "run.json").read_text())["counts"]["notes_evaluated"] == 1_000


def test_second_stop_ends_at_once(tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", list(range(200)))
    process = start_screen(notes, tmp_path / "out", "slow to tidy up")
    assert until(lambda: list((tmp_path / "out" / WORK_FOLDER).glob("parts-*/*/*.part")))
    workers = psutil.Process(process.pid).children()

    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)

    process.communicate(timeout=10)
    assert process.returncode == 130
    assert until(lambda: not any(worker.is_running() for worker in workers), seconds=10)


def test_plain_lines_tell_rate_rest_and_errors(tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", list(range(200)), notes=9)
    with notes.open("a", encoding="utf-8") as lines:
        lines.write("{\n")

    _, stderr = start_screen(notes, tmp_path / "out").communicate(timeout=120)

    assert any(
        line.startswith("screening: ") and "/s, 0:00:" in line and line.endswith("left, 1 error")
        for line in stderr.splitlines()
    ), stderr
