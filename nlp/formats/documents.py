"""
A file that is one note: its text from the document, its patient and date from places, names and letterhead.

Each format of this kind has a function that takes bytes and returns ``Extracted``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.formats.base import Extracted, Item, Limits, Rejected, Source, reject, unreadable
from chartsift.nlp.formats.fields import FieldError, check_text, read_identifier, rejected
from chartsift.nlp.formats.naming import FileName, header_date, parse_file_name, patient_and_note
from chartsift.nlp.types import Note

Extract = Callable[[bytes, Limits], Extracted]


@dataclass(frozen=True, slots=True)
class Letter:
    """A document as far as it can be told without its place: ``patient`` and ``day`` only where the name has them."""

    patient: str
    day: date | None
    note_type: str
    extracted: Extracted


def read_note(source: Source, limits: Limits, extract: Extract) -> Iterator[Item]:
    """Yield the note of a document, or why there is none; and a problem for each part that could not be read."""
    name = parse_file_name(source.name)
    named_patient, named_note, why = patient_and_note(source, name)
    patient_id = note_id = ""
    try:
        if why:
            raise FieldError("IN113", why)
        patient_id = read_identifier(named_patient, "the patient's folder or file name")
        note_id = read_identifier(named_note, "the file name")
        letter = _letter(source, name, limits, extract)
        extracted = letter.extracted
        if letter.day is None:
            raise FieldError(
                "IN114",
                "no date can be told; put YYYY-MM-DD into the file name or a line such as "
                "'Date: YYYY-MM-DD' at the top of the text",
            )
    except FieldError as exc:
        yield rejected(exc, source=source.label, note_id=note_id, patient_id=patient_id)
        return
    except OSError as exc:
        yield unreadable(source.label, exc, note_id=note_id, patient_id=patient_id)
        return
    yield Note(
        patient_id,
        note_id,
        letter.day,
        letter.note_type,
        extracted.text,
        source.label,
        extracted.origin,
        extracted.pages,
    )
    yield from unread_parts(extracted, source=source.label, note_id=note_id, patient_id=patient_id)


def read_letter(source: Source, limits: Limits, extract: Extract) -> Letter:
    """
    Return the text of a document and what its name and letterhead say.

    Raises:
        FieldError: the document cannot be used.
        OSError: the file cannot be read.
    """
    return _letter(source, parse_file_name(source.name), limits, extract)


def _letter(source: Source, name: FileName, limits: Limits, extract: Extract) -> Letter:
    extracted = extract(read_whole(source, limits), limits)
    check_text(extracted.text, limits=limits)
    return Letter(name.patient, name.day or header_date(extracted.text), name.note_type, extracted)


def read_whole(source: Source, limits: Limits, *, advice: str = "split it into its notes") -> bytes:
    """Return the bytes of a file; raises FieldError (IN115) when there are too many, and OSError."""
    most = limits.document_bytes
    if source.size <= most:
        with source.open() as stream:
            data = stream.read(most + 1)
        if len(data) <= most:
            return data
    raise FieldError("IN115", f"the file is larger than {most:,} bytes; {advice}")


def unread_parts(extracted: Extracted, *, source: str, note_id: str, patient_id: str) -> Iterator[Rejected]:
    """Yield the problems of a note that was read in part: pages that were scanned into it, an end that is missing."""
    if extracted.pictures:
        pages = extracted.pictures
        shown = ", ".join(map(str, pages[:20])) + (" …" if len(pages) > 20 else "")
        yield reject(
            "IN134",
            f"page{'s' if len(pages) > 1 else ''} {shown} hold a picture and no text, and were not read; "
            "run text recognition (OCR) over the document and give it again",
            source=source,
            note_id=note_id,
            patient_id=patient_id,
        )
    if extracted.is_cut:
        yield reject(
            "IN130",
            "the document is cut off, and only what there is was read; export it whole",
            source=source,
            note_id=note_id,
            patient_id=patient_id,
        )
    for code, message in extracted.unread:
        yield reject(code, message, source=source, note_id=note_id, patient_id=patient_id)


def only_pictures() -> FieldError:
    """Return the error of a document in which there is something to see and nothing to read."""
    return FieldError(
        "IN134",
        "the document holds a picture or another object, and no text; run text recognition (OCR) over it and give it "
        "again",
    )
