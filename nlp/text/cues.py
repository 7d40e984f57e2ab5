"""
Cues in the few words beside a mention: many expressions, one look.

The words before a diagnosis are asked whether they deny it, doubt it, put it in the past and more, each by an
expression of dozens of alternatives that would be tried at every letter. A ``CueSet`` looks once for the words without
which none of its expressions can match (``literals``), and tries an expression only where one of its own stands. What
is found is what the expressions themselves find.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import inf

import ahocorasick_rs

from chartsift.nlp.text.folding import fold
from chartsift.nlp.text.literals import FURTHEST, Literal, required_literals

_NOWHERE: list[int] = []


class CueSet:
    """
    Expressions by name, to be looked for in the same few words.

    >>> cues = CueSet({"denied": re.compile(r"\\bno (?:sign|evidence)"), "asked": re.compile(r"\\bif\\b|\\?")})
    >>> seen = cues.look("no sign, no evidence")
    >>> seen.search("denied").start(), seen.last("denied").start(), seen.search("asked")
    (0, 9, None)

    Args:
        patterns: The expressions.
        parts: For an expression of very many alternatives, expressions such that each match begins with a match of one.
    """

    def __init__(
        self, patterns: Mapping[str, re.Pattern[str]], parts: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.patterns = dict(patterns)
        # Of these no words are known; they are tried everywhere.
        self.always: set[str] = set()
        numbers: dict[str, int] = {}
        self._opens: list[list[tuple[str, Literal]]] = []
        for name, pattern in self.patterns.items():
            beginnings = [re.compile(part, pattern.flags) for part in (parts or {}).get(name, ())] or [
                pattern
            ]
            literals = _literals(beginnings)
            if literals is None:
                self.always.add(name)
            for literal in literals or ():
                number = numbers.setdefault(literal.text, len(numbers))
                if number == len(self._opens):
                    self._opens.append([])
                self._opens[number].append((name, literal))
        self._names = [{name for name, _ in opened} for opened in self._opens]
        # An automaton wants at least one word.
        self._automaton = ahocorasick_rs.AhoCorasick(list(numbers) or ["\0"])

    def may_match(self, words: str) -> set[str]:
        """Return the names of the expressions that may match somewhere in *words*, in less time than a look takes."""
        names = set(self.always)
        for number, _, _ in self._automaton.find_matches_as_indexes(fold(words), overlapping=True):
            names |= self._names[number]
        return names

    def look(self, words: str) -> Look:
        """Look for all expressions in *words*."""
        places: dict[str, set[int]] = defaultdict(set)
        for number, start, _ in self._automaton.find_matches_as_indexes(fold(words), overlapping=True):
            # Whether a word bound stands where one must, the expression sees for itself.
            for name, literal in self._opens[number]:
                if literal.furthest == 0:
                    places[name].add(start)
                elif literal.furthest > FURTHEST:
                    places[name].update(range(len(words) + 1))
                else:
                    places[name].update(range(max(0, start - literal.furthest), start - literal.nearest + 1))
        return Look(self, words, {name: sorted(found) for name, found in places.items()})


class Letters:
    """
    Letters without which some words hold nothing that is looked for: dozens of them are told by one look.

    >>> Letters(("mother", "aunt")).any("her aunt"), Letters(("mother", "aunt")).any("her uncle")
    (True, False)
    """

    def __init__(self, letters: Sequence[str]) -> None:
        self._automaton = ahocorasick_rs.AhoCorasick(list(letters))

    def any(self, words: str) -> bool:
        """Say whether any of the letters stand in *words*, as they are written there."""
        return bool(self._automaton.find_matches_as_indexes(words))


class Look:
    """Where the expressions of a ``CueSet`` can match in some words."""

    __slots__ = ("_cues", "_places", "words")

    def __init__(self, cues: CueSet, words: str, places: Mapping[str, list[int]]) -> None:
        self._cues = cues
        self._places = places
        self.words = words

    def every(self, name: str) -> Iterator[re.Match[str]]:
        """Yield the matches of an expression from each place where one begins, in order; they may overlap."""
        match, words = self._cues.patterns[name].match, self.words
        for place in self._where(name):
            found = match(words, place)
            if found is not None:
                yield found

    def apart(self, name: str) -> Iterator[re.Match[str]]:
        """Yield the matches that do not overlap, as ``re.Pattern.finditer``; no match of it may be empty."""
        end = 0
        for found in self.every(name):
            if found.start() >= end:
                end = found.end()
                yield found

    def may(self, name: str) -> bool:
        """Say whether an expression has a word here without which it does not match."""
        return bool(self._where(name))

    def search(self, name: str) -> re.Match[str] | None:
        """Return the first match, as ``re.Pattern.search``."""
        return next(self.every(name), None)

    def last(self, name: str) -> re.Match[str] | None:
        """Return the match that begins last."""
        match, words = self._cues.patterns[name].match, self.words
        for place in reversed(self._where(name)):
            found = match(words, place)
            if found is not None:
                return found
        return None

    def _where(self, name: str) -> Sequence[int]:
        if name in self._cues.always:
            return range(len(self.words) + 1)
        return self._places.get(name, _NOWHERE)


def _literals(beginnings: Iterable[re.Pattern[str]]) -> set[Literal] | None:
    """Return words of which each match holds one, whatever it begins with; None where no such words are known."""
    found: set[Literal] = set()
    for beginning in beginnings:
        literals = _literals_of(beginning)
        if literals is None:
            return None
        found |= literals
    return found


@cache
def _literals_of(beginning: re.Pattern[str]) -> frozenset[Literal] | None:
    return required_literals(beginning, most_chance=inf)
