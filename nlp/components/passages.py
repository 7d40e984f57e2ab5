"""
A note as its readers see it where only mentions are read: plain Python objects in place of a ``Doc`` and its spans.

Readers ask some hundred times a note for the layout, the text or the place of a mention, and spaCy makes a new object
for each ``doc._`` and each span. ``Passages`` answers the same questions from plain attributes, and no token is ever
made: every code point counts as one, so that what readers look up by the number of a token they find by its place.

Made by the pipeline when it reads only where it matters; a ``Doc`` of the whole note serves readers as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from chartsift.nlp.components.concepts import SPAN_GROUP, Mention, Sense
from chartsift.nlp.text.layout import Layout


class Modifier(NamedTuple):
    """A cue that touches a mention: its category, and its code points under medspaCy's name for its tokens."""

    category: str
    modifier_span: tuple[int, int]


class NoteFacts:
    """What ``doc._`` holds."""

    __slots__ = ("drafts", "ends", "layout", "note_date", "note_text", "starts")

    def __init__(self, layout: Layout, note_date: date) -> None:
        self.note_text = layout.text
        self.note_date = note_date
        self.layout = layout
        self.drafts: list[Any] | None = None
        # "Token" i is the code point i: it starts at i and ends at i + 1.
        length = len(layout.text)
        self.starts: Sequence[int] = range(length)
        self.ends: Sequence[int] = range(1, length + 1)


class MentionFacts:
    """What ``span._`` holds."""

    __slots__ = ("modifiers", "sense")

    def __init__(self, sense: Sense) -> None:
        self.sense = sense
        self.modifiers: tuple[Modifier, ...] = ()


class MentionSpan:
    """The code points ``start:end`` as a mention of a concept."""

    __slots__ = ("_", "doc", "end", "label_", "start")

    def __init__(self, doc: Passages, mention: Mention) -> None:
        self.doc = doc
        self.start = mention.start
        self.end = mention.end
        self.label_ = mention.sense.label
        self._ = MentionFacts(mention.sense)


class Passages:
    """A note and the mentions of concepts in it, in order."""

    __slots__ = ("_", "_by_kind", "spans")

    def __init__(self, facts: NoteFacts, mentions: Iterable[Mention]) -> None:
        self._ = facts
        self.spans: dict[str, list[MentionSpan]] = {
            SPAN_GROUP: [MentionSpan(self, mention) for mention in mentions]
        }
        self._by_kind: dict[str, list[MentionSpan]] | None = None

    def of_kinds(self, kinds: Iterable[str]) -> list[MentionSpan]:
        """Return the mentions of *kinds* in order."""
        if not self.spans[SPAN_GROUP]:
            return []
        by_kind = self._by_kind
        if by_kind is None:
            by_kind = self._by_kind = defaultdict(list)
            for span in self.spans[SPAN_GROUP]:
                by_kind[span._.sense.concept.kind].append(span)
        groups = [by_kind[kind] for kind in kinds if kind in by_kind]
        if len(groups) > 1:
            return sorted(chain.from_iterable(groups), key=attrgetter("start"))
        return list(groups[0]) if groups else []
