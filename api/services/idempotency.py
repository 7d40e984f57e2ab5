"""
The same request sent again under the same key does nothing twice and gets the answer of the first time.

The answer is stored in the transaction of the act itself, so that there is never one without the other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chartsift.api.db.store import now_of, vault_of
from chartsift.api.db.tables import IdempotencyKey
from chartsift.api.faults import ConflictError

LONGEST_KEY = 200
# A client that has not heard for a day asks what became of its request rather than send it again.
LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: HTTP status and JSON body."""

    status: int
    body: Any


def request_digest(route: str, body: Any) -> str:
    """Return SHA-256 of what a request asks."""
    form = json.dumps([route, body], sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(form.encode()).hexdigest()


def recall(session: Session, user_id: str, key: str, digest: str) -> Answer | None:
    """
    Return the answer that was given under *key*; None when the key is new.

    Raises:
        ConflictError: the key is too long (CO609), or was used for another request (CO604).
    """
    if not 1 <= len(key) <= LONGEST_KEY:
        raise ConflictError("CO609", f"an idempotency key has 1 to {LONGEST_KEY} characters")
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now_of(session) - LIFETIME))
    found = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    ).one_or_none()
    if found is None:
        return None
    if found.request_digest != digest:
        raise ConflictError("CO604")
    return Answer(
        found.status, vault_of(session).open_json(found.sealed_answer, context=context_of(user_id, key))
    )


def remember(session: Session, user_id: str, key: str, digest: str, answer: Answer) -> None:
    """Keep the answer to a request under its key."""
    session.add(
        IdempotencyKey(
            user_id=user_id,
            key=key,
            request_digest=digest,
            status=answer.status,
            sealed_answer=vault_of(session).seal_json(answer.body, context=context_of(user_id, key)),
            created_at=now_of(session),
        )
    )
    session.flush()


def context_of(user_id: str, key: str) -> str:
    """Return under which context an answer is sealed."""
    return f"answer:{user_id}:{key}"
