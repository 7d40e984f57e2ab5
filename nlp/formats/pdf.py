"""
PDF documents with a text layer: one note a file, with a map of its pages.

PDFium reads the characters and their places; lines are put together from the places, so that the cells of a table
row stand on one line with ``|`` between them, however the page was drawn. A page that holds a picture and no text
is reported, and a document without any text is a scan.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from chartsift.nlp.formats.base import Extracted, Item, Limits, Source
from chartsift.nlp.formats.documents import read_note
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.pdf_layout import Glyph, page_text
from chartsift.nlp.formats.sandbox import SANDBOX

SUFFIXES = (".pdf",)

_MAGIC = b"%PDF-"
# Readers accept that much before the magic number (PDF 1.7, implementation note 13).
_MAGIC_WITHIN = 1024
_PAGE_BREAK = "\n\n"
# Above this share of characters without a meaning, fonts do not say which letters they draw.
_MOST_UNKNOWN = 0.3
# More lines than a form has on an empty page.
_MOST_LINES = 200
_UNKNOWN = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_SURROGATE = 0xD800
# PDFium adds spaces of its own, which have no place; those of the page need none.
_SPACE = Glyph(" ", 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Page:
    text: str
    has_pictures: bool


def sniff(head: bytes) -> bool:
    """Tell whether a file is PDF."""
    return _MAGIC in head[:_MAGIC_WITHIN]


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the one note of *source*."""
    return read_note(source, limits, extract)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a document with its pages; raises FieldError."""
    return SANDBOX.extract("pdf", data, limits)


def extract_here(data: bytes, limits: Limits) -> Extracted:
    """Do what ``extract`` does, in this process."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise FieldError(
                "IN131", "the document is protected with a password; save it without one"
            ) from None
        raise FieldError("IN130", "the PDF is damaged; save it anew") from None
    with document:
        if len(document) > limits.document_pages:
            raise FieldError("IN115", f"the PDF has more than {limits.document_pages:,} pages; split it")
        if not len(document):
            raise FieldError("IN130", "the PDF has no pages; save it anew")
        pages = [_read_page(document, number, limits) for number in range(len(document))]
    text, starts = "", []
    for page in pages:
        text = text + _PAGE_BREAK if text else text
        starts.append(len(text))
        text += page.text
    pictures = tuple(n for n, page in enumerate(pages, start=1) if not page.text and page.has_pictures)
    if not text.strip():
        # Also when no picture is seen: a damaged page looks empty, and letters may be drawn as lines.
        raise FieldError(
            "IN134",
            "the PDF has no text layer: a scan, or pages without text; run text recognition (OCR) over it and give "
            "it again",
        )
    unknown = len(_UNKNOWN.findall(text))
    if unknown > _MOST_UNKNOWN * max(1, len(text)):
        raise FieldError(
            "IN136",
            "the fonts of the PDF do not say which letters they draw; print it to a new PDF, or run OCR",
        )
    return Extracted(text, "pdf", tuple(starts), pictures)


def _read_page(document: pypdfium2.PdfDocument, number: int, limits: Limits) -> _Page:
    try:
        page = document[number]
        if pdfium.FPDFPage_GetAnnotCount(page) > 0:
            # What was filled into a form, or typed onto the page, becomes a part of it.
            pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
            page.close()
            page = document[number]
        glyphs = _glyphs(page, limits)
    except pypdfium2.PdfiumError:
        raise FieldError("IN130", f"page {number + 1} of the PDF is damaged; save it anew") from None
    text = page_text(glyphs)
    has_pictures = not text and _has_pictures(page)
    page.close()
    return _Page(text, has_pictures)


def _has_pictures(page: Any) -> bool:
    """Tell whether a page holds a picture, or so many lines that they could be letters."""
    paths = 0
    for found in page.get_objects(max_depth=3):
        paths += found.type == pdfium.FPDF_PAGEOBJ_PATH
        if found.type == pdfium.FPDF_PAGEOBJ_IMAGE or paths > _MOST_LINES:
            return True
    return False


def _glyphs(page: Any, limits: Limits) -> list[Glyph | None]:
    """Return the characters of a page in the order of drawing; None where PDFium sees a line end."""
    text_page = page.get_textpage()
    raw = text_page.raw
    count = text_page.count_chars()
    if count > limits.note_chars:
        raise FieldError(
            "IN115", f"a page holds more than {limits.note_chars:,} characters; split the document"
        )
    turned = page.get_rotation()
    box = pdfium.FS_RECTF()
    at = ctypes.byref(box)
    # Called for each character of an archive: looked up once.
    code_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    glyphs: list[Glyph | None] = []
    high = 0
    for index in range(count):
        code = code_of(raw, index)
        if code in (0x0D, 0x0A):
            glyphs.append(None)
            continue
        if _SURROGATE <= code < _SURROGATE + 0x400:
            high = code
            continue
        if _SURROGATE + 0x400 <= code < _SURROGATE + 0x800:
            code = 0x10000 + ((high - _SURROGATE) << 10) + (code - _SURROGATE - 0x400) if high else 0xFFFD
            high = 0
        char = chr(code)
        if char.isspace():
            glyphs.append(_SPACE)
        elif box_of(raw, index, at):
            glyph = Glyph(char, box.left, box.bottom, box.right, box.top)
            glyphs.append(_upright(glyph, turned) if turned else glyph)
    text_page.close()
    return glyphs


def _upright(glyph: Glyph, turned: int) -> Glyph:
    """Return a character with its place on the page as it is shown, when the page is turned by so many degrees."""
    char, left, bottom, right, top = glyph
    if turned == 90:
        return Glyph(char, bottom, -right, top, -left)
    if turned == 180:
        return Glyph(char, -right, -top, -left, -bottom)
    if turned == 270:
        return Glyph(char, -top, left, -bottom, right)
    return glyph
