"""
Whether the words deny that a treatment was had: "no prior transplant", "never received CAR T", "Transplant ... none".

A denial of something about the treatment (a plan, a relapse, a contraindication) is none of its receipt. Part of
``receipt``.
"""

from __future__ import annotations

import re
from datetime import date

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_reach import first_governing
from chartsift.nlp.components.receipt_rules import (
    REACH,
    Receipt,
    is_received,
    names_service_or_plan,
    past_date_after,
)

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
    r"|[-–−]\s*\)|[-–−](?=\s*(?:$|[/|;\n]))|n(?=\s*(?:$|[|.;()]|\s{2}))|naive|absent|0(?=\s*(?:$|[|.;,)]|/(?!\s*[1-9]))))"
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
# "Product could not be made, never infused."
_NEVER_INFUSED = loosely(r"\b(?:not|never|wasn['’]t|weren['’]t)\s+(?:been\s+)?infused\b")
# "T-cell collection 3/11, product out of specification. Not infused.": a verb without a subject goes on with the product.
_NONE_INFUSED = loosely(
    r"^(?=[^\n]*\b(?:collect|apheres|leuka|manufactur|product))(?:(?!\bCAR[- ]?|\binfus|-cel\b|leucel\b)[^\n]){0,200}?"
    r"[.;,(–-]\s*(?P<cue>(?:not|never)\s+(?:been\s+)?infused)(?=\s*(?:$|[.,;:)]|\n|because\b|due\b|for\b))"
)


def denied(left: str, right: str, rest_of_line: str, note_date: date) -> Receipt | None:
    """Return the denial in the words beside a mention; None where they deny nothing of it."""
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
    not_done = first_governing(_NOT_DONE, right[:REACH])
    if not_done is None:
        none_done = _NONE_DONE.match(right[:REACH])
        if none_done is not None and not is_received(left, right, note_date):
            not_done = none_done
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


def never_infused(left: str, after: str, note_date: date) -> str:
    """Return the words of *after* that say of the product before them that nobody got it, or an empty string."""
    own = first_governing(_NEVER_INFUSED, after)
    if own is not None:
        return own.group()
    alone = _NONE_INFUSED.match(after)
    if alone is None or is_received(left, after, note_date):
        return ""
    return alone.group("cue")
