"""
What a contender's process does: build its reader, read the first note, then all of them against the clock.

Prints one JSON line. The clock runs while notes are read and turned into plain values; reading the file is outside.
Each contender is one thread, and its processor time is what counts: on a machine with other work the clock on the wall
measures the neighbours.
Standard library only, as it runs in two environments.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
#: Reads rows of whole patients; returns counts by name, which show that it did its work (``figures.work_of``).
Read = Callable[[list[Row]], dict[str, int]]

# Linux counts in kilobytes.
_KB = 1024
_PEAK = "VmHWM:"


def main(build: Callable[[argparse.Namespace], Read], versions: Callable[[], dict[str, str]]) -> None:
    """Run the process of one contender."""
    parser = argparse.ArgumentParser()
    parser.add_argument("notes", type=Path)
    parser.add_argument("--vocabulary", type=Path, help="what export.py wrote")
    parser.add_argument("--mode", default="")
    parser.add_argument("--model", type=Path, help="artefact of the model in use, where the mode has one")
    parser.add_argument("--most", type=int, default=0, help="read only the first so many notes")
    parser.add_argument(
        "--started", type=float, required=True, help="time.time() when the process was started"
    )
    options = parser.parse_args()
    rows = rows_of(options.notes)
    if options.most:
        rows = rows[: options.most]
    read = build(options)
    read(rows[:1])
    first_result = time.time() - options.started
    wall, processor = time.perf_counter(), time.process_time()
    counts = read(rows)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    answer = {
        "notes": len(rows),
        "bytes": sum(len(row["text"].encode("utf-8")) for row in rows),
        "seconds": processor,
        "wall_seconds": wall,
        "first_result_seconds": first_result,
        "peak_mb": peak_mb(),
        "counts": counts,
        "versions": {"python": sys.version.split()[0], **versions()},
    }
    print(json.dumps(answer))


def vocabulary_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the terms and cues that all contenders share."""
    vocabulary: dict[str, Any] = json.loads(options.vocabulary.read_text(encoding="utf-8"))
    return vocabulary


def read_with(nlp: Callable[[str], Any], marks: Sequence[str]) -> Read:
    """
    Return what reads notes one by one with a spaCy pipeline.

    Args:
        nlp: The pipeline.
        marks: Attributes of an entity that tell its context, negation first.
    """

    def read(rows: list[Row]) -> dict[str, int]:
        found = []
        tokens = 0
        for row in rows:
            doc = nlp(row["text"])
            tokens += len(doc)
            found += [
                (ent.start_char, ent.end_char, ent.label_, *(getattr(ent._, mark) for mark in marks))
                for ent in doc.ents
            ]
        return {"matches": len(found), "absent": sum(bool(ent[3]) for ent in found), "tokens": tokens}

    return read


def peak_mb(pid: int | str = "self") -> float:
    """
    Return the most memory that a process has held at once.

    Of the process's own memory: ``getrusage`` counts what its parent held when it was started as well.
    """
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(_PEAK):
            return int(line.split()[1]) * _KB / 1e6
    raise OSError(f"no {_PEAK} of process {pid}")


def rows_of(path: Path) -> list[Row]:
    """Return the notes of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
