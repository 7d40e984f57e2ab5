"""
The words without which a regular expression cannot match, worked out from the expression itself.

``required_literals(pattern)`` returns short strings of folded text (see ``folding``) of which every match holds one or
more, and how far from the start of the match it begins. Whoever has looked for those strings in a note knows where the
expression need not be tried. Nothing here is a guess: what cannot be told from the expression is not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from re import _constants, _parser  # type: ignore[attr-defined]  # the parser that re.compile itself uses
from typing import Any

from chartsift.nlp.text.folding import fold

# Limits on what is multiplied out: enough for an alternative of words with their endings.
_MOST_STRINGS = 64
_MOST_SIGNS = 6
_MOST_IN_RANGE = 12
_LONGEST = 24
_MOST_SPLITS = 3
_MOST_REPEATS = 4
# More literals than this cost more to look for than the expression they spare.
_MOST_LITERALS = 400
# A match may be looked for letter by letter as far as this before a literal; beyond it the text is searched.
FURTHEST = 48
# Share of a character in clinical prose, for those that are far from the average letter's or sign's; characters behind
# the first few make a word hardly rarer.
_CHANCE = {
    " ": 0.17,
    "e": 0.12,
    "0": 0.03,
    ".": 0.02,
    ",": 0.02,
    "-": 0.01,
    "z": 0.01,
    "q": 0.01,
    "j": 0.01,
    "x": 0.01,
}
_COUNTED = 6
# What a literal costs when the start of its match cannot be told: the whole text is tried wherever it stands.
_UNBOUNDED = 0.01
# What occurs more often than this is looked for in vain: the expression itself is as quick.
_TOO_COMMON = 0.08
# Longest stretch of a match whose length is still counted.
_ENDLESS = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Literal:
    """
    Folded text of a match.

    Attributes:
        text: The folded text.
        nearest: Least number of code points between the start of the match and the literal.
        furthest: Most of them; ``_ENDLESS`` or more where there is no bound.
        opens: A word boundary stands before it.
        closes: A word boundary stands behind it.
    """

    text: str
    nearest: int
    furthest: int
    opens: bool = False
    closes: bool = False


@dataclass(slots=True)
class _Known:
    """What is known of a part of an expression: all strings that it matches, or literals of which one must occur."""

    exact: frozenset[str] | None
    needed: frozenset[Literal] | None
    least: int
    most: int


_BOUNDARY = "\0"
_NOTHING = frozenset({""})


def required_literals(
    pattern: re.Pattern[str], *, most_chance: float = _TOO_COMMON
) -> frozenset[Literal] | None:
    """
    Return the literals of which every match of *pattern* holds one; None where the expression names none.

    Literals that occur more often than *most_chance* (a share of all places) are not worth looking for.
    """
    if pattern.flags & re.ASCII:
        return None  # its words end elsewhere than those of the folded text
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    known = _Analysis().sequence(tree)
    best = known.needed
    if known.exact is not None:
        best = _choose([best, _as_literals(known.exact, 0, 0)])
    if best is None or len(best) > _MOST_LITERALS or sum(map(_chance, best)) > most_chance:
        return None
    return best


def _as_literals(strings: Iterable[str], nearest: int, furthest: int) -> frozenset[Literal] | None:
    literals = set()
    for marked in strings:
        text = marked.replace(_BOUNDARY, "")
        if not text.strip() and len(text) < 2:
            return None  # a blank is everywhere, two are rare
        literals.add(
            Literal(text, nearest, furthest, marked.startswith(_BOUNDARY), marked.endswith(_BOUNDARY))
        )
    return _without_longer(literals)


def _without_longer(literals: set[Literal]) -> frozenset[Literal] | None:
    """Leave out the literals that begin with another one, which is found wherever they are."""
    known = {(one.text, one.nearest, one.furthest, one.opens) for one in literals if not one.closes}
    return (
        frozenset(
            one
            for one in literals
            if not any(
                (one.text[:length], one.nearest, one.furthest, opens) in known
                for length in range(1, len(one.text) + (1 if one.closes else 0))
                for opens in {False, one.opens}
            )
        )
        or None
    )


def _cost(literals: frozenset[Literal]) -> float:
    """Return roughly how much work literals make: how often they occur by chance, and how far a match then is."""
    return sum(
        _chance(one) * (1 + (one.furthest - one.nearest) / 8) if one.furthest <= FURTHEST else _UNBOUNDED
        for one in literals
    )


def _chance(one: Literal) -> float:
    chance = 1.0
    for character in one.text[:_COUNTED]:
        chance *= _CHANCE.get(character, 0.1 if character.isalpha() else 0.03)
    return chance * (0.3 if one.opens else 1) * (0.3 if one.closes else 1)


def _choose(candidates: Sequence[frozenset[Literal] | None]) -> frozenset[Literal] | None:
    costs = [(_cost(one), number) for number, one in enumerate(candidates) if one is not None]
    return candidates[min(costs)[1]] if costs else None


@dataclass(slots=True)
class _Run:
    """Strings that stand one behind the other in a sequence, and where they begin."""

    strings: frozenset[str]
    least: int
    most: int
    candidates: list[frozenset[Literal] | None] = field(default_factory=list)

    def extend(self, more: frozenset[str]) -> bool:
        """Add *more* behind every string; say whether that stayed small."""
        if len(self.strings) * len(more) > _MOST_STRINGS:
            return False
        joined = frozenset(_joined(a, b) for a in self.strings for b in more)
        if max(map(len, joined)) > _LONGEST:
            return False
        self.strings = joined
        return True

    def close(self) -> None:
        """Keep what the run comes to as a candidate."""
        self.candidates.append(_as_literals(self.strings, self.least, self.most))

    def restart(self, strings: frozenset[str], least: int, most: int) -> None:
        """Begin a new run."""
        self.strings, self.least, self.most = strings, least, most


def _joined(a: str, b: str) -> str:
    # A boundary inside of a string says nothing more than the string.
    if not a.strip(_BOUNDARY) or not b.strip(_BOUNDARY):
        return a + b if not (a.endswith(_BOUNDARY) and b.startswith(_BOUNDARY)) else a + b[1:]
    return a.rstrip(_BOUNDARY) + b.lstrip(_BOUNDARY)


class _Analysis:
    """What is known of the parts of one expression."""

    def __init__(self) -> None:
        self.memo: dict[tuple[str, int], tuple[Any, _Known]] = {}

    def sequence(self, tree: Iterable[tuple[Any, Any]], splits: int = _MOST_SPLITS) -> _Known:
        """Return what is known of parts that stand one behind the other."""
        items = list(tree)
        whole = self.in_order(items)
        if whole.exact is not None or not splits:
            return whole
        for at, (op, argument) in enumerate(items):
            if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and tuple(argument[:2]) == (0, 1):
                if self.sequence(argument[2], 0).exact is not None:
                    continue
                # "(?:early\\s+)?May" begins with "early" or with "May".
                with_it = self.sequence([*items[:at], *argument[2], *items[at + 1 :]], splits - 1)
                without = self.sequence([*items[:at], *items[at + 1 :]], splits - 1)
                either = _branch([with_it, without])
                return _Known(None, _choose([whole.needed, either.needed]), whole.least, whole.most)
        return whole

    def in_order(self, tree: Sequence[tuple[Any, Any]]) -> _Known:
        least = most = 0
        run = _Run(_NOTHING, 0, 0)
        is_exact = True
        for op, argument in tree:
            known = self.node(op, argument)
            if known.exact is not None and run.extend(known.exact):
                pass
            else:
                run.close()
                if known.needed is not None:
                    run.candidates.append(_moved(known.needed, least, most))
                is_exact = False
                repeated = self.repeated(op, argument)
                if repeated is not None and run.extend(repeated):
                    run.close()
                if known.exact is not None:
                    run.restart(known.exact, least, most)
                elif repeated is not None:
                    # The last of the repeats goes with what follows: " cd" of "\\s+cd".
                    shortest = min(len(one.replace(_BOUNDARY, "")) for one in repeated)
                    longest = max(len(one.replace(_BOUNDARY, "")) for one in repeated)
                    run.restart(repeated, least + max(0, known.least - longest), most + known.most - shortest)
                else:
                    run.restart(_NOTHING, least + known.least, most + known.most)
            least += known.least
            most = min(most + known.most, _ENDLESS)
        run.close()
        candidates = run.candidates
        if not is_exact and _begins_a_word(tree):
            candidates = [one and _opened(one) for one in candidates]
        return _Known(run.strings if is_exact else None, _choose(candidates), least, most)

    def repeated(self, op: Any, argument: Any) -> frozenset[str] | None:
        """Return what is repeated at least once ("\\s" of "\\s+"): it goes with what stands before and behind it."""
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            low, _, content = argument
            if low >= 1:
                exact = self.sequence(content).exact
                if exact is not None and all(one.strip(_BOUNDARY) for one in exact):
                    return exact
        return None

    def node(self, op: Any, argument: Any) -> _Known:
        """Return what is known of one part, worked out once."""
        key = (str(op), id(argument))
        if key not in self.memo:
            # The argument is kept, so that its identity stays its own.
            self.memo[key] = (argument, self.node_of(op, argument))
        return self.memo[key][1]

    def node_of(self, op: Any, argument: Any) -> _Known:
        if op is _constants.LITERAL:
            return _Known(frozenset({fold(chr(argument))}), None, 1, 1)
        if op is _constants.IN:
            return _Known(_members(argument), None, 1, 1)
        if op in (_constants.NOT_LITERAL, _constants.ANY):
            return _Known(None, None, 1, 1)
        if op is _constants.BRANCH:
            return _branch([self.sequence(item) for item in argument[1]])
        if op is _constants.SUBPATTERN:
            return self.sequence(argument[3])
        if op is _constants.ATOMIC_GROUP:
            return self.sequence(argument)
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            return self.repeat(*argument)
        if op is _constants.AT:
            is_boundary = argument is _constants.AT_BOUNDARY
            return _Known(frozenset({_BOUNDARY}) if is_boundary else _NOTHING, None, 0, 0)
        if op in (_constants.ASSERT, _constants.ASSERT_NOT):
            return _Known(_NOTHING, None, 0, 0)
        if op is _constants.CATEGORY:
            return _Known(_members([(op, argument)]), None, 1, 1)
        # A reference to a group, or whatever a later Python adds: any text.
        return _Known(None, None, 0, _ENDLESS)

    def repeat(self, low: int, high: Any, content: Any) -> _Known:
        once = self.sequence(content)
        most = min(_ENDLESS, once.most * int(high)) if high is not _constants.MAXREPEAT else _ENDLESS
        least = once.least * low
        if once.exact is not None and low == 0 and high == 1 and len(once.exact) < _MOST_STRINGS:
            return _Known(once.exact | _NOTHING, None, least, most)
        if once.exact is not None and high is not _constants.MAXREPEAT and int(high) <= _MOST_REPEATS:
            several = _multiplied(once.exact, low, int(high))
            if several is not None:
                return _Known(several, None, least, most)
        if low == 0:
            return _Known(None, None, least, most)
        needed = once.needed
        if once.exact is not None:
            needed = _choose([needed, _as_literals(once.exact, 0, 0)])
        return _Known(None, needed, least, most)


_WORD_SIGN = (_constants.CATEGORY, _constants.CATEGORY_WORD)
_OTHERS = (_constants.NEGATE, None)


def _begins_a_word(tree: Sequence[tuple[Any, Any]]) -> bool:
    """Say whether no letter or digit may stand before a match of *tree* that begins with one: "\\b", "(?<![\\w-])"."""
    for op, argument in tree:
        if op is _constants.AT:
            if argument is _constants.AT_BOUNDARY:
                return True
        elif op is _constants.ASSERT_NOT:
            direction, content = argument
            if direction < 0 and len(content) == 1 and content[0][0] is _constants.IN:
                signs = content[0][1]
                if _WORD_SIGN in signs and _OTHERS not in signs:
                    return True
        elif op is not _constants.ASSERT:
            return False
    return False


def _opened(literals: frozenset[Literal]) -> frozenset[Literal]:
    """Return the *literals* of what begins a word; those with which it begins have a word boundary before them."""
    return frozenset(
        replace(one, opens=True) if one.furthest == 0 and one.text[0].isalnum() else one for one in literals
    )


def _moved(literals: frozenset[Literal], least: int, most: int) -> frozenset[Literal]:
    return frozenset(
        Literal(one.text, one.nearest + least, min(one.furthest + most, _ENDLESS), one.opens, one.closes)
        for one in literals
    )


def _branch(items: Sequence[_Known]) -> _Known:
    least, most = min(item.least for item in items), max(item.most for item in items)
    exact: frozenset[str] | None = frozenset()
    for item in items:
        exact = None if exact is None or item.exact is None else exact | item.exact
    if exact is not None and len(exact) > _MOST_STRINGS:
        exact = None
    needed: frozenset[Literal] | None = frozenset()
    for item in items:
        own = item.needed
        if item.exact is not None:
            own = _choose([own, _as_literals(item.exact, 0, 0)])
        needed = None if needed is None or own is None else needed | own
    return _Known(exact, needed, least, most)


def _multiplied(strings: frozenset[str], low: int, high: int) -> frozenset[str] | None:
    """Return *strings* repeated *low* to *high* times; None where that is much."""
    run = _Run(_NOTHING, 0, 0)
    every = _NOTHING if low == 0 else frozenset()
    for count in range(1, high + 1):
        if not run.extend(strings):
            return None
        if count >= low:
            every |= run.strings
    return every if len(every) <= _MOST_STRINGS else None


def _members(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Return the members of a set of characters, folded; None where they are many."""
    found: set[str] = set()
    for op, argument in items:
        if op is _constants.LITERAL:
            found.add(fold(chr(argument)))
        elif op is _constants.RANGE and argument[1] - argument[0] < _MOST_IN_RANGE:
            found.update(fold(chr(code)) for code in range(argument[0], argument[1] + 1))
        elif op is _constants.CATEGORY and argument is _constants.CATEGORY_SPACE:
            found.add(" ")
        elif op is _constants.CATEGORY and argument is _constants.CATEGORY_DIGIT:
            found.add("0")
        else:
            return None
        if len(found) > _MOST_SIGNS:
            return None
    return frozenset(found)
