"""
What a criterion comes to on a chart that says nothing to it, worked out once instead of for every patient.

Most patients have findings for few of a trial's criteria. A predicate is decided by the chart's answers alone, so that
equal answers lead to the equal outcome. ``silence_of`` decides a criterion on a chart that answers every question
for findings with none, and notes the questions. Where they are all that was asked, the outcome stands for every chart
that answers each of them with none; where anything else was looked at (a note, the screening day), nothing is claimed
and the criterion is decided in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome
from chartsift.nlp.criteria.schema import Criterion
from chartsift.nlp.types import Finding

_T = TypeVar("_T")
_G = TypeVar("_G")


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a chart, as ``Chart.of`` takes it."""

    kind: str
    concepts: frozenset[str] | None
    assertions: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Silence:
    """
    What silence makes of one criterion.

    Attributes:
        outcome: The outcome.
        kinds: Kinds of findings that were asked for.
        questions: Every question, once, by kind of finding.
        asks_birth: The recorded date of birth was asked for, too; the outcome is that of a patient without one.
    """

    outcome: Outcome
    kinds: frozenset[str]
    questions: Mapping[str, tuple[Question, ...]]
    asks_birth: bool

    def holds_for(self, chart: Chart) -> bool:
        """Say whether *chart* answers every question with nothing, so that the outcome is its own."""
        if chart.corrected or chart.doubtful or (self.asks_birth and chart.patient.birth_date is not None):
            return False
        for kind in self.kinds & chart.kinds:
            for question in self.questions[kind]:
                if chart.has(kind, question.concepts, question.assertions):
                    return False
        return True


class _LooksFurtherError(Exception):
    """A predicate looked at more than the findings."""


class _NoRecord:
    """A patient of whom nothing is recorded."""

    birth_date = None

    def __getattr__(self, name: str) -> Any:
        raise _LooksFurtherError(name)


class _SilentChart:
    """Answers every question for findings with none and notes it; gives away nothing else."""

    corrected = ()
    doubtful = ()

    def __init__(self) -> None:
        self.questions: dict[Question, None] = {}
        self.asks_birth = False

    @property
    def patient(self) -> _NoRecord:
        self.asks_birth = True
        return _NoRecord()

    def of(
        self, kind: str, concepts: Iterable[str] | None = None, *, assertions: Iterable[str] | None = None
    ) -> list[Finding]:
        """Return nothing."""
        question = Question(
            kind,
            None if concepts is None else frozenset(concepts),
            None if assertions is None else frozenset(assertions),
        )
        self.questions[question] = None
        return []

    def may_have(self, *_: str) -> bool:
        """Say yes, so that the questions come one by one, with their concepts."""
        return True

    def answers_nothing(self, _: Silence) -> bool:
        """Say no, so that the questions are asked and noted."""
        return False

    def once(self, question: Callable[[Chart, _G], _T], given: _G, **_: object) -> _T:
        """Ask the question; its own questions are noted each time, and each counts once."""
        return question(cast("Chart", self), given)

    def __getattr__(self, name: str) -> Any:
        raise _LooksFurtherError(name)


def silence_of(criterion: Criterion, decide: Callable[[Chart], Outcome]) -> Silence | None:
    """Return what silence makes of *criterion*, which *decide* decides; None where that depends on more."""
    silence = silence_in(decide)
    if silence is not None and criterion.supported_by and not silence.outcome.is_silent:
        # A score looks at the chart for itself.
        return None
    return silence


def silence_in(decide: Callable[[Chart], Outcome]) -> Silence | None:
    """Return what silence makes of what *decide* decides; None where that depends on more."""
    chart = _SilentChart()
    try:
        outcome = decide(cast("Chart", chart))
    except _LooksFurtherError:
        return None
    questions: dict[str, tuple[Question, ...]] = {}
    for question in chart.questions:
        questions[question.kind] = (*questions.get(question.kind, ()), question)
    return Silence(outcome, frozenset(questions), questions, chart.asks_birth)
