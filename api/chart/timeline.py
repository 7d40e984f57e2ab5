"""What stands on the timeline and in the laboratory trends of a chart, from its findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from chartsift.api.charts import Event, Lane, Value, Window
from chartsift.api.render import ASSERTIONS, what_words
from chartsift.nlp.criteria.predicates import PREDICATES
from chartsift.nlp.criteria.schema import OPERATORS, Criterion
from chartsift.nlp.types import Finding

Link = Callable[[str, int, int], str]
"""Address of a place: the site's identifier of the note, start, end."""

# Lanes in this order: what one has, what it rests on, what was given, what was done, what speaks against it.
_ONE_LANE = {
    "diagnosis": ("Diagnosis", "dot"),
    "antibody": ("Antibodies", "dot"),
    "biopsy": ("Biopsy, MRI, EMG", "dot"),
    "imaging": ("Biopsy, MRI, EMG", "dot"),
    "emg": ("Biopsy, MRI, EMG", "dot"),
    "transplant": ("Transplant", "cross"),
    "car_t": ("Cell therapy", "cross"),
    "cell_therapy": ("Cell therapy", "cross"),
    "infection": ("Infections", "cross"),
}
_ORDER = ("Diagnosis", "Antibodies", "Biopsy, MRI, EMG")
_AFTER = ("Cell therapy", "Transplant", "Infections")
# A mention of these speaks of what was or is; a plan, a denial or a relative's is on no timeline.
_HAPPENED = ("present", "historical")
# Windows of some years are no windows on a chart; and these two are no windows before screening.
_LONGEST_WINDOW = 1100
_NO_WINDOW = ("warn_days", "same_draw_days")
# First among the analytes, then by name.
_FIRST_LABS = ("CK", "aldolase", "LDH", "AST", "ALT", "myoglobin", "troponin_T")


def lanes_of(findings: Sequence[Finding], notes: Iterable[tuple[str, date, str]], link: Link) -> list[Lane]:
    """
    Return the lanes of the timeline.

    Args:
        findings: Those of the whole chart.
        notes: Title, day and address of each note.
        link: Makes addresses of places.
    """
    single: dict[str, list[Event]] = defaultdict(list)
    treatments: dict[str, list[Event]] = defaultdict(list)
    for one in findings:
        if one.assertion not in _HAPPENED:
            continue
        words = f"{one.date}: {what_words(one)}, {ASSERTIONS[one.assertion]}"
        href = link(one.note_id, one.start, one.end)
        style = "past" if one.assertion == "historical" else ""
        if one.kind == "treatment" and one.concept != "immunosuppression":
            treatments[one.concept.replace("_", " ")].append(Event(one.date, words, href, "dot", style))
        elif one.kind in _ONE_LANE:
            label, look = _ONE_LANE[one.kind]
            single[label].append(Event(one.date, words, href, look, style))
    lanes = [Lane(label, _once(single[label])) for label in _ORDER if single[label]]
    lanes += [
        Lane(label, _once(events), is_bar=True)
        for label, events in sorted(treatments.items(), key=lambda item: min(event.day for event in item[1]))
    ]
    lanes += [Lane(label, _once(single[label])) for label in _AFTER if single[label]]
    lanes.append(
        Lane("Notes", tuple(Event(day, f"{day}: {title}", href, "tick") for title, day, href in notes))
    )
    return lanes


def trends_of(findings: Sequence[Finding], link: Link) -> list[tuple[str, str, list[Value]]]:
    """
    Return analyte, unit and values in order of time; one value for each day and number.

    Values without a unit, or in another one than most of the analyte's, cannot stand on one axis and are left out.
    """
    by_name: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.kind == "lab" and one.value is not None and one.unit and one.assertion in _HAPPENED:
            by_name[one.concept].append(one)
    found = []
    for name in sorted(by_name, key=lambda name: (_rank(name), name.lower())):
        units = [one.unit for one in by_name[name]]
        unit = max(set(units), key=lambda one: (units.count(one), one))
        found.append(
            (name.replace("_", " "), unit, _values([one for one in by_name[name] if one.unit == unit], link))
        )
    return found


def windows_of(criteria: Sequence[Criterion]) -> list[Window]:
    """Return the windows before screening that the criteria ask for, with the criteria of each."""
    by_days: dict[int, dict[str, None]] = defaultdict(dict)
    for criterion in criteria:
        label = criterion.label or criterion.criterion_id.replace("_", " ")
        for days, words in _days_in(criterion.decide):
            by_days[days][f"{label} ({words})"] = None
    return [Window(days, ", ".join(words)) for days, words in sorted(by_days.items())]


def _values(found: Sequence[Finding], link: Link) -> list[Value]:
    unique: dict[tuple[date, float], Finding] = {}
    for one in found:
        key = (one.date, one.value or 0.0)
        # The mention that brings its laboratory's range says most.
        if key not in unique or (unique[key].ref_high is None and one.ref_high is not None):
            unique[key] = one
    return [
        Value(
            day=one.date,
            number=one.value or 0.0,
            words=_value_words(one),
            href=link(one.note_id, one.start, one.end),
            low=one.ref_low,
            high=one.ref_high,
            is_flagged=_is_outside(one),
        )
        for _, one in sorted(unique.items(), key=lambda item: item[0])
    ]


def _is_outside(one: Finding) -> bool:
    """Say whether the note calls a value high or low, or gives a range that it lies outside of."""
    value = one.value or 0.0
    too_high = one.ref_high is not None and value > one.ref_high
    too_low = one.ref_low is not None and value < one.ref_low
    return one.flag in ("H", "L") or too_high or too_low


def _value_words(one: Finding) -> str:
    sign = "" if one.comparator == "=" else f"{one.comparator} "
    flag = {"H": ", high", "L": ", low"}.get(one.flag, "")
    span = ""
    if one.ref_high is not None:
        span = (
            f" ({one.ref_low:g}–{one.ref_high:g})"
            if one.ref_low is not None
            else f" (up to {one.ref_high:g})"
        )
    return f"{one.date}: {one.concept.replace('_', ' ')} {sign}{one.value:g} {one.unit}{flag}{span}"


def _rank(name: str) -> int:
    return _FIRST_LABS.index(name) if name in _FIRST_LABS else len(_FIRST_LABS)


def _once(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return one event for each day and words: the same said twice in a note is one mark."""
    unique = {(event.day, event.words): event for event in events}
    return tuple(unique[key] for key in sorted(unique))


def _days_in(expression: Mapping[str, Any]) -> Iterable[tuple[int, str]]:
    for name, value in expression.items():
        if name in OPERATORS:
            parts = value if isinstance(value, list) else value.get("of", [value])
            for part in parts:
                yield from _days_in(part)
        elif name in PREDICATES:
            parameters = PREDICATES[name].parameters.model_validate(value)
            for field, days in parameters:
                is_window = field.endswith("_days") and field not in _NO_WINDOW and isinstance(days, int)
                if is_window and 0 < days <= _LONGEST_WINDOW:
                    words = field.removesuffix("_days").removesuffix("_within").replace("_", " ")
                    yield days, "" if words == "within" else words
