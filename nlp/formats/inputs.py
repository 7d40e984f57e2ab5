"""
The ways in: paths on disk, a patients table, and uploaded bytes, each as one stream of items.

Nothing is held beyond one row (or one text file) at a time; order is that of the arguments, then of names.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from chartsift.nlp.errors import InputError
from chartsift.nlp.formats.base import (
    DEFAULT_LIMITS,
    HEAD_BYTES,
    Item,
    Limits,
    Rejected,
    Source,
    reject,
    unreadable,
)
from chartsift.nlp.formats.folders import folder_files, is_zip, zip_files
from chartsift.nlp.formats.readers import choose_reader, known_suffixes
from chartsift.nlp.types import Note


def read_inputs(paths: Sequence[Path], *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Item]:
    """
    Yield the notes, patients and rejections of files, folders and zip archives.

    Raises:
        InputError: a path does not exist (IN124); said before anything is read.
    """
    check_paths(paths)
    return (item for path in paths for item in _read_path(path, limits))


def check_paths(paths: Sequence[Path]) -> None:
    """Raise InputError (IN124) when a path does not exist."""
    for path in paths:
        if not path.exists():
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


def _read_path(path: Path, limits: Limits) -> Iterator[Item]:
    if path.is_dir():
        for file in folder_files(path):
            yield from [file] if isinstance(file, Rejected) else _read_source(file, limits)
        return
    try:
        source = Source.of_path(path)
    except OSError as exc:
        yield unreadable(path.name, exc)
        return
    yield from _read_source(source, limits)


def _read_source(source: Source, limits: Limits, *, in_archive: bool = False) -> Iterator[Item]:
    try:
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as exc:
        yield unreadable(source.label, exc)
        return
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        yield _damaged_member(source)
        return
    if is_zip(head):
        if in_archive:
            yield reject(
                "IN116", "an archive within an archive is not opened; unpack it first", source=source.label
            )
            return
        for file in zip_files(source.label, source.open, limits):
            yield from [file] if isinstance(file, Rejected) else _read_source(file, limits, in_archive=True)
        return
    reader = choose_reader(head, source.suffix)
    if reader is None:
        yield reject(
            "IN101",
            f"unknown format; known are {', '.join(known_suffixes())} and .zip or folders of them",
            source=source.label,
        )
        return
    try:
        yield from reader.read(source, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        # Found only while reading on: a member whose checksum or data is wrong.
        yield _damaged_member(source)


def _damaged_member(source: Source) -> Rejected:
    return reject(
        "IN119", "the file within the archive is damaged; make the archive again", source=source.label
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
