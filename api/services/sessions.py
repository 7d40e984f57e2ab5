"""A person's sessions as a list, and ending one or all of them; changing one's own password."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, now_of
from chartsift.api.db.tables import LoginSession, User
from chartsift.api.faults import AccessError
from chartsift.api.services import accounts, audit
from chartsift.api.services.accounts import Limits, SignedIn, hash_token
from chartsift.api.services.passwords import check_password, hash_password


@dataclass(frozen=True, slots=True)
class OpenSession:
    """
    A session that is not over.

    Attributes:
        session_id: Opaque; made of the stored hash, and no way back to the cookie.
        method: How the person signed in ("password", "oidc", "demo").
        created_at: When.
        last_seen_at: Last request, to the minute.
        expires_at: When it is over in any case.
        is_current: Whether it is the one that asks.
    """

    session_id: str
    method: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


def open_sessions(
    session: Session, user_id: str, *, limits: Limits, current: str = ""
) -> Sequence[OpenSession]:
    """
    Return the sessions of a person that are not over, the last used first.

    Args:
        session: A session of the database.
        user_id: Whose.
        limits: How long sessions last.
        current: Value of the cookie that asks.
    """
    mine = hash_token(current) if current else ""
    return [
        OpenSession(
            session_ref(login),
            login.method,
            login.created_at,
            login.last_seen_at,
            login.expires_at,
            login.token_hash == mine,
        )
        for login in _open(session, user_id, limits)
    ]


def end_session(session: Session, user_id: str, session_id: str, *, limits: Limits, actor_id: str) -> None:
    """
    End one session of a person.

    Raises:
        AccessError: the person has no such session, or it is over already (AC507).
    """
    for login in _open(session, user_id, limits):
        if session_ref(login) == session_id:
            login.revoked_at = now_of(session)
            audit.append(session, actor_id, "session.ended", target=user_id)
            return
    raise AccessError("AC507")


def end_all_sessions(session: Session, user_id: str, *, actor_id: str) -> None:
    """End every session of a person, such as after a lost device."""
    accounts.revoke_sessions(session, user_id)
    audit.append(session, actor_id, "sessions.ended", target=user_id)


def change_password(
    store: Store, user_id: str, present: str, new: str, *, address: str, limits: Limits
) -> SignedIn:
    """
    Give oneself a new password; every session ends, and a new one is opened for who asks.

    The present password is asked for as at the door, and wrong ones count there: an open screen is no way in.

    Raises:
        AccessError: the present password is wrong, or there is none (AC504), or was wrong too often (AC505), or the
            new one is poor (AC510).
    """
    with store.reading() as session:
        user = session.get_one(User, user_id)
        name = user.name
    check_password(new, name=name)
    accounts.prove_password(store, name, present, address=address)
    hashed = hash_password(new, name=name)
    with store.writing() as session:
        user = session.get_one(User, user_id)
        user.password_hash = hashed
        accounts.revoke_sessions(session, user_id)
        audit.append(session, user_id, "user.password_changed", target=user_id)
        return accounts.open_session(session, user_id, method="password", limits=limits)


def session_ref(login: LoginSession) -> str:
    """Return the opaque identifier of a session."""
    return hashlib.sha256(f"session:{login.token_hash}".encode()).hexdigest()[:24]


def _open(session: Session, user_id: str, limits: Limits) -> Sequence[LoginSession]:
    now = now_of(session)
    query = (
        select(LoginSession)
        .where(
            LoginSession.user_id == user_id,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - limits.idle,
        )
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.token_hash)
    )
    return session.scalars(query).all()
