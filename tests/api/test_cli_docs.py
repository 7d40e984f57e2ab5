"""The documents name every code, column and input format that there is, and no command line that there is not."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from typer.main import get_command

from chartsift.api.cli import app, main
from chartsift.nlp.formats.readers import known_suffixes
from chartsift.nlp.screening.schema import CRITERIA, TABLES

CODE = re.compile(r"\b(?:IN1|RU2|MO5|SC4|AC5|CO6|ST7|HT8)\d\d\b")


def test_every_code_is_documented_with_a_remedy(checkout):
    sources = [
        path for part in ("nlp", "models", "api", "annotations") for path in (checkout / part).rglob("*.py")
    ]
    used = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    rows = [
        line.split("|")[1:-1]
        for line in (checkout / "docs" / "errors.md").read_text(encoding="utf-8").splitlines()
    ]
    documented = {row[0].strip(): row for row in rows if row and CODE.fullmatch(row[0].strip())}

    assert used == documented.keys()
    assert all(cell.strip() for row in documented.values() for cell in row)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented(checkout, table):
    text = (checkout / "docs" / "output.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {table}\n")[1].split("\n## ")[0]

    missing = [name for name in TABLES[table].names if f"`{name}`" not in section]

    assert not missing


def test_every_field_of_evidence_is_documented(checkout):
    text = (checkout / "docs" / "output.md").read_text(encoding="utf-8")

    assert all(f"`{field.name}`" in text for field in CRITERIA.field("evidence").type.value_type)


def test_every_suffix_is_documented(checkout):
    text = (checkout / "docs" / "input.md").read_text(encoding="utf-8")

    assert [suffix for suffix in known_suffixes() if f"`{suffix}`" not in text] == []


# A line of a code block, and words in a line of prose, which may leave out what every command of the kind needs.
BLOCK_LINE = re.compile(r"^(?: {4})?(?:\$ )?(chartsift [^|>&\n]+)", re.MULTILINE)
IN_PROSE = re.compile(r"`(chartsift [^`]+)`")
CODE_BLOCK = re.compile(r"^```[\s\S]*?^```\n|^(?: {4}.*\n)+", re.MULTILINE)


def command_lines(text: str) -> list[tuple[str, bool]]:
    """Return the command lines that a document shows, and whether each is whole."""
    blocks = CODE_BLOCK.findall(text)
    whole = [line.rstrip("\\ ") for block in blocks for line in BLOCK_LINE.findall(block)]
    return [(line, True) for line in whole] + [
        (line, False) for line in IN_PROSE.findall(CODE_BLOCK.sub("", text))
    ]


def why_not(line: str, *, is_whole: bool) -> str:
    """Return why the command line would refuse *line*; empty when it would not. Nothing is run."""
    words = shlex.split(line, comments=True)[1:]
    command: Any = get_command(app)
    while hasattr(command, "commands") and words:
        if words[0] not in command.commands:
            is_option = any(words[0] in option.opts for option in command.params)
            return "" if is_option else f"no command {words[0]}"
        command = command.commands[words.pop(0)]
    try:
        if words or is_whole:
            command.make_context(command.name, words)
    except Exception as exc:  # a class of its own for each of the many ways to be wrong
        if is_whole or type(exc).__name__ != "MissingParameter":
            return f"{type(exc).__name__} {exc}"
    return ""


@pytest.mark.parametrize(
    ("line", "is_whole", "is_right"),
    [
        ("chartsift explain PATIENT results/  # one", True, True),
        ("chartsift explain PATIENT --out results/", True, False),
        ("chartsift explain", True, False),
        ("chartsift explain", False, True),
        ("chartsift explain --out DIR", False, False),
        ("chartsift trial nosuch", False, False),
        ("chartsift --version", True, True),
        ("chartsift --nosuch", True, False),
    ],
)
def test_command_line_is_held_against_the_options_of_the_command(line, is_whole, is_right):
    assert (why_not(line, is_whole=is_whole) == "") == is_right


def test_every_command_line_of_the_documents_is_one(checkout):
    documents = [
        checkout / "README.md",
        checkout / "CONTRIBUTING.md",
        *sorted((checkout / "docs").glob("*.md")),
    ]
    found = [
        (path.name, line, is_whole)
        for path in documents
        for line, is_whole in command_lines(path.read_text(encoding="utf-8"))
    ]

    assert len([line for _, line, is_whole in found if is_whole]) >= 7
    assert {
        (name, line): why for name, line, is_whole in found if (why := why_not(line, is_whole=is_whole))
    } == {}


def printed_block(text: str) -> list[list[str]]:
    """Return the stretches of the README's sample of ``make run``, parted where it is shortened."""
    block = text.split("`make run` prints")[1].split("```\n")[1]
    return [part.strip("\n").split("\n") for part in block.split("…\n") if part.strip()]


def test_the_sample_of_the_readme_is_what_the_command_prints(
    checkout, tmp_path, capsys, monkeypatch, pipeline
):
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    assert "chartsift screen --sample --out out/sample --restart" in makefile
    stretches = printed_block((checkout / "README.md").read_text(encoding="utf-8"))
    assert len(stretches) == 3
    monkeypatch.setattr("chartsift.nlp.pipeline.build_pipeline", lambda: pipeline)

    assert main(["screen", "--sample", "--out", str(tmp_path / "sample"), "--restart"]) == 0

    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    at = 0
    for stretch in stretches:
        places = [i for i in range(at, len(printed)) if printed[i : i + len(stretch)] == stretch]
        assert places, "\n".join(stretch)
        at = places[0] + len(stretch)
