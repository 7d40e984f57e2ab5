"""How bad a reaction was, by its words: GUIDELINES for fludarabine and cyclophosphamide, but any drug reads alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chartsift.nlp.components.drug_mentions import OTHER_DRUG
from chartsift.nlp.components.loose import loosely

Severity = Literal["severe", "hives", "unknown", "minor", "none", "never", "corrected"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """
    What some words say of a reaction.

    Attributes:
        severity: "severe" (anaphylaxis and the like), "hives" (skin only), "unknown" (an allergy without its
            reaction), "minor" (expected or mild side effects), "none" (tolerated), "never" (never given),
            "corrected" (an entry that was taken back).
        cues: The words.
        start: Where the deciding words begin.
        end: Where they end.
    """

    severity: Severity
    cues: tuple[str, ...]
    start: int
    end: int


# CTCAE grade 3 and 4, label warnings, and what is done about them. TEN and DRESS are skin reactions in capitals only:
# "ten cycles" and "could not dress" tell of none.
_SEVERE = loosely(
    r"anaphy[l1]a\w*|anafila\w*|anaphil\w*|suprarenin|(?<!nor)adrenalin\w*|laryn\w*\s?(?:o?edema|"
    r"spasm|swelling)|laryngospasm|stridor|bronchospas\w*|wheez\w*"
    r"|hypotens\w*|(?<!septic )(?<!cardiogenic )(?<!hemorrhagic )(?<!hypovolemic )(?<!spinal )shock\b"
    r"|throat (?:swell\w*|tight\w*|clos\w*)|(?:swelling|tightness|closing) (?:of|in) (?:the |her |his )?(?:throat"
    r"|airway|tongue)|tongue (?:and \w+ )?swell\w*|swell\w* (?:of (?:the |her |"
    r"his )?)?(?:lips? (?:and|&|/) )?tongue|swollen (?:\w+ and )?tongue|airway\b|quincke"
    r"|(?:passed|blacked) out|faint(?:ed|ing)\b|los[ts] (?:of )?consciousness|unconscious|(?:feeble|no|absent) pulse"
    r"|BP (?:un(?:recordable|detectable)|not recordable)|crash (?:call|team)|resuscitat\w*|atemnot|luftnot"
    r"|epinephrine|\bepi(?:-?pen)?\b(?!sod|thel|derm|gast|lep)|serum[- ]sickness\S*|\bSJS\b|stevens[- ]johnson"
    r"|(?-i:\bTEN\b)(?! (?:cycles?|doses?|days?|weeks?|months?|years?|times|infusions?|pulses?|courses?|mg)\b)"
    r"|toxic epidermal|(?-i:\bDRESS\b)|\bdress syndrome|intubat\w*|cardiac arrest|respiratory (?:arrest|distress|failure)"
    r"|life[- ]?threat\w*|code (?:blue|called)|rapid response|MET call|(?:\bgrade|\bgrad|\bgr\.?|(?-i:\bG(?=[34])))"
    r"\s?(?:3|4|III|IV)\b(?!\s*(?:neutro"
    r"|cytop|mucos|anemi|leuk|lymphop|lymphoc|thrombo|nause|vomit|emes|diarr|cystit|alopec|fatig|infect|h[a]?ematol|anorex|febrile|constip|haematur|hematur|transamin|platelet|WBC|ANC\b|ALC\b))|severe (?:systemic |allergic |hypersensitivity |infusion |drug "
    r"|adverse )*(?:reaction|allergy|hypersensitivity|rxn)"
    r"|BP (?:fell|dropped|drop|crash)\w*|drop in (?:BP|blood pressure)|(?:BP|SBP|systolic)\s*(?:to |"
    r"of |was |down to )?(?:[4-7]\d)\b"
    r"|\bRR\s*[4-7]\d\s*/\s*\d\d|collapsed?\b"
    r"|angio-?(?:o)?edema|(?:tongue|laryngeal|airway)\s+(?:and \w+\s+)?(?:o?edema|angio)|dyspnea|trouble breathing"
    r"|\bSOB\b|difficulty (?:in )?breathing|breathing difficult\w*|short of breath|(?:couldn['’]?t|"
    r"could not|unable to) breathe|desaturat\w*|pressors?\b|blistering|exfoliativ\w*"
    r"|skin (?:peel|slough)\w*"
)
# "Vomiting gr 2, neutropenia gr 3": what chemotherapy does to anyone, graded; no reaction to the drug.
_EXPECTED_BEFORE = re.compile(
    r"(?:nause|vomit|emesis|neutro|cytop|mucos|stomatit|an[a]?emia|leu[kc]|lymphop|lymphoc|thrombo|platelet|WBC|ANC\b|ALC\b"
    r"|diarrh|cystit|alopec|fatig|infecti|h[a]?ematur|h[a]?ematolog|myelosupp|marrow|anorex|transamin|hair)"
    r"[\w-]*(?:\s(?:toxicity|loss|count|suppression))?[\s(:,=–-]*(?:CTCAE\s|of\s|was\s|to\s|max\w*\s|up\sto\s|at\s)?$",
    re.IGNORECASE,
)
_GRADE = re.compile(r"g(?:r|\b|(?=\d))", re.IGNORECASE)
_LIP_ONLY = loosely(r"\b(?:lips?|lip swelling|face|facial|eyelid|periorbital)\b(?:[^.;]{0,20}\bonly\b)?")
_HIVES = loosely(
    r"\bhives?\b|urticari\w*|\bwh?eals?\b|welts?\b|(?:lip|lips|facial|face|eye(?:lid)?|periorbital) (?:swell\w*"
    r"|edema|puff\w*)|swelling (?:of|in) (?:the |her |his )?(?:lips?|face|eye\w*)|swollen (?:lips?|face)|\bitch\w*"
    r"|prurit\w*|(?:diffuse|generali[sz]ed|whole[- ]body|widespread|extensive|bad) rash"
)
_UNKNOWN = loosely(
    r"\bunknown\b|unspecified|\(?left blank\)?|\bblank\b|(?:can(?:not|['’]t)|could not|couldn['’]t|does(?: not"
    r"|n['’]t)|did(?: not|n['’]t)|unable to) (?:recall|remember|say|describe|specify|tell)|not (?:documented"
    r"|specified|listed|recorded|described|stated|on file|known)"
    r"|(?:details|records?|nature|reaction) (?:are |is |were |was )?(?:unclear|unknown|unavailable|not available"
    r"|never (?:received|found))|unsure what|told (?:\w+ ){0,2}(?:not to|never to|never|she (?:can|could)(?:not"
    r"|n['’]t)|he (?:can|could)(?:not|n['’]t))[^.;]{0,30}(?:again|have it|take it)|never (?:to )?(?:have|take"
    r"|get) it again|reaction\s*[:=]\s*(?:\?|-+|none (?:listed|given|entered))|see comments?|\?\s*reaction"
    r"|(?:a|an|some|kind of|her|his|sort of) (?:\w+ )?(?:fit|seizure|convulsion|funny turn|bad turn)\b(?! (?:for|man|woman|boy|girl|lady|gentleman|and|person|child|patient))|\breacted\b(?! (?:well|fine))"
    r"|reaction\s*\?|(?:skin|prick|patch|intradermal|allergy)[- ]?(?:prick )?tests?(?:ing)? (?:was |were |is |came back |turned )?(?:pos\w*|reactive)"
    r"|(?:pos\w*|reactive) (?:skin|prick|intradermal|patch)[- ]?(?:prick )?tests?|sensiti[sz](?:ed|ation)\b"
    r"|leuk[o]?encephalopath\w*|neurotoxic\w*|encephalopath\w*|blindness|ha?emolysis|ha?emolytic|myocarditis"
    r"|cardiotoxic\w*|cardiomyopathy|\b(?:infusion |allergic |hypersensitivity |drug |mild |moderate )?(?:reaction"
    r"|rxn)\b(?! (?:to|from|with) (?:either|both))|\bHSR\b|allerg(?:y|ic)\b"
    r"(?! (?:pass(?:port)?|consult\w*|clinic|list|team|service|testing|tests?|referral|card|bracelet|band|section"
    r"|alert|appointment|appt|specialist|unit|work-?up|before|review\w*|status|history|nurse|physician|doctor|banner"
    r"|entry|record|label|sees?|saw|seen|visit|cleared)\b)(?!\s*/\s*imm)|hypersensitiv\w*"
)
_MINOR = loosely(
    r"nause\w*|puk(?:ed|ing|e)\b|(?:blood|red|pink)(?: in (?:the )?| )urine|ha?ematuria|threw up|throwing up|barf\w*|sick to (?:her |his |the )?stomach|vomit\w*|\bN\s?/\s?V\b|\bN&V\b|\bemesis\b|queas\w*|\bGI (?:upset|intoleran\w*|side|tox\w*"
    r"|distress)\b|upset stomach|stomach upset|alopecia|hair (?:loss|thin\w*|fall\w*|shed\w*|came out)|lost (?:her"
    r"|his|some) hair|cytopeni\w*|leu[ck]o?peni\w*|neutropeni\w*|lymphopeni\w*|thrombocytopeni\w*|low (?:white"
    r"|blood|counts?|WBC|platelets?)|(?:white|blood|platelet|"
    r"neutrophil)s? (?:cells? )?(?:counts? )?(?:fell|fall\w*|dropp\w+|drop)\b|(?:hemorrhagic |"
    r"haemorrhagic )?cystitis|h[a]?ematuria|fatigue|malaise"
    r"|headaches?|metallic taste|infertil\w*|amenorrh\w*|ovarian (?:insuff\w*|failure)|\brash\b|flush\w*|diarrh\w*"
    r"|mucositis|dizz\w*|light-?headed\w*|hyponatr[a]?emia|\bSIADH\b|water retention|bladder (?:irritation|spasms?)|(?:[- ]related )?fever only|only (?:a )?(?:low-grade )?fever|low (?:sodium|Na)|bone marrow suppression"
    r"|myelosuppress\w*|taste (?:change|disturb\w*)|\bfever d\b|feverish|chills|aches|stomach ?ache|thr(?:ow|ew"
    r"|own|owing) up|bad stomach|sick stomach|stomach (?:trouble|pain|cramps)|sick for a|(?:got|was|felt) sick\b"
    r"|anorexia|poor appetite|constipation|rigors?\b"
)
_TOLERATED = loosely(
    r"tolerat\w*|\btol['’]d\b|\btol\b\.?(?: well)?|\bwell[- ]tol\b|\b(?:no|nil|never any|"
    r"zero) (?:infusion |infusional |infusion[- ]related |allergic |hypersensitivity "
    r"|immediate |acute |adverse |drug |significant |major |serious |systemic |known |prior |other |untoward |late "
    r"|further |such |of the )*(?:reactions?"
    r"|rxns?|issues?|problems?|complications?|adverse(?: events?| effects?)?|AEs?|SAEs?|side[- ]?effects?"
    r"|toxicit\w*|events?|allerg(?:y|ies)|hypersensitiv\w*|incidents?|trouble|difficult\w*|phenomen\w+"
    r"|manifestation\w*|complaints?|c/o\b(?=\s*(?:$|[.;,\n]))|symptoms?|signs?|untoward \w+|"
    r"ill effects?|harm|drama|fuss)"
    r"|(?:without|w/o|s̄) (?:any |an? |infusion |allergic |hypersensitivity |adverse |significant |further "
    r"|major )*(?:reactions?|rxns?|incidents?|issues?|problems?|complications?|events?|difficult\w*|toxicity"
    r"|trouble|adverse\w*|hypersens\w*|side[- ]?effects?|drama|harm|fuss|ill effects?|untoward \w+|"
    r"upset)|uneventful\w*|(?:was|were|is|did|went|been|doing|got on|coped|all)"
    r" (?:ok|okay|fine|well|smooth\w*|good|alright)\b|[,:(–—-] *(?:all |both |it |each )?(?:fine|ok(?:ay)?|went well"
    r"|well|good|smooth\w*|alright)\b(?! (?:for|to|with|known|until|on)\b)|nothing (?:else|worse|"
    r"(?:much )?(?:happened|untoward|to report))|^\s*(?:is |was )?(?:ok(?:ay)?|fine)\b(?! (?:to|for|with|until|if))|never (?:gave|caused)\b|no (?:anaphyla\w*|hives|"
    r"allergy)"
    r"|allergy ?\? ?[^.;?\n]{0,25}\b(?:no\b|denie[sd]|not allergic)|not allergic|never (?:had )?(?:a |any )?(?:reaction|rxn|problem|trouble)\b|nil (?:reaction|rxn)"
    r"|reaction\s*[:=]?\s*(?:none|nil|no)\b(?! (?:listed|given|entered))|rxn\s*[:=]?\s*none|none noted"
    r"|well[- ]tolerated|problemlos|komplikationslos|(?:gut )?vertragen|bien tol[eé]r\w*|bonne tol[eé]rance|(?:nothing|none) of note|nothing worse than|negative (?:drug )?challenge|"
    r"skin test negative"
)
_NEVER_AFTER = loosely(
    r"^\s*(?:\([^)]{0,20}\)\s*)?(?:[:=\-–]|\.{2,}|\||,)?\s*(?:has |was |had |have |is )?(?:never(?: had| received"
    r"| given| been given| exposed| taken| tried| used| started| on)?\b(?! (?:have|take) it)(?!\s*(?:a "
    r"|any )?(?:react|allerg|problem|issue|caused))|nie (?:erhalten|bekommen)|naive\b|naïve\b|"
    r"not (?:previously |ever "
    r"|yet )?(?:been )?(?:previously |ever )?(?:given|received|exposed|used|had|started|taken|tried|needed)\b"
    r"|no (?:prior |previous )?(?:exposure|use)\b|none\b(?! (?:listed|given|recorded))|no\b(?=\s*(?:$|[.;,|)]))"
    r"|n/a\b|ever\b)|^\s*-?\s*(?:naive|naïve)\b|^,? to which [^.;]{0,20}(?:not|never) (?:\w+ )?been exposed"
    r"|^\s+(?:or \w+ )?ever\b"
)
_NEVER_BEFORE = loosely(
    r"\b(?:never\s+(?:had|received|given|been (?:given|on|treated with|exposed to)|given|took|taken|tried|used"
    r"|got(?:ten)?|exposed to|treated with)|(?:has|have|had) (?:not|never) (?:yet |ever )?(?:had|received"
    r"|been (?:given|on|treated with|exposed to)|taken|tried)|(?:no|without) (?:any )?(?:prior|previous|past"
    r"|history of|hx of|exposure to|known exposure to|lifetime)\s*(?:exposure to|use of|treatment with|doses? of"
    r"|of)?|did(?: not|n['’]t) (?:ever )?(?:receive|get|have)|denies (?:ever |prior )?(?:having |receiving |had "
    r"|exposure to |use of )?|naive to|not (?:been )?(?:exposed to|given|received)|no exposure to)\s*(?:any |IV "
    r"|the |prior |oral |both |either |cyclophosphamide |or |nor |/|cytotoxics? (?:such as |like )?)*$"
)
# "NOT to fludarabine" forbids nothing: it says what a reaction was not to.
_FORBIDDEN_BEFORE = loosely(
    r"\b(?:can(?:not|['’]t| not)|must not|may not|should not|shouldn['’]t|never to|do not|don['’]t"
    r"|avoid(?:s|ing)?|no more|not allowed|unable to|not to (?=be |have|get|rec|take|give|use|re-?ch))\s*(?:be\s+)?"
    r"(?:have|get|receive|take|given|give|re-?challenge(?: with)?|use)?\s*(?:any |the |more |IV )*$"
)
# "Cyclophosphamide must not be given again".
_FORBIDDEN_AFTER = loosely(
    r"^\s*(?:must|may|should|shall|can|is|are|was|will)\s*(?:not|never|n['’]t)\s+(?:to\s+)?(?:be\s+)?(?:given|used|repeated|administered|re-?started|re-?tried"
    r"|infused|re-?challenged)\s+(?:\w+\s+){0,2}(?:again|any ?more|ever|in (?:the )?future)\b"
)
_NO_ALLERGY_BEFORE = loosely(
    r"\b(?:no|not|denies|never|without|negative for)\b[^.;]{0,40}\b(?:allerg\w*|reactions?|rxns?|anaphylaxis"
    r"|hypersensitiv\w*|intoleran\w*|problems?|issues?)\b[^.;]{0,20}$"
)
_CORRECTED = loosely(
    r"\b(?:entered|listed|charted|recorded|added) (?:in|by) error|\b(?:erroneous|mistaken"
    r"|incorrect)\w*\b[^.;]{0,30}|de-?label\w*|allergy (?:was |label )?(?:removed|deleted|retracted)"
    r"|removed from (?:the )?(?:allergy )?list|not (?:a )?true allergy|was (?:actually |really )?(?:to|from"
    r"|due to) (?!it\b|the drug\b|cyclophos|cytoxan"
    r"|fludara)(?:the )?\w+(?:,)? not (?:to )?(?:the )?(?:cyclophos\w*|cytoxan|CYC|fludara\w*)"
)
# An entry that holds no longer, by the words after the drug: "entry void", "is wrong and has been struck out".
_VOID = loosely(
    r"^\W*(?:allergy |intolerance |hypersensitivity |reaction )*(?:entry |label |listing |flag |alert )?"
    r"(?:is|was|has been|are|were)\s+(?:now |therefore |since |subsequently |plainly |simply )*(?:wrong\b|void\b|spurious"
    r"|struck (?:out|off)|crossed out|erroneous|a (?:clerical |typing |charting )?(?:mistake|error)|mis-?entered|unfounded"
    r"|deleted|an error)"
    r"|\b(?:allergy|hypersensitivity|intolerance|reaction|anaphylaxis) (?:was|is|has been|were)"
    r" (?:then |later |formally |since |now )*(?:excluded|ruled out|refuted|disproved|disproven|not confirmed|unfounded)\b"
    r"|(?<!NKDA )(?<!none )(?<!known )\b(?:entry|label|listing|flag|alert)[\"”']?,? (?:(?!not\b|un)\w+ ){0,3}?(?:void(?:ed)?|invalid(?:ated)?"
    r"|deleted|removed|struck (?:out|off|through)|crossed out|erased|withdrawn|retracted|cancell?ed|wrong|spurious"
    r"|unfounded|taken (?:off|out))\b"
)
# "It was the amoxicillin": the reaction was another substance's.
_ELSEWHERE = loosely(
    r"(?<!if )(?<!whether )(?<!thought )(?<!perhaps )(?<!possibly )\b(?:it|this|that|(?:the )?(?:\w+ )?(?:culprit|offender"
    r"|trigger|cause|reaction))\s+(?:was|is)(?: (?:really|actually|in fact|rather|to|from|due to|caused by|because of|the"
    rf"|an?|her|his|that))* (?:{OTHER_DRUG.pattern})(?!\s*(?:\?|or\b|(?:that |which )?(?:was |had been |were )?(?:first "
    r"|initially |also )?(?:suspect|thought|blam|consider|held|accus)))"
)
_NEGATED = loosely(
    r"(?:\b(?:no|not|without|w/o|denie[sd]|denying|never|nor|neither|negative for|free of|absence of|nil|didn['’]t"
    r"|did not|rather than|ruled out)\b|\(-\)|[-–](?=\s?\w+$))(?:[\s,/]+(?!(?:but|then|except|however|although"
    r"|until|required|requiring|developed|had|with)\b)[\w'’&+-]+){0,7}[\s,/(]*$"
)
_FEARED = loosely(
    r"\b(?:risks?|counsel\w*|consent\w*|discuss\w*|watch(?:ing)? for|monitor\w*(?: for)?|precautions?|in case of"
    r"|\bif\b|may cause|can cause|could cause|potential\w*|such as|includ\w*|protocol|standing orders?|kit|on hand"
    r"|at bedside|available|standby|stand-by|ready|warn\w*|possible side effects?|side effects? (?:of|includ\w*)"
    r"|premedicat\w*|premed\w*|pre-med\w*|to prevent|prevention of|prophyla\w*|carries|prescribed|rx['’]?d for|PRN"
    r"|prn)\b[^.;]{0,50}$"
)
# "Discussed her anaphylaxis of 2018" speaks of what was.
_HAD = loosely(r"\b(?:her|his|their|previous|prior|past|known|earlier|old)\b[^.;,]{0,20}$")
# Words of a severe reaction that are also words of lung disease and of sepsis.
_OF_DISEASE = loosely(
    r"dyspn|short of|SOB|trouble|difficulty|breathing|hypotens|desatur|pressor|intubat|respiratory|shock|BP|collaps"
)
_DISEASE_BEFORE = loosely(
    r"\b(?:for|improv\w*|worsen\w*|progress\w*|baseline|chronic|exertional|less|NYHA|ILD|sepsis|"
    r"septic|neutropenic|pneumonia"
    r"|COVID|bleed\w*|h[a]?emorrhag\w*|cardiac|heart failure|hypovol\w*)\b[^.;]{0,50}$"
    r"|\b(?:after|post|before|prior to|while|whilst|on|being|was|already) (?:\w+ )?$"
)
_DISEASE_AFTER = loosely(
    r"\s*(?:on exertion|on climbing|improv\w*|better|less\b|NYHA|stable|from (?:sepsis|ILD|pneumonia|bleed))"
)
_FEARED_AFTER = loosely(
    r"^\s*(?:kit|pen|on hand|at bedside|available|standby|ready|PRN|prn|protocol|precautions?|orders?"
    r"|not (?:needed|required|given|used))\b"
)


def read_reaction(
    words: str, *, listed: bool = False, before_drug: bool = False, follow_up: bool = False
) -> Reaction | None:
    """
    Return what *words*, which belong to one drug, say of a reaction; None where they say nothing.

    Args:
        words: The words after the drug, or before it.
        listed: They stand in an allergy list.
        before_drug: They end where the drug's name begins.
        follow_up: They are a later sentence that does not name the drug.
    """
    corrected = _CORRECTED.search(words) or (None if before_drug else taken_back(words))
    if corrected:
        return _made("corrected", corrected)
    mild: re.Match[str] | None = None
    for severe in _all(_SEVERE, words):
        if _GRADE.match(severe.group()) and _EXPECTED_BEFORE.search(words[: severe.start()]):
            continue
        if severe.group().lower().startswith("angio") and _LIP_ONLY.search(
            words[max(0, severe.start() - 25) : severe.end() + 30]
        ):
            mild = mild or severe  # of the lips or face alone: the airway is another matter
            continue
        return _made("severe", severe)
    if mild is not None:
        return _made("hives", mild)
    if before_drug:
        denied = _NO_ALLERGY_BEFORE.search(words)
        if denied:
            return _made("none", denied)
        never = _NEVER_BEFORE.search(words)
        if never:
            return _made("never", never)
        forbidden = _FORBIDDEN_BEFORE.search(words)
        if forbidden and not re.search(r"\b(?:will|would|do not want|prefer)\b", words, re.IGNORECASE):
            return _made("unknown", forbidden)
    else:
        never = _NEVER_AFTER.match(words)
        if never and not follow_up:
            return _made("never", never)
        forbidden = _FORBIDDEN_AFTER.match(words)
        if forbidden:
            return _made("unknown", forbidden)
    hives = _first(_HIVES, words)
    tolerated = _tolerated(words)
    if hives is not None and not (re.match(r"itch|prurit", hives.group(), re.IGNORECASE) and tolerated):
        return _made("hives", hives)
    unknown = _first(_UNKNOWN, words)
    minor = _first(_MINOR, words)
    if unknown is not None and tolerated is None:
        specific = re.search(
            r"unknown|unspec|blank|recall|remember|say|told|again|leuk|neuro|enceph|blind|h[a]?emoly|myocard"
            r"|cardio|not |test|sensiti|\bfit\b|seiz|convuls|turn|reacted",
            unknown.group(),
            re.IGNORECASE,
        )
        if specific or (
            minor is None
            and (listed or re.search(r"react|rxn|HSR|hypersens|allerg", unknown.group(), re.IGNORECASE))
        ):
            return _made("unknown", unknown)
    if tolerated is not None:
        return Reaction(
            "none",
            (tolerated.group(),),
            min(tolerated.start(), minor.start() if minor else tolerated.start()),
            max(tolerated.end(), minor.end() if minor else 0),
        )
    if minor is not None and (listed or follow_up or before_drug or minor.start() < 70):
        last = list(_MINOR.finditer(words))[-1]
        return Reaction("minor", (minor.group(),), minor.start(), last.end())
    return None


def taken_back(words: str) -> re.Match[str] | None:
    """Return what of *words*, which follow a reaction, takes it back: the entry is void, another substance did it."""
    return _VOID.search(words) or _ELSEWHERE.search(words)


def _tolerated(words: str) -> re.Match[str] | None:
    for match in _TOLERATED.finditer(words):
        head = words[max(0, match.start() - 24) : match.start()]
        if match.group().lower().startswith("tol") and re.search(
            r"\b(?:not|never|poorly|unable to|could(?: not|n['’]t)|did(?: not|n['’]t)|cannot|can['’]t|if|as|to be"
            r"|in)\s*(?:be\s*)?$",
            head,
            re.IGNORECASE,
        ):
            continue
        if re.match(r"tolerat(?:ing|e)\b", match.group(), re.IGNORECASE) and re.search(
            r"\b(?:will|to|if|can|as)\s*$", head, re.IGNORECASE
        ):
            continue
        return match
    return None


def _first(pattern: re.Pattern[str], words: str) -> re.Match[str] | None:
    return next(_all(pattern, words), None)


def _all(pattern: re.Pattern[str], words: str) -> Iterator[re.Match[str]]:
    """Yield the matches of *pattern* that happened: not denied, not feared, not prepared for."""
    for match in pattern.finditer(words):
        head = words[max(0, match.start() - 70) : match.start()]
        clause = re.split(r";|\.\s|\bbut\b|\bthen\b|\bhowever\b", head)[-1]
        if _NEGATED.search(clause) or _FEARED_AFTER.match(words[match.end() :]):
            continue
        if _FEARED.search(clause) and not _HAD.search(clause):
            continue
        if _OF_DISEASE.match(match.group()) and (
            _DISEASE_BEFORE.search(clause) or _DISEASE_AFTER.match(words[match.end() :])
        ):
            continue
        yield match


def _made(severity: Severity, match: re.Match[str]) -> Reaction:
    return Reaction(severity, (match.group().strip(),), match.start(), match.end())
