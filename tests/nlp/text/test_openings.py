"""The characters that a match can begin with: none may be left out."""

from __future__ import annotations

import re

import pytest

from chartsift.nlp.text.openings import ASCII, alternatives, openings

EXPRESSIONS = [
    r"neg(?:ative)?",
    r"(?:very )?weak",
    r"n[ée]gatif",
    r"\(\s?\+{1,4}\s?\)",
    r"[1-4]\s?\+(?!\d)",
    r"(?<=, )S|x\s?\d{1,2}",
    r"\b(?:un|not )confirmed",
    r"[^\W\d_]+",
    r"[^abc]x",
    r"\S+|\s",
    "\u017fent|\u212ag",
    r"x*",
    r"(?:a|b?)c",
    r".",
    r"\D\W",
    r"(a)?b\1",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_opening_is_left_out(expression: str) -> None:
    pattern = re.compile(expression, re.IGNORECASE)
    rests = [
        "",
        "x",
        "eg",
        "gatif",
        "eak",
        "(+)",
        " +",
        "+)",
        "ent",
        "g",
        " 1",
        "nconfirmed",
        "ot confirmed",
        "c",
        "b",
    ]

    opening = {sign for sign in ASCII if any(pattern.match(f", {sign}{rest}", 2) for rest in rests)}

    assert opening <= openings(expression)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (r"neg|pos", "NPnp"),
        (r"(?:a |the )?line", "ALTalt"),
        (r"\d", "0123456789"),
        ("\u017f", "Ss"),
        (r"(?!x)[xy]", "XYxy"),
    ],
)
def test_openings_are_few(expression: str, wanted: str) -> None:
    assert "".join(sorted(openings(expression))) == wanted


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        (r"a|b", ["a", "b"]),
        (r"(?:a|b)|[|)]|\|\(", ["(?:a|b)", "[|)]", r"\|\("]),
        (r"(?P<x>a|[(])b|", ["(?P<x>a|[(])b", ""]),
        ("x", ["x"]),
    ],
)
def test_an_expression_is_parted_where_its_alternatives_are(expression: str, parts: list[str]) -> None:
    assert alternatives(expression) == parts
