"""What a long-running process has made by its start is not looked through for garbage again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
from chartsift.api.memory import settle
kept = [[number] for number in range(1000)]
before = gc.get_threshold()
settle()
assert gc.isenabled()
assert gc.get_freeze_count() > 1000
assert all(new > old for new, old in zip(gc.get_threshold(), before))
assert not any(one is kept for one in gc.get_objects())
"""


def test_what_is_there_is_left_alone_and_the_rest_is_looked_at_less_often():
    # In a process of its own: the collector is one for all tests.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
