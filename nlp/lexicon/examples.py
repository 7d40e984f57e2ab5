"""
The example sentences of the vocabulary files: their marks, and whether they are read as they are marked.

``[words]{concept assertion}`` marks a finding; all other words of an example hold none of the file's kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.schema import ConceptFile
from chartsift.nlp.types import Finding, Note

# The day on which the examples are read; only those that speak of days depend on it.
EXAMPLE_DAY = date(2024, 6, 1)

_MARK = re.compile(r"\[(?P<words>[^\[\]]+)\]\{(?P<concept>\S+) (?P<assertion>[a-z]+)\}")

Mention = tuple[int, int, str, str]


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A plain text and the mentions that its marks name: (start, end, concept, assertion)."""

    text: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Misread:
    """
    An example that is read otherwise than it is marked.

    Attributes:
        file: The vocabulary file.
        path: Where in it: ``examples.<number>``, counted from 0 as in other messages on YAML files.
        text: The sentence without its marks.
        missing: Marked and not read, as ``[words]{concept assertion}``.
        surplus: Read and not marked, in the same form.
    """

    file: str
    path: str
    text: str
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    def __str__(self) -> str:
        """Return ``file: path: problem``."""
        problems = [f"not read: {', '.join(self.missing)}"] if self.missing else []
        problems += [f"read but not marked: {', '.join(self.surplus)}"] if self.surplus else []
        return f"{self.file}: {self.path}: {'; '.join(problems)}, in “{self.text}”"


def parse_marked(marked: str) -> MarkedText:
    """
    Return the text without marks, and the mentions with offsets into it.

    >>> parse_marked("Anti-[EJ]{EJ absent}: neg")
    MarkedText(text='Anti-EJ: neg', mentions=((5, 7, 'EJ', 'absent'),))

    Raises:
        ValueError: something looks like a mark and is none.
    """
    parts: list[str] = []
    mentions: list[Mention] = []
    at = length = 0
    for match in _MARK.finditer(marked):
        before = marked[at : match.start()]
        parts.append(before)
        length += len(before)
        words = match.group("words")
        mentions.append((length, length + len(words), match.group("concept"), match.group("assertion")))
        parts.append(words)
        length += len(words)
        at = match.end()
    parts.append(marked[at:])
    text = "".join(parts)
    if "]{" in text:
        raise ValueError("a mark that is not written [words]{concept assertion}")
    return MarkedText(text, tuple(mentions))


def misread_examples(
    files: Mapping[str, ConceptFile], extract: Callable[[Note], Sequence[Finding]]
) -> list[Misread]:
    """
    Return the examples of *files* that *extract* reads otherwise than they are marked.

    Raises:
        RuleError: an example has a mark that cannot be understood (RU204).
    """
    found = (
        _misread(name, number, example, {concept.kind for concept in file.concepts}, extract)
        for name, file in files.items()
        for number, example in enumerate(file.examples)
    )
    return [misread for misread in found if misread is not None]


def _misread(
    file: str, number: int, example: str, kinds: set[str], extract: Callable[[Note], Sequence[Finding]]
) -> Misread | None:
    path = f"examples.{number}"
    try:
        marked = parse_marked(example)
    except ValueError as exc:
        raise RuleError("RU204", f"{file}: {path}: {exc}", hint="see docs/lexicon.md") from exc
    findings = extract(Note("example", path, EXAMPLE_DAY, "", marked.text))
    read = sorted((f.start, f.end, f.concept, f.assertion) for f in findings if f.kind in kinds)
    expected = sorted(marked.mentions)
    if read == expected:
        return None
    return Misread(
        file,
        path,
        marked.text,
        tuple(_mark(marked.text, mention) for mention in expected if mention not in read),
        tuple(_mark(marked.text, mention) for mention in read if mention not in expected),
    )


def _mark(text: str, mention: Mention) -> str:
    start, end, concept, assertion = mention
    return f"[{text[start:end]}]{{{concept} {assertion}}}"
