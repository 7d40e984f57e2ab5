"""
Nothing is lost: reading where it matters and reading everything give the same findings, row by row.

On every bundled chart, on the shared ones where they are there, and on notes made of their lines and sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartsift.nlp.pipeline import Pipeline, PipelineConfig, build_pipeline
from chartsift.nlp.types import Note

_CHECKOUT = Path(__file__).resolve().parents[2]
_FOLDERS = {
    "annotations/charts": _CHECKOUT / "annotations" / "charts",
    "annotations/development": _CHECKOUT / "annotations" / "development",
    "shared charts": _CHECKOUT.parent / "shared" / "charts" / "dev",
}
_CLINIC_NOTES = _CHECKOUT.parent / "shared" / "corpora" / "clinic-notes.jsonl"
DAY = date(2025, 3, 1)


@pytest.fixture(scope="module")
def whole() -> Pipeline:
    return build_pipeline(PipelineConfig(mode="whole"))


def _notes(folder: Path) -> Iterator[Note]:
    for file in sorted(folder.glob("*.json")):
        chart = json.loads(file.read_text(encoding="utf-8"))
        for item in chart["notes"]:
            yield Note(
                chart["patient_id"],
                item["note_id"],
                date.fromisoformat(item["date"]),
                item.get("type", ""),
                item["text"],
            )


@pytest.mark.parametrize("name", list(_FOLDERS))
def test_annotated_charts(name: str, pipeline: Pipeline, whole: Pipeline) -> None:
    if not _FOLDERS[name].is_dir():
        pytest.skip(f"{name}: not on this machine")
    count = 0
    for note in _notes(_FOLDERS[name]):
        assert pipeline.extract(note) == whole.extract(note), (note.patient_id, note.note_id)
        count += 1
    assert count > 50


def test_clinic_notes(pipeline: Pipeline, whole: Pipeline) -> None:
    if not _CLINIC_NOTES.is_file():
        pytest.skip("clinic notes: not on this machine")
    for line in _CLINIC_NOTES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        note = Note(row["patient_id"], row["note_id"], date.fromisoformat(row["note_date"]), "", row["text"])
        assert pipeline.extract(note) == whole.extract(note), row["note_id"]


@lru_cache(maxsize=1)
def _pieces() -> tuple[str, ...]:
    """Return the lines of the bundled charts, and their sentences."""
    texts = [note.text for note in _notes(_FOLDERS["annotations/charts"])]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    sentences = [part for line in lines for part in re.split(r"(?<=[.;:])\s+", line) if part]
    return tuple(dict.fromkeys([*lines, *sentences]))


_GLUE = st.sampled_from(
    ["\n", "\r\n", "\n\n", " ", ". ", "; ", "\t", "  ", "\u2028", "\xa0", "", ", no ", " vs ", "\n- ", "\n  "]
)
_NOISE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["\U0001fa7a", "İ", "ſ", "K", "𝔐", "γ", "'", "’", "5/5", "PM", "12/3", "neg", "(", ")", "µ"]
    ),
)


@st.composite
def _made_notes(draw: st.DrawFn) -> str:
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 14))):
        parts.append(draw(st.sampled_from(_pieces())))
        parts.append(draw(_GLUE))
        if draw(st.booleans()):
            parts.append(draw(_NOISE))
    return "".join(parts)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=_made_notes())
def test_made_notes(text: str, pipeline: Pipeline, whole: Pipeline) -> None:
    note = Note("p", "n", DAY, "", text)
    assert pipeline.extract(note) == whole.extract(note)


def test_a_long_note(pipeline: Pipeline, whole: Pipeline) -> None:
    note = Note("p", "n", DAY, "", "\n".join(_pieces()[:400]))
    found = pipeline.extract(note)
    assert found == whole.extract(note)
    assert len(found) > 300


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=300))
def test_any_text(text: str, pipeline: Pipeline, whole: Pipeline) -> None:
    note = Note("p", "n", DAY, "", text)
    assert pipeline.extract(note) == whole.extract(note)
