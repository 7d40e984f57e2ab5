"""Where the content of an attachment lies: in it, in another resource, or in a file beside. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO
from urllib.parse import unquote

from chartsift.nlp.formats.base import Limits, Source
from chartsift.nlp.formats.documents import read_whole
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.json_values import load_json
from chartsift.nlp.formats.packed import DAMAGED, TooMuchError, seekable
from chartsift.nlp.formats.unwrap import decode_base64

Resource = dict[str, Any]

# The names that servers give to the Binary files of a bulk export.
_BINARY_FILES = (
    "Binary.{}.ndjson",
    "Binary.{:03d}.ndjson",
    "Binary_{}.ndjson",
    "Binary-{}.ndjson",
    "{}.Binary.ndjson",
)
_MOST_BINARY_FILES = 10_000


def file_beside(url: str, source: Source) -> Source:
    """Return the file that a relative address names, below the folder of *source*; raises FieldError (IN138)."""
    path = unquote(url).removeprefix("./")
    parts = tuple(path.split("/"))
    is_safe = path.isprintable() and not any(
        part in ("", ".", "..") or "\\" in part or ":" in part for part in parts
    )
    found = source.beside(parts) if is_safe else None
    if found is None:
        raise FieldError(
            "IN138",
            "the file that an attachment names is not here; put it below the folder of the file that names it, or "
            "export the attachment with its data",
        )
    return found


def claim_beside(url: str, source: Source) -> None:
    """Take the file that a relative address names for a part of *source*, if there is one, without reading it."""
    # That it is not here is said when it is read.
    with suppress(FieldError, OSError):
        file_beside(url, source)


def read_beside(url: str, source: Source, limits: Limits) -> bytes:
    """Return the content of the file that ``file_beside`` finds; raises FieldError and OSError."""
    found = file_beside(url, source)
    with _damage_told():
        return read_whole(found, limits)


@contextmanager
def _damage_told() -> Iterator[None]:
    """Turn what damage of the archive around a file raises into FieldError: it costs the note that names the file."""
    try:
        yield
    except (*DAMAGED, TooMuchError):
        raise FieldError(
            "IN119", "the file that an attachment names, or the archive around it, is damaged; make it again"
        ) from None


@dataclass
class Attachments:
    """
    Finds the content of attachments for the resources of one file.

    Attributes:
        source: The file.
        limits: Limits on documents.
        resources: Resources of the bundle by full address and by "Type/id".
        named: The ``id()`` of each Binary of the bundle that some attachment names.
    """

    source: Source
    limits: Limits
    resources: dict[str, Resource] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    _opened: list[BinaryIO] = field(default_factory=list)
    _places: dict[str, tuple[BinaryIO, int, int]] | None = None
    # Why some Binary beside is not among them; which one, that cannot be told.
    _lost: FieldError | None = None

    def claim(self, attachments: list[Resource], contained: dict[str, Resource]) -> None:
        """Take what *attachments* name for theirs, whether it will be read or not: it is no note of its own."""
        for url in filter(None, map(_url, attachments)):
            binary = self._given(url, contained)
            if binary is not None:
                self.named.add(id(binary))
            elif not _is_elsewhere(url):
                claim_beside(url, self.source)

    def content(self, attachment: Resource, contained: dict[str, Resource]) -> tuple[bytes, str]:
        """Return the bytes and the media type of an attachment; raises FieldError and OSError."""
        media_type = str(attachment.get("contentType") or "")
        if attachment.get("data") is not None:
            return decode_base64(attachment["data"]), media_type
        url = _url(attachment)
        if not url:
            raise FieldError("IN139", "the resource holds no text: neither data nor url; leave it out")
        binary = self._given(url, contained)
        if binary is None and "Binary/" in url:
            binary = self._bulk_binary(_last_two(url).removeprefix("Binary/"))
        if binary is not None:
            return decode_base64(binary.get("data")), media_type or str(binary.get("contentType") or "")
        if _is_elsewhere(url):
            raise FieldError(
                "IN138",
                "the attachment lies on a server, and nothing is fetched; export it with its data, or as a file beside",
            )
        return read_beside(url, self.source, self.limits), media_type

    def close(self) -> None:
        """Close the files that were opened."""
        for file in self._opened:
            file.close()
        self._opened.clear()

    def _given(self, url: str, contained: dict[str, Resource]) -> Resource | None:
        """Return the resource that came with the one that names it."""
        return contained.get(url) or self.resources.get(url) or self.resources.get(_last_two(url))

    def _bulk_binary(self, name: str) -> Resource | None:
        """Return the resource Binary/*name* of the NDJSON files of that kind beside."""
        if self._places is None:
            self._places = {}
            for source in self._binary_files():
                try:
                    with _damage_told():
                        file = seekable(source.open(), is_file=source.is_seekable)
                except FieldError as exc:
                    self._lost = self._lost or exc
                    continue
                self._opened.append(file)
                self._index(file, self._places)
        place = self._places.get(name)
        if place is None:
            if self._lost is not None:
                raise FieldError(self._lost.code, self._lost.message)
            return None
        file, offset, size = place
        file.seek(offset)
        resource: Resource = self._load(file.read(size))
        return resource

    def _binary_files(self) -> Iterator[Source]:
        found = self.source.beside(("Binary.ndjson",))
        if found is not None:
            yield found
        for name in _BINARY_FILES:
            for number in count():
                found = self.source.beside((name.format(number),))
                if found is not None:
                    yield found
                elif number or len(self._opened) > _MOST_BINARY_FILES:
                    break

    def _index(self, file: BinaryIO, places: dict[str, tuple[BinaryIO, int, int]]) -> None:
        offset = 0
        while line := file.readline(self.limits.row_bytes):
            try:
                resource = self._load(line) if line.strip() else None
            except FieldError as exc:
                self._lost = self._lost or exc
                resource = None
            if isinstance(resource, dict) and isinstance(resource.get("id"), str):
                places[resource["id"]] = (file, offset, len(line))
            offset += len(line)

    def _load(self, line: bytes) -> Any:
        return load_json(line, limits=self.limits, what="a Binary beside", remedy="write one resource a line")


def _url(attachment: Resource) -> str:
    url = attachment.get("url")
    return url.strip() if isinstance(url, str) else ""


def _is_elsewhere(url: str) -> bool:
    return "://" in url or url.startswith(("urn:", "data:", "#"))


def _last_two(url: str) -> str:
    """Return "Binary/7" of "https://server/fhir/Binary/7/_history/2"."""
    return "/".join(url.partition("/_history/")[0].split("/")[-2:])
