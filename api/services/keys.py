"""
Whether the key for the notes is the one of this database.

Without this check a server that was started without its key would store new notes unencrypted beside encrypted
ones, and say so to nobody.
"""

from __future__ import annotations

import base64

from sqlalchemy.orm import Session

from chartsift.api.db.store import Store, vault_of
from chartsift.api.db.tables import Setting
from chartsift.api.faults import StoreError

NAME = "note_key_check"
_WORDS = "the key of this database"


def check_key(store: Store) -> None:
    """
    Refuse to work with another key than the database was filled with; remember the first key that is used.

    A key can be added to a database that had none: what is there stays readable, what comes is encrypted.

    Raises:
        StoreError: the database has a key, and it is missing or another one (ST704).
    """
    with store.reading() as session:
        is_known = _is_known(session)
    if not is_known and store.vault.is_encrypting:
        with store.writing() as session:
            if not _is_known(session):
                remember_key(session)


def remember_key(session: Session) -> None:
    """Keep the check value of the first key, in place of the one before."""
    sealed = vault_of(session).seal(_WORDS, context=NAME)
    session.merge(Setting(name=NAME, value={"sealed": base64.b64encode(sealed).decode()}))


def _is_known(session: Session) -> bool:
    found = session.get(Setting, NAME)
    if found is None:
        return False
    vault = vault_of(session)
    if not vault.is_encrypting:
        raise StoreError("ST704")
    if vault.open(base64.b64decode(found.value["sealed"]), context=NAME) != _WORDS:
        raise StoreError("ST704")
    return True
