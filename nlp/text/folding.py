"""
Folding of text for look-ups: one code point stays one code point, so that a place found in the folded text is the
place in the note.

``fold`` puts together whatever a regular expression with ``re.IGNORECASE`` puts together, all kinds of white space and
all digits: what a date or a value looks like is then a plain string ("0/00/0000").
"""

from __future__ import annotations

import re
from re import _casefix  # type: ignore[attr-defined]  # the table that re.IGNORECASE itself goes by


def _equal_letters() -> dict[int, int]:
    """Return, of letters that ``re.IGNORECASE`` holds equal beyond their lower case, the one that stands for all."""
    chosen: dict[int, int] = {}
    for letter, others in _casefix._EXTRA_CASES.items():
        members = {letter, *others}
        first = min(chosen.get(member, member) for member in members)
        for member in members:
            chosen[member] = first
    return {letter: first for letter, first in chosen.items() if letter != first}


# The ideographic space is the last white space of Unicode.
_LAST_BLANK = 0x3000
# The last decimal digits of Unicode, segmented ones.
_LAST_DIGIT = 0x1FBF9
_EQUAL = _equal_letters()
_BLANKS = {code: " " for code in range(_LAST_BLANK + 1) if code != 0x20 and chr(code).isspace()}
# Most notes hold no such sign but line ends and no-break spaces, which are replaced one by one.
_COMMON_BLANKS = ("\n", "\r", "\t", "\xa0")
_COMMON_DIGITS = "123456789"
_RARE_SIGNS = frozenset(
    chr(code)
    for code in range(0x80, _LAST_DIGIT + 1)
    if code in _EQUAL or code in _BLANKS or chr(code).isdecimal()
) - frozenset(_COMMON_BLANKS)
_RARE_CONTROLS = re.compile(r"[\x0b\x0c\x1c-\x1f]")
_BEYOND = re.compile(r"[^\x00-\x7f]")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_TABLE: dict[int, int | str] = {**_EQUAL, **_BLANKS}


_ASCII = bytes(32 if chr(code).isspace() else 48 if chr(code).isdigit() else code for code in range(256))
_LETTERS = bytes(code if chr(code).isalpha() else 32 for code in range(256))


def only_words(folded: str) -> str:
    """
    Return *folded* text with a blank for everything but letters, code point by code point, and one at either end.

    Letters beyond Latin-1 become blanks as well.

    >>> only_words("anti-jo-0: µ")
    ' anti jo    µ '
    """
    return " " + folded.encode("latin-1", "replace").translate(_LETTERS).decode("latin-1") + " "


def fold(text: str) -> str:
    """
    Return *text* in lower case with plain blanks, code point by code point.

    >>> fold("Anti-Jo-1:\\tPOS"), len(fold("İ"))
    ('anti-jo-0: pos', 1)
    """
    lower = text.lower()
    if lower.isascii():
        return lower.encode("ascii").translate(_ASCII).decode("ascii")
    if len(lower) != len(text):
        # "İ" has two characters in lower case; a regular expression takes the first for it.
        lower = "".join(character.lower()[0] for character in text)
    for blank in _COMMON_BLANKS:
        lower = lower.replace(blank, " ")
    for digit in _COMMON_DIGITS:
        lower = lower.replace(digit, "0")
    # Few notes hold one of the rare signs, and the signs beyond ASCII are quickly told.
    if not _RARE_SIGNS.isdisjoint(_BEYOND.findall(lower)) or _RARE_CONTROLS.search(lower):
        lower = _OTHER_DIGIT.sub("0", lower.translate(_TABLE))
    return lower
