"""Muscle weakness: the latest examination, and what the patient can do now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pydantic import Field

from chartsift.nlp.criteria.chart import Chart, evidence
from chartsift.nlp.criteria.logic import Outcome, false, silent, true, unknown
from chartsift.nlp.criteria.predicates.specialists import is_general
from chartsift.nlp.criteria.predicates.table import Parameters, predicate
from chartsift.nlp.types import Evidence, Finding

# How many mentions of one sort are shown; the rest says the same.
_SHOWN = 6
_MEASURED = ("MRC", "MMT", "CMAS", "full_strength")
_SIGNS = ("Gowers", "waddling_gait", "head_drop")


class WeaknessPresent(Parameters):
    """
    Parameters of ``weakness_present``.

    Attributes:
        exam_days: How old an examination may be (annotation guidelines: strength, 90 days).
        function_days: How old a statement on function may be.
        weak_share: A sum score at or below this share of its scale is weakness. Default 142/150: the usual bar of
            trials in myositis (MMT-8 of 142 or less); on the one-sided scale that is 75/80.
        groups: Muscle groups that count; distal weakness alone does not.
        specialist_days: For so long a specialist's examination stands against a general one (about one interval
            between clinic visits).
    """

    exam_days: int = Field(default=90, ge=1)
    function_days: int = Field(default=90, ge=1)
    weak_share: float = Field(default=142 / 150, gt=0, lt=1)
    groups: tuple[str, ...] = ("proximal", "axial", "bulbar", "limb", "whole")
    specialist_days: int = Field(default=45, ge=0)


@predicate("weakness_present", WeaknessPresent)
def weakness_present(chart: Chart, given: WeaknessPresent) -> Outcome:
    """Muscle weakness on the latest examination, or in what the patient can do now."""
    aside: list[Evidence] = []
    strength = _usable(chart, chart.of("strength"), given.exam_days, aside)
    function = _usable(chart, chart.of("function"), given.function_days, aside)
    exams = [(f, _reading(f, given)) for f in strength if f.concept in _MEASURED]
    exams = [(f, reading) for f, reading in exams if reading]
    exams = _without_looks_in_passing(chart, given, _without_undated(exams, aside), aside)
    last = max((f.date for f, _ in exams), default=None)
    today = {
        reading: [f for f, r in exams if r == reading and f.date == last]
        for reading in ("weak", "near", "limited", "full")
    }
    for finding, reading in exams:
        if finding.date != last and reading in ("weak", "full", "near"):
            aside.append(evidence(finding, "set_aside", f"superseded by the examination of {last}"))
    signs = [f for f in strength if f.concept in _SIGNS and f.assertion == "present"]
    stated = [f for f in strength if f.concept == "weakness"]
    limits = [f for f in function if f.assertion == "present" and f.attribute("weight") == "clear"]
    hints = [f for f in function if f.assertion == "present" and f.attribute("weight") == "hint"]
    hints += [f for f in stated if f.assertion in ("present", "possible") and f.attribute("weight") == "hint"]
    weak_words = [f for f in stated if f.assertion == "present" and f.attribute("weight") != "hint"]
    denials = [f for f in stated if f.assertion == "absent"]
    able = [f for f in function if f.assertion == "absent" and f.attribute("weight") == "clear"]
    if today["weak"]:
        return _weak_on_exam(chart, given, today, last, limits + weak_words, denials, aside)
    spoken = [f for f in [*signs, *limits, *weak_words] if last is None or f.date >= last]
    if today["full"] and not today["near"] and not today["limited"]:
        return _full_on_exam(chart, given, today["full"], last, spoken, denials + able, aside)
    if today["near"] or today["limited"]:
        shown = [*today["near"], *today["limited"]]
        clear = [
            f for f in spoken if f.concept != "weakness" or f.attribute("source") in ("exam", "assessment")
        ]
        if clear and not any(f.attribute("limited") for f in shown):
            return true(
                [*_some(shown + clear, "for"), *_some(denials, "against"), *aside[:_SHOWN]],
                f"{_words(shown[0])}, and {_words(clear[0])}",
            )
        why = (
            "limited by " + shown[0].attribute("limited")
            if shown[0].attribute("limited")
            else "between clear weakness and full strength"
        )
        return unknown(
            [*_some(shown, "for"), *_some(denials + able, "against"), *aside[:_SHOWN]],
            f"{_words(shown[0])} is {why}",
            next_step="Ask for manual muscle testing (MMT-8) by a second examiner.",
        )
    if spoken:
        return true(
            [*_some(spoken, "for"), *_some(denials + able, "against"), *aside[:_SHOWN]],
            f"no graded examination within {given.exam_days} days, but {_words(spoken[0])}",
        )
    return _without_exam(chart, given, hints, denials + able, function, aside)


def _without_undated(exams: list[tuple[Finding, str]], aside: list[Evidence]) -> list[tuple[Finding, str]]:
    """Return *exams* without grades that say nothing of their day where the note grades the same muscles "today"."""
    todays = [(f, reading) for f, reading in exams if f.attribute("moment") == "today"]
    kept = []
    for finding, reading in exams:
        is_undated = finding.attribute("moment") != "today"
        if is_undated and any(r != reading and _is_told_anew(finding, f) for f, r in todays):
            aside.append(evidence(finding, "set_aside", "the note's words for today outrank it"))
        else:
            kept.append((finding, reading))
    return kept


def _is_told_anew(old: Finding, new: Finding) -> bool:
    """Say whether *new* grades the muscles of *old* in the same note; of all muscles at once, only further down."""
    if old.note_id != new.note_id or old.concept in ("MMT", "CMAS"):
        return False
    if new.attribute("group") == "whole":
        return old.start < new.start
    return not set(old.attribute("place").split()).isdisjoint(new.attribute("place").split())


def _without_looks_in_passing(
    chart: Chart, given: WeaknessPresent, exams: list[tuple[Finding, str]], aside: list[Evidence]
) -> list[tuple[Finding, str]]:
    """Return *exams* without the "5/5" of general clinics within weeks of a specialist's graded weakness."""
    graded = [f for f, reading in exams if reading == "weak" and not is_general(chart, f)]
    kept = []
    for finding, reading in exams:
        in_passing = reading == "full" and finding.concept != "MMT" and is_general(chart, finding)
        if in_passing and any(0 <= (finding.date - f.date).days <= given.specialist_days for f in graded):
            reason = "a look in passing does not outrank the specialist's examination"
            aside.append(evidence(finding, "set_aside", reason))
        else:
            kept.append((finding, reading))
    return kept


def _weak_on_exam(
    chart: Chart,
    given: WeaknessPresent,
    today: dict[str, list[Finding]],
    last: date | None,
    more: Sequence[Finding],
    denials: Sequence[Finding],
    aside: Sequence[Evidence],
) -> Outcome:
    # The sum of many muscles says more than one muscle.
    weak = sorted(today["weak"], key=lambda f: (f.concept == "MRC", _share(f)))
    weak_notes = {f.note_id for f in weak}
    # The groups of one examination that are full take nothing from those that are weak; another examiner does.
    opposed = [f for f in today["full"] if f.note_id not in weak_notes and f.attribute("group") == "whole"]
    shown = [
        *_some(weak, "for"),
        *_some(more, "for"),
        *_some(opposed + list(denials), "against"),
        *list(aside)[:_SHOWN],
    ]
    if opposed:
        return unknown(
            shown,
            f"two examinations of {last} disagree: {_words(weak[0])}, and {_words(opposed[0])}",
            basis="conflicting",
        )
    return true(shown, f"{_words(weak[0])} on {last}")


def _full_on_exam(
    chart: Chart,
    given: WeaknessPresent,
    full: Sequence[Finding],
    last: date | None,
    spoken: Sequence[Finding],
    denials: Sequence[Finding],
    aside: Sequence[Evidence],
) -> Outcome:
    later = [f for f in spoken if last is not None and f.date > last]
    same = [f for f in spoken if f not in later and (f.kind == "function" or f.concept in _SIGNS)]
    outranked = [f for f in spoken if f not in later and f not in same]
    shown = [*_some(later + same, "for"), *_some([*full, *denials], "against")]
    shown += [evidence(f, "set_aside", "the examination of the day outranks it") for f in outranked[:_SHOWN]]
    shown += list(aside)[:_SHOWN]
    if later:
        return true(shown, f"full strength on {last}, but since then {_words(later[0])}")
    if same:
        return unknown(
            shown,
            f"{_words(full[0])} on examination, yet {_words(same[0])} on the same day",
            basis="conflicting",
            next_step="Repeat manual muscle testing with functional tests (chair rise, arm elevation).",
        )
    return false(shown, f"{_words(full[0])} on {last}")


def _without_exam(
    chart: Chart,
    given: WeaknessPresent,
    hints: Sequence[Finding],
    denials: Sequence[Finding],
    function: Sequence[Finding],
    aside: Sequence[Evidence],
) -> Outcome:
    old = [item for item in aside if item.reason.startswith("older than")]
    old_exams = [item for item in old if item.finding.concept in _MEASURED]
    shown = [*_some(hints, "for"), *_some(denials, "against"), *list(aside)[:_SHOWN]]
    if denials and not hints and not old_exams:
        return false(shown, f"weakness is denied: {_words(denials[0])}")
    tired = [f for f in function if f.concept == "fatigue" and f.assertion == "present"]
    if hints or old or denials or tired:
        shown += _some(tired, "for")
        reason = (
            "there are only hints of weakness"
            if hints
            else "fatigue is no weakness"
            if tired and not old
            else "the last examination is too old"
        )
        return unknown(
            shown,
            f"no graded examination within {given.exam_days} days; {reason}",
            next_step="Ask for manual muscle testing (MMT-8).",
        )
    return silent("strength", "function", evidence=list(aside)[:_SHOWN])


def _usable(chart: Chart, findings: Iterable[Finding], days: int, aside: list[Evidence]) -> list[Finding]:
    """Return the findings that may speak for today; the others go to *aside* with the reason."""
    kept = []
    for finding in findings:
        reason = ""
        if finding.attribute("copied"):
            reason = "carried forward from an earlier note"
        elif finding.attribute("templated"):
            reason = "filled in by a template"
        elif finding.assertion in ("family", "hypothetical", "historical"):
            reason = {
                "family": "someone else's",
                "hypothetical": "not a statement of fact",
                "historical": "past",
            }[finding.assertion]
        elif finding.attribute("cause") and finding.concept in _MEASURED:
            reason = f"another cause is named: {finding.attribute('cause')}"
        elif not chart.is_within(finding, days):
            reason = f"older than {days} days at screening"
        elif finding.attribute("source") == "list":
            reason = "from a problem list"
        if reason:
            aside.append(evidence(finding, "set_aside", reason))
        else:
            kept.append(finding)
    return kept


def _reading(finding: Finding, given: WeaknessPresent) -> str:
    """Return "weak", "near", "limited" or "full" for a measurement; "" for one that does not count."""
    group = finding.attribute("group")
    if finding.concept == "full_strength":
        return "limited" if finding.attribute("limited") else "full"
    share = _share(finding)
    if finding.concept == "MRC":
        if group not in given.groups:
            return ""
        if share >= 1:
            # A normal face says nothing of the limbs.
            return "" if group == "bulbar" else "full"
        return "limited" if finding.attribute("limited") else "weak"
    if share >= 1:
        return "full"
    if share <= given.weak_share:
        return "limited" if finding.attribute("limited") and share > 0.9 else "weak"
    # One-sided sums of 76 to 79 and two-sided ones of 143 to 149 decide nothing by themselves.
    return "near"


def _share(finding: Finding) -> float:
    scale = float(finding.attribute("scale") or 5)
    return 1.0 if finding.value is None else finding.value / scale


def _some(findings: Sequence[Finding], stance: str) -> list[Evidence]:
    return [evidence(f, stance) for f in findings[:_SHOWN]]  # type: ignore[arg-type]


def _words(finding: Finding) -> str:
    """Return what a finding says, without the words of the note where a value says it."""
    if finding.concept in ("MMT", "CMAS"):
        return f"{finding.concept} {finding.value:g}/{finding.attribute('scale')}"
    if finding.concept == "MRC":
        return f"grade {finding.value:g} of 5 ({finding.attribute('group')})"
    if finding.concept == "full_strength":
        return "full strength"
    if finding.kind == "function":
        verb = "possible" if finding.assertion == "absent" else "limited"
        return f"{finding.concept.replace('_', ' ')} {verb} on {finding.date}"
    verb = "denied" if finding.assertion == "absent" else "stated"
    return f"{finding.concept.replace('_', ' ')} {verb} on {finding.date}"
