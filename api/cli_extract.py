"""``chartsift extract``: the findings of one file, as a table or as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chartsift.api.cli_common import print_json, say, say_problem
from chartsift.nlp.errors import InputError, ScreeningError
from chartsift.nlp.formats import DEFAULT_LIMITS, Rejected, Source, choose_reader, read_inputs
from chartsift.nlp.formats import plain as plain_text
from chartsift.nlp.formats.base import HEAD_BYTES, unreadable
from chartsift.nlp.formats.documents import Extract, read_letter, unread_parts
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.inputs import check_paths, is_container
from chartsift.nlp.screening.chart import failed_note_problem
from chartsift.nlp.types import Finding, Note

if TYPE_CHECKING:
    from chartsift.nlp.pipeline import Pipeline

_UNNAMED = "-"


def extract_file(file: Path, *, kinds: frozenset[str], day: date | None, as_json: bool) -> None:
    """
    Print the findings of the notes in *file* ("-" for standard input).

    Raises:
        InputError: the file does not exist (IN124), or no note in it could be read (IN127).
        ScreeningError: the pipeline failed on a note (SC410); said after the others were printed.
    """
    from chartsift.nlp.pipeline import build_pipeline

    if str(file) != _UNNAMED:
        check_paths([file])
    pipeline: Pipeline | None = None
    notes = failed = 0
    for item in _items(file, day):
        if isinstance(item, Rejected):
            if item.about == "note":
                say_problem(item.problem)
            continue
        pipeline = pipeline or build_pipeline()
        notes += 1
        try:
            found = pipeline.extract(item)
        except Exception as exc:  # a bad note never stops the reading of the others
            say_problem(failed_note_problem(item, exc))
            failed += 1
            continue
        findings = [finding for finding in found if not kinds or finding.kind in kinds]
        if as_json:
            from chartsift.nlp.screening.rows import finding_row

            for finding in findings:
                print_json(finding_row(finding, item.pages), is_line=True)
        else:
            _print_note(item, findings)
    if not notes:
        raise InputError("IN127", "no note could be read", hint="the lines above say why")
    if failed:
        raise ScreeningError("SC410", f"the pipeline failed on {failed} of {notes} notes", hint="see above")


def _items(file: Path, day: date | None) -> Iterator[Note | Rejected]:
    if str(file) == _UNNAMED:
        source = Source.of_bytes("standard input", sys.stdin.buffer.read(DEFAULT_LIMITS.document_bytes + 1))
        yield from _one_note(source, plain_text.extract, day)
        return
    extract = _extract_of(file)
    if extract is not None:
        yield from _one_note(Source.of_path(file), extract, day)
        return
    for item in read_inputs([file]):
        if isinstance(item, Note | Rejected):
            yield item


def _extract_of(file: Path) -> Extract | None:
    """Return what takes the one note out of *file*; None for tables, archives and whatever holds several."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return None  # the ordinary reading says why
    reader = choose_reader(head, file.suffix.lower())
    if reader is not None:
        return reader.extract
    # What no format knows is read as a text, and the reading says why it is none; archives tell their members.
    return None if is_container(head) else plain_text.extract


def _one_note(source: Source, extract: Extract, day: date | None) -> Iterator[Note | Rejected]:
    """Yield a document as a note; here, where nothing is decided, a missing patient or date is no fault."""
    try:
        letter = read_letter(source, DEFAULT_LIMITS, extract)
    except FieldError as exc:
        yield Rejected(exc.problem(source.label))
        return
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    note_date = day or letter.day
    if note_date is None:
        note_date = datetime.now().astimezone().date()
        say(f"{source.label}: names no date; read as of today ({note_date}). Give --date to change that.")
    extracted = letter.extracted
    yield Note(
        letter.patient or _UNNAMED,
        source.name,
        note_date,
        letter.note_type,
        extracted.text,
        source.label,
        extracted.origin,
        extracted.pages,
    )
    yield from unread_parts(extracted, source=source.label, note_id=source.name, patient_id="")


def _print_note(note: Note, findings: list[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    from chartsift.api.cli_show import console
    from chartsift.nlp.screening.words import one_line

    out = console()
    kind_of_note = f", {one_line(note.note_type)}" if note.note_type else ""
    out.print(
        Text.assemble(
            (f"{one_line(note.patient_id)}  {one_line(note.note_id)}", "bold"),
            f"  {note.note_date}{kind_of_note}: {len(findings)} findings in {len(note.text):,} characters",
        )
    )
    if not findings:
        out.print()
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("place", "kind", "concept", "assertion", "value", "date", "words"):
        table.add_column(name, no_wrap=name != "words", overflow="fold")
    for finding in findings:
        dated = finding.date.isoformat() if finding.date_source == "text" else ""
        table.add_row(
            Text(f"{finding.start}-{finding.end}"),
            Text(finding.kind),
            Text(finding.concept),
            Text(finding.assertion),
            Text(_value(finding)),
            Text(dated),
            Text(one_line(finding.text, most=60)),
        )
    out.print(table)
    out.print()


def _value(finding: Finding) -> str:
    if finding.value is None:
        return ""
    comparator = "" if finding.comparator == "=" else finding.comparator
    unit = {"": "", "%": "%"}.get(finding.unit, f" {finding.unit}")
    flag = f" {finding.flag}" if finding.flag else ""
    return f"{comparator}{finding.value:g}{unit}{flag}"
