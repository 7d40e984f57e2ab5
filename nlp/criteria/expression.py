"""What an expression of a trial file comes to on a chart: predicates put together in Kleene's logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.logic import Outcome, all_of, any_of, at_least, negate
from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.silence import Silence, silence_in


def outcome_of(chart: Chart, node: Mapping[str, Any], *, is_bare: bool = False) -> Outcome:
    """
    Return what an expression of a trial file comes to on *chart*.

    *is_bare* asks for value and basis alone: the days on which a verdict may change are decided for nothing else. The
    evidence and the words of the outcome are then not to be looked at.
    """
    name, content = next(iter(node.items()))
    if name == "all":
        return all_of([_part_of(chart, item, is_bare=is_bare) for item in content], is_bare=is_bare)
    if name == "any":
        return any_of([_part_of(chart, item, is_bare=is_bare) for item in content], is_bare=is_bare)
    if name == "at_least":
        parts = [_part_of(chart, item, is_bare=is_bare) for item in content["of"]]
        return at_least(content["count"], parts, is_bare=is_bare)
    if name == "not":
        return negate(outcome_of(chart, content, is_bare=is_bare))
    asked = PREDICATES[name]
    return chart.once(asked.settle if is_bare else asked.decide, _parameters(name, content))


# What silence makes of a part of an expression, by the identity of the part, which is kept, as with parameters.
_SILENT_PARTS: dict[int, tuple[Mapping[str, Any], Silence | None]] = {}


def _part_of(chart: Chart, node: Mapping[str, Any], *, is_bare: bool) -> Outcome:
    """Return what one of several expressions comes to; what the chart says nothing to is not asked again."""
    known = _SILENT_PARTS.get(id(node))
    if known is None or known[0] is not node:
        if len(_SILENT_PARTS) >= _MOST_PARAMETERS:
            _SILENT_PARTS.clear()
        known = _SILENT_PARTS[id(node)] = (node, silence_in(lambda on: outcome_of(on, node)))
    silence = known[1]
    if silence is not None and chart.answers_nothing(silence):
        return silence.outcome
    return outcome_of(chart, node, is_bare=is_bare)


# Parameters by the identity of what the trial file says, which is kept, so that its identity stays its own.
_PARAMETERS: dict[tuple[str, int], tuple[Any, Any]] = {}
# The same by what they say, for two places that say the same are one question to a chart.
_SAME: dict[tuple[str, str], Any] = {}
# So many expressions have a hundred trials; a process that has seen more begins anew.
_MOST_PARAMETERS = 10_000


def _parameters(name: str, content: Any) -> Any:
    """Return the checked parameters of a predicate, checked once for each place of a trial file."""
    key = (name, id(content))
    known = _PARAMETERS.get(key)
    if known is None or known[0] is not content:
        if len(_PARAMETERS) >= _MOST_PARAMETERS:
            _PARAMETERS.clear()
            _SAME.clear()
        parameters = PREDICATES[name].parameters.model_validate(content or {})
        # The order counts as well: it is that of the evidence.
        same = _SAME.setdefault((name, parameters.model_dump_json()), parameters)
        known = _PARAMETERS[key] = (content, same)
    return known[1]
