"""Every route of the application with an address in a room of the tests."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from support.rooms import TestRoom


def endpoints(app) -> list[tuple[str, str, str]]:
    """Return (name, method, path) of every route, those of nested routers too."""
    found = []
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            found.append((route.original_route.name, "GET", f"{route.original_route.path}/chartsift.css"))
        else:
            found.extend((route.name, method, route.path) for method in route.methods - {"HEAD"})
    return sorted(set(found))


def address(room: TestRoom, path: str, **values: str) -> str:
    """Return an address of the route *path*: of the room's chart, and of nothing for what the room has none of."""
    known: Mapping[str, str] = {
        "study_id": room.study_id,
        "patient_id": room.patient_id,
        "note_id": room.note_ids(room.patient_id)[0],
        "user_id": room.users["spare"],
        "upload_id": getattr(room, "upload_id", ""),
        "job_id": getattr(room, "job_id", ""),
        "count": "3",
        **values,
    }
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: known.get(match[1]) or "0" * 24, path)
