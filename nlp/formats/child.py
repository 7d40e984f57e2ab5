"""
The child of ``sandbox``: reads files on request until its standard input ends, and answers on standard output.

Run as ``python -P -m chartsift.nlp.formats.child LIMITS``, the limits as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from chartsift.nlp.formats.base import Extracted, Limits
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.sandbox import receive, send

# A child that has grown by one thick document makes room again by ending after it.
_GROWN_BYTES = 600 * 1024**2
# A busy machine may give a process a fraction of its time, so that the clock on the wall is only the last resort.
_WALL_TIMES = 10


def serve(requests: IO[bytes], answers: IO[bytes], limits: Limits) -> None:
    """Answer requests until there are no more, or until this process has grown too large."""
    while True:
        try:
            request, data = receive(requests)
        except EOFError:
            return
        answer: dict[str, Any] = {}
        text = b""
        try:
            module = importlib.import_module(f"chartsift.nlp.formats.{request['format']}")
            if "path" in request:
                _send_batches(module.batches_here(request["path"], limits), answers, limits)
            else:
                answer, text = _extract(module, data, limits)
        except Exception as exc:  # whatever a parser raises for a file that is not as it should be
            answer = _problem(exc)
        del data
        answer["is_last"] = _memory() > _GROWN_BYTES
        send(answers, answer, text)
        if answer["is_last"]:
            return


def _extract(module: Any, data: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    with _timed(limits):
        extracted: Extracted = module.extract_here(data, limits)
    answer = {
        "origin": extracted.origin,
        "pages": extracted.pages,
        "pictures": extracted.pictures,
        "is_cut": extracted.is_cut,
        "unread": extracted.unread,
        "facts": extracted.facts,
    }
    # A half of a surrogate pair that a document spells out is no character.
    return answer, extracted.text.encode("utf-8", "replace")


def _send_batches(batches: Iterator[bytes], answers: IO[bytes], limits: Limits) -> None:
    while True:
        # Each batch has the time of a document; waiting for the parent to take it costs none.
        with _timed(limits):
            batch = next(batches, None)
        if batch is None:
            return
        send(answers, {"has_more": True}, batch)


def _problem(error: Exception) -> dict[str, Any]:
    match error:
        case FieldError():
            return {"code": error.code, "message": error.message}
        case MemoryError():
            why = "the document needs more memory than is allowed; save it anew, or as plain text"
            return {"code": "IN133", "message": why}
        case RecursionError():
            why = "the document holds too many parts within each other; save it anew, or as plain text"
            return {"code": "IN115", "message": why}
    why = f"the document is damaged or not of its format ({type(error).__name__}); save it anew"
    return {"code": "IN130", "message": why}


def _memory() -> int:
    """Return the memory that this process holds; ``ru_maxrss`` would begin with that of the parent."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - a file of the kernel, asked for every document
        return int(statm.read().split()[1]) * resource.getpagesize()


@contextmanager
def _timed(limits: Limits) -> Iterator[None]:
    """End this process when the block takes too long."""
    signal.setitimer(signal.ITIMER_PROF, limits.document_seconds)
    signal.setitimer(signal.ITIMER_REAL, _WALL_TIMES * limits.document_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Set the limits of this process and serve."""
    limits = Limits(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.document_memory, limits.document_memory))
    # No dump of a process that holds notes, and no file written.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for name in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(name, signal.SIG_DFL)
    # Ctrl-C is for the parent, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # Parsers in C may print; what they print could be note text.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin.buffer, answers, limits)


if __name__ == "__main__":
    main()
