"""
A loop in plain Python, for comparison: how much faster two processes than one can be on this machine at all.

It shares nothing and needs next to no memory, so that what two of them lack to twice the speed is the machine's: clock,
virtual processors, and whoever else computes there.
"""

from __future__ import annotations

import argparse
import platform

from contender import Read, Row, main

# For each note, so that a note takes about as long as chartsift needs for one of a clinic.
_TURNS = 100_000


def build(options: argparse.Namespace) -> Read:
    """Return what computes for so many notes, and reads none of them."""
    del options

    def read(rows: list[Row]) -> dict[str, int]:
        total = 0
        for _ in rows:
            for turn in range(_TURNS):
                total = (total + turn * turn) % 1_000_003
        return {"turns": len(rows) * _TURNS, "total": total}

    return read


if __name__ == "__main__":
    main(build, lambda: {"python": platform.python_version()})
