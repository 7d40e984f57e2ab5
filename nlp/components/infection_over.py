"""
Whether a clause tells of an infection that has passed: a word of its end, an event that it was the time of, its day.

Part of the ``infections`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from spacy.tokens import Doc

from chartsift.nlp.components.infection_context import MentionContext, days_since_month
from chartsift.nlp.components.infection_cues import (
    CULTURE_CLEARED,
    FRACTIONS,
    FREE_SINCE,
    MONTH_AFTER,
    MONTH_BEFORE,
    RESOLVED,
    STILL,
    TEST_COUNTED,
    TIME_PAST,
    WELL_AGAIN,
    WELL_NOW,
)
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.tokens import note_date_of

# "Off MTX when she had shingles", "was absent because of influenza": the illness is the time of another event.
_WHEN_THEN = re.compile(
    r"\b(?:when|while|at the time)\s+(?:I|he|she|they|pt|patient)\s+(?:was|were|had|got)\s+(?:\w+\s+){0,2}$"
    r"|\b(?:when|while)\s+(?:I|he|she|they|pt|patient)\s+(?:was|were|lived|worked|stayed|travell?ed)\b[^.;]{0,40}\b(?:caught|had|got|contracted"
    r"|developed)\s+(?:\w+\s){0,2}$"
    r"|\bwas\s+(?:absent|ill|sick|out|home|off|away|kept home)\b[^.;]{0,30}\b(?:with|because of|due to|from|for)\s+"
    r"(?:\w+\s+)?$",
    re.IGNORECASE,
)
# "Had a UTI", "was admitted with pneumonia": told as past, unless its treatment is told as present.
_TOLD = re.compile(r"(?:had|was (?:treated|hospitali[sz]ed|admitted))\b", re.IGNORECASE)
_HAD = re.compile(
    r"(?<!has )(?<!have )(?<!'s )\bhad\s+(?:(?:an?|one)\s+(?:\w+\s)?(?:episode|bout|spell)\s+of\s+)?(?:\w+\s)?$",
    re.IGNORECASE,
)
# What comes behind these is another event, told as present.
_TURN = re.compile(r"\b(?:but|however|now|currently|today|presents? with)\b", re.IGNORECASE)
_THESE_DAYS = re.compile(
    r"\b(?:now|today|tonight|currently|yesterday|last night|this (?:morning|afternoon|week|weekend))\b",
    re.IGNORECASE,
)
# Between an illness and a cue: nothing but these leaves the illness the subject of the cue.
_SAME_SUBJECT = re.compile(
    r"(?:\s|\b(?:and|now|has|have|had|is|was|were|been|since|fully|completely|all|largely|nearly|it|this|that|which|then)\b)*",
    re.IGNORECASE,
)
# "Tonsillectomy for recurrent tonsillitis": the organ is out, and the illness with it.
_TAKEN_OUT = re.compile(
    r"\b(?:\w+ectomy|\w+stomy|amputat\w+|grommets)\b[^.;,]{0,20}?\b(?:for|due to|because of|after|following)\s+(?:\w+\s){0,2}$",
    re.IGNORECASE,
)
# Said of another time, or in a list of what has been, behind the name.
_OF_THE_PAST = ("prior", "previous", "past", "hx", "h/o", "had a", "history of", "since the", "s/p")


def is_told_as_over(context: MentionContext, *, treated: bool, taken: tuple[int, int] | None) -> bool:
    """
    Say whether words of the clause end the infection; *taken* is the drug that is being taken.

    A day that lies back is another question: ``days_since``.
    """
    own_words = context.left + re.split(r"[,:;]", context.right)[0]
    told_now = (
        taken is not None or (context.course.running and treated) or _THESE_DAYS.search(own_words) is not None
    )
    if _has_word_of_end(context, taken, told_now=told_now):
        return True
    well = WELL_NOW.search(context.right[:90])
    if well is not None and (not (treated or taken) or TIME_PAST.search(context.left)):
        parts = re.split(r"[,;]", context.right[: well.start()])
        if len(parts) == 1 or treated or _SAME_SUBJECT.fullmatch(parts[-1]):
            return True
    if not told_now and not treated and _TAKEN_OUT.search(context.left):
        return True
    if not told_now and (_WHEN_THEN.search(context.before[-90:]) or _HAD.search(context.left)):
        return True
    again = FREE_SINCE.match(context.after) or WELL_AGAIN.match(context.after)
    return again is not None and STILL.search(context.sentence) is None


def days_since(doc: Doc, context: MentionContext) -> int:
    """Return how many days before the note the furthest month or day beside the name lies; 0 without one."""
    note_date = note_date_of(doc)
    months = (MONTH_AFTER.match(context.right), MONTH_BEFORE.search(context.left))
    days = [days_since_month(month.group("month"), note_date) for month in months if month is not None]
    days.extend((note_date - day).days for day in _days_beside(doc._.note_text, context, note_date))
    return max(days, default=0)


def _has_word_of_end(context: MentionContext, taken: tuple[int, int] | None, *, told_now: bool) -> bool:
    for words, limit in ((context.left[-45:], True), (context.right[:90], False)):
        for match in RESOLVED.finditer(words):
            before = words[: match.start()]
            if re.search(
                r"\b(?:not|never|hasn't|isn't|until|once|when|if|till|nor)\b[^,;]{0,18}$",
                before,
                re.IGNORECASE,
            ):
                continue
            if limit and _TURN.search(words[match.end() :]):
                continue  # "influenza last month, now pneumonia"
            said = match.group().lower()
            if told_now and _TOLD.match(said):
                continue
            if taken is not None and not limit and _of_another(before, context, taken):
                continue
            if said[0] == "x" and TEST_COUNTED.search(before):
                continue
            if said == "completed" and re.search(r"\bto be\s*$", before):
                continue
            # "completed a course for cellulitis" is past; "infection cleared, pneumonia now" is another thing.
            if said.startswith("clear") and CULTURE_CLEARED.search(words[match.end() :] + context.after[90:]):
                continue
            ends = said in ("completed", "finished", "cleared", "gone", "healed")
            if limit and ends and re.search(r"[,;]", words[match.end() :]):
                continue
            if not limit and said in _OF_THE_PAST:
                continue
            return True
    return False


def _days_beside(text: str, context: MentionContext, note_date: date) -> Iterator[date]:
    """Yield the days beside the name that are its own."""
    for mention in find_dates(
        text, note_date, start=max(0, context.start - 30), end=min(len(text), context.end + 45)
    ):
        beside = (
            text[mention.end : context.start]
            if mention.end <= context.start
            else text[context.end : mention.start]
        )
        if re.search(r"[.;|\n]|\bsince\b|\bthru|through|until", beside, re.IGNORECASE) or (
            mention.relative and mention.precision == "day"
        ):
            continue
        if text[mention.start : mention.end] in FRACTIONS:
            continue
        if mention.end <= context.start and _TURN.search(beside):
            continue
        if mention.end <= context.start and len(beside) > 14:
            continue
        yield mention.last


def _of_another(between: str, context: MentionContext, taken: tuple[int, int]) -> bool:
    """Say whether a cue behind the words *between* has a subject of its own: "on cephalexin, fever resolved"."""
    first, last = (position - context.end for position in taken)
    if 0 <= first < len(between):
        between = between[:first] + " " * (last - first) + between[last:]
    parts = re.split(r"[,;]", between)
    return len(parts) > 1 and _SAME_SUBJECT.fullmatch(parts[-1]) is None
