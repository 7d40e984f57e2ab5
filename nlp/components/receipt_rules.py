"""
Intent or receipt: the words around a treatment that is given once, asked one rule after the other.

Each rule looks at the words and decides or passes; the first that decides holds. Their order is the reading: what is
called off is not given, whatever stands before it; a clinic is no graft; a word of receipt counts when it stands
nearer than a word of intent; a bare "after" counts only where nothing looks ahead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt_reach import first_governing, is_said_of_the_mention
from chartsift.nlp.components.receipt_talk import (
    ANOTHER,
    ASKED_OF,
    AT_LARGE,
    BECAUSE_OF,
    CAME_UP,
    EXCLUDES,
    GOT_WORDS,
    GRANTED,
    IN_THE_LITERATURE,
    IN_VIEW_OF,
    NAMED_BY_NOUN,
    NOT_THERE,
    ONE_MORE,
    PRESUPPOSED,
    RULE_BEFORE,
    SOME_PATIENT,
    STEP_FOR,
    TALKED_OF,
    WEIGHED,
)
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.types import Assertion

# Distances in code points, by the width of a note's line, about 80. A word governs a mention from a line and a half
# away; a date, or a plan behind it, is its own within half a line (45, also in the patterns below), for behind that
# mostly another statement begins.
REACH = 130
_NEAR = 60
_HALF_LINE = 45
# A word of receipt that close before a mention, two or three words, governs it whatever else the clause says.
_BESIDE = 25
# "S/p" that close stands right before the mention: "s/p CAR T clinic" is no clinic.
_ADJOINING = 12


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    How a note holds a treatment that is given once.

    Attributes:
        assertion: The reading; None where no word decides.
        cues: The words that decided.
        service: The mention names a clinic, a team or a programme rather than the treatment.
        strength: "strong" for a documented receipt (a verb, a date, a day count), "plain" otherwise.
        unblinded: The assignment of a blinded trial was disclosed.
        corrects: The words say that an earlier entry was an error.
    """

    assertion: Assertion | None
    cues: tuple[str, ...] = ()
    service: bool = False
    strength: str = "plain"
    unblinded: bool = False
    corrects: bool = False


# ---- intent
_SERVICE = loosely(
    r"^[\s\-/]*(?:cells?\b|therapy\b|T-cell therapy\b|treatment\b)?[\s\-/]*"
    r"(?:(?:&|and|/)\s*(?:cell(?:ular|s)?|gene|transplant)(?: therap(?:y|ies))?[\s\-/]*)?(?:(?:in|out)-?patient\s+)?(?:consult\w*|clinic|team|service|program(?:me)?\b"
    r"|unit|center"
    r"|centre|coordinator|nurse|physician|doctor|surgeon|surgery|hepatology|nephrology|pulmonology|infectious|ID\b"
    r"|committee"
    r"|board|office|floor|ward|department|dept|pharmac\w+|social work\w*|MD\b|attending|fellow|medicine|support group"
    r"|hotline|list serv|conference|society|group)"
)
_INTENT_NOUN = loosely(
    r"^[\s\-,]*(?:cells?\b|therapy\b|T-cell therapy\b|treatment\b|infusion\b)?[\s\-]*(?:consult\w*|eval\w*|assessment|selection|mtg|meeting|conference|presentation"
    r"|referral|work-?\s?up|candida\w+|(?:in|non-?)?eligib\w*|unfit|list\b|listing|wait-?\s?list\w*|slot|screen\w*|consent\w*"
    r"|brochure|poster|leaflets?|flyers?|pamphlets?|fact sheets?|folder|video|website"
    r"|info\w*|talk|discussion|visit|intake|opinion|options?\b|question|inquiry|packet|hand-?out|webinar|booklet"
    r"|article"
    r"|plan\w*|approval|authori[sz]ation|insurance|collection|manufactur\w*|tour|appointment|appt|idea|hope"
    r"|path\w*|journey)\b"
)
_TRIAL_NOUN = loosely(
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
_OPENS = re.compile(r"if|once|when|until|in case|would|\W*\?", re.IGNORECASE)
_NEW_ITEM = re.compile(r"[,:(–—\n]|\s-\s|->|→|\.\s")

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
_WEAK_RECEIPT = loosely(
    r"\b(?:post|after|following|since|infusion(?:s)?(?: of)?|completed|failed|failure of|refractory to|secondary to|caused by|resulting from"
    r"|as a (?:result|consequence) of|in the wake of|induced by)\b|\bpost(?=-)"
)
_MODAL = loosely(
    r"\b(?:will|would|to|can|could|may|might|should|must|being|if|once|when|until|not|never|before|be"
    r"|have)\s+(?:be\s+|have\s+|been\s+)?$"
)
_INFUSED_ON = loosely(r"\binfus(?:ion|ed)\b[^.;|]{0,20}")
_AFTER_DONE = loosely(
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
_AFTER_INTENT = loosely(
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
_ITS_THINGS = loosely(
    r"^[\s\-]*(?:cells?\s+|therapy\s+|treatment\s+)?(?:records?|summar(?:y|ies)|course|op(?:erative)? (?:note|report)|biops(?:y|ies)|ultrasound"
    r"|doppler|scar|function|patient\b(?! (?:education|information|hand-?out|selection|support))|vasculopathy|nephropathy|anniversary|history (?:was |were )?(?:reviewed|discussed|noted))\b"
)
_HERS = loosely(r"\b(?:her|his|their)\s+(?:(?:first|second|previous|prior|old|own)\s+)?$")
_ARRANGED = loosely(
    r"(?:plan|schedul|await|list|enlist|refer|wait|declin|refus|turned|cancel|postpon|defer|approv|offer|before|until|prior to|if"
    r"|will|would|may|might|could|should|hop|want|wish|need)"
)
_VERB = loosely(r"\b(?:is|are|was|were|will|would|may|might|could|can|has|have|should|to) ")
_DONE_TO = re.compile(
    r"(?:planned|scheduled|discussed|considered|offered|declined|deferred|postponed|refused|recommended|proposed|requested"
    r"|approved|pending|held|reviewed)\b",
    re.IGNORECASE,
)
_FOR_ANOTHER = re.compile(
    r"(?:candidate|listed|scheduled|eligib\w*|planned|evaluation|referral|screening)\s+for\s+"
    r"(?!(?:\w+\s+){0,3}(?:it|this|transplant\w*|one|tx|CAR))",
    re.IGNORECASE,
)
_TREATED_ON = loosely(
    r"\b(?:treated|dosed|infused|given cells|received (?:cells|treatment|an infusion|infusions?))\s+(?:on|in|under"
    r"|within|through|as part of)\s+(?:the |a |an )?(?:[\w/-]+\s+){0,3}$"
)
_THEN_RECEIVED = loosely(
    r"^[^.;]{0,60}?\b(?:and|,|then|where)\s+(?:he |she |they |pt |was |has )*(?:(?:received|got|given|completed|had"
    r"|was infused with)\s+(?:the |her |his |an? |one |single |first )*(?:infusions?|cells|dose|treatment"
    r"|product)|(?:infused|dosed)(?: on| in)? \d)\b"
)
# "Prior Rx: MTX, RTX, CAR-T"
_COUNTED = loosely(
    r"^[^.;]{0,45}?(?:\b|[x×]\s?)(?:\d|two|three|four|five|six)\s+(?:weekly |monthly )?(?:infusions|doses)\b(?!\s*(?:planned"
    r"|scheduled|over|per|are|will))"
)
_LIST_OF_PAST = loosely(
    r"\b(?:prior|previous|past|failed|tried|received|refractory to|treatments? (?:so far|to date|history)"
    r"|therap(?:y|ies) (?:so far|to date|tried|history)|rx (?:so far|to date))\b[^.;:]{0,25}:[^.;:]{0,160}$"
)
# "will need IVIG after CAR-T" looks ahead.
_AHEAD = loosely(
    r"\b(?:will|would|should|must|needs?|needed|requir\w*|plan\w*|until|can|may|might|defer\w*|hold|resume"
    r"|expect\w*|contracepti\w*|recommend\w*)\b"
)
_FOR_A_WHILE = loosely(r"\bfor\s+(?:a|an|one|two|three|six|at least (?:\w+)|\d+)?\s*$")
_TO_COME = loosely(r"\b(?:will|would|if|to be|may|plan\w*|hop\w*)\b")
_PUT_OFF = loosely(r"\b(?:plan|schedul|target|held|cancel)")
# "Had been put on a list for", "had been told of": no receipt.
_PUT_DOWN_FOR = loosely(r" ?been (?!given|treated|infused|dosed|through|on\b|transplanted|administered)")
_TO_GET = loosely(r"\b(?:will|would|to|plan\w*|if|schedul\w+|await\w*|before|consent\w*)\s+(?:\w+\s+){0,2}$")
_CONDITION = loosely(r"\b(?:will|would|if|to|may|might|could|should|plan\w*|whether)\b")
_ADJECTIVES = frozenset(
    {"prior", "previous", "earlier", "past", "known", "old", "first", "second", "third", "remote", "failed"}
)
# "ASCT for scleroderma was offered, she refused": what it would have been for is no receipt.
_REFUSED = loosely(
    r"\b(?:(?:was|were)\s+(?:offered|proposed|considered|discussed|declined|refused|cancel+ed|turned down|not pursued)"
    r"|not pursued|never happened|fell through|did(?: not|n['’]t) (?:happen|proceed|go ahead)"
    r"|(?:s?he|they|pt|patient|family|parents?)\s+(?:refused|declined|turned (?:it|this) down)(?=\s*(?:$|[.,;:)]|\n|it\b|this\b)))"
)
_FOR_A_DISEASE = re.compile(r"[\s\-,]*for\b", re.IGNORECASE)
_CALLED_OFF = loosely(
    r"^[\s\-]*(?:cells?\b|therapy\b|treatment\b|product\b|infusion\b)?[^.;|,\n]{0,14}\b(?:cancel+ed|held|postponed"
    r"|deferred|on hold|declined|aborted"
    r"|planned|scheduled|withdrawn|delayed|not (?:given|infused))\b"
)
_UNSURE = loosely(
    r"\b(?:possible|possibly|questionable|unclear (?:if|whether)|uncertain (?:if|whether)|may have (?:had"
    r"|received)|might have (?:had|received)|reportedly had\?|query)\b[^,;]{0,25}$|\?\s?$"
)
# "The coordinator asks whether she had an auto transplant": a question about the past.
# "Her sister is sure that it was a liver transplant": an opinion on what the operation was.
_CONTESTED = loosely(
    r"\b(?:sure|certain|convinced|adamant|confident|insist\w*|claim\w*|thinks?|thought|believ\w+)\s+(?:that\s+)?(?:it|this|that)\s+"
    r"(?:was|had been|must have been|may have been|is)\s+(?:really |actually |in fact )?(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
_ASKED = loosely(
    r"\b(?:whether|if)\s+(?:or not\s+)?(?:she|he|they|pt|(?:the )?patient)\s+(?:ever\s+|has\s+|really\s+)*(?:had|received|got|underwent"
    r"|undergone)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
# "Thinks he had CAR T cells in 2021 but has no papers", "possible liver transplant as a child in Syria".
_THINKS = loosely(
    r"\b(?:thinks?|believes?|recalls?|vaguely|apparently|reportedly|says?|claims?)\b[^.;]{0,20}\b(?:had|received|got|underwent)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
_NO_PAPERS = loosely(
    r"^[^.;]{0,60}\b(?:no|without(?: any)?|lacks?) (?:papers?|records?|documents?|documentation|proof)\b"
)
_PAST_PLACE = loosely(
    r"^[^.;]{0,40}\b(?:as an? (?:child|baby|infant|teen\w*)|in (?:early )?(?:childhood|infancy|youth)|years? ago|abroad|overseas|back home|scar|(?:no|without) (?:papers?|records?|documents?))\b"
)
_STEP = re.compile(r"collect|apheres|leuk|manufactur|bridg", re.IGNORECASE)
_WITH_ITS_DAY = re.compile(r"[ ]?(?:\(|in |on )?(?:[A-Za-z]{3,9}\.? )?\d")
_PER_PROTOCOL = loosely(r"^[^.;\n]{0,90}\b(?:per|according to|as per) (?:the |study )?protocol\b")
_MINUS_DAY = re.compile(r"[ ,(]*(?:day|D)[ ]?[-–−][ ]?\d", re.IGNORECASE)
_ON_A_DAY = re.compile(r" ?(?:\(|(?:in|on|of) )")
_BEFORE = re.compile(r"before|prior to|ahead of", re.IGNORECASE)
_UNSURE_AFTER = loosely(
    r"^\s*\?\s*(?:details|date|year|unknown|unclear|no rec|outside|(?:19|20)\d\d)|^[^.;,|]{0,25}(?:\?\?|\(\?\)"
    r"|\bunconfirmed\b|\bunverified\b|\bno records?\b"
    r"|\b(?:product|details|what exactly)\s+(?:is |was )?(?:unknown|unclear|not known|unspecified))"
)


# "Evaluated as a potential kidney recipient", "hopes to be a recipient one day": a role that is still to come.
_PROSPECT = loosely(
    r"\b(?:potential|prospective|possible|future|intended|would-be|hopeful|not (?:yet )?an?"
    r"|(?:evaluat|screen|assess|consider|work)\w*(?: up)? (?:as|for)|(?:hop|want|wish|like|need|consent|agre)\w* to be(?:come)?"
    r"|(?:to|would|could|might|may|will) be(?:come)?|listed as|eligible as|accepted as|suitable as|waiting (?:as|to be(?:come)?))"
    r"\s+(?:(?:an?|the|one|potential|possible|dual|combined|good|suitable)\s+)*$"
)


@dataclass(frozen=True)
class _Around:
    """The words of the mention's clause before and after it."""

    left: str
    right: str
    note_date: date

    @cached_property
    def near(self) -> str:
        return self.left[-REACH:]

    @cached_property
    def strong(self) -> tuple[str, int] | None:
        """The receipt word nearest before the mention, and where it ends in ``near``."""
        return _last_receipt(self.near)

    @cached_property
    def intent(self) -> tuple[str, int] | None:
        """The word of intent nearest before the mention, and where it ends in ``near``."""
        return _last_intent(self.near)

    @cached_property
    def dated(self) -> bool | None:
        return past_date_after(self.right, self.note_date)

    def gap(self, cue: tuple[str, int]) -> int:
        """Return how many code points stand between *cue* and the mention."""
        return len(self.near) - cue[1]


def intent_or_receipt(left: str, right: str, note_date: date) -> Receipt:
    """Return how the clause holds a mention that stands between *left* and *right*."""
    around = _Around(left, right, note_date)
    for rule in _RULES:
        decided = rule(around)
        if decided is not None:
            return decided
    return Receipt(None)


def names_service_or_plan(right: str) -> bool:
    """Say whether *right*, the words after a mention, make it a clinic's name or a visit for it."""
    return bool(_INTENT_NOUN.match(right) or _SERVICE.match(right))


def names_prospect(left: str) -> bool:
    """Say whether *left*, the words before a mention, make it a role that is still to come ("screened as a")."""
    return bool(_PROSPECT.search(left[-REACH:]))


def is_received(left: str, right: str, note_date: date) -> bool:
    """Say whether a word of receipt stands right before the mention, or a past date right after it."""
    around = _Around(left, right, note_date)
    return (around.strong is not None and around.gap(around.strong) < _BESIDE) or bool(
        re.match(r"[\s,(]*(?:in |on )?(?:\w{3,9} )?(?:19|20)\d\d\b", right) and around.dated
    )


def past_date_after(right: str, note_date: date) -> bool | None:
    """Return True when a past date stands beside the mention, False for a future one, None without a date."""
    window = right[:_HALF_LINE]
    for mention in find_dates(window, note_date):
        before = window[: mention.start]
        if names_service_or_plan(before) or _AFTER_INTENT.match(before) or re.search(r"[.:]\s", before):
            return None
        return mention.first <= note_date
    return None


def _said(assertion: Assertion, cue: str, *, strong: bool = False) -> Receipt:
    return Receipt(assertion, (cue.strip(" -,"),), strength="strong" if strong else "plain")


def _uncertain(around: _Around) -> Receipt | None:
    asked = _ASKED.search(around.near) or _CONTESTED.search(around.near)
    if asked is None and _NO_PAPERS.match(around.right):
        asked = _THINKS.search(around.near)
    if asked is not None:
        return _said("possible", asked.group())
    unsure = _UNSURE.search(around.near) or _UNSURE_AFTER.match(around.right)
    if unsure is None or (around.strong is not None and around.gap(around.strong) < _BESIDE):
        return None
    # "Possible CAR-T next year" weighs a plan; only a past can be uncertain.
    weighed = unsure.re is _UNSURE and re.match(r"possibl|\?", unsure.group().strip(), re.IGNORECASE)
    is_past = around.dated is True or _PAST_PLACE.match(around.right) is not None
    return _said("hypothetical" if weighed and not is_past else "possible", unsure.group())


def _step_towards(around: _Around) -> Receipt | None:
    """Read "leukapheresis for CAR T done 5/14", which says that a step before it was done."""
    step = STEP_FOR.search(around.near[-_NEAR:])
    return _said("hypothetical", step.group()) if step is not None else None


def _blamed(around: _Around) -> Receipt | None:
    """Read "because of the liver transplant", whatever follows from it."""
    blamed = BECAUSE_OF.search(around.near[-_NEAR:])
    if blamed is None or _TRIAL_NOUN.match(around.right):
        return None
    return _said("present", blamed.group())


def _service(around: _Around) -> Receipt | None:
    service = _SERVICE.match(around.right)
    if service is None:
        return None
    strong = around.strong
    if strong is not None and around.gap(strong) < _ADJOINING and strong[0] in ("s/p", "status post"):
        return None
    return Receipt(None, (service.group().strip(),), service=True)


def _prospect(around: _Around) -> Receipt | None:
    if not re.match(r"[\s-]*(?:recipient|patient)\b", around.right, re.IGNORECASE) or not names_prospect(
        around.left
    ):
        return None
    return _said("hypothetical", "recipient to be")


def _on_trial(around: _Around) -> Receipt | None:
    treated = (
        _TREATED_ON.search(around.near) or _THEN_RECEIVED.match(around.right) or _COUNTED.match(around.right)
    )
    if treated is None or _TO_COME.search(around.near + treated.group()):
        return None
    return _said("present", treated.group(), strong=True)


def _called_off(around: _Around) -> Receipt | None:
    off = _CALLED_OFF.match(around.right)
    if off is None or (around.strong is not None and around.gap(around.strong) < 4):
        return None
    return _said("hypothetical", off.group())


def _plan_or_trial(around: _Around) -> Receipt | None:
    noun = _INTENT_NOUN.match(around.right) or (
        _TRIAL_NOUN.match(around.right) if around.strong is None else None
    )
    return _said("hypothetical", noun.group()) if noun else None


def _date_to_come(around: _Around) -> Receipt | None:
    is_to_come = around.dated is False or _MINUS_DAY.match(around.right)
    return _said("hypothetical", "a date to come") if is_to_come else None


def _in_the_literature(around: _Around) -> Receipt | None:
    """Read "reviews describe autologous HSCT", which tells of nobody."""
    if around.dated or _HERS.search(around.near):
        return None
    written = IN_THE_LITERATURE.search(around.near)
    return _said("hypothetical", written.group()) if written is not None else None


def _presupposed(around: _Around) -> Receipt | None:
    """Read "rejection of the lung graft", "belatacept for the kidney transplant", whatever else is considered."""
    said = PRESUPPOSED.search(around.near[-_NEAR:])
    if said is None or NOT_THERE.search(around.near) or around.dated is False:
        return None
    return _said("present", said.group())


def _talked_of(around: _Around) -> Receipt | None:
    """Read "was brought up in 2017", which gives the talk a date and not the treatment."""
    if RULE_BEFORE.search(around.left[-40:]) and EXCLUDES.match(around.right):
        return _said("hypothetical", "a rule of a trial")
    talk = TALKED_OF.match(around.right) or CAME_UP.match(around.right)
    if talk is None and _HERS.search(around.near) is None:
        talk = AT_LARGE.match(around.right)
    if talk is None or (around.strong is not None and around.gap(around.strong) < _BESIDE):
        return None
    return _said("hypothetical", talk.group())


def _another(around: _Around) -> Receipt | None:
    """Read "a second one must be discussed"; with a past date or a word of doing it was done."""
    if (
        not (ANOTHER.search(around.near) or IN_VIEW_OF.search(around.near))
        or around.dated
        or _AFTER_DONE.match(around.right)
    ):
        return None
    if around.strong is not None and around.gap(around.strong) < _BESIDE:
        return None
    if IN_VIEW_OF.search(around.near):
        return _said("hypothetical", "in view of")
    weighed = WEIGHED.search(around.near) or WEIGHED.search(around.right[:REACH])
    return _said("hypothetical", weighed.group()) if weighed else None


def _infused_on(around: _Around) -> Receipt | None:
    infused = list(_INFUSED_ON.finditer(around.near))
    if not infused:
        return None
    for mention in find_dates(around.near[infused[-1].start() :], around.note_date):
        if mention.first > around.note_date:
            return _said("hypothetical", infused[-1].group())
        if not _PUT_OFF.search(around.near):
            return _said("present", infused[-1].group(), strong=True)
    return None


def _word_of_receipt(around: _Around) -> Receipt | None:
    strong = around.strong
    if strong is None or (around.intent is not None and around.intent[1] >= strong[1]):
        return None
    return _said("present", strong[0], strong=True)


def _done_after(around: _Around) -> Receipt | None:
    done = _AFTER_DONE.match(around.right)
    if done is not None and _FOR_A_DISEASE.match(done.group()) and not around.dated:
        refused = first_governing(_REFUSED, around.right)
        if refused is not None:
            return _said("hypothetical", refused.group())
    if done is None or (around.intent is not None and _CONDITION.search(around.intent[0])):
        return None
    return _said("present", done.group(), strong=True)


def _its_things(around: _Around) -> Receipt | None:
    """Read the records, the biopsy or the function of a graft, which take it for granted."""
    thing = _ITS_THINGS.match(around.right)
    if thing is not None and thing.group().endswith("patient") and SOME_PATIENT.search(around.near):
        return _said("hypothetical", "some patient")
    return _said("present", thing.group()) if thing is not None else None


def _taken_for_granted(around: _Around) -> Receipt | None:
    """Read "whether her kidney transplant is a problem", which asks about something else."""
    if ASKED_OF.search(around.near) is None or GRANTED.match(around.right) is None:
        return None
    return _said("present", "taken for granted")


def _owned(around: _Around) -> Receipt | None:
    """Read "we spoke about her transplant in 2011", which takes it for granted."""
    if not around.dated or _HERS.search(around.near) is None:
        return None
    if around.intent is not None and _ARRANGED.match(around.intent[0]):
        return None
    return _said("present", "a past date beside it", strong=True)


def _intent_near(around: _Around) -> Receipt | None:
    intent = around.intent
    if intent is None or around.gap(intent) >= _NEAR:
        return None
    between = around.near[intent[1] :]
    if (
        around.dated
        and _WITH_ITS_DAY.match(around.right)
        and re.search(r",|->|→", between)
        and _STEP.match(intent[0])
    ):
        return None  # "leukapheresis 02/2022, lymphodepletion 03/2022, CAR T 03/15/2022"
    if around.dated and not _reaches(intent[0], between):
        return None  # "scheduled for colonoscopy, history significant for liver transplantation 2012"
    if around.dated and _BEFORE.fullmatch(intent[0]) and _ON_A_DAY.match(around.right):
        return None  # "before the allo-HSCT in 2015"
    return _said("hypothetical", intent[0])


def _reaches(cue: str, between: str) -> bool:
    """Say whether a word of intent is still about the mention behind *between*: no new item begins, or only names of it."""
    # "If relapse -> allo HCT (10/10 donor)": what a condition opens goes on behind the arrow.
    return (
        _OPENS.fullmatch(cue) is not None
        or _NEW_ITEM.search(between) is None
        or is_said_of_the_mention(between)
    )


def _intent_after(around: _Around) -> Receipt | None:
    after = _AFTER_INTENT.match(around.right)
    if after is None or around.dated:
        return None
    if _HERS.search(around.near) and re.search(r"reviewed$", after.group(), re.IGNORECASE):
        return None  # "her kidney transplant was reviewed in clinic"
    if _is_of_another(around.right[: after.start("cue")], around.right[after.start("cue") :]):
        return None
    return _said("hypothetical", after.group()[-40:])


def _is_of_another(between: str, cue: str) -> bool:
    """Say whether a word of intent after a comma has a subject or an object of its own."""
    if "," not in between or is_said_of_the_mention(between):
        return False
    subject = between.rpartition(",")[2]
    if _FOR_ANOTHER.match(cue):
        return True  # ", now a candidate for a new knee"
    if is_said_of_the_mention(subject):
        return False
    # ", rituximab is planned", ", MRI scheduled"; no subject in ", wants a referral" or ", much too early".
    return bool(
        _VERB.search(subject) or _VERB.match(cue) or (_DONE_TO.match(cue) and len(subject.split()) < 3)
    )


def _dated(around: _Around) -> Receipt | None:
    return _said("present", "a past date beside it", strong=True) if around.dated else None


def _in_a_list_of_past(around: _Around) -> Receipt | None:
    listed = _LIST_OF_PAST.search(around.left)
    if listed is None or (around.intent is not None and around.gap(around.intent) <= len(listed.group())):
        return None
    return _said("present", listed.group().split(":")[0], strong=True)


def _weak_word(around: _Around) -> Receipt | None:
    weak = list(_WEAK_RECEIPT.finditer(around.near))
    if not weak:
        return None
    between = around.near[weak[-1].end() :]
    if (
        len(between) >= _NEAR
        or "," in between
        or (around.intent is not None and around.intent[1] >= weak[-1].start())
    ):
        return None
    # "Since" looks back whatever else the clause says.
    ahead = None
    if weak[-1].group().lower() != "since":
        ahead = _AHEAD.search(around.near) or _PER_PROTOCOL.match(around.right)
    return _said("hypothetical", ahead.group()) if ahead else _said("present", weak[-1].group())


def _intent_far(around: _Around) -> Receipt | None:
    if around.intent is not None:
        return _said("hypothetical", around.intent[0])
    return Receipt("possible", ("?",)) if around.right.strip() == "?" else None


_RULES: tuple[Callable[[_Around], Receipt | None], ...] = (
    _uncertain,
    _service,
    _prospect,
    _its_things,
    _on_trial,
    _called_off,
    _plan_or_trial,
    _date_to_come,
    _step_towards,
    _blamed,
    _in_the_literature,
    _presupposed,
    _talked_of,
    _another,
    _infused_on,
    _word_of_receipt,
    _done_after,
    _taken_for_granted,
    _owned,
    _intent_near,
    _intent_after,
    _dated,
    _in_a_list_of_past,
    _weak_word,
    _intent_far,
)


def _last_receipt(left: str) -> tuple[str, int] | None:
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


def _last_intent(left: str) -> tuple[str, int] | None:
    """Return the word of intent nearest before the mention that is about the mention."""
    for match in reversed(list(_STRONG_INTENT.finditer(left))):
        if _WENT_ON.search(left[: match.start()]):
            continue
        if _OTHER_OBJECT.search(left[match.end() :]):
            return None
        return match.group(), match.end()
    return None
