"""The benchmark's arithmetic and tables, and that its chartsift contender does real work; no test measures time."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from chartsift.models.registry import bundled_folder
from chartsift.models.store import load

# The scripts of the benchmark import each other by their names, as they do when they are run.
sys.path.insert(0, str(Path(__file__).parent))

import bench
import bench_models
import contend_chartsift
import contender
import corpora
import export
import figures
import memory
import model_cost


def answer(seconds: float, *, notes: int = 100, **counts: int) -> dict:
    return {
        "notes": notes,
        "bytes": 300_000,
        "seconds": seconds,
        "peak_mb": 300.0 + seconds,
        "first_result_seconds": 4.0,
        "counts": {"matches": 7, "absent": 2, "patients": 3, "criteria": 75, "tokens": 900} | counts,
    }


def lines() -> list[figures.Line]:
    return [
        figures.line_of("chartsift", "clinic", [answer(0.1), answer(0.2), answer(0.4)]),
        figures.line_of("chartsift, whole", "clinic", [answer(1.0)] * 3),
        figures.line_of("medspaCy", "clinic", [answer(10.0)] * 3),
        figures.line_of("EDS-NLP", "clinic", [answer(0.5)] * 3),
    ]


def besides(**values) -> figures.Besides:
    return figures.Besides(**{"scaling": (1.9, 1.7, 1.6), "starts": (5.0,)} | values)


def test_a_line_holds_medians_and_the_highest_memory():
    line = lines()[0]

    assert (line.rates, line.notes) == ((1000.0, 500.0, 250.0), 100)
    assert line.notes_per_second == pytest.approx(500)
    assert line.mb_per_second == pytest.approx(1.5)
    assert line.peak_mb == pytest.approx(300.4)


def test_repeats_that_found_other_things_are_refused():
    with pytest.raises(ValueError, match="repeats differ"):
        figures.line_of("chartsift", "clinic", [answer(1.0), answer(1.0, matches=8)])


def test_a_ratio_is_the_median_of_the_ratios_within_each_repeat():
    # The second repeat fell into a slow minute, which struck both.
    ours = figures.line_of("chartsift", "clinic", [answer(1.0), answer(3.0), answer(1.0)])
    theirs = figures.line_of("EDS-NLP", "clinic", [answer(4.0), answer(12.0), answer(8.0)])

    assert figures.ratio(ours, theirs) == pytest.approx(4)
    assert figures.ratio(ours, None) is None


def test_what_must_hold_is_told_apart_from_what_was_not_measured():
    costs = {"confidence": {"clinic": (0.02, 0.12, 0.13)}}
    scan = figures.line_of("the scan alone", "plain", [answer(0.01)])

    made = figures.checks([*lines(), scan], besides(costs=costs))

    assert [(round(check.value, 1) if check.value else None, check.holds, check.fails) for check in made] == [
        (50.0, True, False),  # times stock medspaCy, at least 30
        (2.5, False, True),  # times EDS-NLP, at least 3
        (None, None, False),  # dense charts were not read
        (None, None, False),  # neither were plain notes
        (12.0, False, True),  # percent that confidence costs, at most 10
        (1.7, False, True),  # two workers, at least 1.8
        (300.4, True, False),  # megabytes, at most 700
        (5.0, True, False),  # seconds to the end of a run, at most 6
        (10_000, False, False),  # an aim that is missed fails nothing
    ]


@pytest.mark.parametrize(
    ("contender", "corpus", "counts", "word"),
    [
        ("chartsift", "clinic", {"matches": 0}, "counted no matches"),
        ("chartsift, whole", "dense", {"criteria": 0}, "counted no criteria"),
        ("chartsift", "plain", {"patients": 0}, "counted no patients"),
        ("chartsift", "dense", {"errors": 1}, "failed on notes"),
        ("chartsift, candidates", "dense", {"matches": 0, "searched": 3}, "counted no matches"),
        ("chartsift, candidates", "plain", {"matches": 0}, "neither searched nor read"),
        ("the scan alone", "clinic", {}, "counted no characters"),
        ("medspaCy", "plain", {"tokens": 0}, "counted no tokens"),
        ("EDS-NLP", "clinic", {"matches": 0}, "counted no matches"),
    ],
)
def test_a_contender_that_did_nothing_is_told(contender, corpus, counts, word):
    (fault,) = figures.faults([figures.line_of(contender, corpus, [answer(1.0, **counts)])])

    assert word in fault


@pytest.mark.parametrize(
    ("contender", "corpus", "counts"),
    [
        # Nobody of a general clinic has a sign of the disease: each patient was searched, and has a row a criterion.
        ("chartsift, candidates", "clinic", {"matches": 0, "searched": 3}),
        ("chartsift, candidates", "plain", {"matches": 0, "searched": 3}),
        ("chartsift", "plain", {"matches": 0}),
        ("medspaCy", "plain", {"matches": 0}),
        ("the scan alone", "plain", {"matches": 0, "characters": 100}),
    ],
)
def test_finding_nothing_is_work_where_nothing_is_to_be_found(contender, corpus, counts):
    assert figures.faults([figures.line_of(contender, corpus, [answer(1.0, **counts)])]) == []


@pytest.mark.parametrize(
    ("contender", "counts", "word"),
    [
        ("chartsift, whole", {"matches": 8}, "count other matches"),
        ("chartsift, candidates", {"criteria": 74}, "count other criteria"),
        ("chartsift, confidence in use", {"absent": 1, "confidence": 5}, "count other absent"),
        ("chartsift, confidence in use", {"confidence": 9}, "leaves every confidence"),
        ("chartsift, assertion in use", {"patients": 2}, "count other patients"),
    ],
)
def test_ways_to_read_that_differ_where_they_may_not_are_told(contender, counts, word):
    usual = figures.line_of("chartsift", "clinic", [answer(1.0, confidence=9)])

    (fault,) = figures.faults([usual, figures.line_of(contender, "clinic", [answer(1.0, **counts)])])

    assert word in fault


def test_a_cost_is_of_the_same_patients_and_of_a_model_at_work():
    counts = {"patients": 3, "criteria": 75, "confidence": 9}
    told = {"seconds": {"with": 1.1, "without": 1.0}, "counts_without": counts}

    assert figures.cost_share(
        "confidence", told | {"counts_with": counts | {"confidence": 8}}
    ) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="as the rules have it"):
        figures.cost_share("confidence", told | {"counts_with": counts})
    with pytest.raises(ValueError, match="other patients"):
        figures.cost_share("assertion", told | {"counts_with": counts | {"patients": 2}})


def test_the_table_says_everything_once_and_goes_between_the_marks(checkout):
    costs = {"confidence": {"clinic": (0.02, 0.03, 0.05)}}
    made = figures.checks(lines(), besides(scaling=()))
    table = figures.render(lines(), made, besides(costs=costs), price=0.05, about="Here.")
    document = (checkout / "docs" / "benchmark.md").read_text(encoding="utf-8")

    once = figures.put_between_marks(document, table)
    twice = figures.put_between_marks(once, table)

    assert once == twice
    assert "| medspaCy | 100 | 10 | 0.03 | 50 × | 7 | 2 | 310 MB | 4.0 s |" in once
    assert "| two workers: times the speed of one | – | ≥ 1.8 | not measured |" in once
    # Of each way to read against each of the others, with what must hold of the first.
    assert "| | clinic: × medspaCy (≥ 30) | clinic: × EDS-NLP (≥ 3) |" in once
    assert "| chartsift, whole | 10 | 0.5 |" in once
    assert "| confidence | +3.0% (+2.0% to +5.0%) |" in once
    # A million notes at 10 a second: 27.8 hours at 0.05.
    assert "| medspaCy | clinic | 27.8 h, 1.39 | 2,778 h, 139 |" in once


def test_two_workers_stand_beside_what_two_processes_can_have_at_all():
    measured = besides(scaling=(1.5, 1.6, 1.9), most_scaling=(2.0, 1.6, 2.0))

    table = figures.render(lines(), figures.checks(lines(), measured), measured, price=0.05, about="Here.")

    assert "each repeat: 1.50, 1.60, 1.90." in table
    # The median of 75 %, 100 % and 95 %: each repeat is compared with its own minute.
    assert "had 95% of it" in table
    assert "of it" not in figures.render(lines(), [], besides(), price=0.05, about="Here.")


def test_docs_are_written_only_when_all_contenders_ran():
    whole = [*figures.WAYS, "chartsift, confidence in use", "chartsift, assertion in use"]
    whole += ["the scan alone", "medspaCy", "EDS-NLP"]

    assert bench.missing(whole) == []
    assert bench.missing(whole[:-1]) == ["EDS-NLP"]
    assert bench.missing(["chartsift"]) == whole[1:]


def test_the_loop_for_comparison_computes_by_the_number_of_notes(checkout, notes):
    few, all_of_them = (
        _read(checkout, notes, "--most", most, script="contend_loop.py") for most in ("2", "0")
    )

    assert (few["notes"], all_of_them["notes"]) == (2, 7)
    assert few["counts"]["turns"] * 7 == all_of_them["counts"]["turns"] * 2
    assert few["counts"]["total"] != all_of_them["counts"]["total"]


def test_a_pipeline_of_another_is_read_by_its_entities_and_their_marks():
    class Entity:
        def __init__(self, is_negated):
            self.start_char, self.end_char, self.label_ = 0, 3, "x"
            self._ = types.SimpleNamespace(is_negated=is_negated)

    class Doc(list):
        ents = (Entity(True), Entity(None))

    read = contender.read_with(lambda text: Doc(text.split()), ("is_negated",))

    assert read([{"text": "no car t"}, {"text": "car t"}]) == {"matches": 4, "absent": 2, "tokens": 5}


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


def _read(checkout, notes, *options, script="contend_chartsift.py") -> dict:
    path = checkout / "tests" / "bench" / script
    done = subprocess.run(
        [sys.executable, str(path), str(notes), *options, "--started", str(time.time())],
        capture_output=True, text=True, check=True, timeout=280,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def rows(checkout):
    """The notes of a few annotated charts, and three plain ones."""
    return [*corpora.read_charts(checkout / "annotations" / "charts")[:4], *corpora.plain_notes(3)]


@pytest.fixture(scope="module")
def notes(rows, tmp_path_factory):
    return corpora.write_rows(tmp_path_factory.mktemp("bench") / "notes.jsonl", rows)


def test_the_chartsift_contender_reads_and_decides(checkout, rows, notes):
    got = _read(checkout, notes)

    patients = len({row["patient_id"] for row in rows})
    assert got["notes"] == 7
    assert got["bytes"] == sum(len(row["text"].encode()) for row in rows)
    assert got["counts"]["matches"] > 50
    assert (got["counts"]["patients"], got["counts"]["searched"], got["counts"]["errors"]) == (patients, 0, 0)
    # 25 criteria in two cohorts for each patient, the plain notes' own included.
    assert got["counts"]["criteria"] == 25 * patients
    assert 100 < got["peak_mb"] < 700


def test_the_peak_is_that_of_the_process_and_not_of_whoever_started_it():
    script = "import sys; sys.path.insert(0, sys.argv[1]); from contender import peak_mb; print(peak_mb())"
    ballast = bytearray(b"x") * 300_000_000

    done = subprocess.run(
        [sys.executable, "-c", script, str(Path(contender.__file__).parent)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert contender.peak_mb() > len(ballast) / 1e6
    assert float(done.stdout) < 100


def test_candidates_count_whom_they_only_searched(checkout, rows, notes):
    got = _read(checkout, notes, "--mode", "candidates")

    assert got["counts"]["searched"] == 1  # the patient of the plain notes
    assert got["counts"]["patients"] == len({row["patient_id"] for row in rows})
    assert got["counts"]["matches"] > 50


def test_the_scan_counts_what_it_looked_at(checkout, rows, notes):
    got = _read(checkout, notes, "--mode", "scan")

    assert got["counts"]["characters"] == sum(len(row["text"]) for row in rows)
    assert got["counts"]["matches"] > 0


def test_a_model_is_measured_at_work_and_by_turns(rows):
    models = {path.name.partition("-")[0]: path for path in bundled_folder().iterdir()}
    screens = {"with": contend_chartsift.screener("fast", models["confidence"])}
    screens["without"] = contend_chartsift.screener("fast")

    told = model_cost.measure(list(contend_chartsift.cases_of(rows)), screens)

    assert figures.cost_share("confidence", told) > -1
    assert told["counts_with"]["matches"] == told["counts_without"]["matches"] > 50


def test_the_models_to_cost_are_those_that_a_batch_run_uses(tmp_path):
    models = bench_models.models_to_cost(tmp_path)

    assert tuple(models) == contend_chartsift.MODEL_KINDS
    for kind, folder in models.items():
        assert load(folder, kind=kind).kind == kind


def test_memory_is_judged_by_the_growth_of_the_parent():
    runs = [memory.Run(1_000, 5.0, 200.0, 300.0), memory.Run(100_000, 50.0, 240.0, 310.0)]

    assert memory.growth(runs) == pytest.approx(1.2)
    assert memory.holds(runs)
    assert not memory.holds([*runs, memory.Run(1_000_000, 500.0, 300.0, 310.0)])
    assert not memory.holds([*runs, memory.Run(10_000, 9.0, 210.0, 701.0)])
    assert "| 100,000 | 50.0 | 240 MB | 310 MB |" in memory.table(runs)
    assert "1.20 times" in memory.verdict(runs)


@pytest.mark.slow
def test_memory_is_that_of_a_real_run(tmp_path):
    run = memory.measure(150, 1, tmp_path)

    assert run.notes == 150
    assert 50 < run.parent_mb < 700
    assert 100 < run.worker_mb < 700


def test_plain_notes_hold_nothing_to_find(pipeline):
    from datetime import date

    from chartsift.nlp.types import Note

    texts = {row["text"] for row in corpora.plain_notes(30)}

    assert len(texts) == 30
    assert [f for text in texts for f in pipeline.extract(Note("p", "n", date(2024, 5, 1), "", text))] == []
