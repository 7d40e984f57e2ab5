"""
The ``heart_lung`` reader: lung function, echocardiography, oxygen saturation and oxygen therapy.

Every measure becomes a finding with its number, date and circumstances (percent of predicted, on air or on
oxygen, at rest or on exertion, set aside by the text itself). Words without a number are read too: "echo normal",
"severe restriction", "no home O2". Reference ranges and targets are never values.

Reads: doc.spans["concepts"] of kinds pft, echo, ecg, vital, oxygen; doc._.layout. Writes: drafts of the same kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.ecg import qtc_drafts
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.heart_lung_columns import read_column
from chartsift.nlp.components.heart_lung_values import Measured, is_change, read_row, read_series
from chartsift.nlp.components.heart_lung_words import (
    Mention,
    assertion_of_value,
    class_of,
    course,
    pulmonary_hypertension,
    quality,
    unnumbered,
)
from chartsift.nlp.components.oxygen import brief_words, oxygen_drafts
from chartsift.nlp.components.saturation import saturation_drafts
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

KINDS = ("pft", "echo", "ecg", "vital", "oxygen")

# Plausible numbers of each measure; anything outside is something else (a dose, a volume, a year).
_BOUNDS = {
    "FVC": (8.0, 180.0),
    "DLCO": (8.0, 180.0),
    "LVEF": (5.0, 90.0),
    "RVSP": (8.0, 150.0),
    "mPAP": (5.0, 100.0),
}
_PERCENT_OF_PREDICTED = frozenset({"FVC", "DLCO"})
_UNITS = {"FVC": "%", "DLCO": "%", "LVEF": "%", "RVSP": "mmHg", "mPAP": "mmHg"}
# How far behind its name a value may stand, in code points.
_REACH = 140
_STUDY = re.compile(
    r"\b(?:echo\w*|TTE|TEE|CMR|RHC|LHC|cath\w*|CT|HRCT|MRI|CXR|EKG|"
    r"ECG|Holter|labs?|CK|PFTs?|spirometry|6MWT?|biopsy|PET)\b",
    re.IGNORECASE,
)
_LYING_AFTER = re.compile(r"[\s%]*(?:pred\w*)?[\s,(]*(?:supine|sup\b|lying|flat)", re.IGNORECASE)
_LYING_BEFORE = re.compile(r"\b(?:supine|sup|lying)\s*[:=]?\s*$", re.IGNORECASE)
_WORST = re.compile(r"\b(?:nadir|worst|lowest)\b", re.IGNORECASE)
_PREDICTED = re.compile(r"\s?pred(?:icted)?\b")
_JOINING = re.compile(r"\s?(?:/|and|&|,)\s?")


class HeartLung:
    """Turn mentions of lung and heart function into drafts."""

    def __init__(self) -> None:
        brief_words()  # a broken vocabulary is told before the first note

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, KINDS)
        if spans:
            drafts_of(doc).extend(_read(doc, spans))
        return doc


def _read(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    mentions = []
    for span in spans:
        sense = sense_of(span)
        mentions.append(Mention(span, *source_range(span), sense.concept.concept, sense.concept.kind))
    read_to = oxygen_to = class_to = -1
    made: list[Draft] = []
    for i, mention in enumerate(mentions):
        later = next((m for m in mentions[i + 1 : i + 4] if m.concept not in ("echo", "PFT")), None)
        following = later.start if later is not None else len(doc._.note_text)
        if mention.concept == "SpO2":
            new = [
                d for d in saturation_drafts(doc, mention.span, mention.start, mention.end) if d.end > read_to
            ]
            read_to = max((draft.end for draft in new), default=read_to)
            made.extend(new)
        elif mention.kind == "oxygen":
            # "4 L NC" names the same oxygen twice.
            new = [
                d
                for d in oxygen_drafts(doc, mention.span, mention.start, mention.end, mention.concept)
                if d.start >= oxygen_to
            ]
            oxygen_to = max((max(draft.end, mention.end) for draft in new), default=oxygen_to)
            made.extend(new)
        elif mention.concept == "NYHA":
            new = [d for d in class_of(doc, mention) if d.end > class_to]
            class_to = max((draft.end for draft in new), default=class_to)
            made.extend(new)
        elif mention.concept == "QTc":
            made.extend(qtc_drafts(doc, mention))
        elif mention.concept == "PH":
            made.extend(pulmonary_hypertension(doc, mention))
        elif mention.concept in ("PFT", "echo", "impairment", "LV_function"):
            made.extend(quality(doc, mention, mentions[i + 1] if i + 1 < len(mentions) else None))
        else:
            made.extend(_measure(doc, mentions, i, following))
    return _with_shared_dates(doc._.note_text, made)


def _with_shared_dates(text: str, made: Sequence[Draft]) -> Iterator[Draft]:
    """Give a value the date of its neighbour: "FVC 44, DLCO 38 (2019)", "PFT 5/2024: FVC 88 %. DLCO 91 %"."""
    before: Draft | None = None
    for i, read in enumerate(made):
        draft = read
        following = made[i + 1] if i + 1 < len(made) else None
        if (
            before is not None
            and before.date is not None
            and draft.date is None
            and {draft.concept, before.concept} == _PERCENT_OF_PREDICTED
            and draft.rule == before.rule == "heart_lung:value"
            and re.fullmatch(r"[^\d\n]{0,40}", text[before.end : draft.start])
        ):
            draft = replace(draft, date=before.date)
        before = draft
        if (
            following is not None
            and draft.date is None
            and following.date is not None
            and {draft.concept, following.concept} == _PERCENT_OF_PREDICTED
            and draft.rule == following.rule == "heart_lung:value"
            and re.fullmatch(r"[\s%]*(?:,|and|&|/|;)?\s*", text[draft.end : following.start])
            and not re.search(r"\d", text[following.end : following.end + 1])
        ):
            yield replace(draft, date=following.date)
        else:
            yield draft


# ---- measures with a number


def _measure(doc: Doc, mentions: Sequence[Mention], i: int, following: int) -> Iterator[Draft]:
    mention = mentions[i]
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(mention.start)
    partner = _partner(text, mentions, i)
    if partner == "left":
        return  # the mention before it has read the pair
    row = read_row(layout, mention.end, note_date_of(doc)) if partner is None else None
    if row is not None:
        kept = [item for item in row if _fits(mention.concept, item, text)]
        if kept:
            yield from _drafts(doc, mention, kept, None, rule="heart_lung:row")
            return
    column = read_column(layout, mention.start, mention.end, note_date_of(doc)) if partner is None else None
    if column is not None:
        kept = [item for item in column if _fits(mention.concept, item, text)]
        if kept:
            yield from _drafts(doc, mention, kept, None, rule="heart_lung:column")
            return
    stop = (
        max(sentence.end, layout.line_at(mention.end).end)
        if _TABULAR.search(text[mention.end : mention.end + 40])
        else sentence.end
    )
    stop = min(stop, mention.end + 2 * _REACH)
    dates = find_dates(
        text, note_date_of(doc), start=max(0, mention.start - 130), end=min(len(text), stop + 30)
    )
    if partner == "right":
        yield from _pair(doc, mention, mentions[i + 1], dates, stop)
        return
    end = min(max(stop, mention.end), mention.end + _REACH, following)
    if is_change(text, mention.end, end):
        yield from course(doc, mention, end)
        return
    values = read_series(text, mention.end, end, dates, lambda item: _fits(mention.concept, item, text))
    if not values:
        yield from unnumbered(doc, mention, end)
        return
    yield from _drafts(
        doc,
        mention,
        values,
        _date_before(text, mention.start, sentence.start, dates, note_date_of(doc)),
        rule="heart_lung:value",
    )
    if mention.concept in _PERCENT_OF_PREDICTED and i > 0:
        yield from _shared_pair(doc, mentions, i, values[-1].end, dates)


_TABULAR = re.compile(r"\.{3,}|\s{3,}|\t|\|")


def _partner(text: str, mentions: Sequence[Mention], i: int) -> str | None:
    """Say whether a measure shares its values with the next or the previous one ("FVC/DLCO 66/62")."""

    def joined(left: Mention, right: Mention) -> bool:
        return (
            left.concept in _PERCENT_OF_PREDICTED
            and right.concept in _PERCENT_OF_PREDICTED
            and _JOINING.fullmatch(text, left.end, right.start) is not None
        )

    if i + 1 < len(mentions) and joined(mentions[i], mentions[i + 1]):
        return "right"
    if i > 0 and joined(mentions[i - 1], mentions[i]):
        return "left"
    return None


_PAIR = re.compile(
    r"(?:[\s:=(]|of|were|was|are|is|at|on|in|both|today|now|pred(?:icted)?|"
    r"%)*(?P<a>\d{2,3})\s?%?(?:\s?pred\w*)?\s?(?:/|and|&|,)\s?(?P<b>\d{2,3})(?P<sign>\s?%)?"
    r"(?![\d/])",
    re.IGNORECASE,
)
_NEXT_PAIR = re.compile(
    r"[\s;,.()]*(?P<when>(?:[A-Za-z]{1,10}\.?\s)?[\w./-]{0,12}?)[:\s=]*(?<![\d/.])(?P<a>\d{2,3})"
    r"\s?%?\s?(?:/|and|&)\s?(?P<b>\d{2,3})\s?%?(?![\d/])(?P<after>\s*\)?\s*(?:today|"
    r"now|currently))?",
    re.IGNORECASE,
)


def _pair(
    doc: Doc, left: Mention, right: Mention, dates: Sequence[DateMention], stop: int
) -> Iterator[Draft]:
    text: str = doc._.note_text
    match = None
    at = right.end
    for _ in range(3):
        match = _PAIR.match(text, at, max(stop, right.end))
        if match is not None:
            break
        day_between = next((m for m in dates if at <= m.start <= at + 4), None)
        if day_between is None:
            break
        at = day_between.end
    if match is None:
        yield from unnumbered(doc, left, stop)
        return
    day = _date_behind(text, match.end(), dates) or _date_before(
        text, left.start, max(0, left.start - 100), dates
    )
    between = next((m.last for m in dates if right.end <= m.start < match.start("a")), None)
    for mention, group in ((left, "a"), (right, "b")):
        item = Measured(
            match.start(group), match.end(group), float(match.group(group)), percent=True, date=between or day
        )
        yield from _drafts(doc, mention, [item], None, rule="heart_lung:pair")


def _shared_pair(
    doc: Doc, mentions: Sequence[Mention], i: int, at: int, dates: Sequence[DateMention]
) -> Iterator[Draft]:
    """Yield a second pair of values behind FVC and DLCO: "(2023: 65 / 61)", "; 78 and 71 today"."""
    text: str = doc._.note_text
    sentence = doc._.layout.sentence_at(mentions[i].start)
    earlier = next(
        (
            m
            for m in reversed(mentions[max(0, i - 6) : i])
            if m.concept in _PERCENT_OF_PREDICTED and m.start >= sentence.start
        ),
        None,
    )
    if earlier is None or earlier.concept == mentions[i].concept:
        return
    skip = re.compile(r"\s*\([^()]{0,20}\)").match(text, at)
    begin = (
        skip.end()
        if skip is not None and re.search(r"\d{4}", skip.group()) and ":" not in skip.group()
        else at
    )
    match = _NEXT_PAIR.match(text, begin, min(len(text), begin + 60))
    if match is None:
        return
    days = find_dates(text, note_date_of(doc), start=match.start(), end=match.start("a"))
    today = bool(match.group("after")) or bool(
        re.search(r"\b(?:today|now|current)", match.group("when"), re.IGNORECASE)
    )
    if not days and not today:
        return
    day = note_date_of(doc) if today else days[-1].last
    for mention, group in ((earlier, "a"), (mentions[i], "b")):
        item = Measured(
            match.start(group), match.end(group), float(match.group(group)), percent=True, date=day
        )
        yield _value_draft(doc, mention, item, item.start, day, "present", (), "heart_lung:pair")


def _fits(concept: str, item: Measured, text: str) -> bool:
    low, high = _BOUNDS[concept]
    if not low <= item.value <= high:
        return False
    if concept in _PERCENT_OF_PREDICTED:
        if item.percent:
            return True
        # Litres and mL/min/mmHg carry a unit or a decimal point; DLCO in absolute numbers stays below 40.
        return (
            not item.unit
            and "." not in text[item.start : item.end]
            and item.value >= (15 if concept == "FVC" else 20)
        )
    if concept == "LVEF":
        return item.percent or not item.unit
    return item.unit.lower().replace(" ", "") in ("", "mmhg")


def _drafts(
    doc: Doc, mention: Mention, values: Sequence[Measured], before: date | None, *, rule: str
) -> Iterator[Draft]:
    text: str = doc._.note_text
    assertion, cues = assertion_of_value(doc, mention)
    undated = [v for v in values if v.date is None and not v.old]
    for number, item in enumerate(values):
        start = (
            mention.start
            if number == 0
            and item.start - mention.end < _REACH
            and "\n" not in text[mention.end : item.start]
            else item.start
        )
        # The date ahead of the name belongs to the number that the text treats as current.
        day = item.date or (before if item in undated else None)
        yield _value_draft(doc, mention, item, start, day, assertion, cues, rule)


def _value_draft(
    doc: Doc,
    mention: Mention,
    item: Measured,
    start: int,
    day: date | None,
    assertion: Assertion,
    cues: tuple[str, ...],
    rule: str,
) -> Draft:
    text: str = doc._.note_text
    attributes: dict[str, str] = {}
    if item.old:
        attributes["superseded"] = "yes"
    if item.high is not None:
        attributes["high"] = f"{item.high:g}"
    if _LYING_AFTER.match(text, item.end, item.end + 24) or _LYING_BEFORE.search(item.words):
        attributes["position"] = "supine"
    if mention.concept == "LVEF" and _WORST.search(item.words):
        attributes["superseded"] = "yes"
    comparator = item.comparator if item.comparator in ("<", ">", "~", "=") else "="
    end = item.end
    tail = _PREDICTED.match(text, end)
    if tail is not None:
        end = tail.end()
    return Draft(
        start=start,
        end=end,
        kind=mention.kind,
        concept=mention.concept,
        assertion=assertion,
        rule=rule,
        cues=cues,
        value=item.value,
        unit=_UNITS.get(mention.concept, ""),
        comparator=comparator,  # type: ignore[arg-type]
        date=day,
        score=0.95,
        attributes=attributes,
    )


# A line such as "TTE 03/12/25 (biplane):" heads the indented or tabular lines under it.
_HEADING = re.compile(
    r"(?:^|\n)[ \t*#-]*(?:TTE|Echo\w*|PFTs?|Spirometry|RHC|CMR|Pulmonary function\w*)\b[^\n\d]"
    r"{0,20}(?P<when>[\d/.-]{4,10}|[A-Z][a-z]{2,8}\.? (?:\d{1,2}, )?\d{4})[^\n]{0,60}(?:\n[^\n]"
    r"{0,70}){0,4}\n?[ \t]*$"
)
_MONTH_OF = re.compile(
    r"\b(?P<month>[A-Z][a-z]{2,8})\.? (?:of )?(?P<which>this|last) year\b(?![^.;]{0,60}[.;]"
    r"\s)"
)


def _date_before(
    text: str, start: int, floor: int, dates: Sequence[DateMention], note_date: date | None = None
) -> date | None:
    """Return the date that heads the statement: "PFT 4/26/24: FVC", "on Oct. 21 FVC 81"."""
    for mention in reversed(dates):
        if mention.end > start or mention.start < floor:
            continue
        between = text[mention.end : start]
        if len(between) > 110 or re.search(r";|\n\s*\n", between):
            return None
        if re.search(r"\.\s+[A-Z]", between) and not re.match(r"\s*\(?[^.]{0,30}\)?\s*:", between):
            return None
        if len(_STUDY.findall(between)) > 1:
            return None
        if mention.relative and mention.precision == "month" and len(between) > 40:
            return None
        return mention.last
    heading = _HEADING.search(text[max(0, floor - 400) : floor])
    if heading is not None and note_date is not None:
        first = max(0, floor - 400)
        found = find_dates(
            text, note_date, start=first + heading.start("when"), end=first + heading.end("when")
        )
        if found and found[0].precision in ("day", "month"):
            return found[0].last
    loose = _MONTH_OF.search(text[max(floor, start - 60, 0) : start])
    if loose is not None and note_date is not None:
        # "in March of this year", the only way in which a bare "March" is a date for certain.
        year = note_date.year - (loose.group("which").lower() == "last")
        found = find_dates(f"{loose.group('month')} {year}", note_date)
        return found[0].last if found else None
    return None


def _date_behind(text: str, at: int, dates: Sequence[DateMention]) -> date | None:
    for mention in dates:
        if mention.start >= at:
            if re.fullmatch(
                r"[\s(%,]*(?:pred\w*)?[\s,(]*(?:on|in|from|of|at)?\s*", text[at : mention.start]
            ) and not re.match(r"\s*:", text[mention.end : mention.end + 2]):
                return mention.last
            return None
    return None


register("heart_lung", lambda nlp: HeartLung())
