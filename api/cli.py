"""
The command line ``chartsift``.

Data goes to stdout and everything else to stderr. The exit status tells the family of an error: 0 done, 1 a fault
of chartsift itself, 2 wrong usage, 3 input (IN…), 4 lexicon, trial or configuration (RU…), 5 the run (SC…),
6 the server (HT…), 7 access (AC…), 8 conflicts (CO…), 9 the database (ST…), 10 a learned model (MO…).

Importing this module is cheap, so that ``--help`` is instant: whatever is heavy is imported inside a command.
"""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from chartsift.api import cli_annotations, cli_model, cli_room, cli_rules
from chartsift.api.cli_common import (
    AsOf,
    Concepts,
    Json,
    Patients,
    ReadsFiles,
    Sample,
    Trial,
    WriteFormats,
    log_level,
    parse_day,
    print_json,
    say,
    set_log_level,
    start,
    use_inputs,
)
from chartsift.api.cli_screen import ScreenCommand, Stopped, default_workers, parse_memory, screen_inputs
from chartsift.api.cli_spark import Engine, Folders, Master, SparkConf, check_options
from chartsift.nlp.errors import ChartsiftError

app = typer.Typer(
    name="chartsift",
    help=(
        "Read clinical notes and say, criterion by criterion and with the words that decided it, "
        "whether a patient fits a trial."
    ),
    epilog="Start with: chartsift screen --sample --out out/sample",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.add_typer(cli_rules.trials, name="trial")
app.add_typer(cli_rules.lexicon, name="lexicon")
app.add_typer(cli_annotations.app, name="annotations")
app.add_typer(cli_room.users, name="user")
app.add_typer(cli_room.studies, name="study")
app.add_typer(cli_room.db, name="db")
app.add_typer(cli_room.audit, name="audit")
app.add_typer(cli_model.app, name="model")

_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status. An error is one line on stderr, without note text."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a stand-in instead of a failure half-way.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app(args=arguments, prog_name="chartsift")
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else 1
    except ChartsiftError as exc:
        say(f"error {exc.code}: {exc.message}")
        if exc.hint:
            say(f"  {exc.hint}")
        return exc.exit_status
    except Stopped as exc:
        say("stopped; what is done is kept, and the same command goes on from there")
        return exc.exit_status
    except KeyboardInterrupt:
        say("stopped")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is left to say.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for the exit of Python
        return 0
    except Exception as exc:  # the message of an unknown error may quote a note
        from chartsift.nlp.log import describe_exception

        say(f"internal error, please report: {describe_exception(exc)}")
        return 1
    return 0


def _print_version(value: bool) -> None:
    if value:
        print(f"chartsift {metadata.version('chartsift')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens to stderr (never note text).")
    ] = False,
) -> None:
    del version
    set_log_level("INFO" if verbose else "WARNING")


@app.command(cls=ScreenCommand)
def screen(
    *,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT...", help="Files, folders or zip archives of notes.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for the results; made if missing."),
    ] = None,
    patients: Patients = None,
    trial: Trial = "reset-myositis",
    as_of: AsOf = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write the tables as JSON lines, too.")] = False,
    sample: Sample = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="Screen only the first N patients.")
    ] = None,
    sample_size: Annotated[
        int | None,
        typer.Option(
            "--sample-size",
            min=1,
            metavar="N",
            help="Screen only N patients, drawn at random; also written --sample N.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="Draw another sample of N patients; default 0.")
    ] = None,
    candidates: Annotated[
        bool,
        typer.Option(
            "--candidates",
            help="Look for the trial's disease in the plain text first, and read in full only who shows a sign of it.",
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            metavar="N",
            envvar="CHARTSIFT_WORKERS",
            help="Processes that read notes; default: one a processor, as far as memory allows. "
            "0 reads in the main process, without protection from notes that crash or hang it.",
        ),
    ] = None,
    max_memory: Annotated[
        str,
        typer.Option(
            "--max-memory", metavar="SIZE", help="Replace a worker that holds more than this after a batch."
        ),
    ] = "550M",
    note_seconds: Annotated[
        float,
        typer.Option(
            "--note-seconds",
            min=0.1,
            metavar="S",
            help="Give up on a note after S seconds of processor time, and two minutes a million characters more.",
        ),
    ] = 10.0,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw away what an earlier run left in DIR and begin anew.")
    ] = False,
    write: WriteFormats = None,
    concepts: Concepts = None,
    engine: Engine = "local",
    master: Master = None,
    spark_conf: SparkConf = None,
    table_folders: Folders = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only where the files are.")] = False,
    as_json: Json = False,
) -> None:
    """
    Screen patients against a trial, from their notes.

    Writes findings, criteria, cohorts and errors as Parquet files, run.json and report.html into DIR, then prints
    patients and criteria with the words that decided. A note that cannot be read becomes a row of errors.parquet.
    A run that was stopped goes on when the same command is given again.
    """
    from chartsift.nlp.errors import InputError

    if out is None:
        raise typer.BadParameter("give the folder for the results", param_hint="--out")
    if write:
        from chartsift.nlp.screening.writers import check_names

        write = check_names(write)
    if limit is not None and sample_size is not None:
        raise typer.BadParameter("give either --limit or --sample-size, not both", param_hint="--limit")
    if seed is not None and sample_size is None:
        raise typer.BadParameter("give the size of the sample, too: --sample N", param_hint="--seed")
    memory = parse_memory(max_memory)
    on_spark = check_options(engine, master, spark_conf, table_folders)
    with use_inputs(inputs, sample=sample) as paths:
        from chartsift.nlp.screening.run import RunConfig

        config = RunConfig(
            inputs=tuple(paths),
            out=out,
            patients=patients,
            as_of=parse_day(as_of),
            jsonl=jsonl,
            limit=limit,
            sample=sample_size,
            seed=seed or 0,
            candidates=candidates,
            restart=restart,
            workers=default_workers(memory) if workers is None else workers,
            max_memory=memory,
            note_seconds=note_seconds,
            log_level=log_level(),
        )
        results = screen_inputs(config, trial, is_quiet=quiet or as_json, on_spark=on_spark)
    from chartsift.api.cli_export import document, export_after_screening, show_exports

    exports = export_after_screening(results, write or [], concepts=concepts)
    if as_json:
        files = {name: str(path) for name, path in results.files().items()}
        made = {"exports": [document(export) for export in exports]} if exports else {}
        print_json({"out": str(out), "files": files, **made, **results.manifest})
    else:
        from chartsift.api.cli_show import show_files, show_run, show_unread

        if not quiet:
            show_run(results)
        show_files(results)
        show_exports(exports)
        if not quiet:
            show_unread(results)
    if not results.manifest["counts"]["notes_read"]:
        raise InputError("IN127", "no note could be read", hint="errors.parquet says why, row by row")


@app.command(cls=ReadsFiles)
def extract(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file of notes, or any text file; - for standard input.")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only findings of this kind (repeatable)."),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option("--date", metavar="DATE", help="Date of a text that names none itself; default today."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")] = False,
) -> None:
    """Print what is found in the notes of one file, with exact offsets; nothing is written and no trial is decided."""
    from chartsift.api.cli_extract import extract_file

    start()
    extract_file(file, kinds=frozenset(kind or ()), day=parse_day(day, option="--date"), as_json=as_json)


@app.command(cls=ReadsFiles)
def explain(
    *,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT", help="Identifier of one patient.")],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR|INPUT...",
            help="The --out folder of a run, or files of notes, which are then screened for this patient.",
            show_default=False,
        ),
    ] = None,
    criterion: Annotated[
        str | None, typer.Option("--criterion", metavar="ID", help="Only this criterion, e.g. prior_car_t.")
    ] = None,
    patients: Patients = None,
    trial: Trial = "reset-myositis",
    as_of: AsOf = None,
    sample: Sample = False,
    as_json: Json = False,
) -> None:
    """
    Explain one patient: each criterion with its verdict, the evidence for and against, and what was set aside.

    With an --out folder the verdicts of that run are shown; with notes they are made anew and nothing is written.
    """
    from chartsift.api.cli_explain import explain_patient

    start()
    with use_inputs(sources, sample=sample) as paths:
        explain_patient(
            patient_id,
            paths,
            criterion_id=criterion,
            patients=patients,
            trial_name=trial,
            as_of=parse_day(as_of),
            as_json=as_json,
        )


@app.command()
def export(
    *,
    out: Annotated[Path, typer.Argument(metavar="DIR", help="The --out folder of a finished run.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="omop, fhir, redcap; several with commas. Without: list them.",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="Where the folder of each format goes; default: DIR itself."
        ),
    ] = None,
    concepts: Concepts = None,
    as_json: Json = False,
) -> None:
    """
    Write a finished run for another system: OMOP NOTE_NLP, FHIR R4, or a screening log for REDCap.

    Works from the files of the run alone; no note is read again. See docs/output.md.
    """
    from chartsift.api.cli_export import export_run

    start()
    export_run(out, formats or [], to=to, concepts=concepts, as_json=as_json)


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8000,
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote",
            help="Listen on an address that other machines reach; needs CHARTSIFT_PUBLIC_URL=https://…",
        ),
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Sample charts and accounts to try it; nothing is kept.")
    ] = False,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave uploads and fresh verdicts to 'chartsift worker'.")
    ] = False,
) -> None:
    """Serve the reviewer's room on this machine, until interrupted. Settings: chartsift config."""
    start()
    from chartsift.api.server import run_demo, run_server

    if demo:
        run_demo(host, port)
    else:
        run_server(host, port, allow_remote=allow_remote, with_worker=not no_worker)


@app.command()
def worker() -> None:
    """Work off uploads and fresh verdicts, until interrupted; several may run. 'serve' starts one by itself."""
    start()
    from chartsift.api.settings import settings_from
    from chartsift.api.worker import run_worker

    run_worker(settings_from())


@app.command()
def retention(
    days: Annotated[
        int | None,
        typer.Option(
            "--days", metavar="N", min=1, help="Days since signing; CHARTSIFT_RETENTION_DAYS without it."
        ),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Erase; without it only count.")] = False,
    as_json: Json = False,
) -> None:
    """Erase patients whose chart was signed more than N days ago, each with its proof in the audit trail."""
    cli_room.erase_closed(days, apply=apply, as_json=as_json)


@app.command()
def config(as_json: Json = False) -> None:
    """Show every setting and the environment variable that sets it; secrets are not shown."""
    start()
    cli_room.show_config(as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this installation: Python, packages, vocabulary, a small self-test, and spare disk."""
    from chartsift.api.cli_doctor import run_checks

    start()
    if not run_checks(as_json=as_json):
        raise typer.Exit(1)


if __name__ == "__main__":
    sys.exit(main())
