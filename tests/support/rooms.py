"""A room for tests: people in every role, a study, a chart, and clients that are signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from fastapi.testclient import TestClient
from support.fake_screener import TRIAL, FakeScreener

from chartsift.api.app import create_app
from chartsift.api.db.store import Store
from chartsift.api.services import accounts, charts, evaluation, studies
from chartsift.api.services.accounts import Limits
from chartsift.api.settings import Settings
from chartsift.nlp.types import Note, Patient

BASE = "http://127.0.0.1:8000"
PASSWORD = "correct horse battery"
LIMITS = Limits(idle=timedelta(minutes=30), absolute=timedelta(hours=12))
# Everyone has the role of the name; two readers, and one who has no part in the study.
PEOPLE = {
    "viewer": "viewer",
    "first": "reviewer",
    "second": "reviewer",
    "judge": "adjudicator",
    "manager": "trial_manager",
    "chief": "admin",
}
TEXT = "😀 Anti-Jo-1 positive dermatomyositis.\r\n\tCK\t1,066 U/L. No prior CAR T."


@dataclass(slots=True)
class TestRoom:
    """A room and what is in it."""

    __test__ = False

    store: Store
    screener: FakeScreener
    settings: Settings
    users: dict[str, str]
    study_id: str
    patient_id: str
    keys: tuple[str, ...] = ()
    upload_id: str = ""
    job_id: str = ""

    def client(self, name: str = "", **settings: Any) -> TestClient:
        """Return a client: of the person of that name, signed in; of nobody without one."""
        app = create_app(replace(self.settings, **settings), screener=self.screener, store=self.store)
        client = TestClient(
            app, base_url=BASE, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False
        )
        if name:
            with self.store.writing() as session:
                opened = accounts.open_session(session, self.users[name], method="password", limits=LIMITS)
            client.cookies.set("chartsift", opened.token)
        return client

    @property
    def study(self) -> str:
        """Address of the study in the HTTP interface."""
        return f"/api/v1/studies/{self.study_id}"

    @property
    def chart(self) -> str:
        """Address of the patient in the HTTP interface."""
        return f"{self.study}/patients/{self.patient_id}"

    def add_chart(self, site_id: str, *texts: str, evaluate: bool = True, **facts: Any) -> str:
        """Add a patient with notes of successive days; return the opaque identifier."""
        with self.store.writing() as session:
            study = studies.study_of(session, self.study_id)
            patient = charts.add_patient(session, study, Patient(site_id, **facts))
            for number, text in enumerate(texts):
                day = date(2024, 5, 1) + timedelta(days=number)
                charts.add_note(session, patient, Note(site_id, f"N{number + 1}", day, "Clinic", text))
            patient_id = patient.id
        if evaluate:
            evaluation.evaluate_patient(self.store, self.screener, self.study_id, patient_id)
        return patient_id

    def note_ids(self, patient_id: str) -> list[str]:
        """Return the opaque identifiers of a patient's notes, oldest first."""
        with self.store.reading() as session:
            return [note.id for note in charts.notes_of(session, patient_id)]


def make_room(store: Store, **study: Any) -> TestRoom:
    """Fill an empty store with people, a study and one chart."""
    screener = FakeScreener()
    users = {}
    with store.writing() as session:
        made = studies.create_study(session, title="A study", trial=TRIAL, **study)
        for name in (*PEOPLE, "stranger", "root", "spare"):
            user = accounts.add_user(session, name, display_name=name.title(), is_admin=name == "root")
            users[name] = user.id
        for name, role in PEOPLE.items():
            studies.set_member(session, made.id, users[name], role, actor_id="system")
        study_id = made.id
    room = TestRoom(store, screener, Settings(), users, study_id, "")
    room.patient_id = room.add_chart("SITE-1", TEXT, birth_date=date(1970, 6, 2), sex="F")
    return room
