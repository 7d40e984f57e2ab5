"""
Word documents (.docx, .docm): one note a file.

``python-docx`` opens the package; the text is walked in the document's own order. Of tracked changes the inserted
text is read and the deleted is not; comments and hidden text are left out; letterheads come first, footnotes last.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docx.package import Package
from lxml import etree

from chartsift.nlp.formats import html, rtf
from chartsift.nlp.formats.archives import is_zipped_document
from chartsift.nlp.formats.base import HEAD_BYTES, Extracted, Item, Limits, Source
from chartsift.nlp.formats.documents import only_pictures, read_note
from chartsift.nlp.formats.encoding import decode, looks_like_text
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.flow import Flow, Table
from chartsift.nlp.formats.sandbox import SANDBOX

SUFFIXES = (".docx", ".docm")

# Word before 2007, and any Office document with a password, is a compound file.
_COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
# Deleted and moved-away text, comments' marks, field codes, and the properties of everything.
_LEFT_OUT = frozenset(
    {
        f"{_W}{name}"
        for name in "del moveFrom delText instrText delInstrText rPr sectPr tblPr tblGrid trPr".split()
    }
    | {_MC_FALLBACK}
)
_TICKED, _EMPTY = "☑", "☐"
# Boxes of the symbol fonts Wingdings and Wingdings 2, by character.
_SYMBOL_BOXES = {
    "F0A8": _EMPTY, "F06F": _EMPTY, "F071": _EMPTY, "F0A3": _EMPTY, "F0FE": _TICKED, "F0FD": "☒", "F052": _TICKED,
    "F0FC": "✓", "F0FB": "✗", "F0B7": "•", "F06D": "µ", "F0B0": "°", "F0B1": "±", "F0B3": "≥",
}  # fmt: skip
_NOTE_PARTS = ("footnotes", "endnotes")
_HEAD_PARTS = ("header",)
_PICTURES = (f"{_W}drawing", f"{_W}pict", f"{_W}object")


_CHUNK_UNREAD = (
    "IN130",
    "a document that the Word document takes in as it is was not read; open it in Word and save it anew",
)

# A part of the package and its root.
_Part = tuple[Any, etree._Element]


@dataclass
class _Walk:
    """Where the walk is, in which part of the document; ``unread`` is what could not be read on the way."""

    part: Any
    limits: Limits
    is_inner: bool
    unread: list[tuple[str, str]] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=lambda: [Flow()])
    tables: list[Table] = field(default_factory=list)
    spans: list[list[int]] = field(default_factory=list)

    @property
    def flow(self) -> Flow:
        return self.flows[-1]


def sniff(head: bytes) -> bool:
    """Tell whether a file is an Office document; those that are not Word's are refused when they are read."""
    return is_zipped_document(head) or head.startswith(_COMPOUND_MAGIC)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the one note of *source*."""
    return read_note(source, limits, extract)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a document; raises FieldError."""
    return SANDBOX.extract("docx", data, limits)


def extract_here(data: bytes, limits: Limits) -> Extracted:
    """Do what ``extract`` does, in this process."""
    return _extract(data, limits, is_inner=False)


def _extract(data: bytes, limits: Limits, *, is_inner: bool) -> Extracted:
    """Return the text of a document; *is_inner* is one that another document takes in."""
    _refuse(data, limits)
    try:
        main = Package.open(io.BytesIO(data)).main_document_part
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError):
        raise FieldError("IN130", "the Word document is damaged; save it anew") from None
    body = getattr(main, "element", None)
    if body is None or body.tag != f"{_W}document":
        raise FieldError("IN101", "an Office document, and none of Word; save it as .docx or PDF")
    heads, notes = _other_parts(main)
    unread: list[tuple[str, str]] = []
    texts: dict[tuple[int, str], None] = {}
    for place, parts in enumerate((heads, [(main, body)], notes)):
        for part, root in parts:
            walk = _Walk(part, limits, is_inner)
            # A letterhead may come once more for the first page.
            texts.setdefault((place, _text_of(root, walk)))
            unread.extend(walk.unread)
    flow = Flow()
    for _, text in texts:
        if text:
            flow.add_as_it_stands(text)
            flow.paragraph()
    text = flow.text()
    if not text.strip():
        if unread:
            raise FieldError(*unread[0])
        if any(next(root.iter(*_PICTURES), None) is not None for _, root in [*heads, (main, body), *notes]):
            raise only_pictures()
    return Extracted(text, "docx", unread=tuple(dict.fromkeys(unread)))


def _refuse(data: bytes, limits: Limits) -> None:
    """Raise FieldError for what must not be opened or cannot be."""
    if data.startswith(_COMPOUND_MAGIC):
        if _ENCRYPTED in data:
            raise FieldError("IN131", "the document is protected with a password; save it without one")
        raise FieldError("IN101", "a document of Word before 2007, or another Office file; save it as .docx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise FieldError("IN130", "the Word document is damaged; save it anew") from None
    if any(info.flag_bits & 1 for info in infos):
        raise FieldError("IN131", "the document is protected with a password; save it without one")
    size = sum(info.file_size for info in infos)
    is_bomb = any(limits.is_bomb(info.compress_size, info.file_size) for info in infos)
    if is_bomb or size > 4 * limits.document_bytes or len(infos) > limits.archive_members:
        raise FieldError("IN117", "the Word document unpacks to too much; save it anew without pictures")


def _other_parts(main: Any) -> tuple[list[_Part], list[_Part]]:
    """Return the letterheads and the notes at foot or end."""
    heads: list[_Part] = []
    notes: list[_Part] = []
    for relation in main.rels.values():
        if relation.is_external:
            continue
        kind = relation.reltype.rpartition("/")[2]
        if kind not in (*_HEAD_PARTS, *_NOTE_PARTS):
            continue
        part = relation.target_part
        root = getattr(part, "element", None)
        if root is None:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            root = etree.fromstring(part.blob, parser)
        (heads if kind in _HEAD_PARTS else notes).append((part, root))
    return heads, notes


def _text_of(root: etree._Element, walk: _Walk) -> str:
    """Return the text below *root*; walked without recursion."""
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
            continue
        if event == "end":
            _leave(walk, element)
        elif (
            element.tag in _LEFT_OUT
            or (element.tag == f"{_W}r" and _is_hidden(element))
            or not _enter(walk, element)
        ):
            skipped = element
    return walk.flows[0].text()


def _enter(walk: _Walk, element: etree._Element) -> bool:
    """Begin an element; say whether to go into it."""
    tag = str(element.tag)
    name = tag.removeprefix(_W)
    if name == "p":
        walk.flow.line()
        _begin_paragraph(walk, element)
    elif name == "t":
        _add(walk, element)
    elif name in ("tab", "ptab"):
        if element.getparent() is not None and element.getparent().tag == f"{_W}r":  # type: ignore[union-attr]
            walk.flow.add_as_it_stands("\t")
    elif name in ("br", "cr"):
        walk.flow.line()
    elif name == "noBreakHyphen":
        walk.flow.add("-")
    elif name == "sym":
        walk.flow.add(_symbol(element))
    elif name == "tbl":
        walk.tables.append(Table())
    elif name == "tr" and walk.tables:
        if _has_property(element, "trPr", "del"):
            return False
        walk.tables[-1].row()
    elif (name == "tc" and walk.tables) or name == "txbxContent":
        walk.flows.append(Flow())
    elif name == "altChunk":
        _add_chunk(walk, element)
    elif name == "checkBox":
        walk.flow.add(_form_box(element) + " ")
    elif tag == f"{_W14}checkbox":
        # The box itself follows as text.
        return False
    elif name in ("footnote", "endnote"):
        # Lines that merely divide the notes from the page.
        return element.get(f"{_W}type") is None
    return True


def _leave(walk: _Walk, element: etree._Element) -> None:
    name = str(element.tag).removeprefix(_W)
    if name == "p":
        if _is_in_list(element) or walk.tables:
            walk.flow.line()
        else:
            walk.flow.paragraph()
    elif name == "tc" and len(walk.flows) > 1 and walk.tables:
        walk.tables[-1].cell(walk.flows.pop())
    elif name == "tr" and walk.tables:
        walk.tables[-1].end_row()
    elif name == "tbl" and walk.tables:
        walk.tables.pop().set_into(walk.flow)
        walk.flow.is_page_part = walk.flow.is_page_part or len(walk.flows) > 1
    elif name == "txbxContent" and len(walk.flows) > 1:
        box = walk.flows.pop().text()
        walk.flow.line()
        walk.flow.add_as_it_stands(box)
        walk.flow.line()


def _begin_paragraph(walk: _Walk, paragraph: etree._Element) -> None:
    if _style(paragraph).lower().startswith(("heading", "title")):
        walk.flow.paragraph()
        walk.flow.is_page_part = True
    elif _is_in_list(paragraph):
        walk.flow.add("- ")


def _add(walk: _Walk, element: etree._Element) -> None:
    text = element.text or ""
    run = element.getparent()
    raised = None if run is None else run.find(f"{_W}rPr/{_W}vertAlign")
    if raised is not None and raised.get(f"{_W}val") == "superscript":
        walk.flow.raise_digits(text)
    else:
        walk.flow.add_as_it_stands(text.replace("\n", " "))


def _add_chunk(walk: _Walk, element: etree._Element) -> None:
    """Add the text of a document that this one takes in as it is (altChunk), or say why it was not read."""
    try:
        extracted = _chunk(walk, element.get(f"{_R}id", ""))
    except FieldError as exc:
        walk.unread.append((exc.code, exc.message))
        return
    walk.unread.extend(extracted.unread)
    if extracted.is_cut:
        walk.unread.append(_CHUNK_UNREAD)
    walk.flow.paragraph()
    walk.flow.add_as_it_stands(extracted.text)
    walk.flow.paragraph()


def _chunk(walk: _Walk, relation_id: str) -> Extracted:
    relation = walk.part.rels.get(relation_id)
    if relation is None or relation.is_external or walk.is_inner:
        raise FieldError(*_CHUNK_UNREAD)
    data, media_type = relation.target_part.blob, relation.target_part.content_type
    head = data[:HEAD_BYTES]
    if html.sniff(head):
        return html.extract_here(data, walk.limits)
    if rtf.sniff(head):
        return rtf.extract_here(data, walk.limits)
    if is_zipped_document(head):
        return _extract(data, walk.limits, is_inner=True)
    # A page as it is sent by mail looks like text, too.
    if media_type.startswith("message/") or not looks_like_text(head):
        raise FieldError(*_CHUNK_UNREAD)
    return Extracted(decode(data)[0])


def _is_hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val", "true") not in ("0", "false", "off")


def _style(paragraph: etree._Element) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return "" if style is None else style.get(f"{_W}val", "")


def _is_in_list(paragraph: etree._Element) -> bool:
    number = paragraph.find(f"{_W}pPr/{_W}numPr/{_W}numId")
    if number is not None:
        return number.get(f"{_W}val") != "0"
    return _style(paragraph).startswith("List")


def _has_property(element: etree._Element, properties: str, name: str) -> bool:
    return element.find(f"{_W}{properties}/{_W}{name}") is not None


def _symbol(element: etree._Element) -> str:
    char = (element.get(f"{_W}char") or "").upper()
    if char in _SYMBOL_BOXES:
        return _SYMBOL_BOXES[char]
    return chr(int(char, 16)) if len(char) == 4 and not char.startswith("F0") and _is_hex(char) else " "


def _is_hex(text: str) -> bool:
    return all(c in "0123456789ABCDEF" for c in text) and not text.startswith(
        ("D8", "D9", "DA", "DB", "DC", "DD")
    )


def _form_box(element: etree._Element) -> str:
    """Return the box of a form field of old style; its state stands in ``checked``, else in ``default``."""
    for name in ("checked", "default"):
        state = element.find(f"{_W}{name}")
        if state is not None:
            return _EMPTY if state.get(f"{_W}val", "1") in ("0", "false", "off") else _TICKED
    return _EMPTY
