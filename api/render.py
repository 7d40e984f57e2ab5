"""
From results to what a page shows: highlighted segments of a note, and plain view values for the templates.

Everything here is a pure function of its arguments and knows no web framework. Slicing happens on code points
in Python, so that no browser has to count characters (emoji are two units there and one here).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from chartsift.nlp.types import (
    CriterionResult,
    Finding,
    Patient,
    Stance,
)

FindingKey = tuple[str, int, int, str, str]
"""Note, start, end, kind and concept."""

CONTEXT_CHARS = 60
"""Most characters shown on either side of a quote; never beyond its line."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the evidence: its heading, the sign for the margin of a note, and what it means."""

    stance: Stance
    heading: str
    sign: str
    meaning: str


SIDES = (
    Side("for", "For", "+", "speaks for the criterion being met"),
    Side("against", "Against", "−", "speaks against the criterion being met"),
    Side("set_aside", "Set aside", "○", "read, and left out of the decision"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points to highlight; ``key`` is the caller's and comes back in the segments."""

    start: int
    end: int
    key: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A mark that begins at a segment; ``first`` is False when an overlapping mark made it begin anew."""

    key: int
    first: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """
    A stretch of note text under the same marks.

    ``opens`` are the marks to open before the text (outermost first), ``closes`` the number to close after it,
    ``covers`` the keys of all marks over it (outermost first).
    """

    text: str
    opens: tuple[Opening, ...]
    covers: tuple[int, ...]
    closes: int


def segments(text: str, spans: Iterable[Span]) -> list[Segment]:
    """
    Cut *text* into segments so that properly nested marks cover exactly the given spans.

    A span inside another becomes a mark inside a mark. Where two spans cross, the one that ends later is
    closed and opened again, so that its text is the sum of its pieces. The texts of all segments together are
    *text*, character by character. Time is linear in the text and in the number of spans times their depth.

    Raises:
        ValueError: a span is empty or reaches outside the text.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end, span.key))
    for span in ordered:
        if not 0 <= span.start < span.end <= len(text):
            raise ValueError("a span is empty or outside the text")
    cuts = sorted({0, len(text), *(s.start for s in ordered), *(s.end for s in ordered)})
    pieces: list[Segment] = []
    stack: list[Span] = []
    reopen: list[Span] = []
    following = 0
    for here, after in pairwise(cuts):
        arriving: list[tuple[Span, bool]] = [(span, False) for span in reopen]
        while following < len(ordered) and ordered[following].start == here:
            arriving.append((ordered[following], True))
            following += 1
        # Longest first: the later a mark ends, the further out it stands, and the fewer have to be broken.
        arriving.sort(key=lambda item: -item[0].end)
        stack.extend(span for span, _ in arriving)
        keep = next((depth for depth, span in enumerate(stack) if span.end == after), len(stack))
        pieces.append(
            Segment(
                text=text[here:after],
                opens=tuple(Opening(span.key, first) for span, first in arriving),
                covers=tuple(span.key for span in stack),
                closes=len(stack) - keep,
            )
        )
        reopen = [span for span in stack[keep:] if span.end != after]
        del stack[keep:]
    return pieces


@dataclass(frozen=True, slots=True)
class Words:
    """How one state is said and drawn: words, a sign beside them, a class for the style sheet, shorter words."""

    words: str
    sign: str
    style: str
    short: str = ""

    @property
    def brief(self) -> str:
        """The words for a narrow place."""
        return self.short or self.words


# Four unknowns that must not look alike, each with its own sign and words.
_UNKNOWN = {
    "no_mention": Words("unknown: not documented", "∅", "unknown-silent"),
    "insufficient": Words("unknown: too weak or too old", "≈", "unknown-weak"),
    "conflicting": Words("unknown: the notes disagree", "⇄", "unknown-conflict"),
    "judgement": Words("left to the investigator", "◇", "unknown-judgement"),
}
_UNKNOWN_OTHER = Words("unknown", "?", "unknown-weak")
BASIS_WORDS = {
    "documented": "documented",
    "no_mention": "no mention",
    "conflicting": "conflicting",
    "insufficient": "insufficient",
    "judgement": "judgement",
}
COHORT_WORDS = {
    "eligible": Words(
        "potentially eligible, pending the investigator", "◯", "eligible", "potentially eligible"
    ),
    "ineligible": Words("ineligible", "⊘", "ineligible"),
    "undetermined": Words("undetermined", "?", "undetermined"),
}
ASSERTIONS = {
    "present": "stated as present",
    "absent": "stated as absent",
    "possible": "stated as possible",
    "hypothetical": "planned or hypothetical",
    "historical": "past and over",
    "family": "about someone else",
}


def finding_key(finding: Finding) -> FindingKey:
    """What makes two findings of one patient the same highlight."""
    return (finding.note_id, finding.start, finding.end, finding.kind, finding.concept)


def state_words(result: CriterionResult) -> Words:
    """
    Return how the status of *result* is said.

    An exclusion that is not met because nothing was found must not look like a documented denial, so it has
    its own words and sign.
    """
    if result.status == "unknown":
        return _UNKNOWN.get(result.basis, _UNKNOWN_OTHER)
    if result.status == "met":
        return Words("met", "✓", "met")
    if result.basis == "no_mention":
        return Words("not met, presumed: nothing found", "·", "presumed", "presumed not met")
    return Words("not met", "✗", "not-met")


def days_before(day: date, as_of: date) -> str:
    """
    Say how far *day* lies before *as_of*.

    >>> days_before(date(2024, 1, 1), date(2024, 3, 1)), days_before(date(2020, 1, 1), date(2024, 3, 1))
    ('60 days before screening', '4.2 years before screening')
    """
    days = (as_of - day).days
    if days < 0:
        return f"{-days} {_plural(-days, 'day')} after screening"
    if days == 0:
        return "day of screening"
    # Up to two years in days: the windows of a trial are counted in days, and the reader compares with them.
    if days <= 730:
        return f"{days} {_plural(days, 'day')} before screening"
    return f"{days / 365.25:.1f} years before screening"


def slot_styles(count: int) -> str:
    """
    Return the style rules that make the marks of the chosen criterion strong, for *count* criteria.

    No style stands in the page itself, so that each criterion has a number ("slot") and each slot its rules: inside
    ``data-slot="3"`` the marks ``k3-for``, ``k3-against`` and ``k3-set_aside`` are strong, with a sign in the margin.
    """
    rules = []
    for slot in range(count):
        for side in SIDES:
            mark = f'[data-slot="{slot}"] mark.k{slot}-{side.stance}'
            colour = f"--{side.stance.replace('_', '-')}"
            rules.append(
                f"{mark} {{ --stance: var({colour}); background: var({colour}-wash); "
                f"border-bottom: 2px solid var(--stance); font-weight: 650; }}"
            )
            rules.append(
                f'{mark}:not(.again)::before {{ content: "{side.sign}" / ""; color: var(--stance); }}'
            )
    return "\n".join(rules) + "\n"


def line_context(text: str, start: int, end: int) -> tuple[str, str]:
    """
    Return up to `CONTEXT_CHARS` characters before and after ``text[start:end]`` on its own line.

    An ellipsis marks that the line goes on.

    >>> line_context("Labs\\nCK 1,066 U/L today", 5, 13)
    ('', ' U/L today')
    """
    low, high = max(0, start - CONTEXT_CHARS), min(len(text), end + CONTEXT_CHARS)
    before, after = text[low:start], text[end:high]
    begin = max(before.rfind("\n"), before.rfind("\r")) + 1
    stops = [stop for stop in (after.find("\n"), after.find("\r")) if stop >= 0]
    stop = min(stops) if stops else len(after)
    before, after = before[begin:], after[:stop]
    # A word that is cut in half is left out, unless the quote itself stands in the middle of it.
    if begin == 0 and low > 0 and text[low - 1] not in "\r\n":
        before = "…" + (before if text[low - 1].isspace() else before.partition(" ")[2] or before)
    if not stops and high < len(text) and text[high] not in "\r\n":
        after = (after if text[high].isspace() else after.rpartition(" ")[0] or after) + "…"
    return before, after


def effect_words(result: CriterionResult) -> str:
    """Say what the verdict means for eligibility, where it is not plain from the words."""
    if result.kind == "exclusion" and result.status == "met":
        return "excludes"
    if result.kind == "inclusion" and result.status == "not_met":
        return "rules out"
    return ""


def fact_words(patient: Patient, as_of: date) -> tuple[str, ...]:
    facts: list[str] = []
    if patient.birth_date is not None and patient.birth_date <= as_of:
        born = patient.birth_date
        years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
        facts.append(f"{years} years")
    if patient.sex is not None:
        facts.append({"F": "female", "M": "male", "X": "sex X"}[patient.sex])
    return tuple(facts)


def what_words(finding: Finding) -> str:
    return f"{finding.kind} {finding.concept}".replace("_", " ").strip()


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
