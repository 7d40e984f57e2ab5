"""
HTML pages and XHTML: one note a file.

Scripts, styles, the head, hidden and deleted parts are left out; ticked boxes and chosen entries of forms are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.formats.base import Extracted, Item, Limits, Source
from chartsift.nlp.formats.documents import only_pictures, read_note
from chartsift.nlp.formats.encoding import UTF8, ascii_head, decode
from chartsift.nlp.formats.markup import local_name, markup_text, parse_html
from chartsift.nlp.formats.sandbox import SANDBOX

SUFFIXES = (".html", ".htm", ".xhtml")

_START = re.compile(
    # Each part is taken once and for all: a pattern that could split a run of comments in every way would never end.
    rb"(?>(?:<\?xml[^>]*\?>\s*)?)(?>(?:(?><!--.*?-->)\s*)*)"
    rb"<(?:!doctype\s+html|(?:html|head|body|title|meta|div|p|span|table|h[1-6]|br|b|i|u|strong|em|font|center|ul|ol|"
    rb"pre|style)(?=[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_DECLARED_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.IGNORECASE)
# Elements that show something which is no text of the page.
_PICTURES = frozenset("img svg canvas object embed iframe frame video audio".split())
# Where pages say how they are encoded; browsers look no further.
_DECLARATION_BYTES = 4096


def sniff(head: bytes) -> bool:
    """Tell whether a file is a page: it begins with an element of HTML."""
    return bool(_START.match(ascii_head(head)))


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the one note of *source*."""
    return read_note(source, limits, extract)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a page; raises FieldError."""
    return SANDBOX.extract("html", data, limits)


def extract_here(data: bytes, limits: Limits) -> Extracted:
    """Do what ``extract`` does, in this process."""
    del limits
    head = data[:_DECLARATION_BYTES]
    declared = _DECLARED.search(head) or _DECLARED_XML.search(head)
    text, encoding = decode(data, declared=declared[1].decode("ascii") if declared else "")
    if not _TAG.search(text):
        # A text that was merely named so.
        return Extracted(text, "" if encoding == UTF8 else f"text in {encoding}")
    root = parse_html(text)
    text = "" if root is None else markup_text(root)
    if root is not None and not text.strip() and any(local_name(e) in _PICTURES for e in root.iter()):
        raise only_pictures()
    return Extracted(text, "html")
