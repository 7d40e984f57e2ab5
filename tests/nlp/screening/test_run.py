"""A run: counts that add up, order that does not matter, kills that leave no trace, folders that are guarded."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.fake_pipeline import FAIL, FakePipeline

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.formats.base import Rejected
from chartsift.nlp.screening.folder import WORK_FOLDER
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.store import NoteStore
from chartsift.nlp.types import Note, Patient, Problem

OUTPUTS = [f"{name}.parquet" for name in TABLES]


@pytest.fixture(scope="module")
def trial():
    return load_trial("reset-myositis")


def row(patient: str, note: str, day: str = "2024-05-01", text: str = "Stable.") -> dict[str, str]:
    return {"patient_id": patient, "note_id": note, "note_date": day, "note_type": "Clinic", "text": text}


def write_notes(path: Path, rows: list[dict[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in rows), encoding="utf-8")
    return path


def many_notes(patients: int = 60, notes: int = 10) -> list[dict[str, str]]:
    return [
        row(
            f"P{p:03}",
            f"N{n}",
            f"2024-05-{n + 1:02}",
            f"Visit {n}. CAR T \U0001f9ec infused.\r\n" if n == p % 10 else "-",
        )
        for p in range(patients)
        for n in range(notes)
    ]


def run(trial, out: Path, *inputs: Path, pipeline=None, **options) -> RunResults:
    fake = pipeline or FakePipeline()
    return run_screening(RunConfig(inputs, out, **options), trial=trial, make_pipeline=lambda: fake)


def contents(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in OUTPUTS}


def rows_of(out: Path, name: str) -> list[dict]:
    return pq.read_table(out / f"{name}.parquet").to_pylist()


def assert_counts_add_up(results: RunResults) -> None:
    c = results.manifest["counts"]
    assert c["rows_seen"] == c["notes_read"] + c["input_problems"]
    assert c["notes_read"] == (
        c["notes_evaluated"]
        + c["notes_searched"]
        + c["notes_after_as_of"]
        + c["notes_failed"]
        + c["notes_of_failed_patients"]
        + c["notes_not_screened"]
    )
    assert c["patients"] == c["patients_screened"] + c["patients_failed"] + c["patients_not_screened"]
    assert c["patient_rows_seen"] == c["patients_listed"] + c["patient_rows_repeated"] + c["patient_problems"]
    problems = (
        "input_problems",
        "patient_problems",
        "notes_after_as_of",
        "notes_failed",
        "patients_failed",
        "patient_facts_left_out",
    )
    assert c["errors"] == sum(c[name] for name in problems)
    assert c["errors"] == sum(results.manifest["problem_codes"].values())
    for name in TABLES:
        assert results.manifest["rows"][name] == len(rows_of(results.out, name))


def test_everything_that_can_be_wrong_is_counted_once(trial, tmp_path):
    notes = write_notes(
        tmp_path / "in" / "notes.jsonl",
        [
            row("P1", "1", text="CAR T infused.\r\n"),
            row("P1", "1", text="Another text."),
            row("P1", "2", day="not a day"),
            row("P2", "1", text=f"{FAIL} SECRET"),
            row("P2", "2"),
            row("P3", "1", day="2024-07-01"),
            row("P3", "2", text=" "),
            row("P4", "1"),
        ],
    )
    patients = write_notes(
        tmp_path / "patients.jsonl",
        [
            {"patient_id": "P1", "birth_date": "1980-01-01", "sex": "F"},
            {"patient_id": "P1", "birth_date": "1981-01-01", "sex": "F"},
            {"patient_id": "P2", "birth_date": "soon"},
            {"patient_id": "P3", "as_of": "2024-06-01"},
            {"patient_id": "P8"},
            {"patient_id": "P9", "sex": None},
        ],
    )

    results = run(trial, tmp_path / "out", notes.parent, patients=patients)

    assert_counts_add_up(results)
    assert [(r["source"], r["note_id"], r["code"]) for r in rows_of(results.out, "errors")] == [
        ("patients", "", "IN123"),
        ("patients.jsonl:3", "", "IN107"),
        ("patients.jsonl:5", "", "IN105"),
        ("notes.jsonl:2", "1", "IN109"),
        ("notes.jsonl:3", "2", "IN107"),
        ("notes.jsonl:7", "2", "IN108"),
        ("notes.jsonl:4", "1", "SC410"),
        ("notes.jsonl:6", "1", "IN126"),
    ]
    counts = results.manifest["counts"]
    assert (counts["rows_seen"], counts["notes_read"], counts["patients_screened"]) == (8, 5, 4)
    assert counts["patients_listed_without_notes"] == 1
    unread = {r["patient_id"]: r["notes_unread"] for r in rows_of(results.out, "cohorts")}
    assert unread == {"P1": 2, "P2": 1, "P3": 0, "P4": 0}
    for path in results.out.iterdir():
        assert b"SECRET" not in path.read_bytes()


def test_order_of_the_input_does_not_matter(trial, tmp_path):
    rows = many_notes()
    shuffled = random.Random(7).sample(rows, len(rows))  # noqa: S311 - an order, no secret

    run(trial, tmp_path / "a", write_notes(tmp_path / "x" / "notes.jsonl", rows))
    run(trial, tmp_path / "b", write_notes(tmp_path / "y" / "notes.jsonl", shuffled))

    assert contents(tmp_path / "a") != {}
    for name in TABLES:
        assert rows_of(tmp_path / "a", name) == rows_of(tmp_path / "b", name)


def test_offsets_hold_on_the_text_as_given(trial, tmp_path):
    text = "\ufeff\U0001f9ec\r\n\tCAR\u00a0T no; CAR T yes, e\u0301 CAR T.\r\n"
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1", text=text)])

    results = run(trial, tmp_path / "out", notes)

    found = rows_of(results.out, "findings")
    assert len(found) == 2
    assert all(text[f["start"] : f["end"]] == f["text"] == "CAR T" for f in found)


def test_run_that_stops_goes_on_and_equals_an_uninterrupted_one(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", many_notes())
    run(trial, tmp_path / "whole", notes, jsonl=True)

    class Stops(FakePipeline):
        def extract(self, note):
            if self.notes == 250:
                raise KeyboardInterrupt
            return super().extract(note)

    with pytest.raises(KeyboardInterrupt):
        run(trial, tmp_path / "out", notes, pipeline=Stops(), jsonl=True)
    assert not (tmp_path / "out" / WORK_FOLDER / "notes.sqlite").exists()
    again = FakePipeline()
    results = run(trial, tmp_path / "out", notes, pipeline=again, jsonl=True)

    assert again.notes == 400  # two parts of a hundred notes were there
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert (tmp_path / "out" / "findings.jsonl").read_bytes() == (
        tmp_path / "whole" / "findings.jsonl"
    ).read_bytes()
    assert results.manifest["counts"] == RunResults.open(tmp_path / "whole").manifest["counts"]
    assert results.manifest["times"]["starts"] == 2
    assert not (tmp_path / "out" / WORK_FOLDER).exists()


_SLOW_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from support.fake_pipeline import FakePipeline
from chartsift.nlp.criteria import load_trial
from chartsift.nlp.screening.run import RunConfig, run_screening
run_screening(
    RunConfig((Path(sys.argv[1]),), Path(sys.argv[2])),
    trial=load_trial("reset-myositis"),
    make_pipeline=lambda: FakePipeline(seconds_per_note=0.01),
)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_run_goes_on_and_equals_an_uninterrupted_one(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", many_notes())
    run(trial, tmp_path / "whole", notes)
    out = tmp_path / "out"
    support = str(Path(__file__).parents[2])

    def parts() -> int:
        return len(list((out / WORK_FOLDER).glob("parts-*/*/*.part")))

    process = subprocess.Popen([sys.executable, "-c", _SLOW_RUN, str(notes), str(out), support])
    deadline = time.monotonic() + 60
    while parts() < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = parts()
    again = FakePipeline()
    run(trial, out, notes, pipeline=again)

    assert 2 <= done < 6
    assert again.notes <= 600 - 100 * done
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:-8] + b"CSPART01",
    ],
    ids=["empty", "cut", "zeros", "bit", "earlier format"],
)
def test_damaged_part_is_done_again(trial, tmp_path, damage):
    notes = write_notes(tmp_path / "notes.jsonl", many_notes())
    run(trial, tmp_path / "whole", notes)

    class Stops(FakePipeline):
        def extract(self, note):
            if self.notes == 250:
                raise KeyboardInterrupt
            return super().extract(note)

    with pytest.raises(KeyboardInterrupt):
        run(trial, tmp_path / "out", notes, pipeline=Stops())
    (part,) = (tmp_path / "out" / WORK_FOLDER).glob("parts-*/*/00000001.part")
    part.write_bytes(damage(part.read_bytes()))
    run(trial, tmp_path / "out", notes)

    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_finished_run_is_not_done_again(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    first = run(trial, tmp_path / "out", notes)
    again = FakePipeline()

    second = run(trial, tmp_path / "out", notes, pipeline=again, jsonl=True)

    assert again.notes == 0
    assert second.manifest == first.manifest
    assert (tmp_path / "out" / "cohorts.jsonl").exists()
    assert not (tmp_path / "out" / WORK_FOLDER).exists()


@pytest.mark.parametrize("is_finished", [True, False])
def test_other_inputs_or_options_need_another_folder(trial, tmp_path, is_finished):
    notes = write_notes(tmp_path / "notes.jsonl", many_notes())
    out = tmp_path / "out"
    if is_finished:
        run(trial, out, notes)
    else:

        class Stops(FakePipeline):
            def extract(self, note):
                if self.notes == 150:
                    raise KeyboardInterrupt
                return super().extract(note)

        with pytest.raises(KeyboardInterrupt):
            run(trial, out, notes, pipeline=Stops())
    other = write_notes(tmp_path / "other.jsonl", [row("P1", "1", text="Changed.")])

    for changed in (
        {"inputs": (other,)},
        {"as_of": date(2024, 6, 1)},
        {"limit": 1},
        {"pipeline": FakePipeline(name="newer")},
    ):
        inputs = changed.pop("inputs", (notes,))
        with pytest.raises(ScreeningError, match="SC402") as caught:
            run(trial, out, *inputs, **changed)
        assert "--restart" in caught.value.hint
    (out / ".criteria.jsonl.making").write_text("a note", encoding="utf-8")  # of a process that was killed
    results = run(trial, out, other, restart=True)
    assert results.manifest["counts"]["patients_screened"] == 1
    assert not list(out.glob(".*.making"))
    if is_finished:
        assert sorted(path.name for path in out.iterdir()) == sorted([*OUTPUTS, "report.html", "run.json"])


def test_folder_in_use_is_refused(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    work = tmp_path / "out" / WORK_FOLDER
    work.mkdir(parents=True)
    other = sqlite3.connect(work / "lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    try:
        with pytest.raises(ScreeningError, match="SC401"):
            run(trial, tmp_path / "out", notes)
    finally:
        other.close()
    run(trial, tmp_path / "out", notes)


def test_file_or_foreign_results_as_out_are_refused(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "findings.parquet").write_text("mine")

    with pytest.raises(ScreeningError, match="SC403"):
        run(trial, notes, notes)
    with pytest.raises(ScreeningError, match="SC403"):
        run(trial, tmp_path / "out", notes)
    assert (tmp_path / "out" / "findings.parquet").read_text() == "mine"


def test_full_disk_is_said_with_a_remedy(trial, tmp_path, monkeypatch):
    from chartsift.nlp.screening import parts

    notes = write_notes(tmp_path / "notes.jsonl", many_notes(20))

    def no_space(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(parts.PartFolder, "write", no_space)
        with pytest.raises(ScreeningError, match="SC404"):
            run(trial, tmp_path / "out", notes)
    assert run(trial, tmp_path / "out", notes).manifest["counts"]["patients_screened"] == 20


def test_limit_screens_the_first_patients_and_counts_the_rest(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", many_notes(5))

    results = run(trial, tmp_path / "out", notes, limit=2)

    assert_counts_add_up(results)
    assert list(results.patient_ids()) == ["P000", "P001"]
    assert results.manifest["counts"]["notes_not_screened"] == 30


def test_nothing_to_read_is_a_run_with_problems_only(trial, tmp_path):
    (tmp_path / "scan.png").write_bytes(b"\x89PNG")

    results = run(trial, tmp_path / "out", tmp_path / "scan.png")

    assert_counts_add_up(results)
    assert results.manifest["counts"]["patients_screened"] == 0
    assert "IN101" in (results.out / "report.html").read_text(encoding="utf-8")


def test_patient_on_whom_the_evaluation_fails_is_a_problem(trial, tmp_path, monkeypatch):
    from chartsift.nlp.screening import chart

    real = chart.evaluate

    def fails(patient, *args, **options):
        if patient.patient_id == "P001":
            raise KeyError("SECRET")
        return real(patient, *args, **options)

    monkeypatch.setattr(chart, "evaluate", fails)
    notes = write_notes(tmp_path / "notes.jsonl", many_notes(3))

    results = run(trial, tmp_path / "out", notes)

    assert_counts_add_up(results)
    (problem,) = rows_of(results.out, "errors")
    assert problem["code"] == "SC411"
    assert "SECRET" not in problem["message"]
    assert list(results.patient_ids()) == ["P000", "P002"]


def test_chart_of_two_thousand_notes(trial, tmp_path):
    rows = [
        row("P1", f"N{n}", f"20{n % 20:02}-01-{n % 28 + 1:02}", f"Note {n}. CAR T.") for n in range(2_000)
    ]
    notes = write_notes(tmp_path / "notes.jsonl", rows)

    results = run(trial, tmp_path / "out", notes)

    assert results.manifest["counts"]["notes_evaluated"] == 2_000
    assert results.manifest["counts"]["findings"] == 2_000


def test_manifest_says_what_run_it_was(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])

    manifest = run(trial, tmp_path / "out", notes, as_of=date(2024, 6, 1)).manifest

    assert manifest["identity"]["trial"] == trial.fingerprint()
    assert manifest["identity"]["pipeline"] == "fake"
    assert re.fullmatch(r"[0-9a-f]{64}", manifest["fingerprint"])
    assert manifest["as_of_rule"] == "as of 2024-06-01 for everyone"
    assert manifest["times"]["started_at"].endswith("+00:00")
    assert {"python", "chartsift", "spacy", "medspacy", "pyarrow"} <= manifest["versions"].keys()


# The store


def test_store_groups_notes_and_counts_what_was_missed(tmp_path):
    store = NoteStore(tmp_path / "notes.sqlite")
    day = date(2024, 5, 1)
    store.add(Patient("P1", date(1980, 1, 1), "F"), origin="table")
    store.add(Patient("P1", None, "M"))
    for note in (
        Note("P2", "1", day, "", "two\r\n"),
        Note("P1", "1", date(2024, 5, 2), "", "later"),
        Note("P1", "2", day, "", "earlier"),
        Note("P1", "2", day, "", "earlier"),
        Note("P1", "2", day, "", "another"),
    ):
        store.add(note)
    store.add(Rejected(Problem("x:1", "", "IN107", "m"), "P2"))
    store.add(Rejected(Problem("x:2", "", "IN108", "m"), "P2", is_missed=False))
    store.finish()

    first, second = store.case("P1"), store.case("P2")

    assert first.patient == Patient("P1", date(1980, 1, 1), "F")
    assert [note.text for note in first.notes] == ["earlier", "later"]
    assert first.unread == ("2 (IN109)",)  # the plain copy hides nothing
    assert (second.notes[0].text, second.unread) == ("two\r\n", ("x:1 (IN107)",))
    assert list(store.note_counts()) == [("P1", 2), ("P2", 1)]
    assert [problem.code for problem in store.problems()] == ["IN109", "IN109", "IN107", "IN108"]
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_store_is_for_its_owner_only(tmp_path):
    store = NoteStore(tmp_path / "notes.sqlite")
    store.close()

    assert (tmp_path / "notes.sqlite").stat().st_mode & 0o077 == 0


def test_results_may_lie_among_the_notes(trial, tmp_path):
    write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])

    first = run(trial, tmp_path / "out", tmp_path)
    again = run(trial, tmp_path / "out", tmp_path)

    assert first.manifest == again.manifest
    assert first.manifest["counts"]["errors"] == 0


def test_the_folder_of_the_notes_is_no_place_for_results(trial, tmp_path):
    write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])

    with pytest.raises(ScreeningError) as caught:
        run(trial, tmp_path, tmp_path)

    assert caught.value.code == "SC403"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.jsonl"]


@pytest.mark.parametrize("content", [None, b"junk"], ids=["missing", "junk"])
def test_damaged_results_are_told_and_made_anew_on_demand(trial, tmp_path, content):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    run(trial, tmp_path / "out", notes)
    criteria = tmp_path / "out" / "criteria.parquet"
    criteria.unlink()
    if content is not None:
        criteria.write_bytes(content)

    with pytest.raises(ScreeningError) as caught:
        run(trial, tmp_path / "out", notes)

    assert caught.value.code == "SC405"
    assert run(trial, tmp_path / "out", notes, restart=True).patients(["P1"])


@pytest.mark.parametrize("content", ["[]", "{}", '{"identity": 5}', '{"format": 0}'])
def test_odd_manifest_is_no_finished_run(tmp_path, content):
    (tmp_path / "run.json").write_text(content)

    with pytest.raises(ScreeningError) as caught:
        RunResults.open(tmp_path)

    assert caught.value.code == "SC406"


@pytest.mark.parametrize(
    ("name", "content"), [("lock", "garbage" * 200), ("state.json", "[]"), ("state.json", '{"identity": {}}')]
)
def test_odd_work_files_are_told(trial, tmp_path, name, content):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    work = tmp_path / "out" / WORK_FOLDER
    work.mkdir(parents=True)
    (work / name).write_text(content)

    with pytest.raises(ScreeningError) as caught:
        run(trial, tmp_path / "out", notes)

    assert caught.value.code == "SC405"


def test_birth_date_after_the_day_of_screening_is_left_out_and_told(trial, tmp_path):
    notes = write_notes(tmp_path / "notes.jsonl", [row("P1", "1")])
    patients = write_notes(tmp_path / "p.jsonl", [{"patient_id": "P1", "birth_date": "2050-01-01"}])

    results = run(trial, tmp_path / "out", notes, patients=patients)

    assert [item["code"] for item in rows_of(results.out, "errors")] == ["IN120"]
    assert_counts_add_up(results)
