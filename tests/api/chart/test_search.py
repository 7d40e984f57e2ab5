"""Searching a chart."""

from __future__ import annotations

import pytest

from chartsift.api.chart.search import MOST_HITS, find_words

NOTES = [("n1", "😀 Received her\r\nautologous CAR T cells."), ("n2", "No car  t planned. CAR T? a.b")]


def found(wanted):
    return find_words(NOTES, wanted, link=lambda note, start, end: f"{note}:{start}-{end}")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("car t", ["CAR T", "car  t", "CAR T"]),
        ("HER autologous", ["her\r\nautologous"]),
        ("a.b", ["a.b"]),
        ("absent words", []),
        ("   ", []),
    ],
)
def test_words_are_found_whatever_their_case_and_white_space(wanted, words):
    assert [hit.words for hit in found(wanted).shown] == words


def test_places_are_code_points():
    (hit, *_) = found("car t").shown

    start, end = map(int, hit.place.split("-"))
    assert NOTES[0][1][start:end] == "CAR T"
    assert hit.href == f"n1:{start}-{end}"


def test_a_long_list_is_cut_and_counted():
    hits = find_words([("n1", "x " * 500)], "x", link=lambda *_: "")

    assert (len(hits.shown), hits.total, hits.notes) == (MOST_HITS, 500, 1)
