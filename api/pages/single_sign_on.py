"""Leaving for the site's identity provider, and coming back signed in."""

from __future__ import annotations

import base64
import secrets
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from chartsift.api.access import RoomDep, access_of
from chartsift.api.db.store import Store
from chartsift.api.db.tables import Setting
from chartsift.api.faults import AccessError
from chartsift.api.pages.render import page
from chartsift.api.pages.sign_in import safe_next, set_cookie, shown_provider
from chartsift.api.problems import RequestError
from chartsift.api.room import Room
from chartsift.api.services import accounts
from chartsift.api.services.identity import Attempt, Provider
from chartsift.api.services.linking import user_of_identity

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

ATTEMPT_SECONDS = 600
"""How long somebody may take at the provider; a password and a second factor take less."""

CALLBACK = "/sign-in/provider/callback"
_KEY_NAME = "sign_in_key"


@routes.get("/sign-in/provider", name="provider_sign_in_page")
def leave(request: Request, room: RoomDep, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Send the browser to the provider; what belongs to this attempt stays in a signed cookie of ten minutes."""
    attempt = Attempt(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(64),
        onward=safe_next(onward),
    )
    provider = _provider(request, room)
    try:
        url = provider.authorization_url(attempt, redirect_uri=_callback(request, room))
    except AccessError as refusal:
        return _refused(room, refusal, attempt.onward)
    answer = RedirectResponse(url, status_code=303)
    answer.set_cookie(
        _cookie(room),
        _signer(room.store).dumps(asdict(attempt)),
        max_age=ATTEMPT_SECONDS,
        path="/",
        secure=room.settings.is_https,
        httponly=True,
        samesite="lax",  # it comes back with a link from the provider's site
    )
    return answer


@routes.get(CALLBACK, name="provider_callback_page")
def come_back(request: Request, room: RoomDep) -> Response:
    """Open a session for whom the provider vouches, and go on to the page that was asked for."""
    provider = _provider(request, room)
    try:
        attempt = _attempt(request, room)
        identity = provider.identity(
            attempt, dict(request.query_params), redirect_uri=_callback(request, room)
        )
        with room.store.writing() as session:
            user = user_of_identity(session, identity)
            opened = accounts.open_session(session, user.id, method="oidc", limits=room.limits)
    except AccessError as refusal:
        return _refused(room, refusal, "/")
    answer = RedirectResponse(attempt.onward, status_code=303)
    set_cookie(answer, room, opened.token)
    _forget(answer, room)
    return answer


def _refused(room: Room, refusal: AccessError, onward: str) -> Response:
    answer = page(
        "sign_in.html",
        status=refusal.kind.status,
        onward=onward,
        fault=f"{refusal.kind.title}. {refusal.kind.remedy} ({refusal.code})",
        name="",
        provider=shown_provider(room),
    )
    _forget(answer, room)
    return answer


def _provider(request: Request, room: Room) -> Provider:
    settings = room.settings
    if not settings.oidc_issuer:
        raise RequestError("HT807")
    # One for the application, so that its document and its keys are fetched once.
    if not hasattr(request.app.state, "provider"):
        request.app.state.provider = Provider(
            settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
        )
    provider: Provider = request.app.state.provider
    return provider


def _callback(request: Request, room: Room) -> str:
    base = room.settings.public_url or str(request.base_url)
    return base.rstrip("/") + CALLBACK


def _attempt(request: Request, room: Room) -> Attempt:
    try:
        kept = _signer(room.store).loads(request.cookies.get(_cookie(room), ""), max_age=ATTEMPT_SECONDS)
    except BadSignature as exc:  # also when it is missing or too old
        raise AccessError("AC511") from exc
    return Attempt(**kept)


def _cookie(room: Room) -> str:
    return f"{room.cookie}-leaving"


def _forget(answer: Response, room: Room) -> None:
    answer.delete_cookie(
        _cookie(room), path="/", secure=room.settings.is_https, httponly=True, samesite="lax"
    )


def _signer(store: Store) -> URLSafeTimedSerializer:
    """Return what signs the cookie, with a key that all processes of the installation share."""
    with store.reading() as session:
        found = session.get(Setting, _KEY_NAME)
    if found is None:
        with store.writing() as session:
            found = session.get(Setting, _KEY_NAME)
            if found is None:
                key = base64.b64encode(secrets.token_bytes(32)).decode()
                found = Setting(name=_KEY_NAME, value={"key": key})
                session.add(found)
    return URLSafeTimedSerializer(found.value["key"], salt="chartsift sign-in")
