"""Browsers and servers for the browser tests."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn
from support.rooms import PASSWORD, make_room

from chartsift.api.app import create_app
from chartsift.api.db.store import Store
from chartsift.api.services import accounts

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
# No sandbox: tests run as root in containers. The rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium; where there is none the test is skipped."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium (apt-get install chromium)")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory, migrated_sqlite):
    """A room on a port of this machine: (room, address). Everyone's password is `PASSWORD`."""
    path = tmp_path_factory.mktemp("served") / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    room = make_room(store)
    with store.writing() as session:
        for user in accounts.list_users(session):
            accounts.set_password(session, user, PASSWORD)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(screener=room.screener, store=store)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    yield room, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)
    store.close()


@pytest.fixture
def sign_in(served):
    """Sign a page in: ``sign_in(page, "first")``."""

    def act(page, name: str) -> None:
        page.goto(f"{served[1]}/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("nav")

    return act
