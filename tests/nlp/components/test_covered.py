"""Stretches of a text, against the plain definition."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chartsift.nlp.components.covered import Covered, windows
from chartsift.nlp.text.prefilter import needles

_RANGES = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)).map(lambda p: (p[0], p[0] + p[1])))


@given(_RANGES, st.integers(0, 60), st.integers(1, 10))
def test_touches_is_overlap_with_any_range(ranges: list[tuple[int, int]], start: int, length: int) -> None:
    expected = any(start < last and first < start + length for first, last in ranges)

    assert Covered(ranges).touches(start, start + length) is expected


@given(st.text(alphabet="abc\u0130 ", max_size=60))
def test_windows_hold_every_needle(text: str) -> None:
    found = list(windows(text, needles("ab"), before=2, after=3))

    places = [i for i in range(len(text)) if text.startswith("ab", i)]
    assert all(any(first <= i and i + 2 <= last for first, last in found) for i in places)
    assert all(one[1] < other[0] for one, other in pairwise(found))
