"""
A run, whatever the engine: what all of them do alike, and what each has to say.

``run`` is the engine of one machine, ``spark`` that of a cluster.
"""

from __future__ import annotations

import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats.inputs import check_paths
from chartsift.nlp.screening.batch import Tally
from chartsift.nlp.screening.candidates import candidates_of
from chartsift.nlp.screening.config import Progress, RunConfig
from chartsift.nlp.screening.folder import (
    MANIFEST,
    WORK_FOLDER,
    FolderLock,
    cannot_write,
    check_same,
    clear_folder,
    finished_run,
    prepare_folder,
    read_state,
    remove_half_written,
)
from chartsift.nlp.screening.manifest import InputTotals, identity_of, make_manifest, run_fingerprint
from chartsift.nlp.screening.parts import PartFolder, write_json
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.usage import Used, now, timed
from chartsift.nlp.screening.writing import JoinTable, Step, StepDone, WriteLines, WriteReport

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

# Tables are joined in this order, those that mostly take longest first: then nobody waits for the last one.
_LONGEST = ("criteria", "findings", "scores", "cohorts", "notes", "texts")
_JOINING = (*_LONGEST, *(name for name in TABLES if name not in _LONGEST))


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
        self.used = Used()

    def execute(self) -> RunResults:
        """Run it, or find that it is done already; return the results."""
        try:
            manifest = self._make()
            if manifest is not None:
                # By now the processes that it started have ended, so that what they took is known.
                manifest["times"] |= self._used()
                write_json(self.config.out / MANIFEST, manifest)
                self.on_progress(Progress("writing", len(TABLES) + 1, len(TABLES) + 1, "files"))
        finally:
            self._forget_notes()
            if not (self.work / "state.json").exists():
                shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.work, ignore_errors=True)
        remove_half_written(self.config.out)
        return RunResults.open(self.config.out)

    def _make(self) -> dict[str, Any] | None:
        """Make all files but the manifest and return that; None where an earlier run has made them."""
        with self._engine():
            with timed(self.seconds, "reading"):
                digest = self._read()
            identity = identity_of(self.config, self.trial, inputs=digest, pipeline=self._fingerprint())
            done = finished_run(self.config.out)
            if done is None:
                state = self._state(identity)
                with timed(self.seconds, "screening"):
                    parts = self._screen(state)
            else:
                check_same(done["identity"], identity, self.config.out)
        if done is not None:
            self._write_further(RunResults.open(self.config.out))
            return None
        return self._write(parts, state)

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
    def _do(self, steps: Iterable[Step]) -> Iterator[StepDone]:
        """Do what writes the files, in any order; yield each step when it is done."""

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
            for _ in self._do([WriteLines(name, results.out.absolute()) for name in _JOINING]):
                pass

    # What all do alike

    def _state(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Return the state that an earlier start left, or a new one."""
        state = read_state(self.config.out) or {"identity": identity, "started_at": now(), "starts": 0}
        check_same(state["identity"], identity, self.config.out)
        state["starts"] += 1
        write_json(self.work / "state.json", state)
        return state

    def _write(self, parts: Parts, state: dict[str, Any]) -> dict[str, Any]:
        """Write the tables and the report; return the manifest."""
        config = self.config
        totals = self._totals(parts)
        with timed(self.seconds, "merging"):
            tally = _sum(parts, config.out)
            rows = self._join(parts, run_fingerprint(state["identity"]))
            manifest = make_manifest(config, self.trial, state["identity"], totals, tally, rows)
            self._write_further(RunResults(config.out, manifest))
        manifest |= self._about_engine(parts)
        manifest["times"] = self._times(state)
        for _ in self._do([WriteReport(config.out.absolute(), manifest)]):
            pass
        return manifest

    def _join(self, parts: Parts, fingerprint: str) -> dict[str, int]:
        """Join the parts into the tables; return the rows of each."""
        steps = [
            JoinTable(
                name, parts.folder.root.absolute(), parts.count, self.config.out.absolute(), fingerprint
            )
            for name in _JOINING
        ]
        rows: dict[str, int] = {}
        self.on_progress(Progress("writing", 0, len(TABLES) + 1, "files"))
        for done in self._do(steps):
            if isinstance(done.step, JoinTable):
                rows[done.step.name] = done.rows
            self.on_progress(Progress("writing", len(rows), len(TABLES) + 1, "files"))
        return {name: rows[name] for name in TABLES}

    def _times(self, state: dict[str, Any]) -> dict[str, Any]:
        return {
            "started_at": state["started_at"],
            "finished_at": now(),
            "starts": state["starts"],
            "seconds_of_last_start": {name: round(value, 3) for name, value in self.seconds.items()},
            "workers": self.config.workers,
        }

    def _used(self) -> dict[str, Any]:
        return {
            "processor_seconds": self.used.processor_seconds(),
            "peak_memory_mb": self.used.peak_memory_mb(),
        }


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
