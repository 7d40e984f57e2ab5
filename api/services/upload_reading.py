"""The job that reads the files of an upload into the lines of its draft, by the readers of the batch run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from sqlalchemy import delete, select

from chartsift.api.db.base import new_id
from chartsift.api.db.store import Store, vault_of
from chartsift.api.db.tables import Upload, UploadFile, UploadItem, UploadPiece
from chartsift.api.faults import StoreError
from chartsift.api.intake import UNPACKED_TIMES
from chartsift.api.services import jobs, uploads
from chartsift.api.services.charts import text_digest
from chartsift.api.services.jobs import Hold
from chartsift.api.settings import Settings
from chartsift.api.spool import PIECE_BYTES, piece_context
from chartsift.nlp.formats import Item, Limits, Rejected, Source, choose_reader
from chartsift.nlp.formats.archives import arranged, is_tar, is_zip
from chartsift.nlp.formats.base import HEAD_BYTES
from chartsift.nlp.formats.documents import Letter
from chartsift.nlp.formats.inputs import read_source
from chartsift.nlp.formats.letters import WITHOUT_OWNER, find_letters
from chartsift.nlp.formats.naming import parse_file_name
from chartsift.nlp.formats.packed import is_packed
from chartsift.nlp.log import get_logger
from chartsift.nlp.types import Note, Patient

# Lines written in one transaction: a few milliseconds of it, so that nobody who decides waits.
_LINES = 50
# An upload is worked off on disk and in pieces, not in memory: it may unpack to more than a request.
_UPLOAD_TIMES = 4 * UNPACKED_TIMES
_LONGEST_LABEL = 500
_LOG = get_logger(__name__)

NOT_READ = "HT815"
"""Code of a file over which a reader broke."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a draft before it is stored; fields as in ``UploadItem``."""

    kind: str
    label: str
    site_id: str = ""
    note_id: str = ""
    note_date: date | None = None
    note_type: str = ""
    text: str = ""
    code: str = ""
    message: str = ""
    is_missed: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def upload_limits(settings: Settings) -> Limits:
    """Return how much an uploaded file may hold."""
    return Limits(
        note_chars=settings.max_note_chars,
        row_bytes=settings.max_body_bytes,
        document_bytes=settings.max_body_bytes,
        archive_members=40 * settings.max_notes,
        archive_bytes=_UPLOAD_TIMES * settings.max_body_bytes,
    )


def read_upload_files(hold: Hold, settings: Settings) -> None:
    """
    Read every file of an upload that was not read yet, and open the draft.

    A file is read from its beginning again when a worker was killed over it; its lines are written in small
    transactions, and what an earlier attempt wrote of it is dropped first.
    """
    upload_id = hold.payload["upload_id"]
    store, limits = hold.store, upload_limits(settings)
    with store.reading() as session:
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state == "discarded":
            sources, left, site_id = [], [], ""
        else:
            files = uploads.files_of(session, upload_id)
            # What an erased patient's notes came out of has no content any more; its other lines are read already.
            there = uploads.files_with_content(session, upload_id)
            sources = [_source_of(store, file) for file in files if file.id in there]
            left = [(file.id, file.name) for file in files if file.state == "received" and file.id in there]
            site_id = str(upload.details.get("site_id", ""))
    placed: dict[str, Source | Rejected] = {}
    for found in arranged([source for _, source in sources], limits):
        placed[found.problem.source if isinstance(found, Rejected) else found.label] = found
    by_id = dict(sources)
    for done, (file_id, _) in enumerate(left):
        source = by_id[file_id]
        found = placed.get(source.label, source)
        _read_file(hold, file_id, found, site_id, limits, done=done + 1)
    with hold.writing() as session:
        upload = session.get(Upload, upload_id)
        if upload is not None and upload.state == "received":
            more = session.scalars(
                select(UploadFile.id).where(UploadFile.upload_id == upload_id, UploadFile.state == "received")
            ).first()
            # Files that came in the meantime have a job of their own, which opens the draft.
            if more is None:
                uploads.assess(session, upload)
                upload.state = "checked"
        jobs.finish(session, hold)


def lines_of(source: Source, limits: Limits, *, site_id: str = "") -> Iterator[Line]:
    """
    Yield the lines that a file makes in a draft.

    Args:
        source: The file.
        limits: How much it may hold.
        site_id: Patient of a document that names none.
    """
    ownerless: dict[str, Rejected] = {}
    for item in read_source(source, limits=limits):
        if isinstance(item, Rejected) and item.problem.code in WITHOUT_OWNER:
            ownerless[item.problem.source] = item
            continue
        yield _line(item)
    for label, letter in find_letters(source, frozenset(ownerless), limits) if ownerless else ():
        yield _letter_line(label, letter, ownerless.pop(label), site_id)
    for item in ownerless.values():
        yield _line(item)


def format_of(head: bytes, suffix: str) -> str:
    """Return the short name of the format of a file with these first bytes; empty for an unknown one."""
    if is_zip(head):
        return "zip"
    if is_tar(head):
        return "tar"
    if is_packed(head):
        return "packed"
    reader = choose_reader(head, suffix)
    return reader.name if reader else ""


class PieceStream(io.RawIOBase):
    """The content of an uploaded file, opened piece by piece as it is asked for."""

    def __init__(self, store: Store, file_id: str, size: int) -> None:
        super().__init__()
        self._store, self._file_id, self._size = store, file_id, size
        self._at = 0
        self._number = -1
        self._piece = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place within the file."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* from the piece at this place."""
        if self._at >= self._size:
            return 0
        number, within = divmod(self._at, PIECE_BYTES)
        if number != self._number:
            self._piece, self._number = self._load(number), number
        data = self._piece[within : within + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _load(self, number: int) -> bytes:
        with self._store.reading() as session:
            piece = session.get(UploadPiece, (self._file_id, number))
            if piece is None:
                raise OSError("the upload was discarded")
            return vault_of(session).open_bytes(piece.sealed, context=piece_context(self._file_id, number))


def _source_of(store: Store, file: UploadFile) -> tuple[str, Source]:
    file_id, size = file.id, file.size_bytes
    parts = tuple(part for part in file.name.split("/") if part) or ("upload",)
    source = Source(
        "/".join(parts),
        lambda: cast(Any, io.BufferedReader(PieceStream(store, file_id, size), PIECE_BYTES)),
        size,
        parts,
        is_seekable=True,
    )
    return file_id, source


def _read_file(
    hold: Hold, file_id: str, found: Source | Rejected, site_id: str, limits: Limits, *, done: int
) -> None:
    with hold.writing() as session:
        session.execute(delete(UploadItem).where(UploadItem.upload_file_id == file_id))
    format_name = ""
    lines: Iterator[Line]
    if isinstance(found, Rejected):
        lines = iter([_line(found)])
    else:
        source = found
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
        format_name = format_of(head, source.suffix)
        if site_id and len(source.parts) == 1 and not parse_file_name(source.name).patient:
            # As if the file lay in a folder of the patient, which is how a batch run is told.
            source = replace(source, parts=(site_id, source.name))
        lines = lines_of(source, limits, site_id=site_id)
    position = 0
    codes: list[str] = []
    is_read = False
    for batch in _batched(_guarded(lines, found)):
        position = _keep(hold, file_id, batch, position)
        is_read = is_read or any(line.kind != "problem" for line in batch)
        codes.extend(line.code for line in batch if line.kind == "problem")
    with hold.writing() as session:
        file = session.get(UploadFile, file_id)
        if file is not None:
            file.state = "read" if is_read else "failed"
            file.format = format_name
            file.code = codes[0] if codes else ""
        jobs.advance(session, hold, done=done)


def _guarded(lines: Iterator[Line], found: Source | Rejected) -> Iterator[Line]:
    """Yield *lines*; where a reader itself breaks, the file gets the blame and the others go on."""
    try:
        yield from lines
    except (StoreError, OSError):
        raise
    except Exception as exc:
        _LOG.error("file_not_read", code=NOT_READ, exc_info=exc)
        label = found.problem.source if isinstance(found, Rejected) else found.label
        why = (
            "the file could not be read because of a fault of the software; report it, and leave the file out"
        )
        yield Line("problem", label, code=NOT_READ, message=why, is_missed=True)


def _batched(lines: Iterator[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= _LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _keep(hold: Hold, file_id: str, lines: Sequence[Line], position: int) -> int:
    with hold.writing() as session:
        vault = vault_of(session)
        for number, line in enumerate(lines):
            item_id = new_id()
            session.add(
                UploadItem(
                    id=item_id,
                    upload_id=hold.payload["upload_id"],
                    upload_file_id=file_id,
                    position=position + number,
                    kind=line.kind,
                    state="unread" if line.kind == "problem" else "ready",
                    label=line.label[-_LONGEST_LABEL:],
                    site_id=line.site_id,
                    note_id=line.note_id,
                    note_date=line.note_date,
                    note_type=line.note_type[: uploads.MOST_TYPE],
                    length=len(line.text),
                    digest=text_digest(line.text) if line.kind == "note" else "",
                    code=line.code,
                    message=line.message[:1000],
                    is_missed=line.is_missed,
                    facts=line.facts,
                    sealed_text=vault.seal(line.text, context=f"item:{item_id}")
                    if line.kind == "note"
                    else None,
                )
            )
    return position + len(lines)


def _line(item: Item) -> Line:
    if isinstance(item, Note):
        return Line(
            "note",
            item.source,
            item.patient_id,
            item.note_id,
            item.note_date,
            item.note_type,
            item.text,
            facts={"origin": item.origin, "pages": list(item.pages)},
        )
    if isinstance(item, Patient):
        facts = {
            "birth_date": item.birth_date.isoformat() if item.birth_date else "",
            "sex": item.sex or "",
            "as_of": item.as_of.isoformat() if item.as_of else "",
        }
        return Line("patient", "", item.patient_id, facts=facts)
    problem = item.problem
    return Line(
        "problem",
        problem.source,
        item.patient_id,
        problem.note_id,
        code=problem.code,
        message=problem.message,
        is_missed=item.is_missed,
    )


def _letter_line(label: str, letter: Letter, refused: Rejected, site_id: str) -> Line:
    extracted = letter.extracted
    name = label.rpartition("/")[2]
    return Line(
        "note",
        label,
        refused.patient_id or letter.patient or site_id,
        refused.problem.note_id or name[-uploads.MOST_TYPE :],
        letter.day,
        letter.note_type,
        extracted.text,
        code=refused.problem.code,
        message=refused.problem.message,
        facts={"origin": extracted.origin, "pages": list(extracted.pages)},
    )
