"""
The ``infections`` reader: infections with how they stand, and antimicrobial drugs with what they are given for.

``status`` is one of: active (said to be going on or under treatment), stated (named as the patient's without more),
past, resolved, prophylaxis, vaccine, exposure, colonised, negative, latent, suppressed, viremic, listed (a
problem list or history), none (a denial of all infection). ``until`` is the last day of a course.

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
    ALL_NEGATIVE,
    ANSWERED_NO,
    BARE_NO_LEFT,
    CAN_CAUSE,
    COLONISED,
    CONDITION,
    CULTURE_CLEARED,
    EARLIER_DAYS,
    EXCLUDED_LEFT,
    EXPOSURE,
    FIRST_CALLED_LEFT,
    FRACTIONS,
    FREE_SINCE,
    GIVEN_WITH,
    HISTORY_AFTER,
    IMMUNE,
    INSTRUCTION,
    INSTRUCTION_AFTER,
    LISTS,
    LOAD,
    LOAD_NAME,
    MAY_CAUSE_LEFT,
    MONTH_AFTER,
    MONTH_BEFORE,
    NEGATIVE,
    NEGATIVE_LEFT,
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
    SCREENED,
    SCREENED_LEFT,
    SCREENED_NAMES,
    SINCE_THE,
    SOON_OVER_DAYS,
    START_IF,
    STILL,
    SUPPRESSED,
    SURFACE_NEGATIVE,
    TAKES,
    TB_TEST_AFTER,
    TEST_AGAINST,
    TEST_COUNTED,
    TEST_OPEN,
    THOUGHT_LEFT,
    TICKED_NO,
    TIME_PAST,
    TREATMENT_DOSE,
    UNDER_WAY,
    VACCINE,
    VACCINE_LEFT,
    VACCINE_LINE,
    VIREMIC,
    WELL_AGAIN,
    WELL_NOW,
)
from chartsift.nlp.components.infection_drugs import Illnesses, read_drug
from chartsift.nlp.components.not_an_illness import is_initials, is_service
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

# "Off MTX when she had shingles", "was absent because of influenza": the illness is the time of another event.
_WHEN_THEN = re.compile(
    r"\b(?:when|while|at the time)\s+(?:I|he|she|they|pt|patient)\s+(?:was|were|had|got)\s+(?:\w+\s+){0,2}$"
    r"|\b(?:when|while)\s+(?:I|he|she|they|pt|patient)\s+(?:was|were|lived|worked|stayed|travell?ed)\b[^.;]{0,40}\b(?:caught|had|got|contracted"
    r"|developed)\s+(?:\w+\s){0,2}$"
    r"|\bwas\s+(?:absent|ill|sick|out|home|off|away|kept home)\b[^.;]{0,30}\b(?:with|because of|due to|from|for)\s+"
    r"(?:\w+\s+)?$",
    re.IGNORECASE,
)
# "Had a UTI", "was admitted with pneumonia": told as past, unless its treatment is told as present.
_TOLD = re.compile(r"(?:had|was (?:treated|hospitali[sz]ed|admitted))\b", re.IGNORECASE)
_HAD = re.compile(
    r"(?<!has )(?<!have )(?<!'s )\bhad\s+(?:(?:an?|one)\s+(?:\w+\s)?(?:episode|bout|spell)\s+of\s+)?(?:\w+\s)?$",
    re.IGNORECASE,
)
# What comes behind these is another event, told as present.
_TURN = re.compile(r"\b(?:but|however|now|currently|today|presents? with)\b", re.IGNORECASE)
_THESE_DAYS = re.compile(
    r"\b(?:now|today|tonight|currently|yesterday|last night|this (?:morning|afternoon|week|weekend))\b",
    re.IGNORECASE,
)
# Between an illness and a cue: nothing but these leaves the illness the subject of the cue.
_SAME_SUBJECT = re.compile(
    r"(?:\s|\b(?:and|now|has|have|had|is|was|were|been|since|fully|completely|all|largely|nearly|it|this|that|which|then)\b)*",
    re.IGNORECASE,
)

# Latent infection whose course is finished, or was one of an earlier year; one under treatment goes to a person.
_TREATED_BEFORE = re.compile(
    r"\b(?:completed|finished|s/p|status post|treated|took|received|had|h/o|history of)\b[^.;]{0,60}"
    r"\b(?:(?:in|since|of)?\s*(?:19|20)\d\d|(?:[3-9]|1[0-2]|three|four|six|nine|twelve)[\s-]*(?:months?|mos?)"
    r"|years? ago|as a child|childhood|then\b)"
    r"|\b(?:completed|finished|fully treated|treatment complete)\b",
    re.IGNORECASE,
)

# Most infections are treated for at most four weeks: an entry of a list that is younger may still be ill.
_LATELY_DAYS = 28
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
# "Tonsillectomy for recurrent tonsillitis": the organ is out, and the illness with it.
_TAKEN_OUT = re.compile(
    r"\b(?:\w+ectomy|\w+stomy|amputat\w+|grommets)\b[^.;,]{0,20}?\b(?:for|due to|because of|after|following)\s+(?:\w+\s){0,2}$",
    re.IGNORECASE,
)


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
        return _chronic(doc, name, context)
    if (_is_prevented(name, right) or PREVENTED_LEFT.search(left)) and (
        name != "infection" or not ACTIVE.search(left)
    ):
        return "prophylaxis", "hypothetical"
    if run == "latent":
        return _latent(context)
    if SINCE_THE.search(context.before[-120:]):
        return "resolved", "historical"
    if _result_negative(context) or (_negative_left(left) and not STILL.search(words)):
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
    treated = near(drugs, context)
    taken = _taken_now(doc, treated, context)
    over = _over(doc, context, bool(treated), taken, lasts=run == "long")
    still = STILL.search(words)
    if over and still is None and not context.course.running:
        return "resolved", "historical"
    if context.course.finished and still is None:
        return "resolved", "historical"
    month = MONTH_AFTER.match(context.right) or MONTH_BEFORE.search(context.left)
    # "Strep in Aug, amoxicillin 10 d": the ten days count from August.
    if (
        month is not None
        and run != "long"
        and still is None
        and not context.course.running
        and days_since_month(month.group("month"), note_date_of(doc)) > usual_length(doc, context)
    ):
        return "resolved", "historical"
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


def _result_negative(context: MentionContext) -> bool:
    """Say whether the line gives the name with a negative result, also across dot leaders and column signs."""
    line = context.after.split("\n", 1)[0]
    if ANSWERED_NO.match(line) or TICKED_NO.match(line) or ALL_NEGATIVE.match(line):
        return True
    return NEGATIVE.match(context.right) is not None or (
        NEGATIVE.match(line) is not None
        and re.match(r"[^.|]*(?:\.{2,}|(?:\s\.){2,}|\||\s{2,})", context.after) is not None
    )


def _negative_left(left: str) -> bool:
    """Say whether a negative word leads to the name, and no turn lies between ("negative in 2019, now HBV DNA 88,000")."""
    found = NEGATIVE_LEFT.search(left)
    return found is not None and re.search(r"\b(?:now|but|then)\b", found.group(), re.IGNORECASE) is None


def _looked_for(context: MentionContext) -> tuple[str, Assertion] | None:
    """Return how an infection stands that the clause only speaks of testing for; None when it says more."""
    if PROTOCOL_TALK.search(context.left) and not re.search(r"\b(?:has|with|on)\s*$", context.left):
        return "screened", "hypothetical"
    if re.search(r"\b(?:pos\w*|detected|\+)(?!\w)", context.right[:60], re.IGNORECASE) or _result_negative(
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


def _over(  # noqa: PLR0912 - one cue after another, first answer wins
    doc: Doc, context: MentionContext, treated: bool, taken: tuple[int, int] | None, *, lasts: bool
) -> bool:
    """Say whether the clause tells of an infection that has passed; *taken* is the drug that is being taken."""
    own_words = context.left + re.split(r"[,:;]", context.right)[0]
    told_now = (
        taken is not None or (context.course.running and treated) or _THESE_DAYS.search(own_words) is not None
    )
    for words, limit in ((context.left[-45:], True), (context.right[:90], False)):
        for match in RESOLVED.finditer(words):
            before = words[: match.start()]
            if re.search(
                r"\b(?:not|never|hasn't|isn't|until|once|when|if|till|nor)\b[^,;]{0,18}$",
                before,
                re.IGNORECASE,
            ):
                continue
            if limit and _TURN.search(words[match.end() :]):
                continue  # "influenza last month, now pneumonia"
            said = match.group().lower()
            if told_now and _TOLD.match(said):
                continue
            if taken is not None and not limit and _of_another(before, context, taken):
                continue
            if said[0] == "x" and TEST_COUNTED.search(before):
                continue
            if said == "completed" and re.search(r"\bto be\s*$", before):
                continue
            # "completed a course for cellulitis" is past; "infection cleared, pneumonia now" is another thing.
            if said.startswith("clear") and CULTURE_CLEARED.search(words[match.end() :] + context.after[90:]):
                continue
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
    well = WELL_NOW.search(context.right[:90])
    if well is not None and (not (treated or taken) or TIME_PAST.search(context.left)):
        parts = re.split(r"[,;]", context.right[: well.start()])
        if len(parts) == 1 or treated or _SAME_SUBJECT.fullmatch(parts[-1]):
            return True
    if not told_now and not treated and _TAKEN_OUT.search(context.left):
        return True
    if not told_now and (_WHEN_THEN.search(context.before[-90:]) or _HAD.search(context.left)):
        return True
    if (FREE_SINCE.match(context.after) or WELL_AGAIN.match(context.after)) and not STILL.search(
        context.sentence
    ):
        return True
    note_date = note_date_of(doc)
    text: str = doc._.note_text
    going = ACTIVE.search(context.sentence) or (treated and context.course.until is None)
    limit_days = EARLIER_DAYS if going else SOON_OVER_DAYS
    if lasts and going:
        return False  # the culture of two months ago is treated for a year
    for month in (MONTH_AFTER.match(context.right), MONTH_BEFORE.search(context.left)):
        if month is not None and days_since_month(month.group("month"), note_date) > limit_days:
            return True
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
        if mention.end <= context.start and _TURN.search(beside):
            continue
        if mention.end <= context.start and len(beside) > 14:
            continue
        if (note_date - mention.last).days > limit_days:
            return True
    return False


def _of_another(between: str, context: MentionContext, taken: tuple[int, int]) -> bool:
    """Say whether a cue behind the words *between* has a subject of its own: "on cephalexin, fever resolved"."""
    first, last = (position - context.end for position in taken)
    if 0 <= first < len(between):
        between = between[:first] + " " * (last - first) + between[last:]
    parts = re.split(r"[,;]", between)
    return len(parts) > 1 and _SAME_SUBJECT.fullmatch(parts[-1]) is None


def _chronic(doc: Doc, name: str, context: MentionContext) -> tuple[str, Assertion]:  # noqa: PLR0911 - one question after another, first answer wins
    """Return how HIV, hepatitis B or hepatitis C stands."""
    left, right, words = context.left, context.right, context.sentence
    if name == "hiv" and re.search(r"\b(?:myositis|vs|rule out|r/o)\b", right[:14], re.IGNORECASE):
        return "mentioned", "hypothetical"
    if name == "hbv" and _surface_negative(doc, context):
        return ("negative", "absent") if NEGATIVE.match(right) else ("past_exposure", "historical")
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
    if _result_negative(context) and not rna:
        if name == "hbv" and re.match(r"\s*immune", right):
            return "immune", "absent"
        return "negative", "absent"
    if NOT_OF_IT.search(context.before[-130:]):
        return "mentioned", "hypothetical"
    if context.assertion == "absent" or _negative_left(left):
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


def _latent(context: MentionContext) -> tuple[str, Assertion]:
    if context.assertion == "absent" or NEGATIVE.match(context.right):
        return "negative", "absent"
    if context.assertion == "possible":
        return "suspected", "possible"
    if (
        _TREATED_BEFORE.search(context.sentence)
        and not UNDER_WAY.search(context.sentence)
        and not STILL.search(context.sentence)
        and not context.course.running
    ):
        return "resolved", "historical"
    return "latent", "present"


register("infections", lambda nlp: Infections())
