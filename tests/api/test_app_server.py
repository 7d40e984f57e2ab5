"""Starting the server, and what it writes: never a word of a note."""

from __future__ import annotations

import http.client
import io
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from support.fake_screener import FakeScreener

from chartsift.api.app import create_app
from chartsift.api.problems import ServerError
from chartsift.api.server import is_loopback, run_server
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


@pytest.fixture
def log_lines():
    """Collect log lines at DEBUG, and put logging back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("chartsift")  # noqa: TID251
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()
    configure_logging(level="DEBUG", stream=stream)
    yield stream
    root.handlers[:], root.level, ours.level = before


def test_a_port_that_is_taken_is_said(log_lines, monkeypatch):
    monkeypatch.setattr("chartsift.api.screener.PipelineScreener.warm_up", lambda self, trial_id: None)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(ServerError, match="HT821"):
            run_server(port=taken.getsockname()[1])


def test_the_access_log_holds_route_status_and_time_only(log_lines):
    client = TestClient(create_app(screener=FakeScreener()), base_url="http://127.0.0.1:8000")

    client.get("/slots/7.css")
    client.get(f"/{CANARY}?q={CANARY}")
    client.post("/", files=[("files", ("P1_2024-05-01.txt", CANARY.encode()))])
    client.post("/api/v1/evaluate", json={"patients": CANARY})

    lines = [line for line in log_lines.getvalue().splitlines() if "event=request" in line]
    assert [line.split("event=request ")[1].rsplit(" ms=")[0] for line in lines] == [
        "method=GET route=/slots/{count}.css status=200",
        "method=GET route=none status=404",
        "method=POST route=/ status=200",
        "method=POST route=/api/v1/evaluate status=422",
    ]
    assert CANARY not in log_lines.getvalue()


def test_an_unexpected_error_is_logged_without_its_message(log_lines):
    app = create_app(screener=FakeScreener(fails_with=ValueError(CANARY)))
    client = TestClient(app, base_url="http://127.0.0.1:8000")

    client.post("/", files=[("files", ("P1_2024-05-01.txt", CANARY.encode()))])

    assert "event=request_failed" in log_lines.getvalue()
    assert "ValueError at" in log_lines.getvalue()
    assert CANARY not in log_lines.getvalue()


def test_a_running_server_writes_no_note_text(tmp_path):
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from chartsift.api.server import run_server; run_server(port={port}, log_level='DEBUG')"
    # Away from the checkout, whose folder names would stand in front of installed packages.
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    try:
        wait_until_up(port, server)
        note = {
            "note_id": CANARY,
            "note_date": "2024-05-01",
            "text": f"{CANARY} has dermatomyositis. No CAR T.",
        }
        answered = ask(port, {"patients": [{"patient_id": CANARY, "notes": [note]}]})
        refused = ask(port, {"patients": [{"patient_id": CANARY, CANARY: 1}]})
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
    assert b"There is no sign-in in this version" in err
    assert CANARY.encode() not in out + err


def wait_until_up(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not start")


def ask(port: int, body: object) -> tuple[int, dict]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/evaluate", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
