"""
Three-valued logic with its reasons.

Values are Kleene's: true, false and unknown (None). An unknown also says whether it is so because the chart is
*silent* or because what it says does not decide. Silence never makes anything true or false inside an
expression; the criterion says at its end what silence means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chartsift.nlp.types import Basis, Evidence
from chartsift.nlp.values import maker


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
        searched: Kinds of finding that were looked for, as "kind" or "kind/concept".
    """

    value: bool | None
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    flags: tuple[str, ...] = ()
    next_step: str = ""
    searched: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing in the chart speaks to it."""
        return self.value is None and self.basis == "no_mention"


_outcome = maker(Outcome)


def true(evidence: Sequence[Evidence], reason: str, **more: object) -> Outcome:
    """Return a documented true."""
    return _outcome(True, "documented", tuple(evidence), reason, **more)  # type: ignore[arg-type]


def false(evidence: Sequence[Evidence], reason: str, **more: object) -> Outcome:
    """Return a documented false."""
    return _outcome(False, "documented", tuple(evidence), reason, **more)  # type: ignore[arg-type]


def unknown(
    evidence: Sequence[Evidence], reason: str, *, basis: Basis = "insufficient", **more: object
) -> Outcome:
    """Return an unknown that the chart speaks to."""
    return _outcome(None, basis, tuple(evidence), reason, **more)  # type: ignore[arg-type]


def silent(
    *searched: str, next_step: str = "", evidence: Sequence[Evidence] = (), flags: tuple[str, ...] = ()
) -> Outcome:
    """Return the unknown of a chart that says nothing; *evidence* may hold what was set aside."""
    return _outcome(None, "no_mention", tuple(evidence), "", flags, next_step, searched)


def bare(value: bool | None, basis: Basis) -> Outcome:
    """Return an outcome without its reasons, for who asks only what it comes to."""
    return _outcome(value, basis)


def any_of(outcomes: Sequence[Outcome], *, is_bare: bool = False) -> Outcome:
    """Kleene's *or*: true if one is true, false if all are false, else unknown; *is_bare* leaves out the reasons."""
    return _combine(outcomes, decisive=True, is_bare=is_bare)


def all_of(outcomes: Sequence[Outcome], *, is_bare: bool = False) -> Outcome:
    """Kleene's *and*: false if one is false, true if all are true, else unknown; *is_bare* leaves out the reasons."""
    return _combine(outcomes, decisive=False, is_bare=is_bare)


def at_least(count: int, outcomes: Sequence[Outcome], *, is_bare: bool = False) -> Outcome:
    """
    Kleene's threshold: true if *count* are true, false if so many cannot be any more, else unknown.

    With a count of one it is ``any_of``, with all of them ``all_of``. *is_bare* leaves out the reasons.
    """
    true_ones = [o for o in outcomes if o.value is True]
    open_ones = [o for o in outcomes if o.value is None]
    false_ones = [o for o in outcomes if o.value is False]
    if len(true_ones) >= count:
        merged = _merged(true_ones, [*open_ones, *false_ones], value=True, is_bare=is_bare)
    elif len(true_ones) + len(open_ones) < count:
        merged = _merged(false_ones, [*open_ones, *true_ones], value=False, is_bare=is_bare)
    else:
        rest = [*true_ones, *false_ones]
        merged = _merged(_spoken_first(open_ones), rest, value=None, is_bare=is_bare)
    if is_bare:
        return merged
    held = f"{len(true_ones)} of {len(outcomes)} hold, {count} asked for"
    return replace(merged, reason=f"{held}: {merged.reason}" if merged.reason else held)


def negate(outcome: Outcome) -> Outcome:
    """Kleene's *not*; what spoke for now speaks against."""
    turned = {"for": "against", "against": "for", "set_aside": "set_aside"}
    evidence = tuple(replace(item, stance=turned[item.stance]) for item in outcome.evidence)  # type: ignore[arg-type]
    value = None if outcome.value is None else not outcome.value
    return replace(outcome, value=value, evidence=evidence)


_UNKNOWN_ORDER: tuple[Basis, ...] = ("conflicting", "insufficient", "judgement", "no_mention")


def _combine(outcomes: Sequence[Outcome], *, decisive: bool, is_bare: bool) -> Outcome:
    deciding = [o for o in outcomes if o.value is decisive]
    unknowns = [o for o in outcomes if o.value is None]
    others = [o for o in outcomes if o.value is (not decisive)]
    if deciding:
        return _merged(deciding, [*unknowns, *others], value=decisive, is_bare=is_bare)
    if unknowns:
        return _merged(_spoken_first(unknowns), others, value=None, is_bare=is_bare)
    return _merged(others, [], value=not decisive, is_bare=is_bare)


def _spoken_first(unknowns: Sequence[Outcome]) -> list[Outcome]:
    """Return the unknowns that the chart speaks to before those it is silent on."""
    return sorted(unknowns, key=lambda o: _UNKNOWN_ORDER.index(o.basis))


def _merged(
    lead: Sequence[Outcome], rest: Sequence[Outcome], *, value: bool | None, is_bare: bool
) -> Outcome:
    """
    Return one outcome of those that decide (*lead*) and the others.

    An unknown takes the basis of its first part. Where another part holds, the chart speaks to the question, and
    silence on the rest is no silence on the whole.
    """
    basis: Basis = "documented" if value is not None else lead[0].basis
    if basis == "no_mention" and any(o.value is True for o in rest):
        basis = "insufficient"
    if is_bare:
        return bare(value, basis)
    every = [*lead, *rest]
    return _outcome(
        value=value,
        basis=basis,
        evidence=tuple(dict.fromkeys(item for o in every for item in o.evidence)),
        reason="; ".join(dict.fromkeys(o.reason for o in (every if value is None else lead) if o.reason)),
        flags=tuple(dict.fromkeys(flag for o in every for flag in o.flags)),
        next_step=" ".join(dict.fromkeys(o.next_step for o in lead if o.next_step)) if value is None else "",
        searched=tuple(dict.fromkeys(name for o in every for name in o.searched)),
    )
