"""
The local pool: workers that screen batches and write the files, and what is done when one of them ends.

Each worker has one request at a time and the parent holds nothing but that, so memory does not grow with the archive.
When a worker ends over a batch (a crash, a hang, the system's out-of-memory killer, ``kill -9``) the batch is taken
apart: patient by patient and, where one of them ends a worker again, note by note. A note that ends a fresh worker
of its own, too, is left out and named; then the batch is done as a whole, in one part, as if nothing had been. A step
of writing is simply done again.

The executors of the standard library are not used: one worker that dies breaks all of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from types import TracebackType

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.messages import (
    OUT_OF_MEMORY,
    Answer,
    Broken,
    Done,
    Lost,
    Probe,
    Ready,
    Request,
    Screen,
    Setup,
    Survived,
    Wanted,
)
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.store import Batch, BatchDone, CaseSource
from chartsift.nlp.screening.writing import ProblemSource, Step, StepDone

log = get_logger(__name__)

# So often in a row a worker may end while it builds its pipeline, and a batch whose patients are all well when they are
# screened alone. More is no accident of the machine's.
_MOST_ENDS = 5
# A kill from outside may be meant for the process and not for what it reads, or be the system's answer to memory that
# another process took: a note that is read alone has to meet with it so many times more.
_CONFIRMED_KILLED = 4
_TIME_SIGNALS = (signal.SIGPROF, signal.SIGALRM)
_KILL_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a worker ended over a request.

    Attributes:
        status: Its exit status; negative for a signal.
        is_fresh: Whether it was the first request of that worker, so that no other note had a part in it.
    """

    status: int
    is_fresh: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it was at it for too long."""
        return -self.status in _TIME_SIGNALS

    @property
    def is_killed(self) -> bool:
        """Whether it was killed from outside."""
        return -self.status in _KILL_SIGNALS

    def __str__(self) -> str:
        if self.is_time:
            return "took too long"
        if self.status == OUT_OF_MEMORY:
            return "needs more memory than is allowed"
        if self.status < 0:
            return f"ends the process that reads it ({signal.Signals(-self.status).name})"
        return f"ends the process that reads it (exit status {self.status})"


Outcome = Done | Survived | StepDone | Ended
# What one worker does: it yields requests, is sent what became of them, and returns the result.
Job = Generator[Request, Outcome, BatchDone]
Writing = Generator[Request, Outcome, StepDone]


class Pool:
    """
    Workers that screen the batches of one run; use it as a context, since leaving it ends them.

    The first worker starts at once, so that it builds its pipeline while the notes are still being read; the others do
    so when it is known that there is work for them (``expect``).
    """

    def __init__(self, setup: Setup, *, workers: int) -> None:
        self._lanes = [_Lane(setup, self._check) for _ in range(workers)]
        self._fingerprint = ""
        self._lanes[0].start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            lane.end()

    def expect(self, batches: int) -> None:
        """Have workers get ready for so many batches."""
        for lane in self._lanes[:batches]:
            lane.prepare()

    def fingerprint(self) -> str:
        """
        Return the fingerprint of the workers' pipeline, when the first of them is ready.

        Raises:
            RuleError: the lexicon is invalid.
            ScreeningError: no worker can start (SC415).
        """
        while not self._fingerprint:
            self._hear()
        return self._fingerprint

    def screen(self, batches: Iterable[Batch], store: CaseSource, folder: PartFolder) -> Iterator[BatchDone]:
        """
        Screen batches and yield each when its part is written, in any order.

        Raises:
            ScreeningError: workers end again and again (SC415), or are of another installation than the first (SC416).
            OSError: a part cannot be written.
        """
        for done in self._work((_job(batch, store, folder.root) for batch in batches), store, self._lanes):
            if isinstance(done, BatchDone):
                yield done

    def write(self, steps: Iterable[Step], store: ProblemSource) -> Iterator[StepDone]:
        """
        Do what writes the files, when everything is screened, and yield each step when it is done, in any order.

        Raises:
            ScreeningError: workers end again and again (SC415).
            OSError: a file cannot be written.
        """
        del store  # each worker has its own
        for lane in self._lanes:
            lane.read_no_more()
        # Of a run with a single batch one worker is there, and is done before another one could begin.
        lanes = [lane for lane in self._lanes if lane.is_up] or self._lanes[:1]
        for done in self._work(map(_writing, steps), None, lanes):
            if isinstance(done, StepDone):
                yield done

    def _work(
        self, jobs: Iterator[Job] | Iterator[Writing], store: CaseSource | None, lanes: Sequence[_Lane]
    ) -> Iterator[BatchDone | StepDone]:
        """Give each job to a worker and yield what comes of it, in any order."""
        while True:
            for lane in lanes:
                if lane.is_free and (job := next(jobs, None)) is not None:
                    lane.take(job, store)
            if all(lane.is_free for lane in lanes):
                return
            yield from self._hear()

    def _hear(self) -> list[BatchDone | StepDone]:
        talking = {lane.talk: lane for lane in self._lanes if lane.talk is not None}
        heard = [talking[talk].hear() for talk in wait(list(talking)) if isinstance(talk, Connection)]
        return [done for done in heard if done is not None]

    def _check(self, fingerprint: str) -> None:
        self._fingerprint = self._fingerprint or fingerprint
        if fingerprint != self._fingerprint:
            raise ScreeningError(
                "SC416",
                "code or vocabulary of chartsift changed while the run was going on",
                hint="do not upgrade during a run; start again with --restart",
            )


class _Lane:
    """The place of one worker: the process there now, if any, and the job it is at."""

    def __init__(self, setup: Setup, check: Callable[[str], None]) -> None:
        self._setup = setup
        self._check = check
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._starts = 0
        self._requests = 0
        self._job: Job | Writing | None = None
        self._store: CaseSource | None = None
        self._request: Request | None = None
        self.talk: Connection | None = None

    @property
    def is_free(self) -> bool:
        """Whether there is no job here."""
        return self._job is None

    @property
    def is_up(self) -> bool:
        """Whether there is a worker that has its pipeline."""
        return self._process is not None and self._is_ready

    def prepare(self) -> None:
        """Start a worker, unless one was started."""
        if self._process is None:
            self.start()

    def read_no_more(self) -> None:
        """Build no pipeline any more: a worker that starts from now on writes files alone."""
        self._setup = replace(self._setup, factory=None)

    def take(self, job: Job | Writing, store: CaseSource | None) -> None:
        """Begin with a job; the notes of a batch are in *store*."""
        self._job = job
        self._store = store
        self._request = next(job)
        self._ask()

    def hear(self) -> BatchDone | StepDone | None:
        """Take what the worker says, or that it has ended; return the job's result when it is done by that."""
        try:
            answer: Answer | Ended = self.talk.recv() if self.talk is not None else Ended(0)
        except (EOFError, OSError):
            answer = Ended(self.end(), is_fresh=self._requests == 1)
            log.warning("worker_ended", count=self._starts)
        match answer:
            case Broken():
                raise answer.error
            case Wanted(what):
                self._give(what)
                return None
            case Ready(fingerprint):
                if fingerprint:
                    self._check(fingerprint)
                self._is_ready = True
                self._starts = 0
                self._ask()
                return None
            case Ended() if not self._is_ready:
                if self._starts >= _MOST_ENDS:
                    raise _no_workers()
                # It was not at the batch yet.
                self.start()
                return None
        self._is_ready = not isinstance(answer, Ended)
        if isinstance(answer, Done | Survived) and answer.is_last:
            self.end()
        return self._go_on(answer)

    def _give(self, what: Batch | str) -> None:
        """Send what a worker without a store of its own has asked for."""
        if self._store is None or self.talk is None:
            raise RuntimeError("a worker asks for notes before it has a batch")
        store = self._store
        given = store.patients_of(what) if isinstance(what, Batch) else store.case(what)
        # One that has ended meanwhile is heard of by "hear".
        with suppress(OSError):
            self.talk.send(given)

    def _go_on(self, outcome: Outcome) -> BatchDone | StepDone | None:
        if self._job is None:
            # It ended while it waited; the next job gets another one.
            return None
        try:
            self._request = self._job.send(outcome)
        except StopIteration as done:
            self._job = self._request = None
            finished: BatchDone | StepDone = done.value
            return finished
        self._ask()
        return None

    def _ask(self) -> None:
        """Send the request that is due, at the latest when there is a worker that is ready for it."""
        if self._request is None:
            return
        if self._process is None:
            self.start()
        elif self._is_ready and self.talk is not None:
            # One that has ended is heard of by "hear".
            self._requests += 1
            with suppress(OSError):
                self.talk.send(self._request)

    def start(self) -> None:
        """Start a worker; it says when it is ready."""
        self._starts += 1
        self._requests = 0
        self._is_ready = False
        ours, its = Pipe()
        # The worker finds the same code as we did, however we found it, and computes in one thread: there are as many
        # workers as cores.
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        # Ctrl-C goes to every process of a terminal; here the parent alone decides what it means.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself, with fixed arguments
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "chartsift.nlp.screening.worker",
                    str(its.fileno()),
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                # Parsers in C may print; what they print could be note text.
                stdout=subprocess.DEVNULL,
                env=environment,
                pass_fds=(its.fileno(),),
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            its.close()
        self.talk = ours
        # One that has ended already is heard of by "hear".
        with suppress(OSError):
            ours.send(self._setup)

    def end(self) -> int:
        """End the worker, at once, and return its exit status."""
        if self.talk is not None:
            self.talk.close()
            self.talk = None
        if self._process is None:
            return 0
        process, self._process = self._process, None
        # One that has ended keeps the status it ended with.
        process.kill()
        return process.wait()


def _job(batch: Batch, store: CaseSource, parts: Path) -> Job:
    """Screen a batch, whatever it takes; yields requests, and is sent what became of them."""
    outcome = yield Screen(batch, Lost(), parts)
    if isinstance(outcome, Ended) and outcome.is_killed:
        # Most likely it was meant for the process, and no note had a part in it.
        outcome = yield Screen(batch, Lost(), parts)
    if isinstance(outcome, Done):
        return BatchDone(batch, outcome.failures)
    lost = Lost()
    for _ in range(_MOST_ENDS):
        for patient_id in store.patients_of(batch):
            yield from _look_into(patient_id, store, lost)
        outcome = yield Screen(batch, lost, parts)
        if isinstance(outcome, Done):
            return BatchDone(batch, outcome.failures)
    raise _no_workers()


def _writing(step: Step) -> Writing:
    """Do a step of writing, whatever becomes of workers: a file appears whole or not at all."""
    for _ in range(_MOST_ENDS):
        outcome = yield step
        if isinstance(outcome, StepDone):
            return outcome
    raise _no_workers()


def _look_into(patient_id: str, store: CaseSource, lost: Lost) -> Generator[Request, Outcome, None]:
    """Find out what of a patient ends workers, and put it into *lost*."""
    if not isinstance((yield Probe(patient_id, None, lost)), Ended):
        return
    for note_id in store.note_ids(patient_id):
        how = yield from _confirmed(Probe(patient_id, note_id, lost))
        if how is not None:
            code = "SC413" if how.is_time else "SC412"
            lost.notes[patient_id, note_id] = ScreeningError(
                code,
                f"reading this note {how}, so that it was left out",
                hint="read it by hand and report it as a bug",
            )
    how = yield from _confirmed(Probe(patient_id, None, lost))
    if how is not None:
        lost.patients[patient_id] = ScreeningError(
            "SC414",
            f"evaluating the patient of this note {how}; no verdict was written",
            hint="read the chart by hand and report it as a bug",
        )


def _confirmed(probe: Probe) -> Generator[Request, Outcome, Ended | None]:
    """Return how a probe ends a worker that has read nothing else; None when it does not."""
    outcome = yield probe
    kills = 0
    while isinstance(outcome, Ended):
        # Whatever else it has read, its processor time was that of one note.
        is_sure = outcome.is_fresh or outcome.status == -signal.SIGPROF
        if is_sure and (not outcome.is_killed or kills >= _CONFIRMED_KILLED):
            return outcome
        kills += outcome.is_killed
        outcome = yield probe
    return None


def _no_workers() -> ScreeningError:
    return ScreeningError(
        "SC415",
        "worker processes end again and again, and not over any one note",
        hint="free memory or give fewer --workers, then start again; it goes on",
    )
