"""Starting the web application with uvicorn: on this machine only, unless asked otherwise in so many words."""

from __future__ import annotations

import ipaddress
import sys
from contextlib import suppress

from chartsift.api.problems import ServerError
from chartsift.api.settings import Settings


def run_server(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    allow_remote: bool = False,
    settings: Settings | None = None,
    log_level: str = "INFO",
) -> None:
    """
    Serve the page and the HTTP interface until interrupted.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        allow_remote: Listen on an address that other machines can reach. There is no sign-in in this version:
            everyone who can reach the address can use the server.
        settings: Limits; the hosts that are answered follow from *host* unless given.
        log_level: Level of the log on stderr. The log holds routes, status and times, never a note.

    Raises:
        ServerError: *host* is not a loopback address and *allow_remote* is not set (code HT820), or the
            port is taken or not allowed (code HT821).
        RuleError: the lexicon or the trial is invalid.
    """
    remote = not is_loopback(host)
    if remote and not allow_remote:
        raise ServerError(
            "HT820",
            "refusing to listen on an address that other machines can reach: this version has no sign-in",
            hint="use 127.0.0.1, or pass --allow-remote behind a proxy that signs people in",
        )
    import uvicorn

    from chartsift.api.app import create_app
    from chartsift.api.screener import PipelineScreener
    from chartsift.nlp.log import configure_logging

    configure_logging(level=log_level)
    if settings is None:
        settings = Settings(allowed_hosts=frozenset()) if remote else Settings()
    # Seconds of building belong to the start, not to the first reader; and broken rules are said here.
    screener = PipelineScreener()
    screener.warm_up(settings.trial)
    config = uvicorn.Config(
        create_app(settings, screener=screener),
        host=host,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    _say(f"chartsift: http://{_in_url(host)}:{port}/   (Ctrl+C stops it)")
    if remote:
        _say(
            "WARNING: there is NO SIGN-IN in this version. Everyone who can reach this address can use it, and "
            "notes travel unencrypted. Put a proxy with sign-in and TLS in front of it."
        )
    else:
        _say("There is no sign-in in this version; it answers on this machine only. Nothing is stored.")
    try:
        # uvicorn hands Ctrl+C on after it has closed everything; that is the ordinary way to stop.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()
    except SystemExit as exc:  # uvicorn leaves this way when it cannot bind
        raise ServerError(
            "HT821", f"cannot listen on port {port}", hint="is it taken? choose another one with --port"
        ) from exc


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


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
