"""
The ``ages`` reader: the patient's age and date of birth, and nobody else's.

"51 y.o.", "73-year-old", "41M", "Age 13 y 8 m", "DOB 08/19/1972". An age at some event ("diagnosed at 9 yo"), a
relative's age, a duration or a temperature is not the patient's age.

Reads: doc._.note_text, doc._.layout. Writes: drafts of kind "age": concept "age" with the value in completed
years on the note's day, concept "birth_date" with the attribute ``birth_date`` (ISO).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from spacy.tokens import Doc

from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, drafts_of
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.tokens import note_date_of

_WORDS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        start=1,
    )
}
_TENS = {
    w: n * 10 for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_UNITS = "|".join(list(_WORDS)[:9])
_SMALL = "|".join(sorted(_WORDS, key=len, reverse=True))
_SPELLED = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{_UNITS}))?|{_SMALL})"
_SEX = r"(?:M|F|m|f|male|female|man|woman|boy|girl|gentleman|lady|Male|Female|child)"
_AGE = gate(
    rf"""(?<![\w.,/$<>=~-])(?:
      (?P<old>\d{{1,3}})[\s-]{{0,2}}(?:(?:years?|yrs?\.?|y)[\s.-]{{0,2}}(?:of[\s-]age|old|o\.?(?![a-z]))
        |y\.?\s?/?\s?o\b\.?|jährige[rns]?)
    | (?P<spelled>\b{_SPELLED})[\s-]years?[\s-]old
    | (?P<sexed>\d{{1,3}})\s?(?:y(?:rs?|ears?)?\.?\s?(?:/?\s?o\.?)?\s?/?\s?)?{_SEX}(?![\w/]|\s?-\s?\d)
    | (?P<short>\d{{1,2}})\s?y(?:rs?)?\s?\d{{1,2}}\s?m(?:o|os|onths?)?\b
    )""",
    re.VERBOSE,
    # A number with the letter that follows it in one of those, or a word for one with the years behind it.
    starts=rf"""(?x)(?<![\w.,/$<>=~-])(?:
      0?0?0(?:[yj]|[ ][yj]|-[yj]|[ ][ ][yj]|[ ]-[yj]|-[ ][yj]|--[yj])
    | (?=0{{1,3}}[ ]?(?:m|f|male|female|man|woman|boy|girl|gentleman|lady|child)(?![\w/]))
      (?:0?0?0[mfwb]|0?0?0[glc]|0?0?0[ ][mfwb]|0?0?0[ ][glc])
    | (?:{"|".join([*_TENS, *_WORDS])})[ -](?=(?:(?:{_UNITS})[ -])?years?[ -]old)
    )""",
)
_LABELLED = gate(
    r"(?<![A-Za-z])(?:Age|AGE)(?:\s?/\s?(?:Sex|SEX|Gender))?\s*[:=]?\s*(?P<years>\d{1,3})(?!\s?(?:%|/|\.\d|mg|"
    r"st|nd|rd|th|months|mo\b|m\b))"
)
_LOWER_LABELLED = gate(r"(?<=, )aged?\s(?P<years>\d{1,3})(?=[.,;)\s])")
_BARE = gate(r"(?P<years>\d{1,3})\s?(?:y|yo|yrs?|years)\.?(?=\s*(?:[|.,;)]|$|\d{1,2}\s?m\b))", re.MULTILINE)
_IS = gate(
    r"\b(?P<subject>[A-Z]\.|[Pp]t|[Pp]atient|he|she|He|She|They|they|[A-Z][a-z]+)\s(?:is|"
    r"turned)\s(?:now\s)?(?P<years>\d{1,3})(?=[,.;]|\s(?:and|now|today)\b)(?!\.\d)"
)
# What each of those holds behind its subject: few notes do, and only those are searched for the rest.
_IS_YEARS = gate(r"\b(?:is|turned)\s(?:now\s)?\d{1,3}(?=[,.;]|\s(?:and|now|today)\b)(?!\.\d)")
# "Mrs. Philippa Stone, 70": a title, a name and a number that ends the phrase, as letters open.
_AFTER_NAME = gate(
    r"\b(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Frau|Herr|Master)\.?|R[eE]:)\s[A-Z][\w'’.-]*(?:\s[A-Z][\w'’.-]*){0,3},\s?(?P<years>\d{1,3})"
    r"(?:\s?(?:years|yrs))?(?=\s*(?:$|[,.;)(]|\n))",
    re.MULTILINE,
)
# Years of something else: an event at an age, a relative, a duration.
_OTHER_BEFORE = re.compile(
    r"(?:\b(?:at|age|aged|since|until|till|from|from age|by|before|after|over|under|around|was|when|onset|"
    r"diagnosed|dx'?d?|past|the|for|than|to|of age|turns?|turning|"
    r"menarche|menopause|x|every|in|over the|last|next|first at|between)|[@<>≥≤~])\s*$",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:mother|father|mom|dad|brother|sister|sib(?:ling)?s?|twin|aunt|uncle|grand\w+|cousin|son|"
    r"daughter|niece|nephew|wife|husband|spouse|"
    r"partner|donor|child(?:ren)?|kids|friend|MGM|MGF|PGM|PGF|maternal|paternal|parents?|FHx|family)\b",
    re.IGNORECASE,
)
_EVENT_AFTER = re.compile(
    r"\s*(?:when|at (?:diagnosis|onset|the time|first)|history of|course|ago|later|duration|pack|pk|scar)\b",
    re.IGNORECASE,
)
# "dx 8/2010, age 3": the age at that event.
_EVENT_BEFORE = re.compile(
    r"\b(?:dx'?d?|diagnos\w+|onset|began|started|presented)\b[^.;\n]{0,30},\s*$", re.IGNORECASE
)
_BIRTH = gate(
    r"\b(?:D\.?O\.?B\.?|date of birth|birth ?date|born(?: on)?|geb\.?|geboren(?: am)?|\*)\s*[:=.]?\s*(?=[\dA-Z])",
    re.IGNORECASE,
    starts=r"d\.?o\.?b|date of birth|birth|born|geb|\*",
)
# Nobody enrolled is older; a larger number is a code or a value.
_OLDEST = 115


class Ages:
    """Find the patient's age and date of birth."""

    def __call__(self, doc: Doc) -> Doc:
        drafts_of(doc).extend(_ages(doc))
        drafts_of(doc).extend(_births(doc))
        return doc


def _ages(doc: Doc) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    for match in _AGE.finditer(text):
        years = match.group("old") or match.group("sexed") or match.group("short")
        value = int(years) if years else _spelled(match.group("spelled"))
        if match.group("sexed") and not _is_person(text, match, layout):
            continue
        if 0 < value <= _OLDEST and _is_patients(text, layout, match.start(), match.end()):
            yield _age(match.start(), match.end(), value, 0.97)
    for match in _LABELLED.finditer(text):
        value = int(match.group("years"))
        if value <= _OLDEST and _is_patients(text, layout, match.start(), match.end(), labelled=True):
            yield _age(match.start(), match.end(), value, 0.95)
    for match in _LOWER_LABELLED.finditer(text):
        # "Mateo V., age 10." heads a note; further down it is the age at some event.
        if (
            match.start() < 400
            and int(match.group("years")) <= _OLDEST
            and not _EVENT_BEFORE.search(text[max(0, match.start() - 60) : match.start()])
        ):
            yield _age(match.start(), match.end(), int(match.group("years")), 0.8)
    for match in _AFTER_NAME.finditer(text):
        value = int(match.group("years"))
        if 2 < value <= _OLDEST and not _RELATIVE.search(layout.sentence_text(match.start())[:40]):
            yield _age(match.start(), match.end(), value, 0.85)
    for match in _BARE.finditer(text):
        value = int(match.group("years"))
        line = layout.line_at(match.start())
        section = layout.section_at(match.start())
        lead = text[
            max(line.start, section.body if section.body <= match.start() else line.start) : match.start()
        ]
        opens = not lead.strip(" \t|:-") or lead.rstrip().endswith("|")
        if opens and 0 < value <= _OLDEST and _is_patients(text, layout, match.start(), match.end()):
            yield _age(match.start(), match.end(), value, 0.85)
    for match in _IS.finditer(text) if _IS_YEARS.search(text) is not None else ():
        value = int(match.group("years"))
        sentence = layout.sentence_at(match.start())
        if (
            2 < value <= 100
            and not _RELATIVE.search(text[sentence.start : match.end()])
            and match.start() - sentence.start < 40
        ):
            yield _age(match.start("years"), match.end("years"), value, 0.75)


def _age(start: int, end: int, value: int, score: float) -> Draft:
    return Draft(
        start=start,
        end=end,
        kind="age",
        concept="age",
        assertion="present",
        rule="ages",
        value=float(value),
        unit="years",
        score=score,
    )


def _spelled(words: str) -> int:
    total = 0
    for word in re.split(r"[- ]", words.lower()):
        total += _TENS.get(word, 0) or _WORDS.get(word, 0)
    return total


def _is_person(text: str, match: re.Match[str], layout: Layout) -> bool:
    """Tell "41M" from a temperature ("99 F"), a million ("12 M") and a table cell."""
    value = int(match.group("sexed"))
    words = match.group()
    if value < 1:
        return False
    before = text[max(0, match.start() - 12) : match.start()]
    if re.search(r"(?:\bT|[Tt]emp\w*|Tmax|[Tt]max|[Ff]ever\w*|to|of)\s*:?\s*$", before) and value >= 90:
        return False
    if 94 <= value <= 108 and re.search(r"\d\s?F$", words):
        return False  # a fever in Fahrenheit; nobody is introduced as "101 F"
    if re.search(r"\d[ \t]?[x×*]?[ \t]?\Z", before) or re.search(r"(?:BP|HR|x|×)[ \t]*\Z", before):
        return False
    # A bare letter wants a capital and a place where a patient is introduced.
    letter = re.search(r"[A-Za-z]+$", words)
    if letter is not None and letter.group() in ("m", "f"):
        return bool(re.search(r"y", words))
    return True


def _is_patients(text: str, layout: Layout, start: int, end: int, *, labelled: bool = False) -> bool:
    sentence = layout.sentence_at(start)
    if layout.section_at(start).category in ("family_history", "social_history"):
        return False
    clause = text[max(sentence.start, start - 60) : start]
    if _RELATIVE.search(clause[max(clause.rfind(","), clause.rfind(";"), 0) :]) and not re.search(
        r"\b(?:patient|pt|with (?:her|his))\b", clause
    ):
        return False
    if _RELATIVE.search(text[end : end + 12].partition(",")[0]) and not re.match(
        r"\s*(?:child|boy|girl)", text[end : end + 12]
    ):
        return False
    if _EVENT_AFTER.match(text, end):
        return False
    return (
        labelled
        or not _OTHER_BEFORE.search(text[max(sentence.start, start - 20) : start])
        or bool(
            re.search(
                r"\b(?:was a|is the|this is the|the|when he was a|x)\s*$", text[max(0, start - 12) : start]
            )
            and re.match(r"\w*-?year-old", text[start:end].lstrip("0123456789-"))
        )
    )


def _births(doc: Doc) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    note_date = note_date_of(doc)
    for match in _BIRTH.finditer(text):
        mentions = [
            m
            for m in find_dates(text, note_date, start=match.end(), end=min(len(text), match.end() + 24))
            if m.start <= match.end() + 2
        ]
        if not mentions or mentions[0].precision != "day":
            continue
        born: date = mentions[0].last
        sentence = layout.sentence_at(match.start())
        if _RELATIVE.search(text[max(sentence.start, match.start() - 40) : match.start()]):
            continue
        words = text[mentions[0].start : mentions[0].end]
        if re.search(r"\D\d\d$", words) and born > note_date:
            born = born.replace(year=born.year - 100)
        if born <= note_date and note_date.year - born.year <= _OLDEST:
            yield Draft(
                start=mentions[0].start,
                end=mentions[0].end,
                kind="age",
                concept="birth_date",
                assertion="present",
                rule="ages:birth",
                attributes={"birth_date": born.isoformat()},
            )


register("ages", lambda nlp: Ages())
