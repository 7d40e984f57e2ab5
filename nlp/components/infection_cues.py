"""
The words by which the ``infections`` reader tells how an infection stands and what a drug is for.
"""

from __future__ import annotations

import re

from chartsift.nlp.months import MONTH_STEM

LEFT, RIGHT = 70, 110
BOUNDARY = re.compile(
    # The full stop first: what stands before it is looked at only there.
    r"[.;](?=\s|$)(?<!\bi\.v[.;])(?<!\bi\.m[.;])(?<!\bs\.c[.;])(?<!\bp\.o[.;])(?!(?<=\b[A-Z]\.)\s[a-z])"
    r"|\n\s*\n|\s\|\s|\n\s*(?:[-*#•]|\d{1,2}[.)])\s"
)
VACCINE = re.compile(
    r"\s*(?:virus |B |A |zoster |pneumo\w* |and [\w-]+ )?(?:[:=–-]\s*)?(?:vacc?in\w*|[1-4]\s?(?:doses\b|x\b)|x\s?[1-4]\b(?=\s*[,;(]?\s*\(?(?:19|20)\d\d)|"
    r"vax\b|shots?\b|booster\w*|immuni[sz]\w*|series\b|titer|jabs?\b|"
    r"immune glob\w*|IG\b|IgG (?:immune|protective)|"
    r"(?:/\s*(?:flu|RSV|pneumo|zoster)\w*\s*)*(?:done|given today|UTD|up to date)\b)",
    re.IGNORECASE,
)
VACCINE_LEFT = re.compile(
    r"(?:vaccin\w*|immuni[sz]\w*|vax|vacc|shots?|boosters?|imm)\b(?:(?!\b(?:but|now|then|has|had|developed|admitted|presents?|caught)\b)[^.;]){0,45}$|"
    r"\bHM\b[^.;]{0,40}$",
    re.IGNORECASE,
)
TEST = (
    r"(?:Ag/Ab|Ag|Abs?|antigens?|antibod(?:y|ies)|s\s?Ag|c\s?Ab|core|"
    r"surface|total|IgG|IgM|PCRs?|serolog(?:y|ies)|VCA|EBNA|loads?|viral|parvovirus|adenovirus|toxo\w*|measles|varicella|zoster|mycoplasma|bartonella|brucella|HEV|HAV|RNA|DNA|NAAT|tests?|testing|tested|"
    r"swabs?|screen(?:ing|s)?|serolog(?:y|ies)|culture\w*|cx|stool|"
    r"urine|1/2|-1/2|4th gen|gold|plus|VL|viral load|toxin|probe|rapid|"
    r"and|or|HCV|HBV|HIV|B|C|RSV|flu|COVID|influenza|all|were|was|"
    r"is|are|both|again|x\s?\d|in \d{4}|\d{1,2}/\d{1,2}(?:/\d{2,4})?|"
    r"today|also|sputum|blood|hepatitis|Quantiferon|GPP|galactomannan|"
    r"Ab/Ag|2\b|B19|HBs\s?Ag|HBc\s?Ab|HBsAb|anti|RPR|VDRL|syphilis|EBV|CMV|VZV|HSV|TB|QFT|IGRA|hep|"
    r"result|resulted|serum|final|prelim\w*|verified|collected|non-?fasting|\d{4}-\d\d-\d\d|"
    r"antikörper|AK|I{1,2})"
)
# For words in lower case (``lowered``): so many alternatives are tried three times as fast without regard to case.
NEGATIVE = re.compile(
    (
        rf"(?:[\s:=()+,/&|\[\]-]|\.{{2,}}|(?:\s\.){{2,}}|_{{2,}}|{TEST}(?![a-z]))*(?:neg(?:ative|ativ|"
        rf"\.)?(?![a-z])|"
        rf"(?:no|without) (?:\w+ )?(?:evidence|sign|serological evidence|indication|hint) (?:of|for) (?:an? )?(?:\w+ )?(?:infection|disease|contact|exposure)|"
        rf"(?:nicht|non|pas) (?:nachweisbar|nachgewiesen|detectee?|détectée?|retrouvée?|reaktiv)|unter (?:der )?Nachweisgrenze|kein Nachweis|"
        rf"(?:negatif|négatif|négative)\b|(?:below|under) (?:the )?(?:limit of )?(?:detection|quantification)|<\s?\d{{2,3}}\s?(?:copies|cop|cp|IU|UI|IE)|"
        rf"not (?:detectable|found|seen|present)|target not|(?:<|below|under)\s?(?:LLOQ|LOQ|LOD|LLOD|limit)|n\.\s?n\.|-ve\b|nil\b|N/R\b|non-?detect\w*|"
        rf"excluded\b|"
        rf"non-?reactive|NR\b|not detected|undetect\w*|not isolated|ND\b|"
        rf"NGTD|no growth|\(-\)|-(?=\s*(?:[,;.|]|$))|cleared of\b|ruled out|"
        rf"none\b|absent|unremarkable|quiet)"
    ).lower()
)
NEGATIVE_LEFT = re.compile(
    r"\b(?:neg(?:ative)?(?: for)?|non-?reactive|no (?:growth|evidence of|"
    r"signs? of|s/s(?:x)? of|h/o|hx of|history of|recent|active|current|"
    r"known|other|new|prior|past|ongoing|documented|further|serious|"
    r"intercurrent|clinical))\s+(?:[\w/-]+[\s,]+(?:or |and )?){0,5}$",
    re.IGNORECASE,
)
# "Infection / antibiotics now ......... no": a form's question and its answer. A comma, "on" or "with" before the
# colon begins the next field: "UTI on ceftriaxone, CVA tenderness: no".
# 'Still shingles?" No: resolved', "Pneumonia? Excluded on CT": the question is answered.
QUESTION_ANSWERED_NO = re.compile(
    r"\s*\?+[\"'”’»)]*\s*(?:[-–—:]\s*|=>\s*|->\s*|→\s*)?(?:(?:no|nope|nil|none|nein|non|n)(?=\s*(?:[.,:;!)–—-]|$|\n))|denie[sd]\b|excluded\b"
    r"|ruled out\b|neg(?:ative)?\b|not (?:found|seen|confirmed|so|any ?more|an? )|unlikely\b|resolved\b"
    r"|more like\b|rather\b|probably not\b|doubt\w*)",
    re.IGNORECASE,
)
# "RSV, influenza A/B, SARS-CoV-2, rhinovirus all negative": names alone between the name and the common answer.
ALL_NEGATIVE = re.compile(
    r"(?:[\s,/&+]|\b(?:and|or|[A-Z][\w/+-]*|\w*virus(?:es)?|influenza|mycoplasma|legionella|pertussis|[A-C]/?[B-D]?|\d)\b)*"
    r"\b(?:all|both|each)\s(?:were\s|are\s|was\s|came back\s)?(?:[Nn]eg|NEG|[Nn]on-?reactive|[Nn]ot detected|[Uu]ndetect)"
)
# "First called cellulitis", "initially treated as pneumonia": the name has been taken back.
FIRST_CALLED_LEFT = re.compile(
    r"\b(?:first|initially|originally|at first|wrongly|erroneously)\s(?:\w+\s)?(?:called|labell?ed|taken for|taken as|treated as|treated for"
    r"|diagnosed as|read as|coded as|considered)\s+(?:to be\s|as\s|an?\s)*(?:\w+\s)?$|\bmis(?:diagnosed|labell?ed|taken|read) (?:as|for)\s+(?:an?\s)?$",
    re.IGNORECASE,
)
# "Two courses of cephalexin did nothing": tried and left.
NO_USE_AFTER = re.compile(
    r"\s*(?:which |that |they |it )?(?:did nothing|did(?: not|n't) help|(?:has|have|had) not helped|made no difference|brought no(?:thing)?\b)",
    re.IGNORECASE,
)
# A suspicion and the test that spoke against it: "? UTI - dip negative, MSU no growth", "query pneumonia: CXR clear".
TEST_AGAINST = re.compile(
    r"[^.;\n]{0,40}?[\s:,–—(-](?:dip(?:stick)?|MSU|UA|urine|urinalysis|cultures?|swabs?|CXR|chest (?:film|x-?ray|radiograph)|(?:HR)?CT|PCR|tap"
    r"|aspirate|sputum|stool|x-?ray|ultrasound|US|MRI|LP|CSF|serology|smear|scan)\b[\s:=]*(?:(?:was|were|is|all|came back|x\s?\d|again|and\s\w+)\s+){0,2}"
    r"(?:neg\w*|clear|NAD|normal|no growth|sterile|unremarkable|clean|bland|without\b)",
    re.IGNORECASE,
)
TEST_OPEN = re.compile(
    r"\b(?:pending|await\w*|sent|taken|to follow|repeat\w*|requested|ordered|tomorrow)\b", re.IGNORECASE
)
# "Varicella: immune", "CMV non-immune": an answer about protection.
IMMUNE = re.compile(
    r"(?:[\s:=,-]|IgG\b|antibod(?:y|ies)\b|serology\b|status\b|is\b|pos(?:itive)?\b|\+)*(?:non-?\s?|not\s)?immun(?:e|ity)\b(?![\s-]*(?:supp|comp|def|med))",
    re.IGNORECASE,
)
# "EBV history", "history of EBV": the virus stays, the illness does not.
HISTORY_AFTER = re.compile(
    r"\s+(?:history|seropositiv\w+|seronegativ\w+|status|titers?|titres?|carrier state)\b", re.IGNORECASE
)
# Right before a name that itself says "active": "CT no active TB".
BARE_NO_LEFT = re.compile(r"\b(?:no|nil|without|neither|nor|kein\w*|pas de)\s+$", re.IGNORECASE)
# "TB: QuantiFERON positive 2/2025": a heading, and the test says what there is.
TB_TEST_AFTER = re.compile(
    r"\s*[:–-]\s*(?:quantif\w*|IGRA|QFT\w*|T-?spot|PPD|TST|tuberculin|mantoux|screen\w*|see\b|latent\b|LTBI\b)",
    re.IGNORECASE,
)
# The surface antigen of hepatitis B that is not there: no infection, whatever antibodies tell of the past.
SURFACE_NEGATIVE = re.compile(
    r"\b(?:HBs-?\s?Ag|hepatitis B surface (?:Ag|antigen)|hep B surface (?:Ag|antigen)|surface antigen|sAg|Ag HBs)\b[\s:=.,|(]*(?:is|was|PCR|screen|qual\w*)?"
    r"[\s:=.,|(]*(?:neg\w*|-(?=[\s,;)]|$)|\(-\)|non-?\s?reactive|NR\b|not detected|nicht nachweisbar|nicht reaktiv|absent|négatif)",
    re.IGNORECASE,
)
# A drug or an illness that hangs on what comes: "to start doxycycline if positive".
ONLY_IF_AFTER = re.compile(r"[^,;.\n]{0,30}\b(?:if|should|only when|in case)\b", re.IGNORECASE)
START_IF = re.compile(
    r"\b(?:to|will|would|plan(?: to)?|may|can|low threshold to|threshold to)\s+(?:start|begin|treat|give|add|commence)\b[^,;.\n]{0,50}\b(?:if|should|in case|only when)\b",
    re.IGNORECASE,
)
ANSWERED_NO = re.compile(
    r"(?:(?!\b(?:on|with|w/)(?!\w))[^.,;:|\n]){0,40}?(?:\.{3,}|(?:\s\.){3,}|:|=|\||\s{3,}|\?)"
    r"\s*(?:no(?:ne)?|nil|denie[sd]|n|0)(?=\s*(?:$|[.;,|(\n]|\s\s))"
    # "Known infections (HIV, hepatitis, TB)?  no"
    r"|[^()\n.;]{0,60}\)\s*(?:\?|:|\.{3,}|\s{3,})\s*(?:no(?:ne)?|nil|denie[sd]|n|0)(?=\s*(?:$|[.;,|(\n]|\s\s))",
    re.IGNORECASE | re.MULTILINE,
)
# "HSV suppression" prevents; suppression of the marrow or of the immune system does not.
PROPHYLAXIS = re.compile(
    r"\b(?:ppx|pppx|proph(?:y\w*)?|prevent\w*"
    r"|(?<!immune[\s-])(?<!immuno-)(?<!marrow[\s-])(?<!myelo-)(?<!adrenal[\s-])(?<!acid[\s-])(?<!cough[\s-])(?<!viral[\s-])"
    r"(?<!virologic[\s-])(?<!B-cell[\s-])(?<!T-cell[\s-])suppressi(?:ve|on))\b",
    re.IGNORECASE,
)
PREVENTED_LEFT = re.compile(
    r"\b(?:ppx|proph\w*|prevent\w*)\s+(?:for|of|against|is|:|-)?\s*"
    r"(?:(?!(?:and|with|now|but|has|had|who|active|acute|new|admitted|treated)\b)[\w/]+\s){0,2}$",
    re.IGNORECASE,
)
# What stands behind these is a drug or another event, no more the illness itself.
GIVEN_WITH = re.compile(
    r"\b(?:on|with|treated|started|while|despite|after|during|in the setting of|IV|day)\b|;", re.IGNORECASE
)
# The words before a drug that is being taken: "on IV …", "continues …", "started on …".
TAKES = re.compile(
    r"(?<!\bwas\s)(?<!\bwere\s)(?<!\bbeen\s)(?<!\bcame\s)\b(?:on|continu(?:e|es|ing)(?: on| with)?|receiving|getting|taking|takes"
    r"|needs|requir(?:es|ing)|start(?:ed|ing) (?:on|with)|begun on|being treated with)\s+"
    r"(?:(?:IV|PO|oral|p\.o\.|high|low|full|dose|doses|day|d|week|empiric\w*|broad|spectrum|the|a|course|of|her|his|treatment|therapeutic"
    r"|#?\d+|and|home|outpatient|a)[\s-]+){0,4}$",
    re.IGNORECASE,
)
SCHEDULE = re.compile(
    r"\bMWF\b|M/W/F|\bM-W-F\b|Mon\w*[/, -]+Wed\w*[/, -]+(?:and )?Fri\w*|"
    r"\b(?:three|3) times (?:a|per|weekly|each) ?week|\b(?:3|three)\s?x\s?(?:/|"
    r"per |a |weekly)\s?w(?:ee)?k|\b3x/?wk\b|\bTIW\b|\bthrice weekly\b|"
    r"\bSS\b|\bqMWF\b|(?:single[- ]strength)|\b(?:one|1)\s(?:tab\w*\s)?(?:DS\s)?daily\b|"
    r"\b(?:q\s?hs|nightly|at bedtime)\b|\b(?:twice|2x|two times) (?:a|per) week\b|"
    r"\bDS (?:qd|daily|3x)\b|\b1500 mg daily\b|\bmonthly\b",
    re.IGNORECASE,
)
TREATMENT_DOSE = re.compile(
    r"\b(?:DS (?:\d tabs? )?(?:BID|b\.i\.d|twice daily)|960 (?:mg )?(?:BID|BD|b\.d)|full dose|treatment[- ]dose|therapeutic|high[- ]dose|desensiti\w+|"
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
    r"recovered|(?:full|complete|good|uneventful) recovery\b(?! (?:is |was )?(?:expected|hoped|anticipated|likely|awaited))|"
    r"recovery (?:was )?complete|(?:complete )?restitut\w+|cured|gone\b|overcome|overcame|none since|(?:residual|sequela)\w*[- ]free|without (?:residuals?|sequel\w*)|no sequel\w*|"
    r"st\.?\s?p\.|st\. n\.|Z\.?\s?n\.|is behind|are behind|behind (?:him|her|"
    r"them)|eradicated|treated and|fully treated|successfully treated|"
    r"completed|finished|treatment complete|"
    r"better (?:within|after|in (?:a|two|three|four|five|\d))|went away|got over|(?:is|was|are) over\b|"
    r"over (?:it|that|this)\b|settled\b|subsided|(?:is|are) history|well since|"
    r"(?<!being )(?<!is )(?<!be )(?<!are )treated\b|"
    r"no recurrence|no longer|over with|is over|all better|back to normal|"
    r"remote|history of|h/o|hx of|hx\b|s/p|status post|"
    r"prior\b(?! to (?:this|today|admission|arrival|presentation|the visit))|previous(?:ly)?|"
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
# The same in weaker words, which under a treatment that runs say that it works: "on Augmentin, now better".
WELL_NOW = re.compile(
    r"\b(?:(?:now|since|both|all|MSU|completely) (?:all |quite )?clear(?=\s*(?:[.,;)]|$|\n))|(?:now|since) (?:well|fine|ok|okay|quiet|better)"
    r"|without activity|inactive|quiescent)\b",
    re.IGNORECASE,
)
# A time that is over, before the name.
TIME_PAST = re.compile(
    rf"\b(?:ago|last|earlier|(?:at|around|over|since) (?:Easter|Christmas|New Year|Thanksgiving|the (?:summer|winter|holidays))"
    rf"|(?:in|over|during) (?:the |early |late )?(?:spring|summer|autumn|winter|{MONTH_STEM})[a-z]*)\b",
    re.IGNORECASE,
)
# "UTI? No, pyelonephritis": the no answers the question before it.
ANSWER_LEFT = re.compile(r"\s*(?:no|nein|non)\s*[,;:–-]", re.IGNORECASE)
ACTIVE = re.compile(
    r"\b(?:(?:held|hold|holding|deferr?ed|postponed|delayed|cancel+ed|paused)\s(?:due to|because of|owing to|given|"
    r"2/2|secondary to|for)|active(?:ly)?|ongoing|current(?:ly)?|now\b|today|being treated|"
    r"under treatment|on treatment|undergoing|worsening|persistent|"
    r"persist\w*|acute(?:ly)?|new(?:ly)?|recurrent infection now|not (?:yet )?(?:cured|"
    r"cleared|resolved|healed)|isn't cured|hasn't cleared|"
    r"responding|improving|on (?:day|d|week|wk)\s?#?\d|(?:day|week|"
    r"wk|d)\s?#?\d{1,3}\s?(?:of|/|on)|(?<!self[- ])start(?:ed|ing)?\b(?! on the)|"
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
    r"on (?:\w+ ){0,2}(?:therapy|treatment|antibiotics?|abx|antifungals?|antivirals?)\b|"
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
    r"treated (?:with|w/|x)|history|prior|previous(?:ly)?|"
    r"past|last (?:year|month|summer|winter)|ago|declined|held)\b",
    re.IGNORECASE,
)
PLANNED_DRUG = re.compile(
    r"\b(?:if|may|consider\w*|could|would|plan to|will add|add\b|from LD|"
    r"when|in case|stand-?by|self-?start|rescue|prn|as needed|ready|before dental|prior to dental|"
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
    r"asplen\w*|splenectom\w*|rheumatic fever|blepharitis|meibom\w*|periodont\w*|"
    r"dermatitis|anti-?inflammatory|for (?:the |her |his )?(?:\w+)?myositis|for calcinosis|"
    r"immunomodulat\w*)\b",
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
    r"resolved|cleared|healed|gone|(?:completed|finished)(?! (?:day|week|dose)))\b",
    re.IGNORECASE,
)
OFTEN_PREVENTED = frozenset({"pjp", "zoster", "hsv", "cmv", "fungal"})

# A drug that another one has taken over from: "vanc -> cefazolin", "ceftriaxone, then cefpodoxime".
REPLACED = re.compile(
    r"(?![^.;\n]{0,90}\b(?:tomorrow|tonight|next|if|when|once|after|at discharge|later)\b)"
    r"[^.;\n]{0,32}?(?:->|→|\b(?:then|changed to|switched to|narrowed to|stepped down to|transitioned to)\b)",
    re.IGNORECASE,
)
# "Cefepime 2/4-2/10": a drug with its first and last day.
DAYS_GIVEN = re.compile(
    r"[^.;,\n]{0,24}?(?<![\d/])\d{1,2}/\d{1,2}(?:/\d{2,4})?\s?(?:-|–|to|thru|"
    r"through)\s?(?P<last>\d{1,2}/\d{1,2}(?:/\d{2,4})?)(?![\d/])"
)
# What shows a named drug to be given: a dose with its rhythm, its day, the day it began.
DOSED = re.compile(
    r"\s*(?:macro\w*\s*|\()?(?:\d[\d.,]*\s?(?:mg|g|gm|mcg)\b[^.;,\n]{0,24}(?:\bq\s?\d{1,2}|BID|TID|QID|"
    r"IV|PO|daily|OD|BD|TDS|QDS|i\.\s?v\.|p\.\s?o\.|per day|a day|/\s?d\b|"
    r"every|twice|three times)|(?:IV|PO|oral)\b|(?:i\.\s?v|p\.\s?o)\.|\d\s?[x×]\s?\d[\d.,]*\s?(?:mg|g|Mio|million|MU)\b|\d-\d-\d\b|running\b|D(?:ay)?\s?#?\d{1,2}\b|(?:since|from|begun|began|"
    r"started|start)\s\S*\d|"
    r"at \d{1,2}[:.]?\d{2}\b|q\s?\d{1,2}\b|(?:renal|renally)[- ]dosed)",
    re.IGNORECASE,
)
DRUG_LABEL = re.compile(
    r"(?:^|[\n;|.]\s*)(?:[#*•-]?\s*|\d{1,2}[.)]?\s+)(?:ID|abx|antibiotics?|antimicrobials?|"
    r"antiinfectives?)\b\s*[:.\-]*\s*[^.;\n]{0,60}$",
    re.IGNORECASE,
)
DRUG_STOP_LINE = re.compile(r"\s*(?:[-*•]\s*)?(?:STOP(?:PED)?|DISCONTINUED?|D/C'?D|CEASED?)\b", re.IGNORECASE)
# A negation that truly speaks of the drug.
DRUG_NOT_GIVEN = re.compile(
    r"\b(?:no|not|denies|denied|without|never|none|nor|neg|w/o|declin\w+|refus\w+|off|hasn't|didn't|"
    r"avoid\w*|instead of)\b[^.;:]{0,60}$",
    re.IGNORECASE,
)
DRUG_NONE_AFTER = re.compile(
    r"[^.;,\n]{0,30}?(?::\s*(?:none|nil|no\b(?! growth)|not )|\b(?:not (?:given|started|taken|taking|needed|"
    r"required|indicated|used)|"
    r"was declined|never (?:given|taken|started)|none (?:given|needed|since|this)))|\s*[:=-]?\s*(?:none|"
    r"nil|no)\b(?! miss)",
    re.IGNORECASE,
)
DRUG_GOES_ON = re.compile(
    r"\b(?:no(?:ne|t)?|never)\b[^.;]{0,14}\b(?:miss\w*|skipp\w*)|\bnot (?:before|until|till|while)\b",
    re.IGNORECASE,
)
DRUG_TAKEN = re.compile(
    r"\b(?:finish(?:ing|es)?|completing|taking|rest of|last of)\s+(?:the\s|her\s|his\s|all\s|this\s)*$",
    re.IGNORECASE,
)
# A negation of something else beside the illness: "not for listing while on pressors with CMV".
NOT_OF_IT = re.compile(
    r"\b(?:not|cannot|can't|never|no)\s+(?:yet\s)?(?:for|before|until|till|while|eligible|"
    r"an?\s+(?:\w+\s)?(?:candidate|treatment|"
    r"option)|listed|to be|transplant\w*|start\w*|stop\w*|giv\w*|missed|doses?|cell therapy|"
    r"immunosuppress\w*|biologic\w*|steroid\w*|"
    r"rituximab|surgery)\b(?![^.;]{0,80}\b(?:no|denies|without|negative|none)\b)[^.;]{0,90}$",
    re.IGNORECASE,
)
PROTOCOL_TALK = re.compile(
    r"\b(?:protocols?|trials?|stud(?:y|ies)|criteri\w+|sponsors?)\b[^.;]{0,50}$",
    re.IGNORECASE,
)
# "No fever since the shingles": the illness itself has been.
SINCE_THE = re.compile(
    r"\b(?:no|denies|without|none|free|nothing|well|clear|fine)\b[^.;]{0,80}\bsince\s+(?:(?:the|her|his|"
    r"that|last|an?|my|this)\s)?"
    r"(?:[\w'-]+\s){0,3}$",
    re.IGNORECASE,
)
# "Re-presentation when CMV is negative", "once HBV DNA is negative": what is waited for is not so.
WAITED_FOR_LEFT = re.compile(
    r"\b(?:when|once|until|till|if|as soon as|provided(?: that)?|after|before)\s+(?:(?:the|her|his|a|repeat|two|both|next)\s+)*$",
    re.IGNORECASE,
)
NEGATIVE_THEN = re.compile(
    r"\s*(?:(?:DNA|RNA|PCR|load|viral load|cultures?|swabs?|tests?)\s*)?(?:is|are|has|have|turns?|comes?|becomes?|been|gone|back|again|found|\s)*"
    r"(?:negative|undetect\w*|cleared|neg\b)",
    re.IGNORECASE,
)
# "Has not been admitted for infection in two years".
NOT_ADMITTED_LEFT = re.compile(
    r"\b(?:not|never|n['’]t|no)\s+(?:(?:been|needed|required|had|any|since|ever|to be|hospital|further|recent)\s+)*"
    r"(?:admit\w*|admissions?|hospitali[sz]\w*|treated|in hospital|seen)\s+(?:to hospital\s+)?(?:for|with)\s+(?:(?:an?|any|serious|severe)\s+)*$",
    re.IGNORECASE,
)
# "A spell of pneumonia that turned out not to be an infection".
TURNED_OUT_NOT = re.compile(
    r"[^.;,]{0,30}?\b(?:turned out|proved|was found|was shown)\s+(?:not to be|to be no|to not be)\b",
    re.IGNORECASE,
)
# "Currently CMV viraemia under treatment".
UNDER_TREATMENT = re.compile(
    r"\s*,?\s*(?:(?:which|that)\s+)?(?:(?:is|are|was|currently|still|now|also)\s+){0,3}(?:under|on|receiving|being)\s+(?:active\s+|iv\s+|oral\s+)?"
    r"(?:treat(?:ment|ed)|therapy)\b",
    re.IGNORECASE,
)
# "The February labs were drawn on day 2 of influenza A": told of a sample and not of today.
SAMPLED_DURING = re.compile(
    r"\b(?:drawn|taken|collected|obtained|sampled|measured|recorded)\b[^.;]{0,25}\b(?:day \d{1,2} of|during|amid|at the (?:time|height) of)"
    r"\s+(?:(?:an?|the|her|his|acute|mild|severe)\s+)*$",
    re.IGNORECASE,
)
# "EBV viremia 48,000, rituximab planned": behind the comma something else is planned.
OTHER_PLANNED = re.compile(
    r"(?:[^,;]|,(?=\d)){0,40}[,;]\s+(?!(?:if|when|risk|to be|not)\b)[\w-]+(?:\s[\w-]+){0,3}\s(?:(?:is|are|was)\s)?(?:planned|scheduled|intended|proposed)\b",
    re.IGNORECASE,
)
# A load right behind a name that ends with the test: "HIV viral load 88,000".
LOAD_NAME = re.compile(r"\b(?:RNA|DNA|VL|viral load)$", re.IGNORECASE)
LOAD = re.compile(
    r"\s*(?:PCR|level|now|is|was|of|at|still|again|[:=(]|\s)*\s*(?:\d{1,3}(?:,\d{3})+|\d{3,}|\d+(?:\.\d+)?\s?(?:million|mio\b|log))",
    re.IGNORECASE,
)
INSTRUCTION = re.compile(
    r"\b(?:call|report|return|seek|watch|look|monitor\w*|alert|come in|contact us|surveill\w*|"
    r"aware)\b[^.;]{0,30}\b(?:for|if|with|about|any|of)\b"
    r"[^.;]{0,70}$",
    re.IGNORECASE,
)
INSTRUCTION_AFTER = re.compile(
    r"[^.;\n]{0,30}(?:->|→|[:,=-])\s*(?:please\s)?(?:call|come in|go to|let (?:us|me) know|report|phone|"
    r"contact|seek|stop the)\b",
    re.IGNORECASE,
)
# "AFB x3", "cultures x2": a test done so many times, not an illness had so many times.
TEST_COUNTED = re.compile(
    r"\b(?:AFB|cultures?|cx|smears?|sputums?|swabs?|PCRs?|tests?|doses?|tabs?|neg\w*|vaccines?|shots?|bottles?|daily|mg)\W{1,3}$",
    re.IGNORECASE,
)
CAN_CAUSE = re.compile(
    r"\s+(?:reactivat\w*|flare risk)\b|\s+(?:can|may|might|could)\s+(?:cause|lead|occur|be\b|develop|"
    r"happen|follow)",
    re.IGNORECASE,
)
VACCINE_LINE = re.compile(
    r"\s*(?:[-*•#]\s*|\d{1,2}[.)]\s*)?(?:vaccin\w*|immuni[sz]\w*|vacc|vax|imm|shots)\b", re.IGNORECASE
)
SCREENED = re.compile(
    r"(?:[\s/,&:+-]|and\b|or\b|C\b|B\b|HIV|HBV|HCV|TB|hep\w*|hepatitis|tests?\b|labs?\b|PCRs?\b|VL\b|"
    r"serum)*\b(?:done|screen\w*|"
    r"drawn|back\b|ordered|sent\b|checked|check\b|serolog\w*|panel|due\b|needed|up to date|UTD|ok\b|"
    r"algorithm|protocol|monitoring|"
    r"surveillance|titers?\b|(?:PCR )?(?:weekly|monthly|q\s?\d)|testing)",
    re.IGNORECASE,
)
SCREENED_LEFT = re.compile(
    r"\b(?:screen\w*|check\w*|order\w*|send|sent|draw|drawn|serolog\w*|labs?|rule out|test(?:ed|ing|s)?|"
    r"await\w*|"
    r"evaluate|work-?up|pre-?biologic|per)\b\s*(?:for\b)?\s*[:-]?\s*(?:[\w/]+[\s,/]+(?:and\s)?){0,3}$",
    re.IGNORECASE,
)
SCREENED_NAMES = frozenset({"tb", "hiv", "hbv", "hcv", "cmv", "sti"})
EXCLUDED_LEFT = re.compile(
    r"\b(?:exclud\w+|ruled out|argues? against|speaks? against|not due to|rather than|instead of|"
    r"unlikely)\s+(?:an?\s|any\s|the\s)?"
    r"(?:\w+\s){0,2}$",
    re.IGNORECASE,
)
THOUGHT_LEFT = re.compile(
    r"\b(?:thought|felt|believed|feared|presumed|mistaken for|misdiagnosed as|mimick\w+)\s+(?:to be\s|"
    r"it was\s|as\s|for\s)?(?:an?\s)?"
    r"(?:\w+\s){0,1}$",
    re.IGNORECASE,
)
# Cultures that cleared are not the end of the treatment.
CULTURE_CLEARED = re.compile(
    r"\b(?:day|d)\s?#?\d{1,3}\s?(?:=|/|of\b|:|is\b|was\b)|\bweeks? (?:of|from)\b|\bduration\b|"
    r"\bcontinue\w*\b",
    re.IGNORECASE,
)
SOON_OVER_DAYS = 14
MAY_CAUSE_LEFT = re.compile(
    r"\b(?:(?:may|can|could|might)\s+(?:cause|lead to|increase|trigger|result in)|"
    r"differential\b[^.;]{0,20}\b(?:includ\w+|:))[^.;]{0,120}$",
    re.IGNORECASE,
)
EMPIRIC = re.compile(r"\bempiric\w*\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
EMPIRIC_AFTER = re.compile(
    r"[^.;\n]{0,30}\b(?:empiric\w*|pending (?:cx|cultures?)|until cultures?|while cultures?)\b", re.IGNORECASE
)
# "Pneumonia in March": a month without its year is the last one that has passed.
_MONTH = "|".join(name.capitalize() for name in MONTH_STEM.split("|"))  # "may" and "march" are verbs
MONTH_AFTER = re.compile(
    r"\s*(?:[\w-]+\s){0,3}?(?:in|of|from|over|during|early|late|mid|back in)[\s-]+(?:early |late |mid[- ])?"
    rf"(?P<month>{_MONTH})[a-z]*\b(?!\s*\d)",
)
MONTH_BEFORE = re.compile(
    rf"\b(?:in|of|last|early|late|mid)[\s-]+(?P<month>{_MONTH})[a-z]*,?\s+(?:(?:she|he|they|patient|pt)\s)?"
    r"(?:had|was|got|developed|treated|came|went|with|for|a|an|the|:|\s)*$",
)
# The same between an illness and its drug: "strep throat in Aug, amoxicillin".
MONTH_IN = re.compile(
    rf"\b(?:in|of|last|during|early|late|mid)[\s-]+(?P<month>{_MONTH})[a-z]*\b"
    r"(?!\s*\d)[^.;]{0,20}$"
)
# "So far", "and continues", "3 of 9 months": the course is under way.
UNDER_WAY = re.compile(
    r"\b(?:so far|to date|thus far|up to now|continu(?:es|ing)|remaining|to go|left to (?:take|go)|halfway"
    r"|(?:month|mo) \d+ of|\d+ (?:out )?of \d+|not (?:yet )?(?:completed|finished))\b"
    r"|\b(?:has|have|having|'s) (?:had|taken|received) \d|\b(?:now|currently|still) (?:on|taking)\b",
    re.IGNORECASE,
)
