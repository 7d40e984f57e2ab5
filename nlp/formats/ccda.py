"""
C-CDA documents (HL7 CDA R2): one note a file, with patient, date and title from the document's own header.

What is read is the narrative of the sections, which is what the author signed. A body that is no XML is taken out
of its base64, or from the file beside that it names. Source: HL7 CDA R2, C-CDA 2.1.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from chartsift.nlp.formats.base import Extracted, Item, Limits, Source, reject, unreadable
from chartsift.nlp.formats.documents import read_whole, unread_parts
from chartsift.nlp.formats.encoding import ascii_head
from chartsift.nlp.formats.fields import (
    FieldError,
    check_text,
    note_item,
    parse_iso_date,
    patient_item,
    rejected,
)
from chartsift.nlp.formats.flow import Flow
from chartsift.nlp.formats.markup import children, local_name, markup_text, parse_xml
from chartsift.nlp.formats.sandbox import SANDBOX
from chartsift.nlp.types import Note

SUFFIXES = (".xml",)

_ROOT = re.compile(rb"<(?:[\w.-]+:)?ClinicalDocument[\s>]")
# Object identifier of the US social security number, which is nobody's patient number.
_SSN = "2.16.840.1.113883.4.1"
_SEX = {"F": "F", "M": "M", "UN": "X"}


def sniff(head: bytes) -> bool:
    """Tell whether a file is a C-CDA document, by its root element."""
    start = ascii_head(head)
    return start.startswith(b"<") and bool(_ROOT.search(start))


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the patient and the one note of *source*."""
    from chartsift.nlp.formats.attachments import claim_beside  # noqa: PLC0415 - which also reads this format

    try:
        extracted = extract(read_whole(source, limits), limits)
        facts = extracted.facts
    except FieldError as exc:
        yield reject(exc.code, exc.message, source=source.label)
        return
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    if "reference" in facts:
        # Also where the document itself cannot be used: the file is no note of its own.
        claim_beside(facts["reference"], source)
    if "patient_id" in facts:
        yield patient_item(
            {
                "patient_id": facts.get("patient_id"),
                "birth_date": parse_iso_date(facts.get("birth_date", "")),
                "sex": facts.get("sex"),
            },
            source=source.label,
        )
    item = note_item(
        {
            "patient_id": facts.get("patient_id"),
            "note_id": facts.get("note_id"),
            "note_date": facts.get("date"),
            "note_type": facts.get("title"),
            # Filled in below, once it is known whose it is.
            "text": "-",
        },
        source=source.label,
        limits=limits,
    )
    if not isinstance(item, Note):
        yield item
        return
    try:
        if not extracted.text:
            extracted = _body_elsewhere(facts, source, limits)
        check_text(extracted.text, limits=limits)
    except FieldError as exc:
        yield rejected(exc, source=source.label, note_id=item.note_id, patient_id=item.patient_id)
        return
    except OSError as exc:
        yield unreadable(source.label, exc, note_id=item.note_id, patient_id=item.patient_id)
        return
    yield replace(item, text=extracted.text, origin=extracted.origin, pages=extracted.pages)
    yield from unread_parts(extracted, source=source.label, note_id=item.note_id, patient_id=item.patient_id)


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a document and what its header says; raises FieldError."""
    return SANDBOX.extract("ccda", data, limits)


def extract_here(data: bytes, limits: Limits) -> Extracted:
    """Do what ``extract`` does, in this process."""
    del limits
    root = parse_xml(data)
    if local_name(root) != "clinicaldocument":
        raise FieldError("IN101", "the XML is no C-CDA document; give one, or its text")
    facts = _header(root)
    facts.update(_attachment(root))
    return Extracted(
        "" if "attachment" in facts or "reference" in facts else _narrative(root), "ccda", facts=facts
    )


def _header(root: etree._Element) -> dict[str, str]:
    role = _first(root, "recordTarget", "patientRole")
    patient = _first(role, "patient")
    ids = [] if role is None else [found for found in children(role, "id") if found.get("root") != _SSN]
    own_id = _first(root, "id")
    title = _first(root, "title")
    code = _first(root, "code")
    facts = {
        "patient_id": next((i.get("extension", "") for i in ids if i.get("extension")), "")
        # A root alone is a patient only where it is unique by itself; an object identifier is that of a clinic.
        or next((i.get("root", "") for i in ids if "-" in i.get("root", "")), ""),
        "birth_date": _value(_first(patient, "birthTime"))[:8],
        "sex": _SEX.get(
            "" if (sex := _first(patient, "administrativeGenderCode")) is None else sex.get("code", ""), ""
        ),
        "note_id": "" if own_id is None else own_id.get("extension") or own_id.get("root") or "",
        "date": _value(_first(root, "effectiveTime"))[:8],
        "title": _words(title) or ("" if code is None else code.get("displayName") or ""),
    }
    return {name: value for name, value in facts.items() if value}


def _attachment(root: etree._Element) -> dict[str, str]:
    """Return the body that is no XML, or the name of the file that holds it."""
    text = _first(root, "component", "nonXMLBody", "text")
    if text is None:
        return {}
    reference = _first(text, "reference")
    if reference is not None:
        return {"reference": reference.get("value") or "", "attachment_type": text.get("mediaType") or ""}
    words = "".join(text.itertext())  # type: ignore[arg-type]
    if text.get("representation") != "B64":
        words = base64.b64encode(words.encode()).decode("ascii")
    return {"attachment": words, "attachment_type": text.get("mediaType") or ""}


def _body_elsewhere(facts: dict[str, str], source: Source, limits: Limits) -> Extracted:
    from chartsift.nlp.formats.attachments import read_beside  # noqa: PLC0415 - which also reads this format
    from chartsift.nlp.formats.unwrap import decode_base64, unwrap  # noqa: PLC0415 - as above

    if "attachment" in facts:
        data = decode_base64(facts["attachment"])
    elif "reference" in facts:
        data = read_beside(facts["reference"], source, limits)
    else:
        raise FieldError("IN108", "the document has no narrative; nothing was lost, leave it out")
    return unwrap(data, media_type=facts.get("attachment_type", ""), limits=limits, inside="ccda")


def _narrative(root: etree._Element) -> str:
    """Return the titles and texts of the sections, in the order of the document."""
    flow = Flow()
    for section in (element for element in root.iter() if local_name(element) == "section"):
        title, text = _first(section, "title"), _first(section, "text")
        flow.paragraph()
        if title is not None:
            flow.add(_words(title))
            flow.line()
        if text is not None:
            flow.add_as_it_stands(markup_text(text, is_hidden=_is_deleted))
            flow.paragraph()
    return flow.text()


def _is_deleted(element: etree._Element) -> bool:
    return element.get("revised") == "delete"


def _first(element: etree._Element | None, *names: str) -> etree._Element | None:
    for name in names:
        element = None if element is None else next(iter(children(element, name)), None)
    return element


def _value(element: etree._Element | None) -> str:
    """Return the value of a point or the beginning of a span of time."""
    if element is None:
        return ""
    low = _first(element, "low")
    return element.get("value") or ("" if low is None else low.get("value") or "")


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())  # type: ignore[arg-type]
