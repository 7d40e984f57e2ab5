"""What holds for every layout: the value read is the value printed, and never a limit of its own range."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reading import read

from chartsift.nlp.pipeline import Pipeline
from chartsift.nlp.text.units import analytes, normal_unit, to_canonical

# analyte, unit as printed, factor into the canonical unit, and limits as a laboratory prints them
PRINTED = [
    ("CK", "U/L", 1.0, 39, 308),
    ("Creatine kinase, total", "IU/L", 1.0, 26, 192),
    ("CK", "µkat/L", 60.0, 0.6, 2.9),
    ("Aldolase", "U/L", 1.0, 1.5, 8.1),
    ("LDH", "U/L", 1.0, 120, 246),
    ("AST", "U/L", 1.0, 8, 40),
    ("Hgb", "g/dL", 1.0, 11.7, 15.5),
    ("Hb", "g/L", 0.1, 117, 155),
    ("Platelets", "K/uL", 1.0, 150, 400),
    ("Plt", "x10^9/L", 1.0, 150, 400),
    ("WBC", "10*3/uL", 1.0, 3.8, 10.8),
    ("ALC", "cells/uL", 0.001, 850, 3900),
    ("Creatinine", "mg/dL", 1.0, 0.5, 1.1),
    ("Creatinine", "µmol/L", 0.01131, 45, 84),
]
RANGES = [
    "({low}-{high})",
    "[{low} - {high}]",
    "(ref {low}-{high})",
    "({low}–{high})",
    "(normal: {low} to {high})",
]
LEADS = [" ", ": ", "  ", " = ", " ......... ", "\t", " | ", " was ", " of "]
GAPS = [" ", "  ", "    ", "\t", " | "]
ORDERS = list(permutations(["value", "unit", "flag", "range"]))


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, float, float, float]:
    """Return a printed line with the value and the limits that it means, in the canonical unit."""
    name, unit, factor, low, high = draw(st.sampled_from(PRINTED))
    scale = 10 if isinstance(low, float) else 1
    number = draw(st.integers(min_value=1, max_value=int(high * scale * 12)))
    value = number / scale
    if value in (low, high):
        value += 1
    flag = "H" if value > high else "L" if value < low else ""
    printed = {
        "value": f"{value:g}",
        "unit": unit,
        "flag": draw(st.sampled_from([flag, f"({flag})"])) if flag else "",
        "range": draw(st.sampled_from(RANGES)).format(low=low, high=high),
    }
    order = list(draw(st.sampled_from(ORDERS)))
    # A unit stands behind the number or the range that it belongs to, never alone in front.
    order.remove("unit")
    order.insert(order.index("value") + 1, "unit")
    if printed["range"][0] in "([" and order[0] == "flag" and printed["flag"][:1] != "(":
        order = ["value", "unit", "flag", "range"]  # "CK H (39-308) 612" is printed nowhere
    gap = draw(st.sampled_from(GAPS))
    parts = [printed[part] for part in order if printed[part]]
    line = name + draw(st.sampled_from(LEADS)) + gap.join(parts)
    return line, value * factor, low * factor, high * factor


@settings(max_examples=400, deadline=None)
@given(printed=lines())
def test_the_value_read_is_the_value_printed(
    printed: tuple[str, float, float, float], pipeline: Pipeline
) -> None:
    line, value, low, high = printed

    found = read(pipeline, line, "lab")

    assert [f.value for f in found] == [pytest.approx(value, rel=1e-3)]
    assert (found[0].ref_low, found[0].ref_high) == (
        pytest.approx(low, rel=1e-3),
        pytest.approx(high, rel=1e-3),
    )
    assert found[0].flag == ("H" if value > high else "L" if value < low else "N")


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(st.integers(min_value=400, max_value=60_000), min_size=2, max_size=5),
    low=st.integers(min_value=20, max_value=60),
    high=st.integers(min_value=150, max_value=310),
    style=st.sampled_from(["spaces", "pipes", "tabs", "leaders"]),
    reference=st.sampled_from(["first", "last", "none"]),
)
def test_the_values_of_a_table_are_those_of_its_columns(
    values: list[int], low: int, high: int, style: str, reference: str, pipeline: Pipeline
) -> None:
    heads = [f"{month:02d}/0{month}/24" for month in range(1, len(values) + 1)]
    cells = [str(value) for value in values]
    if reference == "first":
        heads, cells = ["Ref", *heads], [f"{low}-{high}", *cells]
    elif reference == "last":
        heads, cells = [*heads, "Ref"], [*cells, f"{low}-{high}"]
    text = _table(["Test", *heads], ["CK", *cells], style)

    found = read(pipeline, text, "lab")

    assert [(f.value, f.date.month) for f in found] == [(float(v), i) for i, v in enumerate(values, start=1)]
    assert {(f.ref_low, f.ref_high) for f in found} == {(None, None) if reference == "none" else (low, high)}


def _table(head: list[str], row: list[str], style: str) -> str:
    if style == "pipes":
        return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, row)) + "\n"
    if style == "tabs":
        return "\n".join("\t".join(cells) for cells in (head, row)) + "\n"
    lines_ = []
    for cells in (head, row):
        label = cells[0].ljust(14, "." if style == "leaders" and cells is row else " ")
        lines_.append(label + " " + "".join(cell.ljust(14) for cell in cells[1:]).rstrip())
    return "\n".join(lines_) + "\n"


def _measured() -> list[tuple[str, str, float]]:
    return [
        (name, unit, factor)
        for name, analyte in analytes().items()
        for unit, factor in analyte.factors.items()
    ]


@pytest.mark.parametrize(("concept", "unit", "factor"), _measured())
@settings(max_examples=20, deadline=None)
@given(value=st.floats(min_value=0.01, max_value=1e6))
def test_a_unit_goes_to_the_canonical_one_and_back(
    concept: str, unit: str, factor: float, value: float
) -> None:
    canonical, name, used = to_canonical(concept, value, unit)

    assert (name, used) == (analytes()[concept].unit, factor)
    assert canonical / used == pytest.approx(value)


@pytest.mark.parametrize(("concept", "unit", "factor"), _measured())
def test_a_unit_of_the_table_is_in_its_normal_spelling(concept: str, unit: str, factor: float) -> None:
    assert normal_unit(unit) == unit


@pytest.mark.parametrize("name", [name for name, analyte in analytes().items() if analyte.unit])
def test_the_canonical_unit_is_one_of_the_table(name: str) -> None:
    analyte = analytes()[name]

    assert analyte.factors[normal_unit(analyte.unit)] == 1


def test_a_line_of_thousands_of_analytes_is_read_to_its_end(pipeline: Pipeline) -> None:
    names = ["CK", "AST", "ALT", "LDH", "Aldolase", "GGT"]
    values = [100 + 7 * i for i in range(3000)]
    text = ", ".join(f"{names[i % len(names)]} {value}" for i, value in enumerate(values))

    found = read(pipeline, text, "lab")

    assert [f.value for f in found] == values


def test_a_long_table_keeps_the_dates_of_its_header(pipeline: Pipeline) -> None:
    rows = [f"CK{' ' * 11}{1000 + i}      {2000 + i}" for i in range(600)]
    text = "Test         03/12/24  11/18/24\n" + "\n".join(rows) + "\n"

    found = read(pipeline, text, "lab")

    assert len(found) == 1200
    assert {f.date.isoformat() for f in found} == {"2024-03-12", "2024-11-18"}


PIECES = [
    "CK",
    "ALT",
    "Hgb",
    " ",
    "  ",
    "\n",
    "\t",
    "|",
    ":",
    ",",
    ";",
    "/",
    "-",
    "->",
    "(",
    ")",
    "[",
    "<",
    ">",
    "≤",
    "x",
    "ULN",
    "%",
]
PIECES += [
    "H",
    "L",
    "12",
    "5,430",
    "5.430",
    "0,7",
    "39-308",
    "U/L",
    "K/uL",
    "11/4",
    "10/02/2024",
    "04.11.24",
    "ref",
    "normal",
    "was",
    "to",
]
PIECES += ["from", "day +3", "...", "*", "↑", "µkat/L", "10^9/L", "in the 3000s", "yesterday", "AST/ALT"]


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=60), joiner=st.sampled_from(["", " "]))
def test_any_text_gives_findings_with_their_own_words(
    pieces: list[str], joiner: str, pipeline: Pipeline
) -> None:
    text = joiner.join(pieces)

    for finding in read(pipeline, text):
        assert finding.text == text[finding.start : finding.end]
        assert finding.start < finding.end
