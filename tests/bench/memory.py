"""
Memory against the number of notes: ``chartsift screen`` over made plain notes, a thousand, ten thousand, and so on.

``make bench-memory`` runs it. A run is the command itself with its worker processes; the peak of each process is what
the operating system says of it. What must hold: the parent's does not grow with the notes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contender import peak_mb
from corpora import Row, plain_notes
from figures import put_between_marks

BEGIN, END = "<!-- memory: begin (make bench-memory) -->", "<!-- memory: end -->"
#: The parent's peak over the largest number of notes may be so many times that over the smallest.
FLAT = 1.25
#: Megabytes that a worker may take at most.
WORKER_LIMIT = 700

_CHECKOUT = Path(__file__).parents[2]
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how many notes, how long by the clock on the wall, and the peaks in MB."""

    notes: int
    seconds: float
    parent_mb: float
    worker_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command for each number of notes; return 1 where the parent grows or a worker is too large."""
    parser = argparse.ArgumentParser(prog="make bench-memory")
    parser.add_argument("--notes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--candidates", action="store_true", help="screen with --candidates")
    parser.add_argument("--work", type=Path, default=_CHECKOUT / "build" / "bench")
    parser.add_argument("--docs", type=Path, help="document with marks to write the table into")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    extra = ["--candidates"] if options.candidates else []
    runs = []
    for notes in sorted(options.notes):
        runs.append(measure(notes, options.workers, options.work, extra))
        print(table(runs[-1:]).splitlines()[-1], flush=True)
    text = f"{table(runs)}\n\n{verdict(runs)}\n"
    print(f"\n{text}")
    if options.docs:
        document: Path = options.docs
        made = put_between_marks(document.read_text(encoding="utf-8"), text, begin=BEGIN, end=END)
        document.write_text(made, encoding="utf-8")
    return int(not holds(runs))


def measure(notes: int, workers: int, work: Path, extra: Sequence[str] = ()) -> Run:
    """
    Screen so many plain notes with the command as a user would, and watch its processes.

    Raises:
        RuntimeError: the run failed, or did not read every note.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        source, out = Path(folder) / "notes.jsonl", Path(folder) / "out"
        _write(source, plain_notes(notes))
        chartsift = str(Path(sys.executable).with_name("chartsift"))
        command = [
            chartsift,
            "screen",
            str(source),
            "--out",
            str(out),
            "--workers",
            str(workers),
            "--quiet",
            *extra,
        ]
        said = Path(folder) / "stderr"
        began = time.perf_counter()
        parent_mb = worker_mb = 0.0
        with (
            said.open("w", encoding="utf-8") as errors,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors) as process,
        ):
            while process.poll() is None:
                # The system keeps the peak, so that the last look before the end tells it.
                parent_mb = max(parent_mb, _peak(process.pid))
                worker_mb = max([worker_mb, *map(_peak, _children(process.pid))])
                time.sleep(_POLL_SECONDS)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"chartsift screen failed: {said.read_text(encoding='utf-8')[-2000:]}")
        manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
        counted = manifest["counts"]["notes_evaluated"]
        if counted != notes:
            raise RuntimeError(f"{counted} of {notes} notes were read")
        if not parent_mb or (workers and not worker_mb):
            raise RuntimeError("the run ended before its memory could be looked at")
    return Run(notes, seconds, parent_mb, worker_mb)


def holds(runs: Sequence[Run]) -> bool:
    """Tell whether the parent's peak is flat and no worker too large."""
    return growth(runs) <= FLAT and max(run.worker_mb for run in runs) <= WORKER_LIMIT


def growth(runs: Sequence[Run]) -> float:
    """Return the parent's peak over the most notes as times that over the fewest."""
    by_notes = sorted(runs, key=lambda run: run.notes)
    return by_notes[-1].parent_mb / by_notes[0].parent_mb


def table(runs: Sequence[Run]) -> str:
    """Return the runs in Markdown."""
    out = ["| notes | seconds | peak of the parent | peak of a worker |", "|---|---|---|---|"]
    out += [
        f"| {run.notes:,} | {run.seconds:.1f} | {run.parent_mb:.0f} MB | {run.worker_mb:.0f} MB |"
        for run in runs
    ]
    return "\n".join(out)


def verdict(runs: Sequence[Run]) -> str:
    """Return what the runs say, in one line."""
    word = "holds" if holds(runs) else "**does not hold**"
    return (
        f"The parent's peak over the most notes is {growth(runs):.2f} times that over the fewest (≤ {FLAT}), the largest "
        f"worker {max(run.worker_mb for run in runs):.0f} MB (≤ {WORKER_LIMIT}): {word}."
    )


def _write(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def _peak(pid: int) -> float:
    try:
        return peak_mb(pid)
    except OSError:
        return 0.0  # it has ended, or is ending and has no memory any more


def _children(pid: int) -> list[int]:
    try:
        said = [path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []  # it has ended
    return [int(one) for text in said for one in text.split()]


if __name__ == "__main__":
    sys.exit(main())
