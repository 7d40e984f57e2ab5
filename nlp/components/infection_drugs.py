"""
What an antimicrobial drug is given for, and until when: treatment, prophylaxis, finished, planned, a reaction.

Part of the ``infections`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.infection_context import (
    MentionContext,
    answers_a_question,
    days_since_month,
    near,
    usual_length,
)
from chartsift.nlp.components.infection_cues import (
    ACTIVE,
    ALLERGY,
    CHRONIC_USE,
    CONDITION,
    DAYS_GIVEN,
    DOSED,
    DRUG_GOES_ON,
    DRUG_LABEL,
    DRUG_NONE_AFTER,
    DRUG_NOT_GIVEN,
    DRUG_STOP_LINE,
    DRUG_TAKEN,
    EARLIER_DAYS,
    EMPIRIC,
    EMPIRIC_AFTER,
    FINISHED,
    MONTH_IN,
    NO_USE_AFTER,
    ONLY_IF_AFTER,
    PLANNED_DRUG,
    PROPHYLAXIS,
    REPLACED,
    SCHEDULE,
    SOON_OVER_DAYS,
    STILL,
    TAKES,
    TOPICAL,
    TREATMENT_DOSE,
    UNDER_WAY,
)
from chartsift.nlp.text.answers import ticked
from chartsift.nlp.text.date_forms import find_absolute
from chartsift.nlp.text.date_habits import habit_of
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.tokens import note_date_of
from chartsift.nlp.types import Assertion

# How far around a drug against tuberculosis the note is searched for the disease or the test, in code points.
_TB_REACH = 600
_TB_DISEASE = re.compile(
    r"\b(?:active (?:pulmonary )?(?:TB|tuberculosis)|(?:pulmonary|miliary|spinal|nodal|disseminated|culture[- ]positive"
    r"|smear[- ]positive|drug[- ]resistant) (?:TB|tuberculosis)|TB (?:disease|meningitis|lymphadenitis|pericarditis)"
    r"|RIPE|HRZE|ethambutol|pyrazinamide|EMB|PZA|AFB (?:smear )?(?:pos\w*|\+)|MAC\b|NTM\b|M\.? ?avium|mycobacterium"
    r"|abscessus|kansasii|endocarditis|osteomyelitis|prosthetic|hardware|cavit\w+)",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"\b(?:no|not|without|rule[sd]? out|negative for|excluded|r/o|never)\s+(?:\w+\s)?$", re.IGNORECASE
)
_LATENT = re.compile(
    r"\b(?:latent|LTBI|IGRA|quantif\w*|QFT|T-?spot|PPD|TST|tuberculin|3HP|4R\b|\d{1,2} months?\b|mo(?:nth)? \d of)",
    re.IGNORECASE,
)
# "Oseltamivir started", "vancomycin continues": the drug is being taken.
_BEGUN = re.compile(
    r"[^.,;]{0,24}?\b(?:started|begun|continues|continued)\b(?!\s+(?:in|on|from|until) )", re.IGNORECASE
)
# "GP gave doxycycline today": handed out, and these days.
_HANDED_OUT = re.compile(
    r"\b(?:gave|gives|given|got|prescribed|issued|dispensed|supplied|wrote for|put (?:her|him|them|me) on)\s+(?:(?:her|him|them|me|us|a|an|the|some"
    r"|course|of|oral|IV|script|prescription|for)\s+){0,5}$",
    re.IGNORECASE,
)
_ONE_DOSE = re.compile(r"\b(?:(?:one|a|single|1|first|loading) doses?|once|stat|x\s?1)\b", re.IGNORECASE)
_THESE_DAYS = re.compile(
    r"\b(?:today|tonight|yesterday|last night|this (?:morning|afternoon|evening))\b", re.IGNORECASE
)
_FOR_DAYS = re.compile(
    r"(?:\bx|\bfor|×)\s?\d{1,2}\s?-?\s?(?:d|days?|wks?|weeks?)\b(?!\s?(?:/|an?\b|per|each))|\b\d{1,2}[- ]days? course|\b(?:until|thru|through)\b",
    re.IGNORECASE,
)
# After a contact nothing is treated yet: "acyclovir for 7 days as a precaution".
_PRECAUTION = re.compile(
    r"\b(?:as (?:a )?precaution|precautionary|post-?exposure|after (?:the )?(?:exposure|contact)|PEP)\b",
    re.IGNORECASE,
)
# A drug that mostly prevents treats when it is given for no longer than this, in days.
_LONGEST_COURSE = 30
_TB_SINGLE = re.compile(r"\b(?:isoniazid|INH)\b", re.IGNORECASE)
_TB_PAST = re.compile(
    r"[^.;]{0,40}?\b(?:completed|finished|then\b|in (?:19|20)\d\d|(?:19|20)\d\d\s*[-–]\s*(?:19|20)?\d\d|years? ago|as a child"
    r"|in childhood)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Illnesses:
    """
    Where a note names infections.

    Attributes:
        here: All that are not over.
        prevented: Those of them that are going on, and that drugs are mostly given to prevent.
        lasting: Those of them that are treated for months.
        past: All that are over.
    """

    here: list[tuple[int, int]] = field(default_factory=list)
    prevented: list[tuple[int, int]] = field(default_factory=list)
    lasting: list[tuple[int, int]] = field(default_factory=list)
    past: list[tuple[int, int]] = field(default_factory=list)


def read_drug(doc: Doc, span: Span, context: MentionContext, illnesses: Illnesses) -> Iterator[Draft]:
    concept = sense_of(span).concept
    usual = concept.attributes["usual"]
    status, assertion = _use(usual, context, illnesses, doc)
    if status == "presumed_prophylaxis" and near(illnesses.prevented, context):
        # Zoster and valacyclovir in one clause: the usual preventive treats here.
        status, assertion = "treatment", "present"
    if status == "":
        return
    attributes = {**concept.attributes, "status": status}
    until = context.course.until
    if until is not None and (
        status in ("treatment", "listed") or (status == "finished" and until <= note_date_of(doc))
    ):
        attributes["until"] = until.isoformat()
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


def _use(  # noqa: PLR0911, PLR0912 - one question after another, first answer wins
    usual: str, context: MentionContext, illnesses: Illnesses, doc: Doc
) -> tuple[str, Assertion]:
    left, right, words = context.left, context.right, context.sentence
    with_illness, with_past = bool(near(illnesses.here, context)), bool(near(illnesses.past, context))
    if context.assertion == "family" or context.section in ("family_history", "immunizations"):
        return "", "family"
    if (
        (context.section == "allergies" and not DRUG_LABEL.search(context.line))
        or (ALLERGY.search(right[:40]) and not PROPHYLAXIS.search(right[:40]))
        or re.search(r"\ballerg\w*\s*(?:to|:|-)?\s*(?:[\w/]+[\s,]+){0,3}$", left, re.IGNORECASE)
    ):
        return "reaction", "hypothetical"
    if re.search(r"\bnot (?:before|until|till)\s+(?:\w+\s){0,3}$", left, re.IGNORECASE):
        return "treatment", "present"
    boxes = ticked(doc._.layout, context.end)
    if boxes is not None and boxes.said in ("no", "nothing"):
        return "none", "absent" if boxes.said == "no" else "hypothetical"
    is_denied = context.assertion == "absent" and not answers_a_question(doc, context)
    if is_denied and not DRUG_GOES_ON.search(context.before[-60:] + right):
        if DRUG_NOT_GIVEN.search(context.before[-90:]) or DRUG_NONE_AFTER.match(right):
            return "none", "absent"
    elif DRUG_NONE_AFTER.match(right) and not DRUG_GOES_ON.search(right):
        return "none", "absent"
    if usual in ("hiv", "hbv"):
        return "maintenance", "present" if context.assertion == "present" else context.assertion
    if TOPICAL.search(left[-14:]) or TOPICAL.search(right[:22]):
        return "topical", "hypothetical"
    if usual == "tb":
        return _tuberculosis(doc, context)
    beside = left[-60:] + " " + right[:60]
    own = right[:45]
    # "TMP-SMX ppx; cefpodoxime thru 11/18": the word belongs to its own drug.
    preventive = (
        (usual == "prophylaxis" and (PROPHYLAXIS.search(beside) or _PRECAUTION.search(beside)))
        or PROPHYLAXIS.search(re.split(r"[,;+&]|\band\b", right)[0][:60])
        or PROPHYLAXIS.search(re.split(r"[,;]", left)[-1][-25:])
        or SCHEDULE.search(own)
    )
    if preventive and not (TREATMENT_DOSE.search(own) and context.course.running):
        return "prophylaxis", "hypothetical"
    if usual == "prophylaxis":
        dosed = TREATMENT_DOSE.search(own) or re.search(
            r"\b(?:treat\w*|full dose|IV)\b[^,;]{0,20}$", left, re.IGNORECASE
        )
        # "Bactrim DS BID x 10 d": nobody prevents for days.
        until = context.course.until
        for_days = (
            until is not None
            and 0 <= (until - note_date_of(doc)).days <= _LONGEST_COURSE
            and _FOR_DAYS.search(right[:60]) is not None
        )
        if not (dosed or for_days or context.course.running or (with_illness and ACTIVE.search(words))):
            return "presumed_prophylaxis", "hypothetical"
    if CHRONIC_USE.search(beside) and not re.search(
        r"\binfect\w*|cellulitis|pus\b|purulen\w*|exacerbation", beside, re.IGNORECASE
    ):
        return "other_use", "hypothetical"
    handed_out = (
        _HANDED_OUT.search(left)
        and _THESE_DAYS.search(left[-60:] + right[:45])
        and not _ONE_DOSE.search(words)
    )
    if context.course.finished or (
        not handed_out
        and (_finished_words(left, right) or context.assertion == "historical")
        and not context.course.running
        and not STILL.search(words)
    ):
        return "finished", "historical"
    dated = _dated_past(doc, context) or (_month_past(doc, context) and not near(illnesses.lasting, context))
    if (dated or REPLACED.match(right)) and not context.course.running:
        return "finished", "historical"
    if DRUG_STOP_LINE.match(context.line) or NO_USE_AFTER.match(right) or _days_over(doc, context):
        return "finished", "historical"
    if with_past and not with_illness and not context.course.running and not STILL.search(words):
        return "finished", "historical"
    if CONDITION.search(context.before) or (
        ONLY_IF_AFTER.match(right) and not (context.course.running or TAKES.search(left))
    ):
        return "planned", "hypothetical"
    if not with_illness and (EMPIRIC.search(left) or EMPIRIC_AFTER.match(right)):
        return "empiric", "possible"
    if (context.assertion in ("hypothetical", "possible") or PLANNED_DRUG.search(left[-30:])) and not (
        context.course.running
        or re.search(r"\b(?:continue\w*|cont|(?<!self-)start(?:ed)?|on)\s*$", left, re.IGNORECASE)
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
    if running or handed_out or DRUG_TAKEN.search(left):
        return "treatment", "present"
    if usual == "treatment" and context.section != "medications":
        shown = DOSED.match(right) or DRUG_LABEL.search(context.line) or context.course.until is not None
        if shown and not REPLACED.match(right):
            return "treatment", "present"
    if context.section == "medications" and usual != "general":
        return "listed", "present"
    return (
        ("mentioned", "hypothetical") if usual == "general" or not with_illness else ("treatment", "present")
    )


def _finished_words(left: str, right: str) -> bool:
    """
    Say whether the words around a drug call it finished.

    Of a drug that is being taken ("on cephalexin") only its own clause is read: not "cellulitis 3 days ago, on
    cephalexin, methotrexate held".
    """
    if TAKES.search(left) is None and _BEGUN.match(right) is None:
        return bool(FINISHED.search(left[-45:]) or FINISHED.search(right[:60]))
    behind = re.match(r"[^,;]*(?:[,;]\s*(?:and |now |then |since |has |was )*\w+)?", right[:60])
    return bool(
        FINISHED.search(re.split(r"[,;]", left)[-1][-45:]) or (behind and FINISHED.search(behind.group()))
    )


def _tuberculosis(doc: Doc, context: MentionContext) -> tuple[str, Assertion]:
    """
    Return what a drug against tuberculosis is given for: latent infection, unless the note tells of disease.

    Isoniazid alone, a rifamycin alone or both weekly are the regimens of latent infection; disease is treated with
    at least three drugs at first (ATS/CDC/IDSA guidelines 2016, NTCA/CDC 2020).
    """
    going_on = STILL.search(context.sentence) or UNDER_WAY.search(context.sentence)
    if context.course.finished or (
        (
            FINISHED.search(context.left[-45:])
            or _TB_PAST.search(context.right[:60])
            or _dated_past(doc, context)
        )
        and not context.course.running
        and not going_on
    ):
        return "finished", "historical"
    text: str = doc._.note_text
    around = text[max(0, context.start - _TB_REACH) : context.end + _TB_REACH]
    if any(
        not _NOT_SO.search(around[: m.start()]) for m in _TB_DISEASE.finditer(around)
    ) and not _LATENT.search(context.sentence):
        return "treatment", "present"
    if (
        _LATENT.search(around)
        or context.section in ("medications", "")
        or _TB_SINGLE.search(context.sentence)
    ):
        return "latent_treatment", "present"
    return "treatment", "present"


def _days_over(doc: Doc, context: MentionContext) -> bool:
    """Say whether the drug's own first and last day lie behind: "cefepime 2/4-2/10"."""
    given = DAYS_GIVEN.match(context.right)
    if given is None:
        return False
    # By itself: within "2/4-2/10" neither number is read as a date.
    last, note_date = given.group("last"), note_date_of(doc)
    habit = habit_of(doc._.note_text, note_date)
    return any(m.last <= note_date for m in find_absolute(last, 0, len(last), note_date, habit))


def _month_past(doc: Doc, context: MentionContext) -> bool:
    """Say whether the clause dates the course to a month that ended longer ago than the course is long."""
    month = MONTH_IN.search(context.left)
    return month is not None and days_since_month(month.group("month"), note_date_of(doc)) > usual_length(
        doc, context
    )


def _dated_past(doc: Doc, context: MentionContext) -> bool:
    note_date = note_date_of(doc)
    text: str = doc._.note_text
    left = context.left[-40:]
    if TAKES.search(left):
        left = re.split(r"[,;]", left)[-1]  # "pneumonia vaccine last year, on azithromycin"
    low, high = context.start - len(left), context.end + min(len(context.right), 40)
    for mention in find_dates(text, note_date, start=low, end=high):
        if mention.relative and mention.precision == "day":
            continue
        length = context.course.until
        # "In March, amox-clav x 10 d": the ten days count from March.
        limit = EARLIER_DAYS if length is None else max(SOON_OVER_DAYS, (length - note_date).days)
        if (note_date - mention.last).days > limit and not re.search(
            r"\b(?:since|from|start\w*)\s*$", text[low : mention.start], re.IGNORECASE
        ):
            return True
    return False
