"""
The examples of docs/output.md, made from the bundled sample charts.

``python tests/support/output_examples.py`` writes them into the document; a test holds the document against them.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from chartsift.nlp.screening.results import RunResults
from chartsift.nlp.screening.writers import write_exports
from chartsift.nlp.screening.writers.fhir_terms import EVIDENCE

PATIENT = "S-02"
CRITERION = "prior_car_t"
WORDS = "Axicabtagene ciloleucel"
# What differs between two runs of the same notes, or between releases.
_VARYING = {"nlp_system", "nlp_date", "nlp_datetime"}


def examples(results: RunResults) -> dict[str, str]:
    """Return each example by its name, as the lines between its marks in the document."""
    made = {export.name: export.folder for export in write_exports(results, ["omop", "fhir", "redcap"])}
    return {
        "omop": _omop(made["omop"]),
        "fhir": _fhir(made["fhir"]),
        "redcap-log": _redcap_log(made["redcap"]),
        "redcap-codes": _redcap_codes(made["redcap"]),
    }


def with_examples(document: str, found: Mapping[str, str]) -> str:
    """Return *document* with the examples between their marks; raises KeyError for a mark without example."""

    def put(match: re.Match[str]) -> str:
        return f"{match[1]}\n{found[match[2]]}\n<!-- end -->"

    return re.sub(r"(<!-- example: ([a-z-]+) -->)\n.*?<!-- end -->", put, document, flags=re.DOTALL)


def names_in(document: str) -> list[str]:
    """Return the names of the marks in *document*."""
    return re.findall(r"<!-- example: ([a-z-]+) -->", document)


def _table(rows: list[tuple[str, ...]], *heads: str) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _code(value: Any) -> str:
    return f"`{value}`" if value not in {None, ""} else ""


def _omop(folder: Path) -> str:
    rows = pq.read_table(folder / "NOTE_NLP.parquet").to_pylist()
    row = next(row for row in rows if row["lexical_variant"] == WORDS)
    shown = [(name, _code(value)) for name, value in row.items() if name not in _VARYING]
    return _table(shown, "column", "value")


def _fhir(folder: Path) -> str:
    lines = (folder / "Observation.ndjson").read_text(encoding="utf-8").splitlines()
    resource = next(
        item
        for item in map(json.loads, lines)
        if item["subject"]["identifier"]["value"] == PATIENT
        and item["code"]["coding"][0]["code"] == CRITERION
    )
    evidence = next(item for item in resource["extension"] if item["url"] == EVIDENCE)
    kept = (
        "resourceType",
        "id",
        "status",
        "code",
        "subject",
        "effectiveDateTime",
        "valueCodeableConcept",
        "note",
        "derivedFrom",
    )
    shown = {name: resource[name] for name in kept[:2]}
    shown |= {"extension": [evidence]} | {name: resource[name] for name in kept[2:]}
    return f"```json\n{json.dumps(shown, indent=2, ensure_ascii=False)}\n```"


def _redcap_log(folder: Path) -> str:
    with (folder / "screening_log.csv").open(encoding="utf-8", newline="") as file:
        record = next(row for row in csv.DictReader(file) if row["patient_id"] == PATIENT)
    names = ["record_id", "patient_id", "cohort", "screen_date", "screen_status", "fail_primary"]
    names += [name for name, value in record.items() if "___" in name and value == "1"]
    names += [name for name in record if name.startswith("prior_car_t_")]
    return _table([(name, _code(record[name])) for name in names], "field", "value")


def _redcap_codes(folder: Path) -> str:
    with (folder / "failure_codes.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["code"])
    return _table(
        [(row["code"], _code(row["criterion_id"]), row["reason"]) for row in rows],
        "code",
        "criterion",
        "reason",
    )


def main() -> int:
    """Write the examples into the document."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from support.finished_run import run_of_samples

    from chartsift.nlp.pipeline import build_pipeline

    path = Path(__file__).resolve().parents[2] / "docs" / "output.md"
    with TemporaryDirectory() as folder:
        found = examples(run_of_samples(Path(folder) / "out", build_pipeline()))
    path.write_text(with_examples(path.read_text(encoding="utf-8"), found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
