"""
The pages: upload, result, sample charts, and the page of a refusal. Server-rendered; they work without script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files as package_files
from typing import TYPE_CHECKING, Any

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool

from chartsift.api.intake import Details, Intake, UploadedFile, charts_of_files, read_form, sample_charts
from chartsift.api.problems import KINDS, RequestError
from chartsift.api.render import SIDES, CriterionText, PatientView, patient_view, slot_styles
from chartsift.api.screener import Screener, versions
from chartsift.api.settings import Settings

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.types import Problem

# More criteria than any trial has; it keeps the address of the slot styles from making long files.
MAX_SLOTS = 500


class Pages:
    """The page routes and what they share: templates, settings and the screener."""

    def __init__(self, *, settings: Settings, screener: Screener) -> None:
        self._settings = settings
        self._screener = screener
        self._templates = _environment()

    def router(self) -> APIRouter:
        """Return the routes of the pages."""
        router = APIRouter()
        router.add_api_route("/", self._upload_page, methods=["GET"], name="upload_page")
        router.add_api_route("/", self._upload, methods=["POST"], name="upload")
        router.add_api_route("/samples", self._samples, methods=["GET"], name="samples")
        router.add_api_route("/slots/{count}.css", self._slot_styles, methods=["GET"], name="slot_styles")
        return router

    def problem_page(
        self, request: Request, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the page that says why a request was refused and what to do."""
        del request  # nothing of the request is shown
        kind = KINDS[code]
        return self._page("problem.html", status=kind.status, headers=headers, kind=kind, detail=detail)

    async def _upload_page(self) -> Response:
        return self._page("upload.html", settings=self._settings)

    async def _upload(self, request: Request) -> Response:
        form = await read_form(request, self._settings)
        return await run_in_threadpool(self._screened_upload, form.files, form.details)

    async def _samples(self) -> Response:
        return await run_in_threadpool(self._screened_samples)

    async def _slot_styles(self, count: int) -> Response:
        if not 0 <= count <= MAX_SLOTS:
            raise RequestError("HT807")
        return Response(slot_styles(count), media_type="text/css")

    def _screened_upload(self, uploads: Sequence[UploadedFile], details: Details) -> Response:
        intake = charts_of_files(uploads, details, self._settings)
        status = 200 if intake.charts else KINDS["HT811"].status
        return self._result_page(intake, status=status, title="Uploaded charts")

    def _screened_samples(self) -> Response:
        return self._result_page(sample_charts(self._settings), status=200, title="Sample charts")

    def _result_page(self, intake: Intake, *, status: int, title: str) -> Response:
        trial = self._screener.trial(self._settings.trial)
        texts = criterion_texts(trial)
        problems: list[Problem] = list(intake.problems)
        views: list[PatientView] = []
        for number, chart in enumerate(intake.charts, start=1):
            result = self._screener.screen(chart, trial, as_of=intake.as_of)
            problems.extend(result.problems)
            views.append(
                patient_view(
                    key=f"p{number}",
                    patient=result.patient,
                    as_of=result.as_of,
                    notes=chart.notes,
                    read={note.note_id for note in result.notes},
                    findings=result.findings,
                    cohorts=result.cohorts,
                    texts=texts,
                )
            )
        return self._page(
            "result.html",
            status=status,
            title=title,
            trial=trial,
            patients=views,
            problems=problems,
            notices=intake.notices,
            slots=max((len(view.criteria) for view in views), default=0),
            sides=SIDES,
            fingerprint=self._screener.fingerprint()[:12],
            version=versions()["chartsift"],
        )

    def _page(
        self, name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        body = self._templates.get_template(name).render(**values)
        return HTMLResponse(body, status_code=status, headers=dict(headers or {}))


def criterion_texts(trial: Trial) -> dict[tuple[str, str], CriterionText]:
    """Return label and summary of every criterion of *trial* by cohort and criterion id."""
    return {
        (cohort.cohort_id, criterion.criterion_id): CriterionText(
            criterion.label or criterion.criterion_id.replace("_", " ").capitalize(), criterion.summary
        )
        for cohort in trial.cohorts
        for criterion in trial.criteria_of(cohort)
    }


def _environment() -> jinja2.Environment:
    """Return the template environment: everything is escaped, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chartsift.api"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static_url
    environment.filters["exact"] = exact
    return environment


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
