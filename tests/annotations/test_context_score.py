"""The figures of the context reading on a few sentences, against numbers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chartsift.annotations.context_rows import ContextRow, read_context_rows
from chartsift.annotations.context_score import ContextScore, read_by_chartsift, score_context, stock_medspacy
from chartsift.api import cli


def row(row_id: str, report: str, sentence: str, condition: str, *axes: str) -> ContextRow:
    start = sentence.find(condition)
    end = start + len(condition) if start >= 0 else -1
    return ContextRow(row_id, report, sentence, start, end, frozenset(axes))


ROWS = [
    row("1", "a", "No fever.", "fever", "negated"),
    row("2", "a", "Fever today.", "Fever"),
    row("3", "b", "No history of gout.", "gout", "negated", "historical"),
    row("4", "b", "Return if you vomit or have pain.", "pain", "hypothetical"),
    row("5", "b", "Father had colon cancer.", "colon cancer", "experiencer"),
    row("6", "c", "Never mind.", "not there", "negated"),
    row("7", "c", "No cough.", "cough"),  # marked wrongly, so that something is found for nothing
]


@pytest.fixture(scope="module")
def result() -> ContextScore:
    return score_context(ROWS)


def test_every_row_counts_also_one_whose_condition_is_not_there(result: ContextScore) -> None:
    negated = result.systems["chartsift"]["negated"]

    assert (negated.found.tp, negated.found.fp, negated.found.fn) == (2, 1, 1)
    assert negated.missed == ("6",)
    assert negated.extra == ("7",)
    assert result.unlocated == ["6"]


def test_axes_are_independent(result: ContextScore) -> None:
    for axis in ("historical", "hypothetical", "experiencer"):
        found = result.systems["chartsift"][axis].found
        assert (found.tp, found.fp, found.fn) == (1, 0, 0), axis


def test_stock_medspacy_reads_the_same_rows(result: ContextScore) -> None:
    (name,) = set(result.systems) - {"chartsift"}

    assert name.startswith("medspaCy 1.")
    assert set(result.systems[name]) == set(result.systems["chartsift"])
    assert result.systems[name]["experiencer"].found.tp == 1


def test_medspacy_takes_the_whole_token_where_a_condition_ends_inside_of_one() -> None:
    assert stock_medspacy()(row("1", "a", "No evidence of strokes.", "stroke")) == {"negated"}


def test_interval_of_f1_is_drawn_by_report() -> None:
    one_report = score_context([row("1", "a", "No fever.", "fever", "negated")])
    all_right = score_context([row(str(n), str(n), "No fever.", "fever", "negated") for n in range(5)])

    assert one_report.systems["chartsift"]["negated"].f1_interval == (0.0, 1.0)
    assert all_right.systems["chartsift"]["negated"].f1_interval == (1.0, 1.0)


def test_interval_holds_the_value_and_repeats(result: ContextScore) -> None:
    score = result.systems["chartsift"]["negated"]
    low, high = score.f1_interval

    assert low <= score.found.f1 <= high
    assert score.f1_interval == score_context(ROWS).systems["chartsift"]["negated"].f1_interval


def test_sentences_stand_in_the_errors_only(result: ContextScore) -> None:
    assert result.errors == ["negated missed 6: Never mind.", "negated extra 7: No [cough]."]
    assert "cough" not in result.render()
    assert "cough" not in json.dumps(result.to_dict())
    assert "extra ids       7" in result.render()


def test_experiencer_other_is_found() -> None:
    assert read_by_chartsift(row("1", "a", "Her roommate has flu.", "flu")) == {"experiencer"}


# the command


def write(path: Path) -> Path:
    rows = [
        {
            "id": "1",
            "report": 1,
            "sentence": "No CANARY fever.",
            "concept": "CANARY fever",
            "start": 3,
            "negation": "Affirmed",
            "temporality": "Recent",
            "experiencer": "Patient",
        }
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_command_prints_figures_and_ids(tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "rows.jsonl")

    assert run("annotations", "score", "--context", path, "--json") == 0

    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert figures["rows"] == 1
    assert figures["systems"]["chartsift"]["negated"]["extra_ids"] == ["1"]
    assert "CANARY" not in out + err


def test_command_prints_sentences_only_when_asked(tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "rows.jsonl")

    assert run("annotations", "score", "--context", path, "--errors") == 0

    out, err = capsys.readouterr()
    assert "negated extra 1: No [CANARY fever]." in out
    assert "CANARY" not in err


def test_command_wants_charts_or_sentences(tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "rows.jsonl")

    assert run("annotations", "score") == 2
    assert run("annotations", "score", tmp_path, "--context", path) == 2
    assert run("annotations", "score", "--context", tmp_path / "nothing") == 3
    assert "IN166" in capsys.readouterr().err


@pytest.mark.accuracy
def test_accuracy_on_the_public_kit(checkout: Path) -> None:
    path = checkout.parent / "shared" / "corpora" / "context-dev.jsonl"
    if not path.exists():
        pytest.skip("the project's public corpora are not beside the checkout")

    axes = score_context(read_context_rows(path)).systems["chartsift"]

    # The recorded values less what one report more or less can do: docs/accuracy.md.
    assert axes["negated"].found.f1 >= 0.97
    assert axes["historical"].found.f1 >= 0.84
    assert axes["hypothetical"].found.f1 >= 0.95
    assert axes["experiencer"].found.f1 >= 0.85
