"""Screening in this process, batch by batch: the same as a pool of workers does, without the protection they give."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from chartsift.nlp.screening.batch import screen_batch
from chartsift.nlp.screening.candidates import search_for
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.store import Batch, BatchDone, FinishedStore
from chartsift.nlp.screening.writing import Step, StepDone

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial


class Here:
    """Screens the batches of a run with one pipeline, made when it is first needed."""

    def __init__(
        self,
        make_pipeline: Callable[[], Extractor] | str,
        trial: Trial,
        *,
        as_of: date | None,
        candidates: bool = False,
    ) -> None:
        self._make_pipeline = make_pipeline
        self._trial = trial
        self._as_of = as_of
        self._candidates = candidates
        self._pipeline: Extractor | None = None

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipeline = None

    def fingerprint(self) -> str:
        """Return the fingerprint of the pipeline."""
        return self._made().fingerprint()

    def screen(
        self, batches: Iterable[Batch], store: FinishedStore, folder: PartFolder
    ) -> Iterator[BatchDone]:
        """Screen batches and yield each when its part is written."""
        search = search_for(self._trial) if self._candidates else None
        for batch in batches:
            cases = map(store.case, store.patients_of(batch))
            part = screen_batch(self._made(), self._trial, cases, as_of=self._as_of, search=search)
            folder.write(batch.number, part)
            yield BatchDone(batch, part.tally.failures)

    def expect(self, batches: int) -> None:
        """Nothing is to be got ready."""
        del batches

    def write(self, steps: Iterable[Step], store: FinishedStore) -> Iterator[StepDone]:
        """Do what writes the files and yield each step when it is done."""
        for step in steps:
            yield StepDone(step, step.do(store))

    def _made(self) -> Extractor:
        if self._pipeline is None:
            make = self._make_pipeline
            self._pipeline = pkgutil.resolve_name(make)() if isinstance(make, str) else make()
        return self._pipeline
