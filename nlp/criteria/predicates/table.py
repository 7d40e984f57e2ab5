"""The table of predicates: a name, its parameters and one function. A new predicate is one function here away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome


class Parameters(BaseModel):
    """Base of the parameters of a predicate: no unknown key, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_P = TypeVar("_P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Predicate:
    """
    A named question that a chart answers with an Outcome.

    Attributes:
        name: What a trial file calls it.
        parameters: What it is asked with.
        decide: Answers it.
        settle: Answers it without the reasons, where that is less work: the same value and basis by the same rules.
        summary: What it asks, for people.
    """

    name: str
    parameters: type[Parameters]
    decide: Callable[[Chart, Any], Outcome]
    settle: Callable[[Chart, Any], Outcome]
    summary: str


PREDICATES: dict[str, Predicate] = {}


def predicate(
    name: str, parameters: type[_P], *, settle: Callable[[Chart, _P], Outcome] | None = None
) -> Callable[[Callable[[Chart, _P], Outcome]], Callable[[Chart, _P], Outcome]]:
    """
    Register the decorated function as the predicate *name*; its docstring's first line is the summary.

    *settle* says what it comes to without the reasons, for predicates of which these are much of the work.
    """

    def register(function: Callable[[Chart, _P], Outcome]) -> Callable[[Chart, _P], Outcome]:
        if name in PREDICATES:
            raise ValueError(f"predicate {name!r} is there already")
        summary = (function.__doc__ or "").strip().splitlines()[0]
        PREDICATES[name] = Predicate(name, parameters, function, settle or function, summary)
        return function

    return register
