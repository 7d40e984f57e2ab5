"""Time and memory that a run takes."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from time import monotonic


def now() -> str:
    """Return the time of day as it stands in a manifest."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class timed:  # noqa: N801 - reads as a statement
    """Add the seconds of a block to *into* under *name*."""

    def __init__(self, into: dict[str, float], name: str) -> None:
        self._into = into
        self._name = name

    def __enter__(self) -> None:
        self._start = monotonic()

    def __exit__(self, *_: object) -> None:
        self._into[self._name] = monotonic() - self._start


class Used:
    """Processor time and memory since a run began, of this process and of those that it started and that have ended."""

    def __init__(self) -> None:
        self._before = self._seconds()

    def processor_seconds(self) -> dict[str, float]:
        """Return the processor seconds of both."""
        return {name: round(now - self._before[name], 2) for name, now in self._seconds().items()}

    def peak_memory_mb(self) -> dict[str, int]:
        """Return the most that was ever resident; of the processes started, that of the largest."""
        return {name: round(used.ru_maxrss / 1024) for name, used in self._usage().items()}

    def _seconds(self) -> dict[str, float]:
        return {name: used.ru_utime + used.ru_stime for name, used in self._usage().items()}

    def _usage(self) -> dict[str, resource.struct_rusage]:
        return {
            "parent": resource.getrusage(resource.RUSAGE_SELF),
            "workers": resource.getrusage(resource.RUSAGE_CHILDREN),
        }
