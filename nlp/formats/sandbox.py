"""
Documents are parsed in a child process, so that one that hangs its parser, crashes it or eats memory costs only itself.

One child serves a process and is kept from document to document. It ends itself when a document takes too much
processor time, and the operating system refuses it more memory than the limit; the next document gets a new one.
Between the two go bytes and JSON, never pickles: what comes back from a parser of hostile input is data.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any

from chartsift.nlp.formats.base import Extracted, Limits
from chartsift.nlp.formats.fields import FieldError

_LENGTH_BYTES = 4


class Sandbox:
    """The child process and the talk with it; made at the first document."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._of_parent: subprocess.Popen[bytes] | None = None
        self._memory = 0

    def extract(self, format_name: str, data: bytes, limits: Limits) -> Extracted:
        """
        Return the text of a document.

        Args:
            format_name: Module of this package whose ``extract_here`` reads the format.
            data: The document.
            limits: Limits on it.

        Raises:
            FieldError: the document cannot be used, took too long (IN132), or ended its parser (IN133).
        """
        request = json.dumps({"format": format_name, "size": len(data), "limits": asdict(limits)}).encode()
        with self._lock:
            child = self._ready(limits)
            try:
                answer, text = _ask(child, request, data)
            except (OSError, EOFError, ValueError):
                raise self._lost(child, limits) from None
            if answer["is_last"]:
                self.close()
        if "code" in answer:
            raise FieldError(answer["code"], answer["message"])
        return Extracted(
            text,
            answer["origin"],
            tuple(answer["pages"]),
            tuple(answer["pictures"]),
            answer["facts"],
        )

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            _end(self._child)
            self._child = None

    def forget(self) -> None:
        """Leave the child to the process that made it: after a fork, two would talk to it at once."""
        self._lock = threading.Lock()
        # Kept, since throwing the object away would look after a process that is not ours.
        self._of_parent, self._child = self._child, None

    def _ready(self, limits: Limits) -> subprocess.Popen[bytes]:
        if self._child is not None and (
            self._child.poll() is not None or self._memory != limits.document_memory
        ):
            self.close()
        if self._child is None:
            self._memory = limits.document_memory
            # The child finds the same code as we did, however we found it.
            path = os.pathsep.join(entry for entry in sys.path if entry)
            self._child = subprocess.Popen(  # noqa: S603 - the interpreter itself, with fixed arguments
                [sys.executable, "-P", "-m", "chartsift.nlp.formats.child", str(limits.document_memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        return self._child

    def _lost(self, child: subprocess.Popen[bytes], limits: Limits) -> FieldError:
        """Return why the child is gone."""
        _end(child)
        self._child = None
        if child.returncode in (-signal.SIGPROF, -signal.SIGALRM):
            return FieldError(
                "IN132",
                f"reading the document took more than {limits.document_seconds} seconds; "
                "save it anew, or as plain text",
            )
        return FieldError(
            "IN133",
            "the document made its parser fail (out of memory, or a crash); save it anew, or as plain text",
        )


def _ask(child: subprocess.Popen[bytes], request: bytes, data: bytes) -> tuple[dict[str, Any], str]:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(len(request).to_bytes(_LENGTH_BYTES, "big") + request)
    child.stdin.write(data)
    child.stdin.flush()
    answer = json.loads(
        read_exactly(child.stdout, int.from_bytes(read_exactly(child.stdout, _LENGTH_BYTES), "big"))
    )
    return answer, read_exactly(child.stdout, answer["size"]).decode("utf-8")


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    """Return *size* bytes; raises EOFError when the stream ends before."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _end(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            # What was not sent yet goes nowhere.
            with suppress(OSError):
                pipe.close()
    try:
        # Mostly it is on its way out, and how it ended is worth knowing.
        child.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


SANDBOX = Sandbox()
atexit.register(SANDBOX.close)
os.register_at_fork(after_in_child=SANDBOX.forget)
