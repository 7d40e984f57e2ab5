"""The shapes of the room's HTTP interface; those of screening without storing are in ``chartsift.api.schemas``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from chartsift.api.schemas import (
    CohortOut,
    CriterionOut,
    FindingOut,
    Identifier,
    InputProblemOut,
    IsoDate,
    RequestModel,
    ResponseModel,
    ScoreOut,
)
from chartsift.nlp.formats.fields import FIRST_YEAR, LAST_YEAR
from chartsift.nlp.types import CohortStatus, Sex

Role = Literal["viewer", "reviewer", "adjudicator", "trial_manager", "admin"]
Scope = Literal["evaluate", "read", "upload", "review", "export", "manage", "audit"]
ChartState = Literal["new", "in_review", "second_review", "to_adjudicate", "signed"]
Order = Literal[
    "decidable", "patient", "state", "status", "age", "lapse", "confidence", "last_note", "changed"
]
# Text of a person: without NUL, which PostgreSQL cannot hold.
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _plausible(day: date) -> date:
    """Refuse a day outside of the calendar of a batch run."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("plausible_date", "a date from 1900 to 2100 is expected")
    return day


PlausibleDay = Annotated[
    IsoDate,
    AfterValidator(_plausible),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^(19\d\d|20\d\d|2100)-"}),
]
Name = Annotated[Words, Field(min_length=1, max_length=100)]
OpaqueId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="Opaque identifier.")]
Share = Annotated[float, Field(ge=0, le=1)]


class MeOut(ResponseModel):
    """Who is signed in."""

    user_id: str
    name: str
    display_name: str
    is_admin: bool


class TokenIn(RequestModel):
    """A token to be made."""

    label: Name
    scopes: list[Scope] = Field(min_length=1)
    days: int = Field(ge=1, le=3650, description="Days until it lapses; the server's limit goes before.")
    study_id: OpaqueId | None = Field(default=None, description="Limit the token to one study.")


class TokenOut(ResponseModel):
    """A token, without its secret."""

    token_id: str
    label: str
    scopes: list[Scope]
    study_id: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """A token just made; the secret is shown this once."""

    secret: str


class TokensOut(ResponseModel):
    """Tokens of the caller."""

    items: list[TokenOut]


class UserIn(RequestModel):
    """An account to be made."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+-]{1,100}$")]
    display_name: Annotated[Words, Field(max_length=200)] = ""
    password: Annotated[Words, Field(min_length=12, max_length=1024)] | None = Field(
        default=None, description="Without one the person signs in through the site's identity provider."
    )
    is_admin: bool = False


class UserOut(ResponseModel):
    """An account."""

    user_id: str
    name: str
    display_name: str
    is_admin: bool
    created_at: datetime
    disabled_at: datetime | None


class UsersOut(ResponseModel):
    """All accounts."""

    items: list[UserOut]


class SessionOut(ResponseModel):
    """A session that is not over."""

    session_id: str
    method: Literal["password", "oidc", "demo"]
    created_at: datetime
    last_seen_at: datetime = Field(description="Last request, to the minute.")
    expires_at: datetime
    is_current: bool


class SessionsOut(ResponseModel):
    """Sessions of the caller."""

    items: list[SessionOut]


class StudyIn(RequestModel):
    """A study to be made; whoever makes it becomes its administrator."""

    title: Annotated[Words, Field(min_length=1, max_length=200)]
    trial: str = Field(default="", max_length=100, description="Trial id; the server's default without it.")
    blind_first_share: Share = 0.0
    second_review_share: Share = 1.0


class StudyChange(RequestModel):
    """Settings to be changed; what is left out stays. The shares hold for patients added from now on."""

    version: int = Field(ge=1, le=10_000_000, description="`version` that the caller has seen.")
    title: Annotated[Words, Field(min_length=1, max_length=200)] | None = None
    blind_first_share: Share | None = None
    second_review_share: Share | None = None


class StudyOut(ResponseModel):
    """A study and the caller's role in it."""

    study_id: str
    title: str
    trial_id: str
    trial_version: str
    trial_fingerprint: str
    role: Role | None
    blind_first_share: float
    second_review_share: float
    version: int


class StudiesOut(ResponseModel):
    """The studies of the caller."""

    items: list[StudyOut]


class MemberIn(RequestModel):
    """A role for a person."""

    role: Role


class MemberOut(ResponseModel):
    """A person of a study."""

    user_id: str
    name: str
    display_name: str
    role: Role


class MembersOut(ResponseModel):
    """The people of a study."""

    items: list[MemberOut]


class PatientSearch(RequestModel):
    """
    What to list. Identifiers of patients travel in the body of a request, never in its address.
    """

    search: Annotated[Words, Field(max_length=200)] = ""
    state: ChartState | Literal[""] = ""
    status: CohortStatus | Literal[""] = ""
    missing: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")] = ""
    reader: Annotated[str, Field(pattern=r"^(|me|nobody|[0-9a-f]{24})$")] = ""
    lapses_before: PlausibleDay | None = None
    changed: bool = False
    order: Order = "decidable"
    descending: bool = False
    offset: int = Field(default=0, ge=0, le=10_000_000)
    limit: int = Field(default=50, ge=1, le=200)


class NewPatient(RequestModel):
    """A patient to be added."""

    site_id: Annotated[Words, Field(min_length=1, max_length=200)] = Field(
        description="The site's own identifier."
    )
    birth_date: PlausibleDay | None = None
    sex: Sex | None = None
    as_of: PlausibleDay | None = Field(
        default=None, description="Day of screening; else that of the last note."
    )


class PatientChange(RequestModel):
    """What is known of a patient beside the notes; all three are set."""

    birth_date: PlausibleDay | None
    sex: Sex | None
    as_of: PlausibleDay | None


class ProposalOut(ResponseModel):
    """What the system proposes, in one line."""

    result_id: str
    cohort_id: str
    status: CohortStatus
    as_of: date
    score: float
    confidence: float
    missing: list[str]
    against: list[str]
    first_lapse: date | None
    age_limit_on: date | None
    last_note_on: date | None
    notes_read: int
    notes_unread: int


class PatientRowOut(ResponseModel):
    """A patient of the work list."""

    patient_id: str
    site_id: str
    birth_date: date | None
    sex: Sex | None
    as_of: date | None
    age_years: int | None
    state: ChartState
    version: int
    round: int
    reader_id: str | None = Field(description="Who reads it now, else to whom it is assigned.")
    reader: str | None
    changed_at: datetime | None = Field(description="When a verdict changed last.")
    is_proposal_hidden: bool = Field(description="The chart is read blind to the system first.")
    proposal: ProposalOut | None


class PatientsOut(ResponseModel):
    """A page of the work list."""

    items: list[PatientRowOut]
    total: int
    offset: int
    limit: int
    by_state: dict[ChartState, int]
    changed: int = Field(description="Signed charts whose verdicts changed since.")


class NextPatientOut(ResponseModel):
    """The chart to take up next; None when nothing waits for the caller."""

    patient_id: str | None


class AssignIn(RequestModel):
    """Who is to read a chart first; None leaves it to whoever takes it."""

    user_id: OpaqueId | None


class NewNote(RequestModel):
    """A note to be added; the text is kept exactly as it is."""

    note_id: Identifier = Field(description="Unique within the patient.")
    note_date: PlausibleDay
    note_type: Annotated[Words, Field(max_length=200)] = ""
    text: Annotated[Words, Field(min_length=1)]


class NoteInfoOut(ResponseModel):
    """A note without its text. ``id`` names it in this interface, ``note_id`` is the site's."""

    id: str
    note_id: str
    note_date: date
    note_type: str
    length: int
    origin: str
    pages: list[int]


class NotesOut(ResponseModel):
    """The notes of a patient, oldest first."""

    items: list[NoteInfoOut]


class NoteOut(NoteInfoOut):
    """A note with its text; offsets everywhere count its Unicode code points."""

    text: str


class NoteAddedOut(ResponseModel):
    """What became of a note; the very same text of the same day is not added twice."""

    is_new: bool
    note: NoteInfoOut


class FindingsOut(ResponseModel):
    """A page of the findings of a chart; ``note_id`` is the site's."""

    result_id: str
    items: list[FindingOut]
    total: int
    offset: int
    limit: int


class ResultOut(ResponseModel):
    """The verdicts in force on a patient. A proposal: a person decides."""

    result_id: str
    fingerprint: str
    software_fingerprint: str
    trial_fingerprint: str
    trial_version: str
    as_of: date
    computed_at: datetime
    cohorts: list[CohortOut]
    criteria: list[CriterionOut]
    scores: list[ScoreOut]
    problems: list[InputProblemOut]
