"""
The table of input formats. To add one: a module beside this with ``SUFFIXES``, ``sniff`` and ``read``, and one line.

Recognising, the command line's help, the upload page and the fuzz test all go through ``READERS``.
"""

from __future__ import annotations

from functools import partial

from chartsift.nlp.formats import (
    ccda,
    chart,
    delimited,
    docx,
    fhir,
    html,
    jsonl,
    omop,
    parquet,
    pdf,
    plain,
    rtf,
)
from chartsift.nlp.formats.base import Reader
from chartsift.nlp.formats.encoding import looks_like_text

_Marked = partial(Reader, is_marked=True)

# In the order of asking: formats with a mark of their own first, the most permissive last.
READERS: tuple[Reader, ...] = (
    _Marked("parquet", "Parquet table of notes", parquet.SUFFIXES, parquet.sniff, parquet.read),
    _Marked(
        "pdf",
        "PDF with a text layer, one note a file",
        pdf.SUFFIXES,
        pdf.sniff,
        pdf.read,
        extract=pdf.extract,
    ),
    _Marked(
        "docx", "Word document, one note a file", docx.SUFFIXES, docx.sniff, docx.read, extract=docx.extract
    ),
    _Marked("rtf", "RTF document, one note a file", rtf.SUFFIXES, rtf.sniff, rtf.read, extract=rtf.extract),
    Reader("ccda", "C-CDA document", ccda.SUFFIXES, ccda.sniff, ccda.read),
    Reader("html", "HTML page, one note a file", html.SUFFIXES, html.sniff, html.read, extract=html.extract),
    Reader("fhir", "FHIR R4 resources, Bundles and bulk NDJSON", fhir.SUFFIXES, fhir.sniff, fhir.read),
    Reader("jsonl", "JSON lines, one note a line", jsonl.SUFFIXES, jsonl.sniff, jsonl.read),
    Reader("chart", "chart in JSON, one patient with notes", chart.SUFFIXES, chart.sniff, chart.read),
    Reader("omop", "OMOP CDM tables NOTE and PERSON, CSV or Parquet", omop.SUFFIXES, omop.sniff, omop.read),
    Reader("csv", "CSV or TSV table of notes", delimited.SUFFIXES, delimited.sniff, delimited.read),
    Reader(
        "text", "text file, one note a file", plain.SUFFIXES, plain.sniff, plain.read, extract=plain.extract
    ),
)
_TEXT = READERS[-1]


def choose_reader(head: bytes, suffix: str) -> Reader | None:
    """
    Return the reader for a file with these first bytes; None when the format is unknown.

    The content decides; the suffix is asked only where the content has no mark, and believed only where a file of
    that kind could begin so: a text with the suffix of a PDF is a text.
    """
    by_content = next((reader for reader in READERS if reader.sniff(head)), None)
    if by_content is not None:
        return by_content
    by_suffix = next((reader for reader in READERS if suffix in reader.suffixes), None)
    is_text = looks_like_text(head)
    if by_suffix is not None and not (by_suffix.is_marked and is_text):
        return by_suffix
    return _TEXT if is_text else None


def known_suffixes() -> tuple[str, ...]:
    """Return the suffixes of all formats, for help texts and file pickers."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)
