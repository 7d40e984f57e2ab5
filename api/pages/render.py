"""Templates and what every page needs: escaping that keeps every character, addresses of fixed files, the frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files as package_files
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup, escape

from chartsift.api.access import Access
from chartsift.api.problems import KINDS
from chartsift.api.screener import versions


def page(
    template: str,
    /,
    *,
    access: Access | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """
    Return a page.

    Args:
        template: Which one, such as "work_list.html". One of somebody signed in extends "room.html".
        access: Who asks; templates see it as ``access``.
        status: HTTP status.
        headers: Further headers.
        values: What the template shows.
    """
    body = (
        _environment()
        .get_template(template)
        .render(access=access or Access(), version=versions()["chartsift"], **values)
    )
    return HTMLResponse(body, status_code=status, headers=dict(headers or {}))


def problem_page(code: str, detail: str = "", *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the page that says why a request was refused and what to do; nothing of the request is shown."""
    kind = KINDS[code]
    return page("problem.html", status=kind.status, headers=headers, kind=kind, detail=detail)


def exact(text: str) -> Markup:
    """
    Escape *text* so that a browser holds the very same characters.

    HTML parsers turn a carriage return, and the pair with a line feed, into a line feed; as a character
    reference it stays.
    """
    escaped = escape(text)
    return Markup(str(escaped).replace("\r", "&#13;"))  # noqa: S704 - escaped above


@cache
def static_url(name: str) -> str:
    """Return the address of a static file with a hash of its content, so that a new version is fetched."""
    content = (package_files("chartsift.api") / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def warm_up() -> None:
    """Compile every template now rather than with the first page that needs it."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


@cache
def _environment() -> jinja2.Environment:
    """Return the template environment: everything is escaped, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chartsift.api"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Templates come with the package; a new one comes with a restart.
        auto_reload=False,
    )
    environment.globals["static"] = static_url
    environment.filters["exact"] = exact
    environment.filters["plain"] = lambda words: str(words).replace("_", " ")
    return environment
