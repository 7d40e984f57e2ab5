"""The shapes of judgement: readings, decisions, signatures, adjudication, agreement, the audit trail and erasures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from chartsift.api.schemas import Identifier, RequestModel, ResponseModel
from chartsift.api.v1.models import ChartState, OpaqueId, Words
from chartsift.nlp.types import Stance, Status

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
Expected = Annotated[
    int, Field(ge=0, le=10_000_000, description="`last` of what the caller has seen; anything else is CO601.")
]


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
