"""
What a person must not know yet reaches them by no route.

Two rooms that differ in nothing but what the first reader decided (or in what the system proposes) are asked for
everything. Whoever must not know the difference gets the same answer from both, to the byte; opaque identifiers
and hashes, which are drawn anew in each, are left out.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field, replace

import pytest
from support.databases import Clock
from support.fake_screener import TRIAL, FakeScreener
from support.rooms import TestRoom, make_room
from support.routes import address, endpoints

from chartsift.api.app import create_app
from chartsift.api.db.store import Store
from chartsift.api.services import evaluation
from chartsift.api.vault import Vault, new_key

CRITERIA = [one.criterion_id for one in TRIAL.criteria_of(TRIAL.cohorts[0])]
# One's own sessions begin at one moment here, so that their random tokens say in which order they are listed.
_OWN_SESSIONS = ("account_page", "list_sessions")
GETS = [
    one
    for one in endpoints(create_app(store=object()))  # type: ignore[arg-type] - nothing is asked of it
    if one[1] == "GET" and one[0] not in _OWN_SESSIONS
]
# Opaque identifiers and hashes, whole or cut short as pages show them.
_DRAWN = re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{24}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b")


class Otherwise(FakeScreener):
    """Proposes the opposite of what the fake screener proposes."""

    def screen(self, chart, trial, **options):
        made = super().screen(chart, trial, **options)
        turned = {"met": "not_met", "not_met": "unknown", "unknown": "met"}
        cohorts = tuple(
            replace(
                cohort,
                score=0.9,
                missing=(),
                status="ineligible",
                criteria=tuple(
                    replace(
                        one, status=turned[one.status], next_step="Ask.", valid_until=None, changes_to=None
                    )
                    for one in cohort.criteria
                ),
            )
            for cohort in made.cohorts
        )
        return replace(made, cohorts=cohorts)


@dataclass
class Pair:
    one: TestRoom
    other: TestRoom
    clients: dict = field(default_factory=dict)

    def answers(self, who, method, path, **body):
        """Return what *who* gets in both rooms, without what is drawn anew in each."""
        clients = self.clients.setdefault(who, [room.client(who) for room in self.rooms])
        return [
            _plain(client.request(method, address(room, path), **body))
            for room, client in zip(self.rooms, clients, strict=True)
        ]

    @property
    def rooms(self):
        return [self.one, self.other]


def _plain(answer):
    headers = {
        name: value for name, value in answer.headers.items() if name in ("location", "content-length")
    }
    return answer.status_code, _DRAWN.sub("#", answer.text), _DRAWN.sub("#", str(headers))


def _copies(tmp_path, migrated_sqlite, prepare, **study):
    """Return two rooms that are copies of one to the bit."""
    keys = [new_key()]
    shutil.copy(migrated_sqlite, tmp_path / "0.sqlite")
    store = Store(f"sqlite:///{tmp_path / '0.sqlite'}", vault=Vault(keys), clock=Clock())
    room = make_room(store, **study)
    prepare(room)
    store.close()
    rooms = []
    for name in ("1.sqlite", "2.sqlite"):
        shutil.copy(tmp_path / "0.sqlite", tmp_path / name)
        copy = Store(f"sqlite:///{tmp_path / name}", vault=Vault(keys), clock=Clock())
        rooms.append(replace(room, store=copy))
    return Pair(*rooms)


def _read(room, who, verdict, comment):
    """Decide every criterion and add evidence; return the reader's client and the version of the reading."""
    client = room.client(who)
    assert client.post(f"{room.chart}/reviews").status_code == 200
    for criterion in CRITERIA:
        body = {"criterion_id": criterion, "verdict": verdict, "comment": comment, "expected": 0}
        sent = client.post(f"{room.chart}/decisions", json={**body, "reason": "other"})
        assert sent.status_code == 200, sent.text
    (note_id,) = room.note_ids(room.patient_id)
    place = {"criterion_id": CRITERIA[0], "note_id": note_id, "start": 0, "end": 6, "comment": comment}
    stance = "for" if verdict == "met" else "against"
    acts = client.post(f"{room.chart}/evidence", json={**place, "stance": stance, "expected": 1})
    assert acts.status_code == 200, acts.text
    return client, client.get(f"{room.chart}/reviews").json()["items"][0]["version"]


def _sign(room, client, version):
    answer = client.post(f"{room.chart}/signature", json={"expected": version})
    assert answer.status_code == 200, answer.text


@pytest.fixture(params=["open", "signed"])
def after_the_first(tmp_path, migrated_sqlite, request):
    """Rooms in which the first reader found the opposite; before and after signing."""
    pair = _copies(tmp_path, migrated_sqlite, lambda room: None)
    for room, verdict, comment in zip(
        pair.rooms, ("met", "not_met"), ("Aye, aye.", "Nay, nay."), strict=True
    ):
        client, version = _read(room, "first", verdict, comment)
        if request.param == "signed":
            _sign(room, client, version)
    yield pair, request.param
    for room in pair.rooms:
        room.store.close()


def test_the_rooms_do_differ(after_the_first):
    """The comparison below could not fail if they did not: the first reader sees the difference."""
    pair, _ = after_the_first

    one, other = pair.answers("first", "GET", "/api/v1/studies/{study_id}/patients/{patient_id}/reviews")

    assert "Aye" in one[1]
    assert "Nay" in other[1]


@pytest.mark.parametrize("who", ["second", "viewer", "judge", "stranger", "root", ""])
def test_nobody_but_the_reader_learns_what_was_decided(after_the_first, who):
    pair, state = after_the_first
    if who == "second" and state == "signed":
        for room in pair.rooms:
            assert room.client("second").post(f"{room.chart}/reviews").status_code == 200

    for name, method, path in GETS:
        one, other = pair.answers(who, method, path)
        assert one == other, name


def test_the_managers_learn_no_verdict_of_an_open_chart(after_the_first):
    """They see the figures of signed readings, and the trail of acts; no reading, and no words."""
    pair, state = after_the_first

    for who in ("manager", "chief"):
        for name, method, path in GETS:
            one, other = pair.answers(who, method, path)
            if name.startswith("agreement") and state == "signed":
                continue
            assert one == other, (who, name)
            assert "Aye" not in one[1]


def test_what_the_second_reader_does_is_answered_alike(after_the_first):
    """Refusals tell nothing either: the second reader decides, repeats, undoes and is refused alike in both."""
    pair, state = after_the_first
    chart = "/api/v1/studies/{study_id}/patients/{patient_id}"
    decide = {"criterion_id": CRITERIA[0], "verdict": "met", "expected": 0}
    acts = [
        ("POST", f"{chart}/reviews", {}),
        ("POST", f"{chart}/decisions", decide),
        ("POST", f"{chart}/decisions", decide),
        ("POST", f"{chart}/decisions", {**decide, "expected": 1, "verdict": "unknown"}),
        ("POST", f"{chart}/undo", {"expected": 2}),
        ("POST", f"{chart}/reveal", {}),
        ("POST", f"{chart}/signature", {"expected": 3}),
        ("POST", f"{chart}/adjudication", {}),
    ]
    for method, path, body in acts:
        one, other = pair.answers("second", method, path, json=body)
        assert one == other, path
    assert state in ("open", "signed")


@pytest.fixture
def blind_to_the_system(tmp_path, migrated_sqlite):
    """Rooms in which the system proposes the opposite, and every chart is read blind first."""
    pair = _copies(tmp_path, migrated_sqlite, lambda room: None, blind_first_share=1.0)
    pair.other.screener = Otherwise()
    pair.one.screener = FakeScreener()
    for room in pair.rooms:
        room.patient_id = ""
    yield pair
    for room in pair.rooms:
        room.store.close()


def _evaluate_anew(room, patient_id):
    """Read the chart with the room's own screener, as if nothing had been read before."""
    from sqlalchemy import delete, update

    from chartsift.api.db.tables import NoteReading, StoredResult, StudyPatient

    with room.store.writing() as session:
        session.execute(update(StudyPatient).values(result_id=None, changed_at=None))
        session.execute(delete(StoredResult))
        session.execute(delete(NoteReading))
    evaluation.evaluate_patient(room.store, room.screener, room.study_id, patient_id)
    room.patient_id = patient_id


@pytest.mark.parametrize("is_reading", [False, True])
@pytest.mark.parametrize("who", ["first", "judge"])
def test_a_blind_reader_learns_nothing_of_the_proposal(blind_to_the_system, who, is_reading):
    pair = blind_to_the_system
    with pair.one.store.reading() as session:
        from chartsift.api.db.tables import StudyPatient

        patient_id = session.query(StudyPatient.id).scalar()
    for room in pair.rooms:
        _evaluate_anew(room, patient_id)
        if is_reading:
            room.client(who).post(f"{room.chart}/reviews")

    told = pair.answers("viewer", "GET", "/api/v1/studies/{study_id}/patients/{patient_id}/result")
    assert told[0] != told[1]
    for name, method, path in GETS:
        one, other = pair.answers(who, method, path)
        assert one == other, name
