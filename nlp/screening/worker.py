"""
A worker of a run: a process with a pipeline of its own that screens batches and writes them as parts.

Run by ``pool`` as ``python -P -m chartsift.nlp.screening.worker FD``: a fresh interpreter, nothing forked, so that it
shares no lock, no thread and no open file with its parent, and a script that starts a run is not imported again. It
talks over one socket: ``Setup`` comes in, ``Ready`` goes out, then an answer for each request. It reads the notes from
the store that ``Setup`` names or, where there is none, asks the parent for them. When all is screened, workers write
the files as well (``writing``).

A note that hangs or crashes its reader ends the worker, and the parent finds out which one it was. So the limits of
time and memory are those of the operating system, which hold where Python is not asked: inside a regular expression.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import pickle
import pkgutil
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from chartsift.nlp.errors import ChartsiftError, ScreeningError
from chartsift.nlp.learned import Rater
from chartsift.nlp.log import configure_logging, get_logger
from chartsift.nlp.screening.batch import screen_batch, screen_case
from chartsift.nlp.screening.candidates import search_for
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.messages import (
    OUT_OF_MEMORY,
    Answer,
    Broken,
    Done,
    Probe,
    Ready,
    Request,
    Screen,
    Setup,
    Survived,
    Wanted,
)
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.store import Batch, FinishedStore, PatientCase
from chartsift.nlp.screening.writing import StepDone
from chartsift.nlp.types import Finding, Note

log = get_logger(__name__)

# Processor seconds for whatever is not the reading of a note: importing, evaluating a patient, writing a part. All of
# them take seconds at most, on large charts and slow machines, so that five minutes are a hang.
_OTHER_SECONDS = 300.0
# Beside the seconds of any note, those for each million characters. The slowest text that was measured, one line of a
# megabyte, took 38 s; a note of 16 million, the longest that is read, has half an hour.
_SECONDS_PER_MILLION = 120.0
# A busy machine gives a process a fraction of its time, so that the clock on the wall is the last resort, for a process
# that waits for something without computing.
_WALL_TIMES = 30
# A worker is replaced after the batch in which it has grown beyond its memory; a single note may take it this many
# times further before the operating system says no.
_HARD_MEMORY_TIMES = 4

_PR_SET_PDEATHSIG = 1


class GuardedPipeline:
    """A pipeline under a limit of time, in a process that ends when a note goes beyond it."""

    def __init__(self, pipeline: Extractor, note_seconds: float) -> None:
        self._pipeline = pipeline
        self._note_seconds = note_seconds
        self.lost: Mapping[tuple[str, str], ScreeningError] = {}

    @property
    def rater(self) -> Rater | None:
        """The pipeline's own; the time that it takes is that of the evaluation."""
        return self._pipeline.rater

    def extract(self, note: Note) -> list[Finding]:
        """Return the findings of a note; raises ScreeningError for one that is to be left out."""
        error = self.lost.get((note.patient_id, note.note_id))
        if error is not None:
            raise error
        limit_time(self._note_seconds + _SECONDS_PER_MILLION * len(note.text) / 1e6)
        try:
            return self._pipeline.extract(note)
        except MemoryError:
            # Perhaps there was none left because of the notes before: that is found out in a fresh process.
            os._exit(OUT_OF_MEMORY)
        finally:
            limit_time(_OTHER_SECONDS)

    def fingerprint(self) -> str:
        """Return the pipeline's own."""
        return self._pipeline.fingerprint()


def limit_time(seconds: float) -> None:
    """
    End this process when it computes for longer than *seconds*, or is at it for very much longer.

    The signals end the process by themselves: a handler in Python would wait for the very call that hangs.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, _WALL_TIMES * seconds)


def no_time_limit() -> None:
    """Wait for as long as it takes, as between requests."""
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)


class _Asked:
    """The notes as the parent has them, a patient at a time."""

    def __init__(self, talk: Connection) -> None:
        self._talk = talk

    def patients_of(self, batch: Batch) -> list[str]:
        self._talk.send(Wanted(batch))
        patients: list[str] = self._talk.recv()
        return patients

    def case(self, patient_id: str) -> PatientCase:
        self._talk.send(Wanted(patient_id))
        case: PatientCase = self._talk.recv()
        return case


class _Worker:
    """What a worker holds from request to request."""

    def __init__(self, setup: Setup, pipeline: Extractor | None, talk: Connection) -> None:
        self._setup = setup
        self._guarded = None if pipeline is None else GuardedPipeline(pipeline, setup.note_seconds)
        self._store = FinishedStore(setup.store) if setup.store else _Asked(talk)
        self._search = search_for(setup.trial) if setup.candidates else None

    @property
    def _pipeline(self) -> GuardedPipeline:
        if self._guarded is None:
            raise RuntimeError("a worker that only writes is asked to read")
        return self._guarded

    def answer(self, request: Request) -> Answer:
        if not isinstance(request, Screen | Probe):
            if isinstance(self._store, _Asked):
                raise RuntimeError("a worker without a store is asked to write the files of a run")
            try:
                return StepDone(request, request.do(self._store))
            except MemoryError:
                # Perhaps there was none left because of the notes before: a fresh process tries once more.
                os._exit(OUT_OF_MEMORY)
        self._pipeline.lost = request.lost.notes
        if isinstance(request, Screen):
            failures = self._screen(request)
            return Done(failures, self._is_full())
        self._probe(request)
        return Survived(self._is_full())

    def _screen(self, request: Screen) -> int:
        setup = self._setup
        cases = map(self._store.case, self._store.patients_of(request.batch))
        part = screen_batch(
            self._pipeline,
            setup.trial,
            cases,
            as_of=setup.as_of,
            lost=request.lost.patients,
            search=self._search,
        )
        PartFolder(request.parts).write(request.batch.number, part)
        return part.tally.failures

    def _probe(self, request: Probe) -> None:
        case = self._store.case(request.patient_id)
        try:
            if request.note_id is None:
                setup = self._setup
                screen_case(self._pipeline, setup.trial, case, as_of=setup.as_of, search=self._search)
            else:
                self._pipeline.extract(next(note for note in case.notes if note.note_id == request.note_id))
        except Exception:  # noqa: S110 - it is alive, which was the question; what failed is said when it is screened
            pass

    def _is_full(self) -> bool:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - a file of the kernel
            return int(statm.read().split()[1]) * resource.getpagesize() > self._setup.max_memory


def serve(talk: Connection) -> None:
    """Answer requests until there are no more, or until this process has grown too large."""
    setup: Setup = talk.recv()
    configure_logging(level=setup.log_level)
    hard = _HARD_MEMORY_TIMES * setup.max_memory
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    limit_time(_OTHER_SECONDS)
    try:
        # Importing and building make hundreds of thousands of objects and no garbage to speak of.
        gc.disable()
        pipeline = None if setup.factory is None else _factory(setup.factory)()
        # What is there now stays until the end; looking for garbage among it would take a third of a batch's time.
        gc.freeze()
        gc.enable()
        talk.send(Ready("" if pipeline is None else pipeline.fingerprint()))
        worker: _Worker | None = None
        while True:
            no_time_limit()
            request: Request = talk.recv()
            if isinstance(request, Screen | Probe):
                # A step of writing takes as long as there are rows, and reads nothing but what was written here.
                limit_time(_OTHER_SECONDS)
            # Not before the first request: until then, the notes are still being set down.
            worker = worker or _Worker(setup, pipeline, talk)
            answer = worker.answer(request)
            talk.send(answer)
            if getattr(answer, "is_last", False):
                return
    except EOFError:
        # The parent has no more work.
        return
    except Exception as exc:  # said by the parent, which ends the run
        talk.send(Broken(_sendable(exc)))


def _factory(factory: str | bytes) -> Callable[[], Extractor]:
    make: Callable[[], Extractor] = (
        pkgutil.resolve_name(factory) if isinstance(factory, str) else pickle.loads(factory)  # noqa: S301 - of the one who started the run, as the code is
    )
    return make


def _sendable(error: Exception) -> Exception:
    """Return an error as it may travel: with words of chartsift or of the operating system, never of a library."""
    if isinstance(error, ChartsiftError):
        return error
    if isinstance(error, OSError):
        return OSError(error.errno or 0, error.strerror or type(error).__name__)
    if isinstance(error, sqlite3.OperationalError):
        return OSError(errno.EIO, "the disk is full or fails")
    log.error("worker_failed", exc_info=error)
    return RuntimeError(type(error).__name__)


def _end_with_parent(parent: int) -> None:
    """Have the operating system end this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It had ended before.
        os._exit(1)


def main() -> None:
    """Prepare the process and serve."""
    channel, parent = map(int, sys.argv[1:])
    _end_with_parent(parent)
    os.set_inheritable(channel, False)
    # No dump of a process that holds notes.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Those that end it: whatever the parent made of them, here they are the limits of time.
    for name in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(name, signal.SIG_DFL)
    with Connection(channel) as talk:
        serve(talk)


if __name__ == "__main__":
    main()
