"""
The corrected QT interval in milliseconds: "QTc 512", "QT/QTc 380/442 ms", "QTcF 478 -> 451".

An electrocardiogram prints three digits behind the name; a limit ("hold if QTc > 500", "normal < 450") is no value.
Part of the ``heart_lung`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from spacy.tokens import Doc

from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.heart_lung_words import Mention, assertion_of_value
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.tokens import note_date_of

# Between the name and its number: the formula of the correction, and words that judge.
_BETWEEN = (
    r"(?:[\s:=(),.]|\b(?:interval|duration|calc(?:ulated)?|corrected|bazett|fridericia|framingham|hodges|"
    r"of|is|was|at|to|now|today|still|again|remains?|borderline|mildly|markedly|slightly|"
    r"prolonged|prolongation|long|short|normal|stable|up|down|increased|measured|about|around)\b){0,12}?"
)
_NUMBER = r"(?P<cmp>[<>≤≥~]=?)?\s?(?P<n>[2-7]\d\d)(?:\s?(?P<unit>ms(?:ec)?|milliseconds?)\b|(?![\d%/]|[.,]\d|\s?(?:mg|mL|bpm)\b))"
_VALUE = re.compile(rf"{_BETWEEN}(?:\d{{3}}\s?/\s?)?{_NUMBER}", re.IGNORECASE)
_NEXT = re.compile(
    rf"\s?(?:\([^()\n]{{1,20}}\)\s?)?(?:->|→|=>|to|,?\s?(?:now|today|then))\s?(?:\d{{3}}\s?/\s?)?{_NUMBER}",
    re.IGNORECASE,
)
# What makes a number a limit that somebody set and not what was measured.
_LIMIT = re.compile(
    r"\b(?:if|unless|until|when|hold|stop|goal|target|keep|limit|threshold|avoid|exclu\w+|require\w*)\b[^.;\n]{0,50}$",
    re.IGNORECASE,
)
_SIGNS = {"≤": "<", "≥": ">", "<=": "<", ">=": ">"}
# How far a date may stand from its value, in code points: "ECG 3/4/24: NSR, QTc 440", "QTc 440 (3/4/24)".
_DATE_REACH = 80


def qtc_drafts(doc: Doc, mention: Mention) -> Iterator[Draft]:
    """Yield the QTc values behind a mention; of a series the last one counts and the others are superseded."""
    text: str = doc._.note_text
    sentence = doc._.layout.sentence_at(mention.start)
    found = []
    match = _VALUE.match(text, mention.end)
    while match is not None:
        found.append(match)
        match = _NEXT.match(text, match.end())
    if not found or _LIMIT.search(
        text[max(min(sentence.start, mention.start), mention.start - 60) : mention.start]
    ):
        return
    assertion, cues = assertion_of_value(doc, mention)
    for place, match in enumerate(found):
        sign = match["cmp"] or "="
        is_last = match is found[-1]
        yield Draft(
            start=mention.start if place == 0 else match.start("n"),
            end=match.end("unit") if match["unit"] else match.end("n"),
            kind=mention.kind,
            concept=mention.concept,
            assertion=assertion,
            rule="heart_lung:ecg",
            cues=cues,
            value=float(match["n"]),
            unit="ms",
            comparator=_SIGNS.get(sign, sign),  # type: ignore[arg-type]
            date=_date_of(doc, sentence.start, mention.start, match.end()) if is_last else None,
            score=0.95,
            attributes={} if is_last else {"superseded": "yes"},
        )


def _date_of(doc: Doc, floor: int, start: int, end: int) -> date | None:
    """Return the date beside a value: behind it in brackets or after "on", else before it in its sentence."""
    text: str = doc._.note_text
    low = max(min(floor, start), start - _DATE_REACH)
    for mention in find_dates(text, note_date_of(doc), start=low, end=min(len(text), end + 30)):
        if mention.end <= start and ";" not in text[mention.end : start]:
            return mention.last
        if mention.start >= end:
            is_own = re.fullmatch(r"\s?(?:ms(?:ec)?\s?)?(?:\(|on\s|in\s|,\s?)\s?", text[end : mention.start])
            return mention.last if is_own else None
    return None
