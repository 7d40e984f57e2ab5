"""
Fitness for leukapheresis: opinions on a collection (kind ``contraindication``, concept ``leukapheresis``), what is
said of venous access (``apheresis_access``) and of other risks (``apheresis_risk``).

An opinion is a clause that names the procedure and judges it. "Collection" alone is the procedure only in a note
that speaks of collecting cells. Plasma exchange counts where it tells how access or the procedure went, never as a
contraindication to collecting cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from chartsift.nlp.components.covered import Covered, windows
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loose_gate, loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.text.layout import Layout, TextSpan
from chartsift.nlp.text.prefilter import Gate, Needles, needles
from chartsift.nlp.types import Assertion

# Typing errors included: leukopheresis, leukaphersis, leucapheresis.
_PROCEDURE = (
    r"\bleu[ck][ao]?p?h?a?ph?er[ei]?s[ie]?s\w*|\bleu[ck][ao]ph[ae]+r\w+|\blymph(?:o|a)?pheres\w+|"
    r"(?<![a-z])aph[ae]+r[ea]s[ie]s\b"
    r"|(?<![a-z])apherese[ds]?\b|(?<![a-z])pheres(?:is|ed)\b|\b(?:cyt|h?aem|hem)[ao]?ph[ae]?+r[eè]se?(?:is|es)?\b"
    r"|\b(?:MNC|PBMC|mononuclear[- ]cell|T[- ]?cell|lymphocyte|cell|cellular|stem[- ]cell)s?\s+(?:collections?"
    r"|harvest\w*|collected)\b|\bcollections? of (?:the |his |her |T[- ]?)?(?:cells?|lymphocytes|MNCs?)\b"
    r"|\bcells? (?:(?:can|could|may|might|cannot|can['’]t|were|was|be|been|are|to be|not)\s+){1,3}(?:collected"
    r"|harvested)\b|\b(?:collect|harvest) (?:his |her |the |enough |T[- ]?)*cells\b|\bcell separator\b"
)
_TRIGGER = loosely(_PROCEDURE)
_BARE = loosely(r"\b(?:collections?|collect|(?:be|get|getting|being) collected)\b")
_NAMED_OR_BARE = loose_gate(rf"(?P<named>{_PROCEDURE})|(?P<bare>{_BARE.pattern})")
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
_EXCHANGE = loosely(r"\b(?:PLEX|TPE|plasma ?exchange|plasmapheresis|PE x\d)\b")

Verdict = Literal["unfit", "doubt", "fit", "planned"]

_CONTRA = r"(?:(?:contra|contre|counter)-? ?indicat\w*|kontraindi\w+)"
# "No reason he could not undergo leukapheresis": two denials, and cells can be collected.
_CANNOT = (
    r"\b(?:(?:can|could|should|would|must|may|might|ought|need)(?: not|n['’]?t)|cannot|was(?: not|n['’]t)|is(?: not|n['’]t)"
    r"|not (?:to )?be|unable|unfit|unsuitable)\b"
)
_BY_LINE = loosely(r"\b(?:line|catheter|IJ|femoral|central|vas-?cath|quinton|mahurkar|trialysis)\b")
# A line that is not to be had is no way round poor veins.
_NO_LINE = loosely(
    r"\b(?:no|nor|not|cannot|can['’]t|refus\w+|declin\w+|without|neither)\b[^.;,]{0,25}\b(?:lines?|catheters?|vas-?cath|central|femoral|IJ)\b"
    r"(?!(?: (?:venous|line|catheter|access))*(?: (?:is|was|will be|would be))? (?:needed|required|necessary|foreseen|wanted|called for|indicated))"
    r"|\b(?:lines?|catheters?|vas-?cath|central (?:veins?|access)|femorals?|IJs?)\b[^.;,]{0,25}\b(?:not|cannot|can['’]t|impossible|refused|declined|failed"
    r"|occluded|thrombosed|closed|exhausted|unable|neither)\b"
)
_NO_CONTRA = loosely(
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
    r"|\bnothing speaks? against|\bno (?:C/?I|contra)\b|\bnichts (?:\w+ )?(?:gegen|dagegen)\b|"
    r"\bC/?I'?s?\b[^.;]{0,30}?(?:[:\-–=])\s*(?:none|no\b|nil|0)|\b(?:C/?I|"
    r"contraindications?)s?\s*[:=]\s*(?:nil|none|no\b)|\bdoes ?n[o'’]t preclude|\bnot preclude|"
    r"\bno (?:barrier|obstacle|objection|bar|impediment|hindrance|hurdle|snag|reason not)s?\b"
    r"|\bnothing (?:\w+ ){0,4}(?:argues?|speaks?|counts?|militates?|points?) against\b"
)
_BUT = loosely(r"\b(?:but|however|except|although|though|yet|still|only)\b")
# "Would be contraindicated only if platelets fell below 50": a condition, and no opinion on this patient.
_ONLY_IF = loosely(
    rf"\b(?:would|will|should|become\w*|only) (?:only |then )?(?:be |become )?{_CONTRA}[^.;]{{0,20}}\b(?:if|when|once|were)\b"
    rf"|\b{_CONTRA} only (?:if|when|once)\b"
)
_DOUBT = loosely(
    r"\bborder-?line\b|\bdoubt\w*|\bunclear\b|\b(?:do not|don['’]?t|does not|doesn['’]?t|cannot|can['’]?t"
    r"|not) (?:yet )?(?:know|say|be sure|sure|certain|clear|tell)\b|\bquestionable\b|\buncertain\b|\bmay (?:not"
    r"|be (?:difficult|impossible|unsafe|too|a problem|unable|limited|challenging|prohibitive))|\bmight (?:not"
    r"|be (?:difficult|impossible|too))"
    r"|\bneeds? to (?:d/w|discuss|be discussed|ask|review)|\bmarginal\b|\bto be (?:determined|decided|seen)\b"
    r"|\b(?:has|have|needs?|must|ought|remains?) (?:to )?(?:first )?be (?:first )?(?:judged|assessed|clarified"
    r"|checked|evaluated|reviewed|settled|decided|confirmed)\b|\bTBD\b|\bunsure\b|\bnot sure\b|\bon the fence"
    r"|\b(?:will not|won['’]?t|cannot|can['’]?t|does not|declines? to|unable to) (?:yet )?(?:give|state|offer|render|form"
    r"|commit to) (?:an |any |a )?(?:\w+ )?(?:opinion|answer|verdict|view|clearance)"
    r"|(?<!access )(?<!veins )(?<!vein )(?<!line )(?<!port )(?<!IJ )(?<!catheter )(?<!fistula )(?<!jugular )(?<!lumen )"
    r"(?<!SVC )\b(?:is |remains |was |left |stays )(?:still )?open\b|\bopen question|\b(?:is|are) (?:still )?being (?:clarified|assessed|discussed|looked (?:at|into)|reviewed|evaluated|examined|decided)\b"
    r"|\bequivocal|\bundecided\b|\bdefer(?:red|s)? (?:the )?(?:decision|opinion)|\bremains to be"
    r"|\b(?:have|has|some|with|voiced) reservations?\b|\b(?:little|small|slim|poor) (?:chance|hope|prospects?|likelihood)\b|\bunlikely to (?:yield|succeed|tolerate|work|be (?:possible|feasible|successful|collect\w*))"
    r"|(?<!no )(?<!without )(?<!w/o )(?<!any )(?<!no other )(?<!no further )(?<!no real )(?<!no major )(?<!no specific )"
    r"(?<!no particular )(?<!no significant )(?<!any other )(?<!no additional )(?<!no new )\bconcern(?:s|ed)?\b(?! raised by)|(?<!not a )(?<!no )(?<!not )\bwor(?:ry|ried|risome)\b|\bhigh[- ]risk\b|\bat (?:increased|high) risk"
    r"|\bwhether (?:or not )?(?:s?he|they|we|it|the (?:patient|child)) (?:can|could|may|should|would)\b|\bproblematic\b|\bchalleng\w+|\bquestion(?:s)? (?:of|whether|about)\b|\bif (?:he|she|they|pt"
    r"|patient)? ?(?:can|could|would|is)\b|\bwhether\b(?=[^.;]{0,60}\b(?:fit|possible|safe\w*|feasible|candidate"
    r"|tolerate|collect\w*|suitable|apheres\w*|can be)\b)|\bre-?(?:look|assess|evaluat)\w* (?:after|once|when|if)"
    r"|\bconditional\b|\bprovided (?:that)?\b.{0,40}\b(?:accept|agree)"
)
_UNFIT = loosely(
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
    r"MNC|PBMC|cell|T[- ]cell|collect|undergo|under)"
    r"|\b(?:cannot|can ?not|can['’]?t|could not|couldn['’]?t|unable to|will not|won['’]?t|would not"
    r"|wouldn['’]?t|should not|must not|may not)\s+(?!(?:yet )?(?:give|offer) (?:an |any |a )?(?:\w+ )?(?:opinion|answer|verdict|view|clearance))(?:safely |currently |be |offer|proceed|undergo|collect|perform"
    r"|do|support|recommend|have|go|get|give|sustain|obtain|place|attempt|accept|take|achieve|tolerate|happen)+"
    r"|\bout of the question|\bnot (?:thinkable|on the cards|doable|viable|workable|realistic|"
    r"practicable|permitted|allowed|to go"
    r" ahead|for (?=leu|aph|coll|harv|cell|MNC))|\bnicht möglich\b|"
    r"\bno (?:\w+ )?collection (?:is |was )?possible|\bno[- ]go\b|\bC/I(?:['’]d|ed)?\b|"
    r"\bspeaks? against|\bunfit\b|\bunsuitable\b|\bineligible\b|\bnon-?candidate\b|"
    r"\bpoor candidate\b|\bno longer (?:a )?candidate"
    r"|\bdeclin(?:ed|es) (?:to collect|by (?:the )?(?:apheresis|cell|blood bank|collection))|\bturned down\b"
    r"|\brefused? (?:by|to collect)|\bapheresis (?:team |service |unit |MD )?(?:declin|refus|turned|reject)\w*"
    r"|\bprecluded?\b|\bprecludes\b|\bprohibit\w*|\bruled out\b|\btoo (?:unstable|sick|ill|unwell|weak|fragile|small|an[a]?emic|thrombocytopenic|cytopenic|high[- ]risk|risky|dangerous"
    r"|frail|anemic|low)\b"
    r"|\bunsafe\b|\bimpossible\b|\bfailed (?:\w+ )?(?:collections?|attempts?|leuka\w*|apheresis)|\b(?:collections?"
    r"|leukapheresis|apheresis) (?:was |were )?(?:failed|aborted|abandoned|unsuccessful|terminated)|\bno (?:usable"
    r"|viable|remaining|safe|suitable|line|further|possible|adequate|way|route|central|venous|access)\b(?! (?:access )?(?:problems?|issues?|concerns?|difficult\w*|trouble|barriers?))"
    r"|\b(?:cannot|can['’]t|do not|don['’]t|could not) (?:see|imagine|think of|find) (?:how|an? (?:\w+ )?way|any (?:\w+ )?way)\b"
    r"|\bnot to (?:be )?(?:collect|proceed|undergo|perform|attempt)\w*|\bwithheld\b|\babsolute(?:ly)? (?:no|contra)"
    r"|\bnever (?:again|to be)"
)
_FIT = loosely(
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
    r"citrate )tingling\b|\b\d[\d.]* ?(?:x ?10|e)\^?\d+ (?:TNC|CD3|MNC|cells)|\bgood to go\b|\bthumbs up\b|\b(?:mild|minor|slight|transient) (?:\w+ )?(?:par[a]?esthesia\w*|numbness|tingling|light-?headedness|citrate)|"
    r"\bsuffic\w+|\bunproblematic|\bnothing against|\bgo ahead\b"
    r"|\bno (?:barrier|objection|obstacle)\b|\bproceed (?:with|to) (?:collection|leuk|apher)|\bcollected (?:ok"
    r"|well|without)|\byield\w* (?:adequate|good|ok)|\bpassed\b|\bworks? well\b|\b(?:could|can|would) serve\b"
    r"|\bcan be used\b|\busable\b|\bsmooth\w*|\b(?:will|would) do\b|\bsuffices?\b"
)
# "Contraindicated in May; now recovered and cleared": the later word of one sentence holds.
_NOW_FIT = loosely(
    r"\b(?:now|since then|currently|today|recovered|resolved|re-?evaluated|re-?assessed"
    r"|at present)\b[^.;]{0,40}\b(?:fit|suitable|cleared|ok|okay|fine|eligible|can be collected|candidate|able"
    r"|feasible|safe)\b(?<!not fit)|\b(?:now|today|since|recovered)\b[^.;]{0,50}\b(?:may|can)\b(?!\s?not|['’]t)|\b(?:second|third|next|later|repeat|another) (?:attempt|"
    r"collection|session|run|procedure|try|go)"
    r" (?:\w+ ){0,3}(?:successful|completed|ok|okay|fine|achieved|uneventful|worked|enough|sufficient)\b"
)
_PLANNED = loosely(
    r"\b(?:plan(?:ned|s|ning)?|schedul\w+|slot|booked|will (?:undergo|have|be|start|proceed)|to undergo|set for"
    r"|postponed|deferred|delayed|put off|rescheduled|on hold|awaiting|await|upcoming|proposed|arranged|pending|date\b|target(?:ed|ing)? (?:date|week|for)|next (?:week"
    r"|month)|tentative\w*|consent(?:ed)? (?:to|for)|due|anticipated)\b|->\s*\d|\bon (?:\d{1,2}[/.]\d)"
)
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
_FORM = loosely(
    r"(?:(?P<against>contra-?indicat\w*|\bC/I|\bbarriers?\b|\bunfit\w*)|(?P<fit>\bfit(?:ness)?\b|"
    r"\bsuitab\w+|\beligib\w+"
    r"|\bab(?:le|ility)\b|\bcandida\w+|\bclear(?:ed|ance)\b|\bfeasib\w+))[^.;:?\n]{0,50}(?:[?:=|]|"
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
_OPINION_ASKED = loosely(
    r"\b(?:for|await\w*|pending|request\w*|need\w*|refer\w*|send|sent|get|obtain|ask\w*"
    r"|consult\w*)\b[^.;]{0,40}\b(?:opinion|eval\w*|assess\w*|consult\w*|clearance|review|feasibility|input)\b"
    r"|\b(?:vein|access) (?:check|assessment|review)\b|\b(?:suitability|fitness|eligibility|"
    r"clearance)\b[^.;]{0,20}\b(?:await\w*|pending|tbd)\b|\bopinion first\b|\bfeasibility\b"
)
_GIVEN_BY = loosely(
    r"\b(?:brother|sister|sibling|donor|mother|father|parent|son|daughter)\b[^.;]{0,20}\b(?:donat\w*|was collected"
    r"|underwent|collected)\b|\b(?:was|as|is) (?:the |a )?donor\b|\bdonor (?:leuka?pheres\w*|apheres\w*|collection)"
)
_GENERIC = loosely(
    r"\b(?:risks? (?:of|and)|explained|brochure|process|procedure (?:was )?(?:explained|reviewed)|typically"
    r"|usually|patients (?:who|must|should)|criteria|inclusion|exclusion|protocol requires)\b"
)

# ---- access
_ACCESS_LABEL = loose_gate(
    r"(?:(?:central |peripheral |apheresis )?(?:venous|vascular|vein|IV|line)?\s*access"
    r"|veins?)(?: \w+){0,2}\s*(?:\.{2,}|:|=|\|)\s*"
)
_NO_ACCESS = loose_gate(
    r"\bend[- ]stage (?:venous |vascular |central )*access\b|\b(?:exhausted|lost|loss of|failed"
    r"|absent) (?:all )?(?:central |venous |vascular )*access\b|\b(?:all|every|each) (?:\w+ )?(?:access|line|venous|vascular|vein) ?"
    r"(?:sites?|routes?|options?|ways?)? (?:\w+ ){0,2}(?:lost|exhausted|used up|gone|closed|occluded|thrombosed|clotted|blocked)\b"
    r"|\bnowhere (?:left )?to (?:put|place|site|insert|get) (?:a |an |another |any )?(?:\w+ )?(?:line|catheter|access|needle|cannula)"
    r"|\bnothing (?:left )?to (?:draw from|cannulate|stick|put a line in)\b|\bno (?:venous|vascular) (?:way|route)s? (?:left|remain\w*|in)"
    r"|\bno (?:veins?|sites?)\b[^.;\n]{0,40}\b(?:would|will|could|can) (?:carry|support|take|sustain|bear|allow)\b|\b(?:venous|vascular|central|line) access (?:is "
    r"|has been |was |now )?(?:exhausted|lost|impossible|not possible|unobtainable|unavailable|failed)"
    r"|\bno (?:remaining |usable |available |further |suitable |viable |patent |possible |reliable )+(?:central "
    r"|venous |vascular |large[- ]bore )*(?:access|veins?|sites?|lines?|routes?|options?)\b"
    r"|\bno (?:central (?:venous )?|large[- ]bore )?(?:access|line) (?:is |was )?(?:possible|can be|could be"
    r"|obtainable|available)\b"
    r"|\bno (?:\w+ )?(?:options?|routes?|sites?|ways?|veins?) (?:left|remaining|remains?) (?:for|to place|to get|to put|in which)\b"
    r"|\b(?:no|not any) (?:line )?routes? (?:left|remain\w*|for)|\ball central (?:veins|access|lines"
    r"|sites) (?:are |were |is )?(?:occluded|thrombosed|lost|closed|gone)|\b(?:cannot|unable to|could not"
    r"|failed to) (?:place|obtain|establish|get|achieve|gain)\b[^.;]{0,30}\b(?:central|line|access|catheter)\b"
)
_OCCLUDED = loose_gate(
    r"\bSVC\b[^.;\n]{0,40}\b(?:occlu\w*|obstruct\w*|syndrome|thrombos\w*|stenos\w*)|\bbilateral (?:IJ"
    r"|internal jugular|subclavian|brachiocephalic)[^.;\n]{0,30}\b(?:occlu\w*|thrombos\w*)"
)
_POOR = loose_gate(
    r"\b(?:poor|difficult|bad|limited|fragile|no good|hard|tough|rolling)\b[^.;\n]{0,18}\b(?:veins?|access|stick"
    r"|venous|antecub\w*|AC|IV)\b|\b(?:veins?|access|antecubitals?)\b[^.;\n]{0,14}\b(?:poor|difficult|bad|limited"
    r"|fragile|hard)\b|\bhard stick\b|\bdifficult stick\b|\bDIVA\b"
)
_GOOD = loose_gate(
    r"\b(?:veins?|access|antecubitals?|AC)\b[^.;\n]{0,30}\b(?:excellent|good|adequate|usable|patent|ok|fine|robust"
    r"|suitable)\b|\b(?:excellent|good|adequate|robust|great|suitable)\s+(?:bilat\w*\s+|peripheral\s+"
    r"|antecubital\s+|venous\s+|AC\s+)*(?:veins?|access)\b|\b(?:R|L|right|left|bilateral)\s+IJ\s+(?:is "
    r"|are )?patent\b|\bIJ line[^.;\n]{0,30}\bworked\b"
)

# ---- other risks
_REFUSAL = loose_gate(
    r"jehovah\S*\s+witness\w*|\b(?:refus\w+|declin\w+|will not accept|does not accept|won['’]?t accept"
    r"|would not accept|not accept\w*) (?:all |any |of )*(?:blood(?: bank)? products?|blood transfusions?"
    r"|transfusions?|RBCs?/|red cells,)|\bno blood products\b|\bbloodless (?:medicine|care)\b"
    r"|\bno (?:all |any |of )*(?:blood(?: bank)? products?|RBCs?/|red cells,)"
    r"|\bfirm on no transfusion|\bno transfusions? (?:for religious|under any)|\bno RBC/plt|\bJW\b"
)
_REFUSAL_NOT = loosely(
    r"\b(?:needed|required|given|since|in the last|indicated|received|this admission|to date|history|hx|prior"
    r"|none)\b"
)
_NO_TRANSFUSION = loosely(r"no (?:blood )?transfusions?\b")
# "JW" alone may be anybody's initials.
_OF_A_WITNESS = loosely(r"witness|blood|transfus|RBC|plt|albumin|faith|collect")
_CITRATE = loose_gate(
    r"\b(?:severe|anaphyla\w*|anaphylactoid|life[- ]threatening|grade [34])\b[^.;\n]{0,40}\b(?:citrate|ACD-?A?)\b"
    r"|\b(?:citrate|ACD-?A?)\b[^.;\n]{0,40}\b(?:anaphyla\w*|tetany|arrhythmia|seizure|severe reaction"
    r"|severe hypocalc\w*|torsades|cardiac arrest|laryngospasm)\b"
)
_PRESSOR = (
    r"(?:nor(?:epinephrine|adrenaline|epi|ad)|levophed|vasopress\w+|(?:vaso)?pressors?|vaso|inotrop\w+"
    r"|(?:epinephrine|adrenaline) (?:drip|gtt|infusion)|dobutamine|milrinone|metaraminol|phenylephrine|dopamine)"
)
_UNSTABLE = loose_gate(
    r"\bh[a]?emodynamic(?:ally)? (?:unstable|instability|compromise[d]?)|\b(?:septic|cardiogenic|h[a]?emorrhagic"
    rf"|distributive) shock\b|\b(?:on|requir(?:es|ing)|needs|started|under|with|\+) (?:(?:two|three|"
    rf"four|dual|double|triple"
    rf"|multiple|\d|escalating|rising|high[- ]dose|low[- ]dose|ongoing) )*{_PRESSOR}\b"
    rf"|\b{_PRESSOR}[- ]?(?:at )?[\d.,]+ ?(?:mcg|µg|μg|ug|micrograms?|mg|u|units?)(?:/kg)?/(?:min|h)"
    rf"|\b{_PRESSOR}[- ](?:dependent|dependence|requirement|support)"
    r"|\b(?:on|V[VA]|V[VA]V)[- ]ECMO\b|\bIABP\b|\bimpella\b"
    r"|\bSBP\s*(?:<|in (?:the )?)\s*[78]\d|\bdecompensated (?:heart failure|HF)\b|"
    r"\bunstable (?:angina|VT|arrhythmia)\b"
)
_BLEEDING = loose_gate(
    r"\b(?:uncontrolled|active major|massive|ongoing major|life[- ]threatening|active severe"
    r"|major active)\s+(?:GI |gastrointestinal |intracranial |pulmonary |retroperitoneal )*(?:bleed\w*"
    r"|h[a]?emorrhage)"
)
_NEGATED = loosely(
    r"\b(?:no|not|without|denies|denied|never|negative for|neg for|nor|absence of|resolved|if|risk of|h/o"
    r"|history of)\b[^.;]{0,45}$"
)
_LONGEST = 200


# A note without any of these letters has nothing to say here; a plain search is a hundred times faster than the rest.
_PROCEDURE_LETTERS = needles("pher", "collect", "harvest", "separator")
_ACCESS_WORDS = needles(
    "access",
    "vein",
    "antecub",
    "stick",
    "svc",
    "ij ",
    "ij,",
    "ij:",
    "jugular",
    "route",
    "diva",
    "central",
)
# Letters of which every sentence that tells of a risk holds some: few sentences hold any.
_LETTERS_OF = {
    "blood_refusal": ("jehovah", "product", "bloodless", "transfus", "rbc", "jw"),
    "citrate_reaction": ("citrate", "acd"),
    "instability": (
        "dynamic", "shock", "pressor", "norepi", "levophed", "ecmo", "iabp", "impella", "norad", "inotrop", "metaram",
        "phenyleph", "dopamine", "vaso", "unstable", "sbp", "decompens", "dobut", "milrin", "epinephrine",
    ),
    "bleeding": ("bleed", "hemorrhag", "haemorrhag"),
}  # fmt: skip
_ANY_RISK = needles(*(letters for listed in _LETTERS_OF.values() for letters in listed))
_RISKS = tuple(
    (concept, needles(*_LETTERS_OF[concept]), pattern)
    for concept, pattern in (
        ("blood_refusal", _REFUSAL),
        ("citrate_reaction", _CITRATE),
        ("instability", _UNSTABLE),
        ("bleeding", _BLEEDING),
    )
)


def fitness_drafts(text: str, layout: Layout) -> list[Draft]:
    """Return the opinions on collecting cells, latest words of a sentence included."""
    found: list[Draft] = []
    if not _PROCEDURE_LETTERS.any(text):
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
        verdict, cue = _verdict(words, at=0)
        if verdict != "fit" and not _OF_COLLECTING.search(words):
            continue
        if verdict in ("fit", "unfit", "doubt") and not _QUESTION.search(words.strip()):
            if someone_else(text, layout, start, end):
                return None
            first, last = _trim(
                text, begin, begin + len(words), begin + len(words) - len(words.lstrip()), begin + 1
            )
            held: Assertion = (
                "absent" if verdict == "fit" else "present" if verdict == "unfit" else "possible"
            )
            return Draft(
                first, last, "contraindication", "leukapheresis", held, "contraindications:consult", (cue,),
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
    verdict, cue = (form[0], form[1]) if form else _verdict(words, at=start - begin)
    last = max(last, form[2]) if form else last
    if form is None and _QUESTION.search(whole.strip()) and not _UNFIT.search(whole):
        return None
    if verdict is None:
        return None
    if verdict == "planned" and (bare or not _PLAN_ONLY.search(words)):
        return None
    if _LEAFLET.search(words) or (_GENERIC.search(words) and verdict != "unfit"):
        return None
    assertion: Assertion = {
        "unfit": "present",
        "doubt": "possible",
        "fit": "absent",
        "planned": "hypothetical",
    }[verdict]  # type: ignore[assignment]
    if _GIVEN_BY.search(whole):
        return None
    if someone_else(text, layout, start, end):
        assertion = "family"
    begin, last = _trim(text, begin, last, start, end)
    return Draft(
        begin, last, "contraindication", "leukapheresis", assertion, "contraindications:fitness", (cue,),
        attributes={"verdict": verdict},
    )  # fmt: skip


def _form_answer(
    text: str, layout: Layout, begin: int, start: int, end: int
) -> tuple[Verdict, str, int] | None:
    """Return the verdict of a box of a form, its words and where they end."""
    last = min(layout.line_at(start).end, end + 60)
    for match in (_FORM.search(text, begin, last), _FORM_AFTER.match(text, end, last)):
        if match is not None and match.end() > end:
            named = match.groupdict()
            against = bool(named.get("against"))
            return ("unfit" if against == bool(named["yes"]) else "fit"), match.group(), match.end()
    return None


def _verdict(words: str, *, at: int) -> tuple[Verdict | None, str]:
    clear = _NO_CONTRA.search(words) or _ONLY_IF.search(words)
    if clear:
        but = _BUT.search(words, clear.end())
        against = _UNFIT.search(words, but.end()) if but and not _NO_CONTRA.search(words, but.end()) else None
        return ("unfit", against.group()) if against else ("fit", clear.group())
    doubt = _DOUBT.search(words)
    unfit = _UNFIT.search(words) or _NO_ACCESS.search(words)
    exchange = _EXCHANGE.search(words)
    if unfit and not (exchange and not _TRIGGER.search(words.replace(exchange.group(), ""))):
        peripheral = re.search(
            r"\b(?:peripheral\w*|(?:her|his|the|arm|antecubital|AC) veins)\b[^.;]{0,30}$",
            words[: unfit.start()],
            re.IGNORECASE,
        ) or re.match(r"[^.;]{0,20}peripheral", words[unfit.end() :], re.IGNORECASE)
        by_line = _BY_LINE.search(words) if _NO_LINE.search(words) is None else None
        recovered = _NOW_FIT.search(words[unfit.end() :])
        if recovered:
            return "fit", recovered.group()
        if not (peripheral and by_line):
            return "unfit", unfit.group()
    if _OPINION_ASKED.search(words) and not re.search(r"\b(?:fit|suitable|cleared)\b", words, re.IGNORECASE):
        return None, ""
    if doubt:
        return "doubt", doubt.group()
    fit = _FIT.search(words)
    if fit and not re.search(
        r"\b(?:not|no|n['’]t|never|none|nothing|neither|nor)\s+(?:\w+\s){0,2}$",
        words[: fit.start()],
        re.IGNORECASE,
    ):
        return "fit", fit.group()
    planned = _PLANNED.search(words)
    if planned:
        return "planned", planned.group()
    return None, ""


def _access_in_a_checklist(text: str, layout: Layout, found: list[Draft]) -> Iterator[Draft]:
    """Yield the access line of a note on collecting cells."""
    if not _CELL_NOTE.search(text[:500]) or not re.search(
        r"collect|apheres|leuka", text[:500], re.IGNORECASE
    ):
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
        if _NO_ACCESS.search(words) or re.match(
            r"\s*(?:none|no\b|exhausted|not possible)", words, re.IGNORECASE
        ):
            assertion = "present"
        elif _DOUBT.search(words):
            assertion = "possible"
        yield Draft(
            match.end(), line.end - (len(words) - len(words.rstrip())), "contraindication", "leukapheresis", assertion,
            "contraindications:access", ("access",), attributes={"verdict": "access"},
        )  # fmt: skip


def access_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield what is said of venous access: lost, occluded, poor, good."""
    patterns = (("lost", _NO_ACCESS), ("occluded", _OCCLUDED), ("poor", _POOR), ("good", _GOOD))
    for span in _sentences_with(_ACCESS_WORDS, text, layout):
        for concept, match in _matches(patterns, text, span):
            head = text[max(layout.sentence_at(match.start()).start, match.start() - 50) : match.start()]
            if concept != "lost" and _NEGATED.search(head):
                continue
            if concept == "lost" and re.search(
                r"\b(?:if|in case|should|risk of)\b[^.;]{0,40}$", head, re.IGNORECASE
            ):
                continue
            if someone_else(text, layout, match.start(), match.end()):
                continue
            yield Draft(
                match.start(),
                match.end(),
                "apheresis_access",
                concept,
                "present",
                "apheresis:access",
                (match.group(),),
            )


def risk_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield refusal of blood products, severe citrate reactions, instability and major bleeding."""
    if not _ANY_RISK.any(text):
        return
    for concept, words, pattern in _RISKS:
        for span in _sentences_with(words, text, layout):
            for match in pattern.finditer(text, span.start, span.end):
                start, end = match.span()
                if _is_no_risk(text, layout, concept, match) or someone_else(text, layout, start, end):
                    continue
                yield Draft(
                    start, end, "apheresis_risk", concept, "present", "apheresis:risk", (match.group(),)
                )


def _is_no_risk(text: str, layout: Layout, concept: str, match: re.Match[str]) -> bool:
    """Say whether what reads as a risk is denied, over, or about something else."""
    start, end = match.span()
    if concept == "blood_refusal":
        if _NO_TRANSFUSION.match(match.group()) and _REFUSAL_NOT.search(text, end, end + 40):
            return True
        return match.group() == "JW" and not _OF_A_WITNESS.search(text, max(0, start - 2000), end + 2000)
    if _NEGATED.search(text[max(layout.sentence_at(start).start, start - 60) : start]):
        return True
    return concept in ("instability", "bleeding") and _is_over(text, start, end)


def _sentences_with(words: Needles, text: str, layout: Layout) -> Iterator[TextSpan]:
    """Yield the sentences in which one of *words* stands, each once."""
    last = -1
    for start, end in windows(text, words, before=0, after=1):
        at = start
        while at < end:
            if at >= last:
                span = layout.sentence_at(at)
                last = max(span.end, at + 1)
                yield TextSpan(min(span.start, at), last)
            at = max(last, at + 1)


def _matches(
    patterns: tuple[tuple[str, Gate], ...], text: str, span: TextSpan
) -> Iterator[tuple[str, re.Match[str]]]:
    for concept, pattern in patterns:
        for match in pattern.finditer(text, span.start, span.end):
            yield concept, match


def _is_over(text: str, start: int, end: int) -> bool:
    """Say whether an acute state is told of in retrospect: a discharge summary, or resolved beside it."""
    around = text[max(0, start - 80) : end + 80]
    return bool(
        re.search(r"discharge|\bD/C\b|\bdc summary", text[:300], re.IGNORECASE)
        or re.search(
            r"resolved|recovered|weaned|off pressors|stabili[sz]ed|s/p|after|due to|\bhx\b|history|in (?:19"
            r"|20)\d\d|last (?:year|month)|previous",
            around,
            re.IGNORECASE,
        )
    )


def _trim(text: str, begin: int, last: int, start: int, end: int) -> tuple[int, int]:
    if last - begin > _LONGEST:
        begin = max(begin, start - 100)
        last = min(last, max(end, begin + _LONGEST))
    while begin < start and text[begin] in " \t\r\n-•*#.;|":
        begin += 1
    while last > end and text[last - 1] in " \t\r\n.;|":
        last -= 1
    return begin, last
