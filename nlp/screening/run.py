"""
A run: plan, screen, merge, report.

1. *Plan.* All inputs are read and checked into a temporary store; their digest, with the fingerprints of pipeline,
   trial and options, says what run this is. Patients are cut into batches in the order of their identifiers.
2. *Screen.* Each batch becomes one part on disk. A run that is started again finds the parts it has already.
3. *Merge.* Parts are joined in order into the output files, ``report.html`` and, last, ``run.json``.

The same inputs therefore give the same files however often the run was stopped. ``--out`` is locked meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats import DEFAULT_LIMITS, Limits, read_inputs, read_patients
from chartsift.nlp.formats.base import shown_name
from chartsift.nlp.formats.inputs import check_paths
from chartsift.nlp.log import get_logger
from chartsift.nlp.screening.batch import Tally, screen_batch
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.parts import (
    PartFolder,
    merge_tables,
    rows_table,
    write_json,
    write_jsonl,
    write_text,
)
from chartsift.nlp.screening.report import render_report
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import problem_row
from chartsift.nlp.screening.schema import FORMAT_VERSION, TABLES
from chartsift.nlp.screening.store import NoteStore

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

log = get_logger(__name__)

WORK_FOLDER = ".chartsift"
MANIFEST = "run.json"
REPORT = "report.html"

# A part takes seconds, so that a kill costs little; a large archive gets larger parts, so that a run has at most
# about 2,000 of them, which a file system carries easily.
_LEAST_NOTES_PER_PART = 100
_PARTS_AIM = 2_000
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
        restart: Throw away what an earlier run left in ``out``.
        limits: Limits on inputs.
    """

    inputs: tuple[Path, ...]
    out: Path
    patients: Path | None = None
    as_of: date | None = None
    jsonl: bool = False
    limit: int | None = None
    restart: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: ``phase`` is "reading", "screening" or "writing"; ``total`` is None while unknown."""

    phase: str
    done: int
    total: int | None
    unit: str


def run_screening(
    config: RunConfig,
    *,
    trial: Trial,
    make_pipeline: Callable[[], Extractor],
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> RunResults:
    """
    Screen everything that *config* names; return the results, which are then on disk.

    Raises:
        InputError: an input path does not exist (IN124).
        ScreeningError: ``out`` is in use (SC401), belongs to another run (SC402), cannot be used (SC403),
            cannot be written to (SC404), or holds a damaged run (SC405).
        RuleError: the lexicon or the trial is invalid.
    """
    check_paths([*config.inputs, *([config.patients] if config.patients else [])])
    work = config.out / WORK_FOLDER
    try:
        _prepare(config, work)
        with _Lock(work / "lock"):
            if config.restart:
                _clear(config.out, work)
            return _Run(config, trial, make_pipeline, on_progress).execute()
    except OSError as exc:
        raise _cannot_write(config.out, exc) from exc
    except sqlite3.OperationalError as exc:
        # Of the store: "database or disk is full", or a disk that fails.
        raise ScreeningError(
            "SC404", f"{config.out}: the disk is full or fails", hint="make space and start again; it goes on"
        ) from exc


class _Run:
    """One start of a run; holds what its steps share."""

    def __init__(
        self,
        config: RunConfig,
        trial: Trial,
        make_pipeline: Callable[[], Extractor],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.config = config
        self.trial = trial
        self.make_pipeline = make_pipeline
        self.on_progress = on_progress
        self.work = config.out / WORK_FOLDER
        self.seconds: dict[str, float] = {}

    def execute(self) -> RunResults:
        store = NoteStore(self.work / "notes.sqlite")
        try:
            return self._execute(store)
        finally:
            store.close()
            # It holds every note; a later start makes it anew.
            (self.work / "notes.sqlite").unlink(missing_ok=True)
            if not (self.work / "state.json").exists():
                shutil.rmtree(self.work, ignore_errors=True)

    def _execute(self, store: NoteStore) -> RunResults:
        with _timed(self.seconds, "reading"):
            self._read(store)
        pipeline = self.make_pipeline()
        identity = self._identity(store, pipeline)
        done = _finished_run(self.config.out)
        if done is not None:
            _check_same(done["identity"], identity, self.config.out)
            return self._already_done(store)
        state = self._state(identity)
        with _timed(self.seconds, "screening"):
            parts, tally = self._screen(store, pipeline)
        self._merge(store, parts, tally, identity, state)
        store.close()
        shutil.rmtree(self.work, ignore_errors=True)
        return RunResults.open(self.config.out)

    def _already_done(self, store: NoteStore) -> RunResults:
        store.close()
        if self.config.jsonl:
            _write_all_jsonl(self.config.out)
        shutil.rmtree(self.work, ignore_errors=True)
        return RunResults.open(self.config.out)

    def _read(self, store: NoteStore) -> None:
        limits = self.config.limits
        if self.config.patients:
            for item in read_patients(self.config.patients, limits=limits):
                store.add(item, origin="table")
        # Results that lie among the notes, as with "screen . --out results", are no notes.
        items = read_inputs(self.config.inputs, limits=limits, leave_out=self.config.out)
        for count, item in enumerate(items, start=1):
            store.add(item)
            if count % _READ_STEP == 0:
                self.on_progress(Progress("reading", store.counts.rows_seen, None, "notes"))
        store.finish()
        self.on_progress(Progress("reading", store.counts.rows_seen, store.counts.rows_seen, "notes"))

    def _identity(self, store: NoteStore, pipeline: Extractor) -> dict[str, Any]:
        return {
            "format": FORMAT_VERSION,
            "inputs": store.digest,
            "pipeline": pipeline.fingerprint(),
            "trial": self.trial.fingerprint(),
            "as_of": self.config.as_of.isoformat() if self.config.as_of else None,
            "limit": self.config.limit,
        }

    def _state(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Return the state that an earlier start left, or a new one."""
        path = self.work / "state.json"
        try:
            state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            state = {"identity": identity, "started_at": now(), "starts": 0}
        except ValueError:
            state = {}
        if not (isinstance(state, dict) and isinstance(state.get("identity"), dict) and "starts" in state):
            raise ScreeningError(
                "SC405", f"{self.config.out}: the state of the earlier run is damaged", hint="use --restart"
            )
        _check_same(state["identity"], identity, self.config.out)
        state["starts"] += 1
        write_json(path, state)
        return state

    def _screen(self, store: NoteStore, pipeline: Extractor) -> tuple[int, Tally]:
        folder = PartFolder(self.work / "parts")
        tally = Tally()
        batches = list(plan_batches(store, limit=self.config.limit))
        total = sum(batch.notes for batch in batches)
        done = 0
        self.on_progress(Progress("screening", 0, total, "notes"))
        for number, batch in enumerate(batches):
            part_tally = folder.tally(number)
            if part_tally is None:
                cases = [store.case(patient_id) for patient_id in batch.patient_ids]
                part = screen_batch(pipeline, self.trial, cases, as_of=self.config.as_of)
                folder.write(number, part)
                part_tally = part.tally
                log.info("batch_screened", batch=number, patients=len(cases), notes=batch.notes)
            tally.add(part_tally)
            done += batch.notes
            self.on_progress(Progress("screening", done, total, "notes"))
        return len(batches), tally

    def _merge(
        self, store: NoteStore, parts: int, tally: Tally, identity: dict[str, Any], state: dict[str, Any]
    ) -> None:
        out = self.config.out
        folder = PartFolder(self.work / "parts")
        fingerprint = run_fingerprint(identity)
        rows: dict[str, int] = {}
        for step, name in enumerate(TABLES):
            self.on_progress(Progress("writing", step, len(TABLES) + 1, "files"))
            tables = folder.tables(name, parts)
            if name == "errors":
                tables = _chain_problems(store, tables, tally)
            rows[name] = merge_tables(
                name, tables, out / f"{name}.parquet", metadata={"chartsift_run": fingerprint}
            )
        if self.config.jsonl:
            _write_all_jsonl(out)
        counts = self._counts(store, tally, rows)
        finished_at = now()
        manifest = {
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
            "counts": counts,
            "cohort_status": dict(tally.cohort_status),
            "criteria": dict(tally.criteria),
            "funnel": dict(tally.funnel),
            "problem_codes": dict(sorted(tally.problem_codes.items())),
            "top_patients": [patient_id for _, _, patient_id in tally.top],
            "rows": rows,
            "versions": _versions(),
            "times": {
                "started_at": state["started_at"],
                "finished_at": finished_at,
                "starts": state["starts"],
                "seconds_of_last_start": {name: round(value, 3) for name, value in self.seconds.items()},
            },
        }
        results = RunResults(out, manifest)
        write_text(out / REPORT, render_report(results))
        write_json(out / MANIFEST, manifest)
        self.on_progress(Progress("writing", len(TABLES) + 1, len(TABLES) + 1, "files"))

    def _counts(self, store: NoteStore, tally: Tally, rows: dict[str, int]) -> dict[str, int]:
        """
        Return counts that add up.

        rows_seen = notes_read + input_problems; notes_read = notes_evaluated + notes_after_as_of + notes_failed +
        notes_of_failed_patients + notes_not_screened; patients = patients_screened + patients_failed +
        patients_not_screened; errors = input_problems + patient_problems + notes_after_as_of + notes_failed +
        patients_failed + patient_facts_left_out.
        """
        got = tally.counts
        became = ("notes_evaluated", "notes_after_as_of", "notes_failed", "notes_of_failed_patients")
        patients = store.count_patients()
        return {
            **asdict(store.counts),
            **{name: got[name] for name in became},
            "notes_not_screened": store.counts.notes_read - sum(got[name] for name in became),
            "patients": patients,
            "patients_screened": got["patients_screened"],
            "patients_failed": got["patients_failed"],
            "patient_facts_left_out": got["patient_facts_left_out"],
            "patients_not_screened": patients - got["patients_screened"] - got["patients_failed"],
            "patients_listed_without_notes": store.count_listed_without_notes(),
            "findings": rows["findings"],
            "errors": rows["errors"],
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """Patients that are screened and written together, and how many notes they have."""

    patient_ids: tuple[str, ...]
    notes: int


def plan_batches(store: NoteStore, *, limit: int | None = None) -> Iterator[Batch]:
    """Cut the patients into batches; the cut follows from the notes alone, never from speed or workers."""
    aim = max(_LEAST_NOTES_PER_PART, store.counts.notes_read // _PARTS_AIM)
    patient_ids: list[str] = []
    notes = 0
    for number, (patient_id, count) in enumerate(store.note_counts()):
        if limit is not None and number >= limit:
            break
        patient_ids.append(patient_id)
        notes += count
        if notes >= aim:
            yield Batch(tuple(patient_ids), notes)
            patient_ids, notes = [], 0
    if patient_ids:
        yield Batch(tuple(patient_ids), notes)


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


class _Lock:
    """
    Holds a folder for one process; the operating system lets go when the process ends, however it ends.

    SQLite's file lock is used because it is the one in the standard library that works on every system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._db = sqlite3.connect(self._path, timeout=0, isolation_level=None)
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as exc:
            self._db.close()
            out = self._path.parent.parent
            if exc.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ScreeningError(
                    "SC401",
                    f"{out}: another run is writing here",
                    hint="wait for it, or choose another --out",
                ) from exc
            if exc.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise ScreeningError(
                    "SC405",
                    f"{self._path}: is not the lock of a run",
                    hint="remove that file if no run is going on",
                ) from exc
            raise

    def __exit__(self, *_: object) -> None:
        self._db.close()


def _prepare(config: RunConfig, work: Path) -> None:
    out = config.out
    if out.exists() and not out.is_dir():
        raise ScreeningError("SC403", f"{out}: is a file", hint="choose a folder for --out")
    if any(path.resolve() == out.resolve() for path in config.inputs):
        raise ScreeningError(
            "SC403",
            f"{out}: is the folder of the notes, where results would be taken for notes",
            hint="choose another folder for --out; it may lie within that of the notes",
        )
    has_outputs = any((out / f"{name}.parquet").exists() for name in TABLES) or (out / REPORT).exists()
    if has_outputs and not work.exists() and not (out / MANIFEST).exists():
        raise ScreeningError(
            "SC403",
            f"{out}: holds files with the names of results, but no {MANIFEST}",
            hint="choose another folder, or move those files away",
        )
    # Results and the store hold note text: for the owner only.
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    work.mkdir(exist_ok=True, mode=0o700)


def _cannot_write(out: Path, error: OSError) -> ScreeningError:
    why = error.strerror or type(error).__name__
    return ScreeningError(
        "SC404",
        f"{out}: cannot be written ({why})",
        hint="check space and rights, then start again; it goes on",
    )


def _clear(out: Path, work: Path) -> None:
    """Remove what a run writes, and nothing else."""
    for name in (MANIFEST, REPORT, *(f"{t}{suffix}" for t in TABLES for suffix in (".parquet", ".jsonl"))):
        (out / name).unlink(missing_ok=True)
    (work / "state.json").unlink(missing_ok=True)
    shutil.rmtree(work / "parts", ignore_errors=True)


def _finished_run(out: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise ScreeningError("SC405", f"{out / MANIFEST}: is not of a chartsift run", hint="use --restart")
    return manifest


def _check_same(earlier: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    differing = [name for name in now if earlier.get(name) != now[name]]
    if differing:
        raise ScreeningError(
            "SC402",
            f"{out}: holds another run ({', '.join(differing)} differ)",
            hint="choose another --out, or add --restart to throw the earlier run away",
        )


def _chain_problems(store: NoteStore, tables: Iterator[Any], tally: Tally) -> Iterator[Any]:
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


def _write_all_jsonl(out: Path) -> None:
    for name in TABLES:
        write_jsonl(out / f"{name}.parquet", out / f"{name}.jsonl")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _VERSIONS_OF}}


def now() -> str:
    """Return the time of day in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class _timed:  # noqa: N801 - reads as a statement
    """Add the seconds of a block to *into* under *name*."""

    def __init__(self, into: dict[str, float], name: str) -> None:
        self._into = into
        self._name = name

    def __enter__(self) -> None:
        self._start = monotonic()

    def __exit__(self, *_: object) -> None:
        self._into[self._name] = monotonic() - self._start
