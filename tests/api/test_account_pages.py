"""Pages of one's account, of accounts and members, of the audit trail and of erasure: what they do, without script."""

from __future__ import annotations

import re

import pytest
from support.rooms import PASSWORD

from chartsift.api.services import accounts, audit


@pytest.fixture
def first(lite_room):
    """A reviewer who has a password, in two browsers."""
    with lite_room.store.writing() as session:
        accounts.set_password(session, accounts.get_user(session, "first"), PASSWORD)
    return lite_room.client("first"), lite_room.client("first")


def change(client, present=PASSWORD, new="a new long password", again=None):
    return client.post("/account/password", data={"present": present, "new": new, "again": again or new})


def test_a_new_password_ends_the_other_sessions_and_not_this_one(first, lite_room):
    mine, other = first

    assert change(mine).headers["location"] == "/account?done=password"

    assert mine.get("/account").status_code == 200
    assert other.get("/api/v1/me").json()["code"] == "AC503"
    fresh = lite_room.client()
    assert fresh.post("/sign-in", data={"name": "first", "password": PASSWORD}).status_code == 401
    assert (
        fresh.post("/sign-in", data={"name": "first", "password": "a new long password"}).status_code == 303
    )


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"present": "wrong wrong wrong"}, 401, "AC504"),
        ({"new": "short"}, 422, "AC510"),
        ({"again": "another long password"}, 422, "not the same"),
    ],
)
def test_a_password_is_not_changed(first, asked, status, code):
    mine, other = first

    answer = change(mine, **asked)

    assert (answer.status_code, code in answer.text) == (status, True)
    assert other.get("/api/v1/me").status_code == 200
    assert change(mine).status_code == 303


def test_guessing_the_password_at_an_open_screen_is_throttled(first):
    mine, _ = first
    for _ in range(accounts.NAME_FAILURES):
        assert change(mine, present="wrong wrong wrong").status_code == 401

    answer = change(mine)

    assert (answer.status_code, "AC505" in answer.text) == (429, True)


def test_sessions_are_listed_and_one_is_ended(first):
    mine, other = first
    listed = mine.get("/api/v1/sessions").json()["items"]
    assert [one["is_current"] for one in listed].count(True) == 1
    (ended,) = [one["session_id"] for one in listed if not one["is_current"]]

    assert mine.post(f"/account/sessions/{ended}/end").status_code == 303

    assert other.get("/api/v1/me").json()["code"] == "AC503"
    assert [one["is_current"] for one in mine.get("/api/v1/sessions").json()["items"]] == [True]
    assert mine.post(f"/account/sessions/{ended}/end").status_code == 404
    assert mine.delete(f"/api/v1/sessions/{ended}").json()["code"] == "AC507"


def test_nobody_ends_the_session_of_another(first, lite_room):
    mine, _ = first
    session_id = mine.get("/api/v1/sessions").json()["items"][0]["session_id"]

    assert lite_room.client("second").delete(f"/api/v1/sessions/{session_id}").json()["code"] == "AC507"
    assert mine.get("/api/v1/me").status_code == 200


def test_a_session_that_is_over_is_not_listed(first, clock):
    mine, other = first
    clock.forward(minutes=29)
    mine.get("/api/v1/me")
    clock.forward(minutes=2)

    assert len(mine.get("/api/v1/sessions").json()["items"]) == 1
    assert other.get("/api/v1/me").json()["code"] == "AC503"


def test_an_administrator_ends_every_session_of_a_person(first, lite_room):
    mine, other = first
    root = lite_room.client("root")

    assert root.post(f"/users/{lite_room.users['first']}/sign-out").status_code == 303

    assert {one.get("/api/v1/me").json()["code"] for one in (mine, other)} == {"AC503"}
    assert root.get("/users").status_code == 200


def test_a_token_is_made_shown_once_and_ended(first):
    mine, _ = first
    made = mine.post("/account/tokens", data={"label": "export", "days": "30", "scopes": ["read", "export"]})
    secret = re.search(r"cst_[\w-]+", made.text)[0]
    program = {"Authorization": f"Bearer {secret}", "Cookie": ""}

    assert secret not in mine.get("/account").text
    assert mine.get("/api/v1/me", headers=program).json()["name"] == "first"
    token_id = re.search(r"/account/tokens/([0-9a-f]{24})/end", mine.get("/account").text)[1]
    assert mine.post(f"/account/tokens/{token_id}/end").status_code == 303
    assert mine.get("/api/v1/me", headers=program).json()["code"] == "AC506"


def test_no_token_opens_a_page_of_the_account(first, lite_room):
    mine, _ = first
    made = mine.post(
        "/api/v1/tokens", json={"label": "x", "scopes": ["read", "manage", "audit"], "days": 1}
    ).json()
    program = lite_room.client()
    program.headers["Authorization"] = f"Bearer {made['secret']}"

    for path in ("/account", "/api/v1/sessions", "/api/v1/tokens"):
        assert program.get(path).status_code == 403


def test_an_administrator_makes_and_closes_accounts(lite_room):
    root = lite_room.client("root")
    new = {"name": "nora@site.example", "display_name": "Nora N.", "password": PASSWORD}

    assert root.post("/users", data=new).status_code == 303
    assert "CO605" in root.post("/users", data=new).text
    assert (
        lite_room.client().post("/sign-in", data={"name": new["name"], "password": PASSWORD}).status_code
        == 303
    )
    assert "Nobody closes the account" in root.post(f"/users/{lite_room.users['root']}/disable").text
    with lite_room.store.reading() as session:
        nora = accounts.get_user(session, new["name"]).id
    assert root.post(f"/users/{nora}/disable").status_code == 303
    assert (
        lite_room.client().post("/sign-in", data={"name": new["name"], "password": PASSWORD}).status_code
        == 401
    )


def test_a_manager_lets_people_in_and_takes_them_out(lite_room):
    manager, stranger = lite_room.client("manager"), lite_room.client("stranger")
    here = f"/studies/{lite_room.study_id}"
    assert stranger.get(here).status_code == 404

    assert manager.post(f"{here}/members", data={"name": "stranger", "role": "viewer"}).status_code == 303
    assert stranger.get(here).status_code == 200
    assert stranger.get(f"{here}/members").status_code == 403
    assert manager.post(f"{here}/members", data={"name": "stranger", "role": "none"}).status_code == 303
    assert stranger.get(here).status_code == 404
    assert "CO609" in manager.post(f"{here}/members", data={"name": "stranger", "role": "king"}).text
    assert "ST706" in manager.post(f"{here}/members", data={"name": "nobody", "role": "viewer"}).text


def test_the_trail_is_read_checked_and_found_broken(lite_room):
    manager = lite_room.client("manager")
    lite_room.client("first").get(f"/studies/{lite_room.study_id}/patients/{lite_room.patient_id}")
    here = f"/studies/{lite_room.study_id}/audit"

    read = manager.get(here, params={"check": "true"}).text
    assert "chart.seen" in read
    assert "The chain is whole" in read
    assert manager.get(f"/api/v1{here}/check").json()["is_whole"] is True
    with lite_room.store.writing() as session:
        from sqlalchemy import text

        session.execute(text("DROP TRIGGER audit_log_no_update"))
        session.execute(text("UPDATE audit_log SET actor_id = 'x' WHERE sequence = 2"))

    assert "The chain is broken at entry 2" in manager.get(here, params={"check": "true"}).text
    assert manager.get(f"/api/v1{here}/check").json()["broken_at"] == 2
    assert lite_room.client("first").get(here).status_code == 403


def test_a_patient_is_erased_by_form_and_the_proof_shown(lite_room):
    chief = lite_room.client("chief")
    chart = f"/studies/{lite_room.study_id}/patients/{lite_room.patient_id}"

    assert "SITE-1" in chief.get(f"{chart}/erasure").text
    assert chief.post(f"{chart}/erasure", data={"reason": ""}).status_code == 422
    erased = chief.post(f"{chart}/erasure", data={"reason": "consent_withdrawn"})
    shown = chief.get(erased.headers["location"]).text

    assert "This patient was erased" in shown
    assert "0 rows are left; the trail is whole" in shown
    assert "SITE-1" not in shown
    assert chief.get(chart).status_code == 404
    proof = chief.get(f"/api/v1{chart}/erasure").json()
    assert (proof["rows_left"], proof["is_whole"]) == (0, True)
    with lite_room.store.reading() as session:
        assert session.get(audit.AuditEntry, proof["sequence"]).entry_hash == proof["entry_hash"]


def test_only_the_admin_of_the_study_erases_and_no_token(lite_room):
    chief = lite_room.client("chief")
    where = f"{lite_room.chart}/erasure"
    made = chief.post("/api/v1/tokens", json={"label": "x", "scopes": ["manage", "audit"], "days": 1}).json()
    program = lite_room.client()
    program.headers["Authorization"] = f"Bearer {made['secret']}"

    assert program.post(where, json={"reason": "other"}).json()["code"] == "AC509"
    assert lite_room.client("manager").post(where, json={"reason": "other"}).json()["code"] == "AC502"
    assert chief.get(lite_room.chart).status_code == 200
    assert chief.post(where, json={"reason": "other"}).json()["rows_left"] == 0
    assert chief.get(lite_room.chart).json()["code"] == "AC507"
