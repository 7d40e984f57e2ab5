"""
The shape of a note: lines, sentences, sections and regions that were copied or filled in by a template.

Everything here works on the note text itself, in half-open ranges of code points, and reads each character a
bounded number of times.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import add
from string import ascii_letters
from typing import Any

from chartsift.nlp.values import maker


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A half-open range of code points."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < self.end


_span = maker(TextSpan)


@dataclass(frozen=True, slots=True)
class Section:
    """
    A titled part of a note.

    Attributes:
        title: The header's words as they stand; empty for the preamble.
        category: One of the categories of ``lexicon/sections.yaml``; "preamble" before the first header,
            "other" for a header that is not on the list.
        start: Where the header begins.
        body: Where the text after the header begins.
        end: Where the next section begins, or the end of the note.
        copied: The header says that the text was carried forward from an earlier note.
        templated: The header says that the text was filled in by a template.
    """

    title: str
    category: str
    start: int
    body: int
    end: int
    copied: bool = False
    templated: bool = False


@dataclass(frozen=True, slots=True)
class Retraction:
    """
    Text that the note itself takes back further on, and the *words* that do: "the above was entered in error".

    ``is_misfiled``: it was written into the chart of the wrong person.
    """

    start: int
    end: int
    words: str
    is_misfiled: bool


@dataclass(slots=True)
class Layout:
    """
    Lines, sentences and sections of one note, each sorted and covering the text without overlap.

    ``copied`` and ``templated`` are the regions that say of themselves that they were carried forward or
    prefilled; a statement there is outranked by today's own words.
    """

    text: str
    lines: list[TextSpan] = field(default_factory=list)
    sentences: list[TextSpan] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    copied: list[TextSpan] = field(default_factory=list)
    templated: list[TextSpan] = field(default_factory=list)
    retracted: list[Retraction] = field(default_factory=list)
    _line_starts: list[int] = field(default_factory=list)
    _sentence_starts: list[int] = field(default_factory=list)
    _section_starts: list[int] = field(default_factory=list)
    _is_form: bool | None = None

    def index(self) -> None:
        """Prepare the look-ups; call after the lists are filled."""
        self._line_starts = [line.start for line in self.lines]
        self._sentence_starts = [sentence.start for sentence in self.sentences]
        self._section_starts = [section.start for section in self.sections]

    def line_at(self, offset: int) -> TextSpan:
        """Return the line that *offset* stands in, without its line end."""
        number = bisect_right(self._line_starts, offset)
        return self.lines[number - 1 if number else 0]

    def line_number(self, offset: int) -> int:
        """Return the index in ``lines`` of the line that *offset* stands in."""
        number = bisect_right(self._line_starts, offset)
        return number - 1 if number else 0

    def sentence_at(self, offset: int) -> TextSpan:
        """Return the sentence that *offset* stands in, or the one before it."""
        if not self.sentences:
            return TextSpan(0, len(self.text))
        number = bisect_right(self._sentence_starts, offset)
        return self.sentences[number - 1 if number else 0]

    def sentence_number(self, offset: int) -> int:
        """Return the index in ``sentences`` of the sentence that *offset* stands in."""
        number = bisect_right(self._sentence_starts, offset)
        return number - 1 if number else 0

    def section_at(self, offset: int) -> Section:
        """Return the section that *offset* stands in."""
        if not self.sections:
            return Section("", "preamble", 0, 0, len(self.text))
        number = bisect_right(self._section_starts, offset)
        return self.sections[number - 1 if number else 0]

    def is_copied(self, offset: int) -> bool:
        """Say whether the text at *offset* was carried forward from an earlier note, by its own words."""
        return self.section_at(offset).copied or any(offset in span for span in self.copied)

    def is_templated(self, offset: int) -> bool:
        """Say whether the text at *offset* was filled in by a template, by its own words."""
        return self.section_at(offset).templated or any(offset in span for span in self.templated)

    def is_marked(self) -> bool:
        """Say whether any text of the note was carried forward or filled in, by its own words."""
        return bool(
            self.copied
            or self.templated
            or any(section.copied or section.templated for section in self.sections)
        )

    def retraction_of(self, offset: int) -> Retraction | None:
        """Return what takes back the text at *offset*, or None where it stands."""
        return next((one for one in self.retracted if one.start <= offset < one.end), None)

    def is_form(self, signs: re.Pattern[str]) -> bool:
        """Say whether the note holds any of the *signs* of a form; looked for once a note."""
        if self._is_form is None:
            self._is_form = signs.search(self.text) is not None
        return self._is_form

    def sentence_text(self, offset: int) -> str:
        """Return the words of the sentence at *offset*."""
        span = self.sentence_at(offset)
        return self.text[span.start : span.end]


class LazyLayout(Layout):
    """
    A layout whose parts are worked out when they are first asked for; many notes are read without any.

    Args:
        text: The note.
        find_sections: Fills in the sections and regions of a layout that has its lines.
    """

    __slots__ = ("_find_sections",)

    def __init__(self, text: str, find_sections: Callable[[Layout], None]) -> None:
        self.text = text
        self._find_sections = find_sections
        self._is_form = None

    def __getattr__(self, name: str) -> Any:
        # Asked for only while the part is missing.
        if name in ("lines", "_line_starts"):
            self.lines = split_lines(self.text)
            self._line_starts = [line.start for line in self.lines]
        elif name in ("sentences", "_sentence_starts"):
            self.sentences = split_sentences(self.text, self.lines)
            self._sentence_starts = [sentence.start for sentence in self.sentences]
        elif name in ("sections", "_section_starts", "copied", "templated", "retracted"):
            self.copied, self.templated, self.retracted = [], [], []
            self._find_sections(self)
            self._section_starts = [section.start for section in self.sections]
        else:
            raise AttributeError(name)
        return object.__getattribute__(self, name)


def split_lines(text: str) -> list[TextSpan]:
    """Return the lines of *text* without their line ends, which are those of ``str.splitlines``."""
    starts = list(accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    lines = list(map(_span, starts, map(add, starts, map(len, text.splitlines()))))
    if not lines or lines[-1].end < len(text):
        # Behind the last line end stands a line without words.
        lines.append(_span(len(text), len(text)))
    return lines


# ---- sentences

_LONGEST_SENTENCE = 2_000  # code points; the longest sentence of the development notes has under 1,500

_BULLET = re.compile(
    r"\s*(?:[-*•·▪◦‣–—>+#]{1,3}\s*(?=\S)|\(?\d{1,2}[.)]\s|[A-Za-z][.)]\s|\[[ xX]?\]|[☐☑☒✓✗□■]|\d{1,2}\s{2,})"
)
_LABEL = re.compile(r"\s*[A-Za-z][\w /&'()+.-]{0,40}:(?:\s|$)")
_TABLE = re.compile(r"\S(?: {3,}|\t+|\s*\.{3,}\s*|\s+\|\s+)\S")
_RULE = re.compile(r"\s*[-=_*~]{3,}\s*$")
_COLUMN_SIGNS = ("   ", "\t", "...", "|")  # what a row of a table holds one of
_TERMINALS = (".", "!", "?", ":", ";")
_CLOSERS = "'\")]”’"
# A stop, its closing quotes or brackets, white space, and then something that can open a sentence.
# Only the first stop of a run is tried: a line of leader dots is read once, not once a dot.
_BOUNDARY = re.compile(
    r"[.!?](?<![.!?][.!?])[.!?]*['\")\]”’]*(?=\s+(?P<next>[A-Z0-9À-ÖØ-Þ\"'“(\[#>☐☑☒+-]|[a-z]+\b))"
)
# These end a sentence as often as they abbreviate a word, so the next letter decides.
_EITHER = frozenset("no neg pos yr yrs mo wk wks y pt pts etc ca med prn wt".split())
_LETTER_NAME = re.compile(
    r"\b(?:vitamin|hepatitis|hep|type|class|grade|group|factor|plan|stage|influenza|\d)\s$", re.I
)
_LINE_LOOK = 300
_NUMBER = re.compile(r"\d{1,2}|[A-Za-z]")
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof st jr sr vs approx appt no nos hx fx dx tx rx sx pt pts etc cf resp incl "
    "jan feb mar apr jun jul aug sep sept oct nov dec inc fig ref max min avg est dept ext med univ hosp assoc al ca "
    "yr yrs mo wk wks neg pos temp wt ht bilat occ prn".split()
)
_LONGEST_ABBREVIATION = max(map(len, _ABBREVIATIONS))
# Those that end in a single letter, and initials.
_LETTER = re.compile(r"\b(?:e\.g|i\.e|b\.i\.d|t\.i\.d|p\.o|i\.v|a\.m|p\.m|[A-Z])\.$", re.IGNORECASE)
_LETTER_LOOK = 15


def split_sentences(text: str, lines: Sequence[TextSpan]) -> list[TextSpan]:
    """
    Return the sentences of *text*: prose sentences, and each line of a list, table or form by itself.

    A line that merely wraps is joined with the next. White space between sentences belongs to none.
    """
    sentences: list[TextSpan] = []
    # The stops of the whole note are found at once; a block takes those behind which it still goes on.
    stops = _BOUNDARY.finditer(text)
    stop = next(stops, None)
    for start, end in _blocks(text, lines):
        begin = start
        while stop is not None and (following := stop.start("next")) < end:
            if stop.start() >= begin and _ends_sentence(text, begin, stop, text[following]):
                _add(sentences, text, begin, stop.end())
                begin = following
            stop = next(stops, None)
        _add(sentences, text, begin, end)
    return sentences


def _ends_sentence(text: str, begin: int, stop: re.Match[str], following: str) -> bool:
    """Say whether the stop ends the sentence that begins at *begin*; *following* is the next letter or sign."""
    signs = stop.group()
    at = stop.start()
    if signs == ".":
        # "1." opens an item, it does not end a sentence.
        if at - begin <= 2 and _NUMBER.fullmatch(text, begin, at) is not None:
            return False
        if _is_abbreviation(text, begin, at, following):
            return False
    elif len(signs) > 2 and _is_leader(text, at, signs):
        return False
    if not following.islower() or signs[0] != ".":
        return True
    # "pred 40 mg. tapered" is a new sentence only for hasty writers; "approx. four" never is.
    word = text[max(begin, at - 3) : at]
    return signs == "." and len(word) == 3 and word.isascii() and word.isalpha() and word.islower()


def _is_leader(text: str, at: int, signs: str) -> bool:
    """Say whether stops are the dots between a label and its value ("SRP ..... neg")."""
    dots = len(signs.rstrip(_CLOSERS))
    return dots >= 4 or (dots == 3 and text[max(0, at - 1) : at].isspace())


def _is_abbreviation(text: str, begin: int, at: int, following: str) -> bool:
    """Say whether the full stop *at* belongs to the word before it."""
    before = text[max(begin, at - _LONGEST_ABBREVIATION - 1) : at]
    stem = before.rstrip(ascii_letters)
    word = before[len(stem) :].lower()
    # A word of two letters and more settles nearly every stop; only a single letter needs a closer look.
    if len(word) > 1 or not before[-1:].isalpha():
        return (
            word in _ABBREVIATIONS
            and not (stem and (stem[-1].isalnum() or stem[-1] == "_"))
            and not (word in _EITHER and following.isupper())
        )
    head = text[max(begin, at - _LETTER_LOOK) : at + 1]
    match = _LETTER.search(head)
    if match is None:
        return False
    word = match.group().rstrip(".").lower()
    if word in _EITHER:
        return not following.isupper()
    if len(word) == 1:
        # An initial ("J. Smith") is a capital behind white space or nothing; "RA. No fever" does not end in one,
        # nor do "for 1 h. Then" and "vitamin D. Then".
        ahead = head[: match.start()]
        opens = not ahead.strip() or ahead[-1].isspace()
        return opens and match.group()[0].isupper() and not _LETTER_NAME.search(ahead)
    return True


def _add(sentences: list[TextSpan], text: str, start: int, end: int) -> None:
    """Append ``start:end``, which begins and ends with a sign."""
    # A dump without any sentence end is cut, so that no later step meets a sentence of a megabyte.
    while end - start > _LONGEST_SENTENCE:
        cut = text.rfind(" ", start + _LONGEST_SENTENCE // 2, start + _LONGEST_SENTENCE)
        cut = cut if cut > 0 else start + _LONGEST_SENTENCE
        sentences.append(_span(start, cut))
        start = cut
        while text[start].isspace():
            start += 1
    sentences.append(_span(start, end))


def _blocks(text: str, lines: Sequence[TextSpan]) -> Iterator[tuple[int, int]]:
    """
    Yield ranges of text that may hold several sentences but end where the layout ends one.

    Without the white space around them.
    """
    contents = [text[line.start : line.end] for line in lines]
    contents.append("")
    width = _prose_width(lines)
    begin = -1
    for number, line in enumerate(lines):
        content = contents[number]
        if not content or content.isspace():
            continue
        if begin < 0:
            begin = line.end - len(content.lstrip())
        if _breaks(content, contents[number + 1], width):
            yield begin, line.start + len(content.rstrip())
            begin = -1


def _prose_width(lines: Sequence[TextSpan]) -> int:
    """Return the column at which this note wraps its prose; 0 where its lines are whole paragraphs."""
    widths = sorted([width for line in lines if (width := line.end - line.start) > 40])
    if len(widths) < 4:
        return 0
    return widths[int(len(widths) * 0.8)]


def _breaks(line: str, following: str, width: int) -> bool:
    """Say whether a sentence ends with *line*, whatever its last sign is."""
    first = following.lstrip()[:1]
    if not first:
        return True
    # What a line is shows in its first words; a longer look at a line of ten thousand dots has no end.
    if len(line) >= _LINE_LOOK:
        line = line[:_LINE_LOOK] + line[-20:]
    words = line.rstrip()
    # A line that stops well short of the margin was ended on purpose, unless the next goes on in small letters.
    goes_on = first.islower() or first in ",;)"
    if not goes_on and (width == 0 or len(words) < 0.75 * width):
        return True
    if words.rstrip(_CLOSERS).endswith(_TERMINALS):
        return True
    following = following[:_LINE_LOOK]
    return (
        _BULLET.match(following) is not None
        or _RULE.match(following) is not None
        or _RULE.match(line) is not None
        or _is_row(line)
        or _is_row(following)
        or (_LABEL.match(following) is not None and not first.islower())
        or is_heading(line)
    )


def _is_row(line: str) -> bool:
    """Say whether *line* is a row of a table."""
    return any(sign in line for sign in _COLUMN_SIGNS) and _TABLE.search(line) is not None


def is_heading(line: str) -> bool:
    """Say whether *line* looks like a heading: short, in capitals, no sentence."""
    # Most lines hold a small letter, which is told at once.
    if not line.isupper():
        return False
    content = line.strip().strip("=-*#_: ")
    if len(content) > 70:
        return False
    letters = [c for c in content if c.isalpha()]
    return len(letters) >= 3 and all(c.isupper() for c in letters) and not content.endswith((".", ","))
