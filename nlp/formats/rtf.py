"""
RTF documents: one note a file.

``striprtf`` turns them into text; before it, a pass over the control words takes out hidden and deleted runs, lets
letterheads through (which striprtf leaves out), and marks cells and raised digits so that rows can be set as lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from striprtf.striprtf import rtf_to_text

from chartsift.nlp.formats.base import Extracted, Item, Limits, Source
from chartsift.nlp.formats.documents import only_pictures, read_note
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.flow import CELL, Flow, one_line
from chartsift.nlp.formats.sandbox import SANDBOX

SUFFIXES = (".rtf",)

_MAGIC = b"{\\rtf"
# Control characters that a document cannot hold, as marks between the two passes.
_CELL, _ROW, _ROW_BEGINS, _RAISED = "\x1f", "\x1e", "\x1d", "\x1c"
_MARKS = re.compile(f"[{_CELL}{_ROW}{_ROW_BEGINS}{_RAISED}]")
_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+", re.DOTALL
)
_REPLACED = {
    "cell": _CELL,
    "nestcell": _CELL,
    "row": _ROW,
    "trowd": _ROW_BEGINS,
    # A letterhead stands in a header; what a date is needed for stands there.
    "header": "\\par ",
    "headerf": "\\par ",
    "headerl": "\\par ",
    "headerr": "\\par ",
    "footnote": " ",
    "super": _RAISED,
    # Drawings, which striprtf leaves out, for the sake of the text boxes among them. What else a drawing says of itself
    # stands in groups that are left out; so does shprslt, the same once more for old programs.
    "shp": "",
    "shpgrp": "",
    "shpinst": "",
    "shptxt": "\\par ",
    "do": "",
    "dptxbxtext": "\\par ",
}
# A program that does not know these was told to leave them out.
_TO_BE_READ = ("shpinst", "do")
_BOXES = ("shptxt", "dptxbxtext")
_PICTURE = re.compile(r"\\(?:pict|objdata)(?![a-zA-Z])")
_EXPONENT = re.compile(f"(?<=\\d){_RAISED}(?=[-+−]?\\d)")
# Word itself refuses documents with more groups within each other.
_MOST_DEEP = 5_000


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a group does with its text."""

    is_hidden: bool = False
    is_deleted: bool = False

    @property
    def is_left_out(self) -> bool:
        return self.is_hidden or self.is_deleted


def sniff(head: bytes) -> bool:
    """Tell whether a file is RTF."""
    return head.lstrip().startswith(_MAGIC)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the one note of *source*."""
    return read_note(source, limits, extract)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a document; raises FieldError."""
    return SANDBOX.extract("rtf", data, limits)


def extract_here(data: bytes, limits: Limits) -> Extracted:
    """Do what ``extract`` does, in this process."""
    del limits
    if not sniff(data):
        raise FieldError("IN130", "the document is not RTF; save it anew")
    # RTF is ASCII; bytes beyond are of the code page that the document names, mostly Windows.
    written = data.decode("cp1252", "replace").lstrip()
    prepared, is_cut = _prepared(written)
    text: str = rtf_to_text(prepared, errors="replace")  # type: ignore[no-untyped-call]
    laid_out = _laid_out(text)
    if is_cut and not laid_out.strip():
        raise FieldError("IN130", "the document is cut off before its text; export it whole")
    if not laid_out.strip() and _PICTURE.search(written):
        raise only_pictures()
    return Extracted(laid_out, "rtf", is_cut=is_cut)


def _prepared(written: str) -> tuple[str, bool]:
    """Return the document with marks for its layout and without what it hides, and whether its end is missing."""
    out: list[str] = []
    shown = _Shown()
    outer: list[_Shown] = []
    boxes: list[int] = []
    at = 0
    while token := _TOKEN.match(written, at):
        at = token.end()
        whole, word, argument = token[0], token[1], token[2]
        if whole == "{":
            outer.append(shown)
            if len(outer) > _MOST_DEEP:
                raise FieldError("IN115", f"more than {_MOST_DEEP:,} groups within each other; save it anew")
        elif whole == "}":
            if boxes and boxes[-1] == len(outer):
                boxes.pop()
                out.append("\\par ")
            shown = outer.pop() if outer else _Shown()
        elif word == "bin":
            # Bytes of a picture follow, which may look like anything.
            at += max(0, int(argument or 0))
            continue
        elif word in ("v", "deleted"):
            is_on = argument != "0"
            shown = replace(shown, is_hidden=is_on) if word == "v" else replace(shown, is_deleted=is_on)
        elif word == "plain":
            shown = _Shown(is_deleted=shown.is_deleted)
        elif word in _REPLACED and not (word == "super" and argument == "0"):
            whole = _REPLACED[word]
            if word in _BOXES:
                boxes.append(len(outer))
            elif word in _TO_BE_READ and out[-1:] == ["\\*"]:
                out.pop()
        elif word is None:
            whole = _MARKS.sub("", whole)
        is_text = word in ("u", "tab", "line") or (word is None and whole not in ("{", "}"))
        if not (is_text and shown.is_left_out):
            out.append(whole)
    return "".join(out), bool(outer)


def _laid_out(text: str) -> str:
    """Return the text with each row of a table as one line."""
    text = _EXPONENT.sub("^", text).replace(_RAISED, "")
    flow = Flow()
    for part in text.split(_ROW):
        before, begins, row = part.partition(_ROW_BEGINS)
        if not begins and _CELL in part:
            # A row without its definition: its line is all that can belong to it.
            before, _, row = part.rpartition("\n")
        flow.add_as_it_stands(before.replace(_CELL, " "))
        flow.line()
        cells = [one_line(cell) for cell in row.replace(_ROW_BEGINS, "").split(_CELL)]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            flow.add_as_it_stands(CELL.join(cells))
            flow.line()
    return flow.text()
