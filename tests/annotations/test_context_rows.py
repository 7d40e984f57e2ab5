"""Files of sentences with a marked condition: what is read, and how a bad line is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chartsift.annotations.context_rows import read_context_rows
from chartsift.nlp.errors import InputError

ROW: dict[str, Any] = {
    "id": "1",
    "report": 4,
    "sentence": "No history of STROKE.",
    "concept": "stroke",
    "start": 14,
    "negation": "Negated",
    "temporality": "Historical",
    "experiencer": "Patient",
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_row_is_read_with_its_axes(tmp_path: Path) -> None:
    (row,) = read_context_rows(write(tmp_path / "rows.jsonl", ROW))

    assert (row.row_id, row.report, row.start, row.end) == ("1", "4", 14, 20)
    assert row.axes == {"negated", "historical"}
    assert row.marked == "No history of [STROKE]."


@pytest.mark.parametrize(
    ("value", "axes"),
    [
        ({"temporality": "Not particular", "negation": "Affirmed"}, {"hypothetical"}),
        ({"experiencer": "Family member"}, {"negated", "historical", "experiencer"}),
        ({"experiencer": "Other", "negation": "Affirmed", "temporality": "Recent"}, {"experiencer"}),
    ],
)
def test_words_of_the_kit(value: dict[str, str], axes: set[str], tmp_path: Path) -> None:
    (row,) = read_context_rows(write(tmp_path / "rows.jsonl", ROW | value))

    assert row.axes == axes


@pytest.mark.parametrize("start", [-1, 3, 900])
def test_condition_elsewhere_is_found_in_any_case_and_spacing(start: int, tmp_path: Path) -> None:
    row = ROW | {"sentence": "Had a Heart\n  Attack.", "concept": "heart attack", "start": start}

    (read,) = read_context_rows(write(tmp_path / "rows.jsonl", row))

    assert read.sentence[read.start : read.end] == "Heart\n  Attack"


def test_condition_that_is_not_there_is_kept_as_unlocated(tmp_path: Path) -> None:
    (row,) = read_context_rows(write(tmp_path / "rows.jsonl", ROW | {"concept": "gout"}))

    assert not row.is_located
    assert row.marked == "No history of STROKE."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": None}, "id"),
        ({"report": True}, "report"),
        ({"sentence": 3}, "sentence"),
        ({"concept": " "}, "concept"),
        ({"start": "14"}, "start"),
        ({"negation": "negated"}, "negation"),
        ({"temporality": ""}, "temporality"),
        ({"experiencer": None}, "experiencer"),
    ],
)
def test_bad_field_is_named_with_its_line_and_without_text(
    change: dict[str, object], problem: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.jsonl", ROW, ROW | {"id": "2"} | change)

    with pytest.raises(InputError) as caught:
        read_context_rows(path)

    assert caught.value.code == "IN167"
    assert f"rows.jsonl:2: {problem}" in caught.value.message
    assert "history" not in caught.value.message


@pytest.mark.parametrize("line", ["{", "[]", "3"])
def test_line_that_is_no_object_is_an_error(line: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        read_context_rows(path)

    assert caught.value.code == "IN167"


def test_id_that_comes_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_context_rows(write(tmp_path / "rows.jsonl", ROW, ROW))

    assert caught.value.code == "IN167"


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff"])
def test_file_that_cannot_be_read_is_an_error(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_context_rows(path)

    assert caught.value.code == "IN166"
