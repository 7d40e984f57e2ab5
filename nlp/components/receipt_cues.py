"""
Words of intent and of receipt around a treatment that is given once, and which of them stands nearest to it.

Part of ``receipt_rules``, which asks them in their order.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_talk import GOT_WORDS, NAMED_BY_NOUN, ONE_MORE
from chartsift.nlp.text.cues import CueSet

# ---- intent
SERVICE = loosely(
    r"^[\s\-/]*(?:cells?\b|therapy\b|T-cell therapy\b|treatment\b)?[\s\-/]*"
    r"(?:(?:&|and|/)\s*(?:cell(?:ular|s)?|gene|transplant)(?: therap(?:y|ies))?[\s\-/]*)?(?:(?:in|out)-?patient\s+)?(?:consult\w*|clinic|team|service|program(?:me)?\b"
    r"|unit|center"
    r"|centre|coordinator|nurse|physician|doctor|surgeon|surgery|hepatology|nephrology|pulmonology|infectious|ID\b"
    r"|committee"
    r"|board|office|floor|ward|department|dept|pharmac\w+|social work\w*|MD\b|attending|fellow|medicine|support group"
    r"|hotline|list serv|conference|society|group)"
)
INTENT_NOUN = loosely(
    r"^[\s\-,]*(?:cells?\b|therapy\b|T-cell therapy\b|treatment\b|infusion\b)?[\s\-]*(?:consult\w*|eval\w*|assessment|selection|mtg|meeting|conference|presentation"
    r"|referral|work-?\s?up|candida\w+|(?:in|non-?)?eligib\w*|unfit|list\b|listing|wait-?\s?list\w*|slot|screen\w*|consent\w*"
    r"|brochure|poster|leaflets?|flyers?|pamphlets?|fact sheets?|folder|video|website"
    r"|info\w*|talk|discussion|visit|intake|opinion|options?\b|question|inquiry|packet|hand-?out|webinar|booklet"
    r"|article"
    r"|plan\w*|approval|authori[sz]ation|insurance|collection|manufactur\w*|tour|appointment|appt|idea|hope"
    r"|path\w*|journey)\b"
)
TRIAL_NOUN = loosely(
    r"^[\s\-,]*(?:cells?\b|therapy\b|T-cell therapy\b|treatment\b|product\b|infusion\b)?[\s\-]*(?:[\w/-]+\s)?"
    r"(?:trials?|stud(?:y|ies)|protocols?|research|arms?)\b"
)
_STRONG_INTENT = loosely(
    r"\b(?:(?:will|would|may|might|could|going to) end up with|(?:information|info|leaflets?|booklets?|education|counsell?ing|advice|materials?) (?:on|about|regarding|concerning|for)|plan(?:s|ned|ning)?|schedul\w+|candida\w+|eval(?:uat\w*)?|refer(?:red|ral|rals|s|ring)?|consult\w*"
    r"|consider\w*"
    r"|discuss\w*|options?|interest\w*|ask(?:s|ed|ing)?|want(?:s|ed|ing)?|would like|wish\w*|hop(?:e|es|ed|ing)"
    r"|consent\w*|await\w*|pending|(?:en)?listed|list for|registered for|donor search\w*|search\w* for|"
    r"listing|wait-?\s?list\w*|wait(?:s|ing)?|work-?\s?up|worked up|toward"
    r"|towards"
    r"|bridg\w+|before|ahead of|prior to|if|may|might|will|would|could|should|to (?:undergo|receive|have|get|start"
    r"|begin)"
    r"|need(?:s|ed|ing)?|requir\w*|eligib\w*|declin\w*|refus\w*|turned (?:\w+ )?down|vot(?:e|ed) against|veto\w*|moot\w*"
    r"|assess(?:ed|ment|ing)?(?: \w+){0,3} for|contemplat\w*|favou?r(?:s|ed|ing)?|advocat\w*|prefer\w*|unfit|no (?:\w+ )?donor(?![- ]specific)|head(?:ing|ed|s)? (?:for|towards?)|at (?:the|a) (?:point|stage) of|too (?:good|healthy|stable|young|weak|ill|unwell)|with a view to|said no to|brought up|(?:subject|topic|idea|talk|question|possibility|thought)s? of"
    r"|in (?:the )?hope of|in case|criteri\w*|spoke|spoken|as (?:an? |the )?(?:ultima ratio|last resort|fallback|back-?up)|ultima ratio"
    r"|(?:only|last|best|remaining) (?:real )?(?:chance|hope|option|resort|solution) (?:is|remains|would be|may be)|read|heard|explain\w*|rais(?:e|ed|ing)"
    r"|talk\w*|poster"
    r"|brochure|propos\w*|offer\w*|recommend\w*|appl(?:y|ies|ied|ication)|approv\w*|insurance|insurer|potential\w*"
    r"|future"
    r"|next step|slot|expanded access|compassionate|single[- ]patient|request\w*|pursu\w*|defer\w*|postpon\w*"
    r"|cancel\w*"
    r"|contingen\w*|clear(?:ed|ance) for|collect\w*(?: for)?|apheres\w*|leuka?pheres\w*|manufactur\w*|vs\.?|versus"
    r"|instead of|rather than|alternativ\w*|look(?:ing)? (?:at|into)|think(?:s|ing)? (?:about|of)|suitab\w*"
    r"|appropriate"
    r"|fit for|prepar\w*|until|once|when|tentativ\w*|due for|ready for|proceed\w*|opinion|question|board|proposal"
    r"|too (?:early|soon|old|sick|frail|well)|curious|inquir\w*|enquir\w*|wonder\w*|goal|aim\w*|seek\w*|sought"
    r"|trials? (?:of|for|with)"
    r"|stud(?:y|ies) (?:of|for|with)|screen(?:ing|ed)? for|enrol\w*|undecided|decid\w*|go for|preparation|pre(?!-?(?:emptive|viously))"
    r"|for use in"
    r"|not a|whether|available|availability|access to|indicat\w*|send\w*|sent|present(?:ed|ing)? for|possible"
    r"|possibl[ey]"
    r"|only (?:if|after|when|once|discuss\w*|consider\w*|talk\w*)|versus|rather|no longer|against|hold(?:ing)?|held|aware of|knows? (?:about|of)|researching"
    r"|google\w*)\b|\?\s*$|(?<=\s)\?"
)
# What stands between a word of intent and the mention when the intent is about something else.
_OTHER_OBJECT = loosely(
    r"\b(?:given (?:his|her|the|a|prior)|because|due to|since|in view of|in light of|in (?:the )?setting of|despite"
    r"|owing to|as (?:he|she|pt) had"
    r"|with (?:his|her|a|prior)|since (?:he|she|the)|after|following|who (?:had|received)|on account of|for (?:his"
    r"|her)|from (?:his|her))\b"
)

# "Went on to receive" looks ahead from then, and back from now.
_WENT_ON = re.compile(r"\b(?:went|gone|goes|came|lived)\s+on\s+$", re.IGNORECASE)
# Behind one of these a new item begins, of which a word of intent before it says nothing.
OPENS = re.compile(r"if|once|when|until|in case|would|\W*\?", re.IGNORECASE)
NEW_ITEM = re.compile(r"[,:(–—\n]|\s-\s|->|→|\.\s")

# ---- receipt
_STRONG_RECEIPT = loosely(
    r"\b(?:(?:one|two|three|a single|\d) infusions? of|erhielt|bekam|erhalten|received|receives|"
    r"rec['’]?d|despite|infused(?: with)?|re-?infused|was given|were given|been given|given"
    r"|got|has had"
    r"|have had|had"
    r"|day\s*0(?!\s*(?:is|planned|scheduled|target|on hold|tbd))"
    r"|(?:went|gone|goes|came|lived) on to (?:receive|have|get|undergo)|underwent|undergone|treated with|treatment with|treated by|s/p|s\.p\.|status[- ]?post|day\s*\+\s*\d+"
    r"|D\s?\+\s?\d+"
    r"|(?:months?|mos?|years?|yrs?|y|weeks?|wks?|days?)\.?\s*(?:out\s*)?(?:from|after|post|since|s/p|p)"
    r"|h/o|history of|hist of|hx of|hx|(?:first|second|third|failed|old|remote|known|functioning|prior"
    r"|previous(?:ly)?|earlier|past)\b(?!\s+to\b)"
    r"|recipient of|dosed with|administered|transplanted|rejected|remission (?:after|with|since)|(?:relaps\w+"
    r"|flare\w*) (?:\w+ ){0,4}(?:after|post|following)"
    r"|CRS (?:after|with|from)|ICANS (?:after|with|from)|aplasia (?:after|from|since)|Dx:?|PMH:?|PSH:?|ESRD"
    r"|indication for (?:tacrolimus|prograf|c[iy]closporine?|cellcept|mycophenolate|MMF|sirolimus|everolimus|azathioprine|belatacept|valgan\w*|immunosuppress\w*)(?=\s*:))\b|\bD0\b"
)
WEAK_RECEIPT = loosely(
    r"\b(?:post|after|following|since|infusion(?:s)?(?: of)?|completed|failed|failure of|refractory to|secondary to|caused by|resulting from"
    r"|as a (?:result|consequence) of|in the wake of|induced by)\b|\bpost(?=-)"
)
_MODAL = loosely(
    r"\b(?:will|would|to|can|could|may|might|should|must|being|if|once|when|until|not|never|before|be"
    r"|have)\s+(?:be\s+|have\s+|been\s+)?$"
)
INFUSED_ON = loosely(r"\binfus(?:ion|ed)\b[^.;|]{0,20}")
AFTER_DONE = loosely(
    r"^[\s\-,]*(?:\([^)]{0,40}\)\s*)?(?:cells?\b|therapy\b|treatment\b|product\b|infusion\b|graft\b|/\s?kg|x\s?\d"
    r"|#?\d\b)?[\s\-,]*(?:\([^)]{0,40}\)\s*)?"
    r"(?:was |were |is |has |have |been |already |recently |successfully )*"
    r"(?:\d[\d.,]*\s?[x×]\s?10\^?\s?(?:e|E|\^)?\d{1,2}|infused|infusion on|infusion was|infusion in|given(?! (?:his|her|the|that|prior|a|an|their|how|this"
    r"|these)\b)|administered|received|performed|done|completed"
    r"|carried out"
    r"|failed|failure|rejection|rejecting|rejected|recipient|relapse\w*|remission|c/b|complicated by|complication\w*"
    r"|engraft\w*|survivor|(?:are |were |no longer )*detect\w*|persist\w*|expan(?:sion|ded)|functioning"
    r"|long[- ]term follow|day\s*0|day\s*\+\s*\d|D\+\d|removed|explanted|nephrectomy"
    r"|(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|many)\s*(?:years?|yrs?|y|months?|mos?|weeks?"
    r"|wks?)\s+(?:ago|earlier|back|prior)"
    r"|for (?:DLBCL|NHL|lymphoma|FL\b|MCL|CLL|B-?ALL|ALL|myeloma|MM|leukemia|AML|MDS|SSc|scleroderma|SLE|lupus"
    r"|aplastic"
    r"|sickle|ESRD|PKD|IPF|cirrhosis|HCC|cardiomyopathy|HLH))"
)
AFTER_INTENT = loosely(
    r"^[^.;|\n]{0,45}?\b(?P<cue>(?:(?:is|are|was|were|being|be|been|being|not|to)\s+)?(?:plan(?:s|ned|ning)?|scheduled"
    r"|pending|discussed|considered|reviewed|weighed|gone over|went over"
    r"|consider|offered|declined|decline[sd]?|deferred|on hold|cancel+ed|postponed|refused|recommended|proposed"
    r"|requested|approved"
    r"|under (?:discussion|consideration)|(?:not )?indicated|an option|in (?:the )?future|tentative\w*|awaited"
    r"|anticipated"
    r"|next (?:week|month|year)|(?:only )?if\b|trials?\b|stud(?:y|ies)\b|protocol|screening|enrol\w*|consent\w*"
    r"|eligib\w*|candidate"
    r"|referral|not (?:yet|before|at this time|now|available|offered|interested|a candidate|an option|for|until"
    r"|needed|pursued|appropriate)"
    r"|wait-?\s?list\w*|listed|too (?:early|soon)|possible\b|would\b|will\b|may\b|might\b|could\b|later\b|when\b|once|vs\.?"
    r"|versus|evaluation|held|upcoming|soon"
    r"|can be|to follow|reasonable|warranted|worth\w*|question|premature|on the table|contraindicated|asked|raised"
    r"|(?:starts?|begins?|is due) (?:on |next |this |in |tomorrow|Mon|Tue|Wed|Thu|Fri)\w*|(?:is|are|be|becomes?) (?:ever )?(?:needed|required|necessary)|suggested|debated|contemplated|fallback|plan B|must be|(?:not )?(?:realistic|feasible|advisable|justified|conceivable|allowed|permitted)"
    r"|in reserve|held back"
    r"|eval\b|slot|interested))"
)
# What only a treatment that was given has.
ITS_THINGS = loosely(
    r"^[\s\-]*(?:cells?\s+|therapy\s+|treatment\s+)?(?:records?|summar(?:y|ies)|course|op(?:erative)? (?:note|report)|biops(?:y|ies)|ultrasound"
    r"|doppler|scar|function|patient\b(?! (?:education|information|hand-?out|selection|support))|vasculopathy|nephropathy|anniversary|history (?:was |were )?(?:reviewed|discussed|noted))\b"
)
HERS = loosely(r"\b(?:her|his|their)\s+(?:(?:first|second|previous|prior|old|own)\s+)?$")
# "The lung transplant of 2016": a plan would have an article of its own, or a day to come.
THE = loosely(r"\bthe\s+(?:(?:first|second|previous|prior|old|double|bilateral)\s+)?$")
OF_A_YEAR = loosely(r"^\s*(?:of|from)\s+(?:[a-z]{3,9}\.? )?(?:19|20)\d\d\b")
# Words that only a past can have right behind them.
PAST_BESIDE = loosely(r"s/p|s\.p\.|status[- ]?post|h/o|history of|hx of")
ARRANGED = loosely(
    r"(?:plan|schedul|await|list|enlist|refer|wait|declin|refus|turned|cancel|postpon|defer|approv|offer|before|until|prior to|if"
    r"|will|would|may|might|could|should|hop|want|wish|need)"
)
VERB = loosely(r"\b(?:is|are|was|were|will|would|may|might|could|can|has|have|should|to) ")
DONE_TO = re.compile(
    r"(?:planned|scheduled|discussed|considered|offered|declined|deferred|postponed|refused|recommended|proposed|requested"
    r"|approved|pending|held|reviewed)\b",
    re.IGNORECASE,
)
FOR_ANOTHER = re.compile(
    r"(?:candidate|listed|scheduled|eligib\w*|planned|evaluation|referral|screening)\s+for\s+"
    r"(?!(?:\w+\s+){0,3}(?:it|this|transplant\w*|one|tx|CAR))",
    re.IGNORECASE,
)
TREATED_ON = loosely(
    r"\b(?:treated|dosed|infused|given cells|received (?:cells|treatment|an infusion|infusions?))\s+(?:on|in|under"
    r"|within|through|as part of)\s+(?:the |a |an )?(?:[\w/-]+\s+){0,3}$"
)
THEN_RECEIVED = loosely(
    r"^[^.;]{0,60}?\b(?:and|,|then|where)\s+(?:he |she |they |pt |was |has )*(?:(?:received|got|given|completed|had"
    r"|was infused with)\s+(?:the |her |his |an? |one |single |first )*(?:infusions?|cells|dose|treatment"
    r"|product)|(?:infused|dosed)(?: on| in)? \d)\b"
)
# "Prior Rx: MTX, RTX, CAR-T"
COUNTED = loosely(
    r"^[^.;]{0,45}?(?:\b|[x×]\s?)(?:\d|two|three|four|five|six)\s+(?:weekly |monthly )?(?:infusions|doses)\b(?!\s*(?:planned"
    r"|scheduled|over|per|are|will))"
)
LIST_OF_PAST = loosely(
    r"\b(?:prior|previous|past|failed|tried|received|refractory to|treatments? (?:so far|to date|history)"
    r"|therap(?:y|ies) (?:so far|to date|tried|history)|rx (?:so far|to date))\b[^.;:]{0,25}:[^.;:]{0,160}$"
)
# "will need IVIG after CAR-T" looks ahead.
AHEAD = loosely(
    r"\b(?:will|would|should|must|needs?|needed|requir\w*|plan\w*|until|can|may|might|defer\w*|hold|resume"
    r"|expect\w*|contracepti\w*|recommend\w*)\b"
)
_FOR_A_WHILE = loosely(r"\bfor\s+(?:a|an|one|two|three|six|at least (?:\w+)|\d+)?\s*$")
TO_COME = loosely(r"\b(?:will|would|if|to be|may|plan\w*|hop\w*)\b")
PUT_OFF = loosely(r"\b(?:plan|schedul|target|held|cancel)")
# "Had been put on a list for", "had been told of": no receipt.
_PUT_DOWN_FOR = loosely(r" ?been (?!given|treated|infused|dosed|through|on\b|transplanted|administered)")
_TO_GET = loosely(r"\b(?:will|would|to|plan\w*|if|schedul\w+|await\w*|before|consent\w*)\s+(?:\w+\s+){0,2}$")
CONDITION = loosely(r"\b(?:will|would|if|to|may|might|could|should|plan\w*|whether)\b")
_ADJECTIVES = frozenset(
    {"prior", "previous", "earlier", "past", "known", "old", "first", "second", "third", "remote", "failed"}
)
# "ASCT for scleroderma was offered, she refused": what it would have been for is no receipt.
REFUSED = loosely(
    r"\b(?:(?:was|were)\s+(?:offered|proposed|considered|discussed|declined|refused|cancel+ed|turned down|not pursued)"
    r"|not pursued|never happened|fell through|did(?: not|n['’]t) (?:happen|proceed|go ahead)"
    r"|(?:s?he|they|pt|patient|family|parents?)\s+(?:refused|declined|turned (?:it|this) down)(?=\s*(?:$|[.,;:)]|\n|it\b|this\b)))"
)
FOR_A_DISEASE = re.compile(r"[\s\-,]*for\b", re.IGNORECASE)
CALLED_OFF = loosely(
    r"^[\s\-]*(?:cells?\b|therapy\b|treatment\b|product\b|infusion\b)?[^.;|,\n]{0,14}\b(?:cancel+ed|held|postponed"
    r"|deferred|on hold|declined|aborted"
    r"|planned|scheduled|withdrawn|delayed|not (?:given|infused))\b"
)
UNSURE = loosely(
    r"\b(?:possible|possibly|questionable|unclear (?:if|whether)|uncertain (?:if|whether)|may have (?:had"
    r"|received)|might have (?:had|received)|reportedly had\?|query)\b[^,;]{0,25}$|\?\s?$"
)
# "The coordinator asks whether she had an auto transplant": a question about the past.
# "Her sister is sure that it was a liver transplant": an opinion on what the operation was.
CONTESTED = loosely(
    r"\b(?:sure|certain|convinced|adamant|confident|insist\w*|claim\w*|thinks?|thought|believ\w+)\s+(?:that\s+)?(?:it|this|that)\s+"
    r"(?:was|had been|must have been|may have been|is)\s+(?:really |actually |in fact )?(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
ASKED = loosely(
    r"\b(?:whether|if)\s+(?:or not\s+)?(?:she|he|they|pt|(?:the )?patient)\s+(?:ever\s+|has\s+|really\s+)*(?:had|received|got|underwent"
    r"|undergone)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
# "Thinks he had CAR T cells in 2021 but has no papers", "possible liver transplant as a child in Syria".
THINKS = loosely(
    r"\b(?:thinks?|believes?|recalls?|vaguely|apparently|reportedly|says?|claims?)\b[^.;]{0,20}\b(?:had|received|got|underwent)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
NO_PAPERS = loosely(
    r"^[^.;]{0,60}\b(?:no|without(?: any)?|lacks?) (?:papers?|records?|documents?|documentation|proof)\b"
)
PAST_PLACE = loosely(
    r"^[^.;]{0,40}\b(?:as an? (?:child|baby|infant|teen\w*)|in (?:early )?(?:childhood|infancy|youth)|years? ago|abroad|overseas|back home|scar|(?:no|without) (?:papers?|records?|documents?))\b"
)
STEP = re.compile(r"collect|apheres|leuk|manufactur|bridg", re.IGNORECASE)
WITH_ITS_DAY = re.compile(r"[ ]?(?:\(|in |on )?(?:[A-Za-z]{3,9}\.? )?\d")
PER_PROTOCOL = loosely(r"^[^.;\n]{0,90}\b(?:per|according to|as per) (?:the |study )?protocol\b")
MINUS_DAY = re.compile(r"[ ,(]*(?:day|D)[ ]?[-–−][ ]?\d", re.IGNORECASE)
ON_A_DAY = re.compile(r" ?(?:\(|(?:in|on|of) )")
BEFORE = re.compile(r"before|prior to|ahead of", re.IGNORECASE)
UNSURE_AFTER = loosely(
    r"^\s*\?\s*(?:details|date|year|unknown|unclear|no rec|outside|(?:19|20)\d\d)|^[^.;,|]{0,25}(?:\?\?|\(\?\)"
    r"|\bunconfirmed\b|\bunverified\b|\bno records?\b"
    r"|\b(?:product|details|what exactly)\s+(?:is |was )?(?:unknown|unclear|not known|unspecified))"
)


# "Evaluated as a potential kidney recipient", "hopes to be a recipient one day": a role that is still to come.
PROSPECT = loosely(
    r"\b(?:potential|prospective|possible|future|intended|would-be|hopeful|not (?:yet )?an?"
    r"|(?:evaluat|screen|assess|consider|work)\w*(?: up)? (?:as|for)|(?:hop|want|wish|like|need|consent|agre)\w* to be(?:come)?"
    r"|(?:to|would|could|might|may|will) be(?:come)?|listed as|eligible as|accepted as|suitable as|waiting (?:as|to be(?:come)?))"
    r"\s+(?:(?:an?|the|one|potential|possible|dual|combined|good|suitable)\s+)*$"
)


def last_receipt(left: str) -> tuple[str, int] | None:
    """Return the receipt word nearest before the mention, and where it ends; a future or conditional one is none."""
    for match in reversed(list(_STRONG_RECEIPT.finditer(left))):
        word = match.group().lower()
        if _MODAL.search(left[: match.start()][-24:]) and not word.startswith(
            ("s/p", "status", "h/o", "history", "prior", "previous", "d")
        ):
            continue
        if word in ("had", "has had", "have had", "given", "got") and _STRONG_INTENT.match(
            left[match.end() :].lstrip()
        ):
            continue
        if re.search(r",?\s(?:then|now|currently|next)\b", left[match.end() :], re.IGNORECASE):
            continue
        if _FOR_A_WHILE.search(left[: match.start()]) and re.match(r"\w+ (?:after|from|post)", word):
            continue
        if "infusion" in word and _TO_GET.search(left[: match.start()]):
            continue
        if word == "treatment with" and NAMED_BY_NOUN.search(left[: match.start()]):
            continue
        if word in ("second", "third", "first") and ONE_MORE.search(left[: match.start()]):
            continue
        if word in ("had", "has had", "have had") and _PUT_DOWN_FOR.match(left[match.end() :]):
            continue
        if word == "failed" and re.search(r"screen\w*[\s-]*$", left[: match.start()], re.IGNORECASE):
            continue
        if GOT_WORDS.match(left[match.end() :]) and word not in _ADJECTIVES:
            continue
        if word == "given" and re.match(r"\s*(?:his|her|the|that|their|this)\b", left[match.end() :]):
            continue
        if word in _ADJECTIVES and (len(left) - match.end() > 30 or re.search(r"[,:(]", left[match.end() :])):
            continue
        return match.group(), match.end()
    return None


# So many words that they are tried only where one stands.
_INTENTS = CueSet({"intent": _STRONG_INTENT})


def last_intent(left: str) -> tuple[str, int] | None:
    """Return the word of intent nearest before the mention that is about the mention."""
    for match in reversed(list(_INTENTS.look(left).apart("intent"))):
        if _WENT_ON.search(left[: match.start()]):
            continue
        if _OTHER_OBJECT.search(left[match.end() :]):
            return None
        return match.group(), match.end()
    return None
