"""
Fifty people read and decide while five hundred notes are uploaded; server and worker are killed in the middle.

    make load                                       # 50 readers, 500 notes, one kill
    python tests/load/review_load.py --readers 10 --notes 50 --kills 0 --database postgresql+psycopg://…
    python tests/load/review_load.py --database postgresql        # starts a server of its own and removes it

A program of its own rather than a test: it starts a real server and a real worker as processes, takes minutes, and
what it measures hangs on the machine. It ends with status 1 when anything acknowledged is missing or there twice, when
a request failed other than by the kill, or when the audit trail is broken. Counts are bounded: every reader makes
``--decisions`` decisions.

What a reader does is what the script of the chart page does: open the chart as a page, then for each criterion fetch
its evidence, fetch a note (one that the browser has not yet, as far as there is one), think, and send the decision;
every fifth decision goes by the work list and opens the chart anew. Every fifth reader decides over the HTTP interface
instead, under an idempotency key.

``--think`` is the mean time between two decisions of a reader, drawn anew each time from half to one and a half of it.
The default, 10 s, is a fast reader: a chart of 13 criteria in little more than two minutes, 18,000 decisions an hour
by fifty of them. A site's readers need minutes for a criterion that has to be looked up; 5 s is more than people do.

Acknowledged means: the answer reached the client. A request whose answer was lost is sent again: under the same
idempotency key, or as the same form, which is refused as decided already (CO601) when the first one arrived.

``ms`` is what the clients waited, ``server_ms`` what the server says (from its log; without the way through the
network and without waiting for the client, which shares the cores here), ``cpu`` the seconds of processor time while
everybody worked, without the starts. ``others`` is how busy the machine was with something else, in cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import psutil
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
# Every so many decisions a reader goes by the work list; every so many readers use the HTTP interface.
LIST_EVERY, INTERFACE_EVERY = 5, 5
# Routes of the server's log that are page switches, by the name that they have here.
ROUTES = {
    "/studies/{study_id}": "list",
    "/studies/{study_id}/patients/{patient_id}": "chart",
    "/studies/{study_id}/patients/{patient_id}/criteria/{criterion_id}": "criterion",
    "/studies/{study_id}/patients/{patient_id}/notes/{note_id}": "note",
    "/studies/{study_id}/patients/{patient_id}/decide": "decide",
    "/api/v1/studies/{study_id}/patients/{patient_id}/decisions": "decide",
}
_LOGGED = re.compile(r"event=request .*\broute=(\S+) status=(\d+) ms=(\d+)")
# A reader's charts, each with the criteria of its cohort.
Shelf = list[tuple[str, list[str]]]


@dataclass
class Tally:
    """What happened, as the clients saw it."""

    times: dict[str, list[float]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    # (patient, criterion) -> verdict, of every decision that was acknowledged.
    decisions: dict[tuple[str, str], str] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)

    def took(self, what: str, seconds: float) -> None:
        self.times.setdefault(what, []).append(seconds)


class Machine:
    """Server and worker as processes; both can be killed and started again."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.start_seconds: list[float] = []
        self.cpu: Counter[str] = Counter()
        self._environment = environment
        self._log = log
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        began = time.monotonic()
        command = [sys.executable, "-m", "chartsift.api.cli"]
        what = {"server": ["serve", "--port", str(self.port), "--no-worker"], "worker": ["worker"]}
        with self._log.open("ab") as log:
            self._processes = {
                name: subprocess.Popen([*command, *arguments], env=self._environment, stderr=log, stdout=log)
                for name, arguments in what.items()
            }
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                httpx2.get(f"{self.base}/api/v1/health", timeout=5)
            except httpx2.HTTPError:
                time.sleep(0.3)
            else:
                self.start_seconds.append(round(time.monotonic() - began, 1))
                # What the start cost is not what the readers cost.
                self._count(-1)
                return
        raise SystemExit(f"the server did not start; see {self._log}")

    def kill(self) -> None:
        self._count(1)
        for process in self._processes.values():
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._processes = {}

    def _count(self, sign: int) -> None:
        for name, process in self._processes.items():
            with suppress(psutil.Error):
                spent = psutil.Process(process.pid).cpu_times()
                self.cpu[name] += sign * (spent.user + spent.system)  # type: ignore[assignment]


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

    async def ask(
        self, what: str, method: str, path: str, *, or_when_repeated: int = 200, **sent: object
    ) -> httpx2.Response | None:
        """Return the answer; *or_when_repeated* is as good once an answer to the same request was lost."""
        until = time.monotonic() + START_SECONDS
        is_repeated = False
        while time.monotonic() < until:
            started = time.perf_counter()
            try:
                answer = await self._client.request(method, path, **sent)  # type: ignore[arg-type]
            except httpx2.TransportError:
                self._tally.retries += 1
                is_repeated = True
                await asyncio.sleep(random.uniform(1, 2))  # noqa: S311 - nobody guesses it
                continue
            self._tally.took(what, time.perf_counter() - started)
            if answer.status_code == 200 or (is_repeated and answer.status_code == or_when_repeated):
                return answer
            self._tally.faults[f"{what} {answer.status_code} {_code(answer)}"] += 1
            return None
        self._tally.faults[f"{what} no answer"] += 1
        return None

    async def close(self) -> None:
        await self._client.aclose()


def _code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        found = re.search(r"\b[A-Z]{2}\d{3}\b", answer.text)
        return found[0] if found else ""


class Reader:
    """Somebody who reads charts one after the other and decides."""

    def __init__(
        self, person: Person, study_id: str, options: argparse.Namespace, tally: Tally, *, uses_pages: bool
    ) -> None:
        self._person = person
        self._study = f"/studies/{study_id}"
        self._think = options.think
        self._left = options.decisions
        self._tally = tally
        self._uses_pages = uses_pages

    async def read(self, shelf: Shelf) -> None:
        # Nobody begins at the same moment as forty-nine others.
        await asyncio.sleep(random.uniform(0, self._think))  # noqa: S311
        for patient_id, criteria in shelf:
            chart = f"{self._study}/patients/{patient_id}"
            if not self._uses_pages:
                await self._person.ask("take a chart", "POST", f"/api/v1{chart}/reviews")
            unseen = await self._open(chart)
            for criterion in criteria:
                if not self._left:
                    return
                await self._person.ask("page switch: criterion", "GET", f"{chart}/criteria/{criterion}")
                if unseen:
                    note = unseen.pop(random.randrange(len(unseen)))  # noqa: S311
                    await self._person.ask("page switch: note", "GET", f"{chart}/notes/{note}")
                await asyncio.sleep(random.uniform(0.5, 1.5) * self._think)  # noqa: S311
                await self._decide(chart, patient_id, criterion)
                self._left -= 1
                if self._left % LIST_EVERY == 0:
                    await self._person.ask("page switch: list", "GET", self._study)
                    unseen = await self._open(chart)

    async def _open(self, chart: str) -> list[str]:
        """Open a chart as a page; return the notes that are not on it yet."""
        page = await self._person.ask("page switch: chart", "GET", chart)
        if page is None:
            return []
        listed = dict.fromkeys(re.findall(r'data-note="([0-9a-f]{24})"', page.text))
        shown = re.search(r'<article class="note[^>]*data-note="([0-9a-f]{24})"', page.text)
        return [note for note in listed if shown is None or note != shown[1]]

    async def _decide(self, chart: str, patient_id: str, criterion: str) -> None:
        verdict = random.choice(VERDICTS)  # noqa: S311
        said = {"verdict": verdict, "comment": "as read", "expected": 0}
        if self._uses_pages:
            answer = await self._person.ask(
                "decide", "POST", f"{chart}/decide",
                data={**said, "criterion": criterion}, headers={"X-Part": "1"}, or_when_repeated=409,
            )  # fmt: skip
        else:
            answer = await self._person.ask(
                "decide", "POST", f"/api/v1{chart}/decisions",
                json={**said, "criterion_id": criterion}, headers={"Idempotency-Key": f"{patient_id}-{criterion}"},
            )  # fmt: skip
        if answer is not None:
            self._tally.decisions[patient_id, criterion] = verdict


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
    work = [
        Reader(
            clients[user_id], study_id, options, tally, uses_pages=number % INTERFACE_EVERY != 0
        ).read(shelves[user_id])
        for number, (user_id, _) in enumerate(people)
    ]  # fmt: skip
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
        rows = session.execute(
            select(Decision.patient_id, Decision.criterion_id, Decision.verdict).where(
                Decision.act == "verdict"
            )
        ).all()
        there = {(row[0], row[1]): row[2] for row in rows}
        notes = session.execute(
            select(StudyPatient.site_id, StudyNote.digest)
            .join(StudyPatient, StudyPatient.id == StudyNote.patient_id)
            .where(StudyNote.upload_file_id.is_not(None))
        ).all()
        states = Counter(session.scalars(select(Upload.state).where(Upload.id.in_(tally.confirmed))).all())
        chain = audit.verify(session)
    missing = tally.decisions.keys() - there.keys()
    other = [place for place, verdict in tally.decisions.items() if there.get(place, verdict) != verdict]
    expected = len(tally.confirmed) * NOTES_AN_UPLOAD
    if len(tally.decisions) != options.readers * options.decisions:
        found.append(
            f"{len(tally.decisions)} decisions were acknowledged of {options.readers * options.decisions}"
        )
    if missing:
        found.append(f"{len(missing)} acknowledged decisions are not there")
    if other:
        found.append(f"{len(other)} decisions are there with another verdict than was sent")
    if len(rows) != len(there):
        found.append(f"{len(rows) - len(there)} criteria have a decision twice")
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
    parser.add_argument("--think", type=float, default=10.0, help="seconds between decisions of a reader")
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument(
        "--database", default="", help="address of an empty database, or 'postgresql'; SQLite without it"
    )
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="chartsift-load-") as folder,
        _database(options, folder) as address,
    ):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHARTSIFT_")}
        environment["CHARTSIFT_DATABASE_URL"] = address
        store = Store(address)
        upgrade(store)
        study_id, people, shelves = fill(store, options)
        log = Path(folder) / "log"
        machine = Machine(environment, log)
        machine.start()
        tally, started, before = Tally(), time.monotonic(), psutil.cpu_times()
        mine = time.process_time()
        try:
            asyncio.run(run(machine, study_id, people, shelves, options, tally))
            seconds = time.monotonic() - started
            mine = time.process_time() - mine
            after = psutil.cpu_times()
            wait_for_uploads(store, tally, 300)
        finally:
            machine.kill()
        wrong = check(store, tally, options)
        name = store.engine.dialect.name
        store.close()
        machine.cpu["clients"] = mine  # type: ignore[assignment]
        busy = _busy(after) - _busy(before) - sum(machine.cpu.values())
        figures = {
            "database": name,
            **{key: getattr(options, key) for key in ("readers", "notes", "kills", "think")},
            "seconds": round(seconds),
            "decisions_acknowledged": len(tally.decisions),
            "uploads_confirmed": len(tally.confirmed),
            "tries_while_it_was_down": tally.retries,
            "start_seconds": machine.start_seconds,
            "wrong": wrong,
            "ms": _table(tally.times),
            "server_ms": _table(server_times(log)),
            "cpu": {name: round(spent, 1) for name, spent in machine.cpu.items()},
            # Starts, the database's own processes and whatever else ran on the machine.
            "others": round(busy / seconds, 1),
            "cores": os.cpu_count(),
            "on": datetime.now(UTC).date().isoformat(),
        }
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 1 if wrong else 0


@contextmanager
def _database(options: argparse.Namespace, folder: str) -> Iterator[str]:
    if options.database != "postgresql":
        yield options.database or f"sqlite:///{folder}/chartsift.sqlite"
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from support import databases

    with databases.server(durable=True) as sockets:
        databases.administer(sockets, "CREATE DATABASE load ENCODING 'UTF8'")
        yield databases.url(sockets, "load")


def _busy(times: object) -> float:
    return sum(float(getattr(times, name)) for name in ("user", "nice", "system"))


def server_times(log: Path) -> dict[str, list[float]]:
    """Return how long the server took for each page switch and decision, as its log says."""
    found: dict[str, list[float]] = {}
    for match in _LOGGED.finditer(log.read_text(encoding="utf-8", errors="replace")):
        name = ROUTES.get(match[1])
        if name is not None:
            what = name if name == "decide" else f"page switch: {name}"
            found.setdefault(what, []).append(int(match[3]) / 1000)
    return found


def _table(times: dict[str, list[float]]) -> dict[str, dict[str, int]]:
    switches = [one for what, some in times.items() if what.startswith("page switch") for one in some]
    return {
        what: {
            "count": len(some),
            **{f"p{part}": round(1000 * _share(some, part / 100)) for part in (50, 95, 99)},
            "most": round(1000 * max(some)),
        }
        for what, some in sorted({**times, "page switch: all": switches}.items())
        if some
    }


def _share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    sys.exit(main())
