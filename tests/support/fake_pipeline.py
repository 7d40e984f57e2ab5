"""A pipeline without spaCy for tests of the run: finds a few words, and fails where a note says so."""

from __future__ import annotations

import re
import time

from chartsift.nlp.types import Finding, Note, Provenance

_WORDS = {
    "CAR T": ("car_t", "CAR-T"),
    "lung transplant": ("transplant", "lung"),
    "dermatomyositis": ("diagnosis", "DM"),
    "heliotrope": ("skin", "heliotrope"),
}
_PATTERN = re.compile("|".join(_WORDS))
#: A note with this word makes the pipeline fail, with the note in the message of its error.
FAIL = "BOOM"


class FakePipeline:
    """Finds a few words as present; counts the notes it read."""

    def __init__(self, *, name: str = "fake", seconds_per_note: float = 0.0) -> None:
        self.name = name
        self.seconds_per_note = seconds_per_note
        self.notes = 0

    def extract(self, note: Note) -> list[Finding]:
        self.notes += 1
        if self.seconds_per_note:
            time.sleep(self.seconds_per_note)
        if FAIL in note.text:
            raise ValueError(note.text)
        return [
            Finding(
                note.patient_id,
                note.note_id,
                match.start(),
                match.end(),
                match.group(),
                *_WORDS[match.group()],
                "present",
                note.note_date,
                provenance=Provenance("fake", ("cue",)),
                attributes=(("a", "b"),),
            )
            for match in _PATTERN.finditer(note.text)
        ]

    def fingerprint(self) -> str:
        return self.name
