"""
What every reader shares: where bytes come from, what comes out, and how much is allowed.

A reader turns one ``Source`` into a stream of items: a ``Note``, a ``Patient`` or a ``Rejected``. It never
raises for what it reads: a bad row is a ``Rejected`` and the next row follows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from chartsift.nlp.types import Note, Patient, Problem

# How much of a file a reader may look at to recognise it.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much is read before an input is refused; all sizes are bytes of uncompressed data unless they say otherwise.

    Attributes:
        note_chars: Longest note, in code points. The longest real notes are a few megabytes of pasted flow sheets.
        row_bytes: Longest line of a JSONL file and longest cell of a CSV file.
        document_bytes: Largest file that is read whole (a text file, a document, JSON that is not lines).
        document_seconds: Processor time that the parser of one document may take; a thick PDF takes one or two.
        document_memory: Address space of the process in which documents are parsed.
        document_pages: Most pages of a PDF.
        json_values: Most brackets and commas in one JSON value; each stands for up to 100 bytes in memory.
        archive_members: Most files in one archive.
        archive_bytes: Most bytes that one archive, or one packed file, may unpack to.
        archive_ratio: Highest compression ratio of a member; clinical text packs 3 to 10 times.
        archive_ratio_from: Members smaller than this are not held to the ratio.
        archives_deep: Most archives and packed files within each other: a packed file in a tar in a zip is three.
        folders_deep: Most folders within each other, on disk or in an archive; patients lie one or two deep.
    """

    note_chars: int = 16 * 1024**2
    row_bytes: int = 64 * 1024**2
    document_bytes: int = 128 * 1024**2
    document_seconds: int = 30
    document_memory: int = 2 * 1024**3
    document_pages: int = 5_000
    json_values: int = 5_000_000
    archive_members: int = 2_000_000
    archive_bytes: int = 64 * 1024**3
    archive_ratio: int = 200
    archive_ratio_from: int = 1024**2
    archives_deep: int = 3
    folders_deep: int = 64

    def is_bomb(self, packed: int, unpacked: int) -> bool:
        """Tell whether so many bytes unpack to more than text does."""
        return unpacked > max(self.archive_ratio_from, self.archive_ratio * packed)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    Something that was offered as input and could not be used.

    Attributes:
        problem: The row of ``errors.parquet``.
        patient_id: Whose note it was, when that could be told; never shown with the problem.
        about: "note" for a note, a text file or a file that cannot be read, "patient" for a row of a
            patients table.
        is_missed: Whether text that may matter was left unread (false for an empty note, a plain copy).
    """

    problem: Problem
    patient_id: str = ""
    about: str = "note"
    is_missed: bool = True


Item = Note | Patient | Rejected


def _nothing_beside(parts: tuple[str, ...]) -> None:
    del parts


@dataclass(frozen=True, slots=True)
class Source:
    """
    One file to read, wherever it lies.

    Attributes:
        label: Name for messages: the file name, or its path within the folder or archive that was given.
        open: Opens it for reading bytes; the stream need not be seekable.
        size: Length in bytes, uncompressed.
        parts: Folders and file name below the input that was given; a lone file has one part.
        path: The file on disk, when it is one.
        beside: Finds a file by folders and name below the folder that this one lies in; None where there is none.
            What was found so is taken to belong to this file and is not read for itself.
        is_seekable: Whether going back in the opened stream is cheap.
    """

    label: str
    open: Callable[[], BinaryIO]
    size: int
    parts: tuple[str, ...]
    path: Path | None = None
    beside: Callable[[tuple[str, ...]], Source | None] = field(default=_nothing_beside, compare=False)
    is_seekable: bool = False

    @property
    def name(self) -> str:
        """The file name without folders."""
        return self.parts[-1]

    @property
    def suffix(self) -> str:
        """The file name's last suffix in lower case, with its dot; empty when there is none."""
        return Path(self.name).suffix.lower()

    @classmethod
    def of_path(cls, path: Path, *, label: str = "", parts: tuple[str, ...] = ()) -> Source:
        """Make the source of a file on disk; raises OSError when it cannot be looked at."""
        return cls(
            shown_name(label or path.name),
            lambda: path.open("rb"),
            path.stat().st_size,
            parts or (path.name,),
            path,
            is_seekable=True,
        )

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Source:
        """Make the source of bytes in memory (an upload)."""
        return cls(shown_name(name), lambda: io.BytesIO(data), len(data), (name,), is_seekable=True)


@dataclass(frozen=True, slots=True)
class Extracted:
    """
    The text of one document.

    Attributes:
        text: What there is to read.
        origin: What it was taken out of, such as "pdf"; empty when the text is the file's own.
        pages: Where each page begins in ``text``, for formats that have pages.
        pictures: Numbers, from 1, of pages that hold a picture and no text.
        is_cut: Whether the document ends before its end, so that text is missing.
        unread: Codes and messages of parts that were not read.
        facts: What the document says of itself, by name: patient_id, birth_date, sex, note_id, date, title.
    """

    text: str
    origin: str = ""
    pages: tuple[int, ...] = ()
    pictures: tuple[int, ...] = ()
    is_cut: bool = False
    unread: tuple[tuple[str, str], ...] = ()
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """
    One input format: a line of ``READERS``.

    Attributes:
        name: Short name.
        summary: What a newcomer reads in the help.
        suffixes: File name suffixes that belong to it, in lower case with the dot; they decide only where the
            content does not.
        sniff: Whether these first bytes are of the format.
        read: Reads a source of the format.
        is_marked: Whether every file of the format begins with a mark, so that a text without it is merely misnamed.
        extract: For a format of which a file is one note: returns its text; see ``documents``.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    read: Callable[[Source, Limits], Iterator[Item]]
    is_marked: bool = False
    extract: Callable[[bytes, Limits], Extracted] | None = None


def shown_name(name: str) -> str:
    """
    Return a file's name for messages: bytes that are no UTF-8 and control characters, which POSIX allows, as U+FFFD.

    >>> shown_name("a\\udcff.txt") == "a\\ufffd.txt"
    True
    """
    return name if name.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in name)


def reject(
    code: str,
    message: str,
    *,
    source: str,
    note_id: str = "",
    patient_id: str = "",
    about: str = "note",
    is_missed: bool = True,
) -> Rejected:
    """Make a ``Rejected``; *message* says what is wrong and the remedy, without note text or patient identifiers."""
    return Rejected(Problem(source, note_id, code, message), patient_id, about, is_missed)


def unreadable(source: str, error: OSError, *, note_id: str = "", patient_id: str = "") -> Rejected:
    """Make the ``Rejected`` of a file that the operating system would not let us read."""
    why = error.strerror or type(error).__name__
    return reject(
        "IN102",
        f"the file cannot be read ({why}); check that it exists and may be read",
        source=source,
        note_id=note_id,
        patient_id=patient_id,
    )
