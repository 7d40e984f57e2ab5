"""
Answers of a form by boxes: "[ ] yes [x] no" behind a question, a tick in one of the columns that a title names, or a
box before an item that nobody ticked.

    C. TO BE ASKED                                Yes      No        CHECK ANY THAT APPLY   child   family
     Organ or stem cell transplant                [ ]      [X]       Bone marrow transplant  [ ]     [X]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from chartsift.nlp.text.layout import Layout

Said = Literal["yes", "no", "unknown", "nothing", "family"]
_Column = Literal["yes", "no", "unknown", "self", "family"]

# Alternatives that each begin with a sign of their own are found much faster than a set of signs.
BOX = r"(?:\[[ _]?[xX✓✔]?[ _]?\]|\([ _]?[xX✓✔]?[ _]?\)|" + "|".join("☐□○◯☒☑■●✓✔") + ")"
# Where the columns have no boxes: "_    X".
_MARK = rf"(?:{BOX}|[_xX–-])"
_ANSWERS: dict[str, _Column] = {
    **dict.fromkeys(("yes", "y", "ja", "oui"), "yes"),
    **dict.fromkeys(("no", "n", "none", "never", "nein", "non"), "no"),
    **dict.fromkeys(("unknown", "unk", "unsure", "n/a", "na", "not known", "unbekannt"), "unknown"),
}
_PERSONS: dict[str, _Column] = {
    **dict.fromkeys(
        ("you", "self", "patient", "pt", "child", "me", "subject", "yourself", "your child"), "self"
    ),
    **dict.fromkeys(("family", "relative", "relatives", "parents", "family member", "your family"), "family"),
}
_COLUMNS: dict[str, _Column] = {**_ANSWERS, **_PERSONS}


def _any_of(words: dict[str, _Column]) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


_WORD, _PERSON = _any_of(_ANSWERS), _any_of(_PERSONS)
_TICKED = re.compile(r"[xX✓✔☒☑■●]")
_LABEL = r"(?P<label>[^\n\[\]☐□○◯☒☑■●✓✔;|]{0,80}?)"
# Each box with its word: "[ ] yes [x] no", "Yes ☐ No ☒".
_NAMED = re.compile(
    rf"{_LABEL}[\s:.?|–-]*"
    rf"(?P<boxes>(?:{BOX}[ \t]*{_WORD}\b[ \t/|,]*){{2,4}}|(?:\b{_WORD}[ \t:]*{BOX}[ \t/|,]*){{2,4}})",
    re.IGNORECASE,
)
# Boxes or marks alone, which a title tells apart.
_BARE = re.compile(
    rf"{_LABEL}[\s:.?–-]*(?:(?P<boxes>{BOX}(?:[ \t]*{BOX}){{1,3}})"
    rf"|(?:(?<=[ \t][ \t])|(?<=\t)|(?<=\.[ \t])|(?<=\.))(?P<marks>{_MARK}(?:[ \t]{{2,}}{_MARK}){{1,3}})(?=\s|$))"
)
_PAIR = re.compile(
    rf"(?P<first>{BOX})[ \t]*(?P<after>{_WORD})\b|\b(?P<before>{_WORD})[ \t:]*(?P<second>{BOX})",
    re.IGNORECASE,
)
_BOX = re.compile(BOX)
_MARKS = re.compile(_MARK)
_SOME_TICK = re.compile(r"\[[ _]?[xX✓✔][ _]?\]|\([ _]?[xX✓✔][ _]?\)|[☒☑✓✔]|[ \t]{2}[xX](?!\S)")
_TWO_MARKS = re.compile(r"[ \t][_xX–-][ \t]{2,}[_xX–-](?!\S)")
# What every box begins with, and what stands around a mark in a column: a note without any of these is no form, which
# is told many times faster than by an expression.
FORM_SIGNS = (
    *(opening + sign for opening in "[(" for sign in " _xX✓✔"),
    "[]", "()", *"☐□○◯☒☑■●✓✔", "  _  ", "  x  ", "  X  ", "  -  ", "  –  ",
)  # fmt: skip
# The title of the columns ends its line, but for a column of remarks.
_REMARKS = r"[ \t|]*(?:(?:comments?|remarks?|details?|notes?|specify|who|if yes)\b.*)?$"
_TITLE = re.compile(
    rf"(?<![\w/])(?P<words>{_WORD}(?:[ \t|/]+{_WORD}){{1,3}}){_REMARKS}"
    rf"|(?:[ \t]{{2,}}|\t|\|[ \t]*|^)(?P<persons>{_PERSON}(?:(?:[ \t]{{2,}}|\t|[ \t]*\|[ \t]*){_PERSON})+){_REMARKS}",
    re.IGNORECASE,
)
_TITLE_WORD = re.compile(rf"(?<![\w/]){_any_of(_COLUMNS)}(?![\w/])", re.IGNORECASE)
_YES_CELL = re.compile(r"\|[ *]*(?:yes|y|ja|oui)[ *]*(?:\||$)", re.IGNORECASE)
# An item begins behind its box, and ends where a column, a sentence or the next item begins.
_ENDS_ITEM = re.compile(r"\S(?:[ \t]{3,}|\t|\s\|)|[.;]\s")
_ANSWERS_A_QUESTION = re.compile(rf"[ \t]*{_WORD}\b", re.IGNORECASE)
_LONGEST_ITEM = 90
# "[ ] Call the clinic about her kidney transplant": a task that is still to be done, and denies nothing.
_TO_DO = re.compile(
    r"[ \t]*(?:please |to |will |need to )?(?:call|phone|ring|e-?mail|fax|send|check|re-?check|order|schedule|book"
    r"|refer|review|discuss|obtain|get|request|repeat|ask|start|stop|hold|continue|confirm|complete|update|follow|f/u"
    r"|arrange|chase|print|inform|tell|clarify|verify|document|add|remove|correct|write|draw|give|see|find|forward|notify"
    r"|remind|await|recall|monitor|screen|consult|taper|treat|vaccinate)\b",
    re.IGNORECASE,
)
# A question that the patient is to answer in the line below: "4. Any infection now?".
_ASKS = re.compile(
    r"\W*(?:\d{1,2}\s?[.)]\s*)?(?:any|ever|have you|has (?:he|she|your child)|do you|does (?:he|she|your child)|did you"
    r"|are you|were you)\b[^?\n]*\?\s*$",
    re.IGNORECASE,
)
# The reply in the same line, behind a question of several things too.
_REPLY = re.compile(
    r"[ \t\"“_:>-]*(?:(?P<no>no|none|nil|never|nope|neg(?:ative)?)|yes|ja|oui)"
    r"(?=[\"”_]*(?:[ \t]*(?:[.,;:!(\"“–-]|$)|\n|[ \t]{2}))",
    re.IGNORECASE,
)
# "yes      _no_": the answer that was underlined, or starred.
_STRESSED = rf"(?:[_*]{{1,2}})?{_WORD}(?:[_*]{{1,2}})?"
_CHOSEN = re.compile(
    rf"{_LABEL}(?:[ \t]{{2,}}|[ \t]*[:?][ \t]*|\t)(?P<words>{_STRESSED}(?:[ \t/|]+{_STRESSED}){{1,2}})(?=\s|$)",
    re.IGNORECASE,
)
_MARKED = re.compile(rf"(?P<sign>[_*]{{1,2}})(?P<word>{_WORD})(?P=sign)", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"[_\W]*(?P<no>no(?:ne|pe)?|nil|never|denies|nothing)\b(?=[_\s]*(?:[.,;:!–-]|$|\n))", re.IGNORECASE
)
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
    # Most notes hold no box, and most mentions stand in no table, which is told in a fraction of the time.
    if text.find("_", end, end + _REACH) >= 0 or text.find("*", end, end + _REACH) >= 0:
        chosen = _chosen(layout, end)
        if chosen is not None:
            return chosen
    if not layout.is_form(FORM_SIGNS):
        return _in_a_table(layout, end) if text.find("|", end, end + _REACH) >= 0 else None
    stop = min(layout.line_at(end - 1).end, end + _REACH)
    has_box = _BOX.search(text, end, stop) is not None
    named = _NAMED.match(text, end, stop) if has_box else None
    if named is not None:
        if is_asked is not None and is_asked.search(named.group("label")):
            return None
        said, words = _of_named(named.group("boxes"))
        return Answer(said, words, named.end("boxes"))
    bare = _BARE.match(text, end, stop) if has_box or _TWO_MARKS.search(text, end, stop) is not None else None
    if bare is not None and not (is_asked is not None and is_asked.search(bare.group("label"))):
        kind = "boxes" if bare.group("boxes") else "marks"
        marks = _MARKS.findall(bare.group(kind))
        columns = _columns_above(layout, end, len(marks))
        if columns is not None:
            said = _of_columns(columns, marks)
            if "self" in columns and said == "no" and _SOME_TICK.search(text) is None:
                said = "nothing"  # nobody has filled in the form
            return Answer(said, bare.group(kind), bare.end(kind))
    return _in_a_table(layout, end)


def _chosen(layout: Layout, end: int) -> Answer | None:
    """Return the answer that is underlined or starred of those behind ``text[:end]``: "yes      _no_"."""
    chosen = _CHOSEN.match(layout.text, end, min(layout.line_at(end - 1).end, end + _REACH))
    if chosen is None:
        return None
    marked = [match.group("word").lower() for match in _MARKED.finditer(chosen.group("words"))]
    if len(marked) != 1:
        return None
    said = _ANSWERS[marked[0]]
    return Answer(
        "yes" if said == "yes" else "no" if said == "no" else "unknown",
        chosen.group("words").strip(),
        chosen.end(),
    )


def replied(layout: Layout, end: int) -> Answer | None:
    """Return the reply in the line of the question that ``text[:end]`` stands in: "Any cough, cystitis?   NO"."""
    text = layout.text
    line = layout.line_at(end - 1)
    asked = text.find("?", end, min(line.end, end + _REACH))
    if asked < 0 or _ASKS.match(text, line.start, asked + 1) is None:
        return None
    reply = _REPLY.match(text, asked + 1, line.end)
    if reply is None:
        return None
    return Answer("no" if reply.group("no") else "yes", reply.group().strip(), reply.end())


def unticked(layout: Layout, start: int) -> str:
    """Return the empty box that opens the item of a list in which *start* stands, or an empty string."""
    if not layout.is_form(FORM_SIGNS):
        return ""
    line = layout.line_at(start)
    before = layout.text[max(line.start, start - _LONGEST_ITEM) : start]
    boxes = list(_BOX.finditer(before))
    if not boxes or _TICKED.search(boxes[-1].group()):
        return ""
    item = before[boxes[-1].end() :]
    if _ANSWERS_A_QUESTION.match(item) or _ENDS_ITEM.search(item) or _TO_DO.match(item):
        return ""
    return boxes[-1].group()


def asked_above(layout: Layout, start: int) -> Answer | None:
    """Return the answer in the line below to a question that is the whole line of *start*; "nothing" for more."""
    text = layout.text
    line = layout.line_at(start)
    if text[line.end - 1 : line.end] not in ("?", " ") or _ASKS.match(text, line.start, line.end) is None:
        return None
    below = text[line.end : line.end + _REACH].lstrip()
    reply = _NO_REPLY.match(below)
    return Answer("nothing" if reply is None else "no", "?" if reply is None else reply.group("no"), line.end)


def _of_named(words: str) -> tuple[Said, str]:
    for pair in _PAIR.finditer(words):
        if _TICKED.search(pair.group("first") or pair.group("second")):
            said = _ANSWERS[(pair.group("after") or pair.group("before")).lower()]
            return ("yes" if said == "yes" else "no" if said == "no" else "unknown"), pair.group()
    return "nothing", words.strip()


def _of_columns(columns: Sequence[_Column], marks: Sequence[str]) -> Said:
    """Return what is ticked of *columns*, of which there are as many as *marks*."""
    if list(columns) == ["yes", "no", "yes", "no"]:
        # "You: Y N, family: Y N": what is asked is the patient's.
        columns, marks = columns[:2], marks[:2]
    said = {column for column, mark in zip(columns, marks, strict=True) if _TICKED.search(mark)}
    if "self" in columns:
        # Of a list to tick what applies nothing is ticked of what does not.
        return "yes" if "self" in said else "family" if said else "no"
    if not said:
        return "nothing"
    return "unknown" if len(said) > 1 or "unknown" in said else "yes" if "yes" in said else "no"


def _titles_above(layout: Layout, offset: int) -> Iterator[str]:
    """Yield the lines above the one of *offset*, the nearest first, as far as a form reaches."""
    text = layout.text
    number = layout.line_number(offset)
    for line in reversed(layout.lines[max(0, number - _ROWS) : number]):
        yield text[line.start : line.end]


def _columns_above(layout: Layout, end: int, count: int) -> list[_Column] | None:
    """Return what *count* columns mean by the nearest title above; None without a title that tells it."""
    for line in _titles_above(layout, end - 1):
        title = _TITLE.search(line)
        if title is None:
            continue
        words = title.group("words") or title.group("persons")
        columns = [_COLUMNS[word.lower()] for word in _TITLE_WORD.findall(words)]
        is_told = {"yes", "no"} <= set(columns) or {"self", "family"} <= set(columns)
        return columns if len(columns) == count and is_told else None
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
        if _YES_CELL.search(above) is None:
            continue
        titles = [_ANSWERS.get(cell.strip(" *").lower()) for cell in above.split("|")]
        if not {"yes", "no"} <= set(titles):
            continue
        columns = [(said, cells[i]) for i, said in enumerate(titles) if said is not None and i > own]
        if any(cell and _MARKS.fullmatch(cell) is None for _, cell in columns):
            return None
        marks = [cell or "_" for _, cell in columns]
        return Answer(_of_columns([said for said, _ in columns], marks), " | ".join(marks), line.end)
    return None
