"""
The prefilter: one pass over a note finds every word that any reader looks for; where none stands nothing is read.

``gate(expression)`` stands where ``re.compile`` would and finds the same matches, but for one that only the end of the
searched part cuts short within a word. It knows, from the expression itself (``literals``), the words of which each of
its matches holds one. While a note is *open* (``opened``), one Aho-Corasick automaton has looked for the words of all
gates at once, and a gate tries its expression only where a match can begin. Of any other text, and without an open
note, it is the plain expression.
"""

from __future__ import annotations

import re
import sys
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf

import ahocorasick_rs

from chartsift.nlp.text.folding import fold, is_whole_word, only_words
from chartsift.nlp.text.literals import FURTHEST, Literal, required_literals

# From this share of a text on it is searched in one go rather than place by place.
_MOST_PLACES = 0.25
# No needle is longer: so much of the text is looked at where one may begin.
_LONGEST = 24


# An automaton wants at least one word.
_NO_WORD = "\0"
# Marks what is looked for at the beginning of words only.
_BEGINS = "\1"
# Where nothing of a gate stands.
_NOWHERE: list[int] = []


class _Here(threading.local):
    """The note that is open in this thread."""

    scan: Scan | None = None


_here = _Here()
_gates: list[Gate] = []
_lock = threading.Lock()


class Gate:
    """A compiled expression that is tried only where its words stand; its methods are those of ``re.Pattern``."""

    __slots__ = ("_literals", "number", "plain", "starts")

    def __init__(self, plain: re.Pattern[str], starts: re.Pattern[str] | None = None) -> None:
        self.plain = plain
        self.starts = starts
        self._literals: frozenset[Literal] | str | None = "unknown"
        with _lock:
            self.number = len(_gates)
            _gates.append(self)

    @property
    def pattern(self) -> str:
        """The expression."""
        return self.plain.pattern

    @property
    def flags(self) -> int:
        """The flags of the expression."""
        return self.plain.flags

    @property
    def literals(self) -> frozenset[Literal] | None:
        """
        The words of which each match holds one; None where the expression names none and is always tried.

        Those of ``starts`` where that is given, however common.
        """
        if isinstance(self._literals, str):
            self._literals = (
                required_literals(self.plain)
                if self.starts is None
                else _near(required_literals(self.starts, most_chance=inf))
            )
        return self._literals

    def search(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """Return the first match, as ``re.Pattern.search``."""
        scan = _here.scan
        if scan is None or scan.text is not text:
            return self.plain.search(text, pos, endpos)
        places = scan.places(self.number)
        if places is None:
            if scan.is_without(self.number, pos, endpos):
                return None
            return self.plain.search(text, pos, endpos)
        match = self.plain.match
        for i in range(bisect_left(places, pos), len(places)):
            if places[i] >= endpos:
                return None
            found = match(text, places[i], endpos)
            if found is not None:
                return found
        return None

    def finditer(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """Yield the matches, as ``re.Pattern.finditer``."""
        scan = _here.scan
        if scan is None or scan.text is not text:
            return self.plain.finditer(text, pos, endpos)
        places = scan.places(self.number)
        if places is None:
            if scan.is_without(self.number, pos, endpos):
                return iter(())
            return self.plain.finditer(text, pos, endpos)
        first = bisect_left(places, pos)
        if first == len(places) or places[first] >= endpos:
            return iter(())
        return self._at(places, first, text, endpos)

    def _at(self, places: list[int], first: int, text: str, endpos: int) -> Iterator[re.Match[str]]:
        match = self.plain.match
        after = 0
        for i in range(first, len(places)):
            place = places[i]
            if place >= endpos:
                return
            if place >= after:
                found = match(text, place, endpos)
                if found is not None:
                    yield found
                    after = found.end()

    def match(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """Return the match at *pos*, as ``re.Pattern.match``."""
        if self._is_out(text, pos):
            return None
        return self.plain.match(text, pos, endpos)

    def fullmatch(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> re.Match[str] | None:
        """Return the match of all of the text, as ``re.Pattern.fullmatch``."""
        if self._is_out(text, pos):
            return None
        return self.plain.fullmatch(text, pos, endpos)

    def may_begin(self, text: str, pos: int = 0, endpos: int = sys.maxsize) -> bool:
        """Say whether a match may begin in ``text[pos:endpos]``: True wherever that is not known at once."""
        scan = _here.scan
        if scan is None or scan.text is not text:
            return True
        places = scan.places(self.number)
        if places is None:
            return True
        i = bisect_left(places, pos)
        return i < len(places) and places[i] < endpos

    def stands(self, text: str) -> bool:
        """Say whether one of its words stands anywhere in *text*: True wherever that is not known at once."""
        scan = _here.scan
        return scan is None or scan.text is not text or scan.stands(self.number)

    def _is_out(self, text: str, pos: int) -> bool:
        scan = _here.scan
        if scan is None or scan.text is not text:
            return False
        places = scan.places(self.number)
        if places is None:
            return False
        i = bisect_left(places, pos)
        return i == len(places) or places[i] != pos


def gate(expression: str, flags: int | re.RegexFlag = 0, *, starts: str | None = None) -> Gate:
    """
    Return *expression* compiled, to be tried only where it can match.

    Args:
        expression: The regular expression.
        flags: Its flags.
        starts: For one whose words cannot be told: an expression that matches the folded text wherever a match of
            *expression* begins, looked for once a note; with a group ``before``, whatever ends there.
    """
    return Gate(re.compile(expression, flags), re.compile(starts) if starts is not None else None)


class Needles:
    """
    Lower-case letters that are looked for as they are, in text of any case.

    >>> needles("cyc", "flu").any("IV CYC monthly"), needles("cyc").places("no CYC, no cyc")
    (True, [3, 11])
    """

    __slots__ = ("_gate", "_needles")

    def __init__(self, words: tuple[str, ...]) -> None:
        if any(len(word) > _LONGEST for word in words):
            raise ValueError(f"a needle has more than {_LONGEST} characters")
        self._needles = words
        self._gate = gate("|".join(map(re.escape, words)), re.IGNORECASE)

    def stands(self, text: str) -> bool:
        """Say whether one of them stands in *text*, or letters that only look like one in the open note."""
        scan = _here.scan
        if scan is None or scan.text is not text:
            return self.any(text)
        return scan.stands(self._gate.number)

    def any(self, text: str) -> bool:
        """Say whether one of them stands in *text*."""
        scan = _here.scan
        if scan is not None and scan.text is text:
            places = scan.places(self._gate.number)
            if places is not None:
                return any(
                    text[place : place + _LONGEST].lower().startswith(self._needles) for place in places
                )
        lower = text.lower()
        return any(needle in lower for needle in self._needles)

    def places(self, text: str) -> list[int]:
        """Return where one of them begins in *text*, in order; *text* has as many code points in lower case."""
        scan = _here.scan
        if scan is not None and scan.text is text:
            places = scan.places(self._gate.number)
            if places is not None:
                return [
                    place
                    for place in places
                    if text[place : place + _LONGEST].lower().startswith(self._needles)
                ]
        lower = text.lower()
        found: set[int] = set()
        for needle in self._needles:
            at = lower.find(needle)
            while at >= 0:
                found.add(at)
                at = lower.find(needle, at + 1)
        return sorted(found)


def needles(*words: str) -> Needles:
    """Return *words* to look for."""
    return Needles(words)


class Prefilter:
    """
    The automaton over the words of all gates that there are when it is made.

    Args:
        words: Further words to look for, folded; ``Scan.found`` tells where they stand.
        with_gates: Without them only the words are looked for.
    """

    def __init__(self, words: Iterable[str] = (), *, with_gates: bool = True) -> None:
        with _lock:
            gates = list(_gates) if with_gates else []
        self.size = len(gates)
        numbers: dict[str, int] = {}
        # For each word, the gates that it may open and how far before it their matches begin.
        self.opens: list[list[tuple[int, Literal]]] = []
        self.always: frozenset[int] = frozenset(one.number for one in gates if one.literals is None)
        self.starts = {one.number: one.starts for one in gates if one.starts is not None}
        for one in gates:
            for literal in one.literals or ():
                number = numbers.setdefault(_looked_for(literal), len(numbers))
                if number == len(self.opens):
                    self.opens.append([])
                self.opens[number].append((one.number, literal))
        # Words that are looked for beside those of the gates: most of them as whole words of letters, which are far
        # fewer than their letters within other words, and the rest wherever they stand.
        self.wanted: dict[int, str] = {}
        self.whole: list[str] = []
        for word in words:
            if is_whole_word(word):
                self.whole.append(word)
                continue
            number = numbers.setdefault(word, len(numbers))
            if number == len(self.opens):
                self.opens.append([])
            self.wanted[number] = word
        # Of the words of the gates, those that begin a word of letters are looked for among the whole words.
        beginning = {word: number for word, number in numbers.items() if word.startswith(_BEGINS)}
        self._beginning = list(beginning.values())
        self._whole_automaton = ahocorasick_rs.AhoCorasick(
            [*(f" {word} " for word in self.whole), *(f" {word[1:]}" for word in beginning)] or [_NO_WORD]
        )
        self._anywhere = [number for word, number in numbers.items() if word not in beginning]
        self.words = [word.removeprefix(_BEGINS) for word in numbers]
        self.bits = [sum(1 << gate_number for gate_number in {n for n, _ in opened}) for opened in self.opens]
        self.always_bits = sum(1 << number for number in self.always)
        self.literals_of: list[dict[int, list[Literal]]] = [{} for _ in gates]
        for number, opened in enumerate(self.opens):
            for gate_number, literal in opened:
                self.literals_of[gate_number].setdefault(number, []).append(literal)
        self._automaton = ahocorasick_rs.AhoCorasick(
            [self.words[number] for number in self._anywhere] or [_NO_WORD],
            implementation=ahocorasick_rs.Implementation.DFA,
        )

    def scan(self, text: str) -> Scan:
        """Look for every word in *text*."""
        folded = fold(text)
        anywhere = self._anywhere
        hits = {anywhere[at]: starts for at, starts in _places(self._automaton, folded)} if anywhere else {}
        found = {self.wanted[number]: hits[number] for number in self.wanted.keys() & hits.keys()}
        whole, beginning = self.whole, self._beginning
        if whole or beginning:
            count = len(whole)
            # The blank before the word stands for the one that was put before the text.
            for at, starts in _places(self._whole_automaton, only_words(folded)):
                if at < count:
                    found[whole[at]] = starts
                else:
                    hits[beginning[at - count]] = starts
        return Scan(self, text, folded, hits, found)


class Scan:
    """Where the words of the prefilter stand in one note."""

    __slots__ = ("_far", "_hits", "_opened", "_places", "folded", "found", "prefilter", "text")

    def __init__(
        self,
        prefilter: Prefilter,
        text: str,
        folded: str,
        hits: dict[int, list[int]],
        found: dict[str, list[int]],
    ) -> None:
        self.prefilter = prefilter
        self.text = text
        self.folded = folded
        self._hits = hits
        self.found = found
        # One bit a gate: most gates stay closed, which is then told at once.
        opened = prefilter.always_bits
        for number in hits:
            opened |= prefilter.bits[number]
        self._opened = opened
        self._places: dict[int, list[int] | None] = {}
        self._far: dict[int, list[int]] = {}

    def places(self, number: int) -> list[int] | None:
        """Return where matches of a gate can begin, sorted; None where it must be tried everywhere."""
        if not self._opened >> number & 1:
            return _NOWHERE if number < self.prefilter.size else None
        try:
            return self._places[number]
        except KeyError:
            places = self._places[number] = self._find(number)
            return places

    def stands(self, number: int) -> bool:
        """Say whether a word of a gate stands in the note; cheaper than ``places``, for it looks at no place."""
        return bool(self._opened >> number & 1) or number >= self.prefilter.size

    def is_without(self, number: int, pos: int, endpos: int) -> bool:
        """Say whether no word of a gate stands in ``text[pos:endpos]``, and so no match of it."""
        if number in self.prefilter.always or number >= self.prefilter.size:
            return False
        try:
            words = self._far[number]
        except KeyError:
            hits = self._hits
            literals = self.prefilter.literals_of[number]
            words = self._far[number] = sorted(
                {start for word in literals.keys() & hits.keys() for start in hits[word]}
            )
        i = bisect_left(words, pos)
        return i == len(words) or words[i] >= endpos

    def _find(self, number: int) -> list[int] | None:
        starts = self.prefilter.starts.get(number)
        folded = self.folded
        if number in self.prefilter.always:
            return None if starts is None else _ends_or_starts(starts, starts.finditer(folded))
        hits = self._hits
        found: set[int] = set()
        limit = max(64, int(len(self.text) * _MOST_PLACES))
        literals = self.prefilter.literals_of[number]
        for word in literals.keys() & hits.keys():
            for literal in literals[word]:
                at = hits[word]
                # What ``starts`` says of boundaries it sees for itself.
                if starts is None and (literal.opens or literal.closes):
                    at = _bounded(literal, at, folded)
                    if not at:
                        continue
                nearest, furthest = literal.nearest, literal.furthest
                if furthest > FURTHEST:
                    return None
                if furthest == 0:
                    found.update(at)
                else:
                    for start in at:
                        found.update(range(start - furthest, start - nearest + 1))
            if len(found) > limit and starts is None:
                return None
        if starts is not None:
            tried = (starts.match(folded, place) for place in found if place >= 0)
            return _ends_or_starts(starts, filter(None, tried))
        places = sorted(found)
        return places[bisect_left(places, 0) :]


def _places(automaton: ahocorasick_rs.AhoCorasick, text: str) -> Iterable[tuple[int, list[int]]]:
    """Return the words of *automaton* that stand in *text*, by number, and where each begins, in order."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for number, start, _ in automaton.find_matches_as_indexes(text, overlapping=True):
        places[number].append(start)
    return places.items()


def _looked_for(literal: Literal) -> str:
    """Return what an automaton looks for: of a literal of letters and blanks that begins a word, marked, the word."""
    text = literal.text
    if literal.opens and only_words(text) == f" {text} ":
        return f"{_BEGINS}{text}{' ' if literal.closes else ''}"
    return text


def _near(literals: frozenset[Literal] | None) -> frozenset[Literal] | None:
    """Return *literals*, or None where one of them may stand anywhere in a match."""
    if literals is None or any(one.furthest > FURTHEST for one in literals):
        return None
    return literals


def _ends_or_starts(starts: re.Pattern[str], found: Iterable[re.Match[str]]) -> list[int]:
    """Return where matches begin that *found* matches of *starts* announce."""
    if "before" in starts.groupindex:
        return sorted({match.end() for match in found})
    return sorted([match.start() for match in found])


def _bounded(literal: Literal, at: list[int], folded: str) -> list[int]:
    """Return those of *at* where *literal* stands between boundaries as it wants them ("\\b" of an expression)."""
    kept = []
    text = literal.text
    is_first, is_last, length = _is_of_word(text[0]), _is_of_word(text[-1]), len(text)
    for start in at:
        if literal.opens and is_first == _is_of_word(folded[start - 1 : start]):
            continue
        end = start + length
        if literal.closes and is_last == _is_of_word(folded[end : end + 1]):
            continue
        kept.append(start)
    return kept


def _is_of_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


class opened:  # noqa: N801 - used like a function, and in a fifth of the time of a generator: once for every note
    """Hold the note *text* open: gates that are asked about this very text are tried only where they can match."""

    __slots__ = ("_before", "_scan")

    def __init__(self, prefilter: Prefilter, text: str) -> None:
        self._scan = prefilter.scan(text)

    def __enter__(self) -> Scan:
        self._before = _here.scan
        _here.scan = self._scan
        return self._scan

    def __exit__(self, *_: object) -> None:
        _here.scan = self._before
