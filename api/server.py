"""Starting the web application with uvicorn: on this machine only, unless asked otherwise in so many words."""

from __future__ import annotations

import ipaddress
import os
import sys
import tempfile
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chartsift.api.problems import ServerError
from chartsift.api.settings import PREFIX, Settings, environment_of, settings_from

if TYPE_CHECKING:
    from chartsift.api.db.store import Store
    from chartsift.api.screener import Screener
    from chartsift.api.worker import EmbeddedWorker


def run_server(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    allow_remote: bool = False,
    settings: Settings | None = None,
    log_level: str = "INFO",
    with_worker: bool = True,
) -> None:
    """
    Serve the reviewer's room until interrupted.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        allow_remote: Listen on an address that other machines can reach. It needs ``CHARTSIFT_PUBLIC_URL``, since
            passwords and notes must not travel unencrypted: TLS ends in front of the server.
        settings: Where the database is, and limits; from the environment when None.
        log_level: Level of the log on stderr. The log holds routes, status and times, never a note.
        with_worker: Run a worker beside the server, as a process of its own; without it ``chartsift worker`` has
            to run somewhere.

    Raises:
        ServerError: *host* is not a loopback address and *allow_remote* is not set, or there is no https address
            that people open (HT820), or the port is taken or not allowed (HT821).
        StoreError: the database cannot be used (ST703), has another schema (ST701), or nobody can sign in (ST707).
        RuleError: a setting, the lexicon or the trial is invalid.
    """
    settings = settings_from() if settings is None else settings
    remote = not is_loopback(host)
    if remote and not (allow_remote and settings.is_https):
        raise ServerError(
            "HT820",
            "refusing to listen on an address that other machines can reach",
            hint="use 127.0.0.1, or pass --allow-remote with CHARTSIFT_PUBLIC_URL=https://… behind a proxy with TLS",
        )
    from chartsift.api.room import open_store

    store = open_store(settings)
    try:
        require_ready(store)
        _say(f"chartsift: {settings.public_url or _address(host, port)}   (Ctrl+C stops it)")
        with worker_beside(settings, log_level) if with_worker else nullcontext():
            _run(host, port, settings, store, log_level)
    finally:
        store.close()


def run_demo(host: str = "127.0.0.1", port: int = 8000, *, log_level: str = "INFO") -> None:
    """
    Serve the sample charts from a database that is gone afterwards, with accounts to try everything.

    Raises:
        ServerError: *host* is not a loopback address: the demonstration is for this machine only (HT820); or the
            port is taken or not allowed (HT821).
    """
    if not is_loopback(host):
        raise ServerError(
            "HT820", "the demonstration is for this machine only", hint="leave --host and --allow-remote out"
        )
    from chartsift.api.db.schema_state import upgrade
    from chartsift.api.demo import fill
    from chartsift.api.room import open_store
    from chartsift.api.screener import PipelineScreener

    with tempfile.TemporaryDirectory(prefix="chartsift-demo-") as folder:
        settings = replace(Settings(), data_dir=Path(folder))
        store = open_store(settings)
        try:
            upgrade(store)
            _say("chartsift: reading the sample charts …")
            screener = PipelineScreener()
            demo = fill(store, screener, settings)
            _say(f"chartsift: {_address(host, port)}   (Ctrl+C stops it, and nothing is kept)")
            _say(f"Sign in as {', '.join(demo.names)}; the password of each is {demo.password}")
            with worker_beside(settings, log_level):
                _run(host, port, settings, store, log_level, screener=screener)
        finally:
            store.close()


def worker_beside(settings: Settings, log_level: str) -> EmbeddedWorker:
    """Return a worker with the settings of the server, to be entered."""
    from chartsift.api.worker import EmbeddedWorker

    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return EmbeddedWorker({**others, **environment_of(settings)}, log_level=log_level)


def require_ready(store: Store) -> None:
    """
    Refuse to start on an old schema, with another key than the notes have, or where nobody could sign in.

    Raises:
        StoreError: the schema is another one (ST701), the key is missing or another one (ST704), or there is no
            account (ST707).
    """
    from chartsift.api.db.schema_state import require_current
    from chartsift.api.faults import StoreError
    from chartsift.api.services.accounts import count_users
    from chartsift.api.services.keys import check_key

    require_current(store)
    check_key(store)
    with store.reading() as session:
        if not count_users(session):
            raise StoreError("ST707")


def is_loopback(host: str) -> bool:
    """
    Tell whether *host* is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("::1")
    (True, True, False, True)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _run(
    host: str,
    port: int,
    settings: Settings,
    store: Store,
    log_level: str,
    *,
    screener: Screener | None = None,
) -> None:
    import uvicorn

    from chartsift.api.app import create_app
    from chartsift.api.memory import settle
    from chartsift.api.pages.render import warm_up
    from chartsift.api.screener import PipelineScreener
    from chartsift.nlp.log import configure_logging

    configure_logging(level=log_level)
    if screener is None:
        # Seconds of building belong to the start, not to the first reader; and broken rules are said here.
        screener = PipelineScreener()
        screener.warm_up(settings.trial)
    app = create_app(settings, screener=screener, store=store)
    # The rest of what only the first reader after a start would wait for.
    warm_up()
    settle()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Who asks is told by the proxy in front, where there is one; uvicorn believes one on this machine.
        proxy_headers=settings.is_https,
    )
    try:
        # uvicorn hands Ctrl+C on after it has closed everything; that is the ordinary way to stop.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()
    except SystemExit as exc:  # uvicorn leaves this way when it cannot bind
        raise ServerError(
            "HT821", f"cannot listen on port {port}", hint="is it taken? choose another one with --port"
        ) from exc


def _address(host: str, port: int) -> str:
    return f"http://{_in_url(host)}:{port}/"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
