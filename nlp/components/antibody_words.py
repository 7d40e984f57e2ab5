"""The words of antibody results (``lexicon/antibody_results.yaml``) as compiled patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

_WORD_LEFT = r"(?<![A-Za-z0-9])"
_WORD_RIGHT = r"(?![A-Za-z0-9])"


@dataclass(frozen=True, slots=True)
class Band:
    """Where a unit's results begin to count: up to ``negative``, up to ``borderline``, weak up to ``weak``."""

    negative: float
    borderline: float
    weak: float


@dataclass(frozen=True, slots=True)
class ResultWords:
    """
    Patterns over the text between and around antibody names.

    ``item`` matches one item of such text; its group names say what it is (see ``antibody_items``). The others are
    looked up beside a name that has no answer of its own.
    """

    item: re.Pattern[str]
    close_only: re.Pattern[str]
    epithet: re.Pattern[str]
    epithet_before: re.Pattern[str]
    no_before: re.Pattern[str]
    unsure_before: re.Pattern[str]
    if_before: re.Pattern[str]
    order_before: re.Pattern[str]
    work_up: re.Pattern[str]
    other_tests: re.Pattern[str]
    to_do: re.Pattern[str]
    sent: re.Pattern[str]
    dental: re.Pattern[str]
    methods: re.Pattern[str]
    conflict: re.Pattern[str]
    line_blot: re.Pattern[str]
    strength: dict[str, re.Pattern[str]]
    strong_from: float
    graded: re.Pattern[str]
    unit: re.Pattern[str]
    unit_of: dict[str, str]
    bands: dict[str, Band]


def _listed(parts: list[str]) -> str:
    return "|".join(f"(?:{part})" for part in parts)


def _word(pattern: str) -> str:
    """Frame words by word bounds; signs carry their own."""
    return rf"{_WORD_LEFT}(?:{pattern}){_WORD_RIGHT}"


def _results(data: dict[str, list[str]]) -> str:
    groups = []
    for name, parts in data.items():
        framed = [part for part in parts if part.startswith(("\\(", "\\["))]
        signs = [part for part in parts if part.startswith(("\\+", "±", "-ve"))]
        words = [part for part in parts if part not in framed and part not in signs]
        listed = _word(_listed(sorted(words, key=len, reverse=True)))
        listed += rf"|{_listed(framed)}" if framed else ""
        listed += rf"|(?:{_listed(signs)})(?!\w)" if signs else ""
        groups.append(f"(?P<{name}>{listed})")
    return "|".join(groups)


@lru_cache(maxsize=1)
def result_words() -> ResultWords:
    """Return the patterns of the result vocabulary."""
    source = (resources.files("chartsift.nlp.lexicon") / "antibody_results.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)
    unit_of = {spelled.lower(): unit for unit, spellings in data["units"].items() for spelled in spellings}
    spelled = sorted(unit_of, key=len, reverse=True)
    units = "|".join(re.escape(unit).replace(r"\ ", r"\s?") for unit in spelled)
    item = "|".join(
        (
            r"(?P<blank>[ \t\r]*\n[ \t\r]*\n\s*)",
            r"(?P<line>[ \t\r]*\n[ \t]*(?:[-*•·>][ \t]+(?=\S))?)",
            r"(?P<leader>\.{2,}[ .]*|…+|(?:\. ){2,}|_{2,}|-{2,}>?|[-=]>|→|⇒)",
            rf"(?P<except>{_word(data['except'])})",
            rf"(?P<include>{_word(data['include'])})",
            _results(data["results"]),
            rf"(?P<verb>{_word(_listed(data['verbs']))})",
            rf"(?P<filler>{_word(_listed(data['fillers']))})",
            r"(?P<prefix>\+(?=[^\W\d_]))",
            r"(?P<join>/|&|\+(?=\s)|(?<![A-Za-z])(?:and|or|plus|as well as|und|nor)(?![A-Za-z]))",
            r"(?P<gap>\||\t+[ \t]*|\s{2,})",
            r"(?P<comma>,)",
            r"(?P<semi>;)",
            r"(?P<colon>[:=])",
            r"(?P<dash>[-–—−])",
            r"(?P<open>[(\[{])",
            r"(?P<close>[)\]}])",
            r"(?P<space>\s)",
            r"(?P<mark>[.'\"*#~?!%<>≤≥^]+)",
            r"(?P<number>\d+(?:[.,]\d+)?)",
            r"(?P<word>[^\W\d_]+(?:[-'’][^\W\d_]+)*|.)",
        )
    )
    compiled = {
        name: re.compile(data[name], re.IGNORECASE)
        for name in (
            "epithet",
            "epithet_before",
            "no_before",
            "unsure_before",
            "if_before",
            "order_before",
            "work_up",
            "other_tests",
            "to_do",
            "sent",
            "dental",
            "methods",
            "conflict",
            "line_blot",
        )
    }
    return ResultWords(
        item=re.compile(item, re.IGNORECASE),
        close_only=re.compile(_listed([re.escape(word) for word in data["close_only"]]), re.IGNORECASE),
        strength={
            name: re.compile(rf"(?<![\w+])(?:{pattern})(?![\w+])", re.IGNORECASE)
            for name, pattern in data["strength"].items()
        },
        strong_from=float(data["strong_from"]),
        graded=re.compile(
            "|".join(f"(?P<{name}>{pattern})" for name, pattern in data["graded"].items()), re.IGNORECASE
        ),
        unit=re.compile(rf"\s{{0,8}}(?P<unit>{units})(?![A-Za-z0-9/])", re.IGNORECASE),
        unit_of=unit_of,
        bands={unit: Band(**band) for unit, band in data["bands"].items()},
        **compiled,
    )
