"""Screening in this process, batch by batch: the same as a pool of workers does, without the protection they give."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from chartsift.nlp.screening.batch import screen_batch
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.screening.parts import PartFolder
from chartsift.nlp.screening.store import Batch, BatchDone, FinishedStore

if TYPE_CHECKING:
    from chartsift.nlp.criteria import Trial
    from chartsift.nlp.screening.signs import SignSearch


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
        search = self._search()
        for batch in batches:
            cases = map(store.case, store.patients_of(batch))
            part = screen_batch(self._made(), self._trial, cases, as_of=self._as_of, search=search)
            folder.write(batch.number, part)
            yield BatchDone(batch, part.tally.failures)

    def _search(self) -> SignSearch | None:
        if not self._candidates:
            return None
        # By name, as the pipeline: a parent of workers does without the libraries that this takes.
        search: SignSearch = pkgutil.resolve_name("chartsift.nlp.screening.signs:SignSearch")(self._trial)
        return search

    def _made(self) -> Extractor:
        if self._pipeline is None:
            make = self._make_pipeline
            self._pipeline = pkgutil.resolve_name(make)() if isinstance(make, str) else make()
        return self._pipeline
