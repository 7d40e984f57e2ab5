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

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import someone_elses
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.lab_dates import shared_from_behind
from chartsift.nlp.components.lab_entries import (
    LONGEST_LIST,
    LabEntries,
    LabEntry,
    LabMention,
    clause_before,
    ends_in_word,
)
from chartsift.nlp.components.lab_measured import is_share, measured_of
from chartsift.nlp.components.lab_words import lab_words
from chartsift.nlp.text.dates import DateMention
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.types import Assertion
from chartsift.nlp.values import maker

_JOIN = re.compile(r"\s*(?:,|/|&|\band\b|,\s*and\b)\s*", re.IGNORECASE)
# What parts the members of one list; a new line goes on with the list only where it is indented under it.
_CONTINUES = re.compile(
    r"\)?(?:[^\S\n]++|[,;|.(:]|and\b|&|\b(?:CBC|CMP|BMP|LFTs?)\b|(?:normal|ok|fine)\b){0,8}(?:\r?\n[ \t]{2,}(?!\s))?"
)
# Terms that name a share of the white cells as often as their number.
_MAY_BE_SHARE = re.compile(
    r"(?:lymph(?:ocyte)?s?|neut(?:rophil)?s?|lymphocytes?|neutrophils?|granulocytes?)", re.IGNORECASE
)
_HAPPENED = re.compile(r"\s*(?:was|were|had|came|rose|fell|went|returned|hit|reached)\b", re.IGNORECASE)
# A mention that speaks of a raised value by its own name.
_RAISED_BY_NAME = re.compile(r"hyper-?CK", re.IGNORECASE)
# An event that the note does not date: the value is of another day than the note, and it is not known of which.
_UNDATED_EVENT = gate(
    r"\b(?:POD|post-?op(?:erative)? day|day)\s?#?\s?[+−-]?\s?\d{1,3}\b|\bD[+−-]\d{1,3}\b", re.IGNORECASE
)
_EVENT_BEFORE = re.compile(rf"(?:{_UNDATED_EVENT.pattern})\W{{0,3}}$", re.IGNORECASE)
_EVENT_AFTER = re.compile(rf"\W{{0,3}}(?:on )?(?P<event>{_UNDATED_EVENT.pattern})", re.IGNORECASE)


_made = maker(Draft)


class Labs:
    """Turn lab concepts into drafts with values."""

    def __init__(self) -> None:
        lab_words()  # their gates are there before the prefilter is made

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["lab"])
        if spans:
            drafts_of(doc).extend(_Reader(doc, spans).read())
        return doc


class _Reader(LabEntries):
    """The reading of one note."""

    def __init__(self, doc: Doc, spans: Sequence[Span]) -> None:
        super().__init__(doc, spans)
        self.assertions: dict[int, tuple[Assertion, tuple[str, ...]]] = {}

    def read(self) -> Iterator[Draft]:
        """Yield the drafts of the note."""
        i = 0
        list_end = -1
        run: list[LabEntry] = []
        while i < len(self.mentions):
            group, members = self.group(i)
            following = (
                self.mentions[i + len(group)].start if i + len(group) < len(self.mentions) else len(self.text)
            )
            entries = self.entries(i, group, members, following)
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

    # ---- drafts

    def _finish(self, run: Sequence[LabEntry]) -> Iterator[Draft]:
        """Yield the drafts of a run of entries that stand in one list."""
        text = self.text
        mentions = shared_from_behind(
            text,
            [(e.mention.start, e.start, e.value.reading.end, e.value.mention) for e in run],
        )
        inherited: DateMention | None = None
        before: LabMention | None = None
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

    def _draft(self, entry: LabEntry, day: DateMention | None) -> Draft | None:
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

    def _event(self, entry: LabEntry) -> str:
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

    def _assertion(self, mention: LabMention) -> tuple[Assertion, tuple[str, ...]]:
        if mention.start not in self.assertions:
            self.assertions[mention.start] = self._new_assertion(mention)
        return self.assertions[mention.start]

    def _new_assertion(self, mention: LabMention) -> tuple[Assertion, tuple[str, ...]]:
        cues = someone_elses(mention.span)
        if cues is not None:
            return "family", cues
        sentence = self.layout.sentence_at(mention.start)
        low = max(sentence.start, mention.start - 60)
        clause = clause_before(self.text, low, mention.start)
        condition = lab_words().condition.search(clause) if len(clause) > 2 else None
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
            if self.is_other_specimen(mention):
                continue
            sentence = self.layout.sentence_at(mention.start)
            left, right = self._list_around(i)
            after = lab_words().quality_after.match(
                self.text, self.mentions[right].end, max(sentence.end, mention.end)
            )
            before_from = max(sentence.start, self.mentions[left].start - 60)
            lead = self.text[before_from : self.mentions[left].start]
            before = lab_words().quality_before.search(lead) if ends_in_word(lead) else None
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
            i - left < LONGEST_LIST
            and left > 0
            and _JOIN.fullmatch(self.text, self.mentions[left - 1].end, self.mentions[left].start)
        ):
            left -= 1
        while (
            right - i < LONGEST_LIST
            and right + 1 < len(self.mentions)
            and _JOIN.fullmatch(self.text, self.mentions[right].end, self.mentions[right + 1].start)
        ):
            right += 1
        return left, right

    def _date_near(self, mention: LabMention) -> DateMention | None:
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


register("labs", lambda nlp: Labs())
