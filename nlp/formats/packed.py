"""
Packed bytes: one file in gzip or zstd, and the bounds that all unpacking keeps to.

What is damaged, or unpacks to too much, is found while reading on; it ends the reading with ``DamagedError`` or
``TooMuchError``, which the ways in turn into problems.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO, cast

import zstandard

from chartsift.nlp.formats.base import Limits, Source
from chartsift.nlp.formats.naming import PACKED_SUFFIXES

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# A window of 128 MiB (zstd --long=27) is what the zstd command itself accepts without being asked.
_ZSTD_WINDOW = 2**27
# Of packed bytes taken at a time: four of them may stand for a block of 128 KiB.
_ZSTD_STEP = 1024
_SPILL_BYTES = 16 * 1024**2


class DamagedError(Exception):
    """A packed file or an archive is damaged."""


class TooMuchError(Exception):
    """A packed file or an archive unpacks to more than is allowed."""


# What zipfile, its decompressors and ours raise for a file that is damaged, when it is opened or read.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    DamagedError,
    # Damage may ask for any amount of memory.
    MemoryError,
)


def is_packed(head: bytes) -> bool:
    """Tell whether a file is packed with gzip or zstd."""
    return head.startswith((GZIP_MAGIC, ZSTD_MAGIC))


def unpacked(source: Source, head: bytes, limits: Limits) -> Source:
    """Return the file within a packed file, under its name without the ending of packing."""
    make = _Gzip if head.startswith(GZIP_MAGIC) else _Zstd
    name = source.name
    if name.lower().endswith(PACKED_SUFFIXES):
        name = name[: name.rindex(".")]

    def opener() -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(make(source.open(), limits), 64 * 1024))

    return replace(
        source, open=opener, parts=(*source.parts[:-1], name or source.name), path=None, is_seekable=False
    )


def seekable(stream: BinaryIO, *, is_file: bool) -> BinaryIO:
    """Return *stream*, or a temporary copy of it when it lies in an archive, where going back means unpacking anew."""
    if is_file:
        return stream
    spilled = tempfile.SpooledTemporaryFile(max_size=_SPILL_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        shutil.copyfileobj(stream, spilled, 1024 * 1024)
    except BaseException:
        spilled.close()
        raise
    spilled.seek(0)
    return cast(BinaryIO, spilled)


@contextmanager
def on_disk(source: Source) -> Iterator[str]:
    """
    Lend a path under which another process of ours can read *source*; raises OSError.

    What is no file by itself is set down in one without a name, which is gone with this process.
    """
    if source.path is not None:
        # Opened once, so that a file that may not be read is said to be so here.
        source.open().close()
        yield str(source.path.absolute())
        return
    with source.open() as stream, tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file, 1024 * 1024)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"


class _Unpacking(io.RawIOBase):
    """Unpacked bytes, counted against the packed ones."""

    def __init__(self, packed: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._packed = packed
        self._limits = limits
        self._taken = 0
        self._given = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as far as possible; raises DamagedError and TooMuchError."""
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        limits = self._limits
        if limits.is_bomb(self._taken, self._given) or self._given > limits.archive_bytes:
            raise TooMuchError
        return len(data)

    def close(self) -> None:
        """Close the packed stream, too."""
        self._packed.close()
        super().close()

    def _take(self, size: int) -> bytes:
        data = self._packed.read(size)
        self._taken += len(data)
        return data

    @abstractmethod
    def _next(self, most: int) -> bytes:
        """Return the next unpacked bytes, *most* at most; empty at the end; raises DamagedError."""


class _Counted:
    """What ``gzip`` reads from."""

    def __init__(self, take: Callable[[int], bytes]) -> None:
        self.read = take


class _Gzip(_Unpacking):
    def __init__(self, packed: BinaryIO, limits: Limits) -> None:
        super().__init__(packed, limits)
        self._inner = gzip.GzipFile(fileobj=cast(BinaryIO, _Counted(self._take)), mode="rb")

    def _next(self, most: int) -> bytes:
        try:
            return self._inner.read1(most)
        except (gzip.BadGzipFile, zlib.error, EOFError) as exc:
            raise DamagedError from exc


class _Zstd(_Unpacking):
    def __init__(self, packed: BinaryIO, limits: Limits) -> None:
        super().__init__(packed, limits)
        self._frame: Any = None
        self._input = b""
        self._output = b""
        self._at = 0

    def _next(self, most: int) -> bytes:
        while self._at >= len(self._output):
            if not self._input:
                self._input = self._take(_ZSTD_STEP)
            if not self._input:
                if self._frame is not None:
                    raise DamagedError
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
            try:
                self._output = self._frame.decompress(self._input)
            except zstandard.ZstdError as exc:
                raise DamagedError from exc
            self._at = 0
            self._input = b""
            if self._frame.eof:
                self._input, self._frame = self._frame.unused_data, None
        data = self._output[self._at : self._at + most]
        self._at += len(data)
        return data
