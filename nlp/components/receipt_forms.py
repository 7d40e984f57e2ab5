"""
Answers of a form about a treatment that is given once: boxes behind a label, replies to a question, the object first.

Part of ``receipt``.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_rules import REACH, Receipt
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

_BY_ANSWER: dict[str, Assertion] = {
    "yes": "present",
    "no": "absent",
    "unknown": "possible",
    "family": "family",
}
# "Ever had a bone marrow transplant, CAR T or gene therapy?  NO / NO / NO": the answers to a question about the past.
_QUESTION = loosely(
    r"(?:^|[.;:|\n\t]\s*|\d[.)]\s*|\b[QF]\s*[.:]\s*)(?:[-•*\d.)\s]*)(?:has|have|had|did|ever|any|prior|previous|past|history|hx|received|was|were|is|does)\b[^?\n]{0,160}$"
)
# "Any rejection of the kidney transplant? No", "was a transplant ever considered? Yes": not whether there was one.
_OF_ITS_COURSE = loosely(
    r"\b(?:reject\w*|relaps\w*|recur\w*|complication\w*|problems?|issues?|trouble|complain\w*|symptoms?|effects?|fever|infections?|GVHD|CRS|ICANS"
    r"|candidate\w*|listed|consider\w*|discuss\w*|interest\w*|plan\w*|refer\w*|want\w*|need\w*|offer\w*|should|since|after|following|fail\w*|fit|eligib\w*)\b"
)
_REPLY = loosely(
    r"^[^.;?\n]{0,120}?\?[\"”]?\s*(?:->|→|[-–—:]|\bA(?:nswer)?\s*[.:])?\s*(?:(?:patient|pt|s?he|they|parents?|mother|father|wife|husband)\s+(?:says?|said|answers?|answered|replies|replied|states?|stated)\s*[:,]?\s*)?[\"“‘'\[(]?\s*(?P<first>yes|no|never|none|denie[sd]|negative|neg|nil|nein|non|n|y|ja|oui)\b"
    r"(?P<more>(?:\s*[/,]\s*(?:yes|no|never|none|nein|non|n|y)\b)*)"
)
# "The registry has her down for a kidney transplant, which she did not have".
_NOT_HAD = loosely(
    r"^[^.;\n]{0,30}?,?\s+(?:which|that|but|though|although)\s+(?:s?he|they|the patient|pt)\s+(?:did not|didn['’]t|has not|hasn['’]t|had not|has never|never)\s+(?:actually |in fact |ever )*(?:have|had|get|got|receive|received"
    r"|undergo|underwent|undergone)(?=\s*(?:$|[.,;:)]|\n|it\b))"
    r"|^[^.;\n]{0,20}?[;,]\s*(?:but |which )?(?:s?he|they|the patient|pt) (?:has|had|did) not(?=\s*(?:$|[.;]))"
)
# "Previous CAR T treatment is denied", "a previous transplant could be excluded"; an insurer denies another thing.
_DENIED_AFTER = loosely(
    r"^(?:\s*(?:cells?|therapy|treatment|history))?\s+(?:is|was|has been|could be|can be|are|were)\s+(?:denied|negated|excluded|ruled out|disclaimed)\b(?!\s+(?:by (?:the |her |his )?(?:insur|pay|plan|medic)|coverage|because|due))"
)
_EARLIER = loosely(r"\b(?:prior|previous|earlier|past|former|any|history of|hx of|h/o)\s+(?:[\w-]+\s+)?$")
# "CAR-T she says she never had": the object stands first.
_OBJECT_FIRST = loosely(
    r"^(?:\s*(?:cells?|therapy|treatment))?,?\s+(?:that\s+)?(?:s?he|they|pt|the patient|I)\s+(?:(?:says?|said|states?|stated|reports?|insists?|claims?"
    r"|tells? (?:me|us)|told (?:me|us)|is sure|is certain)\s+(?:that\s+)?(?:s?he|they)\s+)?(?:has |had |have |did |was )*(?:never|not)\s+(?:ever\s+)?(?:had|have|received|receive"
    r"|got|get|undergone|underwent|undergo|been given|given)(?=\s*(?:$|[.,;:)]|\band\b|\bbut\b))"
)
# Of a box to tick before its label: "[x] Prior history of CAR-T".
_BOX_REACH = 24
_BOX = loosely(
    r"(?:\[(?P<square>[ xX✓✔]?)\]|(?P<empty>[☐□])|(?P<full>[☒☑✓✔]))\s*(?:prior|previous|history of|hx|h/o)?\s*$"
)


def ticked_behind(layout: Layout, end: int) -> Receipt | None:
    """Return what the boxes behind a label say: "Kidney transplant: [ ] yes [x] no", "CAR-T (ever)  Yes ☐ No ☒"."""
    answer = ticked(layout, end, is_asked=_OF_ITS_COURSE)
    if answer is None:
        return None
    if answer.said == "nothing":
        return Receipt("hypothetical", ("an empty form",))
    return Receipt(_BY_ANSWER[answer.said], (answer.words,), strength="strong")


def answered(rest_of_line: str, left: str) -> Receipt | None:
    """Return what the replies to a question about the past, or a denial after the object say."""
    denied = _DENIED_AFTER.match(rest_of_line)
    if denied is not None and _EARLIER.search(left):
        return Receipt("absent", (denied.group().strip(),), strength="strong")
    has_denial = any(letters in rest_of_line for letters in ("not", "never", "n't", "n’t"))
    first = (_OBJECT_FIRST.match(rest_of_line) or _NOT_HAD.match(rest_of_line)) if has_denial else None
    if first is not None:
        return Receipt("absent", (first.group().strip(" ,"),), strength="strong")
    reply = _REPLY.match(rest_of_line) if "?" in rest_of_line else None
    if reply is None or not _QUESTION.search(left):
        return None
    if _OF_ITS_COURSE.search(left[-REACH:]) or _OF_ITS_COURSE.search(rest_of_line[: reply.start("first")]):
        return None
    said = {word[0] for word in re.findall(r"[a-z]+", (reply.group("first") + reply.group("more")).lower())}
    if said <= {"n", "d"}:
        return Receipt("absent", (reply.group("first"),), strength="strong")
    return Receipt(
        "present" if said <= {"y", "j", "o"} else "possible", (reply.group("first"),), strength="strong"
    )


def ticked_before(line: str) -> Receipt | None:
    """Return what a box right before a mention says; *line* is the line up to it."""
    box = _BOX.search(line[-_BOX_REACH:])
    if box is None:
        return None
    ticked = bool(box.group("full") or (box.group("square") or "").strip())
    # A tick was set by someone; a box that nobody ticked is a weak denial.
    strength = "strong" if ticked else "plain"
    return Receipt("present" if ticked else "absent", (box.group().strip(),), strength=strength)
