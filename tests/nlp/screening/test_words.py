"""Flags in words: each one that a predicate or a score can raise has its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chartsift.nlp import criteria
from chartsift.nlp.criteria.predicates.judgement import RecentTreatment
from chartsift.nlp.lexicon.loader import load_concepts
from chartsift.nlp.screening.words import FLAG_WORDS, flag_words


def raised() -> set[str]:
    """Return the codes that the source of the criteria writes where it makes flags."""
    codes: set[str] = set()
    for path in Path(criteria.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            made: ast.AST | None = None
            if (isinstance(node, ast.keyword) and node.arg == "flags") or (
                isinstance(node, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id.endswith("flags") for t in node.targets)
            ):
                made = node.value
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "append"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "flags"
            ):
                made = node.args[0]
            for part in ast.walk(made) if made is not None else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    codes |= {part.value.strip()} if "_" in part.value else set()
    return codes


def test_every_flag_has_words_of_its_own() -> None:
    codes = raised()
    assert {"maa_only", "near_limit", "unread_notes", "biopsy_expected"} <= codes
    concerns = {concept.concept for concept in load_concepts() if concept.kind == "advisory"}
    assert "pregnancy" in concerns

    assert codes | concerns | {RecentTreatment().label} <= set(FLAG_WORDS)


@pytest.mark.parametrize("code", sorted(FLAG_WORDS))
def test_words_are_no_code(code: str) -> None:
    told = flag_words(f"{code} 7") if "{}" in FLAG_WORDS[code] else flag_words(code)

    assert "_" not in told
    assert "{" not in told
