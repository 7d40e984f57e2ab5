"""Two findings are equal when all their fields are, and only then."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from support.findings import finding

from chartsift.nlp.types import Finding, Provenance

CK = finding("lab", "CK", value=900.0, unit="U/L", source="report")
# Another value for every field, by its type.
OTHER = {
    "date": date(1999, 1, 1),
    "provenance": Provenance("other"),
    "attributes": (("source", "other"),),
    **dict.fromkeys(("start", "end", "quote_start"), 99),
    **dict.fromkeys(("value", "ref_low", "ref_high", "score"), 0.25),
}


def test_a_copy_is_equal_and_hashes_alike():
    copy = replace(CK, text="".join(["wo", "rds"]), attributes=(*CK.attributes,))

    assert copy == CK
    assert hash(copy) == hash(CK)
    assert len({copy, CK}) == 1


@pytest.mark.parametrize("name", [f.name for f in fields(Finding)])
def test_one_field_tells_two_findings_apart(name):
    other = replace(CK, **{name: OTHER.get(name, "other")})

    assert other != CK
    assert other not in [CK]


def test_what_is_no_finding_is_not_equal_to_one():
    assert CK != "words"
    assert CK != None  # noqa: E711
