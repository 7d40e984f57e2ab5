"""
HTML, XHTML narratives and the narrative blocks of C-CDA become text; the three mark up a page in nearly one way.

The parser is libxml2 without network, external files or entities. It stops at 256 elements within each other, which
is reported; the walk itself does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lxml import etree

from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.flow import Flow, Table

_PARAGRAPHS = frozenset(
    "p h1 h2 h3 h4 h5 h6 blockquote ul ol dl pre section article header footer main aside nav figure fieldset "
    "address form body paragraph list title caption".split()
)
_LINES = frozenset("div li dt dd br hr tr legend option item figcaption center summary details".split())
_HIDDEN = frozenset(
    "script style template noscript head iframe object embed svg math canvas audio video map del select datalist "
    "colgroup col".split()
)
_TITLES = frozenset("h1 h2 h3 h4 h5 h6".split())
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_TICKED, _EMPTY = "☑", "☐"


@dataclass
class _List:
    is_numbered: bool
    count: int = 0

    def mark(self) -> str:
        self.count += 1
        return f"{self.count}. " if self.is_numbered else "- "


@dataclass
class _Walk:
    """Where the walk is: flows of cells and tables around them, innermost last."""

    flows: list[Flow] = field(default_factory=lambda: [Flow()])
    tables: list[Table] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    kept_deep: int = 0

    @property
    def flow(self) -> Flow:
        return self.flows[-1]

    def add(self, text: str | None) -> None:
        if not text:
            return
        if self.kept_deep:
            self.flow.add_as_it_stands(text)
        else:
            self.flow.add(text)


def markup_text(root: etree._Element, *, is_hidden: Callable[[etree._Element], bool] | None = None) -> str:
    """Return the text below *root* with its layout; *is_hidden* names further elements that nobody sees."""
    walk = _Walk()
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if skipped is None:
                walk.add(element.tail)
            continue
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                walk.add(element.tail if element is not root else None)
            continue
        tag = local_name(element)
        if event == "end":
            _leave(walk, tag, element)
            walk.add(element.tail if element is not root else None)
        elif tag in _HIDDEN or _is_hidden(element) or (is_hidden and is_hidden(element)):
            _show_choice(walk, tag, element)
            skipped = element
        else:
            _enter(walk, tag, element)
            walk.add(element.text)
    return walk.flows[0].text()


def parse_xml(data: bytes) -> etree._Element:
    """
    Return the root of an XML document.

    Raises:
        FieldError: it is not well formed (IN130), nested too deep (IN115), or makes use of entities (IN135).
        MemoryError: it needs more than there is.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        _raise_limits(parser)
        raise FieldError("IN130", f"the XML is not well formed (line {exc.lineno}); write it anew") from None
    if next(root.iter(etree.Entity), None) is not None:
        raise FieldError(
            "IN135",
            "the XML makes use of entities of its own, which are not opened; write it without a DOCTYPE",
        )
    return root


def parse_html(text: str) -> etree._Element | None:
    """
    Return the root of an HTML page, or None when it holds nothing.

    Raises:
        FieldError: more than 256 elements stand within each other, or a text is longer than 10 MB (IN115).
        MemoryError: it needs more than there is.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    # libxml2 would end the page at a NUL.
    data = text.replace("\x00", "").encode("utf-8", "replace")
    try:
        root = etree.fromstring(data, parser) if data.strip() else None
    except etree.XMLSyntaxError:
        # All other faults are mended, as in a browser.
        root = None
    _raise_limits(parser)
    return root


def _raise_limits(parser: etree.XMLParser | etree.HTMLParser) -> None:
    """Raise where the parser gave up: it returns what it has got, or nothing, as if that were all."""
    kinds = {entry.type_name for entry in parser.error_log}
    if "ERR_NO_MEMORY" in kinds:
        raise MemoryError
    if "ERR_RESOURCE_LIMIT" in kinds:
        raise FieldError(
            "IN115",
            "the document holds too many parts within each other, or too long ones; save it as plain text",
        )


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace, in lower case."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def children(element: etree._Element, name: str) -> Iterable[etree._Element]:
    """Yield the children of *element* with this name, in whatever namespace."""
    return (child for child in element if local_name(child) == name.lower())


def _is_hidden(element: etree._Element) -> bool:
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style and _HIDING.search(style))


def _enter(walk: _Walk, tag: str, element: etree._Element) -> None:
    if tag == "table":
        walk.tables.append(Table())
        walk.flow.paragraph()
    elif tag == "tr" and walk.tables:
        walk.tables[-1].row()
    elif tag in ("td", "th") and walk.tables:
        walk.flows.append(Flow())
    elif tag in ("ul", "ol", "list"):
        if not walk.lists:
            walk.flow.paragraph()
        is_numbered = tag == "ol" or element.get("listType") == "ordered"
        walk.lists.append(_List(is_numbered))
    elif tag in ("li", "item"):
        walk.flow.line()
        walk.add(walk.lists[-1].mark() if walk.lists else "- ")
    elif tag in _PARAGRAPHS:
        # A paragraph that opens a list item stands on the item's own line.
        if not walk.lists:
            walk.flow.paragraph()
        walk.kept_deep += tag == "pre"
    elif tag in _LINES:
        if not walk.lists or tag == "br":
            walk.flow.line()
    elif tag == "sup":
        walk.flows.append(Flow())
    elif tag == "input":
        _show_input(walk, element)
    walk.flow.is_page_part = walk.flow.is_page_part or tag in _TITLES


def _leave(walk: _Walk, tag: str, element: etree._Element) -> None:
    if tag == "table" and walk.tables:
        walk.tables.pop().set_into(walk.flow)
        walk.flow.is_page_part = walk.flow.is_page_part or len(walk.flows) > 1
    elif tag == "tr" and walk.tables:
        walk.tables[-1].end_row()
    elif tag in ("td", "th") and walk.tables and len(walk.flows) > 1:
        walk.tables[-1].cell(walk.flows.pop(), rows=_whole(element.get("rowspan")))
    elif tag in ("ul", "ol", "list") and walk.lists:
        walk.lists.pop()
        if walk.lists:
            walk.flow.line()
        else:
            walk.flow.paragraph()
    elif tag in _PARAGRAPHS:
        walk.kept_deep -= tag == "pre"
        if walk.lists:
            walk.flow.line()
        else:
            walk.flow.paragraph()
    elif tag in _LINES:
        walk.flow.line()
    elif tag == "sup" and len(walk.flows) > 1:
        raised = walk.flows.pop().text()
        walk.flow.raise_digits(raised)


def _show_input(walk: _Walk, element: etree._Element) -> None:
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        walk.add((_EMPTY if element.get("checked") is None else _TICKED) + " ")
    elif kind in ("text", "number", "date"):
        walk.add(element.get("value"))


def _show_choice(walk: _Walk, tag: str, element: etree._Element) -> None:
    """Add what was chosen of a list of choices; of a list in which nothing is chosen, the first is shown."""
    if tag != "select" or _is_hidden(element):
        return
    options = [option for option in element.iter() if local_name(option) == "option"]
    chosen = [option for option in options if option.get("selected") is not None] or options[:1]
    walk.add(", ".join("".join(option.itertext()).strip() for option in chosen))  # type: ignore[arg-type]


def _whole(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 5 else 1
