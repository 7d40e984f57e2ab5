"""
Where in the body a statement on strength is made: which limb, near or far from the trunk, or which side of the neck.

The words are those of the statement itself and of its clause: "deltoid 4-", "proximal legs 3/5", "hip girdle weakness".
"""

from __future__ import annotations

import re

# The order is that of the results; a place further down is looked for in what the ones above left over.
_PLACES: tuple[tuple[str, str], ...] = (
    (
        "finger_flexors",
        r"(?:deep |long )?finger (?:and wrist )?flex\w*|flexion of the fingers|FDP|flexor digitorum\w*(?: profundus)?|(?-i:FF\b)",
    ),
    ("neck_extensors", r"neck ext\w*|(?-i:NE\b)"),
    (
        "neck_flexors",
        r"n(?:eck)?\.? ?flex\w*|neck|head lift|sternocleidomastoids?|(?-i:(?:SCM|NF)\b)",
    ),
    (
        "arm_proximal",
        (
            r"deltoids?|delts?\b|biceps?|bic\b|triceps?|shoulders?|arm (?:abduct\w*|elevation|flexors?)|elbow (?:flex|ext)\w*"
            r"|(?:proximal|prox\.?)\s+(?:upper (?:extremit\w+|limbs?)|arms?|(?-i:B?UEs?))"
            r"|(?:upper (?:extremit\w+|limbs?)|arms?|(?-i:B?UEs?))[\s:,-]{1,3}prox\w*"
            r"|(?-i:(?:SA|SAb|EF|EE|Delt|[Bb]i|[Tt]ri)\b)"
        ),
    ),
    (
        "leg_proximal",
        (
            r"hips?\b|hip (?:girdle|flex\w*|ext\w*|abd\w*|add\w*)|ilio-?psoas|psoas|glut\w*|adductors?|abductors?|quad\w*"
            r"|knee (?:ext|flex)\w*|hamstrings?|hams\b|thighs?|pelvic girdle|vastus \w+"
            r"|(?:proximal|prox\.?)\s+(?:lower (?:extremit\w+|limbs?)|legs?|(?-i:B?LEs?))"
            r"|(?:lower (?:extremit\w+|limbs?)|legs?|(?-i:B?LEs?))[\s:,-]{1,3}prox\w*"
            r"|(?-i:(?:HF|HE|IP|GM|GMax|GMed|HAB|HAbd|HS|VL|KE|KF|Glut|[Hh]am)\b)"
        ),
    ),
    (
        "arm_distal",
        (
            r"wrist\w*(?: (?:ext|flex)\w*)?|fingers?(?: \w+)?|grips?|hands?(?: intrinsics)?|intrinsics|(?-i:(?:WE|WF)\b)"
            r"|distal\w*\s+(?:upper (?:extremit\w+|limbs?)|arms?|(?-i:B?UEs?))"
        ),
    ),
    (
        "leg_distal",
        (
            r"ankle\w*(?: (?:dorsi|plantar)?-?flex\w*| DF| PF)?|dorsi-?flex\w*|plantar-?flex\w*|tib(?:ialis)? ant\w*|gastroc\w*"
            r"|toes?(?: \w+)?|feet|foot|(?-i:(?:TA|DF|PF|EHL|ADF|APF)\b)"
            r"|distal\w*\s+(?:lower (?:extremit\w+|limbs?)|legs?|(?-i:B?LEs?))"
        ),
    ),
)
_LOOSE: tuple[tuple[str, str], ...] = (
    ("proximal", r"prox(?:imal(?:ly)?|\b)|(?:limb[- ])?girdles?"),
    ("distal", r"distal(?:ly)?"),
    (
        "arm",
        r"upper(?=\s*(?:and|&|/|or)\s*lower (?:extremit|limb))|upper (?:extremit\w+|limbs?)|arms?\b|(?-i:[BRL]?UEs?\b)",
    ),
    (
        "leg",
        r"lower(?=\s*(?:and|&|/|or)\s*upper (?:extremit|limb))|lower (?:extremit\w+|limbs?)|legs?\b|(?-i:[BRL]?LEs?\b)",
    ),
    (
        "all",
        r"throughout|all (?:\w+ )?(?:groups?|extremities|limbs|muscles)|every group|everywhere|diffuse\w*|globally|4 ?ext\w*",
    ),
)
_PATTERNS = [(name, re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE)) for name, words in (*_PLACES, *_LOOSE)]
# "prox LE > UE", "proximal weakness of arms and legs": a limb and a nearness that stand apart belong together.
_LIMBS = {"arm": ("arm_proximal", "arm_distal"), "leg": ("leg_proximal", "leg_distal")}


def places(words: str) -> tuple[str, ...]:
    """
    Return the places that *words* name, in a fixed order; none where they name none.

    >>> places("proximal weakness of arms and legs"), places("Distal 5/5"), places("deltoid and neck flexors 4")
    (('arm_proximal', 'leg_proximal'), ('distal',), ('neck_flexors', 'arm_proximal'))
    """
    left = words
    found: set[str] = set()
    for name, pattern in _PATTERNS:
        left, count = pattern.subn(lambda match: " " * len(match.group()), left)
        if count:
            found.add(name)
    limbs = [limb for limb in _LIMBS if limb in found]
    if "all" in found and not limbs and found & {"proximal", "distal"}:
        limbs = list(_LIMBS)
    for nearness, index in (("proximal", 0), ("distal", 1)):
        if nearness in found and limbs:
            found |= {_LIMBS[limb][index] for limb in limbs}
    if limbs and found & {"proximal", "distal"}:
        found -= {"proximal", "distal", "all", *limbs}
    return tuple(name for name, _ in _PATTERNS if name in found)


# How far around a loose word ("proximal 4/5") the limb may stand.
_BEFORE, _AFTER = 24, 44
_LIST_REACH = 90
_LIST_END = re.compile(r"[.;\n(|]|\d|\bbut\b")
_CLAUSE_END = re.compile(r"[.;\n]|,|(?<![\w/])[0-5][+-]?(?:/5)?(?=[\s,;.]|$)")
_CLAUSE_START = re.compile(r"[.;,\n]|\d\s*[+-]?(?=\s)")


def places_of(text: str, start: int, end: int) -> tuple[str, ...]:
    """
    Return the places of the statement ``text[start:end]``, with the words right around it where it names no limb itself.

    >>> note = "LE strength 4/5 proximal, 5/5 distal"
    >>> places_of(note, 12, 24), places_of("Exam: strength 5/5 throughout.", 6, 18)
    (('leg_proximal',), ('all',))
    """
    own = places(text[start:end])
    if text[start : start + 1].isdigit() and own:
        # "4/5 in the deltoids and hip flexors, 5/5 distally": the list that a grade opens shares it.
        own = places(text[start:end] + _rest_of_list(text, end))
    if own and not set(own) <= {"proximal", "distal", "arm", "leg"}:
        return own
    stop = _CLAUSE_END.search(text, end, min(len(text), end + _AFTER))
    high = stop.start() if stop else min(len(text), end + _AFTER)
    low = max(0, start - _BEFORE)
    for cut in _CLAUSE_START.finditer(text, low, start):
        low = cut.end()
    around = places(text[low:high])
    # "proximal 4/5, TA 5/5": a muscle that only stands near by is graded for itself.
    wider = tuple(place for place in around if place.partition("_")[2] or place == "all")
    if not own:
        return around
    near = {own_place for own_place in own if own_place in ("proximal", "distal")}
    fitting = tuple(place for place in wider if place.partition("_")[2] in near or place == "all")
    if own in (("arm",), ("leg",)):
        fitting = tuple(place for place in wider if place.startswith(own[0]))
    return fitting or own


def _rest_of_list(text: str, end: int) -> str:
    """Return the words of a list of muscles that goes on after *end*, without the one that the next grade belongs to."""
    stop = _LIST_END.search(text, end, min(len(text), end + _LIST_REACH))
    if stop is None:
        return text[end : end + _LIST_REACH]
    words = text[end : stop.start()]
    if not stop.group().isdigit():
        return words
    # "5/5 deltoids, hip flexors 4": hip flexors have a grade of their own; a list that ends in a comma keeps them.
    cut = max(words.rfind(","), words.rfind(" and "), words.rfind("/"), words.rfind("|"))
    return words[: max(cut, 0)]
