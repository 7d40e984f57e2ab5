"""
Promotion and roll-back: which artefact of a folder of models is in use, who decided it, and on what figures.

The journal is append-only; each line holds the digest of the line before, so that a changed past is noticed. What is in
use follows from it alone (``nlp.learned``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from chartsift.models.errors import ModelError
from chartsift.models.store import KINDS, verify
from chartsift.nlp.learned import JOURNAL, SETTING, in_use

# A name that a person signs with: letters of any script, and what stands inside names.
_PERSON: Final = re.compile(r"[^\W\d_][\w .,'’-]{1,78}[\w.]")


def models_folder(given: Path | None) -> Path:
    """
    Return the folder of models: the one given, or that of ``CHARTSIFT_MODELS``.

    Raises:
        ModelError: neither is there (MO520).
    """
    named = given or (Path(os.environ[SETTING]) if os.environ.get(SETTING) else None)
    if named is None:
        raise ModelError("MO520", "no folder of models", hint=f"give --models DIR or set {SETTING}")
    return named


def bundled_folder() -> Path:
    """Return the folder of the artefacts that come with chartsift; nothing in it is in use by itself."""
    return Path(str(resources.files("chartsift.models").joinpath("artifacts")))


def find(name: str, folder: Path | None) -> Path:
    """
    Return the artefact *name*: a path, or a name in *folder* or among the bundled ones.

    Raises:
        ModelError: there is none (MO511).
    """
    places = [Path(name), *([folder / name] if folder else []), bundled_folder() / name]
    for place in places:
        if place.is_dir():
            return Path(os.path.normpath(place.absolute()))
    raise ModelError("MO511", f"no model {Path(name).name}", hint="'chartsift model list' shows the names")


def artefacts(folder: Path | None) -> list[Path]:
    """Return the artefacts of *folder* and the bundled ones, by name."""
    found: dict[str, Path] = {}
    for place in (bundled_folder(), *([folder] if folder else [])):
        if place.is_dir():
            found |= {path.name: path for path in place.iterdir() if path.name.startswith(KINDS)}
    return [found[name] for name in sorted(found)]


def promote(
    artefact: Path, folder: Path, *, by: str, figures: Mapping[str, Any], now: datetime | None = None
) -> str:
    """
    Put an artefact into use; it is copied into *folder* if it lies elsewhere. Return its name.

    Whether it may is the caller's question (``models.promotion``); *figures* is the answer, which is kept.

    Raises:
        ModelError: nobody signs (MO521), the artefact is refused (MO511 to MO513), or the folder cannot be written
            (MO510).
    """
    manifest = verify(artefact)
    person = _signed(by)
    if artefact.parent != folder.absolute():
        try:
            shutil.copytree(artefact, folder / artefact.name, dirs_exist_ok=True)
        except (OSError, shutil.Error) as exc:
            raise ModelError("MO510", f"{folder}: cannot be written ({type(exc).__name__})") from exc
    digest = hashlib.sha256((folder / artefact.name / "manifest.json").read_bytes()).hexdigest()
    verify(folder / artefact.name, digest=digest)
    entry = {"action": "promote", "kind": manifest["kind"], "model": artefact.name, "digest": digest}
    _append(folder, entry | {"by": person, "figures": dict(figures)}, now)
    return artefact.name


def roll_back(kind: str, folder: Path, *, by: str, now: datetime | None = None) -> str:
    """
    Take the model of *kind* out of use, for the one before it; return what is in use now, empty for the rules alone.

    Raises:
        ModelError: nobody signs (MO521), or no model of this kind is in use (MO522).
    """
    person = _signed(by)
    current = in_use(folder).get(kind)
    if current is None:
        raise ModelError("MO522", f"no model of {kind} is in use")
    entry = {"action": "rollback", "kind": kind, "model": Path(current.folder).name, "digest": current.digest}
    _append(folder, entry | {"by": person}, now)
    left = in_use(folder).get(kind)
    return Path(left.folder).name if left else ""


def history(folder: Path) -> list[dict[str, Any]]:
    """
    Return the journal, oldest entry first.

    Raises:
        ModelError: a line was changed or taken out (MO523).
        RuleError: it cannot be read (RU230).
    """
    in_use(folder)
    path = folder / JOURNAL
    previous = ""
    entries = []
    for number, line in enumerate(
        path.read_text(encoding="utf-8").splitlines() if path.exists() else (), start=1
    ):
        entry = json.loads(line)
        if entry.get("previous") != previous:
            raise ModelError(
                "MO523", f"{path}:{number}: the journal was changed here", hint="restore it from a copy"
            )
        previous = hashlib.sha256(line.encode("utf-8")).hexdigest()
        entries.append(entry)
    return entries


def _append(folder: Path, entry: Mapping[str, Any], now: datetime | None) -> None:
    history(folder)
    path = folder / JOURNAL
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    previous = hashlib.sha256(lines[-1].encode("utf-8")).hexdigest() if lines else ""
    when = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    line = json.dumps({"when": when, **entry, "previous": previous}, sort_keys=True, ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise ModelError("MO510", f"{path}: cannot be written ({exc.strerror})") from exc


def _signed(by: str) -> str:
    person = by.strip()
    if not _PERSON.fullmatch(person):
        raise ModelError(
            "MO521", "a model is put into and out of use by a person", hint='give --by "First Last"'
        )
    return person
