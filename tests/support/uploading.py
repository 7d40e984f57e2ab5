"""Uploads for tests: files as they arrive, and a worker that works off the queue at once."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass

from chartsift.api.db.base import new_id
from chartsift.api.services import uploads
from chartsift.api.settings import Settings
from chartsift.api.spool import PIECE_BYTES, piece_context
from chartsift.api.worker import Worker


@dataclass
class Arrived:
    """A file as `chartsift.api.spool` hands it over."""

    name: str
    data: bytes

    def __post_init__(self) -> None:
        self.id = new_id()
        self.size = len(self.data)
        self.digest = hashlib.sha256(self.data).hexdigest()

    def pieces(self, vault):
        for number, at in enumerate(range(0, self.size, PIECE_BYTES)):
            piece = self.data[at : at + PIECE_BYTES]
            yield vault.seal_bytes(piece, context=piece_context(self.id, number))


def receive(room, *files: tuple[str, bytes], who: str = "first", site_id: str = "") -> str:
    """Keep files as an upload; return its identifier."""
    arrived = [Arrived(name, data) for name, data in files]
    with room.store.writing() as session:
        upload = uploads.receive(
            session,
            room.study_id,
            [(file, file.pieces(room.store.vault)) for file in arrived],
            actor_id=room.users[who],
            site_id=site_id,
        )
        return upload.id


def worker(room) -> Worker:
    """Return a worker of the room."""
    return Worker(room.store, room.screener, Settings())


def work(room) -> int:
    """Do everything that is queued."""
    return worker(room).drain()


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Return a zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
