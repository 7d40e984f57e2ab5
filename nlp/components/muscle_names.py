"""
The muscles that are graded, by group, in full and in the short forms of an examination.

Part of the ``muscle`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.text.prefilter import gate

# Which muscles belong to which group; the trial counts proximal, axial and bulbar groups. Distal weakness alone points
# to inclusion body myositis or a nerve, "limb" is an arm or a leg with nothing closer said.
_MUSCLES: tuple[tuple[str, str], ...] = (
    (
        "axial",
        (
            r"neck (?:flexors?|flexion|flex|extensors?|extension|ext|strength|muscles)|neck|nflex"
            r"|n\.? ?flex(?:ion|ors?)?|trunk(?: flexion| flexors)?"
            r"|abdominals?|rectus abdominis|head lift|sternocleidomastoids?|SCM"
        ),
    ),
    (
        "bulbar",
        (
            r"facial muscles|face|orbicularis(?: oculi| oris)?|tongue|palat(?:e|al)|jaw (?:opening|closure)"
            r"|eye closure|bulbar(?: muscles)?"
        ),
    ),
    (
        "proximal",
        (
            r"deltoids?|delts?|biceps?|bic|triceps?|shoulder (?:abduct(?:ion|ors?)|abd|flex(?:ion|ors?)?"
            r"|ext(?:ension|ensors?)?|girdle|muscles)|shoulders?"
            r"|arm (?:abduct(?:ion|ors?)|elevation|flexors?)|elbow (?:flex(?:ion|ors?)?|ext(?:ension|ensors?)?)"
            r"|hip (?:flex(?:ion|ors?)?|ext(?:ension|ensors?)?|abd(?:uct(?:ion|ors?))?|add(?:uct(?:ion"
            r"|ors?))?|girdle|muscles)|hips?"
            r"|ilio-?psoas|psoas|glut(?:eus|eal|eals|eii|es|s)?(?: ?(?:max(?:imus)?|med(?:ius)?|muscles))?\.?"
            r"|(?:hip )?adductors?|(?:hip )?abductors?"
            r"|quad(?:s|riceps)?|knee (?:ext(?:ension|ensors?)?|flex(?:ion|ors?)?)|hamstrings?|hams|thighs?"
            r"|vastus lateralis"
            r"|proximal(?:ly)?(?: (?:muscles?|strength|muscle strength|UE|LE|UEs|LEs|arms?|legs?"
            r"|upper extremit(?:y|ies)|lower extremit(?:y|ies)|groups?|limbs?))?(?: and distal(?:ly)?)?"
            r"|prox(?: (?:UE|LE|muscles))?\.?|limb[- ]girdles?"
        ),
    ),
    (
        "distal",
        (
            r"wrist (?:ext(?:ension|ensors?)?|flex(?:ion|ors?)?)|wrists?|finger (?:flex(?:ion|ors?)?"
            r"|ext(?:ension|ensors?)?|abduct(?:ion|ors?))|(?:hand )?grips?(?: strength)?"
            r"|hand intrinsics?|intrinsics|hands?|ankle (?:dorsi-?flex(?:ion|ors?)?|plantar-?flex(?:ion"
            r"|ors?)?|DF|PF)|ankles?|dorsi-?flex(?:ion|ors?)?|plantar-?flex(?:ion|ors?)?"
            r"|tibialis anterior|tib ant|gastroc(?:nemi(?:us|i)|s)?|toe (?:ext(?:ension|ensors?)?|flex(?:ion"
            r"|ors?)?)|toes|feet|distal(?:ly)?(?: (?:muscles?|strength|groups?|UE|LE))?"
        ),
    ),
    (
        "limb",
        (
            r"(?:bilateral )?(?:upper|lower) (?:extremit(?:y|ies)|limbs?)|arms?|legs?"
            r"|all (?:four )?extremities|all (?:4 )?extremities|all limbs"
        ),
    ),
)
# Short forms only count where something else says that strength is the topic.
_SHORT: tuple[tuple[str, str], ...] = (
    ("axial", r"NF|NE"),
    ("proximal", r"HF|HE|IP|GM|GMax|GMed|HAB|HAbd|HS|VL|KE|KF|EF|EE|SA|SAb|Delt|Glut|[Bb]i|[Tt]ri|[Hh]am"),
    ("distal", r"DF|PF|TA|WE|WF|FF|EHL|FDP|ADF|APF"),
    ("limb", r"B?[UL]Es?|[RL][UL]E"),
)


def _named(table: tuple[tuple[str, str], ...]) -> str:
    named = "|".join(f"(?P<{group}>{names})" for group, names in table)
    return rf"(?<![\w-])(?:{named})(?![A-Za-z-]*\w)"


LONG_NAME = gate(_named(_MUSCLES), re.IGNORECASE)
SHORT_NAME = re.compile(_named(_SHORT))
# How a short form begins. Two letters are too common to be looked for in every note; where grades stand the text is
# searched for this, which begins with a set of letters and is passed over as quickly as the machine reads.
_SHORT_START = re.compile(r"[ABDEFGHIKLNPRSTUVWbht](?=[ADEFHLMPSU]|elt|lut|i\b|ri\b|am\b)(?<![\w-].)")


def short_forms(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield the short forms of muscles in ``text[start:end]``."""
    for begins in _SHORT_START.finditer(text, start, end):
        found = SHORT_NAME.match(text, begins.start(), end)
        if found is not None:
            yield found


def group_in(words: str) -> str:
    """Return the group of the first muscle that *words* name; "" for none, and for all of them."""
    if re.search(
        r"\b(?:throughout|all (?:groups|muscle groups|extremities)|proximal(?:ly)? and distal)",
        words,
        re.IGNORECASE,
    ):
        return ""
    match = LONG_NAME.search(words) or next(short_forms(words, 0, len(words)), None)
    return str(match.lastgroup) if match else ""
