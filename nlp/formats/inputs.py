"""
The ways in: paths on disk, a patients table, and uploaded bytes, each as one stream of items.

Nothing is held beyond one row (or one document) at a time; order is that of the arguments, then of names.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from chartsift.nlp.errors import InputError
from chartsift.nlp.formats.archives import is_tar, is_zip, tar_files, zip_files
from chartsift.nlp.formats.base import (
    DEFAULT_LIMITS,
    HEAD_BYTES,
    Item,
    Limits,
    Rejected,
    Source,
    reject,
    shown_name,
    unreadable,
)
from chartsift.nlp.formats.folders import files_beside, folder_files, not_a_file
from chartsift.nlp.formats.packed import DAMAGED, DamagedError, TooMuchError, is_packed, unpacked
from chartsift.nlp.formats.readers import choose_reader, known_suffixes
from chartsift.nlp.types import Note


def read_inputs(
    paths: Sequence[Path], *, limits: Limits = DEFAULT_LIMITS, leave_out: Path | None = None
) -> Iterator[Item]:
    """
    Yield the notes, patients and rejections of files, folders, archives and packed files.

    Args:
        paths: Files and folders, in order.
        limits: Limits on what is read.
        leave_out: A folder within one of them that is not read, such as that of the results.

    Raises:
        InputError: a path does not exist (IN124) or may not be looked at (IN102); said before anything is read.
    """
    check_paths(paths)
    leave_out = leave_out.resolve() if leave_out else None
    return (item for path in paths for item in _read_path(path, limits, leave_out))


def check_paths(paths: Sequence[Path]) -> None:
    """Raise InputError when a path does not exist (IN124) or may not be looked at (IN102)."""
    for path in paths:
        try:
            is_there = path.exists()
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
            raise InputError(
                "IN102", f"{path}: cannot be read ({why})", hint="check the path and your rights"
            ) from exc
        if not is_there:
            raise InputError("IN124", f"{path}: no such file or folder", hint="check the path")


def read_patients(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Item]:
    """
    Yield the patients of a patients table (JSONL, CSV or Parquet); notes in it are a mistake and are rejected.

    Raises:
        InputError: the file does not exist (IN124).
    """
    check_paths([path])
    return (_only_patient(item) for item in _read_path(path, limits))


def read_upload(name: str, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Item]:
    """Yield what uploaded bytes hold; *name* is the file name as sent, of which only the last part is used."""
    plain_name = name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "upload"
    return _read_source(Source.of_bytes(plain_name, data), limits)


def read_source(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Item]:
    """Yield what one file holds, wherever it lies; its ``parts`` say below which folders."""
    return _read_source(source, limits)


def is_container(head: bytes) -> bool:
    """Tell whether a file with these first bytes is an archive or a packed file."""
    return is_packed(head) or is_zip(head) or is_tar(head)


def input_files(
    paths: Sequence[Path], *, limits: Limits = DEFAULT_LIMITS, leave_out: Path | None = None
) -> Iterator[Source | Rejected]:
    """
    Yield the files of *paths* in the order of reading, and why others are refused; see ``read_inputs``.

    A file that another one names as its attachment is left out when that one has been read by then.
    """
    for path in paths:
        label = shown_name(path.name or str(path))
        if path.is_dir():
            is_empty = True
            for file in folder_files(path, limits, leave_out=leave_out):
                is_empty = False
                yield file
            if is_empty:
                yield reject(
                    "IN108", "the folder holds no file; check the path", source=label, is_missed=False
                )
        elif not path.is_file():
            yield not_a_file(label)
        else:
            try:
                yield replace(Source.of_path(path), beside=files_beside(path))
            except OSError as exc:
                yield unreadable(label, exc)


def read_file(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Item]:
    """Yield what one file of ``input_files`` holds."""
    return _read_source(source, limits)


def _read_path(path: Path, limits: Limits, leave_out: Path | None = None) -> Iterator[Item]:
    for file in input_files([path], limits=limits, leave_out=leave_out):
        if isinstance(file, Rejected):
            yield file
        else:
            yield from _read_source(file, limits)


def _read_source(source: Source, limits: Limits, *, depth: int = 0) -> Iterator[Item]:
    """Yield what a file holds, or say that it holds nothing: an empty export is mostly a mistake."""
    is_silent = True
    for item in _read_known(source, limits, depth):
        is_silent = False
        yield item
    if is_silent:
        yield nothing_to_read(source.label)


def nothing_to_read(label: str) -> Rejected:
    """Make the problem of a file without a row."""
    return reject(
        "IN108", "the file holds nothing to read by itself; leave it out", source=label, is_missed=False
    )


def _read_known(source: Source, limits: Limits, depth: int) -> Iterator[Item]:
    """Read a file of any format; *depth* counts the archives and packed files around it."""
    try:
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    except TooMuchError:
        yield _unpacks_to_too_much(source, limits)
        return
    except DAMAGED:
        yield _damaged_member(source)
        return
    try:
        if is_container(head):
            yield from _read_container(source, head, limits, depth)
        else:
            yield from _read_file(source, head, limits)
    except TooMuchError:
        yield _unpacks_to_too_much(source, limits)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, DamagedError, MemoryError):
        # Found only while reading on: a member whose checksum or data is wrong.
        yield _damaged_member(source)


def _read_container(source: Source, head: bytes, limits: Limits, depth: int) -> Iterator[Item]:
    if depth >= limits.archives_deep:
        yield reject(
            "IN116",
            f"more than {limits.archives_deep} archives within each other; unpack the outer ones first",
            source=source.label,
        )
        return
    if is_packed(head):
        yield from _read_source(unpacked(source, head, limits), limits, depth=depth + 1)
        return
    files = zip_files(source, limits) if is_zip(head) else tar_files(source, limits)
    for file in files:
        if isinstance(file, Rejected):
            yield file
            continue
        yield from _read_source(file, limits, depth=depth + 1)


def _read_file(source: Source, head: bytes, limits: Limits) -> Iterator[Item]:
    reader = choose_reader(head, source.suffix)
    if reader is None:
        yield reject(
            "IN101",
            f"unknown format; known are {', '.join(known_suffixes())}, "
            "and folders, .zip, .tar, .gz and .zst of these",
            source=source.label,
        )
        return
    yield from reader.read(source, limits)


def _unpacks_to_too_much(source: Source, limits: Limits) -> Rejected:
    return reject(
        "IN117",
        f"the file unpacks to more than {limits.archive_ratio} times its size, which text does not, or to more than "
        f"{limits.archive_bytes:,} bytes; if it is sound, unpack it and give the result",
        source=source.label,
    )


def _damaged_member(source: Source) -> Rejected:
    return reject(
        "IN119", "the packed file or the archive around it is damaged; make it again", source=source.label
    )


def _only_patient(item: Item) -> Item:
    if isinstance(item, Note):
        return reject(
            "IN122",
            "the row is a note, not a patient; a patients table has patient_id, birth_date, sex, as_of",
            source=item.source,
            about="patient",
        )
    if isinstance(item, Rejected):
        problem = item.problem
        if problem.code == "IN105":
            # The readers took it for a note without its columns.
            says = "a row or column of patients needs patient_id and at least one of birth_date, sex, as_of"
            problem = replace(problem, message=says)
        return Rejected(problem, "", "patient", is_missed=False)
    return item
