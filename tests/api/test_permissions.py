"""Every route of the application against every role, by the one table; and nobody beyond their own study."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from support.rooms import BASE, PEOPLE, make_room
from support.uploading import receive

from chartsift.api.app import create_app
from chartsift.api.permissions import (
    ROLE_PERMISSIONS,
    ROUTES,
    SCOPES,
    STUDY_PERMISSIONS,
    Permission,
)
from chartsift.api.services import jobs

WHO = ["", "stranger", "root", *PEOPLE]
REFUSALS = {401, 403}


def endpoints(app):
    """Return (name, method, path) of every route, those of nested routers too."""
    found = []
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            found.append((route.original_route.name, "GET", f"{route.original_route.path}/chartsift.css"))
        else:
            found.extend((route.name, method, route.path) for method in route.methods - {"HEAD"})
    return sorted(set(found))


@pytest.fixture(scope="module")
def world(tmp_path_factory, migrated_sqlite):
    import shutil

    from chartsift.api.db.store import Store

    path = tmp_path_factory.mktemp("permissions") / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    room = make_room(store)
    room.upload_id = receive(room, ("P1_2024-05-01_visit.txt", b"CK 700 U/L"))
    with store.reading() as session:
        (job,), _ = jobs.jobs_of(session, room.study_id)
        room.job_id = job.id
    clients = {name: room.client(name) for name in WHO}
    yield room, clients
    store.close()


ALL = endpoints(create_app(store=object()))  # type: ignore[arg-type] - nothing is asked of it


def address(room, path):
    values = {
        "study_id": room.study_id,
        "patient_id": room.patient_id,
        "note_id": room.note_ids(room.patient_id)[0],
        "user_id": room.users["spare"],
        "token_id": "0" * 24,
        "upload_id": room.upload_id,
        "job_id": room.job_id,
        "format_name": "json",
        "count": "3",
        "criterion_id": "iim_diagnosis",
    }
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: values.get(match[1], "0" * 24), path)


def expected(name, who):
    """Return whether the rule of route *name* lets *who* in."""
    permission = ROUTES[name].permission
    if permission is Permission.PUBLIC:
        return True
    if not who:
        return False
    if permission is Permission.SIGNED_IN:
        return True
    if permission is Permission.ADMIN:
        return who == "root"
    return permission in ROLE_PERMISSIONS.get(PEOPLE.get(who, ""), frozenset())


def test_every_route_has_a_rule_and_every_rule_a_route():
    assert {name for name, _, _ in ALL} == ROUTES.keys()


def test_a_route_in_a_study_asks_for_something_in_it():
    for name, _, path in ALL:
        assert ("{study_id}" in path) == (ROUTES[name].permission in STUDY_PERMISSIONS), name


def test_every_scope_is_one_that_there_is():
    assert {rule.scope for rule in ROUTES.values()} - {""} <= SCOPES.keys()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("name", "method", "path"), ALL)
def test_a_route_lets_in_whom_its_rule_names_and_nobody_else(world, name, method, path, who):
    room, clients = world
    body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}

    if name == "sign_out":
        # It would end the session that the other cases use.
        answer = room.client(who).request(method, address(room, path), **body)
    else:
        answer = clients[who].request(method, address(room, path), **body)

    is_in_study = ROUTES[name].permission in STUDY_PERMISSIONS
    is_to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")
    if expected(name, who):
        assert answer.status_code not in REFUSALS
        assert not is_to_sign_in
        assert answer.status_code < 500
    elif not who:
        assert answer.status_code == 401 or is_to_sign_in
    elif is_in_study and who not in PEOPLE:
        # Who has no part in the study does not learn that there is one.
        assert answer.status_code == 404
        assert "AC507" in answer.text
    else:
        assert answer.status_code == 403
        assert "AC502" in answer.text


@pytest.mark.parametrize(("name", "method", "path"), [one for one in ALL if "{patient_id}" in one[2]])
def test_nobody_reaches_a_patient_of_another_study_through_the_own_one(world, name, method, path):
    """Whoever may do everything in one study gets nothing of another by naming its patient there."""
    room, clients = world
    from chartsift.api.services import charts, studies
    from chartsift.nlp.types import Patient

    with room.store.writing() as session:
        other = session.query(studies.Study).filter_by(title="Another study").one_or_none()
        if other is None:
            from support.fake_screener import TRIAL

            other = studies.create_study(session, title="Another study", trial=TRIAL)
        permission = ROUTES[name].permission
        role = next(
            role for role in ("reviewer", "adjudicator", "admin") if permission in ROLE_PERMISSIONS[role]
        )
        who = {"reviewer": "first", "adjudicator": "judge", "admin": "chief"}[role]
        studies.set_member(session, other.id, room.users[who], role, actor_id="system")
        if charts.find_patient(session, other.id, "OTHER") is None:
            charts.add_patient(session, other, Patient("OTHER"))
        other_id = other.id
    bodies = {
        "create_note": {"note_id": "N9", "note_date": "2024-05-01", "text": "x"},
        "change_patient": {"birth_date": None, "sex": None, "as_of": None},
        "assign_patient": {"user_id": None},
        "correct_upload": {"items": [{"item_id": "0" * 24, "leave_out": True}]},
        "make_decision": {"criterion_id": "iim_diagnosis", "verdict": "met", "expected": 0},
        "adjudicate": {"criterion_id": "iim_diagnosis", "verdict": "met", "expected": 0},
        "undo_decision": {"expected": 0},
        "undo_adjudication": {"expected": 0},
        "sign_review": {"expected": 0},
        "sign_adjudication": {"expected": 0},
    }
    (note_id,) = room.note_ids(room.patient_id)
    place = {"criterion_id": "iim_diagnosis", "note_id": note_id, "start": 0, "end": 2, "expected": 0}
    bodies["erase_patient"] = {"reason": "other"}
    bodies |= {"add_evidence": place, "reject_evidence": {**place, "reason": "other"}}
    body = {"json": bodies.get(name, {})} if method in ("POST", "PUT", "PATCH") else {}
    if name.endswith("_form"):
        fields = {"criterion": "iim_diagnosis", "verdict": "met", "expected": 0, "start": 0, "end": 2}
        body = {"data": {**fields, "note": note_id, "source": note_id, "reason": "other"}}

    there = address(room, path).replace(room.study_id, other_id)
    answer = clients[who].request(method, there, **body)

    assert (answer.status_code, "AC507" in answer.text) == (404, True), answer.text


def test_a_token_is_held_to_its_scopes_and_its_study(world):
    room, clients = world
    made = (
        clients["first"]
        .post(
            "/api/v1/tokens",
            json={"label": "reader", "scopes": ["read"], "days": 30, "study_id": room.study_id},
        )
        .json()
    )
    program = room.client()
    program.headers["Authorization"] = f"Bearer {made['secret']}"

    assert program.get(room.chart).status_code == 200
    assert program.post(f"{room.chart}/reviews").json()["code"] == "AC509"
    assert program.get("/api/v1/tokens").json()["code"] == "AC509"
    assert [one["study_id"] for one in program.get("/api/v1/studies").json()["items"]] == [room.study_id]
    clients["first"].delete(f"/api/v1/tokens/{made['token_id']}")
    assert program.get(room.chart).json()["code"] == "AC506"


def test_a_token_of_another_study_opens_nothing_here(world):
    room, clients = world
    made = clients["root"].post("/api/v1/studies", json={"title": "A third study"}).json()
    token = (
        clients["root"]
        .post(
            "/api/v1/tokens",
            json={"label": "x", "scopes": ["read", "manage"], "days": 1, "study_id": made["study_id"]},
        )
        .json()
    )
    with room.store.writing() as session:
        from chartsift.api.services import studies

        studies.set_member(session, room.study_id, room.users["root"], "admin", actor_id="system")
    program = room.client()
    program.headers["Authorization"] = f"Bearer {token['secret']}"

    assert program.get(f"/api/v1/studies/{made['study_id']}").status_code == 200
    assert program.get(room.study).json()["code"] == "AC507"
    with room.store.writing() as session:
        studies.remove_member(session, room.study_id, room.users["root"], actor_id="system")


def test_without_origin_and_fetch_metadata_a_session_changes_nothing(world):
    room, _ = world
    client = room.client("first")
    del client.headers["Sec-Fetch-Site"]

    assert client.post(f"{room.chart}/reviews").json()["code"] == "HT810"
    assert (
        client.post(f"{room.chart}/reviews", headers={"Origin": "http://evil.example"}).json()["code"]
        == "HT810"
    )
    assert client.post(f"{room.chart}/reviews", headers={"Origin": BASE}).status_code == 200
