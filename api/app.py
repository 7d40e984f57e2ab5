"""The web application: the reviewer's room, its pages and its HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from chartsift.api.db.store import Store
from chartsift.api.faults import AccessError, CodedError
from chartsift.api.pages import (
    account,
    adjudication,
    administration,
    agreement,
    chart,
    chart_acts,
    exports,
    inspection,
    keys,
    pictures,
    sign_in,
    single_sign_on,
    upload,
    work_list,
    worksheet,
)
from chartsift.api.pages import (
    versions as version_pages,
)
from chartsift.api.pages.render import problem_page
from chartsift.api.problems import RequestError, problem_response, safe_errors
from chartsift.api.room import Room, open_store
from chartsift.api.schemas import request_field_names
from chartsift.api.screener import PipelineScreener, Screener, versions
from chartsift.api.security import Boundary
from chartsift.api.settings import Settings
from chartsift.api.v1 import (
    accounts,
    jobs,
    patients,
    record,
    reviews,
    stateless,
    studies,
    uploads,
)
from chartsift.api.v1 import (
    exports as export_routes,
)
from chartsift.api.v1.describe import API_PREFIX, describe_problems
from chartsift.nlp.errors import RuleError
from chartsift.nlp.log import get_logger

_LOG = get_logger(__name__)

_DESCRIPTION = """
The reviewer's room: charts in, proposals with the deciding words out, decisions of people on record.

* Sign in with a token (`Authorization: Bearer …`); it has at most its owner's rights, limited by its scopes.
* Every verdict of the system is a proposal: a person decides and signs. Decisions are only ever added.
* Patients and notes have opaque identifiers in addresses; those of the site stand in bodies only.
* Offsets (`start`, `end`) count Unicode code points of the note text exactly as sent.
* Errors are `application/problem+json` (RFC 9457) with a stable `code`; they never repeat what was sent.
* `POST /evaluate` stores nothing.
"""

# HTTP errors that the framework raises by itself, and the codes they get here.
_CODE_OF_STATUS = {400: "HT812", 404: "HT807", 405: "HT808", 413: "HT801", 422: "HT805"}
# Refusals that a browser answers by showing the form for signing in.
_SIGN_IN_CODES = ("AC501", "AC503")


def create_app(
    settings: Settings | None = None, *, screener: Screener | None = None, store: Store | None = None
) -> FastAPI:
    """
    Return the application.

    Args:
        settings: Limits, hosts, sessions; the defaults answer on this machine only.
        screener: What reads the charts; the pipeline of the product unless a test brings its own.
        store: The database; that of *settings* unless one is given. Its schema is not looked at here.

    Raises:
        StoreError: the database of *settings* cannot be used (ST703, ST704).
    """
    settings = settings or Settings()
    app = FastAPI(
        title="chartsift",
        version=versions()["chartsift"],
        description=_DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # the bundled documentation pages load scripts from a CDN
        redoc_url=None,
    )
    app.state.room = Room(settings, store or open_store(settings), screener or PipelineScreener())
    app.include_router(stateless.stateless_router(settings))
    for part in (accounts, studies, patients, uploads, jobs, reviews, record, export_routes):
        app.include_router(part.routes)
    for part in (
        sign_in,
        single_sign_on,
        account,
        administration,
        inspection,
        work_list,
        chart,
        chart_acts,
        adjudication,
        agreement,
        pictures,
        worksheet,
        keys,
        upload,
        exports,
        version_pages,
    ):
        app.include_router(part.routes)
    app.mount("/static", StaticFiles(packages=[("chartsift.api", "static")]), name="static")
    _add_error_handlers(app)
    app.add_middleware(Boundary, settings=settings)
    describe_problems(app)
    return app


def _add_error_handlers(app: FastAPI) -> None:
    """Give every error its code; a page request gets a page, anything under `API_PREFIX` problem+json."""

    async def on_validation(request: Request, exc: Exception) -> Response:
        raw = cast("RequestValidationError", exc).errors()
        code = "HT812" if any(error["type"] == "json_invalid" for error in raw) else "HT805"
        return _answer(request, code, errors=safe_errors(raw, request_field_names()))

    async def on_http(request: Request, exc: Exception) -> Response:
        error = cast("HTTPException", exc)
        # Its headers name the methods that are allowed.
        return _answer(request, _CODE_OF_STATUS.get(error.status_code, "HT815"), headers=error.headers)

    async def on_refusal(request: Request, exc: Exception) -> Response:
        refusal = cast("RequestError", exc)
        return _answer(request, refusal.code, refusal.message)

    async def on_fault(request: Request, exc: Exception) -> Response:
        fault = cast("CodedError", exc)
        if fault.kind.status >= 500:
            _LOG.error("request_fault", code=fault.code, exc_info=exc)
        if isinstance(fault, AccessError) and fault.code in _SIGN_IN_CODES and _is_page(request):
            return _to_sign_in(request)
        headers = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s else {}
        if fault.kind.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return _answer(request, fault.code, fault.message, headers=headers)

    async def on_integrity(request: Request, exc: Exception) -> Response:
        # Two requests came at once and the database let one of them through: a constraint is the last word.
        _LOG.warning("constraint_held", exc_info=exc)
        return _answer(request, "CO601")

    async def on_rules(request: Request, exc: Exception) -> Response:
        # The message names a file of the server, which is for the log and not for the caller.
        _LOG.error("rules_invalid", code=cast("RuleError", exc).code, exc_info=exc)
        return _answer(request, "HT816")

    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestError, on_refusal)
    app.add_exception_handler(CodedError, on_fault)
    app.add_exception_handler(IntegrityError, on_integrity)
    app.add_exception_handler(RuleError, on_rules)


def _answer(
    request: Request,
    code: str,
    detail: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    if _is_page(request):
        return problem_page(code, detail, headers=headers)
    return problem_response(code, detail, errors=errors, headers=headers)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(API_PREFIX)


def _to_sign_in(request: Request) -> Response:
    """Show the form for signing in, and come back afterwards where nothing was sent."""
    onward = request.url.path if request.method in ("GET", "HEAD") else "/"
    if onward == request.url.path and request.url.query:
        onward += f"?{request.url.query}"
    return RedirectResponse(f"/sign-in?{urlencode({'next': onward})}", status_code=303)
