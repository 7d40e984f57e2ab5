"""Studies and their members."""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.api.access import AccessDep, RoomDep
from chartsift.api.db.tables import Study, User
from chartsift.api.faults import AccessError
from chartsift.api.services import studies
from chartsift.api.v1.describe import refusals, router
from chartsift.api.v1.models import (
    MemberIn,
    MemberOut,
    MembersOut,
    OpaqueId,
    StudiesOut,
    StudyChange,
    StudyIn,
    StudyOut,
)

routes = router("studies", prefix="/studies")


@routes.get("", summary="Studies of the caller", responses=refusals())
def list_studies(access: AccessDep, room: RoomDep) -> StudiesOut:
    """List the studies that the caller takes part in."""
    with room.store.reading() as session:
        found = studies.studies_of(session, access.user_id)
        return StudiesOut(
            items=[study_out(study, role) for study, role in found if access.only_study in ("", study.id)]
        )


@routes.post("", summary="Make a study", responses=refusals("AC502", "CO605", "HT806", "HT816", body=True))
def create_study(body: StudyIn, access: AccessDep, room: RoomDep) -> StudyOut:
    """Make a study; for administrators. Whoever makes it becomes its administrator."""
    trial = room.screener.trial(body.trial or room.settings.trial)
    with room.store.writing() as session:
        study = studies.create_study(
            session,
            title=body.title,
            trial=trial,
            blind_first_share=body.blind_first_share,
            second_review_share=body.second_review_share,
            actor_id=access.user_id,
        )
        studies.set_member(session, study.id, access.user_id, "admin", actor_id=access.user_id)
        return study_out(study, "admin")


@routes.get("/{study_id}", summary="A study", responses=refusals(study=True))
def get_study(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> StudyOut:
    """Return a study and the caller's role in it."""
    with room.store.reading() as session:
        return study_out(studies.study_of(session, study_id), access.role)


@routes.patch(
    "/{study_id}", summary="Change a study", responses=refusals("CO601", "CO605", study=True, body=True)
)
def change_study(study_id: OpaqueId, body: StudyChange, access: AccessDep, room: RoomDep) -> StudyOut:
    """Change settings; the shares hold for patients added from now on."""
    with room.store.writing() as session:
        study = studies.study_of(session, study_id)
        studies.change_study(
            session,
            study,
            version=body.version,
            title=body.title,
            blind_first_share=body.blind_first_share,
            second_review_share=body.second_review_share,
            actor_id=access.user_id,
        )
        return study_out(study, access.role)


@routes.get("/{study_id}/members", summary="People of a study", responses=refusals(study=True))
def list_members(study_id: OpaqueId, access: AccessDep, room: RoomDep) -> MembersOut:
    """List the people of a study with their roles."""
    del access
    with room.store.reading() as session:
        return _members_out(studies.members_of(session, study_id))


@routes.put(
    "/{study_id}/members/{user_id}",
    summary="Give a person a role",
    responses=refusals("CO609", study=True, body=True),
)
def set_member(
    study_id: OpaqueId, user_id: OpaqueId, body: MemberIn, access: AccessDep, room: RoomDep
) -> MembersOut:
    """Give a person a role in the study, or another role than before."""
    with room.store.writing() as session:
        if session.get(User, user_id) is None:
            raise AccessError("AC507")
        studies.set_member(session, study_id, user_id, body.role, actor_id=access.user_id)
        return _members_out(studies.members_of(session, study_id))


@routes.delete(
    "/{study_id}/members/{user_id}",
    summary="Take a person out of a study",
    responses=refusals(study=True, body=True),
)
def remove_member(study_id: OpaqueId, user_id: OpaqueId, access: AccessDep, room: RoomDep) -> MembersOut:
    """Take a person out of the study."""
    with room.store.writing() as session:
        studies.remove_member(session, study_id, user_id, actor_id=access.user_id)
        session.flush()
        return _members_out(studies.members_of(session, study_id))


def study_out(study: Study, role: str | None) -> StudyOut:
    """Return a study, and the caller's role in it."""
    return StudyOut.model_validate(
        {
            "study_id": study.id,
            "title": study.title,
            "trial_id": study.trial_id,
            "trial_version": study.trial_version,
            "trial_fingerprint": study.trial_fingerprint,
            "role": role,
            "blind_first_share": study.blind_first_share,
            "second_review_share": study.second_review_share,
            "version": study.version,
        }
    )


def _members_out(found: Sequence[tuple[User, str]]) -> MembersOut:
    return MembersOut(
        items=[
            MemberOut.model_validate(
                {"user_id": user.id, "name": user.name, "display_name": user.display_name, "role": role}
            )
            for user, role in found
        ]
    )
