"""
The words by which the ``infections`` reader tells how an infection stands and what a drug is for.
"""

from __future__ import annotations

import re

LEFT, RIGHT = 70, 110
BOUNDARY = re.compile(r"[.;](?=\s|$)|\n\s*\n|\s\|\s|\n\s*(?:[-*#•]|\d{1,2}[.)])\s")
VACCINE = re.compile(
    r"\s*(?:virus |B |A |zoster |pneumo\w* |and [\w-]+ )?(?:vacc?in\w*|"
    r"vax\b|shots?\b|booster\w*|immuni[sz]\w*|series\b|titer|jab\b|"
    r"IgG (?:immune|protective))",
    re.IGNORECASE,
)
VACCINE_LEFT = re.compile(
    r"(?:vaccin\w*|immuni[sz]\w*|vax|vacc|shots?|boosters?|imm)\b[^.;]{0,45}$|"
    r"\bHM\b[^.;]{0,40}$",
    re.IGNORECASE,
)
TEST = (
    r"(?:Ag/Ab|Ag|Abs?|antigens?|antibod(?:y|ies)|s\s?Ag|c\s?Ab|core|"
    r"surface|total|IgG|IgM|PCRs?|RNA|DNA|NAAT|tests?|testing|tested|"
    r"swabs?|screen(?:ing|s)?|serolog(?:y|ies)|culture\w*|cx|stool|"
    r"urine|1/2|-1/2|4th gen|gold|plus|VL|viral load|toxin|probe|rapid|"
    r"and|or|HCV|HBV|HIV|B|C|RSV|flu|COVID|influenza|all|were|was|"
    r"is|are|both|again|x\s?\d|in \d{4}|\d{1,2}/\d{1,2}(?:/\d{2,4})?|"
    r"today|also|sputum|blood|hepatitis|Quantiferon|GPP|galactomannan|"
    r"Ab/Ag)"
)
NEGATIVE = re.compile(
    rf"(?:[\s:=()+,/&-]|{TEST}(?![a-z]))*(?:neg(?:ative|\.)?(?![a-z])|"
    rf"non-?reactive|NR\b|not detected|undetect\w*|not isolated|ND\b|"
    rf"NGTD|no growth|\(-\)|-(?=\s*(?:[,;.|]|$))|cleared of\b|ruled out|"
    rf"none\b|absent|unremarkable|quiet)",
    re.IGNORECASE,
)
NEGATIVE_LEFT = re.compile(
    r"\b(?:neg(?:ative)?(?: for)?|non-?reactive|no (?:growth|evidence of|"
    r"signs? of|s/s(?:x)? of|h/o|hx of|history of|recent|active|current|"
    r"known|other|new|prior|past|ongoing|documented|further|serious|"
    r"intercurrent|clinical))\s+(?:[\w/-]+[\s,]+(?:or |and )?){0,5}$",
    re.IGNORECASE,
)
PROPHYLAXIS = re.compile(r"\b(?:ppx|pppx|proph(?:y\w*)?|prevent\w*|suppressive)\b", re.IGNORECASE)
SCHEDULE = re.compile(
    r"\bMWF\b|M/W/F|\bM-W-F\b|Mon\w*[/, -]+Wed\w*[/, -]+(?:and )?Fri\w*|"
    r"\b(?:three|3) times (?:a|per|weekly|each) ?week|\b(?:3|three)\s?x\s?(?:/|"
    r"per |a |weekly)\s?w(?:ee)?k|\b3x/?wk\b|\bTIW\b|\bthrice weekly\b|"
    r"\bSS\b|\bqMWF\b|(?:single[- ]strength)|\b(?:one|1)\s(?:tab\w*\s)?(?:DS\s)?daily\b|"
    r"\bDS (?:qd|daily|3x)\b|\b1500 mg daily\b|\bmonthly\b",
    re.IGNORECASE,
)
TREATMENT_DOSE = re.compile(
    r"\b(?:full dose|treatment[- ]dose|therapeutic|high[- ]dose|desensiti\w+|"
    r"q8h?|TID|t\.i\.d|three times daily|QID|5x/?d|five times|10 mg/kg|"
    r"15 mg/kg|IV\b|treating|treatment for|wt based|weight[- ]based|"
    r"induction)\b",
    re.IGNORECASE,
)
EXPOSURE = re.compile(
    r"\b(?:expos\w+|contacts?\b|risk\w*|outbreak|endemic|travel|screen\w*|"
    r"precaution\w*|sick contact\w*|around (?:someone|people)|went through)\b",
    re.IGNORECASE,
)
COLONISED = re.compile(
    r"\b(?:coloni[sz]\w*|carrier|carriage|nares|nasal swab|contaminant\w*|"
    r"normal flora|MRSA screen)\b",
    re.IGNORECASE,
)
RESOLVED = re.compile(
    r"\b(?:resolved|resolution|clear(?:ed|ance)\b|heal(?:ed|ing well)\b|"
    r"recovered|cured|gone\b|is behind|are behind|behind (?:him|her|"
    r"them)|eradicated|treated and|fully treated|successfully treated|"
    r"completed|finished|treatment complete|"
    r"no recurrence|no longer|over with|is over|all better|back to normal|"
    r"remote|history of|h/o|hx of|hx\b|s/p|status post|prior|previous(?:ly)?|"
    r"past\b|in the past|years ago|yrs? ago|months? ago|mos? ago|last (?:year|"
    r"winter|spring|summer|fall|autumn|month)|"
    r"as a (?:child|kid|teen\w*)|in (?:childhood|college|infancy)|"
    r"childhood|treated in|SVR\w*|sustained virologic|off (?:antibiotics|"
    r"abx|antifungal)|once in|x\s?[1-9]\b(?!\s?(?:d|w|mo|g))|had (?:a|"
    r"an|the|her|his|two|three|covid|shingles|strep|flu|zoster)\b|"
    r"had been|"
    r"was (?:treated|hospitali[sz]ed|admitted)|(?<!being )(?<!is )treated (?:for|"
    r"with|w/|x)|since the|done \d|after (?:a|the|her|his)?\s*\w*\s*(?:course|"
    r"antibiotic)|better \d)",
    re.IGNORECASE,
)
ACTIVE = re.compile(
    r"\b(?:active(?:ly)?|ongoing|current(?:ly)?|now\b|today|being treated|"
    r"under treatment|on treatment|undergoing|worsening|persistent|"
    r"persist\w*|acute(?:ly)?|new(?:ly)?|recurrent infection now|not (?:yet )?(?:cured|"
    r"cleared|resolved|healed)|isn't cured|hasn't cleared|"
    r"responding|improving|on (?:day|d|week|wk)\s?#?\d|(?:day|week|"
    r"wk|d)\s?#?\d{1,3}\s?(?:of|/|on)|start(?:ed|ing)?\b(?! on the)|"
    r"begin|began|begun|initiat\w+|continu\w+|cont\.?\b|complete (?:a|"
    r"the|her|his|\d)|to complete|to finish|remaining|still (?:on|"
    r"being|draining|has)|requires?|requiring|"
    r"admitted (?:with|for)|presents? with|presenting with|diagnosed (?:today|"
    r"with)|treat(?:ing)? (?:with|as|for)|will treat|draining|purulen\w+|"
    r"febrile|positive today|rising|disseminated|untreated|uncontrolled|"
    r"relaps\w+|(?<!no )recurred|consolidation)",
    re.IGNORECASE,
)
STILL = re.compile(
    r"\b(?:being treated|is treated|(?:is|am|are) on\b|not (?:yet )?(?:cured|"
    r"cleared|resolved|healed)|isn't (?:cured|cleared)|hasn't (?:cleared|"
    r"resolved)|ongoing|still\b|active\b(?! surveillance)|under treatment|"
    r"persist\w*|relaps\w+|now on|currently on|remains on|improving on|"
    r"responding)",
    re.IGNORECASE,
)
SUPPRESSED = re.compile(
    r"\b(?:suppress\w+|undetect\w*|un-?detectable|not detected|well[- ]controlled|"
    r"controlled|VL\s*(?:is\s|of\s|was\s|remains\s)?(?:<|less than|"
    r"UD\b|ND\b|neg)|(?:RNA|DNA|viral load|VL)\s*(?:\w+\s){0,2}?[:=]?\s*(?:<\s?\d+|"
    r"not detected|ND\b|neg\w*|undetect\w*|target not)|<\s?\d{1,2}\s?(?:cop|"
    r"cp|IU))",
    re.IGNORECASE,
)
VIREMIC = re.compile(
    r"\b(?:viremi[ac]|detectable|uncontrolled|unsuppressed|virologic failure|"
    r"off (?:ART|cART|meds|antiretrovirals)|non-?adheren\w+ (?:to|"
    r"with) (?:ART|cART)|untreated|active\b|(?:RNA|DNA|viral load|"
    r"VL)\s*(?:is\s|of\s|was\s|now\s|positive at\s|pos\s|[:=]\s*)*(?:positive|"
    r"pos\b|\d{3,}|\d{1,3},\d{3}|\d+(?:\.\d)?\s?(?:million|log)))",
    re.IGNORECASE,
)
POSSIBLE_EXTRA = re.compile(
    r"\b(?:empiric\w*|cultures? (?:are )?pending|rule out|r/o|vs\.?|"
    r"versus|work-?up|await\w*|possible|possibly|suspect\w*|concern\w*|"
    r"question\w*|\?|low suspicion)\b|\?",
    re.IGNORECASE,
)
FINISHED = re.compile(
    r"\b(?:completed|finished|complete\b(?! (?:a|the|her|his|\d))|"
    r"done\b|stopped|discontinued|d/c'?d|ended|off\b|was (?:on|given|"
    r"treated)|had (?:taken|been on)|received|took\b|given\b|got\b|"
    r"treated (?:with|w/|x)|->|then\b|history|prior|previous(?:ly)?|"
    r"past|last (?:year|month|summer|winter)|ago|declined|held)\b",
    re.IGNORECASE,
)
PLANNED_DRUG = re.compile(
    r"\b(?:if|may|consider\w*|could|would|plan to|will add|add\b|from LD|"
    r"when|in case|stand-?by|prn|as needed|ready|before dental|prior to dental|"
    r"discuss\w*|avoid\w*|interact\w*|hold|instead of|cannot take|"
    r"can't take|refuses|not on|no longer|never|need for|without)\b",
    re.IGNORECASE,
)
ALLERGY = re.compile(
    r"\b(?:allerg\w*|hives|rash|anaphyl\w*|intoleran\w*|reaction|swelling|"
    r"itching|urticaria|sensitivit\w*|desensiti\w*|(?:->|→)\s*\w+ (?:diff|"
    r"rash))\b",
    re.IGNORECASE,
)
TOPICAL = re.compile(
    r"\b(?:topical|ointment|cream|drops|gel|shampoo|lotion|ophth\w*|"
    r"otic|mouthwash|swish|nystatin|inhaled|neb\w*|lock|wash|soak)\b",
    re.IGNORECASE,
)
CHRONIC_USE = re.compile(
    r"\b(?:acne|rosacea|bullous|pemphigoid|MGUS|hidradenitis|gastroparesis|"
    r"hepatic enceph\w*|SIBO|IBD|pouchitis|bronchiectasis|COPD|hives|"
    r"dermatitis|anti-?inflammatory|myositis|calcinosis|immunomodulat\w*)\b",
    re.IGNORECASE,
)
RISK_LIST = re.compile(
    r"\b(?:risks?|complications?|side effects?|adverse (?:events?|"
    r"effects?))\b[^.;]{0,160}\b(?:includ\w+|such as|like|are|:)[^.;]{0,260}$",
    re.IGNORECASE,
)
CONDITION = re.compile(
    r"\b(?:if|unless|depending|whether|may need|might need|may require|"
    r"would need|in case|should (?:he|she|they))\b[^.;]{0,90}$",
    re.IGNORECASE,
)
FREE_SINCE = re.compile(
    r"[^.;]{0,60}[.;]?\s[^.;]{0,30}\b(?:denies|no|none|without)\b[^.;]{0,40}\bsince\b", re.IGNORECASE
)
LISTS = frozenset({"past_history", "problem_list"})
EARLIER_DAYS = 60
# "2/2" is "secondary to" or "both bottles" far more often than the second of February.
FRACTIONS = frozenset({"1/1", "1/2", "2/2", "2/3", "3/3", "1/4", "2/4", "3/4", "4/4"})
WELL_AGAIN = re.compile(
    r"[^.;\n]{0,90}[.;]\s+(?:she|he|they|pt|patient|it|this|that)?\s*(?:has|"
    r"have|had|is|was)?\s*(?:since |now |fully |completely |all )*(?:recovered|"
    r"resolved|cleared|healed|gone)\b",
    re.IGNORECASE,
)
OFTEN_PREVENTED = frozenset({"pjp", "zoster", "hsv", "cmv", "fungal"})
