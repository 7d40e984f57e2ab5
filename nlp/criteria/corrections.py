"""
What a note takes back, in the decision of a criterion: shown, never counted, and for a person where it is not certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, unknown
from chartsift.nlp.types import RESULT_KINDS, Evidence, Finding, Stance

_SHOWN = 4


def with_corrections(chart: Chart, decide: Callable[[Chart], Outcome]) -> Outcome:
    """
    Return what *decide* comes to, with what the notes correct set aside.

    Where it is not certain whether a correction means a finding, the question is decided with it and without it; an
    answer that hangs on it is left to a person.
    """
    outcome = decide(chart)
    if chart.doubtful:
        outcome = _settled(chart, outcome, decide)
    if not chart.corrected:
        return outcome
    taken = [f for f in chart.corrected if _is_asked(f, outcome.searched)]
    if not taken:
        return outcome
    # A lone word on a fact of history that was an error says that the fact is none; a wrong value says nothing.
    speaks = outcome.is_silent and any(f.kind not in RESULT_KINDS for f in taken)
    stance: Stance = "against" if speaks else "set_aside"
    shown = [evidence(f, stance, f"corrected in the note: {f.attribute('corrected')}") for f in taken]
    reason = outcome.reason or (f"{taken[0].text} was taken back in the note" if speaks else "")
    return replace(outcome, reason=reason, evidence=(*outcome.evidence, *shown[:_SHOWN]))


def _settled(chart: Chart, held: Outcome, decide: Callable[[Chart], Outcome]) -> Outcome:
    """Return the outcome that stands with and without what may have been corrected, or an open one."""
    left = decide(chart.without_doubtful())
    asked = [f for f in chart.doubtful if _is_asked(f, (*held.searched, *left.searched))]
    if not asked:
        return held
    words = asked[0].attribute("doubtful")
    aside = [
        evidence(f, "set_aside", f"perhaps corrected in the note: {f.attribute('doubtful')}") for f in asked
    ]
    if held.value == left.value and held.is_silent == left.is_silent:
        return replace(held, evidence=_once([*held.evidence, *aside[:_SHOWN]]))
    return unknown(
        _once([*held.evidence, *left.evidence, *aside[:_SHOWN]]),
        f'a correction in the note ("{words}") may or may not mean {asked[0].text}',
        basis="conflicting",
        next_step="Ask the author of the note what the correction refers to.",
        searched=held.searched,
    )


def _once(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    seen: dict[tuple[str, int, int], Evidence] = {}
    for item in items:
        seen.setdefault((item.finding.note_id, item.finding.start, item.finding.end), item)
    return tuple(seen.values())


def _is_asked(finding: Finding, searched: Iterable[str]) -> bool:
    """Say whether a question looks for findings of this kind and concept."""
    names = frozenset(searched)
    return finding.kind in names or f"{finding.kind}/{finding.concept}" in names
