"""
How a note holds a mention: present, absent, possible, hypothetical, historical or someone else's.

The general reading, for every kind: context cues (``context.yaml``), the section, and the way forms and symbol
lists answer ("Heliotrope (-)", "Blood transfusion: No", "[ ] rash"). Readers of a kind refine it.
"""

from __future__ import annotations

import re

from spacy.tokens import Span

from chartsift.nlp.text.answers import Said, asked_above, replied, ticked, unticked
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Assertion

# Categories of cues that make a mention someone else's: these come first, for a relative's negated disease is still no
# fact about the patient.
SOMEONE_ELSE = ("FAMILY", "OTHER")
ORDER: tuple[tuple[str, Assertion], ...] = (
    ("NEGATED", "absent"),
    ("HYPOTHETICAL", "hypothetical"),
    ("POSSIBLE", "possible"),
    ("HISTORICAL", "historical"),
    ("OVER", "historical"),
)
# "Psych: [-] low mood [+] anxiety": signs that stand before what they are said of, where the first of a line does so.
_BRACKETED_SIGN = re.compile(r"[\[(]\s?(?:(?P<no>[-–−])|\+)\s?[\])]\s*$")
_OPENS_WITH_SIGN = re.compile(r"(?:[^\n\[\]()]{0,30}:)?\s*(?:[-•*]\s*)?[\[(]\s?[-–−+]\s?[\])]")
_BOX_EMPTY = re.compile(r"(?:\[\s?\]|☐|□|\(\s\))\s*$")
_BOX_TICKED = re.compile(r"(?:\[[xX✓✔]\]|☒|☑|✓|✔|\([xX]\))\s*$")
_SIGN_AFTER_NEGATIVE = re.compile(
    r"\s{0,2}(?:\(\s*[-–−]\s*\)|\(\s*neg(?:ative)?\s*\)|\[\s*[-–−]\s*\]|\s[-–−](?=\s*[.,;])|[-–−]ve\b)",
    re.IGNORECASE,
)
_SIGN_AFTER_POSITIVE = re.compile(
    r"\s{0,2}(?:\(\s*\+{1,4}\s*\)|\(\s*pos(?:itive)?\s*\)|\+{1,4}(?:ve\b)?(?![\w/]))", re.IGNORECASE
)
_SIGN_AFTER_UNSURE = re.compile(r"\s{0,2}(?:\(\s*(?:\+/-|\+\s*/\s*-|±|\?)\s*\)|\+/-|±|\?)")
_SIGN_BEFORE_NEGATIVE = re.compile(r"(?:^|[\s,;(])(?:\(\s*[-–−]\s*\)|[-–−])\s?$")
_SIGN_BEFORE_POSITIVE = re.compile(r"(?:^|[\s,;(])(?:\(\s*\+\s*\)|\+)\s?$")
_SIGN_BEFORE_UNSURE = re.compile(r"(?:^|[\s,;(])(?:\(\s*\?\s*\)|\?)\s?$")
_SPACED_SIGN = re.compile(r"(?:^|(?<=\s))[-–−+]\s?(?=\w)")
# "rule PE out", "ruled DVT and PE out"
_RULE = re.compile(r"\b(?P<verb>rul(?:e|es|ing|e(?P<done>d)))\s(?:[^.;,]{0,40}\W)?$", re.IGNORECASE)
_OUT = re.compile(r"\s(?:(?:and|or)\s[^.;,]{1,30}\s)?out\b(?!\s+of\b)", re.IGNORECASE)
_ANSWER_NO = re.compile(
    r"\s*(?::|=|\.{3,}|\s-\s|\s–\s|\|)\s*(?:no|none|neg(?:ative|\.)?|denie[sd]|absent|never|nil|n|"
    r"not (?:present|seen|detected|found|done)"
    r"|unremarkable|-)(?![\w/])",
    re.IGNORECASE,
)
_ANSWER_YES = re.compile(r"\s*(?::|=|\.{3,}|\|)\s*(?:yes|present|pos(?:itive)?|y)\b", re.IGNORECASE)


_BOXES: tuple[tuple[re.Pattern[str], Assertion], ...] = ((_BOX_TICKED, "present"), (_BOX_EMPTY, "absent"))
_ANSWERS: tuple[tuple[re.Pattern[str], Assertion], ...] = (
    (_SIGN_AFTER_UNSURE, "possible"),
    (_SIGN_AFTER_NEGATIVE, "absent"),
    (_ANSWER_NO, "absent"),
    (_SIGN_AFTER_POSITIVE, "present"),
    (_ANSWER_YES, "present"),
)
_BY_ANSWER: dict[Said, Assertion] = {
    "yes": "present",
    "no": "absent",
    "unknown": "possible",
    "nothing": "hypothetical",
    "family": "family",
}
_SIGNS: tuple[tuple[re.Pattern[str], Assertion], ...] = (
    (_SIGN_BEFORE_UNSURE, "possible"),
    (_SIGN_BEFORE_POSITIVE, "present"),
)
_SIGNED_SECTIONS = frozenset(("ros", "exam", "hpi", "interval", "preamble"))
# Most mentions have none of the signs beside them with which a box ends, an answer begins, or a sign before a word ends.
_BOX_ENDS = frozenset("])☐□☒☑✓✔")
_ANSWER_SIGNS = frozenset("([+±?-–−:=.|")
_SIGN_ENDS = frozenset(")?+-–−")


def assertion_of(span: Span) -> tuple[Assertion, tuple[str, ...]]:
    """
    Return how the note holds *span* and the words that say so.

    Reads: span._.modifiers, doc._.layout, doc._.note_text.
    """
    layout: Layout = span.doc._.layout
    start, end = source_range(span)
    return _said_of(span, layout, start, end)


def someone_elses(span: Span) -> tuple[str, ...] | None:
    """Return the words by which ``assertion_of`` says "family" of *span*; None where it says anything else."""
    section = span.doc._.layout.section_at(source_range(span)[0])
    if section.category == "family_history":
        return (section.title,)
    if not span._.modifiers:
        return None  # as most mentions
    by_category = cues_on(span)
    for category in SOMEONE_ELSE:
        if category in by_category:
            return (by_category[category][1],)
    return None


def _said_of(span: Span, layout: Layout, start: int, end: int) -> tuple[Assertion, tuple[str, ...]]:
    text = layout.text
    section = layout.section_at(start)
    if section.category == "family_history":
        return "family", (section.title,)
    # Most mentions are touched by no cue.
    by_category = cues_on(span) if span._.modifiers else None
    if by_category:
        for category in SOMEONE_ELSE:
            if category in by_category:
                return "family", (by_category[category][1],)
    answer = formal_answer(text, layout, start, end) or ruled_out(text, layout, start, end)
    if answer is not None:
        return answer
    if by_category:
        for category, assertion in ORDER:
            if category in by_category:
                return assertion, (by_category[category][1],)
    return "present", ()


def cues_on(span: Span) -> dict[str, tuple[int, str]]:
    """Return the first cue of each category that touches *span*, as its offset in the note and its words."""
    text, starts, ends = span.doc._.note_text, span.doc._.starts, span.doc._.ends
    by_category: dict[str, tuple[int, str]] = {}
    for modifier in span._.modifiers:
        if modifier.category not in by_category:
            first, last = modifier.modifier_span
            by_category[modifier.category] = starts[first], text[starts[first] : ends[last - 1]]
    if "AWAITED" in by_category:
        by_category.pop("OVER", None)
    return by_category


def ruled_out(text: str, layout: Layout, start: int, end: int) -> tuple[Assertion, tuple[str, ...]] | None:
    """Return what "rule ... out" around ``text[start:end]`` says: open, or with "ruled" denied; None without it."""
    after = _OUT.match(text, end)
    if after is None:
        return None
    before = _RULE.search(text, layout.sentence_at(start).start, start)
    if before is None:
        return None
    return ("absent" if before.group("done") else "possible"), (before.group("verb"), after.group().strip())


def _is_sign(text: str, layout: Layout, start: int, sign: str) -> bool:
    """Say whether a dash before *start* denies ("-fever", "- fever - cough") and does not join ("Neck - supple")."""
    if not sign.endswith(" ") or "(" in sign:
        return True
    sentence = layout.sentence_at(start)
    return len(_SPACED_SIGN.findall(text, sentence.start, sentence.end)) > 1


def formal_answer(
    text: str, layout: Layout, start: int, end: int
) -> tuple[Assertion, tuple[str, ...]] | None:
    """Return what a tick box, a sign or the answer of a form says of ``text[start:end]``; None where there is none."""
    boxes = ticked(layout, end)
    if boxes is not None:
        return _BY_ANSWER[boxes.said], (boxes.words,)
    empty = unticked(layout, start)
    if empty:
        return "absent", (empty,)
    question = asked_above(layout, start) or replied(layout, end)
    if question is not None:
        return _BY_ANSWER[question.said], (question.words,)
    line = layout.line_at(start)
    before = text[max(line.start, start - 8) : start]
    after = text[end : min(line.end, end + 24)]
    last = before.rstrip()[-1:]
    if last in _BOX_ENDS:
        signed = _BRACKETED_SIGN.search(before)
        if signed is not None and _OPENS_WITH_SIGN.match(text, line.start, start) is not None:
            return ("absent" if signed.group("no") else "present"), (signed.group().strip(),)
        for pattern, assertion in _BOXES:
            match = pattern.search(before)
            if match is not None:
                return assertion, (match.group().strip(),)
    sign = after.lstrip()[:1]
    # A full stop opens an answer only as the first of the dots of a form.
    if sign in _ANSWER_SIGNS and (sign != "." or "..." in after):
        for pattern, assertion in _ANSWERS:
            match = pattern.match(after)
            if match is not None:
                return assertion, (match.group().strip(),)
    # "- fever - cough + fatigue": signs before the word, as reviews of systems are typed.
    if last not in _SIGN_ENDS:
        return None
    item = text[max(line.start, start - 5) : start]
    if item.rstrip()[-1:] not in _SIGN_ENDS or layout.section_at(start).category not in _SIGNED_SECTIONS:
        return None
    for pattern, assertion in _SIGNS:
        match = pattern.search(item)
        if match is not None:
            return assertion, (match.group().strip(),)
    negative = _SIGN_BEFORE_NEGATIVE.search(item)
    # A dash that opens a line is a bullet; one inside a line of signs is an answer.
    if (
        negative is not None
        and text[line.start : start - len(item) + negative.start()].strip()
        and _is_sign(text, layout, start, negative.group())
    ):
        return "absent", (negative.group().strip(),)
    return None
