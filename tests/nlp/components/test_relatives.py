"""One list of relatives: what the rule of context names is a relative to every reader of persons."""

from __future__ import annotations

import re

import pytest

from chartsift.nlp.components.relatives import RELATIVE, relative_named
from chartsift.nlp.lexicon.loader import load_context

# Cues of the rule that name the family as a whole, or a side of it.
_NO_PERSON = re.compile(r"\b(?:family|fhx?|fam|maternal|paternal)\b", re.IGNORECASE)


def test_the_context_rule_names_relatives_that_the_readers_know() -> None:
    cues = [
        rule.text for rule in load_context().categories["FAMILY"].forward if not _NO_PERSON.search(rule.text)
    ]
    assert {"mother", "his wife", "Onkel"} <= set(cues)

    unknown = [cue for cue in cues if not re.fullmatch(rf"(?:(?:his|her) )?{RELATIVE}", cue, re.IGNORECASE)]

    assert unknown == []


@pytest.mark.parametrize(
    ("line", "is_named"),
    [
        ("Mother: TB in 1980", True),
        ("stepfather with hepatitis B", True),
        ("her children have chickenpox", True),
        ("grandparents: TB", True),
        ("Tante mit Tuberkulose", True),
        ("the teacher had measles", True),
        ("FHx TB", True),
        ("pneumonia last week, resolved", False),
        ("sonogram: abscess", False),
        ("smother, brotherhood, partnership", False),
    ],
)
def test_a_line_names_a_relative(line: str, is_named: bool) -> None:
    assert relative_named(line, len(line) - 1, len(line)) is is_named
