"""Rooms for the tests of the web application; a pipeline and notes for those of the command line."""

from __future__ import annotations

import json

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


@pytest.fixture
def fake(monkeypatch):
    """A pipeline without spaCy in the place of the real one; in this process, which workers would not share."""
    from support.fake_pipeline import FakePipeline

    from chartsift.nlp import pipeline

    monkeypatch.setenv("CHARTSIFT_WORKERS", "0")
    made = FakePipeline()
    monkeypatch.setattr(pipeline, "build_pipeline", lambda: made)
    return made


@pytest.fixture
def notes(tmp_path):
    """A file of the notes of two patients."""
    from support.command import NOTES

    path = tmp_path / "notes.jsonl"
    rows = [{"patient_id": p, "note_id": n, "note_date": d, "text": t} for p, n, d, t in NOTES]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
