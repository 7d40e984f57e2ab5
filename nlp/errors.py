"""
One tree of coded errors.

``message`` and ``hint`` are safe to show and to log: they never hold note text or patient identifiers.
Codes are stable; a retired code is not used again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar


class ChartsiftError(Exception):
    """Base of every error that chartsift raises on purpose."""

    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{code}: {message}" + (f" ({hint})" if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Callable[[str, str], ChartsiftError], tuple[str, str]]:
        # As it is, Python would make a copy in another process from the sentence alone.
        return partial(type(self), hint=self.hint), (self.code, self.message)


class InputError(ChartsiftError):
    """An input cannot be read (codes IN1xx)."""

    exit_status = 3


class RuleError(ChartsiftError):
    """The lexicon, a trial file or a configuration is invalid (codes RU2xx)."""

    exit_status = 4


class ScreeningError(ChartsiftError):
    """A run cannot start or go on (codes SC4xx)."""

    exit_status = 5
