"""
The outermost layer of the application: who is answered, how much is read, what a browser may do with a
page, one log line a request, and an end for every unexpected error.

It is plain ASGI rather than a framework middleware, so that nothing of a request can slip past it: an
exception that reached the server would be printed with its message, which may hold words of a note.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chartsift.api.problems import problem_response
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

STATIC_PREFIX = "/static/"


class Boundary:
    """ASGI middleware around the whole application; see the module docstring."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._log = get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, max_body_bytes=self._settings.max_body_bytes)
        started = time.perf_counter()
        try:
            refusal = self._refusal(Headers(scope=scope), scope["method"])
            if refusal:
                await exchange.refuse(refusal)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except Exception as exc:  # the last place where its message can be kept out of the log
            self._log.error("request_failed", route=_route(scope), code="HT815", exc_info=exc)
            await exchange.refuse("HT815")
        finally:
            elapsed_ms = round((time.perf_counter() - started) * 1000)
            self._log.info(
                "request", method=scope["method"], route=_route(scope), status=exchange.status, ms=elapsed_ms
            )

    def _refusal(self, headers: Headers, method: str) -> str:
        """Return the code of the refusal of this request, or an empty string."""
        if self._settings.allowed_hosts and _host_name(headers) not in self._settings.allowed_hosts:
            return "HT809"
        # Browsers say where a request comes from; other programs send no such header and are not meant.
        if method not in ("GET", "HEAD") and headers.get("sec-fetch-site", "none") not in (
            "same-origin",
            "none",
        ):
            return "HT810"
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.max_body_bytes:
            return "HT801"
        return ""


class _Exchange:
    """One request and its response: counts what comes in, adds headers to what goes out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, max_body_bytes: int) -> None:
        self.status = 0
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
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
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


def _host_name(headers: Headers) -> str:
    host = headers.get("host", "").lower()
    if host.startswith("["):  # an IPv6 address in brackets
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _route(scope: Scope) -> str:
    """Return the template of the route ("/sample/{chart_id}"), never the path that was asked for."""
    template: Any = getattr(scope.get("route"), "path", "")
    return template if isinstance(template, str) and template else "none"
