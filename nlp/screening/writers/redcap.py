"""
A screening log for REDCap: a patient is a record, with coded reasons for a screen failure.

``data_dictionary.csv`` makes the form and ``screening_log.csv`` fills it; ``failure_codes.csv`` lists the codes. What
a person enters (reviewer, final status, whether the form is complete) is in the dictionary and not in the log, so that
a later import never overwrites it.

Sources: the eighteen columns and the naming rules of REDCap's data dictionary; OWASP on CSV injection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from chartsift.nlp.lexicon.loader import parse_yaml
from chartsift.nlp.screening import words
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.rows import Row
from chartsift.nlp.screening.writers.base import CsvFile, ExportOptions, PatientTables, read_patients

FORM = "screening_log"
#: Of REDCap's data dictionary, in its order.
DICTIONARY_COLUMNS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
# What REDCap advises as the longest name of a field, and the longest ending that a criterion's field gets.
MAX_FIELD = 26
_LONGEST_ENDING = "_basis"
# A quote is for recognition; criteria.parquet has it in full.
MAX_QUOTE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_COHORT_STATUS = {"eligible": 1, "ineligible": 2, "undetermined": 3}
_STATUS = {"met": 1, "not_met": 0, "unknown": 9}
_BASIS = {"documented": 1, "no_mention": 2, "conflicting": 3, "insufficient": 4, "judgement": 5}
_STATUS_CHOICES = "1, Met | 0, Not met | 9, Unknown"
_BASIS_CHOICES = (
    "1, Documented | 2, Not mentioned | 3, Conflicting | 4, Too weak or too old | 5, For the investigator"
)
_COHORT_CHOICES = "1, Potentially eligible | 2, Screen failure | 3, Undetermined"
_IS_FAILURE = "[screen_status] = '2'"

_COLUMNS = {
    "cohorts": (
        "trial_id", "cohort_id", "applicable", "status", "as_of", "score", "trial_version", "notes_read",
        "notes_unread",
    ),
    "criteria": (
        "cohort_id", "criterion_id", "kind", "status", "basis", "evidence", "next_step", "valid_until",
    ),
}  # fmt: skip


class _Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: StrictInt = Field(ge=101, le=999)
    # Begins with a letter, single underscores within: REDCap keeps "___" for the boxes of a check list.
    field: str = Field(pattern=r"^[a-z](_?[a-z0-9])*$", max_length=MAX_FIELD - len(_LONGEST_ENDING) - 1)
    reason: str = Field(pattern=r"^[^|\r\n]+$")


class _ReasonFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: dict[str, _Reason]


@dataclass(frozen=True, slots=True)
class CodedCriterion:
    """A criterion of the trial with its code and the beginning of its field names."""

    criterion_id: str
    kind: str
    label: str
    summary: str
    cohorts: tuple[str, ...]
    code: str
    field: str
    reason: str


@lru_cache(maxsize=1)
def load_reasons() -> dict[str, _Reason]:
    """Return the coded reasons by criterion; raises RuleError (RU201, RU202) when the file is invalid."""
    name = "screen_failures.yaml"
    text = (resources.files("chartsift.nlp.screening.writers") / "data" / name).read_text(encoding="utf-8")
    return parse_yaml(text, _ReasonFile, name=name).reasons


def coded_criteria(trial: Mapping[str, Any]) -> list[CodedCriterion]:
    """Return the criteria of all cohorts of *trial* (as in ``run.json``), each once, in the trial's order."""
    found: dict[str, CodedCriterion] = {}
    for cohort in trial["cohorts"]:
        for item in cohort["criteria"]:
            criterion_id, label = item["criterion_id"], item["label"] or item["criterion_id"]
            earlier = found.get(criterion_id)
            if earlier is not None:
                found[criterion_id] = replace(
                    earlier,
                    cohorts=(*earlier.cohorts, cohort["cohort_id"]),
                    label=_joined(earlier.label, label),
                    summary=_joined(earlier.summary, item["summary"]),
                )
                continue
            reason = load_reasons().get(criterion_id)
            found[criterion_id] = CodedCriterion(
                criterion_id,
                item["kind"],
                label,
                item["summary"],
                (cohort["cohort_id"],),
                str(reason.code) if reason else _choice_code(criterion_id),
                reason.field if reason else _field_of(criterion_id),
                reason.reason if reason else label,
            )
    return list(found.values())


def _joined(earlier: str, text: str) -> str:
    """Return both where two cohorts say it differently ("Age 18-75 / Age 6-17")."""
    return earlier if text in earlier.split(" / ") else f"{earlier} / {text}"


def write_redcap(results: RunResults, folder: Path, options: ExportOptions) -> dict[str, int]:
    """Write the dictionary, the log and the list of codes of a run into *folder*; return the rows by file."""
    del options
    trial = results.manifest["trial"]
    criteria = coded_criteria(trial)
    rows: dict[str, int] = {}
    with CsvFile(folder / "data_dictionary.csv", DICTIONARY_COLUMNS) as file:
        file.write(dictionary_rows(trial, criteria))
        rows["data_dictionary.csv"] = file.rows
    with CsvFile(folder / "failure_codes.csv", ("code", "criterion_id", "kind", "cohorts", "reason")) as file:
        file.write([c.code, c.criterion_id, c.kind, " ".join(c.cohorts), guarded(c.reason)] for c in criteria)
        rows["failure_codes.csv"] = file.rows
    log = _Log(results.manifest, criteria)
    with CsvFile(folder / "screening_log.csv", log.header) as file:
        file.write(log.record(patient) for patient in read_patients(results, _COLUMNS))
        rows["screening_log.csv"] = file.rows
    return rows


def guarded(text: str, *, most: int = 0) -> str:
    """
    Return *text* for a cell that a spreadsheet may open: one line, and never the beginning of a formula.

    >>> guarded("=1+1"), guarded("CK 5,430"), guarded(" @home")
    ("'=1+1", 'CK 5,430', "'@home")
    """
    line = words.one_line(text, most=most)
    return f"'{line}" if line.startswith(_FORMULA) else line


def record_id(trial_id: str, patient_id: str) -> str:
    """
    Return the record of a patient: the same in every run, and none of REDCap's forbidden characters.

    REDCap shows it in addresses, where a hospital number has no place. It is a digest, not an anonymisation.
    """
    digest = hashlib.sha256(f"{trial_id}\x1f{patient_id}".encode()).hexdigest()
    return f"CS-{digest[:16]}"


class _Log:
    """The columns of the log, and the record of a patient."""

    def __init__(self, manifest: Mapping[str, Any], criteria: Sequence[CodedCriterion]) -> None:
        self._criteria = criteria
        self._cohorts = cohort_codes(manifest["trial"])
        self._source = (
            f"chartsift {manifest['versions']['chartsift']}",
            manifest["fingerprint"],
        )
        self.header = [
            "record_id", "patient_id", "trial_id", "trial_version", "cohort", "screen_date", "screen_status",
            "fail_primary", *(f"fail_reasons___{c.code}" for c in criteria),
            *(f"open_criteria___{c.code}" for c in criteria), "rank_score", "notes_read", "notes_unread",
            *(name for c in criteria for name in criterion_fields(c)), "software", "run_fingerprint",
        ]  # fmt: skip

    def record(self, patient: PatientTables) -> list[Any]:
        """Return the cells of one patient, in the order of ``header``."""
        cohort = patient.cohort
        rows = {row["criterion_id"]: row for row in patient.applicable_criteria()}
        failed = [c.code for c in self._criteria if _verdict(rows, c) is words.RULES_OUT]
        unknown = [c.code for c in self._criteria if _verdict(rows, c) is words.UNKNOWN]
        is_failure = cohort["status"] == "ineligible"
        return [
            record_id(cohort["trial_id"], patient.patient_id),
            guarded(patient.patient_id),
            guarded(cohort["trial_id"]),
            guarded(cohort["trial_version"]),
            self._cohorts[cohort["cohort_id"]],
            cohort["as_of"],
            _COHORT_STATUS[cohort["status"]],
            failed[0] if is_failure and failed else None,
            *(int(is_failure and c.code in failed) for c in self._criteria),
            *(int(c.code in unknown) for c in self._criteria),
            f"{cohort['score']:.4f}",
            cohort["notes_read"],
            cohort["notes_unread"],
            *(cell for c in self._criteria for cell in _criterion_cells(rows.get(c.criterion_id))),
            *self._source,
        ]


def criterion_fields(criterion: CodedCriterion) -> list[str]:
    """Return the names of the fields of a criterion."""
    return [
        f"{criterion.field}_{part}" for part in ("st", "basis", "until", "quote", "note", "qdate", "next")
    ]


def cohort_codes(trial: Mapping[str, Any]) -> dict[str, str]:
    """Return the choice that stands for each cohort."""
    return {cohort["cohort_id"]: _choice_code(cohort["cohort_id"]) for cohort in trial["cohorts"]}


def _verdict(rows: Mapping[str, Row], criterion: CodedCriterion) -> words.Verdict | None:
    row = rows.get(criterion.criterion_id)
    return words.verdict(row) if row else None


def _criterion_cells(row: Row | None) -> list[Any]:
    if row is None:  # a criterion of another cohort
        return [None] * 7
    quote = _leading(row)
    return [
        _STATUS[row["status"]],
        _BASIS[row["basis"]],
        row["valid_until"],
        guarded(quote["text"], most=MAX_QUOTE) if quote else None,
        guarded(quote["note_id"]) if quote else None,
        quote["note_date"] if quote else None,
        guarded(row["next_step"]) or None,
    ]


def _leading(row: Row) -> Row | None:
    """Return the evidence that decided: the first for or against, by the status; of an unknown the first of either."""
    wanted = {"met": ("for",), "not_met": ("against",), "unknown": ("for", "against")}[row["status"]]
    return next((item for item in row["evidence"] or [] if item["stance"] in wanted), None)


def dictionary_rows(trial: Mapping[str, Any], criteria: Sequence[CodedCriterion]) -> Iterator[list[str]]:
    """Yield the rows of the data dictionary of *trial*."""
    reasons = " | ".join(f"{c.code}, {_choice_label(c.reason)}" for c in sorted(criteria, key=_by_code))
    cohorts = cohort_codes(trial)
    labels = " | ".join(f"{cohorts[c['cohort_id']]}, {_choice_label(c['label'])}" for c in trial["cohorts"])
    field = _field
    yield field("record_id", "Record", note="Made from trial and patient; the same in every run")
    yield field("patient_id", "Patient", header="Screening", identifier=True)
    yield field("trial_id", "Trial")
    yield field("trial_version", "Version of the criteria")
    yield field("cohort", "Cohort", kind="radio", choices=labels)
    yield field("screen_date", "Day of screening", check="date_ymd")
    yield field("screen_status", "Proposal of chartsift", kind="radio", choices=_COHORT_CHOICES)
    yield field(
        "fail_primary", "First reason, in the order of the protocol", kind="dropdown", choices=reasons,
        shown_if=_IS_FAILURE,
    )  # fmt: skip
    yield field(
        "fail_reasons",
        "Reasons for the screen failure",
        kind="checkbox",
        choices=reasons,
        shown_if=_IS_FAILURE,
    )
    yield field("open_criteria", "Criteria still unknown", kind="checkbox", choices=reasons)
    yield field("rank_score", "Nearness to eligible, 0 to 1", check="number")
    yield field("notes_read", "Notes read", check="integer")
    yield field("notes_unread", "Inputs that could not be read", check="integer")
    for criterion in criteria:
        st, basis, until, quote, note, day, after = criterion_fields(criterion)
        title = f"{criterion.label} ({criterion.kind})"
        yield field(st, criterion.summary, header=title, kind="radio", choices=_STATUS_CHOICES)
        yield field(basis, "What the verdict rests on", kind="radio", choices=_BASIS_CHOICES)
        yield field(until, "Holds until", check="date_ymd")
        yield field(quote, "Deciding words", kind="notes", identifier=True)
        yield field(note, "Note they stand in", identifier=True)
        yield field(day, "Date of that note", check="date_ymd", identifier=True)
        yield field(after, "Next step", kind="notes")
    by_hand = "Entered by a person; never imported"
    yield field("reviewed_by", "Reviewed by", header="Review", note=by_hand)
    yield field("review_date", "Day of review", check="date_ymd", note=by_hand)
    yield field(
        "final_status",
        "Decision",
        kind="radio",
        choices="1, Eligible | 2, Screen failure | 3, Pending",
        note=by_hand,
    )
    yield field(
        "final_reason", "Reason decided on", kind="dropdown", choices=reasons, shown_if="[final_status] = '2'"
    )
    yield field("review_comment", "Comment", kind="notes", note=by_hand)
    yield field("software", "Software", header="Provenance")
    yield field("run_fingerprint", "Fingerprint of the run")


def _field(
    name: str,
    label: str,
    *,
    kind: str = "text",
    header: str = "",
    choices: str = "",
    note: str = "",
    check: str = "",
    identifier: bool = False,
    shown_if: str = "",
) -> list[str]:
    cells = {
        "Variable / Field Name": name,
        "Form Name": FORM,
        "Section Header": _label(header),
        "Field Type": kind,
        "Field Label": _label(label),
        "Choices, Calculations, OR Slider Labels": choices,
        "Field Note": _label(note),
        "Text Validation Type OR Show Slider Number": check,
        "Identifier?": "y" if identifier else "",
        "Branching Logic (Show field only if...)": shown_if,
    }
    return [cells.get(column, "") for column in DICTIONARY_COLUMNS]


def _by_code(criterion: CodedCriterion) -> tuple[str, str]:
    return criterion.code.zfill(3), criterion.criterion_id


def _label(text: str) -> str:
    """Return *text* as a label, which REDCap takes for HTML."""
    return guarded(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _choice_label(text: str) -> str:
    return _label(text.replace("|", "/"))


def _choice_code(identifier: str) -> str:
    """Return an identifier as the code of a choice: lower case letters, digits and single underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", identifier.lower()).strip("_")
    return plain if plain == identifier else f"{plain}_{_digest(identifier)}".strip("_")


def _field_of(criterion_id: str) -> str:
    """Return the beginning of the field names of a criterion that the list of reasons does not know."""
    most = MAX_FIELD - len(_LONGEST_ENDING)
    plain = _choice_code(criterion_id)
    if plain[:1].isalpha() and len(plain) <= most:
        return plain
    return f"c_{plain[: most - 7].rstrip('_')}_{_digest(criterion_id)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:4]
