"""``chartsift annotations export|import``: annotated charts to brat and Label Studio, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chartsift.api.cli_common import start

if TYPE_CHECKING:
    from chartsift.annotations.label_studio import Unit

Format = Annotated[str, typer.Option("--format", metavar="NAME", help="brat or label-studio.")]


def add_to(app: typer.Typer) -> None:
    """Add the two commands to *app*."""
    app.command("export")(export_charts)
    app.command("import")(import_charts)


def export_charts(
    charts: Annotated[list[Path], typer.Argument(metavar="CHARTS...", help="Annotated charts.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write into.")],
    form: Format,
    offsets: Annotated[
        str,
        typer.Option(
            "--offsets", metavar="UNIT", help="Label Studio: code-points (1.5 and later) or utf-16 (older)."
        ),
    ] = "code-points",
) -> None:
    """Write annotated charts for an annotation tool: a folder a chart (brat), or tasks.json and labels.xml."""
    start()
    from chartsift.annotations.brat import write_brat
    from chartsift.annotations.charts import load_charts
    from chartsift.annotations.label_studio import UNITS, labelling_config, to_label_studio

    _check(form)
    loaded = [chart for path in charts for chart in load_charts(path)]
    if form == "brat":
        for chart in loaded:
            write_brat(chart, out / _file_name(chart.source, chart.patient.patient_id))
    else:
        if offsets not in UNITS:
            raise typer.BadParameter(" or ".join(UNITS), param_hint="--offsets")
        unit: Unit = "utf-16" if offsets == "utf-16" else "code-points"
        out.mkdir(parents=True, exist_ok=True)
        _write(out / "tasks.json", to_label_studio(loaded, unit=unit))
        (out / "labels.xml").write_text(labelling_config(), encoding="utf-8")
    print(f"{len(loaded)} charts: {out}")


def import_charts(
    source: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A folder of brat folders, or a JSON export of Label Studio."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the chart files.")],
    form: Format,
) -> None:
    """Read charts back from an annotation tool into chart files; then run 'chartsift annotations check' on them."""
    start()
    from chartsift.annotations.brat import CHART, read_brat
    from chartsift.annotations.label_studio import read_tasks
    from chartsift.nlp.errors import InputError

    _check(form)
    if form == "brat":
        folders = sorted(path.parent for path in source.glob(f"**/{CHART}"))
        if not folders:
            raise InputError("IN168", f"{source}: no exported chart here", hint=f"each has a {CHART}")
        found = [(folder.name, read_brat(folder)) for folder in folders]
    else:
        try:
            content = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise InputError("IN169", f"{source}: cannot be read ({type(exc).__name__})") from exc
        found = [(_file_name("", chart["patient_id"]), chart) for chart in read_tasks(content)]
    out.mkdir(parents=True, exist_ok=True)
    for name, chart in found:
        _write(out / f"{name}.json", chart)
    print(f"{len(found)} charts: {out}")


def _check(form: str) -> None:
    if form not in ("brat", "label-studio"):
        raise typer.BadParameter("brat or label-studio", param_hint="--format")


def _file_name(source: str, patient_id: str) -> str:
    """Return a name for the files of a chart: that of its file, else its patient without what a path may not hold."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in patient_id)
    return Path(source).stem if source else safe


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
