"""
Files are parsed in child processes, so that one that hangs its parser, crashes it or eats memory costs only itself.

A child is kept from file to file; several are there only while several files are read at once. It ends itself when a
file takes too much processor time, and the operating system refuses it more memory than the limit; the next file
gets a new one. Between the two go bytes, JSON and Arrow's own messages, never pickles: what comes back from a parser
of hostile input is data.

Documents go through ``extract``, one at a time. Parquet goes through ``batches``, since its parser, too, ends the
process on some damaged files.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import IO, Any

from chartsift.nlp.formats.base import Extracted, Limits
from chartsift.nlp.formats.fields import FieldError

LENGTH_BYTES = 4
# Children that wait for work; those beyond, of a server under load, end when they are done.
_MOST_IDLE = 2
# How long a child that was told to end may take before it is made to.
_END_SECONDS = 0.5


class Sandbox:
    """The children that wait for work."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._of_parent: list[_Child] = []

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
        with self._child(limits) as child:
            child.send({"format": format_name}, data)
            answer, text = child.receive()
            if answer.get("is_last"):
                child.end()
        _raise_problem(answer)
        return Extracted(
            text.decode("utf-8"),
            answer["origin"],
            tuple(answer["pages"]),
            tuple(answer["pictures"]),
            answer["is_cut"],
            tuple((code, message) for code, message in answer["unread"]),
            answer["facts"],
        )

    def batches(self, format_name: str, path: str, limits: Limits) -> Iterator[bytes]:
        """
        Yield what ``batches_here`` of a module yields for a file on disk.

        Raises:
            FieldError: as ``extract`` says, also after some batches.
        """
        with self._child(limits) as child:
            child.send({"format": format_name, "path": path}, b"")
            while True:
                answer, batch = child.receive()
                if "has_more" not in answer:
                    break
                yield batch
            if answer.get("is_last"):
                child.end()
        _raise_problem(answer)

    def close(self) -> None:
        """End the children that wait."""
        while self._idle:
            self._idle.pop().end()

    def forget(self) -> None:
        """Leave the children to the process that made them: after a fork, two would talk to one at once."""
        # Kept, since throwing the objects away would look after processes that are not ours.
        self._of_parent, self._idle = self._idle, []

    @contextmanager
    def _child(self, limits: Limits) -> Iterator[_Child]:
        """Lend a child; it comes back when it answered, and is ended when it did not or was left in the middle."""
        child = self._ready(limits)
        is_done = False
        try:
            yield child
            is_done = True
        except (OSError, EOFError, ValueError):
            raise child.lost() from None
        finally:
            if is_done and not child.has_ended and len(self._idle) < _MOST_IDLE:
                self._idle.append(child)
            else:
                child.end()

    def _ready(self, limits: Limits) -> _Child:
        while self._idle:
            # One step, so that two threads never get the same child.
            try:
                child = self._idle.pop()
            except IndexError:
                break
            if not child.has_ended and child.limits == limits:
                return child
            child.end()
        return _Child(limits)


class _Child:
    """A child process and the talk with it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        # The child finds the same code as we did, however we found it.
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself, with fixed arguments
            [sys.executable, "-P", "-m", "chartsift.nlp.formats.child", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def send(self, request: dict[str, Any], data: bytes) -> None:
        """Send a request and the bytes that belong to it; raises OSError when the child is gone."""
        if self._process.stdin is None:
            raise EOFError
        send(self._process.stdin, request, data)

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Return an answer and its bytes; raises EOFError and ValueError when the child is gone or gone wrong."""
        if self._process.stdout is None:
            raise EOFError
        return receive(self._process.stdout)

    def lost(self) -> FieldError:
        """Return why the child is gone."""
        self.end()
        if self._process.returncode in (-signal.SIGPROF, -signal.SIGALRM):
            return FieldError(
                "IN132",
                f"reading the document took more than {self.limits.document_seconds} seconds; "
                "save it anew, or as plain text",
            )
        return FieldError(
            "IN133",
            "the document made its parser fail (out of memory, or a crash); save it anew, or as plain text",
        )

    def end(self) -> None:
        """End the process, which mostly is on its way out: how it ended is worth knowing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                # What was not sent yet goes nowhere.
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def send(stream: IO[bytes], header: dict[str, Any], data: bytes) -> None:
    """Write a message: the length of its header, the header as JSON with the size of the data, the data."""
    written = json.dumps({**header, "size": len(data)}).encode("ascii")
    stream.write(len(written).to_bytes(LENGTH_BYTES, "big") + written)
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read a message; raises EOFError when the stream ends, and ValueError for what is no message."""
    length = int.from_bytes(_exactly(stream, LENGTH_BYTES), "big")
    header: dict[str, Any] = json.loads(_exactly(stream, length))
    return header, _exactly(stream, header["size"])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _raise_problem(answer: dict[str, Any]) -> None:
    if "code" in answer:
        raise FieldError(answer["code"], answer["message"])


SANDBOX = Sandbox()
atexit.register(SANDBOX.close)
os.register_at_fork(after_in_child=SANDBOX.forget)
