"""Signing in through an OpenID provider that runs as a process of its own; and every way to forge it, refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from support.identity_provider import SECRET
from support.rooms import BASE, PASSWORD

from chartsift.api.faults import ConflictError
from chartsift.api.services import accounts, linking

CALLBACK = "/sign-in/provider/callback"


@pytest.fixture(scope="module")
def issuer(checkout):
    script = checkout / "tests" / "support" / "identity_provider.py"
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture
def client(lite_room, issuer):
    with lite_room.store.writing() as session:
        accounts.add_user(session, "anna@site.example", display_name="Anna A.")
        accounts.add_user(session, "pia@site.example", display_name="Pia P.", password=PASSWORD)
    return lite_room.client(oidc_issuer=issuer, oidc_client_secret=SECRET)


def leave(client, login, *, onward="/", **more):
    """Go to the provider and sign in there; return the address that the browser is sent back to."""
    left = client.get("/sign-in/provider", params={"next": onward})
    assert left.status_code == 303, left.text
    at_provider = httpx2.get(f"{left.headers['location']}&{urlencode({'login': login, **more})}")
    assert at_provider.status_code == 302, at_provider.text
    return at_provider.headers["location"]


def come_back(client, login, **more):
    return client.get(leave(client, login, **more).removeprefix(BASE))


def is_signed_in(client):
    return client.get("/api/v1/me").status_code == 200


def test_a_person_signs_in_and_lands_where_they_wanted(client, lite_room):
    landed = come_back(client, "anna@site.example", onward="/studies/1?state=new")

    assert (landed.status_code, landed.headers["location"]) == (303, "/studies/1?state=new")
    assert client.get("/api/v1/me").json()["display_name"] == "Anna A."
    cookie = landed.headers.get_list("set-cookie")
    assert any("HttpOnly" in one and "SameSite=lax" in one and "chartsift=" in one for one in cookie)
    with lite_room.store.reading() as session:
        user = accounts.get_user(session, "anna@site.example")
        assert user.oidc_subject == "subject-of-anna@site.example"


def test_nothing_of_the_attempt_is_repeated_to_the_provider_in_the_clear(client):
    """The verifier and the session stay here; the provider gets the challenge."""
    left = client.get("/sign-in/provider")

    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert "code_verifier" not in asked
    assert asked["redirect_uri"] == [f"{BASE}{CALLBACK}"]
    assert set(asked["scope"][0].split()) == {"openid", "email"}


def test_the_button_is_there_with_a_provider_only(client, lite_room):
    assert 'href="/sign-in/provider' in client.get("/sign-in").text
    assert "/sign-in/provider" not in lite_room.client().get("/sign-in").text
    assert lite_room.client().get("/sign-in/provider").status_code == 404


def test_after_the_first_time_the_subject_counts_and_the_address_no_longer(client, lite_room):
    come_back(client, "anna@site.example")
    with lite_room.store.writing() as session:
        accounts.get_user(session, "anna@site.example").name = "anna.married@site.example"

    client.cookies.clear()
    assert come_back(client, "anna@site.example").headers["location"] == "/"

    assert client.get("/api/v1/me").json()["name"] == "anna.married@site.example"


@pytest.mark.parametrize("fault", ["elliptic", "two audiences for us"])
def test_other_right_tokens_are_taken(client, fault):
    assert come_back(client, "anna@site.example", fault=fault).status_code == 303
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "fault",
    [
        "other issuer",
        "other audience",
        "two audiences",
        "other nonce",
        "no nonce",
        "no exp",
        "no sub",
        "no token",
        "expired",
        "made in the future",
        "other access token",
        "no signature",
        "signed with the public key",
        "signed by another",
        "answer of another issuer",
        "answer without issuer",
    ],
)
def test_a_forged_or_misdirected_answer_opens_nothing(client, fault):
    answer = come_back(client, "anna@site.example", fault=fault)

    assert (answer.status_code, "AC511" in answer.text) == (401, True), fault
    assert not is_signed_in(client)


@pytest.mark.parametrize("login", ["stranger@site.example", "pia@site.example", "first"])
def test_who_has_no_account_for_it_is_not_let_in(client, login):
    """No account is made by signing in, and one with a password is not taken over by an address at the provider."""
    with_password = login == "pia@site.example"
    fault = "" if login != "first" else "email not verified"

    answer = come_back(client, login, fault=fault)

    assert (answer.status_code, "AC512" in answer.text) == (403, True), with_password
    assert not is_signed_in(client)


@pytest.mark.parametrize("fault", ["email not verified", "email verified as a word"])
def test_an_address_that_the_provider_did_not_verify_links_nothing(client, fault):
    assert "AC512" in come_back(client, "anna@site.example", fault=fault).text


def test_an_administrator_links_an_account_with_a_password(client, lite_room, issuer):
    with lite_room.store.writing() as session:
        pia = accounts.get_user(session, "pia@site.example")
        linking.link(session, pia, issuer=issuer, subject="subject-of-pia@site.example")

    assert come_back(client, "pia@site.example").status_code == 303
    assert client.get("/api/v1/me").json()["display_name"] == "Pia P."


def test_an_identity_belongs_to_one_account(client, lite_room, issuer):
    come_back(client, "anna@site.example")

    with pytest.raises(ConflictError, match="CO605"), lite_room.store.writing() as session:  # noqa: PT012
        pia = accounts.get_user(session, "pia@site.example")
        linking.link(session, pia, issuer=issuer, subject="subject-of-anna@site.example")


def test_a_closed_account_is_not_opened_by_the_provider(client, lite_room):
    come_back(client, "anna@site.example")
    with lite_room.store.writing() as session:
        accounts.disable_user(session, accounts.get_user(session, "anna@site.example"))

    answer = come_back(client, "anna@site.example")

    assert (answer.status_code, "AC512" in answer.text) == (403, True)


def test_an_answer_counts_once_and_only_in_the_browser_that_left(client, lite_room, issuer):
    back = leave(client, "anna@site.example").removeprefix(BASE)
    other = lite_room.client(oidc_issuer=issuer, oidc_client_secret=SECRET)

    assert "AC511" in other.get(back).text  # another browser: somebody was sent the attacker's address
    assert client.get(back).status_code == 303
    assert "AC511" in client.get(back).text  # the same once more


def test_an_answer_to_another_attempt_is_refused(client):
    first = leave(client, "anna@site.example").removeprefix(BASE)
    leave(client, "anna@site.example")

    assert "AC511" in client.get(first).text
    assert not is_signed_in(client)


@pytest.mark.parametrize("spoil", ["changed", "taken away", "of another installation"])
def test_the_cookie_of_an_attempt_cannot_be_made_up(client, lite_room, spoil):
    back = leave(client, "anna@site.example").removeprefix(BASE)
    kept = client.cookies["chartsift-leaving"]
    client.cookies.clear()
    if spoil == "changed":
        client.cookies.set("chartsift-leaving", "A" + kept[1:])
    if spoil == "of another installation":
        from itsdangerous import URLSafeTimedSerializer

        read = URLSafeTimedSerializer("x", salt="chartsift sign-in").load_payload(
            kept.rsplit(".", 2)[0].encode()
        )
        client.cookies.set(
            "chartsift-leaving", URLSafeTimedSerializer("guessed", salt="chartsift sign-in").dumps(read)
        )

    assert "AC511" in client.get(back).text


def test_an_attempt_is_over_after_ten_minutes(client, monkeypatch):
    back = leave(client, "anna@site.example").removeprefix(BASE)
    import time

    then = time.time() + timedelta(minutes=11).total_seconds()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: then)

    assert "AC511" in client.get(back).text


def test_somebody_who_turns_back_at_the_provider_is_told(client):
    answer = come_back(client, "")

    assert (answer.status_code, "AC511" in answer.text) == (401, True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"oidc_issuer": "http://127.0.0.1:9"}, "AC513"),  # nobody answers there
        ({"oidc_issuer": "http://id.example"}, "AC513"),  # no TLS, not this machine
        ({"oidc_issuer": "{issuer}/"}, "AC513"),  # names itself otherwise
    ],
)
def test_a_provider_that_is_not_there_or_not_the_one_is_said(lite_room, issuer, changes, code):
    named = {name: value.format(issuer=issuer) for name, value in changes.items()}

    answer = lite_room.client(**named).get("/sign-in/provider")

    assert (answer.status_code, code in answer.text) == (503, True)


def test_the_wrong_secret_of_the_server_is_refused_by_the_provider(lite_room, issuer):
    client = lite_room.client(oidc_issuer=issuer, oidc_client_secret="wrong")

    assert "AC511" in come_back(client, "anna@site.example").text


def test_signing_out_ends_the_session(client):
    come_back(client, "anna@site.example")

    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert not is_signed_in(client)


def test_nobody_signs_in_with_a_password_who_has_none(client):
    sent = {"name": "anna@site.example", "password": PASSWORD}

    assert "AC504" in client.post("/sign-in", data=sent).text
