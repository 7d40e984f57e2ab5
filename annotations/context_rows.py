"""
Sentences with one marked condition each, whose context is known: the rows that ``score --context`` measures on.

The format is that of the ConText test kit of GenConText as one JSON object a line: ``id, report, sentence, concept,
start, negation, temporality, experiencer``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chartsift.nlp.errors import InputError

AXES: Final = ("negated", "historical", "hypothetical", "experiencer")
# The kit's words for the values that differ from the plain case, and for the plain case.
_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "negation": {"Affirmed": "", "Negated": "negated"},
    "temporality": {"Recent": "", "Historical": "historical", "Not particular": "hypothetical"},
    "experiencer": {"Patient": "", "Family member": "experiencer", "Other": "experiencer"},
}


@dataclass(frozen=True, slots=True)
class ContextRow:
    """
    A condition in its sentence.

    Attributes:
        row_id: Identifier in the file.
        report: The report that the sentence is from.
        sentence: The sentence, or several where the report could not be split.
        start: First code point of the condition; -1 where it does not stand in the sentence.
        end: One past its last code point; -1 likewise.
        axes: The axes of ``AXES`` that hold: "experiencer" means that it is not the patient's.
    """

    row_id: str
    report: str
    sentence: str
    start: int
    end: int
    axes: frozenset[str]

    @property
    def is_located(self) -> bool:
        """Whether the condition's words stand in the sentence."""
        return self.start >= 0

    @property
    def marked(self) -> str:
        """The sentence on one line with the condition in brackets."""
        text = self.sentence
        if self.is_located:
            text = f"{text[: self.start]}[{text[self.start : self.end]}]{text[self.end :]}"
        return " ".join(text.split())


def read_context_rows(path: Path) -> list[ContextRow]:
    """
    Return the rows of a file of JSON lines.

    Raises:
        InputError: the file cannot be read (IN166), or a line is no row (IN167); the message names line and field.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            "IN166",
            f"{path}: cannot be read ({type(exc).__name__})",
            hint="give a file of JSON lines in UTF-8",
        ) from exc
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise InputError("IN166", f"{path}: holds no row", hint="give a file of JSON lines in UTF-8")
    seen: set[str] = set()
    for row in rows:
        if row.row_id in seen:
            raise InputError("IN167", f"{path}: two rows have the same id", hint="give each row its own id")
        seen.add(row.row_id)
    return rows


def _row(path: Path, number: int, line: str) -> ContextRow:
    def fault(problem: str) -> InputError:
        return InputError("IN167", f"{path}:{number}: {problem}", hint="see docs/accuracy.md for the fields")

    try:
        data = json.loads(line)
    except ValueError:
        raise fault("not valid JSON") from None
    if not isinstance(data, dict):
        raise fault("not a JSON object")
    for name, kinds in (("id", (str, int)), ("report", (str, int)), ("sentence", str), ("concept", str)):
        if not isinstance(data.get(name), kinds) or isinstance(data[name], bool):
            raise fault(f"{name} is missing or of a wrong type")
    start = data.get("start", -1)
    if not isinstance(start, int) or isinstance(start, bool):
        raise fault("start is no number")
    if not data["concept"].strip():
        raise fault("concept is empty")
    axes = {_axis(data, name, values, fault) for name, values in _VALUES.items()}
    begin, end = _located(data["sentence"], data["concept"], start)
    return ContextRow(
        str(data["id"]), str(data["report"]), data["sentence"], begin, end, frozenset(axes - {""})
    )


def _axis(data: Mapping[str, Any], name: str, values: Mapping[str, str], fault: Any) -> str:
    value = data.get(name)
    if not isinstance(value, str) or value not in values:
        raise fault(f"{name} is none of {', '.join(values)}")
    return values[value]


def _located(sentence: str, concept: str, start: int) -> tuple[int, int]:
    """Return where *concept* stands: at *start* if it does, else its first place in any case and spacing; or -1, -1."""
    loose = re.compile(r"\s*".join(re.escape(word) for word in concept.split()), re.IGNORECASE)
    match = loose.match(sentence, start) if start >= 0 else None
    match = match or loose.search(sentence)
    return match.span() if match is not None else (-1, -1)
