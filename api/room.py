"""What the parts of the application share: settings, database, reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chartsift.api.db.store import Clock, Store
from chartsift.api.screener import Screener
from chartsift.api.services.accounts import Limits
from chartsift.api.settings import Settings
from chartsift.api.vault import Vault

# A name that begins so is taken by browsers from the host itself, over TLS and for the whole host only.
_SECURE_COOKIE = "__Host-chartsift"
_LOOPBACK_COOKIE = "chartsift"


@dataclass(frozen=True, slots=True)
class Room:
    """The reviewer's room of one process."""

    settings: Settings
    store: Store
    screener: Screener

    @property
    def limits(self) -> Limits:
        """How long sessions last."""
        return Limits(
            idle=timedelta(minutes=self.settings.session_idle_minutes),
            absolute=timedelta(hours=self.settings.session_hours),
        )

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds a session's token."""
        return cookie_name(self.settings)


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie: without TLS, on loopback, no browser takes the secure one."""
    return _SECURE_COOKIE if settings.is_https else _LOOPBACK_COOKIE


def open_store(settings: Settings, *, clock: Clock | None = None, gap: float = 0.0) -> Store:
    """
    Return the database of *settings*; *gap* as for `Store`.

    Raises:
        StoreError: its address or a key for the notes cannot be used (ST703, ST704).
    """
    return Store(settings.database_address(), vault=Vault(settings.note_keys), clock=clock, gap=gap)
