"""JSON lines: one note (or one patient) a line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from chartsift.nlp.formats.base import Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.fields import row_item

SUFFIXES = (".jsonl", ".ndjson")
_BOM = b"\xef\xbb\xbf"


def sniff(head: bytes, suffix: str) -> bool:
    """Tell whether a file is JSON lines: by name, or because its first line is one whole object and more follow."""
    if suffix in SUFFIXES:
        return True
    if suffix not in ("", ".json"):
        return False
    first, _, rest = head.removeprefix(_BOM).lstrip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* line by line; a bad line is rejected and the next one follows."""
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
                    yield reject(
                        "IN115",
                        f"the line is longer than {limits.row_bytes:,} bytes; split the note",
                        source=where,
                    )
                    continue
                if number == 1:
                    line = line.removeprefix(_BOM)
                if line.strip():
                    yield read_line(line, source=where, limits=limits)
    except OSError as exc:
        yield unreadable(source.label, exc)


def read_line(line: bytes, *, source: str, limits: Limits) -> Item:
    """Return what one line holds."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return reject("IN103", "the line is not valid UTF-8; save the file as UTF-8", source=source)
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as exc:
        return reject(
            "IN110", f"the line is not valid JSON{_position(exc)}; write one object a line", source=source
        )
    if not isinstance(row, dict):
        return reject("IN110", "the line is not a JSON object; write one object a line", source=source)
    return row_item(row, source=source, limits=limits)


def _position(error: Exception) -> str:
    return f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
