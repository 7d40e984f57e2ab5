"""
What a vocabulary file may say. One YAML file holds the concepts of one topic with its own example sentences.

::

    concepts:
      - concept: Jo-1
        kind: antibody
        attributes: {class: MSA, subtype: ASyS}
        terms: [Jo-1, histidyl-tRNA synthetase, {text: HARS, case: exact}]
    examples:
      - "[Jo-1]{Jo-1 present} 68 AU/mL H (0-40)"
      - "The [PL-7]{PL-7 absent} line was negative."
      - "He drank 4 oz of OJ."            # a look-alike: nothing of this file's kinds may be found

An example marks every finding of the file's kinds as ``[words]{concept assertion}``.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, field_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _pattern(value: object) -> object:
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as exc:
            raise ValueError(f"not a regular expression: {exc}") from exc
    return value


Pattern = Annotated[str, BeforeValidator(_pattern)]


class Term(_Strict):
    """
    One spelling of a concept.

    Attributes:
        text: The words; a hyphen also matches its absence ("Jo-1" finds "Jo 1" and "Jo1").
        case: "exact" where capitals carry the meaning ("PM", "EJ"); "upper" asks for all capitals.
        unless_before: Pattern that, right before the mention (same sentence), rules it out.
        unless_after: Pattern that, right after the mention, rules it out.
        unless_near: Pattern that rules the mention out anywhere within ``window`` characters of its line.
        only_near: Pattern that must occur within ``window`` characters, or else the mention is not counted.
        only_before: Pattern that must end right before the mention.
        only_after: Pattern that must begin right after the mention.
        window: Characters on either side that the "near" patterns may look at.
    """

    text: str
    case: Literal["any", "exact", "upper"] = "any"
    unless_before: Pattern = ""
    unless_after: Pattern = ""
    unless_near: Pattern = ""
    only_near: Pattern = ""
    only_before: Pattern = ""
    only_after: Pattern = ""
    window: int = Field(default=60, ge=1, le=2000)


def _term(value: object) -> object:
    return {"text": value} if isinstance(value, str | int) else value


class Concept(_Strict):
    """A thing that notes name: its kind, its spellings and what is always true of it."""

    concept: str
    kind: str
    terms: tuple[Annotated[Term, BeforeValidator(_term)], ...] = Field(min_length=1)
    attributes: dict[str, str] = Field(default_factory=dict)
    source: str = ""
    note: str = ""

    @field_validator("terms")
    @classmethod
    def _no_term_twice(cls, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        # The same words may stand twice with different conditions; the first that holds is taken.
        seen: set[Term] = set()
        for term in terms:
            if term in seen:
                raise ValueError(f"term given twice: {term.text!r}")
            seen.add(term)
        return terms


class ConceptFile(_Strict):
    """A vocabulary file."""

    concepts: tuple[Concept, ...] = Field(min_length=1)
    examples: tuple[str, ...] = ()


class ContextRuleSpec(_Strict):
    """
    One cue of the context rules.

    Attributes:
        text: The words.
        kinds: Only targets of these kinds; empty for all.
        not_kinds: All targets but these kinds.
        scope: Reach in words; None for the whole sentence.
        targets: At most so many targets, the nearest first.
    """

    text: str
    kinds: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()
    scope: int | None = Field(default=None, ge=1)
    targets: int | None = Field(default=None, ge=1)


def _cue(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Cues = tuple[Annotated[ContextRuleSpec, BeforeValidator(_cue)], ...]


class ContextCategory(_Strict):
    """
    The cues of one category.

    Attributes:
        forward: Cues that reach to what follows.
        backward: Cues that reach to what came before.
        both: Cues that reach either way.
        forward_item: Forward, and no further than the item of a list: to a comma or a bracket.
        backward_item: Backward, and no further than the item, which "and" or "or" may join to those before it.
        stop: Words that end the reach of this category's cues only.
    """

    forward: Cues = ()
    backward: Cues = ()
    both: Cues = ()
    forward_item: Cues = ()
    backward_item: Cues = ()
    stop: tuple[str, ...] = ()


ContextCategoryName = Literal[
    "NEGATED", "POSSIBLE", "HYPOTHETICAL", "HISTORICAL", "BACKGROUND", "OVER", "AWAITED", "FAMILY", "OTHER"
]


class ContextFile(_Strict):
    """
    ``context.yaml``.

    Attributes:
        categories: The cues.
        terminate: Words that end the reach of every cue.
        clause: Words that open a new statement; they end the reach of a cue unless they follow it at once.
        verb: The same, but they go on with the same person, so that they do not end the reach of FAMILY and OTHER.
        pseudo: Words that only look like a cue.
        lifelong: What a mention says that belongs to the patient's history by its nature.
        chronic: What a mention says that stays; alone in its sentence it is an item of the past medical history.
    """

    categories: dict[ContextCategoryName, ContextCategory]
    terminate: tuple[str, ...] = ()
    clause: tuple[str, ...] = ()
    verb: tuple[str, ...] = ()
    pseudo: tuple[str, ...] = ()
    lifelong: Pattern = ""
    chronic: Pattern = ""


class SectionCategory(_Strict):
    """The headers of one category; see ``sections.yaml``."""

    headers: tuple[str, ...] = Field(min_length=1)
    narrow: bool = False
    inline: bool = False


class SectionFile(_Strict):
    """``sections.yaml``."""

    categories: dict[str, SectionCategory]
    copied: Pattern
    templated: Pattern
    retracted: Pattern


class GenericWords(_Strict):
    """Words that name a whole kind of finding, and the kinds they name."""

    words: Pattern
    kinds: tuple[str, ...] = Field(min_length=1)


class CorrectionFile(_Strict):
    """``corrections.yaml``: how a note takes back or corrects what it says elsewhere."""

    letters: tuple[str, ...] = Field(min_length=1)
    addition: Pattern
    replacement: Pattern
    mistake: Pattern
    wrong: tuple[Pattern, ...] = Field(min_length=1)
    is_wrong: Pattern
    nothing_more: Pattern
    slips: tuple[Pattern, ...] = Field(min_length=1)
    as_date: Pattern
    something_else: Pattern
    misfiled: Pattern
    disregard: Pattern
    should_read: Pattern
    new_value: Pattern
    old_value: Pattern
    hedge: Pattern
    void: Pattern
    pointer: Pattern
    far: Pattern
    near: Pattern
    note: Pattern
    filler: Pattern
    aspect: Pattern
    generic: dict[str, GenericWords]
    families: tuple[tuple[str, ...], ...] = ()


class OxygenExamples(_Strict):
    """Sentences with oxygen or ventilation that is, or is not, given for minutes only."""

    brief: tuple[str, ...] = Field(min_length=1)
    not_brief: tuple[str, ...] = Field(min_length=1)


class OxygenFile(_Strict):
    """
    ``oxygen.yaml``: oxygen and ventilation for minutes.

    Attributes:
        minutes: Emergencies and procedures for which oxygen is given.
        anesthesia: What a patient is ventilated for during an operation.
        lasting: What tells of lasting need or of intensive care, whatever else stands around.
        examples: Sentences, which one test reads.
    """

    minutes: tuple[Pattern, ...] = Field(min_length=1)
    anesthesia: tuple[Pattern, ...] = Field(min_length=1)
    lasting: tuple[Pattern, ...] = Field(min_length=1)
    examples: OxygenExamples


class PatternWords(_Strict):
    """
    What a reader that reads by pattern looks for; see ``pattern_words.yaml``.

    Attributes:
        kind: Kind of the findings, or "kind/concept".
        probe: A sentence that makes a finding of the kind when a word stands in place of ``{}``.
        words: The words.
    """

    kind: str
    probe: str = Field(pattern=r"\{\}")
    words: tuple[str, ...] = Field(min_length=1)


class PatternWordFile(RootModel[tuple[PatternWords, ...]]):
    """``pattern_words.yaml``."""
