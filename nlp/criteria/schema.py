"""
What a trial file may say.

An expression is one of ``{all: [...]}``, ``{any: [...]}``, ``{at_least: {count: 2, of: [...]}}``, ``{not: ...}`` or
``{predicate: {parameters}}``; the predicates and their parameters come from the table in
``chartsift.nlp.criteria.predicates``.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chartsift.nlp.types import CriterionKind


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


OPERATORS = ("all", "any", "at_least", "not")


class AtLeast(_Strict):
    """``at_least``: so many of a list of expressions."""

    count: int = Field(ge=1)
    of: list[dict[str, Any]] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_reached(self) -> AtLeast:
        if self.count > len(self.of):
            raise ValueError(f"{self.count} of {len(self.of)} can never hold")
        return self


class NextSteps(_Strict):
    """What a coordinator can do about an unknown, by why it is unknown; a predicate's own advice comes first."""

    no_mention: str = ""
    insufficient: str = ""
    conflicting: str = ""
    judgement: str = ""


class Criterion(_Strict):
    """
    One criterion.

    Attributes:
        criterion_id: Stable identifier.
        kind: inclusion or exclusion.
        summary: One line in plain words.
        label: Two or three words for a table column.
        silence: What it means that the chart is silent: "unknown" for an inclusion, "not_met" for an exclusion
            that is presumed absent, "judgement" where the investigator decides and reading never does.
        decide: The expression that is true when the criterion is met.
        next_steps: Advice for unknowns.
        supported_by: Name of a classification score that is shown with the verdict and never decides it.
    """

    criterion_id: str
    kind: CriterionKind
    summary: str
    label: str = ""
    silence: Literal["unknown", "not_met", "judgement"]
    decide: dict[str, Any]
    next_steps: NextSteps = NextSteps()
    supported_by: str = ""

    @model_validator(mode="after")
    def _silence_fits(self) -> Criterion:
        if self.kind == "inclusion" and self.silence == "not_met":
            raise ValueError("an inclusion on which the chart is silent is unknown, never not met")
        return self


class AppliesTo(_Strict):
    """
    Whose cohort it is.

    Attributes:
        min_age: Youngest age in completed years; None for no limit.
        max_age: Oldest age in completed years; None for no limit.
        default: This cohort is read for everyone whom no other cohort takes.
        pediatric: This cohort is read when the age cannot be told and the chart is plainly pediatric.
    """

    min_age: int | None = None
    max_age: int | None = None
    default: bool = False
    pediatric: bool = False


class Cohort(_Strict):
    """A cohort: its own criteria, and the names of the shared ones, in the order in which they are shown."""

    cohort_id: str
    label: str
    applies: AppliesTo
    criteria: tuple[Criterion | str, ...] = Field(min_length=1)


class Candidates(_Strict):
    """
    What a first, quick pass over an archive looks for (``chartsift screen --candidates``).

    Attributes:
        of: What the patients have, in words ("myositis"): "no sign of myositis in 12 notes".
        signs: Kinds of findings, or "kind/concept", one of which the notes of every candidate name.
    """

    of: str
    signs: tuple[str, ...] = Field(min_length=1)


class TrialFile(_Strict):
    """A trial as its file has it."""

    trial_id: str
    registry_id: str = ""
    title: str
    version: str
    source: str
    shared: dict[str, Criterion] = Field(default_factory=dict)
    cohorts: tuple[Cohort, ...] = Field(min_length=1)
    candidates: Candidates | None = None

    @model_validator(mode="after")
    def _names_resolve(self) -> TrialFile:
        for name, criterion in self.shared.items():
            if criterion.criterion_id != name:
                raise ValueError(f"shared criterion {name!r} calls itself {criterion.criterion_id!r}")
        for cohort in self.cohorts:
            ids = [item if isinstance(item, str) else item.criterion_id for item in cohort.criteria]
            for item in cohort.criteria:
                if isinstance(item, str) and item not in self.shared:
                    raise ValueError(
                        f"cohort {cohort.cohort_id!r} names the criterion {item!r}, which is not shared"
                    )
            if len(set(ids)) != len(ids):
                raise ValueError(f"cohort {cohort.cohort_id!r} has a criterion twice")
        if sum(cohort.applies.default for cohort in self.cohorts) != 1:
            raise ValueError("exactly one cohort must be the default")
        return self

    def fingerprint(self) -> str:
        """Return a SHA-256 (hexadecimal) of everything the file says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def criteria_of(self, cohort: Cohort) -> tuple[Criterion, ...]:
        """Return the criteria of *cohort* with the shared ones filled in."""
        return tuple(self.shared[item] if isinstance(item, str) else item for item in cohort.criteria)
