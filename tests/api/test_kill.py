"""Real processes, killed with SIGKILL at random moments: nothing that was acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx2
import psutil
import pytest
from support.rooms import make_room
from support.uploading import receive, zipped

from chartsift.api.db.store import Store
from chartsift.api.db.tables import AuditEntry, Job, StudyNote, StudyPatient, Upload
from chartsift.api.services import audit, charts, tokens, uploads
from chartsift.api.vault import Vault, new_key

# A file is read from its beginning again; over one that kills every reader the job is given up, so fewer here.
KILLS_READING = 2
KILLS_ADDING = 4
NOTES = 60
UPLOADS = 12
PATIENTS = 6
DEADLINE_S = 240

# The lines are worked off one by one, so that there are many moments to be killed at; leases are short.
WORKER = """
import sys
from datetime import timedelta
from support.fake_screener import FakeScreener
from chartsift.api.room import open_store
from chartsift.api.services import jobs, upload_adding, upload_reading
from chartsift.api.settings import settings_from
from chartsift.api.worker import Worker
import chartsift.api.worker as module
jobs.LEASE = timedelta(seconds=1)
upload_adding._NOTES = upload_reading._LINES = 1
module.IDLE_SECONDS = 0.05
settings = settings_from()
print("up", flush=True)
Worker(open_store(settings), FakeScreener(), settings).run()
"""

SERVER = """
import sys, uvicorn
from support.fake_screener import FakeScreener
from chartsift.api.app import create_app
from chartsift.api.settings import settings_from
app = create_app(settings_from(), screener=FakeScreener())
uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[1]), log_config=None, access_log=False)).run()
"""


@pytest.fixture
def world(database_url, tmp_path):
    """A room with the real clock, and the environment of the processes."""
    keys = (new_key(),)
    store = Store(database_url, vault=Vault(keys), pool_size=5)
    room = make_room(store)
    tests = str(Path(__file__).resolve().parent.parent)
    environment = {
        **os.environ,
        "CHARTSIFT_DATABASE_URL": database_url,
        "CHARTSIFT_NOTE_KEYS": ",".join(keys),
        "PYTHONPATH": tests,
    }
    running: list[subprocess.Popen] = []

    def run(code: str, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield room, run
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()
    store.close()


def texts() -> dict[str, str]:
    return {
        f"P{n % PATIENTS}/2024-05-{n // PATIENTS + 1:02}_visit.txt": f"Visit {n}. Anti-Jo-1 😀\r\nCK {n} U/L"
        for n in range(NOTES)
    }


def wait_for(store, reached) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        with store.reading() as session:
            if reached(session):
                return
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def all_done(session) -> bool:
    return session.query(Job).filter(Job.state != "done").count() == 0


def moved(session) -> tuple[int, ...]:
    """How far the work is: it grows with every step."""
    progress = [row.done for row in session.query(Job).order_by(Job.id)]
    return (session.query(StudyNote).count(), session.query(AuditEntry).count(), *progress)


def kill_again_and_again(world, chance: random.Random, kills: int) -> int:
    """Run workers and kill each as soon as it did something; return how many were killed over a job."""
    room, run = world
    killed = 0
    for _ in range(kills):
        with room.store.reading() as session:
            before = moved(session)
        process = run(WORKER)
        wait_for(room.store, lambda session: moved(session) != before or all_done(session))  # noqa: B023
        time.sleep(chance.uniform(0, 0.2))
        process.kill()
        process.wait()
        with room.store.reading() as session:
            killed += session.query(Job).filter(Job.state == "running").count()
    process = run(WORKER)
    wait_for(room.store, all_done)
    process.kill()
    process.wait()
    return killed


@pytest.mark.parametrize("seed", [1])
def test_a_worker_killed_at_random_moments_adds_every_note_once(world, seed):
    room, _ = world
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    upload_id = receive(room, ("notes.zip", zipped(texts())))

    killed = kill_again_and_again(world, chance, KILLS_READING)
    with room.store.reading() as session:
        assert (
            uploads.summary_of(session, uploads.upload_of(session, room.study_id, upload_id)).notes == NOTES
        )
    with room.store.writing() as session:
        uploads.confirm(session, room.study_id, upload_id, actor_id=room.users["first"])
    killed += kill_again_and_again(world, chance, KILLS_ADDING)

    with room.store.reading() as session:
        found = {}
        for patient in session.query(StudyPatient).filter(StudyPatient.id != room.patient_id):
            assert patient.result_id is not None
            for note in charts.notes_of(session, patient.id, with_text=True):
                found[f"{patient.site_id}/{note.note_id}"] = charts.text_of(session, note)
        acts = Counter(entry.action for entry in session.query(AuditEntry))
        assert found == texts()
        # One is the chart that every room has.
        assert (acts["note.added"], acts["patient.added"]) == (NOTES + 1, PATIENTS + 1)
        assert (acts["upload.done"], acts["upload.received"]) == (1, 1)
        assert audit.verify(session).is_whole
        assert session.get_one(Upload, upload_id).state == "done"
    assert killed, "no worker was killed over a job: the test shows nothing"


def test_a_server_killed_at_random_moments_keeps_every_upload_once(world):
    room, run = world
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    with room.store.writing() as session:
        secret = tokens.create_token(
            session, room.users["first"], label="t", scopes=["upload"], lifetime=timedelta(days=1)
        ).secret
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}{room.study}/uploads"
    server = run(SERVER, str(port))
    answers: dict[str, set[str]] = {}
    broken = 0
    deadline = time.monotonic() + DEADLINE_S
    for number in range(UPLOADS):
        key = f"upload-{number}"
        # A megabyte and a half is on its way long enough to be killed over.
        file = (f"P{number}_2024-05-01_visit.txt", f"Visit {number}. ".encode() * 100_000)
        # Sent twice, as a client does that did not hear the answer; the server dies over every third upload.
        kills = [number % 3 == 0, False]
        while kills:
            assert time.monotonic() < deadline
            timer = threading.Timer(chance.uniform(0, 0.15), server.kill)
            if kills[0] and answers:
                timer.start()
            try:
                answer = httpx2.post(
                    address,
                    files=[("files", file)],
                    headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
                    timeout=20,
                )
            except httpx2.TransportError:
                broken += 1
                time.sleep(0.1)
            else:
                assert answer.status_code == 200, answer.text
                answers.setdefault(key, set()).add(answer.json()["upload_id"])
                kills.pop(0)
            if timer.is_alive() or timer.finished.is_set():
                timer.join()
            if server.poll() is not None:
                kills[:1] = [False] if kills else []
                server = run(SERVER, str(port))

    assert broken, "no request met a dead server: the test shows nothing"
    assert all(len(ids) == 1 for ids in answers.values())
    with room.store.reading() as session:
        kept = {upload.id for upload in session.query(Upload)}
        assert kept == {upload_id for ids in answers.values() for upload_id in ids}
        assert len(kept) == UPLOADS
        assert session.query(Job).filter(Job.kind == "upload.read").count() == UPLOADS


EMBEDDING = """
import time
from chartsift.api.server import worker_beside
from chartsift.api.settings import settings_from
with worker_beside(settings_from(), "INFO") as beside:
    print(beside.pid, flush=True)
    time.sleep(600)
"""


def test_the_worker_of_a_killed_server_ends_and_a_killed_worker_is_replaced(world):
    room, run = world
    server = run(EMBEDDING)
    pid = int(server.stdout.readline())
    wait_for(room.store, lambda session: session.query(Job).filter(Job.kind == "watch").count() > 0)

    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not (children := children_of(server.pid) - {pid}) and time.monotonic() < deadline:
        time.sleep(0.1)
    (other,) = children

    server.kill()
    server.wait()
    while is_running(other) and time.monotonic() < deadline + 60:
        time.sleep(0.1)
    assert not is_running(other)


def children_of(pid: int) -> set[int]:
    return {child.pid for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE}


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
