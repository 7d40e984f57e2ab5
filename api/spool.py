"""
Files of a form, sealed piece by piece while they arrive.

Nothing of a file is on the disk of the server in the clear (when keys are configured), and no more than a piece of it
is in memory. The pieces lie in an unnamed file until one transaction takes them all into the database; a request
that breaks off leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from chartsift.api.db.base import new_id
from chartsift.api.problems import RequestError
from chartsift.api.vault import Vault

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PIECE_BYTES = 1024 * 1024
"""Length of every piece of a file but its last."""

LONGEST_NAME = 500
_MOST_FIELDS = 50
_FIELD_BYTES = 2_000


@dataclass(slots=True)
class SpooledFile:
    """A file of the form: its name as sent, where its sealed pieces lie in the spool, and what it holds."""

    id: str
    name: str
    size: int = 0
    digest: str = ""
    pieces: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Spool:
    """A form as it was received; close it when done."""

    files: list[SpooledFile]
    fields: dict[str, str]
    _disk: BinaryIO

    def pieces(self, file: SpooledFile) -> Iterator[bytes]:
        """Yield the sealed pieces of a file in order."""
        for offset, length in file.pieces:
            self._disk.seek(offset)
            yield self._disk.read(length)

    def close(self) -> None:
        """Let go of the disk."""
        self._disk.close()


def piece_context(file_id: str, number: int) -> str:
    """Return what a piece is bound to."""
    return f"piece:{file_id}:{number}"


async def receive_form(
    request: Request, vault: Vault, *, max_files: int, folder: Path | None = None
) -> Spool:
    """
    Read a form with files.

    Args:
        request: The request, its body not yet read.
        vault: Seals the pieces.
        max_files: Most files.
        folder: Where the unnamed spool file lies; the system's folder for such files when None.

    Raises:
        RequestError: it is no form or breaks off (HT812), or holds too many files (HT802).
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise RequestError("HT812")
    # An unnamed file: it is gone with the process, whatever ends it.
    disk = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the spool owns it
    reader = _FormReader(disk, vault, max_files)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError as exc:
        disk.close()
        # Its message may quote what was sent.
        raise RequestError("HT812") from exc
    except BaseException:
        disk.close()
        raise
    if not reader.is_complete:
        disk.close()
        raise RequestError("HT812", "the form ends before its end")
    return Spool(reader.files, reader.fields, disk)


class _FormReader:
    """Takes the parser's events."""

    def __init__(self, disk: BinaryIO, vault: Vault, max_files: int) -> None:
        self.files: list[SpooledFile] = []
        self.fields: dict[str, str] = {}
        self.is_complete = False
        self._disk = disk
        self._vault = vault
        self._max_files = max_files
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._field = ""
        self._file: SpooledFile | None = None
        self._hash = hashlib.sha256()
        self._buffer = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._headers, self._header, self._value = {}, b"", b""
        self._file, self._field = None, ""
        self._buffer.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            if len(self.fields) >= _MOST_FIELDS:
                raise RequestError("HT812")
            return
        if len(self.files) >= self._max_files:
            raise RequestError("HT802", f"at most {self._max_files:,} files in one form")
        name = options[b"filename"].decode("utf-8", "replace")
        self._file = SpooledFile(new_id(), plain_name(name))
        self._hash = hashlib.sha256()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._buffer += data[start:end]
        if self._file is None:
            if len(self._buffer) > _FIELD_BYTES:
                raise RequestError("HT812")
            return
        while len(self._buffer) >= PIECE_BYTES:
            self._store(bytes(self._buffer[:PIECE_BYTES]))
            del self._buffer[:PIECE_BYTES]

    def _part_end(self) -> None:
        if self._file is None:
            self.fields[self._field] = self._buffer.decode("utf-8", "replace")
            return
        if self._buffer:
            self._store(bytes(self._buffer))
        self._file.digest = self._hash.hexdigest()
        # A browser sends one nameless empty part when no file was chosen.
        if self._file.name or self._file.size:
            self._file.name = self._file.name or "upload"
            self.files.append(self._file)

    def _end(self) -> None:
        self.is_complete = True

    def _store(self, piece: bytes) -> None:
        file = self._file
        if file is None:
            return
        self._hash.update(piece)
        sealed = self._vault.seal_bytes(piece, context=piece_context(file.id, len(file.pieces)))
        file.pieces.append((self._disk.seek(0, 2), len(sealed)))
        self._disk.write(sealed)
        file.size += len(piece)


def plain_name(name: str) -> str:
    r"""
    Return the name of a file with the folders it was sent with, safe to show and to file by.

    >>> plain_name("C:\\fakepath\\a.txt"), plain_name("/export/../P1/a\n.txt")
    ('fakepath/a.txt', 'export/P1/a\ufffd.txt')
    """
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name.replace("\\", "/"))
    parts = [part for part in shown.split("/") if part not in ("", ".", "..")]
    if parts and len(parts[0]) == 2 and parts[0].endswith(":"):
        del parts[0]
    return "/".join(parts)[-LONGEST_NAME:]
