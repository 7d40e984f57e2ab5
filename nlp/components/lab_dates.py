"""
The date of a laboratory value that has none beside it: from its line, the heading above it, or its list.

A date that heads a line or a block of lines ("Labs 11/4/24:", "10/02/2024" on a line of its own) dates what stands
under it; the date of a drug or a scan in the same sentence does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from chartsift.nlp.text.dates import DateMention
from chartsift.nlp.text.layout import Layout

# A heading's date holds for so many code points of its section.
_SECTION_REACH = 3_000
# A date at the head of a line dates what stands so far behind it.
_LINE_REACH = 1_000
# Longest line that may be nothing but a heading with its date.
_LONGEST_HEADING = 80
_LAB_HEAD = (
    r"labs?|laborator(?:y|ies)|labor(?:werte)?|bloods?|blood ?work|results?|data|chem(?:istr(?:y|ies))?|CBC|CMP|BMP|LFTs?|panel"
    r"|work-?\s?up|enzymes|serolog(?:y|ies)|values?|counts?|l(?=\W)|studies|collected|drawn|collection|specimen|investigations|ergebnisse"
)
_HEAD_WORD = re.compile(
    rf"(?:{_LAB_HEAD}|on|of|from|for|as|dated?|the|her|his|my|our|most|recent|latest|last|prior|previous|outside|osh|pcp|today'?s"
    r"|available|hospital|clinic|admission|discharge|visit|and|in|at|by|since|then|key|pertinent|relevant|notable|significant"
    r"|abnormal|mon|tues?|wed|thurs?|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day|component|value|repeat|follow-?up"
    r"|vom|am|reviewed|showed|shows|with|include[sd]?|were|was|had|revealed|trend|muscle|other|summary|time|baseline|screening|hd"
    r"|quest|labcorp|arup|mayo|epic|per|care ?everywhere|local)(?!\w)\.?|[\s:,;()\[\]#*>•=_/–-]+|\d{1,2}[.)]\s",
    re.IGNORECASE,
)
_LAB_WORD = re.compile(rf"\b(?:{_LAB_HEAD})(?!\w)", re.IGNORECASE)
_OTHER_STUDY = re.compile(
    r"\b(?:PFTs?|echo\w*|TTE|MRI|CT|HRCT|PET|EMG|EKG|ECG|biopsy|bx|spirometry|visit|RTC|IVIG|infusion|infused|dose[ds]?|pulse"
    r"|rituximab|RTX|cyclophosphamide|vaccin\w+|started|begun|stopped|surgery|admitted|seen|diagnosed|DOB|born|follow-?up|f/u"
    r"|next|due|plan(?:ned)?|recheck|repeat|return|schedule[d]?)\b\W*(?:on|in|of|for|at|\()?\W*$",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.;]\s")
_ADJACENT = re.compile(
    r"[\s:(\[–-]*(?:(?:the|her|his|a|labs?|showed|shows|with|had|of|result|when|as)\s+){0,3}[\s:(\[–-]*",
    re.IGNORECASE,
)
_LIST_STEP = re.compile(r"(?:[\s,;&+(]|and\b)*", re.IGNORECASE)


class LabDates:
    """Dates of the values of one note."""

    def __init__(self, layout: Layout, dates: Sequence[DateMention], lab_lines: frozenset[int]) -> None:
        self.layout = layout
        self.dates = dates
        self.starts = [mention.start for mention in dates]
        self.headings = self._headings(lab_lines)

    def for_entry(self, start: int) -> DateMention | None:
        """Return the date that the text gives to the value of the analyte at *start*, which has none beside it."""
        return (
            self._of_line(start) or self.headings[self.layout.line_number(start)] or self._of_section(start)
        )

    def between(self, start: int, end: int) -> list[DateMention]:
        """Return the dates that begin in ``start:end``."""
        return list(self.dates[bisect_left(self.starts, start) : bisect_left(self.starts, end)])

    def _of_line(self, start: int) -> DateMention | None:
        text = self.layout.text
        line, sentence = self.layout.line_at(start), self.layout.sentence_at(start)
        begin = min(line.start, max(sentence.start, start - 300)) if sentence.start <= start else line.start
        begin = max(begin, start - _LINE_REACH)
        for mention in reversed(self.between(begin, start)):
            if mention.end > start:
                continue
            lead, between = text[begin : mention.start], text[mention.end : start]
            lead = _CLAUSE_END.split(lead)[-1]
            if _OTHER_STUDY.search(lead[-30:]):
                continue
            if _is_head(lead):
                if _LAB_WORD.search(lead) or _LAB_WORD.search(between[:40]):
                    return mention
                if not _CLAUSE_END.search(between[:60]) and _leads_on(between):
                    return mention
            elif _ADJACENT.fullmatch(between):
                return mention
            if _CLAUSE_END.search(between):
                return None
        return None

    def _of_section(self, start: int) -> DateMention | None:
        section = self.layout.section_at(start)
        if section.category != "labs" or start - section.start > _SECTION_REACH:
            return None
        title = self.layout.line_at(section.start)
        for mention in self.between(section.start, min(title.end, section.start + 120)):
            if (
                mention.precision == "day"
                and not mention.relative
                and _is_head(self.layout.text[section.start : mention.start].replace(section.title, ""))
            ):
                return mention
            return None
        return None

    def _headings(self, lab_lines: frozenset[int]) -> list[DateMention | None]:
        """Return for each line the date of the heading above it that is nothing but a heading."""
        layout, text = self.layout, self.layout.text
        headings = self._heading_lines()
        if not headings:
            return [None] * len(layout.lines)
        first = min(headings)
        section_lines = {layout.line_number(section.start) for section in layout.sections}
        dated: list[DateMention | None] = [None] * first
        current: DateMention | None = None
        blanks = 0
        for number in range(first, len(layout.lines)):
            line = layout.lines[number]
            content = text[line.start : line.end].strip()
            if not content:
                blanks += 1
                current = None if blanks > 1 else current
                dated.append(current)
                continue
            blanks = 0
            heading = headings.get(number) if len(content) <= _LONGEST_HEADING else None
            if heading is not None:
                current = heading
                dated.append(None)
                continue
            if (number in section_lines and not _is_head(content)) or (
                number not in lab_lines and len(content) > _LONGEST_HEADING // 2
            ):
                current = None
            dated.append(current)
        return dated

    def _heading_lines(self) -> dict[int, DateMention]:
        """Return the lines that are nothing but a heading with one date, with that date."""
        layout, text = self.layout, self.layout.text
        by_line: dict[int, list[DateMention]] = {}
        for mention in self.dates:
            by_line.setdefault(layout.line_number(mention.start), []).append(mention)
        headings: dict[int, DateMention] = {}
        for number, mentions in by_line.items():
            mention = mentions[0]
            if len(mentions) > 1 or mention.relative or mention.precision not in ("day", "month"):
                continue
            line = layout.lines[number]
            lead, tail = text[line.start : mention.start], text[mention.end : line.end]
            # A heading is short but for the blanks around it.
            if len(lead.lstrip()) > _LONGEST_HEADING or len(tail.rstrip()) > _LONGEST_HEADING:
                continue
            if _is_head(lead) and _is_head(tail) and not _OTHER_STUDY.search(lead):
                headings[number] = mention
        return headings


def _is_head(words: str) -> bool:
    """Say whether *words* only lead to a date or from one ("Outside labs from", "")."""
    at = 0
    while at < len(words):
        match = _HEAD_WORD.match(words, at)
        if match is None or match.end() == at:
            return False
        at = match.end()
    return True


def _leads_on(between: str) -> bool:
    """Say whether a date hands on to what follows: "11/4: …", "On 11/4, CK", "11/4 AST 88, CK"."""
    return (
        len(between) <= 30
        or re.match(r"\s*[:|–-]", between) is not None
        or re.search(r"\d", between) is not None
    )


def shared_from_behind(
    text: str, ends: Sequence[tuple[int, int, int, DateMention | None]]
) -> list[DateMention | None]:
    """
    Return the dates of a list of values, where the one that closes the list dates those before it.

    *ends* are (where its analyte stands, start, end, date beside it) of each value. "CK 612, AST 88 (10/28/24)": both
    are of 28 October; of two values of one analyte each has its own date.
    """
    shared: list[DateMention | None] = [day for _, _, _, day in ends]
    for i in range(len(ends) - 2, -1, -1):
        analyte, _, end, day = ends[i]
        following = shared[i + 1]
        if day is not None or following is None or following.start < ends[i + 1][1]:
            continue
        if analyte != ends[i + 1][0] and _LIST_STEP.fullmatch(text, end, ends[i + 1][1]):
            shared[i] = following
    return shared
