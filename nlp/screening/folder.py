"""The folder of a run: who may write into it, what an earlier start left there, and what is removed from it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.schema import TABLES

TABLE_FOLDERS = "tables"
"""Where a run on Spark leaves its tables as folders, when it is asked to."""

WORK_FOLDER = ".chartsift"
MANIFEST = "run.json"
REPORT = "report.html"


class FolderLock:
    """
    Holds a folder for one process; the operating system lets go when the process ends, however it ends.

    SQLite's file lock is used because it is the one in the standard library that works on every system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._db = sqlite3.connect(self._path, timeout=0, isolation_level=None)
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as exc:
            self._db.close()
            out = self._path.parent.parent
            if exc.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ScreeningError(
                    "SC401",
                    f"{out}: another run is writing here",
                    hint="wait for it, or choose another --out",
                ) from exc
            if exc.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise ScreeningError(
                    "SC405",
                    f"{self._path}: is not the lock of a run",
                    hint="remove that file if no run is going on",
                ) from exc
            raise

    def __exit__(self, *_: object) -> None:
        self._db.close()


def prepare_folder(out: Path, inputs: Sequence[Path]) -> None:
    """Make the folder of a run, and the one of its unfinished state; raises ScreeningError (SC403) where it cannot."""
    work = out / WORK_FOLDER
    if out.exists() and not out.is_dir():
        raise ScreeningError("SC403", f"{out}: is a file", hint="choose a folder for --out")
    if any(path.resolve() == out.resolve() for path in inputs):
        raise ScreeningError(
            "SC403",
            f"{out}: is the folder of the notes, where results would be taken for notes",
            hint="choose another folder for --out; it may lie within that of the notes",
        )
    has_outputs = any((out / f"{name}.parquet").exists() for name in TABLES) or (out / REPORT).exists()
    if has_outputs and not work.exists() and not (out / MANIFEST).exists():
        raise ScreeningError(
            "SC403",
            f"{out}: holds files with the names of results, but no {MANIFEST}",
            hint="choose another folder, or move those files away",
        )
    # Results and the store hold note text: for the owner only.
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    work.mkdir(exist_ok=True, mode=0o700)


def cannot_write(out: Path, error: OSError) -> ScreeningError:
    """Return the error of a folder that the operating system does not let us write to."""
    why = error.strerror or type(error).__name__
    return ScreeningError(
        "SC404",
        f"{out}: cannot be written ({why})",
        hint="check space and rights, then start again; it goes on",
    )


def read_state(out: Path) -> dict[str, Any] | None:
    """Return what an earlier start of an unfinished run set down; raises ScreeningError (SC405) for odd things."""
    try:
        state = json.loads((out / WORK_FOLDER / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        state = None
    if not (isinstance(state, dict) and isinstance(state.get("identity"), dict) and "starts" in state):
        raise ScreeningError("SC405", f"{out}: the state of the earlier run is damaged", hint="use --restart")
    return state


def clear_folder(out: Path) -> None:
    """Remove what a run writes, and nothing else."""
    work = out / WORK_FOLDER
    remove_half_written(out)
    for name in (MANIFEST, REPORT, *(f"{t}{suffix}" for t in TABLES for suffix in (".parquet", ".jsonl"))):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / TABLE_FOLDERS, ignore_errors=True)
    (work / "state.json").unlink(missing_ok=True)
    for parts in work.glob("parts*"):
        shutil.rmtree(parts, ignore_errors=True)


def remove_half_written(out: Path) -> None:
    """Remove what a process that was killed had begun to write: it holds words of notes."""
    for making in out.glob(".*.making"):
        making.unlink(missing_ok=True)


def finished_run(out: Path) -> dict[str, Any] | None:
    """Return the manifest of the finished run in *out*, if any; raises ScreeningError (SC405) for an odd one."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise ScreeningError("SC405", f"{out / MANIFEST}: is not of a chartsift run", hint="use --restart")
    return manifest


def check_same(earlier: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    """Raise ScreeningError (SC402) when what an earlier start left in *out* is of another run."""
    differing = [name for name in now if earlier.get(name) != now[name]]
    if differing:
        raise ScreeningError(
            "SC402",
            f"{out}: holds another run ({', '.join(differing)} differ)",
            hint="choose another --out, or add --restart to throw the earlier run away",
        )
