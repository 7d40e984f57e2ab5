"""
What the web application can be told: one frozen value, from the environment (``CHARTSIFT_…``) or from code.

Standard library only, so that the command line can show it without loading anything. ``SETTINGS`` of a field's
metadata names its variable and says what it is for; ``chartsift config`` prints that table, secrets left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from chartsift.nlp.errors import RuleError

DEFAULT_TRIAL = "reset-myositis"
PREFIX = "CHARTSIFT_"
_DATA_DIR = Path("chartsift-data")
HIDDEN = "(set, not shown)"

# Names under which a browser on the same machine reaches the server. A page of another site that points its
# own name at 127.0.0.1 (DNS rebinding) sends its own Host header and is refused.
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def _option(default: Any, variable: str, what: str, *, is_secret: bool = False) -> Any:
    metadata = {"variable": PREFIX + variable, "what": what, "is_secret": is_secret}
    return field(default=default, metadata=metadata, repr=not is_secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Settings of the application; every field has a safe default.

    Attributes:
        trial: Trial that is read when a request names none.
        max_body_bytes: Largest request body. A chart of 2,000 notes of 10 kB fits.
        max_patients: Most patients in one request.
        max_notes: Most notes in one request, over all patients.
        max_note_chars: Longest note in code points. A note of 1 MB fits.
        max_files: Most files in one upload; an archive counts as one.
        allowed_hosts: Values of the Host header (without port) that are answered; empty answers every name.
        data_dir: Folder of the embedded database; made when it is not there.
        database_url: SQLAlchemy address of the database; empty means a SQLite file in ``data_dir``. It may hold a
            password and is never shown or logged.
        note_keys: Keys of ``chartsift.api.vault``, the one to seal with first; empty stores notes unencrypted.
        public_url: Address that people open ("https://review.example.org"); https makes cookies secure.
        session_idle_minutes: A session without a request for so long is over.
        session_hours: A session is over after so many hours, whatever happens in it.
        token_days: Longest life of an API token.
        retention_days: A chart signed longer ago is erased by ``chartsift retention``; 0 keeps every chart.
        oidc_issuer: Address of the site's identity provider, exactly as it names itself; empty for none.
        oidc_client_id: Under which the provider knows this server.
        oidc_client_secret: Empty for a public client.
        oidc_label: What the button for signing in there says.
    """

    trial: str = _option(DEFAULT_TRIAL, "TRIAL", "trial that is read when a request names none")
    max_body_bytes: int = _option(64 * 1024 * 1024, "MAX_BODY_BYTES", "largest request, in bytes")
    max_patients: int = _option(200, "MAX_PATIENTS", "most patients in one request")
    max_notes: int = _option(5_000, "MAX_NOTES", "most notes in one request")
    max_note_chars: int = _option(2_000_000, "MAX_NOTE_CHARS", "longest note, in characters")
    max_files: int = _option(500, "MAX_FILES", "most files in one upload")
    allowed_hosts: frozenset[str] = _option(
        LOOPBACK_HOSTS, "ALLOWED_HOSTS", "host names that are answered, with commas; * for all"
    )
    data_dir: Path = _option(_DATA_DIR, "DATA_DIR", "folder of the embedded database")  # noqa: RUF009 - a field
    database_url: str = _option(
        "", "DATABASE_URL", "postgresql+psycopg://…; empty for SQLite in the data folder", is_secret=True
    )
    note_keys: tuple[str, ...] = _option(
        (), "NOTE_KEYS", "keys for notes at rest, base64, with commas, newest first", is_secret=True
    )
    public_url: str = _option("", "PUBLIC_URL", "address that people open; https makes cookies secure")
    session_idle_minutes: int = _option(30, "SESSION_IDLE_MINUTES", "idle time after which a session is over")
    session_hours: int = _option(12, "SESSION_HOURS", "time after which a session is over in any case")
    token_days: int = _option(365, "TOKEN_DAYS", "longest life of an API token")
    retention_days: int = _option(0, "RETENTION_DAYS", "days after which a signed chart may be erased")
    oidc_issuer: str = _option("", "OIDC_ISSUER", "address of the identity provider; empty for none")
    oidc_client_id: str = _option("chartsift", "OIDC_CLIENT_ID", "name of this server at the provider")
    oidc_client_secret: str = _option(
        "", "OIDC_CLIENT_SECRET", "secret of this server at the provider; empty for none", is_secret=True
    )
    oidc_label: str = _option(
        "Sign in with your site account", "OIDC_LABEL", "words of the provider's button"
    )

    @property
    def is_https(self) -> bool:
        """Whether people reach the server through TLS."""
        return self.public_url.lower().startswith("https://")

    def database_address(self) -> str:
        """Return the address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'chartsift.sqlite'}"


def settings_from(environment: Mapping[str, str] | None = None, **changes: Any) -> Settings:
    """
    Return the settings of the environment.

    Args:
        environment: Variables; those of the process when None.
        changes: Fields that go before the environment, such as those of a command's options.

    Raises:
        RuleError: a variable has a value that does not fit, or an unknown name begins with the prefix (RU220).
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    known = {option.metadata["variable"]: option for option in fields(Settings)}
    for name in variables:
        if name.startswith(PREFIX) and name not in known:
            raise RuleError("RU220", f"unknown setting {name}", hint="`chartsift config` lists them")
    for name, option in known.items():
        if variables.get(name):
            values[option.name] = _parsed(name, option, variables[name])
    return Settings(**{**values, **changes})


def environment_of(settings: Settings) -> dict[str, str]:
    """
    Return the variables that make another process have the same settings.

    >>> environment_of(Settings(max_notes=7))
    {'CHARTSIFT_MAX_NOTES': '7'}
    >>> settings_from(environment_of(Settings(allowed_hosts=frozenset()))) == Settings(allowed_hosts=frozenset())
    True
    """
    variables = {}
    for option in fields(Settings):
        value = getattr(settings, option.name)
        # Some defaults, such as "never", cannot be said in a variable; all are what no variable means.
        if value == option.default:
            continue
        if isinstance(value, frozenset):
            said = ",".join(sorted(value)) or "*"
        elif isinstance(value, tuple):
            said = ",".join(value)
        else:
            said = str(value)
        variables[option.metadata["variable"]] = said
    return variables


def shown(settings: Settings) -> list[dict[str, str]]:
    """Return name, variable, value and meaning of every setting; of a secret only whether it is set."""
    rows = []
    for option in fields(Settings):
        value = getattr(settings, option.name)
        said = ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | tuple) else str(value)
        if option.metadata["is_secret"] and said:
            said = HIDDEN
        rows.append(
            {
                "name": option.name,
                "variable": option.metadata["variable"],
                "value": said,
                "what": option.metadata["what"],
            }
        )
    return rows


def _parsed(name: str, option: Field[Any], text: str) -> Any:
    default = option.default
    if isinstance(default, int):
        if not text.strip().isdecimal() or int(text) < 1:
            raise RuleError("RU220", f"{name}: a whole number from 1 is expected")
        return int(text)
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, frozenset):
        return frozenset() if text.strip() == "*" else frozenset(_listed(text.lower()))
    if isinstance(default, tuple):
        return tuple(_listed(text))
    return text.strip()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
