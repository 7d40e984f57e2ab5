"""
What a verdict rests on, as numbers: the input of the models of confidence and ranking.

Standard library only, and no note text: a table of these features can leave the place where the notes lie.
A feature that is absent is 0, so that a verdict is a short mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from math import log1p
from typing import Final

from chartsift.nlp.types import CriterionResult, Evidence, NoteInfo

# Bumped when a feature changes its meaning: a model of another version is refused.
FEATURES_VERSION: Final = 1

# Where a statement is weighed: today's reading, results, and what is only carried along.
_SECTIONS: Final = {
    "assessment": "opinion",
    "plan": "opinion",
    "hpi": "story",
    "chief_complaint": "story",
    "interval": "story",
    "exam": "result",
    "labs": "result",
    "imaging": "result",
    "pathology": "result",
    "procedure": "result",
    "problem_list": "carried",
    "past_history": "carried",
    "treatment_history": "carried",
    "medications": "carried",
    "allergies": "carried",
    "social_history": "carried",
    "immunizations": "carried",
    "ros": "carried",
    "family_history": "carried",
    "preamble": "untitled",
    "other": "untitled",
    "": "untitled",
}
# Assertions under which a mention is weaker than a plain statement.
_OPEN: Final = frozenset(("possible", "hypothetical"))
# Reasons for which a mention is set aside that are matters of judgement; the rest are matters of time and place.
_JUDGED: Final = {
    "planned": "planned",
    "someone": "other_person",
    "denied": "denied",
    "damage": "damage",
    "given for": "other_purpose",
    "carried": "carried",
    "above the limit": "near",
    "from a": "list",
    "during": "state",
    "past": "past",
    "does not": "does_not_count",
    "not of": "does_not_count",
    "not a statement": "no_statement",
}


def verdict_features(
    criterion: CriterionResult, *, as_of: date, notes: Sequence[NoteInfo]
) -> dict[str, float]:
    """
    Return the features of one verdict by name.

    Names are ``family`` or ``family=value``. Counts and days are ``log(1 + n)``, shares 0 to 1.

    Args:
        criterion: The verdict.
        as_of: Day of screening.
        notes: The notes that were read.
    """
    features = {
        f"verdict={criterion.criterion_id}/{criterion.status}": 1.0,
        f"criterion={criterion.criterion_id}": 1.0,
        f"kind={criterion.kind}/{criterion.status}": 1.0,
        f"basis={criterion.basis}": 1.0,
        f"basis={criterion.criterion_id}/{criterion.basis}": 1.0,
    }
    if criterion.basis == "no_mention":
        # Silence in a single note says little, in many notes more.
        features["silent_notes"] = log1p(len(notes))
    for flag in criterion.flags:
        features[f"flag={flag.split()[0]}"] = 1.0
    sides = {
        stance: [item for item in criterion.evidence if item.stance == stance]
        for stance in ("for", "against", "set_aside")
    }
    for stance, items in sides.items():
        features[f"n_{stance}"] = log1p(len(items))
    for reason, count in Counter(_reason(item) for item in sides["set_aside"]).items():
        features[f"aside={reason}"] = log1p(count)
    features |= _sides(criterion, sides["for"], sides["against"], as_of)
    return {name: round(value, 4) for name, value in features.items() if value}


def _sides(
    criterion: CriterionResult, speaks_for: list[Evidence], speaks_against: list[Evidence], as_of: date
) -> dict[str, float]:
    """Return the features of the evidence that decided, and of its opposite."""
    if criterion.status == "unknown":
        decided, opposed = [*speaks_for, *speaks_against], min(speaks_for, speaks_against, key=len)
    elif criterion.status == "met":
        decided, opposed = speaks_for, speaks_against
    else:
        decided, opposed = speaks_against, speaks_for
    features = {"opposed": len(opposed) / max(1, len(speaks_for) + len(speaks_against))}
    if opposed:
        features["is_opposed"] = 1.0
    if not decided:
        # Of a verdict that stands on silence only the other side can speak.
        features["undecided_by_text"] = 1.0
        return features
    found = [item.finding for item in decided]
    count = len(found)
    ages = [max(0, (as_of - finding.date).days) for finding in found]
    # 30, 90 and 183 days are the windows of the guidelines.
    features["newest_days"] = log1p(min(ages)) / log1p(365)
    features["spread_days"] = log1p(max(ages) - min(ages)) / log1p(365)
    features["single"] = float(count == 1)
    features["deciding_notes"] = log1p(len({finding.note_id for finding in found}))
    features["best_score"] = max(finding.score for finding in found)
    features["least_score"] = min(finding.score for finding in found)
    features["open"] = sum(finding.assertion in _OPEN for finding in found) / count
    features["dated_by_text"] = sum(finding.date_source == "text" for finding in found) / count
    features["with_cue"] = sum(bool(finding.provenance.cues) for finding in found) / count
    features["copied"] = _share(found, lambda f: bool(f.attribute("copied") or f.attribute("templated")))
    for where, share in _shares(_SECTIONS.get(finding.section, "untitled") for finding in found):
        features[f"section={where}"] = share
    for rule, share in _shares(_rule(finding.provenance.rule) for finding in found):
        features[f"rule={rule}"] = share
    for assertion, share in _shares(finding.assertion for finding in found):
        features[f"assertion={assertion}"] = share
    return features


def _rule(rule: str) -> str:
    """Return the reader and its rule without the concept: "lexicon:treatment/IVIG" is "lexicon:treatment"."""
    return rule.partition("/")[0]


def _reason(item: Evidence) -> str:
    return next((name for words, name in _JUDGED.items() if item.reason.startswith(words)), "time_or_place")


def _share(items: Sequence[object], holds: object) -> float:
    return sum(bool(holds(item)) for item in items) / len(items)  # type: ignore[operator]


def _shares(values: Iterable[str]) -> list[tuple[str, float]]:
    counts = Counter(values)
    total = counts.total()
    return [(value, count / total) for value, count in sorted(counts.items())]
