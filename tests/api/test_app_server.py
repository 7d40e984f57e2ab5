"""Starting the server, and what it writes: never a word of a note."""

from __future__ import annotations

import http.client
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest
from support.fake_screener import FakeScreener

from chartsift.api.faults import StoreError
from chartsift.api.problems import ServerError
from chartsift.api.server import is_loopback, run_demo, run_server
from chartsift.api.services import tokens
from chartsift.api.settings import Settings
from chartsift.nlp.log import configure_logging

CANARY = "Zzyzx-Canary-7731"


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "192.168.1.5", "::", "example.org", "", "localhost.evil.example"],  # noqa: S104 - refused
)
def test_another_address_needs_an_explicit_option(host):
    with pytest.raises(ServerError, match="HT820"):
        run_server(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
def test_this_machine_needs_none(host):
    assert is_loopback(host)


def test_another_address_needs_an_https_address_as_well():
    with pytest.raises(ServerError, match="HT820"):
        run_server("192.168.1.5", allow_remote=True, settings=Settings(public_url="http://review.example"))


def test_the_demonstration_is_for_this_machine_only():
    with pytest.raises(ServerError, match="HT820"):
        run_demo("0.0.0.0")  # noqa: S104 - refused


def test_an_old_schema_is_not_served(tmp_path):
    with pytest.raises(StoreError, match=r"ST701.*chartsift db upgrade"):
        run_server(settings=Settings(data_dir=tmp_path))


def test_a_room_that_nobody_can_enter_is_not_served(sqlite_url):
    with pytest.raises(StoreError, match=r"ST707.*chartsift user add"):
        run_server(settings=Settings(database_url=sqlite_url))


@pytest.fixture
def log_lines():
    """Collect log lines at DEBUG, and put logging back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("chartsift")  # noqa: TID251
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()
    configure_logging(level="DEBUG", stream=stream)
    yield stream
    root.handlers[:], root.level, ours.level = before


def test_a_port_that_is_taken_is_said(log_lines, monkeypatch, lite_room):
    monkeypatch.setattr("chartsift.api.screener.PipelineScreener.warm_up", lambda self, trial_id: None)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(ServerError, match="HT821"):
            run_server(
                port=taken.getsockname()[1],
                settings=Settings(database_url=lite_room.store.engine.url.render_as_string()),
            )


def test_the_access_log_holds_route_status_and_time_only(log_lines, lite_room):
    client = lite_room.client("first")

    client.get("/slots/7.css")
    client.get(f"/{CANARY}?q={CANARY}", headers={"X-Request-Id": CANARY})
    answer = client.get(lite_room.chart)
    client.post("/api/v1/evaluate", json={"patients": CANARY})

    lines = [line for line in log_lines.getvalue().splitlines() if "event=request" in line]
    assert [line.split("method=")[1].rsplit(" ms=")[0] for line in lines] == [
        "GET route=/slots/{count}.css status=200",
        "GET route=none status=404",
        "GET route=/api/v1/studies/{study_id}/patients/{patient_id} status=200",
        "POST route=/api/v1/evaluate status=422",
    ]
    assert f"request_ref={answer.headers['x-request-id']}" in lines[2]
    assert CANARY not in log_lines.getvalue()


def test_an_unexpected_error_is_logged_without_its_message(log_lines, lite_room):
    lite_room.screener = FakeScreener(fails_with=ValueError(CANARY))

    lite_room.client("first").put(lite_room.chart, json={"birth_date": None, "sex": "F", "as_of": None})

    assert "event=request_failed" in log_lines.getvalue()
    assert "ValueError at" in log_lines.getvalue()
    assert CANARY not in log_lines.getvalue()


def test_a_running_server_writes_no_note_text(tmp_path, lite_room):
    token = make_token(lite_room)
    address = lite_room.store.engine.url.render_as_string()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from chartsift.api.server import run_server; run_server(port={port}, log_level='DEBUG')"
    keys = ",".join(lite_room.keys)
    environment = {**os.environ, "CHARTSIFT_DATABASE_URL": address, "CHARTSIFT_NOTE_KEYS": keys}
    # Away from the checkout, whose folder names would stand in front of installed packages.
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
    )
    try:
        wait_until_up(port, server)
        note = {
            "note_id": CANARY,
            "note_date": "2024-05-01",
            "text": f"{CANARY} has dermatomyositis. No CAR T.",
        }
        answered = ask(port, token, {"patients": [{"patient_id": CANARY, "notes": [note]}]})
        refused = ask(port, token, {"patients": [{"patient_id": CANARY, CANARY: 1}]})
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(f"{CANARY} no http\r\n\r\n".encode())
            raw.recv(1_000)
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)

    assert server.returncode == 0
    assert answered[0] == 200
    assert any(row["concept"] == "DM" for row in answered[1]["findings"])
    assert (refused[0], refused[1]["code"]) == (422, "HT805")
    assert CANARY.encode() not in out + err


def wait_until_up(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not start")


def make_token(room) -> str:
    with room.store.writing() as session:
        made = tokens.create_token(
            session, room.users["first"], label="test", scopes=["evaluate"], lifetime=timedelta(days=36_500)
        )
    return made.secret


def ask(port: int, token: str, body: object) -> tuple[int, dict]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        connection.request("POST", "/api/v1/evaluate", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
