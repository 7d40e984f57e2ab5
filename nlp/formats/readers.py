"""
The table of input formats. To add one: a module beside this with ``SUFFIXES``, ``sniff`` and ``read``, and one line.

Recognising, the command line's help, the upload page and the fuzz test all go through ``READERS``.
"""

from __future__ import annotations

from chartsift.nlp.formats import chart, delimited, jsonl, parquet, plain
from chartsift.nlp.formats.base import Reader

# In the order of asking: binary formats first, the most permissive last.
READERS: tuple[Reader, ...] = (
    Reader("parquet", "Parquet table of notes", parquet.SUFFIXES, parquet.sniff, parquet.read),
    Reader("jsonl", "JSON lines, one note a line", jsonl.SUFFIXES, jsonl.sniff, jsonl.read),
    Reader("chart", "chart in JSON, one patient with notes", chart.SUFFIXES, chart.sniff, chart.read),
    Reader("csv", "CSV or TSV table of notes", delimited.SUFFIXES, delimited.sniff, delimited.read),
    Reader("text", "text file, one note a file", plain.SUFFIXES, plain.sniff, plain.read),
)


def choose_reader(head: bytes, suffix: str) -> Reader | None:
    """Return the reader for a file with these first bytes and this suffix; None when the format is unknown."""
    return next((reader for reader in READERS if reader.sniff(head, suffix)), None)


def known_suffixes() -> tuple[str, ...]:
    """Return the suffixes of all formats, for help texts and file pickers."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)
