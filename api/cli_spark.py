"""``chartsift screen --engine spark``: what the command line says to Apache Spark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chartsift.nlp.errors import ScreeningError

if TYPE_CHECKING:
    from chartsift.nlp.criteria.schema import TrialFile as Trial
    from chartsift.nlp.screening.results import RunResults
    from chartsift.nlp.screening.run import Progress, RunConfig

Engine = Annotated[
    Literal["local", "spark"],
    typer.Option(
        "--engine", help="Where to run: processes of this machine, or Apache Spark (docs/spark.md)."
    ),
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="Spark: the cluster, such as spark://host:7077; default: that of spark-submit, else this machine.",
    ),
]
SparkConf = Annotated[
    list[str] | None,
    typer.Option("--spark-conf", metavar="KEY=VALUE", help="Spark: a further setting (repeatable)."),
]
Folders = Annotated[
    bool,
    typer.Option(
        "--table-folders", help="Spark: also leave each table as a folder of Parquet files, in DIR/tables."
    ),
]


@dataclass(frozen=True, slots=True)
class OnSpark:
    """The options of the engine: master, settings, and whether to leave tables as folders."""

    master: str | None
    conf: dict[str, str]
    folders: bool


def check_options(
    engine: str, master: str | None, conf: Sequence[str] | None, folders: bool
) -> OnSpark | None:
    """Return the options for Spark, None for another engine; raises BadParameter for what does not go together."""
    if engine != "spark":
        if master or conf or folders:
            raise typer.BadParameter(
                "is only for --engine spark", param_hint="--master/--spark-conf/--table-folders"
            )
        return None
    settings = {}
    for line in conf or ():
        key, equals, value = line.partition("=")
        if not equals or not key.startswith("spark."):
            raise typer.BadParameter(f"{line!r} is not spark.KEY=VALUE", param_hint="--spark-conf")
        settings[key] = value
    return OnSpark(master, settings, folders)


def screen_on_spark(
    config: RunConfig, trial: Trial, options: OnSpark, *, on_progress: Callable[[Progress], None]
) -> RunResults:
    """Screen on Spark; raises ScreeningError (SC440) where it is not installed."""
    try:
        from chartsift.nlp.screening.spark import SparkConfig, run_spark_screening
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] not in ("pyspark", "py4j", "pandas"):
            raise
        raise ScreeningError(
            "SC440", "Spark is not installed", hint="pip install 'chartsift[spark]'"
        ) from exc
    from chartsift.nlp.pipeline import build_pipeline

    return run_spark_screening(
        config,
        trial=trial,
        make_pipeline=build_pipeline,
        on_progress=on_progress,
        spark=SparkConfig(options.master, options.conf, options.folders),
    )
