"""
Three-valued logic with its reasons.

Values are Kleene's: true, false and unknown (None). An unknown also says whether it is so because the chart is
*silent* or because what it says does not decide. Silence never makes anything true or false inside an
expression; the criterion says at its end what silence means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from chartsift.nlp.types import Basis, Evidence


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What one predicate, or an expression of predicates, comes to.

    Attributes:
        value: True, False, or None for unknown.
        basis: "documented" for true and false; for unknown, "no_mention" (silent), "insufficient", "conflicting"
            or "judgement".
        evidence: Findings for and against the value being true, and what was set aside.
        reason: A clause in words ("CK 2,651 U/L on 2024-06-03 is above 308").
        flags: Codes that a reviewer should look at.
        next_step: What would settle an unknown.
        valid_until: Last day on which a dated finding still counts; None when the outcome does not lapse.
        searched: Kinds of finding that were looked for, as "kind" or "kind/concept".
    """

    value: bool | None
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    flags: tuple[str, ...] = ()
    next_step: str = ""
    valid_until: date | None = None
    searched: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing in the chart speaks to it."""
        return self.value is None and self.basis == "no_mention"


def true(evidence: Sequence[Evidence], reason: str, **more: object) -> Outcome:
    """Return a documented true."""
    return replace(Outcome(True, "documented", tuple(evidence), reason), **more)  # type: ignore[arg-type]


def false(evidence: Sequence[Evidence], reason: str, **more: object) -> Outcome:
    """Return a documented false."""
    return replace(Outcome(False, "documented", tuple(evidence), reason), **more)  # type: ignore[arg-type]


def unknown(
    evidence: Sequence[Evidence], reason: str, *, basis: Basis = "insufficient", **more: object
) -> Outcome:
    """Return an unknown that the chart speaks to."""
    return replace(Outcome(None, basis, tuple(evidence), reason), **more)  # type: ignore[arg-type]


def silent(*searched: str, next_step: str = "", evidence: Sequence[Evidence] = ()) -> Outcome:
    """Return the unknown of a chart that says nothing; *evidence* may hold what was set aside."""
    return Outcome(None, "no_mention", tuple(evidence), searched=searched, next_step=next_step)


def any_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Kleene's *or*: true if one is true, false if all are false, else unknown."""
    return _combine(outcomes, decisive=True)


def all_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Kleene's *and*: false if one is false, true if all are true, else unknown."""
    return _combine(outcomes, decisive=False)


def negate(outcome: Outcome) -> Outcome:
    """Kleene's *not*; what spoke for now speaks against."""
    turned = {"for": "against", "against": "for", "set_aside": "set_aside"}
    evidence = tuple(replace(item, stance=turned[item.stance]) for item in outcome.evidence)  # type: ignore[arg-type]
    value = None if outcome.value is None else not outcome.value
    return replace(outcome, value=value, evidence=evidence)


_UNKNOWN_ORDER: tuple[Basis, ...] = ("conflicting", "insufficient", "judgement", "no_mention")


def _combine(outcomes: Sequence[Outcome], *, decisive: bool) -> Outcome:
    deciding = [o for o in outcomes if o.value is decisive]
    unknowns = [o for o in outcomes if o.value is None]
    others = [o for o in outcomes if o.value is (not decisive)]
    searched = tuple(dict.fromkeys(name for o in outcomes for name in o.searched))
    if deciding:
        lead, rest = deciding, [*unknowns, *others]
        value: bool | None = decisive
        basis: Basis = "documented"
    elif unknowns:
        # The unknowns that the chart speaks to come before those it is silent on.
        lead = sorted(unknowns, key=lambda o: _UNKNOWN_ORDER.index(o.basis))
        rest = others
        value, basis = None, lead[0].basis
    else:
        lead, rest, value, basis = others, [], not decisive, "documented"
    lapses = [o.valid_until for o in lead if o.valid_until is not None]
    if value is decisive:
        # One that holds is enough, so the verdict stands until the last of them lapses.
        until = max(lapses) if lapses and len(lapses) == len(lead) else None
    else:
        until = min(lapses) if lapses else None
    return Outcome(
        value=value,
        basis=basis,
        evidence=tuple(dict.fromkeys(item for o in [*lead, *rest] for item in o.evidence)),
        reason="; ".join(
            dict.fromkeys(o.reason for o in (lead if value is not None else [*lead, *rest]) if o.reason)
        ),
        flags=tuple(dict.fromkeys(flag for o in outcomes for flag in o.flags)),
        next_step="; ".join(dict.fromkeys(o.next_step for o in lead if o.next_step)) if value is None else "",
        valid_until=until,
        searched=searched,
    )
