"""
Fifty people read and decide while five hundred notes are uploaded; server and worker are killed in the middle.

    make load                                       # 50 readers, 500 notes, one kill
    python tests/load/review_load.py --readers 10 --notes 50 --kills 0 --database postgresql+psycopg://…

A program of its own rather than a test: it starts a real server and a real worker as processes, takes minutes, and
what it measures hangs on the machine. It ends with status 1 when anything acknowledged is missing or there twice, when
a request failed other than by the kill, or when the audit trail is broken. Counts are bounded: every reader makes
``--decisions`` decisions.

Acknowledged means: the answer with status 200 reached the client. A request whose answer was lost is sent again under
the same idempotency key, as any client would.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from sqlalchemy import select

from chartsift.api.db.schema_state import upgrade
from chartsift.api.db.store import Store
from chartsift.api.db.tables import Decision, StoredResult, StudyNote, StudyPatient, Upload
from chartsift.api.intake import sample_charts
from chartsift.api.screener import PipelineScreener
from chartsift.api.services import accounts, audit, charts, evaluation, studies
from chartsift.api.services.accounts import Limits
from chartsift.api.settings import Settings
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.types import Note, Patient

VERDICTS = ("met", "not_met", "unknown")
LIMITS = Limits(idle=timedelta(hours=4), absolute=timedelta(hours=8))
START_SECONDS = 180
NOTES_AN_UPLOAD = 10
# A reader's charts, each with the criteria of its cohort.
Shelf = list[tuple[str, list[str]]]


@dataclass
class Tally:
    """What happened, as the clients saw it."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)

    def took(self, what: str, seconds: float) -> None:
        self.times.setdefault(what, []).append(seconds)

    def share(self, what: str, part: float) -> float:
        values = sorted(self.times.get(what, [0.0]))
        return values[min(len(values) - 1, int(len(values) * part))]


class Machine:
    """Server and worker as processes; both can be killed and started again."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._log = log
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "chartsift.api.cli"]
        with self._log.open("ab") as log:
            self._processes = [
                subprocess.Popen([*command, *what], env=self._environment, stderr=log, stdout=log)
                for what in (["serve", "--port", str(self.port), "--no-worker"], ["worker"])
            ]
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                httpx2.get(f"{self.base}/api/v1/health", timeout=5)
            except httpx2.HTTPError:
                time.sleep(0.3)
            else:
                return
        raise SystemExit(f"the server did not start; see {self._log}")

    def kill(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def fill(store: Store, options: argparse.Namespace) -> tuple[str, list[tuple[str, str]], dict[str, Shelf]]:
    """Return the study, (user, cookie) of every reader, and each reader's charts."""
    sources = [chart.notes for chart in sample_charts(Settings()).charts]
    trial = load_trial("reset-myositis")
    screener = PipelineScreener()
    people: list[tuple[str, str]] = []
    shelves: dict[str, Shelf] = {}
    with store.writing() as session:
        study = studies.create_study(session, title="Load", trial=trial, second_review_share=0.0)
        study_id = study.id
        for number in range(options.readers):
            user = accounts.add_user(session, f"reader{number}")
            studies.set_member(session, study_id, user.id, "reviewer", actor_id="system")
            opened = accounts.open_session(session, user.id, method="password", limits=LIMITS)
            people.append((user.id, opened.token))
    made: list[str] = []
    for number in range(options.readers * options.charts):
        site_id = f"P{number:05}"
        with store.writing() as session:
            patient = charts.add_patient(session, studies.study_of(session, study_id), Patient(site_id))
            for note in sources[number % len(sources)]:
                copy = Note(site_id, note.note_id, note.note_date, note.note_type, note.text)
                charts.add_note(session, patient, copy)
            made.append(patient.id)
        evaluation.evaluate_patient(store, screener, study_id, made[-1])
    with store.reading() as session:
        asked = {
            cohort.cohort_id: [criterion.criterion_id for criterion in trial.criteria_of(cohort)]
            for cohort in trial.cohorts
        }
        cohorts = dict(session.execute(select(StoredResult.patient_id, StoredResult.cohort_id)).all())
    for number, (user_id, _) in enumerate(people):
        shelves[user_id] = [(one, asked[cohorts[one]]) for one in made[number :: options.readers]]
    return study_id, people, shelves


class Person:
    """One client with a session; a lost answer is asked for again."""

    def __init__(self, machine: Machine, cookie: str, tally: Tally) -> None:
        self._client = httpx2.AsyncClient(
            base_url=machine.base,
            cookies={"chartsift": cookie},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=60,
            trust_env=False,
        )
        self._tally = tally

    async def ask(self, what: str, method: str, path: str, **sent: object) -> httpx2.Response | None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            started = time.perf_counter()
            try:
                answer = await self._client.request(method, path, **sent)  # type: ignore[arg-type]
            except httpx2.TransportError:
                self._tally.retries += 1
                await asyncio.sleep(0.5)
                continue
            self._tally.took(what, time.perf_counter() - started)
            if answer.status_code != 200:
                self._tally.faults[f"{what} {answer.status_code} {_code(answer)}"] += 1
                return None
            return answer
        self._tally.faults[f"{what} no answer"] += 1
        return None

    async def close(self) -> None:
        await self._client.aclose()


def _code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""


async def read(
    person: Person,
    study_id: str,
    shelf: Shelf,
    options: argparse.Namespace,
    tally: Tally,
) -> None:
    """Take charts one after the other; look at pages, notes and the list; decide."""
    left = options.decisions
    for patient_id, criteria in shelf:
        chart = f"/api/v1/studies/{study_id}/patients/{patient_id}"
        await person.ask("take a chart", "POST", f"{chart}/reviews")
        listed = await person.ask("notes", "GET", f"{chart}/notes")
        notes = [note["id"] for note in _items(listed)]
        for criterion in criteria:
            if not left:
                return
            await asyncio.sleep(random.uniform(0.5, 1.5) * options.think)  # noqa: S311 - nobody guesses it
            await person.ask("page switch: chart", "GET", f"/studies/{study_id}/patients/{patient_id}")
            if notes:
                await person.ask("page switch: note", "GET", f"{chart}/notes/{random.choice(notes)}")  # noqa: S311
            if left % 5 == 0:
                await person.ask("page switch: list", "GET", f"/studies/{study_id}")
            key = f"{patient_id}-{criterion}"
            said = {
                "criterion_id": criterion,
                "verdict": random.choice(VERDICTS),  # noqa: S311
                "comment": "as read",
                "expected": 0,
            }
            answer = await person.ask(
                "decide", "POST", f"{chart}/decisions", json=said, headers={"Idempotency-Key": key}
            )
            if answer is not None:
                tally.decisions[answer.json()["decision_id"]] = (patient_id, criterion)
            left -= 1


def _items(answer: httpx2.Response | None) -> list[dict[str, str]]:
    return answer.json()["items"] if answer is not None else []


async def send(person: Person, study_id: str, numbers: range, tally: Tally) -> None:
    """Upload notes of new patients, ten files at a time, and let them be added."""
    for first in numbers:
        names = [f"N{first:04}-{part}_2024-05-0{1 + part % 9}_visit.txt" for part in range(NOTES_AN_UPLOAD)]
        words = "Dermatomyositis, anti-Jo-1 positive. CK 1,066 U/L. No prior CAR T. Visit {}."
        files = [("files", (name, words.format(name).encode(), "text/plain")) for name in names]
        here = f"/api/v1/studies/{study_id}/uploads"
        answer = await person.ask(
            "upload", "POST", here, files=files, headers={"Idempotency-Key": f"up-{first}"}
        )
        if answer is None:
            continue
        upload_id = answer.json()["upload_id"]
        until = time.monotonic() + 600
        while answer is not None and answer.json()["state"] == "received" and time.monotonic() < until:
            await asyncio.sleep(1)
            answer = await person.ask("upload state", "GET", f"{here}/{upload_id}")
        if await person.ask("confirm", "POST", f"{here}/{upload_id}/confirm") is not None:
            tally.confirmed.add(upload_id)


async def run(
    machine: Machine,
    study_id: str,
    people: list[tuple[str, str]],
    shelves: dict[str, Shelf],
    options: argparse.Namespace,
    tally: Tally,
) -> None:
    """Let everybody work; kill and start again when the share of decisions for it is reached."""
    clients = {user_id: Person(machine, cookie, tally) for user_id, cookie in people}
    work = [read(clients[user_id], study_id, shelves[user_id], options, tally) for user_id, _ in people]
    senders = min(5, len(people))
    uploads = options.notes // NOTES_AN_UPLOAD
    for number in range(senders):
        work.append(send(clients[people[number][0]], study_id, range(number, uploads, senders), tally))
    everything = asyncio.gather(*work)
    total = options.readers * options.decisions
    for kill in range(options.kills):
        goal = total * (kill + 1) / (options.kills + 1)
        while len(tally.decisions) < goal and not everything.done():
            await asyncio.sleep(0.2)
        await asyncio.to_thread(machine.kill)
        await asyncio.to_thread(machine.start)
    await everything
    for client in clients.values():
        await client.close()


def wait_for_uploads(store: Store, tally: Tally, seconds: float) -> None:
    """Wait until the worker has added what was confirmed; a job that a killed worker held waits for its lease."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with store.reading() as session:
            states = dict(session.execute(select(Upload.id, Upload.state)).all())
        if all(states.get(upload_id) == "done" for upload_id in tally.confirmed):
            return
        time.sleep(1)


def check(store: Store, tally: Tally, options: argparse.Namespace) -> list[str]:
    """Return what is missing or there twice, in words."""
    found = []
    with store.reading() as session:
        rows = session.execute(select(Decision.id, Decision.patient_id, Decision.criterion_id)).all()
        there = {row[0] for row in rows}
        missing = tally.decisions.keys() - there
        twice = [place for place, times in Counter((row[1], row[2]) for row in rows).items() if times > 1]
        notes = session.execute(
            select(StudyPatient.site_id, StudyNote.digest)
            .join(StudyPatient, StudyPatient.id == StudyNote.patient_id)
            .where(StudyNote.upload_file_id.is_not(None))
        ).all()
        states = Counter(session.scalars(select(Upload.state).where(Upload.id.in_(tally.confirmed))).all())
        chain = audit.verify(session)
    expected = len(tally.confirmed) * NOTES_AN_UPLOAD
    if missing:
        found.append(f"{len(missing)} acknowledged decisions are not there")
    if twice:
        found.append(f"{len(twice)} criteria have a decision twice")
    if len(notes) != expected:
        found.append(f"{len(notes)} notes were added of {expected} that were confirmed")
    if len(set(notes)) != len(notes):
        found.append(f"{len(notes) - len(set(notes))} notes are there twice")
    if len(tally.confirmed) != options.notes // NOTES_AN_UPLOAD:
        found.append(f"{len(tally.confirmed)} uploads were confirmed of {options.notes // NOTES_AN_UPLOAD}")
    if states.keys() - {"done"}:
        found.append(f"uploads that are not done: {dict(states)}")
    if not chain.is_whole:
        found.append(f"the audit trail is broken at entry {chain.broken_at}")
    found += [f"{times} x {what}" for what, times in tally.faults.items()]
    return found


def main() -> int:
    """Run the load and print what came of it."""
    parser = argparse.ArgumentParser(description="Load on the reviewer's room")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--charts", type=int, default=2, help="charts of each reader")
    parser.add_argument("--decisions", type=int, default=16, help="decisions of each reader")
    parser.add_argument("--notes", type=int, default=500, help="notes uploaded meanwhile")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between decisions of a reader")
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--database", default="", help="address of an empty database; SQLite without it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chartsift-load-") as folder:
        address = options.database or f"sqlite:///{folder}/chartsift.sqlite"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHARTSIFT_")}
        environment["CHARTSIFT_DATABASE_URL"] = address
        store = Store(address)
        upgrade(store)
        study_id, people, shelves = fill(store, options)
        machine = Machine(environment, Path(folder) / "log")
        machine.start()
        tally, started = Tally(), time.monotonic()
        try:
            asyncio.run(run(machine, study_id, people, shelves, options, tally))
            seconds = time.monotonic() - started
            wait_for_uploads(store, tally, 300)
        finally:
            machine.kill()
        wrong = check(store, tally, options)
        store.close()
        report(options, tally, wrong, seconds)
    return 1 if wrong else 0


def report(options: argparse.Namespace, tally: Tally, wrong: list[str], seconds: float) -> None:
    """Print figures as JSON; the load of the machine belongs to them."""
    switches = [one for what, times in tally.times.items() if what.startswith("page switch") for one in times]
    tally.times["page switch: all"] = switches
    figures = {
        "readers": options.readers,
        "notes": options.notes,
        "kills": options.kills,
        "seconds": round(seconds),
        "decisions_acknowledged": len(tally.decisions),
        "uploads_confirmed": len(tally.confirmed),
        "tries_while_it_was_down": tally.retries,
        "wrong": wrong,
        "ms": {
            what: {
                "count": len(times),
                "p50": round(1000 * tally.share(what, 0.5)),
                "p95": round(1000 * tally.share(what, 0.95)),
            }
            for what, times in sorted(tally.times.items())
        },
        "cores": os.cpu_count(),
        "load_average": [round(one, 1) for one in os.getloadavg()],
        "on": datetime.now(UTC).date().isoformat(),
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
