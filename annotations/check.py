"""
The checker of annotated charts: every rule of GUIDELINES.md that a program can test.

It reads the raw JSON rather than the loaded types, because its job is the files that do not load. A problem
names the place in the file (``gold.findings[3]``) and never repeats note text: real charts hold patients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from typing import Any, Final

from chartsift.annotations.charts import chart_files, occurrences, read_chart_file
from chartsift.annotations.vocabulary import (
    AGE_RANGES,
    ASSERTIONS,
    BASES,
    COHORT_STATUSES,
    CONCEPTS,
    EXCLUSIONS,
    INCLUSIONS,
    JUDGEMENT_CRITERION,
    SEXES,
    STATUSES,
    criteria_of,
    expected_cohort_status,
)

# date.fromisoformat also takes "20240612" and week dates, which other readers of the files would not.
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNDECIDED_BASES: Final = frozenset({"conflicting", "insufficient", "judgement"})
_SILENT_BASES: Final = frozenset({"no_mention", "judgement"})

_CHART_KEYS: Final = frozenset({"patient_id", "as_of", "birth_date", "sex", "notes", "gold"})
_NOTE_KEYS: Final = frozenset({"note_id", "date", "type", "text"})
_GOLD_KEYS: Final = frozenset({"cohort", "cohort_status", "criteria", "findings"})
_CRITERION_KEYS: Final = frozenset({"status", "basis", "evidence", "comment"})
_QUOTE_KEYS: Final = frozenset({"note_id", "quote", "nth", "start", "end"})
_FINDING_KEYS: Final = _QUOTE_KEYS | {"kind", "concept", "assertion"}


def check_charts(paths: Sequence[Path]) -> list[str]:
    """
    Check chart files, or all ``*.json`` of folders.

    Returns:
        One line a problem, ``file: place: what is wrong``, in the order of the files; empty when all is well.

    Raises:
        InputError: a path does not exist or a folder holds no chart (IN160).
    """
    problems: list[str] = []
    first_file: dict[str, Path] = {}
    for path in chart_files(paths):
        try:
            data = json.loads(read_chart_file(path).decode("utf-8"), object_pairs_hook=_unique_keys)
        except _DuplicateKeyError as exc:
            problems.append(f"{path}: key {str(exc)!r} twice in one object")
            continue
        except (
            ValueError,
            RecursionError,
        ):  # not UTF-8, not JSON, or too deep; their text can hold the input
            problems.append(f"{path}: not JSON text in UTF-8")
            continue
        problems.extend(f"{path}: {problem}" for problem in chart_problems(data))
        patient_id = data.get("patient_id") if isinstance(data, dict) else None
        if isinstance(patient_id, str) and first_file.setdefault(patient_id, path) is not path:
            problems.append(f"{path}: patient_id: the same as in {first_file[patient_id]}")
    return problems


def chart_problems(data: object) -> list[str]:
    """Return the problems of one decoded chart, each as ``place: what is wrong``."""
    if not isinstance(data, dict):
        return ["the file holds no JSON object"]
    problems = list(_keys(data, "chart", _CHART_KEYS, required={"patient_id", "as_of", "notes", "gold"}))
    if not isinstance(data.get("patient_id"), str) or not data["patient_id"].strip():
        problems.append("patient_id: not a name")
    if (sex := data.get("sex")) is not None and not (isinstance(sex, str) and sex in SEXES):
        problems.append(f"sex: not one of {_listed(SEXES)}, or null")
    as_of = _date_of(data.get("as_of"))
    if as_of is None:
        problems.append("as_of: not a date YYYY-MM-DD")
    born = _date_of(data.get("birth_date"))
    if data.get("birth_date") is not None and born is None:
        problems.append("birth_date: not a date YYYY-MM-DD or null")
    if as_of and born and born > as_of:
        problems.append("birth_date: after as_of")
        born = None
    texts: dict[str, str] = {}
    problems.extend(_note_problems(data.get("notes"), as_of, texts))
    problems.extend(_gold_problems(data.get("gold"), texts, _age(born, as_of)))
    return problems


def _note_problems(notes: object, as_of: date | None, texts: dict[str, str]) -> Iterator[str]:
    """Yield the problems of the notes and fill *texts* with the text by note id."""
    if not isinstance(notes, list) or not notes:
        yield "notes: not a list with at least one note"
        return
    for index, note in enumerate(notes):
        where = f"notes[{index}]"
        if not isinstance(note, dict):
            yield f"{where}: not an object"
            continue
        yield from _keys(note, where, _NOTE_KEYS, required=_NOTE_KEYS)
        note_id, text = note.get("note_id"), note.get("text")
        if not isinstance(note_id, str) or not note_id:
            yield f"{where}: note_id is not a name"
            continue
        if note_id in texts:
            yield f"{where}: note id {note_id!r} twice"
        texts.setdefault(note_id, "")
        if not isinstance(note.get("type", ""), str):
            yield f"{where}: type is not a string"
        written = _date_of(note.get("date"))
        if written is None:
            yield f"{where}: date is not YYYY-MM-DD"
        elif as_of and written > as_of:
            yield f"{where}: dated after as_of"
        if not isinstance(text, str) or not text.strip():
            yield f"{where}: no text"
            continue
        if any("\ud800" <= char <= "\udfff" for char in text):
            yield f"{where}: text holds half of a surrogate pair; offsets would not survive UTF-8"
        texts[note_id] = text


def _gold_problems(gold: object, texts: Mapping[str, str], age: int | None) -> Iterator[str]:
    if not isinstance(gold, dict):
        yield "gold: not an object"
        return
    yield from _keys(gold, "gold", _GOLD_KEYS, required={"cohort", "cohort_status", "criteria", "findings"})
    cohort = gold.get("cohort")
    if not isinstance(cohort, str) or cohort not in INCLUSIONS:
        yield f"gold.cohort: {cohort!r} is not one of {_listed(INCLUSIONS)}"
    else:
        yield from _cohort_problems(gold, cohort, texts, age)
    yield from _finding_problems(gold.get("findings", []), texts)


def _cohort_problems(
    gold: Mapping[str, Any], cohort: str, texts: Mapping[str, str], age: int | None
) -> Iterator[str]:
    if age is not None and cohort != (expected := _cohort_of(age)):
        yield f"gold.cohort: {cohort!r}, but the age at as_of belongs to {expected!r}"
    criteria = gold.get("criteria")
    if not isinstance(criteria, dict):
        yield "gold.criteria: not an object"
        return
    wanted = criteria_of(cohort)
    missing = [criterion for criterion in wanted if criterion not in criteria]
    unknown = [criterion for criterion in criteria if criterion not in wanted]
    if missing:
        yield f"gold.criteria: missing {', '.join(missing)}"
    if unknown:
        yield f"gold.criteria: unknown for this cohort: {', '.join(unknown)}"
    statuses: dict[str, str] = {}
    for criterion_id, entry in criteria.items():
        where = f"gold.criteria.{criterion_id}"
        if not isinstance(entry, dict):
            yield f"{where}: not an object"
            continue
        yield from _criterion_problems(criterion_id, entry, where, texts, is_born_known=age is not None)
        if isinstance(entry.get("status"), str) and entry["status"] in STATUSES:
            statuses[criterion_id] = entry["status"]
    if age is not None and "age" in statuses:
        low, high = AGE_RANGES[cohort]
        if statuses["age"] != (right := "met" if low <= age <= high else "not_met"):
            yield f"gold.criteria.age: should be {right} by birth_date and as_of"
    status = gold.get("cohort_status")
    if not isinstance(status, str) or status not in COHORT_STATUSES:
        yield f"gold.cohort_status: {status!r} is not one of {_listed(COHORT_STATUSES)}"
    elif set(wanted) <= statuses.keys() and status != (follows := expected_cohort_status(cohort, statuses)):
        yield f"gold.cohort_status: should be {follows}"


def _criterion_problems(
    criterion_id: str, entry: Mapping[str, Any], where: str, texts: Mapping[str, str], *, is_born_known: bool
) -> Iterator[str]:
    yield from _keys(entry, where, _CRITERION_KEYS, required={"status", "basis"})
    status, basis = entry.get("status"), entry.get("basis")
    if not isinstance(status, str) or status not in STATUSES:
        yield f"{where}: status {status!r} is not one of {_listed(STATUSES)}"
        return
    if not isinstance(basis, str) or basis not in BASES:
        yield f"{where}: basis {basis!r} is not one of {_listed(BASES)}"
        return
    if basis in _UNDECIDED_BASES and status != "unknown":
        yield f"{where}: basis {basis} needs status unknown"
    if basis == "documented" and status == "unknown":
        yield f"{where}: an unknown is conflicting, insufficient or no_mention, not documented"
    if (criterion_id == JUDGEMENT_CRITERION) != (basis == "judgement"):
        yield f"{where}: basis judgement belongs to {JUDGEMENT_CRITERION}, and to it alone"
    if basis == "no_mention" and status != (silent := "not_met" if criterion_id in EXCLUSIONS else "unknown"):
        yield f"{where}: no_mention needs status {silent}"
    evidence = entry.get("evidence", [])
    if not isinstance(evidence, list):
        yield f"{where}: evidence is not a list"
        return
    if not evidence and basis not in _SILENT_BASES and not (criterion_id == "age" and is_born_known):
        yield f"{where}: basis {basis} needs a quote as evidence"
    if evidence and basis == "no_mention":
        yield f"{where}: no_mention, but a quote that speaks to it"
    seen: set[tuple[str, int, int]] = set()
    for index, item in enumerate(evidence):
        place = f"{where}.evidence[{index}]"
        if not isinstance(item, dict):
            yield f"{place}: not an object"
            continue
        yield from _keys(item, place, _QUOTE_KEYS, required={"note_id", "quote"})
        found = yield from _located(item, texts, place)
        if found in seen:
            yield f"{place}: the same quote twice"
        elif found:
            seen.add(found)


def _finding_problems(findings: object, texts: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(findings, list):
        yield "gold.findings: not a list"
        return
    seen: set[tuple[str, str, tuple[str, int, int]]] = set()
    for index, item in enumerate(findings):
        where = f"gold.findings[{index}]"
        if not isinstance(item, dict):
            yield f"{where}: not an object"
            continue
        yield from _keys(item, where, _FINDING_KEYS, required=_FINDING_KEYS - {"nth", "start", "end"})
        kind, concept, assertion = item.get("kind"), item.get("concept"), item.get("assertion")
        if not isinstance(kind, str) or kind not in CONCEPTS:
            yield f"{where}: kind {kind!r} is not one of {_listed(CONCEPTS)}"
        elif not isinstance(concept, str) or concept not in CONCEPTS[kind]:
            yield f"{where}: {kind} has no concept {concept!r}"
        if not isinstance(assertion, str) or assertion not in ASSERTIONS:
            yield f"{where}: assertion {assertion!r} is not one of {_listed(ASSERTIONS)}"
        found = yield from _located(item, texts, where)
        if found:
            key = (str(kind), str(concept), found)
            if key in seen:
                yield f"{where}: the same mention twice"
            seen.add(key)


def _located(
    item: Mapping[str, Any], texts: Mapping[str, str], where: str
) -> Generator[str, None, tuple[str, int, int] | None]:
    """Yield the problems of a quote; return its note id, start and end if it could be located."""
    note_id, quote = item.get("note_id"), item.get("quote")
    if not isinstance(note_id, str) or note_id not in texts:
        yield f"{where}: no note {note_id!r}"
        return None
    if not isinstance(quote, str) or not quote.strip():
        yield f"{where}: no quote"
        return None
    text = texts[note_id]
    starts = list(occurrences(text, quote))
    if not starts:
        yield f"{where}: the quote is not in note {note_id!r}, character for character"
        return None
    nth = item.get("nth")
    if nth is None:
        if len(starts) > 1:
            yield f"{where}: the quote occurs {len(starts)} times in note {note_id!r}, give nth"
            return None
        nth = 1
    elif not isinstance(nth, int) or isinstance(nth, bool) or not 1 <= nth <= len(starts):
        yield f"{where}: nth is not a number from 1 to {len(starts)}"
        return None
    start, end = starts[nth - 1], starts[nth - 1] + len(quote)
    # Offsets are optional in a file; annotation tools write them, and then both must say the same.
    for key, right in (("start", start), ("end", end)):
        if key in item and item[key] != right:
            yield f"{where}: {key} should be {right} (note of {len(text)} code points)"
    return note_id, start, end


def _keys(
    item: Mapping[str, Any], where: str, allowed: frozenset[str], *, required: AbstractSet[str]
) -> Iterator[str]:
    for key in sorted(required - item.keys()):
        yield f"{where}: missing {key}"
    for key in sorted(item.keys() - allowed):
        yield f"{where}: unknown key {key!r}"


def _date_of(value: object) -> date | None:
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:  # a day that no calendar has, such as 2024-02-30
        return None


def _age(born: date | None, as_of: date | None) -> int | None:
    """Return completed years on *as_of*; one born on 29 February has the birthday on 1 March."""
    if born is None or as_of is None:
        return None
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def _cohort_of(age: int) -> str:
    """Return the cohort whose criteria are read at *age*: outside 6-75 those of the adults."""
    low, high = AGE_RANGES["juvenile"]
    return "juvenile" if low <= age <= high else "adult"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


class _DuplicateKeyError(Exception):
    """A JSON object names a key twice; its argument is the key."""


def _unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    # The standard decoder silently keeps the last value, so half an annotation would be lost.
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _DuplicateKeyError(key)
        result[key] = value
    return result
