"""What allergy lists say when they name neither drug: none known, other substances, other mustards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from chartsift.nlp.components.drug_mentions import OTHER_DRUG
from chartsift.nlp.components.drug_reactions import LEFT_JOIN
from chartsift.nlp.components.findings import Draft
from chartsift.nlp.components.loose import loose_gate, loosely
from chartsift.nlp.components.persons import someone_else
from chartsift.nlp.components.reaction_words import read_reaction
from chartsift.nlp.lexicon.loader import load_sections
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import Gate, gate, needles

_MUSTARD = loosely(
    r"\b(?:ifosfamide|ifex|melphalan|alkeran|evomela|bendamustine|treanda|bendeka|chlorambucil|leukeran"
    r"|mechlorethamine|nitrogen mustard)\b"
)
_MUSTARD_LETTERS = needles(
    "ifos",
    "ifex",
    "melph",
    "alkeran",
    "evomela",
    "bendam",
    "treanda",
    "bendeka",
    "chloramb",
    "leukeran",
    "mechlor",
    "mustard",
)

_NONE_KNOWN = gate(
    r"\b(?:NKDA|NKA|NKMA|no known (?:drug |medication |medicine |med |food |other |environmental |or )*allerg\w*"
    r"|no (?:other |drug |medication |med |medicine |food )*allerg(?:y|ies)\b"
    r"|(?:not|never) allergic to (?:any|anything)\w*|denies (?:any |drug |medication |known )*allerg\w*|allerg(?:y"
    r"|ies)\s*(?:\([^)]{0,20}\))?\s*(?:[:=\-–]|\.{2,})?\s*(?:none|nil|no known|denies|denied|negative|neg\b"
    r"|no(?=\s*(?:[.;,]|$))))",
    re.IGNORECASE | re.MULTILINE,
    starts=r"\b(?:nk[dm]?a|(?:no|not|never) (?:known|drug|medication|medicine|med|food|other|allerg)"
    r"|denies (?:any|drug|medication|known|allerg)|allerg(?:y|ies))",
)
_ALLERGY_LETTERS = loose_gate(r"allerg|\bNK")
_CHEMO = needles("chemo")
_NO_CHEMO = loosely(
    r"\b(?:no|never(?: had| received)?|denies)\s+(?:(?:history of|hx of|prior|previous|any|past|cancer|malignancy"
    r"|or|,)\s*)*,?\s*chemo(?:therapy)?\b(?!\w)"
)


@lru_cache(maxsize=1)
def allergy_heads() -> Gate:
    """Return what finds the titles of allergy sections; a note without any has no such section."""
    names = [name for name, category in load_sections().category_of.items() if category == "allergies"]
    return loose_gate(rf"\b(?:{'|'.join(map(re.escape, names))})\b".replace("\\ ", " "))


def allergy_drafts(text: str, layout: Layout) -> Iterator[Draft]:
    """Yield allergy lists: none known, other substances, chemotherapy never given, mustards (kind ``allergy``)."""
    for match in _NONE_KNOWN.finditer(text) if _ALLERGY_LETTERS.stands(text) else ():
        if not someone_else(text, layout, match.start(), match.end()):
            yield Draft(match.start(), match.end(), "allergy", "none_known", "absent", "allergies:none")
    for match in _NO_CHEMO.finditer(text) if _CHEMO.stands(text) else ():
        yield Draft(
            match.start(), match.end(), "allergy", "no_chemotherapy", "absent", "allergies:chemotherapy"
        )
    for section in layout.sections if allergy_heads().stands(text) else ():
        if section.category == "allergies":
            body = text[section.body : min(section.end, section.body + 220)]
            line = re.match(r"\s*[^\n]+", body)
            if line and re.search(r"[a-z]{3}", line.group(), re.IGNORECASE):
                first = section.body + len(line.group()) - len(line.group().lstrip(" \t\r\n:.-*"))
                last = section.body + len(line.group().rstrip())
                if first < last:
                    yield Draft(first, last, "allergy", "listed", "present", "allergies:list")
    mustards = _MUSTARD.finditer(text) if _MUSTARD_LETTERS.stands(text) else ()
    for match in mustards:
        sentence = layout.sentence_at(match.start())
        right = text[match.end() : max(match.end(), min(sentence.end, match.end() + 120))]
        stop = OTHER_DRUG.search(right)
        left = text[max(sentence.start, match.start() - 80) : match.start()]
        reaction = read_reaction(right[: stop.start()] if stop else right)
        if reaction is None and LEFT_JOIN.search(left):
            reaction = read_reaction(left)
        if reaction is None or reaction.severity not in ("severe", "hives", "unknown"):
            continue
        if not someone_else(text, layout, match.start(), match.end()):
            yield Draft(
                match.start(), match.end(), "allergy", "mustard", "present", "allergies:mustard", reaction.cues,
                attributes={"severity": reaction.severity},
            )  # fmt: skip
