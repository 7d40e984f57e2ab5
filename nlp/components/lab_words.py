"""The words around laboratory values (``lexicon/lab_words.yaml``) as compiled patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from chartsift.nlp.text.prefilter import Gate, gate


@dataclass(frozen=True, slots=True)
class LabWords:
    """
    Patterns of the laboratory vocabulary.

    Attributes:
        link: One word that may stand between an analyte and its value.
        earlier: Words that make the number after them an earlier one.
        earlier_alone: The same for the only value of a statement.
        earlier_head: The same at the head of a list of values, in one clause with it (see ``clause_before``).
        earlier_before: The same right before the analyte.
        current: Words that make the number after them the current one.
        change_by: Right before a number that is the size of a change.
        counted: Right after a number that counts something else.
        condition: Before an analyte whose number is a condition or a goal, in one clause with it.
        specimen: A specimen other than blood, as a word.
        specimen_word: The same anywhere.
        specimen_units: Right after a number that is not of blood.
        other_left: Another analyte and a slash right before this one.
        other_right: A slash and another analyte right behind this one.
        quality_after: "normal" or "high" behind an analyte.
        quality_before: The same before it.
        stated: The same anywhere between an analyte and its value.
    """

    link: re.Pattern[str]
    earlier: re.Pattern[str]
    earlier_alone: re.Pattern[str]
    earlier_head: re.Pattern[str]
    earlier_before: re.Pattern[str]
    current: re.Pattern[str]
    change_by: re.Pattern[str]
    counted: re.Pattern[str]
    condition: re.Pattern[str]
    specimen: re.Pattern[str]
    specimen_word: Gate
    specimen_units: re.Pattern[str]
    other_left: re.Pattern[str]
    other_right: re.Pattern[str]
    quality_after: re.Pattern[str]
    quality_before: re.Pattern[str]
    stated: re.Pattern[str]


_LEADING = (
    r"(?:(?:is|are|was|were|remains?|levels?|all|still|now|also|back to|been|has|have|completely|otherwise|both|which"
    r"|stayed|stays|again|remained|continues? to be|came back|to be)\s+){0,4}"
)
_BETWEEN = r"(?:\s+(?:serum|total|muscle|blood|peripheral|the|a|levels? of|his|her|repeat|latest))*"


@lru_cache(maxsize=1)
def lab_words() -> LabWords:
    """Return the patterns of the laboratory vocabulary."""
    source = (resources.files("chartsift.nlp.lexicon") / "lab_words.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(source)

    def either(key: str) -> str:
        return (
            "|".join(data[key])
            if isinstance(data[key], list)
            else re.sub(r"\s*\n\s*|\s+(?=\|)", "", data[key])
        )

    normal, high, noun = (data["words"][name] for name in ("normal", "high", "high_noun"))
    flags = re.IGNORECASE
    others = either("others")
    return LabWords(
        link=re.compile(rf"(?:{either('links')})\b", flags),
        earlier=re.compile(rf"\b(?:{either('earlier')})\b", flags),
        earlier_alone=re.compile(rf"\b(?:{either('earlier_alone')})\b", flags),
        earlier_head=re.compile(rf"\b(?:{either('earlier_head')})\b[^.;\n]{{0,200}}$", flags),
        earlier_before=re.compile(
            rf"\b(?:{either('earlier_before')})\s+(?:(?:serum|total|value|level|of|the|known|recorded)\s+){{0,2}}$",
            flags,
        ),
        current=re.compile(rf"\b(?:{either('current')})\b", flags),
        change_by=re.compile(rf"\b(?:{data['change_by']})\W{{0,4}}$", flags),
        counted=re.compile(rf"\s?-?(?:{either('counted')})(?![\w/+])", flags),
        condition=re.compile(rf"\b(?:{either('conditions')})\b:?[^.;:\n]{{0,40}}$", flags),
        specimen=re.compile(
            rf"\b(?:{either('specimens')})\b(?:\s*[:(–-][^.;\n]{{0,80}}|\s(?:(?!neg|pos|and\b|clear|normal)\w+\s){{0,2}}|[ -]?)$",
            flags,
        ),
        specimen_word=gate(rf"\b(?:{either('specimens')})\b", flags),
        specimen_units=re.compile(rf"\s?(?:{data['specimen_units']})", flags),
        other_left=re.compile(rf"(?<![\w-])(?P<others>(?:(?:{others})\s?/\s?)+)$", flags),
        other_right=re.compile(rf"\s?/\s?(?P<other>{others})(?![\w])", flags),
        quality_after=re.compile(
            rf"[\s:=-]{{0,4}}{_LEADING}(?:(?P<normal>{normal})|(?P<high>{high}|{noun}))(?![\w-])", flags
        ),
        quality_before=re.compile(
            rf"(?<![\w-])(?:(?P<normal>{normal})|(?P<high>{high})){_BETWEEN}\s*$", flags
        ),
        stated=re.compile(rf"\b(?:(?P<normal>{normal})|(?P<high>{high}))\b", flags),
    )
