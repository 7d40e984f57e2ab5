"""
Further outputs of a finished run, for other systems: each is a writer of its own, and ``WRITERS`` lists them.

They work from the folder of a run alone, so they serve its end as well as any later day, and whichever engine made it.
To add an output: one module here, one line in ``WRITERS``, one section in docs/output.md.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.writers.base import ExportOptions, Writer
from chartsift.nlp.screening.writers.fhir import write_fhir
from chartsift.nlp.screening.writers.omop import write_note_nlp
from chartsift.nlp.screening.writers.redcap import write_redcap

__all__ = ["WRITERS", "Export", "ExportOptions", "Writer", "check_names", "drop_stale", "write_exports"]

log = get_logger(__name__)

WRITERS: dict[str, Writer] = {
    writer.name: writer
    for writer in (
        Writer("omop", "OMOP CDM 5.4 NOTE_NLP, as CSV and Parquet", write_note_nlp),
        Writer("fhir", "FHIR R4 Observations with their evidence, as NDJSON", write_fhir),
        Writer("redcap", "screening log and data dictionary for REDCap, as CSV", write_redcap),
    )
}

#: Says what a folder of an export is, and of which run.
SUMMARY = "export.json"


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: the format, the folder, and the rows by file."""

    name: str
    folder: Path
    rows: dict[str, int]


def check_names(names: Sequence[str]) -> list[str]:
    """
    Return the formats in *names*, each once; a name may hold several, separated by commas.

    Raises:
        ScreeningError: One is not of ``WRITERS`` (SC431).
    """
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    for name in wanted:
        if name not in WRITERS:
            raise ScreeningError("SC431", f"no output format {name!r}", hint="one of " + ", ".join(WRITERS))
    return list(dict.fromkeys(wanted))


def write_exports(
    results: RunResults,
    names: Sequence[str],
    *,
    to: Path | None = None,
    options: ExportOptions | None = None,
) -> list[Export]:
    """
    Write a run in the formats *names*, each into a folder of its name in *to* (default: the folder of the run).

    A folder appears whole or not at all, and takes the place of an earlier export.

    Raises:
        ScreeningError: No such format (SC431), the place is taken by something else (SC433), it cannot be written
            (SC434), a table of the run is damaged (SC405) or unsorted (SC430), or an option is wrong (SC432).
    """
    wanted = check_names(names)
    parent = to or results.out
    made = []
    for name in wanted:
        folder = parent / name
        if folder.exists() and _summary(folder) is None:
            raise ScreeningError(
                "SC433",
                f"{folder}: is there and no export of chartsift",
                hint="choose another folder, or move it away",
            )
        try:
            rows = _write(results, WRITERS[name], folder, options or ExportOptions())
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
            raise ScreeningError(
                "SC434",
                f"{folder}: cannot be written ({why})",
                hint="check space and rights, then export again",
            ) from exc
        log.info("exported", format=name, count=sum(rows.values()))
        made.append(Export(name, folder, rows))
    return made


def drop_stale(results: RunResults) -> list[str]:
    """Remove exports in the folder of a run that are of an earlier run there; return their names."""
    stale = []
    for name in WRITERS:
        folder = results.out / name
        summary = _summary(folder)
        if summary is not None and summary.get("run") != results.manifest["fingerprint"]:
            shutil.rmtree(folder, ignore_errors=True)
            stale.append(name)
    return stale


def _write(results: RunResults, writer: Writer, folder: Path, options: ExportOptions) -> dict[str, int]:
    making, old = (folder.with_name(f".{folder.name}.{part}") for part in ("making", "old"))
    shutil.rmtree(making, ignore_errors=True)
    _restore(old, folder)
    # An export holds note text: for the owner only.
    making.mkdir(parents=True, mode=0o700)
    try:
        rows = writer.write(results, making, options)
        summary = {"format": writer.name, "run": results.manifest["fingerprint"], "rows": rows}
        text = json.dumps(summary, indent=2) + "\n"
        (making / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rename(old)
        making.rename(folder)
    finally:
        _restore(old, folder)
        shutil.rmtree(making, ignore_errors=True)
    return rows


def _restore(old: Path, folder: Path) -> None:
    """Put an earlier export back that was set aside for one that did not come: there is one of the two at any time."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _summary(folder: Path) -> dict[str, object] | None:
    """Return what a folder says of itself; None when it is no export."""
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.get("format") == folder.name else None
