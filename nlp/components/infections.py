"""
The ``infections`` reader: infections with how they stand, and antimicrobial drugs with what they are given for.

``status`` is one of: active (said to be going on or under treatment), stated (named as the patient's without more),
past, resolved, prophylaxis, vaccine, exposure, colonised, negative, latent, suppressed, viremic, listed (a
problem list or history), none (a denial of all infection). ``until`` is the last day of a course.

Reads: doc.spans["concepts"] of kinds infection and antimicrobial, doc._.layout. Writes: drafts of both kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.courses import Course, course_in
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.infection_cues import (
    ACTIVE,
    ALLERGY,
    BOUNDARY,
    CHRONIC_USE,
    COLONISED,
    CONDITION,
    EARLIER_DAYS,
    EXPOSURE,
    FINISHED,
    FRACTIONS,
    FREE_SINCE,
    LEFT,
    LISTS,
    NEGATIVE,
    NEGATIVE_LEFT,
    OFTEN_PREVENTED,
    PLANNED_DRUG,
    POSSIBLE_EXTRA,
    PROPHYLAXIS,
    RESOLVED,
    RIGHT,
    RISK_LIST,
    SCHEDULE,
    STILL,
    SUPPRESSED,
    TOPICAL,
    TREATMENT_DOSE,
    VACCINE,
    VACCINE_LEFT,
    VIREMIC,
    WELL_AGAIN,
)
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion


@dataclass(frozen=True, slots=True)
class _Context:
    """A mention with its words: ``before`` is the whole sentence up to it, ``after`` a little of what follows."""

    start: int
    end: int
    before: str
    after: str
    left: str
    right: str
    sentence: str
    section: str
    course: Course
    assertion: Assertion
    cues: tuple[str, ...]


class Infections:
    """Turn mentions of infections and antimicrobials into drafts."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["infection", "antimicrobial"])
        if not spans:
            return doc
        bounds = [source_range(span) for span in spans]
        drugs = [bounds[i] for i, span in enumerate(spans) if span.label_ == "ANTIMICROBIAL"]
        illnesses = [bounds[i] for i, span in enumerate(spans) if span.label_ == "INFECTION"]
        out = drafts_of(doc)
        for span, (start, end) in zip(spans, bounds, strict=True):
            context = _context(doc, span, start, end)
            if span.label_ == "INFECTION":
                out.extend(_infection(doc, span, context, drugs))
            else:
                out.extend(_drug(doc, span, context, illnesses))
        return doc


def _context(doc: Doc, span: Span, start: int, end: int) -> _Context:
    layout: Layout = doc._.layout
    text = layout.text
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - LEFT) : start]
    cuts = [m.end() for m in BOUNDARY.finditer(left)]
    left = left[cuts[-1] :] if cuts else left
    right = text[end : min(max(sentence.end, end), end + RIGHT)]
    stop = BOUNDARY.search(right)
    right = right[: stop.start()] if stop is not None else right
    assertion, cues = assertion_of(span)
    section = layout.section_at(start).category
    first, last = start - len(left), end + len(right)
    if span.label_ == "ANTIMICROBIAL" and section in ("medications", "preamble", "other"):
        # In a list of drugs each entry has its own course.
        first = start
        entry = re.search(r"[,;|\n]", right)
        if section == "medications" and entry is not None:
            last = end + entry.start()
    course = course_in(text, max(first, 0), last, note_date_of(doc))
    before = text[max(min(sentence.start, start), start - 400) : start]
    after = text[end : end + 150]
    return _Context(
        start,
        end,
        before,
        after,
        left,
        right,
        left + text[start:end] + right,
        section,
        course,
        assertion,
        cues,
    )


def _near(bounds: Sequence[tuple[int, int]], context: _Context) -> list[tuple[int, int]]:
    low, high = context.start - len(context.left), context.end + len(context.right)
    return [(s, e) for s, e in bounds if low <= s and e <= high]


# ---- infections


def _infection(doc: Doc, span: Span, context: _Context, drugs: Sequence[tuple[int, int]]) -> Iterator[Draft]:
    concept = sense_of(span).concept
    kind_of_run = concept.attributes["span"]
    status, assertion = _status(doc, concept.concept, kind_of_run, context, drugs)
    attributes = {**concept.attributes, "status": status}
    if context.course.until is not None and status in ("active", "stated"):
        attributes["until"] = context.course.until.isoformat()
    yield Draft(
        context.start,
        context.end,
        "infection",
        concept.concept,
        assertion,
        "infections:illness",
        context.cues,
        score=0.9,
        attributes=attributes,
    )


def _status(  # noqa: PLR0911, PLR0912 - one question after another, first answer wins
    doc: Doc, name: str, run: str, context: _Context, drugs: Sequence[tuple[int, int]]
) -> tuple[str, Assertion]:
    left, right, words = context.left, context.right, context.sentence
    if context.assertion == "family" or context.section == "family_history":
        return "other_person", "family"
    if context.section == "allergies":
        return "reaction", "hypothetical"
    if context.section == "immunizations" or VACCINE.match(right) or VACCINE_LEFT.search(left[-60:]):
        return "vaccine", "hypothetical"
    if RISK_LIST.search(context.before):
        return "conditional", "hypothetical"
    if run == "chronic":
        return _chronic(name, context)
    if (
        PROPHYLAXIS.search(right[:28])
        or re.search(
            r"\b(?:ppx|proph\w*|prevent\w*)\s+(?:for|of|against|is|:|-)?\s*(?:[\w/]+\s){0,2}$",
            left,
            re.IGNORECASE,
        )
    ) and (name != "infection" or not ACTIVE.search(left)):
        return "prophylaxis", "hypothetical"
    if run == "latent":
        return _latent(context)
    if NEGATIVE.match(right) or (NEGATIVE_LEFT.search(left) and not STILL.search(words)):
        return ("none" if run == "general" else "negative"), "absent"
    if context.assertion == "absent":
        # "not cured", "no worsening of the cellulitis": the cue speaks of the course.
        if STILL.search(words) and re.search(
            r"\bnot (?:yet )?(?:cured|cleared|healed|resolved)|isn't cured|"
            r"hasn't",
            words,
        ):
            return "active", "present"
        return ("none" if run == "general" else "negative"), "absent"
    if EXPOSURE.search(right[:24]) or re.search(
        r"\b(?:exposure|exposed|contact|risk|screen\w*)\s+(?:\w+\s){0,3}$", left, re.IGNORECASE
    ):
        return "exposure", "hypothetical"
    if COLONISED.search(words) and not STILL.search(words):
        return "colonised", "absent"
    if name == "cmv" and re.search(r"\bIgG\b", right[:10]) and not re.search(r"PCR (?:pos|\d)", right):
        return "exposure", "hypothetical"
    if CONDITION.search(context.before[-60:]):
        return "conditional", "hypothetical"
    treating = re.search(r"\b(?:treat\w*|on day|continue\w*)\b", left, re.IGNORECASE)
    if context.assertion == "hypothetical" and treating is None:
        return "conditional", "hypothetical"
    if run == "fever":
        return (
            ("resolved", "historical")
            if RESOLVED.search(right) or re.search(r"\bneg\w*", right[:40])
            else ("pending", "possible")
        )
    if name in OFTEN_PREVENTED and not context.course.running and not TREATMENT_DOSE.search(words):
        drug = re.search(
            r"\b(?:atovaquone|mepron|dapsone|pentamidine|bactrim|TMP[-/ ]SMX|"
            r"letermovir|(?:val)?acyclovir|posaconazole|fluconazole)\b[^.;,]{0,40}\b(?:for|"
            r"vs|against)\s+(?:\w+\s)?$",
            left,
            re.IGNORECASE,
        )
        if drug is not None and not ACTIVE.search(drug.group().split(" for ")[0]):
            return "prophylaxis", "hypothetical"
    over = _over(doc, context)
    treated = _near(drugs, context)
    still = STILL.search(words)
    if over and still is None and not context.course.running:
        return "resolved", "historical"
    if context.course.finished and still is None:
        return "resolved", "historical"
    doubt = context.assertion == "possible" or POSSIBLE_EXTRA.search(left[-30:]) or re.match(r"\s*\?", right)
    active = ACTIVE.search(left[-45:]) or ACTIVE.search(right) or context.course.running
    if doubt and not (treated and active and not re.search(r"empiric|low suspicion", words, re.IGNORECASE)):
        return "suspected", "possible"
    if active or still:
        return "active", "present"
    if context.section in LISTS or (context.section in ("medications",) and run != "general"):
        return "listed", "historical" if context.section in LISTS else "present"
    if run == "general":
        return "mentioned", "present"
    if context.assertion == "historical":
        return "resolved", "historical"
    return "stated", "present"


def _over(doc: Doc, context: _Context) -> bool:
    """Say whether the clause tells of an infection that has passed."""
    for words, limit in ((context.left[-45:], True), (context.right[:90], False)):
        for match in RESOLVED.finditer(words):
            before = words[: match.start()]
            if re.search(
                r"\b(?:not|never|hasn't|isn't|until|once|when|if|till|nor)\b[^,;]{0,18}$",
                before,
                re.IGNORECASE,
            ):
                continue
            said = match.group().lower()
            if said == "completed" and re.search(r"\bto be\s*$", before):
                continue
            # "completed a course for cellulitis" is past; "infection cleared, pneumonia now" is another thing.
            ends = said in ("completed", "finished", "cleared", "gone", "healed")
            if limit and ends and re.search(r"[,;]", words[match.end() :]):
                continue
            if not limit and said in (
                "prior",
                "previous",
                "past",
                "hx",
                "h/o",
                "had a",
                "history of",
                "since the",
                "s/p",
            ):
                continue
            return True
    if re.search(r"(?<!has )(?<!have )(?<!'s )\bhad\s+(?:\w+\s)?$", context.left, re.IGNORECASE):
        return True
    if (FREE_SINCE.match(context.after) or WELL_AGAIN.match(context.after)) and not STILL.search(
        context.sentence
    ):
        return True
    note_date = note_date_of(doc)
    text: str = doc._.note_text
    for mention in find_dates(
        text, note_date, start=max(0, context.start - 30), end=min(len(text), context.end + 45)
    ):
        beside = (
            text[mention.end : context.start]
            if mention.end <= context.start
            else text[context.end : mention.start]
        )
        if re.search(r"[.;|\n]|\bsince\b|\bthru|through|until", beside, re.IGNORECASE) or (
            mention.relative and mention.precision == "day"
        ):
            continue
        if text[mention.start : mention.end] in FRACTIONS:
            continue
        if mention.end <= context.start and len(beside) > 14:
            continue
        if (note_date - mention.last).days > EARLIER_DAYS:
            return True
    return False


def _chronic(name: str, context: _Context) -> tuple[str, Assertion]:  # noqa: PLR0911 - one question after another, first answer wins
    """Return how HIV, hepatitis B or hepatitis C stands."""
    left, right, words = context.left, context.right, context.sentence
    if name == "hiv" and re.search(r"\b(?:myositis|vs|rule out|r/o)\b", right[:14], re.IGNORECASE):
        return "mentioned", "hypothetical"
    rna = re.search(r"\b(?:RNA|DNA|VL|viral load)\b", words[len(left) : len(left) + 40], re.IGNORECASE)
    if rna is not None and SUPPRESSED.search(words[len(left) :]):
        return "suppressed", "present"
    if NEGATIVE.match(right) and not rna:
        if name == "hbv" and re.match(r"\s*immune", right):
            return "immune", "absent"
        return "negative", "absent"
    if context.assertion == "absent" or NEGATIVE_LEFT.search(left):
        return "negative", "absent"
    if re.search(r"\bimmune\b|\bsAb\s?\+|HBsAb", words[len(left) : len(left) + 40]) and not re.search(
        r"sAg\s?\+|core (?:Ab )?pos", words
    ):
        return "immune", "absent"
    if context.assertion in ("hypothetical", "possible") and not re.search(
        r"\b(?:on|with|known|has|chronic)\s*$", left
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


def _latent(context: _Context) -> tuple[str, Assertion]:
    if context.assertion == "absent" or NEGATIVE.match(context.right):
        return "negative", "absent"
    if context.assertion == "possible":
        return "suspected", "possible"
    return "latent", "present"


# ---- drugs


def _drug(doc: Doc, span: Span, context: _Context, illnesses: Sequence[tuple[int, int]]) -> Iterator[Draft]:
    concept = sense_of(span).concept
    usual = concept.attributes["usual"]
    status, assertion = _use(usual, context, bool(_near(illnesses, context)), doc)
    if status == "":
        return
    attributes = {**concept.attributes, "status": status}
    if status in ("treatment", "listed", "finished") and context.course.until is not None:
        attributes["until"] = context.course.until.isoformat()
    yield Draft(
        context.start,
        context.end,
        "antimicrobial",
        concept.concept,
        assertion,
        "infections:drug",
        context.cues,
        score=0.85,
        attributes=attributes,
    )


def _use(usual: str, context: _Context, with_illness: bool, doc: Doc) -> tuple[str, Assertion]:  # noqa: PLR0911 - one question after another, first answer wins
    left, right, words = context.left, context.right, context.sentence
    if context.assertion == "family" or context.section in ("family_history", "immunizations"):
        return "", "family"
    if (
        context.section == "allergies"
        or (ALLERGY.search(right[:40]) and not PROPHYLAXIS.search(right[:40]))
        or re.search(r"\ballerg\w*\s*(?:to|:|-)?\s*(?:[\w/]+[\s,]+){0,3}$", left, re.IGNORECASE)
    ):
        return "reaction", "hypothetical"
    if context.assertion == "absent":
        return "none", "absent"
    if usual in ("hiv", "hbv"):
        return "maintenance", "present" if context.assertion == "present" else context.assertion
    if TOPICAL.search(left[-14:]) or TOPICAL.search(right[:22]):
        return "topical", "hypothetical"
    if usual == "tb":
        return (
            "latent_treatment"
            if re.search(
                r"latent|LTBI|IGRA|quantif|QFT|PPD|\b9 months?\b|\b4 months?\b", words, re.IGNORECASE
            )
            else "treatment"
        ), "present"
    near = left[-60:] + " " + right[:60]
    own = right[:45]
    # "TMP-SMX ppx; cefpodoxime thru 11/18": the word belongs to its own drug.
    preventive = (
        (usual == "prophylaxis" and PROPHYLAXIS.search(near))
        or PROPHYLAXIS.search(re.split(r"[,;+&]|\band\b", right)[0][:60])
        or PROPHYLAXIS.search(left[-25:])
        or SCHEDULE.search(own)
    )
    if preventive and not (TREATMENT_DOSE.search(own) and context.course.running):
        return "prophylaxis", "hypothetical"
    if usual == "prophylaxis":
        dosed = TREATMENT_DOSE.search(own) or re.search(
            r"\b(?:treat\w*|full dose|IV)\b[^,;]{0,20}$", left, re.IGNORECASE
        )
        if not (dosed or context.course.running or (with_illness and ACTIVE.search(words))):
            return "presumed_prophylaxis", "hypothetical"
    if CHRONIC_USE.search(near) and not re.search(
        r"\binfect\w*|cellulitis|pus\b|purulen\w*|exacerbation", near, re.IGNORECASE
    ):
        return "other_use", "hypothetical"
    if context.course.finished or (
        (FINISHED.search(left[-45:]) or FINISHED.search(right[:60]) or context.assertion == "historical")
        and not context.course.running
        and not STILL.search(words)
    ):
        return "finished", "historical"
    if _dated_past(doc, context) and not context.course.running:
        return "finished", "historical"
    if CONDITION.search(context.before):
        return "planned", "hypothetical"
    if (context.assertion in ("hypothetical", "possible") or PLANNED_DRUG.search(left[-30:])) and not (
        context.course.running
        or re.search(r"\b(?:continue\w*|cont|start(?:ed)?|on)\s*$", left, re.IGNORECASE)
    ):
        return "planned", "hypothetical"
    running = (
        context.course.running
        or re.search(
            r"\b(?:on|continue\w*|cont\.?|start(?:ed|ing)?|began|taking|takes|"
            r"receiving|currently|now|remains on|treat\w* with|IV|d/c (?:home )?on|"
            r"prescribed|Rx'?d?|switched to|transition\w* to|with)\b[^.;]{0,40}$",
            left,
            re.IGNORECASE,
        )
        or re.search(
            r"\b(?:day|d|wk|week)\s?#?\d|\bx\s?\d+\s?d|\bcourse\b|\bfor\s+\d+|"
            r"\bstarted\b|\bcontinues?\b|\bongoing\b|\bto (?:stop|continue|"
            r"complete|finish)\b",
            right[:60],
            re.IGNORECASE,
        )
    )
    if running:
        return "treatment", "present"
    if context.section == "medications" and usual != "general":
        return "listed", "present"
    return (
        ("mentioned", "hypothetical") if usual == "general" or not with_illness else ("treatment", "present")
    )


def _dated_past(doc: Doc, context: _Context) -> bool:
    note_date = note_date_of(doc)
    text: str = doc._.note_text
    low, high = context.start - min(len(context.left), 40), context.end + min(len(context.right), 40)
    for mention in find_dates(text, note_date, start=low, end=high):
        if mention.relative and mention.precision == "day":
            continue
        if (note_date - mention.last).days > EARLIER_DAYS and not re.search(
            r"\b(?:since|from|start\w*)\s*$", text[low : mention.start], re.IGNORECASE
        ):
            return True
    return False


register("infections", lambda nlp: Infections())
