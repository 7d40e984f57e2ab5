"""
Did the patient receive it? The reading that CAR T-cell therapy, other cell therapies and grafts share.

A treatment that is given once is talked about far more often than it is given: planned, asked about, listed for,
declined, a brother's, a trial's title. What a mention means is read from the words that govern it, nearest first:
whose it is, a blinded arm, a denial, words of intent, words of receipt, a date beside it. Where nothing governs it
the reader of the kind decides.
"""

from __future__ import annotations

import re
from datetime import date

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.receipt_forms import answered
from chartsift.nlp.components.receipt_mended import is_denial_corrected, set_right
from chartsift.nlp.components.receipt_reach import (
    first_governing,
    is_about_mention,
    is_said_of_the_mention,
)
from chartsift.nlp.components.receipt_rules import (
    REACH,
    Receipt,
    intent_or_receipt,
    is_received,
    names_service_or_plan,
    past_date_after,
)
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.text.layout import Layout

_CLAUSE_LEFT = loosely(r";|\||(?:^|\s)(?:but|however|although|though|whereas|except)\b|[.!?]\s+(?=[A-Z])")
_CLAUSE_RIGHT = loosely(r";|\s\|\s|\s(?:but|however|although|though|whereas)\b")

# ---- blinded trials
_BLINDED = loosely(
    r"\b(?:placebo|sham|blinded|double[- ]?blind|masked|arm (?:is |was )?(?:un)?known|arm not|unknown arm|allocation"
    r"|treatment assignment|randomi[sz]ed)\b"
)
_TOOK_PART = loosely(
    r"\b(?:received|infusions?|infused|was given|dosed|randomi[sz]ed (?:to|in|\d)|enrolled|took part|participa\w+"
    r"|finished|completed|apheresed|subject|got|was in|(?:was|were|been|is) randomi[sz]ed)\b"
)
# "whether she had CAR-T or placebo"
_OR_PLACEBO = loosely(
    r"^[\s\-]*(?:cells?|product|infusions?|therapy|\([^)]{0,30}\))?\s*(?:or|vs\.?|versus)\s+(?:a "
    r"|the )?(?:matching |matched )?(?:placebo|sham)"
)
_PLACEBO_OR = loosely(r"\b(?:placebo|sham)\s+(?:or|vs\.?|versus)\s+(?:the |active |an? )*$")
_PAST_DOSE = loosely(r"\b(?:had|got|received|given|assigned|infused|infusions?|on|took)\b")
_NOT_YET = loosely(
    r"\b(?:plan\w*|consider\w*|interest\w*|eligib\w*|candidate|would|will|might|may|could|refer\w*|screening for"
    r"|discuss\w*|option\w*|asked|asks|wants|upcoming)\b"
)
_DISCLOSED = (
    r"(?:\bunblinded\b|\bunmasked\b|\bunblinding (?:showed|shows|revealed|confirmed|confirms|letter|report|result)"
    r"|\bcode (?:was )?broken\b|\ballocation (?:disclosed|revealed)|\bassigned to\b|\ballocated to\b"
    r"|\bturned out to be\b)"
)
_DISCLOSED_PLACEBO = loosely(_DISCLOSED + r"[^.;]{0,60}\b(?:placebo|sham|control arm)\b")
_DISCLOSED_ACTIVE = loosely(
    _DISCLOSED
    + r"[^.;]{0,60}\b(?:active|CAR[- ]?T|the (?:real )?product|study (?:product|drug)|treatment arm|verum)\b"
)

# Words without any of these letters speak of no blinded trial; plain letters are found much faster than patterns.
_TRIAL_LETTERS = ("placebo", "sham", "blind", "mask", "known", "code", "disclosed")
# Distances in code points, by what a note holds: its lines are about 80 wide and its sentences seldom over 300 long.
# They are no fine cut: a fifth less or a quarter more of all of them leaves every sentence of the tests read the same.
# Of a clause on either side of a mention: all that one sentence can hold.
_CLAUSE_REACH = 300
# Of words that answer a form's question on the rest of its line, which may wrap once or twice.
_FORM_REACH = 240
_ANSWER_REACH = 160
# Of a box to tick before its label: "[x] Prior history of CAR-T".
_BOX_REACH = 24
# Of "or placebo" beside the treatment that it is the other arm of: the next few words.
_ARM_REACH = 50
# Of a sentence that still goes on about the trial of the one before it: one long sentence may stand between.
_NEXT_REACH = 400
# How far beside a mention words of a blinded trial are looked for, in code points.
_TRIAL_REACH = 600

# ---- denial
_NEGATOR = loosely(
    r"\b(?=[nwdlhafzkobeusc])(?:(?:empty|blank|unremarkable|silent|clean|clear|naive|naïve) for|no|not|never|nothing(?! against)|without|w/o|denie[sd]|deny|denying|"
    r"negative for|neg for|nor|neither"
    r"|none of|nil|lacks?|kein\w*|ohne|nie(?:mals)?|hasn['’]?t"
    r"|haven['’]?t|hadn['’]?t|didn['’]?t|absence of|free of|zero)\b"
)
# A denial of something about the treatment (a plan, a contraindication, a relapse) is no denial of receipt.
_ABOUT = loosely(
    r"\b(?:about|regarding|complain\w*|concerns?|problems?|issues?|trouble|other than|except|besides|apart from|aside from|despite|candida\w+|contraindic\w*|objection\w*|plan\w*|refer\w*|respon\w*|relaps\w*|recur\w*|indica\w+"
    r"|eligib\w*"
    r"|interest\w*|want\w*|wish\w*|consider\w*|discuss\w*|since|after|following|post|until|before|prior to|option\w*"
    r"|need\w*|ready|appropriate|because|suitab\w*|appl\w+|offer\w*|change\w*|improve\w*|complication\w*|reject\w*"
    r"|CRS|whether|known if|documented if"
    r"|ICANS|enrol\w*|sure|certain|clear|doubt|only|longer|slot|approv\w*|decision|date|barrier\w*|reason|rush|hurry"
    r"|benefit|effect|accept\w*|toxicit\w*|require\w*|pursu\w*|want|agree\w*|consent\w*|look\w*|hesita\w*|role|place"
    r"|rule\w* out"
    r"|exclu\w*|listed|a match|donor|GVHD|up for)\b"
)
# What a trial excludes is no history of the patient.
_CRITERIA = loosely(
    r"\b(?:trials?|stud(?:y|ies)|protocols?|criteria|sponsor)\s+(?:\w+\s){0,2}exclud\w+"
    r"|\bexclusion criteria\s+(?:such as|includ\w*|are|like)\b"
    r"|\bexcludes (?:prior|previous|patients|any)\b"
)
# "Denies missing doses of tacrolimus for his kidney transplant": the pronoun takes the graft for granted.
_OF_HERS = loosely(
    r"(?<!record )(?<!history )(?<!evidence )(?<!proof )(?<!trace )(?<!sign )\b(?:for|of|with|about|from|regarding|to)\s+(?:his|her|their)\s+(?:\w+\s)?$|\b(?:biops\w+|scans?|imaging|ultrasound|follow-?up|check|visit|loss) of the\s+$"
)
_FORMULA = loosely(r"\b(?:history|hx|evidence|record|prior|previous|known|yet|only)\b(?:\s+of)?")
_MEASURED = loosely(
    r"^\s*(?:cells?\s+)?(?:(?:are|were|was|is)\s+)?(?:detect\w*|measurable|persist\w*|found in"
    r"|seen in|circulating)"
)
_SEARCHED = loosely(
    r"\bsearch(?:ed|ing)\b|\b(?:keyword|text|chart|records?|EHR|EMR|Epic|notes?) search\b|^\W*search\b|\bquer(?:y|ied)\b"
)
_NO_HITS = loosely(
    r"[^.;\n]{0,120}?(?:\b(?:no|0|zero|without)(?: \w+)? (?:hits?|results?|match(?:es)?|entr(?:y|"
    r"ies)|mentions?|records?)\b"
    r"|\bnothing\b|\bnone\b|\bnegative\b|\bnot found\b|\bnil\b)"
)
_UNNEEDED = loosely(
    r"\b(?:never|not|n['’]t)\s+(?:needed|required|went on to|came to|proceed(?:ed)? to|ended up|end up"
    r"|had to have)\b(?:\s+(?!since|after|for|in|with)\w+){0,3}\s*$"
    r"|\b(?:spared|averted|avoided|escaped)(?:\s+\w+){0,3}\s*$"
    r"|\bdid(?: not|n['’]t) (?:need|require|go on to)\b(?:\s+(?!since|after|for|in|with)\w+){0,3}\s*$"
)
# "Cardiology said no to a second transplant": a refusal.
_TO = re.compile(r"\W{0,2}\s*to\b", re.IGNORECASE)
_SAID_NO = loosely(
    r"\b(?:said|says?|saying|gave a clear|was a|told (?:him|her|them|us)|answer(?:ed)?(?: was| is)?(?: an?)?|voted)\s+[\"“'‘]?$"
)
_UNTIL = loosely(
    r"^\s*(?:cells?|therapy|infusion)?\s*(?:until|till|unless|before)\b(?!\s+(?:today|now|date|this|the present|\d))"
)
# "Prognosis is poor without lung transplantation".
_OUTLOOK = loosely(
    r"\b(?:prognosis|outlook|surviv\w+|expectancy|poor|hopeless|die|dies|fatal|chance|no options?)\b"
)
_SO_WHAT = loosely(r"^\s*(?:therapy|cells?|infusion)?\s*,?\s*(?:she|he|they|there|we|I)\b")
# An insurer denies a treatment, not that it was given.
_PAYER = loosely(
    r"\b(?:insurance|insurer|payer|payor|plan|medicaid|medicare|authori[sz]ation|prior auth|coverage|appeal"
    r"|carrier)\s+(?:has\s+|was\s+|initially\s+|again\s+)*$|\b(?:got|been|was|were|being)\s+$(?<!not been )"
)
_INSURER = loosely(
    r"\b(?:insurance|insurer|payer|payor|plan|medicaid|medicare|authori[sz]ation|prior auth|coverage|appeal|carrier)\s+(?:has\s+|was\s+|initially\s+|again\s+)*$"
)
_HAS_SINCE = loosely(
    r",\s*(?:but |and |she |he |pt |patient )*(?:s/p|status post|has had|had|received|underwent|h/o|history of"
    r"|hx of|is|was|has)\b"
)
_GIVEN = r"(?:had|received|rec['’]?d|got|underwent|done|given|performed|infused|needed|required)"
# A denial after a label or a comma ends the clause: "never needed dialysis" and "denies pain" deny something else.
_ANSWERED_NO = loosely(
    r"^(?P<label>(?:[^.;:|=\n]|\bincl\.|\be\.g\.|\bi\.e\.){0,45}?)(?:\.{2,}|->|→|=>|:|=|\s\|\s|\t|\s{3,}|\s[-–—]{1,2}\s|\?|,|\()\s*[\"“']?(?:(?:all|both|each)(?: of them)? )?"
    r"(?:none\b(?!\s+(?:of|planned|scheduled))|no(?=\s*(?:$|[.;,|)\n(]|\s{2}))|nil\b|nope\b|"
    r"not applicable|n/a\b|nein\b|keine?\b|not that (?:s?he|I|we|they)\b"
    rf"|(?:never(?:\s+(?:been\s+)?{_GIVEN}(?:\s+(?:one|any|it|this|that|them|such))?)?|nothing(?:\s+(?:like|of)\s+"
    rf"(?:that|the kind))?|neither(?:\s+(?:was\s+)?(?:{_GIVEN}|offered|planned))?|neg(?:ative)?|denie[sd](?:\s+(?:any|it|this|that))?)"
    r"(?=\s*(?:$|[.;,|)\n(\"”/–-]|\s{2}|(?:and|but|by|anamnesis|history|known|reported|per|so far|to date|yet)\b))"
    r"|[-–−]\s*\)|n(?=\s*(?:$|[|.;()]|\s{2}))|naive|absent|0(?=\s*(?:$|[|.;,)]|/(?!\s*[1-9]))))"
)
# "Transplant? "My corneas." -> no": the answer that the form's keeper coded; "-> no rejection" is a finding.
_CODED_NO = loosely(
    r"^(?:\s*(?:hx|history|status))?\s*[?:]?\s*(?:[\"“][^\"”\n]{0,80}[\"”]\s*)?(?:->|→|=>)\s*no(?=\s*(?:$|[.;,|)\n(\"”]|per\b))"
)
_BARE_ANSWER = loosely(
    r"^(?:\s*[/&+]\s*(?:solid organ|organ|SOT|BMT|HCT|marrow|tissue|graft|CAR[- ]?T))*(?:[ \t]+(?:hx|history|status))?[ \t]+(?:(?P<no>(?-i:N)|no|neg|nil|none|n/a|0(?![.,/]\d))|(?P<yes>(?-i:Y)|yes))(?=\s*(?:[.,;|\n(]|$)|\s+(?-i:Prior|Previous|History|Hx|Any|PRIOR)\b)"
)
_NAIVE = loosely(r"^(?:[- ]?(?:T|cells?|therapy|treatment))?[\s-]*(?:naive|naïve)\b")
# "Never needed dialysis" denies the dialysis: the verb of need has no object of its own.
_NOT_DONE = loosely(
    r"\b(?:none|never|not|n['’]t|no)\s+(?:(?:been|yet|ever|was|were|actually|had|has)\s+){0,2}"
    r"(?:done|performed|given|received|infused|administered|used|tried|employed|undertaken|carried out|happen\w*|took place|taken place"
    r"|transplanted|undergone|underwent)\b"
    r"|\bneither\s+(?:[\w-]+\s+nor\s+)?(?:been\s+)?(?:done|performed|given|received|infused|administered|happened)\b"
    r"|\bnever\s+(?:been\s+)?(?:needed|required|used|necessary|considered)(?=\s*(?:$|[.,;:)]|\n|(?:for|in|by|because|as"
    r"|since|and|but)\b))"
)
# "Asks if a transplant is still coming: no, none done": the pronoun is the treatment, wherever it stands.
_NONE_DONE = loosely(
    r"^[^.;]{0,120}?\b(?P<cue>none\s+(?:was\s+|were\s+|has been\s+)?(?:done|performed|given|received|infused))\b"
)
_BOX = loosely(
    r"(?:\[(?P<square>[ xX✓✔]?)\]|(?P<empty>[☐□])|(?P<full>[☒☑✓✔]))\s*(?:prior|previous|history of|hx|h/o)?\s*$"
)

# "Her problem list carries a bone marrow transplant in 2024. That is an error."
_WRONG = (
    r"(?:an?\s+)?(?:\w+\s+)?(?:error|mistake)|wrong|incorrect|inaccurate|untrue|false|erroneous"
    r"|not\s+(?:true|correct|right|accurate|so)"
)
# Nothing follows of which the error would be: "the dose was wrong for a week", "a mistake to stop acyclovir".
_AND_NO_MORE = (
    r"(?=[\s\"”]*(?:$|[.,;:)–—-]|\n|and\b|as\b|because\b|since\b|per\b|s?he\b|they\b|according\b|made\b"
    r"|(?:in|of|on) (?:the |his |her )?(?:registry|coding|problem|records?|charts?|list|entry|transcription|dictation)))"
)
_CORRECTED = loosely(
    rf"\b(?:is|was|are|were)\s+(?:{_WRONG}){_AND_NO_MORE}"
    r"|\b(?:entered|listed|recorded|charted|documented|coded|carried|copied|put)\s+(?:there\s+)?(?:in error|by mistake"
    r"|wrongly|erroneously|mistakenly)\b|\b(?:wrongly|erroneously|mistakenly)\s+(?:entered|listed|recorded|charted"
    r"|documented|coded|carried|copied)\b|\bin error\b|\bauto-?populat\w+"
    r"|\bmis-?(?:coded|entered|labell?ed|recorded|filed|documented|reported|charted|attributed|transcribed)\b"
    r"|\b(?:registry|coding|coder['’]?s|charting|clerical|transcription|dictation|data[- ]entry|documentation|template"
    r"|billing|copy[- ](?:paste|forward))\s+(?:error|mistake)\b"
)
# A pronoun takes the mention up again, also in the next sentence.
_CORRECTED_AGAIN = loosely(
    rf"[.,;(–-]\s*(?P<cue>(?:that|this|it|which|this entry|the entry)\s+(?:is|was)\s+(?:{_WRONG}){_AND_NO_MORE}"
    r"|(?:that|this|it|which|this entry|the entry)\s+(?:is|was)\s+(?:entered|listed|recorded|charted|documented|coded"
    r"|copied)\s+(?:in error|by mistake|wrongly|erroneously|mistakenly)\b)"
)
_AS_DATE = re.compile(r"\s+as\s+(?:\w+\s+){0,2}\d", re.IGNORECASE)
_AS_WRITTEN = re.compile(r"\bas\s+(?:\w+\s+)?\Z", re.IGNORECASE)
_SOMETHING_ELSE = re.compile(r"\b(?:with|of)\b", re.IGNORECASE)
# "Product could not be made, never infused."
_NEVER_INFUSED = loosely(r"\b(?:not|never|wasn['’]t|weren['’]t)\s+(?:been\s+)?infused\b")
# "T-cell collection 3/11, product out of specification. Not infused.": a verb without a subject goes on with the product.
_NONE_INFUSED = loosely(
    r"^(?=[^\n]*\b(?:collect|apheres|leuka|manufactur|product))(?:(?!\bCAR[- ]?|\binfus|-cel\b|leucel\b)[^\n]){0,200}?"
    r"[.;,(–-]\s*(?P<cue>(?:not|never)\s+(?:been\s+)?infused)(?=\s*(?:$|[.,;:)]|\n|because\b|due\b|for\b))"
)
# How far behind a mention its correction may stand, in code points.
_CORRECTION_REACH = 150
# "The insurer declined CAR T, but she received it in March": the pronoun takes the treatment up again.
_RECEIVED_IT = loosely(
    r"^[^.;\n]{0,60}?(?:,|\bbut|\band|\bthen)\s+(?:s?he|they|pt|the patient)\s+(?:later |finally |eventually |then |did )*"
    r"(?:received|got|had|underwent)\s+(?:it|them|the (?:transplant|transplantation|cells|infusion|product|procedure))\b"
    r"(?!\s+(?:explain|describ|offer|plan|schedul|discuss|cancel|postpon|declin|approv|shown|repeat(?:ed)? to)\w*)"
    # Without a subject of its own: "declined CAR T in 2021 but received it in 2023".
    r"|^[^.;\n]{0,60}?(?:,|\bbut|\band|\bthen)\s+(?:(?:then|later|finally|eventually|did)\s+)*(?:received|underwent)\s+(?:it|them|one)\s+"
    r"(?:in|on|at|elsewhere|abroad|after|anyway|later|last)\b"
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
_TIMELINE_ROW = loosely(
    r"^[\W_]*(?:in )?(?P<date>(?:\d{1,2}[/.-]){0,2}(?:19|20)\d\d(?:-\d\d){0,2}|\d{1,2}/\d{1,2}/\d\d|[a-z]{3,9}\.? (?:19"
    r"|20)\d\d)\s*(?:[:|\-–—\t,]|\s)\s*(?:[a-z0-9+-]+\s+){0,2}$"
)
_PAST_SECTIONS = frozenset({"past_history", "problem_list", "treatment_history", "procedure"})


def read_receipt(
    text: str, layout: Layout, start: int, end: int, note_date: date, *, is_graft: bool = False
) -> Receipt:
    """
    Return how the note holds the treatment named by ``text[start:end]``; assertion None where no word decides.

    Args:
        text: The note.
        layout: Its sections, lines and sentences.
        start: Where the mention begins.
        end: Where it ends.
        note_date: The day of the note.
        is_graft: The mention is a transplant: it is received, and what was "not infused" beside it is something else.

    Returns:
        The reading with the words that decided it.
    """
    sentence = layout.sentence_at(start)
    line = layout.line_at(start)
    first = min(sentence.start, start)
    last = max(sentence.end, end)
    left = _tail(text[max(first, start - _CLAUSE_REACH) : start])
    right = _head(text[end : min(last, end + _CLAUSE_REACH)])

    other = someone_else(text, layout, start, end)
    if other:
        return Receipt("family", (other,))
    corrected = _corrected(text[end : end + _CORRECTION_REACH])
    if corrected and is_denial_corrected(left):
        return Receipt("present", (corrected,), strength="strong")
    if corrected and not is_about_mention(left):
        return Receipt("absent", (corrected,), strength="strong", corrects=True)
    blinded = _blinded(text, layout, start, end)
    if blinded is not None:
        return blinded
    disowned = set_right(left, text[end : end + _CORRECTION_REACH])
    if disowned:
        return Receipt("absent", (disowned,), strength="strong", corrects=True)
    answer = answered(text[end : min(line.end, end + _ANSWER_REACH)], left)
    if answer is not None:
        return answer
    never = (
        None if is_graft else _never_infused(left, text[end : min(line.end, end + _FORM_REACH)], note_date)
    )
    if never:
        return Receipt("hypothetical", (never,), strength="strong")
    box = _BOX.search(text[max(line.start, start - _BOX_REACH) : start])
    if box is not None:
        ticked = bool(box.group("full") or (box.group("square") or "").strip())
        # A tick was set by someone; a box that nobody ticked is a weak denial.
        strength = "strong" if ticked else "plain"
        return Receipt("present" if ticked else "absent", (box.group().strip(),), strength=strength)
    received = _RECEIVED_IT.match(text[end : min(last, end + REACH)])
    if received is not None and not re.search(
        r"\b(?:if|asks?|whether|says?)\b", received.group(), re.IGNORECASE
    ):
        return Receipt("present", (received.group().strip(" ,"),), strength="strong")
    hoped = _THAT_SHE_HOPED_FOR.match(right)
    if hoped is not None:
        return Receipt("hypothetical", (hoped.group().strip(),))
    had = _THAT_SHE_HAD.match(right)
    if had is not None:
        return Receipt("present", (had.group().strip(),), strength="strong")
    if left.rstrip().endswith("(") and _IN_BRACKETS.match(right) and past_date_after(right, note_date):
        return Receipt("present", ("a past date in its brackets",), strength="strong")
    denied = _denied(left, right, text[end : min(line.end, end + _ANSWER_REACH)], note_date)
    if denied is not None:
        return denied
    return intent_or_receipt(left, right, note_date)


def in_past_section(layout: Layout, offset: int) -> bool:
    """Say whether *offset* stands in a section that lists what has been."""
    return layout.section_at(offset).category in _PAST_SECTIONS


def in_timeline(before: str, note_date: date) -> bool:
    """Say whether *before*, the words of the line before a mention, are a past date that opens a row of a timeline."""
    row = _TIMELINE_ROW.match(before)
    if row is None:
        return False
    year = re.search(r"(?:19|20)\d\d", row.group("date"))
    if year and int(year.group()) != note_date.year:
        return int(year.group()) < note_date.year
    return any(mention.first <= note_date for mention in find_dates(before, note_date))


def _tail(left: str) -> str:
    last = 0
    for match in _CLAUSE_LEFT.finditer(left):
        last = match.end()
    return left[last:]


def _head(right: str) -> str:
    cut = _CLAUSE_RIGHT.search(right)
    return right[: cut.start()] if cut else right


def _corrected(after: str) -> str:
    """Return the words of *after* that call the mention before them an error, or an empty string."""
    own = first_governing(_CORRECTED, after)
    if own is not None:
        # "In 2012 (documented elsewhere in error as 2017)", "(not 2013 as documented in error)": the year was wrong.
        is_of_date = _AS_DATE.match(after, own.end()) or _AS_WRITTEN.search(after, 0, own.start())
        return "" if is_of_date else own.group()
    again = _CORRECTED_AGAIN.search(after)
    # "Transplant with a potassium of 6.5. That was an error.": the pronoun takes up what stands nearest.
    if again is None or _SOMETHING_ELSE.search(after[: again.start()]):
        return ""
    return again.group("cue") if is_said_of_the_mention(after[: again.start()]) else ""


def _never_infused(left: str, after: str, note_date: date) -> str:
    """Return the words of *after* that say of the product before them that nobody got it, or an empty string."""
    own = first_governing(_NEVER_INFUSED, after)
    if own is not None:
        return own.group()
    alone = _NONE_INFUSED.match(after)
    if alone is None or is_received(left, after, note_date):
        return ""
    return alone.group("cue")


def _blinded(text: str, layout: Layout, start: int, end: int) -> Receipt | None:
    number = layout.sentence_number(start)
    sentence = layout.sentences[number] if layout.sentences else None
    first = max(sentence.start if sentence else 0, start - _TRIAL_REACH)
    last = min(max(sentence.end, end) if sentence else len(text), end + _TRIAL_REACH)
    own = text[first:last]
    following = layout.sentences[number + 1 : number + 3] if sentence else []
    after = " ".join(
        text[s.start : min(s.end, s.start + _TRIAL_REACH)] for s in following if s.start - end < _NEXT_REACH
    )
    wide = own + " " + after
    lower = wide.lower()
    if not any(letters in lower for letters in _TRIAL_LETTERS):
        return None
    placebo = _DISCLOSED_PLACEBO.search(wide)
    if placebo and _BLINDED.search(wide):
        return Receipt("absent", (placebo.group(),), strength="strong", unblinded=True)
    active = _DISCLOSED_ACTIVE.search(wide)
    if active and re.search(r"unblind|unmask|code|disclosed", wide, re.IGNORECASE):
        return Receipt("present", (active.group(),), strength="strong", unblinded=True)
    either = _OR_PLACEBO.match(text[end : end + _ARM_REACH]) or _PLACEBO_OR.search(
        text[max(0, start - _ARM_REACH) : start]
    )
    if either and _PAST_DOSE.search(own) and not _NOT_YET.search(own[: start - first]):
        return Receipt("possible", (either.group().strip(),))
    cue = _BLINDED.search(own) or (
        _BLINDED.search(after) if re.search(r"\b(?:placebo|blind|arm)", after, re.I) else None
    )
    if cue is None or not re.search(
        r"\b(?:placebo|sham|blinded|double[- ]?blind|masked|arm\b[^.;]{0,20}known)", wide, re.I
    ):
        return None
    if not _TOOK_PART.search(own) or (
        _NOT_YET.search(own) and not re.search(r"\breceived\b|\binfusions?\b", own, re.I)
    ):
        return None
    return Receipt("possible", (cue.group(),))


def _denied(left: str, right: str, rest_of_line: str, note_date: date) -> Receipt | None:
    naive = _NAIVE.match(rest_of_line)
    if naive:
        return Receipt("absent", (naive.group().strip(),), strength="strong")
    bare = _BARE_ANSWER.match(rest_of_line)
    if bare:
        return Receipt(
            "absent" if bare.group("no") else "present", (bare.group().strip(),), strength="strong"
        )
    if not re.match(r"[^.;:|]{0,60}(?:19|20)\d\d", rest_of_line):
        answered = _ANSWERED_NO.match(rest_of_line) or _CODED_NO.match(rest_of_line)
        if answered and not _ABOUT.search(answered.groupdict().get("label") or ""):
            return Receipt("absent", (answered.group().strip(" .:|-"),), strength="strong")
    lower = left.lower()
    if ("search" in lower or "quer" in lower) and (searched := _SEARCHED.search(left)):
        # A term that was looked for tells what was found, or else nothing.
        found = _NO_HITS.match(rest_of_line)
        return Receipt("absent" if found else "hypothetical", (searched.group(),), strength="strong")
    if "search" in rest_of_line[:20].lower() and _NO_HITS.match(rest_of_line):
        return Receipt("absent", ("searched, nothing found",), strength="strong")
    if "exclu" in lower and _CRITERIA.search(left):
        applies = re.search(
            r"\b(?:none|no|not|neither)\b[^.;]{0,15}\b(?:appl|met|present|true)", rest_of_line, re.IGNORECASE
        )
        return Receipt("absent" if applies else "hypothetical", ("criteria of a trial",))
    if _MEASURED.match(right):
        return None
    unneeded = _UNNEEDED.search(left[-REACH:])
    if unneeded:
        return Receipt("absent", (unneeded.group().strip(),), strength="strong")
    not_done = first_governing(_NOT_DONE, right[:REACH]) or (
        None if is_received(left, right, note_date) else _NONE_DONE.match(right[:REACH])
    )
    if not_done:
        made = not not_done.group().lower().startswith("neither") and re.search(
            r"\b(?:collect|apheres|manufactur|product|enrol|consent|slot|listed)", left + right, re.IGNORECASE
        )
        cue = not_done.groupdict().get("cue") or not_done.group()
        return Receipt("hypothetical" if made else "absent", (cue,), strength="strong")
    near = left[-REACH:]
    for negator in reversed(list(_NEGATOR.finditer(near))):
        between = near[negator.end() :]
        before = near[: negator.start()]
        if (_PAYER if negator.group().lower().startswith("den") else _INSURER).search(before) or (
            _TO.match(between) and _SAID_NO.search(before)
        ):
            return Receipt("hypothetical", (negator.group(),))
        if negator.group().lower() == "without" and (_SO_WHAT.match(right) or _OUTLOOK.search(before)):
            return Receipt("hypothetical", (negator.group(),))
        if names_service_or_plan(right) or _UNTIL.match(right):
            return Receipt("hypothetical", (negator.group(),))
        if _ABOUT.search(_without_formula(between)) or _HAS_SINCE.search(between) or _OF_HERS.search(between):
            continue
        if "," in between and past_date_after(right, note_date) is not None:
            continue
        return Receipt("absent", (negator.group(),), strength="strong")
    return None


def _without_formula(between: str) -> str:
    return _FORMULA.sub(" ", between)
