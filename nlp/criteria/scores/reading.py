"""What was read of one item, and the rules that all items share: what counts as ever present and as denied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chartsift.nlp.criteria.chart import evidence
from chartsift.nlp.types import Evidence, Finding, ItemState
from chartsift.nlp.values import maker

# How many findings are shown for one item; the rest says the same.
SHOWN = 3
_NOT_THE_PATIENT_NOW = {
    "family": "someone else's",
    "hypothetical": "not a statement of fact",
    "possible": "suspected only",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """
    The state of one item with its reason and evidence.

    ``flags`` are codes for whoever reads the score; ``value`` what was read, where the state does not say it.
    """

    state: ItemState
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    value: str = ""
    flags: tuple[str, ...] = ()


_reading_of = maker(Reading)


def ever(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that say that something is or was there, those told by an examiner first."""
    held = [f for f in findings if f.assertion in ("present", "historical") and not f.attribute("templated")]
    if len(held) < 2:
        return held
    return sorted(held, key=lambda f: (f.attribute("source") != "exam", bool(f.attribute("copied"))))


def denied(findings: Iterable[Finding]) -> list[Finding]:
    """Return the denials in a person's own words; a prefilled form denies nothing of a whole course."""
    return [f for f in findings if f.assertion == "absent" and not f.attribute("templated")]


def left_out(findings: Iterable[Finding]) -> list[Evidence]:
    """Return the findings that were read and do not count, with the reason."""
    aside = []
    for finding in findings:
        reason = _NOT_THE_PATIENT_NOW.get(finding.assertion, "")
        if not reason and finding.attribute("templated"):
            reason = "filled in by a template"
        if reason:
            aside.append(evidence(finding, "set_aside", reason))
    return aside


def present(findings: Sequence[Finding], reason: str = "", **more: object) -> Reading:
    """Return a documented presence."""
    return _reading("present", findings, "for", reason, more)


def absent(findings: Sequence[Finding], reason: str = "", **more: object) -> Reading:
    """Return a documented absence."""
    return _reading("absent", findings, "against", reason, more)


def undocumented(reason: str, aside: Sequence[Evidence] = (), **more: object) -> Reading:
    """Return what the chart does not settle, with what it says all the same."""
    return _reading_of("undocumented", reason, tuple(aside[:SHOWN]), **more)  # type: ignore[arg-type]


def doubtful(findings: Iterable[Finding], reason: str) -> list[Evidence]:
    """Return findings as set aside for one reason."""
    return [evidence(f, "set_aside", reason) for f in findings]


def plain(findings: Iterable[Finding], *, what: str) -> Reading:
    """Return the state of an item that is there when it was ever there, and absent when it is only denied."""
    listed = list(findings)
    if held := ever(listed):
        return present(held)
    if gone := denied(listed):
        return absent(gone, "denied")
    return undocumented(f"{what} not mentioned", left_out(listed))


def _reading(
    state: ItemState, findings: Sequence[Finding], stance: str, reason: str, more: dict[str, object]
) -> Reading:
    # One finding a note first, so that a reader sees several notes.
    seen: set[str] = set()
    spread = [f for f in findings if not (f.note_id in seen or seen.add(f.note_id))]  # type: ignore[func-returns-value]
    chosen = [*spread, *(f for f in findings if f not in spread)][:SHOWN]
    return _reading_of(state, reason, tuple(evidence(f, stance) for f in chosen), **more)  # type: ignore[arg-type]
