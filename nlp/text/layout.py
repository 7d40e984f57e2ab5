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
from typing import Any

from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.prefilter import gate


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A half-open range of code points."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < self.end


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

    def index(self) -> None:
        """Prepare the look-ups; call after the lists are filled."""
        self._line_starts = [line.start for line in self.lines]
        self._sentence_starts = [sentence.start for sentence in self.sentences]
        self._section_starts = [section.start for section in self.sections]

    def line_at(self, offset: int) -> TextSpan:
        """Return the line that *offset* stands in, without its line end."""
        return self.lines[max(0, bisect_right(self._line_starts, offset) - 1)]

    def line_number(self, offset: int) -> int:
        """Return the index in ``lines`` of the line that *offset* stands in."""
        return max(0, bisect_right(self._line_starts, offset) - 1)

    def sentence_at(self, offset: int) -> TextSpan:
        """Return the sentence that *offset* stands in, or the one before it."""
        if not self.sentences:
            return TextSpan(0, len(self.text))
        return self.sentences[max(0, bisect_right(self._sentence_starts, offset) - 1)]

    def sentence_number(self, offset: int) -> int:
        """Return the index in ``sentences`` of the sentence that *offset* stands in."""
        return max(0, bisect_right(self._sentence_starts, offset) - 1)

    def section_at(self, offset: int) -> Section:
        """Return the section that *offset* stands in."""
        if not self.sections:
            return Section("", "preamble", 0, 0, len(self.text))
        return self.sections[max(0, bisect_right(self._section_starts, offset) - 1)]

    def is_copied(self, offset: int) -> bool:
        """Say whether the text at *offset* was carried forward from an earlier note, by its own words."""
        return self.section_at(offset).copied or any(offset in span for span in self.copied)

    def is_templated(self, offset: int) -> bool:
        """Say whether the text at *offset* was filled in by a template, by its own words."""
        return self.section_at(offset).templated or any(offset in span for span in self.templated)

    def retraction_of(self, offset: int) -> Retraction | None:
        """Return what takes back the text at *offset*, or None where it stands."""
        return next((one for one in self.retracted if one.start <= offset < one.end), None)

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


_LINE_END = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")


def split_lines(text: str) -> list[TextSpan]:
    """Return the lines of *text* without their line ends (CRLF, LF, CR and the Unicode line ends)."""
    lines: list[TextSpan] = []
    start = 0
    for match in _LINE_END.finditer(text):
        lines.append(TextSpan(start, match.start()))
        start = match.end()
    lines.append(TextSpan(start, len(text)))
    return lines


# ---- sentences

_LONGEST_SENTENCE = 2_000  # code points; the longest sentence of the development notes has under 1,500

_BULLET = re.compile(
    r"\s*(?:[-*•·▪◦‣–—>+#]{1,3}\s*(?=\S)|\(?\d{1,2}[.)]\s|[A-Za-z][.)]\s|\[[ xX]?\]|[☐☑☒✓✗□■]|\d{1,2}\s{2,})"
)
_LABEL = re.compile(r"\s*[A-Za-z][\w /&'()+.-]{0,40}:(?:\s|$)")
_TABLE = re.compile(r"\S(?: {3,}|\t+|\s*\.{3,}\s*|\s+\|\s+)\S")
_RULE = re.compile(r"\s*[-=_*~]{3,}\s*$")
_TERMINAL = re.compile(r"[.!?:;]['\")\]”’]*\s*$")
# A stop, its closing quotes or brackets, white space, and then something that can open a sentence.
_BOUNDARY = gate(r"(?<![.!?])[.!?]+['\")\]”’]*(?=\s+(?:[A-Z0-9À-ÖØ-Þ\"'“(\[#>☐☑☒+-]|[a-z]+\b))")
# These end a sentence as often as they abbreviate a word, so the next letter decides.
_EITHER = frozenset("no neg pos yr yrs mo wk wks y pt pts etc ca med prn wt".split())
_LETTER_NAME = re.compile(
    r"\b(?:vitamin|hepatitis|hep|type|class|grade|group|factor|plan|stage|influenza|\d)\s$", re.I
)
_LINE_LOOK = 300
_NUMBERING = re.compile(r"\s*(?:\d{1,2}|[A-Za-z])\.")  # "1." opens an item, it does not end a sentence
_ABBREVIATIONS = (
    "dr mr mrs ms prof st jr sr vs approx appt no nos hx fx dx tx rx sx pt pts e.g i.e etc cf resp incl "
    "jan feb mar apr jun jul aug sep sept oct nov dec inc fig ref max min avg est dept ext med univ hosp assoc al ca y "
    "yr yrs mo wk wks neg pos temp wt ht bilat occ prn q b.i.d t.i.d p.o i.v a.m p.m"
).split()
_ABBREVIATION = re.compile(rf"(?:\b(?:{'|'.join(map(re.escape, _ABBREVIATIONS))})|\b[A-Z])\.$", re.IGNORECASE)
# The letters before a stop settle most cases at once.
_LAST_LETTERS = re.compile(r"([^\W\d_]+)\.$")
_ABBREVIATED = frozenset(word.rpartition(".")[2] for word in _ABBREVIATIONS)


def split_sentences(text: str, lines: Sequence[TextSpan]) -> list[TextSpan]:
    """
    Return the sentences of *text*: prose sentences, and each line of a list, table or form by itself.

    A line that merely wraps is joined with the next. White space between sentences belongs to none.
    """
    return list(_sentences(text, lines))


def _sentences(text: str, lines: Sequence[TextSpan]) -> Iterator[TextSpan]:
    for start, end in _blocks(text, lines):
        begin = start
        for match in _BOUNDARY.finditer(text, start, end):
            head = text[max(begin, match.end() - 16) : match.end()]
            following = text[match.end() : match.end() + 40].lstrip()[:1]
            if match.group().startswith(".") and _is_abbreviation(head, following):
                continue
            if _NUMBERING.fullmatch(text, begin, match.end()) or _is_leader(text, match):
                continue
            # "pred 40 mg. tapered" is a new sentence only for hasty writers; "approx. four" never is.
            is_stop = match.group().startswith(("!", "?")) or re.search(r"[a-z]{3,}\.$", head)
            if following.islower() and not is_stop:
                continue
            yield from _trimmed(text, begin, match.end())
            begin = match.end()
        yield from _trimmed(text, begin, end)


def _is_leader(text: str, match: re.Match[str]) -> bool:
    """Say whether stops are the dots between a label and its value ("SRP ..... neg")."""
    dots = len(match.group().rstrip("'\")]”’"))
    return dots >= 4 or (dots == 3 and text[max(0, match.start() - 1) : match.start()].isspace())


def _is_abbreviation(head: str, following: str) -> bool:
    last = _LAST_LETTERS.search(head)
    if last is not None and len(last.group(1)) > 1 and fold(last.group(1)) not in _ABBREVIATED:
        return False
    match = _ABBREVIATION.search(head)
    if match is None:
        return False
    word = match.group().rstrip(".").lower()
    if word in _EITHER:
        return not following.isupper()
    if len(word) == 1:
        # An initial ("J. Smith") is a capital behind white space or nothing; "RA. No fever" does not end in one,
        # nor do "for 1 h. Then" and "vitamin D. Then".
        before = head[: match.start()]
        opens = not before.strip() or before[-1].isspace()
        return opens and match.group()[0].isupper() and not _LETTER_NAME.search(before)
    return True


def _trimmed(text: str, start: int, end: int) -> Iterator[TextSpan]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    # A dump without any sentence end is cut, so that no later step meets a sentence of a megabyte.
    while end - start > _LONGEST_SENTENCE:
        cut = text.rfind(" ", start + _LONGEST_SENTENCE // 2, start + _LONGEST_SENTENCE)
        cut = cut if cut > 0 else start + _LONGEST_SENTENCE
        yield TextSpan(start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield TextSpan(start, end)


def _blocks(text: str, lines: Sequence[TextSpan]) -> Iterator[tuple[int, int]]:
    """Yield ranges of text that may hold several sentences but end where the layout ends one."""
    begin: int | None = None
    width = _prose_width(lines)
    for i, line in enumerate(lines):
        content = text[line.start : line.end]
        if not content.strip():
            if begin is not None:
                yield begin, line.start
                begin = None
            continue
        if begin is None:
            begin = line.start
        following = text[lines[i + 1].start : lines[i + 1].end] if i + 1 < len(lines) else ""
        if _breaks(content, following, width):
            yield begin, line.end
            begin = None
    if begin is not None:
        yield begin, len(text)


def _prose_width(lines: Sequence[TextSpan]) -> int:
    """Return the column at which this note wraps its prose; 0 where its lines are whole paragraphs."""
    widths = sorted(line.end - line.start for line in lines if line.end - line.start > 40)
    if len(widths) < 4:
        return 0
    return widths[int(len(widths) * 0.8)]


def _breaks(line: str, following: str, width: int) -> bool:
    if not following.strip():
        return True
    # What a line is shows in its first words; a longer look at a line of ten thousand dots has no end.
    line, following = (
        line if len(line) < _LINE_LOOK else line[:_LINE_LOOK] + line[-20:],
        following[:_LINE_LOOK],
    )
    if _BULLET.match(following) or _RULE.match(following) or _RULE.match(line):
        return True
    if _TABLE.search(line) or _TABLE.search(following):
        return True
    if _LABEL.match(following) and not following.lstrip()[:1].islower():
        return True
    if _TERMINAL.search(line):
        return True
    if is_heading(line):
        return True
    first = following.lstrip()[0]
    if first.islower() or first in ",;)":
        return False
    # A line that stops well short of the margin was ended on purpose.
    return len(line.rstrip()) < 0.75 * width or width == 0


def is_heading(line: str) -> bool:
    """Say whether *line* looks like a heading: short, in capitals, no sentence."""
    content = line.strip().strip("=-*#_: ")
    if len(content) > 70 or (content.isascii() and not content.isupper()):
        return False
    letters = [c for c in content if c.isalpha()]
    return len(letters) >= 3 and all(c.isupper() for c in letters) and not content.endswith((".", ","))
