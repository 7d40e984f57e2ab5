"""
Did the patient receive it? The reading that CAR T-cell therapy, other cell therapies and grafts share.

A treatment that is given once is talked about far more often than it is given: planned, asked about, listed for,
declined, a brother's, a trial's title. What a mention means is read from the words that govern it, nearest first:
whose it is, a blinded arm, a denial, words of intent, words of receipt, a date beside it. Where nothing governs it
the reader of the kind decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.receipt_blinded import blinded_arm
from chartsift.nlp.components.receipt_denial import denied, never_infused
from chartsift.nlp.components.receipt_forms import answered, ticked_before, ticked_behind
from chartsift.nlp.components.receipt_mended import called_wrong, is_denial_corrected, set_right
from chartsift.nlp.components.receipt_reach import is_about_mention
from chartsift.nlp.components.receipt_rules import Receipt, intent_or_receipt
from chartsift.nlp.components.receipt_sequel import given_after_all, told_behind
from chartsift.nlp.text.answers import unticked
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout

_CLAUSE_LEFT = loosely(r";|\||(?:^|\s)(?:but|however|although|though|whereas|except)\b|[.!?]\s+(?=[A-Z])")
_CLAUSE_RIGHT = loosely(r";|\s\|\s|\s(?:but|however|although|though|whereas)\b")

# Distances in code points, by what a note holds: its lines are about 80 wide and its sentences seldom over 300 long.
# They are no fine cut: a fifth less or a quarter more of all of them leaves every sentence of the tests read the same.
# Of a clause on either side of a mention: all that one sentence can hold.
_CLAUSE_REACH = 300
# Of words that answer a form's question on the rest of its line, which may wrap once or twice.
_FORM_REACH = 240
_ANSWER_REACH = 160

# How far behind a mention its correction may stand, in code points.
_CORRECTION_REACH = 150
_TIMELINE_ROW = loosely(
    r"^[\W_]*(?:in )?(?P<date>(?:\d{1,2}[/.-]){0,2}(?:19|20)\d\d(?:-\d\d){0,2}|\d{1,2}/\d{1,2}/\d\d|[a-z]{3,9}\.? (?:19"
    r"|20)\d\d)\s*(?:[:|\-–—\t,]|\s)\s*(?:[a-z0-9+-]+\s+){0,2}$"
)
_PAST_SECTIONS = frozenset({"past_history", "problem_list", "treatment_history", "procedure"})


@dataclass(frozen=True, slots=True)
class _Words:
    """A mention in its note, its clause before and after it, and what follows to the end of its line and further."""

    text: str
    layout: Layout
    start: int
    end: int
    left: str
    right: str
    rest_of_line: str
    behind: str


def read_receipt(
    text: str, layout: Layout, start: int, end: int, note_date: date, *, is_graft: bool = False
) -> Receipt:
    """
    Return how the note holds the treatment named by ``text[start:end]``; assertion None where no word decides.

    Args:
        text: The note.
        layout: Its sections, lines and sentences.
        start: Where the mention begins.
        end: Where it ends.
        note_date: The day of the note.
        is_graft: The mention is a transplant: it is received, and what was "not infused" beside it is something else.

    Returns:
        The reading with the words that decided it.
    """
    words = _words(text, layout, start, end)
    other = someone_else(text, layout, start, end)
    if other:
        return Receipt("family", (other,))
    for question in _QUESTIONS:
        reading = question(words, note_date)
        if reading is not None and not (is_graft and question is _never_given):
            return reading
    reading = intent_or_receipt(words.left, words.right, note_date)
    if reading.assertion == "hypothetical":
        return _given(given_after_all(text, layout, end, note_date)) or reading
    return reading


def _words(text: str, layout: Layout, start: int, end: int) -> _Words:
    sentence, line = layout.sentence_at(start), layout.line_at(start)
    first, last = min(sentence.start, start), max(sentence.end, end)
    return _Words(
        text, layout, start, end,
        left=_tail(text[max(first, start - _CLAUSE_REACH) : start]),
        right=_head(text[end : min(last, end + _CLAUSE_REACH)]),
        rest_of_line=text[end : min(line.end, end + _FORM_REACH)],
        behind=text[end : end + _CORRECTION_REACH],
    )  # fmt: skip


def _called_wrong(words: _Words, _: date) -> Receipt | None:
    wrong = called_wrong(words.behind)
    if wrong and is_denial_corrected(words.left):
        return Receipt("present", (wrong,), strength="strong")
    if wrong and not is_about_mention(words.left):
        return Receipt("absent", (wrong,), strength="strong", corrects=True)
    return None


def _in_a_blinded_arm(words: _Words, _: date) -> Receipt | None:
    return blinded_arm(words.text, words.layout, words.start, words.end)


def _set_right(words: _Words, _: date) -> Receipt | None:
    right = set_right(words.left, words.behind)
    return Receipt("absent", (right,), strength="strong", corrects=True) if right else None


def _answered(words: _Words, _: date) -> Receipt | None:
    return ticked_behind(words.layout, words.end) or answered(words.rest_of_line[:_ANSWER_REACH], words.left)


def _never_given(words: _Words, note_date: date) -> Receipt | None:
    never = never_infused(words.left, words.rest_of_line, note_date)
    return Receipt("hypothetical", (never,), strength="strong") if never else None


def _ticked(words: _Words, note_date: date) -> Receipt | None:
    line = words.layout.line_at(words.start)
    box = ticked_before(words.text[line.start : words.start])
    if box is None:
        empty = unticked(words.layout, words.start)
        return Receipt("absent", (empty,), strength="plain") if empty else None
    if box.assertion == "present":
        # "[x] CAR-T slot: earliest July" ticks a plan.
        intent = intent_or_receipt(words.left, words.right, note_date)
        return intent if intent.assertion == "hypothetical" else box
    return box


def _given_in_its_sentence(words: _Words, note_date: date) -> Receipt | None:
    return _given(given_after_all(words.text, words.layout, words.end, note_date, sentences=0))


def _told_of(words: _Words, note_date: date) -> Receipt | None:
    return told_behind(words.left, words.right, note_date)


def _denied(words: _Words, note_date: date) -> Receipt | None:
    return denied(words.left, words.right, words.rest_of_line[:_ANSWER_REACH], note_date)


# Asked in this order; the first that decides holds.
_QUESTIONS: tuple[Callable[[_Words, date], Receipt | None], ...] = (
    _called_wrong,
    _in_a_blinded_arm,
    _set_right,
    _answered,
    _never_given,
    _ticked,
    _given_in_its_sentence,
    _told_of,
    _denied,
)


def _given(told: str) -> Receipt | None:
    return Receipt("present", (told.strip(" ,"),), strength="strong") if told else None


def in_past_section(layout: Layout, offset: int) -> bool:
    """Say whether *offset* stands in a section that lists what has been."""
    return layout.section_at(offset).category in _PAST_SECTIONS


def in_timeline(before: str, note_date: date) -> bool:
    """Say whether *before*, the words of the line before a mention, are a past date that opens a row of a timeline."""
    row = _TIMELINE_ROW.match(before)
    if row is None:
        return False
    year = re.search(r"(?:19|20)\d\d", row.group("date"))
    if year and int(year.group()) != note_date.year:
        return int(year.group()) < note_date.year
    return any(mention.first <= note_date for mention in find_dates(before, note_date))


def _tail(left: str) -> str:
    last = 0
    for match in _CLAUSE_LEFT.finditer(left):
        last = match.end()
    return left[last:]


def _head(right: str) -> str:
    cut = _CLAUSE_RIGHT.search(right)
    return right[: cut.start()] if cut else right
