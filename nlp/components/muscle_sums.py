"""
Sums of strength: manual muscle testing (MMT) and the childhood myositis assessment scale (CMAS).

Part of the ``muscle`` reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chartsift.nlp.components.muscle_measures import Measure, is_planned, remarks
from chartsift.nlp.months import MONTH_STEM
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.prefilter import Gate, gate

_MMT = gate(
    r"\b(?:MMT(?:\s?-?\s?(?:8|26|24|12))?"
    r"|manual muscle test(?:ing)?(?:[\s-]*8)?)(?![\w/])(?P<gap>(?:[^\d\n.;(]|\(0\s?[-–]\s?\d{2,3}\)|\("
    r"|\.(?!\s)|8\s(?=sum|score|total)){0,45}?)"
    r"(?P<value>\d{2,3}(?:\.\d)?)(?![\d/.-]*[+-]|\d)(?:\s*(?:/|of|out of)\s*(?P<scale>\d{2,3})(?![/\d-]))?",
    re.IGNORECASE,
)
# The last line of a table of the test: "TOTAL  146/150", the test's name in its title.
_TOTAL = gate(
    r"\b(?:total|sum|score|subtotal|summe|gesamt)\b(?P<gap>[^\w\n.;]{0,40}(?:score|sum|points)?[^\w\n.;]{0,10})"
    r"(?P<value>\d{2,3}(?:\.\d)?)\s*(?:/|of|out of)\s*(?P<scale>150|80)(?![/\d-])",
    re.IGNORECASE,
)
_TESTED = gate(r"\bMMT|\bmanual muscle", re.IGNORECASE)
_TABLE_REACH = 1_200
_CMAS = gate(
    r"\bCMAS\b(?P<gap>[^\d\n.;]{0,40}?)(?P<value>\d{1,2})(?![\d/.-]*[+-]|\d)(?:\s*(?:/|of"
    r"|out of)\s*(?P<scale>5[12])(?!\d))?",
    re.IGNORECASE,
)
# "104 -> 121", "118 (was 131)", "47/52 -> today 33/52": the last of a chain is today's.
_CHAIN = re.compile(
    r"\s*(?:(?:->|-->|→|=>|>|to)\s*(?:now |today |currently )?"
    r"|(?:at (?:diagnosis|dx|onset|presentation|baseline)|last visit|initially)?[,;(]?\s*(?:but |and )?"
    r"(?:now|today|currently)\s+(?:at |is )?)"
    r"(?P<value>\d{2,3}(?:\.\d)?)(?:\s*/\s*(?P<scale>\d{2,3}))?(?![\d/])",
    re.IGNORECASE,
)
_MONTH_GAP = re.compile(rf"\d{{1,4}}[/-]\d|(?:{MONTH_STEM})[a-z]*\.?\s*'?$", re.IGNORECASE)


def sums(text: str, layout: Layout) -> Iterator[Measure]:
    """Yield the sums of strength in *text*; the total of a table only where the name of its test stands above."""
    yield from _sums_of(text, layout, _MMT, "MMT")
    yield from _sums_of(text, layout, _CMAS, "CMAS")
    if _TESTED.search(text) is not None:
        yield from _sums_of(text, layout, _TOTAL, "MMT")


def _sums_of(text: str, layout: Layout, pattern: Gate, concept: str) -> Iterator[Measure]:
    for match in pattern.finditer(text):
        if (
            pattern is _TOTAL
            and _TESTED.search(text, max(0, match.start() - _TABLE_REACH), match.start()) is None
        ):
            continue
        value_at = match
        end = match.end()
        gap = re.sub(r"\([^)]*\)", "", match.group("gap"))
        if _MONTH_GAP.search(gap) is None and re.search(r"[/'’]\s?$", gap) is None:
            pass
        elif concept == "CMAS":
            # "CMAS  Feb '23  47/52 -> today 33/52": the digits after the apostrophe are a year.
            later = re.compile(r"[^\n;]{0,12}?(?P<value>\d{2})\s*/\s*(?P<scale>52)").match(
                text, match.end("value")
            )
            if later is None:
                continue
            value_at, end = later, later.end()
        else:
            continue
        value = float(value_at.group("value"))
        scale_words = value_at.group("scale")
        while (chain := _CHAIN.match(text, end)) is not None:
            value, end = float(chain.group("value")), chain.end()
            scale_words = chain.group("scale") or scale_words
        scale = float(scale_words) if scale_words else _usual_scale(concept, value)
        if scale is None or value > scale or is_planned(text, layout, match.start()):
            continue
        yield Measure(
            match.start(), end, concept, value, scale, "whole", *remarks(text, layout, end, whole=True)
        )


def _usual_scale(concept: str, value: float) -> float | None:
    """Return the scale of a sum without one: MMT-8 is 0 to 150 for both sides and the neck, 0 to 80 for one side."""
    if concept == "CMAS":
        return 52.0 if value <= 52 else None
    if 20 <= value <= 80:
        return 80.0
    return 150.0 if 80 < value <= 150 else None
