"""
The benchmark: chartsift, stock medspaCy and EDS-NLP on the same notes, in one go. ``make bench`` runs it.

Each contender is a process of its own; repeats are interleaved, so that a slow minute of the machine strikes all of
them. Slow contenders read the first so many notes of a corpus (whole rounds of the distinct ones); the figures are
rates. Exit status 1 with ``--check`` when something that must hold does not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from contend_chartsift import modes
from corpora import plain_notes, read_charts, read_rows, repeat, write_rows
from export import write_vocabulary
from figures import CORPORA, checks, line_of, put_between_marks, render

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[1]
_SHARED = _CHECKOUT.parent / "shared"
# Longest that one process may take; stock medspaCy needs minutes for a round of clinic notes on a busy machine.
_SECONDS = 3_600


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = _parse(arguments)
    out: Path = options.work
    out.mkdir(parents=True, exist_ok=True)
    sizes = _write_corpora(options, out)
    vocabulary = write_vocabulary(out / "vocabulary.json")
    contenders = _contenders(options)
    answers: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for repeat_no in range(options.repeats):
        for corpus in CORPORA:
            for name, command, is_slow in contenders:
                most = sizes[corpus] if is_slow else 0
                answer = _run(command, out / f"{corpus}.jsonl", vocabulary, most)
                answers[name, corpus].append(answer)
                rate = answer["notes"] / answer["seconds"]
                print(
                    f"{repeat_no + 1}/{options.repeats} {corpus:<7} {name:<18} {rate:>10,.1f} notes/s",
                    flush=True,
                )
    default = contenders[0][0]
    lines = [line_of(name, corpus, got) for (name, corpus), got in answers.items()]
    for line in lines:
        if line.corpus != "plain" and not line.counts["matches"]:
            print(f"{line.contender} found nothing in {line.corpus}: it did no work", file=sys.stderr)
            return 1
    scaling = _scaling(contenders[0][1], out, options.repeats) if (os.cpu_count() or 1) > 1 else None
    made = checks(lines, default=default, scaling=scaling)
    figures = render(lines, made, default=default, price=options.price, about=_about(options, answers))
    print(f"\n{figures}")
    if options.docs:
        document: Path = options.docs
        document.write_text(
            put_between_marks(document.read_text(encoding="utf-8"), figures), encoding="utf-8"
        )
    return int(options.check and any(check.holds is False for check in made))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--notes", type=int, default=1_000, help="notes of a corpus for the fast contenders")
    parser.add_argument("--slow-notes", type=int, default=100, help="notes of a corpus for stock medspaCy")
    parser.add_argument("--clinic", type=Path, default=_SHARED / "corpora" / "clinic-notes.jsonl")
    parser.add_argument("--charts", type=Path, default=_SHARED / "charts" / "dev")
    parser.add_argument("--edsnlp", type=Path, help="Python with EDS-NLP; left out without it")
    parser.add_argument(
        "--only", action="append", help="contender to run, by the beginning of its name (repeatable)"
    )
    parser.add_argument("--price", type=float, default=0.05, help="assumed price of a core hour")
    parser.add_argument("--work", type=Path, default=_CHECKOUT / "build" / "bench")
    parser.add_argument("--docs", type=Path, help="document with marks to write the tables into")
    parser.add_argument("--check", action="store_true", help="fail when something that must hold does not")
    return parser.parse_args(arguments)


def _write_corpora(options: argparse.Namespace, out: Path) -> dict[str, int]:
    """Write the corpora; return how many notes of each slow contenders read."""
    bundled = _CHECKOUT / "annotations" / "charts"
    charts = read_charts(options.charts if options.charts.is_dir() else bundled)
    clinic = read_rows(options.clinic) if options.clinic.is_file() else read_charts(bundled)
    rows = {
        "clinic": repeat(clinic, options.notes),
        # Cheap for all but one: ten times as many, so that the clock has something to measure.
        "plain": list(plain_notes(10 * options.notes)),
        "dense": charts if options.notes >= len(charts) else charts[: options.notes],
    }
    for name, some in rows.items():
        write_rows(out / f"{name}.jsonl", some)
    return {name: min(len(some), options.slow_notes) for name, some in rows.items()}


def _contenders(options: argparse.Namespace) -> list[tuple[str, list[str], bool]]:
    """Return name, command, and whether it reads only a part, of each contender; chartsift as it is used first."""
    found = []
    for number, mode in enumerate(modes()):
        name = "chartsift" if number == 0 else f"chartsift, {mode}"
        found.append((name, [sys.executable, str(_HERE / "contend_chartsift.py"), "--mode", mode], False))
    found.append(("medspaCy", [sys.executable, str(_HERE / "contend_medspacy.py")], True))
    if options.edsnlp:
        found.append(("EDS-NLP", [str(options.edsnlp), str(_HERE / "contend_edsnlp.py")], False))
    wanted = options.only
    return [item for item in found if not wanted or item[0].startswith(tuple(wanted))]


def _start(command: list[str], notes: Path, vocabulary: Path, most: int) -> subprocess.Popen[str]:
    # One thread each: a process is the unit of comparison.
    env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    return subprocess.Popen(
        [
            *command,
            str(notes),
            "--vocabulary",
            str(vocabulary),
            "--most",
            str(most),
            "--started",
            str(time.time()),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )


def _run(command: list[str], notes: Path, vocabulary: Path, most: int) -> dict[str, Any]:
    return _finish(_start(command, notes, vocabulary, most))


def _finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        said, errors = process.communicate(timeout=_SECONDS)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"a contender failed: {errors[-2000:]}")
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer


def _scaling(command: list[str], out: Path, repeats: int) -> float:
    """Return how much faster two processes on half of the notes each are than one on all: medians of repeats."""
    rows = read_rows(out / "clinic.jsonl")
    ratios = []
    with tempfile.TemporaryDirectory(dir=out) as folder, ExitStack():
        halves = [
            write_rows(Path(folder) / f"half-{n}.jsonl", rows[n * len(rows) // 2 : (n + 1) * len(rows) // 2])
            for n in range(2)
        ]
        for _ in range(repeats):
            one = _run(command, out / "clinic.jsonl", out / "vocabulary.json", 0)["wall_seconds"]
            both = [_start(command, half, out / "vocabulary.json", 0) for half in halves]
            two = max(_finish(process)["wall_seconds"] for process in both)
            ratios.append(one / two)
    return sorted(ratios)[len(ratios) // 2]


def _about(options: argparse.Namespace, answers: dict[tuple[str, str], list[dict[str, Any]]]) -> str:
    versions: dict[str, str] = {}
    for got in answers.values():
        versions |= {k: v for k, v in got[0]["versions"].items() if k not in ("python", "spacy")}
    names = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    load = os.getloadavg()[0]
    return (
        f"Medians of {options.repeats} interleaved repeats, one thread each, by processor time; {names}; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores ({platform.machine()}), "
        f"load of the machine at the end {load:.1f}."
    )


if __name__ == "__main__":
    sys.exit(main())
