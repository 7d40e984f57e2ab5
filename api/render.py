"""
From results to what a page shows: highlighted segments of a note, and plain view values for the templates.

Everything here is a pure function of its arguments and knows no web framework. Slicing happens on code points
in Python, so that no browser has to count characters (emoji are two units there and one here).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise

from chartsift.api.render_score import ScoreView, score_view
from chartsift.nlp.criteria.search import terms_of
from chartsift.nlp.screening import words
from chartsift.nlp.screening.rows import page_of
from chartsift.nlp.types import (
    CohortResult,
    CriterionResult,
    Evidence,
    Finding,
    Note,
    Patient,
    Stance,
)

FindingKey = tuple[str, int, int, str, str]
"""Note, start, end, kind and concept."""

CONTEXT_CHARS = 60
"""Most characters shown on either side of a quote; never beyond its line."""

MAX_QUOTES = 100
"""Most quotes listed for one side of a criterion; all of them are marked in the notes. Nobody reads more."""


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
_BASIS = {
    "documented": "documented",
    "no_mention": "no mention",
    "conflicting": "conflicting",
    "insufficient": "insufficient",
    "judgement": "judgement",
}
_COHORT = {
    "eligible": Words("potentially eligible, pending the investigator", "◯", "eligible"),
    "ineligible": Words("ineligible", "⊘", "ineligible"),
    "undetermined": Words("undetermined", "?", "undetermined"),
}
_ASSERTIONS = {
    "present": "stated as present",
    "absent": "stated as absent",
    "possible": "stated as possible",
    "hypothetical": "planned or hypothetical",
    "historical": "past and over",
    "family": "about someone else",
}


@dataclass(frozen=True, slots=True)
class QuoteView:
    """One piece of evidence with a little of its line on both sides; ``anchor`` is the mark in the note."""

    anchor: str
    before: str
    quote: str
    after: str
    note_title: str
    note_date: str
    page: int | None
    distance: str
    reason: str
    assertion: str
    what: str
    cues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StanceView:
    """The evidence of one stance for one criterion: ``total`` pieces, the first of them as quotes."""

    side: Side
    total: int
    quotes: tuple[QuoteView, ...]


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion as the page shows it; ``slot`` numbers it within the patient, from 0."""

    slot: int
    criterion_id: str
    label: str
    kind: str
    summary: str
    state: Words
    basis: str
    effect: str
    flags: tuple[str, ...]
    rationale: str
    next_step: str
    lapses: str
    searched: str
    terms: tuple[str, ...]
    confidence: str
    sides: tuple[StanceView, ...]
    score: ScoreView | None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A finding in a note: ``slots`` are classes such as "k3-for" for each criterion that it bears on."""

    anchor: str
    classes: str
    title: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note in its own layout, cut into segments; ``left_out`` says why it was not read, if it was not."""

    anchor: str
    note_id: str
    note_date: str
    distance: str
    title: str
    findings: int
    left_out: str
    pieces: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class OtherCohortView:
    """A cohort that is not of the patient's age, in one line."""

    cohort_id: str
    state: Words
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientView:
    """Everything the page of one patient needs."""

    key: str
    patient_id: str
    facts: tuple[str, ...]
    as_of: str
    cohort_id: str
    state: Words
    decided: int
    presumed: int
    decidable: int
    inclusion: tuple[CriterionView, ...]
    exclusion: tuple[CriterionView, ...]
    notes: tuple[NoteView, ...]
    marks: Mapping[int, MarkView]
    others: tuple[OtherCohortView, ...]
    against: tuple[str, ...]
    missing: tuple[str, ...]
    lapse: str

    @property
    def criteria(self) -> tuple[CriterionView, ...]:
        """All criteria in the order of their slots."""
        return (*self.inclusion, *self.exclusion)


@dataclass(frozen=True, slots=True)
class CriterionText:
    """What a trial says of one criterion: a short label and one line."""

    label: str
    summary: str


def patient_view(
    *,
    key: str,
    patient: Patient,
    as_of: date,
    notes: Sequence[Note],
    read: Collection[str],
    findings: Sequence[Finding],
    cohorts: Sequence[CohortResult],
    texts: Mapping[tuple[str, str], CriterionText],
) -> PatientView:
    """
    Build the view of one patient.

    Args:
        key: Prefix of every anchor of this patient, unique on the page ("p1").
        patient: As given.
        as_of: Day of screening.
        notes: With their text; shown by date, whatever order they come in.
        read: Identifiers of the notes that were read.
        findings: All findings of the patient.
        cohorts: Results of all cohorts, one of them applicable.
        texts: Label and summary of the criteria by cohort and criterion id; a criterion without shows its id.
    """
    cohort = next((result for result in cohorts if result.applicable), cohorts[0])
    numbered = {finding_key(finding): number for number, finding in enumerate(_unique(cohort, findings))}
    anchors = {identity: f"{key}-f{number}" for identity, number in numbered.items()}
    order = sorted(cohort.criteria, key=lambda result: result.kind != "inclusion")
    scene = _Scene({note.note_id: note for note in notes}, anchors, texts, cohort.cohort_id, as_of)
    views = [_criterion_view(slot, result, scene) for slot, result in enumerate(order)]
    marks, spans = _marks(_unique(cohort, findings), order, anchors)
    shown = sorted(notes, key=lambda note: (note.note_date, note.note_id))
    decidable = [result for result in order if result.basis != "judgement"]
    return PatientView(
        key=key,
        patient_id=patient.patient_id,
        facts=_facts(patient, as_of),
        as_of=as_of.isoformat(),
        cohort_id=cohort.cohort_id,
        state=_COHORT[cohort.status],
        decided=sum(result.status != "unknown" for result in decidable),
        presumed=sum(state_words(result).style == "presumed" for result in decidable),
        decidable=len(decidable),
        inclusion=tuple(view for view in views if view.kind == "inclusion"),
        exclusion=tuple(view for view in views if view.kind == "exclusion"),
        notes=tuple(
            NoteView(
                anchor=f"{key}-n{position}",
                note_id=note.note_id,
                note_date=note.note_date.isoformat(),
                distance=days_before(note.note_date, as_of),
                title=note.note_type or "Note",
                findings=len(spans.get(note.note_id, ())),
                left_out=_left_out(note, as_of, read),
                pieces=tuple(segments(note.text, spans.get(note.note_id, ()))),
            )
            for position, note in enumerate(shown)
        ),
        marks=marks,
        others=tuple(
            OtherCohortView(other.cohort_id, _COHORT[other.status], _against(other, texts))
            for other in cohorts
            if other is not cohort
        ),
        against=_against(cohort, texts),
        missing=tuple(_text(cohort.cohort_id, missing, texts).label for missing in cohort.missing),
        lapse=words.first_lapse(
            (view.label, result.valid_until) for view, result in zip(views, order, strict=True)
        ),
    )


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
    Return the style rules that tie the chosen criterion to its panel and its marks, for *count* criteria.

    The page must work without script and without inline style, so that each criterion has a number ("slot")
    and each slot its rules: the radio button ``.k3`` shows the panel ``.panel.k3`` and makes the marks
    ``k3-for``, ``k3-against`` and ``k3-set_aside`` strong.
    """
    rules = ["@supports selector(:has(*)) {"]
    for slot in range(count):
        chosen = f".patient:has(.k{slot}:checked)"
        rules.append(f"{chosen} .panel.k{slot} {{ display: block; }}")
        for side in SIDES:
            mark = f"{chosen} mark.k{slot}-{side.stance}"
            colour = f"--{side.stance.replace('_', '-')}"
            rules.append(
                f"{mark} {{ --stance: var({colour}); background: var({colour}-wash); "
                f"border-bottom: 2px solid var(--stance); font-weight: 650; }}"
            )
            rules.append(
                f'{mark}:not(.again)::before {{ content: "{side.sign}" / ""; color: var(--stance); }}'
            )
    rules.append("}")
    return "\n".join(rules) + "\n"


def _unique(cohort: CohortResult, findings: Sequence[Finding]) -> list[Finding]:
    """All findings and those of the evidence, each highlight once, in the order of the text."""
    found = {finding_key(finding): finding for finding in findings}
    for result in cohort.criteria:
        for evidence in result.evidence:
            found.setdefault(finding_key(evidence.finding), evidence.finding)
    return sorted(found.values(), key=finding_key)


def _marks(
    findings: Sequence[Finding],
    order: Sequence[CriterionResult],
    anchors: Mapping[FindingKey, str],
) -> tuple[dict[int, MarkView], dict[str, list[Span]]]:
    """Return the marks by number, and the spans of each note with those numbers as keys."""
    bears: dict[FindingKey, list[str]] = {}
    for slot, result in enumerate(order):
        for evidence in result.evidence:
            bears.setdefault(finding_key(evidence.finding), []).append(f"k{slot}-{evidence.stance}")
    marks: dict[int, MarkView] = {}
    spans: dict[str, list[Span]] = {}
    for number, finding in enumerate(findings):
        identity = finding_key(finding)
        slots = dict.fromkeys(bears.get(identity, ()))
        marks[number] = MarkView(
            anchor=anchors[identity],
            classes=" ".join(["f", f"a-{finding.assertion}", *slots]),
            title=f"{_what(finding)}: {_ASSERTIONS[finding.assertion]}",
        )
        spans.setdefault(finding.note_id, []).append(Span(finding.start, finding.end, number))
    return marks, spans


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the views of one patient have in common."""

    notes: Mapping[str, Note]
    anchors: Mapping[FindingKey, str]
    texts: Mapping[tuple[str, str], CriterionText]
    cohort_id: str
    as_of: date


def _criterion_view(slot: int, result: CriterionResult, scene: _Scene) -> CriterionView:
    text = _text(scene.cohort_id, result.criterion_id, scene.texts)
    return CriterionView(
        slot=slot,
        criterion_id=result.criterion_id,
        label=text.label,
        kind=result.kind,
        summary=text.summary,
        state=state_words(result),
        basis=_BASIS[result.basis],
        effect=_effect(result),
        flags=tuple(words.flag_words(flag) for flag in result.flags),
        rationale=result.rationale,
        next_step=result.next_step,
        lapses=words.lapse_words(result.valid_until, result.changes_to),
        searched=words.search_words(**asdict(result.search)) if result.search else "",
        terms=terms_of(result.search.kinds) if result.search else (),
        confidence=f"{result.confidence:.2f}" if result.basis == "documented" else "",
        sides=tuple(_stance_view(result, side, scene) for side in SIDES),
        score=score_view(result.score, notes=scene.notes, anchors=scene.anchors),
    )


def _stance_view(result: CriterionResult, side: Side, scene: _Scene) -> StanceView:
    evidence = [item for item in result.evidence if item.stance == side.stance]
    quotes = tuple(_quote_view(item, scene) for item in evidence[:MAX_QUOTES])
    return StanceView(side, len(evidence), quotes)


def _quote_view(evidence: Evidence, scene: _Scene) -> QuoteView:
    finding = evidence.finding
    note = scene.notes[finding.note_id]
    before, after = line_context(note.text, finding.start, finding.end)
    return QuoteView(
        anchor=scene.anchors[finding_key(finding)],
        before=before,
        quote=finding.text,
        after=after,
        note_title=note.note_type or "Note",
        note_date=note.note_date.isoformat(),
        page=page_of(finding.start, note.pages),
        distance=days_before(note.note_date, scene.as_of),
        reason=evidence.reason,
        assertion=_ASSERTIONS[finding.assertion],
        what=_what(finding),
        cues=finding.provenance.cues,
    )


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


def _effect(result: CriterionResult) -> str:
    """Say what the verdict means for eligibility, where it is not plain from the words."""
    if result.kind == "exclusion" and result.status == "met":
        return "excludes"
    if result.kind == "inclusion" and result.status == "not_met":
        return "rules out"
    return ""


def _against(cohort: CohortResult, texts: Mapping[tuple[str, str], CriterionText]) -> tuple[str, ...]:
    ids = [result.criterion_id for result in cohort.criteria if _effect(result)]
    return tuple(_text(cohort.cohort_id, criterion_id, texts).label for criterion_id in ids)


def _left_out(note: Note, as_of: date, read: Collection[str]) -> str:
    if note.note_date > as_of:
        return "left out: dated after the screening date"
    return "" if note.note_id in read else "could not be read"


def _facts(patient: Patient, as_of: date) -> tuple[str, ...]:
    facts: list[str] = []
    if patient.birth_date is not None and patient.birth_date <= as_of:
        born = patient.birth_date
        years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
        facts.append(f"{years} years")
    if patient.sex is not None:
        facts.append({"F": "female", "M": "male", "X": "sex X"}[patient.sex])
    return tuple(facts)


def _text(cohort_id: str, criterion_id: str, texts: Mapping[tuple[str, str], CriterionText]) -> CriterionText:
    known = texts.get((cohort_id, criterion_id))
    return known or CriterionText(criterion_id.replace("_", " ").capitalize(), "")


def _what(finding: Finding) -> str:
    return f"{finding.kind} {finding.concept}".replace("_", " ").strip()


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
