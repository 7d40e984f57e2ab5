"""
One row of a table, as a mapping from column to value, becomes a note or a patient, or says why not.

Shared by every tabular reader, so that a date or an identifier means the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from chartsift.nlp.formats.base import Item, Limits, Rejected, reject
from chartsift.nlp.types import Note, Patient, Problem, Sex

NOTE_COLUMNS = ("patient_id", "note_id", "note_date", "text")
NOTE_COLUMNS_OPTIONAL = ("note_type",)
PATIENT_COLUMNS = ("patient_id",)
PATIENT_COLUMNS_OPTIONAL = ("birth_date", "sex", "as_of")

# Years outside are placeholders (0001, 9999) or typing errors; nobody alive was born earlier.
FIRST_YEAR = 1900
LAST_YEAR = 2100
MAX_ID_CHARS = 200

_ISO_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_PACKED_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# An empty note, and one that was withdrawn: no text is missed.
_NO_LOSS = ("IN108", "IN140")

_SEXES: dict[str, Sex | None] = {
    "f": "F", "female": "F", "m": "M", "male": "M", "x": "X", "other": "X", "nonbinary": "X", "non-binary": "X",
    "": None, "u": None, "unknown": None, "unk": None,
}  # fmt: skip


class FieldError(Exception):
    """A value of a row cannot be used; ``code`` and ``message`` are those of the problem."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def problem(self, source: str) -> Problem:
        """Return the problem of a file or row that holds such a value."""
        return Problem(source, "", self.code, self.message)


def rejected(error: FieldError, *, source: str, note_id: str = "", patient_id: str = "") -> Rejected:
    """Make the ``Rejected`` of a note of which a value cannot be used."""
    return reject(
        error.code,
        error.message,
        source=source,
        note_id=note_id,
        patient_id=patient_id,
        is_missed=error.code not in _NO_LOSS,
    )


def is_patient_table(columns: Mapping[str, object] | frozenset[str]) -> bool:
    """Tell whether a table with these columns lists patients rather than notes."""
    has_notes = "text" in columns or "note_id" in columns or "note_date" in columns
    return not has_notes and "patient_id" in columns and any(c in columns for c in PATIENT_COLUMNS_OPTIONAL)


def missing_columns(columns: frozenset[str]) -> tuple[str, ...]:
    """Return the columns that a table of notes needs and this one lacks."""
    return tuple(name for name in NOTE_COLUMNS if name not in columns)


def missing_columns_problem(missing: tuple[str, ...], *, source: str, what: str = "column") -> Rejected:
    """Make the problem of a table, or of a row, without a needed column."""
    names = ", ".join(missing)
    return reject(
        "IN105",
        f"missing {what}{'s' if len(missing) > 1 else ''} {names}; "
        f"notes need {', '.join(NOTE_COLUMNS)} (note_type is optional)",
        source=source,
    )


def row_item(row: Mapping[str, object], *, source: str, limits: Limits) -> Item:
    """Return the note or the patient that *row* holds, or why it holds none."""
    if is_patient_table(row):
        return patient_item(row, source=source)
    return note_item(row, source=source, limits=limits)


def note_item(row: Mapping[str, object], *, source: str, limits: Limits) -> Note | Rejected:
    """
    Return the note of *row*, its text untouched.

    Args:
        row: Values by column: strings, whole numbers (identifiers), dates; None for an empty cell.
        source: File name and row number.
        limits: Limits on the length of a note.
    """
    patient_id = note_id = ""
    try:
        missing = missing_columns(frozenset(row))
        if missing:
            patient_id = _identifier_or_empty(row.get("patient_id"))
            return _about(missing_columns_problem(missing, source=source, what="field"), patient_id)
        patient_id = read_identifier(row["patient_id"], "patient_id")
        note_id = read_identifier(row["note_id"], "note_id")
        note_date = read_date(row["note_date"], "note_date")
        note_type = read_type(row.get("note_type"))
        text = check_text(row["text"], limits=limits)
    except FieldError as exc:
        return rejected(exc, source=source, note_id=note_id, patient_id=patient_id)
    return Note(patient_id, note_id, note_date, note_type, text, source)


def patient_item(row: Mapping[str, object], *, source: str) -> Patient | Rejected:
    """Return the patient of *row*; a row with any bad value is rejected whole, so that no half-read fact decides."""
    try:
        if "patient_id" not in row:
            raise FieldError("IN105", "missing column patient_id; a patients table needs it")
        patient_id = read_identifier(row["patient_id"], "patient_id")
        birth_date = None if _is_empty(row.get("birth_date")) else read_date(row["birth_date"], "birth_date")
        as_of = None if _is_empty(row.get("as_of")) else read_date(row["as_of"], "as_of")
        sex = _read_sex(row.get("sex"))
        if birth_date and as_of and birth_date > as_of:
            raise FieldError("IN122", "birth_date is after as_of; correct one of them")
    except FieldError as exc:
        return reject(exc.code, exc.message, source=source, about="patient")
    return Patient(patient_id, birth_date, sex, as_of)


def read_identifier(value: object, column: str) -> str:
    """
    Return an identifier as text; raises FieldError (IN103, IN106) when it is none.

    Surrounding white space is not part of an identifier: "P1 " in one file and "P1" in another are one patient.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        what = "empty" if _is_empty(value) else f"a {type(value).__name__}"
        raise FieldError("IN106", f"{column} is {what}; give text or a whole number")
    text = str(value).strip()
    if not text:
        raise FieldError("IN106", f"{column} is empty; give text or a whole number")
    if _SURROGATE.search(text):
        raise FieldError("IN103", f"{column} is not valid UTF-8; save it as UTF-8")
    if _CONTROL.search(text):
        raise FieldError(
            "IN106", f"{column} holds control characters (a line break, a tab, NUL); remove them"
        )
    if len(text) > MAX_ID_CHARS:
        raise FieldError("IN106", f"{column} is longer than {MAX_ID_CHARS} characters; shorten it")
    return text


def read_date(value: object, column: str) -> date:
    """
    Return a calendar day; raises FieldError (IN107) when *value* is none.

    Accepted are YYYY-MM-DD, also with a time after it (the day is taken as written), and YYYYMMDD. Other orders
    are refused: 05/06/2024 is two different days on two sides of an ocean.
    """
    if isinstance(value, datetime):
        day: date | None = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, str | int) and not isinstance(value, bool):
        if isinstance(value, str) and not value.strip():
            raise FieldError("IN107", f"{column} is empty; give YYYY-MM-DD")
        day = parse_iso_date(str(value))
    elif _is_empty(value):
        raise FieldError("IN107", f"{column} is empty; give YYYY-MM-DD")
    else:
        day = None
    if day is None:
        raise FieldError("IN107", f"{column} is not a date; give YYYY-MM-DD")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FieldError(
            "IN107", f"{column} is not a plausible date (year {day.year}); give the true YYYY-MM-DD"
        )
    return day


def parse_iso_date(text: str) -> date | None:
    """
    Return the day of YYYY-MM-DD (with or without a time) or YYYYMMDD; None when *text* is something else.

    >>> parse_iso_date("2024-02-29T08:15:00Z")
    datetime.date(2024, 2, 29)
    >>> parse_iso_date("2023-02-29") is None
    True
    """
    text = text.strip()
    if not text.isascii():
        return None
    found = _ISO_DATE.fullmatch(text) or _PACKED_DATE.fullmatch(text)
    return make_date(*found.groups()) if found else None


def make_date(year: str | int, month: str | int, day: str | int) -> date | None:
    """Return the day, or None when the calendar has none such."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def check_text(value: object, *, limits: Limits) -> str:
    """Return the text of a note untouched; raises FieldError (IN103, IN104, IN106, IN108, IN115)."""
    if value is None:
        raise FieldError("IN108", "the note is empty; nothing was lost, leave it out")
    if not isinstance(value, str):
        raise FieldError("IN106", f"text is a {type(value).__name__}; give the note as text")
    if "\x00" in value:
        raise FieldError(
            "IN104", "the text holds a NUL character: a binary or UTF-16 file? export it again as UTF-8 text"
        )
    if _SURROGATE.search(value):
        raise FieldError("IN103", "the text is not valid UTF-8; save the file as UTF-8")
    if not value.strip("\ufeff\u200b \t\r\n\f\v") or value.isspace():
        raise FieldError("IN108", "the note is empty; nothing was lost, leave it out")
    if len(value) > limits.note_chars:
        raise FieldError(
            "IN115", f"the note is longer than {limits.note_chars:,} characters; split it into its parts"
        )
    return value


def read_type(value: object) -> str:
    """Return the type of a note on one line; empty when there is none; raises FieldError (IN103)."""
    if _is_empty(value):
        return ""
    text = str(value)
    if _SURROGATE.search(text):
        raise FieldError("IN103", "note_type is not valid UTF-8; save the file as UTF-8")
    # A type is a label in tables and pages; a line break or a NUL in it is white space.
    return " ".join(_CONTROL.sub(" ", text).split())


def _read_sex(value: object) -> Sex | None:
    if _is_empty(value):
        return None
    key = str(value).strip().lower()
    if key not in _SEXES:
        raise FieldError("IN122", "sex is not one of F, M, X (or empty); correct it or leave it out")
    return _SEXES[key]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _identifier_or_empty(value: object) -> str:
    try:
        return read_identifier(value, "patient_id")
    except FieldError:
        # The row is rejected already for another reason; whose it was simply stays unknown.
        return ""


def _about(rejected: Rejected, patient_id: str) -> Rejected:
    return Rejected(rejected.problem, patient_id, rejected.about, rejected.is_missed)
