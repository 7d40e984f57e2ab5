"""
Learning from reviewers: adjudicated charts against what the rules make of them, as regression examples.

An adjudicated chart is one in the format of ``annotations/GUIDELINES.md``, as the web application exports it. Where its
marked mentions and the rules differ, the sentence becomes an example with its identifiers replaced; whether the rules
still err on the disguised sentence is tried at once, because an example that they read right by itself tests nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from chartsift.annotations.vocabulary import KINDS
from chartsift.models.disguise import applied, disguise, shift_of
from chartsift.models.errors import ModelError
from chartsift.nlp.screening.chart import Extractor
from chartsift.nlp.text.layout import split_lines
from chartsift.nlp.types import Finding, Note

if TYPE_CHECKING:
    from chartsift.annotations.charts import Chart, GoldFinding

# Code points on either side of a mention that an example keeps at most, inside its paragraph.
_AROUND = 240


@dataclass(frozen=True, slots=True)
class Example:
    """
    One overruled mention.

    Attributes:
        text: The disguised piece of the note.
        note_date: The shifted day of the note, ISO.
        start: First code point of the mention in ``text``.
        end: One past the last.
        problem: "missed", "extra" or "assertion".
        kind: Kind of the mention.
        concept: Its concept.
        want: The reviewers' assertion; empty where they mark nothing.
        got: The rules'; empty where they find nothing.
        reproduces: Whether the rules make the same mistake on ``text`` alone.
    """

    text: str
    note_date: str
    start: int
    end: int
    problem: str
    kind: str
    concept: str
    want: str
    got: str
    reproduces: bool


def regression_examples(charts: Sequence[Chart], pipeline: Extractor, *, seed: str) -> list[Example]:
    """Return an example for every mention on which *charts* overrule the rules, in the order of charts and notes."""
    examples = []
    for chart in charts:
        for note in chart.notes:
            found = [f for f in pipeline.extract(note) if f.kind in KINDS]
            gold = [g for g in chart.gold.findings if g.span.note_id == note.note_id]
            for start, end, kind, concept, want, got in _differences(gold, found):
                examples.append(_example(chart, note, pipeline, seed, (start, end), kind, concept, want, got))
    return examples


def write_examples(examples: Sequence[Example], path: Path) -> None:
    """
    Write examples as JSON lines.

    Raises:
        ModelError: the file cannot be written (MO510).
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in examples)
    except OSError as exc:
        raise ModelError("MO510", f"{path}: cannot be written ({exc.strerror})") from exc


def _differences(
    gold: Sequence[GoldFinding], found: Sequence[Finding]
) -> list[tuple[int, int, str, str, str, str]]:
    """Return (start, end, kind, concept, wanted, got) of each mention that the two sides hold differently."""
    unused = list(found)
    differences = []
    for mention in sorted(gold, key=lambda m: m.span.start):
        match = next(
            (
                f
                for f in unused
                if (f.kind, f.concept) == (mention.kind, mention.concept)
                and mention.span.overlaps(f.start, f.end)
            ),
            None,
        )
        if match is not None:
            unused.remove(match)
            if match.assertion == mention.assertion:
                continue
        differences.append(
            (
                mention.span.start,
                mention.span.end,
                mention.kind,
                mention.concept,
                str(mention.assertion),
                str(match.assertion) if match else "",
            )
        )
    differences += [(f.start, f.end, f.kind, f.concept, "", str(f.assertion)) for f in unused]
    return sorted(differences)


def _example(
    chart: Chart,
    note: Note,
    pipeline: Extractor,
    seed: str,
    place: tuple[int, int],
    kind: str,
    concept: str,
    want: str,
    got: str,
) -> Example:
    low, high = _piece(note.text, *place)
    days = shift_of(seed, chart.patient.patient_id)
    piece = note.text[low:high]
    here = (place[0] - low, place[1] - low)
    edits = disguise(piece, known=(chart.patient.patient_id, note.note_id), days=days, keep=here)
    text, start, end = applied(piece, edits, *here)
    day = note.note_date + timedelta(days=days)
    read = pipeline.extract(Note("example", "example", day, note.note_type, text))
    again = next(
        (f for f in read if (f.kind, f.concept) == (kind, concept) and f.start < end and start < f.end), None
    )
    problem = "assertion" if want and got else "missed" if want else "extra"
    return Example(
        text,
        day.isoformat(),
        start,
        end,
        problem,
        kind,
        concept,
        want,
        got,
        (str(again.assertion) if again else "") == got,
    )


def _piece(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the lines around ``start:end``, cut to what an example keeps at a space."""
    lines = split_lines(text)
    low = max((line.start for line in lines if line.start <= start), default=0)
    high = min((line.end for line in lines if line.end >= end), default=len(text))
    if start - low > _AROUND:
        low = text.rfind(" ", 0, start - _AROUND) + 1 or start - _AROUND
    if high - end > _AROUND:
        space = text.find(" ", end + _AROUND, high)
        high = space if space >= 0 else end + _AROUND
    return min(low, start), max(high, end)
