"""One chart: criteria, notes and evidence side by side."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.pages.render import page
from chartsift.api.problems import RequestError
from chartsift.api.render import SIDES, CriterionText, patient_view, slot_styles
from chartsift.api.services import audit, charts
from chartsift.api.services.evaluation import current_result, result_value
from chartsift.api.services.studies import study_of, trial_of
from chartsift.api.services.visibility import sees_proposal
from chartsift.nlp.criteria.schema import TrialFile

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

# More criteria than any trial has; it keeps the address of the slot styles from making long files.
MAX_SLOTS = 500


@routes.get("/studies/{study_id}/patients/{patient_id}", name="chart_page")
def chart_page(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show a chart; who reads it blind sees the notes alone. That it was seen goes into the audit trail."""
    with room.store.writing() as session:
        study = study_of(session, study_id)
        patient = charts.patient_of(session, study_id, patient_id)
        notes = charts.chart_of(session, patient).notes
        audit.append(session, access.user_id, "chart.seen", study_id=study_id, patient_id=patient.id)
        stored = current_result(session, patient)
        is_seen = sees_proposal(session, patient, access.user_id, access.permissions)
        result = result_value(session, stored) if stored is not None and is_seen else None
        view = None
        if result is not None:
            view = patient_view(
                key="p1",
                patient=result.patient,
                as_of=result.as_of,
                notes=notes,
                read={note.note_id for note in result.notes},
                findings=result.findings,
                cohorts=result.cohorts,
                texts=criterion_texts(trial_of(study)),
            )
        return page(
            "chart.html",
            access=access,
            study=study,
            patient=patient,
            view=view,
            notes=notes,
            is_blind=not is_seen,
            slots=len(view.criteria) if view else 0,
            sides=SIDES,
            fingerprint=stored.fingerprint[:12] if stored else "",
        )


@routes.get("/slots/{count}.css", name="slot_styles")
def styles(count: int) -> Response:
    """Return the style rules that tie the chosen criterion to its marks, for *count* criteria."""
    if not 0 <= count <= MAX_SLOTS:
        raise RequestError("HT807")
    return Response(slot_styles(count), media_type="text/css")


def criterion_texts(trial: TrialFile) -> dict[tuple[str, str], CriterionText]:
    """Return label and summary of every criterion of *trial* by cohort and criterion id."""
    return {
        (cohort.cohort_id, criterion.criterion_id): CriterionText(
            criterion.label or criterion.criterion_id.replace("_", " ").capitalize(), criterion.summary
        )
        for cohort in trial.cohorts
        for criterion in trial.criteria_of(cohort)
    }
