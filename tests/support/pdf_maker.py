"""PDF files for tests, written by hand: text at places, pages without text, a password."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

# (x, y, size, text) in points from the lower left corner of an A4 page.
Placed = tuple[float, float, float, str]


def lines(*texts: str, top: float = 780.0, left: float = 60.0, size: float = 11.0) -> list[Placed]:
    """Place *texts* one below the other; cells of a line are divided by tabs and stand 120 points apart."""
    placed: list[Placed] = []
    for number, text in enumerate(texts):
        for column, cell in enumerate(text.split("\t")):
            placed.append((left + 120 * column, top - number * size * 1.4, size, cell))
    return placed


def make_pdf(
    pages: Sequence[Sequence[Placed] | None], *, password: bool = False, packed: bool = True, typed: str = ""
) -> bytes:
    """
    Return a PDF; a page that is None holds a picture and no text, as a scan does.

    *typed* is what was typed into a field of a form on each page.
    """
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def stream(data: bytes, entries: bytes = b"") -> bytes:
        if packed:
            data, entries = zlib.compress(data), entries + b" /Filter /FlateDecode"
        return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), entries, data)

    catalog = add(b"")
    tree = add(b"")
    font = add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    picture = add(
        stream(
            bytes(64 * 64),
            b" /Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8",
        )
    )
    notes = b""
    if typed:
        shown = b"BT /F1 10 Tf 2 4 Td (%s) Tj ET" % _escaped(typed)
        look = add(
            stream(
                shown,
                b" /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 %d 0 R >> >>"
                % font,
            )
        )
        widget = add(
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (f) /V (%s) /F 4 /Rect [60 400 260 420] "
            b"/AP << /N %d 0 R >> >>" % (_escaped(typed), look)
        )
        notes = b" /Annots [%d 0 R]" % widget
    kids = []
    for page in pages:
        if page is None:
            content = b"q 500 0 0 700 40 60 cm /Im1 Do Q"
        else:
            content = b"\n".join(
                b"BT /F1 %.2f Tf %.2f %.2f Td (%s) Tj ET" % (size, x, y, _escaped(text))
                for x, y, size, text in page
            )
        body = add(stream(content))
        kids.append(
            add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R%s "
                b"/Resources << /Font << /F1 %d 0 R >> /XObject << /Im1 %d 0 R >> >> >>"
                % (tree, body, notes, font, picture)
            )
        )
    objects[catalog - 1] = b"<< /Type /Catalog /Pages %d 0 R >>" % tree
    objects[tree - 1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (
        len(kids),
        b" ".join(b"%d 0 R" % kid for kid in kids),
    )
    trailer = b"/Root %d 0 R" % catalog
    if password:
        # Keys that fit no password: what a reader without the right one sees.
        lock = add(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32))
        trailer += b" /Encrypt %d 0 R /ID [<%s> <%s>]" % (lock, b"43" * 16, b"43" * 16)
    return _file(objects, trailer)


def _file(objects: list[bytes], trailer: bytes) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, table)
    return bytes(out)


def _escaped(text: str) -> bytes:
    data = text.encode("cp1252")
    return data.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
