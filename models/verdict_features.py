"""
What a verdict rests on, as numbers: the input of the models of confidence and ranking.

Standard library only, and no note text: a table of these features can leave the place where the notes lie.
A feature that is absent is 0, so that a verdict is a short mapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from math import log1p
from typing import Final

from chartsift.nlp.types import CriterionResult, Finding, NoteInfo

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
_JUDGED_WORDS: Final = tuple(_JUDGED)
_YEAR: Final = log1p(365)
_LOGS: Final = tuple(round(log1p(count), 4) for count in range(64))


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
    features = _of_verdict(criterion.criterion_id, criterion.kind, criterion.status, criterion.basis).copy()
    if criterion.basis == "no_mention" and notes:
        # Silence in a single note says little, in many notes more.
        features["silent_notes"] = _log(len(notes))
    for flag in criterion.flags:
        features[f"flag={flag.split()[0]}"] = 1.0
    if not criterion.evidence:
        features["undecided_by_text"] = 1.0
        return features
    speaks_for: list[Finding] = []
    speaks_against: list[Finding] = []
    reasons: dict[str, int] = {}
    for item in criterion.evidence:
        stance = item.stance
        if stance == "for":
            speaks_for.append(item.finding)
        elif stance == "against":
            speaks_against.append(item.finding)
        else:
            reason = _reason(item.reason)
            reasons[reason] = reasons.get(reason, 0) + 1
    if speaks_for:
        features["n_for"] = _log(len(speaks_for))
    if speaks_against:
        features["n_against"] = _log(len(speaks_against))
    if reasons:
        features["n_set_aside"] = _log(sum(reasons.values()))
        for reason, count in reasons.items():
            features[f"aside={reason}"] = _log(count)
    _add_sides(features, criterion.status, speaks_for, speaks_against, as_of)
    return features


@lru_cache(maxsize=10_000)
def _of_verdict(criterion_id: str, kind: str, status: str, basis: str) -> dict[str, float]:
    """Return what a verdict is without its evidence; whoever gets it makes a copy."""
    return {
        f"verdict={criterion_id}/{status}": 1.0,
        f"criterion={criterion_id}": 1.0,
        f"kind={kind}/{status}": 1.0,
        f"basis={basis}": 1.0,
        f"basis={criterion_id}/{basis}": 1.0,
    }


def _add_sides(
    features: dict[str, float],
    status: str,
    speaks_for: list[Finding],
    speaks_against: list[Finding],
    as_of: date,
) -> None:
    """Add the features of the evidence that decided, and of its opposite."""
    if status == "unknown":
        found = [*speaks_for, *speaks_against]
        opposed = min(len(speaks_for), len(speaks_against))
    elif status == "met":
        found, opposed = speaks_for, len(speaks_against)
    else:
        found, opposed = speaks_against, len(speaks_for)
    if opposed:
        features["opposed"] = round(opposed / (len(speaks_for) + len(speaks_against)), 4)
        features["is_opposed"] = 1.0
    if not found:
        # Of a verdict that stands on silence only the other side can speak.
        features["undecided_by_text"] = 1.0
    elif len(found) == 1:
        _add_one(features, found[0], as_of)
    else:
        _add_several(features, found, as_of)


def _add_one(features: dict[str, float], finding: Finding, as_of: date) -> None:
    """Add what ``_add_several`` adds for a single finding: every share is 0 or 1."""
    age = (as_of - finding.date).days
    if age > 0:
        features["newest_days"] = round(log1p(age) / _YEAR, 4)
    features["single"] = 1.0
    features["deciding_notes"] = _log(1)
    if finding.score:
        features["best_score"] = features["least_score"] = round(finding.score, 4)
    if finding.assertion in _OPEN:
        features["open"] = 1.0
    if finding.date_source == "text":
        features["dated_by_text"] = 1.0
    if finding.provenance.cues:
        features["with_cue"] = 1.0
    if finding.attributes and _is_copy(finding):
        features["copied"] = 1.0
    features[f"section={_SECTIONS.get(finding.section, 'untitled')}"] = 1.0
    features[f"rule={_rule(finding.provenance.rule)}"] = 1.0
    features[f"assertion={finding.assertion}"] = 1.0


def _add_several(features: dict[str, float], found: list[Finding], as_of: date) -> None:
    count = len(found)
    # 30, 90 and 183 days are the windows of the guidelines.
    days = [finding.date for finding in found]
    newest, oldest = max(0, (as_of - max(days)).days), max(0, (as_of - min(days)).days)
    if newest:
        features["newest_days"] = round(log1p(newest) / _YEAR, 4)
    if oldest > newest:
        features["spread_days"] = round(log1p(oldest - newest) / _YEAR, 4)
    features["deciding_notes"] = _log(len({finding.note_id for finding in found}))
    scores = [finding.score for finding in found]
    if best := max(scores):
        features["best_score"] = round(best, 4)
    if least := min(scores):
        features["least_score"] = round(least, 4)
    is_open = by_text = with_cue = copied = 0
    sections: dict[str, int] = {}
    rules: dict[str, int] = {}
    assertions: dict[str, int] = {}
    for finding in found:
        assertion, provenance = finding.assertion, finding.provenance
        is_open += assertion in _OPEN
        by_text += finding.date_source == "text"
        if provenance.cues:
            with_cue += 1
        if finding.attributes and _is_copy(finding):
            copied += 1
        where, rule = _SECTIONS.get(finding.section, "untitled"), _rule(provenance.rule)
        sections[where] = sections.get(where, 0) + 1
        rules[rule] = rules.get(rule, 0) + 1
        assertions[assertion] = assertions.get(assertion, 0) + 1
    for name, number in (
        ("open", is_open),
        ("dated_by_text", by_text),
        ("with_cue", with_cue),
        ("copied", copied),
    ):
        if number:
            features[name] = round(number / count, 4)
    for family, counts in (("section", sections), ("rule", rules), ("assertion", assertions)):
        for value in sorted(counts):
            features[f"{family}={value}"] = round(counts[value] / count, 4)


def _rule(rule: str) -> str:
    """Return the reader and its rule without the concept: "lexicon:treatment/IVIG" is "lexicon:treatment"."""
    return rule.partition("/")[0]


def _reason(words: str) -> str:
    # Most are none of these, which one question tells.
    if words.startswith(_JUDGED_WORDS):
        for beginning, name in _JUDGED.items():
            if words.startswith(beginning):
                return name
    return "time_or_place"


def _is_copy(finding: Finding) -> bool:
    return bool(finding.attribute("copied") or finding.attribute("templated"))


def _log(count: int) -> float:
    """Return a count as a feature; small ones, which most are, are known."""
    return _LOGS[count] if count < len(_LOGS) else round(log1p(count), 4)
