"""
The ``organs`` reader: diseases of the organ systems with how bad they are said to be now.

A name alone seldom tells. The words of its own clause do (``organ_levels``), and those that place it in the past
(``organ_past``). Whether a disease counts for a trial is the predicate's question.

Reads: doc.spans["concepts"] of kind organ_disease, doc._.layout. Writes: drafts of kind organ_disease.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.not_an_illness import is_initials, is_service
from chartsift.nlp.components.organ_clauses import Clause, clause_around
from chartsift.nlp.components.organ_levels import BAD, BAD_LEVELS, GOOD, level_of, levels_in
from chartsift.nlp.components.organ_past import LASTING, OVER, is_of_a_drug, is_over, is_replaced
from chartsift.nlp.components.relatives import relative_named
from chartsift.nlp.text.cues import CueSet
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion
from chartsift.nlp.values import maker

_made = maker(Draft)

# "Risks include pneumonitis, colitis and ...": named as what may come, however long the list.
_RISK_LIST = gate(
    r"\b(?:risks?|complications?|side effects?|adverse (?:events?|"
    r"effects?))\b[^.;]{0,160}\b(?:includ\w+|such as|like|are|:)[^.;]{0,260}$",
    re.IGNORECASE,
)
_RISK_REACH = 400
_LISTS = frozenset({"past_history", "problem_list"})
# What these sections name is a relative's, or what is to be avoided.
_SKIPPED: dict[str, Assertion] = {
    "family_history": "family",
    "allergies": "hypothetical",
    "immunizations": "hypothetical",
}
# Diseases that the vocabulary of mimics names as well; where its span was kept, the organ is read from it.
_MIMICS = {
    "neurogenic": ("neurological", {"disease": "neuro_chronic", "weight": "major"}),
    "myasthenia": ("neurological", {"disease": "neuro_chronic", "weight": "major"}),
}
_HISTORY_LINE = re.compile(
    r"\s*(?:[-*•#]\s*)?(?:PMHx?|PMSHx?|past (?:medical )?(?:history|hx)|medical history|"
    r"problem list)\s*(?:[|:]|\.{2,})",
    re.IGNORECASE,
)
# "Three seizures this week", "a fit every month": seizures that still come are not controlled.
_HOW_OFTEN = re.compile(
    r"\s*(?:this|per|a|an|every|each|in the (?:last|past))\s+(?:\w+\s)?(?:day|night|week|month)s?\b",
    re.IGNORECASE,
)
_FATAL = frozenset({"als", "amyotrophic lateral sclerosis", "motor neuron disease"})
# "psych (-) SI"
_SIGN_NO = re.compile(r"\(\s*[-–−]\s*\)\s*$")
_TALKED_OF = re.compile(
    r"\s*(?:was |were |is )?(?:discussed|as an? (?:possible |rare |known |potential )?(?:risk|"
    r"complication|side[- ]effect|adverse)|risk\b|precautions|screening)"
)
_NO_CHANGE_OF = re.compile(
    r"\b(?:no|not|without|w/o|never)\s+(?:\w+\s){0,2}(?:progress\w*|"
    r"worsen\w*|change|decline|exacerbat\w*|flares?|evidence of progress\w*|"
    r"recurrence|severe|significant|active|acute|decompensat\w*)\s(?:\w+\s){0,2}(?:of|"
    r"in)\s"
)
_UNLIKELY_AFTER = re.compile(
    r"\s*(?:is|was|felt|seems|thought)?\s*(?:to be\s)?(?:less likely|unlikely|not likely|improbable|"
    r"excluded|ruled out)\b"
)
_UNLIKELY_BEFORE = re.compile(
    r"\b(?:unlikely|doubt|low suspicion for|not suggestive of|speaks against|"
    r"argues against)\s+(?:an?\s)?$"
)
_OWN_BEFORE = re.compile(r"\b(?:on|for|with|known|his|her|has)\s*$")
_RATED_AFTER = re.compile(
    r"\s*(?:is|,)?\s*(?:stable|severe|worsening|progressive|uncontrolled|"
    r"controlled)"
)
# One look tells of most clauses that they rate nothing and put nothing in the past.
_CUES = CueSet({"bad": BAD, "good": GOOD, "over": OVER})


class Organs:
    """Turn mentions of organ diseases into drafts with severity, course and control."""

    def __call__(self, doc: Doc) -> Doc:
        spans = [
            span
            for span in concept_spans(doc, ("organ_disease", "mimic"))
            if span.label_ == "ORGAN_DISEASE" or sense_of(span).concept.concept in _MIMICS
        ]
        if spans:
            drafts_of(doc).extend(_read(doc, spans))
        return doc


def _read(doc: Doc, spans: Sequence[Span]) -> Iterator[Draft]:
    text: str = doc._.note_text
    kept = []
    for span in spans:
        start, end = source_range(span)
        if not _is_no_illness(text, start, end):
            kept.append((span, start, end))
    for i, (span, start, end) in enumerate(kept):
        left_limit = kept[i - 1][2] if i > 0 else 0
        right_limit = kept[i + 1][1] if i + 1 < len(kept) else len(text)
        yield _draft(doc, span, start, end, left_limit, right_limit)


def _is_no_illness(text: str, start: int, end: int) -> bool:
    if is_initials(text, start, end):
        return True
    # Whoever goes to a dialysis unit is on dialysis.
    return is_service(text, end) and "dialys" not in text[start:end].lower()


def _draft(doc: Doc, span: Span, start: int, end: int, left_limit: int, right_limit: int) -> Draft:
    layout: Layout = doc._.layout
    text = layout.text
    system, fixed = _disease_of(span, text[start:end].lower())
    weight = fixed.get("weight", "")
    sentence = layout.sentence_at(start)
    section = layout.section_at(start).category
    clause = clause_around(text, sentence, start, end, left_limit, right_limit)
    assertion, cues = assertion_of(span)
    if assertion == "family" and not relative_named(text, start, end):
        assertion = "present"
    assertion = _refined(assertion, clause)
    if assertion == "present" and _RISK_LIST.search(
        text, max(min(sentence.start, start), start - _RISK_REACH), start
    ):
        assertion = "hypothetical"
    cued = _CUES.may_match(f"{clause.lower_left}\n{clause.lower_right}")
    levels: set[str] = set()
    words: tuple[str, ...] = ()
    if "bad" in cued or "good" in cued:
        levels, words = levels_in(clause, cued)
    if fixed["disease"] == "epilepsy" and _HOW_OFTEN.match(clause.right):
        levels.add("uncontrolled")
    if fixed.get("course") == "progressive":
        levels.add("progressive")
    level = level_of(levels)
    if assertion == "historical" or (assertion == "present" and level not in BAD_LEVELS):
        over = is_over(text, note_date_of(doc), start, end, clause, weight, may_say_so="over" in cued)
        if over or assertion == "historical":
            assertion, level = _held_in_the_past(clause, weight, level, over=over)
    if assertion == "present" and (
        is_of_a_drug(clause, weight) or is_replaced(text, sentence, start, end, fixed)
    ):
        assertion, level = "historical", "resolved"
    attributes = dict(fixed)
    attributes["level"] = level or "unspecified"
    if section in _LISTS or _HISTORY_LINE.match(text, text.rfind("\n", 0, start) + 1, start):
        attributes["listed"] = "yes"
    if assertion == "present":
        assertion = _SKIPPED.get(section, "present")
    if section == "ros":
        attributes["templated"] = "yes" if layout.is_templated(start) else "no"
    return _made(
        start,
        _end_with(words, clause.right, end),
        "organ_disease",
        system,
        assertion,
        "organs:disease",
        (*cues, *words),
        score=0.9,
        attributes=attributes,
    )


def _disease_of(span: Span, name: str) -> tuple[str, Mapping[str, str]]:
    """Return the organ system of a mention and what is always true of the disease; *name* is in lower case."""
    concept = sense_of(span).concept
    if concept.kind != "mimic":
        return concept.concept, concept.attributes
    system, fixed = _MIMICS[concept.concept]
    if name in _FATAL:
        return system, {"disease": "als", "weight": "severe"}
    if name.startswith("guillain"):
        return system, {"disease": "neuro_acute", "weight": "acute"}
    return system, fixed


def _held_in_the_past(clause: Clause, weight: str, level: str, *, over: bool) -> tuple[Assertion, str]:
    """Return how a disease is held that is told of as history, and its level."""
    lasting = weight in LASTING
    # "history of asthma, well controlled" is a present disease that is controlled.
    if lasting and level in ("controlled", "stable", "mild"):
        return "present", level
    if lasting and not over:
        # "history of asthma, poorly controlled": what follows is said of now.
        behind, _ = levels_in(clause._replace(left="", lower_left=""))
        if level_of(behind) in BAD_LEVELS:
            return "present", level
    return "historical", "resolved"


def _refined(assertion: Assertion, clause: Clause) -> Assertion:
    """Correct the general reading where its cue speaks of a change ("no progression of ILD") or of another thing."""
    left, right = clause.lower_left, clause.lower_right
    if ")" in left and _SIGN_NO.search(left):
        return "absent"
    if assertion == "present":
        return "hypothetical" if _TALKED_OF.match(right) else assertion
    if assertion == "absent":
        return "present" if _NO_CHANGE_OF.search(left) else assertion
    if assertion == "possible" and (_UNLIKELY_AFTER.match(right) or _UNLIKELY_BEFORE.search(left)):
        return "absent"
    if assertion in ("hypothetical", "possible") and _OWN_BEFORE.search(left) and _RATED_AFTER.match(right):
        return "present"
    return assertion


def _end_with(words: Sequence[str], right: str, end: int) -> int:
    """Return the end of a mention together with the deciding words right behind it, for a reader to see both."""
    finish = end
    for word in words:
        at = right.find(word)
        if 0 <= at <= 60:
            finish = max(finish, end + at + len(word))
    return finish


register("organs", lambda nlp: Organs())
