"""
A run: plan, screen, merge, report.

1. *Plan.* All inputs are read and checked into a temporary store; their digest, with the fingerprints of pipeline,
   trial and options, says what run this is. Patients are cut into batches in the order of their identifiers.
2. *Screen.* Each batch becomes one part on disk, written by a pool of workers or by this process. A run that is started
   again finds the parts it has already.
3. *Merge.* Parts are joined in order into the output files, ``report.html`` and, last, ``run.json``.

The same inputs therefore give the same files however often the run was stopped. ``--out`` is locked meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from chartsift.nlp.criteria.search import terms_of
from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats import DEFAULT_LIMITS, Limits, read_inputs, read_patients
from chartsift.nlp.formats.base import shown_name
from chartsift.nlp.formats.inputs import check_paths
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.batch import Tally
from chartsift.nlp.screening.candidates import candidates_of
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.folder import (
    MANIFEST,
    REPORT,
    WORK_FOLDER,
    FolderLock,
    cannot_write,
    check_same,
    clear_folder,
    finished_run,
    prepare_folder,
    read_state,
)
from chartsift.nlp.screening.here import Here
from chartsift.nlp.screening.messages import Setup
from chartsift.nlp.screening.parts import (
    PartFolder,
    merge_tables,
    rows_table,
    write_json,
    write_jsonl,
    write_text,
)
from chartsift.nlp.screening.pool import Pool
from chartsift.nlp.screening.report import render_report
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import problem_row
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES
from chartsift.nlp.screening.store import Batch, InputCounts, NoteStore, remove_store
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

log = get_logger(__name__)

# Processor seconds for reading one note: hundreds of times what a dense note of five pages takes.
NOTE_SECONDS = 10.0
# Bytes of memory after which a worker is replaced. The pipeline alone takes 320 MB; what a batch takes comes on top, so
# that a worker stays below 700 MB.
MAX_MEMORY = 550 * 1024**2

_VERSIONS_OF = ("chartsift", "spacy", "medspacy", "pyarrow")
_READ_STEP = 250


@dataclass(frozen=True, slots=True)
class RunConfig:
    """
    What to screen and where to put it.

    Attributes:
        inputs: Files, folders and zip archives, in order.
        out: Folder of the results; made when missing.
        patients: A patients table, or None.
        as_of: Day of screening for everyone, or None for each patient's own.
        jsonl: Also write the tables as JSON lines.
        limit: Screen only the first so many patients; None for all.
        sample: Screen only so many patients at random; None for all.
        seed: Chooses another sample of the same size.
        candidates: Look for the trial's disease in the plain text first, and read in full only who shows a sign of it.
        restart: Throw away what an earlier run left in ``out``.
        limits: Limits on inputs.
        workers: Processes that screen. 0 screens in this process: for tests and small things, since a note that
            crashes or hangs then takes the run with it.
        max_memory: Bytes after which a worker is replaced, once its batch is done.
        note_seconds: Processor time after which a worker gives up on a note; long notes have more.
        log_level: What the workers log.
    """

    inputs: tuple[Path, ...]
    out: Path
    patients: Path | None = None
    as_of: date | None = None
    jsonl: bool = False
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    candidates: bool = False
    restart: bool = False
    limits: Limits = DEFAULT_LIMITS
    workers: int = 0
    max_memory: int = MAX_MEMORY
    note_seconds: float = NOTE_SECONDS
    log_level: str = "WARNING"


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a run is.

    Attributes:
        phase: "reading", "screening" or "writing".
        done: So many units are done.
        total: Of so many; None while unknown.
        unit: Of what.
        errors: Rows of ``errors.parquet`` so far, but for notes that are left out on purpose.
    """

    phase: str
    done: int
    total: int | None
    unit: str
    errors: int = 0


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


@contextmanager
def run_folder(config: RunConfig, trial: Trial) -> Iterator[None]:
    """
    Check what a run is given, and hold its folder meanwhile, whatever the engine.

    Raises:
        InputError: an input path does not exist (IN124).
        RuleError: a first pass is asked for, and the trial does not tell what to look for (RU213).
        ScreeningError: ``out`` is in use (SC401), cannot be used (SC403), or cannot be written to (SC404).
    """
    check_paths([*config.inputs, *([config.patients] if config.patients else [])])
    if config.candidates:
        candidates_of(trial)
    try:
        prepare_folder(config.out, config.inputs)
        with FolderLock(config.out / WORK_FOLDER / "lock"):
            if config.restart:
                clear_folder(config.out)
            yield
    except OSError as exc:
        raise cannot_write(config.out, exc) from exc
    except sqlite3.OperationalError as exc:
        # Of the store: "database or disk is full", or a disk that fails.
        raise ScreeningError(
            "SC404", f"{config.out}: the disk is full or fails", hint="make space and start again; it goes on"
        ) from exc


class InputTotals(Protocol):
    """What the end of a run needs to know of what was read; ``NoteStore`` is the usual one."""

    counts: InputCounts

    def count_patients(self) -> int:
        """Return the number of patients with at least one note."""
        ...

    def count_listed_without_notes(self) -> int:
        """Return the number of listed patients without any note that could be read."""
        ...

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of reading, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run: where they are, and how many."""

    folder: PartFolder
    count: int


class Run(ABC):
    """
    One start of a run: what all engines do alike, before and after the screening, and what its steps share.

    An engine says how it reads, with which pipeline, and how the parts come about.
    """

    def __init__(
        self,
        config: RunConfig,
        trial: Trial,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.config = config
        self.trial = trial
        self.on_progress = on_progress
        self.work = config.out / WORK_FOLDER
        self.seconds: dict[str, float] = {}
        self.used = _Used()

    def execute(self) -> RunResults:
        """Run it, or find that it is done already; return the results."""
        try:
            return self._execute()
        finally:
            self._forget_notes()
            if not (self.work / "state.json").exists():
                shutil.rmtree(self.work, ignore_errors=True)

    def _execute(self) -> RunResults:
        with self._engine():
            with timed(self.seconds, "reading"):
                digest = self._read()
            identity = self._identity(digest, self._fingerprint())
            done = finished_run(self.config.out)
            if done is None:
                state = self._state(identity)
                with timed(self.seconds, "screening"):
                    parts = self._screen(state)
            else:
                check_same(done["identity"], identity, self.config.out)
        if done is None:
            self._write(parts, state)
        else:
            self._write_further(RunResults.open(self.config.out))
        shutil.rmtree(self.work, ignore_errors=True)
        return RunResults.open(self.config.out)

    # What an engine says

    @abstractmethod
    def _engine(self) -> AbstractContextManager[None]:
        """Provide what is needed to read and to screen, and no longer."""

    @abstractmethod
    def _read(self) -> str:
        """Read all inputs; return what says which ones they are: equal inputs have equal digests."""

    @abstractmethod
    def _fingerprint(self) -> str:
        """Return the fingerprint of the pipeline."""

    @abstractmethod
    def _screen(self, state: dict[str, Any]) -> Parts:
        """Make all parts that are not there."""

    @abstractmethod
    def _totals(self, parts: Parts) -> InputTotals:
        """Return what was read."""

    @abstractmethod
    def _forget_notes(self) -> None:
        """Remove what holds notes; a later start makes it anew."""

    def _about_engine(self, parts: Parts) -> dict[str, Any]:
        """Return what the manifest says of the engine."""
        del parts
        return {}

    def _write_further(self, results: RunResults) -> None:
        """Write what else was asked for, from the tables; also for a run that was finished earlier."""
        if self.config.jsonl:
            for name in TABLES:
                write_jsonl(results.path(name), results.out / f"{name}.jsonl")

    # What all do alike

    def _identity(self, digest: str, pipeline: str) -> dict[str, Any]:
        config = self.config
        return {
            "format": FORMAT_VERSION,
            "inputs": digest,
            "pipeline": pipeline,
            "trial": self.trial.fingerprint(),
            "as_of": config.as_of.isoformat() if config.as_of else None,
            "candidates": config.candidates,
            "limit": config.limit,
            "sample": None if config.sample is None else {"patients": config.sample, "seed": config.seed},
        }

    def _state(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Return the state that an earlier start left, or a new one."""
        state = read_state(self.config.out) or {"identity": identity, "started_at": _now(), "starts": 0}
        check_same(state["identity"], identity, self.config.out)
        state["starts"] += 1
        write_json(self.work / "state.json", state)
        return state

    def _write(self, parts: Parts, state: dict[str, Any]) -> None:
        """Write the tables, the report and, last, the manifest."""
        with timed(self.seconds, "merging"):
            manifest = self._merge(self._totals(parts), parts, state["identity"])
            self._write_further(RunResults(self.config.out, manifest))
        manifest |= self._about_engine(parts)
        manifest["times"] = self._times(state)
        write_text(self.config.out / REPORT, render_report(RunResults(self.config.out, manifest)))
        write_json(self.config.out / MANIFEST, manifest)
        self.on_progress(Progress("writing", len(TABLES) + 1, len(TABLES) + 1, "files"))

    def _merge(self, store: InputTotals, parts: Parts, identity: dict[str, Any]) -> dict[str, Any]:
        """Join the parts into the tables and return the manifest, which says all but the times."""
        out = self.config.out
        fingerprint = run_fingerprint(identity)
        tally = _sum(parts, out)
        rows: dict[str, int] = {}
        for step, name in enumerate(TABLES):
            self.on_progress(Progress("writing", step, len(TABLES) + 1, "files"))
            tables = parts.folder.tables(name, parts.count)
            if name == "errors":
                tables = _chain_problems(store, tables, tally)
            rows[name] = merge_tables(
                name, tables, out / f"{name}.parquet", metadata={"chartsift_run": fingerprint}
            )
        return {
            "format": FORMAT_VERSION,
            "fingerprint": fingerprint,
            "identity": identity,
            "trial": trial_facts(self.trial),
            "as_of_rule": (
                f"as of {self.config.as_of} for everyone"
                if self.config.as_of
                else "each patient's own as_of, else the date of the patient's last note"
            ),
            "inputs": [shown_name(path.name or str(path)) for path in self.config.inputs],
            "patients_table": shown_name(self.config.patients.name) if self.config.patients else None,
            "limit": self.config.limit,
            "sample": identity["sample"],
            "counts": self._counts(store, tally, rows),
            "candidates": self._first_pass(tally),
            "cohort_status": dict(tally.cohort_status),
            "criteria": dict(tally.criteria),
            "funnel": dict(tally.funnel),
            "problem_codes": dict(sorted(tally.problem_codes.items())),
            "top_patients": [patient_id for _, _, patient_id in tally.top],
            "rows": rows,
            "versions": _versions(),
        }

    def _first_pass(self, tally: Tally) -> dict[str, Any] | None:
        """Return the proof of the first pass: what was looked for, in how many notes of which days, in vain."""
        if not self.config.candidates:
            return None
        wanted = candidates_of(self.trial)
        first, last = tally.searched
        return {
            "of": wanted.of,
            "signs": list(wanted.signs),
            "terms": len(terms_of(wanted.signs)),
            "patients_without_sign": tally.counts["patients_without_sign"],
            "by_cohort": dict(tally.no_sign),
            "notes": tally.counts["notes_searched"],
            "first": first or None,
            "last": last or None,
        }

    def _times(self, state: dict[str, Any]) -> dict[str, Any]:
        return {
            "started_at": state["started_at"],
            "finished_at": _now(),
            "starts": state["starts"],
            "seconds_of_last_start": {name: round(value, 3) for name, value in self.seconds.items()},
            "workers": self.config.workers,
            "processor_seconds": self.used.processor_seconds(),
            "peak_memory_mb": self.used.peak_memory_mb(),
        }

    def _counts(self, store: InputTotals, tally: Tally, rows: dict[str, int]) -> dict[str, int]:
        """
        Return counts that add up.

        rows_seen = notes_read + input_problems; notes_read = notes_evaluated + notes_searched + notes_after_as_of +
        notes_failed + notes_of_failed_patients + notes_not_screened; patients = patients_screened + patients_failed +
        patients_not_screened; errors = input_problems + patient_problems + notes_after_as_of + notes_failed +
        patients_failed + patient_facts_left_out.
        """
        got = tally.counts
        became = (
            "notes_evaluated",
            "notes_searched",
            "notes_after_as_of",
            "notes_failed",
            "notes_of_failed_patients",
        )
        patients = store.count_patients()
        return {
            **asdict(store.counts),
            **{name: got[name] for name in became},
            "notes_not_screened": store.counts.notes_read - sum(got[name] for name in became),
            "patients": patients,
            "patients_screened": got["patients_screened"],
            "patients_without_sign": got["patients_without_sign"],
            "patients_failed": got["patients_failed"],
            "patient_facts_left_out": got["patient_facts_left_out"],
            "patients_not_screened": patients - got["patients_screened"] - got["patients_failed"],
            "patients_listed_without_notes": store.count_listed_without_notes(),
            "findings": rows["findings"],
            "errors": rows["errors"],
        }


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

    @contextmanager
    def _engine(self) -> Iterator[None]:
        with self._make_screener() as self._screener:
            yield

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


def run_fingerprint(identity: dict[str, Any]) -> str:
    """Return the SHA-256 of what decides a run's results."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode("utf-8")).hexdigest()


def trial_facts(trial: Trial) -> dict[str, Any]:
    """Return what a reader of the results needs of the trial without its file."""
    return {
        "trial_id": trial.trial_id,
        "title": trial.title,
        "version": trial.version,
        "source": trial.source,
        "cohorts": [
            {
                "cohort_id": cohort.cohort_id,
                "label": cohort.label,
                "criteria": [
                    {
                        "criterion_id": criterion.criterion_id,
                        "kind": criterion.kind,
                        "label": criterion.label,
                        "summary": criterion.summary,
                    }
                    for criterion in trial.criteria_of(cohort)
                ],
            }
            for cohort in trial.cohorts
        ],
    }


def _reading(store: NoteStore, *, is_all: bool) -> Progress:
    seen = store.counts.rows_seen
    errors = store.counts.input_problems + store.counts.patient_problems
    return Progress("reading", seen, seen if is_all else None, "notes", errors)


def _sum(parts: Parts, out: Path) -> Tally:
    """Return the tally of all parts, in order, so that it does not tell which of them was done first."""
    total = Tally()
    for number in range(parts.count):
        tally = parts.folder.tally(number)
        if tally is None:
            raise ScreeningError(
                "SC405", f"{out}: a part of the run was damaged meanwhile", hint="start again; it goes on"
            )
        total.add(tally)
    return total


def _chain_problems(store: InputTotals, tables: Iterator[Any], tally: Tally) -> Iterator[Any]:
    """Yield the problems of reading, then those of the parts."""
    rows = []
    for problem in store.problems():
        tally.problem_codes[problem.code] += 1
        rows.append(problem_row(problem))
        if len(rows) >= _READ_STEP:
            yield rows_table("errors", rows)
            rows = []
    yield rows_table("errors", rows)
    yield from tables


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _VERSIONS_OF}}


def _now() -> str:
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


class _Used:
    """Processor time and memory since a run began, of this process and of those that it started and that have ended."""

    def __init__(self) -> None:
        self._before = self._seconds()

    def processor_seconds(self) -> dict[str, float]:
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
