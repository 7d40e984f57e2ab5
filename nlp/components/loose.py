"""
Patterns that meet words however they are spaced: wrapped at the end of a line, or far apart as text recognition and
fixed columns leave them.
"""

from __future__ import annotations

import re

from chartsift.nlp.text.prefilter import Gate, gate

_QUANTIFIERS = "?*+{"


def loose(pattern: str) -> str:
    r"""
    Return *pattern* with every blank, outside of brackets and look-behinds, standing for any white space.

    >>> bool(re.search(loose("without event|[ -]x"), "given  without\n  event"))
    True
    """
    parts: list[str] = []
    in_class = False
    behind: list[bool] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            parts.append(pattern[at : at + 2])
            at += 2
            continue
        if in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
            # A bracket right after the opening one stands for itself.
            step = 2 if pattern[at + 1 : at + 2] == "^" else 1
            if pattern[at + step : at + step + 1] == "]":
                parts.append(pattern[at : at + step + 1])
                at += step + 1
                continue
        elif sign == "(":
            behind.append(pattern.startswith(("(?<=", "(?<!"), at))
        elif sign == ")" and behind:
            behind.pop()
        elif sign == " " and not any(behind):
            sign = r"(?:\s+)" if pattern[at + 1 : at + 2] in tuple(_QUANTIFIERS) else r"\s+"
        parts.append(sign)
        at += 1
    return "".join(parts)


def loosely(pattern: str) -> re.Pattern[str]:
    """Compile *pattern*, loosely spaced and in any case."""
    return re.compile(loose(pattern), re.IGNORECASE)


def loose_gate(pattern: str) -> Gate:
    """Return *pattern*, loosely spaced and in any case, for a look through whole notes."""
    return gate(loose(pattern), re.IGNORECASE)
