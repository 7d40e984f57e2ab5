"""
The files of a zip or tar archive, in the order of folders on disk.

Nothing is unpacked under its own name. Members with unsafe names, links, encrypted members and members that unpack
suspiciously far are refused one by one; the rest is read.
"""

from __future__ import annotations

import io
import re
import stat
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from chartsift.nlp.formats.base import Limits, Rejected, Source, reject, shown_name, unreadable
from chartsift.nlp.formats.folders import Directory, is_clutter, placed, too_deep
from chartsift.nlp.formats.packed import TooMuchError, seekable

ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
# Documents that are zip archives inside tell it by their first member; they are one file to their owner.
_ZIPPED_DOCUMENT = re.compile(
    rb"(?:\[Content_Types\]\.xml|_rels/\.rels|mimetype|META-INF/|(?:docProps|customXml|word|xl|ppt)/[^\x00]*?\.(?:xml|rels))"
)
_ZIP_NAME_AT = 30  # where the name of the first member begins
_ZIP_LENGTHS_AT = 26  # where the lengths of the name and of what follows it stand
# As for zstd; the strongest setting of xz takes half of it.
_LZMA_DICTIONARY = 2**27
_ENCRYPTED_FLAG = 0x1
_TAR_BLOCK = 512
_TAR_SUM = slice(148, 156)
# A name in a tar takes a few hundred bytes; a longer one is made to fill memory.
_TAR_NAME_BYTES = 1024 * 1024

Member = tuple[str, Source | Rejected]


def is_zip(head: bytes) -> bool:
    """Tell whether a file with these first bytes is a zip archive of files."""
    return head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)) and not is_zipped_document(head)


def is_zipped_document(head: bytes) -> bool:
    """Tell whether a file is a document that is a zip archive inside, such as those of Word."""
    return head.startswith(ZIP_MAGIC) and bool(_ZIPPED_DOCUMENT.match(head, _ZIP_NAME_AT))


def is_tar(head: bytes) -> bool:
    """Tell whether a file is a tar archive: the sum of its first block is right."""
    block = head[:_TAR_BLOCK]
    written = block[_TAR_SUM].strip(b" \x00")
    if len(block) < _TAR_BLOCK or not re.fullmatch(rb"[0-7]{1,7}", written):
        return False
    return int(written, 8) == sum(block) - sum(block[_TAR_SUM]) + 8 * ord(" ")


def zip_files(source: Source, limits: Limits) -> Iterator[Source | Rejected]:
    """Yield the members of a zip archive by folder and name; each can be opened until the next one is asked for."""
    label = source.label
    try:
        with (
            source.open() as stream,
            seekable(stream, is_file=source.is_seekable) as file,
            zipfile.ZipFile(file) as archive,
        ):
            infos = [info for info in archive.infolist() if not info.is_dir()]
            refusal = _refuse_archive(len(infos), sum(info.file_size for info in infos), label, limits)
            if refusal:
                yield refusal
                return
            yield from _in_order(
                [_zip_member(archive, file, info, label, limits) for info in infos], label, limits
            )
    except OSError as exc:
        yield unreadable(label, exc)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        yield reject("IN119", "the archive is damaged; make it again", source=label)


def tar_files(source: Source, limits: Limits) -> Iterator[Source | Rejected]:
    """Yield the members of a tar archive by folder and name; each can be opened until the next one is asked for."""
    label = source.label
    try:
        with source.open() as stream, seekable(stream, is_file=source.is_seekable) as file:
            members: list[Member] = []
            total = 0
            is_whole = True
            try:
                for info in _tar_infos(file):
                    if info.isdir():
                        continue
                    total += info.size
                    refusal = _refuse_archive(len(members) + 1, total, label, limits)
                    if refusal:
                        yield refusal
                        return
                    members.append(_tar_member(file, info, label, limits))
            except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError):
                # The last for headers that describe headers: each takes tarfile one call deeper.
                is_whole = False
            yield from _in_order(members, label, limits)
            if not is_whole:
                yield reject(
                    "IN119",
                    f"the archive is damaged after {len(members):,} files; what follows was not read. Make it again",
                    source=label,
                )
    except OSError as exc:
        yield unreadable(label, exc)


def arranged(files: Iterable[Source], limits: Limits) -> Iterator[Source | Rejected]:
    """Yield files that were sent together as those of one folder: ``parts`` of each say where in it they lay."""
    return _in_order([("/".join(file.parts), file) for file in files], "upload", limits)


def _in_order(members: list[Member], label: str, limits: Limits) -> Iterator[Source | Rejected]:
    """Yield members folder by folder, as they would lie on disk."""
    files: dict[tuple[str, ...], list[Member]] = defaultdict(list)
    folders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    by_parts: dict[tuple[str, ...], Source] = {}
    taken: set[str] = set()
    for number, (name, member) in enumerate(members, start=1):
        found = _refuse_name(name, f"{label}:member {number}", limits) or member
        if isinstance(found, Rejected):
            files[()].append((name, found))
            continue
        parts = found.parts
        if any(is_clutter(part) for part in parts):
            continue
        for depth in range(len(parts) - 1):
            folders[parts[:depth]].add(parts[depth])
        by_parts[parts] = found
        files[parts[:-1]].append((parts[-1], _with_others(found, by_parts, taken)))
    yield from placed(_directories(files, folders), taken)


def _directories(
    files: dict[tuple[str, ...], list[Member]], folders: dict[tuple[str, ...], set[str]]
) -> Iterator[Directory]:
    # Depth first, as in a folder on disk.
    stack: list[tuple[str, ...]] = [()]
    while stack:
        here = stack.pop()
        inside = tuple(sorted(folders[here]))
        ordered = sorted(files[here], key=lambda item: item[0])
        yield Directory(here, inside, tuple(file for _, file in ordered))
        stack.extend((*here, name) for name in reversed(inside))


def _with_others(source: Source, by_parts: dict[tuple[str, ...], Source], taken: set[str]) -> Source:
    """Return *source*, able to find the members below its folder."""

    def find(below: tuple[str, ...]) -> Source | None:
        found = by_parts.get((*source.parts[:-1], *below))
        if found is not None:
            taken.add(found.label)
        return found

    return Source(
        source.label, source.open, source.size, source.parts, beside=find, is_seekable=source.is_seekable
    )


def _zip_member(
    archive: zipfile.ZipFile, file: BinaryIO, info: zipfile.ZipInfo, label: str, limits: Limits
) -> Member:
    shown = shown_name(f"{label}/{info.filename}")
    refusal = None
    if stat.S_ISLNK(info.external_attr >> 16):
        refusal = _link(shown)
    elif info.flag_bits & _ENCRYPTED_FLAG:
        refusal = reject(
            "IN116", "the member is protected with a password; make the archive without one", source=shown
        )
    elif limits.is_bomb(info.compress_size, info.file_size):
        refusal = reject(
            "IN117",
            f"the member unpacks to more than {limits.archive_ratio} times its size, which text does not; "
            "if it is sound, unpack it and give the folder",
            source=shown,
        )
    parts = _parts(info.filename)
    return info.filename, refusal or Source(
        f"{label}/{'/'.join(parts)}", lambda: _open_zipped(archive, file, info), info.file_size, parts
    )


def _open_zipped(archive: zipfile.ZipFile, file: BinaryIO, info: zipfile.ZipInfo) -> BinaryIO:
    if info.compress_type == zipfile.ZIP_LZMA and _lzma_dictionary(file, info) > _LZMA_DICTIONARY:
        raise TooMuchError
    return cast(BinaryIO, archive.open(info))


def _lzma_dictionary(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Return how many bytes unpacking of a member will take at once, as the member itself says."""
    file.seek(info.header_offset + _ZIP_LENGTHS_AT)
    lengths = file.read(4)
    file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), io.SEEK_CUR)
    # Version and length of the settings take four bytes, the first of the settings one.
    return int.from_bytes(file.read(9)[5:], "little")


def _tar_infos(file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Yield the entries of a tar; raises TarError also where ``tarfile`` would take damage for the end."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    with tarfile.open(fileobj=cast(BinaryIO, _ShortReads(file)), mode="r:") as archive:
        while (info := archive.next()) is not None:
            # It would keep every entry.
            archive.members = []  # type: ignore[attr-defined]
            if info.offset_data + info.size > size:
                raise tarfile.ReadError
            yield info
        file.seek(archive.offset)
        if file.read(_TAR_BLOCK).strip(b"\x00"):
            raise tarfile.ReadError


def _tar_member(file: BinaryIO, info: tarfile.TarInfo, label: str, limits: Limits) -> Member:
    del limits
    shown = shown_name(f"{label}/{info.name}")
    if not info.isreg() or info.issparse():
        return info.name, _link(shown)
    parts = _parts(info.name)
    offset, size = info.offset_data, info.size
    return info.name, Source(
        f"{label}/{'/'.join(parts)}",
        lambda: cast(BinaryIO, io.BufferedReader(_Slice(file, offset, size))),
        size,
        parts,
        is_seekable=True,
    )


class _ShortReads:
    """What ``tarfile`` reads headers from; it would read a name of any length into memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1) -> bytes:
        """Return *size* bytes."""
        if not 0 <= size <= _TAR_NAME_BYTES:
            raise tarfile.ReadError
        return self._file.read(size)


class _Slice(io.RawIOBase):
    """A part of a file, read as a file; two of them may be read in turn."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._offset = offset
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as far as the part goes."""
        self._file.seek(self._offset + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in ("", ".")) or (name,)


def _link(label: str) -> Rejected:
    return reject(
        "IN116", "the member is a link or a device; put the file itself into the archive", source=label
    )


def _refuse_archive(members: int, size: int, label: str, limits: Limits) -> Rejected | None:
    if members > limits.archive_members:
        return reject(
            "IN117", f"the archive holds more than {limits.archive_members:,} files; split it", source=label
        )
    if size > limits.archive_bytes:
        return reject(
            "IN117",
            f"the archive unpacks to more than {limits.archive_bytes:,} bytes; split it, or give the unpacked folder",
            source=label,
        )
    return None


def _refuse_name(name: str, safe_label: str, limits: Limits) -> Rejected | None:
    parts = name.replace("\\", "/").split("/")
    if (
        name.startswith(("/", "\\"))
        or ".." in parts
        or ":" in parts[0]
        or "\\" in name
        or not name.isprintable()
        or not any(part not in ("", ".") for part in parts)
    ):
        return reject(
            "IN116",
            "the member's name leads out of the archive; make the archive with plain names",
            source=safe_label,
        )
    if len([part for part in parts if part]) > limits.folders_deep:
        return too_deep("IN116", safe_label, limits)
    return None
