"""
Whether a relative is named close enough for a mention to be the relative's.

A note without full stops is one long "sentence", in which "here with son" would give the son every illness of the lines
below. Part of the ``infections`` and ``organs`` readers.
"""

from __future__ import annotations

import re

_KIN = re.compile(
    r"\b(?:mother|father|mom|dad|mum|parents?|brothers?|sisters?|siblings?|sibs?|sons?|daughters?|"
    r"child(?:ren)?|kids?|aunts?|"
    r"uncles?|cousins?|niece|nephew|grand\w+|bro|sis|bio-?dad|bio-?mom|husband|husb|hubby|wife|spouse|partner|fianc\w+|girlfriend|boyfriend|"
    r"famil\w+|FH|FHx|F/H|fam|"
    r"maternal|paternal|MG[MF]|PG[MF]|twin|relatives?|room-?mate|neighbou?r|friend|coworker|colleague|"
    r"donor|in-law|household|"
    r"someone|baby|caregiver|classmate|teacher|boss|co-worker|contact)\b",
    re.IGNORECASE,
)
_WRAPPED = 55
_TERMINATED = re.compile(r"[.;:!?]\s*$")


def relative_named(text: str, start: int, end: int) -> bool:
    """Say whether the line of ``text[start:end]``, or the one that runs on into it, names a relative."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    if _KIN.search(text, max(first, start - 300), min(last, end + 80)):
        return True
    if first == 0:
        return False
    above = text[max(text.rfind("\n", 0, first - 1) + 1, first - 300) : first - 1]
    runs_on = len(above.rstrip()) >= _WRAPPED and _TERMINATED.search(above) is None
    return runs_on and _KIN.search(above) is not None
