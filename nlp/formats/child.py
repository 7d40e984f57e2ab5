"""
The child of ``sandbox``: reads documents from standard input until it ends, and answers each on standard output.

Run as ``python -P -m chartsift.nlp.formats.child MEMORY``.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from typing import IO, Any

from chartsift.nlp.formats.base import Extracted, Limits
from chartsift.nlp.formats.fields import FieldError
from chartsift.nlp.formats.sandbox import read_exactly

# A child that has grown by one thick document makes room again by ending after it (kilobytes, as the system counts).
_GROWN_KB = 600 * 1024
# A busy machine may give a process a fraction of its time, so that the clock on the wall is only the last resort.
_WALL_TIMES = 10


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    while True:
        try:
            length = int.from_bytes(read_exactly(requests, 4), "big")
            request = json.loads(read_exactly(requests, length))
            data = read_exactly(requests, request["size"])
        except EOFError:
            return
        limits = Limits(**request["limits"])
        signal.setitimer(signal.ITIMER_PROF, limits.document_seconds)
        signal.setitimer(signal.ITIMER_REAL, _WALL_TIMES * limits.document_seconds)
        answer, text = _answer(request["format"], data, limits)
        del data
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        answer["is_last"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _GROWN_KB
        answer["size"] = len(text)
        header = json.dumps(answer).encode("ascii")
        answers.write(len(header).to_bytes(4, "big") + header + text)
        answers.flush()
        if answer["is_last"]:
            return


def _answer(format_name: str, data: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        module = importlib.import_module(f"chartsift.nlp.formats.{format_name}")
        extracted: Extracted = module.extract_here(data, limits)
    except FieldError as exc:
        return {"code": exc.code, "message": exc.message}, b""
    except MemoryError:
        return {
            "code": "IN133",
            "message": "the document needs more memory than is allowed; save it anew, or as plain text",
        }, b""
    except RecursionError:
        return {
            "code": "IN115",
            "message": "the document holds too many parts within each other; save it anew, or as plain text",
        }, b""
    except Exception as exc:  # whatever a parser raises for a document that is not as it should be
        return {
            "code": "IN130",
            "message": f"the document is damaged or not of its format ({type(exc).__name__}); save it anew",
        }, b""
    facts = {
        "origin": extracted.origin,
        "pages": extracted.pages,
        "pictures": extracted.pictures,
        "facts": extracted.facts,
    }
    # A half of a surrogate pair that a document spells out is no character.
    return facts, extracted.text.encode("utf-8", "replace")


def main() -> None:
    """Set the limits of this process and serve."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
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
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
