"""
Infections that stay for years: HIV, hepatitis B and C, and latent tuberculosis.

What matters of them is not the name but how they stand: suppressed, viremic, cured, or a course that is done. Part of
the ``infections`` reader.
"""

from __future__ import annotations

import re

from spacy.tokens import Doc

from chartsift.nlp.components.infection_context import MentionContext
from chartsift.nlp.components.infection_cues import (
    EXPOSURE,
    LOAD,
    LOAD_NAME,
    NEGATIVE,
    NOT_OF_IT,
    RESOLVED,
    STILL,
    SUPPRESSED,
    SURFACE_NEGATIVE,
    UNDER_WAY,
    VIREMIC,
)
from chartsift.nlp.components.infection_results import is_negative_before, is_result_negative
from chartsift.nlp.components.lowered import lowered
from chartsift.nlp.types import Assertion

# Latent infection whose course is finished, or was one of an earlier year. Both go to a person, by the guidelines.
_TREATED_BEFORE = re.compile(
    r"\b(?:completed|finished|s/p|status post|treated|took|received|had|h/o|history of)\b[^.;]{0,60}"
    r"\b(?:(?:in|since|of)?\s*(?:19|20)\d\d|(?:[3-9]|1[0-2]|three|four|six|nine|twelve)[\s-]*(?:months?|mos?)"
    r"|years? ago|as a child|childhood|then\b)"
    r"|\b(?:completed|finished|fully treated|treatment complete)\b",
    re.IGNORECASE,
)
# How far around hepatitis B its serology stands, in code points.
_SEROLOGY_REACH = 160
_AGAINST_HBV = re.compile(
    r"\b(?:entecavir|baraclude|tenofovir|TDF|TAF|vemlidy|viread|lamivudine|adefovir)\b", re.IGNORECASE
)
_ON_HCV_DRUG = re.compile(
    r"\b(?:on|taking|receiving|week \d+ (?:of|on)|started|currently)\s+(?:\w+\s)?(?:sofosbuvir\S*|ledipasvir\S*|velpatasvir\S*"
    r"|glecaprevir\S*|epclusa|harvoni|mavyret|maviret|vosevi|zepatier|ribavirin|DAAs?)\b",
    re.IGNORECASE,
)


def chronic(doc: Doc, name: str, context: MentionContext) -> tuple[str, Assertion]:  # noqa: PLR0911 - one question after another, first answer wins
    """Return how HIV, hepatitis B or hepatitis C stands."""
    left, right, words = context.left, context.right, context.sentence
    if name == "hiv" and re.search(r"\b(?:myositis|vs|rule out|r/o)\b", right[:14], re.IGNORECASE):
        return "mentioned", "hypothetical"
    if name == "hbv" and _surface_negative(doc, context):
        return ("negative", "absent") if NEGATIVE.match(lowered(right)) else ("past_exposure", "historical")
    rna = re.search(r"\b(?:RNA|DNA|VL|viral load)\b", words[len(left) : len(left) + 40], re.IGNORECASE)
    if rna is not None and SUPPRESSED.search(words[len(left) :]):
        if name == "hcv":
            # No virus without treatment is a cured or cleared hepatitis C; there is no suppression to keep up.
            return (
                ("suppressed", "present")
                if _ON_HCV_DRUG.search(context.before + words)
                else ("resolved", "historical")
            )
        return "suppressed", "present"
    if LOAD_NAME.search(doc._.note_text[context.start : context.end]) and LOAD.match(right):
        return "viremic", "present"
    if is_result_negative(context) and not rna:
        if name == "hbv" and re.match(r"\s*immune", right):
            return "immune", "absent"
        return "negative", "absent"
    if NOT_OF_IT.search(context.before[-130:]):
        return "mentioned", "hypothetical"
    if context.assertion == "absent" or is_negative_before(left):
        return "negative", "absent"
    if re.search(
        r"\bimmune\b|\bsAb\s?\+|HBsAb|\bs\s?Ab\s*(?:titer\s*)?[:=]?\s*(?:\d|ok|pos|reactive|>)",
        words[len(left) : len(left) + 40],
    ) and not re.search(r"sAg\s?\+|core (?:Ab )?pos", words):
        return "immune", "absent"
    if (
        context.assertion in ("hypothetical", "possible")
        and not re.search(r"\b(?:on|with|known|has|chronic)\s*$", left)
        and not VIREMIC.search(right[:50])
    ):
        return "suspected" if context.assertion == "possible" else "conditional", context.assertion
    if EXPOSURE.search(right[:22]):
        return "exposure", "hypothetical"
    if re.search(
        r"\bs(?:creen|creening|erolog\w*)\b|\bpanel\b|\b(?:labs?|sent|"
        r"ordered|check\w*|pending)\b",
        right[:24],
        re.IGNORECASE,
    ):
        return "screened", "hypothetical"
    if name == "hcv" and (RESOLVED.search(words) or re.search(r"\b(?:SVR|cured|treated|cleared)\b", words)):
        return "resolved", "historical"
    if (
        name == "hbv"
        and re.search(r"\b(?:resolved|past|prior|cleared|HBcAb|core|anti-HBc)\b", words, re.IGNORECASE)
        and not VIREMIC.search(right)
    ):
        return "past_exposure", "historical"
    if SUPPRESSED.search(words):
        return "suppressed", "present"
    ahead = VIREMIC.search(right)
    if (ahead or VIREMIC.search(left[-25:])) and not re.search(
        r"\b(?:prior|previous|before|until \d{4}|in (?:19|20)\d\d|blip|"
        r"no longer|not|never)\b[^,;]{0,20}$",
        right[: ahead.start() if ahead is not None else 0],
        re.IGNORECASE,
    ):
        return "viremic", "present"
    if context.section == "ros" or not re.search(r"\w", words):
        return "mentioned", "hypothetical"
    return "stated", "present"


def _surface_negative(doc: Doc, context: MentionContext) -> bool:
    """Say whether the lines around hepatitis B give the surface antigen as negative, and no drug against the virus."""
    text: str = doc._.note_text
    around = text[max(0, context.start - _SEROLOGY_REACH) : context.end + _SEROLOGY_REACH]
    return (
        SURFACE_NEGATIVE.search(around) is not None
        and _AGAINST_HBV.search(around) is None
        and VIREMIC.search(context.right) is None
    )


def latent(context: MentionContext) -> tuple[str, Assertion]:
    """Return how latent tuberculosis stands."""
    if context.assertion == "absent" or NEGATIVE.match(lowered(context.right)):
        return "negative", "absent"
    if context.assertion == "possible":
        return "suspected", "possible"
    if (
        _TREATED_BEFORE.search(context.sentence)
        and not UNDER_WAY.search(context.sentence)
        and not STILL.search(context.sentence)
        and not context.course.running
    ):
        return "treated", "historical"
    return "latent", "present"
