"""
Which analytes share one entry, and the values of each entry ("CK 388 (36-160) H", "AST/ALT 88/71", a row of a table).

Part of the ``labs`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.lab_dates import LabDates
from chartsift.nlp.components.lab_series import read_series
from chartsift.nlp.components.lab_tables import Label, cells_below, under_analytes, under_header
from chartsift.nlp.components.lab_values import Manner, Value
from chartsift.nlp.components.lab_walk import REACH
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.dates import DateMention, note_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.text.values import NUMBER, Reading, read_company, read_value

# Analytes that share one word ("CK, aldolase, LDH, AST and ALT normal").
LONGEST_LIST = 12
_LOOSE_PAIR = re.compile(r"\s?(?:,|&|\band\b)\s?", re.IGNORECASE)
_PAIR_STEP = re.compile(r"\s?(?:/|,|&|\band\b)\s?", re.IGNORECASE)
# Panels that have no number of their own.
_WORDS_ONLY = frozenset({"CBC", "muscle_enzymes"})
_HANDED_ON = re.compile(
    r"[^\d\n.;]{0,50}(?:\b(?:was|is|of|at|to)|[:=]|\.{2,})[ \t]*\r?\n[ \t]*(?=[<>]?\d)", re.IGNORECASE
)
# A sentence that ends in the middle of one was cut for its length, and goes on.
_CUT_OFF = re.compile(r"[^.!?;:\s][\w)\]%,]?$")
# "10 . 1": the end of no sentence.
_SPACED_POINT = re.compile(r"\d \. \d")
_SOMETHING = re.compile(r"\S")
# Hemoglobin and hematocrit in one.
_WITH_HEMATOCRIT = re.compile(r"H\s?[/&]\s?H")
# "6.2>11.8/35.2<240": white cells, hemoglobin, hematocrit, platelets.
_CBC_SHORTHAND = re.compile(
    r"[\s:=-]{0,4}(?P<WBC>\d{1,3}(?:\.\d+)?)\s?[>\\/]\s?(?P<Hgb>\d{1,2}(?:\.\d+)?)\s?/\s?(?:\d{2}(?:\.\d+)?\s?[</\\]\s?)?(?P<platelets>\d{2,4})(?![\d./])"
)
_RANGE_BEFORE = re.compile(
    rf"[(\[][^()\[\]\d<>≤]{{0,20}}(?:{NUMBER}\s?(?:[-–]|to)\s?{NUMBER}|[<≤]=?\s?{NUMBER})[^()\[\]\d]{{0,14}}[)\]]"
    rf"|{NUMBER}\s?[-–]\s?{NUMBER}(?=\s)"
)
# What each value holds: a digit, or a multiple of the normal limit in words.
_MAY_BE_VALUE = re.compile(
    r"\d|\b(?:twice|double|thrice|two|three|four|five|six|eight|ten)(?:\s|-|times|fold|x)", re.IGNORECASE
)


# "old lab"
_SHORTEST_HEAD = 7


class LabMention(NamedTuple):
    """A mention of an analyte: its half-open code points, what it names and the line that it stands in."""

    span: Span
    start: int
    end: int
    concept: str
    line: int


class LabEntry(NamedTuple):
    """A value of a mention before it is a draft; ``start`` is where the finding begins."""

    mention: LabMention
    start: int
    value: Value
    words: str = ""


class LabEntries:
    """The analytes of one note and their entries."""

    def __init__(self, doc: Doc, spans: Sequence[Span]) -> None:
        self.doc = doc
        self.layout: Layout = doc._.layout
        self.text = self.layout.text
        self.note_date: date = note_date_of(doc)
        self.mentions = [self._mention(span) for span in spans]
        labels = [Label(m.start, m.end, m.line) for m in self.mentions]
        self.tabled = under_analytes(self.layout, labels, self.note_date)

    # Not wanted where analytes are only named.

    @cached_property
    def dates(self) -> tuple[DateMention, ...]:
        """The dates of the note."""
        return note_dates(self.text, self.note_date)

    @cached_property
    def lab_dates(self) -> LabDates:
        """What dates the values that have no date beside them."""
        return LabDates(self.layout, self.dates, frozenset(m.line for m in self.mentions))

    def _mention(self, span: Span) -> LabMention:
        start, end = source_range(span)
        return LabMention(span, start, end, sense_of(span).concept.concept, self.layout.line_number(start))

    # ---- which analytes share one entry

    def group(self, i: int) -> tuple[list[LabMention], list[int | None]]:
        """
        Return the mentions of one entry and, in the order of its values, which of them each value belongs to.

        "Hgb/Hct 11.8/35.2" is an entry of one mention and two values.
        """
        group = [self.mentions[i]]
        members: list[int | None] = []
        before = self.text[max(0, group[0].start - 24) : group[0].start]
        left = lab_words().other_left.search(before) if before.rstrip().endswith("/") else None
        if left is not None:
            members.extend([None] * left.group("others").count("/"))
        members.append(0)
        if _WITH_HEMATOCRIT.fullmatch(self.text[group[0].start : group[0].end]):
            return group, [*members, None]
        while True:
            last = group[-1]
            other = lab_words().other_right.match(self.text, last.end)
            at = i + len(group)
            following = self.mentions[at] if at < len(self.mentions) else None
            if following is not None and following.line == last.line:
                between = self.text[last.end : following.start]
                if len(between) <= 4 and between.strip() in ("/", "and/or"):
                    members.append(len(group))
                    group.append(following)
                    continue
            if other is not None:
                members.append(None)
                if (
                    following is not None
                    and following.line == last.line
                    and re.fullmatch(r"\s?/\s?", self.text[other.end() : following.start])
                ):
                    members.append(len(group))
                    group.append(following)
                    continue
            return group, members

    def _loose_group(self, i: int) -> list[LabMention]:
        """Return the analytes joined by "and" or commas that may share the numbers behind them."""
        group = [self.mentions[i]]
        while i + len(group) < len(self.mentions) and len(group) < LONGEST_LIST:
            following = self.mentions[i + len(group)]
            if not _LOOSE_PAIR.fullmatch(self.text, group[-1].end, following.start):
                break
            group.append(following)
        return group

    # ---- entries

    def entries(
        self, i: int, group: list[LabMention], members: list[int | None], following: int
    ) -> list[LabEntry]:
        """Return the entries of *group*, which begins at mention *i*; *following* is where the next analyte stands."""
        mention = group[0]
        if mention.concept in _WORDS_ONLY:
            return self._shorthand(mention) if mention.concept == "CBC" else []
        if self.is_other_specimen(mention):
            return []
        if i in self.tabled:
            return [LabEntry(mention, value.reading.start, value) for value in self.tabled[i]]
        rows = under_header(self.layout, [Label(m.start, m.end, m.line) for m in group], self.note_date)
        if rows is not None:
            return [
                LabEntry(m, m.start if number == 0 and m is mention else value.reading.start, value)
                for m, values in zip(group, rows, strict=True)
                for number, value in enumerate(values)
            ]
        if len(members) > 1:
            return self._pair(group, members, group[-1].end + self._others_after(group[-1].end), following)
        loose = self._loose_group(i)
        if len(loose) > 1:
            return []  # its numbers, if any, are read at its last member
        return self._single(i, mention, following)

    def _others_after(self, end: int) -> int:
        other = lab_words().other_right.match(self.text, end)
        return 0 if other is None else other.end() - end

    def _single(self, i: int, mention: LabMention, following: int) -> list[LabEntry]:
        end = self._end(mention, following)
        if _MAY_BE_VALUE.search(self.text, mention.end, end) is None:
            return []  # only named, or called normal or raised
        joined = self._joined_before(i)
        if joined:
            shared = self._pair(
                [*joined, mention], list(range(len(joined) + 1)), mention.end, end, loose=True
            )
            if shared:
                return shared
        values = _with_shared_range(read_series(self.text, mention.end, end, self.dates))
        return [
            LabEntry(
                mention,
                mention.start if number == 0 else value.reading.start,
                self._with_words(mention, value, alone=len(values) == 1),
                value.words,
            )
            for number, value in enumerate(values)
        ]

    def _joined_before(self, i: int) -> list[LabMention]:
        """Return the analytes before the one at *i* that are joined to it ("AST and ALT 88 and 71")."""
        joined: list[LabMention] = []
        at = i
        while (
            at > 0
            and len(joined) < LONGEST_LIST
            and _LOOSE_PAIR.fullmatch(self.text, self.mentions[at - 1].end, self.mentions[at].start)
        ):
            at -= 1
            joined.insert(0, self.mentions[at])
        return joined

    def _with_words(self, mention: LabMention, value: Value, *, alone: bool) -> Value:
        """Return *value* with the flag and the range that the words before it give, and whether they set it aside."""
        reading = value.reading
        before = _RANGE_BEFORE.search(value.words)
        if before is not None and reading.ref_high is None and reading.ref_low is None:
            framed = f"  ({before.group().strip('()[] ')})"
            unit, _, low, high, _ = read_company(framed, 0, len(framed))
            reading = reading._replace(ref_low=low, ref_high=high, unit=reading.unit or unit)
        if alone and not reading.flag and reading.ref_high is None and not reading.times_uln:
            stated = lab_words().stated.search(value.words) or self._quality_before(mention)
            if stated is not None:
                reading = reading._replace(flag="H" if stated.group("high") else "N")
        earlier = value.earlier or (alone and value.mention is None and self._is_set_aside_before(mention))
        return value._replace(reading=reading, earlier=earlier)

    def _is_set_aside_before(self, mention: LabMention) -> bool:
        """Say whether the words before an analyte make its value an earlier one ("prior CK 310", "Lab then: CK 310")."""
        words, text, start = lab_words(), self.text, mention.start
        left = text[max(0, start - 40) : start]
        if ends_in_word(left) and words.earlier_before.search(left):
            return True
        clause = clause_before(text, max(0, start - 240), start)
        return len(clause) >= _SHORTEST_HEAD and words.earlier_head.search(clause) is not None

    def _quality_before(self, mention: LabMention) -> re.Match[str] | None:
        """Return the word of "elevated CK of 612"; that of "aldolase 4.4 nl  AST 22" is the other analyte's."""
        left = self.text[max(0, mention.start - 40) : mention.start]
        match = lab_words().quality_before.search(left) if ends_in_word(left) else None
        return None if match is None or re.search(r"\d\W*$", left[: match.start()]) else match

    def _end(self, mention: LabMention, following: int) -> int:
        """Return how far the values of an analyte may stand: its sentence or its line, up to the next analyte."""
        below = cells_below(self.layout, Label(mention.start, mention.end, mention.line))
        if below is not None:
            return min(below, following)
        line, sentence = self.layout.line_at(mention.start), self.layout.sentence_at(mention.start)
        if _SPACED_POINT.match(self.text, sentence.end - 3):
            return min(line.end, following)
        handed_on = _HANDED_ON.match(self.text, mention.end)
        if handed_on is not None and handed_on.end() <= min(following, mention.end + REACH):
            # "The CK on admission was\n4,812 U/L": a line that ends before its number goes on in the next one.
            return min(self.layout.sentence_at(handed_on.end()).end, following)
        if _CUT_OFF.search(self.text, max(0, sentence.end - 2), sentence.end) is not None:
            return min(max(sentence.end, line.end), mention.end + 2 * REACH, following)
        ends_early = _SOMETHING.search(self.text, sentence.end, max(sentence.end, line.end)) is not None
        return min(sentence.end if ends_early else max(sentence.end, line.end), following)

    def _pair(
        self, group: list[LabMention], members: list[int | None], at: int, end: int, *, loose: bool = False
    ) -> list[LabEntry]:
        """Return the entries of analytes whose values stand in the same order behind them."""
        first = read_series(self.text, at, min(end, at + REACH), self.dates, Manner(paired=True))
        if not first:
            return []
        at = first[0].reading.start
        readings: list[Reading] = []
        for _ in members:
            reading = read_value(self.text, at, end)
            if reading is None:
                break
            readings.append(reading)
            step = (
                _PAIR_STEP
                if loose or " and " in self.text[reading.end : reading.end + 6]
                else re.compile(r"\s?/\s?")
            ).match(self.text, reading.end)
            if step is None or step.end() > end:
                break
            at = step.end()
        if len(readings) < len(members) or (loose and any(r.percent for r in readings)):
            return []
        mention = first[0].mention
        behind = self.lab_dates.between(readings[-1].end, readings[-1].end + 8)
        if (
            mention is None
            and behind
            and re.fullmatch(r"\s?(?:\(|on |from )?", self.text[readings[-1].end : behind[0].start])
        ):
            mention = behind[0]
        return [
            LabEntry(
                group[member], group[0].start if member == 0 else reading.start, Value(reading, mention, "")
            )
            for member, reading in zip(members, readings, strict=False)
            if member is not None
        ]

    def _shorthand(self, mention: LabMention) -> list[LabEntry]:
        match = _CBC_SHORTHAND.match(self.text, mention.end)
        if match is None or match.group().count("/") + len(re.findall(r"[<>\\]", match.group())) < 2:
            return []
        entries = []
        for name in ("WBC", "Hgb", "platelets"):
            reading = read_value(self.text, match.start(name), match.end(name))
            if reading is not None:
                entries.append(
                    LabEntry(mention._replace(concept=name), match.start(name), Value(reading, None, ""))
                )
        return entries

    def is_other_specimen(self, mention: LabMention) -> bool:
        """Say whether the words before an analyte name a specimen other than blood."""
        low = max(0, mention.start - 90)
        return (
            lab_words().specimen_word.may_begin(self.text, low, mention.start)
            and lab_words().specimen.search(self.text[low : mention.start]) is not None
        )


def clause_before(text: str, low: int, start: int) -> str:
    """Return what stands before *start* in its clause: behind the last full stop, semicolon or end of a line."""
    return text[
        max(
            low,
            text.rfind(".", low, start) + 1,
            text.rfind(";", low, start) + 1,
            text.rfind("\n", low, start) + 1,
        ) : start
    ]


def ends_in_word(left: str) -> bool:
    """Say whether the last sign before an analyte is a letter, as that of each word that is looked for there."""
    return left.rstrip()[-1:].isalpha()


def _with_shared_range(values: list[Value]) -> list[Value]:
    """Return the values of a series with the range that closes it: "1/19 13,875 | 1/21 12,960 (39-308 U/L)"."""
    if len(values) < 2:
        return values
    last = values[-1].reading
    if last.ref_low is None and last.ref_high is None:
        return values
    return [
        value
        if value.reading.ref_low is not None
        or value.reading.ref_high is not None
        or value.reading.unit not in ("", last.unit)
        else value._replace(
            reading=value.reading._replace(
                ref_low=last.ref_low,
                ref_high=last.ref_high,
                unit=value.reading.unit or last.unit,
            ),
        )
        for value in values
    ]
