"""A library that is loaded later is there when it is used, and costs nothing before."""

from __future__ import annotations

import subprocess
import sys


def _says(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_the_readers_do_not_load_the_libraries_of_an_unused_matcher() -> None:
    code = (
        "import sys, chartsift.nlp.pipeline; "
        "print([n for n in ('scipy', 'pandas', 'sklearn', 'nltk.corpus') if n in sys.modules])"
    )
    assert _says(code) == "[]"


def test_whoever_uses_it_gets_all_of_it() -> None:
    code = (
        "import chartsift.nlp.pipeline, sys; from quickumls import core; "
        "print(core.nltk.edit_distance('one', 'ore'), 'scipy' in sys.modules or 'nltk.metrics' in sys.modules)"
    )
    assert _says(code) == "1 True"
