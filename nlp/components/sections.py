"""
The ``sections`` component: which part of the note a word stands in, and which parts are not today's words.

A header is recognised by the list in ``lexicon/sections.yaml`` (at the start of a line, or after a sentence for
the headers that clinicians write in line) and by its shape: capitals on a line of their own, markdown, a frame
of ``=====``. Text before the first header is the preamble.

Reads: doc._.note_text, doc._.layout. Writes: the layout's sections, copied and templated regions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.lexicon.loader import SectionRules, load_sections
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.layout import Layout, Retraction, Section, TextSpan, is_heading
from chartsift.nlp.text.prefilter import gate, needles
from chartsift.nlp.values import maker

# A note whose letters are mostly capitals has no headings in capitals.
_CAPITALS_SHARE = 0.5
_CAPITALS_LOOK = 20_000
_LONGEST_MARKDOWN = 70
# Letters of ASCII by their case: counted one kind after the other in a tenth of the time of leaving them out.
_CASES = bytes(97 if 97 <= code <= 122 else 65 if 65 <= code <= 90 else 32 for code in range(256))
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Code points behind a colon that make a remark in brackets the copied text itself.
_FEWEST_COPIED = 10
_TODAY = re.compile(r"\b(?:(?:on )?exam(?:ination)? today|today|currently|now|this visit)\b", re.IGNORECASE)
_RETRACTING = needles("error", "mistake", "incorrect", "wrong", "disregard")
_ADDENDUM = re.compile(
    r"\s*\b(?:addendum|addenda|correction|edit|late entry)\b[^\n]{0,40}\s*\Z", re.IGNORECASE
)
_LABEL_LINE = re.compile(r"\s*(?:[#*-]\s*)?[A-Z][\w /&'()+.-]{0,40}:")
_FIRST_WORD = re.compile(r"[ \t\xa0]*(?:#{1,6}\s*|\*{1,2}|=+\s*|\d{1,2}[.)]\s*|>\s*)?(?P<word>\w+|\S)")
_MARKDOWN = re.compile(r"\s*#{1,6}\s+\S")
_FRAMED = re.compile(r"\s*={2,}\s*\S.*\S\s*={2,}\s*$")
_NO_HEADING = re.compile(r"[\d,;|]")
_NO_PLAIN_TITLE = re.compile(r"[:(\d]")
_STOP = re.compile(r"[.,;]")
_REMARK = re.compile(r"\s*\(.*|\s+\d.*")
_DATED = re.compile(r"\s*\(.*|\s+\d[\d/.-]*$")
_BLANKS = re.compile(r"\s+")
# Code points before its colon within which a header in line is looked for.
_INLINE_REACH = 120


@dataclass(frozen=True, slots=True)
class _Header:
    start: int
    body: int
    title: str
    category: str


_header = maker(_Header)
_section = maker(Section)


class Sections:
    """Find the sections of a note."""

    def __init__(self, rules: SectionRules) -> None:
        self.rules = rules
        names = sorted(rules.category_of, key=len, reverse=True)
        # A line is tried for the headers that begin with its own first word: few lines have such a word, and few
        # headers share one.
        by_word: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            by_word[_first_word(name)].append(name)
        self._line_header = {word: _line_header(listed) for word, listed in by_word.items()}
        inline = [name for name in names if rules.category_of[name] in rules.inline and len(name) > 1]
        # Looked for behind the title: a run of blanks in front of it would be tried from each of its members.
        self._inline_header = re.compile(
            rf"(?:(?<=[.;|)\]][ \t])|(?<=[ \t]{{2}}))(?P<title>(?:{'|'.join(map(_loose, inline))})):(?=\s)",
            re.IGNORECASE,
        )
        # One of these before a colon, or by itself on its line, is a header as it stands; names with signs or digits of
        # their own ("medications:", "ros (auto)") are left to the expression.
        longer = {name.partition(":")[0] for name in names if ":" in name}
        self._plain_titles = {
            name: category
            for name, category in rules.category_of.items()
            if len(name) > 1 and name not in longer and not _NO_PLAIN_TITLE.search(name)
        }
        self._inline_ends = frozenset(name.split()[-1] for name in inline)
        self._copied = gate(rules.copied, re.IGNORECASE)
        self._templated = gate(rules.templated, re.IGNORECASE)
        self._retracted = gate(rules.retracted, re.IGNORECASE)

    def __call__(self, doc: Doc) -> Doc:
        layout: Layout = doc._.layout
        self.find(layout)
        layout.index()
        return doc

    def find(self, layout: Layout) -> None:
        """Fill in the sections and the copied, templated and retracted regions of *layout*."""
        text = layout.text
        copied = [match.span() for match in self._copied.finditer(text)]
        templated = [match.span() for match in self._templated.finditer(text)]
        headers = self._headers(layout)
        layout.sections = self._sections(layout, headers, may_be_marked=bool(copied or templated))
        layout._section_starts = [section.start for section in layout.sections]
        layout.copied.extend(_region(layout, start, end) for start, end in copied)
        layout.templated.extend(_region(layout, start, end) for start, end in templated)
        # Few notes take anything back, and plain words are found many times faster than the pattern.
        if _RETRACTING.any(text):
            layout.retracted.extend(_taken_back(layout, match) for match in self._retracted.finditer(text))

    def _headers(self, layout: Layout) -> list[_Header]:
        text = layout.text
        headers = self._inline(layout)
        by_capitals: bool | None = None
        after_blank = True
        for number, (start, end) in enumerate(zip(*layout.line_bounds(), strict=True)):
            content = text[start:end]
            if not content or content.isspace():
                after_blank = True
                continue
            header = self._listed(content, start, layout, number)
            if header is None and after_blank and is_heading(content) and not _NO_HEADING.search(content):
                if by_capitals is None:
                    by_capitals = _has_small_letters(text)
                if by_capitals:
                    header = _header(start, end, content.strip(" =-*#_:\t"), "other")
            if header is not None:
                headers.append(header)
            elif "#" in content and _is_markdown(content):
                # "# HTN: ok." is a problem in a plan; a markdown heading has no sentence behind it.
                if after_blank and not _STOP.search(content):
                    headers.append(_header(start, end, content.strip(" #\t"), "other"))
            elif "==" in content and _FRAMED.match(content):
                headers.append(self._named(start, end, content.strip(" =\t")))
            after_blank = False
        return sorted(headers, key=lambda header: header.start)

    def _listed(self, content: str, start: int, layout: Layout, number: int) -> _Header | None:
        first = _FIRST_WORD.match(content)
        if first is None:
            return None
        word = first["word"]
        pattern = self._line_header.get(word.lower() if word.isascii() and word.isalpha() else fold(word))
        if pattern is None:
            return None
        begin = first.start("word")
        # Most headers are a name, and nothing or one colon behind it.
        colon = content.find(":", begin)
        title = content[begin:colon] if colon >= 0 else content[begin:]
        category = self._plain_titles.get(title.lower())
        if category is not None:
            if colon < 0:
                return (
                    _header(start, start + len(content), title, category)
                    if not number
                    or (title.isupper() and len(title.split()) > 1)
                    or _stands_alone(layout, number)
                    else None
                )
            if content[colon + 1 : colon + 2] not in (":", "*"):
                return _header(start, start + colon + 1, title, category)
        match = pattern.match(content, begin)
        if match is None:
            return None
        title = match["title"]
        if not content[match.end("title") :].lstrip(" *").startswith((":", "=")):
            # Without a colon only a line of its own, or capitals before a dash or a date, is a header.
            tail = content[match.end() :]
            bare = _REMARK.sub("", title)
            if tail.strip() and not bare.isupper():
                return None
            # Several words of the list in capitals ("PROBLEM LIST") are a header wherever their line stands.
            is_plain = not bare.isupper() or len(bare.split()) == 1
            if len(bare) == 1 or (
                not tail.strip() and number and is_plain and not _stands_alone(layout, number)
            ):
                return None
        return self._named(start, start + match.end(), title)

    def _named(self, start: int, body: int, title: str) -> _Header:
        title = title.strip()
        category = self.rules.category_of.get(title.lower())
        if category is None:
            name = _BLANKS.sub(" ", _DATED.sub("", title)).strip().lower()
            category = self.rules.category_of.get(name, "other")
        return _header(start, body, title, category)

    def _inline(self, layout: Layout) -> list[_Header]:
        """Return the headers within lines; the colon of such a one does not end its line."""
        text = layout.text
        found = []
        after = 0
        # There are few colons, and fewer behind the last word of a header.
        colon = text.find(":")
        while colon >= 0:
            begin = max(after, colon - _INLINE_REACH)
            ahead = text[begin:colon].rsplit(None, 1)
            if ahead and ahead[-1].lower() in self._inline_ends:
                # A header in line does not begin on the line before, and most of these words open their line.
                begin = max(begin, text.rfind("\n", begin, colon) + 1)
                match = self._inline_header.search(text, begin, colon + 2)
                if match is not None:
                    end = after = match.end()
                    if match["title"][0].isupper() and end < layout.line_at(colon).end:
                        found.append(self._named(match.start("title"), end, match["title"]))
            colon = text.find(":", colon + 1)
        return found

    def _sections(self, layout: Layout, headers: Sequence[_Header], *, may_be_marked: bool) -> list[Section]:
        """Return the sections under *headers*; only where they *may be marked* are their titles looked at for it."""
        text = layout.text
        sections: list[Section] = []
        if not headers or headers[0].start > 0:
            end = headers[0].start if headers else len(text)
            sections.append(_section("", "preamble", 0, 0, end))
        ends = [*(header.start for header in headers[1:]), len(text)]
        for header, end in zip(headers, ends, strict=False):
            begin, category = header.start, header.category
            # "Treatment: X.   Past: Y." in the line of another label ends with its paragraph, too.
            is_narrow = category in self.rules.narrow or not _opens_line(text, begin)
            stop = self._narrow_end(layout, header, end) if is_narrow else end
            copied = templated = False
            if may_be_marked:
                head_end = min(header.body + 1, len(text))
                copied = bool(self._copied.search(text, begin, head_end))
                templated = bool(self._templated.search(text, begin, head_end)) or (
                    category == "ros" and bool(self._templated.search(text, begin, layout.line_at(begin).end))
                )
            sections.append(_section(header.title, category, begin, header.body, stop, copied, templated))
            if stop < end:
                sections.append(_section("", "other", stop, stop, end))
        return sections

    def _narrow_end(self, layout: Layout, header: _Header, end: int) -> int:
        """Return where a section ends that holds one paragraph only when it began on its header's line."""
        text = layout.text
        starts, ends = layout.line_bounds()
        number = layout.line_number(header.start)
        own_line = text[header.body : ends[number]].strip()
        for line in range(number + 1, len(starts)):
            start = starts[line]
            if start >= end:
                break
            content = text[start : ends[line]]
            if not content.strip():
                if own_line:
                    return start
                continue
            if own_line and _LABEL_LINE.match(content):
                return start
            own_line = own_line or content.strip()
        return end


def _opens_line(text: str, start: int) -> bool:
    """Say whether nothing but blanks and signs of a list stands before *start* in its line."""
    return not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t\xa0#*=>-\u2022.()0123456789")


def _is_markdown(line: str) -> bool:
    """Say whether *line* has the form of a markdown heading."""
    return (
        _MARKDOWN.match(line) is not None
        and len(line) < _LONGEST_MARKDOWN
        and ":" not in line
        and "-" not in line
    )


def _has_small_letters(text: str) -> bool:
    """Say whether capitals stand out in a note."""
    look = text[:_CAPITALS_LOOK]
    plain = look.encode("ascii", "ignore")
    cases = plain.translate(_CASES)
    small, large = cases.count(b"a"), cases.count(b"A")
    others = len(look) - len(plain)
    # Mostly there are far too few letters beyond ASCII to matter, and none is looked at.
    if others and not large + others < (small + large) * _CAPITALS_SHARE:
        letters = [c for c in _BEYOND_ASCII.findall(look) if c.isalpha()]
        small, large = small + sum(not c.isupper() for c in letters), large + sum(map(str.isupper, letters))
    letters_in_all = small + large
    return letters_in_all > 0 and large / letters_in_all < _CAPITALS_SHARE


def _taken_back(layout: Layout, match: re.Match[str]) -> Retraction:
    """Return what "the above ..." takes back: the whole note before it, or else the paragraph before it."""
    text = layout.text
    end = layout.sentence_at(match.start()).start
    before = _ADDENDUM.sub("", text[:end]).rstrip()
    start = 0
    if match.group("note") is None:
        start = max(before.rfind(blank) for blank in ("\n\n", "\r\n\r\n", "\n \n")) + 1
    return Retraction(start, len(before), match.group(), match.group("other") is not None)


def _region(layout: Layout, start: int, end: int) -> TextSpan:
    """Return what a remark such as "[copied]" or "HPI carried forward:" speaks of."""
    text = layout.text
    line = layout.line_at(start)
    opening = text.rfind("[", line.start, start)
    if opening >= 0 and "]" not in text[opening:start]:
        closing = text.find("]", end, line.end)
        # "[Copied from 2/24: first seen 2/2023 ...]" holds the copied words; without a colon the remark is all.
        if closing >= 0 and len(text[end:closing].partition(":")[2].strip()) >= _FEWEST_COPIED:
            return TextSpan(opening, closing + 1)
        stop = closing + 1 if closing >= 0 else line.end
        if not text[line.start : opening].strip() and text[stop : line.end].strip():
            # "[Copied forward from 3/11] Strength 3/5. Exam today: 5/5": what follows, up to today's own words.
            today = _TODAY.search(text, stop, line.end)
            return TextSpan(opening, today.start() if today is not None else line.end)
        # "... swims 3x/wk. [copied 3/13/25]" speaks of the words before it on its line.
        return TextSpan(line.start, closing + 1 if closing >= 0 else line.end)
    return TextSpan(line.start, line.end)


def _stands_alone(layout: Layout, number: int) -> bool:
    """Say whether a line follows a blank line, or opens the note, and is itself followed by text."""
    starts, ends = layout.line_bounds()
    text = layout.text
    return (
        not text[starts[number - 1] : ends[number - 1]].strip()
        or text[starts[number] : ends[number]].strip().isupper()
    )


def _first_word(name: str) -> str:
    """Return the folded first word of a header, or its first sign."""
    first = _FIRST_WORD.match(name)
    return fold(first["word"]) if first is not None else ""


def _line_header(names: Iterable[str]) -> re.Pattern[str]:
    """Return what one of *names* is as the header of a line."""
    return re.compile(
        rf"(?P<title>(?:{'|'.join(map(_loose, names))})(?:[ \t]*\([^)\r\n]{{0,100}}\))?(?:[ \t]+\d[\d/.-]{{2,10}})?)"
        rf"(?:\*{{1,2}})?[ \t]*(?::+(?:\*{{1,2}})?|={{2,}}|-{{1,2}}(?=\s)|\.(?=\s)|$)",
        re.IGNORECASE,
    )


def _loose(name: str) -> str:
    return r"[ \t]+".join(re.escape(word) for word in name.split())


register("sections", lambda nlp: Sections(load_sections()))
