"""
The subunit of an antigen that a name speaks of: "Mi-2 beta", "TIF1-γ", "PM-Scl 75", "Ku p80", "SRP54", "SAE2".

Laboratories measure the chains of one antigen on bands of their own. A patient makes antibodies to one of them and
not to the other, so that a negative alpha beside a positive beta is no contradiction.

Part of the ``antibodies`` reader.
"""

from __future__ import annotations

import re

_GREEK = {"alpha": "alpha", "α": "alpha", "a": "alpha", "beta": "beta", "β": "beta", "ß": "beta", "b": "beta"}
_GREEK_3 = _GREEK | {"gamma": "gamma", "γ": "gamma", "g": "gamma", "y": "gamma"}
# The chains of each antigen by how they are written; gene and weight names of TIF1 stand for one chain as well.
_CHAINS = {
    "Mi-2": _GREEK | {"chd3": "alpha", "chd4": "beta"},
    "TIF1": _GREEK_3 | {"p155": "gamma", "trim24": "alpha", "trim28": "beta", "trim33": "gamma"},
    "PM-Scl": {"75": "75", "100": "100"},
    "Ku": {"p70": "70", "p80": "80", "70": "70", "80": "80", "xrcc6": "70", "xrcc5": "80"},
    "SRP": {"54": "54", "68": "68", "72": "72"},
    "SAE": {"1": "1", "2": "2"},
}
_ANTIGEN = re.compile(r"(?:anti\W?\s?)?(?:mi\W?\s?2|tif\W?\s?1|pm\W?\s?scl|ku|srp|sae)", re.IGNORECASE)
# What may stand between the name of the antigen and its chain, where the vocabulary ends before the chain.
_TAIL = r"\s?[(\[]?\s?"
# A lone number or letter behind a blank is a result or a word: "Ku 80", "Mi-2 a band".
_ALONE = re.compile(r"\d+|[a-z]", re.IGNORECASE)


def _patterns() -> dict[str, re.Pattern[str]]:
    made = {}
    for concept, chains in _CHAINS.items():
        # A chain is no part of a longer number or word: "54" in "154", "a" in "antibody".
        listed = "|".join(
            (r"(?<!\d)" if chain[0].isdigit() else r"(?<![^\W\d_])") + re.escape(chain)
            for chain in sorted(chains, key=len, reverse=True)
        )
        made[concept] = re.compile(rf"(?:{listed})(?![^\W_])", re.IGNORECASE)
    return made


_PATTERNS = _patterns()
# By antigen, and whether a chain has been read already.
_TAILS = {
    (concept, is_further): re.compile(
        rf"{'[/&+]' if is_further else ''}{_TAIL}(?P<chain>{pattern.pattern})", re.IGNORECASE
    )
    for concept, pattern in _PATTERNS.items()
    for is_further in (False, True)
}


def subunit_of(text: str, start: int, end: int, concept: str) -> str:
    """
    Return the chain of *concept* that the name ``text[start:end]`` speaks of; "" for the antigen as a whole.

    >>> subunit_of("Mi-2 beta 54", 0, 9, "Mi-2"), subunit_of("Mi-2 alpha/beta", 0, 15, "Mi-2")
    ('beta', '')
    >>> subunit_of("Ku p80 pos", 0, 2, "Ku"), subunit_of("Ku 80 units", 0, 2, "Ku")
    ('80', '')
    """
    pattern = _PATTERNS.get(concept)
    if pattern is None:
        return ""
    chains = _CHAINS[concept]
    head = _ANTIGEN.match(text, start, end)
    at = head.end() if head else start
    found = {chains[match.group().lower()] for match in pattern.finditer(text, at, end)}
    # "Mi-2 a" + "/b": a further chain behind a stroke; without a chain so far the first one may stand behind the name.
    while tail := _TAILS[concept, bool(found)].match(text, end):
        if not found and _ALONE.fullmatch(tail["chain"]) and text[end].isspace():
            break
        found.add(chains[tail["chain"].lower()])
        end = tail.end()
    return found.pop() if len(found) == 1 else ""
