"""
What inputs hold, as rows that Spark can carry: notes, patients and rejections, in the order of reading.

The place, (``file_no``, ``item_no``), is what a single process would have read in turn; whatever depends on that order
(which of two notes with one identifier counts, how problems are sorted) is decided from it, so that the number of
executors plays no part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple, cast

import pyarrow as pa

from chartsift.nlp.formats import Item, Rejected
from chartsift.nlp.screening.chart import failure_place
from chartsift.nlp.screening.store import Origin
from chartsift.nlp.types import Note, Patient, Problem, Sex

ITEMS = pa.schema(
    [
        ("file_no", pa.int32()),
        ("item_no", pa.int64()),
        ("kind", pa.string()),
        ("patient_id", pa.string()),
        ("note_id", pa.string()),
        ("note_date", pa.date32()),
        ("note_type", pa.string()),
        ("text", pa.string()),
        ("source", pa.string()),
        ("origin", pa.string()),
        ("pages", pa.list_(pa.int64())),
        ("birth_date", pa.date32()),
        ("sex", pa.string()),
        ("as_of", pa.date32()),
        ("about", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("is_missed", pa.bool_()),
        ("digest", pa.string()),
    ]
)
# The same for Spark, which has names of its own.
ITEMS_DDL = (
    "file_no int, item_no long, kind string, patient_id string, note_id string, note_date date, note_type string, "
    "text string, source string, origin string, pages array<long>, birth_date date, sex string, as_of date, "
    "about string, code string, message string, is_missed boolean, digest string"
)

# Small enough for a batch of long notes to stay far below Arrow's 2 GiB a column and the memory of an executor.
_BATCH_CHARS = 16 * 1024**2
_BATCH_ROWS = 2_000
# A row of a table gives one item, two at most (OMOP); the places of the next row lie above.
PLACES_A_ROW = 256
# Sums of digests are taken modulo this.
DIGEST_SPACE = 1 << 256


class Placed(NamedTuple):
    """An item and where it stands in the order of reading; ``origin`` as in ``NoteStore.add``."""

    file_no: int
    item_no: int
    item: Item
    origin: Origin = "input"


def place_rows(file_no: int, rows: Iterable[tuple[int, Iterable[Item]]]) -> Iterator[Placed]:
    """Yield the items of numbered rows of one file with their places."""
    for number, items in rows:
        for k, item in enumerate(items):
            if k >= PLACES_A_ROW:
                raise ValueError("a row of a table gave more items than it has places")
            yield Placed(file_no, number * PLACES_A_ROW + k, item)


def to_batches(items: Iterable[Placed]) -> Iterator[pa.RecordBatch]:
    """Yield *items* as batches of the schema ``ITEMS``."""
    rows: list[dict[str, Any]] = []
    chars = 0
    for placed in items:
        rows.append(_row(placed))
        chars += len(placed.item.text) if isinstance(placed.item, Note) else 0
        if len(rows) >= _BATCH_ROWS or chars >= _BATCH_CHARS:
            yield pa.RecordBatch.from_pylist(rows, schema=ITEMS)
            rows, chars = [], 0
    if rows:
        yield pa.RecordBatch.from_pylist(rows, schema=ITEMS)


def from_row(row: dict[str, Any]) -> Placed:
    """Return the item of one row."""
    place = row["file_no"], row["item_no"]
    if row["kind"] == "note":
        return Placed(
            *place,
            Note(
                row["patient_id"],
                row["note_id"],
                row["note_date"],
                row["note_type"],
                row["text"],
                row["source"],
                row["origin"],
                tuple(row["pages"]),
            ),
        )
    if row["kind"] == "patient":
        patient = Patient(row["patient_id"], row["birth_date"], cast("Sex | None", row["sex"]), row["as_of"])
        return Placed(*place, patient, cast(Origin, row["origin"]))
    problem = Problem(row["source"], row["note_id"], row["code"], row["message"])
    return Placed(*place, Rejected(problem, row["patient_id"], row["about"], row["is_missed"]))


def digest_of(placed: Placed) -> str:
    """Return the SHA-256 (hexadecimal) of an item with its place; the sum over all of them says what was read."""
    item = placed.item
    facts: tuple[Any, ...]
    if isinstance(item, Note):
        text = hashlib.sha256(item.text.encode("utf-8")).hexdigest()
        day = item.note_date.isoformat()
        facts = (
            item.patient_id,
            item.note_id,
            day,
            item.note_type,
            text,
            item.source,
            item.origin,
            item.pages,
        )
    elif isinstance(item, Patient):
        facts = (item.patient_id, _iso(item.birth_date), item.sex, _iso(item.as_of), placed.origin)
    else:
        facts = (item.problem.source, item.problem.note_id, item.problem.code, item.patient_id, item.about)
    whole = (placed.file_no, placed.item_no, type(item).__name__, *facts)
    return hashlib.sha256(json.dumps(whole).encode("ascii")).hexdigest()


def add_digests(digests: Iterable[str]) -> int:
    """Return the sum of digests, which does not depend on who read which part first."""
    return sum(int(digest, 16) for digest in digests) % DIGEST_SPACE


def wordless(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield *batches*; an error on the way, which Spark writes to its logs, loses its message and keeps its place."""
    try:
        yield from batches
    except Exception as exc:  # Arrow, for one, quotes the value that it could not convert
        raise RuntimeError(f"a task failed: {failure_place(exc)}") from None


def _row(placed: Placed) -> dict[str, Any]:
    item = placed.item
    row: dict[str, Any] = {
        "file_no": placed.file_no,
        "item_no": placed.item_no,
        "digest": digest_of(placed),
    }
    if isinstance(item, Note):
        row |= {
            "kind": "note",
            "patient_id": item.patient_id,
            "note_id": item.note_id,
            "note_date": item.note_date,
            "note_type": item.note_type,
            "text": item.text,
            "source": item.source,
            "origin": item.origin,
            "pages": list(item.pages),
        }
    elif isinstance(item, Patient):
        row |= {
            "kind": "patient",
            "patient_id": item.patient_id,
            "birth_date": item.birth_date,
            "sex": item.sex,
            "as_of": item.as_of,
            "origin": placed.origin,
        }
    else:
        row |= {
            "kind": "rejected",
            "patient_id": item.patient_id,
            "note_id": item.problem.note_id,
            "source": item.problem.source,
            "code": item.problem.code,
            "message": item.problem.message,
            "about": item.about,
            "is_missed": item.is_missed,
        }
    return row


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
