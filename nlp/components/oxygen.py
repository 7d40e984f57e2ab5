"""
Oxygen saturation and oxygen therapy: the number with air or oxygen, rest or exertion, and how oxygen is used.

Part of the ``heart_lung`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of
from chartsift.nlp.types import Assertion

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


def saturation_drafts(doc: Doc, span: Span, start: int, end: int) -> Iterator[Draft]:  # noqa: PLR0915 - one question after another, first answer wins
    """Yield the saturations that a mention introduces ("SpO2 95 % on 3 L (85 % once the cannula was off)")."""
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    stop = min(max(sentence.end, end, min(layout.line_at(end).end, end + 60)), end + 130)
    before = text[max(layout.line_at(start).start, start - 60, 0) : start]
    surface = text[start:end]
    first: re.Match[str] | None = None
    if surface.lower() in ("ra", "room air", "ambient air"):
        ahead = re.search(r"(?<![\d/.])(\d{2,3})\s?%?\s?(?:on|at|in|\(|@)?\s?$", before)
        if ahead is not None:
            at = start - len(ahead.group())
            first = _NUMBER.match(text, at, start)
            start = at
            before = text[max(layout.line_at(start).start, start - 60, 0) : start]
    if first is None:
        lead = _LEAD.match(text, end, min(stop, end + 50))
        # Another vital sign in between has its own number.
        if lead is not None and not re.search(
            r"\b(?:HR|BP|RR|P|T|Temp|pulse|wt|FVC|EF|CK|6MW\w*)\b", lead.group()
        ):
            first = _NUMBER.match(text, lead.end(), stop)
    if first is None or not _LOWEST <= int(first.group("n")) <= 100:
        return
    assertion, cues = assertion_of(span)
    if assertion in ("absent", "possible", "historical"):
        assertion, cues = "present", ()
    if assertion == "hypothetical" or _TARGET.search(before[-40:] + text[start : first.start()]):
        return
    dates = find_dates(text, note_date_of(doc), start=max(sentence.start, start - 60), end=stop)
    ahead_date = next(
        (m for m in reversed(dates) if m.end <= start and start - m.end <= 40 and m.precision != "year"), None
    )
    if (
        ahead_date is not None
        and ";" in text[ahead_date.end : start]
        and _NOW.search(text[start : first.start()])
    ):
        ahead_date = None  # "reaction in April; sats today 98%"
    numbers = [first]
    while len(numbers) < 6:
        last = numbers[-1]
        tail = re.compile(
            r"(?:\s?(?:%|RA\b|room air|ambient air|on|at|in|NC\b|O2\b|oxygen|rest(?:ing)?|"
            r"\d{1,2}(?:\.\d)?\s?(?:L|lpm|liters?)\b(?:\s?NC)?|,)){0,8}",
            re.IGNORECASE,
        ).match(text, last.end(), stop)
        at = tail.end() if tail is not None else last.end()
        join = _JOIN.match(text, at, min(stop, at + 50))
        at = join.end() if join is not None else at
        following = _NUMBER.match(text, at, stop)
        if following is None or not 60 <= int(following.group("n")) <= 100:
            break
        between = text[last.end() : following.start()]
        tied = following.group("sign") or re.search(
            r"\(|->|→|\b(?:and|to|walk|nadir|exert|ambul|then|drop|desat|fell|"
            r"down|rest)",
            between,
            re.IGNORECASE,
        )
        if not tied or re.match(r"\s?(?:/|°|kg|lb|bpm|yo|y/o)", text[following.end() : following.end() + 4]):
            break
        numbers.append(following)
    for number, match in enumerate(numbers):
        until = numbers[number + 1].start() if number + 1 < len(numbers) else min(stop, match.end() + 48)
        right = text[match.end() : until]
        cut = (
            re.search(r"[.;|\n](?=\s|$)|\s{3,}|\b(?:HR|BP|RR|P|T|Temp|Wt|pulse|afeb\w*)\b", right)
            if number + 1 == len(numbers)
            else None
        )
        right = right[: cut.start()] if cut is not None else right
        # What was done about a saturation is not how it was taken.
        right = re.split(r",?\s*\b(?:placed|started|put on|requir\w+|given|improv\w+|came up)\b|->|→", right)[
            0
        ]
        lead_words = (
            (before[-25:] + " " + text[start : match.start()])
            if number == 0
            else text[numbers[number - 1].end() : match.start()]
        )
        if number > 0:
            lead_words = re.split(r"[(,;]|\band\b|->|→", lead_words)[-1]
        attributes = _circumstances(lead_words, right)
        if number + 1 < len(numbers) and re.search(r"\(|->|→|,|\band\b", right):
            attributes = _circumstances(lead_words, re.split(r"\(|->|→|,|\band\b", right)[0])
        if number == 0 and _ACUTE.search(before[-40:] + text[start : match.start()]):
            attributes["acute"] = "yes"
        if number > 0 and "air" not in attributes and "effort" not in attributes:
            attributes["air"] = "unstated"
        later = [m for m in dates if match.end() <= m.start <= match.end() + 20]
        day = later[0].last if later else ahead_date.last if ahead_date is not None else None
        value = float(match.group("n"))
        if match.group("decade"):
            # "in the high 80s": the lowest that it can mean.
            value += {"mid": 4, "high": 7, "upper": 7}.get(
                next(
                    iter(
                        re.findall(
                            r"\b(mid|high|upper)\b", text[match.start() - 12 : match.start()], re.IGNORECASE
                        )
                    ),
                    "",
                ).lower(),
                0,
            )
        if match.group("hi"):
            attributes["high"] = match.group("hi")
        begin = start if number == 0 else match.start()
        yield Draft(
            begin,
            match.end() - (len(match.group()) - len(match.group().rstrip())),
            "vital",
            "SpO2",
            assertion,
            "heart_lung:saturation",
            cues,
            value=value,
            unit="%",
            comparator={"≥": ">", "≤": "<"}.get(match.group("cmp") or "=", match.group("cmp") or "="),  # type: ignore[arg-type]
            date=day,
            score=0.95,
            attributes=attributes,
        )


def _circumstances(left: str, right: str) -> dict[str, str]:
    """Return on what and during what a saturation was taken."""
    attributes: dict[str, str] = {}
    if _OFF.search(right) or _AIR.search(right) or (_AIR.search(left) and not _ON.search(right)):
        attributes["air"] = "room"
    elif _ON.search(right):
        attributes["air"] = "oxygen"
    if _SLEEP.search(left[-20:]) or _SLEEP.search(right):
        attributes["effort"] = "sleep"
    elif not re.search(r"\brest", right) and (_EFFORT.search(right) or _EFFORT.search(left[-25:])):
        attributes["effort"] = "exertion"
    return attributes


# ---- oxygen therapy

_NONE_BEFORE = re.compile(
    r"\b(?:no|not (?:on|using|requiring|needing|wearing|in need of|"
    r"require|need)|without|w/o|denies(?: using| use of)?|never (?:needed|"
    r"required|on|used)|off(?: of)?|(?:weaned|taken|came|now|been|"
    r"is|was) off|"
    r"stopped|discontinued|d/c'?d|no longer (?:on|requir\w+|need\w+|"
    r"us\w+|wear\w*)|does(?: not|n't) (?:use|need|require|wear)|did(?: not|"
    r"n't) (?:need|require)|free of|has not (?:needed|required)|"
    r"has(?:n't| not) (?:needed|required|used)|independent of)\s+(?:(?:any|"
    r"all|the|home|supplemental|chronic|continuous|further|more|her|"
    r"his|extra|nasal|longer|baseline|additional)\s+|\d\s?L\s?|\w+\s){0,2}$",
    re.IGNORECASE,
)
_NONE_AFTER = re.compile(
    r"\s*(?:use|therapy|requirement\w*|need\w*|supplementation)?\s*(?:[:=]\s*(?:none|"
    r"no|denies|never|not|0|RA|room air)\b|(?:was |is |has been |now |"
    r"fully )*(?:off\b|stopped|discontinued|weaned|d/c'?d|not (?:needed|"
    r"required|indicated|used|prescribed)|no longer|returned|collected|handed (?:back|in)|sent back|given back|"
    r"picked up|taken (?:back|away)|none\b|"
    r"used\.)|"
    r"\s*(?:indicated|needed|required) at this time)",
    re.IGNORECASE,
)
_PSEUDO = re.compile(
    r"\bno (?:change|increase|decrease|new|worsening)\b[^.;]{0,20}$|"
    r"\b(?:unable|could not|cannot|not able|failed|fails)\b[^.;]{0,25}$",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:if|will need|may need|might need|would need|consider\w*|"
    r"eval\w*|assess\w*|arrang\w+|order\w*|qualif\w+|discuss\w*|refer\w*|"
    r"titrat\w*|prn|as needed|available|in case|should|test\w*|target|"
    r"goal|need for|hyperbaric|monitor\w*|"
    r"blended|check\w*|whether|avoid\w*|risk\w*)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was on|had been on|required|needed|previously|during (?:the |"
    r"that |her |his )?(?:hospital\w*|admission|stay|illness)|in the (?:hospital|"
    r"ICU|ED)|initially|ago|weaned|transient\w*|brief\w*|overnight stay|"
    r"for \d+ (?:days?|d|weeks?)|"
    r"\d+ days?|x\s?\d+\s?d|history of|h/o|prior|at that time|avoided|"
    r"back then|post-?op\w*|peri-?op\w*|intra-?op\w*|s/p|extubat\w+)\b",
    re.IGNORECASE,
)
_REST = re.compile(
    r"\brest\b|at rest|continuous\w*|24\s?/\s?7|24 ?h|round[- ]the[- ]clock|"
    r"around[- ]the[- ]clock|constant\w*|depend\w+|LTOT|long[- ]term|"
    r"chronic\w*|all the time|day and night|at all times|full[- ]time|"
    r"baseline|home w|home on|\brequir\w+|stable on",
    re.IGNORECASE,
)
_EXERTION_ONLY = re.compile(
    r"exert\w*|activit\w+|ambulat\w+|walk\w*|stairs|exercis\w+|6MW|"
    r"moving|effort|shower",
    re.IGNORECASE,
)
_NIGHT = re.compile(r"\bnight\w*|nocturnal\w*|sleep\w*|qhs|bedtime|overnight|bled into|CPAP", re.IGNORECASE)
_FLOW = re.compile(
    r"(?:\d{1,2}\s?[-–]\s?)?\d{1,2}(?:\.\d)?\s?(?:lit(?:er|re)s?|lpm|L)"
    r"(?![a-z])(?:\s?/\s?min)?",
    re.IGNORECASE,
)
# Oxygen for an emergency or a procedure is given for minutes: "O2 15 L, adrenaline 0.5 mg IM", "sedation with O2 4 L".
_FOR_MINUTES = re.compile(
    r"\b(?:adrenaline|epinephrine|epi\b|anaphyla\w*|(?:infusion|transfusion|drug|allergic)[- ](?:related )?reactions?|during the reaction"
    r"|chlorphenamine|bronchoscop\w+|endoscop\w+|colonoscop\w+|gastroscop\w+|sedat(?:ion|ed)|anaesth\w+|anesth\w+|propofol|midazolam"
    r"|intra-?op\w*|operating (?:room|theatre)|in theatre|PACU|recovery room|post-?ictal|syncope|fainted|vasovagal|resuscitat\w+)\b",
    re.IGNORECASE,
)
_UNDER_ANESTHESIA = re.compile(
    r"\b(?:ana?esthe\w+|LMA|laryngeal mask|intra-?op\w*|in theatre|operating (?:room|theatre))\b",
    re.IGNORECASE,
)
# ... unless the words around it know of lasting need or of intensive care.
_FOR_LONGER = re.compile(
    r"\b(?:home|chronic\w*|LTOT|long[- ]term|continuous\w*|baseline|ICU|ITU|ventilat\w+|intubated|ARDS|respiratory failure|pneumonia"
    r"|ILD|fibrosis|still|remains?|every ?day|daily|24/7)\b",
    re.IGNORECASE,
)
_EVENT_REACH = 110
_BREAK = re.compile(r"[.;|](?=\s|$)|\n")


def oxygen_drafts(doc: Doc, span: Span, start: int, end: int, concept: str) -> Iterator[Draft]:  # noqa: PLR0912, PLR0915 - one question after another, first answer wins
    """Yield how a mention of oxygen or ventilation says it is used; nothing where it is only talked about."""
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - 70) : start]
    cuts = [m.end() for m in _BREAK.finditer(left)]
    left = left[cuts[-1] :] if cuts else left
    right = text[end : min(max(sentence.end, end), end + 60)]
    stop = _BREAK.search(right)
    right = right[: stop.start()] if stop is not None else right
    assertion, cues = assertion_of(span)
    if assertion == "family" or layout.section_at(start).category in ("family_history", "allergies"):
        return
    if re.match(
        r"\s*(?:sat|level|tension|consumption|uptake|desat|toxicity|content|"
        r"extraction|transport|delivery|tank ordered)",
        right,
        re.IGNORECASE,
    ):
        return
    surface = text[start:end]
    begin, finish = start, end
    attributes: dict[str, str] = {}
    denial = re.search(
        r"\bden(?:ies|ied|ying)\b(?P<between>[^.;]*)$",
        text[min(sentence.start, start) : start],
        re.IGNORECASE,
    )
    if (
        assertion == "absent"
        and denial is not None
        and not re.search(r"\bbut\b|\brequir\w+|\bis on\b", denial.group("between"))
    ):
        yield Draft(
            start,
            end,
            "oxygen",
            concept,
            "absent",
            "heart_lung:oxygen",
            cues,
            score=0.85,
            attributes={"use": "none"},
        )
        return
    cannula_only = surface.lower() in ("cannula", "nasal cannula") and re.match(
        r"\s*(?:came|fell|was|is)?\s*(?:off|out|removed)", right, re.IGNORECASE
    )
    if cannula_only:
        return
    none = _NONE_BEFORE.search(left)
    none_after = _NONE_AFTER.match(right)
    if (none is not None and not _PSEUDO.search(left)) or none_after is not None:
        if none is not None:
            begin = start - len(none.group()) if len(none.group()) < 40 else start
        if none_after is not None and none is None:
            finish = end + len(none_after.group())
        yield Draft(
            begin,
            finish,
            "oxygen",
            concept,
            "absent",
            "heart_lung:oxygen",
            score=0.9,
            attributes={"use": "none"},
        )
        return
    flow_left = re.search(
        rf"{_FLOW.pattern}(?:\s?(?:of|via|by|per|on|home|supplemental|continuous|"
        rf"O2))*\s*$",
        left,
        re.IGNORECASE,
    )
    flow_right = re.match(
        rf"[\s:=,(]*(?:via|by|at|of|on|NC|per|requirement|therapy|with|"
        rf"continuous\w*|rest|now|dependent|use)?\s*(?:of|at)?\s*(?:NC\s*)?{_FLOW.pattern}",
        right,
        re.IGNORECASE,
    )
    if surface in ("L", "liters", "NC", "LNC", "LPM", "lpm"):
        ahead = re.search(r"(?:(?:\d{1,2}\s?[-–]\s?)?\d{1,2}(?:\.\d)?|\w+)\s?(?:L\s?)?$", left)
        begin = start - len(ahead.group()) if ahead is not None else start
        flow_left = flow_left or ahead
    near = f"{left[-45:]} {surface} {right[:45]}"
    use = ""
    if _REST.search(near) and not re.search(
        r"\bno(?:t| ) .{0,12}rest\b|\bnone at rest\b|not at rest|RA at rest|"
        r"room air at rest|% ?at rest|off at rest",
        near,
        re.IGNORECASE,
    ):
        use = "continuous"
    elif _EXERTION_ONLY.search(near):
        use = "exertion"
    elif _NIGHT.search(near):
        use = "night"
    if concept == "ventilation":
        acute = not re.search(r"chronic|home|night|nocturnal|sleep|depend", near, re.IGNORECASE)
        attributes["acute"] = "yes" if acute else "no"
        use = use or ("continuous" if acute or "depend" in near.lower() else "night")
    elif (
        re.search(r"concentrator|LTOT", surface, re.IGNORECASE)
        or flow_left is not None
        or flow_right is not None
        or re.search(
            r"\b(?:on|uses?|using|wears?|wearing|with|w/|requires?|needs?|"
            r"takes|receiving|carries|breathing|brings)\s+(?:(?:her|his|a|"
            r"the|supplemental|home|portable|chronic|continuous|some)\s+){0,3}$",
            left,
            re.IGNORECASE,
        )
        or surface.lower()
        in (
            "home oxygen",
            "home o2",
            "oxygen-dependent",
            "o2-dependent",
            "oxygen dependent",
            "o2 dependent",
        )
    ):
        use = use or "unstated"
    elif not (
        use
        and re.search(
            r"\b(?:on|uses?|using|wears?|home|with|w/|now|still|requires?)\b|"
            r"[:]",
            left + " " + right[:6],
            re.IGNORECASE,
        )
    ):
        return
    planned = _PLANNED.search(left[-40:]) or re.match(
        r"[^,]{0,12}\b(?:eval\w*|assessment|if|prn|as needed|titration|"
        r"order\w*|test\w*)",
        right,
        re.IGNORECASE,
    )
    if planned is not None or assertion == "hypothetical":
        yield Draft(
            begin,
            end,
            "oxygen",
            concept,
            "hypothetical",
            "heart_lung:oxygen",
            cues,
            score=0.8,
            attributes={"use": use or "unstated"},
        )
        return
    past = (
        _PAST.search(near)
        if not re.search(r"\b(?:now|still|current\w*|today|continues?|remains?)\b", near, re.IGNORECASE)
        else None
    )
    if past is not None and not (
        past.group().lower() in ("required", "needed") and re.search(r"\bnow\b", near)
    ):
        attributes["superseded"] = "yes"
    if flow_right is not None:
        finish = end + flow_right.end()
    elif flow_left is not None and begin == start:
        begin = start - len(flow_left.group())
    around = text[max(0, start - _EVENT_REACH) : end + _EVENT_REACH]
    for_minutes = (
        _UNDER_ANESTHESIA.search(around)
        if concept == "ventilation"
        else use != "continuous" and _FOR_MINUTES.search(around)
    )
    if for_minutes and not _FOR_LONGER.search(around):
        attributes["brief"] = "yes"
    held: Assertion = "possible" if assertion == "possible" else "present"
    if past is not None or assertion == "historical":
        held = "historical"
    attributes["use"] = use or "unstated"
    yield Draft(
        begin, finish, "oxygen", concept, held, "heart_lung:oxygen", cues, score=0.9, attributes=attributes
    )
