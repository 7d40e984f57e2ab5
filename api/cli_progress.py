"""Progress on stderr: a bar with rate, remaining time and errors on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from chartsift.api.cli_common import say

if TYPE_CHECKING:
    from chartsift.nlp.screening.run import Progress

OnProgress = Callable[["Progress"], None]

# At first often enough to see that it lives; then seldom enough for the log of a night.
SECONDS_BETWEEN_LINES = 5.0
_CALM_AFTER_SECONDS = 60.0
_CALM_SECONDS_BETWEEN_LINES = 60.0


@contextmanager
def show_progress(*, is_quiet: bool) -> Iterator[OnProgress]:
    """Provide a function to report progress to; shows nothing when *is_quiet*."""
    if is_quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield PlainLines()


class PlainLines:
    """Reports progress as lines such as "screening: 1,200 of 5,000 notes, 85/s, 0:45 left"."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._phase = ""
        self._began = self._said = 0.0
        self._first = 0

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if progress.phase != self._phase:
            self._phase, self._began, self._said, self._first = progress.phase, now, now, progress.done
        elif now - self._said >= self._pause(now):
            self._said = now
            say(progress_line(progress, done_here=progress.done - self._first, seconds=now - self._began))

    def _pause(self, now: float) -> float:
        is_calm = now - self._began > _CALM_AFTER_SECONDS
        return _CALM_SECONDS_BETWEEN_LINES if is_calm else SECONDS_BETWEEN_LINES


def progress_line(progress: Progress, *, done_here: int, seconds: float) -> str:
    """Return one line on how far it is; *done_here* units took *seconds* since the phase began."""
    total = f" of {progress.total:,}" if progress.total is not None else ""
    line = f"{progress.phase}: {progress.done:,}{total} {progress.unit}"
    rate = done_here / seconds if seconds > 0 else 0.0
    if rate > 0:
        line += f", {rate:,.0f}/s" if rate >= 10 else f", {rate:.1f}/s"
        if progress.total is not None:
            left = round((progress.total - progress.done) / rate)
            line += f", {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
    if progress.errors:
        line += f", {progress.errors:,} error{'s' if progress.errors > 1 else ''}"
    return line


@contextmanager
def _bars() -> Iterator[OnProgress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    with RichProgress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}  {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[errors]}"),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        tasks: dict[str, tuple[TaskID, float, int]] = {}

        def report(progress: Progress) -> None:
            if progress.phase not in tasks:
                task = bars.add_task(
                    progress.phase, total=progress.total, unit=progress.unit, rate="", errors=""
                )
                tasks[progress.phase] = (task, monotonic(), progress.done)
            task, began, first = tasks[progress.phase]
            seconds = monotonic() - began
            rate = f"{(progress.done - first) / seconds:,.1f}/s" if seconds > 1 else ""
            errors = f"{progress.errors:,} errors" if progress.errors else ""
            bars.update(task, completed=progress.done, total=progress.total, rate=rate, errors=errors)

        yield report
