"""
The one door from the web to the reading: it builds the pipeline once and screens charts one at a time.

The web keeps nothing of a chart here. Heavy imports (spaCy) happen in the methods, so that importing the
application stays instant.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from chartsift.api.problems import RequestError

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.learned import Rater
    from chartsift.nlp.pipeline import Pipeline
    from chartsift.nlp.screening.chart import Extractor, PatientResult
    from chartsift.nlp.types import Finding, Note, Patient

_REPORTED_PACKAGES = ("chartsift", "spacy", "medspacy", "fastapi")


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One patient with notes, as read from a request; held in memory for as long as the request lasts.

    ``unread`` names notes of the patient that were sent and could not be read.
    """

    patient: Patient
    notes: tuple[Note, ...]
    unread: tuple[str, ...] = ()


class Screener(Protocol):
    """What the application needs of the reading; tests put a small one in its place."""

    def trial_ids(self) -> list[str]:
        """Return the identifiers of the trials that can be read."""

    def trial(self, trial_id: str) -> Trial:
        """Return a trial by its identifier; raises `RequestError` HT806 for an unknown one."""

    def screen(
        self,
        chart: Chart,
        trial: Trial,
        *,
        as_of: date | None,
        readings: dict[str, list[Finding]] | None = None,
    ) -> PatientResult:
        """
        Screen one chart; *as_of* goes before the patient's own date.

        *readings* holds the findings of notes that were read before, by note_id; those read now are put into it.
        """

    def fingerprint(self) -> str:
        """Return the fingerprint of code version, lexicon and configuration of the pipeline."""


class PipelineScreener:
    """
    The screener of the product: the same two functions as the command line and the batch run.

    spaCy pipelines are not documented to be safe for several threads, so that one chart is read at a time.
    """

    def __init__(self, pipeline: Pipeline | None = None) -> None:
        self._lock = threading.Lock()
        self._pipeline = pipeline
        self._trials: dict[str, Trial] = {}

    def warm_up(self, trial_id: str) -> None:
        """Build the pipeline and load a trial now rather than with the first request; takes some seconds."""
        self.trial(trial_id)
        with self._lock:
            self._built()

    def trial_ids(self) -> list[str]:
        """Return the identifiers of the bundled trials."""
        from chartsift.nlp.criteria import available_trials  # noqa: PLC0415 - heavy, see above

        return sorted(available_trials())

    def trial(self, trial_id: str) -> Trial:
        """Return a bundled trial; only known identifiers reach the loader, which would also open a path."""
        from chartsift.nlp.criteria import load_trial  # noqa: PLC0415 - heavy

        if trial_id not in self._trials:
            if trial_id not in self.trial_ids():
                raise RequestError("HT806")
            self._trials[trial_id] = load_trial(trial_id)
        return self._trials[trial_id]

    def screen(
        self,
        chart: Chart,
        trial: Trial,
        *,
        as_of: date | None,
        readings: dict[str, list[Finding]] | None = None,
    ) -> PatientResult:
        """Screen one chart while no other is read; see `Screener.screen`."""
        from chartsift.nlp.screening.chart import screen_patient  # noqa: PLC0415 - heavy

        with self._lock:
            extractor: Extractor = self._built()
            if readings is not None:
                extractor = _Remembering(extractor, readings)
            return screen_patient(
                extractor, trial, chart.patient, chart.notes, as_of=as_of, unread=chart.unread
            )

    def fingerprint(self) -> str:
        """Return the pipeline's fingerprint."""
        with self._lock:
            return self._built().fingerprint()

    def _built(self) -> Pipeline:
        from chartsift.nlp.pipeline import build_pipeline  # noqa: PLC0415 - heavy

        if self._pipeline is None:
            self._pipeline = build_pipeline()
        return self._pipeline


class _Remembering:
    """An extractor that reads only those notes whose findings are not known yet."""

    def __init__(self, extractor: Extractor, readings: dict[str, list[Finding]]) -> None:
        self._extractor = extractor
        self._readings = readings

    @property
    def rater(self) -> Rater | None:
        """What gives verdicts their confidence: findings are remembered, verdicts are not."""
        return self._extractor.rater

    def extract(self, note: Note) -> list[Finding]:
        """Return the findings of a note, read now or before."""
        if note.note_id not in self._readings:
            self._readings[note.note_id] = self._extractor.extract(note)
        return self._readings[note.note_id]

    def fingerprint(self) -> str:
        """Return what identifies the extractor."""
        return self._extractor.fingerprint()


@cache
def versions() -> Mapping[str, str]:
    """
    Return the versions of Python and of the packages that shape a result.

    They are looked up once: every page says one, and reading the packages' own records takes milliseconds.
    """
    found = {"python": platform.python_version()}
    for package in _REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return MappingProxyType(found)
