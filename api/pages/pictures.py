"""Pictures of one chart: everything on one axis of time, and laboratory values with their range."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.chart.timeline import lanes_of, trends_of, windows_of
from chartsift.api.charts import span_of, timeline, trend
from chartsift.api.pages.keys import OFF
from chartsift.api.pages.render import page
from chartsift.api.pages.scene import chart_address, criteria_in_order, place_address, record_seen, scene_of

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)


@routes.get("/studies/{study_id}/patients/{patient_id}/pictures", name="pictures_page")
def pictures_page(study_id: str, patient_id: str, access: AccessDep, room: RoomDep) -> Response:
    """Show timeline and trends; who reads blind sees the notes on the axis, and nothing that was read in them."""
    with room.store.reading() as session:
        scene = scene_of(session, access, study_id, patient_id)
        by_site_id = {note.note_id: note.id for note in scene.notes}
        findings = [one for one in scene.result.findings if one.note_id in by_site_id] if scene.result else []

        def link(note_id: str, start: int, end: int) -> str:
            return chart_address(scene, note=by_site_id[note_id], at=f"{start}-{end}")

        notes = [
            (note.note_type or "Note", note.note_date, chart_address(scene, note=note.id))
            for note in scene.notes
        ]
        windows = windows_of(criteria_in_order(scene)) if scene.result else []
        trends = trends_of(findings, link)
        days = [value.day for _, _, values in trends if len(values) > 1 for value in values]
        span = span_of([*days, scene.as_of])
        answer = page(
            "pictures.html",
            access=access,
            study=scene.study,
            patient=scene.patient,
            scene=scene,
            base=place_address(study_id, patient_id),
            timeline=timeline(lanes_of(findings, notes, link), windows, scene.as_of) if notes else None,
            windows=windows,
            trends=[
                (name, values, trend(name, unit, values, scene.as_of, span=span))
                for name, unit, values in trends
                if len(values) > 1
            ],
            singles=[values[0] for _, _, values in trends if len(values) == 1],
            keys_off=bool(access.preferences.get(OFF)),
        )
    record_seen(room.store, access, study_id, patient_id, "chart.seen")
    return answer
