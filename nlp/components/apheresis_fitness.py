"""
Fitness for leukapheresis: opinions on a collection (kind ``contraindication``, concept ``leukapheresis``).

An opinion is a clause that names the procedure and judges it. "Collection" alone is the procedure only in a note
that speaks of collecting cells. Plasma exchange counts where it tells how access or the procedure went, never as a
contraindication to collecting cells. Part of the ``contraindications`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.components.apheresis_risks import is_without_access
from chartsift.nlp.components.apheresis_verdict import PROCEDURE, Verdict, is_doubted, is_unfit, verdict_of
from chartsift.nlp.components.covered import Covered
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loose_gate, loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.text.answers import ticked, unticked
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import needles
from chartsift.nlp.types import Assertion

_BARE = loosely(r"\b(?:collections?|collect|(?:be|get|getting|being) collected)\b")
_NAMED_OR_BARE = loose_gate(rf"(?P<named>{PROCEDURE})|(?P<bare>{_BARE.pattern})")
_OTHER_COLLECTION = loosely(
    r"\b(?:fluid|urine|stool|24[- ]?h\w*|specimen|sample|data|sputum|abscess|subdural|pleural|perinephric|hematoma"
    r"|lab|blood|swab|tissue|peripancreatic|loculated|drain\w*|rim[- ]enhancing|debt|art|stamp)\b[^.;]{0,20}$"
)
_OTHER_COLLECTION_AFTER = loosely(
    r"\s*(?:date|time|tube|kit|of (?:fluid|urine|stool|pus|blood|data|sputum|symptoms)|:\s*\d|\d\d/\d\d"
    r"|\(?\d{1,2}:\d\d|site|in (?:the )?(?:abdomen|pelvis|thigh|muscle|gluteal))"
)
_CELL_NOTE = loose_gate(
    r"apheres|leuka|cell therapy|cellular therapy|CAR[- ]?T|collection (?:of cells|service|cent|unit|team|intake)"
    r"|MNC|T[- ]cell collection|cell collection"
)
_OTHER_PROCEDURE = loosely(r"plasma$|photo$|lipo$|LDL[- ]?$|lipid[- ]?$|platelet[- ]?$|plasma[- ]$")
# A clinic or a physician is no session: "hold until the apheresis MD replies", "apheresis access clinic saw her on 4/11".
_PLAN_ONLY = loosely(
    r"\bleu[ck]a?\w*pheres\w*|\bapheresis\b"
    r"(?!\s+(?:access |collection |cent(?:er|re) |physicians? )?(?:MD|RN|team|clinic|nurses?|unit|service|physicians?|doctors?|staff"
    r"|consultants?|coordinators?|cent(?:er|re)|department|people|folks|consult\w*|opinion)\b(?![^.;]{0,12}\b(?:slot|booked|date|for (?:collection|apheresis))))|\b(?:MNC|T[- ]?cell|mononuclear[- ]cell|cell|lymphocyte) collection\b"
)
_QUESTION = loosely(
    r"\?\s*[\"”']?\s*$|^\W*(?:Q|question|re|reason|consult question|indication|request|asks?|asked)\b\s*:"
)
# A box of a form: "Contraindication to leukapheresis? Y", "Fit for apheresis: no".
_CONSULT = loosely(
    r"\W*(?:\d{1,2}[.)] ?)?(?:leuk)?aph[ae]*resis(?: \w+)? (?:consult\w*|assessment|opinion|evaluation|review|clinic|MD|physician|team|service|nurse|RN)\b"
)
_CONSULT_MET = loosely(
    r"\b(?:discussed|spoke|talked|reviewed|conferred|met) (?:\w+ )?with (?:the |our )?(?:leuk)?aph[ae]*resis\b"
)
_NOT_YET = loosely(
    r"\b(?:pending|request\w*|await\w*|ordered|referred|referral|scheduled|booked|asked|to be|will (?:be|see)|needs?|next)\b"
)
_OF_COLLECTING = loosely(
    r"collect|access|\bveins?\b|\blines?\b|catheter|procedure|proceed|candidate|suitable|feasible|counts?\b|haemoglobin|hemoglobin"
)
# What opens a verdict that names no procedure.
_JUDGED = loosely(
    r"[^.;]{0,60}?\b(?:(?:not |un)?(?:feasible|suitable|fit|cleared|acceptable)\b|(?:not )?(?:ok(?:ay)?|able|happy|content|comfortable|willing|prepared)"
    r" (?:to|for|with)|(?:would|can|could|may|will|should|cannot|can['’]t)(?: not)? (?:proceed|go ahead|be (?:done|collected))|(?:good |poor |not a )?candidate"
    r"|no (?:objections?|concerns?|contra\w*|barriers?|access)|contra-?indicated)\b"
)
_ASKS = (
    r"(?:(?P<against>contra-?indicat\w*|\bC/I|\bbarriers?\b|\bunfit\w*)|(?P<fit>\bfit(?:ness)?\b|\bsuitab\w+|\beligib\w+"
    r"|\bab(?:le|ility)\b|\bcandida\w+|\bclear(?:ed|ance)\b|\bfeasib\w+))"
)
_ASKED = loosely(
    _ASKS + r"|(?P<access>\b(?:adequate|good|usable|sufficient|suitable)\b[^.;\n]{0,30}\b(?:access|veins?))"
)
_FORM = loosely(
    rf"{_ASKS}[^.;:?\n]{{0,50}}(?:[?:=|]|"
    r"\.{2,}|\s[-–])[ \t]*"
    r"(?:(?P<yes>yes\b|y\b|pass(?:ed)?\b|present\b)|(?P<no>no\b(?! \w)|n\b|none\b|nil\b|fail(?:ed)?\b|absent\b))"
)
_FORM_AFTER = loosely(
    r"[^.;:?\n]{0,12}(?P<fit>\bfit(?:ness)?\b|\bsuitab\w+|\beligib\w+|\bclearance\b|\bfeasib\w+|"
    r"\bcandida\w+)[^.;:?\n]{0,12}"
    r"(?:[?:=|]|\.{2,}|\s[-–])[ \t]*(?:(?P<yes>yes\b|y\b|pass(?:ed)?\b)|(?P<no>no\b(?! \w)|n\b|fail(?:ed)?\b))"
)
_LEAFLET = loosely(
    r"\b(?:information (?:sheet|leaflet)|leaflet|hand-?out|booklet|website|people with|patients with|"
    r"some (?:people|patients))\b"
)
_GIVEN_BY = loosely(
    r"\b(?:brother|sister|sibling|donor|mother|father|parent|son|daughter)\b[^.;]{0,20}\b(?:donat\w*|was collected"
    r"|underwent|collected)\b|\b(?:was|as|is) (?:the |a )?donor\b|\bdonor (?:leuka?pheres\w*|apheres\w*|collection)"
)
_GENERIC = loosely(
    r"\b(?:risks? (?:of|and)|explained|brochure|process|procedure (?:was )?(?:explained|reviewed)|typically"
    r"|usually|patients (?:who|must|should)|criteria|inclusion|exclusion|protocol requires)\b"
)
_ACCESS_LABEL = loose_gate(
    r"(?:(?:central |peripheral |apheresis )?(?:venous|vascular|vein|IV|line)?\s*access"
    r"|veins?)(?: \w+){0,2}\s*(?:\.{2,}|:|=|\|)\s*"
)
_CELLS_NAMED = re.compile(r"collect|apheres|leuka", re.IGNORECASE)
_NONE_TO_BE_HAD = re.compile(r"\s*(?:none|no\b|exhausted|not possible)", re.IGNORECASE)
_LONGEST = 200
# A note without any of these letters has nothing to say here; a plain search is a hundred times faster than the rest.
_PROCEDURE_LETTERS = needles(
    "pher", "phaer", "phares", "leukap", "leucap", "leukper", "collect", "harvest", "separator"
)
# How each verdict is held as a finding, a contraindication.
_HELD: dict[Verdict, Assertion] = {
    "unfit": "present",
    "doubt": "possible",
    "fit": "absent",
    "planned": "hypothetical",
}


def fitness_drafts(text: str, layout: Layout) -> list[Draft]:
    """Return the opinions on collecting cells, latest words of a sentence included."""
    found: list[Draft] = []
    if not _PROCEDURE_LETTERS.stands(text):
        return found
    cell_note: bool | None = None
    seen: set[int] = set()
    for match in _NAMED_OR_BARE.finditer(text):
        start = match.start()
        number = layout.sentence_number(start)
        if number in seen:
            continue
        if match.group("bare"):
            if cell_note is None:
                cell_note = bool(_CELL_NOTE.search(text))
            if (
                not cell_note
                or _OTHER_COLLECTION.search(text[max(0, start - 40) : start])
                or _OTHER_COLLECTION_AFTER.match(text[match.end() : match.end() + 30])
            ):
                continue
        elif _OTHER_PROCEDURE.search(text[max(0, start - 8) : start]):
            continue
        draft = _opinion(text, layout, start, match.end(), bare=bool(match.group("bare")))
        draft = draft or _of_the_consult(text, layout, start, match.end())
        if draft is not None:
            seen.add(number)
            found.append(draft)
    found.extend(_access_in_a_checklist(text, layout, found))
    return found


def _of_the_consult(text: str, layout: Layout, start: int, end: int) -> Draft | None:
    """Return the verdict after the name of an apheresis consult: "Apheresis consult: 14 kg. Feasible with prime." """
    line = layout.line_at(start)
    if not _CONSULT.match(text, line.start, line.end) and not _CONSULT_MET.search(text, line.start, end + 40):
        return None
    number = layout.sentence_number(start)
    if _NOT_YET.search(layout.sentence_text(start)):
        return None
    for later in range(number, min(number + 3, len(layout.sentences))):
        span = layout.sentences[later]
        begin = max(span.start, end)
        if begin >= span.end or "\n\n" in text[end:begin]:
            break
        words = text[begin : min(span.end, begin + 160)]
        if _NAMED_OR_BARE.search(words):
            break  # read by itself
        judged = _JUDGED.match(words)
        if judged is None:
            continue
        verdict, cue = verdict_of(words)
        if verdict != "fit" and not _OF_COLLECTING.search(words):
            continue
        if verdict in ("fit", "unfit", "doubt") and not _QUESTION.search(words.strip()):
            if someone_else(text, layout, start, end):
                return None
            first, last = _trim(
                text, begin, begin + len(words), begin + len(words) - len(words.lstrip()), begin + 1
            )
            return Draft(
                first, last, "contraindication", "leukapheresis", _HELD[verdict], "contraindications:consult", (cue,),
                attributes={"verdict": verdict},
            )  # fmt: skip
    return None


def _opinion(text: str, layout: Layout, start: int, end: int, *, bare: bool) -> Draft | None:
    sentence = layout.sentence_at(start)
    first, last = min(sentence.start, start), max(sentence.end, end)
    last = min(last, end + 260)
    cut = max(text.rfind(";", first, start), text.rfind(" | ", first, start))
    # A verdict often stands before the semicolon and its reason after it, so only the words before are cut.
    begin = cut + 1 if cut >= 0 else first
    begin = max(begin, start - 220)
    words = text[begin:last]
    whole = text[first:last]
    form = None if bare else _form_answer(text, layout, begin, start, end)
    verdict, cue = (form[0], form[1]) if form else verdict_of(words)
    empty = unticked(layout, start)
    if empty:
        # "[ ] cannot have leukapheresis"; an empty box before "fit for apheresis" says nothing.
        verdict, cue = ("fit", empty) if verdict == "unfit" else (None, "")
    last = max(last, form[2]) if form else last
    if verdict is None:
        return None
    if form is None and _QUESTION.search(whole.strip()) and not is_unfit(whole):
        return None
    if verdict == "planned" and (bare or not _PLAN_ONLY.search(words)):
        return None
    if _LEAFLET.search(words) or (_GENERIC.search(words) and verdict != "unfit"):
        return None
    if _GIVEN_BY.search(whole):
        return None
    assertion = "family" if someone_else(text, layout, start, end) else _HELD[verdict]
    begin, last = _trim(text, begin, last, start, end)
    return Draft(
        begin, last, "contraindication", "leukapheresis", assertion, "contraindications:fitness", (cue,),
        attributes={"verdict": verdict},
    )  # fmt: skip


def _form_answer(
    text: str, layout: Layout, begin: int, start: int, end: int
) -> tuple[Verdict, str, int] | None:
    """Return the verdict of a box of a form, its words and where they end."""
    boxes = ticked(layout, end)
    if boxes is not None:
        asked = _ASKED.search(text, max(begin, layout.line_at(start).start), boxes.end)
        if asked is None or boxes.said not in ("yes", "no"):
            return None
        against = asked.group("against") is not None
        return ("unfit" if against == (boxes.said == "yes") else "fit"), boxes.words, boxes.end
    last = min(layout.line_at(start).end, end + 60)
    for match in (_FORM.search(text, begin, last), _FORM_AFTER.match(text, end, last)):
        if match is not None and match.end() > end:
            named = match.groupdict()
            against = bool(named.get("against"))
            return ("unfit" if against == bool(named["yes"]) else "fit"), match.group(), match.end()
    return None


def _access_in_a_checklist(text: str, layout: Layout, found: list[Draft]) -> Iterator[Draft]:
    """Yield the access line of a note on collecting cells."""
    if not _CELL_NOTE.search(text, 0, 500) or not _CELLS_NAMED.search(text, 0, 500):
        return
    judged = any(d.attributes.get("verdict") in ("fit", "unfit", "doubt") for d in found)
    taken = Covered((d.start, d.end) for d in found)
    for match in _ACCESS_LABEL.finditer(text):
        line = layout.line_at(match.start())
        if match.start() - line.start > 30:
            continue
        words = text[match.end() : line.end]
        if judged and match.group().rstrip()[-1] in ":=":
            continue  # prose of a note that judges in words of its own
        if len(words.strip()) < 4 or taken.touches(match.end(), line.end):
            continue
        assertion: Assertion = "absent"
        if is_without_access(words) or _NONE_TO_BE_HAD.match(words):
            assertion = "present"
        elif is_doubted(words):
            assertion = "possible"
        yield Draft(
            match.end(), line.end - (len(words) - len(words.rstrip())), "contraindication", "leukapheresis", assertion,
            "contraindications:access", ("access",), attributes={"verdict": "access"},
        )  # fmt: skip


def _trim(text: str, begin: int, last: int, start: int, end: int) -> tuple[int, int]:
    if last - begin > _LONGEST:
        begin = max(begin, start - 100)
        last = min(last, max(end, begin + _LONGEST))
    while begin < start and text[begin] in " \t\r\n-•*#.;|":
        begin += 1
    while last > end and text[last - 1] in " \t\r\n.;|":
        last -= 1
    return begin, last
