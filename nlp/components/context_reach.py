"""
How far a cue reaches in its sentence, in code points: ConText's rules, and what they do not know.

- Words may be a cue of several categories at once, and may end the reach of others as well ("status post").
- Words that reach either way ("negative", "resolved") go by what stands beside them: "resolved pneumonia, lupus" is not
  "pneumonia resolved, lupus".
- Some reach no further than their item of a list, and none out of brackets.
- A mention that holds the words of a cue is not touched by them.

Words are counted, as tokens, only for the few cues whose rule gives a number of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from chartsift.nlp.components.assertion import SOMEONE_ELSE
from chartsift.nlp.text.layout import Layout
from chartsift.nlp.text.phrases import Found
from chartsift.nlp.text.tokens import token_ranges, words_of

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


class Target(Protocol):
    """A mention that cues may touch: its code points, and its kind in capitals."""

    start: int
    end: int
    label_: str


_TargetT = TypeVar("_TargetT", bound=Target)


@dataclass(frozen=True, slots=True)
class CueRule:
    """
    What some words say, and of what; the terms are those of medspaCy's ``ConTextRule``.

    Attributes:
        literal: The words.
        words: Their tokens in lower case.
        category: What they say of a mention ("NEGATED"), or the kind of words that end the reach of cues.
        direction: FORWARD, BACKWARD, BIDIRECTIONAL, TERMINATE or PSEUDO (words that only look like a cue).
        kinds: The kinds of mention that they touch, in capitals; None for all.
        not_kinds: Kinds that they do not touch; None for no such limit.
        scope: The most words that they reach; None for no limit.
        targets: The most mentions that they touch; None for no limit.
        is_item: They speak of one item of a list only.
    """

    literal: str
    words: tuple[str, ...]
    category: str
    direction: str
    kinds: frozenset[str] | None = None
    not_kinds: frozenset[str] | None = None
    scope: int | None = None
    targets: int | None = None
    is_item: bool = False

    def allows(self, label: str) -> bool:
        """Say whether the words touch mentions with *label*."""
        if self.kinds is not None:
            return label in self.kinds
        return self.not_kinds is None or label not in self.not_kinds


class Cue(NamedTuple):
    """Words that are a cue, with every rule that they satisfy; ``bracket`` is where the bracket around them opens, or -1."""

    start: int
    end: int
    rules: tuple[CueRule, ...]
    bracket: int


class Reach(NamedTuple):
    """A cue and one of its rules, and ``low:high``, as far as it reaches."""

    rule: CueRule
    start: int
    end: int
    low: int
    high: int


class Sentence(Generic[_TargetT]):
    """A sentence that holds *targets*, up to where the next one begins."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.targets: list[_TargetT] = []

    def touched(self, matches: Sequence[Found[Sequence[CueRule]]]) -> Iterator[tuple[Reach, list[_TargetT]]]:
        """Yield what reaches a target, with the targets that it touches; *matches* are the cues that begin here."""
        # Half of the sentences hold but words that end a reach, or words that could only reach the other way.
        if not self._may_touch(matches):
            return
        for reach in self._reaches(self._cues(matches)):
            targets = [target for target in self.targets if _touches(reach, target)]
            if targets:
                yield reach, self._nearest(reach, targets)

    def _may_touch(self, matches: Sequence[Found[Sequence[CueRule]]]) -> bool:
        """Say whether a target stands where one of *matches* could reach."""
        first, last = self.targets[0].end, self.targets[-1].start
        for start, end, _, rules in matches:
            for rule in rules:
                direction = rule.direction
                if direction == "FORWARD":
                    if last >= end:
                        return True
                elif direction == "BACKWARD":
                    if first <= start:
                        return True
                elif direction == "BIDIRECTIONAL":
                    return True
        return False

    def _cues(self, matches: Iterable[Found[Sequence[CueRule]]]) -> list[Cue]:
        """Return the longest of overlapping cues, in order; words that only look like one are left out."""
        rules_at: dict[tuple[int, int, int], list[CueRule]] = defaultdict(list)
        for start, end, length, rules in matches:
            for rule in rules:
                if rule.direction != "PSEUDO" or not self._is_named(start, end, rule.words[-1]):
                    rules_at[start, -end, length].append(rule)
        if not rules_at:
            return []
        has_brackets = self.text.find("(", self.start, self.end) >= 0
        return [
            Cue(place[0], -place[1], tuple(rules_at[place]), self._bracket(place[0]) if has_brackets else -1)
            for place in _longest(sorted(rules_at))
            if all(rule.direction != "PSEUDO" for rule in rules_at[place])
        ]

    def _reaches(self, cues: Sequence[Cue]) -> Iterator[Reach]:
        """
        Yield how far the cues of this sentence reach.

        A cue reaches to the end of the sentence, to words that end it, or to the next cue of its category that touches
        the same kinds (ConText's rules), at most as many words as its rule says.
        """
        chosen = [(cue, rule) for cue in cues for rule in self._in_one_direction(cue)]
        for cue, rule in chosen:
            if not self._may_reach(cue.start, cue.end, rule):
                continue
            low, high = self.start, self.end
            for other, other_rule in chosen:
                if other is cue or not _ends(self.text, other, other_rule, cue, rule):
                    continue
                if other.start > cue.start:
                    high = other.start
                    break
                low = max(low, other.end)
            low, high = self._within_item(cue, rule, low, high)
            if rule.direction == "FORWARD":
                low = cue.end
            elif rule.direction == "BACKWARD":
                high = cue.start
            if rule.scope is not None:
                low, high = self._within_words(cue, rule.scope, low, high)
            if low < high:
                yield Reach(rule, cue.start, cue.end, low, high)

    def _may_reach(self, start: int, end: int, rule: CueRule) -> bool:
        """Say whether a target stands where *rule* could let the words ``start:end`` reach."""
        direction = rule.direction
        if direction == "FORWARD":
            return self.targets[-1].start >= end
        if direction == "BACKWARD":
            return self.targets[0].end <= start
        return direction == "BIDIRECTIONAL"

    def _is_named(self, start: int, end: int, last: str) -> bool:
        """
        Say whether a target holds *last* of the words ``start:end``, or begins with it further on in the sentence.

        "No change" of a disease leaves the disease; "no change in vision, ... or change in hearing" denies the changes.
        """
        return any(
            target.start < end or words_of(self.text[target.start : target.end])[0] == last
            for target in self.targets
            if target.end > start
        )

    def _bracket(self, start: int) -> int:
        opening = self.text.rfind("(", self.start, start)
        return opening if opening >= 0 and self.text.find(")", opening, start) < 0 else -1

    def _in_one_direction(self, cue: Cue) -> Iterator[CueRule]:
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

    def _looks_back(self, cue: Cue) -> bool:
        """Say whether *cue* is said of the words before it: "X was negative", "X resolved, ..." and "X?"."""
        text = self.text
        if not text[self.start : cue.start].strip():
            return False
        if any(_is_next(text, target.end, cue.start) for target in self.targets) and not any(
            _is_next(text, cue.end, target.start) for target in self.targets
        ):
            return True
        if text[cue.start] == "?":
            return not text[cue.start - 1].isspace()
        following = _first_word(text, cue.end, self.end)
        return not following or following in _CLOSES or _last_word(text, self.start, cue.start) in _PREDICATES

    def _within_item(self, cue: Cue, rule: CueRule, low: int, high: int) -> tuple[int, int]:
        """Return ``low:high`` as far as brackets, or the item of a list, let *cue* reach."""
        text = self.text
        if cue.bracket >= 0:
            closing = text.find(")", cue.end, high)
            high = closing if closing >= 0 else high
            # "(negative)" is said of what stands before the bracket, "(cultures pending)" is not.
            if text[cue.bracket + 1 : cue.start].strip():
                low = max(low, cue.bracket)
        if rule.is_item:
            stop = _ITEM_END.search(text, cue.end, high)
            high = stop.start() if stop is not None else high
            # "A, B and C negative" is one list; "A stable, B negative" are two statements.
            comma = text.rfind(",", low, cue.start)
            if (
                comma >= 0
                and text[comma + 1 : cue.start].strip()
                and not _JOINED.search(text, comma, cue.start)
            ):
                low = comma
        return low, high

    def _within_words(self, cue: Cue, count: int, low: int, high: int) -> tuple[int, int]:
        """Return ``low:high`` as far as *count* words before and behind *cue*."""
        if low < cue.start:
            before = token_ranges(self.text, low, cue.start)
            if len(before) > count:
                low = before[-count][0]
        if high > cue.end:
            behind = token_ranges(self.text, cue.end, high)
            if len(behind) > count:
                high = behind[count - 1][1]
        return low, high

    def _nearest(self, reach: Reach, targets: list[_TargetT]) -> list[_TargetT]:
        """Return as many of *targets* as the rule allows, the nearest in words."""
        if reach.rule.targets is None or len(targets) <= reach.rule.targets:
            return targets

        def distance(target: _TargetT) -> int:
            is_behind = target.start >= reach.end
            between = (reach.end, target.start) if is_behind else (target.end, reach.start)
            return len(token_ranges(self.text, *between))

        return sorted(targets, key=distance)[: reach.rule.targets]


def sentences_with(layout: Layout, targets: Iterable[_TargetT]) -> list[Sentence[_TargetT]]:
    """Return the sentences that hold *targets*, which are sorted by start."""
    sentences: list[Sentence[_TargetT]] = []
    last = -1
    for target in targets:
        if target.start >= last:
            begin, last = layout.sentence_bounds(target.start)
            sentences.append(Sentence(layout.text, begin, last))
        sentences[-1].targets.append(target)
    return sentences


def _ends(text: str, other: Cue, other_rule: CueRule, cue: Cue, rule: CueRule) -> bool:
    """Say whether *other* ends the reach of *cue*."""
    if other.bracket not in (-1, cue.bracket):
        return False  # a remark in brackets ends nothing outside of them
    if other_rule.direction != "TERMINATE":
        return (
            other_rule.category == rule.category
            and not other_rule.is_item
            and other_rule.kinds == rule.kinds
            and other_rule.not_kinds == rule.not_kinds
        )
    if other_rule.category in ("CLAUSE", "VERB"):
        if _follows_at_once(text, other, other_rule, cue):
            return False
        return other_rule.category == "CLAUSE" or rule.category not in SOMEONE_ELSE
    if other_rule.category != "TERMINATE":
        return other_rule.category == rule.category  # a stop word of one category
    # "s/p" opens another statement, but in a list of the past it is one more item.
    return all(one.category != rule.category for one in other.rules)


def _follows_at_once(text: str, other: Cue, other_rule: CueRule, cue: Cue) -> bool:
    """Say whether the verb *other* belongs to *cue*: "if she has", "if the patient has", "never developed"."""
    if other.start < cue.end or other_rule.words[0] == "and":
        return False
    between = text[cue.end : other.start].strip().lower()
    return not between or between in _LINKS


def _is_next(text: str, end: int, start: int) -> bool:
    """Say whether what ends at *end* and what begins at *start* stand side by side."""
    return end <= start and not text[end:start].strip()


def _first_word(text: str, start: int, end: int) -> str:
    """Return the first token of ``text[start:end]`` in lower case; "" where there is none."""
    ranges = token_ranges(text, start, end, most=1)
    return text[ranges[0][0] : ranges[0][1]].lower() if ranges else ""


def _last_word(text: str, start: int, end: int) -> str:
    """Return the last token of ``text[start:end]`` in lower case."""
    part = text[start:end].split()[-1:]
    return words_of(part[0])[-1] if part else ""


def _touches(reach: Reach, target: Target) -> bool:
    """Say whether *target* stands where a cue reaches; words inside of a mention say nothing of it."""
    return (
        reach.low < target.end
        and target.start < reach.high
        and not (reach.start < target.end and target.start < reach.end)
        and reach.rule.allows(target.label_)
    )


def _longest(places: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Keep the longest, in tokens, of overlapping places ``(start, -end, length)``."""
    kept: tuple[int, int, int] | None = None
    for place in places:
        if kept is None or place[0] >= -kept[1]:
            if kept is not None:
                yield kept
            kept = place
        elif place[2] > kept[2]:
            kept = place
    if kept is not None:
        yield kept
