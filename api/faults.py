"""
Faults of the room beyond those of a request: access, conflicts and the database, each with its stable code.

The codes and what a caller is told stand in ``chartsift.api.problems.KINDS``; messages name no person and no patient.
"""

from __future__ import annotations

from chartsift.api.problems import KINDS
from chartsift.nlp.errors import ChartsiftError


class CodedError(ChartsiftError):
    """Base of the faults of this module: one whose title and remedy are those of its code."""

    def __init__(self, code: str, message: str = "", *, retry_after_s: int | None = None) -> None:
        kind = KINDS[code]
        super().__init__(code, message or kind.title, hint=kind.remedy)
        self.kind = kind
        self.retry_after_s = retry_after_s


class AccessError(CodedError):
    """Someone may not do this, or is not signed in (codes AC5xx)."""

    exit_status = 7


class ConflictError(CodedError):
    """The request does not fit the state of the record (codes CO6xx)."""

    exit_status = 8


class StoreError(CodedError):
    """The database, or a key that belongs to it, cannot be used (codes ST7xx)."""

    exit_status = 9
