"""Reading charts: taking one, deciding, evidence, undo, signing; and settling what two readers differ on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chartsift.api.access import Access, AccessDep, RoomDep
from chartsift.api.db.tables import Decision, Signature, StudyPatient, User
from chartsift.api.room import Room
from chartsift.api.services import adjudication, charts, readings, reviews, signing
from chartsift.api.services.visibility import SeenReview, visible_reviews
from chartsift.api.v1.describe import IdempotencyKeyHeader, Limit, Offset, once, refusals, router
from chartsift.api.v1.models import OpaqueId
from chartsift.api.v1.review_models import (
    AdjudicationItemOut,
    AdjudicationQueueOut,
    CriterionStateOut,
    DecisionIn,
    DecisionOut,
    DecisionsOut,
    DisagreementOut,
    EvidenceIn,
    RecordedOut,
    RejectionIn,
    ReviewOut,
    ReviewsOut,
    SignatureOut,
    SignIn,
    UndoIn,
)

routes = router("reviews", prefix="/studies/{study_id}")

_ACT_CODES = ("CO601", "CO602", "CO604", "CO607", "CO609")


@routes.get("/patients/{patient_id}/reviews", summary="Readings of a chart", responses=refusals(study=True))
def list_reviews(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> ReviewsOut:
    """
    Return the readings that the caller may see.

    One's own always; those of others once the chart is signed; to an adjudicator without names.
    """
    with room.store.reading() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        return reviews_out(session, access, patient)


@routes.post(
    "/patients/{patient_id}/reviews",
    summary="Take a chart to read it",
    responses=refusals("CO602", "CO603", study=True, body=True),
)
def open_review(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> ReviewOut:
    """Take a chart, or go on with one's own reading of it."""
    with room.store.writing() as session:
        review = reviews.open_review(session, study_id, patient_id, access.user_id)
        return review_out(session, access, SeenReview(review))


@routes.post(
    "/patients/{patient_id}/reveal",
    summary="See the proposal after a blind reading",
    responses=refusals("CO602", "CO606", study=True, body=True),
)
def reveal_proposal(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> ReviewOut:
    """Show the system's proposal to a reader who reads blind, once every criterion is decided."""
    with room.store.writing() as session:
        review = reviews.reveal(session, study_id, patient_id, access.user_id)
        return review_out(session, access, SeenReview(review))


@routes.get("/patients/{patient_id}/decisions", summary="Acts of readings", responses=refusals(study=True))
def list_decisions(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    access: AccessDep,
    room: RoomDep,
    offset: Offset = 0,
    limit: Limit = 50,
) -> DecisionsOut:
    """List every act of the readings that the caller may see, reading by reading, in order."""
    with room.store.reading() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        seen = visible_reviews(session, patient, access.user_id, access.permissions)
        every = [(one, act) for one in seen for act in readings.acts_of(session, one.review)]
        page = every[offset : offset + limit]
        names = _names(session, [act for _, act in page])
        return DecisionsOut(
            items=[_decision_out(session, act, one.reader or names[act.made_by]) for one, act in page],
            total=len(every),
            offset=offset,
            limit=limit,
        )


@routes.post(
    "/patients/{patient_id}/decisions",
    summary="Decide a criterion",
    responses=refusals(*_ACT_CODES, study=True, body=True),
)
def make_decision(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: DecisionIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Give a verdict on a criterion in one's own open reading."""
    asked = _Asked("make_decision", study_id, patient_id, body.model_dump(), key)
    return _done(room, access, asked, reviews.decide)


@routes.post(
    "/patients/{patient_id}/evidence",
    summary="Add evidence",
    responses=refusals(*_ACT_CODES, study=True, body=True),
)
def add_evidence(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: EvidenceIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Add words of a note as evidence for or against a criterion."""
    asked = _Asked("add_evidence", study_id, patient_id, body.model_dump(), key)
    place = reviews.EvidencePlace(body.note_id, body.start, body.end, body.stance)
    return _done(room, access, asked, _marking(body, place, rejects=False))


@routes.post(
    "/patients/{patient_id}/rejections",
    summary="Reject evidence",
    responses=refusals(*_ACT_CODES, study=True, body=True),
)
def reject_evidence(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: RejectionIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Say that words which the system took as evidence do not count, and why."""
    asked = _Asked("reject_evidence", study_id, patient_id, body.model_dump(), key)
    place = reviews.EvidencePlace(body.note_id, body.start, body.end, "set_aside", body.finding_id)
    return _done(room, access, asked, _marking(body, place, rejects=True, reason=body.reason))


@routes.post(
    "/patients/{patient_id}/undo",
    summary="Undo an act",
    responses=refusals("CO601", "CO602", "CO604", "CO608", "CO609", study=True, body=True),
)
def undo_decision(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: UndoIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Undo the last act in force of one's own open reading, or the last on one criterion."""
    asked = _Asked("undo_decision", study_id, patient_id, body.model_dump(), key)
    return _done(room, access, asked, reviews.undo)


@routes.post(
    "/patients/{patient_id}/signature",
    summary="Sign a reading",
    responses=refusals("CO601", "CO602", "CO606", study=True, body=True),
)
def sign_review(
    study_id: OpaqueId, patient_id: OpaqueId, body: SignIn, access: AccessDep, room: RoomDep
) -> SignatureOut:
    """Sign one's own reading; the chart goes on to a second reader, to adjudication, or is done."""
    return _signed(room, access, study_id, patient_id, body)


@routes.get("/adjudications", summary="Charts to settle", responses=refusals(study=True))
def adjudication_queue(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> AdjudicationQueueOut:
    """List the charts whose readers differ and of whom the caller is none, with the criteria they differ on."""
    with room.store.reading() as session:
        return AdjudicationQueueOut(
            items=[
                AdjudicationItemOut(
                    patient_id=patient.id,
                    site_id=patient.site_id,
                    disagreements=[
                        DisagreementOut(cohort_id=cohort_id, criterion_id=criterion_id)
                        for cohort_id, criterion_id in readings.disagreements(session, patient)
                    ],
                )
                for patient in adjudication.queue(session, study_id, access.user_id)
            ]
        )


@routes.post(
    "/patients/{patient_id}/adjudication",
    summary="Take a chart to settle it",
    responses=refusals("CO602", "CO603", study=True, body=True),
)
def open_adjudication(
    study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep
) -> ReviewOut:
    """Take a chart to settle its disagreements, or go on with it."""
    with room.store.writing() as session:
        review = adjudication.open_adjudication(
            session, study_id, patient_id, access.user_id, access.permissions
        )
        return review_out(session, access, SeenReview(review))


@routes.post(
    "/patients/{patient_id}/adjudication/decisions",
    summary="Settle a criterion",
    responses=refusals(*_ACT_CODES, study=True, body=True),
)
def adjudicate(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: DecisionIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Give the verdict of record on a criterion that two readers differ on."""
    asked = _Asked("adjudicate", study_id, patient_id, body.model_dump(), key)
    return _done(room, access, asked, reviews.decide, settles=True)


@routes.post(
    "/patients/{patient_id}/adjudication/undo",
    summary="Undo an act of settling",
    responses=refusals("CO601", "CO602", "CO604", "CO608", "CO609", study=True, body=True),
)
def undo_adjudication(
    study_id: OpaqueId,
    patient_id: OpaqueId,
    body: UndoIn,
    access: AccessDep,
    room: RoomDep,
    key: IdempotencyKeyHeader = None,
) -> DecisionOut:
    """Undo the last act in force of one's own adjudication."""
    asked = _Asked("undo_adjudication", study_id, patient_id, body.model_dump(), key)
    return _done(room, access, asked, reviews.undo, settles=True)


@routes.post(
    "/patients/{patient_id}/adjudication/signature",
    summary="Sign what was settled",
    responses=refusals("CO601", "CO602", "CO606", study=True, body=True),
)
def sign_adjudication(
    study_id: OpaqueId, patient_id: OpaqueId, body: SignIn, access: AccessDep, room: RoomDep
) -> SignatureOut:
    """Sign one's own adjudication: its verdicts are the record. Every one needs a reason or a comment."""
    return _signed(room, access, study_id, patient_id, body, settles=True)


def reviews_out(session: Session, access: Access, patient: StudyPatient) -> ReviewsOut:
    """Return the readings of a chart as a person may see them."""
    seen = visible_reviews(session, patient, access.user_id, access.permissions)
    return ReviewsOut.model_validate(
        {
            "state": patient.state,
            "round": patient.round,
            "items": [review_out(session, access, one) for one in seen],
            "record": [
                RecordedOut.model_validate(
                    {
                        "cohort_id": one.cohort_id,
                        "criterion_id": one.criterion_id,
                        "verdict": one.verdict,
                        "decision_id": one.decision_id,
                        "settled": one.settled,
                    }
                )
                for one in adjudication.record_of(session, patient)
            ],
        }
    )


def review_out(session: Session, access: Access, seen: SeenReview) -> ReviewOut:
    """Return one reading with what is in force in it."""
    review = seen.review
    acts = readings.acts_of(session, review)
    reader = seen.reader or session.get_one(User, review.reviewer_id).display_name
    return ReviewOut.model_validate(
        {
            "review_id": review.id,
            "slot": None if seen.reader else review.slot,
            "reader": reader,
            "is_mine": review.reviewer_id == access.user_id,
            "is_blind": review.is_blind,
            "version": review.version,
            "started_at": review.started_at,
            "revealed_at": review.revealed_at,
            "signed_at": review.signed_at,
            "criteria": [
                CriterionStateOut(
                    cohort_id=state.cohort_id,
                    criterion_id=state.criterion_id,
                    verdict=_decision_out(session, state.verdict, reader) if state.verdict else None,
                    evidence=[_decision_out(session, act, reader) for act in state.evidence],
                    last=state.last,
                )
                for state in readings.states_of(acts).values()
            ],
        }
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, and the caller's key, by which the same request is known."""

    route: str
    study_id: str
    patient_id: str
    body: Mapping[str, Any]
    key: str | None


def _marking(
    body: EvidenceIn | RejectionIn, place: reviews.EvidencePlace, *, rejects: bool, reason: str = ""
) -> Callable[..., Decision]:
    """Return the act that adds or rejects the evidence of a request."""

    def mark(session: Session, study_id: str, patient_id: str, user_id: str, **_: Any) -> Decision:
        return reviews.mark_evidence(
            session,
            study_id,
            patient_id,
            user_id,
            criterion_id=body.criterion_id,
            place=place,
            rejects=rejects,
            reason=reason,
            comment=body.comment,
            expected=body.expected,
        )

    return mark


def _done(
    room: Room, access: Access, asked: _Asked, act: Callable[..., Decision], *, settles: bool = False
) -> DecisionOut:
    """Do an act of a reading once, with the fields of the request; with *settles* in one's own adjudication only."""
    here = (asked.study_id, asked.patient_id)
    with room.store.writing() as session:
        if settles:
            adjudication.own_adjudication(session, charts.patient_of(session, *here), access.user_id)
        return once(
            session,
            access,
            asked.key,
            (" ".join((asked.route, *here)), dict(asked.body)),
            lambda: _decision_out(
                session, act(session, *here, access.user_id, **asked.body), access.display_name
            ),
            DecisionOut,
        )


def _signed(
    room: Room, access: Access, study_id: str, patient_id: str, body: SignIn, *, settles: bool = False
) -> SignatureOut:
    with room.store.writing() as session:
        patient = charts.patient_of(session, study_id, patient_id)
        if settles:
            adjudication.own_adjudication(session, patient, access.user_id)
        signature = signing.sign(session, study_id, patient_id, access.user_id, expected=body.expected)
        return _signature_out(signature, patient)


def _signature_out(signature: Signature, patient: StudyPatient) -> SignatureOut:
    return SignatureOut.model_validate(
        {
            "signature_id": signature.id,
            "signed_at": signature.signed_at,
            "meaning": signature.meaning,
            "digest": signature.digest,
            "state": patient.state,
        }
    )


def _names(session: Session, acts: list[Decision]) -> dict[str, str]:
    return {user_id: session.get_one(User, user_id).display_name for user_id in {act.made_by for act in acts}}


def _decision_out(session: Session, act: Decision, made_by: str) -> DecisionOut:
    return DecisionOut.model_validate(
        {
            "decision_id": act.id,
            "sequence": act.sequence,
            "act": act.act,
            "cohort_id": act.cohort_id,
            "criterion_id": act.criterion_id,
            "verdict": act.verdict,
            "reason": act.reason,
            "comment": readings.comment_of(session, act),
            "note_id": act.note_id,
            "start": act.start,
            "end": act.end,
            "stance": act.stance,
            "finding_id": act.finding_id,
            "supersedes_id": act.supersedes_id,
            "undoes_id": act.undoes_id,
            "made_by": made_by,
            "made_at": act.made_at,
            "is_blind_to_system": act.is_blind_to_system,
            "result_fingerprint": act.result_fingerprint,
        }
    )
