"""
Whether a relative is named close enough for a mention to be the relative's.

A note without full stops is one long "sentence", in which "here with son" would give the son every illness of the lines
below. The list of relatives is the one of all readers of persons; ``context.yaml`` names the cues of its rule itself, and one
test holds them to this list. Part of the ``infections``, ``organs`` and ``persons`` readers.
"""

from __future__ import annotations

import re

# A relative, a partner or another person whom a note names beside the patient; also read by ``persons``.
RELATIVE = (
    r"(?:(?:(?:grand|god|step|half|foster|great|twin)(?:[- ]?grand)?[- ]?)?(?:mother|father|mom|dad|brother|sister|son|daughter|parent"
    r"|child)s?(?:-in-law)?"
    r"|mum|mama|papa|grandma|grandpa|granddaughter|grandson|sibling|sib|sibs|siblings|twin|(?:great-?)?(?:uncle|aunt|auntie)"
    r"|cousin|niece|nephew|wife"
    r"|bro|sis|bio-?(?:dad|mom)|husband|hubby|husb|spouse|partner|girlfriend|boyfriend|fianc[eé]e?|friend|neighbou?r|roommate|co-?worker|colleague|MGM"
    r"|MGF|PGM"
    r"|Vater|Mutter|Bruder|Schwester|Tante|Onkel|Gro(?:ß|ss)(?:mutter|vater)|Cousine?|Ehemann|Ehefrau|Sohn|Tochter"
    r"|PGF|in-law|relative|relatives|family member|teammate|classmate)s?"
)
# With them, whoever else an illness of the lines around may belong to.
_KIN = re.compile(
    rf"\b(?:{RELATIVE}|children|kids?|grand\w+|fianc\w+|famil\w+|FH|FHx|F/H|fam|maternal|paternal|room-?mate|coworker"
    r"|donor|household|someone|baby|caregiver|teacher|boss|contact)\b",
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
