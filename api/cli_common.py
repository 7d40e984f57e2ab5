"""What the commands share: options, where inputs come from, printing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from chartsift.nlp.types import Problem

# Set once by the options before the command's name.
_log_level = ["WARNING"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Patients = Annotated[
    Path | None,
    typer.Option(
        "--patients",
        metavar="FILE",
        help="Table of patients (JSONL, CSV, Parquet): patient_id, birth_date, sex, as_of.",
    ),
]
Trial = Annotated[
    str,
    typer.Option("--trial", metavar="NAME|FILE", help="The trial: a name of 'trial list', or a YAML file."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Day of screening for everyone, YYYY-MM-DD; default: the patient's own, else that of the last note.",
    ),
]
WriteFormats = Annotated[
    list[str] | None,
    typer.Option(
        "--write", metavar="NAME", help="Also write omop, fhir or redcap into DIR; several with commas."
    ),
]
Concepts = Annotated[
    Path | None,
    typer.Option(
        "--concepts", metavar="FILE", help="Site's table of OMOP concept identifiers (CSV), for omop."
    ),
]
Sample = Annotated[bool, typer.Option("--sample", help="Use the bundled sample charts as input.")]


class ReadsFiles(TyperCommand):
    """A command whose help ends with the input formats, looked up only when the help is asked for."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, formats last."""
        from chartsift.nlp.formats import READERS

        formats = "; ".join(
            f"{reader.summary} ({', '.join(reader.suffixes)})" if reader.suffixes else reader.summary
            for reader in READERS
        )
        self.epilog = (
            f"Input formats: {formats}; folders, .zip, .tar, .gz and .zst of these. See docs/input.md."
        )
        super().format_help(ctx, formatter)


def set_log_level(level: str) -> None:
    """Choose what ``start`` will log."""
    _log_level[0] = level


def log_level() -> str:
    """Return what ``start`` logs, for processes that this one starts."""
    return _log_level[0]


def start() -> None:
    """Prepare a command that does work: logging without note text."""
    from chartsift.nlp.log import configure_logging

    configure_logging(level=_log_level[0])


def say(line: str) -> None:
    """Print a line to stderr."""
    print(line, file=sys.stderr, flush=True)


def say_problem(problem: Problem) -> None:
    """Print a problem of an input to stderr, as one line."""
    say(f"{problem.source}: {problem.code}: {problem.message}")


def print_json(value: Any, *, is_line: bool = False) -> None:
    """Print *value* as JSON to stdout: indented, or as one line; days become ISO strings."""
    from chartsift.nlp.screening.rows import jsonable

    print(json.dumps(jsonable(value), ensure_ascii=False, indent=None if is_line else 2))


def parse_day(value: str | None, *, option: str = "--as-of") -> date | None:
    """Return the day of an option."""
    if value is None:
        return None
    from chartsift.nlp.formats.fields import FieldError, read_date

    try:
        return read_date(value, option)
    except FieldError as exc:
        raise typer.BadParameter(exc.message, param_hint=option) from None


@contextmanager
def use_inputs(inputs: Sequence[Path] | None, *, sample: bool) -> Iterator[list[Path]]:
    """Provide the paths to read: those given, or with *sample* the bundled charts."""
    paths = list(inputs or ())
    if sample and paths:
        raise typer.BadParameter("give either INPUT or --sample, not both", param_hint="--sample")
    if not sample and not paths:
        raise typer.BadParameter(
            "give a file, folder or zip archive of notes, or --sample", param_hint="INPUT"
        )
    if not sample:
        yield paths
        return
    with resources.as_file(resources.files("chartsift.annotations.charts")) as folder:
        # By name, in order: the folder of the package holds code as well.
        yield sorted(folder.glob("*.json"))
