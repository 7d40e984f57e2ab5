"""The words of antibody results (``lexicon/antibody_results.yaml``) as compiled patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib import resources
from itertools import groupby
from typing import Any

import yaml

from chartsift.nlp.text.cues import CueSet
from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.openings import alternatives, openings

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

    ``item`` matches one item of such text; its group names say what it is (see ``antibody_items``). ``close_only`` are
    folded words. ``unit_begins`` holds the letters that a unit can begin with. ``before`` holds what is looked for before
    a name that has no answer of its own: no, unsure and epithet. The others are looked up beside such a name.
    """

    item: Items
    before: CueSet
    close_only: frozenset[str]
    epithet: re.Pattern[str]
    no_before: re.Pattern[str]
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
    unit_begins: frozenset[str]
    unit_of: dict[str, str]
    bands: dict[str, Band]


class Items(dict[str, Callable[[str, int, int], "re.Match[str] | None"]]):
    """
    By the character that stands at a place: the function that matches one item there.

    Of some two hundred alternatives three or four can begin with that character; they are compiled when it is met first.
    """

    def __init__(self, choices: Sequence[_Choice]) -> None:
        super().__init__()
        self._choices = choices

    def __missing__(self, sign: str) -> Callable[[str, int, int], re.Match[str] | None]:
        if not sign.isascii():
            return self._whole  # and the character is not kept: there is no end of them
        possible = [choice.that_open(sign) for choice in self._choices]
        made = re.compile(_expression([one for one in possible if one.parts]), re.IGNORECASE).match
        self[sign] = made
        return made

    @cached_property
    def _whole(self) -> Callable[[str, int, int], re.Match[str] | None]:
        """The function that tries every alternative."""
        return re.compile(_expression(self._choices), re.IGNORECASE).match


@dataclass(frozen=True, slots=True)
class _Choice:
    """Expressions that mean the same, ``group``, between what must stand *before* and *after* any of them."""

    group: str
    parts: tuple[str, ...]
    before: str = ""
    after: str = ""

    def that_open(self, sign: str) -> _Choice:
        """Return the choice that is left at a place where *sign* stands."""
        return replace(self, parts=tuple(part for part in self.parts if sign in _openings(part)))


@cache
def _openings(part: str) -> frozenset[str]:
    return openings(part)


def _expression(choices: Sequence[_Choice]) -> str:
    """Return the expression that matches one of *choices*, the first that fits, under the name of its group."""
    return "|".join(
        f"(?P<{group}>{'|'.join(f'{one.before}(?:{_listed(one.parts)}){one.after}' for one in of_group)})"
        for group, of_group in groupby(choices, key=lambda one: one.group)
    )


def _listed(parts: Sequence[str]) -> str:
    return "|".join(f"(?:{part})" for part in parts)


def _words(group: str, parts: Iterable[str]) -> _Choice:
    """Return the choice of *parts* as whole words."""
    return _Choice(group, _parted(parts), _WORD_LEFT, _WORD_RIGHT)


def _parted(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(single for part in parts for single in alternatives(part))


def _results(data: dict[str, list[str]]) -> Iterator[_Choice]:
    for group, parts in data.items():
        framed = [part for part in parts if part.startswith(("\\(", "\\["))]
        signs = [part for part in parts if part.startswith(("\\+", "±", "-ve"))]
        words = [part for part in parts if part not in framed and part not in signs]
        # Words are framed by word bounds; signs carry their own.
        yield _words(group, sorted(words, key=len, reverse=True))
        if framed:
            yield _Choice(group, _parted(framed))
        if signs:
            yield _Choice(group, _parted(signs), after=r"(?!\w)")


def _choices(data: dict[str, Any]) -> Iterator[_Choice]:
    """Yield what an item can be, in the order in which it is tried."""
    yield _Choice("blank", (r"[ \t\r]*\n[ \t\r]*\n\s*",))
    yield _Choice("line", (r"[ \t\r]*\n[ \t]*(?:[-*•·>][ \t]+(?=\S))?",))
    yield _Choice("leader", _parted([r"\.{2,}[ .]*|…+|(?:\. ){2,}|_{2,}|-{2,}>?|[-=]>|→|⇒"]))
    yield _words("except", [data["except"]])
    yield _words("include", [data["include"]])
    yield from _results(data["results"])
    yield _words("verb", data["verbs"])
    yield _words("filler", data["fillers"])
    yield _Choice("prefix", (r"\+(?=[^\W\d_])",))
    yield _Choice("join", ("/", "&", r"\+(?=\s)"))
    joints = ("and", "or", "plus", "as well as", "und", "nor")
    yield _Choice("join", joints, before=r"(?<![A-Za-z])", after=r"(?![A-Za-z])")
    yield _Choice("gap", (r"\|", r"\t+[ \t]*", r"\s{2,}"))
    yield _Choice("comma", (",",))
    yield _Choice("semi", (";",))
    yield _Choice("colon", ("[:=]",))
    yield _Choice("dash", ("[-–—−]",))
    yield _Choice("open", (r"[(\[{]",))
    yield _Choice("close", (r"[)\]}]",))
    yield _Choice("space", (r"\s",))
    yield _Choice("mark", (r"[.'\"*#~?!%<>≤≥^]+",))
    yield _Choice("number", (r"\d+(?:[.,]\d+)?",))
    yield _Choice("word", (r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", "."))


@lru_cache(maxsize=1)
def result_words() -> ResultWords:
    """Return the patterns of the result vocabulary."""
    source = (resources.files("chartsift.nlp.lexicon") / "antibody_results.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)
    unit_of = {spelled.lower(): unit for unit, spellings in data["units"].items() for spelled in spellings}
    spelled = sorted(unit_of, key=len, reverse=True)
    units = "|".join(re.escape(unit).replace(r"\ ", r"\s?") for unit in spelled)
    compiled = {
        name: re.compile(data[name], re.IGNORECASE)
        for name in (
            "epithet",
            "no_before",
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
        item=Items(tuple(_choices(data))),
        before=CueSet(
            {name: re.compile(data[f"{name}_before"], re.IGNORECASE) for name in ("no", "unsure", "epithet")}
        ),
        close_only=frozenset(map(fold, data["close_only"])),
        strength={
            name: re.compile(rf"(?<![\w+])(?:{pattern})(?![\w+])", re.IGNORECASE)
            for name, pattern in data["strength"].items()
        },
        strong_from=float(data["strong_from"]),
        graded=re.compile(
            "|".join(f"(?P<{name}>{pattern})" for name, pattern in data["graded"].items()), re.IGNORECASE
        ),
        unit=re.compile(rf"\s{{0,8}}(?P<unit>{units})(?![A-Za-z0-9/])", re.IGNORECASE),
        unit_begins=frozenset(first for unit in spelled for first in unit[0] + unit[0].upper()),
        unit_of=unit_of,
        bands={unit: Band(**band) for unit, band in data["bands"].items()},
        **compiled,
    )
