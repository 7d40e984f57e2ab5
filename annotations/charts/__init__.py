"""
Annotated charts: the file format of GUIDELINES.md ("File") read into frozen types.

The charts beside this file are those that come with chartsift (``sample_charts``).

A quote of the file is located once, here; everything behind the loader works with half-open code point spans,
``note.text[span.start:span.end] == span.text``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, cast

from chartsift.nlp.errors import InputError
from chartsift.nlp.types import Assertion, Basis, CohortStatus, Note, Patient, Sex, Status


@dataclass(frozen=True, slots=True)
class QuoteSpan:
    """A quote located in its note: code points ``start`` to ``end`` (half-open) of note *note_id*."""

    note_id: str
    start: int
    end: int
    text: str

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether this span shares a code point with ``start`` to ``end`` of the same note."""
        return self.start < end and start < self.end


@dataclass(frozen=True, slots=True)
class GoldCriterion:
    """The annotators' verdict on one criterion, with the quotes that decided it."""

    criterion_id: str
    status: Status
    basis: Basis
    evidence: tuple[QuoteSpan, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class GoldFinding:
    """One marked mention."""

    span: QuoteSpan
    kind: str
    concept: str
    assertion: Assertion


@dataclass(frozen=True, slots=True)
class Gold:
    """The whole annotation of a chart; ``criteria`` by criterion id, in the order of the file."""

    cohort: str
    cohort_status: CohortStatus
    criteria: Mapping[str, GoldCriterion]
    findings: tuple[GoldFinding, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One annotated patient.

    Attributes:
        patient: The patient; ``as_of`` is always set.
        notes: The notes in the order of the file.
        gold: The annotation.
        source: File name, for messages.
    """

    patient: Patient
    notes: tuple[Note, ...]
    gold: Gold
    source: str = ""


def load_charts(path: Path) -> list[Chart]:
    """
    Load the chart file *path*, or every ``*.json`` of the folder *path* in the order of the names.

    Raises:
        InputError: nothing to load (IN160), a file is no JSON text (IN161), or a chart breaks the format
            (IN162); ``check_charts`` lists every problem of such a file.
    """
    return [_load(read_chart_file(file), source=str(file)) for file in chart_files([path])]


def sample_charts() -> list[Chart]:
    """Load the charts that come with chartsift (fictional; see DATASHEET.md), in the order of their ids."""
    folder = resources.files("chartsift.annotations.charts")
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda f: f.name
    )
    return [_load(file.read_bytes(), source=file.name) for file in files]


def chart_files(paths: Iterable[Path]) -> list[Path]:
    """
    Return the chart files of *paths*, a folder standing for the ``*.json`` files directly in it.

    Raises:
        InputError: a path does not exist or a folder holds no chart (IN160).
    """
    files: list[Path] = []
    for path in paths:
        try:
            found = sorted(path.glob("*.json")) if path.is_dir() else [path]
            is_there = bool(found) and all(file.is_file() for file in found)
        except OSError:  # a folder that may not be entered, a name that is too long
            is_there = False
        if not is_there:
            raise InputError(
                "IN160", f"{path}: no annotated chart here", hint="give a chart file or a folder of *.json"
            )
        files.extend(found)
    return files


def read_chart_file(path: Path) -> bytes:
    """Return the content of a chart file; raises InputError (IN160) when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        why = exc.strerror or type(exc).__name__
        raise InputError("IN160", f"{path}: cannot be read ({why})", hint="check your rights") from exc


def parse_chart(data: Mapping[str, Any], *, source: str = "") -> Chart:
    """
    Turn the decoded JSON of one chart file into a Chart.

    Values are trusted as far as the types go: run the checker for the rules. Quotes that cannot be located
    are an error here, because nothing behind the loader could use them.

    Raises:
        InputError: a key is missing, a date is no date, or a quote is not where it should be (IN162).
    """
    try:
        return _parse(data, source)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InputError(
            "IN162",
            f"{source or 'chart'}: not a valid annotated chart ({type(exc).__name__})",
            hint="run 'chartsift annotations check' on it",
        ) from exc


def write_inputs(charts: Sequence[Chart], folder: Path) -> tuple[Path, Path]:
    """
    Write the charts as input of a screening run, without the annotation.

    Returns:
        The two files written: ``notes.jsonl`` and ``patients.jsonl`` in *folder*, which is made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes, patients = folder / "notes.jsonl", folder / "patients.jsonl"
    _write_lines(
        notes,
        (
            {
                "patient_id": note.patient_id,
                "note_id": note.note_id,
                "note_date": note.note_date.isoformat(),
                "note_type": note.note_type,
                "text": note.text,
            }
            for chart in charts
            for note in chart.notes
        ),
    )
    _write_lines(
        patients,
        (
            {
                "patient_id": patient.patient_id,
                "birth_date": patient.birth_date and patient.birth_date.isoformat(),
                "sex": patient.sex,
                "as_of": patient.as_of and patient.as_of.isoformat(),
            }
            for patient in (chart.patient for chart in charts)
        ),
    )
    return notes, patients


def occurrences(text: str, quote: str) -> Iterator[int]:
    """Yield every offset at which *quote* (not empty) starts in *text*; occurrences may overlap."""
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def _load(content: bytes, *, source: str) -> Chart:
    try:
        data = json.loads(content.decode("utf-8"))
    except ValueError as exc:  # covers UnicodeDecodeError and JSONDecodeError
        raise InputError(
            "IN161", f"{source}: not JSON text in UTF-8", hint="save the file as UTF-8 JSON"
        ) from exc
    return parse_chart(data, source=source)


def _parse(data: Mapping[str, Any], source: str) -> Chart:
    patient_id = data["patient_id"]
    birth_date = data.get("birth_date")
    patient = Patient(
        patient_id=patient_id,
        birth_date=date.fromisoformat(birth_date) if birth_date is not None else None,
        sex=cast("Sex | None", data.get("sex")),
        as_of=date.fromisoformat(data["as_of"]),
    )
    notes = tuple(
        Note(
            patient_id, note["note_id"], date.fromisoformat(note["date"]), note["type"], note["text"], source
        )
        for note in data["notes"]
    )
    texts = {note.note_id: note.text for note in notes}
    gold = data["gold"]
    criteria = {
        criterion_id: GoldCriterion(
            criterion_id,
            entry["status"],
            entry["basis"],
            tuple(_locate(item, texts) for item in entry.get("evidence", ())),
            entry.get("comment", ""),
        )
        for criterion_id, entry in gold["criteria"].items()
    }
    findings = tuple(
        GoldFinding(_locate(item, texts), item["kind"], item["concept"], item["assertion"])
        for item in gold.get("findings", ())
    )
    return Chart(patient, notes, Gold(gold["cohort"], gold["cohort_status"], criteria, findings), source)


def _locate(item: Mapping[str, Any], texts: Mapping[str, str]) -> QuoteSpan:
    note_id, quote, nth = item["note_id"], item["quote"], item.get("nth", 1)
    if not quote:
        raise ValueError("empty quote")
    for count, start in enumerate(occurrences(texts[note_id], quote), start=1):
        if count == nth:
            return QuoteSpan(note_id, start, start + len(quote), quote)
    raise ValueError("quote not found")


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    # newline="" keeps "\n" as it is on every system; note text is escaped by JSON and unaffected.
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
