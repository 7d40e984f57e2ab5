"""Tokens of programs: made by a person, for some of the person's rights, for a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, now_of
from chartsift.api.db.tables import ApiToken, StudyMember, User
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.permissions import SCOPES
from chartsift.api.services import audit
from chartsift.api.services.accounts import Asker, hash_token, member_of

PREFIX = "cst_"
"""How a token begins, so that scanners of source code and logs find one that got there."""

_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; ``secret`` is shown once and stored nowhere."""

    secret: str
    token: ApiToken


def create_token(
    session: Session,
    user_id: str,
    *,
    label: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    study_id: str | None = None,
) -> NewToken:
    """
    Make a token for *user_id*.

    Raises:
        ConflictError: a scope is unknown or none is named (CO609).
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise ConflictError("CO609", "name one or more of the scopes there are")
    secret = PREFIX + secrets.token_urlsafe(32)
    now = now_of(session)
    token = ApiToken(
        token_hash=hash_token(secret),
        user_id=user_id,
        study_id=study_id,
        label=label,
        scopes=wanted,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(token)
    session.flush()
    audit.append(session, user_id, "token.made", target=token.id, scopes=" ".join(wanted))
    return NewToken(secret, token)


def list_tokens(session: Session, user_id: str) -> Sequence[ApiToken]:
    """Return the tokens of a person, the latest first."""
    query = (
        select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc(), ApiToken.id)
    )
    return session.scalars(query).all()


def revoke_token(session: Session, user_id: str, token_id: str) -> None:
    """
    End a token of a person.

    Raises:
        AccessError: the person has no such token (AC507).
    """
    token = session.scalars(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user_id)
    ).one_or_none()
    if token is None:
        raise AccessError("AC507")
    token.revoked_at = token.revoked_at or now_of(session)
    audit.append(session, user_id, "token.revoked", target=token.id)


def user_of_token(store: Store, secret: str, *, study_id: str = "") -> tuple[Asker, ApiToken]:
    """
    Return whose token *secret* is, with the owner's role in *study_id*.

    Raises:
        AccessError: it is none, or lapsed or revoked, or the account is closed (AC506).
    """
    with store.reading() as session:
        found = session.execute(
            select(ApiToken, User, StudyMember.role)
            .join(User, User.id == ApiToken.user_id)
            .outerjoin(StudyMember, member_of(study_id))
            .where(ApiToken.token_hash == hash_token(secret))
        ).first()
        now = now_of(session)
        if found is None:
            raise AccessError("AC506")
        token, user, role = found
        if token.revoked_at is not None or user.disabled_at is not None or now >= token.expires_at:
            raise AccessError("AC506")
        session.expunge_all()
    if token.last_used_at is None or now - token.last_used_at >= _TOUCH_EVERY:
        with store.writing() as session:
            session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=now))
    return Asker(user, role), token
