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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_models import models_to_cost
from contend_chartsift import MODEL_KINDS, MODES, SCAN_MODE
from corpora import plain_notes, read_charts, read_rows, repeat, write_rows
from export import write_vocabulary
from figures import (
    CORPORA,
    DEFAULT,
    EDSNLP,
    MEDSPACY,
    SCAN,
    WAYS,
    Besides,
    checks,
    cost_share,
    faults,
    line_of,
    put_between_marks,
    render,
    with_model,
)

Answer = dict[str, Any]

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[1]
_SHARED = _CHECKOUT.parent / "shared"
# Longest that one process may take; stock medspaCy needs minutes for a round of clinic notes on a busy machine.
_SECONDS = 3_600
# Plain notes for each one of another corpus, for those that read thousands a second: the clock has something to measure.
_PLAIN_TIMES = 10
# Scalings are measured so often at least: each is of two moments, by the clock on the wall.
_LEAST_SCALINGS = 3


@dataclass(frozen=True, slots=True)
class Contender:
    """A process that reads notes; ``pace`` says of how many: "fast", "middling" or "slow"."""

    name: str
    command: tuple[str, ...]
    pace: str = "fast"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = _parse(arguments)
    out: Path = options.work
    out.mkdir(parents=True, exist_ok=True)
    most = _write_corpora(options, out)
    write_vocabulary(out / "vocabulary.json")
    models = models_to_cost(out / "models")
    contenders = _contenders(options, models)
    answers = _answers(contenders, out, most, options.repeats)
    lines = [line_of(name, corpus, got) for (name, corpus), got in answers.items()]
    wrong = faults(lines)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    besides = Besides(
        **_scaling(contenders[0], out, max(options.repeats, _LEAST_SCALINGS)),
        starts=_starts(out, options.repeats),
        costs=_costs(
            {k: v for k, v in models.items() if with_model(k) in {c.name for c in contenders}}, out, options
        ),
    )
    made = checks(lines, besides)
    figures = render(lines, made, besides, price=options.price, about=_about(options, answers))
    print(f"\n{figures}")
    left_out = missing([one.name for one in contenders])
    if options.docs and left_out:
        print(f"{options.docs.name} is left as it is: without {', '.join(left_out)} the tables are not whole")
    elif options.docs:
        document: Path = options.docs
        document.write_text(
            put_between_marks(document.read_text(encoding="utf-8"), figures), encoding="utf-8"
        )
    return int(options.check and any(check.fails for check in made))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--notes", type=int, default=1_000, help="notes of a corpus for the fast contenders")
    parser.add_argument("--slow-notes", type=int, default=100, help="notes of a corpus for stock medspaCy")
    parser.add_argument("--clinic", type=Path, default=_SHARED / "corpora" / "clinic-notes.jsonl")
    parser.add_argument("--charts", type=Path, default=_SHARED / "charts" / "dev")
    parser.add_argument("--edsnlp", type=Path, help="Python with EDS-NLP; left out without it")
    parser.add_argument(
        "--only",
        action="append",
        help="contender to run beside chartsift, by the beginning of its name (repeatable)",
    )
    parser.add_argument("--price", type=float, default=0.05, help="assumed price of a core hour")
    parser.add_argument("--work", type=Path, default=_CHECKOUT / "build" / "bench")
    parser.add_argument("--docs", type=Path, help="document with marks to write the tables into")
    parser.add_argument("--check", action="store_true", help="fail when something that must hold does not")
    return parser.parse_args(arguments)


def _write_corpora(options: argparse.Namespace, out: Path) -> dict[tuple[str, str], int]:
    """Write the corpora; return how many notes of each a contender of each pace reads, 0 for all."""
    bundled = _CHECKOUT / "annotations" / "charts"
    charts = read_charts(options.charts if options.charts.is_dir() else bundled)
    clinic = read_rows(options.clinic) if options.clinic.is_file() else read_charts(bundled)
    rows = {
        "clinic": repeat(clinic, options.notes),
        "plain": list(plain_notes(_PLAIN_TIMES * options.notes)),
        "dense": charts if options.notes >= len(charts) else charts[: options.notes],
    }
    most: dict[tuple[str, str], int] = defaultdict(int)
    for name, some in rows.items():
        write_rows(out / f"{name}.jsonl", some)
        most[name, "slow"] = min(len(some), options.slow_notes)
    # Whole rounds, so that everybody reads notes of the same mixture.
    most["clinic", "slow"] = max(1, options.slow_notes // len(clinic)) * len(clinic)
    most["plain", "middling"] = options.notes
    return most


def _contenders(options: argparse.Namespace, models: dict[str, Path]) -> list[Contender]:
    """Return the contenders; chartsift as it is used first."""
    script = (sys.executable, str(_HERE / "contend_chartsift.py"))
    found = [
        Contender(name, (*script, "--mode", mode), "middling" if mode == "whole" else "fast")
        for name, mode in zip(WAYS, MODES, strict=True)
    ]
    found += [Contender(with_model(kind), (*script, "--model", str(path))) for kind, path in models.items()]
    found.append(Contender(SCAN, (*script, "--mode", SCAN_MODE)))
    found.append(Contender(MEDSPACY, (sys.executable, str(_HERE / "contend_medspacy.py")), "slow"))
    if options.edsnlp:
        found.append(Contender(EDSNLP, (str(options.edsnlp), str(_HERE / "contend_edsnlp.py")), "middling"))
    wanted = tuple(options.only or ("",))
    return [one for one in found if one.name == DEFAULT or one.name.startswith(wanted)]


def missing(names: Sequence[str]) -> list[str]:
    """Return the contenders of the tables in the docs that are not among *names*."""
    whole = (*WAYS, *map(with_model, MODEL_KINDS), SCAN, MEDSPACY, EDSNLP)
    return [name for name in whole if name not in names]


def _answers(
    contenders: Sequence[Contender], out: Path, most: dict[tuple[str, str], int], repeats: int
) -> dict[tuple[str, str], list[Answer]]:
    """Return what each contender answered on each corpus, a repeat after the other."""
    answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for number in range(1, repeats + 1):
        for corpus in CORPORA:
            for one in contenders:
                answer = _finish(_start(one.command, out / f"{corpus}.jsonl", out, most[corpus, one.pace]))
                answers[one.name, corpus].append(answer)
                rate = answer["notes"] / answer["seconds"]
                print(f"{number}/{repeats} {corpus:<7} {one.name:<28} {rate:>10,.1f} notes/s", flush=True)
    return answers


def _environment() -> dict[str, str]:
    # One thread each: a process is the unit of comparison.
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


def _start(command: Sequence[str], notes: Path, out: Path, most: int = 0) -> subprocess.Popen[str]:
    arguments = [str(notes), "--vocabulary", str(out / "vocabulary.json"), "--most", str(most)]
    return subprocess.Popen(
        [*command, *arguments, "--started", str(time.time())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    )


def _finish(process: subprocess.Popen[str]) -> Answer:
    try:
        said, errors = process.communicate(timeout=_SECONDS)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"a contender failed: {errors[-2000:]}")
    answer: Answer = json.loads(said.splitlines()[-1])
    return answer


def _scaling(contender: Contender, out: Path, repeats: int) -> dict[str, list[float]]:
    """
    Return how much faster two processes on half of the notes each are than one on all; nothing on a single core.

    Of chartsift and, in the same minutes, of a loop in plain Python: about what the machine gives two processes.
    """
    ratios: dict[str, list[float]] = {"scaling": [], "most_scaling": []}
    if (os.cpu_count() or 1) < 2:
        return ratios
    commands = {
        "scaling": contender.command,
        "most_scaling": (sys.executable, str(_HERE / "contend_loop.py")),
    }
    rows = read_rows(out / "clinic.jsonl")
    with tempfile.TemporaryDirectory(dir=out) as folder:
        halves = [
            write_rows(Path(folder) / f"half-{n}.jsonl", rows[n * len(rows) // 2 : (n + 1) * len(rows) // 2])
            for n in range(2)
        ]
        for number in range(1, repeats + 1):
            for name, command in commands.items():
                one = _finish(_start(command, out / "clinic.jsonl", out))["wall_seconds"]
                both = [_start(command, half, out) for half in halves]
                two = max(_finish(process)["wall_seconds"] for process in both)
                ratios[name].append(one / two)
            told = ", ".join(f"{name} {got[-1]:.2f} x" for name, got in ratios.items())
            print(f"{number}/{repeats} two processes: {told}", flush=True)
    return ratios


def _starts(out: Path, repeats: int) -> list[float]:
    """Return the seconds that a reader of one note waits for the files, by the clock on the wall."""
    chartsift = Path(sys.executable).with_name("chartsift")
    note = write_rows(out / "one.jsonl", read_charts(_CHECKOUT / "annotations" / "charts")[:1])
    seconds = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir=out) as folder:
            began = time.perf_counter()
            command = [str(chartsift), "screen", str(note), "--out", folder, "--workers", "1", "--quiet"]
            subprocess.run(command, check=True, capture_output=True, env=_environment(), timeout=_SECONDS)
            seconds.append(time.perf_counter() - began)
    return seconds


def _costs(
    models: dict[str, Path], out: Path, options: argparse.Namespace
) -> dict[str, dict[str, list[float]]]:
    """Return the share of processor time that each model takes on top, by corpus, a repeat after the other."""
    paths = [str(out / f"{corpus}.jsonl") for corpus in CORPORA]
    costs: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in CORPORA} for kind in models}
    for _ in range(options.repeats):
        for kind, folder in models.items():
            command = [sys.executable, str(_HERE / "model_cost.py"), str(folder), *paths]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
            )
            for corpus, answer in _finish(process).items():
                costs[kind][corpus].append(cost_share(kind, answer))
    return costs


def _about(options: argparse.Namespace, answers: dict[tuple[str, str], list[Answer]]) -> str:
    versions: dict[str, str] = {}
    for got in answers.values():
        versions |= {k: v for k, v in got[0]["versions"].items() if k not in ("python", "spacy")}
    names = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    load = os.getloadavg()[0]
    return (
        f"Medians of {options.repeats} interleaved repeats, one thread each, by processor time; ratios are medians of the "
        f"ratios within a repeat; {names}; Python {platform.python_version()}, {os.cpu_count()} cores "
        f"({platform.machine()}), load of the machine at the end {load:.1f}."
    )


if __name__ == "__main__":
    sys.exit(main())
