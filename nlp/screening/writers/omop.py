"""
OMOP CDM 5.4, table ``NOTE_NLP``: a finding is a row, as CSV and as Parquet, with a crosswalk of notes beside.

Identifiers are integers that stay the same from run to run and are checked for collisions within one:

* ``note_nlp_id``: the first 16 hexadecimal digits of ``finding_id`` without the top bit, so that it fits a ``bigint``.
* ``note_id``: the note's own where all of the run are whole numbers and differ, as in OMOP input; else the first 63
  bits of the SHA-256 of patient and note. ``note_crosswalk`` tells which note each stands for.

Concept identifiers are 0 ("no matching concept") unless a site's table says otherwise: which concept a mention maps to
depends on the vocabulary release, and none is invented here. ``kind`` and ``concept`` stand in ``term_modifiers``.

Source of columns and lengths: OMOP Common Data Model 5.4, table NOTE_NLP.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import Row
from chartsift.nlp.screening.writers.base import (
    ExportOptions,
    PatientTables,
    RepeatedIds,
    TwinFile,
    read_patients,
)

NOTE_NLP = pa.schema(
    [
        ("note_nlp_id", pa.int64()),
        ("note_id", pa.int64()),
        ("section_concept_id", pa.int64()),
        ("snippet", pa.string()),
        ("offset", pa.int64()),
        ("lexical_variant", pa.string()),
        ("note_nlp_concept_id", pa.int64()),
        ("note_nlp_source_concept_id", pa.int64()),
        ("nlp_system", pa.string()),
        ("nlp_date", pa.date32()),
        ("nlp_datetime", pa.timestamp("s")),
        ("term_exists", pa.string()),
        ("term_temporal", pa.string()),
        ("term_modifiers", pa.string()),
    ]
)
CROSSWALK = pa.schema(
    [
        ("note_id", pa.int64()),
        ("patient_id", pa.string()),
        ("source_note_id", pa.string()),
        ("note_date", pa.date32()),
        ("note_type", pa.string()),
        ("length", pa.int64()),
    ]
)
# Lengths of the varchar columns in the specification.
MAX_SNIPPET = 250
MAX_LEXICAL_VARIANT = 250
MAX_NLP_SYSTEM = 250
MAX_TERM_MODIFIERS = 2000

CONCEPT_COLUMNS = ("kind", "concept", "note_nlp_concept_id", "note_nlp_source_concept_id")
#: ``kind`` of a row of the concept table that maps a section of the note, by its name in ``concept``.
SECTION = "section"

_MAX_ID = (1 << 63) - 1
# What would end a part of term_modifiers, or a line.
_RESERVED = re.compile(r"[%,=\x00-\x1f]")
# Of "assertion", by the convention of the specification: negated, conditional or of someone else does not exist;
# uncertain exists.
_AXES = {
    # assertion: (negated, subject, certainty, conditional, temporality, term_exists)
    "present": ("false", "patient", "certain", "false", "present", "Y"),
    "absent": ("true", "patient", "certain", "false", "present", "N"),
    "possible": ("false", "patient", "possible", "false", "present", "Y"),
    "hypothetical": ("false", "patient", "certain", "true", "undefined", "N"),
    "historical": ("false", "patient", "certain", "false", "past", "Y"),
    "family": ("false", "family", "certain", "false", "undefined", "N"),
}
_AXIS_NAMES = ("negated", "subject", "certainty", "conditional", "temporality")
_FINDING_COLUMNS = (
    "note_id", "start", "end", "text", "kind", "concept", "assertion", "value", "unit", "date", "section", "score",
    "finding_id", "comparator", "ref_low", "ref_high", "flag", "date_source", "attributes", "page",
)  # fmt: skip
_NOTE_COLUMNS = ("note_id", "note_date", "note_type", "length")


def write_note_nlp(results: RunResults, folder: Path, options: ExportOptions) -> dict[str, int]:
    """
    Write ``NOTE_NLP`` and ``note_crosswalk`` into *folder*; return the rows by file.

    Raises:
        ScreeningError: The table of concepts cannot be used (SC432), or a table of the run is damaged (SC405).
    """
    concepts = read_concepts(options.concepts) if options.concepts else {}
    ids = _Ids(results)
    stamp = _Stamp(_system(results.manifest), _finished_at(results.manifest), concepts)
    metadata = {"chartsift_run": results.manifest["fingerprint"]}
    columns = {
        "findings": _FINDING_COLUMNS,
        "notes": _NOTE_COLUMNS,
        "criteria": ("evidence",),
        "texts": ("note_id", "text"),
    }
    with (
        TwinFile(folder, "NOTE_NLP", NOTE_NLP, metadata) as table,
        TwinFile(folder, "note_crosswalk", CROSSWALK, metadata) as crosswalk,
    ):
        for patient in read_patients(results, columns):
            notes = {
                row["note_id"]: ids.note(patient.patient_id, row["note_id"]) for row in patient.rows["notes"]
            }
            crosswalk.write(
                [
                    (notes[row["note_id"]], patient.patient_id, *(row[name] for name in _NOTE_COLUMNS))
                    for row in patient.rows["notes"]
                ]
            )
            numbers = ids.findings(patient.rows["findings"])
            table.write(
                [
                    (number, *cells)
                    for number, cells in zip(numbers, _cells(patient, notes, stamp), strict=True)
                ]
            )
    names = {"NOTE_NLP": table.rows, "note_crosswalk": crosswalk.rows}
    return {f"{name}.{kind}": rows for name, rows in names.items() for kind in ("csv", "parquet")}


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What all rows of an export share: the system, when it read the notes, and the site's concepts."""

    system: str
    when: datetime
    concepts: Mapping[tuple[str, str], tuple[int, int]]


def _cells(patient: PatientTables, notes: Mapping[str, int], stamp: _Stamp) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of each finding of a patient, after its ``note_nlp_id``."""
    surroundings = _Surroundings(patient)
    note_dates = {row["note_id"]: row["note_date"] for row in patient.rows["notes"]}
    for row in patient.rows["findings"]:
        past = is_past(row, note_dates)
        yield (
            notes[row["note_id"]],
            stamp.concepts.get((SECTION, row["section"]), (0, 0))[0],
            surroundings.of(row),
            row["start"],
            row["text"][:MAX_LEXICAL_VARIANT],
            *stamp.concepts.get((row["kind"], row["concept"]), (0, 0)),
            stamp.system,
            stamp.when.date(),
            stamp.when,
            *_exists_and_when(row["assertion"], is_past=past),
            term_modifiers(row, is_past=past),
        )


def is_past(row: Row, note_dates: Mapping[str, date]) -> bool:
    """Tell whether a finding speaks of a day before its note, which the specification calls past."""
    written = note_dates.get(row["note_id"])
    return row["date_source"] == "text" and written is not None and row["date"] < written


def term_modifiers(row: Row, *, is_past: bool) -> str:
    """
    Return the ``term_modifiers`` of a row of ``findings``: ``key=value`` parts, separated by commas.

    In a value ``%``, ``,``, ``=`` and control characters are percent-encoded. The parts come in a fixed order, those
    without a value left out; what does not fit the column is dropped part by part from the end, and said so.
    """
    number, text = _number, _encoded
    has_relation = row["value"] is not None and row["comparator"] != "="
    facts = (
        ("kind", text(row["kind"])),
        ("concept", text(row["concept"])),
        ("end", row["end"]),
        ("finding_id", row["finding_id"]),
        ("value", number(row["value"])),
        ("comparator", text(row["comparator"]) if has_relation else ""),
        ("unit", text(row["unit"])),
        ("ref_low", number(row["ref_low"])),
        ("ref_high", number(row["ref_high"])),
        ("flag", text(row["flag"])),
        ("concept_date", row["date"]),
        ("date_source", row["date_source"]),
        ("section", text(row["section"])),
        ("page", row["page"]),
        ("score", number(row["score"])),
        *((f"attribute.{text(item['name'])}", text(item["value"])) for item in row["attributes"]),
    )
    shown = [_axes_text(row["assertion"], is_past=is_past)]
    shown += [f"{key}={value}" for key, value in facts if value is not None and value != ""]
    joined = ",".join(shown)
    while len(joined) > MAX_TERM_MODIFIERS:
        shown.pop()
        joined = ",".join([*shown, "truncated=true"])
    return joined


def _axes(assertion: str, *, is_past: bool) -> tuple[str, str, str, str, str, str]:
    negated, subject, certainty, conditional, when, exists = _AXES[assertion]
    return negated, subject, certainty, conditional, "past" if is_past and when == "present" else when, exists


@lru_cache(maxsize=2 * len(_AXES))
def _axes_text(assertion: str, *, is_past: bool) -> str:
    axes = zip(_AXIS_NAMES, _axes(assertion, is_past=is_past), strict=False)
    return ",".join([*(f"{name}={value}" for name, value in axes), f"assertion={assertion}"])


@lru_cache(maxsize=2 * len(_AXES))
def _exists_and_when(assertion: str, *, is_past: bool) -> tuple[str, str | None]:
    """Return ``term_exists`` and ``term_temporal``, which knows "present" and "past" alone."""
    *_, when, exists = _axes(assertion, is_past=is_past)
    return exists, when if when in {"present", "past"} else None


def read_term_modifiers(text: str) -> dict[str, str]:
    """
    Return the parts of a ``term_modifiers`` by key.

    >>> read_term_modifiers("negated=false,value=5,attribute.name=a%2Cb")["attribute.name"]
    'a,b'
    """
    from urllib.parse import unquote  # noqa: PLC0415 - for readers; a run does not need it

    pairs = (part.partition("=") for part in text.split(",") if part)
    return {key: unquote(value) for key, _, value in pairs}


def read_concepts(path: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """
    Return a site's table of concepts: (kind, concept) to (note_nlp_concept_id, note_nlp_source_concept_id).

    Raises:
        ScreeningError: The file cannot be read, or a row is not as documented (SC432); the line is named.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != CONCEPT_COLUMNS:
                raise _bad_concepts(path, f"its columns are not {', '.join(CONCEPT_COLUMNS)}")
            for row in reader:
                try:
                    kind, concept, *numbers = (str(row[name] or "").strip() for name in CONCEPT_COLUMNS)
                    target, source = (int(number or 0) for number in numbers)
                except ValueError:
                    raise _bad_concepts(path, f"line {reader.line_num}: an identifier is no number") from None
                if not kind or not concept or target < 0 or source < 0 or (kind, concept) in found:
                    raise _bad_concepts(path, f"line {reader.line_num}: is incomplete, negative or repeated")
                found[kind, concept] = (target, source)
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise _bad_concepts(path, f"cannot be read as CSV ({type(exc).__name__})") from exc
    return found


def _bad_concepts(path: Path, why: str) -> ScreeningError:
    return ScreeningError("SC432", f"{path}: {why}", hint="see 'OMOP' in docs/output.md for the columns")


def _number(value: float | None) -> str:
    """Return a number without a needless ``.0``, exact."""
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _encoded(value: str) -> str:
    return (
        _RESERVED.sub(lambda found: f"%{ord(found.group()):02X}", value) if _RESERVED.search(value) else value
    )


def _system(manifest: Mapping[str, Any]) -> str:
    """Return ``nlp_system``: version, and the fingerprints that say which rules read the notes, and in which run."""
    pipeline, run = str(manifest["identity"]["pipeline"]), str(manifest["fingerprint"])
    return f"chartsift {manifest['versions']['chartsift']}; pipeline {pipeline[:64]}; run {run}"[
        :MAX_NLP_SYSTEM
    ]


def _finished_at(manifest: Mapping[str, Any]) -> datetime:
    """Return when the run was finished, in UTC without a zone, as the column is."""
    return datetime.fromisoformat(manifest["times"]["finished_at"]).astimezone(UTC).replace(tzinfo=None)


def _hashed(*parts: str) -> int:
    """Return the first 63 bits of the SHA-256 of *parts*."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode("utf-8")).digest()[:8], "big") & _MAX_ID


class _Ids:
    """Integers for the notes and findings of a run; two passes over their identifiers find what would collide."""

    def __init__(self, results: RunResults) -> None:
        self._keeps_notes = _are_own_numbers(results)
        self._taken_notes: frozenset[int] = frozenset()
        self._taken_findings: frozenset[int] = frozenset()
        # A collision moves all its members on, so that no order of rows plays a part; that may collide again.
        while not self._keeps_notes and (more := self._repeated_notes(results)):
            self._taken_notes |= more
        while more := self._repeated_findings(results):
            self._taken_findings |= more

    def note(self, patient_id: str, note_id: str) -> int:
        """Return the integer of a note."""
        if self._keeps_notes:
            return int(note_id)
        return _free(_hashed(patient_id, note_id), (patient_id, note_id), self._taken_notes)

    def findings(self, rows: Sequence[Row]) -> Iterator[int]:
        """Yield the integers of the findings of one patient, in order."""
        seen: Counter[str] = Counter()
        for row in rows:
            name = row["finding_id"]
            seen[name] += 1
            if seen[name] == 1:
                value = int(name[:16], 16) & _MAX_ID
            else:  # the same words read twice by one rule: the second and later ones by their number
                value = _hashed(name, str(seen[name]))
            yield _free(value, (name, str(seen[name])), self._taken_findings)

    def _repeated_notes(self, results: RunResults) -> frozenset[int]:
        with RepeatedIds() as ids:
            for patient in read_patients(results, {"notes": ("note_id",)}):
                for row in patient.rows["notes"]:
                    ids.add(self.note(patient.patient_id, row["note_id"]))
            return ids.repeated()

    def _repeated_findings(self, results: RunResults) -> frozenset[int]:
        with RepeatedIds() as ids:
            for patient in read_patients(results, {"findings": ("finding_id",)}):
                for number in self.findings(patient.rows["findings"]):
                    ids.add(number)
            return ids.repeated()


def _free(value: int, key: tuple[str, ...], taken: frozenset[int]) -> int:
    step = 0
    while value in taken:
        step += 1
        value = _hashed(*key, f"collision {step}")
    return value


def _are_own_numbers(results: RunResults) -> bool:
    """Tell whether every note of the run has a whole number of its own, as the notes of OMOP have."""
    with RepeatedIds() as ids:
        for patient in read_patients(results, {"notes": ("note_id",)}):
            for row in patient.rows["notes"]:
                name = row["note_id"]
                if not (
                    name.isascii() and name.isdigit() and str(int(name[:20])) == name and int(name) <= _MAX_ID
                ):
                    return False
                ids.add(int(name))
        return not ids.repeated()


class _Surroundings:
    """Where the words around a mention come from: the quote of a verdict, or the text taken out of a document."""

    def __init__(self, patient: PatientTables) -> None:
        self._texts = {row["note_id"]: row["text"] for row in patient.rows["texts"]}
        self._quotes: dict[str, dict[tuple[int, int], str]] = {}
        for row in patient.rows["criteria"]:
            for item in row["evidence"] or ():
                place = (item["start"], item["end"])
                self._quotes.setdefault(item["note_id"], {})[place] = item["text"]

    def of(self, row: Row) -> str:
        """Return the snippet of a finding: verbatim, with the mention in it."""
        start, end = row["start"], row["end"]
        text = self._texts.get(row["note_id"])
        if text is not None:
            return _window(text, start, end)
        quotes = self._quotes.get(row["note_id"], {})
        places = [place for place in quotes if place[0] <= start and end <= place[1]]
        if places:
            # The longest: it is there to show more than the mention.
            place = max(places, key=lambda place: (place[1] - place[0], -place[0]))
            return _window(quotes[place], start - place[0], end - place[0])
        return str(row["text"][:MAX_SNIPPET])


def _window(text: str, start: int, end: int) -> str:
    """Return at most ``MAX_SNIPPET`` characters of *text*, the mention in the middle."""
    spare = max(0, MAX_SNIPPET - (end - start))
    left = max(0, min(start - spare // 2, len(text) - MAX_SNIPPET))
    left = min(left, start)
    return text[left : left + MAX_SNIPPET]
