"""
Answers of a form by boxes: "[ ] yes [x] no" behind a question, or a tick in one of the columns that a title names.

    C. TO BE ASKED OF THE PATIENT                 Yes      No
     Organ or stem cell transplant                [ ]      [X]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from chartsift.nlp.text.layout import Layout

Said = Literal["yes", "no", "unknown", "nothing"]

BOX = r"(?:\[[ _]?[xX✓✔]?[ _]?\]|\([ _]?[xX✓✔]?[ _]?\)|[☐□○◯☒☑■●✓✔])"
_SAID: dict[str, Said] = {
    **dict.fromkeys(("yes", "y", "ja", "oui"), "yes"),
    **dict.fromkeys(("no", "n", "none", "never", "nein", "non"), "no"),
    **dict.fromkeys(("unknown", "unk", "unsure", "n/a", "na", "not known", "unbekannt"), "unknown"),
}
_WORD = "(?:" + "|".join(map(re.escape, sorted(_SAID, key=len, reverse=True))) + ")"
_SIGN = re.compile(r"[\[(|☐□○◯☒☑■●✓✔]")
_TICKED = re.compile(r"[xX✓✔☒☑■●]")
_BOXES = re.compile(
    rf"(?P<label>[^\n\[\]☐□○◯☒☑■●✓✔;|]{{0,80}}?)[\s:.?|–-]*"
    # Each box with its word: "[ ] yes [x] no", "Yes ☐ No ☒" ...
    rf"(?:(?P<named>(?:{BOX}[ \t]*{_WORD}\b[ \t/|,]*){{2,4}}|(?:\b{_WORD}[ \t:]*{BOX}[ \t/|,]*){{2,4}})"
    # ... or boxes alone, which a title tells apart.
    rf"|(?P<bare>{BOX}(?:[ \t]*{BOX}){{1,3}}))",
    re.IGNORECASE,
)
_PAIR = re.compile(
    rf"(?P<first>{BOX})[ \t]*(?P<after>{_WORD})\b|\b(?P<before>{_WORD})[ \t:]*(?P<second>{BOX})",
    re.IGNORECASE,
)
_BOX = re.compile(BOX)
# The title of the columns ends its line, but for a column of remarks.
_TITLE = re.compile(
    rf"(?<![\w/])(?P<words>{_WORD}(?:[ \t|/]+{_WORD}){{1,3}})[ \t|]*"
    r"(?:(?:comments?|remarks?|details?|notes?|specify|if yes)\b.*)?$",
    re.IGNORECASE,
)
_TITLE_WORD = re.compile(rf"(?<![\w/]){_WORD}(?![\w/])", re.IGNORECASE)
# So many lines below its title a row may stand: a page of a form.
_ROWS = 40
# So far behind the mention its boxes may begin, in code points: the width of a page.
_REACH = 160


class Answer(NamedTuple):
    """What the boxes say, their words as they stand, and where these end."""

    said: Said
    words: str
    end: int


def ticked(layout: Layout, end: int, *, is_asked: re.Pattern[str] | None = None) -> Answer | None:
    """
    Return what the boxes behind ``text[:end]`` in its line say; None where there are none, or none that can be told.

    Args:
        layout: The note.
        end: One past the last code point of what is asked for.
        is_asked: Words between it and its boxes that ask for something else about it.
    """
    text = layout.text
    line = layout.line_at(end - 1)
    stop = min(line.end, end + _REACH)
    if _SIGN.search(text, end, stop) is None:
        return None
    boxes = _BOXES.match(text, end, stop)
    if boxes is not None:
        if is_asked is not None and is_asked.search(boxes.group("label")):
            return None
        if boxes.group("named"):
            return Answer(*_named(boxes.group("named")), boxes.end("named"))
        marks = _BOX.findall(boxes.group("bare"))
        columns = _columns_above(layout, end, len(marks))
        if columns is not None:
            return Answer(_one_of(columns, marks), boxes.group("bare"), boxes.end("bare"))
    return _in_a_table(layout, end)


def _named(words: str) -> tuple[Said, str]:
    for pair in _PAIR.finditer(words):
        if _TICKED.search(pair.group("first") or pair.group("second")):
            return _SAID[(pair.group("after") or pair.group("before")).lower()], pair.group()
    return "nothing", words.strip()


def _one_of(columns: list[Said], marks: list[str]) -> Said:
    said = [column for column, mark in zip(columns, marks, strict=True) if _TICKED.search(mark)]
    return said[0] if len(said) == 1 else "nothing" if not said else "unknown"


def _titles_above(layout: Layout, offset: int) -> Iterator[str]:
    """Yield the lines above the one of *offset*, the nearest first, as far as a form reaches."""
    text = layout.text
    number = layout.line_number(offset)
    for line in reversed(layout.lines[max(0, number - _ROWS) : number]):
        yield text[line.start : line.end]


def _columns_above(layout: Layout, end: int, count: int) -> list[Said] | None:
    """Return what *count* columns mean by the nearest title above; None without a title of "yes" and "no"."""
    for line in _titles_above(layout, end - 1):
        title = _TITLE.search(line)
        if title is None:
            continue
        columns = [_SAID[word.lower()] for word in _TITLE_WORD.findall(title.group("words"))]
        return columns if len(columns) == count and {"yes", "no"} <= set(columns) else None
    return None


def _in_a_table(layout: Layout, end: int) -> Answer | None:
    """Return the answer of a row "| Prior transplant | | X |" below "| Question | Yes | No |"."""
    text = layout.text
    line = layout.line_at(end - 1)
    row = text[line.start : line.end]
    if row.count("|") < 2:
        return None
    cells = [cell.strip() for cell in row.split("|")]
    own = text.count("|", line.start, end)
    for above in _titles_above(layout, end - 1):
        if above.count("|") != len(cells) - 1:
            return None
        titles = [_SAID.get(cell.strip(" *").lower()) for cell in above.split("|")]
        if not {"yes", "no"} <= set(titles):
            continue
        columns = [(said, cells[i]) for i, said in enumerate(titles) if said is not None and i > own]
        if any(cell and not _BOX.fullmatch(cell) and cell not in "xX" for _, cell in columns):
            return None
        marks = [cell or "[ ]" for _, cell in columns]
        return Answer(
            _one_of([said for said, _ in columns], marks), " | ".join(cell for _, cell in columns), line.end
        )
    return None
