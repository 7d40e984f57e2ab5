"""
Results beside the name of an infection: "HBsAg negative", "HIV ........ NR", "negative for influenza".

Part of the ``infections`` reader.
"""

from __future__ import annotations

import re

from chartsift.nlp.components.infection_context import MentionContext
from chartsift.nlp.components.infection_cues import (
    ALL_NEGATIVE,
    ANSWERED_NO,
    NEGATIVE,
    NEGATIVE_LEFT,
)
from chartsift.nlp.components.lowered import lowered

# What leads to the result in a column: dots, a bar, a gap.
_LEADER = re.compile(r"[^.|]*(?:\.{2,}|(?:\s\.){2,}|\||\s{2,})")


def is_result_negative(context: MentionContext) -> bool:
    """Say whether the line gives the name with a negative result, also across dot leaders and column signs."""
    line = context.after.split("\n", 1)[0]
    if ANSWERED_NO.match(line) or ALL_NEGATIVE.match(line):
        return True
    return NEGATIVE.match(lowered(context.right)) is not None or (
        _LEADER.match(context.after) is not None and NEGATIVE.match(lowered(line)) is not None
    )


def is_negative_before(left: str) -> bool:
    """Say whether a negative word leads to the name, and no turn lies between ("negative in 2019, now HBV DNA 88,000")."""
    found = NEGATIVE_LEFT.search(left)
    return found is not None and re.search(r"\b(?:now|but|then)\b", found.group(), re.IGNORECASE) is None
