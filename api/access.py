"""
The one door of every route: who asks, in which study and role, and whether the route's rule lets them.

``access_of`` is a dependency of every router. It takes the rule from ``chartsift.api.permissions.ROUTES`` by the
route's name, the study from the address, and the person from the session cookie or a bearer token. What a service
then does is limited to the study of the address: a patient of another study is not found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from chartsift.api.db.tables import User
from chartsift.api.faults import AccessError
from chartsift.api.permissions import ROUTES, STUDY_PERMISSIONS, Permission, Rule, permissions_of
from chartsift.api.room import Room
from chartsift.api.services.accounts import user_of_session
from chartsift.api.services.tokens import user_of_token


@dataclass(frozen=True, slots=True)
class Access:
    """
    Who asks, and what they may do here.

    Attributes:
        user_id: Opaque identifier; empty for nobody.
        name: What the person signs in with.
        display_name: What others read.
        is_admin: Administrator of the installation.
        preferences: The person's own settings of the pages.
        study_id: Study of the address; empty outside of studies.
        role: Role in that study.
        permissions: What the role allows there, whatever a token is limited to: what may be *seen* hangs on the
            person, or a token for reading would show a reviewer what a reviewer must not see.
        only_study: Study that the token is limited to; empty for none.
        session_token: Value of the session cookie, to end the session; empty for a token.
    """

    user_id: str = ""
    name: str = ""
    display_name: str = ""
    is_admin: bool = False
    preferences: dict[str, str] = field(default_factory=dict)
    study_id: str = ""
    role: str | None = None
    permissions: frozenset[Permission] = frozenset()
    only_study: str = ""
    session_token: str = field(default="", repr=False)

    def may(self, permission: Permission) -> bool:
        """Say whether the role in this study allows *permission*."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class _Person:
    user: User
    role: str | None
    scopes: frozenset[str] | None = None
    only_study: str = ""
    session_token: str = field(default="", repr=False)


async def room_of(request: Request) -> Room:
    """Return the room of the application; a coroutine, because a plain function would get a thread of its own."""
    return _room(request)


def _room(request: Request) -> Room:
    room: Room = request.app.state.room
    return room


def access_of(request: Request) -> Access:
    """
    Let a request in, or refuse it.

    Raises:
        AccessError: nobody is signed in (AC501, AC503, AC506), the role or the token does not allow it (AC502,
            AC509), or there is no such study for this person (AC507).
    """
    rule = rule_of(request)
    if rule.permission is Permission.PUBLIC:
        return Access()
    room = _room(request)
    study_id = request.path_params.get("study_id", "")
    person = _person(request, room, study_id, is_use=rule.is_use)
    if person.scopes is not None and rule.scope not in person.scopes:
        raise AccessError("AC509")
    if rule.permission is Permission.ADMIN and not person.user.is_admin:
        raise AccessError("AC502")
    role = _role(person, study_id) if study_id else None
    permissions = permissions_of(role)
    if rule.permission in STUDY_PERMISSIONS and rule.permission not in permissions:
        raise AccessError("AC502")
    return Access(
        user_id=person.user.id,
        name=person.user.name,
        display_name=person.user.display_name,
        is_admin=person.user.is_admin,
        preferences=dict(person.user.preferences),
        study_id=study_id,
        role=role,
        permissions=permissions,
        only_study=person.only_study,
        session_token=person.session_token,
    )


def rule_of(request: Request) -> Rule:
    """
    Return the rule of the route that answers *request*.

    Raises:
        AccessError: the route has no rule (AC502); the tests see to it that every route has one.
    """
    rule = ROUTES.get(getattr(request.scope.get("route"), "name", ""))
    if rule is None:
        raise AccessError("AC502")
    return rule


def _person(request: Request, room: Room, study_id: str, *, is_use: bool) -> _Person:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise AccessError("AC506")
        asker, token = user_of_token(room.store, secret.strip(), study_id=study_id)
        return _Person(asker.user, asker.role, frozenset(token.scopes), token.study_id or "")
    cookie = request.cookies.get(room.cookie, "")
    if not cookie:
        raise AccessError("AC501")
    asker = user_of_session(room.store, cookie, limits=room.limits, study_id=study_id, is_use=is_use)
    return _Person(asker.user, asker.role, session_token=cookie)


def _role(person: _Person, study_id: str) -> str:
    # Who has no part in a study does not learn that there is one.
    if person.role is None or person.only_study not in ("", study_id):
        raise AccessError("AC507")
    return person.role


RoomDep = Annotated[Room, Depends(room_of)]
AccessDep = Annotated[Access, Depends(access_of)]
