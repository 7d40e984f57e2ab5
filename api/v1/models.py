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
from chartsift.nlp.types import CohortStatus, Sex, Stance, Status

Role = Literal["viewer", "reviewer", "adjudicator", "trial_manager", "admin"]
Scope = Literal["evaluate", "read", "upload", "review", "export", "manage", "audit"]
ChartState = Literal["new", "in_review", "second_review", "to_adjudicate", "signed"]
Slot = Literal["first", "second", "adjudication"]
Act = Literal["verdict", "evidence_added", "evidence_rejected", "undo"]
VerdictReason = Literal[
    "",
    "as_proposed",
    "misread",
    "not_found",
    "not_enough",
    "outdated",
    "other_source",
    "conflict_settled",
    "clinical_judgement",
    "other",
]
EvidenceReason = Literal[
    "negated",
    "planned",
    "other_person",
    "other_concept",
    "outdated",
    "copied",
    "wrong_value",
    "other",
]
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
Expected = Annotated[
    int, Field(ge=0, le=10_000_000, description="`last` of what the caller has seen; anything else is CO601.")
]
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


class DecisionIn(RequestModel):
    """A verdict on a criterion; it takes the place of the caller's verdict before."""

    criterion_id: Identifier
    verdict: Status
    reason: VerdictReason = ""
    comment: Annotated[Words, Field(max_length=4000)] = ""
    expected: Expected


class EvidenceIn(RequestModel):
    """Words of a note that speak for or against a criterion."""

    criterion_id: Identifier
    note_id: OpaqueId
    start: int = Field(ge=0, le=2**31 - 1)
    end: int = Field(ge=1, le=2**31 - 1)
    stance: Stance = "for"
    comment: Annotated[Words, Field(max_length=4000)] = ""
    expected: Expected


class RejectionIn(RequestModel):
    """Evidence that does not count, and why."""

    criterion_id: Identifier
    note_id: OpaqueId
    start: int = Field(ge=0, le=2**31 - 1)
    end: int = Field(ge=1, le=2**31 - 1)
    finding_id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,40}$")] | None = None
    reason: EvidenceReason
    comment: Annotated[Words, Field(max_length=4000)] = ""
    expected: Expected


class UndoIn(RequestModel):
    """Undo the last act in force, of the whole reading or of one criterion."""

    criterion_id: Annotated[str, Field(max_length=200)] = ""
    expected: Expected = Field(description="`sequence` of the act to undo, as the caller sees it.")


class SignIn(RequestModel):
    """Sign a reading."""

    expected: Expected = Field(description="`version` of the reading that the caller sees.")


class DecisionOut(ResponseModel):
    """One act of a reading. Rows are only ever added."""

    decision_id: str
    sequence: int
    act: Act
    cohort_id: str
    criterion_id: str
    verdict: Status | None
    reason: str
    comment: str
    note_id: str | None
    start: int | None
    end: int | None
    stance: Stance | None
    finding_id: str | None
    supersedes_id: str | None
    undoes_id: str | None
    made_by: str = Field(description="Name, or a letter where the name is hidden.")
    made_at: datetime
    is_blind_to_system: bool
    result_fingerprint: str


class CriterionStateOut(ResponseModel):
    """What is in force on one criterion of a reading; send ``last`` as ``expected``."""

    cohort_id: str
    criterion_id: str
    verdict: DecisionOut | None
    evidence: list[DecisionOut]
    last: int


class ReviewOut(ResponseModel):
    """A reading as the caller may see it."""

    review_id: str
    slot: Slot | None = Field(description="None where it would tell who the reader is.")
    reader: str
    is_mine: bool
    is_blind: bool
    version: int
    started_at: datetime
    revealed_at: datetime | None
    signed_at: datetime | None
    criteria: list[CriterionStateOut]


class RecordedOut(ResponseModel):
    """A verdict of record."""

    cohort_id: str
    criterion_id: str
    verdict: Status
    decision_id: str
    settled: Literal["single", "agreed", "adjudicated"]


class ReviewsOut(ResponseModel):
    """The readings of a chart that the caller may see, and the record once it is signed."""

    state: ChartState
    round: int
    items: list[ReviewOut]
    record: list[RecordedOut]


class DecisionsOut(ResponseModel):
    """Every act of the readings that the caller may see, in order."""

    items: list[DecisionOut]
    total: int
    offset: int
    limit: int


class SignatureOut(ResponseModel):
    """A signature and what the chart waits for now."""

    signature_id: str
    signed_at: datetime
    meaning: str
    digest: str
    state: ChartState


class DisagreementOut(ResponseModel):
    """A criterion on which two readers differ."""

    cohort_id: str
    criterion_id: str


class AdjudicationItemOut(ResponseModel):
    """A chart that waits for adjudication."""

    patient_id: str
    site_id: str
    disagreements: list[DisagreementOut]


class AdjudicationQueueOut(ResponseModel):
    """Charts that the caller can settle."""

    items: list[AdjudicationItemOut]


class KappaOut(ResponseModel):
    """Agreement on one criterion with its 95 % interval."""

    charts: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None


class OverridesOut(ResponseModel):
    """How often a reader decided otherwise than proposed, of the verdicts given seeing the proposal."""

    reviewer: str
    criterion_id: str
    overridden: int
    verdicts: int


class AgreementOut(ResponseModel):
    """Agreement of a study by criterion: of readers, with the system, and with the system read blind."""

    readers: dict[str, KappaOut]
    system: dict[str, KappaOut]
    system_blind: dict[str, KappaOut]
    overrides: list[OverridesOut]


class AuditEntryOut(ResponseModel):
    """One entry of the audit trail."""

    sequence: int
    at: datetime
    actor: str
    action: str
    patient_id: str
    target: str
    details: dict[str, str | int | bool | None]
    entry_hash: str


class AuditOut(ResponseModel):
    """A page of the audit trail of a study, the latest entries first."""

    items: list[AuditEntryOut]
    total: int
    offset: int
    limit: int


class ErasureIn(RequestModel):
    """The order to erase a patient, with the reason as a code: it stays on record."""

    reason: Literal["consent_withdrawn", "patient_request", "wrong_study", "retention", "other"]


class ErasureOut(ResponseModel):
    """Proof that a patient was erased."""

    erasure_id: str
    sequence: int = Field(description="Number of the entry in the audit trail.")
    entry_hash: str
    rows_left: int = Field(description="Rows that still name the patient, besides the trail; 0.")
    is_whole: bool = Field(description="Whether the audit trail is whole.")


class AuditCheckOut(ResponseModel):
    """What a walk over the whole audit trail found."""

    entries: int
    head: str = Field(
        description="Hash of the last entry. Kept elsewhere, it shows when entries were cut off."
    )
    is_whole: bool
    broken_at: int | None
    fault: str
