"""
The calculator: from the states of items to a score interval, labels, subgroups and what would change them.

Pure arithmetic in whole tenths of a point. An item that the chart does not document may be absent or present, so a
score is an interval: from every such item absent to every such item present.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chartsift.nlp.criteria.scores.schema import Branch, Condition, ScoreFile
from chartsift.nlp.types import ItemState, ScoreVerdict


@dataclass(frozen=True, slots=True)
class Answers:
    """
    What is known of a patient.

    Attributes:
        bands: Age bands in which the first symptom can have come; never empty.
        states: State by item; an item that is not named is undocumented.
    """

    bands: frozenset[str]
    states: Mapping[str, ItemState]

    def state(self, item_id: str) -> ItemState:
        """Return the state of an item."""
        return self.states.get(item_id, "undocumented")


@dataclass(frozen=True, slots=True)
class Interval:
    """
    A score between two ends, each in points with its probability and label.

    ``low`` counts every undocumented item as absent, ``high`` as present.
    """

    low: float
    high: float
    probability_low: float
    probability_high: float
    label_low: str
    label_high: str
    verdict: ScoreVerdict


@dataclass(frozen=True, slots=True)
class OpenItem:
    """
    An item that the chart does not document.

    Attributes:
        item_id: Which.
        points: How far apart its two answers are.
        changes_label: The answer alone can move the label of one end of the interval.
    """

    item_id: str
    points: float
    changes_label: bool


def interval(score: ScoreFile, column: str, answers: Answers) -> Interval:
    """
    Return the score of *answers* in *column*.

    "classifies": even the low end reaches the label that the authors ask for. "cannot_classify": even the high end
    stays below every label. Otherwise "undecided".
    """
    low, high = _tenths(score, column, answers)
    label_low, label_high = label(score, column, low), label(score, column, high)
    ranks = list(score.labels)
    verdict: ScoreVerdict = "undecided"
    if ranks.index(label_low) <= ranks.index(score.classifies_from):
        verdict = "classifies"
    elif label_high == ranks[-1]:
        verdict = "cannot_classify"
    return Interval(
        low / 10,
        high / 10,
        probability(score, column, low / 10),
        probability(score, column, high / 10),
        label_low,
        label_high,
        verdict,
    )


def label(score: ScoreFile, column: str, tenths: int) -> str:
    """Return the label of a score in tenths, by the rounded cut-points of the score and not by its probability."""
    for name, least in score.columns[column].cutpoints.items():
        if tenths >= least:
            return name
    return list(score.labels)[-1]


def probability(score: ScoreFile, column: str, points: float) -> float:
    """Return the probability that belongs to *points*, 0 to 1."""
    return 1 / (1 + math.exp(score.columns[column].intercept - points))


def open_items(score: ScoreFile, column: str, answers: Answers) -> tuple[OpenItem, ...]:
    """Return the undocumented items of *column*, the weightiest first."""
    low, high = _tenths(score, column, answers)
    spans: list[tuple[str, int]] = []
    onset = [band.points[column] for band in score.onset.bands if band.band in answers.bands]
    if max(onset) > min(onset):
        spans.append((score.onset.item_id, max(onset) - min(onset)))
    spans += [
        (item.item_id, item.points[column])
        for item in score.items_of(column)
        if answers.state(item.item_id) == "undocumented"
    ]
    label_low, label_high = label(score, column, low), label(score, column, high)
    found = [
        OpenItem(
            item_id,
            points / 10,
            label(score, column, low + points) != label_low
            or label(score, column, high - points) != label_high,
        )
        for item_id, points in spans
        if points > 0
    ]
    return tuple(sorted(found, key=lambda item: -item.points))


def subgroups(score: ScoreFile, answers: Answers) -> tuple[str, ...]:
    """Return the subgroups that the tree can come to, the one of the documented answers first."""
    reached = list(_leaves(score.tree, answers))
    return tuple(dict.fromkeys(reached))


def _tenths(score: ScoreFile, column: str, answers: Answers) -> tuple[int, int]:
    bands = [band.points[column] for band in score.onset.bands if band.band in answers.bands]
    low, high = min(bands), max(bands)
    for item in score.items_of(column):
        state = answers.state(item.item_id)
        low += item.points[column] if state == "present" else 0
        high += item.points[column] if state != "absent" else 0
    return low, high


def _leaves(tree: Branch | str, answers: Answers) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    answer = _holds(tree.ask, answers)
    if answer is True:
        return _leaves(tree.then, answers)
    if answer is False:
        return _leaves(tree.otherwise, answers)
    # What is not documented counts as absent first.
    return [*_leaves(tree.otherwise, answers), *_leaves(tree.then, answers)]


def _holds(condition: Condition, answers: Answers) -> bool | None:
    """Answer a question of the tree in Kleene's logic; None where the chart leaves it open."""
    if condition.band:
        if condition.band not in answers.bands:
            return False
        return True if len(answers.bands) == 1 else None
    if condition.item:
        return {"present": True, "absent": False, "undocumented": None}[answers.state(condition.item)]
    parts = [_holds(part, answers) for part in (*condition.any, *condition.all)]
    decisive = bool(condition.any)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive
