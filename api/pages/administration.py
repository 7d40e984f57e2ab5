"""Accounts of the installation, for its administrators; people of a study, for those who manage it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.db.studies import ROLES
from chartsift.api.db.tables import User
from chartsift.api.faults import AccessError, CodedError
from chartsift.api.pages.render import page
from chartsift.api.room import Room
from chartsift.api.services import accounts, sessions, studies

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_USERS = "/users"


@routes.get(_USERS, name="users_page")
def users_page(access: AccessDep, room: RoomDep) -> Response:
    """Show every account."""
    return _users(room, access)


@routes.post(_USERS, name="add_user_page")
def add_user(
    access: AccessDep,
    room: RoomDep,
    name: Annotated[str, Form(max_length=100)],
    display_name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1100)] = "",
    is_admin: Annotated[bool, Form()] = False,
) -> Response:
    """Make an account; without a password it is for the site's identity provider."""
    try:
        with room.store.writing() as session:
            accounts.add_user(
                session,
                name,
                password=password or None,
                display_name=display_name,
                is_admin=is_admin,
                actor_id=access.user_id,
            )
    except CodedError as refusal:
        said = f"{refusal.kind.title}. {refusal.kind.remedy} ({refusal.code})"
        return _users(room, access, status=refusal.kind.status, fault=said)
    return RedirectResponse(_USERS, status_code=303)


@routes.post("/users/{user_id}/disable", name="disable_user_page")
def disable_user(user_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Close an account."""
    if user_id == access.user_id:
        return _users(room, access, status=409, fault="Nobody closes the account they are signed in with.")
    with room.store.writing() as session:
        user = session.get(User, user_id)
        if user is None:
            raise AccessError("AC507")
        accounts.disable_user(session, user, actor_id=access.user_id)
    return RedirectResponse(_USERS, status_code=303)


@routes.post("/users/{user_id}/sign-out", name="end_user_sessions_page")
def end_user_sessions(user_id: str, access: AccessDep, room: RoomDep) -> Response:
    """End every session of a person."""
    with room.store.writing() as session:
        if session.get(User, user_id) is None:
            raise AccessError("AC507")
        sessions.end_all_sessions(session, user_id, actor_id=access.user_id)
    return RedirectResponse(_USERS, status_code=303)


@routes.get("/studies/{study_id}/members", name="members_page")
def members_page(study_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show who takes part in a study."""
    return _members(room, access, study_id)


@routes.post("/studies/{study_id}/members", name="set_member_page")
def set_member(
    study_id: str,
    access: AccessDep,
    room: RoomDep,
    name: Annotated[str, Form(max_length=100)],
    role: Annotated[str, Form(max_length=20)],
) -> Response:
    """Give a person a role, another one, or none."""
    try:
        with room.store.writing() as session:
            user = accounts.get_user(session, name)
            if role == "none":
                studies.remove_member(session, study_id, user.id, actor_id=access.user_id)
            else:
                studies.set_member(session, study_id, user.id, role, actor_id=access.user_id)
    except CodedError as refusal:
        said = f"{refusal.kind.title}. {refusal.kind.remedy} ({refusal.code})"
        return _members(room, access, study_id, status=refusal.kind.status, fault=said)
    return RedirectResponse(f"/studies/{study_id}/members", status_code=303)


def _users(room: Room, access: Access, *, status: int = 200, fault: str = "") -> Response:
    with room.store.reading() as session:
        rows = [
            (user, len(sessions.open_sessions(session, user.id, limits=room.limits)))
            for user in accounts.list_users(session)
        ]
        return page("users.html", access=access, status=status, fault=fault, rows=rows)


def _members(room: Room, access: Access, study_id: str, *, status: int = 200, fault: str = "") -> Response:
    with room.store.reading() as session:
        return page(
            "members.html",
            access=access,
            status=status,
            fault=fault,
            study=studies.study_of(session, study_id),
            members=studies.members_of(session, study_id),
            roles=ROLES,
        )
