"""
Oxygen saturation: the number with air or oxygen, rest or exertion.

Part of the ``heart_lung`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.places import in_a_rescue
from chartsift.nlp.text.dates import DateMention, find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of

# Saturations below this are no readings of a patient who is seen in a clinic; above 100 there is none.
_LOWEST = 40
_NUMBER = re.compile(
    r"(?P<cmp>[<>≤≥~])?\s?(?<![\d/.])(?P<n>\d{2,3})(?P<decade>s\b)?(?![\d:]|"
    r"/\d|\.\d)(?:\s?%?\s?(?:-|–|to)\s?(?P<hi>\d{2,3})(?![\d/]))?\s?(?P<sign>%|"
    r"percent)?"
)
_LEAD = re.compile(r"[^.;\n\d]{0,45}?(?=[<>≤≥~]?\s?\d)")
_JOIN = re.compile(
    r"(?:[\s,;(%>→&/-]|->|\bthen\b|\band\b|\bto\b|\bwith\b|\bwalk\w*|"
    r"\bexert\w*|\bambul\w*|\bnadir\b|\bafter\b|\bdrop\w*|\bdesat\w*|"
    r"\bfell\b|\bfall\w*|\bdown\b|\bup\b|\bwas\b|"
    r"\bnow\b|\btoday\b|\brest(?:ing)?\b|\bon\b|\boff\b|\bat\b|\bRA\b|"
    r"\broom air\b|\b\d{1,2}(?:\.\d)?\s?L(?:PM)?\b|\bNC\b|\bO2\b|\boxygen\b|"
    r"\bair\b|\bbut\b|\bin\b|\bthe\b|\bit\b|"
    r"\bwhen\b|\bto\b|\bas\b|\blow\b|\bas low as\b|@|\bwhile\b|\bduring\b|\bonly\b|\bED\b|\bd/c\b){1,12}",
    re.IGNORECASE,
)
_AIR = re.compile(
    r"\bRA\b|\bR/A\b|\br/a\b|\b[Rr]oom[- ]?air\b|\bambient air\b|\b(?:on|"
    r"in|breathing) air\b|\bambulatory air\b|\(air\)|\bunassisted\b"
)
_OFF = re.compile(
    r"(?:cannula|NC|O2|oxygen|mask|it)\s+(?:\w+\s)?(?:came off|is off|"
    r"was off|off|removed|out|fell off|taken off)|\boff (?:of )?(?:the )?(?:O2|"
    r"oxygen|supplemental|cannula|NC)|"
    r"\b(?:without|w/o|no) (?:supplemental )?(?:O2|oxygen)|\b(?:removed|removing|taking off)\b",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?<![\d.])\d{1,2}(?:\.\d)?\s?-?\s?(?:L\b|l\b|lpm|LPM|liters?|"
    r"litres?|LNC|Lnc)|\bNC\b|nasal cannula|\bHFNC\b|high[- ]flow|"
    r"\bFiO2\b|\bNRB\b|non-?rebreather|venturi|face ?mask|"
    r"\b(?:on|with|w/) (?:supplemental |home |her |his )?(?:O2|oxygen)\b|"
    r"BiPAP|\bvent(?:ilator)?\b|intubated|trach",
    re.IGNORECASE,
)
_EFFORT = re.compile(
    r"walk|exert|ambul|activit|6\s?-?MWT?|6MWD|nadir|exercis|stairs|"
    r"steps|treadmill|after (?:\w+\s){0,3}min|minutes of|@\s?\d+\s?(?:ft|"
    r"m)\b|desat|\bfeet\b|shower|effort|climb",
    re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:today|now|currently|this (?:morning|afternoon))\b", re.IGNORECASE)
_SLEEP = re.compile(r"sleep|night|nocturnal|overnight|polysomno", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:goal|target|keep|maintain|titrat\w*|if|call|alarm|alert|"
    r"until|threshold|when|unless|below|requires?|criteria|must|aim\w*|"
    r"for)\s(?:[^.;\d]|SpO2|SaO2|O2){0,30}$",
    re.IGNORECASE,
)
_ACUTE = re.compile(
    r"\b(?:ED|ER|EMS|ICU|PICU|on admission|on arrival|arriv\w+|at presentation|"
    r"presented|presentation|admitted|triage|hypox\w+|initial(?:ly)?|"
    r"peak|worst|at that time|intubat\w+)\b",
    re.IGNORECASE,
)
_AIR_NAMES = frozenset({"ra", "room air", "ambient air"})
_AHEAD = re.compile(r"(?<![\d/.])(\d{2,3})\s?%?\s?(?:on|at|in|\(|@)?\s?$")
# Another vital sign in between has its own number.
_OTHER_SIGN = re.compile(r"\b(?:HR|BP|RR|P|T|Temp|pulse|wt|FVC|EF|CK|6MW\w*)\b")
_TAIL = re.compile(
    r"(?:\s?(?:%|RA\b|room air|ambient air|on|at|in|NC\b|O2\b|oxygen|rest(?:ing)?|"
    r"\d{1,2}(?:\.\d)?\s?(?:L|lpm|liters?)\b(?:\s?NC)?|,)){0,8}",
    re.IGNORECASE,
)
_TIED = re.compile(
    r"\(|->|→|\b(?:and|to|walk|nadir|exert|ambul|then|drop|desat|fell|"
    r"down|rest)",
    re.IGNORECASE,
)
_OTHER_UNIT = re.compile(r"\s?(?:/|°|kg|lb|bpm|yo|y/o)")
_NEXT_SIGN = re.compile(r"[.;|\n](?=\s|$)|\s{3,}|\b(?:HR|BP|RR|P|T|Temp|Wt|pulse|afeb\w*)\b")
# What was done about a saturation is not how it was taken.
_DONE = re.compile(r",?\s*\b(?:placed|started|put on|requir\w+|given|improv\w+|came up)\b|->|→")
_PART = re.compile(r"[(,;]|\band\b|->|→")
_PART_AFTER = re.compile(r"\(|->|→|,|\band\b")
_REST = re.compile(r"\brest")
# "in the high 80s": the lowest that it can mean.
_WITHIN_DECADE = re.compile(r"\b(mid|high|upper)\b", re.IGNORECASE)
_ABOVE_DECADE = {"mid": 4, "high": 7, "upper": 7}
_MOST_NUMBERS = 6
_SIGNS = {"≥": ">", "≤": "<"}


def saturation_drafts(doc: Doc, span: Span, start: int, end: int) -> Iterator[Draft]:
    """Yield the saturations that a mention introduces ("SpO2 95 % on 3 L (85 % once the cannula was off)")."""
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    stop = min(max(sentence.end, end, min(layout.line_at(end).end, end + 60)), end + 130)
    start, first = _first_number(layout, start, end, stop)
    if first is None or not _LOWEST <= int(first.group("n")) <= 100:
        return
    before = _before(layout, start)
    assertion, cues = assertion_of(span)
    if assertion in ("absent", "possible", "historical"):
        assertion, cues = "present", ()
    if assertion == "hypothetical" or _TARGET.search(before[-40:] + text[start : first.start()]):
        return
    dates = find_dates(text, note_date_of(doc), start=max(sentence.start, start - 60), end=stop)
    ahead_date = _date_ahead(text, start, first, dates)
    numbers = _series(text, first, stop)
    for number, match in enumerate(numbers):
        is_last = number + 1 == len(numbers)
        until = min(stop, match.end() + 48) if is_last else numbers[number + 1].start()
        left = (
            before[-25:] + " " + text[start : match.start()]
            if number == 0
            else _PART.split(text[numbers[number - 1].end() : match.start()])[-1]
        )
        attributes = _circumstances(left, _right_of(text, match, until, is_last=is_last))
        if number == 0 and _ACUTE.search(before[-40:] + text[start : match.start()]):
            attributes["acute"] = "yes"
        if in_a_rescue(text, start):
            attributes["effort"] = "reaction"
        if number > 0 and "air" not in attributes and "effort" not in attributes:
            attributes["air"] = "unstated"
        if match.group("hi"):
            attributes["high"] = match.group("hi")
        later = next((m for m in dates if match.end() <= m.start <= match.end() + 20), ahead_date)
        sign = match.group("cmp") or "="
        yield Draft(
            start if number == 0 else match.start(),
            match.end() - (len(match.group()) - len(match.group().rstrip())),
            "vital",
            "SpO2",
            assertion,
            "heart_lung:saturation",
            cues,
            value=_value(text, match),
            unit="%",
            comparator=_SIGNS.get(sign, sign),  # type: ignore[arg-type]
            date=later.last if later is not None else None,
            score=0.95,
            attributes=attributes,
        )


def _before(layout: Layout, start: int) -> str:
    return layout.text[max(layout.line_at(start).start, start - 60, 0) : start]


def _first_number(layout: Layout, start: int, end: int, stop: int) -> tuple[int, re.Match[str] | None]:
    """Return where the statement of a mention begins and its first number: "95 % on RA" has it ahead."""
    text = layout.text
    if text[start:end].lower() in _AIR_NAMES:
        ahead = _AHEAD.search(_before(layout, start))
        if ahead is not None:
            begin = start - len(ahead.group())
            number = _NUMBER.match(text, begin, start)
            start = begin
            if number is not None:
                return start, number
    lead = _LEAD.match(text, end, min(stop, end + 50))
    if lead is None or _OTHER_SIGN.search(lead.group()):
        return start, None
    return start, _NUMBER.match(text, lead.end(), stop)


def _date_ahead(
    text: str, start: int, first: re.Match[str], dates: Sequence[DateMention]
) -> DateMention | None:
    for mention in reversed(dates):
        if mention.end <= start and start - mention.end <= 40 and mention.precision != "year":
            # "reaction in April; sats today 98%"
            is_past = ";" in text[mention.end : start] and _NOW.search(text[start : first.start()])
            return None if is_past else mention
    return None


def _series(text: str, first: re.Match[str], stop: int) -> list[re.Match[str]]:
    """Return the numbers of one statement: "98 % at rest, 88 % walking"."""
    numbers = [first]
    while len(numbers) < _MOST_NUMBERS:
        last = numbers[-1]
        tail = _TAIL.match(text, last.end(), stop)
        at = tail.end() if tail is not None else last.end()
        join = _JOIN.match(text, at, min(stop, at + 50))
        at = join.end() if join is not None else at
        following = _NUMBER.match(text, at, stop)
        if following is None or not 60 <= int(following.group("n")) <= 100:
            break
        tied = following.group("sign") or _TIED.search(text[last.end() : following.start()])
        if not tied or _OTHER_UNIT.match(text, following.end(), following.end() + 4):
            break
        numbers.append(following)
    return numbers


def _right_of(text: str, match: re.Match[str], until: int, *, is_last: bool) -> str:
    """Return the words behind a number that tell how it was taken."""
    right = text[match.end() : until]
    cut = _NEXT_SIGN.search(right) if is_last else None
    right = _DONE.split(right[: cut.start()] if cut is not None else right)[0]
    return right if is_last else _PART_AFTER.split(right)[0]


def _value(text: str, match: re.Match[str]) -> float:
    value = float(match.group("n"))
    if match.group("decade"):
        said = _WITHIN_DECADE.search(text[match.start() - 12 : match.start()])
        value += _ABOVE_DECADE[said.group(1).lower()] if said is not None else 0
    return value


def _circumstances(left: str, right: str) -> dict[str, str]:
    """Return on what and during what a saturation was taken."""
    attributes: dict[str, str] = {}
    if _OFF.search(right) or _AIR.search(right) or (_AIR.search(left) and not _ON.search(right)):
        attributes["air"] = "room"
    elif _ON.search(right):
        attributes["air"] = "oxygen"
    if _SLEEP.search(left[-20:]) or _SLEEP.search(right):
        attributes["effort"] = "sleep"
    elif not _REST.search(right) and (_EFFORT.search(right) or _EFFORT.search(left[-25:])):
        attributes["effort"] = "exertion"
    return attributes
