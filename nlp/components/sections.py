"""
The ``sections`` component: which part of the note a word stands in, and which parts are not today's words.

A header is recognised by the list in ``lexicon/sections.yaml`` (at the start of a line, or after a sentence for
the headers that clinicians write in line) and by its shape: capitals on a line of their own, markdown, a frame
of ``=====``. Text before the first header is the preamble.

Reads: doc._.note_text, doc._.layout. Writes: the layout's sections, copied and templated regions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase

from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.lexicon.loader import SectionRules, load_sections
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.layout import Layout, Retraction, Section, TextSpan, is_heading
from chartsift.nlp.text.prefilter import gate, needles

# A note whose letters are mostly capitals has no headings in capitals.
_CAPITALS_SHARE = 0.5
# Code points behind a colon that make a remark in brackets the copied text itself.
_SMALL = ascii_lowercase.encode()
_LARGE = ascii_uppercase.encode()
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_FEWEST_COPIED = 10
_TODAY = re.compile(r"\b(?:(?:on )?exam(?:ination)? today|today|currently|now|this visit)\b", re.IGNORECASE)
_RETRACTING = needles("error", "mistake", "incorrect", "wrong", "disregard")
_ADDENDUM = re.compile(
    r"\s*\b(?:addendum|addenda|correction|edit|late entry)\b[^\n]{0,40}\s*\Z", re.IGNORECASE
)
_LABEL_LINE = re.compile(r"\s*(?:[#*-]\s*)?[A-Z][\w /&'()+.-]{0,40}:")


@dataclass(frozen=True, slots=True)
class _Header:
    start: int
    body: int
    title: str
    category: str


class Sections:
    """Find the sections of a note."""

    def __init__(self, rules: SectionRules) -> None:
        self.rules = rules
        names = sorted(rules.category_of, key=len, reverse=True)
        listed = "|".join(_loose(name) for name in names)
        decoration = r"(?:#{1,6}\s*|\*{1,2}|=+\s*|\d{1,2}[.)]\s*|>\s*)?"
        self._first_word = re.compile(rf"[ \t\xa0]*{decoration}(?P<word>\w+|\S)", re.IGNORECASE)
        self._first_words = frozenset(fold(re.match(r"\w+|\S", name).group()) for name in names)  # type: ignore[union-attr]
        self._line_header = re.compile(
            rf"[ \t\xa0]*{decoration}(?P<title>(?:{listed})(?:[ \t]*\([^)\r\n]{{0,100}}\))?(?:[ "
            rf"\t]+\d[\d/.-]{{2,10}})?)"
            rf"(?:\*{{1,2}})?[ \t]*(?::+(?:\*{{1,2}})?|={{2,}}|-{{1,2}}(?=\s)|\.(?=\s)|$)",
            re.IGNORECASE,
        )
        inline = "|".join(
            _loose(name) for name in names if rules.category_of[name] in rules.inline and len(name) > 1
        )
        self._inline_header = gate(
            # Looked for behind the title: a run of blanks in front of it would be tried from each of its members.
            rf"(?:(?<=[.;|)\]][ \t])|(?<=[ \t]{{2}}))(?P<title>(?:{inline})):(?=\s)",
            re.IGNORECASE,
            # The blanks are looked ahead for, so that the sign alone is what the pass over the note looks for.
            starts=r"(?P<before>[.;|)\]](?= ) *|  +)",
        )
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
        layout.sections = list(self._sections(layout, self._headers(layout)))
        layout._section_starts = [section.start for section in layout.sections]
        self._mark_regions(layout)

    def _headers(self, layout: Layout) -> list[_Header]:
        text = layout.text
        letters, capitals = _letters_and_capitals(text[:20_000])
        by_capitals = letters > 0 and capitals / letters < _CAPITALS_SHARE
        headers = self._inline(layout)
        after_blank = True
        for number, line in enumerate(layout.lines):
            content = text[line.start : line.end]
            if not content or content.isspace():
                after_blank = True
                continue
            listed = self._listed(content, line, layout, number) if self._may_be_listed(content) else None
            if listed is not None:
                headers.append(listed)
            elif by_capitals and after_blank and is_heading(content) and not re.search(r"[\d,;|]", content):
                headers.append(_Header(line.start, line.end, content.strip(" =-*#_:\t"), "other"))
            elif (
                "#" in content
                and re.match(r"\s*#{1,6}\s+\S", content)
                and len(content) < 70
                and ":" not in content
                and "-" not in content
            ):
                # "# HTN: ok." is a problem in a plan; a markdown heading has no sentence behind it.
                if after_blank and not re.search(r"[.,;]", content):
                    headers.append(_Header(line.start, line.end, content.strip(" #\t"), "other"))
            elif "==" in content and re.match(r"\s*={2,}\s*\S.*\S\s*={2,}\s*$", content):
                headers.append(self._named(line.start, line.end, content.strip(" =\t")))
            after_blank = False
        return sorted(headers, key=lambda header: header.start)

    def _may_be_listed(self, content: str) -> bool:
        """Say whether the first word of a line is that of a header; most lines are told by it alone."""
        first = self._first_word.match(content)
        if first is None:
            return False
        word = first.group("word")
        return (word.lower() if word.isascii() and word.isalpha() else fold(word)) in self._first_words

    def _listed(self, content: str, line: TextSpan, layout: Layout, number: int) -> _Header | None:
        match = self._line_header.match(content)
        if match is None:
            return None
        title = match.group("title")
        tail = content[match.end() :]
        if not content[match.end("title") :].lstrip(" *").startswith((":", "=")):
            # Without a colon only a line of its own, or capitals before a dash or a date, is a header.
            bare = re.sub(r"\s*\(.*|\s+\d.*", "", title)
            if tail.strip() and not bare.isupper():
                return None
            # Several words of the list in capitals ("PROBLEM LIST") are a header wherever their line stands.
            is_plain = not bare.isupper() or len(bare.split()) == 1
            if len(bare) == 1 or (
                not tail.strip() and number and is_plain and not _stands_alone(layout, number)
            ):
                return None
        return self._named(line.start, line.start + match.end(), title)

    def _named(self, start: int, body: int, title: str) -> _Header:
        name = re.sub(r"\s+", " ", re.sub(r"\s*\(.*|\s+\d[\d/.-]*$", "", title)).strip().lower()
        category = self.rules.category_of.get(title.strip().lower()) or self.rules.category_of.get(
            name, "other"
        )
        return _Header(start, body, title.strip(), category)

    def _inline(self, layout: Layout) -> list[_Header]:
        """Return the headers within lines; the colon of such a one does not end its line."""
        found = []
        for match in self._inline_header.finditer(layout.text):
            end = match.end()
            if match.group("title")[0].isupper() and end < layout.line_at(end - 1).end:
                found.append(self._named(match.start("title"), end, match.group("title")))
        return found

    def _sections(self, layout: Layout, headers: list[_Header]) -> list[Section]:
        text = layout.text
        sections: list[Section] = []
        if not headers or headers[0].start > 0:
            end = headers[0].start if headers else len(text)
            sections.append(Section("", "preamble", 0, 0, end))
        for header, following in pairwise([*headers, None]):
            if header is None:
                break
            end = following.start if following is not None else len(text)
            stop = self._narrow_end(layout, header, end) if header.category in self.rules.narrow else end
            begin, head_end = header.start, min(header.body + 1, len(text))
            line_end = layout.line_at(begin).end
            sections.append(
                Section(
                    header.title,
                    header.category,
                    header.start,
                    header.body,
                    stop,
                    copied=bool(self._copied.search(text, begin, head_end)),
                    templated=bool(self._templated.search(text, begin, head_end))
                    or (header.category == "ros" and bool(self._templated.search(text, begin, line_end))),
                )
            )
            if stop < end:
                sections.append(Section("", "other", stop, stop, end))
        return sections

    def _narrow_end(self, layout: Layout, header: _Header, end: int) -> int:
        """Return where a section ends that holds one paragraph only when it began on its header's line."""
        text = layout.text
        number = layout.line_number(header.start)
        own_line = text[header.body : layout.lines[number].end].strip()
        for line in layout.lines[number + 1 :]:
            if line.start >= end:
                break
            content = text[line.start : line.end]
            if not content.strip():
                if own_line:
                    return line.start
                continue
            if _LABEL_LINE.match(content) and own_line:
                return line.start
            own_line = own_line or content.strip()
        return end

    def _mark_regions(self, layout: Layout) -> None:
        text = layout.text
        for pattern, regions in ((self._copied, layout.copied), (self._templated, layout.templated)):
            for match in pattern.finditer(text):
                regions.append(_region(layout, match.start(), match.end()))
        # Few notes take anything back, and plain words are found many times faster than the pattern.
        if _RETRACTING.any(text):
            layout.retracted.extend(_taken_back(layout, match) for match in self._retracted.finditer(text))


def _letters_and_capitals(text: str) -> tuple[int, int]:
    """Return how many letters *text* has, and how many of them are capitals."""
    plain = text.encode("ascii", "ignore")
    small, large = (
        len(plain) - len(plain.translate(None, _SMALL)),
        len(plain) - len(plain.translate(None, _LARGE)),
    )
    if len(plain) < len(text):
        others = [c for c in _BEYOND_ASCII.findall(text) if c.isalpha()]
        return small + large + len(others), large + sum(map(str.isupper, others))
    return small + large, large


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
    line = layout.lines[layout.line_number(start)]
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
    before = layout.lines[number - 1]
    return (
        not layout.text[before.start : before.end].strip()
        or layout.text[layout.lines[number].start : layout.lines[number].end].strip().isupper()
    )


def _loose(name: str) -> str:
    return r"[ \t]+".join(re.escape(word) for word in name.split())


register("sections", lambda nlp: Sections(load_sections()))
