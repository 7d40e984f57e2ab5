"""Commands of the room: accounts, studies, database, audit, settings."""

from __future__ import annotations

import io
import json
import sqlite3

import pytest
from support.rooms import PASSWORD

from chartsift.api.cli import main


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run a command on a fresh data folder; return exit status, stdout and stderr."""
    for name in ("CHARTSIFT_DATABASE_URL", "CHARTSIFT_NOTE_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHARTSIFT_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, stdin: str = ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main(list(arguments))
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


@pytest.fixture
def with_anna(call):
    assert call("user", "add", "anna", "--admin", "--password-stdin", stdin=PASSWORD + "\n")[0] == 0
    return call


def test_the_first_user_makes_the_database(with_anna, tmp_path):
    status, out, _ = with_anna("user", "list", "--json")

    assert status == 0
    assert [(user["name"], user["is_admin"]) for user in json.loads(out)] == [("anna", True)]
    assert (tmp_path / "data" / "chartsift.sqlite").exists()
    assert with_anna("db", "check")[0] == 0


def test_a_poor_password_makes_no_account(call):
    status, _, err = call("user", "add", "anna", "--password-stdin", stdin="short\n")

    assert status == 7
    assert "AC510" in err
    assert call("user", "list")[1] == ""


def test_an_account_can_be_closed_and_given_a_new_password(with_anna):
    assert with_anna("user", "password", "Anna", "--password-stdin", stdin="another long one\n")[0] == 0
    assert with_anna("user", "disable", "anna")[0] == 0
    assert "disabled" in with_anna("user", "list")[1]


def test_an_unknown_person_is_told(with_anna):
    status, _, err = with_anna("user", "disable", "bea")

    assert status == 9
    assert "ST706" in err


def test_a_study_and_its_people(with_anna):
    status, out, _ = with_anna("study", "add", "Myositis here", "--blind-first", "0.25")
    assert (status, len(out.strip())) == (0, 24)

    assert with_anna("study", "member", "Myositis here", "anna", "reviewer")[0] == 0
    assert with_anna("study", "member", out.strip(), "anna", "none")[0] == 0
    assert "Myositis here  (reset-myositis" in with_anna("study", "list")[1]
    status, _, err = with_anna("study", "member", "Myositis here", "anna", "king")
    assert (status, "CO609" in err) == (8, True)
    assert with_anna("study", "member", "No such", "anna", "viewer")[0] == 7


def test_without_a_schema_a_command_says_what_to_run(call):
    status, _, err = call("user", "list")

    assert status == 9
    assert "ST701" in err
    assert "chartsift db upgrade" in err
    assert call("db", "check")[0] == 9
    assert call("db", "upgrade")[0] == 0
    assert call("db", "check")[0] == 0


def test_the_trail_is_verified_and_a_change_behind_its_back_found(with_anna, tmp_path):
    status, out, _ = with_anna("audit", "verify", "--json")
    found = json.loads(out)
    assert (status, found["is_whole"], found["entries"]) == (0, True, 1)
    assert with_anna("audit", "verify", "--expect", found["head"])[0] == 0
    assert with_anna("audit", "verify", "--expect", "0" * 63 + "1")[0] == 9

    # Somebody with the file in hand takes the guard away and rewrites history.
    database = sqlite3.connect(tmp_path / "data" / "chartsift.sqlite")
    database.execute("DROP TRIGGER audit_log_no_update")
    database.execute("UPDATE audit_log SET actor_id = 'somebody else'")
    database.commit()
    database.close()

    status, _, err = with_anna("audit", "verify")
    assert status == 9
    assert "ST705" in err
    assert "entry 1" in err


def test_settings_are_shown_without_secrets(call, monkeypatch):
    monkeypatch.setenv("CHARTSIFT_NOTE_KEYS", "c2VjcmV0LXNlY3JldA==")
    monkeypatch.setenv("CHARTSIFT_DATABASE_URL", "postgresql://u:secret-password@db/x")
    monkeypatch.setenv("CHARTSIFT_MAX_NOTES", "7")

    status, out, err = call("config", "--json")

    shown = {row["variable"]: row["value"] for row in json.loads(out)}
    assert status == 0
    assert shown["CHARTSIFT_MAX_NOTES"] == "7"
    assert shown["CHARTSIFT_NOTE_KEYS"] == shown["CHARTSIFT_DATABASE_URL"] == "(set, not shown)"
    assert "secret-password" not in out + err
    assert "c2VjcmV0" not in out + err


@pytest.mark.parametrize(
    ("name", "value"),
    [("CHARTSIFT_MAX_NOTES", "many"), ("CHARTSIFT_MAX_NOTES", "0"), ("CHARTSIFT_NO_SUCH", "1")],
)
def test_a_setting_that_does_not_fit_is_told(call, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    status, _, err = call("config")

    assert status == 4
    assert "RU220" in err
    assert name in err
