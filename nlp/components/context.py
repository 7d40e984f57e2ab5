"""
The ``context`` component: medspaCy's ConText with chartsift's own cues (``lexicon/context.yaml``).

The rules, scopes and modifiers are medspaCy's. Only the loop around them is ours: cues meet targets sentence by
sentence, so the time grows with the length of a note and not with its square, and sentences without a target
cost nothing.

Reads: doc.sents, doc.spans["concepts"]. Writes: span._.modifiers (tuple of ConTextModifier).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import SPAN_GROUP
from chartsift.nlp.components.factory import register
from chartsift.nlp.lexicon.loader import load_context
from chartsift.nlp.lexicon.schema import ContextFile, ContextRuleSpec
from chartsift.nlp.log import quiet_imports

with quiet_imports():
    from medspacy.common.medspacy_matcher import MedspacyMatcher
    from medspacy.context import ConText, ConTextRule
    from medspacy.context.context_modifier import ConTextModifier

_DIRECTIONS = {"forward": "FORWARD", "backward": "BACKWARD", "both": "BIDIRECTIONAL"}


class Context:
    """Link each concept to the cues whose scope it stands in."""

    def __init__(self, nlp: Language, rules: ContextFile) -> None:
        self._strings = nlp.vocab.strings
        self._matcher = MedspacyMatcher(nlp, name="chartsift_context", prune=False)
        self._matcher.add(list(_rules(rules)))
        ConText.register_graph_attributes()

    def __call__(self, doc: Doc) -> Doc:
        targets = list(doc.spans[SPAN_GROUP])
        self.link(doc, targets)
        return doc

    def link(self, doc: Doc, targets: list[Span]) -> None:
        """Set ``span._.modifiers`` of *targets*, which are sorted by start."""
        if not targets:
            return
        found = self._matcher(doc)
        cues = list(_longest(sorted((start, -end, match_id) for match_id, start, end in found)))
        starts = [cue[0] for cue in cues]
        rule_of = self._matcher.rule_map
        for sentence, members in _by_sentence(targets):
            inside = cues[bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)]
            if not inside:
                continue
            modifiers = [
                ConTextModifier(rule_of[self._strings[match_id]], start, end, doc)
                for start, end, match_id in inside
            ]
            for i, one in enumerate(modifiers):
                for other in modifiers[i + 1 :]:
                    one.limit_scope(other)
                    other.limit_scope(one)
            for modifier in modifiers:
                for target in members:
                    if modifier.modifies(target):
                        modifier.modify(target)
                modifier.reduce_targets()
                for target in modifier._targets:
                    target._.modifiers += (modifier,)


def _by_sentence(targets: Iterable[Span]) -> Iterator[tuple[Span, list[Span]]]:
    sentence: Span | None = None
    members: list[Span] = []
    for target in targets:
        if sentence is None or target.start >= sentence.end:
            if sentence is not None:
                yield sentence, members
            sentence, members = target.sent, []
        members.append(target)
    if sentence is not None:
        yield sentence, members


def _longest(matches: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Keep the longest of overlapping matches ``(start, -end, id)``; yield ``(start, end, id)``."""
    kept: tuple[int, int, int] | None = None
    for start, negative_end, match_id in matches:
        candidate = (start, -negative_end, match_id)
        if kept is None or start >= kept[1]:
            if kept is not None:
                yield kept
            kept = candidate
        elif candidate[1] - candidate[0] > kept[1] - kept[0]:
            kept = candidate
    if kept is not None:
        yield kept


def _rules(rules: ContextFile) -> Iterator[ConTextRule]:
    for category, spec in rules.categories.items():
        for name, direction in _DIRECTIONS.items():
            cue: ContextRuleSpec
            for cue in getattr(spec, name):
                yield ConTextRule(
                    cue.text,
                    category,
                    direction=direction,
                    allowed_types={kind.upper() for kind in cue.kinds} or None,
                    excluded_types={kind.upper() for kind in cue.not_kinds} or None,
                    max_scope=cue.scope,
                    max_targets=cue.targets,
                )
    for words in rules.terminate:
        yield ConTextRule(words, "TERMINATE", direction="TERMINATE")
    for words in rules.pseudo:
        yield ConTextRule(words, "PSEUDO", direction="PSEUDO")


register("context", lambda nlp: Context(nlp, load_context()))
