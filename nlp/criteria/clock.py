"""
Until when a verdict holds.

Verdicts age: a CK counts for 90 days, a course of antibiotics ends, a child turns 18. The rules for that stand in the
predicates and nowhere else. Whenever a predicate compares a day with the screening day, the chart notes the last day
on which the answer stays as it is (a *turn*). Before the earliest turn nothing can change, for the same answers lead
to the same verdict; on the day after it the criterion is decided again, and so on until the verdict differs or no
turn is left. What this finds is exact for the notes at hand; a new note may change everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from chartsift.nlp.types import Finding

if TYPE_CHECKING:
    from chartsift.nlp.criteria.chart import Chart

_T = TypeVar("_T")
_DAY = timedelta(days=1)
# How many different things that lapse on one day are named.
_NAMED = 2
# What stands in a window, by kind of finding, where the concept alone would not tell.
_KINDS = {
    "strength": "strength examination",
    "function": "statement on function",
    "skin": "skin examination",
    "biopsy": "muscle biopsy",
    "imaging": "muscle MRI",
    "emg": "EMG",
    "oxygen": "word on oxygen",
    "infection": "word on the infection",
    "antimicrobial": "word on the antimicrobial",
    "disease_state": "word on disease activity",
    "organ_disease": "word on the organ disease",
    "apheresis_risk": "acute condition",
    "advisory": "concern",
}
_CONCEPTS_TELL = frozenset({"lab", "pft", "echo", "ecg", "vital", "measure", "treatment"})
_SINGULAR = {"platelets": "platelet count", "muscle_enzymes": "word on muscle enzymes"}


@dataclass(frozen=True, slots=True)
class Turn:
    """
    An answer that holds through ``last`` and is another one from the next day on.

    Attributes:
        last: Last day of the answer.
        verb: "lapses" or "ends" of a finding, or words that say it all ("turns 18 on {day}"), where {day} stands for
            the day after ``last``: most turns are noted and never told.
        finding: What lapses or ends; None where the words say it.
    """

    last: date
    verb: str
    finding: Finding | None

    @property
    def words(self) -> str:
        """What happens, with its day: "CK lapses after 2026-03-14"."""
        if self.verb == "lapses":
            return f"{_name(self.finding)} lapses after {self.last}"
        if self.verb == "ends":
            return f"the course of treatment ends {self.last}"
        return self.verb.replace("{day}", str(self.last + _DAY))


@dataclass(frozen=True, slots=True)
class Change(Generic[_T]):
    """
    The next change of a verdict.

    Attributes:
        last: Last day of the present verdict.
        then: What it is from the next day on.
        due: The turns of the last day.
        leading: Findings that the present verdict rests on: they are named first.
    """

    last: date
    then: _T
    due: Sequence[Turn]
    leading: Sequence[Finding] = ()

    @property
    def words(self) -> str:
        """What makes it change ("CK lapses after 2026-03-14"): most changes are too far off to be told."""
        ours = [turn for turn in self.due if turn.finding is not None and turn.finding in self.leading]
        named = dict.fromkeys(turn.words for turn in (ours or self.due))
        return "; ".join(list(named)[:_NAMED])


def next_change(
    chart: Chart,
    settle: Callable[[Chart], _T],
    now: _T,
    turns: Sequence[Turn],
    *,
    leading: Sequence[Finding] = (),
) -> Change[_T] | None:
    """
    Return when *settle* first gives something other than *now*, which it just gave on *chart*; None if never.

    Args:
        chart: The chart on which *settle* was called.
        settle: Decides a chart; depends on the screening day through the chart's questions only.
        now: What it gave.
        turns: The turns that the chart noted down in that call.
        leading: Findings that the present verdict rests on: they are named first.
    """
    on = chart
    while turns:
        last = min([turn.last for turn in turns])
        on = on.at(last + _DAY)
        then = settle(on)
        if then != now:
            return Change(last, then, [turn for turn in turns if turn.last == last], leading)
        turns = on.turns
    return None


def _name(finding: Finding | None) -> str:
    if finding is None:
        return "the last note"
    if finding.kind in _CONCEPTS_TELL:
        return _SINGULAR.get(finding.concept, finding.concept.replace("_", " "))
    return _KINDS.get(finding.kind, finding.kind.replace("_", " "))
