"""
Every example in a docstring does what it says.

``pytest --doctest-modules nlp`` would import ``nlp.x``, which the packages refuse, so the modules are walked here
under their installed names.
"""

from __future__ import annotations

import doctest
import importlib

import pytest
from support.modules import module_names


@pytest.mark.parametrize("name", module_names())
def test_docstring_examples(name):
    result = doctest.testmod(importlib.import_module(name))

    assert result.failed == 0
