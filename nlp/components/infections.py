"""
The ``infections`` reader: infections with how they stand, and antimicrobial drugs with what they are given for.

``status`` is one of: active (said to be going on or under treatment), stated (named as the patient's without more),
past, resolved, prophylaxis, vaccine, exposure, colonised, negative, latent, treated (a latent one whose course is
done), unfinished (one that is treated for months, dated within them, without a word of its end), suppressed, viremic,
listed (a problem list or history), none (a denial of all infection). ``until`` is the last day of a course.

Reads: doc.spans["concepts"] of kinds infection and antimicrobial, doc._.layout. Writes: drafts of both kinds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.infection_context import (
    MentionContext,
    answers_a_question,
    context_of,
    days_since_month,
    near,
    usual_length,
)
from chartsift.nlp.components.infection_cues import (
    ACTIVE,
    BARE_NO_LEFT,
    CAN_CAUSE,
    COLONISED,
    CONDITION,
    EARLIER_DAYS,
    EXCLUDED_LEFT,
    EXPOSURE,
    FIRST_CALLED_LEFT,
    GIVEN_WITH,
    HISTORY_AFTER,
    IMMUNE,
    INSTRUCTION,
    INSTRUCTION_AFTER,
    LISTS,
    MAY_CAUSE_LEFT,
    MONTH_AFTER,
    MONTH_BEFORE,
    NEGATIVE_THEN,
    NOT_ADMITTED_LEFT,
    NOT_OF_IT,
    OFTEN_PREVENTED,
    OTHER_PLANNED,
    POSSIBLE_EXTRA,
    PREVENTED_LEFT,
    PROPHYLAXIS,
    PROTOCOL_TALK,
    QUESTION_ANSWERED_NO,
    RESOLVED,
    RISK_LIST,
    SAMPLED_DURING,
    SCREENED,
    SCREENED_LEFT,
    SCREENED_NAMES,
    SINCE_THE,
    SOON_OVER_DAYS,
    START_IF,
    STILL,
    TAKES,
    TB_TEST_AFTER,
    TEST_AGAINST,
    TEST_OPEN,
    THOUGHT_LEFT,
    TREATMENT_DOSE,
    TURNED_OUT_NOT,
    UNDER_TREATMENT,
    VACCINE,
    VACCINE_LEFT,
    VACCINE_LINE,
    WAITED_FOR_LEFT,
)
from chartsift.nlp.components.infection_drugs import Illnesses, read_drug
from chartsift.nlp.components.infection_lasting import chronic, latent
from chartsift.nlp.components.infection_over import days_since, is_told_as_over
from chartsift.nlp.components.infection_results import is_negative_before, is_result_negative
from chartsift.nlp.components.not_an_illness import is_initials, is_service
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

# The shortest course of tuberculosis takes six months, and those of bone, moulds and other mycobacteria are of that order.
_LASTING_DAYS = 190
# Most infections are treated for at most four weeks: an entry of a list that is younger may still be ill.
_LATELY_DAYS = 28


class Infections:
    """Turn mentions of infections and antimicrobials into drafts."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ["infection", "antimicrobial"])
        if not spans:
            return doc
        bounds = [source_range(span) for span in spans]
        drugs = [bounds[i] for i, span in enumerate(spans) if span.label_ == "ANTIMICROBIAL"]
        contexts = [context_of(doc, span, *found) for span, found in zip(spans, bounds, strict=True)]
        illnesses = Illnesses()
        out = drafts_of(doc)
        for span, found, context in zip(spans, bounds, contexts, strict=True):
            if span.label_ != "INFECTION" or is_initials(doc._.note_text, *found):
                continue
            draft = _infection(doc, span, context, drugs)
            out.append(draft)
            status = draft.attributes["status"]
            (illnesses.past if status == "resolved" else illnesses.here).append(found)
            if draft.concept in OFTEN_PREVENTED and status in ("active", "stated"):
                illnesses.prevented.append(found)
            if draft.attributes["span"] == "long" and status != "resolved":
                illnesses.lasting.append(found)
        for span, context in zip(spans, contexts, strict=True):
            if span.label_ == "ANTIMICROBIAL":
                out.extend(read_drug(doc, span, context, illnesses))
        return doc


def _infection(doc: Doc, span: Span, context: MentionContext, drugs: Sequence[tuple[int, int]]) -> Draft:
    concept = sense_of(span).concept
    kind_of_run = concept.attributes["span"]
    status, assertion = _status(doc, concept.concept, kind_of_run, context, drugs)
    attributes = {**concept.attributes, "status": status}
    if context.course.until is not None and status in ("active", "stated"):
        attributes["until"] = context.course.until.isoformat()
    return Draft(
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
    doc: Doc, name: str, run: str, context: MentionContext, drugs: Sequence[tuple[int, int]]
) -> tuple[str, Assertion]:
    left, right, words = context.left, context.right, context.sentence
    if context.assertion == "family" or context.section == "family_history":
        return "other_person", "family"
    if context.section == "allergies" and re.search(
        r"allerg|intoler|reaction|->|→|\(", context.line, re.IGNORECASE
    ):
        return "reaction", "hypothetical"
    if (
        context.section == "immunizations"
        or VACCINE.match(right)
        or VACCINE_LEFT.search(left[-60:])
        or (run != "general" and VACCINE_LINE.match(context.line))
    ):
        return "vaccine", "hypothetical"
    if RISK_LIST.search(context.before) or MAY_CAUSE_LEFT.search(context.before) or CAN_CAUSE.match(right):
        return "conditional", "hypothetical"
    if is_service(doc._.note_text, context.end):
        return "screened", "hypothetical"
    if name in SCREENED_NAMES and (aside := _looked_for(context)) is not None:
        return aside
    if name == "tb" and TB_TEST_AFTER.match(context.after):
        return "screened", "hypothetical"
    if run == "chronic":
        return chronic(doc, name, context)
    if (_is_prevented(name, right) or PREVENTED_LEFT.search(left)) and (
        name != "infection" or not ACTIVE.search(left)
    ):
        return "prophylaxis", "hypothetical"
    if run == "latent":
        return latent(context)
    if SINCE_THE.search(context.before[-120:]):
        return "resolved", "historical"
    if WAITED_FOR_LEFT.search(left) and NEGATIVE_THEN.match(context.after):
        return "conditional", "hypothetical"
    if NOT_ADMITTED_LEFT.search(left) or TURNED_OUT_NOT.match(context.after):
        return ("none" if run == "general" else "negative"), "absent"
    if is_result_negative(context) or (is_negative_before(left) and not STILL.search(words)):
        return ("none" if run == "general" else "negative"), "absent"
    if QUESTION_ANSWERED_NO.match(context.after) or (
        FIRST_CALLED_LEFT.search(left) and re.search(r"\b(?:was|is|be|shows?|showed)\b", context.after)
    ):
        return ("none" if run == "general" else "negative"), "absent"
    if run != "general" and IMMUNE.match(right):
        return "immune", "absent"
    if EXCLUDED_LEFT.search(left) or (
        THOUGHT_LEFT.search(left) and re.search(r"\bneg\w*", right, re.IGNORECASE)
    ):
        return ("none" if run == "general" else "negative"), "absent"
    if INSTRUCTION.search(context.before[-130:]) or INSTRUCTION_AFTER.match(right):
        return "conditional", "hypothetical"
    # The general reading knows "no active" for a cue; where "active" is half of the name, nothing is left of it.
    is_denied = context.assertion == "absent" and not answers_a_question(doc, context)
    is_denied = is_denied or BARE_NO_LEFT.search(left) is not None
    if is_denied and not NOT_OF_IT.search(context.before[-130:]):
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
    if (
        name in ("cmv", "zoster", "hsv")
        and re.search(r"\bIgG\b", right[:10])
        and not re.search(r"PCR (?:pos|\d)", right)
    ):
        return "exposure", "hypothetical"
    if CONDITION.search(context.before[-60:]):
        return "conditional", "hypothetical"
    treating = re.search(r"\b(?:treat\w*|on day|continue\w*)\b", left, re.IGNORECASE)
    if context.assertion == "hypothetical" and treating is None and not OTHER_PLANNED.match(right):
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
            r"vs|against)\s+(?:\w+\s)?$"
            r"|\b(?:atovaquone|mepron|dapsone|pentamidine|bactrim|co-?trimoxazole|TMP[-/ ]SMX|letermovir|(?:val)?acyclovir"
            r"|posaconazole|fluconazole)\b[^.;,()]{0,40}\(\s*$",
            left,
            re.IGNORECASE,
        )
        if drug is not None and not ACTIVE.search(drug.group().split(" for ")[0]):
            return "prophylaxis", "hypothetical"
    if name == "cmv" and HISTORY_AFTER.match(right) and not re.search(r"PCR (?:pos|\d)", right):
        return "exposure", "hypothetical"
    if SAMPLED_DURING.search(context.before[-120:]):
        days = find_dates(context.before, note_date_of(doc))
        if days and (note_date_of(doc) - days[-1].last).days > SOON_OVER_DAYS:
            return "resolved", "historical"
    treated = near(drugs, context)
    taken = _taken_now(doc, treated, context)
    still = STILL.search(words)
    goes_on = still is not None or context.course.running
    if not goes_on and is_told_as_over(context, treated=bool(treated), taken=taken):
        return "resolved", "historical"
    if context.course.finished and still is None:
        return "resolved", "historical"
    if not goes_on and (dated := _by_its_day(doc, context, run, treated=bool(treated))) is not None:
        return dated
    if UNDER_TREATMENT.match(right):
        return "active", "present"
    doubt = (
        context.assertion == "possible"
        or THOUGHT_LEFT.search(left)
        or POSSIBLE_EXTRA.search(left[-30:])
        or re.match(r"\s*\?", right)
    )
    if doubt and not taken and TEST_AGAINST.match(right) and not TEST_OPEN.search(words):
        return ("none" if run == "general" else "negative"), "absent"
    if doubt and START_IF.search(words):
        return "suspected", "possible"
    active = ACTIVE.search(left[-45:]) or ACTIVE.search(right) or context.course.running
    if doubt and not (treated and active and not re.search(r"empiric|low suspicion", words, re.IGNORECASE)):
        return "suspected", "possible"
    if active or still or taken:
        return "active", "present"
    if context.section in LISTS or (context.section in ("medications",) and run != "general"):
        if context.section in LISTS and _listed_lately(doc, context):
            return "stated", "present"
        return "listed", "historical" if context.section in LISTS else "present"
    if run == "general":
        return "mentioned", "present"
    if context.assertion == "historical":
        return "resolved", "historical"
    return "stated", "present"


def _by_its_day(
    doc: Doc, context: MentionContext, run: str, *, treated: bool
) -> tuple[str, Assertion] | None:
    """Return how an infection stands whose day lies back; None where it may be today's."""
    going = ACTIVE.search(context.sentence) or (treated and context.course.until is None)
    days = days_since(doc, context)
    if run == "long":
        if going or days <= SOON_OVER_DAYS:
            return None  # the culture of two months ago is treated for a year
        return ("unfinished", "possible") if days <= _LASTING_DAYS else ("resolved", "historical")
    if days > (EARLIER_DAYS if going else SOON_OVER_DAYS):
        return "resolved", "historical"
    month = MONTH_AFTER.match(context.right) or MONTH_BEFORE.search(context.left)
    # "Strep in Aug, amoxicillin 10 d": the ten days count from August.
    if month is not None and days_since_month(month.group("month"), note_date_of(doc)) > usual_length(
        doc, context
    ):
        return "resolved", "historical"
    return None


def _listed_lately(doc: Doc, context: MentionContext) -> bool:
    """Say whether the day before an entry of a list ("2026-04-20   TB") is so near that the illness may go on."""
    text: str = doc._.note_text
    line = text.rfind("\n", 0, context.start) + 1
    if not re.search(r"\d[\s:|–-]*$", text[line : context.start]):
        return False
    note_date = note_date_of(doc)
    days = find_dates(text, note_date, start=line, end=context.start)
    return bool(days) and 0 <= (note_date - days[-1].last).days <= _LATELY_DAYS


def _is_prevented(name: str, right: str) -> bool:
    """Say whether the words behind a name call it prevented, rather than a drug or an illness further on."""
    match = PROPHYLAXIS.search(right[:28])
    if match is None:
        return False
    between = right[: match.start()]
    return not (GIVEN_WITH.search(between) or (name not in OFTEN_PREVENTED and re.search(r"[,;]", between)))


def _looked_for(context: MentionContext) -> tuple[str, Assertion] | None:
    """Return how an infection stands that the clause only speaks of testing for; None when it says more."""
    if PROTOCOL_TALK.search(context.left) and not re.search(r"\b(?:has|with|on)\s*$", context.left):
        return "screened", "hypothetical"
    if re.search(r"\b(?:pos\w*|detected|\+)(?!\w)", context.right[:60], re.IGNORECASE) or is_result_negative(
        context
    ):
        return None
    if SCREENED.match(context.right) or (
        SCREENED_LEFT.search(context.left)
        and not re.search(r"\b(?:treat|active|viremi)", context.sentence, re.IGNORECASE)
    ):
        return "screened", "hypothetical"
    return None


def _taken_now(doc: Doc, drugs: Sequence[tuple[int, int]], context: MentionContext) -> tuple[int, int] | None:
    """Return the drug of the clause that the patient is said to be on; None where there is none."""
    text: str = doc._.note_text
    low = context.start - len(context.left)
    return next(
        ((start, end) for start, end in drugs if TAKES.search(text[max(low, start - 40) : start])), None
    )


register("infections", lambda nlp: Infections())
