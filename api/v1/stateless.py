"""Screening without storing: what runs, which trials there are, notes in and verdicts out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter

from chartsift.api.access import RoomDep
from chartsift.api.db.store import is_reachable
from chartsift.api.faults import StoreError
from chartsift.api.intake import charts_of_request
from chartsift.api.schemas import (
    AboutOut,
    EvaluateIn,
    EvaluateOut,
    HealthOut,
    TrialCohortOut,
    TrialCriterionOut,
    TrialOut,
    TrialsOut,
)
from chartsift.api.screener import versions
from chartsift.api.settings import Settings
from chartsift.api.v1.describe import refusals, router

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.chart import PatientResult
    from chartsift.nlp.types import Problem

_EVALUATE_CODES = ("HT802", "HT803", "HT804", "HT806", "HT813", "HT814", "HT816")


def stateless_router(settings: Settings) -> APIRouter:
    """Return the routes; *settings* is only for what the description says of the limits."""
    routes = router("screening")

    @routes.get("/health", summary="Whether the server can work", responses=refusals(public=True))
    def health(room: RoomDep) -> HealthOut:
        """Answer as soon as the server and its database do; for a load balancer."""
        if not is_reachable(room.store):
            raise StoreError("ST703")
        return HealthOut(status="ok")

    @routes.get("/about", summary="What is running", responses=refusals())
    def about(room: RoomDep) -> AboutOut:
        """Answer with versions and the fingerprint; slow only while the pipeline is being built."""
        return AboutOut(versions=dict(versions()), fingerprint=room.screener.fingerprint())

    @routes.get("/trials", summary="Trials that can be read", responses=refusals("HT816"))
    def trials(room: RoomDep) -> TrialsOut:
        """List every trial with its cohorts and criteria."""
        found = [room.screener.trial(trial_id) for trial_id in room.screener.trial_ids()]
        return TrialsOut(default=room.settings.trial, trials=[trial_out(trial) for trial in found])

    @routes.post(
        "/evaluate",
        summary="Screen patients without storing anything",
        responses=refusals(*_EVALUATE_CODES, body=True),
        description=(
            "Reads the notes of each patient and decides every criterion of the trial. The rows are those that "
            "`chartsift screen` writes. A note that cannot be read becomes a row of `problems`, and the rest "
            f"goes on. Limits: {settings.max_body_bytes:,} bytes, {settings.max_patients:,} patients, "
            f"{settings.max_notes:,} notes, {settings.max_note_chars:,} characters a note."
        ),
    )
    def evaluate(request: EvaluateIn, room: RoomDep) -> EvaluateOut:
        intake = charts_of_request(request, room.settings)
        trial = room.screener.trial(request.trial or room.settings.trial)
        results = [room.screener.screen(chart, trial, as_of=intake.as_of) for chart in intake.charts]
        return _evaluate_out(trial, room.screener.fingerprint(), results, intake.problems)

    return routes


def trial_out(trial: Trial) -> TrialOut:
    """Return what a trial says of itself."""
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
