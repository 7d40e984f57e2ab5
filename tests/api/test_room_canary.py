"""
Nothing of a patient leaves the room but in the body of an answer that was meant to show it.

Every route is asked rightly, wrongly and while something fails inside, with markers planted in everything that is a
patient's: no log line, no address, no header and no body of a refusal holds one.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
import warnings
from datetime import date

import pytest
import structlog
from sqlalchemy import event, text
from support.fake_screener import FakeScreener
from support.rooms import make_room
from support.routes import address, endpoints

from chartsift.api.app import create_app
from chartsift.api.db.store import Store
from chartsift.api.services import charts, evaluation, studies
from chartsift.api.vault import Vault, new_key
from chartsift.nlp.log import configure_logging
from chartsift.nlp.types import Note, Patient

MARKER = "Zqxcanary"
WORDS = f"{MARKER} has dermatomyositis, anti-Jo-1 positive. CK 1,066 U/L. {MARKER} had no CAR T."
ALL = endpoints(create_app(store=object()))  # type: ignore[arg-type] - nothing is asked of it
# Who may ask the most; between them they reach every route.
WHO = ("first", "judge", "chief", "root")
_ADDRESS = re.compile(r"""(?:href|action|src|formaction)\s*=\s*["']([^"']*)["']""")


@pytest.fixture(scope="module")
def world(tmp_path_factory, migrated_sqlite):
    """The room that every route is asked in, and clients of those who may ask the most."""
    yield from _marked_room(tmp_path_factory.mktemp("canary"), migrated_sqlite)


@pytest.fixture
def fresh(tmp_path, migrated_sqlite):
    """
    The same, with nothing changed in it yet.

    In the shared one a case makes a user of the marker's name and password, and the case of signing in then signs in
    as that user, who has no part in the study.
    """
    yield from _marked_room(tmp_path, migrated_sqlite)


def _marked_room(folder, migrated_sqlite):
    """Make a room whose chart is marked all over."""
    path = folder / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}", vault=Vault([new_key()]))
    room = make_room(store)
    with store.writing() as session:
        study = studies.study_of(session, room.study_id)
        patient = charts.add_patient(
            session, study, Patient(f"{MARKER}-7", birth_date=date(1970, 1, 2), sex="F")
        )
        for number in ("1", "2"):
            note = Note(
                f"{MARKER}-7", f"{MARKER}-{number}", date(2024, 5, 1), f"{MARKER} letter", WORDS + number
            )
            charts.add_note(session, patient, note)
        room.patient_id = patient.id
    evaluation.evaluate_patient(store, room.screener, room.study_id, room.patient_id)
    clients = {who: room.client(who) for who in WHO}
    first = clients["first"]
    assert first.post(f"{room.chart}/reviews").status_code == 200
    said = {"criterion_id": "iim_diagnosis", "verdict": "met", "comment": f"{MARKER} is sure", "expected": 0}
    assert first.post(f"{room.chart}/decisions", json=said).status_code == 200
    yield room, clients
    store.close()


@pytest.fixture
def lines():
    """What is logged at the lowest level; what was configured before is put back."""
    root, ours = logging.getLogger(), logging.getLogger("chartsift")  # noqa: TID251 - to put them back
    before = (root.handlers[:], root.level, ours.level, warnings.showwarning)
    stream = io.StringIO()
    configure_logging(level="DEBUG", stream=stream)
    yield stream.getvalue
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    warnings.showwarning = before[3]
    structlog.reset_defaults()


def _ask(clients, method, path, **sent):
    return [clients[who].request(method, path, **sent) for who in WHO]


def _assert_clean(answer, *, is_refusal):
    assert MARKER not in str(answer.headers)
    for where in _ADDRESS.findall(answer.text):
        assert MARKER not in where
    if is_refusal:
        assert MARKER not in answer.text, answer.text[:500]


@pytest.mark.parametrize(("name", "method", "path"), ALL)
def test_a_route_asked_rightly_and_wrongly_tells_nothing(world, lines, name, method, path):
    room, clients = world
    if name == "sign_out":
        pytest.skip("it would end the session of the other cases; it takes nothing")
    right = address(room, path)
    # Free words where an identifier, a number or a choice is expected.
    wrong = re.sub(r"\{[^}]*\}", MARKER, path)
    asked = {"state": MARKER, "order": MARKER, "status": MARKER, "offset": MARKER, MARKER: MARKER}
    bodies = [{}]
    if method != "GET":
        bodies = [
            {"json": {MARKER: MARKER, "criterion_id": MARKER, "verdict": MARKER, "expected": MARKER}},
            {"content": f'{{"text": "{WORDS}', "headers": {"Content-Type": "application/json"}},
            {"data": {"search": MARKER, "name": MARKER, "password": f"{MARKER} secret"}},
            {"files": {"files": (f"{MARKER}.txt", WORDS.encode(), "text/plain")}},
        ]

    answers = [one for body in bodies for one in _ask(clients, method, right, **body)]
    answers += _ask(
        clients, method, right, params=asked, headers={"X-Request-Id": MARKER, "User-Agent": MARKER}
    )
    if wrong != path:
        answers += _ask(clients, method, wrong)

    for answer in answers:
        assert answer.status_code < 500, answer.text
        # The forms for signing in and for keys show again what was typed there; a form of the chart that is refused
        # answers with the chart, to somebody who may read it.
        shows_again = name in ("sign_in", "save_keys") or name.endswith("_form")
        is_refusal = answer.status_code >= 400 and not shows_again
        _assert_clean(answer, is_refusal=is_refusal)
    assert MARKER not in lines()
    assert "event=request " in lines()


def test_the_marker_is_there_to_be_found(fresh):
    """The tests above could not fail if nothing of the chart were marked."""
    room, clients = fresh

    told = clients["first"].get(
        address(room, "/api/v1/studies/{study_id}/patients/{patient_id}/notes/{note_id}")
    )

    assert told.json()["text"].startswith(MARKER)


@pytest.mark.parametrize("fault", ["error of the program", "error of the database", "no table"])
def test_a_fault_inside_tells_nothing(fresh, lines, fault):
    room, clients = fresh
    engine = room.store.engine

    def fail(connection, cursor, statement, parameters, context, many):
        if "FROM patients" not in statement and "FROM notes" not in statement:
            return
        if fault == "error of the program":
            raise RuntimeError(f"cannot read {WORDS}")
        if fault == "error of the database":
            connection.exec_driver_sql(f"SELECT '{WORDS}' FROM {MARKER}")  # noqa: S608 - it fails
        connection.exec_driver_sql("SELECT 1 FROM no_such_table")

    # Worked out before anything fails: finding the note's address reads the database, too.
    asked = [(method, address(room, path)) for _, method, path in ALL if "{patient_id}" in path]
    statuses = []
    event.listen(engine, "before_cursor_execute", fail)
    try:
        for method, where in asked:
            for answer in _ask(clients, method, where, json={} if method != "GET" else None):
                statuses.append(answer.status_code)
                _assert_clean(answer, is_refusal=answer.status_code >= 400)
    finally:
        event.remove(engine, "before_cursor_execute", fail)

    assert max(statuses) >= 500
    assert MARKER not in lines()
    assert "SELECT" not in lines()


@pytest.mark.parametrize("error", [RuntimeError(WORDS), ValueError(WORDS), KeyError(WORDS)])
def test_a_screener_that_fails_tells_nothing(fresh, lines, error):
    room, _ = fresh
    room.screener, before = FakeScreener(fails_with=error), room.screener
    try:
        client = room.client("first")
        note = {"note_id": f"{MARKER}-3", "note_date": "2024-06-01", "note_type": "", "text": WORDS}
        chart = {"patient_id": MARKER, "notes": [note]}
        answers = [
            client.post("/api/v1/evaluate", json={"patients": [chart]}),
            client.post(f"{room.chart}/notes", json={**note, "note_id": f"{MARKER}-{type(error).__name__}"}),
        ]
    finally:
        room.screener = before

    assert answers[0].status_code >= 500
    for answer in answers:
        _assert_clean(answer, is_refusal=answer.status_code >= 400)
    assert MARKER not in lines()


def test_the_trail_holds_nothing_of_a_patient(fresh):
    room, _ = fresh

    with room.store.reading() as session:
        rows = session.execute(text("SELECT * FROM audit_log")).all()

    assert rows
    assert MARKER not in str(rows)
