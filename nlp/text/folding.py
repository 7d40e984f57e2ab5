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


class _Signs(dict[int, str]):
    """One code point by itself, folded; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        # "İ" has two characters in lower case; a regular expression takes the first for it.
        lower = sign.lower()[0]
        if sign.isspace():
            folded = " "
        elif lower.isdecimal():
            folded = "0"
        else:
            folded = chr(_EQUAL.get(ord(lower), ord(lower)))
        if len(self) < _MOST_SIGNS:
            self[code] = folded
        return folded


_EQUAL = _equal_letters()
_MOST_SIGNS = 65_536
_SIGNS = _Signs()
# Where more of a text is beyond ASCII, each of its signs is looked up.
_MOST_BEYOND = 0.1
_BEYOND = re.compile(r"[^\x00-\x7f]")
# ASCII in lower case, with blanks for white space and 0 for digits.
_ASCII = bytes(
    32 if chr(code).isspace() else 48 if chr(code).isdigit() else ord(chr(code).lower())
    for code in range(128)
) + bytes(128)
_LETTERS = bytes(code if chr(code).isalpha() else 32 for code in range(256))


def only_words(folded: str) -> str:
    """
    Return *folded* text with a blank for everything but letters, code point by code point, and one at either end.

    Letters beyond Latin-1 become blanks as well.

    >>> only_words("anti-jo-0: µ")
    ' anti jo    µ '
    """
    return " " + folded.encode("latin-1", "replace").translate(_LETTERS).decode("latin-1") + " "


def is_whole_word(word: str) -> bool:
    """Say whether folded *word* is of letters only, which ``only_words`` leaves as they are."""
    return only_words(word).strip() == word


def fold(text: str) -> str:
    """
    Return *text* in lower case with plain blanks, code point by code point.

    >>> fold("Anti-Jo-1:\\tPOS"), len(fold("İ"))
    ('anti-jo-0: pos', 1)
    """
    if text.isascii():
        return text.encode("ascii").translate(_ASCII).decode("ascii")
    if len(text) - len(text.encode("ascii", "ignore")) > len(text) * _MOST_BEYOND:
        return text.translate(_SIGNS)
    # Most notes hold a handful of signs beyond ASCII (typographic quotes, dashes). These are put in one by one, for
    # bytes are translated at once and text beyond Latin-1 is not.
    folded = text.encode("ascii", "replace").translate(_ASCII).decode("ascii")
    parts = []
    at = 0
    for sign in _BEYOND.finditer(text):
        start = sign.start()
        parts.append(folded[at:start])
        parts.append(_SIGNS[ord(text[start])])
        at = start + 1
    parts.append(folded[at:])
    return "".join(parts)
