"""
The ``labs`` reader: laboratory values with unit, reference range, flag and date.

It reads prose ("the CK on December 4 is 1486 (30-200)"), lists ("CK 388 (36-160) H; LDH 356 H"), series
("9562 > 2198"), pairs ("AST/ALT 88/71") and tables of every common layout. What it cannot tie to a number it
leaves alone: a value without its analyte, or an analyte without a value, is no finding.

Reads: doc.spans["concepts"] of kind "lab", doc._.layout. Writes: drafts of kind "lab".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import someone_elses
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.lab_dates import LabDates, shared_from_behind
from chartsift.nlp.components.lab_measured import is_share, measured_of
from chartsift.nlp.components.lab_series import REACH, Manner, Value, read_series
from chartsift.nlp.components.lab_tables import Label, cells_below, under_analytes, under_header
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.dates import DateMention, note_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.text.values import NUMBER, Reading, read_company, read_value
from chartsift.nlp.types import Assertion
from chartsift.nlp.values import maker

# Analytes that share one word ("CK, aldolase, LDH, AST and ALT normal").
_LONGEST_LIST = 12
_JOIN = re.compile(r"\s*(?:,|/|&|\band\b|,\s*and\b)\s*", re.IGNORECASE)
_LOOSE_PAIR = re.compile(r"\s?(?:,|&|\band\b)\s?", re.IGNORECASE)
_PAIR_STEP = re.compile(r"\s?(?:/|,|&|\band\b)\s?", re.IGNORECASE)
# What parts the members of one list; a new line goes on with the list only where it is indented under it.
_CONTINUES = re.compile(
    r"\)?(?:[^\S\n]++|[,;|.(:]|and\b|&|\b(?:CBC|CMP|BMP|LFTs?)\b|(?:normal|ok|fine)\b){0,8}(?:\r?\n[ \t]{2,}(?!\s))?"
)
# Panels that have no number of their own.
_WORDS_ONLY = frozenset({"CBC", "muscle_enzymes"})
# Terms that name a share of the white cells as often as their number.
_MAY_BE_SHARE = re.compile(
    r"(?:lymph(?:ocyte)?s?|neut(?:rophil)?s?|lymphocytes?|neutrophils?|granulocytes?)", re.IGNORECASE
)
_HANDED_ON = re.compile(
    r"[^\d\n.;]{0,50}(?:\b(?:was|is|of|at|to)|[:=]|\.{2,})[ \t]*\r?\n[ \t]*(?=[<>]?\d)", re.IGNORECASE
)
_HAPPENED = re.compile(r"\s*(?:was|were|had|came|rose|fell|went|returned|hit|reached)\b", re.IGNORECASE)
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
# A mention that speaks of a raised value by its own name.
_RAISED_BY_NAME = re.compile(r"hyper-?CK", re.IGNORECASE)
# An event that the note does not date: the value is of another day than the note, and it is not known of which.
_UNDATED_EVENT = gate(
    r"\b(?:POD|post-?op(?:erative)? day|day)\s?#?\s?[+−-]?\s?\d{1,3}\b|\bD[+−-]\d{1,3}\b", re.IGNORECASE
)
_EVENT_BEFORE = re.compile(rf"(?:{_UNDATED_EVENT.pattern})\W{{0,3}}$", re.IGNORECASE)
_EVENT_AFTER = re.compile(rf"\W{{0,3}}(?:on )?(?P<event>{_UNDATED_EVENT.pattern})", re.IGNORECASE)


class _Mention(NamedTuple):
    span: Span
    start: int
    end: int
    concept: str
    line: int


_made = maker(Draft)


class _Entry(NamedTuple):
    """A value of a mention before it is a draft; ``start`` is where the finding begins."""

    mention: _Mention
    start: int
    value: Value
    words: str = ""


class Labs:
    """Turn lab concepts into drafts with values."""

    def __init__(self) -> None:
        lab_words()  # their gates are there before the prefilter is made

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["lab"])
        if spans:
            drafts_of(doc).extend(_Reader(doc, spans).read())
        return doc


class _Reader:
    """The reading of one note."""

    def __init__(self, doc: Doc, spans: Sequence[Span]) -> None:
        self.doc = doc
        self.layout: Layout = doc._.layout
        self.text = self.layout.text
        self.note_date: date = note_date_of(doc)
        self.mentions = [self._mention(span) for span in spans]
        self.assertions: dict[int, tuple[Assertion, tuple[str, ...]]] = {}
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

    def _mention(self, span: Span) -> _Mention:
        start, end = source_range(span)
        return _Mention(span, start, end, sense_of(span).concept.concept, self.layout.line_number(start))

    def read(self) -> Iterator[Draft]:
        """Yield the drafts of the note."""
        i = 0
        list_end = -1
        run: list[_Entry] = []
        while i < len(self.mentions):
            group, members = self._group(i)
            following = (
                self.mentions[i + len(group)].start if i + len(group) < len(self.mentions) else len(self.text)
            )
            entries = self._entries(i, group, members, following)
            if not entries:
                yield from self._qualities(i, len(group))
                i += len(group)
                continue
            if not _CONTINUES.fullmatch(self.text, max(0, list_end), group[0].start):
                yield from self._finish(run)
                run = []
            run.extend(entries)
            list_end = max(max(entry.value.end, entry.value.reading.end) for entry in entries)
            i += len(group)
        yield from self._finish(run)

    # ---- which analytes share one entry

    def _group(self, i: int) -> tuple[list[_Mention], list[int | None]]:
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

    def _loose_group(self, i: int) -> list[_Mention]:
        """Return the analytes joined by "and" or commas that may share the numbers behind them."""
        group = [self.mentions[i]]
        while i + len(group) < len(self.mentions) and len(group) < _LONGEST_LIST:
            following = self.mentions[i + len(group)]
            if not _LOOSE_PAIR.fullmatch(self.text, group[-1].end, following.start):
                break
            group.append(following)
        return group

    # ---- entries

    def _entries(
        self, i: int, group: list[_Mention], members: list[int | None], following: int
    ) -> list[_Entry]:
        mention = group[0]
        if mention.concept in _WORDS_ONLY:
            return self._shorthand(mention) if mention.concept == "CBC" else []
        if self._is_other_specimen(mention):
            return []
        if i in self.tabled:
            return [_Entry(mention, value.reading.start, value) for value in self.tabled[i]]
        rows = under_header(self.layout, [Label(m.start, m.end, m.line) for m in group], self.note_date)
        if rows is not None:
            return [
                _Entry(m, m.start if number == 0 and m is mention else value.reading.start, value)
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

    def _single(self, i: int, mention: _Mention, following: int) -> list[_Entry]:
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
            _Entry(
                mention,
                mention.start if number == 0 else value.reading.start,
                self._with_words(mention, value, alone=len(values) == 1),
                value.words,
            )
            for number, value in enumerate(values)
        ]

    def _joined_before(self, i: int) -> list[_Mention]:
        """Return the analytes before the one at *i* that are joined to it ("AST and ALT 88 and 71")."""
        joined: list[_Mention] = []
        at = i
        while (
            at > 0
            and len(joined) < _LONGEST_LIST
            and _LOOSE_PAIR.fullmatch(self.text, self.mentions[at - 1].end, self.mentions[at].start)
        ):
            at -= 1
            joined.insert(0, self.mentions[at])
        return joined

    def _with_words(self, mention: _Mention, value: Value, *, alone: bool) -> Value:
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

    def _is_set_aside_before(self, mention: _Mention) -> bool:
        """Say whether the words before an analyte make its value an earlier one ("prior CK 310", "Lab then: CK 310")."""
        words, text, start = lab_words(), self.text, mention.start
        left = text[max(0, start - 40) : start]
        if _ends_in_word(left) and words.earlier_before.search(left):
            return True
        low = max(0, start - 240)
        return (
            words.earlier_head_word.may_begin(text, low, start)
            and words.earlier_head.search(text[low:start]) is not None
        )

    def _quality_before(self, mention: _Mention) -> re.Match[str] | None:
        """Return the word of "elevated CK of 612"; that of "aldolase 4.4 nl  AST 22" is the other analyte's."""
        left = self.text[max(0, mention.start - 40) : mention.start]
        match = lab_words().quality_before.search(left) if _ends_in_word(left) else None
        return None if match is None or re.search(r"\d\W*$", left[: match.start()]) else match

    def _end(self, mention: _Mention, following: int) -> int:
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
        self, group: list[_Mention], members: list[int | None], at: int, end: int, *, loose: bool = False
    ) -> list[_Entry]:
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
            _Entry(
                group[member], group[0].start if member == 0 else reading.start, Value(reading, mention, "")
            )
            for member, reading in zip(members, readings, strict=False)
            if member is not None
        ]

    def _shorthand(self, mention: _Mention) -> list[_Entry]:
        match = _CBC_SHORTHAND.match(self.text, mention.end)
        if match is None or match.group().count("/") + len(re.findall(r"[<>\\]", match.group())) < 2:
            return []
        entries = []
        for name in ("WBC", "Hgb", "platelets"):
            reading = read_value(self.text, match.start(name), match.end(name))
            if reading is not None:
                entries.append(
                    _Entry(mention._replace(concept=name), match.start(name), Value(reading, None, ""))
                )
        return entries

    def _is_other_specimen(self, mention: _Mention) -> bool:
        low = max(0, mention.start - 90)
        return (
            lab_words().specimen_word.may_begin(self.text, low, mention.start)
            and lab_words().specimen.search(self.text[low : mention.start]) is not None
        )

    # ---- drafts

    def _finish(self, run: Sequence[_Entry]) -> Iterator[Draft]:
        """Yield the drafts of a run of entries that stand in one list."""
        text = self.text
        mentions = shared_from_behind(
            text,
            [(e.mention.start, e.start, e.value.reading.end, e.value.mention) for e in run],
        )
        inherited: DateMention | None = None
        before: _Mention | None = None
        for entry, mention in zip(run, mentions, strict=True):
            day = mention
            if entry.mention is before:
                inherited = None  # a course of one analyte: no value has the date of the one before it
            before = entry.mention
            if day is None and not entry.value.earlier:
                # "CBC of 12/4: WBC 6.8, Hgb 12.9": the members of a list share the date that its first one has.
                day = self.lab_dates.for_entry(entry.mention.start) or inherited
            inherited = day or inherited
            draft = self._draft(entry, day)
            if draft is not None:
                yield draft

    def _draft(self, entry: _Entry, day: DateMention | None) -> Draft | None:
        reading, mention = entry.value.reading, entry.mention
        if reading.percent or (
            is_share(reading) and _MAY_BE_SHARE.fullmatch(self.text, mention.start, mention.end)
        ):
            return None
        assertion, cues = self._assertion(mention)
        measured = measured_of(mention.concept, reading)
        if measured.unit.lower() in ("u", "unit", "units"):
            return None  # "platelets 1 unit": given, not counted
        attributes = dict(sense_of(mention.span).concept.attributes)
        if entry.value.earlier:
            attributes["superseded"] = "yes"
        if measured.upper is not None:
            attributes["high"] = f"{measured.upper:.6g}"
        if day is not None and day.ambiguous:
            attributes["date_ambiguous"] = "yes"
        if day is None:
            event = self._event(entry)
            if event:
                attributes["when"] = event
        return _made(
            start=entry.start,
            end=max(reading.end, entry.start + 1),
            kind="lab",
            concept=mention.concept,
            assertion=assertion,
            rule="labs:value",
            cues=cues,
            value=measured.value,
            unit=measured.unit,
            comparator=reading.comparator,
            ref_low=measured.low,
            ref_high=measured.high,
            flag=measured.flag,
            date=day.day if day is not None else None,
            score=0.98 if measured.flag or measured.high is not None else 0.9,
            attributes=attributes,
        )

    def _event(self, entry: _Entry) -> str:
        """Return the words of an event without a date that stand right before, in or behind an entry; "" without any."""
        start, end = entry.mention.start, entry.value.reading.end
        if not _UNDATED_EVENT.may_begin(self.text, max(0, start - 20), end + 20):
            return ""
        line = self.layout.line_at(start)
        before = self.text[max(line.start, start - 20) : start]
        after = self.text[end : min(max(line.end, end), end + 20)]
        match = (
            _UNDATED_EVENT.search(entry.value.words)
            or _EVENT_BEFORE.search(before)
            or _EVENT_AFTER.match(after)
        )
        if match is None:
            return ""
        return (match.groupdict().get("event") or match.group()).strip(" :,;-").lower()

    def _assertion(self, mention: _Mention) -> tuple[Assertion, tuple[str, ...]]:
        if mention.start not in self.assertions:
            self.assertions[mention.start] = self._new_assertion(mention)
        return self.assertions[mention.start]

    def _new_assertion(self, mention: _Mention) -> tuple[Assertion, tuple[str, ...]]:
        cues = someone_elses(mention.span)
        if cues is not None:
            return "family", cues
        sentence = self.layout.sentence_at(mention.start)
        low = max(sentence.start, mention.start - 60)
        condition = None
        if lab_words().condition_word.may_begin(self.text, low, mention.start):
            condition = lab_words().condition.search(self.text[low : mention.start])
        if condition is not None and not (
            # "stopped it when the CK was 6,240" tells what happened
            condition.group().lower().startswith(("when", "once")) and _HAPPENED.match(self.text, mention.end)
        ):
            return "hypothetical", (condition.group().split()[0],)
        # A number is a result whatever "no" or "possible" stands beside it.
        return "present", ()

    # ---- analytes that are only called normal or raised

    def _qualities(self, first: int, count: int) -> Iterator[Draft]:
        """Yield drafts for analytes that are only called normal or raised ("CBC normal", "elevated CK and aldolase")."""
        for i in range(first, first + count):
            mention = self.mentions[i]
            if self._is_other_specimen(mention):
                continue
            sentence = self.layout.sentence_at(mention.start)
            left, right = self._list_around(i)
            after = lab_words().quality_after.match(
                self.text, self.mentions[right].end, max(sentence.end, mention.end)
            )
            before_from = max(sentence.start, self.mentions[left].start - 60)
            lead = self.text[before_from : self.mentions[left].start]
            before = lab_words().quality_before.search(lead) if _ends_in_word(lead) else None
            match = after or before
            named = _RAISED_BY_NAME.match(self.text, mention.start)
            if match is None and named is None:
                continue
            flag = "N" if match is not None and match.group("normal") else "H"
            assertion, cues = self._assertion(mention)
            denied = any(m.category == "NEGATED" for m in mention.span._.modifiers)
            if assertion == "present" and flag == "H" and denied:
                flag = "N"
            end = after.end() if after is not None and right == i else mention.end
            start = (
                mention.start - len(before.group())
                if after is None and before is not None and left == i
                else mention.start
            )
            day = self._date_near(mention) or self.lab_dates.for_entry(mention.start)
            yield Draft(
                start=start,
                end=end,
                kind="lab",
                concept=mention.concept,
                assertion=assertion,
                rule="labs:quality",
                cues=((match.group().strip(),) if match is not None else ()) + cues,
                flag=flag,
                date=day.day if day is not None else None,
                score=0.85,
                attributes=dict(sense_of(mention.span).concept.attributes),
            )

    def _list_around(self, i: int) -> tuple[int, int]:
        """Return the first and the last of the analytes that share one word with that at *i*."""
        left = right = i
        while (
            i - left < _LONGEST_LIST
            and left > 0
            and _JOIN.fullmatch(self.text, self.mentions[left - 1].end, self.mentions[left].start)
        ):
            left -= 1
        while (
            right - i < _LONGEST_LIST
            and right + 1 < len(self.mentions)
            and _JOIN.fullmatch(self.text, self.mentions[right].end, self.mentions[right + 1].start)
        ):
            right += 1
        return left, right

    def _date_near(self, mention: _Mention) -> DateMention | None:
        sentence = self.layout.sentence_at(mention.start)
        low = max(sentence.start, mention.end - 40)
        high = min(self.layout.line_at(max(mention.end - 1, 0)).end, mention.end + 40)
        for near in self.lab_dates.between(low, high):
            between = self.text[min(near.end, mention.end) : max(near.start, mention.start)]
            if (near.precision in ("day", "month") or near.last < self.note_date) and not re.search(
                r"[;|]|\.\s", between
            ):
                return near
        return None


def _ends_in_word(left: str) -> bool:
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


register("labs", lambda nlp: Labs())
