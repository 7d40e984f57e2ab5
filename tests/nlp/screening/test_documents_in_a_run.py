"""A run over documents: every format gives the same findings, and offsets count in ``texts.parquet``."""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard
from support.document_maker import (
    as_lines,
    as_parquet,
    make_ccda,
    make_chart,
    make_csv,
    make_document_reference,
    make_docx,
    make_html,
    make_letter_pdf,
    make_omop_csv,
    make_row,
    make_rtf,
    make_tar,
    make_text,
    make_zip,
)
from support.pdf_maker import lines, make_pdf

from chartsift.nlp.criteria import load_trial
from chartsift.nlp.formats import READERS
from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.run import RunConfig, run_screening

# By reader, or by what is around the file.
FILES: dict[str, dict[str, bytes]] = {
    "parquet": {"n.parquet": as_parquet([make_row(patient_id="1 parquet")])},
    "pdf": {"2 pdf/2024-05-01.pdf": make_letter_pdf()},
    "docx": {"3 docx/letter.docx": make_docx()},
    "rtf": {"4 rtf/letter.rtf": make_rtf()},
    "ccda": {"c.xml": make_ccda(patient="5 ccda")},
    "html": {"6 html/letter.html": make_html()},
    "fhir": {
        "fhir/DocumentReference.ndjson": as_lines(
            make_document_reference(
                {"contentType": "application/pdf", "url": "files/x.pdf"}, subject={"reference": "Patient/7"}
            )
        ),
        "fhir/files/x.pdf": make_letter_pdf(),
    },
    "jsonl": {"n.jsonl": as_lines(make_row(patient_id="8 jsonl"))},
    "chart": {"c.json": make_chart(patient_id="9 chart")},
    "omop": {"note.csv": make_omop_csv(make_rtf().decode("cp1252"))},
    "csv": {"n.csv.zst": zstandard.compress(make_csv(make_row(patient_id="A")))},
    "text": {"B1/2024-05-01.txt.gz": gzip.compress(make_text()), "B2/2024-05-01.txt": make_text().decode().encode("cp1252")},
    "tar": {"a.tar.gz": make_tar({"C1/2024-05-01.docx": make_docx()}, "w:gz")},
    "zip": {"a.zip": make_zip({"D1/2024-05-01": make_rtf(), "D1/note.parquet": as_parquet([make_row(patient_id="D2")])})},
}  # fmt: skip


@pytest.fixture(scope="module")
def results(pipeline, tmp_path_factory) -> RunResults:
    root = tmp_path_factory.mktemp("archive")
    for files in FILES.values():
        for name, data in files.items():
            path = root / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    (root / "in" / "E1").mkdir()
    (root / "in" / "E1" / "2024-05-01.pdf").write_bytes(make_pdf([None]))
    (root / "in" / "E1" / "2024-05-02.pdf").write_bytes(make_pdf([lines("x")], password=True))
    config = RunConfig((root / "in",), root / "out")
    return run_screening(config, trial=load_trial("reset-myositis"), make_pipeline=lambda: pipeline)


def rows(results: RunResults, table: str) -> list[dict]:
    return pq.read_table(results.path(table)).to_pylist()


def test_every_format_is_in_the_run():
    assert {reader.name for reader in READERS} <= FILES.keys()


def test_every_format_gives_the_same_findings(results):
    found = defaultdict(set)
    for row in rows(results, "findings"):
        found[row["patient_id"]].add(
            (row["kind"], row["concept"], row["assertion"], row["value"], row["text"])
        )

    assert len(found) == len(FILES) + 2  # two in "text" and in "zip"
    first = found["2 pdf"]
    assert {("lab", "CK", "present", 2450.0), ("antibody", "Jo-1", "absent", 20.0)} <= {
        row[:4] for row in first
    }
    assert [patient for patient, findings in found.items() if findings != first] == []


def test_offsets_count_in_the_text_that_is_written_out(results):
    texts = {(row["patient_id"], row["note_id"]): row for row in rows(results, "texts")}

    looked_up = 0
    for row in rows(results, "findings"):
        text = texts.get((row["patient_id"], row["note_id"]))
        if text is not None:
            assert text["text"][row["start"] : row["end"]] == row["text"]
            looked_up += 1
    assert looked_up
    assert {row["format"] for row in texts.values()} == {
        "ccda", "docx", "html", "pdf", "pdf in fhir", "rtf", "rtf in omop", "text in cp1252",
    }  # fmt: skip
    # Where the text is the input's own, it is not written again.
    assert {"1 parquet", "8 jsonl", "9 chart", "A", "B1"}.isdisjoint({patient for patient, _ in texts})


def test_findings_and_evidence_of_a_pdf_carry_the_page(results):
    pages = {row["concept"]: row["page"] for row in rows(results, "findings") if row["patient_id"] == "2 pdf"}
    evidence = {
        (item["text"], item["page"])
        for row in rows(results, "criteria")
        for item in row["evidence"]
        if row["patient_id"] == "2 pdf"
    }

    assert (pages["DM"], pages["CK"], pages["Jo-1"]) == (1, 2, 2)
    assert ("Anti-Jo-1 | negative | <20", 2) in evidence
    assert all(row["page"] is None for row in rows(results, "findings") if row["patient_id"] == "3 docx")
    assert "page 2" in (results.out / "report.html").read_text(encoding="utf-8")


def test_what_was_not_read_is_named_and_counted(results):
    problems = {row["source"]: row["code"] for row in rows(results, "errors")}

    assert problems == {"E1/2024-05-01.pdf": "IN134", "E1/2024-05-02.pdf": "IN131"}
    counts = results.manifest["counts"]
    assert counts["rows_seen"] == counts["notes_read"] + counts["input_problems"]


def test_text_of_a_note_that_is_left_out_is_not_written(tmp_path, pipeline):
    for day in ("2024-05-01", "2024-07-01"):
        path = tmp_path / "in" / "P1" / f"{day}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_html("<p>Known dermatomyositis.</p>"))
    config = RunConfig((tmp_path / "in",), tmp_path / "out", as_of=date(2024, 6, 1))

    made = run_screening(config, trial=load_trial("reset-myositis"), make_pipeline=lambda: pipeline)

    assert [row["code"] for row in rows(made, "errors")] == ["IN126"]
    assert [row["note_id"] for row in rows(made, "texts")] == ["2024-05-01.html"]


def test_text_is_of_the_digest_of_the_run(tmp_path, pipeline):
    """The same words from another format are another run, since its files differ."""
    fingerprints = set()
    for number, data in enumerate(
        (
            make_html("<p>Known dermatomyositis.</p>"),
            make_docx("<w:r><w:t>Known dermatomyositis.</w:t></w:r>"),
        )
    ):
        folder = Path(tmp_path) / str(number)
        (folder / "P1").mkdir(parents=True)
        (folder / "P1" / "2024-05-01").write_bytes(data)
        config = RunConfig((folder,), tmp_path / f"out{number}")
        made = run_screening(config, trial=load_trial("reset-myositis"), make_pipeline=lambda: pipeline)
        fingerprints.add(made.manifest["fingerprint"])

    assert len(fingerprints) == 2
