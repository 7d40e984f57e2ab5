"""
The ``context`` component: medspaCy's ConText with chartsift's own cues (``lexicon/context.yaml``).

Over a ``Doc``, rules, matcher and modifiers are medspaCy's. Where only mentions are read, the same cues are found in
the sentences that hold mentions by their words, without a token (``text/phrases``), and modifiers are plain tuples.
How far a cue reaches is told by ``context_reach`` either way, sentence by sentence, so the time grows with the length
of a note and not with its square.

Reads: doc._.layout (sentences), doc.spans["concepts"]. Writes: span._.modifiers (tuple of ConTextModifier; of
``passages.Modifier`` where only mentions are read).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from chartsift.nlp.components.concepts import SPAN_GROUP
from chartsift.nlp.components.context_reach import CueRule, sentences_with
from chartsift.nlp.components.factory import register
from chartsift.nlp.components.passages import MentionSpan, Modifier
from chartsift.nlp.lexicon.loader import load_context
from chartsift.nlp.lexicon.schema import ContextFile, ContextRuleSpec
from chartsift.nlp.log import quiet_imports
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.phrases import Found, PhraseSearch
from chartsift.nlp.text.tokens import source_range, words_of

with quiet_imports():
    from medspacy.common.medspacy_matcher import MedspacyMatcher
    from medspacy.context import ConText, ConTextRule
    from medspacy.context.context_modifier import ConTextModifier

_DIRECTIONS = {
    "forward": "FORWARD",
    "forward_item": "FORWARD",
    "backward": "BACKWARD",
    "backward_item": "BACKWARD",
    "both": "BIDIRECTIONAL",
}


class Context:
    """Link each concept to the cues whose scope it stands in."""

    def __init__(self, nlp: Language, rules: ContextFile) -> None:
        self._matcher = MedspacyMatcher(nlp, name="chartsift_context", prune=False)
        self._rules: dict[CueRule, ConTextRule] = {rule: _medspacy_rule(rule) for rule in _rules(rules)}
        self._matcher.add(list(self._rules.values()))
        rule_of = {id(theirs): ours for ours, theirs in self._rules.items()}
        strings = nlp.vocab.strings
        self._rule_of = {strings[name]: rule_of[id(rule)] for name, rule in self._matcher.rule_map.items()}
        ConText.register_graph_attributes()
        by_words: dict[tuple[str, ...], list[CueRule]] = defaultdict(list)
        for rule in self._rules:
            by_words[rule.words].append(rule)
        self._search: PhraseSearch[Sequence[CueRule]] = PhraseSearch(by_words, matters=_may_touch)

    def __call__(self, doc: Doc) -> Doc:
        self.link(doc, list(doc.spans[SPAN_GROUP]))
        return doc

    def link(self, doc: Doc, targets: list[Span]) -> None:
        """Set ``span._.modifiers`` of *targets*, which are sorted by start."""
        if not targets:
            return
        starts, ends = doc._.starts, doc._.ends
        sentences = sentences_with(doc._.layout, [_Target(span) for span in targets])
        first_of = [sentence.start for sentence in sentences]
        matches: dict[int, list[Found[Sequence[CueRule]]]] = defaultdict(list)
        for match_id, first, last in self._matcher(doc):
            number = bisect_right(first_of, starts[first]) - 1
            if number >= 0 and starts[first] < sentences[number].end:
                rules = (self._rule_of[match_id],)
                matches[number].append((starts[first], ends[last - 1], last - first, rules))
        for number, found in matches.items():
            for reach, touched in sentences[number].touched(found):
                modifier = ConTextModifier(
                    self._rules[reach.rule],
                    bisect_left(starts, reach.start),
                    bisect_left(ends, reach.end) + 1,
                    None,
                    scope_start=bisect_left(starts, reach.low),
                    scope_end=bisect_left(starts, reach.high),
                )
                for target in touched:
                    modifier.modify(target.span)
                    target.span._.modifiers += (modifier,)

    def link_mentions(self, layout: Layout, mentions: Sequence[MentionSpan]) -> None:
        """Set ``span._.modifiers`` of *mentions* as ``link`` does, without a ``Doc``."""
        for sentence in sentences_with(layout, mentions):
            found = self._search.starting_in(layout.text, sentence.start, sentence.end)
            if not found:
                continue
            for reach, touched in sentence.touched(found):
                modifier = Modifier(reach.rule.category, (reach.start, reach.end))
                for mention in touched:
                    mention._.modifiers += (modifier,)


class _Target:
    """A span by its code points."""

    __slots__ = ("end", "label_", "span", "start")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.start, self.end = source_range(span)
        self.label_: str = span.label_


def _may_touch(rules: Sequence[CueRule]) -> bool:
    """Say whether words with *rules* may touch a mention, and do not only end what others reach."""
    return any(rule.direction not in ("TERMINATE", "PSEUDO") for rule in rules)


def _rules(rules: ContextFile) -> Iterator[CueRule]:
    for category, spec in rules.categories.items():
        for name, direction in _DIRECTIONS.items():
            cue: ContextRuleSpec
            for cue in getattr(spec, name):
                yield CueRule(
                    cue.text,
                    words_of(cue.text),
                    category,
                    direction,
                    kinds=frozenset(kind.upper() for kind in cue.kinds) or None,
                    not_kinds=frozenset(kind.upper() for kind in cue.not_kinds) or None,
                    scope=cue.scope,
                    targets=cue.targets,
                    is_item=name.endswith("_item"),
                )
        for literal in spec.stop:
            yield CueRule(literal, words_of(literal), category, "TERMINATE")
    for name, listed, direction in (
        ("TERMINATE", rules.terminate, "TERMINATE"),
        ("CLAUSE", rules.clause, "TERMINATE"),
        ("VERB", rules.verb, "TERMINATE"),
        ("PSEUDO", rules.pseudo, "PSEUDO"),
    ):
        for literal in listed:
            yield CueRule(literal, words_of(literal), name, direction)


def _medspacy_rule(rule: CueRule) -> ConTextRule:
    return ConTextRule(
        rule.literal,
        rule.category,
        direction=rule.direction,
        allowed_types=set(rule.kinds) if rule.kinds is not None else None,
        excluded_types=set(rule.not_kinds) if rule.not_kinds is not None else None,
        max_scope=rule.scope,
        max_targets=rule.targets,
        metadata={"item": rule.is_item},
    )


register("context", lambda nlp: Context(nlp, load_context()))
