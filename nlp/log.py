"""
Logging that cannot carry a patient's words.

Notes reach every part of chartsift, and so would any careless log line. Therefore nothing is blocked by a list
of what is forbidden; only what is named here passes:

* fields of :data:`ALLOWED_FIELDS` whose values look like identifiers or numbers (no blanks, so no sentences);
* exceptions as type and place (``file:line:function``), without their message and without local variables;
  the message of a ``ChartsiftError`` is safe by its contract and is kept;
* of other libraries' records the logger's name, the level and an exception's type and place, never the message.

Everything else becomes ``<dropped>``, so a new field is approved here, in one reviewed line.

Importing this module switches off what is known to write note text: PyRuSH (a part of medspaCy) logs every token
through loguru. It imports neither spaCy nor medspaCy. Import those inside :func:`quiet_imports`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, cast

import loguru
import structlog

from chartsift.nlp.errors import ChartsiftError

#: What a log line may hold. To add a field, make sure that no caller can put note text or an identifier in it.
ALLOWED_FIELDS: Final = frozenset({
    # written by the chain itself
    "at", "level", "logger", "event", "exception",
    # what ran
    "component", "format", "code", "trial", "cohort", "criterion", "concept", "fingerprint", "version", "python",
    # which one: keyed pseudonyms only, see reference()
    "run_ref", "patient_ref", "note_ref", "request_ref",
    # how much and how long
    "count", "patients", "notes", "findings", "problems", "batch", "bytes", "ms", "seconds", "rate_per_s",
    # the web
    "method", "route", "status", "host", "port",
    # where in the code a warning came from
    "category", "where",
})  # fmt: skip

DROPPED: Final = "<dropped>"

# Identifiers, versions, dates, route templates: no blank, no quote, no line end. 120 is a long route template.
_IDENTIFIER: Final = re.compile(r"[\w./:@+{}<>=-]{1,120}", re.ASCII)
_EVENT: Final = re.compile(r"[a-z][a-z0-9_]{0,60}", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)

# Set on the records of our own loggers, whose message has been through the allow-list.
_SAFE_MARK: Final = "chartsift_safe"

# Lives as long as the process: references tie lines of one run together and nothing else.
_REFERENCE_KEY: Final = secrets.token_bytes(32)

# medspaCy asks spaCy's token matcher about every note, also where all rules are phrases and it has no pattern.
_EMPTY_MATCHER: Final = r"\[W036\] The component 'matcher'"

for _noisy in ("PyRuSH", "medspacy"):
    loguru.logger.disable(_noisy)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """
    Return the logger of the module *name* (``__name__``).

    Log an event, then fields: ``log.info("note_screened", note_ref=reference(note_id), findings=3, ms=12)``.
    The line is cleaned before it reaches the standard library, so the host application's handlers are safe too.
    """
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),  # noqa: TID251 - this is the one place that may
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return logger


def configure_logging(*, level: str = "WARNING", stream: TextIO | None = None) -> None:
    """
    Send log lines to *stream*, and those of other libraries without their messages.

    For programs (command line, server, worker); a library user decides on handlers alone. May be called again.

    Args:
        level: Least level of chartsift's own lines, such as ``"INFO"``. Other libraries speak from WARNING on,
            whatever the level: their debug lines say nothing once the message is dropped.
        stream: Where to write; standard error when None. It is looked up at each line, so a redirected
            ``sys.stderr`` is followed.
    """
    handler = _SafeHandler(stream)
    handler.setFormatter(_SafeFormatter())
    root = logging.getLogger()  # noqa: TID251 - handlers belong to the root
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("chartsift").setLevel(level.upper())  # noqa: TID251
    # Uvicorn and others put handlers of their own on their loggers, past the root.
    for other in _loggers():
        if other.handlers:
            other.handlers.clear()
            other.propagate = True
    # Loguru's default handler writes to stderr, whatever the root logger says.
    loguru.logger.remove()
    warnings.showwarning = _log_warning
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


@contextmanager
def quiet_imports() -> Iterator[None]:
    """
    Import spaCy and medspaCy inside this block.

    medspaCy switches off every warning of the process when it is imported (``common/medspacy_matcher.py``); the
    filters are put back at the end of the block. Deprecation warnings of the libraries' own imports stay unsaid:
    nobody who runs chartsift can act on them. One warning stays off afterwards: see :data:`_EMPTY_MATCHER`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    warnings.filterwarnings("ignore", message=_EMPTY_MATCHER, category=UserWarning)


def reference(identifier: str) -> str:
    """
    Return a pseudonym of a patient or note identifier for log lines.

    Equal within one process and keyed with a secret that is never written, so it cannot be traced back or
    compared between runs. 16 hexadecimal digits.
    """
    return hmac.new(_REFERENCE_KEY, identifier.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
        :16
    ]


def describe_exception(exc: BaseException) -> str:
    """
    Return the type and place of *exc* and of its causes, without messages or values.

    Example: ``KeyError at formats/csv.py:41:read < screening/run.py:88:run; from RuntimeError at …``. The
    innermost place comes first. A ``ChartsiftError`` keeps its code and message, which are safe to log.
    """
    parts = []
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append(_describe_one(current))
        if current.__cause__ is not None or current.__suppress_context__:
            current = current.__cause__
        else:
            current = current.__context__
    return "; from ".join(parts)


def _describe_one(exc: BaseException) -> str:
    name = type(exc).__name__
    said = f"{name} {exc.code}: {exc.message}" if isinstance(exc, ChartsiftError) else name
    if isinstance(exc, BaseExceptionGroup):
        said += f"[{', '.join(_describe_one(one) for one in exc.exceptions)}]"
    places = _places(exc.__traceback__)
    return f"{said} at {' < '.join(places)}" if places else said


def _places(trace: TracebackType | None) -> list[str]:
    # Ten frames from the inside tell where it broke; a recursion error has a thousand.
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)][-10:]
    return [f"{_short(code.co_filename)}:{line}:{code.co_name}" for code, line in reversed(frames)]


def _short(path: str) -> str:
    """Return the last two parts of *path*: enough to find the module, too little to name a user's folder."""
    return "/".join(Path(path).parts[-2:])


def _add_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace ``exc_info`` by the description of the exception."""
    info = event.pop("exc_info", None)
    exc = _exception_of(info)
    # A value that a caller passes as `exception` is not ours and may hold anything.
    event.pop("exception", None)
    if exc is not None:
        event["exception"] = describe_exception(exc)
    return event


def _exception_of(info: object) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return cast("BaseException | None", info[1])
    return sys.exception() if info else None


def _allow_known(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep what ALLOWED_FIELDS approves and put DROPPED in the place of every other value."""
    clean: dict[str, object] = {}
    for key, value in event.items():
        if key in ALLOWED_FIELDS:
            clean[key] = value if _is_safe(key, value) else DROPPED
        else:
            clean[key if _EVENT.fullmatch(key) else DROPPED] = DROPPED
    return clean


def _is_safe(key: str, value: object) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return True
    # A subclass of str may print differently from what is checked.
    if type(value) is not str:
        return False
    if key == "exception":
        return True  # made by describe_exception
    pattern = _EVENT if key == "event" else _REFERENCE if key.endswith("_ref") else _IDENTIFIER
    return pattern.fullmatch(value) is not None


def _render(_logger: object, _method: str, event: Mapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """Write the event as one line of ``key=value`` pairs for the standard library."""
    return (_line(event),), {"extra": {_SAFE_MARK: True}}


def _line(event: Mapping[str, Any]) -> str:
    first = [key for key in ("at", "level", "logger", "event") if key in event]
    rest = [key for key in event if key not in first]
    return " ".join(f"{key}={_value(event[key])}" for key in (*first, *rest))


def _value(value: object) -> str:
    text = str(value)
    if _IDENTIFIER.fullmatch(text):
        return text
    # Only an exception gets here; it must stay on its line.
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
    )


_PROCESSORS: Final[list[Any]] = [
    structlog.stdlib.filter_by_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _add_exception,
    _allow_known,
    _render,
]


class _SafeFormatter(logging.Formatter):
    """Passes our own, cleaned lines; says of any other record only who spoke, how loud, and what was raised."""

    def format(self, record: logging.LogRecord) -> str:
        # record.exc_text and record.stack_info are not read: both may quote values.
        if getattr(record, _SAFE_MARK, False):
            return str(record.msg)
        event: MutableMapping[str, Any] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": "message_of_a_library",
            "exc_info": record.exc_info,
        }
        return _line(_allow_known(None, "", _add_exception(None, "", event)))


class _SafeHandler(logging.Handler):
    """Writes to a stream, and reports its own failure without the record (the default prints its arguments)."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        stream = self._stream or sys.stderr
        try:
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:  # a log line must never stop a run
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the signature is logging's
        exc = sys.exception()
        if sys.__stderr__ is None or exc is None:
            return
        # A closed standard error leaves no place to complain to.
        try:
            sys.__stderr__.write(f"level=error event=log_failed exception={type(exc).__name__}\n")
        except (OSError, ValueError):
            return


def _log_warning(
    message: Warning | str,  # noqa: ARG001
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Stand in for ``warnings.showwarning``: category and place, since a message may quote what was processed."""
    get_logger("chartsift.warnings").warning(
        "python_warning", category=category.__name__, where=f"{_short(filename)}:{lineno}"
    )


def _loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]
