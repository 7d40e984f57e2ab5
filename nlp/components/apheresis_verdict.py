"""
What some words say of collecting cells: unfit, in doubt, fit, or only planned.

The patterns are written in lower case and look at lowered words. Part of the ``contraindications`` reader.
"""

from __future__ import annotations

import re
from typing import Literal

from chartsift.nlp.components.apheresis_risks import NO_ACCESS_WORDS
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.lowered import loose_lower, lowered
from chartsift.nlp.text.cues import CueSet

# Typing errors included: leukopheresis, leukaphersis, leucapheresis.
PROCEDURE = (
    r"\bleu[ck][ao]?p?h?a?ph?er[ei]?s[ie]?s\w*|\bleu[ck][ao]ph[ae]+r\w+|\blymph(?:o|a)?pheres\w+|"
    r"(?<![a-z])aph[ae]+r[ea]s[ie]s\b"
    r"|(?<![a-z])apherese[ds]?\b|(?<![a-z])pheres(?:is|ed)\b|\b(?:cyt|h?aem|hem)[ao]?ph[ae]?+r[eè]se?(?:is|es)?\b"
    r"|\b(?:MNC|PBMC|mononuclear[- ]cell|T[- ]?cell|lymphocyte|cell|cellular|stem[- ]cell)s?\s+(?:collections?"
    r"|harvest\w*|collected)\b|\bcollections? of (?:the |his |her |T[- ]?)?(?:cells?|lymphocytes|MNCs?)\b"
    r"|\bcells? (?:(?:can|could|may|might|cannot|can['’]t|were|was|be|been|are|to be|not)\s+){1,3}(?:collected"
    r"|harvested)\b|\b(?:collect|harvest) (?:his |her |the |enough |T[- ]?)*cells\b|\bcell separator\b"
)

_TRIGGER = loosely(PROCEDURE)
_EXCHANGE = loose_lower(r"\b(?:plex|tpe|plasma ?exchange|plasmapheresis|pe x\d)\b")

Verdict = Literal["unfit", "doubt", "fit", "planned"]

_CONTRA = r"(?:(?:contra|contre|counter)-? ?indicat\w*|kontraindi\w+)"
# "No reason he could not undergo leukapheresis": two denials, and cells can be collected.
_CANNOT = (
    r"\b(?:(?:can|could|should|would|must|may|might|ought|need)(?: not|n['’]?t)|cannot|was(?: not|n['’]t)|is(?: not|n['’]t)"
    r"|not (?:to )?be|unable|unfit|unsuitable)\b"
)
_BY_LINE = loose_lower(r"\b(?:line|catheter|ij|femoral|central|vas-?cath|quinton|mahurkar|trialysis)\b")
# A line that is not to be had is no way round poor veins.
_NO_LINE = loose_lower(
    r"\b(?:no|nor|not|cannot|can['’]t|refus\w+|declin\w+|without|neither)\b[^.;,]{0,25}\b(?:lines?|catheters?|vas-?cath|central|femoral|ij)\b"
    r"(?!(?: (?:venous|line|catheter|access))*(?: (?:is|was|will be|would be))? (?:needed|required|necessary|foreseen|wanted|called for|indicated))"
    r"|\b(?:lines?|catheters?|vas-?cath|central (?:veins?|access)|femorals?|ijs?)\b[^.;,]{0,25}\b(?:not|cannot|can['’]t|impossible|refused|declined|failed"
    r"|occluded|thrombosed|closed|exhausted|unable|neither)\b"
)
_NO_CONTRA = loose_lower(
    r"\b(?:no|not|without|denies|any|nothing)\b[^.;]{0,30}"
    rf"\b{_CONTRA}|\bkeine? {_CONTRA}|\b(?:pas|aucune?) (?:de )?{_CONTRA}"
    rf"|\b{_CONTRA}[^.;]{{0,30}}?(?:[:\-–]|\.{{2,}}|=)\s*(?:none|no\b(?! (?!known|contra)\w)|nil|0)"
    rf"|\b(?:no|without|hardly a|not (?:a|any|one)) (?:\w+ )?reasons?\b[^.;]{{0,45}}?{_CANNOT}"
    rf"|\b(?:cannot|can['’]t|can not|could not|couldn['’]t|do not|don['’]t|does not|fail to|never) (?:\w+ )?"
    rf"(?:see|think of|find|know of|know|identify|imagine|name|understand)\b[^.;]{{0,25}}"
    rf"\b(?:reasons?|why|what would)\b[^.;]{{0,45}}?{_CANNOT}"
    r"|\bno (?:\w+ )?(?:reasons?|arguments?|grounds?|case) (?:against|to (?:defer|refuse|withhold|exclude|decline|avoid"
    r"|postpone|forgo))\b"
    r"|\b(?:nothing|none of (?:this|these|it|that|which|them)) (?:here |in \w+ \w+ )?(?:that |which |to )?"
    r"(?:(?:would|should|could|will|must|need|can)\s+)?"
    r"(?:stops?|prevents?|precludes?|keeps?|hinders?|forbids?|bars?|prohibits?|excludes?|rules? out|stands? in the way"
    r"|is in the way|contradicts?)\b"
    r"|\bnot (?:\w+ )?(?:unfit|unsuitable|ineligible|precluded|excluded|prohibited|barred|prevented|unsafe|ruled out"
    r"|an? (?:bar|barrier|obstacle|hindrance|impediment|problem|reason (?:to|against|for)))\b"
    r"|\b(?:does|do|would|should|will|need)(?: not|n['’]t) (?:\w+ )?(?:prevent|preclude|exclude|hinder|stop|prohibit"
    r"|rule out|contra-?indicate|stand in the way|bar)\b"
    r"|\bnothing speaks? against|\bno (?:c/?i|contra)\b|\bnichts (?:\w+ )?(?:gegen|dagegen)\b|"
    r"\bc/?i'?s?\b[^.;]{0,30}?(?:[:\-–=])\s*(?:none|no\b|nil|0)|\b(?:c/?i|"
    r"contraindications?)s?\s*[:=]\s*(?:nil|none|no\b)|\bdoes ?n[o'’]t preclude|\bnot preclude|"
    r"\bno (?:barrier|obstacle|objection|bar|impediment|hindrance|hurdle|snag|reason not)s?\b"
    r"|\bnothing (?:\w+ ){0,4}(?:argues?|speaks?|counts?|militates?|points?) against\b"
)
_BUT = loose_lower(r"\b(?:but|however|except|although|though|yet|still|only)\b")
# "Would be contraindicated only if platelets fell below 50": a condition, and no opinion on this patient.
_ONLY_IF = loose_lower(
    rf"\b(?:would|will|should|become\w*|only) (?:only |then )?(?:be |become )?{_CONTRA}[^.;]{{0,20}}\b(?:if|when|once|were)\b"
    rf"|\b{_CONTRA} only (?:if|when|once)\b"
)
_DOUBT = loose_lower(
    r"\bborder-?line\b|\bdoubt\w*|\bunclear\b|\b(?:do not|don['’]?t|does not|doesn['’]?t|cannot|can['’]?t"
    r"|not) (?:yet )?(?:know|say|be sure|sure|certain|clear|tell)\b|\bquestionable\b|\buncertain\b|\bmay (?:not"
    r"|be (?:difficult|impossible|unsafe|too|a problem|unable|limited|challenging|prohibitive))|\bmight (?:not"
    r"|be (?:difficult|impossible|too))"
    r"|\bneeds? to (?:d/w|discuss|be discussed|ask|review)|\bmarginal\b|\bto be (?:determined|decided|seen)\b"
    r"|\b(?:has|have|needs?|must|ought|remains?) (?:to )?(?:first )?be (?:first )?(?:judged|assessed|clarified"
    r"|checked|evaluated|reviewed|settled|decided|confirmed)\b|\btbd\b|\bunsure\b|\bnot sure\b|\bon the fence"
    r"|\b(?:will not|won['’]?t|cannot|can['’]?t|does not|declines? to|unable to) (?:yet )?(?:give|state|offer|render|form"
    r"|commit to) (?:an |any |a )?(?:\w+ )?(?:opinion|answer|verdict|view|clearance)"
    r"|(?<!access )(?<!veins )(?<!vein )(?<!line )(?<!port )(?<!ij )(?<!catheter )(?<!fistula )(?<!jugular )(?<!lumen )"
    r"(?<!svc )\b(?:is |remains |was |left |stays )(?:still )?open\b|\bopen question|\b(?:is|are) (?:still )?being (?:clarified|assessed|discussed|looked (?:at|into)|reviewed|evaluated|examined|decided)\b"
    r"|\bequivocal|\bundecided\b|\bdefer(?:red|s)? (?:the )?(?:decision|opinion)|\bremains to be"
    r"|\b(?:have|has|some|with|voiced) reservations?\b|\b(?:little|small|slim|poor) (?:chance|hope|prospects?|likelihood)\b|\bunlikely to (?:yield|succeed|tolerate|work|be (?:possible|feasible|successful|collect\w*))"
    r"|(?<!no )(?<!without )(?<!w/o )(?<!any )(?<!no other )(?<!no further )(?<!no real )(?<!no major )(?<!no specific )"
    r"(?<!no particular )(?<!no significant )(?<!any other )(?<!no additional )(?<!no new )\bconcern(?:s|ed)?\b(?! raised by)|(?<!not a )(?<!no )(?<!not )\bwor(?:ry|ried|risome)\b|\bhigh[- ]risk\b|\bat (?:increased|high) risk"
    r"|\bwhether (?:or not )?(?:s?he|they|we|it|the (?:patient|child)) (?:can|could|may|should|would)\b|\bproblematic\b|\bchalleng\w+|\bquestion(?:s)? (?:of|whether|about)\b|\bif (?:he|she|they|pt"
    r"|patient)? ?(?:can|could|would|is)\b|\bwhether\b(?=[^.;]{0,60}\b(?:fit|possible|safe\w*|feasible|candidate"
    r"|tolerate|collect\w*|suitable|apheres\w*|can be)\b)|\bre-?(?:look|assess|evaluat)\w* (?:after|once|when|if)"
    r"|\bconditional\b|\bprovided (?:that)?\b.{0,40}\b(?:accept|agree)"
)
# So many ways to doubt that they are tried only where one begins.
_DOUBTS = CueSet({"doubt": _DOUBT})
_UNFIT = loose_lower(
    rf"\bdo not (?:proceed|collect|perform|attempt|schedule)\b|\b(?:abandoned|aborted)\b|\b(?:advis\w+|recommend\w*|decid\w+|counsel\w*) against\b"
    r"|\b(?:unacceptable|prohibitive|excessive|intolerable) (?:\w+ )?risks?\b|\btoo (?:great|high|big|large) a risk\b|\brisks? (?:\w+ ){0,3}(?:is|are|too|would be) (?:unacceptable|prohibitive|too (?:great|high))"
    r"|\b(?:do not|don['’]t|does not|cannot|could not|did not) (?:think|believe|expect|feel)\b[^.;]{0,30}\b(?:would|could|can|will|is|to be|should)"
    r" (?:survive|tolerate|withstand|manage|cope|possible|feasible|safe|wise|fit|suitable|able|be (?:collected|apheresed|done|possible|safe|wise))"
    rf"|\b{_CONTRA}|\b(?:none|nothing|nowhere) (?:\w+ )?(?:usable|left|remaining|available"
    r"|suitable|adequate|possible|to (?:put|place|use|draw|collect|stick|insert|run|connect))\b"
    r"|\bnot (?:currently |presently "
    r"|now |at present |at this time |yet )?(?:a |an )?(?:\w+ )?(?:candidate|fit|suitable|cleared|eligible|safe"
    r"|able|feasible|possible|recommended|appropriate|advisable|advised|acceptable|collectable|collectible"
    r"|an option)\b|\bunable to (?!say|tell|judge|decide|comment)(?:\w+ ){0,3}(?=leu[ck]|apher|pher|"
    r"mnc|pbmc|cell|t[- ]cell|collect|undergo|under)"
    r"|\b(?:cannot|can ?not|can['’]?t|could not|couldn['’]?t|unable to|will not|won['’]?t|would not"
    r"|wouldn['’]?t|should not|must not|may not)\s+(?!(?:yet )?(?:give|offer) (?:an |any |a )?(?:\w+ )?(?:opinion|answer|verdict|view|clearance))(?:safely |currently |be |offer|proceed|undergo|collect|perform"
    r"|do|support|recommend|have|go|get|give|sustain|obtain|place|attempt|accept|take|achieve|tolerate|happen)+"
    r"|\bout of the question|\bnot (?:thinkable|on the cards|doable|viable|workable|realistic|"
    r"practicable|permitted|allowed|to go"
    r" ahead|for (?=leu|aph|coll|harv|cell|mnc))|\bnicht möglich\b|"
    r"\bno (?:\w+ )?collection (?:is |was )?possible|\bno[- ]go\b|\bc/i(?:['’]d|ed)?\b|"
    r"\bspeaks? against|\bunfit\b|\bunsuitable\b|\bineligible\b|\bnon-?candidate\b|"
    r"\bpoor candidate\b|\bno longer (?:a )?candidate"
    r"|\bdeclin(?:ed|es) (?:to collect|by (?:the )?(?:apheresis|cell|blood bank|collection))|\bturned down\b"
    r"|\brefused? (?:by|to collect)|\bapheresis (?:team |service |unit |md )?(?:declin|refus|turned|reject)\w*"
    r"|\bprecluded?\b|\bprecludes\b|\bprohibit\w*|\bruled out\b|\btoo (?:unstable|sick|ill|unwell|weak|fragile|small|an[a]?emic|thrombocytopenic|cytopenic|high[- ]risk|risky|dangerous"
    r"|frail|anemic|low)\b"
    r"|\bunsafe\b|\bimpossible\b|\bfailed (?:\w+ )?(?:collections?|attempts?|leuka\w*|apheresis)|\b(?:collections?"
    r"|leukapheresis|apheresis) (?:was |were )?(?:failed|aborted|abandoned|unsuccessful|terminated)|\bno (?:usable"
    r"|viable|remaining|safe|suitable|line|further|possible|adequate|way|route|central|venous|access)\b(?! (?:access )?(?:problems?|issues?|concerns?|difficult\w*|trouble|barriers?))"
    r"(?! (?:(?:central|venous|line|catheter|access) ){0,2}(?:(?:is|was|will be|would be) )?(?:needed|necessary|required|wanted|warranted))"
    r"|\b(?:cannot|can['’]t|do not|don['’]t|could not) (?:see|imagine|think of|find) (?:how|an? (?:\w+ )?way|any (?:\w+ )?way)\b"
    r"|\bnot to (?:be )?(?:collect|proceed|undergo|perform|attempt)\w*|\bwithheld\b|\babsolute(?:ly)? (?:no|contra)"
    r"|\bnever (?:again|to be)"
)
_FIT = loose_lower(
    r"\b(?:fit|suitable|suited|cleared|clearance (?:given|granted)|clear|fine|ok|okay|ok['’]d|feasible|adequate"
    r"|eligible|approved|accepted|accepts|acceptable|able|safe|ready|good|great|excellent|appropriate|reasonable|possible"
    r"|achievable|straightforward)\b|\b(?:good|appropriate|suitable|acceptable|reasonable) candidate\b"
    r"|\bkomplikationslos\w*|\bproblemlos\w*|\bmöglich\b(?<!nicht möglich)|\ba candidate\b|"
    r"\bcandidate for\b|\bcan (?:be (?:collected|done|performed|apheresed|safely)|undergo|proceed"
    r"|go ahead|have|safely|collect|tolerate)"
    r"|\btolerat\w*|\btol['’]d\b|\b(?:without|w/o|no) (?:any |significant |major |adverse |further )?(?:event"
    r"|events|incident|issue|issues|problem|problems|complication|complications|difficulty|reaction|reactions"
    r"|citrate (?:sx|symptoms?|reaction\w*|tox\w*|effects?)|concern|concerns|trouble|hypotension|tetany)\b"
    r"|\buneventful\w*|\b(?:went|gone|worked|did|goes) (?:well|fine|ok|smoothly|without)\b|\bsuccessful\w*"
    r"|\bcompleted\b|\btarget (?:met|reached|achieved)|\bgoal (?:met|reached)|\bgreen light|"
    r"\bnot hesitate\b|\b(?:would|will) collect (?:her|him|them|this)\b|\b(?:happy|keen|willing|content|comfortable|glad|prepared|pleased|satisfied) (?:to|for|with)\b|\bdoable\b|\b(?:mild |only (?:mild )?|"
    r"citrate )tingling\b|\b\d[\d.]* ?(?:x ?10|e)\^?\d+ (?:tnc|cd3|mnc|cells)|\bgood to go\b|\bthumbs up\b|\b(?:mild|minor|slight|transient) (?:\w+ )?(?:par[a]?esthesia\w*|numbness|tingling|light-?headedness|citrate)|"
    r"\bsuffic\w+|\bunproblematic|\bnothing against|\bgo ahead\b"
    r"|\bno (?:barrier|objection|obstacle)\b|\bproceed (?:with|to) (?:collection|leuk|apher)|\bcollected (?:ok"
    r"|well|without)|\byield\w* (?:adequate|good|ok)|\bpassed\b|\bworks? well\b|\b(?:could|can|would) serve\b"
    r"|\bcan be used\b|\busable\b|\bsmooth\w*|\b(?:will|would) do\b|\bsuffices?\b"
)
# "Contraindicated in May; now recovered and cleared": the later word of one sentence holds.
_NOW_FIT = loose_lower(
    r"\b(?:now|since then|currently|today|recovered|resolved|re-?evaluated|re-?assessed"
    r"|at present)\b[^.;]{0,40}\b(?:fit|suitable|cleared|ok|okay|fine|eligible|can be collected|candidate|able"
    r"|feasible|safe)\b(?<!not fit)|\b(?:now|today|since|recovered)\b[^.;]{0,50}\b(?:may|can)\b(?!\s?not|['’]t)|\b(?:second|third|next|later|repeat|another) (?:attempt|"
    r"collection|session|run|procedure|try|go)"
    r" (?:\w+ ){0,3}(?:successful|completed|ok|okay|fine|achieved|uneventful|worked|enough|sufficient)\b"
)
_PLANNED = loose_lower(
    r"\b(?:plan(?:ned|s|ning)?|schedul\w+|slot|booked|will (?:undergo|have|be|start|proceed)|to undergo|set for"
    r"|postponed|deferred|delayed|put off|rescheduled|on hold|awaiting|await|upcoming|proposed|arranged|pending|date\b|target(?:ed|ing)? (?:date|week|for)|next (?:week"
    r"|month)|tentative\w*|consent(?:ed)? (?:to|for)|due|anticipated)\b|->\s*\d|\bon (?:\d{1,2}[/.]\d)"
)
_OPINION_ASKED = loose_lower(
    r"\b(?:for|await\w*|pending|request\w*|need\w*|refer\w*|send|sent|get|obtain|ask\w*"
    r"|consult\w*)\b[^.;]{0,40}\b(?:opinion|eval\w*|assess\w*|consult\w*|clearance|review|feasibility|input)\b"
    r"|\b(?:vein|access) (?:check|assessment|review)\b|\b(?:suitability|fitness|eligibility|"
    r"clearance)\b[^.;]{0,20}\b(?:await\w*|pending|tbd)\b|\bopinion first\b|\bfeasibility\b"
)
_NO_ACCESS = loose_lower(NO_ACCESS_WORDS)
# "Peripheral veins unsuitable": a line may still do.
_OF_ARM_VEINS = re.compile(r"\b(?:peripheral\w*|(?:her|his|the|arm|antecubital|ac) veins)\b[^.;]{0,30}$")
_OF_ARM_VEINS_AFTER = re.compile(r"[^.;]{0,20}peripheral")
_CALLED_FIT = re.compile(r"\b(?:fit|suitable|cleared)\b")
_DENIED = re.compile(r"\b(?:not|no|n['’]t|never|none|nothing|neither|nor)\s+(?:\w+\s){0,2}$")


def verdict_of(words: str) -> tuple[Verdict | None, str]:
    """Return the verdict of *words* on collecting cells, and the cue that gives it; None where they judge nothing."""
    lower = lowered(words)
    clear = _NO_CONTRA.search(lower) or _ONLY_IF.search(lower)
    if clear is not None:
        but = _BUT.search(lower, clear.end())
        against = _UNFIT.search(lower, but.end()) if but and not _NO_CONTRA.search(lower, but.end()) else None
        return ("unfit", _as_written(words, against)) if against else ("fit", _as_written(words, clear))
    unfit = _UNFIT.search(lower) or _NO_ACCESS.search(lower)
    if unfit is not None and not _is_of_an_exchange(lower):
        recovered = _NOW_FIT.search(lower[unfit.end() :])
        if recovered is not None:
            return "fit", _as_written(words[unfit.end() :], recovered)
        if not _is_way_round(lower, unfit):
            return "unfit", _as_written(words, unfit)
    if _OPINION_ASKED.search(lower) and not _CALLED_FIT.search(lower):
        return None, ""
    doubt = _DOUBTS.look(lower).search("doubt")
    if doubt is not None:
        return "doubt", _as_written(words, doubt)
    fit = _FIT.search(lower)
    if fit is not None and not _DENIED.search(lower[: fit.start()]):
        return "fit", _as_written(words, fit)
    planned = _PLANNED.search(lower)
    return ("planned", _as_written(words, planned)) if planned is not None else (None, "")


def is_unfit(words: str) -> bool:
    """Say whether *words* hold any that call a patient unfit."""
    return _UNFIT.search(lowered(words)) is not None


def is_doubted(words: str) -> bool:
    """Say whether *words* hold any that doubt."""
    return _DOUBTS.look(lowered(words)).search("doubt") is not None


def _is_of_an_exchange(lower: str) -> bool:
    """Say whether only a plasma exchange is named, which says nothing of collecting cells."""
    exchange = _EXCHANGE.search(lower)
    return exchange is not None and not _TRIGGER.search(lower.replace(exchange.group(), ""))


def _is_way_round(lower: str, unfit: re.Match[str]) -> bool:
    """Say whether only the veins of the arm are unfit and a line is to be had."""
    if not (_OF_ARM_VEINS.search(lower[: unfit.start()]) or _OF_ARM_VEINS_AFTER.match(lower[unfit.end() :])):
        return False
    return _BY_LINE.search(lower) is not None and _NO_LINE.search(lower) is None


def _as_written(words: str, match: re.Match[str]) -> str:
    return words[match.start() : match.end()]
