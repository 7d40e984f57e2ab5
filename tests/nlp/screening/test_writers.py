"""Exports of a finished run: whole or not at all, of this run only, and with memory that does not grow with it."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.finished_run import note, run_of_notes

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening.writers import WRITERS, Writer, base, check_names, drop_stale, write_exports
from chartsift.nlp.screening.writers.base import RepeatedIds, read_patients


@pytest.fixture
def results(tmp_path):
    return run_of_notes(tmp_path, [note("P", "n", "CAR T"), note("Q", "n", "heliotrope")])


def fail(results, folder, options):
    (folder / "half").write_text("x")
    raise OSError(28, "No space left on device")


def test_names_may_come_one_by_one_or_with_commas():
    assert check_names(["omop,fhir", " redcap ", "omop", ""]) == ["omop", "fhir", "redcap"]
    with pytest.raises(ScreeningError, match=r"SC431.*one of omop, fhir, redcap"):
        check_names(["omop,xml"])


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_says_what_it_wrote(results, name):
    export = write_exports(results, [name])[0]

    assert export.folder == results.out / name
    assert all((export.folder / file).is_file() for file in export.rows)
    summary = json.loads((export.folder / "export.json").read_text(encoding="utf-8"))
    assert summary == {"format": name, "run": results.manifest["fingerprint"], "rows": export.rows}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_run_gives_the_same_bytes(results, tmp_path, name):
    first = write_exports(results, [name])[0].folder
    second = write_exports(results, [name], to=tmp_path / "else")[0].folder

    files = sorted(path.name for path in first.iterdir())
    assert files == sorted(path.name for path in second.iterdir())
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
@pytest.mark.parametrize("name", WRITERS)
def test_an_export_is_for_its_owner_only(results, tmp_path, name):
    folder = write_exports(results, [name], to=tmp_path / "else")[0].folder

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_failed_export_leaves_the_earlier_one_and_nothing_else(results, monkeypatch):
    folder = write_exports(results, ["omop"])[0].folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setitem(WRITERS, "omop", Writer("omop", "", fail))

    with pytest.raises(ScreeningError, match=r"SC434.*No space left"):
        write_exports(results, ["omop"])

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not (results.out / ".omop.making").exists()


def test_an_export_that_cannot_be_put_into_place_leaves_the_earlier_one(results, monkeypatch):
    folder = write_exports(results, ["omop"])[0].folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real = Path.rename

    def rename(path, target):
        if path.name == ".omop.making":
            raise OSError(5, "Input/output error")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(ScreeningError, match=r"SC434.*Input/output error"):
        write_exports(results, ["omop"])

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(results.out.glob(".omop.*")) == []


def test_an_export_that_was_set_aside_when_the_machine_stopped_is_not_lost(results, monkeypatch):
    folder = write_exports(results, ["omop"])[0].folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    folder.rename(results.out / ".omop.old")
    monkeypatch.setitem(WRITERS, "omop", Writer("omop", "", fail))

    with pytest.raises(ScreeningError, match="SC434"):
        write_exports(results, ["omop"])

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_of_someone_else_is_left_alone(results):
    (results.out / "fhir").mkdir()
    (results.out / "fhir" / "own.txt").write_text("mine")

    with pytest.raises(ScreeningError, match="SC433"):
        write_exports(results, ["fhir"])

    assert (results.out / "fhir" / "own.txt").read_text() == "mine"
    assert drop_stale(results) == []


def test_exports_of_an_earlier_run_are_removed(results, tmp_path):
    write_exports(results, ["omop", "redcap"])
    later = run_of_notes(tmp_path / "later", [note("P", "n", "CAR T")])
    shutil.copytree(results.out / "redcap", later.out / "redcap")
    write_exports(later, ["fhir"])

    assert drop_stale(later) == ["redcap"]
    assert not (later.out / "redcap").exists()
    assert (later.out / "fhir").exists()


def test_a_folder_of_part_files_is_read_as_one_table(results):
    path = results.path("findings")
    whole = pq.read_table(path)
    path.unlink()
    path.mkdir()
    for number in range(whole.num_rows):
        pq.write_table(whole.slice(number, 1), path / f"part-{number:05d}.parquet")

    found = [
        row["text"]
        for patient in read_patients(results, {"findings": ("text",)})
        for row in patient.rows["findings"]
    ]

    assert found == whole["text"].to_pylist()
    assert len(found) == 2


def test_rows_are_read_as_patients_are_asked_for(tmp_path, monkeypatch):
    finished = run_of_notes(tmp_path, [note(f"P{i:02d}", "n", "CAR T") for i in range(40)])
    monkeypatch.setattr(base, "_BATCH_ROWS", 2)
    rows = []
    real = base.read_rows

    def counted(*arguments):
        for row in real(*arguments):
            rows.append(row)
            yield row

    monkeypatch.setattr(base, "read_rows", counted)
    patients = read_patients(finished, {"findings": ("text",)})

    first = next(patients)
    early = len(rows)

    assert first.patient_id == "P00"
    # Of either table the rows of two patients and the one that begins the next.
    assert early <= 8
    assert len(list(patients)) == 39
    assert len(rows) == 40 + 80


@pytest.mark.parametrize("table", ["cohorts", "findings"])
def test_a_table_that_is_not_sorted_is_refused_rather_than_read_in_part(results, table):
    path = results.path(table)
    rows = pq.read_table(path)
    order = pa.array(list(reversed(range(rows.num_rows))))
    pq.write_table(rows.take(order), path)

    with pytest.raises(ScreeningError, match="SC430"):
        list(read_patients(results, {"findings": ("text",)}))


def test_a_damaged_table_is_named(results):
    path = results.path("criteria")
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(ScreeningError, match=r"SC405.*criteria\.parquet"):
        write_exports(results, ["redcap"])


def test_repeated_identifiers_are_found_among_many():
    with RepeatedIds() as ids:
        for value in [*range(0, 70_000 * 7, 7), 2**63 - 1, 0, 490, 2**63 - 1]:
            ids.add(value)
        assert ids.repeated() == {0, 490, 2**63 - 1}
    with RepeatedIds() as ids:
        assert ids.repeated() == frozenset()
