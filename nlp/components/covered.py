"""Stretches of a note: which are taken already, and which are worth a closer look; fast in a note of a megabyte."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from chartsift.nlp.text.prefilter import Needles


class Covered:
    """
    A set of half-open ranges, merged.

    >>> taken = Covered([(3, 5), (4, 9)])
    >>> taken.touches(8, 12), taken.touches(9, 12)
    (True, False)
    """

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(ranges):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def touches(self, start: int, end: int) -> bool:
        """Say whether ``start:end`` shares a code point with one of the ranges."""
        place = bisect_right(self._starts, start) - 1
        if place >= 0 and start < self._ends[place]:
            return True
        following = place + 1
        return following < len(self._starts) and self._starts[following] < end


def windows(text: str, needles: Needles, *, before: int = 12, after: int = 90) -> Iterator[tuple[int, int]]:
    """
    Return the stretches of *text* around *needles*, merged and in order.

    A plain search for letters is many times faster than an alternation of patterns; the patterns then run only here.

    >>> list(windows("no CYC; x", Needles(("cyc",)), before=3, after=4))
    [(0, 7)]
    """
    if "İ" in text:  # a letter whose small form is two code points: look everywhere
        return iter(((0, len(text)),))
    return around(needles.places(text), len(text), before=before, after=after)


def around(places: Iterable[int], length: int, *, before: int, after: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches around *places*, which are in order, merged and within ``0:length``."""
    current: tuple[int, int] | None = None
    for at in places:
        start, end = max(0, at - before), min(length, at + after)
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current
