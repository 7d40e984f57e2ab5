"""
From a request to charts in memory: JSON of the HTTP interface, files of the upload form, the bundled samples.

Files are read by the same readers as in a batch run (`chartsift.nlp.formats`); nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files as package_files
from pathlib import PurePath
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from chartsift.api.problems import RequestError
from chartsift.api.schemas import EvaluateIn
from chartsift.api.screener import Chart
from chartsift.api.settings import Settings
from chartsift.nlp.formats import Item, Limits, Rejected, Source, choose_reader, read_upload
from chartsift.nlp.formats.base import HEAD_BYTES
from chartsift.nlp.formats.fields import FieldError, note_item, patient_item, read_date, read_identifier
from chartsift.nlp.formats.naming import parse_file_name
from chartsift.nlp.screening.chart import duplicate_problem, input_name
from chartsift.nlp.types import Note, Patient, Problem, Sex

# An archive of text unpacks to several times its size; text of this many times the largest request fits in
# memory, and what claims to unpack to more is not a chart.
UNPACKED_TIMES = 4

_FORM_FIELDS = 10
_FORM_FIELD_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of the form: its name as sent and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Details:
    """What the form says beside the files; everything may be missing."""

    as_of: date | None = None
    patient_id: str = ""
    birth_date: date | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The upload form as sent."""

    files: tuple[UploadedFile, ...]
    details: Details


@dataclass(frozen=True, slots=True)
class Intake:
    """
    Charts to screen.

    Attributes:
        charts: One for each patient with at least one readable note, in the order of their first mention.
        problems: What could not be read.
        notices: Sentences for the reader of the page.
        as_of: Screening date for everyone, if one was given.
    """

    charts: tuple[Chart, ...]
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    as_of: date | None = None


def charts_of_request(request: EvaluateIn, settings: Settings) -> Intake:
    """
    Return the charts of an evaluation request.

    Raises:
        RequestError: too many patients or notes, too long a note, a patient twice, no plausible screening date
            (HT802, HT803, HT804, HT813, HT814).
    """
    if len(request.patients) > settings.max_patients:
        raise RequestError("HT802", f"at most {settings.max_patients:,} patients in one request")
    if sum(len(patient.notes) for patient in request.patients) > settings.max_notes:
        raise RequestError("HT803", f"at most {settings.max_notes:,} notes in one request")
    if any(
        len(note.text) > settings.max_note_chars for patient in request.patients for note in patient.notes
    ):
        raise RequestError("HT804", f"at most {settings.max_note_chars:,} characters in a note")
    if len({patient.patient_id.strip() for patient in request.patients}) < len(request.patients):
        raise RequestError("HT813")
    if request.as_of:
        _plausible(request.as_of)
    return replace(_collect(_request_items(request, _limits(settings)), settings), as_of=request.as_of)


async def read_form(request: Request, settings: Settings) -> Form:
    """
    Return the upload form of *request*, its files in memory.

    Raises:
        RequestError: no form (HT812), too many files (HT802), or a detail that is no date (HT814).
    """
    try:
        form = await _parse_form(request, settings)
    except MultiPartException as exc:
        # The parser's message may quote a field name, so that only the code goes on.
        if exc.message.startswith("Too many files"):
            raise RequestError("HT802", f"at most {settings.max_files:,} files in one form") from exc
        raise RequestError("HT812") from exc
    except HTTPException as exc:
        raise RequestError("HT812") from exc
    try:
        uploads = [
            UploadedFile(part.filename or "upload", await part.read())
            for part in form.getlist("files")
            # A browser sends one nameless empty part when no file was chosen.
            if isinstance(part, UploadFile) and (part.filename or part.size)
        ]
        details = _details({name: value for name, value in form.items() if isinstance(value, str)})
    finally:
        await form.close()
    return Form(tuple(uploads), details)


def charts_of_files(uploads: Sequence[UploadedFile], details: Details, settings: Settings) -> Intake:
    """
    Return the charts that uploaded files hold.

    Raises:
        RequestError: too many patients or notes, or archives that unpack to too much (HT801, HT802, HT803).
    """
    limits = _limits(settings)
    items = (item for upload in uploads for item in _file_items(upload, details, limits))
    return _with_details(_collect(items, settings), details)


def sample_charts(settings: Settings) -> Intake:
    """Return the charts that come with the package."""
    folder = package_files("chartsift.annotations") / "charts"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    items = (
        item
        for name in names
        for item in read_upload(name, (folder / name).read_bytes(), limits=_limits(settings))
    )
    return _collect(items, settings)


@dataclass(slots=True)
class _Draft:
    """A chart while its parts arrive."""

    patient: Patient
    is_listed: bool = False
    notes: dict[str, Note] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def _collect(items: Iterable[Item], settings: Settings) -> Intake:
    """
    Group *items* by patient as a batch run does, in memory.

    It stops as soon as a limit is passed, however much would follow.
    """
    drafts: dict[str, _Draft] = {}
    problems: list[Problem] = []
    notes = chars = 0
    for item in items:
        if isinstance(item, Rejected):
            problems.append(item.problem)
            if item.is_missed and item.patient_id:
                _draft(drafts, item.patient_id).unread.append(input_name(item.problem))
            continue
        draft = _draft(drafts, item.patient_id)
        if isinstance(item, Patient):
            _list_patient(draft, item, problems)
            continue
        notes += 1
        chars += len(item.text)
        if notes > settings.max_notes:
            raise RequestError("HT803", f"at most {settings.max_notes:,} notes in one request")
        if chars > UNPACKED_TIMES * settings.max_body_bytes:
            raise RequestError("HT801")
        if len(drafts) > settings.max_patients:
            raise RequestError("HT802", f"at most {settings.max_patients:,} patients in one request")
        _add_note(draft, item, problems)
    charts = tuple(
        Chart(draft.patient, tuple(draft.notes.values()), tuple(draft.unread))
        for draft in drafts.values()
        if draft.notes
    )
    return Intake(charts, tuple(problems))


def _draft(drafts: dict[str, _Draft], patient_id: str) -> _Draft:
    return drafts.setdefault(patient_id, _Draft(Patient(patient_id)))


def _add_note(draft: _Draft, note: Note, problems: list[Problem]) -> None:
    known = draft.notes.setdefault(note.note_id, note)
    if known is note:
        return
    problems.append(duplicate_problem(note.source, note.note_id))
    # A plain copy hides nothing; another text under the same identifier is a note that nobody read.
    if (known.text, known.note_date) != (note.text, note.note_date):
        draft.unread.append(input_name(problems[-1]))


def _list_patient(draft: _Draft, patient: Patient, problems: list[Problem]) -> None:
    if draft.is_listed and draft.patient != patient:
        why = "a patient is listed twice with different facts; the first was used. List each patient once"
        problems.append(Problem("patients", "", "IN123", why))
    if not draft.is_listed:
        draft.patient, draft.is_listed = patient, True


def _request_items(request: EvaluateIn, limits: Limits) -> Iterator[Item]:
    for at, patient in enumerate(request.patients):
        facts = patient.model_dump(exclude={"notes"})
        yield patient_item(facts, source=f"patients[{at}]")
        for number, note in enumerate(patient.notes):
            row = {"patient_id": patient.patient_id, **note.model_dump()}
            yield note_item(row, source=f"patients[{at}].notes[{number}]", limits=limits)


def _file_items(upload: UploadedFile, details: Details, limits: Limits) -> Iterator[Item]:
    name = PurePath(upload.name.replace("\\", "/")).name
    reader = choose_reader(upload.data[:HEAD_BYTES], PurePath(name).suffix.lower())
    is_one_note = reader is not None and reader.extract is not None
    if reader and is_one_note and details.patient_id and not parse_file_name(name).patient:
        # As if the file lay in a folder of the patient, which is how a batch run is told.
        source = Source.of_bytes(name, upload.data)
        yield from reader.read(replace(source, parts=(details.patient_id, name)), limits)
        return
    yield from read_upload(upload.name, upload.data, limits=limits)


def _with_details(intake: Intake, details: Details) -> Intake:
    """Fill in what the form says of the patient, where the files do not say it themselves."""
    intake = replace(intake, as_of=details.as_of)
    if details.birth_date is None and details.sex is None:
        return intake
    if len(intake.charts) != 1:
        notice = "Date of birth and sex of the form were not used: they are for an upload of one patient."
        return replace(intake, notices=(*intake.notices, notice))
    chart = intake.charts[0]
    patient = replace(
        chart.patient,
        birth_date=chart.patient.birth_date or details.birth_date,
        sex=chart.patient.sex or details.sex,
    )
    return replace(intake, charts=(replace(chart, patient=patient),))


async def _parse_form(request: Request, settings: Settings) -> FormData:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RequestError("HT812")
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=settings.max_files,
        max_fields=_FORM_FIELDS,
        max_part_size=_FORM_FIELD_BYTES,
    )
    # Keep the parts in memory: the default writes files over 1 MB to the disk of the server.
    parser.spool_max_size = settings.max_body_bytes + 1
    return await parser.parse()


def _details(values: dict[str, Any]) -> Details:
    sex = values.get("sex", "")
    return Details(
        as_of=_day(values.get("as_of", "")),
        patient_id=_patient_code(values.get("patient_id", "")),
        birth_date=_day(values.get("birth_date", "")),
        sex=sex if sex in ("F", "M", "X") else None,
    )


def _day(value: str) -> date | None:
    if not value.strip():
        return None
    return _plausible(value)


def _plausible(day: str | date) -> date:
    """Return a day that is within the calendar of a batch run; raises RequestError HT814."""
    try:
        return read_date(day, "the date")
    except FieldError as exc:
        raise RequestError("HT814") from exc


def _patient_code(value: str) -> str:
    if not value.strip():
        return ""
    try:
        return read_identifier(value, "the patient code")
    except FieldError as exc:
        raise RequestError("HT812", exc.message) from exc


def _limits(settings: Settings) -> Limits:
    return Limits(
        note_chars=settings.max_note_chars,
        row_bytes=settings.max_body_bytes,
        document_bytes=settings.max_body_bytes,
        archive_members=2 * settings.max_notes,
        archive_bytes=UNPACKED_TIMES * settings.max_body_bytes,
    )
