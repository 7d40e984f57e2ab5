"""What those read who run a study: agreement of readers, and the audit trail."""

from __future__ import annotations

from dataclasses import asdict

from chartsift.api.access import AccessDep, RoomDep
from chartsift.api.db.tables import User
from chartsift.api.faults import AccessError
from chartsift.api.services import audit, erasure
from chartsift.api.services.agreement import study_agreement
from chartsift.api.v1.describe import Limit, Offset, refusals, router
from chartsift.api.v1.models import OpaqueId
from chartsift.api.v1.review_models import (
    AgreementOut,
    AuditCheckOut,
    AuditEntryOut,
    AuditOut,
    ErasureIn,
    ErasureOut,
    KappaOut,
    OverridesOut,
)

routes = router("record", prefix="/studies/{study_id}")


@routes.get("/agreement", summary="Agreement of readers", responses=refusals(study=True))
def agreement(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> AgreementOut:
    """Return Cohen's kappa by criterion with its 95 % interval, and overrides by reader, of signed readings."""
    del access
    with room.store.reading() as session:
        found = study_agreement(session, study_id)
        names = {one.reviewer_id for one in found.overrides}
        shown = {user_id: session.get_one(User, user_id).display_name for user_id in names}
    return AgreementOut(
        readers={name: KappaOut(**asdict(one)) for name, one in found.readers.items()},
        system={name: KappaOut(**asdict(one)) for name, one in found.system.items()},
        system_blind={name: KappaOut(**asdict(one)) for name, one in found.system_blind.items()},
        overrides=[
            OverridesOut(
                reviewer=shown[one.reviewer_id],
                criterion_id=one.criterion_id,
                overridden=one.overridden,
                verdicts=one.verdicts,
            )
            for one in found.overrides
        ],
    )


@routes.get("/audit", summary="Audit trail", responses=refusals(study=True))
def audit_trail(
    study_id: OpaqueId, access: AccessDep, room: RoomDep, offset: Offset = 0, limit: Limit = 50
) -> AuditOut:
    """Return who saw and did what in the study, the latest first."""
    del access
    with room.store.reading() as session:
        page = audit.trail(session, study_id, offset=offset, limit=limit)
        actors = {entry.actor_id: session.get(User, entry.actor_id) for entry in page.entries}
        return AuditOut(
            items=[
                AuditEntryOut(
                    sequence=entry.sequence,
                    at=entry.at,
                    actor=user.name if (user := actors[entry.actor_id]) else entry.actor_id,
                    action=entry.action,
                    patient_id=entry.patient_id,
                    target=entry.target,
                    details=entry.details,
                    entry_hash=entry.entry_hash,
                )
                for entry in page.entries
            ],
            total=page.total,
            offset=offset,
            limit=limit,
        )


@routes.get("/audit/check", summary="Whether the audit trail is whole", responses=refusals(study=True))
def check_audit(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> AuditCheckOut:
    """Walk over the trail of the whole installation: one chain holds the entries of every study."""
    del study_id, access
    with room.store.reading() as session:
        found = audit.verify(session)
    return AuditCheckOut(
        entries=found.entries,
        head=found.head,
        is_whole=found.is_whole,
        broken_at=found.broken_at,
        fault=found.fault,
    )


@routes.post(
    "/patients/{patient_id}/erasure", summary="Erase a patient", responses=refusals(study=True, body=True)
)
def erase_patient(
    study_id: OpaqueId, patient_id: OpaqueId, body: ErasureIn, access: AccessDep, room: RoomDep
) -> ErasureOut:
    """Erase everything of a patient for good, and return the proof. A token cannot."""
    with room.store.writing() as session:
        erasure.erase_patient(session, study_id, patient_id, reason=body.reason, actor_id=access.user_id)
    erasure.shrink(room.store)
    return get_erasure(study_id, patient_id, access, room)


@routes.get("/patients/{patient_id}/erasure", summary="Proof of an erasure", responses=refusals(study=True))
def get_erasure(study_id: OpaqueId, patient_id: OpaqueId, access: AccessDep, room: RoomDep) -> ErasureOut:
    """Return the proof that a patient of the study was erased."""
    del access
    with room.store.reading() as session:
        proof = erasure.proof_of(session, study_id, patient_id)
    if proof is None:
        raise AccessError("AC507")
    return ErasureOut(**asdict(proof))
