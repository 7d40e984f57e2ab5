"""
The ``activity`` reader: skin signs, skin damage, and how the note says the myositis stands.

Reads: concepts of kind "skin", "skin_damage" and "disease_state". Writes: drafts of the same kinds, and of
"skin/any" (absent) for a skin examination without findings and "skin/CDASI" for the activity score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import formal_answer
from chartsift.nlp.components.beside import date_beside, story_date
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.components.own import own_assertion
from chartsift.nlp.components.places import is_warning, source_at
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate
from chartsift.nlp.text.tokens import source_range
from chartsift.nlp.types import Assertion

_GONE_AFTER = re.compile(
    r"[^.;,\n]{0,30}?\b(?:(?:has |have |had |is |are |now |almost |completely |fully |since )*(?:resolved"
    r"|faded|cleared|gone|healed|disappeared|subsided|quiescent|inactive|in remission)"
    r"|no longer (?:present|visible|seen)|of the past)\b",
    re.IGNORECASE,
)
_GONE_BEFORE = re.compile(
    r"\b(?:resolved|faded|healed|former|previous|prior|past|old|history of|no longer has|resolution of"
    r"|clearance of)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_DIRECT_NO = re.compile(r"\b(?:no|not|without|w/o|denies|never)\s+(?:any\s+)?$", re.IGNORECASE)
# "Gottron -", "V-sign 0", "shawl sign: 0/3"
_MINUS_AFTER = re.compile(
    r"\s?[-–−](?=\s*(?:$|[,;.\r\n]))|\s?[:=]?\s?0(?:/[34])?(?=\s*(?:$|[,;.)\r\n]|[A-Za-z]))(?!\s*(?:mm|cm|x)\b)"
)
# "DM rash absent", "heliotrope not seen"
_ABSENT_AFTER = re.compile(
    r"\s{1,2}(?:is |are |was |were )?(?:absent|never (?:present|seen)|not (?:present|seen|noted|found))\b",
    re.IGNORECASE,
)
# The rash of a medicine: "HCQ (rash)", "sulfa: rash 1991", "penicillin which gave her a rash".
_DRUG_BEFORE = re.compile(
    r"\b(?:allerg\w*|intoleran\w*|adverse|reactions?|ADRs?|sensitivit\w*|sulf\w+|penicillins?|PCN|amoxicillin|augmentin"
    r"|bactrim|septra|cephal\w+|keflex|hydroxychloroquine|plaquenil|HCQ|azathioprine|methotrexate|allopurinol"
    r"|lamotrigine|codeine|latex|contrast|vancomycin|levofloxacin|ciprofloxacin|fluconazole|dapsone|nevirapine"
    r"|TMP-?SMX|co-?trimoxazole|\w+(?:cillin|mycin|floxacin|oxazole|cycline))\b"
    r"[^.;\n]{0,30}?(?:\(\s*|[-–:=,>→]+\s*|\b(?:gave|causes?d?|caused|with|led to|leads to|produced|triggered|from)\s+(?:her|him|them|me|the|a|an|\s)*)"
    r"(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_DRUG_AFTER = re.compile(
    r"\s*(?:with|from|on|to|after|due to|caused by)\s+(?:it\b(?=,? (?:stopped|so))|(?:the |her |his )?(?:\w+(?:cillin|mycin"
    r"|floxacin|oxazole|cycline)|sulfa|bactrim|HCQ|hydroxychloroquine|plaquenil|contrast|the drug|antibiotics?))",
    re.IGNORECASE,
)
# A rash that the same clause gives to another disease of the skin.
_OTHER_RASH = (
    r"vesic\w+|dermatom(?:al|e)|zoster|shingles|acne\w*|contact|poison (?:ivy|oak)|eczema\w*|atopic|diaper|heat"
    r"|intertrigo|candid\w+|fungal|tinea|ringworm|nystatin|under (?:the|her) breasts?|groin|rosacea|seborrh\w+|molluscum"
    r"|scabies|impetigo|cellulit\w+|folliculitis|pustul\w+|petechi\w+|purpur\w+|psoria\w+|pityriasis|viral|exanthem"
    r"|hand[- ]foot|bug bites?|insect bites?|tick|erythema migrans|Lyme|monkeypox|mpox|measles|chickenpox|varicella"
    r"|GVHD|stasis|sunburn|wound|tape|adhesive|watch|nickel|laundry|detergent"
)
_OTHER_RASH_NEAR = re.compile(rf"\b(?:{_OTHER_RASH})\b", re.IGNORECASE)
_HIVES = re.compile(r"\b(?:hives|urticaria\w*|wheals?|itching of)\b", re.IGNORECASE)
_STILL_AFTER = re.compile(
    r"[^.;\n]{0,30}?\b(?:not (?:yet |fully |completely )?(?:resolved|cleared)|partially|partly|never"
    r"|persist\w*|again|recur\w*|back)\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:at (?:that time|the time|diagnosis|dx|onset|presentation|first)|initially|originally"
    r"|on my first|first exam\w*|back then|at baseline|when (?:first|initially)|presented (?:in|with)"
    r"|diagnosed last)\b",
    re.IGNORECASE,
)
_SKIN_CLEAR = gate(
    r"(?<!under the )\b(?:skin|derm(?:atologic)?)\b(?: exam(?:ination)?| check| and nails"
    r"| and mucosa)?\s*(?:[:=–-]+\s*|is\s+|was\s+|remains\s+|has been\s+|stays\s+|now\s+|looks\s+"
    r"|completely\s+|entirely\s+)*"
    r"(?:clear\b(?!ed)|normal\b|nl\b|neg(?:ative)?\b|unremarkable\b|clean\b|WNL\b|quiet\b"
    r"|without (?:any )?(?:rash|lesions?)|w/o (?:rash|lesions?)|no (?:lesions?|abnormalit\w+|findings))",
    re.IGNORECASE,
)
_CDASI = gate(
    r"\bCDASI(?:[\s-]?(?:A|act(?:ivity)?))?(?: score)?\s*(?:[:=]|of|is"
    r"|was)?\s*(?P<value>\d{1,3})(?![\d/]\d{2,})",
    re.IGNORECASE,
)
# What remission or flare is not of the muscle disease.
_OTHER_DISEASE = re.compile(
    r"\b(?:depress\w*|anxiety|mood|bipolar|PTSD|psych\w*|cancer|carcinoma|lymphoma|leuk\w+|myeloma"
    r"|melanoma|tumou?r|breast|prostate|DLBCL|AML|CLL|HLH|(?-i:MAS)|asthma|COPD|gout|podagra|pseudogout"
    r"|Crohn\w*|colitis|IBD|UC|nephrotic|psoria\w+|eczema|"
    r"atopic|sinus\w*|allerg\w*|migraine\w*|headache|seizure\w*|epileps\w+|GERD|reflux|hypertens\w*|HTN"
    r"|diabet\w*|HIV|hepatitis|infect\w*|zoster|C\. ?diff\w*|back pain|OA|osteoarthritis|arthritis"
    r"|fibromyalgia|(?-i:MG|MS)|myasthenia|sarcoid\w*|ILD|lung|uveitis|hidradenitis|IBS|rosacea|acne)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:depress\w*|anxiety|bipolar|PTSD|cancer|carcinoma|\w*lymphoma|leuk\w+|myeloma|melanoma|tumou?r|sarcoma"
    r"|R?-?(?:mini-)?CHOP|chemo\w*|MRD|axicabtagene|tisagenlecleucel|BCMA|lymphodepletion|CRS|DLBCL|AML|CLL|HLH"
    r"|(?-i:MAS)|asthma|gout|Crohn\w*|colitis|IBD|nephrotic|nephritis|psoria\w+|seizure\w*|epileps\w+|uveitis"
    r"|GVHD|ITP|sarcoid\w*|fibrillation|alcohol|opioid|eating disorder|anorexia|hepatitis)\b",
    re.IGNORECASE,
)
_MYOSITIS_NAMED = re.compile(
    r"\b(?:\w*myositis|\w*myopathy|(?-i:DM|JDM|CADM|ASyS|IMNM|NAM|PM|IIM)|antisynthetase)\b", re.IGNORECASE
)
# Remission that is over, or that the note only wishes for.
_OVER = re.compile(
    r"\b(?:after|since|from|lost|loss of|out of|following|months? of|years? of|duration of|brief|short|prior|previous"
    r"|earlier|past|until|broke|hope for|goal|aim\w*|towards?)\s+(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\b(?:query|question of|whether|versus|vs\.?|evaluate for|assess for|r/o|rule out|\?)\s*(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_MYOSITIS = re.compile(
    r"\b(?:\w*myositis|\w*myopathy|DM|JDM|CADM|ASyS|IMNM|NAM|PM|IBM|IIM|muscle|skin|antisynthetase|CK"
    r"|myositis|disease)\b",
    re.IGNORECASE,
)
_ENZYME_NAMES = {
    "AST": r"\b(?:ast|transaminases?|transaminitis|lfts?|liver enzymes)\b",
    "ALT": r"\b(?:alt|transaminases?|transaminitis|lfts?|liver enzymes)\b",
    "LDH": r"\bldh\b",
    "CK": r"\b(?:ck|cpk|creatine kinase)\b",
    "aldolase": r"\baldolase\b",
}
_ANY_ENZYME = gate("|".join(_ENZYME_NAMES.values()), re.IGNORECASE)
_OTHER_CAUSE = (
    r"\b(?:methotrexate|MTX|azathioprine|AZA|hepat\w*|fatty liver|NAFLD|MASLD|NASH|steatosis"
    r"|liver disease|hemoly\w+|haemoly\w+|statins?|atorvastatin|simvastatin|rosuvastatin|isoniazid|INH"
    r"|acetaminophen|alcohol|marathon|exercise|work-?out|weight lifting|wrestling|seizure|IM injection"
    r"|intramuscular|trauma|fall|drug[- ]induced|DILI|viral|EBV|mono\w*|sample hemolysis)\b"
)
_EXPLAINED = gate(
    r"(?P<enzymes>\b(?:AST|ALT|LFTs?|transaminases?|transaminitis|liver enzymes|LDH|CK|CPK"
    r"|creatine kinase|aldolase)\b(?:\s*(?:/|,|and|&)\s*(?:AST|ALT|LDH|CK|aldolase)\b){0,4})"
    r"(?P<link>[^.;\n]{0,60}?\b(?:due to|from|attributed to|explained by|secondary to|2/2|because of"
    r"|reflects?|felt to be|likely|consistent with|c/w|after|in the setting of|:\s*known|because)\b[^.;\n]{0,25}?)"
    rf"(?P<cause>{_OTHER_CAUSE})",
    re.IGNORECASE,
)

# "AST and ALT from the liver, not muscle"; "hepatitis rather than myositis", of the liver enzymes reported before it.
_NOT_MUSCLE = gate(
    r"\b(?:not|rather than|instead of|unlikely(?: to be)?)\s+(?:from |of |due to |the |his |her )*"
    r"(?:muscle|muscular|myositis|myogenic)\b(?!\s+(?:weak\w*|pain|biops\w*|relax\w*|strength|mass|bulk))",
    re.IGNORECASE,
)
# How far before such a statement the enzymes may stand where it names another cause, in code points.
_ENZYME_REACH = 700


class Activity:
    """Find what is said of the skin and of the state of the disease."""

    def __call__(self, doc: Doc) -> Doc:
        drafts = drafts_of(doc)
        for span in concept_spans(doc, ("skin", "skin_damage")):
            drafts.extend(_skin(doc, span))
        drafts.extend(_clear_skin(doc))
        drafts.extend(_scores(doc))
        for span in concept_spans(doc, ("disease_state",)):
            drafts.extend(_state(doc, span))
        drafts.extend(_enzyme_causes(doc))
        return doc


def _skin(doc: Doc, span: Span) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    start, end = source_range(span)
    category = layout.section_at(start).category
    if category == "allergies":
        return  # the rash of a drug
    if sense_of(span).concept.concept in ("rash",) and _is_of_a_drug(text, layout, start, end):
        return
    assertion, cues = own_assertion(span)
    attributes = {**sense_of(span).concept.attributes, "source": source_at(layout, start)}
    if assertion == "absent" and re.search(r"\bnever\b", text[start:end]):
        assertion, cues = "present", ()  # "skin never cleared"
    assertion, cues = _directly_denied(text, start, assertion, cues)
    if assertion == "present" and (denied := _MINUS_AFTER.match(text, end) or _ABSENT_AFTER.match(text, end)):
        assertion, cues = "absent", (denied.group().strip(),)
    if assertion in ("present", "historical"):
        assertion, cues = _refined(text, layout, start, end, assertion, cues)
    if assertion in ("present", "possible") and is_warning(layout, start):
        assertion, cues = "hypothetical", ("warning",)
    day = date_beside(doc, start, end) if assertion == "present" else None
    if assertion == "present" and (told := story_date(doc, start)) is not None:
        assertion, cues, day = "historical", (told.isoformat(),), told
    yield draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


def _is_of_a_drug(text: str, layout: Layout, start: int, end: int) -> bool:
    line = layout.line_at(start)
    return (
        _DRUG_BEFORE.search(text[max(line.start, start - 90) : start]) is not None
        or _DRUG_AFTER.match(text, end) is not None
        or _OTHER_RASH_NEAR.search(re.split(r"[.;\n]", text[max(line.start, start - 40) : start])[-1])
        is not None
        or _OTHER_RASH_NEAR.search(re.split(r"[.;\n]", text[end : min(line.end, end + 45)])[0]) is not None
    )


def _directly_denied(
    text: str, start: int, assertion: Assertion, cues: tuple[str, ...]
) -> tuple[Assertion, tuple[str, ...]]:
    """Read "no active rash" as denied: there the context cue ("no active") and the term share a word."""
    denied = _DIRECT_NO.search(text, max(0, start - 16), start)
    if denied is not None and assertion == "present":
        return "absent", (denied.group().strip(),)
    return assertion, cues


def _refined(
    text: str, layout: Layout, start: int, end: int, assertion: Assertion, cues: tuple[str, ...]
) -> tuple[Assertion, tuple[str, ...]]:
    """Return the assertion after a look for words such as "faded" and "at diagnosis"."""
    sentence = layout.sentence_at(start)
    stop = max(sentence.end, end)
    begin = min(sentence.start, start)
    after, before = text[end : min(stop, end + 50)], text[max(begin, start - 60) : start]
    if formal_answer(text, layout, start, end) is not None:
        return assertion, cues
    gone = _GONE_AFTER.match(after)
    if gone is not None and _STILL_AFTER.match(after) is None:
        return "historical", (gone.group().strip(),)
    gone_before = _GONE_BEFORE.search(before)
    if gone_before is not None:
        return "historical", (gone_before.group().strip(),)
    earlier = _EARLIER.search(text, max(begin, start - 90), start)
    if (
        earlier is not None
        and re.search(r"[;.]|\b(?:now|today|still)\b", text[earlier.end() : start]) is None
    ):
        return "historical", (earlier.group(),)
    return assertion, cues


def _clear_skin(doc: Doc) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    for match in _SKIN_CLEAR.finditer(layout.text):
        category = layout.section_at(match.start()).category
        # After hives in the infusion unit, "skin clear" says that the hives are gone.
        hives = _HIVES.search(
            re.split(r"\n\s*\n|\bexam", layout.text[max(0, match.start() - 220) : match.start()])[-1]
        )
        if (
            category == "family_history"
            or hives is not None
            or re.search(
                r"\b(?:if|until|once|when|never)\b[^.;]{0,30}$",
                layout.text[max(0, match.start() - 40) : match.start()],
                re.IGNORECASE,
            )
        ):
            continue
        yield Draft(
            start=match.start(),
            end=match.end(),
            kind="skin",
            concept="any",
            assertion="absent",
            rule="activity:skin_clear",
            date=date_beside(doc, match.start(), match.end(), after=8),
            score=0.9,
            attributes={"specific": "yes", "source": source_at(layout, match.start())},
        )


def _scores(doc: Doc) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    for match in _CDASI.finditer(layout.text):
        value = float(match.group("value"))
        if value > 100:
            continue
        yield Draft(
            start=match.start(),
            end=match.end(),
            kind="skin",
            concept="CDASI",
            assertion="present" if value > 0 else "absent",
            rule="activity:cdasi",
            value=value,
            date=date_beside(doc, match.start(), match.end()),
            score=0.9,
            attributes={"specific": "yes", "source": "exam"},
        )


def _enzyme_causes(doc: Doc) -> Iterator[Draft]:
    """Yield what the note itself gives as the cause of a raised enzyme, where it is not the muscle."""
    layout: Layout = doc._.layout
    text = layout.text
    if not _ANY_ENZYME.may_begin(text):
        return  # most notes name none
    for match in _EXPLAINED.finditer(text):
        # "AST 95, ALT 120: liver enzymes due to hepatitis" explains every enzyme that the sentence names.
        begin = max(layout.sentence_at(match.start()).start, match.start() - 90)
        named = text[begin : match.start("cause")].lower()
        if re.search(r"\b(?:not|no|unlikely|rather than|if)\b", match.group("link"), re.IGNORECASE):
            continue
        for name, words in _ENZYME_NAMES.items():
            if re.search(words, named):
                yield Draft(
                    start=match.start(),
                    end=match.end(),
                    kind="enzyme_cause",
                    concept=name,
                    assertion="present",
                    rule="activity:enzyme_cause",
                    date=None,
                    score=0.85,
                    attributes={"cause": match.group("cause").lower()},
                )
    for match in _NOT_MUSCLE.finditer(text):
        sentence = layout.sentence_at(match.start())
        own = text[sentence.start : max(sentence.end, match.end())]
        explained = re.search(_OTHER_CAUSE, own, re.IGNORECASE) is not None
        begin = match.start() - _ENZYME_REACH if explained else sentence.start
        named = text[max(0, begin) : match.start()].lower()
        for name in ("AST", "ALT"):
            if re.search(_ENZYME_NAMES[name], named):
                yield Draft(
                    start=match.start(),
                    end=match.end(),
                    kind="enzyme_cause",
                    concept=name,
                    assertion="present",
                    rule="activity:enzyme_cause",
                    score=0.8,
                    attributes={"cause": "not muscle"},
                )


def _of_another_disease(text: str, layout: Layout, start: int, concept: str) -> bool:
    """
    Say whether a remission is that of the disease named last in its line, and that is no myositis.

    "large cell lymphoma, in remission", "R-CHOP x6 with complete response": the words before decide, then the
    sentences before those of the same line.
    """
    if concept not in ("remission", "quiescent"):
        return False
    line = layout.line_at(start)
    left = text[max(line.start, start - 260) : start]
    other = max((m.end() for m in _ELSEWHERE.finditer(left)), default=-1)
    own = max((m.end() for m in _MYOSITIS_NAMED.finditer(left)), default=-1)
    return other > own


def _state(doc: Doc, span: Span) -> Iterator[Draft]:
    layout: Layout = doc._.layout
    text = layout.text
    start, end = source_range(span)
    sentence = layout.sentence_at(start)
    before = text[max(min(sentence.start, start), start - 45) : start]
    after = text[end : min(max(sentence.end, end), end + 30)]
    before = re.split(r"[;.|]|,\s(?!and\b)", before)[-1] if _MYOSITIS.search(before) is None else before
    if _OTHER_DISEASE.search(before + " § " + after) and not _MYOSITIS.search(before + " § " + after):
        return
    if _of_another_disease(text, layout, start, sense_of(span).concept.concept):
        return
    category = layout.section_at(start).category
    if (
        sense_of(span).concept.concept in ("flare", "controlled")
        and category != "assessment"
        and not _MYOSITIS.search(text, sentence.start, sentence.end)
    ):
        return
    assertion, cues = _directly_denied(text, start, *own_assertion(span))
    earlier = _EARLIER.search(text, max(min(sentence.start, start), start - 60), start)
    if assertion == "present":
        over = _OVER.search(text, max(min(sentence.start, start), start - 40), start)
        until = re.match(r"\s*(?:until|till|thru|through|from \d)", after)
        if until is not None:
            assertion, cues = "historical", (until.group().strip(),)
        elif over is not None and sense_of(span).concept.concept in ("remission", "quiescent", "controlled"):
            assertion, cues = "historical", (over.group().strip(),)
        elif earlier is not None:
            assertion, cues = "historical", (earlier.group(),)
        elif _QUESTION.search(text, max(min(sentence.start, start), start - 60), start) or re.match(
            r"\s*(?:\?|versus\b|vs\b)", text[end : end + 12]
        ):
            assertion, cues = "possible", ("question",)
    attributes = {**sense_of(span).concept.attributes, "source": source_at(layout, start)}
    if _MYOSITIS.search(text, sentence.start, max(sentence.end, end)) is not None:
        attributes["named"] = "yes"
    day = date_beside(doc, start, end, after=16) if assertion == "present" else None
    yield draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


register("activity", lambda nlp: Activity())
