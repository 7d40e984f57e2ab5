"""Passwords, signing in, throttling, sessions that end, and tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from support.rooms import LIMITS, PASSWORD

from chartsift.api.faults import AccessError, ConflictError
from chartsift.api.services import accounts, audit, passwords, tokens
from chartsift.api.services.accounts import NAME_FAILURES, WINDOW


@pytest.fixture
def anna(store):
    with store.writing() as session:
        return accounts.add_user(session, "Anna", password=PASSWORD, display_name="Anna A.").id


def sign_in(store, name="anna", password=PASSWORD, address="192.0.2.1"):
    return accounts.sign_in(store, name, password, address=address, limits=LIMITS)


def test_a_password_opens_a_session_and_stands_nowhere(store, anna):
    signed_in = sign_in(store, " ANNA ")

    assert accounts.user_of_session(store, signed_in.token, limits=LIMITS).user.id == anna
    with store.reading() as session:
        stored = " ".join(str(row) for row in session.execute(text("SELECT * FROM users, sessions")).all())
    assert "$argon2id$" in stored
    assert PASSWORD not in stored
    assert signed_in.token not in stored


@pytest.mark.parametrize("name", ["x y", "", "a" * 101, "eve;drop", "<b>", "new\nline"])
def test_a_name_has_plain_signs_only(store, name):
    with pytest.raises(ConflictError, match="CO609"), store.writing() as session:
        accounts.add_user(session, name)


def test_a_name_is_taken_whatever_its_case(store, anna):
    with pytest.raises(ConflictError, match="CO605"), store.writing() as session:
        accounts.add_user(session, "ANNA", password=PASSWORD)


@pytest.mark.parametrize("poor", ["short", "a" * 20, "password1234", "a" * 1025, "Constantinopel"])
def test_a_poor_password_is_refused(poor):
    with pytest.raises(AccessError, match="AC510"):
        passwords.hash_password(poor, name="constantinopel")


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong wrong wrong"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(store, anna, name, password):
    with pytest.raises(AccessError) as caught:
        sign_in(store, name, password)

    assert (caught.value.code, caught.value.message) == ("AC504", "Name or password is wrong")


def test_after_some_failures_even_the_right_password_waits(store, anna, clock):
    for _ in range(NAME_FAILURES):
        with pytest.raises(AccessError, match="AC504"):
            sign_in(store, password="wrong wrong wrong")

    with pytest.raises(AccessError, match="AC505") as caught:
        sign_in(store)
    assert 0 < caught.value.retry_after_s <= WINDOW.total_seconds()
    clock.forward(seconds=WINDOW.total_seconds() + 1)
    assert sign_in(store).user_id == anna


def test_one_success_forgets_the_failures_of_a_name(store, anna):
    for _ in range(3):
        for _ in range(NAME_FAILURES - 1):
            with pytest.raises(AccessError, match="AC504"):
                sign_in(store, password="wrong wrong wrong")
        sign_in(store)


def test_an_address_is_throttled_whatever_names_it_tries(store, anna, monkeypatch):
    monkeypatch.setattr(accounts, "ADDRESS_FAILURES", 3)
    for number in range(3):
        with pytest.raises(AccessError, match="AC504"):
            sign_in(store, f"guess{number}")

    with pytest.raises(AccessError, match="AC505"):
        sign_in(store)
    assert sign_in(store, address="192.0.2.2").user_id == anna


def test_a_session_ends_when_it_is_left_alone(store, anna, clock):
    token = sign_in(store).token
    for _ in range(4):
        clock.forward(minutes=29)
        assert accounts.user_of_session(store, token, limits=LIMITS).user.id == anna

    clock.forward(minutes=30)
    with pytest.raises(AccessError, match="AC503"):
        accounts.user_of_session(store, token, limits=LIMITS)


def test_a_session_ends_after_its_time_however_busy_it_is(store, anna, clock):
    token = sign_in(store).token
    for _ in range(12 * 3 - 1):
        clock.forward(minutes=20)
        accounts.user_of_session(store, token, limits=LIMITS)

    clock.forward(minutes=20)
    with pytest.raises(AccessError, match="AC503"):
        accounts.user_of_session(store, token, limits=LIMITS)


@pytest.mark.parametrize("how", ["sign out", "new password", "disabled"])
def test_a_session_can_be_ended_at_once(store, anna, how):
    token = sign_in(store).token
    with store.writing() as session:
        user = accounts.get_user(session, "anna")
        if how == "sign out":
            accounts.sign_out(session, token)
        elif how == "new password":
            accounts.set_password(session, user, "another long password")
        else:
            accounts.disable_user(session, user)

    with pytest.raises(AccessError, match="AC503"):
        accounts.user_of_session(store, token, limits=LIMITS)


def test_a_closed_account_opens_nothing(store, anna):
    with store.writing() as session:
        made = tokens.create_token(session, anna, label="x", scopes=["read"], lifetime=timedelta(days=1))
        accounts.disable_user(session, accounts.get_user(session, "anna"))

    with pytest.raises(AccessError, match="AC504"):
        sign_in(store)
    with pytest.raises(AccessError, match="AC506"):
        tokens.user_of_token(store, made.secret)


def test_a_token_lapses(store, anna, clock):
    with store.writing() as session:
        made = tokens.create_token(session, anna, label="x", scopes=["read"], lifetime=timedelta(days=1))
    asker, token = tokens.user_of_token(store, made.secret)
    assert (asker.user.id, token.scopes) == (anna, ["read"])

    clock.forward(days=1)
    with pytest.raises(AccessError, match="AC506"):
        tokens.user_of_token(store, made.secret)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "root"]])
def test_a_token_is_for_scopes_that_there_are(store, anna, scopes):
    with pytest.raises(ConflictError, match="CO609"), store.writing() as session:
        tokens.create_token(session, anna, label="x", scopes=scopes, lifetime=timedelta(days=1))


def test_signing_in_and_failing_to_are_in_the_trail(store, anna):
    sign_in(store)
    with pytest.raises(AccessError):
        sign_in(store, password="wrong wrong wrong")

    with store.reading() as session:
        actions = [
            entry.action for entry in session.query(audit.AuditEntry).order_by(audit.AuditEntry.sequence)
        ]
        assert audit.verify(session).is_whole
    assert actions == ["user.added", "session.opened", "session.refused"]
