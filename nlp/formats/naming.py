"""
What file names, folders and letterheads say: whose note a document is, of which day and of what kind.

See ``docs/input.md`` for the rules. Nothing is guessed: a file whose patient or date cannot be told is rejected,
since a note filed under the wrong patient is worse than a note that is reported missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.formats.base import Source
from chartsift.nlp.formats.fields import FIRST_YEAR, LAST_YEAR, make_date
from chartsift.nlp.months import month_number

# Files that are one note each, and the endings of packed files, which say nothing of the note.
NOTE_SUFFIXES = (".txt", ".text", ".note", ".md", ".html", ".htm", ".xhtml", ".rtf", ".docx", ".docm", ".pdf")
PACKED_SUFFIXES = (".gz", ".zst")

# A date line stands in the letterhead; further down, "Date:" belongs to a result or a signature.
HEADER_LINES = 25
_HEADER_CHARS = 8_000

# A packed date (20240501) may also be a record number, so a date with separators goes before it.
_NAME_DATES = (
    re.compile(r"(?<!\d)(\d{4})([-_.])(\d{2})\2(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})()(\d{2})(\d{2})(?!\d)"),
)
_HEADER_LABEL = re.compile(
    r"(?:(?:note|visit|encounter|service|report|exam|clinic|consult(?:ation)?|admission|discharge|letter|study|"
    r"procedure|collection)\s+date(?:/time)?|"
    r"date(?:/time)?(?:\s+of\s+(?:service|visit|encounter|note|report|exam(?:ination)?|consult(?:ation)?|admission|"
    r"discharge|clinic|study|procedure))?|dos|datum)"
    r"[*_]*\s*[:=]\s*[*_]*\s*(?P<value>.{6,40})",
    re.IGNORECASE,
)
# What may stand between the left edge of a line, or of a column, and the label: list and emphasis marks.
_DECORATION = "#*_>- \t\f\v\xa0"
_COLUMN_GAP = re.compile(r"\t|\s{2}")
_WRITTEN_DATES = (
    (re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"), ""),
    (re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)"), ""),
    (re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)"), ""),
    (re.compile(r"(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>\d{4}|\d{2})(?!\d)"), "month first"),
    (
        re.compile(
            r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[-. ]\s?(?P<name>[A-Za-z]{3,9})[-., ]+(?P<y>\d{4}|\d{2})(?!\d)"
        ),
        "",
    ),
    (re.compile(r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})(?!\d)"), ""),
)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file name says: ``patient`` (empty when it names none), ``day`` (or None) and ``note_type``."""

    patient: str
    day: date | None
    note_type: str


def parse_file_name(name: str) -> FileName:
    """
    Return what a file name says.

    >>> parse_file_name("P001_2024-05-01_progress-note.txt")
    FileName(patient='P001', day=datetime.date(2024, 5, 1), note_type='progress note')
    """
    stem = unpacked_name(name)
    for suffix in NOTE_SUFFIXES:
        if stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)]
            break
    for found in (match for pattern in _NAME_DATES for match in pattern.finditer(stem)):
        day = make_date(found[1], found[3], found[4])
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            continue
        before, after = stem[: found.start()], stem[found.end() :]
        patient = before.strip("-_ .")
        return FileName(patient, day, _words(after) or ("" if patient else _words(before)))
    return FileName("", None, _words(stem))


def header_date(text: str) -> date | None:
    """
    Return the date of a line such as "Date: 2024-05-01" or "DATE OF SERVICE: 5/1/2024" in the first lines.

    Numbers with slashes are read month first, as the trial's sites write them, unless that is no date
    ("22/1/2024"); numbers with points are read day first.
    """
    head = "\n".join(re.split(r"\r\n|\r|\n", text[:_HEADER_CHARS])[:HEADER_LINES])
    at = 0
    while found := _HEADER_LABEL.search(head, at):
        day = parse_written_date(found["value"]) if _begins_a_column(head, found.start()) else None
        if day is not None:
            return day
        at = found.start() + 1
    return None


def parse_written_date(value: str) -> date | None:
    """
    Return the date that *value* begins with, or None.

    >>> parse_written_date("Wed, May 1, 2024 09:30")
    datetime.date(2024, 5, 1)
    >>> parse_written_date("03.02.2024")
    datetime.date(2024, 2, 3)
    """
    value = _WEEKDAY.sub("", value.strip(), count=1)
    for pattern, order in _WRITTEN_DATES:
        found = pattern.match(value)
        if not found:
            continue
        parts = found.groupdict()
        month = month_number(parts["name"]) if "name" in parts else int(parts["m"])
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        day = make_date(year, month, parts["d"])
        if day is None and order:
            day = make_date(year, parts["d"], month)
        if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    return None


def names_several_patients(names: list[str]) -> bool:
    """
    Tell whether the file names of one folder look like those of several patients.

    That is so when they begin with different identifiers that hold a digit, and one of them comes back with
    another date: "P001_2024-05-01, P001_2024-06-01, P002_2024-05-03", but not "N1_…, N2_…, N3_…".
    """
    days_of: dict[str, set[date | None]] = {}
    for name in names:
        parsed = parse_file_name(name)
        if parsed.patient and any(c.isdigit() for c in parsed.patient):
            days_of.setdefault(parsed.patient, set()).add(parsed.day)
    return len(days_of) > 1 and any(len(days) > 1 for days in days_of.values())


def is_named_as_note(name: str) -> bool:
    """Tell whether a file is one note by its name, packed or not; a name without any suffix says nothing else."""
    plain_name = unpacked_name(name).lower()
    return plain_name.endswith(NOTE_SUFFIXES) or "." not in plain_name


def unpacked_name(name: str) -> str:
    """
    Return the name of a file without the endings that packing adds.

    >>> unpacked_name("notes.jsonl.gz")
    'notes.jsonl'
    """
    while name.lower().endswith(PACKED_SUFFIXES):
        name = name[: name.rindex(".")]
    return name


def patient_and_note(source: Source, name: FileName) -> tuple[str, str, str]:
    """Return the patient and the note's identifier that places and names give and, where they give none, why."""
    depth = len(source.parts) - 1
    if depth == 1:
        return source.parts[0], source.name, ""
    if depth == 0 and name.patient:
        return name.patient, source.name, ""
    if depth > 1:
        if name.patient and any(c.isdigit() for c in name.patient):
            return name.patient, "/".join(source.parts), ""
        why = "the file lies more than one folder deep, so its patient cannot be told; "
    else:
        why = "no patient can be told from this file; "
    return "", "", why + "use one sub-folder a patient, or names such as P001_2024-05-01_progress-note.txt"


def _begins_a_column(head: str, at: int) -> bool:
    """
    Tell whether the label at *at* stands at the left of its line, or of a column after a bar, a tab or a gap.

    Looked at backwards from the label: a pattern for it would try every way to split a long run of blanks.
    """
    before = head[head.rfind("\n", 0, at) + 1 : at]
    words = before.rstrip(_DECORATION)
    return not words or words.endswith("|") or bool(_COLUMN_GAP.search(before, len(words)))


def _words(text: str) -> str:
    return " ".join(re.split(r"[-_.\s]+", text)).strip()
