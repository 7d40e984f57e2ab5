"""
The files of a folder on disk, or of the folders in an archive, in a fixed order.

Within a folder JSON goes first and XML second: FHIR resources and C-CDA documents name the files beside them that hold
their texts, and those are then not taken for notes of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from chartsift.nlp.formats.base import (
    DEFAULT_LIMITS,
    Limits,
    Rejected,
    Source,
    reject,
    shown_name,
    unreadable,
)
from chartsift.nlp.formats.naming import is_named_as_note, names_several_patients, unpacked_name

# Files that operating systems put beside the user's own.
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
# What Spark puts beside the parts of a table.
_SPARKS_OWN = re.compile(r"_delta_log|_SUCCESS|_metadata|_common_metadata|_(?:started|committed)_\d+")
DELTA_LOG = "_delta_log"
# In a commit: a file that is of the table no more; deletion vectors mark single rows.
_NO_MORE = re.compile(rb'"remove"\s*:|"deletionVector"\s*:')
# Files that may name others: a resource a C-CDA document, and that one the file of its body.
_RESOURCES = (".json", ".ndjson", ".jsonl")
_CCDA = ".xml"


@dataclass(frozen=True, slots=True)
class Directory:
    """One folder: its path below the root, and its files in order (``Rejected`` where one is refused)."""

    parts: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[Source | Rejected, ...]


def folder_files(root: Path, limits: Limits, *, leave_out: Path | None = None) -> Iterator[Source | Rejected]:
    """
    Yield the files below *root*, folder by folder in the order of their names.

    *leave_out*, as a resolved path, is a folder that is not read: that of the results.
    """
    taken: set[str] = set()
    return placed(_Folder(root, limits, leave_out, taken).walk(), taken)


def files_beside(file: Path) -> Callable[[tuple[str, ...]], Source | None]:
    """Return what finds the files below the folder of *file*, which was given by itself."""
    return _Folder(file.parent, DEFAULT_LIMITS, None, set()).beside(())


def placed(directories: Iterator[Directory], taken: set[str]) -> Iterator[Source | Rejected]:
    """
    Yield the files with ``parts`` below the root, where folders that only wrap the whole are left out.

    A file whose label has come into *taken* by the time that it would be its turn belongs to another one.

    An archive of the folder "export" often holds everything below "export/"; that is not a patient. A wrapper is
    a single folder that holds only folders, or files whose names tell their patients.
    """
    skipped = 0
    is_wrapping = True
    for directory in directories:
        if is_wrapping:
            if skipped == len(directory.parts) and len(directory.folders) == 1 and not directory.files:
                skipped += 1
                continue
            if skipped and len(directory.parts) == skipped and not _is_wrapper(directory):
                skipped -= 1
            is_wrapping = False
        depth = len(directory.parts) - skipped
        is_mixed = depth == 1 and names_several_patients(_names_of_notes(directory))
        for file in sorted(directory.files, key=_goes_later):
            if isinstance(file, Rejected):
                yield file
            elif file.label in taken:
                continue
            elif is_mixed and is_named_as_note(file.name):
                yield reject(
                    "IN118",
                    "the folder and the file names both seem to name patients; keep one sub-folder a patient, "
                    "or put the files straight into the folder that you screen",
                    source=file.label,
                )
            else:
                yield replace(file, parts=file.parts[skipped:])


def _is_wrapper(directory: Directory) -> bool:
    names = _names_of_notes(directory)
    if not names:
        return True
    if directory.folders:
        return False
    return not any(c.isdigit() for c in directory.parts[-1]) or names_several_patients(names)


def _names_of_notes(directory: Directory) -> list[str]:
    return [file.name for file in directory.files if isinstance(file, Source) and is_named_as_note(file.name)]


def _goes_later(file: Source | Rejected) -> int:
    """Return the place of a file in the order of reading: resources, FHIR's Binary, C-CDA, and all the rest."""
    name = unpacked_name(file.name).lower() if isinstance(file, Source) else ""
    if name.endswith(_RESOURCES):
        return 1 if "binary" in name else 0
    return 2 if name.endswith(_CCDA) else 3


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder on disk; ``leave_out`` is a resolved path, ``taken`` the labels of files that belong to others."""

    root: Path
    limits: Limits
    leave_out: Path | None
    taken: set[str]

    def walk(self, parts: tuple[str, ...] = ()) -> Iterator[Directory]:
        folder = self.root.joinpath(*parts)
        folders: list[str] = []
        files: list[Source | Rejected] = []
        try:
            with os.scandir(folder) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
        except OSError as exc:
            yield Directory(parts, (), (unreadable(shown_name("/".join(parts) or folder.name), exc),))
            return
        if any(entry.name == DELTA_LOG for entry in listing) and is_old_delta(folder / DELTA_LOG):
            label = shown_name("/".join(parts) or folder.name)
            yield Directory(parts, (), (old_delta(label),))
            return
        for entry in listing:
            if is_clutter(entry.name):
                continue
            try:
                found = self._file(entry, (*parts, entry.name))
            except OSError as exc:
                found = unreadable(shown_name("/".join((*parts, entry.name))), exc)
            if found is not None:
                files.append(found)
            elif self.leave_out is None or Path(entry.path).resolve() != self.leave_out:
                folders.append(entry.name)
        yield Directory(parts, tuple(folders), tuple(files))
        for name in folders:
            yield from self.walk((*parts, name))

    def beside(self, parts: tuple[str, ...]) -> Callable[[tuple[str, ...]], Source | None]:
        """Return what finds files below the folder at *parts*."""

        def find(below: tuple[str, ...]) -> Source | None:
            here = self.root.joinpath(*parts)
            for name in below:
                here = here / name
                # A link could lead anywhere.
                if here.is_symlink():
                    return None
            if not here.is_file():
                return None
            source = self._source(here, (*parts, *below))
            self.taken.add(source.label)
            return source

        return find

    def _file(self, entry: os.DirEntry[str], here: tuple[str, ...]) -> Source | Rejected | None:
        """Return the file of an entry, why it is refused, or None when it is a folder to be walked."""
        label = shown_name("/".join(here))
        # Links to folders are not followed: they could lead round in a circle or out of the archive.
        if entry.is_dir(follow_symlinks=False):
            return too_deep("IN102", label, self.limits) if len(here) > self.limits.folders_deep else None
        if entry.is_file():
            return self._source(Path(entry.path), here)
        if entry.is_dir():
            return reject(
                "IN102",
                "a link to a folder is not followed; give that folder as an input of its own",
                source=label,
            )
        return not_a_file(label)

    def _source(self, path: Path, parts: tuple[str, ...]) -> Source:
        source = Source.of_path(path, label="/".join(parts), parts=parts)
        return replace(source, beside=self.beside(parts[:-1]))


def not_a_file(label: str) -> Rejected:
    """Make the problem of a path that is no file: reading a pipe or a device could take for ever."""
    return reject(
        "IN102",
        "neither a file nor a folder (a broken link, a pipe, a device); save it as a file",
        source=label,
    )


def too_deep(code: str, label: str, limits: Limits) -> Rejected:
    """Make the problem of a folder that lies too deep within others."""
    return reject(
        code,
        f"more than {limits.folders_deep} folders within each other, of which the inner ones were not read; "
        "move them up",
        source=label,
    )


def is_old_delta(log: Path) -> bool:
    """Tell whether a Delta table may hold rows that are of it no more; its log, shortened or not, says so."""
    try:
        files = sorted(log.iterdir())
        # A checkpoint stands for commits that may be gone.
        return any(".checkpoint" in file.name for file in files) or any(
            _NO_MORE.search(file.read_bytes()) for file in files if file.suffix == ".json"
        )
    except OSError:
        return True


def old_delta(label: str) -> Rejected:
    """Make the problem of a Delta table of which not all files count."""
    return reject(
        "IN141",
        "a Delta table from which files were removed, or whose log is shortened: which rows count is known to Delta "
        "alone; write its current version out as Parquet and give that folder",
        source=label,
    )


def is_clutter(name: str) -> bool:
    """Tell whether a file is hidden, or one that operating systems or Spark leave behind."""
    return name.startswith(".") or name in _CLUTTER or _SPARKS_OWN.fullmatch(name) is not None
