"""
The ``context`` component: medspaCy's ConText with chartsift's own cues (``lexicon/context.yaml``).

Rules, matcher and modifiers are medspaCy's. How far a cue reaches is found here, sentence by sentence and only where a
target stands, so the time grows with the length of a note and not with its square; and it knows a few things more than
ConText does:

- Words may be a cue of several categories at once, and may end the reach of others as well ("status post").
- Words that reach either way ("negative", "resolved") go by what stands beside them: "resolved pneumonia, lupus" is not
  "pneumonia resolved, lupus".
- Some reach no further than their item of a list, and none out of brackets.
- A mention that holds the words of a cue is not touched by them.

Reads: doc._.layout (sentences), doc.spans["concepts"]. Writes: span._.modifiers (tuple of ConTextModifier).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc, Span

from chartsift.nlp.components.assertion import SOMEONE_ELSE
from chartsift.nlp.components.concepts import SPAN_GROUP
from chartsift.nlp.components.factory import register
from chartsift.nlp.lexicon.loader import load_context
from chartsift.nlp.lexicon.schema import ContextFile, ContextRuleSpec
from chartsift.nlp.log import quiet_imports
from chartsift.nlp.text.layout import Layout

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
# What stands after a word that speaks of what came before it ("ruled out, ..."), and before it ("was negative").
_CLOSES = frozenset(
    (",", ".", ";", ")", "]", "/", "|", "and", "or", "but", "by", "in", "on", "at", "today", "with")
)
_PREDICATES = frozenset(
    ("is", "was", "are", "were", "be", "been", "being", "remains", "remained", "now", "since", ":", "=")
)
# What may stand between a cue and its verb: "if the patient has", "has not yet developed".
_LINKS = frozenset(("the", "this", "your", "ever", "yet", "also", "currently", "any"))
_JOINED = re.compile(r"\b(?:and|or)\b|[&/]", re.IGNORECASE)
_ITEM_END = re.compile(r"[,()]")


@dataclass(frozen=True, slots=True)
class _Cue:
    """Words that are a cue, with every rule that they satisfy; ``bracket`` is where the bracket around them opens, or -1."""

    start: int
    end: int
    rules: tuple[ConTextRule, ...]
    bracket: int


class Context:
    """Link each concept to the cues whose scope it stands in."""

    def __init__(self, nlp: Language, rules: ContextFile) -> None:
        self._matcher = MedspacyMatcher(nlp, name="chartsift_context", prune=False)
        self._matcher.add(list(_rules(rules)))
        strings = nlp.vocab.strings
        self._rule_of = {strings[name]: rule for name, rule in self._matcher.rule_map.items()}
        ConText.register_graph_attributes()
        # Tokens behind its sentence that a cue may take up.
        self.longest = max(len(nlp.tokenizer(rule.literal)) for rule in self._rule_of.values())

    def __call__(self, doc: Doc) -> Doc:
        self.link(doc, list(doc.spans[SPAN_GROUP]))
        return doc

    def link(self, doc: Doc, targets: list[Span]) -> None:
        """Set ``span._.modifiers`` of *targets*, which are sorted by start."""
        if not targets:
            return
        sentence_of = _sentences(doc, targets)
        matches: dict[_Sentence, list[tuple[int, int, ConTextRule]]] = defaultdict(list)
        rule_of = self._rule_of
        for match_id, start, end in self._matcher(doc):
            if start in sentence_of:
                matches[sentence_of[start]].append((start, end, rule_of[match_id]))
        for sentence, found in matches.items():
            for modifier in sentence.modifiers(sentence.cues(found)):
                for target in sentence.targets:
                    if _touches(modifier, target):
                        modifier.modify(target)
                modifier.reduce_targets()
                for target in modifier._targets:
                    target._.modifiers += (modifier,)


class _Sentence:
    """A sentence that holds targets, and the place of its tokens in the note."""

    def __init__(self, doc: Doc, start: int, end: int, text: str, starts: list[int], ends: list[int]) -> None:
        self.doc = doc
        self.start = start
        self.end = end
        self.targets: list[Span] = []
        self.text = text
        self.starts = starts
        self.ends = ends
        self._has_brackets = text.find("(", starts[start], ends[end - 1]) >= 0

    def cues(self, matches: Iterable[tuple[int, int, ConTextRule]]) -> list[_Cue]:
        """Return the longest of overlapping cues, in order; words that only look like one are left out."""
        rules_at: dict[tuple[int, int], list[ConTextRule]] = defaultdict(list)
        for start, end, rule in matches:
            if rule.direction != "PSEUDO" or not self._is_named(start, end):
                rules_at[start, -end].append(rule)
        return [
            _Cue(start, end, tuple(rules_at[start, -end]), self._bracket(start))
            for start, end in _longest(sorted(rules_at))
            if all(rule.direction != "PSEUDO" for rule in rules_at[start, -end])
        ]

    def modifiers(self, cues: Sequence[_Cue]) -> Iterator[ConTextModifier]:
        """
        Yield what the cues of this sentence modify.

        A cue reaches to the end of the sentence, to words that end it, or to the next cue of its category that touches
        the same kinds (ConText's rules), at most as many words as its rule says.
        """
        chosen = [(cue, rule) for cue in cues for rule in self._in_one_direction(cue)]
        for cue, rule in chosen:
            if rule.direction == "TERMINATE":
                continue
            low, high = self.start, self.end
            for other, other_rule in chosen:
                if other is cue or not self._ends(other, other_rule, cue, rule):
                    continue
                if other.start > cue.start:
                    high = other.start
                    break
                low = max(low, other.end)
            low, high = self._within_item(cue, rule, low, high)
            reach = rule.max_scope if rule.max_scope is not None else len(self.doc)
            low = cue.end if rule.direction == "FORWARD" else max(low, cue.start - reach)
            high = cue.start if rule.direction == "BACKWARD" else min(high, cue.end + reach)
            if low < high:
                yield ConTextModifier(rule, cue.start, cue.end, None, scope_start=low, scope_end=high)

    def _ends(self, other: _Cue, other_rule: ConTextRule, cue: _Cue, rule: ConTextRule) -> bool:
        """Say whether *other* ends the reach of *cue*."""
        if other.bracket not in (-1, cue.bracket):
            return False  # a remark in brackets ends nothing outside of them
        if other_rule.direction != "TERMINATE":
            return bool(
                other_rule.category == rule.category
                and not _is_item(other_rule)
                and other_rule.allowed_types == rule.allowed_types
                and other_rule.excluded_types == rule.excluded_types
            )
        if other_rule.category in ("CLAUSE", "VERB"):
            if self._follows_at_once(other, cue):
                return False
            return other_rule.category == "CLAUSE" or rule.category not in SOMEONE_ELSE
        if other_rule.category != "TERMINATE":
            return bool(other_rule.category == rule.category)  # a stop word of one category
        # "s/p" opens another statement, but in a list of the past it is one more item.
        return all(one.category != rule.category for one in other.rules)

    def _follows_at_once(self, other: _Cue, cue: _Cue) -> bool:
        """Say whether the verb *other* belongs to *cue*: "if she has", "if the patient has", "never developed"."""
        if self.doc[other.start].lower_ == "and":
            return False
        gap = other.start - cue.end
        return gap == 0 or (gap == 1 and self.doc[cue.end].lower_ in _LINKS)

    def _is_named(self, start: int, end: int) -> bool:
        """
        Say whether a target holds the last of the words ``start:end``, or begins with it further on in the sentence.

        "No change" of a disease leaves the disease; "no change in vision, ... or change in hearing" denies the changes.
        """
        last = self.doc[end - 1].lower
        return any(
            target.start < end or self.doc[target.start].lower == last
            for target in self.targets
            if target.end > start
        )

    def _bracket(self, start: int) -> int:
        if not self._has_brackets:
            return -1
        here = self.starts[start]
        opening = self.text.rfind("(", self.starts[self.start], here)
        return opening if opening >= 0 and self.text.find(")", opening, here) < 0 else -1

    def _in_one_direction(self, cue: _Cue) -> Iterator[ConTextRule]:
        """Yield the rules of *cue*, and of a category that reaches both ways only the one that fits the place."""
        if len(cue.rules) == 1:
            yield cue.rules[0]
            return
        directions: dict[str, set[str]] = defaultdict(set)
        for rule in cue.rules:
            directions[rule.category].add(rule.direction)
        for rule in cue.rules:
            if {"FORWARD", "BACKWARD"} <= directions[rule.category]:
                wanted = "BACKWARD" if self._looks_back(cue) else "FORWARD"
                if rule.direction != wanted:
                    continue
            yield rule

    def _looks_back(self, cue: _Cue) -> bool:
        """Say whether *cue* is said of the words before it: "X was negative", "X resolved, ..." and "X?"."""
        if cue.start == self.start:
            return False
        if any(target.end == cue.start for target in self.targets) and not any(
            target.start == cue.end for target in self.targets
        ):
            return True
        if self.doc[cue.start].lower_ == "?":
            return self.starts[cue.start] == self.ends[cue.start - 1]
        if cue.end >= self.end or self.doc[cue.end].lower_ in _CLOSES:
            return True
        return self.doc[cue.start - 1].lower_ in _PREDICATES

    def _within_item(self, cue: _Cue, rule: ConTextRule, low: int, high: int) -> tuple[int, int]:
        """Return the tokens ``low:high`` as far as brackets, or the item of a list, let *cue* reach."""
        is_item = _is_item(rule)
        if cue.bracket < 0 and not is_item:
            return low, high
        first, last = self.starts[low], self.ends[high - 1]
        begin, end = self.starts[cue.start], self.ends[cue.end - 1]
        if cue.bracket >= 0:
            closing = self.text.find(")", end, last)
            last = closing if closing >= 0 else last
            # "(negative)" is said of what stands before the bracket, "(cultures pending)" is not.
            if self.text[cue.bracket + 1 : begin].strip():
                first = max(first, cue.bracket)
        if is_item:
            stop = _ITEM_END.search(self.text, end, last)
            last = stop.start() if stop is not None else last
            # "A, B and C negative" is one list; "A stable, B negative" are two statements.
            comma = self.text.rfind(",", first, begin)
            if (
                comma >= 0
                and self.text[comma + 1 : begin].strip()
                and not _JOINED.search(self.text, comma, begin)
            ):
                first = comma
        return bisect_left(self.starts, first), bisect_left(self.starts, last)


def _is_item(rule: ConTextRule) -> bool:
    """Say whether a cue of *rule* speaks of one item of a list only."""
    return bool(rule.metadata and rule.metadata["item"])


def _touches(modifier: ConTextModifier, target: Span) -> bool:
    """Say whether *target* stands in the scope of *modifier*; words inside of a mention say nothing of it."""
    low, high = modifier.scope_span
    first, last = modifier.modifier_span
    return (
        low < target.end
        and target.start < high
        and not (first < target.end and target.start < last)
        and modifier.allows(target.label_)
    )


def _sentences(doc: Doc, targets: Iterable[Span]) -> dict[int, _Sentence]:
    """
    Return the sentences that hold *targets*, each under every one of its tokens.

    By the layout that made the sentences of the Doc: ``span.sent`` takes longer than all the rest of this component.
    """
    text, starts, ends = doc._.note_text, doc._.starts, doc._.ends
    layout: Layout = doc._.layout
    bounds = layout.sentences
    sentence_of: dict[int, _Sentence] = {}
    for target in targets:
        sentence = sentence_of.get(target.start)
        if sentence is None:
            number = layout.sentence_number(starts[target.start])
            first = bisect_left(starts, bounds[number].start) if number else 0
            last = bisect_left(starts, bounds[number + 1].start) if number + 1 < len(bounds) else len(doc)
            sentence = _Sentence(doc, first, last, text, starts, ends)
            sentence_of.update(dict.fromkeys(range(first, last), sentence))
        sentence.targets.append(target)
    return sentence_of


def _longest(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Keep the longest of overlapping ranges ``(start, -end)``; yield ``(start, end)``."""
    kept: tuple[int, int] | None = None
    for start, negative_end in ranges:
        candidate = (start, -negative_end)
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
                    metadata={"item": name.endswith("_item")},
                )
        for words in spec.stop:
            yield ConTextRule(words, category, direction="TERMINATE")
    for name, listed, direction in (
        ("TERMINATE", rules.terminate, "TERMINATE"),
        ("CLAUSE", rules.clause, "TERMINATE"),
        ("VERB", rules.verb, "TERMINATE"),
        ("PSEUDO", rules.pseudo, "PSEUDO"),
    ):
        for words in listed:
            yield ConTextRule(words, name, direction=direction)


register("context", lambda nlp: Context(nlp, load_context()))
