"""An answer of a chart that was worked out before is the answer that it would give anew, with its turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from operator import eq, is_
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.findings import AS_OF, chart, finding
from support.random_charts import SORTS, TRIALS, findings_of

from chartsift.nlp.criteria import evaluate
from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import CohortResult, Evidence, Finding, NoteInfo, Patient

CK = finding("lab", "CK", days=10, value=900)
_FINDINGS = st.lists(st.one_of([findings_of(name) for name in SORTS]), min_size=1, max_size=4)


def _counted() -> tuple[Callable[[Chart, int], bool], list[int]]:
    """Return a question for a CK within so many days, and the days of each time that it was worked out."""
    asked: list[int] = []

    def is_recent(on: Chart, days: int) -> bool:
        asked.append(days)
        return any(on.is_within(f, days) for f in on.of("lab", ["CK"]))

    return is_recent, asked


def test_a_question_is_worked_out_once_and_notes_its_turns_each_time() -> None:
    question, asked = _counted()
    told = chart(CK)

    assert [told.once(question, 90), told.at(AS_OF).once(question, 90), told.once(question, 90)] == [True] * 3

    assert asked == [90]
    assert [turn.last for turn in told.turns] == [CK.date + timedelta(days=90)] * 2


@pytest.mark.parametrize(("ahead", "answer", "times"), [(79, True, 1), (80, True, 1), (81, False, 2)])
def test_an_answer_holds_up_to_its_first_turn(ahead: int, answer: bool, times: int) -> None:
    question, asked = _counted()
    told = chart(CK)
    told.once(question, 90)

    later = told.at(AS_OF + timedelta(days=ahead))

    assert later.once(question, 90) is answer
    assert len(asked) == times
    assert bool(later.turns) is answer


def test_an_answer_says_nothing_of_the_days_before_it() -> None:
    question, asked = _counted()
    told = chart(CK)
    told.once(question, 90)

    told.at(AS_OF - timedelta(days=1)).once(question, 90)

    assert len(asked) == 2


def test_another_given_is_another_question() -> None:
    question, asked = _counted()
    told = chart(CK)

    assert told.once(question, 90)
    assert not told.once(question, 9)
    assert asked == [90, 9]


@pytest.mark.parametrize(("same", "times"), [(is_, 2), (eq, 1)])
def test_what_is_given_is_the_same_object_unless_it_is_said_otherwise(
    same: Callable[[Any, Any], bool], times: int
) -> None:
    asked: list[list[int]] = []
    told = chart(CK)

    def question(_: Chart, given: list[int]) -> None:
        asked.append(given)

    told.once(question, [1], same=same)
    told.once(question, [1], same=same)

    assert len(asked) == times


def test_a_chart_without_what_is_doubtful_gives_its_own_answers() -> None:
    question, _ = _counted()
    told = chart(finding("lab", "CK", days=10, value=900, doubtful="wrong tube"))

    assert told.once(question, 90)
    assert not told.without_doubtful().once(question, 90)


@settings(max_examples=150, deadline=None)
@given(
    groups=_FINDINGS,
    later=st.integers(-100, 500),
    corrects=st.sampled_from(["", "corrected", "doubtful"]),
)
def test_every_verdict_is_that_of_questions_asked_anew(
    groups: list[list[Finding]], later: int, corrects: str
) -> None:
    findings = [f for group in groups for f in group]
    if corrects and findings:
        one = findings[0]
        findings[0] = replace(one, attributes=tuple(sorted([*one.attributes, (corrects, "wrong patient")])))

    remembered = _verdicts(findings, later)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Chart, "once", lambda self, question, given, **_: question(self, given))
        anew = _verdicts(findings, later)

    assert remembered == anew


def _verdicts(findings: list[Finding], later: int) -> list[list[CohortResult]]:
    notes = [NoteInfo(f"n{d}", AS_OF - timedelta(days=d), "Clinic", 2_000) for d in _days(findings)]
    on = AS_OF + timedelta(days=later)
    return [evaluate(Patient("p"), notes, findings, trial, as_of=on) for trial in TRIALS]


def _days(findings: list[Finding]) -> list[int]:
    return sorted({(AS_OF - f.date).days for f in findings} | {0})


_CONCEPTS = ("CK", "LDH", "AST")
_ASSERTIONS = ("present", "absent", "possible")


@given(
    told=st.lists(st.tuples(st.sampled_from(_CONCEPTS), st.sampled_from(_ASSERTIONS), st.integers(0, 50))),
    concepts=st.none() | st.lists(st.sampled_from((*_CONCEPTS, "ALT")), max_size=3),
    assertions=st.none() | st.lists(st.sampled_from(_ASSERTIONS), max_size=2),
    read=st.sampled_from([tuple, list, frozenset, iter]),
)
def test_a_question_finds_the_same_however_many_there_are(
    told: list[tuple[str, str, int]], concepts: Any, assertions: Any, read: Callable[[Any], Any]
) -> None:
    findings = [finding("lab", concept, days=d, assertion=held) for concept, held, d in told]  # type: ignore[arg-type]
    on = chart(*findings)
    wanted = [
        f
        for f in on.of("lab")
        if (concepts is None or f.concept in concepts) and (assertions is None or f.assertion in assertions)
    ]

    for _ in range(2):
        found = on.of(
            "lab",
            None if concepts is None else read(concepts),
            assertions=None if assertions is None else read(assertions),
        )
        assert found == wanted
        # What is found is the asker's own.
        found.clear()


def test_a_chart_may_have_what_it_has() -> None:
    told = chart(CK)
    assert told.may_have("pft", "lab")
    assert not told.may_have("pft", "echo")


def test_the_type_of_a_note_is_that_of_the_first_of_its_name() -> None:
    notes = [NoteInfo("n10", CK.date, "Letter", 1), NoteInfo("n10", AS_OF, "Laboratory", 1)]
    assert Chart.build(Patient("p"), notes, [CK], AS_OF).note_type(CK) == "Letter"


def test_equal_findings_and_equal_evidence_have_one_hash() -> None:
    same = finding("lab", "CK", days=10, value=900)
    assert len({CK, same}) == len({Evidence(CK, "for"), Evidence(same, "for")}) == 1
    assert len({CK, finding("lab", "CK", days=10, value=901)}) == 2
