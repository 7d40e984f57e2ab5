"""Signing in and out, and where one lands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.faults import AccessError
from chartsift.api.pages.render import page
from chartsift.api.room import Room
from chartsift.api.services import accounts, studies

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

_LONGEST_NEXT = 500


@routes.get("/sign-in", name="sign_in_page")
def sign_in_page(room: RoomDep, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Show the form; *next* is the page that was asked for."""
    return page("sign_in.html", onward=safe_next(onward), fault="", name="", provider=shown_provider(room))


@routes.post("/sign-in", name="sign_in")
def sign_in(
    request: Request,
    room: RoomDep,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1100)],
    onward: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Open a session and go on to the page that was asked for; a refusal shows the form again."""
    address = request.client.host if request.client else ""
    try:
        signed_in = accounts.sign_in(room.store, name, password, address=address, limits=room.limits)
    except AccessError as refusal:
        wait = {"Retry-After": str(refusal.retry_after_s)} if refusal.retry_after_s else {}
        return page(
            "sign_in.html",
            status=refusal.kind.status,
            headers=wait,
            onward=safe_next(onward),
            fault=f"{refusal.kind.title}. {refusal.kind.remedy} ({refusal.code})",
            name=name,
            provider=shown_provider(room),
        )
    answer = RedirectResponse(safe_next(onward), status_code=303)
    set_cookie(answer, room, signed_in.token)
    return answer


@routes.post("/sign-out", name="sign_out")
def sign_out(access: AccessDep, room: RoomDep) -> Response:
    """End the session."""
    with room.store.writing() as session:
        accounts.sign_out(session, access.session_token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(room.cookie, path="/", secure=room.settings.is_https, httponly=True, samesite="lax")
    return answer


@routes.get("/", name="home_page")
def home_page(access: AccessDep, room: RoomDep) -> Response:
    """Go to the work list of the only study; else show the studies."""
    with room.store.reading() as session:
        found = studies.studies_of(session, access.user_id)
        if len(found) == 1:
            return RedirectResponse(f"/studies/{found[0][0].id}", status_code=303)
        return page("home.html", access=access, studies=found)


def set_cookie(answer: Response, room: Room, token: str) -> None:
    """Give the browser its session: for this host only, out of reach of scripts, gone with the browser."""
    answer.set_cookie(
        room.cookie, token, path="/", secure=room.settings.is_https, httponly=True, samesite="lax"
    )


def shown_provider(room: Room) -> str:
    """Return what the button of the site's identity provider says; empty where there is no provider."""
    return room.settings.oidc_label if room.settings.oidc_issuer else ""


def safe_next(onward: str) -> str:
    """
    Return where to go on to: an address of this server, else the start.

    >>> safe_next("/studies/1?state=new"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/studies/1?state=new', '/', '/')
    """
    is_ours = onward.startswith("/") and not onward.startswith(("//", "/\\")) and len(onward) <= _LONGEST_NEXT
    return onward if is_ours and onward.isprintable() else "/"
