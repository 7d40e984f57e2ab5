"""Importing chartsift: every module imports alone, says nothing, and leaves the process as it was."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from support.modules import PORTIONS, module_names


@pytest.mark.parametrize("name", module_names())
def test_module_imports(name):
    assert importlib.import_module(name).__name__ == name


def test_importing_everything_is_silent_and_keeps_the_warning_filters(tmp_path):
    # medspaCy adds a filter that hides every warning of the process, and PyRuSH writes through loguru.
    code = f"""
import importlib, warnings
before = list(warnings.filters)
for name in {module_names()!r}:
    importlib.import_module(name)
added = [f for f in warnings.filters if f not in before]
assert not any(action == "ignore" and category is Warning and not message and not module
               for action, message, category, module, _ in added), added
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("portion", PORTIONS)
def test_folder_name_is_refused_as_module_name(portion, checkout):
    # From the checkout, `import nlp` finds the folder: the same file under two names registers components twice.
    done = subprocess.run(
        [sys.executable, "-c", f"import {portion}"], cwd=checkout, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert f"import chartsift.{portion}" in done.stderr
