"""``chartsift trial`` and ``chartsift lexicon``: look at and check the files that hold rules and vocabulary."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chartsift.api.cli_common import (
    AsOf,
    Json,
    Patients,
    ReadsFiles,
    Sample,
    parse_day,
    print_json,
    start,
    use_inputs,
)

trials = typer.Typer(help="List, check and compare trials.", no_args_is_help=True)
lexicon = typer.Typer(help="Check the vocabulary.", no_args_is_help=True)


@trials.command("list")
def list_trials(
    predicates: Annotated[
        bool, typer.Option("--predicates", help="List the questions that criteria of a trial file can ask.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the trials that can be screened, with their criteria."""
    start()
    if predicates:
        _list_predicates(as_json=as_json)
        return
    from chartsift.nlp.criteria import available_trials, load_trial
    from chartsift.nlp.screening.manifest import trial_facts

    facts: list[dict[str, Any]] = [trial_facts(load_trial(name)) for name in available_trials()]
    if as_json:
        print_json(facts)
        return
    for trial in facts:
        print(f"{trial['trial_id']}  version {trial['version']}: {trial['title']}")
        print(f"  source: {trial['source']}")
        for cohort in trial["cohorts"]:
            print(f"  {cohort['cohort_id']}: {cohort['label']}")
            for criterion in cohort["criteria"]:
                print(f"    {criterion['kind']}  {criterion['criterion_id']}: {criterion['summary']}")


@trials.command("check")
def check_trial(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME|FILE...", help="Trials to check; default: all bundled ones."),
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Check trial files: each fault is a line "file: path: problem (what to do)".

    The exit status is 4 if a file is not valid.
    """
    start()
    from chartsift.nlp.criteria import available_trials, load_trial, trial_faults
    from chartsift.nlp.errors import RuleError

    checked: list[dict[str, Any]] = []
    for name in names or available_trials():
        fingerprint, faults = "", []
        try:
            faults = [asdict(fault) | {"line": str(fault)} for fault in trial_faults(name)]
            fingerprint = "" if faults else load_trial(name).fingerprint()
        except RuleError as exc:
            line = f"{exc.message}" + (f" ({exc.hint})" if exc.hint else "")
            faults = [
                {
                    "code": exc.code,
                    "file": name,
                    "path": "",
                    "problem": exc.message,
                    "remedy": exc.hint,
                    "line": line,
                }
            ]
        checked.append({"trial": name, "is_valid": not faults, "fingerprint": fingerprint, "faults": faults})
    if as_json:
        print_json(checked)
    else:
        for row in checked:
            if row["is_valid"]:
                print(f"{row['trial']}: valid, {row['fingerprint'][:12]}")
            for fault in row["faults"]:
                print(f"{fault['code']}: {fault['line']}")
    if not all(row["is_valid"] for row in checked):
        raise typer.Exit(RuleError.exit_status)


@trials.command("schema")
def print_schema() -> None:
    """
    Print the JSON Schema of a trial file, for an editor that completes and checks YAML.

    It is made from the same models and the same table of predicates that read a file.
    """
    start()
    from chartsift.nlp.criteria.json_schema import trial_json_schema

    print_json(trial_json_schema())


@trials.command("diff", cls=ReadsFiles)
def diff(
    *,
    first: Annotated[str, typer.Argument(metavar="A", help="A name of 'trial list', or a YAML file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[NOTES...]", help="More files of notes, after --input.", show_default=False),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NOTES...",
            help="Files, folders or archives of notes, which are read once and decided under both.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="DIR",
            help="Decide the findings of a finished run again instead; no note is read.",
        ),
    ] = None,
    patients: Patients = None,
    as_of: AsOf = None,
    sample: Sample = False,
    as_json: Json = False,
) -> None:
    """
    Tell two trials, or two versions of one, apart: what the files say, and whose verdicts differ.

    For each verdict that differs the clause is named that makes the difference by itself: criterion, predicate and
    parameter. Without notes and without --run only the files are compared. The exit status is 0 whether or not
    anything differs, 3 for notes that cannot be read, 4 for a file that is no valid trial, 5 for a DIR without a
    finished run.
    """
    start()
    from chartsift.api.cli_diff import diff_trials

    given = [*(inputs or ()), *(more or ())]
    if run is not None and (given or sample):
        raise typer.BadParameter("give either notes or a run, not both", param_hint="--run")
    if run is not None and patients is not None:
        raise typer.BadParameter("a run holds the facts of its patients", param_hint="--patients")
    with ExitStack() as stack:
        paths = stack.enter_context(use_inputs(given, sample=sample)) if given or sample else []
        diff_trials(
            first,
            second,
            inputs=paths,
            run=run,
            patients=patients,
            as_of=parse_day(as_of),
            as_json=as_json,
        )


@lexicon.command("check")
def check_lexicon(as_json: Json = False) -> None:
    """
    Check that every vocabulary file is valid and each of its example sentences is read as it is marked.

    The exit status is 4 if one is not.
    """
    start()
    from chartsift.nlp.errors import RuleError
    from chartsift.nlp.lexicon import loader
    from chartsift.nlp.lexicon.examples import misread_examples
    from chartsift.nlp.pipeline import build_pipeline

    files = loader.load_concept_files()
    # Loading is checking: a broken file raises a RuleError with place and remedy.
    pipeline = build_pipeline()
    concepts = loader.load_concepts()
    examples = sum(len(file.examples) for file in files.values())
    misread = misread_examples(files, pipeline.extract)
    facts: dict[str, Any] = {
        "files": len(files),
        "concepts": len(concepts),
        "terms": sum(len(concept.terms) for concept in concepts),
        "examples": examples,
        "misread": [asdict(example) for example in misread],
        "fingerprint": loader.lexicon_fingerprint(),
    }
    if as_json:
        print_json(facts)
    else:
        for example in misread:
            print(example)
        print(
            f"{facts['files']} files, {facts['concepts']} concepts, {facts['terms']} terms, {examples} examples, "
            f"{len(misread)} of them misread: {facts['fingerprint'][:12]}"
        )
    if misread:
        raise RuleError(
            "RU204",
            f"{len(misread)} of {examples} example sentences are read otherwise than they are marked",
            hint="correct the terms and cues, or the mark, that are named above",
        )


def _list_predicates(*, as_json: bool) -> None:
    from chartsift.nlp.criteria.predicates import PREDICATES

    rows: list[dict[str, Any]] = [
        {"name": name, "summary": item.summary, "parameters": sorted(item.parameters.model_fields)}
        for name, item in sorted(PREDICATES.items())
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['name']}({', '.join(row['parameters'])})\n    {row['summary']}")
