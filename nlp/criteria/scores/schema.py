"""
What a score file may say: items with their points in each column, age bands, cut-points, labels and a subgroup tree.

A tree is ``{ask: condition, then: tree, otherwise: tree}`` or the name of a subgroup; a condition is an item, or
``{any: [...]}``, ``{all: [...]}`` of conditions, or ``{band: name}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _tenths(value: object) -> object:
    """Turn points with one decimal into whole tenths, in which sums are exact."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    tenths = round(value * 10)
    if abs(tenths - value * 10) > 1e-6:
        raise ValueError("points have one decimal at most")
    return tenths


Tenths = Annotated[int, BeforeValidator(_tenths)]


class Column(_Strict):
    """One way to count: the intercept of the probability and the least score of each label, in tenths of a point."""

    intercept: float
    cutpoints: dict[str, Tenths]


class Band(_Strict):
    """An age band: from where the one before it ends up to, but not including, ``below`` completed years."""

    band: str
    label: str
    below: int | None = None
    points: dict[str, Tenths]
    copies: tuple[str, ...] = ()


class OnsetItem(_Strict):
    """The item that depends on the age at first symptom."""

    item_id: str
    label: str
    definition: str
    bands: tuple[Band, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> OnsetItem:
        limits = [band.below for band in self.bands]
        known = [limit for limit in limits if limit is not None]
        if limits[-1] is not None or len(known) != len(limits) - 1 or known != sorted(set(known)):
            raise ValueError("bands rise, and only the last one has no upper end")
        return self

    def possible(self, low: int, high: int) -> frozenset[str]:
        """Return the bands that an age between *low* and *high* (both included) can fall into."""
        found = set()
        start = 0
        for band in self.bands:
            if low < (band.below or 1_000) and high >= start:
                found.add(band.band)
            start = band.below or start
        return frozenset(found)


class Item(_Strict):
    """
    One yes-or-no item.

    Attributes:
        item_id: Identifier; also the name of the reading in ``chartsift.nlp.criteria.scores.items``.
        label: A few words for a table.
        definition: What counts, in own words.
        points: Points by column, in tenths; a column that does not count the item is left out.
        copies: Sources in which both weights were seen.
    """

    item_id: str
    label: str
    definition: str
    points: dict[str, Tenths]
    copies: tuple[str, ...] = ()


def _condition(value: object) -> object:
    return {"item": value} if isinstance(value, str) else value


class Condition(_Strict):
    """What a tree asks: an item, a band, or several of them."""

    item: str = ""
    band: str = ""
    any: tuple[Annotated[Condition, BeforeValidator(_condition)], ...] = ()
    all: tuple[Annotated[Condition, BeforeValidator(_condition)], ...] = ()

    @model_validator(mode="after")
    def _one_of(self) -> Condition:
        if sum(map(bool, (self.item, self.band, self.any, self.all))) != 1:
            raise ValueError("a condition is one of an item, a band, any or all")
        return self

    def items(self) -> Iterator[str]:
        """Yield the items that the condition names."""
        if self.item:
            yield self.item
        for part in (*self.any, *self.all):
            yield from part.items()

    def bands(self) -> Iterator[str]:
        """Yield the bands that the condition names."""
        if self.band:
            yield self.band
        for part in (*self.any, *self.all):
            yield from part.bands()


class Branch(_Strict):
    """A question of the tree with what follows from its answer."""

    ask: Annotated[Condition, BeforeValidator(_condition)]
    then: Branch | str
    otherwise: Branch | str

    def conditions(self) -> Iterator[Condition]:
        """Yield every question of the tree."""
        yield self.ask
        for part in (self.then, self.otherwise):
            if isinstance(part, Branch):
                yield from part.conditions()


class ScoreFile(_Strict):
    """A score as its file has it."""

    score_id: str
    title: str
    short: str
    version: str
    source: str
    columns: dict[str, Column] = Field(min_length=1)
    labels: dict[str, str] = Field(min_length=2)
    classifies_from: str
    onset: OnsetItem
    items: tuple[Item, ...] = Field(min_length=1)
    skin_items: tuple[str, ...] = ()
    tree: Branch

    @model_validator(mode="after")
    def _fits_together(self) -> ScoreFile:
        ids = [item.item_id for item in self.items]
        if len(set(ids)) != len(ids) or self.onset.item_id in ids:
            raise ValueError("an item stands twice")
        named = {name for question in self.tree.conditions() for name in question.items()}
        if unknown := (named | set(self.skin_items)) - set(ids):
            raise ValueError(f"no such item: {', '.join(sorted(unknown))}")
        bands = {band.band for band in self.onset.bands}
        if unknown := {name for question in self.tree.conditions() for name in question.bands()} - bands:
            raise ValueError(f"no such age band: {', '.join(sorted(unknown))}")
        ranked = list(self.labels)[:-1]
        for name, column in self.columns.items():
            if list(column.cutpoints) != ranked or list(column.cutpoints.values()) != sorted(
                column.cutpoints.values(), reverse=True
            ):
                raise ValueError(f"column {name!r}: cut-points fall, one for each label but the last")
            if any(name not in band.points for band in self.onset.bands):
                raise ValueError(f"column {name!r}: an age band has no points")
        if self.classifies_from not in ranked:
            raise ValueError("classifies_from is a label with a cut-point")
        return self

    def items_of(self, column: str) -> tuple[Item, ...]:
        """Return the items that *column* counts."""
        return tuple(item for item in self.items if column in item.points)
