"""Tables as folders: the rows of the tables, whole or not at all, for a run that was finished earlier as for a new one."""

from __future__ import annotations

import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.finished_run import note, run_of_notes

from chartsift.nlp.errors import ScreeningError
from chartsift.nlp.screening import table_folders
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.schema import TABLES
from chartsift.nlp.screening.table_folders import write_folders


@pytest.fixture
def results(tmp_path) -> RunResults:
    return run_of_notes(tmp_path, [note(f"P{n}", "n", "CAR T") for n in range(7)])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_table_is_a_folder_with_its_rows_in_order(results):
    out = results.out
    write_folders(results)

    for name in TABLES:
        folder = out / "tables" / name
        assert files(folder) == ["_SUCCESS", "part-00000000.parquet"]
        assert pq.read_table(folder).to_pylist() == pq.read_table(out / f"{name}.parquet").to_pylist()
        assert pq.read_schema(folder / "part-00000000.parquet").equals(TABLES[name])
    assert pq.read_table(out / "tables" / "errors").num_rows == 0
    assert stat.S_IMODE((out / "tables").stat().st_mode) == 0o700


def test_a_large_table_is_cut_between_row_groups(results, monkeypatch):
    out = results.out
    whole = pq.read_table(out / "findings.parquet")
    pq.write_table(whole, out / "findings.parquet", row_group_size=2)
    monkeypatch.setattr(table_folders, "_GROUPS_PER_FILE", 3)

    write_folders(results)

    parts = sorted((out / "tables" / "findings").glob("part-*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [6, 1]
    assert pq.read_table(out / "tables" / "findings").to_pylist() == whole.to_pylist()


def test_what_was_there_is_replaced_when_all_is_written_and_not_before(results):
    out = results.out
    write_folders(results)
    (out / "tables" / "old.txt").touch()
    whole = (out / "texts.parquet").read_bytes()
    (out / "texts.parquet").write_bytes(b"")

    with pytest.raises(ScreeningError, match=r"SC405.*texts\.parquet"):
        write_folders(results)
    assert (out / "tables" / "old.txt").exists()
    assert not (out / ".tables.making").exists()

    (out / "texts.parquet").write_bytes(whole)
    write_folders(results)
    assert files(out / "tables") == sorted(TABLES)
