"""
How each organ disease of a chart stands on the screening day: one state per disease from its latest statement.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import eq
from typing import Literal

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.types import Finding
from chartsift.nlp.values import maker

StateLevel = Literal[
    "severe", "progressive", "uncontrolled", "controlled", "unspecified", "over", "absent", "possible", "old"
]

_FRESH = re.compile(r"\b(?:new|acute|recurrent|another|again|today|now)\b", re.IGNORECASE)

_FRESH_CLOT = re.compile(
    r"\b(?:new|acute|recurrent|another|today|now|massive|submassive|saddle|extensive|symptomatic|found|diagnosed|shows?|CTA?"
    r"|heparin (?:drip|gtt|infusion)|drip|gtt|lysis|lytic|thromboly\w*|thrombectomy|admitted|presents?)\b",
    re.IGNORECASE,
)

BAD: frozenset[str] = frozenset({"severe", "progressive", "uncontrolled"})
_BAD_OR_OVER = BAD | {"over"}
_GOOD = frozenset({"controlled", "stable", "mild"})
# An episode (a bleed, a stroke) that no later note carries on is over after this many days.
EPISODE_DAYS = 30
# A note longer than this had room to carry an episode on.
FULL_NOTE_CHARS = 1_000
# "Severe" or "worsening" said of a lasting disease needs to be said again after this many days.
STATEMENT_DAYS = 365


@dataclass(frozen=True, slots=True)
class DiseaseState:
    """
    One disease as it stands.

    Attributes:
        system: Organ system (the concept of its findings).
        disease: Which disease within the system.
        level: How it stands; "over" is resolved or past, "old" bad but last said too long ago.
        finding: The statement that decides.
        earlier: Statements of the same disease that it supersedes.
    """

    system: str
    disease: str
    level: StateLevel
    finding: Finding
    earlier: tuple[Finding, ...]


_disease_state = maker(DiseaseState)


def disease_states(
    chart: Chart,
    *,
    systems: Iterable[str] | None = None,
    episode_days: int = EPISODE_DAYS,
    statement_days: int = STATEMENT_DAYS,
    full_note_chars: int = FULL_NOTE_CHARS,
) -> list[DiseaseState]:
    """
    Return the state of each disease of *systems* (all by default) that the chart names.

    An episode counts for *episode_days*, half of that where a later note of over *full_note_chars* characters does
    not carry it on; "severe" or "worsening" of a lasting disease counts for *statement_days*.
    """
    windows = _Windows(episode_days, statement_days, full_note_chars)
    asked = None if systems is None else tuple(systems)
    return chart.once(_disease_states, (asked, windows), same=eq)


def _disease_states(chart: Chart, given: tuple[tuple[str, ...] | None, _Windows]) -> list[DiseaseState]:
    systems, windows = given
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in chart.of("organ_disease", systems):
        if finding.assertion in ("family", "hypothetical") or finding.attribute("copied") == "yes":
            continue
        groups[finding.concept, finding.attribute("disease")].append(finding)
    return [_state(chart, system, disease, found, windows) for (system, disease), found in groups.items()]


def name_of(state: DiseaseState) -> str:
    """Return what to call a disease: its system, and the words that name it."""
    return f"{state.system} disease ({state.finding.text.splitlines()[0][:60]})"


_LEVEL_WORDS: dict[str, str] = {
    "over": "past or resolved",
    "absent": "denied",
    "controlled": "mild or controlled",
    "old": "called bad",
}


def words_for(state: DiseaseState) -> str:
    """Return its level as a sentence says it."""
    if state.level == "unspecified":
        return "named without severity"
    return _LEVEL_WORDS.get(state.level, state.level)


@dataclass(frozen=True, slots=True)
class _Windows:
    """How long statements hold; see ``disease_states``."""

    episode_days: int
    statement_days: int
    full_note_chars: int


def _state(chart: Chart, system: str, disease: str, found: list[Finding], windows: _Windows) -> DiseaseState:
    if len(found) == 1:
        only = found[0]
        return _disease_state(system, disease, _aged(chart, only, _level(only), windows), only, ())
    ordered = sorted(found, key=lambda f: (chart.note_date(f), _weight(f), f.start), reverse=True)
    newest = chart.note_date(ordered[0])
    same = [f for f in ordered if chart.note_date(f) == newest]
    explicit = [f for f in same if _is_explicit(f)]
    decides = explicit[0] if explicit else same[0]
    # A bad statement of today's assessment is not undone by a milder aside in the same note.
    if decides.section not in ("assessment", "plan") and _level(decides) not in _BAD_OR_OVER:
        decides = next(
            (
                f
                for f in same
                if _level(f) in BAD and f.attribute("listed") != "yes" and f.section not in ("hpi", "ros")
            ),
            decides,
        )
    if not explicit and decides.assertion == "present":
        # A bare name today leaves standing how an earlier note rated the lasting disease.
        rated = [
            f
            for f in ordered
            if _is_explicit(f) and f.assertion == "present" and f.attribute("listed") != "yes"
        ]
        if rated and rated[0].attribute("weight") != "acute" and _level(rated[0]) in BAD:
            decides = rated[0]
    if _is_bare_episode(decides):
        # "DVT in December, leg fine … 3. DVT: apixaban to go on": the bare name is the episode told of before.
        told = [f for f in same if _level(f) == "over" and f.attribute("listed") != "yes"]
        # "AKI mild" of the emergency note still says how bad the "AKI" of the ward note is.
        told += [f for f in same if f.assertion == "present" and f.attribute("level") in _GOOD]
        decides = told[0] if told else decides
    level = _aged(chart, decides, _level(decides), windows)
    return _disease_state(system, disease, level, decides, tuple(f for f in ordered if f is not decides))


def _is_bare_episode(finding: Finding) -> bool:
    """Say whether a finding only names an episode, without a word on how or when it is."""
    return (
        finding.attribute("weight") == "acute"
        and finding.assertion == "present"
        and finding.attribute("level") in ("", "unspecified")
        and not _FRESH.search(finding.quote)
    )


def _weight(finding: Finding) -> int:
    if finding.attribute("listed") == "yes" or finding.section in ("ros", "problem_list", "past_history"):
        return 0
    return 2 if finding.section in ("assessment", "plan") else 1


def _is_explicit(finding: Finding) -> bool:
    return (
        finding.attribute("level") not in ("", "unspecified")
        or finding.assertion in ("absent", "historical")
        or finding.attribute("weight") in ("severe", "acute")
    ) and finding.attribute("templated") != "yes"


def _level(finding: Finding) -> StateLevel:
    said = finding.attribute("level")
    if finding.assertion == "absent":
        return "absent"
    if finding.assertion == "historical" or said == "resolved":
        return "over"
    if finding.assertion == "possible":
        return "possible"
    weight = finding.attribute("weight")
    if said in BAD:
        return said  # type: ignore[return-value]
    if said in _GOOD:
        # A failed organ is severe however stable; an episode that is improving is on its way out.
        return "severe" if weight == "severe" and said in ("stable", "mild") else "controlled"
    if weight == "severe":
        return "severe"
    if weight == "acute" and finding.attribute("disease") == "clot" and not _FRESH_CLOT.search(finding.quote):
        return "unspecified"  # a clot that is only named is an old one under its anticoagulant
    if weight == "acute":
        return "over" if finding.attribute("listed") == "yes" else "severe"
    return "unspecified"


def _aged(
    chart: Chart,
    decides: Finding,
    level: StateLevel,
    windows: _Windows,
) -> StateLevel:
    """Return the level of a statement on the screening day."""
    if level not in BAD:
        return level
    said = chart.note_date(decides)
    later_notes = any(note.note_date > said for note in reversed(chart.notes))
    if decides.attribute("weight") == "acute":
        if chart.is_within(said, windows.episode_days, of=decides) and not (
            later_notes
            and _has_full_note(chart, decides, windows.full_note_chars)
            and not chart.is_within(said, windows.episode_days // 2, of=decides)
        ):
            return level
        return (
            "over"
            if later_notes or not chart.is_within(said, 3 * windows.episode_days, of=decides)
            else "old"
        )
    if decides.attribute("weight") == "severe":
        return level
    return level if chart.is_within(said, windows.statement_days, of=decides) else "old"


def _has_full_note(chart: Chart, decides: Finding, chars: int) -> bool:
    """Say whether a clinical note after the statement had room to carry the episode on and did not."""
    return any(
        note.note_date > chart.note_date(decides) and note.length > chars for note in reversed(chart.notes)
    )
