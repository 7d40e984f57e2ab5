"""``chartsift model``: train, measure, verify, put into use and take out of use what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chartsift.api.cli_common import Json, Trial, print_json, say, start

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart
    from chartsift.models.readings import PatientReading
    from chartsift.nlp.learned import ModelUse

app = typer.Typer(
    help="Train, measure and put into use what is learned: confidence, ranking, assertion, note relevance.",
    no_args_is_help=True,
)

Kind = Annotated[str, typer.Argument(metavar="KIND", help="confidence, ranking, assertion or relevance.")]
Charts = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="CHARTS...", help="Annotated charts: files, or folders of them.", show_default=False
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--models", metavar="DIR", help="Folder of models; default: the setting CHARTSIFT_MODELS."),
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; written into the journal.")]
Context = Annotated[
    Path | None,
    typer.Option("--context", metavar="FILE", help="Sentences with a marked condition (assertion only)."),
]


@app.command("list")
def list_models(models: Folder = None, as_json: Json = False) -> None:
    """List the artefacts of the folder of models and the bundled ones, and which are in use."""
    start()
    from chartsift.models.errors import ModelError
    from chartsift.models.registry import artefacts
    from chartsift.models.store import verify

    folder = _folder_or_none(models)
    used = {Path(use.folder).name for use in _in_use(folder).values()}
    rows = []
    for path in artefacts(folder):
        try:
            state, manifest = "sound", verify(path)
        except ModelError as exc:
            state, manifest = exc.code, {}
        rows.append(
            {
                "model": path.name,
                "state": state,
                "in_use": path.name in used,
                "patients": manifest.get("trained_on", {}).get("patients"),
                "folder": str(path),
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['model']:<28}{row['state']:<8}{'in use' if row['in_use'] else '':<8}{row['folder']}")


@app.command()
def readings(
    charts: Annotated[list[Path], typer.Argument(metavar="CHARTS...", help="Adjudicated charts.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Table to write (JSON lines).")],
    trial: Trial = "reset-myositis",
) -> None:
    """
    Write down what the rules make of adjudicated charts, without note text: what confidence and ranking learn from.

    Take it before a rule is changed because of these charts; afterwards the rules are right on them, which says
    nothing of the next chart.
    """
    start()
    from chartsift.models.readings import write_readings

    taken, reader = _take(_load(charts), trial)
    write_readings(taken, out, reader=reader)
    print(f"{len(taken)} patients, {sum(len(one.verdicts) for one in taken)} verdicts: {out}")


@app.command()
def train(
    *,
    kind: Kind,
    charts: Charts = None,
    tables: Annotated[
        list[Path] | None,
        typer.Option("--readings", metavar="FILE", help="Readings taken earlier (repeatable)."),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Leave the bundled readings out.")] = False,
    context: Context = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder of models; default: --models.")
    ] = None,
    trial: Trial = "reset-myositis",
    as_json: Json = False,
) -> None:
    """
    Train a model and write it as an artefact with its card; nothing is in use before 'model promote'.

    Confidence and ranking learn from readings of the rules (bundled, --readings, and CHARTS as they are read now),
    assertion and relevance from CHARTS.
    """
    start()
    from chartsift.models import training
    from chartsift.models.registry import models_folder
    from chartsift.models.store import verify

    into = models_folder(out)
    with _one_thread():
        if kind in ("confidence", "ranking"):
            data, source = _training_data(charts, tables, trial, alone=alone)
            make = training.make_confidence if kind == "confidence" else training.make_ranking
            folder = make(data, source, into)
        elif kind == "assertion":
            from chartsift.models.training_text import make_assertion

            folder = make_assertion(_load(charts or []), context, into)
        elif kind == "relevance":
            from chartsift.models.training_text import make_relevance

            folder = make_relevance(_load(charts or []), into)
        else:
            raise typer.BadParameter("confidence, ranking, assertion or relevance", param_hint="KIND")
    manifest = verify(folder)
    if as_json:
        print_json({"model": folder.name, "folder": str(folder), "figures": manifest["figures"]})
        return
    print((folder / "card.md").read_text(encoding="utf-8"))
    print(f"written: {folder}")


@app.command()
def evaluate(
    *,
    kind: Kind,
    charts: Charts = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME|DIR", help="Which; default: the one in use, else the bundled one."
        ),
    ] = None,
    tables: Annotated[
        list[Path] | None, typer.Option("--readings", metavar="FILE", help="Readings instead of charts.")
    ] = None,
    models: Folder = None,
    trial: Trial = "reset-myositis",
    as_json: Json = False,
) -> None:
    """
    Measure a model on charts it has not seen; without charts, show the figures of its training.

    Charts of the training data are left out and counted. Figures only: no words of a note, no name of a patient.
    """
    start()
    from chartsift.models.evaluation import evaluate_model, render_figures
    from chartsift.models.store import load

    artefact = load(_chosen(kind, model, models), kind=kind)
    if not charts and not tables:
        figures = dict(artefact.manifest["figures"])
    else:
        with _one_thread():
            figures = evaluate_model(
                artefact,
                charts=_load(charts or []),
                readings=_readings_of(charts, tables, trial) if kind in ("confidence", "ranking") else [],
            )
    if as_json:
        print_json({"model": artefact.name, **figures})
        return
    print(f"{'model':<44}{artefact.name}")
    print(render_figures(figures))


@app.command()
def verify(
    names: Annotated[list[str], typer.Argument(metavar="NAME|DIR...", help="Artefacts.")],
    models: Folder = None,
) -> None:
    """Check artefacts: digests, versions and types; the exit status is 10 if one is refused."""
    start()
    from chartsift.models.registry import find
    from chartsift.models.store import load

    for name in names:
        artefact = load(find(name, _folder_or_none(models)))
        print(f"{artefact.name}  sound  {artefact.digest}")


@app.command()
def promote(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME|DIR", help="The artefact.")],
    charts: Annotated[list[Path], typer.Argument(metavar="CHARTS...", help="Charts it was not trained on.")],
    by: By,
    models: Folder = None,
    trial: Trial = "reset-myositis",
    as_json: Json = False,
) -> None:
    """
    Put a model into use, if it is not worse than what is in use: on any exclusion's sensitivity above all.

    A model that changes findings (assertion) must have beaten the rules in the cross-validation of its training, too.
    The comparison runs on CHARTS; its figures, the person and the day go into the journal. A refusal is MO525, with
    every reason, and the exit status is 10.
    """
    start()
    from chartsift.models.errors import ModelError
    from chartsift.models.promotion import summary, try_out
    from chartsift.models.registry import find, models_folder
    from chartsift.models.registry import promote as put_into_use
    from chartsift.models.store import load
    from chartsift.nlp.criteria import load_trial

    folder = models_folder(models)
    artefact = load(find(name, folder))
    with _one_thread():
        outcome = try_out(
            artefact,
            _load(charts),
            _in_use(folder).get(artefact.kind),
            make_pipeline=_pipeline_with,
            trial=load_trial(trial),
        )
    if not as_json:
        print(summary(outcome))
    if outcome.reasons:
        raise ModelError(
            "MO525",
            f"{artefact.name} is not put into use: {'; '.join(outcome.reasons)}",
            hint="what is in use stays; train another model, or on more charts",
        )
    used = put_into_use(artefact.folder, folder, by=by, figures=outcome.figures)
    if as_json:
        print_json({"in_use": used, "figures": outcome.figures})
        return
    print(f"in use: {used} (set CHARTSIFT_MODELS={folder.absolute()} where notes are read)")


@app.command()
def rollback(kind: Kind, by: By, models: Folder = None) -> None:
    """Take the model of a kind out of use, for the one before it or the rules alone."""
    start()
    from chartsift.models.registry import models_folder, roll_back

    left = roll_back(kind, models_folder(models), by=by)
    print(f"in use: {left or 'the rules alone'}")


@app.command()
def history(models: Folder = None, as_json: Json = False) -> None:
    """Show who put which model into use and took it out, and check that the journal was not changed."""
    start()
    from chartsift.models.registry import history as entries_of
    from chartsift.models.registry import models_folder

    entries = entries_of(models_folder(models))
    if as_json:
        print_json(entries)
        return
    if not entries:
        say("nothing has been put into use from this folder")
    for entry in entries:
        print(f"{entry['when']}  {entry['action']:<9}{entry['model']:<28}{entry['by']}")


@app.command()
def drift(
    before: Annotated[
        Path, typer.Argument(metavar="RUN", help="The --out folder of a run that was looked at.")
    ],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="That of a newer run.")],
    charts: Annotated[
        list[Path] | None,
        typer.Option("--adjudicated", metavar="CHARTS", help="Adjudicated charts: how often they overrule."),
    ] = None,
    trial: Trial = "reset-myositis",
    as_json: Json = False,
) -> None:
    """Show how far the confidences and verdicts of a newer run have moved, and the share that reviewers overrule."""
    start()
    from chartsift.annotations.score import ResultRows
    from chartsift.models.drift import overrides, render_drift, score_drift, verdicts_of

    figures = score_drift(verdicts_of(ResultRows.read(before)), verdicts_of(ResultRows.read(after)))
    if charts:
        figures["overrides"] = overrides(_take(_load(charts), trial)[0])
    if as_json:
        print_json(figures)
        return
    print(render_drift(figures))


@app.command()
def rank(
    charts: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Notes, or annotated charts.")],
    model: Annotated[str | None, typer.Option("--model", metavar="NAME|DIR", help="Which.")] = None,
    patients: Annotated[
        Path | None, typer.Option("--patients", metavar="FILE", help="Table of patients.")
    ] = None,
    models: Folder = None,
    trial: Trial = "reset-myositis",
    as_json: Json = False,
) -> None:
    """Order patients for reading: by the probability of being eligible, and the one fact that would move it most."""
    start()
    from chartsift.models.rank_inputs import rank_inputs
    from chartsift.models.store import load
    from chartsift.nlp.criteria import load_trial

    artefact = load(_chosen("ranking", model, models), kind="ranking")
    ranks = rank_inputs(charts, artefact.estimator, _pipeline_with(()), load_trial(trial), patients=patients)
    if as_json:
        print_json([rank.__dict__ if hasattr(rank, "__dict__") else _as_dict(rank) for rank in ranks])
        return
    print(f"{'chance':<8}{'patient':<32}open criterion that would help most -> chance then")
    for one in ranks:
        hint = f"{one.open_criterion} -> {one.if_settled:.3f}" if one.open_criterion else ""
        print(f"{one.probability:<8.3f}{one.patient:<32}{hint}".rstrip())


@app.command()
def regressions(
    charts: Annotated[list[Path], typer.Argument(metavar="CHARTS...", help="Adjudicated charts.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Examples to write (JSON lines).")],
    seed: Annotated[
        str, typer.Option("--seed", metavar="WORD", help="Chooses the stand-ins and the shift of dates.")
    ] = "regressions",
) -> None:
    """
    Write the spans that reviewers overruled as regression examples, identifiers replaced and dates shifted.

    The replacement knows names after titles, numbers of records and phones, addresses and dates; it is a help and no
    proof. A person reads each example before it leaves the place where the notes lie.
    """
    start()
    from chartsift.models.reviews import regression_examples, write_examples

    examples = regression_examples(_load(charts), _pipeline_with(()), seed=seed)
    write_examples(examples, out)
    print(f"{len(examples)} examples: {out}")
    say("read each one before it is shared: replacing identifiers by rules is no proof")


def _training_data(
    charts: list[Path] | None, tables: list[Path] | None, trial: str, *, alone: bool
) -> tuple[list[PatientReading], str]:
    from chartsift.models.training import training_readings

    return training_readings(_readings_of(charts, tables, trial), alone=alone)


def _readings_of(charts: list[Path] | None, tables: list[Path] | None, trial: str) -> list[PatientReading]:
    """Return the readings of tables, and those of charts by the rules as they are now."""
    from chartsift.models.promotion import renamed
    from chartsift.models.readings import read_readings

    found: list[PatientReading] = []
    for number, table in enumerate(tables or (), start=1):
        found += renamed(read_readings(table), f"table{number}")
    if charts:
        found += renamed(_take(_load(charts), trial)[0], "charts")
    return found


def _take(charts: list[Chart], trial: str) -> tuple[list[PatientReading], str]:
    from chartsift.models.readings import take_readings
    from chartsift.nlp.criteria import load_trial

    pipeline = _pipeline_with(())
    return take_readings(charts, pipeline, load_trial(trial)), pipeline.fingerprint()


def _load(paths: list[Path]) -> list[Chart]:
    from chartsift.annotations.charts import load_charts

    return [chart for path in paths for chart in load_charts(path)]


def _pipeline_with(uses: tuple[ModelUse, ...]) -> Any:
    from chartsift.nlp.pipeline import PipelineConfig, build_pipeline

    return build_pipeline(PipelineConfig(models=uses))


def _folder_or_none(given: Path | None) -> Path | None:
    import os

    from chartsift.nlp.learned import SETTING

    return given or (Path(os.environ[SETTING]) if os.environ.get(SETTING) else None)


def _in_use(folder: Path | None) -> dict[str, ModelUse]:
    from chartsift.nlp.learned import in_use

    return in_use(folder) if folder else {}


def _chosen(kind: str, name: str | None, models: Path | None) -> Path:
    """Return the artefact that is named, else the one in use, else the bundled one of its kind."""
    from chartsift.models.errors import ModelError
    from chartsift.models.registry import artefacts, find

    folder = _folder_or_none(models)
    if name:
        return find(name, folder)
    used = _in_use(folder).get(kind)
    if used:
        return Path(used.folder)
    bundled = [path for path in artefacts(None) if path.name.startswith(f"{kind}-")]
    if not bundled:
        raise ModelError("MO511", f"no model of {kind}", hint="name one with --model, or train it")
    return bundled[-1]


def _one_thread() -> Any:
    """Hold the linear algebra to one thread: sums in another order would change the last digits of a figure."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _as_dict(rank: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(rank)
