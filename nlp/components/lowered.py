"""
Words in lower case, for patterns that are written in lower case.

Of an alternation without ``re.IGNORECASE`` a branch is given up at its first letter, and the long alternations of
clinical words are tried three times as fast. What is found is then taken from the words as they were written.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.loose import loose


def lowered(words: str) -> str:
    """
    Return *words* in lower case, code point by code point.

    >>> lowered("ILD"), len(lowered("İn"))
    ('ild', 2)
    """
    lower = words.lower()
    # "İ" has two characters in lower case.
    return lower if len(lower) == len(words) else "".join(letter.lower()[0] for letter in words)


def loose_lower(pattern: str) -> re.Pattern[str]:
    """Compile *pattern*, written in lower case and loosely spaced (see ``loose``), for lowered words."""
    return re.compile(loose(pattern))
