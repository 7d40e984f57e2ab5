"""JSON lines: one note, one patient, or one FHIR resource a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chartsift.nlp.formats import fhir
from chartsift.nlp.formats.base import Item, Limits, Rejected, Source, reject, unreadable
from chartsift.nlp.formats.fields import FieldError, row_item
from chartsift.nlp.formats.json_values import load_json

SUFFIXES = (".jsonl", ".ndjson")
BOM = b"\xef\xbb\xbf"


def sniff(head: bytes) -> bool:
    """Tell whether a file is JSON lines: its first line is one whole object, and another object or nothing follows."""
    first, end, rest = head.removeprefix(BOM).lstrip().partition(b"\n")
    if not (first.startswith(b"{") and first.rstrip().endswith(b"}")):
        return False
    return rest.lstrip().startswith(b"{") or (bool(end) and not rest.strip() and b'"notes"' not in first)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* line by line; a bad line is rejected and the next one follows."""
    resources: fhir.Resources | None = None
    try:
        for where, row in read_objects(source, limits):
            if isinstance(row, Rejected):
                yield row
            elif fhir.is_resource(row):
                resources = resources or fhir.Resources(source, limits)
                yield from resources.read(row, where)
            else:
                yield row_item(row, source=where, limits=limits)
    finally:
        if resources is not None:
            resources.close()


def read_objects(source: Source, limits: Limits) -> Iterator[tuple[str, dict[str, Any] | Rejected]]:
    """Yield the object of each line with the line's place, or why there is none."""
    try:
        with source.open() as stream:
            number = 0
            while True:
                line = stream.readline(limits.row_bytes + 1)
                if not line:
                    return
                number += 1
                where = f"{source.label}:{number}"
                if len(line) > limits.row_bytes:
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(1024**2)
                    yield where, too_long(where, limits)
                    continue
                if number == 1:
                    line = line.removeprefix(BOM)
                if line.strip():
                    yield where, read_line(line, source=where, limits=limits)
    except OSError as exc:
        yield source.label, unreadable(source.label, exc)


def too_long(where: str, limits: Limits) -> Rejected:
    """Make the problem of a line that is longer than any note."""
    return reject(
        "IN115", f"the line is longer than {limits.row_bytes:,} bytes; split the note", source=where
    )


def read_line(line: bytes, *, source: str, limits: Limits) -> dict[str, Any] | Rejected:
    """Return the object of one line, or why there is none."""
    try:
        row = load_json(line, limits=limits, what="the line", remedy="write one object a line")
    except FieldError as exc:
        return reject(exc.code, exc.message, source=source)
    if not isinstance(row, dict):
        return reject("IN110", "the line is not a JSON object; write one object a line", source=source)
    return row
