"""
The ``cell_therapy`` reader: CAR T-cell therapy (kind ``car_t``) and other or unnamed cell therapies (``cell_therapy``).

A mention of CAR T is present only where words, a date or the section say that cells were infused; everything else
that is not denied or someone else's is talk of it.

Reads: doc.spans["concepts"], doc._.layout, doc._.note_text, doc._.note_date. Writes: doc._.drafts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, drafts_of
from chartsift.nlp.components.loose import loosely
from chartsift.nlp.components.receipt import in_past_section, in_timeline, read_receipt
from chartsift.nlp.components.receipt_rules import Receipt
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.tokens import note_date_of, source_range
from chartsift.nlp.types import Assertion

KINDS = ("car_t", "cell_therapy")

# "CART" in one word is CAR T only in company that says so; "cART" is HIV treatment, a cart is a cart.
_CART = re.compile(r"\Acart", re.IGNORECASE)
_CELL_COMPANY = re.compile(
    r"CD-?19|CD-?20|BCMA|infus|cell|lymphodeplet|apheres|leuk|lymph|myelom|lupus|myositis|day \+|D\+|therapy|trial"
    r"|study"
    r"|reddit|google|online|\bread(?:ing)?\b|\bnews\b|remission|relapse|treatment|steroid|prednis|"
    r"ritux|stud(?:y|ies)|options?\b"
    r"|insurance|doctor|hospital|cure|B[- ]cells?|antibod|scleroderma|\bMS\b|CRS|ICANS|s/p|"
    r"status post|received|refer|candidate|eligib|naive|prior|autolog|allogen|\bprotocol",
    re.IGNORECASE,
)
_HIV = re.compile(
    r"\bHIV\b|antiretrovir|viral load|\bVL\b|ascites|reinfusion therapy|peptide|amphetamine|crash|code cart|golf",
    re.IGNORECASE,
)
_VEHICLE = re.compile(r"\s*-?\s*(?:accident|crash|wreck|bon(?:e|ed|ing)\b|boned|owner|model)", re.IGNORECASE)
_CODE = re.compile(r"\A(?:Z92\.8|Q20)", re.IGNORECASE)
# The title of a follow-up visit of a cell therapy service tells that a bare mention in the note is past.
_FOLLOW_UP_NOTE = re.compile(
    r"(?:cell(?:ular)? therapy|CAR[- ]?T|BMT)\b[^\n]{0,40}\b(?:follow[- ]?up|LTFU|late effects|survivorship"
    r"|long[- ]term)",
    re.IGNORECASE,
)
_TRIAL_NAMED = re.compile(r"(?:phase\s+\S+\s+)?(?:study|trial|protocol)\b", re.IGNORECASE)
_ENROLLED = re.compile(r"enrolled|trial (?:of|with)|study (?:of|with)", re.IGNORECASE)
# Where a row of a timeline names the treatment: not further from the start of its line, in code points.
_ROW_OPENING = 80
_DAY_COUNT = re.compile(r"\b(?:day|D)\s*\+\s*\d+", re.IGNORECASE)
# "Month 6 post infusion", "cells infused 05/03/2022": the infusion of the note's product is past.
_PAST_INFUSION = loosely(
    r"\b(?:(?:month|day|week|year)s?[ +-]*\d+|\d+ ?(?:months?|mos?|days?|d|weeks?|wks?|years?|yrs?|y)) ?"
    r"(?:visit )?(?:post|after|since|from)[- ]?(?:the |her |his |study |cell |product )*(?:infusion|cells|CAR)"
    r"|\bpost[- ]?infusion (?:day|month|week|visit|year)"
    r"|(?<!be )(?<!been )(?<!never )(?<!not )\b(?:cells|product) (?:were |was )?infused (?:on )?\d"
)
# Cells that are no CAR T cells, or may be none: a received one leaves the question to a person.
_LIKE_CAR_T = frozenset({"CAR-NK", "CAAR-T", "CAR-other"})


@dataclass(frozen=True, slots=True)
class _Mention:
    """A span, the code points that it covers, and how its words hold it."""

    span: Span
    start: int
    end: int
    reading: Receipt


@dataclass(frozen=True, slots=True)
class _Told:
    """
    What the note tells as a whole.

    Attributes:
        received: CAR T cells were given, says one of its mentions.
        blinded: One of its mentions stands in a blinded arm.
        infused: An infusion is past ("month 6 post infusion").
        followed_up: It is a follow-up visit of a cell therapy service, with a day count.
    """

    received: bool
    blinded: bool
    infused: bool
    followed_up: bool


class CellTherapy:
    """Read CAR T and other cell therapies."""

    def __call__(self, doc: Doc) -> Doc:
        text: str = doc._.note_text
        layout: Layout = doc._.layout
        day = note_date_of(doc)
        mentions = []
        for span in concept_spans(doc, KINDS):
            start, end = source_range(span)
            if _is_cell_therapy(text, start, end):
                mentions.append(_Mention(span, start, end, read_receipt(text, layout, start, end, day)))
        held = {mention.reading.assertion for mention in mentions if mention.span.label_ == "CAR_T"}
        told = _Told(
            received="present" in held,
            blinded="possible" in held,
            infused=bool(mentions and "nfus" in text and _PAST_INFUSION.search(text)),
            followed_up=bool(mentions and _FOLLOW_UP_NOTE.search(text[:400]) and _DAY_COUNT.search(text)),
        )
        for mention in mentions:
            drafts_of(doc).append(_draft(mention, text, _assertion(mention, text, layout, day, told)))
        return doc


def _assertion(mention: _Mention, text: str, layout: Layout, day: date, told: _Told) -> Assertion:
    """Return how the note holds *mention*, by its own words first and by what else the note tells then."""
    held = _held(mention, text, layout)
    cues = " ".join(mention.reading.cues)
    if told.received and held == "hypothetical":
        # The same note tells that the cells were given: a study that was entered, a question about their effects.
        return "present" if _ENROLLED.match(cues) or _is_taken_for_granted(mention, text) else held
    if told.infused and held == "hypothetical" and _TRIAL_NAMED.match(cues) and _is_product(mention):
        return "present"
    if held is not None:
        return held
    if _is_code(mention, text):
        return "present"  # a code of a list is there; what it is worth is the criterion's affair
    if _is_unnamed(mention):
        return "hypothetical"
    if told.received or told.blinded:
        return "present" if told.received else "possible"
    if mention.reading.service:
        return "hypothetical"
    past = told.infused or told.followed_up or _is_told_as_past(mention, text, layout, day)
    return "present" if past else "hypothetical"


def _is_taken_for_granted(mention: _Mention, text: str) -> bool:
    """Say whether a question is about the treatment that was given ("asks if the CAR T cells caused this")."""
    start, end = mention.start, mention.end
    definite = re.search(r"\b(?:the|his|her|their)\s+$", text[max(0, start - 8) : start], re.IGNORECASE)
    followed = re.match(
        r"\s*(?:cells?|therapy|infusion|treatment)?\s*(?:caused|did|had|was|were|led|might have|could have"
        r"|may have|is to blame|brought)\b",
        text[end : end + 40],
        re.IGNORECASE,
    )
    asked = re.match(r"(?:if|ask|wonder|whether|question)", " ".join(mention.reading.cues), re.IGNORECASE)
    return bool(definite and followed and asked)


def _held(mention: _Mention, text: str, layout: Layout) -> Assertion | None:
    """Return the reading; an unnamed cell therapy in a heading, or with only a date beside it, names a service."""
    reading = mention.reading
    if reading.cues == ("?",):
        return "hypothetical"  # "CAR-T?" weighs it
    if reading.assertion != "present" or mention.span.label_ == "CAR_T" or not _is_unnamed(mention):
        return reading.assertion
    line = layout.line_at(mention.start)
    heading = text[line.start : line.end].isupper()
    return None if heading or reading.strength != "strong" or "date" in " ".join(reading.cues) else "present"


def _is_cell_therapy(text: str, start: int, end: int) -> bool:
    surface = text[start:end]
    if surface.lower().startswith("car t") and (
        _VEHICLE.match(text[end : end + 12]) or surface[:5] == "car t"
    ):
        # "her car t-boned": in lower case only company tells the cells from the vehicle.
        near = text[max(0, start - 60) : end + 60]
        return not _VEHICLE.match(text[end : end + 12]) and bool(
            _CELL_COMPANY.search(near.replace(surface, " "))
        )
    if not _CART.match(surface):
        return True
    near = text[max(0, start - 70) : start] + " " + text[end : end + 70]
    if not surface.startswith("CART"):
        return False
    return len(surface) > len("CARTs") or (bool(_CELL_COMPANY.search(near)) and not _HIV.search(near))


def _is_unnamed(mention: _Mention) -> bool:
    return sense_of(mention.span).concept.concept == "unnamed"


def _is_code(mention: _Mention, text: str) -> bool:
    return bool(_CODE.match(text[mention.start : mention.end]))


def _is_product(mention: _Mention) -> bool:
    return sense_of(mention.span).concept.attributes.get("name") == "product"


def _is_told_as_past(mention: _Mention, text: str, layout: Layout, day: date) -> bool:
    """Say whether a bare mention stands among what has been, or names a product that is given outside of studies."""
    first = layout.line_at(mention.start).start
    return (
        in_past_section(layout, mention.start)
        or (mention.start - first < _ROW_OPENING and in_timeline(text[first : mention.start], day))
        or sense_of(mention.span).concept.attributes.get("use") == "approved"
    )


def _draft(mention: _Mention, text: str, assertion: Assertion) -> Draft:
    concept, reading = sense_of(mention.span).concept, mention.reading
    attributes = {**concept.attributes, "strength": reading.strength}
    if reading.corrects:
        attributes["corrects"] = "yes"
    if reading.unblinded:
        attributes["unblinded"] = "yes"
    name = concept.concept
    if name in _LIKE_CAR_T and assertion in ("present", "possible"):
        attributes["product"] = name
        return Draft(
            mention.start, mention.end, "car_t", "CAR-T", "possible", "cell_therapy:like_car_t", reading.cues,
            attributes=attributes,
        )  # fmt: skip
    # A code alone decides nothing.
    kind = "cell_therapy_code" if _is_code(mention, text) else concept.kind
    rule = "cell_therapy:receipt" if reading.assertion else "cell_therapy:default"
    return Draft(mention.start, mention.end, kind, name, assertion, rule, reading.cues, attributes=attributes)


register("cell_therapy", lambda nlp: CellTherapy())
