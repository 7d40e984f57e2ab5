"""
A document within something else: an attachment in base64, a page in the cell of a table. What it is follows from its
content; the media type that is declared beside it is often wrong, and only decides about what has no mark of its own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace

from chartsift.nlp.formats import ccda, docx, html, pdf, rtf
from chartsift.nlp.formats.base import HEAD_BYTES, Extracted, Limits
from chartsift.nlp.formats.documents import Extract
from chartsift.nlp.formats.encoding import UTF8, decode, looks_like_text
from chartsift.nlp.formats.fields import FieldError

# By the word that ``Extracted.origin`` uses; as in READERS, formats with a sure mark go first.
_INNER: dict[str, tuple[Callable[[bytes], bool], Extract]] = {
    "pdf": (pdf.sniff, pdf.extract),
    "docx": (docx.sniff, docx.extract),
    "rtf": (rtf.sniff, rtf.extract),
    "ccda": (ccda.sniff, ccda.extract),
    "html": (html.sniff, html.extract),
}
# A document in a document in a document, such as a page in a C-CDA in an attachment.
_MOST_DEEP = 4
# Of a cell, where the mark of a document would be; before it may stand blank lines.
_LOOK = 200
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.ASCII | re.IGNORECASE)


def unwrap(data: bytes, *, media_type: str, limits: Limits, inside: str, depth: int = 0) -> Extracted:
    """
    Return the text of an attachment; its origin says what it was taken out of ("pdf in fhir").

    Args:
        data: The attachment.
        media_type: What the sender calls it, such as "text/plain; charset=iso-8859-1"; may be empty.
        limits: Limits on documents.
        inside: What it was found in.
        depth: How many documents are around it.

    Raises:
        FieldError: it cannot be used: of a kind that holds no text (IN137), within too many others (IN115), or as
            its format says.
    """
    if depth > _MOST_DEEP:
        raise FieldError("IN115", "more than four documents within each other; take the inner ones out")
    if len(data) > limits.document_bytes:
        raise FieldError("IN115", f"the attachment is larger than {limits.document_bytes:,} bytes; split it")
    name = inner_format(data[:HEAD_BYTES])
    if name:
        extracted = _INNER[name][1](data, limits)
        within = extracted.facts.get("attachment")
        if within is not None:
            return unwrap(
                decode_base64(within),
                media_type=extracted.facts.get("attachment_type", ""),
                limits=limits,
                inside=f"{name} in {inside}",
                depth=depth + 1,
            )
        if "reference" in extracted.facts:
            raise FieldError(
                "IN138",
                "the attachment is a document whose body is in a file of its own; export the body as the attachment",
            )
        return replace(extracted, origin=f"{name} in {inside}")
    declared, charset = _media_type(media_type)
    is_text = declared.startswith("text/") or declared in ("", "application/octet-stream")
    if not data.strip():
        raise FieldError("IN108", "the attachment is empty; nothing was lost, leave it out")
    if declared.startswith(("image/", "audio/", "video/")) or not (
        is_text or looks_like_text(data[:HEAD_BYTES])
    ):
        raise FieldError(
            "IN137", "the attachment is a picture, a sound or of a kind that holds no text; give its text"
        )
    text, encoding = decode(data, declared=charset)
    return Extracted(text, f"text in {inside}" if encoding == UTF8 else f"text in {encoding} in {inside}")


def unwrap_cell(text: str, *, limits: Limits, inside: str) -> Extracted:
    """Return the text of a cell: untouched, or what a page or an RTF document in it holds."""
    if not text[:_LOOK].lstrip().startswith(("{", "<")):
        return Extracted(text)
    name = inner_format(text[:HEAD_BYTES].encode("utf-8", "replace"))
    if name in ("rtf", "html", "ccda"):
        return unwrap(text.encode("utf-8", "replace"), media_type="", limits=limits, inside=inside)
    return Extracted(text)


def inner_format(head: bytes) -> str:
    """Return the name of the document format that these first bytes are of; empty for text and for the unknown."""
    return next((name for name, (is_of_it, _) in _INNER.items() if is_of_it(head)), "")


def decode_base64(text: object) -> bytes:
    """Return the bytes of base64, in which white space may stand; raises FieldError (IN130)."""
    if isinstance(text, str):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            text = None
    raise FieldError("IN130", "the attachment is not valid base64; export it again")


def _media_type(value: str) -> tuple[str, str]:
    """Return the type and the charset of a media type."""
    charset = _CHARSET.search(value)
    return value.partition(";")[0].strip().lower(), charset[1] if charset else ""
