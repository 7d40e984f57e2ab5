"""Whose examination it is: that of a clinic for the disease, or a general one in passing."""

from __future__ import annotations

import re
from functools import lru_cache

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import Finding

# Notes of clinics that look at skin and muscle only in passing. A note of an unknown kind is taken as a specialist's.
GENERAL_NOTES = (
    "cardiol",
    "echo",
    "infectious",
    "apheresis",
    "cell therapy",
    "cellular therapy",
    "hematol",
    "oncol",
    "emergency",
    "primary care",
    "pcp",
    "pulm",
    "ild clinic",
    "transplant",
    "surg",
    "nurs",
    "infusion",
    "endocrin",
    "diabet",
    "ophthal",
    "gastro",
    "nephrol",
    "urol",
    "anesth",
    "psych",
    "dental",
    "hospital medicine",
    "radiol",
    "urgent care",
    "walk-in",
    "social work",
    "research",
    "family medicine",
    "late effects",
    "allerg",
)
_SHORT_NAMES = re.compile(r"\b(?:ED|ER|A&E|ICU)\b")


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(word)}" for word in words), re.IGNORECASE)


def is_general(chart: Chart, finding: Finding, words: tuple[str, ...] = GENERAL_NOTES) -> bool:
    """
    Say whether *finding* stands in a note of a clinic that looks at skin and muscle only in passing.

    A note that also names a clinic for the disease ("Rheumatology / ILD joint clinic") is a specialist's.
    """
    kind = chart.note_type(finding)
    if re.search(r"rheum|derm|neurom|neurol|myositis|muscle", kind, re.IGNORECASE):
        return False
    return bool(words) and (_pattern(words).search(kind) is not None or _SHORT_NAMES.search(kind) is not None)
