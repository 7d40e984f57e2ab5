"""A note in its own layout: findings, the reader's evidence, copied text and the place asked for, as marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chartsift.api.chart.copied import Copied
from chartsift.api.render import ASSERTIONS, Segment, Span, segments, what_words
from chartsift.nlp.types import Finding, Stance


@dataclass(frozen=True, slots=True)
class Mark:
    """
    What stands over a stretch of a note.

    Attributes:
        tag: "mark" for something found, "span" for text that was carried forward.
        classes: For the style sheet: "k3-for" makes the mark strong while criterion 3 is chosen.
        title: What it is, in words.
        place: "start-end" in code points of the note.
        says: What the margin says of copied text.
        href: Where copied text was first written.
        anchor: Identifier of the element; only the place that was asked for has one.
    """

    tag: str
    classes: str
    title: str
    place: str
    says: str = ""
    href: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class OwnEvidence:
    """Evidence that a reader added or rejected: a place, the slot of its criterion, and the stance."""

    start: int
    end: int
    slot: int
    stance: Stance
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class CopiedText:
    """A copied block with what the margin says of it and where it was first written."""

    block: Copied
    says: str
    href: str


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note cut into segments; the keys of their marks index ``marks``."""

    pieces: tuple[Segment, ...]
    marks: tuple[Mark, ...]


def note_text(
    text: str,
    *,
    findings: Sequence[Finding] = (),
    slots: Mapping[tuple[int, int, str, str], Sequence[str]] | None = None,
    own: Sequence[OwnEvidence] = (),
    copied: Sequence[CopiedText] = (),
    at: tuple[int, int] | None = None,
) -> NoteText:
    """
    Return the note with its marks.

    Args:
        text: The note, exactly as received.
        findings: What was read in it.
        slots: Classes by start, end, kind and concept of a finding: on which criteria it bears, and how.
        own: What the reader added and rejected.
        copied: What was carried forward from earlier notes.
        at: The place that was asked for; one outside the text is left out.
    """
    marks: list[Mark] = []
    spans: list[Span] = []

    def add(start: int, end: int, mark: Mark) -> None:
        spans.append(Span(start, end, len(marks)))
        marks.append(mark)

    for one in copied:
        place = f"{one.block.start}-{one.block.end}"
        add(one.block.start, one.block.end, Mark("span", "copied", one.says, place, one.says, one.href))
    for key, classes in _by_place(findings, slots or {}).items():
        start, end, title = key
        add(start, end, Mark("mark", classes, title, f"{start}-{end}"))
    for mine in own:
        kind = "rejected" if mine.is_rejected else f"mine k{mine.slot}-{mine.stance}"
        said = "rejected by you" if mine.is_rejected else "added by you"
        add(mine.start, mine.end, Mark("mark", f"f {kind}", said, f"{mine.start}-{mine.end}"))
    if at is not None and 0 <= at[0] < at[1] <= len(text):
        add(*at, Mark("mark", "at", "", f"{at[0]}-{at[1]}", anchor="at"))
    return NoteText(tuple(segments(text, spans)), tuple(marks))


def _by_place(
    findings: Sequence[Finding], slots: Mapping[tuple[int, int, str, str], Sequence[str]]
) -> dict[tuple[int, int, str], str]:
    """Return classes by start, end and words of a finding; several of one place and kind become one mark."""
    found: dict[tuple[int, int, str], dict[str, None]] = {}
    for one in findings:
        title = f"{what_words(one)}: {ASSERTIONS[one.assertion]}"
        classes = found.setdefault((one.start, one.end, title), {"f": None, f"a-{one.assertion}": None})
        classes.update(dict.fromkeys(slots.get((one.start, one.end, one.kind, one.concept), ())))
    return {key: " ".join(classes) for key, classes in found.items()}
