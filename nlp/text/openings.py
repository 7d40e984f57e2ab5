"""
The characters that a match of a regular expression can begin with, worked out from the expression itself.

An alternative of two hundred words is tried word by word at every place of a text. Whoever knows which of them can
begin with the character at hand (``openings``) tries those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import IGNORECASE, _constants, _parser  # type: ignore[attr-defined]  # the parser that re.compile itself uses
from typing import Any

from chartsift.nlp.text.folding import fold

ASCII = tuple(map(chr, range(128)))
_ALL = frozenset(ASCII)
# A longer range of characters is taken for any character.
_LONGEST_RANGE = 1_000
_CATEGORIES = {
    _constants.CATEGORY_DIGIT: frozenset(sign for sign in ASCII if sign.isdigit()),
    _constants.CATEGORY_SPACE: frozenset(sign for sign in ASCII if sign.isspace()),
    _constants.CATEGORY_WORD: frozenset(sign for sign in ASCII if sign.isalnum() or sign == "_"),
}
_NEGATED = {
    _constants.CATEGORY_NOT_DIGIT: _constants.CATEGORY_DIGIT,
    _constants.CATEGORY_NOT_SPACE: _constants.CATEGORY_SPACE,
    _constants.CATEGORY_NOT_WORD: _constants.CATEGORY_WORD,
}


def openings(expression: str) -> frozenset[str]:
    """
    Return the ASCII characters that a match of *expression* can begin with, upper and lower case taken for one.

    None is left out; one too many may be there, and all are where a match can be empty.

    >>> "".join(sorted(openings(r"(?:very )?weak|\\(\\+\\)")))
    '(VWvw'
    >>> openings(r"x?") == set(ASCII)
    True
    """
    found, may_be_empty = _sequence(_parser.parse(expression, IGNORECASE))
    return _ALL if may_be_empty else found


def _sequence(tree: Iterable[tuple[Any, Any]]) -> tuple[frozenset[str], bool]:
    """Return the opening characters of parts one behind the other, and whether they can match nothing."""
    found: frozenset[str] = frozenset()
    for op, argument in tree:
        own, may_be_empty = _node(op, argument)
        found |= own
        if not may_be_empty:
            return found, False
    return found, True


def _node(op: Any, argument: Any) -> tuple[frozenset[str], bool]:
    if op in (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.CATEGORY):
        return _of_one(op, argument), False
    if op is _constants.BRANCH:
        each = [_sequence(item) for item in argument[1]]
        return frozenset().union(*(own for own, _ in each)), any(empty for _, empty in each)
    if op is _constants.SUBPATTERN:
        return _sequence(argument[3])
    if op is _constants.ATOMIC_GROUP:
        return _sequence(argument)
    if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        own, may_be_empty = _sequence(argument[2])
        return own, may_be_empty or argument[0] == 0
    if op in (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT):
        return frozenset(), True
    # Any character, a reference to a group, or whatever a later Python adds.
    return _ALL, op is not _constants.ANY


def _of_one(op: Any, argument: Any) -> frozenset[str]:
    """Return what a part that matches one character can be."""
    if op is _constants.LITERAL:
        sign = chr(argument)
        # "\u017f" and "\u212a" are an "s" and a "k" where case is ignored.
        sign = sign if sign.isascii() else fold(sign)
        return frozenset((sign.lower(), sign.upper())) if sign.isascii() else frozenset()
    if op is _constants.CATEGORY:
        known = _CATEGORIES.get(argument)
        return known if known is not None else _ALL - _CATEGORIES[_NEGATED[argument]]
    if op is _constants.NOT_LITERAL:
        return _ALL
    found: set[str] = set()
    for inner, value in argument:
        if inner is _constants.NEGATE:
            return _negated(argument)
        if inner is _constants.RANGE:
            if value[1] - value[0] > _LONGEST_RANGE:
                return _ALL
            for code in range(value[0], value[1] + 1):
                found |= _of_one(_constants.LITERAL, code)
        else:
            found |= _of_one(inner, value)
    return frozenset(found)


def _negated(members: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Return what a negated set leaves; letters of it stay, for the other case of one may be meant."""
    left = set(ASCII)
    for op, argument in members:
        if op is _constants.CATEGORY:
            left -= _of_one(op, argument)
    return frozenset(left)


def alternatives(expression: str) -> list[str]:
    """
    Return the alternatives that *expression* is made of, in order; "]" within a set is written "\\]" there.

    >>> alternatives(r"was|(?:is|are) on[a|b]|\\|")
    ['was', '(?:is|are) on[a|b]', '\\\\|']
    """
    parts = [""]
    depth, in_set = 0, False
    for sign in re.findall(r"\\.|.", expression, re.DOTALL):
        if sign == "|" and not depth and not in_set:
            parts.append("")
            continue
        parts[-1] += sign
        if in_set:
            in_set = sign != "]"
        elif sign == "[":
            in_set = True
        else:
            depth += (sign == "(") - (sign == ")")
    return parts
