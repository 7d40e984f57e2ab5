"""
Who has a chart open now, so that people who meet on one know of each other before one of them is refused.

Opening a chart says so, the page says it again every minute, and leaving it says that too. A page without script says
it with every load. What is kept is a name and two times, outside of the record, and old rows go.

Nobody learns here who was whose reader: see `others`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chartsift.api.db.base import UtcDateTime
from chartsift.api.db.store import is_postgresql, now_of
from chartsift.api.db.tables import Presence, Review, StudyPatient, User

STAYS = timedelta(minutes=5)
"""How long somebody counts as there after the last sign; a browser may hold back the script of a hidden page."""

LINGERS = timedelta(seconds=10)
"""How long somebody counts as there after leaving: who loads the page anew has not gone."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has a chart open, and since when."""

    name: str
    since: datetime


def arrive(session: Session, patient_id: str, user_id: str) -> None:
    """Note that a person has a chart open; a stay goes on if the last sign of it is not too long ago."""
    now = now_of(session)
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    # One statement: two windows of one person may say it at the same time.
    session.execute(
        insert(Presence)
        .values(patient_id=patient_id, user_id=user_id, since=now, seen_at=now)
        .on_conflict_do_update(
            index_elements=[Presence.patient_id, Presence.user_id],
            set_={
                "since": case(
                    (Presence.seen_at < now - STAYS, literal(now, UtcDateTime())), else_=Presence.since
                ),
                "seen_at": now,
            },
        )
    )


def leave(session: Session, patient_id: str, user_id: str) -> None:
    """Note that a window was left; another one of the same person brings the person back within a minute."""
    last = now_of(session) - STAYS + LINGERS
    session.execute(
        update(Presence)
        .where(Presence.patient_id == patient_id, Presence.user_id == user_id, Presence.seen_at > last)
        .values(seen_at=last)
    )


def others(session: Session, patient: StudyPatient, user_id: str) -> list[Present]:
    """
    Return who else has a chart open, by name.

    Who signed a reading of a round that is not over yet is left out, whoever asks: the second reader and the
    adjudicator are not to learn who read before them, and nobody who has signed can be in another's way.
    """
    has_signed = select(Review.reviewer_id).where(
        Review.patient_id == patient.id, Review.round == patient.round, Review.signed_at.is_not(None)
    )
    query = (
        select(User.display_name, Presence.since)
        .join(User, User.id == Presence.user_id)
        .where(
            Presence.patient_id == patient.id,
            Presence.user_id != user_id,
            Presence.seen_at >= now_of(session) - STAYS,
        )
        .order_by(User.display_name, Presence.since)
    )
    if patient.state != "signed":
        query = query.where(Presence.user_id.not_in(has_signed))
    return [Present(name, since) for name, since in session.execute(query)]


def stay_since(session: Session, patient_id: str, user_id: str) -> datetime:
    """Return when a person's present stay on a chart began; now, where there is none."""
    now = now_of(session)
    found = session.get(Presence, (patient_id, user_id))
    return found.since if found is not None and found.seen_at >= now - STAYS else now


def drop_old(session: Session) -> None:
    """Forget who was there a day ago."""
    session.execute(delete(Presence).where(Presence.seen_at < now_of(session) - timedelta(days=1)))
