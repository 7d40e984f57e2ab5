"""Rooms for the tests of the web application."""

from __future__ import annotations

import pytest


@pytest.fixture
def room(store):
    """A room with people, a study and a chart, on SQLite and on PostgreSQL."""
    from support.rooms import make_room

    return make_room(store)


@pytest.fixture
def lite_room(sqlite_url, clock):
    """The same on SQLite alone, for what does not reach the database's own ways."""
    from support.rooms import make_room

    from chartsift.api.db.store import Store
    from chartsift.api.vault import Vault, new_key

    keys = (new_key(),)
    store = Store(sqlite_url, vault=Vault(keys), clock=clock, pool_size=5)
    made = make_room(store)
    made.keys = keys
    yield made
    store.close()
