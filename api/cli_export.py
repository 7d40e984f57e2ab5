"""``chartsift export``, and ``--write`` of ``chartsift screen``: a finished run in the formats of other systems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chartsift.api.cli_common import print_json, say
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.writers import (
    WRITERS,
    Export,
    ExportOptions,
    check_names,
    drop_stale,
    write_exports,
)


def export_run(
    out: Path, formats: Sequence[str], *, to: Path | None, concepts: Path | None, as_json: bool
) -> None:
    """
    Write the run in *out* in *formats* and print the files; without formats list those there are.

    Raises:
        ScreeningError: there is no finished run (SC406), or it cannot be exported (SC43x).
    """
    results = RunResults.open(out)
    if not check_names(formats):
        if as_json:
            print_json({name: writer.summary for name, writer in WRITERS.items()})
        else:
            for name, writer in WRITERS.items():
                print(f"{name}\t{writer.summary}")
        return
    made = write_exports(results, formats, to=to, options=ExportOptions(concepts=concepts))
    if as_json:
        print_json([document(export) for export in made])
    else:
        show_exports(made)


def export_after_screening(
    results: RunResults, formats: Sequence[str], *, concepts: Path | None
) -> list[Export]:
    """Write a run that has just ended in *formats*; exports of an earlier run in its folder are removed."""
    for name in drop_stale(results):
        if name not in formats:
            say(f"removed {results.out / name}: it was of an earlier run")
    return write_exports(results, formats, options=ExportOptions(concepts=concepts))


def document(export: Export) -> dict[str, object]:
    """Return an export for JSON."""
    return {"format": export.name, "folder": str(export.folder), "rows": export.rows}


def show_exports(made: Sequence[Export]) -> None:
    """Print the files of exports, with their rows."""
    for export in made:
        print(f"{export.name}: {WRITERS[export.name].summary}")
        for name, rows in export.rows.items():
            print(f"  {export.folder / name}  ({rows:,} rows)")
