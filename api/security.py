"""
The outermost layer of the application: who is answered, how much is read, what a browser may do with a
page, one log line a request, and an end for every unexpected error.

It is plain ASGI rather than a framework middleware, so that nothing of a request can slip past it: an
exception that reached the server would be printed with its message, which may hold words of a note.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chartsift.api.problems import problem_response
from chartsift.api.room import cookie_name
from chartsift.api.settings import Settings
from chartsift.nlp.log import get_logger

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Two years, as browsers' preload lists ask.
_TLS_HEADERS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}

STATIC_PREFIX = "/static/"


class Boundary:
    """ASGI middleware around the whole application; see the module docstring."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._cookie = cookie_name(settings)
        self._headers = {**SECURITY_HEADERS, **(_TLS_HEADERS if settings.is_https else {})}
        self._log = get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Of our own making: what a caller sends would be a way for words into the log.
        request_ref = secrets.token_hex(8)
        exchange = _Exchange(
            scope,
            receive,
            send,
            max_body_bytes=self._settings.max_body_bytes,
            request_ref=request_ref,
            headers=self._headers,
        )
        started = time.perf_counter()
        try:
            refusal = self._refusal(Headers(scope=scope), scope["method"])
            if refusal:
                await exchange.refuse(refusal)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except Exception as exc:  # the last place where its message can be kept out of the log
            self._log.error(
                "request_failed", request_ref=request_ref, route=_route(scope), code="HT815", exc_info=exc
            )
            await exchange.refuse("HT815")
        finally:
            elapsed_ms = round((time.perf_counter() - started) * 1000)
            self._log.info(
                "request",
                request_ref=request_ref,
                method=scope["method"],
                route=_route(scope),
                status=exchange.status,
                ms=elapsed_ms,
            )

    def _refusal(self, headers: Headers, method: str) -> str:
        """Return the code of the refusal of this request, or an empty string."""
        if self._settings.allowed_hosts and _host_name(headers) not in self._settings.allowed_hosts:
            return "HT809"
        if method not in ("GET", "HEAD", "OPTIONS") and self._is_from_elsewhere(headers):
            return "HT810"
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.max_body_bytes:
            return "HT801"
        return ""

    def _is_from_elsewhere(self, headers: Headers) -> bool:
        """
        Tell a request that another site made a browser send (cross-site request forgery).

        Every current browser says where a request comes from (Sec-Fetch-Site); one that does not at least names
        the origin of a form (Origin). A request that has a session's cookie and neither header is refused: no
        browser sends it. Other programs use tokens, and no site can make a browser send one.
        Source: Go's net/http CrossOriginProtection, https://go.dev/doc/go1.25#nethttppkgnethttp.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is not None:
            return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        return self._cookie in _cookie_names(headers)


class _Exchange:
    """One request and its response: counts what comes in, adds headers to what goes out."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        max_body_bytes: int,
        request_ref: str,
        headers: Mapping[str, str],
    ) -> None:
        self.status = 0
        self._request_ref = request_ref
        self._headers = headers
        self._scope = scope
        self._receive = receive
        self._send = send
        self._left = max_body_bytes
        self._replaced = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                # The reader of the body sees its end here; whatever it makes of that is replaced in send().
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if self._left < 0:
                await self.refuse("HT801")
                return
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
            headers["X-Request-Id"] = self._request_ref
            # Notes and verdicts stay out of every cache; only the fixed files may be kept.
            if not self._scope["path"].startswith(STATIC_PREFIX):
                headers["Cache-Control"] = "no-store"
        await self._send(message)

    async def refuse(self, code: str) -> None:
        """Answer with the problem *code*, unless an answer is on its way already."""
        if self.status:
            return
        self._left = max(self._left, 0)
        await problem_response(code)(self._scope, self._receive, self.send)
        self._replaced = True


def _cookie_names(headers: Headers) -> set[str]:
    parts = ";".join(headers.getlist("cookie")).split(";")
    return {part.partition("=")[0].strip() for part in parts}


def _host_name(headers: Headers) -> str:
    host = headers.get("host", "").lower()
    if host.startswith("["):  # an IPv6 address in brackets
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _route(scope: Scope) -> str:
    """Return the template of the route ("/api/v1/studies/{study_id}"), never the path that was asked for."""
    template: Any = getattr(scope.get("route"), "path", "")
    return template if isinstance(template, str) and template else "none"
