"""Commands of the reviewer's room: accounts, studies, the database, the audit trail, settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from chartsift.api.cli_common import Json, print_json, say, start

if TYPE_CHECKING:
    from chartsift.api.db.store import Store
    from chartsift.api.db.tables import Study

users = typer.Typer(name="user", help="Accounts of the reviewer's room.", no_args_is_help=True)
studies = typer.Typer(name="study", help="Studies, and who takes part in them.", no_args_is_help=True)
db = typer.Typer(name="db", help="The database of the reviewer's room.", no_args_is_help=True)
audit = typer.Typer(name="audit", help="The audit trail.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name to sign in with.")]
StudyTitle = Annotated[str, typer.Argument(metavar="STUDY", help="Title of the study, or its identifier.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
]


@users.command("add")
def add_user(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="May manage accounts and studies.")] = False,
    display: Annotated[str, typer.Option("--display", help="Name that others read.")] = "",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Signs in through the site's identity provider only.")
    ] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Make an account. On an empty database the tables are made first."""
    start()
    from chartsift.api.services import accounts

    with _store(make=True) as store:
        password = None if no_password else _new_password(from_stdin=password_stdin)
        with store.writing() as session:
            accounts.add_user(session, name, password=password, display_name=display, is_admin=admin)
    say(f"added {name}")


@users.command("list")
def list_users(as_json: Json = False) -> None:
    """List every account."""
    start()
    from chartsift.api.services import accounts

    with _store() as store, store.reading() as session:
        rows = [
            {
                "name": user.name,
                "display_name": user.display_name,
                "is_admin": user.is_admin,
                "created": user.created_at.date(),
                "disabled": user.disabled_at.date() if user.disabled_at else None,
            }
            for user in accounts.list_users(session)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        notes = [word for word, is_so in (("admin", row["is_admin"]), ("disabled", row["disabled"])) if is_so]
        print(f"{row['name']:<24}{row['display_name']:<32}{' '.join(notes)}".rstrip())


@users.command("disable")
def disable_user(name: Name) -> None:
    """Close an account: sessions and tokens end, what the person did stays."""
    start()
    from chartsift.api.services import accounts

    with _store() as store, store.writing() as session:
        accounts.disable_user(session, accounts.get_user(session, name))
    say(f"disabled {name}")


@users.command("password")
def set_password(name: Name, password_stdin: FromStdin = False) -> None:
    """Give a person a new password; all sessions of the person end."""
    start()
    from chartsift.api.services import accounts

    with _store() as store:
        with store.reading() as session:
            accounts.get_user(session, name)
        password = _new_password(from_stdin=password_stdin)
        with store.writing() as session:
            accounts.set_password(session, accounts.get_user(session, name), password)
    say(f"new password for {name}")


@users.command("link")
def link_user(
    name: Name,
    issuer: Annotated[
        str, typer.Option("--issuer", metavar="URL", help="The provider; that of the settings without it.")
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", help="Who it is at the provider; leave it out to take the link away.")
    ] = "",
) -> None:
    """Tie an account to a person of the site's identity provider, or untie it."""
    start()
    from chartsift.api.services import accounts, linking
    from chartsift.api.settings import settings_from

    named = issuer or settings_from().oidc_issuer
    if subject and not named:
        raise typer.BadParameter("name the provider, or set CHARTSIFT_OIDC_ISSUER", param_hint="--issuer")
    with _store() as store, store.writing() as session:
        user = accounts.get_user(session, name)
        if subject:
            linking.link(session, user, issuer=named, subject=subject)
        else:
            linking.unlink(session, user)
    say(f"{name}: {'linked' if subject else 'not linked'}")


@studies.command("add")
def add_study(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Title of the study.")],
    trial: Annotated[
        str,
        typer.Option(
            "--trial", metavar="NAME|FILE", help="The trial: a name of 'trial list', or a YAML file."
        ),
    ] = "reset-myositis",
    blind_first: Annotated[
        float,
        typer.Option("--blind-first", min=0, max=1, help="Share of charts read blind to the system first."),
    ] = 0.0,
    second: Annotated[
        float, typer.Option("--second-review", min=0, max=1, help="Share of charts read by two people.")
    ] = 1.0,
) -> None:
    """Make a study that reads a trial; the whole trial is kept with it."""
    start()
    from chartsift.api.services.studies import create_study
    from chartsift.nlp.criteria import load_trial

    loaded = load_trial(trial)
    with _store() as store, store.writing() as session:
        made = create_study(
            session, title=title, trial=loaded, blind_first_share=blind_first, second_review_share=second
        )
        print(made.id)


@studies.command("list")
def list_studies(as_json: Json = False) -> None:
    """List every study."""
    start()
    from sqlalchemy import select

    from chartsift.api.db.tables import Study

    with _store() as store, store.reading() as session:
        rows = [
            {
                "study_id": study.id,
                "title": study.title,
                "trial": study.trial_id,
                "version": study.trial_version,
            }
            for study in session.scalars(select(Study).order_by(Study.title))
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['study_id']}  {row['title']}  ({row['trial']} {row['version']})")


@studies.command("member")
def set_member(
    study: StudyTitle,
    name: Name,
    role: Annotated[
        str,
        typer.Argument(metavar="ROLE", help="viewer, reviewer, adjudicator, trial_manager, admin, or none."),
    ],
) -> None:
    """Give a person a role in a study, or take the person out of it."""
    start()
    from chartsift.api.services import accounts
    from chartsift.api.services import audit as trail
    from chartsift.api.services import studies as members

    with _store() as store, store.writing() as session:
        found = _study(store, study)
        user = accounts.get_user(session, name)
        if role == "none":
            members.remove_member(session, found.id, user.id, actor_id=trail.SYSTEM)
        else:
            members.set_member(session, found.id, user.id, role, actor_id=trail.SYSTEM)
    say(f"{name}: {role}")


@db.command("upgrade")
def upgrade_database() -> None:
    """Make the tables, or bring them up to this version. Make a backup first, and stop the server."""
    start()
    from chartsift.api.db.schema_state import schema_state, upgrade

    with _store(check=False) as store:
        before = schema_state(store)
        after = upgrade(store)
    say(f"schema {before.current or 'none'} -> {after.current}")


@db.command("check")
def check_database(as_json: Json = False) -> None:
    """Say whether the database has the schema that this version needs; exit status 9 when not."""
    start()
    from chartsift.api.db.schema_state import drift, require_current, schema_state

    with _store(check=False) as store:
        state = schema_state(store)
        if as_json:
            print_json({"current": state.current, "needed": state.needed, "is_current": state.is_current})
        require_current(store)
        differences = drift(store)
    for difference in differences:
        say(f"differs from this version: {difference}")
    if differences:
        raise typer.Exit(9)
    if not as_json:
        print(f"schema {state.current}, as needed")


@db.command("new-key")
def make_key() -> None:
    """Print a fresh key for CHARTSIFT_NOTE_KEYS. Keep it apart from the database and from its backups."""
    start()
    from chartsift.api.vault import new_key

    print(new_key())


@db.command("rekey")
def rekey_database(as_json: Json = False) -> None:
    """
    Seal everything with the first of CHARTSIFT_NOTE_KEYS; the old key must stand after it. Stop the server first.

    Broken off, it goes on where it was when it is started again. Afterwards the old key can be taken away.
    """
    start()
    from chartsift.api.services.rekey import rekey

    with _store() as store:
        done = rekey(store)
    if as_json:
        print_json({"changed": done.changed, "kept": done.kept})
        return
    say(f"{done.changed} values sealed anew, {done.kept} had the key already")


def erase_closed(days: int | None, *, apply: bool, as_json: bool) -> None:
    """Erase, or only count, the patients whose chart was signed more than *days* days ago."""
    start()
    from chartsift.api.services import audit as trail
    from chartsift.api.services import erasure
    from chartsift.api.settings import settings_from

    days = settings_from().retention_days if days is None else days
    if days < 1:
        raise typer.BadParameter("give --days, or set CHARTSIFT_RETENTION_DAYS", param_hint="--days")
    with _store() as store:
        with store.reading() as session:
            due = [(patient.study_id, patient.id) for patient in erasure.due_for_erasure(session, days=days)]
        erased = 0
        for study_id, patient_id in due if apply else ():
            # One by one: each is whole, and a long list does not keep others from writing.
            with store.writing() as session:
                still = {patient.id for patient in erasure.due_for_erasure(session, days=days)}
                if patient_id in still:
                    erasure.erase_patient(
                        session, study_id, patient_id, reason="retention", actor_id=trail.SYSTEM
                    )
                    erased += 1
        if erased:
            erasure.shrink(store)
    if as_json:
        print_json({"days": days, "due": len(due), "erased": erased})
    elif apply:
        print(f"{erased} of {len(due)} patients erased")
    else:
        print(f"{len(due)} patients are due after {days} days; --apply erases them")


@audit.command("verify")
def verify_audit(
    expect: Annotated[
        str, typer.Option("--expect", metavar="HASH", help="A head printed earlier; it must be in the chain.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Walk over the whole audit trail; exit status 9 when an entry was changed, left out or put in."""
    start()
    from sqlalchemy import select

    from chartsift.api.db.tables import AuditEntry
    from chartsift.api.faults import StoreError
    from chartsift.api.services.audit import verify

    with _store() as store, store.reading() as session:
        found = verify(session)
        is_kept = not expect or bool(
            session.scalar(select(AuditEntry.sequence).where(AuditEntry.entry_hash == expect))
        )
    if as_json:
        print_json(
            {
                "entries": found.entries,
                "head": found.head,
                "is_whole": found.is_whole and is_kept,
                "broken_at": found.broken_at,
                "fault": found.fault or ("" if is_kept else "the expected head is not in the chain"),
            }
        )
    if not found.is_whole:
        raise StoreError("ST705", f"the audit trail is broken at entry {found.broken_at}: {found.fault}")
    if not is_kept:
        raise StoreError("ST705", "the audit trail was cut off: the expected head is not in it")
    if not as_json:
        print(f"{found.entries} entries, whole; head {found.head}")


def show_config(*, as_json: bool) -> None:
    """Print every setting with its variable, its value and its meaning; of a secret only whether it is set."""
    from chartsift.api.settings import settings_from, shown

    rows = shown(settings_from())
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['variable']:<32}{row['value'] or '-':<40}{row['what']}")


@contextmanager
def _store(*, check: bool = True, make: bool = False) -> Iterator[Store]:
    """Provide the database of the settings: of the right schema, and made when there is none and *make*."""
    from chartsift.api.db.schema_state import require_current, schema_state, upgrade
    from chartsift.api.room import open_store
    from chartsift.api.services.keys import check_key
    from chartsift.api.settings import settings_from

    store = open_store(settings_from())
    try:
        if make and schema_state(store).current is None:
            upgrade(store)
        if check:
            require_current(store)
            check_key(store)
        yield store
    finally:
        store.close()


def _study(store: Store, name: str) -> Study:
    from sqlalchemy import or_, select

    from chartsift.api.db.tables import Study
    from chartsift.api.faults import AccessError

    with store.reading() as session:
        study = session.scalars(select(Study).where(or_(Study.id == name, Study.title == name))).one_or_none()
        if study is None:
            raise AccessError("AC507", "no study of that title")
        session.expunge(study)
    return study


def _new_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if password != getpass("Once more: "):
        raise typer.BadParameter("the two do not agree", param_hint="password")
    return password
