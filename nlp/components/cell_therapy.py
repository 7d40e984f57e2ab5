"""
The ``cell_therapy`` reader: CAR T-cell therapy (kind ``car_t``) and other or unnamed cell therapies (``cell_therapy``).

A mention of CAR T is present only where words, a date or the section say that cells were infused; everything else
that is not denied or someone else's is talk of it.

Reads: doc.spans["concepts"], doc._.layout, doc._.note_text, doc._.note_date. Writes: doc._.drafts.
"""

from __future__ import annotations

import re

from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import sense_of
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.findings import Draft, concept_spans, draft_from_span, drafts_of
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
    r"|CRS|ICANS|s/p|status post|received|refer|candidate|eligib|naive|prior|autolog|allogen|\bprotocol",
    re.IGNORECASE,
)
_HIV = re.compile(
    r"\bHIV\b|antiretrovir|viral load|\bVL\b|ascites|reinfusion therapy|peptide|amphetamine|crash|code cart|golf",
    re.IGNORECASE,
)
_VEHICLE = re.compile(r"\s*-?\s*(?:bon(?:e|ed|ing)\b|boned|owner|model)", re.IGNORECASE)
_CODE = re.compile(r"\A(?:Z92\.8|Q20)", re.IGNORECASE)
# The title of a follow-up visit of a cell therapy service tells that a bare mention in the note is past.
_FOLLOW_UP_NOTE = re.compile(
    r"(?:cell(?:ular)? therapy|CAR[- ]?T|BMT)\b[^\n]{0,40}\b(?:follow[- ]?up|LTFU|late effects|survivorship"
    r"|long[- ]term)",
    re.IGNORECASE,
)
_DAY_COUNT = re.compile(r"\b(?:day|D)\s*\+\s*\d+", re.IGNORECASE)


class CellTherapy:
    """Read CAR T and other cell therapies."""

    def __call__(self, doc: Doc) -> Doc:
        spans = [span for span in concept_spans(doc, KINDS) if _is_cell_therapy(span)]
        if not spans:
            return doc
        text: str = doc._.note_text
        layout: Layout = doc._.layout
        readings = [read_receipt(text, layout, *source_range(span), note_date_of(doc)) for span in spans]
        received = any(
            r.assertion == "present"
            for span, r in zip(spans, readings, strict=True)
            if span.label_ == "CAR_T"
        )
        blinded = any(
            r.assertion == "possible"
            for span, r in zip(spans, readings, strict=True)
            if span.label_ == "CAR_T"
        )
        for span, reading in zip(spans, readings, strict=True):
            assertion = _held(span, reading, text, layout)
            if received and assertion == "hypothetical" and _is_taken_for_granted(span, reading, text):
                assertion = "present"
            assertion = assertion or _default(span, reading, text, layout, received=received, blinded=blinded)
            drafts_of(doc).append(_draft(span, reading, assertion))
        return doc


def _is_taken_for_granted(span: Span, reading: Receipt, text: str) -> bool:
    """Say whether a question is about the treatment that was given ("asks if the CAR T cells caused this")."""
    start, end = source_range(span)
    definite = re.search(r"\b(?:the|his|her|their)\s+$", text[max(0, start - 8) : start], re.IGNORECASE)
    followed = re.match(
        r"\s*(?:cells?|therapy|infusion|treatment)?\s*(?:caused|did|had|was|were|led|might have|could have"
        r"|may have|is to blame|brought)\b",
        text[end : end + 40],
        re.IGNORECASE,
    )
    asked = re.match(r"(?:if|ask|wonder|whether|question)", " ".join(reading.cues), re.IGNORECASE)
    return bool(definite and followed and asked)


def _held(span: Span, reading: Receipt, text: str, layout: Layout) -> Assertion | None:
    """Return the reading; an unnamed cell therapy in a heading, or with only a date beside it, names a service."""
    if reading.cues == ("?",):
        return "hypothetical"  # "CAR-T?" weighs it
    if (
        reading.assertion != "present"
        or span.label_ == "CAR_T"
        or sense_of(span).concept.concept != "unnamed"
    ):
        return reading.assertion
    line = layout.line_at(source_range(span)[0])
    heading = text[line.start : line.end].isupper()
    return None if heading or reading.strength != "strong" or "date" in " ".join(reading.cues) else "present"


def _is_cell_therapy(span: Span) -> bool:
    start, end = source_range(span)
    text: str = span.doc._.note_text
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


def _default(
    span: Span, reading: Receipt, text: str, layout: Layout, *, received: bool, blinded: bool
) -> Assertion:
    start, _ = source_range(span)
    if span.label_ == "CELL_THERAPY" and sense_of(span).concept.concept == "unnamed":
        return "hypothetical"
    if received:
        return "present"
    if blinded:
        return "possible"
    if reading.service:
        return "hypothetical"
    line = layout.line_at(start)
    if (
        in_past_section(layout, start)
        or in_timeline(text[line.start : start], note_date_of(span.doc))
        or sense_of(span).concept.attributes.get("use") == "approved"
    ):
        return "present"
    return "present" if _FOLLOW_UP_NOTE.search(text[:400]) and _DAY_COUNT.search(text) else "hypothetical"


def _draft(span: Span, reading: Receipt, assertion: Assertion) -> Draft:
    start, end = source_range(span)
    attributes = dict(sense_of(span).concept.attributes)
    attributes["strength"] = reading.strength
    if reading.unblinded:
        attributes["unblinded"] = "yes"
    changes: dict[str, object] = {
        "assertion": assertion,
        "cues": reading.cues,
        "rule": "cell_therapy:receipt" if reading.assertion else "cell_therapy:default",
        "attributes": attributes,
    }
    if _CODE.match(span.doc._.note_text[start:end]):
        # A code alone decides nothing.
        changes["kind"] = "cell_therapy_code"
    return draft_from_span(span, **changes)


register("cell_therapy", lambda nlp: CellTherapy())
