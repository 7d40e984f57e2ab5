"""
The ``activity`` reader: skin signs, skin damage, and how the note says the myositis stands.

Reads: concepts of kind "skin", "skin_damage" and "disease_state". Writes: drafts of the same kinds, and of
"skin/any" (absent) for a skin examination without findings and "skin/CDASI" for the activity score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import assertion_of, formal_answer
from chartsift.nlp.components.beside import date_beside
from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
from chartsift.nlp.text.layout import Layout
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
_MINUS_AFTER = re.compile(r"\s?[-–−](?=\s*(?:$|[,;.\r\n]))")
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
_SKIN_CLEAR = re.compile(
    r"(?<!under the )\b(?:skin|derm(?:atologic)?)\b(?: exam(?:ination)?| check| and nails"
    r"| and mucosa)?\s*(?:[:=–-]+\s*|is\s+|was\s+|remains\s+|has been\s+|stays\s+|now\s+|looks\s+"
    r"|completely\s+|entirely\s+)*"
    r"(?:clear\b(?!ed)|normal\b|nl\b|neg(?:ative)?\b|unremarkable\b|clean\b|WNL\b|quiet\b"
    r"|without (?:any )?(?:rash|lesions?)|w/o (?:rash|lesions?)|no (?:lesions?|abnormalit\w+|findings))",
    re.IGNORECASE,
)
_CDASI = re.compile(
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
_EXPLAINED = re.compile(
    r"(?P<enzymes>\b(?:AST|ALT|LFTs?|transaminases?|transaminitis|liver enzymes|LDH|CK|CPK"
    r"|creatine kinase|aldolase)\b(?:\s*(?:/|,|and|&)\s*(?:AST|ALT|LDH|CK|aldolase)\b)*)"
    r"(?P<link>[^.;\n]{0,60}?\b(?:due to|from|attributed to|explained by|secondary to|2/2|because of"
    r"|reflects?|felt to be|likely|consistent with|c/w|after)\b[^.;\n]{0,25}?)"
    r"(?P<cause>\b(?:methotrexate|MTX|azathioprine|AZA|hepat\w*|fatty liver|NAFLD|MASLD|NASH|steatosis"
    r"|liver disease|hemoly\w+|haemoly\w+|statins?|atorvastatin|simvastatin|rosuvastatin|isoniazid|INH"
    r"|acetaminophen|alcohol|marathon|exercise|work-?out|weight lifting|wrestling|seizure|IM injection"
    r"|intramuscular|trauma|fall|drug[- ]induced|DILI|viral|EBV|mono\w*|sample hemolysis)\b)",
    re.IGNORECASE,
)
_SOURCES = {
    "exam": "exam",
    "assessment": "assessment",
    "plan": "assessment",
    "problem_list": "list",
    "past_history": "list",
    "ros": "ros",
}


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
    assertion, cues = assertion_of(span)
    attributes = {**sense_of(span).concept.attributes, "source": _SOURCES.get(category, "reported")}
    if assertion == "absent" and re.search(r"\bnever\b", text[start:end]):
        assertion, cues = "present", ()  # "skin never cleared"
    assertion, cues = _directly_denied(text, start, assertion, cues)
    if assertion == "present" and _MINUS_AFTER.match(text, end):
        assertion, cues = "absent", ("-",)
    if assertion in ("present", "historical"):
        assertion, cues = _refined(text, layout, start, end, assertion, cues)
    day = date_beside(doc, start, end) if assertion == "present" else None
    yield draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


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
        if category == "family_history" or re.search(
            r"\b(?:if|until|once|when|never)\b[^.;]{0,30}$",
            layout.text[max(0, match.start() - 40) : match.start()],
            re.IGNORECASE,
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
            attributes={"specific": "yes", "source": _SOURCES.get(category, "reported")},
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
    for match in _EXPLAINED.finditer(text):
        named = match.group("enzymes").lower()
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
    category = layout.section_at(start).category
    if (
        sense_of(span).concept.concept in ("flare", "controlled")
        and category != "assessment"
        and not _MYOSITIS.search(text, sentence.start, sentence.end)
    ):
        return
    assertion, cues = _directly_denied(text, start, *assertion_of(span))
    earlier = _EARLIER.search(text, max(min(sentence.start, start), start - 60), start)
    if assertion == "present":
        until = re.match(r"\s*(?:until|till|thru|through|from \d)", after)
        if until is not None:
            assertion, cues = "historical", (until.group().strip(),)
        elif earlier is not None:
            assertion, cues = "historical", (earlier.group(),)
    attributes = {**sense_of(span).concept.attributes, "source": _SOURCES.get(category, "reported")}
    day = date_beside(doc, start, end, after=16) if assertion == "present" else None
    yield draft_from_span(span, assertion=assertion, cues=cues, attributes=attributes, date=day)


register("activity", lambda nlp: Activity())
