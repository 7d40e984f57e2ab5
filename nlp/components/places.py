"""
What kind of statement a place in a note holds: an examiner's, a summary, a list, or what the patient told.

The section decides, and a line that says so itself ("On exam today: ...", "GI: negative. GU: negative. ...")
overrules the section that it happens to stand in.
"""

from __future__ import annotations

import re

from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.layout import Layout

_SOURCES = {
    "exam": "exam",
    "assessment": "assessment",
    "plan": "assessment",
    "problem_list": "list",
    "past_history": "list",
    "ros": "ros",
}
_EXAM_LEAD = re.compile(
    r"(?:^|[.;\n]\s*)(?:on )?(?:my |the |today'?s? |physical |general )*(?:exam(?:ination)?|inspection|testing"
    r"|o/e|status(?! post)|P\.?E\.?)\b[^.;\n]{0,24}?(?:[:,.]|\bshe\b|\bhe\b|\bthere\b|\bshows?\b|\breveals?\b)[^\n]{0,400}$",
    re.IGNORECASE,
)
_LIST_LEAD = re.compile(
    r"(?:^|[.;]\s+)(?:PMHx?|past (?:medical )?history|medical history|problem list|problems|comorbidities|co-?morbid\w*)"
    r"\s*[:.|][^.;\n]*$",
    re.IGNORECASE,
)
# "EXAM BP 112/68 HR 66" opens an examination that runs over the next lines, up to the next heading in capitals.
_EXAM_BLOCK = re.compile(
    r"(?:^|\n)[ \t]*(?:EXAM(?:INATION)?|PE|O/E|OBJ(?:ECTIVE)?)\b(?:(?!\n[ \t]*[A-Z]{2,}\b)[\s\S]){0,420}$"
)
# Three systems in one line, each answered with a word, are the form of a review of systems.
_FORM = re.compile(
    r"(?:\b[A-Z][A-Za-z/]{1,18}:?\s*(?:[:-]\s*)?(?:neg(?:ative)?|denies|normal|none)\b[^.;|\n]{0,40}[.;|,]\s*){3}",
    re.IGNORECASE,
)
_ANSWERS = ("neg", "denies", "normal", "none")
_SYSTEMS = re.compile(
    r"\b(?:constitutional|eyes|ENT|HEENT|cardiac|cardiovascular|CV|resp(?:iratory)?|GI|gastrointestinal|GU"
    r"|genitourinary|MSK|musculoskeletal|psych\w*|endocrine|heme|neuro\w*)\b",
    re.IGNORECASE,
)


# What may happen, what to report and what a drug may do is no finding of the patient.
_RISK = re.compile(
    r"\b(?:risks?|complications?|side[- ]effects?|adverse (?:effects?|events?|reactions?)|toxicit\w+|may (?:cause|include)"
    r"|can cause|might cause|include|warned|counsel\w*|precautions?|watch(?:ing)? for|monitor(?:ing)? for|(?:please |to )report(?: any)?|report any"
    r"|call (?:us |me |clinic |the office )?(?:for|if|with)|return (?:for|if|to (?:the )?ED)|seek care|red flags?|educat\w+)\b"
    r"(?![^.;]{0,40}\b(?:he|she|they|pt|patient|mother|father|mom|dad|parents?) (?:has|had|have|reports?|notes?)\b)[^.;]{0,200}$",
    re.IGNORECASE,
)


def is_warning(layout: Layout, start: int) -> bool:
    """Say whether what stands at *start* is named as a risk, a side effect to expect or a reason to call."""
    sentence = layout.sentence_at(start)
    return _RISK.search(layout.text[max(min(sentence.start, start), start - 240) : start]) is not None


def source_at(layout: Layout, start: int) -> str:
    """Return "exam", "assessment", "list", "ros" or "reported" for what stands at *start*."""
    source = _SOURCES.get(layout.section_at(start).category, "reported")
    line = layout.line_at(start)
    if source in {"exam", "reported"}:
        words = layout.text[line.start : min(line.end, line.start + 600)]
        folded = fold(words)
        if (
            # Three answers are counted far faster than systems are found.
            sum(map(folded.count, _ANSWERS)) >= 3
            and len(_SYSTEMS.findall(words)) >= 3
            and _FORM.search(words) is not None
        ):
            return "ros"
    if (
        source == "reported"
        and _LIST_LEAD.search(layout.text[max(line.start, start - 240) : start]) is not None
    ):
        return "list"
    if source in ("list", "reported", "assessment") and _EXAM_LEAD.search(
        layout.text[max(line.start, start - 420) : start]
    ):
        return "exam"
    if (
        source in ("list", "reported")
        and _EXAM_BLOCK.search(layout.text[max(0, start - 420) : start]) is not None
    ):
        return "exam"
    return source


# What is given and measured while somebody is being rescued says nothing of the days before and after.
_RESCUE = re.compile(
    r"\b(?:(?:epinephrine|adrenaline)\s+(?:[\d.]+\s?(?:mg|mcg|ml)?\s*)?(?:IM\b|i\.m\.|intramuscular|given|twice)"
    r"|IM\s+(?:epinephrine|adrenaline)|rapid response|crash call|code blue|resuscitat\w+"
    r"|infusion (?:was )?(?:stopped|halted)|stopped (?:the )?infusion)\b",
    re.IGNORECASE,
)
_RESCUE_REACH = 160


def in_a_rescue(text: str, start: int) -> bool:
    """Say whether the words around *start* tell of a severe reaction while it is treated."""
    return _RESCUE.search(text, max(0, start - _RESCUE_REACH), start + _RESCUE_REACH) is not None
