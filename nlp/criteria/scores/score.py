"""A score of one chart: every item with its state and evidence, the interval, and what would change it."""

from __future__ import annotations

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.scores import calculate
from chartsift.nlp.criteria.scores.calculate import Answers, Interval
from chartsift.nlp.criteria.scores.findings import biopsy_results
from chartsift.nlp.criteria.scores.items import READINGS
from chartsift.nlp.criteria.scores.onset import OnsetAge, onset_age
from chartsift.nlp.criteria.scores.reading import Reading
from chartsift.nlp.criteria.scores.schema import ScoreFile
from chartsift.nlp.types import ScoreItem, ScoreResult
from chartsift.nlp.values import maker

WITH_BIOPSY, WITHOUT_BIOPSY = "with_biopsy", "without_biopsy"
COLUMN_WORDS = {WITH_BIOPSY: "with biopsy", WITHOUT_BIOPSY: "without biopsy"}
_score_item = maker(ScoreItem)
# How many open items the summary names.
_NAMED = 3


def score_chart(chart: Chart, score: ScoreFile) -> ScoreResult:
    """
    Return *score* of *chart*.

    The column with biopsy applies once a muscle biopsy was done and its result is documented, also where none of its
    four features is there.
    """
    column = WITH_BIOPSY if biopsy_results(chart) else WITHOUT_BIOPSY
    readings = {item.item_id: READINGS[item.item_id](chart) for item in score.items}
    onset = onset_age(chart)
    answers = Answers(
        bands=score.onset.possible(onset.low, onset.high),
        states={name: reading.state for name, reading in readings.items()},
    )
    found = calculate.interval(score, column, answers)
    opened = calculate.open_items(score, column, answers)
    items = (_onset_item(score, column, onset, answers), *_items(score, column, readings))
    labels = {item.item_id: item.label for item in items}
    flags = [*onset.flags, *(flag for reading in readings.values() for flag in reading.flags)]
    if column == WITHOUT_BIOPSY and not any(answers.state(name) == "present" for name in score.skin_items):
        flags.append("biopsy_expected")
    return ScoreResult(
        score_id=score.score_id,
        title=score.title,
        short=score.short,
        version=score.version,
        column=column,
        low=found.low,
        high=found.high,
        probability_low=round(found.probability_low, 3),
        probability_high=round(found.probability_high, 3),
        label_low=score.labels[found.label_low],
        label_high=score.labels[found.label_high],
        verdict=found.verdict,
        subgroups=() if found.verdict == "cannot_classify" else calculate.subgroups(score, answers),
        items=items,
        open_items=tuple(item.item_id for item in opened),
        decisive_items=tuple(item.item_id for item in opened if item.changes_label),
        flags=tuple(dict.fromkeys(flags)),
        summary=_summary(score, column, found, [labels[item.item_id] for item in opened[:_NAMED]]),
    )


def _onset_item(score: ScoreFile, column: str, onset: OnsetAge, answers: Answers) -> ScoreItem:
    bands = [band for band in score.onset.bands if band.band in answers.bands]
    points = [band.points[column] / 10 for band in bands]
    years = f"{onset.low}" if onset.low == onset.high else f"{onset.low} to {onset.high}"
    decided = len(bands) == 1
    return ScoreItem(
        item_id=score.onset.item_id,
        label=score.onset.label,
        # Under 18 is documented and adds nothing.
        state="undocumented" if not decided else "present" if max(points) > 0 else "absent",
        points=max(points),
        points_low=min(points),
        points_high=max(points),
        reason=onset.reason,
        value=f"{years} years ({' or '.join(band.label for band in bands)})" if onset.is_known else "",
        evidence=onset.evidence,
    )


def _items(score: ScoreFile, column: str, readings: dict[str, Reading]) -> list[ScoreItem]:
    made = []
    for item in score.items:
        reading = readings[item.item_id]
        # An item of the tree alone is worth a row only where the chart speaks to it.
        if column not in item.points and (item.points or reading.state == "undocumented"):
            continue
        points = item.points.get(column, 0) / 10
        made.append(
            _score_item(
                item_id=item.item_id,
                label=item.label,
                state=reading.state,
                points=points,
                points_low=points if reading.state == "present" else 0.0,
                points_high=points if reading.state != "absent" else 0.0,
                reason=reading.reason,
                value=reading.value,
                evidence=reading.evidence,
            )
        )
    return made


def _summary(score: ScoreFile, column: str, found: Interval, opened: list[str]) -> str:
    name = f"{score.short} {COLUMN_WORDS[column]}"
    low, high = score.labels[found.label_low], score.labels[found.label_high]
    more = f"; open: {', '.join(opened)}" if opened else ""
    if found.low == found.high:
        return f"{name}: {found.low:g}, {low}"
    span = f"{name}: {found.low:g} to {found.high:g}"
    if found.verdict == "classifies":
        return f"{span}, {low} on what is documented"
    if found.verdict == "cannot_classify":
        return f"{span}, {low} whatever else is found"
    return f"{span}, {low} on what is documented, at most {high}{more}"
