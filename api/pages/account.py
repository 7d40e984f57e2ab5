"""One's own account: password, sessions, tokens. What ends something is a form, so that it works without script."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from chartsift.api.access import Access, AccessDep, RoomDep, access_of
from chartsift.api.db.store import now_of
from chartsift.api.db.tables import User
from chartsift.api.faults import CodedError
from chartsift.api.pages.render import page
from chartsift.api.pages.sign_in import set_cookie
from chartsift.api.permissions import SCOPES
from chartsift.api.room import Room
from chartsift.api.services import sessions, studies, tokens

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_HERE = "/account"


@routes.get(_HERE, name="account_page")
def account_page(access: AccessDep, room: RoomDep) -> Response:
    """Show what one can see and end of one's own account."""
    return _page(room, access)


@routes.post("/account/password", name="change_password_page")
def change_password(
    request: Request,
    access: AccessDep,
    room: RoomDep,
    present: Annotated[str, Form(max_length=1100)],
    new: Annotated[str, Form(max_length=1100)],
    again: Annotated[str, Form(max_length=1100)],
) -> Response:
    """Change the password; every other session ends."""
    if new != again:
        return _page(
            room, access, status=422, fault="The new passwords are not the same. Nothing was changed."
        )
    address = request.client.host if request.client else ""
    try:
        opened = sessions.change_password(
            room.store, access.user_id, present, new, address=address, limits=room.limits
        )
    except CodedError as refusal:
        said = f"{refusal.kind.title}. {refusal.kind.remedy} ({refusal.code})"
        return _page(room, access, status=refusal.kind.status, fault=said)
    answer = RedirectResponse(f"{_HERE}?done=password", status_code=303)
    set_cookie(answer, room, opened.token)
    return answer


@routes.post("/account/sessions/{session_id}/end", name="end_session_page")
def end_session(session_id: str, access: AccessDep, room: RoomDep) -> Response:
    """End one of one's sessions."""
    with room.store.writing() as session:
        sessions.end_session(session, access.user_id, session_id, limits=room.limits, actor_id=access.user_id)
    return RedirectResponse(_HERE, status_code=303)


@routes.post("/account/tokens", name="make_token_page")
def make_token(
    access: AccessDep,
    room: RoomDep,
    label: Annotated[str, Form(min_length=1, max_length=100)],
    days: Annotated[int, Form(ge=1, le=3650)],
    scopes: Annotated[list[str], Form()],
    study_id: Annotated[str, Form(max_length=24)] = "",
) -> Response:
    """Make a token and show its secret, this once."""
    with room.store.writing() as session:
        if study_id and studies.role_in(session, study_id, access.user_id) is None:
            return _page(room, access, status=404, fault="You take part in no such study.")
        made = tokens.create_token(
            session,
            access.user_id,
            label=label,
            scopes=scopes,
            lifetime=timedelta(days=min(days, room.settings.token_days)),
            study_id=study_id or None,
        )
    return _page(room, access, secret=made.secret)


@routes.post("/account/tokens/{token_id}/end", name="end_token_page")
def end_token(token_id: str, access: AccessDep, room: RoomDep) -> Response:
    """End one of one's tokens."""
    with room.store.writing() as session:
        tokens.revoke_token(session, access.user_id, token_id)
    return RedirectResponse(_HERE, status_code=303)


def _page(room: Room, access: Access, *, status: int = 200, fault: str = "", secret: str = "") -> Response:
    with room.store.reading() as session:
        now = now_of(session)
        return page(
            "account.html",
            access=access,
            status=status,
            fault=fault,
            secret=secret,
            has_password=session.get_one(User, access.user_id).password_hash is not None,
            sessions=sessions.open_sessions(
                session, access.user_id, limits=room.limits, current=access.session_token
            ),
            tokens=[
                (token, token.revoked_at is None and token.expires_at > now)
                for token in tokens.list_tokens(session, access.user_id)
            ],
            scopes=SCOPES,
            studies=studies.studies_of(session, access.user_id),
            most_days=room.settings.token_days,
        )
