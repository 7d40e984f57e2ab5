"""
The notes of the benchmark, each a row ``patient_id, note_id, note_date, note_type, text`` of a JSON lines file.

* clinic: general clinic notes, repeated with distinct identifiers;
* plain: notes without a single term of the lexicon, made here;
* dense: charts of patients with myositis, where nearly every line matters.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

# Words without a clinical meaning to the lexicon. Notes of about a kilobyte: a nurse's, a call's, a letter's.
_OPENINGS = (
    "Called the office today.",
    "Came by on time.",
    "Spoke with the front desk.",
    "Form was filled in.",
)
_SENTENCES = (
    "The parking garage was crowded and the elevator slow.",
    "A copy of the insurance card was made and put on file.",
    "Asked for a letter to the employer, which was mailed on the same afternoon.",
    "The address on the envelope was corrected.",
    "Prefers to be called in the morning rather than after lunch.",
    "The garden keeps everybody busy, and the tomatoes came up late.",
    "Would like the bill explained line by line.",
    "The next appointment was moved because of the holiday.",
    "Brought the old envelope along, and it was scanned at the counter.",
    "Drove here from the lake with the dog.",
    "The waiting room was warm; a window was opened.",
    "Wants the new portal password to be sent once more.",
)
_PLAIN_CHARS = 1_000
_PLAIN_NOTES_PER_PATIENT = 100


def read_rows(path: Path) -> list[Row]:
    """Return the notes of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_charts(folder: Path) -> list[Row]:
    """Return the notes of a folder of charts in JSON."""
    rows = []
    for path in sorted(folder.glob("*.json")):
        chart = json.loads(path.read_text(encoding="utf-8"))
        for note in chart.get("notes", ()):
            rows.append(
                {
                    "patient_id": chart["patient_id"],
                    "note_id": note["note_id"],
                    "note_date": note["date"],
                    "note_type": note.get("type", ""),
                    "text": note["text"],
                }
            )
    return rows


def repeat(rows: Sequence[Row], notes: int) -> list[Row]:
    """
    Return at least *notes* rows: whole rounds of *rows*, each with patients of its own.

    >>> [row["patient_id"] for row in repeat([{"patient_id": "a"}, {"patient_id": "b"}], 3)]
    ['a-0', 'b-0', 'a-1', 'b-1']
    """
    rounds = max(1, -(-notes // len(rows)))
    return [row | {"patient_id": f"{row['patient_id']}-{n}"} for n in range(rounds) for row in rows]


def plain_notes(notes: int, *, seed: int = 4) -> Iterator[Row]:
    """Yield notes in which the lexicon has nothing to find; the same ones for the same *seed*."""
    draw = random.Random(seed)
    for number in range(notes):
        text = draw.choice(_OPENINGS)
        while len(text) < _PLAIN_CHARS:
            text += draw.choice((" ", " ", "\n")) + draw.choice(_SENTENCES)
        yield {
            "patient_id": f"plain-{number // _PLAIN_NOTES_PER_PATIENT:06}",
            "note_id": f"n{number % _PLAIN_NOTES_PER_PATIENT}",
            "note_date": "2024-05-01",
            "note_type": "Telephone",
            "text": text,
        }


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    """Write *rows* as JSON lines; return *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
