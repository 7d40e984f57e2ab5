"""
The web application: one upload page and the HTTP interface. Stateless; nothing of a chart outlives its request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from chartsift.api.intake import charts_of_request
from chartsift.api.pages import Pages
from chartsift.api.problems import (
    KINDS,
    PROBLEM_MEDIA_TYPE,
    RequestError,
    problem_body,
    problem_response,
    safe_errors,
)
from chartsift.api.schemas import (
    EvaluateIn,
    EvaluateOut,
    HealthOut,
    ProblemOut,
    TrialCohortOut,
    TrialCriterionOut,
    TrialOut,
    TrialsOut,
    request_field_names,
)
from chartsift.api.screener import PipelineScreener, Screener, versions
from chartsift.api.security import Boundary
from chartsift.api.settings import Settings
from chartsift.nlp.errors import RuleError
from chartsift.nlp.log import get_logger

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.chart import PatientResult
    from chartsift.nlp.types import Problem

_LOG = get_logger(__name__)

API_PREFIX = "/api/v1"

_DESCRIPTION = """
Notes in, eligibility with the deciding words out. Every verdict is a proposal: a person decides and signs.

* Stateless: nothing that is sent is stored, and nothing of it is logged.
* Offsets (`start`, `end`) count Unicode code points of the note text exactly as sent.
* Errors are `application/problem+json` (RFC 9457) with a stable `code`; they never repeat what was sent.
"""

_PROBLEM_REF = {"$ref": "#/components/schemas/ProblemOut"}

# HTTP errors that the framework raises by itself, and the codes they get here.
_CODE_OF_STATUS = {400: "HT812", 404: "HT807", 405: "HT808", 413: "HT801", 422: "HT805"}


def create_app(settings: Settings | None = None, *, screener: Screener | None = None) -> FastAPI:
    """
    Return the application.

    Args:
        settings: Limits and hosts; the defaults answer on this machine only.
        screener: What reads the charts; the pipeline of the product unless a test brings its own.
    """
    settings = settings or Settings()
    reader = screener or PipelineScreener()
    app = FastAPI(
        title="chartsift",
        version=versions()["chartsift"],
        description=_DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # the bundled documentation pages load scripts from a CDN
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.include_router(_api_router(settings, reader))
    pages = Pages(settings=settings, screener=reader)
    app.include_router(pages.router(), include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("chartsift.api", "static")]), name="static")
    _add_error_handlers(app, pages)
    app.add_middleware(Boundary, settings=settings)
    _describe_problems(app)
    return app


def _api_router(settings: Settings, screener: Screener) -> APIRouter:
    router = APIRouter(prefix=API_PREFIX, tags=["v1"], responses=_problem_responses("HT809", "HT815"))

    @router.get("/health", summary="What is running")
    def health() -> HealthOut:
        """Answer with versions and the fingerprint; slow only while the pipeline is being built."""
        return HealthOut(status="ok", versions=versions(), fingerprint=screener.fingerprint())

    @router.get("/trials", summary="Trials that can be read", responses=_problem_responses("HT815", "HT816"))
    def trials() -> TrialsOut:
        """List every trial with its cohorts and criteria."""
        found = [screener.trial(trial_id) for trial_id in screener.trial_ids()]
        return TrialsOut(default=settings.trial, trials=[_trial_out(trial) for trial in found])

    @router.post(
        "/evaluate",
        summary="Screen patients",
        responses=_problem_responses(
            "HT801",
            "HT802",
            "HT803",
            "HT804",
            "HT805",
            "HT806",
            "HT810",
            "HT812",
            "HT813",
            "HT814",
            "HT815",
            "HT816",
        ),
        description=(
            "Reads the notes of each patient and decides every criterion of the trial. The rows are those that "
            "`chartsift screen` writes. A note that cannot be read becomes a row of `problems`, and the rest "
            f"goes on. Limits: {settings.max_body_bytes:,} bytes, {settings.max_patients:,} patients, "
            f"{settings.max_notes:,} notes, {settings.max_note_chars:,} characters a note."
        ),
    )
    def evaluate(request: EvaluateIn) -> EvaluateOut:
        intake = charts_of_request(request, settings)
        trial = screener.trial(request.trial or settings.trial)
        results = [screener.screen(chart, trial, as_of=intake.as_of) for chart in intake.charts]
        return _evaluate_out(trial, screener.fingerprint(), results, intake.problems)

    return router


def _trial_out(trial: Trial) -> TrialOut:
    return TrialOut(
        trial_id=trial.trial_id,
        version=trial.version,
        title=trial.title,
        source=trial.source,
        fingerprint=trial.fingerprint(),
        cohorts=[
            TrialCohortOut(
                cohort_id=cohort.cohort_id,
                label=cohort.label,
                criteria=[
                    TrialCriterionOut(
                        criterion_id=criterion.criterion_id, kind=criterion.kind, summary=criterion.summary
                    )
                    for criterion in trial.criteria_of(cohort)
                ],
            )
            for cohort in trial.cohorts
        ],
    )


def _evaluate_out(
    trial: Trial, fingerprint: str, results: Sequence[PatientResult], problems: Sequence[Problem]
) -> EvaluateOut:
    """Put the rows of all patients one after the other, as the output files have them."""
    from chartsift.nlp.criteria.search import vocabulary  # noqa: PLC0415 - reads the lexicon
    from chartsift.nlp.screening import rows  # noqa: PLC0415 - brings the pipeline's types along

    criteria = [row for result in results for row in rows.criterion_rows(result)]
    every_problem = [*problems, *(problem for result in results for problem in result.problems)]
    return EvaluateOut.model_validate(
        {
            "trial_id": trial.trial_id,
            "trial_version": trial.version,
            "trial_fingerprint": trial.fingerprint(),
            "fingerprint": fingerprint,
            "findings": [row for result in results for row in rows.finding_rows(result)],
            "criteria": criteria,
            "cohorts": [row for result in results for row in rows.cohort_rows(result)],
            "scores": [row for result in results for row in rows.score_rows(result)],
            "problems": [rows.problem_row(problem) for problem in every_problem],
            "vocabulary": vocabulary(
                kind for row in criteria if row["searched"] for kind in row["searched"]["kinds"]
            ),
        }
    )


def _problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for OpenAPI: by HTTP status, the codes that come with it as examples."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = KINDS[code]
        entry = by_status.setdefault(
            kind.status,
            {"description": "", "content": {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_REF, "examples": {}}}},
        )
        line = f"`{code}` {kind.title}. {kind.remedy}"
        entry["description"] = f"{entry['description']}\n\n{line}".strip()
        entry["content"][PROBLEM_MEDIA_TYPE]["examples"][code] = {"value": problem_body(code)}
    return by_status


def _describe_problems(app: FastAPI) -> None:
    """Put the shape of a refusal and the table of its codes into the OpenAPI document."""
    document = app.openapi  # the framework's own

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = document().setdefault("components", {}).setdefault("schemas", {})
            shape = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}))
            shape["properties"]["code"]["enum"] = sorted(KINDS)
            schemas["ProblemOut"] = shape
        return document()

    app.openapi = openapi  # type: ignore[method-assign]


def _add_error_handlers(app: FastAPI, pages: Pages) -> None:
    """Give every error its code; a page request gets a page, anything under `API_PREFIX` problem+json."""

    def answer(
        request: Request,
        code: str,
        detail: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if request.url.path.startswith(API_PREFIX):
            return problem_response(code, detail, errors=errors, headers=headers)
        return pages.problem_page(request, code, detail, headers=headers)

    async def on_validation(request: Request, exc: Exception) -> Response:
        raw = cast("RequestValidationError", exc).errors()
        code = "HT812" if any(error["type"] == "json_invalid" for error in raw) else "HT805"
        return answer(request, code, errors=safe_errors(raw, request_field_names()))

    async def on_http(request: Request, exc: Exception) -> Response:
        error = cast("HTTPException", exc)
        # Its headers name the methods that are allowed.
        return answer(request, _CODE_OF_STATUS.get(error.status_code, "HT815"), headers=error.headers)

    async def on_refusal(request: Request, exc: Exception) -> Response:
        refusal = cast("RequestError", exc)
        return answer(request, refusal.code, refusal.message)

    async def on_rules(request: Request, exc: Exception) -> Response:
        # The message names a file of the server, which is for the log and not for the caller.
        _LOG.error("rules_invalid", code=cast("RuleError", exc).code, exc_info=exc)
        return answer(request, "HT816")

    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestError, on_refusal)
    app.add_exception_handler(RuleError, on_rules)


def _operation_id(route: APIRoute) -> str:
    return route.name
