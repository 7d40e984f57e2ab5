"""
The statements of a note that take something back or correct it: where they stand and which words say so.

Works on text and layout alone; ``corrections`` says which findings they speak of. The words are data:
``lexicon/corrections.yaml``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chartsift.nlp.components.loose import loose_gate
from chartsift.nlp.lexicon.loader import load_corrections
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.prefilter import Gate

Role = Literal["wrong", "disregard", "should_read", "replacement", "mistake"]

# Where a clause of a sentence ends: what is wrong and what is right instead stand in two of them.
_CLAUSE = re.compile(
    r";\s*|\s+[-–—]{1,2}\s+|[()\[\]]\s*|\.\s+"
    r"|,\s+(?=(?:but|and|she|he|it|this|that|which|they|patient|pt|actual|actually|corrected|correct|should|documented|entered"
    r"|wrong|please|not|the (?:above|previous|prior|earlier)|above|previous)\b)",
    re.IGNORECASE,
)
# How far in front of its cue a word may stand that makes the cue doubtful or void.
_BEFORE = 40
# How far behind it the same sentence may say that the text belongs to someone else.
_BEHIND = 200


@dataclass(frozen=True, slots=True)
class Words:
    """The patterns of ``corrections.yaml``, compiled."""

    letters: Gate
    addition: re.Pattern[str]
    replacement: re.Pattern[str]
    mistake: re.Pattern[str]
    wrong: re.Pattern[str]
    beside: re.Pattern[str]
    taken_up: re.Pattern[str]
    as_date: re.Pattern[str]
    something_else: re.Pattern[str]
    misfiled: re.Pattern[str]
    disregard: re.Pattern[str]
    should_read: re.Pattern[str]
    new_value: re.Pattern[str]
    old_value: re.Pattern[str]
    hedge: re.Pattern[str]
    void: re.Pattern[str]
    pointer: re.Pattern[str]
    far: re.Pattern[str]
    near: re.Pattern[str]
    note: re.Pattern[str]
    filler: re.Pattern[str]
    aspect: re.Pattern[str]
    generic: tuple[tuple[re.Pattern[str], frozenset[str]], ...]
    families: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """
    One statement that something is wrong, or stands in the place of something else.

    Attributes:
        role: What it does with what it speaks of.
        start: First code point of its words.
        end: One past the last.
        clause: The part of the sentence that it stands in, without a label such as "Addendum:".
        sentence: The whole of the sentence.
        block: Where the addendum begins that it belongs to; the sentence's start outside of one.
        block_end: Where that addendum ends.
        words: Its words, for the reason that is shown.
        is_misfiled: It says that the text belongs to someone else's chart.
        is_hedged: It leaves open whether anything is wrong.
    """

    role: Role
    start: int
    end: int
    clause: TextSpan
    sentence: TextSpan
    block: int
    block_end: int
    words: str
    is_misfiled: bool = False
    is_hedged: bool = False


@lru_cache(maxsize=1)
def correction_words() -> Words:
    """Return the compiled vocabulary."""
    file = load_corrections()
    wrong = "|".join(f"(?:{pattern})" for pattern in file.wrong)
    beside = f"(?:{file.is_wrong}){file.nothing_more}"
    slips = "|".join(f"(?:{pattern})" for pattern in file.slips)
    return Words(
        letters=loose_gate("|".join(map(re.escape, file.letters)).replace("\\ ", " ")),
        addition=_compiled(file.addition, lead=r"\s*"),
        replacement=_compiled(file.replacement, lead=r"\s*"),
        mistake=_compiled(file.mistake, lead=r"\s*"),
        wrong=_words(f"{wrong}|{file.is_wrong}"),
        # Right behind a mention, and where a pronoun takes it up again, also in the next sentence.
        beside=_words(f"{wrong}|{beside}|{slips}"),
        taken_up=_compiled(
            rf"[.,;(–-]\s*(?P<cue>(?:that|this|it|which|this entry|the entry) (?:{beside}|(?:is|was) (?:{wrong})\b))"
        ),
        as_date=_compiled(file.as_date, lead=r"\s*"),
        something_else=_words(file.something_else),
        misfiled=_words(file.misfiled),
        disregard=_words(file.disregard),
        should_read=_words(file.should_read),
        new_value=_words(file.new_value),
        old_value=_words(file.old_value),
        hedge=_compiled(file.hedge, lead=r"(?<!\w)", tail=r"(?!\w)"),
        void=_words(file.void),
        pointer=_words(file.pointer),
        far=_words(file.far),
        near=_words(file.near),
        note=_words(file.note),
        filler=_compiled(file.filler, lead=r"(?<![^\W_])", tail=r"(?![^\W_])"),
        aspect=_words(file.aspect),
        generic=tuple((_words(one.words), frozenset(one.kinds)) for one in file.generic.values()),
        families=tuple(frozenset(kinds) for kinds in file.families),
    )


def letters_in(text: str) -> list[int]:
    """Return where letters stand without which nothing in *text* is corrected."""
    return [match.start() for match in correction_words().letters.finditer(text)]


def find_cues(layout: Layout) -> list[Cue]:
    """Return the statements of a note that correct something, in order; empty for nearly every note."""
    text, words = layout.text, correction_words()
    places = letters_in(text)
    if not places:
        return []
    # No addendum reaches from one paragraph into another.
    opening = layout.sentences[layout.sentence_number(places[0])].start if layout.sentences else 0
    first, last = layout.sentence_number(_paragraph_start(layout, opening)), places[-1]
    cues: list[Cue] = []
    block = block_end = -1
    for sentence in layout.sentences[first:]:
        if sentence.start > last:
            break
        said = text[sentence.start : sentence.end]
        if words.addition.match(said) or words.replacement.match(said):
            block = sentence.start
            block_end = block_end if block < block_end else _paragraph_end(layout, block)
        at = bisect_left(places, sentence.start)
        if at == len(places) or places[at] >= sentence.end:
            continue
        inside = block <= sentence.start < block_end
        cues.extend(
            _cues_of(layout, sentence, *((block, block_end) if inside else (sentence.start, sentence.end)))
        )
    return cues


def _cues_of(layout: Layout, sentence: TextSpan, block: int, block_end: int) -> Iterator[Cue]:
    text, words = layout.text, correction_words()
    body = sentence.start
    label = words.replacement.match(text, body, sentence.end)
    if label is not None:
        body = label.end()
        yield Cue(
            "replacement",
            label.start(),
            body,
            TextSpan(body, sentence.end),
            sentence,
            block,
            block_end,
            _plain(label.group()),
        )
    else:
        added = words.addition.match(text, body, sentence.end)
        body = added.end() if added is not None else body
    for clause in _clauses(text, body, sentence):
        mistake = words.mistake.match(text, clause.start, clause.end)
        if mistake is None and clause.start and text[clause.start - 1] in "[(":
            mistake = words.mistake.match(text, clause.start - 1, clause.end)
        found: list[tuple[Role, re.Match[str]]] = []
        if mistake is not None:
            found.append(("mistake", mistake))
        else:
            found.extend(
                ("disregard", match) for match in words.disregard.finditer(text, clause.start, clause.end)
            )
            found.extend(
                ("should_read", match) for match in words.should_read.finditer(text, clause.start, clause.end)
            )
            if not found:
                found.extend(
                    ("wrong", match) for match in words.wrong.finditer(text, clause.start, clause.end)
                )
        for role, match in found[:1]:
            before = text[max(clause.start, match.start() - _BEFORE) : match.start()]
            if _is_void(before, text[match.end() : clause.end], role):
                continue
            yield Cue(
                role,
                match.start(),
                match.end(),
                clause,
                sentence,
                block,
                block_end,
                _plain(match.group()),
                is_misfiled=words.misfiled.search(
                    text, match.start(), min(sentence.end, match.end() + _BEHIND)
                )
                is not None,
                is_hedged=words.hedge.search(before) is not None
                or text[match.end() : match.end() + 1] == "?",
            )


def _clauses(text: str, start: int, sentence: TextSpan) -> Iterator[TextSpan]:
    for match in _CLAUSE.finditer(text, start, sentence.end):
        if text[start : match.start()].strip():
            yield TextSpan(start, match.start())
        start = match.end()
    if text[start : sentence.end].strip():
        yield TextSpan(start, sentence.end)


def _is_void(before: str, after: str, role: Role) -> bool:
    """Say whether the words around a cue make it speak of no text of this note: conditions, disclaimers, denials."""
    words = correction_words()
    if role == "disregard":
        return (
            words.void.match(after.lstrip()) is not None or re.search(r"\bif\b", before + after) is not None
        )
    if re.search(r"\b(?:if|unless|whether|in case)\b", before, re.IGNORECASE):
        return True
    if role != "wrong":
        return False
    # "It is wrong to assume", "not entered in error", "in 2012 (not 2013 as previously documented in error)".
    return (
        re.search(r"\bas\s+(?:\w+\s+)?\Z", before, re.IGNORECASE) is not None
        or re.match(r"\s+to\b", after, re.IGNORECASE) is not None
        or re.search(r"(?:\b(?:not|never|no|any|without)|n['’]t)\s*\Z", before, re.IGNORECASE) is not None
    )


def _paragraph_start(layout: Layout, offset: int) -> int:
    """Return where the paragraph at *offset* begins: behind a blank line or at the beginning of the note."""
    number = layout.line_number(offset)
    while number > 0 and layout.text[layout.lines[number - 1].start : layout.lines[number - 1].end].strip():
        number -= 1
    return layout.lines[number].start


def _paragraph_end(layout: Layout, offset: int) -> int:
    """Return where the paragraph at *offset* ends: a blank line or the end of the note."""
    text = layout.text
    for line in layout.lines[layout.line_number(offset) + 1 :]:
        if not text[line.start : line.end].strip():
            return line.start
    return len(text)


def _plain(words: str) -> str:
    return " ".join(words.split()).strip(" :[(-–")


def _words(pattern: str) -> re.Pattern[str]:
    return _compiled(pattern, lead=r"\b", tail=r"\b")


def _compiled(pattern: str, *, lead: str = "", tail: str = "") -> re.Pattern[str]:
    loose = pattern.replace("\n", " ").replace(" ", r"\s+")
    return re.compile(rf"{lead}(?:{loose}){tail}", re.IGNORECASE)
