"""Oxygen: the saturation on air, and the need for oxygen at rest, in an emergency or on exertion."""

from __future__ import annotations

from collections.abc import Sequence

from chartsift.nlp.criteria.chart import Chart
from chartsift.nlp.criteria.predicates.heart_lung_values import LungHeart, Measure, is_usable
from chartsift.nlp.types import Finding


def oxygenation(chart: Chart, given: LungHeart) -> list[Measure]:
    """Return the saturation on air and the oxygen therapy as they stand, the later of the two over the earlier."""
    if not chart.may_have("vital", "oxygen"):
        return []
    resting = [
        f
        for f in chart.of("vital", ["SpO2"], assertions=["present"])
        if f.value is not None and is_usable(f) and f.attribute("effort") == ""
    ]
    on_air = [
        f
        for f in resting
        if f.attribute("air") in ("room", "")
        and not (f.attribute("air") == "" and (f.value or 0) < given.spo2_impaired_below)
    ]
    unclear = [f for f in resting if f.attribute("air") == "" and (f.value or 0) < given.spo2_impaired_below]
    on_oxygen = [f for f in resting if f.attribute("air") == "oxygen"]
    therapy = [
        f
        for f in chart.of("oxygen")
        if f.attribute("copied") != "yes"
        and f.attribute("superseded") != "yes"
        and f.assertion in ("present", "absent", "possible")
    ]
    made: list[Measure] = []
    day = max((f.date for f in (*on_air, *on_oxygen, *therapy)), default=None)
    saturation = _latest_of_note(on_air)
    current = _therapy(chart, given, therapy, on_oxygen, saturation)
    if current is not None:
        made.append(current)
    if saturation is not None:
        low = (saturation.value or 100.0) < given.spo2_impaired_below
        reason = f"SpO2 {saturation.value:g} % on {saturation.date}"
        if not low:
            made.append(Measure("clear", saturation, reason))
        elif _overtaken(chart, saturation, therapy, on_oxygen):
            made.append(
                Measure("review", saturation, reason + ", in an acute illness")
                if day == saturation.date and not chart.of("oxygen")
                else _past(saturation, reason)
            )
        else:
            old = not chart.is_within(saturation, given.saturation_days * given.stale_factor)
            made.append(
                Measure("review" if old else "impaired", saturation, reason + (", old" if old else ""))
            )
    elif unclear and current is None:
        worst = unclear[0]
        reason = f"SpO2 {worst.value:g} % on {worst.date}, air or oxygen not stated"
        is_recent = chart.is_within(worst, given.saturation_days * given.stale_factor)
        made.append(Measure("review", worst, reason) if is_recent else _past(worst, reason))
    return made


def _past(finding: Finding, reason: str) -> Measure:
    return Measure("clear", finding, reason + ", passed since")


def _latest_of_note(found: Sequence[Finding]) -> Finding | None:
    """Return the last-written of the latest day; a value at presentation gives way to a later one of that day."""
    if not found:
        return None
    newest = found[0].date
    same = [f for f in found if f.date == newest]
    settled = [f for f in same if f.attribute("acute") != "yes"]
    return (settled or same)[0]


def _overtaken(chart: Chart, low: Finding, therapy: Sequence[Finding], on_oxygen: Sequence[Finding]) -> bool:
    """Say whether a low saturation of an acute illness was followed by being off oxygen."""
    if low.attribute("acute") != "yes":
        return False
    return any(
        f.assertion == "absent"
        and (f.date > low.date or (f.date == low.date and f.note_id == low.note_id and f.start > low.start))
        for f in therapy
    )


def _therapy(
    chart: Chart,
    given: LungHeart,
    therapy: Sequence[Finding],
    on_oxygen: Sequence[Finding],
    saturation: Finding | None,
) -> Measure | None:
    spoken: list[Finding] = sorted(
        (*therapy, *on_oxygen), key=lambda f: (f.date, chart.note_date(f), f.start), reverse=True
    )
    if not spoken:
        return None
    newest = spoken[0].date
    same = [f for f in spoken if f.date == newest]
    using = [f for f in same if f.assertion == "present"]
    off = [f for f in same if f.assertion == "absent"]
    brief = [f for f in using if f.kind == "oxygen" and f.attribute("brief") == "yes"]
    if brief and len(brief) == len(using) and not off:
        return _brief_oxygen(chart, given, brief, spoken, saturation)
    if not using:
        if off:
            return Measure("clear", off[0], f"no oxygen on {off[0].date}")
        return Measure("review", same[0], f"oxygen is in question on {same[0].date}")
    steady = [f for f in using if f.kind == "vital" or f.attribute("use") in ("continuous", "unstated")]
    partial = [f for f in using if f not in steady]
    # Oxygen given for an illness and then stopped: the later word, in the same note or a later one, holds.
    last_off = max(((f.date, chart.note_date(f), f.start) for f in off), default=None)
    if (
        steady
        and last_off is not None
        and all((f.date, chart.note_date(f), f.start) < last_off for f in steady)
    ):
        return Measure("clear", off[0], f"oxygen stopped by {off[0].date}")
    if steady and saturation is not None and (saturation.value or 0) >= given.spo2_impaired_below:
        later = (saturation.date, chart.note_date(saturation)) > (newest, chart.note_date(steady[0]))
        # Oxygen named long ago, a good saturation since and no word of oxygen beside it.
        forgotten = later and not chart.is_within(steady[0], given.oxygen_days * given.stale_factor)
        same_note_air = (
            saturation.date == newest
            and saturation.start > max(f.start for f in steady)
            and saturation.attribute("air") == "room"
        )
        explicit = any(f.attribute("use") == "continuous" and f.concept == "oxygen" for f in steady)
        if (later and saturation.attribute("air") == "room") or (same_note_air and not explicit) or forgotten:
            return Measure(
                "clear",
                saturation,
                f"SpO2 {saturation.value:g} % on air on {saturation.date}, oxygen no longer mentioned",
            )
    if steady:
        shown = next((f for f in steady if f.kind == "oxygen"), steady[0])
        old = not chart.is_within(shown, given.oxygen_days * given.stale_factor)
        reason = f"on oxygen at rest on {shown.date}"
        return Measure("review" if old else "impaired", shown, reason + (", an old note" if old else ""))
    return Measure(
        "review",
        partial[0],
        f"oxygen on {partial[0].attribute('use') or 'occasion'} only on {partial[0].date}",
    )


def _brief_oxygen(
    chart: Chart,
    given: LungHeart,
    brief: Sequence[Finding],
    spoken: Sequence[Finding],
    saturation: Finding | None,
) -> Measure | None:
    """Return what oxygen of an emergency or a procedure means: nothing once a later note is there."""
    shown = brief[0]
    said = (shown.date, chart.note_date(shown), shown.start)
    earlier = [f for f in spoken if f.date < shown.date and f.attribute("brief") != "yes"]
    if earlier:
        # Whoever was on oxygen before an emergency is so after it, until a note says otherwise.
        air_since = saturation if saturation is not None and saturation.date >= shown.date else None
        therapy = [f for f in earlier if f.kind == "oxygen"]
        on_oxygen = [f for f in earlier if f.kind == "vital"]
        return _therapy(chart, given, therapy, on_oxygen, air_since)
    well = (
        saturation is not None
        and (saturation.value or 0.0) >= given.spo2_impaired_below
        and (saturation.date, chart.note_date(saturation), saturation.start) > said
    )
    if well or any(note.note_date > chart.note_date(shown) for note in reversed(chart.notes)):
        return Measure("clear", shown, f"oxygen in an emergency or procedure on {shown.date}")
    return Measure(
        "review", shown, f"oxygen in an emergency or procedure on {shown.date}, nothing noted since"
    )
