"""Who is signed in, tokens, and accounts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy.orm import Session

from chartsift.api.access import AccessDep, RoomDep
from chartsift.api.db.tables import ApiToken, User
from chartsift.api.faults import AccessError
from chartsift.api.services import accounts, sessions, tokens
from chartsift.api.services.studies import role_in
from chartsift.api.v1.describe import refusals, router
from chartsift.api.v1.models import (
    MeOut,
    NewTokenOut,
    OpaqueId,
    SessionOut,
    SessionsOut,
    TokenIn,
    TokenOut,
    TokensOut,
    UserIn,
    UserOut,
    UsersOut,
)

routes = router("accounts")


@routes.get("/me", summary="Who is signed in", responses=refusals())
def me(access: AccessDep) -> MeOut:
    """Return the caller."""
    return MeOut(
        user_id=access.user_id,
        name=access.name,
        display_name=access.display_name,
        is_admin=access.is_admin,
    )


@routes.get("/tokens", summary="Tokens of the caller", responses=refusals())
def list_tokens(access: AccessDep, room: RoomDep) -> TokensOut:
    """List the caller's tokens, without their secrets. A token cannot ask this."""
    with room.store.reading() as session:
        found = tokens.list_tokens(session, access.user_id)
        return TokensOut(items=[_token_out(token) for token in found])


@routes.post("/tokens", summary="Make a token", responses=refusals("AC507", "CO609", body=True))
def create_token(body: TokenIn, access: AccessDep, room: RoomDep) -> NewTokenOut:
    """Make a token for some of the caller's rights. A token cannot make another."""
    with room.store.writing() as session:
        if body.study_id is not None and role_in(session, body.study_id, access.user_id) is None:
            raise AccessError("AC507")
        made = tokens.create_token(
            session,
            access.user_id,
            label=body.label,
            scopes=body.scopes,
            lifetime=timedelta(days=min(body.days, room.settings.token_days)),
            study_id=body.study_id,
        )
        return NewTokenOut(secret=made.secret, **_token_out(made.token).model_dump())


@routes.delete("/tokens/{token_id}", summary="End a token", responses=refusals("AC507", body=True))
def revoke_token(token_id: OpaqueId, access: AccessDep, room: RoomDep) -> TokensOut:
    """End one of the caller's tokens, and list what is left."""
    with room.store.writing() as session:
        tokens.revoke_token(session, access.user_id, token_id)
        session.flush()
        return TokensOut(items=[_token_out(token) for token in tokens.list_tokens(session, access.user_id)])


@routes.get("/sessions", summary="Sessions of the caller", responses=refusals())
def list_sessions(access: AccessDep, room: RoomDep) -> SessionsOut:
    """List the caller's sessions that are not over. A token cannot ask this."""
    with room.store.reading() as session:
        return _sessions_out(session, access, room)


@routes.delete("/sessions/{session_id}", summary="End a session", responses=refusals("AC507", body=True))
def end_session(session_id: OpaqueId, access: AccessDep, room: RoomDep) -> SessionsOut:
    """End one of the caller's sessions, and list what is left."""
    with room.store.writing() as session:
        sessions.end_session(session, access.user_id, session_id, limits=room.limits, actor_id=access.user_id)
        session.flush()
        return _sessions_out(session, access, room)


@routes.get("/users", summary="Accounts", responses=refusals("AC502"))
def list_users(access: AccessDep, room: RoomDep) -> UsersOut:
    """List every account; for administrators."""
    del access
    with room.store.reading() as session:
        return UsersOut(items=[_user_out(user) for user in accounts.list_users(session)])


@routes.post(
    "/users", summary="Make an account", responses=refusals("AC502", "AC510", "CO605", "CO609", body=True)
)
def create_user(body: UserIn, access: AccessDep, room: RoomDep) -> UserOut:
    """Make an account; for administrators."""
    with room.store.writing() as session:
        user = accounts.add_user(
            session,
            body.name,
            password=body.password,
            display_name=body.display_name,
            is_admin=body.is_admin,
            actor_id=access.user_id,
        )
        return _user_out(user)


@routes.post(
    "/users/{user_id}/disable", summary="Close an account", responses=refusals("AC502", "AC507", body=True)
)
def disable_user(user_id: OpaqueId, access: AccessDep, room: RoomDep) -> UserOut:
    """Close an account: its sessions and tokens end, what the person did stays."""
    with room.store.writing() as session:
        user = session.get(User, user_id)
        if user is None:
            raise AccessError("AC507")
        accounts.disable_user(session, user, actor_id=access.user_id)
        return _user_out(user)


@routes.post(
    "/users/{user_id}/sign-out",
    summary="End every session of a person",
    responses=refusals("AC502", "AC507", body=True),
)
def end_user_sessions(user_id: OpaqueId, access: AccessDep, room: RoomDep) -> UserOut:
    """End every session of a person; for administrators."""
    with room.store.writing() as session:
        user = session.get(User, user_id)
        if user is None:
            raise AccessError("AC507")
        sessions.end_all_sessions(session, user_id, actor_id=access.user_id)
        return _user_out(user)


def _sessions_out(session: Session, access: AccessDep, room: RoomDep) -> SessionsOut:
    found = sessions.open_sessions(session, access.user_id, limits=room.limits, current=access.session_token)
    return SessionsOut(items=[SessionOut.model_validate(asdict(one)) for one in found])


def _token_out(token: ApiToken) -> TokenOut:
    return TokenOut.model_validate(
        {
            "token_id": token.id,
            "label": token.label,
            "scopes": token.scopes,
            "study_id": token.study_id,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
            "revoked_at": token.revoked_at,
        }
    )


def _user_out(user: User) -> UserOut:
    return UserOut(
        user_id=user.id,
        name=user.name,
        display_name=user.display_name,
        is_admin=user.is_admin,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )
