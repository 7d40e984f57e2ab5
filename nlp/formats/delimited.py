"""
CSV and TSV with a header row; comma, semicolon, tab or bar between cells, quotes as RFC 4180.

UTF-8 is decoded with ``surrogateescape``, so that one cell in another encoding spoils one row and not the file; so
does a damaged one in UTF-16 and 8-bit encodings, which are told by the first part of the file. ``newline=""`` keeps the
line ends within a note as they are.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from chartsift.nlp.formats import omop
from chartsift.nlp.formats.base import DEFAULT_LIMITS, Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.encoding import table_encoding
from chartsift.nlp.formats.fields import missing_columns, missing_columns_problem
from chartsift.nlp.formats.tables import kind_of_table
from chartsift.nlp.types import Note

SUFFIXES = (".csv", ".tsv")
_DELIMITERS = ",;\t|"
_BOM = b"\xef\xbb\xbf"
# Enough to meet a character that is not ASCII, if there are any.
_SAMPLE_BYTES = 1024**2

_DAMAGE = "chartsift_damage"


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    """Put half of a surrogate pair, which no value of a row may hold (IN103), for what cannot be decoded."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_DAMAGE, _mark_damage)

# Python refuses a cell above 128 KiB by default, and a long note is longer. The limit belongs to the process.
csv.field_size_limit(max(csv.field_size_limit(), DEFAULT_LIMITS.row_bytes))


def sniff(head: bytes) -> bool:
    """Tell whether a file is a delimited table: its first line names the column patient_id."""
    # A quick look, since every text of a folder passes here; in UTF-16 letters do not stand side by side.
    if b"patient_id" not in head.lower() and b"\x00" not in head:
        return False
    encoding = table_encoding(head)
    first = head.removeprefix(_BOM).decode(encoding, "replace").lstrip("\ufeff\r\n").splitlines()[:1]
    return bool(first) and _delimiter(first[0]) is not None


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read *source* row by row; row 1 is the header, unless blank lines stand before it."""
    try:
        with source.open() as stream:
            encoding = table_encoding(stream.read(_SAMPLE_BYTES))
        with source.open() as stream:
            is_utf8 = encoding == "utf-8-sig"
            errors = "surrogateescape" if is_utf8 else _DAMAGE
            text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
            for item in _read_rows(text, source.label, limits):
                if isinstance(item, Note) and not is_utf8 and not item.origin:
                    yield replace(item, origin=f"table in {encoding}")
                else:
                    yield item
    except OSError as exc:
        yield unreadable(source.label, exc)


def _read_rows(text: io.TextIOWrapper, label: str, limits: Limits) -> Iterator[Item]:
    header_row = 1
    first_line = text.readline(limits.row_bytes)
    while first_line and not first_line.strip():
        header_row += 1
        first_line = text.readline(limits.row_bytes)
    if not first_line:
        yield reject("IN108", "the file is empty; leave it out", source=label, is_missed=False)
        return
    delimiter = _delimiter(first_line) or omop.delimiter_of(first_line) or ","
    number = header_row
    try:
        header = next(csv.reader([first_line], delimiter=delimiter, strict=True))
        columns = [name.strip().lower() for name in header]
        known = frozenset(columns)
        kind = kind_of_table(known)
        if kind is None:
            yield missing_columns_problem(missing_columns(known), source=label)
            return
        if len(known) < len(columns):
            yield reject("IN105", "two columns have the same name; name each column once", source=label)
            return
        lines = iter(lambda: text.readline(limits.row_bytes), "")
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        for number, cells in enumerate(rows, start=header_row + 1):
            if not cells:
                continue
            where = f"{label}:{number}"
            if len(cells) != len(columns):
                yield reject(
                    "IN111",
                    f"the row has {len(cells)} cells where the header has {len(columns)}; "
                    "quote cells that hold the separator, a quote or a line break",
                    source=where,
                )
                continue
            yield from kind.read_row(dict(zip(columns, cells, strict=True)), where, limits)
    except csv.Error:
        # After a stray quote nothing tells a cell from a row, so what follows could be taken for another patient's.
        yield reject(
            "IN111",
            "a quote is not closed or not doubled, or a cell is too long; from this row on the file was not read. "
            "Quote cells as RFC 4180 says, or use JSONL or Parquet",
            source=f"{label}:{number + 1}",
        )


def _delimiter(header: str) -> str | None:
    for delimiter in _DELIMITERS:
        if "patient_id" in (name.strip(" \"'\r\n").lower() for name in header.split(delimiter)):
            return delimiter if delimiter in header else None
    return None
