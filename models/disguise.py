"""
Stand-ins for identifiers in a piece of a note, so that it can be kept as a regression example.

Names after titles and labels (and the same names elsewhere in the piece), numbers of records and phones, mail and web
addresses, streets, ages over 89 and dates are replaced; dates move by one number of days, so that intervals stay.
Rules find what has a form, and a name without one stays: whoever shares an example reads it first.
"""

from __future__ import annotations

import hashlib
import re
from calendar import month_abbr, month_name
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_NAMES: Final = ("Ashdown", "Birkett", "Calloway", "Denholm", "Eastlake", "Farrow", "Grantley", "Hollis")
_NAME: Final = r"[A-Z][\w'’-]+(?:[ ,]+(?:[A-Z]\.|[A-Z][\w'’-]+)){0,2}"
_TITLED: Final = re.compile(
    rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Drs|Doctor|Nurse)\b\.?\s+(?P<name>{_NAME})"
    rf"|\b(?:Patient(?: name)?|Name|Pt|Attending|Provider|Author|Signed by|Dictated by|PCP|Surrogate)\s*:\s*"
    rf"(?P<label>{_NAME})"
    rf"|(?P<signed>{_NAME}),? (?=(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-C)?)\b)"
)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w|https?://\S+|\bwww\.\S+")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\)|\d{3})[ .-]\d{3}[ .-]?\d{4}(?!\w)")
_RECORD: Final = re.compile(
    r"\b(?:MRN|Medical record(?: number| no\.?)?|Account|Acct|Encounter|Accession|SSN|NHS(?: number| no\.?)?|"
    r"Hospital no\.?|Case no\.?|ID)\s*[:#]?\s*(?P<number>[A-Z]{0,3}[-\d][\w-]{3,})",
    re.IGNORECASE,
)
_LONG_NUMBER: Final = re.compile(r"(?<![\w.,/-])\d{7,}(?![\w.,/]*\d)")
_SOCIAL: Final = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
_STREET: Final = re.compile(
    r"\b\d{1,5} (?:[A-Z][\w.]* ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct)\b\.?"
)
_OLD: Final = re.compile(r"\b(?:9\d|1[01]\d)(?=[ -]?(?:year|yr|y/?o)\b)", re.IGNORECASE)
_MONTHS: Final = "|".join([*month_name[1:], *(f"{name}\\.?" for name in month_abbr[1:]), r"Sept\.?"])
_DATES: Final = (
    ("%Y-%m-%d", re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)")),
    ("%m/%d/%Y", re.compile(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>(?:19|20)\d\d|\d\d)(?![\d/])")),
    ("%d.%m.%Y", re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>(?:19|20)\d\d|\d\d)(?![\d.])")),
    ("%B %d, %Y", re.compile(rf"\b(?P<n>{_MONTHS}) (?P<d>\d{{1,2}}),? (?P<y>(?:19|20)\d\d)\b")),
    ("%d %B %Y", re.compile(rf"\b(?P<d>\d{{1,2}}) (?P<n>{_MONTHS}),? (?P<y>(?:19|20)\d\d)\b")),
    ("%B %Y", re.compile(rf"\b(?P<n>{_MONTHS}),? (?P<y>(?:19|20)\d\d)\b")),
)
_MOST_DAYS: Final = 300


@dataclass(frozen=True, slots=True)
class Edit:
    """Code points ``start`` to ``end`` become *words*."""

    start: int
    end: int
    words: str


def shift_of(seed: str, patient_id: str) -> int:
    """Return by how many days the dates of a patient move: whole weeks, up to 300 days either way, never none."""
    number = int(hashlib.sha256(f"{seed}\0{patient_id}".encode()).hexdigest(), 16)
    weeks = number % (2 * (_MOST_DAYS // 7)) - _MOST_DAYS // 7
    return 7 * (weeks if weeks < 0 else weeks + 1)


def disguise(
    text: str, *, known: Iterable[str] = (), days: int, keep: tuple[int, int] | None = None
) -> list[Edit]:
    """
    Return what to replace in *text*, in order and without overlap; ``applied`` carries it out.

    Args:
        text: A piece of a note.
        known: Identifiers known otherwise (of the patient, of the note), replaced wherever they stand.
        days: How far dates move.
        keep: The mention, ``start`` and ``end``; what overlaps it stays.
    """
    edits: list[Edit] = []
    for word in sorted({name for name in known if len(name) >= 2}, key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        edits += [Edit(*found.span(), "X-000") for found in pattern.finditer(text)]
    for pattern, words in (
        (_MAIL, "someone@example.org"),
        (_SOCIAL, "000-00-0000"),
        (_PHONE, "555-0100"),
        (_STREET, "1 Example Street"),
        (_LONG_NUMBER, "0000000"),
        (_OLD, "90"),
    ):
        edits += [Edit(*found.span(), words) for found in pattern.finditer(text)]
    edits += [Edit(*found.span("number"), "000000") for found in _RECORD.finditer(text)]
    edits += _dates(text, days)
    edits += _names(text)
    chosen: list[Edit] = []
    for edit in edits:
        if keep and edit.start < keep[1] and keep[0] < edit.end:
            continue
        if all(edit.end <= other.start or other.end <= edit.start for other in chosen):
            chosen.append(edit)
    return sorted(chosen, key=lambda edit: edit.start)


def applied(text: str, edits: Iterable[Edit], start: int, end: int) -> tuple[str, int, int]:
    """Return *text* with *edits* carried out, and where ``start:end`` (which no edit overlaps) then stands."""
    parts, at, moved = [], 0, 0
    for edit in edits:
        parts += [text[at : edit.start], edit.words]
        if edit.end <= start:
            moved += len(edit.words) - (edit.end - edit.start)
        at = edit.end
    return "".join([*parts, text[at:]]), start + moved, end + moved


def _names(text: str) -> list[Edit]:
    places: list[tuple[int, int]] = []
    for found in _TITLED.finditer(text):
        group = next(name for name in ("name", "label", "signed") if found.group(name))
        places.append(found.span(group))
    words = {word for start, end in places for word in re.findall(r"[A-Z][\w'’-]{2,}", text[start:end])}
    for word in words:
        places += [found.span() for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)]
    stand_in: dict[str, str] = {}
    edits = []
    for start, end in places:
        name = text[start:end]
        last = re.findall(r"[\w'’-]+", name)[-1]
        if last not in stand_in:
            stand_in[last] = _NAMES[len(stand_in) % len(_NAMES)]
        edits.append(Edit(start, end, stand_in[last]))
    return edits


def _dates(text: str, days: int) -> list[Edit]:
    edits = []
    for form, pattern in _DATES:
        for found in pattern.finditer(text):
            day = _day(found)
            if day is not None:
                edits.append(Edit(*found.span(), _written(day + timedelta(days=days), form, found)))
    return edits


def _day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    if parts.get("m"):
        month = int(parts["m"])
    else:
        month = [name.lower() for name in month_abbr].index(parts["n"][:3].lower())
    try:
        return date(year, month, int(parts.get("d") or 15))
    except ValueError:
        return None


def _written(day: date, form: str, found: re.Match[str]) -> str:
    written = day.strftime(form)
    return written[:-4] + written[-2:] if len(found.group("y")) == 2 else written
