"""Keys of the chart page: each is bound, told, and free of clashes."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from chartsift.api.pages.keys import KEYS, key_faults

SCRIPT = (files("chartsift.api") / "static" / "review.js").read_text(encoding="utf-8")
GUIDE = Path(__file__).parents[2] / "docs" / "review.md"


def test_every_action_is_bound_in_the_script_and_every_bound_one_has_a_key():
    table = SCRIPT.partition("const actions = {")[2].partition("\n  };")[0]
    assert set(re.findall(r"^    (\w+):", table, re.MULTILINE)) == {key.action for key in KEYS}


def test_every_key_is_in_the_guide():
    told = set(re.findall(r"`([^`]+)`", GUIDE.read_text(encoding="utf-8")))
    assert {key.default for key in KEYS} <= told


def test_the_keys_at_first_clash_with_none():
    assert key_faults({key.action: key.default for key in KEYS}) == []


@pytest.mark.parametrize("typed", ["", "ab", "g  t", "Tab", "x y z", "<script>"])
def test_what_is_no_key_is_refused(typed):
    assert len(key_faults({"met": typed})) == 1
