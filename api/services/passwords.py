"""Passwords: Argon2id, and the little that is asked of a new one."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from chartsift.api.faults import AccessError

# NIST SP 800-63B asks for length and against common words, and not for a mixture of signs.
LEAST_LENGTH = 12
MOST_LENGTH = 1024
_COMMON = frozenset(
    {
        "password1234",
        "passwordpassword",
        "123456789012",
        "1234567890123",
        "qwertyuiopas",
        "qwertyuiop123",
        "letmeinletmein",
        "administrator",
        "changemechangeme",
        "welcome12345",
        "iloveyou1234",
        "chartsiftchartsift",
    }
)


def hash_password(password: str, *, name: str = "") -> str:
    """
    Return the Argon2id hash of a new password.

    Raises:
        AccessError: it is poor (AC510), see `check_password`.
    """
    check_password(password, name=name)
    return _hasher().hash(password)


def check_password(password: str, *, name: str = "") -> None:
    """
    Refuse a poor new password.

    Raises:
        AccessError: it is too short, too long, all one character, a common one or the person's name (AC510).
    """
    plain = password.casefold()
    is_poor = plain in _COMMON or len(set(plain)) < 4 or (bool(name) and plain == name.casefold() * 2)
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH or is_poor or plain == name.casefold():
        raise AccessError("AC510")


def is_password(password: str, stored: str | None) -> bool:
    """
    Say whether *password* is the one of *stored*.

    Without a stored hash as much time is spent, so that the answer does not tell whether there is such a person.
    """
    if len(password) > MOST_LENGTH:
        return False
    try:
        _hasher().verify(stored or _nobody(), password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Say whether *stored* was made with weaker parameters than those of today."""
    return _hasher().check_needs_rehash(stored)


def _hasher() -> PasswordHasher:
    # RFC 9106, second recommended option: 64 MiB, three passes, four lanes.
    return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, type=Type.ID)


@cache
def _nobody() -> str:
    return _hasher().hash("nobody signs in with this one")
