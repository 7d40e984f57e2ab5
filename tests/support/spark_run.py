"""Start a run on Spark as a program of its own: ``python spark_run.py MASTER OUT SECONDS [--option value…] INPUT…``."""

from __future__ import annotations

import argparse
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
    parser.add_argument("--no-folders", action="store_true")
    options = parser.parse_args()
    try:
        run_spark_screening(
            RunConfig(
                tuple(options.inputs),
                options.out,
                patients=options.patients,
                sample=options.sample,
                seed=options.seed,
                jsonl=True,
            ),
            trial=load_trial("reset-myositis"),
            make_pipeline=partial(FakePipeline, seconds_per_note=options.seconds),
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
