"""
Organ diseases that are over: told of in the past, replaced by a graft, or only the reason why a drug was left.

Part of the ``organs`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from chartsift.nlp.components.organ_clauses import Clause
from chartsift.nlp.components.organ_levels import GAP, NEGATED
from chartsift.nlp.text.cues import CueSet
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import TextSpan

# Weights of diseases that stay.
LASTING = ("major", "minor", "severe")
_EARLIER_DAYS = 120
OVER = re.compile(
    r"\b(?:resolved|cleared|recovered|cured|healed|gone|remote|prior|"
    r"previous(?:ly)?|past|s/p|status post|history of|h/o|hx of|hx|"
    r"as a (?:child|teen\w*|baby|kid)|in (?:childhood|adolescence|"
    r"infancy|college|remission since)|childhood|years ago|yrs? ago|"
    r"months ago|last (?:year|winter|summer|spring|fall)|"
    r"old\b|no recurrence|none since|completed|finished|(?:is|was|are|now|all)\s+over\b|ruled out|"
    r"after which|since then|behind (?:him|her)|off (?:meds|treatment)|"
    r"treated (?:in|with|19|20)|at that time|no longer|repaired|ablated|"
    r"fixed|reversed|had\b|x\s?1\b|once\b|postpartum|during (?:pregnancy|"
    r"admission|the hospital\w*)|d/t|secondary to that)"
)
_HISTORY_OF = frozenset({"history of", "h/o", "hx of", "hx"})
# "Past history: COPD" heads what follows it and does not close it; so do these behind a disease.
_OF_WHAT_FOLLOWS = frozenset({"had", "past", "prior", "previous", "old", "once", "over", "hx"})
# The signs behind "Hx" where it heads a history.
_AFTER_A_HEADING = (":", "|", ".")
_NO_DATE_OF_IT = re.compile(r"[.;|\n]|\bsince\b|\bdx\b|\bdiagnos|\bonset\b|\bfrom\s*$", re.IGNORECASE)
_DRUG_BEFORE = re.compile(
    r"\b(?:\w+(?:prine|mab|ate|cin|nib|lone|sone|limus|cept|zole|mide|ide|line|quine|statin|cillin|olol|"
    r"pril)|ivig|mtx|aza|mmf|cyc|"
    r"rtx|hcq|allerg\w*|intoleran\w*)\s*(?:stopped|held|off|d/c'?d|discontinued)?\s*(?:(?P<open>\()|->|"
    r"→|:|=)\s*(?:[\w-]+\s){0,2}$"
)
_SIGNS_BEHIND_A_DRUG = frozenset("(>→:=")
_CLOSED = re.compile(r"[^()]{0,25}\)")
# A kidney, liver, heart, lung or marrow that failed and was replaced.
_REPLACED_BY_GRAFT = frozenset(
    {"esrd", "aki", "liver_failure", "marrow", "heart_failure", "lung_failure", "hepatic_acute"}
)
_GRAFT = (
    r"(?:(?:kidney|renal|liver|hepatic|heart|cardiac|lung|marrow|stem cell|DD|LD|LR|LU|living|deceased|"
    r"donor|orthotopic|allo\w*|haplo\w*)"
    r"[\s-]*){0,4}(?:transplant\w*|graft\w*|DDKT|LDKT|LRKT|LURT|DDRT|LRRT|OLT|OLTX|LTX|KTx|RTx|OHT|BOLT|"
    r"BLT|HCT|HSCT|SCT|BMT|tx)\b"
)
_GRAFT_AFTER = re.compile(
    rf"[^.;]{{0,70}}?\b(?:s/p|status post|then|until|before|followed by|requir\w+|led to|leading to|"
    rf"treated (?:with|by)|received|had|"
    rf"got|and|now with|underwent|after|with|->|→)?\s*(?:an?\s|his\s|her\s|"
    rf"the\s)?(?<!for )(?<!for a )(?<!needs )\b{_GRAFT}"
    r"(?!\s*(?:eval\w*|list\w*|work-?up|candidate|candidacy|referral|clinic|team|assessment|consult))|"
    r"[^.;]{0,40}\b(?:HD|PD|dialysis|hemodialysis)\s(?:from\s)?(?:19|20)\d\d\s?(?:-|–|to|"
    r"until)\s?(?:(?:19|20)?\d\d)",
    re.IGNORECASE,
)
_GRAFT_BEFORE = re.compile(
    # "After eight months on dialysis he was given a kidney".
    r"\bafter\s+(?:[\w-]+\s+){0,3}(?:weeks?|months?|years?)\s+(?:on|of)\s+(?:[\w-]+\s)?$|"
    rf"(?:^|[\s,(])(?:s/p\s|status post\s)?{_GRAFT}[^.;]{{0,30}}\b(?:for|due to|because of|from|after|"
    rf"d/t|2/2)\s(?:[\w-]+\s){{0,3}}$",
    re.IGNORECASE,
)
_GRAFT_FAILED = re.compile(
    r"\b(?:fail(?:ed|ing|ure of (?:the|her|his) (?:graft|transplant))|reject(?:ed|ion)|back on (?:HD|"
    r"dialysis)|waiting|waitlist\w*|listed|"
    r"awaiting|candidate|eval\w*|pending|planned|no (?:prior )?transplant|not (?:yet )?transplanted|"
    r"declined|considering|discuss\w*)\b",
    re.IGNORECASE,
)
_GRAFTS = CueSet({"after": _GRAFT_AFTER, "before": _GRAFT_BEFORE})


def is_over(
    text: str, note_date: date, start: int, end: int, clause: Clause, weight: str, *, may_say_so: bool
) -> bool:
    """Say whether the clause places a disease in the past; it has words for that only where it *may_say_so*."""
    if may_say_so and _says_so(clause, weight):
        return True
    return weight == "acute" and _is_dated_back(text, note_date, start, end)


def _says_so(clause: Clause, weight: str) -> bool:
    return _has_left(clause.lower_left[-35:], weight) or _is_followed(clause.lower_right[:60], weight)


def _has_left(words: str, weight: str) -> bool:
    return any(GAP.match(words, match.end()) is not None for match in _said_over(words, weight))


def _is_followed(words: str, weight: str) -> bool:
    return any(match.group() not in _OF_WHAT_FOLLOWS for match in _said_over(words, weight))


def _said_over(words: str, weight: str) -> Iterator[re.Match[str]]:
    for match in OVER.finditer(words):
        said = match.group()
        if said not in ("no recurrence", "no longer") and NEGATED.search(words[: match.start()]):
            continue
        if said in _HISTORY_OF and weight in LASTING:
            continue  # of a lasting disease it says that the person has it
        if said == "hx" and words[match.end() : match.end() + 1] in _AFTER_A_HEADING:
            continue
        yield match


def _is_dated_back(text: str, note_date: date, start: int, end: int) -> bool:
    """Say whether a date long before the note stands beside a passing disease."""
    for mention in find_dates(text, note_date, start=max(0, start - 25), end=min(len(text), end + 60)):
        if (note_date - mention.last).days <= _EARLIER_DAYS:
            continue
        beside = text[mention.end : start] if mention.end <= start else text[end : mention.start]
        if not _NO_DATE_OF_IT.search(beside):
            return True
    return False


def is_of_a_drug(clause: Clause, weight: str) -> bool:
    """Say whether an episode is only the reason why a drug was left: "azathioprine (pancreatitis)"."""
    # Few clauses hold one of the signs, and the pattern is slow where none does.
    if weight not in ("acute", "minor") or _SIGNS_BEHIND_A_DRUG.isdisjoint(clause.left):
        return False
    drug = _DRUG_BEFORE.search(clause.lower_left)
    return drug is not None and (drug["open"] is None or _CLOSED.match(clause.right) is not None)


def is_replaced(text: str, sentence: TextSpan, start: int, end: int, fixed: Mapping[str, str]) -> bool:
    """Say whether the sentence names the graft that replaced the failed organ, or dialysis that has ended."""
    if fixed.get("disease") not in _REPLACED_BY_GRAFT:
        return False
    after = text[end : min(max(sentence.end, end), end + 110)]
    before = text[max(sentence.start, start - 60) : start]
    if not _GRAFTS.may_match(f"{before}\n{after}"):
        return False
    if _GRAFT_FAILED.search(before + " " + after):
        return False
    return _GRAFT_AFTER.match(after) is not None or _GRAFT_BEFORE.search(before) is not None
