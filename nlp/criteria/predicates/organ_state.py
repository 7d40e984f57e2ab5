"""
How each organ disease of a chart stands on the screening day: one state per disease from its latest statement.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
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

# The attributes of a statement by name, and a statement with them.
_Said = Mapping[str, str]
_Statement = tuple[Finding, _Said]

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
    groups: dict[tuple[str, str], list[_Statement]] = defaultdict(list)
    for finding in chart.of("organ_disease", systems):
        if finding.assertion in ("family", "hypothetical"):
            continue
        # A statement is asked for its attributes ten times.
        said = dict(finding.attributes)
        if said.get("copied") != "yes":
            groups[finding.concept, said.get("disease", "")].append((finding, said))
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


def _state(
    chart: Chart, system: str, disease: str, found: list[_Statement], windows: _Windows
) -> DiseaseState:
    if len(found) == 1:
        finding, said = found[0]
        level = _aged(chart, found[0], _level(finding, said), windows)
        return _disease_state(system, disease, level, finding, ())
    ordered = sorted(
        found, key=lambda one: (chart.note_date(one[0]), _weight(*one), one[0].start), reverse=True
    )
    newest = chart.note_date(ordered[0][0])
    same = [one for one in ordered if chart.note_date(one[0]) == newest]
    explicit = [one for one in same if _is_explicit(*one)]
    decides = explicit[0] if explicit else same[0]
    # A bad statement of today's assessment is not undone by a milder aside in the same note.
    if decides[0].section not in ("assessment", "plan") and _level(*decides) not in _BAD_OR_OVER:
        for one in same:
            finding, said = one
            if (
                _level(finding, said) in BAD
                and said.get("listed") != "yes"
                and finding.section not in ("hpi", "ros")
            ):
                decides = one
                break
    if not explicit and decides[0].assertion == "present":
        # A bare name today leaves standing how an earlier note rated the lasting disease.
        for one in ordered:
            finding, said = one
            if finding.assertion == "present" and said.get("listed") != "yes" and _is_explicit(finding, said):
                if said.get("weight") != "acute" and _level(finding, said) in BAD:
                    decides = one
                break
    if _is_bare_episode(*decides):
        # "DVT in December, leg fine … 3. DVT: apixaban to go on": the bare name is the episode told of before.
        told = [one for one in same if _level(*one) == "over" and one[1].get("listed") != "yes"]
        # "AKI mild" of the emergency note still says how bad the "AKI" of the ward note is.
        told += [one for one in same if one[0].assertion == "present" and one[1].get("level") in _GOOD]
        decides = told[0] if told else decides
    level = _aged(chart, decides, _level(*decides), windows)
    deciding = decides[0]
    return _disease_state(
        system, disease, level, deciding, tuple([f for f, _ in ordered if f is not deciding])
    )


def _is_bare_episode(finding: Finding, said: _Said) -> bool:
    """Say whether a finding only names an episode, without a word on how or when it is."""
    return (
        said.get("weight") == "acute"
        and finding.assertion == "present"
        and said.get("level", "") in ("", "unspecified")
        and not _FRESH.search(finding.quote)
    )


def _weight(finding: Finding, said: _Said) -> int:
    if said.get("listed") == "yes" or finding.section in ("ros", "problem_list", "past_history"):
        return 0
    return 2 if finding.section in ("assessment", "plan") else 1


def _is_explicit(finding: Finding, said: _Said) -> bool:
    return (
        said.get("level", "") not in ("", "unspecified")
        or finding.assertion in ("absent", "historical")
        or said.get("weight") in ("severe", "acute")
    ) and said.get("templated") != "yes"


def _level(finding: Finding, said: _Said) -> StateLevel:
    assertion, stated = finding.assertion, said.get("level")
    if assertion == "absent":
        return "absent"
    if assertion == "historical" or stated == "resolved":
        return "over"
    if assertion == "possible":
        return "possible"
    if stated in BAD:
        return stated  # type: ignore[return-value]
    weight = said.get("weight")
    if stated in _GOOD:
        # A failed organ is severe however stable; an episode that is improving is on its way out.
        return "severe" if weight == "severe" and stated in ("stable", "mild") else "controlled"
    if weight == "severe":
        return "severe"
    if weight == "acute" and said.get("disease") == "clot" and not _FRESH_CLOT.search(finding.quote):
        return "unspecified"  # a clot that is only named is an old one under its anticoagulant
    if weight == "acute":
        return "over" if said.get("listed") == "yes" else "severe"
    return "unspecified"


def _aged(
    chart: Chart,
    statement: _Statement,
    level: StateLevel,
    windows: _Windows,
) -> StateLevel:
    """Return the level of a statement on the screening day."""
    if level not in BAD:
        return level
    decides, attributes = statement
    said = chart.note_date(decides)
    # The notes stand oldest first.
    later_notes = chart.notes[-1].note_date > said
    weight = attributes.get("weight")
    if weight == "acute":
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
    if weight == "severe":
        return level
    return level if chart.is_within(said, windows.statement_days, of=decides) else "old"


def _has_full_note(chart: Chart, decides: Finding, chars: int) -> bool:
    """Say whether a clinical note after the statement had room to carry the episode on and did not."""
    return any(
        note.note_date > chart.note_date(decides) and note.length > chars for note in reversed(chart.notes)
    )
