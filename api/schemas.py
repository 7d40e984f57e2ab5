"""
The shapes of the HTTP interface. Requests refuse unknown fields; the rows of a response are those of the
output files, column by column, and a column that is not described here fails loudly in the tests.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chartsift.nlp.types import (
    Assertion,
    Basis,
    CohortStatus,
    Comparator,
    CriterionKind,
    DateSource,
    ItemState,
    ScoreVerdict,
    Sex,
    Stance,
    Status,
)

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _only_iso_dates(value: Any) -> Any:
    """Refuse everything that is not written YYYY-MM-DD; pydantic alone would take a number of seconds too."""
    if value is None or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("iso_date", "a date as YYYY-MM-DD is expected")


IsoDate = Annotated[
    date, BeforeValidator(_only_iso_dates), WithJsonSchema({"type": "string", "format": "date"})
]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class RequestModel(BaseModel):
    """Base of what is sent in: unknown fields are refused, and an error does not repeat what was sent."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ResponseModel(BaseModel):
    """Base of what is answered."""

    # A column that is not described here fails loudly rather than slipping out undocumented.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NoteIn(RequestModel):
    """One clinical note. The text is taken as it is; offsets in the answer count its Unicode code points."""

    note_id: Identifier = Field(description="Unique within the patient.")
    note_date: IsoDate = Field(description="The day the note speaks for.")
    note_type: str = Field(default="", max_length=200, description='Free text such as "Discharge summary".')
    text: str


class PatientIn(RequestModel):
    """One patient with all notes that are to be read."""

    patient_id: Identifier
    birth_date: IsoDate | None = None
    sex: Sex | None = None
    as_of: IsoDate | None = Field(default=None, description="Day of screening of this patient.")
    notes: list[NoteIn] = Field(min_length=1)


class EvaluateIn(RequestModel):
    """Notes in; nothing of them is stored or logged."""

    trial: str | None = Field(default=None, description="Trial id; the server's default trial without it.")
    as_of: IsoDate | None = Field(
        default=None,
        description="Day of screening for everyone. Without it a patient's own, else the date of the last note.",
    )
    patients: list[PatientIn] = Field(min_length=1)


class AttributeOut(ResponseModel):
    """One further fact of a finding."""

    name: str
    value: str


class FindingOut(ResponseModel):
    """One mention in one note: ``text`` is the note's text from code point ``start`` to ``end``."""

    patient_id: str
    note_id: str
    start: int
    end: int
    text: str
    kind: str
    concept: str
    assertion: Assertion
    value: float | None
    unit: str
    date: date
    section: str
    score: float
    finding_id: str
    comparator: Comparator
    ref_low: float | None
    ref_high: float | None
    flag: str
    date_source: DateSource
    attributes: list[AttributeOut]
    rule: str
    cues: list[str]
    page: int | None


class EvidenceOut(ResponseModel):
    """The exact words that bear on a criterion, with the side they speak for."""

    note_id: str
    start: int
    end: int
    text: str
    stance: Stance
    reason: str
    note_date: date | None
    finding_id: str
    page: int | None


class SearchOut(ResponseModel):
    """What was read when nothing speaks to a criterion; ``vocabulary`` of the answer lists the terms by kind."""

    notes: int
    first: date | None
    last: date | None
    kinds: list[str]
    terms: int
    unread: list[str]


class CriterionOut(ResponseModel):
    """The verdict on one criterion of one cohort for one patient. A proposal: a person decides."""

    patient_id: str
    trial_id: str
    cohort_id: str
    criterion_id: str
    kind: CriterionKind
    status: Status
    basis: Basis
    confidence: float
    rationale: str
    flags: list[str]
    evidence: list[EvidenceOut]
    next_step: str
    valid_until: date | None = Field(description="Last day of the verdict, given no new note.")
    changes_to: Status | None = Field(description="The status from the day after.")
    searched: SearchOut | None
    trial_version: str


class CohortOut(ResponseModel):
    """The verdict on one cohort for one patient; ``applicable`` marks the cohort of the patient's age."""

    patient_id: str
    trial_id: str
    cohort_id: str
    applicable: bool
    status: CohortStatus
    as_of: date
    missing: list[str]
    score: float
    trial_version: str
    notes_read: int
    notes_unread: int
    birth_date: date | None
    sex: Sex | None


class ScoreItemOut(ResponseModel):
    """One item of a classification score as the chart documents it; ``undocumented`` leaves the points open."""

    item_id: str
    label: str
    state: ItemState
    points: float
    points_low: float
    points_high: float
    value: str
    reason: str
    evidence: list[EvidenceOut]


class ScoreOut(ResponseModel):
    """A classification score of one patient as an interval. It supports a criterion and never decides it."""

    patient_id: str
    trial_id: str
    criterion_id: str
    score_id: str
    score_version: str
    title: str
    column: str
    score_low: float
    score_high: float
    probability_low: float
    probability_high: float
    label_low: str
    label_high: str
    verdict: ScoreVerdict
    subgroups: list[str]
    open_items: list[str]
    decisive_items: list[str]
    flags: list[str]
    summary: str
    items: list[ScoreItemOut]


class InputProblemOut(ResponseModel):
    """A note that could not be read or was left out, with what to do about it."""

    source: str
    note_id: str
    code: str
    message: str


class TrialCriterionOut(ResponseModel):
    """One criterion in one line."""

    criterion_id: str
    kind: CriterionKind
    summary: str


class TrialCohortOut(ResponseModel):
    """One cohort of a trial."""

    cohort_id: str
    label: str
    criteria: list[TrialCriterionOut]


class TrialOut(ResponseModel):
    """A trial that the server can read, with the version of its criteria."""

    trial_id: str
    version: str
    title: str
    source: str
    fingerprint: str
    cohorts: list[TrialCohortOut]


class TrialsOut(ResponseModel):
    """All trials of the server."""

    default: str
    trials: list[TrialOut]


class EvaluateOut(ResponseModel):
    """The rows that `chartsift screen` writes, with what made them."""

    trial_id: str
    trial_version: str
    trial_fingerprint: str
    fingerprint: str = Field(description="Of code version, lexicon and configuration of the pipeline.")
    findings: list[FindingOut]
    criteria: list[CriterionOut]
    cohorts: list[CohortOut]
    scores: list[ScoreOut]
    problems: list[InputProblemOut]
    vocabulary: dict[str, list[str]] = Field(
        description="The words and phrases that stand for each kind in `searched`; numbers are read by their form."
    )


class HealthOut(ResponseModel):
    """The server and its database answer."""

    status: Literal["ok"]


class AboutOut(ResponseModel):
    """What the server runs."""

    versions: dict[str, str]
    fingerprint: str


class FieldErrorOut(ResponseModel):
    """Where a request departs from the documented shape, and how; never the value."""

    where: str
    kind: str


class ProblemOut(ResponseModel):
    """An RFC 9457 problem document. ``code`` is stable; see docs/api.md for the table."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    errors: list[FieldErrorOut] = []


def request_field_names() -> frozenset[str]:
    """Return every name that may be repeated in an error: field names and the parts of a request."""
    names = {name for model in RequestModel.__subclasses__() for name in model.model_fields}
    return frozenset(names | {"body", "query", "path", "header"})
