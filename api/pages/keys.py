"""Keys of the pages: what each does, and each person's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from chartsift.api.access import AccessDep, RoomDep, access_of
from chartsift.api.db.tables import User
from chartsift.api.pages.render import page

routes = APIRouter(dependencies=[Depends(access_of)], include_in_schema=False)

PREFIX = "key."
OFF = "keys.off"
# One sign, a sign after a prefix ("g t"), or the one key with a name that is of use.
_KEY = re.compile(r"(?:\S )?\S|Enter")
_LONGEST = 5


@dataclass(frozen=True, slots=True)
class Key:
    """Something a key does: its name in the preferences and the script, the key, and what it does."""

    action: str
    default: str
    words: str
    group: str


KEYS = (
    Key("next_evidence", "j", "next evidence", "Move"),
    Key("previous_evidence", "k", "previous evidence", "Move"),
    Key("next_criterion", "J", "next criterion", "Move"),
    Key("previous_criterion", "K", "previous criterion", "Move"),
    Key("next_undecided", "Enter", "next undecided criterion", "Move"),
    Key("previous_note", "[", "previous note", "Move"),
    Key("next_note", "]", "next note", "Move"),
    Key("search", "/", "search", "Move"),
    Key("timeline", "g t", "timeline", "Move"),
    Key("labs", "g l", "laboratory trends", "Move"),
    Key("list", "g w", "work list", "Move"),
    Key("met", "m", "decide: met", "Decide"),
    Key("not_met", "x", "decide: not met", "Decide"),
    Key("unknown", "u", "decide: unknown", "Decide"),
    Key("accept", "a", "accept the proposal", "Decide"),
    Key("reject", "r", "reject this evidence, with a reason", "Decide"),
    Key("add", "e", "add the selected words as evidence", "Decide"),
    Key("comment", "c", "comment", "Decide"),
    Key("undo", "z", "undo", "Decide"),
    Key("sign", "S", "sign", "Decide"),
    Key("help", "?", "this list", "Decide"),
)


def keys_for(preferences: Mapping[str, str]) -> list[tuple[Key, str]]:
    """Return every action with the person's own key."""
    return [(key, preferences.get(PREFIX + key.action, key.default)) for key in KEYS]


def key_faults(chosen: Mapping[str, str]) -> list[str]:
    """
    Say what is wrong with a choice of keys; nothing when it can be used.

    >>> key_faults({"next_evidence": "n", "previous_evidence": "n"})
    ['n is there twice: next evidence, previous evidence']
    """
    words = {key.action: key.words for key in KEYS}
    by_key: dict[str, list[str]] = {}
    faults = []
    for action, typed in chosen.items():
        if len(typed) > _LONGEST or not _KEY.fullmatch(typed):
            faults.append(f"{words[action]}: one sign, or two with a blank between")
        else:
            by_key.setdefault(typed, []).append(words[action])
    faults += [
        f"{typed} is there twice: {', '.join(twice)}" for typed, twice in by_key.items() if len(twice) > 1
    ]
    prefixes = {typed.partition(" ")[0] for typed in by_key if " " in typed}
    faults += [
        f"{typed} begins another key: {', '.join(by_key[typed])}"
        for typed in sorted(prefixes & by_key.keys())
    ]
    return faults


@routes.get("/keys", name="keys_page")
def keys_page(access: AccessDep) -> Response:
    """Show the keys and let them be changed."""
    return page(
        "keys_page.html",
        access=access,
        chosen=keys_for(access.preferences),
        is_off=bool(access.preferences.get(OFF)),
        faults=[],
    )


async def form_of(request: Request) -> FormData:
    """Return the fields of a form whose names are made of data; a file among them is closed and left out."""
    async with request.form() as form:
        return FormData([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


@routes.post("/keys", name="save_keys")
def save_keys(form: Annotated[FormData, Depends(form_of)], access: AccessDep, room: RoomDep) -> Response:
    """Keep a person's own keys; a choice that cannot be used is shown again, and nothing is changed."""
    if form.get("reset"):
        typed = {key.action: key.default for key in KEYS}
    else:
        typed = {key.action: str(form.get(PREFIX + key.action, key.default)).strip() for key in KEYS}
    faults = key_faults(typed)
    is_off = bool(form.get("off"))
    if faults:
        return page(
            "keys_page.html",
            access=access,
            status=422,
            chosen=[(key, typed[key.action][:_LONGEST]) for key in KEYS],
            is_off=is_off,
            faults=faults,
        )
    own = {PREFIX + key.action: typed[key.action] for key in KEYS if typed[key.action] != key.default}
    with room.store.writing() as session:
        user = session.get_one(User, access.user_id)
        others = {
            name: value
            for name, value in user.preferences.items()
            if not name.startswith(PREFIX) and name != OFF
        }
        user.preferences = {**others, **own, **({OFF: "1"} if is_off else {})}
    return RedirectResponse("/keys", status_code=303)
