"""
FHIR R4 in JSON: DocumentReference, DiagnosticReport and Composition are notes, Patient is a patient; alone, in
Bundles, and a resource a line as bulk exports have them.

The patient is the id of the subject ("123" of "Patient/123"), the note is named as FHIR does ("DocumentReference/7").
Of an attachment in several formats one is read. Nothing is fetched from a server. Source: HL7 FHIR R4 (4.0.1).
"""

from __future__ import annotations

import html as html_text
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from chartsift.nlp.formats.base import (
    HEAD_BYTES,
    Extracted,
    Item,
    Limits,
    Source,
    reject,
    unreadable,
)
from chartsift.nlp.formats.documents import unread_parts
from chartsift.nlp.formats.encoding import ascii_head
from chartsift.nlp.formats.fields import (
    FieldError,
    check_text,
    parse_iso_date,
    patient_item,
    read_date,
    read_identifier,
    read_type,
    rejected,
)
from chartsift.nlp.types import Note

# No file suffix says FHIR; the resources do.
SUFFIXES: tuple[str, ...] = ()

Resource = dict[str, Any]

_RESOURCE = re.compile(rb'"resourceType"\s*:\s*"[A-Z]')
_REFERENCE = re.compile(r"(?:^|/)Patient/([^/?#|]+)")
_SEX = {"female": "F", "male": "M", "other": "X"}
# Resources whose content was found to be wrong, or was never made.
_NOT_TO_BE_READ = ("entered-in-error", "cancelled")
# Of renditions of one document, the one whose text is surest goes first.
_PREFERENCE = (
    "text/plain",
    "text/html",
    "application/xhtml",
    "text/rtf",
    "application/rtf",
    "application/vnd.",
    "xml",
)
_MOST_DEEP = 4  # Bundles within each other


def sniff(head: bytes) -> bool:
    """Tell whether a file holds FHIR resources in JSON."""
    start = ascii_head(head)
    return start.startswith(b"{") and bool(_RESOURCE.search(start))


def is_resource(content: object) -> bool:
    """Tell whether a JSON value is a FHIR resource."""
    return isinstance(content, dict) and isinstance(content.get("resourceType"), str)


def read(source: Source, limits: Limits) -> Iterator[Item]:
    """Read the resources of *source*, which is one resource or one a line."""
    from chartsift.nlp.formats import chart, jsonl  # noqa: PLC0415 - which read JSON, and give resources to this module

    try:
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    is_lines = jsonl.sniff(head) or (
        source.suffix in jsonl.SUFFIXES and not head.lstrip().startswith((b"{\n", b"{\r"))
    )
    yield from (jsonl if is_lines else chart).read(source, limits)


class Resources:
    """The resources of one file; ``close`` when the file is done."""

    def __init__(self, source: Source, limits: Limits) -> None:
        from chartsift.nlp.formats.attachments import Attachments  # noqa: PLC0415 - brings every document format

        self._source = source
        self._limits = limits
        self._attachments = Attachments(source, limits)

    def close(self) -> None:
        """Close the files that attachments were taken from."""
        self._attachments.close()

    def read(self, resource: Resource, where: str, *, depth: int = 0) -> Iterator[Item]:
        """Yield what a resource gives; *where* is its place for messages. Resources of other kinds give nothing."""
        kind = resource.get("resourceType")
        if kind == "Bundle":
            yield from self._read_bundle(resource, where, depth)
        elif kind == "Patient":
            yield self._patient(resource, where)
        elif kind in _NOTES:
            yield from self._note(resource, where, *_NOTES[kind])

    def _read_bundle(self, bundle: Resource, where: str, depth: int) -> Iterator[Item]:
        if depth >= _MOST_DEEP:
            yield reject(
                "IN115", "more than four Bundles within each other; take the inner ones out", source=where
            )
            return
        entries = [entry for entry in _list(bundle, "entry") if is_resource(entry.get("resource"))]
        known = self._attachments.resources
        for entry in entries:
            resource = entry["resource"]
            if isinstance(entry.get("fullUrl"), str):
                known[entry["fullUrl"]] = resource
                # A resource of a message may be named by nothing else.
                resource.setdefault("id", entry["fullUrl"].removeprefix("urn:uuid:").rpartition("/")[2])
            if isinstance(resource.get("id"), str):
                known[f"{resource['resourceType']}/{resource['id']}"] = resource
        for number, entry in enumerate(entries, start=1):
            yield from self.read(entry["resource"], f"{where}#{number}", depth=depth + 1)
        if depth == 0:
            yield from self._unnamed_binaries(where)

    def _unnamed_binaries(self, where: str) -> Iterator[Item]:
        """Yield the problem of content that came with a Bundle and that no note of it names."""
        binaries = {id(r) for r in self._attachments.resources.values() if r.get("resourceType") == "Binary"}
        unnamed = len(binaries - self._attachments.named)
        if unnamed:
            yield reject(
                "IN139",
                f"{unnamed:,} Binary in the Bundle belong to no note that was read, so that their patient cannot be "
                "told; export the DocumentReference that names them",
                source=where,
            )

    def _patient(self, resource: Resource, where: str) -> Item:
        facts = {
            "patient_id": resource.get("id"),
            # Dates of FHIR may be a year alone.
            "birth_date": parse_iso_date(str(resource.get("birthDate") or "")),
            "sex": _SEX.get(str(resource.get("gender")), ""),
        }
        return patient_item(facts, source=where)

    def _note(
        self,
        resource: Resource,
        where: str,
        find_date: Callable[[Resource], object],
        find_text: Callable[[Resources, Resource], Extracted],
    ) -> Iterator[Item]:
        patient_id = note_id = ""
        # Also those of a resource that is left out, and those that are not the best: none is a note of its own.
        self._attachments.claim(_attachments(resource), _contained(resource))
        try:
            if any(resource.get(name) in _NOT_TO_BE_READ for name in ("status", "docStatus")):
                raise FieldError(
                    "IN140", "the resource is marked as entered in error or cancelled, and was left out"
                )
            patient_id = read_identifier(self._subject(resource), "the subject")
            note_id = read_identifier(_identity(resource), "the id of the resource")
            day = read_date(find_date(resource), "the date of the resource")
            note_type = read_type(_type(resource))
            extracted = find_text(self, resource)
            text = check_text(extracted.text, limits=self._limits)
        except FieldError as exc:
            yield rejected(exc, source=where, note_id=note_id, patient_id=patient_id)
            return
        except OSError as exc:
            yield unreadable(where, exc, note_id=note_id, patient_id=patient_id)
            return
        yield Note(patient_id, note_id, day, note_type, text, where, extracted.origin, extracted.pages)
        yield from unread_parts(extracted, source=where, note_id=note_id, patient_id=patient_id)

    def _subject(self, resource: Resource) -> str:
        """Return whose the resource is; empty when that is not said."""
        subject = _dict(resource, "subject")
        reference = subject.get("reference")
        kind = subject.get("type")
        if isinstance(kind, str) and kind.rpartition("/")[2] not in ("", "Patient"):
            return ""  # a group, a device, a place
        if isinstance(reference, str):
            named = _contained(resource).get(reference) or self._attachments.resources.get(reference)
            if named is not None and named.get("resourceType") != "Patient":
                return ""
            if named is not None:
                is_inside = reference.startswith("#")
                identifier = next(iter(_list(named, "identifier")), {}).get("value") if is_inside else None
                return str(identifier or named.get("id") or "")
            found = _REFERENCE.search(reference.partition("/_history/")[0])
            if found:
                return found[1]
            if reference.startswith("urn:uuid:"):
                return reference.removeprefix("urn:uuid:")
            if "/" in reference:
                return ""
        return str(_dict(subject, "identifier").get("value") or "")

    def document_text(self, resource: Resource) -> Extracted:
        """Return the text of a DocumentReference; its attachments are one document in several formats."""
        return self._best(_attachments(resource), resource)

    def report_text(self, resource: Resource) -> Extracted:
        """Return the text of a DiagnosticReport: as presented, else its narrative; and the conclusion."""
        forms = _attachments(resource)
        conclusion = resource.get("conclusion")
        conclusion = conclusion if isinstance(conclusion, str) and conclusion.strip() else ""
        if forms:
            extracted = self._best(forms, resource)
        else:
            narrative = _dict(resource, "text").get("div")
            is_own = _dict(resource, "text").get("status") != "empty"
            extracted = Extracted("", "fhir")
            if isinstance(narrative, str) and is_own:
                extracted = self._narrative(narrative, is_all=not conclusion)
        # A form with pages is the whole report, and what is no part of it has no page.
        if (
            conclusion
            and not extracted.pages
            and " ".join(conclusion.split()) not in " ".join(extracted.text.split())
        ):
            text = f"{extracted.text.rstrip()}\n\n" if extracted.text.strip() else ""
            extracted = replace(extracted, text=f"{text}Conclusion: {conclusion}")
        if not extracted.text.strip():
            raise FieldError(
                "IN139",
                "the report holds no text, only references to results; export its presentedForm or narrative",
            )
        return extracted

    def composition_text(self, resource: Resource) -> Extracted:
        """Return the titles and narratives of the sections of a Composition."""
        page: list[str] = []
        stack = list(reversed(_list(resource, "section")))
        while stack:
            section = stack.pop()
            if isinstance(section.get("title"), str):
                page.append(f"<h2>{html_text.escape(section['title'])}</h2>")
            if isinstance(_dict(section, "text").get("div"), str):
                page.append(section["text"]["div"])
            stack.extend(reversed(_list(section, "section")))
        if not page and isinstance(_dict(resource, "text").get("div"), str):
            page.append(resource["text"]["div"])
        return self._page("<html><body>" + "\n".join(page) + "</body></html>")

    def _narrative(self, markup: str, *, is_all: bool) -> Extracted:
        """Return the text of a narrative; when it is not all that there is, what is wrong with it costs itself only."""
        try:
            return self._page(markup)
        except FieldError as exc:
            if is_all:
                raise
            return Extracted("", "narrative in fhir", unread=((exc.code, exc.message),))

    def _page(self, markup: str) -> Extracted:
        from chartsift.nlp.formats import html  # noqa: PLC0415 - brings a parser

        extracted = html.extract(markup.encode("utf-8", "replace"), self._limits)
        return Extracted(extracted.text, "narrative in fhir")

    def _best(self, attachments: list[Resource], resource: Resource) -> Extracted:
        from chartsift.nlp.formats.unwrap import unwrap  # noqa: PLC0415 - brings every document format

        contained = _contained(resource)
        errors: list[FieldError] = []
        for attachment in sorted(attachments, key=_rank):
            try:
                data, media_type = self._attachments.content(attachment, contained)
                return unwrap(data, media_type=media_type, limits=self._limits, inside="fhir")
            except FieldError as exc:
                errors.append(exc)
        if not errors:
            raise FieldError("IN139", "the resource holds no attachment; leave it out")
        raise next((error for error in errors if error.code != "IN137"), errors[0])


def read_resource(resource: Resource, where: str, source: Source, limits: Limits) -> Iterator[Item]:
    """Yield what the one resource of a file gives."""
    resources = Resources(source, limits)
    try:
        yield from resources.read(resource, where)
    finally:
        resources.close()


def _document_date(resource: Resource) -> object:
    period = _dict(_dict(resource, "context"), "period")
    created = next((a["creation"] for a in _attachments(resource) if a.get("creation")), None)
    return resource.get("date") or created or period.get("end") or period.get("start")


def _report_date(resource: Resource) -> object:
    period = _dict(resource, "effectivePeriod")
    return (
        resource.get("effectiveDateTime")
        or period.get("end")
        or period.get("start")
        or resource.get("issued")
    )


def _composition_date(resource: Resource) -> object:
    return resource.get("date")


# Where a kind of resource has its date and its text.
_NOTES: dict[object, tuple[Callable[[Resource], object], Callable[[Resources, Resource], Extracted]]] = {
    "DocumentReference": (_document_date, Resources.document_text),
    "DiagnosticReport": (_report_date, Resources.report_text),
    "Composition": (_composition_date, Resources.composition_text),
}


def _identity(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}" if isinstance(resource.get("id"), str) else ""


def _type(resource: Resource) -> str:
    """Return what the note calls itself."""
    named = [_dict(resource, "type"), _dict(resource, "code"), *_list(resource, "category")]
    words = [resource.get("title"), *(_concept(concept) for concept in named), resource.get("description")]
    return next((word for word in words if isinstance(word, str) and word.strip()), "")


def _concept(concept: Resource) -> str:
    displays = [coding.get("display") for coding in _list(concept, "coding")]
    return next(
        (word for word in [concept.get("text"), *displays] if isinstance(word, str) and word.strip()), ""
    )


def _attachments(resource: Resource) -> list[Resource]:
    """Return the attachments of a DocumentReference or a DiagnosticReport."""
    if resource["resourceType"] == "DiagnosticReport":
        return _list(resource, "presentedForm")
    return [_dict(content, "attachment") for content in _list(resource, "content")]


def _contained(resource: Resource) -> dict[str, Resource]:
    return {
        f"#{inner['id']}": inner for inner in _list(resource, "contained") if isinstance(inner.get("id"), str)
    }


def _rank(attachment: Resource) -> int:
    media_type = str(attachment.get("contentType") or "").lower()
    return next((n for n, word in enumerate(_PREFERENCE) if word in media_type), len(_PREFERENCE))


def _dict(resource: Resource, name: str) -> Resource:
    value = resource.get(name)
    return value if isinstance(value, dict) else {}


def _list(resource: Resource, name: str) -> list[Resource]:
    """Return the objects of a list; what is no object is none."""
    value = resource.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
