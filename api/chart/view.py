"""
From a reading and the verdicts to what the page of one chart shows: the list of criteria and the evidence of one.

Pure functions of their arguments, without web framework and database. Addresses come from a function of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from chartsift.api.render import (
    ASSERTIONS,
    BASIS_WORDS,
    SIDES,
    Side,
    Words,
    days_before,
    effect_words,
    finding_key,
    line_context,
    state_words,
    what_words,
)
from chartsift.api.render_score import ScoreView, score_view
from chartsift.nlp.criteria.schema import Criterion
from chartsift.nlp.criteria.search import terms_of
from chartsift.nlp.screening import words
from chartsift.nlp.screening.rows import page_of
from chartsift.nlp.types import CriterionResult, Evidence, Finding, Note, Stance

MOST_QUOTES = 40
"""Most quotes listed for one side of a criterion; all of them are marked in the notes. Nobody reads more."""

VERDICT_WORDS: Mapping[str, Words] = {
    "met": Words("met", "✓", "met"),
    "not_met": Words("not met", "✗", "not-met"),
    "unknown": Words("unknown", "?", "unknown-weak"),
}
"""How a person's verdict is said."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a reader on a criterion, in words; ``is_in_force`` is False once it was undone or superseded."""

    sequence: int
    words: str
    reason: str
    comment: str
    by: str
    at: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class OwnPiece:
    """Evidence that a reader added or rejected."""

    note_id: str
    start: int
    end: int
    stance: Stance
    is_rejected: bool
    reason: str
    comment: str


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What the reader's own reading says of one criterion.

    Attributes:
        verdict: The verdict in force; empty while undecided.
        reason: Code of its reason.
        comment: The reader's own words.
        by: Who decided.
        at: When, as "HH:MM" or a date.
        last: Sequence number of the last act on the criterion.
        needs_reason: The verdict is another one than proposed and says not why.
        agreed: Who else came to the same verdict, in a record of two readers.
        pieces: Evidence added and rejected.
        acts: Every act, the latest first.
    """

    verdict: str = ""
    reason: str = ""
    comment: str = ""
    by: str = ""
    at: str = ""
    last: int = 0
    needs_reason: bool = False
    agreed: str = ""
    pieces: tuple[OwnPiece, ...] = ()
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """
    One criterion in the list: what is proposed (hollow), and what the reader decided (filled).

    ``stale`` says that the proposal has become another one since the decision.
    """

    slot: int
    criterion_id: str
    label: str
    kind: str
    summary: str
    href: str
    proposal: Words | None
    effect: str
    flags: tuple[str, ...]
    lapses: str
    next_step: str
    reading: Reading
    stale: str = ""

    @property
    def decided(self) -> Words | None:
        """The reader's verdict in words; None while undecided."""
        return VERDICT_WORDS.get(self.reading.verdict)


@dataclass(frozen=True, slots=True)
class Quote:
    """One piece of evidence with a little of its line; ``href`` leads to the exact words."""

    href: str
    note_id: str
    place: str
    before: str
    quote: str
    after: str
    note_title: str
    note_date: str
    page: int | None
    distance: str
    why: str
    what: str
    rejected: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of the evidence: ``total`` pieces, the first of them as quotes."""

    side: Side
    total: int
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything about the chosen criterion."""

    row: Row
    basis: str
    rationale: str
    confidence: str
    searched: str
    terms: tuple[str, ...]
    sides: tuple[SideView, ...]
    score: ScoreView | None
    proposed: str


@dataclass(frozen=True, slots=True)
class NoteOf:
    """A note as the evidence needs it: its opaque identifier beside the note itself."""

    opaque: str
    note: Note


Link = Callable[[str, int, int], str]
"""Address of a place: opaque note, start, end."""


def row(
    slot: int,
    criterion: Criterion,
    result: CriterionResult | None,
    reading: Reading,
    *,
    href: str,
    stale: str = "",
) -> Row:
    """Return one line of the list; *result* is None where the proposal is hidden or there is none."""
    return Row(
        slot=slot,
        criterion_id=criterion.criterion_id,
        label=criterion.label or criterion.criterion_id.replace("_", " ").capitalize(),
        kind=criterion.kind,
        summary=criterion.summary,
        href=href,
        proposal=state_words(result) if result is not None else None,
        effect=effect_words(result) if result is not None else "",
        flags=tuple(words.flag_words(flag) for flag in result.flags) if result is not None else (),
        lapses=words.lapse_words(result.valid_until, result.changes_to) if result is not None else "",
        next_step=result.next_step if result is not None else "",
        reading=reading,
        stale=stale,
    )


def panel(
    chosen: Row,
    result: CriterionResult | None,
    *,
    notes: Mapping[str, NoteOf],
    as_of: date,
    link: Link,
) -> Panel:
    """
    Return the evidence of the chosen criterion.

    Args:
        chosen: Its line.
        result: The proposal; None where it is hidden or there is none.
        notes: By the site's identifier, at least those that the evidence stands in.
        as_of: Day of screening.
        link: Makes addresses of places.
    """
    scene = _Scene(notes, {item.opaque: item for item in notes.values()}, as_of, link, chosen.reading)
    evidence = result.evidence if result is not None else ()
    return Panel(
        row=chosen,
        basis=BASIS_WORDS[result.basis] if result is not None else "",
        rationale=result.rationale if result is not None else "",
        confidence=f"{result.confidence:.2f}" if result is not None and result.basis == "documented" else "",
        searched=words.search_words(**asdict(result.search)) if result and result.search else "",
        terms=terms_of(result.search.kinds) if result and result.search else (),
        sides=tuple(_side(side, evidence, scene) for side in SIDES),
        score=_score(result, scene),
        proposed=result.status if result is not None else "",
    )


def evidence_notes(result: CriterionResult | None) -> set[str]:
    """Return the site's identifiers of the notes that a criterion's evidence, and its score, stand in."""
    if result is None:
        return set()
    items = [item for entry in result.score.items for item in entry.evidence] if result.score else []
    for side in SIDES:
        items += [item for item in result.evidence if item.stance == side.stance][:MOST_QUOTES]
    return {item.finding.note_id for item in items}


def own_quotes(
    pieces: Sequence[OwnPiece], *, notes: Mapping[str, NoteOf], as_of: date, link: Link
) -> tuple[Quote, ...]:
    """Return what a reader added and rejected as quotes; *notes* as for `panel`."""
    by_opaque = {item.opaque: item for item in notes.values()}
    scene = _Scene(notes, by_opaque, as_of, link, Reading())
    return tuple(
        _quote_at(
            by_opaque[piece.note_id],
            piece.start,
            piece.end,
            scene,
            why=f"rejected: {piece.reason}" if piece.is_rejected else f"added, {piece.stance}",
            what=piece.comment,
            rejected=piece.reason if piece.is_rejected else "",
            is_own=True,
        )
        for piece in pieces
        if piece.note_id in by_opaque
    )


Classes = Mapping[tuple[int, int, str, str], Sequence[str]]
"""By start, end, kind and concept of a finding: on which criteria it bears, by slot, and how ("k3-for")."""


@dataclass(frozen=True, slots=True)
class ByNote:
    """What was read, and what it bears on, by the site's identifier of the note; made once for a result."""

    findings: Mapping[str, Sequence[Finding]]
    classes: Mapping[str, Classes]


def by_note(
    findings: Sequence[Finding], slots: Mapping[str, int], results: Mapping[str, CriterionResult]
) -> ByNote:
    """Return findings by note, and the classes of their marks; *slots* are the numbers of the criteria."""
    read: dict[str, list[Finding]] = {}
    for one in findings:
        read.setdefault(one.note_id, []).append(one)
    classes: dict[str, dict[tuple[int, int, str, str], list[str]]] = {}
    for criterion_id, slot in slots.items():
        result = results.get(criterion_id)
        for item in result.evidence if result is not None else ():
            one = item.finding
            here = classes.setdefault(one.note_id, {})
            here.setdefault((one.start, one.end, one.kind, one.concept), []).append(f"k{slot}-{item.stance}")
    return ByNote(read, classes)


@dataclass(frozen=True, slots=True)
class _Scene:
    notes: Mapping[str, NoteOf]
    by_opaque: Mapping[str, NoteOf]
    as_of: date
    link: Link
    reading: Reading


def _side(side: Side, evidence: Sequence[Evidence], scene: _Scene) -> SideView:
    here = [item for item in evidence if item.stance == side.stance]
    rejected = {
        (piece.note_id, piece.start, piece.end): piece for piece in scene.reading.pieces if piece.is_rejected
    }
    added = [piece for piece in scene.reading.pieces if not piece.is_rejected and piece.stance == side.stance]
    quotes = [_own_quote(piece, scene) for piece in added if piece.note_id in scene.by_opaque]
    quotes += [
        _quote(item, scene, rejected) for item in here[:MOST_QUOTES] if item.finding.note_id in scene.notes
    ]
    return SideView(side, len(here) + len(added), tuple(quotes))


def _quote(item: Evidence, scene: _Scene, rejected: Mapping[tuple[str, int, int], OwnPiece]) -> Quote:
    finding = item.finding
    place = scene.notes[finding.note_id]
    piece = rejected.get((place.opaque, finding.start, finding.end))
    return _quote_at(
        place,
        finding.start,
        finding.end,
        scene,
        why=item.reason.replace("_", " "),
        what=_what(finding),
        rejected=piece.reason.replace("_", " ") if piece is not None else "",
        is_own=False,
    )


def _own_quote(piece: OwnPiece, scene: _Scene) -> Quote:
    place = scene.by_opaque[piece.note_id]
    return _quote_at(
        place,
        piece.start,
        piece.end,
        scene,
        why=f"added by {scene.reading.by or 'you'}",
        what=piece.comment,
        rejected="",
        is_own=True,
    )


def _quote_at(
    place: NoteOf, start: int, end: int, scene: _Scene, *, why: str, what: str, rejected: str, is_own: bool
) -> Quote:
    note = place.note
    before, after = line_context(note.text, start, end)
    return Quote(
        href=scene.link(place.opaque, start, end),
        note_id=place.opaque,
        place=f"{start}-{end}",
        before=before,
        quote=note.text[start:end],
        after=after,
        note_title=note.note_type or "Note",
        note_date=note.note_date.isoformat(),
        page=page_of(start, note.pages),
        distance=days_before(note.note_date, scene.as_of),
        why=why,
        what=what,
        rejected=rejected,
        is_own=is_own,
    )


def _what(finding: Finding) -> str:
    cues = f" (“{'”, “'.join(finding.provenance.cues)}”)" if finding.provenance.cues else ""
    return f"{what_words(finding)}, {ASSERTIONS[finding.assertion]}{cues}"


def _score(result: CriterionResult | None, scene: _Scene) -> ScoreView | None:
    if result is None or result.score is None:
        return None
    links = {
        finding_key(item.finding): scene.link(
            scene.notes[item.finding.note_id].opaque, item.finding.start, item.finding.end
        )
        for entry in result.score.items
        for item in entry.evidence
        if item.finding.note_id in scene.notes
    }
    return score_view(
        result.score, notes={key: place.note for key, place in scene.notes.items()}, anchors=links
    )
