"""
The audit trail: every entry holds the hash of the one before, so that none can be changed, left out or put in.

What is appended is part of the caller's transaction: an act and its entry are kept together or not at all. The last
hash, printed by ``chartsift audit verify`` and kept elsewhere, also shows when entries at the end were cut off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from chartsift.api.db.store import is_postgresql, now_of
from chartsift.api.db.tables import AuditEntry

FIRST_HASH = "0" * 64
"""What the first entry names as the hash before it."""

SYSTEM = "system"
"""Actor of what no person did: the worker, a command."""

# Any number will do, as long as nothing else takes the same lock of the database.
_CHAIN_LOCK = 0x63686172

_BATCH = 1000

# Made once: every page that is seen asks them.
_HOLD = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_CHAIN_LOCK)
_LAST = select(AuditEntry.sequence, AuditEntry.entry_hash).order_by(AuditEntry.sequence.desc()).limit(1)
_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]
_COLUMNS = tuple(column.name for column in AuditEntry.__table__.columns)


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """
    What a check of the chain found.

    Attributes:
        entries: How many entries were looked at.
        head: Hash of the last of them.
        broken_at: Sequence number of the first entry that does not fit; None when the chain is whole.
        fault: What is wrong with it, in words.
    """

    entries: int
    head: str
    broken_at: int | None = None
    fault: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every entry fits."""
        return self.broken_at is None


def append(
    session: Session,
    actor_id: str,
    action: str,
    *,
    study_id: str = "",
    patient_id: str = "",
    target: str = "",
    **details: str | int | bool | None,
) -> None:
    """
    Add an entry to the trail.

    Args:
        session: A writing session; writers take turns from here to the end of the transaction.
        actor_id: Who (an opaque identifier, or `SYSTEM`).
        action: What, as a constant of the code ("decision.made").
        study_id: In which study.
        patient_id: On which patient (opaque).
        target: On what else (opaque identifier).
        details: Codes, counts and opaque identifiers; never words or identifiers of a patient.
    """
    append_all(session, [Act(actor_id, action, study_id, patient_id, target, details)])


@dataclass(frozen=True, slots=True)
class Act:
    """What an entry says beside its place in the chain; the fields are those of `append`."""

    actor_id: str
    action: str
    study_id: str = ""
    patient_id: str = ""
    target: str = ""
    details: dict[str, str | int | bool | None] = field(default_factory=dict)


def hold(session: Session) -> None:
    """Wait until nobody else appends; from here to its end, this transaction alone does."""
    if is_postgresql(session):
        session.execute(_HOLD)
    else:
        # A transaction of SQLite begins with its first use, and takes the whole database.
        session.connection()


def append_all(session: Session, acts: Sequence[Act]) -> None:
    """Add several entries one after the other, with one look at the end of the trail; see `append`."""
    if not acts:
        return
    session.flush()
    hold(session)
    last = session.execute(_LAST).first()
    sequence, previous_hash = (last.sequence, last.entry_hash) if last else (0, FIRST_HASH)
    rows = []
    for act in acts:
        sequence += 1
        entry = AuditEntry(
            sequence=sequence,
            at=now_of(session),
            actor_id=act.actor_id,
            action=act.action,
            study_id=act.study_id,
            patient_id=act.patient_id,
            target=act.target,
            details=act.details,
            previous_hash=previous_hash,
            entry_hash="",
        )
        previous_hash = entry.entry_hash = hash_of(entry)
        rows.append({name: getattr(entry, name) for name in _COLUMNS})
    # Rows rather than objects of the session: nothing is done with them here, and others wait for this transaction.
    session.execute(_INSERT, rows)


def hash_of(entry: AuditEntry) -> str:
    """Return SHA-256 of everything an entry says, in one fixed form."""
    said = {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "action": entry.action,
        "study_id": entry.study_id,
        "patient_id": entry.patient_id,
        "target": entry.target,
        "details": entry.details,
        "previous_hash": entry.previous_hash,
    }
    form = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(form.encode()).hexdigest()


def verify(session: Session) -> ChainCheck:
    """Walk over the whole trail and return whether it is whole; memory does not grow with its length."""
    expected, before, sequence = 1, FIRST_HASH, 0
    while True:
        batch = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.sequence > sequence)
            .order_by(AuditEntry.sequence)
            .limit(_BATCH)
        ).all()
        if not batch:
            return ChainCheck(expected - 1, before)
        for entry in batch:
            fault = _fault(entry, expected, before)
            if fault:
                return ChainCheck(expected - 1, before, expected, fault)
            before, sequence, expected = entry.entry_hash, entry.sequence, expected + 1
        session.expunge_all()


def _fault(entry: AuditEntry, expected: int, before: str) -> str:
    if entry.sequence != expected:
        return "entries are missing here"
    if entry.previous_hash != before:
        return "it does not follow the entry before it"
    if entry.entry_hash != hash_of(entry):
        return "its content was changed"
    return ""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """A page of the trail of one study, the latest entries first."""

    entries: Sequence[AuditEntry]
    total: int


def trail(
    session: Session,
    study_id: str,
    *,
    patient_id: str = "",
    since: datetime | None = None,
    offset: int = 0,
    limit: int = 50,
) -> TrailPage:
    """Return entries of one study, the latest first."""
    query = select(AuditEntry).where(AuditEntry.study_id == study_id)
    if patient_id:
        query = query.where(AuditEntry.patient_id == patient_id)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    entries = session.scalars(query.order_by(AuditEntry.sequence.desc()).offset(offset).limit(limit)).all()
    return TrailPage(entries, total)
