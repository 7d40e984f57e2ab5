"""Workers: the same files whatever their number and whatever becomes of them, and notes that bring them down are named."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from support import poison_pipeline
from support.poison_pipeline import TRACES

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import ChartsiftError, InputError, RuleError, ScreeningError
from chartsift.nlp.screening.folder import WORK_FOLDER
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import Progress, RunConfig, run_screening
from chartsift.nlp.screening.schema import TABLES

OUTPUTS = [f"{name}.parquet" for name in TABLES]
# Processor seconds that a note has in these tests; the fake pipeline takes thousands of times less.
NOTE_SECONDS = 0.2


@pytest.fixture(scope="module")
def trial():
    return load_trial("reset-myositis")


@pytest.fixture
def traces(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "traces"
    folder.mkdir()
    monkeypatch.setenv(TRACES, str(folder))
    return folder


def write_notes(path: Path, *, patients: int = 40, notes: int = 10, poison: dict | None = None) -> Path:
    rows = [
        {
            "patient_id": f"P{p:03}",
            "note_id": f"N{n}",
            "note_date": f"2024-05-{n + 1:02}",
            "note_type": "Clinic",
            "text": (poison or {}).get(
                (p, n), f"Visit {n}. CAR T \U0001f9ec infused." if n == p % 10 else "-"
            ),
        }
        for p in range(patients)
        for n in range(notes)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(trial, notes: Path, out: Path, *, workers: int, make: str = "make", **options) -> RunResults:
    on_progress = options.pop("on_progress", lambda _: None)
    config = RunConfig((notes,), out, workers=workers, **{"note_seconds": NOTE_SECONDS, **options})
    factory = f"support.poison_pipeline:{make}"
    return run_screening(config, trial=trial, make_pipeline=factory, on_progress=on_progress)


def contents(out: Path) -> dict[str, bytes]:
    """Return the files of a run; run.json without its times."""
    manifest = json.loads((out / "run.json").read_text(encoding="utf-8"))
    del manifest["times"]
    files = {name: (out / name).read_bytes() for name in OUTPUTS}
    return {**files, "run.json": json.dumps(manifest).encode()}


def rows_of(out: Path, name: str) -> list[dict]:
    return pq.read_table(out / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def whole(trial, tmp_path_factory) -> Path:
    """The results of a run that nothing disturbed; its notes lie beside."""
    root = tmp_path_factory.mktemp("whole")
    run(trial, write_notes(root / "notes.jsonl"), root / "out", workers=0)
    return root / "out"


# Any number of workers


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_gives_the_same_files(trial, whole, tmp_path, workers):
    told: list[Progress] = []
    results = run(trial, whole.parent / "notes.jsonl", tmp_path, workers=workers, on_progress=told.append)

    assert contents(tmp_path) == contents(whole)
    assert results.manifest["times"]["workers"] == workers
    assert results.manifest["times"]["processor_seconds"]["workers"] > 0
    done = [progress.done for progress in told if progress.phase == "screening"]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 400)
    assert workers_of(psutil.Process()) == []


def test_workers_are_replaced_when_they_have_grown(trial, whole, tmp_path, traces):
    run(
        trial,
        whole.parent / "notes.jsonl",
        tmp_path / "out",
        workers=1,
        make="make_counted",
        max_memory=120 * 1024**2,
    )

    assert contents(tmp_path / "out") == contents(whole)
    # Any process with Arrow in it is larger than that, so that each of the four batches had a worker of its own.
    assert len((traces / "starts").read_text().splitlines()) == 4


def test_workers_need_a_pipeline_that_they_can_import(trial, whole, tmp_path):
    with pytest.raises(ValueError, match="workers need the pipeline"):
        run_screening(
            RunConfig((whole.parent / "notes.jsonl",), tmp_path, workers=1),
            trial=trial,
            make_pipeline=poison_pipeline.make,
        )


def test_errors_travel_between_processes():
    import pickle

    for kind in (InputError, RuleError, ScreeningError):
        error = kind("XX101", "what", hint="remedy")
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(copy), copy.code, copy.message, copy.hint) == (kind, "XX101", "what", "remedy")
        assert isinstance(copy, ChartsiftError)
        assert str(copy) == str(error)


# Notes that bring their worker down

POISONS = {
    "CRASH": ("SC412", "SIGSEGV"),
    "EXIT": ("SC412", "exit status 3"),
    "KILL": ("SC412", "SIGKILL"),
    "MEMORY": ("SC412", "memory"),
    "SPIN": ("SC413", "too long"),
    "WAIT": ("SC413", "too long"),
    "RECURSION": ("SC410", "RecursionError"),
}


@pytest.mark.parametrize("word", POISONS)
def test_note_that_brings_its_worker_down_is_named_and_the_run_goes_on(trial, whole, tmp_path, word):
    poison = {(13, 4): f"{word} dermatomyositis SECRET"}
    notes = write_notes(tmp_path / "notes.jsonl", poison=poison)

    # One that waits is given up only after thirty times as many seconds on the clock.
    seconds = NOTE_SECONDS / 4 if word == "WAIT" else NOTE_SECONDS
    results = run(trial, notes, tmp_path / "out", workers=2, note_seconds=seconds)

    code, why = POISONS[word]
    (problem,) = rows_of(results.out, "errors")
    assert (problem["source"], problem["note_id"], problem["code"]) == ("notes.jsonl:135", "N4", code)
    assert why in problem["message"]
    assert "SECRET" not in problem["message"]
    counts = results.manifest["counts"]
    assert (counts["notes_failed"], counts["notes_evaluated"], counts["patients_screened"]) == (1, 399, 40)
    # The rest of the patient is evaluated, and the proof of search names what is missing.
    (cohort,) = {
        (row["notes_read"], row["notes_unread"])
        for row in rows_of(results.out, "cohorts")
        if row["patient_id"] == "P013"
    }
    assert cohort == (9, 1)
    unread = {
        name
        for row in rows_of(results.out, "criteria")
        if row["patient_id"] == "P013" and row["searched"]
        for name in row["searched"]["unread"]
    }
    assert unread == {f"notes.jsonl:135 ({code})"}
    # Nobody else is touched.
    for name in ("findings", "criteria", "cohorts", "notes"):
        others = [row for row in rows_of(results.out, name) if row["patient_id"] != "P013"]
        assert others == [row for row in rows_of(whole, name) if row["patient_id"] != "P013"]


def test_several_bad_notes_of_one_batch_give_the_same_files_whatever_the_workers(trial, tmp_path):
    words = {(3, 0): "CRASH", (3, 9): "SPIN"}
    notes = write_notes(tmp_path / "notes.jsonl", poison=words)
    told: list[Progress] = []

    one = run(trial, notes, tmp_path / "one", workers=1, on_progress=told.append)
    run(trial, notes, tmp_path / "two", workers=2)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert [row["code"] for row in rows_of(one.out, "errors")] == ["SC412", "SC413"]
    assert one.manifest["counts"]["notes_evaluated"] == 398
    assert max(progress.errors for progress in told) == 2


def test_patient_whose_evaluation_brings_the_worker_down_is_named(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", patients=12)

    results = run(trial, notes, tmp_path / "out", workers=1, make="make_with_deadly_evaluation")

    (problem,) = rows_of(results.out, "errors")
    assert (problem["source"], problem["note_id"], problem["code"]) == ("notes.jsonl:11", "", "SC414")
    counts = results.manifest["counts"]
    assert (counts["patients_screened"], counts["patients_failed"]) == (11, 1)
    assert counts["notes_of_failed_patients"] == 10


def test_crash_that_does_not_come_again_costs_nothing(trial, whole, tmp_path, traces):
    notes = write_notes(tmp_path / "notes.jsonl", poison={(5, 5): "ONCE"})

    results = run(trial, notes, tmp_path / "out", workers=2)

    assert len((traces / "once").read_text().splitlines()) > 1
    assert rows_of(results.out, "errors") == []
    assert results.manifest["counts"]["notes_evaluated"] == 400


@pytest.mark.parametrize(
    ("make", "error", "code"),
    [
        ("make_never", ScreeningError, "SC415"),
        ("make_invalid", RuleError, "RU202"),
        ("make_ever_newer", ScreeningError, "SC416"),
    ],
)
def test_workers_that_cannot_work_end_the_run_with_a_coded_error(
    trial, whole, tmp_path, traces, make, error, code
):
    with pytest.raises(error) as caught:
        run(trial, whole.parent / "notes.jsonl", tmp_path / "out", workers=2, make=make)

    assert caught.value.code == code
    assert workers_of(psutil.Process()) == []
    assert not (tmp_path / "out" / WORK_FOLDER / "notes.texts").exists()


# Kills

# Kills itself at a progress message, "writing 3", when told to.
_RUN = """
import os, signal, sys
from pathlib import Path
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening.run import RunConfig, run_screening

def tell(progress):
    if sys.argv[5] == f"{progress.phase} {progress.done}":
        os.kill(os.getpid(), signal.SIGKILL)

run_screening(
    RunConfig((Path(sys.argv[1]),), Path(sys.argv[2]), workers=int(sys.argv[3]), note_seconds=30),
    trial=load_trial("reset-myositis"),
    make_pipeline=f"support.poison_pipeline:{sys.argv[4]}",
    on_progress=tell,
)
"""


def start_run(
    notes: Path, out: Path, *, workers: int = 2, make: str = "make", kill_at: str = ""
) -> subprocess.Popen:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(notes), str(out), str(workers), make, kill_at],
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def workers_of(process: subprocess.Popen | psutil.Process) -> list[psutil.Process]:
    """Return the workers below a process, which may have other children: a parser of documents in a test before."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "chartsift.nlp.screening.worker" in child.cmdline()]
    except psutil.NoSuchProcess:
        return []


def until(condition, *, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.slow
def test_run_that_is_killed_at_every_step_in_turn_ends_as_if_undisturbed(whole, tmp_path):
    notes = whole.parent / "notes.jsonl"
    for moment in (
        "reading 250",
        "reading 400",
        "screening 0",
        "screening 200",
        "writing 0",
        "writing 3",
        "writing 6",
    ):
        process = start_run(notes, tmp_path, kill_at=moment)
        assert process.wait(timeout=120) == -signal.SIGKILL, moment

    assert start_run(notes, tmp_path).wait(timeout=120) == 0

    assert contents(tmp_path) == contents(whole)
    assert not (tmp_path / WORK_FOLDER).exists()
    assert json.loads((tmp_path / "run.json").read_text())["times"]["starts"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_run_that_is_killed_at_random_moments_ends_as_if_undisturbed(whole, tmp_path, seed):
    notes = whole.parent / "notes.jsonl"
    luck = random.Random(seed)  # noqa: S311 - moments, no secret
    for _ in range(3):
        process = start_run(notes, tmp_path, make="make_slow")
        until(lambda p=process: workers_of(p) or p.poll() is not None)
        time.sleep(luck.uniform(0.0, 3.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    assert start_run(notes, tmp_path).wait(timeout=120) == 0

    assert contents(tmp_path) == contents(whole)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_workers_that_are_killed_at_random_moments_lose_and_double_nothing(whole, tmp_path, seed):
    luck = random.Random(100 + seed)  # noqa: S311
    process = start_run(whole.parent / "notes.jsonl", tmp_path, make="make_slow")

    kills = 0
    while process.poll() is None and kills < 4:
        time.sleep(luck.uniform(0.1, 1.0))
        if workers := workers_of(process):
            luck.choice(workers).kill()
            kills += 1

    assert process.wait(timeout=120) == 0
    assert kills
    assert contents(tmp_path) == contents(whole)


@pytest.mark.parametrize("word", ["SPIN", "WAIT"])
def test_workers_end_with_their_parent_even_when_they_hang(tmp_path, word):
    notes = write_notes(tmp_path / "notes.jsonl", patients=2, poison={(0, 0): word})
    process = start_run(notes, tmp_path / "out")
    assert until(lambda: workers_of(process))
    time.sleep(2)
    workers = workers_of(process)

    process.kill()
    process.wait()

    assert workers
    assert until(lambda: not any(worker.is_running() for worker in workers), seconds=10)


@pytest.mark.slow
def test_parent_stays_small(tmp_path):
    peaks = {}
    for notes in (1_000, 20_000):
        path = write_notes(tmp_path / f"{notes}.jsonl", patients=notes // 10)
        assert start_run(path, tmp_path / str(notes)).wait(timeout=300) == 0
        times = json.loads((tmp_path / str(notes) / "run.json").read_text())["times"]
        peaks[notes] = times["peak_memory_mb"]["parent"]

    assert peaks[20_000] < peaks[1_000] + 15
