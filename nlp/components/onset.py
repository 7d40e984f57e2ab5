"""
The ``onset`` reader: when the first symptom came, and when the disease was diagnosed.

A date, a duration or an age beside a first symptom ("weakness x 3 mo", "from October he noticed trouble with stairs",
"onset age 6"), or beside the diagnosis ("dx 03/21", "diagnosed at 7"). Which of several holds is for whoever asks:
a flare that is dated later than the diagnosis is no first symptom, and only the whole chart can tell.

Reads: doc._.layout, drafts of kind "diagnosis", concepts of kind "onset". Writes: drafts of kind "onset": concepts
first_symptom and diagnosed (value in years where an age is told; attributes ``from`` and ``to``, ISO days, where a time
is; ``explicit`` where the word onset stands), juvenile_form and adult_form.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

import ahocorasick_rs
import yaml
from spacy.tokens import Doc

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.months import MONTHS
from chartsift.nlp.text.counts import count_of, unit_days
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import Gate, gate
from chartsift.nlp.text.tokens import note_date_of, source_range

_LEFT_OUT = frozenset(
    {"family_history", "social_history", "medications", "allergies", "immunizations", "plan", "labs"}
)
# A duration is told in round numbers: a quarter more or less.
_ROUND = 0.25
# How far a time may stand from what it dates, in characters.
_APART = 90
_DX_APART = 50
_LONGEST_SENTENCE = 900
_OLDEST = 100
# A sentence without any of these holds no time; months are capitalized words.
_TIMES = re.compile(
    r"\d|\b[A-Z][a-z]{2,8}\b|\b(?:week|month|year|winter|spring|summer|autumn|fall)s?\b", re.ASCII
)
# Nor does one without a digit whose folded words hold none of these: no age, date or duration, and no day told from
# another one that is not the note's own. Most sentences with a symptom tell no time, and are then left at once.
_TIME_WORDS = ahocorasick_rs.AhoCorasick(
    [
        *sorted({fold(name)[:3] for name in MONTHS}),
        *"winter spring summer autumn fall last past earlier ago prior back before".split(),
        *"one two three four five six seven eight nine ten eleven twelve few couple several".split(),
    ]
)
_DURATION = re.compile(
    r"(?<![\w./-])(?:(?:about|approximately|approx\.?|some|over|almost|nearly|roughly|~)\s*)?"
    r"(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a few|a couple of|several)[\s-]*"
    r"(?P<unit>days?|weeks?|wks?|wk|months?|mos?|mo|years?|yrs?|yr|y)\b(?![/ ]?o\b|\s*(?:ago|prior|earlier|back|before|later|after|old|of age)\b)",
    re.IGNORECASE,
)
# Each duration holds this in the folded words; most sentences with a number have none, and there it is not tried.
_COUNTED = re.compile(
    r"(?:0|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|few|couple of|several)[ -]*(?:day|w(?:ee)?k|mo|y)"
)
_OF = re.compile(
    r"\s*(?:(?:history|h/o|hx|course)\s+)?(?:of\s+)?(?:(?!(?:but|then|and|after|if)\b)[\w/>-]+\s+){0,4}",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"[\s:(,]*(?:(?:for|x|×|over|of|about|approx\w*|~|the|past|last|some|roughly|now|lasting|at least|nearly|almost)\s*)*",
    re.IGNORECASE,
)
_FOR_SAID = re.compile(r"\s*,?\s*(?:for|x|×)\s*(?:about|the past|the last|~)?\s*", re.IGNORECASE)
_LEADS = re.compile(
    r"\b(?:since|from|in|by|during|around|about|beginning|starting|started|began|noticed|onset|circa|ca\.?)\s*"
    r"(?:the |early |late |mid-?|beginning of |end of |spring |summer |fall |winter )*$",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?:^\s*[-–•*]?|[.;:\n(]|\s[-–•*])\s*$")
_TIME_AFTER = re.compile(
    r"[\w\s'’/,-]{0,40}?\b(?:since|from|in|beginning|starting|started|began|onset|noticed)\s*"
    r"(?:the |early |late |mid-?|about |around )*$",
    re.IGNORECASE,
)
_AGE_CUES = r"onset|beg[au]n|started|noticed|developed|presented|diagnosed|diagnosis|dx'?e?d?|diag"
_AGE = gate(
    rf"(?P<cue>\b(?:{_AGE_CUES})\b)(?P<gap>(?:(?!\b(?:{_AGE_CUES})\b)[^.;\n\d]){{0,36}}?)"
    r"(?P<lead>\b(?:at|@|age|aged|at age|at the age of|when)\s*(?:age\s*|of\s*|about\s*|:\s*)?)"
    r"(?P<age>\d{1,2})(?!\s*(?:weeks?|wks?|months?|mos?\b|days?|%|/|mg|\.\d|[ap]m\b|:\d))",
    re.IGNORECASE,
)
_FORM = gate(
    r"\b(?:(?P<adult>adult)|juvenile|childhood|p(?:a)?ediatric)[- ]onset\b(?!\s+(?:asthma|diabetes|arthritis))",
    re.IGNORECASE,
)
_ONSET_BEFORE = re.compile(r"\bonset\b(?:[\s:(]*(?:at )?age \d{1,2}\b)?[^.;\d]{0,24}$", re.IGNORECASE)
_JOINTS = (
    r"(?:[\s,:(]*(?:in|on|at|by|since|last|the|early|late|mid|around|about|was|made|first)\b)*[\s,:(–-]*"
)
_DX_BEFORE_TIME = re.compile(
    rf"\b(?:diagnosed|diagnosis|dx'?e?d?|established|since){_JOINTS}$", re.IGNORECASE
)
_DX_BEFORE = re.compile(
    r"\b(?:diagnosed(?: with| as)?|diagnosis(?: of)?|dx'?e?d?)\b[\s:]*(?:as |with |of )?$", re.IGNORECASE
)
_ONLY_JOINTS = re.compile(_JOINTS, re.IGNORECASE)
_DX_GAP = 24
# "Dx" before the name is left out of the mention, "diagnosed with" is part of it.
_SHORT_DX = 5
_MONTH_YEAR = re.compile(r"(\d{1,2})/(\d\d)")
_SEASON = gate(r"(?<=\bin )(?:the )?(?:winter|spring|summer|autumn|fall)\b(?!\s+(?:of\s+)?\d)", re.IGNORECASE)
# "May" and "March" alone are verbs as often as months; behind these words they are months.
_VERB_MONTH = gate(
    r"(?:(?<=\bin )|(?<=\bsince )|(?<=\bfrom )|(?<=\blast )|(?<=\bby )|(?<=oticed ))(?:May|March)\b(?!\s*[\d'])"
)
# A season without a year lies up to a year and a quarter back.
_SEASON_DAYS = 455
_DENIED = re.compile(r"\b(?:no|not|never|denies|denied|without|w/o)\b[^,;.]{0,30}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Words:
    symptom: Gate
    not_first: Gate
    other_disease: Gate
    treatment: Gate
    relative: re.Pattern[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    source = (resources.files("chartsift.nlp.lexicon") / "onset.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)

    def listed(name: str) -> Gate:
        parts = sorted(data[name], key=len, reverse=True)
        return gate(rf"(?<![\w-])(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)

    kin = data["relatives"]
    return _Words(
        symptom=listed("symptoms"),
        not_first=listed("not_first"),
        other_disease=listed("other_disease"),
        treatment=listed("treatments"),
        # The relative is the one who has it; one who noticed it in the patient is no subject here.
        relative=re.compile(
            rf"\b{kin}\b(?:['’]s)?(?!\s+(?:and (?:he|she|patient)|(?:first )?(?:noticed|noted|saw|reports?|says?|states?)))",
            re.IGNORECASE,
        ),
    )


class Onset:
    """Find when the disease began and when it was diagnosed."""

    def __init__(self) -> None:
        _words()  # their gates are there before the prefilter is made

    def __call__(self, doc: Doc) -> Doc:
        drafts = drafts_of(doc)
        named = sorted(
            (d.start, d.end)
            for d in drafts
            if d.kind == "diagnosis" and d.assertion in ("present", "possible")
        )
        drafts.extend(_forms(doc, named))
        drafts.extend(_told(doc, named))
        return doc


def _forms(doc: Doc, named: Sequence[tuple[int, int]]) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    for match in _FORM.finditer(layout.text):
        sentence = layout.sentence_at(match.start())
        if any(sentence.start <= s < sentence.end and abs(s - match.start()) <= _APART for s, _ in named):
            yield _draft(
                match.start(), match.end(), "adult_form" if match.group("adult") else "juvenile_form"
            )
    for span in concept_spans(doc, ("onset",)):
        start, end = source_range(span)
        sentence = layout.sentence_at(start)
        if any(sentence.start <= s < max(sentence.end, end) for s, _ in named):
            assertion, cues = assertion_of(span)
            yield draft_from_span(span, assertion=assertion, cues=cues)


def _told(doc: Doc, named: Sequence[tuple[int, int]]) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    words = _words()
    note_date = note_date_of(doc)
    sentences = {sentence.start: sentence for start, _ in named for sentence in [layout.sentence_at(start)]}
    for match in words.symptom.finditer(text):
        # One that crosses the end of its sentence may hide another in the next.
        for sentence in layout.sentences_in(match.start(), match.end()):
            sentences[sentence.start] = sentence
    for _, sentence in sorted(sentences.items()):
        stop = min(sentence.end, sentence.start + _LONGEST_SENTENCE)
        category = layout.section_at(sentence.start).category
        if category in _LEFT_OUT or _TIMES.search(text, sentence.start, stop) is None:
            continue
        folded = fold(text[sentence.start : stop])
        if "0" not in folded and not _TIME_WORDS.find_matches_as_indexes(folded):
            continue
        diseases = [(s, e) for s, e in named if sentence.start <= s < stop]
        symptoms = [
            m
            for m in words.symptom.finditer(text, sentence.start, stop)
            if _DENIED.search(text[max(sentence.start, m.start() - 40) : m.start()]) is None
        ]
        if not diseases and not symptoms:
            continue
        if words.relative.search(text, sentence.start, min(stop, sentence.start + 40)):
            continue
        yield from _ages(text, sentence.start, stop, diseases, symptoms, words)
        if diseases:
            yield from _diagnosed(text, sentence.start, stop, diseases, note_date)
        if category == "past_history":
            continue
        if _COUNTED.search(folded) is not None:
            yield from _durations(text, sentence.start, stop, diseases, symptoms, note_date, words)
        yield from _dates(text, sentence.start, stop, diseases, symptoms, note_date, words)


def _ages(
    text: str,
    start: int,
    stop: int,
    diseases: Sequence[tuple[int, int]],
    symptoms: Sequence[re.Match[str]],
    words: _Words,
) -> Iterator[Draft]:
    for match in _AGE.finditer(text, start, stop):
        cue = match.group("cue").lower()
        is_diagnosis = cue.startswith(("d", "diag")) and cue != "developed"
        near = [d for d in diseases if _is_near(text, d, match)]
        if is_diagnosis and not near:
            continue
        if (
            not is_diagnosis
            and not near
            and not any(abs(s.start() - match.start()) <= _APART for s in symptoms)
        ):
            continue
        if words.other_disease.search(text, max(start, match.start() - 24), match.end()):
            continue
        years = int(match.group("age"))
        if 0 < years <= _OLDEST:
            end = match.end()
            tail = re.match(r"\s?-?(?:y(?:ears?|rs?)?\.?\s?/?o?(?:ld)?\b)", text[end:stop], re.IGNORECASE)
            yield _draft(
                match.start(),
                end + (tail.end() if tail else 0),
                "diagnosed" if is_diagnosis else "first_symptom",
                value=float(years),
                explicit=cue == "onset",
            )


def _is_near(text: str, disease: tuple[int, int], cue: re.Match[str]) -> bool:
    """Say whether a disease is named in the clause of *cue*, a little before or behind it."""
    low, high = min(disease[1], cue.end()), max(disease[0], cue.start())
    return high - low <= _DX_APART and re.search(r"[;\n]|\.\s", text[low:high]) is None


def _diagnosed(
    text: str,
    start: int,
    stop: int,
    diseases: Sequence[tuple[int, int]],
    note_date: date,
) -> Iterator[Draft]:
    for mention in find_dates(text, note_date, start=start, end=stop):
        if mention.precision == "day" and mention.relative:
            continue
        first, last = _month_and_year(text, mention, note_date)
        cue = _DX_BEFORE_TIME.search(text, max(start, mention.start - 40), mention.start)
        for disease in diseases:
            if cue is not None and _is_near(text, disease, cue):
                # "IMNM, dx 05/2024", "JDM diagnosed last August"
                low = disease[0] if disease[1] <= cue.start() else cue.start()
            elif (
                0 <= mention.start - disease[1] <= _DX_GAP
                and (lead := _DX_BEFORE.search(text, max(start, disease[0] - 24), disease[0])) is not None
                and _ONLY_JOINTS.fullmatch(text, disease[1], mention.start) is not None
            ):
                # "Dx ASyS 03/21", "diagnosed with JDM in August 2023"
                low = lead.start() if len(lead.group()) > _SHORT_DX else disease[0]
            else:
                continue
            yield _draft(low, mention.end, "diagnosed", first=first, last=last)
            break


def _month_and_year(text: str, mention: DateMention, note_date: date) -> tuple[date, date]:
    """Return the time of *mention*; beside an onset or a diagnosis "03/21" is March 2021 and no day in March."""
    match = _MONTH_YEAR.fullmatch(text, mention.start, mention.end)
    if match is not None:
        month, year = int(match.group(1)), note_date.year - note_date.year % 100 + int(match.group(2))
        if 1 <= month <= 12 and date(year, month, 1) <= note_date:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    return mention.first, min(mention.last, note_date)


def _durations(
    text: str,
    start: int,
    stop: int,
    diseases: Sequence[tuple[int, int]],
    symptoms: Sequence[re.Match[str]],
    note_date: date,
    words: _Words,
) -> Iterator[Draft]:
    for match in _DURATION.finditer(text, start, stop):
        first, last = _counted_back(match, note_date)
        # "DM x 3 y" tells how long the disease is known.
        known = next(
            (d for d in diseases if d[1] <= match.start() and _FOR_SAID.fullmatch(text, d[1], match.start())),
            None,
        )
        if known is not None:
            yield _draft(known[0], match.end(), "diagnosed", first=first, last=last)
            continue
        # "3 weeks of rash" before the symptom, or "rash x 3 weeks" after it.
        before = next(
            (s for s in symptoms if s.start() >= match.end() and _OF.fullmatch(text, match.end(), s.start())),
            None,
        )
        after = next(
            (
                s
                for s in reversed(symptoms)
                if s.end() <= match.start() and _FOR.fullmatch(text, s.end(), match.start())
            ),
            None,
        )
        symptom = before or after
        if symptom is None or _is_later_turn(text, start, stop, symptom.span(), match.span(), words):
            continue
        low, high = min(match.start(), symptom.start()), max(match.end(), symptom.end())
        yield _draft(low, high, "first_symptom", first=first, last=last)


def _counted_back(match: re.Match[str], note_date: date) -> tuple[date, date]:
    """Return the days between which a duration that ends with the note began."""
    days = int(count_of(match.group("n"))) * unit_days(match.group("unit"))
    slack = timedelta(days=max(1, round(days * _ROUND)))
    middle = note_date - timedelta(days=days)
    return middle - slack, min(middle + slack, note_date)


def _dates(
    text: str,
    start: int,
    stop: int,
    diseases: Sequence[tuple[int, int]],
    symptoms: Sequence[re.Match[str]],
    note_date: date,
    words: _Words,
) -> Iterator[Draft]:
    for mention in [
        *find_dates(text, note_date, start=start, end=stop),
        *_seasons(text, start, stop, note_date),
    ]:
        if mention.relative and mention.precision == "day":
            continue
        lead = text[max(start, mention.start - 44) : mention.start]
        explicit = _ONSET_BEFORE.search(lead)
        if explicit is not None and (symptoms or diseases):
            first, last = _month_and_year(text, mention, note_date)
            # Behind a stated age ("onset age 6 (fall 2017)") the time alone is the mention.
            at = (
                mention.start if re.search(r"\d", explicit.group()) else mention.start - len(explicit.group())
            )
            yield _draft(at, mention.end, "first_symptom", first=first, last=last, explicit=True)
            continue
        found = _symptom_beside(text, start, mention, symptoms, lead)
        if found is None:
            continue
        symptom, low, high = found
        if not _is_later_turn(
            text, start, stop, (symptom.start(), symptom.end()), (mention.start, mention.end), words
        ):
            yield _draft(low, high, "first_symptom", first=mention.first, last=min(mention.last, note_date))


def _symptom_beside(
    text: str, start: int, mention: DateMention, symptoms: Sequence[re.Match[str]], lead: str
) -> tuple[re.Match[str], int, int] | None:
    """Return the symptom that *mention* dates, with the range of both; None where it dates none."""
    after = next((s for s in symptoms if 0 <= s.start() - mention.end <= _APART), None)
    leads = _LEADS.search(lead)
    if (
        after is not None
        and (leads is not None or _OPENS.search(lead) is not None)
        and re.search(r"[.;]\s", text[mention.end : after.start()]) is None
    ):
        return after, mention.start - (len(leads.group()) if leads else 0), after.end()
    for symptom in reversed(symptoms):
        if 0 <= mention.start - symptom.end() <= _APART and _TIME_AFTER.fullmatch(
            text, symptom.end(), mention.start
        ):
            return symptom, symptom.start(), mention.end
    return None


def _seasons(text: str, start: int, stop: int, note_date: date) -> Iterator[DateMention]:
    """Yield seasons and the months that are verbs too, without a year: the last one of that name, or so."""
    for match in _VERB_MONTH.finditer(text, start, stop):
        month = {"march": 3, "may": 5}[match.group().lower()]
        year = note_date.year if month <= note_date.month else note_date.year - 1
        last = calendar.monthrange(year, month)[1]
        yield DateMention(match.start(), match.end(), date(year, month, 1), date(year, month, last), "month")
    for match in _SEASON.finditer(text, start, stop):
        yield DateMention(
            match.start(), match.end(), note_date - timedelta(days=_SEASON_DAYS), note_date, "season"
        )


def _is_later_turn(
    text: str, start: int, stop: int, symptom: tuple[int, int], time: tuple[int, int], words: _Words
) -> bool:
    """Say whether a time tells of a flare, a cure, a drug, a plan or another disease instead of a first symptom."""
    if words.treatment.search(text, min(time[1], symptom[1]), max(time[0], symptom[0])):
        return True
    low = max(start, min(time[0], symptom[0]) - 40)
    high = min(stop, max(time[1], symptom[1]) + 24)
    return bool(words.not_first.search(text, low, high) or words.other_disease.search(text, low, high))


def _draft(
    start: int,
    end: int,
    concept: str,
    *,
    value: float | None = None,
    first: date | None = None,
    last: date | None = None,
    explicit: bool = False,
) -> Draft:
    attributes = {}
    if first is not None and last is not None:
        attributes = {"from": first.isoformat(), "to": max(first, last).isoformat()}
    if explicit:
        attributes["explicit"] = "yes"
    return Draft(
        start=start,
        end=end,
        kind="onset",
        concept=concept,
        assertion="present",
        rule=f"onset:{concept}",
        value=value,
        unit="years" if value is not None else "",
        date=first,
        score=0.85,
        attributes=attributes,
    )


register("onset", lambda nlp: Onset())
