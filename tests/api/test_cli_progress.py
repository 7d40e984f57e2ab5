"""Progress as plain lines, where there is no terminal."""

from __future__ import annotations

import pytest

from chartsift.api.cli_progress import PlainLines, progress_line
from chartsift.nlp.screening.run import Progress


@pytest.mark.parametrize(
    ("progress", "done_here", "seconds", "expected"),
    [
        (
            Progress("screening", 1_200, 5_000, "notes"),
            1_200,
            12.0,
            "screening: 1,200 of 5,000 notes, 100/s, 0:00:38 left",
        ),
        (
            Progress("screening", 1_200, 5_000, "notes"),
            20,
            10.0,
            "screening: 1,200 of 5,000 notes, 2.0/s, 0:31:40 left",
        ),
        (
            Progress("screening", 1_200, 5_000, "notes", 1_001),
            1_200,
            12.0,
            "screening: 1,200 of 5,000 notes, 100/s, 0:00:38 left, 1,001 errors",
        ),
        (Progress("reading", 500, None, "notes", 1), 500, 1.0, "reading: 500 notes, 500/s, 1 error"),
        (Progress("reading", 500, None, "notes"), 500, 1.0, "reading: 500 notes, 500/s"),
        (Progress("screening", 0, 10, "notes"), 0, 0.0, "screening: 0 of 10 notes"),
    ],
)
def test_line(progress, done_here, seconds, expected):
    assert progress_line(progress, done_here=done_here, seconds=seconds) == expected


def test_a_line_every_few_seconds_and_none_before(capsys):
    now = 0.0
    lines = PlainLines(clock=lambda: now)
    for second in range(13):
        now = float(second)
        lines(Progress("screening", 10 * second, 1_000, "notes"))

    assert capsys.readouterr().err.splitlines() == [
        "screening: 50 of 1,000 notes, 10/s, 0:01:35 left",
        "screening: 100 of 1,000 notes, 10/s, 0:01:30 left",
    ]


def test_lines_of_a_night_are_a_minute_apart(capsys):
    now = 0.0
    lines = PlainLines(clock=lambda: now)
    for second in range(3_600):
        now = float(second)
        lines(Progress("screening", second, 10_000, "notes"))

    assert 60 < len(capsys.readouterr().err.splitlines()) < 75
