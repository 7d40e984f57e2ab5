"""Rows of single patients come back from any cut of the tables into row groups, and only those that may hold them are read."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from support.finished_run import note, run_of_notes

from chartsift.nlp.screening import results as module


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    texts = ["dermatomyositis", "CAR T", "nothing", "heliotrope"]
    notes = [note(f"P{i:02d}é😀", f"n{k}", texts[(i + k) % 4]) for i in range(30) for k in range(3)]
    return run_of_notes(tmp_path_factory.mktemp("results"), notes)


@pytest.mark.parametrize("group", [1, 7, 10_000])
@pytest.mark.parametrize("with_statistics", [True, False])
def test_patients_come_in_the_order_asked_for(finished, group, with_statistics):
    for name in ("cohorts", "criteria", "findings", "scores"):
        whole = pq.read_table(finished.path(name))
        pq.write_table(whole, finished.path(name), row_group_size=group, write_statistics=with_statistics)
    asked = ["P29é😀", "P00é😀", "nobody", "P13é😀", "", "\U0010ffff"]

    found = finished.patients(asked)

    assert [patient.patient_id for patient in found] == ["P29é😀", "P00é😀", "P13é😀"]
    for patient in found:
        rows = pq.read_table(finished.path("criteria")).to_pylist()
        expected = [
            row
            for row in rows
            if (row["patient_id"], row["cohort_id"]) == (patient.patient_id, patient.cohort["cohort_id"])
        ]
        assert list(patient.criteria) == expected
        assert len(expected) > 10
    findings = [
        row for row in pq.read_table(finished.path("findings")).to_pylist() if row["patient_id"] == "P13é😀"
    ]
    assert finished.findings("P13é😀") == findings
    assert findings


def test_row_groups_of_other_patients_are_not_read(finished, monkeypatch):
    whole = pq.read_table(finished.path("findings"))
    pq.write_table(whole, finished.path("findings"), row_group_size=2)
    read = []
    real = pq.ParquetFile.iter_batches

    def watched(self, *args, row_groups=None, **options):
        read.extend(row_groups)
        return real(self, *args, row_groups=row_groups, **options)

    monkeypatch.setattr(module.pq.ParquetFile, "iter_batches", watched)

    assert finished.findings("P13é😀")
    assert 1 <= len(read) <= 3
    assert finished.findings("nobody") == []
    assert len(read) <= 3
