"""
What ``chartsift screen`` needs besides its options: how many workers, how much memory, and how to stop.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from chartsift.api.cli_common import ReadsFiles, start
from chartsift.api.cli_spark import OnSpark, screen_on_spark

if TYPE_CHECKING:
    from chartsift.nlp.screening.results import RunResults
    from chartsift.nlp.screening.run import RunConfig

PIPELINE = "chartsift.nlp.pipeline:build_pipeline"

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1024**2, "K": 1024, "M": 1024**2, "G": 1024**3}
# Below this there is no room for a pipeline and a batch, and a worker would be replaced after each.
_LEAST_MEMORY = 400 * 1024**2
# Linux' limits for a container; version 2 of control groups, which every current system has.
_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
_SHOW_CURSOR = b"\x1b[?25h"  # which the bars hide
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHELL_BASE = 128  # shells count a death by signal n as status 128 + n


class Stopped(BaseException):
    """
    The run was told to stop; ``exit_status`` says by which signal.

    It is no KeyboardInterrupt, of which Typer makes the word "Aborted" and an exit status of its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = _SHELL_BASE + number


class ScreenCommand(ReadsFiles):
    """``screen``, where ``--sample N`` is another way to write ``--sample-size N``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; ``--sample`` before a number is not the option for the bundled charts."""
        return super().parse_args(ctx, list(_with_sample_size(args)))


def _with_sample_size(args: list[str]) -> Iterator[str]:
    for place, word in enumerate(args):
        name, _, value = word.partition("=")
        following = args[place + 1] if place + 1 < len(args) else ""
        if name == "--sample" and (value or following.isdecimal()):
            yield word.replace("--sample", "--sample-size", 1)
        else:
            yield word


def parse_memory(text: str) -> int:
    """
    Return the bytes of a size such as "600M" or "2G"; a bare number is megabytes.

    >>> parse_memory("1.5G") == 1536 * 1024**2
    True
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("give a size such as 600M or 2G", param_hint="--max-memory")
    size = round(float(found[1]) * _UNITS[found[2].upper()])
    if size < _LEAST_MEMORY:
        raise typer.BadParameter(
            f"a worker needs at least {_LEAST_MEMORY // 1024**2}M", param_hint="--max-memory"
        )
    return size


def default_workers(max_memory: int) -> int:
    """
    Return how many workers suit this machine: as many as it has processors for us, and memory for each.

    Args:
        max_memory: Bytes of a worker.
    """
    processors = len(os.sched_getaffinity(0))
    limit = _first_words(_CPU_LIMIT)
    if len(limit) == 2 and limit[0].isdecimal():
        processors = min(processors, max(1, int(limit[0]) // int(limit[1])))
    return max(1, min(processors, _free_memory() // max_memory))


def _free_memory() -> int:
    free = _free_memory_of_machine()
    limit = _first_words(_MEMORY_LIMIT)
    return min(free, int(limit[0])) if limit and limit[0].isdecimal() else free


def _free_memory_of_machine() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def _first_words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        # No such limit on this machine.
        return []


@contextmanager
def stops_cleanly() -> Iterator[None]:
    """
    Within the block the first Ctrl-C or SIGTERM raises ``Stopped``, so that everything is put in order; the next one
    ends the process at once, and with it its workers. A hang-up that is ignored (``nohup``) stays ignored.
    """
    before = {number: signal.getsignal(number) for number in _STOPS}
    taken = [number for number in _STOPS if before[number] not in (signal.SIG_IGN, None)]

    def at_once(number: int, _frame: FrameType | None) -> None:
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), _SHOW_CURSOR)
        os._exit(_SHELL_BASE + number)

    def stop(number: int, _frame: FrameType | None) -> None:
        for other in taken:
            signal.signal(other, at_once)
        raise Stopped(number)

    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def screen_inputs(
    config: RunConfig, trial: str, *, is_quiet: bool, on_spark: OnSpark | None = None
) -> RunResults:
    """
    Screen what *config* names, with progress on stderr; raises ``Stopped`` when it was told to stop.

    With *on_spark* Spark runs it.
    """
    start()
    from chartsift.api.cli_progress import show_progress
    from chartsift.nlp.criteria import load_trial
    from chartsift.nlp.screening.run import run_screening

    loaded = load_trial(trial)
    with stops_cleanly(), show_progress(is_quiet=is_quiet) as on_progress:
        if on_spark is not None:
            return screen_on_spark(config, loaded, on_spark, on_progress=on_progress)
        return run_screening(config, trial=loaded, make_pipeline=PIPELINE, on_progress=on_progress)
