"""Fixtures that several folders of tests need; anything more particular stays beside its tests."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two workers share the cores, so a slow example says nothing about the code: no deadline.
settings.register_profile("chartsift", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chartsift")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of pyproject.toml."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def pipeline():
    """The pipeline with its default configuration, built once a session (it takes seconds)."""
    from chartsift.nlp.pipeline import build_pipeline

    return build_pipeline()


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server with a migrated database called "template_room"; its socket folder."""
    databases = pytest.importorskip("support.databases", reason="psycopg is not installed")
    if not databases.is_there():
        pytest.skip("no PostgreSQL server here (apt-get install postgresql)")
    from chartsift.api.db.schema_state import upgrade
    from chartsift.api.db.store import Store

    with databases.server() as folder:
        databases.administer(folder, "CREATE DATABASE template_room")
        store = Store(databases.url(folder, "template_room"))
        upgrade(store)
        store.close()
        yield folder


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory) -> Path:
    """A migrated file of SQLite, to be copied."""
    from chartsift.api.db.schema_state import upgrade
    from chartsift.api.db.store import Store

    path = tmp_path_factory.mktemp("room") / "room.sqlite"
    store = Store(f"sqlite:///{path}")
    upgrade(store)
    store.close()
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite, tmp_path) -> str:
    """The address of a fresh, migrated database of SQLite."""
    path = tmp_path / "room.sqlite"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """The address of a fresh, migrated database; every test that takes it runs on both kinds."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    folder = request.getfixturevalue("postgresql")
    from support import databases

    name = f"room_{uuid.uuid4().hex}"
    databases.administer(folder, f"CREATE DATABASE {name} TEMPLATE template_room")
    yield databases.url(folder, name)
    databases.administer(folder, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock():
    """A clock that stands at 2024-07-15 09:00 UTC until it is moved."""
    from support.databases import Clock

    return Clock()


@pytest.fixture
def store(database_url, clock):
    """An empty room on SQLite and on PostgreSQL, with notes encrypted."""
    from chartsift.api.db.store import Store
    from chartsift.api.vault import Vault, new_key

    opened = Store(database_url, vault=Vault([new_key()]), clock=clock, pool_size=5)
    yield opened
    opened.close()
