"""
What people see, put into the audit trail: many at once in one transaction. Who opens a chart is there from then on.

Every page that shows a chart waits until the trail has it, and the trail takes one writer at a time. Whoever comes
while another waits for the turn joins that one, and all of them are answered when the one transaction is on the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from chartsift.api.db.store import Store
from chartsift.api.faults import StoreError
from chartsift.api.services import audit, presence
from chartsift.api.services.audit import Act


@dataclass(slots=True)
class _Batch:
    acts: list[Act] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    is_kept: bool = False


class Seen:
    """Appends entries of several threads to the trail of one database together; see the module docstring."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: _Batch | None = None

    def add(self, store: Store, acts: Sequence[Act]) -> None:
        """
        Append *acts* to the trail of *store*; they are kept when this returns.

        Raises:
            StoreError: they are not (ST702, ST703).
        """
        with self._guard:
            batch = self._open
            is_first = batch is None
            if batch is None:
                batch = self._open = _Batch()
            batch.acts += acts
        if is_first:
            self._write(store, batch)
            return
        batch.is_over.wait()
        if not batch.is_kept:
            raise StoreError("ST702")

    def _write(self, store: Store, batch: _Batch) -> None:
        try:
            with store.writing() as session:
                audit.hold(session)
                self._close(batch)
                audit.append_all(session, batch.acts)
                for act in batch.acts:
                    if act.action == "chart.seen":
                        presence.arrive(session, act.patient_id, act.actor_id)
            batch.is_kept = True
        finally:
            # Also where it failed before its turn came: nobody may join what will not be written.
            self._close(batch)
            batch.is_over.set()

    def _close(self, batch: _Batch) -> None:
        with self._guard:
            if self._open is batch:
                self._open = None


# Held by the database and not the other way round: a store that is gone takes its own along.
_BY_STORE: WeakKeyDictionary[Store, Seen] = WeakKeyDictionary()
_GUARD = threading.Lock()


def seen_by_all(store: Store) -> Seen:
    """Return the one of a database that all threads of this process share."""
    with _GUARD:
        return _BY_STORE.setdefault(store, Seen())
