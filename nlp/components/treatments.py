"""
The ``treatments`` reader: whether a medicine was given for the myositis, is planned, was never given, or is for
something else.

The nearest cue in the same clause decides ("continue", "failed", "start", "never"); a list shares its leader's cue.
Without a cue the section does: a medication list is given, a plan is planned.

Reads: concepts of kind "treatment". Writes: drafts of kind "treatment" with attribute ``class`` and, where it is so,
``indication`` (what else it was given for).
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from spacy.tokens import Doc, Span

from chartsift.nlp.components.beside import date_beside
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.components.lowered import lowered
from chartsift.nlp.components.own import own_assertion, own_relatives
from chartsift.nlp.text.answers import ticked, unticked
from chartsift.nlp.text.cues import CueSet
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

_CUES = re.compile(
    r"(?P<never>\b(?:(?:(?:has|have|had)\s?)?(?:never|not|n't)(?: yet| ever| previously| so far)? been (?:given|treated with|started on|on"
    r"|put on|exposed to|offered)|never exposed to|no exposure to|never (?:had|received|been on|taken|got|given|on|started|tried)|never|no prior"
    r"|no previous|nil(?! by mouth)|no|not (?:on|taking|received|given|had|started|start|begin|yet|been on)|without|denies"
    r"|before (?:any|starting|the first)|before(?=\s*$)|would not|has not|have not|had not|hasn't"
    r"|naive to|did not (?:get|receive|take|start|want)"
    r"|didn't (?:get|receive|take|start)|hesitant (?:re|about)|declin\w+|refus\w+|avoid(?:ing)?"
    r"|hold off on|instead of|rather than|against)\b)"
    r"|(?P<planned>\b(?:will (?:start|add|begin|give|need|receive|get|try|initiate)"
    r"|(?<!mg )(?<!\d )to (?:start|add|begin|initiate|give|try|receive)|start(?=\s|:)|begin|initiate"
    r"|add(?!ed|ition)|adding|plan(?:s|ned|ning)?(?: for| to)?|consider\w*|discuss\w*|recommend\w*"
    r"|propos\w+|suggest\w*|options?|trial of|candidate for|if|would|should|could|may need|might"
    r"|next(?: step)?"
    r"|escalat\w+ to|pending|await\w*|referr?\w* for(?! (?:lack|failure|non))|prefers?|keen (?:on|for)|hop(?:es?|ing) (?:for|to)|wants?(?: to try)?"
    r"|(?:go|going|move|moving) on to|switch to|change to|low threshold for|ask(?:s|ed)? (?:about|for)"
    r"|think about|talk(?:ed)? (?:about|over|of)|book(?:ed)?|approv\w+|authoriz\w+|prior auth\w*|move to"
    r"|go to|offer(?:ed)?|vs|versus|unless|after id agrees|then consider|interested in|eligible for"
    r"|schedule\w*|arrang\w+)\b)"
    r"|(?P<stopped>\b(?:fail(?:ed|ure)?(?: of| to| on)?|stopp(?:ed|ing)|discontinu\w+|d/?c'?d|dc'd"
    r"|intoleran\w+|did not tolerate|prior|previous(?:ly)?|past|former(?:ly)?|complet\w+|tried|trial(?:ed"
    r"|led)|history of|h/o|s/p|status post|off|weaned off|tapered off|refractory to|not respond\w* to"
    r"|no response to|unresponsive to|despite prior|lost response to|has had|had(?! been)|received|got"
    r"|given|gave|treated with|treatment with|respond\w+ to|after|then|pulsed?|bridge\w*)\b)"
    r"|(?P<given>\b(?:on|taking|takes|took|continu\w*|cont|remain\w*(?: on)?|started|began|begun"
    r"|initiated|put on|placed on|maintained on|switched to|changed to|increas\w+|decreas\w+|reduc\w+"
    r"|taper\w*|wean\w*|restart\w*|resum\w*|now|current(?:ly)?|present(?:ly)?|home|stable on|despite"
    r"|in spite of|with|added|receiving|since|under|well on|failing|refractory despite|combination of"
    r"|stop(?=\s)|withdraw\w*|cease\w*|missed|skip\w*|last|via|ongoing|gets|maintenance|space|spaced|adjust\w*|treatment so far|rx|regimen|therapy"
    r"|treatment|meds?|medications?|into|required|requiring|bump\w*|up to|down to|hold|held)\b)"
)
_CUE_SET = CueSet({"cue": _CUES})
# "Hold steroids until the biopsy": what waits for tissue or a result has not been given.
_WITHHELD = re.compile(
    r"\b(?P<cue>hold|holding|withhold|defer|no)\s+(?:off\s+)?(?:on\s+)?(?:any |all |the |empiric |high[- ]dose )*§[^.;\n]{0,20}?"
    r"\b(?:until|till|pending|before|unless)\b[^.;\n]{0,24}?\b(?:bx|biops\w*|tissue|taken|results?|mri|labs?|cultures?|dx|diagnosis)\b"
)
_WAITS = re.compile(r"[^.;\n]{0,20}?\b(?:until|till|pending|before|unless)\b")
_NONE_IS = re.compile(r"\bnone\s+(?:of (?:them|these|those|which)\s+)?(?:is|are|was|were)\s+$")
_POSTFIX = re.compile(
    r"stopp|discontinu|d/?c|fail|tried|complet|added|last|started|since|ongoing|held|hold|taper|given"
    r"|intoleran|until|off"
)
# Between a cue and the end of its list only names, doses and joining words may stand.
_CLAUSE_END = re.compile(
    r"[;\n]|(?<!\d)\.(?=\s)|\b(?:but|however|although|because|which|who|while)\b|\s[-–]{1,2}>?\s(?=[a-z])"
)
_AFTER_STOPPED = re.compile(
    r"[^.;,\n]{0,34}?\b(?:was |were |has been |been |had been |is )?(?:stopp\w+|discontinu\w+|d/?c'?d"
    r"|failed|tapered off|weaned off|not tolerat\w+|intoleran\w+|no (?:benefit|response|effect|help)"
    r"|ineffective|tried|completed|finished|ended)\b"
    r"|[^.;,\n]{0,14}?(?:\(?\s*(?:19|20)\d\d\s*[-–]\s*(?:19|20)?\d\d|until (?:\d|last|(?:19|20)\d\d|jan"
    r"|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|spring|summer|fall|winter))"
)
_AFTER_GIVEN = re.compile(
    r"[^.;\n,]{0,30}?(?:\b(?:x\s?\d+|#\s?\d+|last\b|since\b|started|ongoing|continu\w+|q\d+\s?w\w*"
    r"|q\d+wk\w*|weekly|daily|monthly|bid|qd|cycles?|rounds?|doses?|given|tolerated|added|with (?:partial"
    r"|good|some|little|minimal|no)|for \w+ (?:weeks?|months?|years?)|was (?:given|started|added"
    r"|increased))\b|x\s?\d|#\d)"
)
_AFTER_PLANNED = re.compile(
    r"\s*(?:vs\.?|versus)(?=\s)|[^.;,\n]{0,20}?\bto be (?:arranged|given|scheduled|ordered|considered|discussed"
    r"|requested|decided)\b|[^.;,\n]{0,12}?\b(?:makes (?:little|no) sense|(?:is |was )?not an option|prior auth\w*|pa\b|auth\b)"
    r"|[^.;,\n]{0,28}?\b(?:(?<!mg )(?<!\d )to (?:start|be added|be started|begin|follow)|(?:is |was "
    r"|are )?(?:planned|pending|booked|scheduled|discussed|considered|recommended|offered|proposed"
    r"|talked over)|if\b|next (?:week|visit|month)|will be|would be|was talked|as (?:the )?next"
    r"|starting (?:next|tomorrow)|start (?:next|\d)|when approved|once approved|approval)\b|\s*(?:is "
    r"|was |has been )?(?:approved|requested|authorized|submitted)\b"
)
_AFTER_NEVER = re.compile(
    r"(?:[- ](?:naive|na[iï]ve)\b|[^.;,\n]{0,20}?\b(?:never|not (?:given|started|yet|used|taken"
    r"|received)|none|declined|refused|has not|have not)\b|\s*:\s*(?:no|none|never)\b)"
)
_OTHER_INDICATION = (
    r"asthma|COPD|bronchi\w+|gout|eczema|atopic|dermatitis|poison ivy|urticaria|hives|allerg\w+"
    r"|anaphyla\w+|sinus\w*|sciatica|back pain|bell'?s palsy|COVID\w*|croup|adrenal|addison\w*|(?-i:RA\b)"
    r"|rheumatoid|psoria\w+|crohn\w*|colitis|IBD|(?-i:UC\b)|lymphoma|CLL|leuk\w+|myeloma|DLBCL"
    r"|breast cancer|cancer|ITP|AIHA"
    r"|myasthenia|(?-i:MG\b)|CIDP|GBS|multiple sclerosis|(?-i:MS\b)|lupus nephritis|uveitis|graft"
    r"|transplant|allograft|rejection|GVHD|PMR|polymyalgia|giant cell|GCA|ectopic|contrast|pre-?med\w*"
    r"|premedication|antiemetic|nausea|hypogamma\w+|immunodeficiency|CVID|IgG replacement|(?-i:MAS\b)|HLH"
    r"|macrophage activation|kawasaki|hepatitis|CRS|cytokine release|ICANS|R-?CHOP|CHOP|chemotherapy|lymphodepletion|conditioning|mobili[sz]ation"
)
_FOR_OTHER = re.compile(
    rf"[^.;\n]{{0,30}}?\b(?:for|because of|to treat|as|due to)\s+(?:(?:her|his|the|a|an|renal|kidney"
    rf"|liver|lung|heart|severe|mild|presumed|possible|recurrent|acute|chronic"
    rf"|seasonal)\s+)*(?P<what>{_OTHER_INDICATION})",
    re.IGNORECASE,
)
# Words that a cue such as "then" or "with" only passes on: "start IVMP x3, then MTX" plans both.
_PASSED_ON = re.compile(r"then|with|after|via|therapy|treatment|meds?|medications?|in")
# "no better for the IVIG", "no missed doses of MTX": what is denied is not the medicine.
_NO_OF_ELSE = re.compile(
    r"\b(?:benefit|response|improve\w*|help|effects?|relief|change\w*|better|worse|stronger|weaker|missed|reactions?"
    r"|issues?|problems?|trouble|side effects?|toxicity|intolerance|difference|infections?|fevers?|rash|symptoms?"
    r"|recurrence|relapse|flares?|progress\w*|longer|known|contraindication\w*|objection\w*|reason|doubt|need to)\b"
)
_PREDICTED = re.compile(r"%\s*$|\b(?:FVC|FEV1|DLCO|TLC|LLN|actual|best|ratio)\b[^.;\n]{0,24}$", re.IGNORECASE)
_PREDICTED_AFTER = re.compile(
    r"\s*(?:%|\|?\s*(?:LLN|actual|pre-?bronch|post|z-?score|flag)\b)", re.IGNORECASE
)
_FLU_CY = re.compile(r"\bflu(?:darabine|dara)?\b\s*[/,+]?[^.;\n]{0,32}$")
_CY_FLU = re.compile(r"[^.;\n]{0,32}?[/,+&]?\s*\bflu(?:darabine|dara)\b")
_PLAN_LINE = re.compile(
    r"\s*(?:[-*•]\s*)?(?:plan|P|recs?|recommendations?|to do|next steps?)\s*[:|]", re.IGNORECASE
)
_OTHER_BEFORE = re.compile(
    rf"\b(?P<what>{_OTHER_INDICATION}|(?-i:LD|Cond|Mobil)"
    rf"|pre-?meds?)\b[^.;\n]{{0,40}}?(?:\b(?:treated with|on|with|given|got|received|managed with"
    rf"|controlled (?:on|with)|rx|in the)\b|:|\(|(?<=\d),)[^.;\n]{{0,60}}$",
    re.IGNORECASE,
)
_OTHER_CUES = CueSet({"other": _OTHER_BEFORE})
_MYOSITIS = re.compile(
    r"\b(?:\w*myositis|\w*myopathy|DM|JDM|CADM|ASyS|IMNM|NAM|PM|IBM|IIM|antisynthetase|CK|weak\w*|muscle"
    r"|rash|skin|ILD)\b",
    re.IGNORECASE,
)
# A day behind these words is that of a beginning, or of a dose to come.
_BEGINS = re.compile(
    r"\b(?:since|from|started|starting|begun|began|next|due)\W*(?:dose|on|in)?\W*$", re.IGNORECASE
)


_SENTENCE_END = re.compile(r"[;\n]|(?<!\d)\.(?=\s)")
_SAID_BEHIND: tuple[tuple[re.Pattern[str], Assertion], ...] = (
    (_AFTER_NEVER, "absent"),
    (_AFTER_STOPPED, "historical"),
    (_AFTER_PLANNED, "hypothetical"),
)
_GOES_ON = re.compile(r"cont|ongoing")
_DENIALS = frozenset({"no", "nil", "without", "denies"})
# "no change on MTX": it is taken.
_NO_CHANGE_ON = re.compile(r"(?:no|nil)\s+\w+\s+(?:on|with|to|after|despite|from)\b")
_ALREADY = re.compile(r"\b(?:started|continu\w+)\b")
# Words for what was given, and may still be.
_RECEIVED = frozenset(
    {
        "then", "after", "pulse", "pulsed", "bridge", "received", "got", "given", "gave", "treated with",
        "treatment with", "has had", "had",
    }
)  # fmt: skip


class _Clause(NamedTuple):
    """What stands before and after a medicine, as written and in lower case for most of the patterns."""

    left: str
    right: str
    lower_left: str
    lower_right: str


class Treatments:
    """Decide for each medicine whether it was given."""

    def __call__(self, doc: Doc) -> Doc:
        spans = concept_spans(doc, ("treatment",))
        if spans:
            drafts = drafts_of(doc)
            previous_end = -1
            for span in spans:
                if not _is_predicted(doc, span):
                    drafts.append(_draft(doc, span, previous_end))
                    previous_end = source_range(span)[1]
        return doc


def _is_predicted(doc: Doc, span: Span) -> bool:
    """Say whether "pred" is the predicted value of a lung function test."""
    text: str = doc._.note_text
    start, end = source_range(span)
    if text[start:end].lower() != "pred":
        return False
    line = doc._.layout.line_at(start)
    return (
        _PREDICTED.search(text[max(line.start, start - 40) : start]) is not None
        or _PREDICTED_AFTER.match(text, end) is not None
    )


_OF_A_REACTION = re.compile(r"allerg|react|intoleran|side effect|contraindicat", re.IGNORECASE)


def _unticked(layout: Layout, start: int, end: int) -> str:
    """Return the boxes by which a form says that a drug was not given, or an empty string."""
    boxes = ticked(layout, end)
    if boxes is None:
        return unticked(layout, start)
    # "Reaction to cyclophosphamide?  [ ] yes  [x] no" asks for something else.
    asked = layout.text[layout.line_at(start).start : start]
    return boxes.words if boxes.said == "no" and _OF_A_REACTION.search(asked) is None else ""


def _draft(doc: Doc, span: Span, previous_end: int) -> Draft:
    layout: Layout = doc._.layout
    text = layout.text
    start, end = source_range(span)
    concept = sense_of(span).concept
    attributes = dict(concept.attributes)
    section = layout.section_at(start).category
    attributes["source"] = section
    relatives = own_relatives(span)
    if relatives is not None:
        return draft_from_span(span, assertion="family", cues=relatives, attributes=attributes)
    denied = _unticked(layout, start, end)
    if denied:
        return draft_from_span(span, assertion="absent", cues=(denied,), attributes=attributes)
    if concept.concept == "none":
        _, cues = own_assertion(span)
        return draft_from_span(
            span, assertion="absent", cues=cues, attributes=attributes, date=date_beside(doc, start, end)
        )
    clause = _clause(text, layout, start, end)
    line = layout.line_at(start)
    if section != "plan" and _PLAN_LINE.match(text, line.start, start):
        section = "plan"
    indication = _indication(text, clause, start)
    if concept.concept == "cyclophosphamide" and (
        _FLU_CY.search(clause.lower_left) or _CY_FLU.match(clause.lower_right)
    ):
        indication = indication or "lymphodepletion"
    if indication:
        attributes["indication"] = indication
    if attributes.get("depletes") and (given := _given_on(doc, start, end, clause)):
        attributes["given_on"] = given.isoformat()
    assertion, cue = _status(clause, section, previous_end - (start - len(clause.left)))
    return draft_from_span(
        span,
        assertion=assertion,
        cues=(cue,) if cue else (),
        attributes=attributes,
        score=0.9 if cue else 0.75,
    )


def _given_on(doc: Doc, start: int, end: int, clause: _Clause) -> date | None:
    """
    Return the last day on which the clause of a medicine says that it was given, None where it names none.

    Days after its name come first ("1 g on 4/20", "given 3/2025", "two months ago", "3/1 and 3/15"), then one right
    before it ("3/2025: rituximab"). "Since 2022" is when it began, and the next dose is still to come.
    """
    text: str = doc._.layout.text
    day = note_date_of(doc)
    others = [source_range(span)[0] for span in concept_spans(doc, ("treatment",))]
    high = min([end + len(clause.right), *(other for other in others if other >= end)])
    low = start - len(clause.left.lstrip())
    told = find_dates(text, day, start=low, end=high)
    after = [m for m in told if m.start >= end and not _BEGINS.search(text[end : m.start])]
    before = [m for m in told if m.end <= start and re.fullmatch(r"\W*", text[m.end : start])]
    days = [min(m.last, day) for m in after or before if m.first <= day]
    return max(days, default=None)


def _clause(text: str, layout: Layout, start: int, end: int) -> _Clause:
    """Return what stands before and after a mention in its own clause."""
    sentence = layout.sentence_at(start)
    left = text[max(min(sentence.start, start), start - 160) : start]
    right = text[end : min(max(sentence.end, end), end + 70)]
    stop = _SENTENCE_END.search(right)
    right = right[: stop.start()] if stop else right
    lower_left, lower_right = lowered(left), lowered(right)
    begin = 0
    for cut in _CLAUSE_END.finditer(lower_left):
        begin = cut.end()
    return _Clause(left[begin:], right, lower_left[begin:], lower_right)


def _status(clause: _Clause, section: str, previous_end: int) -> tuple[Assertion, str]:
    """
    Return the assertion of a mention and the cue that sets it.

    *previous_end* is where the medicine before it ends, counted from the beginning of the clause.
    """
    for pattern, assertion in _SAID_BEHIND:
        match = pattern.match(clause.lower_right)
        if match is not None:
            return assertion, clause.right[match.start() : match.end()].strip()
    if _WAITS.match(clause.lower_right) is not None:
        withheld = _WITHHELD.search(clause.lower_left + "§" + clause.lower_right)
        if withheld is not None:
            first, last = withheld.span("cue")
            return "hypothetical", clause.left[first:last]
    if _NONE_IS.search(clause.lower_left):
        return "absent", "none"
    cue = _cue_before(clause.lower_left, previous_end)
    if cue is not None:
        return _held_by(cue, clause.lower_left, section), clause.left[cue.start() : cue.end()]
    match = _AFTER_GIVEN.match(clause.lower_right)
    if match is not None and (section != "plan" or _GOES_ON.search(match.group())):
        return "present", clause.right[: match.end()].strip()
    if section == "plan":
        return "hypothetical", ""
    if section == "allergies":
        return "historical", "allergies"
    return "present", ""


def _cue_before(left: str, previous_end: int) -> re.Match[str] | None:
    """Return the cue that decides of those before a medicine: the nearest, or the leader of its list."""
    found: re.Match[str] | None = None
    for candidate in _CUE_SET.look(left).apart("cue"):
        # "HCQ stopped 2023, pred 5": a word behind one medicine says nothing of the next.
        behind = (
            0 <= candidate.start() - previous_end <= 12
            and _POSTFIX.match(candidate.group())
            and "," in left[candidate.end() :]
        )
        if behind or (found is not None and _PASSED_ON.fullmatch(candidate.group())):
            continue
        if candidate.lastgroup == "planned" and ":" in left[candidate.end() + 2 :]:
            continue  # what is asked for before a colon is not what the list behind it holds
        found = candidate
    return found


def _held_by(cue: re.Match[str], left: str, section: str) -> Assertion:
    """Return what a cue makes of the medicine behind it."""
    said = cue.group()
    if cue.lastgroup == "never":
        if said in _DENIALS and _NO_OF_ELSE.search(left, cue.end()):
            return "historical"
        return "present" if said in ("no", "nil") and _NO_CHANGE_ON.match(left, cue.start()) else "absent"
    if cue.lastgroup == "planned":
        return "present" if _ALREADY.search(left, cue.end()) else "hypothetical"
    if cue.lastgroup == "stopped":
        return "present" if said in _RECEIVED and section != "plan" else "historical"
    return "present"


def _indication(text: str, clause: _Clause, start: int) -> str:
    match = _FOR_OTHER.match(clause.right)
    if match is not None and not _MYOSITIS.search(clause.right[: match.end()]):
        return match.group("what").lower()
    match = _other_before(text, start - len(clause.left), start)
    if match is not None and not _MYOSITIS.search(match.string, match.start()):
        return match.group("what").lower()
    return ""


def _other_before(text: str, low: int, start: int) -> re.Match[str] | None:
    """Return ``_OTHER_BEFORE.search(text, low, start)``: one look for its words in place of a hundred at each letter."""
    first = max(0, low - 1)  # with the sign before: a clause that is cut for its length begins within a word
    for match in _OTHER_CUES.look(text[first:start]).every("other"):
        if match.start() >= low - first:
            return match
    return None


register("treatments", lambda nlp: Treatments())
