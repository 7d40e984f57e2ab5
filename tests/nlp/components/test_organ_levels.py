"""The clause around an organ disease, and the level that its words come to."""

from __future__ import annotations

import pytest

from chartsift.nlp.components.organ_clauses import Clause, clause_around
from chartsift.nlp.components.organ_levels import level_of, levels_in
from chartsift.nlp.text.layout import TextSpan


def _clause_of(text: str, name: str, *, until: int = 10_000) -> Clause:
    start = text.index(name)
    return clause_around(text, TextSpan(0, len(text)), start, start + len(name), 0, until)


def test_a_clause_ends_at_a_stop_and_keeps_what_is_written() -> None:
    clause = _clause_of("Weak arms. Severe ILD, Now on O2. Rash.", "ILD")

    assert (clause.left, clause.right) == (" Severe ", ", Now on O2")
    assert (clause.lower_left, clause.lower_right) == (" severe ", ", now on o2")


def test_the_lower_case_of_a_clause_has_as_many_letters() -> None:
    clause = _clause_of("İn severe ILD, İt is İ stable", "ILD")

    assert len(clause.lower_left) == len(clause.left)
    assert clause.lower_right[-6:] == "stable"


def test_the_adjective_of_the_next_disease_is_not_this_ones() -> None:
    text = "asthma, severe COPD"
    clause = _clause_of(text, "asthma", until=text.index("COPD"))

    assert clause.right == ""


@pytest.mark.parametrize(
    ("text", "level", "words"),
    [
        ("Poorly Controlled asthma", "uncontrolled", ("Poorly Controlled",)),
        ("asthma, not worse, WELL-CONTROLLED", "controlled", ("WELL-CONTROLLED",)),
        ("no severe asthma", "mild", ()),
        ("asthma if worsening", "", ()),
        ("Myositis active, asthma", "", ()),
        ("asthma with severe weakness", "", ()),
        ("severe asthma, stable", "severe", ("severe", "stable")),
        ("severe asthma, now controlled", "controlled", ("severe", "now controlled")),
        ("asthma is getting worse", "progressive", ("getting worse",)),
    ],
)
def test_level_of_a_clause(text: str, level: str, words: tuple[str, ...]) -> None:
    levels, said = levels_in(_clause_of(text, "asthma"))

    assert (level_of(levels), set(said)) == (level, set(words))
