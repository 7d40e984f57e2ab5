"""
The shape of a note: lines, sentences, sections and regions that were copied or filled in by a template.

Everything here works on the note text itself, in half-open ranges of code points, and reads each character a
bounded number of times.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import add, sub
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
    _line_ends: list[int] = field(default_factory=list)
    _sentence_starts: list[int] = field(default_factory=list)
    _section_starts: list[int] = field(default_factory=list)
    _is_form: bool | None = None

    def index(self) -> None:
        """Prepare the look-ups; call after the lists are filled."""
        self._line_starts = [line.start for line in self.lines]
        self._line_ends = [line.end for line in self.lines]
        self._sentence_starts = [sentence.start for sentence in self.sentences]
        self._section_starts = [section.start for section in self.sections]

    def line_bounds(self) -> tuple[Sequence[int], Sequence[int]]:
        """Return where each of ``lines`` starts, and where each ends."""
        return self._line_starts, self._line_ends

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

    def sentences_in(self, start: int, end: int) -> Sequence[TextSpan]:
        """Return the sentences from the one at *start* up to the one at *end*."""
        return self.sentences[self.sentence_number(start) : self.sentence_number(end) + 1]

    def sentence_bounds(self, offset: int) -> tuple[int, int]:
        """Return where the sentence at *offset* begins and the next one does; white space belongs to the one before."""
        sentences = self.sentences
        number = self.sentence_number(offset)
        return (
            sentences[number].start if number else 0,
            sentences[number + 1].start if number + 1 < len(sentences) else len(self.text),
        )

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

    def is_form(self, signs: Iterable[str]) -> bool:
        """Say whether the note holds any of the *signs* of a form; looked for once a note."""
        if self._is_form is None:
            self._is_form = any(map(self.text.__contains__, signs))
        return self._is_form

    def sentence_text(self, offset: int) -> str:
        """Return the words of the sentence at *offset*."""
        span = self.sentence_at(offset)
        return self.text[span.start : span.end]


# Where the sentences of a block start, the sentences, and the number of the line behind it.
_Block = tuple[list[int], list[TextSpan], int]


class LazyLayout(Layout):
    """
    A layout whose parts are worked out when they are first asked for; many notes are read without any.

    Args:
        text: The note.
        find_sections: Fills in the sections and regions of a layout that has its lines.
    """

    __slots__ = ("_blocks", "_find_sections", "_is_split", "_made_lines", "_width")

    def __init__(self, text: str, find_sections: Callable[[Layout], None]) -> None:
        self.text = text
        self._find_sections = find_sections
        self._is_form = None
        # Few blocks of a note hold what is read, and only they are split as long as nobody asks for all sentences.
        self._is_split = False

    def __getattr__(self, name: str) -> Any:
        # Asked for only while the part is missing.
        if name in ("_line_starts", "_line_ends"):
            self._line_starts, self._line_ends = _line_bounds(self.text)
            self._made_lines: list[TextSpan | None] = [None] * len(self._line_starts)
            self._blocks: dict[int, _Block] = {}
            self._width = -1
        elif name == "lines":
            self.lines = list(map(_span, self._line_starts, self._line_ends))
        elif name in ("sentences", "_sentence_starts"):
            self.sentences = self._all_sentences()
            self._sentence_starts = [sentence.start for sentence in self.sentences]
            self._is_split = True
        elif name in ("sections", "_section_starts", "copied", "templated", "retracted"):
            self.copied, self.templated, self.retracted = [], [], []
            self._find_sections(self)
            self._section_starts = [section.start for section in self.sections]
        else:
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def line_at(self, offset: int) -> TextSpan:
        """Return the line that *offset* stands in, without its line end."""
        starts = self._line_starts
        number = bisect_right(starts, offset)
        number = number - 1 if number else 0
        # Of some lines everybody asks, and of most nobody ever does.
        line = self._made_lines[number]
        if line is None:
            line = self._made_lines[number] = _span(starts[number], self._line_ends[number])
        return line

    def sentence_at(self, offset: int) -> TextSpan:
        """Return the sentence that *offset* stands in, or the one before it."""
        if self._is_split:
            number = bisect_right(self._sentence_starts, offset)
            if number:
                return self.sentences[number - 1]
        else:
            line = bisect_right(self._line_starts, offset) - 1
            block = self._blocks.get(line)
            starts, sentences, _ = block if block is not None else self._split_block(line)
            number = bisect_right(starts, offset)
            if number:
                return sentences[number - 1]
        return Layout.sentence_at(self, offset)

    def sentences_in(self, start: int, end: int) -> Sequence[TextSpan]:
        """Return the sentences from the one at *start* up to the one at *end*."""
        if not self._is_split:
            first = self.sentence_at(start)
            if self.sentence_at(end).start == first.start:
                return (first,)
        return Layout.sentences_in(self, start, end)

    def sentence_bounds(self, offset: int) -> tuple[int, int]:
        """Return where the sentence at *offset* begins and the next one does; white space belongs to the one before."""
        if not self._is_split:
            line = bisect_right(self._line_starts, offset) - 1
            block = self._blocks.get(line)
            starts, sentences, _ = block if block is not None else self._split_block(line)
            number = bisect_right(starts, offset)
            if number:
                begin = starts[number - 1]
                if number == 1 and _first_sign(self.text, 0) == begin:
                    begin = 0
                if number < len(starts):
                    return begin, starts[number]
                return begin, _first_sign(self.text, sentences[-1].end)
        return Layout.sentence_bounds(self, offset)

    def _all_sentences(self) -> list[TextSpan]:
        """Return what ``split_sentences`` does, with the blocks that are split already."""
        text, starts, ends = self.text, self._line_starts, self._line_ends
        sentences: list[TextSpan] = []
        line = 0
        while line < len(starts):
            if not text[starts[line] : ends[line]].strip():
                line += 1
                continue
            block = self._blocks.get(line)
            _, found, line = block if block is not None else self._split_block(line, opens=True)
            sentences.extend(found)
        return sentences

    def _split_block(self, line: int, *, opens: bool = False) -> _Block:
        """
        Split the block that *line* stands in, or that ends before it, as ``split_sentences`` does.

        With *opens* it is known that the line opens its block.
        """
        text, starts, ends = self.text, self._line_starts, self._line_ends
        last = line
        while last >= 0 and not (content := text[starts[last] : ends[last]]).strip():
            last -= 1
        if last < 0:
            return [], [], 0
        if last < line and (known := self._blocks.get(last)) is not None:
            self._blocks[line] = known
            return known
        width = self._width
        if width < 0:
            width = self._width = _prose_width(starts, ends)
        first, opening = last, content
        while not opens and first and (before := text[starts[first - 1] : ends[first - 1]]).strip():
            if _breaks(before, opening, width):
                break
            first, opening = first - 1, before
        following = last + 1
        while following < len(starts):
            behind = text[starts[following] : ends[following]]
            if _breaks(content, behind, width):
                break
            following, content = following + 1, behind
        begin = ends[first] - len(opening.lstrip())
        sentences: list[TextSpan] = []
        _split(sentences, text, begin, starts[following - 1] + len(content.rstrip()))
        block = ([sentence.start for sentence in sentences], sentences, following)
        for number in range(first, max(following, line + 1)):
            self._blocks[number] = block
        return block


def split_lines(text: str) -> list[TextSpan]:
    """Return the lines of *text* without their line ends, which are those of ``str.splitlines``."""
    return list(map(_span, *_line_bounds(text)))


def _line_bounds(text: str) -> tuple[list[int], list[int]]:
    """Return where the lines of *text* start, and where they end."""
    starts = list(accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    # Where the last line ends a further one without words would start.
    last = starts.pop()
    ends = list(map(add, starts, map(len, text.splitlines())))
    if not ends or ends[-1] < last:
        # Behind the last line end stands a line without words.
        starts.append(last)
        ends.append(last)
    return starts, ends


# ---- sentences

_SIGN = re.compile(r"\S")
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


def _split(sentences: list[TextSpan], text: str, begin: int, end: int) -> None:
    """Append the sentences of the block ``begin:end``."""
    for stop in _BOUNDARY.finditer(text, begin, end):
        following = stop.start("next")
        if stop.start() >= begin and _ends_sentence(text, begin, stop, text[following]):
            _add(sentences, text, begin, stop.end())
            begin = following
    _add(sentences, text, begin, end)


def _first_sign(text: str, start: int) -> int:
    """Return where the first sign from *start* on stands that is no white space; the end of *text* if there is none."""
    sign = _SIGN.search(text, start)
    return sign.start() if sign is not None else len(text)


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
    width = _prose_width([line.start for line in lines], [line.end for line in lines])
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


def _prose_width(starts: Sequence[int], ends: Sequence[int]) -> int:
    """Return the column at which a note with these lines wraps its prose; 0 where its lines are whole paragraphs."""
    widths: list[int] = sorted([width for width in map(sub, ends, starts) if width > 40])
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
