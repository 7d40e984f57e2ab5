"""The work list: filters, order, search, pages; and which chart to read next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from chartsift.api.db.charts import CHART_STATES
from chartsift.api.db.tables import Review, StoredResult, StudyPatient, User
from chartsift.api.faults import ConflictError
from chartsift.api.permissions import Permission

COHORT_STATUSES = ("eligible", "ineligible", "undetermined")
ORDERS = ("decidable", "patient", "state", "status", "age", "lapse", "confidence", "last_note", "changed")
MOST_ROWS = 200
"""Most rows of one page."""

ME = "me"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class WorkListQuery:
    """
    What to list. Everything lives in the address of the page, so that a list can be shared; so do no identifiers.

    Attributes:
        state: One of `CHART_STATES`, or empty.
        status: One of `COHORT_STATUSES`, or empty.
        missing: A criterion that is open, or empty.
        reader: `ME`, `NOBODY`, the opaque identifier of a person, or empty.
        lapses_before: Only charts on which a verdict lapses, or an age limit is passed, before that day.
        changed: Only charts whose verdicts changed since they were signed.
        search: Part of the site's identifier of the patient. It travels in the body of a request.
        order: One of `ORDERS`.
        descending: Turn the order round.
        offset: How many rows to leave out.
        limit: Most rows, 1 to `MOST_ROWS`.
    """

    state: str = ""
    status: str = ""
    missing: str = ""
    reader: str = ""
    lapses_before: date | None = None
    changed: bool = False
    search: str = ""
    order: str = "decidable"
    descending: bool = False
    offset: int = 0
    limit: int = 50

    def __post_init__(self) -> None:
        """Refuse what is not one of the values there are."""
        is_fine = (
            (not self.state or self.state in CHART_STATES)
            and (not self.status or self.status in COHORT_STATUSES)
            and self.order in ORDERS
            and self.offset >= 0
            and 1 <= self.limit <= MOST_ROWS
        )
        if not is_fine:
            raise ConflictError("CO609")


@dataclass(frozen=True, slots=True)
class WorkListRow:
    """
    One patient of the list.

    ``result`` is None before the first evaluation, and where the proposal is hidden from this reader
    (``is_hidden``). ``reader`` is who reads the chart now, else to whom it is assigned.
    """

    patient: StudyPatient
    result: StoredResult | None
    reader: User | None
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class WorkList:
    """A page of the list, how many rows there are without paging, and how many charts the study has by state."""

    rows: Sequence[WorkListRow]
    total: int
    by_state: dict[str, int]
    changed: int


def work_list(
    session: Session,
    study_id: str,
    query: WorkListQuery,
    *,
    user_id: str,
    permissions: frozenset[Permission],
) -> WorkList:
    """Return a page of the work list as a person may see it."""
    parts = _Parts(study_id, user_id, permissions)
    statement = _filtered(parts, query)
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = session.execute(
        statement.order_by(*_order(parts, query), StudyPatient.id).offset(query.offset).limit(query.limit)
    ).all()
    counted = session.execute(
        select(StudyPatient.state, func.count(), func.count(StudyPatient.changed_at))
        .where(StudyPatient.study_id == study_id)
        .group_by(StudyPatient.state)
    ).all()
    return WorkList(
        rows=[
            WorkListRow(patient, None if is_hidden else result, reader, bool(is_hidden))
            for patient, result, reader, is_hidden in rows
        ],
        total=total,
        by_state=dict.fromkeys(CHART_STATES, 0) | {state: count for state, count, _ in counted},
        changed=sum(changed for state, _, changed in counted if state == "signed"),
    )


def next_patient(
    session: Session, study_id: str, *, user_id: str, permissions: frozenset[Permission]
) -> StudyPatient | None:
    """
    Return the chart that a reader takes up best: one begun, then one assigned, then the most decidable.

    None when nothing waits for this reader.
    """
    parts = _Parts(study_id, user_id, permissions)
    mine_open = exists().where(
        parts.mine.patient_id == StudyPatient.id,
        parts.mine.round == StudyPatient.round,
        parts.mine.reviewer_id == user_id,
        parts.mine.signed_at.is_(None),
    )
    taken_by_me = exists().where(
        parts.mine.patient_id == StudyPatient.id,
        parts.mine.round == StudyPatient.round,
        parts.mine.reviewer_id == user_id,
    )
    second_taken = exists().where(
        parts.mine.patient_id == StudyPatient.id,
        parts.mine.round == StudyPatient.round,
        parts.mine.slot == "second",
    )
    is_new = and_(
        StudyPatient.state == "new",
        or_(StudyPatient.assigned_to.is_(None), StudyPatient.assigned_to == user_id),
    )
    is_second = and_(StudyPatient.state == "second_review", ~second_taken, ~taken_by_me)
    begun = and_(mine_open, StudyPatient.state.in_(("in_review", "second_review")))
    rank = case((begun, 0), (StudyPatient.assigned_to == user_id, 1), (is_second, 2), else_=3)
    statement = (
        select(StudyPatient)
        .outerjoin(StoredResult, StoredResult.id == StudyPatient.result_id)
        .where(StudyPatient.study_id == study_id, or_(begun, is_new, is_second))
        .order_by(rank, *_order(parts, WorkListQuery()), StudyPatient.id)
        .limit(1)
    )
    return session.scalars(statement).first()


class _Parts:
    """Expressions that filters and orders share."""

    def __init__(self, study_id: str, user_id: str, permissions: frozenset[Permission]) -> None:
        self.study_id = study_id
        self.user_id = user_id
        self.mine = aliased(Review)
        self.active = aliased(Review)
        self.is_hidden = self._hidden(user_id) if Permission.REVIEW in permissions else null()

    def _hidden(self, user_id: str) -> ColumnElement[Any]:
        """Tell where this reader must not see the proposal; the same rule as ``visibility.sees_proposal``."""
        seen = exists().where(
            self.mine.patient_id == StudyPatient.id,
            self.mine.round == StudyPatient.round,
            self.mine.reviewer_id == user_id,
            or_(self.mine.revealed_at.is_not(None), self.mine.signed_at.is_not(None)),
        )
        return case(
            (and_(StudyPatient.is_blind_first, StudyPatient.state != "signed", ~seen), 1), else_=null()
        )

    def shown(self, column: Any) -> ColumnElement[Any]:
        """Return a column of the proposal, empty where it is hidden: order and filters tell nothing either."""
        return case((self.is_hidden.is_not(None), null()), else_=column)


def _filtered(parts: _Parts, query: WorkListQuery) -> Select[Any]:
    # At most one reading of a chart is open at a time: the first, then the second, then the adjudication.
    statement = (
        select(StudyPatient, StoredResult, User, parts.is_hidden)
        .outerjoin(StoredResult, StoredResult.id == StudyPatient.result_id)
        .outerjoin(
            parts.active,
            and_(
                parts.active.patient_id == StudyPatient.id,
                parts.active.round == StudyPatient.round,
                parts.active.signed_at.is_(None),
            ),
        )
        .outerjoin(User, User.id == func.coalesce(parts.active.reviewer_id, StudyPatient.assigned_to))
        .where(StudyPatient.study_id == parts.study_id)
    )
    if query.state:
        statement = statement.where(StudyPatient.state == query.state)
    if query.status:
        statement = statement.where(parts.shown(StoredResult.cohort_status) == query.status)
    if query.missing:
        # Criterion names are letters, digits and underscores; the quotes keep one from matching within another.
        listed = cast(StoredResult.missing, String)
        statement = statement.where(parts.shown(listed).like(f'%"{_escaped(query.missing)}"%', escape="\\"))
    if query.reader == NOBODY:
        statement = statement.where(User.id.is_(None))
    elif query.reader:
        statement = statement.where(User.id == (parts.user_id if query.reader == ME else query.reader))
    if query.lapses_before is not None:
        statement = statement.where(
            or_(
                parts.shown(StoredResult.first_lapse) < query.lapses_before,
                parts.shown(StoredResult.age_limit_on) < query.lapses_before,
            )
        )
    if query.changed:
        statement = statement.where(StudyPatient.changed_at.is_not(None))
    if query.search.strip():
        part = f"%{_escaped(query.search.strip().lower())}%"
        statement = statement.where(func.lower(StudyPatient.site_id).like(part, escape="\\"))
    return statement


def _order(parts: _Parts, query: WorkListQuery) -> list[ColumnElement[Any]]:
    """Return the order; empty values come last on either database, whichever way round."""
    by: dict[str, list[Any]] = {
        "decidable": [
            # Read what is open first; of that, what the fewest facts are missing for, likely candidates first.
            case({state: rank for rank, state in enumerate(CHART_STATES)}, value=StudyPatient.state),
            parts.shown(StoredResult.missing_count),
            -parts.shown(StoredResult.score),
        ],
        "patient": [func.lower(StudyPatient.site_id)],
        "state": [case({state: rank for rank, state in enumerate(CHART_STATES)}, value=StudyPatient.state)],
        "status": [parts.shown(StoredResult.cohort_status)],
        "age": [StoredResult.age_years],
        "lapse": [
            case(
                (
                    parts.shown(StoredResult.age_limit_on) < parts.shown(StoredResult.first_lapse),
                    parts.shown(StoredResult.age_limit_on),
                ),
                else_=func.coalesce(
                    parts.shown(StoredResult.first_lapse), parts.shown(StoredResult.age_limit_on)
                ),
            )
        ],
        "confidence": [parts.shown(StoredResult.confidence)],
        "last_note": [StoredResult.last_note_on],
        "changed": [StudyPatient.changed_at],
    }
    order: list[ColumnElement[Any]] = []
    for expression in by[query.order]:
        order.append(case((expression.is_(None), 1), else_=0))
        order.append(expression.desc() if query.descending else expression.asc())
    return order


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
