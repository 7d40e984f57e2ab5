"""
What stands between and around antibody names, as a flat list of items that the scan walks along.

An item is a name, an answer (a word, a sign or a number with its reference), or what joins and parts them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chartsift.nlp.components.antibody_values import AssayValue, Polarity, Sibling, read_assay
from chartsift.nlp.components.antibody_words import result_words
from chartsift.nlp.text.dates import DateMention
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.values import maker

_POLARITIES: dict[str, Polarity] = {
    "unmeasured": "unmeasured",
    "negative": "negative",
    "borderline": "borderline",
    "weak": "weak",
    "positive": "positive",
}
# "2. HTN": the number of an item, no result.
_NUMBERING = re.compile(r"\d{1,2}[.)][ \t]+(?=[^\W\d])")
# "below 11", "less than 20": a comparison in words.
_LIMIT_WORD = re.compile(
    r"(?:below|under|above|over|exceeding|(?:less|lower|greater|higher|more) than)\s\d", re.IGNORECASE
)
# The letters that it begins with, and in twos: most words are told by these to be none.
_LIMIT_LETTERS = "buaoelghmBUAOELGHM"
_LIMIT_BEGINS = frozenset(("be", "un", "ab", "ov", "ex", "le", "lo", "gr", "hi", "mo"))
# "An 11-antibody panel": how many are tested, no result.
_COUNT = re.compile(
    r"(?P<n>\d{1,2})[- ]?(?=(?:ab|abs|antibod\w*|antigens?|analytes?|lines?|markers?)\b(?:[- ]panel)?)",
    re.IGNORECASE,
)
# Items that change nothing between a name and its answer.
PASSIVE = frozenset({"filler", "verb", "date", "colon", "leader", "gap", "open", "close", "dash", "mark"})
# Items that keep names in one list.
LINKS = frozenset({"comma", "join", "open", "close", "gap", "filler", "mark", "include", "dash", "prefix"})


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer.

    ``near`` marks a word that is an answer only right beside a name ("normal", "present").
    ``apart`` says that a cell of the table ended before it.
    """

    start: int
    end: int
    polarity: Polarity
    words: str
    near: bool = False
    value: AssayValue | None = None
    apart: bool = False


@dataclass(slots=True)
class Name:
    """A name of an antibody or of a panel, and the answers it has been given."""

    start: int
    end: int
    kind: str
    concept: str
    index: int
    answers: list[Answer] = field(default_factory=list)
    fallback: Answer | None = None
    day: DateMention | None = None
    group: int = 0
    head: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """``what`` is "name", "answer", or the group of the pattern that matched ("comma", "join", "line", …)."""

    what: str
    start: int
    end: int
    name: Name | None = None
    answer: Answer | None = None
    day: DateMention | None = None


_answer_made = maker(Answer)
_item_made = maker(Item)


def items_of(
    layout: Layout,
    start: int,
    end: int,
    names: Sequence[Name],
    dates: Sequence[DateMention],
    sibling: Sibling,
) -> Iterator[Item]:
    """Yield the items of ``text[start:end]``; *names* and *dates* are sorted and *sibling* is for ``read_assay``."""
    text = layout.text
    sentence_starts = _sentence_starts(layout, start, end)
    next_sentence = bisect_right(sentence_starts, start)
    sentence_at = _get(sentence_starts, next_sentence, end)
    i = j = 0
    # Where the next name and the next date begin; the end where none is left.
    name_at = names[0].start if names else end
    date_at = dates[0].start if dates else end
    at = start
    while at < end:
        while sentence_at <= at < end:
            if sentence_at == at and _ends_in_stop(text, at):
                yield _item_made("stop", at, at)
            next_sentence += 1
            sentence_at = _get(sentence_starts, next_sentence, end)
        while name_at < at:
            i += 1
            name_at = names[i].start if i < len(names) else end
        if name_at == at:
            yield _item_made("name", at, names[i].end, name=names[i])
            at = names[i].end
            continue
        while date_at < at:
            j += 1
            date_at = dates[j].start if j < len(dates) else end
        if date_at == at and dates[j].end <= name_at:
            yield _item_made("date", at, dates[j].end, day=dates[j])
            at = dates[j].end
            continue
        if text[at] == " " and not text[at + 1 : at + 2].isspace():
            at += 1  # every other place of prose: a blank between two words
            continue
        item = _item(text, at, end, sibling)
        if item is None:
            at += 1
            continue
        if item.end > name_at:  # it would run into a name: "non-SRP", "+Jo-1"
            shorter = (
                _item_made("prefix", at, at + 1) if text[at] == "+" else _item(text, at, name_at, sibling)
            )
            if shorter is None:
                at += 1
                continue
            item = shorter
        if item.what == "line" and not _starts_within(sentence_starts, at, item.end):
            pass  # a line that merely wraps
        elif item.what != "space":
            yield item
        at = item.end


def _get(places: Sequence[int], number: int, otherwise: int) -> int:
    return places[number] if number < len(places) else otherwise


def _item(text: str, at: int, end: int, sibling: Sibling) -> Item | None:
    sign = text[at]
    is_digit = sign.isdigit()
    if is_digit:
        count = _COUNT.match(text, at, end)
        if count is not None:
            return _item_made("number", at, count.end("n"))
    if (
        (
            is_digit
            or sign in "<>≤≥"
            or (
                sign in _LIMIT_LETTERS
                and text[at : at + 2].lower() in _LIMIT_BEGINS
                and _LIMIT_WORD.match(text, at, end)
            )
        )
        and (at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "/"))
        and not (is_digit and _is_numbering(text, at, end))
    ):
        value = read_assay(text, at, end, sibling)
        if value is not None:
            answer = _answer_made(at, value.end, value.polarity, text[at : value.end], near=True, value=value)
            return _item_made("answer", at, value.end, answer=answer)
    words = result_words()
    match = words.item[sign](text, at, end)
    if match is None:
        return None
    what = match.lastgroup or "word"
    if what in _POLARITIES:
        said = match.group()
        answer = _answer_made(at, match.end(), _POLARITIES[what], said, near=fold(said) in words.close_only)
        return _item_made("answer", at, match.end(), answer=answer)
    return _item_made(what, at, match.end())


def _is_numbering(text: str, at: int, end: int) -> bool:
    """Say whether the number at *at* opens a line as the number of an item."""
    if _NUMBERING.match(text, at, end) is None:
        return False
    before = text[max(0, at - 12) : at].rstrip(" \t")
    return not before or before.endswith(("\n", "\r"))


def _sentence_starts(layout: Layout, start: int, end: int) -> list[int]:
    sentences = layout.sentences
    starts = []
    for number in range(layout.sentence_number(start), len(sentences)):
        if sentences[number].start >= end:
            break
        starts.append(sentences[number].start)
    return starts


def _starts_within(starts: Sequence[int], begin: int, end: int) -> bool:
    """Say whether a sentence starts behind *begin* and no later than *end*, at a bullet or behind it."""
    i = bisect_right(starts, begin)
    return i < len(starts) and starts[i] <= end


def _ends_in_stop(text: str, begin: int) -> bool:
    before = text[max(0, begin - 6) : begin].rstrip(" \t\r\n\xa0\"')]”’")
    # A dot leader ("MDA5 ........ neg") ends no sentence.
    return before.endswith((".", "!", "?")) and not before.endswith(("..", ". ."))
