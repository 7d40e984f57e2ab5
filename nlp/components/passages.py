"""
What readers use of a ``Doc`` and of its spans, as plain Python objects.

Readers ask some hundred times a note for the layout, the text or the place of a mention, and spaCy makes a new object
for each ``doc._`` and each span. ``Passages`` answers the same questions from plain attributes; the ``Doc`` itself, of
the sentences that hold concepts, is behind it for what needs tokens.

Made by the pipeline when it reads only where it matters; a ``Doc`` of the whole note serves readers as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from spacy.tokens import Doc

from chartsift.nlp.components.concepts import SPAN_GROUP, Sense
from chartsift.nlp.text.layout import Layout

_NOTHING: tuple[int, ...] = ()


class NoteFacts:
    """What ``doc._`` holds."""

    __slots__ = ("drafts", "ends", "layout", "note_date", "note_text", "starts")

    def __init__(
        self,
        layout: Layout,
        note_date: date,
        starts: Sequence[int] = _NOTHING,
        ends: Sequence[int] = _NOTHING,
    ) -> None:
        self.note_text = layout.text
        self.note_date = note_date
        self.layout = layout
        self.drafts: list[Any] | None = None
        self.starts = starts
        self.ends = ends


class MentionFacts:
    """What ``span._`` holds."""

    __slots__ = ("modifiers", "sense")

    def __init__(self, sense: Sense) -> None:
        self.sense = sense
        self.modifiers: tuple[Any, ...] = ()


class MentionSpan:
    """The tokens ``start:end`` as a mention of a concept."""

    __slots__ = ("_", "doc", "end", "label_", "start")

    def __init__(self, doc: Passages, start: int, end: int, sense: Sense) -> None:
        self.doc = doc
        self.start = start
        self.end = end
        self.label_ = sense.label
        self._ = MentionFacts(sense)


class Passages:
    """A note as its readers see it; without *tokens* it is one that holds no concept."""

    __slots__ = ("_", "_by_label", "spans", "tokens")

    def __init__(self, facts: NoteFacts, tokens: Doc | None = None) -> None:
        self._ = facts
        self.tokens = tokens
        self.spans: dict[str, list[MentionSpan]] = {SPAN_GROUP: []}
        self._by_label: dict[str, list[int]] | None = None

    def __getitem__(self, key: int | slice) -> Any:
        if self.tokens is None:
            raise IndexError("a note without concepts has no tokens")
        return self.tokens[key]

    def __len__(self) -> int:
        return 0 if self.tokens is None else len(self.tokens)

    def labelled(self, labels: Iterable[str]) -> list[MentionSpan]:
        """Return the mentions with *labels* in order."""
        spans = self.spans[SPAN_GROUP]
        if not spans:
            return []
        if self._by_label is None:
            self._by_label = defaultdict(list)
            for number, span in enumerate(spans):
                self._by_label[span.label_].append(number)
        groups = [self._by_label[label] for label in labels if label in self._by_label]
        if not groups:
            return []
        numbers = groups[0] if len(groups) == 1 else sorted(number for group in groups for number in group)
        return [spans[number] for number in numbers]
