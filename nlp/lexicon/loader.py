"""Read and check the vocabulary files; a broken one is named with the place and the remedy (codes RU20x)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from chartsift.nlp.errors import RuleError
from chartsift.nlp.lexicon.schema import (
    Concept,
    ConceptFile,
    ContextFile,
    CorrectionFile,
    OxygenFile,
    PatternWordFile,
    PatternWords,
    SectionFile,
)

_Model = TypeVar("_Model", bound=BaseModel)
# PyYAML reads a vocabulary ten times faster through libyaml, where that is there.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class SectionRules:
    """``sections.yaml`` turned round: header in lower case to category."""

    category_of: dict[str, str]
    narrow: frozenset[str]
    inline: frozenset[str]
    copied: str
    templated: str
    retracted: str


def parse_yaml(text: str, model: type[_Model], *, name: str) -> _Model:
    """
    Return *text* as a *model*.

    Raises:
        RuleError: The text is no YAML (RU201) or does not fit the model (RU202); the message gives
            ``file: path: problem`` for each fault.
    """
    data = read_yaml(text, name=name)
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        faults = [
            f"{name}: {'.'.join(str(part) for part in error['loc']) or '(top)'}: {error['msg']}"
            for error in exc.errors(include_input=False, include_url=False)
        ]
        raise RuleError(
            "RU202", "; ".join(faults), hint="see docs/lexicon.md and docs/criteria.md for the keys"
        ) from None


def read_yaml(text: str, *, name: str) -> Any:
    """
    Return what *text* holds.

    Raises:
        RuleError: The text is no YAML (RU201); the message is ``file: line n: problem``.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, chosen above
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "somewhere"
        raise RuleError(
            "RU201", f"{name}: {where}: not valid YAML", hint="check indentation and quotes"
        ) from exc


def lexicon_files() -> list[Traversable]:
    """Return the concept files in name order."""
    folder = resources.files("chartsift.nlp.lexicon") / "concepts"
    return sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)


@lru_cache(maxsize=1)
def load_concept_files() -> dict[str, ConceptFile]:
    """Return every concept file by its name."""
    return {
        file.name: parse_yaml(file.read_text(encoding="utf-8"), ConceptFile, name=file.name)
        for file in lexicon_files()
    }


@lru_cache(maxsize=1)
def load_concepts() -> tuple[Concept, ...]:
    """Return all concepts of the lexicon, file by file."""
    return tuple(concept for file in load_concept_files().values() for concept in file.concepts)


@lru_cache(maxsize=1)
def load_pattern_words() -> tuple[PatternWords, ...]:
    """Return what the readers look for that read by pattern, kind by kind."""
    return parse_yaml(_read("pattern_words.yaml"), PatternWordFile, name="pattern_words.yaml").root


@lru_cache(maxsize=1)
def load_context() -> ContextFile:
    """Return the context rules."""
    return parse_yaml(_read("context.yaml"), ContextFile, name="context.yaml")


@lru_cache(maxsize=1)
def load_sections() -> SectionRules:
    """Return the section headers."""
    file = parse_yaml(_read("sections.yaml"), SectionFile, name="sections.yaml")
    category_of: dict[str, str] = {}
    for category, spec in file.categories.items():
        for header in spec.headers:
            if category_of.setdefault(header.lower(), category) != category:
                raise RuleError("RU203", f"sections.yaml: {header!r} stands under two categories")
    return SectionRules(
        category_of=category_of,
        narrow=frozenset(name for name, spec in file.categories.items() if spec.narrow),
        inline=frozenset(name for name, spec in file.categories.items() if spec.inline),
        copied=file.copied.replace("\n", ""),
        templated=file.templated.replace("\n", ""),
        retracted=file.retracted.replace("\n", ""),
    )


@lru_cache(maxsize=1)
def load_corrections() -> CorrectionFile:
    """Return how notes take back or correct what they say."""
    return parse_yaml(_read("corrections.yaml"), CorrectionFile, name="corrections.yaml")


@lru_cache(maxsize=1)
def load_oxygen() -> OxygenFile:
    """Return the words for oxygen that is given for minutes."""
    return parse_yaml(_read("oxygen.yaml"), OxygenFile, name="oxygen.yaml")


@lru_cache(maxsize=1)
def lexicon_fingerprint() -> str:
    """Return the SHA-256 of every vocabulary file, as hexadecimal digits."""
    digest = hashlib.sha256()
    folder = resources.files("chartsift.nlp.lexicon")
    others = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    for file in [*lexicon_files(), *others]:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(name: str) -> str:
    return (resources.files("chartsift.nlp.lexicon") / name).read_text(encoding="utf-8")
