"""The documents name every code, column and input format that there is."""

from __future__ import annotations

import re

import pytest

from chartsift.nlp.formats.readers import known_suffixes
from chartsift.nlp.screening.schema import CRITERIA, TABLES

CODE = re.compile(r"\b(?:IN1|RU2|MO3|SC4|AC5|CO6|ST7|HT8)\d\d\b")


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
