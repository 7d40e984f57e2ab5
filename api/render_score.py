"""What the page shows of a classification score beside the criterion that it supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chartsift.nlp.screening import words
from chartsift.nlp.types import Finding, Note, ScoreItem, ScoreResult

# Longest quote in the table of items; the whole clause stands in the note that it links to.
_MOST_QUOTE_CHARS = 90


@dataclass(frozen=True, slots=True)
class ScoreItemView:
    """One item: its state in a word and a sign, its points, and the first words behind it with their mark."""

    label: str
    state: str
    sign: str
    points: str
    value: str
    quote: str
    anchor: str
    note_date: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A score: one line, the subgroup it comes to, what a reader should look at, and its items."""

    title: str
    line: str
    subgroup: str
    flags: tuple[str, ...]
    items: tuple[ScoreItemView, ...]


def score_view(
    score: ScoreResult | None,
    *,
    notes: Mapping[str, Note],
    anchors: Mapping[tuple[str, int, int, str, str], str],
) -> ScoreView | None:
    """Return the view of *score*; None where there is none. *anchors* are the marks of findings in the notes."""
    if score is None:
        return None
    row = {
        "column": score.column,
        "score_low": score.low,
        "score_high": score.high,
        "probability_low": score.probability_low,
        "probability_high": score.probability_high,
        "label_low": score.label_low,
        "label_high": score.label_high,
        "verdict": score.verdict,
    }
    return ScoreView(
        title=score.title,
        line=words.score_words(row),
        subgroup=" or ".join(score.subgroups),
        flags=tuple(words.flag_words(flag) for flag in score.flags),
        items=tuple(_item_view(item, notes, anchors) for item in score.items),
    )


def _item_view(
    item: ScoreItem, notes: Mapping[str, Note], anchors: Mapping[tuple[str, int, int, str, str], str]
) -> ScoreItemView:
    first: Finding | None = item.evidence[0].finding if item.evidence else None
    note = notes.get(first.note_id) if first is not None else None
    points = {"points_low": item.points_low, "points_high": item.points_high}
    return ScoreItemView(
        label=item.label,
        state=words.ITEM_WORDS[item.state],
        sign=words.ITEM_SIGNS[item.state],
        points=words.points_words(points) if item.points else "–",
        value=item.value,
        quote=words.one_line(first.text, most=_MOST_QUOTE_CHARS) if first is not None else "",
        anchor=anchors.get((first.note_id, first.start, first.end, first.kind, first.concept), "")
        if first is not None
        else "",
        note_date=note.note_date.isoformat() if note is not None else "",
        reason=item.reason,
    )
