"""``--candidates``: nobody is lost, the others are counted with proof, and whoever is read gets the same rows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.errors import RuleError, ScreeningError
from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.screening.candidates import NOT_READ
from chartsift.nlp.screening.findings_again import findings_of_run
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.signs import SignSearch
from chartsift.nlp.types import Note

_CHECKOUT = Path(__file__).resolve().parents[3]
_FOLDERS = {
    "annotations/charts": _CHECKOUT / "annotations" / "charts",
    "annotations/development": _CHECKOUT / "annotations" / "development",
    "shared charts": _CHECKOUT.parent / "shared" / "charts" / "dev",
}
TRIAL = load_trial("reset-myositis")
_OTHERS = {
    "Q1": ["Seen for hypertension. BP 142/90.", "Kidney transplant 2015. Creatinine 1.4."],
    "Q2": ["Knee pain after a fall."],
}


def _charts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]


def _notes(chart: dict[str, Any]) -> list[Note]:
    return [
        Note(chart["patient_id"], n["note_id"], date.fromisoformat(n["date"]), n.get("type", ""), n["text"])
        for n in chart["notes"]
    ]


@pytest.mark.parametrize("name", list(_FOLDERS))
def test_nobody_whom_the_annotators_keep_is_lost(name: str) -> None:
    if not _FOLDERS[name].is_dir():
        pytest.skip(f"{name}: not on this machine")
    search = SignSearch(TRIAL)
    kept = [c for c in _charts(_FOLDERS[name]) if c["gold"]["cohort_status"] in ("eligible", "undetermined")]
    lost = [chart["patient_id"] for chart in kept if search.first_sign(_notes(chart)) is None]
    assert kept
    assert lost == []


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few annotated charts among patients who have nothing to do with the trial."""
    path = tmp_path_factory.mktemp("archive") / "notes.jsonl"
    rows = [
        {"patient_id": chart["patient_id"], "note_id": note["note_id"], "note_date": note["date"],
         "note_type": note.get("type", ""), "text": note["text"]}
        for chart in _charts(_FOLDERS["annotations/charts"])[:3]
        for note in chart["notes"]
    ]  # fmt: skip
    for patient, texts in _OTHERS.items():
        rows += [
            {"patient_id": patient, "note_id": f"{patient}-{n}", "note_date": f"2024-0{n + 1}-05",
             "note_type": "Clinic", "text": text}
            for n, text in enumerate(texts)
        ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def runs(
    archive: Path, pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> dict[bool, RunResults]:
    out = tmp_path_factory.mktemp("runs")
    return {
        on: run_screening(
            RunConfig((archive,), out / str(on), candidates=on), trial=TRIAL, make_pipeline=lambda: pipeline
        )
        for on in (False, True)
    }


def _rows(results: RunResults, table: str) -> list[dict[str, Any]]:
    return pq.read_table(results.path(table)).to_pylist()


@pytest.mark.parametrize("table", [name for name in TABLES if name != "errors"])
def test_candidates_have_the_rows_of_a_run_that_reads_everyone(
    runs: dict[bool, RunResults], table: str
) -> None:
    read = [row for row in _rows(runs[False], table) if row["patient_id"] not in _OTHERS]
    first = [row for row in _rows(runs[True], table) if row["patient_id"] not in _OTHERS]
    assert first == read


def test_the_others_are_counted_with_the_proof(runs: dict[bool, RunResults]) -> None:
    manifest = runs[True].manifest
    assert manifest["candidates"] == {
        "of": "myositis",
        "signs": list(TRIAL.candidates.signs),  # type: ignore[union-attr]
        "terms": SignSearch(TRIAL).terms,
        "patients_without_sign": 2,
        "by_cohort": {"adult": 2},
        "notes": 3,
        "first": "2024-01-05",
        "last": "2024-02-05",
    }
    assert runs[False].manifest["candidates"] is None
    counts = manifest["counts"]
    assert counts["notes_searched"] == 3
    assert counts["notes_evaluated"] + 3 == runs[False].manifest["counts"]["notes_evaluated"]
    assert counts["patients_screened"] == runs[False].manifest["counts"]["patients_screened"]
    assert sum(manifest["cohort_status"].values()) == counts["patients_screened"] - 2
    assert not set(manifest["top_patients"]) & set(_OTHERS)


def test_the_others_have_rows_that_presume_nothing(runs: dict[bool, RunResults]) -> None:
    cohorts = [row for row in _rows(runs[True], "cohorts") if row["patient_id"] in _OTHERS]
    criteria = [row for row in _rows(runs[True], "criteria") if row["patient_id"] == "Q1"]
    assert {row["patient_id"] for row in cohorts} == set(_OTHERS)
    assert {(row["status"], row["notes_read"]) for row in cohorts} == {("undetermined", 0)}
    assert {row["status"] for row in criteria} == {"unknown"}
    by_id = {row["criterion_id"]: row for row in criteria}
    assert NOT_READ in by_id["prior_transplant"]["flags"]
    assert by_id["prior_transplant"]["searched"]["notes"] == 2


def test_the_report_tells_them(runs: dict[bool, RunResults]) -> None:
    page = (runs[True].out / "report.html").read_text(encoding="utf-8")
    told = (
        f"no sign of myositis: 2 patients, not read in full (3 notes of 2024-01-05 to 2024-02-05, "
        f"{SignSearch(TRIAL).terms:,} terms)"
    )
    assert told in page
    assert "Sign of myositis" in page
    assert "Sign of myositis" not in (runs[False].out / "report.html").read_text(encoding="utf-8")


def test_nothing_is_decided_again_on_the_silence_of_notes_that_were_not_read(
    runs: dict[bool, RunResults],
) -> None:
    again = {found.patient.patient_id for found in findings_of_run(runs[True], as_of=None)}
    everyone = {found.patient.patient_id for found in findings_of_run(runs[False], as_of=None)}
    assert everyone - again == set(_OTHERS)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_write_the_same_files(
    workers: int, archive: Path, runs: dict[bool, RunResults], tmp_path: Path
) -> None:
    made = run_screening(
        RunConfig((archive,), tmp_path / "out", candidates=True, workers=workers),
        trial=TRIAL,
        make_pipeline="chartsift.nlp.pipeline:build_pipeline",
    )
    for name in TABLES:
        assert made.path(name).read_bytes() == runs[True].path(name).read_bytes(), name


def test_the_option_is_part_of_what_a_run_is(archive: Path, runs: dict[bool, RunResults]) -> None:
    def again(*, candidates: bool) -> RunResults:
        config = RunConfig((archive,), runs[True].out, candidates=candidates)
        return run_screening(config, trial=TRIAL, make_pipeline="chartsift.nlp.pipeline:build_pipeline")

    assert again(candidates=True).manifest == runs[True].manifest
    with pytest.raises(ScreeningError, match="candidates differ"):
        again(candidates=False)


def test_a_trial_that_does_not_tell_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "trial_id: x\ntitle: x\nversion: '1'\nsource: x\ncohorts:\n"
        "  - {cohort_id: a, label: A, applies: {default: true}, criteria: [{criterion_id: age, kind: inclusion,\n"
        "     summary: s, silence: unknown, decide: {age_between: {min: 18, max: 75}}}]}\n",
        encoding="utf-8",
    )
    notes = tmp_path / "note.txt"
    notes.write_text("Cough.", encoding="utf-8")
    with pytest.raises(RuleError, match="no criterion tells what candidates have"):
        run_screening(
            RunConfig((notes,), tmp_path / "out", candidates=True),
            trial=load_trial(file),
            make_pipeline="chartsift.nlp.pipeline:build_pipeline",
        )
    assert not (tmp_path / "out").exists()
