"""
The files of a folder or of a zip archive, in a fixed order.

A zip is never unpacked to disk. Members with unsafe names, links, encrypted members, archives in archives and
members that unpack suspiciously far are refused one by one; the rest is read.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from chartsift.nlp.formats.base import Limits, Rejected, Source, reject, shown_name, unreadable
from chartsift.nlp.formats.plain import SUFFIXES as TEXT_SUFFIXES
from chartsift.nlp.formats.plain import names_several_patients

ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
# Documents that are zip archives inside: one file to their owner, and not an archive of notes.
_ZIPPED_DOCUMENTS = frozenset(
    {".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar"}
)
# Files that operating systems put beside the user's own.
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_ENCRYPTED_FLAG = 0x1


@dataclass(frozen=True, slots=True)
class Directory:
    """One folder: its path below the root, and its files in order (``Rejected`` where one is refused)."""

    parts: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[Source | Rejected, ...]


def is_zip(head: bytes, suffix: str) -> bool:
    """Tell whether a file with these first bytes and this suffix is a zip archive of files."""
    return head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)) and suffix not in _ZIPPED_DOCUMENTS


def folder_files(root: Path, limits: Limits, *, leave_out: Path | None = None) -> Iterator[Source | Rejected]:
    """
    Yield the files below *root*, folder by folder in the order of their names.

    *leave_out*, as a resolved path, is a folder that is not read: that of the results.
    """
    return _placed(_walk_folder(root, (), limits, leave_out))


def zip_files(label: str, opener: Callable[[], BinaryIO], limits: Limits) -> Iterator[Source | Rejected]:
    """Yield the members of a zip archive by name; each can be opened until the next one is asked for."""
    try:
        with opener() as stream, zipfile.ZipFile(stream) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            refusal = _refuse_archive(infos, label, limits)
            if refusal:
                yield refusal
                return
            yield from _placed(iter(_zip_directories(archive, infos, label, limits)))
    except OSError as exc:
        yield unreadable(label, exc)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        yield reject("IN119", "the archive is damaged; make it again", source=label)


def _placed(directories: Iterator[Directory]) -> Iterator[Source | Rejected]:
    """
    Yield the files with ``parts`` below the root, where folders that only wrap the whole are left out.

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
        names = [
            file.name for file in directory.files if isinstance(file, Source) and file.suffix in TEXT_SUFFIXES
        ]
        is_mixed = depth == 1 and names_several_patients(names)
        for file in directory.files:
            if isinstance(file, Rejected):
                yield file
            elif is_mixed and file.suffix in TEXT_SUFFIXES:
                yield reject(
                    "IN118",
                    "the folder and the file names both seem to name patients; keep one sub-folder a patient, "
                    "or put the files straight into the folder that you screen",
                    source=file.label,
                )
            else:
                yield Source(file.label, file.open, file.size, file.parts[skipped:], file.path)


def _is_wrapper(directory: Directory) -> bool:
    names = [
        file.name for file in directory.files if isinstance(file, Source) and file.suffix in TEXT_SUFFIXES
    ]
    if not names:
        return True
    if directory.folders:
        return False
    return not any(c.isdigit() for c in directory.parts[-1]) or names_several_patients(names)


def _walk_folder(
    folder: Path, parts: tuple[str, ...], limits: Limits, leave_out: Path | None
) -> Iterator[Directory]:
    folders: list[str] = []
    files: list[Source | Rejected] = []
    try:
        with os.scandir(folder) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError as exc:
        yield Directory(parts, (), (unreadable(shown_name("/".join(parts) or folder.name), exc),))
        return
    for entry in listing:
        if _is_clutter(entry.name):
            continue
        here = (*parts, entry.name)
        label = shown_name("/".join(here))
        try:
            # Links to folders are not followed: they could lead round in a circle or out of the archive.
            if entry.is_dir(follow_symlinks=False):
                if leave_out is not None and Path(entry.path).resolve() == leave_out:
                    continue
                if len(here) > limits.folders_deep:
                    files.append(_too_deep("IN102", label, limits))
                else:
                    folders.append(entry.name)
            elif entry.is_file():
                files.append(Source.of_path(Path(entry.path), label=label, parts=here))
            elif entry.is_dir():
                files.append(
                    reject(
                        "IN102",
                        "a link to a folder is not followed; give that folder as an input of its own",
                        source=label,
                    )
                )
            else:
                files.append(not_a_file(label))
        except OSError as exc:
            files.append(unreadable(label, exc))
    yield Directory(parts, tuple(folders), tuple(files))
    for name in folders:
        yield from _walk_folder(folder / name, (*parts, name), limits, leave_out)


def not_a_file(label: str) -> Rejected:
    """Make the problem of a path that is no file: reading a pipe or a device could take for ever."""
    return reject(
        "IN102",
        "neither a file nor a folder (a broken link, a pipe, a device); save it as a file",
        source=label,
    )


def _too_deep(code: str, label: str, limits: Limits) -> Rejected:
    return reject(
        code,
        f"more than {limits.folders_deep} folders within each other, of which the inner ones were not read; "
        "move them up",
        source=label,
    )


def _zip_directories(
    archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], label: str, limits: Limits
) -> list[Directory]:
    files: dict[tuple[str, ...], list[tuple[str, Source | Rejected]]] = defaultdict(list)
    folders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for number, info in enumerate(infos, start=1):
        refusal = _refuse_member(info, f"{label}:member {number}", f"{label}/{info.filename}", limits)
        if refusal:
            files[()].append((info.filename, refusal))
            continue
        parts = tuple(part for part in info.filename.split("/") if part not in ("", "."))
        if any(_is_clutter(part) for part in parts):
            continue
        for depth in range(len(parts) - 1):
            folders[parts[:depth]].add(parts[depth])
        source = Source(f"{label}/{'/'.join(parts)}", _member_opener(archive, info), info.file_size, parts)
        files[parts[:-1]].append((parts[-1], source))
    found: list[Directory] = []
    # Depth first, as in a folder on disk.
    stack: list[tuple[str, ...]] = [()]
    while stack:
        here = stack.pop()
        inside = tuple(sorted(folders[here]))
        ordered = sorted(files[here], key=lambda item: item[0])
        found.append(Directory(here, inside, tuple(file for _, file in ordered)))
        stack.extend((*here, name) for name in reversed(inside))
    return found


def _member_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast(BinaryIO, archive.open(info))


def _refuse_archive(infos: list[zipfile.ZipInfo], label: str, limits: Limits) -> Rejected | None:
    if len(infos) > limits.archive_members:
        return reject(
            "IN117", f"the archive holds more than {limits.archive_members:,} files; split it", source=label
        )
    if sum(info.file_size for info in infos) > limits.archive_bytes:
        return reject(
            "IN117",
            f"the archive unpacks to more than {limits.archive_bytes:,} bytes; split it, or give the unpacked folder",
            source=label,
        )
    return None


def _refuse_member(info: zipfile.ZipInfo, safe_label: str, label: str, limits: Limits) -> Rejected | None:
    name = info.filename
    parts = name.replace("\\", "/").split("/")
    if (
        name.startswith(("/", "\\"))
        or ".." in parts
        or ":" in parts[0]
        or "\\" in name
        or not name.isprintable()
    ):
        return reject(
            "IN116",
            "the member's name leads out of the archive; make the archive with plain names",
            source=safe_label,
        )
    if len([part for part in parts if part]) > limits.folders_deep:
        return _too_deep("IN116", safe_label, limits)
    if stat.S_ISLNK(info.external_attr >> 16):
        return reject("IN116", "the member is a link; put the file itself into the archive", source=label)
    if info.flag_bits & _ENCRYPTED_FLAG:
        return reject(
            "IN116", "the member is protected with a password; make the archive without one", source=label
        )
    if info.file_size >= limits.archive_ratio_from and info.file_size > limits.archive_ratio * max(
        info.compress_size, 1
    ):
        return reject(
            "IN117",
            f"the member unpacks to more than {limits.archive_ratio} times its size, which text does not; "
            "if it is sound, unpack it and give the folder",
            source=label,
        )
    return None


def _is_clutter(name: str) -> bool:
    return name.startswith(".") or name in _CLUTTER
