"""What the web application can be told: its limits and whom it answers. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TRIAL = "reset-myositis"

# Names under which a browser on the same machine reaches the server. A page of another site that points its
# own name at 127.0.0.1 (DNS rebinding) sends its own Host header and is refused.
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


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
    """

    trial: str = DEFAULT_TRIAL
    max_body_bytes: int = 64 * 1024 * 1024
    max_patients: int = 200
    max_notes: int = 5_000
    max_note_chars: int = 2_000_000
    max_files: int = 500
    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS
