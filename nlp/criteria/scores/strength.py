"""
The strength items: where the patient was ever weak on examination, and which of two groups was the weaker one.

What the patient tells ("cannot climb stairs") and a sum over many muscles (MMT-8 of 98/150) show weakness without its
place; they document no item, but they keep a later "5/5" from denying one for the whole course.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.scores.reading import (
    Reading,
    absent,
    denied,
    doubtful,
    ever,
    left_out,
    plain,
    present,
    undocumented,
)
from chartsift.nlp.types import Evidence, Finding

_FULL_GRADE = 5.0
# Signs of a weak hip girdle that an examiner sees.
_LEG_SIGNS = ("Gowers", "waddling_gait")
_OF_ARMS = frozenset({"arms"})
_OF_LEGS = frozenset({"rising", "stairs"})


@dataclass(frozen=True, slots=True)
class _Exam:
    """
    The graded examinations of a chart.

    Attributes:
        weak: Grades below five by place.
        full: Full grades by place; "" holds statements on all muscles together.
        unplaced: Weakness whose muscles are not named, or whose test was limited, with the reason.
        spoken: Weakness that the patient or the note tells without an examination.
    """

    weak: dict[str, list[Finding]]
    full: dict[str, list[Finding]]
    unplaced: tuple[Evidence, ...]
    spoken: tuple[Finding, ...]


def _exam(chart: Chart) -> _Exam:
    return chart.once(_examined, None)


def _examined(chart: Chart, _: None) -> _Exam:
    weak: dict[str, list[Finding]] = defaultdict(list)
    full: dict[str, list[Finding]] = defaultdict(list)
    unplaced: list[Evidence] = []
    spoken: list[Finding] = []
    for finding in ever(chart.of("strength")):
        places = finding.attribute("place").split()
        if finding.attribute("cause"):
            unplaced += doubtful([finding], f"another cause is named: {finding.attribute('cause')}")
        elif finding.concept == "weakness":
            located = [place for place in places if "_" in place]
            if finding.attribute("source") == "exam" and located:
                for place in located:
                    weak[place].append(finding)
            elif finding.attribute("weight") != "hint":
                spoken.append(finding)
        elif _is_full(finding):
            for place in places or [""]:
                full[place].append(finding)
        elif finding.concept not in ("MRC", "MMT"):
            continue
        elif finding.attribute("limited"):
            unplaced += doubtful([finding], f"limited by {finding.attribute('limited')}")
        elif finding.concept == "MMT":
            unplaced += doubtful([finding], "a sum does not say which muscles are weak")
        else:
            located = [place for place in places if "_" in place]
            if "all" in places:
                located = ["arm_proximal", "leg_proximal", "arm_distal", "leg_distal", "neck_flexors"]
            for place in located:
                weak[place].append(finding)
            if not located:
                unplaced += doubtful([finding], "the limb or the muscle is not named")
    spoken += [f for f in ever(chart.of("function")) if f.attribute("weight") == "clear"]
    return _Exam(dict(weak), dict(full), tuple(unplaced), tuple(spoken))


def _is_full(finding: Finding) -> bool:
    if finding.concept == "full_strength":
        return True
    if finding.value is None or finding.concept not in ("MRC", "MMT"):
        return False
    scale = float(finding.attribute("scale") or _FULL_GRADE)
    # The face says nothing of the limbs.
    return finding.value >= scale and finding.attribute("group") != "bulbar"


def proximal_arms(chart: Chart) -> Reading:
    """Read proximal arm weakness."""
    return _limb(chart, "arm", "arms", _OF_ARMS)


def proximal_legs(chart: Chart) -> Reading:
    """Read proximal leg weakness; a Gowers sign and a waddling gait are objective signs of it."""
    signs = ever(chart.of("strength", _LEG_SIGNS))
    reading = _limb(chart, "leg", "legs", _OF_LEGS)
    if reading.state != "present" and signs:
        return present(signs, "a sign of a weak hip girdle")
    return reading


def _limb(chart: Chart, limb: str, name: str, activities: frozenset[str]) -> Reading:
    exam = _exam(chart)
    near = f"{limb}_proximal"
    if weak := exam.weak.get(near):
        return present(_weakest_first(weak))
    graded = _full(exam, near, "proximal", limb)
    everywhere = _full(exam, "", "all")
    here = [f for f in exam.spoken if f.concept in activities or near in f.attribute("place")]
    told = [
        f
        for f in exam.spoken
        if (f.kind == "function" and f.concept in activities)
        or (f.kind == "strength" and (near in f.attribute("place") or "_" not in f.attribute("place")))
    ]
    aside = [
        *exam.unplaced,
        *doubtful(told, "told, not examined"),
        *left_out(chart.of("strength", ["weakness"])),
    ]
    # Muscles that were graded one by one and are full are so, whatever weakness without a place is told besides.
    if graded and not here:
        return absent(graded, f"full strength of the {name} on examination")
    if everywhere and not told and not exam.unplaced:
        return absent(everywhere, "full strength on examination, and no weakness is told")
    if full := [*graded, *everywhere]:
        return undocumented(
            "full strength on an examination, but weakness at another time",
            [*aside, *doubtful(full, "of its own day only")],
        )
    return undocumented(f"no grade of the proximal {name}", aside)


def neck_flexors(chart: Chart) -> Reading:
    """Read whether the neck flexors were ever weaker than the extensors, by grades of one examination or in words."""
    compared = chart.of("gradient", ["neck_flexors_weaker"])
    if said := ever(compared):
        return present(said)
    exam = _exam(chart)
    flexors, extensors = _by_day(exam, "neck_flexors"), _by_day(exam, "neck_extensors")
    for day, grades in flexors.items():
        lower = [f for f in grades if any(_grade(f) < _grade(other) for other in extensors.get(day, ()))]
        if lower:
            return present([lower[0], *extensors[day][:1]])
    weak = exam.weak.get("neck_flexors", [])
    equal = [f for day, grades in flexors.items() if extensors.get(day) for f in grades]
    if weak and not equal:
        return undocumented(
            "the flexors are weak, the extensors are not graded",
            doubtful(_weakest_first(weak), "extensors not graded"),
        )
    if equal:
        return absent(equal, "flexors and extensors have the same grade")
    if gone := denied(compared):
        return absent(gone, "denied")
    if full := _full(exam, "neck_flexors"):
        return absent(full, "the flexors have full strength")
    everywhere = _full(exam, "", "all")
    if everywhere and not exam.unplaced and not exam.spoken:
        return absent(everywhere, "full strength on examination, and no weakness is told")
    if everywhere:
        return undocumented("full strength on an examination, but weakness at another time", exam.unplaced)
    return undocumented("no grade of the neck", exam.unplaced)


def legs_proximal(chart: Chart) -> Reading:
    """Read whether the legs were ever weaker proximally than distally."""
    compared = [
        f
        for f in chart.of("gradient", ["proximal_weaker"])
        if not f.attribute("place") or set(f.attribute("place").split()) & {"leg", "all"}
    ]
    exam = _exam(chart)
    near = _by_day(exam, "leg_proximal")
    far = _by_day(exam, "leg_distal", "distal")
    graded: list[Finding] = []
    for day, grades in near.items():
        weakest = _weakest_first(grades)[0]
        distal = _weakest_first(far.get(day, []))
        if distal and _grade(weakest) < _grade(distal[0]):
            return present([weakest, distal[0]])
        if distal:
            graded += [weakest, distal[0]]
    if said := ever(compared):
        return present(said)
    if graded:
        return absent(graded, "proximal muscles are not graded lower than distal ones")
    if gone := denied(compared):
        return absent(gone, "denied")
    weak = exam.weak.get("leg_proximal", [])
    if not weak and (full := _full(exam, "leg_proximal", "proximal", "leg")):
        return absent(full, "full strength of the legs on examination")
    everywhere = _full(exam, "", "all")
    if everywhere and not weak and not exam.unplaced and not exam.spoken:
        return absent(everywhere, "full strength on examination, and no weakness is told")
    if weak:
        return undocumented(
            "the distal muscles of the legs are not graded",
            doubtful(_weakest_first(weak), "distal muscles not graded"),
        )
    return undocumented("no grades of the legs to compare", exam.unplaced)


def finger_flexors(chart: Chart) -> Reading:
    """Read finger flexor weakness, in words or as a grade."""
    said = chart.of("classification", ["finger_flexor_weakness"])
    weak = [*_exam(chart).weak.get("finger_flexors", []), *ever(said)]
    if weak:
        return present(weak)
    if full := _exam(chart).full.get("finger_flexors"):
        return absent(full, "full strength on examination")
    return plain(said, what="finger flexor strength")


def _full(exam: _Exam, *places: str) -> list[Finding]:
    """Return statements of full strength of *places*; "" holds those on all muscles together."""
    return [f for place in places for f in exam.full.get(place, ())]


def _by_day(exam: _Exam, *places: str) -> dict[tuple[str, date], list[Finding]]:
    """Return the grades of *places* by examination: one note, one day."""
    found: dict[tuple[str, date], list[Finding]] = defaultdict(list)
    for place in places:
        for finding in (*exam.weak.get(place, ()), *exam.full.get(place, ())):
            if finding.concept == "MRC" and finding.value is not None:
                found[(finding.note_id, finding.date)].append(finding)
    return found


def _weakest_first(findings: Iterable[Finding]) -> Sequence[Finding]:
    return sorted(findings, key=_grade)


def _grade(finding: Finding) -> float:
    return _FULL_GRADE if finding.value is None else finding.value
