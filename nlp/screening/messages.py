"""
What a run and its workers say to each other. A worker is run as a program, so that these need a module of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from chartsift.nlp.criteria import Trial
from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.store import Batch
from chartsift.nlp.screening.writing import Step, StepDone

#: How a worker ends that was refused memory while it read a note.
OUT_OF_MEMORY = 77


@dataclass(frozen=True, slots=True)
class Setup:
    """
    What a worker has to know before its first request.

    Attributes:
        factory: Makes its pipeline: "package.module:function", or a function as ``cloudpickle`` writes it. None for a
            worker that does steps of writing alone.
        trial: The trial to decide.
        as_of: Day of screening for everyone, or None.
        store: The notes; None where the parent has them and is asked for each patient (``Wanted``).
        note_seconds: Processor time for reading one note; long ones have more.
        max_memory: Bytes; a worker that holds more after a batch is replaced.
        log_level: What it logs.
        candidates: Whether to read in full only patients with a sign of the disease.
    """

    factory: str | bytes | None
    trial: Trial
    as_of: date | None
    store: Path | None
    note_seconds: float
    max_memory: int
    log_level: str = "WARNING"
    candidates: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The pipeline is built; ``fingerprint`` is its own, "" where the worker has none."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The worker has come to a batch, or to a patient of it: the parent sends its patients, or the patient's notes."""

    what: Batch | str


@dataclass
class Lost:
    """
    What is to be left out, since it ends the process that reads it.

    Attributes:
        notes: By patient and note.
        patients: Patients whose evaluation does, whatever of their notes is left out.
    """

    notes: dict[tuple[str, str], ScreeningError] = field(default_factory=dict)
    patients: dict[str, ScreeningError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Screen:
    """Screen a batch and write its part into the folder *parts*; answered with ``Done``."""

    batch: Batch
    lost: Lost
    parts: Path


@dataclass(frozen=True, slots=True)
class Probe:
    """Read one note of a patient, or without a note screen the patient; writes nothing, answered with ``Survived``."""

    patient_id: str
    note_id: str | None
    lost: Lost


@dataclass(frozen=True, slots=True)
class Done:
    """A part is written: how many notes and patients of it failed. After an answer that ``is_last`` the worker ends."""

    failures: int
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Survived:
    """What was probed did not end the process. After an answer that ``is_last`` the worker ends."""

    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """Something went wrong that is not of a note, so that no other batch would fare better; the worker ends."""

    error: Exception


# A step of writing is sent as it is, and answered with ``StepDone``.
Request = Screen | Probe | Step
Answer = Ready | Wanted | Done | Survived | StepDone | Broken
