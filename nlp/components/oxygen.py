"""
Oxygen therapy and ventilation: how they are used, and whether only for minutes (words: ``lexicon/oxygen.yaml``).

Part of the ``heart_lung`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.places import in_a_rescue
from chartsift.nlp.lexicon.loader import load_oxygen
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

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
_FLOW_BEFORE = re.compile(
    rf"{_FLOW.pattern}(?:\s?(?:of|via|by|per|on|home|supplemental|continuous|"
    rf"O2))*\s*$",
    re.IGNORECASE,
)
_FLOW_AFTER = re.compile(
    rf"[\s:=,(]*(?:via|by|at|of|on|NC|per|requirement|therapy|with|"
    rf"continuous\w*|rest|now|dependent|use)?\s*(?:of|at)?\s*(?:NC\s*)?{_FLOW.pattern}",
    re.IGNORECASE,
)
_AMOUNT_BEFORE = re.compile(r"(?:(?:\d{1,2}\s?[-–]\s?)?\d{1,2}(?:\.\d)?|\w+)\s?(?:L\s?)?$")
_UNITS = frozenset({"L", "liters", "NC", "LNC", "LPM", "lpm"})
# "Oxygen saturation", "O2 tank ordered": no therapy.
_OTHER_OXYGEN = re.compile(
    r"\s*(?:sat|level|tension|consumption|uptake|desat|toxicity|content|"
    r"extraction|transport|delivery|tank ordered)",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\bden(?:ies|ied|ying)\b(?P<between>[^.;]*)$", re.IGNORECASE)
_ON_AFTER_ALL = re.compile(r"\bbut\b|\brequir\w+|\bis on\b")
_CANNULA = frozenset({"cannula", "nasal cannula"})
_CANNULA_OFF = re.compile(r"\s*(?:came|fell|was|is)?\s*(?:off|out|removed)", re.IGNORECASE)
_NOT_AT_REST = re.compile(
    r"\bno(?:t| ) .{0,12}rest\b|\bnone at rest\b|not at rest|RA at rest|"
    r"room air at rest|% ?at rest|off at rest",
    re.IGNORECASE,
)
_LASTING_VENTILATION = re.compile(r"chronic|home|night|nocturnal|sleep|depend", re.IGNORECASE)
_LASTING_NAME = re.compile(r"concentrator|LTOT", re.IGNORECASE)
_USES = re.compile(
    r"\b(?:on|uses?|using|wears?|wearing|with|w/|requires?|needs?|"
    r"takes|receiving|carries|breathing|brings)\s+(?:(?:her|his|a|"
    r"the|supplemental|home|portable|chronic|continuous|some)\s+){0,3}$",
    re.IGNORECASE,
)
_IN_USE = frozenset(
    {"home oxygen", "home o2", "oxygen-dependent", "o2-dependent", "oxygen dependent", "o2 dependent"}
)
_USED = re.compile(r"\b(?:on|uses?|using|wears?|home|with|w/|now|still|requires?)\b|[:]", re.IGNORECASE)
_PLANNED_AFTER = re.compile(
    r"[^,]{0,12}\b(?:eval\w*|assessment|if|prn|as needed|titration|"
    r"order\w*|test\w*)",
    re.IGNORECASE,
)
_STILL = re.compile(r"\b(?:now|still|current\w*|today|continues?|remains?)\b", re.IGNORECASE)
_NOW_TOO = re.compile(r"\bnow\b")
_EVENT_REACH = 110
_BREAK = re.compile(r"[.;|](?=\s|$)|\n")


class BriefWords(NamedTuple):
    """``oxygen.yaml`` as patterns."""

    minutes: re.Pattern[str]
    anesthesia: re.Pattern[str]
    lasting: re.Pattern[str]


@lru_cache(maxsize=1)
def brief_words() -> BriefWords:
    """Return what tells oxygen for minutes from oxygen that stays."""
    file = load_oxygen()
    return BriefWords(
        *(
            re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
            for words in (file.minutes, file.anesthesia, file.lasting)
        )
    )


def oxygen_drafts(doc: Doc, span: Span, start: int, end: int, concept: str) -> Iterator[Draft]:
    """Yield how a mention of oxygen or ventilation says it is used; nothing where it is only talked about."""
    layout: Layout = doc._.layout
    text = layout.text
    left, right = _clause(layout, start, end)
    assertion, cues = assertion_of(span)
    if assertion == "family" or layout.section_at(start).category in ("family_history", "allergies"):
        return
    surface = text[start:end]
    if _OTHER_OXYGEN.match(right):
        return
    boxes = ticked(layout, end)
    if boxes is not None and boxes.said != "yes":
        # "Do you need oxygen?  ( ) Yes  (x) No"
        if boxes.said == "no":
            yield _draft(start, end, concept, "absent", (boxes.words,), 0.85, {"use": "none"})
        return
    if assertion == "absent" and _is_denied(layout, start):
        yield _draft(start, end, concept, "absent", cues, 0.85, {"use": "none"})
        return
    if surface.lower() in _CANNULA and _CANNULA_OFF.match(right):
        return
    none = _range_of_none(left, right, start, end)
    if none is not None:
        yield _draft(*none, concept, "absent", (), 0.9, {"use": "none"})
        return
    begin = start
    flow_left, flow_right = _FLOW_BEFORE.search(left), _FLOW_AFTER.match(right)
    if surface in _UNITS:
        ahead = _AMOUNT_BEFORE.search(left)
        begin = start - len(ahead.group()) if ahead is not None else start
        flow_left = flow_left or ahead
    near = f"{left[-45:]} {surface} {right[:45]}"
    has_flow = flow_left is not None or flow_right is not None
    use, attributes = _use(concept, surface, left, right, near, has_flow=has_flow)
    if not use:
        return
    if _PLANNED.search(left[-40:]) or _PLANNED_AFTER.match(right) or assertion == "hypothetical":
        yield _draft(begin, end, concept, "hypothetical", cues, 0.8, {"use": use})
        return
    past = _PAST.search(near) if _STILL.search(near) is None else None
    if past is not None and not (past.group().lower() in ("required", "needed") and _NOW_TOO.search(near)):
        attributes["superseded"] = "yes"
    finish = end
    if flow_right is not None:
        finish = end + flow_right.end()
    elif flow_left is not None and begin == start:
        begin = start - len(flow_left.group())
    if _is_brief(text, start, end, concept, use):
        attributes["brief"] = "yes"
    held: Assertion = "possible" if assertion == "possible" else "present"
    if past is not None or assertion == "historical" or (in_a_rescue(text, start) and not _REST.search(near)):
        held = "historical"
    attributes["use"] = use
    yield _draft(begin, finish, concept, held, cues, 0.9, attributes)


def _clause(layout: Layout, start: int, end: int) -> tuple[str, str]:
    """Return the words before and after a mention, up to the next stop or line end."""
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - 70) : start]
    cut = 0
    for stop in _BREAK.finditer(left):
        cut = stop.end()
    right = text[end : min(max(sentence.end, end), end + 60)]
    close = _BREAK.search(right)
    return left[cut:], right[: close.start()] if close is not None else right


def _is_denied(layout: Layout, start: int) -> bool:
    """Say whether the patient denies it, with nothing in between that takes the denial back."""
    sentence = layout.sentence_at(start)
    denial = _DENIES.search(layout.text[min(sentence.start, start) : start])
    return denial is not None and not _ON_AFTER_ALL.search(denial.group("between"))


def _range_of_none(left: str, right: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the range of a statement that there is no oxygen ("no home O2", "O2: none"); None without one."""
    before = _NONE_BEFORE.search(left)
    after = _NONE_AFTER.match(right)
    if (before is None or _PSEUDO.search(left)) and after is None:
        return None
    if before is not None:
        return (start - len(before.group()) if len(before.group()) < 40 else start), end
    return start, end + (len(after.group()) if after is not None else 0)


def _use(
    concept: str, surface: str, left: str, right: str, near: str, *, has_flow: bool
) -> tuple[str, dict[str, str]]:
    """Return how oxygen is used, "" where it is only talked about, and what else is said of a ventilator."""
    use = ""
    if _REST.search(near) and not _NOT_AT_REST.search(near):
        use = "continuous"
    elif _EXERTION_ONLY.search(near):
        use = "exertion"
    elif _NIGHT.search(near):
        use = "night"
    if concept == "ventilation":
        acute = not _LASTING_VENTILATION.search(near)
        use = use or ("continuous" if acute or "depend" in near.lower() else "night")
        return use, {"acute": "yes" if acute else "no"}
    if has_flow or _LASTING_NAME.search(surface) or _USES.search(left) or surface.lower() in _IN_USE:
        return use or "unstated", {}
    return (use if use and _USED.search(left + " " + right[:6]) else ""), {}


def _is_brief(text: str, start: int, end: int, concept: str, use: str) -> bool:
    """Say whether oxygen is given for minutes: in an emergency or for a procedure, and nothing tells of lasting need."""
    if concept != "ventilation" and use == "continuous":
        return False
    words = brief_words()
    around = text[max(0, start - _EVENT_REACH) : end + _EVENT_REACH]
    cue = words.anesthesia if concept == "ventilation" else words.minutes
    return cue.search(around) is not None and words.lasting.search(around) is None


def _draft(
    start: int,
    end: int,
    concept: str,
    assertion: Assertion,
    cues: tuple[str, ...],
    score: float,
    attributes: dict[str, str],
) -> Draft:
    return Draft(
        start,
        end,
        "oxygen",
        concept,
        assertion,
        "heart_lung:oxygen",
        cues,
        score=score,
        attributes=attributes,
    )
