"""
The ``transplants`` reader: grafts that count (kind ``transplant``), other tissues (``graft_other``) and transplants
without a name (``transplant_history``).

A named graft is present unless words of intent, a denial or another person govern it. A transplant without its organ
takes the organ that the note speaks of, where it speaks of one.

Reads: doc.spans["concepts"], doc._.layout, doc._.note_text, doc._.note_date. Writes: doc._.drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.graft_events import ORGAN, ORGANS, TO_SOMEONE, events, may_tell
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt import read_receipt
from chartsift.nlp.components.receipt_rules import REACH, names_prospect
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

KINDS = ("transplant", "graft_other", "transplant_history")

# "kidney and pancreas transplant", "heart/lung transplant", "bone marrow or organ transplantation": the organs before.
_COORDINATED = loosely(
    rf"\b(?P<organ>{ORGAN})\s*(?:,\s*(?:and|or)?|/|&|\+|\band/or\b|\band\b|\bor\b|\bnor\b|-)\s*(?:(?:solid|"
    rf"any|other|a)\s+)*$"
)
_ORGAN_AFTER = loosely(
    rf"\s*(?:of\s+(?:the|a|his|her|any|one)?\s*|\(|:\s*|-\s+|,\s+)(?:left |right |bilateral |double "
    rf"|single )?(?P<organ>{ORGAN})\b"
)
_AND_ORGAN = loosely(rf"\s*(?:,\s*(?:and |or )?|/|\band |\bor |\bnor )\s*(?P<organ>{ORGAN})\b")
_BY_LENGTH = sorted(ORGANS, key=len, reverse=True)
# "Kidney: s/p transplant 2019", "lungs, status post transplantation": the organ heads the words.
_ORGAN_BEFORE = loosely(
    rf"\b(?P<organ>{ORGAN})\s*[:,(–-]?\s*(?:s/p|s\.p\.|status[- ]post|post)\s+(?:(?:a|his|her|living|deceased"
    rf"|donor|related|unrelated|cadaveric|first|second|double|bilateral|single|orthotopic)[\s-]+){{0,3}}$"
    rf"|\b(?P<bracketed>{ORGAN})\s*\($"
)
# On the waiting list now; a listing that is asked for, refused or over is none.
_LISTED = loosely(
    r"(?<!not )(?<!never )(?<!de)(?<!be )(?<!was )(?<!been )\b(?:listed|wait-?\s?listed|on (?:the |a )?(?:UNOS |OPTN "
    r"|Eurotransplant |active )*(?:wait(?:ing)?[- ]?)?list)\s+(?:\w+\s+){0,2}for\s+(?:a |an |double |bilateral |single )*$"
)
_BLOOD_CONTEXT = loosely(
    r"\bHLH\b|leuk[a]?emi|lymphoma|myeloma|marrow|h[a]?ematolog|donor search|HLA[- ]typ|sickle|aplastic|stem cell"
    r"|conditioning"
    r"|\bof blood\b|\bMDS\b|\bBMT\b|\bHSCT\b|cellular therapy|cell infusion"
)
_UNNAMED_SERVICE = loosely(
    r"\s*(?:ID\b|infectious|clinic|team|service|unit|center|centre|coordinator|nurse|physician|surgeon|surgery"
    r"|hepatolog|nephrolog"
    r"|pulmonolog|committee|board|office|schedule|protocol|guideline|list(?:ing)? (?:rules|criteria)|floor|ward|medicine|pharmac|social|program|evaluation|eval\b|list\b)"
)
_OTHER_TISSUE_AFTER = re.compile(
    r"\s+(?:tissue|cornea|skin|bone|hair|tendon|ligament|valve|fat|tooth)\b", re.IGNORECASE
)
_MOVED = loosely(
    r"\s+(?:from|to|here|into|out of)\b(?!\s+(?:an?|his|her|the|un|living|deceased|mother|father|brother|sister)\b)"
)
_TISSUE_NEAR = loosely(
    r"knee|\bACL\b|\bPCL\b|tendon|bone|menisc|spin|fusion|dental|tooth|teeth|valve|cornea|\beye|skin|wound|burn"
    r"|cartilage|ligament|osteo"
    r"|Sehne|Kreuzband|\bVKB\b|\bKnie|Hornhaut|Knochen"
    r"|shoulder|ankle|fascia|dura|hair|fecal|stool|vein|bypass"
)
# "Living donor kidney transplant in 2005, he gave his left kidney to his sister": the patient is the donor.
_GAVE_AFTER = loosely(
    r"[^.;\n]{0,40}?(?:[,:(–-]|\band\b|\bwhere\b|\bwhen\b|\bin which\b|\bas\b)\s*(?:(?:he|she|pt|"
    r"patient|I|they|has|had|was|the donor)\s+)*"
    rf"(?:gave|donat\w+|given)\b[^.;\n]{{0,40}}\b{TO_SOMEONE}"
    r"|\s*donor\b(?!\s*(?:was|is|were|:|=|-|list|search|not|registry|\(?(?:mother|father|brother|"
    r"sister|wife|husband|son|daughter)))"
)
_GVHD_NOT = loosely(
    r"(?:\b(?:no|not|nil|without|denies|never|vs\.?|versus|rather than|negative for|rule[sd]? out|"
    r"r/o|free of|neither)"
    r"(?: [\w'-]+){0,5}[ ,/]+$)"
)
_GVHD_NOT_AFTER = loosely(
    r"\s*(?:[:=(–-]+|\.{2,}|is|was)?\s*(?:none|absent|negative|neg|nil|no\b|not\b|0\b|\(?-\)|"
    r"excluded|ruled out|unlikely)"
)
_GVHD_FEARED = loosely(
    r"\b(?:risks?|watch\w*|monitor\w*|prevent\w*|prophyla\w*|if|in case of|may|might|could|can|explain\w*|counsel\w*"
    r"|consent\w*|discuss\w*|potential\w*|possible|side effects?|complications? (?:such as|like|"
    r"includ\w*)|chance|concern"
    r"|fear|avoid\w*)\b[^.;]{0,60}$"
)
_GVHD_FEARED_AFTER = loosely(
    r"[- ]?(?:like\b|prophyla\w*|risk|prevention|type|watch)|[^.;]{0,25}\b(?:risks?|explained|discussed)\b"
)
_SIGNATURE = re.compile(
    r"[ \t]*(?:/?es/\s*|Signed(?: by)?:?\s*)?(?:(?:Prof|Dr|Mr|Ms|Mrs)\b\.?|"
    r"[A-Z]\.)[^\n:;]{2,50},[ \t]*(?:MD|DO|NP|PA-C|RN)?,?[ \t]*$"
)
_COLLEAGUE = re.compile(r"\b(?:Dr|Prof|Drs)\b\.?\s+[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?\s*\($")
_CODE = loosely(r"\A[ZT]\d\d\.")
# 'The wrist band carries the word "TRANSPLANT"': print on a thing says nothing, and what it names is to be asked about.
_PRINTED = loosely(
    r"\b(?:(?:wrist ?bands?|bracelets?|stickers?|labels?|stamps?|banners?|letterheads?|doors?|signs?|headers?|footers?|folders?|bags?|tubes?|badges?)\b[^.;\n]{0,50}?"
    r"(?:carr(?:y|ies|ied)|says?|said|reads?|bears?|shows?|with|has|had|printed)\b[^.;\n]{0,20}?|(?:wrist ?band|sticker|label|stamp|banner|letterhead|header|footer)\s+)[\"“‘']$"
)
# "LUNG TX: they will see her for assessment. NOT listed.": a heading whose words are all of what is to come.
_HEADING = loosely(r"^(?:\s*\([^()\n]{0,30}\))?\s*(?::|\s[–—-]\s)\s*(?=[A-Za-z])")
_HEADS_LINE = re.compile(
    r"(?:^|[\n.;]\s*)[\W\d_]*(?:(?:prior|any|possible|re|status|question of)\s+)?\Z", re.IGNORECASE
)
_ALL_TO_COME = loosely(
    r"\bnot (?:yet |currently |actively )?(?:listed|on the (?:waiting )?list|a candidate|eligible)\b|\b(?:for|awaiting|await|awaits|pending|before)\s+(?:\w+\s+){0,3}(?:assessment|evaluation|listing|work-?\s?up)\b"
    r"|\bdecision (?:on|about|for|regarding) (?:the )?(?:listing|transplant\w*)\b|\bto be (?:listed|evaluated|assessed|referred)\b|\b(?:referral|referred)\b|\bwork-?\s?up (?:started|begun|under ?way|on hold|pending)\b"
    r"|\bmust\b|\bnot (?:while|as long as|before|until|yet|now|at present)\b|\bwould (?:need|have) to\b|\b(?:family|parents?|mother|father|s?he|patient|pt|they) (?:\w+ )?(?:undecided|declines?|declined|refuses?|refused|asks?|asked|want\w*)\b|\btoo early\b|\bnot (?:indicated|needed)\b"
)
_HAS_GRAFT = loosely(
    r"\b(?:tac\b|tacrolimus|c[iy]closporin\w*|sirolimus|belatacept|levels?|creat\w*|reject\w*|function\w*|stable|since|s/p|status post|received|transplanted|performed|done\b|engraft\w*|graft|DSA|donor|failed|CLAD|BOS\b"
    r"|FEV1|recipient|GVHD|day \+|re-?transplant\w*|second|again|remission)\b|\b(?:19|20)\d\d\b"
)
_LIST_HEADING = re.compile(r"[ \t]*(?:\([^()\n]{0,60}\)[ \t]*)?:")
# "What the old letter calls a kidney transplant was a nephrectomy": it was something else.
_CALLED_SO = loosely(
    r"\bwhat\b[^.;\n]{0,50}\b(?:calls?|called|lists?|listed|labels?|labell?ed|describes?|described|codes?|coded|records?|recorded)\b[^.;\n]{0,20}$"
)
_WAS_ANOTHER = loosely(
    r"^[\"”'’]?\s*(?:is|was|were|turned out to be|proved to be)\s+(?:really |actually |in fact |in truth |only )*(?:an?|the|her|his)\s+\w"
)
# "He calls it his transplant", "the so-called transplant", "which she refers to as a transplant": a name, no graft.
_SO_CALLED = loosely(
    r"\b(?:(?:calls?|called|calling|names?|labels?|terms?)\s+(?:it|this|that|them|these|the (?:\w+ ){1,2})"
    r"|(?:refers?|referred|referring) to (?:it|this|that|them|the (?:\w+ )?\w+) as|referred to as|known as|so-called|what s?he calls?)"
    r"\s*(?:(?:his|her|their|an?|the|my)\s+)?[\"“‘']?$"
)
# "Was listed in 2018 and transplanted in 2019": the list came first, and then it was done.
_LISTED_AND = loosely(
    r"(?<!be )(?<!being )(?<!get )\b(?:wait-?\s?listed|listed|evaluated|worked up|accepted|referred|admitted|called in)\b[^.;\n]{0,60}?"
    r"(?:\band|,|\bthen)\s+(?:(?:was|were|got|then|finally|successfully|eventually|later|subsequently|duly)\s+)*$"
)
_TO_BE_LISTED = loosely(
    r"\b(?:to be|will be|can be|could be|should be|would be|must be|may be|if|once|before being)\s+(?:\w+\s+)?$"
)
_SOLID_ORGAN = re.compile(r"\b(heart|liver|kidneys?|lungs?)\b", re.IGNORECASE)
_ITS_ARTICLE = re.compile(r"\b(?:the|his|her|their|this)\s+(?:\w+\s+)?$", re.IGNORECASE)
_ONCE = re.compile(r"\b(?:once|if|would|will|could|might|future)\b", re.IGNORECASE)
_RECIPIENT_TO_BE = loosely(
    r"[\s-]+(?:waiting|wait-?\s?list|list\b|candida\w+|evaluation|selection|work-?\s?up|pool|screening)"
)


class Transplants:
    """Read transplants."""

    def __call__(self, doc: Doc) -> Doc:
        text: str = doc._.note_text
        layout: Layout = doc._.layout
        spans = concept_spans(doc, KINDS)
        drafts = [draft for span in spans for draft in _drafts(doc, span, text, layout)] if spans else []
        if drafts:
            drafts = list(_named_by_the_note(drafts, text, layout))
        if may_tell(text):
            drafts.extend(events(text, layout, note_date_of(doc), drafts))
        if drafts:
            drafts_of(doc).extend(_services_resolved(drafts))
        return doc


def _is_signature(text: str, layout: Layout, start: int, end: int) -> bool:
    """Say whether the mention is a signatory's department ("Dr. R. Falk, BMT late effects")."""
    line = layout.line_at(start)
    if _COLLEAGUE.search(text[max(line.start, start - 40) : start]) and text[end : end + 1] == ")":
        return True  # "talked with Dr. Feld (BMT)"
    return bool(
        line.end - line.start < 90
        and _SIGNATURE.match(text, line.start, start)
        and not re.search(r"[.;:|]|\d", text[end : line.end])
    )


def _drafts(doc: Doc, span: Span, text: str, layout: Layout) -> Iterator[Draft]:
    start, end = source_range(span)
    concept = sense_of(span).concept
    surface = text[start:end]
    is_printed = _PRINTED.search(text[max(0, start - 80) : start]) is not None
    if _is_signature(text, layout, start, end) or (is_printed and concept.concept == "any"):
        return
    if concept.concept == "any" and _is_no_transplant(text, layout, start, end):
        return
    # "kidney and pancreas transplant" holds a kidney; "heart valve" and "vein graft" hold no organ.
    organs = (
        _organs_before(text, layout, start)
        if concept.kind != "graft_other" or concept.concept in ("pancreas", "intestine")
        else []
    )
    begin = organs[-1][1] if organs else start
    reading = read_receipt(text, layout, begin, end, note_date_of(doc), is_graft=True)
    kind, name = concept.kind, concept.concept
    behind: list[tuple[str, int]] = []
    if name == "any":
        kind, name, behind = _named_beside(text, layout, start, end, kind)
    if _CODE.match(surface) and kind == "transplant":
        kind = "transplant_code"
    assertion = reading.assertion or (
        "hypothetical" if reading.service else _by_its_place(text, start, end, is_printed=is_printed)
    )
    if assertion == "present" and _is_called_so(text, start, end):
        assertion = "absent"
    if assertion == "hypothetical" and (
        _is_done_after_listing(text, layout, start, surface) or _is_there(text, layout, start, surface)
    ):
        assertion = "present"
    attributes = dict(concept.attributes)
    attributes["strength"] = reading.strength
    if reading.corrects:
        attributes["corrects"] = "yes"
    if reading.service:
        attributes["service"] = "yes"
    if surface.lower().endswith("recipient") and assertion in ("present", "hypothetical"):
        # Whoever is called a recipient has received, unless the role is still to come.
        assertion = "hypothetical" if _is_to_come(text, layout, start, end) else "present"
    if assertion == "hypothetical" and _LISTED.search(
        text[max(layout.sentence_at(start).start, start - 80) : start]
    ):
        attributes["listed"] = "yes"
    if name == "gvhd":
        assertion = _gvhd(text, layout, start, end) or (
            "family" if reading.assertion == "family" else "present"
        )
    elif (
        kind == "transplant"
        and assertion in ("present", "hypothetical")
        and _GAVE_AFTER.match(text[end : end + 120])
    ):
        assertion = "family"
        attributes["donor"] = "yes"

    def made(kind: str, concept: str, first: int, assertion: Assertion, stop: int = end) -> Draft:
        return Draft(
            first, stop, kind, concept, assertion, "transplants:receipt", reading.cues, attributes=attributes
        )

    named = {name} if kind == "transplant" else set()
    for organ, first in organs:
        if organ not in named:
            named.add(organ)
            yield made("transplant", organ, first, assertion)
    if kind == "transplant_history" and name == "any" and organs:
        return  # "bone marrow or organ transplantation": the named one stands for the phrase
    yield made(kind, name, start, assertion)
    for organ, first in behind:
        # "Without transplantation of heart or lung": each organ is told by its own name.
        if organ not in named:
            named.add(organ)
            yield made("transplant", organ, first, assertion, first + len(_words_of_organ(text, first)))
    if kind == "transplant" and re.match(r"heart[- /]lung|heart and lung|CHLT|HLT", surface, re.IGNORECASE):
        yield made("transplant", "liver" if surface == "CHLT" else "lung", start, assertion)


def _by_its_place(text: str, start: int, end: int, *, is_printed: bool) -> Assertion:
    """Return what a mention holds whose sentence has no word that decides: print on a thing is to be asked about."""
    if is_printed:
        return "possible"
    return "hypothetical" if _heads_what_is_to_come(text, start, end) else "present"


def _is_called_so(text: str, start: int, end: int) -> bool:
    """Say whether the mention is what somebody calls another operation."""
    return (
        _WAS_ANOTHER.match(text[end : end + 60]) is not None
        and _CALLED_SO.search(text[max(0, start - 100) : start]) is not None
    )


def _is_done_after_listing(text: str, layout: Layout, start: int, surface: str) -> bool:
    """Say whether "transplanted" is the verb that follows "was listed in 2018 and"."""
    if surface.lower() != "transplanted":
        return False
    before = text[max(min(layout.sentence_at(start).start, start), start - 140) : start]
    listed = _LISTED_AND.search(before)
    return listed is not None and _TO_BE_LISTED.search(before[: listed.start()]) is None


def _is_there(text: str, layout: Layout, start: int, surface: str) -> bool:
    """Say whether the mention is an organ that has been transplanted: "biopsy of the transplanted kidney is planned"."""
    before = text[max(min(layout.sentence_at(start).start, start), start - 80) : start]
    return (
        surface.lower().startswith(("transplanted ", "grafted "))
        and _ITS_ARTICLE.search(before) is not None
        and _ONCE.search(before) is None
    )


def _heads_what_is_to_come(text: str, start: int, end: int) -> bool:
    """Say whether the mention is a heading and the paragraph under it speaks of a plan alone."""
    if (
        _HEADING.match(text[end : end + 40]) is None
        or _HEADS_LINE.search(text[max(0, start - 30) : start]) is None
    ):
        return False
    stop = text.find("\n\n", end)
    under = text[end : min(stop if stop > 0 else len(text), end + 300)]
    return _ALL_TO_COME.search(under) is not None and _HAS_GRAFT.search(under) is None


def _named_beside(
    text: str, layout: Layout, start: int, end: int, kind: str
) -> tuple[str, str, list[tuple[str, int]]]:
    """Return kind and organ of a transplant whose own words name none, and further organs that stand behind it."""
    name = "any"
    before = _ORGAN_BEFORE.search(text[max(layout.sentence_at(start).start, start - 60) : start])
    if before and kind == "transplant_history":
        kind, name = "transplant", ORGANS[(before.group("organ") or before.group("bracketed")).lower()]
    after = _ORGAN_AFTER.match(text[end : end + 40])
    if after and re.match(r"[^.;]*$", text[end : end + after.end()]):
        return "transplant", ORGANS[after.group("organ").lower()], _organs_behind(text, end + after.end())
    return kind, name, []


def _words_of_organ(text: str, at: int) -> str:
    near = text[at : at + 30].lower()
    return next(words for words in _BY_LENGTH if near.startswith(words))


def _is_to_come(text: str, layout: Layout, start: int, end: int) -> bool:
    """Say whether a recipient is one to be: "a potential kidney recipient", "the recipient list"."""
    left = text[max(min(layout.sentence_at(start).start, start), start - REACH) : start]
    return names_prospect(left) or bool(_RECIPIENT_TO_BE.match(text[end : end + 30]))


def _gvhd(text: str, layout: Layout, start: int, end: int) -> Assertion | None:
    """Graft-versus-host disease presupposes a transplant only where the patient has had it."""
    sentence = layout.sentence_at(start)
    left = text[max(sentence.start, start - 80) : start]
    right = text[end : end + 40]
    if _GVHD_NOT.search(left) or _GVHD_NOT_AFTER.match(right):
        return "absent"
    return "hypothetical" if _GVHD_FEARED.search(left) or _GVHD_FEARED_AFTER.match(right) else None


def _is_no_transplant(text: str, layout: Layout, start: int, end: int) -> bool:
    surface = text[start:end].lower()
    if _SO_CALLED.search(text[max(0, start - 60) : start]):
        return True
    if _UNNAMED_SERVICE.match(text[end : end + 20]) or _MOVED.match(text[end : end + 24]):
        return True
    if _OTHER_TISSUE_AFTER.match(text[end : end + 12]):
        return True
    if surface in ("allograft", "autotransplant", "allotransplant", "txp"):
        sentence = layout.sentence_at(start)
        if _TISSUE_NEAR.search(text[max(sentence.start, start - 80) : min(max(sentence.end, end), end + 60)]):
            return True
    return False


def _organs_before(text: str, layout: Layout, start: int) -> list[tuple[str, int]]:
    """Return the organs coordinated before the mention, nearest first, with where each begins."""
    floor = max(layout.sentence_at(start).start, start - 80)
    found: list[tuple[str, int]] = []
    at = start
    while True:
        match = _COORDINATED.search(text[floor:at])
        if match is None:
            return found
        at = floor + match.start()
        found.append((ORGANS[match.group("organ").lower()], at))


def _organs_behind(text: str, at: int) -> list[tuple[str, int]]:
    """Return the organs that go on behind "transplant of the heart", with where each begins."""
    found: list[tuple[str, int]] = []
    while match := _AND_ORGAN.match(text, at):
        found.append((ORGANS[match.group("organ").lower()], match.start("organ")))
        at = match.end()
    return found


def _named_by_the_note(drafts: list[Draft], text: str, layout: Layout) -> Iterator[Draft]:
    """Give a transplant without its organ the organ that its sentence, or the mention before it, speaks of."""
    current: Draft | None = None
    named = [d for d in drafts if d.kind == "transplant" and d.assertion != "family"]
    for draft in sorted(drafts, key=lambda d: d.start):
        if draft.kind == "transplant" and draft.assertion != "family":
            current = draft
        if draft.kind != "transplant_history" or draft.concept != "any":
            yield draft
            continue
        surface = text[draft.start : draft.end].lower()
        plural = (
            surface.endswith("s")
            or "organ" in surface
            or "history" in surface
            or surface in ("transplanted", "sot")
        )
        sentence = layout.sentence_at(draft.start)
        words = text[sentence.start : max(sentence.end, draft.end)]
        organ = ""
        if draft.assertion == "family":
            continue
        if not plural:
            if _BLOOD_CONTEXT.search(words):
                organ = "hct"
            elif draft.assertion != "absent":
                # Else the one organ that the rest of the sentence names: "no transplant candidate per the lung … team".
                later = {
                    d.concept
                    for d in named
                    if draft.end <= d.start < sentence.end and ":" not in text[draft.end : d.start]
                }
                organ = current.concept if current else later.pop() if len(later) == 1 else ""
        if not organ and surface == "transplanted" and draft.assertion == "present":
            organ = _organ_of_verb(text[sentence.start : draft.start])
        heading = _LIST_HEADING.match(text, draft.end)
        if heading and any(heading.end() <= d.start < layout.line_at(draft.start).end for d in named):
            continue  # "Prior transplants (checklist): kidney - no; marrow - no": its items answer
        if organ:
            yield Draft(
                draft.start, draft.end, "transplant", organ, draft.assertion, draft.rule, draft.cues,
                attributes={**draft.attributes, "organ_from": "note"},
            )  # fmt: skip
        elif draft.assertion in ("absent", "present", "possible"):
            yield draft


def _organ_of_verb(before: str) -> str:
    """Return the one organ named *before* the verb "transplanted" in its sentence ("her kidney failed after it was"), or nothing."""
    named = {ORGANS[match.group(1).lower()] for match in _SOLID_ORGAN.finditer(before)}
    return named.pop() if len(named) == 1 else ""


def _services_resolved(drafts: list[Draft]) -> Iterator[Draft]:
    """A clinic's name takes the reading of the graft that the same note tells of; without one it is talk of it."""
    held = {d.concept for d in drafts if d.kind == "transplant" and d.assertion == "present"}
    for draft in drafts:
        if draft.attributes.get("service") == "yes" and draft.concept in held:
            yield Draft(
                draft.start, draft.end, draft.kind, draft.concept, "present", draft.rule, draft.cues,
                attributes=draft.attributes,
            )  # fmt: skip
        else:
            yield draft


register("transplants", lambda nlp: Transplants())
