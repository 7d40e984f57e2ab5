"""A document that hangs, crashes or bloats its parser costs itself and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

import pytest
from support.document_maker import make_html, make_letter_pdf

from chartsift.nlp.formats import Limits, Rejected, read_upload
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.sandbox import Sandbox
from chartsift.nlp.types import Note

# A module for the child: what a parser does when a document is bad for it.
BAD_PARSER = """
import ctypes, os, signal, sys
from chartsift.nlp.formats.base import Extracted

def extract_here(data, limits):
    match data:
        case b"hang":
            while True: pass
        case b"crash": ctypes.string_at(0)
        case b"bloat": return Extracted(str(bytearray(8 * limits.document_memory)))
        case b"end": os._exit(0)
        case b"raise": raise RuntimeError("note text")
        case b"deep":
            f = lambda: f()
            f()
        case b"print":
            print("note text"); os.write(1, b"note text"); os.write(2, b"note text")
        case b"write":
            with open("written", "w") as file: file.write("x")
    return Extracted(f"{os.getpid()} {data.decode()}")
"""


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util, importlib.machinery\n"
        "class Find:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'chartsift.nlp.formats.bad_parser':\n"
        f"            return importlib.util.spec_from_file_location(name, {str(tmp_path / 'bad_parser.py')!r})\n"
        "sys.meta_path.insert(0, Find())\n"
    )
    (tmp_path / "bad_parser.py").write_text(textwrap.dedent(BAD_PARSER))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = Sandbox()
    yield made
    made.close()


def ask(sandbox: Sandbox, data: bytes, limits: Limits | None = None) -> str:
    return sandbox.extract("bad_parser", data, limits or Limits(document_seconds=1)).text


def failure(sandbox: Sandbox, data: bytes) -> FieldError:
    with pytest.raises(FieldError) as caught:
        ask(sandbox, data)
    return caught.value


def test_child_is_kept_from_document_to_document(sandbox):
    assert ask(sandbox, b"one").split()[0] == ask(sandbox, b"two").split()[0]


def test_child_is_kept_however_large_its_parent(sandbox):
    # The system counts the memory of the parent as the child's own at its beginning.
    ballast = b"x" * 700_000_000

    first, second = ask(sandbox, b"one"), ask(sandbox, b"two")

    assert first.split()[0] == second.split()[0]
    assert ballast


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hang", "IN132"),
        (b"crash", "IN133"),
        (b"bloat", "IN133"),
        (b"end", "IN133"),
        (b"raise", "IN130"),
        (b"deep", "IN115"),
        (b"write", "IN130"),
    ],
)
def test_bad_document_is_a_problem_and_the_next_is_read(sandbox, data, code):
    ask(sandbox, b"before")

    error = failure(sandbox, data)

    assert error.code == code
    assert "note text" not in error.message
    assert ask(sandbox, b"after").endswith(" after")


def test_what_a_parser_prints_goes_nowhere(sandbox, capfd):
    assert ask(sandbox, b"print").endswith(" print")
    assert capfd.readouterr() == ("", "")


def test_child_that_was_killed_between_two_documents_is_replaced(sandbox):
    os.kill(int(ask(sandbox, b"one").split()[0]), 9)
    # The death may be seen before the next document is sent, or by sending it; neither may hang.
    with suppress(FieldError):
        ask(sandbox, b"two")
    assert ask(sandbox, b"three").endswith(" three")


def test_child_ends_with_its_parent():
    code = (
        "from chartsift.nlp.formats.sandbox import SANDBOX\n"
        "from chartsift.nlp.formats.base import Limits\n"
        "import os\n"
        "SANDBOX.extract('html', b'<p>x</p>', Limits())\n"
        "print(SANDBOX._idle[0]._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    child = int(done.stdout)

    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        # Ended, and waiting for whoever collects the orphans of this machine.
        with open(f"/proc/{child}/stat") as stat:  # noqa: PTH123 - a file of the kernel
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def test_forked_process_gets_a_child_of_its_own():
    (first,) = read_upload("P1_2024-05-01.html", make_html("<p>one</p>"))
    pid = os.fork()
    if pid == 0:
        (note,) = read_upload("P1_2024-05-01.html", make_html("<p>two</p>"))
        os._exit(0 if isinstance(note, Note) and note.text == "two" else 1)
    _, status = os.waitpid(pid, 0)

    (last,) = read_upload("P1_2024-05-01.html", make_html("<p>three</p>"))
    assert status == 0
    assert isinstance(first, Note)
    assert isinstance(last, Note)
    assert last.text == "three"


def test_too_little_memory_is_a_problem_of_the_document():
    little = Limits(document_memory=640 * 1024**2)
    (item,) = read_upload("P1_2024-05-01.html", make_html("<p>x" * 5_000_000), limits=little)

    assert isinstance(item, Rejected)
    assert item.problem.code == "IN133"
    assert isinstance(next(iter(read_upload("P1_2024-05-01.pdf", make_letter_pdf()))), Note)
