"""
Whose is it? Relatives, partners, other patients and donors, told apart from the people who merely speak.

"Brother: heart transplant 2001" is the brother's. "Mother asks about CAR T" is the patient's, and so is a graft that
came from a brother. A sentence that goes on with a pronoun keeps the person of the sentence before.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.receipt_reach import is_said_of_the_mention
from chartsift.nlp.components.relatives import RELATIVE
from chartsift.nlp.text.cues import Letters
from chartsift.nlp.text.layout import Layout

# "Her toddler has a cold", "his mate had CAR T": without its owner the word tells an age ("liver transplant as a
# toddler"), or nothing of a person.
_OWNED = (
    r"(?:(?<=\bher )|(?<=\bhis )|(?<=\btheir )|(?<=\bmy )|(?<=\bour ))(?:toddler|baby|infant|newborn|little one|kids?"
    r"|(?:flat|house|school|work)?mate|buddy|pal|boss|coach|teacher|student|pupil|tenant|landlord|landlady)"
)
# What is written on the line of a form stands between underscores: "_Dad liver transplant 2016_".
_PERSON = re.compile(rf"(?<![^\W_])(?<!-)(?P<who>{RELATIVE}|{_OWNED})(?![^\W_])(?!-)", re.IGNORECASE)
# Plain letters are found many times faster than the pattern; words without them name no relative.
_PERSON_LETTERS = Letters((
    "mother", "father", "brother", "sister", "son", "daughter", "mom", "mum", "dad", "mama", "papa", "grand", "parent",
    "child", "toddler", "baby", "infant", "newborn", "little one", "kid", "mate", "buddy", " pal", "boss", "coach", "teacher", "student", "pupil", "tenant", "landl", "sib", "twin", "uncle", "aunt", "cousin", "niece", "nephew", "wife", "husb", "hubby", "bro", "sis", "spouse", "partner",
    "friend", "fianc", "neighb", "roommate", "worker", "colleague", "mgm", "mgf", "pgm", "pgf", "in-law", "relative",
    "family member", "teammate", "classmate", "vater", "mutter", "bruder", "schwester", "tante", "onkel", "ehemann",
    "ehefrau", "sohn", "tochter",
))  # fmt: skip
_SOMEONE = r"(?:patient|woman|man|person|girl|boy|member|kid|child|people|lady|guy|gentleman)s?"
_OTHER_PATIENT = re.compile(
    rf"\b(?:(?:another|other|a fellow|some|one) {_SOMEONE}|the {_SOMEONE} (?=(?:in|from) the (?:next|same|other)|next (?:to|door)|opposite|across)|\w+ of (?:our|their|these|those) {_SOMEONE}"
    rf"|(?:many|several|few|most|two|three|four|five|six|seven|eight|nine|ten|\d+) {_SOMEONE})\b"
    r"(?=[^.;]{0,40}\b(?:who|had|got|received|in (?:the|his|her)|from (?:the|his|her)|with|on)\b)",
    re.IGNORECASE,
)
# "A man who had CAR-T" is someone else; "a man with a transplant" may be the patient, as in "I saw …, a man with".
_A_PERSON_WHO = re.compile(
    rf"\ba (?:[\w-]+ )?{_SOMEONE}\b(?=[^.;]{{0,40}}\b(?:who|had|got|received)\b)", re.IGNORECASE
)
_A_PERSON_WITH = re.compile(
    rf"\ba (?:[\w-]+ )?{_SOMEONE}\b(?=[^.;]{{0,40}}\b(?:in (?:the|his|her)|from (?:the|his|her)|with|on)\b)",
    re.IGNORECASE,
)
# The patient is introduced: "she is a woman who", "we saw a man who", ", a man who", "thank you for referring a lady who".
_INTRODUCED = re.compile(
    r"(?:\b(?:is|was|as|saw|seen|see|seeing|assess\w*|evaluat\w+|examin\w+|review\w*|follow\w*|refer\w*|admit\w*|present\w*)"
    r"\s+(?:[\w-]+\s+){0,2}|,\s*|^\W*|:\s*)$",
    re.IGNORECASE,
)
_MET = re.compile(
    r"\b(?:met|meets?|knows?|knew|heard|hears?|reads?|talk(?:s|ed|ing)?|spoke|speaks|chat\w*|watched|videos?|articles?"
    r"|stor(?:y|ies)|news\w*|pieces?|online group|posts?|forum|documentary|podcast|support group|friends?|waiting room|church|neighbou?rs?)\b[^.;]{0,50}$",
    re.IGNORECASE,
)
# "Saw the video of the girl in Germany who got CAR-T", "read of the Tübingen patient with Jo-1": someone in the news.
# "The patient" alone is the one whose chart it is, and what "we" read is a letter.
_NEWS = r"(?:(?:newspaper |magazine |press )?(?:pieces?|cuttings?)|newspapers?|videos?|articles?|blogs?|stor(?:y|ies)|news|posts?|documentary|podcast|programme|TV)"
_IN_THE_NEWS = re.compile(
    rf"(?:\b{_NEWS}\b[^.;]{{0,30}}?\b(?:of|about|on|with)|(?<!\bwe )(?<!\bI )(?<!\bhave )\b(?:read|heard) (?:of|about))\s+"
    rf"(?:(?:that|a|an|one|some|the)\s+(?:[\w-]+\s+){{0,2}}?(?:woman|man|person|girl|boy|kid|child|lady|guy|case)"
    rf"|(?:that|an?|one|some)\s+(?:[\w-]+\s+){{0,2}}?patient|the\s+(?:[\w-]+\s+){{1,2}}?patient)\b",
    re.IGNORECASE,
)
# "It applies to subjects who got gene-modified cells", "avoided in patients with a kidney transplant": people at large.
_PEOPLE_AT_LARGE = re.compile(
    r"(?<!one of the )(?<!one of our )(?<!among the )(?<!among our )\b(?:patients|subjects|participants|people|individuals|persons|those|adults|children|women|men|recipients|cases)\s+"
    r"(?:who|that|with|after|following|treated with|given|having|receiving|undergoing|(?:have |had |were |are )?(?:received|got|underwent|undergone|given|had))\b(?![^.;:]*\b(?:s?he|her|his|the patient|pt|this (?:man|woman|patient|lady|boy|girl))\b)[^.;:]{0,60}$",
    re.IGNORECASE,
)
# "A series of renal transplant recipients", "transplanted patients had": a plural of people is never the patient.
_PEOPLE_BEHIND = re.compile(
    r"\s*(?:recipients|patients|survivors|cohorts?|populations?)\b(?!\s*['’]|\s+(?:list|clinic|unit|ward|group))",
    re.IGNORECASE,
)
_ONE_OF_THEM = re.compile(r"\b(?:one of|among|like|joins?|all|other|our)\s+(?:\w+\s+){0,4}$", re.IGNORECASE)
# "He is married to a liver transplant recipient".
_MARRIED_TO = re.compile(
    r"\b(?:married to|(?:wife|husband|mother|father|parent|partner|carer|caregiver|daughter|son|sister|brother|friend) (?:of|for|to)|lives with|cares for|looks after)\s+an?\s+(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
# What is handed out about a treatment, whoever got it.
_HANDED_OUT = re.compile(
    r"[\s-]*(?:cells?\s+|therapy\s+|treatment\s+|trial\s+|study\s+)*(?:leaflets?|brochures?|booklets?|flyers?|pamphlets?|hand-?outs?|fact ?sheets?|information|info\b|consent|video|website|packet|folder)",
    re.IGNORECASE,
)
# 'The entry "bone marrow Tx 2015" is about her little sister': whose it is stands behind it.
_IS_ABOUT = re.compile(
    rf"(?P<between>[^.;\n]{{0,80}}?)\b(?:(?:is|was|are|were)\s+(?:all |only |really |actually |in fact |about |for |that of |of )*|refers? to|referred to|belongs? to|belonged to|concerns?|concerned"
    rf"|relates? to|pertains? to|means?|meant)\s*(?:about\s+)?(?P<who>(?:his |her |their |the |a |patient['’]s |maternal |paternal |older |younger |elder |little |big |twin |late )+{RELATIVE}\b(?P<own>['’]s?)?)(?!\s*(?:['’]s\s+\w|who (?:gave|donated)|as donor))",
    re.IGNORECASE,
)
_ABOUT_LINK = re.compile(
    r"\b(?:about|refer\w*|belong\w*|concern\w*|relat\w*|pertain\w*|mean\w*|that of)\b", re.IGNORECASE
)
# "She was the donor for Bryony's bone marrow transplant", "for her brother's kidney transplant".
_DONOR_FOR_NAMED = re.compile(
    rf"\bdonor\s+(?:for|to|of|in)\s+(?:(?-i:[A-Z])[\w-]+|(?:(?:his|her|their|the|a|an|older|younger|little|big|twin)\s+)*(?:{RELATIVE}|boy|girl|friend|man|woman|stranger))['’]s?\s+(?:[\w-]+\s+){{0,2}}$",
    re.IGNORECASE,
)
# "Family: wife asked whether CAR-T could be used": the heading is of a talk with the family.
_ASKS = re.compile(
    rf"\b{RELATIVE}\s+(?:\w+\s+){{0,2}}?(?:asks?|asked|asking|wonders?|wondered|wants?|wanted|inquir\w+)\b",
    re.IGNORECASE,
)
# "My cousin works at the University and says there is a CAR-T study".
_AND_SAYS = re.compile(
    r"(?!\s*(?:had|has|have|got|received|underwent)\b)[^.;]{0,40}\band (?:says?|said|told|tells|asks?|asked|thinks?|believes?|heard|read)\b",
    re.IGNORECASE,
)
# "Sister had leukemia; pt was the marrow donor for her BMT".
_PATIENT_DONOR = re.compile(
    r"\b(?:pt|patient)\s+(?:was|is|acted as|served as)\s+(?:the |a |her |his )?(?:[\w-]+ ){0,2}donor\s+(?:for|to|in|of)\s+(?:her|his|their)\s+(?:[\w-]+\s)?$",
    re.IGNORECASE,
)
# A clause that begins with somebody's first name.
_NAME_OPENS = re.compile(
    r"\W*(?!(?:The|This|That|These|Those|There|She|Her|His|They|Their|Patient|And|But|For|With|Has|Had|Was|Not|Now|Also)\b)"
    r"(?P<name>[A-Z][a-zà-ÿ]{2,})\b(?:['’]s)?"
)
# "Her brother Daniel", "daughter (Lena)": how far before the name the relative stands, and how often a name is looked up.
_RELATIVE_CALLED = re.compile(rf"(?<![\w-]){RELATIVE},?\s+(?:\(\s*)?$", re.IGNORECASE)
_CALLED_REACH = 30
_MOST_TIMES_NAMED = 20
_POSSESSIVE = re.compile(r"['’]s?\s+(?:(?!(?:had|has|and|who|with|is|was)\b)[\w-]+\s+){0,2}$")
_GOT_IT = re.compile(
    r"\b(?:received|got|from|with|given|using)\s+(?:his|her|their|the)\s+(?:[\w-]+\s+)?$", re.IGNORECASE
)
_OTHER_LETTERS = Letters((
    "patient", "subject", "participant", "individual", "those", "adults", "women", "men", "recipient", "man", "person",
    "girl", "boy", "member", "kid", "child", "people", "lady", "guy", "case",
))  # fmt: skip
_GIVER_LETTERS = Letters(("donor", "donat", "gave", "give"))
# Right after the person: the person speaks, decides or helps, and is not the one with the graft.
_SPEAKS = re.compile(
    r"(?:['’]s)?\s*(?:\([^)]{0,30}\)\s*)?(?:(?:of|in|from|at) (?:the )?(?:[\w-]+ ){1,3}?)?(?:,?\s*(?:and|&|/)\s*(?:the |his |her )?\w+\s+)?"
    r"(?:(?:on|by|over|via|in) (?:the )?(?:phone|telephone|video|e-?mail|message|portal|letter|room|interpreter)\s+)?"
    r"(?:both |also |still |quite |very |equally |pretty |fairly |firmly "
    r"|has |have |had |is |was |were |are |would |did )*"
    r"(?:says?|said|reports?|reported|asks?|asked|asking|states?|stated|wonders?|wondered|wants?|wanted|wishes"
    r"|notes?|noted"
    r"|read|reads|heard|hears|mentions?|mentioned|confirms?|confirmed|tells?|told|recalls?|agrees?d?|consent\w*"
    r"|concerned|sure|certain|convinced|adamant|confident"
    r"|present|accompan\w*|worr\w+|inquir\w*|brought|interested|hop(?:e|es|ed|ing)|would like|aware|at bedside"
    r"|bedside"
    r"|counsel\w*|educat\w*|updated|discuss\w*|understand\w*|here|think\w*|believ\w*|insist\w*|request\w*"
    r"|prefer\w*|keen|eager"
    r"|helps?|drives?|decid\w*|declin\w*|denie[sd]|denies|feels?|knows?|supportive|found|saw|print\w*|show\w*|sent"
    r"|emailed|googl\w*|looked|came|not sure|unsure|signed|pushing|seen|offer(?:s|ed)|volunteer\w*|(?:HLA[- ]?)?(?:tested|typed)"
    r"|looks? after|follows?|manages?|monitors?|cares? for|(?:given|handed|sent|shown) (?:the |a |an |some )?(?:\w+ ){0,2}(?:leaflet|brochure|booklet|information|info)"
    r"|approached|reminded|reminds|proposed|proposes|suggest\w*|demand\w*|wrote|writes|call(?:s|ed)|rang|phoned)\b",
    re.IGNORECASE,
)
# Right before the person: the person is company or source.
_COMPANY = re.compile(
    r"(?:\b(?:with|w/|per|by|from|accompanied by|told|tell|tells|to|via|and|between|through|for|donor|ask|asks|asked|asking|inform\w*|remind\w*|contact\w*|consult\w*|thank\w*|call(?:s|ed)?"
    r"|of)\s+(?:the |his |her |their |pt['’]?s |patient['’]?s |a |an |older |younger )*)$",
    re.IGNORECASE,
)
_DONOR = re.compile(
    r"\b(?:donor|donors|donated|donates|donating|matched|match|haplo\w*|gave|HLA|living[- ]related|MSD|MRD|MUD"
    r"|sib-allo)\b",
    re.IGNORECASE,
)
# "Marcus was the donor and his brother is the one with the transplanted kidney".
_IS_THE_ONE = re.compile(
    r"\s+(?:is|was)\s+(?:the\s+(?:one|person|recipient)\s+)?(?:with|who\s+(?:has|had|got|received|carries))\b",
    re.IGNORECASE,
)
# "Husband of pt had a renal graft".
_OF_PATIENT = re.compile(r"\s+of\s+(?:the\s+)?(?:pt|patient|child|boy|girl)\b(?!['’])", re.IGNORECASE)
# "Her brother has anemia. The patient was his donor, and his transplant engrafted": both pronouns are the brother.
_DONOR_OF = re.compile(
    r"\b(?:was|is|served as|being|been)\s+(?P<whose>his|her|their)\s+(?:own\s+)?(?:bone marrow |marrow |stem cell |kidney "
    r"|liver )?donor\b[^;.]{0,120}\b(?P=whose)\s+(?:[\w-]+\s+){0,3}$",
    re.IGNORECASE,
)
# "Gave bone marrow to brother; he is doing well after BMT": what follows is the brother's.
_GAVE_TO = re.compile(
    rf"\b(?:gave|donated|donating|gives?)\s+(?:her |his |their |bone |the |a |some |left |right )*(?:marrow|stem cells?|kidney|cells"
    rf"|part of (?:her |his |the )?liver)\b[^.;]{{0,25}}\b(?:to|for)\s+(?:her |his |their |a |an |older |younger |little |twin )*"
    rf"{RELATIVE}\b",
    re.IGNORECASE,
)
# "Donor for sibling BMT", "marrow donor to brother": the patient gave.
_DONOR_FOR = re.compile(
    rf"\b(?:donor|donated)\s+(?:marrow |stem cells |bone marrow |a kidney )?(?:for|to)\s+(?:his |her |their |a |an )?"
    rf"(?:older |younger |twin )?{RELATIVE}(?:['’]s)?\s*$",
    re.IGNORECASE,
)
# "FHx bio-dad: allo BMT" and "Fa CABG, Mo DM": a line of family history without its colon, and its short forms.
_FAMILY_LINE = re.compile(r"\W*(?:FHx?|FamHx|Fam(?:ily)?\.? ?(?:hx|history))\b[^.;]*", re.IGNORECASE)
_KIN_LETTERS = re.compile(r"(?:^|[.,;:]\s*)(?P<who>Fa|Mo|Br|Si)(?=[ :](?!\d))[^.,;]{0,40}$")
# "Unlike his twin brother, who is still waiting, he has had his kidney transplant".
_CONTRASTED = re.compile(
    r"\b(?:unlike|in contrast to|as opposed to|contrary to)\s+(?:(?:his|her|their|the)\s+)?(?:\w+\s+)?$",
    re.IGNORECASE,
)
_THEN_THE_PATIENT = re.compile(r",\s*(?:s?he|the patient|pt|patient)\b", re.IGNORECASE)
# "The patient, whose mother has lupus, had a transplant".
_WHOSE = re.compile(r"\bwhose\s+(?:\w+\s+)?$", re.IGNORECASE)
_BACK_TO_THE_PATIENT = re.compile(r",\s*(?:has|had|is|was|received|underwent|got)\b", re.IGNORECASE)
_WHO_HAD = re.compile(r"\s*(?:\([^)]{0,20}\)\s*)?,?\s*(?:who|whose|herself|himself|that)\b", re.IGNORECASE)
_PATIENT = re.compile(
    r"\b(?:pt|patient|the (?:boy|girl|child|teen)|Mr|Mrs|Ms)\b(?!['’]?s?\s*(?:mother|father|brother|sister|wife"
    r"|husband|mom|dad|son|daughter|aunt|uncle|cousin|parent|family|spouse|partner))",
    re.IGNORECASE,
)
_AFTER_OF = re.compile(
    rf"[\s,]*(?:\d{{4}}\s*)?\s*\b(?:in|of|for)\s+(?:his |her |their |the |a |an |one |pt['’]?s |patient['’]?s "
    rf"|maternal |paternal |older |younger |elder |twin |late )*{RELATIVE}\b(?!\s*(?:as |was )?(?:donor|gave"
    rf"|donat))",
    re.IGNORECASE,
)
_AFTER_DASH = re.compile(
    rf"\s*(?:\d{{4}}\s*)?(?:[-–—:]+|\(|,)\s*(?:his |her |maternal |paternal |older |younger "
    rf"|twin )*(?P<who>{RELATIVE})\b(?!\s*(?:as |was |is )?(?:the )?(?:donor|gave|donat|says|reports|asks|asked"
    rf"|present|match))",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    rf"\W*(?:(?:the|her|his|a|one|their|our|pt['’]?s|patient['’]?s|of note,?|also,?|in addition,?|maternal|paternal"
    rf"|older|younger|elder|twin|late|only|little|big|first|half)\s+){{0,4}}(?P<who>{RELATIVE})\b",
    re.IGNORECASE,
)
# "Mother of two, heart transplant recipient": the patient is the mother.
_OF_CHILDREN = re.compile(
    r"\s+(?:of|to)\s+(?:(?:[1-9]|1[0-2])\b(?!\s*(?:years?|y\b))|one\b|two\b|three\b|four\b|five\b|six\b|seven\b|twins\b|several\b|an?\s+(?:\w+[\s-]){0,3}(?:old|son|daughter|child|baby|boy|girl|toddler)\b"
    r"|(?:young|small|grown|adult|teenage)\w*\s+\w+)"
    # Of "mother of a boy with a transplant" the boy has it.
    r"(?!\s+(?:\w+\s+)?(?:with|who|whose|that|after|s/p)\b)",
    re.IGNORECASE,
)
_WHOSE_PARENT = re.compile(r"\b(?:his|her|their|my|the)\s+(?:\w+\s+)?$", re.IGNORECASE)
_PRONOUN = re.compile(r"\W*(?:she|he|they|her|his)\b", re.IGNORECASE)
_FEMALE = re.compile(
    r"mother|mom|mum|mama|sister|daughter|aunt|niece|wife|girlfriend|MG?M|grandma|PGM", re.IGNORECASE
)
_MALE = re.compile(
    r"father|dad|papa|brother|\bson\b|uncle|nephew|husb|hubby|boyfriend|MGF|PGF|grandpa", re.IGNORECASE
)
_GRAFT_OF_DONOR_KIND = re.compile(r"HSCT|HCT|SCT|BMT|marrow|stem|allo|cord|haplo|LR|LD|living", re.IGNORECASE)
# "Dear Colleague, thank you for seeing this lady": the addressee is not the one with the graft.
_SALUTATION = re.compile(r"\b(?:dear|hello|hi|lieber?|thanks?,?)\s+(?:\w+\s+)?$", re.IGNORECASE)


def someone_else(text: str, layout: Layout, start: int, end: int) -> str:
    """Return the words that make ``text[start:end]`` another person's, or an empty string for the patient's own."""
    sentence = layout.sentence_at(start)
    whole = text[max(min(sentence.start, start), start - 300) : start]
    left = whole[max(whole.rfind(";"), whole.rfind("|")) + 1 :]
    # Most words name nobody and no donor, which their letters tell for many patterns at once.
    lower = left.lower()
    names_person = _PERSON_LETTERS.any(lower)
    right = text[end : min(max(sentence.end, end), end + 70)]
    section = layout.section_at(start)
    if section.category == "family_history" and not _PATIENT.search(left) and not _ASKS.search(left):
        return section.title
    line = layout.line_at(start)
    family = _FAMILY_LINE.match(text, line.start, start)
    if family and not _PATIENT.search(left):
        return family.group().strip()
    if "Fa" in left or "Mo" in left or "Br" in left or "Si" in left:
        kin = _KIN_LETTERS.search(left)
        if kin:
            return kin.group("who")
    if names_person or "married" in lower or "care" in lower or "lives" in lower or "looks" in lower:
        married = _MARRIED_TO.search(left[-80:])
        if married:
            return married.group().strip()
    if names_person and (named := _named_before(left)) and not _HANDED_OUT.match(right):
        return named
    people = _PEOPLE_BEHIND.match(right)
    if people is not None and _ONE_OF_THEM.search(left) is None:
        return people.group().strip()
    for_named = "donor" in left and (_DONOR_FOR_NAMED.search(left) or _PATIENT_DONOR.search(left))
    if for_named:
        return for_named.group().strip()
    names_person_behind = _PERSON_LETTERS.any(right.lower())
    about = _IS_ABOUT.match(right) if names_person_behind else None
    if (
        about
        and (about.group("own") or _ABOUT_LINK.search(about.group()))
        and _is_said_of(about.group("between"))
    ):
        return about.group("who")
    gave = None
    if _GIVER_LETTERS.any(whole.lower()):
        gave = _DONOR_FOR.search(left) or _GAVE_TO.search(whole)
    if gave and not _PERSON.search(left[: gave.start()]):
        return gave.group()
    donor_of = _DONOR_OF.search(left) if "donor" in lower else None
    if donor_of:
        whose = donor_of.group("whose").lower()
        giver = left[: donor_of.start()].split()[-1:]
        if _is_relative_before(text, layout, start, whose) or (
            giver
            and _is_patient(giver[0].lower(), whose, text[max(0, sentence.start - 400) : sentence.start])
        ):
            return donor_of.group()
    other = _other_patient(left) if _OTHER_LETTERS.any(lower) else ""
    if other:
        return other
    behind = _named_behind(left, right, text[start:end]) if names_person_behind else ""
    return behind or _called_by_name(text, left, start) or _carried_over(text, layout, start)


def _named_behind(left: str, right: str, mention: str) -> str:
    """Return the person whom words behind a mention make its owner, or an empty string."""
    after = _AFTER_OF.match(right)
    if after and not _DONOR.search(right[:60]):
        return after.group().strip(" ,")
    dash = _AFTER_DASH.match(right)
    if dash and not _DONOR.search(left[-30:] + right[:60]) and not _GRAFT_OF_DONOR_KIND.search(mention):
        opening = right[: dash.start("who")]
        # "LRKT (mother)" names the donor; "heart transplant - father" and "(MGF)" name the one who had it.
        if "(" not in opening or not re.search(r"kidney|renal|liver|hepatic|lobar", mention, re.IGNORECASE):
            return dash.group("who")
    return ""


def _called_by_name(text: str, left: str, start: int) -> str:
    """Return the name that *left* opens with, when the note gave it to a relative: "her brother Daniel. Daniel has …"."""
    opening = _NAME_OPENS.match(left)
    if opening is None:
        return ""
    follows = left[opening.end() :]
    if _SPEAKS.match(follows) or _AND_SAYS.match(follows) or _PATIENT.search(follows):
        return ""
    name = opening.group("name")
    stop = start - len(left)
    at = text.find(name, 0, stop)
    for _ in range(_MOST_TIMES_NAMED):
        if at < 0:
            return ""
        if (
            _RELATIVE_CALLED.search(text[max(0, at - _CALLED_REACH) : at])
            and not text[at + len(name)].isalnum()
        ):
            return name
        at = text.find(name, at + 1, stop)
    return ""


def another_patient(left: str) -> str:
    """Return the words of *left* that speak of another patient than the one whose chart it is, or an empty string."""
    return _other_patient(left, at_large=False) if _OTHER_LETTERS.any(left.lower()) else ""


def _other_patient(left: str, *, at_large: bool = True) -> str:
    other = _OTHER_PATIENT.search(left) or _IN_THE_NEWS.search(left)
    other = other or (_PEOPLE_AT_LARGE.search(left) if at_large else None)
    if other:
        return other.group()
    for pattern in (_A_PERSON_WHO, _A_PERSON_WITH):
        for match in pattern.finditer(left):
            before = left[: match.start()]
            introduced = pattern is _A_PERSON_WITH or _INTRODUCED.search(before)
            if _MET.search(before) or not introduced:
                return match.group()
    return ""


def _is_said_of(between: str) -> bool:
    """Say whether words of belonging behind *between* are said of the mention: "in the GP summary", a year, a quote."""
    return is_said_of_the_mention(re.sub(r"[\"“”'‘’]", " ", between))


def _is_patient(giver: str, whose: str, earlier: str) -> bool:
    """Say whether in "she was his donor" *giver* is the patient: nothing *earlier* tells of a man or of a sister."""
    if (giver, whose) not in (("she", "his"), ("he", "her")):
        return False
    other = r"\b(?:he|his|him)\b" if whose == "his" else r"\b(?:she|her|hers)\b"
    kin = _FEMALE if giver == "she" else _MALE
    return re.search(other, earlier, re.IGNORECASE) is None and kin.search(earlier) is None


def _is_relative_before(text: str, layout: Layout, start: int, whose: str) -> bool:
    """Say whether the subject of the sentence before is a relative whom *whose* ("his") can mean."""
    number = layout.sentence_number(start)
    if number == 0 or not layout.sentences:
        return False
    span = layout.sentences[number - 1]
    subject = _SUBJECT.match(text[span.start : span.end])
    if subject is None:
        return False
    unfit = {"his": _FEMALE, "her": _MALE}.get(whose)
    return unfit is None or unfit.search(subject.group("who")) is None


def _named_before(left: str) -> str:
    for match in reversed(list(_PERSON.finditer(left))):
        follows = left[match.end() :]
        if _POSSESSIVE.match(follows) and not _GOT_IT.search(left[: match.start()]):
            return match.group("who")  # "for her brother's kidney transplant", whoever gave the kidney
        if _SALUTATION.search(left[: match.start()]) or _is_parent_of(left[: match.start()], follows):
            continue
        if _CONTRASTED.search(left[: match.start()]) and _THEN_THE_PATIENT.search(follows):
            continue
        if _WHOSE.search(left[: match.start()]) and _BACK_TO_THE_PATIENT.search(follows):
            continue
        if _WHO_HAD.match(follows) or _OF_PATIENT.match(follows) or _IS_THE_ONE.match(follows):
            return match.group("who")
        if (
            _SPEAKS.match(follows)
            or _AND_SAYS.match(follows)
            or re.search(r"\b(?:about|regarding|concerning|re:)", follows, re.IGNORECASE)
        ):
            return ""
        if _COMPANY.search(left[: match.start()]) and not re.match(r"\s*(?:with|had|who|s/p|:|\()", follows):
            continue
        if _DONOR.search(left[max(0, match.start() - 40) :]):
            continue
        if match.group("who").lower() in ("sibling", "sib") and not follows.strip(" -"):
            continue
        if _PATIENT.search(follows):
            continue
        if (
            match.group("who").lower()
            in ("child", "children", "parent", "parents", "partner", "son", "daughter")
            and "'" in follows[:2]
        ):
            continue
        if match.group("who").lower() in ("child", "children") and not re.search(
            r"\b(?:her|his|their)\s+(?:\w+\s)?$", left[: match.start()], re.I
        ):
            continue
        return match.group("who")
    return ""


def _is_parent_of(before: str, behind: str) -> bool:
    """Say whether a word such as "mother" tells of the patient's own children."""
    return _OF_CHILDREN.match(behind) is not None and _WHOSE_PARENT.search(before) is None


def _carried_over(text: str, layout: Layout, start: int) -> str:
    """Return the person of the sentences before, when this one only says "she" or "he"."""
    own = layout.sentence_at(start)
    pronoun = _PRONOUN.match(text[own.start : start])
    if pronoun is None or _SPEAKS.match(text[own.start + pronoun.end() : start]):
        return ""
    number = layout.sentence_number(start)
    female = pronoun.group().strip().lower() in ("she", "her")
    male = pronoun.group().strip().lower() in ("he", "his")
    for earlier in range(number - 1, max(-1, number - 4), -1):
        span = layout.sentences[earlier]
        if "\n\n" in text[span.end : layout.sentences[earlier + 1].start].replace("\r", ""):
            return ""
        words = text[span.start : span.end]
        subject = _SUBJECT.match(words)
        if subject is not None:
            who = subject.group("who")
            if (
                _SPEAKS.match(words[subject.end() :])
                or _is_parent_of(words[: subject.start("who")], words[subject.end() :])
                or (female and _MALE.search(who))
                or (male and _FEMALE.search(who))
            ):
                return ""
            return who
        if _PRONOUN.match(words) is None:
            return ""
    return ""
