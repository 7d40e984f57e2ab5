"""
From a request to charts in memory: JSON of the HTTP interface, and the bundled samples; nothing is written to disk.

Files that somebody uploads go another way, through a draft that a person corrects (`services/upload_reading.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files as package_files

from chartsift.api.problems import RequestError
from chartsift.api.schemas import EvaluateIn
from chartsift.api.screener import Chart
from chartsift.api.settings import Settings
from chartsift.nlp.formats import Item, Limits, Rejected, read_upload
from chartsift.nlp.formats.fields import FieldError, note_item, patient_item, read_date
from chartsift.nlp.screening.chart import duplicate_problem, input_name
from chartsift.nlp.types import Note, Patient, Problem

# An archive of text unpacks to several times its size; text of this many times the largest request fits in
# memory, and what claims to unpack to more is not a chart.
UNPACKED_TIMES = 4


@dataclass(frozen=True, slots=True)
class Intake:
    """
    Charts to screen.

    Attributes:
        charts: One for each patient with at least one readable note, in the order of their first mention.
        problems: What could not be read.
        as_of: Screening date for everyone, if one was given.
    """

    charts: tuple[Chart, ...]
    problems: tuple[Problem, ...] = ()
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


def _plausible(day: str | date) -> date:
    """Return a day that is within the calendar of a batch run; raises RequestError HT814."""
    try:
        return read_date(day, "the date")
    except FieldError as exc:
        raise RequestError("HT814") from exc


def _limits(settings: Settings) -> Limits:
    return Limits(
        note_chars=settings.max_note_chars,
        row_bytes=settings.max_body_bytes,
        document_bytes=settings.max_body_bytes,
        archive_members=2 * settings.max_notes,
        archive_bytes=UNPACKED_TIMES * settings.max_body_bytes,
    )
