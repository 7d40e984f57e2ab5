"""The shapes of what comes in and what changes: uploads, jobs, lists of patients, versions of the trial."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from chartsift.api.schemas import RequestModel, ResponseModel
from chartsift.api.v1.models import OpaqueId, Words
from chartsift.nlp.types import CohortStatus, Status

UploadState = Literal["received", "checked", "adding", "done", "discarded"]
FileState = Literal["received", "read", "failed", "added", "duplicate", "left_out"]
ItemKind = Literal["note", "patient", "problem"]
ItemState = Literal["ready", "incomplete", "duplicate", "left_out", "unread", "added", "failed"]
JobState = Literal["queued", "running", "done", "failed"]


class UploadFileOut(ResponseModel):
    """One file of an upload and what became of it."""

    file_id: str
    name: str
    size_bytes: int
    digest: str = Field(description="SHA-256 of the content.")
    format: str = Field(description="Recognised format; empty before it was read, or where it is unknown.")
    state: FileState
    code: str = Field(description="First problem in the file; see the lines for its remedy.")
    notes_added: int
    added_before: date | None = Field(description="Day on which the very same file was added before.")


class UploadSummaryOut(ResponseModel):
    """What a draft would add, or what came of it."""

    notes: int = Field(description="Notes that would be added.")
    patients: int
    new_patients: int
    incomplete: int = Field(description="Notes that lack their patient or day.")
    duplicates: int
    left_out: int
    unread: int = Field(description="Inputs that could not be read.")
    added: int
    failed: int


class JobOut(ResponseModel):
    """A piece of work of the worker."""

    job_id: str
    kind: str
    state: JobState
    done: int
    total: int
    attempts: int
    code: str = Field(description="Why it failed last; empty otherwise.")
    created_at: datetime
    finished_at: datetime | None


class UploadOut(ResponseModel):
    """An upload."""

    upload_id: str
    state: UploadState
    created_at: datetime
    finished_at: datetime | None
    files: list[UploadFileOut]
    summary: UploadSummaryOut
    jobs: list[JobOut] = Field(description="The work that belongs to it, in order.")


class UploadInfoOut(ResponseModel):
    """An upload in the list of them."""

    upload_id: str
    state: UploadState
    created_at: datetime
    finished_at: datetime | None
    notes: dict[ItemState, int] = Field(description="Notes by state.")


class UploadsOut(ResponseModel):
    """A page of uploads, the latest first."""

    items: list[UploadInfoOut]
    total: int
    offset: int
    limit: int


class UploadItemOut(ResponseModel):
    """One line of a draft: a note, facts of a patient, or an input that could not be read."""

    item_id: str
    file_id: str
    kind: ItemKind
    state: ItemState
    label: str = Field(description="Where it was found.")
    site_id: str = Field(description="The site's identifier of the patient; empty once it is added.")
    note_date: date | None
    note_type: str
    length: int = Field(description="Code points.")
    code: str
    message: str = Field(description="What is wrong and what to do, free of words of the note.")
    patient_id: str | None = Field(description="Patient whose chart it is in.")


class UploadItemsOut(ResponseModel):
    """A page of the lines of a draft."""

    items: list[UploadItemOut]
    total: int
    offset: int
    limit: int


class ItemCorrection(RequestModel):
    """What a person says of a line; a field that is left out stays as it is, an empty one is cleared."""

    item_id: OpaqueId
    site_id: Annotated[Words, Field(max_length=200)] | None = None
    note_date: Annotated[Words, Field(max_length=40)] | None = Field(default=None, description="YYYY-MM-DD.")
    note_type: Annotated[Words, Field(max_length=200)] | None = None
    leave_out: bool | None = None


class CorrectionsIn(RequestModel):
    """Corrections of a draft: all are kept, or none."""

    items: list[ItemCorrection] = Field(min_length=1, max_length=1000)


class JobsOut(ResponseModel):
    """A page of jobs, the latest first."""

    items: list[JobOut]
    total: int
    offset: int
    limit: int


class PatientListIn(RequestModel):
    """A list of patients to work through, as CSV."""

    csv: Annotated[Words, Field(min_length=1, max_length=2_000_000)] = Field(
        description="Header and rows: patient_id, and where known birth_date, sex, as_of, reader."
    )


class RowFaultOut(ResponseModel):
    """A row of a list that could not be taken."""

    row: int
    code: str
    message: str


class ListedOut(ResponseModel):
    """What became of a list; with any fault nobody was added."""

    added: int
    known: int
    assigned: int
    faults: list[RowFaultOut]


class VerdictChangeOut(ResponseModel):
    """A verdict that became another."""

    criterion_id: str
    before: Status | None = Field(description="None for a criterion that was not there.")
    after: Status | None
    basis_before: str
    basis_after: str
    causes: list[str] = Field(
        default=[],
        description="Why, as far as it can be told for one criterion: notes, window, age_limit, cohort, trial; "
        "else the reasons of the whole change. Empty in a preview.",
    )
    day: date | None = Field(default=None, description="Of the window or limit of age that passed.")


class ResultChangeOut(ResponseModel):
    """Verdicts on a patient became others: which, from what, to what, and why."""

    result_id: str
    previous_id: str
    cohort_before: str
    cohort_after: str
    status_before: CohortStatus
    status_after: CohortStatus
    changes: list[VerdictChangeOut]
    reasons: list[str]
    made_at: datetime


class ResultChangesOut(ResponseModel):
    """What changed in the verdicts on a patient, the latest first."""

    items: list[ResultChangeOut]


class ScreeningDayIn(RequestModel):
    """As of which day charts are read that have no day of their own."""

    screening_day: Literal["last_note", "today"]


class ScreeningDayOut(ResponseModel):
    """As of which day charts are read that have no day of their own."""

    screening_day: Literal["last_note", "today"]
    version: int


class TrialVersionIn(RequestModel):
    """Another version of the study's trial: a YAML file, or the one that is bundled with this version."""

    trial_file: Annotated[Words, Field(min_length=1, max_length=1_000_000)] | None = Field(
        default=None,
        description="YAML as `chartsift trial check` accepts it; the bundled version when left out.",
    )


class FlipOut(ResponseModel):
    """A patient whose verdicts would be others."""

    patient_id: str
    is_signed: bool
    status_before: CohortStatus
    status_after: CohortStatus
    cohort_before: str
    cohort_after: str
    changes: list[VerdictChangeOut]


class PreviewOut(ResponseModel):
    """What another version of the trial would change."""

    preview_id: str
    state: JobState
    done: int
    total: int
    trial_version: str
    trial_fingerprint: str
    flips: list[FlipOut] = Field(description="Those found so far; only charts that the caller may see.")


class SwitchIn(RequestModel):
    """Put a version in force."""

    version: int = Field(ge=1, le=10_000_000, description="`version` of the study that was seen.")


class StaleCriterionOut(ResponseModel):
    """A criterion on which the signed decision and the present proposal differ."""

    criterion_id: str
    decided: str
    proposed: str


class StaleOut(ResponseModel):
    """A chart that was signed under another version of the trial."""

    patient_id: str
    signed_at: datetime
    trial_version: str
    criteria: list[StaleCriterionOut]


class StaleListOut(ResponseModel):
    """Signed charts whose decisions were made under another version of the trial."""

    items: list[StaleOut]
