"""
What the answers to an antibody come to: positive, negative, contradicted, or what the words around a name without an
answer say of it.

Part of the ``antibodies`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from chartsift.nlp.components.antibody_items import Answer, Name
from chartsift.nlp.components.antibody_tables import reference_comes_first
from chartsift.nlp.components.antibody_values import Polarity
from chartsift.nlp.components.antibody_words import result_words
from chartsift.nlp.components.diagnosis_cues import diagnosis_cues
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.types import Assertion

_LIST_OF_NAMES = 3
# How far a verb of ordering reaches over a list of tests, in code points.
_ORDER_REACH = 120
# "A myositis screen was sent, Jo-1 and Mi-2 among them": members of what was ordered.
_AMONG = re.compile(
    r"(?:[\s,/&]*(?:\b(?:and|or|anti)\b[\s-]*)?[A-Z][\w-]{1,9}(?:\s?[αβγ])?){0,6}[\s,(]*\b(?:among(?:st)? (?:them|others|it|these)"
    r"|includ(?:ed|ing)|in (?:it|the list|the lot)|on (?:it|the list|the form|the request))\b"
)
# "The blot has gone to London, along with anti-HMGCR".
_ADDED = re.compile(
    r"\b(?:along with|together with|as well as|plus)\s+(?:an?\s+|the\s+)?(?:anti-?\s?)?$", re.IGNORECASE
)
_ANY_RESULT = re.compile(r"\b(?:pos|neg|detect|react)|came back|equivocal|borderline", re.IGNORECASE)
_ANY_POSITIVE = re.compile(
    r"(?:detected|found|identified|present|seen|positive|pos|reactive)\.?", re.IGNORECASE
)
# A name that is followed by a number on its line has a result, read or not; it is no epithet.
_VALUE_AFTER = re.compile(r"[^.;\n\w]{0,3}(?:-?Ak\b|Abs?\b|IgG\b)?[^;\n]{0,40}?\s[<>≤≥]\s?\d|\s{2,}\d")
_ASSERTION: dict[Polarity, Assertion] = {
    "positive": "present",
    "weak": "present",
    "borderline": "possible",
    "negative": "absent",
    "unmeasured": "possible",
}


def own_answers(layout: Layout, name: Name, *, series: bool) -> list[Answer]:
    """Return the answers that count, the reference column of a table left out."""
    answers = list(name.answers)
    if series or len(answers) < 2:
        return answers
    if answers[0].start > name.end and answers[1].apart and reference_comes_first(layout, name.start):
        return answers[1:]
    kept = [answers[0]]
    for answer in answers[1:]:
        first = kept[0]
        if first.value is not None and answer.value is None:
            if answer.apart and first.polarity == "positive" and answer.polarity == "negative":
                continue  # "184   Negative": what a normal result would read
            kept.append(answer)
        elif first.value is None and answer.apart and answer.value is None:
            continue  # "Positive   Negative": result and reference
        else:
            kept.append(answer)
    return kept


def reading(
    text: str, layout: Layout, name: Name, answers: Sequence[Answer], listed: int
) -> tuple[str, Assertion, tuple[str, ...]]:
    """Return (result, assertion, cues) of a name by its answers, or by the words around it."""
    words = result_words()
    sentence = layout.sentence_at(name.head)
    begin = min(sentence.start, name.head)
    if text[max(0, begin - 3) : begin].strip() == "?":
        begin = max(0, begin - 3)
    before = text[max(begin, name.head - 60) : name.head]
    if words.if_before.search(before):
        return "conditional", "hypothetical", (before.strip(),)
    if answers:
        polarity, contradicted = _combined(text, name, answers)
        cues = tuple(dict.fromkeys(answer.words for answer in answers))
        if (
            polarity == "positive"
            and all(_ANY_POSITIVE.fullmatch(answer.words) for answer in answers)
            and (denied := words.no_before.search(before))
        ):
            return "negative", "absent", (denied.group().strip(), *cues)
        if contradicted:
            return "contradicted", "possible", cues
        if polarity == "positive" and _is_borderline_sign(text, layout, name, answers):
            return "borderline", "possible", cues
        if polarity in ("positive", "weak") and re.search(r"\?\s?$|\bwhether\b[^.,;]{0,20}$", before):
            return "questioned", "possible", cues
        return polarity, _ASSERTION[polarity], cues
    return _without_answer(text, layout, name, begin, listed)


def _without_answer(
    text: str, layout: Layout, name: Name, begin: int, listed: int
) -> tuple[str, Assertion, tuple[str, ...]]:
    """Return the reading of a name that no answer belongs to; its sentence begins at *begin*."""
    words = result_words()
    before = text[max(begin, name.head - 60) : name.head]
    seen = words.before.look(before)
    denied = seen.search("no")
    if denied:
        return "negative", "absent", (denied.group().strip(),)
    unsure = seen.search("unsure")
    if unsure:
        return "unmeasured", "possible", (unsure.group().strip(),)
    after = text[name.end : name.end + 60]
    if re.match(r"\s?\?", after):
        return "questioned", "possible", ("?",)
    if words.epithet.match(after):
        doubt = _doubt_of_disease(before)
        if doubt is not None:
            return doubt
        return "implied", "present", (after.split("\n", maxsplit=1)[0].strip()[:20],)
    if name.fallback is not None:
        return "unmeasured", "possible", (name.fallback.words,)
    ordered = words.order_before.search(text[max(begin, name.head - _ORDER_REACH) : name.head])
    if ordered:
        return "unmeasured", "possible", (ordered.group("verb").strip(),)
    if _is_work_up(text, layout, name, begin):
        return "unmeasured", "possible", ("plan",)
    if words.before.look(text[max(0, name.head - 60) : name.head]).search("epithet"):
        return "implied", "present", ()
    told = layout.sentence_text(name.start)
    if _AMONG.match(after) and words.sent.search(told) and not _ANY_RESULT.search(told):
        return "unmeasured", "possible", ("among them",)
    if _ADDED.search(before) and words.sent.search(told) and not _ANY_RESULT.search(told):
        return "unmeasured", "possible", ("sent along",)
    if listed >= _LIST_OF_NAMES or _among_names(layout, name) or _VALUE_AFTER.match(text, name.end):
        return "unmeasured", "possible", ()
    return "implied", "present", ()


def _among_names(layout: Layout, name: Name) -> bool:
    """Say whether a name without an answer stands in a list of names that broke ("…, Mi-2 a/b, TIF1y, NXP-2)")."""
    sentence = layout.sentence_at(name.start)
    left = layout.text[max(sentence.start, name.start - 60) : name.start]
    right = layout.text[name.end : min(max(sentence.end, name.end), name.end + 60)]
    any_name = _any_name()
    return any_name.search(left) is not None and len(any_name.findall(left + " § " + right)) >= _LIST_OF_NAMES


@lru_cache(maxsize=1)
def _any_name() -> re.Pattern[str]:
    """Return the names of the antibodies as the vocabulary spells them, hyphens and blanks left open."""
    spellings = sorted(
        {term.text for concept in load_concepts() if concept.kind == "antibody" for term in concept.terms},
        key=len,
        reverse=True,
    )
    loose = "|".join(re.sub(r"(?:\\[- ]|[- ])+", r"\\W?\\s?", re.escape(spelling)) for spelling in spellings)
    return re.compile(rf"(?<!\w)(?:{loose})(?!\w)")


def _doubt_of_disease(before: str) -> tuple[str, Assertion, tuple[str, ...]] | None:
    """Return how a disease named after an antibody is held when not as the patient's: "risk of HMGCR myopathy"."""
    cues = diagnosis_cues()
    seen = cues.before.look(before)
    for name, result, assertion in (
        ("hypothetical", "conditional", "hypothetical"),
        ("unsure", "questioned", "possible"),
    ):
        match = seen.search(name)
        if match is not None and not cues.stop.search(match.group("between")):
            return result, cast(Assertion, assertion), (match.group("cue"),)
    return None


def _is_work_up(text: str, layout: Layout, name: Name, begin: int) -> bool:
    """Say whether a name without an answer stands in a list of tests to be done."""
    sentence = layout.sentence_at(name.head)
    stop = min(max(sentence.end, name.end), name.end + _ORDER_REACH)
    first = max(begin, name.head - _ORDER_REACH)
    around = text[first:stop]
    words = result_words()
    if words.work_up.search(around) is None:
        return False
    if not words.other_tests.search(text[first : name.start] + " " + text[name.end : stop]):
        return False
    return layout.section_at(name.head).category == "plan" or words.to_do.match(around) is not None


def _combined(text: str, name: Name, answers: Sequence[Answer]) -> tuple[Polarity, bool]:
    """Return what several answers come to, and whether they contradict each other."""
    measured = [answer for answer in answers if answer.polarity != "unmeasured"]
    around = text[name.start : max(answer.end for answer in answers) + 40].split("\n\n", maxsplit=1)[0]
    if not measured:
        return "unmeasured", False
    # The word that a laboratory prints beside its number is its own reading of that number.
    spoken = [answer for answer in measured if answer.value is None]
    flagged = any(answer.value is not None and answer.value.flag == "H" for answer in measured)
    decisive = spoken if spoken and not (flagged and len(spoken) < len(measured)) else measured
    polarities = [answer.polarity for answer in decisive]
    positive = [p for p in polarities if p in ("positive", "weak")]
    if positive and "negative" in polarities:
        if result_words().methods.search(around):
            return "borderline", True
        return ("positive" if "positive" in positive else "weak"), False
    if positive and result_words().conflict.search(around):
        return "borderline", True
    if not positive and polarities[0] == "borderline" and polarities[-1] == "negative":
        return "negative", False  # "equivocal in May and negative in July"
    if positive and "borderline" in polarities and not _has_digit_between(text, decisive):
        return "borderline", False  # "(+) equivocal", "positive, borderline"
    if "weak" in polarities:
        # "weakly positive" beside "+" stays weak
        return "weak", False
    if positive:
        return "positive", False
    return polarities[0], False


def _has_digit_between(text: str, answers: Sequence[Answer]) -> bool:
    """Say whether dates or numbers part the answers: then they are results of several days, not one reading."""
    between = text[min(answer.end for answer in answers) : max(answer.start for answer in answers)]
    return any(c.isdigit() for c in between)


def _is_borderline_sign(text: str, layout: Layout, name: Name, answers: Sequence[Answer]) -> bool:
    """Say whether "(+)" is the line blot's sign for a borderline band rather than a clinician's positive."""
    if not all(re.fullmatch(r"\(\s?\+\s?\)", answer.words) or answer.value is not None for answer in answers):
        return False
    if not any(answer.value is None for answer in answers):
        return False
    if any(answer.value is not None and answer.value.polarity == "borderline" for answer in answers):
        return True
    line = layout.line_at(name.start)
    near = text[max(line.start, name.start - 300) : min(line.end, name.end + 300)]
    if re.search(r"\(\s?[-–−]\s?\)", near):
        return False
    block = text[max(0, name.start - 400) : name.end + 400]
    return bool(re.search(r"(?<![+\w(])\+{2,3}(?![+\w])", near) or result_words().line_blot.search(block))
