"""``chartsift annotations``: check annotated charts, measure against them, compare two annotators."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chartsift.api import cli_exchange
from chartsift.api.cli_common import Json, Trial, print_json, say, start

if TYPE_CHECKING:
    from chartsift.annotations.score import ResultRows

app = typer.Typer(
    help="Check annotated charts, measure against them, compare two annotators, exchange with annotation tools.",
    no_args_is_help=True,
)

cli_exchange.add_to(app)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Chart files, or folders of them.")],
    as_json: Json = False,
) -> None:
    """Check annotated charts against the guidelines' format; the exit status is 3 if there is a problem."""
    start()
    from chartsift.annotations.charts import chart_files
    from chartsift.annotations.check import check_charts
    from chartsift.nlp.errors import InputError

    charts = len(chart_files(paths))
    problems = check_charts(paths)
    if as_json:
        print_json({"charts": charts, "problems": problems})
    else:
        for problem in problems:
            print(problem)
        print(f"{charts} charts, {len(problems)} problems")
    if problems:
        raise typer.Exit(InputError.exit_status)


@app.command()
def score(
    charts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CHARTS", help="Annotated charts: files, or folders of them."),
    ] = None,
    context: Annotated[
        Path | None,
        typer.Option(
            "--context",
            metavar="FILE",
            help="Instead of charts: sentences with a marked condition (JSON lines); measures negation, history, "
            "hypothesis and experiencer beside stock medspaCy.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="DIR",
            help="A folder of results for these charts; default: screen them.",
        ),
    ] = None,
    trial: Trial = "reset-myositis",
    errors: Annotated[bool, typer.Option("--errors", help="List every miss.")] = False,
    as_json: Json = False,
) -> None:
    """Measure verdicts and findings against annotated charts: accuracy, sensitivity, precision and recall."""
    start()
    if (context is None) == (not charts):
        raise typer.BadParameter("give either CHARTS or --context FILE", param_hint="CHARTS")
    if context is not None:
        _score_context(context, errors=errors, as_json=as_json)
        return
    charts = charts or []
    from chartsift.annotations.charts import load_charts
    from chartsift.annotations.score import ResultRows
    from chartsift.annotations.score import score as score_charts

    loaded = [chart for path in charts for chart in load_charts(path)]
    rows = ResultRows.read(run) if run is not None else _screen_charts(charts, trial)
    result = score_charts(loaded, rows)
    if as_json:
        print_json(result.to_dict() | ({"errors": result.errors} if errors else {}))
        return
    print(result.render())
    if errors:
        for line in result.errors:
            print(line)


@app.command()
def agreement(
    first: Annotated[Path, typer.Argument(metavar="A", help="Charts as one annotator has them.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The same charts as another has them.")],
    as_json: Json = False,
) -> None:
    """Compare two annotators of the same charts: Cohen's kappa per criterion and agreement of spans."""
    start()
    from chartsift.annotations.agreement import agreement as compare
    from chartsift.annotations.charts import load_charts

    result = compare(load_charts(first), load_charts(second))
    if as_json:
        print_json(result.to_dict())
    else:
        print(result.render())


def _score_context(path: Path, *, errors: bool, as_json: bool) -> None:
    """Print how well the context of given mentions is read; sentences only with *errors*."""
    from chartsift.annotations.context_rows import read_context_rows
    from chartsift.annotations.context_score import score_context

    result = score_context(read_context_rows(path))
    if as_json:
        print_json(result.to_dict() | ({"errors": result.errors} if errors else {}))
        return
    print(result.render())
    if errors:
        print()
        for line in result.errors:
            print(line)


def _screen_charts(charts: list[Path], trial_name: str) -> ResultRows:
    """Screen the charts themselves into a folder that is thrown away, and return the rows."""
    from chartsift.annotations.charts import chart_files
    from chartsift.annotations.score import ResultRows
    from chartsift.api.cli_progress import show_progress
    from chartsift.nlp.criteria import load_trial
    from chartsift.nlp.pipeline import build_pipeline
    from chartsift.nlp.screening.run import RunConfig, run_screening

    with (
        tempfile.TemporaryDirectory(prefix="chartsift-") as folder,
        show_progress(is_quiet=False) as on_progress,
    ):
        results = run_screening(
            RunConfig(tuple(chart_files(charts)), Path(folder)),
            trial=load_trial(trial_name),
            make_pipeline=build_pipeline,
            on_progress=on_progress,
        )
        for row in results.errors(most=20):
            say(f"{row['source']}: {row['code']}: {row['message']}")
        return ResultRows.read(Path(folder))
