"""
What executors do with their share of the patients: the same as a local run, a worker under supervision included.

Each Python process of an executor starts one worker of ``pool``, which has the pipeline and reads the notes. A note
that crashes or hangs its reader ends that worker and not the process that Spark knows of; it is found and named as in
a local run. The worker is given the notes over its socket, a patient at a time, so that they lie on no further disk.

A share ("part") is written by its task straight into the work folder under ``--out``, which driver and executors see
alike, and appears there whole or not at all. A task that is repeated because its executor died finds the parts that
it had finished; of two tasks on one part the second one steps back. What goes back to the driver is the number of a
part, or the code of an error: never a note.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from chartsift.nlp.errors import ChartsiftError
from chartsift.nlp.screening.batch import Part
from chartsift.nlp.screening.chart import failure_place
from chartsift.nlp.screening.messages import Setup
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.pool import Pool
from chartsift.nlp.screening.spark_cases import Cases, PartCases
from chartsift.nlp.screening.spark_items import from_row
from chartsift.nlp.screening.store import InputCounts
from chartsift.nlp.types import Problem

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial

PARTS = "parts"
_READING = "reading"
_MAKING = "making"

# What a task tells the driver of one part: its number, or a code and where in the code it failed.
DONE = pa.schema([("part", pa.int32()), ("code", pa.string()), ("place", pa.string())])
DONE_DDL = "part int, code string, place string"

# Problems of reading with the place of their item; the counts of the part are in the file's metadata.
_PROBLEMS = pa.schema([
    ("file_no", pa.int32()),
    ("item_no", pa.int64()),
    ("source", pa.string()),
    ("note_id", pa.string()),
    ("code", pa.string()),
    ("message", pa.string()),
])  # fmt: skip


@dataclass(frozen=True)
class Job:
    """
    What a task needs besides its items.

    Attributes:
        factory: Makes the pipeline, as ``cloudpickle`` writes it; called once in each worker.
        fingerprint: What the pipeline must answer to: an executor with other code would decide otherwise.
        trial: The trial.
        as_of: Day of screening for everyone, or None.
        work: The folder of the run's parts.
        chosen: The patients to be screened; None for all.
        candidates: Whether to read in full only patients with a sign of the disease.
        note_seconds: Processor time for reading one note; long ones have more.
        max_memory: Bytes; a worker that holds more after a part is replaced.
        log_level: What workers log.
    """

    factory: bytes
    fingerprint: str
    trial: Trial
    as_of: date | None
    work: Path
    note_seconds: float
    max_memory: int
    chosen: frozenset[str] | None = None
    candidates: bool = False
    log_level: str = "WARNING"


@dataclass(frozen=True, slots=True)
class ReadPart:
    """
    What reading made of one part.

    Attributes:
        counts: What came in.
        patients: Patients with notes.
        listed_without_notes: Patients of a table without any.
        problems: Rows of ``file_no``, ``item_no`` and the columns of ``errors``, in the order of reading.
    """

    counts: InputCounts
    patients: int
    listed_without_notes: int
    problems: pa.Table


class _Running(NamedTuple):
    """The pool of this process, and of which job it is."""

    job: tuple[Path, float, int]
    pool: Pool


# One worker for all parts that this process is given: its pipeline takes seconds to build.
_running: list[_Running] = []


def screen_parts(batches: Iterator[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """Screen the parts that *batches* hold, sorted by ``part`` and place; yield rows of ``DONE``."""
    try:
        # A folder that executors do not see would be lost work.
        if not (job.work / PARTS).is_dir():
            yield _done(-1, "SC444")
            return
        rows = (row for batch in batches for row in batch.to_pylist())
        for part, group in groupby(rows, key=itemgetter("part")):
            cases = Cases.of(map(from_row, group))
            pool = _pool(job)
            if pool.fingerprint() != job.fingerprint:
                # Mended machines are not to meet with it again.
                end_worker()
                yield _done(part, "SC442")
                return
            screen_part(part, cases, job, pool)
            yield _done(part)
    except ChartsiftError as exc:
        end_worker()
        yield _done(-1, exc.code, exc.message)
    except Exception as exc:  # its message may quote a note, and Spark would log it
        # It may be in the middle of something that nobody waits for any more.
        end_worker()
        raise RuntimeError(f"a task of the screening failed: {failure_place(exc)}") from None


def screen_part(number: int, cases: Cases, job: Job, pool: Pool | None = None) -> None:
    """Screen the patients of one part and write it; without anybody to screen it takes no *pool*."""
    making = job.work / _MAKING / uuid4().hex
    (making / _READING).mkdir(parents=True, mode=0o700)
    try:
        parts = PartFolder(making / PARTS)
        wanted = PartCases(number, cases, job.chosen)
        if pool is None or not wanted.batches():
            parts.write(number, Part())
        else:
            for _ in pool.screen(wanted.batches(), wanted, parts):
                pass
        pq.write_table(_reading_table(cases), _reading_path(making, number))
        if not is_done(job.work, number):
            _put(making, job.work)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def is_done(work: Path, number: int) -> bool:
    """Tell whether a part is there and whole."""
    try:
        return PartFolder(work / PARTS).tally(number) is not None and bool(read_part(work, number))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException):
        return False


def read_part(work: Path, number: int) -> ReadPart:
    """Return what reading made of one part."""
    table = pq.read_table(_reading_path(work, number))
    facts = {key.decode(): int(value) for key, value in table.schema.metadata.items() if key in _FACTS}
    patients, listed = facts.pop("patients"), facts.pop("listed_without_notes")
    return ReadPart(InputCounts(**facts), patients, listed, table.replace_schema_metadata())


def problem_table(problems: Sequence[tuple[int, int, Problem]]) -> pa.Table:
    """Return problems of reading, with the place (file_no, item_no) of each, as a table."""
    rows = [
        {"file_no": file_no, "item_no": item_no, **asdict(problem)} for file_no, item_no, problem in problems
    ]
    return pa.Table.from_pylist(rows, schema=_PROBLEMS)


def count_done(work: Path) -> int:
    """Return how many parts have come so far."""
    return sum(1 for _ in (work / _READING).iterdir())


def prepare_work(work: Path) -> None:
    """Make the folders of the parts, and remove what killed tasks left half-done."""
    work.mkdir(exist_ok=True, mode=0o700)
    shutil.rmtree(work / _MAKING, ignore_errors=True)
    for name in (PARTS, _READING):
        (work / name).mkdir(exist_ok=True, mode=0o700)


_FACTS = frozenset(name.encode() for name in (*asdict(InputCounts()), "patients", "listed_without_notes"))


def end_worker() -> None:
    """End the worker of this process, if there is one; the next part gets another."""
    while _running:
        _running.pop().pool.__exit__(None, None, None)


def _pool(job: Job) -> Pool:
    """Return the pool of this process; its worker ends with the process, however that ends."""
    # The folder is named by pipeline, trial and options.
    key = (job.work, job.note_seconds, job.max_memory)
    if not _running or _running[0].job != key:
        end_worker()
        setup = Setup(
            factory=job.factory,
            trial=job.trial,
            as_of=job.as_of,
            store=None,
            note_seconds=job.note_seconds,
            max_memory=job.max_memory,
            log_level=job.log_level,
            candidates=job.candidates,
        )
        _running.append(_Running(key, Pool(setup, workers=1)))
    return _running[0].pool


def _reading_table(cases: Cases) -> pa.Table:
    facts = {
        **asdict(cases.counts),
        "patients": len(cases.notes),
        "listed_without_notes": cases.count_listed_without_notes(),
    }
    metadata = {name: str(value) for name, value in facts.items()}
    return problem_table(cases.problems).replace_schema_metadata(metadata)


def _reading_path(root: Path, number: int) -> Path:
    return root / _READING / f"{number:08d}.parquet"


def _put(making: Path, work: Path) -> None:
    """Move what was made to its place, the part itself last."""
    files = [path for path in making.rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda path: path.suffix == ".part"):
        place = work / file.relative_to(making)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)  # noqa: PTH105 - of a file over another one, at once


def _done(part: int, code: str = "", place: str = "") -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"part": part, "code": code, "place": place}], schema=DONE)
