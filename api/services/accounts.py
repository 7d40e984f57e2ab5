"""Accounts, signing in and out, and sessions that can be revoked."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, now_of
from chartsift.api.db.tables import LoginAttempt, LoginSession, StudyMember, User
from chartsift.api.faults import AccessError, ConflictError, StoreError
from chartsift.api.services import audit
from chartsift.api.services.passwords import hash_password, is_password, needs_rehash

# After so many failures for a name, or from an address, within the window, the next try waits. OWASP's
# authentication cheat sheet asks for a limit a name; many people of one site share an address.
NAME_FAILURES = 5
ADDRESS_FAILURES = 50
WINDOW = timedelta(minutes=15)

# A session's last use is written once a minute, not with every request.
_TOUCH_EVERY = timedelta(minutes=1)
_NAME = re.compile(r"[\w.@+-]{1,100}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without a request, and in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in; ``token`` is the cookie's value and stands nowhere else."""

    token: str
    user_id: str
    expires_at: datetime


def add_user(
    session: Session,
    name: str,
    *,
    password: str | None = None,
    display_name: str = "",
    is_admin: bool = False,
    actor_id: str = audit.SYSTEM,
) -> User:
    """
    Make an account.

    Raises:
        ConflictError: there is one of that name (CO605), or the name has other signs than letters, digits and
            ``.@+-_`` (CO609).
        AccessError: the password is poor (AC510).
    """
    plain = plain_name(name)
    if not _NAME.fullmatch(plain):
        raise ConflictError("CO609", "a name has letters, digits and . @ + - _ only")
    if find_user(session, plain) is not None:
        raise ConflictError("CO605")
    user = User(
        name=plain,
        display_name=display_name.strip() or name.strip(),
        password_hash=None if password is None else hash_password(password, name=plain),
        is_admin=is_admin,
        preferences={},
        created_at=now_of(session),
    )
    session.add(user)
    session.flush()
    audit.append(session, actor_id, "user.added", target=user.id, is_admin=is_admin)
    return user


def plain_name(name: str) -> str:
    """Return a name as it is compared: without blanks around it, in one form of its letters, in lower case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def find_user(session: Session, name: str) -> User | None:
    """Return the account of that name."""
    return session.scalars(select(User).where(User.name == plain_name(name))).one_or_none()


def get_user(session: Session, name: str) -> User:
    """
    Return the account of that name.

    Raises:
        StoreError: there is none (ST706).
    """
    user = find_user(session, name)
    if user is None:
        raise StoreError("ST706")
    return user


def list_users(session: Session) -> Sequence[User]:
    """Return every account by name."""
    return session.scalars(select(User).order_by(User.name)).all()


def count_users(session: Session) -> int:
    """Return how many people can sign in."""
    return session.scalar(select(func.count()).select_from(User).where(User.disabled_at.is_(None))) or 0


def set_password(session: Session, user: User, password: str, *, actor_id: str = audit.SYSTEM) -> None:
    """
    Give *user* a new password and end all sessions.

    Raises:
        AccessError: the password is poor (AC510).
    """
    user.password_hash = hash_password(password, name=user.name)
    revoke_sessions(session, user.id)
    audit.append(session, actor_id, "user.password_set", target=user.id)


def disable_user(session: Session, user: User, *, actor_id: str = audit.SYSTEM) -> None:
    """Close an account: sessions and tokens end, what the person did stays."""
    user.disabled_at = user.disabled_at or now_of(session)
    revoke_sessions(session, user.id)
    audit.append(session, actor_id, "user.disabled", target=user.id)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who a request comes from: the person, and the role in the study that was asked for (None without a part)."""

    user: User
    role: str | None


def sign_in(store: Store, name: str, password: str, *, address: str, limits: Limits) -> SignedIn:
    """
    Open a session for the person of that name and password.

    Raises:
        AccessError: name or password is wrong, or the account is closed (AC504), or there were too many failures
            (AC505, with the time to wait).
    """
    user_id = prove_password(store, name, password, address=address)
    with store.writing() as session:
        return open_session(session, user_id, method="password", limits=limits)


def prove_password(store: Store, name: str, password: str, *, address: str) -> str:
    """
    Return whose name and password these are.

    A failure is written in a transaction of its own, so that it counts whatever happens to the request.

    Raises:
        AccessError: as for `sign_in`.
    """
    keys = (_hash("name", plain_name(name)), _hash("address", address))
    with store.reading() as session:
        _throttle(session, keys)
        user = find_user(session, name)
        stored = user.password_hash if user is not None and user.disabled_at is None else None
        user_id = user.id if user is not None else ""
    # Some hundred milliseconds on purpose, and therefore outside of any transaction.
    if not is_password(password, stored):
        with store.writing() as session:
            session.add_all(LoginAttempt(key_hash=key, at=now_of(session)) for key in keys)
            audit.append(session, user_id or "nobody", "session.refused")
        raise AccessError("AC504")
    renewed = hash_password(password) if stored is not None and needs_rehash(stored) else None
    with store.writing() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.key_hash == keys[0]))
        if renewed is not None:
            session.execute(
                update(User)
                .where(User.id == user_id, User.password_hash == stored)
                .values(password_hash=renewed)
            )
    return user_id


def open_session(session: Session, user_id: str, *, method: str, limits: Limits) -> SignedIn:
    """Open a session for a person whose identity was proved by *method* ("password", "oidc", "demo")."""
    now = now_of(session)
    token = secrets.token_urlsafe(32)
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
    session.add(
        LoginSession(
            token_hash=hash_token(token),
            user_id=user_id,
            method=method,
            created_at=now,
            last_seen_at=now,
            expires_at=now + limits.absolute,
        )
    )
    audit.append(session, user_id, "session.opened", method=method)
    return SignedIn(token, user_id, now + limits.absolute)


def user_of_session(
    store: Store, token: str, *, limits: Limits, study_id: str = "", is_use: bool = True
) -> Asker:
    """
    Return who is signed in under the cookie's *token*; with *is_use*, note that the session is in use.

    Every request asks this, and therefore in one question with the role in *study_id*.

    Raises:
        AccessError: there is no such session, or it is over (AC503), or the account is closed (AC503).
    """
    token_hash = hash_token(token)
    with store.reading() as session:
        found = session.execute(
            select(
                User,
                StudyMember.role,
                LoginSession.revoked_at,
                LoginSession.expires_at,
                LoginSession.last_seen_at,
            )
            .join(User, User.id == LoginSession.user_id)
            .outerjoin(StudyMember, member_of(study_id))
            .where(LoginSession.token_hash == token_hash)
        ).first()
        now = now_of(session)
        if found is None:
            raise AccessError("AC503")
        user, role, revoked_at, expires_at, last_seen_at = found
        is_over = (
            revoked_at is not None
            or user.disabled_at is not None
            or now >= expires_at
            or now - last_seen_at >= limits.idle
        )
        if is_over:
            raise AccessError("AC503")
        session.expunge(user)
        must_touch = is_use and now - last_seen_at >= min(_TOUCH_EVERY, limits.idle / 10)
    if must_touch:
        with store.writing() as session:
            session.execute(
                update(LoginSession)
                .where(LoginSession.token_hash == token_hash, LoginSession.last_seen_at < now)
                .values(last_seen_at=now)
            )
    return Asker(user, role)


def member_of(study_id: str) -> ColumnElement[bool]:
    """Return the condition that joins the asking person's membership of a study; of none for an empty identifier."""
    return and_(StudyMember.user_id == User.id, StudyMember.study_id == study_id)


def sign_out(session: Session, token: str) -> None:
    """End the session of that token; nothing happens when there is none."""
    login = session.get(LoginSession, hash_token(token))
    if login is not None and login.revoked_at is None:
        login.revoked_at = now_of(session)
        audit.append(session, login.user_id, "session.closed")


def revoke_sessions(session: Session, user_id: str) -> None:
    """End every session of a person."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now_of(session))
    )


def hash_token(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _hash(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def _throttle(session: Session, keys: tuple[str, str]) -> None:
    now = now_of(session)
    for key, most in zip(keys, (NAME_FAILURES, ADDRESS_FAILURES), strict=True):
        failures = session.scalars(
            select(LoginAttempt.at)
            .where(LoginAttempt.key_hash == key, LoginAttempt.at > now - WINDOW)
            .order_by(LoginAttempt.at.desc())
            .limit(most)
        ).all()
        if len(failures) >= most:
            wait = failures[-1] + WINDOW - now
            raise AccessError("AC505", retry_after_s=max(1, int(wait.total_seconds())))
