"""Start a run on Spark as a program of its own: ``python spark_run.py MASTER OUT SECONDS [--option value…] INPUT…``."""

from __future__ import annotations

import argparse
import pkgutil
from functools import partial
from pathlib import Path

from support.fake_pipeline import FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import ChartsiftError
from chartsift.nlp.screening.run import RunConfig
from chartsift.nlp.screening.spark import SparkConfig, run_spark_screening


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("master")
    parser.add_argument("out", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("inputs", type=Path, nargs="+")
    parser.add_argument("--patients", type=Path)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--conf", action="append", default=[])
    parser.add_argument("--make", help="package.module:function; by default a FakePipeline")
    parser.add_argument("--note-seconds", type=float, default=10.0)
    parser.add_argument("--candidates", action="store_true")
    parser.add_argument("--no-folders", action="store_true")
    options = parser.parse_args()
    make = (
        pkgutil.resolve_name(options.make)
        if options.make
        else partial(FakePipeline, seconds_per_note=options.seconds)
    )
    try:
        run_spark_screening(
            RunConfig(
                tuple(options.inputs),
                options.out,
                patients=options.patients,
                sample=options.sample,
                seed=options.seed,
                jsonl=True,
                note_seconds=options.note_seconds,
                candidates=options.candidates,
            ),
            trial=load_trial("reset-myositis"),
            make_pipeline=make,
            spark=SparkConfig(
                options.master,
                dict(line.split("=", 1) for line in options.conf),
                folders=not options.no_folders,
            ),
        )
    except ChartsiftError as exc:
        raise SystemExit(f"{exc.code} {exc.message}") from None


if __name__ == "__main__":
    main()
