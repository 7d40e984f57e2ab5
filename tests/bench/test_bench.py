"""The benchmark's arithmetic and tables, and that its chartsift contender does real work; no test measures time."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import time

import pytest
from bench import corpora, export, figures


def answer(seconds: float, *, notes: int = 100, matches: int = 7) -> dict:
    return {
        "notes": notes,
        "bytes": 300_000,
        "seconds": seconds,
        "peak_mb": 300.0 + seconds,
        "first_result_seconds": 4.0,
        "counts": {"matches": matches, "absent": 2},
    }


def lines() -> list[figures.Line]:
    return [
        figures.line_of("chartsift", "clinic", [answer(0.1), answer(0.2), answer(0.4)]),
        figures.line_of("medspaCy", "clinic", [answer(10.0)]),
        figures.line_of("EDS-NLP", "clinic", [answer(0.5)]),
    ]


def test_a_line_holds_medians_and_the_highest_memory():
    line = lines()[0]

    assert (line.repeats, line.notes) == (3, 100)
    assert line.notes_per_second == pytest.approx(500)
    assert line.mb_per_second == pytest.approx(1.5)
    assert line.peak_mb == pytest.approx(300.4)


def test_repeats_that_found_other_things_are_refused():
    with pytest.raises(ValueError, match="repeats differ"):
        figures.line_of("chartsift", "clinic", [answer(1.0), answer(1.0, matches=8)])


def test_what_must_hold_is_told_apart_from_what_was_not_measured():
    made = {check.what: check for check in figures.checks(lines(), default="chartsift", scaling=1.7)}

    assert [(round(check.value, 1) if check.value else None, check.holds) for check in made.values()] == [
        (50.0, True),  # times stock medspaCy, at least 30
        (2.5, False),  # times EDS-NLP, at least 3
        (None, None),  # plain notes were not read
        (None, None),  # neither were dense charts
        (1.7, False),  # two workers, at least 1.8
        (300.4, True),  # megabytes, at most 700
        (4.0, True),  # seconds, at most 6
    ]


def test_the_table_says_everything_once_and_goes_between_the_marks(checkout):
    made = figures.checks(lines(), default="chartsift", scaling=None)
    table = figures.render(lines(), made, default="chartsift", price=0.05, about="Here.")
    document = (checkout / "docs" / "benchmark.md").read_text(encoding="utf-8")

    once = figures.put_between_marks(document, table)
    twice = figures.put_between_marks(once, table)

    assert once == twice
    assert "| medspaCy | 100 | 10 | 0.03 | 50 × | 7 | 2 | 310 MB | 4.0 s |" in once
    assert "| two workers: times the speed of one | – | ≥ 1.8 | not measured |" in once
    # A million notes at 10 a second: 27.8 hours at 0.05.
    assert "| medspaCy | clinic | 27.8 h, 1.39 | 2,778 h, 139 |" in once


@pytest.mark.parametrize("document", ["no marks", f"{figures.END}\n{figures.BEGIN}", figures.BEGIN * 2])
def test_a_document_without_its_marks_is_left_alone(document):
    with pytest.raises(ValueError, match="once each"):
        figures.put_between_marks(document, "table")


@pytest.mark.parametrize("module", [corpora, figures])
def test_examples_hold(module):
    assert doctest.testmod(module).failed == 0


def test_other_pipelines_get_every_term_and_the_cues():
    vocabulary = export.vocabulary()

    assert "CAR T" in str(vocabulary["concepts"]["car_t/CAR-T"])
    assert sum(map(len, vocabulary["concepts"].values())) > 3_000
    assert all(words["before"] for words in vocabulary["cues"].values())


def test_the_chartsift_contender_reads_and_decides(checkout, tmp_path):
    charts = corpora.read_charts(checkout / "annotations" / "charts")[:4]
    rows = [*charts, *corpora.plain_notes(3)]
    notes = corpora.write_rows(tmp_path / "notes.jsonl", rows)
    script = checkout / "tests" / "bench" / "contend_chartsift.py"

    done = subprocess.run(
        [sys.executable, str(script), str(notes), "--started", str(time.time())],
        capture_output=True, text=True, check=True, timeout=280,
    )  # fmt: skip
    got = json.loads(done.stdout.splitlines()[-1])

    assert got["notes"] == 7
    assert got["bytes"] == sum(len(row["text"].encode()) for row in rows)
    assert got["counts"]["matches"] > 50
    assert got["counts"]["errors"] == 0
    # 25 criteria in two cohorts for each patient, the plain notes' own included.
    assert got["counts"]["criteria"] == 25 * len({row["patient_id"] for row in rows})


def test_plain_notes_hold_nothing_to_find(pipeline):
    from datetime import date

    from chartsift.nlp.types import Note

    texts = {row["text"] for row in corpora.plain_notes(30)}

    assert len(texts) == 30
    assert [f for text in texts for f in pipeline.extract(Note("p", "n", date(2024, 5, 1), "", text))] == []
