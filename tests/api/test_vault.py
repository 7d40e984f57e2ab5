"""What the database holds of a patient's words: sealed, bound to its place, opened by the right key only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chartsift.api.db.store import Store
from chartsift.api.faults import StoreError
from chartsift.api.services.keys import check_key
from chartsift.api.vault import Vault, new_key

KEYS = [new_key(), new_key()]
WORDS = st.text(st.characters(exclude_categories=()))


@given(WORDS, st.booleans())
def test_what_is_sealed_comes_out_as_it_went_in(words, has_key):
    vault = Vault(KEYS if has_key else ())

    assert vault.open(vault.seal(words, context="note:1"), context="note:1") == words


def test_the_same_words_never_look_the_same():
    vault = Vault(KEYS)

    assert len({vault.seal("CK 84", context="note:1") for _ in range(20)}) == 20


def test_a_value_in_another_place_does_not_open():
    vault = Vault(KEYS)

    with pytest.raises(StoreError, match="ST708"):
        vault.open(vault.seal("CK 84", context="note:1"), context="note:2")


def test_an_old_key_still_opens_and_the_new_one_seals():
    old = Vault(KEYS[1:]).seal("before", context="x")
    both = Vault(KEYS)

    assert both.open(old, context="x") == "before"
    with pytest.raises(StoreError, match="ST704"):
        Vault(KEYS[1:]).open(both.seal("after", context="x"), context="x")


def test_without_its_key_nothing_opens():
    with pytest.raises(StoreError, match="ST704"):
        Vault().open(Vault(KEYS).seal("x", context="x"), context="x")


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("at", range(0, 60, 3))
def test_a_damaged_value_is_told(at, has_key):
    vault = Vault(KEYS if has_key else ())
    sealed = bytearray(vault.seal("CK 84 U/L, not flagged, and so on and so forth", context="x"))
    at %= len(sealed)
    sealed[at] ^= 0x55

    with pytest.raises(StoreError, match=r"ST70[48]"):
        vault.open(bytes(sealed), context="x")


@pytest.mark.parametrize("key", ["short", "c2hvcnQ=", "ä" * 44])
def test_a_key_that_is_none_is_told_without_repeating_it(key):
    with pytest.raises(StoreError, match="ST704") as caught:
        Vault([key])

    assert key not in str(caught.value)


def test_with_a_key_no_words_of_a_chart_stand_in_the_database(room):
    """Every table, every column: the words of the note and of the findings appear nowhere."""
    with room.store.reading() as session:
        names = [row[0] for row in session.execute(text(_TABLES[room.store.engine.dialect.name])).all()]
        everything = b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for name in names
            if name not in ("studies", "trial_versions")  # the trial file speaks of these things
            for row in session.execute(text(f"SELECT * FROM {name}")).all()  # noqa: S608 - names of the database
            for value in row
        )
    assert b"SITE-1" in everything
    for words in (b"Jo-1", b"dermatomyositis", b"1,066", b"CAR T"):
        assert words not in everything


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def test_a_database_with_a_key_is_not_opened_without_it(sqlite_url):
    with_key = Store(sqlite_url, vault=Vault(KEYS[:1]))
    check_key(with_key)
    check_key(with_key)
    with_key.close()

    for keys in ((), KEYS[1:]):
        store = Store(sqlite_url, vault=Vault(keys))
        with pytest.raises(StoreError, match="ST704"):
            check_key(store)
        store.close()
    changed = Store(sqlite_url, vault=Vault([new_key(), KEYS[0]]))
    check_key(changed)
    changed.close()


def test_a_key_can_be_given_to_a_database_without(sqlite_url):
    plain = Store(sqlite_url)
    check_key(plain)
    plain.close()

    keyed = Store(sqlite_url, vault=Vault(KEYS))
    check_key(keyed)
    keyed.close()
