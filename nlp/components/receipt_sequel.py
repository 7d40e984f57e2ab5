"""
What became of it: a treatment that was planned, refused or put off, and the clause or sentence behind it that tells that
it was given after all.

"HSCT was recommended in 2015; it was carried out the year after." "The plan was CAR T. He received his cells in June."
The clause must take the treatment up again, by a pronoun, by its noun or by having no subject of its own, and its verb
must be one of the past: "she will get her cells", "was never given" and "was cancelled" tell nothing of the kind.

Part of ``receipt``.
"""

from __future__ import annotations

import re
from datetime import date

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_reach import is_said_of_the_mention
from chartsift.nlp.components.receipt_rules import Receipt, past_date_after
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout

# How far behind a mention its outcome is looked for, in code points: the rest of its sentence and two more.
_REACH = 320
_SENTENCES = 2
# Words without one of these tell no outcome; plain letters are found much faster than the patterns.
_LETTERS = (
    "place", "ahead", "done", "performed", "carried", "infused", "transplanted", "given", "received", "got ", "had ",
    "underwent", "undertak", "undergo", "administered", "get ", "have ", "accepting", "getting ", "having ", "infusion", "receiv", "implanted",
    "happened", "completed", "went through", "accepted", "dosed", "treated with",
)  # fmt: skip
_IT = (
    r"(?:it|this|that|which|who|the (?:transplant(?:ation)?|graft|operation|surgery|procedure|infusion|cells|product|(?:stem[- ]cell|bone marrow|kidney|liver|heart|lung) transplant(?:ation)?)"
    r"|(?:the |car[- ]?t )?(?:cells|infusion|transplant(?:ation)?|reinfusion|re-infusion))"
)
_THEM = (
    r"(?:it|them|one|this|(?:the|his|her|their|an?) (?:transplant(?:ation)?|graft|new organ|new (?:kidney|liver|heart|lungs?)|operation|procedure|infusion|product|cells|organ|kidney|liver|heart|lungs?|stem cells|marrow|re-?infusion"
    r"|CAR[- ]?T(?:[- ]cells)?))"
)
_WHO = r"(?:s?he|they|I|pt|the patient|patient|Mr\.? \w+|Mrs\.? \w+|Ms\.? \w+)"
_LATER = (
    r"(?:(?:finally|eventually|later|then|subsequently|afterwards|successfully|duly|indeed|still|ultimately|now|also|actually|in (?:the )?(?:end|fact)|at last|nevertheless|nonetheless|anyway|after all|however|though"
    r"|was|were|has|have|had|been|did|both|all|first|already|recently|uneventfully|went on to|agreed and|accepted and|changed (?:his|her) mind and)\s+)*"
)
_DONE_TO_IT = (
    r"(?:took place|taken place|went ahead|gone ahead|happened|(?:(?:was|were|has been|have been|had been) )?"
    + _LATER
    + r"(?:carried out|performed|done|given|infused|re-?infused|completed|undertaken|implanted|administered))"
)
_DATED_OR_SO = r"(?=\s*(?:\(|[:,–-]\s*)?(?:(?:on|in|at|from|by|without|with|uneventfully|successfully|last|this|the (?:following|next|same)|a (?:year|month|week|few)|after|despite|elsewhere|abroad|when|as|for|there|here|instead at|\d|[A-Z][a-z]{2,8}\.? \d)|$|[.,;)]))"
# A clause begins behind one of these.
_OPENING = re.compile(
    r"(?:[,;:.!?)–—]|\s-\s|->|→|\n|\b(?:and|but|then|which|until|so|yet|before|after which|whereupon)\b)\s*",
    re.IGNORECASE,
)
_OUTCOME = (
    # The treatment as the subject: "it was carried out", "the infusion then took place".
    ("it", loosely(rf"(?:and |but |so |then |until |yet )*{_IT}\s+{_LATER}{_DONE_TO_IT}{_DATED_OR_SO}")),
    # The patient as the subject: "he finally got the cells", "she did receive it".
    ("who", loosely(
        rf"(?:and |but |so |then |until |yet |in the end |at last |eventually |finally |in \w+ )*,?\s*{_WHO}\s+{_LATER}(?:received|got|had|underwent|get|receive|have|undergo|accepted|was given|given|went through with|was (?:infused|dosed|treated|transplanted) with)"
        rf"\s+(?:back )?{_THEM}\b(?!\s+(?:explain|describ|offer|plan|schedul|discuss|cancel|postpon|declin|approv|shown|refus|collected|manufactur|frozen|stored|harvested|checked|reviewed|done again|repeat(?:ed)? to)\w*)"
        rf"|(?:and |but |so |then )*{_WHO}\s+{_LATER}(?:was|were|got|has been|had been) {_LATER}(?:transplanted|infused)\b(?!\s+with\b)"
    )),
    # No subject of its own: "planned for 3/2019, performed 4/2019", "Listed 2011. Transplanted 2012."
    ("none", loosely(
        rf"(?:and |but |then )*(?:(?:was|were|got|has been) )?{_LATER}(?:performed|carried out|done|given|infused|re-?infused|transplanted|implanted|took place|went ahead)\b"
        r"(?=\s*(?:\(|[:,–-]\s*)?(?:on |in |at |the following |the next |a (?:year|month|week) )?(?:\d|(?-i:[A-Z])[a-z]{2,8}\b|(?:spring|summer|autumn|fall|winter) (?:19|20)\d|year|month|week|later|as planned|successfully|without (?:problems?|complications?)|uneventful))"
        rf"|(?:and |but |then )*{_LATER}(?:received|underwent|get|receive|undergo|got|had|accepted)\s+{_THEM}\s+(?:in|on|at|elsewhere|abroad|after|anyway|later|last|when|there|then|back|\d)\b"
    )),
)  # fmt: skip
# "Turned it down twice before accepting it in 2024; infusion 3 Sept 2024."
_AND_THEN_GOT = loosely(
    r"\b(?:before|until|prior to)\s+(?:finally |eventually )?(?:accepting|receiving|undergoing|getting|having)\s+(?:it|one|them|this)\b"
    r"|[;,.(–-]\s*(?:the )?(?:(?:cell|stem cell|T-cell|product|CAR[- ]?T) )?(?:re-?)?infusion\s+(?:was |took place )?(?:on )?(?=\d|(?-i:[A-Z])[a-z]{2,8} \d)"
)
_UNDONE = loosely(
    r"\b(?:not|never|n['’]t|no longer|nobody|neither|will|would|could|may|might|should|to be|be|if|once|unless|whether|when|asks?|hop\w+|wants?|instead of)\s*$"
)
# "She had it explained", "received it for tests": and what was got in its place.
_INSTEAD = re.compile(r"[^.;\n]{0,60}?\b(?:instead(?! at)|explained|in (?:its|their) place)\b", re.IGNORECASE)
# "The transplant was offered through the exchange and took place in May": one clause, one subject, the treatment.
_IS_SUBJECT = re.compile(r"\s*(?:\([^()\n]*\)\s*)?(?:was|were|had been|has been)\b[^,;.]*\Z", re.IGNORECASE)
# "Asks for weakness; he had it in the spring": so light a verb takes up whatever stands nearest.
_HAD_IT = re.compile(r"\b(?:had|have)\s+(?:it|them|one|this)\Z", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d|\d[/.]\d{1,2}[/.]\d\d\b|['’]\d\d")
# "Scheduled for 4/2 and given 4/9": a preposition that belongs to a day.
_FOR_A_DAY = re.compile(r"\b(?:for|by)\s+(?:the\s+)?\d\S*")
_ITS_SUBJECT_DIFFERS = re.compile(
    r"\b(?:MRI|CT|PET|biops\w+|echo\w*|EMG|colonoscop\w+|PFTs?|scan|X-?ray|surgery for|bronchoscop\w+|collection|apheresis|leuk\w*apheresis|harvest|work-?up|evaluation|assessment|consent|testing|screening)\b",
    re.IGNORECASE,
)

# "Would rather not speak of the kidney transplant she had in 2004": who had it is told by the words behind it.
_THAT_SHE_HAD = loosely(
    r"^(?:\s*(?:cells?|therapy|infusion|treatment))?\s+(?:(?:that|which)\s+)?(?:s?he|they|I|the patient|pt)\s+(?:had|got|received|underwent|was given)"
    r"\s+(?:back\s+)?(?:in|on|at|as|when|elsewhere|abroad|from|(?:\w+\s){1,2}(?:years?|months?)\s+ago)\b"
)
_THAT_SHE_HOPED_FOR = loosely(
    r"^(?:\s*(?:cells?|therapy|infusion|treatment))?\s+(?:(?:that|which)\s+)?(?:s?he|they|I|the patient|pt)\s+(?:had|has|have)\s+(?:been\s+)?(?:so\s+|long\s+|always\s+)?"
    r"(?:hoped|hoping|wished|wishing|waited|waiting|longed|asked|wanted|planned|expected|promised|declined|refused|feared)\b"
)
# "Prefers her own clinic (lung tx 2018)": a remark in brackets with its day stands for itself.
_IN_BRACKETS = loosely(r"^\s*,?\s*(?:in\s+|on\s+|since\s+)?[\w./-]{0,6}\s?[\w./-]{0,6}(?:19|20)\d\d\s*[),;]")


def may_tell(words: str) -> bool:
    """Say whether *words* hold any of the letters without which they tell no outcome."""
    lower = " ".join(words.lower().split()) + " "
    return any(letters in lower for letters in _LETTERS)


def given_after_all(
    text: str, layout: Layout, end: int, note_date: date, *, sentences: int = _SENTENCES
) -> str:
    """Return the words behind ``text[:end]`` that tell that the treatment was given after all, or an empty string."""
    stop = min(_paragraph_end(text, end), _sentence_end(layout, end, sentences), end + _REACH)
    behind = text[end:stop]
    if not may_tell(behind):
        return ""
    then = _AND_THEN_GOT.search(behind)
    if then is not None and _is_past_with_its_year(behind[then.end() :], note_date):
        return then.group()
    for opening in _OPENING.finditer(behind):
        at = opening.end()
        connective = opening.group().strip().lower()
        for subject, pattern in _OUTCOME:
            # "Which" and "until" open the clause and may be its subject.
            found = pattern.match(behind, opening.start() if connective in ("which", "until") else at)
            if found is not None and _holds(behind, opening.start(), found, subject, note_date):
                return found.group()
    return ""


def told_behind(left: str, right: str, note_date: date) -> Receipt | None:
    """Return how a relative clause or a remark in brackets right behind a mention holds it."""
    hoped = _THAT_SHE_HOPED_FOR.match(right)
    if hoped is not None:
        return Receipt("hypothetical", (hoped.group().strip(),))
    had = _THAT_SHE_HAD.match(right)
    if had is not None:
        return Receipt("present", (had.group().strip(),), strength="strong")
    if left.rstrip().endswith("(") and _IN_BRACKETS.match(right) and past_date_after(right, note_date):
        return Receipt("present", ("a past date in its brackets",), strength="strong")
    return None


def _holds(behind: str, opening: int, found: re.Match[str], subject: str, note_date: date) -> bool:
    between = behind[:opening]
    after = behind[found.end() :]
    if _UNDONE.search(behind[: found.start()][-20:]) or _INSTEAD.match(after):
        return False
    if subject == "none" and _IS_SUBJECT.match(between) is None and not _is_said_of_it(between):
        return False  # the clause goes on with another subject
    if subject == "who" and _HAD_IT.search(found.group()) and not is_said_of_the_mention(between):
        return False
    if subject == "it" and _ITS_SUBJECT_DIFFERS.search(between):
        return False
    # The verb is one of the past: "took place in May" is a May that has been, whichever the calendar thinks of.
    days = [day for day in find_dates(after[:40], note_date) if _YEAR.search(after[day.start : day.end])]
    return not days or days[0].first <= note_date


def _is_past_with_its_year(after: str, note_date: date) -> bool:
    """Say whether *after* begins with a past day or year that is told with its year: "infusion on 20 June" may be to come."""
    return past_date_after(after, note_date) is True and _YEAR.search(after[:30]) is not None


def _is_said_of_it(between: str) -> bool:
    return is_said_of_the_mention(_FOR_A_DAY.sub(" ", re.sub(r"[.;]", ",", between)))


def _paragraph_end(text: str, end: int) -> int:
    stop = text.find("\n\n", end)
    return len(text) if stop < 0 else stop


def _sentence_end(layout: Layout, end: int, more: int) -> int:
    if not layout.sentences:
        return end
    number = layout.sentence_number(max(end - 1, 0))
    last = min(number + more, len(layout.sentences) - 1)
    return max(layout.sentences[last].end, end)
