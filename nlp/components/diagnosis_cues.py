"""The cues around a diagnosis (``lexicon/diagnosis_cues.yaml``) as compiled patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from chartsift.nlp.text.cues import CueSet

# Words that may stand between a cue and the diagnosis that it speaks of: "not felt to have a true inflammatory …".
_REACH = 7
# The same where a cue speaks of what stands close: "risk of a severe dermatomyositis".
_SHORT_REACH = 3
# A word with what joins it to the next; a comma or a sentence part ends the reach of most cues.
_BETWEEN = r"(?:[\s\"'“‘(/:-]+(?:anti-?)?[\w'’+./-]+?){0,%d}[\s\"'“‘(/:\[-]*$"
_BETWEEN_LIST = r"(?:[\s\"'“‘(/,:-]+(?:anti-?)?[\w'’+./-]+?){0,%d}[\s\"'“‘(/,:\[-]*$"


@dataclass(frozen=True, slots=True)
class DiagnosisCues:
    """
    Patterns by what they say.

    Those of ``before`` (absent, absent_list, unsure, historical, hypothetical and hypothetical_list) are looked for in
    the text that ends where the diagnosis begins; each match begins with its group "cue".
    """

    before: CueSet
    absent_after: re.Pattern[str]
    unsure_after: re.Pattern[str]
    historical_after: re.Pattern[str]
    course: re.Pattern[str]
    speaker: re.Pattern[str]
    enrolled: re.Pattern[str]
    checkpoint_after: re.Pattern[str]
    checkpoint_before: re.Pattern[str]
    activity: re.Pattern[str]
    study: re.Pattern[str]
    stop: re.Pattern[str]
    myositis_words: re.Pattern[str]
    diabetes_words: re.Pattern[str]
    comorbidity_words: re.Pattern[str]
    diabetes_before: re.Pattern[str]
    diabetes_after: re.Pattern[str]
    myositis_before: re.Pattern[str]
    myositis_after: re.Pattern[str]
    time_before: re.Pattern[str]
    time_after: re.Pattern[str]
    pacemaker_words: re.Pattern[str]
    dermatomyositis_note: re.Pattern[str]
    clinic_note: re.Pattern[str]
    diabetes_note: re.Pattern[str]
    diabetes_said: re.Pattern[str]
    sibling_before: re.Pattern[str]
    relative_before: re.Pattern[str]
    sibling_after: re.Pattern[str]


@lru_cache(maxsize=1)
def diagnosis_cues() -> DiagnosisCues:
    """Return the cues."""
    source = (resources.files("chartsift.nlp.lexicon") / "diagnosis_cues.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(source)

    def listed(parts: list[str]) -> str:
        return "(?:" + "|".join(sorted(parts, key=len, reverse=True)) + ")"

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    after = data["after"]
    reach, reach_list, reach_short = _BETWEEN % _REACH, _BETWEEN_LIST % _REACH, _BETWEEN % _SHORT_REACH
    before = {
        name: (
            data["before"][cues],
            rf"(?P<cue>{listed(data['before'][cues])})(?!{stop})(?P<between>{between})",
        )
        for name, cues, stop, between in (
            ("absent", "absent", r"[\w-]", reach),
            ("absent_list", "absent", r"[\w-]", reach_list),
            ("unsure", "unsure", r"[A-Za-z-]", reach_list),
            ("historical", "historical", r"[\w-]", reach_short),
            ("hypothetical", "hypothetical", r"[\w-]", reach_short),
            ("hypothetical_list", "hypothetical_list", r"[\w-]", reach_list),
        )
    }
    return DiagnosisCues(
        before=CueSet(
            {name: compiled(pattern) for name, (_, pattern) in before.items()},
            {name: cues for name, (cues, _) in before.items()},
        ),
        absent_after=compiled(rf"\W{{0,3}}(?P<cue>{listed(after['absent'])})"),
        unsure_after=compiled(rf"\W{{0,3}}?(?P<cue>{listed(after['unsure'])})"),
        historical_after=compiled(rf"\W{{0,3}}(?P<cue>{listed(after['historical'])})"),
        **{
            name: compiled(data[name])
            for name in (
                "course",
                "speaker",
                "enrolled",
                "checkpoint_after",
                "checkpoint_before",
                "activity",
                "stop",
                "study",
                "myositis_words",
                "diabetes_words",
                "comorbidity_words",
                "diabetes_before",
                "diabetes_after",
                "myositis_before",
                "myositis_after",
                "time_before",
                "time_after",
                "pacemaker_words",
                "dermatomyositis_note",
                "clinic_note",
                "diabetes_note",
                "diabetes_said",
                "sibling_before",
                "relative_before",
                "sibling_after",
            )
        },
    )
