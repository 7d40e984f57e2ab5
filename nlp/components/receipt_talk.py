"""
Words of talk about a treatment that is given once: what was brought up, put off or kept in reserve was not given.

Part of ``receipt_rules``, which asks them in their order.
"""

from __future__ import annotations

from chartsift.nlp.components.loose import loosely

# "Was brought up at the board in April", "was called off in October": what was weighed or dropped on a past day was not
# done on it.
_TALK = (
    r"(?:brought up|mooted|mentioned|contemplated|debated|floated|aired|broached|suggested|discussed|considered|weighed|proposed"
    r"|offered|raised|vetoed|shelved|dropped|called off|ruled out|put off|put on hold|taken off the table|on the table|cancel+ed"
    r"|postponed|deferred|declined|refused|rejected by (?:the |our )?(?:board|committee|panel|insur\w+|surgeons?|cardiolog\w+)|turned down"
    r"|foreseen|envisaged|intended|expected|targeted|aimed at|(?:(?:her|his|the|our|my|their) )?(?:[\w'’]+ ){0,2}(?:advice|idea|suggestion|recommendation|proposal|wish|preference)"
    r"|reserved (?:for|as)|abandoned|not (?:pursued|realized|realised|envisaged|foreseen|wanted|sought)|thought (?:of|about)|planned|in (?:the )?discussion|under discussion"
    r"|(?:kept|held|left) (?:in reserve|back|as (?:a )?(?:reserve|backup|back-up|fallback|last resort|plan B))"
    r"|(?:felt|judged|deemed|thought|considered) (?:to be )?(?:\w+ )?(?:premature|early|risky|dangerous|futile|inappropriate))"
)
TALKED_OF = loosely(
    rf"^[\s\-]*(?:cells?\b|therapy\b|treatment\b|infusion\b|product\b)?\s*(?::\s*|[–—-]\s+|,\s+(?=was\b|were\b))?(?:(?:from|for|by|with) (?:(?!was\b|were\b|had\b|has\b|is\b)[\w'’-]+ ){{1,4}})?(?:that )?(?:(?:was|were|is|are|had|has|have|been|being|got|first"
    rf"|once|then|only|again|briefly|repeatedly|already|also|initially|at first|later|therefore) )*{_TALK}(?![\w-])"
)
CAME_UP = loosely(
    r"^[\s\-]*(?:cells?\b|therapy\b|treatment\b)?\s*(?:came up|comes? up|has come up|had come up|comes into question|came into question)\b"
)
# "A second kidney transplant is not realistic", "another CAR T infusion": the article says that there is none yet.
ONE_MORE = loosely(r"\b(?:an?|any|another|further|whether)\s+(?:new |further |repeat )?$")
ANOTHER = loosely(
    r"\b(?:an?|any)\s+(?:second|third|fourth|further|new|repeat|subsequent)\s+(?:[\w-]+\s+)?$|\banother\s+(?:[\w-]+\s+)?$"
)
# "Cells in the freezer in view of an autologous transplant": what they are for.
IN_VIEW_OF = loosely(r"\bin view of (?:an?|the|possible|a possible|later) (?:[\w-]+ )?$")
WEIGHED = loosely(
    r"\b(?:must|can|could|may|might|should|would|whether|allowed|permitted|proposes?|proposed|suggest\w*|possible|discuss\w*"
    r"|realistic|feasible|consider\w*|question|option)\b"
)
# "A treatment with CAR T cells", "about a treatment with", "her aim is treatment with": the noun names it, nobody got it.
NAMED_BY_NOUN = loosely(
    r"\b(?:an?|any|such|this|about|for|of|on|is|are|towards?|re|regarding|concerning|into|via|to)\s+(?:[\"“”'‘’]?[\w-]+[\"“”'‘’]?\s+)?$"
)

# "Autologous HSCT is used for scleroderma", "has been tried in refractory myositis": what is done elsewhere.
AT_LARGE = loosely(
    r"^[\s\-]*(?:cells?\b|therapy\b|treatment\b)?\s*(?:is|are|has been|have been|was|were)\s+(?:also |now |increasingly |sometimes |only |rarely )?(?:used|tried|studied|published|employed"
    r"|investigated|tested|an established|a standard|the standard)\s+(?:in|for|as|with|elsewhere|option|treatment|therapy)\b"
    r"|^[\s\-]*(?:therapy\b|treatment\b)?\s*(?:carries|bears|entails|involves|offers|has (?:an?|its|the) (?:[\w-]+ )?(?:mortality|morbidity|risks?|price))\b"
)
# "Would like to know whether her kidney transplant is a problem": the question takes it for granted.
ASKED_OF = loosely(
    r"\b(?:whether|if|that|because|how|why|does|do|did|is|was|could|can)\s+(?:her|his|their|my|the (?:earlier|previous|prior|old))\s+(?:\w+\s+)?$"
)
GRANTED = loosely(
    r"^(?:\s*(?:cells?|therapy|treatment|history))?\s*(?:in (?:19|20)\d\d\s+)?(?:is (?:a|an|the|still|relevant|why|responsible)\b|was\b|excludes?\b|disqualif\w+|matters?\b|affects?\b|caus\w+|has\b|had\b|counts?\b|means?\b|rules? (?:her|him|them) out"
    r"|(?:may|might|could|can) (?:explain|have caused|cause|be (?:the cause|responsible|a problem))|explains?\b)"
)

# "Cell collection for CAR T was completed": what was done is a step before it.
STEP_FOR = loosely(
    r"\b(?:collection|apheresis|leuka?pheresis|manufactur\w*|harvest(?:ing)?|production|screening|evaluation|work-?\s?up|consent|clearance|referral|application|approval|authori[sz]ation"
    r"|preparation|slot|appointment)\s+(?:\w+\s+)?(?:for|of)\s+(?:the |her |his |their |an? |possible |future )*$"
)
# "Because of the liver transplant she was excluded from a study".
BECAUSE_OF = loosely(
    r"\b(?:because of|due to|owing to|on account of)\s+(?:the|her|his|their)\s+(?:(?:previous|prior|earlier|old)\s+)?$"
)
# "The first CAR T patient at our site will be treated in July".
SOME_PATIENT = loosely(r"\b(?:first|next|last|an?|another|every|each|our|other|new|\d+(?:st|nd|rd|th))\s+$")
# "Prior transplant excludes": a rule of a trial, where no pronoun or article makes it the patient's.
RULE_BEFORE = loosely(r"(?:^|[:;,.(]\s*|\b(?:any|all)\s+)(?:prior|previous|earlier|past|any)\s+$")
EXCLUDES = loosely(
    r"^[^.;\n]{0,60}?\b(?:excludes?|disqualif(?:y|ies)|(?:is|are) (?:an exclusion|exclusionary|not (?:allowed|permitted)|excluded))(?!\s+(?:her|him|them|the patient|pt|this))\b"
)

# "Under the impression that this is the same as a bone marrow transplant".
COMPARED_WITH = loosely(
    r"\b(?:the same (?:thing )?as|similar to|different from|compared (?:to|with)|akin to|equivalent to"
    r"|(?:mistook|mistaken|confused?|confusing) (?:\w+ )?(?:for|with))\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$"
)
# "The literature describes HSCT in scleroderma", "case series report CAR T": what others write; a report of hers is singular.
IN_THE_LITERATURE = loosely(
    r"\b(?:literature|reviews|guidelines?|studies|series|case reports|published reports|publications|papers|authors|trials|registry data|meta-?analys[ie]s|textbooks?|experts|societies)\s+"
    r"(?:(?:have|has|also|now|only|briefly|often|mostly)\s+)*(?:describ\w+|show\w*|suggest\w*|support\w*|report\w*|recommend\w*|compar\w+|mention\w*|discuss\w*|advocat\w+|list\w*|examin\w+|evaluat\w+|explor\w+)"
    r"(?!\s+(?:her|his|their|this patient))[^.;]{0,40}$"
)
# "Rejection of the graft", "tacrolimus, goal 5-8, for kidney graft": what is said of a graft that is there.
PRESUPPOSED = loosely(
    r"\b(?:rejection|loss|dysfunction|biops(?:y|ies)|function|ultrasound|doppler|removal|infarct\w*|thrombosis|vasculopathy|stenosis|recurrence|explant\w*"
    r"|immunosuppress\w+|immunosuppressants?|tac(?:rolimus)?|prograf|envarsus|c[iy]closporine?|neoral|belatacept|sirolimus|everolimus|mycophenolate|cellcept|myfortic|MMF|MPA|azathioprine"
    r"|trough|levels?|(?:goal|target)s?(?: (?:trough|level|range))?(?: of)?(?: [\d.]+ ?(?:-|–|to) ?[\d.]+)?)(?:\s+(?:(?:is|was|at|now|monthly|daily|twice|bid|bd|\d[\d.]*|mg|ng/ml)\s+)*)?\s*(?:of|in|for|to|with)\s+"
    r"(?:the |his |her |their )?(?:(?:old|first|second|previous|left|right|failed|transplanted)\s+)?$"
)
# Nothing is there where that is feared, or would be needed, or is asked of another.
NOT_THERE = loosely(
    r"\b(?:risks?|prevent\w*|would|will|could|might|may|if|once|fear\w*|avoid\w*|prepar\w*|before|prior to|explain\w*|example)\b"
)
# "Was given information on stem cell transplantation": what was got is no treatment.
GOT_WORDS = loosely(
    r"^\s*(?:(?:an?|the|some|more|further|much|written|verbal|detailed|general|her|his|first)\s+)*(?:information|info|advice|details?|leaflets?|brochures?|booklets?|hand-?outs?|education|counsel\w+|materials?|papers?|explanations?|appointments?|referrals?|offers?|opinions?"
    r"|news|calls?|letters?|approvals?|consents?|talks?|discussions?|questions?|doubts?|options?|choices?|dates?|slots?|evaluations?|assessments?|work-?ups?|an? consult\w*|consultations?)\b"
)
