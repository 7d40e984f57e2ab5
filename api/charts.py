"""
Pictures as inline SVG: a timeline, trends of laboratory values, intervals and shares.

Colours come from the style sheet by class (light, dark, print; no style in the page itself), every point leads to the
words it comes from, and each picture says in words what it shows. Pure functions of their arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH = 1080
"""Width of the wide pictures in units of their own; the page scales them."""

_LEFT, _RIGHT = 150, 20
_LANE = 24
_AXIS = 26
# Width of "365 d" with some air.
_WINDOW_LABEL = 36
# Room for the letters of a label at the end of the axis, in days of the span.
_MARGIN_SHARE = 0.02
_LONG_SPAN_DAYS = 5 * 365
_SHORT_SPAN_DAYS = 400


@dataclass(frozen=True, slots=True)
class Event:
    """One mention on a lane: its day, what it says, where it leads, and its look ("dot", "tick", "cross")."""

    day: date
    words: str
    href: str
    look: str = "dot"
    style: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of the timeline: its events, joined by a bar where what they speak of lasts."""

    label: str
    events: tuple[Event, ...]
    is_bar: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the trial: so many days before screening, and the criteria that ask for it."""

    days: int
    words: str


@dataclass(frozen=True, slots=True)
class Value:
    """A laboratory value: number, day, relation to the true value, the laboratory's own range, where it stands."""

    day: date
    number: float
    words: str
    href: str
    low: float | None = None
    high: float | None = None
    is_flagged: bool = False


def timeline(lanes: Sequence[Lane], windows: Sequence[Window], as_of: date) -> Markup:
    """Return all that is dated on one axis, with the windows of the trial shaded up to the day of screening."""
    days = [event.day for lane in lanes for event in lane.events]
    first, last = _span([*days, as_of])
    x = _scale(first, last)
    height = _AXIS + len(lanes) * _LANE + 48
    parts = [_windows(windows, as_of, x, first, height), _axis(first, last, x, height - 4)]
    for number, lane in enumerate(lanes):
        y = _AXIS + number * _LANE + _LANE / 2 + 4
        parts.append(_text(_LEFT - 10, y + 4, lane.label, "lane", anchor="end"))
        parts.append(_tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="rule"))
        if lane.is_bar and lane.events:
            ends = [event.day for event in lane.events]
            width = max(x(max(ends)) - x(min(ends)), 3)
            parts.append(_tag("rect", x=x(min(ends)), y=y - 5, width=width, height=10, rx=3, class_="bar"))
        parts.extend(_event(event, x(event.day), y) for event in lane.events)
    here = x(as_of)
    parts.append(_tag("line", x1=here, x2=here, y1=_AXIS - 6, y2=height - 20, class_="screening"))
    parts.append(_text(here - 4, height - 7, f"screening {as_of}", "screening-words", anchor="end"))
    return _svg(WIDTH, height, f"Timeline from {first} to {last}", parts)


def trend(label: str, unit: str, values: Sequence[Value], as_of: date, *, span: tuple[date, date]) -> Markup:
    """
    Return one analyte over time: points joined in order, the laboratory's own range as a band, flagged values marked.

    A logarithmic scale is taken where the values differ more than tenfold, and the axis says so.
    """
    height, top, bottom = 150, 22, 28
    x = _scale(*span)
    numbers = [value.number for value in values]
    limits = [limit for value in values for limit in (value.low, value.high) if limit is not None]
    is_log = min(numbers) > 0 and max(numbers) / min(numbers) > 10
    y, ticks = _value_scale([*numbers, *limits], top, height - bottom, is_log=is_log)
    parts = [_axis(*span, x, height - 8)]
    here = x(as_of)
    ranges = [value for value in values if value.high is not None]
    if ranges:
        # The latest range that a note gives: laboratories differ, and each point says its own.
        low, high = ranges[-1].low, ranges[-1].high
        upper = y(high) if high is not None else top
        lower = y(low) if low is not None and (low > 0 or not is_log) else height - bottom
        box = {"x": _LEFT, "width": WIDTH - _LEFT - _RIGHT, "y": upper, "height": max(lower - upper, 1)}
        parts.append(_tag("rect", **box, class_="band"))
        said = f"{low:g}–{high:g}" if low is not None else f"up to {high:g}"
        # Before the line of the screening day, which would cross the words.
        parts.append(_text(here - 6, upper + 12, f"reference {said}", "band-words", anchor="end"))
    for tick in ticks:
        parts.append(_tag("line", x1=_LEFT - 4, x2=_LEFT, y1=y(tick), y2=y(tick), class_="rule"))
        parts.append(_text(_LEFT - 8, y(tick) + 4, f"{tick:,g}", "tick", anchor="end"))
    parts.append(_text(8, top + 2, label, "lane"))
    parts.append(_text(8, top + 18, f"{unit}{', log scale' if is_log else ''}", "tick"))
    ordered = sorted(values, key=lambda value: value.day)
    points = " ".join(f"{x(value.day):.1f},{y(value.number):.1f}" for value in ordered)
    parts.append(_tag("polyline", points=points, class_="trend"))
    for value in ordered:
        parts.append(_point(value, x(value.day), y(value.number)))
    parts.append(_tag("line", x1=here, x2=here, y1=top, y2=height - bottom, class_="screening"))
    flagged = sum(value.is_flagged for value in values)
    said = f"{label}: {len(values)} values from {ordered[0].day} to {ordered[-1].day}, {flagged} flagged"
    return _svg(WIDTH, height, said, parts)


def interval(low: float, value: float, high: float) -> Markup:
    """Return an agreement of -1 to 1 as a dot with its interval; nought and one have a line."""
    width, height = 260, 20

    def x(number: float) -> float:
        return 8 + (number + 1) / 2 * (width - 16)

    parts = [_tag("line", x1=x(at), x2=x(at), y1=2, y2=18, class_="rule") for at in (0, 1)]
    parts.append(_tag("line", x1=x(low), x2=x(high), y1=10, y2=10, class_="trend"))
    parts.append(_tag("circle", cx=x(value), cy=10, r=4.5, class_="point"))
    return _svg(width, height, f"{value:.2f}, 95 % interval {low:.2f} to {high:.2f}", parts)


def share(part: int, whole: int) -> Markup:
    """Return a part of a whole as a bar, to be read beside its numbers."""
    width = 220
    filled = 0 if whole == 0 else part / whole * width
    parts = [
        _tag("rect", x=0.5, y=3, width=width - 1, height=12, rx=2, class_="frame"),
        _tag("rect", x=0.5, y=3, width=filled, height=12, rx=2, class_="bar"),
    ]
    return _svg(width, 18, f"{part} of {whole}", parts)


def _windows(windows: Sequence[Window], as_of: date, x: _Scale, first: date, height: float) -> Markup:
    parts = []
    end = x(as_of)
    before = float(_LEFT - _WINDOW_LABEL)
    for window in sorted(windows, key=lambda one: -one.days):
        start = x(max(as_of - timedelta(days=window.days), first))
        shade = _tag(
            "rect",
            x=start,
            y=_AXIS - 6,
            width=max(end - start, 1),
            height=height - _AXIS - 18,
            class_="window",
        )
        parts.append(_tag("g", shade, _tag("title", escape(f"{window.days} days: {window.words}"))))
    for window in sorted(windows, key=lambda one: -one.days):
        start = x(max(as_of - timedelta(days=window.days), first))
        words = f"{window.days} d"
        # A label that would run into the next one is left out; the list below the picture has them all.
        if start - before >= _WINDOW_LABEL and end - start >= _WINDOW_LABEL / 2:
            parts.append(_text(start + 3, height - 24, words, "tick"))
            before = start
    return Markup("").join(parts)


def _event(event: Event, x: float, y: float) -> Markup:
    title = _tag("title", escape(event.words))
    classes = f"event {event.style}".strip()
    if event.look == "tick":
        shape = _tag("line", x1=x, x2=x, y1=y - 7, y2=y + 7, class_=classes)
    elif event.look == "cross":
        path = f"M{x - 5:.1f} {y - 5:.1f}L{x + 5:.1f} {y + 5:.1f}M{x - 5:.1f} {y + 5:.1f}L{x + 5:.1f} {y - 5:.1f}"
        shape = _tag("path", d=path, class_=classes)
    else:
        shape = _tag("circle", cx=x, cy=y, r=4.5, class_=classes)
    # A target of 20 units, so that a finger meets it.
    target = _tag("rect", x=x - 7, y=y - 10, width=14, height=20, class_="target")
    return _tag("a", title, target, shape, href=event.href, aria_label=event.words)


def _point(value: Value, x: float, y: float) -> Markup:
    title = _tag("title", escape(value.words))
    if value.is_flagged:
        # A flag is a shape as well as a colour.
        path = f"M{x:.1f} {y - 6:.1f}L{x + 6:.1f} {y + 5:.1f}L{x - 6:.1f} {y + 5:.1f}Z"
        shape = _tag("path", d=path, class_="point flagged")
    else:
        shape = _tag("circle", cx=x, cy=y, r=4, class_="point")
    target = _tag("rect", x=x - 9, y=y - 10, width=18, height=20, class_="target")
    return _tag("a", title, target, shape, href=value.href, aria_label=value.words)


_Scale = Callable[[date], float]


def _span(days: Iterable[date]) -> tuple[date, date]:
    known = list(days)
    first, last = min(known), max(known)
    margin = timedelta(days=max(ceil((last - first).days * _MARGIN_SHARE), 7))
    return first - margin, last + margin


def span_of(days: Iterable[date]) -> tuple[date, date]:
    """Return first and last day of an axis that holds *days*, with a margin."""
    return _span(days)


def _scale(first: date, last: date) -> _Scale:
    whole = max((last - first).days, 1)

    def x(day: date) -> float:
        return _LEFT + (day - first).days / whole * (WIDTH - _LEFT - _RIGHT)

    return x


def _axis(first: date, last: date, x: _Scale, bottom: float) -> Markup:
    parts = [
        Markup("").join(
            [
                _tag("line", x1=x(day), x2=x(day), y1=14, y2=bottom - 20, class_="grid"),
                _text(x(day) + 3, 11, words, "tick"),
            ]
        )
        for day, words in _date_ticks(first, last)
    ]
    return Markup("").join(parts)


def _date_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Return years, quarters or months, whatever gives a readable number of lines."""
    days = (last - first).days
    months = 1 if days <= _SHORT_SPAN_DAYS else 3 if days <= _LONG_SPAN_DAYS / 2 else 12
    step = months if days <= _LONG_SPAN_DAYS * 3 else 12 * ceil(days / 365 / 15)
    ticks = []
    for number in range(first.year * 12, (last.year + 1) * 12, step):
        day = date(number // 12, number % 12 + 1, 1)
        if first <= day <= last:
            ticks.append(
                (day, str(day.year) if step >= 12 else f"{day:%b %Y}" if day.month == 1 else f"{day:%b}")
            )
    return ticks


def _value_scale(
    numbers: Sequence[float], top: float, bottom: float, *, is_log: bool
) -> tuple[Callable[[float], float], list[float]]:
    """Return the place of a value, and a few round values for the axis."""
    if is_log:
        positive = [number for number in numbers if number > 0]
        low, high = floor(log10(min(positive)) * 2) / 2, ceil(log10(max(positive)) * 2) / 2

        def place(number: float) -> float:
            share_of_axis: float = (log10(max(number, 10.0**low)) - low) / (high - low)
            return bottom - share_of_axis * (bottom - top)

        return place, [10**power for power in range(ceil(low), floor(high) + 1)]
    low, high = min(0.0, *numbers), max(numbers) * 1.08 or 1.0
    step = _round_step((high - low) / 3)
    ticks = [step * number for number in range(ceil(low / step), floor(high / step) + 1)]
    return lambda number: bottom - (number - low) / (high - low) * (bottom - top), ticks


def _round_step(about: float) -> float:
    power = 10.0 ** floor(log10(about))
    return next((power * factor for factor in (1, 2, 5) if about <= power * factor), power * 10)


def _svg(width: float, height: float, label: str, parts: Iterable[Markup]) -> Markup:
    box = f"0 0 {width:g} {height:g}"
    # A group and not an image: an image's links cannot be reached with the keyboard.
    return _tag(
        "svg", *parts, viewBox=box, width=f"{width:g}", height=f"{height:g}", role="group", aria_label=label
    )


def _text(x: float, y: float, words: str, class_: str, *, anchor: str = "start") -> Markup:
    return _tag("text", escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def _tag(name: str, *inside: Markup, **attributes: float | str) -> Markup:
    """Return an element; names of attributes have underscores for hyphens, and one at the end falls away."""
    said = Markup("").join(
        Markup(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"), f"{value:.1f}" if isinstance(value, float) else value
        )
        for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), said, Markup("").join(inside))  # noqa: S704 - a constant
