"""
Grafts that are told by who gave and who got, without the word transplant: "accepted a kidney from his cousin", "her own
cells were reinfused", "gave her brother a kidney".

An organ and a verb of giving or getting make an event. The verb that stands with the organ decides whether it took
place, by its own auxiliaries alone ("will get", "never received"); what the sentence refuses or plans before it is
something else. Part of the ``transplants`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from chartsift.nlp.components.covered import Covered, around, windows
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.receipt_rules import past_date_after
from chartsift.nlp.components.relatives import RELATIVE
from chartsift.nlp.text.cues import Letters
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import gate, needles
from chartsift.nlp.types import Assertion

ORGANS = {
    "heart": "heart", "cardiac": "heart",
    "liver": "liver", "hepatic": "liver",
    "kidney": "kidney", "renal": "kidney", "kidneys": "kidney",
    "lung": "lung", "lungs": "lung", "pulmonary": "lung",
    "bone marrow": "hct", "marrow": "hct", "stem cell": "hct", "stem cells": "hct", "blood": "hct", "hct": "hct",
    "hematopoietic cell": "hct", "hematopoietic": "hct", "hsct": "hct", "bmt": "hct",
}  # fmt: skip
ORGAN = "|".join(sorted(map(re.escape, ORGANS), key=len, reverse=True))
TO_SOMEONE = (
    r"to (?:(?:his|her|their|a|an|the|one|my|older|younger|elder|twin)\s+)*(?:twin|mother|father|mum|mom|"
    r"dad|brother|sister|sibling|son"
    r"|daughter|child|wife|husband|spouse|partner|cousin|nephew|niece|uncle|aunt|friend|neighbou?r|colleague|stranger"
    r"|recipient|grand\w+|relative|registry|someone|somebody)\b"
)
# ---- received
_SOLID = r"(?:kidneys?|liver|heart|lungs?)"
_MARROW = r"(?:bone marrow|marrow|(?:(?:peripheral )?blood )?(?:stem|progenitor)(?:-| )cells?|PBSCs?|(?:umbilical )?cord blood)"
_DET = r"(?:(?:(?:a\s+)?(?:part|piece|lobe|portion|segment|half)\s+of|one of)\s+)?(?:(?:an?|the|his|her|their|my|one|some)\s+)?"
_SIDE = r"(?:(?:left|right|both|double|single|whole|good|healthy|matching|matched|suitable|second|first|third)\s+)*"
# Whose organ it was: only a graft has such an owner.
_DONORS = (
    rf"(?:new|donor(?:['’]s)?|donated|(?:living|deceased)[- ](?:related[- ])?donor|cadaver(?:ic)?|(?:someone|somebody) else['’]s|another (?:person|man|woman|patient)['’]s"
    rf"|(?:(?:his|her|their|my)\s+)?(?:older |younger |elder |twin |late )?(?:{RELATIVE})['’]s)"
)
_FROM = (
    rf"(?:from|by)\s+(?:(?:an?|the|his|her|their|my|one|HLA[- ]?\w*|fully|matched|mismatched|haplo\w*|identical|older|younger|elder|twin|late|living|anonymous|unknown|unrelated|related|altruistic|non-?related|deceased|cadaveric|brain[- ]dead|MUD|MRD|MSD)[\s-]+)*"
    rf"(?:{RELATIVE}|donor|stranger|cadaver|deceased|volunteer|registry|(?:younger |older )?(?:man|woman|person))\b"
)
_BY_DONOR = rf"(?:given|donated|gifted)\s+(?:to (?:him|her|me|them)\s+)?by\s+(?:(?:an?|the|his|her|their|my|older|younger|twin|late|living|anonymous|altruistic|deceased)\s+)*(?:{RELATIVE}|donor|stranger)\b"
# Behind an organ these go on with its name: a new kidney stone is no new kidney.
_ENDS = r"(?=[\s\"”'’]*(?:$|[.,;)(]|\n|\d|\b(?:in|on|at|from|since|which|that|when|after|before|for|was|is|has|works?|and (?:is|was|has|takes|does|feels|lives)|but (?:is|was|has)|working|functioning|by|about|during|as|to|who|through|around|back|last|this|put|transplanted|implanted|there|then|elsewhere|abroad|some|nearly|almost|over|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|years?)\b))"
_GET = r"(?:received|receive|receives|got|gets|get|getting|receiving|has had|have had|had|has|have|carries|carried|carrying|lives with|living with|accepted|was given|were given|been given|be given|given|give (?:him|her|me)|gave (?:him|her|me)|obtained|implanted with|required|require[sd]?|needs?|needed|with)"
_DONE = r"(?:transplanted|implanted|grafted|re-?infused|infused|re-?transfused|given back|returned|put in(?:to)? (?:me|him|her)|put in)"
_AUX = r"(?:(?:was|were|is|are|has been|have been|had been|got)\s+)"
_HAVING = r"(?:successfully |finally |then |eventually |later |subsequently )*"
_RECEIVED = loosely(
    # "got a new liver", "received her brother's bone marrow", "carries a donor heart"
    rf"\b(?P<get>{_GET})\s+(?:back\s+)?{_DET}{_SIDE}{_DONORS}\s+{_SIDE}(?P<organ>{_SOLID}|{_MARROW}){_ENDS}"
    # "accepted a kidney from his cousin", "received bone marrow from his HLA-identical sister"
    rf"|\b(?P<get2>{_GET})\s+{_DET}{_SIDE}(?P<organ2>{_SOLID}|{_MARROW})\s+{_FROM}"
    # "received a kidney in 2003"
    rf"|\b(?P<get3>received|got|was given|accepted)\s+(?:an?|his|her|the|one)\s+{_SIDE}(?P<organ3>{_SOLID})\s+(?:on|in) (?:\w+ )?(?:\d+ \w+ )?(?:19|20)\d\d\b"
    # "a kidney from an altruistic donor was implanted", "a liver was transplanted in 2010", "left kidney, implanted 14 Feb"
    rf"|\b(?<!native )(?P<organ4>{_SOLID})(?:\s+{_FROM}|,?\s+\(?(?:deceased|living)[- ]donor\)?,?|\s+(?:became available|(?:was|were) (?:available|offered|found|allocated|accepted)|finally became available)(?:\s+(?:in|on) [\w ]{{4,12}})?\s+and|,)*\s*(?P<get4>(?:{_AUX}?{_HAVING}(?:(?<=and )(?:transplanted|implanted)\b)|{_AUX}{_HAVING}(?:transplanted|implanted|grafted)|(?:transplanted|implanted)(?=\s+(?:\d|on|in|at|[A-Z][a-z]{{2,8}} \d))))"
    # "peripheral blood stem cells were re-infused", "autologous stem cells returned 12/2019"
    rf"|\b(?<!mesenchymal )(?<!adipose )(?P<organ5>{_MARROW}|(?:own|harvested|stored|frozen|cryopreserved|autologous)\s+(?:harvested |stored |frozen |collected )?cells)(?:\s+{_FROM})?\s+(?P<get5>{_AUX}{_HAVING}{_DONE}|(?:re-?infused|infused|re-?transfused|returned|given back|back)(?=\s+(?:\d|on|in|at|after|[A-Z][a-z]{{2,8}} \d)))"
    # "was given her own stem cells back"
    rf"|\b(?P<get6>{_GET})\s+(?:back\s+)?(?:his|her|their|my)\s+own\s+(?:(?:harvested|stored|frozen|collected)\s+)?(?P<organ6>{_MARROW}|cells)\b(?:\s+back\b)?"
    # "his kidney, given by his wife in 2017", "a liver donated by her father"
    rf"|\b(?P<organ7>{_SOLID}|{_MARROW}),?\s+(?:(?:which|that)\s+)?(?P<get7>(?:was |were |had been )?{_BY_DONOR}|(?:s?he|I|the patient) (?:got|received|was given) {_FROM})"
    # "They put my dad's kidney in me"
    rf"|\b(?P<get8>put)\s+(?:(?:his|her|their|my|the|a)\s+)?(?:{RELATIVE}['’]s\s+|new\s+|donor\s+)?(?P<organ8>{_SOLID})\s+(?:in|into|inside)\s+(?:me|him|her|the patient)\b"
    # "infusion of allogeneic marrow"
    rf"|\b(?P<get9>(?:re-?)?infusion)\s+of\s+(?:(?:his|her|the)\s+)?(?:own|autologous|allogeneic|allogenic|donor|sibling|haplo\w*|matched|unrelated)\s+(?:\w+\s+)?(?P<organ9>{_MARROW})\b"
    # The organ that was taken out for a graft: only a pathologist or a surgeon says so.
    rf"|\b(?P<get10>explant(?:ed)?)\s+(?:native\s+|cirrhotic\s+|diseased\s+)?(?P<organ10>liver|heart|lungs?)\b(?!\s+(?:of|from) (?:the )?donor)"
    # Relatives who give.
    rf"|\b(?:{RELATIVE})\s+(?:has\s+|had\s+)?(?P<get11>gave|donated)\s+(?:(?:him|her|them|me|pt|the patient)\s+(?:an?|one|his|her|part of (?:his|her|the)|one of (?:his|her|their)|some of (?:his|her)|(?:his|her) own)\s+(?:left\s+|right\s+|own\s+)?(?P<organ11>{_SOLID}|{_MARROW})"
    rf"|(?:an?|one|his|her|the)?\s*(?:left\s+|right\s+)?(?P<organ12>{_SOLID}|{_MARROW})\s+to\s+(?:him|her|me|pt|the patient)\b(?!\s+(?:\w+['’]s|own|his|brother|sister|mother|father|son|daughter|husband|wife|cousin|friend|aunt|uncle)))"
)
_ORGAN_GROUPS = tuple(name for name in _RECEIVED.groupindex if name.startswith("organ"))
_GET_GROUPS = tuple(name for name in _RECEIVED.groupindex if name.startswith("get"))
# A graft that relatives gave, or that is told by its giver: their own name before the verb makes it nobody else's.
_TOLD_BY_GIVER = frozenset({"organ7", "organ8", "organ11", "organ12"})
_ADVERBS = r"(?:(?:\w+ly|also|then|soon|ever|yet|even|just|be|been|have|has|had|he|she|they|we|I|the patient|pt|patient|doctors?|surgeons?|did|does|do|on|now|one day|someday)\s+){0,4}"
_AUX_NOT = loosely(
    rf"(?:\b(?:never|not|denies|denied|neither|nor|no|without|cannot)|n['’]t)\s+{_ADVERBS}(?:having\s+)?$"
)
# "Went on to receive", "was able to get" are done.
_AUX_DONE = loosely(
    r"\b(?:went on|gone on|going on|goes on|able|lucky(?: enough)?|fortunate(?: enough)?|came|lived) to\s+(?:\w+ly\s+)?$"
)
_AUX_TO_COME = loosely(
    rf"\b(?:will|would|can|could|may|might|shall|should|must|to|if|whether|once|until|unless|hop\w+|wants?|wanted|wish\w*|plan\w*|await\w*|waiting|about|candidate|await|eligib\w*|refus\w*|declin\w*|never)\s+{_ADVERBS}$"
)
# Told of a time: "when he got a new kidney" has been where its day is past.
_AUX_TIME = loosely(rf"\b(?:when|before|after|since|as soon as)\s+{_ADVERBS}$")
_ASKS_FOR = re.compile(
    r"(?:needs?|needed|requires?|required|get|gets|getting|receive|be given|give (?:him|her|me)|receiving)\b",
    re.IGNORECASE,
)
_NOT_GIVEN_AFTER = loosely(
    r"^[^.;\n]{0,40}?\b(?:never|not|was cancel+ed|were cancel+ed|is planned|are planned|planned for|is scheduled|next (?:week|month|year)|tomorrow)\b"
)
# Cells that are given back and are no stem cells.
_OTHER_CELLS = loosely(
    r"\bCAR\b|CAR[- ]?T|T[- ]?cells?|lymphocyt|\bDLI\b|modified|engineered|mesenchymal|\bred (?:blood )?cells?|platelets|granulocyt|leucel|-cel\b|-s/p"
)
# Single words: two of them may stand on two lines. No event holds one within another word, as "system" does.
_ORGAN_NAMED = gate(r"\b(?:kidney|liver|heart|lung|marrow|stem|progenitor|pbsc|cord|cells)", re.IGNORECASE)

# Every event holds one of these, or one of the next two lines right beside its organ: "new", "from" and "'s" alone are in
# any note, and plain letters are found many times faster than the pattern.
_EVENT_LETTERS = (
    "donor", "donat", "gifted", "cadaver", "implant", "explant", "transplanted", "grafted", "infus", "transfus", "return",
    "received", "accepted", "gave ", "given ", "got ", "put ",
)  # fmt: skip
_BEFORE_ORGAN = ("new ", "own ", "'s ", "’s ")
_BEHIND_ORGAN = (" from", " by", " back")
# Of all these, before the white space of the words is made one.
_ANY_LETTERS = Letters([letters.strip() for letters in (*_EVENT_LETTERS, *_BEFORE_ORGAN, *_BEHIND_ORGAN)])
_ORGAN_AHEAD = loosely(rf"{_SIDE}(?:(?:harvested|stored|frozen|collected) )?(?:{_SOLID}|{_MARROW}|cells)")
_ORGAN_ENDS = tuple("kidney kidneys liver heart lung lungs marrow cell cells pbsc pbscs blood".split())

# ---- given by the patient
_DONATED = loosely(
    rf"\b(?:donated|donates|gave|donation of)\s+(?:(?:a|one|her|his|their|the|part of|half of|portion of|some|left"
    rf"|right|L|R|of|living)\s+){{0,4}}(?P<organ>{ORGAN})\b"
    rf"|\b(?:was|is|as|been|h/o|history of|s/p|status post|a|prior|living|altruistic|directed"
    rf"|unrelated)\s+(?:a\s+|the\s+(?=(?:[\w-]+\s+){{1,4}}donor\s+(?:for|to)\b))?(?:living\s+|altruistic\s+|related\s+)*(?P<organ2>{ORGAN})\s+(?:donor"
    rf"|donation)\b(?!\s+(?:search|transplant|graft|offer|list|found|available|identified|registry))"
    rf"|\b(?P<organ4>kidney|liver)\b[^.;]{{0,25}}\b(?:donated|given|gave (?:it|one)) {TO_SOMEONE}"
    rf"|\b(?P<organ3>{ORGAN})\s+donation\b(?=[^.;]{{0,20}}\bto\b)"
    r"|\b(?P<nephrectomy>donor (?:L |R |left |right |laparoscopic )?nephrectomy)\b"
)
_BEFORE_DONOR = loosely(r"(?:(?:was|is|as|been|h/o|history of|s/p|status post|a)\s+(?:a\s+)?)?")
_GIVEN_LETTERS = needles("donat", "donor", "gave", "given", "nephrectomy")
_NO_DONOR = loosely(
    r"\b(?:await\w*|wait\w*|no|without|suitable|potential|need\w*|find\w*|search\w*|deceased|cadaveric|his|her"
    r"|from|mother|father|brother|sister|wife|husband|son|daughter)\s+(?:a\s+|is\s+|was\s+|the\s+)?$"
)
# How far around its organ an event is told, in code points: half a line before, a line and a half behind.
_BEFORE = 60
_AFTER = 130
# Of the auxiliaries before the verb.
_AUX_REACH = 60


def events(text: str, layout: Layout, day: date, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the grafts that the patient got or gave, told without a name of the operation; *drafts* are told already."""
    taken = Covered((d.start, d.end) for d in drafts)
    received: list[tuple[int, int]] = []
    for draft, whole in _received(text, layout, day, taken):
        received.append(whole)
        yield draft
    taken = Covered([*((d.start, d.end) for d in drafts), *received])
    told = {
        (d.concept, layout.sentence_number(d.start)) for d in drafts if d.attributes.get("donor") == "yes"
    }
    yield from _donated(text, layout, taken, told)


def may_tell(text: str) -> bool:
    """Say whether *text* may tell of a graft without its name: True wherever that is not known at once."""
    return _ORGAN_NAMED.stands(text) or _GIVEN_LETTERS.stands(text)


def _received(
    text: str, layout: Layout, day: date, taken: Covered
) -> Iterator[tuple[Draft, tuple[int, int]]]:
    places = (match.start() for match in _ORGAN_NAMED.finditer(text))
    for first, last in around(places, len(text), before=_BEFORE, after=_AFTER):
        if not _may_tell(text[first:last]):
            continue
        for match in _RECEIVED.finditer(text, first, last):
            name = next(name for name in _ORGAN_GROUPS if match.group(name))
            start, end = match.span(name)
            concept = _concept_of(match.group(name))
            if taken.touches(start, end) or (concept == "hct" and _are_other_cells(text, match)):
                continue
            assertion = _took_place(text, layout, match, name, day)
            if assertion is None:
                continue
            draft = Draft(
                start, end, "transplant", concept, assertion, "transplants:received", (match.group(),),
                attributes={"strength": "strong"},
            )  # fmt: skip
            yield draft, match.span()


def _may_tell(words: str) -> bool:
    """Say whether *words* may tell of a graft that was got: nearly all words around a heart or a lung do not."""
    lower = words.lower()
    if not _ANY_LETTERS.any(lower):
        return False
    lower = " ".join(lower.split())
    for letters in _EVENT_LETTERS:
        if letters in lower:
            return True
    for sign in _BEHIND_ORGAN:
        if sign in lower and any(before.endswith(_ORGAN_ENDS) for before in lower.split(sign)[:-1]):
            return True
    for sign in _BEFORE_ORGAN:
        if sign in lower and any(_ORGAN_AHEAD.match(behind) for behind in lower.split(sign)[1:]):
            return True
    return False


def _concept_of(organ: str) -> str:
    return ORGANS.get(" ".join(organ.lower().split()), "hct")


def _are_other_cells(text: str, match: re.Match[str]) -> bool:
    return _OTHER_CELLS.search(text[max(0, match.start() - 120) : match.end() + 60]) is not None


def _took_place(text: str, layout: Layout, match: re.Match[str], name: str, day: date) -> Assertion | None:
    """Return how the verb of *match* holds the graft; None where it asks for one without a day."""
    sentence = layout.sentence_at(match.start())
    if name not in _TOLD_BY_GIVER and someone_else(text, layout, match.start(), match.start(name)):
        return "family"
    verb = next(group for group in _GET_GROUPS if match.group(group))
    at = match.start(verb)
    before = text[max(min(sentence.start, at), at - _AUX_REACH) : at]
    after = text[match.end() : match.end() + _AUX_REACH]
    dated = past_date_after(after, day)
    if dated is None:
        dated = past_date_after(text[match.start(name) : match.end() + _AUX_REACH], day)
    if _AUX_NOT.search(before):
        return "absent"
    if dated is False or (_NOT_GIVEN_AFTER.match(after) and not dated):
        return "hypothetical"
    if _AUX_DONE.search(before):
        return "present"
    if _AUX_TO_COME.search(before) or (_AUX_TIME.search(before) and not dated):
        return "hypothetical"
    if _ASKS_FOR.match(match.group(verb)) and not dated:
        return None
    return "present"


def _donated(text: str, layout: Layout, taken: Covered, told: set[tuple[str, int]]) -> Iterator[Draft]:
    places = windows(text, _GIVEN_LETTERS, before=50, after=120)
    for match in (match for first, last in places for match in _DONATED.finditer(text, first, last)):
        start, end = match.span()
        if taken.touches(start, end):
            continue
        if _NO_DONOR.search(text[max(layout.sentence_at(start).start, start - 30) : start]):
            continue
        if re.match(r"\s*(?:transplant|graft|allograft|tx\b)", text[end : end + 16], re.IGNORECASE):
            continue
        organ = next(
            (match.group(name) for name in ("organ", "organ2", "organ3", "organ4") if match.group(name)), ""
        )
        concept = ORGANS[organ.lower()] if organ else "kidney"
        if (concept, layout.sentence_number(start)) in told:
            continue  # told once by the sentence
        if organ and organ.lower() in ("blood", "pulmonary", "hct"):
            continue
        opening = _BEFORE_DONOR.match(match.group())
        first = start + (opening.end() if opening else 0)
        yield Draft(
            first, end, "transplant", concept, "family", "transplants:donated", ("donated",),
            attributes={"donor": "yes"},
        )  # fmt: skip
