"""
Text that was carried forward from note to note of one patient.

A sentence or line that stands word for word in an earlier note tells nothing new: its findings are marked as copied
and go by the date of the note that said it first, so that last spring's "CK 4,000 today" is not today's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from chartsift.nlp.types import Finding, Note
from chartsift.nlp.values import maker

# A line of 40 code points, or sentences of 60 within a line of which the rest is new. Of 138 annotated charts no two
# patients share a line of 30 or sentences of 40; below that, stock phrases repeat by chance ("No fever, no cough, no
# dysuria."). Sentences of 49 were typed anew in the same words ("Deltoids 4, hip flexors 4 minus, neck flexors 4.").
_LEAST_LINE = 40
_LEAST_SENTENCES = 60
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")
# The list of medicines is made anew from the running orders for each note, and so is the header with name and age:
# the same line again is news. (An age that has stood still for years is told from the birth date, criteria/birth.py.)
_SECTIONS_ANEW = frozenset({"medications"})
_KINDS_ANEW = frozenset({"age"})


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A line of a note, or sentences of a line, from *start* on."""

    note_id: str
    start: int
    words: str


_stretch_of = maker(_Stretch)


def mark_copied(notes: Sequence[Note], findings: Sequence[Finding]) -> list[Finding]:
    """
    Return *findings* with those marked that stand in text copied from an earlier note of the same patient.

    A marked finding has the attributes ``copied`` ("yes") and ``copied_from`` (the first note's identifier), and the
    day of the finding there. What the first note takes back is taken back in the copy. Only what the first note was
    read to say as well is a copy: the same words under another heading are news. Notes of one day copy nothing from
    each other.

    Args:
        notes: The notes of one patient that were read, in any order.
        findings: Their findings.

    Returns:
        The findings in their order; the time grows with the length of the notes.
    """
    if len(notes) < 2:
        return list(findings)
    by_note: dict[str, list[int]] = {}
    for i, finding in enumerate(findings):
        by_note.setdefault(finding.note_id, []).append(i)
    marked = list(findings)
    if len(by_note) < 2:
        return marked
    said = {(f.note_id, f.start, f.kind, f.concept): f for f in findings}
    first: dict[str, _Stretch] = {}
    for _, same_day in groupby(sorted(notes, key=lambda n: n.note_date), key=lambda n: n.note_date):
        fresh: list[_Stretch] = []
        # A note without findings neither copies nor is copied.
        for note in (note for note in same_day if note.note_id in by_note):
            copied: list[_Stretch] = []
            for at, line in _lines(note):
                whole = _stretch(note, at, line)
                if whole.words in first:
                    copied.append(whole)
                    continue
                runs = _sentences(note, at, line)
                copied.extend(one for one in runs if one.words in first)
                fresh.extend((whole, *runs))
            for i in by_note[note.note_id] if copied else ():
                marked[i] = _as_first_said(marked[i], copied, first, said)
        for one in fresh:
            first.setdefault(one.words, one)
    return marked


def _lines(note: Note) -> Iterator[tuple[int, str]]:
    """Yield the lines that are long enough, each with its place."""
    at = 0
    for line in note.text.splitlines(keepends=True):
        # Most lines are short as they stand, blanks included.
        if len(line) >= _LEAST_LINE and len(line.strip()) >= _LEAST_LINE:
            yield at, line
        at += len(line)


def _sentences(note: Note, at: int, line: str) -> list[_Stretch]:
    """Return the runs of sentences of a line that are long enough, by rising start and end."""
    if len(line) < _LEAST_SENTENCES:
        return []
    cuts = [0, *(match.end() for match in _SENTENCE_END.finditer(line)), len(line)]
    return [_stretch(note, at + a, line[a:b]) for a, b in _runs(cuts)]


def _runs(cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the shortest run that is long enough from each cut on, and the one that ends at the last cut."""
    last = len(cuts) - 1
    end = 0
    tail = None
    for start in range(last):
        while end < last and cuts[end] - cuts[start] < _LEAST_SENTENCES:
            end += 1
        if cuts[end] - cuts[start] < _LEAST_SENTENCES:
            break
        yield cuts[start], cuts[end]
        tail = cuts[start]
    if tail is not None and end < last:
        yield tail, cuts[last]


def _stretch(note: Note, start: int, words: str) -> _Stretch:
    return _stretch_of(note.note_id, start + len(words) - len(words.lstrip()), words.strip())


def _as_first_said(
    finding: Finding,
    copied: Sequence[_Stretch],
    first: Mapping[str, _Stretch],
    said: Mapping[tuple[str, int, str, str], Finding],
) -> Finding:
    """Return *finding* as a copy of what the first note says, or as it is."""
    at = bisect_right(copied, finding.start, key=lambda one: one.start) - 1
    if at < 0 or finding.section in _SECTIONS_ANEW or finding.kind in _KINDS_ANEW:
        return finding
    here = copied[at]
    source = first[here.words]
    offset = finding.start - here.start
    was = said.get((source.note_id, source.start + offset, finding.kind, finding.concept))
    if offset >= len(here.words) or was is None:
        return finding
    attributes = dict(finding.attributes)
    if was.attribute("corrected"):
        attributes["corrected"] = was.attribute("corrected")
    elif was.assertion != finding.assertion:
        return finding
    if was.attribute("doubtful"):
        attributes["doubtful"] = was.attribute("doubtful")
    attributes |= {"copied": "yes", "copied_from": source.note_id}
    return replace(
        finding,
        assertion=was.assertion,
        date=was.date,
        date_source=was.date_source,
        attributes=tuple(sorted(attributes.items())),
    )
