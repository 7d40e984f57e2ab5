"""The sides of disease activity: muscle enzymes, skin, studies of muscle, and the note's own verdict on the disease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.predicates.specialists import is_general
from chartsift.nlp.types import Evidence, Finding

_SHOWN = 5


@dataclass(slots=True)
class Side:
    """
    What one sort of evidence says.

    Attributes:
        active: Findings that show activity now.
        quiet: Findings that show none now.
        unsure: Findings that cannot tell (a value in the doubtful band, a suspicion, a study without a date).
        old: Findings that showed activity, too long ago, with nothing newer.
        conflict: Two assessments of one day disagree.
        aside: What was left out, with the reason.
    """

    active: list[Finding] = field(default_factory=list)
    quiet: list[Finding] = field(default_factory=list)
    unsure: list[Finding] = field(default_factory=list)
    old: list[Finding] = field(default_factory=list)
    conflict: bool = False
    aside: list[Evidence] = field(default_factory=list)

    def set_aside(self, finding: Finding, reason: str) -> None:
        """Leave *finding* out, up to a handful of each side."""
        if len(self.aside) < _SHOWN:
            self.aside.append(evidence(finding, "set_aside", reason))


@dataclass(frozen=True, slots=True)
class Band:
    """Limits for an enzyme without a reference range, in ``unit``: normal up to ``normal``, raised above ``raised``."""

    normal: float
    raised: float
    unit: str = "U/L"


def unusable(finding: Finding) -> str:
    """Return why a finding cannot speak for today; empty where it can."""
    if finding.attribute("copied"):
        return "carried forward from an earlier note"
    if finding.attribute("templated") and finding.kind not in ("biopsy", "imaging", "emg", "lab"):
        return "filled in by a template"
    return {"family": "someone else's", "hypothetical": "not a statement of fact", "historical": "past"}.get(
        finding.assertion, ""
    )


def enzymes(chart: Chart, names: Sequence[str], *, days: int, bands: Mapping[str, Band]) -> Side:
    """Return what the latest value of each enzyme says; the lab's own range first, else *bands*."""
    return chart.once(_enzymes, (tuple(names), days, bands), same=eq)


def _enzymes(chart: Chart, given: tuple[tuple[str, ...], int, Mapping[str, Band]]) -> Side:
    names, days, bands = given
    side = Side()
    explained = {
        f.concept for f in chart.of("enzyme_cause", assertions=["present"]) if chart.is_within(f, days)
    }
    for name in names:
        _one_enzyme(chart, name, days, bands.get(name), side, explained=name in explained)
    if names and not (side.active or side.quiet or side.old):
        _one_enzyme(chart, "muscle_enzymes", days, None, side, explained=False)
    return side


@dataclass(frozen=True, slots=True)
class _Series:
    """
    The values of one enzyme, whatever the day.

    Attributes:
        top: The latest one that counts; None where none does.
        verdict: Whether it is raised; None where that cannot be told.
        aside: The others with the reason, as many as a side shows.
    """

    top: Finding | None
    verdict: bool | None
    aside: tuple[tuple[Finding, str], ...]


def _one_enzyme(
    chart: Chart, name: str, days: int, band: Band | None, side: Side, *, explained: bool
) -> None:
    series = chart.once(_series, (name, band), same=eq)
    for finding, reason in series.aside:
        side.set_aside(finding, reason)
    top, verdict = series.top, series.verdict
    if top is None:
        return
    if not chart.is_within(top, days):
        if verdict is False:
            side.set_aside(top, f"older than {days} days at screening")
        else:
            side.old.append(top)
    elif verdict is None or (verdict and explained):
        side.unsure.append(top)
    elif verdict:
        side.active.append(top)
    else:
        side.quiet.append(top)


def _series(chart: Chart, given: tuple[str, Band | None]) -> _Series:
    name, band = given
    usable: list[Finding] = []
    aside: list[tuple[Finding, str]] = []
    for finding in chart.of("lab", [name]):
        reason = unusable(finding) or (
            "an earlier value of its series" if finding.attribute("superseded") else ""
        )
        if reason:
            aside.append((finding, reason))
        elif finding.value is not None or finding.flag:
            usable.append(finding)
    if not usable:
        return _Series(None, None, tuple(aside[:_SHOWN]))
    limits: dict[str, float] = {}
    for finding in usable:
        if finding.ref_high is not None:
            limits.setdefault(finding.unit, finding.ref_high)
    last = usable[0].date
    latest = [f for f in usable if f.date == last]
    aside += [(finding, f"superseded by the value of {last}") for finding in usable[len(latest) :][:_SHOWN]]
    # One draw is often told twice, with and without its range: the printed range decides.
    latest.sort(key=lambda f: (f.ref_high is None and not f.flag, f.value is None))
    verdict = next((v for v in (raised(f, limits.get(f.unit), band) for f in latest) if v is not None), None)
    return _Series(latest[0], verdict, tuple(aside[:_SHOWN]))


def raised(finding: Finding, limit: float | None, band: Band | None) -> bool | None:
    """
    Say whether an enzyme is above the upper limit; None where that cannot be told.

    The flag and range printed with the value come first, then *limit*, the range that the chart prints with
    another value of the same enzyme, then *band*, which speaks only for its own unit.
    """
    if finding.flag:
        return finding.flag == "H"
    if finding.value is None:
        return None
    if finding.unit == "xULN":
        if finding.comparator.startswith("<"):
            return False if finding.value <= 1 else None
        return finding.value > 1
    high = finding.ref_high if finding.ref_high is not None else limit
    if high is not None:
        return finding.value > high and not finding.comparator.startswith("<")
    if band is None or finding.unit != band.unit:
        return None
    if finding.value <= band.normal:
        return False
    return True if finding.value > band.raised else None


def skin(chart: Chart, concepts: Sequence[str], *, days: int, specialist_days: int) -> Side:
    """Return what the latest look at the skin says; damage is no activity. Without *concepts* nothing is asked."""
    return chart.once(_skin, (tuple(concepts), days, specialist_days), same=eq)


def _skin(chart: Chart, given: tuple[tuple[str, ...], int, int]) -> Side:
    concepts, days, specialist_days = given
    side = Side()
    if not concepts:
        return side
    signs, clear = _looks(chart, concepts, side)
    with_signs = {f.note_id for f in signs}
    passing = [f for f in clear if _is_in_passing(chart, f, signs, specialist_days)]
    for finding in passing:
        side.set_aside(finding, "a look in passing does not outrank the specialist's examination")
    clear = [f for f in clear if f not in passing]
    # In one note a sign that is there outweighs those that are not.
    clear = [f for f in clear if f.note_id not in with_signs and _is_general(f, clear)]
    last = max((f.date for f in [*signs, *clear]), default=None)
    if last is None:
        side.unsure = [f for f in side.unsure if chart.is_within(f, days)]
        return side
    signs_now = [f for f in signs if f.date == last]
    clear_now = [f for f in clear if f.date == last]
    for finding in signs:
        if finding.date != last and clear_now and not signs_now:
            side.set_aside(finding, f"superseded by the examination of {last}")
    fresh = chart.is_within(last, days, of=(signs_now or clear_now)[0])
    if signs_now and clear_now and fresh:
        side.conflict = True
        side.active, side.quiet = signs_now, clear_now
    elif signs_now:
        (side.active if fresh else side.old).extend(signs_now)
    elif fresh:
        side.quiet.extend(clear_now)
    side.unsure = [f for f in side.unsure if f.date >= last and not clear_now and chart.is_within(f, days)]
    return side


def _looks(chart: Chart, concepts: Sequence[str], side: Side) -> tuple[list[Finding], list[Finding]]:
    """Return the signs of *concepts* and the words that the skin is clear; the rest is filed under *side*."""
    signs: list[Finding] = []
    clear: list[Finding] = []
    for finding in chart.of("skin"):
        reason = unusable(finding)
        specific = finding.concept in concepts
        if reason:
            side.set_aside(finding, reason)
        elif finding.attribute("source") == "list":
            side.set_aside(finding, "from a list of problems")
        elif finding.assertion == "present" and specific:
            signs.append(finding)
        elif finding.assertion == "present" and finding.concept == "rash":
            side.unsure.append(finding)
        elif finding.assertion == "present":
            side.set_aside(finding, "no sign of active disease by itself")
        elif finding.assertion == "possible":
            side.unsure.append(finding)
        elif (
            finding.assertion == "absent"
            and finding.attribute("source") == "ros"
            and finding.concept in ("rash", "any")
        ):
            side.set_aside(finding, "a review of systems does not outrank an examination")
        elif finding.assertion == "absent":
            clear.append(finding)
    clear += [
        f for f in chart.of("disease_state", ["damage_only"], assertions=["present"]) if not unusable(f)
    ]
    for finding in chart.of("skin_damage", assertions=["present"])[:2]:
        side.set_aside(finding, "damage, not activity")
    return signs, clear


def _is_in_passing(chart: Chart, finding: Finding, signs: Sequence[Finding], days: int) -> bool:
    """Say whether "skin clear" is the word of a general clinic within weeks of a specialist who saw a rash."""
    if finding.concept not in ("rash", "any") or not is_general(chart, finding):
        return False
    return any(abs((finding.date - f.date).days) <= days and not is_general(chart, f) for f in signs)


def _is_general(finding: Finding, absent: Sequence[Finding]) -> bool:
    """Say whether a denial is of a rash at all, or one of two signs and more that its note denies."""
    if finding.kind == "disease_state" or finding.concept in ("rash", "any", "DM_rash", "CDASI"):
        return True
    return len({f.concept for f in absent if f.note_id == finding.note_id}) >= 2


def studies(chart: Chart, kinds: Sequence[str], *, days: int) -> Side:
    """Return what the latest biopsy, MRI and EMG of muscle say, each for itself."""
    return chart.once(_studies, (tuple(kinds), days), same=eq)


def _studies(chart: Chart, given: tuple[tuple[str, ...], int]) -> Side:
    kinds, days = given
    side = Side()
    for kind in kinds:
        usable: list[Finding] = []
        for finding in chart.of(kind):
            reason = unusable(finding)
            if reason:
                side.set_aside(finding, reason)
            elif finding.attribute("undated") and not _is_first_told(chart, finding, days):
                if finding.concept == "active" and finding.assertion == "present":
                    side.unsure.append(finding)
                    side.set_aside(finding, "the date of the study is not given")
            else:
                usable.append(finding)
        if not usable:
            continue
        last = usable[0].date
        latest = [f for f in usable if f.date == last]
        active = [f for f in latest if f.concept == "active" and f.assertion == "present"]
        fresh = chart.is_within(latest[0], days)
        if active:
            (side.active if fresh else side.old).extend(active[:3])
        elif any(f.assertion == "possible" for f in latest):
            side.unsure.extend(latest[:2])
        elif fresh:
            side.quiet.extend(latest[:2])
        else:
            side.set_aside(latest[0], f"older than {days} days at screening")
    return side


def _is_first_told(chart: Chart, finding: Finding, days: int) -> bool:
    """
    Say whether a study without a date is new in its note: nothing before it speaks of such a study.

    A note gives results without a date where they are those of the day; an older study comes back in every note.
    """
    if finding.kind == "biopsy":
        return False  # a biopsy is quoted for years
    note_date = chart.note_date(finding)
    if finding.attribute("earlier") or not chart.is_within(note_date, days, of=finding):
        return False
    return not any(
        other.note_id != finding.note_id
        and (chart.note_date(other) < note_date or other.date < note_date)
        and other.concept == finding.concept
        for other in chart.of(finding.kind)
    )


def verdicts(chart: Chart, *, days: int) -> Side:
    """Return what the notes themselves say of the disease: remission or flare; the latest note that says so holds."""
    return chart.once(_verdicts, days, same=eq)


def _verdicts(chart: Chart, days: int) -> Side:
    side = Side()
    usable: list[Finding] = []
    for finding in chart.of("disease_state", assertions=["present"]):
        reason = unusable(finding)
        if not reason and is_general(chart, finding):
            if finding.attribute("source") == "list":
                reason = "from a list of problems of another clinic"
            elif not finding.attribute("named"):
                reason = "a note of another clinic that does not name the myositis with it"
        if reason:
            side.set_aside(finding, reason)
        elif chart.is_within(finding, days):
            usable.append(finding)
    if not usable:
        return side
    last = max(chart.note_date(f) for f in usable)
    for finding in usable:
        if chart.note_date(finding) == last:
            (side.active if finding.attribute("activity") == "active" else side.quiet).append(finding)
        else:
            side.set_aside(finding, f"superseded by the note of {last}")
    return side
