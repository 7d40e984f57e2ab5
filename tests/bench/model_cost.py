"""
What a model in use costs: the same patients with it and without it, in one process and by turns.

Two processes a minute apart differ by more than a model costs; here a slow moment of the machine strikes both. Prints one
JSON line: processor seconds by corpus, with and without.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from contend_chartsift import MODES, Screen, cases_of, counts_of, screener
from contender import rows_of

from chartsift.nlp.screening.store import PatientCase

_NAMES = ("with", "without")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one model on some corpora."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path, help="artefact")
    parser.add_argument("corpora", type=Path, nargs="+", help="notes, as corpora.py writes them")
    options = parser.parse_args(arguments)
    screens = {"with": screener(MODES[0], options.model), "without": screener(MODES[0])}
    # Pipelines are there to stay; looking for garbage among them would be charged to whoever comes by.
    gc.freeze()
    answer = {path.stem: measure(list(cases_of(rows_of(path))), screens) for path in options.corpora}
    print(json.dumps(answer))


def measure(cases: Sequence[PatientCase], screens: dict[str, Screen]) -> dict[str, dict[str, float]]:
    """
    Return seconds and counts, with and without, after a first patient each to warm up.

    Who goes first changes from patient to patient: the second finds words and caches warm.
    """
    for screen in screens.values():
        screen(cases[0])
    seconds = dict.fromkeys(_NAMES, 0.0)
    counts: dict[str, Counter[str]] = {name: Counter() for name in _NAMES}
    for number, case in enumerate(cases):
        for name in _NAMES if number % 2 else reversed(_NAMES):
            began = time.process_time()
            part = screens[name](case)
            seconds[name] += time.process_time() - began
            counts[name].update(counts_of(part))
    return {"seconds": seconds, **{f"counts_{name}": dict(counts[name]) for name in _NAMES}}


if __name__ == "__main__":
    main()
