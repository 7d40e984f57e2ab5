"""
A run: plan, screen, write.

1. *Plan.* All inputs are read and checked into a temporary store; their digest, with the fingerprints of pipeline,
   trial and options, says what run this is. Patients are cut into batches in the order of their identifiers.
2. *Screen.* Each batch becomes one part on disk, written by a pool of workers or by this process. A run that is started
   again finds the parts it has already.
3. *Write.* The workers join the parts in order into the output files and write ``report.html``; this process writes,
   last, ``run.json``.

The same inputs therefore give the same files however often the run was stopped. ``--out`` is locked meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from chartsift.nlp.formats import read_inputs, read_patients
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.config import Progress, RunConfig
from chartsift.nlp.screening.engine import Parts, Run, run_folder
from chartsift.nlp.screening.here import Here
from chartsift.nlp.screening.manifest import InputTotals, run_fingerprint
from chartsift.nlp.screening.messages import Setup
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.pool import Pool
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.store import LEAST_NOTES, Batch, NoteStore, remove_store
from chartsift.nlp.screening.writing import Step, StepDone

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

__all__ = ["Progress", "RunConfig", "run_screening"]

log = get_logger(__name__)

# Notes between two looks at how far the reading is.
_READ_STEP = 250


def run_screening(
    config: RunConfig,
    *,
    trial: Trial,
    make_pipeline: Callable[[], Extractor] | str,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> RunResults:
    """
    Screen everything that *config* names; return the results, which are then on disk.

    Args:
        config: What to screen, where to, and how.
        trial: The trial to decide.
        make_pipeline: Makes the pipeline; "package.module:function" for workers, which import it for themselves.
        on_progress: Is told how far the run is.

    Raises:
        InputError: an input path does not exist (IN124).
        ScreeningError: ``out`` is in use (SC401), belongs to another run (SC402), cannot be used (SC403),
            cannot be written to (SC404), or holds a damaged run (SC405); workers end again and again (SC415); the
            installation changes meanwhile (SC416).
        RuleError: the lexicon or the trial is invalid.
        ValueError: workers are asked for, and *make_pipeline* cannot be imported by name.
    """
    if config.workers and not isinstance(make_pipeline, str):
        raise ValueError("workers need the pipeline as package.module:function")
    with run_folder(config, trial):
        return _LocalRun(config, trial, make_pipeline, on_progress).execute()


class _LocalRun(Run):
    """One start of a run on this machine: a store of notes on disk, and a pool of workers or this process."""

    def __init__(
        self,
        config: RunConfig,
        trial: Trial,
        make_pipeline: Callable[[], Extractor] | str,
        on_progress: Callable[[Progress], None],
    ) -> None:
        super().__init__(config, trial, on_progress)
        self._make_pipeline = make_pipeline
        self._store = NoteStore(self.work / "notes.sqlite")

    def _make(self) -> dict[str, Any] | None:
        # Those that have screened write as well.
        with self._make_screener() as self._screener:
            return super()._make()

    def _engine(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _make_screener(self) -> Pool | Here:
        config = self.config
        if not config.workers:
            return Here(self._make_pipeline, self.trial, as_of=config.as_of, candidates=config.candidates)
        setup = Setup(
            factory=str(self._make_pipeline),
            trial=self.trial,
            as_of=config.as_of,
            store=self.work / "notes.sqlite",
            note_seconds=config.note_seconds,
            max_memory=config.max_memory,
            log_level=config.log_level,
            candidates=config.candidates,
        )
        return Pool(setup, workers=config.workers)

    def _read(self) -> str:
        store, limits = self._store, self.config.limits
        if self.config.patients:
            for item in read_patients(self.config.patients, limits=limits):
                store.add(item, origin="table")
        # Results that lie among the notes, as with "screen . --out results", are no notes.
        items = read_inputs(self.config.inputs, limits=limits, leave_out=self.config.out)
        for count, item in enumerate(items, start=1):
            store.add(item)
            if count % _READ_STEP == 0:
                wanted = self.config.limit or self.config.sample or store.counts.notes_read
                self._screener.expect(min(wanted, store.counts.notes_read) // LEAST_NOTES)
                self.on_progress(_reading(store, is_all=False))
        store.finish()
        self.on_progress(_reading(store, is_all=True))
        store.plan(limit=self.config.limit, sample=self.config.sample, seed=self.config.seed)
        return store.digest

    def _fingerprint(self) -> str:
        return self._screener.fingerprint()

    def _totals(self, parts: Parts) -> InputTotals:
        del parts
        return self._store

    def _do(self, steps: Iterable[Step]) -> Iterator[StepDone]:
        return self._screener.write(steps, self._store)

    def _forget_notes(self) -> None:
        self._store.close()
        remove_store(self.work / "notes.sqlite")

    def _screen(self, state: dict[str, Any]) -> Parts:
        store = self._store
        # Named by the run, so that parts are never taken for those of another one.
        folder = PartFolder(self.work / f"parts-{run_fingerprint(state['identity'])[:16]}")
        parts, total = store.count_batches()
        notes = 0
        errors = store.counts.input_problems + store.counts.patient_problems

        def tell() -> None:
            self.on_progress(Progress("screening", notes, total, "notes", errors))

        def missing() -> Iterator[Batch]:
            nonlocal notes, errors
            for batch in store.batches():
                tally = folder.tally(batch.number)
                if tally is None:
                    yield batch
                else:
                    notes += batch.notes
                    errors += tally.failures
                    tell()

        tell()
        for done in self._screener.screen(missing(), store, folder):
            notes += done.batch.notes
            errors += done.failures
            log.info(
                "batch_screened",
                batch=done.batch.number,
                patients=done.batch.patients,
                notes=done.batch.notes,
            )
            tell()
        return Parts(folder, parts)


def _reading(store: NoteStore, *, is_all: bool) -> Progress:
    seen = store.counts.rows_seen
    errors = store.counts.input_problems + store.counts.patient_problems
    return Progress("reading", seen, seen if is_all else None, "notes", errors)
