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
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
#: Reads rows of whole patients; returns counts by name ("matches" at least).
Read = Callable[[list[Row]], dict[str, int]]

# Linux counts in kilobytes.
_KB = 1024


def main(build: Callable[[argparse.Namespace], Read], versions: Callable[[], dict[str, str]]) -> None:
    """Run the process of one contender."""
    parser = argparse.ArgumentParser()
    parser.add_argument("notes", type=Path)
    parser.add_argument("--vocabulary", type=Path, help="what export.py wrote")
    parser.add_argument("--mode", default="")
    parser.add_argument("--most", type=int, default=0, help="read only the first so many notes")
    parser.add_argument(
        "--started", type=float, required=True, help="time.time() when the process was started"
    )
    options = parser.parse_args()
    with options.notes.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
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
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KB / 1e6,
        "counts": counts,
        "versions": {"python": sys.version.split()[0], **versions()},
    }
    print(json.dumps(answer))
