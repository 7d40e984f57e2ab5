"""What a run is told: inputs, folder and limits; and what it tells meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chartsift.nlp.formats import DEFAULT_LIMITS, Limits

# Processor seconds for reading one note: hundreds of times what a dense note of five pages takes.
NOTE_SECONDS = 10.0
# Bytes of memory after which a worker is replaced. The pipeline alone takes 320 MB; what a batch takes comes on top, so
# that a worker stays below 700 MB.
MAX_MEMORY = 550 * 1024**2


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
