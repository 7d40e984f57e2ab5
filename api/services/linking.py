"""
Which account belongs to an identity of the site's provider.

An identity is an issuer and a subject, and nothing else: names and addresses change hands. Accounts are made here,
never by signing in. An account is linked in one of two ways:

* by an administrator, who names issuer and subject (``chartsift user link``);
* at the first sign-in, when the account was made to be used this way (it has no password and no link yet), and the
  provider says that it has verified an e-mail address which is the account's name.

An account with a password is never linked by signing in: whoever gets an address at the provider would get the
account. A link stays until an administrator takes it away.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from chartsift.api.db.tables import User
from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.services import audit
from chartsift.api.services.accounts import find_user
from chartsift.api.services.identity import Identity


def user_of_identity(session: Session, identity: Identity) -> User:
    """
    Return the account of *identity*, linking it when this is its first sign-in.

    Raises:
        AccessError: there is none, or it is closed (AC512).
    """
    user = _linked(session, identity.issuer, identity.subject)
    if user is None and identity.email:
        candidate = find_user(session, identity.email)
        if candidate is not None and _waits_for_link(candidate):
            user = candidate
            user.oidc_issuer, user.oidc_subject = identity.issuer, identity.subject
            session.flush()
            audit.append(session, user.id, "user.linked", target=user.id, how="first sign-in")
    if user is None or user.disabled_at is not None:
        raise AccessError("AC512")
    return user


def link(session: Session, user: User, *, issuer: str, subject: str, actor_id: str = audit.SYSTEM) -> None:
    """
    Link an account to an identity, in place of the one before.

    Raises:
        ConflictError: another account has this identity (CO605).
    """
    other = _linked(session, issuer, subject)
    if other is not None and other.id != user.id:
        raise ConflictError("CO605")
    user.oidc_issuer, user.oidc_subject = issuer, subject
    audit.append(session, actor_id, "user.linked", target=user.id, how="administrator")


def unlink(session: Session, user: User, *, actor_id: str = audit.SYSTEM) -> None:
    """Take the link of an account away; nothing happens when there is none."""
    if user.oidc_subject is not None:
        user.oidc_issuer = user.oidc_subject = None
        audit.append(session, actor_id, "user.unlinked", target=user.id)


def _linked(session: Session, issuer: str, subject: str) -> User | None:
    query = select(User).where(User.oidc_issuer == issuer, User.oidc_subject == subject)
    return session.scalars(query).one_or_none()


def _waits_for_link(user: User) -> bool:
    return user.password_hash is None and user.oidc_subject is None and user.disabled_at is None
