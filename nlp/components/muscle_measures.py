"""
A measurement of strength, and what is said beside it: what limited the test, another cause of weakness, a mere plan.

Part of the ``muscle`` reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chartsift.nlp.text.layout import Layout

_LIMITED = re.compile(
    r"(?:limited|inhibited|hampered|confounded|affected)\s+(?:by|due to|2/2|secondary to"
    r"|because of)\s+(?:[\w']+\s+){0,4}?(?P<by>pain|fatigue|effort|tired\w*|discomfort|guarding)"
    r"|(?P<by2>pain|effort|fatigue)[- ](?:limited|limiting|inhibited|dependent|related)"
    r"|(?P<give>give[- ]?way|giveway|breakaway|poor effort|submaximal effort|effort dependent"
    r"|variable effort)"
    r"|(?:2/2|due to|because of|from|d/t|secondary to)\s+(?:[\w']+\s+){0,3}?(?P<by3>pain|guarding)\b",
    re.IGNORECASE,
)
_OTHER_CAUSE = re.compile(
    r"\b(?:stroke|CVA|hemipare\w+|hemipleg\w+|radiculopath\w+|L[345](?:-S1)?\s+root|foot drop"
    r"|neuropath\w+|rotator cuff|post-?op\w*|polio|parkinson\w*|multiple sclerosis|spinal stenosis"
    r"|carpal tunnel)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One measurement of strength.

    Attributes:
        start: First code point of the words that give it.
        end: One past the last code point.
        concept: "MRC", "MMT", "CMAS" or "full_strength".
        value: Lowest grade (MRC) or the sum (MMT, CMAS); None for words.
        scale: Highest possible value.
        group: Muscle group of a grade: proximal, axial, bulbar, distal, limb or whole.
        limited: What limited the test ("pain", "fatigue", "effort"); "" where nothing did.
        cause: Another cause that the sentence names ("stroke"); "" where none.
    """

    start: int
    end: int
    concept: str
    value: float | None
    scale: float | None
    group: str
    limited: str = ""
    cause: str = ""


def remarks(text: str, layout: Layout, end: int, *, whole: bool = False) -> tuple[str, str]:
    """Return what limited the test that ends at *end*, and another cause of weakness that its sentence names."""
    sentence = layout.sentence_at(max(0, end - 1))
    stop = max(min(sentence.end, end + (220 if whole else 90)), end)
    after = text[end:stop]
    if not whole:
        cut = re.search(r"[;.]\s|(?<![\d/])[0-5][+-]?/5|,\s+(?:neck|hip|delt|quad|glut|biceps)", after)
        after = after[: cut.start()] if cut else after
    limited = _LIMITED.search(after)
    by = ""
    if limited is not None:
        by = next(
            (value for value in (limited.group("by"), limited.group("by2"), limited.group("by3")) if value),
            "effort",
        ).lower()
    cause = _OTHER_CAUSE.search(text, min(sentence.start, end), max(stop, end))
    return by, cause.group().lower() if cause else ""


def is_planned(text: str, layout: Layout, start: int) -> bool:
    """Say whether the words before *start* only speak of a measurement to come or of a condition."""
    sentence = layout.sentence_at(start)
    left = text[min(sentence.start, start) : start]
    return (
        re.search(
            r"\b(?:if|until|unless|goal|target|repeat|schedule|should|once|when)\b[^,;:]{0,60}$",
            left,
            re.IGNORECASE,
        )
        is not None
    )
